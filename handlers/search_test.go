package handlers_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"portal/models"
	"portal/portaltest"
	"portal/provider/sandbox"
	"portal/store"
)

func pathOf(a models.Account) string { return fmt.Sprint("/accounts/", a.ID) }

func find(b *portaltest.Browser, typed string) portaltest.Page {
	return b.Get("/search?" + url.Values{"q": {typed}}.Encode())
}

// searched is a portal with an order of a reseller's account that took two
// attempts, and the people who may find it or may not.
type searched struct {
	*portaltest.Portal
	account  models.Account
	order    models.Order
	attempts []models.Attempt
}

func newSearched(t *testing.T) searched {
	t.Helper()
	p := portaltest.New(t)
	var resellers []models.Reseller
	for _, name := range []string{"North", "South"} {
		r, err := p.Store.AddReseller(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		p.AddUser(strings.ToLower(name)+"@reseller.example", models.ResellerAdmin, nil, &r)
		resellers = append(resellers, r)
	}
	account := p.AddAccount(1217259133477183, "Yunqi 云栖", &resellers[0])
	p.AddUser("li@yunqi.example", models.Customer, &account, nil)
	if err := p.Sandbox.SetMachines(account.OwnerID, 25); err != nil {
		t.Fatal(err)
	}
	if err := p.Sandbox.AddFault(sandbox.Rule{Action: sandbox.ActionCreateInstance, OwnerID: account.OwnerID, Fault: sandbox.FaultUnavailableBefore, Times: 1}); err != nil {
		t.Fatal(err)
	}
	b := p.SignedIn("li@yunqi.example")
	page := b.Post(pathOf(account)+"/quote?kind=buy", url.Values{"edition": {"pro"}, "term": {"year-1"}})
	s := searched{Portal: p, account: account, order: p.Settle(b.Place(page.Location))}
	var err error
	if s.attempts, err = p.Store.Attempts(t.Context(), s.order.ID); err != nil || len(s.attempts) != 2 || s.attempts[0].RequestID == s.attempts[1].RequestID {
		t.Fatalf("%+v, %v", s.attempts, err)
	}
	return s
}

// TestAnyIDLeadsToItsPage for those who may see it; for others there is nothing,
// in the words of what was never there.
func TestAnyIDLeadsToItsPage(t *testing.T) {
	s := newSearched(t)
	order, account := "/orders/"+s.order.Number, pathOf(s.account)
	browsers := map[string]*portaltest.Browser{}
	for _, email := range []string{"support@example.com", "operator@example.com", "north@reseller.example", "south@reseller.example", "li@yunqi.example", "lin@example.com"} {
		browsers[email] = s.SignedIn(email)
	}
	for what, tc := range map[string]struct{ typed, page string }{
		"order number":             {s.order.Number, order},
		"order number, dictated":   {"p " + strings.ToLower(strings.ReplaceAll(s.order.Number[1:], "-", " ")), order},
		"provider OrderId":         {s.order.ProviderOrderID, order},
		"InstanceId":               {s.order.InstanceID, order},
		"RequestId":                {s.order.RequestID, order},
		"an earlier one's":         {s.attempts[0].RequestID, order},
		"ClientToken":              {s.order.ClientToken, order},
		"OwnerId":                  {"1217 2591 3347 7183", account},
		"account name":             {"yunqi 云栖", account},
		"e-mail":                   {"LI@yunqi.example", account},
		"e-mail, full-width signs": {"li＠yunqi．example", account},
	} {
		for _, email := range []string{"support@example.com", "operator@example.com", "north@reseller.example"} {
			if page := find(browsers[email], tc.typed); page.Status != http.StatusSeeOther || page.Location != tc.page {
				t.Errorf("%s by %s (%s): %d %s, want %s", email, what, tc.typed, page.Status, page.Location, tc.page)
			}
		}
		foreign := browsers["south@reseller.example"]
		hide := func(p portaltest.Page, typed string) string {
			return strings.NewReplacer(typed, "", p.Header.Get("X-Request-Id"), "").Replace(p.Text())
		}
		page := find(foreign, tc.typed)
		if nothing := find(foreign, "no such thing"); page.Status != http.StatusOK || hide(page, tc.typed) != hide(nothing, "no such thing") {
			t.Errorf("another reseller by %s: %d\n%s", what, page.Status, page.Text())
		}
		for _, email := range []string{"li@yunqi.example", "lin@example.com"} {
			if page := find(browsers[email], tc.typed); page.Status != http.StatusNotFound {
				t.Errorf("a customer by %s: %d %s", what, page.Status, page.Location)
			}
		}
	}
	if page := s.Browser().Get("/search?q=" + s.order.Number); page.Status != http.StatusSeeOther || !strings.HasPrefix(page.Location, "/sign-in") {
		t.Errorf("nobody: %d %s", page.Status, page.Location)
	}
}

// TestSeveralGiveAList of each kind, and a part of a name is never jumped from.
func TestSeveralGiveAList(t *testing.T) {
	s := newSearched(t)
	support := s.SignedIn("support@example.com")
	s.AddAccount(7, "Yunqi Two", nil)
	page := find(support, "yunqi")
	says(t, page, "Yunqi 云栖", "Yunqi Two", "1217259133477183")
	if strings.Contains(page.Body, "Linhai") {
		t.Error("it lists what does not match")
	}
	if page := find(support, "yunqi t"); page.Status != http.StatusOK || !strings.Contains(page.Text(), "Yunqi Two") {
		t.Errorf("the one account that begins so: %d %s", page.Status, page.Location)
	}

	// The InstanceId is that of every order about the instance.
	operator := s.SignedIn("operator@example.com")
	renewal := operator.Post(pathOf(s.account)+"/quote?kind=renew", url.Values{"term": {"month-6"}}).Location
	number := operator.Place(renewal)
	s.Settle(number)
	if got := numbers(find(support, s.order.InstanceID)); len(got) != 2 || got[0] != number || got[1] != s.order.Number {
		t.Errorf("by the instance there are %q", got)
	}

	// Somebody without an account has no page.
	says(t, find(support, "north@reseller.example"), "north@reseller.example", "Reseller admin", "North")
	says(t, find(support, "operator@example.com"), "operator@example.com", "Operator")
	says(t, find(s.SignedIn("north@reseller.example"), "support@example.com"), "Nothing found")
}

func TestALongListOfAccountsGoesOnInTheirList(t *testing.T) {
	p := portaltest.New(t)
	for i := range store.SearchLimit + 1 {
		p.AddAccount(int64(5000+i), "Branch", nil)
	}
	page := find(p.SignedIn("support@example.com"), "branch")
	says(t, page, "These are the first 20; there are more.")
	if to := link(page, "All of them in the account list"); to != "/accounts?q=branch" {
		t.Errorf("more is at %q", to)
	}
}

func TestWhatIsNotFoundIsKeptAndLedOn(t *testing.T) {
	p := portaltest.New(t)
	b := p.SignedIn("support@example.com")
	page := find(b, ` hai <T> `)
	says(t, page, "Nothing found for “hai &lt;T&gt;”", "found only in full", "What can be entered")
	if !strings.Contains(page.Body, `value="hai &lt;T&gt;"`) {
		t.Error("what was typed is lost")
	}
	page = find(b, "hai t")
	if to := link(page, "Look for accounts"); !strings.Contains(b.Get(to).Text(), "Linhai Trading") {
		t.Errorf("the account list (%s) does not find it either", to)
	}
	if page := b.Get(link(page, "Look for orders")); page.Status != http.StatusOK {
		t.Errorf("the order log: %d", page.Status)
	}
	if page := find(b, strings.Repeat("界", 201)); page.Status != http.StatusUnprocessableEntity || !strings.Contains(page.Body, strings.Repeat("界", 201)) {
		t.Errorf("far too long: %d", page.Status)
	}
	for _, typed := range []string{"", "   ", "　"} {
		if page := find(b, typed); page.Status != http.StatusOK || !strings.Contains(page.Text(), "Orders to look at") {
			t.Errorf("%q: %d\n%s", typed, page.Status, page.Text())
		}
	}
}

// TestWhatIsTypedStaysOutOfTheLog: addresses and client tokens are typed here.
func TestWhatIsTypedStaysOutOfTheLog(t *testing.T) {
	s := newSearched(t)
	b := s.SignedIn("support@example.com")
	for _, typed := range []string{s.order.ClientToken, "li@yunqi.example", "nobody@yunqi.example", strings.Repeat("secret", 50)} {
		find(b, typed)
		find(s.Browser(), typed)
	}
	for _, typed := range []string{s.order.ClientToken, "yunqi.example", "secretsecret"} {
		if strings.Contains(s.Log.String(), typed) {
			t.Errorf("%s is in the log", typed)
		}
	}
	if !strings.Contains(s.Log.String(), `"path":"/search"`) {
		t.Error("the search is not in the log at all")
	}
}

// TestTheBoxIsOnEveryPage of those who may search, once.
func TestTheBoxIsOnEveryPage(t *testing.T) {
	s := newSearched(t)
	for email, want := range map[string]int{
		"support@example.com": 1, "operator@example.com": 1, "north@reseller.example": 1, "li@yunqi.example": 0,
	} {
		b := s.SignedIn(email)
		for _, path := range []string{"/orders", "/orders/" + s.order.Number, pathOf(s.account), "/help/errors", "/nowhere", "/search"} {
			if page := b.Get(path); strings.Count(page.Body, `action="/search"`) != want {
				t.Errorf("%s has %d boxes for %s, want %d", path, strings.Count(page.Body, `action="/search"`), email, want)
			}
		}
	}
	t.Run("but a page that asks for itself again leads to it, so that nothing typed is lost", func(t *testing.T) {
		lin := s.SignedIn("lin@example.com")
		open := "/orders/" + lin.Place(lin.Quote("pro", "year-1"))
		b := s.SignedIn("support@example.com")
		page := b.Get(open)
		if page.Refresh() == "" || strings.Contains(page.Body, `action="/search"`) || !strings.Contains(page.Body, `href="/search"`) {
			t.Errorf("Refresh %q\n%s", page.Refresh(), page.Body)
		}
		if page := b.Get(open + "?refresh=off"); page.Refresh() != "" || !strings.Contains(page.Body, `action="/search"`) {
			t.Error("it stands still and has no box")
		}
		if page := lin.Get(open); strings.Contains(page.Body, "/search") {
			t.Error("the customer is led there")
		}
	})
	if page := s.Browser().Get("/sign-in"); strings.Contains(page.Body, "/search") {
		t.Error("the sign-in page has it")
	}
}

// TestSupportBeginsAtTheQueue, whose counts are those of the lists behind them.
func TestSupportBeginsAtTheQueue(t *testing.T) {
	s := newSearched(t)
	order := func(email string, account models.Account) string {
		t.Helper()
		b := s.SignedIn(email)
		return b.Place(b.Post(pathOf(account)+"/quote?kind=buy", url.Values{"edition": {"pro"}, "term": {"year-1"}}).Location)
	}
	outgrown := s.AddAccount(1217259133477184, "Outgrown", nil)
	s.AddUser("outgrown@example.com", models.Customer, &outgrown, nil)
	if err := s.Sandbox.SetMachines(outgrown.OwnerID, 25); err != nil {
		t.Fatal(err)
	}
	rejected, unknown := order("outgrown@example.com", outgrown), order("lin@example.com", s.Account)
	if err := s.Sandbox.SetMachines(outgrown.OwnerID, 26); err != nil { // the provider refuses another number than it counts
		t.Fatal(err)
	}
	if err := s.Sandbox.AddFault(sandbox.Rule{Action: sandbox.ActionCreateInstance, OwnerID: s.Account.OwnerID, Fault: sandbox.FaultDropBefore}); err != nil {
		t.Fatal(err)
	}
	s.Worker.RunOnce(t.Context())

	b := s.SignedIn("support@example.com")
	if page := b.Get("/"); page.Location != "/search" {
		t.Fatal(page.Location)
	}
	page := b.Get("/search")
	for label, want := range map[string]string{"Being confirmed": unknown, "Placed today, not completed": rejected, "Needs review": ""} {
		to := link(page, `<span class="tile__label">`+label)
		if want == "" {
			if to != "" {
				t.Errorf("%s, of which there are none, leads to %s", label, to)
			}
		} else if got := numbers(b.Get(to)); len(got) != 1 || got[0] != want {
			t.Errorf("%s leads to %s with %q, want %s", label, to, got, want)
		}
	}
	says(t, page, "Stuck 0", "Being confirmed 1", "Needs review 0", "Placed today, not completed 1")
	if strings.Contains(page.Body, `id="stuck"`) {
		t.Error("an order that is not due is called stuck")
	}
	s.Pass(24 * time.Hour)
	b = s.SignedIn("support@example.com")
	says(t, b.Get("/search"), "Placed today, not completed 0")
	page = b.Get("/search")
	says(t, page, "Stuck 1", "has not continued")
	if got := numbers(page); len(got) != 1 || got[0] != unknown {
		t.Errorf("stuck are %q", got)
	}
	says(t, s.SignedIn("north@reseller.example").Get("/search"), "Stuck 0", "Being confirmed 0")
}
