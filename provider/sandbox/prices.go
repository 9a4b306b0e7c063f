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

	discountMonths        = 12
	discountPercent int64 = 85
)

const (
	day            = 24 * time.Hour
	fullRefundTime = 5 * day
	// Used time is priced by months of 30 days, and gets the discount of a
	// year only when a year was really used.
	usedMonth = 30 * day
	usedYear  = 365 * day
)

func monthlyFen(versionCode string) int64 {
	if versionCode == versionEnterprise {
		return enterpriseFen
	}
	return proFen
}

// termFen is what a whole term costs, in fen.
func termFen(versionCode string, machines, months int) int64 {
	full := int64(machines) * monthlyFen(versionCode) * int64(months)
	if months >= discountMonths {
		return mulDiv(full, discountPercent, 100)
	}
	return full
}

// upgradeFen is the fee for lifting an instance to the given edition and count
// from now on, in fen: the difference between the new and the old price of each
// term, for the part of it that is left. Never 0: nothing is sold for nothing.
func upgradeFen(periods []Period, now time.Time, versionCode string, machines int) int64 {
	var fee int64
	for _, p := range periods {
		if !p.End.After(now) {
			continue
		}
		from := p.Start
		if now.After(from) {
			from = now
		}
		more := termFen(versionCode, machines, p.TermMonths) - termFen(p.VersionCode, p.BuyNumber, p.TermMonths)
		fee += mulDiv(more, int64(p.End.Sub(from)), int64(p.End.Sub(p.TermStart)))
	}
	return max(fee, 1)
}

// refundFen is what comes back for an instance, in fen. In full says whether it
// falls under the five days' rule, which an owner has once a calendar year.
// Later, it is what was paid less what was used, and the used time is priced by
// its own length: a yearly discount is clawed back from whoever leaves early.
func refundFen(in *Instance, now time.Time, hadFullThisYear bool) (fen int64, inFull bool) {
	if now.Sub(in.CreatedAt) < fullRefundTime && !hadFullThisYear {
		return in.PaidFen, true
	}
	if !now.Before(in.End()) {
		return 0, false // February's 28 days are a whole month, not 28/30 of one
	}
	var used int64
	var length time.Duration
	for _, p := range in.Periods {
		end := p.End
		if now.Before(end) {
			end = now
		}
		if !end.After(p.Start) {
			continue
		}
		length += end.Sub(p.Start)
		used += mulDiv(int64(p.BuyNumber)*monthlyFen(p.VersionCode), int64(end.Sub(p.Start)), int64(usedMonth))
	}
	if length >= usedYear {
		used = mulDiv(used, discountPercent, 100)
	}
	return max(in.PaidFen-used, 0), false
}

// mulDiv is a*num/den, rounded once, half up, without overflow on the way.
// All three are at least 0, den more.
func mulDiv(a, num, den int64) int64 {
	product := new(big.Int).Mul(big.NewInt(a), big.NewInt(num))
	product.Mul(product, big.NewInt(2)).Add(product, big.NewInt(den))
	return product.Div(product, new(big.Int).Mul(big.NewInt(2), big.NewInt(den))).Int64()
}
