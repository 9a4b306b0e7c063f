package pricing_test

import (
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"pgregory.net/rapid"

	"portal/models"
	"portal/pricing"
)

// written is a price book as somebody might write it. It knows nothing of how
// package pricing reads one.
type written struct {
	example  bool
	minutes  int
	again    string // buy_again_days, empty when left out
	fullDays string // full_days of [refund], empty when left out
	renew    []int
	editions []writtenEdition // the cheaper first
	terms    []writtenTerm    // the shorter first
	tiers    []writtenTier    // the last without machines; or none
}

type writtenEdition struct {
	name models.Edition
	code string
	fen  int64
}

type writtenTerm struct {
	models.Term
	percent int64 // hundredths
}

type writtenTier struct {
	machines int // 0 is left out
	months   int
}

func hundredths(n int64) string { return fmt.Sprintf("%d.%02d", n/100, n%100) }

// text writes the book as a file.
func (w written) text() string {
	var s strings.Builder
	fmt.Fprintf(&s, "currency = \"CNY\"\nexample = %t\nquote_minutes = %d\nauto_renew_months = [", w.example, w.minutes)
	for _, months := range w.renew {
		fmt.Fprintf(&s, "%d, ", months)
	}
	s.WriteString("]\n")
	if w.again != "" {
		fmt.Fprintf(&s, "buy_again_days = %s\n", w.again)
	}
	if w.fullDays != "" {
		fmt.Fprintf(&s, "[refund]\nfull_days = %s\n", w.fullDays)
	}
	for _, e := range w.editions {
		fmt.Fprintf(&s, "[editions.%s]\nversion_code = %q\nyuan_per_machine_month = %q\n", e.name, e.code, hundredths(e.fen))
	}
	s.WriteString("[terms]\n")
	for _, t := range w.terms {
		fmt.Fprintf(&s, "%s = %q\n", t, hundredths(t.percent))
	}
	for _, tier := range w.tiers {
		s.WriteString("[[minimum_terms]]\n")
		if tier.machines > 0 {
			fmt.Fprintf(&s, "up_to_machines = %d\n", tier.machines)
		}
		fmt.Fprintf(&s, "months = %d\n", tier.months)
	}
	return s.String()
}

// otherwise writes the same book in another order, with comments, blank lines
// and other spellings of the same numbers.
func (w written) otherwise(t *rapid.T) string {
	w.renew = shuffled(t, w.renew)
	w.editions = shuffled(t, w.editions)
	w.terms = shuffled(t, w.terms)
	w.tiers = shuffled(t, w.tiers)
	var s strings.Builder
	for _, line := range strings.Split(w.text(), "\n") {
		line = strings.Replace(line, `.00"`, `"`, 1)
		line = strings.Replace(line, " = ", rapid.SampledFrom([]string{"=", " = ", "   =\t"}).Draw(t, "equals"), 1)
		s.WriteString(line + rapid.SampledFrom([]string{"", " # prices of 2026", "\n\n# more\n", "\r"}).Draw(t, "comment") + "\n")
	}
	return s.String()
}

func shuffled[T any](t *rapid.T, list []T) []T {
	if len(list) == 0 {
		return list
	}
	return rapid.Permutation(list).Draw(t, "order")
}

// books draws books that keep every rule, often by no more than they have to.
func books() *rapid.Generator[written] {
	return rapid.Custom(func(t *rapid.T) written {
		w := written{
			example:  rapid.Bool().Draw(t, "example"),
			minutes:  rapid.IntRange(1, 24*60).Draw(t, "minutes"),
			again:    drawOptional(t, "buy again", 365),
			fullDays: drawOptional(t, "full refund", 31),
			editions: drawEditions(t),
		}
		w.terms = drawTerms(t, w.editions[0].fen)
		for _, term := range w.terms {
			if rapid.Bool().Draw(t, "renewable") {
				w.renew = append(w.renew, term.Months())
			}
		}
		longest := w.terms[len(w.terms)-1].Months()
		if rapid.Bool().Draw(t, "with minimums") {
			for _, n := range drawDistinct(t, "tiers", 0, 3, 1, 999_999) {
				w.tiers = append(w.tiers, writtenTier{n, rapid.IntRange(1, longest).Draw(t, "minimum")})
			}
			w.tiers = append(w.tiers, writtenTier{0, rapid.IntRange(1, longest).Draw(t, "last minimum")})
		}
		return w
	})
}

// drawOptional draws a number from 0 to most as it is written, or nothing.
func drawOptional(t *rapid.T, label string, most int) string {
	if rapid.Bool().Draw(t, label+" left out") {
		return ""
	}
	return strconv.Itoa(rapid.IntRange(0, most).Draw(t, label))
}

func drawEditions(t *rapid.T) []writtenEdition {
	low := rapid.Int64Range(1, 99_999_999).Draw(t, "low price")
	high := rapid.Int64Range(low+1, min(100_000_000, 10*low+1)).Draw(t, "high price")
	both := []writtenEdition{{models.Pro, "level1", low}, {models.Enterprise, "level2", high}}
	switch rapid.IntRange(0, 2).Draw(t, "editions") {
	case 0:
		return both[:1]
	case 1:
		return both[1:]
	default:
		return both
	}
}

// drawTerms draws one to six terms of different lengths. Each costs at least 1
// fen more than the one before, unrounded, for one machine at the lowest price.
func drawTerms(t *rapid.T, fen int64) []writtenTerm {
	var terms []writtenTerm
	before := int64(0) // what the last one costs, in 1/10,000 fen
	for _, months := range drawDistinct(t, "terms", 1, 6, 1, 60) {
		term := models.Term{Cycle: models.Month, Duration: months}
		if months%12 == 0 && rapid.Bool().Draw(t, "as years") {
			term = models.Term{Cycle: models.Year, Duration: months / 12}
		}
		whole := fen * int64(months)
		least := (before + 10_000 + whole - 1) / whole // of 10,000 that has to be paid
		paid := rapid.Int64Range(least, 10_000).Draw(t, "paid")
		if rapid.Bool().Draw(t, "in eighths") {
			paid = (paid + 1249) / 1250 * 1250 // makes halves of a fen
		}
		terms = append(terms, writtenTerm{term, 10_000 - paid})
		before = whole * paid
	}
	return terms
}

// drawDistinct draws some different numbers, ascending.
func drawDistinct(t *rapid.T, label string, least, most, low, high int) []int {
	list := rapid.SliceOfNDistinct(rapid.IntRange(low, high), least, most, rapid.ID[int]).Draw(t, label)
	slices.Sort(list)
	return list
}

func drawMachines(t *rapid.T) int {
	return rapid.OneOf(rapid.IntRange(1, 100), rapid.IntRange(1, pricing.MaxMachines)).Draw(t, "machines")
}

// exactly is what a purchase costs by the docs, computed apart from package
// pricing: the discount as a fraction, rounded half up by floor(x + ½).
func (w written) exactly(e writtenEdition, t writtenTerm, machines int) (list, off int64) {
	list = int64(machines) * e.fen * int64(t.Months())
	exact := big.NewRat(list, 1)
	exact.Mul(exact, big.NewRat(t.percent, 10_000))
	exact.Add(exact, big.NewRat(1, 2))
	return list, new(big.Int).Div(exact.Num(), exact.Denom()).Int64()
}
