package pricing

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"time"

	"github.com/BurntSushi/toml"
	"github.com/shopspring/decimal"

	"portal/models"
)

// currency is the only one: models.Fen is 1/100 of a Chinese yuan.
const currency = "CNY"

// maxBytes is far more than a book with comments has. A greater file is another
// one.
const maxBytes = 64 << 10

// Parse reads and checks a price book (docs/price-book.md). It is strict, and
// its error, a *BookError, names everything that is wrong. The rules between
// keys are judged only once each key is right by itself, so that a misspelt
// term does not look like a missing one.
func Parse(data []byte) (*Book, error) {
	var p problems
	if len(data) > maxBytes {
		p.add("the file", "has %d bytes, a price book at most %d; is it another file?", len(data), maxBytes)
		return nil, p.err()
	}
	var doc map[string]any
	if _, err := toml.Decode(string(data), &doc); err != nil {
		p.add(syntaxProblem(err))
		return nil, p.err()
	}
	b := readBook(newTable("", doc, &p))
	if err := p.err(); err != nil {
		return nil, err
	}
	b.validate(&p)
	if err := p.err(); err != nil {
		return nil, err
	}
	b.seal()
	return b, nil
}

// syntaxProblem says where the file stops being TOML.
func syntaxProblem(err error) (where, what string) {
	var syntax toml.ParseError
	if errors.As(err, &syntax) {
		return fmt.Sprintf("line %d", syntax.Position.Line), syntax.Message + "; correct this line"
	}
	return "the file", err.Error()
}

func readBook(t *table) *Book {
	b := &Book{}
	if s, ok := read[string](t, "currency", `"CNY"`); ok && s != currency {
		t.problems.add("currency", `%.40q is not known; write "CNY", every price is in Chinese yuan`, s)
	}
	b.example, _ = read[bool](t, "example", "false if these prices are your own, true if they are examples")
	b.validity = time.Duration(t.number("quote_minutes", "a whole number of minutes, such as 30", maxQuoteMinutes)) * time.Minute
	b.buyAgainDays = t.optional("buy_again_days", "a whole number of days, such as 15", maxBuyAgainDays, defaultBuyAgainDays)
	b.fullRefundDays = readFullRefundDays(t)
	b.autoRenew = readAutoRenew(t)
	b.editions = readEditions(t)
	b.compareURL = readCompareURL(t)
	b.terms = readTerms(t)
	b.minimums = readMinimums(t)
	t.refuseRest()
	return b
}

// number asks for a whole number from 1 to limit.
func (t *table) number(key, example string, limit int) int {
	n, ok := read[int64](t, key, example)
	if !ok {
		return 0
	}
	if n < 1 || n > int64(limit) {
		t.problems.add(t.key(key), "%d is not from 1 to %d; write %s", n, limit, example)
		return 0
	}
	return int(n)
}

// What a book says that leaves these keys out: books from before there were such.
const (
	defaultBuyAgainDays   = 15
	defaultFullRefundDays = 5
)

// optional asks for a whole number from 0 to limit, for which without stands when
// it is left out.
func (t *table) optional(key, example string, limit, without int) int {
	if !t.has(key) {
		return without
	}
	n, ok := read[int64](t, key, example)
	if ok && (n < 0 || n > int64(limit)) {
		t.problems.add(t.key(key), "%d is not from 0 to %d; write %s", n, limit, example)
	}
	return int(n)
}

func readFullRefundDays(t *table) int {
	const key = "refund"
	if !t.has(key) {
		return defaultFullRefundDays
	}
	values, ok := read[map[string]any](t, key, "a table [refund]")
	if !ok {
		return 0
	}
	refund := newTable(key, values, t.problems)
	days := refund.optional("full_days", "a whole number of days, such as 5", maxRefundDays, defaultFullRefundDays)
	refund.refuseRest()
	return days
}

func readAutoRenew(t *table) []int {
	const example = "a list of months, such as [1, 12], or [] to offer none"
	list, _ := read[[]any](t, "auto_renew_months", example)
	months := make([]int, 0, len(list))
	for _, v := range list {
		n, ok := v.(int64)
		if !ok || n < 1 || n > maxMonths {
			t.problems.add("auto_renew_months", "%s is not a number of months; write %s", describe(v), example)
			continue
		}
		months = append(months, int(n))
	}
	slices.Sort(months)
	return months
}

func readEditions(t *table) []edition {
	values, ok := read[map[string]any](t, "editions", "a table [editions.pro] or [editions.enterprise]")
	if !ok {
		return nil
	}
	list := newTable("editions", values, t.problems)
	var editions []edition
	for _, name := range models.Editions() {
		if !list.has(string(name)) {
			continue
		}
		values, ok := read[map[string]any](list, string(name), "a table [editions."+string(name)+"]")
		if ok {
			editions = append(editions, readEdition(name, newTable(list.key(string(name)), values, t.problems)))
		}
	}
	for _, k := range list.keys() {
		if !list.asked[k] {
			t.problems.add(list.key(k), "unknown edition; there are %q", models.Editions())
		}
	}
	return editions
}

// versionCode is what a version code may look like: it travels in a query.
var versionCode = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,64}$`)

func readEdition(name models.Edition, t *table) edition {
	e := edition{name: name}
	const code = `the provider's name of the edition, such as "level1"`
	if s, ok := read[string](t, "version_code", code); ok {
		if !versionCode.MatchString(s) {
			t.problems.add(t.key("version_code"),
				"%.40q has something else than letters, digits, _, . and -; write %s", s, code)
		}
		e.versionCode = s
	}
	unit, ok := t.hundredths("yuan_per_machine_month", `yuan in quotes, such as "60.00"`)
	if ok && (unit < 1 || unit > maxUnit) {
		t.problems.add(t.key("yuan_per_machine_month"), "the price has to be from %s to %s yuan",
			models.Fen(1).Yuan(), models.Fen(maxUnit).Yuan())
	}
	e.unit = models.Fen(unit)
	e.about = readAbout(t)
	return e
}

func readTerms(t *table) []term {
	values, ok := read[map[string]any](t, "terms", `a table [terms] with lines such as year-1 = "15"`)
	if !ok {
		return nil
	}
	list := newTable("terms", values, t.problems)
	var terms []term
	for _, k := range list.keys() {
		parsed, err := models.ParseTerm(k)
		if err != nil {
			t.problems.add(list.key(k), "not a term; write month-N or year-N, such as month-6 or year-1")
			continue
		}
		discount, ok := list.hundredths(k, `the discount in percent in quotes, such as "15", or "0" for none`)
		if ok && discount >= 100_00 {
			t.problems.add(list.key(k), "a discount of 100 percent or more would give the term away; write less")
		}
		terms = append(terms, term{parsed, discount})
	}
	slices.SortFunc(terms, func(a, b term) int { return a.Months() - b.Months() })
	return terms
}

func readMinimums(t *table) []minimum {
	const key = "minimum_terms"
	if !t.has(key) {
		return nil
	}
	var tiers []minimum
	for _, row := range t.tables(key, "tables [[minimum_terms]]") {
		m := minimum{machines: MaxMachines}
		if row.has("up_to_machines") {
			m.machines = row.number("up_to_machines", "a number of machines, such as 5", MaxMachines)
		}
		m.months = row.number("months", "the shortest term in months, such as 12", maxMonths)
		row.refuseRest()
		tiers = append(tiers, m)
	}
	slices.SortFunc(tiers, func(a, b minimum) int { return a.machines - b.machines })
	return tiers
}

// twoDecimals is a number as people write prices and percentages. Quotes are
// asked for so that no reader of the file makes a binary fraction of it.
var twoDecimals = regexp.MustCompile(`^[0-9]{1,12}(\.[0-9]{1,2})?$`)

// hundredths asks for a number in quotes that is not negative and has at most
// two decimals, and returns a hundred times of it.
func (t *table) hundredths(key, example string) (int64, bool) {
	s, ok := read[string](t, key, example)
	if !ok {
		return 0, false
	}
	if twoDecimals.MatchString(s) {
		if d, err := decimal.NewFromString(s); err == nil {
			return d.Shift(2).IntPart(), true
		}
	}
	t.problems.add(t.key(key), "%.40q is not a number from 0 with at most two decimals; write %s", s, example)
	return 0, false
}
