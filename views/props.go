// Package views turns typed props into pages. It decides no rule and does no
// I/O: handlers say what is, views say it in the reader's language. Every word
// comes from locales/.
package views

import (
	"time"

	"portal/models"
)

// Page is what every page's layout needs.
type Page struct {
	Viewer    *models.Viewer // nil when nobody is signed in
	Path      string         // path and query of this page: where switching the language returns to
	Theme     string         // "light", "dark", or empty for the system's
	Sandbox   bool           // every page says so, unmistakably
	RequestID string         // to quote when something went wrong
	// Refresh is how often the page asks for itself again, without script (the
	// handler's header does it), unless Path says "refresh=off"; 0 never.
	Refresh time.Duration
	Now     time.Time // UTC
}

// Problem is one thing wrong with a form: the same words stand in the summary
// on top (with a link to the field) and at the field.
type Problem struct {
	Field string // the input's name; empty when no single field is to blame
	Key   string // locales: "problem.<key>"
	Args  []any  // pairs for the message: "Name", value, …
}

// SignInProps is the page at /sign-in.
type SignInProps struct {
	Email    string // as typed
	Next     string // where the person was going, a path of ours
	Problems []Problem
	Demo     []DemoPerson // sandbox only
}

// DemoPerson is one of the sandbox's made-up people.
type DemoPerson struct {
	Email    string
	Password string
	Role     models.Role
}

// AccountRow is an account with what it holds.
type AccountRow struct {
	Account      models.Account
	Subscription *models.Subscription
	OpenOrder    *models.Order
}

// AccountsProps is the page at /accounts, for viewers who see several.
type AccountsProps struct {
	Rows    []AccountRow
	Query   string // as typed: a name's or an OwnerId's beginning
	NextURL string // empty on the last page
}

// AccountProps is the page at /accounts/:account.
type AccountProps struct {
	Account      models.Account
	Subscription *models.Subscription // nil when it holds none
	OpenOrder    *models.Order        // the one order under way, if any
	Recent       []models.Order       // newest first
	CanBuy       bool                 // a purchase may be started now
	MayOrder     bool                 // the viewer's role may order at all
}

// EditionOption is one radio card of the quote form.
type EditionOption struct {
	Edition  models.Edition
	UnitFen  models.Fen // for each machine and month
	TotalFen models.Fen // for the chosen term at this count
	Chosen   bool
}

// TermOption is one radio card of the quote form.
type TermOption struct {
	Term      models.Term
	TotalFen  models.Fen // for the chosen edition at this count
	SavingFen models.Fen // against the list price, 0 for none
	Percent   string     // the term's discount, "15"; empty for none
	Chosen    bool
}

// QuoteFormProps is the page at /accounts/:account/quote.
type QuoteFormProps struct {
	Account       models.Account
	Count         models.Count
	Editions      []EditionOption
	Terms         []TermOption // only what the price book sells at this count
	MinimumMonths int          // the shortest term sold at this count, when shorter ones exist for others; 0 else
	AutoRenew     bool
	// AutoRenewMonths is the chosen period, AutoRenewOptions what may be chosen.
	AutoRenewMonths  int
	AutoRenewOptions []int
	Lines            []models.Line // of the current choice
	TotalFen         models.Fen
	StartsAt         time.Time // UTC; were it bought now
	EndsAt           time.Time // UTC
	ValidFor         time.Duration
	ExamplePrices    bool
	Problems         []Problem
}

// CheckProps is the page at /quotes/:id.
type CheckProps struct {
	Quote    models.Quote
	Previous *models.Quote // the quote this one replaces; Quote.Changes says why
	Account  models.Account
	Email    string    // who is about to order
	StartsAt time.Time // UTC; were it bought now
	EndsAt   time.Time // UTC
	// ChangeURL leads back to the form with the answers kept.
	ChangeURL string
	Expired   bool
	MayOrder  bool
	// OpenOrder is an order under way that keeps this one from being placed.
	OpenOrder *models.Order
	Problems  []Problem
}

// OrderProps is the page at /orders/:number: progress, receipt and timeline.
type OrderProps struct {
	Order    models.Order
	Quote    models.Quote
	Account  models.Account
	Email    string           // who placed it
	Events   []models.Event   // oldest first
	Attempts []models.Attempt // oldest first; shown to staff only
	Staff    bool
	// CanCancel says that nothing was sent yet and the viewer may order.
	CanCancel bool
	// Problems: for instance a cancel that came too late.
	Problems []Problem
}

// OrderRow is a line of the order log.
type OrderRow struct {
	Order   models.Order
	Account models.Account
}

// Chip is one active filter, with the link that removes it.
type Chip struct {
	Field string // "status", "kind", "from", "to", "q", "account"
	Value string // as it stands in the URL; for an account its name
	URL   string
}

// OrdersProps is the page at /orders.
type OrdersProps struct {
	Rows []OrderRow
	// Filters, as they stand in the URL.
	Status, Kind, From, To, Query, Account string
	Chips                                  []Chip
	Count                                  int  // matching orders, counted up to a bound
	CountCapped                            bool // there are more than Count
	Any                                    bool // the viewer has orders at all: tells "no match" from "no orders"
	ShowAccounts                           bool // the viewer sees more than one account
	NextURL, FirstURL                      string
	Problems                               []Problem
}

// ErrorProps is every error page.
type ErrorProps struct {
	Status int
	// Key picks the words: "error.<key>.title", ".what", ".money" (whether money
	// moved) and ".do" (what to do now).
	Key  string
	Args []any
	// Retry is a path to try again with, empty for none; Back where to go instead.
	Retry, Back string
	OrderNumber string // an order that the page is about
}
