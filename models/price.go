package models

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"unicode"
)

// Markup is what a reseller adds to the list price, in hundredths of a percent of
// it: 1500 is +15.00%, −500 is a discount of 5.00%, 0 the list price.
type Markup int64

// The bounds. Beyond them a markup is a mistake in typing; they also keep every
// sum within what an int64 holds (pricing).
const (
	LeastMarkup Markup = -90_00
	MostMarkup  Markup = 500_00
)

// String writes the markup as people do, without a percent sign: "+15", "−5",
// "+12.5", "0" for the list price.
func (m Markup) String() string {
	sign, n := "+", int64(m)
	switch {
	case n == 0:
		return "0"
	case n < 0:
		sign, n = "−", -n
	}
	return sign + plain(n)
}

// Typed writes the markup as a form has it: "15", "-5", "12.5".
func (m Markup) Typed() string {
	if m < 0 {
		return "-" + plain(int64(-m))
	}
	return plain(int64(m))
}

// plain writes hundredths without zeros that say nothing.
func plain(hundredths int64) string {
	s := strconv.FormatInt(hundredths/100, 10)
	if rest := hundredths % 100; rest > 0 {
		s += "." + strings.TrimRight(strconv.FormatInt(100+rest, 10)[1:], "0")
	}
	return s
}

// Why ParseMarkup takes no markup from what was typed.
var (
	ErrMarkupUnread = errors.New("a markup is a percentage with two decimals at the most, like 12.5 or -5")
	ErrMarkupRange  = errors.New("a markup is from −90 to +500 percent")
)

// ParseMarkup reads a percentage as people type it: 12.5, 12,5, +15%, −5 with
// any minus sign, and with the wide signs of Chinese keyboards. A comma is a
// decimal point, because no markup has thousands. It fails with ErrMarkupUnread or
// ErrMarkupRange.
func ParseMarkup(s string) (Markup, error) {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return -1
		case r >= '！' && r <= '～':
			return r - '！' + '!' // wide to plain
		case r == '−' || r == '–' || r == '—' || r == '‐' || r == '‑' || r == '﹣':
			return '-'
		case r == '。' || r == '﹒' || r == '、':
			return '.'
		case r == '﹢':
			return '+'
		case r == '﹪':
			return '%'
		}
		return r
	}, s)
	s = strings.ReplaceAll(strings.TrimSuffix(s, "%"), ",", ".")
	minus := strings.HasPrefix(s, "-")
	if minus || strings.HasPrefix(s, "+") {
		s = s[1:]
	}
	whole, rest, point := strings.Cut(s, ".")
	if whole == "" || point && rest == "" || len(rest) > 2 || strings.Trim(whole+rest, "0123456789") != "" {
		return 0, ErrMarkupUnread
	}
	if whole = strings.TrimLeft(whole, "0"); len(whole) > 6 {
		return 0, ErrMarkupRange
	}
	n, err := strconv.ParseInt(whole+(rest + "00")[:2], 10, 64)
	if err != nil {
		return 0, ErrMarkupUnread
	}
	if minus {
		n = -n
	}
	if m := Markup(n); m >= LeastMarkup && m <= MostMarkup {
		return m, nil
	}
	return 0, ErrMarkupRange
}

// PriceRule is a markup that a reseller sells at: to one account or to all, of
// one edition or of each.
type PriceRule struct {
	ID         int64
	ResellerID int64
	AccountID  *int64  // nil: for all accounts
	Edition    Edition // empty: for all editions
	Markup     Markup
}

// OwnPrices are the rules that may be about one account of a reseller.
type OwnPrices struct {
	// Discounts says that the reseller may sell below the list price. Where it may
	// not, what a rule would take off is not taken off: a permission that ends, ends
	// at once.
	Discounts bool
	Rules     []PriceRule
}

// Markup is the one in force for an edition: of the most specific rule, which is
// the account's for the edition, then the account's, then the edition's, then the
// reseller's for everything. Without any it is 0, the list price.
func (p OwnPrices) Markup(e Edition) Markup {
	best, markup := -1, Markup(0)
	for _, r := range p.Rules {
		if r.Edition != "" && r.Edition != e {
			continue
		}
		specific := 0
		if r.AccountID != nil {
			specific += 2
		}
		if r.Edition != "" {
			specific++
		}
		if specific > best {
			best, markup = specific, r.Markup
		}
	}
	if !p.Discounts {
		markup = max(markup, 0)
	}
	return markup
}

// PriceFacts are the rules of one scope — all accounts of a reseller, or one
// account — by edition, with the empty one for all: as a form sets them, and as
// the log of changes keeps them.
type PriceFacts map[Edition]Markup

// FactsOf are the rules of a scope: of one account, or with nil those for all.
func FactsOf(rules []PriceRule, accountID *int64) PriceFacts {
	facts := PriceFacts{}
	for _, r := range rules {
		if (r.AccountID == nil) == (accountID == nil) && (accountID == nil || *r.AccountID == *accountID) {
			facts[r.Edition] = r.Markup
		}
	}
	return facts
}

// String is the facts as JSON, the same for the same rules.
func (f PriceFacts) String() string {
	b, err := json.Marshal(f) // sorts the editions
	if err != nil {
		return err.Error() // can't be: these are plain values
	}
	return string(b)
}

// Lowers says whether a rule takes something off the list price.
func (f PriceFacts) Lowers() bool {
	for _, m := range f {
		if m < 0 {
			return true
		}
	}
	return false
}

// Prices reads the rules that were before and after; what was not there, or can't
// be read, is empty.
func (c Change) Prices() (before, after PriceFacts) {
	_ = json.Unmarshal([]byte(c.Before), &before)
	_ = json.Unmarshal([]byte(c.After), &after)
	return before, after
}

// SeesList says whether the viewer may see what the provider debits beside what
// an account of a reseller pays: its customers see the latter alone.
//
// What they are shown of a row comes from the row's For and has no other sum in
// it, so that a page can't give one away.
func (v Viewer) SeesList() bool {
	switch v.Whose(ActLook) {
	case WhoseReseller, WhoseAll:
		return true
	case WhoseNone, WhoseAccount:
	}
	return false
}

// PaysFen is what the account's customer pays for the order, or is paid back: the
// own total, and where there is none the list total.
func (o Order) PaysFen() Fen {
	if o.OwnTotalFen != nil {
		return *o.OwnTotalFen
	}
	return o.TotalFen
}

// PaysFen is what the account's customer would pay, or be paid back.
func (q Quote) PaysFen() Fen {
	if q.OwnTotalFen != nil {
		return *q.OwnTotalFen
	}
	return q.TotalFen
}

// MarginFen is what the reseller has of the order: what the account pays less
// what the provider debits, the other way round for a refund. It is 0 where there
// is but one price.
func (o Order) MarginFen() Fen {
	if o.Kind == Refund {
		return o.TotalFen - o.PaysFen()
	}
	return o.PaysFen() - o.TotalFen
}

// For is the order as the viewer may see it.
func (o Order) For(v Viewer) Order {
	if !v.SeesList() {
		o.TotalFen, o.OwnTotalFen, o.Markup = o.PaysFen(), nil, 0
	}
	return o
}

// For is the quote as the viewer may see it.
func (q Quote) For(v Viewer) Quote {
	if !v.SeesList() {
		if q.OwnTotalFen != nil {
			q.TotalFen, q.Lines = *q.OwnTotalFen, q.OwnLines
		}
		q.OwnTotalFen, q.OwnLines, q.Markup = nil, nil, 0
	}
	return q
}

// For is the entry as the viewer may see it.
func (e OutsideEvent) For(v Viewer) OutsideEvent {
	if !v.SeesList() {
		if e.OwnPaidFen != nil {
			e.PaidFen = *e.OwnPaidFen
		}
		e.OwnPaidFen, e.Markup = nil, 0
	}
	return e
}

// For is the history as the viewer may see it. What the provider debited stays in
// its Subscription, which prices are made from; Held is for pages.
func (h History) For(v Viewer) History {
	if v.SeesList() {
		return h
	}
	entries := make([]Entry, len(h.Entries))
	for i, e := range h.Entries {
		if e.Order != nil {
			o := e.Order.For(v)
			if e.OwnLines != nil {
				e.Lines = e.OwnLines
			}
			e.Order, e.OwnLines = &o, nil
		}
		if e.Outside != nil {
			o := e.Outside.For(v)
			e.Outside = &o
		}
		entries[i] = e
	}
	h.Entries = entries
	return h
}

// Held is what the account holds, with the payments and unit prices that the
// viewer may see; nil for nothing.
func (h History) Held(v Viewer) *Subscription {
	if v.SeesList() {
		return h.Subscription
	}
	return h.Own
}
