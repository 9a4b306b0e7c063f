package sandbox

import (
	"math/big"
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
		{versionPro, 1, 1, 6000},
		{versionEnterprise, 1, 1, 15000},
		{versionEnterprise, 5, 11, 5 * 15000 * 11},
		{versionEnterprise, 5, 12, 5 * 15000 * 12 * 85 / 100}, // 15% off for a year or more
		{versionPro, 3, 36, 3 * 6000 * 36 * 85 / 100},
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

func drawInstance(t *rapid.T) *Instance {
	start := noon(2026, 1, 31).Add(time.Duration(rapid.IntRange(0, 1000).Draw(t, "start")) * time.Hour)
	months := rapid.IntRange(1, 36).Draw(t, "months")
	machines := rapid.IntRange(1, 50).Draw(t, "machines")
	version := rapid.SampledFrom([]string{versionPro, versionEnterprise}).Draw(t, "version")
	return &Instance{
		InstanceID: "sas-x", OwnerID: 1, CreatedAt: start, PaidFen: termFen(version, machines, months),
		Periods: []Period{{Start: start, End: addMonths(start, months), VersionCode: version, BuyNumber: machines, TermStart: start, TermMonths: months}},
	}
}

func TestRefundNeverPaysMoreThanWasPaid(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := drawInstance(t)
		at := in.CreatedAt.Add(time.Duration(rapid.IntRange(0, 40*30*24).Draw(t, "hours")) * time.Hour)
		back, inFull := refundFen(in, at, rapid.Bool().Draw(t, "had"))
		if back < 0 || back > in.PaidFen || inFull && back != in.PaidFen {
			t.Fatalf("%d of %d comes back, in full: %t", back, in.PaidFen, inFull)
		}
		later, _ := refundFen(in, at.Add(day), true)
		if now, _ := refundFen(in, at, true); later > now && later-now > in.PaidFen/5 {
			// It may rise only where a whole year of use earns its discount.
			t.Fatalf("%d now, %d a day later", now, later)
		}
		if !at.Before(in.End()) && back != 0 && !inFull {
			t.Fatalf("%d comes back for an expired instance", back)
		}
	})
}

func TestUpgradeFeeFallsWithTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := drawInstance(t)
		machines := in.Periods[0].BuyNumber + rapid.IntRange(1, 50).Draw(t, "more")
		length := in.End().Sub(in.CreatedAt)
		at := in.CreatedAt.Add(length / time.Duration(rapid.IntRange(2, 1000).Draw(t, "part"))).Truncate(time.Second)
		whole := termFen(versionEnterprise, machines, in.Periods[0].TermMonths) - in.PaidFen
		if fee := upgradeFen(in.Periods, in.CreatedAt, versionEnterprise, machines); fee != whole {
			t.Fatalf("at once: %d, want the whole difference %d", fee, whole)
		}
		fee := upgradeFen(in.Periods, at, versionEnterprise, machines)
		if fee < 1 || fee > whole || fee < upgradeFen(in.Periods, at.Add(time.Minute), versionEnterprise, machines) {
			t.Fatalf("at %s: %d of %d", at, fee, whole)
		}
		// An upgraded instance has no gap and the same end.
		next := in.upgraded(at, versionEnterprise, machines, fee)
		if !next.End().Equal(in.End()) || !next.Periods[0].Start.Equal(in.CreatedAt) {
			t.Fatalf("%+v", next.Periods)
		}
		for i := 1; i < len(next.Periods); i++ {
			if !next.Periods[i].Start.Equal(next.Periods[i-1].End) {
				t.Fatalf("a gap: %+v", next.Periods)
			}
		}
	})
}
