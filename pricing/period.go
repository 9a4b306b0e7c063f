package pricing

import (
	"fmt"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"portal/models"
)

// whole is how long a period is: the months it was bought by, or what its dates
// say when nothing else is known. A day that its end falls into counts.
func whole(p models.Period) length {
	if p.Months > 0 {
		return length{months: p.Months}
	}
	return elapsed(p.Start, p.End, true)
}

// cut is where an upgrade cuts a period: the day that has begun is left.
func cut(p models.Period, at time.Time) length { return elapsed(p.Start, at, false) }

// used is how much of a period is used: the day that has begun is, too.
func used(p models.Period, at time.Time) length { return elapsed(p.Start, at, true) }

// boughtWith is the discount that a period was bought with, in hundredths of a
// percent. Where nobody saw it, it is what the book gives: to an automatic
// renewal that of a term of its months, or where none is sold any more what the
// period before it had; to a period known by its dates, and where all else is
// missing, that of the longest term that fits into it.
func (b *Book) boughtWith(p models.Period) (int64, error) {
	switch {
	case p.Presumed && b.hasTerm(p.Months):
		return b.discountOf(p.Months), nil
	case p.Percent != "":
		return readPercent(p.Percent)
	case p.Presumed:
		return b.discountFor(whole(p)), nil
	case p.Months == 0:
		return b.discountFor(whole(p)), nil
	default:
		return 0, nil
	}
}

// readPercent reads what percent writes.
func readPercent(s string) (int64, error) {
	d, err := decimal.NewFromString(s)
	if err != nil {
		return 0, fmt.Errorf("pricing: the percentage %.40q can't be read: %w", s, err)
	}
	if d = d.Shift(2); !d.IsInteger() || d.IsNegative() || d.GreaterThanOrEqual(decimal.NewFromInt(full)) {
		return 0, fmt.Errorf("pricing: %.40q is no discount", s)
	}
	return d.IntPart(), nil
}

// hasTerm says whether the book has a term of exactly so many months.
func (b *Book) hasTerm(months int) bool {
	return slices.ContainsFunc(b.terms, func(t term) bool { return t.Months() == months })
}

// discountOf is the discount of the term of exactly so many months, 0 when none
// is sold.
func (b *Book) discountOf(months int) int64 {
	for _, t := range b.terms {
		if t.Months() == months {
			return t.discount
		}
	}
	return 0
}

// discountFor is the discount of the longest term that is not longer than l, 0
// when each is.
func (b *Book) discountFor(l length) int64 {
	var discount int64
	for _, t := range b.terms {
		if t.Months() <= l.months {
			discount = t.discount
		}
	}
	return discount
}

// soldAt is the unit price of a period's span. That of the book stands for one
// that is not known, and for what a presumed period began with, which only
// repeats the period before. An edition that has neither price has none:
// *EditionNotSoldError. A price of the book's has the markup that the span was
// sold with.
func (b *Book) soldAt(p models.Period, span int) (models.Fen, error) {
	s := p.Spans[span]
	known := s.UnitFen > 0 && (!p.Presumed || span > 0)
	if e, onSale := b.edition(s.Edition); onSale && !known {
		return Own(e.unit, s.Markup), nil
	}
	if s.UnitFen > 0 {
		return s.UnitFen, nil
	}
	return 0, &EditionNotSoldError{Edition: s.Edition}
}
