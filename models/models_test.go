package models_test

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"portal/models"
)

// may is the order's life once more, pair by pair, written from the drawing
// above the statuses and not from the table below it.
var may = map[models.Status]string{
	models.AwaitingApproval: "placed cancelled rejected needs_review",
	models.Placed:           "sending cancelled rejected needs_review",
	models.Sending:          "completed rejected placed unknown needs_review",
	models.Unknown:          "sending needs_review",
	models.NeedsReview:      "completed rejected",
	models.Completed:        "",
	models.Rejected:         "",
	models.Cancelled:        "",
}

func TestEveryPairOfStatuses(t *testing.T) {
	for _, from := range models.Statuses() {
		for _, to := range models.Statuses() {
			want := false
			for _, s := range strings.Fields(may[from]) {
				want = want || s == string(to)
			}
			if got := from.MayBecome(to); got != want {
				t.Errorf("%s → %s: %v, want %v", from, to, got, want)
			}
		}
		if final := may[from] == ""; final == from.Open() {
			t.Errorf("%s: open %v, but final %v", from, from.Open(), final)
		}
	}
}

func TestMonthsEndRightInBeijingTime(t *testing.T) {
	at := func(s string) time.Time {
		v, err := time.ParseInLocation("2006-01-02 15:04", s, models.Beijing)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	for _, tc := range []struct {
		from   string
		months int
		want   string
	}{
		{"2026-01-31 10:00", 1, "2026-02-28 10:00"},
		{"2028-01-31 10:00", 1, "2028-02-29 10:00"},
		{"2028-02-29 10:00", 12, "2029-02-28 10:00"},
		{"2026-08-31 23:59", 6, "2027-02-28 23:59"},
		{"2026-11-30 00:00", 3, "2027-02-28 00:00"},
		{"2026-12-15 08:30", 1, "2027-01-15 08:30"},
		{"2026-11-23 17:00", 36, "2029-11-23 17:00"},
		// 00:30 in Beijing is still the day before in UTC: the month end is Beijing's.
		{"2026-01-31 00:30", 1, "2026-02-28 00:30"},
		{"2026-03-01 00:30", 12, "2027-03-01 00:30"},
	} {
		got := models.AddMonths(at(tc.from), tc.months)
		if !got.Equal(at(tc.want)) || got.Location() != time.UTC {
			t.Errorf("%s + %d months = %s, want %s", tc.from, tc.months, got.In(models.Beijing), tc.want)
		}
	}
}

func TestMonthsOnlyGoForward(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		start := time.Unix(rapid.Int64Range(0, 4e9).Draw(t, "start"), 0)
		n := rapid.IntRange(1, 120).Draw(t, "months")
		end, next := models.AddMonths(start, n), models.AddMonths(start, n+1)
		if !end.After(start) || !next.After(end) {
			t.Fatalf("%s + %d = %s, +1 = %s", start, n, end, next)
		}
		a, b := start.In(models.Beijing), end.In(models.Beijing)
		if months := (b.Year()-a.Year())*12 + int(b.Month()) - int(a.Month()); months != n {
			t.Fatalf("%s + %d months lands %d months later", a, n, months)
		}
		if b.Day() > a.Day() || (b.Day() < a.Day() && b.AddDate(0, 0, 1).Day() != 1) {
			t.Fatalf("%s + %d = %s: neither the same day nor the month's last", a, n, b)
		}
	})
}

func TestTermsHaveOneSpelling(t *testing.T) {
	for _, s := range []string{"month-1", "month-6", "year-1", "year-3"} {
		term, err := models.ParseTerm(s)
		if err != nil || term.String() != s {
			t.Errorf("%s → %v, %v", s, term, err)
		}
	}
	for _, s := range []string{"", "month", "month-", "month-0", "month--1", "month-+6", "month-06", "Month-1", "day-3", "year-1 ", "year-1-2", "month-121", "month-99999999999999999999"} {
		if term, err := models.ParseTerm(s); err == nil {
			t.Errorf("%q was read as %v", s, term)
		}
	}
}

func TestOwnerIDs(t *testing.T) {
	for s, want := range map[string]int64{"1217259133477183": 1217259133477183, " 7\n": 7, "9223372036854775807": 9223372036854775807} {
		if got, err := models.ParseOwnerID(s); err != nil || got != want {
			t.Errorf("%q: %d, %v", s, got, err)
		}
	}
	for _, s := range []string{"", "12a", "0", "-5", "+5", "1e3", "9223372036854775808", "1217 2591"} {
		if _, err := models.ParseOwnerID(s); err == nil {
			t.Errorf("%q was taken", s)
		}
	}
}

func TestEmailAddresses(t *testing.T) {
	if got, err := models.NormalizeEmail("  Lin@Example.COM "); err != nil || got != "lin@example.com" {
		t.Error(got, err)
	}
	for _, s := range []string{"", "lin", "@example.com", "lin@", "a@b@c", "a b@example.com", "a@b\r\nc", strings.Repeat("a", 250) + "@example.com"} {
		if _, err := models.NormalizeEmail(s); err == nil {
			t.Errorf("%q was taken", s)
		}
	}
}

func TestYuan(t *testing.T) {
	for fen, want := range map[models.Fen]string{0: "0.00", 5: "0.05", 1530000: "15300.00", -270050: "-2700.50", -9: "-0.09", -9223372036854775808: "-92233720368547758.08"} {
		if got := fen.Yuan(); got != want {
			t.Errorf("%d fen: %s, want %s", int64(fen), got, want)
		}
	}
}

func TestOrderNumbersCanBeReadOut(t *testing.T) {
	// 00:30 on the 24th in Beijing is still the 23rd in UTC.
	at := time.Date(2026, 11, 23, 16, 30, 0, 0, time.UTC)
	seen := map[string]bool{}
	for range 1000 {
		n := models.NewOrderNumber(at)
		if !strings.HasPrefix(n, "P20261124-") || len(n) != 18 || strings.ContainsAny(n[10:], "ILOU") || seen[n] {
			t.Fatal(n)
		}
		seen[n] = true
	}
}

func TestClientTokensFitTheProvider(t *testing.T) {
	a, b := models.NewClientToken(), models.NewClientToken()
	if a == b || len(a) > 64 || len(a) < 20 {
		t.Fatal(a, b)
	}
	for _, r := range a {
		if r > 127 {
			t.Fatal(a)
		}
	}
}
