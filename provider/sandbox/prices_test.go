package sandbox

import (
	"math/big"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestTermPrices(t *testing.T) {
	for _, c := range []struct {
		version          string
		machines, months int
		fen              int64
	}{
		{VersionPro, 1, 1, 6000},
		{VersionEnterprise, 1, 1, 15000},
		{VersionEnterprise, 5, 11, 5 * 15000 * 11},
		{VersionEnterprise, 5, 12, 5 * 15000 * 12 * 85 / 100}, // 15% off for a year or more
		{VersionPro, 3, 36, 3 * 6000 * 36 * 85 / 100},
	} {
		if have := termFen(c.version, c.machines, c.months); have != c.fen {
			t.Errorf("%+v: %d", c, have)
		}
	}
}

func TestMulDivRoundsHalfUpOnce(t *testing.T) {
	for _, c := range [][4]int64{{1, 1, 2, 1}, {1, 1, 3, 0}, {2, 1, 3, 1}, {5, 1, 10, 1}, {4, 1, 10, 0}, {0, 7, 9, 0}} {
		if have := mulDiv(c[0], c[1], c[2]); have != c[3] {
			t.Errorf("%v: %d", c, have)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		a := rapid.Int64Range(0, 1<<40).Draw(t, "a")
		den := rapid.Int64Range(1, 1<<60).Draw(t, "den")
		num := rapid.Int64Range(0, den).Draw(t, "num")
		// |2*(result*den - a*num)| <= den, up where it is equal.
		diff := new(big.Int).Sub(new(big.Int).Mul(big.NewInt(mulDiv(a, num, den)), big.NewInt(den)), new(big.Int).Mul(big.NewInt(a), big.NewInt(num)))
		diff.Mul(diff, big.NewInt(2))
		if diff.Cmp(big.NewInt(den)) > 0 || diff.Cmp(big.NewInt(-den)) <= 0 {
			t.Fatalf("%d*%d/%d is not %d", a, num, den, mulDiv(a, num, den))
		}
	})
}

func TestElapsedIsMonthsAndDaysOfTheMonth(t *testing.T) {
	// months + days/of, of a term from noon of the given day.
	part := func(months, days, of int) span { return span(months)*aMonth + span(days)*aMonth/span(of) }
	for _, c := range []struct {
		start, at   time.Time
		termMonths  int
		whole, with span // without, and with, the day that has begun
	}{
		{noon(2026, 1, 31), noon(2026, 1, 30), 3, 0, 0},
		{noon(2026, 1, 31), noon(2026, 1, 31), 3, 0, 0},
		{noon(2026, 1, 31), noon(2026, 1, 31).Add(time.Second), 3, 0, part(0, 1, 28)}, // to 28 February
		{noon(2026, 1, 31), noon(2026, 2, 10), 3, part(0, 10, 28), part(0, 10, 28)},
		{noon(2026, 1, 31), noon(2026, 2, 28).Add(-time.Second), 3, part(0, 27, 28), part(1, 0, 28)},
		{noon(2026, 1, 31), noon(2026, 2, 28), 3, part(1, 0, 28), part(1, 0, 28)},
		{noon(2026, 1, 31), noon(2026, 3, 15).Add(time.Hour), 3, part(1, 15, 31), part(1, 16, 31)}, // to 31 March again
		{noon(2026, 1, 30), noon(2026, 2, 1), 1, part(0, 2, 29), part(0, 2, 29)},
		{noon(2028, 1, 31), noon(2028, 2, 1), 1, part(0, 1, 29), part(0, 1, 29)}, // a leap year
		{noon(2026, 4, 15), noon(2026, 12, 31), 12, part(8, 16, 31), part(8, 16, 31)},
		{noon(2026, 4, 15), noon(2027, 4, 15), 12, aYear, aYear},
		{noon(2026, 4, 15), noon(2030, 1, 1), 12, aYear, aYear},
	} {
		p := Period{TermStart: c.start, TermMonths: c.termMonths}
		if have := p.elapsed(c.at, false); have != c.whole {
			t.Errorf("%s to %s: %d whole days, want %d", c.start, c.at, have, c.whole)
		}
		if have := p.elapsed(c.at, true); have != c.with {
			t.Errorf("%s to %s: %d with the begun day, want %d", c.start, c.at, have, c.with)
		}
	}
}

// sold is an instance bought then, and renewed at once for each further term.
func sold(version string, machines int, at time.Time, terms ...int) *Instance {
	fen := termFen(version, machines, terms[0])
	in := &Instance{
		InstanceID: "sas-x", OwnerID: 1, CreatedAt: at, PaidFen: fen,
		Periods: []Period{{
			Start: at, End: addMonths(at, terms[0]), VersionCode: version, BuyNumber: machines,
			TermStart: at, TermMonths: terms[0], PaidFen: fen,
		}},
	}
	for _, months := range terms[1:] {
		in = in.extended(months, machines, termFen(version, machines, months))
	}
	return in
}

// Every figure below was computed by hand from the rule, in fen.
func TestUpgradeFees(t *testing.T) {
	type lift struct {
		at       time.Time
		version  string
		machines int
		fen      int64
	}
	start := noon(2026, 1, 31)
	for name, c := range map[string]struct {
		in    *Instance
		lifts []lift
	}{
		"at once it is the difference of the whole prices": {
			sold(VersionPro, 5, start, 12),
			[]lift{{start, VersionEnterprise, 7, 7*15000*12*85/100 - 5*6000*12*85/100}},
		},
		"the day that has begun is left": {
			sold(VersionPro, 5, start, 1), // 14 of February's 28 days are over, and an hour
			[]lift{{noon(2026, 2, 14).Add(time.Hour), VersionEnterprise, 5, 5 * 9000 / 2}},
		},
		"the last second costs a day": {
			sold(VersionPro, 1, start, 1),
			[]lift{{noon(2026, 2, 28).Add(-time.Second), VersionPro, 2, 214}}, // 6000/28 = 214.29
		},
		"a month with 31 days": {
			sold(VersionPro, 1, noon(2026, 3, 15), 1),
			[]lift{{noon(2026, 3, 16), VersionPro, 2, 5806}}, // 6000 × 30/31 = 5806.45
		},
		"half a fen is one": {
			sold(VersionPro, 1, start, 12), // 11 months and 7/28 are left: 9000 × 11.25 × 85% = 86062.5
			[]lift{{noon(2026, 2, 21), VersionEnterprise, 1, 86063}},
		},
		"a renewal that has not begun is lifted whole, with its own discount": {
			sold(VersionPro, 5, start, 1, 12),
			[]lift{{noon(2026, 2, 14), VersionEnterprise, 5, 5*9000/2 + 5*9000*12*85/100}},
		},
		"and a running year with its own": {
			sold(VersionPro, 5, start, 12, 1), // 31 July: 6 months are over
			[]lift{{noon(2026, 7, 31), VersionPro, 6, 6000*6*85/100 + 6000}},
		},
		"a term that has ended costs nothing": {
			sold(VersionPro, 5, start, 1, 1), // in the second month, 28 February to 28 March, half is left
			[]lift{{noon(2026, 3, 14), VersionPro, 6, 3000}},
		},
		"two, one on the other": {
			// 15 March, April and May begin months of 31, 30 and 31 days.
			sold(VersionPro, 2, noon(2026, 3, 15), 3),
			[]lift{
				{noon(2026, 4, 25).Add(6 * time.Hour), VersionEnterprise, 2, 30000}, // 18000 × (1 + 20/30)
				{noon(2026, 5, 20), VersionEnterprise, 3, 12581},                    // 15000 × 26/31 = 12580.65
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			in := c.in
			for _, l := range c.lifts {
				next, fen := in.upgraded(l.at, l.version, l.machines)
				if fen != l.fen || next.PaidFen != in.PaidFen+fen {
					t.Errorf("%s: %d, want %d; paid %d, then %d", l.at, fen, l.fen, in.PaidFen, next.PaidFen)
				}
				in = next
			}
		})
	}
}

func TestRefunds(t *testing.T) {
	start := noon(2026, 1, 31)
	lifted := func(in *Instance, at time.Time, version string, machines int) *Instance {
		next, _ := in.upgraded(at, version, machines)
		return next
	}
	const month, year = 5 * 6000, 5 * 6000 * 12 * 85 / 100 // five machines, Pro
	for name, c := range map[string]struct {
		in  *Instance
		at  time.Time
		had bool // a full refund this year
		fen int64
	}{
		"within five days everything": {
			lifted(sold(VersionPro, 5, start, 1, 12), noon(2026, 2, 3), VersionEnterprise, 5),
			noon(2026, 2, 5).Add(-time.Second), false,
			// 3 of 28 days are over at the upgrade: 45000 × 25/28 = 40178.57
			month + year + 40179 + 5*9000*12*85/100,
		},
		"but once a year": {sold(VersionPro, 5, start, 1), noon(2026, 2, 5).Add(-time.Second), true, month - 5357}, // 5/28
		"at the fifth day no more": {
			sold(VersionPro, 5, start, 1), noon(2026, 2, 5), false, month - 5357,
		},
		"at the very start nothing is used": {sold(VersionPro, 5, start, 1), start, true, month},
		"a begun day is used":               {sold(VersionPro, 5, start, 1), start.Add(time.Second), true, month - 1071}, // 30000/28 = 1071.43
		"a renewal that has not begun comes back whole": {
			// 27 of 28 days: 28928.57
			sold(VersionPro, 5, start, 1, 12), noon(2026, 2, 27), false, month - 28929 + year,
		},
		"with its part of an upgrade": {
			// The running month: 30000 + 22500 less 15000 for 14 days of Pro and 5/28 × 75000 = 13392.86.
			lifted(sold(VersionPro, 5, start, 1, 12), noon(2026, 2, 14), VersionEnterprise, 5),
			noon(2026, 2, 19), false, 52500 - 28393 + 5*15000*12*85/100,
		},
		"a term that has ended gives nothing": {
			// 28 February to 28 March; on 14 March half is used.
			sold(VersionPro, 5, start, 1, 1), noon(2026, 3, 14), false, month / 2,
		},
		"the discount of a year is lost by who leaves early": {
			// 2 months and a day of 31 March's 30: 30000 × (2 + 1/30)
			sold(VersionPro, 5, start, 12), noon(2026, 4, 1), false, year - 61000,
		},
		"down to nothing, and no further": {sold(VersionPro, 5, start, 12), noon(2026, 12, 31), false, 0}, // 11 × 30000 is more than 306000
		"which another term does not pay for": {
			sold(VersionPro, 5, start, 12, 1), noon(2026, 12, 31), false, month,
		},
		"not lost from twelve used months": {sold(VersionPro, 5, start, 24), noon(2027, 1, 31), false, 2*year - year},
		"lost the day before": {
			// 11 + 30/31 months: 359032.26
			sold(VersionPro, 5, start, 24), noon(2027, 1, 30), false, 2*year - 359032,
		},
		"used time of an earlier term does not earn it": {
			sold(VersionPro, 5, start, 12, 12), noon(2027, 2, 28), false, year - 30000, // a month of the second year
		},
		"two upgrades": {
			// Paid 36000 + 30000 + 12581, see above. Used: 12000 × 4/3 + 30000 × (2/3 + 5/31)
			// + 45000 × 1/31 = 42290.32; both days of an upgrade go to what it made.
			lifted(lifted(sold(VersionPro, 2, noon(2026, 3, 15), 3), noon(2026, 4, 25).Add(6*time.Hour), VersionEnterprise, 2), noon(2026, 5, 20), VersionEnterprise, 3),
			noon(2026, 5, 20).Add(time.Hour), false, 78581 - 42290,
		},
		"a renewal for fewer machines at its own count": {
			sold(VersionPro, 5, start, 1).extended(1, 2, 12000), noon(2026, 2, 14), false, month/2 + 12000,
		},
		"after the end nothing": {sold(VersionPro, 5, start, 1), noon(2026, 2, 28), false, 0},
	} {
		t.Run(name, func(t *testing.T) {
			have, inFull := refundFen(c.in, c.at, c.had)
			if have != c.fen {
				t.Errorf("%d, want %d", have, c.fen)
			}
			if want := name == "within five days everything"; inFull != want {
				t.Errorf("in full: %t", inFull)
			}
		})
	}
}

func drawVersion(t *rapid.T) string {
	return rapid.SampledFrom([]string{VersionPro, VersionEnterprise}).Draw(t, "version")
}

// drawInstance is bought, then renewed and upgraded here and there. It also says
// when that last happened.
func drawInstance(t *rapid.T) (*Instance, time.Time) {
	at := noon(2026, 1, 31).Add(time.Duration(rapid.IntRange(0, 1000).Draw(t, "start")) * time.Hour)
	term := rapid.IntRange(1, 36)
	in := sold(drawVersion(t), rapid.IntRange(1, 50).Draw(t, "machines"), at, rapid.SliceOfN(term, 1, 3).Draw(t, "terms")...)
	for range rapid.IntRange(0, 3).Draw(t, "upgrades") {
		at = drawTime(t, in, at)
		version, machines := in.Covered(in.End())
		if rapid.Bool().Draw(t, "enterprise") {
			version = VersionEnterprise
		}
		machines += rapid.IntRange(0, 20).Draw(t, "more")
		if in.isUp(at, version, machines) {
			in, _ = in.upgraded(at, version, machines)
		}
	}
	return in, at
}

// drawTime is a time between the given one and the instance's end.
func drawTime(t *rapid.T, in *Instance, after time.Time) time.Time {
	return after.Add(time.Duration(rapid.Int64Range(0, int64(in.End().Sub(after)/time.Second)-1).Draw(t, "seconds")) * time.Second)
}

func TestRefundNeverPaysMoreThanWasPaid(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in, at := drawInstance(t)
		at = drawTime(t, in, at)
		back, inFull := refundFen(in, at, rapid.Bool().Draw(t, "had"))
		if back < 0 || back > in.PaidFen || inFull && back != in.PaidFen {
			t.Fatalf("%d of %d comes back, in full: %t", back, in.PaidFen, inFull)
		}
		var whole int64 // what was paid for terms that have not ended
		for _, term := range in.terms() {
			var paid int64
			for _, p := range term {
				paid += p.PaidFen
			}
			if fen := termRefundFen(term, at); fen < 0 || fen > paid || term[0].Start.After(at) && fen != paid {
				t.Fatalf("%d of %d comes back for %+v", fen, paid, term)
			}
			whole += paid
		}
		if whole != in.PaidFen {
			t.Fatalf("the terms cost %d, the instance %d", whole, in.PaidFen)
		}
		if back, inFull := refundFen(in, in.End(), true); back != 0 || inFull {
			t.Fatalf("%d comes back for an expired instance", back)
		}
	})
}

// It may rise only where a twelfth month of use earns the discount of a year.
func TestRefundFallsWithTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in, at := drawInstance(t)
		at = drawTime(t, in, at)
		later := at.Add(time.Duration(rapid.IntRange(1, 100*24).Draw(t, "hours")) * time.Hour)
		a, _ := refundFen(in, at, true)
		b, _ := refundFen(in, later, true)
		earned := false
		for _, term := range in.terms() {
			earned = earned || term[0].elapsed(at, true) < aYear && term[0].elapsed(later, true) >= aYear
		}
		if b > a && !earned {
			t.Fatalf("%d at %s, %d at %s", a, at, b, later)
		}
	})
}

func TestUpgradeFeeFallsWithTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in, at := drawInstance(t)
		at = drawTime(t, in, at)
		most := 0
		for _, p := range in.Periods {
			most = max(most, p.BuyNumber)
		}
		machines := most + rapid.IntRange(1, 50).Draw(t, "more")
		next, fee := in.upgraded(at, VersionEnterprise, machines)
		if fee < 1 || next.PaidFen != in.PaidFen+fee {
			t.Fatalf("%d for %+v", fee, next)
		}
		if _, later := in.upgraded(drawTime(t, in, at), VersionEnterprise, machines); later > fee {
			t.Fatalf("%d at %s, later %d", fee, at, later)
		}
		// An upgraded instance has no gap and the same ends.
		if !next.End().Equal(in.End()) || !next.Periods[0].Start.Equal(in.CreatedAt) || len(next.terms()) != len(in.terms()) {
			t.Fatalf("%+v", next.Periods)
		}
		for i := 1; i < len(next.Periods); i++ {
			if !next.Periods[i].Start.Equal(next.Periods[i-1].End) {
				t.Fatalf("a gap: %+v", next.Periods)
			}
		}
	})
}

// Whoever upgrades at once is where they would be had they bought it so, for
// renewals that wait as for the purchase.
func TestUpgradedAtOnceIsBoughtSo(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		start := noon(2026, 1, 31)
		terms := rapid.SliceOfN(rapid.IntRange(1, 36), 1, 3).Draw(t, "terms")
		machines, more := rapid.IntRange(1, 50).Draw(t, "machines"), rapid.IntRange(0, 50).Draw(t, "more")
		have, _ := sold(VersionPro, machines, start, terms...).upgraded(start, VersionEnterprise, machines+more)
		if want := sold(VersionEnterprise, machines+more, start, terms...); !reflect.DeepEqual(have, want) {
			t.Fatalf("%+v, want %+v", have, want)
		}
	})
}
