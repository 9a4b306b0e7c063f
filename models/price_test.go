package models_test

import (
	"errors"
	"testing"

	"pgregory.net/rapid"

	"portal/models"
)

func TestMarkupsAsPeopleTypeThem(t *testing.T) {
	for typed, want := range map[string]models.Markup{
		"15": 15_00, "+15%": 15_00, "12.5": 12_50, "12,5": 12_50, " 12.50 % ": 12_50, "-5": -5_00, "−5,25": -5_25, "１２．５％": 12_50, "－５": -5_00,
		"0": 0, "-0": 0, "007": 7_00, "0.01": 1, "500": models.MostMarkup, "-90": models.LeastMarkup,
	} {
		if got, err := models.ParseMarkup(typed); err != nil || got != want {
			t.Errorf("%q: %d (%v), want %d", typed, got, err, want)
		}
	}
	for typed, want := range map[string]error{
		"": models.ErrMarkupUnread, "%": models.ErrMarkupUnread, "x": models.ErrMarkupUnread, "1.234": models.ErrMarkupUnread, "1.": models.ErrMarkupUnread,
		".5": models.ErrMarkupUnread, "--5": models.ErrMarkupUnread, "1e2": models.ErrMarkupUnread, "1,000.00": models.ErrMarkupUnread, "٣": models.ErrMarkupUnread,
		"500.01": models.ErrMarkupRange, "-90.01": models.ErrMarkupRange, "99999999999999999999": models.ErrMarkupRange,
	} {
		if got, err := models.ParseMarkup(typed); !errors.Is(err, want) {
			t.Errorf("%q: %d, %v", typed, got, err)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		m := models.Markup(rapid.Int64Range(int64(models.LeastMarkup), int64(models.MostMarkup)).Draw(t, "markup"))
		for _, written := range []string{m.Typed(), m.String(), m.String() + "%"} {
			if got, err := models.ParseMarkup(written); err != nil || got != m {
				t.Fatalf("%d is written %q and read %d (%v)", m, written, got, err)
			}
		}
	})
}

// TestTheMostSpecificRuleWins: whatever order they come in.
func TestTheMostSpecificRuleWins(t *testing.T) {
	one := int64(7)
	rules := []models.PriceRule{
		{Markup: 1}, {Edition: models.Pro, Markup: 2}, {AccountID: &one, Markup: 3}, {AccountID: &one, Edition: models.Pro, Markup: 4},
	}
	for n := range len(rules) + 1 {
		for _, turned := range []bool{false, true} {
			some := append([]models.PriceRule{}, rules[:n]...)
			if turned {
				for i := range len(some) / 2 {
					some[i], some[len(some)-1-i] = some[len(some)-1-i], some[i]
				}
			}
			if got := (models.OwnPrices{Rules: some}).Markup(models.Pro); got != models.Markup(n) {
				t.Errorf("of %d rules: %d", n, got)
			}
		}
	}
	if got := (models.OwnPrices{Rules: rules}).Markup(models.Enterprise); got != 3 {
		t.Errorf("the other edition: %d", got)
	}
	below := []models.PriceRule{{Markup: 5_00}, {AccountID: &one, Markup: -5_00}}
	if got := (models.OwnPrices{Rules: below}).Markup(models.Pro); got != 0 {
		t.Errorf("below list without permission: %d", got)
	}
	if got := (models.OwnPrices{Rules: below, Discounts: true}).Markup(models.Pro); got != -5_00 {
		t.Errorf("below list: %d", got)
	}
}
