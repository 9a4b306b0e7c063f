package handlers_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"portal/models"
	"portal/portaltest"
)

// BenchmarkSignedInPage is a session, a user, a page of orders and its
// rendering, without the network. Compare it with BenchmarkBareServer of the
// same run: machines differ.
func BenchmarkSignedInPage(b *testing.B) {
	p := portaltest.New(b)
	browser := p.SignedIn("lin@example.com")
	v := p.Viewer("lin@example.com")
	for range 20 {
		if err := p.Store.CancelOrder(b.Context(), models.By{Viewer: v}, browser.Place(browser.Quote("pro", "year-1"))); err != nil {
			b.Fatal(err)
		}
	}
	r := httptest.NewRequest(http.MethodGet, "/orders", nil)
	for _, c := range browser.Cookies() {
		r.AddCookie(c)
	}
	serve(b, p.Handler, r)
}

// BenchmarkBareServer is the same page, rendered before.
func BenchmarkBareServer(b *testing.B) {
	p := portaltest.New(b)
	page := []byte(p.SignedIn("lin@example.com").Get("/orders").Body)
	h := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write(page) // a recorder takes everything
	})
	serve(b, h, httptest.NewRequest(http.MethodGet, "/orders", nil))
}

func serve(b *testing.B, h http.Handler, r *http.Request) {
	b.Helper()
	b.ReportAllocs()
	for b.Loop() {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r.Clone(b.Context()))
		if w.Code != http.StatusOK {
			b.Fatal(w.Code)
		}
	}
}

// BenchmarkPlacing is a quote and an order, both durable, with the count read
// from the sandbox.
func BenchmarkPlacing(b *testing.B) {
	p := portaltest.New(b)
	browser := p.SignedIn("lin@example.com")
	v := p.Viewer("lin@example.com")
	form := url.Values{"edition": {"pro"}, "term": {"year-1"}}
	for b.Loop() {
		quote := browser.Post(p.QuotePath(), form).Location
		number := browser.Place(quote)
		b.StopTimer()
		if err := p.Store.CancelOrder(b.Context(), models.By{Viewer: v}, number); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
}
