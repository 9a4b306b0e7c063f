package handlers_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"testing"

	"portal/portaltest"
)

func TestPagesAreCompressed(t *testing.T) {
	p := portaltest.New(t)
	b := p.SignedIn("lin@example.com")
	get := func(t *testing.T, path, accept, site string) portaltest.Page {
		t.Helper()
		b.Header = http.Header{"Accept-Encoding": {accept}, "Sec-Fetch-Site": {site}}
		page := b.Get(path)
		if vary := strings.Join(page.Header.Values("Vary"), ", "); !strings.Contains(vary, "Accept-Encoding") || !strings.Contains(vary, "Sec-Fetch-Site") {
			t.Errorf("it varies by %s only", vary)
		}
		return page
	}
	for _, path := range []string{p.QuotePath(), "/no-such-page"} {
		t.Run("that is "+path, func(t *testing.T) {
			for _, site := range []string{"none", "same-origin"} {
				page := get(t, path, "gzip, deflate, br", site)
				if page.Header.Get("Content-Encoding") != "gzip" {
					t.Fatalf("%s: %v", site, page.Header)
				}
				r, err := gzip.NewReader(strings.NewReader(page.Body))
				if err != nil {
					t.Fatal(err)
				}
				whole, err := io.ReadAll(r)
				if err != nil || !strings.Contains(string(whole), "</html>") {
					t.Fatalf("%v\n%s", err, whole)
				}
				if len(whole) < 2*len(page.Body) {
					t.Errorf("%d bytes became %d", len(whole), len(page.Body))
				}
			}
		})
	}
	for name, r := range map[string]struct{ accept, site string }{
		"for who takes nothing":                        {"identity", "none"},
		"for who refuses gzip":                         {"gzip;q=0, identity", "none"},
		"where another site asks, who may count bytes": {"gzip", "cross-site"},
		"where a sibling asks":                         {"gzip", "same-site"},
	} {
		t.Run("not "+name, func(t *testing.T) {
			page := get(t, p.QuotePath(), r.accept, r.site)
			if page.Header.Get("Content-Encoding") != "" || !strings.Contains(page.Body, "</html>") {
				t.Errorf("%v", page.Header)
			}
		})
	}
	t.Run("not the health check", func(t *testing.T) {
		b.Header = http.Header{"Accept-Encoding": {"gzip"}}
		if page := b.Get("/healthz"); page.Header.Get("Content-Encoding") != "" || page.Body != "ok\n" {
			t.Errorf("%v", page.Header)
		}
	})
}
