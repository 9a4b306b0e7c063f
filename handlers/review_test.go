package handlers_test

import (
	"errors"
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

func TestAnOrderIsSettledOnItsPage(t *testing.T) {
	t.Run("as carried out", func(t *testing.T) {
		p := portaltest.New(t)
		o := toReview(p, p.SignedIn("lin@example.com"), models.Buy, sandbox.FaultDropAfter)
		sold := newest(p)
		b := p.SignedIn(operatorMail)
		page := b.Get(at(o))
		if page.Header.Get("Refresh") != "" {
			t.Error("the page would take away what is being typed")
		}
		says(t, page, "1000000000000025", "CreateInstance", "CN¥15,300.00", "no usable answer")
		answer := b.Post(at(o)+"/settle", deskForm(page, url.Values{
			"as": {"completed"}, "order_id": {" " + sold.OrderID + " "}, "instance_id": {sold.InstanceID}, "reason": {"Bill 42 has the charge"},
		}))
		if answer.Status != http.StatusSeeOther || answer.Location != at(o) {
			t.Fatalf("%d\n%s", answer.Status, answer.Text())
		}
		page = b.Get(at(o))
		if page.OrderStatus() != "completed" || strings.Contains(page.Body, "Review desk") {
			t.Fatalf("%s", page.OrderStatus())
		}
		says(t, page, "Bill 42 has the charge", "By "+operatorMail)
		if held := p.Held(); held.InstanceID != sold.InstanceID {
			t.Errorf("%+v", held)
		}
		customer := p.SignedIn("lin@example.com").Get(at(o))
		says(t, customer, sold.OrderID, "The operator checked the order and settled it.")
		if strings.Contains(customer.Body, "Bill 42") || strings.Contains(customer.Body, operatorMail) {
			t.Error("the customer reads what operators write")
		}
	})
	t.Run("as not carried out", func(t *testing.T) {
		p, o := inReview(t)
		b := p.SignedIn(operatorMail)
		if answer := b.Post(at(o)+"/settle", deskForm(b.Get(at(o)), sayNotDone)); answer.Location != at(o) {
			t.Fatalf("%d\n%s", answer.Status, answer.Text())
		}
		customer := p.SignedIn("lin@example.com")
		says(t, customer.Get(at(o)), "Nothing was charged")
		customer.Place(customer.Quote("pro", "year-1"))
	})
	t.Run("by a script that has looked at no page", func(t *testing.T) {
		p, o := inReview(t)
		if answer := p.SignedIn(operatorMail).Post(at(o)+"/settle", sayDone); answer.Location != at(o) {
			t.Fatalf("%d\n%s", answer.Status, answer.Text())
		}
	})
}

// TestWhatIsWrongWithADecisionIsSaid, in both languages, and what was typed is
// still there.
func TestWhatIsWrongWithADecisionIsSaid(t *testing.T) {
	p, buy := inReview(t)
	elsewhere := p.AddAccount(1000000000000077, "Elsewhere", nil)
	starts, ends := p.Now().Add(-time.Hour), p.Now().Add(1000*time.Hour)
	if _, err := p.Store.Record(t.Context(), p.Viewer(operatorMail), models.OutsideEvent{
		AccountID: elsewhere.ID, Kind: models.Adopted, InstanceID: "sas-elsewhere", Edition: models.Pro, InstanceCount: 1,
		StartsAt: &starts, EndsAt: &ends, Reason: "there",
	}, nil); err != nil {
		t.Fatal(err)
	}
	with := func(form url.Values, field, value string) url.Values {
		out := url.Values{}
		for name, values := range form {
			out[name] = values
		}
		out.Set(field, value)
		return out
	}
	for name, tc := range map[string]struct {
		form    url.Values
		field   string
		english string
		chinese string
	}{
		"nothing selected":       {with(sayDone, "as", ""), "as", "Select what you found out", "请选择您查到的结果"},
		"something else":         {with(sayDone, "as", "maybe"), "as", "Select what you found out", "请选择"},
		"no order id":            {with(sayDone, "order_id", " "), "order_id", "Enter Alibaba Cloud’s order ID", "请填写阿里云订单号"},
		"an order id in words":   {with(sayDone, "order_id", "the one of today"), "order_id", "An order ID has only", "订单号只含"},
		"no instance id":         {with(sayDone, "instance_id", ""), "instance_id", "Enter the instance ID", "请填写实例 ID"},
		"an instance with a tag": {with(sayDone, "instance_id", "<b>"), "instance_id", "An instance ID has only", "实例 ID 只"},
		"another's instance":     {with(sayDone, "instance_id", "sas-elsewhere"), "instance_id", "belongs to another account", "另一个账号"},
		"no reason":              {with(sayDone, "reason", " \n "), "reason", "Enter what you saw", "请填写"},
		"a reason without end":   {with(sayDone, "reason", strings.Repeat("x", 1001)), "reason", "too long", "过长"},
		"a reason unseen":        {with(sayDone, "reason", "a\u202eb"), "reason", "cannot be seen", "不可见"},
		"not looked":             {with(sayNotDone, "looked", ""), "looked", "Look at Alibaba Cloud’s bill first", "请先查看阿里云账单"},
		"recorded too early":     {with(sayNotDone, "as", "recorded"), "as", "Nothing has happened to the account", "没有其他变化"},
	} {
		for language, words := range map[string]string{"en": tc.english, "zh-CN": tc.chinese} {
			b := p.SignedIn(operatorMail)
			b.Header.Set("Accept-Language", language)
			page := b.Post(at(buy)+"/settle", tc.form)
			want := http.StatusUnprocessableEntity
			if name == "recorded too early" {
				want = http.StatusConflict
			}
			if page.Status != want || page.OrderStatus() != "needs_review" {
				t.Errorf("%s (%s): %d", name, language, page.Status)
			}
			if !strings.Contains(page.Text(), words) || !strings.Contains(page.Body, `<a href="#`+tc.field+`">`) || !strings.Contains(page.Body, `id="`+tc.field+`"`) {
				t.Errorf("%s (%s): the page does not say %q with a link to %s\n%s", name, language, words, tc.field, page.Text())
			}
			for _, field := range []string{"order_id", "instance_id"} {
				if typed := strings.TrimSpace(tc.form.Get(field)); typed != "" && !strings.Contains(page.Body, `value="`+escape(typed)+`"`) {
					t.Errorf("%s (%s): %q is lost", name, language, typed)
				}
			}
			if typed := strings.TrimSpace(tc.form.Get("reason")); typed != "" && !strings.Contains(page.Body, ">"+escape(typed)+"</textarea>") {
				t.Errorf("%s (%s): the reason is lost", name, language)
			}
		}
	}
	if o, err := p.Store.Order(t.Context(), p.Viewer(operatorMail), buy.Number); err != nil || o.Status != models.NeedsReview {
		t.Fatalf("%s %v", o.Status, err)
	}
}

func escape(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&#34;").Replace(s)
}

// TestTwoTabsSettleAtOnce: both have the form open; the second is told, and
// nothing that it says happens.
func TestTwoTabsSettleAtOnce(t *testing.T) {
	p, o := inReview(t)
	one, two := p.SignedIn(operatorMail), p.SignedIn(secondMail)
	first, second := deskForm(one.Get(at(o)), sayNotDone), deskForm(two.Get(at(o)), sayDone)
	if answer := one.Post(at(o)+"/settle", first); answer.Location != at(o) {
		t.Fatalf("%d\n%s", answer.Status, answer.Text())
	}
	for name, answer := range map[string]portaltest.Page{"the other": two.Post(at(o)+"/settle", second), "the same again": one.Post(at(o)+"/settle", first)} {
		if answer.Status != http.StatusConflict || answer.OrderStatus() != "rejected" {
			t.Fatalf("%s: %d %s", name, answer.Status, answer.OrderStatus())
		}
		says(t, answer, "Somebody else has decided about this order meanwhile", "No charge until 18:00")
	}
}

// TestALateAnswerComesBeforeADecision that was made without it: a worker that
// slept wakes up while an operator types.
func TestALateAnswerComesBeforeADecision(t *testing.T) {
	p := portaltest.New(t)
	b := p.SignedIn("lin@example.com")
	number := b.Place(b.Quote("pro", "year-1"))
	placed, err := p.Store.Order(t.Context(), p.Viewer(operatorMail), number)
	if err != nil {
		t.Fatal(err)
	}
	claimed, attempt, err := p.Store.Claim(t.Context(), placed, "CreateInstance", 7*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Sandbox.AddFault(sandbox.Rule{Action: sandbox.ActionCreateInstance, Fault: sandbox.FaultDropBefore}); err != nil {
		t.Fatal(err)
	}
	o := p.Settle(number)
	p.Sandbox.ClearFaults()
	op := p.SignedIn(operatorMail)
	form := deskForm(op.Get(at(o)), sayNotDone)

	answer := p.Seller.Sell(t.Context(), models.Call{
		Kind: models.Buy, OwnerID: o.OwnerID, ClientToken: o.ClientToken, VersionCode: o.VersionCode,
		Cycle: o.Cycle, Duration: o.Duration, InstanceCount: o.InstanceCount,
	})
	err = p.Store.Answer(t.Context(), claimed, attempt, answer, store.Next{Status: models.Completed, Reason: models.ReasonDone})
	if !errors.Is(err, models.ErrConflict) || answer.Outcome != models.OutcomeDone {
		t.Fatalf("%v %s", err, answer.Outcome)
	}
	page := op.Post(at(o)+"/settle", form)
	if page.Status != http.StatusConflict || page.OrderStatus() != "needs_review" {
		t.Fatalf("settled as not done, though it was: %d %s", page.Status, page.OrderStatus())
	}
	says(t, page, "has become known since you opened the page", "It was carried out: an answer that came late says so", "No charge until 18:00")
	page = op.Get(at(o))
	for _, id := range []string{answer.ProviderOrderID, answer.InstanceID} {
		if !strings.Contains(page.Body, `value="`+id+`"`) {
			t.Errorf("the form does not have %s from the evidence", id)
		}
	}
	done := op.Post(at(o)+"/settle", deskForm(page, url.Values{
		"as": {"completed"}, "order_id": {answer.ProviderOrderID}, "instance_id": {answer.InstanceID}, "reason": {"The late answer, and bill 42"},
	}))
	if done.Location != at(o) || op.Get(at(o)).OrderStatus() != "completed" {
		t.Fatalf("%d\n%s", done.Status, done.Text())
	}
	if ledger := p.Sandbox.Ledger(); len(ledger) != 1 || ledger[0].InstanceID != p.Held().InstanceID {
		t.Errorf("%+v", ledger)
	}
}

// TestTwoOperators where the setting asks for them, from the proposal to the
// timeline.
func TestTwoOperators(t *testing.T) {
	start := func(t *testing.T, form url.Values) (*portaltest.Portal, models.Order, *portaltest.Browser, *portaltest.Browser) {
		p, o := inReview(t)
		if err := p.Store.SetSettleByTwo(t.Context(), true); err != nil {
			t.Fatal(err)
		}
		one, two := p.SignedIn(operatorMail), p.SignedIn(secondMail)
		page := one.Get(at(o))
		says(t, page, "Another operator has to confirm what you decide here.")
		if answer := one.Post(at(o)+"/settle", deskForm(page, form)); answer.Location != at(o) {
			t.Fatalf("%d\n%s", answer.Status, answer.Text())
		}
		if page := one.Get(at(o)); page.OrderStatus() != "needs_review" {
			t.Fatalf("one operator made it %s", page.OrderStatus())
		}
		return p, o, one, two
	}
	t.Run("confirmed", func(t *testing.T) {
		p, o, one, two := start(t, sayNotDone)
		says(t, two.Get("/review"), "Proposed: It was not carried out", operatorMail)
		mine := one.Get(at(o))
		says(t, mine, operatorMail+" (you)", "You can withdraw it")
		if own := one.Post(at(o)+"/proposal", deskForm(mine, url.Values{"do": {"confirm"}, "looked": {"yes"}})); own.Status != http.StatusForbidden {
			t.Fatalf("confirmed by who proposed it: %d", own.Status)
		}
		theirs := two.Get(at(o))
		says(t, theirs, "No charge until 18:00", "It was not carried out")
		if hasty := two.Post(at(o)+"/proposal", deskForm(theirs, url.Values{"do": {"confirm"}})); hasty.Status != http.StatusUnprocessableEntity || !strings.Contains(hasty.Body, `href="#looked"`) {
			t.Fatalf("confirmed without having looked: %d", hasty.Status)
		}
		form := deskForm(theirs, url.Values{"do": {"confirm"}, "looked": {"yes"}, "reason": {"Nothing in the bill for me either"}})
		if answer := two.Post(at(o)+"/proposal", form); answer.Location != at(o) {
			t.Fatalf("%d\n%s", answer.Status, answer.Text())
		}
		page := two.Get(at(o))
		if page.OrderStatus() != "rejected" {
			t.Fatal(page.OrderStatus())
		}
		says(t, page, "Decision proposed", "By "+operatorMail, "No charge until 18:00", "By "+secondMail, "Nothing in the bill for me either")
		if again := two.Post(at(o)+"/proposal", form); again.Status != http.StatusConflict {
			t.Errorf("confirmed twice: %d", again.Status)
		}
		customer := p.SignedIn("lin@example.com").Get(at(o))
		for _, words := range []string{"Decision proposed", "18:00", operatorMail, secondMail} {
			if strings.Contains(customer.Body, words) {
				t.Errorf("the customer reads %q", words)
			}
		}
	})
	t.Run("declined, then withdrawn, each with a reason", func(t *testing.T) {
		_, o, one, two := start(t, sayDone)
		page := two.Get(at(o))
		says(t, page, "202801893242539", "sas-5464747e977f6d30")
		if answer := two.Post(at(o)+"/proposal", deskForm(page, url.Values{"do": {"decline"}, "reason": {" "}})); answer.Status != http.StatusUnprocessableEntity || !strings.Contains(answer.Body, `href="#reason"`) {
			t.Errorf("declined without a reason: %d", answer.Status)
		}
		if answer := two.Post(at(o)+"/proposal", deskForm(page, url.Values{"do": {"decline"}, "reason": {"That is another account’s bill"}})); answer.Location != at(o) {
			t.Fatalf("%d\n%s", answer.Status, answer.Text())
		}
		page = one.Get(at(o))
		says(t, page, "Proposal declined", "That is another account’s bill", "What did you find out?")
		if answer := one.Post(at(o)+"/settle", deskForm(page, sayNotDone)); answer.Location != at(o) {
			t.Fatalf("%d\n%s", answer.Status, answer.Text())
		}
		if answer := one.Post(at(o)+"/proposal", deskForm(one.Get(at(o)), url.Values{"do": {"decline"}, "reason": {"I looked at the wrong day"}})); answer.Location != at(o) {
			t.Fatalf("%d\n%s", answer.Status, answer.Text())
		}
		says(t, one.Get(at(o)), "Proposal withdrawn", "I looked at the wrong day")
	})
	t.Run("to release the account", func(t *testing.T) {
		p, o, _, two := start(t, sayRelease)
		customer := p.SignedIn("lin@example.com")
		if page := customer.Get(p.QuotePath()); page.Status == http.StatusOK {
			t.Errorf("proposing a release releases: %d", page.Status)
		}
		if answer := two.Post(at(o)+"/proposal", deskForm(two.Get(at(o)), url.Values{"do": {"confirm"}})); answer.Location != at(o) {
			t.Fatalf("%d\n%s", answer.Status, answer.Text())
		}
		if page := customer.Get(p.QuotePath()); page.Status != http.StatusOK {
			t.Errorf("after the release: %d", page.Status)
		}
	})
	t.Run("and nothing that is no answer", func(t *testing.T) {
		_, o, _, two := start(t, sayDone)
		for _, form := range []url.Values{{"do": {"confirm"}}, {"proposal": {"1"}}, {"proposal": {"1"}, "do": {"destroy"}}, {"proposal": {"x"}, "do": {"confirm"}}} {
			if answer := two.Post(at(o)+"/proposal", form); answer.Status != http.StatusBadRequest {
				t.Errorf("%v: %d", form, answer.Status)
			}
		}
	})
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
	says(t, page, "A person is still checking this renewal", "The account can order again meanwhile", "The account may order again")
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
		o, err := p.Store.PlaceOrder(ctx, v, q.ID, store.Placing{InstanceCount: 3, PriceBookHash: "book", CredentialProfile: "default"})
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
