package provider

import (
	"portal/failpoint"
	"portal/models"

	"context"
	"errors"
	"net/http"
	"time"
)

// MaxSkew is how far a request's timestamp may be off (shared provider page:
// InvalidTimeStamp.Expired, more than 15 minutes off).
const MaxSkew = 15 * time.Minute

// Finding is the answer to one of Check's questions.
type Finding string

// Every finding.
const (
	Yes     Finding = "yes"
	No      Finding = "no"
	Unclear Finding = "unclear"  // the check did not come that far, or the answer says nothing of it
	NotUsed Finding = "not_used" // TLS with plain http
)

// CheckResult is what one harmless call found out, question by question. It
// holds no secrets.
type CheckResult struct {
	Endpoint string // as configured

	Credentials Finding // a key was found
	Source      string  // where, in the SDK's words
	Reachable   Finding // something at the endpoint's address takes connections
	TLS         Finding // the certificate is good
	Answered    Finding // a whole answer came back
	KeyKnown    Finding // the provider knows the AccessKeyId (and security token)
	Signature   Finding // and accepts what was signed with its secret
	Clock       Finding // the machine's clock is within MaxSkew of the provider's
	Allowed     Finding // the key may ask for the account's count

	SkewKnown bool          // the answer had a Date header
	Skew      time.Duration // this clock minus the provider's, to about a second

	HTTPStatus int // 0 without an answer
	Code       string
	Message    string // the provider's
	RequestID  string
	Machines   int // counted, 0 when refused
	// Problem is why no key was found or no answer came, in the words of the
	// machine; empty when there is nothing of the kind.
	Problem string
}

// anybody is the OwnerId that Check names when it is given none. The gateway
// judges key, clock and signature before it looks at parameters.
const anybody = 1

// noKey signs Check's request when no key is found, so that the way to the
// provider is checked all the same. It is refused there.
var noKey = Key{ID: "portal-doctor-has-no-key", Secret: "portal-doctor-has-no-secret", Source: "none"}

// Check finds out for "portal doctor" whether selling could work: with one
// GetInstanceCount, which is read-only, signed with the profile's key; an empty
// profile is the default one. ownerID is an account's that is sold to with it, or 0.
func (c *Client) Check(ctx context.Context, profile string, ownerID int64) CheckResult {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	if ownerID < 1 {
		ownerID = anybody
	}
	res := CheckResult{
		Endpoint: c.endpoint.String(), Credentials: Yes, Reachable: Unclear, TLS: Unclear, Answered: No,
		KeyKnown: Unclear, Signature: Unclear, Clock: Unclear, Allowed: Unclear,
	}
	key, err := c.credentials.Key(ctx, profile)
	if err != nil {
		res.Credentials, res.Problem = No, newRedactor().text(err.Error(), maxMessage)
		key = noKey
	} else {
		res.Source = key.Source
	}

	begun := c.now()
	ex := c.send(ctx, key, newCountRequest(ownerID), nil, failpoint.Count)
	halfway := middle(begun, c.now())

	e := ex.evidence()
	texts := newRedactor(append(ex.secrets(), key.ID, key.Secret, key.Token)...)
	if problem := ex.problem(); problem != "" && res.Problem == "" {
		res.Problem = texts.text(problem, maxMessage)
	}
	res.Reachable, res.TLS = ex.way(c.endpoint.Scheme == "https")
	res.HTTPStatus = e.status
	if !e.date.IsZero() {
		res.SkewKnown, res.Skew = true, halfway.Sub(e.date)
		res.Clock = No
		if res.Skew.Abs() < MaxSkew {
			res.Clock = Yes
		}
	}
	if !e.whole || e.panicked {
		return res
	}
	res.Answered = Yes
	kind, r := decideCount(e)
	res.Code, res.Message = texts.text(r.code, maxCode), texts.text(r.message, maxMessage)
	res.RequestID = texts.text(r.requestID, maxCode)
	if res.Credentials == Yes {
		res.judge(kind, e, r)
	}
	return res
}

// way says how far the connection came.
func (x *exchange) way(https bool) (reachable, secure Finding) {
	x.mu.Lock()
	defer x.mu.Unlock()
	reachable, secure = No, Unclear
	if x.connected {
		reachable = Yes
	}
	switch {
	case !https:
		secure = NotUsed
	case x.secured:
		secure = Yes
	case x.tlsErr != nil && !errors.Is(x.tlsErr, context.Canceled) && !errors.Is(x.tlsErr, context.DeadlineExceeded):
		secure = No
	}
	return reachable, secure
}

// judge reads from the answer how far the request came at the gateway.
func (res *CheckResult) judge(why models.CountFailure, e evidence, r reply) {
	passed := func() {
		res.KeyKnown, res.Signature = Yes, Yes
		if res.Clock == Unclear {
			res.Clock = Yes // accepted, though nobody said what time it is
		}
	}
	switch {
	case why == "":
		passed()
		res.Allowed, res.Machines = Yes, r.data
	case why != models.CountRefused && why != models.CountClock:
		// Throttled or broken: nothing is known of the key.
	case aboutKey(r.code):
		res.KeyKnown = No
	case aboutClock(r.code):
		res.Clock = No
	case aboutSignature(r.code):
		res.KeyKnown, res.Signature = Yes, No
	default:
		// Refused for another reason, which the gateway looks at later.
		passed()
		if e.status == http.StatusForbidden {
			res.Allowed = No
		}
	}
}
