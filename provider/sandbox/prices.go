package sandbox

import (
	"math/big"
	"time"
)

// The sandbox's own price table. No call answers a price; the figures are those
// of the shared page "Prices": Enterprise 150 CNY and (by the sister product)
// Pro 60 CNY for a machine and a month, 15% off for a year or more.
const (
	proFen        int64 = 60_00  // level1, a machine and a month
	enterpriseFen int64 = 150_00 // level2, a machine and a month

	discountPercent int64 = 85 // of the price, for a year or more
)

const (
	day            = 24 * time.Hour
	fullRefundTime = 5 * day
)

// span is a length of time as prices go by it: in calendar months, and within a
// month in days out of those which that month has. It counts in parts of a
// month, so many that a day of 28, 29, 30 or 31 is a whole number of them: no
// time is ever rounded.
type span int64

const (
	aMonth span = 4 * 3 * 5 * 7 * 29 * 31
	aYear       = 12 * aMonth
)

// elapsed is how much of the period's term is over at the given time. Only whole
// days count; with beginning ones a day that has begun counts as one, too.
func (p Period) elapsed(at time.Time, beginning bool) span {
	if !at.After(p.TermStart) {
		return 0
	}
	for k := range p.TermMonths {
		from, to := addMonths(p.TermStart, k), addMonths(p.TermStart, k+1)
		if !at.Before(to) {
			continue
		}
		days := span(at.Sub(from) / day)
		if beginning && at.Sub(from)%day > 0 {
			days++
		}
		return span(k)*aMonth + days*aMonth/span(to.Sub(from)/day)
	}
	return span(p.TermMonths) * aMonth
}

// monthlyFen is what a number of machines costs in a month.
func monthlyFen(versionCode string, machines int) int64 {
	if versionCode == VersionEnterprise {
		return enterpriseFen * int64(machines)
	}
	return proFen * int64(machines)
}

// weight is fen a month, for so long: a price before its discount. Weights may be
// added up before they are priced, and so rounded once.
func weight(monthlyFen int64, s span) int64 { return monthlyFen * int64(s) }

// priced is a weight's price with the discount that a term of the given length has.
func priced(weight int64, term span) int64 {
	if term >= aYear {
		return mulDiv(weight, discountPercent, 100*int64(aMonth))
	}
	return mulDiv(weight, 1, int64(aMonth))
}

// termFen is what a whole term costs, in fen.
func termFen(versionCode string, machines, termMonths int) int64 {
	term := span(termMonths) * aMonth
	return priced(weight(monthlyFen(versionCode, machines), term), term)
}

// liftFen is one term's part of an upgrade's fee: the new price of a month less
// the old one, for what is left of the term, with the discount which the term was
// bought with. The day that has begun is left, so that nothing is lifted for nothing.
func liftFen(p Period, now time.Time, versionCode string, machines int) int64 {
	term := span(p.TermMonths) * aMonth
	more := monthlyFen(versionCode, machines) - monthlyFen(p.VersionCode, p.BuyNumber)
	return priced(weight(more, term-p.elapsed(now, false)), term)
}

// refundFen is what comes back for an instance, in fen. In full says whether it
// falls under the five days' rule, which an owner has once a calendar year; later
// each term gives back its own.
func refundFen(in *Instance, now time.Time, hadFullThisYear bool) (fen int64, inFull bool) {
	if now.Sub(in.Periods[0].Start) < fullRefundTime && !hadFullThisYear {
		return in.PaidFen, true
	}
	for _, term := range in.terms() {
		fen += termRefundFen(term, now)
	}
	return fen, false
}

// termRefundFen is what one term gives back: what was paid for it less what was
// used of it. That is all of it for a term that has not begun, and nothing for one
// that has ended. What was used is priced as a term of its own length: a yearly
// discount is lost by whoever leaves early.
func termRefundFen(term []Period, now time.Time) int64 {
	last := term[len(term)-1]
	if !now.Before(last.End) {
		return 0
	}
	var paid, sum int64
	used := last.elapsed(now, true)
	for i, p := range term {
		until := used
		if i < len(term)-1 {
			until = p.elapsed(p.End, false) // an upgrade's day belongs to what it made
		}
		paid += p.PaidFen
		sum += weight(monthlyFen(p.VersionCode, p.BuyNumber), until-p.elapsed(p.Start, false))
	}
	return max(paid-priced(sum, used), 0)
}

// mulDiv is a*num/den, rounded once, half up, without overflow on the way.
// All three are at least 0, den more.
func mulDiv(a, num, den int64) int64 {
	product := new(big.Int).Mul(big.NewInt(a), big.NewInt(num))
	product.Mul(product, big.NewInt(2)).Add(product, big.NewInt(den))
	return product.Div(product, new(big.Int).Mul(big.NewInt(2), big.NewInt(den))).Int64()
}
