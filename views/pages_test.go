package views_test

import (
	"bytes"
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"portal/locales"
	"portal/models"
	"portal/static"
	"portal/views"
)

// render writes a page in a language and reads it back as a browser without
// script would.
func render(t *testing.T, c canned, tag string) (string, *html.Node) {
	t.Helper()
	ctx := locales.With(context.Background(), locales.For(tag, ""))
	var b bytes.Buffer
	if err := c.body(c.page).Render(ctx, &b); err != nil {
		t.Fatal(err)
	}
	doc, err := html.ParseWithOptions(bytes.NewReader(b.Bytes()), html.ParseOptionEnableScripting(false)) // what is in <noscript> is read, too
	if err != nil {
		t.Fatal(err)
	}
	return b.String(), doc
}

// everyPage runs f for each canned page in each language.
func everyPage(t *testing.T, f func(t *testing.T, c canned, raw string, doc *html.Node)) {
	t.Helper()
	for _, c := range pages() {
		for _, tag := range locales.Tags() {
			t.Run(c.name+"/"+tag, func(t *testing.T) {
				raw, doc := render(t, c, tag)
				f(t, c, raw, doc)
			})
		}
	}
}

// find lists the elements that match.
func find(doc *html.Node, match func(*html.Node) bool) []*html.Node {
	var out []*html.Node
	for node := range doc.Descendants() {
		if node.Type == html.ElementNode && match(node) {
			out = append(out, node)
		}
	}
	return out
}

func named(names ...string) func(*html.Node) bool {
	return func(n *html.Node) bool { return slices.Contains(names, n.Data) }
}

// alien finds what no page has: these, and any script but our own file.
func alien(names ...string) func(*html.Node) bool {
	return func(n *html.Node) bool {
		ours := attr(n, "src") == static.Path("app.js") && n.FirstChild == nil
		return slices.Contains(names, n.Data) || n.Data == "script" && !ours
	}
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func has(n *html.Node, name string) bool {
	return slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == name })
}

// text is what an element says, its white space folded.
func text(n *html.Node) string {
	var b strings.Builder
	for node := range n.Descendants() {
		if node.Type == html.TextNode {
			b.WriteString(node.Data)
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

func TestEveryPageIsWhole(t *testing.T) {
	titles := map[string]string{}
	everyPage(t, func(t *testing.T, c canned, raw string, doc *html.Node) {
		for _, slip := range []string{"%!", "<no value>", "{{", "locales:"} {
			if strings.Contains(raw, slip) {
				t.Errorf("the page says %q", slip)
			}
		}
		root := find(doc, named("html"))[0]
		if !locales.Supported(attr(root, "lang")) {
			t.Errorf("lang is %q", attr(root, "lang"))
		}
		if got := len(find(doc, named("h1"))); got != 1 {
			t.Errorf("%d h1", got)
		}
		main := find(doc, named("main"))
		if len(main) != 1 {
			t.Fatalf("%d main", len(main))
		}
		if got := attr(main[0], "data-order-status"); got != string(c.status) {
			t.Errorf("data-order-status is %q, want %q", got, c.status)
		}
		title := text(find(doc, named("title"))[0])
		if title == "" {
			t.Error("no title")
		}
		titles[title] = c.name
		wrong := len(find(doc, func(n *html.Node) bool { return attr(n, "role") == "alert" })) > 0
		if prefixed := strings.HasPrefix(title, "Error: ") || strings.HasPrefix(title, "错误："); prefixed != wrong {
			t.Errorf("title %q on a page with problems: %v", title, wrong)
		}
		if c.page.Sandbox != strings.Contains(raw, `class="sandbox"`) {
			t.Errorf("sandbox is %v, the page says otherwise", c.page.Sandbox)
		}
		if c.page.RequestID != "" && !strings.Contains(raw, c.page.RequestID) {
			t.Error("the request id is not there to quote")
		}
	})
	if len(titles) < 50 {
		t.Errorf("only %d titles for all pages: they do not tell pages apart", len(titles))
	}
}

func TestEveryPageKeepsTheContentSecurityPolicy(t *testing.T) {
	everyPage(t, func(t *testing.T, _ canned, raw string, doc *html.Node) {
		if got := find(doc, alien("style", "iframe", "object", "embed", "base", "font", "center")); len(got) > 0 {
			t.Errorf("<%s>", got[0].Data)
		}
		for _, n := range find(doc, func(*html.Node) bool { return true }) {
			for _, a := range n.Attr {
				if a.Key == "style" || strings.HasPrefix(a.Key, "on") {
					t.Errorf("<%s %s>", n.Data, a.Key)
				}
				if slices.Contains([]string{"href", "src", "action", "formaction"}, a.Key) &&
					(!strings.HasPrefix(a.Val, "/") && !strings.HasPrefix(a.Val, "#") || strings.HasPrefix(a.Val, "//")) {
					t.Errorf("<%s %s=%q> leads away", n.Data, a.Key, a.Val)
				}
			}
		}
		if strings.Contains(raw, "data:") || strings.Contains(raw, "javascript:") {
			t.Error("a data: or javascript: URL")
		}
	})
}

func TestEveryPageIsAccessible(t *testing.T) {
	everyPage(t, func(t *testing.T, _ canned, _ string, doc *html.Node) {
		ids := map[string]bool{}
		for _, n := range find(doc, func(n *html.Node) bool { return has(n, "id") }) {
			id := attr(n, "id")
			if ids[id] || id == "" {
				t.Errorf("id %q is there twice or empty", id)
			}
			ids[id] = true
		}
		labelled := map[string]bool{}
		for _, l := range find(doc, named("label")) {
			labelled[attr(l, "for")] = true
			if text(l) == "" {
				t.Error("a label says nothing")
			}
			for _, in := range find(l, named("input")) {
				labelled[attr(in, "id")] = true
			}
		}
		for _, in := range find(doc, named("input", "select", "textarea")) {
			if attr(in, "type") != "hidden" && !labelled[attr(in, "id")] {
				t.Errorf("%s has no label", attr(in, "name"))
			}
		}
		for _, n := range find(doc, func(*html.Node) bool { return true }) {
			for _, ref := range []string{"aria-describedby", "aria-labelledby"} {
				for id := range strings.FieldsSeq(attr(n, ref)) {
					if !ids[id] {
						t.Errorf("<%s %s> names %q, which is not there", n.Data, ref, id)
					}
				}
			}
			if to, ok := strings.CutPrefix(attr(n, "href"), "#"); ok && !ids[to] {
				t.Errorf("a link leads to #%s, which is not there", to)
			}
		}
		for _, b := range find(doc, named("a", "button", "th", "caption", "legend", "h1", "h2", "h3", "dt")) {
			if text(b) == "" {
				t.Errorf("a <%s> says nothing", b.Data)
			}
		}
		level := 0
		for _, h := range find(doc, func(n *html.Node) bool {
			return len(n.Data) == 2 && n.Data[0] == 'h' && n.Data[1] >= '1' && n.Data[1] <= '6'
		}) {
			next := int(h.Data[1] - '0')
			// The error summary's heading comes before the page's own.
			if level > 0 && next > level+1 {
				t.Errorf("h%d after h%d", next, level)
			}
			level = next
		}
		for _, s := range find(doc, named("svg")) {
			said := attr(s, "role") == "img" && len(find(s, named("title"))) == 1 && len(find(s, named("desc"))) == 1 // a chart
			if attr(s, "aria-hidden") != "true" && !said {
				t.Error("an icon is read out, or a chart does not say what it is")
			}
		}
	})
}

// TestProblemsStandTwice holds the summary and the fields to the same words.
func TestProblemsStandTwice(t *testing.T) {
	everyPage(t, func(t *testing.T, _ canned, raw string, doc *html.Node) {
		for _, summary := range find(doc, func(n *html.Node) bool { return attr(n, "role") == "alert" }) {
			if attr(summary, "tabindex") != "-1" || !has(summary, "autofocus") {
				t.Error("the summary does not take the focus")
			}
			for _, link := range find(summary, named("a")) {
				field, ok := strings.CutPrefix(attr(link, "href"), "#")
				if !ok {
					continue
				}
				at := find(doc, func(n *html.Node) bool { return attr(n, "id") == field+"-problem" })
				if len(at) != 1 || !strings.Contains(text(at[0]), text(link)) {
					t.Errorf("%s does not say %q", field, text(link))
				}
				if !strings.Contains(raw, `aria-describedby="`+field+`-problem"`) && !strings.Contains(raw, ` `+field+`-problem"`) {
					t.Errorf("nothing is described by %s's problem", field)
				}
			}
		}
	})
}

func TestFormsHaveThePlainNames(t *testing.T) {
	want := map[string][]string{
		"sign-in": {"POST /sign-in: next email password"},
		"quote":   {"POST /accounts/7/quote?kind=buy: kind edition term auto_renew auto_renew_months"},
		"check":   {"POST /quotes/0193a5b2-7c1d-7000-8000-3f2a6d1e9b44/order:"},
		"renew":   {"POST /accounts/7/quote?kind=renew: kind term"},
		"upgrade": {"POST /accounts/7/quote?kind=upgrade: kind edition"},
		"refund":  {"POST /accounts/7/quote?kind=refund: kind"},
		"check-refund": {
			"POST /quotes/0193a5b2-7c1d-7000-8000-3f2a6d1e9b44/order: instance_id",
		},
		"orders":        {"GET /orders: q status kind from to"},
		"orders-oldest": {"GET /orders: sort q status kind from to"},
		"orders-filtered": {
			"GET /orders: account q status kind from to",
		},
		"accounts": {"GET /accounts: q state edition sort"},
		"outside-adopted": {
			"POST /accounts/7/outside: kind seen instance_id edition machines starts ends paid auto_renew auto_renew_months reason",
		},
		"outside-renewed": {
			"POST /accounts/7/outside: kind seen instance_id edition machines ends paid auto_renew auto_renew_months reason",
		},
		"outside-released": {"POST /accounts/7/outside: kind seen instance_id ends reason"},
		"order-placed-buy": {"POST /orders/P20261124-7K3M9QXR/cancel:"},
	}
	frame := []string{"POST /preferences: return language", "POST /preferences: return theme", "POST /sign-out:"}
	for _, c := range pages() {
		expected, ok := want[c.name]
		if !ok {
			continue
		}
		_, doc := render(t, c, "en")
		var got []string
		for _, f := range find(doc, named("form")) {
			var names []string
			for _, in := range find(f, func(n *html.Node) bool { return has(n, "name") }) {
				if name := attr(in, "name"); !slices.Contains(names, name) {
					names = append(names, name)
				}
			}
			got = append(got, strings.TrimSpace(fmt.Sprintf("%s %s: %s", strings.ToUpper(attr(f, "method")), attr(f, "action"), strings.Join(names, " "))))
		}
		for _, form := range expected {
			if !slices.Contains(got, form) {
				t.Errorf("%s: no form %q among %q", c.name, form, got)
			}
		}
		for _, form := range frame {
			if form == "POST /sign-out:" && c.page.Viewer == nil {
				continue
			}
			if !slices.Contains(got, form) {
				t.Errorf("%s: no form %q in the frame", c.name, form)
			}
		}
	}
}

func TestFirstButtonGoesForward(t *testing.T) {
	_, doc := render(t, pick(t, "quote"), "en")
	form := find(doc, func(n *html.Node) bool { return strings.HasSuffix(attr(n, "action"), "quote?kind=buy") })[0]
	buttons := find(form, named("button"))
	if has(buttons[0], "formmethod") {
		t.Error("Enter would update the prices instead of going on")
	}
	if attr(buttons[1], "formmethod") != "get" || attr(buttons[1], "formaction") != "/accounts/7/quote" {
		t.Error("the second button does not ask for the prices")
	}
}

func TestTheButtonNamesTheSum(t *testing.T) {
	for tag, want := range map[string]string{"zh-Hans": "立即购买 ¥15,300.00", "en": "Buy for CN¥15,300.00"} {
		_, doc := render(t, pick(t, "check"), tag)
		var got []string
		for _, b := range find(doc, named("button")) {
			got = append(got, text(b))
		}
		if !slices.Contains(got, want) {
			t.Errorf("no button %q among %q", want, got)
		}
	}
	for _, name := range []string{"check-expired", "check-open-order", "check-support"} {
		_, doc := render(t, pick(t, name), "en")
		if got := find(doc, func(n *html.Node) bool { return strings.HasSuffix(attr(n, "action"), "/order") }); len(got) > 0 {
			t.Errorf("%s can be bought", name)
		}
	}
}

func TestReceiptHasEveryNumber(t *testing.T) {
	_, doc := render(t, pick(t, "order-completed-buy"), "zh-Hans")
	got := text(find(doc, named("main"))[0])
	for _, want := range []string{
		"P20261124-7K3M9QXR", "204871926350912", "sas-cn-x0r3l7m2k01", "5C8F2A1B-6D3E-4F70-9A8B-1C2D3E4F5061",
		"¥15,300.00", "2027年11月24日 14:05:33（北京时间）", "li.na@yunqi.example", "1217259133477183",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("the receipt lacks %q", want)
		}
	}
}

func TestOnlyStaffSeeTheExchange(t *testing.T) {
	_, doc := render(t, pick(t, "order-staff"), "en")
	if len(find(doc, named("details"))) != 2 {
		t.Error("staff do not see the attempts")
	}
	for _, s := range models.Statuses() {
		raw, doc := render(t, pick(t, "order-"+string(s)+"-buy"), "en")
		if len(find(doc, named("details", "pre"))) > 0 || strings.Contains(raw, "CreateInstance") || strings.Contains(raw, "user:5") {
			t.Errorf("%s: a customer sees the exchange", s)
		}
	}
}

// TestNoAdviceInDoubt keeps "order again" off pages of orders whose outcome is
// not known, whatever code the provider sent.
func TestNoAdviceInDoubt(t *testing.T) {
	for _, s := range []models.Status{models.Unknown, models.NeedsReview} {
		for _, code := range []string{"InsufficientBalance", "InstanceAlreadyExists", "Throttling.User", "Whatever"} {
			c := pick(t, "order-"+string(s)+"-buy")
			props := orderProps(order(s, models.Buy, reasonFor(s)), false)
			props.Order.Code = code
			c.body = func(p views.Page) component { return views.Order(p, props) }
			raw, _ := render(t, c, "en")
			for _, advice := range []string{"then order again", "top it up", "Get a new quote", "Buy again", "adopt it"} {
				if strings.Contains(raw, advice) {
					t.Errorf("%s, %s: the page says %q", s, code, advice)
				}
			}
		}
	}
}

func TestCodesAreExplained(t *testing.T) {
	for code, want := range map[string]string{
		"InsufficientBalance":                "balance is too low",
		"Throttling.User":                    "Too many requests",
		"InvalidTimeStamp.Expired":           "15 minutes off",
		"SignatureDoesNotMatch":              "signature was not accepted",
		"IncompleteSignature":                "signature was not accepted",
		"InvalidAccessKeyId.NotFound":        "AccessKey does not exist",
		"Forbidden.RAM":                      "not allowed to do this",
		"MissingParameter":                   "parameter missing",
		"MissingOwnerId":                     "parameter missing",
		"IdempotentParameterMismatch":        "token was used for something else",
		"IdempotentProcessing":               "still working",
		"InvalidApi.NotFound":                "does not know this call",
		"InternalError":                      "internal error",
		"ServiceUnavailable":                 "not available",
		"SignatureNonceUsed":                 "already received",
		"InstanceAlreadyExists":              "ask them to adopt it",
		"UserAlreadyHasInstance":             "ask them to adopt it",
		"InvalidInstanceId.NotExist":         "did not find this instance",
		"InstanceCount.Mismatch":             "number of machines changed",
		"PAYMENT_FAILED":                     "balance is too low",
		"Some.Code.Nobody.Heard.Of<script>1": "no explanation for this code",
	} {
		c := pick(t, "order-rejected-buy")
		props := orderProps(order(models.Rejected, models.Buy, models.ReasonRefused), false)
		props.Order.Code = code
		c.body = func(p views.Page) component { return views.Order(p, props) }
		_, doc := render(t, c, "en")
		if got := text(find(doc, named("main"))[0]); !strings.Contains(got, want) || !strings.Contains(got, code) {
			t.Errorf("%s is not explained by %q", code, want)
		}
	}
}

func TestHostileTextStaysText(t *testing.T) {
	const evil = `"><script>alert(1)</script><img src=x onerror=alert(1)>'`
	bad := account
	bad.Name = evil
	o := order(models.NeedsReview, models.Buy, models.ReasonContradicted)
	o.Code, o.Message, o.InstanceID, o.ProviderOrderID, o.RequestID = evil, evil, evil, evil, evil
	props := orderProps(o, true)
	props.Account, props.By = bad, evil
	props.Events[2].Note, props.Events[2].Actor = evil, evil
	props.Attempts[1].Response, props.Attempts[1].Request, props.Attempts[1].Code, props.Attempts[1].Message = evil, evil, evil, evil
	q := quoteForm()
	q.Account = bad
	renew, upgrade, refund, confirm := renewForm(lastedFor(day), 25), upgradeForm(lastedFor(day)), refundForm(lastedFor(day)), checkProps(models.Refund)
	renew.Account, upgrade.Account, refund.Account, confirm.Account = bad, bad, bad, bad
	refund.Held.InstanceID, refund.Sum.Lines[0].Order = evil, evil
	confirm.Quote.InstanceID, confirm.InstanceID, confirm.ChangeURL = evil, evil, "javascript:alert(1)"
	p := page(models.Support, evil)
	p.Viewer.User.Email, p.RequestID = evil, evil
	for name, body := range map[string]component{
		"order":    views.Order(p, props),
		"account":  views.Account(p, views.AccountProps{Account: bad, OpenOrder: &o, Subscription: &models.Subscription{InstanceID: evil, Edition: models.Pro}}),
		"accounts": views.Accounts(p, views.AccountsProps{Query: evil, Rows: []views.AccountRow{{Account: bad}}, NextURL: "javascript:alert(1)"}),
		"quote":    views.QuoteForm(p, q),
		"check":    views.Check(p, views.CheckProps{Quote: quote(), Account: bad, By: evil, ChangeURL: "javascript:alert(1)", MayOrder: true}),
		"orders": views.Orders(p, views.OrdersProps{
			Any: true, Query: evil, From: evil, Account: evil, Rows: []views.OrderRow{{Order: o, Account: bad}}, ShowAccounts: true,
			Chips: []views.Chip{{Field: "q", Value: evil, URL: "javascript:alert(1)"}, {Field: "status", Value: evil, URL: "/orders"}},
		}),
		"renew":   views.Renew(p, renew),
		"upgrade": views.Upgrade(p, upgrade),
		"refund":  views.Refund(p, refund),
		"confirm": views.Check(p, confirm),
		"help":    views.ErrorHelp(p, views.ErrorHelpProps{Code: evil, RequestID: evil, Kind: models.Kind(evil)}),
		"outside": views.Outside(p, views.OutsideProps{
			Account: bad, Kind: models.Adopted, InstanceID: evil, Machines: evil, Starts: evil, Ends: evil, Paid: evil, Reason: "</textarea>" + evil,
		}),
		"hold": views.Account(views.Page{Viewer: viewer(models.Operator, evil), Path: "/accounts/7", Now: now}, views.AccountProps{
			Account: bad, Hold: &models.AccountHold{Reason: models.HeldRestored, Note: evil, Actor: evil}, ReleaseReason: "</textarea>" + evil,
		}),
		"cannot": views.Cannot(p, views.CannotProps{
			Account: bad, Action: views.Action{Kind: models.Upgrade, Why: "open_order", Args: []any{"Number", evil}},
			Held: &models.Subscription{InstanceID: evil, Edition: models.Pro},
		}),
		"story": views.Account(p, views.AccountProps{Account: bad, Story: []views.Happening{
			{At: now, Key: "released", Outside: &models.OutsideEvent{Kind: models.Released, Reason: evil}, Note: evil, By: evil},
			{At: now, Key: "refund", Order: &models.Order{Number: evil, Kind: models.Refund}},
		}}),
		"sign-in": views.SignIn(p, views.SignInProps{Email: evil, Next: evil}),
		"again":   views.Error(p, views.ErrorProps{Status: 503, Key: "not_saved", Again: &views.Again{Action: "javascript:alert(1)", Fields: []views.Typed{{Name: evil, Value: evil}}}}),
		"error":   views.Error(p, views.ErrorProps{Status: 502, Key: "count_refused", Args: []any{"Code", evil, "RequestID", evil}, Retry: "javascript:alert(1)", Back: "/"}),
	} {
		t.Run(name, func(t *testing.T) {
			c := canned{page: p, body: func(views.Page) component { return body }}
			raw, doc := render(t, c, "en")
			if got := find(doc, alien("img")); len(got) > 0 {
				t.Errorf("a name became <%s>", got[0].Data)
			}
			if strings.Contains(raw, "javascript:") {
				t.Error("a URL runs script")
			}
		})
	}
}

// TestExcelIsOfferedItsOwnFileFirst: it shortens the long ids of a CSV file.
func TestExcelIsOfferedItsOwnFileFirst(t *testing.T) {
	raw, _ := render(t, pick(t, "orders-filtered"), "en")
	excel, csv, hint := strings.Index(raw, "/orders.xlsx"), strings.Index(raw, "/orders.csv"), strings.Index(raw, "loses the last digits")
	if excel < 0 || csv < excel || hint < csv {
		t.Errorf("Excel's file at %d, CSV at %d, the hint at %d", excel, csv, hint)
	}
}

func TestWrongDateIsKept(t *testing.T) {
	_, doc := render(t, pick(t, "orders-problem"), "en")
	from := find(doc, func(n *html.Node) bool { return attr(n, "id") == "from" })[0]
	if attr(from, "type") != "text" || attr(from, "value") != "yesterday" {
		t.Errorf("the field is of type %q and says %q", attr(from, "type"), attr(from, "value"))
	}
}

func TestAPageThatRefreshesItselfCanBeStopped(t *testing.T) {
	raw, _ := render(t, pick(t, "order-unknown-buy"), "en")
	if !strings.Contains(raw, "/orders/P20261124-7K3M9QXR?refresh=off") {
		t.Error("it cannot be stopped")
	}
	if raw, _ := render(t, pick(t, "order-completed-buy"), "en"); strings.Contains(raw, "refresh=off") {
		t.Error("a page that stands still offers to be stopped")
	}
}

func TestTheme(t *testing.T) {
	for theme, want := range map[string]string{"light": "light", "dark": "dark", "": "", `x" onload="`: ""} {
		c := pick(t, "account-none")
		c.page.Theme = theme
		_, doc := render(t, c, "en")
		if got := attr(find(doc, named("html"))[0], "data-theme"); got != want {
			t.Errorf("theme %q becomes %q", theme, got)
		}
		pressed := find(doc, func(n *html.Node) bool { return attr(n, "aria-pressed") == "true" })
		if len(pressed) != 1 {
			t.Errorf("theme %q presses %d buttons", theme, len(pressed))
		}
	}
}

// pick finds a canned page by its name.
func pick(t *testing.T, name string) canned {
	t.Helper()
	for _, c := range pages() {
		if c.name == name {
			return c
		}
	}
	t.Fatalf("no page %q", name)
	return canned{}
}

// TestNoLineEndsInsideATime looks for dates and times with their zone that a
// phone's narrow lines could break.
func TestNoLineEndsInsideATime(t *testing.T) {
	times := regexp.MustCompile(`\d{4}年\d+月\d+日|\d\d:\d\d（北京时间）|\d\d:\d\d:\d\d（北京时间）|\d+ [A-Z][a-z]+ 20\d\d|\d\d:\d\d Beijing time|\d\d:\d\d:\d\d Beijing time`)
	kept := 0
	everyPage(t, func(t *testing.T, c canned, _ string, doc *html.Node) {
		for node := range doc.Descendants() {
			if node.Type != html.TextNode || !times.MatchString(node.Data) {
				continue
			}
			parent := node.Parent
			switch {
			case attr(parent, "class") == "keep":
				kept++
			case slices.Contains([]string{"title", "desc", "option", "textarea"}, parent.Data):
			default:
				t.Errorf("a line can end inside %q", strings.Join(strings.Fields(node.Data), " "))
			}
		}
	})
	if kept < 500 {
		t.Errorf("only %d were found", kept)
	}
}
