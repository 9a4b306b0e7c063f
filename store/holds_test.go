package store_test

import (
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"portal/models"
	"portal/store"
)

// hold holds every account, as a restore does.
func (w *world) hold() models.AccountHold {
	w.t.Helper()
	err := w.raw().Exec(`INSERT INTO account_holds (account_id, since, reason, note, actor, released_by, release_note)
		SELECT id, ?, 'restored', 'a copy', 'command', '', '' FROM accounts`, w.Now()).Error
	if err != nil {
		w.t.Fatal(err)
	}
	return *w.held(w.account).Hold
}

func (w *world) release(h models.AccountHold) {
	w.t.Helper()
	if err := w.ReleaseHold(w.t.Context(), h.ID, looked); err != nil {
		w.t.Fatal(err)
	}
}

var looked = store.Release{By: named("user:9"), Reason: "Bill and console agree; Wang"}

func TestAHeldAccountOrdersNothing(t *testing.T) {
	place := func(w *world, q models.Quote) error {
		_, err := w.PlaceOrder(t.Context(), by(w.viewer), q.ID, store.Placing{
			InstanceCount: q.InstanceCount, PriceBookHash: "book", CredentialProfile: "default",
		})
		return err
	}
	for _, kind := range models.Kinds() {
		t.Run(string(kind), func(t *testing.T) {
			w := newWorld(t)
			q := map[models.Kind]models.Quote{models.Buy: pro25, models.Renew: renewal, models.Upgrade: upgrade, models.Refund: refund}[kind]
			if kind != models.Buy {
				w.order(pro25)
			}
			hold := w.hold()
			w.pass(time.Minute)
			q = w.offer(q)
			var held *models.AccountHeldError
			if err := place(w, q); !errors.As(err, &held) || !held.Since.Equal(hold.Since) {
				t.Fatalf("placing: %v", err)
			}
			if err := w.held(w.account).May(kind, w.Now()); !errors.As(err, &held) {
				t.Errorf("asking before: %v", err)
			}
			if _, err := w.OrderByQuote(t.Context(), w.viewer, q.ID); !errors.Is(err, models.ErrNotFound) {
				t.Errorf("an order was made: %v", err)
			}
			w.release(hold)
			if err := w.held(w.account).May(kind, w.Now()); err != nil {
				t.Errorf("released: %v", err)
			}
			if err := place(w, q); err != nil {
				t.Errorf("placing once it is released: %v", err)
			}
		})
	}
	t.Run("but its open order is the first thing to know", func(t *testing.T) {
		w := newWorld(t)
		o := w.place()
		w.hold()
		var open *models.OpenOrderError
		if err := w.held(w.account).May(models.Buy, w.Now()); !errors.As(err, &open) || open.Number != o.Number {
			t.Errorf("%v", err)
		}
	})
	t.Run("and a quote that led to an order still leads there", func(t *testing.T) {
		w := newWorld(t)
		o := w.place()
		w.hold()
		again, err := w.PlaceOrder(t.Context(), by(w.viewer), o.QuoteID, asQuoted)
		if err != nil || again.Number != o.Number {
			t.Errorf("%s %v", again.Number, err)
		}
	})
	t.Run("while others order as ever", func(t *testing.T) {
		w := newWorld(t)
		w.hold()
		account, viewer := w.customer(1002, "b@example.com")
		if _, err := w.PlaceOrder(t.Context(), by(viewer), w.quote(viewer, account).ID, asQuoted); err != nil {
			t.Error(err)
		}
	})
}

// TestAQuoteFromBeforeAHoldIsNotPlaced: it may have led to an order that the
// restored database does not know. Made once more, it has to be looked at again.
func TestAQuoteFromBeforeAHoldIsNotPlaced(t *testing.T) {
	w := newWorld(t)
	before := w.quote(w.viewer, w.account)
	w.pass(time.Minute)
	w.release(w.hold())
	w.pass(time.Minute)
	_, err := w.PlaceOrder(t.Context(), by(w.viewer), before.ID, asQuoted)
	var changed *models.QuoteChangedError
	if !errors.As(err, &changed) || len(changed.Reasons) != 1 || changed.Reasons[0] != models.HeldSince {
		t.Fatalf("placing: %v", err)
	}
	if _, err := w.PlaceOrder(t.Context(), by(w.viewer), w.quote(w.viewer, w.account).ID, asQuoted); err != nil {
		t.Fatalf("a quote from after it: %v", err)
	}
}

func TestAReleaseSaysWhoAndWhy(t *testing.T) {
	w := newWorld(t)
	hold := w.hold()
	for name, r := range map[string]store.Release{
		"without a reason": {By: named("user:9"), Reason: " \n"}, "by nobody": {Reason: "seen"},
	} {
		for what, err := range map[string]error{
			"one": w.ReleaseHold(t.Context(), hold.ID, r), "all": second(w.ReleaseAll(t.Context(), r)),
		} {
			if err == nil || !strings.Contains(err.Error(), "needs a reason") {
				t.Errorf("%s %s: %v", what, name, err)
			}
		}
	}
	if w.held(w.account).Hold == nil {
		t.Fatal("it was released all the same")
	}
	w.pass(time.Hour)
	w.release(hold)
	if err := w.ReleaseHold(t.Context(), hold.ID, looked); !errors.Is(err, models.ErrConflict) {
		t.Errorf("a second time: %v", err)
	}
	holds, err := w.Holds(t.Context(), w.account.ID)
	if err != nil || len(holds) != 1 {
		t.Fatal(holds, err)
	}
	got := holds[0]
	if got.Standing() || got.ReleasedBy != looked.By.Actor() || got.ReleaseNote != looked.Reason || !got.ReleasedAt.Equal(w.Now()) || !got.Since.Equal(hold.Since) {
		t.Errorf("%+v", got)
	}
	t.Run("and is of the hold that was looked at, not of a later one", func(t *testing.T) {
		later := w.hold()
		if err := w.ReleaseHold(t.Context(), hold.ID, looked); !errors.Is(err, models.ErrConflict) {
			t.Errorf("%v", err)
		}
		if h := w.held(w.account).Hold; h == nil || h.ID != later.ID {
			t.Errorf("%+v", h)
		}
	})
}

func TestHeldAccountsAreListedAndReleasedTogether(t *testing.T) {
	w := newWorld(t)
	_, stranger := w.customer(1002, "b@example.com")
	w.customer(1003, "c@example.com")
	w.hold()
	if n, err := w.CountHeld(t.Context()); err != nil || n != 3 {
		t.Fatal(n, err)
	}
	owners := func(v models.Viewer, after int64, limit int) string {
		t.Helper()
		held, err := w.HeldAccounts(t.Context(), v, after, limit)
		if err != nil {
			t.Fatal(err)
		}
		var all []string
		for _, h := range held {
			if h.Hold.AccountID != h.ID || !h.Hold.Standing() {
				t.Errorf("%+v", h)
			}
			all = append(all, strconv.FormatInt(h.OwnerID, 10))
		}
		return strings.Join(all, " ")
	}
	operator := w.operator()
	if got := owners(operator, 0, 2); got != "1001 1002" {
		t.Errorf("the first page: %s", got)
	}
	if got := owners(operator, 2, 2); got != "1003" {
		t.Errorf("the second: %s", got)
	}
	if got := owners(stranger, 0, 9); got != "1002" {
		t.Errorf("a customer sees %s", got)
	}
	w.release(*w.held(w.account).Hold)
	if got := owners(operator, 0, 9); got != "1002 1003" {
		t.Errorf("with one released: %s", got)
	}
	if n, err := w.ReleaseAll(t.Context(), looked); err != nil || n != 2 {
		t.Errorf("%d %v", n, err)
	}
	if n, err := w.ReleaseAll(t.Context(), looked); err != nil || n != 0 {
		t.Errorf("again: %d %v", n, err)
	}
	if got := owners(operator, 0, 9); got != "" {
		t.Errorf("still held: %s", got)
	}
}

// TestTheDatabaseKeepsTheHolds: even from somebody who has the file.
func TestTheDatabaseKeepsTheHolds(t *testing.T) {
	w := newWorld(t)
	w.customer(1002, "b@example.com")
	w.release(w.hold())
	db := w.raw()
	const (
		again  = `account_holds (account_id, since, reason, note, actor, released_at, released_by, release_note) SELECT account_id, since, reason, note, actor, `
		stands = `NULL, '', '' FROM account_holds WHERE released_at IS NULL`
	)
	for name, sql := range map[string]string{
		"deleting one":                    `DELETE FROM account_holds`,
		"a second that stands":            `INSERT INTO ` + again + stands,
		"replacing what stands":           `INSERT OR REPLACE INTO ` + again + stands,
		"replacing what was let go":       `INSERT OR REPLACE INTO account_holds SELECT id, account_id, since, reason, note, actor, NULL, '', '' FROM account_holds WHERE released_at IS NOT NULL`,
		"one that begins released":        `INSERT INTO ` + again + `released_at, released_by, release_note FROM account_holds WHERE released_at IS NOT NULL`,
		"another reason":                  `UPDATE account_holds SET reason = 'x' WHERE released_at IS NULL`,
		"another account":                 `UPDATE account_holds SET account_id = 1 WHERE released_at IS NULL`,
		"another beginning":               `UPDATE account_holds SET since = '2020-01-01' WHERE released_at IS NULL`,
		"holding again what was released": `UPDATE account_holds SET released_at = NULL, released_by = '', release_note = '' WHERE released_at IS NOT NULL`,
		"another release":                 `UPDATE account_holds SET release_note = 'x' WHERE released_at IS NOT NULL`,
		"a release by nobody":             `UPDATE account_holds SET released_at = since, release_note = 'x' WHERE released_at IS NULL`,
		"a release without reason":        `UPDATE account_holds SET released_at = since, released_by = 'x' WHERE released_at IS NULL`,
		"a reason without release":        `UPDATE account_holds SET release_note = 'x', released_by = 'x' WHERE released_at IS NULL`,
	} {
		if err := db.Exec(sql).Error; err == nil {
			t.Errorf("%s: the database let it happen", name)
		}
	}
}
