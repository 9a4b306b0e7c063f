package pricing_test

import (
	"fmt"
	"math/big"
	"time"

	"pgregory.net/rapid"

	"portal/models"
	"portal/pricing"
)

// at is a moment of Beijing time.
func at(s string) time.Time {
	layout := "2006-01-02 15:04"
	if len(s) == len("2006-01-02") {
		layout = "2006-01-02"
	}
	t, err := time.ParseInLocation(layout, s, models.Beijing)
	if err != nil {
		panic(err)
	}
	return t.UTC()
}

func term(s string) models.Term {
	t, err := models.ParseTerm(s)
	if err != nil {
		panic(err)
	}
	return t
}

// holder is an account whose orders are priced by a book and completed. What it
// holds is what models.Project makes of that.
type holder struct {
	book    *pricing.Book
	orders  []models.Entry
	outside []models.OutsideEvent
	markup  func() models.Markup // that the account pays the next order by; nil without a reseller
}

// paid says what the account paid for the newest order.
func (h *holder) paid(price func(*pricing.Book) (pricing.Price, error)) {
	if h.markup == nil {
		return
	}
	m := h.markup()
	own, err := price(h.book.At(m))
	if err != nil {
		panic(err)
	}
	e := &h.orders[len(h.orders)-1]
	e.Order.OwnTotalFen, e.Order.Markup, e.OwnLines = &own.TotalFen, m, own.Lines
}

func (h *holder) order(o models.Order, p pricing.Price) {
	o.ID = int64(len(h.orders) + 1)
	o.Number, o.Status, o.TotalFen = fmt.Sprintf("%s-%d", o.Kind, o.ID), models.Completed, p.TotalFen
	h.orders = append(h.orders, models.Entry{Order: &o, Lines: p.Lines})
}

func (h *holder) buy(t fataler, e models.Edition, term models.Term, machines int, from time.Time, autoRenewMonths int) {
	t.Helper()
	h.order(models.Order{
		Kind: models.Buy, Edition: e, Cycle: term.Cycle, Duration: term.Duration, InstanceCount: machines,
		AutoRenew: autoRenewMonths > 0, AutoRenewMonths: autoRenewMonths,
		StartsAt: &from, EndsAt: &from,
	}, buy(t, h.book, e, term, machines))
	h.paid(func(b *pricing.Book) (pricing.Price, error) { return b.Buy(e, term, machines) })
}

// renew buys one more term of what is in force at the end.
func (h *holder) renew(t fataler, term models.Term, machines int, now time.Time) pricing.Price {
	t.Helper()
	s := h.at(now)
	p, err := h.book.Renew(s.Last().Edition, term, machines)
	if err != nil {
		t.Fatalf("%v", err)
	}
	h.order(models.Order{
		Kind: models.Renew, Edition: s.Last().Edition, Cycle: term.Cycle, Duration: term.Duration, InstanceCount: machines,
		PlacedAt: now, StartsAt: &s.EndsAt, EndsAt: &s.EndsAt,
	}, p)
	h.paid(func(b *pricing.Book) (pricing.Price, error) { return b.Renew(s.Last().Edition, term, machines) })
	return p
}

func (h *holder) upgrade(t fataler, to models.Edition, machines int, now time.Time) pricing.Price {
	t.Helper()
	s := h.at(now)
	p := upgrade(t, h.book, s, to, machines, now)
	h.order(models.Order{Kind: models.Upgrade, Edition: to, InstanceCount: machines, StartsAt: &now}, p)
	h.paid(func(b *pricing.Book) (pricing.Price, error) { return b.Upgrade(s, to, machines, now) })
	return p
}

// adopt records an instance from outside.
func (h *holder) adopt(e models.Edition, machines int, from, until time.Time, paid models.Fen) {
	h.outside = append(h.outside, models.OutsideEvent{
		ID: 1, Kind: models.Adopted, Edition: e, InstanceCount: machines, StartsAt: &from, EndsAt: &until, PaidFen: paid,
	})
}

func (h *holder) at(now time.Time) models.Subscription {
	return *models.Project(h.orders, h.outside, now).Subscription
}

func upgrade(t fataler, b *pricing.Book, s models.Subscription, to models.Edition, machines int, now time.Time) pricing.Price {
	t.Helper()
	p, err := b.Upgrade(s, to, machines, now)
	if err != nil {
		t.Fatalf("upgrade to %d %s at %s: %v\n%+v", machines, to, now, err, s)
	}
	return p
}

func refund(t fataler, b *pricing.Book, s models.Subscription, fullThisYear bool, now time.Time) pricing.Price {
	t.Helper()
	p, err := b.Refund(s, fullThisYear, now)
	if err != nil {
		t.Fatalf("refund at %s: %v\n%+v", now, err, s)
	}
	return p
}

func total(lines []models.Line, kinds ...models.LineKind) models.Fen {
	var fen models.Fen
	for _, l := range lines {
		for _, kind := range kinds {
			if l.Kind == kind {
				fen += l.Amount
			}
		}
	}
	return fen
}

// histories draws an account whose subscription has not ended at now: a purchase
// or an adopted instance, renewals, upgrades and automatic renewals, begun at
// any second. today is the book as it is at now: that which sold all this, or
// another one.
type history struct {
	holder
	now   time.Time
	today *pricing.Book
	terms []writtenTerm // of today's book
}

func histories() *rapid.Generator[history] { return historiesOf(false) }

// historiesOf draws such an account of a reseller, which pays each order by
// another markup, or one without.
func historiesOf(resold bool) *rapid.Generator[history] {
	return rapid.Custom(func(t *rapid.T) history {
		w := books().Draw(t, "book")
		w.tiers = nil // every term for every number
		h := history{holder: holder{book: parse(t, w.text())}, terms: w.terms}
		if resold {
			h.markup = func() models.Markup { return drawMarkup(t, "paid at") }
		}
		terms := make([]models.Term, len(w.terms))
		for i, t := range w.terms {
			terms[i] = t.Term
		}
		h.now = time.Unix(rapid.Int64Range(at("2023-01-01").Unix(), at("2029-01-01").Unix()).Draw(t, "start"), 0).UTC()
		machines := rapid.OneOf(rapid.IntRange(1, 30), rapid.IntRange(1, 500_000)).Draw(t, "machines")
		e := rapid.SampledFrom(h.book.Editions()).Draw(t, "edition")
		if rapid.IntRange(0, 4).Draw(t, "adopted") == 0 {
			until := h.now.Add(time.Duration(rapid.IntRange(1, 3*365*24*60).Draw(t, "minutes")) * time.Minute)
			if rapid.Bool().Draw(t, "whole months") {
				until = models.AddMonths(h.now, rapid.IntRange(1, 36).Draw(t, "months"))
			}
			h.adopt(e, machines, h.now, until, models.Fen(rapid.Int64Range(0, 1e12).Draw(t, "paid")))
			if resold {
				seen := &h.outside[0]
				seen.Markup = h.markup()
				own := pricing.Own(seen.PaidFen, seen.Markup)
				seen.OwnPaidFen = &own
			}
		} else {
			months := 0
			if len(w.renew) > 0 && rapid.Bool().Draw(t, "auto-renewal") {
				months = rapid.SampledFrom(w.renew).Draw(t, "period")
			}
			h.buy(t, e, rapid.SampledFrom(terms).Draw(t, "term"), machines, h.now, months)
		}
		for range rapid.IntRange(0, 4).Draw(t, "steps") {
			s := h.at(h.now)
			switch rapid.IntRange(0, 2).Draw(t, "step") {
			case 0: // time passes, but not beyond the end; with auto-renewal a little
				left := s.EndsAt.Sub(h.now)
				if s.AutoRenew {
					left += 40 * day
				}
				h.now = h.now.Add(time.Duration(rapid.Int64Range(0, int64(left-1)).Draw(t, "passes")))
			case 1:
				h.renew(t, rapid.SampledFrom(terms).Draw(t, "term"), min(machines, s.Last().InstanceCount), h.now)
			case 2:
				machines = min(machines+rapid.IntRange(0, machines).Draw(t, "more"), pricing.MaxMachines)
				if to := h.book.Upgrades(s, machines, h.now); len(to) > 0 {
					h.upgrade(t, rapid.SampledFrom(to).Draw(t, "to"), machines, h.now)
				}
			}
		}
		h.today = h.book
		if rapid.IntRange(0, 2).Draw(t, "other prices by now") == 0 {
			w := books().Draw(t, "today's book")
			h.today, h.terms = parse(t, w.text()), w.terms
		}
		return h
	})
}

const day = 24 * time.Hour

// months is the time from start to end as the docs say it, computed apart from
// package pricing by walking month by month and day by day: begun days count as
// whole ones, or not at all.
func months(start, end time.Time, begun bool) *big.Rat {
	n := 0
	for !models.AddMonths(start, n+1).After(end) {
		n++
	}
	from, until := models.AddMonths(start, n), models.AddMonths(start, n+1)
	days, of := int64(0), int64(0)
	for d := from; d.Before(until); d = d.Add(day) {
		of++
		if begun && d.Before(end) || !d.Add(day).After(end) {
			days++
		}
	}
	return new(big.Rat).Add(big.NewRat(int64(n), 1), big.NewRat(days, of))
}

// length is a period's, in months.
func (h history) length(p models.Period) *big.Rat {
	if p.Months > 0 {
		return big.NewRat(int64(p.Months), 1)
	}
	return months(p.Start, p.End, true)
}

// elapsed is what is over of a period at a time.
func (h history) elapsed(p models.Period, t time.Time, begun bool) *big.Rat {
	if !t.After(p.Start) {
		return new(big.Rat)
	}
	over := months(p.Start, t, begun)
	if whole := h.length(p); over.Cmp(whole) > 0 {
		return whole
	}
	return over
}

// longest is the discount of the longest term that fits into so many months.
func (h history) longest(fits *big.Rat) *big.Rat {
	discount := new(big.Rat)
	for _, t := range h.terms {
		if big.NewRat(int64(t.Months()), 1).Cmp(fits) <= 0 {
			discount = big.NewRat(t.percent, 10_000)
		}
	}
	return discount
}

// discount is what a period was bought with.
func (h history) discount(p models.Period) *big.Rat {
	if p.Presumed {
		for _, t := range h.terms {
			if t.Months() == p.Months {
				return big.NewRat(t.percent, 10_000)
			}
		}
	}
	if p.Percent != "" {
		d, _ := new(big.Rat).SetString(p.Percent)
		return d.Quo(d, big.NewRat(100, 1))
	}
	if p.Presumed || p.Months == 0 {
		return h.longest(h.length(p))
	}
	return new(big.Rat)
}

func times(r *big.Rat, n ...int64) *big.Rat {
	product := new(big.Rat).Set(r)
	for _, n := range n {
		product.Mul(product, new(big.Rat).SetInt64(n))
	}
	return product
}

// less is r × (1 − discount).
func less(r, discount *big.Rat) *big.Rat {
	return new(big.Rat).Mul(r, new(big.Rat).Sub(big.NewRat(1, 1), discount))
}

// near says whether a sum in fen is as exact as one rounding for each line
// allows.
func near(got models.Fen, exact *big.Rat, lines int) bool {
	off := new(big.Rat).Sub(new(big.Rat).SetInt64(int64(got)), exact)
	return off.Abs(off).Cmp(big.NewRat(int64(lines), 2)) <= 0
}
