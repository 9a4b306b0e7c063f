package store

import (
	"context"
	"errors"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"portal/models"
)

// newestHold is the hold that an account is under or was under last, nil when
// it was never held. Only the newest can stand: an account is held once at a
// time.
func newestHold(tx *gorm.DB, accountID int64) (*models.AccountHold, error) {
	hold, err := first[models.AccountHold](tx.Where("account_id = ?", accountID).Order("id DESC"))
	if errors.Is(err, models.ErrNotFound) {
		return nil, nil
	}
	return &hold, err
}

// holdAll holds every account that is not held yet and says how many that were.
func (s *Store) holdAll(tx *gorm.DB, reason models.HoldReason, actor, note string, since time.Time) (int, error) {
	result := tx.Exec(`INSERT INTO account_holds (account_id, since, reason, note, actor, released_by, release_note)
		SELECT id, @since, @reason, @note, @actor, '', '' FROM accounts
		WHERE id NOT IN (SELECT account_id FROM account_holds WHERE released_at IS NULL) ORDER BY id`,
		map[string]any{"since": since, "reason": reason, "note": note, "actor": actor})
	return int(result.RowsAffected), result.Error
}

// Holds lists an account's holds, oldest first. The account has been found for
// a viewer before.
func (s *Store) Holds(ctx context.Context, accountID int64) ([]models.AccountHold, error) {
	var holds []models.AccountHold
	return holds, s.read.WithContext(ctx).Where("account_id = ?", accountID).Order("id").Find(&holds).Error
}

// HeldAccount is an account with the hold that stands.
type HeldAccount struct {
	models.Account
	Hold models.AccountHold
}

// HeldAccounts lists the held accounts that the viewer may see, by id, after
// the id given.
func (s *Store) HeldAccounts(ctx context.Context, v models.Viewer, after int64, limit int) ([]HeldAccount, error) {
	var held []HeldAccount
	err := s.snapshot(ctx, func(tx *gorm.DB) error {
		var holds []models.AccountHold
		err := visible(tx, v, models.ActLook, "account_id").Where("released_at IS NULL AND account_id > ?", after).
			Order("account_id").Limit(limit).Find(&holds).Error
		if err != nil {
			return err
		}
		ids := make([]int64, len(holds))
		for i, h := range holds {
			ids[i] = h.AccountID
		}
		var accounts []models.Account
		if err := tx.Where("id IN ?", ids).Order("id").Find(&accounts).Error; err != nil {
			return err
		}
		for i, a := range accounts { // one for each hold, in the same order
			held = append(held, HeldAccount{a, holds[i]})
		}
		return nil
	})
	return held, err
}

// CountHeld counts the accounts that are held.
func (s *Store) CountHeld(ctx context.Context) (int, error) {
	var n int64
	err := s.read.WithContext(ctx).Model(&models.AccountHold{}).Where("released_at IS NULL").Count(&n).Error
	return int(n), err
}

// Release lets a held account order again.
type Release struct {
	By     models.By
	Reason string // what was found at the provider, in the operator's words; required
}

// ReleaseHold releases an account from this hold: from the one that its
// operator has looked at, and from no later one. models.ErrConflict says that
// it does not stand any more.
func (s *Store) ReleaseHold(ctx context.Context, holdID int64, r Release) error {
	return s.tx(ctx, func(tx *gorm.DB) error {
		n, err := s.release(tx, r, func(db *gorm.DB) *gorm.DB { return db.Where("id = ?", holdID) })
		if err == nil && n == 0 {
			err = models.ErrConflict
		}
		return err
	})
}

// ReleaseAll releases every account that is held and says how many they were.
func (s *Store) ReleaseAll(ctx context.Context, r Release) (int, error) {
	var n int
	err := s.tx(ctx, func(tx *gorm.DB) (err error) {
		n, err = s.release(tx, r, func(db *gorm.DB) *gorm.DB { return db })
		return err
	})
	return n, err
}

// release is the one function that ends holds: those that stand and that the
// caller has chosen.
func (s *Store) release(tx *gorm.DB, r Release, chosen func(*gorm.DB) *gorm.DB) (int, error) {
	r.Reason = strings.TrimSpace(r.Reason)
	if r.Reason == "" || r.By.Nobody() {
		return 0, errors.New("releasing needs a reason: what was compared with the provider, and by whom")
	}
	now, err := s.at(tx)
	if err != nil {
		return 0, err
	}
	var released []models.AccountHold
	err = chosen(tx).Model(&released).Clauses(clause.Returning{}).Where("released_at IS NULL").UpdateColumns(map[string]any{
		"released_at": now, "released_by": r.By.Actor(), "release_note": r.Reason,
	}).Error
	if err != nil {
		return 0, err
	}
	changes := make([]models.Change, len(released))
	for i, after := range released {
		before := after
		before.ReleasedAt = nil
		changes[i] = models.Change{
			AccountID: after.AccountID, What: models.AccountReleased, Reason: r.Reason, Before: before.Facts(), After: after.Facts(),
		}
	}
	return len(released), addChanges(tx, r.By, now, changes)
}
