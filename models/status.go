package models

// Status is where an order stands.
type Status string

// The order's life:
//
//	awaiting_approval ──→ placed | cancelled | rejected   (declined, or 72 hours passed)
//	  └──────────────────────────────→ needs_review    restored from a copy, as below
//
//	placed ──→ sending ──→ completed
//	  ↑ │         ├──────→ rejected        nothing was charged; says why and what to do
//	  │ │         ├──────→ placed          provably not sent, or throttled, and no earlier attempt is unknown
//	  │ │         └──────→ unknown ──→ sending (same token, same parameters) ──→ …
//	  │ │         │                └─→ needs_review ──→ completed | rejected   (an operator, with a reason)
//	  │ │         └──────────────────→ needs_review    refused, and an earlier attempt is unknown: both may be true
//	  │ ├→ cancelled
//	  │ └────────────────────────────→ needs_review    restored from a copy: what was sent since is not known
//	  └── at most 15 minutes in placed, then rejected: nothing was charged
const (
	// AwaitingApproval is committed, and nothing is sent before who administers the
	// account has approved.
	AwaitingApproval Status = "awaiting_approval"

	Placed      Status = "placed"       // committed; nothing is under way at the provider
	Sending     Status = "sending"      // an attempt is committed and may be on its way
	Unknown     Status = "unknown"      // money may have moved; the portal is finding out
	NeedsReview Status = "needs_review" // money may have moved; only a person can find out
	Completed   Status = "completed"    // the provider did it
	Rejected    Status = "rejected"     // the provider did not do it, nothing was charged (but see ReasonRecorded)
	Cancelled   Status = "cancelled"    // taken back before anything was sent
)

// Statuses lists every status in the order of an order's life.
func Statuses() []Status {
	return []Status{AwaitingApproval, Placed, Sending, Unknown, NeedsReview, Completed, Rejected, Cancelled}
}

// Open says whether an order of this status holds its account, unless it was
// released (Order.Open).
func (s Status) Open() bool {
	switch s {
	case AwaitingApproval, Placed, Sending, Unknown, NeedsReview:
		return true
	case Completed, Rejected, Cancelled:
		return false
	}
	return false
}

// transitions is the whole table: what may follow what. Nothing else in the
// portal decides this.
var transitions = map[Status][]Status{
	// Only a restore takes an order that was never sent to review (ReasonRestored):
	// what this copy calls placed, or waiting, may have been sent, and charged,
	// after the copy was made.
	AwaitingApproval: {Placed, Cancelled, Rejected, NeedsReview},

	Placed:      {Sending, Cancelled, Rejected, NeedsReview},
	Sending:     {Completed, Rejected, Placed, Unknown, NeedsReview},
	Unknown:     {Sending, NeedsReview},
	NeedsReview: {Completed, Rejected},
	Completed:   nil,
	Rejected:    nil,
	Cancelled:   nil,
}

// MayBecome says whether an order may go from s to next.
func (s Status) MayBecome(next Status) bool {
	for _, t := range transitions[s] {
		if t == next {
			return true
		}
	}
	return false
}

// MayNote says whether an event with this reason may stand on an order that is s
// and stays so: a late answer on any, and on one in review what operators do
// before it is settled. Such an event leads from s to s.
func (s Status) MayNote(r Reason) bool {
	switch {
	case r == ReasonLate:
		return true
	case r == ReasonReleased, r.Proposes() != "", r == ReasonWithdrawn, r == ReasonDeclined:
		return s == NeedsReview
	}
	return false
}

// Reason says why an order is in its status, for pages to put in words
// (locales: "reason.<value>"). The provider's own code stands beside it.
type Reason string

// Every reason.
const (
	ReasonNone          Reason = ""
	ReasonPlacedByUser  Reason = "placed_by_user"
	ReasonNeedsApproval Reason = "needs_approval" // its sum is one that has to be approved first
	ReasonApproved      Reason = "approved"
	ReasonNotApproved   Reason = "not_approved"   // by who administers the account, with a reason of their own
	ReasonNobodyDecided Reason = "nobody_decided" // ApprovalLimit passed
	ReasonClaimed       Reason = "claimed"        // a worker began an attempt
	ReasonDone          Reason = "done"           // the provider confirmed
	ReasonInferredDone  Reason = "inferred_done"  // a re-sent refund met a released instance
	ReasonRefused       Reason = "refused"        // the provider refused with a code
	ReasonNotSent       Reason = "not_sent"       // could not be sent; will be tried again
	ReasonThrottled     Reason = "throttled"      // the provider asked to try later
	ReasonNoAnswer      Reason = "no_answer"      // an attempt's answer is missing or can't be read
	ReasonProvesNothing Reason = "proves_nothing" // key, clock or signature refused after an unknown attempt
	ReasonContradicted  Reason = "contradicted"   // refused after an unknown attempt: both may be true
	ReasonWorkerLost    Reason = "worker_lost"    // the lease ran out without an answer
	ReasonTooLong       Reason = "too_long"       // 15 minutes placed without a send
	ReasonTokenWindow   Reason = "token_window"   // too late to send the same token again
	ReasonClockBack     Reason = "clock_back"     // the clock stands before the newest attempt
	ReasonCancelled     Reason = "cancelled"      // its owner took it back
	ReasonSuspended     Reason = "suspended"      // its account was suspended before anything was sent
	ReasonSettled       Reason = "settled"        // an operator decided, with a reason of their own
	ReasonRestored      Reason = "restored"       // open in a copy that was restored: what happened since is not known
	ReasonRecorded      Reason = "recorded"       // settled as done, but told by the account's other entries and not by this order

	// Only on events that leave their order where it is (MayNote).
	ReasonLate              Reason = "late_answer"        // an answer that came too late to move the order
	ReasonReleased          Reason = "released"           // the account may order again; the review goes on
	ReasonProposedCompleted Reason = "proposed_completed" // one operator proposed what a second one has to confirm
	ReasonProposedRejected  Reason = "proposed_rejected"
	ReasonProposedRecorded  Reason = "proposed_recorded"
	ReasonProposedReleased  Reason = "proposed_released"
	ReasonWithdrawn         Reason = "proposal_withdrawn" // by who had proposed it
	ReasonDeclined          Reason = "proposal_declined"  // by somebody else
)

// Reasons lists every reason that can stand on an order or its events.
func Reasons() []Reason {
	return []Reason{
		ReasonPlacedByUser, ReasonNeedsApproval, ReasonApproved, ReasonNotApproved, ReasonNobodyDecided, ReasonClaimed, ReasonDone, ReasonInferredDone, ReasonRefused, ReasonNotSent,
		ReasonThrottled, ReasonNoAnswer, ReasonProvesNothing, ReasonContradicted, ReasonWorkerLost,
		ReasonTooLong, ReasonTokenWindow, ReasonClockBack, ReasonCancelled, ReasonSuspended, ReasonSettled, ReasonRestored, ReasonRecorded,
		ReasonLate, ReasonReleased, ReasonProposedCompleted, ReasonProposedRejected, ReasonProposedRecorded, ReasonProposedReleased,
		ReasonWithdrawn, ReasonDeclined,
	}
}
