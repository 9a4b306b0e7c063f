package store_test

import (
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pressly/goose/v3"
	"gorm.io/driver/sqlite"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"portal/dbtest"
	"portal/migrations"
	"portal/models"
	"portal/store"
)

// lastBeforeSeals is the newest migration that knows of no seals.
const lastBeforeSeals = 3

// fromBefore is a history as the program wrote it before there were seals,
// migrated: without digests, and without events of late answers.
func fromBefore(t *testing.T) *history {
	t.Helper()
	dbtest.NeedsSQLite(t) // it takes the rows over from another file
	h := newHistory(t)
	path := filepath.Join(t.TempDir(), "old.db")
	db, err := gorm.Open(sqlite.Open(path), &gorm.Config{Logger: logger.Discard})
	if err != nil {
		t.Fatal(err)
	}
	pool, err := db.DB()
	if err != nil {
		t.Fatal(err)
	}
	pool.SetMaxOpenConns(1)
	defer pool.Close()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	dir, err := fs.Sub(migrations.SQLite, "sqlite")
	must(err)
	p, err := goose.NewProvider(goose.DialectSQLite3, pool, dir)
	must(err)
	_, err = p.UpTo(t.Context(), lastBeforeSeals)
	must(err)
	must(db.Exec(`ATTACH DATABASE ? AS now`, h.dsn).Error)
	for _, table := range []string{"resellers", "accounts", "users", "quotes", "orders", "attempts", "outside_events"} {
		var columns []string
		must(db.Raw(`SELECT '"' || name || '"' FROM pragma_table_info(?)`, table).Scan(&columns).Error)
		list := strings.Join(columns, ", ")
		must(db.Exec("INSERT INTO main." + table + " (" + list + ") SELECT " + list + " FROM now." + table + " ORDER BY id").Error)
	}
	var events []models.Event
	must(db.Raw(`SELECT * FROM now.events ORDER BY id`).Scan(&events).Error)
	last := map[int64]string{}
	for _, e := range events {
		if e.From == e.To { // no program of then knew of such
			continue
		}
		e.Digest, e.State = "", ""
		e.Hash = e.Chain(last[e.OrderID])
		last[e.OrderID] = e.Hash
		must(db.Table("main.events").Omit("Digest", "State", "ProviderOrderID", "InstanceID").Create(&e).Error)
	}
	must(h.Close())
	h.dsn = path
	h.Store, err = store.Open(path, h.now)
	must(err)
	s := h.Store
	t.Cleanup(func() { _ = s.Close() })
	_, err = h.Migrate(t.Context())
	must(err)
	return h
}

// TestAHistoryFromBeforeIsWhole: what had no seal has none, and from the first
// checkpoint on every hash is signed all the same.
func TestAHistoryFromBeforeIsWhole(t *testing.T) {
	h := fromBefore(t)
	found, done := h.audit()
	if found != "" || done.Old != 22 || done.Orders != 6 {
		t.Fatalf("%s\n%+v", found, done)
	}
	h.sign()
	// The open order goes on, and so does the account.
	var open models.Order
	if err := h.raw().Where("status = ?", models.Sending).Take(&open).Error; err != nil {
		t.Fatal(err)
	}
	if err := h.Advance(t.Context(), open, unknown); err != nil {
		t.Fatal(err)
	}
	h.order(renewal)
	h.record(models.Released, 0)
	h.sign()
	if found, done := h.audit(h.anchor); found != "" || done.Old != 22 || done.Events != 26 {
		t.Fatalf("%s\n%+v", found, done)
	}

	attack := h.attacker()
	for name, tc := range map[string]struct{ do, undo, want string }{
		"a step": {
			`UPDATE events SET reason = 'x' WHERE id = 1`, `UPDATE events SET reason = 'placed_by_user' WHERE id = 1`, "was changed"},
		"an entry": {
			`UPDATE outside_events SET paid_fen = paid_fen + 1 WHERE id = 1`, `UPDATE outside_events SET paid_fen = paid_fen - 1 WHERE id = 1`, "are not those that were signed"},
		"what was ordered, of an order that has moved since": {
			`UPDATE orders SET total_fen = total_fen + 1 WHERE status = 'unknown'`, `UPDATE orders SET total_fen = total_fen - 1 WHERE status = 'unknown'`, "its row is not as"},
	} {
		attack(tc.do)
		if found, _ := h.audit(); !strings.Contains(found, tc.want) {
			t.Errorf("%s: want …%s…, got %s", name, tc.want, found)
		}
		attack(tc.undo)
	}
	t.Run("but nobody writes like before any more", func(t *testing.T) {
		attack(`DELETE FROM events WHERE id = (SELECT max(id) FROM events)`)
		attack(`INSERT INTO events (order_id, at, "from", "to", reason, actor, note, attempt, hash) SELECT order_id, at, "from", "to", reason, actor, note, attempt, hash FROM events ORDER BY id DESC LIMIT 1`)
		if found, _ := h.audit(); !strings.Contains(found, "without a seal behind one that has it") {
			t.Error(found)
		}
	})
}
