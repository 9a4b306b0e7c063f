package handlers_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"portal/models"
	"portal/portaltest"
)

// resold is a portal with a reseller's account beside the direct one: own
// administers it, foreign another reseller.
func resold(t *testing.T) (p *portaltest.Portal, account models.Account) {
	t.Helper()
	p = portaltest.New(t)
	for _, name := range []string{"own", "foreign"} {
		reseller, err := p.Store.AddReseller(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		p.AddUser(name+"@example.com", models.ResellerAdmin, nil, &reseller)
		if name == "own" {
			account = p.AddAccount(1000000000000003, "Studio Three", &reseller)
		}
	}
	p.AddUser("san@example.com", models.Customer, &account, nil)
	if err := p.Sandbox.SetMachines(account.OwnerID, 25); err != nil {
		t.Fatal(err)
	}
	return p, account
}

// since is what the form that reinstates an account says of its suspension.
func since(t *testing.T, page portaltest.Page) string {
	t.Helper()
	_, rest, found := strings.Cut(page.Body, `name="since" value="`)
	if !found {
		t.Fatalf("no form that reinstates: %d\n%s", page.Status, page.Body)
	}
	value, _, _ := strings.Cut(rest, `"`)
	return value
}

const suspendedPath = "/accounts/2"

// TestSuspendingIsForWhoLooksAfterTheAccount: by role, own and foreign.
func TestSuspendingIsForWhoLooksAfterTheAccount(t *testing.T) {
	p, _ := resold(t)
	for email, want := range map[string]int{
		"foreign@example.com": http.StatusNotFound, "san@example.com": http.StatusNotFound, "lin@example.com": http.StatusNotFound,
		"support@example.com": http.StatusForbidden,
	} {
		b := p.SignedIn(email)
		for _, path := range []string{suspendedPath + "/suspend", suspendedPath + "/reinstate"} {
			if page := b.Get(path); page.Status != want {
				t.Errorf("%s asks for %s: %d", email, path, page.Status)
			}
			if page := b.Post(path, url.Values{"reason": {"x"}, "since": {"2026-01-01T00:00:00Z"}}); page.Status != want {
				t.Errorf("%s posts to %s: %d", email, path, page.Status)
			}
		}
	}
	for _, email := range []string{"own@example.com", "operator@example.com"} {
		b := p.SignedIn(email)
		says(t, b.Get(suspendedPath), "Suspend ordering")
		if page := b.Post(suspendedPath+"/suspend", url.Values{"reason": {"does not pay"}}); page.Location != suspendedPath {
			t.Fatalf("%s suspends: %d\n%s", email, page.Status, page.Body)
		}
		for _, reader := range []string{"own@example.com", "operator@example.com", "support@example.com"} {
			by := email
			if email == "operator@example.com" && reader == "own@example.com" {
				by = "The portal’s operator"
			}
			says(t, p.SignedIn(reader).Get(suspendedPath), "Ordering is suspended", "does not pay", by)
		}
		says(t, b.Get("/accounts"), "Suspended")
		form := url.Values{"reason": {"has paid"}, "since": {since(t, b.Get(suspendedPath+"/reinstate"))}}
		if page := b.Post(suspendedPath+"/reinstate", form); page.Location != suspendedPath {
			t.Fatalf("%s reinstates: %d\n%s", email, page.Status, page.Body)
		}
	}
	for _, path := range []string{"/accounts/999", "/accounts/x"} {
		if page := p.SignedIn("operator@example.com").Get(path + "/suspend"); page.Status != http.StatusNotFound {
			t.Errorf("%s: %d", path, page.Status)
		}
	}
}

// TestPeopleOfASuspendedAccountLookAndDontOrder: in both languages, and without
// reading why; their reseller pays back.
func TestPeopleOfASuspendedAccountLookAndDontOrder(t *testing.T) {
	for language, tells := range map[string]struct{ title, nothing, cancelled string }{
		"en":    {"Ordering is suspended for this account", "Nothing was ordered or charged", "so it was cancelled"},
		"zh-CN": {"此账号已停用下单", "没有下单，也没有扣款", "订单随之取消"},
	} {
		t.Run(language, func(t *testing.T) {
			p, account := resold(t)
			b, admin := p.SignedIn("san@example.com"), p.SignedIn("own@example.com")
			b.Header.Set("Accept-Language", language)
			quote := func(b *portaltest.Browser, kind models.Kind) string {
				t.Helper()
				page := b.Post(suspendedPath+"/quote?kind="+string(kind), portaltest.Answers(kind))
				if !strings.HasPrefix(page.Location, "/quotes/") {
					t.Fatalf("quoting a %s: %d %s", kind, page.Status, page.Location)
				}
				return page.Location
			}
			p.Settle(b.Place(quote(b, models.Buy)))
			old := quote(b, models.Renew)
			waiting := b.Place(quote(b, models.Upgrade))
			says(t, admin.Get(suspendedPath+"/suspend"), waiting, "It will be cancelled")
			if page := admin.Post(suspendedPath+"/suspend", url.Values{"reason": {"does not pay"}}); page.Status != http.StatusSeeOther {
				t.Fatalf("%d\n%s", page.Status, page.Body)
			}
			page := b.Get("/orders/" + waiting)
			says(t, page, tells.cancelled)
			if strings.Contains(page.Body, "/quote?kind=") {
				t.Error("its order offers to order again")
			}
			if page.OrderStatus() != string(models.Cancelled) {
				t.Fatalf("the order is %s", page.OrderStatus())
			}
			asked := p.Sandbox.Requests()
			for _, page := range []portaltest.Page{b.Get(suspendedPath), b.Get(old)} {
				says(t, page, tells.title)
				for _, hidden := range []string{"does not pay", "own@example.com", suspendedPath + "/reinstate", old + "/order"} {
					if strings.Contains(page.Body, hidden) {
						t.Errorf("the customer reads %q", hidden)
					}
				}
			}
			for _, kind := range models.Kinds() {
				for _, page := range []portaltest.Page{
					b.Get(suspendedPath + "/quote?kind=" + string(kind)),
					b.Post(suspendedPath+"/quote?kind="+string(kind), portaltest.Answers(kind)),
				} {
					if page.Location != suspendedPath {
						t.Errorf("a %s: %d %s", kind, page.Status, page.Location)
					}
				}
			}
			page = b.Post(old+"/order", nil)
			if page.Status != http.StatusConflict {
				t.Errorf("placing: %d", page.Status)
			}
			says(t, page, tells.nothing)
			for action, n := range p.Sandbox.Requests() {
				// Looking at the account counts its machines.
				if n != asked[action] && action != "GetInstanceCount" {
					t.Errorf("%s was called", action)
				}
			}
			says(t, admin.Get(suspendedPath), "You can still ask for a refund")
			held, err := p.Store.Holdings(t.Context(), account.ID)
			if err != nil {
				t.Fatal(err)
			}
			page = admin.Post(quote(admin, models.Refund)+"/order", url.Values{"instance_id": {held[account.ID].Subscription.InstanceID}})
			number, placed := strings.CutPrefix(page.Location, "/orders/")
			if !placed {
				t.Fatalf("the reseller's refund: %d\n%s", page.Status, page.Body)
			}
			if o := p.Settle(number); o.Status != models.Completed {
				t.Fatalf("the refund is %s", o.Status)
			}
		})
	}
}

// TestASuspensionNeedsAReason: what was typed is not lost, and what somebody else
// did meanwhile is said.
func TestASuspensionNeedsAReason(t *testing.T) {
	p, _ := resold(t)
	b := p.SignedIn("own@example.com")
	suspend := func(reason string) portaltest.Page {
		t.Helper()
		return b.Post(suspendedPath+"/suspend", url.Values{"reason": {reason}})
	}
	reinstate := func(since, reason string) portaltest.Page {
		t.Helper()
		return b.Post(suspendedPath+"/reinstate", url.Values{"since": {since}, "reason": {reason}})
	}
	refused := func(page portaltest.Page, status int, words ...string) {
		t.Helper()
		if page.Status != status {
			t.Errorf("%d, not %d", page.Status, status)
		}
		says(t, page, words...)
	}
	refused(suspend(" \n"), http.StatusUnprocessableEntity, "Enter why you suspend the account")
	refused(suspend(strings.Repeat("停", 1001)), http.StatusUnprocessableEntity, "too long")
	refused(suspend("does not\u202epay"), http.StatusUnprocessableEntity, "cannot be seen")
	if page := suspend("does not pay"); page.Status != http.StatusSeeOther {
		t.Fatalf("%d\n%s", page.Status, page.Body)
	}
	page := suspend("twice")
	refused(page, http.StatusConflict, "Somebody else has already suspended the account")
	if !strings.Contains(page.Body, ">twice</textarea>") {
		t.Error("what was typed is lost")
	}
	if page := b.Get(suspendedPath + "/suspend"); page.Location != suspendedPath {
		t.Errorf("the form of what is done: %d", page.Status)
	}
	began := since(t, b.Get(suspendedPath+"/reinstate"))
	refused(reinstate(began, ""), http.StatusUnprocessableEntity, "Enter why you reinstate the account", "does not pay")
	refused(reinstate("yesterday", "paid"), http.StatusBadRequest)
	page = reinstate("2026-01-01T00:00:00Z", "paid")
	refused(page, http.StatusConflict, "has been reinstated and suspended again")
	if !strings.Contains(page.Body, ">paid</textarea>") {
		t.Error("what was typed is lost")
	}
	if page := reinstate(began, "paid"); page.Location != suspendedPath {
		t.Fatalf("%d\n%s", page.Status, page.Body)
	}
	if page := b.Get(suspendedPath + "/reinstate"); page.Location != suspendedPath {
		t.Errorf("the form of what is done: %d", page.Status)
	}
	changes, err := p.Store.Changes(t.Context(), 2, 10)
	if err != nil || len(changes) != 2 {
		t.Fatal(changes, err)
	}
	for _, c := range changes {
		if c.Address != "127.0.0.1" || !strings.Contains(p.Log.String(), `"request_id":"`+c.RequestID+`"`) {
			t.Errorf("from where? %+v", c)
		}
	}
}
