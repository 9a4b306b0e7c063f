package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/mattn/go-sqlite3"
	"gorm.io/gorm"

	"portal/models"
)

// lasting is a migrated file on a disk that does not give a number of a removed
// file to the next one at once, where there is one.
func lasting(t *testing.T) (*Store, string) {
	t.Helper()
	dir := t.TempDir()
	if memory, err := os.MkdirTemp("/dev/shm", "portal-"); err == nil {
		t.Cleanup(func() { _ = os.RemoveAll(memory) })
		dir = memory
	}
	return migrated(t, filepath.Join(dir, "portal.db"))
}

func migrated(t *testing.T, path string) (*Store, string) {
	t.Helper()
	s, err := Open(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	if _, err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if fault := s.Probe(t.Context()); fault != nil {
		t.Fatal(fault.Err)
	}
	return s, path
}

// TestWhoGivesUpTakesNothingAway: database/sql closes the connection of a
// transaction that is given up, and SQLite removes its log with the last one.
func TestWhoGivesUpTakesNothingAway(t *testing.T) {
	s, _ := lasting(t)
	for _, giveUp := range []struct {
		begin func(context.Context, func(*gorm.DB) error) error
		pool  *gorm.DB
	}{{s.tx, s.write}, {s.snapshot, s.read}} {
		pool, err := giveUp.pool.DB()
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		err = giveUp.begin(ctx, func(tx *gorm.DB) error {
			var n int
			if err := tx.Raw(`SELECT count(*) FROM settings`).Scan(&n).Error; err != nil {
				t.Error(err)
			}
			before, deadline := pool.Stats().OpenConnections, time.Now().Add(time.Minute)
			cancel()
			for pool.Stats().OpenConnections == before { // database/sql does so beside
				if time.Now().After(deadline) {
					t.Fatal("the connection stays open")
				}
				runtime.Gosched()
			}
			return nil
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("given up: %v", err)
		}
	}
	if fault := s.Probe(t.Context()); fault != nil {
		t.Errorf("%s: %v", fault.Kind, fault.Err)
	}
}

// TestTheLogIsMissedBesideTheFileItself, where the database was opened by a link.
func TestTheLogIsMissedBesideTheFileItself(t *testing.T) {
	dir := t.TempDir()
	link, file := filepath.Join(dir, "link.db"), filepath.Join(dir, "portal.db")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(file, link); err != nil {
		t.Fatal(err)
	}
	s, _ := migrated(t, link)
	if err := os.Remove(file + "-wal"); err != nil {
		t.Fatal(err)
	}
	if fault := s.Probe(t.Context()); fault == nil || fault.Kind != models.FaultMoved {
		t.Errorf("%+v", fault)
	}
}

// TestDamageIsAFaultAtOnce, not when all of the file has been looked at, which
// takes its time.
func TestDamageIsAFaultAtOnce(t *testing.T) {
	s, _ := migrated(t, filepath.Join(t.TempDir(), "portal.db"))
	s.Notice(fmt.Errorf("reading: %w", sqlite3.Error{Code: sqlite3.ErrCorrupt}))
	if fault := s.Fault(); fault == nil || fault.Kind != models.FaultDamaged {
		t.Fatalf("%+v", fault)
	}
	if fault := s.Probe(t.Context()); fault != nil {
		t.Errorf("all of it is whole: %v", fault.Err)
	}
}
