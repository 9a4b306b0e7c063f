package views_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/a-h/templ"
	"golang.org/x/net/html"

	"portal/models"
	"portal/views"
)

// reviewed is an order in review as an operator sees it.
func reviewed(kind models.Kind, change func(*views.OrderProps)) views.OrderProps {
	o := order(models.NeedsReview, kind, models.ReasonTokenWindow)
	p := orderProps(o, true)
	for i := 3; i <= 97; i++ {
		at := now.Add(time.Duration(i) * 15 * time.Minute)
		p.Attempts = append(p.Attempts, models.Attempt{
			Number: i, StartedAt: at, AnsweredAt: &at, Outcome: models.OutcomeUnknown, HTTPStatus: 503, Code: "ServiceUnavailable",
			RequestID: "5C8F2A1B-6D3E-4F70-9A8B-1C2D3E4F5061", Request: "POST", Response: "{}",
		})
	}
	p.Desk = &views.Desk{
		MaySettle: true, Seen: "9.4",
		Advice: models.Advice{Finding: models.FoundSilence, From: o.PlacedAt.Add(-models.MaxSkew), To: now.Add(models.MaxSkew)},
	}
	change(&p)
	return p
}

func proposed(v models.Verdict) *models.Event {
	return &models.Event{
		ID: 9, At: now, From: models.NeedsReview, To: models.NeedsReview, Reason: v.Proposed(), Actor: "user:1",
		Note: "Bill 202611-0042 has the charge; <b>looked</b> until 18:00.", ProviderOrderID: "202801893242539", InstanceID: "sas-5464747e977f6d30",
	}
}

func deskPages() []canned {
	var out []canned
	add := func(name string, p views.Page, props views.OrderProps) {
		out = append(out, canned{"desk-" + name, props.Order.Status, p, func(p views.Page) templ.Component { return views.Order(p, props) }})
	}
	operator := page(models.Operator, "/orders/P20261124-7K3M9QXR")
	for _, f := range models.Findings() {
		kind := models.Buy
		switch f {
		case models.FoundNotHigher:
			kind = models.Upgrade
		case models.FoundVanished:
			kind = models.Renew
		case models.FoundGone:
			kind = models.Refund
		}
		add(string(f), operator, reviewed(kind, func(p *views.OrderProps) {
			p.Desk.Advice.Finding, p.Desk.Advice.Attempt = f, 2
			switch f {
			case models.FoundDone:
				p.Desk.Advice.Leans = models.VerdictCompleted
				p.Desk.OrderID, p.Desk.InstanceID = "202801893242539", "sas-5464747e977f6d30"
				p.Attempts[0].Outcome, p.Attempts[0].Late = models.OutcomeDone, true
			case models.FoundNothing:
				p.Attempts, p.Desk.Advice.Attempt = nil, 0
			}
		}))
	}
	add("refund", operator, reviewed(models.Refund, func(*views.OrderProps) {}))
	add("support", page(models.Support, operator.Path), reviewed(models.Buy, func(p *views.OrderProps) { p.Desk.MaySettle = false }))
	add("by-two", operator, reviewed(models.Renew, func(p *views.OrderProps) { p.Desk.ByTwo = true }))
	for _, v := range models.Verdicts() {
		add("proposed-"+string(v), operator, reviewed(models.Buy, func(p *views.OrderProps) {
			p.Desk.ByTwo, p.Desk.Proposal, p.Desk.ProposedBy = true, proposed(v), "chen@example.com"
		}))
	}
	add("proposed-mine", operator, reviewed(models.Buy, func(p *views.OrderProps) {
		p.Desk.Proposal, p.Desk.ProposedBy, p.Desk.ByMe = proposed(models.VerdictCompleted), "operator@example.com", true
	}))
	add("proposed-support", page(models.Support, operator.Path), reviewed(models.Buy, func(p *views.OrderProps) {
		p.Desk.MaySettle, p.Desk.Proposal, p.Desk.ProposedBy = false, proposed(models.VerdictCompleted), "command:root"
	}))
	add("problems", operator, reviewed(models.Buy, func(p *views.OrderProps) {
		p.Desk.As, p.Desk.OrderID, p.Desk.Reason = models.VerdictCompleted, "no id", `"><b>x`
		p.Problems = []views.Problem{
			{Field: "as", Key: "verdict_missing"}, {Field: "order_id", Key: "order_id_invalid"}, {Field: "instance_id", Key: "instance_id_missing"},
			{Field: "looked", Key: "looked_missing"}, {Field: "reason", Key: "reason_missing"},
			{Field: "as", Key: "review_other_order", Args: []any{"Number", "P20261124-7K3M9QXS"}},
		}
	}))
	for _, k := range models.Kinds() {
		released := func(p *views.OrderProps) {
			p.Order.ReleasedAt = ptr(now)
			p.Events = append(p.Events, models.Event{At: now, From: models.NeedsReview, To: models.NeedsReview, Reason: models.ReasonReleased, Actor: "chen@example.com", Note: "console down"})
		}
		add("released-"+string(k), operator, reviewed(k, func(p *views.OrderProps) {
			released(p)
			p.Desk.OtherOrder = "P20261124-7K3M9QXS"
		}))
		add("overtaken-"+string(k), operator, reviewed(k, func(p *views.OrderProps) { released(p); p.Desk.MovedOn = true }))
		owner := orderProps(order(models.NeedsReview, k, models.ReasonTokenWindow), false)
		released(&owner)
		add("released-customer-"+string(k), page(models.Customer, operator.Path), owner)
		recorded := orderProps(order(models.Rejected, k, models.ReasonRecorded), false)
		recorded.Events = append(recorded.Events, models.Event{At: now, From: models.NeedsReview, To: models.Rejected, Reason: models.ReasonRecorded})
		add("recorded-"+string(k), page(models.Customer, operator.Path), recorded)
	}
	return out
}

func reviewPages() []canned {
	var out []canned
	add := func(name string, role models.Role, props views.ReviewProps, alarm models.Alarm) {
		p := page(role, "/review")
		p.Alarm = &alarm
		out = append(out, canned{name: name, page: p, body: func(p views.Page) templ.Component { return views.Review(p, props) }})
	}
	row := func(kind models.Kind, reason models.Reason, change func(*views.ReviewRow)) views.ReviewRow {
		r := views.ReviewRow{Order: order(models.NeedsReview, kind, reason), Account: account}
		r.Order.UpdatedAt = now.Add(-3 * time.Hour)
		change(&r)
		return r
	}
	waiting := order(models.Unknown, models.Renew, models.ReasonNoAnswer)
	waiting.DueAt = ptr(now.Add(4 * time.Minute))
	due := waiting
	due.DueAt = ptr(now)
	add("review", models.Operator, views.ReviewProps{
		Rows: []views.ReviewRow{
			row(models.Buy, models.ReasonTokenWindow, func(*views.ReviewRow) {}),
			row(models.Refund, models.ReasonContradicted, func(r *views.ReviewRow) {
				r.Order.ReleasedAt, r.Order.UpdatedAt = ptr(now), now.Add(-5*24*time.Hour)
			}),
			row(models.Renew, models.ReasonClockBack, func(r *views.ReviewRow) {
				r.Proposed, r.ProposedBy, r.Order.UpdatedAt = models.VerdictRejected, "chen@example.com", now.Add(-time.Minute)
			}),
			row(models.Upgrade, models.ReasonTokenWindow, func(r *views.ReviewRow) {
				r.Proposed, r.ProposedBy, r.ByMe = models.VerdictReleased, "operator@example.com", true
			}),
		},
		Unknown: []views.UnknownRow{{Order: waiting, Account: direct, Since: now.Add(-12 * time.Minute)}, {Order: due, Account: account, Since: now}},
		Held:    []views.HeldRow{{Account: account, Hold: models.AccountHold{ID: 3, Since: now.Add(-3 * time.Hour), Reason: models.HeldRestored}}}, HeldURL: "/review?held_after=7#held",
		MoreUnknown: true, NextURL: "/review?after=9", FirstURL: "/review",
	}, models.Alarm{InReview: 4, Unknown: 1})
	add("review-many", models.Support, views.ReviewProps{}, models.Alarm{InReview: models.AlarmBound, Unknown: models.AlarmBound})
	add("review-none", models.Support, views.ReviewProps{}, models.Alarm{})
	add("review-no-more", models.Operator, views.ReviewProps{FirstURL: "/review"}, models.Alarm{InReview: 1})
	alarmed := page(models.Operator, "/orders")
	alarmed.Alarm = &models.Alarm{InReview: models.AlarmBound, Unknown: 1}
	out = append(out, canned{name: "orders-alarm", page: alarmed, body: func(p views.Page) templ.Component { return views.Orders(p, views.OrdersProps{}) }})
	return out
}

// TestTheAlarmIsForOperators, on every page but the one that it leads to; how
// many are in review is for all staff; and where it can't be told, a page does
// without.
func TestTheAlarmIsForOperators(t *testing.T) {
	for _, role := range models.Roles() {
		for name, alarm := range map[string]*models.Alarm{"none": {}, "some": {InReview: 2, Unknown: 1}, "not known": nil} {
			p := page(role, "/orders")
			p.Alarm = alarm
			raw, doc := render(t, canned{page: p, body: func(p views.Page) templ.Component { return views.Orders(p, views.OrdersProps{}) }}, "en")
			banner := strings.Contains(raw, "2 orders are in review") && strings.Contains(raw, "1 order has been unknown for more than 10 minutes")
			if want := role == models.Operator && name == "some"; banner != want {
				t.Errorf("%s, %s: banner %v", role, name, banner)
			}
			links := find(doc, func(n *html.Node) bool { return n.Data == "a" && attr(n, "href") == "/review" })
			staff := role == models.Operator || role == models.Support
			if got := len(links) > 0; got != staff {
				t.Errorf("%s, %s: a way to /review: %v", role, name, got)
			}
			if staff {
				want := "Review"
				if name == "some" {
					want = "Review 2 2 orders in review" // the number, and the same in words for who can't see it
				}
				if got := text(links[0]); got != want {
					t.Errorf("%s, %s: the entry says %q", role, name, got)
				}
			}
		}
	}
}

// TestTheDeskAsksForWhatTheDecisionNeeds and offers what can be decided.
func TestTheDeskAsksForWhatTheDecisionNeeds(t *testing.T) {
	for name, want := range map[string]struct{ verdicts, fields string }{
		"desk-silence":            {"completed rejected released", "order_id instance_id looked reason"},
		"desk-vanished":           {"completed rejected released", "order_id looked reason"},
		"desk-refund":             {"completed rejected released", "looked reason"},
		"desk-released-buy":       {"rejected", "looked reason"},
		"desk-overtaken-renew":    {"rejected recorded", "looked reason"},
		"desk-proposed-completed": {"", "looked reason"},
		"desk-proposed-released":  {"", "reason"},
		"desk-proposed-mine":      {"", "reason"},
		"desk-support":            {"", ""},
		"desk-proposed-support":   {"", ""},
	} {
		_, doc := render(t, pick(t, name), "en")
		var verdicts, asked []string
		for _, n := range find(doc, named("input", "textarea")) {
			switch field := attr(n, "name"); {
			case field == "as":
				verdicts = append(verdicts, attr(n, "value"))
			case slices.Contains([]string{"order_id", "instance_id", "looked", "reason"}, field):
				asked = append(asked, field)
			}
		}
		if got := strings.Join(verdicts, " "); got != want.verdicts {
			t.Errorf("%s offers %q, want %q", name, got, want.verdicts)
		}
		if got := strings.Join(asked, " "); got != want.fields {
			t.Errorf("%s asks for %q, want %q", name, got, want.fields)
		}
	}
}

// TestWhatOperatorsSayToEachOtherIsForStaff: neither proposals nor reasons reach
// the people whose order it is; that they may order again does.
func TestWhatOperatorsSayToEachOtherIsForStaff(t *testing.T) {
	props := orderProps(order(models.NeedsReview, models.Buy, models.ReasonTokenWindow), false)
	for _, v := range models.Verdicts() {
		props.Events = append(props.Events, *proposed(v))
	}
	for _, r := range []models.Reason{models.ReasonWithdrawn, models.ReasonDeclined, models.ReasonReleased} {
		props.Events = append(props.Events, models.Event{At: now, From: models.NeedsReview, To: models.NeedsReview, Reason: r, Note: "secret words"})
	}
	for _, staff := range []bool{true, false} {
		props.Staff = staff
		raw, _ := render(t, canned{page: page(models.Customer, "/orders/1"), body: func(p views.Page) templ.Component { return views.Order(p, props) }}, "en")
		for words, forAll := range map[string]bool{
			"The account may order again": true, "Decision proposed": false, "202801893242539": false, "Bill 202611-0042": false,
			"Proposal withdrawn": false, "Proposal declined": false, "secret words": false,
		} {
			if got := strings.Contains(raw, words); got != (staff || forAll) {
				t.Errorf("staff %v: %q is there: %v", staff, words, got)
			}
		}
	}
}

// TestAttemptsThatCameToTheSameStandInOneLine: a day without an answer is a
// hundred of them.
func TestAttemptsThatCameToTheSameStandInOneLine(t *testing.T) {
	raw, doc := render(t, pick(t, "desk-silence"), "en")
	lines := find(doc, func(n *html.Node) bool { return n.Data == "ol" && attr(n, "class") == "evidence" })
	if len(lines) != 1 {
		t.Fatalf("%d lists", len(lines))
	}
	if n := len(find(lines[0], named("li"))); n > 4 {
		t.Errorf("%d lines for 97 attempts", n)
	}
	for _, want := range []string{"Attempts 3 to 97", "HTTP 503", "ServiceUnavailable", `href="#attempt-3"`, `id="attempt-97"`} {
		if !strings.Contains(raw, want) {
			t.Errorf("the desk does not say %q", want)
		}
	}
}
