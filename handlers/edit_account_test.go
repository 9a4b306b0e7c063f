package handlers_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"portal/models"
)

// TestAnAdminAddsAnAccount: to the own reseller, and an OwnerId that is taken is
// no way to learn whose it is.
func TestAnAdminAddsAnAccount(t *testing.T) {
	p, _ := resold(t)
	own, foreign, operator := p.SignedIn("own@example.com"), p.SignedIn("foreign@example.com"), p.SignedIn("operator@example.com")
	form := func(owner, name, note, reseller string) url.Values {
		return url.Values{"owner_id": {owner}, "name": {name}, "note": {note}, "reseller": {reseller}}
	}
	says(t, own.Get("/accounts"), "Add an account")
	if page := own.Get("/accounts/new"); strings.Contains(page.Body, `name="reseller"`) || page.Status != http.StatusOK {
		t.Errorf("an admin chooses the reseller: %d", page.Status)
	}
	says(t, operator.Get("/accounts/new"), "own", "foreign", "None: the operator sells to it directly")
	page := own.Post("/accounts/new", form(" 2000000000000009 ", "  Blue Harbour  ", "pays late", "2")) // 2 is the other's
	if page.Location != "/accounts/3" {
		t.Fatalf("%d\n%s", page.Status, page.Body)
	}
	for _, b := range []string{"own@example.com", "operator@example.com", "support@example.com"} {
		says(t, p.SignedIn(b).Get("/accounts/3"), "Blue Harbour", "2000000000000009", "pays late")
	}
	account, err := p.Store.AccountByOwner(t.Context(), 2000000000000009)
	if err != nil {
		t.Fatal(err)
	}
	p.AddUser("blue@example.com", models.Customer, &account, nil)
	if page := p.SignedIn("blue@example.com").Get("/accounts/3"); page.Status != http.StatusOK || strings.Contains(page.Body, "pays late") || strings.Contains(page.Body, "/edit") {
		t.Errorf("its customer: %d", page.Status)
	}
	if page := foreign.Get("/accounts/3"); page.Status != http.StatusNotFound {
		t.Errorf("the other reseller: %d", page.Status)
	}
	for name, tc := range map[string]struct {
		owner, name, note, reseller, says string
	}{
		"nothing":                     {"", "", "", "", "Enter the Alibaba Cloud account ID"},
		"letters":                     {"12x", "A", "", "", "digits only"},
		"no name":                     {"2000000000000010", " ", "", "", "Enter a name"},
		"a name of two lines":         {"2000000000000010", "a\nb", "", "", "on one line"},
		"far too much":                {"2000000000000010", "A", strings.Repeat("备", 2001), "", "has 2,001 characters"},
		"what is another's":           {"2000000000000009", "Mine now", "call me", "", "already in the portal"},
		"a reseller that there isn't": {"2000000000000010", "A", "", "99", "There is no such reseller"},
	} {
		b := foreign
		if tc.reseller != "" {
			b = operator
		}
		page := b.Post("/accounts/new", form(tc.owner, tc.name, tc.note, tc.reseller))
		if page.Status != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d", name, page.Status)
		}
		says(t, page, tc.says)
		if name == "what is another's" {
			for _, hidden := range []string{"Blue Harbour", "own@example.com", "/accounts/3", "pays late"} {
				if strings.Contains(page.Body, hidden) {
					t.Errorf("it tells of %q", hidden)
				}
			}
			if !strings.Contains(page.Body, `value="2000000000000009"`) || !strings.Contains(page.Body, `value="Mine now"`) || !strings.Contains(page.Body, ">call me</textarea>") {
				t.Error("what was typed is lost")
			}
		}
	}
}

func TestAnAdminRenamesAnAccount(t *testing.T) {
	p, _ := resold(t)
	b := p.SignedIn("own@example.com")
	if page := b.Get(suspendedPath + "/edit"); !strings.Contains(page.Body, `value="Studio Three"`) {
		t.Fatalf("%d\n%s", page.Status, page.Body)
	}
	page := b.Post(suspendedPath+"/edit", url.Values{"name": {""}, "note": {"keeps <b>"}})
	if page.Status != http.StatusUnprocessableEntity || !strings.Contains(page.Body, "keeps &lt;b&gt;</textarea>") {
		t.Errorf("%d\n%s", page.Status, page.Body)
	}
	says(t, page, "Enter a name")
	if page := b.Post(suspendedPath+"/edit", url.Values{"name": {"三人工作室"}, "note": {"calls on Mondays"}}); page.Location != suspendedPath {
		t.Fatalf("%d\n%s", page.Status, page.Body)
	}
	says(t, b.Get(suspendedPath), "三人工作室", "calls on Mondays")
	if page := p.SignedIn("san@example.com").Get(suspendedPath); !strings.Contains(page.Text(), "三人工作室") || strings.Contains(page.Text(), "Mondays") {
		t.Errorf("its customer: %d", page.Status)
	}
	for email, want := range map[string]int{"foreign@example.com": http.StatusNotFound, "san@example.com": http.StatusNotFound, "support@example.com": http.StatusForbidden} {
		if page := p.SignedIn(email).Post(suspendedPath+"/edit", url.Values{"name": {"Hijacked"}}); page.Status != want {
			t.Errorf("%s: %d", email, page.Status)
		}
	}
}

// TestStaffAreNamedToStaffAlone: a reseller's admins read what the operator did for
// an account of theirs, and not whose address that was.
func TestStaffAreNamedToStaffAlone(t *testing.T) {
	p, _ := resold(t)
	own, operator := p.SignedIn("own@example.com"), p.SignedIn("operator@example.com")
	const account = suspendedPath
	operator.Post(account+"/edit", url.Values{"name": {"Renamed"}, "note": {""}, "reseller": {"1"}})
	operator.Post(account+"/suspend", url.Values{"reason": {"does not pay"}})
	for _, path := range []string{account, account + "/reinstate"} {
		says(t, operator.Get(path), "operator@example.com")
		page := own.Get(path)
		says(t, page, "The portal’s operator", "does not pay")
		if strings.Contains(page.Body, "operator@example.com") {
			t.Errorf("%s tells the operator's address", path)
		}
	}
}
