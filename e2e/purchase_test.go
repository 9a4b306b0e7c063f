package e2e_test

import (
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"portal/models"
	"portal/portaltest"
	"portal/provider/sandbox"
)

const (
	buyLink  = `main a[href="/accounts/1/quote?kind=buy"]`
	update   = `.quote__go button[formmethod=get]`
	continu  = `.quote__go button:not([formmethod])`
	pay      = `.button--pay`
	danger   = `.button--danger`
	complete = `main[data-order-status=completed]`
)

// slowly makes the provider take its time, so that a customer has something to
// watch.
func slowly(p *portaltest.Portal) {
	fault(p, sandbox.Rule{Action: sandbox.ActionCreateInstance, Fault: sandbox.FaultDelayBefore, Delay: 700 * time.Millisecond, Times: 1})
}

func fault(p *portaltest.Portal, r sandbox.Rule) {
	p.T.Helper()
	if err := p.Sandbox.AddFault(r); err != nil {
		p.T.Fatal(err)
	}
}

// order is the order whose page the tab shows.
func order(w *tab, p *portaltest.Portal) models.Order {
	w.t.Helper()
	number, ok := strings.CutPrefix(w.path(), "/orders/")
	if !ok {
		w.t.Fatalf("%s is no order's page", w.path())
	}
	o, err := p.Store.Order(w.t.Context(), p.Viewer("operator@example.com"), number)
	if err != nil {
		w.t.Fatal(err)
	}
	return o
}

// quote gets a quote for the defaults and stays on the page that checks it.
func quote(w *tab, p *portaltest.Portal) {
	w.t.Helper()
	w.visit(p.QuotePath())
	w.press(continu)
	if !strings.HasPrefix(w.path(), "/quotes/") {
		w.t.Fatalf("quoting leads to %s", w.path())
	}
}

func charges(t *testing.T, p *portaltest.Portal, want int) {
	t.Helper()
	if ledger := p.Sandbox.Ledger(); len(ledger) != want {
		t.Errorf("%d charges, not %d: %+v", len(ledger), want, ledger)
	}
}

func TestAPurchaseInTheBrowser(t *testing.T) {
	for language, accept := range map[string]string{
		"zh-Hans": "zh-CN,zh;q=0.9",
		"en":      "zh-CN", // and English is chosen on the page
	} {
		t.Run(language, func(t *testing.T) {
			t.Parallel()
			p := portaltest.New(t)
			slowly(p)
			w := window(t, open(t, p), accept).withoutScript()

			// In.
			w.visit("/")
			if w.path() != "/sign-in" {
				t.Fatalf("a stranger is sent to %s", w.path())
			}
			if language == "en" {
				w.press(`button[name=language][value=en]`)
			}
			w.await(`html[lang="` + language + `"]`)
			w.enter("#email", "lin@example.com")
			w.enter("#password", portaltest.Password)
			w.press("main form button")
			if w.path() != p.AccountPath() {
				t.Fatalf("a customer is sent to %s", w.path())
			}

			// A quote. A sum is never beside a choice that it does not belong to.
			w.press(buyLink)
			w.choose(`label:has([name=edition][value=enterprise])`)
			w.choose(`label:has([name=term][value=year-1])`)
			w.choose(`label[for=auto_renew]`)
			w.choose(`label:has([name=auto_renew_months][value="12"])`)
			w.do(chromedp.WaitVisible(chromedp.CSS(".stale")), chromedp.WaitNotVisible(chromedp.CSS(".fresh")))
			w.press(update)
			w.do(chromedp.WaitVisible(chromedp.CSS(".fresh")), chromedp.WaitNotVisible(chromedp.CSS(".stale")))
			keeps := func() {
				t.Helper()
				for _, field := range []string{"[name=edition][value=enterprise]", "[name=term][value=year-1]", "#auto_renew", `[name=auto_renew_months][value="12"]`} {
					if !w.has(field + ":checked") {
						t.Errorf("the form has lost %s", field)
					}
				}
				w.says("38,250.00") // 150.00 × 25 × 12, less 15 %
			}
			keeps()

			// The check, back to the form, and the check again.
			w.press(continu)
			first := w.path()
			w.says("38,250.00", "lin@example.com", "Linhai Trading", "1000000000000025")
			w.press(`.facts__change a[href$="#term"]`)
			keeps()
			w.press(continu)
			if second := w.path(); second == first || !strings.HasPrefix(second, "/quotes/") {
				t.Fatalf("the changed quote is at %s", second)
			}
			charges(t, p, 0)

			// The purchase, which is watched without a hand on the page.
			w.press(pay)
			if w.has(complete) {
				t.Fatal("there was nothing to watch")
			}
			w.await(complete)
			o := order(w, p)
			w.says(o.Number, o.ProviderOrderID, o.InstanceID, o.RequestID, "38,250.00")
			if w.has("meta[http-equiv=refresh]") {
				t.Error("a settled order's page still refreshes itself")
			}
			charges(t, p, 1)
			if got := p.Sandbox.Ledger()[0]; got.AmountFen != int64(o.TotalFen) || got.InstanceID != o.InstanceID || got.BuyNumber != 25 {
				t.Errorf("%+v is not %+v", got, o)
			}

			// The log finds it, and only it.
			w.press(`.nav a[href="/orders"]`)
			w.enter("#q", o.InstanceID)
			w.press(".filters__do button")
			w.says(o.Number)
			w.enter("#q", "no-such-number")
			w.press(".filters__do button")
			if strings.Contains(w.text(), o.Number) {
				t.Error("the log finds an order by somebody else's number")
			}

			// Out, for good.
			w.press(`form[action="/sign-out"] button`)
			if w.path() != "/sign-in" {
				t.Fatalf("signing out leads to %s", w.path())
			}
			w.back()
			if !strings.HasPrefix(w.path(), "/sign-in") {
				t.Errorf("after signing out, back leads to %s", w.path())
			}
			w.visit("/orders/" + o.Number)
			if !strings.HasPrefix(w.path(), "/sign-in") {
				t.Fatalf("after signing out, %s can still be seen", w.path())
			}
		})
	}
}

func TestGoingBackAfterPayingLandsOnTheOrder(t *testing.T) {
	t.Parallel()
	p := portaltest.New(t)
	w := window(t, open(t, p), "en").withoutScript()
	w.signIn("lin@example.com")
	quote(w, p)
	w.press(pay)
	w.await(complete)
	paid := w.path()
	w.back()
	if w.path() != paid || w.has(pay) {
		t.Errorf("back leads to %s, where one can pay: %t", w.path(), w.has(pay))
	}
	charges(t, p, 1)
}

func TestADoubleClickPaysOnce(t *testing.T) {
	t.Parallel()
	p := portaltest.New(t)
	w := window(t, open(t, p), "en").withoutScript()
	w.signIn("lin@example.com")
	quote(w, p)
	w.do(chromedp.DoubleClick(chromedp.CSS(pay)))
	w.await(complete)
	charges(t, p, 1)
}

func TestTwoTabs(t *testing.T) {
	t.Run("with one quote lead to one order", func(t *testing.T) {
		t.Parallel()
		p := portaltest.New(t)
		w := window(t, open(t, p), "en").withoutScript()
		w.signIn("lin@example.com")
		quote(w, p)
		other := w.another().withoutScript()
		other.visit(w.path())
		w.press(pay)
		other.press(pay)
		w.await(complete)
		other.await(complete)
		if w.path() != other.path() {
			t.Errorf("%s and %s", w.path(), other.path())
		}
		charges(t, p, 1)
	})
	t.Run("with a quote each lead to one order, and the second says why", func(t *testing.T) {
		t.Parallel()
		p := portaltest.New(t)
		fault(p, sandbox.Rule{Action: sandbox.ActionCreateInstance, Fault: sandbox.FaultDropBefore, Times: 1}) // it stays open
		w := window(t, open(t, p), "en").withoutScript()
		w.signIn("lin@example.com")
		other := w.another().withoutScript()
		other.prefer("en")
		quote(w, p)
		quote(other, p)
		w.press(pay)
		number := order(w, p).Number
		if status := other.press(pay); status != 409 {
			t.Errorf("the second purchase answers %d", status)
		}
		other.says(number)
		other.press(`.problems a[href="/orders/` + number + `"]`)
		p.Pass(5 * time.Second)
		w.await(complete)
		other.await(complete)
		charges(t, p, 1)
	})
}

func TestAnUnknownOutcomeResolvesWhileTheCustomerWatches(t *testing.T) {
	t.Parallel()
	p := portaltest.New(t)
	fault(p, sandbox.Rule{Action: sandbox.ActionCreateInstance, Fault: sandbox.FaultDropAfter, Times: 1})
	w := window(t, open(t, p), "en").withoutScript()
	w.signIn("lin@example.com")
	quote(w, p)
	w.press(pay)
	w.await("main[data-order-status=unknown]")
	charges(t, p, 1) // the provider has done it; nobody here knows

	p.Pass(5 * time.Second)
	w.await(complete)
	o := order(w, p)
	w.says(o.Number, o.ProviderOrderID, o.InstanceID)
	charges(t, p, 1)
	if sends := p.Sandbox.Requests()[sandbox.ActionCreateInstance]; sends != 2 {
		t.Errorf("%d sends", sends)
	}
}
