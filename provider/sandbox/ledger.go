package sandbox

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// Kind says which way money went.
type Kind string

// The two kinds of ledger entries.
const (
	Charge Kind = "charge"
	Refund Kind = "refund"
)

// ActionAutoRenew stands in Entry.Action for a charge that time, not a call, made.
const ActionAutoRenew = "AutoRenew"

// Entry is one movement of money. Times are UTC.
type Entry struct {
	At          time.Time `json:"at"`
	OwnerID     int64     `json:"owner_id"`
	Action      string    `json:"action"` // the call, or ActionAutoRenew
	Kind        Kind      `json:"kind"`
	AccessKeyID string    `json:"access_key_id,omitempty"` // that signed the call; an automatic renewal has none
	ClientToken string    `json:"client_token,omitempty"`
	OrderID     string    `json:"order_id,omitempty"` // a refund has none
	InstanceID  string    `json:"instance_id"`
	AmountFen   int64     `json:"amount_fen"` // never negative; Kind says the way
	// What the money is for: the new term of a create or renewal, the rest of
	// the time for an upgrade or refund.
	PeriodStart time.Time `json:"period_start"`
	PeriodEnd   time.Time `json:"period_end"`
	VersionCode string    `json:"version_code"`
	BuyNumber   int       `json:"buy_number"`
	// InFull marks a refund under the five days' rule.
	InFull bool `json:"in_full,omitempty"`
}

// Ledger returns every charge and refund so far, oldest first, with the
// automatic renewals that have come due.
func (s *Sandbox) Ledger() []Entry {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.settleAll()
	return slices.Clone(s.state.ledger)
}

// Instances returns a snapshot of everything ever sold, oldest first.
func (s *Sandbox) Instances() []Instance {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.settleAll()
	all := make([]Instance, 0, len(s.state.instances))
	for _, in := range s.state.instances {
		all = append(all, *in.clone())
	}
	slices.SortFunc(all, func(a, b Instance) int {
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.InstanceID, b.InstanceID))
	})
	return all
}

// Balance returns what charges can still be taken from, in fen.
func (s *Sandbox) Balance() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.settleAll()
	return s.state.balance
}

// Machines returns what GetInstanceCount answers for an owner: at least 1.
func (s *Sandbox) Machines(owner int64) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.countOf(owner)
}

// Signed returns how many requests the gateway has let in since it started, by the
// AccessKeyId that signed them and the Action. A test reads here whose key each
// call went with.
func (s *Sandbox) Signed() map[string]map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make(map[string]map[string]int, len(s.signed))
	for keyID, actions := range s.signed {
		all[keyID] = maps.Clone(actions)
	}
	return all
}

// sign counts a request whose signature was right. Callers hold mu.
func (s *Sandbox) sign(keyID, action string) {
	if s.signed[keyID] == nil {
		s.signed[keyID] = make(map[string]int)
	}
	s.signed[keyID][action]++
}

// Requests returns how many requests reached the handler since it started, by
// Action, whatever came of them; those without a known Action count under "".
// A test reads here that nothing was sent.
func (s *Sandbox) Requests() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.requests)
}
