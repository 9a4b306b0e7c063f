package handlers_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"portal/dbtest"
	"portal/models"
	"portal/portaltest"
)

var invitationLink = regexp.MustCompile(`https?://[^/ "<]+(/invitation\?token=([A-Za-z0-9_-]{43}))<`)

// invite invites an address on the page of a place, and gives the link's path and
// token.
func invite(t *testing.T, b *portaltest.Browser, path, email string) (link, token string) {
	t.Helper()
	page := b.Post(path, url.Values{"email": {email}})
	found := invitationLink.FindStringSubmatch(page.Body)
	if page.Status != http.StatusOK || found == nil {
		t.Fatalf("%d\n%s", page.Status, page.Text())
	}
	return found[1], found[2]
}

// follow opens a link as a browser does, and gives the page that it leads to.
func follow(b *portaltest.Browser, link string) portaltest.Page {
	b.Get(link)
	return b.Get("/invitation")
}

const ownWords = "four words of one's own"

const accountPeople = "/accounts/2/people"

// TestAnInvitedPersonComesIn: from the admin's page to being signed in, with what
// they chose.
func TestAnInvitedPersonComesIn(t *testing.T) {
	p, account := resold(t)
	own := p.SignedIn("own@example.com")
	says(t, own.Get("/accounts/2"), "People")
	says(t, own.Get(accountPeople), "san@example.com", "Active", "Added by the operator")
	link, token := invite(t, own, accountPeople, " New@Example.com ")
	if page := own.Get(accountPeople); strings.Contains(page.Body, token) || !strings.Contains(page.Text(), "new@example.com Customer Invited") {
		t.Errorf("the list afterwards:\n%s", page.Text())
	}

	b := p.Browser()
	page := b.Get(link)
	if page.Status != http.StatusSeeOther || page.Location != "/invitation" || page.Header.Get("Referrer-Policy") != "no-referrer" || page.Header.Get("Cache-Control") != "no-store" {
		t.Fatalf("%d %s %v", page.Status, page.Location, page.Header)
	}
	cookie := page.Header.Get("Set-Cookie")
	for _, want := range []string{"invitation=" + token, "Path=/invitation", "HttpOnly", "SameSite=Lax"} {
		if !strings.Contains(cookie, want) {
			t.Errorf("the cookie %q lacks %s", cookie, want)
		}
	}
	page = b.Get("/invitation")
	says(t, page, "You are invited to the account Studio Three", "At least 12 characters")
	if strings.Contains(page.Body, token) || !strings.Contains(page.Body, `value="new@example.com"`) {
		t.Error("the token is on the page, or the address is not")
	}
	for name, tc := range map[string]struct{ password, says string }{
		"none":  {"", "Choose a password"},
		"short": {"elevenchars", "at least 12 characters"},
	} {
		page := b.Post("/invitation", url.Values{"password": {tc.password}, "language": {"zh-Hans"}})
		if page.Status != http.StatusUnprocessableEntity || !strings.Contains(page.Body, `value="zh-Hans" lang="zh-Hans" selected`) || tc.password != "" && strings.Contains(page.Body, tc.password) {
			t.Errorf("%s: %d\n%s", name, page.Status, page.Body)
		}
		says(t, page, tc.says)
	}
	if page = b.Post("/invitation", url.Values{"password": {ownWords}, "language": {"zh-Hans"}}); page.Status != http.StatusSeeOther || page.Location != "/" {
		t.Fatalf("%d\n%s", page.Status, page.Text())
	}
	if page = b.Get("/accounts/2"); page.Status != http.StatusOK || !strings.Contains(page.Body, `<html lang="zh-Hans"`) {
		t.Errorf("%d %.200s", page.Status, page.Body)
	}
	if page := signIn(p.Browser(), "new@example.com", ownWords, ""); page.Status != http.StatusSeeOther {
		t.Errorf("signing in: %d", page.Status)
	}
	page = own.Get(accountPeople)
	says(t, page, "new@example.com Customer Active", "own@example.com Remove")
	if user := p.Viewer("new@example.com").User; user.Role != models.Customer || *user.AccountID != account.ID || user.LastSignInAt == nil {
		t.Errorf("%+v", user)
	}
	says(t, own.Get("/accounts/2"), "Invitation accepted")
	for where, text := range map[string]string{"log": p.Log.String(), "database": dbtest.Dump(t, p.DSN)} {
		for what, secret := range map[string]string{"token": token, "password": ownWords} {
			if strings.Contains(text, secret) {
				t.Errorf("the %s is in the %s", what, where)
			}
		}
	}
}

// TestADeadLinkIsLikeAnyOther: which it is, nobody is told.
func TestADeadLinkIsLikeAnyOther(t *testing.T) {
	p, _ := resold(t)
	own := p.SignedIn("own@example.com")
	clean := func(page portaltest.Page) string {
		return strings.ReplaceAll(page.Body, page.Header.Get("X-Request-Id"), "")
	}
	never := follow(p.Browser(), "/invitation?token="+string(models.NewInvitationToken()))
	if never.Status != http.StatusNotFound {
		t.Fatal(never.Status)
	}
	says(t, never, "This link no longer works", "Ask whoever invited you for a new invitation")

	used, _ := invite(t, own, accountPeople, "used@example.com")
	b := p.Browser()
	follow(b, used)
	second := p.Browser() // has the page open meanwhile
	follow(second, used)
	if page := b.Post("/invitation", url.Values{"password": {ownWords}, "language": {"en"}}); page.Status != http.StatusSeeOther {
		t.Fatal(page.Status)
	}
	replaced, _ := invite(t, own, accountPeople, "replaced@example.com")
	if page := own.Post("/invitations/2/resend", nil); page.Status != http.StatusOK || !invitationLink.MatchString(page.Body) || strings.Contains(page.Body, replaced) {
		t.Fatalf("%d\n%s", page.Status, page.Text())
	}
	revoked, _ := invite(t, own, accountPeople, "revoked@example.com")
	if page := own.Post("/invitations/3/revoke", nil); page.Location != accountPeople {
		t.Fatalf("%d\n%s", page.Status, page.Text())
	}
	says(t, own.Get(accountPeople), "revoked@example.com Customer Revoked")
	if page := own.Post("/invitations/3/revoke", nil); page.Status != http.StatusConflict {
		t.Errorf("again: %d", page.Status)
	}
	for name, link := range map[string]string{"used": used, "replaced": replaced, "revoked": revoked, "cut": revoked[:30], "none": "/invitation"} {
		b := p.Browser()
		if page := follow(b, link); page.Status != http.StatusNotFound || clean(page) != clean(never) {
			t.Errorf("%s: %d\n%s", name, page.Status, page.Text())
		}
		if page := b.Post("/invitation", url.Values{"password": {ownWords}}); page.Status != http.StatusNotFound || clean(page) != clean(never) {
			t.Errorf("%s, accepted: %d\n%s", name, page.Status, page.Text())
		}
	}
	if page := second.Post("/invitation", url.Values{"password": {ownWords + "!"}}); clean(page) != clean(never) {
		t.Errorf("used meanwhile: %d\n%s", page.Status, page.Text())
	}
	t.Run("and so is one that expired", func(t *testing.T) {
		late, _ := invite(t, own, accountPeople, "late@example.com")
		p.Pass(models.InvitationValid)
		if page := follow(p.Browser(), late); clean(page) != clean(never) {
			t.Errorf("%d\n%s", page.Status, page.Text())
		}
		own = p.SignedIn("own@example.com")
		says(t, own.Get(accountPeople), "late@example.com Customer Expired")
	})
	t.Run("guessing has to wait", func(t *testing.T) {
		good, _ := invite(t, own, accountPeople, "good@example.com")
		b := p.Browser()
		last := 0
		for range 25 {
			last = follow(b, "/invitation?token="+string(models.NewInvitationToken())).Status
		}
		if page := follow(b, good); last != http.StatusTooManyRequests || page.Status != http.StatusTooManyRequests {
			t.Errorf("%d, then %d", last, page.Status)
		}
		p.Pass(16 * time.Minute)
		if page := follow(b, good); page.Status != http.StatusOK {
			t.Errorf("afterwards: %d", page.Status)
		}
	})
}

// TestWhomAnAdminCantInvite, whatever a form says.
func TestWhomAnAdminCantInvite(t *testing.T) {
	p, _ := resold(t)
	own := p.SignedIn("own@example.com")
	if page := own.Get("/people"); page.Location != "/resellers/1/people" {
		t.Fatal(page.Location)
	}
	says(t, p.SignedIn("operator@example.com").Get("/people"), "own", "foreign")
	for name, tc := range map[string]struct{ email, says string }{
		"nobody":             {"", "Enter the email address"},
		"no address":         {"x y", "looks like name@example.com"},
		"who is there":       {"san@example.com", "signs in with this address already"},
		"who is foreign":     {"foreign@example.com", "cannot be invited here"},
		"a foreign customer": {"lin@example.com", "cannot be invited here"},
		"staff":              {"support@example.com", "cannot be invited here"},
	} {
		page := own.Post("/resellers/1/people", url.Values{"email": {tc.email}, "role": {"operator"}})
		if page.Status != http.StatusUnprocessableEntity || !strings.Contains(page.Body, `value="`+tc.email+`"`) {
			t.Errorf("%s: %d", name, page.Status)
		}
		says(t, page, tc.says)
	}
	link, _ := invite(t, own, "/resellers/1/people", "boss@example.com")
	page := own.Post("/resellers/1/people", url.Values{"email": {"boss@example.com"}})
	says(t, page, "is invited already")
	b := p.Browser()
	follow(b, link)
	b.Post("/invitation", url.Values{"password": {ownWords}, "role": {"operator"}, "account": {"1"}})
	if user := p.Viewer("boss@example.com").User; user.Role != models.ResellerAdmin || *user.ResellerID != 1 {
		t.Errorf("%+v", user)
	}
	for _, path := range []string{"/resellers/2/people", "/accounts/1/people", "/resellers/9/people", "/resellers/x/people"} {
		if page := own.Get(path); page.Status != http.StatusNotFound {
			t.Errorf("%s: %d", path, page.Status)
		}
		if page := own.Post(path, url.Values{"email": {"x@example.com"}}); page.Status != http.StatusNotFound {
			t.Errorf("%s: %d", path, page.Status)
		}
	}
}

// TestARemovedPersonIsSignedOut at once, and no admin removes themselves.
func TestARemovedPersonIsSignedOut(t *testing.T) {
	p, _ := resold(t)
	own, san := p.SignedIn("own@example.com"), p.SignedIn("san@example.com")
	order := san.Post("/accounts/2/quote?kind=buy", url.Values{"edition": {"pro"}, "term": {"month-1"}}).Location
	order = san.Post(order+"/order", nil).Location
	id := func(email string) string { return strings.TrimPrefix(p.Viewer(email).Actor(), "user:") }
	form := "/people/" + id("san@example.com") + "/remove"
	says(t, own.Get(form), "san@example.com will no longer be able to sign in", "signed out everywhere")
	self := "/people/" + id("own@example.com") + "/remove"
	says(t, own.Get(self), "You cannot remove yourself")
	if page := own.Post(self, nil); page.Status != http.StatusConflict {
		t.Errorf("oneself: %d", page.Status)
	}
	for _, email := range []string{"lin@example.com", "foreign@example.com", "operator@example.com"} {
		if page := own.Post("/people/"+id(email)+"/remove", nil); page.Status != http.StatusNotFound {
			t.Errorf("%s: %d", email, page.Status)
		}
	}
	if page := own.Post(form, nil); page.Location != accountPeople {
		t.Fatalf("%d\n%s", page.Status, page.Text())
	}
	if page := san.Get("/accounts/2"); page.Location != "/sign-in?next=%2Faccounts%2F2" {
		t.Errorf("still signed in: %d", page.Status)
	}
	if page := signIn(p.Browser(), "san@example.com", portaltest.Password, ""); page.Status != http.StatusUnprocessableEntity {
		t.Errorf("signs in: %d", page.Status)
	}
	says(t, own.Get(order), "san@example.com")
	says(t, own.Get("/accounts/2"), "Person removed", "san@example.com")
	if page := own.Get(accountPeople); strings.Contains(page.Text(), "san@example.com") {
		t.Error("still among the people")
	}
	link, _ := invite(t, own, accountPeople, "san@example.com")
	if page := follow(p.Browser(), link); page.Status != http.StatusOK {
		t.Errorf("invited again: %d", page.Status)
	}
}

// TestAPersonChangesTheirPassword, who knows the present one.
func TestAPersonChangesTheirPassword(t *testing.T) {
	p := portaltest.New(t)
	b, elsewhere := p.SignedIn("lin@example.com"), p.SignedIn("lin@example.com")
	says(t, b.Get("/me"), "lin@example.com", "Customer", "Linhai Trading", "Last sign-in")
	change := func(present, password string) portaltest.Page {
		return b.Post("/me", url.Values{"present_password": {present}, "password": {password}})
	}
	for name, tc := range map[string]struct{ present, password, says string }{
		"nothing":   {"", "", "Enter your current password"},
		"too short": {portaltest.Password, "short", "at least 12 characters"},
		"wrong":     {"not-it-at-all", ownWords, "The current password is wrong"},
	} {
		page := change(tc.present, tc.password)
		if page.Status != http.StatusUnprocessableEntity || tc.present != "" && strings.Contains(page.Body, tc.present) {
			t.Errorf("%s: %d", name, page.Status)
		}
		says(t, page, tc.says)
	}
	if page := change(portaltest.Password, ownWords); page.Location != "/me?changed=password" {
		t.Fatalf("%d\n%s", page.Status, page.Text())
	}
	says(t, b.Get("/me?changed=password"), "Your password is changed")
	if page := elsewhere.Get("/me"); page.Status != http.StatusSeeOther {
		t.Errorf("still signed in elsewhere: %d", page.Status)
	}
	if page := signIn(p.Browser(), "lin@example.com", ownWords, ""); page.Status != http.StatusSeeOther {
		t.Errorf("by the new one: %d", page.Status)
	}
	if strings.Contains(p.Log.String(), ownWords) {
		t.Error("it is in the log")
	}
	t.Run("and who guesses it has to wait", func(t *testing.T) {
		for range 5 {
			change("guess", ownWords+"!")
		}
		if page := change(ownWords, ownWords+"!"); page.Status != http.StatusTooManyRequests || page.Header.Get("Retry-After") == "" {
			t.Errorf("%d", page.Status)
		}
	})
}

// TestNoPasswordIsSentBack by the page for a database that takes no writes.
func TestNoPasswordIsSentBack(t *testing.T) {
	p := portaltest.New(t)
	b := p.SignedIn("lin@example.com")
	_, giveBack := takeAway(t, p)
	defer giveBack()
	page := b.Post("/me", url.Values{"present_password": {portaltest.Password}, "password": {ownWords}})
	if page.Status != http.StatusServiceUnavailable || strings.Contains(page.Body, portaltest.Password) || strings.Contains(page.Body, ownWords) {
		t.Errorf("%d\n%s", page.Status, page.Body)
	}
}
