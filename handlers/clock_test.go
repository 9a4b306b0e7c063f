package handlers_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"portal/models"
	"portal/portaltest"
	"portal/provider/sandbox"
)

// TestAClockThatIsOffTakesNoOrders: the provider would still take them at six
// minutes; by the time it refuses them, an order may be half-way.
func TestAClockThatIsOffTakesNoOrders(t *testing.T) {
	for _, kind := range models.Kinds() {
		t.Run(string(kind), func(t *testing.T) {
			p := portaltest.New(t)
			b := p.SignedIn("lin@example.com")
			if kind != models.Buy {
				b.Carry(models.Buy)
			}
			quote := b.QuoteKind(kind, portaltest.Answers(kind))
			confirmed := url.Values{}
			if kind == models.Refund {
				confirmed.Set("instance_id", p.Held().InstanceID)
			}
			gateway := func(d time.Duration) {
				if err := p.Sandbox.AdvanceGateway(d); err != nil {
					t.Fatal(err)
				}
			}
			gateway(6 * time.Minute)
			p.Pass(time.Minute) // what was counted a moment ago serves forms no more
			// A refund reads nothing from the provider. Another page finds it out.
			b.Get(p.AccountPath() + "/quote?kind=" + string(models.Renew))
			b.Get(p.QuotePath())
			sent := len(p.Sandbox.Ledger())
			page := b.Post(quote+"/order", confirmed)
			if page.Status != http.StatusServiceUnavailable || !strings.Contains(page.Body, quote+"/order") {
				t.Fatalf("placing: %d %s", page.Status, page.Location)
			}
			says(t, page, "Nothing was ordered or charged")
			if n := len(p.Sandbox.Ledger()); n != sent {
				t.Error("the provider did something")
			}

			gateway(-6 * time.Minute)
			o := p.Settle(b.PlaceKind(kind, quote))
			if o.Status != models.Completed {
				t.Errorf("once it is right: %s", o.Status)
			}
		})
	}
}

// TestEveryPageSaysThatTheClockIsOff: to those who could set it, by how much.
func TestEveryPageSaysThatTheClockIsOff(t *testing.T) {
	p := portaltest.New(t)
	b, operator := p.SignedIn("lin@example.com"), p.SignedIn("operator@example.com")
	b.Get(p.QuotePath())
	const words = "No orders can be placed at the moment"
	if page := b.Get("/orders"); strings.Contains(page.Text(), words) {
		t.Fatal("it says so of a clock that is right")
	}
	if err := p.Sandbox.AdvanceGateway(-6 * time.Minute); err != nil {
		t.Fatal(err)
	}
	p.Pass(time.Minute)
	b.Get(p.QuotePath())
	for _, path := range []string{"/orders", p.AccountPath(), p.QuotePath()} {
		page := b.Get(path)
		says(t, page, words)
		if strings.Contains(page.Text(), "6 minutes") {
			t.Errorf("%s: a customer is told by how much", path)
		}
	}
	says(t, operator.Get("/orders"), words, "6 minutes")
	if page := p.Browser().Get("/sign-in"); strings.Contains(page.Text(), words) {
		t.Error("who has not signed in is told")
	}
}

// TestAClockThatTheProviderRefuses: at twenty minutes even the count fails.
func TestAClockThatTheProviderRefuses(t *testing.T) {
	p := portaltest.New(t)
	b := p.SignedIn("lin@example.com")
	quote := b.Quote("pro", "year-1")
	if err := p.Sandbox.AdvanceGateway(20 * time.Minute); err != nil {
		t.Fatal(err)
	}
	page := b.Post(quote+"/order", nil)
	if page.Status != http.StatusServiceUnavailable || !strings.Contains(page.Body, quote+"/order") {
		t.Fatalf("%d %s", page.Status, page.Text())
	}
	says(t, page, "clock", "Your quote is kept")
	if n := p.Sandbox.Requests()[sandbox.ActionCreateInstance]; n != 0 {
		t.Error("it was sent")
	}
}
