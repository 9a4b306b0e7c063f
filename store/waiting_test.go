package store_test

import (
	"context"
	"errors"
	"testing"

	"gorm.io/gorm"

	"portal/dbtest"
	"portal/models"
)

// besides begins something while another transaction has a lock, and ends that one
// when it waits for it. What does not wait has gone by what was about to change.
// SQLite has one writer at a time, and needs no such locks.
func (w *world) besides(lock string, arg any, do func() error, change string, args ...any) error {
	w.t.Helper()
	dbtest.NeedsPostgres(w.t)
	other, look := w.raw().Begin(), w.raw()
	defer other.Rollback() // does nothing once it is committed
	run := func(db *gorm.DB, sql string, args ...any) {
		w.t.Helper()
		if err := db.Exec(sql, args...).Error; err != nil {
			w.t.Fatal(err)
		}
	}
	run(other, lock, arg)
	ended := make(chan error, 1)
	go func() { ended <- do() }()
	for waits := int64(0); waits == 0; {
		select {
		case err := <-ended:
			w.t.Fatalf("it waits for nobody: %v", err)
		default:
		}
		err := look.Raw(`SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`).Scan(&waits).Error
		if err != nil {
			w.t.Fatal(err)
		}
	}
	if change != "" {
		run(other, change, args...)
	}
	if err := other.Commit().Error; err != nil {
		w.t.Fatal(err)
	}
	return <-ended
}

// TestAcceptingWaitsForWhoDecidesByTheAddress: a link that was replaced, or an
// invitation that was revoked, since the request began makes nobody a person.
func TestAcceptingWaitsForWhoDecidesByTheAddress(t *testing.T) {
	for name, change := range map[string]string{
		"replaced": `UPDATE invitations SET token_hash = 'another' WHERE email = ?`,
		"revoked":  `UPDATE invitations SET revoked_at = created_at WHERE email = ?`,
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			admin, account := w.company("Own", 1002)
			const email = "new@example.com"
			_, token := w.invited(admin, at(account), email)
			err := w.besides(`SELECT pg_advisory_xact_lock(hashtextextended(?, 0))`, "person:"+email, func() error {
				_, err := w.AcceptInvitation(context.Background(), models.By{}, token.Hash(), "hash", "en")
				return err
			}, change, email)
			if !errors.Is(err, models.ErrNotFound) {
				t.Errorf("accepting it says %v", err)
			}
			if _, err := w.UserByEmail(t.Context(), email); !errors.Is(err, models.ErrNotFound) {
				t.Errorf("somebody signs in with the address: %v", err)
			}
		})
	}
}

// TestPricesAndPlacingsWaitForEachOther: an order is placed at the price that is in
// force when it is committed, and not at the one that was when it was looked at.
func TestPricesAndPlacingsWaitForEachOther(t *testing.T) {
	t.Run("a placing for a new price", func(t *testing.T) {
		w := newWorld(t)
		own, all, _ := w.sold()
		if err := w.setPrices(own, all, models.PriceFacts{"": 20_00}); err != nil {
			t.Fatal(err)
		}
		quote := w.offer(resoldAt(20_00))
		err := w.besides(`SELECT id FROM resellers WHERE id = ? FOR NO KEY UPDATE`, all.ResellerID, func() error {
			_, err := w.PlaceOrder(context.Background(), by(w.viewer), quote.ID, asQuoted)
			return err
		}, `UPDATE price_rules SET markup = 2500`)
		if !errors.As(err, new(*models.QuoteChangedError)) {
			t.Errorf("it is placed at the price before: %v", err)
		}
	})
	t.Run("a new price for a placing", func(t *testing.T) {
		w := newWorld(t)
		own, all, _ := w.sold()
		err := w.besides(`SELECT id FROM resellers WHERE id = ? FOR SHARE`, all.ResellerID, func() error {
			return w.SetPrices(context.Background(), by(own), all, models.PriceFacts{"": 25_00}, models.PriceFacts{}.String())
		}, "")
		if err != nil || w.prices(all)[""] != 25_00 {
			t.Errorf("%v, and the price is %v", err, w.prices(all))
		}
	})
}
