package pricing_test

import (
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"portal/models"
	"portal/pricing"
)

func TestHashIsAHash(t *testing.T) {
	if h := pricing.Embedded().Hash(); !regexp.MustCompile(`^[0-9a-f]{64}$`).MatchString(h) {
		t.Errorf("%q", h)
	}
}

// A comment must not void anybody's quote.
func TestHashIgnoresHowTheBookIsWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := books().Draw(t, "book")
		other := w.otherwise(t)
		if parse(t, w.text()).Hash() != parse(t, other).Hash() {
			t.Fatalf("another hash:\n%s\n%s", w.text(), other)
		}
	})
}

// Each of these says something else than the embedded book.
func TestHashKnowsEveryValue(t *testing.T) {
	seen := map[string]string{pricing.Embedded().Hash(): "the embedded book"}
	for _, c := range []struct{ old, new string }{
		{"example = true", "example = false"},
		{"quote_minutes = 30", "quote_minutes = 31"},
		{"buy_again_days = 15", "buy_again_days = 14"},
		{"full_days = 5", "full_days = 4"},
		{"[1, 3, 6,", "[1, 3,"},
		{"[1, 3, 6,", "[3, 6,"},
		{`"level1"`, `"level3"`},
		{`"level2"`, `"level3"`},
		{`"60.00"`, `"60.01"`},
		{`"150.00"`, `"150.01"`},
		{`month-1 = "0"`, `month-1 = "0.01"`},
		{`month-6 = "0"`, `month-5 = "0"`},
		{`year-1  = "15"`, `month-12 = "15"`},
		{`year-3  = "15"`, `year-3  = "15.01"`},
		{`year-2  = "15"`, ``},
		{"up_to_machines = 5", "up_to_machines = 6"},
		{"months         = 12", "months = 24"},
		{"[[minimum_terms]]\nmonths = 1\n", "[[minimum_terms]]\nmonths = 2\n"},
		{"[[minimum_terms]]\nup_to_machines = 5\nmonths         = 12\n", ""},
	} {
		text := embeddedText(t)
		if !strings.Contains(text, c.old) {
			t.Fatalf("the embedded book has no %q", c.old)
		}
		text = strings.Replace(text, c.old, c.new, 1)
		// What these changes take away must not be missed elsewhere.
		if strings.Contains(c.old, "month-6") || strings.Contains(c.old, "year-2") {
			text = strings.Replace(text, "[1, 3, 6, 12, 24, 36]", "[1]", 1)
		}
		h := parse(t, text).Hash()
		if earlier, ok := seen[h]; ok {
			t.Errorf("%q → %q: the hash of %s", c.old, c.new, earlier)
		}
		seen[h] = c.new
	}
}

// Leaving a key out says the same as writing what stands for it.
func TestHashOfABookWithoutTheOptionalKeys(t *testing.T) {
	text := embeddedText(t)
	for _, line := range []string{"buy_again_days = 15\n", "[refund]\nfull_days = 5\n"} {
		if !strings.Contains(text, line) {
			t.Fatalf("the embedded book has no %q", line)
		}
		text = strings.Replace(text, line, "", 1)
	}
	if parse(t, text).Hash() != pricing.Embedded().Hash() {
		t.Error("another hash")
	}
}

// Two books with one hash price everything alike.
func TestHashKnowsEveryNumberOfAnyBook(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := books().Draw(t, "book")
		w.renew = nil
		changed := w
		switch rapid.IntRange(0, 3).Draw(t, "change") {
		case 0:
			changed.minutes = w.minutes%1440 + 1
		case 1: // the dearest edition by one fen
			changed.editions = append([]writtenEdition(nil), w.editions...)
			changed.editions[len(w.editions)-1].fen++
		case 2: // a longer last term
			changed.terms = append([]writtenTerm(nil), w.terms...)
			last := &changed.terms[len(w.terms)-1]
			last.Term = models.Term{Cycle: models.Month, Duration: last.Months() + 1}
		case 3: // one tier more or the only one
			changed.tiers = append([]writtenTier{{999_999, w.terms[0].Months()}}, w.tiers...)
			if len(w.tiers) == 0 {
				changed.tiers = []writtenTier{{0, 1}}
			}
			for _, tier := range w.tiers {
				if tier.machines == 999_999 {
					t.Skip("the tier is there")
				}
			}
		}
		a := parse(t, w.text())
		b, err := pricing.Parse([]byte(changed.text()))
		if err != nil {
			t.Skip("the change breaks a rule")
		}
		if a.Hash() == b.Hash() {
			t.Fatalf("one hash:\n%s\n%s", w.text(), changed.text())
		}
	})
}
