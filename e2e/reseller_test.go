package e2e_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"portal/models"
	"portal/portaltest"
	"portal/provider/sandbox"
)

// admin is the reseller's.
const admin = "admin@reseller.example.com"

// agency is a portal with a reseller.
type agency struct {
	*portaltest.Portal
	reseller models.Reseller
	accounts []models.Account
}

// newAgency has so many accounts, each with 25 machines and a customer.
func newAgency(t *testing.T, accounts int) agency {
	t.Helper()
	p := portaltest.New(t)
	reseller, err := p.Store.AddReseller(t.Context(), "Harbour Cloud")
	if err != nil {
		t.Fatal(err)
	}
	p.AddUser(admin, models.ResellerAdmin, nil, &reseller)
	a := agency{Portal: p, reseller: reseller}
	for i := range accounts {
		account := p.AddAccount(int64(3000000000000001+i), fmt.Sprintf("Branch %02d", i+1), &reseller)
		if err := p.Sandbox.SetMachines(account.OwnerID, 25); err != nil {
			t.Fatal(err)
		}
		a.accounts = append(a.accounts, account)
	}
	return a
}

// holding is an agency whose accounts hold something that ends in a month.
func holding(t *testing.T, accounts int) agency {
	t.Helper()
	a := newAgency(t, accounts)
	b := a.SignedIn(admin)
	for i := range a.accounts {
		page := b.Post(a.path(i)+"/quote?kind=buy", url.Values{"edition": {"pro"}, "term": {"month-1"}})
		a.Settle(b.Place(page.Location))
	}
	return a
}

func (a agency) path(i int) string { return fmt.Sprintf("/accounts/%d", a.accounts[i].ID) }

// customer adds the customer of an account.
func (a agency) customer(i int) string {
	a.T.Helper()
	email := fmt.Sprintf("customer-%d@example.com", a.accounts[i].ID)
	a.AddUser(email, models.Customer, &a.accounts[i], nil)
	return email
}

// batch is the check page of a renewal of all accounts for a year.
func (a agency) batch() string {
	a.T.Helper()
	form := url.Values{"term": {"year-1"}, "within": {"0"}}
	for _, account := range a.accounts {
		form.Add("account", fmt.Sprint(account.ID))
	}
	page := a.SignedIn(admin).Post("/renewals/new", form)
	a.Batches.RunOnce(a.T.Context())
	return page.Location
}

// tick is the box of an account that can be renewed with others.
func (a agency) tick(i int) string {
	return fmt.Sprintf(`[name=account][value="%d"]`, a.accounts[i].ID)
}

const (
	prices   = "main form button[type=submit]"              // of the page on which a batch is chosen
	priced   = `form[action$="/order"] .button--pay`        // on which it is checked
	again    = `form[action$="/again"] button`              // on which it is watched
	finished = "main:not([data-refresh]):has(.tiles)"       // when nothing happens any more
	save     = "main form.card .actions button:first-child" // of the forms about an account
)

// renewed is how many charges there were since all had bought.
func (a agency) renewed(want int) {
	a.T.Helper()
	if got := len(a.Sandbox.Ledger()) - len(a.accounts); got != want {
		a.T.Errorf("%d renewals are charged, not %d", got, want)
	}
}

func TestAResellerAdminBuysForAnAccount(t *testing.T) {
	t.Parallel()
	a := newAgency(t, 2)
	base := open(t, a.Portal)
	w := window(t, base, "en").withoutScript().as(a.Portal, admin)
	w.visit("/accounts")
	w.press(`main a[href="` + a.path(1) + `"]`)
	w.press(`main a[href="` + a.path(1) + `/quote?kind=buy"]`)
	w.choose(`label:has([name=edition][value=enterprise])`)
	w.press(continu)
	w.says("Branch 02", "3000000000000002", admin)
	charges(t, a.Portal, 0)
	w.press(pay)
	w.becomes(complete)
	charges(t, a.Portal, 1)
	o := order(w, a.Portal)
	if got := a.Sandbox.Ledger()[0]; got.OwnerID != a.accounts[1].OwnerID || got.InstanceID != o.InstanceID {
		t.Errorf("%+v was charged for %+v", got, o)
	}

	// The customer finds it on their page; the other account's is none the wiser.
	mine := window(t, base, "en").withoutScript().as(a.Portal, a.customer(1))
	mine.visit("/")
	mine.says("Enterprise", o.Number)
	others := window(t, base, "en").withoutScript().as(a.Portal, a.customer(0))
	others.answers(others.visit("/orders/"+o.Number), 404)
}

// TestRenewingManyAtOnceInTheBrowser: chosen, checked and watched to the end; one
// is refused, and the answer for another gets lost and is found while the admin
// watches. Then the refused one is tried again, and no other.
func TestRenewingManyAtOnceInTheBrowser(t *testing.T) {
	eitherWay(t, func(t *testing.T, script bool) {
		a := holding(t, 4)
		w := window(t, open(t, a.Portal), "en").scripted(script).as(a.Portal, admin)
		w.visit("/accounts")
		w.press(`main a[href="/renewals"]`)
		w.press(`main a[href="/renewals/new"]`)
		w.press(`.chips a[href$="within=60"]`)

		// Without an account it says so, and keeps the term.
		w.do(chromedp.SetValue(chromedp.CSS("#term"), "year-1"))
		w.answers(w.press(prices), 422)
		w.says("Choose at least one account")
		w.keeps("#term", "year-1")
		for i := range 3 {
			w.choose("label:has(" + a.tick(i) + ")")
		}
		w.press(prices)
		if script {
			w.stays()
		}
		w.await(priced)
		if script {
			w.stayed()
		}
		w.says("Renew 3 accounts for CN¥45,900.00", "Branch 01", "Branch 03") // 25 machines, 60 yuan, 12 months, 15 % off
		w.hides("Branch 04")
		a.renewed(0)

		fault(a.Portal, sandbox.Rule{Action: sandbox.ActionRenewInstance, OwnerID: a.accounts[1].OwnerID, Fault: sandbox.FaultReject, Code: "InsufficientBalance", Times: 1})
		fault(a.Portal, sandbox.Rule{Action: sandbox.ActionRenewInstance, OwnerID: a.accounts[2].OwnerID, Fault: sandbox.FaultDropAfter, Times: 1})
		w.press(priced)
		w.becomes("main:has(#undone) td .tone-warn")
		if w.has(finished) {
			t.Error("an order that nobody knows the end of counts as finished")
		}
		if script {
			w.stays()
		}
		a.Pass(5 * time.Second)
		w.await(finished)
		if script {
			w.stayed()
		}
		w.says("3 of 3 accounts finished", "Try this account again")
		a.renewed(2)

		w.press(again)
		w.becomes(priced)
		w.says("Renew 1 account for", "Branch 02")
		w.press(priced)
		w.becomes(finished)
		w.says("1 of 1 account finished")
		a.renewed(3)
	})
}

// TestABatchInTwoTabsIsOrderedOnce, by a double click too, and going back from its
// progress offers it no more.
func TestABatchInTwoTabsIsOrderedOnce(t *testing.T) {
	t.Parallel()
	a := holding(t, 2)
	batch := a.batch()
	w := window(t, open(t, a.Portal), "en").withoutScript().as(a.Portal, admin)
	other := w.another().withoutScript()
	other.prefer("en")
	w.visit("/renewals")
	w.visit(batch)
	other.visit(batch)
	w.do(chromedp.DoubleClick(chromedp.CSS(priced)))
	w.await(finished)
	other.press(priced)
	other.isAt(batch)
	if other.has(priced) {
		t.Error("the second tab still offers to order")
	}
	a.renewed(2)
	w.back()
	w.isAt(batch)
	if w.has(priced) {
		t.Error("going back leads to where the same can be ordered again")
	}
	a.renewed(2)
}

// TestASessionThatEndsInTheMiddleOfABatch: what was ticked is still ticked, and what
// was checked is ordered by a press of the button and not by signing in.
func TestASessionThatEndsInTheMiddleOfABatch(t *testing.T) {
	t.Parallel()
	a := holding(t, 3)
	w := window(t, open(t, a.Portal), "en").withoutScript().as(a.Portal, admin)
	w.visit("/renewals/new?within=60")
	w.do(chromedp.SetValue(chromedp.CSS("#term"), "year-1"))
	for _, i := range []int{0, 2} {
		w.choose("label:has(" + a.tick(i) + ")")
	}
	a.Pass(night)
	w.press(prices)
	w.sentToSignIn("/renewals/new")
	w.signInHere(admin)
	w.keeps("#term", "year-1")
	for i, want := range []bool{true, false, true} {
		if got := w.has(a.tick(i) + ":checked"); got != want {
			t.Errorf("Branch %02d is ticked: %t", i+1, got)
		}
	}
	w.press(prices)
	w.await(priced)
	batch := w.path()

	w.signedOut()
	w.press(priced)
	w.sentToSignIn(batch)
	w.signInHere(admin)
	w.isAt(batch)
	a.renewed(0)
	w.press(priced)
	w.becomes(finished)
	a.renewed(2)
}

// TestAnInvitedPersonComesIn: by a link that works once.
func TestAnInvitedPersonComesIn(t *testing.T) {
	t.Parallel()
	a := newAgency(t, 1)
	base := open(t, a.Portal)
	w := window(t, base, "en").withoutScript().as(a.Portal, admin)
	w.visit(a.path(0))
	w.press(`main a[href="` + a.path(0) + `/people"]`)
	w.enter("#email", "zhao.min")
	w.answers(w.press(save), 422)
	w.keeps("#email", "zhao.min")
	w.enter("#email", "zhao.min@example.com")
	w.press(save)
	link, ok := strings.CutPrefix(run(w, chromedp.Text(chromedp.CSS(".copy"))), base)
	if !ok {
		t.Fatalf("no link:\n%s", w.text())
	}

	invited := window(t, base, "zh-CN").withoutScript()
	invited.visit(link)
	invited.isAt("/invitation") // without the token
	invited.says("Branch 01")
	invited.enter("#password", "short")
	invited.answers(invited.press("main form button"), 422)
	invited.enter("#password", portaltest.Password)
	invited.press("main form button")
	invited.isAt(a.path(0))
	invited.await("html[lang=zh-Hans]")

	late := window(t, base, "en").withoutScript()
	late.answers(late.visit(link), 404)
	late.says("This link no longer works")
	w.visit(a.path(0) + "/people")
	w.says("zhao.min@example.com")
	w.hides("Revoke")

	// From now on by the password.
	invited.press(`form[action="/sign-out"] button`)
	invited.signInHere("zhao.min@example.com")
	invited.isAt(a.path(0))
}

// TestASuspendedAccountIsToldAndOrdersAgainAfterwards: a customer who has a quote
// open orders nothing with it while the account is suspended.
func TestASuspendedAccountIsToldAndOrdersAgainAfterwards(t *testing.T) {
	t.Parallel()
	a := newAgency(t, 1)
	base := open(t, a.Portal)
	customer := window(t, base, "en").withoutScript().as(a.Portal, a.customer(0))
	customer.visit(a.path(0) + "/quote?kind=buy")
	customer.press(continu)
	check := customer.path()

	w := window(t, base, "en").withoutScript().as(a.Portal, admin)
	w.visit(a.path(0))
	w.press(`main a[href="` + a.path(0) + `/suspend"]`)
	w.answers(w.press(save), 422)
	w.says("Enter why you suspend the account")
	long := strings.Repeat("Invoice 2026-081 is unpaid. ", 50)
	w.fill("#reason", long)
	w.answers(w.press(save), 422)
	w.keeps("#reason", strings.TrimSpace(long))
	w.fill("#reason", "Invoice 2026-081 is unpaid.")
	w.press(save)
	w.isAt(a.path(0))
	w.says("Invoice 2026-081 is unpaid.")

	customer.answers(customer.press(pay), 409)
	customer.says("Ordering is suspended for this account. Nothing was ordered or charged")
	customer.visit("/")
	customer.says("Ordering is suspended for this account")
	customer.hides("Invoice 2026-081")
	if customer.has(`main a[href*="kind=buy"]`) {
		t.Error("a suspended account is offered something to buy")
	}
	charges(t, a.Portal, 0)

	w.press(`main a[href="` + a.path(0) + `/reinstate"]`)
	w.fill("#reason", "Paid on the 27th.")
	w.press(save)
	customer.visit(check)
	customer.press(pay)
	customer.becomes(complete)
	charges(t, a.Portal, 1)
}

// TestAnOrderAboveTheLimitWaitsForApproval, is approved in two tabs, and is charged
// once.
func TestAnOrderAboveTheLimitWaitsForApproval(t *testing.T) {
	t.Parallel()
	a := newAgency(t, 1)
	base := open(t, a.Portal)
	w := window(t, base, "en").withoutScript().as(a.Portal, admin)
	w.visit(a.path(0))
	w.press(`main a[href="` + a.path(0) + `/limits"]`)
	w.enter("#monthly_limit", "a lot")
	w.enter("#approval_above", "5,000")
	w.answers(w.press(save), 422)
	w.keeps("#monthly_limit", "a lot")
	w.keeps("#approval_above", "5,000")
	w.enter("#monthly_limit", "100,000")
	w.press(save)
	w.says("CN¥100,000.00", "above CN¥5,000.00")

	customer := window(t, base, "en").withoutScript().as(a.Portal, a.customer(0))
	customer.visit(a.path(0) + "/quote?kind=buy")
	customer.press(continu)
	customer.press(pay)
	customer.says("waits for approval")
	waits := customer.path()

	w.visit("/accounts")
	w.says("1 order waits for your approval")
	w.press(`main .notice a[href*="awaiting_approval"]`)
	w.press(`main .table a[href="` + waits + `"]`)
	other := w.another().withoutScript()
	other.prefer("en")
	other.visit(waits)
	other.answers(other.press(`form[action$="/decline"] button`), 422)
	other.says("Enter why you decline the order")
	charges(t, a.Portal, 0)
	w.press(pay)
	other.press(pay)
	w.becomes(complete)
	other.isAt(waits)
	charges(t, a.Portal, 1)
	customer.visit(waits)
	customer.says("Purchase complete")
	w.back()
	if w.has(pay) {
		t.Errorf("going back leads to %s, where it can be approved again", w.path())
	}
}

// TestWhatAnAdminTypedWrongIsKept, until it is right.
func TestWhatAnAdminTypedWrongIsKept(t *testing.T) {
	t.Parallel()
	a := newAgency(t, 1)
	w := window(t, open(t, a.Portal), "en").withoutScript().as(a.Portal, admin)
	w.visit("/accounts")
	w.press(`main a[href="/accounts/new"]`)
	w.enter("#owner_id", "sas-17")
	w.enter("#name", "Branch 17")
	w.fill("#note", "Mornings only.")
	w.answers(w.press(save), 422)
	w.says("An Alibaba Cloud account ID has digits only")
	w.keeps("#owner_id", "sas-17")
	w.keeps("#name", "Branch 17")
	w.keeps("#note", "Mornings only.")
	w.enter("#owner_id", "3000000000000017")
	w.press(save)
	w.says("Branch 17", "Mornings only.")

	w.press(`main a[href$="/edit"]`)
	w.enter("#name", " ")
	w.fill("#note", "Afternoons only.")
	w.answers(w.press(save), 422)
	w.says("Enter a name")
	w.keeps("#note", "Afternoons only.")
	w.enter("#name", "Branch 18")
	w.press(save)
	w.says("Branch 18", "Afternoons only.")

	w.visit("/accounts/import")
	const nameless = "OwnerId,Remark\n3000000000000018,Branch 18\n"
	w.fill("#pasted", nameless)
	w.answers(w.press(save), 422)
	w.says("The first line names no column “Name”")
	w.keeps("#pasted", nameless)
	w.fill("#pasted", strings.Replace(nameless, "Remark", "Name", 1))
	w.press(save)
	w.says("Branch 18", "3000000000000018")
	w.press("main form button") // after a look at its lines
	w.visit("/accounts?q=3000000000000018")
	w.says("1 account")
}

// TestPricesArePreviewedBeforeTheyAreSaved: the customer pays what was saved, and
// what was only looked at counts for nobody. A session that ends loses nothing typed.
func TestPricesArePreviewedBeforeTheyAreSaved(t *testing.T) {
	t.Parallel()
	a := newAgency(t, 1)
	base := open(t, a.Portal)
	w := window(t, base, "en").withoutScript().as(a.Portal, admin)
	customer := window(t, base, "en").withoutScript().as(a.Portal, a.customer(0))
	pays := func(sum string) {
		t.Helper()
		customer.visit(a.path(0) + "/quote?kind=buy&edition=pro&term=year-1")
		customer.says(sum)
	}
	w.visit("/accounts")
	page := fmt.Sprintf("/resellers/%d/prices", a.reseller.ID)
	w.press(`main a[href="` + page + `"]`)
	w.enter("#markup", "-5")
	w.answers(w.press("main form button:not([formmethod])"), 422)
	w.keeps("#markup", "-5")
	w.enter("#markup", "20")
	w.press("main form button[formmethod=get]")
	w.says("Preview: nothing is saved yet", "CN¥72.00") // 60 and a fifth
	w.keeps("#markup", "20")
	pays("15,300.00")

	w.signedOut()
	w.press("main form button:not([formmethod])")
	w.sentToSignIn(page)
	w.signInHere(admin)
	w.keeps("#markup", "20")
	pays("15,300.00")
	w.press("main form button:not([formmethod])")
	w.says("The prices are saved")
	pays("18,360.00")
	customer.hides("15,300.00")
}

// TestALongListIsPagedAndFiltered: accounts, without script by links and forms, and
// with it in place.
func TestALongListIsPagedAndFiltered(t *testing.T) {
	eitherWay(t, func(t *testing.T, script bool) {
		a := newAgency(t, 23)
		w := window(t, open(t, a.Portal), "en").scripted(script).as(a.Portal, admin)
		w.visit("/accounts")
		if script {
			w.stays()
		}
		// turns does what changes the list, and waits for what it then has.
		turns := func(css, then string) {
			t.Helper()
			if script {
				w.choose(css)
			} else {
				w.press(css)
			}
			w.await(then)
		}
		first, last := `.table a[href="`+a.path(0)+`"]`, `.table a[href="`+a.path(22)+`"]`
		if !w.has(first) || w.has(last) {
			t.Fatal("the first page is not the first 20")
		}
		turns(`.pager a[rel=next]`, last)
		if w.has(first) {
			t.Error("the second page has what the first has")
		}
		if script {
			w.saidIs("23 accounts")
			if !ask[bool](w, "document.activeElement.matches('main')") {
				t.Error("the focus stays where the page was turned")
			}
		}
		second := w.path()
		turns(`.pager a:not([rel])`, first)
		w.enter("#q", "Branch 07")
		turns(".filters__do button", "main:not(:has("+first+"))")
		w.says("1 account", "Branch 07")
		w.do(chromedp.SetValue(chromedp.CSS("#state"), "active"))
		turns(".filters__do button", ".empty")
		w.keeps("#q", "Branch 07")
		w.keeps("#state", "active")
		turns(".empty a", first)

		// The way back is that of pages.
		if script {
			ask[any](w, "history.go(-4), null")
			w.await(last)
			w.stayed()
		} else {
			for range 4 {
				w.back()
			}
		}
		w.isAt(second)
		if !w.has(last) {
			t.Error("going back shows another page")
		}

		// A session that is over.
		w.signedOut()
		turns(`.pager a:not([rel])`, "#password")
		w.sentToSignIn("/accounts")
		w.signInHere(admin)
		w.await(first)
	})
}
