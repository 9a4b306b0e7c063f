package models

import "time"

// OutsideKind is what somebody saw at the provider that no order of ours did.
type OutsideKind string

// What an operator can record.
const (
	Adopted  OutsideKind = "adopted"  // an instance that existed before, or was bought elsewhere
	Renewed  OutsideKind = "renewed"  // a renewal, mostly an automatic one
	Released OutsideKind = "released" // the instance is gone: refunded elsewhere, or left to expire
)

// OutsideKinds lists every kind.
func OutsideKinds() []OutsideKind { return []OutsideKind{Adopted, Renewed, Released} }

// OutsideEvent is what an operator recorded of the world outside the portal: an
// entry in an account's history without a call to the provider. It is never
// changed or deleted; a mistake is followed by another entry.
type OutsideEvent struct {
	ID         int64
	AccountID  int64
	Kind       OutsideKind
	InstanceID string
	// AfterOrderID is the account's last completed order when it was recorded, 0
	// without one. It says where in the history the entry stands, which no clock
	// can be trusted with.
	AfterOrderID int64
	// Edition and InstanceCount are what was adopted, or covered after a
	// renewal; empty for a release.
	Edition       Edition
	InstanceCount int
	// StartsAt and EndsAt are the period's (UTC). A renewal starts at the old
	// end. A release has EndsAt only: when the instance went.
	StartsAt *time.Time
	EndsAt   *time.Time
	PaidFen  Fen // what the provider took for the period, by its bill
	// OwnPaidFen is what the account paid its reseller for it, by Markup, which was
	// in force when it was recorded; nil where there is but one price.
	OwnPaidFen *Fen
	Markup     Markup
	// AutoRenew is how the provider's console showed it; as before for a release.
	AutoRenew       bool
	AutoRenewMonths int
	Reason          string    // what was seen, and where, in the operator's words
	UserID          int64     // who recorded it
	CreatedAt       time.Time // UTC
	Hash            string    // Chain; empty in entries from before there was one
}
