package e2e_test

import (
	"encoding/json"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/chromedp/chromedp"

	"portal/portaltest"
)

// gate holds some requests, and counts them, until the page asks for /healthz.
type gate struct {
	holds func(*http.Request) bool
	held  atomic.Int64
	open  chan struct{}
	once  sync.Once
}

func newGate(holds func(*http.Request) bool) *gate {
	return &gate{holds: holds, open: make(chan struct{})}
}

func (g *gate) through(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/healthz":
			g.once.Do(func() { close(g.open) })
		case g.holds(r):
			g.held.Add(1)
			select {
			case <-g.open:
			case <-r.Context().Done():
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

func posts(suffix string) func(*http.Request) bool {
	return func(r *http.Request) bool { return r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, suffix) }
}

// ask asks the page, or does something to it.
func ask[T any](w *tab, expression string) T {
	w.t.Helper()
	return run(w, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
}

// until waits until something is true of the page.
func (w *tab) until(expression string) {
	w.t.Helper()
	run(w, chromedp.Poll[bool](expression))
}

// paysTwice presses a button again and again, sees what becomes of it, and only
// then lets the portal answer. It is the page that looks: while the tab waits for
// another page, nobody else can.
const paysTwice = `(async () => {
	const button = document.querySelector(".button--pay"), said = document.getElementById("said");
	const looks = () => [button.ariaDisabled ?? "", button.textContent];
	const log = {Before: looks(), Prevented: []};
	addEventListener("submit", event => log.Prevented.push(event.defaultPrevented));
	button.click();
	log.Working = looks();
	button.click();
	button.form.requestSubmit();
	while (!said.textContent) await new Promise(done => setTimeout(done, 10));
	log.Said = said.textContent;
	// As the browser does with a page that it has kept whole.
	dispatchEvent(new PageTransitionEvent("pageshow", {persisted: true}));
	log.Back = looks();
	sessionStorage.log = JSON.stringify(log);
	await fetch("/healthz");
})()`

func TestAFormIsSentOnceWithScript(t *testing.T) {
	for language, working := range map[string]string{"en": "Working…", "zh-Hans": "正在处理…"} {
		t.Run(language, func(t *testing.T) {
			t.Parallel()
			p := portaltest.New(t)
			slow := newGate(posts("/order"))
			w := window(t, open(t, p, slow.through), language)
			w.signIn("lin@example.com")
			quote(w, p)
			w.do(chromedp.Evaluate[chromedp.Void](paysTwice))
			w.await(complete)
			if n := slow.held.Load(); n != 1 {
				t.Errorf("sent %d times", n)
			}
			charges(t, p, 1)
			var log struct {
				Before, Working, Back []string
				Said                  string
				Prevented             []bool
			}
			if err := json.Unmarshal([]byte(ask[string](w, "sessionStorage.log")), &log); err != nil {
				t.Fatal(err)
			}
			if want := []string{"true", working}; !reflect.DeepEqual(log.Working, want) || log.Said != working {
				t.Errorf("the button of a form that was sent is %v, not %v; said: %q", log.Working, want, log.Said)
			}
			if !reflect.DeepEqual(log.Back, log.Before) {
				t.Errorf("the button of a page that comes back is %v, not %v", log.Back, log.Before)
			}
			if want := []bool{false, true, true}; !reflect.DeepEqual(log.Prevented, want) {
				t.Errorf("prevented: %v, not %v", log.Prevented, want)
			}
		})
	}
}

// TestAButtonThatWaitsIsStillSent: what a button is named by is its form's answer.
func TestAButtonThatWaitsIsStillSent(t *testing.T) {
	t.Parallel()
	w := window(t, open(t, portaltest.New(t)), "en")
	w.visit("/sign-in")
	w.press(`button[name=language][value=zh-Hans]`)
	w.await(`html[lang=zh-Hans]`)
}
