package pricing_test

import (
	"errors"
	"math/big"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"portal/models"
	"portal/pricing"
)

// 25 machines of Pro for a year from 10 March; on 27 August five months and 17
// days of 31 are over, so that 6 months and 14 days of 31 are left.
func TestUpgradeLines(t *testing.T) {
	h := holder{book: pricing.Embedded()}
	h.buy(t, models.Pro, term("year-1"), 25, at("2026-03-10 10:00"), 0)
	now := at("2026-08-27 15:30")
	got := upgrade(t, h.book, h.at(now), models.Enterprise, 25, now)
	starts, ends := at("2026-03-10 10:00"), at("2027-03-10 10:00")
	want := pricing.Price{
		Lines: []models.Line{
			{Kind: models.LineNew, Edition: models.Enterprise, Machines: 25, Months: 6, Days: 14, DaysOf: 31, UnitFen: 150_00, Starts: starts, Ends: ends, Amount: 24_193_55},
			{Kind: models.LineOld, Edition: models.Pro, Machines: 25, Months: 6, Days: 14, DaysOf: 31, UnitFen: 60_00, Starts: starts, Ends: ends, Amount: -9_677_42},
			{Kind: models.LineDiscount, Percent: "15", Starts: starts, Ends: ends, Amount: -2_177_42},
		},
		ListFen: 14_516_13, SavingFen: 2_177_42, TotalFen: 12_338_71,
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// Each period that has time left has its lines, and keeps its own discount; one
// that has ended has none.
func TestUpgradeOfEveryPeriodThatHasTimeLeft(t *testing.T) {
	h := holder{book: pricing.Embedded()}
	h.buy(t, models.Pro, term("month-6"), 25, at("2026-01-10"), 0)
	h.renew(t, term("month-1"), 25, at("2026-02-01"))
	h.renew(t, term("year-1"), 20, at("2026-02-01"))
	now := at("2026-07-20") // in the second one
	got := upgrade(t, h.book, h.at(now), models.Enterprise, 25, now)
	type line struct {
		kind     models.LineKind
		starts   string
		machines int
	}
	var lines []line
	for _, l := range got.Lines {
		lines = append(lines, line{l.Kind, l.Starts.In(models.Beijing).Format("2006-01-02"), l.Machines})
	}
	want := []line{
		{models.LineNew, "2026-07-10", 25}, {models.LineOld, "2026-07-10", 25},
		{models.LineNew, "2026-08-10", 25}, {models.LineOld, "2026-08-10", 20}, {models.LineDiscount, "2026-08-10", 0},
	}
	if !slices.Equal(lines, want) {
		t.Errorf("got  %v\nwant %v", lines, want)
	}
}

// An upgrade is part of the history, and says itself what it was for.
func TestASecondUpgradeGoesOnFromTheFirst(t *testing.T) {
	h := holder{book: pricing.Embedded()}
	h.buy(t, models.Pro, term("month-1"), 20, at("2026-04-10"), 0)
	h.upgrade(t, models.Pro, 25, at("2026-04-13"))
	p := h.upgrade(t, models.Enterprise, 30, at("2026-04-19"))
	// 21 of 30 days are left: 30 × 150 × 0.7 − 25 × 60 × 0.7.
	if p.TotalFen != 3_150_00-1_050_00 {
		t.Errorf("%+v", p)
	}
	// Paid: 1,200.00, then 300.00 × 0.9 = 270.00, then 2,100.00. On 25 April 15
	// days are used: 3 of them 20 Pro, 6 of them 25 Pro, 6 of them 30 Enterprise.
	now := at("2026-04-25")
	r := refund(t, h.book, h.at(now), false, now)
	if r.ListFen != 3_570_00 || r.TotalFen != 3_570_00-120_00-300_00-900_00 {
		t.Errorf("%+v", r)
	}
	if n := total(r.Lines, models.LineUsed); n != -1_320_00 {
		t.Errorf("used %s", n.Yuan())
	}
}

func TestWhatIsNoUpgrade(t *testing.T) {
	pro := holder{book: pricing.Embedded()}
	pro.buy(t, models.Pro, term("year-1"), 25, at("2026-01-10"), 0)
	pro.renew(t, term("year-1"), 20, at("2026-02-10"))
	enterprise := holder{book: pricing.Embedded()}
	enterprise.buy(t, models.Enterprise, term("year-1"), 25, at("2026-01-10"), 0)
	onlyPro := parse(t, oneTerm("pro", "60.00", "year-1", "15"))

	for _, c := range []struct {
		name     string
		book     *pricing.Book
		held     holder
		to       models.Edition
		machines int
		at       string
		want     error
	}{
		{"the same again", pro.book, enterprise, models.Enterprise, 25, "2026-05-01", &pricing.NotHigherError{}},
		{"a lower edition", pro.book, enterprise, models.Pro, 25, "2026-05-01", &pricing.NotHigherError{}},
		{"a lower edition for more machines", pro.book, enterprise, models.Pro, 40, "2026-05-01", &pricing.NotHigherError{}},
		{"fewer machines", pro.book, enterprise, models.Enterprise, 24, "2026-05-01", &pricing.FewerMachinesError{Covered: 25, Owned: 24}},
		{"fewer machines of a higher edition", pro.book, pro, models.Enterprise, 22, "2026-05-01", &pricing.FewerMachinesError{Covered: 25, Owned: 22}},
		{"fewer than were covered once", pro.book, pro, models.Enterprise, 22, "2027-05-01", nil},
		{"more than the last term covers", pro.book, pro, models.Pro, 25, "2026-05-01", nil},
		{"an edition that is not on sale", onlyPro, pro, models.Enterprise, 25, "2026-05-01", &pricing.EditionNotSoldError{Edition: models.Enterprise}},
		{"no machines", pro.book, pro, models.Enterprise, 0, "2026-05-01", &pricing.MachinesError{Machines: 0}},
		{"too many machines", pro.book, pro, models.Enterprise, pricing.MaxMachines + 1, "2026-05-01", &pricing.MachinesError{Machines: pricing.MaxMachines + 1}},
		{"the last moment", pro.book, enterprise, models.Enterprise, 26, "2027-01-09 23:59", nil},
		{"the end", pro.book, enterprise, models.Enterprise, 26, "2027-01-10 00:00", models.ErrExpired},
	} {
		_, err := c.book.Upgrade(c.held.at(at(c.at)), c.to, c.machines, at(c.at))
		if !reflect.DeepEqual(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
	if _, err := pro.book.Upgrade(models.Subscription{}, models.Pro, 1, at("2026-01-01")); !errors.Is(err, models.ErrExpired) {
		t.Errorf("of nothing: %v", err)
	}
}

func TestUpgradesAreTheEditionsThatHaveAPrice(t *testing.T) {
	h := holder{book: pricing.Embedded()}
	h.buy(t, models.Pro, term("year-1"), 25, at("2026-01-10"), 0)
	now := at("2026-05-01")
	for machines, want := range map[int][]models.Edition{
		24: {}, 25: {models.Enterprise}, 26: {models.Pro, models.Enterprise},
	} {
		if got := h.book.Upgrades(h.at(now), machines, now); !slices.Equal(got, want) {
			t.Errorf("%d machines: %v, want %v", machines, got, want)
		}
	}
	if got := h.book.Upgrades(h.at(now), 26, at("2027-01-10")); len(got) != 0 {
		t.Errorf("after the end: %v", got)
	}
}

// An edition that is no longer on sale is taken off at the price it was sold at,
// and never at more than the new one costs.
func TestAnUpgradeFromAnEditionThatIsNoLongerOnSale(t *testing.T) {
	h := holder{book: pricing.Embedded()}
	h.buy(t, models.Pro, term("month-1"), 20, at("2026-04-10"), 0)
	for unit, want := range map[string]models.Fen{"150.00": 1_800_00, "50.00": 0} {
		b := parse(t, oneTerm("enterprise", unit, "month-1", "0"))
		if p := upgrade(t, b, h.at(at("2026-04-10")), models.Enterprise, 20, at("2026-04-10")); p.TotalFen != want {
			t.Errorf("Enterprise at %s: %+v", unit, p)
		}
	}
	// Nobody knows what an adopted one was sold at.
	a := holder{}
	a.adopt(models.Pro, 20, at("2026-04-10"), at("2027-04-10"), 100)
	b := parse(t, oneTerm("enterprise", "150.00", "month-1", "0"))
	var unknown *pricing.EditionNotSoldError
	if _, err := b.Upgrade(a.at(at("2026-05-10")), models.Enterprise, 20, at("2026-05-10")); !errors.As(err, &unknown) || unknown.Edition != models.Pro {
		t.Errorf("%v", err)
	}
	if got := b.Upgrades(a.at(at("2026-05-10")), 20, at("2026-05-10")); len(got) != 0 {
		t.Errorf("%v", got)
	}
}

// A period of which only the dates are known has the discount of the longest
// term that fits: 12 months here, although it ends a minute before midnight.
func TestAnUpgradeOfAnAdoptedInstance(t *testing.T) {
	h := holder{book: pricing.Embedded()}
	h.adopt(models.Pro, 10, at("2026-01-05"), at("2027-01-04 23:59"), 6_120_00)
	now := at("2026-07-05")
	p := upgrade(t, h.book, h.at(now), models.Enterprise, 10, now)
	if l := p.Lines[0]; l.Months != 6 || l.Days != 0 || p.TotalFen != 5_400_00-810_00 {
		t.Errorf("%+v", p)
	}
	// Without a day it is no year: no discount, and 5 months and 30 of 31 days.
	h = holder{book: pricing.Embedded()}
	h.adopt(models.Pro, 10, at("2026-01-05"), at("2027-01-04"), 6_120_00)
	p = upgrade(t, h.book, h.at(now), models.Enterprise, 10, now)
	if l := p.Lines[0]; l.Months != 5 || l.Days != 30 || l.DaysOf != 31 || p.SavingFen != 0 {
		t.Errorf("%+v", p)
	}
}

// A presumed renewal has the discount of a term of its months.
func TestAnUpgradeOfAPresumedRenewal(t *testing.T) {
	h := holder{book: pricing.Embedded()}
	h.buy(t, models.Pro, term("month-6"), 20, at("2026-01-10"), 12)
	now := at("2026-07-10")
	p := upgrade(t, h.book, h.at(now), models.Enterprise, 20, now)
	if !p.Lines[0].Presumed || p.ListFen != 21_600_00 || p.SavingFen != 3_240_00 {
		t.Errorf("%+v", p)
	}
}

// The greatest fee there is.
func TestTheGreatestFeeDoesNotOverflow(t *testing.T) {
	h := holder{book: parse(t, oneTerm("pro", "1000000.00", "year-120", "0.01"))}
	from := at("2026-01-01")
	h.buy(t, models.Pro, term("year-120"), 1, from, 0)
	p := upgrade(t, h.book, h.at(from), models.Pro, pricing.MaxMachines, from)
	// 999,999 machines × 10⁶ yuan × 1440 months, less 0.01%.
	if p.ListFen.Yuan() != "1439998560000000.00" || p.TotalFen.Yuan() != "1439854560144000.00" {
		t.Errorf("%s, %s", p.ListFen.Yuan(), p.TotalFen.Yuan())
	}
}

// forAnyUpgrade draws a history and looks at each edition that can be upgraded
// to, for some number of machines.
func forAnyUpgrade(t *testing.T, look func(t *rapid.T, h history, s models.Subscription, to models.Edition, machines int)) {
	t.Helper()
	rapid.Check(t, func(t *rapid.T) {
		h := histories().Draw(t, "history")
		s := h.at(h.now)
		covered := 0
		for _, p := range s.Periods {
			covered = max(covered, p.At(h.now).InstanceCount)
		}
		machines := min(covered+rapid.IntRange(0, 2*covered).Draw(t, "new machines"), pricing.MaxMachines)
		for _, to := range h.today.Upgrades(s, machines, h.now) {
			look(t, h, s, to, machines)
		}
	})
}

func TestUpgradesAreWhatTheDocsSay(t *testing.T) {
	forAnyUpgrade(t, func(t *rapid.T, h history, s models.Subscription, to models.Edition, machines int) {
		p := upgrade(t, h.today, s, to, machines, h.now)
		if sum := total(p.Lines, models.LineNew, models.LineOld, models.LineDiscount); sum != p.TotalFen || p.ListFen-p.SavingFen != p.TotalFen {
			t.Fatalf("lines add up to %s: %+v", sum.Yuan(), p)
		}
		if p.TotalFen < 0 || p.SavingFen < 0 {
			t.Fatalf("%+v", p)
		}
		exact := new(big.Rat)
		unit := h.today.UnitPrice(to)
		for _, period := range s.Periods {
			if !h.now.Before(period.End) {
				continue
			}
			old := period.At(h.now)
			oldUnit := h.today.UnitPrice(old.Edition)
			if oldUnit == 0 {
				oldUnit = min(old.UnitFen, unit)
			}
			left := new(big.Rat).Sub(h.length(period), h.elapsed(period, h.now, false))
			if left.Sign() <= 0 {
				t.Fatalf("nothing is left of %+v", period)
			}
			more := int64(unit)*int64(machines) - int64(oldUnit)*int64(old.InstanceCount)
			exact.Add(exact, less(times(left, more), h.discount(period)))
		}
		if !near(p.TotalFen, exact, len(p.Lines)) {
			t.Fatalf("%s, by the docs %s: %+v", p.TotalFen.Yuan(), exact.FloatString(3), p)
		}
	})
}

// Who waits never pays more. (Two lines that are rounded by themselves can make a
// difference of two fen where a day costs less than that.)
func TestUpgradesNeverGetDearer(t *testing.T) {
	forAnyUpgrade(t, func(t *rapid.T, h history, s models.Subscription, to models.Edition, machines int) {
		wait := rapid.OneOf(rapid.Int64Range(1, int64(2*day)), rapid.Int64Range(1, int64(s.EndsAt.Sub(h.now)))).Draw(t, "wait")
		later := h.now.Add(time.Duration(wait))
		before := upgrade(t, h.today, s, to, machines, h.now)
		after, err := h.today.Upgrade(s, to, machines, later)
		if err != nil {
			if !later.Before(s.EndsAt) && !errors.Is(err, models.ErrExpired) {
				t.Fatal(err)
			}
			return
		}
		var more models.Fen // what a month of the running period costs more
		for _, l := range after.Lines[:2] {
			more += l.UnitFen * models.Fen(l.Machines) * map[models.LineKind]models.Fen{models.LineNew: 1, models.LineOld: -1}[l.Kind]
		}
		allowed := models.Fen(0)
		if more > 0 && more < 4*31 {
			allowed = 2
		}
		if after.TotalFen > before.TotalFen+allowed {
			t.Fatalf("%s now, %s at %s:\n%+v\n%+v", before.TotalFen.Yuan(), after.TotalFen.Yuan(), later, before, after)
		}
	})
}

// On its last day a subscription is upgraded for no more than a day's price, and
// at its end not at all. (One that ends at another time of day than it began, as
// an adopted one may, has a part of a day more, which counts as one.)
func TestTheLastDay(t *testing.T) {
	forAnyUpgrade(t, func(t *rapid.T, h history, s models.Subscription, to models.Edition, machines int) {
		last := s.EndsAt.Add(-time.Duration(rapid.Int64Range(1, int64(day)).Draw(t, "before the end")))
		if last.Before(s.Periods[len(s.Periods)-1].Start) {
			return
		}
		p, err := h.today.Upgrade(s, to, machines, last)
		if err == nil {
			days := int64(1)
			if s.Periods[len(s.Periods)-1].Months == 0 {
				days = 2
			}
			price := times(big.NewRat(days, 28), int64(h.today.UnitPrice(to)), int64(machines))
			if limit, _ := price.Float64(); float64(p.TotalFen) > limit+1.5 {
				t.Fatalf("%s for %s: %+v", p.TotalFen.Yuan(), s.EndsAt.Sub(last), p)
			}
		}
		if _, err := h.today.Upgrade(s, to, machines, s.EndsAt); !errors.Is(err, models.ErrExpired) {
			t.Fatalf("at the end: %v", err)
		}
	})
}

// Buying and upgrading at once costs what buying the higher at once does, to a
// fen for each line.
func TestUpgradingAtOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := books().Draw(t, "book")
		w.tiers = nil
		h := holder{book: parse(t, w.text())}
		bought := rapid.SampledFrom(w.terms).Draw(t, "term").Term
		machines := rapid.IntRange(1, 500_000).Draw(t, "machines")
		more := machines + rapid.IntRange(0, machines).Draw(t, "more")
		now := time.Unix(rapid.Int64Range(0, 4e9).Draw(t, "start"), 0)
		from := h.book.Editions()[0]
		h.buy(t, from, bought, machines, now, 0)
		for _, to := range h.book.Upgrades(h.at(now), more, now) {
			p := upgrade(t, h.book, h.at(now), to, more, now)
			both, higher := buy(t, h.book, from, bought, machines).TotalFen+p.TotalFen, buy(t, h.book, to, bought, more).TotalFen
			if off := both - higher; off < -models.Fen(len(p.Lines)) || off > models.Fen(len(p.Lines)) {
				t.Fatalf("%s and %s, instead of %s", (both - p.TotalFen).Yuan(), p.TotalFen.Yuan(), higher.Yuan())
			}
		}
	})
}

// split draws one account with a whole term and one with the same time in two, at
// one discount. Their days are the same: the term begins on a day that every
// month has.
func split(t *rapid.T) (whole, parts holder, now time.Time) {
	a := rapid.IntRange(1, 17).Draw(t, "first part")
	b := rapid.IntRange(1, 18).Filter(func(b int) bool { return b != a }).Draw(t, "second part")
	percent := hundredths(rapid.Int64Range(0, 99_00).Draw(t, "percent"))
	var lines string
	for _, n := range []int{a, b, a + b} {
		lines += models.Term{Cycle: models.Month, Duration: n}.String() + " = \"" + percent + "\"\n"
	}
	text := oneTerm("pro", hundredths(rapid.Int64Range(10_000, 100_000).Draw(t, "price")), "year-10", percent) + lines
	book := parse(t, text)
	machines := rapid.IntRange(1, 1000).Draw(t, "machines")
	from := models.AddMonths(at("2024-01-01"), rapid.IntRange(0, 40).Draw(t, "month")).
		Add(time.Duration(rapid.Int64Range(0, 28*int64(day)-1).Draw(t, "day and clock")))
	month := func(n int) models.Term { return models.Term{Cycle: models.Month, Duration: n} }
	whole, parts = holder{book: book}, holder{book: book}
	whole.buy(t, models.Pro, month(a+b), machines, from, 0)
	parts.buy(t, models.Pro, month(a), machines, from, 0)
	parts.renew(t, month(b), machines, from)
	now = from.Add(time.Duration(rapid.Int64Range(0, int64(whole.end().Sub(from))-1).Draw(t, "now")))
	return whole, parts, now
}

func (h *holder) end() time.Time {
	return h.at(*h.orders[0].Order.StartsAt).EndsAt
}

func TestATermInTwoIsUpgradedAsAWholeOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		whole, parts, now := split(t)
		machines := whole.at(now).InstanceCount * 2
		a := upgrade(t, whole.book, whole.at(now), models.Pro, machines, now)
		b := upgrade(t, parts.book, parts.at(now), models.Pro, machines, now)
		if off, lines := a.TotalFen-b.TotalFen, models.Fen(len(a.Lines)+len(b.Lines)); off < -lines || off > lines {
			t.Fatalf("the whole %+v\nin two %+v", a, b)
		}
	})
}
