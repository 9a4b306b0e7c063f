package views_test

import (
	"time"

	"github.com/a-h/templ"

	"portal/models"
	"portal/views"
)

// canned is one page in one state, with data that shows it.
type canned struct {
	name string
	// status is the order status that <main> has to carry, if any.
	status models.Status
	page   views.Page
	body   func(views.Page) templ.Component
}

var (
	now      = time.Date(2026, 11, 24, 6, 5, 33, 0, time.UTC)
	yearOn   = models.AddMonths(now, 12)
	reseller = int64(3)
	account  = models.Account{ID: 7, OwnerID: 1217259133477183, Name: "杭州云栖电子商务有限公司", ResellerID: &reseller, CreatedAt: now}
	direct   = models.Account{ID: 8, OwnerID: 1983310043218834, Name: "Blue Harbour Trading Ltd", CreatedAt: now}
)

func viewer(role models.Role, email string) *models.Viewer {
	v := &models.Viewer{User: models.User{ID: 5, Email: email, Role: role}}
	if role == models.Customer {
		v.User.AccountID = &account.ID
	}
	return v
}

func page(role models.Role, path string) views.Page {
	email := map[models.Role]string{
		models.Customer: "li.na@yunqi.example", models.ResellerAdmin: "zhang.wei@reseller.example",
		models.Support: "wang.fang@support.example", models.Operator: "chen@portal.example",
	}[role]
	return views.Page{Viewer: viewer(role, email), Path: path, Sandbox: true, RequestID: "01JDF7Q2M8X5", Now: now}
}

func ptr[T any](v T) *T { return &v }

func lines(machines, months int, unit models.Fen, percent string, less models.Fen) []models.Line {
	out := []models.Line{{
		Kind: models.LineEdition, Edition: models.Pro, Machines: machines, Months: months, UnitFen: unit,
		Amount: unit * models.Fen(machines*months),
	}}
	if less != 0 {
		out = append(out, models.Line{Kind: models.LineDiscount, Percent: percent, Amount: less})
	}
	return out
}

func quote() models.Quote {
	return models.Quote{
		ID: "0193a5b2-7c1d-7000-8000-3f2a6d1e9b44", AccountID: account.ID, UserID: 5, Kind: models.Buy,
		Edition: models.Pro, VersionCode: "level1", Cycle: models.Year, Duration: 1, AutoRenew: true, AutoRenewMonths: 12,
		InstanceCount: 25, CountReadAt: now.Add(-time.Minute), ExamplePrices: true, TotalFen: 1530000,
		Lines:     lines(25, 12, 6000, "15", -270000),
		CreatedAt: now, ExpiresAt: now.Add(30 * time.Minute),
	}
}

func order(status models.Status, kind models.Kind, reason models.Reason) models.Order {
	o := models.Order{
		ID: 11, Number: "P20261124-7K3M9QXR", AccountID: account.ID, OwnerID: account.OwnerID, UserID: 5, Kind: kind,
		Edition: models.Pro, Cycle: models.Year, Duration: 1, AutoRenew: true, AutoRenewMonths: 12, InstanceCount: 25,
		TotalFen: 1530000, PlacedAt: now.Add(-40 * time.Second), Status: status, Reason: reason, Attempts: 1,
	}
	if kind != models.Buy {
		q := quoteOf(kind)
		o.Edition, o.Cycle, o.Duration, o.InstanceCount = q.Edition, q.Cycle, q.Duration, q.InstanceCount
		o.AutoRenew, o.AutoRenewMonths, o.InstanceID = false, 0, q.InstanceID
	}
	switch status {
	case models.Completed:
		o.ProviderOrderID, o.InstanceID = "204871926350912", "sas-cn-x0r3l7m2k01"
		o.RequestID = "5C8F2A1B-6D3E-4F70-9A8B-1C2D3E4F5061"
		o.StartsAt, o.EndsAt, o.SettledAt = ptr(now), ptr(yearOn), ptr(now)
		if kind == models.Refund {
			o.StartsAt, o.EndsAt = nil, ptr(now)
		}
	case models.Rejected:
		o.Code, o.Message, o.RequestID = "InsufficientBalance", "Your account does not have enough balance.", "5C8F2A1B-6D3E-4F70-9A8B-1C2D3E4F5061"
	case models.Unknown:
		o.DueAt = ptr(now.Add(8 * time.Second))
	case models.NeedsReview:
		o.Code, o.RequestID = "InstanceAlreadyExists", "5C8F2A1B-6D3E-4F70-9A8B-1C2D3E4F5061"
	case models.AwaitingApproval, models.Placed, models.Sending, models.Cancelled:
	}
	return o
}

// reasonFor is a reason that an order of the status usually has.
func reasonFor(s models.Status) models.Reason {
	switch s {
	case models.AwaitingApproval:
		return models.ReasonNeedsApproval
	case models.Placed:
		return models.ReasonPlacedByUser
	case models.Sending:
		return models.ReasonClaimed
	case models.Unknown:
		return models.ReasonNoAnswer
	case models.NeedsReview:
		return models.ReasonContradicted
	case models.Completed:
		return models.ReasonDone
	case models.Rejected:
		return models.ReasonRefused
	case models.Cancelled:
		return models.ReasonCancelled
	}
	return models.ReasonNone
}

func orderProps(o models.Order, staff bool) views.OrderProps {
	o.TotalFen = quoteOf(o.Kind).TotalFen
	events := []models.Event{
		{At: o.PlacedAt, To: models.Placed, Reason: models.ReasonPlacedByUser, Actor: "user:5"},
		{At: o.PlacedAt.Add(time.Second), From: models.Placed, To: models.Sending, Reason: models.ReasonClaimed, Actor: "worker", Attempt: 1},
		{At: o.PlacedAt.Add(2 * time.Second), From: models.Sending, To: o.Status, Reason: o.Reason, Actor: "worker", Attempt: 1, Note: "Checked in the console of Alibaba Cloud: <b>no order there</b>."},
	}
	if o.Status == models.Placed {
		events = events[:1]
	} else {
		events = append(events, models.Event{
			At: o.PlacedAt.Add(3 * time.Second), From: o.Status, To: o.Status, Reason: models.ReasonLate, Actor: "worker", Attempt: 2,
		})
	}
	attempts := []models.Attempt{
		{Number: 1, StartedAt: now.Add(-39 * time.Second), Request: "POST https://sas-api.aliyuncs.com/\nAction=CreateInstance&OwnerId=1217259133477183&BuyNumber=25&PricingCycle=Year&Duration=1&VersionCode=level1&ClientToken=[redacted]"},
		{
			Number: 2, StartedAt: now.Add(-20 * time.Second), AnsweredAt: ptr(now.Add(-19 * time.Second)), Outcome: models.OutcomeContradicted, HTTPStatus: 400,
			Code: "InstanceAlreadyExists", Message: "The user already has an instance.", RequestID: "5C8F2A1B-6D3E-4F70-9A8B-1C2D3E4F5061", Late: true,
			Request: "POST https://sas-api.aliyuncs.com/\nAction=CreateInstance", Response: `{"Code":"InstanceAlreadyExists","RequestId":"5C8F2A1B-6D3E-4F70-9A8B-1C2D3E4F5061"}`,
		},
	}
	p := views.OrderProps{
		Order: o, Quote: quoteOf(o.Kind), Account: account, By: "li.na@yunqi.example", Events: events, Attempts: attempts,
		Mails: []models.Mail{
			{Kind: models.MailAsked, Email: "admin.with.a.very.long.name.indeed@reseller.yunqi.example", State: models.MailSent, SettledAt: &now, DueAt: now},
			{Kind: models.MailReceipt, Email: "li.na@yunqi.example", State: models.MailUncertain, Why: models.MailNoAnswer, SettledAt: &now, DueAt: now},
			{Kind: models.MailReceipt, Email: "wang@yunqi.example", State: models.MailWaiting, Why: models.MailRefused, Reply: 451, DueAt: now},
		},
		Staff: staff, CanCancel: o.Status == models.Placed && !staff,
	}
	if staff {
		p.Link = "https://portal.example.com/orders/" + o.Number
		p.Notes = &views.Notes{Form: "LJVRHOEFYGZQXNKD", All: []views.Note{
			{At: now.Add(-time.Hour), By: "wang.fang@support.example", Words: "Rang twice: <b>wants</b> an invoice.\n\nSee https://tickets.example/4711"},
			{At: now, By: "chen@portal.example", Words: "已回电，客户稍后再来咨询。"},
		}}
	}
	return p
}

func quoteForm() views.QuoteFormProps {
	return views.QuoteFormProps{
		Account: account, Count: models.Count{Machines: 25, ReadAt: now.Add(-time.Minute)},
		Editions: []views.EditionOption{
			{Edition: models.Pro, UnitFen: 6000, Sum: views.Sum{TotalFen: 1530000}, Chosen: true},
			{Edition: models.Enterprise, UnitFen: 15000, Sum: views.Sum{TotalFen: 3825000}},
		},
		Terms: []views.TermOption{
			{Term: models.Term{Cycle: models.Month, Duration: 1}, Sum: views.Sum{TotalFen: 150000}},
			{Term: models.Term{Cycle: models.Month, Duration: 3}, Sum: views.Sum{TotalFen: 450000}},
			{Term: models.Term{Cycle: models.Month, Duration: 6}, Sum: views.Sum{TotalFen: 900000}},
			{Term: models.Term{Cycle: models.Year, Duration: 1}, Sum: views.Sum{TotalFen: 1530000, SavingFen: 270000}, Percent: "15", Chosen: true},
			{Term: models.Term{Cycle: models.Year, Duration: 2}, Sum: views.Sum{TotalFen: 3060000, SavingFen: 540000}, Percent: "15"},
			{Term: models.Term{Cycle: models.Year, Duration: 3}, Sum: views.Sum{TotalFen: 4590000, SavingFen: 810000}, Percent: "15"},
		},
		AutoRenewOptions: []int{1, 3, 6, 12}, AutoRenewMonths: 12,
		Sum: views.Sum{Lines: lines(25, 12, 6000, "15", -270000), TotalFen: 1530000}, StartsAt: now, EndsAt: yearOn,
		ValidFor: 30 * time.Minute, ExamplePrices: true,
	}
}

func orderRows() []views.OrderRow {
	var rows []views.OrderRow
	for i, s := range models.Statuses() {
		o := order(s, models.Kinds()[i%4], reasonFor(s))
		o.Number = o.Number[:len(o.Number)-1] + string("ABCDEFGH"[i])
		o.TotalFen *= models.Fen(i + 1)
		o.PlacedAt = o.PlacedAt.Add(-time.Duration(i) * 31 * time.Hour)
		a := account
		if i%2 == 1 {
			a = direct
		}
		rows = append(rows, views.OrderRow{Order: o, Account: a})
	}
	return rows
}

// again is a form that could not be kept.
var again = &views.Again{Action: "/accounts/7/quote?kind=buy", Fields: []views.Typed{{Name: "edition", Value: "pro"}, {Name: "term", Value: `<"month-1">`}}}

// errorPages are the keys with values for their placeholders.
var errorPages = []views.ErrorProps{
	{Status: 404, Key: "not_found", Back: "/"},
	{Status: 403, Key: "forbidden", Back: "/"},
	{Status: 405, Key: "method", Back: "/"},
	{Status: 413, Key: "too_large", Back: "/"},
	{Status: 403, Key: "csrf", Back: "/"},
	{Status: 429, Key: "throttled", Args: []any{"Minutes", 1}, Back: "/"},
	{Status: 429, Key: "throttled", Args: []any{"Seconds", 30}, Back: "/"},
	{Status: 429, Key: "throttled", Back: "/"},
	{Status: 500, Key: "internal", Retry: "/orders", Back: "/", OrderNumber: "P20261124-7K3M9QXR"},
	{Status: 503, Key: "unavailable", Retry: "/", Back: "/"},
	{Status: 503, Key: "not_saved", Again: again, Back: "/accounts/7/quote"},
	{Status: 503, Key: "undecided", Again: again, Back: "/quotes/01a218d1-1405-74c7-8a12-4a31b1058dcc"},
	{Status: 503, Key: "count_unavailable", Retry: "/accounts/7/quote?kind=buy&edition=pro", Back: "/accounts/7"},
	{Status: 502, Key: "count_refused", Args: []any{"Code", "Forbidden.RAM", "RequestID", "5C8F2A1B-6D3E-4F70-9A8B-1C2D3E4F5061"}, Back: "/accounts/7"},
	{Status: 429, Key: "count_throttled", Retry: "/accounts/7/quote?kind=buy", Back: "/accounts/7"},
	{Status: 503, Key: "clock", Back: "/accounts/7"},
	{Status: 400, Key: "bad_request", Back: "/"},
}

// pages are all pages in all their states.
func pages() []canned {
	var out []canned
	add := func(name string, p views.Page, body func(views.Page) templ.Component) {
		out = append(out, canned{name: name, page: p, body: body})
	}

	guest := views.Page{Path: "/sign-in?next=%2Forders", Sandbox: true, RequestID: "01JDF7Q2M8X5", Now: now}
	demo := []views.DemoPerson{
		{Email: "customer@example.com", Password: "customer-demo", Role: models.Customer, Sees: "buyer"},
		{Email: "reseller@example.com", Password: "reseller-demo", Role: models.ResellerAdmin, Sees: "reseller"},
		{Email: "support@example.com", Password: "support-demo", Role: models.Support, Sees: "support"},
		{Email: "operator@example.com", Password: "operator-demo", Role: models.Operator, Sees: "operator"},
	}
	signIn := func(props views.SignInProps) func(views.Page) templ.Component {
		return func(p views.Page) templ.Component { return views.SignIn(p, props) }
	}
	add("sign-in", guest, signIn(views.SignInProps{Next: "/orders", Demo: demo}))
	live := guest
	live.Sandbox = false
	add("sign-in-live", live, signIn(views.SignInProps{}))
	add("sign-in-wrong", guest, signIn(views.SignInProps{Email: `"><b>li`, Demo: demo, Problems: []views.Problem{
		{Field: "email", Key: "sign_in_wrong"}, {Field: "password", Key: "password_missing"},
	}}))
	add("sign-in-throttled", live, signIn(views.SignInProps{Email: "li@example.com", Problems: []views.Problem{
		{Key: "sign_in_throttled", Args: []any{"Minutes", 15}},
	}}))

	accounts := func(props views.AccountsProps) func(views.Page) templ.Component {
		return func(p views.Page) templ.Component { return views.Accounts(p, props) }
	}
	staff := page(models.ResellerAdmin, "/accounts")
	owned := func(machines int) *models.Count { return &models.Count{Machines: machines, ReadAt: now} }
	add("accounts", staff, accounts(views.AccountsProps{NextURL: "/accounts?after=8", FirstURL: "/accounts", CSVURL: "/accounts.csv", Year: 2026, Count: 84, Rows: []views.AccountRow{
		{Account: account, Subscription: subscription(200*24*time.Hour, true), Owned: owned(30), SpentFen: 1530000, LastOrder: ptr(order(models.Completed, models.Buy, models.ReasonDone))},
		{Account: direct, OpenOrder: ptr(order(models.Unknown, models.Buy, models.ReasonNoAnswer)), Owned: owned(7)},
		{Account: models.Account{ID: 9, OwnerID: 1, Name: "成都星河"}, SpentFen: -12345},
		{Account: models.Account{ID: 10, OwnerID: 9223372036854775807, Name: "A"}, Subscription: subscription(-24*time.Hour, false)},
	}}))
	add("accounts-no-match", staff, accounts(views.AccountsProps{Query: "<i>x", State: "outgrown", Sort: "spend", Year: 2026}))
	add("accounts-wrong", staff, accounts(views.AccountsProps{Sort: "x", Year: 2026, Problems: []views.Problem{{Field: "sort", Key: "account_sort_unknown"}}}))
	add("accounts-many", staff, accounts(views.AccountsProps{Count: 10000, CountCapped: true, Year: 2026, Rows: []views.AccountRow{{Account: account}}}))
	add("accounts-none", staff, accounts(views.AccountsProps{}))

	out = append(out, dashboardPages()...)
	home := page(models.Customer, "/accounts/7")
	out = append(out, accountPages()...)
	out = append(out, cannotPages()...)
	out = append(out, outsidePages()...)
	out = append(out, heldPages()...)
	out = append(out, suspendedPages()...)
	out = append(out, peoplePages()...)
	out = append(out, reviewPages()...)

	form := func(change func(*views.QuoteFormProps)) func(views.Page) templ.Component {
		props := quoteForm()
		change(&props)
		return func(p views.Page) templ.Component { return views.QuoteForm(p, props) }
	}
	asking := page(models.Customer, "/accounts/7/quote?kind=buy")
	add("quote", asking, form(func(*views.QuoteFormProps) {}))
	add("quote-auto-renew", asking, form(func(p *views.QuoteFormProps) { p.AutoRenew = true }))
	add("quote-problems", asking, form(func(p *views.QuoteFormProps) {
		p.AutoRenew, p.AutoRenewMonths, p.MinimumMonths, p.Sum.Lines, p.Count.Machines = true, 0, 6, nil, 1
		p.Editions[0].Chosen, p.Terms = false, p.Terms[2:]
		p.Terms[1].Chosen = false
		for i := range p.Terms {
			p.Terms[i].Sum = views.Sum{}
		}
		p.Problems = []views.Problem{
			{Field: "edition", Key: "edition_missing"}, {Field: "edition", Key: "edition_unknown"},
			{Field: "term", Key: "term_below_minimum", Args: []any{"Months", 6, "Count", 1}},
			{Field: "auto_renew_months", Key: "auto_renew_months_missing"},
			{Key: "open_order", Args: []any{"Number", "P20261124-7K3M9QXR"}},
		}
	}))

	check := func(change func(*views.CheckProps)) func(views.Page) templ.Component {
		props := checkProps(models.Buy)
		change(&props)
		return func(p views.Page) templ.Component { return views.Check(p, props) }
	}
	out = append(out, formPages()...)
	out = append(out, checkPages()...)
	out = append(out, orderPages()...)
	checking := page(models.Customer, "/quotes/0193a5b2-7c1d-7000-8000-3f2a6d1e9b44")
	add("check", checking, check(func(*views.CheckProps) {}))
	add("check-changed", checking, check(func(p *views.CheckProps) {
		old := quote()
		old.InstanceCount, old.Lines, old.TotalFen, old.ExpiresAt = 22, lines(22, 12, 6000, "15", -237600), 1346400, now.Add(-time.Minute)
		p.Previous, p.Account = &old, direct
		p.Quote.AutoRenew = false
		p.Quote.Changes = []models.QuoteChange{models.QuoteExpired, models.CountChanged, models.PricesChanged, models.AccountChanged}
	}))
	add("check-auto-renew", checking, check(func(p *views.CheckProps) { p.AutoRenewFen = 1530000 }))
	add("check-expired", checking, check(func(p *views.CheckProps) { p.Expired = true }))
	add("check-open-order", checking, check(func(p *views.CheckProps) {
		p.OpenOrder = ptr(order(models.Sending, models.Buy, models.ReasonClaimed))
	}))
	add("check-support", page(models.Support, checking.Path), check(func(p *views.CheckProps) { p.MayOrder = false }))
	add("check-problem", checking, check(func(p *views.CheckProps) {
		p.Problems = []views.Problem{{Key: "nothing_placed_provider_down"}}
	}))

	for _, s := range models.Statuses() {
		for _, k := range models.Kinds() {
			p := page(models.Customer, "/orders/P20261124-7K3M9QXR")
			if s.Open() {
				p.Refresh = 3 * time.Second
			}
			props := orderProps(order(s, k, reasonFor(s)), false)
			out = append(out, canned{
				"order-" + string(s) + "-" + string(k), s, p,
				func(p views.Page) templ.Component { return views.Order(p, props) },
			})
		}
	}
	stopped := page(models.Customer, "/orders/P20261124-7K3M9QXR?refresh=off")
	stopped.Refresh = 3 * time.Second
	out = append(out, canned{"order-stopped", models.Unknown, stopped, func(p views.Page) templ.Component {
		return views.Order(p, orderProps(order(models.Unknown, models.Buy, models.ReasonWorkerLost), false))
	}})
	out = append(out, canned{"order-staff", models.NeedsReview, page(models.Support, "/orders/P20261124-7K3M9QXR"), func(p views.Page) templ.Component {
		return views.Order(p, orderProps(order(models.NeedsReview, models.Buy, models.ReasonContradicted), true))
	}})
	for name, change := range map[string]func(*views.OrderProps, *views.Page){
		"none":   func(p *views.OrderProps, _ *views.Page) { p.Notes.All = nil },
		"moving": func(_ *views.OrderProps, p *views.Page) { p.Refresh = 3 * time.Second },
		"still":  func(_ *views.OrderProps, p *views.Page) { p.Refresh, p.Path = 3*time.Second, p.Path+"?refresh=off" },
		"problem": func(p *views.OrderProps, _ *views.Page) {
			p.Notes.Typed = `</textarea><b>x`
			p.Problems = []views.Problem{{Field: "note", Key: "note_too_long", Args: []any{"Count", 2001, "Most", 2000}}}
		},
	} {
		props, p := orderProps(order(models.Unknown, models.Buy, models.ReasonNoAnswer), true), page(models.Support, "/orders/P20261124-7K3M9QXR")
		change(&props, &p)
		out = append(out, canned{"notes-" + name, models.Unknown, p, func(p views.Page) templ.Component { return views.Order(p, props) }})
	}
	out = append(out, canned{"order-cancel-too-late", models.Sending, page(models.Operator, "/orders/P20261124-7K3M9QXR"), func(p views.Page) templ.Component {
		props := orderProps(order(models.Sending, models.Buy, models.ReasonClaimed), true)
		props.Attempts, props.Problems = nil, []views.Problem{{Key: "cancel_too_late"}}
		return views.Order(p, props)
	}})

	search := func(props views.SearchProps) func(views.Page) templ.Component {
		return func(p views.Page) templ.Component { return views.Search(p, props) }
	}
	searching := page(models.Support, "/search")
	add("search", searching, search(views.SearchProps{Queue: &views.Queue{
		Unknown: views.QueueCount{Count: 2, URL: "/orders?status=unknown"}, InReview: views.QueueCount{URL: "/orders?status=needs_review"},
		Rejected: views.QueueCount{Count: 10000, Capped: true, URL: "/orders?status=rejected"}, Stuck: orderRows(), MoreStuck: true,
	}}))
	add("search-found", searching, search(views.SearchProps{
		Query: `yun<"`, Orders: orderRows(), MoreOrdersURL: "/orders?q=sas-1",
		Accounts: []views.AccountRow{{Account: account}, {Account: direct}}, AccountsMore: true, AccountsURL: "/accounts?q=yun",
		People: []models.Person{
			{Email: "li.na@yunqi.example", Role: models.Customer, Account: &account},
			{Email: "zhang.wei@reseller.example", Role: models.ResellerAdmin, Reseller: &models.Reseller{ID: 3, Name: "华东云"}},
			{Email: "chen@portal.example", Role: models.Operator},
		},
	}))
	add("search-none", page(models.ResellerAdmin, "/search?q=x"), search(views.SearchProps{Query: `x<"`, OrdersURL: "/orders?q=x", AccountsURL: "/accounts?q=x"}))
	add("search-problem", searching, search(views.SearchProps{Query: "xxx", Problems: []views.Problem{{Field: "q", Key: "query_too_long"}}}))

	log := func(props views.OrdersProps) func(views.Page) templ.Component {
		return func(p views.Page) templ.Component { return views.Orders(p, props) }
	}
	mine, all := page(models.Customer, "/orders"), page(models.Support, "/orders?status=unknown")
	add("orders", mine, log(views.OrdersProps{Rows: orderRows(), Count: 7, Any: true}))
	add("orders-filtered", all, log(views.OrdersProps{
		Rows: orderRows(), Count: 10000, CountCapped: true, Any: true, ShowAccounts: true, NextURL: "/orders?after=x", FirstURL: "/orders",
		CSVURL: "/orders.csv?kind=buy&q=P2026%3C%22", XLSXURL: "/orders.xlsx?kind=buy&q=P2026%3C%22",
		Status: "unknown", Kind: "buy", From: "2026-11-01", To: "2026-11-24", Query: `P2026<"`, Account: "7",
		Chips: []views.Chip{
			{Field: "status", Value: "unknown", URL: "/orders"}, {Field: "status", Value: "nonsense", URL: "/orders"},
			{Field: "kind", Value: "buy", URL: "/orders"}, {Field: "kind", Value: "nonsense", URL: "/orders"},
			{Field: "from", Value: "2026-11-01", URL: "/orders"}, {Field: "to", Value: "2026-11-24", URL: "/orders"},
			{Field: "q", Value: `P2026<"`, URL: "/orders"}, {Field: "account", Value: account.Name, URL: "/orders"},
		},
	}))
	add("orders-oldest", mine, log(views.OrdersProps{
		Rows: orderRows(), Count: 7, Any: true, Sort: "oldest", SortURL: "/orders?sort=newest", NextURL: "/orders?after=7&sort=oldest",
	}))
	add("orders-no-match", mine, log(views.OrdersProps{Any: true, Query: "x", Chips: []views.Chip{{Field: "q", Value: "x", URL: "/orders"}}, FirstURL: "/orders?q=x"}))
	add("orders-none", mine, log(views.OrdersProps{}))
	add("orders-problem", mine, log(views.OrdersProps{Any: true, From: "yesterday", Problems: []views.Problem{
		{Field: "from", Key: "date_invalid", Args: []any{"Value", "yesterday"}}, {Field: "status", Key: "status_unknown"},
		{Field: "kind", Key: "kind_unknown"}, {Field: "q", Key: "query_too_long"},
	}}))

	help := func(props views.ErrorHelpProps) func(views.Page) templ.Component {
		return func(p views.Page) templ.Component { return views.ErrorHelp(p, props) }
	}
	asking = page(models.Support, "/help/errors?code=Throttling.User")
	add("help-errors", asking, help(views.ErrorHelpProps{}))
	add("help-errors-asked", asking, help(views.ErrorHelpProps{Code: "Throttling.User", RequestID: "5C8F2A1B-6D3E-4F70-9A8B-1C2D3E4F5061"}))
	add("help-errors-unlisted", asking, help(views.ErrorHelpProps{Code: "Nobody.Heard.Of<b>This", RequestID: "R-1", Kind: models.Buy}))
	add("help-errors-in-doubt", asking, help(views.ErrorHelpProps{Code: "InsufficientBalance", InDoubt: true}))

	for _, e := range errorPages {
		name := "error-" + e.Key
		if len(e.Args) > 0 {
			name += "-" + e.Args[0].(string)
		}
		add(name, home, func(p views.Page) templ.Component { return views.Error(p, e) })
	}
	for _, kind := range models.FaultKinds() {
		p := page(models.Operator, "/orders")
		p.Fault = &models.Fault{Kind: kind, Since: now.Add(-time.Hour)}
		add("fault-"+string(kind), p, log(views.OrdersProps{Rows: orderRows(), Count: 7, Any: true}))
	}
	faulty := home
	faulty.Fault = &models.Fault{Kind: models.FaultFull, Since: now}
	add("fault-customer", faulty, func(p views.Page) templ.Component { return views.Error(p, errorPages[10]) })
	add("error-guest", live, func(p views.Page) templ.Component { return views.Error(p, errorPages[0]) })
	return out
}
