package sandbox

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"
)

// again closes the sandbox and opens another one on its file.
func (r *rig) again(cfg Config) *rig {
	r.t.Helper()
	r.mustDo(r.box.Close())
	t, ok := r.t.(*testing.T)
	if !ok {
		r.t.Fatal("not a test")
	}
	next := newRig(t, cfg)
	next.clock.advance(r.clock.now().Sub(next.clock.now()))
	return next
}

func TestRestartForgetsNothing(t *testing.T) {
	cfg := Config{StatePath: filepath.Join(t.TempDir(), "state")}
	r := newRig(t, cfg)
	bought := r.ok(ActionCreateInstance, with(buyMonth("b"), "IsAutoRenew", "true", "AutoRenewDuration", "1"))
	renewed := r.ok(ActionRenewInstance, renewMonth("r", bought.InstanceID))
	r.mustDo(r.box.SetMachines(owner, 6))
	r.ok(ActionUpgradeInstance, upgradeTo("u", bought.InstanceID, "level2", "6"))
	theirs := params{"OwnerId": "1217259133477184"}
	gone := r.ok(ActionCreateInstance, with(buyMonth("o"), "OwnerId", "1217259133477184", "BuyNumber", "2")).InstanceID
	r.ok(ActionRefundInstance, with(theirs, "InstanceId", gone))
	r.mustDo(r.box.AdvanceCalendar(time.Hour))
	r.mustDo(r.box.AdvanceGateway(time.Minute))
	used := signed("POST", r.box.Now(), countCall)
	if g := r.send("POST", used); g.status != 200 {
		t.Fatalf("%d %s", g.status, g.body)
	}
	ledger, instances, balance, clock := r.box.Ledger(), r.box.Instances(), r.box.Balance(), r.box.clock()

	cfg.BalanceFen = 1 // the file's own balance wins
	r = r.again(cfg)
	if have := r.box.Ledger(); !reflect.DeepEqual(have, ledger) {
		t.Errorf("ledger:\n%+v\nwas\n%+v", have, ledger)
	}
	if have := r.box.Instances(); !reflect.DeepEqual(have, instances) {
		t.Errorf("instances:\n%+v\nwere\n%+v", have, instances)
	}
	if r.box.Balance() != balance || r.box.clock() != clock || r.box.Machines(owner) != 6 {
		t.Errorf("balance %d, clock %v, machines %d", r.box.Balance(), r.box.clock(), r.box.Machines(owner))
	}
	r.wantError(r.send("POST", used), 400, "SignatureNonceUsed")
	if g := r.ok(ActionRenewInstance, renewMonth("r", bought.InstanceID)); g.OrderID != renewed.OrderID {
		t.Errorf("the token was answered %s, now %s", renewed.OrderID, g.OrderID)
	}
	r.refused(ActionCreateInstance, with(buyMonth("x"), "BuyNumber", "6"), 400, "InstanceAlreadyExists")
	r.refused(ActionRefundInstance, with(theirs, "InstanceId", gone), 400, "InvalidInstance.Released")
	// The full refund of the year is used up, too.
	gone = r.ok(ActionCreateInstance, with(buyMonth("o2"), "OwnerId", "1217259133477184", "BuyNumber", "2")).InstanceID
	r.mustDo(r.box.AdvanceCalendar(day))
	r.ok(ActionRefundInstance, with(theirs, "InstanceId", gone))
	if l := r.box.Ledger(); l[len(l)-1].InFull {
		t.Error("a second full refund within the year")
	}
}

// What was done before an answer was lost is still done after a restart.
func TestRestartAfterADroppedAnswer(t *testing.T) {
	cfg := Config{StatePath: filepath.Join(t.TempDir(), "state")}
	for _, c := range []struct {
		fault Fault
		owner string
		done  bool
	}{{FaultDropBefore, "1217259133477183", false}, {FaultDropAfter, "1217259133477184", true}} {
		r := newRig(t, cfg)
		buy := with(buyMonth("t"+c.owner), "OwnerId", c.owner, "BuyNumber", map[bool]string{false: "5", true: "2"}[c.done])
		r.mustDo(r.box.AddFault(Rule{Fault: c.fault}))
		if g := r.call(ActionCreateInstance, buy); g.status != 0 {
			t.Fatalf("%d %s", g.status, g.body)
		}
		before := len(r.box.Ledger())
		r = r.again(cfg) // and without the fault, which is configuration
		if have := len(r.box.Ledger()); have != before {
			t.Fatalf("ledger of %d, was %d", have, before)
		}
		r.ok(ActionCreateInstance, buy)
		if grew := len(r.box.Ledger()) - before; (grew == 0) != c.done {
			t.Errorf("%s: the second copy made %d charges", c.fault, grew)
		}
		r.mustDo(r.box.Close())
	}
}

// A run's file, as whole as it was written.
func soldFile(t *testing.T) []byte {
	path := filepath.Join(t.TempDir(), "state")
	r := newRig(t, Config{StatePath: path})
	in := r.ok(ActionCreateInstance, buyMonth("b")).InstanceID
	r.ok(ActionRenewInstance, renewMonth("r", in))
	r.mustDo(r.box.Close())
	whole, err := os.ReadFile(path)
	r.mustDo(err)
	return whole
}

// The machine stops at every possible byte of the file: what is read is every
// whole line and nothing of the torn one, also with a hole behind it.
func TestReplayOfAFileTornAtEveryByte(t *testing.T) {
	whole := soldFile(t)
	for size := range len(whole) + 1 {
		end := int64(strings.LastIndex(string(whole[:size]), "\n") + 1)
		for _, tail := range []string{"", "\x00\x00\x00"} {
			if tail != "" && end == 0 {
				continue // not a header's beginning: a foreign file, see below
			}
			records := 0
			good, err := replayLines(strings.NewReader(string(whole[:size])+tail), func(record) error { records++; return nil })
			if err != nil || good != end {
				t.Fatalf("torn at %d: good until %d, want %d, %v", size, good, end, err)
			}
			if want := strings.Count(string(whole[:end]), "\n") - 1; records != max(want, 0) {
				t.Fatalf("torn at %d: %d records, want %d", size, records, want)
			}
		}
	}
}

// The same through New: it opens, has a whole number of steps, and goes on.
func TestRestartFromATornFile(t *testing.T) {
	whole := string(soldFile(t))
	var sizes []int
	for i := range whole {
		if whole[i] == '\n' {
			sizes = append(sizes, i-1, i, i+1, i+2)
		}
	}
	dir := t.TempDir()
	for _, size := range append([]int{0, 5}, sizes...) {
		path := filepath.Join(dir, strconv.Itoa(size))
		kept := whole[:min(size, len(whole))]
		if err := os.WriteFile(path, []byte(kept), 0o600); err != nil {
			t.Fatal(err)
		}
		want := strings.Count(kept[:strings.LastIndex(kept, "\n")+1], `"entry"`)
		for restart, cfg := range []Config{{StatePath: path}, {StatePath: path}} {
			box, err := New(cfg)
			if err != nil {
				t.Fatalf("torn at %d, restart %d: %v", size, restart, err)
			}
			if have := len(box.state.ledger); have != want {
				t.Fatalf("torn at %d, restart %d: %d entries, want %d", size, restart, have, want)
			}
			if have := box.Machines(owner); have != 1+6*restart {
				t.Fatalf("torn at %d, restart %d: %d machines", size, restart, have)
			}
			if err := errors.Join(box.SetMachines(owner, 7), box.Close()); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestLastLineWithAHole(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	r := newRig(t, Config{StatePath: path})
	r.ok(ActionCreateInstance, buyMonth("b"))
	r.mustDo(r.box.Close())
	whole, err := os.ReadFile(path)
	r.mustDo(err)
	holed := append([]byte{}, whole...)
	for i := len(holed) - 100; i < len(holed)-50; i++ {
		holed[i] = 0
	}
	r.mustDo(os.WriteFile(path, holed, 0o600))
	box, err := New(Config{StatePath: path, Now: r.clock.now})
	if err != nil {
		t.Fatal(err)
	}
	if l := box.Ledger(); len(l) != 0 {
		t.Errorf("%+v", l)
	}
	r.mustDo(box.Close())
}

func TestDamagedOrForeignFileIsLeftAlone(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{
		"damaged":       journalHeader + "{\"at\":\n" + `{"at":"2026-01-31T04:00:00Z","balance_fen":5}` + "\n",
		"foreign":       "SQLite format 3\x00",
		"other version": strings.Replace(journalHeader, "1", "2", 1),
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := New(Config{StatePath: path}); err == nil {
			t.Errorf("%s: was opened", name)
		}
		if have, err := os.ReadFile(path); err != nil || string(have) != content {
			t.Errorf("%s: was changed to %q, %v", name, have, err)
		}
	}
	if _, err := New(Config{StatePath: dir}); err == nil {
		t.Error("a folder was opened")
	}
	if _, err := New(Config{StatePath: filepath.Join(dir, "no", "such", "folder")}); err == nil {
		t.Error("a file in no folder was opened")
	}
}

func TestOnlyOneHoldsTheFile(t *testing.T) {
	cfg := Config{StatePath: filepath.Join(t.TempDir(), "state")}
	first, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := New(cfg); err == nil {
		t.Fatal("two hold one file")
	} else {
		contains(t, err.Error(), "held by another process")
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	if err := first.Close(); err != nil {
		t.Error("closing twice is no mistake:", err)
	}
	second, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := second.Close(); err != nil {
		t.Fatal(err)
	}
	if err := second.SetBalance(5); !errors.Is(err, errJournalClosed) {
		t.Errorf("after Close: %v", err)
	}
}

// A file from before each period knew what was paid for it (testdata: a month and
// a renewed year of Pro, upgraded to Enterprise after 14 of 28 days) is read as if
// it always had.
func TestFileFromBeforePeriodsWerePaid(t *testing.T) {
	old, err := os.ReadFile("testdata/before-paid-periods.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	cfg := Config{StatePath: filepath.Join(t.TempDir(), "state")}
	if err := os.WriteFile(cfg.StatePath, old, 0o600); err != nil {
		t.Fatal(err)
	}
	r := newRig(t, cfg)
	const fee, year = 5 * 9000 / 2, 5 * 15000 * 12 * 85 / 100
	check := func(r *rig) {
		t.Helper()
		var paid []int64
		for _, p := range r.box.Instances()[0].Periods {
			paid = append(paid, p.PaidFen)
		}
		if want := []int64{buyMonthFen, fee, year}; !reflect.DeepEqual(paid, want) {
			t.Fatalf("%v, want %v", paid, want)
		}
	}
	check(r)
	// Where the rule of its day took another fee, the sum is still what was paid.
	for _, other := range []int64{-5, 5} {
		in := r.box.Instances()[0]
		in.PaidFen += other
		for i := range in.Periods {
			in.Periods[i].PaidFen = 0
		}
		var sum int64
		for _, p := range in.withPaid().Periods {
			sum += p.PaidFen
		}
		if sum != in.PaidFen {
			t.Errorf("periods of %d for an instance of %d", sum, in.PaidFen)
		}
	}
	in := r.box.Instances()[0].InstanceID
	r.mustDo(r.box.AdvanceCalendar(14 * day)) // the month's end
	r = r.again(cfg)
	check(r)
	r.ok(ActionRefundInstance, params{"InstanceId": in})
	r.wantLedger(buyMonthFen, 5*6000*12*85/100, fee+5*9000*12*85/100, -year)
}

// When the file takes no more, nobody is told that anything was sold: the write
// fails and nothing happened, or the fsync fails and nobody knows.
func TestFileThatFails(t *testing.T) {
	cfg := Config{StatePath: filepath.Join(t.TempDir(), "state")}
	r := newRig(t, cfg)
	file := r.box.journal.file
	readOnly, err := os.Open(cfg.StatePath)
	r.mustDo(err)
	r.box.journal.file = readOnly
	r.refused(ActionCreateInstance, buyMonth("t"), 500, "InternalError")
	r.mustDo(readOnly.Close())
	r.box.journal.file = file // healthy again, yet it stays broken until a restart
	r.refused(ActionCreateInstance, buyMonth("t"), 500, "InternalError")
	_ = r.box.Close()
	r = newRig(t, cfg)
	r.ok(ActionCreateInstance, buyMonth("t"))
}

// An fsync that fails comes after the write: the client hears 500, and a restart
// finds the work done.
func TestFsyncThatFails(t *testing.T) {
	cfg := Config{StatePath: filepath.Join(t.TempDir(), "state")}
	r := newRig(t, cfg)
	r.box.journal.fsync = func(*os.File) error { return errors.New("input/output error") }
	if g := r.call(ActionCreateInstance, buyMonth("t")); g.status != 500 || g.Code != "InternalError" {
		t.Fatalf("%d %s", g.status, g.body)
	}
	_ = r.box.Close()
	r = newRig(t, cfg)
	r.wantLedger(buyMonthFen)
	r.ok(ActionCreateInstance, buyMonth("t"))
	r.wantLedger(buyMonthFen)
}
