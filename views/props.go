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
	Seller    string         // the reseller whose people look, by whose name the page goes; empty for the portal's own
	RequestID string         // to quote when something went wrong
	// Refresh is how often the page asks for itself again, without script (the
	// handler's header does it), unless Path says "refresh=off"; 0 never.
	Refresh time.Duration
	Now     time.Time // UTC
	// Skew is set while the portal's clock is too far off to take orders.
	Skew *models.Skew
	// Fault is set while the database takes no writes.
	Fault *models.Fault
	// Acting is set where somebody orders for an account that is not their own.
	Acting *models.Placer
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
	Place    string // the account or reseller that they belong to; empty for staff
}

// PeopleHomeProps is the page at /people.
type PeopleHomeProps struct {
	Resellers []models.Reseller
}

// PeopleProps is the page at /accounts/:account/people, or with Reseller in
// Account's place at /resellers/:reseller/people.
type PeopleProps struct {
	Account  *models.Account
	Reseller *models.Reseller
	Members  []models.Member
	Changes  []models.Change // the newest first; Actor is a name
	Link     *InvitationLink // of the invitation that was just made; nil else
	Email    string          // as typed
	Problems []Problem
}

// InvitationLink is what an invited person gets.
type InvitationLink struct {
	Email string
	URL   string    // with the token: to be seen on this one page
	Until time.Time // UTC
	// Mailed is what became of the mail with it; empty where none is sent.
	Mailed models.MailState
}

// RemovePersonProps is the page at /people/:person/remove.
type RemovePersonProps struct {
	Person   models.User
	Self     bool   // the viewer, who can't
	Back     string // a path of ours
	Problems []Problem
}

// InvitationProps is the page at /invitation.
type InvitationProps struct {
	Invitation models.Invitation
	To         string // the account's or reseller's name
	Language   string // a tag
	Least      int    // characters of a password
	Problems   []Problem
}

// MeProps is the page at /me.
type MeProps struct {
	User     models.User
	Of       string // the account's or reseller's name; empty for staff
	Least    int    // characters of a password
	Changed  bool   // the password, just now
	Problems []Problem
}

// AccountRow is an account with what it holds.
type AccountRow struct {
	Account      models.Account
	Subscription *models.Subscription
	OpenOrder    *models.Order
	Hold         *models.AccountHold
	Owned        *models.Count // as read last; nil when never
	SpentFen     models.Fen    // this calendar year, in Beijing: charged less paid back
	LastOrder    *models.Order // nil for none
}

// AccountsProps is the page at /accounts, for viewers who see several.
type AccountsProps struct {
	Awaiting                    int // orders that wait for the viewer's approval, up to models.AlarmBound
	Rows                        []AccountRow
	Query, State, Edition, Sort string // as they stand in the URL
	Year                        int    // that spend is counted in
	Count                       int
	CountCapped                 bool // there are more than Count
	FirstURL                    string
	NextURL                     string // empty on the last page
	CSVURL                      string
	Problems                    []Problem
	// ResellerID is whose prices an admin sets, 0 for others; Resellers are those
	// that an operator may set the prices of.
	ResellerID int64
	Resellers  []models.Reseller
}

// PricesProps is the page at /resellers/:reseller/prices: what a reseller sells
// at to all of its accounts; or at /accounts/:account/prices to one of them.
type PricesProps struct {
	Reseller models.Reseller
	Account  *models.Account // nil for all
	Path     string          // where the form goes
	Typed    map[string]string
	Seen     string            // the rules that were shown, for the form to say when it comes back
	Kept     models.PriceFacts // what somebody else has set meanwhile; nil for nothing
	Trying   bool              // what is typed is not set
	JustSet  bool
	Preview  []PriceRow
	MayAllow bool // the viewer may allow discounts
	// Accounts have rules of their own.
	Accounts      []models.Account
	NextURL       string
	Changes       []models.Change // newest first, Actor as people know them
	ExamplePrices bool
	Problems      []Problem
}

// Type puts what was typed for an edition into the form.
func (p *PricesProps) Type(e models.Edition, typed string) {
	if p.Typed == nil {
		p.Typed = map[string]string{}
	}
	p.Typed[PriceField(e)] = typed
}

// PriceField names the form's field of an edition, or with the empty one of all.
func PriceField(e models.Edition) string {
	if e == "" {
		return "markup"
	}
	return "markup_" + string(e)
}

// PriceRow is what becomes of an edition's list price for each machine and month.
type PriceRow struct {
	Edition models.Edition
	ListFen models.Fen
	Markup  models.Markup
	OwnFen  models.Fen
}

// DashboardProps is the page at /dashboard.
type DashboardProps struct {
	Expiring, Outgrown, Attention, Accounts QueueCount
	Months                                  []models.MonthSpend // oldest first
	MonthURLs                               []string            // the orders of each
}

// AccountProps is the page at /accounts/:account: the subscription.
type AccountProps struct {
	Account      models.Account
	Subscription *models.Subscription // nil when it holds none
	OpenOrder    *models.Order        // the one order under way, if any
	Hold         *models.AccountHold  // why it orders nothing, if it is held; Actor as people know it
	Released     []models.Order       // in review, though the account may order again; oldest first
	Recent       []OrderRow           // newest first
	// Owned is how many machines the provider counted last; nil when that could
	// never be read.
	Owned         *models.Count
	CountFailedAt *time.Time // when a later read than Owned failed; nil when none did
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
	// Changes are what people changed of the account, newest first, Actor as people
	// know them: for administrators and staff.
	Changes     []models.Change
	SuspendedBy string     // who suspended it, as people know them; for administrators and staff
	Used        models.Fen // ordered in this month, as the monthly limit counts it
	Problems    []Problem
}

// AccountFormProps is the page at /accounts/new, or /accounts/:account/edit. Fields
// are as typed.
type AccountFormProps struct {
	Account                       models.Account // that is edited
	OwnerID, Name, Note, Reseller string
	Resellers                     []models.Reseller // to choose from, for who may
	Problems                      []Problem
}

// LimitsProps is the page at /accounts/:account/limits.
type LimitsProps struct {
	Account        models.Account
	Used           models.Fen // ordered in this month
	Monthly, Above string     // in yuan, as typed; empty for no limit
	Problems       []Problem
}

// ImportFormProps is the page at /accounts/import. Fields are as typed; a file has
// to be chosen again.
type ImportFormProps struct {
	Pasted, Reseller string
	From             string            // the field that the list came from: "file" or "pasted"
	Resellers        []models.Reseller // to choose from, for who may
	MostLines        int
	Problems         []Problem
}

// ImportProps is the page at /accounts/import/:import: a list of accounts, line by
// line, before it is confirmed and after.
type ImportProps struct {
	ID        string
	Done      *time.Time  // UTC; when it was confirmed, nil before
	ExpiresAt time.Time   // UTC
	Reseller  string      // whose the accounts will be, for operators; empty for direct ones
	Fate      models.Fate // shown alone; empty for all
	Lines     []models.LineFate
	Counts    map[models.Fate]int
	All       int
	NextURL   string // empty on the last page
	Seen      string // models.FatesSeen, for the form to say when it comes back
	Problems  []Problem
}

// ResellerRow is a reseller in a list.
type ResellerRow struct {
	Reseller models.Reseller
	Accounts int  // that it administers
	Kept     int  // orders under way with an earlier profile
	NoKey    bool // this machine finds no key of its profile
}

// ResellersProps is the page at /resellers, for operators.
type ResellersProps struct{ Rows []ResellerRow }

// ResellerProps is the page at /resellers/new, or /resellers/:reseller/edit.
type ResellerProps struct {
	Reseller                models.Reseller // that is edited; zero for a new one
	Name, CredentialProfile string          // as typed
	Seen                    models.ResellerFacts
	NoKey                   bool // this machine finds no key of its profile
	Changes                 []models.Change
	Problems                []Problem
}

// SuspensionProps is the page at /accounts/:account/suspend, or /reinstate.
type SuspensionProps struct {
	Account   models.Account
	OpenOrder *models.Order // that a suspension meets; nil for none
	By        string        // who suspended it
	Reason    string        // as typed
	Problems  []Problem
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

// Sum is a price as its reader sees it: what the provider debits for who may see
// that, what the account pays for its customers.
type Sum struct {
	Lines     []models.Line
	TotalFen  models.Fen
	SavingFen models.Fen // by the term's discount, 0 for none
	// Own is what an account of a reseller pays, for who sees both; nil else.
	Own *Own
}

// Own is what an account pays its reseller, beside what the provider debits.
type Own struct {
	Lines    []models.Line
	TotalFen models.Fen
}

// EditionOption is one radio card of the quote form.
type EditionOption struct {
	Edition    models.Edition
	UnitFen    models.Fen // for each machine and month
	OwnUnitFen models.Fen // what the account pays for that, for who sees both; 0 else
	Sum        Sum        // for the chosen term at this count
	Chosen     bool
}

// TermOption is one radio card of the quote form.
type TermOption struct {
	Term    models.Term
	Sum     Sum       // for the chosen edition at this count
	Percent string    // the term's discount, "15"; empty for none
	EndsAt  time.Time // UTC; of a renewal for this term; zero on the purchase form
	Chosen  bool
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
	Sum              Sum       // of the current choice
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
	Sum                       Sum       // of the current choice
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
	Editions      []EditionOption // only what is an upgrade; Sum is the fee
	To            models.Edition  // the chosen one
	Sum           Sum             // of the current choice
	ValidFor      time.Duration
	ExamplePrices bool
	Problems      []Problem
}

// RefundProps is the page at /accounts/:account/quote?kind=refund.
type RefundProps struct {
	Account models.Account
	Held    models.Subscription
	Sum     Sum
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
	By       string    // who is about to order, in the viewer's words
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
	// Suspended says that a suspension of the account keeps the viewer from it.
	Suspended bool
	// Full says that the account's monthly limit has no room for it; nil when it
	// has. Above is the sum above which the viewer's order waits for approval, nil
	// when this one would not wait.
	Full     *models.LimitError
	Above    *models.Fen
	Problems []Problem
}

// OrderProps is the page at /orders/:number: progress, receipt and timeline.
type OrderProps struct {
	Order    models.Order
	Quote    models.Quote
	Account  models.Account
	SoldBy   string           // the account's reseller; empty for a direct customer
	Email    string           // who placed it
	By       string           // who placed it, in the viewer's words
	Events   []models.Event   // oldest first
	Attempts []models.Attempt // oldest first; shown to staff only
	Mails    []models.Mail    // oldest first; shown to staff only
	Changes  []models.Change  // oldest first; shown to staff only
	Staff    bool
	// Desk is for staff while the order is in review; nil else.
	Desk *Desk
	// Notes and Link are for staff, too: what they wrote about the order, and its
	// page's whole address to give to a colleague. nil and empty for others.
	Notes *Notes
	Link  string
	// CanCancel says that nothing was sent yet and the viewer may order.
	CanCancel bool
	// Approval is for who may approve the order while it waits for that; nil else.
	Approval *Approval
	// BuyAnew says that the account can buy now.
	BuyAnew bool
	// Problems: for instance a cancel that came too late.
	Problems []Problem
}

// Approval is where who administers an account decides about an order that waits.
type Approval struct {
	Limit  *models.Fen // the account's monthly limit; nil for none
	Used   models.Fen  // of the month, this order among it
	Reason string      // for declining, as typed
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

// Notes are what staff wrote about an order for each other, with a form.
type Notes struct {
	All   []Note // oldest first
	Form  string // tells the form from every other one: what it sends twice is one note
	Typed string // what could not be kept
}

// Note is one of them.
type Note struct {
	At    time.Time // UTC
	By    string    // who wrote it: their address
	Words string    // as written, with its line ends
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
	By      string // who placed it on the account's behalf, in the viewer's words; empty for its customers
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

// SearchProps is the page at /search, for those who may search.
type SearchProps struct {
	Query string // as typed
	// What was found, each kind with at most as many rows as a search gives.
	Orders        []OrderRow
	MoreOrdersURL string // empty when these are all
	Accounts      []AccountRow
	AccountsMore  bool
	Year          int // that their spend is counted in
	People        []models.Person
	// OrdersURL and AccountsURL search the lists for a part of it.
	OrdersURL, AccountsURL string
	Queue                  *Queue // nil once something was asked for
	Problems               []Problem
}

// Queue is what waits for somebody's eye.
type Queue struct {
	Unknown, InReview, Rejected QueueCount // Rejected: placed today, Beijing time
	Stuck                       []OrderRow // waiting longest first
	MoreStuck                   bool       // there are more than these
}

// QueueCount is how many orders a list at URL has.
type QueueCount struct {
	Count  int
	Capped bool // there are more than Count
	URL    string
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

// Again is a form to be sent once more.
type Again struct {
	Action string // a path of ours, with its query
	Fields []Typed
}

// Typed is what somebody answered in a form.
type Typed struct{ Name, Value string }

// ErrorProps is every error page.
type ErrorProps struct {
	Status int
	// Key picks the words: "error.<key>.title", ".what", ".money" (whether money
	// moved) and ".do" (what to do now).
	Key  string
	Args []any
	// Retry is a path to try again with, empty for none; Back where to go instead.
	Retry, Back string
	Again       *Again // a form that can be sent once more, with what was typed
	OrderNumber string // an order that the page is about
}
