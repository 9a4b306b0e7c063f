package pricing

import (
	_ "embed"
	"fmt"
	"slices"
	"sync"
	"time"

	"portal/models"
)

// MaxMachines is the greatest number of machines that is priced. With the limits
// on prices and terms (validate.go) and on markups (models.MostMarkup) every sum
// stays below 2⁵⁷ fen, so that none can overflow; a count above it is a mistake rather than a customer.
const MaxMachines = 1_000_000

// Book is a checked price book. It never changes, so that any number of
// goroutines may use it.
type Book struct {
	example   bool
	validity  time.Duration
	autoRenew []int     // months, ascending
	editions  []edition // in the order of models.Editions
	terms     []term    // by length
	minimums  []minimum // by machines; none, or the last goes up to MaxMachines
	hash      string

	compareURL     string // the provider's page about the editions
	buyAgainDays   int
	fullRefundDays int

	// list is the book that this one was made from with a markup, nil for a list
	// price book itself; see At.
	list   *Book
	markup models.Markup
}

// edition is one edition on sale.
type edition struct {
	name        models.Edition
	versionCode string
	unit        models.Fen        // for one machine and one month
	about       map[string]string // by language; nil for nothing
}

// term is one term on sale.
type term struct {
	models.Term
	discount int64 // hundredths of a percent of the list price: 15% is 1500
}

// minimum is a tier: up to so many machines, no shorter term is sold.
type minimum struct {
	machines int
	months   int
}

//go:embed book.toml
var embedded []byte

var parseEmbedded = sync.OnceValue(func() *Book {
	b, err := Parse(embedded)
	if err != nil {
		panic(fmt.Sprintf("pricing: the embedded price book: %v", err)) // a test parses it
	}
	return b
})

// Embedded is the book that the portal brings along: example prices from the
// provider's public documentation.
func Embedded() *Book { return parseEmbedded() }

// Example says that the book calls its own prices examples. Every page that
// shows a price of it says so.
func (b *Book) Example() bool { return b.example }

// QuoteValidity is how long a quote holds.
func (b *Book) QuoteValidity() time.Duration { return b.validity }

// BuyAgainAfter is how long after an expiry a new purchase is offered. Before
// that, renewing is.
func (b *Book) BuyAgainAfter() time.Duration { return time.Duration(b.buyAgainDays) * day }

// FullRefundDays are the days from a purchase's beginning within which a refund is
// in full, 0 when none ever is.
func (b *Book) FullRefundDays() int { return b.fullRefundDays }

// AutoRenewMonths are the periods that auto-renewal is offered for, in months
// and ascending. Empty means that it is not offered.
func (b *Book) AutoRenewMonths() []int { return slices.Clone(b.autoRenew) }

// Editions are the editions on sale from the lowest to the highest: one or both.
func (b *Book) Editions() []models.Edition {
	names := make([]models.Edition, len(b.editions))
	for i, e := range b.editions {
		names[i] = e.name
	}
	return names
}

// VersionCode is what the provider calls the edition (provider document:
// CreateInstance, VersionCode), empty when the edition is not on sale.
func (b *Book) VersionCode(name models.Edition) string {
	e, _ := b.edition(name)
	return e.versionCode
}

// UnitPrice is the list price of one machine for one month, 0 when the edition
// is not on sale.
func (b *Book) UnitPrice(name models.Edition) models.Fen {
	e, _ := b.edition(name)
	return e.unit
}

func (b *Book) edition(name models.Edition) (edition, bool) {
	for _, e := range b.editions {
		if e.name == name {
			return e, true
		}
	}
	return edition{}, false
}

func (b *Book) term(t models.Term) (term, bool) {
	for _, sold := range b.terms {
		if sold.Term == t {
			return sold, true
		}
	}
	return term{}, false
}
