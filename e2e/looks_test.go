package e2e_test

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

var screenshots = flag.String("screenshots", "", "write a picture of every page into this folder")

// TestEveryPageInEveryLook looks at every page in both languages and themes: the
// browser has no complaint (see tab), axe finds nothing on a light desktop and a
// dark phone, and down to 320 pixels nothing makes it scroll sideways. A theme is
// colours alone, so a page is asked for once for both.
func TestEveryPageInEveryLook(t *testing.T) {
	t.Parallel()
	axe := readAxe(t)
	m := newMuseum(t)
	t.Run("looks", func(t *testing.T) {
		for _, language := range languages {
			t.Run(language, func(t *testing.T) {
				t.Parallel()
				l := look{language, "light"}
				w := l.window(t, m.base) // one for all pages: opening one takes longer than looking at one
				for _, s := range m.pages {
					t.Run(s.name, func(t *testing.T) {
						w.lend(t)
						themed(w, l.theme)
						m.show(w, s, l)
						w.do(chromedp.Evaluate[chromedp.Void](axe))
						for _, v := range violations(w) {
							t.Errorf("at 1280 pixels: %s", v)
						}
						for _, width := range []int64{1280, 360, 320} {
							wide(w, width)
							if got := run(w, chromedp.Evaluate[int64]("document.documentElement.scrollWidth")); got > width {
								t.Errorf("at %d pixels it is %d wide; too wide are: %s", width, got, run(w, chromedp.Evaluate[string](tooWide)))
							}
						}
						wide(w, 360)
						if broken := run(w, chromedp.Evaluate[string](brokenLabels)); broken != "" {
							t.Errorf("at 360 pixels these words break: %s", broken)
						}
						themed(w, "dark")
						for _, v := range violations(w) {
							t.Errorf("at 360 pixels, dark: %s", v)
						}
					})
				}
			})
		}
	})
}

// tooWide names the innermost elements that reach beyond the window.
const tooWide = `[...document.querySelectorAll("body *")]
	.filter(e => e.getBoundingClientRect().right > innerWidth && ![...e.children].some(c => c.getBoundingClientRect().right > innerWidth))
	.map(e => e.outerHTML.slice(0, 120)).slice(0, 5).join("\n")`

// brokenLabels names the labels of cards that are one word on several lines.
const brokenLabels = `[...document.querySelectorAll(".table--cards td[data-label]")]
	.filter(e => /^[A-Za-z]+$/.test(e.dataset.label))
	.filter(e => { const s = getComputedStyle(e, "::before"); return parseFloat(s.height) > 1.5 * parseFloat(s.lineHeight) })
	.map(e => e.dataset.label).join(", ")`

// readAxe is axe-core, which npm has installed here.
func readAxe(t *testing.T) string {
	t.Helper()
	source, err := os.ReadFile(filepath.Join("node_modules", "axe-core", "axe.min.js"))
	if errors.Is(err, fs.ErrNotExist) {
		t.Fatal("axe-core is not installed: run `make deps`")
	}
	if err != nil {
		t.Fatal(err)
	}
	return string(source)
}

// runAxe asks axe. Its rule against pages that refresh themselves does not
// know that ours can be told to stop (WCAG 2.2.1), so it is for those that can't.
const runAxe = `axe.run({
	resultTypes: ["violations"],
	runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
	rules: {"meta-refresh": {enabled: !document.querySelector('a[href$="?refresh=off"]')}},
}).then(r => JSON.stringify(r.violations.map(v => ({id: v.id, help: v.help, nodes: v.nodes.map(n => n.html + "\n" + n.failureSummary)}))))`

// violations is what axe finds wrong with the page.
func violations(w *tab) []string {
	w.t.Helper()
	var found []struct {
		ID, Help string
		Nodes    []string
	}
	if err := json.Unmarshal([]byte(run(w, chromedp.Evaluate[string](runAxe, chromedp.EvalAwaitPromise))), &found); err != nil {
		w.t.Fatal(err)
	}
	var all []string
	for _, v := range found {
		all = append(all, fmt.Sprintf("%s: %s\n%s", v.ID, v.Help, strings.Join(v.Nodes, "\n")))
	}
	return all
}

// TestScreenshots writes a picture of every page: <page>.<language>.<theme>.<width>.png.
func TestScreenshots(t *testing.T) {
	if *screenshots == "" {
		t.Skip("only with -screenshots FOLDER, see `make screenshots`")
	}
	if err := os.MkdirAll(*screenshots, 0o755); err != nil {
		t.Fatal(err)
	}
	m := newMuseum(t)
	for _, l := range looks {
		for _, s := range m.pages {
			t.Run(s.name+"."+l.String(), func(t *testing.T) {
				w := l.window(t, m.base)
				m.show(w, s, l)
				for _, width := range []int64{1280, 360} {
					wide(w, width)
					name := fmt.Sprintf("%s.%s.%d.png", s.name, l, width)
					if err := os.WriteFile(filepath.Join(*screenshots, name), run(w, chromedp.FullScreenshot(100)), 0o644); err != nil {
						t.Fatal(err)
					}
				}
			})
		}
	}
}

// TestTheseTestsSeeWhatIsWrong shows a bad page, so that silence means something.
func TestTheseTestsSeeWhatIsWrong(t *testing.T) {
	t.Parallel()
	axe := readAxe(t)
	base := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/gone.png" {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Security-Policy", "default-src 'self'")
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte(`<!DOCTYPE html><title>Bad</title><img src="/gone.png"><p style="color:red">Words`))
	}))
	w := window(t, base, "en")
	w.visit("/")
	heard := strings.Join(w.heard(), "\n")
	for _, want := range []string{"Content Security Policy", "404 " + base + "/gone.png"} {
		if !strings.Contains(heard, want) {
			t.Errorf("nobody heard %q, only:\n%s", want, heard)
		}
	}
	w.do(chromedp.Evaluate[chromedp.Void](axe))
	seen := strings.Join(violations(w), "\n")
	for _, want := range []string{"image-alt", "html-has-lang"} {
		if !strings.Contains(seen, want) {
			t.Errorf("axe does not see %q, only:\n%s", want, seen)
		}
	}
}
