package sandbox

import (
	"fmt"
	"time"
)

// record is one line of the journal: everything one step changed, as results
// and not as a command, so that replaying it needs no rule and a rule that
// changes later does not change the past.
type record struct {
	At             time.Time      `json:"at"` // calendar time, UTC
	Nonce          *nonceUse      `json:"nonce,omitempty"`
	Instance       *Instance      `json:"instance,omitempty"` // its whole new state
	Entry          *Entry         `json:"entry,omitempty"`
	Answer         *tokenAnswer   `json:"answer,omitempty"`
	Machines       *machinesSet   `json:"machines,omitempty"`
	Balance        *int64         `json:"balance_fen,omitempty"`
	CalendarOffset *time.Duration `json:"calendar_offset_ns,omitempty"`
	GatewayOffset  *time.Duration `json:"gateway_offset_ns,omitempty"`
}

type machinesSet struct {
	OwnerID int64 `json:"owner_id"`
	Count   int   `json:"count"`
}

// tokenAnswer is what a ClientToken was answered, and for which order.
type tokenAnswer struct {
	KeyID      string    `json:"key"`
	Token      string    `json:"token"`
	Order      order     `json:"order"`
	OrderID    string    `json:"order_id"`
	InstanceID string    `json:"instance_id"`
	At         time.Time `json:"at"` // calendar time
}

type tokenKey struct{ keyID, token string }

type ownerYear struct {
	owner int64
	year  int
}

// state is all that the sandbox remembers. Only apply changes it.
type state struct {
	opened         bool
	balance        int64 // fen
	machines       map[int64]int
	instances      map[string]*Instance
	current        map[int64]string // owner → the one unreleased instance
	answers        map[tokenKey]tokenAnswer
	fullRefunds    map[ownerYear]bool
	ledger         []Entry
	nonces         nonces
	calendarOffset time.Duration
	gatewayOffset  time.Duration
}

func newState() *state {
	return &state{
		machines:    make(map[int64]int),
		instances:   make(map[string]*Instance),
		current:     make(map[int64]string),
		answers:     make(map[tokenKey]tokenAnswer),
		fullRefunds: make(map[ownerYear]bool),
		nonces:      nonces{used: make(map[nonceKey]bool)},
	}
}

// apply is the only place that changes the state, for a step that just happened
// as for one read from the file: a restart therefore ends where it began.
func (st *state) apply(rec record) error {
	if rec.Instance != nil && len(rec.Instance.Periods) == 0 {
		return fmt.Errorf("instance %s without a period", rec.Instance.InstanceID)
	}
	if rec.Balance != nil {
		st.opened, st.balance = true, *rec.Balance
	}
	if rec.Nonce != nil {
		st.nonces.add(*rec.Nonce)
	}
	if rec.Machines != nil {
		st.machines[rec.Machines.OwnerID] = rec.Machines.Count
	}
	if rec.CalendarOffset != nil {
		st.calendarOffset = *rec.CalendarOffset
	}
	if rec.GatewayOffset != nil {
		st.gatewayOffset = *rec.GatewayOffset
	}
	if in := rec.Instance; in != nil {
		st.instances[in.InstanceID] = in.withPaid()
		if in.Released() {
			delete(st.current, in.OwnerID)
		} else {
			st.current[in.OwnerID] = in.InstanceID
		}
	}
	if e := rec.Entry; e != nil {
		st.ledger = append(st.ledger, *e)
		switch e.Kind {
		case Charge:
			st.balance -= e.AmountFen
		case Refund:
			st.balance += e.AmountFen
			if e.InFull {
				st.fullRefunds[ownerYear{e.OwnerID, beijingYear(e.At)}] = true
			}
		default:
			return fmt.Errorf("ledger entry of unknown kind %q", e.Kind)
		}
	}
	if a := rec.Answer; a != nil {
		st.answers[tokenKey{a.KeyID, a.Token}] = *a
	}
	return nil
}

// record writes a step down and then makes it so. Callers hold mu, and call
// journal.sync before anybody is answered.
//
// A crash before the append leaves nothing. A crash within it leaves a torn last
// line, dropped at the next start: nothing happened and nobody was answered. A
// crash after it leaves the step done and unanswered, which the ClientToken's
// next copy finds out.
func (s *Sandbox) record(rec record) error {
	if err := s.journal.append(rec); err != nil {
		return err
	}
	return s.state.apply(rec)
}
