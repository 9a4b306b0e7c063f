package handlers_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"portal/dbtest"
	"portal/models"
	"portal/portaltest"
)

func TestEveryPageIsClosed(t *testing.T) {
	p := portaltest.New(t, portaltest.Secure())
	b := p.SignedIn("lin@example.com")
	if c := b.Cookies()[0]; c.Name != "__Host-portal" {
		t.Errorf("the cookie is %s", c.Name)
	}
	for _, path := range []string{"/sign-in", "/orders", p.AccountPath(), p.QuotePath(), "/nothing"} {
		page := b.Get(path)
		csp := page.Header.Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'none'", "form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'", "script-src 'self';", "connect-src 'self';"} {
			if !strings.Contains(csp, want) {
				t.Errorf("%s: the policy lacks %s", path, want)
			}
		}
		if strings.Contains(csp, "unsafe") || strings.Contains(csp, "data:") {
			t.Errorf("%s: %s", path, csp)
		}
		for _, banned := range []string{" style=", "<script>", "javascript:", " onclick"} {
			if strings.Contains(page.Body, banned) {
				t.Errorf("%s has %q", path, banned)
			}
		}
		if page.Header.Get("Strict-Transport-Security") == "" || page.Header.Get("X-Content-Type-Options") != "nosniff" || page.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %v", path, page.Header)
		}
		if !strings.Contains(page.Text(), "Sandbox") {
			t.Errorf("%s does not say Sandbox", path)
		}
	}
	t.Run("plain http has no HSTS", func(t *testing.T) {
		if page := portaltest.New(t).Browser().Get("/sign-in"); page.Header.Get("Strict-Transport-Security") != "" {
			t.Fatal("it has")
		}
	})
	t.Run("in Chinese it says 沙箱", func(t *testing.T) {
		b := p.Browser()
		b.Header.Set("Accept-Language", "zh")
		if page := b.Get("/sign-in"); !strings.Contains(page.Text(), "沙箱") {
			t.Fatal("it does not")
		}
	})
	t.Run("outside the sandbox no page says so", func(t *testing.T) {
		p.Config.Sandbox = false
		p.Reload()
		if page := b.Get("/orders"); strings.Contains(page.Text(), "Sandbox") {
			t.Fatal("it does")
		}
	})
}

func TestOtherSitesCantPostOurForms(t *testing.T) {
	p := portaltest.New(t)
	b := p.SignedIn("lin@example.com")
	quote := b.Quote("pro", "year-1")
	for name, header := range map[string]http.Header{
		"by its metadata": {"Sec-Fetch-Site": {"cross-site"}},
		"a sibling":       {"Sec-Fetch-Site": {"same-site"}},
		"by its origin":   {"Sec-Fetch-Site": {""}, "Origin": {"https://evil.example"}},
	} {
		t.Run(name, func(t *testing.T) {
			for k, v := range header {
				b.Header[k] = v
				defer b.Header.Del(k)
			}
			if page := b.Post(quote+"/order", nil); page.Status != http.StatusForbidden {
				t.Fatalf("%d", page.Status)
			}
		})
	}
	if _, err := p.Store.OrderByQuote(t.Context(), p.Viewer("lin@example.com"), strings.TrimPrefix(quote, "/quotes/")); err == nil {
		t.Fatal("an order was placed")
	}
}

func TestBadRequestsGetAPage(t *testing.T) {
	p := portaltest.New(t)
	b := p.SignedIn("lin@example.com")
	if page := b.Post("/orders", nil); page.Status != http.StatusMethodNotAllowed {
		t.Errorf("a wrong method: %d", page.Status)
	}
	if page := b.Post("/sign-in", url.Values{"email": {strings.Repeat("x", 100_000)}}); page.Status != http.StatusRequestEntityTooLarge {
		t.Errorf("too large a form: %d", page.Status)
	}
	for _, q := range []string{"status=x", "kind=x", "from=yesterday", "to=2026-02-30", "q=" + strings.Repeat("x", 300)} {
		page := b.Get("/orders?" + q)
		if page.Status != http.StatusUnprocessableEntity || !strings.Contains(page.Body, `role="alert"`) {
			t.Errorf("?%s: %d", q, page.Status)
		}
	}
	for _, path := range []string{"/orders?q=%00", "/accounts?q=%00", "/accounts?q=%ff", "/orders/%00"} {
		if page := b.Get(path); page.Status != http.StatusBadRequest {
			t.Errorf("%.40s: %d", path, page.Status)
		}
	}
	if page := b.Post("/sign-in", url.Values{"email": {"\xff@b"}, "password": {"x"}}); page.Status != http.StatusBadRequest {
		t.Errorf("what is not UTF-8: %d", page.Status)
	}
	if page := b.Get("/orders?from=2026-13-01&q=keep-me"); !strings.Contains(page.Body, "2026-13-01") || !strings.Contains(page.Body, "keep-me") {
		t.Error("what was typed is lost")
	}
	if page := b.Get("/orders?q=%3Cscript%3Ealert(1)%3C%2Fscript%3E"); strings.Contains(page.Body, "<script>") {
		t.Error("what was typed is not escaped")
	}
}

// TestAMistakeOfOursShowsAnIdAndNoStack breaks the database under the portal.
func TestAMistakeOfOursShowsAnIdAndNoStack(t *testing.T) {
	p := portaltest.New(t)
	b := p.SignedIn("lin@example.com")
	if err := p.Store.Close(); err != nil {
		t.Fatal(err)
	}
	page := b.Get("/orders")
	if page.Status < 500 || !strings.Contains(page.Text(), page.Header.Get("X-Request-Id")) {
		t.Fatalf("%d\n%s", page.Status, page.Text())
	}
	for _, banned := range []string{"sql:", "goroutine", ".go:"} {
		if strings.Contains(page.Body, banned) {
			t.Errorf("the page shows %q", banned)
		}
	}
	if !strings.Contains(p.Log.String(), page.Header.Get("X-Request-Id")) {
		t.Error("the id does not lead to the log")
	}
	if page := b.Get("/readyz"); page.Status != http.StatusServiceUnavailable {
		t.Errorf("readyz: %d", page.Status)
	}
	if page := b.Get("/healthz"); page.Status != http.StatusOK {
		t.Errorf("healthz: %d", page.Status)
	}
}

func TestTheLogPagesByKeyAndItsFiltersLiveInTheURL(t *testing.T) {
	p := portaltest.New(t)
	b := p.SignedIn("lin@example.com")
	if page := b.Get("/orders"); page.Status != http.StatusOK || strings.Contains(page.Body, "<tbody") {
		t.Error("an empty log has a table")
	}
	v := models.By{Viewer: p.Viewer("lin@example.com")}
	for range 23 {
		number := b.Place(b.Quote("pro", "year-1"))
		if err := p.Store.CancelOrder(t.Context(), v, number); err != nil {
			t.Fatal(err)
		}
	}
	page := b.Get("/orders?status=cancelled")
	next := between(page.Body, `href="`, `"`, "before=")
	if next == "" || !strings.Contains(next, "status=cancelled") {
		t.Fatalf("no way to the next page: %q", next)
	}
	if second := b.Get(strings.ReplaceAll(next, "&amp;", "&")); strings.Count(second.Body, `href="/orders/P`) != 3 {
		t.Errorf("the second page has %d orders, want 3", strings.Count(second.Body, `href="/orders/P`))
	}
	if page := b.Get("/orders?status=completed"); strings.Contains(page.Body, `href="/orders/P`) {
		t.Error("the filter does not choose")
	}
}

// between finds the first text between a and b that contains part.
func between(s, a, b, part string) string {
	for _, piece := range strings.Split(s, a)[1:] {
		piece, _, _ = strings.Cut(piece, b)
		if strings.Contains(piece, part) {
			return piece
		}
	}
	return ""
}

// TestNothingSecretStaysAnywhere makes a purchase with a fault and reads
// everything that was kept.
func TestNothingSecretStaysAnywhere(t *testing.T) {
	p := portaltest.New(t)
	b := p.SignedIn("lin@example.com")
	session := b.Cookies()[0].Value
	o := p.Settle(b.Place(b.Quote("pro", "year-1")))
	if o.Status != models.Completed {
		t.Fatal(o.Status)
	}
	pages := b.Get("/orders/"+o.Number).Body + p.SignedIn("operator@example.com").Get("/orders/"+o.Number).Body
	database := dbtest.Dump(t, p.DSN)
	if !strings.Contains(database, o.Number) {
		t.Fatal("the dump is not of this database")
	}
	for name, secret := range map[string]string{
		"AccessKeyId": "sandbox-demo-key", "AccessKeySecret": "sandbox-demo-not-a-secret", "session": session, "password": portaltest.Password, "signature": "Signature=",
	} {
		for where, text := range map[string]string{"log": p.Log.String(), "pages": pages, "database": database} {
			if strings.Contains(text, secret) {
				t.Errorf("the %s is in the %s", name, where)
			}
		}
	}
	if strings.Contains(p.Log.String(), o.ClientToken) {
		t.Error("the ClientToken is in the log")
	}
}

func TestHeadIsAnsweredAsGet(t *testing.T) {
	b := portaltest.New(t).Browser()
	for _, path := range []string{"/healthz", "/readyz", "/sign-in"} {
		if page := b.Do(http.MethodHead, path, nil); page.Status != http.StatusOK || page.Body != "" {
			t.Errorf("HEAD %s: %d %q", path, page.Status, page.Body)
		}
	}
}
