package views

import (
	"context"

	"portal/locales"
	"portal/models"
)

// speech is what to say in one language.
type speech struct {
	tag   string
	words []string
}

// spoken is what to tell a caller about an order, the reader's language first:
// what happened and why, whether money moved, what comes next, and what the
// code means where it helps. An agent may have the page in another language than
// the caller has.
func spoken(ctx context.Context, a models.Account, o models.Order) []speech {
	var all []speech
	for _, tag := range append([]string{lang(ctx)}, other(ctx)...) {
		ctx := locales.With(ctx, locales.For(tag, ""))
		words := []string{orderTitle(ctx, o)}
		if why := orderWhy(ctx, o); why != "" {
			words = append(words, why)
		}
		words = append(words, callersMoney(ctx, a, o), orderNext(ctx, o))
		if o.Code != "" && o.Status == models.Rejected {
			e := lookUp(o.Code, o.Kind)
			words = append(words, e.meaning(ctx).cause)
			if e.decided(o) {
				words = append(words, e.meaning(ctx).do)
			}
		}
		all = append(all, speech{tag, words})
	}
	return all
}

// neverSay is what would be promised too early or be untrue, empty where there
// is no such thing.
func neverSay(ctx context.Context, o models.Order) string {
	switch {
	case o.Reason == models.ReasonRecorded:
		return t(ctx, "caller.never_recorded")
	case o.Status == models.Unknown:
		return t(ctx, "caller.never_unknown")
	case o.Status == models.NeedsReview:
		return t(ctx, "caller.never_review")
	case o.Status == models.Completed:
		return t(ctx, "caller.never_final")
	}
	return ""
}
