package handlers_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"portal/dbtest"
	"portal/handlers"
	"portal/models"
	"portal/portaltest"
	"portal/provider/sandbox"
)

// unrecorded are the routes that leave nothing in the log of changes, and why.
// Whoever adds one says so here.
var unrecorded = map[string]string{
	"/sign-in":                 "changes nothing that is anybody else's; the person's page says when it was",
	"/sign-out":                "the same; a view that it ends is in the log",
	"/sign-in/demo":            "the same, in the sandbox alone",
	"/sandbox":                 "is how the stand-in for the provider fails, which only the sandbox has and which ends by itself; the program's log has it",
	"/preferences":             "is the browser's language and colours",
	"/accounts/import":         "is a list that is looked at: nothing is added before it is confirmed",
	"/accounts/:account/quote": "is a price: nothing is ordered before it is placed",
	"/renewals/new":            "is prices, too",
}

// entries are all of the log of changes, by id.
func entries(t *testing.T, p *portaltest.Portal) []models.Change {
	t.Helper()
	var all []models.Change
	if err := dbtest.Raw(t, p.DSN).Raw(`SELECT * FROM changes ORDER BY id`).Scan(&all).Error; err != nil {
		t.Fatal(err)
	}
	return all
}

// deed is one post that changes something.
type deed struct {
	by   *portaltest.Browser
	who  string // their address; empty for who has none yet
	path string
	form url.Values
	want []models.ChangeKind // what it leaves in the log: one entry, or one for each that it is about
}

// TestWhatPeopleChangeIsOnRecord walks every route that changes something: each
// leaves its entries in the log with who, for whom and from where, or says in
// unrecorded why there are none.
func TestWhatPeopleChangeIsOnRecord(t *testing.T) {
	const own, operator, customer = "own@example.com", "operator@example.com", "san@example.com"
	as := func(p *portaltest.Portal, who, path string, form url.Values, want ...models.ChangeKind) deed {
		return deed{p.SignedIn(who), who, path, form, want}
	}
	invited := func(t *testing.T, p *portaltest.Portal) (link string) {
		t.Helper()
		link, _ = invite(t, p.SignedIn(own), accountPeople, "new@example.com")
		return link
	}
	reviewed := func(t *testing.T, p *portaltest.Portal) models.Order {
		t.Helper()
		p.AddUser(secondMail, models.Operator, nil, nil)
		return toReview(p, p.SignedIn("lin@example.com"), models.Buy, sandbox.FaultDropBefore)
	}
	awaited := func(t *testing.T, p *portaltest.Portal) string {
		t.Helper()
		p.SignedIn(own).Post(suspendedPath+"/limits", url.Values{"approval_above": {"100"}})
		return p.SignedIn(customer).Post(buying(t, p.SignedIn(customer))+"/order", nil).Location
	}
	batched := func(t *testing.T, p *portaltest.Portal) string {
		t.Helper()
		admin := p.SignedIn(own)
		p.Settle(strings.TrimPrefix(admin.Post(buying(t, admin)+"/order", nil).Location, "/orders/"))
		path := admin.Post("/renewals/new", url.Values{"account": {"2"}, "term": {"year-1"}}).Location
		p.Batches.RunOnce(t.Context())
		return path
	}
	deeds := map[string]func(t *testing.T, p *portaltest.Portal) deed{
		"/invitation": func(t *testing.T, p *portaltest.Portal) deed {
			b, link := p.Browser(), invited(t, p)
			follow(b, link)
			return deed{b, "", "/invitation", url.Values{"password": {ownWords}, "language": {"en"}}, []models.ChangeKind{models.InvitationAccepted}}
		},
		"/leave-view": func(_ *testing.T, p *portaltest.Portal) deed {
			d := as(p, operator, "/leave-view", nil, models.ViewEnded)
			d.by.Post(suspendedPath+"/view", nil)
			return d
		},
		"/me": func(_ *testing.T, p *portaltest.Portal) deed {
			return as(p, customer, "/me", url.Values{"present_password": {portaltest.Password}, "password": {ownWords}}, models.PasswordChanged)
		},
		"/accounts/new": func(_ *testing.T, p *portaltest.Portal) deed {
			return as(p, own, "/accounts/new", url.Values{"owner_id": {"2000000000000009"}, "name": {"Blue Harbour"}}, models.AccountAdded)
		},
		"/accounts/import/:import": func(t *testing.T, p *portaltest.Portal) deed {
			d := as(p, own, "", nil, models.AccountAdded, models.AccountAdded)
			d.path = d.by.Post("/accounts/import", url.Values{"pasted": {"2001\tA\n2002\tB"}}).Location
			d.form = url.Values{"seen": {seenOf(t, d.by.Get(d.path))}}
			return d
		},
		"/accounts/:account/edit": func(_ *testing.T, p *portaltest.Portal) deed {
			return as(p, own, suspendedPath+"/edit", url.Values{"name": {"Studio Four"}}, models.AccountEdited)
		},
		"/accounts/:account/outside": func(_ *testing.T, p *portaltest.Portal) deed {
			return as(p, operator, p.AccountPath()+"/outside", url.Values{
				"kind": {"adopted"}, "instance_id": {"sas-1"}, "edition": {"pro"}, "machines": {"5"}, "paid": {"1"}, "reason": {"seen"},
				"starts": {p.Now().Add(-1000 * time.Hour).In(models.Beijing).Format("2006-01-02 15:04")},
				"ends":   {p.Now().Add(1000 * time.Hour).In(models.Beijing).Format("2006-01-02 15:04")},
			}, models.AdoptionRecorded)
		},
		"/accounts/:account/release": func(t *testing.T, p *portaltest.Portal) deed {
			p.Hold(p.Account)
			d := as(p, operator, p.AccountPath()+"/release", nil, models.AccountReleased)
			d.form = url.Values{"hold": {typedIn(d.by.Get(p.AccountPath()), "hold")}, "reason": {"bill agrees"}}
			return d
		},
		"/accounts/:account/limits": func(_ *testing.T, p *portaltest.Portal) deed {
			return as(p, own, suspendedPath+"/limits", url.Values{"approval_above": {"100"}}, models.AccountLimited)
		},
		"/accounts/:account/suspend": func(_ *testing.T, p *portaltest.Portal) deed {
			return as(p, own, suspendedPath+"/suspend", url.Values{"reason": {"does not pay"}}, models.AccountSuspended)
		},
		"/accounts/:account/reinstate": func(t *testing.T, p *portaltest.Portal) deed {
			d := as(p, own, suspendedPath+"/reinstate", nil, models.AccountReinstated)
			d.by.Post(suspendedPath+"/suspend", url.Values{"reason": {"does not pay"}})
			d.form = url.Values{"reason": {"has paid"}, "since": {since(t, d.by.Get(d.path))}}
			return d
		},
		"/accounts/:account/prices": func(_ *testing.T, p *portaltest.Portal) deed {
			d := as(p, own, suspendedPath+"/prices", nil, models.PricesSet)
			d.form = url.Values{"markup": {"10"}, "seen": {typedIn(d.by.Get(d.path), "seen")}}
			return d
		},
		"/resellers/:reseller/prices": func(_ *testing.T, p *portaltest.Portal) deed {
			d := as(p, own, "/resellers/1/prices", nil, models.PricesSet)
			d.form = url.Values{"markup": {"10"}, "seen": {typedIn(d.by.Get(d.path), "seen")}}
			return d
		},
		"/resellers/:reseller/discounts": func(_ *testing.T, p *portaltest.Portal) deed {
			return as(p, operator, "/resellers/1/discounts", url.Values{"allow": {"yes"}}, models.DiscountsAllowed)
		},
		"/accounts/:account/view": func(_ *testing.T, p *portaltest.Portal) deed {
			return as(p, operator, suspendedPath+"/view", nil, models.ViewStarted)
		},
		"/accounts/:account/people": func(_ *testing.T, p *portaltest.Portal) deed {
			return as(p, own, accountPeople, url.Values{"email": {"new@example.com"}}, models.PersonInvited)
		},
		"/resellers/:reseller/people": func(_ *testing.T, p *portaltest.Portal) deed {
			return as(p, own, "/resellers/1/people", url.Values{"email": {"new@example.com"}}, models.PersonInvited)
		},
		"/people/:person/remove": func(_ *testing.T, p *portaltest.Portal) deed {
			return as(p, own, fmt.Sprintf("/people/%d/remove", p.Viewer(customer).User.ID), nil, models.PersonRemoved)
		},
		"/invitations/:invitation/resend": func(t *testing.T, p *portaltest.Portal) deed {
			invited(t, p)
			p.Pass(time.Minute)
			return as(p, own, "/invitations/1/resend", nil, models.InvitationResent)
		},
		"/invitations/:invitation/revoke": func(t *testing.T, p *portaltest.Portal) deed {
			invited(t, p)
			return as(p, own, "/invitations/1/revoke", nil, models.InvitationRevoked)
		},
		"/quotes/:quote/order": func(t *testing.T, p *portaltest.Portal) deed {
			d := as(p, customer, "", nil, models.OrderPlaced)
			d.path = buying(t, d.by) + "/order"
			return d
		},
		"/orders/:number/cancel": func(t *testing.T, p *portaltest.Portal) deed {
			d := as(p, customer, "", nil, models.OrderCancelled)
			d.path = d.by.Post(buying(t, d.by)+"/order", nil).Location + "/cancel"
			return d
		},
		"/orders/:number/approve": func(t *testing.T, p *portaltest.Portal) deed {
			return as(p, own, awaited(t, p)+"/approve", nil, models.OrderApproved)
		},
		"/orders/:number/decline": func(t *testing.T, p *portaltest.Portal) deed {
			return as(p, own, awaited(t, p)+"/decline", url.Values{"reason": {"not this year"}}, models.OrderDeclined)
		},
		"/orders/:number/settle": func(t *testing.T, p *portaltest.Portal) deed {
			o := reviewed(t, p)
			d := as(p, operator, at(o)+"/settle", nil, models.OrderSettled)
			d.form = deskForm(d.by.Get(at(o)), sayNotDone)
			return d
		},
		"/orders/:number/proposal": func(t *testing.T, p *portaltest.Portal) deed {
			o := reviewed(t, p)
			if err := p.Store.SetSettleByTwo(t.Context(), true); err != nil {
				t.Fatal(err)
			}
			first := p.SignedIn(operator)
			first.Post(at(o)+"/settle", deskForm(first.Get(at(o)), sayNotDone))
			d := as(p, secondMail, at(o)+"/proposal", nil, models.OrderSettled)
			d.form = deskForm(d.by.Get(at(o)), url.Values{"do": {"confirm"}, "looked": {"yes"}})
			return d
		},
		"/orders/:number/notes": func(t *testing.T, p *portaltest.Portal) deed {
			b := p.SignedIn(customer)
			order := b.Post(buying(t, b)+"/order", nil).Location
			return as(p, "support@example.com", order+"/notes", url.Values{"note": {"rang twice"}}, models.OrderNoted)
		},
		"/renewals/:batch/order": func(t *testing.T, p *portaltest.Portal) deed {
			return as(p, own, batched(t, p)+"/order", nil, models.BatchStarted)
		},
		"/renewals/:batch/stop": func(t *testing.T, p *portaltest.Portal) deed {
			return as(p, own, batched(t, p)+"/stop", nil, models.BatchHalted)
		},
		"/renewals/:batch/again": func(t *testing.T, p *portaltest.Portal) deed {
			return as(p, own, batched(t, p)+"/again", nil, models.BatchHalted) // the one that it replaces
		},
		"/resellers/new": func(_ *testing.T, p *portaltest.Portal) deed {
			return as(p, operator, "/resellers/new", url.Values{"name": {"West"}}, models.ResellerAdded)
		},
		"/resellers/:reseller/edit": func(_ *testing.T, p *portaltest.Portal) deed {
			return as(p, operator, "/resellers/1/edit", url.Values{"name": {"Owned"}, "seen_name": {"own"}, "seen_profile": {""}}, models.ResellerEdited)
		},
	}
	walked := 0
	for _, r := range handlers.RegisteredRoutes(portaltest.New(t).Config) {
		if r.Method == http.MethodGet {
			continue
		}
		do, known := deeds[r.Path]
		if why := unrecorded[r.Path]; why != "" {
			if known {
				t.Errorf("%s is in the log, and there is a reason why not: it %s", r.Path, why)
			}
			continue
		}
		walked++
		t.Run(r.Path, func(t *testing.T) {
			if !known {
				t.Fatal("it changes something, and nothing here says what it leaves in the log of changes, nor why nothing")
			}
			p, _ := resold(t)
			d := do(t, p)
			before := entries(t, p)
			page := d.by.Post(d.path, d.form)
			if page.Status >= 400 {
				t.Fatalf("%d\n%s", page.Status, page.Text())
			}
			made := entries(t, p)[len(before):]
			var kinds []models.ChangeKind
			for _, c := range made {
				kinds = append(kinds, c.What)
				if d.who != "" && c.Actor != p.Viewer(d.who).Actor() {
					t.Errorf("it was %s, the log says %s", d.who, c.Actor)
				}
				if c.Address == "" || c.RequestID == "" || c.RequestID != page.Header.Get("X-Request-Id") {
					t.Errorf("from where: %q %q", c.Address, c.RequestID)
				}
				if c.AccountID == 0 && c.ResellerID == 0 {
					t.Error("for whom is missing")
				}
				// A note's words are with the notes, and a password nowhere.
				if c.Before == c.After && c.What != models.OrderNoted && c.What != models.PasswordChanged {
					t.Errorf("%q is what was before and after", c.After)
				}
			}
			if !slices.Equal(kinds, d.want) {
				t.Errorf("the log has %q of it, want %q", kinds, d.want)
			}
		})
	}
	if walked != len(deeds) {
		t.Errorf("%d routes change something, and this test does %d things", walked, len(deeds))
	}
}

// TestAnOrderSaysToStaffWhoDidWhatFromWhere, and to nobody else.
func TestAnOrderSaysToStaffWhoDidWhatFromWhere(t *testing.T) {
	p, _ := resold(t)
	customer := p.SignedIn("san@example.com")
	page := customer.Post(buying(t, customer)+"/order", nil)
	order, request := page.Location, page.Header.Get("X-Request-Id")
	says(t, p.SignedIn("support@example.com").Get(order), "Who did what, and from where", "Order placed", "By san@example.com", request)
	for _, who := range []string{"san@example.com", "own@example.com"} {
		if text := p.SignedIn(who).Get(order).Text(); strings.Contains(text, request) || strings.Contains(text, "Who did what") {
			t.Errorf("%s reads from where it was placed", who)
		}
	}
	// The account's page keeps its room for what is about the account.
	for _, who := range []string{"own@example.com", "support@example.com"} {
		if text := p.SignedIn(who).Get(suspendedPath).Text(); strings.Contains(text, "Order placed") {
			t.Errorf("%s reads of every order there", who)
		}
	}
	customer.Post(order+"/cancel", nil)
	says(t, p.SignedIn("own@example.com").Get(suspendedPath), "Order cancelled", strings.TrimPrefix(order, "/orders/"))
}

// TestWhatOperatorsWriteForEachOtherStaysWithStaff, where an admin reads what was
// done to the account.
func TestWhatOperatorsWriteForEachOtherStaysWithStaff(t *testing.T) {
	p, account := resold(t)
	p.Hold(account)
	op := p.SignedIn("operator@example.com")
	page := op.Post(suspendedPath+"/release", url.Values{"hold": {typedIn(op.Get(suspendedPath), "hold")}, "reason": {"Bill 42 agrees"}})
	if page.Location != suspendedPath {
		t.Fatalf("%d\n%s", page.Status, page.Text())
	}
	says(t, op.Get(suspendedPath), "may order again", "Bill 42 agrees")
	admin := p.SignedIn("own@example.com").Get(suspendedPath)
	says(t, admin, "may order again")
	if strings.Contains(admin.Text(), "Bill 42") {
		t.Error("the admin reads what operators write for each other")
	}
}
