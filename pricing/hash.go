package pricing

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
)

// Hash names the book's content, as 64 hexadecimal digits. Quotes keep it: a
// quote made by another book no longer holds. It is taken of what the book means
// and not of the file, so that a comment, a blank line or another order of the
// keys voids nobody's quote, while any changed value does.
func (b *Book) Hash() string { return b.hash }

// canonical writes the book in the one way that Hash is taken of. Whatever is
// added to a Book has to be written here too, but for words.
func (b *Book) canonical() string {
	var s strings.Builder
	fmt.Fprintf(&s, "price book 1\ncurrency %s\nexample %t\nquote %s\n", currency, b.example, b.validity)
	fmt.Fprintf(&s, "buy again %d\nfull refund %d\n", b.buyAgainDays, b.fullRefundDays)
	for _, months := range b.autoRenew {
		fmt.Fprintf(&s, "auto-renew %d\n", months)
	}
	for _, e := range b.editions {
		fmt.Fprintf(&s, "edition %s %q %s\n", e.name, e.versionCode, e.unit.Yuan())
	}
	for _, t := range b.terms {
		fmt.Fprintf(&s, "term %s %s\n", t.Term, percent(t.discount))
	}
	for _, m := range b.minimums {
		fmt.Fprintf(&s, "minimum %d %d\n", m.machines, m.months)
	}
	return s.String()
}

func (b *Book) seal() {
	sum := sha256.Sum256([]byte(b.canonical()))
	b.hash = hex.EncodeToString(sum[:])
}
