package models

import (
	"math"
	"slices"
	"time"
)

// Entry is one thing that happened to what an account holds: a completed order
// with its quote's lines, or what an operator recorded from outside.
type Entry struct {
	Order    *Order
	Lines    []Line // of the order's quote
	OwnLines []Line // of the order's quote, at the reseller's price; nil where there is but one
	Outside  *OutsideEvent
}

// atList is the entry with what the provider debited and nothing else.
func (e Entry) atList() Entry {
	if e.Order != nil {
		o := *e.Order
		o.OwnTotalFen, o.Markup = nil, 0
		e.Order = &o
	}
	if e.Outside != nil {
		o := *e.Outside
		o.OwnPaidFen, o.Markup = nil, 0
		e.Outside = &o
	}
	return e
}

// atOwn is the entry with what the account paid instead, and what it paid by.
func (e Entry) atOwn() Entry {
	if e.Order != nil && e.Order.OwnTotalFen != nil {
		o := *e.Order
		o.TotalFen = *o.OwnTotalFen
		e.Order, e.Lines = &o, e.OwnLines
	}
	if e.Outside != nil && e.Outside.OwnPaidFen != nil {
		o := *e.Outside
		o.PaidFen = *o.OwnPaidFen
		e.Outside = &o
	}
	return e
}

// twoPrices says whether the account paid by other prices than the provider
// debited by.
func (e Entry) twoPrices() bool {
	return e.Order != nil && e.Order.OwnTotalFen != nil || e.Outside != nil && e.Outside.OwnPaidFen != nil
}

// History is an account's entries and what follows from them.
type History struct {
	Entries      []Entry       // in the order in which they took effect
	Subscription *Subscription // nil when the account holds nothing
	// Own is the same Subscription with what the account paid its reseller in place
	// of what the provider debited: each payment, and each unit price.
	Own *Subscription
	// FullRefunds are the Beijing calendar years in which a refund was in full:
	// the provider grants one a year.
	FullRefunds []int
	// LastOrderID and LastOutsideID name the last entries, 0 without one. A quote
	// keeps both and holds only as long as they stand.
	LastOrderID   int64
	LastOutsideID int64
}

// Seen is how far a history had come when somebody looked at it: what they then
// ask for holds only as long as it still stands there.
type Seen struct{ LastOrderID, LastOutsideID int64 }

// Seen is how far the history has come.
func (h History) Seen() Seen { return Seen{h.LastOrderID, h.LastOutsideID} }

// Project rebuilds what an account holds at now from its completed orders, by
// id, and from what was recorded from outside, by id. Pages, quotes and placing
// all read this; nothing of it is stored.
func Project(orders []Entry, outside []OutsideEvent, now time.Time) History {
	h := History{Entries: merge(orders, outside)}
	for _, e := range h.Entries {
		switch {
		case e.Order != nil:
			h.LastOrderID = e.Order.ID
			if e.Order.Kind == Refund && InFull(e.Lines) && e.Order.EndsAt != nil {
				h.FullRefunds = append(h.FullRefunds, e.Order.EndsAt.In(Beijing).Year())
			}
		case e.Outside != nil:
			h.LastOutsideID = e.Outside.ID
		}
	}
	h.Subscription = held(h.Entries, Entry.atList, now)
	h.Own = h.Subscription
	if slices.ContainsFunc(h.Entries, Entry.twoPrices) {
		h.Own = held(h.Entries, Entry.atOwn, now)
	}
	return h
}

// held is what the entries leave at now, at the prices of one side.
func held(entries []Entry, side func(Entry) Entry, now time.Time) *Subscription {
	priced := make([]Entry, len(entries))
	for i, e := range entries {
		priced[i] = side(e)
	}
	var s *Subscription
	for _, e := range effects(priced) {
		s = e.apply(s)
	}
	return s.at(now)
}

// HadFullRefund says whether the account has had its one full refund of the
// Beijing calendar year that now falls into.
func (h History) HadFullRefund(now time.Time) bool {
	return slices.Contains(h.FullRefunds, now.In(Beijing).Year())
}

// merge puts each outside entry behind the order it came after.
func merge(orders []Entry, outside []OutsideEvent) []Entry {
	var entries []Entry
	rest := outside
	take := func(until int64) {
		for len(rest) > 0 && rest[0].AfterOrderID <= until {
			entries = append(entries, Entry{Outside: &rest[0]})
			rest = rest[1:]
		}
	}
	for _, e := range orders {
		if e.Order == nil || e.Order.Status != Completed {
			continue
		}
		take(e.Order.ID - 1)
		entries = append(entries, e)
	}
	take(math.MaxInt64)
	return entries
}

// effect is what an entry does to what is held.
type effect struct {
	// from is when it took effect, for those that a renewal seen later may have
	// to stand before; zero for the others. Every one stands before a setting.
	from    time.Time
	setting bool
	apply   func(*Subscription) *Subscription
}

// effects are those of the entries, in the order in which they came about. That
// is the order of the entries, but for renewals that were seen: such a one stands
// before the upgrades and renewals that were ordered while it was only presumed.
// Replaying those behind it leaves presumed what nobody has seen yet.
func effects(entries []Entry) []effect {
	var all []effect
	for _, e := range entries {
		if e.Order != nil {
			all = append(all, effect{from: ordered(*e.Order), apply: func(s *Subscription) *Subscription { return s.after(*e.Order, e.Lines) }})
			continue
		}
		seen := *e.Outside
		if seen.Kind != Renewed || seen.StartsAt == nil || seen.EndsAt == nil {
			all = append(all, effect{apply: func(s *Subscription) *Subscription { return s.recorded(seen) }})
			continue
		}
		i := len(all)
		for i > 0 && (all[i-1].setting || !all[i-1].from.Before(*seen.StartsAt)) {
			i--
		}
		all = slices.Insert(all, i, effect{from: *seen.StartsAt, apply: func(s *Subscription) *Subscription { return s.renewedOutside(seen) }})
		// That auto-renewal is off is how it was seen at the end of all this: before,
		// it may well have renewed.
		all = append(all, effect{setting: true, apply: func(s *Subscription) *Subscription { return s.renewing(seen) }})
	}
	return all
}

// ordered is when a renewal or an upgrade was ordered: the instance was there
// then, and so were the renewals that this took.
func ordered(o Order) time.Time {
	switch {
	case o.Kind == Renew:
		return o.PlacedAt
	case o.Kind == Upgrade && o.StartsAt != nil:
		return *o.StartsAt
	}
	return time.Time{}
}

// after is what is held once a completed order took effect. One for another
// instance than is held changes nothing.
func (s *Subscription) after(o Order, lines []Line) *Subscription {
	if o.Kind != Buy && (s == nil || o.InstanceID != s.InstanceID) {
		return s
	}
	switch o.Kind {
	case Buy:
		if o.StartsAt == nil || o.EndsAt == nil {
			return s
		}
		next := &Subscription{InstanceID: o.InstanceID, AutoRenew: o.AutoRenew, AutoRenewMonths: o.AutoRenewMonths}
		return next.with(bought(o, lines, *o.StartsAt))
	case Renew:
		next := s.presumedBefore(ordered(o))
		return next.with(bought(o, lines, next.end()))
	case Upgrade:
		if o.StartsAt == nil {
			return s
		}
		return s.presumedBefore(*o.StartsAt).upgraded(o, lines)
	case Refund:
		return nil
	}
	return s
}

// bought is the period that a purchase or a renewal pays for.
func bought(o Order, lines []Line, start time.Time) Period {
	p := Period{
		Start: start, End: AddMonths(start, o.Term().Months()), Months: o.Term().Months(),
		Spans:    []Span{{From: start, Edition: o.Edition, InstanceCount: o.InstanceCount, Markup: o.Markup}},
		Payments: []Payment{{Number: o.Number, Kind: o.Kind, Fen: o.TotalFen}},
	}
	for _, l := range lines {
		switch l.Kind {
		case LineEdition:
			p.Spans[0].UnitFen = l.UnitFen
		case LineDiscount:
			p.Percent = l.Percent
		case LineNew, LineOld, LinePaid, LineEnded, LineUsed, LineLostDiscount, LineNoLess, LineInFull:
		}
	}
	return p
}

// upgraded lifts everything that is left from the order's beginning on. What
// was paid is shared out as the quote's lines say, each of which names its
// period. Where nothing is left by our dates, the provider counted otherwise: it
// stands at the end of the last period then.
func (s *Subscription) upgraded(o Order, lines []Line) *Subscription {
	next, from := s.clone(), *o.StartsAt
	in := Span{From: from, Edition: o.Edition, InstanceCount: o.InstanceCount, Markup: o.Markup}
	for _, l := range lines {
		if l.Kind == LineNew {
			in.UnitFen = l.UnitFen
		}
	}
	rest, running := o.TotalFen, -1
	for i := range next.Periods {
		p := &next.Periods[i]
		last := i == len(next.Periods)-1
		if !p.End.After(from) && !last {
			continue
		}
		if running < 0 {
			running = i
		}
		share := Fen(0)
		for _, l := range lines {
			if l.Starts.Equal(p.Start) {
				share += l.Amount
			}
		}
		lifted := in
		switch {
		case !p.End.After(from):
			lifted.From = p.End
			p.Spans = append(p.Spans, lifted)
		case p.Start.Before(from) || p.Presumed:
			// What a presumed period began with stays, too: it says what the
			// renewal cost.
			p.Spans = append(p.Spans, lifted)
		default:
			lifted.From = p.Start
			p.Spans = []Span{lifted}
		}
		if share != 0 || i == running {
			p.Payments = append(p.Payments, Payment{Number: o.Number, Kind: Upgrade, Fen: share})
		}
		rest -= share
	}
	if running >= 0 && rest != 0 {
		// Lines of a period that has other dates by now: the money was paid all the same.
		payments := next.Periods[running].Payments
		payments[len(payments)-1].Fen += rest
	}
	return next
}

// recorded is what is held once an operator's adoption or release took effect.
func (s *Subscription) recorded(e OutsideEvent) *Subscription {
	switch e.Kind {
	case Adopted:
		if e.StartsAt == nil || e.EndsAt == nil {
			return s
		}
		next := &Subscription{InstanceID: e.InstanceID, AutoRenew: e.AutoRenew, AutoRenewMonths: e.AutoRenewMonths}
		return next.with(seen(e, *e.StartsAt, Buy))
	case Released:
		return nil
	case Renewed: // see effects
	}
	return s
}

// seen is the period that an operator recorded.
func seen(e OutsideEvent, start time.Time, kind Kind) Period {
	return Period{
		Start: start, End: *e.EndsAt,
		Spans:    []Span{{From: start, Edition: e.Edition, InstanceCount: e.InstanceCount, Markup: e.Markup}},
		Payments: []Payment{{Kind: kind, Fen: e.PaidFen}},
	}
}

// renewedOutside adds a renewal that an operator saw.
func (s *Subscription) renewedOutside(e OutsideEvent) *Subscription {
	if s == nil || e.InstanceID != s.InstanceID {
		return s
	}
	next := s
	if e.AutoRenew {
		next = s.renewing(e)
	}
	if !e.EndsAt.After(next.end()) {
		return next
	}
	return next.with(seen(e, next.end(), Renew))
}

// renewing is with the auto-renewal that an operator saw.
func (s *Subscription) renewing(e OutsideEvent) *Subscription {
	if s == nil || e.InstanceID != s.InstanceID {
		return s
	}
	next := s.clone()
	next.AutoRenew, next.AutoRenewMonths = e.AutoRenew, e.AutoRenewMonths
	return next
}

// presumedBefore adds the automatic renewals that the provider must have made
// for the end to lie after t.
func (s *Subscription) presumedBefore(t time.Time) *Subscription {
	next := s.clone()
	// The bound only keeps a date that can't be from making this endless.
	for range 12 * 200 {
		if !next.AutoRenew || next.AutoRenewMonths < 1 || next.end().After(t) {
			break
		}
		start, last := next.end(), next.Periods[len(next.Periods)-1]
		in := last.Spans[len(last.Spans)-1]
		in.From = start
		presumed := Period{
			Start: start, End: AddMonths(start, next.AutoRenewMonths), Months: next.AutoRenewMonths,
			Presumed: true, Spans: []Span{in},
		}
		if last.Months == presumed.Months {
			presumed.Percent = last.Percent // should the book not sell such a term any more
		}
		next = next.with(presumed)
	}
	return next
}

// at fills in what holds at now.
func (s *Subscription) at(now time.Time) *Subscription {
	if s == nil {
		return nil
	}
	next := s.presumedBefore(now)
	in := next.Running(now).At(now)
	next.Edition, next.InstanceCount = in.Edition, in.InstanceCount
	next.StartsAt, next.EndsAt = next.Periods[0].Start, next.end()
	next.Unconfirmed = slices.ContainsFunc(next.Periods, func(p Period) bool { return p.Presumed })
	return next
}

func (s *Subscription) end() time.Time { return s.Periods[len(s.Periods)-1].End }

func (s *Subscription) with(p Period) *Subscription {
	next := s.clone()
	next.Periods = append(next.Periods, p)
	return next
}

func (s *Subscription) clone() *Subscription {
	next := *s
	next.Periods = slices.Clone(s.Periods)
	for i, p := range next.Periods {
		next.Periods[i].Spans, next.Periods[i].Payments = slices.Clone(p.Spans), slices.Clone(p.Payments)
	}
	return &next
}

// InFull says whether a refund with these lines pays everything back.
func InFull(lines []Line) bool {
	return slices.ContainsFunc(lines, func(l Line) bool { return l.Kind == LineInFull })
}
