package pricing_test

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"portal/models"
	"portal/pricing"
)

// What the tables of docs/price-book.md say of what is held.
var (
	theyBought   = regexp.MustCompile(`^(\d+) (\w+) ([\w-]+) from ([\d :-]+\d)(?:, renewing by (\d+) months?)?$`)
	theyRenewed  = regexp.MustCompile(`^renewed (\d+) ([\w-]+)$`)
	theyUpgraded = regexp.MustCompile(`^upgraded (\d+) (\w+) on ([\d :-]+\d)$`)
	theyAdopted  = regexp.MustCompile(`^adopted (\d+) (\w+) from ([\d-]+) to ([\d-]+) for ([\d,.]+)$`)
)

// held is what the cell of a table describes.
func held(t *testing.T, cell string) *holder {
	t.Helper()
	h := &holder{book: pricing.Embedded()}
	var began time.Time
	for _, step := range strings.Split(cell, "; ") {
		if m := theyBought.FindStringSubmatch(step); m != nil {
			months := 0
			if m[5] != "" {
				months = count(t, m[5])
			}
			began = at(m[4])
			h.buy(t, models.Edition(m[2]), term(m[3]), count(t, m[1]), began, months)
		} else if m := theyRenewed.FindStringSubmatch(step); m != nil {
			h.renew(t, term(m[2]), count(t, m[1]), began)
		} else if m := theyUpgraded.FindStringSubmatch(step); m != nil {
			h.upgrade(t, models.Edition(m[2]), count(t, m[1]), at(m[3]))
		} else if m := theyAdopted.FindStringSubmatch(step); m != nil {
			h.adopt(models.Edition(m[2]), count(t, m[1]), at(m[3]), at(m[4]), fen(t, m[5]))
		} else {
			t.Fatalf("the docs say %q", step)
		}
	}
	return h
}

// fen reads a sum as the docs write it.
func fen(t *testing.T, s string) models.Fen {
	t.Helper()
	digits := strings.NewReplacer(",", "", ".", "", "−", "-").Replace(s)
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || !strings.Contains(s, ".") {
		t.Fatalf("the docs say %q", s)
	}
	return models.Fen(n)
}

// sum writes one.
func sum(f models.Fen) string {
	yuan, rest, _ := strings.Cut(strings.TrimPrefix(f.Yuan(), "-"), ".")
	for i := len(yuan) - 3; i > 0; i -= 3 {
		yuan = yuan[:i] + "," + yuan[i:]
	}
	if f < 0 {
		yuan = "−" + yuan
	}
	return yuan + "." + rest
}

// length writes a line's time.
func length(l models.Line) string {
	var words []string
	if l.Months > 0 {
		words = append(words, fmt.Sprintf("%d months", l.Months))
	}
	if l.DaysOf > 0 {
		words = append(words, fmt.Sprintf("%d/%d", l.Days, l.DaysOf))
	} else if l.Days > 0 {
		words = append(words, fmt.Sprintf("%d days", l.Days))
	}
	return strings.Join(words, " ")
}

func date(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(models.Beijing).Format("2006-01-02")
}

// same compares a table of the docs with what was computed, row by row.
func same(t *testing.T, docs, computed [][]string) {
	t.Helper()
	for i := range max(len(docs), len(computed)) {
		var want, got []string
		if i < len(docs) {
			want = docs[i]
		}
		if i < len(computed) {
			got = computed[i]
		}
		if strings.Join(want, " | ") != strings.Join(got, " | ") {
			t.Fatalf("row %d: docs say\n%s\ncomputed\n%s", i+1, strings.Join(want, " | "), strings.Join(got, " | "))
		}
	}
}

func TestWorkedExamplesOfUpgrades(t *testing.T) {
	const heading = "### Worked examples of upgrades"
	var lines [][]string
	for _, row := range docTable(t, heading, "| Example | Held", 4) {
		h := held(t, row[1])
		to := regexp.MustCompile(`^(\d+) (\w+) on (.+)$`).FindStringSubmatch(row[2])
		if to == nil {
			t.Fatalf("the docs say %q", row[2])
		}
		now := at(to[3])
		p := upgrade(t, h.book, h.at(now), models.Edition(to[2]), count(t, to[1]), now)
		if sum(p.TotalFen) != row[3] {
			t.Errorf("%s: docs say %s, computed %s: %+v", row[0], row[3], sum(p.TotalFen), p)
		}
		// The lines of each period make one row.
		for i := 0; i+1 < len(p.Lines); i += 2 {
			a, b := p.Lines[i], p.Lines[i+1]
			discount, fee := "–", a.Amount+b.Amount
			if i+2 < len(p.Lines) && p.Lines[i+2].Kind == models.LineDiscount {
				discount, fee = sum(-p.Lines[i+2].Amount), fee+p.Lines[i+2].Amount
				i++
			}
			lines = append(lines, []string{row[0], date(a.Starts), length(a), sum(a.Amount), sum(-b.Amount), discount, sum(fee)})
		}
	}
	same(t, docTable(t, heading, "| Example | Term", 7), lines)
}

func TestWorkedExamplesOfRefunds(t *testing.T) {
	const heading = "### Worked examples of refunds"
	words := map[models.LineKind]string{
		models.LinePaid: "paid", models.LineEnded: "ended", models.LineUsed: "used", models.LineLostDiscount: "lost discount",
		models.LineNoLess: "no less than nothing", models.LineInFull: "in full",
	}
	var lines [][]string
	for _, row := range docTable(t, heading, "| Example | Held", 6) {
		h, now := held(t, row[1]), at(row[2])
		if row[3] != "not yet" && row[3] != "had one" {
			t.Fatalf("the docs say %q", row[3])
		}
		p := refund(t, h.book, h.at(now), row[3] == "had one", now)
		if sum(p.ListFen) != row[4] || sum(p.TotalFen) != row[5] {
			t.Errorf("%s: docs say %s of %s, computed %s of %s: %+v", row[0], row[5], row[4], sum(p.TotalFen), sum(p.ListFen), p)
		}
		for _, l := range p.Lines {
			what := words[l.Kind]
			if l.Machines > 0 {
				what += fmt.Sprintf(": %d %s", l.Machines, l.Edition)
			}
			if l.Presumed {
				what += ", presumed"
			}
			lines = append(lines, []string{row[0], date(l.Starts), what, length(l), l.Percent, sum(l.Amount)})
		}
	}
	same(t, docTable(t, heading, "| Example | Term", 6), lines)
}
