package store_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"

	"portal/audit"
	"portal/dbtest"
	"portal/models"
)

// records are the tables that an audit answers for.
var records = []string{"orders", "quotes", "attempts", "events", "outside_events", "order_notes", "changes", "checkpoints"}

// attacker has the file: no trigger, key or check of the database is in the way.
func (w *world) attacker() func(sql string, args ...any) {
	w.t.Helper()
	db := w.disarmed()
	return func(sql string, args ...any) {
		w.t.Helper()
		if err := db.Exec(sql, args...).Error; err != nil {
			w.t.Fatalf("%s: %v", sql, err)
		}
	}
}

func (w *world) disarmed() *gorm.DB {
	w.t.Helper()
	db := w.raw()
	pool, err := db.DB()
	if err != nil {
		w.t.Fatal(err)
	}
	pool.SetMaxOpenConns(1) // settings are the connection's
	var disarm []string
	if dbtest.Postgres() {
		disarm = append(list(w.t, db, `SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname)
			FROM pg_constraint WHERE contype = 'c' AND connamespace = 'public'::regnamespace`), `SET session_replication_role = replica`)
	} else {
		disarm = append(list(w.t, db, `SELECT 'DROP TRIGGER ' || name FROM sqlite_master WHERE type = 'trigger'`),
			`PRAGMA ignore_check_constraints = on`, `PRAGMA foreign_keys = off`)
	}
	for _, sql := range disarm {
		if err := db.Exec(sql).Error; err != nil {
			w.t.Fatal(sql, err)
		}
	}
	return db
}

// rows are a table's rows as they lie there, by id.
func rows(t testing.TB, db *gorm.DB, table string) (columns []string, out []map[string]any) {
	t.Helper()
	found, err := db.Raw("SELECT * FROM " + table + " ORDER BY id").Rows()
	if err != nil {
		t.Fatal(err)
	}
	defer found.Close()
	if columns, err = found.Columns(); err != nil {
		t.Fatal(err)
	}
	for found.Next() {
		row := map[string]any{}
		if err := db.ScanRows(found, &row); err != nil {
			t.Fatal(err)
		}
		out = append(out, row)
	}
	if err := found.Err(); err != nil {
		t.Fatal(err)
	}
	return columns, out
}

// others are other values of a column than the one that it has.
func others(column string, v any) []any {
	switch v := v.(type) {
	case nil:
		if strings.HasSuffix(column, "_at") || strings.HasSuffix(column, "_until") {
			return []any{time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC)}
		}
		if strings.HasSuffix(column, "_fen") {
			return []any{1}
		}
		if slices.Contains([]string{"account_id", "reseller_id", "user_id", "order_id"}, column) {
			return []any{7}
		}
		return []any{"x"}
	case time.Time:
		return []any{v.Add(time.Second), v.Add(-time.Microsecond)}
	case string:
		if v == "" {
			return []any{"x"}
		}
		return []any{v + "x", ""}
	case bool:
		return []any{!v}
	case int64:
		if v == 0 {
			return []any{1}
		}
		return []any{v + 1000, 0}
	case int32:
		return others(column, int64(v))
	}
	return nil
}

// TestEveryChangedValueIsFound: each value of each row of each table, one after
// the other.
func TestEveryChangedValueIsFound(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long under the race detector, and does one thing at a time")
	}
	h := newHistory(t)
	db := h.disarmed()
	changed := 0
	for _, table := range records {
		columns, all := rows(t, db, table)
		for _, row := range all {
			if table == "quotes" && !h.ordered(db, row["id"]) {
				continue
			}
			for _, column := range columns {
				values := others(column, row[column])
				if len(values) == 0 {
					t.Fatalf("%s.%s is %T", table, column, row[column])
				}
				for _, value := range values {
					id := row["id"]
					if err := db.Exec(fmt.Sprintf(`UPDATE %s SET "%s" = ? WHERE id = ?`, table, column), value, id).Error; err != nil {
						t.Fatalf("%s.%s = %v: %v", table, column, value, err)
					}
					changed++
					if found, _ := h.audit(); found == "" {
						t.Errorf("%s %v: %s went from %v to %v, and nobody noticed", table, id, column, row[column], value)
					}
					if column == "id" {
						id = value
					}
					if err := db.Exec(fmt.Sprintf(`UPDATE %s SET "%s" = ? WHERE id = ?`, table, column), row[column], id).Error; err != nil {
						t.Fatal(err)
					}
				}
			}
		}
	}
	if found, _ := h.audit(h.anchor); found != "" {
		t.Fatalf("put back as it was, it is not whole: %s", found)
	}
	t.Logf("%d changes", changed)
}

// ordered says whether a quote has led to an order. One that has not is no
// history: placing seals what it says then.
func (h *history) ordered(db *gorm.DB, quote any) bool {
	var n int
	if err := db.Raw(`SELECT count(*) FROM orders WHERE quote_id = ?`, quote).Scan(&n).Error; err != nil {
		h.t.Fatal(err)
	}
	return n > 0
}

// TestEveryRemovedRowIsFound: each row of each table, one after the other. The
// newest checkpoint is missed by its anchor only.
func TestEveryRemovedRowIsFound(t *testing.T) {
	h := newHistory(t)
	db := h.disarmed()
	for _, table := range records {
		if err := db.Exec(fmt.Sprintf("CREATE TABLE kept_%s AS SELECT * FROM %s", table, table)).Error; err != nil {
			t.Fatal(err)
		}
		_, all := rows(t, db, table)
		for _, row := range all {
			if table == "quotes" && !h.ordered(db, row["id"]) {
				continue
			}
			if err := db.Exec("DELETE FROM "+table+" WHERE id = ?", row["id"]).Error; err != nil {
				t.Fatal(err)
			}
			if found, _ := h.audit(h.anchor); found == "" {
				t.Errorf("%s %v was removed, and nobody noticed", table, row["id"])
			}
			if err := db.Exec(fmt.Sprintf("INSERT INTO %s SELECT * FROM kept_%s WHERE id = ?", table, table), row["id"]).Error; err != nil {
				t.Fatal(err)
			}
		}
	}
	if found, _ := h.audit(h.anchor); found != "" {
		t.Fatalf("put back as it was, it is not whole: %s", found)
	}
}

// TestWhatWasDoneIsTold: each way of tampering, and what the audit says of it.
func TestWhatWasDoneIsTold(t *testing.T) {
	const newest = `(SELECT max(id) FROM orders)`
	for name, tc := range map[string]struct {
		do   []string
		want string
	}{
		"an event's words": {[]string{
			`UPDATE events SET note = 'rejected' WHERE note <> ''`}, "was changed"},
		"the first event removed": {[]string{
			`DELETE FROM events WHERE id = 1`}, "does not continue what is before it"},
		"one in the middle removed": {[]string{
			`DELETE FROM events WHERE id = 4`}, "events before it were removed"},
		"the last one removed": {[]string{
			`DELETE FROM events WHERE id = (SELECT max(id) FROM events)`}, "later events were cut off"},
		"two swapped": {[]string{
			`UPDATE events SET id = -4 WHERE id = 4`, `UPDATE events SET id = 4 WHERE id = 3`, `UPDATE events SET id = 3 WHERE id = -4`},
			"events were reordered"},
		"one moved to another order": {[]string{
			`UPDATE events SET order_id = 1 WHERE id = (SELECT min(id) FROM events WHERE order_id = 2)`}, "does not continue"},
		"an order removed, with its rows": {[]string{
			`DELETE FROM events WHERE order_id = 2`, `DELETE FROM attempts WHERE order_id = 2`, `DELETE FROM orders WHERE id = 2`},
			"are not those that were signed"},
		"an order's row removed": {[]string{
			`DELETE FROM orders WHERE id = 2`}, "no such order"},
		"an order's events removed": {[]string{
			`DELETE FROM events WHERE order_id = 2`}, "none of its events is there"},
		"what was paid": {[]string{
			`UPDATE orders SET total_fen = 1 WHERE id = 1`, `UPDATE quotes SET total_fen = 1 WHERE id = (SELECT quote_id FROM orders WHERE id = 1)`},
			"what was ordered, or the quote"},
		"what was sent": {[]string{
			`UPDATE attempts SET request = 'x' WHERE order_id = 1 AND number = 1`}, "attempt 1 is not as it was begun"},
		"what was answered": {[]string{
			`UPDATE attempts SET response = 'x' WHERE order_id = 1 AND number = 3`}, "the answer of attempt 3 is not what it was"},
		"what came late": {[]string{
			`UPDATE attempts SET outcome = 'rejected' WHERE late`}, "the answer of attempt 2 is not what it was"},
		"an answer made up": {[]string{
			`UPDATE attempts SET answered_at = started_at, outcome = 'done' WHERE answered_at IS NULL`}, "the answer of attempt 1"},
		"an attempt removed": {[]string{
			`DELETE FROM attempts WHERE order_id = 1 AND number = 2`}, "names attempt 2, which is not there"},
		"an attempt made up": {[]string{
			`INSERT INTO attempts SELECT 99, order_id, 4, claim, started_at, request, answered_at, outcome, http_status, code, message, request_id, response, late FROM attempts WHERE id = 1`},
			"attempt 4 has no event of its beginning"},
		"a status": {[]string{
			`UPDATE orders SET status = 'unknown', lease_until = NULL, due_at = placed_at WHERE id = ` + newest}, "its status was changed"},
		"the instance that an order led to": {[]string{
			`UPDATE orders SET instance_id = 'sas-x' WHERE id = 1`}, "its row is not as its newest event"},
		"an entry from outside": {[]string{
			`UPDATE outside_events SET paid_fen = 1 WHERE id = 1`}, "entry from outside with id 1"},
		"an entry removed": {[]string{
			`DELETE FROM outside_events WHERE id = 2`}, "entry from outside with id 3"},
		"the last entry removed": {[]string{
			`DELETE FROM outside_events WHERE id = 4`}, "covers 4 entries from outside, and only 3 are there"},
		"a note's words": {[]string{
			`UPDATE order_notes SET note = 'x' WHERE id = 1`}, "the notes with ids 1 to 1 are not those that were signed"},
		"the last note removed": {[]string{
			`DELETE FROM order_notes WHERE id = 2`}, "covers 2 notes, and only 1 are there"},
		"the last order removed, with its rows": {[]string{
			`DELETE FROM events WHERE order_id = ` + newest, `DELETE FROM attempts WHERE order_id = ` + newest, `DELETE FROM orders WHERE id = ` + newest},
			"covers 26 events, and only 24 are there"},
		"a change": {[]string{
			`UPDATE changes SET reason = 'x' WHERE id = 1`}, "the changes with ids"},
		"the last change removed": {[]string{
			`DELETE FROM changes WHERE id = (SELECT max(id) FROM changes)`}, "covers 21 changes, and only 20 are there"},
		"a change of a reseller": {[]string{
			`UPDATE changes SET after = replace(after, 'north', 'south') WHERE id = (SELECT max(id) FROM changes)`}, "the changes with ids"},
		"a checkpoint": {[]string{
			`UPDATE checkpoints SET note = replace(note, 'number 2', 'number 3') WHERE id = 2`}, "checkpoint 2: its signature does not fit"},
		"a checkpoint removed": {[]string{
			`DELETE FROM checkpoints WHERE id = 2`}, "checkpoint 3 does not continue the one before it"},
		"checkpoints swapped": {[]string{
			`UPDATE checkpoints SET id = -2 WHERE id = 2`, `UPDATE checkpoints SET id = 2 WHERE id = 3`, `UPDATE checkpoints SET id = 3 WHERE id = -2`},
			"checkpoint 2 does not continue"},
		"a value that no column can have": {[]string{
			`UPDATE orders SET total_fen = 'much' WHERE id = 3`}, "the order with id 3, or what belongs to it, can't be read"},
	} {
		t.Run(name, func(t *testing.T) {
			if strings.Contains(name, "no column can have") {
				dbtest.NeedsSQLite(t) // which keeps any value in any column
			}
			h := newHistory(t)
			attack := h.attacker()
			for _, sql := range tc.do {
				attack(sql)
			}
			if found, _ := h.audit(); !strings.Contains(found, tc.want) {
				t.Errorf("want …%s…, got:\n%s", tc.want, found)
			}
		})
	}
}

// reseal writes every seal and hash of an order anew, as somebody who has the
// program can.
func (h *history) reseal(db *gorm.DB, id int64) {
	h.t.Helper()
	var order models.Order
	var quote models.Quote
	var events []models.Event
	var attempts []models.Attempt
	err := db.Where("id = ?", id).Take(&order).Error
	if err == nil {
		err = db.Where("id = ?", order.QuoteID).Take(&quote).Error
	}
	if err == nil {
		err = db.Where("order_id = ?", id).Order("id").Find(&events).Error
	}
	if err == nil {
		err = db.Where("order_id = ?", id).Order("number").Find(&attempts).Error
	}
	before := ""
	for _, e := range events {
		var attempt *models.Attempt
		if i := slices.IndexFunc(attempts, func(a models.Attempt) bool { return a.Number == e.Attempt }); i >= 0 {
			attempt = &attempts[i]
		}
		e.Digest, e.State = e.Facts(order, quote, attempt), order.State()
		e.Hash = e.Chain(before)
		before = e.Hash
		if err == nil {
			err = db.Save(&e).Error
		}
	}
	if err != nil {
		h.t.Fatal(err)
	}
}

// TestWhoWritesNewHashesMeetsTheSignature: the chains are whole again, and the
// trees are not those that were signed.
func TestWhoWritesNewHashesMeetsTheSignature(t *testing.T) {
	forge := func(t *testing.T) (*history, *gorm.DB) {
		h := newHistory(t)
		db := h.disarmed()
		for _, sql := range []string{
			`UPDATE orders SET total_fen = 1 WHERE id = 1`,
			`UPDATE quotes SET total_fen = 1, lines = '[]' WHERE id = (SELECT quote_id FROM orders WHERE id = 1)`,
		} {
			if err := db.Exec(sql).Error; err != nil {
				t.Fatal(err)
			}
		}
		h.reseal(db, 1)
		return h, db
	}
	// resign puts checkpoints of a key in the place of all that there were.
	resign := func(t *testing.T, h *history, db *gorm.DB, keys audit.Keys) {
		if err := db.Exec(`DELETE FROM checkpoints`).Error; err != nil {
			t.Fatal(err)
		}
		if _, err := h.Checkpoint(t.Context(), keys); err != nil {
			t.Fatal(err)
		}
	}
	const differs = "are not those that were signed"
	t.Run("the checkpoints say so", func(t *testing.T) {
		h, _ := forge(t)
		if found, _ := h.audit(); !strings.HasPrefix(found, "checkpoint 1: the events with ids 1 to") || strings.Contains(found, "order ") {
			t.Error(found)
		}
	})
	t.Run("without checkpoints, the anchor", func(t *testing.T) {
		h, db := forge(t)
		if err := db.Exec(`DELETE FROM checkpoints`).Error; err != nil {
			t.Fatal(err)
		}
		if found, _ := h.audit(h.anchor); !strings.Contains(found, differs) {
			t.Error(found)
		}
	})
	t.Run("with checkpoints of another key, the key", func(t *testing.T) {
		h, db := forge(t)
		resign(t, h, db, auditKey(t, h.keys.Name()))
		if found, _ := h.audit(); !strings.Contains(found, "checkpoint 1: it is signed by") {
			t.Error(found)
		}
	})
	t.Run("with the portal's own key, the anchor and nothing else", func(t *testing.T) {
		h, db := forge(t)
		resign(t, h, db, h.keys)
		if found, _ := h.audit(h.anchor); !strings.Contains(found, differs) {
			t.Error(found)
		}
		// docs/audit.md says so, too.
		if found, _ := h.audit(); found != "" {
			t.Error("it is found without an anchor, which the docs should then tell:", found)
		}
	})
}

// TestACutOffEndIsFound: the newest order goes with all its rows, and with the
// checkpoints that cover it.
func TestACutOffEndIsFound(t *testing.T) {
	h := newHistory(t)
	attack := h.attacker()
	for _, table := range []string{"events", "attempts", "order_notes", "changes"} {
		attack(`DELETE FROM ` + table + ` WHERE order_id = (SELECT max(id) FROM orders)`)
	}
	attack(`DELETE FROM orders WHERE id = (SELECT max(id) FROM orders)`)
	attack(`DELETE FROM checkpoints WHERE id = 3`)
	if found, _ := h.audit(); found != "" {
		t.Error("it is found without an anchor, which the docs should then tell:", found)
	}
	found, _ := h.audit(h.anchor)
	for _, want := range []string{"covers 26 events, and only 24 are there", "is not among the checkpoints"} {
		if !strings.Contains(found, want) {
			t.Errorf("it does not say …%s…:\n%s", want, found)
		}
	}
	t.Run("also when the portal has gone on since", func(t *testing.T) {
		kept := h.anchor
		h.sign()
		if found, _ := h.audit(h.anchor); found != "" {
			t.Error("a new anchor:", found)
		}
		if found, _ := h.audit(kept); !strings.Contains(found, "is not among the checkpoints") {
			t.Error("the old one:", found)
		}
	})
}

// TestWhatIsHiddenFromThePortalIsFound: values that read as ever and compare with
// nothing, and an index that leaves rows out. Nothing that is sealed is changed,
// and the account seems to hold nothing, so that it could be sold anew.
func TestWhatIsHiddenFromThePortalIsFound(t *testing.T) {
	dbtest.NeedsSQLite(t)
	hide := func(index, columns string) []string {
		whole := "CREATE INDEX " + index + " ON orders " + columns
		return []string{
			"DROP INDEX " + index, whole + " WHERE kind = 'refund'", "PRAGMA writable_schema = on",
			"UPDATE sqlite_master SET sql = '" + whole + "' WHERE name = '" + index + "'", "PRAGMA writable_schema = reset",
		}
	}
	for name, tc := range map[string]struct {
		do   []string
		want string
	}{
		"whose orders they are":  {[]string{`UPDATE orders SET account_id = CAST(account_id AS BLOB)`}, "lack what they belong to"},
		"how they stand":         {[]string{`UPDATE orders SET status = CAST(status AS BLOB)`}, "CHECK constraint failed in orders"},
		"which instance":         {[]string{`UPDATE orders SET instance_id = CAST(instance_id AS BLOB)`}, "6 rows of orders have bytes"},
		"an entry from outside":  {[]string{`UPDATE outside_events SET instance_id = CAST(instance_id AS BLOB) WHERE id = 3`}, "1 rows of outside_events have bytes"},
		"rows that no index has": {append(hide("orders_by_account", "(account_id, id)"), hide("orders_by_status", "(status, id)")...), "missing from index"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHistory(t)
			attack := h.attacker()
			for _, sql := range tc.do {
				attack(sql)
			}
			found, _ := auditWith(t, h.around(h.dsn).Store, h.keys, h.anchor)
			if !strings.Contains(found, tc.want) {
				t.Errorf("want …%s…, got:\n%s", tc.want, found)
			}
		})
	}
}

// TestWhatNoCheckpointCoversCanBeTakenBack: the newest steps go, and the order's
// row is put back as it was before them. docs/audit.md says so, too.
func TestWhatNoCheckpointCoversCanBeTakenBack(t *testing.T) {
	h := &history{world: newWorld(t), keys: auditKey(t, "")}
	o := h.placeQuote(h.offer(pro25))
	db := h.disarmed()
	_, before := rows(t, db, "orders")
	claimed, attempt := h.claim(o)
	if err := h.Answer(t.Context(), claimed, attempt, done, completed); err != nil {
		t.Fatal(err)
	}
	undo := func() {
		t.Helper()
		for _, sql := range []string{"DELETE FROM events WHERE id > 1", "DELETE FROM attempts", "DELETE FROM orders"} {
			if err := db.Exec(sql).Error; err != nil {
				t.Fatal(err)
			}
		}
		if err := db.Table("orders").Create(before[0]).Error; err != nil {
			t.Fatal(err)
		}
	}
	t.Run("and is found once one does", func(t *testing.T) {
		h.sign()
		undo()
		if found, _ := h.audit(); !strings.Contains(found, "covers 3 events, and only 1 are there") {
			t.Error(found)
		}
	})
	t.Run("until then by nothing", func(t *testing.T) {
		if err := db.Exec(`DELETE FROM checkpoints`).Error; err != nil {
			t.Fatal(err)
		}
		if found, _ := h.audit(); found != "" {
			t.Error("it is found, which the docs should then tell:", found)
		}
	})
}
