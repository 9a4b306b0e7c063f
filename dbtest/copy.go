package dbtest

import (
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"portal/store"
)

// Copy takes a copy of a database that is in use, as an operator would, and
// gives the file: portal backup's, or pg_dump's.
func Copy(t testing.TB, dsn string, now func() time.Time) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "copy")
	if path, ok := store.File(dsn); ok {
		if _, err := store.Backup(t.Context(), path, file, now); err != nil {
			t.Fatal(err)
		}
		return file
	}
	client(t, "pg_dump", "--format=custom", "--file="+file, dsn)
	return file
}

// Restore makes a live database of a copy, as an operator would: portal restore,
// or pg_restore and portal restore --in-place.
func Restore(t testing.TB, file string, now func() time.Time) (dsn string, done store.Restored) {
	t.Helper()
	dsn = Empty(t)
	r := store.Restoration{Database: dsn, Provider: "sandbox", Actor: "command:root", Now: now}
	var err error
	if Postgres() {
		client(t, "pg_restore", "--no-owner", "--exit-on-error", "--dbname="+dsn, file)
		done, err = r.RestoreInPlace(t.Context())
	} else {
		done, err = r.Restore(t.Context(), file)
	}
	if err != nil {
		t.Fatal(err)
	}
	return dsn, done
}

// client runs a program of PostgreSQL's.
func client(t testing.TB, name string, args ...string) {
	t.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil { // #nosec G204 -- pg_dump and pg_restore
		t.Fatalf("%s: %v\n%s", name, err, out)
	}
}
