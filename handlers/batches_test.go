package handlers_test

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"portal/models"
	"portal/portaltest"
	"portal/provider/sandbox"
)

// many is a portal whose reseller has so many accounts that hold something, and
// its administrator.
func many(t *testing.T, n int) (p *portaltest.Portal, accounts []models.Account, admin *portaltest.Browser) {
	t.Helper()
	p = portaltest.New(t)
	reseller, err := p.Store.AddReseller(t.Context(), "Own")
	if err != nil {
		t.Fatal(err)
	}
	p.AddUser("own@example.com", models.ResellerAdmin, nil, &reseller)
	admin = p.SignedIn("own@example.com")
	for i := range n {
		a := p.AddAccount(int64(3000000000000001+i), fmt.Sprintf("Branch %c", 'A'+i), &reseller)
		if err := p.Sandbox.SetMachines(a.OwnerID, 25); err != nil {
			t.Fatal(err)
		}
		page := admin.Post(fmt.Sprintf("/accounts/%d/quote?kind=buy", a.ID), url.Values{"edition": {"pro"}, "term": {"month-1"}})
		p.Settle(admin.Place(page.Location))
		accounts = append(accounts, a)
	}
	return p, accounts, admin
}

// together is the form that chooses accounts.
func chosen(term string, accounts ...models.Account) url.Values {
	form := url.Values{"term": {term}, "within": {"60"}}
	for _, a := range accounts {
		form.Add("account", fmt.Sprint(a.ID))
	}
	return form
}

// TestRenewingManyAtOnce: chosen, checked, confirmed once, each an order of its
// own, and what can't be renewed is listed with what to do.
func TestRenewingManyAtOnce(t *testing.T) {
	p, accounts, admin := many(t, 4)
	page := admin.Get("/renewals/new?within=60&all=yes")
	says(t, page, "Branch A", "Branch D")
	if got := strings.Count(page.Body, " checked"); got != 4 {
		t.Fatalf("%d are chosen\n%s", got, page.Body)
	}
	page = admin.Post("/renewals/new", url.Values{"term": {"year-1"}})
	if page.Status != http.StatusUnprocessableEntity {
		t.Fatalf("without an account: %d", page.Status)
	}
	says(t, page, "Choose at least one account")
	charged := len(p.Sandbox.Ledger())

	page = admin.Post("/renewals/new", chosen("year-1", accounts...))
	batch := page.Location
	if !strings.HasPrefix(batch, "/renewals/") {
		t.Fatalf("%d %s\n%s", page.Status, page.Location, page.Body)
	}
	page = admin.Get(batch)
	says(t, page, "working out prices")
	if page.Refresh() == "" || strings.Contains(page.Body, "/order\"") {
		t.Fatalf("it can be ordered before it is priced\n%s", page.Body)
	}
	if page := admin.Post(batch+"/order", nil); page.Status != http.StatusConflict {
		t.Fatalf("ordered before it is priced: %d", page.Status)
	}
	p.Batches.RunOnce(t.Context())
	page = admin.Get(batch)
	says(t, page, "Renew 4 accounts for CN¥61,200.00", "Total") // 25 machines, 60 yuan, 12 months, 15 % off
	if len(p.Sandbox.Ledger()) != charged {
		t.Fatal("charged by looking")
	}

	// Meanwhile one has grown, one is limited, and one is suspended.
	if err := p.Sandbox.SetMachines(accounts[0].OwnerID, 26); err != nil {
		t.Fatal(err)
	}
	for i, path := range []string{"/limits", "/suspend"} {
		to := fmt.Sprintf("/accounts/%d", accounts[i+1].ID)
		if page := admin.Post(to+path, url.Values{"monthly_limit": {"1"}, "reason": {"does not pay"}}); page.Location != to {
			t.Fatalf("%d\n%s", page.Status, page.Body)
		}
	}
	for range 2 { // pressed twice
		if page := admin.Post(batch+"/order", nil); page.Location != batch {
			t.Fatalf("%d\n%s", page.Status, page.Body)
		}
	}
	p.Batches.RunOnce(t.Context())
	p.Batches.RunOnce(t.Context())
	p.Worker.RunOnce(t.Context())
	page = admin.Get(batch)
	says(t, page, "4 of 4 accounts finished", "Branch A", "changed after the price was worked out", "no room for this", "Ordering is suspended", "Try these 3 accounts again")
	if got := len(p.Sandbox.Ledger()) - charged; got != 1 {
		t.Fatalf("%d charges", got)
	}
	if page.Refresh() != "" {
		t.Error("it refreshes though nothing happens any more")
	}

	// What has been put right is tried again, and no other.
	to := fmt.Sprintf("/accounts/%d/limits", accounts[1].ID)
	admin.Post(to, url.Values{})
	page = admin.Post(batch+"/again", nil)
	again := page.Location
	p.Batches.RunOnce(t.Context())
	says(t, admin.Get(again), "Renew 2 accounts for", "Branch A", "Branch B", "Ordering is suspended")
	admin.Post(again+"/order", nil)
	p.Batches.RunOnce(t.Context())
	p.Worker.RunOnce(t.Context())
	if got := len(p.Sandbox.Ledger()) - charged; got != 3 {
		t.Fatalf("%d charges", got)
	}
	says(t, admin.Get("/renewals"), "own@example.com", "Ordered")
	says(t, admin.Get(fmt.Sprintf("/accounts/%d", accounts[0].ID)), "Renewed")
}

// endedAndRenewing is many accounts of which the first ended three days ago, the
// second renews by itself since the same end, and the third stops in a month.
func endedAndRenewing(t *testing.T) (p *portaltest.Portal, accounts []models.Account, admin *portaltest.Browser) {
	t.Helper()
	p, accounts, admin = many(t, 1)
	buy := func(owner int64, name string, form url.Values) {
		a := p.AddAccount(owner, name, &models.Reseller{ID: *accounts[0].ResellerID})
		if err := p.Sandbox.SetMachines(a.OwnerID, 25); err != nil {
			t.Fatal(err)
		}
		form.Set("edition", "pro")
		form.Set("term", "month-1")
		p.Settle(admin.Place(admin.Post(fmt.Sprintf("/accounts/%d/quote?kind=buy", a.ID), form).Location))
		accounts = append(accounts, a)
	}
	buy(3100000000000001, "Renewing", url.Values{"auto_renew": {"on"}, "auto_renew_months": {"1"}})
	held, err := p.Store.Holdings(t.Context(), accounts[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	p.Pass(held[accounts[0].ID].Subscription.EndsAt.Sub(p.Now()) + 3*24*time.Hour + time.Hour)
	admin = p.SignedIn("own@example.com")
	buy(3100000000000002, "Running", url.Values{})
	return p, accounts, admin
}

// ticked are the accounts that a page has chosen.
func ticked(page portaltest.Page) []string {
	var all []string
	for _, m := range regexp.MustCompile(`name="account" value="(\d+)" checked`).FindAllStringSubmatch(page.Body, -1) {
		all = append(all, m[1])
	}
	return all
}

// TestWhatNeedsAThoughtIsNotRenewedWithTheRest: an end that has passed and a
// renewal that comes by itself are said where accounts are chosen, and are ticked
// by nobody's hand but a person's.
func TestWhatNeedsAThoughtIsNotRenewedWithTheRest(t *testing.T) {
	p, accounts, admin := endedAndRenewing(t)
	page := admin.Get("/renewals/new?within=60")
	says(t, page, "Ended 3 days ago", "usually no need to renew here", "Not confirmed", "Choose 1, leaving out those that have ended or renew by themselves")
	if strings.Contains(page.Text(), "0 days left") {
		t.Error("what has ended is said to have days left")
	}
	running := fmt.Sprint(accounts[2].ID)
	if got := ticked(admin.Get("/renewals/new?within=60&all=yes")); !slices.Equal(got, []string{running}) {
		t.Errorf("all are accounts %v, want %s alone", got, running)
	}
	// What was ticked by hand stays so when something else is wrong.
	page = admin.Post("/renewals/new", chosen("", accounts...))
	if got := ticked(page); page.Status != http.StatusUnprocessableEntity || len(got) != 3 {
		t.Errorf("%d, %v are ticked", page.Status, got)
	}

	// Where nothing is left to tick together, no link says that it does.
	if page := admin.Post(fmt.Sprintf("/accounts/%d/suspend", accounts[2].ID), url.Values{"reason": {"does not pay"}}); page.Status != http.StatusSeeOther {
		t.Fatal(page.Status)
	}
	page = admin.Get("/renewals/new?within=60&all=yes")
	says(t, page, "Choose one by one those that are to be renewed all the same")
	if got := ticked(page); len(got) > 0 || strings.Contains(page.Text(), "leaving out those") {
		t.Errorf("%v are ticked\n%s", got, page.Text())
	}
	p.Pass(-3*24*time.Hour + -30*time.Minute) // half an hour after the end
	says(t, p.SignedIn("own@example.com").Get("/renewals/new?within=60"), "Ended less than a day ago")
}

// TestABatchWarnsAsEachRenewalDoes, above what it would come to, with how many it
// is about; and of nothing where there is nothing to warn of.
func TestABatchWarnsAsEachRenewalDoes(t *testing.T) {
	p, accounts, admin := endedAndRenewing(t)
	check := func(accounts ...models.Account) portaltest.Page {
		t.Helper()
		batch := admin.Post("/renewals/new", chosen("year-1", accounts...)).Location
		p.Batches.RunOnce(t.Context())
		return admin.Get(batch)
	}
	const lapsed, presumed = "1 account has ended", "The end date of 1 account is not confirmed"
	page := check(accounts...)
	says(t, page, "Renew 3 accounts", lapsed, "the days since then are paid for, too. Alibaba Cloud may have released the instance", presumed, "the new term starts at the earlier end",
		"Ended 3 days ago")
	for _, warning := range []string{lapsed, presumed} {
		if text := page.Text(); strings.Index(text, warning) > strings.Index(text, "Total") {
			t.Errorf("%q stands below the total", warning)
		}
	}
	page = check(accounts[2])
	says(t, page, "Renew 1 account")
	if text := page.Text(); strings.Contains(text, "ended") || strings.Contains(text, "not confirmed") {
		t.Errorf("warns of a renewal like any other\n%s", text)
	}
}

// TestAChoiceOutlivesItsSession: accounts and term are chosen still when whoever
// chose has signed in again.
func TestAChoiceOutlivesItsSession(t *testing.T) {
	p, accounts, admin := many(t, 3)
	gone := p.Browser().Post("/renewals/new", chosen("year-1", accounts[0], accounts[2]))
	next, err := url.Parse(gone.Location)
	if err != nil || next.Path != "/sign-in" {
		t.Fatalf("%d %s", gone.Status, gone.Location)
	}
	page := admin.Get(next.Query().Get("next"))
	if got, want := ticked(page), []string{fmt.Sprint(accounts[0].ID), fmt.Sprint(accounts[2].ID)}; !slices.Equal(got, want) {
		t.Errorf("%v are ticked, not %v", got, want)
	}
	if !strings.Contains(page.Body, `<option value="year-1" selected>`) {
		t.Errorf("another term is chosen\n%s", page.Body)
	}
	if page := admin.Get("/renewals/new?account=x"); page.Status != http.StatusBadRequest {
		t.Errorf("an account that is none: %d", page.Status)
	}

	// As many as one batch takes still fit into an address.
	form := url.Values{"term": {"year-1"}, "within": {"60"}}
	for i := range 200 {
		form.Add("account", fmt.Sprint(10_000_000+i))
	}
	if page := p.Browser().Post("/renewals/new", form); !strings.Contains(page.Location, "10000199") {
		t.Errorf("a long choice is lost: %s", page.Location)
	}
}

// TestABatchOutlivesTheProgram: another process goes on where one has ended, and
// orders nothing a second time.
func TestABatchOutlivesTheProgram(t *testing.T) {
	p, accounts, admin := many(t, 3)
	charged := len(p.Sandbox.Ledger())
	batch := admin.Post("/renewals/new", chosen("year-1", accounts...)).Location
	p.Batches.RunOnce(t.Context())
	admin.Post(batch+"/order", nil)

	// The one that dies has placed the first order, and not said so.
	_, item, err := p.Store.DueBatchItem(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	admin.Place("/quotes/" + *item.QuoteID)
	p.Pass(30 * time.Second)
	p.Batches.RunOnce(t.Context())
	p.Worker.RunOnce(t.Context())
	says(t, admin.Get(batch), "3 of 3 accounts finished")
	if got := len(p.Sandbox.Ledger()) - charged; got != 3 {
		t.Fatalf("%d charges for 3 accounts", got)
	}
}

// TestABatchWaitsForTheProvider, and goes on when it is back.
func TestABatchWaitsForTheProvider(t *testing.T) {
	p, accounts, admin := many(t, 2)
	down := func() {
		if err := p.Sandbox.AddFault(sandbox.Rule{Action: sandbox.ActionGetInstanceCount, Fault: sandbox.FaultUnavailableBefore, Times: 1000}); err != nil {
			t.Fatal(err)
		}
	}
	down()
	batch := admin.Post("/renewals/new", chosen("year-1", accounts...)).Location
	p.Batches.RunOnce(t.Context())
	says(t, admin.Get(batch), "0 of 2 accounts finished")
	p.Sandbox.ClearFaults()
	p.Pass(time.Minute)
	p.Batches.RunOnce(t.Context())
	says(t, admin.Get(batch), "Renew 2 accounts for")

	down()
	admin.Post(batch+"/order", nil)
	for range 40 {
		p.Batches.RunOnce(t.Context())
		p.Pass(10 * time.Second)
	}
	says(t, admin.Get(batch), "could not be reached for a while", "Try these 2 accounts again")
}

// TestAStoppedBatchOrdersNothingMore, and prices that no longer hold order
// nothing.
func TestAStoppedBatchOrdersNothingMore(t *testing.T) {
	p, accounts, admin := many(t, 2)
	charged := len(p.Sandbox.Ledger())
	batch := admin.Post("/renewals/new", chosen("year-1", accounts...)).Location
	p.Batches.RunOnce(t.Context())
	admin.Post(batch+"/order", nil)
	if page := admin.Post(batch+"/stop", nil); page.Location != batch {
		t.Fatal(page.Status)
	}
	p.Batches.RunOnce(t.Context())
	p.Worker.RunOnce(t.Context())
	says(t, admin.Get(batch), "stopped before it was ordered")

	late := admin.Post("/renewals/new", chosen("year-1", accounts...)).Location
	p.Batches.RunOnce(t.Context())
	p.Pass(31 * time.Minute)
	says(t, admin.Get(late), "The prices no longer hold", "Work the prices out again")
	fresh := admin.Post(late+"/again", nil).Location
	if fresh == late {
		t.Fatal("the old prices stay")
	}
	admin.Post(late+"/order", nil)
	p.Batches.RunOnce(t.Context())
	p.Worker.RunOnce(t.Context())
	says(t, admin.Get(fresh), "Renew 2 accounts for")
	if got := len(p.Sandbox.Ledger()) - charged; got != 0 {
		t.Fatalf("%d charges", got)
	}
}

// TestABatchOfSomebodyWhoWasRemoved orders nothing more.
func TestABatchOfSomebodyWhoWasRemoved(t *testing.T) {
	p, accounts, admin := many(t, 2)
	charged := len(p.Sandbox.Ledger())
	batch := admin.Post("/renewals/new", chosen("year-1", accounts...)).Location
	p.Batches.RunOnce(t.Context())
	admin.Post(batch+"/order", nil)
	operator := models.By{Viewer: p.Viewer("operator@example.com"), RequestID: "R", Address: "192.0.2.7"}
	if err := p.Store.RemovePerson(t.Context(), operator, p.Viewer("own@example.com").User.ID); err != nil {
		t.Fatal(err)
	}
	p.Batches.RunOnce(t.Context())
	p.Worker.RunOnce(t.Context())
	says(t, p.SignedIn("operator@example.com").Get(batch), "may no longer order")
	if got := len(p.Sandbox.Ledger()) - charged; got != 0 {
		t.Fatalf("%d charges", got)
	}
}
