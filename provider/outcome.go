package provider

import (
	"net/http"
	"strings"
	"time"

	"portal/models"
)

// evidence is what is known of one attempt once it is over.
type evidence struct {
	left     bool      // a connection was handed to the request: bytes may have left
	panicked bool      // inside the SDK
	whole    bool      // status line, headers and the whole body arrived
	status   int       // 0 without a status line
	body     []byte    // as far as it arrived
	date     time.Time // the Date header, UTC
}

// decide says what a selling attempt ended in. It is the only place that does
// (shared provider page: Outcomes). It errs towards unknown: an unknown order is
// sent again with the same token or reviewed, a wrong "rejected" is money lost
// from sight.
func decide(kind models.Kind, earlierUnknown bool, e evidence) (models.Outcome, reply) {
	r := readReply(e.body)
	switch {
	case e.panicked:
		return models.OutcomeUnknown, r
	case !e.left:
		// Refused, DNS, TLS verification, or out of time before a connection stood.
		return models.OutcomeNotSent, r
	case !e.whole:
		// Timeout, reset, close, cut or endless body, redirect.
		return models.OutcomeUnknown, r
	case e.status == http.StatusOK && r.object && !r.failing && promised(kind, r):
		return models.OutcomeDone, r
	case refused(e, r):
		return refusal(kind, earlierUnknown, e.status, r.code), r
	default:
		// 5xx, 408, HTML, empty, not JSON, field-less, Success false, failing Code.
		return models.OutcomeUnknown, r
	}
}

// promised says whether a 200 carries the fields that its call promises
// (provider document: the return values of each call).
func promised(kind models.Kind, r reply) bool {
	switch kind {
	case models.Buy:
		return r.orderID != "" && r.instanceID != ""
	case models.Renew, models.Upgrade:
		return r.orderID != ""
	case models.Refund:
		return r.requestID != ""
	}
	return false
}

// refused says whether the gateway or the API refused: a 4xx that speaks JSON
// with a string Code. 408 is a timeout on its side, so it proves nothing; nor
// does SignatureNonceUsed, for a copy of the request arrived before this one, or
// IdempotentProcessing, for a copy of it is being worked on and may yet charge.
func refused(e evidence, r reply) bool {
	return e.whole && e.status >= 400 && e.status <= 499 && e.status != http.StatusRequestTimeout &&
		r.gateway && !strings.HasPrefix(r.code, "SignatureNonceUsed") && !strings.HasPrefix(r.code, "IdempotentProcessing")
}

// refusal tells refusals apart. Codes are matched by parts only, because the
// document's code tables are empty.
func refusal(kind models.Kind, earlierUnknown bool, status int, code string) models.Outcome {
	switch {
	case throttled(code):
		return models.OutcomeLater
	case !earlierUnknown:
		return models.OutcomeRejected
	case status == http.StatusForbidden, status == http.StatusUnauthorized, aboutSigning(code):
		// The gate was shut this time; it says nothing of who went through before.
		return models.OutcomeProvesNothing
	case kind == models.Refund && models.InstanceGone(code):
		return models.OutcomeInferredDone
	default:
		return models.OutcomeContradicted
	}
}

// throttled says "not done yet, send the same again later".
func throttled(code string) bool { return strings.HasPrefix(code, "Throttling") }

// aboutSigning says whether a refusal is about signature, clock or key.
func aboutSigning(code string) bool {
	return aboutSignature(code) || aboutClock(code) || aboutKey(code)
}

func aboutSignature(code string) bool { return has(code, "signature") }
func aboutClock(code string) bool     { return has(code, "timestamp") }
func aboutKey(code string) bool       { return has(code, "accesskey") || has(code, "securitytoken") }

func has(code, part string) bool { return strings.Contains(strings.ToLower(code), part) }

// decideCount says what GetInstanceCount ended in; empty means that it counted.
func decideCount(e evidence) (models.CountFailure, reply) {
	r := readReply(e.body)
	switch {
	case e.panicked || !e.left || !e.whole:
		return models.CountUnavailable, r
	case e.status == http.StatusOK && r.object && !r.failing && r.data > 0:
		return "", r
	case refused(e, r) && throttled(r.code):
		return models.CountThrottled, r
	case refused(e, r) && aboutClock(r.code):
		return models.CountClock, r
	case refused(e, r):
		return models.CountRefused, r
	default:
		return models.CountUnavailable, r
	}
}
