package pricing_test

import (
	"errors"
	"math/big"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"portal/models"
	"portal/pricing"
)

// After 3 months and 9 days and 23 hours of a discounted year: the tenth day
// counts, and the discount was for a year.
func TestRefundLines(t *testing.T) {
	h := holder{book: pricing.Embedded()}
	h.buy(t, models.Pro, term("year-1"), 25, at("2026-03-10 10:00"), 0)
	h.renew(t, term("month-1"), 20, at("2026-04-01"))
	now := at("2026-06-20 09:00")
	got := refund(t, h.book, h.at(now), false, now)
	starts, ends := at("2026-03-10 10:00"), at("2027-03-10 10:00")
	want := pricing.Price{
		Lines: []models.Line{
			{Kind: models.LinePaid, Order: "buy-1", PaidFor: models.Buy, Starts: starts, Ends: ends, Amount: 15_300_00},
			{Kind: models.LineUsed, Edition: models.Pro, Machines: 25, Months: 3, Days: 10, DaysOf: 30, UnitFen: 60_00, Percent: "15", Starts: starts, Ends: ends, Amount: -4_250_00},
			{Kind: models.LineLostDiscount, Months: 3, Days: 10, DaysOf: 30, Percent: "15", Starts: starts, Ends: ends, Amount: -750_00},
			{Kind: models.LinePaid, Order: "renew-2", PaidFor: models.Renew, Starts: ends, Ends: at("2027-04-10 10:00"), Amount: 1_200_00},
		},
		ListFen: 16_500_00, TotalFen: 11_500_00,
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// Within five days of 24 hours of the purchase everything comes back, whatever
// else was paid since.
func TestARefundInFull(t *testing.T) {
	h := holder{book: pricing.Embedded()}
	h.buy(t, models.Pro, term("year-1"), 25, at("2026-03-10 10:00"), 0)
	h.upgrade(t, models.Enterprise, 25, at("2026-03-12 10:00"))
	h.renew(t, term("year-1"), 25, at("2026-03-12 11:00"))
	for _, c := range []struct {
		at           string
		fullThisYear bool
		inFull       bool
	}{
		{"2026-03-10 10:00", false, true},
		{"2026-03-15 09:59", false, true},
		{"2026-03-15 10:00", false, false},
		{"2026-03-12 12:00", true, false},
	} {
		now := at(c.at)
		p := refund(t, h.book, h.at(now), c.fullThisYear, now)
		if (p.TotalFen == p.ListFen) != c.inFull || models.InFull(p.Lines) != c.inFull {
			t.Errorf("%s, had one this year %t: %+v", c.at, c.fullThisYear, p)
		}
		last := p.Lines[len(p.Lines)-1]
		if c.inFull && (len(p.Lines) != 4 || !reflect.DeepEqual(last, models.Line{Kind: models.LineInFull, Days: 5})) {
			t.Errorf("%+v", p.Lines)
		}
	}
}

// A book without days of full refund has none, not even at once.
func TestABookWithoutFullRefunds(t *testing.T) {
	b := parse(t, oneTerm("pro", "60.00", "month-1", "0")+"[refund]\nfull_days = 0\n")
	h := holder{book: b}
	h.buy(t, models.Pro, term("month-1"), 25, at("2026-03-10 10:00"), 0)
	for clock, used := range map[string]int{"10:00": 0, "10:01": 1} {
		now := at("2026-03-10 " + clock)
		p := refund(t, b, h.at(now), false, now)
		if models.InFull(p.Lines) || len(p.Lines) != 1+used {
			t.Errorf("%s: %+v", clock, p)
		}
	}
}

func TestNothingComesBackAfterTheEnd(t *testing.T) {
	h := holder{book: pricing.Embedded()}
	h.buy(t, models.Pro, term("month-1"), 25, at("2026-03-10 10:00"), 0)
	now := at("2026-04-10 10:00")
	if _, err := h.book.Refund(h.at(now), false, now); !errors.Is(err, models.ErrExpired) {
		t.Errorf("%v", err)
	}
	if _, err := h.book.Refund(models.Subscription{}, false, now); !errors.Is(err, models.ErrExpired) {
		t.Errorf("of nothing: %v", err)
	}
	p := refund(t, h.book, h.at(now), true, now.Add(-time.Minute)) // all of it is used
	if p.TotalFen != 0 {
		t.Errorf("%+v", p)
	}
}

// The discount that is lost is the part that a term as long as the used time
// would not have had: 25 − 10 percent after half a year.
func TestALostDiscountIsTheDifference(t *testing.T) {
	b := parse(t, oneTerm("pro", "60.00", "year-1", "25")+"month-1 = \"0\"\nmonth-6 = \"10\"\n")
	h := holder{book: b}
	h.buy(t, models.Pro, term("year-1"), 10, at("2026-01-10"), 0)
	for day, want := range map[string]struct {
		percent string
		lost    models.Fen
	}{
		"2026-07-09 00:00": {"25", 6*600_00/4 - 5_00}, // 5 months and 29 of 30 days: 3,580.00
		"2026-07-09 00:01": {"15", 540_00},            // half a year, with the day that has begun
		"2026-07-10 00:00": {"15", 540_00},
	} {
		p := refund(t, b, h.at(at(day)), false, at(day))
		var lost models.Line
		for _, l := range p.Lines {
			if l.Kind == models.LineLostDiscount {
				lost = l
			}
		}
		if lost.Percent != want.percent || lost.Amount != -want.lost {
			t.Errorf("%s: %+v", day, lost)
		}
	}
	// Nobody gains by a discount that the period was not bought with.
	m := holder{book: b}
	m.buy(t, models.Pro, term("month-1"), 10, at("2026-01-10"), 0)
	better := parse(t, oneTerm("pro", "60.00", "month-1", "50"))
	now := at("2026-02-09 12:00")
	if p := refund(t, better, m.at(now), false, now); total(p.Lines, models.LineUsed) != -600_00 || len(p.Lines) != 2 {
		t.Errorf("%+v", p)
	}
}

// Prices of today are not those that something was sold at.
func TestUsedTimeIsChargedAtThePriceItWasSoldAt(t *testing.T) {
	h := holder{book: pricing.Embedded()}
	h.buy(t, models.Pro, term("month-1"), 25, at("2026-04-10"), 0)
	dearer := parse(t, oneTerm("pro", "90.00", "month-1", "0"))
	now := at("2026-04-25")
	if p := refund(t, dearer, h.at(now), false, now); p.TotalFen != 750_00 {
		t.Errorf("%+v", p)
	}
}

// What nobody saw being paid counts as what the book charges today, and is
// marked.
func TestARefundOfAPresumedRenewal(t *testing.T) {
	h := holder{book: pricing.Embedded()}
	h.buy(t, models.Pro, term("month-1"), 25, at("2026-01-10"), 12)
	now := at("2026-03-10")
	p := refund(t, h.book, h.at(now), false, now)
	// 1,500.00 are over; of 15,300.00 one month at full price is used.
	if p.TotalFen != 13_800_00 || p.ListFen != 16_800_00 {
		t.Errorf("%+v", p)
	}
	for _, l := range p.Lines {
		if l.Presumed != l.Starts.Equal(at("2026-02-10")) {
			t.Errorf("%+v", l)
		}
	}
	if l := p.Lines[2]; l.Kind != models.LinePaid || l.Order != "" || l.PaidFor != models.Renew || l.Amount != 15_300_00 {
		t.Errorf("%+v", l)
	}
	dearer := parse(t, oneTerm("pro", "90.00", "month-1", "0")) // and no such term
	if p := refund(t, dearer, h.at(now), false, now); p.TotalFen != 11*2_250_00 {
		t.Errorf("%+v", p)
	}
}

// A term that is off sale by now was renewed with the discount it had: nothing
// that was never paid comes back.
func TestARefundOfAPresumedRenewalOfATermOffSale(t *testing.T) {
	h := holder{book: pricing.Embedded()}
	h.buy(t, models.Pro, term("year-1"), 25, at("2026-01-10"), 12)
	now := at("2027-01-11")
	p := refund(t, parse(t, oneTerm("pro", "60.00", "month-1", "0")), h.at(now), false, now)
	if p.ListFen != 2*15_300_00 || p.TotalFen >= 15_300_00 {
		t.Errorf("%+v", p)
	}
	// Where the period before it was another term, it is what fits into it.
	h = holder{book: pricing.Embedded()}
	h.buy(t, models.Pro, term("month-1"), 25, at("2026-01-10"), 18)
	now = at("2026-02-11")
	if p := refund(t, h.book, h.at(now), false, now); p.ListFen != 1_500_00+22_950_00 {
		t.Errorf("%+v", p)
	}
}

// An upgrade of a presumed renewal is paid besides it.
func TestARefundOfAnUpgradedPresumedRenewal(t *testing.T) {
	h := holder{book: pricing.Embedded()}
	h.buy(t, models.Pro, term("month-1"), 20, at("2026-03-10"), 1)
	h.upgrade(t, models.Enterprise, 20, at("2026-04-19")) // 9 of 30 days are over
	now := at("2026-04-25")
	p := refund(t, h.book, h.at(now), false, now)
	// Paid 1,200.00 and 1,800.00 × 0.7; used 1,200.00 × 0.3 and 3,000.00 × 0.2.
	if p.TotalFen != 1_200_00+1_260_00-360_00-600_00 {
		t.Errorf("%+v", p)
	}
	// At other prices by now: the renewal is a guess by today's, the upgrade is not.
	text := strings.NewReplacer(`"60.00"`, `"90.00"`, `"150.00"`, `"180.00"`).Replace(embeddedText(t))
	p = refund(t, parse(t, text), h.at(now), false, now)
	if p.TotalFen != 1_800_00+1_260_00-540_00-600_00 {
		t.Errorf("%+v", p)
	}
}

// At the very end of a term it has ended, and the next has not been used.
func TestARefundBetweenTwoTerms(t *testing.T) {
	h := holder{book: pricing.Embedded()}
	h.buy(t, models.Pro, term("month-1"), 20, at("2026-03-10"), 0)
	h.renew(t, term("month-1"), 20, at("2026-03-10"))
	now := at("2026-04-10")
	p := refund(t, h.book, h.at(now), false, now)
	if len(p.Lines) != 3 || p.Lines[1].Kind != models.LineEnded || p.TotalFen != 1_200_00 {
		t.Errorf("%+v", p)
	}
}

// A begun day is used, and left in an upgrade, to the nanosecond; and months end
// where the calendar of Beijing says.
func TestBegunDays(t *testing.T) {
	for _, c := range []struct {
		from, at   string
		off        time.Duration
		used, left string
	}{
		{"2026-03-10 10:00", "2026-03-10 10:00", 0, "", "6 months"},
		{"2026-03-10 10:00", "2026-03-10 10:00", 1, "1/31", "6 months"},
		{"2026-03-10 10:00", "2026-03-11 10:00", 0, "1/31", "5 months 30/31"},
		{"2026-03-10 10:00", "2026-04-09 10:00", 0, "30/31", "5 months 1/31"},
		{"2026-03-10 10:00", "2026-04-10 10:00", -1, "1 months", "5 months 1/31"},
		{"2026-03-10 10:00", "2026-04-10 10:00", 0, "1 months", "5 months"},
		{"2026-03-10 10:00", "2026-04-10 10:00", 1, "1 months 1/30", "5 months"},
		{"2026-03-10 10:00", "2026-09-10 10:00", -1, "6 months", "1/31"},
		// 00:30 in Beijing is the day before in UTC.
		{"2026-03-01 00:30", "2026-04-01 00:30", -1, "1 months", "5 months 1/31"},
		{"2026-03-01 00:30", "2026-04-01 00:30", 0, "1 months", "5 months"},
		// Months that lack the day end on their last one.
		{"2027-08-31 09:00", "2028-02-29 09:00", -1, "6 months", "1/29"},
		{"2027-08-31 09:00", "2028-02-28 09:00", 0, "5 months 28/29", "1/29"},
		{"2026-01-31 09:00", "2026-02-28 09:00", 0, "1 months", "5 months"},
		{"2026-01-31 09:00", "2026-03-30 09:00", 0, "1 months 30/31", "4 months 1/31"},
	} {
		h := holder{book: pricing.Embedded()}
		h.buy(t, models.Pro, term("month-6"), 20, at(c.from), 0)
		now := at(c.at).Add(c.off)
		used, left := "", ""
		for _, l := range refund(t, h.book, h.at(now), true, now).Lines {
			if l.Kind == models.LineUsed {
				used += length(l)
			}
		}
		for _, l := range upgrade(t, h.book, h.at(now), models.Enterprise, 20, now).Lines {
			if l.Kind == models.LineNew {
				left += length(l)
			}
		}
		if used != c.used || left != c.left {
			t.Errorf("from %s, at %s%+d: used %q, left %q; want %q, %q", c.from, c.at, c.off, used, left, c.used, c.left)
		}
	}
}

// Without a price of its own or in the book, nothing can be said.
func TestARefundOfAnUnknownPrice(t *testing.T) {
	a := holder{}
	a.adopt(models.Pro, 20, at("2026-04-10"), at("2027-04-10"), 100)
	b := parse(t, oneTerm("enterprise", "150.00", "month-1", "0"))
	var unknown *pricing.EditionNotSoldError
	if _, err := b.Refund(a.at(at("2026-05-10")), false, at("2026-05-10")); !errors.As(err, &unknown) {
		t.Errorf("%v", err)
	}
	if p := refund(t, b, a.at(at("2026-04-11")), false, at("2026-04-11")); p.TotalFen != 100 {
		t.Errorf("in full: %+v", p)
	}
}

// A percentage that is none must not become another sum.
func TestADiscountThatCannotBeRead(t *testing.T) {
	h := holder{book: pricing.Embedded()}
	h.buy(t, models.Pro, term("year-1"), 25, at("2026-01-10"), 0)
	now := at("2026-03-10")
	for _, percent := range []string{"fifteen", "100", "-5", "12.345", "1e9"} {
		s := h.at(now)
		s.Periods[0].Percent = percent
		if p, err := h.book.Refund(s, false, now); err == nil {
			t.Errorf("%s: a refund of %s", percent, p.TotalFen.Yuan())
		}
		if p, err := h.book.Upgrade(s, models.Enterprise, 25, now); err == nil {
			t.Errorf("%s: an upgrade for %s", percent, p.TotalFen.Yuan())
		}
	}
}

func TestRefundsAreWhatTheDocsSay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := histories().Draw(t, "history")
		s := h.at(h.now)
		if !h.now.Before(s.EndsAt) {
			return
		}
		p, err := h.today.Refund(s, true, h.now)
		if err != nil {
			var unknown *pricing.EditionNotSoldError
			if !errors.As(err, &unknown) {
				t.Fatal(err)
			}
			return
		}
		var sum, paid models.Fen
		for _, l := range p.Lines {
			sum += l.Amount
		}
		exact := new(big.Rat)
		for _, period := range s.Periods {
			back := h.paid(period)
			paid += back
			if h.now.Before(period.End) {
				left := new(big.Rat).Sub(new(big.Rat).SetInt64(int64(back)), h.used(period))
				if left.Sign() > 0 {
					exact.Add(exact, left)
				}
			}
		}
		if sum != p.TotalFen || paid != p.ListFen || p.TotalFen < 0 || p.TotalFen > paid || p.SavingFen != 0 {
			t.Fatalf("lines add up to %s, %s was paid: %+v", sum.Yuan(), paid.Yuan(), p)
		}
		if !near(p.TotalFen, exact, len(p.Lines)) {
			t.Fatalf("%s, by the docs %s: %+v", p.TotalFen.Yuan(), exact.FloatString(3), p)
		}
		full := refund(t, h.today, s, false, h.now)
		if early := h.now.Before(s.Periods[0].Start.Add(time.Duration(h.today.FullRefundDays()) * day)); early != models.InFull(full.Lines) {
			t.Fatalf("in full: %+v", full)
		}
		if models.InFull(full.Lines) && full.TotalFen != paid || !models.InFull(full.Lines) && !reflect.DeepEqual(full, p) {
			t.Fatalf("%+v", full)
		}
	})
}

// paid is what was paid for a period, or would have been.
func (h history) paid(p models.Period) models.Fen {
	var fen models.Fen
	for _, payment := range p.Payments {
		fen += payment.Fen
	}
	if p.Presumed {
		in := p.Spans[0]
		list := int64(h.unit(p, 0)) * int64(in.InstanceCount) * int64(p.Months)
		exact := times(h.discount(p), list)
		exact.Add(exact, big.NewRat(1, 2))
		fen += models.Fen(list - new(big.Int).Div(exact.Num(), exact.Denom()).Int64())
	}
	return fen
}

func (h history) unit(p models.Period, span int) models.Fen {
	s := p.Spans[span]
	if today := h.today.UnitPrice(s.Edition); today > 0 && (s.UnitFen == 0 || p.Presumed && span == 0) {
		return today
	}
	return s.UnitFen
}

// used is what was used of a period, at the discount that the used time has.
func (h history) used(p models.Period) *big.Rat {
	over := h.elapsed(p, h.now, true)
	price := new(big.Rat)
	for i, s := range p.Spans {
		end := over
		if i+1 < len(p.Spans) {
			end = h.elapsed(p, p.Spans[i+1].From, false)
		}
		length := new(big.Rat).Sub(end, h.elapsed(p, s.From, false))
		if length.Sign() > 0 {
			price.Add(price, times(length, int64(h.unit(p, i)), int64(s.InstanceCount)))
		}
	}
	discount := h.discount(p)
	if granted := h.longest(over); granted.Cmp(discount) < 0 {
		discount = granted
	}
	return less(price, discount)
}

// Who waits never gets more back.
func TestRefundsNeverGrow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		// One discount for every term: a discount that comes with the time used
		// would give something back.
		whole, parts, now := split(t)
		for _, h := range []holder{whole, parts} {
			later := now.Add(time.Duration(rapid.Int64Range(0, int64(h.end().Sub(now))-1).Draw(t, "wait")))
			a, b := h.unused(t, now), h.unused(t, later)
			if b > a+1 {
				t.Fatalf("%s, later %s", a.Yuan(), b.Yuan())
			}
		}
	})
}

// unused is what comes back, were no discount lost.
func (h *holder) unused(t fataler, now time.Time) models.Fen {
	p := refund(t, h.book, h.at(now), true, now)
	return total(p.Lines, models.LinePaid, models.LineEnded, models.LineUsed)
}

func TestATermInTwoIsRefundedAsAWholeOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		whole, parts, now := split(t)
		a, b := whole.unused(t, now), parts.unused(t, now)
		if off := a - b; off < -4 || off > 4 { // paid once and used once, or twice
			t.Fatalf("the whole %s, in two %s", a.Yuan(), b.Yuan())
		}
	})
}

func TestARenewalThatHasNotBegunComesBackInFull(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := histories().Draw(t, "history")
		s := h.at(h.now)
		if !h.now.Before(s.EndsAt) {
			return
		}
		before, err := h.book.Refund(s, true, h.now)
		if err != nil {
			return
		}
		price := h.renew(t, h.book.Terms(1)[0], 1, h.now)
		after := refund(t, h.book, h.at(h.now), true, h.now)
		if after.TotalFen-before.TotalFen != price.TotalFen {
			t.Fatalf("paid %s, %s more comes back", price.TotalFen.Yuan(), (after.TotalFen - before.TotalFen).Yuan())
		}
	})
}
