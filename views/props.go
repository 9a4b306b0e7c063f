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
	// Skew is set while the portal's clock is too far off to take orders.
	Skew *models.Skew
	// Alarm is what wants an operator's eye, for staff; nil where it can't be told.
	Alarm *models.Alarm
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
	Hold         *models.AccountHold
}

// AccountsProps is the page at /accounts, for viewers who see several.
type AccountsProps struct {
	Rows    []AccountRow
	Query   string // as typed: a name's or an OwnerId's beginning
	NextURL string // empty on the last page
}

// AccountProps is the page at /accounts/:account: the subscription.
type AccountProps struct {
	Account      models.Account
	Subscription *models.Subscription // nil when it holds none
	OpenOrder    *models.Order        // the one order under way, if any
	Hold         *models.AccountHold  // why it orders nothing, if it is held; Actor as people know it
	Released     []models.Order       // in review, though the account may order again; oldest first
	Recent       []models.Order       // newest first
	// Owned is how many machines the provider counts; nil when that could not be
	// read in time.
	Owned *models.Count
	// Actions are what can be done next, with why the rest can't, in the order in
	// which they are offered.
	Actions  []Action
	MayOrder bool // the viewer's role may order at all
	// AutoRenewFen is what the next automatic renewal costs by the price book, at
	// the machines that are covered; 0 when it is off or the book can't say.
	AutoRenewFen models.Fen
	Story        []Happening // everything that happened to what it holds, newest first
	// Records are the entries from outside that the viewer may make now: for
	// operators only.
	Records       []models.OutsideKind
	Recorded      models.OutsideKind // has just been recorded; empty else
	ExamplePrices bool
	ReleaseReason string // of a hold, as typed
	Problems      []Problem
}

// Action is one thing that can be done with a subscription, or why it can't.
type Action struct {
	Kind models.Kind
	// Why is empty when it can be done; else the words are at "cannot.<why>".
	Why  string
	Args []any // pairs for these words
	// Urgent marks what the reader should do now: an upgrade when machines
	// outgrow what is covered, a renewal near the end or after it.
	Urgent bool
}

// Happening is one entry of a subscription's timeline.
type Happening struct {
	At time.Time // UTC; of what happened, not of when somebody recorded it
	// Key is a kind of order, a kind of entry from outside, "presumed", "ended",
	// "hold" or "hold_released" (locales: "story.<key>").
	Key string
	// One of these tells more.
	Order   *models.Order
	Outside *models.OutsideEvent
	Period  *models.Period // presumed
	Note    string         // in somebody's own words; for staff only
	By      string         // who ordered or recorded it; for staff only
}

// CannotProps is the page of a quote form whose kind can't be had now.
type CannotProps struct {
	Account models.Account
	Action  Action
	Held    *models.Subscription
	Owned   *models.Count
}

// OutsideProps is the page at /accounts/:account/outside, for operators: what
// they saw at the provider that no order of ours did. Fields are as typed.
type OutsideProps struct {
	Account                               models.Account
	Kind                                  models.OutsideKind
	Held                                  *models.Subscription // nil for an adoption
	Seen                                  string               // of the history that the form shows
	Editions                              []models.Edition
	AutoRenewOptions                      []int
	InstanceID, Edition, Machines, Reason string
	Starts, Ends                          string // Beijing time, "2026-11-23 10:00"
	Paid                                  string // yuan
	AutoRenew                             bool
	AutoRenewMonths                       string
	Problems                              []Problem
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
	EndsAt    time.Time  // UTC; of a renewal for this term; zero on the purchase form
	Chosen    bool
}

// QuoteFormProps is the page at /accounts/:account/quote?kind=buy.
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

// RenewProps is the page at /accounts/:account/quote?kind=renew.
type RenewProps struct {
	Account models.Account
	Held    models.Subscription
	Count   models.Count
	Terms   []TermOption // only what the price book sells at this count and what ends after now
	// MinimumMonths is the shortest term sold at this count, when shorter ones
	// exist for others; 0 else. PastMonths is the longest term that was left out
	// because it would end before now; 0 else.
	MinimumMonths, PastMonths int
	Lines                     []models.Line // of the current choice
	TotalFen                  models.Fen
	StartsAt                  time.Time // UTC; the old end
	EndsAt                    time.Time // UTC; the new one
	ValidFor                  time.Duration
	ExamplePrices             bool
	Problems                  []Problem
}

// UpgradeProps is the page at /accounts/:account/quote?kind=upgrade.
type UpgradeProps struct {
	Account       models.Account
	Held          models.Subscription
	Count         models.Count
	Editions      []EditionOption // only what is an upgrade; TotalFen is the fee
	To            models.Edition  // the chosen one
	Lines         []models.Line   // of the current choice
	TotalFen      models.Fen
	ValidFor      time.Duration
	ExamplePrices bool
	Problems      []Problem
}

// RefundProps is the page at /accounts/:account/quote?kind=refund.
type RefundProps struct {
	Account  models.Account
	Held     models.Subscription
	Lines    []models.Line
	TotalFen models.Fen
	// FullDays is how many days after the purchase everything is paid back.
	FullDays int
	InFull   bool // this one is
	// FullUsed says that it would be, had the account not had its one full refund
	// of the calendar year.
	FullUsed      bool
	ValidFor      time.Duration
	ExamplePrices bool
	Problems      []Problem
}

// CheckProps is the page at /quotes/:id.
type CheckProps struct {
	Quote    models.Quote
	Previous *models.Quote // the quote this one replaces; Quote.Changes says why
	Account  models.Account
	Email    string    // who is about to order
	StartsAt time.Time // UTC; were it ordered now; zero for a refund
	EndsAt   time.Time // UTC; zero for a refund
	FullDays int       // how many days after a purchase a refund is in full
	// FullUntil is when these days end or ended (UTC), counted from the purchase of
	// what is renewed or upgraded; zero for a purchase. FullUsed says that the
	// account has had its one full refund of the calendar year.
	FullUntil time.Time
	FullUsed  bool
	// AutoRenewFen is what one automatic renewal of a purchase would cost today; 0
	// when it is off or the book can't say.
	AutoRenewFen models.Fen
	// InstanceID is what was typed to confirm a refund.
	InstanceID string
	// ChangeURL leads back to the form with the answers kept.
	ChangeURL string
	Expired   bool
	MayOrder  bool
	// OpenOrder is an order under way that keeps this one from being placed, Hold
	// what keeps every one from it, and Released are orders that don't though money
	// may have moved for them.
	OpenOrder *models.Order
	Hold      *models.AccountHold
	Released  []models.Order
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
	// Desk is for staff while the order is in review; nil else.
	Desk *Desk
	// CanCancel says that nothing was sent yet and the viewer may order.
	CanCancel bool
	// BuyAnew says that the account can buy now.
	BuyAnew bool
	// Problems: for instance a cancel that came too late.
	Problems []Problem
}

// Desk is where staff find out what became of an order in review, and operators
// settle it.
type Desk struct {
	Advice    models.Advice
	MaySettle bool // operators; support only looks
	ByTwo     bool // what one operator decides, a second one has to confirm
	// Proposal waits for a second operator; nil for none. ProposedBy made it, ByMe
	// where that was the viewer.
	Proposal   *models.Event
	ProposedBy string
	ByMe       bool
	// MovedOn and OtherOrder say why a released order can't be completed: something
	// happened to the account since, or another order (its number) still may.
	MovedOn    bool
	OtherOrder string
	Seen       string // the evidence that the page shows, for the form to say when it comes back

	// As typed; the ids begin with what the evidence says.
	As                          models.Verdict
	OrderID, InstanceID, Reason string
	Looked                      bool
}

// Type puts what was typed into the form.
func (d *Desk) Type(typed Desk) {
	d.As, d.OrderID, d.InstanceID, d.Reason, d.Looked = typed.As, typed.OrderID, typed.InstanceID, typed.Reason, typed.Looked
}

// ReviewRow is an order in review.
type ReviewRow struct {
	Order   models.Order
	Account models.Account
	// Proposed waits for a second operator, made by ProposedBy (ByMe: the viewer);
	// empty for nothing.
	Proposed   models.Verdict
	ProposedBy string
	ByMe       bool
}

// UnknownRow is an order that the portal is finding out about.
type UnknownRow struct {
	Order   models.Order
	Account models.Account
	Since   time.Time // UTC; when it became unknown
}

// ReviewProps is the page at /review, for staff.
type ReviewProps struct {
	Rows              []ReviewRow // in review, the oldest first
	NextURL, FirstURL string
	Unknown           []UnknownRow // now, the oldest first
	MoreUnknown       bool         // there are more than these
	// Held are accounts that nothing is ordered for; HeldURL leads to more of them.
	Held    []HeldRow
	HeldURL string
}

// HeldRow is an account that is held.
type HeldRow struct {
	Account models.Account
	Hold    models.AccountHold
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
	Sort                                   string // "oldest"; else the newest come first
	SortURL                                string // the same list in the other order
	Chips                                  []Chip
	Count                                  int  // matching orders, counted up to a bound
	CountCapped                            bool // there are more than Count
	Any                                    bool // the viewer has orders at all: tells "no match" from "no orders"
	ShowAccounts                           bool // the viewer sees more than one account
	NextURL, FirstURL                      string
	CSVURL, XLSXURL                        string // all matching orders as a file
	Problems                               []Problem
}

// ErrorHelpProps is the page at /help/errors. All of it comes from the URL, cut
// to a sensible length; none of it has to be there.
type ErrorHelpProps struct {
	Code      string // the code to explain on top
	RequestID string // the provider's, that came with the code
	Kind      models.Kind
	// InDoubt says that an order's outcome is unknown: the code is explained
	// without advice.
	InDoubt bool
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
