package models

import "time"

// Batch is renewals of many accounts that one person asked for at once. Each
// account's is an order of its own; the batch is what they are looked at
// together by.
type Batch struct {
	ID         string // UUIDv7
	UserID     int64  // who asked for it, and on whose behalf nothing is done that they may not do themselves
	ResellerID *int64 // whose administrators see it; nil for an operator's
	Cycle      Cycle
	Duration   int
	CreatedAt  time.Time  // UTC
	StartedAt  *time.Time // UTC; when ordering was confirmed, nil before
	RequestID  string     // from where it was confirmed, as in By; empty before
	Address    string
}

// Term is what each account is renewed for.
func (b Batch) Term() Term { return Term{b.Cycle, b.Duration} }

// BatchState is where one account of a batch stands.
type BatchState string

// The states of a batch's account:
//
//	asked ──→ quoted ──→ ordered
//	  │          ├─────→ stopped
//	  ├──────────┴─────→ failed     nothing was ordered; Why says why
//	  └────────────────→ stopped
const (
	BatchAsked   BatchState = "asked"   // it has no quote yet
	BatchQuoted  BatchState = "quoted"  // its quote is on the check page, or waits for its turn
	BatchOrdered BatchState = "ordered" // there is an order, which has a life of its own
	BatchFailed  BatchState = "failed"  // nothing was ordered
	BatchStopped BatchState = "stopped" // nothing was ordered, because somebody stopped the batch
)

// BatchStates lists every state.
func BatchStates() []BatchState {
	return []BatchState{BatchAsked, BatchQuoted, BatchOrdered, BatchFailed, BatchStopped}
}

// BatchWhy is why nothing was ordered for an account of a batch (locales:
// "batch.why.<value>").
type BatchWhy string

// Every reason.
const (
	BatchChanged      BatchWhy = "changed"    // the quote no longer holds
	BatchOpenOrder    BatchWhy = "open_order" // another order is under way
	BatchHeld         BatchWhy = "account_held"
	BatchSuspended    BatchWhy = "account_suspended"
	BatchLimit        BatchWhy = "limit_full" // the monthly limit has no room for it
	BatchNothingHeld  BatchWhy = "not_subscribed"
	BatchForbidden    BatchWhy = "forbidden"          // who asked for it may no longer
	BatchTermTooShort BatchWhy = "term_below_minimum" // for so many machines
	BatchTermNotSold  BatchWhy = "term_not_sold"
	BatchNoCount      BatchWhy = "count_refused" // the provider does not say how many machines there are
	BatchProviderDown BatchWhy = "provider_down"
)

// BatchWhys lists every reason.
func BatchWhys() []BatchWhy {
	return []BatchWhy{
		BatchChanged, BatchOpenOrder, BatchHeld, BatchSuspended, BatchLimit, BatchNothingHeld, BatchForbidden,
		BatchTermTooShort, BatchTermNotSold, BatchNoCount, BatchProviderDown,
	}
}

// BatchItem is one account of a batch.
type BatchItem struct {
	ID        int64
	BatchID   string
	AccountID int64 // unique within the batch
	State     BatchState
	QuoteID   *string // once quoted
	OrderID   *int64  // once ordered
	// Why is why nothing was ordered, as a key of locales ("batch.why.<value>");
	// empty while that may still come.
	Why BatchWhy
	// Claim is the fencing number of whoever works on it, as an order's.
	Claim     int64
	DueAt     *time.Time // UTC; when it is to be worked on, or worked on again; nil for nothing to do
	UpdatedAt time.Time  // UTC
}

// Batched is an account of a batch with what its page shows of it.
type Batched struct {
	Item    BatchItem
	Account Account
	Quote   *Quote
	Order   *Order
}

// Retriable says whether it may be tried again: nothing was ordered, or what was
// ordered came to nothing.
func (b Batched) Retriable() bool {
	switch b.Item.State {
	case BatchFailed, BatchStopped:
		return true
	case BatchOrdered:
		return b.Order != nil && (b.Order.Status == Rejected || b.Order.Status == Cancelled) && !b.Order.Done()
	case BatchAsked, BatchQuoted:
	}
	return false
}
