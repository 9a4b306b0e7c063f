package models

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Cycle is the unit that a term is counted in, spelled as the provider spells
// it (provider document: CreateInstance, PricingCycle).
type Cycle string

// The provider's two pricing cycles.
const (
	Month Cycle = "Month"
	Year  Cycle = "Year"
)

// Term is how long is bought: a number of cycles.
type Term struct {
	Cycle    Cycle
	Duration int
}

// Months is the term's length in calendar months.
func (t Term) Months() int {
	if t.Cycle == Year {
		return 12 * t.Duration
	}
	return t.Duration
}

// String writes the term as forms and price books name it: "month-6", "year-1".
func (t Term) String() string {
	return strings.ToLower(string(t.Cycle)) + "-" + strconv.Itoa(t.Duration)
}

// ParseTerm reads what String writes. Whether the term is sold is the price
// book's to say.
func ParseTerm(s string) (Term, error) {
	unit, number, _ := strings.Cut(s, "-")
	var t Term
	switch unit {
	case "month":
		t.Cycle = Month
	case "year":
		t.Cycle = Year
	default:
		return Term{}, fmt.Errorf("term %q: want month-N or year-N", s)
	}
	n, err := strconv.Atoi(number)
	// One spelling for each term: "month-06" and "month-+6" are not terms.
	if err != nil || n < 1 || n > 120 || strconv.Itoa(n) != number {
		return Term{}, fmt.Errorf("term %q: want month-N or year-N with N from 1", s)
	}
	t.Duration = n
	return t, nil
}

// Beijing is the time zone that the provider counts periods in, UTC+8 without
// daylight saving. It is fixed, so that it needs no zone database.
var Beijing = time.FixedZone("UTC+8", 8*60*60)

// AddMonths adds calendar months in Beijing time and keeps the clock time. A
// day that the target month lacks becomes that month's last day: 31 January
// plus one month is 28 (or 29) February. The result is UTC.
func AddMonths(t time.Time, months int) time.Time {
	b := t.In(Beijing)
	year, month, day := b.Date()
	first := time.Date(year, month+time.Month(months), 1,
		b.Hour(), b.Minute(), b.Second(), b.Nanosecond(), Beijing)
	last := first.AddDate(0, 1, -1).Day()
	return first.AddDate(0, 0, min(day, last)-1).UTC()
}

// NextYear is when the next calendar year of Beijing begins (UTC).
func NextYear(now time.Time) time.Time {
	return time.Date(now.In(Beijing).Year()+1, 1, 1, 0, 0, 0, 0, Beijing).UTC()
}
