// Package crash ends the real program at every step of an order's life, starts
// it again, and holds the portal's log against the sandbox's ledger. It is tests
// only; docs/RELIABILITY.md says what they found and how to repeat them.
package crash
