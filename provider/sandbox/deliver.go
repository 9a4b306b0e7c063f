package sandbox

import (
	"encoding/json"
	"net"
	"net/http"
	"strconv"
	"time"
)

// faultSpec is a fault and how it shows. When it shows, the work is done or not
// as FaultInfo.WorkDone says, its answer is in a (zero without work), and all of
// it is on disk.
type faultSpec struct {
	FaultInfo
	waitFirst bool                                // the delay comes before the work
	show      func(s *Sandbox, c *call, a answer) // nil for FaultReject, whose rule says what it shows
}

var faultSpecs = []faultSpec{
	// ServeHTTP deals with it before the gateway's checks; a rule that changed
	// in between may still bring it here.
	{FaultInfo: FaultInfo{Fault: FaultRefuse}, show: func(_ *Sandbox, c *call, _ answer) { c.reset() }},

	{FaultInfo: FaultInfo{Fault: FaultDropBefore}, show: drop},
	{FaultInfo: FaultInfo{Fault: FaultDropAfter, WorkDone: true}, show: drop},

	{FaultInfo: FaultInfo{Fault: FaultDelayBefore, WorkDone: true, Answered: true, NeedsDelay: true}, waitFirst: true, show: whole},
	{FaultInfo: FaultInfo{Fault: FaultDelayAfter, WorkDone: true, Answered: true, NeedsDelay: true}, show: whole},

	{FaultInfo: FaultInfo{Fault: FaultInternalErrorBefore}, show: gatewayError(internalError())},
	{FaultInfo: FaultInfo{Fault: FaultInternalErrorAfter, WorkDone: true}, show: gatewayError(internalError())},
	{FaultInfo: FaultInfo{Fault: FaultUnavailableBefore}, show: gatewayError(unavailable)},
	{FaultInfo: FaultInfo{Fault: FaultUnavailableAfter, WorkDone: true}, show: gatewayError(unavailable)},

	{FaultInfo: FaultInfo{Fault: FaultReject, NeedsCode: true}},

	{FaultInfo: FaultInfo{Fault: FaultThrottle}, show: gatewayError(throttled)},
	{FaultInfo: FaultInfo{Fault: FaultProcessing}, show: gatewayError(processing)},

	{FaultInfo: FaultInfo{Fault: FaultCutBodyBefore}, show: cutBody},
	{FaultInfo: FaultInfo{Fault: FaultCutBodyAfter, WorkDone: true}, show: cutBody},

	{FaultInfo: FaultInfo{Fault: FaultHTMLBefore}, show: html(http.StatusOK)},
	{FaultInfo: FaultInfo{Fault: FaultHTMLAfter, WorkDone: true}, show: html(http.StatusOK)},
	{FaultInfo: FaultInfo{Fault: FaultHTMLBadGatewayBefore}, show: html(http.StatusBadGateway)},
	{FaultInfo: FaultInfo{Fault: FaultHTMLBadGatewayAfter, WorkDone: true}, show: html(http.StatusBadGateway)},

	{FaultInfo: FaultInfo{Fault: FaultEmptyBefore}, show: raw("")},
	{FaultInfo: FaultInfo{Fault: FaultEmptyAfter, WorkDone: true}, show: raw("")},
	{FaultInfo: FaultInfo{Fault: FaultNotJSONBefore}, show: raw(`{"RequestId":"`)},
	{FaultInfo: FaultInfo{Fault: FaultNotJSONAfter, WorkDone: true}, show: raw(`{"RequestId":"`)},

	{FaultInfo: FaultInfo{Fault: FaultNumericCodeBefore}, show: numericCode},
	{FaultInfo: FaultInfo{Fault: FaultNumericCodeAfter, WorkDone: true}, show: numericCode},

	{FaultInfo: FaultInfo{Fault: FaultSuccessFalseBefore}, show: successFalse},
	{FaultInfo: FaultInfo{Fault: FaultSuccessFalseAfter, WorkDone: true}, show: successFalse},
}

var (
	unavailable = refuse(http.StatusServiceUnavailable, "ServiceUnavailable", "The request has failed due to a temporary failure of the server.")
	throttled   = refuse(http.StatusBadRequest, "Throttling.User", "Request was denied due to user flow control.")
	processing  = refuse(http.StatusBadRequest, "IdempotentProcessing", "The previous idempotent request(s) is still processing.")
)

// fail carries a rule out. Nothing shows before everything recorded is durable:
// the work has committed itself, and without work the nonce has to be.
func (s *Sandbox) fail(c *call, r Rule, work func() answer) {
	for _, spec := range faultSpecs {
		if spec.Fault != r.Fault {
			continue
		}
		var a answer
		if spec.waitFirst && !s.wait(r.Delay) {
			c.cut()
		}
		if spec.WorkDone {
			a = work()
		} else {
			a = s.commit(c.requestID, answer{})
		}
		if !spec.waitFirst && spec.NeedsDelay && !s.wait(r.Delay) {
			c.cut()
		}
		s.logCall(*c, r.Fault, a)
		show := spec.show
		if spec.NeedsCode {
			show = gatewayError(&apiError{status: http.StatusBadRequest, code: r.Code, message: "The sandbox was told to refuse this call."})
		}
		show(s, c, a)
		return
	}
}

// wait lasts d, however long the client stays, and reports false when Close
// ended it.
func (s *Sandbox) wait(d time.Duration) bool {
	select {
	case <-s.after(d):
		return true
	case <-s.closing:
		return false
	}
}

// deliver answers as it should be.
func (s *Sandbox) deliver(c *call, a answer) {
	s.logCall(*c, "", a)
	write(c.w, contentJSON, a)
}

// cut ends the connection without an answer, or in the middle of one. It does
// not return.
func (c *call) cut() { panic(http.ErrAbortHandler) }

// reset closes the connection with a TCP reset, which clients see where a refused
// connection would be seen. Where the connection cannot be had, it is cut.
func (c *call) reset() {
	conn, _, err := http.NewResponseController(c.w).Hijack()
	if err != nil {
		c.cut()
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // without it the close is merely a polite one
	}
	_ = conn.Close()
}

func drop(_ *Sandbox, c *call, _ answer)  { c.cut() }
func whole(_ *Sandbox, c *call, a answer) { write(c.w, contentJSON, a) }

func gatewayError(e *apiError) func(*Sandbox, *call, answer) {
	return func(s *Sandbox, c *call, _ answer) { write(c.w, contentJSON, s.errorAnswer(c.requestID, e)) }
}

func cutBody(s *Sandbox, c *call, a answer) {
	if a.body == nil {
		a = s.errorAnswer(c.requestID, internalError())
		a.status = http.StatusOK
	}
	h := c.w.Header()
	h.Set("Content-Type", contentJSON)
	h.Set("Content-Length", strconv.Itoa(len(a.body)))
	c.w.WriteHeader(a.status)
	_, _ = c.w.Write(a.body[:len(a.body)/2])
	_ = http.NewResponseController(c.w).Flush() // the first half must arrive
	c.cut()
}

func html(status int) func(*Sandbox, *call, answer) {
	return func(_ *Sandbox, c *call, _ answer) {
		write(c.w, contentHTML, answer{status: status, body: []byte(
			"<!DOCTYPE html><html><head><title>Error</title></head><body><h1>The page is temporarily unavailable</h1></body></html>\n")})
	}
}

func raw(body string) func(*Sandbox, *call, answer) {
	return func(_ *Sandbox, c *call, _ answer) {
		write(c.w, contentJSON, answer{status: http.StatusOK, body: []byte(body)})
	}
}

func numericCode(s *Sandbox, c *call, _ answer) {
	write(c.w, contentJSON, jsonAnswer(http.StatusBadRequest, "", map[string]any{
		"RequestId": c.requestID, "HostId": s.cfg.HostID, "Code": 400, "Message": "A code that is not a string.",
	}))
}

func successFalse(_ *Sandbox, c *call, a answer) {
	fields := map[string]any{"RequestId": c.requestID}
	if a.status == http.StatusOK {
		// Our own answer, so it reads; were it otherwise, RequestId would do.
		_ = json.Unmarshal(a.body, &fields)
	}
	fields["Success"] = false
	write(c.w, contentJSON, jsonAnswer(http.StatusOK, "", fields))
}
