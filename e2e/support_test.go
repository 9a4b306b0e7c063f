package e2e_test

import (
	"fmt"
	"strings"
	"testing"

	"portal/models"
	"portal/portaltest"
)

// supporter is the one who has a caller on the line.
const supporter = "support@example.com"

// find is the box that stands on every page.
const find = "#find"

// TestSupportFindsEverythingByOneBox: an exact match jumps, whichever id it is.
func TestSupportFindsEverythingByOneBox(t *testing.T) {
	t.Parallel()
	p := portaltest.New(t)
	o := p.SignedIn(lin).Carry(models.Buy)
	evidence, err := p.Store.Evidence(t.Context(), p.Viewer(supporter), o.Number)
	if err != nil {
		t.Fatal(err)
	}
	w := window(t, open(t, p), "en").withoutScript().as(p, supporter)
	w.visit("/orders")
	seek := func(id string) int {
		t.Helper()
		w.fill(find, id)
		return w.press(".find button")
	}
	for id, page := range map[string]string{
		o.Number:                       "/orders/" + o.Number,
		o.ProviderOrderID:              "/orders/" + o.Number,
		o.InstanceID:                   "/orders/" + o.Number,
		o.RequestID:                    "/orders/" + o.Number,
		evidence.Attempts[0].RequestID: "/orders/" + o.Number,
		o.ClientToken:                  "/orders/" + o.Number,
		fmt.Sprint(portaltest.Owner):   p.AccountPath(),
		lin:                            p.AccountPath(),
		strings.ToLower(o.Number[1:9] + " " + o.Number[10:]): "/orders/" + o.Number, // as it is read out
	} {
		if seek(id); w.path() != page {
			t.Errorf("%q leads to %s, not to %s", id, w.path(), page)
		}
	}
	seek(o.Number)
	w.says("What to tell the caller")

	// What is not there, and what nobody can mean.
	seek("sas-0000000000000000")
	w.says("Nothing found for “sas-0000000000000000”")
	w.keeps("#q", "sas-0000000000000000")
	long := strings.Repeat("9C2F7A10", 26)
	w.fill("#q", long)
	w.answers(w.press(".filters__do button"), 422)
	w.says("The search is too long")
	w.keeps("#q", long)

	// A session that is over: signing in goes on with the search.
	w.visit("/orders")
	w.signedOut()
	seek(o.InstanceID)
	w.sentToSignIn("/search?q=" + o.InstanceID)
	w.signInHere(supporter)
	w.isAt("/orders/" + o.Number)
}

// TestSupportWritesANoteOnAnOrder that colleagues see, and the customer doesn't.
func TestSupportWritesANoteOnAnOrder(t *testing.T) {
	t.Parallel()
	p := portaltest.New(t)
	o := p.SignedIn(lin).Carry(models.Buy)
	base := open(t, p)
	w := window(t, base, "en").withoutScript().as(p, supporter)
	w.visit("/orders/" + o.Number)
	const add = ".notes__form button"
	w.answers(w.press(add), 422)
	w.says("Enter the note before adding it")
	long := strings.Repeat("Ms Zhao called. ", 126)
	w.fill("#note", long)
	w.answers(w.press(add), 422)
	w.says("Shorten it to 2,000 at most")
	w.keeps("#note", long)

	w.visit("/orders/" + o.Number)
	w.fill("#note", "Ms Zhao called: she wants the invoice.")
	w.press(add)
	colleague := window(t, base, "en").withoutScript().as(p, operator)
	colleague.visit("/orders/" + o.Number)
	colleague.says("Ms Zhao called: she wants the invoice.", supporter)
	customer := window(t, base, "en").withoutScript().as(p, lin)
	customer.visit("/orders/" + o.Number)
	customer.hides("she wants the invoice.", "Notes")

	// A session that is over leads back to the order.
	w.fill("#note", "She has called again.")
	w.signedOut()
	w.press(add)
	w.sentToSignIn("/orders/" + o.Number)
	w.signInHere(supporter)
	w.isAt("/orders/" + o.Number)
	w.hides("She has called again.")
}

// TestSupportLooksAsTheCustomerAndSpendsNothing, neither as the customer nor as
// themselves.
func TestSupportLooksAsTheCustomerAndSpendsNothing(t *testing.T) {
	t.Parallel()
	p := portaltest.New(t)
	check := p.SignedIn(lin).Quote("enterprise", "year-1")
	w := window(t, open(t, p), "en").withoutScript().as(p, supporter)
	cannot := func(instead string) {
		t.Helper()
		w.visit(p.AccountPath())
		if w.has(`main a[href*="/quote"]`) {
			t.Error("support is offered to order")
		}
		w.visit(check)
		w.says(instead, "38,250.00")
		if w.has(pay) {
			t.Error("support can pay")
		}
	}
	cannot("Support can look but cannot order")
	w.answers(w.visit(p.QuotePath()), 403)
	w.says("Nothing was charged")

	w.visit(p.AccountPath())
	w.press(`form[action$="/view"] button`)
	w.isAt(p.AccountPath())
	w.says("You see the portal as the customers of Linhai Trading do.")
	if w.has(find) {
		t.Error("the head is not a customer's")
	}
	cannot("Buy for CN¥38,250.00") // what the customer could press, in words
	w.press(".viewing button")
	w.isAt(p.AccountPath())
	w.hides("You see the portal as")
	charges(t, p, 0)

	// A session that ends in a view leads back to the page, as oneself.
	w.press(`form[action$="/view"] button`)
	p.Pass(night)
	w.visit("/orders?status=completed")
	w.sentToSignIn("/orders?status=completed")
	w.signInHere(supporter)
	w.isAt("/orders?status=completed")
	w.hides("You see the portal as")
}
