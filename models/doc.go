// Package models holds the portal's domain: its words, their rules, and nothing
// that does I/O. It imports the standard library only; GORM's struct tags are
// only tags.
//
// Money is int64 fen (1/100 CNY). Times are UTC in storage and Beijing time on
// pages. The words are those of CONTRIBUTING.md: an account is whoever owns the
// machines, a subscription is our record of what it holds, an order is one
// intended charge or refund, an attempt is one call to the provider.
package models
