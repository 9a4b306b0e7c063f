package sandbox

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestCountIsAtLeastOne(t *testing.T) {
	r := newRig(t, Config{Machines: map[int64]int{owner: 0}, DefaultMachines: 4})
	if g := r.ok(ActionGetInstanceCount, nil); g.Data != 1 {
		t.Errorf("an owner without machines counts as %d", g.Data)
	}
	if g := r.ok(ActionGetInstanceCount, params{"OwnerId": "7"}); g.Data != 4 {
		t.Errorf("an unnamed owner has the default count, not %d", g.Data)
	}
	r.mustDo(r.box.SetMachines(owner, 9))
	if g := r.ok(ActionGetInstanceCount, nil); g.Data != 9 {
		t.Errorf("after SetMachines: %d", g.Data)
	}
}

func TestCreateChargesAtOnce(t *testing.T) {
	r := newRig(t, Config{})
	g := r.ok(ActionCreateInstance, buyMonth("t1"))
	if g.OrderID == "" || g.InstanceID == "" {
		t.Fatalf("OrderId and InstanceId are promised: %s", g.body)
	}
	l := r.wantLedger(buyMonthFen)
	e := l[0]
	if e.OwnerID != owner || e.Action != ActionCreateInstance || e.ClientToken != "t1" || e.OrderID != g.OrderID ||
		e.InstanceID != g.InstanceID || e.VersionCode != "level1" || e.BuyNumber != 5 {
		t.Errorf("ledger: %+v", e)
	}
	// Bought on 31 January, it ends on the last of February, at the same hour.
	if !e.PeriodStart.Equal(noon(2026, 1, 31)) || !e.PeriodEnd.Equal(noon(2026, 2, 28)) {
		t.Errorf("period %s to %s", e.PeriodStart, e.PeriodEnd)
	}
	if b := r.box.Balance(); b != DefaultBalanceFen-buyMonthFen {
		t.Errorf("balance %d", b)
	}

	// One for each owner; another owner is another matter.
	r.refused(ActionCreateInstance, buyMonth("t2"), 400, "InstanceAlreadyExists")
	r.ok(ActionCreateInstance, with(buyMonth("t3"), "OwnerId", "1217259133477184", "BuyNumber", "2"))
	// An expired one still counts, until it is released.
	r.mustDo(r.box.AdvanceCalendar(60 * day))
	r.refused(ActionCreateInstance, buyMonth("t4"), 400, "InstanceAlreadyExists")
}

func TestParametersAreChecked(t *testing.T) {
	r := newRig(t, Config{})
	in := r.ok(ActionCreateInstance, buyMonth("first")).InstanceID
	create := with(buyMonth("t"), "OwnerId", "1217259133477184", "BuyNumber", "2")
	renew, upgrade := renewMonth("t", in), upgradeTo("t", in, "level2", "5")
	long := strings.Repeat("a", 64)
	for _, c := range []struct {
		action string
		base   params
		name   string
		value  string
		code   string
	}{
		{ActionGetInstanceCount, nil, "OwnerId", "-", "MissingParameter.OwnerId"},
		{ActionGetInstanceCount, nil, "OwnerId", "", "MissingParameter.OwnerId"},
		{ActionGetInstanceCount, nil, "OwnerId", "0", "InvalidParameter.OwnerId"},
		{ActionGetInstanceCount, nil, "OwnerId", "-5", "InvalidParameter.OwnerId"},
		{ActionGetInstanceCount, nil, "OwnerId", "+5", "InvalidParameter.OwnerId"},
		{ActionGetInstanceCount, nil, "OwnerId", "12a", "InvalidParameter.OwnerId"},
		{ActionGetInstanceCount, nil, "OwnerId", "9223372036854775808", "InvalidParameter.OwnerId"},
		{ActionCreateInstance, create, "OwnerId", "-", "MissingParameter.OwnerId"},
		{ActionCreateInstance, create, "ClientToken", "-", "MissingParameter.ClientToken"},
		{ActionCreateInstance, create, "ClientToken", long + "a", "InvalidParameter.ClientToken"},
		{ActionCreateInstance, create, "ClientToken", "令牌", "InvalidParameter.ClientToken"},
		{ActionCreateInstance, create, "ClientToken", "a\tb", "InvalidParameter.ClientToken"},
		{ActionCreateInstance, create, "Duration", "-", "MissingParameter.Duration"},
		{ActionCreateInstance, create, "Duration", "0", "InvalidParameter.Duration"},
		{ActionCreateInstance, create, "Duration", "1.5", "InvalidParameter.Duration"},
		{ActionCreateInstance, create, "Duration", "121", "InvalidParameter.Duration"},
		{ActionCreateInstance, create, "PricingCycle", "-", "MissingParameter.PricingCycle"},
		{ActionCreateInstance, create, "PricingCycle", "Week", "InvalidParameter.PricingCycle"},
		{ActionCreateInstance, create, "VersionCode", "-", "MissingParameter.VersionCode"},
		{ActionCreateInstance, create, "VersionCode", "level3", "InvalidParameter.VersionCode"},
		{ActionCreateInstance, create, "BuyNumber", "-", "MissingParameter.BuyNumber"},
		{ActionCreateInstance, create, "BuyNumber", "0", "InvalidParameter.BuyNumber"},
		{ActionCreateInstance, create, "BuyNumber", "3", "InvalidBuyNumber.Mismatch"},
		{ActionCreateInstance, create, "IsAutoRenew", "yes", "InvalidParameter.IsAutoRenew"},
		{ActionCreateInstance, create, "IsAutoRenew", "true", "MissingParameter.AutoRenewDuration"},
		{ActionCreateInstance, create, "AutoRenewDuration", "0", "InvalidParameter.AutoRenewDuration"},
		{ActionRenewInstance, renew, "InstanceId", "-", "MissingParameter.InstanceId"},
		{ActionRenewInstance, renew, "ClientToken", "-", "MissingParameter.ClientToken"},
		{ActionRenewInstance, renew, "Duration", "x", "InvalidParameter.Duration"},
		{ActionRenewInstance, renew, "PricingCycle", "year", "InvalidParameter.PricingCycle"},
		{ActionRenewInstance, renew, "BuyNumber", "6", "InvalidBuyNumber.Mismatch"},
		{ActionUpgradeInstance, upgrade, "InstanceId", "-", "MissingParameter.InstanceId"},
		{ActionUpgradeInstance, upgrade, "ClientToken", "-", "MissingParameter.ClientToken"},
		{ActionUpgradeInstance, upgrade, "VersionCode", "-", "MissingParameter.VersionCode"},
		{ActionUpgradeInstance, upgrade, "BuyNumber", "6", "InvalidBuyNumber.Mismatch"},
		{ActionRefundInstance, params{"InstanceId": in}, "InstanceId", "-", "MissingParameter.InstanceId"},
		{ActionRefundInstance, params{"InstanceId": in}, "OwnerId", "-", "MissingParameter.OwnerId"},
	} {
		t.Run(c.action+" "+c.name+" "+c.value, func(t *testing.T) {
			r.t = t
			g := r.refused(c.action, with(c.base, c.name, c.value), 400, c.code)
			if !strings.HasSuffix(c.code, "Mismatch") {
				contains(t, g.Message, c.code[strings.Index(c.code, ".")+1:])
			}
		})
	}
	r.t = t
	// The longest token, an upper-case bool and a duration nobody needs are fine.
	r.ok(ActionCreateInstance, with(create, "ClientToken", long, "IsAutoRenew", "False", "AutoRenewDuration", "1"))
}

func TestRenewalStartsAtTheExpiry(t *testing.T) {
	r := newRig(t, Config{})
	in := r.ok(ActionCreateInstance, buyMonth("buy")).InstanceID
	if g := r.ok(ActionRenewInstance, renewMonth("r1", in)); g.OrderID == "" || g.InstanceID != "" {
		t.Errorf("a renewal answers an OrderId alone: %s", g.body)
	}
	r.mustDo(r.box.AdvanceCalendar(100 * day)) // long expired
	year := with(renewMonth("r2", in), "PricingCycle", "Year")
	r.ok(ActionRenewInstance, year)
	l := r.wantLedger(buyMonthFen, buyMonthFen, 5*6000*12*85/100)
	for i, want := range [][2]time.Time{
		{noon(2026, 1, 31), noon(2026, 2, 28)},
		{noon(2026, 2, 28), noon(2026, 3, 28)},
		{noon(2026, 3, 28), noon(2027, 3, 28)},
	} {
		if !l[i].PeriodStart.Equal(want[0]) || !l[i].PeriodEnd.Equal(want[1]) {
			t.Errorf("period %d: %s to %s", i, l[i].PeriodStart, l[i].PeriodEnd)
		}
	}

	r.refused(ActionRenewInstance, renewMonth("r3", "sas-0"), 404, "InvalidInstanceId.NotFound")
	foreign := with(renewMonth("r4", in), "OwnerId", "1217259133477184", "BuyNumber", "2")
	r.refused(ActionRenewInstance, foreign, 404, "InvalidInstanceId.NotFound")
	r.ok(ActionRefundInstance, params{"InstanceId": in})
	r.refused(ActionRenewInstance, renewMonth("r5", in), 400, "InvalidInstance.Released")
}

func TestRenewalWithAnotherCountKeepsWhatRuns(t *testing.T) {
	r := newRig(t, Config{})
	in := r.ok(ActionCreateInstance, buyMonth("buy")).InstanceID
	r.mustDo(r.box.SetMachines(owner, 8))
	r.refused(ActionRenewInstance, renewMonth("r0", in), 400, "InvalidBuyNumber.Mismatch")
	r.ok(ActionRenewInstance, with(renewMonth("r1", in), "BuyNumber", "8"))
	r.wantLedger(buyMonthFen, 8*6000)
	have := r.box.Instances()[0]
	if _, n := have.Covered(r.clock.now()); n != 5 {
		t.Errorf("%d machines are covered now", n)
	}
	if _, n := have.Covered(have.End().Add(-time.Second)); n != 8 {
		t.Errorf("%d machines are covered in the renewed month", n)
	}
	// The running month can still be lifted to 8; the renewed one costs nothing more.
	r.ok(ActionUpgradeInstance, upgradeTo("u1", in, "level1", "8"))
	r.wantLedger(buyMonthFen, 8*6000, 3*6000)
}

func TestUpgradeOnlyUp(t *testing.T) {
	r := newRig(t, Config{})
	in := r.ok(ActionCreateInstance, with(buyMonth("buy"), "VersionCode", "level1")).InstanceID
	r.refused(ActionUpgradeInstance, upgradeTo("u1", in, "level1", "5"), 400, "InvalidUpgrade.NotHigher")
	r.mustDo(r.box.SetMachines(owner, 4)) // a higher edition does not make up for fewer machines
	r.refused(ActionUpgradeInstance, upgradeTo("u1", in, "level2", "4"), 400, "InvalidUpgrade.NotHigher")
	r.mustDo(r.box.SetMachines(owner, 5))
	r.mustDo(r.box.AdvanceCalendar(14 * day)) // half of the 28 days
	g := r.ok(ActionUpgradeInstance, upgradeTo("u2", in, "level2", "5"))
	if g.OrderID == "" || g.InstanceID != "" {
		t.Errorf("an upgrade answers an OrderId alone: %s", g.body)
	}
	r.refused(ActionUpgradeInstance, upgradeTo("u3", in, "level1", "5"), 400, "InvalidUpgrade.NotHigher")
	r.mustDo(r.box.SetMachines(owner, 4))
	r.refused(ActionUpgradeInstance, upgradeTo("u4", in, "level2", "4"), 400, "InvalidUpgrade.NotHigher")
	r.mustDo(r.box.SetMachines(owner, 7))
	r.refused(ActionUpgradeInstance, upgradeTo("u5", in, "level1", "7"), 400, "InvalidUpgrade.NotHigher")
	r.ok(ActionUpgradeInstance, upgradeTo("u6", in, "level2", "7"))
	r.wantLedger(buyMonthFen, 5*(15000-6000)/2, 2*15000/2)

	r.refused(ActionUpgradeInstance, with(upgradeTo("u7", in, "level2", "2"), "OwnerId", "1217259133477184"), 404, "InvalidInstanceId.NotFound")
	r.mustDo(r.box.AdvanceCalendar(14 * day))
	r.mustDo(r.box.SetMachines(owner, 8))
	r.refused(ActionUpgradeInstance, upgradeTo("u8", in, "level2", "8"), 400, "InstanceExpired")
}

func TestUpgradeOfEditionAndCountTogether(t *testing.T) {
	r := newRig(t, Config{})
	in := r.ok(ActionCreateInstance, buyMonth("buy")).InstanceID
	r.mustDo(r.box.SetMachines(owner, 6))
	r.ok(ActionUpgradeInstance, upgradeTo("u", in, "level2", "6"))
	r.wantLedger(buyMonthFen, 6*15000-5*6000)
}

// TestADayIsUsedFromItsFirstMoment: periods begin at whole seconds, but who gives
// back within the very second of a purchase has used a day, as any later one has.
func TestADayIsUsedFromItsFirstMoment(t *testing.T) {
	r := newRig(t, Config{})
	for i, used := range []int64{0, 1071} { // the first refund is in full, the second less one of 28 days
		instance := r.ok(ActionCreateInstance, buyMonth(fmt.Sprintf("b%d", i))).InstanceID
		r.mustDo(r.box.AdvanceCalendar(time.Millisecond))
		r.ok(ActionRefundInstance, params{"InstanceId": instance})
		if l := r.box.Ledger(); l[len(l)-1].AmountFen != buyMonthFen-used {
			t.Errorf("refund %d gives %d fen", i+1, l[len(l)-1].AmountFen)
		}
		r.mustDo(r.box.AdvanceCalendar(time.Second - time.Millisecond))
	}
}

func TestRefundReleasesAndPaysBack(t *testing.T) {
	r := newRig(t, Config{})
	first := r.ok(ActionCreateInstance, buyMonth("b1")).InstanceID
	r.refused(ActionRefundInstance, params{"InstanceId": first, "OwnerId": "1217259133477184"}, 404, "InvalidInstanceId.NotFound")
	r.mustDo(r.box.AdvanceCalendar(5*day - time.Second))
	if g := r.ok(ActionRefundInstance, params{"InstanceId": first}); g.OrderID != "" || g.InstanceID != "" {
		t.Errorf("a refund answers a RequestId alone: %s", g.body)
	}
	l := r.wantLedger(buyMonthFen, -buyMonthFen)
	if !l[1].InFull || l[1].Action != ActionRefundInstance || l[1].ClientToken != "" {
		t.Errorf("%+v", l[1])
	}
	r.refused(ActionRefundInstance, params{"InstanceId": first}, 400, "InvalidInstance.Released")

	// A refunded owner may buy again; the full refund comes once a year.
	second := r.ok(ActionCreateInstance, buyMonth("b2")).InstanceID
	if second == first {
		t.Fatal("a released instance came back")
	}
	r.mustDo(r.box.AdvanceCalendar(3 * day))
	r.ok(ActionRefundInstance, params{"InstanceId": second})
	const used = 3214 // 3 of the 28 days from 5 February, and a second
	l = r.wantLedger(buyMonthFen, -buyMonthFen, buyMonthFen, -(buyMonthFen - used))
	if l[3].InFull {
		t.Error("the second refund of a year is not in full")
	}
	if b := r.box.Balance(); b != DefaultBalanceFen-used {
		t.Errorf("balance %d", b)
	}
}

func TestRefundClawsTheDiscountBack(t *testing.T) {
	r := newRig(t, Config{})
	in := r.ok(ActionCreateInstance, with(buyMonth("b"), "PricingCycle", "Year")).InstanceID
	r.mustDo(r.box.AdvanceCalendar(59 * day)) // 31 March
	r.ok(ActionRefundInstance, params{"InstanceId": in})
	const paid = 5 * 6000 * 12 * 85 / 100
	r.wantLedger(paid, -(paid - 2*5*6000)) // two months at the full price
}

// What is bought, renewed and upgraded is a chain of terms, and each gives back
// its own.
func TestRefundOfAWholeLife(t *testing.T) {
	r := newRig(t, Config{})
	in := r.ok(ActionCreateInstance, buyMonth("b")).InstanceID
	r.ok(ActionRenewInstance, with(renewMonth("r", in), "PricingCycle", "Year"))
	r.mustDo(r.box.AdvanceCalendar(14 * day))
	r.ok(ActionUpgradeInstance, upgradeTo("u", in, "level2", "5"))
	r.mustDo(r.box.AdvanceCalendar(14*day - time.Hour)) // an hour before the first month's end
	const year, fee, lift = 5 * 6000 * 12 * 85 / 100, 5 * 9000 / 2, 5 * 9000 * 12 * 85 / 100
	r.wantLedger(buyMonthFen, year, fee+lift)
	r.ok(ActionRefundInstance, params{"InstanceId": in})
	r.wantLedger(buyMonthFen, year, fee+lift, -(year + lift)) // the month is used up, the year untouched
}

func TestInsufficientBalance(t *testing.T) {
	r := newRig(t, Config{BalanceFen: EmptyAccount})
	r.refused(ActionCreateInstance, buyMonth("t"), 400, "InsufficientBalance")
	r.mustDo(r.box.SetBalance(buyMonthFen - 1))
	r.refused(ActionCreateInstance, buyMonth("t"), 400, "InsufficientBalance")
	r.mustDo(r.box.SetBalance(buyMonthFen))
	in := r.ok(ActionCreateInstance, buyMonth("t")).InstanceID // the refusals did not bind the token
	r.refused(ActionRenewInstance, renewMonth("r", in), 400, "InsufficientBalance")
	r.refused(ActionUpgradeInstance, upgradeTo("u", in, "level2", "5"), 400, "InsufficientBalance")
	if b := r.box.Balance(); b != 0 {
		t.Errorf("balance %d", b)
	}
}

func TestAutoRenewRollsForward(t *testing.T) {
	r := newRig(t, Config{BalanceFen: 4 * buyMonthFen})
	r.ok(ActionCreateInstance, with(buyMonth("b"), "IsAutoRenew", "true", "AutoRenewDuration", "1"))
	r.mustDo(r.box.AdvanceCalendar(28*day - time.Second))
	r.wantLedger(buyMonthFen)
	r.mustDo(r.box.AdvanceCalendar(time.Second)) // the end itself
	r.wantLedger(buyMonthFen, buyMonthFen)
	r.mustDo(r.box.AdvanceCalendar(59 * day)) // 28 April: two more terms are due
	l := r.wantLedger(buyMonthFen, buyMonthFen, buyMonthFen, buyMonthFen)
	last := l[3]
	if last.Action != ActionAutoRenew || last.ClientToken != "" || !last.PeriodStart.Equal(noon(2026, 4, 28)) || !last.PeriodEnd.Equal(noon(2026, 5, 28)) {
		t.Errorf("%+v", last)
	}
	// Without money it stays expired, and comes after when there is some.
	r.mustDo(r.box.AdvanceCalendar(40 * day))
	r.wantLedger(buyMonthFen, buyMonthFen, buyMonthFen, buyMonthFen)
	r.mustDo(r.box.SetBalance(buyMonthFen))
	r.refused(ActionCreateInstance, buyMonth("again"), 400, "InstanceAlreadyExists")
	r.wantLedger(buyMonthFen, buyMonthFen, buyMonthFen, buyMonthFen, buyMonthFen)
}

// A renewal by hand after the end finds the automatic one done, and comes after it.
func TestAutoRenewComesBeforeACallThatMeetsIt(t *testing.T) {
	r := newRig(t, Config{})
	in := r.ok(ActionCreateInstance, with(buyMonth("b"), "IsAutoRenew", "true", "AutoRenewDuration", "2")).InstanceID
	r.mustDo(r.box.AdvanceCalendar(30 * day))
	r.ok(ActionRenewInstance, renewMonth("r", in))
	l := r.wantLedger(buyMonthFen, 2*buyMonthFen, buyMonthFen)
	if !l[2].PeriodStart.Equal(noon(2026, 4, 28)) {
		t.Errorf("the renewal starts %s", l[2].PeriodStart)
	}
}

func TestReleaseAfter(t *testing.T) {
	r := newRig(t, Config{ReleaseAfter: 15 * day})
	in := r.ok(ActionCreateInstance, buyMonth("b1")).InstanceID
	r.mustDo(r.box.AdvanceCalendar(28*day + 15*day - time.Second))
	r.refused(ActionCreateInstance, buyMonth("b2"), 400, "InstanceAlreadyExists")
	r.mustDo(r.box.AdvanceCalendar(time.Second))
	r.ok(ActionCreateInstance, buyMonth("b3"))
	r.refused(ActionRefundInstance, params{"InstanceId": in}, 400, "InvalidInstance.Released")
	r.wantLedger(buyMonthFen, buyMonthFen)
}
