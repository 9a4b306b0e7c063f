package views_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/a-h/templ"
	"golang.org/x/net/html"

	"portal/locales"
	"portal/models"
	"portal/views"
)

// upgradeLines are Pro for 25 machines lifted to Enterprise for 30: 8 months
// and 16 days of the running term and, with ahead, all of one that was bought
// without a discount.
func upgradeLines(s models.Subscription, ahead bool) []models.Line {
	start, end := s.StartsAt, s.StartsAt.Add(365*day)
	line := func(kind models.LineKind, e models.Edition, machines int, unit, amount models.Fen) models.Line {
		return models.Line{
			Kind: kind, Edition: e, Machines: machines, Months: 8, Days: 16, DaysOf: 31, UnitFen: unit,
			Starts: start, Ends: end, Presumed: s.Unconfirmed, Amount: amount,
		}
	}
	lines := []models.Line{
		line(models.LineNew, models.Enterprise, 30, 15000, 3832258),
		line(models.LineOld, models.Pro, 25, 6000, -1277419),
		{Kind: models.LineDiscount, Percent: "15", Starts: start, Ends: end, Presumed: s.Unconfirmed, Amount: -383226},
	}
	if ahead {
		next := models.AddMonths(end, 6)
		for _, l := range []models.Line{line(models.LineNew, models.Enterprise, 30, 15000, 2700000), line(models.LineOld, models.Pro, 25, 6000, -900000)} {
			l.Months, l.Days, l.DaysOf, l.Starts, l.Ends = 6, 0, 0, end, next
			lines = append(lines, l)
		}
	}
	return lines
}

// refundLines are those of a year that was left after 3 months and 15 days.
func refundLines(s models.Subscription) []models.Line {
	about := models.Line{Starts: s.StartsAt, Ends: s.EndsAt}
	paid, used, lost := about, about, about
	paid.Kind, paid.PaidFor, paid.Order, paid.Amount = models.LinePaid, models.Buy, "P20260809-2F8D0WNB", 1530000
	used.Kind, used.Edition, used.Machines, used.UnitFen, used.Percent = models.LineUsed, models.Pro, 25, 6000, "15"
	used.Months, used.Days, used.DaysOf, used.Amount = 3, 15, 30, -446250
	lost.Kind, lost.Percent, lost.Months, lost.Days, lost.DaysOf, lost.Amount = models.LineLostDiscount, "15", 3, 15, 30, -78750
	return []models.Line{paid, used, lost}
}

// refundEveryLine has every line that a refund can have.
func refundEveryLine() []models.Line {
	first, second, third := models.AddMonths(now, -15), models.AddMonths(now, -3), models.AddMonths(now, 9)
	in := func(from, to time.Time, presumed bool, l models.Line) models.Line {
		l.Starts, l.Ends, l.Presumed = from, to, presumed
		return l
	}
	return []models.Line{
		in(first, second, false, models.Line{Kind: models.LinePaid, PaidFor: models.Buy, Amount: 1530000}),
		in(first, second, false, models.Line{Kind: models.LineEnded, Amount: -1530000}),
		in(second, third, true, models.Line{Kind: models.LinePaid, PaidFor: models.Renew, Amount: 100000}),
		in(second, third, true, models.Line{Kind: models.LinePaid, PaidFor: models.Upgrade, Order: "P20260901-9K2M4QXR", Amount: 100000}),
		in(second, third, true, models.Line{Kind: models.LineUsed, Edition: models.Pro, Machines: 25, Months: 1, UnitFen: 6000, Amount: -150000}),
		in(second, third, true, models.Line{Kind: models.LineUsed, Edition: models.Enterprise, Machines: 30, Days: 1, DaysOf: 28, UnitFen: 15000, Percent: "12.5", Amount: -60000}),
		in(second, third, true, models.Line{Kind: models.LineLostDiscount, Percent: "12.5", Amount: -8000}),
		in(second, third, true, models.Line{Kind: models.LineNoLess, Amount: 18000}),
		in(third, models.AddMonths(third, 12), false, models.Line{Kind: models.LinePaid, PaidFor: models.Renew, Order: "P20261001-4TNB7QXR", Amount: 1530000}),
	}
}

// lastedFor is what was bought for a year so long ago.
func lastedFor(d time.Duration) models.Subscription {
	return *subscription(models.AddMonths(now.Add(-d), 12).Sub(now), false)
}

func renewForm(s models.Subscription, machines int) views.RenewProps {
	props := views.RenewProps{
		Account: account, Held: s, Count: models.Count{Machines: machines, ReadAt: now.Add(-time.Minute)},
		Sum:      views.Sum{Lines: lines(machines, 12, 6000, "15", -models.Fen(machines)*10800), TotalFen: models.Fen(machines) * 61200},
		StartsAt: s.EndsAt, EndsAt: models.AddMonths(s.EndsAt, 12), ValidFor: 30 * time.Minute, ExamplePrices: true,
	}
	for _, o := range quoteForm().Terms {
		o.EndsAt = models.AddMonths(s.EndsAt, o.Term.Months())
		props.Terms = append(props.Terms, o)
	}
	return props
}

func upgradeForm(s models.Subscription) views.UpgradeProps {
	return views.UpgradeProps{
		Account: account, Held: s, Count: models.Count{Machines: 30, ReadAt: now.Add(-time.Minute)},
		Editions: []views.EditionOption{
			{Edition: models.Pro, UnitFen: 6000, Sum: views.Sum{TotalFen: 217161}},
			{Edition: models.Enterprise, UnitFen: 15000, Sum: views.Sum{TotalFen: 2171613}, Chosen: true},
		},
		To: models.Enterprise, Sum: views.Sum{Lines: upgradeLines(s, false), TotalFen: 2171613},
		ValidFor: 30 * time.Minute, ExamplePrices: true,
	}
}

func refundForm(s models.Subscription) views.RefundProps {
	return views.RefundProps{
		Account: account, Held: s, Sum: views.Sum{Lines: refundLines(s), TotalFen: 1005000},
		FullDays: 5, ValidFor: 30 * time.Minute, ExamplePrices: true,
	}
}

// formPages are the forms of what can be done with a subscription.
func formPages() []canned {
	var out []canned
	add := func(kind models.Kind, state string, body func(views.Page) templ.Component) {
		name := string(kind)
		if state != "" {
			name += "-" + state
		}
		out = append(out, canned{name: name, page: page(models.Customer, "/accounts/7/quote?kind="+string(kind)), body: body})
	}
	renew := func(state string, p views.RenewProps, change func(*views.RenewProps)) {
		change(&p)
		add(models.Renew, state, func(page views.Page) templ.Component { return views.Renew(page, p) })
	}
	active := lastedFor(100 * day)
	auto := *subscription(200*day, true)
	gone := *subscription(-40*day, false)
	renew("", renewForm(active, 25), func(*views.RenewProps) {})
	renew("more-machines", renewForm(auto, 30), func(p *views.RenewProps) { p.ExamplePrices = false })
	renew("lapsed", renewForm(gone, 20), func(p *views.RenewProps) { p.Terms, p.PastMonths = p.Terms[1:], 1 })
	renew("presumed", renewForm(*subscription(-3*day, true), 25), func(*views.RenewProps) {})
	renew("problem", renewForm(active, 3), func(p *views.RenewProps) {
		p.Sum.Lines, p.Terms, p.MinimumMonths = nil, p.Terms[3:], 12
		p.Terms[0].Chosen = false
		p.Problems = []views.Problem{{Field: "term", Key: "term_missing"}}
	})

	upgrade := func(state string, p views.UpgradeProps, change func(*views.UpgradeProps)) {
		change(&p)
		add(models.Upgrade, state, func(page views.Page) templ.Component { return views.Upgrade(page, p) })
	}
	upgrade("", upgradeForm(active), func(*views.UpgradeProps) {})
	upgrade("one", upgradeForm(active), func(p *views.UpgradeProps) {
		p.Editions, p.Count.Machines = p.Editions[1:], 25
	})
	upgrade("count", upgradeForm(active), func(p *views.UpgradeProps) {
		p.Held.Edition, p.Editions, p.Sum.Lines = models.Enterprise, p.Editions[1:], nil
	})
	upgrade("ahead", upgradeForm(*renewedAhead()), func(p *views.UpgradeProps) {
		p.Sum.Lines, p.Sum.TotalFen = upgradeLines(p.Held, true), 2171613+1800000
	})
	upgrade("presumed", upgradeForm(*subscription(-3*day, true)), func(*views.UpgradeProps) {})
	upgrade("problem", upgradeForm(active), func(p *views.UpgradeProps) {
		p.Sum.Lines = nil
		for i := range p.Editions {
			p.Editions[i].Chosen, p.Editions[i].Sum.TotalFen = false, 0
		}
		p.Problems = []views.Problem{{Field: "edition", Key: "edition_missing"}}
	})
	upgrade("one-problem", upgradeForm(active), func(p *views.UpgradeProps) {
		p.Editions, p.Problems = p.Editions[1:], []views.Problem{{Field: "edition", Key: "edition_unknown"}}
	})

	refund := func(state string, p views.RefundProps, change func(*views.RefundProps)) {
		change(&p)
		add(models.Refund, state, func(page views.Page) templ.Component { return views.Refund(page, p) })
	}
	refund("", refundForm(lastedFor(106*day)), func(p *views.RefundProps) { p.Held.AutoRenew, p.Held.AutoRenewMonths = true, 12 })
	refund("full", refundForm(lastedFor(2*day)), func(p *views.RefundProps) {
		p.Sum.Lines, p.InFull, p.Sum.TotalFen = append(p.Sum.Lines[:1:1], models.Line{Kind: models.LineInFull, Days: 5}), true, 1530000
	})
	refund("never-full", refundForm(lastedFor(106*day)), func(p *views.RefundProps) { p.FullDays = 0 })
	refund("full-used", refundForm(lastedFor(2*day)), func(p *views.RefundProps) { p.FullUsed = true })
	refund("every-line", refundForm(*subscription(-90*day, true)), func(p *views.RefundProps) {
		p.Sum.Lines, p.Sum.TotalFen = refundEveryLine(), 1530000
	})
	refund("nothing", refundForm(lastedFor(300*day)), func(p *views.RefundProps) {
		p.Sum.Lines, p.Sum.TotalFen = p.Sum.Lines[:1:1], 0
		p.Sum.Lines = append(p.Sum.Lines, models.Line{Kind: models.LineEnded, Starts: p.Held.StartsAt, Ends: p.Held.EndsAt, Amount: -1530000})
	})
	return out
}

// quoteOf is a quote of a kind for what was bought for a year.
func quoteOf(kind models.Kind) models.Quote {
	q := quote()
	s := lastedFor(106 * day)
	if kind == models.Buy {
		return q
	}
	q.Kind, q.AutoRenew, q.AutoRenewMonths, q.InstanceID = kind, false, 0, s.InstanceID
	q.Held = &models.Held{Edition: models.Pro, InstanceCount: 25, StartsAt: s.StartsAt, EndsAt: s.EndsAt}
	switch kind {
	case models.Renew:
		q.StartsAt, q.EndsAt = ptr(s.EndsAt), ptr(models.AddMonths(s.EndsAt, 12))
	case models.Upgrade:
		q.Edition, q.InstanceCount, q.Cycle, q.Duration, q.EndsAt = models.Enterprise, 30, "", 0, ptr(s.EndsAt)
		q.Lines, q.TotalFen = upgradeLines(s, false), 2171613
	case models.Refund:
		q.Cycle, q.Duration = "", 0
		q.Lines, q.TotalFen = refundLines(s), 1005000
	case models.Buy:
	}
	return q
}

func checkProps(kind models.Kind) views.CheckProps {
	q := quoteOf(kind)
	props := views.CheckProps{
		FullUntil: now.Add(-101 * day), Quote: q, Account: account, By: "li.na@yunqi.example", MayOrder: true, FullDays: 5,
		ChangeURL: "/accounts/7/quote?kind=" + string(kind),
	}
	switch kind {
	case models.Buy:
		props.StartsAt, props.EndsAt = now, yearOn
		props.ChangeURL += "&edition=pro&term=year-1&auto_renew=on&auto_renew_months=12"
	case models.Renew:
		props.StartsAt, props.EndsAt = *q.StartsAt, *q.EndsAt
		props.ChangeURL += "&term=year-1"
	case models.Upgrade:
		props.StartsAt, props.EndsAt = now, *q.EndsAt
		props.ChangeURL += "&edition=enterprise"
	case models.Refund:
	}
	return props
}

// checkPages are the check pages of all kinds but purchases.
func checkPages() []canned {
	var out []canned
	add := func(name string, props views.CheckProps, change func(*views.CheckProps)) {
		change(&props)
		out = append(out, canned{
			name: name, page: page(models.Customer, "/quotes/0193a5b2-7c1d-7000-8000-3f2a6d1e9b44"),
			body: func(p views.Page) templ.Component { return views.Check(p, props) },
		})
	}
	for _, kind := range []models.Kind{models.Renew, models.Upgrade, models.Refund} {
		name := "check-" + string(kind)
		add(name, checkProps(kind), func(*views.CheckProps) {})
		add(name+"-expired", checkProps(kind), func(p *views.CheckProps) { p.Expired = true })
		add(name+"-direct", checkProps(kind), func(p *views.CheckProps) {
			p.Account = direct
			p.Problems = []views.Problem{{Key: "subscription_expired"}}
		})
		add(name+"-changed", checkProps(kind), func(p *views.CheckProps) {
			old := quoteOf(kind)
			old.InstanceCount, old.TotalFen, old.ExpiresAt = old.InstanceCount-1, old.TotalFen-60000, now.Add(-time.Minute)
			old.Held = &models.Held{Edition: models.Pro, InstanceCount: 20, StartsAt: p.Quote.Held.StartsAt, EndsAt: p.Quote.Held.EndsAt.Add(-30 * day)}
			p.Previous = &old
			p.Quote.Changes = []models.QuoteChange{models.CountChanged, models.AccountChanged}
		})
	}
	add("check-renew-lapsed", checkProps(models.Renew), func(p *views.CheckProps) {
		s := *subscription(-40*day, false)
		p.StartsAt, p.EndsAt = s.EndsAt, models.AddMonths(s.EndsAt, 12)
		p.Quote.Held.EndsAt, p.Quote.Held.InstanceCount = s.EndsAt, 20
	})
	add("check-renew-soon", checkProps(models.Renew), func(p *views.CheckProps) {
		p.Quote.Held.StartsAt, p.FullUntil, p.FullUsed = now.Add(-2*day), now.Add(3*day), true
	})
	add("check-renew-presumed", checkProps(models.Renew), func(p *views.CheckProps) {
		p.Quote.Held.AutoRenew, p.Quote.Held.Unconfirmed = true, true
	})
	add("check-upgrade-presumed", checkProps(models.Upgrade), func(p *views.CheckProps) {
		p.Quote.Held.AutoRenew, p.Quote.Held.Unconfirmed = true, true
	})
	add("check-refund-presumed", checkProps(models.Refund), func(p *views.CheckProps) {
		p.Quote.Held.AutoRenew, p.Quote.Held.Unconfirmed = true, true
	})
	add("check-upgrade-one", checkProps(models.Upgrade), func(p *views.CheckProps) { p.Quote.InstanceCount = 25 })
	add("check-refund-full", checkProps(models.Refund), func(p *views.CheckProps) {
		p.Quote.Lines, p.Quote.TotalFen = append(p.Quote.Lines[:1:1], models.Line{Kind: models.LineInFull, Days: 5}), 1530000
	})
	add("check-refund-nothing", checkProps(models.Refund), func(p *views.CheckProps) {
		p.Quote.Lines, p.Quote.TotalFen = append(p.Quote.Lines[:1:1], models.Line{
			Kind: models.LineEnded, Starts: p.Quote.Held.StartsAt, Ends: p.Quote.Held.EndsAt, Amount: -1530000,
		}), 0
	})
	add("check-refund-missing", checkProps(models.Refund), func(p *views.CheckProps) {
		p.Problems = []views.Problem{{Field: "instance_id", Key: "instance_id_confirm_missing"}}
	})
	add("check-refund-wrong", checkProps(models.Refund), func(p *views.CheckProps) {
		p.InstanceID = `sas-cn-"wrong`
		p.Problems = []views.Problem{{Field: "instance_id", Key: "instance_id_confirm_wrong"}}
	})
	return out
}

// orderPages are order pages that no status and kind alone make.
func orderPages() []canned {
	var out []canned
	add := func(name string, kind models.Kind, change func(*views.OrderProps)) {
		props := orderProps(order(models.Completed, kind, models.ReasonDone), false)
		change(&props)
		out = append(out, canned{
			"order-" + name, models.Completed, page(models.Customer, "/orders/P20261124-7K3M9QXR"),
			func(p views.Page) templ.Component { return views.Order(p, props) },
		})
	}
	add("refund-full", models.Refund, func(p *views.OrderProps) {
		p.Quote.Lines = append(p.Quote.Lines[:1:1], models.Line{Kind: models.LineInFull, Days: 5})
	})
	add("refund-inferred", models.Refund, func(p *views.OrderProps) { p.Order.Reason = models.ReasonInferredDone })
	add("renew-late", models.Renew, func(p *views.OrderProps) {
		p.Order.StartsAt, p.Order.EndsAt = ptr(now.Add(-8*day)), ptr(models.AddMonths(now.Add(-8*day), 12))
	})
	add("renew-presumed", models.Renew, func(p *views.OrderProps) { p.Quote.Held.Unconfirmed = true })
	return append(out, deskPages()...)
}

// formOf is the form of a page that posts what the page is about.
func formOf(t *testing.T, doc *html.Node) *html.Node {
	t.Helper()
	got := find(doc, func(n *html.Node) bool {
		return n.Data == "form" && attr(n, "class") != "" && attr(n, "method") == "post"
	})
	got = slices.DeleteFunc(got, func(n *html.Node) bool {
		return !strings.Contains(attr(n, "action"), "/quote")
	})
	if len(got) != 1 {
		t.Fatalf("%d forms", len(got))
	}
	return got[0]
}

func fields(form *html.Node) map[string][]string {
	out := map[string][]string{}
	for _, in := range find(form, named("input")) {
		out[attr(in, "name")] = append(out[attr(in, "name")], attr(in, "value"))
	}
	return out
}

func TestEachKindHasItsForm(t *testing.T) {
	for name, want := range map[string]struct {
		fields  map[string][]string
		buttons int
	}{
		"renew":   {map[string][]string{"kind": {"renew"}, "term": {"month-1", "month-3", "month-6", "year-1", "year-2", "year-3"}}, 2},
		"upgrade": {map[string][]string{"kind": {"upgrade"}, "edition": {"pro", "enterprise"}}, 2},
		// With one edition there is nothing to choose, and it is sent all the same.
		"upgrade-one": {map[string][]string{"kind": {"upgrade"}, "edition": {"enterprise"}}, 1},
		"refund":      {map[string][]string{"kind": {"refund"}}, 1},
	} {
		_, doc := render(t, pick(t, name), "en")
		form := formOf(t, doc)
		kind, _, _ := strings.Cut(name, "-")
		if got := attr(form, "action"); got != "/accounts/7/quote?kind="+kind {
			t.Errorf("%s posts to %s", name, got)
		}
		got := fields(form)
		for field, values := range want.fields {
			if !slices.Equal(got[field], values) {
				t.Errorf("%s: %s is %q, want %q", name, field, got[field], values)
			}
		}
		if len(got) != len(want.fields) {
			t.Errorf("%s asks for %v", name, got)
		}
		buttons := find(form, named("button"))
		if len(buttons) != want.buttons || has(buttons[0], "formmethod") {
			t.Errorf("%s has %d buttons; does the first go forward?", name, len(buttons))
		}
	}
}

// TestTheButtonNamesTheAct does so for what TestTheButtonNamesTheSum does not.
func TestTheButtonNamesTheAct(t *testing.T) {
	for name, want := range map[string]string{
		"check-renew": "Renew for CN¥15,300.00", "check-upgrade": "Upgrade for CN¥21,716.13", "check-refund": "Refund about CN¥10,050.00",
	} {
		_, doc := render(t, pick(t, name), "en")
		form := formOf(t, doc)
		if got := text(find(form, named("button"))[0]); got != want {
			t.Errorf("the button says %q, want %q", got, want)
		}
		if danger := strings.Contains(attr(find(form, named("button"))[0], "class"), "danger"); danger != (name == "check-refund") {
			t.Errorf("%s: danger is %v", name, danger)
		}
		if _, asks := fields(form)["instance_id"]; asks != (name == "check-refund") {
			t.Errorf("%s asks for the instance id: %v", name, asks)
		}
		if got := find(pickDoc(t, name+"-expired"), func(n *html.Node) bool { return strings.HasSuffix(attr(n, "action"), "/order") }); len(got) > 0 {
			t.Errorf("%s can be placed after it expired", name)
		}
	}
}

// TestARefundOfNothingSaysSo: on the check page, too, which is the last before
// what can't be undone.
func TestARefundOfNothingSaysSo(t *testing.T) {
	for tag, want := range map[string][]string{
		"en":      {"Nothing would be paid back", "Release the instance, no refund"},
		"zh-Hans": {"预计退款为零", "确认释放实例，不退款"},
	} {
		for _, name := range []string{"refund-nothing", "check-refund-nothing"} {
			if got := says(t, name, tag); !strings.Contains(got, want[0]) {
				t.Errorf("%s does not say %q:\n%s", name, want[0], got)
			}
		}
		_, doc := render(t, pick(t, "check-refund-nothing"), tag)
		if got := text(find(formOf(t, doc), named("button"))[0]); got != want[1] {
			t.Errorf("the button says %q, want %q", got, want[1])
		}
	}
	tellsNot(t, "check-refund", "Nothing would be paid back")
}

// TestEveryPageOfAPresumedRenewalWarns: what rests on it, no page shows as sure.
func TestEveryPageOfAPresumedRenewalWarns(t *testing.T) {
	for name, want := range map[string]string{
		"renew": "end date is not confirmed", "upgrade": "end date is not confirmed", "refund": "last payment is not confirmed",
	} {
		form := name + "-presumed"
		if name == "refund" {
			form = name + "-every-line"
		}
		tells(t, form, want, "only Alibaba Cloud can confirm")
		tells(t, "check-"+name+"-presumed", want, "only Alibaba Cloud can confirm")
		tellsNot(t, name, "not confirmed")
		tellsNot(t, "check-"+name, "not confirmed")
	}
	for _, name := range []string{"upgrade-presumed", "check-upgrade-presumed"} {
		for tag, want := range map[string]string{"en": "Unchanged · Not confirmed", "zh-Hans": "不变 · 未确认"} {
			if got := says(t, name, tag); !strings.Contains(got, want) {
				t.Errorf("%s: the end that stays is not marked %q", name, want)
			}
		}
	}
}

func pickDoc(t *testing.T, name string) *html.Node {
	t.Helper()
	_, doc := render(t, pick(t, name), "en")
	return doc
}

func TestARefundIsConfirmedByName(t *testing.T) {
	doc := pickDoc(t, "check-refund-wrong")
	form := formOf(t, doc)
	in := find(form, func(n *html.Node) bool { return attr(n, "id") == "instance_id" })[0]
	for name, want := range map[string]string{
		"type": "text", "value": `sas-cn-"wrong`, "autocomplete": "off", "spellcheck": "false", "aria-invalid": "true",
	} {
		if got := attr(in, name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if !strings.Contains(text(form), "sas-cn-x0r3l7m2k01") {
		t.Error("the id to copy does not stand there")
	}
}

// tells finds words in a page's main part.
func tells(t *testing.T, name string, want ...string) {
	t.Helper()
	got := text(find(pickDoc(t, name), named("main"))[0])
	for _, w := range want {
		if !strings.Contains(got, w) {
			t.Errorf("%s does not say %q:\n%s", name, w, got)
		}
	}
}

func tellsNot(t *testing.T, name string, never ...string) {
	t.Helper()
	got := text(find(pickDoc(t, name), named("main"))[0])
	for _, w := range never {
		if strings.Contains(got, w) {
			t.Errorf("%s says %q", name, w)
		}
	}
}

func TestARenewalSaysWhenItStarts(t *testing.T) {
	tells(t, "renew", "After renewing", "16 August 2027 at 14:05", "16 August 2028 at 14:05", "no day is lost", "Ends 16 August 2030")
	tellsNot(t, "renew", "ended on", "Not confirmed", "Auto-renewal", "covered now")
	tells(t, "renew-more-machines", "The new term covers 30 machines from its start. Until then nothing changes (covered now: 25 machines).", "From 12 June 2027", "Auto-renewal stays on")
	tells(t, "renew-lapsed", "Your subscription ended on 15 October 2026", "starts at that end, not today", "(40 days)", "so from now on it covers 325 days", "Terms of 1 month or less are left out")
	tells(t, "renew-presumed", "The end date is not confirmed", "Not confirmed")
	tells(t, "check-renew-lapsed", "Your subscription ended on 15 October 2026", "so from now on it covers 325 days")
	tells(t, "check-renew-presumed", "Not confirmed")
}

// TestALateRenewalsDaysAddUp: what has passed and what is left are the term,
// whatever the time of day.
func TestALateRenewalsDaysAddUp(t *testing.T) {
	for passed, want := range map[time.Duration][2]string{
		8*day + 14*time.Hour: {"(8 days)", "covers 357 days"}, 8 * day: {"(8 days)", "covers 357 days"},
		9*day - time.Second: {"(8 days)", "covers 357 days"}, time.Hour: {"(less than a day)", "covers 365 days"},
	} {
		p := renewForm(*subscription(-passed, false), 25) // 365 days from its end on
		c := pick(t, "renew")
		c.body = func(page views.Page) component { return views.Renew(page, p) }
		_, doc := render(t, c, "en")
		got := spoken(find(doc, named("main"))[0])
		for _, w := range want {
			if !strings.Contains(got, w) {
				t.Errorf("%s after the end it does not say %q:\n%s", passed, w, got)
			}
		}
	}
}

// TestARenewalIsNoPurchase: in Chinese its term has a name of its own.
func TestARenewalIsNoPurchase(t *testing.T) {
	for _, name := range []string{"renew", "renew-problem", "check-renew", "check-renew-changed"} {
		got := says(t, name, "zh-Hans")
		if !strings.Contains(got, "续费时长") || strings.Contains(got, "购买时长") {
			t.Errorf("%s has another word for it:\n%s", name, got)
		}
	}
}

func TestAnUpgradeShowsItsFormula(t *testing.T) {
	formula := []string{
		"New price", "CN¥38,322.58", "Enterprise × 30 machines × 8 months and 16 days", "CN¥150.00 / machine / month", "16 days = 16/31 of a month",
		"Less old price", "−CN¥12,774.19", "Pro × 25 machines × 8 months and 16 days", "15% off", "−CN¥3,832.26", "The discount that this term was bought with.",
		"CN¥21,716.13", "(new price − old price) × time left × (1 − discount)", "CN¥1,500.00 CN¥4,500.00", "Unchanged",
	}
	tells(t, "upgrade", formula...)
	tells(t, "check-upgrade", formula...)
	tellsNot(t, "upgrade", "bought without a discount", "Not confirmed")
	tells(t, "upgrade-ahead", "This term was bought without a discount", "to 3 January 2027")
	tells(t, "upgrade-ahead", "SubtotalCN¥21,716.13", "SubtotalCN¥18,000.00")
	tellsNot(t, "upgrade", "Subtotal")
	tells(t, "upgrade-presumed", "An automatic renewal, not confirmed")
	tells(t, "upgrade-one", "Pro becomes Enterprise")
	tells(t, "upgrade-count", "Your edition stays Enterprise")
	if got := len(find(pickDoc(t, "upgrade-ahead"), func(n *html.Node) bool { return attr(n, "class") == "sum__period" })); got != 2 {
		t.Errorf("%d periods have a heading", got)
	}
	if got := len(find(pickDoc(t, "upgrade"), func(n *html.Node) bool { return attr(n, "class") == "sum__period" })); got != 0 {
		t.Error("the only period has a heading")
	}
}

// TestTheFormulaHasAWordForEachPrice: in Chinese one word could be read as the
// list price and as the price before.
func TestTheFormulaHasAWordForEachPrice(t *testing.T) {
	for _, name := range []string{"upgrade", "check-upgrade"} {
		got := says(t, name, "zh-Hans")
		for _, want := range []string{"（升级后价格 − 升级前价格）× 剩余时间", "每月优惠前价格", "升级后价格 ¥38,322.58", "减：升级前价格 "} {
			if !strings.Contains(got, want) {
				t.Errorf("%s does not say %q:\n%s", name, want, got)
			}
		}
		if strings.Contains(got, "原价") {
			t.Errorf("%s says 原价, which is either of two", name)
		}
	}
}

func TestARefundSaysWhatIsLost(t *testing.T) {
	tells(t, "refund", "Protection stops at once for 25 machines", "sas-cn-x0r3l7m2k01 is released", "is lost: 259 days", "Auto-renewal ends",
		"The discount for the term is lost", "cannot be undone", "can buy again", "Discount of 15% lost", "Less 15%", "P20260809-2F8D0WNB",
		"Within 5 days of the purchase", "bought more than 5 days ago, so this is not a full refund", "goes back to whoever paid", "estimate")
	tells(t, "refund-full", "Paid back in full: bought less than 5 days ago", "full refund of the year")
	tellsNot(t, "refund-never-full", "calendar year", "full refund")
	tellsNot(t, "refund-full", "time used", "Auto-renewal", "Discount")
	tells(t, "refund-full-used", "has had its full refund of this year")
	tells(t, "refund-every-line", "This term is over", "Recorded by the operator", "An automatic renewal, not confirmed", "Nobody has confirmed it",
		"Paid for the upgrade", "Enterprise × 30 machines × 1 day", "More used than paid")
	tells(t, "refund-nothing", "Nothing would be paid back")
	tells(t, "check", "Within 5 days of the start of the service", "For the current term, what was paid is refunded less the time used")
	tells(t, "check-refund", "cannot be undone", "Who gets the money", "Check and confirm your refund")
	tells(t, "check-refund-full", "It was bought less than 5 days ago", "This estimate is valid until", "Asked for by")
	tells(t, "order-completed-refund", "Asked for by", "Asked for24 November")
	tellsNot(t, "check-refund", "Who pays", "Auto-renewal", "Ordered by", "This quote")
	for name, want := range map[string][]string{
		"refund": {"购买已超过 5 天，本次不是全额退款"}, "refund-full": {"购买未满 5 天，本次全额退款", "全额退款：购买未满 5 天"},
		"refund-full-used": {"购买未满 5 天，但"}, "check-refund": {"申请人", "预计退款有效期至"}, "order-completed-refund": {"申请人", "申请时间"},
	} {
		got := says(t, name, "zh-Hans")
		for _, w := range want {
			if !strings.Contains(got, w) {
				t.Errorf("%s does not say %q:\n%s", name, w, got)
			}
		}
		if strings.Contains(got, "下单人") || strings.Contains(got, "期限") {
			t.Errorf("%s speaks of an order, or of days that it does not name:\n%s", name, got)
		}
	}
}

// TestADirectCustomerReadsWhomToSettleWith: they pay the operator, and the portal
// takes nothing itself. To others it is the operator who pays.
func TestADirectCustomerReadsWhomToSettleWith(t *testing.T) {
	for kind, want := range map[models.Kind]string{
		models.Renew:  "You settle this sum with the portal’s operator; the portal takes no payment itself.",
		models.Refund: "You settle the refund with the portal’s operator; the portal pays nothing out itself.",
	} {
		for role, theirs := range map[models.Role]bool{models.Customer: true, models.Operator: false, models.Support: false} {
			props := checkProps(kind)
			props.Account.ResellerID = nil
			_, doc := render(t, canned{"direct", "", page(role, "/quotes/Q"), func(p views.Page) templ.Component { return views.Check(p, props) }}, "en")
			if got := text(doc); strings.Contains(got, want) != theirs {
				t.Errorf("a %s, as %s:\n%s", kind, role, got)
			}
		}
	}
}

// TestEachPeriodOfARefundComesToSomething: where there are several.
func TestEachPeriodOfARefundComesToSomething(t *testing.T) {
	tells(t, "refund-every-line", "Subtotal")
	tellsNot(t, "refund", "Subtotal")
	tellsNot(t, "refund-full", "Subtotal")
}

// TestADiscountIsSaidAsShopsSayIt: 15% off, and in Chinese eight and a half tenths
// of the price.
func TestADiscountIsSaidAsShopsSayIt(t *testing.T) {
	for tag, want := range map[string]string{"en": "15% off", "zh-Hans": "8.5 折"} {
		if got := says(t, "quote", tag); !strings.Contains(got, want) {
			t.Errorf("%s does not say %q:\n%s", tag, want, got)
		}
	}
}

// TestTheDaysOfAFullRefundCountFromThePurchase: not from the renewal or the
// upgrade that is being paid for.
func TestTheDaysOfAFullRefundCountFromThePurchase(t *testing.T) {
	const over = "no longer possible. It was counted from the purchase on 10 August 2026 at 14:05 Beijing time and ended on 15 August 2026 at 14:05"
	q := quoteOf(models.Renew)
	if got := q.Held.StartsAt.In(models.Beijing).Format(time.DateOnly); got != "2026-08-10" {
		t.Fatalf("the canned purchase is of %s", got)
	}
	tells(t, "check-renew", over)
	tells(t, "check-upgrade", over)
	tells(t, "check-renew-soon", "counted from the purchase on 22 November 2026 at 14:05 Beijing time, not from this payment. It is possible until 27 November 2026", "has had its full refund of this year")
	for _, name := range []string{"check-renew", "check-upgrade", "check-renew-soon"} {
		tellsNot(t, name, "Within 5 days")
	}
}

func TestAnAutomaticRenewalHasItsPrice(t *testing.T) {
	for tag, want := range map[string]string{
		"en": "for 12 months each time. Each automatic renewal would cost about CN¥15,300.00 at today’s prices. The prices of that time decide.", "zh-Hans": "每次自动续费预计 ¥15,300.00，实际以续费时的价格为准",
	} {
		if got := says(t, "check-auto-renew", tag); !strings.Contains(got, want) {
			t.Errorf("it does not say %q:\n%s", want, got)
		}
	}
	tellsNot(t, "check", "Each automatic renewal")
}

func TestOnlyWhatCanBeChangedHasALink(t *testing.T) {
	for name, want := range map[string][]string{
		"check":             {"#edition", "#term", "#auto_renew"},
		"check-renew":       {"#term"},
		"check-upgrade":     {"#edition"},
		"check-upgrade-one": nil,
		"check-refund":      nil,
	} {
		var got []string
		for _, n := range find(pickDoc(t, name), named("a")) {
			if _, field, ok := strings.Cut(attr(n, "href"), "#"); ok && strings.Contains(attr(n, "href"), "/quote?") {
				got = append(got, "#"+field)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: links to %q, want %q", name, got, want)
		}
	}
}

func TestAComparisonFitsItsKind(t *testing.T) {
	rows := func(name string) []string {
		var out []string
		for _, table := range find(pickDoc(t, name), func(n *html.Node) bool { return attr(n, "class") == "table compare" }) {
			for _, n := range find(table, func(n *html.Node) bool { return attr(n, "scope") == "row" }) {
				out = append(out, text(n))
			}
		}
		return out
	}
	for name, want := range map[string][]string{
		"check-changed":         {"Edition", "Term", "Machines", "Price per machine, per month", "Total to pay", "Valid until (Beijing time)"},
		"check-renew-changed":   {"Edition", "Term", "Machines", "Price per machine, per month", "Held when quoted", "End date when quoted (Beijing time)", "New end date (Beijing time)", "Total to pay", "Valid until (Beijing time)"},
		"check-upgrade-changed": {"Edition", "Machines", "Held when quoted", "End date when quoted (Beijing time)", "Total to pay", "Valid until (Beijing time)"},
		"check-refund-changed":  {"Edition", "Machines", "Held when quoted", "End date when quoted (Beijing time)", "Estimated refund", "Valid until (Beijing time)"},
	} {
		if got := rows(name); !slices.Equal(got, want) {
			t.Errorf("%s compares %q, want %q", name, got, want)
		}
	}
}

func TestAReceiptFitsItsKind(t *testing.T) {
	tells(t, "order-completed-buy", "Pro · 1 year · 25 machines", "Auto-renewal", "Order total")
	tells(t, "order-completed-renew", "Pro · 1 year · 25 machines", "Old end, where the new term starts", "New end", "sas-cn-x0r3l7m2k01")
	tells(t, "order-completed-upgrade", "Pro · 25 machines → Enterprise · 30 machines", "Active from", "Ends (unchanged)")
	tells(t, "order-completed-refund", "Pro · 25 machines", "Service ended", "Expected refund", "Buy again")
	for _, kind := range []models.Kind{models.Renew, models.Upgrade, models.Refund} {
		tellsNot(t, "order-completed-"+string(kind), "Auto-renewal", "Service starts")
	}
	tells(t, "order-refund-full", "The account’s one full refund of 2026 is used.")
	tellsNot(t, "order-completed-refund", "full refund")
	tells(t, "order-refund-inferred", "Your reseller pays you back about CN¥10,050.00")
	tells(t, "order-renew-presumed", "Not confirmed")
	tells(t, "order-renew-late", "Service resumed on 24 November 2026 at 14:05")
	tellsNot(t, "order-completed-renew", "Service resumed")
	tells(t, "orders", "Renewal Pro · 1 year · 25 machines")
}

// TestWhatCameToNothingSaysThatNothingMoved beside the sum, not only above it.
func TestWhatCameToNothingSaysThatNothingMoved(t *testing.T) {
	for _, status := range []models.Status{models.Rejected, models.Cancelled} {
		tells(t, "order-"+string(status)+"-upgrade", "Order total (not charged)CN¥21,716.13")
		tells(t, "order-"+string(status)+"-refund", "Expected refund (not made)")
	}
	tellsNot(t, "order-completed-buy", "not charged")
	for tag, words := range map[string][]string{"en": {"Not charged", "Not refunded"}, "zh-Hans": {"未扣款", "未退款"}} {
		for _, word := range words {
			if got := strings.Count(says(t, "orders", tag), word); got != 1 {
				t.Errorf("of a rejected purchase and a cancelled refund %d say %q", got, word)
			}
		}
	}
}

func TestAPlacedOrderHasItsFirstStepBehindIt(t *testing.T) {
	tells(t, "order-placed-buy", "Order placed Done")
}

// TestAnAnswerThatNeverCameIsNone: what the portal noted is not what the
// provider said.
func TestAnAnswerThatNeverCameIsNone(t *testing.T) {
	c := pick(t, "order-staff")
	props := orderProps(order(models.NeedsReview, models.Buy, models.ReasonContradicted), true)
	props.Attempts[0].Response, props.Attempts[0].Outcome, props.Attempts[0].AnsweredAt = "EOF", models.OutcomeUnknown, ptr(now)
	c.body = func(p views.Page) component { return views.Order(p, props) }
	_, doc := render(t, c, "en")
	if got := spoken(find(doc, named("details"))[0]); !strings.Contains(got, "No answer. The portal noted: EOF") {
		t.Errorf("the attempt says %q", got)
	}
	for _, pre := range find(doc, named("pre")) {
		if text(pre) == "EOF" {
			t.Error("it looks like an answer")
		}
	}
}

// TestAfterAnOrder looks where an order page leads next.
func TestAfterAnOrder(t *testing.T) {
	for name, want := range map[string]string{
		"order-rejected-buy": "buy", "order-rejected-renew": "renew", "order-rejected-upgrade": "upgrade", "order-rejected-refund": "refund",
		"order-cancelled-upgrade": "upgrade", "order-completed-refund": "buy",
		"order-completed-buy": "", "order-completed-renew": "", "order-unknown-renew": "", "order-needs_review-refund": "", "order-placed-buy": "",
	} {
		got := ""
		for _, n := range find(pickDoc(t, name), named("a")) {
			if kind, ok := strings.CutPrefix(attr(n, "href"), "/accounts/7/quote?kind="); ok {
				got += kind
			}
		}
		if got != want {
			t.Errorf("%s leads to %q, want %q", name, got, want)
		}
	}
}

// TestWhatIsGoneIsNotAskedForAgain: when the provider no longer has the instance,
// the same order would fail once more.
func TestWhatIsGoneIsNotAskedForAgain(t *testing.T) {
	const back = "Back to the subscription /accounts/7"
	for _, kind := range []models.Kind{models.Renew, models.Upgrade, models.Refund} {
		for anew, want := range map[bool][]string{
			false: {back}, true: {back + " (quiet)", "Buy again /accounts/7/quote?kind=buy"},
		} {
			o := order(models.Rejected, kind, models.ReasonRefused)
			o.Code = "InvalidInstance.Released"
			props := orderProps(o, false)
			props.BuyAnew = anew
			c := pick(t, "order-rejected-"+string(kind))
			c.body = func(p views.Page) component { return views.Order(p, props) }
			_, doc := render(t, c, "en")
			if got := buttons(doc); !slices.Equal(got, want) {
				t.Errorf("%s (may buy: %v) leads to %q, want %q", kind, anew, got, want)
			}
			got := spoken(find(doc, named("main"))[0])
			for _, never := range []string{"again then", "can order again", "can ask again", "still in use"} {
				if strings.Contains(got, never) {
					t.Errorf("%s says %q", kind, never)
				}
			}
			if !strings.Contains(got, "buy again from its page") {
				t.Errorf("%s does not say what to do:\n%s", kind, got)
			}
		}
	}
}

// TestMoneyHasADirection holds refunds apart from charges without colour.
func TestMoneyHasADirection(t *testing.T) {
	for _, tag := range locales.Tags() {
		_, doc := render(t, pick(t, "orders"), tag)
		for _, row := range find(find(doc, named("tbody"))[0], named("tr")) {
			refund := strings.Contains(text(row), map[string]string{"en": "Refund", "zh-Hans": "退款"}[tag])
			sum := text(find(row, func(n *html.Node) bool { return strings.Contains(attr(n, "class"), "money") })[0])
			if strings.HasPrefix(sum, "−") != refund {
				t.Errorf("a row with a refund (%v) says %s", refund, sum)
			}
		}
	}
}
