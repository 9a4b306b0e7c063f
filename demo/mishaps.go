package demo

import (
	"sync"
	"time"

	"portal/models"
	"portal/provider/sandbox"
)

// Mishaps are the faults of a sandbox in this process, as visitors arm them: one at
// a time, the latest for all.
type Mishaps struct {
	box      *sandbox.Sandbox
	patience time.Duration // the portal's, for one call

	mu    sync.Mutex
	armed models.ArmedMishap
}

// NewMishaps are the sandbox's, for a portal that waits so long for an answer.
func NewMishaps(box *sandbox.Sandbox, patience time.Duration) *Mishaps {
	return &Mishaps{box: box, patience: patience}
}

// Arm lets it happen, in the place of what was armed before: to the next order, or
// for a while.
func (m *Mishaps) Arm(what models.Mishap, lasts bool) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	armed := models.ArmedMishap{Mishap: what, Lasts: lasts, Until: m.box.Now().Add(models.MishapWaits)}
	if lasts {
		armed.Until = m.box.Now().Add(models.MishapLasts)
	}
	rules := m.rules(what)
	for i := range rules {
		rules[i].Until = armed.Until
		if !lasts {
			rules[i].Times = 1
		}
	}
	if err := m.box.SetFaults(rules); err != nil {
		return err
	}
	m.armed = armed
	return nil
}

// Armed is what is armed now, and whether anything is.
func (m *Mishaps) Armed() (models.ArmedMishap, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.armed, len(m.box.FaultRules()) > 0
}

// Disarm lets everything work again.
func (m *Mishaps) Disarm() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.box.ClearFaults()
}

// rules are what makes it happen.
func (m *Mishaps) rules(what models.Mishap) []sandbox.Rule {
	rule := sandbox.Rule{Selling: true}
	switch what {
	case models.MishapLost:
		rule.Fault = sandbox.FaultDropAfter
	case models.MishapSlow:
		rule.Fault, rule.Delay = sandbox.FaultDelayAfter, m.patience+3*time.Second
	case models.MishapInternal:
		rule.Fault = sandbox.FaultInternalErrorBefore
	case models.MishapThrottled:
		rule.Fault = sandbox.FaultThrottle
	case models.MishapBalance:
		rule.Fault, rule.Code = sandbox.FaultReject, "InsufficientBalance"
	case models.MishapMachines:
		rule.Fault, rule.Code = sandbox.FaultReject, "InvalidBuyNumber.Mismatch"
	case models.MishapDoubt:
		return append(m.rules(models.MishapLost), m.rules(models.MishapBalance)...)
	case models.MishapCount:
		return []sandbox.Rule{{Action: sandbox.ActionGetInstanceCount, Fault: sandbox.FaultUnavailableBefore}}
	}
	return []sandbox.Rule{rule} // of a mishap that there is not, one that the sandbox refuses
}
