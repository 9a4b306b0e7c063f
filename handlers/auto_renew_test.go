package handlers_test

import (
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"

	"portal/portaltest"
	"portal/pricing"
)

var period = regexp.MustCompile(`name="auto_renew_months"[^>]* value="(\d+)" checked`)

// preset is the period of auto-renewal that a form has chosen; empty for none.
func preset(page portaltest.Page) string {
	if m := period.FindStringSubmatch(page.Body); m != nil {
		return m[1]
	}
	return ""
}

// TestAutoRenewalIsForTheTermUnlessToldOtherwise: it was for one month, at the
// price of a month, whoever bought a year and turned it on.
func TestAutoRenewalIsForTheTermUnlessToldOtherwise(t *testing.T) {
	p := portaltest.New(t)
	b := p.SignedIn("lin@example.com")
	for query, want := range map[string]string{
		"":                          "12",
		"&edition=pro&term=month-3": "3",
		"&edition=pro&term=year-3":  "36",
		"&edition=pro&term=year-1&auto_renew_months=1":               "12", // while it is off
		"&edition=pro&term=year-1&auto_renew=on&auto_renew_months=1": "1",
	} {
		if got := preset(b.Get(p.QuotePath() + query)); got != want {
			t.Errorf("%q: it is set to %q, want %q", query, got, want)
		}
	}
	asked := answers("pro", "year-1")
	asked.Set("auto_renew", "on")
	page := b.Post(p.QuotePath(), asked)
	if page.Status != http.StatusUnprocessableEntity || preset(page) != "" || !strings.Contains(page.Body, `href="#auto_renew_months"`) {
		t.Errorf("turned on without a period: %d, set to %q", page.Status, preset(page))
	}
	asked.Set("auto_renew_months", "6")
	check := b.Post(p.QuotePath(), asked)
	says(t, b.Get(check.Location), "for 6 months each time", "Each automatic renewal would cost about CN¥9,000.00")

	t.Run("or asks, where no such period is offered", func(t *testing.T) {
		text, err := os.ReadFile("../pricing/book.toml")
		if err != nil {
			t.Fatal(err)
		}
		without := strings.Replace(string(text), "auto_renew_months = [1, 3, 6, 12, 24, 36]", "auto_renew_months = [1, 3]", 1)
		if p.Config.Book, err = pricing.Parse([]byte(without)); err != nil || without == string(text) {
			t.Fatal(err)
		}
		p.Reload()
		if got := preset(b.Get(p.QuotePath())); got != "" {
			t.Errorf("for a year it is set to %q", got)
		}
		page := b.Post(p.QuotePath(), url.Values{"edition": {"pro"}, "term": {"year-1"}, "auto_renew": {"on"}})
		if page.Status != http.StatusUnprocessableEntity || preset(page) != "" {
			t.Errorf("turned on without a period: %d", page.Status)
		}
	})
}
