package models

import (
	"fmt"
	"strings"
)

// Fen is a sum of money in fen, 1/100 of a Chinese yuan. Sums are never kept as
// floating point.
type Fen int64

// Yuan writes the sum as a plain decimal number of yuan, "-12345.60": for logs,
// forms and files. Pages format money in the reader's language instead.
func (f Fen) Yuan() string {
	var b strings.Builder
	n := int64(f)
	if n < 0 {
		b.WriteByte('-')
	}
	yuan, fen := n/100, n%100
	if yuan < 0 {
		yuan = -yuan
	}
	if fen < 0 {
		fen = -fen
	}
	fmt.Fprintf(&b, "%d.%02d", yuan, fen)
	return b.String()
}
