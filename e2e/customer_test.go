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

// night is longer than a session lasts, and than a quote holds.
const night = 9 * time.Hour

// lin is the account's customer.
const lin = "lin@example.com"

// holder is a portal whose account holds a subscription.
func holder(t *testing.T) *portaltest.Portal {
	t.Helper()
	p := portaltest.New(t)
	p.SignedIn(lin).Carry(models.Buy)
	return p
}

// TestASessionThatEndsInTheMiddleOfAPurchase: nothing that was chosen is lost, and
// nothing is bought before the customer presses the button again.
func TestASessionThatEndsInTheMiddleOfAPurchase(t *testing.T) {
	choices := []string{"[name=edition][value=enterprise]", "[name=term][value=year-1]", "#auto_renew", `[name=auto_renew_months][value="12"]`}
	chosen := func(w *tab, choices ...string) {
		w.t.Helper()
		for _, css := range choices {
			if !w.has(css + ":checked") {
				w.t.Errorf("the form has lost %s", css)
			}
		}
	}
	choose := func(w *tab) {
		w.t.Helper()
		w.choose(`label:has([name=edition][value=enterprise])`)
		w.choose(`label:has([name=term][value=year-1])`)
		w.choose(`label[for=auto_renew]`)
		w.choose(`label:has([name=auto_renew_months][value="12"])`)
	}
	pays := func(w *tab, p *portaltest.Portal) {
		w.t.Helper()
		w.says("38,250.00")
		charges(w.t, p, 0)
		w.press(pay)
		w.becomes(complete)
		charges(w.t, p, 1)
	}
	t.Run("on the form: it comes back filled in", func(t *testing.T) {
		t.Parallel()
		p := portaltest.New(t)
		w := window(t, open(t, p), "en").withoutScript().as(p, lin)
		w.visit(p.QuotePath())
		choose(w)
		p.Pass(night)
		w.press(continu)
		w.sentToSignIn(p.AccountPath() + "/quote?")
		w.signInHere(lin)
		chosen(w, choices...)
		w.press(continu)
		pays(w, p)
	})
	t.Run("on the form with script: it comes back with the choice that found out", func(t *testing.T) {
		t.Parallel()
		p := portaltest.New(t)
		w := window(t, open(t, p), "en").as(p, lin)
		w.visit(p.QuotePath())
		w.choose(`label:has([name=edition][value=enterprise])`)
		w.await("[name=edition][value=enterprise][checked]")
		w.signedOut()
		w.choose(`label:has([name=term][value=month-6])`)
		w.await("#password")
		w.sentToSignIn(p.AccountPath() + "/quote?")
		w.signInHere(lin)
		chosen(w, "[name=edition][value=enterprise]", "[name=term][value=month-6]")
		charges(t, p, 0)
	})
	t.Run("on the check page: it comes back, and is paid for with a second press", func(t *testing.T) {
		t.Parallel()
		p := portaltest.New(t)
		w := window(t, open(t, p), "en").withoutScript().as(p, lin)
		w.visit(p.QuotePath())
		choose(w)
		w.press(continu)
		check := w.path()
		w.signedOut()
		w.press(pay)
		w.sentToSignIn(check)
		w.signInHere(lin)
		w.isAt(check)
		pays(w, p)
	})
	t.Run("on the check page overnight: it says that the price no longer holds, and leads to the form as it was", func(t *testing.T) {
		t.Parallel()
		p := portaltest.New(t)
		w := window(t, open(t, p), "en").withoutScript().as(p, lin)
		w.visit(p.QuotePath())
		choose(w)
		w.press(continu)
		check := w.path()
		p.Pass(night)
		w.press(pay)
		w.sentToSignIn(check)
		w.signInHere(lin)
		w.isAt(check)
		if w.has(pay) {
			t.Error("a quote can be paid for that no longer holds")
		}
		w.press(".quote__end a.button")
		chosen(w, choices...)
		w.press(continu)
		pays(w, p)
	})
}

// TestASessionThatEndsInTheMiddleOfARefund: nothing is refunded by signing in, and
// the instance has to be named again.
func TestASessionThatEndsInTheMiddleOfARefund(t *testing.T) {
	t.Parallel()
	p := holder(t)
	w := window(t, open(t, p), "en").withoutScript().as(p, lin)
	w.visit(p.AccountPath())
	w.press(offer(models.Refund))
	w.press(continu)
	check := w.path()
	w.enter("#instance_id", p.Held().InstanceID)
	w.signedOut()
	w.press(danger)
	w.sentToSignIn(check)
	w.signInHere(lin)
	w.isAt(check)
	charges(t, p, 1)
	w.enter("#instance_id", p.Held().InstanceID)
	w.press(danger)
	w.becomes(complete)
	charges(t, p, 2)
}

// TestARefusalSaysWhatToDo: the provider turns down a renewal, an upgrade and a
// refund. Each page says that nothing moved and why, and leads on; then the same
// is ordered again, and succeeds.
func TestARefusalSaysWhatToDo(t *testing.T) {
	for kind, refusal := range map[models.Kind]struct{ action, code, title, advice string }{
		models.Renew:   {sandbox.ActionRenewInstance, "InsufficientBalance", "Not renewed. Nothing was charged", "Ask whoever pays to top it up, then order again."},
		models.Upgrade: {sandbox.ActionUpgradeInstance, "InvalidUpgrade.NotHigher", "Not upgraded. Nothing was charged", "Get a new quote, for a higher edition or for more machines."},
		models.Refund:  {sandbox.ActionRefundInstance, "Forbidden.Refund", "Not refunded. Your subscription is unchanged", "Ask the operator to grant the AccessKey this permission (RAM), then try again."},
	} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			p := holder(t)
			fault(p, sandbox.Rule{Action: refusal.action, Fault: sandbox.FaultReject, Code: refusal.code, Times: 1})
			w := window(t, open(t, p), "en").withoutScript().as(p, lin)
			carry := func(ends string) {
				t.Helper()
				w.press(continu)
				if kind == models.Refund {
					w.enter("#instance_id", p.Held().InstanceID)
					w.press(danger)
				} else {
					w.press(pay)
				}
				w.becomes(ends)
			}
			before := p.Held()
			w.visit(p.AccountPath())
			w.press(offer(kind))
			carry("main[data-order-status=rejected]")
			w.says(refusal.title, refusal.code, refusal.advice)
			if w.has("[data-refresh]") || w.has("meta[http-equiv=refresh]") {
				t.Error("the page of what is over asks for itself again")
			}
			charges(t, p, 1)
			if held := p.Held(); !held.EndsAt.Equal(before.EndsAt) || held.Edition != before.Edition {
				t.Errorf("what was refused has changed %+v to %+v", before, held)
			}
			w.press(`main a[href="/accounts/1/quote?kind=` + string(kind) + `"]`)
			carry(complete)
			charges(t, p, 2)
		})
	}
}

// TestAnUnknownRenewalAndUpgradeResolveWhileTheCustomerWatches: with the answer
// lost, each is charged once.
func TestAnUnknownRenewalAndUpgradeResolveWhileTheCustomerWatches(t *testing.T) {
	for kind, script := range map[models.Kind]bool{models.Renew: false, models.Upgrade: true} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			p := holder(t)
			fault(p, sandbox.Rule{Action: kind.Action(), Fault: sandbox.FaultDropAfter, Times: 1})
			w := window(t, open(t, p), "en").scripted(script).as(p, lin)
			w.visit(p.AccountPath())
			w.press(offer(kind))
			w.press(continu)
			w.press(pay)
			w.becomes("main[data-order-status=unknown]")
			w.says("Do not order again")
			charges(t, p, 2)
			if script {
				w.stays()
			}
			p.Pass(5 * time.Second)
			w.await(complete)
			if script {
				w.stayed()
			}
			charges(t, p, 2)
		})
	}
}

// TestTheButtonOfALongSumIsInSight: an upgrade's sum is higher than a laptop's
// window, and whoever goes to its button sees it whole.
func TestTheButtonOfALongSumIsInSight(t *testing.T) {
	t.Parallel()
	p := holder(t)
	w := window(t, open(t, p), "en").as(p, lin)
	w.visit(p.AccountPath())
	w.press(offer(models.Upgrade))
	w.press(continu)
	for _, height := range []int64{720, 800, 1080} {
		w.do(chromedp.EmulateViewport(1280, height))
		ask[any](w, "scrollTo(0, 0), null")
		w.do(chromedp.Evaluate[chromedp.Void]("document.activeElement.blur()"), chromedp.Focus(chromedp.CSS(pay)))
		if below := ask[float64](w, `document.querySelector(".button--pay").getBoundingClientRect().bottom - innerHeight`); below > 0 {
			t.Errorf("in a window of %d pixels %v of it are below", height, below)
		}
	}
}

// TestTwoTabsRenewOnce: what the second tab offers is out of date by then, so it
// shows old and new side by side instead of renewing.
func TestTwoTabsRenewOnce(t *testing.T) {
	t.Parallel()
	p := holder(t)
	w := window(t, open(t, p), "en").withoutScript().as(p, lin)
	other := w.another().withoutScript()
	other.prefer("en")
	for _, tab := range []*tab{w, other} {
		tab.visit(p.AccountPath())
		tab.press(offer(models.Renew))
		tab.choose(`input[name=term][value="year-1"]`)
		tab.press(continu)
	}
	stale := other.path()
	if w.path() == stale {
		t.Fatal("both tabs have one quote")
	}
	w.press(pay)
	w.becomes(complete)
	charges(t, p, 2)
	other.press(pay)
	if got := other.path(); got == stale || !strings.HasPrefix(got, "/quotes/") || !other.has("#compare") {
		t.Errorf("the second tab is at %s, and compares: %t", got, other.has("#compare"))
	}
	charges(t, p, 2)
}

func TestGoingBackAfterARefundLandsOnTheOrder(t *testing.T) {
	t.Parallel()
	p := holder(t)
	w := window(t, open(t, p), "en").withoutScript().as(p, lin)
	w.visit(p.AccountPath())
	w.press(offer(models.Refund))
	w.press(continu)
	w.enter("#instance_id", p.Held().InstanceID)
	w.press(danger)
	w.becomes(complete)
	refunded := w.path()
	w.back()
	w.isAt(refunded)
	if w.has(danger) {
		t.Error("it can be refunded again")
	}
	w.back() // the form: there is nothing any more that it could give back
	if w.has(continu) {
		t.Errorf("%s asks for another refund", w.path())
	}
	charges(t, p, 2)
}
