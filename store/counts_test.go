package store_test

import (
	"fmt"
	"testing"
	"time"

	"portal/models"
	"portal/store"
)

var (
	pace      = store.CountPace{Every: 24 * time.Hour, Spacing: 5 * time.Second, Lease: time.Minute}
	throttled = &models.CountError{Failure: models.CountThrottled}
)

// turn is whose machines are read now, 0 for nobody's.
func (w *world) turn() int64 {
	w.t.Helper()
	account, err := w.NextCount(w.t.Context(), pace)
	if err != nil {
		w.t.Fatal(err)
	}
	if account == nil {
		return 0
	}
	return account.ID
}

func (w *world) counted(machines int, failed error) {
	w.t.Helper()
	if err := w.KeepCount(w.t.Context(), w.account, models.Count{Machines: machines, ReadAt: w.Now()}, failed, pace); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) known() models.AccountCount {
	w.t.Helper()
	c, err := w.AccountCount(w.t.Context(), w.account.ID)
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

// TestOneTurnForAllReplicas: together, at one moment and after a restart, they
// ask no more than the pace allows, and never for the same account.
func TestOneTurnForAllReplicas(t *testing.T) {
	w := newWorld(t)
	for i := range 5 {
		w.customer(int64(3000+i), fmt.Sprintf("%d@example.com", i))
	}
	replicas, read := w.replicas(4), map[int64]bool{}
	for round := range 6 {
		turns, all := make([]int64, 4), make([]func() error, 4)
		for i, s := range replicas {
			all[i] = func() error {
				account, err := s.NextCount(t.Context(), pace)
				if account != nil {
					turns[i] = account.ID
				}
				return err
			}
		}
		for _, err := range together(all...) {
			if err != nil {
				t.Fatal(err)
			}
		}
		given := 0
		for _, id := range turns {
			if id == 0 {
				continue
			}
			if given++; read[id] {
				t.Errorf("account %d is read twice", id)
			}
			read[id] = true
		}
		if given != 1 {
			t.Errorf("round %d: %d turns", round, given)
		}
		w.pass(pace.Spacing)
	}
	if len(read) != 6 || w.turn() != 0 {
		t.Errorf("read %v of 6", read)
	}
	w.pass(pace.Lease)
	if w.turn() == 0 {
		t.Error("what a crash has left is never read again")
	}
}

func TestSellingGoesBeforeCounting(t *testing.T) {
	w := newWorld(t)
	o := w.place()
	if w.turn() != 0 {
		t.Error("read while an order is due")
	}
	o, attempt := w.claim(o)
	if w.turn() != 0 {
		t.Error("read while an order is being sent")
	}
	if err := w.Answer(t.Context(), o, attempt, done, completed); err != nil {
		t.Fatal(err)
	}
	if w.turn() != w.account.ID {
		t.Error("not read when nothing is to be sold")
	}
}

func TestACountIsKeptAndAFailureLeavesIt(t *testing.T) {
	w := newWorld(t)
	w.turn()
	w.counted(30, nil)
	first := w.known()
	if first.Machines != 30 || !first.ReadAt.Equal(w.Now()) || first.Failure != "" || !first.DueAt.Equal(models.NextCount(w.account, pace.Every, w.Now())) {
		t.Fatalf("%+v", first)
	}
	w.pass(time.Hour)
	w.counted(0, throttled)
	if c := w.known(); c.Machines != 30 || !c.ReadAt.Equal(*first.ReadAt) || c.Failure != models.CountThrottled || c.Failures != 1 || !c.DueAt.Equal(w.Now().Add(15*time.Minute)) {
		t.Errorf("%+v", c)
	}
	w.pass(15 * time.Minute)
	w.counted(31, nil)
	if c := w.known(); c.Machines != 31 || c.Failure != "" || c.FailedAt != nil || c.Failures != 0 {
		t.Errorf("%+v", c)
	}
	t.Run("and an older read comes too late", func(t *testing.T) {
		old := models.Count{Machines: 5, ReadAt: w.Now().Add(-time.Minute)}
		if err := w.KeepCount(t.Context(), w.account, old, nil, pace); err != nil {
			t.Fatal(err)
		}
		if c := w.known(); c.Machines != 31 {
			t.Errorf("%+v", c)
		}
	})
}

// TestTroubleSlowsAllReadsDown: each failure doubles the pause for every
// account, up to its bound, and one success ends that.
func TestTroubleSlowsAllReadsDown(t *testing.T) {
	w := newWorld(t)
	for i := range 40 {
		w.customer(int64(3000+i), fmt.Sprintf("%d@example.com", i))
	}
	free := func() time.Duration {
		t.Helper()
		for waited := time.Duration(0); waited <= 20*time.Minute; waited += 5 * time.Second {
			if w.turn() != 0 {
				return waited
			}
			w.pass(5 * time.Second)
		}
		t.Fatal("never again")
		return 0
	}
	free()
	for _, want := range []time.Duration{10 * time.Second, 20 * time.Second, 40 * time.Second} {
		w.counted(0, throttled)
		if got := free(); got != want {
			t.Errorf("waited %s, want %s", got, want)
		}
	}
	for range 10 {
		w.counted(0, throttled)
	}
	if got := free(); got != 15*time.Minute {
		t.Errorf("waited %s at most", got)
	}
	w.counted(30, nil)
	if got := free(); got != pace.Spacing {
		t.Errorf("after a success %s", got)
	}
}

// TestWhatSomebodyLookedAtIsKept, and needs no read in the background.
func TestWhatSomebodyLookedAtIsKept(t *testing.T) {
	w := newWorld(t)
	note := func(machines int, failed error) {
		t.Helper()
		if err := w.NoteCount(t.Context(), w.account.OwnerID, models.Count{Machines: machines, ReadAt: w.Now()}, failed); err != nil {
			t.Fatal(err)
		}
	}
	note(30, nil)
	due := w.known()
	if due.Machines != 30 || !due.ReadAt.Equal(w.Now()) {
		t.Fatalf("%+v", due)
	}
	if w.turn() != 0 {
		t.Error("read again at once")
	}
	if c := w.known(); !c.DueAt.After(w.Now().Add(pace.Every/2 - 1)) {
		t.Errorf("due again at %s", c.DueAt)
	}
	w.pass(time.Second)
	note(30, nil)
	if c := w.known(); c.ReadAt.Equal(w.Now()) {
		t.Error("the same news is written each second")
	}
	note(31, nil)
	if c := w.known(); c.Machines != 31 {
		t.Errorf("%+v", c)
	}
	note(0, throttled)
	if c := w.known(); c.Machines != 31 || c.Failure != models.CountThrottled {
		t.Errorf("%+v", c)
	}
	if err := w.NoteCount(t.Context(), 999, models.Count{Machines: 1, ReadAt: w.Now()}, nil); err != nil {
		t.Error("of nobody's:", err)
	}
}

func TestCountsInSum(t *testing.T) {
	w := newWorld(t)
	w.customer(3000, "b@example.com")
	sum := func() store.CountsInSum {
		t.Helper()
		c, err := w.CountsInSum(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	begin := w.Now()
	if c := sum(); c.Unread != 2 || c.Failing != 0 || !c.Oldest.IsZero() || !c.Overdue.Equal(begin) {
		t.Errorf("%+v", c)
	}
	w.counted(30, nil)
	w.pass(time.Hour)
	w.counted(0, throttled)
	if c := sum(); c.Unread != 1 || c.Failing != 1 || !c.Oldest.Equal(begin) {
		t.Errorf("%+v", c)
	}
}
