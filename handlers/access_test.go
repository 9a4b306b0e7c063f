package handlers_test

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"portal/dbtest"
	"portal/handlers"
	"portal/models"
	"portal/portaltest"
)

// public are the routes that need no sign-in. Whoever adds one says so here.
var public = []string{"GET /healthz", "GET /readyz", "GET /static/*", "GET /sign-in", "POST /sign-in", "POST /preferences", "GET /invitation", "POST /invitation",
	"POST /sign-in/demo", "GET /sandbox", "POST /sandbox", "GET /styleguide", // of a sandbox, which is nobody's
}

// side is one reseller's account, with something of everything that routes name.
type side struct {
	account models.Account
	quote   string // its path
	order   string // its number
	batch   string // its id
	people  map[models.Role]*portaltest.Browser
	imports map[*portaltest.Browser]string // a list that each administrator has uploaded, by its id

	reseller           models.Reseller
	person, invitation int64 // a customer of the account beside the one in people, and an invitation to it
}

// upload uploads a list of accounts and gives its id.
func upload(t *testing.T, b *portaltest.Browser, reseller, list string) string {
	t.Helper()
	page := b.Post("/accounts/import", url.Values{"pasted": {list}, "reseller": {reseller}})
	id, ok := strings.CutPrefix(page.Location, "/accounts/import/")
	if !ok {
		t.Fatalf("uploading: %d\n%s", page.Status, page.Text())
	}
	return id
}

// guests gives the side somebody else to be removed, and another invitation.
func (s *side) guests(t *testing.T, p *portaltest.Portal) {
	t.Helper()
	admin := models.By{Viewer: p.Viewer(strings.ToLower(s.reseller.Name) + "@reseller.example"), RequestID: "R", Address: "192.0.2.7"}
	place := models.Place{AccountID: &s.account.ID}
	for _, into := range []*int64{&s.person, &s.invitation} {
		token := models.NewInvitationToken()
		i, err := p.Store.Invite(t.Context(), admin, place, strings.ToLower(rand.Text())+"@guest.example", token.Hash())
		if err != nil {
			t.Fatal(err)
		}
		*into = i.ID
		if into == &s.person {
			user, err := p.Store.AcceptInvitation(t.Context(), admin, token.Hash(), "x", "en")
			if err != nil {
				t.Fatal(err)
			}
			*into = user.ID
		}
	}
}

// twoSides is a portal with two resellers, an account of each, and its staff.
func twoSides(t *testing.T) (p *portaltest.Portal, own, foreign side) {
	t.Helper()
	p = portaltest.New(t)
	sides := make([]side, 2)
	for i, name := range []string{"North", "South"} {
		reseller, err := p.Store.AddReseller(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		s := side{account: p.AddAccount(2000000000000001+int64(i), name+"wind Shipping", &reseller), people: map[models.Role]*portaltest.Browser{}, reseller: reseller}
		if err := p.Sandbox.SetMachines(s.account.OwnerID, 25); err != nil {
			t.Fatal(err)
		}
		customer, admin := strings.ToLower(name)+"@customer.example", strings.ToLower(name)+"@reseller.example"
		p.AddUser(customer, models.Customer, &s.account, nil)
		p.AddUser(admin, models.ResellerAdmin, nil, &reseller)
		s.people[models.Customer], s.people[models.ResellerAdmin] = p.SignedIn(customer), p.SignedIn(admin)
		form := url.Values{"edition": {"pro"}, "term": {"month-1"}}
		quote := func() string {
			return s.people[models.Customer].Post(fmt.Sprintf("/accounts/%d/quote?kind=buy", s.account.ID), form).Location
		}
		ordered := quote()
		s.quote = quote()
		s.order = strings.TrimPrefix(s.people[models.Customer].Post(ordered+"/order", nil).Location, "/orders/")
		batch := s.people[models.ResellerAdmin].Post("/renewals/new", url.Values{"account": {fmt.Sprint(s.account.ID)}, "term": {"year-1"}})
		s.batch = strings.TrimPrefix(batch.Location, "/renewals/")
		if !strings.HasPrefix(s.quote, "/quotes/") || s.order == "" || s.batch == "" {
			t.Fatalf("%q %q", s.quote, s.order)
		}
		s.imports = map[*portaltest.Browser]string{}
		s.imports[s.people[models.ResellerAdmin]] = upload(t, s.people[models.ResellerAdmin], "", "2000000000000901,Eastwind")
		s.guests(t, p)
		sides[i] = s
	}
	for role, email := range map[models.Role]string{models.Support: "support@example.com", models.Operator: "operator@example.com"} {
		sides[0].people[role] = p.SignedIn(email)
	}
	operator := sides[0].people[models.Operator]
	sides[0].imports[operator] = upload(t, operator, "", "2000000000000902,Westwind")
	return p, sides[0], sides[1]
}

// at is a route's path for a side, and what a form that gets past the door would
// have to have.
func (s side) at(t *testing.T, b *portaltest.Browser, route string) string {
	t.Helper()
	list, own := s.imports[b]
	if !own {
		list = s.imports[s.people[models.ResellerAdmin]]
	}
	if list == "" {
		list = "NOSUCHLIST"
	}
	path := strings.NewReplacer(
		":account", fmt.Sprint(s.account.ID), ":quote", strings.TrimPrefix(s.quote, "/quotes/"), ":number", s.order,
		":batch", s.batch, ":import", list,
		":reseller", fmt.Sprint(s.reseller.ID), ":person", fmt.Sprint(s.person), ":invitation", fmt.Sprint(s.invitation),
	).Replace(route)
	if strings.Contains(path, ":") {
		t.Fatalf("%s: this test does not know what to put there", route)
	}
	switch route {
	case "/accounts/:account/quote":
		path += "?kind=buy"
	case "/accounts/:account/outside":
		path += "?kind=adopted"
	case "/sandbox/bill":
		path += fmt.Sprintf("?owner=%d", s.account.OwnerID)
	case "/search":
		path += "?q=" + s.order
	}
	return path
}

func (s side) form(route string) url.Values {
	switch route {
	case "/accounts/:account/quote":
		return url.Values{"edition": {"pro"}, "term": {"month-1"}}
	case "/accounts/:account/outside":
		return url.Values{"kind": {"adopted"}}
	case "/renewals/new":
		return url.Values{"account": {fmt.Sprint(s.account.ID)}, "term": {"year-1"}}
	case "/resellers/:reseller/discounts":
		return url.Values{"allow": {"yes"}}
	case "/orders/:number/notes":
		return url.Values{"note": {"Rang twice"}}
	}
	return url.Values{}
}

// missing is a side that there is not.
func missing() side {
	return side{
		account: models.Account{ID: 987654321}, quote: "/quotes/01900000-0000-7000-8000-000000000000", order: "P20260101-ZZZZZZZZ",
		batch: "01900000-0000-7000-8000-000000000001", reseller: models.Reseller{ID: 987654321}, person: 987654321, invitation: 987654321,
	}
}

// mark removes what pages of the same answer may differ in: ids.
var marks = regexp.MustCompile(`P[0-9]{8}-[0-9A-Z]{8}|[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}|/accounts/import/[0-9A-Z]+|/(?:accounts|resellers|people|invitations)/[0-9]+|value="[0-9]+"|<code[^>]*>[0-9A-Z]{12}</code>`)

// TestAccessInAView walks every route as people who look at an account as its
// customers do: what both may, nothing of others, and no form that changes anything.
func TestAccessInAView(t *testing.T) {
	p, own, foreign := twoSides(t)
	for role, b := range own.people {
		if role == models.Customer {
			continue
		}
		if page := b.Post(own.at(t, b, "/accounts/:account/view"), nil); page.Status != http.StatusSeeOther {
			t.Fatalf("%s: %d", role, page.Status)
		}
	}
	before := kept(t, p)
	for _, r := range handlers.RegisteredRoutes(p.Config) {
		if r.Path == "/sign-out" || r.Path == "/preferences" || r.Path == "/leave-view" || r.Path == "/static/*" {
			continue
		}
		for role, b := range own.people {
			if role == models.Customer {
				continue
			}
			name := fmt.Sprintf("%s %s as a %s who views as the customer", r.Method, r.Path, role)
			for side, s := range map[string]side{"own": own, "foreign": foreign, "missing": missing()} {
				if r.Method == http.MethodPost {
					if page := b.Post(s.at(t, b, r.Path), s.form(r.Path)); page.Status != http.StatusForbidden || !strings.Contains(page.Text(), "Nothing can be changed in this view") {
						t.Errorf("%s, %s: %d", name, side, page.Status)
					}
					continue
				}
				page := b.Get(s.at(t, b, r.Path))
				hidden := role.Whose(r.Action) == models.WhoseNone || models.Customer.Whose(r.Action) == models.WhoseNone
				switch {
				case r.Action == "":
				case hidden || side != "own" && strings.Contains(r.Path, ":"):
					if page.Status != http.StatusNotFound {
						t.Errorf("%s, %s: %d", name, side, page.Status)
					}
				case page.Status >= 400 || strings.HasPrefix(page.Location, "/sign-in"):
					t.Errorf("%s, %s: %d %s", name, side, page.Status, page.Location)
				case page.Status == http.StatusOK && strings.Contains(page.Header.Get("Content-Type"), "html") && !strings.Contains(page.Text(), "You see the portal as the customers of "+own.account.Name):
					t.Errorf("%s, %s: no banner", name, side)
				}
				for _, theirs := range []string{foreign.account.Name, fmt.Sprint(foreign.account.OwnerID), "/orders/" + foreign.order} {
					if side == "own" && strings.Contains(page.Body, theirs) {
						t.Errorf("%s shows %s", name, theirs)
					}
				}
			}
		}
	}
	if kept(t, p) != before {
		t.Error("something was changed")
	}
}

// kept is what the database has that counts.
func kept(t *testing.T, p *portaltest.Portal) string {
	t.Helper()
	if !dbtest.Postgres() {
		return dbtest.Dump(t, p.DSN)
	}
	var all []string // Dump reads all there is, with what a page may note
	for _, table := range []string{"orders", "events", "quotes", "outside_events", "order_notes", "account_holds", "accounts", "users", "resellers", "account_imports", "price_rules", "invitations", "changes"} {
		var n []string
		dbtest.Raw(t, p.DSN).Raw(`SELECT t::text FROM ` + table + ` AS t ORDER BY 1`).Scan(&n)
		all = append(all, n...)
	}
	return strings.Join(all, "\n")
}

// TestAccess walks every route that is registered, as everybody, to what is the
// own and what is another's. What is another's is not there, in the same words as
// what never was; staff who may not are told so; nobody else learns of what staff
// do. Nothing of it changes anything or asks the provider.
func TestAccess(t *testing.T) {
	p, own, foreign := twoSides(t)
	state := func() string { return kept(t, p) }
	calls := func() string { return fmt.Sprint(p.Sandbox.Requests()) }
	routes := handlers.RegisteredRoutes(p.Config)
	if len(routes) < 20 {
		t.Fatalf("%d routes", len(routes))
	}
	do := func(b *portaltest.Browser, r handlers.Registered, s side) portaltest.Page {
		if r.Method == http.MethodPost {
			return b.Post(s.at(t, b, r.Path), s.form(r.Path))
		}
		return b.Get(s.at(t, b, r.Path))
	}

	// Whoever may not.
	before, asked := state(), calls()
	for _, r := range routes {
		name := r.Method + " " + r.Path
		switch isPublic := slices.Contains(public, name); {
		case !r.Listed:
			t.Errorf("%s is not in the table of routes", name)
			continue
		case (r.Action == "") != isPublic:
			t.Errorf("%s: for anybody is %v, and this test says %v", name, r.Action == "", isPublic)
			continue
		case isPublic:
			continue
		case !slices.Contains(models.Actions(), r.Action):
			t.Errorf("%s is for %q, which is no action", name, r.Action)
		}
		if page := do(p.Browser(), r, own); page.Status != http.StatusSeeOther || !strings.HasPrefix(page.Location, "/sign-in") {
			t.Errorf("%s, not signed in: %d %s", name, page.Status, page.Location)
		}
		for role, b := range own.people {
			whose := role.Whose(r.Action)
			if whose == models.WhoseNone {
				want := http.StatusNotFound
				if role.Whose(models.ActLook) == models.WhoseAll {
					want = http.StatusForbidden
				}
				for _, s := range []side{own, foreign, missing()} {
					if page := do(b, r, s); page.Status != want {
						t.Errorf("%s as %s: %d, want %d", name, role, page.Status, want)
					}
				}
				continue
			}
			if whose == models.WhoseAll || !strings.Contains(r.Path, ":") {
				continue
			}
			theirs, none := do(b, r, foreign), do(b, r, missing())
			if theirs.Status != http.StatusNotFound || none.Status != http.StatusNotFound {
				t.Errorf("%s as %s to another's: %d, to what is not there %d", name, role, theirs.Status, none.Status)
			}
			if marks.ReplaceAllString(theirs.Body, "") != marks.ReplaceAllString(none.Body, "") {
				t.Errorf("%s as %s: another's and what is not there differ\n%s\n%s", name, role, theirs.Text(), none.Text())
			}
		}
	}
	if state() != before {
		t.Error("what is not allowed changed something")
	}
	if now := calls(); now != asked {
		t.Errorf("what is not allowed asked the provider: %s, then %s", asked, now)
	}

	// Whoever may. Ending the session comes last.
	slices.SortStableFunc(routes, func(a, b handlers.Registered) int {
		last := func(r handlers.Registered) int {
			switch r.Path {
			case "/accounts/:account/view": // changes what everything else is for
				return 1
			case "/leave-view":
				return 2
			case "/sign-out":
				return 3
			}
			return 0
		}
		return last(a) - last(b)
	})
	for _, r := range routes {
		if r.Action == "" {
			continue
		}
		for role, b := range own.people {
			if role.Whose(r.Action) == models.WhoseNone {
				continue
			}
			if strings.Contains(r.Path, ":person") || strings.Contains(r.Path, ":invitation") {
				own.guests(t, p)
			}
			page := do(b, r, own)
			if page.Status == http.StatusForbidden || page.Status == http.StatusNotFound || page.Status >= 500 || strings.HasPrefix(page.Location, "/sign-in?") {
				t.Errorf("%s %s as %s to the own: %d %s\n%s", r.Method, r.Path, role, page.Status, page.Location, page.Text())
			}
			// Lists have nothing of others', and neither has a search.
			if strings.Contains(r.Path, ":") || role.Whose(r.Action) == models.WhoseAll {
				continue
			}
			page = do(b, r, foreign)
			for _, theirs := range []string{foreign.account.Name, fmt.Sprint(foreign.account.OwnerID), "/orders/" + foreign.order} {
				if strings.Contains(page.Body, theirs) || strings.Contains(page.Location, theirs) {
					t.Errorf("%s %s as %s shows %s", r.Method, r.Path, role, theirs)
				}
			}
		}
	}
}
