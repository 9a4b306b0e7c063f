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

// TestEveryPageInEveryLook looks at every page in both languages and themes and at
// three widths: the browser has no complaint, nobody else is asked for anything (see
// tab), axe finds nothing, nothing makes it scroll sideways, nothing shifts while it
// loads, it is light, and its HTML is valid. A page is asked for once in a language.
func TestEveryPageInEveryLook(t *testing.T) {
	t.Parallel()
	axe := readAxe(t)
	m := newMuseum(t)
	var sent sentPages
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
						sent.add(s.name+"."+language, w.html())
						if first, next := w.weight(); first > heaviest || next > heaviestNext && s.name != "styleguide" { // which is all pages in one
							t.Errorf("it weighs %d bytes, and %d the next time", first, next)
						}
						if shifted := layoutShifts(w); shifted != "" {
							t.Errorf("while it loads, this moves: %s", shifted)
						}
						w.do(chromedp.Evaluate[chromedp.Void](axe))
						for _, v := range viewings {
							wide(w, v.width)
							themed(w, v.theme)
							narrowEnough(w, v.width)
							for _, found := range violations(w) {
								t.Errorf("at %d pixels, %s: %s", v.width, v.theme, found)
							}
						}
						for _, width := range []int64{1121, 900, 360} { // 1121: where a list is just still a table
							wide(w, width)
							narrowEnough(w, width)
						}
						if broken := run(w, chromedp.Evaluate[string](brokenLabels)); broken != "" {
							t.Errorf("at 360 pixels these words break: %s", broken)
						}
						// A window of 1280 pixels, enlarged to 200 %.
						w.do(chromedp.EmulateViewport(640, 400, chromedp.EmulateScale(2)))
						narrowEnough(w, 640)
					})
				}
			})
		}
	})
	for page, problem := range sent.invalid(t) {
		t.Errorf("%s: %s", page, problem)
	}
}

// viewings are how axe is shown a page: on a desktop, a tablet and the narrowest
// phone, in both themes.
var viewings = []struct {
	width int64
	theme string
}{{1280, "light"}, {1280, "dark"}, {768, "dark"}, {768, "light"}, {320, "light"}, {320, "dark"}}

// How much a page may be, over the line and in bytes: for who is here for the first
// time, and for whom the browser has kept what it keeps.
const (
	heaviest     = 60_000
	heaviestNext = 15_000
)

// narrowEnough fails where one would have to scroll sideways.
func narrowEnough(w *tab, width int64) {
	w.t.Helper()
	if got := run(w, chromedp.Evaluate[int64]("document.documentElement.scrollWidth")); got > width {
		w.t.Errorf("at %d pixels it is %d wide; too wide are: %s", width, got, run(w, chromedp.Evaluate[string](tooWide)))
	}
}

// layoutShifts is what was on the page already and has moved by itself, where that
// is more than a third of what Core Web Vitals call good: on a busy machine a page is drawn while its
// end still arrives, and a table's columns go by the last row.
func layoutShifts(w *tab) string {
	w.t.Helper()
	return run(w, chromedp.Evaluate[string](shifts, chromedp.EvalAwaitPromise))
}

// shifts waits until what there is has been drawn.
const shifts = `new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => {
	const seen = new PerformanceObserver(() => {});
	seen.observe({type: "layout-shift", buffered: true});
	const where = r => "(" + [r.x, r.y, r.width, r.height].map(Math.round) + ")";
	const shifts = seen.takeRecords();
	done(shifts.reduce((sum, shift) => sum + shift.value, 0) < 0.03 ? "" : shifts.flatMap(shift => shift.sources.map(s =>
		(s.node?.outerHTML ?? s.node?.data ?? "something").slice(0, 120) + " " + where(s.previousRect) + " to " + where(s.currentRect))).join("\n"));
})))`

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

// runAxe asks axe: WCAG 2.2 A and AA, and what it thinks good practice.
const runAxe = `axe.run({
	resultTypes: ["violations"],
	runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
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
		w := l.window(t, m.base)
		for _, s := range m.pages {
			t.Run(s.name+"."+l.String(), func(t *testing.T) {
				w.lend(t)
				m.show(w, s, l)
				for _, width := range []int64{1280, 360} {
					wide(w, width)
					// As high as the page is, so that what stays in sight lies over nothing.
					w.do(chromedp.EmulateViewport(width, run(w, chromedp.Evaluate[int64]("document.documentElement.scrollHeight"))))
					name := fmt.Sprintf("%s.%s.%d.png", s.name, l, width)
					if err := os.WriteFile(filepath.Join(*screenshots, name), run(w, chromedp.FullScreenshot(100)), 0o644); err != nil {
						t.Fatal(err)
					}
				}
			})
		}
	}
}

// TestTheseTestsSeeWhatIsWrong shows bad pages, so that silence means something.
func TestTheseTestsSeeWhatIsWrong(t *testing.T) {
	t.Parallel()
	axe := readAxe(t)
	elsewhere := serve(t, http.NotFoundHandler())
	base := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/":
			w.Header().Set("Content-Security-Policy", "default-src 'self'")
			w.Header().Set("Content-Type", "text/html")
			_, _ = w.Write([]byte(`<!DOCTYPE html><title>Bad</title><img src="/gone.png"><p style="color:red">Words`))
		case "/leaky":
			w.Header().Set("Content-Type", "text/html")
			_, _ = w.Write([]byte(`<!DOCTYPE html><title>Leaky</title><img src="` + elsewhere + `/pixel.png"><p>Words`))
		case "/shifty":
			w.Header().Set("Content-Type", "text/html")
			_, _ = w.Write([]byte(`<!DOCTYPE html><title>Shifty</title><p>Words<script>
				requestAnimationFrame(() => requestAnimationFrame(() => {
					document.body.insertAdjacentHTML("afterbegin", "<h1 style='height:200px'>Late</h1>");
				}));
			</script>`))
		default:
			http.NotFound(w, r)
		}
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
	var sent sentPages
	sent.add("bad", w.html())
	if problems := fmt.Sprint(sent.invalid(t)["bad"]); !strings.Contains(problems, "no-inline-style") {
		t.Errorf("html-validate does not see the inline style, only: %s", problems)
	}

	w.visit("/leaky")
	if heard := strings.Join(w.heard(), "\n"); !strings.Contains(heard, "a request leaves the portal: "+elsewhere+"/pixel.png") {
		t.Errorf("nobody heard that a request left the portal, only:\n%s", heard)
	}

	w.visit("/shifty")
	w.await("h1")
	if !strings.Contains(layoutShifts(w), "<p>Words") {
		t.Error("nobody saw the page shift")
	}
}
