package pricing

import (
	"math/big"
	"time"

	"portal/models"
)

const day = 24 * time.Hour

// length is a length of time as prices go by it: whole calendar months of
// Beijing time, and some days of one more month. A month has 28 to 31 days, so
// that the days say of how many.
type length struct {
	months   int
	days, of int // days < of; both 0 without days
}

func newLength(months, days, of int) length {
	switch days {
	case 0:
		return length{months: months}
	case of:
		return length{months: months + 1}
	default:
		return length{months, days, of}
	}
}

// elapsed is the time from start to at. With begun a day that has begun counts
// as a whole one, otherwise only whole days of 24 hours count.
func elapsed(start, at time.Time, begun bool) length {
	if !at.After(start) {
		return length{}
	}
	a, b := start.In(models.Beijing), at.In(models.Beijing)
	months := (b.Year()-a.Year())*12 + int(b.Month()-a.Month())
	if models.AddMonths(start, months).After(at) {
		months--
	}
	from := models.AddMonths(start, months)
	over := at.Sub(from)
	days := int(over / day)
	if begun && over%day > 0 {
		days++
	}
	return newLength(months, days, int(models.AddMonths(start, months+1).Sub(from)/day))
}

// NextDay is when the next day of the running period begins (UTC): until then
// an upgrade's fee and a refund stay what they are at now.
func NextDay(s models.Subscription, now time.Time) time.Time {
	start := s.Running(now).Start
	return start.Add(now.Sub(start).Truncate(day) + day)
}

// before says whether l is shorter than m. Both are measured from one start, so
// that days of the same month are out of as many.
func (l length) before(m length) bool {
	return l.months < m.months || l.months == m.months && l.days < m.days
}

// until is the time from l to m, both measured from one start: one length, or
// two when it begins and ends within months that are not equally long; none when
// m is not after l.
func (l length) until(m length) []length {
	switch {
	case !l.before(m):
		return nil
	case l.days == 0:
		return []length{newLength(m.months-l.months, m.days, m.of)}
	case l.months == m.months:
		return []length{newLength(0, m.days-l.days, m.of)}
	}
	months, rest := m.months-l.months-1, l.of-l.days // the rest of the month that l is in
	switch {
	case m.days == 0:
		return []length{newLength(months, rest, l.of)}
	case l.of != m.of:
		return []length{newLength(months, rest, l.of), newLength(0, m.days, m.of)}
	case rest+m.days < l.of:
		return []length{newLength(months, rest+m.days, l.of)}
	default:
		return []length{newLength(months+1, rest+m.days-l.of, l.of)}
	}
}

// exactly is the length in months.
func (l length) exactly() *big.Rat {
	months := big.NewRat(int64(l.months), 1)
	if l.days > 0 {
		months.Add(months, big.NewRat(int64(l.days), int64(l.of)))
	}
	return months
}

// listPrice is what so many machines cost for so long, before any discount and
// unrounded.
func listPrice(unit models.Fen, machines int, l length) *big.Rat {
	price := new(big.Rat).SetInt64(int64(unit))
	price.Mul(price, new(big.Rat).SetInt64(int64(machines)))
	return price.Mul(price, l.exactly())
}

// part is so many hundredths of a percent of a sum, unrounded.
func part(sum *big.Rat, hundredths int64) *big.Rat {
	return new(big.Rat).Mul(sum, big.NewRat(hundredths, full))
}

// rounded is a sum that is not negative in whole fen, half a fen up.
func rounded(sum *big.Rat) models.Fen {
	half := new(big.Rat).Add(sum, big.NewRat(1, 2))
	return models.Fen(new(big.Int).Quo(half.Num(), half.Denom()).Int64())
}
