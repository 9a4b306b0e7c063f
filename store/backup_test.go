package store_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"gorm.io/gorm"

	"portal/dbtest"
	"portal/models"
	"portal/store"
)

// orphan damages a database: an account of a reseller that is not there.
func (w *world) orphan() {
	w.t.Helper()
	err := w.raw().Connection(func(db *gorm.DB) error {
		if err := db.Exec(`PRAGMA foreign_keys = off`).Error; err != nil {
			return err
		}
		return db.Exec(`UPDATE accounts SET reseller_id = 999`).Error
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

// leaves holds what is in a folder against names.
func leaves(t *testing.T, dir string, want ...string) {
	t.Helper()
	var got []string
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("the folder has %v, want %v", got, want)
	}
}

func TestABackupIsOneFileThatNobodyElseReads(t *testing.T) {
	dbtest.NeedsSQLite(t)
	w := newWorld(t)
	w.order(pro25)
	dir := t.TempDir()
	file := filepath.Join(dir, "copy.db")
	defer syscall.Umask(syscall.Umask(0)) // the widest: only the program keeps others out
	c, err := store.Backup(t.Context(), w.dsn, file, w.now)
	if err != nil {
		t.Fatal(err)
	}
	leaves(t, dir, "copy.db")
	info, err := os.Stat(file)
	if err != nil || info.Mode() != 0o600 || info.Size() != c.Bytes {
		t.Errorf("%v %v", info.Mode(), err)
	}
	if !c.TakenAt.Equal(w.Now()) || c.Orders != 1 || c.OpenOrders != 0 || c.Accounts != 1 || c.Users != 1 {
		t.Errorf("%+v", c)
	}
}

// TestABackupUnderLoadIsOfOneMoment: ten people order and a worker carries out,
// while copies are made of the same file through connections of their own. Each
// copy has whole orders only, and all that were there when it began.
func TestABackupUnderLoadIsOfOneMoment(t *testing.T) {
	dbtest.NeedsSQLite(t)
	w := newWorld(t)
	type person struct {
		account models.Account
		viewer  models.Viewer
	}
	var people []person
	for i := range 10 {
		account, viewer := w.customer(int64(2000+i), fmt.Sprintf("p%d@example.com", i))
		people = append(people, person{account, viewer})
	}
	stop := make(chan struct{})
	var all sync.WaitGroup
	var settled atomic.Int64
	moved := make(chan struct{}, 1)
	for _, p := range people {
		all.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				ctx := context.Background()
				q, err := w.AddQuote(ctx, p.viewer, models.Quote{
					AccountID: p.account.ID, Kind: models.Buy, Edition: models.Pro, Cycle: models.Month, Duration: 1,
					InstanceCount: 25, CountReadAt: w.Now(), PriceBookHash: "book", ExpiresAt: w.Now().Add(day),
					Lines: pro25.Lines,
				})
				if err != nil {
					t.Error(err)
					return
				}
				o, err := w.PlaceOrder(ctx, by(p.viewer), q.ID, asQuoted)
				if err == nil {
					var attempt models.Attempt
					if o, attempt, err = w.Claim(ctx, o, "CreateInstance", 0); err == nil {
						err = w.Answer(ctx, o, attempt, models.Answer{Outcome: models.OutcomeRejected},
							store.Next{Status: models.Rejected, Reason: models.ReasonRefused})
					}
				}
				if err != nil {
					t.Error(err)
					return
				}
				settled.Add(1)
				select {
				case moved <- struct{}{}:
				default:
				}
			}
		})
	}
	var copies []string
	ended := make(chan struct{})
	go func() { all.Wait(); close(ended) }()
	for i := range 5 {
		for range 10 { // the writers go on while and after each copy is made
			select {
			case <-moved:
			case <-ended:
				t.Fatal("the writers have given up")
			}
		}
		before := settled.Load()
		file := filepath.Join(t.TempDir(), fmt.Sprintf("copy-%d.db", i))
		c, err := store.Backup(t.Context(), w.dsn, file, w.now)
		if err != nil {
			t.Fatal(err)
		}
		if c.Orders < before {
			t.Errorf("%d orders were settled before, the copy has %d", before, c.Orders)
		}
		copies = append(copies, file)
	}
	close(stop)
	all.Wait()
	for _, file := range copies {
		c, err := store.Open(file, w.now)
		if err != nil {
			t.Fatal(err)
		}
		orders, err := c.Orders(t.Context(), w.operator(), store.OrderFilter{}, 0, 1_000_000)
		if err != nil || len(orders) == 0 {
			t.Fatal(len(orders), err)
		}
		for _, o := range orders {
			events, err := c.Events(t.Context(), o.ID)
			if err != nil || len(events) == 0 || events[len(events)-1].To != o.Status {
				t.Fatalf("order %s is %s, its events are %+v (%v)", o.Number, o.Status, events, err)
			}
			attempts, err := c.Attempts(t.Context(), o.ID)
			if err != nil || len(attempts) != o.Attempts {
				t.Fatalf("order %s has made %d attempts, %d are there (%v)", o.Number, o.Attempts, len(attempts), err)
			}
			before := ""
			for _, e := range events {
				if e.Hash != e.Chain(before) {
					t.Fatalf("order %s: a broken chain", o.Number)
				}
				before = e.Hash
			}
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestABackupOverwritesNothing(t *testing.T) {
	dbtest.NeedsSQLite(t)
	w := newWorld(t)
	dir := t.TempDir()
	file := filepath.Join(dir, "copy.db")
	if err := os.WriteFile(file, []byte("precious"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Backup(t.Context(), w.dsn, file, w.now); err == nil || !strings.Contains(err.Error(), "there already") {
		t.Errorf("%v", err)
	}
	if got, _ := os.ReadFile(file); string(got) != "precious" {
		t.Errorf("it holds %q now", got)
	}
	leaves(t, dir, "copy.db")
}

func TestABackupThatFailsLeavesNothing(t *testing.T) {
	dbtest.NeedsSQLite(t)
	w := newWorld(t)
	t.Run("ended by a signal", func(t *testing.T) {
		dir := t.TempDir()
		ctx, cancel := context.WithCancel(t.Context())
		calls := 0
		_, err := store.Backup(ctx, w.dsn, filepath.Join(dir, "copy.db"), func() time.Time {
			if calls++; calls == 1 {
				cancel() // the clock is read right before the copying
			}
			return w.now()
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%v", err)
		}
		leaves(t, dir)
	})
	t.Run("of a damaged database", func(t *testing.T) {
		dir := t.TempDir()
		w.orphan()
		_, err := store.Backup(t.Context(), w.dsn, filepath.Join(dir, "copy.db"), w.now)
		if err == nil || !strings.Contains(err.Error(), "damaged") {
			t.Errorf("%v", err)
		}
		leaves(t, dir)
	})
}

// TestABackupGoesOnWhereOneCrashed: what it has left of its own is no reason to
// fail, what has another's name is.
func TestABackupGoesOnWhereOneCrashed(t *testing.T) {
	dbtest.NeedsSQLite(t)
	w := newWorld(t)
	dir := t.TempDir()
	file := filepath.Join(dir, "copy.db")
	for _, name := range []string{file + ".part", file + ".part-journal"} {
		if err := os.WriteFile(name, []byte("half a page"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := store.Backup(t.Context(), w.dsn, file, w.now); err != nil {
		t.Fatal(err)
	}
	leaves(t, dir, "copy.db")
}

func TestWhatCanNotBeBackedUp(t *testing.T) {
	dbtest.NeedsSQLite(t)
	w := newWorld(t)
	empty := filepath.Join(t.TempDir(), "empty.db")
	if s, err := store.Open(empty, nil); err != nil || s.Close() != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct{ from, want string }{
		"a database that is not there": {filepath.Join(t.TempDir(), "missing.db"), "no such file"},
		"one with nothing in it":       {empty, "nothing in it"},
		"a copy":                       {w.backup(), "copy the file"},
		"a PostgreSQL database":        {"postgres://u:hidden@h/d", "pg_dump"},
	} {
		dir := t.TempDir()
		if _, err := store.Backup(t.Context(), tc.from, filepath.Join(dir, "copy.db"), nil); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v", name, err)
		}
		leaves(t, dir)
	}
}

// TestNobodySellsFromACopy: it would send again what was sent since.
func TestNobodySellsFromACopy(t *testing.T) {
	dbtest.NeedsSQLite(t)
	w := newWorld(t)
	c, err := store.Open(w.backup(), w.now)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	for what, err := range map[string]error{
		"it is ready": c.Ready(t.Context()), "it was migrated": second(c.Migrate(t.Context())), "it is live": c.Live(t.Context()),
	} {
		var isCopy *store.CopyError
		if !errors.As(err, &isCopy) || !isCopy.TakenAt.Equal(w.Now()) || !strings.Contains(err.Error(), "portal restore") {
			t.Errorf("%s: %v", what, err)
		}
	}
}
