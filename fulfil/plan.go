package fulfil

import (
	"time"

	"portal/models"
	"portal/store"
)

// PlacedLimit is how long an order may wait for its first send. Longer, and
// nobody expects it any more: it is rejected, and nothing was charged.
const PlacedLimit = 15 * time.Minute

// tokenWindow is how long after the first attempt the same token may be sent
// again. The provider does not document how long it knows a token; its sister
// products say 24 hours. A renewal that ran twice would charge twice, where a
// second create is refused for its instance and a second upgrade for not going
// up, so a renewal's window is short.
func tokenWindow(k models.Kind) time.Duration {
	if k == models.Renew {
		return time.Hour
	}
	return 24 * time.Hour
}

// step is what to do with an order now: send it, move it without a call, or
// (neither) leave it.
type step struct {
	send bool
	next *store.Next
}

// plan decides the step from the record alone, so that the first attempt, a
// re-send and recovery after a crash all go the same way. margin is how long
// before the window's end the last send must begin.
func plan(o models.Order, attempts []models.Attempt, now time.Time, margin time.Duration) step {
	switch o.Status {
	case models.AwaitingApproval:
		// A clock that stands before the placing says nothing about how long it is ago.
		if now.Sub(o.PlacedAt) >= models.ApprovalLimit {
			return step{next: &store.Next{Status: models.Rejected, Reason: models.ReasonNobodyDecided}}
		}
		return step{}
	case models.Placed:
		switch {
		case now.Sub(o.Ready()) >= PlacedLimit:
			return step{next: &store.Next{Status: models.Rejected, Reason: models.ReasonTooLong}}
		case waits(o, now):
			return step{}
		}
		return step{send: true}
	case models.Sending:
		if len(attempts) > 0 && now.Before(attempts[len(attempts)-1].StartedAt) {
			// When the lease ends can't be told any more. If its worker lives, its
			// answer becomes evidence.
			return step{next: &store.Next{Status: models.Unknown, Reason: models.ReasonClockBack}}
		}
		if now.Before(*o.LeaseUntil) {
			return step{} // its worker is still allowed to answer
		}
		return step{next: &store.Next{Status: models.Unknown, Reason: models.ReasonWorkerLost, Wait: pause(o)}}
	case models.Unknown:
		if len(attempts) == 0 {
			// Can't be: unknown comes after an attempt. Nobody can tell what was sent.
			return step{next: &store.Next{Status: models.NeedsReview, Reason: models.ReasonNoAnswer}}
		}
		first, newest := attempts[0].StartedAt, attempts[len(attempts)-1].StartedAt
		switch {
		case now.Before(newest):
			// How long ago the first attempt was can't be told any more.
			return step{next: &store.Next{Status: models.NeedsReview, Reason: models.ReasonClockBack}}
		case now.Add(margin).Sub(first) >= tokenWindow(o.Kind):
			return step{next: &store.Next{Status: models.NeedsReview, Reason: models.ReasonTokenWindow}}
		case waits(o, now):
			return step{}
		}
		return step{send: true}
	case models.NeedsReview, models.Completed, models.Rejected, models.Cancelled:
		return step{}
	}
	return step{}
}

// waits says whether an order's time to be sent is still to come. By a clock that
// stands before the order came to its status nobody can tell: it was ahead then,
// perhaps by days, and waiting until it is there again would be a guess.
func waits(o models.Order, now time.Time) bool {
	return now.Before(*o.DueAt) && !now.Before(o.UpdatedAt)
}

// earlierUnknown says whether an attempt before this one may have moved money.
// An attempt without an answer counts.
func earlierUnknown(attempts []models.Attempt) bool {
	for _, a := range attempts {
		switch a.Outcome {
		case models.OutcomeNotSent, models.OutcomeLater, models.OutcomeRejected:
		case "", models.OutcomeUnknown, models.OutcomeProvesNothing, models.OutcomeContradicted,
			models.OutcomeDone, models.OutcomeInferredDone:
			// Done stands here only when it came late: it did move money.
			return true
		default:
			return true
		}
	}
	return false
}

// judge decides where an answer leads. attempts are those before it.
func judge(o models.Order, attempts []models.Attempt, a models.Answer) store.Next {
	// Where an attempt that did nothing leads back to: an earlier one may still
	// have moved money.
	back := models.Placed
	if earlierUnknown(attempts) {
		back = models.Unknown
	}
	wait := pause(o)
	switch a.Outcome {
	case models.OutcomeDone:
		return store.Next{Status: models.Completed, Reason: models.ReasonDone}
	case models.OutcomeInferredDone:
		return store.Next{Status: models.Completed, Reason: models.ReasonInferredDone}
	case models.OutcomeNotSent:
		return store.Next{Status: back, Reason: models.ReasonNotSent, Wait: wait}
	case models.OutcomeLater:
		return store.Next{Status: back, Reason: models.ReasonThrottled, Wait: wait}
	case models.OutcomeRejected:
		if back == models.Unknown {
			// The adapter knows better than to say so; if it ever does, a person looks.
			return store.Next{Status: models.NeedsReview, Reason: models.ReasonContradicted}
		}
		return store.Next{Status: models.Rejected, Reason: models.ReasonRefused}
	case models.OutcomeUnknown:
		return store.Next{Status: models.Unknown, Reason: models.ReasonNoAnswer, Wait: wait}
	case models.OutcomeProvesNothing:
		return store.Next{Status: models.Unknown, Reason: models.ReasonProvesNothing, Wait: wait}
	case models.OutcomeContradicted:
		return store.Next{Status: models.NeedsReview, Reason: models.ReasonContradicted}
	}
	// An outcome that this program doesn't know says nothing about the money.
	return store.Next{Status: models.Unknown, Reason: models.ReasonNoAnswer, Wait: wait}
}

// pause is how long to wait after the order's newest attempt: 5 s, then twice
// as long each time, up to 15 minutes. A refund waits 30 s at first: it has no
// token, so the provider gets time to finish what it may still be doing.
func pause(o models.Order) time.Duration {
	p, longest := 5*time.Second, 15*time.Minute
	if o.Kind == models.Refund {
		p = 30 * time.Second
	}
	for i := 1; i < o.Attempts && p < longest; i++ {
		p *= 2
	}
	return min(p, longest)
}
