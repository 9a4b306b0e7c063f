package e2e_test

import (
	"testing"
	"time"

	"portal/models"
	"portal/portaltest"
	"portal/provider/sandbox"
)

// reviewed is a portal with an order that only a person can find the end of.
func reviewed(t *testing.T, f sandbox.Fault) (*portaltest.Portal, string) {
	t.Helper()
	p := portaltest.New(t)
	fault(p, sandbox.Rule{Action: sandbox.ActionCreateInstance, Fault: f, Times: 1})
	b := p.SignedIn(lin)
	number := b.Place(b.Quote("pro", "year-1"))
	p.Worker.RunOnce(t.Context())
	p.Pass(25 * time.Hour) // beyond the time in which a token is known
	p.Worker.RunOnce(t.Context())
	return p, "/orders/" + number
}

func TestAnOperatorSettlesAnOrderAndTheCustomerIsTold(t *testing.T) {
	t.Parallel()
	p, page := reviewed(t, sandbox.FaultDropBefore)
	base := open(t, p)
	customer := window(t, base, "en").withoutScript().as(p, lin)
	customer.visit(page)
	customer.says("A person is checking this order. Do not order again")

	w := window(t, base, "en").withoutScript().as(p, operator)
	w.visit("/dashboard")
	w.press(`.nav a[href="/review"]`)
	w.press(`main a[href="` + page + `"]`)

	// A session that is over leads back to the desk, and settles nothing.
	w.signedOut()
	w.press(settles)
	w.sentToSignIn(page)
	w.signInHere(operator)
	w.isAt(page)

	// Nothing decided, and then half of it.
	w.answers(w.press(settles), 422)
	w.says("Select what you found out", "Enter what you saw, and where")
	const saw = "Not on the bill until 18:00, ticket 4711."
	w.fill("#reason", saw)
	w.choose(`label:has([name=as][value=rejected])`)
	w.answers(w.press(settles), 422)
	w.says("Look at Alibaba Cloud’s bill first, then tick that you have")
	w.keeps("#reason", saw)
	if !w.has("[name=as][value=rejected]:checked") {
		t.Error("the form has lost what was decided")
	}
	customer.visit(page)
	customer.says("A person is checking this order. Do not order again")

	w.visit("/review")
	w.press(`main a[href="` + page + `"]`)
	w.choose(`label:has([name=as][value=rejected])`)
	w.choose("#looked")
	w.fill("#reason", saw)
	w.press(settles)
	w.isAt(page)
	w.await("main[data-order-status=rejected]")
	w.says(saw)
	w.back()
	if w.has(settles) {
		t.Errorf("going back leads to %s, where it can be settled again", w.path())
	}

	// The customer is told, not why, and can order again.
	customer.visit(page)
	customer.says("Not bought. Nothing was charged")
	customer.hides("4711")
	quote(customer, p)
	customer.press(pay)
	customer.becomes(complete)
	charges(t, p, 1)
}

// TestTwoOperatorsSettleOneOrder, by two tabs at once: the first one's decision
// stands, and the second is told.
func TestTwoOperatorsSettleOneOrder(t *testing.T) {
	t.Parallel()
	p, page := reviewed(t, sandbox.FaultDropAfter)
	base := open(t, p)
	p.AddUser(secondOperator, models.Operator, nil, nil)
	w := window(t, base, "en").withoutScript().as(p, operator)
	other := window(t, base, "en").withoutScript().as(p, secondOperator)
	w.visit(page)
	other.visit(page)

	// It was carried out: the sandbox has charged it.
	charges(t, p, 1)
	done := p.Sandbox.Ledger()[0]
	w.choose(`label:has([name=as][value=completed])`)
	w.enter("#order_id", done.OrderID)
	w.enter("#instance_id", done.InstanceID)
	w.fill("#reason", "On the bill of today.")
	w.press(settles)
	w.await(complete)
	w.says(done.OrderID, done.InstanceID)

	const saw = "I have found nothing."
	other.choose(`label:has([name=as][value=rejected])`)
	other.choose("#looked")
	other.fill("#reason", saw)
	other.answers(other.press(settles), 409)
	other.says("Somebody else has already decided about this order", done.InstanceID)
	if o := order(w, p); o.Status != models.Completed {
		t.Errorf("the order is %s", o.Status)
	}

	customer := window(t, base, "en").withoutScript().as(p, lin)
	customer.visit("/")
	customer.says(done.InstanceID, "Pro")
	if customer.has(buyLink) {
		t.Error("what the account holds can be bought a second time")
	}
}

// TestOneOperatorProposesAndAnotherConfirms, where it takes two.
func TestOneOperatorProposesAndAnotherConfirms(t *testing.T) {
	t.Parallel()
	p, page := reviewed(t, sandbox.FaultDropBefore)
	base := open(t, p)
	p.AddUser(secondOperator, models.Operator, nil, nil)
	if err := p.Store.SetSettleByTwo(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	w := window(t, base, "en").withoutScript().as(p, operator)
	w.visit(page)
	w.choose(`label:has([name=as][value=rejected])`)
	w.choose("#looked")
	w.fill("#reason", "Not on the bill.")
	w.press(settles)
	w.says("Another operator has to confirm this. You can withdraw it.")
	if w.has("button[value=confirm]") {
		t.Error("an operator can confirm their own proposal")
	}
	other := window(t, base, "en").withoutScript().as(p, secondOperator)
	other.visit(page)
	other.says("A decision waits for a second operator", "Not on the bill.")
	other.answers(other.press("button[value=decline]"), 422)
	other.says("Enter why the proposal should not stand")
	other.answers(other.press("button[value=confirm]"), 422)
	other.says("Look at Alibaba Cloud’s bill first, then tick that you have")
	other.choose("#looked")
	other.press("button[value=confirm]")
	other.await("main[data-order-status=rejected]")

	// The first one's tab still offers to withdraw.
	w.fill("#reason", "I was wrong.")
	w.answers(w.press("button[value=decline]"), 409)
	w.says("Somebody else has already decided about this order")
	charges(t, p, 0)
}

// TestAnOperatorWhoLooksAsTheCustomerChangesNothing: by no form of the view, and by
// none that is left over from it in another tab.
func TestAnOperatorWhoLooksAsTheCustomerChangesNothing(t *testing.T) {
	t.Parallel()
	p := portaltest.New(t)
	check := p.SignedIn(lin).Quote("enterprise", "year-1")
	w := window(t, open(t, p), "en").withoutScript().as(p, operator)
	w.visit(p.AccountPath())
	w.press(`form[action$="/view"] button`)
	if w.has(buyLink) {
		t.Error("it can be bought from")
	}
	w.visit(p.QuotePath())
	w.answers(w.press(continu), 403)
	w.says("Nothing can be changed in this view", "Nothing was charged")
	w.visit(check)
	stale := w.another().withoutScript()
	stale.prefer("en")
	stale.visit(p.QuotePath())
	if w.has(pay) {
		t.Error("it can be paid")
	}
	w.press(".viewing button")
	w.isAt(p.AccountPath())
	stale.answers(stale.press(continu), 403)
	stale.says("That page was from a view that has ended")
	charges(t, p, 0)
}
