package views

import (
	"context"
	"strings"

	"portal/locales"
	"portal/models"
)

// side says whether an order takes money or gives it back: what is said about
// money depends on nothing else.
func side(k models.Kind) string {
	if k == models.Refund {
		return "refund"
	}
	return "charge"
}

func orderTitle(ctx context.Context, o models.Order) string {
	return t(ctx, "order.title."+string(o.Status)+"."+string(o.Kind))
}

func orderMoney(ctx context.Context, o models.Order) string {
	return t(ctx, "order.money."+string(o.Status)+"."+side(o.Kind), "Sum", o.TotalFen)
}

func orderNext(ctx context.Context, o models.Order) string {
	if o.Status == models.Completed {
		return t(ctx, "order.next.completed."+string(o.Kind))
	}
	return t(ctx, "order.next."+string(o.Status)+"."+side(o.Kind))
}

// orderWhy says why the order is where it is, empty where the status says it.
func orderWhy(ctx context.Context, o models.Order) string {
	if o.Reason == models.ReasonNone {
		return ""
	}
	return t(ctx, "reason."+string(o.Reason))
}

// codes are the provider's codes that are explained under "code.<name>", the
// beginning of a code first. The explanation only helps the reader: nothing is
// decided by it.
var codes = []struct{ prefix, key string }{
	{"Throttling", "throttling"},
	{"SignatureNonceUsed", "nonce"},
	{"InvalidTimeStamp", "clock"},
	{"IncompleteSignature", "signature"},
	{"SignatureDoesNotMatch", "signature"},
	{"InvalidAccessKeyId", "key"},
	{"InvalidSecurityToken", "key"},
	{"InsufficientBalance", "balance"},
	{"Forbidden", "forbidden"},
	{"NoPermission", "forbidden"},
	{"Missing", "parameter"},
	{"InvalidParameter", "parameter"},
	{"IdempotentParameterMismatch", "token"},
	{"IdempotentProcessing", "processing"},
	{"InvalidApi", "api"},
	{"InvalidVersion", "api"},
	{"InternalError", "internal"},
	{"ServiceUnavailable", "unavailable"},
}

// codeHelp explains a code of the provider's to a person and says what to do.
// Business codes are not documented, so those about an instance or a balance
// are known by what they contain.
func codeHelp(ctx context.Context, code string, kind models.Kind) string {
	if code == "" {
		return ""
	}
	for _, c := range codes {
		if strings.HasPrefix(code, c.prefix) {
			return t(ctx, "code."+c.key)
		}
	}
	low := strings.ToLower(code)
	switch {
	case strings.Contains(low, "balance") || strings.Contains(low, "payment"):
		return t(ctx, "code.balance")
	case strings.Contains(low, "buynumber") || strings.Contains(low, "instancecount"):
		return t(ctx, "code.count")
	case kind == models.Buy && (strings.Contains(low, "exist") || strings.Contains(low, "already") ||
		strings.Contains(low, "duplicate")) && !strings.Contains(low, "notexist"):
		return t(ctx, "code.instance_exists")
	case strings.Contains(low, "instance"):
		return t(ctx, "code.instance_gone")
	case kind == models.Buy:
		return t(ctx, "code.unlisted_buy")
	}
	return t(ctx, "code.unlisted")
}

// orderCodeHelp explains the code that stands on an order. Advice what to do is
// given only where the code decided the order: while an earlier attempt is in
// doubt, "order again" would be the one wrong thing to say.
func orderCodeHelp(ctx context.Context, o models.Order) string {
	switch o.Status {
	case models.Rejected:
		return codeHelp(ctx, o.Code, o.Kind)
	case models.Unknown, models.NeedsReview:
		return t(ctx, "code.in_doubt")
	case models.Placed, models.Sending, models.Completed, models.Cancelled:
		return "" // the reason says it
	}
	return ""
}

// arg finds a value among a message's pairs.
func arg(pairs []any, name string) string {
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i] == name {
			s, _ := pairs[i+1].(string)
			return s
		}
	}
	return ""
}

// progress is one step of an order as the page shows it.
type progress struct {
	key   string // "order.step.<key>"
	state string // "done", "current", "todo", "doubt", "failed", "skipped"
}

// orderSteps are the three steps of an order's life that its owner cares for.
func orderSteps(s models.Status) []progress {
	var second, third string
	first := "done"
	switch s {
	case models.Placed:
		first, second, third = "current", "todo", "todo"
	case models.Sending:
		second, third = "current", "todo"
	case models.Unknown, models.NeedsReview:
		second, third = "doubt", "todo"
	case models.Completed:
		second, third = "done", "done"
	case models.Rejected:
		second, third = "failed", "skipped"
	case models.Cancelled:
		second, third = "skipped", "skipped"
	}
	return []progress{{"placed", first}, {"provider", second}, {"finished", third}}
}

// quoteSteps are the steps of getting there; current counts from 1.
func quoteSteps(current int) []progress {
	out := []progress{{"choose", "todo"}, {"check", "todo"}, {"finished", "todo"}}
	for i := range out {
		switch {
		case i+1 < current:
			out[i].state = "done"
		case i+1 == current:
			out[i].state = "current"
		}
	}
	return out
}

// look is how a status appears: a colour, and a shape that says the same.
type look struct{ tone, icon string }

func statusLook(s models.Status) look {
	switch s {
	case models.Placed:
		return look{"info", "clock"}
	case models.Sending:
		return look{"info", "arrow"}
	case models.Unknown:
		return look{"warn", "question"}
	case models.NeedsReview:
		return look{"warn", "flag"}
	case models.Completed:
		return look{"ok", "check"}
	case models.Rejected:
		return look{"bad", "cross"}
	case models.Cancelled:
		return look{"mute", "minus"}
	}
	return look{"mute", "minus"}
}

func stateLook(s models.State) look {
	switch s {
	case models.Active:
		return look{"ok", "check"}
	case models.Expired:
		return look{"bad", "cross"}
	case models.PresumedRenewed:
		return look{"warn", "question"}
	}
	return look{"mute", "minus"}
}

// stepIcon is a step's shape.
func stepIcon(state string) string {
	switch state {
	case "done", "failed", "skipped":
		return state
	case "current":
		return "dot"
	case "doubt":
		return "question"
	}
	return "ring"
}

// outcomeName puts an attempt's outcome in words; one without an answer counts
// as unknown.
func outcomeName(ctx context.Context, a models.Attempt) string {
	if a.Outcome == "" {
		return t(ctx, "attempt.unanswered")
	}
	return t(ctx, "outcome."+string(a.Outcome))
}

// known says whether there are words under key; used where a value comes from
// outside, like a URL's.
func known(ctx context.Context, key string) bool { return locales.From(ctx).Has(key) }
