package store_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"portal/dbtest"
	"portal/store"
)

// TestARestoreInPlaceThatFailsSellsNothing: from its first step to its last the
// database refuses to be served, and the next one does it all.
func TestARestoreInPlaceThatFailsSellsNothing(t *testing.T) {
	for _, at := range []string{"marked", "migrated", "settled", "live"} {
		t.Run(at, func(t *testing.T) {
			w, _ := inEvery(t)
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			r := w.restoring()
			r.Database = w.dsn
			r.Step = func(step string) error {
				if step == at {
					return errCrash
				}
				return nil
			}
			if _, err := r.RestoreInPlace(t.Context()); !errors.Is(err, errCrash) {
				t.Fatal(err)
			}
			w.nothingToSend(w.dsn, at == "live")
			r.Step = nil
			if _, err := r.RestoreInPlace(t.Context()); err != nil {
				t.Fatal(err)
			}
			w.nothingToSend(w.dsn, true)
		})
	}
}

// errCrash stops a restore in its middle.
var errCrash = errors.New("a crash")

// TestACrashOfARestoreSellsNothing: at each step the files are taken as a
// killed program leaves them, and the step fails as a full disk would have it.
// What is left then refuses to be served or is whole, and a second restore does
// it all.
func TestACrashOfARestoreSellsNothing(t *testing.T) {
	dbtest.NeedsSQLite(t)
	w, _ := inEvery(t)
	file := w.backup()
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for how, tc := range map[string]struct {
		steps []string
		whole string // the step at which the database is there, whole
	}{
		"a restore":        {[]string{"copied", "checked", "marked", "migrated", "settled", "live", "written", "renamed"}, "renamed"},
		"one in its place": {[]string{"checked", "marked", "migrated", "settled", "live"}, "live"},
	} {
		inPlace := how != "a restore"
		restore := func(r store.Restoration) error {
			if inPlace {
				return second(r.RestoreInPlace(t.Context()))
			}
			return second(r.Restore(t.Context(), file))
		}
		for _, at := range tc.steps {
			if inPlace && at == "checked" {
				continue // nothing was touched: as if it had not been begun
			}
			t.Run(how+" is killed at "+at, func(t *testing.T) {
				r, killed := w.restoring(), w.restoring()
				if inPlace {
					copyTo(t, r.Database, w.dsn)
				}
				var reached []string
				r.Step = func(step string) error {
					if reached = append(reached, step); step == at {
						return os.CopyFS(filepath.Dir(killed.Database), os.DirFS(filepath.Dir(r.Database)))
					}
					return nil
				}
				if err := restore(r); err != nil {
					t.Fatal(err)
				}
				if !slices.Equal(reached, tc.steps) {
					t.Fatalf("the steps are %v", reached)
				}
				w.nothingToSend(killed.Database, at == tc.whole)
				if at == "renamed" {
					return // that was all of it
				}
				if err := restore(killed); err != nil {
					t.Fatalf("once more: %v", err)
				}
				leaves(t, filepath.Dir(killed.Database), "portal.db")
				w.nothingToSend(killed.Database, true)
			})
			t.Run(how+" fails at "+at, func(t *testing.T) {
				r := w.restoring()
				if inPlace {
					copyTo(t, r.Database, w.dsn)
				}
				r.Step = func(step string) error {
					if step == at {
						return errCrash
					}
					return nil
				}
				if err := restore(r); !errors.Is(err, errCrash) {
					t.Fatal(err)
				}
				if !inPlace && at != tc.whole {
					leaves(t, filepath.Dir(r.Database)) // it has cleaned up behind itself
				}
				w.nothingToSend(r.Database, at == tc.whole)
			})
		}
	}
}

// nothingToSend looks at each database in a folder as serving would: it is a
// copy, or nothing in it is due and every account is held.
func (w *world) nothingToSend(path string, whole bool) {
	w.t.Helper()
	all := []string{path}
	if !dbtest.Postgres() {
		all = append(all, path+store.Restoring)
	}
	for _, file := range all {
		if _, err := os.Stat(file); !dbtest.Postgres() && errors.Is(err, os.ErrNotExist) {
			if file == path && whole {
				w.t.Error("there is no database")
			}
			continue
		}
		s, err := store.Open(file, w.now)
		if err != nil {
			w.t.Fatal(err)
		}
		err = s.Ready(w.t.Context())
		switch {
		case errors.As(err, new(*store.CopyError)):
			if file == path && whole {
				w.t.Error(err)
			}
		case err != nil:
			w.t.Errorf("%s: %v", filepath.Base(file), err)
		default:
			if due, err := s.Due(w.t.Context(), 10); err != nil || len(due) != 0 {
				w.t.Errorf("%s would send %v (%v)", filepath.Base(file), due, err)
			}
			if n, err := s.CountHeld(w.t.Context()); err != nil || n != 9 {
				w.t.Errorf("%s holds %d accounts (%v)", filepath.Base(file), n, err)
			}
		}
		if err := s.Close(); err != nil {
			w.t.Fatal(err)
		}
	}
}

func copyTo(t *testing.T, to, from string) {
	t.Helper()
	data, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, data, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}
