package models

import (
	"cmp"
	"encoding/json"
	"time"
)

// ChangeKind is what a person changed (locales: "account_change.<value>").
type ChangeKind string

// Every kind of change.
const (
	AccountAdded      ChangeKind = "account_added"
	AccountEdited     ChangeKind = "account_edited"
	AccountSuspended  ChangeKind = "account_suspended"
	AccountReinstated ChangeKind = "account_reinstated"
	AccountLimited    ChangeKind = "account_limited"
	OrderApproved     ChangeKind = "order_approved"
	OrderDeclined     ChangeKind = "order_declined"
	PricesSet         ChangeKind = "prices_set"        // an account's own, or those of all accounts of a reseller
	DiscountsAllowed  ChangeKind = "discounts_allowed" // to a reseller
	DiscountsRefused  ChangeKind = "discounts_refused" // from then on
	ResellerAdded     ChangeKind = "reseller_added"
	ResellerEdited    ChangeKind = "reseller_edited" // its name, or whose key signs for it

	OrderPlaced    ChangeKind = "order_placed"
	OrderCancelled ChangeKind = "order_cancelled"
	OrderNoted     ChangeKind = "order_noted" // staff wrote a note, for staff

	// Decisions about an order in review. A proposal is for a second operator.
	OrderSettled       ChangeKind = "order_settled"
	OrderReleased      ChangeKind = "order_released" // it holds its account no more
	SettlementProposed ChangeKind = "settlement_proposed"
	ProposalDeclined   ChangeKind = "proposal_declined"
	ProposalWithdrawn  ChangeKind = "proposal_withdrawn"

	AccountReleased ChangeKind = "account_released" // from a hold
	// What an operator wrote down of the world outside the portal.
	AdoptionRecorded ChangeKind = "adoption_recorded"
	RenewalRecorded  ChangeKind = "renewal_recorded"
	ReleaseRecorded  ChangeKind = "release_recorded"

	BatchStarted ChangeKind = "batch_started" // its accounts are renewed, one order each
	BatchHalted  ChangeKind = "batch_halted"  // what is not ordered yet is left out

	PersonAdded        ChangeKind = "person_added" // with a command, and a password
	PersonInvited      ChangeKind = "person_invited"
	InvitationResent   ChangeKind = "invitation_resent"
	InvitationRevoked  ChangeKind = "invitation_revoked"
	InvitationAccepted ChangeKind = "invitation_accepted"
	PersonRemoved      ChangeKind = "person_removed"
	PasswordChanged    ChangeKind = "password_changed"

	// A view as the customer changes nothing; that there was one is on record.
	ViewStarted ChangeKind = "view_started"
	ViewEnded   ChangeKind = "view_ended"
)

// ChangeKinds lists every kind.
func ChangeKinds() []ChangeKind {
	return []ChangeKind{
		AccountAdded, AccountEdited, AccountSuspended, AccountReinstated, AccountLimited, OrderApproved, OrderDeclined,
		PricesSet, DiscountsAllowed, DiscountsRefused, ResellerAdded, ResellerEdited,
		OrderPlaced, OrderCancelled, OrderNoted,
		OrderSettled, OrderReleased, SettlementProposed, ProposalDeclined, ProposalWithdrawn,
		AccountReleased, AdoptionRecorded, RenewalRecorded, ReleaseRecorded, BatchStarted, BatchHalted,
		PersonAdded, PersonInvited, InvitationResent, InvitationRevoked, InvitationAccepted, PersonRemoved, PasswordChanged,
		ViewStarted, ViewEnded,
	}
}

// OfTheOrder are the kinds that an order's own page lists, and the account's does
// not: they would leave no room there for what is about the account.
func OfTheOrder() []ChangeKind {
	return []ChangeKind{OrderPlaced, OrderNoted, SettlementProposed, ProposalDeclined, ProposalWithdrawn}
}

// ForStaff says whether the reason is what operators wrote for each other, as it
// is in an order's events, and in an account's holds and entries from outside.
func (k ChangeKind) ForStaff() bool {
	switch k { //nolint:exhaustive // the others' reasons are for whoever reads the entry
	case OrderSettled, OrderReleased, SettlementProposed, ProposalDeclined, ProposalWithdrawn, AccountReleased,
		AdoptionRecorded, RenewalRecorded, ReleaseRecorded:
		return true
	}
	return false
}

// Recorded is the kind of change that an entry from outside is.
func (k OutsideKind) Recorded() ChangeKind {
	switch k {
	case Renewed:
		return RenewalRecorded
	case Released:
		return ReleaseRecorded
	case Adopted:
	}
	return AdoptionRecorded
}

// By is who changes something, and from where.
type By struct {
	Viewer
	Command   string // "command:name" for who changes it with a command, and is no user; empty else
	RequestID string // of the request that does it, as its page and the log show it
	Address   string // that it came from
}

// Change is something that a person changed: an entry in the log of changes,
// written with the change itself. It is never changed or deleted.
type Change struct {
	ID         int64
	At         time.Time // UTC
	Actor      string    // who, as in Event
	AccountID  int64     `gorm:"default:null"` // for whom: an account, or 0
	ResellerID int64     `gorm:"default:null"` // a reseller, or 0
	UserID     int64     `gorm:"default:null"` // the person that it is about, or 0
	OrderID    int64     `gorm:"default:null"` // the order, or 0
	What       ChangeKind
	Before     string // what was changed, as JSON; empty for what was not there
	After      string // the same, from then on
	Reason     string // in the person's own words; empty where none is asked for
	RequestID  string // from where, as in By
	Address    string
}

// PersonFacts are what people change of a person, as the log of changes keeps
// them.
type PersonFacts struct {
	Email   string      `json:"email"`
	Role    Role        `json:"role"`
	State   PersonState `json:"state"`
	Expires *time.Time  `json:"expires,omitempty"` // an invitation
}

func (f PersonFacts) json() string { return factsJSON(f) }

// Facts are the user's, as JSON.
func (u User) Facts() string {
	state := PersonActive
	if u.RemovedAt != nil {
		state = PersonRemovedState
	}
	return PersonFacts{Email: u.Email, Role: u.Role, State: state}.json()
}

// Facts are the invitation's at a time, as JSON.
func (i Invitation) Facts(now time.Time) string {
	return PersonFacts{Email: i.Email, Role: i.Role, State: i.State(now), Expires: &i.ExpiresAt}.json()
}

// Person is whom the change is about, as they were after it, or before it where
// nothing came after. Empty for a change of something else.
func (c Change) Person() PersonFacts {
	var before, after PersonFacts
	_ = json.Unmarshal([]byte(c.Before), &before)
	_ = json.Unmarshal([]byte(c.After), &after)
	if after.Email == "" {
		return before
	}
	return after
}

// AccountFacts are what people change of an account, as the log of changes keeps
// them.
type AccountFacts struct {
	OwnerID          int64  `json:"owner_id"`
	Name             string `json:"name"`
	ResellerID       *int64 `json:"reseller_id"`
	Note             string `json:"note"`
	Suspended        bool   `json:"suspended"`
	MonthlyLimitFen  *Fen   `json:"monthly_limit_fen,omitempty"`
	ApprovalAboveFen *Fen   `json:"approval_above_fen,omitempty"`
}

// Facts are the account's, as JSON.
func (a Account) Facts() string {
	return factsJSON(AccountFacts{a.OwnerID, a.Name, a.ResellerID, a.Note, a.SuspendedAt != nil, a.MonthlyLimitFen, a.ApprovalAboveFen})
}

// OrderFacts are what an entry in the log of changes keeps of an order that
// somebody did something about. The order's own events say the rest.
type OrderFacts struct {
	Number          string  `json:"number"`
	Status          Status  `json:"status"`
	Released        bool    `json:"released,omitempty"`
	ProviderOrderID string  `json:"provider_order_id,omitempty"` // as proposed, while a proposal stands
	InstanceID      string  `json:"instance_id,omitempty"`       // the same
	Proposed        Verdict `json:"proposed,omitempty"`          // what stands proposed
}

// Facts are the order's, as JSON.
func (o Order) Facts() string { return o.FactsUnder(nil) }

// FactsUnder are the order's while a proposal stands, as JSON; nil for none.
func (o Order) FactsUnder(proposal *Event) string {
	f := OrderFacts{
		Number: o.Number, Status: o.Status, Released: o.ReleasedAt != nil,
		ProviderOrderID: o.ProviderOrderID, InstanceID: o.InstanceID,
	}
	if proposal != nil {
		f.Proposed = proposal.Reason.Proposes()
		f.ProviderOrderID = cmp.Or(proposal.ProviderOrderID, f.ProviderOrderID)
		f.InstanceID = cmp.Or(proposal.InstanceID, f.InstanceID)
	}
	return factsJSON(f)
}

// HoldFacts are what the log of changes keeps of an account's hold.
type HoldFacts struct {
	Held   bool       `json:"held"`
	Since  time.Time  `json:"since"`
	Reason HoldReason `json:"reason"`
}

// Facts are the hold's, as JSON.
func (h AccountHold) Facts() string {
	return factsJSON(HoldFacts{Held: h.Standing(), Since: h.Since.UTC(), Reason: h.Reason})
}

// HeldFacts are what the log of changes keeps of what an account holds at the
// provider.
type HeldFacts struct {
	InstanceID      string    `json:"instance_id"`
	Edition         Edition   `json:"edition"`
	Machines        int       `json:"machines"`
	StartsAt        time.Time `json:"starts_at"`
	EndsAt          time.Time `json:"ends_at"`
	AutoRenew       bool      `json:"auto_renew,omitempty"`
	AutoRenewMonths int       `json:"auto_renew_months,omitempty"`
}

// Facts are the subscription's, as JSON; empty for none.
func (s *Subscription) Facts() string {
	if s == nil {
		return ""
	}
	return factsJSON(HeldFacts{s.InstanceID, s.Edition, s.InstanceCount, s.StartsAt.UTC(), s.EndsAt.UTC(), s.AutoRenew, s.AutoRenewMonths})
}

// BatchFacts are what the log of changes keeps of a batch.
type BatchFacts struct {
	Batch    string     `json:"batch"`
	Accounts int        `json:"accounts"` // how many it will order for yet
	Started  *time.Time `json:"started,omitempty"`
}

// Facts are the batch's, as JSON, while it will yet order for so many accounts.
func (b Batch) Facts(accounts int) string { return factsJSON(BatchFacts{b.ID, accounts, b.StartedAt}) }

func factsJSON(facts any) string {
	b, err := json.Marshal(facts)
	if err != nil {
		return err.Error() // can't be: these are plain values
	}
	return string(b)
}

// Order is the number of the order that the entry is about, empty for one about
// something else.
func (c Change) Order() string {
	_, after := c.Orders()
	return after.Number
}

// Held is what was held after an entry from outside, or before one of a release;
// nil for an entry about something else.
func (c Change) Held() *HeldFacts {
	for _, facts := range []string{c.After, c.Before} {
		var held HeldFacts
		if json.Unmarshal([]byte(facts), &held) == nil && held.InstanceID != "" && held.Edition != "" {
			return &held
		}
	}
	return nil
}

// Batch is what the entry keeps of a batch; empty for one about something else.
func (c Change) Batch() BatchFacts {
	var before BatchFacts
	_ = json.Unmarshal([]byte(c.Before), &before)
	return before
}

// Orders reads what an order was before and after.
func (c Change) Orders() (before, after OrderFacts) {
	_ = json.Unmarshal([]byte(c.Before), &before)
	_ = json.Unmarshal([]byte(c.After), &after)
	return before, after
}

// Facts reads what was before and after; what was not there, or can't be read, is
// empty.
func (c Change) Facts() (before, after AccountFacts) {
	_ = json.Unmarshal([]byte(c.Before), &before)
	_ = json.Unmarshal([]byte(c.After), &after)
	return before, after
}

// Sealed is over everything that the entry says, for the tree that checkpoints
// sign.
func (c Change) Sealed() string {
	s := newSeal("change")
	s.number("id", c.ID)
	s.moment("at", c.At)
	s.text("actor", c.Actor)
	s.number("account_id", c.AccountID)
	s.number("reseller_id", c.ResellerID)
	s.number("user_id", c.UserID)
	s.text("what", string(c.What))
	s.text("before", c.Before)
	s.text("after", c.After)
	s.text("reason", c.Reason)
	s.text("request_id", c.RequestID)
	s.text("address", c.Address)
	if c.OrderID != 0 { // entries from before have none, and are signed without
		s.number("order_id", c.OrderID)
	}
	return s.hex()
}
