// Package store keeps the domain in a database: transactions, the one function
// that moves an order, and queries for pages, which all take the viewer.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/pressly/goose/v3"
	"gorm.io/driver/sqlite"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"portal/migrations"
	"portal/models"
)

// Store is the database. It is safe for concurrent use.
type Store struct {
	write *gorm.DB // one connection: SQLite has one writer, so waiting happens here and in order
	read  *gorm.DB // a pool beside it: readers never wait for the writer (WAL)
	now   func() time.Time

	background sync.WaitGroup // what Close waits for
}

// Open opens the database that dsn names: a path to an SQLite file. The clock
// gives the current time; nil is the system's. The schema is not touched:
// see Migrate.
func Open(dsn string, now func() time.Time) (*Store, error) {
	if now == nil {
		now = time.Now
	}
	if scheme, _, found := strings.Cut(dsn, "://"); found {
		// The seam for PostgreSQL: another dialector, another folder of migrations.
		return nil, fmt.Errorf("database %s://…: only a path to an SQLite file is supported", scheme)
	}
	if dsn == "" || strings.HasPrefix(dsn, ":memory:") || strings.HasPrefix(dsn, "file:") {
		return nil, errors.New("database: give the path of an SQLite file, such as portal.db; orders have to survive the process")
	}
	s := &Store{now: func() time.Time { return now().UTC().Truncate(time.Microsecond) }}
	// Hashes and orders are nobody else's to read: SQLite would make the file for
	// everybody. Its companions take the file's mode.
	f, err := os.OpenFile(dsn, os.O_CREATE|os.O_RDWR, 0o600) // #nosec G304 -- the operator names it
	if err != nil {
		return nil, fmt.Errorf("database: %w", err)
	}
	if err := f.Close(); err != nil {
		return nil, fmt.Errorf("database: %w", err)
	}
	// immediate: a deferred transaction that reads and then writes fails under load.
	if s.write, err = openSQLite(dsn, 1, s.now, url.Values{"_txlock": {"immediate"}}); err != nil {
		return nil, err
	}
	if s.read, err = openSQLite(dsn, 8, s.now, url.Values{"_query_only": {"on"}}); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func openSQLite(file string, connections int, now func() time.Time, query url.Values) (*gorm.DB, error) {
	// Everything stands in the DSN, so that every connection of the pool has it.
	// FULL: a commit that a power cut takes back would be a charge without a record.
	query.Set("_journal_mode", "WAL")
	query.Set("_synchronous", "FULL")
	query.Set("_foreign_keys", "on")
	query.Set("_busy_timeout", "10000")
	dsn := (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: filepath.Clean(file)}).EscapedPath(), RawQuery: query.Encode()}).String()
	db, err := gorm.Open(sqlite.Open(dsn), &gorm.Config{
		// Errors are returned; statements hold names, hashes and tokens, so none is logged.
		Logger:                 logger.Discard,
		NowFunc:                now,
		PrepareStmt:            true,
		TranslateError:         true,
		SkipDefaultTransaction: true,
	})
	if err != nil {
		return nil, fmt.Errorf("database %s: %w", file, err)
	}
	pool, err := db.DB()
	if err != nil {
		return nil, fmt.Errorf("database %s: %w", file, err)
	}
	pool.SetMaxOpenConns(connections)
	pool.SetMaxIdleConns(connections)
	return db, nil
}

// Close closes every connection.
func (s *Store) Close() error {
	s.background.Wait()
	var errs []error
	for _, db := range []*gorm.DB{s.write, s.read} {
		if db == nil {
			continue
		}
		pool, err := db.DB()
		if err == nil {
			err = pool.Close()
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// Now is the store's clock, UTC, to the microsecond that is stored.
func (s *Store) Now() time.Time { return s.now() }

func (s *Store) goose() (*goose.Provider, error) {
	pool, err := s.write.DB()
	if err != nil {
		return nil, err
	}
	dir, err := fs.Sub(migrations.SQLite, "sqlite")
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(goose.DialectSQLite3, pool, dir)
}

// Migrate brings the schema up to date and returns the files that it applied.
func (s *Store) Migrate(ctx context.Context) ([]string, error) {
	p, err := s.goose()
	if err != nil {
		return nil, err
	}
	results, err := p.Up(ctx)
	if err != nil {
		return nil, fmt.Errorf("migrating: %w", err)
	}
	var done []string
	for _, r := range results {
		done = append(done, r.Source.Path)
	}
	return done, nil
}

// ErrNotMigrated is a schema that is older than the program.
var ErrNotMigrated = errors.New("the database's schema is older than this program: run `portal migrate`")

// ErrTooNew is a schema that a newer program made. Writing to it with an older
// one could break rules that the older one doesn't know.
var ErrTooNew = errors.New("the database's schema is newer than this program: run the newer program, or restore the backup from before its upgrade")

// Ready says whether the database answers and its schema is this program's.
func (s *Store) Ready(ctx context.Context) error {
	current, err := s.version(ctx)
	if err != nil {
		return err
	}
	newest, err := newestVersion()
	switch {
	case err != nil:
		return err
	case current < newest:
		return ErrNotMigrated
	case current > newest:
		return ErrTooNew
	}
	return nil
}

// Fresh says whether the database has no schema yet.
func (s *Store) Fresh(ctx context.Context) (bool, error) {
	version, err := s.version(ctx)
	return version == 0, err
}

// version is the schema's, 0 before the first migration. It only reads, and
// never waits for the writer.
func (s *Store) version(ctx context.Context) (int64, error) {
	db := s.read.WithContext(ctx)
	var tables int
	err := db.Raw(`SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'goose_db_version'`).Scan(&tables).Error
	if err != nil || tables == 0 {
		return 0, err
	}
	var version int64
	err = db.Raw(`SELECT coalesce(max(version_id), 0) FROM goose_db_version WHERE is_applied`).Scan(&version).Error
	return version, err
}

// newestVersion is the newest migration that this program brings along.
func newestVersion() (int64, error) {
	files, err := fs.Glob(migrations.SQLite, "sqlite/*.sql")
	if err != nil {
		return 0, err
	}
	var newest int64
	for _, file := range files {
		version, err := goose.NumericComponent(path.Base(file))
		if err != nil {
			return 0, err
		}
		newest = max(newest, version)
	}
	return newest, nil
}

// BindProvider remembers which provider ("sandbox" or "alibaba") this
// database's orders belong to, and refuses another one from then on: no test
// order may ever reach the real provider.
func (s *Store) BindProvider(ctx context.Context, name string) error {
	return s.tx(ctx, func(tx *gorm.DB) error {
		err := tx.Exec(`INSERT INTO settings (name, value) VALUES ('provider', ?) ON CONFLICT DO NOTHING`, name).Error
		if err != nil {
			return err
		}
		bound, err := provider(tx)
		if err != nil {
			return err
		}
		if bound != name {
			return &OtherProviderError{Bound: bound, Asked: name}
		}
		return nil
	})
}

// Provider is the provider that the database is bound to, empty before the
// first start.
func (s *Store) Provider(ctx context.Context) (string, error) {
	return provider(s.read.WithContext(ctx))
}

func provider(db *gorm.DB) (string, error) {
	var bound string
	err := db.Raw(`SELECT value FROM settings WHERE name = 'provider'`).Scan(&bound).Error
	return bound, err
}

// OtherProviderError is a database that belongs to another provider.
type OtherProviderError struct{ Bound, Asked string }

func (e *OtherProviderError) Error() string {
	return fmt.Sprintf("this database belongs to provider %q and can't be used with %q: name another file with --database", e.Bound, e.Asked)
}

// writeWait bounds a write with its waiting for the one connection: somebody
// who waits for a page gets one, and a worker tries again.
const writeWait = 12 * time.Second

// Writable says whether the database takes writes. It changes nothing.
func (s *Store) Writable(ctx context.Context) error {
	return s.tx(ctx, func(*gorm.DB) error { return nil })
}

// tx runs f in one write transaction.
func (s *Store) tx(ctx context.Context, f func(tx *gorm.DB) error) error {
	ctx, cancel := context.WithTimeout(ctx, writeWait)
	defer cancel()
	return s.write.WithContext(ctx).Transaction(f, &sql.TxOptions{})
}

// first reads one row, or models.ErrNotFound.
func first[T any](db *gorm.DB) (T, error) {
	var row T
	err := db.Take(&row).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		err = models.ErrNotFound
	}
	return row, err
}

// create inserts a row, or models.ErrExists when something unique is taken.
func create(db *gorm.DB, row any) error {
	err := db.Create(row).Error
	if errors.Is(err, gorm.ErrDuplicatedKey) {
		return models.ErrExists
	}
	return err
}
