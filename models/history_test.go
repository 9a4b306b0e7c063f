package models_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"portal/models"
)

// on is midnight of a Beijing day.
func on(date string) time.Time {
	at, err := time.ParseInLocation("2006-01-02", date, models.Beijing)
	if err != nil {
		panic(err)
	}
	return at.UTC()
}

func ptr(t time.Time) *time.Time { return &t }

// account writes an account's history down as it happens.
type account struct {
	orders  []models.Entry
	outside []models.OutsideEvent
}

func (a *account) order(o models.Order, lines ...models.Line) *models.Order {
	o.ID = int64(len(a.orders) + 1)
	if o.Number == "" {
		o.Number = fmt.Sprintf("%s-%d", o.Kind, o.ID)
	}
	if o.Status == "" {
		o.Status = models.Completed
	}
	a.orders = append(a.orders, models.Entry{Order: &o, Lines: lines})
	return &o
}

// bought is 10 machines of Pro from a day on; with auto-renewal by the month
// when it is asked for.
func (a *account) bought(from string, months int, autoRenew bool) *models.Order {
	o := models.Order{
		Kind: models.Buy, InstanceID: "sas-1", Edition: models.Pro, InstanceCount: 10, Cycle: models.Month, Duration: months,
		TotalFen: models.Fen(months) * 510_00, StartsAt: ptr(on(from)), EndsAt: ptr(models.AddMonths(on(from), months)),
	}
	if autoRenew {
		o.AutoRenew, o.AutoRenewMonths = true, 1
	}
	return a.order(o,
		models.Line{Kind: models.LineEdition, Edition: models.Pro, Machines: 10, Months: months, UnitFen: 60_00, Amount: models.Fen(months) * 600_00},
		models.Line{Kind: models.LineDiscount, Percent: "15", Amount: models.Fen(months) * -90_00})
}

// renewed is a renewal of Pro that was ordered on a day.
func (a *account) renewed(at string, months, machines int) *models.Order {
	return a.order(models.Order{
		Kind: models.Renew, InstanceID: "sas-1", Edition: models.Pro, InstanceCount: machines, Cycle: models.Month, Duration: months,
		TotalFen: models.Fen(machines*months) * 60_00, PlacedAt: on(at),
	}, models.Line{Kind: models.LineEdition, Edition: models.Pro, Machines: machines, Months: months, UnitFen: 60_00, Amount: models.Fen(machines*months) * 60_00})
}

// upgraded is to Enterprise, with so many fen for each period that is named by
// its first day.
func (a *account) upgraded(at string, machines int, shares map[string]models.Fen) *models.Order {
	o := models.Order{Kind: models.Upgrade, InstanceID: "sas-1", Edition: models.Enterprise, InstanceCount: machines, StartsAt: ptr(on(at))}
	var lines []models.Line
	for start, fen := range shares {
		lines = append(lines,
			models.Line{Kind: models.LineNew, UnitFen: 150_00, Starts: on(start), Amount: fen + 1000},
			models.Line{Kind: models.LineOld, UnitFen: 60_00, Starts: on(start), Amount: -600},
			models.Line{Kind: models.LineDiscount, Percent: "15", Starts: on(start), Amount: -400})
		o.TotalFen += fen
	}
	return a.order(o, lines...)
}

func (a *account) refunded(at string, inFull bool) *models.Order {
	var lines []models.Line
	if inFull {
		lines = append(lines, models.Line{Kind: models.LineInFull, Days: 5})
	}
	return a.order(models.Order{Kind: models.Refund, InstanceID: "sas-1", EndsAt: ptr(on(at))}, lines...)
}

// saw records something from outside, behind the orders there are.
func (a *account) saw(e models.OutsideEvent) {
	e.ID, e.InstanceID, e.AfterOrderID = int64(len(a.outside)+1), "sas-1", int64(len(a.orders))
	if e.Kind == models.Adopted {
		e.InstanceID = "sas-adopted"
	}
	a.outside = append(a.outside, e)
}

func (a *account) at(date string) models.History {
	return models.Project(a.orders, a.outside, on(date))
}

// write says what is held, period by period: its days, its spans and what was
// paid for it.
func write(s *models.Subscription) string {
	if s == nil {
		return "nothing"
	}
	var lines []string
	for _, p := range s.Periods {
		line := day(p.Start) + "…" + day(p.End)
		if p.Months > 0 {
			line += fmt.Sprintf(" (%d months)", p.Months)
		}
		if p.Percent != "" {
			line += " −" + p.Percent + "%"
		}
		if p.Presumed {
			line += " presumed"
		}
		for _, in := range p.Spans {
			line += fmt.Sprintf("; %s %d×%s@%s", day(in.From), in.InstanceCount, in.Edition, in.UnitFen.Yuan())
		}
		for _, paid := range p.Payments {
			line += fmt.Sprintf("; %s %s", cmpOr(paid.Number, string(paid.Kind)+" outside"), paid.Fen.Yuan())
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

func cmpOr(a, b string) string {
	if a == "" {
		return b
	}
	return a
}

func day(t time.Time) string { return t.In(models.Beijing).Format("06-01-02") }

func holds(t *testing.T, h models.History, want ...string) {
	t.Helper()
	if got := write(h.Subscription); got != strings.Join(want, "\n") {
		t.Errorf("holds\n%s\nwant\n%s", got, strings.Join(want, "\n"))
	}
}

func TestNothingHappened(t *testing.T) {
	h := (&account{}).at("2026-01-01")
	holds(t, h, "nothing")
	if h.LastOrderID != 0 || h.LastOutsideID != 0 || len(h.Entries) != 0 {
		t.Errorf("%+v", h)
	}
}

func TestAPurchase(t *testing.T) {
	var a account
	a.bought("2026-01-31", 1, true)
	h := a.at("2026-02-01")
	holds(t, h, "26-01-31…26-02-28 (1 months) −15%; 26-01-31 10×pro@60.00; buy-1 510.00")
	s := h.Subscription
	if s.InstanceID != "sas-1" || s.Edition != models.Pro || s.InstanceCount != 10 || !s.AutoRenew || s.AutoRenewMonths != 1 ||
		!s.StartsAt.Equal(on("2026-01-31")) || !s.EndsAt.Equal(on("2026-02-28")) || s.Unconfirmed || h.LastOrderID != 1 {
		t.Errorf("%+v", s)
	}
}

// Only a completed order has moved anything.
func TestOrdersThatDidNotComplete(t *testing.T) {
	for _, status := range models.Statuses() {
		if status == models.Completed {
			continue
		}
		var a account
		a.bought("2026-01-01", 12, false)
		for _, kind := range models.Kinds() {
			a.order(models.Order{Kind: kind, Status: status, Edition: models.Enterprise, InstanceCount: 99, StartsAt: ptr(on("2026-02-01")), EndsAt: ptr(on("2026-03-01"))})
		}
		h := a.at("2026-02-02")
		holds(t, h, "26-01-01…27-01-01 (12 months) −15%; 26-01-01 10×pro@60.00; buy-1 6120.00")
		if h.LastOrderID != 1 || len(h.Entries) != 1 {
			t.Errorf("%s: %+v", status, h)
		}
	}
}

// A renewal that covers another number of machines says nothing of today.
func TestARenewalChangesNothingThatIsInForceNow(t *testing.T) {
	var a account
	a.bought("2026-01-01", 1, false)
	a.renewed("2026-01-10", 3, 7)
	h := a.at("2026-01-15")
	holds(t, h,
		"26-01-01…26-02-01 (1 months) −15%; 26-01-01 10×pro@60.00; buy-1 510.00",
		"26-02-01…26-05-01 (3 months); 26-02-01 7×pro@60.00; renew-2 1260.00")
	if s := h.Subscription; s.InstanceCount != 10 || !s.EndsAt.Equal(on("2026-05-01")) {
		t.Errorf("%+v", s)
	}
	if s := a.at("2026-02-01").Subscription; s.InstanceCount != 7 {
		t.Errorf("once it has begun: %d machines", s.InstanceCount)
	}
}

// A renewal of what has ended begins at the old end.
func TestARenewalAfterTheEnd(t *testing.T) {
	var a account
	a.bought("2026-01-31", 1, false)
	a.renewed("2026-03-10", 1, 10)
	holds(t, a.at("2026-03-20"),
		"26-01-31…26-02-28 (1 months) −15%; 26-01-31 10×pro@60.00; buy-1 510.00",
		"26-02-28…26-03-28 (1 months); 26-02-28 10×pro@60.00; renew-2 600.00")
}

func TestAnUpgradeLiftsWhatIsLeftAndSharesItsFeeByItsLines(t *testing.T) {
	var a account
	a.bought("2026-01-01", 1, false)
	a.renewed("2026-01-10", 1, 10)
	a.renewed("2026-01-11", 1, 10)
	a.upgraded("2026-02-15", 12, map[string]models.Fen{"2026-02-01": 45_000, "2026-03-01": 90_001})
	h := a.at("2026-02-15")
	holds(t, h,
		"26-01-01…26-02-01 (1 months) −15%; 26-01-01 10×pro@60.00; buy-1 510.00",
		"26-02-01…26-03-01 (1 months); 26-02-01 10×pro@60.00; 26-02-15 12×enterprise@150.00; renew-2 600.00; upgrade-4 450.00",
		"26-03-01…26-04-01 (1 months); 26-03-01 12×enterprise@150.00; renew-3 600.00; upgrade-4 900.01")
	if s := h.Subscription; s.Edition != models.Enterprise || s.InstanceCount != 12 || !s.EndsAt.Equal(on("2026-04-01")) {
		t.Errorf("%+v", s)
	}
	if s := a.at("2026-02-14").Subscription; s.Edition != models.Pro {
		t.Errorf("before it: %+v", s)
	}
}

// The share of a period that ended between quote and completion was paid all the
// same: it counts for the one that runs.
func TestAnUpgradeWhoseQuoteKnewOtherDates(t *testing.T) {
	var a account
	a.bought("2026-01-01", 1, false)
	a.renewed("2026-01-10", 1, 10)
	a.upgraded("2026-02-01", 10, map[string]models.Fen{"2026-01-01": 3_000, "2026-02-01": 90_000})
	holds(t, a.at("2026-02-02"),
		"26-01-01…26-02-01 (1 months) −15%; 26-01-01 10×pro@60.00; buy-1 510.00",
		"26-02-01…26-03-01 (1 months); 26-02-01 10×enterprise@150.00; renew-2 600.00; upgrade-3 930.00")
}

// Each payment is counted once, whatever happened.
func TestNoPaymentIsLost(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var a account
		paid := a.bought("2026-01-01", rapid.IntRange(1, 3).Draw(t, "months"), rapid.Bool().Draw(t, "auto-renewal")).TotalFen
		now := on("2026-01-02")
		for range rapid.IntRange(1, 8).Draw(t, "steps") {
			now = now.AddDate(0, 0, rapid.IntRange(0, 40).Draw(t, "days"))
			s := models.Project(a.orders, a.outside, now).Subscription
			if s.State(now) == models.Expired {
				break
			}
			switch rapid.SampledFrom([]string{"renew", "upgrade", "seen"}).Draw(t, "step") {
			case "renew":
				paid += a.renewed(now.In(models.Beijing).Format("2006-01-02"), 1, 10).TotalFen
			case "upgrade":
				shares := map[string]models.Fen{}
				for _, p := range s.Periods {
					if p.End.After(now) {
						shares[p.Start.In(models.Beijing).Format("2006-01-02")] = models.Fen(rapid.IntRange(0, 1000).Draw(t, "share"))
					}
				}
				paid += a.upgraded(now.In(models.Beijing).Format("2006-01-02"), 10, shares).TotalFen
			case "seen":
				end := s.ConfirmedEnd().AddDate(0, 0, rapid.IntRange(1, 60).Draw(t, "longer"))
				a.saw(models.OutsideEvent{
					Kind: models.Renewed, Edition: models.Pro, InstanceCount: 10, StartsAt: ptr(s.ConfirmedEnd()), EndsAt: &end, PaidFen: 7,
					AutoRenew: s.AutoRenew, AutoRenewMonths: s.AutoRenewMonths,
				})
				paid += 7
			}
		}
		s := models.Project(a.orders, a.outside, now).Subscription
		got := models.Fen(0)
		for i, p := range s.Periods {
			for _, payment := range p.Payments {
				got += payment.Fen
			}
			if i > 0 && !p.Start.Equal(s.Periods[i-1].End) || !p.End.After(p.Start) || !p.Spans[0].From.Equal(p.Start) {
				t.Fatalf("a gap, or a period that ends before it begins:\n%s", write(s))
			}
			if !slices.IsSortedFunc(p.Spans, func(a, b models.Span) int { return a.From.Compare(b.From) }) {
				t.Fatalf("spans in disorder:\n%s", write(s))
			}
		}
		if got != paid {
			t.Fatalf("%s was paid, %s is known of:\n%s", paid.Yuan(), got.Yuan(), write(s))
		}
	})
}

func TestAutomaticRenewalsArePresumedUntilNow(t *testing.T) {
	var a account
	a.bought("2026-01-31", 1, true)
	for _, tc := range []struct {
		at, ends    string
		unconfirmed bool
		periods     int
	}{
		{"2026-02-27", "2026-02-28", false, 1},
		{"2026-02-28", "2026-03-28", true, 2}, // the very end
		{"2026-03-27", "2026-03-28", true, 2},
		{"2026-05-28", "2026-06-28", true, 5},
	} {
		s := a.at(tc.at).Subscription
		if !s.EndsAt.Equal(on(tc.ends)) || s.Unconfirmed != tc.unconfirmed || len(s.Periods) != tc.periods {
			t.Errorf("on %s:\n%s", tc.at, write(s))
		}
	}
	holds(t, a.at("2026-03-01"),
		"26-01-31…26-02-28 (1 months) −15%; 26-01-31 10×pro@60.00; buy-1 510.00",
		"26-02-28…26-03-28 (1 months) −15% presumed; 26-02-28 10×pro@60.00")
}

func TestWithoutAutoRenewalNothingIsPresumed(t *testing.T) {
	var a account
	a.bought("2026-01-01", 1, false)
	h := a.at("2030-01-01")
	holds(t, h, "26-01-01…26-02-01 (1 months) −15%; 26-01-01 10×pro@60.00; buy-1 510.00")
	if h.Subscription.State(on("2030-01-01")) != models.Expired {
		t.Error(h.Subscription.State(on("2030-01-01")))
	}
}

// What was bought while a renewal was presumed begins at its end, whenever it is
// looked at.
func TestARenewalThatFollowsAPresumedOne(t *testing.T) {
	var a account
	a.bought("2026-01-01", 1, true)
	a.renewed("2026-02-10", 1, 8)
	for _, at := range []string{"2026-02-10", "2026-03-31"} {
		holds(t, a.at(at),
			"26-01-01…26-02-01 (1 months) −15%; 26-01-01 10×pro@60.00; buy-1 510.00",
			"26-02-01…26-03-01 (1 months) −15% presumed; 26-02-01 10×pro@60.00",
			"26-03-01…26-04-01 (1 months); 26-03-01 8×pro@60.00; renew-2 480.00")
	}
}

// The next automatic renewal repeats what is in force at the end.
func TestAPresumedRenewalAfterAnUpgrade(t *testing.T) {
	var a account
	a.bought("2026-01-01", 1, true)
	a.upgraded("2026-01-16", 12, map[string]models.Fen{"2026-01-01": 500})
	holds(t, a.at("2026-02-10"),
		"26-01-01…26-02-01 (1 months) −15%; 26-01-01 10×pro@60.00; 26-01-16 12×enterprise@150.00; buy-1 510.00; upgrade-2 5.00",
		"26-02-01…26-03-01 (1 months) −15% presumed; 26-02-01 12×enterprise@150.00")
}

// What a presumed period began with says what the renewal cost, also when the
// upgrade came at that very moment.
func TestAnUpgradeOfAPresumedPeriod(t *testing.T) {
	for _, at := range []string{"2026-02-01", "2026-02-11"} {
		var a account
		a.bought("2026-01-01", 1, true)
		a.upgraded(at, 12, map[string]models.Fen{"2026-02-01": 500})
		h := a.at("2026-02-20")
		holds(t, h,
			"26-01-01…26-02-01 (1 months) −15%; 26-01-01 10×pro@60.00; buy-1 510.00",
			"26-02-01…26-03-01 (1 months) −15% presumed; 26-02-01 10×pro@60.00; "+day(on(at))+" 12×enterprise@150.00; upgrade-2 5.00")
		if h.Subscription.InstanceCount != 12 {
			t.Errorf("%+v", h.Subscription)
		}
	}
}

func renewal(starts, ends string, machines int) models.OutsideEvent {
	return models.OutsideEvent{
		Kind: models.Renewed, Edition: models.Pro, InstanceCount: machines, StartsAt: ptr(on(starts)), EndsAt: ptr(on(ends)), PaidFen: 1_650_00,
		AutoRenew: true, AutoRenewMonths: 3,
	}
}

// A renewal that was seen takes the place of those that were presumed, and what
// was bought behind them moves to where it really begins.
func TestASeenRenewalReplacesPresumedOnes(t *testing.T) {
	var a account
	a.bought("2026-01-01", 1, true)
	a.renewed("2026-03-05", 1, 8) // behind two presumed ones
	holds(t, a.at("2026-03-05"),
		"26-01-01…26-02-01 (1 months) −15%; 26-01-01 10×pro@60.00; buy-1 510.00",
		"26-02-01…26-03-01 (1 months) −15% presumed; 26-02-01 10×pro@60.00",
		"26-03-01…26-04-01 (1 months) −15% presumed; 26-03-01 10×pro@60.00",
		"26-04-01…26-05-01 (1 months); 26-04-01 8×pro@60.00; renew-2 480.00")
	a.saw(renewal("2026-02-01", "2026-05-01", 11)) // in truth one of three months, for 11 machines
	h := a.at("2026-03-05")
	holds(t, h,
		"26-01-01…26-02-01 (1 months) −15%; 26-01-01 10×pro@60.00; buy-1 510.00",
		"26-02-01…26-05-01; 26-02-01 11×pro@0.00; renew outside 1650.00",
		"26-05-01…26-06-01 (1 months); 26-05-01 8×pro@60.00; renew-2 480.00")
	if s := h.Subscription; s.Unconfirmed || s.InstanceCount != 11 || s.AutoRenewMonths != 3 || h.LastOutsideID != 1 {
		t.Errorf("%+v, %+v", s, h)
	}
	// The next one is presumed again, now of three months.
	if s := a.at("2026-06-01").Subscription; !s.EndsAt.Equal(on("2026-09-01")) || !s.Unconfirmed {
		t.Errorf("%s", write(s))
	}
}

func TestASeenRenewalWhereNoneIsPresumed(t *testing.T) {
	var a account
	a.bought("2026-01-01", 1, true)
	a.saw(renewal("2026-02-01", "2026-03-01", 10)) // before the end
	holds(t, a.at("2026-01-20"),
		"26-01-01…26-02-01 (1 months) −15%; 26-01-01 10×pro@60.00; buy-1 510.00",
		"26-02-01…26-03-01; 26-02-01 10×pro@0.00; renew outside 1650.00")
}

// An upgrade that was made while the renewal was only presumed is not undone by
// seeing the renewal: neither what it lifted nor what it cost.
func TestASeenRenewalKeepsTheUpgradesOfPresumedOnes(t *testing.T) {
	var a account
	a.bought("2026-01-01", 1, true)
	a.upgraded("2026-02-10", 12, map[string]models.Fen{"2026-02-01": 500})
	a.saw(renewal("2026-02-01", "2026-03-01", 10))
	holds(t, a.at("2026-02-20"),
		"26-01-01…26-02-01 (1 months) −15%; 26-01-01 10×pro@60.00; buy-1 510.00",
		"26-02-01…26-03-01; 26-02-01 10×pro@0.00; 26-02-10 12×enterprise@150.00; renew outside 1650.00; upgrade-2 5.00")

	// Also when what was seen is only the first of two.
	var b account
	b.bought("2026-01-01", 1, true)
	b.upgraded("2026-03-10", 12, map[string]models.Fen{"2026-03-01": 500})
	b.saw(renewal("2026-02-01", "2026-03-01", 10))
	h := b.at("2026-03-20")
	holds(t, h,
		"26-01-01…26-02-01 (1 months) −15%; 26-01-01 10×pro@60.00; buy-1 510.00",
		"26-02-01…26-03-01; 26-02-01 10×pro@0.00; renew outside 1650.00",
		"26-03-01…26-06-01 (3 months) presumed; 26-03-01 10×pro@0.00; 26-03-10 12×enterprise@150.00; upgrade-2 5.00")
	if h.Subscription.Edition != models.Enterprise {
		t.Errorf("%+v", h.Subscription)
	}
}

// What an upgrade lifted in a period that moves is lifted from the same moment
// on, or from the beginning if that comes later now.
func TestAnUpgradedPeriodThatMoves(t *testing.T) {
	for ends, want := range map[string]string{
		"2026-03-05": "26-03-05…26-04-05 (1 months); 26-03-05 10×pro@60.00; 26-03-10 12×enterprise@150.00; renew-2 600.00; upgrade-3 5.00",
		"2026-05-01": "26-05-01…26-06-01 (1 months); 26-05-01 12×enterprise@150.00; renew-2 600.00",
	} {
		var a account
		a.bought("2026-01-01", 1, true)
		a.renewed("2026-02-10", 1, 10) // behind a presumed one
		a.upgraded("2026-03-10", 12, map[string]models.Fen{"2026-03-01": 500})
		a.saw(renewal("2026-02-01", ends, 10))
		h := a.at("2026-03-20")
		if lines := strings.Split(write(h.Subscription), "\n"); lines[2] != want {
			t.Errorf("holds\n%s\nwant\n%s", lines[2], want)
		}
		if in := h.Subscription.Periods[2].At(on("2026-05-01")); in.InstanceCount != 12 {
			t.Errorf("in force on 1 May: %+v", in)
		}
	}
}

// What was seen may be the first of several that were presumed: the others stay
// presumed, and what was ordered while they were stays where it is.
func TestASeenRenewalLeavesTheLaterOnesPresumed(t *testing.T) {
	var a account
	a.bought("2026-01-01", 1, true)
	a.renewed("2026-03-10", 6, 80) // in the second presumed month
	monthly := func(starts, ends string) models.OutsideEvent {
		e := renewal(starts, ends, 10)
		e.AutoRenewMonths = 1
		return e
	}
	a.saw(monthly("2026-02-01", "2026-03-01"))
	h := a.at("2026-03-11")
	holds(t, h,
		"26-01-01…26-02-01 (1 months) −15%; 26-01-01 10×pro@60.00; buy-1 510.00",
		"26-02-01…26-03-01; 26-02-01 10×pro@0.00; renew outside 1650.00",
		"26-03-01…26-04-01 (1 months) presumed; 26-03-01 10×pro@0.00",
		"26-04-01…26-10-01 (6 months); 26-04-01 80×pro@60.00; renew-2 28800.00")
	if s := h.Subscription; !s.Unconfirmed || s.InstanceCount != 10 || !s.ConfirmedEnd().Equal(on("2026-03-01")) {
		t.Errorf("%+v", s)
	}
	a.saw(monthly("2026-03-01", "2026-04-01"))
	if s := a.at("2026-03-11").Subscription; s.Unconfirmed || !s.EndsAt.Equal(on("2026-10-01")) {
		t.Errorf("%s", write(s))
	}
}

// Auto-renewal that is off now was on when an upgrade was ordered in a period
// that it had renewed.
func TestAutoRenewalThatIsSeenToBeOff(t *testing.T) {
	var a account
	a.bought("2026-01-01", 1, true)
	a.upgraded("2026-03-10", 12, map[string]models.Fen{"2026-03-01": 500})
	off := func(starts, ends string) models.OutsideEvent {
		e := renewal(starts, ends, 10)
		e.AutoRenew, e.AutoRenewMonths = false, 0
		return e
	}
	a.saw(off("2026-02-01", "2026-03-01"))
	h := a.at("2026-03-20")
	holds(t, h,
		"26-01-01…26-02-01 (1 months) −15%; 26-01-01 10×pro@60.00; buy-1 510.00",
		"26-02-01…26-03-01; 26-02-01 10×pro@0.00; renew outside 1650.00",
		"26-03-01…26-04-01 (1 months) presumed; 26-03-01 10×pro@0.00; 26-03-10 12×enterprise@150.00; upgrade-2 5.00")
	if s := h.Subscription; s.AutoRenew || !s.Unconfirmed || s.Edition != models.Enterprise {
		t.Errorf("%+v", s)
	}
	a.saw(off("2026-03-01", "2026-04-01"))
	h = a.at("2026-03-20")
	if s := h.Subscription; s.Unconfirmed || s.Edition != models.Enterprise || s.InstanceCount != 12 || s.Last().InstanceCount != 12 {
		t.Errorf("%s", write(s))
	}
	if s := a.at("2026-04-02").Subscription; s.State(on("2026-04-02")) != models.Expired {
		t.Errorf("%s", write(s))
	}
}

// The provider may count otherwise by a moment: what it did is never lost.
func TestAnUpgradeWhenNothingIsLeftByOurDates(t *testing.T) {
	var a account
	a.bought("2026-01-01", 1, false)
	a.upgraded("2026-02-01", 12, map[string]models.Fen{"2026-01-01": 500})
	h := a.at("2026-02-02")
	holds(t, h, "26-01-01…26-02-01 (1 months) −15%; 26-01-01 10×pro@60.00; 26-02-01 12×enterprise@150.00; buy-1 510.00; upgrade-2 5.00")
	if in := h.Subscription.Last(); in.Edition != models.Enterprise {
		t.Errorf("a renewal would go on with %+v", in)
	}
}

// An order is about one instance, whatever else is held by then.
func TestAnOrderForAnotherInstanceChangesNothing(t *testing.T) {
	for _, kind := range []models.Kind{models.Renew, models.Upgrade, models.Refund} {
		var a account
		a.saw(adopted())
		a.order(models.Order{
			Kind: kind, InstanceID: "sas-before", Edition: models.Enterprise, InstanceCount: 99, Cycle: models.Year, Duration: 1,
			PlacedAt: on("2026-02-01"), StartsAt: ptr(on("2026-02-01")), EndsAt: ptr(on("2026-02-01")),
		})
		holds(t, a.at("2026-02-02"), "26-01-05…27-01-05; 26-01-05 4×enterprise@0.00; buy outside 6120.00")
	}
}

// TestTheRecordIsWhatTheProviderDid: the provider renews by itself, people
// upgrade and renew meanwhile, and an operator types the provider's bills in, one
// by one and late. Once all are typed, the record is what the provider did; before
// that, everything ordered is in it and the end is right.
func TestTheRecordIsWhatTheProviderDid(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const months = 1
		var a account
		a.bought("2026-01-31", 1, true)
		now := on("2026-01-31")
		type span struct {
			from     time.Time
			machines int
		}
		type period struct {
			start, end time.Time
			spans      []span
			bill       bool // the provider made it by itself
		}
		truth := []period{{now, models.AddMonths(now, months), []span{{now, 10}}, false}}
		last := func() *period { return &truth[len(truth)-1] }
		machines := func(p period) int { return p.spans[len(p.spans)-1].machines }
		bills := 0 // typed in
		bill := func() bool {
			var pending []period
			for _, p := range truth {
				if p.bill {
					pending = append(pending, p)
				}
			}
			if bills == len(pending) {
				return false
			}
			p := pending[bills]
			bills++
			a.saw(models.OutsideEvent{
				Kind: models.Renewed, Edition: models.Pro, InstanceCount: p.spans[0].machines, EndsAt: ptr(p.end), PaidFen: 100,
				StartsAt:  ptr(models.Project(a.orders, a.outside, now).Subscription.ConfirmedEnd()),
				AutoRenew: true, AutoRenewMonths: months,
			})
			return true
		}
		for range rapid.IntRange(1, 12).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(1, 60*24).Draw(t, "hours")) * time.Hour)
			for !last().end.After(now) {
				start := last().end
				truth = append(truth, period{start, models.AddMonths(start, months), []span{{start, machines(*last())}}, true})
			}
			switch rapid.SampledFrom([]string{"renew", "upgrade", "bill"}).Draw(t, "step") {
			case "renew":
				n, count := rapid.IntRange(1, 3).Draw(t, "months"), rapid.IntRange(1, 30).Draw(t, "machines")
				start := last().end
				truth = append(truth, period{start, models.AddMonths(start, n), []span{{start, count}}, false})
				a.order(models.Order{
					Kind: models.Renew, InstanceID: "sas-1", Edition: models.Pro, InstanceCount: count,
					Cycle: models.Month, Duration: n, PlacedAt: now,
				})
			case "upgrade":
				count := rapid.IntRange(1, 30).Draw(t, "machines")
				for i := range truth {
					switch p := &truth[i]; {
					case !p.end.After(now):
					case p.start.Before(now) || p.bill:
						p.spans = append(p.spans, span{now, count})
					default:
						p.spans = []span{{p.start, count}}
					}
				}
				a.order(models.Order{Kind: models.Upgrade, InstanceID: "sas-1", Edition: models.Pro, InstanceCount: count, StartsAt: ptr(now), TotalFen: 7})
			case "bill":
				bill()
			}
			s := models.Project(a.orders, a.outside, now).Subscription
			if !s.EndsAt.Equal(last().end) || s.InstanceCount != func() int {
				in := 0
				for _, p := range truth {
					for _, sp := range p.spans {
						if !sp.from.After(now) {
							in = sp.machines
						}
					}
				}
				return in
			}() {
				t.Fatalf("at %s, %d bills typed in:\n%s\nthe provider's: %+v", now, bills, write(s), truth)
			}
		}
		for bill() {
		}
		s := models.Project(a.orders, a.outside, now).Subscription
		if s.Unconfirmed || len(s.Periods) != len(truth) {
			t.Fatalf("%s\nthe provider's: %+v", write(s), truth)
		}
		for i, p := range s.Periods {
			same := p.Start.Equal(truth[i].start) && p.End.Equal(truth[i].end)
			var got []span
			for _, in := range p.Spans {
				got = append(got, span{in.From, in.InstanceCount})
			}
			// What was lifted at the very moment it began was never in force.
			inForce := func(spans []span) (out []span) {
				for j, in := range spans {
					if j+1 == len(spans) || spans[j+1].from.After(in.from) {
						out = append(out, in)
					}
				}
				return out
			}
			if !same || !slices.EqualFunc(inForce(got), inForce(truth[i].spans), func(a, b span) bool { return a.from.Equal(b.from) && a.machines == b.machines }) {
				t.Fatalf("period %d:\n%s\nthe provider's: %+v", i, write(s), truth)
			}
		}
	})
}

func adopted() models.OutsideEvent {
	return models.OutsideEvent{
		Kind: models.Adopted, Edition: models.Enterprise, InstanceCount: 4, StartsAt: ptr(on("2026-01-05")), EndsAt: ptr(on("2027-01-05")),
		PaidFen: 6_120_00, AutoRenew: true, AutoRenewMonths: 12,
	}
}

func TestAnAdoptedInstance(t *testing.T) {
	var a account
	a.saw(adopted())
	h := a.at("2026-06-01")
	holds(t, h, "26-01-05…27-01-05; 26-01-05 4×enterprise@0.00; buy outside 6120.00")
	if s := h.Subscription; s.InstanceID != "sas-adopted" || !s.AutoRenew || s.AutoRenewMonths != 12 || h.LastOutsideID != 1 || h.LastOrderID != 0 {
		t.Errorf("%+v", s)
	}
}

func TestWhatReleasesAnInstance(t *testing.T) {
	for name, release := range map[string]func(*account){
		"a refund":       func(a *account) { a.refunded("2026-02-01", false) },
		"seen elsewhere": func(a *account) { a.saw(models.OutsideEvent{Kind: models.Released, EndsAt: ptr(on("2026-02-01"))}) },
	} {
		var a account
		a.bought("2026-01-01", 12, true)
		release(&a)
		holds(t, a.at("2026-02-02"), "nothing")
		// And nothing after it brings it back.
		a.renewed("2026-02-03", 1, 10)
		a.upgraded("2026-02-03", 10, nil)
		a.saw(renewal("2027-02-01", "2027-03-01", 10))
		if h := a.at("2026-02-04"); h.Subscription != nil {
			t.Errorf("after %s:\n%s", name, write(h.Subscription))
		}
		a.bought("2026-03-01", 1, false)
		holds(t, a.at("2026-03-02"),
			fmt.Sprintf("26-03-01…26-04-01 (1 months) −15%%; 26-03-01 10×pro@60.00; buy-%d 510.00", len(a.orders)))
	}
}

// The year is Beijing's: at 00:00 of 1 January there it is the year before in UTC.
func TestTheYearsOfFullRefunds(t *testing.T) {
	var a account
	for _, r := range []struct {
		buy, refund string
		inFull      bool
	}{
		{"2025-12-28", "2026-01-01", true},
		{"2026-02-01", "2026-02-03", false},
		{"2027-02-01", "2027-02-03", true},
	} {
		a.bought(r.buy, 1, false)
		a.refunded(r.refund, r.inFull)
	}
	a.bought("2028-02-01", 1, false)
	if h := a.at("2028-02-02"); !slices.Equal(h.FullRefunds, []int{2026, 2027}) {
		t.Errorf("%v", h.FullRefunds)
	}
}

// An entry from outside stands behind the order it was recorded after, whatever
// any clock says.
func TestTheOrderOfEntries(t *testing.T) {
	order := func(id int64, kind models.Kind) models.Entry {
		return models.Entry{Order: &models.Order{ID: id, Kind: kind, Status: models.Completed}}
	}
	for name, tc := range map[string]struct {
		orders  []models.Entry
		outside []models.OutsideEvent
		want    string
	}{
		"before every order":  {[]models.Entry{order(4, models.Buy)}, []models.OutsideEvent{{ID: 9, AfterOrderID: 0}}, "x9 4"},
		"after it":            {[]models.Entry{order(4, models.Buy)}, []models.OutsideEvent{{ID: 9, AfterOrderID: 4}}, "4 x9"},
		"between two":         {[]models.Entry{order(4, models.Buy), order(6, models.Refund)}, []models.OutsideEvent{{ID: 9, AfterOrderID: 4}}, "4 x9 6"},
		"several at a place":  {[]models.Entry{order(4, models.Buy), order(6, models.Refund)}, []models.OutsideEvent{{ID: 1, AfterOrderID: 4}, {ID: 2, AfterOrderID: 4}, {ID: 3, AfterOrderID: 6}}, "4 x1 x2 6 x3"},
		"without orders":      {nil, []models.OutsideEvent{{ID: 1}, {ID: 2}}, "x1 x2"},
		"an older order late": {[]models.Entry{order(3, models.Buy), order(5, models.Refund)}, []models.OutsideEvent{{ID: 1, AfterOrderID: 5}, {ID: 2, AfterOrderID: 3}}, "3 5 x1 x2"},
	} {
		h := models.Project(tc.orders, tc.outside, on("2026-01-01"))
		var got []string
		for _, e := range h.Entries {
			if e.Outside != nil {
				got = append(got, fmt.Sprintf("x%d", e.Outside.ID))
			} else {
				got = append(got, fmt.Sprint(e.Order.ID))
			}
		}
		if strings.Join(got, " ") != tc.want {
			t.Errorf("%s: %v, want %s", name, got, tc.want)
		}
	}
}

// It matters: an adoption after a refund is held, one before it is not.
func TestTheOrderOfEntriesDecidesWhatIsHeld(t *testing.T) {
	var after account
	after.bought("2026-01-01", 12, false)
	after.refunded("2026-01-03", true)
	after.saw(adopted())
	if s := after.at("2026-02-01").Subscription; s == nil || s.InstanceID != "sas-adopted" {
		t.Error(write(s))
	}
	var before account
	before.saw(adopted())
	before.bought("2026-01-01", 12, false)
	if s := before.at("2026-02-01").Subscription; s == nil || s.InstanceID != "sas-1" {
		t.Error(write(s))
	}
}

// Project changes nothing that it is given: the same history read twice says the
// same.
func TestProjectingTwiceSaysTheSame(t *testing.T) {
	var a account
	a.bought("2026-01-01", 1, true)
	a.renewed("2026-03-04", 2, 8)
	a.upgraded("2026-03-05", 12, map[string]models.Fen{"2026-03-01": 500, "2026-04-01": 700})
	a.saw(renewal("2026-02-01", "2026-05-01", 11))
	first := write(a.at("2026-03-05").Subscription)
	a.at("2030-01-01")
	if again := write(a.at("2026-03-05").Subscription); again != first {
		t.Errorf("first\n%s\nthen\n%s", first, again)
	}
}
