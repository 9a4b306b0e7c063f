package models

import "time"

// Call is one changing call to the provider, complete: sending it again sends
// the very same thing.
type Call struct {
	Kind              Kind
	CredentialProfile string
	OwnerID           int64
	ClientToken       string // not part of a refund (provider document: RefundInstance)
	InstanceID        string // not part of a buy
	VersionCode       string // buy and upgrade
	Cycle             Cycle  // buy and renew
	Duration          int    // buy and renew
	InstanceCount     int    // BuyNumber; all but refund
	AutoRenew         bool   // buy
	AutoRenewMonths   int    // buy
	// EarlierUnknown says that an earlier attempt of the same order has an
	// unknown outcome. A refusal then proves nothing about that attempt.
	EarlierUnknown bool
	// MayLeave is asked when the request is signed, right before it leaves; false
	// keeps it here (OutcomeNotSent). Nil: it may.
	MayLeave func() bool
}

// Outcome is what one attempt ended in. The adapter (package provider) decides
// it and nobody else.
type Outcome string

// Every outcome.
const (
	OutcomeDone          Outcome = "done"           // 200 with the promised fields
	OutcomeInferredDone  Outcome = "inferred_done"  // a re-sent refund whose instance is gone
	OutcomeNotSent       Outcome = "not_sent"       // provably never left: safe to send again
	OutcomeLater         Outcome = "later"          // throttled or being worked on: send the same again later
	OutcomeRejected      Outcome = "rejected"       // refused, and no earlier attempt is unknown
	OutcomeUnknown       Outcome = "unknown"        // money may have moved
	OutcomeProvesNothing Outcome = "proves_nothing" // key, clock or signature refused after an unknown attempt
	OutcomeContradicted  Outcome = "contradicted"   // another refusal after an unknown attempt: needs review
)

// Outcomes lists every outcome.
func Outcomes() []Outcome {
	return []Outcome{
		OutcomeDone, OutcomeInferredDone, OutcomeNotSent, OutcomeLater,
		OutcomeRejected, OutcomeUnknown, OutcomeProvesNothing, OutcomeContradicted,
	}
}

// Answer is what came of a Call. Everything in it is free of secrets: no
// AccessKeyId, signature, security token, nor ClientToken.
type Answer struct {
	Outcome         Outcome
	HTTPStatus      int    // 0 when no status line came
	Code            string // the provider's, as it stands
	Message         string // the provider's, as it stands
	RequestID       string
	ProviderOrderID string
	InstanceID      string
	Response        string    // the body or the transport error, redacted and cut
	Date            time.Time // the provider's Date header, UTC; zero without one
}

// Count is the provider's answer to GetInstanceCount.
type Count struct {
	Machines  int       // ECS plus RDS instances, at least 1
	ReadAt    time.Time // UTC
	RequestID string
}

// CountFailure says what kept the number of machines from being read.
type CountFailure string

// The failures of GetInstanceCount, as far as pages tell them apart.
const (
	CountUnavailable CountFailure = "unavailable" // no usable answer came
	CountThrottled   CountFailure = "throttled"   // the provider asked to try later
	CountClock       CountFailure = "clock"       // refused because this portal's clock is off
	CountRefused     CountFailure = "refused"     // refused with another code
)

// CountError is a count that could not be read. Reading changes nothing at the
// provider, so no money can have moved.
type CountError struct {
	Failure    CountFailure
	HTTPStatus int    // 0 when no status line came
	Code       string // the provider's, as it stands
	Message    string // the provider's, or why there was no answer; redacted
	RequestID  string
	// Cause is the context's error or another one that quotes no secret; nil
	// without one.
	Cause error
}

// Unwrap gives the cause.
func (e *CountError) Unwrap() error { return e.Cause }

func (e *CountError) Error() string {
	s := "reading the number of machines: " + string(e.Failure)
	if e.Code != "" {
		s += ": " + e.Code
	}
	if e.Message != "" {
		s += ": " + e.Message
	}
	return s
}
