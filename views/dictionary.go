package views

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"github.com/a-h/templ"

	"portal/models"
)

// entry is one article of the error dictionary, explained under
// "code.<name>.title", ".cause", ".money" and ".do". It only helps the reader:
// nothing is decided by it.
type entry struct {
	name string
	// patterns are the codes that it covers, * for anything, in any case; not
	// are exceptions.
	patterns, not []string
	// number: it covers every code that is but a number.
	number bool
	// kinds are the orders that it is about; none: all.
	kinds []models.Kind
	// doubt: even as the first answer the code does not tell whether money moved.
	doubt bool
}

// entries are asked in this order, the first that covers a code explains it.
// The gateway's codes are known by their beginning. Business codes are not
// documented by the provider, so those are known by what they contain.
var entries = []entry{
	{name: "throttling", patterns: []string{"Throttling*"}},
	{name: "processing", patterns: []string{"IdempotentProcessing*"}, doubt: true},
	{name: "nonce", patterns: []string{"SignatureNonceUsed*"}, doubt: true},
	{name: "token", patterns: []string{"IdempotentParameterMismatch*"}},
	{name: "clock", patterns: []string{"InvalidTimeStamp*", "IllegalTimestamp*"}},
	{name: "signature", patterns: []string{"SignatureDoesNotMatch*", "IncompleteSignature*", "InvalidSignature*"}},
	{name: "key", patterns: []string{"InvalidAccessKeyId*", "InvalidSecurityToken*", "MissingSecurityToken*"}},
	{name: "risk", patterns: []string{"Forbidden.RiskControl*"}},
	{
		name: "forbidden", patterns: []string{"Forbidden*", "NoPermission*", "Unauthorized*", "ActionUnauthorized*", "AccessDenied*"},
		not: []string{"Forbidden.Instance*"},
	},
	{name: "parameter", patterns: []string{
		"Missing*", "InvalidParameter*", "UnsupportedParameter*", "InvalidOwner*", "InvalidVersionCode*", "InvalidDuration*",
		"InvalidPricingCycle*", "InvalidAutoRenew*", "InvalidClientToken*", "InvalidRegion*",
	}},
	{name: "api", patterns: []string{"InvalidApi*", "InvalidAction*", "InvalidVersion*", "InvalidProduct*"}},
	{name: "method", patterns: []string{"UnsupportedHTTPMethod*", "InvalidProtocol*"}},
	{name: "internal", patterns: []string{"InternalError*", "InternalFailure*", "InternalServer*"}, doubt: true},
	{name: "unavailable", patterns: []string{"ServiceUnavailable*"}, doubt: true},
	{name: "number", number: true, doubt: true},

	{name: "balance", patterns: []string{"InsufficientBalance*", "*Balance*", "*Payment*", "*PayFail*", "*Arrear*"}},
	{name: "count", patterns: []string{"*BuyNumber*", "*InstanceCount*"}},
	{name: "not_higher", patterns: []string{"InvalidUpgrade*", "*NotHigher*", "*Downgrade*"}, kinds: []models.Kind{models.Upgrade}},
	{
		name: "instance_gone", patterns: []string{"*Instance*NotFound*", "*Instance*NotExist*", "*NotExist*Instance*", "*Instance*Released*"},
		not: []string{"*NotReleased*"},
	},
	{
		name: "instance_exists", patterns: []string{"*Exist*", "*Already*", "*Duplicate*"},
		not: []string{"*NotExist*"}, kinds: []models.Kind{models.Buy},
	},
	{name: "instance_expired", patterns: []string{"*Instance*Expired*"}},
	{name: "instance_state", patterns: []string{"*Instance*"}},
}

// What explains a code that no entry covers. When buying, the usual cause is
// known.
var (
	unlisted    = entry{name: "unlisted"}
	unlistedBuy = entry{name: "unlisted_buy", kinds: []models.Kind{models.Buy}}
)

// explained are the entries that the page lists.
func explained() []entry { return append(slices.Clone(entries), unlistedBuy, unlisted) }

// listed says whether the dictionary knows the code at all.
func (e entry) listed() bool { return e.name != unlisted.name && e.name != unlistedBuy.name }

func (e entry) covers(code string, kind models.Kind) bool {
	if e.number {
		return code != "" && strings.Trim(code, "0123456789") == ""
	}
	matches := func(pattern string) bool { return match(pattern, code) }
	return (len(e.kinds) == 0 || kind == "" || slices.Contains(e.kinds, kind)) &&
		slices.ContainsFunc(e.patterns, matches) && !slices.ContainsFunc(e.not, matches)
}

// match says whether a code fits a pattern, in which * stands for anything.
func match(pattern, code string) bool {
	code = strings.ToLower(code)
	parts := strings.Split(strings.ToLower(pattern), "*")
	if len(parts) == 1 {
		return code == parts[0]
	}
	rest, ok := strings.CutPrefix(code, parts[0])
	for _, part := range parts[1 : len(parts)-1] {
		if !ok {
			return false
		}
		_, rest, ok = strings.Cut(rest, part)
	}
	return ok && strings.HasSuffix(rest, parts[len(parts)-1])
}

// lookUp finds what explains a code. The kind is the order's, empty where
// nobody knows it.
func lookUp(code string, kind models.Kind) entry {
	for _, e := range entries {
		if e.covers(code, kind) {
			return e
		}
	}
	if kind == models.Buy {
		return unlistedBuy
	}
	return unlisted
}

// meaning is an entry or an outcome in the reader's language. A cause holds no
// advice: it is shown alone where an order is in doubt.
type meaning struct{ title, cause, money, do string }

func (e entry) meaning(ctx context.Context) meaning {
	return meaning{
		t(ctx, "code."+e.name+".title"), t(ctx, "code."+e.name+".cause"),
		t(ctx, "code."+e.name+".money"), t(ctx, "code."+e.name+".do"),
	}
}

func outcomeMeaning(ctx context.Context, o models.Outcome) meaning {
	return meaning{
		t(ctx, "outcome."+string(o)+".name"), t(ctx, "outcome."+string(o)+".cause"),
		t(ctx, "outcome."+string(o)+".money"), t(ctx, "outcome."+string(o)+".do"),
	}
}

// orderHelp explains the code that stands on an order, line by line. The
// order's own sentence about money is the one that decides, so an entry speaks
// of money, and advises, only where its code decided the order: while an
// earlier attempt is in doubt, "order again" would be the one wrong thing to
// say, and what an operator settled says nothing of the code. What a code means
// sounds like an outcome ("not enough balance"), so that until there is one only
// staff read it.
func orderHelp(ctx context.Context, o models.Order, staff bool) []string {
	e := lookUp(o.Code, o.Kind)
	m := e.meaning(ctx)
	switch o.Status {
	case models.Rejected:
		if !e.decided(o) {
			return []string{m.cause}
		}
		return []string{m.cause, m.money, m.do}
	case models.Unknown, models.NeedsReview:
		if !staff {
			return []string{t(ctx, "code.in_doubt")}
		}
		return []string{m.cause, t(ctx, "code.in_doubt")}
	case models.AwaitingApproval, models.Placed, models.Sending, models.Completed, models.Cancelled:
		return nil // the reason says it
	}
	return nil
}

// decided says whether the code is why an order was rejected, so that its advice
// is true.
func (e entry) decided(o models.Order) bool {
	return !e.doubt && o.Reason != models.ReasonSettled && o.Reason != models.ReasonRecorded
}

// attemptHelp explains an attempt's code to staff. It holds no advice: the
// order's status decides what to tell the caller.
func attemptHelp(ctx context.Context, a models.Attempt, kind models.Kind) []string {
	return []string{lookUp(a.Code, kind).meaning(ctx).cause}
}

// countHelp explains why the machines could not be counted. What an entry says
// about money is about orders.
func countHelp(ctx context.Context, code string) []string {
	e := lookUp(code, "")
	m := e.meaning(ctx)
	if e.doubt {
		return []string{m.cause}
	}
	return []string{m.cause, m.do}
}

// inDoubt says whether advice about a code would be wrong for the order,
// because an attempt of it may have moved money, or may yet.
func inDoubt(s models.Status) bool {
	return s == models.Sending || s == models.Unknown || s == models.NeedsReview
}

// errorHelpURL leads to what a code means, in an order of this kind. Every part
// of it may be empty.
func errorHelpURL(code, requestID string, kind models.Kind, doubt bool) templ.SafeURL {
	q := url.Values{"code": {code}}
	if requestID != "" {
		q.Set("request_id", requestID)
	}
	if kind != "" {
		q.Set("kind", string(kind))
	}
	if doubt {
		q.Set("doubt", "yes")
	}
	return templ.SafeURL("/help/errors?" + q.Encode())
}

// outcomeHelpURL leads to what an attempt's outcome means; one without an answer
// counts as unknown.
func outcomeHelpURL(o models.Outcome) templ.SafeURL {
	if o == "" {
		o = models.OutcomeUnknown
	}
	return templ.SafeURL("/help/errors#outcome-" + string(o))
}

// outcomeName puts an attempt's outcome in words.
func outcomeName(ctx context.Context, a models.Attempt) string {
	if a.Outcome == "" {
		return t(ctx, "attempt.unanswered")
	}
	return outcomeMeaning(ctx, a.Outcome).title
}
