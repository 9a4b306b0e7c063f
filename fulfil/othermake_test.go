package fulfil_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"portal/dbtest"
	"portal/models"
	"portal/portaltest"
)

// elsewhere is a portal whose provider is of other make, and whose customer
// holds a quote of this kind.
func elsewhere(t *testing.T, kind models.Kind) (*portaltest.OtherMake, *portaltest.Portal, *portaltest.Browser, string) {
	t.Helper()
	if dbtest.Postgres() {
		t.Skip("what a provider answers has nothing to do with the database; tried on SQLite")
	}
	other := portaltest.NewOtherMake(t)
	p, b, quote := ready(t, kind, portaltest.Endpoint(other.Endpoint),
		portaltest.Key(portaltest.OtherKeyID, portaltest.OtherSecret), portaltest.Timeout(2*time.Second))
	return other, p, b, quote
}

// did are the ledger's rows of a kind.
func did(other *portaltest.OtherMake, kind models.Kind) []portaltest.OtherEntry {
	names := map[models.Kind]string{models.Buy: "create", models.Renew: "renew", models.Upgrade: "upgrade", models.Refund: "refund"}
	var rows []portaltest.OtherEntry
	for _, row := range other.Ledger() {
		if row.Kind == names[kind] {
			rows = append(rows, row)
		}
	}
	return rows
}

// TestAnotherProvidersFaults: nothing rests on how the sandbox puts things. Where
// the other provider can do the work it is completed, once, and its page has the
// ledger's ids; what it refuses in its own words is rejected and moved nothing.
func TestAnotherProvidersFaults(t *testing.T) {
	var faults struct{ Before, After []string }
	portaltest.NewOtherMake(t).Lever("/faults", &faults)
	if len(faults.Before) < 5 || len(faults.After) < 9 {
		t.Fatalf("%+v", faults)
	}
	for _, kind := range models.Kinds() {
		for _, how := range append(faults.Before, faults.After...) {
			t.Run(fmt.Sprintf("%s %s", kind, how), func(t *testing.T) {
				t.Parallel()
				other, p, b, quote := elsewhere(t, kind)
				other.Fault(actions[kind], how, 2)
				o := p.Settle(b.PlaceKind(kind, quote))
				rows := did(other, kind)
				page := p.SignedIn("operator@example.com").Get("/orders/" + o.Number)
				if page.OrderStatus() != string(o.Status) {
					t.Errorf("the page says %s, the record %s", page.OrderStatus(), o.Status)
				}
				if how == "refuse" {
					if o.Status != models.Rejected || o.Code != "Shop.ClosedToday" || len(rows) != 0 {
						t.Fatalf("refused: %s %s, %d entries", o.Status, o.Code, len(rows))
					}
					if !strings.Contains(page.Body, "Shop.ClosedToday") {
						t.Error("the page does not show the code")
					}
					return
				}
				if o.Status != models.Completed || len(rows) != 1 {
					t.Fatalf("%s (%s, %s), %d entries\n%s", o.Status, o.Reason, o.Code, len(rows), p.Log)
				}
				for _, id := range []string{rows[0].OrderID, rows[0].InstanceID} {
					if !strings.Contains(page.Body, id) {
						t.Errorf("the page lacks %s", id)
					}
				}
			})
		}
	}
}

// TestALostRefundThatIsRefusedInWordsNobodyKnows: the instance may be gone, or
// something else is wrong. The portal does not guess.
func TestALostRefundThatIsRefusedInWordsNobodyKnows(t *testing.T) {
	other, p, b, quote := elsewhere(t, models.Refund)
	other.Lever("/gone-code?"+url.Values{"code": {"Shop.NothingHere"}}.Encode(), nil)
	other.Fault(actions[models.Refund], "hangUp", 1)
	o := p.Settle(b.PlaceKind(models.Refund, quote))
	if o.Status != models.NeedsReview || o.Reason != models.ReasonContradicted || len(did(other, models.Refund)) != 1 {
		t.Fatalf("%s %s, %+v", o.Status, o.Reason, other.Ledger())
	}
}
