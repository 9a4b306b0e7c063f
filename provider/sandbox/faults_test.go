package sandbox

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"
)

// noWait makes delays end at once; a test that looks at the delay itself takes
// its own channel.
func (r *rig) noWait() {
	r.box.after = func(time.Duration) <-chan time.Time {
		done := make(chan time.Time)
		close(done)
		return done
	}
}

func ruleFor(info FaultInfo) Rule {
	rule := Rule{Fault: info.Fault, Times: 1}
	if info.NeedsDelay {
		rule.Delay = time.Minute
	}
	if info.NeedsCode {
		rule.Code = "InsufficientBalance"
	}
	return rule
}

// Every fault, on each call that moves money: it fails, and it did the work or
// did not, as it says; and the same request sent again ends in one charge.
func TestEveryFaultOnEverySellingCall(t *testing.T) {
	for _, info := range Faults() {
		t.Run(string(info.Fault), func(t *testing.T) {
			r := newRig(t, Config{StatePath: t.TempDir() + "/state"})
			r.noWait()
			var amounts []int64
			step := func(action string, p params, amount int64) string {
				t.Helper()
				r.mustDo(r.box.AddFault(ruleFor(info)))
				failed := r.call(action, p)
				checkFailure(t, info, failed)
				if len(r.box.FaultRules()) != 0 {
					t.Fatal("the fault was not used")
				}
				if info.WorkDone {
					amounts = append(amounts, amount)
				}
				r.wantLedger(amounts...)
				if action == ActionRefundInstance && info.WorkDone {
					r.refused(action, p, 400, "InvalidInstance.Released")
					return ""
				}
				g := r.ok(action, p)
				if !info.WorkDone {
					amounts = append(amounts, amount)
				}
				l := r.wantLedger(amounts...)
				if last := l[len(l)-1]; g.OrderID != last.OrderID {
					t.Fatalf("answered order %s, ledger has %s", g.OrderID, last.OrderID)
				}
				if info.Answered && action != ActionRefundInstance && failed.OrderID != g.OrderID {
					t.Fatalf("the late answer said %s, then %s", failed.OrderID, g.OrderID)
				}
				return g.InstanceID
			}
			in := step(ActionCreateInstance, buyMonth("b"), buyMonthFen)
			step(ActionRenewInstance, renewMonth("r", in), buyMonthFen)
			step(ActionUpgradeInstance, upgradeTo("u", in, "level2", "5"), 2*5*(15000-6000))
			step(ActionRefundInstance, params{"InstanceId": in}, -(2*buyMonthFen + 2*5*9000))
		})
	}
}

// checkFailure holds each fault to what a client sees of it.
func checkFailure(t *testing.T, info FaultInfo, g got) {
	t.Helper()
	type look struct {
		status int
		body   string // a part of it
		broken bool   // the connection or the JSON is
	}
	want, known := map[Fault]look{
		FaultRefuse:               {broken: true},
		FaultDropBefore:           {broken: true},
		FaultDropAfter:            {broken: true},
		FaultDelayBefore:          {status: 200, body: "RequestId"},
		FaultDelayAfter:           {status: 200, body: "RequestId"},
		FaultInternalErrorBefore:  {status: 500, body: `"Code":"InternalError"`},
		FaultInternalErrorAfter:   {status: 500, body: `"Code":"InternalError"`},
		FaultUnavailableBefore:    {status: 503, body: `"Code":"ServiceUnavailable"`},
		FaultUnavailableAfter:     {status: 503, body: `"Code":"ServiceUnavailable"`},
		FaultReject:               {status: 400, body: `"Code":"InsufficientBalance"`},
		FaultThrottle:             {status: 400, body: `"Code":"Throttling.User"`},
		FaultProcessing:           {status: 400, body: `"Code":"IdempotentProcessing"`},
		FaultCutBodyBefore:        {status: 200, body: `{"RequestId"`, broken: true},
		FaultCutBodyAfter:         {status: 200, body: `{"RequestId"`, broken: true},
		FaultHTMLBefore:           {status: 200, body: "<html>", broken: true},
		FaultHTMLAfter:            {status: 200, body: "<html>", broken: true},
		FaultHTMLBadGatewayBefore: {status: 502, body: "<html>", broken: true},
		FaultHTMLBadGatewayAfter:  {status: 502, body: "<html>", broken: true},
		FaultEmptyBefore:          {status: 200, broken: true},
		FaultEmptyAfter:           {status: 200, broken: true},
		FaultNotJSONBefore:        {status: 200, body: `{"RequestId":"`, broken: true},
		FaultNotJSONAfter:         {status: 200, body: `{"RequestId":"`, broken: true},
		FaultNumericCodeBefore:    {status: 400, body: `"Code":400`, broken: true}, // for whoever expects a string
		FaultNumericCodeAfter:     {status: 400, body: `"Code":400`, broken: true},
		FaultSuccessFalseBefore:   {status: 200, body: `"Success":false`},
		FaultSuccessFalseAfter:    {status: 200, body: `"Success":false`},
	}[info.Fault]
	if !known {
		t.Fatalf("fault %s has no test of what it looks like", info.Fault)
	}
	if g.status != want.status || !strings.Contains(g.body, want.body) || (g.err != nil) != want.broken {
		t.Fatalf("want %+v, got status %d, error %v, body %q", want, g.status, g.err, g.body)
	}
	if want.status == 0 && g.body != "" || info.Fault == FaultCutBodyAfter && !errors.Is(g.err, io.ErrUnexpectedEOF) {
		t.Fatalf("error %v, body %q", g.err, g.body)
	}
	if info.Fault == FaultRefuse && !errors.Is(g.err, syscall.ECONNRESET) {
		t.Fatalf("refuse should reset the connection: %v", g.err)
	}
	if info.Fault == FaultSuccessFalseBefore && strings.Contains(g.body, "OrderId") {
		t.Fatalf("no order was made: %s", g.body)
	}
}

// An "after" fault hides a refusal as it hides a success: no money moves.
func TestAfterFaultOverARefusal(t *testing.T) {
	r := newRig(t, Config{BalanceFen: EmptyAccount})
	r.noWait()
	for _, info := range Faults() {
		if !info.WorkDone || info.Answered {
			continue
		}
		r.mustDo(r.box.AddFault(ruleFor(info)))
		if g := r.call(ActionCreateInstance, buyMonth("t")); g.Code == "InsufficientBalance" && g.err == nil {
			t.Errorf("%s shows the refusal: %s", info.Fault, g.body)
		}
		r.wantLedger()
	}
}

func TestRulesSelectByActionOwnerAndTimes(t *testing.T) {
	r := newRig(t, Config{})
	r.mustDo(r.box.SetFaults([]Rule{
		{Action: ActionCreateInstance, OwnerID: other, Fault: FaultThrottle, Times: 2},
		{Action: ActionRenewInstance, Fault: FaultInternalErrorBefore},
	}))
	in := r.ok(ActionCreateInstance, buyMonth("b")).InstanceID
	theirs := with(buyMonth("o"), "OwnerId", "1217259133477184", "BuyNumber", "2")
	for range 2 {
		r.refused(ActionCreateInstance, theirs, 400, "Throttling.User")
	}
	r.ok(ActionCreateInstance, theirs)
	for range 3 { // without Times it stays
		r.refused(ActionRenewInstance, renewMonth("r", in), 500, "InternalError")
	}
	if rules := r.box.FaultRules(); len(rules) != 1 || rules[0].Action != ActionRenewInstance {
		t.Errorf("%+v", rules)
	}
	r.box.ClearFaults()
	r.ok(ActionRenewInstance, renewMonth("r", in))
	if n := r.box.Requests(); n[ActionCreateInstance] != 4 || n[ActionRenewInstance] != 4 || n[ActionRefundInstance] != 0 {
		t.Errorf("requests: %v", n)
	}
}

// TestARuleMayEndByItself: one that nobody has used by then is gone, and a rule
// for what sells lets the counting through.
func TestARuleMayEndByItself(t *testing.T) {
	r := newRig(t, Config{})
	r.mustDo(r.box.AddFault(Rule{Selling: true, Fault: FaultReject, Code: "Forbidden.Demo", Until: r.box.Now().Add(time.Minute)}))
	r.ok(ActionGetInstanceCount, nil)
	r.refused(ActionCreateInstance, buyMonth("b"), 400, "Forbidden.Demo")
	r.clock.advance(time.Minute - time.Second)
	r.refused(ActionCreateInstance, buyMonth("b"), 400, "Forbidden.Demo")
	if len(r.box.FaultRules()) != 1 {
		t.Fatal("it has ended too early")
	}
	r.clock.advance(time.Second)
	if rules := r.box.FaultRules(); len(rules) != 0 {
		t.Errorf("%+v", rules)
	}
	r.ok(ActionCreateInstance, buyMonth("b"))
	r.wantLedger(buyMonthFen)
}

func TestRulesAreChecked(t *testing.T) {
	for _, rule := range []Rule{
		{}, {Fault: "no such"}, {Fault: FaultThrottle, Action: "Buy"}, {Fault: FaultThrottle, Times: -1},
		{Fault: FaultThrottle, OwnerID: -1}, {Fault: FaultThrottle, Delay: 1}, {Fault: FaultDelayAfter}, {Fault: FaultDelayBefore, Delay: -1},
		{Fault: FaultReject}, {Fault: FaultThrottle, Code: "X"}, {Fault: FaultThrottle, Action: ActionCreateInstance, Selling: true},
	} {
		if _, err := New(Config{Faults: []Rule{rule}}); err == nil {
			t.Errorf("%+v was taken", rule)
		}
	}
}

// A forged or repeated request does not use a fault up; a fault that the client
// saw used the nonce up, but for the one that never arrived.
func TestFaultsAndTheGatewaysChecks(t *testing.T) {
	r := newRig(t, Config{})
	r.mustDo(r.box.AddFault(Rule{Fault: FaultDropBefore, Times: 1}))
	p := signed("POST", r.clock.now(), countCall)
	r.wantError(r.send("POST", with(p, "Signature", "forged")), 400, "SignatureDoesNotMatch")
	if g := r.send("POST", p); g.status != 0 {
		t.Fatalf("%d %s", g.status, g.body)
	}
	r.wantError(r.send("POST", p), 400, "SignatureNonceUsed")

	r.mustDo(r.box.AddFault(Rule{Fault: FaultRefuse, Times: 1}))
	p = signed("POST", r.clock.now(), countCall)
	if g := r.send("POST", p); g.status != 0 {
		t.Fatalf("%d %s", g.status, g.body)
	}
	if g := r.send("POST", p); g.status != 200 {
		t.Fatalf("a refused request never arrived: %d %s", g.status, g.body)
	}
}

// The client has long gone when the delay ends, and is charged all the same.
func TestDelayBeforeChargesAClientThatHasGone(t *testing.T) {
	r := newRig(t, Config{})
	release, entered := make(chan time.Time), make(chan time.Duration, 1)
	r.box.after = func(d time.Duration) <-chan time.Time { entered <- d; return release }
	r.mustDo(r.box.AddFault(Rule{Fault: FaultDelayBefore, Delay: time.Hour, Times: 1}))

	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	ctx, giveUp := newCancel()
	p := signed("POST", r.clock.now(), with(buyMonth("t"), "Action", ActionCreateInstance, "OwnerId", "1217259133477183"))
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, r.srv.URL+"/?"+encode(p), nil)
	r.mustDo(err)
	gone := make(chan error)
	go func() {
		resp, err := client.Do(req)
		if err == nil {
			err = resp.Body.Close()
		}
		gone <- err
	}()
	if d := <-entered; d != time.Hour {
		t.Errorf("it waits %s", d)
	}
	giveUp()
	if err := <-gone; err == nil {
		t.Error("the client should see nothing")
	}
	r.wantLedger()
	close(release)
	// The copy with the same token meets the first one's work, whichever of
	// the two comes first.
	r.ok(ActionCreateInstance, buyMonth("t"))
	r.srv.Close() // waits for the delayed request
	r.wantLedger(buyMonthFen)
}

// Close ends a delay before the work without doing it, and one after the work
// with the work done.
func TestCloseEndsDelays(t *testing.T) {
	for _, c := range []struct {
		fault  Fault
		ledger []int64
	}{{FaultDelayBefore, nil}, {FaultDelayAfter, []int64{buyMonthFen}}} {
		r := newRig(t, Config{})
		entered := make(chan bool, 1)
		r.box.after = func(time.Duration) <-chan time.Time { entered <- true; return nil }
		r.mustDo(r.box.AddFault(Rule{Fault: c.fault, Delay: time.Hour}))
		answer := make(chan got)
		go func() { answer <- r.call(ActionCreateInstance, buyMonth("t")) }()
		<-entered
		r.mustDo(r.box.Close())
		if g := <-answer; g.status != 0 {
			t.Errorf("%s: %d %s", c.fault, g.status, g.body)
		}
		r.wantLedger(c.ledger...)
		// Whoever comes later meets nobody.
		if g := r.send("POST", signed("POST", r.clock.now(), countCall)); g.status != 0 {
			t.Errorf("after Close: %d %s", g.status, g.body)
		}
	}
}
