package e2e_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"portal/models"
	"portal/portaltest"
	"portal/provider/sandbox"
	"portal/store"
	"portal/views"
)

// shown is one page of the portal in one state.
type shown struct {
	name   string
	as     string // who looks; empty: somebody who is not signed in
	path   string
	press  string // a button to press there, when the page is a form's answer
	status int    // 200 unless told
}

// museum is a portal that has every page in every state at once, standing
// still: its worker has stopped.
type museum struct {
	base    string
	pages   []shown
	cookies map[string]*http.Cookie // everybody's session
}

const (
	operator       = "operator@example.com"
	secondOperator = "chen@example.com"
	viewing        = "support, viewing as a customer" // a session, no address
)

// settles is the first button of the review desk.
const settles = ".desk form button"

// newMuseum makes the states the way they come about in life, one account each.
func newMuseum(t *testing.T) museum {
	t.Helper()
	p := portaltest.New(t)
	p.Config.Demo = []views.DemoPerson{
		{Email: "lin@example.com", Password: portaltest.Password, Role: models.Customer, Sees: "buyer"},
		{Email: "admin@reseller.example.com", Password: portaltest.Password, Role: models.ResellerAdmin, Sees: "reseller"},
		{Email: "support@example.com", Password: portaltest.Password, Role: models.Support, Sees: "support"},
		{Email: operator, Password: portaltest.Password, Role: models.Operator, Sees: "operator"},
	}
	p.Reload()
	m := museum{base: serve(t, p.Handler), cookies: map[string]*http.Cookie{}}

	// A visitor is a customer with an account of their own.
	type visitor struct {
		email, account string
		owner          int64
		row            models.Account
		b              *portaltest.Browser
	}
	visitors := 0
	newVisitor := func(name string) *visitor {
		t.Helper()
		visitors++
		v := &visitor{email: fmt.Sprintf("customer-%d@example.com", visitors), owner: 2000000000000000 + int64(visitors)}
		account := p.AddAccount(v.owner, name, nil)
		p.AddUser(v.email, models.Customer, &account, nil)
		v.row = account
		if err := p.Sandbox.SetMachines(v.owner, 25); err != nil {
			t.Fatal(err)
		}
		v.account = fmt.Sprintf("/accounts/%d", account.ID)
		return v
	}
	signIn := func(v *visitor) {
		v.b = p.SignedIn(v.email)
		m.cookies[v.email] = v.b.Cookies()[0]
	}
	quote := func(v *visitor) string {
		t.Helper()
		page := v.b.Post(v.account+"/quote?kind=buy", url.Values{
			"kind": {"buy"}, "edition": {"enterprise"}, "term": {"year-1"}, "auto_renew": {"on"}, "auto_renew_months": {"12"},
		})
		if !strings.HasPrefix(page.Location, "/quotes/") {
			t.Fatalf("quoting: %d\n%s", page.Status, page.Body)
		}
		return page.Location
	}
	work := func() { p.Worker.RunOnce(t.Context()) }
	fails := func(v *visitor, f sandbox.Fault) {
		fault(p, sandbox.Rule{Action: sandbox.ActionCreateInstance, OwnerID: v.owner, Fault: f, Times: 1})
	}

	// An account that pays its reseller a markup, seen by both.
	reseller, err := p.Store.AddReseller(t.Context(), "Qilu Cloud 齐鲁云")
	if err != nil {
		t.Fatal(err)
	}
	const admin = "admin@qilu.example.com"
	p.AddUser(admin, models.ResellerAdmin, nil, &reseller)
	resold := &visitor{email: "resold@example.com", owner: 2000000000009001}
	resold.row = p.AddAccount(resold.owner, "Taishan Seeds 泰山种业", &reseller)
	p.AddUser(resold.email, models.Customer, &resold.row, nil)
	if err := p.Sandbox.SetMachines(resold.owner, 25); err != nil {
		t.Fatal(err)
	}
	resold.account = fmt.Sprintf("/accounts/%d", resold.row.ID)
	signIn(resold)
	selling := p.SignedIn(admin)
	prices := fmt.Sprintf("/resellers/%d/prices", reseller.ID)
	if page := selling.Post(prices, url.Values{"markup": {"17.5"}, "seen": {"{}"}}); page.Location != prices+"?set=yes" {
		t.Fatalf("pricing: %d\n%s", page.Status, page.Body)
	}
	if page := selling.Post(resold.account+"/prices", url.Values{"markup_pro": {"12.25"}, "seen": {"{}"}}); page.Location == "" {
		t.Fatalf("pricing: %d\n%s", page.Status, page.Body)
	}
	resoldQuote := quote(resold)
	resoldOrder := resold.b.Post(resoldQuote+"/order", nil).Location
	work()

	bought := newVisitor("Linhai Trading 临海贸易")
	reviewed := newVisitor("Beichen Logistics 北辰物流")
	lapsed := newVisitor("Nanshan Media 南山传媒")
	argued := newVisitor("Taibai Mining 太白矿业")
	freed := newVisitor("Longhu Hotels 龙虎酒店")
	told := newVisitor("Wudang Medical 武当医疗")
	for _, v := range []*visitor{bought, reviewed, lapsed, argued, freed, told} {
		signIn(v)
	}
	// carry carries out an order of another kind for an account that holds
	// something, as an operator would.
	carry := func(v *visitor, kind models.Kind, answers url.Values) string {
		t.Helper()
		b := p.SignedIn(operator)
		page := b.Post(v.account+"/quote?kind="+string(kind), answers)
		if !strings.HasPrefix(page.Location, "/quotes/") {
			t.Fatalf("quoting a %s: %d %s\n%s", kind, page.Status, page.Location, page.Body)
		}
		page = b.Post(page.Location+"/order", url.Values{"instance_id": {heldBy(p, v.account)}})
		number, ok := strings.CutPrefix(page.Location, "/orders/")
		if !ok {
			t.Fatalf("placing a %s: %d\n%s", kind, page.Status, page.Body)
		}
		work()
		return number
	}
	ends := newVisitor("Jinshan Print 金山印务")
	auto := newVisitor("Qiandao Water 千岛水务")
	lived := newVisitor("Putuo Travel 普陀旅行")
	highest := newVisitor("Lushan Clinic 庐山诊所")
	carry(ends, models.Buy, url.Values{"edition": {"pro"}, "term": {"month-1"}})
	carry(auto, models.Buy, url.Values{"edition": {"pro"}, "term": {"month-1"}, "auto_renew": {"on"}, "auto_renew_months": {"1"}})
	carry(lived, models.Buy, url.Values{"edition": {"pro"}, "term": {"year-1"}})
	carry(highest, models.Buy, url.Values{"edition": {"enterprise"}, "term": {"year-1"}})
	p.Pass(40 * 24 * time.Hour)
	for _, v := range []*visitor{bought, reviewed, lapsed, argued, freed, told} {
		signIn(v)
	}
	renewed := carry(lived, models.Renew, url.Values{"term": {"month-6"}})
	upgraded := carry(lived, models.Upgrade, nil)

	completed := bought.b.Place(quote(bought))
	fails(reviewed, sandbox.FaultDropAfter)
	inReview := reviewed.b.Place(quote(reviewed))
	for _, v := range []*visitor{argued, freed, told} {
		fails(v, sandbox.FaultDropBefore)
	}
	proposed, released, recorded := argued.b.Place(quote(argued)), freed.b.Place(quote(freed)), told.b.Place(quote(told))
	expired := quote(lapsed)
	work()
	p.Pass(25 * time.Hour) // beyond the time in which a token is known
	work()
	second := p.AddUser(secondOperator, models.Operator, nil, nil)
	decide := func(number string, d store.Settlement) {
		t.Helper()
		d.By, d.Note = models.By{Viewer: models.Viewer{User: second}}, "Looked at the bill until 18:00, ticket 4711."
		if _, err := p.Store.SettleOrder(t.Context(), number, d); err != nil {
			t.Fatal(err)
		}
	}
	decide(released, store.Settlement{As: models.VerdictReleased})
	decide(recorded, store.Settlement{As: models.VerdictReleased})
	if page := p.SignedIn(operator).Post(told.account+"/outside", url.Values{
		"kind": {"adopted"}, "instance_id": {"sas-7d9f1b3e46a08c2e"}, "edition": {"enterprise"}, "machines": {"25"},
		"starts": {"2026-11-01 10:00"}, "ends": {"2031-01-01 10:00"}, "paid": {"38,250.00"}, "reason": {"What order " + recorded + " bought after all."},
	}); !strings.HasPrefix(page.Location, told.account) {
		t.Fatalf("adopting: %d\n%s", page.Status, page.Body)
	}
	decide(recorded, store.Settlement{As: models.VerdictRecorded})
	if err := p.Store.SetSettleByTwo(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	decide(proposed, store.Settlement{As: models.VerdictRejected})

	fresh := newVisitor("New Leaf 新叶科技")
	few := newVisitor("Studio Three 三人工作室")
	changed := newVisitor("Xihu Retail 西湖零售")
	refused := newVisitor("Donghai Foods 东海食品")
	doubtful := newVisitor("Huashan Labs 华山实验室")
	waiting := newVisitor("Taihu Energy 太湖能源")
	if err := p.Sandbox.SetMachines(few.owner, 3); err != nil {
		t.Fatal(err)
	}
	gone := newVisitor("Emei Tea 峨眉茶业")
	soon := newVisitor("Wuyi Design 武夷设计")
	carry(gone, models.Buy, url.Values{"edition": {"pro"}, "term": {"year-1"}})
	refunded := carry(gone, models.Refund, nil)
	carry(soon, models.Buy, url.Values{"edition": {"pro"}, "term": {"year-1"}})
	paused := newVisitor("Tianshan Dairy 天山乳业")
	carry(paused, models.Buy, url.Values{"edition": {"pro"}, "term": {"year-1"}})
	stopped := newVisitor("Lingyin Tea House 灵隐茶舍")
	carry(stopped, models.Buy, url.Values{"edition": {"pro"}, "term": {"year-1"}})
	limited := newVisitor("Emei Tea 峨眉茶业")
	carry(limited, models.Buy, url.Values{"edition": {"pro"}, "term": {"year-1"}})
	asking, declined, asks := newVisitor("Putuo Seafood 普陀海鲜"), newVisitor("Songshan Sports 嵩山体育"), newVisitor("Lushan Spa 庐山温泉")
	elsewhere := newVisitor("Heng Steel 恒山钢铁")
	if page := p.SignedIn(operator).Post(elsewhere.account+"/outside", url.Values{
		"kind": {"adopted"}, "instance_id": {"sas-0c2e5a7d9f1b3e46"}, "edition": {"pro"}, "machines": {"20"},
		"starts": {"2026-01-01 10:00"}, "ends": {"2031-01-01 10:00"}, "paid": {"72,000.00"}, "reason": {"Sold by hand before there was a portal; invoice 2026-004."},
	}); page.Location != elsewhere.account+"?recorded=adopted" {
		t.Fatalf("adopting: %d\n%s", page.Status, page.Body)
	}
	for _, v := range []*visitor{elsewhere, auto} { // outgrown what is covered
		if err := p.Sandbox.SetMachines(v.owner, 31); err != nil {
			t.Fatal(err)
		}
	}
	for _, v := range []*visitor{bought, reviewed, lapsed, fresh, few, changed, refused, doubtful, waiting, ends, auto, lived, highest, gone, soon, paused, stopped, elsewhere, argued, freed, told, limited, asking, declined, asks} {
		signIn(v) // the first three again: a night has ended their sessions
	}
	for _, email := range []string{operator, secondOperator, "support@example.com"} {
		m.cookies[email] = p.SignedIn(email).Cookies()[0]
	}
	check := quote(fresh)
	old := quote(changed)
	rejected := refused.b.Place(quote(refused))
	for _, v := range []*visitor{changed, refused} { // machines that came after the quote, after the order
		if err := p.Sandbox.SetMachines(v.owner, 30); err != nil {
			t.Fatal(err)
		}
	}
	compare := changed.b.Post(old+"/order", nil).Location
	fails(doubtful, sandbox.FaultDropAfter)
	unknown := doubtful.b.Place(quote(doubtful))
	work()
	placed := waiting.b.Place(quote(waiting))
	p.Pass(2 * time.Minute) // which nobody takes up
	for _, n := range []struct{ order, by, words string }{
		{rejected, "support@example.com", "Ms Zhao called: refused after they had added five machines. She will try again with the new number.\n\nTicket: https://tickets.example.com/4711"},
		{rejected, operator, "已回电，客户说明天上午再来咨询。\n退款问题已转交财务。"},
		{completed, operator, strings.Repeat("9C2F7A10", 40)},
	} {
		if err := p.Store.AddNote(t.Context(), models.By{Viewer: p.Viewer(n.by)}, n.order, n.words, ""); err != nil {
			t.Fatal(err)
		}
	}

	form := func(v *visitor) string { return v.account + "/quote?kind=buy" }
	of := func(v *visitor, kind models.Kind) string { return v.account + "/quote?kind=" + string(kind) }
	// checkOf is the check page of a quote of this kind.
	checkOf := func(v *visitor, kind models.Kind, answers url.Values) string {
		t.Helper()
		page := v.b.Post(of(v, kind), answers)
		if !strings.HasPrefix(page.Location, "/quotes/") {
			t.Fatalf("quoting a %s: %d %s\n%s", kind, page.Status, page.Location, page.Body)
		}
		return page.Location
	}
	checkRefund := checkOf(lived, models.Refund, nil)
	checkPaused := checkOf(paused, models.Renew, url.Values{"term": {"year-1"}})
	p.Hold(paused.row)
	checkStopped := checkOf(stopped, models.Renew, url.Values{"term": {"year-1"}})
	cancelled := strings.TrimPrefix(stopped.b.Post(checkOf(stopped, models.Renew, url.Values{"term": {"year-1"}})+"/order", nil).Location, "/orders/")
	if page := p.SignedIn(operator).Post(stopped.account+"/edit", url.Values{
		"name": {stopped.row.Name}, "note": {"Ms Zhou decides; mornings only."},
	}); page.Location != stopped.account {
		t.Fatalf("noting: %d\n%s", page.Status, page.Body)
	}
	if page := p.SignedIn(operator).Post(stopped.account+"/suspend", url.Values{
		"reason": {"Invoices 2026-081 and 2026-094 are unpaid.\nCall Ms Zhou on the 28th before reinstating."},
	}); page.Location != stopped.account {
		t.Fatalf("suspending: %d\n%s", page.Status, page.Body)
	}
	limits := func(v *visitor, form url.Values) {
		t.Helper()
		if page := p.SignedIn(operator).Post(v.account+"/limits", form); page.Location != v.account {
			t.Fatalf("limiting: %d\n%s", page.Status, page.Body)
		}
	}
	checkFull := checkOf(limited, models.Renew, url.Values{"term": {"year-1"}})
	limits(limited, url.Values{"monthly_limit": {"20,000"}, "approval_above": {"5000"}})
	for _, v := range []*visitor{asking, declined, asks} {
		limits(v, url.Values{"monthly_limit": {"500,000"}, "approval_above": {"0"}})
	}
	awaits, refusedBy := asking.b.Place(quote(asking)), declined.b.Place(quote(declined))
	if page := p.SignedIn(operator).Post("/orders/"+refusedBy+"/decline", url.Values{
		"reason": {"Not before the new budget.\nAsk again in January; Pro is enough until then."},
	}); page.Location != "/orders/"+refusedBy {
		t.Fatalf("declining: %d\n%s", page.Status, page.Body)
	}
	batch := func(accounts ...*visitor) string {
		t.Helper()
		form := url.Values{"term": {"year-1"}, "within": {"0"}}
		for _, v := range accounts {
			form.Add("account", fmt.Sprint(v.row.ID))
		}
		page := p.SignedIn(operator).Post("/renewals/new", form)
		if !strings.HasPrefix(page.Location, "/renewals/") {
			t.Fatalf("renewing many: %d\n%s", page.Status, page.Body)
		}
		return page.Location
	}
	together, onTheirWay := batch(limited, lived, auto, fresh), batch(limited, lived, stopped, fresh)
	p.Batches.RunOnce(t.Context())
	if page := p.SignedIn(operator).Post(onTheirWay+"/order", nil); page.Location != onTheirWay {
		t.Fatalf("ordering many: %d\n%s", page.Status, page.Body)
	}
	// A reseller with a name as long as there may be one, and its customer.
	seller, err := p.Store.CreateReseller(t.Context(), models.By{Viewer: p.Viewer(operator)}, models.Reseller{
		Name: strings.Repeat("华东云计算经销 Huadong ", 13), CredentialProfile: "huadong",
	})
	if err != nil {
		t.Fatal(err)
	}
	branded := p.AddAccount(2000000000000999, "Studio Three 三人工作室", &seller)
	p.AddUser("san@example.com", models.Customer, &branded, nil)
	m.cookies["san@example.com"] = p.SignedIn("san@example.com").Cookies()[0]

	list := p.SignedIn(operator).Post("/accounts/import", url.Values{"pasted": {"OwnerId\tName\tNote\n" +
		"2000000000000801\tYandang Paper 雁荡纸业\tcalls on Mondays\n2000000000000001\tAnother name\t\n2000000000000999\tMine\t\n2000000000000801\tAgain\t\n1.21726E+15\tRounded\t\n\t" +
		strings.Repeat("长", 220) + "\t" + strings.Repeat("x", 300) + "\n"}}).Location
	if !strings.HasPrefix(list, "/accounts/import/") {
		t.Fatal("a list of accounts was not taken")
	}

	signIn(resold) // sessions have ended since
	m.cookies[admin] = p.SignedIn(admin).Cookies()[0]
	resoldRefund := checkOf(resold, models.Refund, nil)
	// The page that shows a link is the answer to a form, so its link is made here.
	token := models.NewInvitationToken()
	here := models.Place{AccountID: &fresh.row.ID}
	inviter := models.By{Viewer: p.Viewer(operator), RequestID: "museum", Address: "192.0.2.7"}
	if _, err := p.Store.Invite(t.Context(), inviter, here, "zhao.min@example.com", token.Hash()); err != nil {
		t.Fatal(err)
	}
	resellerPeople := fmt.Sprintf("/resellers/%d/people", reseller.ID)
	if page := p.SignedIn(operator).Post(resellerPeople, url.Values{"email": {"wang.fang@reseller.example.com"}}); page.Status != http.StatusOK {
		t.Fatalf("inviting: %d\n%s", page.Status, page.Body)
	}
	looking := p.SignedIn("support@example.com")
	if page := looking.Post(bought.account+"/view", nil); page.Location != bought.account {
		t.Fatalf("viewing: %d\n%s", page.Status, page.Body)
	}
	m.cookies[viewing] = looking.Cookies()[0]
	m.pages = []shown{
		{name: "renewals", as: operator, path: "/renewals"},
		{name: "renewals-new", as: operator, path: "/renewals/new?within=0&all=yes"},
		{name: "renewals-new-errors", as: operator, path: "/renewals/new?within=0", press: "main form button", status: 422},
		{name: "renewals-check", as: operator, path: together},
		{name: "renewals-progress", as: operator, path: onTheirWay},
		{name: "prices", as: admin, path: prices + "?set=yes"},
		{name: "prices-preview", as: operator, path: prices + "?markup=15&markup_enterprise=12.5"},
		{name: "prices-errors", as: admin, path: prices + "?markup=-5&markup_pro=x", status: 422},
		{name: "prices-of-account", as: admin, path: resold.account + "/prices"},
		{name: "account-resold-for-admin", as: admin, path: resold.account},
		{name: "accounts-for-admin", as: admin, path: "/accounts"},
		{name: "quote-resold-for-admin", as: admin, path: of(resold, models.Renew)},
		{name: "check-resold-for-admin", as: admin, path: resoldRefund},
		{name: "order-resold-for-admin", as: admin, path: resoldOrder},
		{name: "order-resold", as: resold.email, path: resoldOrder},
		{name: "orders-for-admin", as: admin, path: "/orders"},
		{name: "account-limited", as: limited.email, path: limited.account},
		{name: "account-limited-for-operator", as: operator, path: limited.account},
		{name: "limits", as: operator, path: limited.account + "/limits"},
		{name: "check-limit-full", as: limited.email, path: checkFull},
		{name: "check-needs-approval", as: asks.email, path: quote(asks)},
		{name: "order-awaiting-approval", as: asking.email, path: "/orders/" + awaits},
		{name: "order-awaiting-approval-for-operator", as: operator, path: "/orders/" + awaits},
		{name: "order-decline-errors", as: operator, path: "/orders/" + awaits, press: `form[action$="/decline"] button`, status: 422},
		{name: "order-declined", as: declined.email, path: "/orders/" + refusedBy},
		{name: "viewing", as: viewing, path: bought.account},
		{name: "viewing-order", as: viewing, path: "/orders/" + completed},
		{name: "people-home", as: operator, path: "/people"},
		{name: "people", as: operator, path: fresh.account + "/people"},
		{name: "people-of-reseller", as: operator, path: resellerPeople},
		{name: "people-errors", as: operator, path: resellerPeople, press: "main form.card button", status: 422},
		{name: "people-link", as: operator, path: resellerPeople, press: "main td form button"},
		{name: "remove-person", as: operator, path: fmt.Sprintf("/people/%d/remove", p.Viewer(admin).User.ID)},
		{name: "invitation", path: "/invitation?token=" + string(token)},
		{name: "quote-for-others", as: operator, path: form(fresh)},
		{name: "me", as: fresh.email, path: "/me"},
		{name: "me-errors", as: fresh.email, path: "/me", press: "main form button", status: 422},
		{name: "sign-in", path: "/sign-in"},
		{name: "sandbox", path: "/sandbox"},
		{name: "sandbox-bill", as: operator, path: fmt.Sprintf("/sandbox/bill?owner=%d", lived.owner)},
		{name: "sandbox-bill-nothing", as: "support@example.com", path: fmt.Sprintf("/sandbox/bill?owner=%d", fresh.owner)},
		{name: "sandbox-bill-unasked", as: operator, path: "/sandbox/bill"},
		{name: "sandbox-bill-errors", as: operator, path: "/sandbox/bill?owner=Lin&from=yesterday&to=x", status: 422},
		{name: "styleguide", path: "/styleguide"},
		{name: "sign-in-errors", path: "/sign-in", press: signInButton, status: 422},
		{name: "account-empty", as: fresh.email, path: fresh.account},
		{name: "account-subscribed", as: bought.email, path: bought.account},
		{name: "account-lived", as: lived.email, path: lived.account},
		{name: "account-outgrown", as: elsewhere.email, path: elsewhere.account},
		{name: "account-expired", as: ends.email, path: ends.account},
		{name: "account-presumed", as: auto.email, path: auto.account},
		{name: "account-refunded", as: gone.email, path: gone.account},
		{name: "account-for-operator", as: operator, path: elsewhere.account},
		{name: "account-held", as: paused.email, path: paused.account},
		{name: "account-held-for-operator", as: operator, path: paused.account},
		{name: "account-held-errors", as: operator, path: paused.account, press: "main form button", status: 422},
		{name: "check-held", as: paused.email, path: checkPaused},
		{name: "account-suspended", as: stopped.email, path: stopped.account},
		{name: "account-suspended-for-operator", as: operator, path: stopped.account},
		{name: "check-suspended", as: stopped.email, path: checkStopped},
		{name: "order-suspended", as: stopped.email, path: "/orders/" + cancelled},
		{name: "account-new", as: operator, path: "/accounts/new"},
		{name: "account-new-errors", as: operator, path: "/accounts/new", press: "main form button", status: 422},
		{name: "account-edit", as: operator, path: stopped.account + "/edit"},
		{name: "import", as: operator, path: "/accounts/import"},
		{name: "import-errors", as: operator, path: "/accounts/import", press: "main form button", status: 422},
		{name: "import-lines", as: operator, path: list},
		{name: "resellers", as: operator, path: "/resellers"},
		{name: "reseller-new", as: operator, path: "/resellers/new"},
		{name: "reseller-new-errors", as: operator, path: "/resellers/new", press: "main form button", status: 422},
		{name: "reseller", as: operator, path: fmt.Sprintf("/resellers/%d/edit", seller.ID)},
		{name: "sold-by-reseller", as: "san@example.com", path: "/orders"},
		{name: "suspend", as: operator, path: waiting.account + "/suspend"},
		{name: "suspend-errors", as: operator, path: doubtful.account + "/suspend", press: "main form button", status: 422},
		{name: "reinstate", as: operator, path: stopped.account + "/reinstate"},
		{name: "reinstate-errors", as: operator, path: stopped.account + "/reinstate", press: "main form button", status: 422},
		{name: "renew", as: lived.email, path: of(lived, models.Renew)},
		{name: "renew-lapsed", as: ends.email, path: of(ends, models.Renew)},
		{name: "renew-errors", as: lived.email, path: of(lived, models.Renew) + "&term=week-1", status: 422},
		{name: "upgrade", as: elsewhere.email, path: of(elsewhere, models.Upgrade)},
		{name: "upgrade-presumed", as: auto.email, path: of(auto, models.Upgrade) + "&edition=enterprise"},
		{name: "upgrade-only", as: soon.email, path: of(soon, models.Upgrade)},
		{name: "upgrade-cannot", as: highest.email, path: of(highest, models.Upgrade), status: 409},
		{name: "refund", as: lived.email, path: of(lived, models.Refund)},
		{name: "refund-in-full", as: soon.email, path: of(soon, models.Refund)},
		{name: "check-renew", as: lived.email, path: checkOf(lived, models.Renew, url.Values{"term": {"year-1"}})},
		{name: "check-upgrade", as: elsewhere.email, path: checkOf(elsewhere, models.Upgrade, url.Values{"edition": {"enterprise"}})},
		{name: "check-refund", as: lived.email, path: checkRefund},
		{name: "check-refund-errors", as: lived.email, path: checkRefund, press: danger, status: 422},
		{name: "order-renewed", as: lived.email, path: "/orders/" + renewed},
		{name: "order-upgraded", as: lived.email, path: "/orders/" + upgraded},
		{name: "order-refunded", as: gone.email, path: "/orders/" + refunded},
		{name: "outside-adopted", as: operator, path: fresh.account + "/outside?kind=adopted"},
		{name: "outside-renewed", as: operator, path: auto.account + "/outside?kind=renewed"},
		{name: "outside-released", as: operator, path: auto.account + "/outside?kind=released"},
		{name: "outside-errors", as: operator, path: fresh.account + "/outside?kind=adopted", press: "main form button", status: 422},
		{name: "account-ordering", as: doubtful.email, path: doubtful.account},
		{name: "quote", as: fresh.email, path: form(fresh)},
		{name: "quote-few", as: few.email, path: form(few) + "&edition=enterprise&term=year-2&auto_renew=on&auto_renew_months=24"},
		{name: "quote-errors", as: fresh.email, path: form(fresh) + "&edition=gold&term=week-1&auto_renew=on", status: 422},
		{name: "check", as: fresh.email, path: check},
		{name: "check-compare", as: changed.email, path: compare},
		{name: "check-expired", as: lapsed.email, path: expired},
		{name: "order-placed", as: waiting.email, path: "/orders/" + placed},
		{name: "order-unknown", as: doubtful.email, path: "/orders/" + unknown},
		{name: "order-completed", as: bought.email, path: "/orders/" + completed},
		{name: "order-rejected", as: refused.email, path: "/orders/" + rejected},
		{name: "order-needs-review", as: reviewed.email, path: "/orders/" + inReview},
		{name: "order-released", as: freed.email, path: "/orders/" + released},
		{name: "order-recorded", as: told.email, path: "/orders/" + recorded},
		{name: "account-released", as: freed.email, path: freed.account},
		{name: "check-released", as: freed.email, path: quote(freed)},
		{name: "review", as: operator, path: "/review"},
		{name: "review-no-more", as: "support@example.com", path: "/review?after=999999"},
		{name: "desk", as: operator, path: "/orders/" + inReview},
		{name: "desk-errors", as: operator, path: "/orders/" + inReview, press: settles, status: 422},
		{name: "desk-for-support", as: "support@example.com", path: "/orders/" + inReview},
		{name: "desk-proposed", as: operator, path: "/orders/" + proposed},
		{name: "desk-proposed-errors", as: operator, path: "/orders/" + proposed, press: settles, status: 422},
		{name: "desk-proposed-by-me", as: secondOperator, path: "/orders/" + proposed},
		{name: "desk-released", as: operator, path: "/orders/" + released},
		{name: "order-notes", as: "support@example.com", path: "/orders/" + rejected},
		{name: "order-notes-errors", as: operator, path: "/orders/" + completed, press: ".notes__form button", status: 422},
		{name: "order-for-staff", as: operator, path: "/orders/" + unknown},
		{name: "orders", as: operator, path: "/orders"},
		{name: "orders-filtered", as: operator, path: "/orders?status=completed&q=" + completed},
		{name: "orders-no-match", as: bought.email, path: "/orders?status=cancelled"},
		{name: "orders-errors", as: bought.email, path: "/orders?from=yesterday", status: 422},
		{name: "orders-empty", as: fresh.email, path: "/orders"},
		{name: "dashboard", as: operator, path: "/dashboard"},
		{name: "accounts", as: operator, path: "/accounts"},
		{name: "accounts-filtered", as: operator, path: "/accounts?state=active&edition=pro&sort=spend"},
		{name: "accounts-errors", as: operator, path: "/accounts?sort=luck", status: 422},
		{name: "search", as: "support@example.com", path: "/search"},
		{name: "search-orders", as: "support@example.com", path: "/search?q=" + heldBy(p, lived.account)},
		{name: "search-accounts", as: operator, path: "/search?q=tai"},
		{name: "search-people", as: "support@example.com", path: "/search?q=" + operator},
		{name: "search-none", as: "support@example.com", path: "/search?q=" + strings.Repeat("9C2F7A10", 16)},
		{name: "search-errors", as: "support@example.com", path: "/search?q=" + strings.Repeat("x", 201), status: 422},
		{name: "accounts-no-match", as: operator, path: "/accounts?q=zzz"},
		{name: "account-for-support", as: "support@example.com", path: fresh.account},
		{name: "help-errors", as: fresh.email, path: "/help/errors"},
		{name: "help-errors-asked", as: fresh.email, path: "/help/errors?code=" + strings.Repeat("Unheard.Of.", 12) + "&request_id=" + strings.Repeat("9C2F7A10", 16)},
		{name: "error-404", as: fresh.email, path: "/orders/P20200101-NOSUCH00", status: 404},
	}
	for number, want := range map[string]models.Status{
		placed: models.Placed, unknown: models.Unknown, completed: models.Completed,
		rejected: models.Rejected, inReview: models.NeedsReview,
	} {
		if o, err := p.Store.Order(t.Context(), p.Viewer(operator), number); err != nil || o.Status != want {
			t.Fatalf("an order that should be %s is %s: %v", want, o.Status, err)
		}
	}
	return m
}

// heldBy is the instance that the account at this path holds, empty for none.
func heldBy(p *portaltest.Portal, account string) string {
	p.T.Helper()
	id, err := strconv.ParseInt(strings.TrimPrefix(account, "/accounts/"), 10, 64)
	if err != nil {
		p.T.Fatal(err)
	}
	held, err := p.Store.Holdings(p.T.Context(), id)
	if err != nil {
		p.T.Fatal(err)
	}
	if s := held[id].Subscription; s != nil {
		return s.InstanceID
	}
	return ""
}

// look is how a page is looked at.
type look struct{ language, theme string }

func (l look) String() string { return l.language + "." + l.theme }

var (
	languages = []string{"zh-Hans", "en"}
	looks     = []look{{"zh-Hans", "light"}, {"zh-Hans", "dark"}, {"en", "light"}, {"en", "dark"}}
)

// window opens one that looks at a portal in this way.
func (l look) window(t *testing.T, base string) *tab {
	t.Helper()
	w := window(t, base, l.language)
	themed(w, l.theme)
	return w
}

// themed is a window whose person prefers a theme, without asking for its page again.
func themed(w *tab, theme string) {
	w.t.Helper()
	call(w, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: theme}, {Name: "prefers-reduced-motion", Value: "reduce"}},
	})
}

// show leads a window to a page, as the one who looks at it.
func (m museum) show(w *tab, s shown, l look) {
	w.t.Helper()
	call(w, network.ClearBrowserCookies, cdp.Empty{})
	cookies := []*http.Cookie{{Name: "language", Value: l.language}}
	if s.as != "" {
		cookies = append(cookies, m.cookies[s.as])
	}
	for _, c := range cookies {
		call(w, network.SetCookie, network.SetCookieParams{Name: c.Name, Value: c.Value, URL: w.base})
	}
	wide(w, 1280)
	status := w.visit(s.path)
	if s.press != "" {
		status = w.press(s.press)
	}
	if want := max(s.status, http.StatusOK); status != want {
		w.t.Errorf("%s answers %d, not %d", s.path, status, want)
	}
	// A page that asks for itself again must not do so while it is looked at.
	w.do(chromedp.Evaluate[chromedp.Void](`document.getElementById("main").removeAttribute("data-refresh")`))
	if !w.has(`html[lang="` + l.language + `"]`) {
		w.t.Errorf("%s is in another language", s.path)
	}
}

func wide(w *tab, width int64) { w.t.Helper(); w.do(chromedp.EmulateViewport(width, 800)) }
