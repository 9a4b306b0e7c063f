package e2e_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"portal/portaltest"
)

// patience is how long a tab may take for everything that it does in a test.
const patience = 2 * time.Minute

func TestMain(m *testing.M) {
	code := m.Run()
	stopBrowser()
	os.Exit(code)
}

var stopBrowser = func() {}

// browser starts the one browser that all tests share.
var browser = sync.OnceValues(func() (context.Context, error) {
	path, err := findChromium()
	if err != nil {
		return nil, err
	}
	options := slices.Concat(chromedp.DefaultExecAllocatorOptions[:], []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(path),
		chromedp.NoSandbox, // it may run as root, and it only ever sees our own pages
		chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("font-render-hinting", "none"),
	})
	// The allocator makes a fresh profile and removes it in the end.
	allocator, stopAllocator := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, stop := chromedp.NewContext(allocator)
	stopBrowser = func() { stop(); stopAllocator() }
	return ctx, chromedp.Do(ctx)
})

func findChromium() (string, error) {
	if path := os.Getenv("CHROMIUM"); path != "" {
		return path, nil
	}
	names := []string{
		"chromium-headless-shell", // the same without the window's own interface, and a third quicker
		"chromium", "chromium-browser", "google-chrome",
		"/Applications/Chromium.app/Contents/MacOS/Chromium",
		"/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
	}
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("there is no Chromium here: run `make deps`, or name one by CHROMIUM=/path/to/chromium")
}

// serve puts the portal on a port.
func serve(t *testing.T, h http.Handler) string {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server.URL
}

// open puts the portal on a port with its worker running, behind what requests
// pass on their way.
func open(t *testing.T, p *portaltest.Portal, through ...func(http.Handler) http.Handler) string {
	t.Helper()
	p.Config.Wake = p.Worker.Wake
	p.Reload()
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { p.Worker.Run(ctx) })
	t.Cleanup(func() { stop(); running.Wait() })
	h := p.Handler
	for _, wrap := range through {
		h = wrap(h)
	}
	return serve(t, h)
}

// tab is one tab of the browser. Everything that a browser complains of fails
// its test.
type tab struct {
	t    *testing.T
	ctx  context.Context // ends with its patience
	open context.Context // ends when the tab is closed
	base string

	mu       sync.Mutex
	troubles []string
	received received
}

// window opens a tab with no cookies and no history, whose person prefers a
// language.
func window(t *testing.T, base, acceptLanguage string) *tab {
	t.Helper()
	parent, err := browser()
	if err != nil {
		t.Fatal(err)
	}
	w := newTab(t, parent, base, chromedp.WithNewBrowserContext())
	w.prefer(acceptLanguage)
	return w
}

// another opens a second tab in the same window: the same cookies.
func (w *tab) another() *tab {
	w.t.Helper()
	return newTab(w.t, w.ctx, w.base)
}

func newTab(t *testing.T, parent context.Context, base string, options ...chromedp.ContextOption) *tab {
	t.Helper()
	w := &tab{base: base, received: newReceived()}
	ctx, closeTab := chromedp.NewContext(parent, append(options, chromedp.WithListener(w.hear))...)
	w.open = ctx
	t.Cleanup(closeTab)
	if err := chromedp.Do(ctx); err != nil { // it is open for as long as the context it is opened with
		t.Fatal(err)
	}
	w.lend(t)
	w.do(chromedp.EmulateViewport(1280, 800))
	return w
}

// lend gives the tab to a test, or for a while to a subtest, with new patience.
// What goes wrong meanwhile is its failure.
func (w *tab) lend(t *testing.T) {
	t.Helper()
	owner, before := w.t, w.ctx
	ctx, cancel := context.WithTimeout(w.open, patience)
	w.t, w.ctx = t, ctx
	t.Cleanup(func() {
		if t.Failed() {
			// Also when its patience is at an end.
			last, cancel := context.WithTimeout(w.open, 5*time.Second)
			place, _ := chromedp.Run(last, chromedp.Location())
			text, _ := chromedp.Run(last, chromedp.Evaluate[string]("document.body.innerText"))
			cancel()
			t.Logf("the tab is at %s:\n%s", place, text)
		}
		cancel()
		for _, trouble := range w.heard() {
			t.Error("the browser complains:", trouble)
		}
		w.t, w.ctx = owner, before
	})
}

// hear collects what the browser complains of, and requests to anybody else. The
// status of pages is for the tests to judge.
func (w *tab) hear(event any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.received.hear(event)
	trouble := ""
	switch e := event.(type) {
	case *log.EventEntryAdded: // a refused style, a deprecated feature
		statusLine := e.Entry.Source == log.EntrySourceNetwork // said by the events below, with the type
		if e.Entry.Level != log.EntryLevelVerbose && !statusLine {
			trouble = fmt.Sprintf("%s: %s (%s)", e.Entry.Level, e.Entry.Text, e.Entry.URL)
		}
	case *runtime.EventConsoleAPICalled:
		trouble = fmt.Sprintf("the page writes to the console: %s", e.Type)
	case *runtime.EventExceptionThrown:
		trouble = e.ExceptionDetails.Text
	case *network.EventRequestWillBeSent:
		if u := e.Request.URL; !strings.HasPrefix(u, w.base+"/") && u != "about:blank" && !strings.HasPrefix(u, "data:") {
			trouble = "a request leaves the portal: " + u
		}
	case *network.EventResponseReceived:
		if e.Type != network.ResourceTypeDocument && e.Response.Status >= 400 {
			trouble = fmt.Sprintf("%d %s", e.Response.Status, e.Response.URL)
		}
	case *network.EventLoadingFailed:
		if !e.Canceled {
			trouble = fmt.Sprintf("%s: %s %s", e.Type, e.ErrorText, e.BlockedReason)
		}
	}
	if trouble != "" {
		w.troubles = append(w.troubles, trouble)
	}
}

// heard is what was complained of since it was last asked.
func (w *tab) heard() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	troubles := w.troubles
	w.troubles = nil
	return troubles
}

func (w *tab) do(actions ...chromedp.Action[chromedp.Void]) {
	w.t.Helper()
	if err := chromedp.Do(w.ctx, actions...); err != nil {
		w.t.Fatal(err)
	}
}

func run[T any](w *tab, action chromedp.Action[T]) T {
	w.t.Helper()
	v, err := chromedp.Run(w.ctx, action)
	if err != nil {
		w.t.Fatal(err)
	}
	return v
}

func call[P, R any](w *tab, command cdp.Command[P, R], params P) R {
	w.t.Helper()
	result, err := chromedp.Call(w.ctx, command, params)
	if err != nil {
		w.t.Fatal(err)
	}
	return result
}

// prefer sets the language that the browser asks for.
func (w *tab) prefer(acceptLanguage string) {
	w.t.Helper()
	call(w, network.SetExtraHTTPHeaders, network.SetExtraHTTPHeadersParams{
		Headers: network.Headers{"Accept-Language": acceptLanguage},
	})
}

// withoutScript turns JavaScript off in the pages.
func (w *tab) withoutScript() *tab {
	w.t.Helper()
	call(w, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	return w
}

// load does something that leads to a page, waits for the page and gives its
// status.
func (w *tab) load(does chromedp.Action[chromedp.Void]) int {
	w.t.Helper()
	response, err := chromedp.RunResponse(w.ctx, does)
	if err != nil {
		w.t.Fatal(err)
	}
	if response == nil {
		return 0 // from the history, or the same page
	}
	return int(response.Status)
}

// visit goes to a page by its address.
func (w *tab) visit(path string) int {
	w.t.Helper()
	response := run(w, chromedp.NavigateResponse(w.base+path))
	return int(response.Status)
}

// press follows a link or presses a button that leads to a page.
func (w *tab) press(css string) int { w.t.Helper(); return w.load(chromedp.Click(chromedp.CSS(css))) }

// back presses the browser's back button. A page that the browser has kept
// whole comes back without being loaded.
func (w *tab) back() {
	w.t.Helper()
	run(w, chromedp.WaitEvent(page.FrameNavigated, nil, func(ctx context.Context, target *chromedp.Target) (chromedp.Void, error) {
		history, err := cdp.Call(ctx, target, page.GetNavigationHistory, cdp.Empty{})
		if err != nil {
			return chromedp.Void{}, err
		}
		before := history.Entries[history.CurrentIndex-1]
		_, err = cdp.Call(ctx, target, page.NavigateToHistoryEntry, page.NavigateToHistoryEntryParams{EntryID: before.ID})
		return chromedp.Void{}, err
	}))
	w.await("body")
}

// choose clicks something that leads nowhere.
func (w *tab) choose(css string) { w.t.Helper(); w.do(chromedp.Click(chromedp.CSS(css))) }

// enter replaces what a field holds.
func (w *tab) enter(css, text string) {
	w.t.Helper()
	w.do(chromedp.Clear(chromedp.CSS(css)), chromedp.SendKeys(chromedp.CSS(css), text))
}

// await waits until the page has something, however often it is loaded anew
// meanwhile.
func (w *tab) await(css string) { w.t.Helper(); w.do(chromedp.WaitReady(chromedp.CSS(css))) }

// has says whether the page has something now.
func (w *tab) has(css string) bool {
	w.t.Helper()
	return run(w, chromedp.Evaluate[bool](fmt.Sprintf("document.querySelector(%q) !== null", css)))
}

// path is where the tab is, without the portal's address.
func (w *tab) path() string {
	w.t.Helper()
	return strings.TrimPrefix(run(w, chromedp.Location()), w.base)
}

// text is what the page says.
func (w *tab) text() string {
	w.t.Helper()
	return run(w, chromedp.Evaluate[string]("document.body.innerText"))
}

// says fails unless the page says all of it.
func (w *tab) says(words ...string) {
	w.t.Helper()
	text := w.text()
	for _, word := range words {
		if word == "" || !strings.Contains(text, word) {
			w.t.Errorf("%s does not say %q", w.path(), word)
		}
	}
}

// signIn signs somebody in by the form.
func (w *tab) signIn(email string) {
	w.t.Helper()
	w.visit("/sign-in")
	w.enter("#email", email)
	w.enter("#password", portaltest.Password)
	w.press(signInButton)
}

// signInButton is that of the form, beside the sandbox's own.
const signInButton = `form[action="/sign-in"] button`
