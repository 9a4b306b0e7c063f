package e2e_test

import (
	"strings"
	"testing"
	"time"

	"portal/models"
	"portal/portaltest"
	"portal/provider/sandbox"
)

const week = 7 * 24 * time.Hour

// offer is the button on the subscription's page that leads to a kind's form.
func offer(kind models.Kind) string {
	return `main a.button[href="/accounts/1/quote?kind=` + string(kind) + `"]`
}

// passes lets time go by for everybody, and signs the customer in again: no
// session lasts that long.
func passes(w *tab, p *portaltest.Portal, d time.Duration) {
	w.t.Helper()
	p.Pass(d)
	w.signIn("lin@example.com")
}

// TestAWholeLifeInABrowser: without script, in both languages, a customer buys,
// renews, upgrades by edition and by count, gets a refund and buys anew.
func TestAWholeLifeInABrowser(t *testing.T) {
	for _, language := range []string{"zh-CN", "en"} {
		t.Run(language, func(t *testing.T) {
			t.Parallel()
			p := portaltest.New(t)
			w := window(t, open(t, p), language).withoutScript()
			w.signIn("lin@example.com")

			// carry goes from the subscription's page through form and check to the
			// order's end, all by buttons.
			carry := func(kind models.Kind, choose ...string) models.Order {
				t.Helper()
				before := len(p.Sandbox.Ledger())
				w.visit(p.AccountPath())
				w.press(offer(kind))
				for _, css := range choose {
					w.choose(css)
				}
				w.press(continu)
				if !strings.HasPrefix(w.path(), "/quotes/") {
					t.Fatalf("the form of a %s leads to %s:\n%s", kind, w.path(), w.text())
				}
				charges(t, p, before)
				if kind == models.Refund {
					// Pressed without the id, it says so and refunds nothing.
					if status := w.press(danger); status != 422 || !w.has(`#instance_id[aria-invalid=true]`) {
						t.Errorf("a refund that is not confirmed answers %d", status)
					}
					w.enter("#instance_id", p.Held().InstanceID)
					w.press(danger)
				} else {
					w.press(pay)
				}
				w.await(complete)
				charges(t, p, before+1)
				o := order(w, p)
				w.says(o.Number, o.InstanceID, o.RequestID)
				entry := p.Sandbox.Ledger()[before]
				if off := models.Fen(entry.AmountFen) - o.TotalFen; off < -4 || off > 4 || entry.InstanceID != o.InstanceID {
					t.Errorf("the ledger says %+v, the portal %+v", entry, o)
				}
				w.visit(p.AccountPath())
				w.says(o.Number)
				return o
			}

			bought := carry(models.Buy)
			passes(w, p, 10*week)
			renewed := carry(models.Renew, `input[name=term][value="year-2"]`)
			if !renewed.StartsAt.Equal(*bought.EndsAt) || renewed.Duration != 2 {
				t.Errorf("%+v", renewed)
			}
			passes(w, p, 10*week)
			carry(models.Upgrade) // Enterprise is the one that is higher
			if held := p.Held(); held.Edition != models.Enterprise || held.InstanceCount != 25 {
				t.Errorf("%+v", held)
			}
			if err := p.Sandbox.SetMachines(portaltest.Owner, 30); err != nil {
				t.Fatal(err)
			}
			passes(w, p, week)
			w.visit(p.AccountPath())
			w.says("30", "25") // owned and covered
			carry(models.Upgrade)
			if held := p.Held(); held.InstanceCount != 30 || held.Last().InstanceCount != 30 {
				t.Errorf("%+v", held)
			}
			passes(w, p, week)
			carry(models.Refund)
			if w.has(offer(models.Renew)) {
				t.Error("what was refunded can be renewed")
			}
			if again := carry(models.Buy); again.InstanceID == bought.InstanceID {
				t.Error("the second purchase has the first one's instance")
			}
		})
	}
}

// TestARefundWhoseAnswerWasLostResolvesWhileTheCustomerWatches: it has no token,
// and is asked for again; the instance is gone by then.
func TestARefundWhoseAnswerWasLostResolvesWhileTheCustomerWatches(t *testing.T) {
	t.Parallel()
	p := portaltest.New(t)
	w := window(t, open(t, p), "en").withoutScript()
	w.signIn("lin@example.com")
	quote(w, p)
	w.press(pay)
	w.await(complete)
	fault(p, sandbox.Rule{Action: sandbox.ActionRefundInstance, Fault: sandbox.FaultDropAfter, Times: 1})
	w.visit(p.AccountPath())
	w.press(offer(models.Refund))
	w.press(continu)
	w.enter("#instance_id", p.Held().InstanceID)
	w.press(danger)
	w.await("main[data-order-status=unknown]")
	p.Pass(30 * time.Second)
	w.await(complete)
	charges(t, p, 2) // the purchase and one refund
}
