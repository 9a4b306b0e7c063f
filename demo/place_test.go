package demo_test

import (
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"testing"

	"portal/demo"
)

// folder is a place for a portal that has these files, by their names below it.
func folder(t *testing.T, has map[string]string) (dir string, at demo.Files) {
	t.Helper()
	dir = t.TempDir()
	for name, text := range has {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir, demo.Files{Database: filepath.Join(dir, "portal.db"), State: filepath.Join(dir, "portal.sandbox.jsonl")}
}

// left are the files below a folder, with what is in them.
func left(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || path == dir {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if d.IsDir() || err != nil {
			files[name] = "a folder"
			return err
		}
		text, err := os.ReadFile(path)
		files[name] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// build makes two files that say so.
func build(_ context.Context, to demo.Files) error {
	return errors.Join(os.WriteFile(to.Database, []byte("new"), 0o600), os.WriteFile(to.State, []byte("new too"), 0o600))
}

var whole = map[string]string{"portal.db": "new", "portal.sandbox.jsonl": "new too"}

// TestAWorldIsMadeWhole whatever a start that was cut off has left: each of these
// is what dying at one of the steps leaves, which the crash tests do for real.
func TestAWorldIsMadeWhole(t *testing.T) {
	for name, has := range map[string]map[string]string{
		"nothing":               nil,
		"a draft":               {"portal.db.new/database": "half of", "portal.db.new/database-wal": "it"},
		"a finished world":      {"portal.db.ready/database": "new", "portal.db.ready/state": "new too"},
		"its database is there": {"portal.db": "new", "portal.db.ready/state": "new too"},
		"both are there":        {"portal.db": "new", "portal.sandbox.jsonl": "new too", "portal.db.ready/notes": ""},
	} {
		t.Run(name, func(t *testing.T) {
			dir, at := folder(t, has)
			if due, err := at.Due(true); !due || err != nil {
				t.Fatalf("due: %v, %v", due, err)
			}
			if made, err := demo.Make(t.Context(), at, build); !made || err != nil {
				t.Fatalf("made: %v, %v", made, err)
			}
			if got := left(t, dir); !maps.Equal(got, whole) {
				t.Errorf("it leaves %v", got)
			}
			if due, err := at.Due(true); due || err != nil {
				t.Errorf("and is due again: %v, %v", due, err)
			}
		})
	}
}

// TestWhatIsThereIsLeftAlone: whoever has a database or a sandbox keeps it.
func TestWhatIsThereIsLeftAlone(t *testing.T) {
	for _, name := range []string{"portal.db", "portal.db-wal", "portal.db-journal", "portal.sandbox.jsonl"} {
		t.Run(name, func(t *testing.T) {
			has := map[string]string{name: "theirs"}
			dir, at := folder(t, has)
			if due, err := at.Due(true); due || err != nil {
				t.Errorf("due: %v, %v", due, err)
			}
			if made, err := demo.Make(t.Context(), at, build); made || err != nil {
				t.Errorf("made: %v, %v", made, err)
			}
			if got := left(t, dir); !maps.Equal(got, has) {
				t.Errorf("it leaves %v", got)
			}
		})
	}
	for _, name := range []string{"portal.db", "portal.sandbox.jsonl"} {
		t.Run("with a finished world, "+name, func(t *testing.T) {
			dir, at := folder(t, map[string]string{name: "theirs", "portal.db.ready/database": "new", "portal.db.ready/state": "new too"})
			if _, err := demo.Make(t.Context(), at, build); err == nil {
				t.Error("nobody is told")
			}
			if got := left(t, dir); got[name] != "theirs" {
				t.Errorf("it leaves %v", got)
			}
		})
	}
}

// TestACutOffBuildLeavesNothing: the next start begins as if there had been none.
func TestACutOffBuildLeavesNothing(t *testing.T) {
	dir, at := folder(t, nil)
	cut := errors.New("cut off")
	made, err := demo.Make(t.Context(), at, func(ctx context.Context, to demo.Files) error {
		return errors.Join(build(ctx, to), cut)
	})
	if made || !errors.Is(err, cut) {
		t.Errorf("made: %v, %v", made, err)
	}
	if got := left(t, dir); len(got) > 0 {
		t.Errorf("it leaves %v", got)
	}
}

// TestWithoutAPastNothingIsDue, but for what was made before somebody said so.
func TestWithoutAPastNothingIsDue(t *testing.T) {
	_, at := folder(t, nil)
	if due, err := at.Due(false); due || err != nil {
		t.Errorf("due: %v, %v", due, err)
	}
	_, at = folder(t, map[string]string{"portal.db": "new", "portal.db.ready/state": "new too"})
	if due, err := at.Due(false); !due || err != nil {
		t.Errorf("half of it is there, and due: %v, %v", due, err)
	}
}
