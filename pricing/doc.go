// Package pricing turns a price book into the lines of a quote: for a purchase, a
// renewal, an upgrade, or what a refund brings back. It is pure: no clock, and no
// I/O beyond the bytes it is handed.
//
// Money is int64 fen (models.Fen). Each line is rounded once, half a fen up, and
// the lines of a price always add up to its total. A book in which a longer term
// would not cost more, or Enterprise not more than Pro, is refused; validate.go
// has the proofs that this holds for every number of machines, rounding included.
//
// The book is a file that its owner edits by hand: docs/price-book.md.
package pricing
