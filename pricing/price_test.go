package pricing_test

import (
	"os"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"portal/models"
	"portal/pricing"
)

// 25 machines, Pro, one year: 25 × 60.00 × 12 = 18,000.00, less 15% = 2,700.00.
func TestBuyLines(t *testing.T) {
	got, err := pricing.Embedded().Buy(models.Pro, models.Term{Cycle: models.Year, Duration: 1}, 25)
	if err != nil {
		t.Fatal(err)
	}
	want := pricing.Price{
		Lines: []models.Line{
			{Kind: models.LineEdition, Edition: models.Pro, Machines: 25, Months: 12, UnitFen: 60_00, Amount: 18_000_00},
			{Kind: models.LineDiscount, Percent: "15", Amount: -2_700_00},
		},
		ListFen: 18_000_00, TotalFen: 15_300_00, SavingFen: 2_700_00,
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestATermWithoutDiscountHasOneLine(t *testing.T) {
	got, err := pricing.Embedded().Buy(models.Enterprise, models.Term{Cycle: models.Month, Duration: 6}, 10)
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Lines) != 1 || got.SavingFen != 0 || got.TotalFen != 9_000_00 {
		t.Errorf("%+v", got)
	}
}

// The greatest sum there is: 10⁶ machines × 10⁶ yuan × 1440 months.
func TestTheGreatestSumDoesNotOverflow(t *testing.T) {
	b := parse(t, oneTerm("pro", "1000000.00", "year-120", "0.01"))
	p, err := b.Buy(models.Pro, models.Term{Cycle: models.Year, Duration: 120}, pricing.MaxMachines)
	if err != nil {
		t.Fatal(err)
	}
	if p.ListFen.Yuan() != "1440000000000000.00" || p.TotalFen.Yuan() != "1439856000000000.00" {
		t.Errorf("%s − %s = %s", p.ListFen.Yuan(), p.SavingFen.Yuan(), p.TotalFen.Yuan())
	}
}

func TestPercentIsWrittenAsPeopleDo(t *testing.T) {
	for written, want := range map[string]string{"15": "15", "12.50": "12.5", "17.25": "17.25", "015.0": "15", "10": "10"} {
		b := parse(t, oneTerm("pro", "60.00", "year-1", written))
		p, err := b.Buy(models.Pro, models.Term{Cycle: models.Year, Duration: 1}, 1)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Lines[1].Percent; got != want {
			t.Errorf("%q is shown as %q", written, got)
		}
	}
}

// The tables of docs/price-book.md were computed by hand.
func TestWorkedExamplesOfTheDocs(t *testing.T) {
	for _, row := range docTable(t, "### Worked examples with the embedded book", "| Machines | Edition", 6) {
		check(t, pricing.Embedded(), row[0], models.Edition(row[1]), row[2], row[3], row[4], row[5])
	}
	for _, row := range docTable(t, "### Worked examples of rounding", "| Machines | Unit", 8) {
		b := parse(t, oneTerm("pro", row[1], row[2], row[3]))
		check(t, b, row[0], models.Pro, row[2], row[4], row[6], row[7])
	}
	for _, row := range docTable(t, "### Worked examples with the embedded book", "| Machines | Terms", 2) {
		var terms []string
		for _, term := range pricing.Embedded().Terms(count(t, row[0])) {
			terms = append(terms, term.String())
		}
		if got := strings.Join(terms, ", "); got != row[1] {
			t.Errorf("%s machines: docs say %s, sold are %s", row[0], row[1], got)
		}
	}
}

func check(t *testing.T, b *pricing.Book, machines string, e models.Edition, term, list, discount, total string) {
	t.Helper()
	parsed, err := models.ParseTerm(term)
	if err != nil {
		t.Fatal(err)
	}
	p, err := b.Buy(e, parsed, count(t, machines))
	if err != nil {
		t.Fatal(err)
	}
	saving := p.SavingFen.Yuan()
	if p.SavingFen == 0 {
		saving = "–"
	}
	if p.ListFen.Yuan() != plain(list) || saving != plain(discount) || p.TotalFen.Yuan() != plain(total) {
		t.Errorf("%s machines, %s, %s: docs say %s − %s = %s, computed %s − %s = %s",
			machines, e, term, list, discount, total, p.ListFen.Yuan(), saving, p.TotalFen.Yuan())
	}
}

// Every whole book that the docs show can be used.
func TestBooksOfTheDocs(t *testing.T) {
	blocks := strings.Split(docs(t), "```toml\n")[1:]
	if len(blocks) == 0 {
		t.Fatal("the docs show no book")
	}
	for _, block := range blocks {
		text, _, _ := strings.Cut(block, "```")
		parse(t, text)
	}
}

func docs(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile("../docs/price-book.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// docTable reads the rows of the table below a heading that begins with header.
func docTable(t *testing.T, heading, header string, columns int) [][]string {
	t.Helper()
	_, section, _ := strings.Cut(docs(t), heading+"\n")
	_, table, found := strings.Cut(section, header)
	if !found {
		t.Fatalf("no table %q below %q", header, heading)
	}
	var rows [][]string
	for _, line := range strings.Split(table, "\n")[2:] { // past the header's rest and the rule
		if !strings.HasPrefix(line, "|") {
			break
		}
		cells := strings.Split(strings.Trim(line, "|"), "|")
		if len(cells) != columns {
			t.Fatalf("%q has %d columns", line, len(cells))
		}
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		rows = append(rows, cells)
	}
	if len(rows) < 2 {
		t.Fatalf("the table %q below %q has %d rows", header, heading, len(rows))
	}
	return rows
}

func plain(number string) string { return strings.ReplaceAll(number, ",", "") }

func count(t *testing.T, number string) int {
	t.Helper()
	n, err := strconv.Atoi(plain(number))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// A renewal is priced as a purchase, for terms that are sold only.
func TestARenewalCostsWhatAPurchaseDoes(t *testing.T) {
	b := pricing.Embedded()
	for _, machines := range []int{0, 1, 5, 6, 10, 11, 25, pricing.MaxMachines + 1} {
		for _, e := range []models.Edition{models.Pro, models.Enterprise, "other"} {
			for _, s := range []string{"month-1", "month-2", "month-3", "year-1", "year-5"} {
				p, err := b.Renew(e, term(s), machines)
				q, bought := b.Buy(e, term(s), machines)
				if !reflect.DeepEqual(p, q) || !reflect.DeepEqual(err, bought) {
					t.Errorf("%d machines of %s for %s: %+v, %v", machines, e, s, p, err)
				}
			}
		}
	}
}

// Minimum terms don't limit automatic renewals; a term that is not sold has no
// price.
func TestAutomaticRenewals(t *testing.T) {
	for _, c := range []struct {
		edition          models.Edition
		machines, months int
		want             models.Fen
		ok               bool
	}{
		{models.Pro, 25, 12, 15_300_00, true},
		{models.Pro, 1, 1, 60_00, true},
		{models.Enterprise, 4, 24, 12_240_00, true},
		{models.Pro, 25, 5, 0, false},
		{models.Pro, 25, 0, 0, false},
		{models.Pro, 0, 12, 0, false},
		{models.Pro, pricing.MaxMachines + 1, 12, 0, false},
		{"other", 25, 12, 0, false},
	} {
		if got, ok := pricing.Embedded().AutoRenewal(c.edition, c.machines, c.months); got != c.want || ok != c.ok {
			t.Errorf("%d of %s for %d months: %s, %t", c.machines, c.edition, c.months, got.Yuan(), ok)
		}
	}
}
