package store

import (
	"context"
	"database/sql"
	"io/fs"
	"strings"
	"time"

	"github.com/pressly/goose/v3"
	"gorm.io/gorm"
)

// dialect is what SQLite and PostgreSQL do differently: one small file each.
// Everything else in this package is the same for both.
type dialect interface {
	// open opens a pool to write through and one that only reads. now is what gorm
	// takes for the time.
	open(now func() time.Time) (write, read *gorm.DB, err error)

	// migrations are the dialect's files, and how goose runs them.
	migrations() (fs.FS, goose.Dialect, []goose.ProviderOption, error)
	// hasTable says whether there is a table of this name.
	hasTable(db *gorm.DB, name string) (bool, error)
	// there fails where what is written would go to a database that nobody will
	// find again.
	there() error
	// undone says whether an error of a commit means that nothing was committed:
	// not where the commit may have gone through.
	undone(err error) bool
	// intact is a quick look for damage, where nobody else looks for it.
	intact(ctx context.Context, write, read *gorm.DB) error
	// anew has a pool make its next connections anew, where a connection may hold on
	// to what is over.
	anew(pool *sql.DB)
	// letGo ends what open holds beside the pools.
	letGo() error

	// alone opens the database for one who restores it, and fails with errInUse
	// when somebody else uses it; so does nobodyElse when somebody came since.
	alone(now func() time.Time) (*gorm.DB, error)
	nobodyElse(db *gorm.DB) error
	// sound looks for damage, where the database may have some that nobody noticed.
	sound(db *gorm.DB) error

	// clock reads the database's clock. ok is false where it is this process's own.
	clock(db *gorm.DB) (at time.Time, ok bool, err error)

	// lockAccount makes others that lock this account wait until the transaction
	// has ended, and lockNames others that lock one of these names.
	lockAccount(tx *gorm.DB, accountID int64) error
	// lockReseller makes others that change this reseller's prices wait until the
	// transaction has ended; who only reads them lets others do so, too.
	lockReseller(tx *gorm.DB, resellerID int64, toRead bool) error
	lockNames(tx *gorm.DB, names ...string) error
	// lockLogs makes others that append to the logs of the audit wait until the
	// transaction has ended, and waits itself until none is appending.
	lockLogs(tx *gorm.DB) error
	// again says whether the database broke a transaction off, in favour of another
	// one or with its connection, so that it did nothing and may do better in a
	// second run.
	again(err error) bool

	// engine is behind Store.Engine.
	engine(db *gorm.DB) (name string, traits []Trait, err error)

	// accountName is what accounts are found by whose name begins with something:
	// the name in lower case as far as ASCII goes, compared byte by byte. There is an
	// index of it.
	accountName() string

	// exported is the table of orders for an export, which takes whatever matches
	// and walks the ids downwards: all of them, or one account's.
	exported(oneAccount bool) string
}

// dialectOf is the dialect of the database that dsn names: postgres:// or
// postgresql:// is PostgreSQL, anything else the path of an SQLite file.
func dialectOf(dsn string) (dialect, error) {
	if isPostgres(dsn) {
		return newPostgres(dsn)
	}
	return newSQLite(dsn)
}

func isPostgres(dsn string) bool {
	scheme, _, found := strings.Cut(dsn, "://")
	return found && (scheme == "postgres" || scheme == "postgresql")
}

// CheckDSN says what is wrong with the name of a database, without opening it.
// Neither it nor any other error of this package repeats a password.
func CheckDSN(dsn string) error {
	_, err := dialectOf(dsn)
	return err
}

// File is the path of the SQLite file that dsn names; false for PostgreSQL.
func File(dsn string) (string, bool) { return dsn, !isPostgres(dsn) }

// Name is what to call the database that dsn names on a terminal and in a log:
// the path of a file, or a PostgreSQL database's host and name without user,
// password and options.
func Name(dsn string) string {
	if isPostgres(dsn) {
		return postgresName(dsn)
	}
	return dsn
}
