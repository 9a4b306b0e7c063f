package store

import (
	"crypto/rand"
	"errors"
	"strings"

	"gorm.io/gorm"
)

// engine tries each trait in a transaction of its own, which is never committed.
func (postgresServer) engine(db *gorm.DB) (string, []Trait, error) {
	var name string
	if err := db.Raw(`SELECT version()`).Scan(&name).Error; err != nil {
		return "", nil, err
	}
	if words := strings.Fields(name); len(words) > 2 {
		name = strings.Join(words[:2], " ") // the rest is about its compiler
	}
	var traits []Trait
	for _, t := range []struct {
		name string
		try  func(*gorm.DB) (missing string, err error)
	}{
		{"text in UTF-8", tryEncoding},
		{"partial unique indexes", tryUniqueIndex},
		{"triggers that refuse", tryTriggers},
		{"row locks", func(tx *gorm.DB) (string, error) { return tryRowLocks(tx, db) }},
		{"table locks", func(tx *gorm.DB) (string, error) { return tryTableLocks(tx, db) }},
		{"advisory locks", func(tx *gorm.DB) (string, error) { return tryAdvisoryLocks(tx, db) }},
		{"commits that last", tryCommits},
	} {
		trait := Trait{Name: t.name}
		trait.Err = undone(db, func(tx *gorm.DB) (err error) {
			trait.Missing, err = t.try(tx)
			return err
		})
		traits = append(traits, trait)
	}
	return name, traits, nil
}

// undone runs f in a transaction that is never committed.
func undone(db *gorm.DB, f func(tx *gorm.DB) error) error {
	undo := errors.New("only a try")
	var failed error
	err := db.Transaction(func(tx *gorm.DB) error { failed = f(tx); return undo })
	if errors.Is(err, undo) {
		return failed
	}
	return err
}

func tryEncoding(tx *gorm.DB) (string, error) {
	var encoding string
	if err := tx.Raw(`SELECT current_setting('server_encoding')`).Scan(&encoding).Error; err != nil {
		return "", err
	}
	if encoding != "UTF8" {
		return "the database's encoding is " + encoding + ", which has no room for every name: make it with ENCODING 'UTF8'", nil
	}
	return "", nil
}

// tryUniqueIndex wants one open order for each account to be what the index says.
func tryUniqueIndex(tx *gorm.DB) (string, error) {
	err := run(tx, `CREATE TEMP TABLE portal_try (account integer, open boolean) ON COMMIT DROP`,
		`CREATE UNIQUE INDEX portal_try_one ON portal_try (account) WHERE open`,
		`INSERT INTO portal_try VALUES (1, false), (1, false), (1, true)`)
	if err != nil {
		return "", err
	}
	return refuses(tx, "23505", "a second open order for one account is taken: partial unique indexes don't work",
		`INSERT INTO portal_try VALUES (1, true)`)
}

// tryTriggers wants each kind of trigger that keeps the history.
func tryTriggers(tx *gorm.DB) (string, error) {
	err := run(tx, `CREATE TEMP TABLE portal_try (a integer, b integer) ON COMMIT DROP`, `INSERT INTO portal_try VALUES (1, 1)`,
		`CREATE FUNCTION pg_temp.portal_try_refuse() RETURNS trigger LANGUAGE plpgsql AS
			$$ BEGIN RAISE EXCEPTION 'refused' USING ERRCODE = 'integrity_constraint_violation'; END $$`,
		`CREATE TRIGGER d BEFORE DELETE ON portal_try FOR EACH ROW EXECUTE FUNCTION pg_temp.portal_try_refuse()`,
		`CREATE TRIGGER t BEFORE TRUNCATE ON portal_try FOR EACH STATEMENT EXECUTE FUNCTION pg_temp.portal_try_refuse()`,
		`CREATE TRIGGER u BEFORE UPDATE OF a ON portal_try FOR EACH ROW WHEN (NEW.a < OLD.a) EXECUTE FUNCTION pg_temp.portal_try_refuse()`,
		`UPDATE portal_try SET a = 2, b = 2`)
	if err != nil {
		return "", err
	}
	for _, sql := range []string{`DELETE FROM portal_try`, `TRUNCATE portal_try`, `UPDATE portal_try SET a = 0`} {
		const missing = "history could be changed: a trigger that refuses does not fire"
		if missing, err := refuses(tx, "23000", missing, sql); missing != "" || err != nil {
			return missing, err
		}
	}
	return "", nil
}

// tryRowLocks wants a row that one transaction has locked to be kept from
// another. Any row will do; the list of migrations always has one.
func tryRowLocks(tx, db *gorm.DB) (missing string, err error) {
	const row = `SELECT id FROM goose_db_version ORDER BY id LIMIT 1 FOR NO KEY UPDATE`
	if err := run(tx, row); err != nil {
		return "", err
	}
	err = undone(db, func(other *gorm.DB) (err error) {
		missing, err = refuses(other, "55P03", "a row that is locked can be locked again: two could decide by the same history", row+` NOWAIT`)
		return err
	})
	return missing, err
}

// tryTableLocks wants what signs the history to be let alone with it.
func tryTableLocks(tx, db *gorm.DB) (missing string, err error) {
	const table = `LOCK TABLE checkpoints IN SHARE ROW EXCLUSIVE MODE NOWAIT`
	if err := run(tx, table); err != nil {
		return "", err
	}
	err = undone(db, func(other *gorm.DB) (err error) {
		missing, err = refuses(other, "55P03", "a table that is locked can be locked again: a checkpoint could miss a part of the history", table)
		return err
	})
	return missing, err
}

func tryAdvisoryLocks(tx, db *gorm.DB) (missing string, err error) {
	name := "try:" + rand.Text()
	if err := (postgresServer{}).lockNames(tx, name); err != nil {
		return "", err
	}
	var got bool
	err = undone(db, func(other *gorm.DB) error {
		return other.Raw(`SELECT pg_try_advisory_xact_lock(hashtextextended(?, 0))`, name).Scan(&got).Error
	})
	if got {
		missing = "a lock by name is given twice: sign-in limits don't hold, and migrations could run twice"
	}
	return missing, err
}

// tryCommits asks as the portal's connections are, which don't take "off" for an
// answer.
func tryCommits(tx *gorm.DB) (string, error) {
	var set struct{ Commit, Fsync string }
	err := tx.Raw(`SELECT current_setting('synchronous_commit', true) AS commit, coalesce(current_setting('fsync', true), 'on') AS fsync`).Scan(&set).Error
	switch {
	case err != nil:
		return "", err
	case set.Commit == "off":
		return "synchronous_commit is off and can't be set: the last orders are lost with the server", nil
	case set.Fsync == "off":
		return "fsync is off: a power cut can take every order back; set fsync = on", nil
	}
	return "", nil
}

// run runs statements one after the other.
func run(tx *gorm.DB, statements ...string) error {
	for _, sql := range statements {
		if err := tx.Exec(sql).Error; err != nil {
			return err
		}
	}
	return nil
}

// refuses gives missing unless the database refuses a statement with this code.
// What was done before in the transaction stays.
func refuses(tx *gorm.DB, code, missing, sql string) (string, error) {
	err := tx.Transaction(func(try *gorm.DB) error { return try.Exec(sql).Error }) // a savepoint
	switch {
	case err == nil:
		return missing, nil
	case sqlState(err) == code:
		return "", nil
	}
	return "", err
}
