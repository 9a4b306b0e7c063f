package models

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"strconv"
	"time"
)

// Kind is what an order does to the account's subscription.
type Kind string

// One kind for each of the provider's changing calls.
const (
	Buy     Kind = "buy"
	Renew   Kind = "renew"
	Upgrade Kind = "upgrade"
	Refund  Kind = "refund"
)

// Kinds lists every kind.
func Kinds() []Kind { return []Kind{Buy, Renew, Upgrade, Refund} }

// Action is the provider's name of the call (provider document).
func (k Kind) Action() string {
	switch k {
	case Buy:
		return "CreateInstance"
	case Renew:
		return "RenewInstance"
	case Upgrade:
		return "UpgradeInstance"
	case Refund:
		return "RefundInstance"
	}
	return ""
}

// Order is one intended charge or refund. What was intended never changes;
// Status and what follows it are moved by one function only (transition in store).
type Order struct {
	ID          int64
	Number      string // what people quote: P20261123-7K3M9QXR
	QuoteID     string // unique: a quote leads to at most one order
	ClientToken string // unique: minted once, here, never from a browser
	AccountID   int64
	OwnerID     int64
	UserID      int64 // who placed it
	Kind        Kind
	Edition     Edition
	VersionCode string
	Cycle       Cycle
	Duration    int
	AutoRenew   bool
	// AutoRenewMonths is the auto-renewal's own period, 0 without AutoRenew.
	AutoRenewMonths int
	InstanceCount   int
	TotalFen        Fen // what the provider debits, or pays back
	// OwnTotalFen is what the account pays its reseller, or is paid back, at Markup,
	// as both were when the order was placed; nil where there is but one price.
	OwnTotalFen *Fen
	Markup      Markup
	// CredentialProfile names the credentials that the order began with. It is
	// never sent with others: a token means something only to the key that sent it.
	CredentialProfile string
	PlacedAt          time.Time // UTC
	// ApprovedAt is when an order that had waited for approval was given it (UTC);
	// nil for one that needed none, or has none.
	ApprovedAt *time.Time

	Status Status
	Reason Reason // why it is where it is
	// Claim is the fencing number. Whoever claims the order raises it, and may
	// change the order only as long as it still stands.
	Claim      int64
	LeaseUntil *time.Time // UTC; while sending, when the claim may be taken over
	DueAt      *time.Time // UTC; while placed or unknown, when to send (again); awaiting approval, when that ends
	Attempts   int        // how many were begun
	// Code and Message are the provider's, of the attempt that decided the order
	// or of the newest one.
	Code            string
	Message         string
	InstanceID      string // known from the start for all kinds but buy
	ProviderOrderID string
	RequestID       string     // of the deciding or newest answer
	StartsAt        *time.Time // UTC; of the service bought, once completed
	EndsAt          *time.Time // UTC
	SettledAt       *time.Time // UTC; when a final status was reached
	// ReleasedAt is when an operator let the account order again while this order
	// was in review (UTC); nil while it holds the account. It never changes back.
	ReleasedAt *time.Time
	UpdatedAt  time.Time // UTC; when the order came to its status
}

// Open says whether the order still holds its account: no other order of it
// begins. The database holds the same in a partial unique index.
func (o Order) Open() bool { return o.Status.Open() && o.ReleasedAt == nil }

// Unsent says whether nothing of the order was ever sent, nor is being sent.
func (o Order) Unsent() bool {
	return o.Status == AwaitingApproval || o.Status == Placed && o.Attempts == 0
}

// Cancellable says whether the order can still be taken back: nothing is under
// way for it.
func (o Order) Cancellable() bool { return o.Status == Placed || o.Status == AwaitingApproval }

// Ready is since when the order could be sent (UTC): when it was placed, or
// approved.
func (o Order) Ready() time.Time {
	if o.ApprovedAt != nil {
		return *o.ApprovedAt
	}
	return o.PlacedAt
}

// Done says whether the provider carried the order out, as far as is known: what
// was recorded in another way was.
func (o Order) Done() bool { return o.Status == Completed || o.Reason == ReasonRecorded }

// Term is the term ordered.
func (o Order) Term() Term { return Term{o.Cycle, o.Duration} }

// Late says whether this is a renewal that was ordered after the end that it
// starts at, or approved after it: until it was done there was no service.
func (o Order) Late() bool {
	return o.Kind == Renew && o.StartsAt != nil && o.Ready().After(*o.StartsAt)
}

// Attempt is one call to the provider. It is committed before the call; its
// answer is written once. One without an answer counts as unknown.
type Attempt struct {
	ID         int64
	OrderID    int64
	Number     int       // 1 for the order's first
	Claim      int64     // the order's claim under which it was made
	StartedAt  time.Time // UTC
	Request    string    // redacted: action and parameters as sent
	AnsweredAt *time.Time
	Outcome    Outcome // empty until answered
	HTTPStatus int
	Code       string
	Message    string
	RequestID  string
	Response   string // redacted body, cut to a sensible length
	Late       bool   // answered after another worker had taken over: evidence only
}

// Begun is when the provider can first have done an order's work: the start of
// the first attempt that may have reached it (UTC). The provider answers no
// dates; of those possible we keep the earliest, so that nobody counts on a day
// that may not be theirs. Without such an attempt it is when the order was
// placed, and recorded is false: a database that was restored does not know what
// was sent after its copy was made.
func Begun(o Order, attempts []Attempt) (at time.Time, recorded bool) {
	for _, a := range attempts {
		switch a.Outcome {
		case OutcomeNotSent, OutcomeLater, OutcomeRejected:
		case "", OutcomeDone, OutcomeInferredDone, OutcomeUnknown, OutcomeProvesNothing, OutcomeContradicted:
			return a.StartedAt, true
		default:
			return a.StartedAt, true // what this program doesn't know may have arrived
		}
	}
	return o.PlacedAt, false
}

// Event is one step of an order's life. Events are never changed or deleted.
type Event struct {
	ID      int64
	OrderID int64
	At      time.Time // UTC
	From    Status    // empty for the first
	To      Status
	Reason  Reason
	Actor   string // "user:7", "worker", "command"
	Note    string // an operator's own words
	Attempt int    // the attempt's number that led here, 0 for none
	// ProviderOrderID and InstanceID are what a proposal would complete the order
	// with; empty in every other event.
	ProviderOrderID string
	InstanceID      string
	// Digest seals what the event put into the record (Facts), State the order's
	// row as it left it (Order.State). Both are empty in events from before.
	Digest string
	State  string
	Hash   string // Chain of this event and the one before it
}

// Chain is an event's hash: SHA-256 over what it says and over the hash of the
// order's event before it (empty for the first), in hexadecimal. A changed,
// removed or reordered event breaks every hash after it.
func (e Event) Chain(before string) string {
	fields := []string{
		before, strconv.FormatInt(e.OrderID, 10), e.At.UTC().Format(time.RFC3339Nano), string(e.From), string(e.To),
		string(e.Reason), e.Actor, e.Note, strconv.Itoa(e.Attempt),
	}
	if e.Sealed() {
		fields = append(fields, e.Digest, e.State)
	}
	sum := sha256.New()
	for _, field := range fields {
		// The length in front keeps two fields from being read as one.
		_, _ = io.WriteString(sum, strconv.Itoa(len(field))+":"+field) // a hash takes everything
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// Sealed says whether the event is from after events began to seal what they
// stand for.
func (e Event) Sealed() bool { return e.Digest != "" || e.State != "" }

// crockford is Crockford's base32: no I, L, O or U, so that a number survives
// being read out over the telephone.
const crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// NewOrderNumber mints a number that people can quote: the Beijing date it was
// placed on and 40 random bits.
func NewOrderNumber(now time.Time) string {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails: it ends the program instead
	for i := range b {
		b[i] = crockford[b[i]%32]
	}
	return "P" + now.In(Beijing).Format("20060102") + "-" + string(b[:])
}

// NewClientToken mints an order's idempotency token: 128 random bits in ASCII,
// well under the provider's 64 characters.
func NewClientToken() string { return rand.Text() }
