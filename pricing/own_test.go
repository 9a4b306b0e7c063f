package pricing_test

import (
	"math/big"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"portal/models"
	"portal/pricing"
)

func drawMarkup(t *rapid.T, label string) models.Markup {
	return models.Markup(rapid.Int64Range(int64(models.LeastMarkup), int64(models.MostMarkup)).Draw(t, label))
}

func TestOwnPrices(t *testing.T) {
	for _, tc := range []struct {
		list models.Fen
		m    models.Markup
		want models.Fen
	}{
		{60_00, 0, 60_00},
		{60_00, 15_00, 69_00},
		{60_00, -5_00, 57_00},
		{150_00, 12_34, 168_51},
		{1, 49_99, 1},  // 1.4999
		{1, 50_00, 2},  // half a fen up
		{5, -90_00, 1}, // half a fen up
		{1, -90_00, 1}, // never free
		{0, 500_00, 0}, // but what costs nothing
		{1 << 60, models.MostMarkup, 6 << 60},
	} {
		if got := pricing.Own(tc.list, tc.m); got != tc.want {
			t.Errorf("%d at %s%%: %d, want %d", tc.list, tc.m, got, tc.want)
		}
	}
}

// ownKeepsItsPromises: rounded half up and never to nothing, never below the list
// price without a discount, more for a higher price and for a higher markup.
func ownKeepsItsPromises(t fataler, list models.Fen, m models.Markup) {
	t.Helper()
	own := pricing.Own(list, m)
	exact := big.NewRat(int64(list), 1)
	exact.Mul(exact, big.NewRat(int64(10_000+m), 10_000))
	exact.Add(exact, big.NewRat(1, 2))
	want := models.Fen(new(big.Int).Quo(exact.Num(), exact.Denom()).Int64())
	if list > 0 {
		want = max(want, 1)
	}
	switch {
	case own != want:
		t.Fatalf("%d at %s%%: %d, want %d", list, m, own, want)
	case m >= 0 && own < list:
		t.Fatalf("%d at %s%% is below list: %d", list, m, own)
	case m == 0 && own != list:
		t.Fatalf("%d at list price: %d", list, own)
	case list < 1<<60 && pricing.Own(list+1, m) < own:
		t.Fatalf("%d at %s%% costs more than what costs more", list, m)
	case m < models.MostMarkup && pricing.Own(list, m+1) < own:
		t.Fatalf("%d at %s%% costs more than at more", list, m)
	}
}

func TestOwnPricesOfAnything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list := rapid.OneOf(rapid.Int64Range(0, 20_000), rapid.Int64Range(0, 1<<60)).Draw(t, "list")
		ownKeepsItsPromises(t, models.Fen(list), drawMarkup(t, "markup"))
	})
}

func FuzzOwn(f *testing.F) {
	f.Add(int64(60_00), int64(15_00))
	f.Add(int64(1), int64(-90_00))
	f.Add(int64(1<<60), int64(500_00))
	f.Fuzz(func(t *testing.T, list, markup int64) {
		m := models.Markup(markup)
		if list < 0 || list > 1<<60 || m < models.LeastMarkup || m > models.MostMarkup {
			t.Skip()
		}
		ownKeepsItsPromises(t, models.Fen(list), m)
	})
}

// TestPurchasesAtAnOwnPrice: machines × own unit price × months is exact, lines
// add up, a higher markup never costs less, and without a discount nothing costs
// less than at list.
func TestPurchasesAtAnOwnPrice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := parse(t, books().Draw(t, "book").text())
		machines, m := drawMachines(t), drawMarkup(t, "markup")
		higher := m + models.Markup(rapid.Int64Range(0, int64(models.MostMarkup-m)).Draw(t, "more"))
		for _, e := range b.Editions() {
			for _, term := range b.Terms(machines) {
				list, own, more := buy(t, b, e, term, machines), buy(t, b.At(m), e, term, machines), buy(t, b.At(higher), e, term, machines)
				addsUp(t, own)
				unit := pricing.Own(b.UnitPrice(e), m)
				if l := own.Lines[0]; l.UnitFen != unit || l.Amount != models.Fen(machines)*unit*models.Fen(term.Months()) {
					t.Fatalf("%d machines for %s at %s: %+v", machines, term, unit.Yuan(), l)
				}
				if m >= 0 && own.TotalFen < list.TotalFen || m == 0 && own.TotalFen != list.TotalFen {
					t.Fatalf("%s at %s%%, %s at list", own.TotalFen.Yuan(), m, list.TotalFen.Yuan())
				}
				if more.TotalFen < own.TotalFen {
					t.Fatalf("%s at %s%%, %s at %s%%", own.TotalFen.Yuan(), m, more.TotalFen.Yuan(), higher)
				}
			}
		}
		if b.At(m).Hash() != b.Hash() {
			t.Fatal("an own price is another book")
		}
	})
}

// TestUpgradesAtAnOwnPrice: as purchases, but that a higher markup may cost less
// by what its two unit prices are rounded by, a fen for each machine and month.
func TestUpgradesAtAnOwnPrice(t *testing.T) {
	forAnyUpgrade(t, func(t *rapid.T, h history, s models.Subscription, to models.Edition, machines int) {
		m := drawMarkup(t, "markup")
		list, own := upgrade(t, h.today, s, to, machines, h.now), upgrade(t, h.today.At(m), s, to, machines, h.now)
		if sum := total(own.Lines, models.LineNew, models.LineOld, models.LineDiscount); sum != own.TotalFen || own.ListFen-own.SavingFen != own.TotalFen {
			t.Fatalf("lines add up to %s: %+v", sum.Yuan(), own)
		}
		switch {
		case own.TotalFen < 0, len(own.Lines) != len(list.Lines):
			t.Fatalf("%+v\nlist %+v", own, list)
		case m >= 0 && own.TotalFen < list.TotalFen:
			t.Fatalf("%s at %s%%, %s at list", own.TotalFen.Yuan(), m, list.TotalFen.Yuan())
		case m == 0 && own.TotalFen != list.TotalFen:
			t.Fatalf("%s at list price, not %s", own.TotalFen.Yuan(), list.TotalFen.Yuan())
		}
		if m == models.MostMarkup {
			return
		}
		slack := models.Fen(2 * len(own.Lines))
		for _, l := range own.Lines {
			if l.Kind == models.LineNew || l.Kind == models.LineOld {
				slack += models.Fen(l.Machines * (l.Months + 1))
			}
		}
		if more := upgrade(t, h.today.At(m+1), s, to, machines, h.now); more.TotalFen+slack < own.TotalFen {
			t.Fatalf("%s at %s%%, %s at more", own.TotalFen.Yuan(), m, more.TotalFen.Yuan())
		}
	})
}

// TestRoundingNeverGoesBelowList: by themselves the two lines of this upgrade are
// rounded so that a markup would bring a fen less than none.
func TestRoundingNeverGoesBelowList(t *testing.T) {
	b := parse(t, oneTerm("pro", "60.00", "year-1", "0"))
	h := holder{book: b}
	h.buy(t, models.Pro, term("year-1"), 1, at("2026-01-01"), 0)
	for day := range 31 {
		now := at("2026-12-01").AddDate(0, 0, day)
		for machines := 2; machines < 20; machines++ {
			list, own := upgrade(t, b, h.at(now), models.Pro, machines, now), upgrade(t, b.At(1), h.at(now), models.Pro, machines, now)
			if own.TotalFen < list.TotalFen {
				t.Fatalf("%d machines with %d days left: %s own, %s at list", machines, 31-day, own.TotalFen.Yuan(), list.TotalFen.Yuan())
			}
			if sum := total(own.Lines, models.LineNew, models.LineOld); sum != own.TotalFen {
				t.Fatalf("lines add up to %s: %+v", sum.Yuan(), own)
			}
		}
	}
}

// TestRefundsGoByWhatWasPaid: what comes back at own prices is between nothing and
// what was paid at them, all of it within the days of a full refund, and what
// comes back at list is not touched by any of it.
func TestRefundsGoByWhatWasPaid(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := historiesOf(true).Draw(t, "history")
		known := models.Project(h.orders, h.outside, h.now)
		without := h
		without.orders = slices.Clone(h.orders)
		for i, e := range h.orders {
			o := *e.Order
			o.OwnTotalFen, o.Markup = nil, 0
			without.orders[i] = models.Entry{Order: &o, Lines: e.Lines}
		}
		hadFull := rapid.Bool().Draw(t, "had a full refund")
		list, err := h.today.Refund(*known.Subscription, hadFull, h.now)
		own, ownErr := h.today.Refund(*known.Own, hadFull, h.now)
		if err != nil || ownErr != nil {
			if err == nil || ownErr == nil || err.Error() != ownErr.Error() {
				t.Fatalf("%v, %v", err, ownErr)
			}
			return // over, or of an edition that today's book has no price of
		}
		if want := refund(t, h.today, without.at(h.now), hadFull, h.now); want.TotalFen != list.TotalFen {
			t.Fatalf("%s comes back at list, %s without own prices", list.TotalFen.Yuan(), want.TotalFen.Yuan())
		}
		var sum, paid models.Fen
		for _, l := range own.Lines {
			sum += l.Amount
			if l.Kind == models.LinePaid {
				paid += l.Amount
			}
		}
		if sum != own.TotalFen || own.TotalFen < 0 || own.TotalFen > paid || paid != own.ListFen {
			t.Fatalf("%s of %s comes back, lines add up to %s", own.TotalFen.Yuan(), paid.Yuan(), sum.Yuan())
		}
		if models.InFull(own.Lines) != models.InFull(list.Lines) || models.InFull(own.Lines) && own.TotalFen != paid {
			t.Fatalf("in full: %s of %s", own.TotalFen.Yuan(), paid.Yuan())
		}
		if !known.Own.EndsAt.Equal(known.Subscription.EndsAt) || len(known.Own.Periods) != len(known.Subscription.Periods) {
			t.Fatal("an own price changes what is held")
		}
	})
}

// TestARefundAtTheMarkupOfItsOrder: bought at +20%, whatever is in force today;
// what was bought before there were own prices comes back at list.
func TestARefundAtTheMarkupOfItsOrder(t *testing.T) {
	book := pricing.Embedded()
	now := at("2026-06-20 09:00")
	h := holder{book: book}
	h.buy(t, models.Pro, term("year-1"), 25, at("2026-03-10 10:00"), 12)
	before := models.Project(h.orders, nil, now)
	if before.Own != before.Subscription {
		t.Error("without own prices there are two subscriptions")
	}
	own := buy(t, book.At(20_00), models.Pro, term("year-1"), 25)
	h.orders[0].Order.OwnTotalFen, h.orders[0].Order.Markup, h.orders[0].OwnLines = &own.TotalFen, 20_00, own.Lines
	known := models.Project(h.orders, nil, now)
	got, list := refund(t, book, *known.Own, false, now), refund(t, book, *known.Subscription, false, now)
	// 15,300.00 − 4,250.00 − 750.00 at list; each a fifth more.
	if list.TotalFen != 10_300_00 || got.TotalFen != 12_360_00 {
		t.Errorf("%s at list, %s own: %+v", list.TotalFen.Yuan(), got.TotalFen.Yuan(), got.Lines)
	}
	// A year later it is presumed renewed: at the markup of what it repeats.
	later := at("2027-06-20 09:00")
	known = models.Project(h.orders, nil, later)
	got = refund(t, book, *known.Own, false, later)
	if paid := total(got.Lines, models.LinePaid); paid != 2*18_360_00 {
		t.Errorf("%s was paid: %+v", paid.Yuan(), got.Lines)
	}
}
