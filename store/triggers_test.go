package store_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/mattn/go-sqlite3"
	"gorm.io/gorm"

	"portal/dbtest"
)

// byTrigger says whether it was a trigger of ours that turned a statement back.
func byTrigger(err error) bool {
	var lite sqlite3.Error
	var server *pgconn.PgError
	return errors.As(err, &lite) && lite.ExtendedCode == sqlite3.ErrConstraintTrigger ||
		errors.As(err, &server) && server.Code == "23000"
}

// TestTheDatabaseItselfKeepsEveryRecord: whoever has the database and only SQL
// meets the triggers. What an open order still has to become is not history yet,
// and an attempt without an answer still waits for one.
func TestTheDatabaseItselfKeepsEveryRecord(t *testing.T) {
	h := newHistory(t)
	// Plain SQL, and on SQLite nothing but triggers in the way.
	db := h.raw().Session(&gorm.Session{})
	db.TranslateError = false
	if pool, err := db.DB(); err == nil && !dbtest.Postgres() {
		pool.SetMaxOpenConns(1)
		if err := db.Exec(`PRAGMA foreign_keys = off`).Error; err != nil {
			t.Fatal(err)
		}
	}
	refused := func(what, sql string) {
		t.Helper()
		result := db.Exec(sql)
		switch {
		case result.Error == nil && result.RowsAffected > 0:
			t.Errorf("%s: the database let it happen", what)
		case result.Error == nil:
			t.Errorf("%s: it was about no row", what)
		case !byTrigger(result.Error):
			t.Errorf("%s: not a trigger, but %v", what, result.Error)
		}
	}
	const history = `orders.status IN ('completed', 'rejected', 'cancelled')`
	where := map[string]string{"orders": history, "attempts": `outcome <> ''`}
	for _, table := range records {
		columns, _ := rows(t, db, table)
		only := where[table]
		if only == "" {
			only = "1 = 1"
		}
		refused("deleting "+table, "DELETE FROM "+table)
		for _, column := range columns {
			refused("changing "+table+"."+column, fmt.Sprintf(`UPDATE %s SET "%s" = "%s" WHERE %s`, table, column, column, only))
		}
		if dbtest.Postgres() {
			refused("emptying "+table, "TRUNCATE "+table+" CASCADE")
			refused("overwriting "+table, fmt.Sprintf("INSERT INTO %s SELECT * FROM %s WHERE %s ON CONFLICT (id) DO UPDATE SET id = excluded.id", table, table, only))
			continue
		}
		refused("replacing "+table, fmt.Sprintf("INSERT OR REPLACE INTO %s SELECT * FROM %s", table, table))
		refused("overwriting "+table, fmt.Sprintf("INSERT INTO %s SELECT * FROM %s WHERE %s ON CONFLICT (id) DO UPDATE SET id = excluded.id", table, table, only))
		refused("replacing by changing "+table, fmt.Sprintf(`UPDATE OR REPLACE %s SET id = id WHERE %s`, table, only))
	}
	t.Run("what was ordered and sent, too", func(t *testing.T) {
		refused("an open order's token", `UPDATE orders SET client_token = 'x' WHERE NOT `+history)
		refused("an open order's sum", `UPDATE orders SET total_fen = 1 WHERE NOT `+history)
		refused("an attempt's request", `UPDATE attempts SET request = 'x' WHERE outcome = ''`)
		refused("half an answer", `UPDATE attempts SET response = 'x' WHERE outcome = ''`)
	})
	t.Run("by no other unique column", func(t *testing.T) {
		dbtest.NeedsSQLite(t) // PostgreSQL has no REPLACE
		columns, _ := rows(t, db, "orders")
		// other is the newest order's row with a new id, and of its unique columns
		// only one as it was.
		other := func(kept, status string) string {
			var values []string
			for _, column := range columns {
				switch {
				case column == "id":
					column = "id + 1000"
				case column == "status":
					column = status
				case column != kept && (column == "number" || column == "quote_id" || column == "client_token" || column == "account_id"):
					column += " || 9"
				case column == "lease_until" || column == "due_at" || column == "settled_at":
					column = "NULL"
				}
				values = append(values, column)
			}
			return "INSERT OR REPLACE INTO orders SELECT " + strings.Join(values, ", ") + " FROM orders ORDER BY id DESC LIMIT 1"
		}
		for _, column := range []string{"number", "quote_id", "client_token"} {
			refused("an order's "+column, other(column, "'rejected'"))
		}
		refused("the account's open order", other("account_id", "'needs_review'"))
		if err := db.Exec(other("", "'rejected'")).Error; err != nil {
			t.Fatalf("one that replaces nothing: %v", err)
		}
		refused("an attempt's number", `INSERT OR REPLACE INTO attempts SELECT id + 1000, order_id, number, claim, started_at, request, answered_at, outcome,
			http_status, code, message, request_id, response, late FROM attempts`)
		refused("a note that is kept once", `INSERT OR REPLACE INTO order_notes SELECT id + 1000, order_id, user_id, note, once, created_at FROM order_notes`)
	})
	t.Run("and nothing comes without a seal", func(t *testing.T) {
		for _, column := range []string{"digest", "state", "hash"} {
			values := map[string]string{"digest": "digest", "state": "state", "hash": "hash"}
			values[column] = "''"
			refused("an event without "+column, fmt.Sprintf(`INSERT INTO events (order_id, at, "from", "to", reason, actor, note, attempt, digest, state, hash)
				SELECT order_id, at, "from", "to", reason, actor, note, attempt, %s, %s, %s FROM events`, values["digest"], values["state"], values["hash"]))
		}
		refused("an entry from outside without a hash", `INSERT INTO outside_events (account_id, kind, instance_id, after_order_id, edition, instance_count, starts_at,
			ends_at, paid_fen, auto_renew, auto_renew_months, reason, user_id, created_at)
			SELECT account_id, kind, instance_id, after_order_id, edition, instance_count, starts_at, ends_at, paid_fen, auto_renew, auto_renew_months, reason, user_id, created_at FROM outside_events`)
	})
}
