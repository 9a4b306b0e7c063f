package store

import (
	"context"
	"database/sql"
	"errors"
	"io"
	"io/fs"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"portal/migrations"
	"portal/models"
)

// postgresServer is a database on a PostgreSQL server, which several replicas
// may share.
type postgresServer struct{ config *pgx.ConnConfig }

// postgresConnections is how many connections a replica has at the most: so
// many to write through, and as many to read. What is read can't keep the
// answer to a charge from being written.
const postgresConnections = 10

// newPostgres reads a URL. Its parser's errors are never repeated: they quote
// what they could not read, and that may be a part of the password.
func newPostgres(dsn string) (dialect, error) {
	const want = "want postgres://USER:PASSWORD@HOST:PORT/NAME, in which these signs in USER or PASSWORD are written otherwise: @ %40, : %3A, / %2F, ? %3F, # %23, % %25"
	_, rest, _ := strings.Cut(dsn, "://")
	authority, tail := rest, ""
	if end := strings.IndexAny(rest, "/?#"); end >= 0 {
		authority, tail = rest[:end], rest[end:]
	}
	// Then a password's / or ? has ended the host too early, and what follows is
	// the rest of the password.
	if strings.ContainsAny(tail, "@#") || strings.Count(authority, "@") > 1 {
		return nil, errors.New("postgres://… can't be read: " + want)
	}
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		return nil, errors.New("postgres://…, or a variable or file of PostgreSQL's own (PGPASSFILE, PGSSLROOTCERT …), can't be read: " + want)
	}
	if path, _, _ := strings.Cut(tail, "?"); strings.Trim(path, "/") == "" {
		return nil, errors.New("postgres://… names no database: " + want)
	}
	config.ConnectTimeout = min(config.ConnectTimeout, writeWait)
	return postgresServer{config}, nil
}

// postgresName is the server and the database, without user, password and
// options.
func postgresName(dsn string) string {
	d, err := newPostgres(dsn)
	if err != nil {
		return "postgres://…"
	}
	config := d.(postgresServer).config
	host := config.Host
	if !strings.HasPrefix(host, "/") { // else the folder of its socket
		host = net.JoinHostPort(host, strconv.Itoa(int(config.Port)))
	}
	return "postgres://" + host + "/" + url.PathEscape(config.Database)
}

func (d postgresServer) open(now func() time.Time) (write, read *gorm.DB, err error) {
	if write, err = d.pool(now, ""); err != nil {
		return nil, nil, err
	}
	read, err = d.pool(now, "; SET default_transaction_read_only = on")
	return write, read, err
}

func (d postgresServer) pool(now func() time.Time, more string) (*gorm.DB, error) {
	pool := stdlib.OpenDB(*d.config, stdlib.OptionAfterConnect(func(ctx context.Context, c *pgx.Conn) error {
		c.TypeMap().RegisterType(&pgtype.Type{
			Name: "timestamptz", OID: pgtype.TimestamptzOID, Codec: &pgtype.TimestamptzCodec{ScanLocation: time.UTC},
		})
		_, err := c.PgConn().Exec(ctx, postgresSession+more).ReadAll()
		return err
	}))
	pool.SetMaxOpenConns(postgresConnections)
	pool.SetMaxIdleConns(postgresConnections)
	pool.SetConnMaxIdleTime(5 * time.Minute)
	// So that connections come back to a server that was away, or that a load
	// balancer has put in another's place.
	pool.SetConnMaxLifetime(30 * time.Minute)
	config := gormConfig(now)
	// pgx prepares statements by itself. Whoever waits for a page gets one, also
	// while the server is silent.
	config.DefaultContextTimeout, config.DefaultTransactionTimeout = writeWait, writeWait
	db, err := gorm.Open(postgres.New(postgres.Config{Conn: pool}), config)
	if err != nil {
		return nil, errors.Join(err, pool.Close())
	}
	return db, nil
}

// postgresSession is what every connection begins with. A commit that a power
// cut takes back would be a charge without a record, whatever the server's
// default is; and a replica that is paused inside a transaction, or whose
// machine is gone, must not keep the others from its rows for longer than they
// wait, nor from the lock of migrations.
const postgresSession = `SET TIME ZONE 'UTC'; SET application_name = 'portal';
	SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off';
	SET idle_in_transaction_session_timeout = '10s';
	SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 4`

// alone uses another name than a portal does, which it looks for.
func (d postgresServer) alone(now func() time.Time) (*gorm.DB, error) {
	db, err := d.pool(now, "; SET application_name = 'portal restore'")
	if err == nil {
		err = d.nobodyElse(db)
	}
	return db, err
}

func (postgresServer) nobodyElse(db *gorm.DB) error {
	for range 10 {
		var others int
		err := db.Raw(`SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'portal'`).Scan(&others).Error
		if err != nil || others == 0 {
			return err
		}
		time.Sleep(200 * time.Millisecond) // the server sees a connection for a moment after its portal has ended
	}
	return errInUse
}

// sound: the server checks what it loads from a dump.
func (postgresServer) sound(*gorm.DB) error { return nil }

// migrations run in one program at a time: replicas that start together wait
// for the first. (A session's lock ends with its connection, so that a program
// that dies in between keeps nobody out.)
func (postgresServer) migrations() (fs.FS, goose.Dialect, []goose.ProviderOption, error) {
	dir, err := fs.Sub(migrations.Postgres, "postgres")
	if err != nil {
		return nil, "", nil, err
	}
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 300))
	return dir, goose.DialectPostgres, []goose.ProviderOption{goose.WithSessionLocker(locker)}, err
}

func (postgresServer) hasTable(db *gorm.DB, name string) (bool, error) {
	var there bool
	err := db.Raw(`SELECT to_regclass(?) IS NOT NULL`, name).Scan(&there).Error
	return there, err
}

func (postgresServer) there() error { return nil }

// undone: the server has said so, and not while it was being shut down.
func (postgresServer) undone(err error) bool {
	if errors.Is(err, sql.ErrTxDone) || errors.Is(err, pgx.ErrTxCommitRollback) {
		return true
	}
	switch state := sqlState(err); state {
	case "40000", "40001", "40002", "40P01": // not 40003, statement_completion_unknown
		return true
	default:
		return strings.HasPrefix(state, "23")
	}
}

// intact: the server looks at its own files.
func (postgresServer) intact(context.Context, *gorm.DB, *gorm.DB) error { return nil }

func (postgresServer) letGo() error { return nil }

// anew: a session keeps what its database was set to when it began, and stays
// with a server that has become a standby.
func (postgresServer) anew(pool *sql.DB) {
	pool.SetMaxIdleConns(0)
	pool.SetMaxIdleConns(postgresConnections)
}

// clock is the server's, because replicas may stand on machines that differ.
// It is not the transaction's beginning, which may lie before a wait.
func (postgresServer) clock(db *gorm.DB) (time.Time, bool, error) {
	var at time.Time
	err := db.Raw(`SELECT clock_timestamp()`).Scan(&at).Error
	return at, true, err
}

// lockAccount locks the account's row. NO KEY: rows that only refer to the
// account need not wait.
func (postgresServer) lockAccount(tx *gorm.DB, accountID int64) error {
	var id int64
	return tx.Model(&models.Account{}).Select("id").Where("id = ?", accountID).
		Clauses(clause.Locking{Strength: "NO KEY UPDATE"}).Scan(&id).Error
}

// lockReseller locks the reseller's row: placings share it, and a change of its
// prices has it alone.
func (postgresServer) lockReseller(tx *gorm.DB, resellerID int64, toRead bool) error {
	strength := "NO KEY UPDATE"
	if toRead {
		strength = "SHARE"
	}
	var id int64
	return tx.Model(&models.Reseller{}).Select("id").Where("id = ?", resellerID).
		Clauses(clause.Locking{Strength: strength}).Scan(&id).Error
}

// lockNames locks what has no row yet. In one order, so that two who lock the
// same names can't wait for each other.
func (postgresServer) lockNames(tx *gorm.DB, names ...string) error {
	for _, name := range slices.Sorted(slices.Values(names)) {
		if err := tx.Exec(`SELECT pg_advisory_xact_lock(hashtextextended(?, 0))`, name).Error; err != nil {
			return err
		}
	}
	return nil
}

// lockLogs: ids are given before they are committed, so that a lower one may be
// committed later; when nobody is appending, there is none. Everybody who appends
// waits for whoever has this or waits for it, so it gives up early, and a program
// that is paused with it is cut off early: the next checkpoint covers it all.
func (postgresServer) lockLogs(tx *gorm.DB) error {
	return tx.Exec(`SET LOCAL lock_timeout = '1s'; SET LOCAL idle_in_transaction_session_timeout = '2s';
		LOCK TABLE checkpoints IN SHARE ROW EXCLUSIVE MODE; LOCK TABLE events, outside_events, order_notes, changes IN SHARE MODE`).Error
}

func (postgresServer) again(err error) bool {
	switch sqlState(err) {
	case "40001", // serialization_failure
		"40P01", // deadlock_detected
		"57P01": // the server, or somebody, has ended this connection; others may work
		return true
	case "0A000": // cached plan must not change result type: a migration ran, and pgx has forgotten the plan by now
		return strings.Contains(err.Error(), "cached plan")
	}
	return pgconn.SafeToRetry(err)
}

func (postgresServer) accountName() string { return `lower(name COLLATE "C")` }

// exported needs no hint: the planner knows how many rows match.
func (postgresServer) exported(bool) string { return "orders" }

// sqlState is the server's code for an error, empty for another's error.
func sqlState(err error) string {
	var e *pgconn.PgError
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

// postgresFault goes by the classes of PostgreSQL's codes.
func postgresFault(err error) models.FaultKind {
	var (
		connect *pgconn.ConnectError
		network *net.OpError
	)
	if errors.Is(err, pgconn.ErrConnClosed) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.As(err, &connect) || errors.As(err, &network) || pgconn.SafeToRetry(err) {
		return models.FaultAway // whatever the server gives as its reason to let nobody in
	}
	state := sqlState(err)
	if len(state) != 5 {
		return ""
	}
	switch state {
	case "53100", // disk_full
		"53400": // configuration_limit_exceeded: a quota
		return models.FaultFull
	case "58030": // io_error
		return models.FaultIO
	case "XX001", "XX002": // data_corrupted, index_corrupted
		return models.FaultDamaged
	case "25006", // read_only_sql_transaction: a standby
		"42501": // insufficient_privilege
		return models.FaultReadOnly
	case "55P03", // lock_not_available
		"40001", "40P01", // also in the last run
		"57014": // query_canceled: it took too long
		return models.FaultLocked
	case "25P03", // idle_in_transaction_session_timeout
		"3D000", // the database is gone
		"0A000": // see again
		return models.FaultAway
	}
	switch state[:2] {
	case "08", // connection exceptions
		"28", // the password or the right to connect has gone
		"53", // out of memory or connections
		"57", // shut down, or starting
		"58", // an error of its machine
		"XX": // an error of its own
		return models.FaultAway
	}
	return ""
}
