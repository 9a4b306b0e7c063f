package sandbox

import (
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// Whatever is asked in whatever order, with faults and restarts between: money
// adds up, nobody holds two instances, a token charges once, and a restart
// changes nothing.
func TestWhateverIsAsked(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		file, err := os.CreateTemp(dir, "state")
		if err != nil {
			t.Fatal(err)
		}
		if err := file.Close(); err != nil {
			t.Fatal(err)
		}
		m := &machine{clock: &clock{at: noon(2026, 1, 31)}}
		m.cfg = Config{StatePath: filepath.Clean(file.Name()), Now: m.clock.now, DefaultMachines: 3, BalanceFen: 5_000_000, TokenLifetime: 100 * 365 * day}
		m.open(t)
		t.Repeat(map[string]func(*rapid.T){
			"":        m.check,
			"call":    m.call,
			"wait":    m.wait,
			"restart": m.restart,
			"machines": func(t *rapid.T) {
				if err := m.box.SetMachines(m.owner(t), rapid.IntRange(0, 6).Draw(t, "machines")); err != nil {
					t.Fatal(err)
				}
			},
		})
		if err := m.box.Close(); err != nil {
			t.Fatal(err)
		}
	})
}

type machine struct {
	cfg   Config
	clock *clock
	box   *Sandbox
}

func (m *machine) open(t *rapid.T) {
	box, err := New(m.cfg)
	if err != nil {
		t.Fatal(err)
	}
	box.journal.fsync = func(*os.File) error { return nil } // no power is cut here
	m.box = box
}

func (m *machine) owner(t *rapid.T) int64 { return rapid.Int64Range(1, 3).Draw(t, "owner") }

func (m *machine) wait(t *rapid.T) {
	m.clock.advance(time.Duration(rapid.IntRange(1, 70*24).Draw(t, "hours")) * time.Hour)
}

func (m *machine) restart(t *rapid.T) {
	ledger, instances := m.box.Ledger(), m.box.Instances()
	if err := m.box.Close(); err != nil {
		t.Fatal(err)
	}
	m.open(t)
	if !reflect.DeepEqual(orEmpty(m.box.Ledger()), orEmpty(ledger)) || !reflect.DeepEqual(m.box.Instances(), instances) {
		t.Fatal("the restart forgot something")
	}
}

func (m *machine) call(t *rapid.T) {
	owner := m.owner(t)
	action := rapid.SampledFrom([]string{ActionCreateInstance, ActionRenewInstance, ActionUpgradeInstance, ActionRefundInstance}).Draw(t, "action")
	p := params{
		"Action": action, "OwnerId": strconv.FormatInt(owner, 10),
		"ClientToken":  fmt.Sprint("token", rapid.IntRange(0, 30).Draw(t, "token")),
		"Duration":     strconv.Itoa(rapid.IntRange(1, 3).Draw(t, "duration")),
		"PricingCycle": rapid.SampledFrom([]string{cycleMonth, cycleYear}).Draw(t, "cycle"),
		"VersionCode":  rapid.SampledFrom([]string{VersionPro, VersionEnterprise}).Draw(t, "version"),
		"BuyNumber":    strconv.Itoa(m.box.Machines(owner)),
	}
	if rapid.Bool().Draw(t, "auto") {
		p["IsAutoRenew"], p["AutoRenewDuration"] = "true", "1"
	}
	for _, in := range m.box.Instances() {
		if in.OwnerID == owner {
			p["InstanceId"] = in.InstanceID
		}
	}
	if rapid.Bool().Draw(t, "fails") {
		f := rapid.SampledFrom([]Fault{FaultInternalErrorBefore, FaultInternalErrorAfter, FaultEmptyAfter, FaultThrottle}).Draw(t, "fault")
		if err := m.box.SetFaults([]Rule{{Fault: f, Times: 1}}); err != nil {
			t.Fatal(err)
		}
	}
	req := httptest.NewRequest("POST", "/?"+encode(signed("POST", m.clock.now(), p)), nil)
	m.box.ServeHTTP(httptest.NewRecorder(), req)
	m.box.ClearFaults()
}

func (m *machine) check(t *rapid.T) {
	ledger := m.box.Ledger()
	balance := m.cfg.BalanceFen
	paid, back := map[string]int64{}, map[string]int64{}
	var tokens, orders []string
	for _, e := range ledger {
		switch e.Kind {
		case Charge:
			balance -= e.AmountFen
			paid[e.InstanceID] += e.AmountFen
			orders = append(orders, e.OrderID)
			if e.AmountFen <= 0 {
				t.Fatalf("sold for nothing: %+v", e)
			}
		case Refund:
			balance += e.AmountFen
			back[e.InstanceID] += e.AmountFen
		}
		if e.ClientToken != "" {
			tokens = append(tokens, e.ClientToken)
		}
	}
	if have := m.box.Balance(); have != balance || balance < 0 {
		t.Fatalf("balance %d, the ledger says %d", have, balance)
	}
	for what, list := range map[string][]string{"token": tokens, "order": orders} {
		slices.Sort(list)
		if len(slices.Compact(slices.Clone(list))) != len(list) {
			t.Fatalf("one %s was charged twice: %v", what, list)
		}
	}
	held := map[int64]int{}
	for _, in := range m.box.Instances() {
		if !in.Released() {
			held[in.OwnerID]++
		}
		if held[in.OwnerID] > 1 {
			t.Fatalf("owner %d holds two instances", in.OwnerID)
		}
		if in.PaidFen != paid[in.InstanceID] || back[in.InstanceID] > in.PaidFen {
			t.Fatalf("instance %+v: paid %d, back %d", in, paid[in.InstanceID], back[in.InstanceID])
		}
		var parts int64
		for i, p := range in.Periods {
			parts += p.PaidFen
			if !p.Start.Before(p.End) || i > 0 && !p.Start.Equal(in.Periods[i-1].End) {
				t.Fatalf("a gap: %+v", in.Periods)
			}
		}
		if parts != in.PaidFen {
			t.Fatalf("instance %+v: its periods cost %d", in, parts)
		}
	}
}
