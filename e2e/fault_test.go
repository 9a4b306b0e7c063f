package e2e_test

import (
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"portal/dbtest"
	"portal/portaltest"
)

// TestAFormThatCouldNotBeKeptIsSentAgain: while the record can't be written a
// customer loses nothing that was chosen, and goes on with one press of a button
// when it can.
func TestAFormThatCouldNotBeKeptIsSentAgain(t *testing.T) {
	dbtest.NeedsSQLite(t)
	t.Parallel()
	axe := readAxe(t)
	for _, l := range looks {
		t.Run(l.String(), func(t *testing.T) {
			t.Parallel()
			p := portaltest.New(t)
			w := l.window(t, open(t, p))
			w.signIn("lin@example.com")
			accessible := func() {
				t.Helper()
				w.do(chromedp.Evaluate[chromedp.Void](axe))
				for _, width := range []int64{1280, 360} {
					wide(w, width)
					for _, v := range violations(w) {
						t.Errorf("at %d pixels: %s", width, v)
					}
				}
			}

			w.visit(p.QuotePath())
			w.choose(`input[name="edition"][value="enterprise"]`)
			if err := os.Rename(p.DSN, p.DSN+".away"); err != nil {
				t.Fatal(err)
			}
			if status := w.press(continu); status != http.StatusServiceUnavailable {
				t.Fatalf("%d\n%s", status, w.text())
			}
			accessible()
			if p.Store.Probe(t.Context()) == nil {
				t.Fatal("not noticed")
			}
			if status := w.press("main form button"); status != http.StatusServiceUnavailable {
				t.Fatalf("sent again too early: %d\n%s", status, w.text())
			}
			if !w.has(".notice") {
				t.Error("the page does not say that nothing can be ordered")
			}
			accessible()

			if err := os.Rename(p.DSN+".away", p.DSN); err != nil {
				t.Fatal(err)
			}
			if fault := p.Store.Probe(t.Context()); fault != nil {
				t.Fatal(fault.Err)
			}
			w.press("main form button")
			if !strings.HasPrefix(w.path(), "/quotes/") {
				t.Fatalf("it leads to %s\n%s", w.path(), w.text())
			}
			w.says(map[string]string{"en": "Enterprise", "zh-Hans": "企业版"}[l.language])
		})
	}
}
