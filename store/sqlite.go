package store

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/mattn/go-sqlite3"
	"github.com/pressly/goose/v3"
	"gorm.io/driver/sqlite"
	"gorm.io/gorm"

	"portal/migrations"
)

// sqliteFile is an SQLite database: one file, one process that serves.
type sqliteFile struct {
	path   string
	opened *opened
	draft  bool // commits don't wait for the disk, see Draft
}

func newSQLite(path string) (dialect, error) {
	if scheme, _, found := strings.Cut(path, "://"); found {
		return nil, fmt.Errorf("%s://…: want the path of an SQLite file, or postgres://…", scheme)
	}
	if path == "" || strings.HasPrefix(path, ":memory:") || strings.HasPrefix(path, "file:") {
		return nil, errors.New("give the path of an SQLite file, such as portal.db; orders have to survive the process")
	}
	return sqliteFile{path: path, opened: &opened{}}, nil
}

func (d sqliteFile) open(now func() time.Time) (write, read *gorm.DB, err error) {
	// Hashes and orders are nobody else's to read: SQLite would make the file for
	// everybody. Its companions take the file's mode.
	f, err := os.OpenFile(d.path, os.O_CREATE|os.O_RDWR, 0o600) // #nosec G304 -- the operator names it
	if err != nil {
		return nil, nil, err
	}
	d.opened.database, err = f.Stat()
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, nil, err
	}
	if d.opened.path, err = filepath.EvalSymlinks(d.path); err != nil {
		return nil, nil, err
	}
	// One connection writes: SQLite has one writer, so waiting happens here and in
	// order. immediate: a deferred transaction that reads and then writes fails
	// under load.
	if write, err = d.pool(1, now, url.Values{"_txlock": {"immediate"}}); err != nil {
		return nil, nil, err
	}
	// Readers beside it never wait for the writer (WAL).
	if read, err = d.pool(8+1, now, url.Values{"_query_only": {"on"}}); err != nil {
		return write, nil, err
	}
	return write, read, d.opened.hold(read)
}

func (d sqliteFile) pool(connections int, now func() time.Time, query url.Values) (*gorm.DB, error) {
	// Everything stands in the DSN, so that every connection of the pool has it.
	// FULL: a commit that a power cut takes back would be a charge without a record.
	synchronous := "FULL"
	if d.draft {
		synchronous = "OFF"
	}
	for name, value := range map[string]string{
		"_journal_mode": "WAL", "_synchronous": synchronous, "_foreign_keys": "on", "_busy_timeout": "10000",
	} {
		if !query.Has(name) {
			query.Set(name, value)
		}
	}
	dsn := (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: filepath.Clean(d.path)}).EscapedPath(), RawQuery: query.Encode()}).String()
	config := gormConfig(now)
	config.PrepareStmt = true
	db, err := gorm.Open(sqlite.Open(dsn), config)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", d.path, err)
	}
	pool, err := db.DB()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", d.path, err)
	}
	pool.SetMaxOpenConns(connections)
	pool.SetMaxIdleConns(connections)
	return db, nil
}

// alone keeps everybody else out until the pool is closed. Without a write-ahead
// log beside it, the file is whole in itself then.
func (d sqliteFile) alone(now func() time.Time) (*gorm.DB, error) {
	db, err := d.pool(1, now, url.Values{
		"_journal_mode": {"DELETE"}, "_locking_mode": {"EXCLUSIVE"}, "_busy_timeout": {"1000"}, "_txlock": {"exclusive"},
	})
	if err == nil {
		// In this locking mode the lock stays when a transaction ends.
		err = db.Transaction(func(*gorm.DB) error { return nil })
	}
	return db, unusable(err)
}

// unusable puts into words why a file can't be restored.
func unusable(err error) error {
	var e sqlite3.Error
	if !errors.As(err, &e) {
		return err
	}
	switch e.Code {
	case sqlite3.ErrBusy, sqlite3.ErrLocked:
		return errInUse
	case sqlite3.ErrCorrupt:
		return fmt.Errorf("the file is damaged: %w", e)
	case sqlite3.ErrNotADB:
		return errors.New("it is no SQLite database")
	}
	return err
}

func (sqliteFile) nobodyElse(*gorm.DB) error { return nil } // they are kept out

func (sqliteFile) sound(db *gorm.DB) error {
	var problems []string
	if err := db.Raw(`PRAGMA integrity_check(3)`).Scan(&problems).Error; err != nil {
		return unusable(err)
	}
	if len(problems) != 1 || problems[0] != "ok" {
		return errors.New("the file is damaged: " + strings.Join(problems, "; "))
	}
	var broken []struct{ Table, Parent string }
	if err := db.Raw(`PRAGMA foreign_key_check`).Scan(&broken).Error; err != nil {
		return err
	}
	if len(broken) > 0 {
		return fmt.Errorf("the file is damaged: %d rows lack what they belong to, the first in %s (of %s)",
			len(broken), broken[0].Table, broken[0].Parent)
	}
	return noBytes(db)
}

// noBytes looks for values that are kept as bytes, which the portal never writes.
// A program reads them as the text or number that they spell, but they compare
// with none: a row with such an account or status looks whole, and is not found.
func noBytes(db *gorm.DB) error {
	var columns []struct{ Table, Column string }
	err := db.Raw(`SELECT t.name AS "table", c.name AS "column" FROM pragma_table_list AS t, pragma_table_info(t.name) AS c
		WHERE t.schema = 'main' AND t.type = 'table' AND t.name NOT LIKE 'sqlite\_%' ESCAPE '\' ORDER BY t.name, c.cid`).Scan(&columns).Error
	if err != nil {
		return err
	}
	conditions, tables := map[string][]string{}, []string{}
	for _, c := range columns {
		if conditions[c.Table] == nil {
			tables = append(tables, c.Table)
		}
		conditions[c.Table] = append(conditions[c.Table], "typeof("+quoted(c.Column)+") = 'blob'")
	}
	for _, table := range tables {
		var rows int64
		err := db.Raw(`SELECT count(*) FROM ` + quoted(table) + ` WHERE ` + strings.Join(conditions[table], " OR ")).Scan(&rows).Error
		if err != nil {
			return err
		}
		if rows > 0 {
			return fmt.Errorf("the file is damaged: %d rows of %s have bytes where text or a number belongs", rows, table)
		}
	}
	return nil
}

// quoted is a name as SQL takes any.
func quoted(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

func (sqliteFile) migrations() (fs.FS, goose.Dialect, []goose.ProviderOption, error) {
	dir, err := fs.Sub(migrations.SQLite, "sqlite")
	return dir, goose.DialectSQLite3, nil, err
}

func (sqliteFile) hasTable(db *gorm.DB, name string) (bool, error) {
	var tables int
	err := db.Raw(`SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = ?`, name).Scan(&tables).Error
	return tables > 0, err
}

// clock: the file has none, and one process serves it.
func (sqliteFile) clock(*gorm.DB) (time.Time, bool, error) { return time.Time{}, false, nil }

// The locks: a write transaction is the only one there is.

func (sqliteFile) lockReseller(*gorm.DB, int64, bool) error { return nil }
func (sqliteFile) lockAccount(*gorm.DB, int64) error        { return nil }
func (sqliteFile) lockNames(*gorm.DB, ...string) error      { return nil }
func (sqliteFile) lockLogs(*gorm.DB) error                  { return nil }

// again: whoever waits for the writer waits in line.
func (sqliteFile) again(error) bool { return false }

func (sqliteFile) engine(*gorm.DB) (string, []Trait, error) { return "", nil, nil }

func (sqliteFile) accountName() string { return "lower(name)" }

// exported says which index to walk: SQLite would take one on what is asked for,
// and collect and sort all matches again for every part of the export.
func (sqliteFile) exported(oneAccount bool) string {
	if oneAccount {
		return "orders INDEXED BY orders_by_account"
	}
	return "orders NOT INDEXED" // the primary key serves all the same
}
