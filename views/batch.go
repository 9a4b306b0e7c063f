package views

import (
	"context"
	"strconv"
	"time"

	"portal/models"
)

// BatchesProps is the page at /renewals.
type BatchesProps struct {
	Rows []BatchRow // newest first
}

// BatchRow is one batch of a list.
type BatchRow struct {
	Batch models.Batch
	By    string // who asked for it
}

// BatchChoiceProps is the page at /renewals/new.
type BatchChoiceProps struct {
	Within    int          // days until the end of what is offered; 0 for any
	Deadlines []int        // that can be chosen
	Rows      []AccountRow // each holds something, soonest end first
	More      bool         // there are more than one batch takes
	Most      int          // accounts of one batch
	All       bool         // every row is chosen
	Chosen    map[int64]bool
	Terms     []models.Term
	Term      models.Term
	Problems  []Problem
}

// asking counts the accounts that are ticked together. What has ended may be gone
// by now, and what renews by itself needs nobody: these are chosen one by one.
func (p BatchChoiceProps) asking(now time.Time) int {
	count := 0
	for _, r := range p.Rows {
		if r.Subscription.AsksToBeRenewed(now) {
			count++
		}
	}
	return count
}

// ticks says whether an account is chosen as the page opens.
func (p BatchChoiceProps) ticks(r AccountRow, now time.Time) bool {
	return p.Chosen[r.Account.ID] || p.All && r.Subscription.AsksToBeRenewed(now)
}

// BatchProps is the page at /renewals/:batch.
type BatchProps struct {
	Batch    models.Batch
	Items    []models.Batched // by name
	By       string           // who asked for it
	Problems []Problem
}

// batchTitle says which of the three pages of a batch this is: there the prices
// come, are checked, and then it goes on.
func batchTitle(ctx context.Context, props BatchProps) string {
	switch {
	case props.pricing():
		return t(ctx, "batch.title_pricing")
	case props.Batch.StartedAt == nil:
		return t(ctx, "batch.title_check")
	}
	return t(ctx, "batch.title_progress")
}

// standing sorts the accounts of a batch by what its page says of them.
type standing int

const (
	isPricing standing = iota // has no quote yet
	isPriced                  // is on the check page
	isWaiting                 // will be ordered
	isMoving                  // its order is on its way
	isDone                    // its order is completed
	isInDoubt                 // its order is in review
	isUndone                  // nothing was ordered, or the order came to nothing
)

func standingOf(b models.Batch, i models.Batched) standing {
	switch i.Item.State {
	case models.BatchAsked:
		return isPricing
	case models.BatchQuoted:
		if b.StartedAt == nil {
			return isPriced
		}
		return isWaiting
	case models.BatchFailed, models.BatchStopped:
		return isUndone
	case models.BatchOrdered:
	}
	if i.Order == nil {
		return isMoving
	}
	switch i.Order.Status {
	case models.Completed:
		return isDone
	case models.NeedsReview:
		return isInDoubt
	case models.Rejected, models.Cancelled:
		if i.Order.Done() {
			return isDone
		}
		return isUndone
	case models.AwaitingApproval, models.Placed, models.Sending, models.Unknown:
	}
	return isMoving
}

func (p BatchProps) count(of ...standing) int {
	n := 0
	for _, i := range p.Items {
		for _, s := range of {
			if standingOf(p.Batch, i) == s {
				n++
			}
		}
	}
	return n
}

func (p BatchProps) those(of ...standing) []models.Batched {
	var all []models.Batched
	for _, i := range p.Items {
		for _, s := range of {
			if standingOf(p.Batch, i) == s {
				all = append(all, i)
			}
		}
	}
	return all
}

// Moving says whether something happens by itself that the page will tell of.
func (p BatchProps) Moving() bool { return p.count(isPricing, isWaiting, isMoving) > 0 }

// pricing says whether quotes are still being made.
func (p BatchProps) pricing() bool { return p.count(isPricing) > 0 }

// holds is until when every quote of the check page holds; zero without one.
func (p BatchProps) holds() time.Time {
	var until time.Time
	for _, i := range p.those(isPriced) {
		if i.Quote != nil && (until.IsZero() || i.Quote.ExpiresAt.Before(until)) {
			until = i.Quote.ExpiresAt
		}
	}
	return until
}

// total is the sum of the quotes that would be ordered.
func (p BatchProps) total() models.Fen {
	var sum models.Fen
	for _, i := range p.those(isPriced) {
		if i.Quote != nil {
			sum += i.Quote.TotalFen
		}
	}
	return sum
}

// countLapsed counts the renewals that start at an end which has passed.
func countLapsed(list []models.Batched, now time.Time) int {
	count := 0
	for _, i := range list {
		if i.Quote != nil && i.Quote.StartsAt != nil && now.After(*i.Quote.StartsAt) {
			count++
		}
	}
	return count
}

// countPresumed counts the renewals that start at an end which nobody has
// confirmed.
func countPresumed(list []models.Batched) int {
	count := 0
	for _, i := range list {
		if i.Quote != nil && heldThen(*i.Quote).Unconfirmed {
			count++
		}
	}
	return count
}

// endedWords says how long ago a subscription ended, in the days that are gone.
func endedWords(ctx context.Context, at, now time.Time) string {
	if passed := int(now.Sub(at) / (24 * time.Hour)); passed > 0 {
		return n(ctx, "batch.ended", passed)
	}
	return t(ctx, "batch.ended_today")
}

func batchURL(id string) string { return "/renewals/" + id }

// undoneWhy says why nothing was ordered for an account, and what to do.
func undoneWhy(ctx context.Context, i models.Batched) string {
	if i.Item.State == models.BatchFailed {
		return t(ctx, "batch.why."+string(i.Item.Why))
	}
	if i.Item.State == models.BatchStopped {
		return t(ctx, "batch.stopped")
	}
	return orderWhy(ctx, *i.Order)
}

func withinWords(ctx context.Context, days int) string {
	if days == 0 {
		return t(ctx, "batch.within_any")
	}
	return n(ctx, "batch.within", days)
}

func batchState(ctx context.Context, b models.Batch) string {
	if b.StartedAt == nil {
		return t(ctx, "batch.not_started")
	}
	return t(ctx, "batch.started_at", "At", exact(ctx, *b.StartedAt))
}

func deadlineURL(days int) string { return "/renewals/new?within=" + strconv.Itoa(days) }
