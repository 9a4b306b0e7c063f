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

const day = 24 * time.Hour

// subscription is one that was bought for a year, with so much time left; an
// end that has passed with auto-renewal on has a presumed renewal after it.
func subscription(left time.Duration, auto bool) *models.Subscription {
	known := now.Add(left)
	s := &models.Subscription{
		InstanceID: "sas-cn-x0r3l7m2k01", Edition: models.Pro, InstanceCount: 25,
		StartsAt: models.AddMonths(known, -12), EndsAt: known, AutoRenew: auto,
		Periods: []models.Period{{
			Start: models.AddMonths(known, -12), End: known, Months: 12, Percent: "15",
			Spans:    []models.Span{{From: models.AddMonths(known, -12), Edition: models.Pro, InstanceCount: 25, UnitFen: 6000}},
			Payments: []models.Payment{{Number: "P20261124-7K3M9QXR", Kind: models.Buy, Fen: 1530000}},
		}},
	}
	if auto {
		s.AutoRenewMonths = 12
	}
	if auto && left <= 0 {
		s.EndsAt, s.Unconfirmed = models.AddMonths(known, 12), true
		s.Periods = append(s.Periods, models.Period{
			Start: known, End: s.EndsAt, Months: 12, Presumed: true,
			Spans: []models.Span{{From: known, Edition: models.Pro, InstanceCount: 25}},
		})
	}
	return s
}

// renewedAhead has a term that has not begun yet, for more machines.
func renewedAhead() *models.Subscription {
	s := subscription(40*day, false)
	end := s.EndsAt
	s.EndsAt = models.AddMonths(end, 12)
	s.Periods = append(s.Periods, models.Period{
		Start: end, End: s.EndsAt, Months: 12, Spans: []models.Span{{From: end, Edition: models.Enterprise, InstanceCount: 40}},
	})
	return s
}

func owned(machines int) *models.Count {
	return &models.Count{Machines: machines, ReadAt: now.Add(-time.Minute)}
}

// actions are one for each kind; what is not named in why can be done.
func actions(why map[models.Kind]views.Action) []views.Action {
	var out []views.Action
	for _, k := range []models.Kind{models.Renew, models.Upgrade, models.Refund, models.Buy} {
		a := why[k]
		a.Kind = k
		out = append(out, a)
	}
	return out
}

func nothing(why string, args ...any) []views.Action {
	a := views.Action{Why: why, Args: args}
	return actions(map[models.Kind]views.Action{models.Renew: a, models.Upgrade: a, models.Refund: a, models.Buy: a})
}

// running is what a subscription in force usually allows.
func running(upgrade views.Action) []views.Action {
	return actions(map[models.Kind]views.Action{models.Upgrade: upgrade, models.Buy: {Why: "subscribed"}})
}

// lapsed is what one that has ended allows.
func lapsed(buy views.Action) []views.Action {
	return actions(map[models.Kind]views.Action{
		models.Renew: {Urgent: true}, models.Upgrade: {Why: "expired"}, models.Refund: {Why: "expired"}, models.Buy: buy,
	})
}

func unsubscribed(buy views.Action) []views.Action {
	none := views.Action{Why: "not_subscribed"}
	return actions(map[models.Kind]views.Action{models.Buy: buy, models.Renew: none, models.Upgrade: none, models.Refund: none})
}

func outside(kind models.OutsideKind) *models.OutsideEvent {
	e := &models.OutsideEvent{
		ID: 3, AccountID: account.ID, Kind: kind, InstanceID: "sas-cn-x0r3l7m2k01", Reason: "Bill 2026-11, line 4: <b>renewed</b>",
		UserID: 5, CreatedAt: now.Add(-time.Hour), EndsAt: ptr(yearOn),
	}
	if kind != models.Released {
		e.Edition, e.InstanceCount, e.StartsAt, e.PaidFen = models.Pro, 25, ptr(now), 1234567
	}
	return e
}

// story has every kind of entry there is.
func story() []views.Happening {
	presumed := subscription(-day, true).Periods[1]
	out := []views.Happening{
		{At: now, Key: "ended"},
		{At: presumed.Start, Key: "presumed", Period: &presumed},
		{At: now.Add(-time.Hour), Key: "hold", Note: hold().Note, By: "command:root"},
		{At: now, Key: "hold_released", Note: "Bill and console agree: <b>nothing missing</b>", By: "chen@portal.example"},
	}
	for _, k := range models.OutsideKinds() {
		out = append(out, views.Happening{At: now.Add(-time.Hour), Key: string(k), Outside: outside(k), Note: outside(k).Reason, By: "chen@portal.example"})
	}
	for _, k := range models.Kinds() {
		out = append(out, views.Happening{At: now.Add(-day), Key: string(k), Order: ptr(order(models.Completed, k, models.ReasonDone)), By: "li.na@yunqi.example"})
	}
	return out
}

// accountPages are the subscription page in its states.
func accountPages() []canned {
	var out []canned
	recent := []views.OrderRow{
		{Order: order(models.Completed, models.Buy, models.ReasonDone), By: "chen@north.example, as admin of North Cloud"},
		{Order: order(models.Rejected, models.Buy, models.ReasonRefused)},
	}
	add := func(name string, p views.Page, props views.AccountProps) {
		props.Account, props.MayOrder = account, p.Viewer.May(models.ActOrder)
		if props.Subscription != nil {
			props.Recent = recent
		}
		out = append(out, canned{name: name, page: p, body: func(p views.Page) templ.Component { return views.Account(p, props) }})
	}
	home := page(models.Customer, "/accounts/7")
	refreshing := home
	refreshing.Refresh = 5 * time.Second
	support, operator := page(models.Support, "/accounts/7"), page(models.Operator, "/accounts/7")
	bought := []views.Happening{{At: now.Add(-day), Key: "buy", Order: &recent[0].Order, By: "li.na@yunqi.example"}}
	open := order(models.Unknown, models.Buy, models.ReasonNoAnswer)

	add("account-none", home, views.AccountProps{Actions: unsubscribed(views.Action{})})
	add("account-none-gone", operator, views.AccountProps{
		Actions: unsubscribed(views.Action{}), Records: []models.OutsideKind{models.Adopted},
		Story: []views.Happening{{At: now, Key: "refund", Order: ptr(order(models.Completed, models.Refund, models.ReasonDone))}, bought[0]},
	})
	add("account-cannot", home, views.AccountProps{Actions: unsubscribed(views.Action{Why: "too_many_machines"})})
	add("account-open-order", home, views.AccountProps{OpenOrder: &open, Actions: unsubscribed(views.Action{Why: "open_order", Args: []any{"Number", open.Number}})})
	add("account-refreshing", refreshing, views.AccountProps{
		OpenOrder: ptr(order(models.Sending, models.Renew, models.ReasonClaimed)), Owned: owned(25),
		Subscription: subscription(364*day, false), Actions: nothing("open_order", "Number", open.Number), Story: bought,
	})
	add("account-support", support, views.AccountProps{Actions: nothing("read_only")})
	add("account-support-active", support, views.AccountProps{
		Subscription: subscription(time.Hour, false), Owned: owned(25), Actions: nothing("read_only"), Story: story(),
	})

	add("account-active", home, views.AccountProps{
		Subscription: subscription(364*day, true), Owned: owned(25), AutoRenewFen: 1530000, ExamplePrices: true,
		Actions: running(views.Action{}), Story: bought,
	})
	add("account-outgrown", home, views.AccountProps{
		Subscription: subscription(200*day, false), Owned: owned(1030), Actions: running(views.Action{}), Story: story(),
	})
	add("account-outgrown-one", home, views.AccountProps{
		Subscription: subscription(200*day, true), Owned: owned(26), Actions: running(views.Action{Why: "edition_off_sale"}), Story: bought,
	})
	add("account-ends-soon", home, views.AccountProps{
		Subscription: subscription(30*day-time.Second, false), Owned: owned(25),
		Actions: actions(map[models.Kind]views.Action{models.Buy: {Why: "subscribed"}}), Story: bought,
	})
	add("account-ends-later", home, views.AccountProps{
		Subscription: subscription(30*day, false), Owned: owned(25), Actions: running(views.Action{}), Story: bought,
	})
	add("account-fewer", home, views.AccountProps{
		Subscription: subscription(200*day, false), Owned: owned(20),
		Actions: running(views.Action{}), Story: bought,
	})
	add("account-unread", home, views.AccountProps{
		Subscription: subscription(200*day, false), Actions: actions(map[models.Kind]views.Action{
			models.Buy: {Why: "subscribed"},
		}), Story: bought,
	})
	add("account-renewed-ahead", home, views.AccountProps{
		Subscription: renewedAhead(), Owned: owned(25), Actions: running(views.Action{}), Story: bought,
	})
	add("account-expired", home, views.AccountProps{
		Subscription: subscription(-day, false), Owned: owned(30),
		Actions: lapsed(views.Action{Why: "buy_again_wait", Args: []any{"Day", now.Add(6 * day)}}),
		Story:   append([]views.Happening{{At: now.Add(-day), Key: "ended"}}, bought...),
	})
	add("account-expired-unread", home, views.AccountProps{
		Subscription: subscription(-day, false), Actions: lapsed(views.Action{Why: "buy_again_wait", Args: []any{"Day", now.Add(6 * day)}}), Story: bought,
	})
	add("account-buy-anew", home, views.AccountProps{
		Subscription: subscription(-20*day, false), Owned: owned(30), Actions: actions(map[models.Kind]views.Action{
			models.Upgrade: {Why: "expired"}, models.Refund: {Why: "expired"}, models.Buy: {Urgent: true},
		}), Story: bought,
	})
	add("account-expired-long", home, views.AccountProps{
		Subscription: subscription(-999*day, false), Owned: owned(30), Actions: actions(map[models.Kind]views.Action{
			models.Renew: {Why: "renew_too_short"}, models.Upgrade: {Why: "expired"}, models.Refund: {Why: "expired"}, models.Buy: {Urgent: true},
		}), Story: bought,
	})
	add("account-presumed", operator, views.AccountProps{
		Subscription: subscription(-day, true), Owned: owned(25), AutoRenewFen: 1530000,
		Actions: running(views.Action{}), Story: story(), Records: []models.OutsideKind{models.Renewed, models.Released},
	})
	return out
}

// cannotPages are every reason why a kind of order can't be had.
func cannotPages() []canned {
	var out []canned
	p := page(models.Customer, "/accounts/7/quote?kind=upgrade")
	add := func(p views.Page, props views.CannotProps) {
		props.Account = account
		out = append(out, canned{
			name: "cannot-" + string(props.Action.Kind) + "-" + props.Action.Why, page: p,
			body: func(p views.Page) templ.Component { return views.Cannot(p, props) },
		})
	}
	for why, args := range map[string][]any{
		"open_order": {"Number", "P20261124-7K3M9QXR"}, "subscribed": nil, "not_higher": nil,
		"fewer_machines": {"Covered", 25, "Owned", 20}, "edition_off_sale": nil, "too_many_machines": nil,
	} {
		add(p, views.CannotProps{
			Action: views.Action{Kind: models.Upgrade, Why: why, Args: args}, Held: subscription(200*day, false), Owned: owned(20),
		})
	}
	for _, k := range models.Kinds() {
		add(page(models.Support, p.Path), views.CannotProps{Action: views.Action{Kind: k, Why: "read_only"}})
		add(p, views.CannotProps{Action: views.Action{Kind: k, Why: "not_subscribed"}})
		add(p, views.CannotProps{Action: views.Action{Kind: k, Why: "expired"}, Held: subscription(-day, false)})
	}
	add(p, views.CannotProps{Action: views.Action{Kind: models.Buy, Why: "buy_again_wait", Args: []any{"Day", now.Add(6 * day)}}, Held: subscription(-day, false)})
	add(p, views.CannotProps{Action: views.Action{Kind: models.Renew, Why: "renew_too_short"}, Held: subscription(-999*day, false)})
	add(p, views.CannotProps{Action: views.Action{Kind: models.Buy, Why: "subscribed"}, Held: subscription(-day, true)})
	slices.SortFunc(out, func(a, b canned) int { return strings.Compare(a.name, b.name) })
	return out
}

// outsideProblems are everything that can be wrong with an entry, by field.
var outsideProblems = []views.Problem{
	{Field: "instance_id", Key: "instance_id_missing"}, {Field: "instance_id", Key: "instance_id_invalid"},
	{Field: "instance_id", Key: "instance_taken"}, {Field: "instance_id", Key: "instance_id_confirm_wrong"}, {Key: "history_changed"},
	{Field: "edition", Key: "edition_missing"}, {Field: "machines", Key: "machines_invalid"},
	{Field: "starts", Key: "starts_invalid"}, {Field: "starts", Key: "starts_future"},
	{Field: "ends", Key: "ends_invalid"}, {Field: "ends", Key: "ends_not_after_start"}, {Field: "ends", Key: "ends_future"},
	{Field: "ends", Key: "ends_not_later", Args: []any{"Day", yearOn}}, {Field: "ends", Key: "released_before_start", Args: []any{"Day", yearOn}}, {Field: "paid", Key: "paid_invalid"},
	{Field: "auto_renew_months", Key: "auto_renew_months_missing"},
	{Field: "reason", Key: "reason_missing"}, {Field: "reason", Key: "reason_too_long"},
	{Key: "open_order", Args: []any{"Number", "P20261124-7K3M9QXR"}}, {Key: "outside_held"}, {Key: "outside_not_held"},
}

// outsidePages are the operators' form for each kind, empty and full of mistakes.
func outsidePages() []canned {
	fields := map[models.OutsideKind][]string{
		models.Adopted:  {"", "instance_id", "edition", "machines", "starts", "ends", "paid", "auto_renew_months", "reason"},
		models.Renewed:  {"", "edition", "machines", "ends", "paid", "auto_renew_months", "reason"},
		models.Released: {"", "instance_id", "ends", "reason"},
	}
	var out []canned
	for _, kind := range models.OutsideKinds() {
		props := views.OutsideProps{
			Account: account, Kind: kind, Editions: models.Editions(), AutoRenewOptions: []int{1, 3, 6, 12},
		}
		if kind != models.Adopted {
			props.Held, props.InstanceID, props.Edition, props.Machines = subscription(-day, true), "sas-cn-x0r3l7m2k01", "pro", "25"
		}
		p := page(models.Operator, "/accounts/7/outside?kind="+string(kind))
		out = append(out, canned{name: "outside-" + string(kind), page: p, body: func(p views.Page) templ.Component { return views.Outside(p, props) }})
		wrong := props
		wrong.InstanceID, wrong.Machines, wrong.Starts, wrong.Ends, wrong.Paid = `sas "x"`, "many", "yesterday", "<b>", "1,5"
		wrong.AutoRenew, wrong.Reason = true, "  two\nlines </textarea><b>"
		for _, problem := range outsideProblems {
			if slices.Contains(fields[kind], problem.Field) {
				wrong.Problems = append(wrong.Problems, problem)
			}
		}
		out = append(out, canned{name: "outside-" + string(kind) + "-problems", page: p, body: func(p views.Page) templ.Component { return views.Outside(p, wrong) }})
	}
	// What was held is gone by the time the form comes back.
	gone := views.OutsideProps{
		Account: account, Kind: models.Renewed, Editions: models.Editions(), AutoRenewOptions: []int{12},
		Problems: []views.Problem{{Field: "instance_id", Key: "instance_id_missing"}, {Key: "outside_not_held"}},
	}
	return append(out, canned{
		name: "outside-renewed-gone", page: page(models.Operator, "/accounts/7/outside"),
		body: func(p views.Page) templ.Component { return views.Outside(p, gone) },
	})
}

// says is what a page's main part says.
func says(t *testing.T, name, tag string) string {
	t.Helper()
	_, doc := render(t, pick(t, name), tag)
	return spoken(find(doc, named("main"))[0])
}

// spoken is text with a space between any two elements.
func spoken(n *html.Node) string {
	var b strings.Builder
	for node := range n.Descendants() {
		if node.Type != html.TextNode {
			continue
		}
		// A date that is kept on one line is a part of its sentence.
		piece := node
		if attr(node.Parent, "class") == "keep" {
			piece = node.Parent
		}
		before := piece.PrevSibling
		if before == nil || before.Type != html.TextNode && attr(before, "class") != "keep" {
			b.WriteByte(' ')
		}
		b.WriteString(node.Data)
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// buttons are a page's links that look like buttons: words and address, the
// quiet ones marked.
func buttons(doc *html.Node) []string {
	var out []string
	for _, a := range find(doc, named("a")) {
		class := strings.Fields(attr(a, "class"))
		if !slices.Contains(class, "button") {
			continue
		}
		b := text(a) + " " + attr(a, "href")
		if slices.Contains(class, "button--quiet") {
			b += " (quiet)"
		}
		out = append(out, b)
	}
	return out
}

func TestSubscriptionOffersWhatCanBeDone(t *testing.T) {
	const at = " /accounts/7/quote?kind="
	renew, upgrade, refund, buy := "Renew"+at+"renew", "Upgrade"+at+"upgrade", "See the refund"+at+"refund", "Buy Security Center"+at+"buy"
	for name, want := range map[string][]string{
		"account-none":           {buy},
		"account-cannot":         nil,
		"account-open-order":     nil,
		"account-refreshing":     nil,
		"account-support":        nil,
		"account-support-active": nil,
		"account-active":         {renew + " (quiet)", upgrade + " (quiet)", refund + " (quiet)"},
		"account-outgrown":       {"Upgrade to cover them all" + at + "upgrade", renew + " (quiet)", upgrade + " (quiet)", refund + " (quiet)"},
		"account-ends-soon":      {"Renew now" + at + "renew", renew + " (quiet)", upgrade + " (quiet)", refund + " (quiet)"},
		"account-outgrown-one":   {renew + " (quiet)", refund + " (quiet)"},
		"account-fewer":          {renew + " (quiet)", upgrade + " (quiet)", refund + " (quiet)"},
		"account-expired":        {renew},
		"account-buy-anew":       {renew + " (quiet)", buy},
		"account-expired-unread": {renew},
		"account-expired-long":   {buy},
		"account-presumed":       {renew + " (quiet)", upgrade + " (quiet)", refund + " (quiet)"},
	} {
		_, doc := render(t, pick(t, name), "en")
		if got := buttons(doc); !slices.Equal(got, want) {
			t.Errorf("%s offers %q, want %q", name, got, want)
		}
	}
}

func TestSubscriptionSaysWhatIsSo(t *testing.T) {
	for name, want := range map[string]map[string][]string{
		"account-active": {
			"en": {
				"364 days", "25 machines", "All covered", "23 November 2027 at 14:05:33 Beijing time",
				"Alibaba Cloud renews it on 23 November 2027 at 14:05 Beijing time for 12 months. At your reseller’s price of today that is about CN¥15,300.00",
				"Example prices", "Machines owned 25 machines All covered Machines owned were counted on 24 November 2026 at 14:04 Beijing time", "An account can hold one subscription",
			},
			"zh-Hans": {"364 天", "25 台", "已全部授权", "2027年11月23日 14:05（北京时间）到期时由阿里云自动续费 12 个月", "¥15,300.00", "统计时间：2026年11月24日 14:04（北京时间）"},
		},
		"account-outgrown": {
			"en":      {"1,030 machines", "1,005 not covered", "1,005 machines are not covered", "Off. The service stops at the end."},
			"zh-Hans": {"1,030 台", "1,005 台未授权", "有 1,005 台服务器未授权", "未开启，到期后服务停止"},
		},
		"account-outgrown-one":   {"en": {"1 not covered", "1 machine is not covered", "no longer sold", "for 12 months and charges whoever pays. It"}},
		"account-fewer":          {"en": {"20 machines", "Fewer than are covered"}, "zh-Hans": {"少于已授权数量"}},
		"account-unread":         {"en": {"Could not be read at the moment"}, "zh-Hans": {"暂时无法读取"}},
		"account-renewed-ahead":  {"en": {"Then 3 January 2027 to 3 January 2028 Enterprise · 40 machines"}, "zh-Hans": {"2027年1月3日至2028年1月3日"}},
		"account-expired":        {"en": {"0 days", "The service has stopped: 30 machines are not protected", "Covered until the end 25 machines", "30 machines Not protected", "Starts at the old end, on 23 November 2026 at 14:05 Beijing time: the days since then are paid for, too", "Off. The service stopped at the end.", "You can buy again from 30 November 2026 at 14:05 Beijing time.", "Ended; the service stopped"}, "zh-Hans": {"服务已停止，30 台服务器未受防护", "到期前已授权 25 台", "到期至今的天数也计入付费时间", "2026年11月30日 14:05（北京时间）起可以重新购买"}},
		"account-expired-unread": {"en": {"The service has stopped The subscription ended on 23 November 2026 at 14:05"}, "zh-Hans": {"服务已停止 订阅已于"}},
		"account-buy-anew":       {"en": {"Alibaba Cloud may have released the instance by now"}, "zh-Hans": {"阿里云可能已释放该实例"}},
		"account-ends-soon":      {"en": {"Security Center Pro Ends soon", "The subscription ends in 30 days It does not renew by itself"}, "zh-Hans": {"即将到期", "订阅将在 30 天后到期 未开启自动续费"}},
		"account-ends-later":     {"en": {"Security Center Pro Active"}},
		"account-presumed":       {"en": {"Presumed, not confirmed. What is known ran until 23 November 2026 at 14:05 Beijing time"}, "zh-Hans": {"预计，尚未确认：已知的服务期到 2026年11月23日"}},
		"account-open-order":     {"en": {"Order P20261124-7K3M9QXR is not finished. You can order again when it is"}},
		"account-support-active": {"en": {"1 day", "Support can look but cannot order", "By chen@portal.example"}},
	} {
		for tag, list := range want {
			got := says(t, name, tag)
			for _, w := range list {
				if !strings.Contains(got, w) {
					t.Errorf("%s/%s does not say %q:\n%s", name, tag, w, got)
				}
			}
		}
	}
	for name, never := range map[string][]string{
		"account-active":        {"not covered", "Presumed", "Then", "has stopped", "Not protected"},
		"account-outgrown-one":  {"Example prices"},
		"account-expired":       {"not covered", "All covered", "Fewer than", "Machines covered", "Starts where"},
		"account-unread":        {"not covered", "All covered"},
		"account-ends-later":    {"Ends soon", "Renew to keep"},
		"account-outgrown":      {"Record what happened"},
		"account-renewed-ahead": {"Presumed"},
	} {
		got := says(t, name, "en")
		for _, w := range never {
			if strings.Contains(got, w) {
				t.Errorf("%s says %q", name, w)
			}
		}
	}
}

// TestAnAccountWithoutASubscriptionMayHaveHadOne: after a refund or a release
// "not bought yet" would be untrue.
func TestAnAccountWithoutASubscriptionMayHaveHadOne(t *testing.T) {
	for name, want := range map[string]map[string]string{
		"account-none-gone":             {"en": "This account has no Security Center subscription", "zh-Hans": "此账号目前没有云安全中心订阅"},
		"cannot-refund-not_subscribed":  {"en": "has no subscription at the moment", "zh-Hans": "此账号目前没有云安全中心订阅"},
		"cannot-upgrade-not_subscribed": {"en": "has no subscription at the moment", "zh-Hans": "此账号目前没有云安全中心订阅"},
		"accounts":                      {"en": "No subscription", "zh-Hans": "无订阅"},
	} {
		for tag, words := range want {
			got := says(t, name, tag)
			if !strings.Contains(got, words) {
				t.Errorf("%s does not say %q:\n%s", name, words, got)
			}
			for _, never := range []string{"Not bought", "no subscription yet", "未购买", "尚未购买"} {
				if strings.Contains(got, never) {
					t.Errorf("%s says %q", name, never)
				}
			}
		}
	}
}

func TestOneReasonForAllIsSaidOnce(t *testing.T) {
	for name, why := range map[string]string{
		"account-refreshing":     "You can order again when it is",
		"account-support-active": "Support can look but cannot order",
	} {
		if got := strings.Count(says(t, name, "en"), why); got != 1 {
			t.Errorf("%s says %q %d times", name, why, got)
		}
	}
}

func TestStoryTellsStaffMore(t *testing.T) {
	const secret = "Bill 2026-11, line 4: <b>renewed</b>"
	more := []string{secret, "chen@portal.example", "li.na@yunqi.example", "CN¥12,345.67"}
	for name, staff := range map[string]bool{"account-support-active": true, "account-presumed": true, "account-outgrown": false} {
		_, doc := render(t, pick(t, name), "en")
		list := find(doc, func(n *html.Node) bool { return attr(n, "class") == "timeline" })
		if len(list) != 1 {
			t.Fatalf("%s: %d timelines", name, len(list))
		}
		got := spoken(list[0])
		for _, m := range more {
			if strings.Contains(got, m) != staff {
				t.Errorf("%s: to staff (%v), and it says %q: %v", name, staff, m, !staff)
			}
		}
		for _, w := range []string{
			"Bought Pro · 25 machines · 24 November 2026 to 24 November 2027 P20261124-7K3M9QXR Order total CN¥15,300.00",
			"Renewed Pro · 25 machines · 24 November 2026 to 24 November 2027 P20261124-7K3M9QXR",
			"Upgraded Enterprise · 30 machines P20261124-7K3M9QXR",
			"Refunded; the instance was released P20261124-7K3M9QXR Expected refund CN¥15,300.00",
			"Renewed at Alibaba Cloud Pro · 25 machines · 24 November 2026 to 24 November 2027",
			"Presumably renewed automatically, not confirmed Pro · 25 machines · 23 November 2026 to 23 November 2027",
		} {
			if !strings.Contains(got, w) {
				t.Errorf("%s: the story does not say %q:\n%s", name, w, got)
			}
		}
		if links := find(list[0], named("a")); len(links) != len(models.Kinds()) {
			t.Errorf("%s: %d links to orders", name, len(links))
		}
	}
}

func TestOperatorsRecordWhatHappenedOutside(t *testing.T) {
	for name, want := range map[string][]string{
		"account-presumed":  {"/accounts/7/outside?kind=renewed", "/accounts/7/outside?kind=released"},
		"account-none-gone": {"/accounts/7/outside?kind=adopted"},
		"account-active":    nil,
	} {
		_, doc := render(t, pick(t, name), "en")
		var got []string
		for _, a := range find(doc, named("a")) {
			if strings.Contains(attr(a, "href"), "/outside") {
				got = append(got, attr(a, "href"))
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s leads to %q, want %q", name, got, want)
		}
	}
}

func TestOutsideKeepsWhatWasTyped(t *testing.T) {
	_, doc := render(t, pick(t, "outside-adopted-problems"), "en")
	for name, want := range map[string]string{
		"instance_id": `sas "x"`, "machines": "many", "starts": "yesterday", "ends": "<b>", "paid": "1,5", "kind": "adopted",
	} {
		in := find(doc, func(n *html.Node) bool { return attr(n, "name") == name })[0]
		if got := attr(in, "value"); got != want {
			t.Errorf("%s says %q, want %q", name, got, want)
		}
	}
	if box := find(doc, named("textarea"))[0]; box.FirstChild == nil || box.FirstChild.Data != "  two\nlines </textarea><b>" {
		t.Errorf("the reason is %q", text(box))
	}
	_, doc = render(t, pick(t, "outside-renewed"), "en")
	for _, in := range find(doc, func(n *html.Node) bool { return attr(n, "name") == "edition" }) {
		if has(in, "checked") != (attr(in, "value") == "pro") {
			t.Errorf("%s is chosen: %v", attr(in, "value"), has(in, "checked"))
		}
	}
	if got := says(t, "outside-renewed", "en"); !strings.Contains(got, "Nothing is sent to Alibaba Cloud and no money moves") || !strings.Contains(got, "after 23 November 2026 at 14:05") {
		t.Errorf("the form does not say what it does:\n%s", got)
	}
}

func TestCannotLeadsOn(t *testing.T) {
	const back, at = "Back to the subscription /accounts/7 (quiet)", " /accounts/7/quote?kind="
	for name, want := range map[string][]string{
		"cannot-upgrade-expired":        {"Renew" + at + "renew", back},
		"cannot-buy-buy_again_wait":     {"Renew" + at + "renew", back},
		"cannot-refund-not_subscribed":  {"Buy Security Center" + at + "buy", back},
		"cannot-upgrade-open_order":     {"See the order’s progress /orders/P20261124-7K3M9QXR", back},
		"cannot-upgrade-fewer_machines": {back},
		"cannot-renew-read_only":        {back},
	} {
		_, doc := render(t, pick(t, name), "en")
		if got := buttons(doc); !slices.Equal(got, want) {
			t.Errorf("%s leads to %q, want %q", name, got, want)
		}
	}
	for _, tag := range locales.Tags() {
		if got, want := says(t, "cannot-upgrade-fewer_machines", tag), map[string]string{"en": "Machines owned 20 machines", "zh-Hans": "现有服务器 20 台"}[tag]; !strings.Contains(got, want) {
			t.Errorf("%s: it does not say %q:\n%s", tag, want, got)
		}
	}
}
