package sandbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

// Fault names a way in which a call goes wrong.
type Fault string

// The faults. "Before" means that no work is done; "after" means that the work
// is done, durably, and its ledger entry stands, before the fault shows. Where
// the work itself is refused (say for lack of money) an "after" fault hides the
// refusal just as it hides a success.
const (
	// FaultRefuse resets the connection as soon as the request is known, as
	// near to "connection refused" as a handler can come. Not even the nonce
	// is used up.
	FaultRefuse Fault = "refuse"

	FaultDropBefore Fault = "drop-before" // cut without an answer
	FaultDropAfter  Fault = "drop-after"

	// FaultDelayBefore waits, then works and answers, whether or not anybody
	// still listens: a client that gave up can be charged later. FaultDelayAfter
	// works, then waits, then answers. Both need Rule.Delay.
	FaultDelayBefore Fault = "delay-before"
	FaultDelayAfter  Fault = "delay-after"

	FaultInternalErrorBefore Fault = "500-before" // InternalError
	FaultInternalErrorAfter  Fault = "500-after"
	FaultUnavailableBefore   Fault = "503-before" // ServiceUnavailable
	FaultUnavailableAfter    Fault = "503-after"

	// FaultReject refuses as the call itself would, with Rule.Code.
	FaultReject Fault = "reject"

	FaultThrottle   Fault = "throttle"   // 400 Throttling.User
	FaultProcessing Fault = "processing" // 400 IdempotentProcessing

	// The right answer's Content-Length with half of its body, then the cut.
	// Before: of an InternalError under status 200.
	FaultCutBodyBefore Fault = "cut-body-before"
	FaultCutBodyAfter  Fault = "cut-body-after"

	FaultHTMLBefore           Fault = "html-before" // an HTML page with status 200
	FaultHTMLAfter            Fault = "html-after"
	FaultHTMLBadGatewayBefore Fault = "html-502-before" // the same with status 502
	FaultHTMLBadGatewayAfter  Fault = "html-502-after"

	FaultEmptyBefore   Fault = "empty-before" // 200 and no body
	FaultEmptyAfter    Fault = "empty-after"
	FaultNotJSONBefore Fault = "not-json-before" // 200, application/json, broken JSON
	FaultNotJSONAfter  Fault = "not-json-after"

	FaultNumericCodeBefore Fault = "numeric-code-before" // 400 with a number for Code
	FaultNumericCodeAfter  Fault = "numeric-code-after"

	// 200 with Success false. After the work, the answer has its promised
	// fields besides; before it, RequestId alone.
	FaultSuccessFalseBefore Fault = "success-false-before"
	FaultSuccessFalseAfter  Fault = "success-false-after"
)

// FaultInfo describes a fault.
type FaultInfo struct {
	Fault Fault `json:"fault"`
	// WorkDone: the work is done, and stays done.
	WorkDone bool `json:"work_done"`
	// Answered: the call's right answer arrives in the end, only late.
	Answered bool `json:"answered"`
	// NeedsDelay: a rule must name a Delay.
	NeedsDelay bool `json:"needs_delay"`
	// NeedsCode: a rule must name a Code.
	NeedsCode bool `json:"needs_code"`
}

// Faults lists every fault, so that a test can try them all.
func Faults() []FaultInfo {
	all := make([]FaultInfo, len(faultSpecs))
	for i, spec := range faultSpecs {
		all[i] = spec.FaultInfo
	}
	return all
}

// Rule says which calls fail, how, and how often. Of several rules that match a
// request, the first takes it.
type Rule struct {
	Action  string        // empty: any
	Selling bool          // any but GetInstanceCount, which moves nothing; for no Action
	OwnerID int64         // 0: any
	Fault   Fault         // one of Faults
	Times   int           // how many requests it takes; 0: all
	Until   time.Time     // by the gateway's clock; zero: for ever
	Delay   time.Duration // for the two delays only
	Code    string        // for FaultReject only
}

// ruleJSON is a Rule in a file or over Control, its Delay as "1.5s".
type ruleJSON struct {
	Action  string    `json:"action,omitempty"`
	Selling bool      `json:"selling,omitempty"`
	OwnerID int64     `json:"owner_id,omitempty"`
	Fault   Fault     `json:"fault"`
	Times   int       `json:"times,omitempty"`
	Until   time.Time `json:"until,omitzero"`
	Delay   string    `json:"delay,omitempty"`
	Code    string    `json:"code,omitempty"`
}

// MarshalJSON writes the delay as text, as "1.5s".
func (r Rule) MarshalJSON() ([]byte, error) {
	j := ruleJSON{Action: r.Action, Selling: r.Selling, OwnerID: r.OwnerID, Fault: r.Fault, Times: r.Times, Until: r.Until, Code: r.Code}
	if r.Delay != 0 {
		j.Delay = r.Delay.String()
	}
	return json.Marshal(j)
}

// UnmarshalJSON reads what MarshalJSON writes. A field it does not know is an
// error: a misspelt rule would match everything.
func (r *Rule) UnmarshalJSON(b []byte) error {
	var j ruleJSON
	if err := unmarshalStrict(b, &j); err != nil {
		return err
	}
	*r = Rule{Action: j.Action, Selling: j.Selling, OwnerID: j.OwnerID, Fault: j.Fault, Times: j.Times, Until: j.Until, Code: j.Code}
	if j.Delay != "" {
		d, err := time.ParseDuration(j.Delay)
		if err != nil {
			return fmt.Errorf("delay: %w", err)
		}
		r.Delay = d
	}
	return nil
}

func (r Rule) check() error {
	i := slices.IndexFunc(faultSpecs, func(s faultSpec) bool { return s.Fault == r.Fault })
	if i < 0 {
		return fmt.Errorf("sandbox: unknown fault %q", r.Fault)
	}
	if _, known := calls[r.Action]; r.Action != "" && !known {
		return fmt.Errorf("sandbox: unknown action %q in a fault rule", r.Action)
	}
	if r.Action != "" && r.Selling {
		return errors.New("sandbox: a fault rule is for one action or for all that sell, not both")
	}
	if r.OwnerID < 0 || r.Times < 0 {
		return errors.New("sandbox: a fault rule's owner and times cannot be negative")
	}
	if needs := faultSpecs[i].NeedsDelay; needs != (r.Delay > 0) {
		return fmt.Errorf("sandbox: fault %s: a delay belongs to the delay faults, and they need one", r.Fault)
	}
	if needs := faultSpecs[i].NeedsCode; needs != (r.Code != "") {
		return fmt.Errorf("sandbox: fault %s: a code belongs to %s, which needs one", r.Fault, FaultReject)
	}
	return nil
}

// SetFaults puts the rules in the place of all former ones.
func (s *Sandbox) SetFaults(rules []Rule) error { return s.faults.set(rules) }

// AddFault adds a rule after those that are there.
func (s *Sandbox) AddFault(r Rule) error {
	if err := r.check(); err != nil {
		return err
	}
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.rules = append(s.faults.rules, r)
	return nil
}

// ClearFaults removes all rules. Delays under way go on.
func (s *Sandbox) ClearFaults() {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.rules = nil
}

// FaultRules returns the rules still in force, each with the Times it has left.
func (s *Sandbox) FaultRules() []Rule {
	now := s.Now()
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.expire(now)
	return slices.Clone(s.faults.rules)
}

// takeFault is take by the gateway's clock.
func (s *Sandbox) takeFault(c call, wanted func(Fault) bool) (Rule, bool) {
	return s.faults.take(c.action, c.owner, s.Now(), wanted)
}

type faultRules struct {
	mu    sync.Mutex
	rules []Rule
}

func (f *faultRules) set(rules []Rule) error {
	for _, r := range rules {
		if err := r.check(); err != nil {
			return err
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.rules = slices.Clone(rules)
	return nil
}

func onlyRefuse(f Fault) bool { return f == FaultRefuse }
func anyFault(Fault) bool     { return true }

// expire forgets the rules whose time is over. The caller holds mu.
func (f *faultRules) expire(now time.Time) {
	f.rules = slices.DeleteFunc(f.rules, func(r Rule) bool { return !r.Until.IsZero() && !now.Before(r.Until) })
}

// take finds the first rule that matches and, if its fault is wanted now, uses
// it once. A rule used for the last time goes.
func (f *faultRules) take(action string, owner int64, now time.Time, wanted func(Fault) bool) (Rule, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.expire(now)
	for i, r := range f.rules {
		if r.Action != "" && r.Action != action || r.Selling && action == ActionGetInstanceCount || r.OwnerID != 0 && r.OwnerID != owner {
			continue
		}
		if !wanted(r.Fault) {
			return Rule{}, false
		}
		switch r.Times {
		case 0:
		case 1:
			f.rules = slices.Delete(f.rules, i, i+1)
		default:
			f.rules[i].Times--
		}
		return r, true
	}
	return Rule{}, false
}
