package views

import (
	"context"
	"slices"
	"strconv"

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
	switch {
	case o.Reason == models.ReasonRecorded:
		return t(ctx, "order.title_recorded."+string(o.Kind))
	case o.Status == models.NeedsReview && o.ReleasedAt != nil:
		return t(ctx, "order.title_released."+string(o.Kind))
	}
	return t(ctx, "order.title."+string(o.Status)+"."+string(o.Kind))
}

// moneyTitle heads what is said about money.
func moneyTitle(ctx context.Context, kind models.Kind) string {
	if kind == models.Refund {
		return t(ctx, "order.about_refund")
	}
	return t(ctx, "order.about_money")
}

func orderMoney(ctx context.Context, o models.Order) string {
	if o.Status == models.Completed && o.Reason == models.ReasonInferredDone {
		return t(ctx, "order.money_inferred", "Sum", o.TotalFen) // nobody has said so
	}
	if instanceGone(o) {
		return t(ctx, "order.gone_money") // and not: still in use
	}
	if o.Reason == models.ReasonRecorded {
		return t(ctx, "order.money_recorded."+side(o.Kind), "Sum", o.TotalFen)
	}
	return t(ctx, "order.money."+string(o.Status)+"."+side(o.Kind), "Sum", o.TotalFen)
}

func orderNext(ctx context.Context, o models.Order) string {
	if o.Status == models.Completed {
		return t(ctx, "order.next.completed."+string(o.Kind))
	}
	switch {
	case o.Reason == models.ReasonRecorded:
		return t(ctx, "order.next_recorded")
	case o.Reason == models.ReasonSuspended:
		return t(ctx, "order.next_suspended."+side(o.Kind))
	case o.Status == models.NeedsReview && o.ReleasedAt != nil:
		return t(ctx, "order.next_released."+side(o.Kind))
	}
	if instanceGone(o) {
		return t(ctx, "order.gone_next")
	}
	return t(ctx, "order.next."+string(o.Status)+"."+side(o.Kind))
}

// advised says that the order's code comes with what to do about it. A caller is
// told that itself, not where it stands.
func advised(o models.Order) bool {
	return o.Status == models.Rejected && o.Code != "" && lookUp(o.Code, o.Kind).decided(o)
}

// declined is why an order was not approved, in the words of who decided.
func declined(props OrderProps) string {
	for _, e := range props.Events {
		if e.Reason == models.ReasonNotApproved {
			return e.Note
		}
	}
	return ""
}

// dueKey is what happens when an open order is due.
func dueKey(o models.Order) string {
	if o.Status == models.AwaitingApproval {
		return "order.due_approval"
	}
	return "order.due"
}

// instanceGone says whether an order was refused because the provider no longer
// has its instance: then the same can't be had by trying again.
func instanceGone(o models.Order) bool {
	return o.Status == models.Rejected && o.Code != "" && o.Kind != models.Buy && lookUp(o.Code, o.Kind).name == "instance_gone"
}

// orderTotal names an order's sum, and says of one that came to nothing that it
// did not move.
func orderTotal(ctx context.Context, o models.Order) string {
	if unmoved(o) {
		return t(ctx, "order.total_not."+side(o.Kind))
	}
	return t(ctx, "order.total."+side(o.Kind))
}

// unmoved says that an order is over and moved no money.
func unmoved(o models.Order) bool {
	return !o.Done() && (o.Status == models.Rejected || o.Status == models.Cancelled)
}

// orderWhy says why the order is where it is, empty where the status says it.
func orderWhy(ctx context.Context, o models.Order) string {
	if o.Reason == models.ReasonNone {
		return ""
	}
	return t(ctx, "reason."+string(o.Reason))
}

// wasRestored says whether the record of an order is a copy's: what happened
// after the copy was made, it doesn't tell.
func wasRestored(events []models.Event) bool {
	return slices.ContainsFunc(events, func(e models.Event) bool { return e.Reason == models.ReasonRestored })
}

// fullRefundYear is the Beijing calendar year whose one full refund an order
// was, empty where it was none.
func fullRefundYear(o models.Order, q models.Quote) string {
	if o.Kind != models.Refund || o.Status != models.Completed || !q.InFull() || o.EndsAt == nil {
		return ""
	}
	return strconv.Itoa(o.EndsAt.In(models.Beijing).Year())
}

// orderWords is what an order is about: what it buys and for how long for a
// purchase or a renewal, to what for an upgrade, of what for a refund.
func orderWords(ctx context.Context, o models.Order) string {
	switch o.Kind {
	case models.Buy, models.Renew:
		return listed(ctx, edition(ctx, o.Edition), term(ctx, o.Term()), machines(ctx, o.InstanceCount))
	case models.Upgrade, models.Refund:
	}
	return listed(ctx, edition(ctx, o.Edition), machines(ctx, o.InstanceCount))
}

// receiptWords is orderWords with what the quote knows: what an upgrade started
// from.
func receiptWords(ctx context.Context, o models.Order, q models.Quote) string {
	if o.Kind == models.Upgrade && q.Held != nil {
		return t(ctx, "order.from_to",
			"From", listed(ctx, edition(ctx, q.Held.Edition), machines(ctx, q.Held.InstanceCount)), "To", orderWords(ctx, o))
	}
	return orderWords(ctx, o)
}

// unsureEnd says whether an order's end builds on a renewal that nobody has seen.
func unsureEnd(o models.Order, q models.Quote) bool {
	return o.Kind != models.Refund && q.Held != nil && q.Held.Unconfirmed
}

// moved is an order's sum with its direction: what comes back is less than
// nothing.
func moved(o models.Order) models.Fen {
	if o.Kind == models.Refund {
		return -o.TotalFen
	}
	return o.TotalFen
}

// movedOwn is moved of what the account pays.
func movedOwn(o models.Order) models.Fen {
	if o.Kind == models.Refund {
		return -o.PaysFen()
	}
	return o.PaysFen()
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
func orderSteps(o models.Order) []progress {
	var second, third string
	switch o.Status {
	case models.AwaitingApproval, models.Placed:
		second, third = "todo", "todo" // it is placed, and waits
	case models.Sending:
		second, third = "current", "todo"
	case models.Unknown, models.NeedsReview:
		second, third = "doubt", "todo"
	case models.Completed:
		second, third = "done", "done"
	case models.Rejected:
		second, third = "failed", "skipped"
		if o.Reason == models.ReasonRecorded {
			second = "done"
		}
		if o.Reason == models.ReasonNotApproved || o.Reason == models.ReasonNobodyDecided {
			second = "skipped" // nobody asked the provider
		}
	case models.Cancelled:
		second, third = "skipped", "skipped"
	}
	return []progress{{"placed", "done"}, {"provider", second}, {"finished", third}}
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
	case models.AwaitingApproval:
		return look{"info", "pause"}
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

// orderLook and orderState are those of the order's status, but for what was done
// after all and is told elsewhere: nothing failed there.
func orderLook(o models.Order) look {
	if o.Reason == models.ReasonRecorded {
		return look{"info", "info"}
	}
	return statusLook(o.Status)
}

func orderState(ctx context.Context, o models.Order) string {
	if o.Reason == models.ReasonRecorded {
		return t(ctx, "order.state_recorded")
	}
	return t(ctx, "status."+string(o.Status))
}

// shownEvents are the steps of an order's life. What moved nothing is for staff,
// as the attempts are: late answers, and what operators propose to each other.
// That the account may order again is for everybody.
func shownEvents(props OrderProps) []models.Event {
	return slices.DeleteFunc(slices.Clone(props.Events), func(e models.Event) bool {
		return !props.Staff && e.To.MayNote(e.Reason) && e.Reason != models.ReasonReleased
	})
}

func eventTitle(ctx context.Context, e models.Event) string {
	switch {
	case e.Reason == models.ReasonRecorded:
		return t(ctx, "order.state_recorded")
	case e.Reason.Proposes() != "":
		return t(ctx, "order.note.proposed")
	case e.Late():
		return t(ctx, "order.late_answer")
	case e.To.MayNote(e.Reason):
		return t(ctx, "order.note."+string(e.Reason))
	}
	return t(ctx, "status."+string(e.To))
}

func eventLook(e models.Event) look {
	switch {
	case e.Reason == models.ReasonRecorded:
		return look{"info", "info"}
	case e.Reason == models.ReasonReleased:
		return look{"info", "arrow"}
	case e.Reason.Proposes() != "":
		return look{"warn", "clock"}
	case e.Late():
		return look{"mute", "clock"}
	case e.To.MayNote(e.Reason):
		return look{"mute", "minus"}
	}
	return statusLook(e.To)
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

// known says whether there are words under key; used where a value comes from
// outside, like a URL's.
func known(ctx context.Context, key string) bool { return locales.From(ctx).Has(key) }
