package handlers_test

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"portal/dbtest"
	"portal/models"
	"portal/portaltest"
	"portal/provider/sandbox"
	"portal/store"
)

const (
	operatorMail = "operator@example.com"
	secondMail   = "second@example.com"
)

// inReview is a portal with an order that nobody can know the outcome of: the
// provider never got it.
func inReview(t *testing.T) (*portaltest.Portal, models.Order) {
	t.Helper()
	p := portaltest.New(t)
	p.AddUser(secondMail, models.Operator, nil, nil)
	return p, toReview(p, p.SignedIn("lin@example.com"), models.Buy, sandbox.FaultDropBefore)
}

func toReview(p *portaltest.Portal, b *portaltest.Browser, kind models.Kind, fault sandbox.Fault) models.Order {
	p.T.Helper()
	quote := b.QuoteKind(kind, portaltest.Answers(kind))
	if err := p.Sandbox.AddFault(sandbox.Rule{Action: kind.Action(), Fault: fault}); err != nil {
		p.T.Fatal(err)
	}
	o := p.Settle(b.PlaceKind(kind, quote))
	if o.Status != models.NeedsReview {
		p.T.Fatalf("the order is %s (%s)", o.Status, o.Reason)
	}
	p.Sandbox.ClearFaults()
	return o
}

var hidden = regexp.MustCompile(`<input type="hidden" name="(seen|proposal)" value="([^"]*)"`)

// deskForm is a form of the order's page as a browser would send it back, with
// what is filled in.
func deskForm(page portaltest.Page, filled url.Values) url.Values {
	form := url.Values{}
	for _, m := range hidden.FindAllStringSubmatch(page.Body, -1) {
		form.Set(m[1], m[2])
	}
	for field, values := range filled {
		form[field] = values
	}
	return form
}

func at(o models.Order) string { return "/orders/" + o.Number }

var (
	sayDone    = url.Values{"as": {"completed"}, "order_id": {"202801893242539"}, "instance_id": {"sas-5464747e977f6d30"}, "reason": {"Bill 42 has the charge"}}
	sayNotDone = url.Values{"as": {"rejected"}, "looked": {"yes"}, "reason": {"No charge until 18:00"}}
	sayRelease = url.Values{"as": {"released"}, "reason": {"The console is down"}}
)

// TestWhoMayReview: operators settle, support looks, and nobody else is told
// that there is a desk.
func TestWhoMayReview(t *testing.T) {
	p, o := inReview(t)
	reseller, err := p.Store.AddReseller(t.Context(), "North Cloud")
	if err != nil {
		t.Fatal(err)
	}
	p.AddAccount(1000000000000099, "Of the reseller", &reseller)
	p.AddUser("admin@reseller.example.com", models.ResellerAdmin, nil, &reseller)
	for email, want := range map[string]struct {
		queue, settle int
		desk, form    bool
	}{
		operatorMail:                 {200, 422, true, true},
		"support@example.com":        {200, 403, true, false},
		"lin@example.com":            {404, 404, false, false},
		"admin@reseller.example.com": {404, 404, false, false},
	} {
		b := p.SignedIn(email)
		if page := b.Get("/review"); page.Status != want.queue || strings.Contains(page.Body, o.Number) != (want.queue == 200) {
			t.Errorf("%s: the queue answers %d", email, page.Status)
		}
		page := b.Get(at(o))
		if got := strings.Contains(page.Body, "Review desk"); got != want.desk {
			t.Errorf("%s: there is a desk: %v", email, got)
		}
		if got := strings.Contains(page.Body, `action="`+at(o)+`/settle"`); got != want.form {
			t.Errorf("%s: there is a form: %v", email, got)
		}
		if page := b.Post(at(o)+"/settle", nil); page.Status != want.settle {
			t.Errorf("%s: settling answers %d", email, page.Status)
		}
		if page := b.Post(at(o)+"/proposal", url.Values{"proposal": {"1"}, "do": {"decline"}}); page.Status != want.settle {
			t.Errorf("%s: answering a proposal answers %d", email, page.Status)
		}
	}
	for _, path := range []string{at(o) + "/settle", at(o) + "/proposal"} {
		if page := p.Browser().Post(path, sayDone); page.Location != "/sign-in?next="+url.QueryEscape(at(o)) {
			t.Errorf("nobody is signed in: %d %s", page.Status, page.Location)
		}
	}
	if o, err := p.Store.Order(t.Context(), p.Viewer(operatorMail), o.Number); err != nil || o.Status != models.NeedsReview {
		t.Fatalf("%s %v", o.Status, err)
	}
	if page := p.SignedIn(operatorMail).Post("/orders/P20200101-NOSUCH00/settle", sayDone); page.Status != 404 {
		t.Errorf("an order that is not there: %d", page.Status)
	}
}

// TestAReleasedAccount orders again, is told what may come of it, and what was
// released is told once and only once.
func TestAReleasedAccount(t *testing.T) {
	p := portaltest.New(t)
	customer := p.SignedIn("lin@example.com")
	customer.Carry(models.Buy)
	o := toReview(p, customer, models.Renew, sandbox.FaultDropAfter) // the provider has renewed
	customer = p.SignedIn("lin@example.com")
	op := p.SignedIn(operatorMail)
	if answer := op.Post(at(o)+"/settle", deskForm(op.Get(at(o)), sayRelease)); answer.Location != at(o) {
		t.Fatalf("%d\n%s", answer.Status, answer.Text())
	}
	page := customer.Get(at(o))
	if page.OrderStatus() != "needs_review" {
		t.Fatal(page.OrderStatus())
	}
	says(t, page, "A person is still checking this renewal", "The account can order in the meantime", "The account may order again")
	if strings.Contains(page.Body, "console is down") {
		t.Error("the customer reads what operators write")
	}
	says(t, customer.Get(p.AccountPath()), "An earlier order is still being checked", o.Number)
	quote := customer.QuoteKind(models.Upgrade, portaltest.Answers(models.Upgrade))
	says(t, customer.Get(quote), "An earlier order is still being checked", o.Number)
	says(t, op.Get("/review"), "Account may order again")

	next := customer.PlaceKind(models.Upgrade, quote)
	page = op.Get(at(o))
	says(t, page, next, "cannot be settled as carried out")
	if strings.Contains(page.Body, `value="completed"`) || strings.Contains(page.Body, `value="released"`) {
		t.Error("the desk offers what can't be done")
	}
	done := url.Values{"as": {"completed"}, "order_id": {"202801893242539"}, "reason": {"Bill 42"}}
	if answer := op.Post(at(o)+"/settle", done); answer.Status != http.StatusConflict || !strings.Contains(answer.Text(), next+" of this account is under way") {
		t.Errorf("%d\n%s", answer.Status, answer.Text())
	}
	if o := p.Settle(next); o.Status != models.Completed {
		t.Fatalf("%s %s", o.Status, o.Code)
	}
	if answer := op.Post(at(o)+"/settle", done); answer.Status != http.StatusConflict || !strings.Contains(answer.Text(), "can no longer be settled as carried out") {
		t.Errorf("%d\n%s", answer.Status, answer.Text())
	}
	// What the provider did is recorded from outside, and then told of the order.
	held := p.Held()
	recorded := op.Post(p.AccountPath()+"/outside", url.Values{
		"kind": {"renewed"}, "instance_id": {held.InstanceID}, "edition": {"enterprise"}, "machines": {"25"},
		"ends": {models.AddMonths(held.EndsAt, 6).In(models.Beijing).Format("2006-01-02 15:04:05")}, "paid": {"9000"}, "reason": {"Bill 42"},
	})
	if !strings.HasPrefix(recorded.Location, p.AccountPath()) {
		t.Fatalf("%d\n%s", recorded.Status, recorded.Text())
	}
	page = op.Get(at(o))
	says(t, page, "first record what you saw")
	if answer := op.Post(at(o)+"/settle", deskForm(page, url.Values{"as": {"recorded"}, "reason": {"Bill 42, recorded"}})); answer.Location != at(o) {
		t.Fatalf("%d\n%s", answer.Status, answer.Text())
	}
	page = customer.Get(at(o))
	says(t, page, "This renewal was carried out and is recorded elsewhere", "Alibaba Cloud carried it out")
	for _, lie := range []string{"Nothing was charged", "Not renewed", "Renew again"} {
		if strings.Contains(page.Text(), lie) {
			t.Errorf("the page says %q of what was charged", lie)
		}
	}
	says(t, customer.Get("/orders"), "Done, recorded elsewhere")
	if got, want := p.Held().EndsAt, models.AddMonths(held.EndsAt, 6); !toTheSecond(got, want) {
		t.Errorf("it is held until %s, want %s", got, want)
	}
}

// TestTheAlarm: a banner for operators on every page, a count for staff, and a
// page that does without where it can't be told.
func TestTheAlarm(t *testing.T) {
	p := portaltest.New(t)
	b, op := p.SignedIn("lin@example.com"), p.SignedIn(operatorMail)
	banner := func(b *portaltest.Browser) bool {
		return strings.Contains(b.Get("/orders").Text(), "Go to the review page")
	}
	if banner(op) {
		t.Error("without a reason")
	}
	quote := b.Quote("pro", "year-1")
	if err := p.Sandbox.AddFault(sandbox.Rule{Action: sandbox.ActionCreateInstance, Fault: sandbox.FaultDropBefore}); err != nil {
		t.Fatal(err)
	}
	number := b.Place(quote)
	p.Worker.RunOnce(t.Context())
	p.Pass(models.LongUnknown - time.Minute)
	if banner(op) {
		t.Error("unknown for less than ten minutes")
	}
	p.Pass(time.Minute)
	says(t, op.Get("/orders"), "The outcome of 1 order has been unknown for more than 10 minutes.")
	says(t, op.Get("/review"), number, "Unknown since", "10 minutes")
	if banner(b) || banner(p.SignedIn("support@example.com")) {
		t.Error("it is for operators")
	}
	p.Settle(number)
	for _, email := range []string{operatorMail, "support@example.com"} {
		says(t, p.SignedIn(email).Get("/accounts"), "Review 1 1 order in review")
	}
	op = p.SignedIn(operatorMail)
	for _, path := range []string{"/orders", "/accounts", p.AccountPath(), "/help/errors", "/nowhere"} {
		says(t, op.Get(path), "1 order is in review.")
	}
	t.Run("and no page fails for it", func(t *testing.T) {
		if err := dbtest.Raw(t, p.DSN).Exec(`ALTER TABLE events RENAME TO nowhere`).Error; err != nil {
			t.Fatal(err)
		}
		page := op.Get("/accounts")
		if page.Status != http.StatusOK || strings.Contains(page.Text(), "in review") || !strings.Contains(page.Text(), "Review") {
			t.Fatalf("%d\n%s", page.Status, page.Text())
		}
		if !strings.Contains(p.Log.String(), "the page does without") {
			t.Error("nothing is logged")
		}
	})
}

// TestTheQueueGoesByPages, the oldest first.
func TestTheQueueGoesByPages(t *testing.T) {
	p := portaltest.New(t)
	ctx, support := t.Context(), p.SignedIn("support@example.com")
	says(t, support.Get("/review"), "No order is in review", "No order is unknown at the moment.", "No account is paused.")
	var numbers []string
	for i := range 21 {
		account := p.AddAccount(3000+int64(i), fmt.Sprintf("Account %02d", i), nil)
		v := models.Viewer{User: p.AddUser(fmt.Sprintf("c%d@example.com", i), models.Customer, &account, nil)}
		q, err := p.Store.AddQuote(ctx, v, models.Quote{
			AccountID: account.ID, Kind: models.Buy, Edition: models.Pro, VersionCode: "level1", Cycle: models.Year, Duration: 1, InstanceCount: 3,
			CountReadAt: p.Now(), PriceBookHash: "book", TotalFen: 1, Lines: []models.Line{{Kind: models.LineEdition, Amount: 1}}, ExpiresAt: p.Now().Add(time.Hour),
		})
		if err != nil {
			t.Fatal(err)
		}
		o, err := p.Store.PlaceOrder(ctx, models.By{Viewer: v}, q.ID, store.Placing{InstanceCount: 3, PriceBookHash: "book", CredentialProfile: "default"})
		if err != nil {
			t.Fatal(err)
		}
		claimed, attempt, err := p.Store.Claim(ctx, o, "", time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Store.Answer(ctx, claimed, attempt, models.Answer{Outcome: models.OutcomeContradicted}, store.Next{Status: models.NeedsReview, Reason: models.ReasonContradicted}); err != nil {
			t.Fatal(err)
		}
		numbers = append(numbers, o.Number)
	}
	first := support.Get("/review")
	next := regexp.MustCompile(`href="(/review\?after=\d+)"`).FindStringSubmatch(first.Body)
	if next == nil || !strings.Contains(first.Body, numbers[0]) || !strings.Contains(first.Body, numbers[19]) || strings.Contains(first.Body, numbers[20]) {
		t.Fatalf("the first page:\n%s", first.Text())
	}
	second := support.Get(next[1])
	if !strings.Contains(second.Body, numbers[20]) || strings.Contains(second.Body, numbers[19]) || !strings.Contains(second.Body, `href="/review"`) {
		t.Fatalf("the second page:\n%s", second.Text())
	}
	says(t, support.Get("/review?after=999999"), "There are no more orders in review")
}
