package models

import (
	"math"
	"slices"
	"time"
)

// Entry is one thing that happened to what an account holds: a completed order
// with its quote's lines, or what an operator recorded from outside.
type Entry struct {
	Order   *Order
	Lines   []Line // of the order's quote
	Outside *OutsideEvent
}

// History is an account's entries and what follows from them.
type History struct {
	Entries      []Entry       // in the order in which they took effect
	Subscription *Subscription // nil when the account holds nothing
	// FullRefunds are the Beijing calendar years in which a refund was in full:
	// the provider grants one a year.
	FullRefunds []int
	// LastOrderID and LastOutsideID name the last entries, 0 without one. A quote
	// keeps both and holds only as long as they stand.
	LastOrderID   int64
	LastOutsideID int64
}

// Project rebuilds what an account holds at now from its completed orders, by
// id, and from what was recorded from outside, by id. Pages, quotes and placing
// all read this; nothing of it is stored.
func Project(orders []Entry, outside []OutsideEvent, now time.Time) History {
	h := History{Entries: merge(orders, outside)}
	var s *Subscription
	for _, e := range h.Entries {
		switch {
		case e.Order != nil:
			h.LastOrderID = e.Order.ID
			s = s.after(*e.Order, e.Lines)
			if e.Order.Kind == Refund && InFull(e.Lines) && e.Order.EndsAt != nil {
				h.FullRefunds = append(h.FullRefunds, e.Order.EndsAt.In(Beijing).Year())
			}
		case e.Outside != nil:
			h.LastOutsideID = e.Outside.ID
			s = s.recorded(*e.Outside)
		}
	}
	h.Subscription = s.at(now)
	return h
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

// after is what is held once a completed order took effect.
func (s *Subscription) after(o Order, lines []Line) *Subscription {
	switch o.Kind {
	case Buy:
		if o.StartsAt == nil || o.EndsAt == nil {
			return s
		}
		next := &Subscription{InstanceID: o.InstanceID, AutoRenew: o.AutoRenew, AutoRenewMonths: o.AutoRenewMonths}
		return next.with(bought(o, lines, *o.StartsAt))
	case Renew:
		if s == nil || o.StartsAt == nil {
			return s
		}
		next := s.presumedBefore(o.StartsAt.Add(-1)) // it began at an end, so that one was reached
		return next.with(bought(o, lines, next.end()))
	case Upgrade:
		if s == nil || o.StartsAt == nil {
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
		Spans:    []Span{{From: start, Edition: o.Edition, InstanceCount: o.InstanceCount}},
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
// period.
func (s *Subscription) upgraded(o Order, lines []Line) *Subscription {
	next, from := s.clone(), *o.StartsAt
	rest, running := o.TotalFen, -1
	for i := range next.Periods {
		p := &next.Periods[i]
		if !p.End.After(from) {
			continue
		}
		if running < 0 {
			running = i
		}
		in := Span{From: from, Edition: o.Edition, InstanceCount: o.InstanceCount}
		share := Fen(0)
		for _, l := range lines {
			if !l.Starts.Equal(p.Start) {
				continue
			}
			share += l.Amount
			if l.Kind == LineNew {
				in.UnitFen = l.UnitFen
			}
		}
		if p.Start.Before(from) || p.Presumed {
			// What a presumed period began with stays, too: it says what the
			// renewal cost.
			p.Spans = append(p.Spans, in)
		} else {
			in.From = p.Start
			p.Spans = []Span{in}
		}
		p.Payments = append(p.Payments, Payment{Number: o.Number, Kind: Upgrade, Fen: share})
		rest -= share
	}
	if running >= 0 && rest != 0 {
		// Lines of a period that has other dates by now: the money was paid all the same.
		payments := next.Periods[running].Payments
		payments[len(payments)-1].Fen += rest
	}
	return next
}

// recorded is what is held once an operator's entry took effect.
func (s *Subscription) recorded(e OutsideEvent) *Subscription {
	switch e.Kind {
	case Adopted:
		if e.StartsAt == nil || e.EndsAt == nil {
			return s
		}
		next := &Subscription{InstanceID: e.InstanceID, AutoRenew: e.AutoRenew, AutoRenewMonths: e.AutoRenewMonths}
		return next.with(seen(e, *e.StartsAt, Buy))
	case Renewed:
		if s == nil || e.EndsAt == nil {
			return s
		}
		return s.renewedOutside(e)
	case Released:
		return nil
	}
	return s
}

// seen is the period that an operator recorded.
func seen(e OutsideEvent, start time.Time, kind Kind) Period {
	return Period{
		Start: start, End: *e.EndsAt,
		Spans:    []Span{{From: start, Edition: e.Edition, InstanceCount: e.InstanceCount}},
		Payments: []Payment{{Kind: kind, Fen: e.PaidFen}},
	}
}

// renewedOutside puts a renewal that was seen in the place of those that were
// presumed. Upgrades of presumed periods stay, and periods that were bought on
// the presumption move to where they really begin.
func (s *Subscription) renewedOutside(e OutsideEvent) *Subscription {
	next := s.clone()
	next.AutoRenew, next.AutoRenewMonths = e.AutoRenew, e.AutoRenewMonths
	first := slices.IndexFunc(next.Periods, func(p Period) bool { return p.Presumed })
	if first < 0 {
		return next.with(seen(e, next.end(), Renew))
	}
	presumed := next.Periods[first:]
	next.Periods = next.Periods[:first]
	next = next.with(seen(e, next.end(), Renew))
	for _, p := range presumed {
		if p.Presumed {
			next = next.upgradedAs(p)
		} else {
			next = next.with(p.movedTo(next.end()))
		}
	}
	return next
}

// upgradedAs repeats the upgrades of a period that was presumed. Each has left
// one payment and one span behind what the period began with.
func (s *Subscription) upgradedAs(p Period) *Subscription {
	next := s.clone()
	for i, paid := range p.Payments {
		in := p.Spans[i+1]
		next = next.presumedBefore(in.From)
		running := len(next.Periods) - 1
		for running > 0 && in.From.Before(next.Periods[running].Start) {
			running--
		}
		to := &next.Periods[running]
		to.Spans, to.Payments = append(to.Spans, in), append(to.Payments, paid)
	}
	return next
}

// movedTo is the period from another start on.
func (p Period) movedTo(start time.Time) Period {
	end := p.End.Add(start.Sub(p.Start))
	if p.Months > 0 {
		end = AddMonths(start, p.Months)
	}
	p.Start, p.End = start, end
	p.Spans = slices.Clone(p.Spans)
	for i := range p.Spans {
		if i == 0 || p.Spans[i].From.Before(start) {
			p.Spans[i].From = start
		}
	}
	return p
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
		next = next.with(Period{
			Start: start, End: AddMonths(start, next.AutoRenewMonths), Months: next.AutoRenewMonths,
			Presumed: true, Spans: []Span{in},
		})
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
