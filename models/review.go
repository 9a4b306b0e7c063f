package models

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Verdict is what an operator decides about an order in review.
type Verdict string

// What can be decided. The first three end the review.
const (
	VerdictCompleted Verdict = "completed" // the provider did it
	VerdictRejected  Verdict = "rejected"  // it did not, and nothing was charged
	// VerdictRecorded is for a released order that was done after all, when the
	// account's history has gone on without it and tells it in another way.
	VerdictRecorded Verdict = "recorded"
	VerdictReleased Verdict = "released" // not known yet, but the account may order again
)

// Verdicts lists every verdict.
func Verdicts() []Verdict {
	return []Verdict{VerdictCompleted, VerdictRejected, VerdictRecorded, VerdictReleased}
}

// Proposed is the reason of the event that proposes the verdict.
func (v Verdict) Proposed() Reason { return Reason("proposed_" + v) }

// Proposes is the verdict that an event with this reason proposes, empty for
// none.
func (r Reason) Proposes() Verdict {
	v, ok := strings.CutPrefix(string(r), "proposed_")
	if !ok || !slices.Contains(Verdicts(), Verdict(v)) {
		return ""
	}
	return Verdict(v)
}

// Proposal is the event of an order that proposes a verdict and waits for a
// second operator; nil without one. events are the order's, oldest first. It is
// the newest of those that operators make: whatever they do next ends it.
func Proposal(events []Event) *Event {
	for _, e := range slices.Backward(events) {
		switch {
		case e.Late():
			continue
		case e.Reason.Proposes() != "":
			return &e
		}
		return nil
	}
	return nil
}

// LongUnknown is how long an order may be unknown before operators are told:
// most are known within a minute.
const LongUnknown = 10 * time.Minute

// StuckAfter is how long after its time an order may wait for a worker before it
// is called stuck: a worker looks every second. The alert goes by the same.
const StuckAfter = time.Minute

// Alarm is how many orders want an operator's eye, each counted up to
// AlarmBound.
type Alarm struct {
	InReview int
	Unknown  int // for longer than LongUnknown
}

// AlarmBound is how far an Alarm counts.
const AlarmBound = 100

// Any says whether there are any.
func (a Alarm) Any() bool { return a.InReview > 0 || a.Unknown > 0 }

// Evidence is everything that is on record of an order in review.
type Evidence struct {
	Order    Order
	Events   []Event   // oldest first
	Attempts []Attempt // oldest first
}

// Mark says how far the evidence had come when somebody looked at it: a late
// answer, or what another operator did, moves it on.
func (e Evidence) Mark() string {
	if len(e.Events) == 0 {
		return "0"
	}
	return strconv.FormatInt(e.Events[len(e.Events)-1].ID, 10)
}

// Unsent says that none of the order's attempts can have reached the provider: a
// worker that was lost said so when it woke up. Only a restored database can be
// wrong about that.
func (e Evidence) Unsent() bool {
	_, sent := Begun(e.Order, e.Attempts)
	return !sent && e.Order.Reason != ReasonRestored
}

// Finding is what evidence comes down to (locales: "finding.<value>").
type Finding string

// The findings, from the strongest.
const (
	FoundDone      Finding = "done"       // an answer that came late says that it was done
	FoundGone      Finding = "gone"       // a refund's: an answer that came late says that the instance is gone
	FoundExists    Finding = "exists"     // a purchase's: refused because there is an instance
	FoundNotHigher Finding = "not_higher" // an upgrade's: refused because it would not go up
	FoundVanished  Finding = "vanished"   // a renewal's or upgrade's: refused because the instance is gone
	FoundRefused   Finding = "refused"    // refused for another reason
	FoundSilence   Finding = "silence"    // no usable answer as long as the token was good
	FoundClock     Finding = "clock"      // the clock went back: times on record may be wrong
	FoundRestored  Finding = "restored"   // restored from a copy: what was sent since is not on record
	FoundUnsent    Finding = "unsent"     // none of its attempts reached the provider
	FoundNothing   Finding = "nothing"    // nothing is on record; can't be
)

// Findings lists every finding.
func Findings() []Finding {
	return []Finding{
		FoundDone, FoundGone, FoundExists, FoundNotHigher, FoundVanished, FoundRefused, FoundSilence, FoundClock,
		FoundRestored, FoundUnsent, FoundNothing,
	}
}

// Advice is what evidence recommends. It decides nothing: an operator looks at
// the provider and decides.
type Advice struct {
	Finding Finding
	Leans   Verdict // VerdictCompleted or VerdictRejected where the evidence points there; empty where it does not
	Attempt int     // the number of the attempt that it rests on, 0 for none
	Code    string  // that attempt's, as the provider wrote it
	// ProviderOrderID, InstanceID and RequestID are what a late answer says.
	ProviderOrderID string
	InstanceID      string
	RequestID       string
	// From and To are when the provider can have done it (UTC), by our clock and
	// widened by what that may be off.
	From, To time.Time
}

// Advise says what an order's evidence recommends. It goes by outcomes and
// reasons; codes, of which the provider's document names none, only tell
// operators what is likely.
func (e Evidence) Advise() Advice {
	a := e.find()
	a.From, a.To = e.window()
	return a
}

func (e Evidence) find() Advice {
	for _, t := range slices.Backward(e.Attempts) {
		if t.Outcome == OutcomeDone {
			a := Advice{Finding: FoundDone, Leans: VerdictCompleted, Attempt: t.Number, RequestID: t.RequestID}
			a.ProviderOrderID, a.InstanceID = idsIn(t.Response)
			return a
		}
		if t.Outcome == OutcomeInferredDone {
			return Advice{Finding: FoundGone, Leans: VerdictCompleted, Attempt: t.Number, Code: t.Code, RequestID: t.RequestID}
		}
	}
	switch {
	case e.Order.Reason == ReasonRestored:
		return Advice{Finding: FoundRestored}
	case len(e.Attempts) == 0:
		return Advice{Finding: FoundNothing}
	case e.Unsent():
		return Advice{Finding: FoundUnsent, Leans: VerdictRejected, Attempt: e.Attempts[len(e.Attempts)-1].Number}
	case e.Order.Reason == ReasonContradicted:
		return e.contradicted()
	case e.Order.Reason == ReasonClockBack:
		return Advice{Finding: FoundClock}
	}
	return Advice{Finding: FoundSilence}
}

// contradicted looks at the refusal that came after an attempt without an
// answer.
func (e Evidence) contradicted() Advice {
	a := Advice{Finding: FoundRefused, Code: e.Order.Code}
	for _, t := range slices.Backward(e.Attempts) {
		if t.Outcome == OutcomeContradicted || t.Outcome == OutcomeRejected {
			a.Attempt, a.Code, a.RequestID = t.Number, t.Code, t.RequestID
			break
		}
	}
	code, kind := strings.ToLower(a.Code), e.Order.Kind
	has := func(parts ...string) bool {
		return slices.ContainsFunc(parts, func(part string) bool { return strings.Contains(code, part) })
	}
	switch {
	case kind == Buy && has("exist", "already", "duplicate") && !has("notexist"):
		a.Finding, a.Leans = FoundExists, VerdictCompleted
	case kind == Upgrade && has("nothigher", "invalidupgrade", "downgrade"):
		a.Finding, a.Leans = FoundNotHigher, VerdictCompleted
	case (kind == Renew || kind == Upgrade) && InstanceGone(a.Code):
		a.Finding, a.Leans = FoundVanished, VerdictRejected
	}
	return a
}

// InstanceGone says whether a refusal means that there is no such instance, or
// not any more. "NotReleased", "CanNotBeReleased" and "ReleasedFailed" would mean
// the opposite. The provider documents no codes, so they are known by what they
// contain.
func InstanceGone(code string) bool {
	lower := strings.ToLower(code)
	released := strings.Contains(code, "Released") && !strings.Contains(lower, "not") && !strings.Contains(lower, "fail")
	return strings.Contains(code, "Instance") &&
		(strings.Contains(code, "NotFound") || strings.Contains(code, "NotExist") || released)
}

// window is when the provider can have done the order: from the first attempt
// that may have reached it until nothing was sent any more, and MaxSkew more at
// both ends. Where the clock went back, from the earliest to the latest time on
// record.
func (e Evidence) window() (from, to time.Time) {
	from, _ = Begun(e.Order, e.Attempts)
	to = e.Order.UpdatedAt
	if e.Order.Reason == ReasonClockBack {
		from = e.Order.PlacedAt
		for _, t := range e.Attempts {
			if t.StartedAt.Before(from) {
				from = t.StartedAt
			}
			if t.StartedAt.After(to) {
				to = t.StartedAt
			}
		}
	}
	return from.Add(-MaxSkew), to.Add(MaxSkew)
}

// idsIn reads the ids out of an answer as it was kept, as far as they are there.
func idsIn(response string) (orderID, instanceID string) {
	var said struct {
		OrderID     json.RawMessage   `json:"OrderId"`
		InstanceID  json.RawMessage   `json:"InstanceId"`
		InstanceIDs []json.RawMessage `json:"InstanceIds"` // of some of the provider's SDKs
	}
	if json.Unmarshal([]byte(response), &said) != nil {
		return "", ""
	}
	if len(said.InstanceIDs) == 1 && len(said.InstanceID) == 0 {
		said.InstanceID = said.InstanceIDs[0]
	}
	return idIn(said.OrderID), idIn(said.InstanceID)
}

// idIn is an id that was written as a string or as a number.
func idIn(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	if strings.Trim(string(raw), "0123456789") == "" {
		return string(raw)
	}
	return ""
}
