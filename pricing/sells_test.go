package pricing_test

import (
	"errors"
	"testing"

	"portal/models"
	"portal/pricing"
)

func TestSells(t *testing.T) {
	b := pricing.Embedded()
	year1 := models.Term{Cycle: models.Year, Duration: 1}
	month1 := models.Term{Cycle: models.Month, Duration: 1}
	month3 := models.Term{Cycle: models.Month, Duration: 3}

	for _, c := range []struct {
		term     models.Term
		machines int
	}{{year1, 1}, {year1, 5}, {month3, 6}, {month3, 10}, {month1, 11}, {month1, pricing.MaxMachines}} {
		if err := b.Sells(models.Pro, c.term, c.machines); err != nil {
			t.Errorf("%s for %d machines: %v", c.term, c.machines, err)
		}
	}

	t.Run("below the minimum for so few machines", func(t *testing.T) {
		for _, c := range []struct {
			term     models.Term
			machines int
			minimum  int
			shortest models.Term
		}{
			{month1, 1, 12, year1},
			{month3, 5, 12, year1},
			{month1, 6, 3, month3},
			{month1, 10, 3, month3},
		} {
			var below *pricing.BelowMinimumError
			if err := b.Sells(models.Pro, c.term, c.machines); !errors.As(err, &below) {
				t.Errorf("%s for %d machines: %v", c.term, c.machines, err)
				continue
			}
			want := pricing.BelowMinimumError{
				Term: c.term, Machines: c.machines, MinimumMonths: c.minimum, Shortest: c.shortest,
			}
			if *below != want {
				t.Errorf("%s for %d machines: %+v", c.term, c.machines, *below)
			}
		}
	})

	t.Run("the shortest term sold may be longer than the minimum", func(t *testing.T) {
		b := parse(t, oneTerm("pro", "60.00", "month-1", "0")+"month-6 = \"0\"\n[[minimum_terms]]\nmonths = 2\n")
		var below *pricing.BelowMinimumError
		err := b.Sells(models.Pro, month1, 7)
		if !errors.As(err, &below) || below.MinimumMonths != 2 || below.Shortest.String() != "month-6" {
			t.Errorf("%v", err)
		}
	})

	t.Run("not sold to anybody", func(t *testing.T) {
		var term *pricing.TermNotSoldError
		month2 := models.Term{Cycle: models.Month, Duration: 2}
		if err := b.Sells(models.Pro, month2, 100); !errors.As(err, &term) || term.Term != month2 {
			t.Errorf("month-2: %v", err)
		}
		// As long as year-1, but the provider is asked for 12 months, not a year.
		month12 := models.Term{Cycle: models.Month, Duration: 12}
		if err := b.Sells(models.Pro, month12, 100); !errors.As(err, &term) {
			t.Errorf("month-12: %v", err)
		}
		var edition *pricing.EditionNotSoldError
		if err := b.Sells("advanced", year1, 100); !errors.As(err, &edition) || edition.Edition != "advanced" {
			t.Errorf("advanced: %v", err)
		}
	})

	t.Run("a number that can't be priced", func(t *testing.T) {
		for _, n := range []int{-1, 0, pricing.MaxMachines + 1} {
			var machines *pricing.MachinesError
			if err := b.Sells(models.Pro, year1, n); !errors.As(err, &machines) || machines.Machines != n {
				t.Errorf("%d machines: %v", n, err)
			}
			if terms := b.Terms(n); len(terms) != 0 {
				t.Errorf("%d machines: %v", n, terms)
			}
		}
	})
}

func TestBuyRefusesWhatIsNotSold(t *testing.T) {
	p, err := pricing.Embedded().Buy(models.Pro, models.Term{Cycle: models.Month, Duration: 1}, 5)
	var below *pricing.BelowMinimumError
	if !errors.As(err, &below) || p.TotalFen != 0 || p.Lines != nil {
		t.Errorf("%+v, %v", p, err)
	}
}

func TestWithoutMinimumTermsEveryTermIsSold(t *testing.T) {
	b := parse(t, oneTerm("pro", "60.00", "month-1", "0"))
	if terms := b.Terms(1); len(terms) != 1 {
		t.Errorf("%v", terms)
	}
}

// These texts are for logs; pages have their own words.
func TestErrorTexts(t *testing.T) {
	b := pricing.Embedded()
	year1 := models.Term{Cycle: models.Year, Duration: 1}
	month1 := models.Term{Cycle: models.Month, Duration: 1}
	for _, c := range []struct {
		err  error
		want string
	}{
		{b.Sells("advanced", year1, 1), `edition "advanced" is not sold`},
		{b.Sells(models.Pro, models.Term{Cycle: models.Year, Duration: 9}, 1), "term year-9 is not sold"},
		{b.Sells(models.Pro, month1, 3), "term month-1 is not sold for 3 machines: the shortest is year-1"},
		{b.Sells(models.Pro, year1, 0), "0 machines can't be priced: from 1 to 1000000 can"},
	} {
		if c.err == nil || c.err.Error() != c.want {
			t.Errorf("%v, want %s", c.err, c.want)
		}
	}
}
