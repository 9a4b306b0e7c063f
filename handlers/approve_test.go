package handlers_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"portal/models"
	"portal/portaltest"
	"portal/provider/sandbox"
)

// limited is a reseller's account whose orders above 100 yuan wait, with its
// customer and its admin.
func limited(t *testing.T) (p *portaltest.Portal, account models.Account, customer, admin *portaltest.Browser) {
	t.Helper()
	p, account = resold(t)
	customer, admin = p.SignedIn("san@example.com"), p.SignedIn("own@example.com")
	if page := admin.Post(suspendedPath+"/limits", url.Values{"approval_above": {"100"}}); page.Location != suspendedPath {
		t.Fatalf("%d\n%s", page.Status, page.Body)
	}
	return p, account, customer, admin
}

func buying(t *testing.T, b *portaltest.Browser) string {
	t.Helper()
	page := b.Post(suspendedPath+"/quote?kind=buy", portaltest.Answers(models.Buy))
	if !strings.HasPrefix(page.Location, "/quotes/") {
		t.Fatalf("%d %s\n%s", page.Status, page.Location, page.Body)
	}
	return page.Location
}

// TestAnOrderGoesWhenItIsApproved: its customer is told before and after, and
// nothing reaches the provider in between.
func TestAnOrderGoesWhenItIsApproved(t *testing.T) {
	p, _, customer, admin := limited(t)
	quote := buying(t, customer)
	says(t, customer.Get(quote), "This order needs approval", "CN¥100.00", "Ask to buy for")
	number := customer.Place(quote)
	p.Worker.RunOnce(t.Context())
	page := customer.Get("/orders/" + number)
	says(t, page, "Your order waits for approval", "Nothing has been charged", "Cancel")
	if page.OrderStatus() != string(models.AwaitingApproval) || strings.Contains(page.Body, "/approve") || len(p.Sandbox.Ledger()) > 0 {
		t.Fatalf("%s, %d charges\n%s", page.OrderStatus(), len(p.Sandbox.Ledger()), page.Body)
	}

	says(t, admin.Get("/accounts"), "1 order waits for your approval")
	says(t, admin.Get("/orders?status=awaiting_approval"), number)
	says(t, admin.Get("/orders/"+number), "san@example.com ordered this", "Approve, and buy for")
	if page := admin.Post("/orders/"+number+"/approve", nil); page.Location != "/orders/"+number {
		t.Fatalf("%d\n%s", page.Status, page.Body)
	}
	if page := admin.Post("/orders/"+number+"/approve", nil); page.Location != "/orders/"+number {
		t.Fatalf("pressed again: %d\n%s", page.Status, page.Body)
	}
	if o := p.Settle(number); o.Status != models.Completed || len(p.Sandbox.Ledger()) != 1 {
		t.Fatalf("%s, %d charges", o.Status, len(p.Sandbox.Ledger()))
	}
	says(t, customer.Get("/orders/"+number), "The order was approved")
	says(t, admin.Get(suspendedPath), "Order approved", number)
	for _, path := range []string{"/orders/" + number + "/approve", "/orders/" + number + "/decline"} {
		page := p.SignedIn("own@example.com").Post(path, url.Values{"reason": {"late"}})
		if strings.HasSuffix(path, "decline") && page.Status != http.StatusConflict || len(p.Sandbox.Ledger()) != 1 {
			t.Errorf("%s of a completed order: %d", path, page.Status)
		}
	}
}

// TestADeclinedOrdersCustomerReadsWhy, and the admin's words are not lost.
func TestADeclinedOrdersCustomerReadsWhy(t *testing.T) {
	p, _, customer, admin := limited(t)
	number := customer.Place(buying(t, customer))
	page := admin.Post("/orders/"+number+"/decline", url.Values{"reason": {" "}})
	if page.Status != http.StatusUnprocessableEntity {
		t.Fatal(page.Status)
	}
	says(t, page, "Enter why you decline the order")
	long := strings.Repeat("x", 2001)
	page = admin.Post("/orders/"+number+"/decline", url.Values{"reason": {long}})
	if page.Status != http.StatusUnprocessableEntity || !strings.Contains(page.Body, long) {
		t.Fatalf("%d: what was typed is lost", page.Status)
	}
	if page := admin.Post("/orders/"+number+"/decline", url.Values{"reason": {"Not this year"}}); page.Location != "/orders/"+number {
		t.Fatalf("%d\n%s", page.Status, page.Body)
	}
	says(t, customer.Get("/orders/"+number), "Not this year", "Nothing was charged", "was not approved")
	if page := admin.Post("/orders/"+number+"/decline", url.Values{"reason": {"Not this year"}}); page.Location != "/orders/"+number {
		t.Errorf("pressed again: %d", page.Status)
	}
	if page := admin.Post("/orders/"+number+"/approve", nil); page.Status != http.StatusConflict {
		t.Errorf("approved then: %d", page.Status)
	}
	if n := len(p.Sandbox.Ledger()); n > 0 {
		t.Errorf("%d charges", n)
	}
}

// TestWhatCanNoLongerBeApproved says why, and waits on.
func TestWhatCanNoLongerBeApproved(t *testing.T) {
	p, account, customer, admin := limited(t)
	number := customer.Place(buying(t, customer))
	approve := func() portaltest.Page { return admin.Post("/orders/"+number+"/approve", nil) }
	if err := p.Sandbox.AddFault(sandbox.Rule{Action: sandbox.ActionGetInstanceCount, Fault: sandbox.FaultUnavailableBefore, Times: 100}); err != nil {
		t.Fatal(err)
	}
	if page := approve(); page.Status != http.StatusServiceUnavailable {
		t.Errorf("while the machines can't be counted: %d", page.Status)
	}
	p.Sandbox.ClearFaults()
	if err := p.Sandbox.SetMachines(account.OwnerID, 26); err != nil {
		t.Fatal(err)
	}
	if page := approve(); page.Status != http.StatusConflict {
		t.Errorf("with another machine: %d", page.Status)
	} else {
		says(t, page, "can no longer be approved", "Decline it")
	}
	if err := p.Sandbox.SetMachines(account.OwnerID, 25); err != nil {
		t.Fatal(err)
	}
	p.Pass(models.ApprovalLimit)
	admin.SignInAgain()
	if page := approve(); page.Status != http.StatusConflict {
		t.Errorf("after 72 hours: %d", page.Status)
	}
	if o := p.Settle(number); o.Status != models.Rejected || o.Reason != models.ReasonNobodyDecided || len(p.Sandbox.Ledger()) > 0 {
		t.Errorf("%s (%s)", o.Status, o.Reason)
	}
	says(t, p.SignedIn("san@example.com").Get("/orders/"+number), "Nobody approved the order within 72 hours")
}

// TestLimitsAreEnteredAsPeopleWriteSums, and a full month says what is left.
func TestLimitsAreEnteredAsPeopleWriteSums(t *testing.T) {
	p, account, customer, admin := limited(t)
	page := admin.Post(suspendedPath+"/limits", url.Values{"monthly_limit": {"a lot"}, "approval_above": {"-1"}})
	if page.Status != http.StatusUnprocessableEntity || strings.Count(page.Body, `aria-invalid="true"`) != 2 || !strings.Contains(page.Body, `value="a lot"`) {
		t.Fatalf("%d\n%s", page.Status, page.Body)
	}
	if page := admin.Post(suspendedPath+"/limits", url.Values{"monthly_limit": {"¥1,200.50"}, "approval_above": {""}}); page.Location != suspendedPath {
		t.Fatal(page.Status)
	}
	if page := admin.Get(suspendedPath + "/limits"); !strings.Contains(page.Body, `value="1200.50"`) {
		t.Errorf("the form has forgotten the limit\n%s", page.Body)
	}
	says(t, admin.Get(suspendedPath), "Limits changed", "CN¥1,200.50")
	says(t, customer.Get(suspendedPath), "Monthly limit", "CN¥1,200.50", "Left this month")
	quote := buying(t, customer)
	says(t, customer.Get(quote), "The monthly limit has no room for this order", "Ask your reseller")
	page = customer.Post(quote+"/order", nil)
	if page.Status != http.StatusConflict || !strings.Contains(page.Body, "CN¥1,200.50 left") {
		t.Errorf("%d\n%s", page.Status, page.Body)
	}
	if held, err := p.Store.Holdings(t.Context(), account.ID); err != nil || held[account.ID].OpenOrder != nil {
		t.Error("it was placed", err)
	}
}
