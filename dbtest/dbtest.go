// Package dbtest gives each test a database of its own: an SQLite file, or,
// where PORTAL_TEST_POSTGRES names a server, a PostgreSQL database that is
// dropped when the test ends. The same tests run on both.
package dbtest

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gorm.io/driver/postgres"
	"gorm.io/driver/sqlite"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"portal/store"
)

// Variable names a PostgreSQL server: the URL of a database on it from which
// others may be created. scripts/with-postgres.sh starts one and sets it.
const Variable = "PORTAL_TEST_POSTGRES"

// Postgres says whether tests run on PostgreSQL.
func Postgres() bool { return os.Getenv(Variable) != "" }

// NeedsPostgres skips a test that is about PostgreSQL where there is none.
func NeedsPostgres(t testing.TB) {
	t.Helper()
	if !Postgres() {
		t.Skip("needs a PostgreSQL server: `make test` starts one and runs this, and so does scripts/with-postgres.sh go test …")
	}
}

// NeedsSQLite skips a test that is about the file.
func NeedsSQLite(t testing.TB) {
	t.Helper()
	if Postgres() {
		t.Skip("is about SQLite's file")
	}
}

// Open opens a migrated database for this test, and closes it when the test
// ends. now may be nil.
func Open(t testing.TB, now func() time.Time) (s *store.Store, dsn string) {
	t.Helper()
	dsn = New(t)
	return Reopen(t, dsn, now), dsn
}

// Reopen opens a database once more, as another replica does.
func Reopen(t testing.TB, dsn string, now func() time.Time) *store.Store {
	t.Helper()
	s, err := store.Open(dsn, now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// New makes a migrated database for this test and gives what store.Open takes.
func New(t testing.TB) string {
	t.Helper()
	if Postgres() {
		template, err := template()
		if err != nil {
			t.Fatal(err)
		}
		return create(t, "TEMPLATE "+template)
	}
	data, err := migrated()
	if err != nil {
		t.Fatal(err)
	}
	return file(t, data)
}

// file is an SQLite database with this in it.
func file(t testing.TB, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "portal.db")
	if err := os.WriteFile(path, data, 0o600); err != nil { // #nosec G703 -- in the test's own folder
		t.Fatal(err)
	}
	return path
}

// Empty makes a database with nothing in it.
func Empty(t testing.TB) string {
	t.Helper()
	if Postgres() {
		return create(t, "")
	}
	return filepath.Join(t.TempDir(), "portal.db")
}

// Clone makes a database that holds what another one does, which nobody has open.
func Clone(t testing.TB, dsn string) string {
	t.Helper()
	from, ok := store.File(dsn)
	if !ok {
		u, err := url.Parse(dsn)
		if err != nil {
			t.Fatal(err)
		}
		return create(t, "TEMPLATE "+strings.Trim(u.Path, "/"))
	}
	if _, err := os.Stat(from + "-wal"); err == nil {
		t.Fatalf("%s is open", from)
	}
	data, err := os.ReadFile(from) // #nosec G304 -- a test's own
	if err != nil {
		t.Fatal(err)
	}
	return file(t, data)
}

// Raw opens a database beside the store, as somebody who has its file or its
// password could.
func Raw(t testing.TB, dsn string) *gorm.DB {
	t.Helper()
	dialector := postgres.Open(dsn)
	if path, ok := store.File(dsn); ok {
		dialector = sqlite.Open(path + "?_foreign_keys=on&_busy_timeout=10000")
	}
	db, err := gorm.Open(dialector, &gorm.Config{Logger: logger.Discard, TranslateError: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if pool, err := db.DB(); err == nil {
			_ = pool.Close()
		}
	})
	return db
}

// Dump is all that a database holds, as somebody with a copy of it would read it.
func Dump(t testing.TB, dsn string) string {
	t.Helper()
	var all strings.Builder
	if path, ok := store.File(dsn); ok {
		for _, suffix := range []string{"", "-wal"} {
			data, err := os.ReadFile(path + suffix) // #nosec G304 -- the test's own
			if err != nil {
				t.Fatal(err)
			}
			all.Write(data)
		}
		return all.String()
	}
	db := Raw(t, dsn)
	var tables, rows []string
	err := db.Raw(`SELECT tablename FROM pg_tables WHERE schemaname = 'public'`).Scan(&tables).Error
	for _, table := range tables {
		if err == nil {
			err = db.Raw(`SELECT t::text FROM ` + table + ` AS t`).Scan(&rows).Error
		}
		all.WriteString(strings.Join(rows, "\n"))
	}
	if err != nil {
		t.Fatal(err)
	}
	return all.String()
}

// Server is a connection to the PostgreSQL server itself, for what is done to a
// database from outside.
func Server(t testing.TB) *sql.DB {
	t.Helper()
	db, err := server()
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func migrate(dsn string) error {
	s, err := store.Open(dsn, nil)
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }()
	_, err = s.Migrate(context.Background())
	return err
}

// server is the connection that databases are created through.
var server = sync.OnceValues(func() (*sql.DB, error) {
	db, err := gorm.Open(postgres.Open(os.Getenv(Variable)), &gorm.Config{Logger: logger.Discard})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", Variable, err)
	}
	return db.DB()
})

// made counts this process's databases, so that each has a name of its own.
var made atomic.Int64

func name(what string) string { return fmt.Sprintf("portal_%s_%d_%d", what, os.Getpid(), made.Add(1)) }

// on is the URL of another database of the server.
func on(database string) (string, error) {
	u, err := url.Parse(os.Getenv(Variable))
	if err != nil {
		return "", err
	}
	u.Path = "/" + database
	return u.String(), nil
}

// migrated is a migrated SQLite file, made once in each process, that others are
// copied from.
var migrated = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "portal-template-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	path := filepath.Join(dir, "portal.db")
	if err := migrate(path); err != nil {
		return nil, err
	}
	return os.ReadFile(path) // #nosec G304 -- the tests' own
})

// template is a migrated database, made once in each process, that others are
// copied from. It stays when the process ends: the server is a throw-away one.
var template = sync.OnceValues(func() (string, error) {
	db, err := server()
	if err != nil {
		return "", err
	}
	template := name("template")
	if _, err := db.Exec("CREATE DATABASE " + template); err != nil {
		return "", err
	}
	dsn, err := on(template)
	if err == nil {
		err = migrate(dsn)
	}
	return template, err
})

func create(t testing.TB, how string) string {
	t.Helper()
	db, err := server()
	if err != nil {
		t.Fatal(err)
	}
	database := name("test")
	if _, err := db.Exec("CREATE DATABASE " + database + " " + how); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := db.Exec("DROP DATABASE " + database + " WITH (FORCE)"); err != nil {
			t.Error(err)
		}
	})
	dsn, err := on(database)
	if err != nil {
		t.Fatal(err)
	}
	return dsn
}
