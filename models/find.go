package models

import (
	"slices"
	"strings"
	"time"
	"unicode"
)

// Sought is what somebody typed into the search box, in every way that it can
// be meant. What it can't be is empty.
type Sought struct {
	Text        string // as typed, in half-width characters and without spaces around it
	OrderNumber string // as orders have it, see ReadOrderNumber
	OwnerID     int64
	Email       string // normalized
	// IDs are the spellings under which the provider's ids and client tokens are
	// looked for: those are compared letter by letter.
	IDs []string
}

// Seek reads what somebody typed into the search box.
func Seek(typed string) Sought {
	s := Sought{Text: strings.TrimSpace(halfWidth(typed))}
	s.OrderNumber, _ = ReadOrderNumber(s.Text)
	s.Email, _ = NormalizeEmail(s.Text)
	joined := without(s.Text, unicode.IsSpace)
	if joined != "" {
		s.IDs = []string{joined, strings.ToUpper(joined), strings.ToLower(joined)}
		slices.Sort(s.IDs)
		s.IDs = slices.Compact(s.IDs)
	}
	// In groups, as on a bank card: 1000 0000 0000 0025, or with dashes.
	s.OwnerID, _ = ParseOwnerID(without(joined, dash))
	return s
}

// ReadOrderNumber reads an order's number as people type it from a letter or a
// telephone call: in any case, with spaces or other dashes or none, without the
// P, in full-width characters, with the letters O, I and L for the digits that
// they look like.
func ReadOrderNumber(typed string) (number string, ok bool) {
	s := strings.ToUpper(without(halfWidth(typed), func(r rune) bool { return unicode.IsSpace(r) || dash(r) }))
	s = strings.NewReplacer("O", "0", "I", "1", "L", "1").Replace(strings.TrimPrefix(s, "P"))
	if len(s) != 8+8 || strings.Trim(s[8:], crockford) != "" {
		return "", false
	}
	if _, err := time.Parse("20060102", s[:8]); err != nil {
		return "", false
	}
	return "P" + s[:8] + "-" + s[8:], true
}

// halfWidth writes the letters, digits and signs of a Chinese keyboard as ASCII.
func halfWidth(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= '！' && r <= '～':
			return r - '！' + '!'
		case r == '\u3000': // the wide space
			return ' '
		}
		return r
	}, s)
}

// dash says whether the character is a hyphen or looks like one.
func dash(r rune) bool { return unicode.Is(unicode.Dash, r) || r == '_' || r == '·' }

// without leaves characters out, and with them what nobody sees: text that was
// copied from a page or a chat brings such along.
func without(s string, out func(rune) bool) string {
	return strings.Map(func(r rune) rune {
		if out(r) || unicode.Is(unicode.Cf, r) {
			return -1
		}
		return r
	}, s)
}

// Person is a user as others find them: who it is, and whose.
type Person struct {
	Email    string
	Role     Role
	Account  *Account  // a customer's
	Reseller *Reseller // a reseller admin's
}
