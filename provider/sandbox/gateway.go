package sandbox

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	apiVersion      = "2017-07-05"
	timestampLayout = "2006-01-02T15:04:05Z"
)

// ServeHTTP is a request's way: read the parameters, check what the gateway
// checks, let a fault have its turn, do the work, answer.
//
// A fault comes after the gateway's checks, so that a forged request triggers
// none and a request that fails halfway has used its nonce up. FaultRefuse alone
// comes before them: such a request never arrived.
func (s *Sandbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := call{w: w, requestID: newRequestID()}
	p, e := readParams(w, r)
	c.action = p["Action"]
	c.owner, _ = strconv.ParseInt(p["OwnerId"], 10, 64)
	if !s.arrive(&c) {
		c.cut()
	}
	if rule, ok := s.takeFault(c, onlyRefuse); ok {
		s.logCall(c, rule.Fault, answer{})
		c.reset()
		return
	}
	if e == nil {
		e = s.admit(r, p)
	}
	// From here on the nonce's record must be on disk before anything is
	// answered, so every way out goes through commit.
	if e != nil {
		s.deliver(&c, s.commit(c.requestID, s.errorAnswer(c.requestID, e)))
		return
	}
	work := func() answer { return s.commit(c.requestID, s.work(c.requestID, p)) }
	if rule, ok := s.takeFault(c, anyFault); ok {
		s.fail(&c, rule, work)
		return
	}
	s.deliver(&c, work())
}

// call is one request on its way through.
type call struct {
	w         http.ResponseWriter
	requestID string
	action    string // as given, checked or not
	owner     int64  // 0 where it cannot be read
}

// arrive counts the request and dates the answer. It reports false after Close.
func (s *Sandbox) arrive(c *call) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	known := c.action
	if _, ok := calls[known]; !ok {
		known = ""
	}
	s.requests[known]++
	c.w.Header().Set("Date", s.gatewayTime().Format(http.TimeFormat))
	return true
}

// admit checks what the gateway checks before it looks at a call's own
// parameters, and uses the nonce up.
func (s *Sandbox) admit(r *http.Request, p params) *apiError {
	if r.URL.Path != "/" {
		return refuse(http.StatusNotFound, "InvalidApi.NotFound", "Specified api is not found, please check your url and method.")
	}
	if r.Method != http.MethodGet && r.Method != http.MethodPost {
		return refuse(http.StatusForbidden, "UnsupportedHTTPMethod", "This http method is not supported.")
	}
	for _, name := range []string{"Action", "Version", "AccessKeyId", "SignatureMethod", "SignatureVersion", "SignatureNonce", "Timestamp"} {
		if p[name] == "" {
			return missing(name)
		}
	}
	if p["Signature"] == "" {
		return refuse(http.StatusBadRequest, "IncompleteSignature", "The request signature does not conform to Aliyun standards.")
	}
	// Without a Format the gateway would answer XML, which the sandbox does not speak.
	if !strings.EqualFold(p["Format"], "JSON") {
		return invalid("Format", "this sandbox answers JSON only")
	}
	if _, known := calls[p["Action"]]; !known || p["Version"] != apiVersion {
		return refuse(http.StatusNotFound, "InvalidApi.NotFound", "Specified api is not found, please check your url and method.")
	}
	if p["SignatureMethod"] != "HMAC-SHA1" {
		return invalid("SignatureMethod", "it must be HMAC-SHA1")
	}
	if p["SignatureVersion"] != "1.0" {
		return invalid("SignatureVersion", "it must be 1.0")
	}
	secret, known := s.cfg.AccessKeys[p["AccessKeyId"]]
	if !known {
		return refuse(http.StatusNotFound, "InvalidAccessKeyId.NotFound", "Specified access key is not found.")
	}
	stamp, err := time.Parse(timestampLayout, p["Timestamp"])
	if err != nil {
		return refuse(http.StatusBadRequest, "InvalidTimeStamp.Format", "Specified time stamp or date value is not well formatted.")
	}
	// The signature before the nonce: a forger must not use up other people's.
	signed := sameSignature(p["Signature"], signature(r.Method, secret, p))
	return s.admitOnce(p["AccessKeyId"], p["Action"], p["SignatureNonce"], stamp, signed)
}

// admitOnce checks what depends on the gateway's clock and memory.
func (s *Sandbox) admitOnce(keyID, action, nonce string, stamp time.Time, signed bool) *apiError {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.gatewayTime()
	if now.Sub(stamp).Abs() > timestampWindow {
		return refuse(http.StatusBadRequest, "InvalidTimeStamp.Expired", "Specified time stamp or date value is expired.")
	}
	if !signed {
		return refuse(http.StatusBadRequest, "SignatureDoesNotMatch", "Specified signature is not matched with our calculation.")
	}
	if s.state.nonces.has(keyID, nonce, now) {
		return refuse(http.StatusBadRequest, "SignatureNonceUsed", "Specified signature nonce was used already.")
	}
	s.sign(keyID, action)
	// A crash from here to the answer leaves at most a used nonce: the client
	// sends again with a new one anyway.
	err := s.record(record{At: s.calendar(), Nonce: &nonceUse{KeyID: keyID, Nonce: nonce, At: now}})
	if err != nil {
		s.logFailure(err)
		return internalError()
	}
	return nil
}

// commit makes everything recorded so far durable and then lets the answer go.
// When the file fails, nobody knows what is on the disk: the answer is a 500,
// and so is every later one until a restart reads the file again.
func (s *Sandbox) commit(requestID string, a answer) answer {
	if err := s.journal.sync(); err != nil {
		s.logFailure(err)
		return s.errorAnswer(requestID, internalError())
	}
	// A crash here leaves the work done and the client without an answer.
	return a
}

func (s *Sandbox) logFailure(err error) {
	if errors.Is(err, errJournalClosed) {
		return
	}
	s.log.Error("sandbox: state file", "error", err)
}

// logCall tells what came of a request. What could let somebody sign or repeat
// it (key, signature, nonce, ClientToken) is never passed in here.
func (s *Sandbox) logCall(c call, f Fault, a answer) {
	s.log.Info("sandbox: call", "action", c.action, "owner_id", c.owner, "request_id", c.requestID,
		"status", a.status, "code", a.code, "fault", string(f))
}
