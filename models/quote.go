package models

import "time"

// QuoteChange is one thing that differs between a quote and the world at
// placing.
type QuoteChange string

// What can differ.
const (
	QuoteExpired   QuoteChange = "expired"    // its ExpiresAt has passed
	CountChanged   QuoteChange = "count"      // the provider counts other machines
	PricesChanged  QuoteChange = "prices"     // another price book is in force
	AccountChanged QuoteChange = "last_order" // the account completed an order since
)

// LineKind says what a quote's line is about.
type LineKind string

// The lines of a buy quote.
const (
	LineEdition  LineKind = "edition"  // machines × unit price × months
	LineDiscount LineKind = "discount" // the term's discount, negative
)

// Line is one row of a quote's arithmetic, with what it takes to say it in
// words. Amounts are rounded once, here; lines always add up to the total.
type Line struct {
	Kind     LineKind `json:"kind"`
	Edition  Edition  `json:"edition,omitempty"`
	Machines int      `json:"machines,omitempty"`
	Months   int      `json:"months,omitempty"`
	UnitFen  Fen      `json:"unit_fen,omitempty"` // for each machine and month
	Percent  string   `json:"percent,omitempty"`  // a discount's percentage as a decimal number: "15", "12.5"
	Amount   Fen      `json:"amount_fen"`
}

// Quote is an immutable, itemised, expiring offer. It leads to at most one
// order.
type Quote struct {
	ID              string // UUIDv7
	AccountID       int64
	UserID          int64 // who asked for it
	Kind            Kind
	Edition         Edition
	VersionCode     string // what the provider calls the edition
	Cycle           Cycle
	Duration        int
	AutoRenew       bool
	AutoRenewMonths int // 0 without AutoRenew
	InstanceCount   int
	CountReadAt     time.Time // UTC; when the provider answered InstanceCount
	PriceBookHash   string    // of the book it was priced by
	ExamplePrices   bool      // that book calls its own prices examples
	LastOrderID     int64     // the account's last completed order, 0 for none
	TotalFen        Fen
	Lines           []Line    `gorm:"serializer:json"`
	CreatedAt       time.Time // UTC
	ExpiresAt       time.Time // UTC
	// ReplacesID is the quote that this one was made instead of, and Changes
	// says why: the page shows both side by side.
	ReplacesID *string
	Changes    []QuoteChange `gorm:"serializer:json"`
}

// Term is the quoted term.
func (q Quote) Term() Term { return Term{q.Cycle, q.Duration} }
