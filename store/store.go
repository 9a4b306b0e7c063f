// Package store keeps the domain in a database: transactions, the one function
// that moves an order, and queries for pages, which all take the viewer.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/pressly/goose/v3"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"portal/failpoint"
	"portal/models"
)

// Store is the database. It is safe for concurrent use.
type Store struct {
	dialect
	write *gorm.DB
	read  *gorm.DB // takes no writes, and never waits for one
	clock clock
	watch *watch

	background sync.WaitGroup // what Close waits for
}

// Open opens the database that dsn names: the path of an SQLite file, or a
// PostgreSQL database as postgres://USER:PASSWORD@HOST:PORT/NAME. A clock is
// for tests; nil is the database's own where it has one, else the system's. The
// schema is not touched: see Migrate.
func Open(dsn string, now func() time.Time) (*Store, error) {
	d, err := dialectOf(dsn)
	if err != nil {
		return nil, fmt.Errorf("database: %w", err)
	}
	return openWith(d, now)
}

// Draft opens an SQLite file for who makes a database that nobody uses before it
// is whole, and that is thrown away when that is cut off: no commit waits for the
// disk. Once it is closed, the file is whole in itself, and the caller's to sync.
func Draft(path string, now func() time.Time) (*Store, error) {
	return openWith(sqliteFile{path: path, opened: &opened{}, draft: true}, now)
}

func openWith(d dialect, now func() time.Time) (s *Store, err error) {
	s = &Store{dialect: d, clock: newClock(now), watch: newWatch()}
	s.write, s.read, err = d.open(s.now)
	if err == nil {
		_, err = s.at(s.read) // so that the first page goes by the right clock, too
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("database: %w", err), s.Close())
	}
	return s, nil
}

// gormConfig is what both dialects are opened with.
func gormConfig(now func() time.Time) *gorm.Config {
	return &gorm.Config{
		// Errors are returned; statements hold names, hashes and tokens, so none is logged.
		Logger:                 logger.Discard,
		NowFunc:                now,
		TranslateError:         true,
		SkipDefaultTransaction: true,
	}
}

// Close closes every connection.
func (s *Store) Close() error {
	s.background.Wait()
	errs := []error{s.letGo()}
	for _, db := range []*gorm.DB{s.write, s.read} {
		if db == nil {
			continue
		}
		pool, err := db.DB()
		if prepared, ok := db.ConnPool.(*gorm.PreparedStmtDB); ok {
			prepared.Close() // GORM never forgets its statements by itself, nor what they hold
		}
		if err == nil {
			err = pool.Close()
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func (s *Store) goose() (*goose.Provider, error) {
	pool, err := s.write.DB()
	if err != nil {
		return nil, err
	}
	dir, dialect, options, err := s.migrations()
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(dialect, pool, dir, append(options, goose.WithVerbose(true), goose.WithLogger(statements{}))...)
}

// statements is told of each statement of a migration before it runs. It logs
// none.
type statements struct{}

func (statements) Printf(string, ...any) { failpoint.Hit(failpoint.MigrateStatement) }
func (statements) Fatalf(string, ...any) {}

// Migrate brings the schema up to date and returns the files that it applied. A
// copy is left as it is (CopyError): restoring brings it up to date.
func (s *Store) Migrate(ctx context.Context) ([]string, error) {
	if err := s.Live(ctx); err != nil {
		return nil, err
	}
	return s.migrate(ctx)
}

func (s *Store) migrate(ctx context.Context) ([]string, error) {
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

// Ready says whether the database answers, is no copy, and has this program's
// schema.
func (s *Store) Ready(ctx context.Context) error {
	if err := s.Live(ctx); err != nil {
		return err
	}
	return s.Schema(ctx)
}

// Schema says whether the schema is this program's: what may be read, a copy,
// too.
func (s *Store) Schema(ctx context.Context) error {
	current, err := s.version(ctx)
	if err != nil {
		return err
	}
	newest, err := s.newestVersion()
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
	there, err := s.hasTable(db, "goose_db_version")
	if err != nil || !there {
		return 0, err
	}
	var version int64
	err = db.Raw(`SELECT coalesce(max(version_id), 0) FROM goose_db_version WHERE is_applied`).Scan(&version).Error
	return version, err
}

// newestVersion is the newest migration that this program brings along.
func (s *Store) newestVersion() (int64, error) {
	dir, _, _, err := s.migrations()
	if err != nil {
		return 0, err
	}
	files, err := fs.Glob(dir, "*.sql")
	if err != nil {
		return 0, err
	}
	var newest int64
	for _, file := range files {
		version, err := goose.NumericComponent(file)
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
	check := func(bound string, err error) error {
		if err == nil && bound != name {
			err = &OtherProviderError{Bound: bound, Asked: name}
		}
		return err
	}
	// A start writes nothing that is there: also on a full disk people can look.
	if bound, err := s.Provider(ctx); err != nil || bound != "" {
		return check(bound, err)
	}
	return s.tx(ctx, func(tx *gorm.DB) error {
		err := tx.Exec(`INSERT INTO settings (name, value) VALUES ('provider', ?) ON CONFLICT DO NOTHING`, name).Error
		if err != nil {
			return err
		}
		return check(provider(tx)) // another replica may have been quicker
	})
}

// Provider is the provider that the database is bound to, empty before the
// first start.
func (s *Store) Provider(ctx context.Context) (string, error) {
	return provider(s.read.WithContext(ctx))
}

func provider(db *gorm.DB) (string, error) { return setting(db, "provider") }

// setting is what the database is set to, empty while nothing was set.
func setting(db *gorm.DB, name string) (string, error) {
	var value string
	err := db.Raw(`SELECT value FROM settings WHERE name = ?`, name).Scan(&value).Error
	return value, err
}

// OtherProviderError is a database that belongs to another provider.
type OtherProviderError struct{ Bound, Asked string }

func (e *OtherProviderError) Error() string {
	return fmt.Sprintf("this database belongs to provider %q and can't be used with %q: name another one with --database", e.Bound, e.Asked)
}

// writeWait bounds a write with its waiting for its turn: somebody who waits
// for a page gets one, and a worker tries again.
const writeWait = 12 * time.Second

// runs is how often a transaction is run that the database breaks off.
const runs = 5

// tx runs f in one write transaction. On SQLite it is the only one; on
// PostgreSQL others run beside it, so f first locks what it reads to decide
// what it writes: every statement then sees what has been committed before
// (read committed). Where the database breaks the transaction off, in favour of
// another one or with its connection, f runs again: it begins with nothing and
// does nothing but speak to the database, so that is harmless.
//
// An error means that nothing was written, but for an UndecidedError.
func (s *Store) tx(ctx context.Context, f func(tx *gorm.DB) error) error {
	ctx, cancel := context.WithTimeout(ctx, writeWait)
	defer cancel()
	for run := 1; ; run++ {
		err := s.commit(ctx, f)
		if err == nil || run == runs || errors.As(err, new(*UndecidedError)) || !s.again(err) {
			s.Notice(err)
			return err
		}
		// Not at the same moment as the other one, once more.
		pause := time.NewTimer(time.Duration(run) * rand.N(20*time.Millisecond)) //nolint:gosec // nobody gains by guessing it
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return err
		}
	}
}

func (s *Store) commit(ctx context.Context, f func(tx *gorm.DB) error) error {
	committing := false
	err := s.write.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		err := f(tx)
		if err == nil {
			err = s.there()
		}
		committing = err == nil
		return err
	}, &sql.TxOptions{Isolation: sql.LevelReadCommitted})
	switch {
	case errors.Is(err, sql.ErrTxDone) && ctx.Err() != nil:
		return ctx.Err() // which database/sql has seen to before the commit
	case err != nil && committing && !s.undone(err):
		return &UndecidedError{err}
	}
	return err
}

// snapshot reads several tables as they are at one moment.
func (s *Store) snapshot(ctx context.Context, f func(tx *gorm.DB) error) error {
	err := s.read.WithContext(ctx).Transaction(f, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	if errors.Is(err, sql.ErrTxDone) && ctx.Err() != nil {
		err = ctx.Err()
	}
	s.Notice(err)
	return err
}

// step is tx with a name, for the tests that end the program on either side of
// its commit.
func (s *Store) step(ctx context.Context, at failpoint.Step, f func(tx *gorm.DB) error) error {
	err := s.tx(ctx, func(tx *gorm.DB) error {
		if err := f(tx); err != nil {
			return err
		}
		failpoint.Hit(at.BeforeCommit)
		return nil
	})
	if err == nil {
		failpoint.Hit(at.AfterCommit)
	}
	return err
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

// add is create in a transaction of its own.
func add[T any](ctx context.Context, s *Store, row T) (T, error) {
	var kept T
	err := s.tx(ctx, func(tx *gorm.DB) error {
		kept = row
		return create(tx, &kept)
	})
	return kept, err
}
