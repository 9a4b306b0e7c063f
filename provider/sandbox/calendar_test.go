package sandbox

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestAddMonthsEndsRight(t *testing.T) {
	for _, c := range []struct {
		from   time.Time
		months int
		want   time.Time
	}{
		{noon(2026, 1, 31), 1, noon(2026, 2, 28)},
		{noon(2028, 1, 31), 1, noon(2028, 2, 29)},
		{noon(2026, 1, 31), 3, noon(2026, 4, 30)},
		{noon(2026, 3, 31), 6, noon(2026, 9, 30)},
		{noon(2026, 11, 30), 3, noon(2027, 2, 28)},
		{noon(2028, 2, 29), 12, noon(2029, 2, 28)},
		{noon(2028, 2, 29), 48, noon(2032, 2, 29)},
		{noon(2026, 12, 15), 1, noon(2027, 1, 15)},
		// 31 January 01:00 in Beijing is still 30 January in UTC: Beijing decides.
		{time.Date(2026, 1, 30, 17, 0, 0, 0, time.UTC), 1, time.Date(2026, 2, 27, 17, 0, 0, 0, time.UTC)},
		{time.Date(2026, 2, 28, 16, 30, 0, 0, time.UTC), 1, time.Date(2026, 3, 31, 16, 30, 0, 0, time.UTC)},
	} {
		if have := addMonths(c.from, c.months); !have.Equal(c.want) {
			t.Errorf("%s + %d: %s, want %s", c.from.In(beijing), c.months, have.In(beijing), c.want.In(beijing))
		}
	}
}

func TestAddMonthsProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		from := time.Unix(rapid.Int64Range(0, 4_000_000_000).Draw(t, "from"), 0)
		months := rapid.IntRange(1, 120).Draw(t, "months")
		to := addMonths(from, months)
		a, b := from.In(beijing), to.In(beijing)
		if have := (b.Year()-a.Year())*12 + int(b.Month()-a.Month()); have != months {
			t.Fatalf("%s to %s is %d months", a, b, have)
		}
		if a.Format(time.TimeOnly) != b.Format(time.TimeOnly) {
			t.Fatalf("%s to %s changes the time of day", a, b)
		}
		if b.Day() != a.Day() && (b.Day() > a.Day() || b.AddDate(0, 0, 1).Day() != 1) {
			t.Fatalf("%s to %s: neither the same day nor the month's last", a, b)
		}
		if !addMonths(from, months+1).After(to) {
			t.Fatal("a month more does not end later")
		}
	})
}
