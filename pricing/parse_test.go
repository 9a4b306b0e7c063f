package pricing_test

import (
	"errors"
	"strings"
	"testing"

	"portal/pricing"
)

// Each case is the embedded book with one thing changed, and what the person
// who changed it is told. Each is the only problem told.
func TestParseRefuses(t *testing.T) {
	const (
		pro        = `yuan_per_machine_month = "60.00"`
		enterprise = `yuan_per_machine_month = "150.00"`
		year1      = `year-1  = "15"`
	)
	for _, c := range []struct {
		name     string
		old, new string
		want     string
	}{
		{"a number without quotes", pro, `yuan_per_machine_month = 60.00`,
			`editions.pro.yuan_per_machine_month: the number 60 can't be read here; write yuan in quotes, such as "60.00"`},
		{"a negative price", pro, `yuan_per_machine_month = "-60.00"`,
			`editions.pro.yuan_per_machine_month: "-60.00" is not a number from 0`},
		{"no price at all", pro, `yuan_per_machine_month = "0"`,
			`editions.pro.yuan_per_machine_month: the price has to be from 0.01 to 1000000.00 yuan`},
		{"a price beyond all sense", enterprise, `yuan_per_machine_month = "1000000.01"`,
			`editions.enterprise.yuan_per_machine_month: the price has to be from 0.01`},
		{"half a fen", pro, `yuan_per_machine_month = "60.005"`,
			`editions.pro.yuan_per_machine_month: "60.005" is not a number from 0 with at most two decimals`},
		{"thousands marked", pro, `yuan_per_machine_month = "1,060.00"`,
			`editions.pro.yuan_per_machine_month: "1,060.00" is not a number`},
		{"an exponent", pro, `yuan_per_machine_month = "6e1"`,
			`editions.pro.yuan_per_machine_month: "6e1" is not a number`},
		{"Enterprise cheaper than Pro", enterprise, `yuan_per_machine_month = "59.99"`,
			`editions.enterprise.yuan_per_machine_month: 59.99 yuan is not more than the 60.00 of pro; an upgrade has to go up`},
		{"Enterprise as cheap as Pro", enterprise, `yuan_per_machine_month = "60"`,
			`editions.enterprise.yuan_per_machine_month: 60.00 yuan is not more than`},
		{"one version code for both", `"level2"`, `"level1"`,
			`editions.enterprise.version_code: pro has the same, "level1"`},
		{"a version code that is none", `"level2"`, `"level 2&"`,
			`editions.enterprise.version_code: "level 2&" has something else than letters`},
		{"an unknown edition", `[editions.enterprise]`, "[editions.advanced]",
			`editions.advanced: unknown edition; there are ["pro" "enterprise"]`},

		{"words in one language", `zh-Hans = "示例说明：发现威胁和漏洞，及时告警", `, "",
			`editions.pro.about.zh-Hans: missing; write a sentence`},
		{"words in a language that nobody reads", `about = { zh-Hans = "示例说明：专业`, `about = { fr = "Tout", zh-Hans = "专业`,
			`editions.enterprise.about.fr: unknown key`},
		{"words on two lines", "weak spots, and", `weak spots\n and`,
			`has to be one line of up to 120 characters`},
		{"more words than fit", "weak spots", strings.Repeat("spots ", 20),
			`has to be one line of up to 120 characters`},
		{"a page to compare that is none", `compare_url = "https:`, `compare_url = "javascript:`,
			`compare_url: "javascript:`},

		{"a discount of everything", year1, `year-1 = "100"`,
			`terms.year-1: a discount of 100 percent or more would give the term away`},
		{"a negative discount", year1, `year-1 = "-5"`,
			`terms.year-1: "-5" is not a number from 0`},
		{"a discount without quotes", year1, `year-1 = 15`,
			`terms.year-1: the number 15 can't be read here; write the discount in percent in quotes`},
		{"a longer term that costs the same", year1, `year-1 = "50"`,
			`terms.year-1: does not cost at least 0.01 yuan more than month-6 for one machine of pro`},
		{"a term that is none", year1, `year-01 = "15"`,
			`terms.year-01: not a term; write month-N or year-N`},
		{"two terms of one length", year1, year1 + "\nmonth-12 = \"15\"",
			`as long as month-12; keep one of them`},
		{"one term twice", year1, year1 + "\n" + year1,
			`line 61: Key 'terms.year-1' has already been defined.`},

		{"days that are none", "buy_again_days = 15", `buy_again_days = "15"`,
			`buy_again_days: the text "15" can't be read here; write a whole number of days, such as 15`},
		{"buying again after more than a year", "buy_again_days = 15", "buy_again_days = 366",
			`buy_again_days: 366 is not from 0 to 365; write a whole number of days`},
		{"buying again before the end", "buy_again_days = 15", "buy_again_days = -1",
			`buy_again_days: -1 is not from 0 to 365`},
		{"a full refund for more than a month", "full_days = 5", "full_days = 32",
			`refund.full_days: 32 is not from 0 to 31; write a whole number of days, such as 5`},
		{"half a day of full refund", "full_days = 5", "full_days = 5.5",
			`refund.full_days: the number 5.5 can't be read here`},
		{"an unknown key of refunds", "full_days = 5", "fulldays = 5",
			`refund.fulldays: unknown key; correct its spelling or remove it`},

		{"a tier that leaves no term", "months         = 12", "months = 37",
			`minimum_terms: the tier up to 5 machines asks for 37 months, but the longest term sold is year-3`},
		{"a tier twice", "up_to_machines = 10", "up_to_machines = 5",
			`minimum_terms: two tiers up to 5 machines; keep one of them`},
		{"two last tiers", "up_to_machines = 10", "",
			`minimum_terms: two tiers for every greater number of machines`},
		{"no last tier", "[[minimum_terms]]\nmonths = 1\n", "",
			`minimum_terms: nothing is said of more than 10 machines; add a tier without up_to_machines`},
		{"a tier of no machines", "up_to_machines = 10", "up_to_machines = 0",
			`minimum_terms (no. 2).up_to_machines: 0 is not from 1 to 1000000`},
		{"a tier without months", "months         = 3", "",
			`minimum_terms (no. 2).months: missing; write the shortest term in months, such as 12`},
		{"an unknown key in a tier", "months         = 3", "months = 3\nmonth = 3",
			`minimum_terms (no. 2).month: unknown key`},
		{"tiers that are none", "[[minimum_terms]]\nmonths = 1\n", "[[minimum_terms]]\nmonths = \"1\"\n",
			`minimum_terms (no. 3).months: the text "1" can't be read here`},

		{"auto-renewal that has no price", "[1, 3,", "[1, 2, 3,",
			`auto_renew_months: no term of 2 months is sold; sell one or remove the 2`},
		{"auto-renewal twice", "[1, 3,", "[3, 1, 3,",
			`auto_renew_months: 3 is there twice; keep one`},
		{"auto-renewal for no time", "[1, 3,", "[0, 1, 3,",
			`auto_renew_months: the number 0 is not a number of months`},
		{"auto-renewal as text", "[1, 3,", `["1", 3,`,
			`auto_renew_months: the text "1" is not a number of months`},

		{"another currency", `"CNY"`, `"USD"`,
			`currency: "USD" is not known; write "CNY"`},
		{"nothing said of examples", "example = true", "",
			`example: missing; write false if these prices are your own, true if they are examples`},
		{"example as text", "example = true", `example = "yes"`,
			`example: the text "yes" can't be read here; write false`},
		{"quotes that never expire", "quote_minutes = 30", "quote_minutes = 0",
			`quote_minutes: 0 is not from 1 to 1440; write a whole number of minutes`},
		{"quotes that hold too long", "quote_minutes = 30", "quote_minutes = 1441",
			`quote_minutes: 1441 is not from 1 to 1440`},
		{"auto-renewal as a date", "[1, 3,", "[2026-01-01, 3,",
			`auto_renew_months: a value of this type is not a number of months`},
		{"a yes where a price belongs", pro, "yuan_per_machine_month = true",
			`editions.pro.yuan_per_machine_month: true can't be read here`},
		{"a table where a discount belongs", year1, "year-1 = {percent = 15}",
			`terms.year-1: a table can't be read here`},
		{"minutes and a half", "quote_minutes = 30", "quote_minutes = 30.5",
			`quote_minutes: the number 30.5 can't be read here`},
		{"an unknown key", "quote_minutes = 30", "quote_minutes = 30\nquote_minute = 20",
			`quote_minute: unknown key; correct its spelling or remove it`},
		{"a key in another case", "currency =", "Currency = \"CNY\"\ncurrency =",
			`Currency: unknown key`},
		{"not TOML", "quote_minutes = 30", "quote_minutes : 30",
			`line 18: expected`},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := embeddedText(t)
			if !strings.Contains(text, c.old) {
				t.Fatalf("the embedded book has no %q", c.old)
			}
			_, err := pricing.Parse([]byte(strings.Replace(text, c.old, c.new, 1)))
			var book *pricing.BookError
			if !errors.As(err, &book) {
				t.Fatalf("accepted, or another error: %v", err)
			}
			if len(book.Problems) != 1 || !strings.Contains(book.Problems[0], c.want) {
				t.Errorf("told:\n%v\nwant:\n%s", err, c.want)
			}
		})
	}
}

// Somebody who writes a first book learns of all mistakes at one start.
func TestParseTellsEverythingAtOnce(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want []string
	}{
		"an empty file": {"# nothing\n", []string{
			"currency: missing", "example: missing", "quote_minutes: missing",
			"auto_renew_months: missing", "editions: missing", "terms: missing",
		}},
		"empty tables": {"currency='CNY'\nexample=true\nquote_minutes=30\nauto_renew_months=[1]\n[editions]\n[terms]\n", []string{
			"editions: no edition is sold", "terms: no term is sold", "auto_renew_months: no term of 1 months",
		}},
		"an empty edition": {strings.Replace(oneTerm("pro", "60", "year-1", "0"), "[terms]", "[editions.enterprise]\n[terms]", 1), []string{
			"editions.enterprise.version_code: missing", "editions.enterprise.yuan_per_machine_month: missing",
		}},
		"keys of other kinds": {"currency=1\nexample=1\nquote_minutes='30'\nauto_renew_months=12\nrefund=5\neditions=1\nterms=[]\nminimum_terms=[1]\n", []string{
			"currency: the number 1", "example: the number 1", "quote_minutes: the text", "auto_renew_months: the number 12", "refund: the number 5",
			"editions: the number 1", "terms: a list", "minimum_terms: the number 1",
		}},
		"rules between keys": {strings.Replace(oneTerm("pro", "0.01", "month-1", "50")+"month-2 = \"60\"\n", "[]", "[12]", 1), []string{
			"terms.month-1: one machine of pro would cost less than 0.01 yuan",
			"terms.month-2: does not cost at least 0.01 yuan more than month-1",
			"auto_renew_months: no term of 12 months",
		}},
	} {
		_, err := pricing.Parse([]byte(c.text))
		var book *pricing.BookError
		if !errors.As(err, &book) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if len(book.Problems) != len(c.want) {
			t.Errorf("%s: %d problems: %v", name, len(book.Problems), err)
		}
		for _, want := range c.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: not told: %s\n%v", name, want, err)
			}
		}
	}
}

func TestParseRefusesAnotherFile(t *testing.T) {
	for name, c := range map[string]struct{ data, want string }{
		"a huge one":    {strings.Repeat("#\n", 40_000), "the file: has 80000 bytes, a price book at most 65536; is it another file?"},
		"a binary":      {"\x7fELF\x02\x01", "line 1: "},
		"UTF-16":        {"\xff\xfec\x00u\x00", "line 1: "},
		"deeply nested": {"a = " + strings.Repeat("[", 60_000), "line 1: "},
	} {
		_, err := pricing.Parse([]byte(c.data))
		var book *pricing.BookError
		if !errors.As(err, &book) || !strings.HasPrefix(book.Problems[0], c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What editors on other systems leave in a file.
func TestParseAcceptsAnyEditor(t *testing.T) {
	text := embeddedText(t)
	for name, data := range map[string]string{
		"Windows line ends": strings.ReplaceAll(text, "\n", "\r\n"),
		"a byte order mark": "\ufeff" + text,
		"no last line end":  strings.TrimSpace(text),
	} {
		if parse(t, data).Hash() != pricing.Embedded().Hash() {
			t.Errorf("%s: another book", name)
		}
	}
}

func TestTiersMayBeWrittenInline(t *testing.T) {
	text, _, _ := strings.Cut(embeddedText(t), "[[minimum_terms]]")
	inline := "minimum_terms = [{months = 1}, {up_to_machines = 10, months = 3}, {up_to_machines = 5, months = 12}]\n"
	if parse(t, inline+text).Hash() != pricing.Embedded().Hash() {
		t.Error("another book")
	}
}
