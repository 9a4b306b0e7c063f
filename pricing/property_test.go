package pricing_test

import (
	"errors"
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"portal/models"
	"portal/pricing"
)

// forAnyPurchase draws a book and, for one number of machines, looks at each
// edition and term that the book sells for it.
func forAnyPurchase(t *testing.T, look func(t *rapid.T, b *pricing.Book, e models.Edition, term models.Term, machines int)) {
	t.Helper()
	rapid.Check(t, func(t *rapid.T) {
		b := parse(t, books().Draw(t, "book").text())
		machines := drawMachines(t)
		for _, e := range b.Editions() {
			for _, term := range b.Terms(machines) {
				look(t, b, e, term, machines)
			}
		}
	})
}

func buy(t fataler, b *pricing.Book, e models.Edition, term models.Term, machines int) pricing.Price {
	t.Helper()
	p, err := b.Buy(e, term, machines)
	if err != nil {
		t.Fatalf("%v", err)
	}
	return p
}

func TestLinesAddUpAndNothingIsSoldForNothing(t *testing.T) {
	forAnyPurchase(t, func(t *rapid.T, b *pricing.Book, e models.Edition, term models.Term, machines int) {
		addsUp(t, buy(t, b, e, term, machines))
	})
}

func addsUp(t fataler, p pricing.Price) {
	t.Helper()
	var sum models.Fen
	for _, line := range p.Lines {
		sum += line.Amount
	}
	if sum != p.TotalFen || p.ListFen-p.SavingFen != p.TotalFen || p.Lines[0].Amount != p.ListFen {
		t.Fatalf("lines add up to %s: %+v", sum.Yuan(), p)
	}
	if p.TotalFen < 1 || p.SavingFen < 0 {
		t.Fatalf("%+v", p)
	}
}

func TestMoreMachinesNeverCostLess(t *testing.T) {
	forAnyPurchase(t, func(t *rapid.T, b *pricing.Book, e models.Edition, term models.Term, machines int) {
		moreMachines(t, b, e, term, machines, min(machines+1, pricing.MaxMachines))
		moreMachines(t, b, e, term, machines, rapid.IntRange(machines, pricing.MaxMachines).Draw(t, "more"))
	})
}

func moreMachines(t fataler, b *pricing.Book, e models.Edition, term models.Term, few, many int) {
	t.Helper()
	if b.Sells(e, term, many) != nil {
		return // a book may sell only longer terms for more machines
	}
	a, z := buy(t, b, e, term, few), buy(t, b, e, term, many)
	if z.TotalFen < a.TotalFen || z.ListFen < a.ListFen {
		t.Fatalf("%d machines cost %s, %d cost %s", few, a.TotalFen.Yuan(), many, z.TotalFen.Yuan())
	}
}

func TestALongerTermCostsMore(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := parse(t, books().Draw(t, "book").text())
		longerTerms(t, b, drawMachines(t))
	})
}

func longerTerms(t fataler, b *pricing.Book, machines int) {
	t.Helper()
	for _, e := range b.Editions() {
		var before pricing.Price
		months := 0
		for _, term := range b.Terms(machines) {
			if term.Months() <= months {
				t.Fatalf("%s is not longer than the one before", term)
			}
			p := buy(t, b, e, term, machines)
			if p.TotalFen <= before.TotalFen {
				t.Fatalf("%d machines of %s: %s costs %s, a shorter term %s",
					machines, e, term, p.TotalFen.Yuan(), before.TotalFen.Yuan())
			}
			before, months = p, term.Months()
		}
	}
}

func TestEnterpriseNeverCostsLessThanPro(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := parse(t, books().Filter(func(w written) bool { return len(w.editions) == 2 }).Draw(t, "book").text())
		enterpriseAbovePro(t, b, drawMachines(t))
	})
}

func enterpriseAbovePro(t fataler, b *pricing.Book, machines int) {
	t.Helper()
	for _, term := range b.Terms(machines) {
		pro, enterprise := buy(t, b, models.Pro, term, machines), buy(t, b, models.Enterprise, term, machines)
		if enterprise.TotalFen < pro.TotalFen || enterprise.ListFen <= pro.ListFen {
			t.Fatalf("%d machines for %s: Pro %s, Enterprise %s", machines, term, pro.TotalFen.Yuan(), enterprise.TotalFen.Yuan())
		}
	}
}

func TestEachLineIsRoundedHalfUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := books().Draw(t, "book")
		w.tiers = nil // every term for every number
		b := parse(t, w.text())
		machines := drawMachines(t)
		for _, e := range w.editions {
			for _, term := range w.terms {
				list, off := w.exactly(e, term, machines)
				p := buy(t, b, e.name, term.Term, machines)
				if int64(p.ListFen) != list || int64(p.SavingFen) != off {
					t.Fatalf("%d machines of %s for %s: %d − %d, want %d − %d",
						machines, e.name, term, p.ListFen, p.SavingFen, list, off)
				}
			}
		}
	})
}

// Whatever is sold is the written terms that are long enough, and Sells says the
// same as Terms.
func TestMinimumTerms(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := books().Draw(t, "book")
		b := parse(t, w.text())
		machines := drawMachines(t)
		if len(w.tiers) > 1 && rapid.Bool().Draw(t, "at an edge") {
			machines = w.tiers[0].machines + rapid.IntRange(0, 1).Draw(t, "beyond")
		}
		least := 1
		for _, tier := range w.tiers {
			if tier.machines == 0 || machines <= tier.machines {
				least = tier.months
				break
			}
		}
		sold := map[models.Term]bool{}
		for _, term := range b.Terms(machines) {
			sold[term] = true
		}
		if len(sold) == 0 {
			t.Fatalf("nothing is sold for %d machines", machines)
		}
		for _, term := range w.terms {
			err := b.Sells(w.editions[0].name, term.Term, machines)
			var below *pricing.BelowMinimumError
			if long := term.Months() >= least; sold[term.Term] != long || (err == nil) != long {
				t.Fatalf("%s for %d machines, at least %d months: sold %t, %v", term, machines, least, sold[term.Term], err)
			}
			if err != nil && (!errors.As(err, &below) || below.MinimumMonths != least || below.Shortest != b.Terms(machines)[0]) {
				t.Fatalf("%+v", err)
			}
		}
	})
}

// The rule about growth refuses what it says and nothing else: two terms of any
// discount are sold exactly if the longer costs at least 1 fen more for one
// machine, unrounded, and the shorter at least 1 fen.
func TestABookWhoseTotalsDoNotGrowIsRefused(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		fen := rapid.Int64Range(1, 200).Draw(t, "price")
		months := drawDistinct(t, "months", 2, 2, 1, 36)
		discount := rapid.Int64Range(0, 99_99)
		w := written{
			minutes:  1,
			editions: []writtenEdition{{models.Pro, "level1", fen}},
			terms: []writtenTerm{
				{models.Term{Cycle: models.Month, Duration: months[0]}, discount.Draw(t, "discount")},
				{models.Term{Cycle: models.Month, Duration: months[1]}, discount.Draw(t, "discount")},
			},
		}
		if rapid.Bool().Draw(t, "nearly the same") {
			// Around the discount at which both cost the same.
			same := 100_00 - (100_00-w.terms[0].percent)*int64(months[0])/int64(months[1])
			w.terms[1].percent = min(max(same+rapid.Int64Range(-100, 1).Draw(t, "off"), 0), 99_99)
		}
		net := func(term writtenTerm) *big.Rat {
			return new(big.Rat).Mul(big.NewRat(fen*int64(term.Months()), 1), big.NewRat(100_00-term.percent, 100_00))
		}
		grows := func(short, long *big.Rat) bool {
			return new(big.Rat).Sub(long, short).Cmp(big.NewRat(1, 1)) >= 0
		}
		want := grows(new(big.Rat), net(w.terms[0])) && grows(net(w.terms[0]), net(w.terms[1]))
		b, err := pricing.Parse([]byte(w.text()))
		if (err == nil) != want {
			t.Fatalf("accepted: %t, want %t: %v\n%s", err == nil, want, err, w.text())
		}
		if err == nil {
			for machines := range 50 {
				longerTerms(t, b, machines+1)
			}
		}
	})
}

// At 0.01 yuan: month-1 costs 1 fen; month-8 at 75% less costs 2, exactly 1 fen
// more; month-7 at 71.43% less costs 1.9999, which is not enough.
func TestTheLeastGrowthIsOneFenUnrounded(t *testing.T) {
	month1 := oneTerm("pro", "0.01", "month-1", "0")
	parse(t, month1+"month-8 = \"75\"\n")
	if _, err := pricing.Parse([]byte(month1 + "month-7 = \"71.43\"\n")); err == nil {
		t.Error("accepted")
	}
}
