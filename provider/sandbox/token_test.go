package sandbox

import (
	"strings"
	"testing"
	"time"
)

func TestSameTokenSameAnswerNoSecondCharge(t *testing.T) {
	r := newRig(t, Config{})
	first := r.ok(ActionCreateInstance, buyMonth("t"))
	// Not even changed machines or an empty account change what was done.
	r.mustDo(r.box.SetMachines(owner, 9))
	r.mustDo(r.box.SetBalance(0))
	again := r.ok(ActionCreateInstance, with(buyMonth("t"), "IsAutoRenew", "false")) // the default, spelt out
	if again.OrderID != first.OrderID || again.InstanceID != first.InstanceID {
		t.Errorf("first %s, then %s", first.body, again.body)
	}
	if again.RequestID == first.RequestID {
		t.Error("each request has a RequestId of its own")
	}
	r.mustDo(r.box.SetMachines(owner, 5))
	r.mustDo(r.box.SetBalance(buyMonthFen))
	renewal := r.ok(ActionRenewInstance, renewMonth("r", first.InstanceID))
	if g := r.ok(ActionRenewInstance, renewMonth("r", first.InstanceID)); g.OrderID != renewal.OrderID {
		t.Errorf("first %s, then %s", renewal.body, g.body)
	}
	r.wantLedger(buyMonthFen, buyMonthFen)
	// The answer outlives even the instance.
	r.ok(ActionRefundInstance, params{"InstanceId": first.InstanceID})
	if g := r.ok(ActionCreateInstance, buyMonth("t")); g.OrderID != first.OrderID {
		t.Errorf("first %s, then %s", first.body, g.body)
	}
}

func TestSameTokenOtherParameters(t *testing.T) {
	r := newRig(t, Config{})
	in := r.ok(ActionCreateInstance, buyMonth("t")).InstanceID
	for _, change := range [][]string{
		{"Duration", "2"}, {"PricingCycle", "Year"}, {"VersionCode", "level2"}, {"BuyNumber", "6"},
		{"OwnerId", "1217259133477184"}, {"AutoRenewDuration", "1"}, {"IsAutoRenew", "true", "AutoRenewDuration", "1"},
	} {
		r.refused(ActionCreateInstance, with(buyMonth("t"), change...), 400, "IdempotentParameterMismatch")
	}
	r.refused(ActionRenewInstance, renewMonth("t", in), 400, "IdempotentParameterMismatch")
	r.refused(ActionUpgradeInstance, upgradeTo("t", in, "level2", "5"), 400, "IdempotentParameterMismatch")
	r.ok(ActionRenewInstance, renewMonth("T", in)) // case-sensitive
	r.wantLedger(buyMonthFen, buyMonthFen)
}

// Each access key has its own tokens.
func TestTokensBelongToAKey(t *testing.T) {
	r := newRig(t, Config{AccessKeys: map[string]string{DemoAccessKeyID: DemoAccessKeySecret, "second": DemoAccessKeySecret}})
	in := r.ok(ActionCreateInstance, buyMonth("b")).InstanceID
	r.ok(ActionRenewInstance, renewMonth("t", in))
	r.ok(ActionRenewInstance, with(renewMonth("t", in), "AccessKeyId", "second"))
	r.wantLedger(buyMonthFen, buyMonthFen, buyMonthFen)
}

func TestConcurrentCopiesMakeOnePieceOfWork(t *testing.T) {
	r := newRig(t, Config{StatePath: t.TempDir() + "/state"})
	in := r.ok(ActionCreateInstance, buyMonth("b")).InstanceID
	answers := make(chan got)
	const copies = 12
	for range copies {
		go func() { answers <- r.call(ActionRenewInstance, renewMonth("t", in)) }()
	}
	orders := map[string]int{}
	for range copies {
		g := <-answers
		if g.err != nil || g.status != 200 {
			t.Errorf("%d %v %s", g.status, g.err, g.body)
		}
		orders[g.OrderID]++
	}
	if len(orders) != 1 {
		t.Errorf("orders: %v", orders)
	}
	r.wantLedger(buyMonthFen, buyMonthFen)
}

// Copies with different tokens are different orders: one instance for each
// owner stops a second create, but nothing stops a second renewal.
func TestConcurrentOrdersWithTokensOfTheirOwn(t *testing.T) {
	r := newRig(t, Config{})
	answers := make(chan got)
	tokens := strings.Split("abcdefgh", "")
	for _, token := range tokens {
		go func() { answers <- r.call(ActionCreateInstance, buyMonth(token)) }()
	}
	created := 0
	for range tokens {
		if g := <-answers; g.status == 200 {
			created++
		} else if g.Code != "InstanceAlreadyExists" {
			t.Errorf("%d %v %s", g.status, g.err, g.body)
		}
	}
	if created != 1 {
		t.Errorf("%d were created", created)
	}
	r.wantLedger(buyMonthFen)
}

// The danger that a client has to know: a token that the provider has forgotten
// is a new order, and a renewal sent again charges twice.
func TestForgottenTokenChargesAgain(t *testing.T) {
	r := newRig(t, Config{TokenLifetime: time.Hour})
	in := r.ok(ActionCreateInstance, buyMonth("b")).InstanceID
	first := r.ok(ActionRenewInstance, renewMonth("r", in))
	r.mustDo(r.box.AdvanceCalendar(time.Hour - time.Second))
	if g := r.ok(ActionRenewInstance, renewMonth("r", in)); g.OrderID != first.OrderID {
		t.Error("within its lifetime the token answers the first order")
	}
	r.wantLedger(buyMonthFen, buyMonthFen)
	r.mustDo(r.box.AdvanceCalendar(time.Second))
	if g := r.ok(ActionRenewInstance, renewMonth("r", in)); g.OrderID == first.OrderID {
		t.Error("after it, the same request is a new order")
	}
	r.wantLedger(buyMonthFen, buyMonthFen, buyMonthFen)
	// A create is saved by another rule only.
	r.refused(ActionCreateInstance, buyMonth("b"), 400, "InstanceAlreadyExists")
}
