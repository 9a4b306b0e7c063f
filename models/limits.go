package models

import (
	"fmt"
	"time"
)

// ApprovalLimit is how long an order waits for its approval. Longer, and nobody
// expects it any more: it is rejected, and nothing was charged.
const ApprovalLimit = 72 * time.Hour

// MonthOf is the Beijing calendar month that at falls into: its first moment and
// the next month's (UTC).
func MonthOf(at time.Time) (from, to time.Time) {
	y, m, _ := at.In(Beijing).Date()
	return time.Date(y, m, 1, 0, 0, 0, 0, Beijing).UTC(), time.Date(y, m+1, 1, 0, 0, 0, 0, Beijing).UTC()
}

// LimitError is an order that an account's monthly limit has no room for.
type LimitError struct {
	Limit, Used Fen       // of the month: Used by what was ordered before
	Until       time.Time // UTC; when the next month begins
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("the account's monthly limit of %s has %s left", e.Limit.Yuan(), e.Left().Yuan())
}

// Left is the room that the month still has, 0 or more.
func (e *LimitError) Left() Fen { return max(e.Limit-e.Used, 0) }

// Within says whether an order of this sum fits into the month of now, of which
// earlier orders have used so much: a *LimitError when it doesn't. The limit is
// for everybody who orders for the account; who set it can raise it. A refund
// spends nothing.
func (a Account) Within(kind Kind, used, sum Fen, now time.Time) error {
	if a.MonthlyLimitFen == nil || kind == Refund || sum <= *a.MonthlyLimitFen-used {
		return nil
	}
	_, until := MonthOf(now)
	return &LimitError{Limit: *a.MonthlyLimitFen, Used: used, Until: until}
}

// NeedsApproval says whether the viewer's order of this sum waits until who
// administers the account approves. What those order by themselves is approved
// by that, and a refund spends nothing.
func (a Account) NeedsApproval(v Viewer, kind Kind, sum Fen) bool {
	return a.ApprovalAboveFen != nil && kind != Refund && sum > *a.ApprovalAboveFen && !v.May(ActApprove)
}
