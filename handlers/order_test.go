package handlers_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"portal/models"
	"portal/portaltest"
	"portal/provider/sandbox"
	"portal/store"
)

// TestStaffReadWhoMovedAnOrder: in words, not as the database has it.
func TestStaffReadWhoMovedAnOrder(t *testing.T) {
	p := portaltest.New(t)
	if err := p.Sandbox.AddFault(sandbox.Rule{Action: sandbox.ActionCreateInstance, Fault: sandbox.FaultDropAfter, Times: 1}); err != nil {
		t.Fatal(err)
	}
	b := p.SignedIn("lin@example.com")
	number := b.Place(b.Quote("pro", "year-1"))
	p.Worker.RunOnce(t.Context())
	p.Pass(25 * time.Hour) // beyond the time in which a token is known
	p.Worker.RunOnce(t.Context())
	if _, err := p.Store.SettleOrder(t.Context(), number, store.Settlement{As: models.VerdictRejected, Note: "No charge", By: models.By{Command: "command:wang"}}); err != nil {
		t.Fatal(err)
	}
	staff := p.SignedIn("support@example.com")
	for language, want := range map[string][]string{
		"en":    {"By lin@example.com", "By the portal", "By command line (wang)"},
		"zh-CN": {"操作者：lin@example.com", "操作者：系统", "操作者：命令行（wang）"},
	} {
		staff.Header.Set("Accept-Language", language)
		page := staff.Get("/orders/" + number)
		if page.Status != http.StatusOK {
			t.Fatal(page.Status)
		}
		says(t, page, want...)
		for _, raw := range []string{"worker", "command:"} {
			if strings.Contains(page.Text(), raw) {
				t.Errorf("%s: it says %q", language, raw)
			}
		}
	}
}
