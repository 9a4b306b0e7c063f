package models

import (
	"errors"
	"time"
)

// Subscription is the portal's record of what an account holds: a projection
// of its history (Project). The provider can't be asked.
type Subscription struct {
	InstanceID      string
	Edition         Edition   // in force now
	InstanceCount   int       // machines covered now
	StartsAt        time.Time // UTC; of the first period
	EndsAt          time.Time // UTC; by our own date arithmetic
	AutoRenew       bool
	AutoRenewMonths int
	// Unconfirmed says that EndsAt rests on a renewal that only the provider can
	// have made, and that nobody has seen yet.
	Unconfirmed bool
	Periods     []Period // oldest first, without gaps
}

// Period is one term that an instance was paid for: a purchase's, a renewal's
// or an automatic renewal's.
type Period struct {
	Start, End time.Time // UTC
	// Months is the length it was bought by; 0 where only its dates are known.
	Months int
	// Percent is the discount it was bought with, as a decimal number: "15";
	// empty for none.
	Percent  string
	Presumed bool      // an automatic renewal that nobody has seen
	Spans    []Span    // what was in force, oldest first; never empty
	Payments []Payment // what was paid for it; for a presumed one upgrades' alone
}

// Span is a part of a period with one edition and one number of machines. It
// lasts until the next one or to the period's end.
type Span struct {
	From          time.Time // UTC
	Edition       Edition
	InstanceCount int
	UnitFen       Fen // for each machine and month, as it was sold; 0 when not known
	// Markup is what it was sold with, where the subscription is what the account
	// paid (History.Own): it makes a price of the book's where UnitFen is not known.
	Markup Markup
}

// Payment is what was paid for a period: by the order that bought or renewed
// it, by an upgrade's share, or as an operator recorded it.
type Payment struct {
	Number string // of the order; empty for what was recorded from outside
	Kind   Kind   // Buy, Renew or Upgrade
	Fen    Fen
}

// State is how a subscription stands at a moment.
type State string

// The states. PresumedRenewed has passed an end with auto-renew on: the provider
// renews by itself and tells nobody, so its dates are not confirmed.
const (
	Active          State = "active"
	Expired         State = "expired"
	PresumedRenewed State = "presumed_renewed"
)

// State says how the subscription stands at now.
func (s Subscription) State(now time.Time) State {
	switch {
	case s.Unconfirmed && now.Before(s.EndsAt):
		return PresumedRenewed
	case now.Before(s.EndsAt):
		return Active
	case s.AutoRenew:
		return PresumedRenewed
	default:
		return Expired
	}
}

// nearEnd is how long before an end that nothing renews by itself people have to
// be told.
const nearEnd = 30 * 24 * time.Hour

// EndsSoon says whether the subscription stops within 30 days, unless somebody
// renews it.
func (s Subscription) EndsSoon(now time.Time) bool {
	return s.AsksToBeRenewed(now) && s.EndsAt.Sub(now) < nearEnd
}

// AsksToBeRenewed says whether the subscription stops unless somebody renews it,
// and nothing is to be thought over first: it has not ended, so that no day that
// has passed is paid for, and nothing renews it by itself.
func (s Subscription) AsksToBeRenewed(now time.Time) bool {
	return s.State(now) == Active && !s.AutoRenew
}

// May says why an order of this kind can't begin at now for an account that
// holds s (nil: nothing): ErrSubscribed, ErrNotSubscribed or ErrExpired; nil
// when it can.
//
// What has ended without auto-renewal may be bought anew or renewed (provider
// document: RenewInstance starts at the old end). What is presumed renewed is
// held: the provider would refuse a purchase, and rightly.
func May(kind Kind, s *Subscription, now time.Time) error {
	switch kind {
	case Buy:
		if s != nil && s.State(now) != Expired {
			return ErrSubscribed
		}
	case Renew:
		if s == nil {
			return ErrNotSubscribed
		}
	case Upgrade, Refund:
		if s == nil {
			return ErrNotSubscribed
		}
		if s.State(now) == Expired {
			return ErrExpired
		}
	default:
		return errors.New("no such kind of order: " + string(kind))
	}
	return nil
}

// DaysLeft counts the begun days until the end, 0 when it has passed.
func (s Subscription) DaysLeft(now time.Time) int {
	left := s.EndsAt.Sub(now)
	if left <= 0 {
		return 0
	}
	const day = 24 * time.Hour
	return int((left + day - 1) / day)
}

// ConfirmedEnd is the end of what is known, without presumed renewals (UTC).
func (s Subscription) ConfirmedEnd() time.Time {
	for i, p := range s.Periods {
		if p.Presumed && i > 0 {
			return s.Periods[i-1].End
		}
	}
	return s.EndsAt
}

// Confirmed is what was in force at ConfirmedEnd: what a renewal that was seen
// goes on with, unless it says otherwise.
func (s Subscription) Confirmed() Span {
	for i, p := range s.Periods {
		if p.Presumed && i > 0 {
			return p.Spans[0] // repeats the end of the period before
		}
	}
	return s.Last()
}

// Running is the period that now falls into; the last one after the end, the
// first before the beginning.
func (s Subscription) Running(now time.Time) Period {
	for _, p := range s.Periods {
		if now.Before(p.End) {
			return p
		}
	}
	if len(s.Periods) == 0 {
		return Period{}
	}
	return s.Periods[len(s.Periods)-1]
}

// Last is what is in force at the end: what a renewal goes on with.
func (s Subscription) Last() Span {
	if len(s.Periods) == 0 {
		return Span{}
	}
	return s.Periods[len(s.Periods)-1].last()
}

func (p Period) last() Span { return p.Spans[len(p.Spans)-1] }

// At is the span of a period that now falls into; the first before it begins.
func (p Period) At(now time.Time) Span {
	var in Span
	for i, s := range p.Spans {
		if i == 0 || !now.Before(s.From) {
			in = s
		}
	}
	return in
}
