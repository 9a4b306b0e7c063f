package handlers_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"portal/models"
	"portal/portaltest"
)

// overseen is a portal with a reseller of three accounts: one that has outgrown
// what it bought, one that holds nothing, and one of nobody's beside them.
func overseen(t *testing.T) (p *portaltest.Portal, admin *portaltest.Browser) {
	t.Helper()
	p = portaltest.New(t)
	reseller, err := p.Store.AddReseller(t.Context(), "Haiyun")
	if err != nil {
		t.Fatal(err)
	}
	first, second := p.AddAccount(4000000000000001, "Outgrowing", &reseller), p.AddAccount(4000000000000002, "=Empty", &reseller)
	p.AddUser("admin@reseller.example", models.ResellerAdmin, nil, &reseller)
	admin = p.SignedIn("admin@reseller.example")
	for _, a := range []models.Account{first, second} {
		if err := p.Sandbox.SetMachines(a.OwnerID, 25); err != nil {
			t.Fatal(err)
		}
	}
	path := "/accounts/2/quote?kind=buy"
	quoted := admin.Post(path, portaltest.Answers(models.Buy))
	if number, ok := strings.CutPrefix(admin.Post(quoted.Location+"/order", nil).Location, "/orders/"); !ok || p.Settle(number).Status != models.Completed {
		t.Fatal(quoted)
	}
	if err := p.Store.NoteCount(t.Context(), first.OwnerID, models.Count{Machines: 30, ReadAt: p.Now()}, nil); err != nil {
		t.Fatal(err)
	}
	return p, admin
}

func TestTheListOfAccounts(t *testing.T) {
	p, admin := overseen(t)
	all := admin.Get("/accounts")
	says(t, all, "2 accounts", "Outgrowing", "=Empty", "Pro", "25 / 30", "5 not covered", "365 days left", "CN¥15,300.00", "No subscription")
	if !strings.Contains(all.Body, `href="/accounts/2/quote?kind=upgrade"`) {
		t.Error("what has outgrown leads to no upgrade")
	}
	if strings.Contains(all.Text(), "Linhai") {
		t.Error("the list names a foreign account")
	}
	for query, want := range map[string]string{
		"?state=outgrown": "Outgrowing", "?state=unsubscribed": "=Empty", "?edition=pro": "Outgrowing", "?q=empty": "=Empty",
		"?q=4000000000000001": "Outgrowing", "?state=active&q=out": "Outgrowing",
	} {
		page := admin.Get("/accounts" + query)
		says(t, page, "1 account", want)
		for _, other := range []string{"Outgrowing", "=Empty"} {
			if other != want && strings.Contains(page.Text(), other) {
				t.Errorf("%s shows %s too", query, other)
			}
		}
	}
	says(t, admin.Get("/accounts?state=expired"), "No account matches")
	for _, query := range []string{"?state=x", "?edition=x", "?sort=x", "?q=" + strings.Repeat("x", 201)} {
		if page := admin.Get("/accounts" + query); page.Status != http.StatusUnprocessableEntity || strings.Contains(page.Text(), "Outgrowing") {
			t.Errorf("%s: %d\n%s", query, page.Status, page.Text())
		}
	}
	if page := p.SignedIn("lin@example.com").Get("/accounts"); page.Status != http.StatusNotFound {
		t.Errorf("a customer has the list: %d", page.Status)
	}
	says(t, p.SignedIn("support@example.com").Get("/accounts"), "3 accounts", "Linhai", "Outgrowing")
}

// TestTheListOfAccountsIsPagedByKey: filters and order come along, and nobody is
// left out or shown twice.
func TestTheListOfAccountsIsPagedByKey(t *testing.T) {
	p, admin := overseen(t)
	reseller, err := p.Store.ResellerByName(t.Context(), "Haiyun")
	if err != nil {
		t.Fatal(err)
	}
	for i := range 43 {
		p.AddAccount(5000000000000000+int64(i)+1, "Many "+string(rune('a'+i%26)), &reseller)
	}
	for _, sort := range models.AccountSorts() {
		seen := map[string]bool{}
		pages := 0
		for path := "/accounts?sort=" + string(sort) + "&q=Many"; path != ""; pages++ {
			page := admin.Get(path)
			for _, row := range strings.Split(page.Body, `<span class="id small block">`)[1:] {
				id := row[:strings.Index(row, "<")]
				if seen[id] {
					t.Errorf("%s: %s is there twice", sort, id)
				}
				seen[id] = true
			}
			path = ""
			if i := strings.Index(page.Body, `rel="next"`); i > 0 {
				link := page.Body[strings.LastIndex(page.Body[:i], `href="`)+6 : i]
				path = strings.ReplaceAll(link[:strings.Index(link, `"`)], "&amp;", "&")
			}
		}
		if len(seen) != 43 || pages != 3 {
			t.Errorf("%s: %d accounts on %d pages", sort, len(seen), pages)
		}
	}
}

func TestTheListOfAccountsAsCSV(t *testing.T) {
	p, admin := overseen(t)
	rows := readCSV(t, admin.Get("/accounts.csv?sort=spend"))
	if len(rows) != 3 || rows[1][0] != "Outgrowing" || rows[2][0] != "'=Empty" {
		t.Fatal(rows)
	}
	year := p.Now().In(models.Beijing).Format("2006")
	for heading, want := range map[string]string{
		"Account name": "Outgrowing", "Status": "Active", "Edition": "Pro", "Machines covered": "25", "Machines owned": "30",
		"Days left": "365", "Spent in " + year: "15300.00",
	} {
		if i := slices.Index(rows[0], heading); i < 0 || rows[1][i] != want {
			t.Errorf("%s: %d in %v, %v", heading, i, rows[0], rows[1])
		}
	}
	if rows := readCSV(t, admin.Get("/accounts.csv?state=outgrown")); len(rows) != 2 {
		t.Errorf("filtered: %v", rows)
	}
	if page := admin.Get("/accounts.csv?state=x"); page.Status != http.StatusUnprocessableEntity {
		t.Errorf("%d", page.Status)
	}
	if page := p.SignedIn("lin@example.com").Get("/accounts.csv"); page.Status != http.StatusNotFound {
		t.Errorf("a customer has the list: %d", page.Status)
	}
}
