package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"portal/models"
)

// CreateAccount adds an account that somebody typed in: an admin's belongs to the
// admin's reseller, an operator's to the one that it names, or to none. Its
// OwnerID must be new, also at other resellers (models.ErrExists);
// models.ErrForbidden for who administers no accounts, models.ErrNotFound for a
// reseller that there is not.
func (s *Store) CreateAccount(ctx context.Context, by models.By, typed models.Account) (models.Account, error) {
	var account models.Account
	err := s.tx(ctx, func(tx *gorm.DB) error {
		now, err := s.at(tx)
		if err != nil {
			return err
		}
		account = models.Account{OwnerID: typed.OwnerID, Name: typed.Name, ResellerID: typed.ResellerID, Note: typed.Note, CreatedAt: now}
		switch by.Whose(models.ActAdminister) {
		case models.WhoseReseller:
			account.ResellerID = by.User.ResellerID
		case models.WhoseAll:
			if id := account.ResellerID; id != nil {
				if _, err := first[models.Reseller](tx.Where("id = ?", *id)); err != nil {
					return err
				}
			}
		case models.WhoseNone, models.WhoseAccount:
			return models.ErrForbidden
		}
		if err := create(tx, &account); err != nil {
			return err
		}
		return addChange(tx, by, now, models.Change{AccountID: account.ID, What: models.AccountAdded, After: account.Facts()})
	})
	return account, err
}

// EditAccount gives an account this name and this note. models.ErrForbidden for
// who administers no accounts. What is as it was is no change.
func (s *Store) EditAccount(ctx context.Context, by models.By, accountID int64, name, note string) error {
	return s.tx(ctx, func(tx *gorm.DB) error {
		before, now, err := s.administered(tx, by, accountID)
		if err != nil {
			return err
		}
		after := before
		after.Name, after.Note = name, note
		if after == before {
			return nil
		}
		err = tx.Model(&models.Account{}).Where("id = ?", accountID).UpdateColumns(map[string]any{"name": name, "note": note}).Error
		if err != nil {
			return err
		}
		return addChange(tx, by, now, models.Change{
			AccountID: accountID, What: models.AccountEdited, Before: before.Facts(), After: after.Facts(),
		})
	})
}

// administered locks an account for somebody who looks after it, and reads it as
// it is then, with the time.
func (s *Store) administered(tx *gorm.DB, by models.By, accountID int64) (models.Account, time.Time, error) {
	if !by.May(models.ActAdminister) {
		return models.Account{}, time.Time{}, models.ErrForbidden
	}
	if err := s.lockAccount(tx, accountID); err != nil {
		return models.Account{}, time.Time{}, err
	}
	account, err := first[models.Account](visible(tx, by.Viewer, models.ActAdminister, "id").Where("id = ?", accountID))
	if err != nil {
		return account, time.Time{}, err
	}
	now, err := s.at(tx)
	return account, now, err
}
