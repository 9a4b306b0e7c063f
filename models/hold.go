package models

import "time"

// HoldReason says why an account is held (locales: "hold_reason.<value>").
type HoldReason string

// HeldRestored is a database that was restored from a copy: what the account
// ordered since the copy was made, this portal does not know.
const HeldRestored HoldReason = "restored"

// HoldReasons lists every reason.
func HoldReasons() []HoldReason { return []HoldReason{HeldRestored} }

// AccountHold keeps an account from ordering until an operator releases it. An
// account has at most one that stands; a hold that was released stays as
// history and never changes again.
type AccountHold struct {
	ID          int64
	AccountID   int64
	Since       time.Time // UTC
	Reason      HoldReason
	Note        string     // more of the reason, for operators: which copy was restored
	Actor       string     // who held it, as in Event
	ReleasedAt  *time.Time // UTC; nil while it stands
	ReleasedBy  string     // as Actor; empty while it stands
	ReleaseNote string     // what was found at the provider, in the operator's words
}

// Standing says whether the hold still keeps its account from ordering.
func (h AccountHold) Standing() bool { return h.ReleasedAt == nil }
