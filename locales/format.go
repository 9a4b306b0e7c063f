package locales

import (
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"time"

	"portal/models"
)

// minus is a real minus sign, as wide as a plus: the hyphen that programs write is
// easily overlooked. Exports have plain numbers instead.
const minus = "−"

// Money writes a sum as Node's Intl.NumberFormat does: ¥12,345.60 in Chinese,
// CN¥12,345.60 in English, the minus sign before the currency.
func (l *Localizer) Money(f models.Fen) string {
	yuan, less := strings.CutPrefix(f.Yuan(), "-")
	whole, fen, _ := strings.Cut(yuan, ".")
	var b strings.Builder
	if less {
		b.WriteString(minus)
	}
	if l.tag == english {
		b.WriteString("CN")
	}
	b.WriteString("¥")
	group(&b, whole)
	b.WriteByte('.')
	b.WriteString(fen)
	return b.String()
}

// Number writes a whole number with its thousands apart.
func (l *Localizer) Number(n int64) string {
	digits, less := strings.CutPrefix(strconv.FormatInt(n, 10), "-")
	var b strings.Builder
	if less {
		b.WriteString(minus)
	}
	group(&b, digits)
	return b.String()
}

// group writes digits with a comma before every third from the right, which is
// what both languages do.
func group(b *strings.Builder, digits string) {
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(d)
	}
}

// Off is a discount in percent, like "15" or "16.67".
type Off string

// Off writes a discount: 15%, and in Chinese what is left of ten, 8.5 折.
func (l *Localizer) Off(o Off) string {
	if l.tag != chinese {
		return string(o) + "%"
	}
	percent, ok := new(big.Rat).SetString(string(o))
	if !ok {
		return string(o) + "%"
	}
	left := percent.Sub(big.NewRat(100, 1), percent)
	tenths := left.Quo(left, big.NewRat(10, 1)).FloatString(3)
	return strings.TrimRight(strings.TrimRight(tenths, "0"), ".") + " 折"
}

// Date writes the day in Beijing: 2026年11月24日, 24 November 2026.
func (l *Localizer) Date(t time.Time) string {
	if l.tag == english {
		return t.In(models.Beijing).Format("2 January 2006")
	}
	return t.In(models.Beijing).Format("2006年1月2日")
}

// Month writes a calendar month in Beijing: 2026年11月, November 2026.
func (l *Localizer) Month(t time.Time) string {
	if l.tag == english {
		return t.In(models.Beijing).Format("January 2006")
	}
	return t.In(models.Beijing).Format("2006年1月")
}

// DateTime writes a moment to the minute, and says that it is Beijing time.
func (l *Localizer) DateTime(t time.Time) string {
	return l.T("date.zoned", "When", l.Date(t)+l.T("date.joiner")+t.In(models.Beijing).Format("15:04"))
}

// Exact writes a moment to the second, and says that it is Beijing time: for
// the ends of services and the steps of orders.
func (l *Localizer) Exact(t time.Time) string {
	return l.T("date.zoned", "When", l.Date(t)+l.T("date.joiner")+t.In(models.Beijing).Format("15:04:05"))
}

// Piece is a part of what is said. A line does not end inside one that is Whole.
type Piece struct {
	Text  string
	Whole bool
}

// Pieces takes words apart at the dates in them, at the times with their zone and
// at the numbers with their unit: on a phone, neither 14:05（北京时间） nor 12 个月 is
// to be broken.
func (l *Localizer) Pieces(words string) []Piece {
	var out []Piece
	from := 0
	for _, at := range wholes[l.tag].FindAllStringIndex(words, -1) {
		if at[0] > from {
			out = append(out, Piece{Text: words[from:at[0]]})
		}
		out = append(out, Piece{Text: words[at[0]:at[1]], Whole: true})
		from = at[1]
	}
	if from < len(words) {
		out = append(out, Piece{Text: words[from:]})
	}
	return out
}

// wholes find the two parts of DateTime and Exact, each as Date and the zone's
// words make it, and what Months, Days and the like make of a number.
var wholes = map[string]*regexp.Regexp{
	chinese: regexp.MustCompile(`\d{4}年\d{1,2}月\d{1,2}日|\d\d:\d\d(:\d\d)?（北京时间）|\d+ (?:个月|[年天台])`),
	english: regexp.MustCompile(`\d{1,2} [A-Z][a-z]+ \d{4}|\d\d:\d\d(:\d\d)? Beijing time|\d+ (?:year|month|day|machine)s?\b`),
}

// Stamp writes a moment for tables whose heading says the zone, in an order
// that both languages read: 2026-11-24 14:05.
func (l *Localizer) Stamp(t time.Time) string {
	return t.In(models.Beijing).Format("2006-01-02 15:04")
}

// Day writes a day for tables whose heading says the zone: 2026-11-24.
func (l *Localizer) Day(t time.Time) string { return t.In(models.Beijing).Format("2006-01-02") }

// Term writes how long is bought: 6 个月, 1 年; 6 months, 1 year.
func (l *Localizer) Term(t models.Term) string {
	if t.Cycle == models.Year {
		return l.N("term.years", t.Duration)
	}
	return l.Months(t.Duration)
}

// Months writes a number of months.
func (l *Localizer) Months(n int) string { return l.N("term.months", n) }

// Days writes a number of days.
func (l *Localizer) Days(n int) string { return l.N("term.days", n) }

// Span writes a time of whole months and days: 8 个月 16 天; 8 months and 16 days.
func (l *Localizer) Span(months, days int) string {
	switch {
	case months == 0:
		return l.Days(days)
	case days == 0:
		return l.Months(months)
	}
	return l.T("term.span", "Months", l.Months(months), "Days", l.Days(days))
}
