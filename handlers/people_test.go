package handlers_test

import (
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"portal/models"
	"portal/portaltest"
)

func signIn(b *portaltest.Browser, email, password, next string) portaltest.Page {
	return b.Post("/sign-in", url.Values{"email": {email}, "password": {password}, "next": {next}})
}

func TestSigningIn(t *testing.T) {
	p := portaltest.New(t)
	for name, tc := range map[string]struct {
		email, password string
		status          int
	}{
		"a wrong password":       {"lin@example.com", "not-the-password", http.StatusUnprocessableEntity},
		"nobody's name":          {"nobody@example.com", portaltest.Password, http.StatusUnprocessableEntity},
		"what is no address":     {"lin", portaltest.Password, http.StatusUnprocessableEntity},
		"no name":                {"", portaltest.Password, http.StatusUnprocessableEntity},
		"no password":            {"lin@example.com", "", http.StatusUnprocessableEntity},
		"the right ones, spaced": {"  LIN@example.com ", portaltest.Password, http.StatusSeeOther},
	} {
		t.Run(name, func(t *testing.T) {
			b := p.Browser()
			page := signIn(b, tc.email, tc.password, "")
			if page.Status != tc.status {
				t.Fatalf("%d", page.Status)
			}
			if page.Status != http.StatusSeeOther {
				if tc.email != "" && !strings.Contains(page.Body, `value="`+tc.email+`"`) {
					t.Error("the typed address is lost")
				}
				if tc.password != "" && strings.Contains(page.Body, tc.password) {
					t.Error("the password is on the page")
				}
				if len(b.Cookies()) != 0 {
					t.Error("a session without a sign-in")
				}
			}
		})
	}
	t.Run("a wrong name and a wrong password read the same", func(t *testing.T) {
		a, b := signIn(p.Browser(), "nobody@example.com", "x", ""), signIn(p.Browser(), "support@example.com", "x", "")
		clean := func(p portaltest.Page) string {
			return strings.NewReplacer("nobody@", "X@", "support@", "X@", p.Header.Get("X-Request-Id"), "").Replace(p.Text())
		}
		if clean(a) != clean(b) {
			t.Error("the page tells which addresses exist")
		}
	})
	if strings.Contains(p.Log.String(), portaltest.Password) {
		t.Error("the password is in the log")
	}
}

func TestSigningInReturnsToWhereOneWasGoing(t *testing.T) {
	p := portaltest.New(t)
	b := p.Browser()
	page := b.Get("/orders?status=completed")
	if page.Status != http.StatusSeeOther || page.Location != "/sign-in?next=%2Forders%3Fstatus%3Dcompleted" {
		t.Fatalf("%d %s", page.Status, page.Location)
	}
	form := b.Get(page.Location)
	if !strings.Contains(form.Body, `value="/orders?status=completed"`) {
		t.Fatal("the form forgot it")
	}
	const onward = "you will return to where you were. If you have just sent a form, it took no effect"
	says(t, form, onward)
	sent := b.Post("/orders/P20261124-7K3M9QXR/cancel", nil)
	says(t, b.Get(sent.Location), onward)
	for _, path := range []string{"/sign-in", "/sign-in?next=%2F", "/sign-in?next=https%3A%2F%2Fevil.example"} {
		if page := b.Get(path); strings.Contains(page.Text(), onward) {
			t.Errorf("%s speaks of where nobody was going", path)
		}
	}
	for next, want := range map[string]string{
		"/orders?status=completed": "/orders?status=completed", "": "/",
		"//evil.example": "/", "https://evil.example/": "/", `/\evil.example`: "/", "/\tevil": "/", "evil": "/", "javascript:alert(1)": "/",
	} {
		if page := signIn(p.Browser(), "lin@example.com", portaltest.Password, next); page.Location != want {
			t.Errorf("next %q leads to %q, want %q", next, page.Location, want)
		}
	}
	t.Run("with the answers of a form whose session had ended", func(t *testing.T) {
		b := p.SignedIn("lin@example.com")
		p.Pass(9 * time.Hour)
		page := b.Post(p.QuotePath(), url.Values{"edition": {"enterprise"}, "term": {"year-2"}})
		u, err := url.Parse(page.Location)
		if err != nil || u.Path != "/sign-in" {
			t.Fatal(page.Location)
		}
		page = signIn(b, "lin@example.com", portaltest.Password, u.Query().Get("next"))
		form := b.Get(page.Location)
		if form.Status != http.StatusOK || !checked(form.Body, "edition", "enterprise") || !checked(form.Body, "term", "year-2") {
			t.Fatalf("%s: %d, the answers are lost", page.Location, form.Status)
		}
	})
}

func TestGuessingIsThrottled(t *testing.T) {
	p := portaltest.New(t)
	b := p.Browser()
	for range 5 {
		if page := signIn(b, "lin@example.com", "guess", ""); page.Status != http.StatusUnprocessableEntity {
			t.Fatal(page.Status)
		}
	}
	page := signIn(b, "lin@example.com", portaltest.Password, "")
	if page.Status != http.StatusTooManyRequests || page.Header.Get("Retry-After") == "" || !strings.Contains(page.Text(), "15") {
		t.Fatalf("%d %q", page.Status, page.Header.Get("Retry-After"))
	}
	if page := signIn(b, "support@example.com", portaltest.Password, ""); page.Status != http.StatusSeeOther {
		t.Fatalf("another name is locked out, too: %d", page.Status)
	}
	t.Run("by the connection's address, whatever a header claims", func(t *testing.T) {
		b.Header.Set("X-Forwarded-For", "203.0.113.9")
		b.Header.Set("X-Real-Ip", "203.0.113.9")
		if page := signIn(b, "lin@example.com", portaltest.Password, ""); page.Status != http.StatusTooManyRequests {
			t.Fatal(page.Status)
		}
	})
	p.Pass(16 * time.Minute)
	if page := signIn(b, "lin@example.com", portaltest.Password, ""); page.Status != http.StatusSeeOther {
		t.Fatalf("still locked out: %d", page.Status)
	}
}

func TestSigningOutKillsTheSession(t *testing.T) {
	p := portaltest.New(t)
	b := p.SignedIn("lin@example.com")
	copied := b.Cookies()[0]
	if page := b.Post("/sign-out", nil); page.Location != "/sign-in" {
		t.Fatal(page.Status)
	}
	thief := p.Browser()
	thief.Header.Set("Cookie", copied.Name+"="+copied.Value)
	if page := thief.Get("/orders"); page.Status != http.StatusSeeOther {
		t.Fatalf("the copied cookie still opens the log: %d", page.Status)
	}
	t.Run("and signing in never keeps an id that was there before", func(t *testing.T) {
		b := p.SignedIn("lin@example.com")
		before := b.Cookies()[0].Value
		signIn(b, "lin@example.com", portaltest.Password, "")
		if b.Cookies()[0].Value == before {
			t.Fatal("the session kept its id")
		}
		thief.Header.Set("Cookie", copied.Name+"="+before)
		if page := thief.Get("/orders"); page.Status != http.StatusSeeOther {
			t.Fatal("the old id still opens the log")
		}
	})
}

func TestWhatOthersOwnIsNotThere(t *testing.T) {
	p := portaltest.New(t)
	other := p.AddAccount(1002, "Other", nil)
	p.AddUser("other@example.com", models.Customer, &other, nil)
	lin := p.SignedIn("lin@example.com")
	quote := lin.Quote("pro", "year-1")
	number := lin.Place(quote)

	b := p.SignedIn("other@example.com")
	missing := b.Get("/orders/P20261123-00000000")
	for _, path := range []string{"/orders/" + number, quote, p.AccountPath(), p.QuotePath()} {
		page := b.Get(path)
		if page.Status != http.StatusNotFound {
			t.Errorf("GET %s: %d", path, page.Status)
		}
		hide := func(p portaltest.Page) string { return strings.ReplaceAll(p.Text(), p.Header.Get("X-Request-Id"), "") }
		if hide(page) != hide(missing) {
			t.Errorf("GET %s reads otherwise than what is not there", path)
		}
	}
	for _, path := range []string{"/orders/" + number + "/cancel", quote + "/order", p.QuotePath()} {
		if page := b.Post(path, url.Values{"edition": {"pro"}, "term": {"year-1"}}); page.Status != http.StatusNotFound {
			t.Errorf("POST %s: %d", path, page.Status)
		}
	}
	if page := b.Get("/orders?account=1"); strings.Contains(page.Text(), "Linhai") || strings.Contains(page.Body, number) {
		t.Error("the log names a foreign account")
	}
	if page := b.Get("/accounts"); strings.Contains(page.Text(), "Linhai") {
		t.Error("the list names a foreign account")
	}
	for _, path := range []string{"/accounts/x", "/accounts/0", "/accounts/99999999999999999999", "/quotes/x", "/orders/x", "/nothing", "/accounts/2/quote?kind=gift", "/accounts/1/quote?kind=upgrade"} {
		if page := b.Get(path); page.Status != http.StatusNotFound {
			t.Errorf("GET %s: %d", path, page.Status)
		}
	}
}

func TestSupportLooksAndDoesNotOrder(t *testing.T) {
	p := portaltest.New(t)
	lin := p.SignedIn("lin@example.com")
	quote := lin.Quote("pro", "year-1")
	b := p.SignedIn("support@example.com")
	if page := b.Get("/"); page.Location != "/search" {
		t.Error(page.Location)
	}
	if page := b.Get(quote); page.Status != http.StatusOK || strings.Contains(page.Body, "/order\"") {
		t.Errorf("the check page: %d", page.Status)
	}
	for _, path := range []string{quote + "/order", p.QuotePath()} {
		if page := b.Post(path, url.Values{"edition": {"pro"}, "term": {"year-1"}}); page.Status != http.StatusForbidden {
			t.Errorf("POST %s: %d", path, page.Status)
		}
	}
	number := lin.Place(quote)
	if page := b.Post("/orders/"+number+"/cancel", nil); page.Status != http.StatusForbidden {
		t.Errorf("cancel: %d", page.Status)
	}
	p.Settle(number)
	page := b.Get("/orders/" + number)
	if !strings.Contains(page.Body, "CreateInstance") {
		t.Error("support does not see the attempts")
	}
	if page := lin.Get("/orders/" + number); strings.Contains(page.Body, "CreateInstance") {
		t.Error("the customer sees the exchange")
	}
}

func TestPreferencesAreKept(t *testing.T) {
	p := portaltest.New(t)
	b := p.SignedIn("lin@example.com")
	if page := b.Get("/orders"); !strings.Contains(page.Body, `lang="en"`) {
		t.Fatal("not English at first")
	}
	page := b.Post("/preferences", url.Values{"language": {"zh-Hans"}, "return": {"/orders?q=x"}})
	if page.Location != "/orders?q=x" {
		t.Fatal(page.Location)
	}
	if page := b.Get("/orders"); !strings.Contains(page.Body, `<html lang="zh-Hans"`) {
		t.Fatal("not Chinese")
	}
	if page := p.SignedIn("lin@example.com").Get("/orders"); !strings.Contains(page.Body, `<html lang="zh-Hans"`) {
		t.Fatal("another browser of the same person is not Chinese")
	}
	b.Post("/preferences", url.Values{"theme": {"dark"}})
	if page := b.Get("/orders"); !strings.Contains(page.Body, `data-theme="dark"`) {
		t.Fatal("not dark")
	}
	if page := b.Post("/preferences", url.Values{"language": {"xx"}, "theme": {"pink"}, "return": {"//evil.example"}}); page.Location != "/" {
		t.Fatal(page.Location)
	}
}

// TestTheAddressBehindOurProxy: what a proxy of ours says is believed, what
// its client said before it is not.
func TestTheAddressBehindOurProxy(t *testing.T) {
	p := portaltest.New(t)
	_, loopback, err := net.ParseCIDR("127.0.0.1/32")
	if err != nil {
		t.Fatal(err)
	}
	p.Config.Proxies = []*net.IPNet{loopback}
	p.Reload()
	from := func(address string) int {
		b := p.Browser()
		b.Header.Set("X-Forwarded-For", address)
		return signIn(b, "lin@example.com", "guess", "").Status
	}
	for range 5 {
		from("198.51.100.66, 203.0.113.9") // the first part is the client's own claim
	}
	if got := from("192.0.2.1, 203.0.113.9"); got != http.StatusTooManyRequests {
		t.Errorf("another claim opens another limit: %d", got)
	}
	if got := from("203.0.113.10"); got != http.StatusUnprocessableEntity {
		t.Errorf("one address locks another out: %d", got)
	}
	for range 5 {
		from("2001:db8::1")
	}
	if got := from("2001:db8::ffff"); got != http.StatusTooManyRequests {
		t.Errorf("one host's network opens another limit: %d", got)
	}
}
