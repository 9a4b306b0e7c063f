package handlers_test

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"portal/models"
	"portal/portaltest"
	"portal/provider/sandbox"
	"portal/store"
)

func TestAnOrderIsSettledOnItsPage(t *testing.T) {
	t.Run("as carried out", func(t *testing.T) {
		p := portaltest.New(t)
		o := toReview(p, p.SignedIn("lin@example.com"), models.Buy, sandbox.FaultDropAfter)
		sold := newest(p)
		b := p.SignedIn(operatorMail)
		page := b.Get(at(o))
		if page.Refresh() != "" {
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
	if _, err := p.Store.Record(t.Context(), models.By{Viewer: p.Viewer(operatorMail)}, models.OutsideEvent{
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
		says(t, answer, "Somebody else has already decided about this order", "No charge until 18:00")
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
		for _, words := range []string{"Decision proposed", "No charge until", operatorMail, secondMail} {
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
