package e2e_test

import (
	"testing"
	"time"

	"portal/models"
	"portal/portaltest"
	"portal/views"
)

// TestAVisitorLetsAnAnswerGetLost and watches: in with one press, the fault with
// another, and a purchase that is being confirmed until it is completed, without
// script and without a hand on the page.
func TestAVisitorLetsAnAnswerGetLost(t *testing.T) {
	t.Parallel()
	p := portaltest.New(t)
	p.Config.Demo = []views.DemoPerson{{Email: "lin@example.com", Password: portaltest.Password, Role: models.Customer, Sees: "buyer"}}
	w := window(t, open(t, p), "en").withoutScript()
	w.visit("/")
	w.press(`form[action="/sign-in/demo"] button`)
	if w.path() != p.AccountPath() {
		t.Fatalf("one press leads to %s", w.path())
	}
	w.press(`a[href="/sandbox"]`)
	w.says("works normally")
	w.press(`form:has([name=mishap][value=lost]) button[value=once]`)
	w.says("The next order meets this: The answer gets lost")

	quote(w, p)
	w.press(pay)
	w.await(`main[data-order-status=unknown]`)
	w.says("Do not order again")
	charges(t, p, 1) // which the portal does not know
	p.Pass(5 * time.Second)
	p.Worker.Wake()
	w.await(complete)
	charges(t, p, 1)
	if sent := p.Sandbox.Requests()["CreateInstance"]; sent != 2 {
		t.Errorf("it was sent %d times", sent)
	}
	w.visit("/sandbox")
	w.says("works normally")
}
