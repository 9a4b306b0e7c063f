package e2e_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	permission "github.com/chromedp/cdproto/browser"
	"github.com/chromedp/chromedp"

	"portal/models"
	"portal/portaltest"
	"portal/provider/sandbox"
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
	return func(r *http.Request) bool {
		return r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, suffix)
	}
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
	for language, working := range map[string]string{"en": "Working…", "zh-Hans": "正在处理……"} {
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

// clipboard lets the tab read what its page copied.
func (w *tab) clipboard() string {
	w.t.Helper()
	return ask[string](w, "navigator.clipboard.readText()")
}

func (w *tab) mayCopy() {
	w.t.Helper()
	for _, name := range []string{"clipboard-read", "clipboard-write"} {
		if _, err := chromedp.CallBrowser(w.ctx, permission.SetPermission, permission.SetPermissionParams{
			Permission: &permission.PermissionDescriptor{Name: name}, Setting: permission.PermissionSettingGranted,
			BrowserContextID: chromedp.FromContext(w.ctx).BrowserContextID,
		}); err != nil {
			w.t.Fatal(err)
		}
	}
}

// saidIs waits until the page has said something to those who can't see it.
func (w *tab) saidIs(words string) {
	w.t.Helper()
	w.until(fmt.Sprintf(`document.getElementById("said").textContent.includes(%q)`, words))
}

func TestNumbersAreCopiedWithOnePress(t *testing.T) {
	for language, want := range map[string]struct{ name, when, done, total, layout string }{
		"en":      {"Copy: Order number", "Copy: Placed", "Copied", "CN¥15,300.00", "2 January 2006 at 15:04:05 Beijing time"},
		"zh-Hans": {"复制订单号", "复制下单时间", "已复制", "¥15,300.00", "2006年1月2日 15:04:05（北京时间）"},
	} {
		t.Run(language, func(t *testing.T) {
			// There is one clipboard.
			p := portaltest.New(t)
			w := window(t, open(t, p), language)
			w.mayCopy()
			w.signIn("lin@example.com")
			quote(w, p)
			w.press(pay)
			w.await(complete)
			o := order(w, p)
			for css, text := range map[string]string{
				`.copier[aria-label="` + want.name + `"]`: o.Number,
				`.sum__total .copier`:                     want.total,
				`.copier[aria-label="` + want.when + `"]`: o.PlacedAt.In(models.Beijing).Format(want.layout),
			} {
				w.choose(css)
				w.saidIs(want.done)
				if got := w.clipboard(); got != text {
					t.Errorf("%s copies %q, not %q", css, got, text)
				}
				if shown := ask[string](w, fmt.Sprintf("document.querySelector(%q).innerText", css)); shown != want.done {
					t.Errorf("%s says %q", css, shown)
				}
			}
			if n := ask[int](w, `document.querySelectorAll(".copier").length`); n < 8 {
				t.Errorf("only %d things can be copied", n)
			}
			if unnamed := ask[int](w, `document.querySelectorAll(".copier:not([aria-label])").length`); unnamed != 0 {
				t.Errorf("%d buttons without a name", unnamed)
			}
		})
	}
	t.Run("and without script there is no button for it", func(t *testing.T) {
		t.Parallel()
		p := portaltest.New(t)
		w := window(t, open(t, p), "en").withoutScript()
		w.signIn("lin@example.com")
		quote(w, p)
		w.press(pay)
		w.await(complete)
		if w.has(".copier") {
			t.Error("there is")
		}
	})
}

func TestAReceiptIsPrintedWithOnePress(t *testing.T) {
	t.Parallel()
	p := portaltest.New(t)
	w := window(t, open(t, p), "en")
	w.signIn("lin@example.com")
	quote(w, p)
	w.press(pay)
	w.await(complete)
	ask[any](w, "window.print = () => { window.printed = true }, null")
	w.choose(".printer")
	if !ask[bool](w, "window.printed === true") {
		t.Error("it is not printed")
	}
	plain := w.another().withoutScript()
	plain.visit(w.path())
	if plain.has(".printer") && run(plain, chromedp.Evaluate[bool](`document.querySelector(".printer").checkVisibility()`)) {
		t.Error("without script a button does nothing")
	}
}

// stays marks the page that is open: when it is loaded anew the mark is gone.
func (w *tab) stays() { w.t.Helper(); ask[any](w, "window.stays = true, null") }

// stayed fails when the page was loaded anew.
func (w *tab) stayed() {
	w.t.Helper()
	if !ask[bool](w, "window.stays === true") {
		w.t.Errorf("%s was loaded anew", w.path())
	}
}

func TestAnUnknownOutcomeResolvesOnThePage(t *testing.T) {
	t.Parallel()
	p := portaltest.New(t)
	fault(p, sandbox.Rule{Action: sandbox.ActionCreateInstance, Fault: sandbox.FaultDropAfter, Times: 1})
	w := window(t, open(t, p), "en")
	w.signIn("lin@example.com")
	quote(w, p)
	w.press(pay)
	w.await("main[data-order-status=unknown]")
	w.stays()
	const focused = `[aria-label="Copy: Order number"]`
	w.do(chromedp.Focus(chromedp.CSS(focused)))
	ask[any](w, "scrollTo(0, 120)")

	p.Pass(5 * time.Second)
	w.await(complete)
	w.stayed()
	w.saidIs("Completed")
	if !ask[bool](w, fmt.Sprintf("document.activeElement === document.querySelector(%q)", focused)) {
		t.Error("the focus is lost")
	}
	if y := ask[int](w, "scrollY"); y != 120 {
		t.Errorf("scrolled to %d", y)
	}
	o := order(w, p)
	w.says(o.Number, o.ProviderOrderID, o.InstanceID)
	if title := ask[string](w, "document.title"); !strings.Contains(title, "Completed") {
		t.Errorf("the title is %q", title)
	}
	if w.has("main[data-refresh]") {
		t.Error("a page about what is over still asks for itself")
	}
	charges(t, p, 1)
}

// unsettled leaves the tab on the page of an order that nothing becomes of.
func unsettled(t *testing.T, through func(http.Handler) http.Handler) (*portaltest.Portal, *tab) {
	t.Helper()
	p := portaltest.New(t)
	fault(p, sandbox.Rule{Action: sandbox.ActionCreateInstance, Fault: sandbox.FaultDropAfter, Times: 1})
	w := window(t, open(t, p, through), "en")
	w.signIn("lin@example.com")
	quote(w, p)
	w.press(pay)
	w.await("main[data-order-status=unknown]")
	return p, w
}

// visits counts requests for pages of orders, and answers them otherwise while
// told to.
type visits struct {
	n      atomic.Int64
	answer atomic.Pointer[http.HandlerFunc]
}

func (v *visits) through(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet && strings.HasPrefix(r.URL.Path, "/orders/") {
			v.n.Add(1)
			if answer := v.answer.Load(); answer != nil {
				(*answer)(w, r)
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

func TestAPageThatAsksForItself(t *testing.T) {
	t.Run("says when nobody answers, and goes on", func(t *testing.T) {
		t.Parallel()
		var v visits
		p, w := unsettled(t, v.through)
		w.stays()
		down := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })
		v.answer.Store(&down)
		w.do(chromedp.WaitVisible(chromedp.CSS("[data-lost]")))
		w.saidIs("does not answer")
		w.heard() // the browser's word for a 503
		v.answer.Store(nil)
		p.Pass(5 * time.Second)
		w.await(complete)
		w.stayed()
	})
	t.Run("leads to the sign-in page when the session is over, and back", func(t *testing.T) {
		t.Parallel()
		var v visits
		p, w := unsettled(t, v.through)
		path := w.path()
		w.signedOut()
		w.await("#password")
		w.sentToSignIn(path)
		w.signInHere("lin@example.com")
		if w.path() != path {
			t.Errorf("signing in leads to %s", w.path())
		}
		p.Pass(5 * time.Second)
		w.await(complete)
	})
	t.Run("can be stopped", func(t *testing.T) {
		t.Parallel()
		var v visits
		_, w := unsettled(t, v.through)
		w.press(`main a[href$="?refresh=off"]`)
		if w.has("[data-refresh]") || w.has("noscript") {
			t.Error("it still asks for itself")
		}
	})
}

func TestTheSumFollowsTheChoice(t *testing.T) {
	for language, total := range map[string]string{"en": "CN¥38,250.00", "zh-Hans": "¥38,250.00"} {
		t.Run(language, func(t *testing.T) {
			t.Parallel()
			p := portaltest.New(t)
			w := window(t, open(t, p), language)
			w.signIn("lin@example.com")
			w.visit(p.QuotePath())
			w.stays()
			steps := ask[int](w, "history.length")
			counted := p.Sandbox.Requests()[sandbox.ActionGetInstanceCount]
			if ask[bool](w, fmt.Sprintf("document.querySelector(%q).checkVisibility()", update)) {
				t.Error("there is a button for what happens by itself")
			}
			const enterprise = `[name=edition][value=enterprise]`
			w.choose(`label:has([name=term][value=month-1])`)
			w.choose(`label:has([name=term][value=year-1])`)
			w.choose(`label:has(` + enterprise + `)`)
			w.await(enterprise + "[checked]")
			w.says("38,250.00") // 150.00 × 25 × 12, less 15 %
			w.saidIs(total)
			w.stayed()
			if !ask[bool](w, fmt.Sprintf("document.activeElement === document.querySelector(%q)", enterprise)) {
				t.Error("the focus is lost")
			}
			if got := w.path(); !strings.Contains(got, "edition=enterprise") || !strings.Contains(got, "term=year-1") {
				t.Errorf("the address is %s", got)
			}
			if ask[int](w, "history.length") != steps {
				t.Error("each choice is a step back")
			}
			if n := p.Sandbox.Requests()[sandbox.ActionGetInstanceCount]; n != counted {
				t.Errorf("the choices have counted the machines %d times", n-counted)
			}
			w.press(continu)
			w.says("38,250.00")
		})
	}
	t.Run("the last one's, whichever answer comes last", func(t *testing.T) {
		t.Parallel()
		p := portaltest.New(t)
		slow := newGate(func(r *http.Request) bool { return r.URL.Query().Get("term") == "month-1" })
		w := window(t, open(t, p, slow.through), "en")
		w.signIn("lin@example.com")
		w.visit(p.QuotePath())
		w.choose(`label:has([name=term][value=month-1])`)
		for slow.held.Load() == 0 {
			w.has("main") // until the portal has the question
		}
		if ask[bool](w, `getComputedStyle(document.querySelector(".fresh")).opacity === "1"`) {
			t.Error("the old sum stands as if it belonged to the new choice")
		}
		w.choose(`label:has([name=edition][value=enterprise])`)
		w.choose(`label:has([name=term][value=year-1])`)
		w.await("[name=term][value=year-1][checked]")
		ask[any](w, `fetch("/healthz").then(() => null)`)
		w.await("[name=edition][value=enterprise][checked]")
		w.says("38,250.00")
	})
	t.Run("and where that fails, by the button", func(t *testing.T) {
		t.Parallel()
		p := portaltest.New(t)
		var broken atomic.Bool
		w := window(t, open(t, p, func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if broken.Load() && r.Header.Get("HX-Request") != "" {
					w.WriteHeader(http.StatusServiceUnavailable)
					return
				}
				next.ServeHTTP(w, r)
			})
		}), "en")
		w.signIn("lin@example.com")
		w.visit(p.QuotePath())
		broken.Store(true)
		w.choose(`label:has([name=edition][value=enterprise])`)
		w.do(chromedp.WaitVisible(chromedp.CSS(".stale")), chromedp.WaitNotVisible(chromedp.CSS(".fresh")), chromedp.WaitVisible(chromedp.CSS(update)))
		w.heard() // the browser's word for a 503
		w.press(update)
		w.says("38,250.00")
	})
}

func TestALongListIsFilteredInPlace(t *testing.T) {
	t.Parallel()
	p := portaltest.New(t)
	w := window(t, open(t, p), "en")
	w.signIn("lin@example.com")
	quote(w, p)
	w.press(pay)
	w.await(complete)
	number := order(w, p).Number
	w.visit("/orders")
	w.stays()

	w.enter("#q", "no-such-number")
	w.choose(".filters__do button")
	w.await(".empty")
	w.saidIs("No orders match")
	w.stayed()
	if got := w.path(); !strings.Contains(got, "q=no-such-number") {
		t.Errorf("the address is %s", got)
	}

	// A chip takes its filter away, and what the form shows with it.
	w.do(chromedp.SetValue(chromedp.CSS("#status"), "cancelled"))
	w.choose(".chip")
	w.await(".table")
	w.says(number)
	w.saidIs("1 order")
	w.stayed()
	if got := ask[string](w, `document.getElementById("q").value + document.getElementById("status").value`); got != "" {
		t.Errorf("the filters show %q", got)
	}
	if ask[bool](w, "document.activeElement === document.body") {
		t.Error("the focus is lost")
	}

	// The way back is that of pages.
	ask[any](w, "history.back(), null")
	w.await(".empty")
	w.stayed()
	if got := w.path(); !strings.Contains(got, "q=no-such-number") || ask[string](w, `document.getElementById("q").value`) != "no-such-number" {
		t.Errorf("back at %s the box holds %q", got, ask[string](w, `document.getElementById("q").value`))
	}

	// A session that is over.
	w.signedOut()
	w.choose(".chip")
	w.await("#password")
	w.sentToSignIn("/orders")
}
