package views

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/a-h/templ"

	"portal/locales"
	"portal/models"
)

// gatewayCodes are the provider's common gateway errors, and the usual ones of
// the same gateway, with the entries that explain them.
var gatewayCodes = map[string]string{
	"Throttling":                  "throttling",
	"Throttling.User":             "throttling",
	"Throttling.Api":              "throttling",
	"SignatureNonceUsed":          "nonce",
	"InvalidTimeStamp.Expired":    "clock",
	"InvalidTimeStamp.Format":     "clock",
	"IllegalTimestamp":            "clock",
	"IncompleteSignature":         "signature",
	"SignatureDoesNotMatch":       "signature",
	"InvalidSignatureMethod":      "signature",
	"InsufficientBalance":         "balance",
	"MissingParameter":            "parameter",
	"MissingOwnerId":              "parameter",
	"MissingInstanceId":           "parameter",
	"InvalidParameter":            "parameter",
	"InvalidParameter.OwnerId":    "parameter",
	"InvalidOwnerId":              "parameter",
	"InvalidVersionCode":          "parameter",
	"UnsupportedParameter":        "parameter",
	"IdempotentParameterMismatch": "token",
	"IdempotentProcessing":        "processing",
	"Forbidden.RAM":               "forbidden",
	"Forbidden":                   "forbidden",
	"NoPermission":                "forbidden",
	"Forbidden.RiskControl":       "risk",
	"Forbidden.InstanceNotFound":  "instance_gone",
	"InvalidAccessKeyId.NotFound": "key",
	"InvalidAccessKeyId.Inactive": "key",
	"InvalidSecurityToken":        "key",
	"MissingSecurityToken":        "key",
	"InvalidApi.NotFound":         "api",
	"InvalidVersion":              "api",
	"InvalidAction.NotFound":      "api",
	"InvalidProduct.NotFound":     "api",
	"UnsupportedHTTPMethod":       "method",
	"InvalidProtocol.NeedSsl":     "method",
	"InternalError":               "internal",
	"InternalFailure":             "internal",
	"ServiceUnavailable":          "unavailable",
	"throttling.user":             "throttling", // however it is spelt
	"400":                         "number",
}

// TestGatewayCodesHaveAnEntry: whatever the order was.
func TestGatewayCodesHaveAnEntry(t *testing.T) {
	for code, want := range gatewayCodes {
		for _, kind := range append(models.Kinds(), "") {
			if got := lookUp(code, kind).name; got != want {
				t.Errorf("%s is explained by %q in an order of kind %q, want %q", code, got, kind, want)
			}
		}
	}
}

// TestBusinessCodesAreKnownByTheirParts: the provider documents none.
func TestBusinessCodesAreKnownByTheirParts(t *testing.T) {
	const buy, renew, upgrade, refund = models.Buy, models.Renew, models.Upgrade, models.Refund
	for _, tc := range []struct {
		code string
		kind models.Kind
		want string
	}{
		{"InstanceAlreadyExists", buy, "instance_exists"},
		{"UserAlreadyHasInstance", buy, "instance_exists"},
		{"ORDER.DUPLICATE", buy, "instance_exists"},
		{"InstanceAlreadyExists", renew, "instance_state"},
		{"InstanceAlreadyExists", "", "instance_exists"},
		{"InvalidInstanceId.NotFound", renew, "instance_gone"},
		{"InvalidInstanceId.NotExist", buy, "instance_gone"},
		{"NotExistInstance", upgrade, "instance_gone"},
		{"InvalidInstance.Released", refund, "instance_gone"},
		{"InstanceNotReleased", refund, "instance_state"},
		{"InstanceExpired", upgrade, "instance_expired"},
		{"Instance.Locked", renew, "instance_state"},
		{"InvalidBuyNumber.Mismatch", buy, "count"},
		{"InstanceCount.Mismatch", renew, "count"},
		{"InvalidUpgrade.NotHigher", upgrade, "not_higher"},
		{"DowngradeNotSupported", upgrade, "not_higher"},
		{"DowngradeNotSupported", renew, "unlisted"},
		{"PAYMENT_FAILED", buy, "balance"},
		{"Account.Arrearage", renew, "balance"},
		{"NotEnoughBalance", upgrade, "balance"},
		{"Whatever", buy, "unlisted_buy"},
		{"Whatever", renew, "unlisted"},
		{"Whatever", "", "unlisted"},
		{"", "", "unlisted"},
		{"*", "", "unlisted"},
		{"400.1", "", "unlisted"},
		{"NotThrottling", "", "unlisted"},
	} {
		if got := lookUp(tc.code, tc.kind).name; got != tc.want {
			t.Errorf("%q in an order of kind %q is explained by %q, want %q", tc.code, tc.kind, got, tc.want)
		}
	}
}

// sandboxCodes reads every code that the sandbox can answer out of its sources.
func sandboxCodes(t *testing.T) []string {
	t.Helper()
	paths, err := filepath.Glob("../provider/sandbox/*.go")
	if err != nil {
		t.Fatal(err)
	}
	refusal := regexp.MustCompile(`refuse\(\s*http\.Status\w+,\s*"([^"]+)"`)
	calls := regexp.MustCompile(`\brefuse\(`)
	var codes []string
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		source, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		found := refusal.FindAllSubmatch(source, -1)
		if n := len(calls.FindAll(source, -1)) - strings.Count(string(source), "func refuse("); len(found) != n {
			t.Errorf("%s refuses %d times, and only %d codes can be read", path, n, len(found))
		}
		for _, m := range found {
			codes = append(codes, string(m[1]))
		}
	}
	if len(codes) < 20 {
		t.Fatalf("only %d codes in the sandbox: %q", len(codes), codes)
	}
	return append(codes, "400") // the fault that answers a number
}

// TestEveryCodeOfTheSandboxHasAnEntry, also one that is added next year.
func TestEveryCodeOfTheSandboxHasAnEntry(t *testing.T) {
	for _, code := range sandboxCodes(t) {
		for _, kind := range append(models.Kinds(), "") {
			// That it is not higher is said of upgrades only.
			if strings.HasPrefix(code, "InvalidUpgrade") && kind != models.Upgrade && kind != "" {
				continue
			}
			if !lookUp(code, kind).listed() {
				t.Errorf("nothing explains %s in an order of kind %q", code, kind)
			}
		}
	}
}

// TestEveryEntryAndOutcomeHasAllItsTexts in every language, and no two entries
// have one title.
func TestEveryEntryAndOutcomeHasAllItsTexts(t *testing.T) {
	for _, tag := range locales.Tags() {
		ctx := locales.With(context.Background(), locales.For(tag, ""))
		titles := map[string]bool{}
		has := func(keys ...string) {
			for _, key := range keys {
				if !known(ctx, key) {
					t.Errorf("%s: no words for %s", tag, key)
				}
			}
			if title := t0(ctx, keys[0]); titles[title] {
				t.Errorf("%s: %q is there twice", tag, title)
			} else {
				titles[title] = true
			}
		}
		for _, e := range explained() {
			key := "code." + e.name
			has(key+".title", key+".cause", key+".money", key+".do")
		}
		for _, o := range models.Outcomes() {
			key := "outcome." + string(o)
			has(key+".name", key+".cause", key+".money", key+".do")
		}
	}
}

func t0(ctx context.Context, key string) string { return locales.From(ctx).T(key) }

// TestEveryEntryCanBeReached: an entry whose codes an earlier one takes away
// would never be read.
func TestEveryEntryCanBeReached(t *testing.T) {
	for _, e := range entries {
		if e.number {
			continue
		}
		kind := models.Kind("")
		if len(e.kinds) > 0 {
			kind = e.kinds[0]
		}
		for _, p := range e.patterns {
			if got := lookUp(strings.ReplaceAll(p, "*", ""), kind); got.name != e.name {
				t.Errorf("%s of %s is explained by %s", p, e.name, got.name)
			}
		}
	}
}

// aboutCode is what an order's page says of its code, as staff see it: where the
// order stands, and its attempts.
func aboutCode(t *testing.T, ctx context.Context, o models.Order) string {
	t.Helper()
	page := Page{Viewer: &models.Viewer{User: models.User{Role: models.Operator}}, Path: "/orders/P1"}
	list := []models.Attempt{{Number: 1, Code: o.Code, RequestID: o.RequestID, Outcome: models.OutcomeRejected}}
	var b bytes.Buffer
	for _, part := range []templ.Component{orderStatus(page, OrderProps{Order: o, Staff: true}), attempts(OrderProps{Order: o, Attempts: list, Staff: true})} {
		if err := part.Render(ctx, &b); err != nil {
			t.Fatal(err)
		}
	}
	return b.String()
}

// customerReads is where an order stands, as its customer reads it.
func customerReads(t *testing.T, ctx context.Context, o models.Order) string {
	t.Helper()
	var b bytes.Buffer
	page := Page{Viewer: &models.Viewer{User: models.User{Role: models.Customer}}, Path: "/orders/P1"}
	if err := orderStatus(page, OrderProps{Order: o}).Render(ctx, &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestASumAtListPriceIsNamedAsThat where the account pays another, on a page whose
// caller's script names that one.
func TestASumAtListPriceIsNamedAsThat(t *testing.T) {
	ctx := locales.With(context.Background(), locales.For("en", ""))
	own := models.Fen(1759500)
	o := models.Order{Number: "P1", Kind: models.Buy, TotalFen: 1530000, OwnTotalFen: &own, Status: models.NeedsReview, Reason: models.ReasonContradicted}
	staff := func(o models.Order) string {
		var b bytes.Buffer
		page := Page{Viewer: &models.Viewer{User: models.User{Role: models.Support}}, Path: "/orders/P1"}
		if err := orderStatus(page, OrderProps{Order: o, Staff: true}).Render(ctx, &b); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	const label = "This is Alibaba Cloud’s side, at list price. The account’s own price is CN¥17,595.00."
	if page := staff(o); !strings.Contains(page, "CN¥15,300.00") || !strings.Contains(page, label) {
		t.Errorf("which sum it is is not said:\n%s", page)
	}
	none := o
	none.Status, none.Reason = models.Rejected, models.ReasonSettled
	same := o
	same.OwnTotalFen = nil
	for name, o := range map[string]models.Order{"no sum is named": none, "there is one price": same} {
		if strings.Contains(staff(o), "at list price") {
			t.Errorf("the label is there where %s", name)
		}
	}
}

// TestARejectedOrderSaysCauseMoneyAndWhatToDo, and leads to the entry.
func TestARejectedOrderSaysCauseMoneyAndWhatToDo(t *testing.T) {
	codes := append(sandboxCodes(t), "Whatever")
	for code := range gatewayCodes {
		codes = append(codes, code)
	}
	for _, tag := range locales.Tags() {
		ctx := locales.With(context.Background(), locales.For(tag, ""))
		for _, code := range codes {
			for _, kind := range models.Kinds() {
				o := models.Order{Number: "P1", Kind: kind, Edition: models.Pro, Cycle: models.Year, Duration: 1, Code: code, RequestID: "R-1", Status: models.Rejected, Reason: models.ReasonRefused}
				page, e := aboutCode(t, ctx, o), lookUp(code, kind)
				m := e.meaning(ctx)
				if !strings.Contains(page, m.cause) || !strings.Contains(page, "/help/errors?code="+code+"&amp;kind="+string(kind)+"&amp;request_id=R-1\"") {
					t.Errorf("%s, %s, %s: cause or link is missing", tag, code, kind)
				}
				// What proves nothing must not contradict that nothing was charged.
				if told := strings.Contains(page, m.money) && strings.Contains(page, m.do); told == e.doubt {
					t.Errorf("%s, %s, %s: money and advice are told: %t", tag, code, kind, told)
				}
				o.Reason = models.ReasonSettled
				if page := aboutCode(t, ctx, o); strings.Contains(page, m.do) {
					t.Errorf("%s, %s, %s: an operator settled it, and the code still advises", tag, code, kind)
				}
			}
		}
	}
}

// TestAnOrderInDoubtHoldsNoAdvice: whatever code came, for the customer and for
// staff, and behind the link.
func TestAnOrderInDoubtHoldsNoAdvice(t *testing.T) {
	codes := append(sandboxCodes(t), "Whatever")
	for code := range gatewayCodes {
		codes = append(codes, code)
	}
	for _, tag := range locales.Tags() {
		ctx := locales.With(context.Background(), locales.For(tag, ""))
		for _, status := range []models.Status{models.Sending, models.Unknown, models.NeedsReview} {
			for _, code := range codes {
				for _, kind := range models.Kinds() {
					o := models.Order{Number: "P1", Kind: kind, Edition: models.Pro, Cycle: models.Year, Duration: 1, Code: code, Status: status}
					page, m := aboutCode(t, ctx, o), lookUp(code, kind).meaning(ctx)
					if strings.Contains(page, m.do) || strings.Contains(page, m.money) {
						t.Errorf("%s, %s, %s, %s: the code speaks of money, or advises", tag, status, code, kind)
					}
					if status != models.Sending && (!strings.Contains(page, m.cause) || !strings.Contains(page, t0(ctx, "code.in_doubt"))) {
						t.Errorf("%s, %s, %s, %s: the doubt is not said", tag, status, code, kind)
					}
					// A customer would take what the code means for what happened.
					if customers := customerReads(t, ctx, o); strings.Contains(customers, m.cause) || status != models.Sending && !strings.Contains(customers, t0(ctx, "code.in_doubt")) {
						t.Errorf("%s, %s, %s, %s: the customer reads what the code means, or not that there is a doubt", tag, status, code, kind)
					}
					if links := strings.Count(page, "/help/errors?code="); links != 2 || strings.Count(page, "doubt=yes") != links {
						t.Errorf("%s, %s, %s, %s: a link leads to advice", tag, status, code, kind)
					}
				}
			}
			var b bytes.Buffer
			asked := ErrorHelpProps{Code: "InsufficientBalance", Kind: models.Buy, InDoubt: true}
			if err := askedCode(asked).Render(ctx, &b); err != nil {
				t.Fatal(err)
			}
			if m := lookUp(asked.Code, asked.Kind).meaning(ctx); strings.Contains(b.String(), m.do) || strings.Contains(b.String(), m.money) || !strings.Contains(b.String(), t0(ctx, "code.in_doubt")) {
				t.Errorf("%s: behind the link stands advice:\n%s", tag, b.String())
			}
		}
	}
}

// TestCausesHoldNoAdvice: a cause is all that is shown of a code in doubt.
func TestCausesHoldNoAdvice(t *testing.T) {
	advice := regexp.MustCompile(`(?i)order again|try again|new quote|请重新|后重试|再操作|请联系`)
	for _, tag := range locales.Tags() {
		ctx := locales.With(context.Background(), locales.For(tag, ""))
		for _, e := range explained() {
			if m := e.meaning(ctx); advice.MatchString(m.cause) || advice.MatchString(m.money) {
				t.Errorf("%s, %s: advice outside its place: %s %s", tag, e.name, m.cause, m.money)
			}
			// Where nothing is known, ordering again could charge twice.
			if m := e.meaning(ctx); e.doubt && !regexp.MustCompile(`Do not order again|请勿重新下单`).MatchString(m.do) {
				t.Errorf("%s, %s: it does not warn: %s", tag, e.name, m.do)
			}
		}
		for _, o := range []models.Outcome{models.OutcomeUnknown, models.OutcomeProvesNothing, models.OutcomeContradicted} {
			if m := outcomeMeaning(ctx, o); !regexp.MustCompile(`Do not order again|请勿重新下单`).MatchString(m.do) {
				t.Errorf("%s, %s: it does not warn: %s", tag, o, m.do)
			}
		}
	}
}

// TestTheOperatorsReferenceIsWhole: docs/errors.md tells of every outcome,
// reason and entry, in the dictionary's own words.
func TestTheOperatorsReferenceIsWhole(t *testing.T) {
	raw, err := os.ReadFile("../docs/errors.md")
	if err != nil {
		t.Fatal(err)
	}
	doc := string(raw)
	ctx := locales.With(context.Background(), locales.For("en", ""))
	var want []string
	for _, o := range models.Outcomes() {
		want = append(want, "`"+string(o)+"`", outcomeMeaning(ctx, o).title)
	}
	for _, r := range models.Reasons() {
		want = append(want, "`"+string(r)+"`")
	}
	for _, e := range explained() {
		m := e.meaning(ctx)
		want = append(want, m.title, m.cause, m.money, m.do)
		for _, p := range e.patterns {
			want = append(want, "`"+p+"`")
		}
	}
	for _, w := range slices.Compact(want) {
		if !strings.Contains(doc, w) {
			t.Errorf("docs/errors.md lacks %q", w)
		}
	}
}
