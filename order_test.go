package main

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os/user"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"portal/dbtest"
	"portal/models"
	"portal/portaltest"
	"portal/provider/sandbox"
)

// inReview is a portal, an order in review, and a command on its database.
func inReview(t *testing.T) (*portaltest.Portal, models.Order, func(args ...string) (int, string)) {
	t.Helper()
	p := portaltest.New(t)
	b := p.SignedIn("lin@example.com")
	quote := b.Quote("pro", "year-1")
	if err := p.Sandbox.AddFault(sandbox.Rule{Action: sandbox.ActionCreateInstance, Fault: sandbox.FaultDropBefore}); err != nil {
		t.Fatal(err)
	}
	o := p.Settle(b.Place(quote))
	dir := t.TempDir()
	return p, o, func(args ...string) (int, string) {
		t.Helper()
		return ask(t, dir, []string{"DATABASE_URL=" + p.DSN}, "", args...)
	}
}

func TestAnOrderIsSettledByCommands(t *testing.T) {
	p, o, portal := inReview(t)
	for _, tc := range []struct {
		want string
		code int
		args []string
	}{
		{o.Number + "  buy      account 1000000000000025  15300.00 yuan", 0, []string{"order", "review"}},
		{"--reason", 2, []string{"order", "settle", o.Number, "--as", "rejected"}},
		{`must be one of "completed","rejected","recorded"`, 2, []string{"order", "settle", o.Number, "--as", "maybe", "--reason", "x"}},
		{"needs the provider's OrderId and InstanceId", 1, []string{"order", "settle", o.Number, "--as", "completed", "--reason", "x"}},
		{"settle it as completed", 1, []string{"order", "settle", o.Number, "--as", "recorded", "--reason", "x"}},
		{"nothing stands proposed", 1, []string{"order", "confirm", o.Number, "--as", "rejected"}},
		{"may order again", 0, []string{"order", "release", o.Number, "--reason", "the console is down"}},
		{"its account may order again", 0, []string{"order", "review"}},
		{"its account is released already", 1, []string{"order", "release", o.Number, "--reason", "the console is down"}},
		{"is settled as rejected", 0, []string{"order", "settle", o.Number, "--as", "rejected", "--reason", "no charge"}},
		{"is not in review", 1, []string{"order", "settle", o.Number, "--as", "rejected", "--reason", "no charge"}},
		{"No order is in review", 0, []string{"order", "review"}},
	} {
		if code, out := portal(tc.args...); code != tc.code || !strings.Contains(out, tc.want) {
			t.Errorf("%v: %d %s; want %d …%s…", tc.args, code, out, tc.code, tc.want)
		}
	}
	u, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	events, err := p.Store.Events(t.Context(), o.ID)
	if err != nil {
		t.Fatal(err)
	}
	if last := events[len(events)-1]; last.Actor != "command:"+u.Username || last.Note != "no charge" {
		t.Errorf("%+v", last)
	}
}

// TestTheCommandLineIsOnePersonOfTwo: it proposes and confirms like anybody
// else, but nothing alone, whatever its own settings say.
func TestTheCommandLineIsOnePersonOfTwo(t *testing.T) {
	p, o, portal := inReview(t)
	if err := p.Store.SetSettleByTwo(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	p.AddUser("second@example.com", models.Operator, nil, nil)
	must := func(want string, code int, args ...string) {
		t.Helper()
		if got, out := portal(args...); got != code || !strings.Contains(out, want) {
			t.Fatalf("%v: %d %s; want %d …%s…", args, got, out, code, want)
		}
	}
	must("Somebody else has to confirm it", 0, "order", "settle", o.Number, "--as", "rejected", "--reason", "no charge in the bill")
	must(`proposed rejected, by command:`, 0, "order", "review")
	must("you proposed that for order "+o.Number+" yourself", 1, "order", "confirm", o.Number, "--as", "rejected")
	must("something stands proposed already", 1, "order", "settle", o.Number, "--as", "rejected", "--reason", "again")
	must("does not stand any more", 0, "order", "decline", o.Number, "--reason", "the wrong day")

	b := p.SignedIn("second@example.com")
	page := b.Get("/orders/" + o.Number)
	for _, words := range []string{"Decision proposed", "no charge in the bill", "Proposal withdrawn", "the wrong day"} {
		if !strings.Contains(page.Text(), words) {
			t.Errorf("the page does not say %q", words)
		}
	}
	if page := b.Post("/orders/"+o.Number+"/settle", map[string][]string{"as": {"released"}, "reason": {"the console is down"}}); page.Status != http.StatusSeeOther {
		t.Fatal(page.Status)
	}
	must("what stands proposed for order "+o.Number+" is released, by user:", 1, "order", "confirm", o.Number, "--as", "rejected")
	must("may order again", 0, "order", "confirm", o.Number, "--as", "released", "--reason", "so it is")
}

// TestServeRemembersHowManySettle: commands and other replicas read it there.
func TestServeRemembersHowManySettle(t *testing.T) {
	dir := t.TempDir()
	dsn := filepath.Join(dir, "portal.db")
	if told := database(t, dir); told != nil {
		dsn = strings.TrimPrefix(told[0], "DATABASE_URL=")
	}
	for _, tc := range []struct {
		env  []string
		want bool
	}{{nil, false}, {[]string{"PORTAL_SETTLE_BY_TWO=true"}, true}, {nil, false}} {
		if err := serve(t, dir, tc.env).stop(); err != nil {
			t.Fatal(err)
		}
		got, err := dbtest.Reopen(t, dsn, nil).SettleByTwo(t.Context())
		if err != nil || got != tc.want {
			t.Errorf("served with %v: %v %v", tc.env, got, err)
		}
	}
}

// TestMetricsTellHowLongNobodyKnows: since it became unknown, not since it was
// placed, and since it is in review, not since somebody touched it.
func TestMetricsTellHowLongNobodyKnows(t *testing.T) {
	p := portaltest.New(t)
	m, err := newMetrics()
	if err != nil {
		t.Fatal(err)
	}
	h := m.handler(p.Store, p.Seller.Skew, slog.New(slog.DiscardHandler))
	says := func(name, want string) {
		t.Helper()
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
		got := regexp.MustCompile(`(?m)^` + name + ` (\S+)$`).FindStringSubmatch(w.Body.String())
		if got == nil || got[1] != want {
			t.Errorf("%s is %v, want %s", name, got, want)
		}
	}
	const unknown, review = "portal_oldest_unknown_order_seconds", "portal_oldest_review_order_seconds"
	says(unknown, "0")
	says(review, "0")
	b := p.SignedIn("lin@example.com")
	quote := b.Quote("pro", "year-1")
	if err := p.Sandbox.AddFault(sandbox.Rule{Action: sandbox.ActionCreateInstance, Fault: sandbox.FaultDropBefore}); err != nil {
		t.Fatal(err)
	}
	number := b.Place(quote)
	p.Pass(time.Minute)
	p.Worker.RunOnce(t.Context())
	for range 5 { // sent again, and no wiser
		p.Pass(time.Minute)
		p.Worker.RunOnce(t.Context())
	}
	says(unknown, "300")
	o := p.Settle(number)
	p.Pass(time.Minute)
	if answer := p.SignedIn("operator@example.com").Post("/orders/"+o.Number+"/settle", map[string][]string{"as": {"released"}, "reason": {"x"}}); answer.Status != http.StatusSeeOther {
		t.Fatal(answer.Status)
	}
	p.Pass(time.Minute)
	says(unknown, "0")
	says(review, "120")
}
