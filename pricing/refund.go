package pricing

import (
	"math/big"
	"time"

	"portal/models"
)

// Refund estimates what comes back for a subscription that is given back at now.
// Within the book's days of a full refund that is everything, unless the account
// had such a refund in this calendar year already (fullThisYear). Otherwise
// nothing for a period that has ended, everything for one that has not begun, and
// for the running one what was paid less what was used of it, a begun day as a
// whole one. Used time has the discount of the longest term that is not longer
// than it: a yearly discount is lost by who leaves early.
//
// A presumed period counts as paid what the book charges for it.
//
// ListFen is everything that was paid, and TotalFen from 0 to that. It fails with
// models.ErrExpired when the end has passed, and with *EditionNotSoldError for an
// edition that neither the book nor the subscription knows a price of.
func (b *Book) Refund(s models.Subscription, fullThisYear bool, now time.Time) (Price, error) {
	if len(s.Periods) == 0 || !now.Before(s.Periods[len(s.Periods)-1].End) {
		return Price{}, models.ErrExpired
	}
	inFull := !fullThisYear && now.Before(b.FullRefundUntil(s))
	var price Price
	for _, p := range s.Periods {
		paid, err := b.paidFor(p)
		if err != nil {
			return Price{}, err
		}
		for _, l := range paid {
			price.ListFen += l.Amount
		}
		price.Lines = append(price.Lines, paid...)
		if inFull {
			continue
		}
		kept, err := b.kept(p, paid, now)
		if err != nil {
			return Price{}, err
		}
		price.Lines = append(price.Lines, kept...)
	}
	if inFull {
		price.Lines = append(price.Lines, models.Line{Kind: models.LineInFull, Days: b.fullRefundDays})
	}
	price.TotalFen = sum(price.Lines)
	return price, nil
}

// FullRefundUntil is when the days of a full refund end: so many times 24 hours
// after the purchase, UTC.
func (b *Book) FullRefundUntil(s models.Subscription) time.Time {
	return s.StartsAt.Add(time.Duration(b.fullRefundDays) * day)
}

// paidFor are the lines of what was paid for a period.
func (b *Book) paidFor(p models.Period) ([]models.Line, error) {
	var lines []models.Line
	paid := func(order string, kind models.Kind, fen models.Fen) {
		lines = append(lines, models.Line{
			Kind: models.LinePaid, Order: order, PaidFor: kind,
			Starts: p.Start, Ends: p.End, Presumed: p.Presumed, Amount: fen,
		})
	}
	if p.Presumed {
		unit, err := b.soldAt(p, 0)
		if err != nil {
			return nil, err
		}
		discount, err := b.boughtWith(p)
		if err != nil {
			return nil, err
		}
		paid("", models.Renew, charged(unit, p.Spans[0].InstanceCount, p.Months, discount))
	}
	for _, payment := range p.Payments {
		paid(payment.Number, payment.Kind, payment.Fen)
	}
	return lines, nil
}

// kept are the lines of what does not come back of a period.
func (b *Book) kept(p models.Period, paid []models.Line, now time.Time) ([]models.Line, error) {
	about := models.Line{Starts: p.Start, Ends: p.End, Presumed: p.Presumed}
	if !now.Before(p.End) {
		about.Kind, about.Amount = models.LineEnded, -sum(paid)
		return []models.Line{about}, nil
	}
	bought, err := b.boughtWith(p)
	if err != nil {
		return nil, err
	}
	var lines []models.Line
	list, over := new(big.Rat), used(p, now)
	for i, in := range p.Spans {
		end := over
		if i+1 < len(p.Spans) {
			end = cut(p, p.Spans[i+1].From)
		}
		for _, l := range cut(p, in.From).until(end) {
			unit, err := b.soldAt(p, i)
			if err != nil {
				return nil, err
			}
			price := listPrice(unit, in.InstanceCount, l)
			list.Add(list, price)
			line := about
			line.Kind, line.Edition, line.Machines, line.UnitFen = models.LineUsed, in.Edition, in.InstanceCount, unit
			line.Months, line.Days, line.DaysOf = l.months, l.days, l.of
			if bought > 0 {
				line.Percent = percent(bought)
			}
			line.Amount = -rounded(part(price, full-bought))
			lines = append(lines, line)
		}
	}
	if lost := bought - b.discountFor(over); lost > 0 && len(lines) > 0 {
		line := about
		line.Kind, line.Percent = models.LineLostDiscount, percent(lost)
		line.Months, line.Days, line.DaysOf = over.months, over.days, over.of
		line.Amount = -rounded(part(list, lost))
		lines = append(lines, line)
	}
	if over := sum(paid) + sum(lines); over < 0 {
		about.Kind, about.Amount = models.LineNoLess, -over
		lines = append(lines, about)
	}
	return lines, nil
}

func sum(lines []models.Line) models.Fen {
	var fen models.Fen
	for _, l := range lines {
		fen += l.Amount
	}
	return fen
}
