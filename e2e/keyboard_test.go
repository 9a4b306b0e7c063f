package e2e_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"portal/models"
	"portal/portaltest"
	"portal/provider/sandbox"
)

// typist is a tab whose person has a keyboard and no mouse. Wherever the focus
// goes, it must be seen and make sense; what is wrong fails the test.
type typist struct {
	*tab
	before stop // where the focus was
}

// stop is where the focus is.
type stop struct {
	What     string  // the element's tag, as it begins
	Body     bool    // nowhere in the page
	Place    int     // among all elements, in the order of the document
	Ring     bool    // something around it shows that it has the focus
	Covered  string  // what lies over its middle
	Outside  bool    // its middle is not in the window
	TabIndex int     // above 0 it would be out of order
	Left     float64 // where it is on the page
	Top      float64
}

// focus finds out. What stands for a hidden radio or box is its label.
const focus = `(() => {
	const at = document.activeElement;
	const shown = at.closest("label.choice, label.pill, .tick") ?? at;
	const ringed = [at, shown].some(e => { const s = getComputedStyle(e); return s.outlineStyle !== "none" && parseFloat(s.outlineWidth) >= 2 });
	const box = at.getClientRects()[0] ?? at.getBoundingClientRect(); // of a link on two lines, the first
	const x = box.left + box.width / 2, y = box.top + box.height / 2;
	const top = document.elementFromPoint(x, y);
	const mine = top && (at.contains(top) || shown.contains(top));
	return JSON.stringify({
		what: at.outerHTML.slice(0, 100), body: at === document.body, place: [...document.querySelectorAll("*")].indexOf(at),
		ring: ringed, covered: top && !mine ? top.outerHTML.slice(0, 100) : "", outside: !top, tabIndex: at.tabIndex,
		left: box.left + scrollX, top: box.top + scrollY,
	});
})()`

func (k *typist) focus() stop {
	k.t.Helper()
	var s stop
	if err := json.Unmarshal([]byte(run(k.tab, chromedp.Evaluate[string](focus))), &s); err != nil {
		k.t.Fatal(err)
	}
	return s
}

// key is one key of the keyboard.
type key struct {
	name, text string
	code       int64
	shift      bool
}

var (
	tabKey   = key{name: "Tab", code: 9}
	shiftTab = key{name: "Tab", code: 9, shift: true}
	enter    = key{name: "Enter", text: "\r", code: 13}
	space    = key{name: " ", text: " ", code: 32}
	down     = key{name: "ArrowDown", code: 40}
)

// press presses and releases a key. What a key types comes with its going down, as
// in life: the page that Enter leads to must not get it.
func (k *typist) press(pressed key) {
	k.t.Helper()
	event := input.DispatchKeyEventParams{
		Type: input.DispatchKeyEventTypeKeyDown, Key: pressed.name, Text: pressed.text, WindowsVirtualKeyCode: pressed.code,
	}
	if pressed.shift {
		event.Modifiers = int64(kb.ModifierShift)
	}
	call(k.tab, input.DispatchKeyEvent, event)
	event.Type, event.Text = input.DispatchKeyEventTypeKeyUp, ""
	call(k.tab, input.DispatchKeyEvent, event)
}

// types types words.
func (k *typist) types(words string) { k.t.Helper(); k.do(chromedp.KeyEvent(words)) }

// seen fails unless the focus is somewhere and to be seen there.
func (k *typist) seen(s stop) {
	k.t.Helper()
	switch {
	case s.Body:
		k.t.Fatalf("%s: after %s the focus is nowhere", k.path(), k.before.What)
	case s.Outside:
		k.t.Errorf("%s: the focus is out of sight: %s", k.path(), s.What)
	case s.Covered != "":
		k.t.Errorf("%s: the focus is covered: %s lies over %s", k.path(), s.Covered, s.What)
	case !s.Ring:
		k.t.Errorf("%s: nothing shows that the focus is at %s", k.path(), s.What)
	case s.TabIndex > 0:
		k.t.Errorf("%s: it is out of order: %s", k.path(), s.What)
	}
}

// onward presses Tab once. The focus goes down the page, or into the next column.
func (k *typist) onward() stop {
	k.t.Helper()
	before := k.before
	s := k.next()
	if s.Place <= before.Place {
		k.t.Errorf("%s: the focus goes back in the page, from %s to %s", k.path(), before.What, s.What)
	}
	return s
}

// next is the same where the page is shown in another order than it is written in.
func (k *typist) next() stop {
	k.t.Helper()
	k.press(tabKey)
	s := k.focus()
	k.seen(s)
	if k.before.Place > 0 && s.Top+2 < k.before.Top && s.Left <= k.before.Left {
		k.t.Errorf("%s: the focus goes up, from %s to %s", k.path(), k.before.What, s.What)
	}
	k.before = s
	return s
}

// to presses Tab until the focus is at an element.
func (k *typist) to(css string) {
	k.t.Helper()
	for range 60 {
		if k.at(css) {
			return
		}
		k.onward()
	}
	k.t.Fatalf("%s: Tab does not lead to %s", k.path(), css)
}

// at says whether the focus is at an element.
func (k *typist) at(css string) bool {
	k.t.Helper()
	return run(k.tab, chromedp.Evaluate[bool](fmt.Sprintf("document.activeElement.matches(%q)", css)))
}

// skip leaves out the top of a page: the first Tab offers to, and Enter does it.
func (k *typist) skip() {
	k.t.Helper()
	k.before = stop{}
	k.onward()
	if !k.at(".skip") {
		k.t.Errorf("%s: the first Tab leads to %s", k.path(), k.before.What)
	}
	k.press(enter)
	if !k.at("main") {
		k.t.Errorf("%s: skipping leads to %s", k.path(), k.focus().What)
	}
	if k.onward(); !k.at("main *") {
		k.t.Errorf("%s: after skipping, Tab leads to %s", k.path(), k.before.What)
	}
}

// enters presses Enter, and waits for something of the page that it leads to.
func (k *typist) enters(css string) {
	k.t.Helper()
	k.press(enter)
	k.await(css)
	k.do(chromedp.Evaluate[chromedp.Void](loaded, chromedp.EvalAwaitPromise))
	k.before = stop{}
}

// loaded waits until a page has all that it asked for, and its focus with it.
const loaded = `new Promise(done => document.readyState === "complete" ? done() : addEventListener("load", () => setTimeout(done)))`

// pick takes another choice of the group that the focus is in, by the arrows.
func (k *typist) pick(css string) {
	k.t.Helper()
	for range 10 {
		if k.at(css) {
			break
		}
		k.press(down)
		k.seen(k.focus())
	}
	if !k.at(css + ":checked") {
		k.t.Fatalf("%s: the arrows do not lead to %s", k.path(), css)
	}
	k.before = k.focus()
}

// signsIn is the way in.
func (k *typist) signsIn(email string) {
	k.t.Helper()
	k.visit("/sign-in")
	k.before = stop{}
	k.to("#email")
	k.types(email)
	k.to("#password")
	k.types(portaltest.Password)
	k.enters(`form[action="/sign-out"]`)
}

// TestEveryJourneyByKeyboard walks without a mouse: what sees where the focus is,
// and that nothing lies over it, sees it at each stop.
func TestEveryJourneyByKeyboard(t *testing.T) {
	t.Run("signing in, with a mistake", func(t *testing.T) {
		t.Parallel()
		p := portaltest.New(t)
		k := &typist{tab: window(t, serve(t, p.Handler), "en")}
		k.visit("/sign-in")
		k.to("main form button")
		k.enters(".problems:focus")
		if !k.at(".problems") {
			t.Fatalf("the summary of what is wrong has not the focus, but %s", k.focus().What)
		}
		k.seen(k.focus())
		k.to(`.problems a[href="#email"]`)
		k.press(enter)
		if !k.at("#email") {
			t.Fatalf("the summary leads to %s", k.focus().What)
		}
		k.before = stop{}
		k.types("lin@example.com")
		k.to("#password")
		k.types(portaltest.Password)
		// Back to the address and on again: Shift+Tab is the same way.
		k.press(shiftTab)
		if !k.at("#email") {
			t.Errorf("Shift+Tab leads from the password to %s", k.focus().What)
		}
		k.seen(k.focus())
		k.press(tabKey)
		k.enters(`form[action="/sign-out"]`)
		if k.path() != p.AccountPath() {
			t.Errorf("it leads to %s", k.path())
		}
	})

	// On a desktop, on a phone enlarged as far as it goes, and on one where what leads
	// on lies over the page's end.
	for name, size := range map[string][2]int64{"wide": {1280, 720}, "narrow": {320, 480}, "narrow and high": {320, 640}} {
		t.Run("buying, renewing, upgrading and refunding, "+name, func(t *testing.T) {
			t.Parallel()
			p := portaltest.New(t)
			k := &typist{tab: window(t, open(t, p), "en")}
			k.do(chromedp.EmulateViewport(size[0], size[1]))
			done := 0
			// order is one journey, from the subscription's page to the order's end.
			order := func(kind models.Kind, choose, confirm func()) {
				t.Helper()
				t.Run(string(kind), func(t *testing.T) {
					k.lend(t)
					p.Pass(10 * 7 * 24 * time.Hour) // the last order is some time ago
					k.signsIn("lin@example.com")
					k.skip()
					k.to(offer(kind))
					k.enters(continu)
					k.skip()
					choose()
					k.to(continu)
					k.enters(".place")
					k.skip()
					confirm()
					k.enters("main[data-order-status]")
					k.await(complete)
					done++
					charges(t, p, done)
				})
			}
			pays := func() { k.to(pay) }
			order(models.Buy, func() {
				k.to("[name=edition]")
				k.pick("[name=edition][value=pro]")
				k.to("[name=term]")
				k.pick(`[name=term][value="year-1"]`)
				k.to("#auto_renew")
				k.press(space)
				k.to("[name=auto_renew_months]")
				k.pick(`[name=auto_renew_months][value="12"]`)
			}, pays)
			if held := p.Held(); held.Edition != models.Pro || !held.AutoRenew {
				t.Errorf("the keys have bought %+v", held)
			}
			order(models.Renew, func() {
				k.to("[name=term]")
				k.pick(`[name=term][value="year-2"]`)
			}, pays)
			order(models.Upgrade, func() {}, pays)
			order(models.Refund, func() {}, func() {
				k.to("#instance_id")
				k.types(p.Held().InstanceID)
				k.to(danger)
			})
		})
	}

	// What skipping leaves out: each row from its start to its end.
	t.Run("the top of a page", func(t *testing.T) {
		t.Parallel()
		p := portaltest.New(t)
		server := serve(t, p.Handler)
		for _, email := range []string{"lin@example.com", "support@example.com", operator} {
			for _, width := range []int64{1280, 768, 320} {
				t.Run(fmt.Sprintf("for %s at %d", email, width), func(t *testing.T) {
					k := &typist{tab: window(t, server, "en")}
					k.do(chromedp.EmulateViewport(width, 720))
					k.signsIn(email)
					k.visit("/orders")
					k.before = stop{}
					k.onward() // to skip
					k.before = stop{}
					stops := 0
					for before := k.next(); k.at(".sandbox *, .top *"); stops++ {
						if s := k.next(); s.Top+2 >= before.Top && s.Top < before.Top+8 && s.Left < before.Left && k.at(".top *") {
							t.Errorf("the focus goes back in its row, from %s to %s", before.What, s.What)
						}
						before = k.before
					}
					if want := run(k.tab, chromedp.Evaluate[int]("document.querySelectorAll('.sandbox a, .top :is(a, button, input:not([type=hidden]))').length")); stops != want {
						t.Errorf("Tab stops %d times of %d", stops, want)
					}
				})
			}
		}
	})

	t.Run("taking an order back", func(t *testing.T) {
		t.Parallel()
		p := portaltest.New(t)
		k := &typist{tab: window(t, serve(t, p.Handler), "en")} // nobody takes the order up
		k.signsIn("lin@example.com")
		b := p.SignedIn("lin@example.com")
		k.visit("/orders/" + b.Place(b.Quote("pro", "year-1")))
		k.skip()
		k.to(`form[action$="/cancel"] button`)
		k.enters("main[data-order-status=cancelled]")
	})

	t.Run("settling", func(t *testing.T) {
		t.Parallel()
		p := portaltest.New(t)
		fault(p, sandbox.Rule{Action: sandbox.ActionCreateInstance, Fault: sandbox.FaultDropBefore, Times: 1})
		b := p.SignedIn("lin@example.com")
		number := b.Place(b.Quote("pro", "year-1"))
		p.Worker.RunOnce(t.Context())
		p.Pass(25 * time.Hour) // beyond the time in which a token is known
		p.Worker.RunOnce(t.Context())
		k := &typist{tab: window(t, serve(t, p.Handler), "en")}
		k.signsIn(operator)
		k.visit("/orders/" + number)
		k.skip()
		k.to("[name=as]")
		k.press(space)
		k.pick("[name=as][value=rejected]")
		k.to("#looked")
		k.press(space)
		k.to("#reason")
		k.types("Not on the bill until 18:00, ticket 4711.")
		k.to(settles)
		k.enters("main[data-order-status=rejected]")
	})

	t.Run("inviting", func(t *testing.T) {
		t.Parallel()
		p := portaltest.New(t)
		k := &typist{tab: window(t, serve(t, p.Handler), "en")}
		k.signsIn(operator)
		k.visit(p.AccountPath() + "/people")
		k.skip()
		k.to("#email")
		k.types("zhao.min@example.com")
		k.to("main form.card button")
		k.enters(".copy")
		if !strings.Contains(k.text(), "zhao.min@example.com") {
			t.Error("nobody was invited")
		}
	})
}
