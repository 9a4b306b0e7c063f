package e2e_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
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

	"portal/handlers"
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

// open puts the portal on a port with its workers running, behind what requests
// pass on their way.
func open(t *testing.T, p *portaltest.Portal, through ...func(http.Handler) http.Handler) string {
	t.Helper()
	p.Config.Wake = p.Worker.Wake
	p.Batches = handlers.NewBatchWorker(p.Config)
	p.Config.WakeBatches = p.Batches.Wake
	p.Reload()
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { p.Worker.Run(ctx) })
	running.Go(func() { p.Batches.Run(ctx) })
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
		// A test that goes on sooner than the page is drawn takes the focus first.
		quicker := strings.HasPrefix(e.Entry.Text, "Autofocus processing was blocked because a document already has a focused element")
		if e.Entry.Level != log.EntryLevelVerbose && !statusLine && !quicker {
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
	w.signInHere(email)
}

// signInHere does the same where the tab was led to the form.
func (w *tab) signInHere(email string) int {
	w.t.Helper()
	w.enter("#email", email)
	w.enter("#password", portaltest.Password)
	return w.press(signInButton)
}

// signInButton is that of the form, beside the sandbox's own.
const signInButton = `form[action="/sign-in"] button`

// as is the window of somebody who has signed in, where that is not the journey.
func (w *tab) as(p *portaltest.Portal, email string) *tab {
	w.t.Helper()
	session := p.SignedIn(email).Cookies()[0]
	call(w, network.SetCookie, network.SetCookieParams{Name: session.Name, Value: session.Value, URL: w.base})
	return w
}

// signedOut ends the session without the person's doing.
func (w *tab) signedOut() { w.t.Helper(); call(w, network.ClearBrowserCookies, cdp.Empty{}) }

// isAt fails unless the tab is at a page.
func (w *tab) isAt(path string) {
	w.t.Helper()
	if got := w.path(); got != path {
		w.t.Fatalf("the tab is at %s, not at %s", got, path)
	}
}

// sentToSignIn fails unless the tab was led to the sign-in page, which leads back
// to a page that begins so.
func (w *tab) sentToSignIn(next string) {
	w.t.Helper()
	if got, want := w.path(), "/sign-in?next="+url.QueryEscape(next); !strings.HasPrefix(got, want) {
		w.t.Fatalf("the tab is at %s, not at %s", got, want)
	}
}

// answers fails unless what a press led to has this status.
func (w *tab) answers(got, want int) {
	w.t.Helper()
	if got != want {
		w.t.Fatalf("%s answers %d, not %d", w.path(), got, want)
	}
}

// fill puts a text that nobody would type by hand into a field.
func (w *tab) fill(css, text string) {
	w.t.Helper()
	w.do(chromedp.SetValue(chromedp.CSS(css), text))
}

// value is what a field holds.
func (w *tab) value(css string) string {
	w.t.Helper()
	return run(w, chromedp.Evaluate[string](fmt.Sprintf("document.querySelector(%q).value", css)))
}

// keeps fails unless a field still holds what was typed.
func (w *tab) keeps(css, typed string) {
	w.t.Helper()
	if got := w.value(css); got != typed {
		w.t.Errorf("%s: %s holds %q, not %q", w.path(), css, got, typed)
	}
}

// hides fails when the page says any of it.
func (w *tab) hides(words ...string) {
	w.t.Helper()
	text := w.text()
	for _, word := range words {
		if strings.Contains(text, word) {
			w.t.Errorf("%s says %q", w.path(), word)
		}
	}
}

// becomes asks for the page again until it has something, where watching is not
// what the test is about.
func (w *tab) becomes(css string) {
	w.t.Helper()
	for !w.has(css) {
		w.visit(w.path())
	}
}

// eitherWay walks a journey without script and with it.
func eitherWay(t *testing.T, journey func(t *testing.T, script bool)) {
	t.Helper()
	for name, script := range map[string]bool{"without script": false, "with script": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			journey(t, script)
		})
	}
}

// scripted is the window as it is, or without script.
func (w *tab) scripted(script bool) *tab {
	w.t.Helper()
	if script {
		return w
	}
	return w.withoutScript()
}
