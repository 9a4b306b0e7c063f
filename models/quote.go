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
	AccountChanged QuoteChange = "last_order" // what the account holds has changed since
	HeldSince      QuoteChange = "held"       // the account was held since: what the quote rests on was in doubt
	OwnPrice       QuoteChange = "own_price"  // the reseller sells at another price now
)

// Held is what an account held when a quote was made.
type Held struct {
	Edition       Edition   `json:"edition"`
	InstanceCount int       `json:"machines"`
	StartsAt      time.Time `json:"starts"` // UTC
	EndsAt        time.Time `json:"ends"`   // UTC
	AutoRenew     bool      `json:"auto_renew,omitempty"`
	Unconfirmed   bool      `json:"unconfirmed,omitempty"` // EndsAt rests on a presumed renewal
}

// LineKind says what a quote's line is about.
type LineKind string

// The lines of a quote.
const (
	// LineEdition is a purchase's or renewal's list price: machines × unit price × months.
	LineEdition LineKind = "edition"
	// LineDiscount is a term's discount, negative.
	LineDiscount LineKind = "discount"

	// LineNew and LineOld are what the time that is left of a period costs by the
	// new and by the old edition and count; the old one is negative. A
	// LineDiscount follows where the period was bought with one.
	LineNew LineKind = "upgrade_new"
	LineOld LineKind = "upgrade_old"

	// LinePaid is what was paid for a period: by Order, or recorded from outside.
	LinePaid LineKind = "paid"
	// LineEnded takes off what was paid for a period that is over.
	LineEnded LineKind = "ended"
	// LineUsed takes off the used part of the running period, at the discount it
	// was bought with: a line for each edition and count, and two where its days
	// are of months that are not equally long.
	LineUsed LineKind = "used"
	// LineLostDiscount takes off what that discount was worth for the used part,
	// as far as a term of that length would not have had it.
	LineLostDiscount LineKind = "lost_discount"
	// LineNoLess adds what was used beyond what was paid: a refund is never negative.
	LineNoLess LineKind = "no_less"
	// LineInFull says that everything is paid back, because the purchase was no
	// longer than Days ago; it moves no money itself.
	LineInFull LineKind = "in_full"
)

// LineKinds lists every kind.
func LineKinds() []LineKind {
	return []LineKind{
		LineEdition, LineDiscount, LineNew, LineOld, LinePaid, LineEnded, LineUsed, LineLostDiscount, LineNoLess, LineInFull,
	}
}

// Line is one row of a quote's arithmetic, with what it takes to say it in
// words. Amounts are rounded once, here; lines always add up to the total.
type Line struct {
	Kind     LineKind `json:"kind"`
	Edition  Edition  `json:"edition,omitempty"`
	Machines int      `json:"machines,omitempty"`
	Months   int      `json:"months,omitempty"`
	// Days of a month that has DaysOf of them, besides Months.
	Days    int    `json:"days,omitempty"`
	DaysOf  int    `json:"days_of,omitempty"`
	UnitFen Fen    `json:"unit_fen,omitempty"` // for each machine and month
	Percent string `json:"percent,omitempty"`  // a discount's percentage as a decimal number: "15", "12.5"
	// Starts and Ends are the period that the line of an upgrade or refund is
	// about (UTC); zero in a purchase or renewal.
	Starts time.Time `json:"starts,omitzero"`
	Ends   time.Time `json:"ends,omitzero"`
	// Presumed says that the period is an automatic renewal that nobody has seen.
	Presumed bool   `json:"presumed,omitempty"`
	Order    string `json:"order,omitempty"`    // the number of the order that a LinePaid is about
	PaidFor  Kind   `json:"paid_for,omitempty"` // what that payment was: Buy, Renew or Upgrade
	Amount   Fen    `json:"amount_fen"`
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
	LastOutsideID   int64     // the account's last entry from outside, 0 for none
	// InstanceID is what is renewed, upgraded or refunded, and Held what it was
	// when the quote was made; both empty for a purchase.
	InstanceID string
	Held       *Held `gorm:"serializer:json"`
	// StartsAt and EndsAt are the service's that a renewal buys (UTC); for an
	// upgrade EndsAt is the end that stays. Nil for a purchase, which starts when
	// the provider does it, and for a refund.
	StartsAt *time.Time
	EndsAt   *time.Time
	TotalFen Fen    // what the provider debits, or pays back
	Lines    []Line `gorm:"serializer:json"`
	// OwnTotalFen is what the account pays its reseller, or is paid back, and
	// OwnLines the same arithmetic at the reseller's price. They are nil where there
	// is but one price: without a reseller, and in quotes from before there were two.
	// Markup is what a charge's were made with; a refund's payments have their own.
	OwnTotalFen *Fen
	OwnLines    []Line `gorm:"serializer:json"`
	Markup      Markup
	CreatedAt   time.Time // UTC
	ExpiresAt   time.Time // UTC
	// ReplacesID is the quote that this one was made instead of, and Changes
	// says why: the page shows both side by side.
	ReplacesID *string
	Changes    []QuoteChange `gorm:"serializer:json"`
}

// Term is the quoted term, zero for an upgrade or refund.
func (q Quote) Term() Term { return Term{q.Cycle, q.Duration} }

// InFull says whether a refund's quote pays everything back.
func (q Quote) InFull() bool { return InFull(q.Lines) }
