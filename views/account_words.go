package views

import (
	"context"
	"slices"
	"time"

	"portal/models"
)

// cannot says why an action can't be taken.
func cannot(ctx context.Context, a Action) string { return t(ctx, "cannot."+a.Why, a.Args...) }

// cannotBuy says why an account that holds nothing can't buy.
func cannotBuy(ctx context.Context, props AccountProps) string {
	for _, a := range props.Actions {
		if a.Kind == models.Buy && a.Why != "" {
			return cannot(ctx, a)
		}
	}
	if !props.MayOrder {
		return t(ctx, "cannot.read_only")
	}
	return ""
}

// possible says whether an action of the kind can be taken.
func possible(actions []Action, kind models.Kind) bool {
	return slices.ContainsFunc(actions, func(a Action) bool { return a.Kind == kind && a.Why == "" })
}

// oneReason says that nothing can be done, and everything for the same reason:
// then it is said once.
func oneReason(actions []Action) bool {
	return actions[0].Why != "" && !slices.ContainsFunc(actions, func(a Action) bool { return a.Why != actions[0].Why })
}

// outgrown is how many machines of a subscription in force are not covered.
func outgrown(page Page, props AccountProps) int {
	return models.Outgrown(props.Subscription, props.Owned, page.Now)
}

// expired says whether what is held has ended.
func expired(page Page, s models.Subscription) bool { return s.State(page.Now) == models.Expired }

// stoppedTitle says what an end leaves without protection, where that is known.
func stoppedTitle(ctx context.Context, owned *models.Count) string {
	if owned == nil {
		return t(ctx, "account.stopped_title")
	}
	return n(ctx, "account.stopped_machines", owned.Machines)
}

// doingWhat says what an order of this kind does. Where buying anew is offered,
// the provider may have let go of what a renewal would renew.
func doingWhat(ctx context.Context, kind models.Kind, s models.Subscription, anew bool, now time.Time) string {
	switch {
	case kind == models.Renew && anew:
		return t(ctx, "account.do_renew_late", "Day", s.EndsAt)
	case kind == models.Renew && s.State(now) == models.Expired:
		return t(ctx, "account.do_renew_lapsed", "Day", s.EndsAt)
	}
	return t(ctx, "account.do."+string(kind), "Day", s.EndsAt)
}

// renewsAtEnd says what happens at the end by itself.
func renewsAtEnd(ctx context.Context, s models.Subscription, fen models.Fen, resold bool, now time.Time) string {
	switch {
	case s.AutoRenew && fen > 0 && resold:
		return t(ctx, "account.renews_own", "Day", s.EndsAt, "Months", months(ctx, s.AutoRenewMonths), "Sum", fen)
	case s.AutoRenew && fen > 0:
		return t(ctx, "account.renews_for", "Day", s.EndsAt, "Months", months(ctx, s.AutoRenewMonths), "Sum", fen)
	case s.AutoRenew:
		return t(ctx, "account.renews", "Day", s.EndsAt, "Months", months(ctx, s.AutoRenewMonths))
	case s.State(now) == models.Expired:
		return t(ctx, "account.stopped")
	default:
		return t(ctx, "account.stops")
	}
}

// serviceTime is a service's time in words.
func serviceTime(ctx context.Context, from, to time.Time) string {
	return t(ctx, "account.period", "From", date(ctx, from), "To", date(ctx, to))
}

// spanWords is what a span of time covers.
func spanWords(ctx context.Context, s models.Span) []string {
	return []string{edition(ctx, s.Edition), machines(ctx, s.InstanceCount)}
}

// storyWhat is what an entry of the story brought, and for which time.
func storyWhat(ctx context.Context, s models.Span, from, to *time.Time) string {
	words := spanWords(ctx, s)
	if from != nil && to != nil {
		words = append(words, serviceTime(ctx, *from, *to))
	}
	return listed(ctx, words...)
}

// resumed is when a late renewal brought the service back; zero for any other
// order. What an operator settled was done soon after it was placed, and not when
// somebody found that out.
func resumed(o models.Order) time.Time {
	switch {
	case !o.Late() || o.SettledAt == nil:
		return time.Time{}
	case o.Reason == models.ReasonSettled:
		return o.PlacedAt
	}
	return *o.SettledAt
}

// began is when the service began that an order paid for; an upgrade begins
// none.
func began(o models.Order) *time.Time {
	if o.Kind == models.Upgrade {
		return nil
	}
	return o.StartsAt
}

// accountSay is where the account stands: an order that is under way, or what it
// holds.
func accountSay(ctx context.Context, page Page, props AccountProps) string {
	switch {
	case props.OpenOrder != nil:
		return orderTitle(ctx, *props.OpenOrder)
	case props.Subscription != nil:
		return t(ctx, "state."+string(props.Subscription.State(page.Now)))
	}
	return t(ctx, "accounts.unsubscribed")
}
