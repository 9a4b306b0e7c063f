package store_test

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"gorm.io/gorm"

	"portal/dbtest"
	"portal/models"
	"portal/store"
)

// TestWhatPostgreSQLMeansByItsCodes: what passes when the server is well again
// is told from the program's own mistakes.
func TestWhatPostgreSQLMeansByItsCodes(t *testing.T) {
	for code, want := range map[string]bool{
		"08006": true, "08003": true, // the connection broke, is gone
		"28P01": true,                // the password was changed
		"25006": true,                // a standby
		"53100": true, "53200": true, // the disk, the memory is full
		"53300": true,                                              // too many connections
		"55P03": true,                                              // a lock that was not to be had
		"57P01": true, "57P02": true, "57P03": true, "57014": true, // stopped, crashed, starting, cancelled
		"58030": true,                               // its disk fails
		"25P03": true, "40001": true, "40P01": true, // broken off, also at the last try
		"3D000": true, "42501": true, // no such database, no right
		"XX001": true, // damaged
		"23505": false, "23514": false, "23000": false, "42601": false, "42P01": false, "22021": false,
	} {
		err := fmt.Errorf("doing something: %w", &pgconn.PgError{Code: code})
		if store.Unavailable(err) != want {
			t.Errorf("%s: unavailable is %v", code, !want)
		}
	}
	if store.Unavailable(&os.PathError{Op: "open", Path: "x", Err: os.ErrPermission}) {
		t.Error("a file is no database")
	}
}

// TestAConnectionThatIsCutInTheMiddle of a transaction leaves nothing of it, and
// the next one works.
func TestAConnectionThatIsCutInTheMiddle(t *testing.T) {
	dbtest.NeedsPostgres(t)
	w := newWorld(t)
	err := w.Tx(t.Context(), func(tx *gorm.DB) error {
		if err := tx.Exec(`UPDATE accounts SET name = 'changed'`).Error; err != nil {
			return err
		}
		var pid int
		if err := tx.Raw(`SELECT pg_backend_pid()`).Scan(&pid).Error; err != nil {
			return err
		}
		if err := w.raw().Exec(`SELECT pg_terminate_backend(?)`, pid).Error; err != nil {
			t.Fatal(err)
		}
		return tx.Exec(`UPDATE accounts SET name = 'again'`).Error
	})
	if !store.Unavailable(err) {
		t.Fatalf("got %v", err)
	}
	if account, err := w.Account(t.Context(), w.viewer, w.account.ID); err != nil || account.Name != w.account.Name {
		t.Fatalf("%q, %v", account.Name, err)
	}
	w.place()
}

// TestEveryConnectionIsCut, those that read as well: each of them finds out by
// itself, and nothing that is asked afterwards fails.
func TestEveryConnectionIsCut(t *testing.T) {
	dbtest.NeedsPostgres(t)
	w := newWorld(t)
	o := w.place()
	cut := `SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`
	if err := w.raw().Exec(cut).Error; err != nil {
		t.Fatal(err)
	}
	// The connection that was cut says so once.
	if _, err := w.Order(t.Context(), w.viewer, o.Number); err != nil && !store.Unavailable(err) {
		t.Error(err)
	}
	if err := w.CancelOrder(t.Context(), by(w.viewer), o.Number); err != nil && !store.Unavailable(err) {
		t.Error(err)
	}
	if err := w.CancelOrder(t.Context(), by(w.viewer), o.Number); err != nil && !errors.Is(err, models.ErrConflict) {
		t.Fatal(err)
	}
	w.buyAndExpire()
}

// TestAServerThatTakesNoWrites is found out, and is no mistake of the program's.
func TestAServerThatTakesNoWrites(t *testing.T) {
	dbtest.NeedsPostgres(t)
	w := newWorld(t)
	quote := w.quote(w.viewer, w.account)
	if fault := w.Probe(t.Context()); fault != nil {
		t.Fatal(fault.Err)
	}
	if err := w.raw().Exec(`DO $$ BEGIN EXECUTE 'ALTER DATABASE ' || current_database() || ' SET default_transaction_read_only = on'; END $$`).Error; err != nil {
		t.Fatal(err)
	}
	standby := dbtest.Reopen(t, w.dsn, w.now)
	if fault := standby.Probe(t.Context()); fault == nil || fault.Kind != models.FaultReadOnly || standby.Fault() != fault {
		t.Errorf("it takes writes, or %+v", fault)
	}
	if _, err := standby.PlaceOrder(t.Context(), by(w.viewer), quote.ID, asQuoted); !store.Unavailable(err) {
		t.Errorf("placing: %v", err)
	}
	if _, err := standby.Quote(t.Context(), w.viewer, quote.ID); err != nil {
		t.Errorf("reading: %v", err)
	}
}

// TestWhatIsReadWritesNothing: pages have connections of their own that can't.
func TestWhatIsReadWritesNothing(t *testing.T) {
	w := newWorld(t)
	if err := w.Reader().Exec(`UPDATE accounts SET name = 'x'`).Error; err == nil {
		t.Error("a page's connection wrote")
	}
}

// TestACommitIsOnDiskBeforeItCounts, whatever the server's default is; and a
// replica that is paused in a transaction loses it before others have waited for
// it in vain.
func TestACommitIsOnDiskBeforeItCounts(t *testing.T) {
	dbtest.NeedsPostgres(t)
	dsn := dbtest.New(t)
	if err := dbtest.Raw(t, dsn).Exec(`DO $$ BEGIN EXECUTE 'ALTER DATABASE ' || current_database() || ' SET synchronous_commit = off'; END $$`).Error; err != nil {
		t.Fatal(err)
	}
	s := dbtest.Reopen(t, dsn, nil)
	for setting, want := range map[string]string{
		"synchronous_commit": "on", "idle_in_transaction_session_timeout": "10s", "TimeZone": "UTC",
	} {
		var got string
		err := s.Tx(t.Context(), func(tx *gorm.DB) error { return tx.Raw(`SELECT current_setting(?)`, setting).Scan(&got).Error })
		if err != nil || got != want {
			t.Errorf("%s is %q (%v), want %q", setting, got, err, want)
		}
	}
}

// TestAWrongPasswordIsNotRepeated by any error of opening.
func TestAWrongPasswordIsNotRepeated(t *testing.T) {
	dbtest.NeedsPostgres(t)
	u, err := url.Parse(dbtest.New(t))
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.UserPassword("nobody-here", "hidden")
	nowhere := *u
	nowhere.RawQuery = url.Values{"host": {t.TempDir()}}.Encode()
	for _, dsn := range []string{u.String(), nowhere.String(), "postgres://me:hidden@127.0.0.1:1/portal?connect_timeout=1"} {
		s, err := store.Open(dsn, nil)
		if err == nil {
			_ = s.Close()
			t.Errorf("opened as %s", dsn)
			continue
		}
		if !store.Unavailable(err) {
			t.Errorf("it is taken for a mistake: %v", err)
		}
		for e := err; e != nil; e = errors.Unwrap(e) {
			if text := e.Error(); strings.Contains(text, "hidden") {
				t.Errorf("the error shows it: %s", text)
			}
		}
	}
}

// TestWhatIsReadTogetherIsOfOneMoment: what commits in between is not seen.
func TestWhatIsReadTogetherIsOfOneMoment(t *testing.T) {
	w := newWorld(t)
	o := w.place()
	err := w.Snapshot(t.Context(), func(tx *gorm.DB) error {
		var before, after int64
		if err := tx.Model(&models.Attempt{}).Count(&before).Error; err != nil {
			return err
		}
		w.claim(o)
		if err := tx.Model(&models.Attempt{}).Count(&after).Error; err != nil {
			return err
		}
		if after != before {
			t.Errorf("%d attempts, then %d", before, after)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestTheEngineIsTriedOut: this one keeps nothing over a power cut, and has
// everything else; and nothing of the tries stays.
func TestTheEngineIsTriedOut(t *testing.T) {
	w := newWorld(t)
	name, traits, err := w.Engine(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !dbtest.Postgres() {
		if name != "" || len(traits) != 0 {
			t.Errorf("%s %v", name, traits)
		}
		return
	}
	if !strings.HasPrefix(name, "PostgreSQL ") || len(traits) != 7 {
		t.Errorf("%s %v", name, traits)
	}
	for _, trait := range traits {
		if want := trait.Name == "commits that last"; trait.Err != nil || (trait.Missing != "") != want {
			t.Errorf("%+v", trait)
		}
	}
	var left int64
	if err := w.raw().Raw(`SELECT count(*) FROM pg_class WHERE relname LIKE 'portal_try%'`).Scan(&left).Error; err != nil || left != 0 {
		t.Errorf("%d tables stay (%v)", left, err)
	}
}

// TestAReplicaNeedsNoRightToTheSchema: docs/postgresql.md tells which rights are
// enough, and the history is nobody's to change with them.
func TestAReplicaNeedsNoRightToTheSchema(t *testing.T) {
	dbtest.NeedsPostgres(t)
	dsn := dbtest.Empty(t)
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	owner, replica := strings.ReplaceAll(strings.TrimPrefix(u.Path, "/"), "test", "owner"), strings.ReplaceAll(strings.TrimPrefix(u.Path, "/"), "test", "replica")
	super := dbtest.Raw(t, dsn)
	say := func(db *gorm.DB, statements ...string) {
		t.Helper()
		for _, sql := range statements {
			if err := db.Exec(strings.NewReplacer("$owner", owner, "$replica", replica, "$database", strings.TrimPrefix(u.Path, "/")).Replace(sql)).Error; err != nil {
				t.Fatal(err)
			}
		}
	}
	as := func(role string) string {
		u.User = url.UserPassword(role, "any")
		return u.String()
	}
	say(super, `CREATE ROLE $owner LOGIN`, `CREATE ROLE $replica LOGIN`, `ALTER DATABASE $database OWNER TO $owner`)
	t.Cleanup(func() { say(dbtest.Raw(t, os.Getenv(dbtest.Variable)), `DROP ROLE $replica`, `DROP ROLE $owner`) })
	t.Cleanup(func() {
		say(super, `DROP OWNED BY $replica CASCADE`, `DROP OWNED BY $owner CASCADE`, `ALTER DATABASE $database OWNER TO CURRENT_USER`)
	})

	say(dbtest.Raw(t, as(owner)), `ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE ON TABLES TO $replica`)
	migrating := dbtest.Reopen(t, as(owner), nil)
	if _, err := migrating.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	guide, err := os.ReadFile("../docs/postgresql.md")
	if err != nil {
		t.Fatal(err)
	}
	grant := regexp.MustCompile(`(?m)^(GRANT DELETE ON .+ TO )portal;`).FindSubmatch(guide)
	if grant == nil {
		t.Fatal("docs/postgresql.md says no longer what may be deleted")
	}
	say(dbtest.Raw(t, as(owner)), string(grant[1])+"$replica")

	w := &world{t: t, dsn: as(replica), at: time.Date(2026, 1, 31, 2, 0, 0, 0, time.UTC)}
	w.Store = dbtest.Reopen(t, w.dsn, w.now)
	if applied, err := w.Migrate(t.Context()); err != nil || len(applied) != 0 {
		t.Fatalf("a start when there is nothing to migrate: %v %v", applied, err)
	}
	w.account, w.viewer = w.customer(1001, "a@example.com")
	w.order(pro25)
	w.record(models.Renewed, 60*day)
	limit := store.Limit{Name: "name:a", Failures: 5, Window: time.Minute}
	for _, err := range []error{
		w.BindProvider(t.Context(), "sandbox"), second(w.Attempt(t.Context(), limit)), w.Succeed(t.Context(), limit), w.Sweep(t.Context()),
		w.Ready(t.Context()), w.SetLanguage(t.Context(), w.viewer.User.ID, "en"),
	} {
		if err != nil {
			t.Error(err)
		}
	}
	admin, all, _ := w.sold()
	for _, rules := range []models.PriceFacts{{"": 15_00}, {}} {
		if err := w.setPrices(admin, all, rules); err != nil {
			t.Error(err)
		}
	}
	h := &history{world: w, keys: auditKey(t, "")}
	h.sign()
	if found, _ := h.audit(h.anchor); found != "" {
		t.Error(found)
	}
	if _, traits, err := w.Engine(t.Context()); err != nil || slices.ContainsFunc(traits, func(t store.Trait) bool { return t.Err != nil }) {
		t.Errorf("%v %v", traits, err)
	}
	for _, sql := range []string{
		`ALTER TABLE orders DISABLE TRIGGER ALL`, `DROP TRIGGER events_keep ON events`, `DELETE FROM events`, `TRUNCATE orders CASCADE`,
		`CREATE TABLE mine (a integer)`, `SET session_replication_role = replica`,
	} {
		if err := w.raw().Exec(sql).Error; err == nil {
			t.Errorf("a replica may %q", sql)
		}
	}
}
