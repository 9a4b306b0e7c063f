package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"portal/models"
)

// OwnPrices are the rules of what an account pays its reseller; nil for an
// account without one, which pays the list price and nothing else. The account
// has been found for a viewer before.
func (s *Store) OwnPrices(ctx context.Context, account models.Account) (*models.OwnPrices, error) {
	return ownPrices(s.read.WithContext(ctx), account)
}

func ownPrices(db *gorm.DB, account models.Account) (*models.OwnPrices, error) {
	if account.ResellerID == nil {
		return nil, nil
	}
	reseller, err := first[models.Reseller](db.Where("id = ?", *account.ResellerID))
	if err != nil {
		return nil, err
	}
	p := models.OwnPrices{Discounts: reseller.DiscountsAllowedAt != nil}
	return &p, db.Where("reseller_id = ? AND (account_id IS NULL OR account_id = ?)", reseller.ID, account.ID).
		Order("id").Find(&p.Rules).Error
}

// resoldOtherwise says whether the rule in force is another one than a quote was
// made with. From here to the end of the transaction it stays what it is: a
// change of the reseller's prices that somebody was told of comes before every
// order that is placed after it.
func (s *Store) resoldOtherwise(tx *gorm.DB, account models.Account, q models.Quote) (bool, error) {
	// A refund goes by what was paid, and its quote by the history it was made from.
	if account.ResellerID == nil || q.Kind == models.Refund {
		return false, nil
	}
	if err := s.lockReseller(tx, *account.ResellerID, true); err != nil {
		return false, err
	}
	p, err := ownPrices(tx, account)
	if err != nil {
		return false, err
	}
	return p.Markup(q.Edition) != q.Markup, nil
}

// Reseller finds a reseller whose accounts the viewer looks after.
func (s *Store) Reseller(ctx context.Context, v models.Viewer, id int64) (models.Reseller, error) {
	return first[models.Reseller](resellers(s.read.WithContext(ctx), v, models.ActAdminister).Where("id = ?", id))
}

// resellers keeps only those that the viewer may do something for.
func resellers(db *gorm.DB, v models.Viewer, action models.Action) *gorm.DB {
	switch v.Whose(action) {
	case models.WhoseReseller:
		return db.Where("id = ?", v.User.ResellerID)
	case models.WhoseAll:
		return db
	case models.WhoseNone, models.WhoseAccount:
	}
	return db.Where("1 = 0")
}

// PriceScope is whose prices are set: those of all accounts of a reseller, or with
// AccountID of one of them.
type PriceScope struct {
	ResellerID int64
	AccountID  *int64
}

// Prices are the rules of a scope. The scope has been found for a viewer before.
func (s *Store) Prices(ctx context.Context, scope PriceScope) (models.PriceFacts, error) {
	facts, _, err := prices(s.read.WithContext(ctx), scope)
	return facts, err
}

func prices(db *gorm.DB, scope PriceScope) (models.PriceFacts, []models.PriceRule, error) {
	db = db.Where("reseller_id = ?", scope.ResellerID)
	if scope.AccountID == nil {
		db = db.Where("account_id IS NULL")
	} else {
		db = db.Where("account_id = ?", *scope.AccountID)
	}
	var rules []models.PriceRule
	err := db.Order("id").Find(&rules).Error
	return models.FactsOf(rules, scope.AccountID), rules, err
}

// SetPrices gives a scope exactly these rules, if it still has the ones that
// somebody has looked at (seen): models.ErrConflict else. models.ErrForbidden for
// who administers no accounts, models.ErrNotFound for another's scope,
// models.ErrDiscount for a rule below the list price where the reseller may have
// none. Rules that are what they were are no change.
//
// The reseller is locked before anything is read: two who set prices come one
// after the other, and so do they and a placing, which reads them.
func (s *Store) SetPrices(ctx context.Context, by models.By, scope PriceScope, rules models.PriceFacts, seen string) error {
	if !by.May(models.ActAdminister) {
		return models.ErrForbidden
	}
	return s.tx(ctx, func(tx *gorm.DB) error {
		reseller, now, err := s.resellerToChange(tx, by.Viewer, scope.ResellerID)
		if err != nil {
			return err
		}
		if scope.AccountID != nil {
			_, err := first[models.Account](visible(tx, by.Viewer, models.ActAdminister, "id").
				Where("id = ? AND reseller_id = ?", *scope.AccountID, reseller.ID))
			if err != nil {
				return err
			}
		}
		before, old, err := prices(tx, scope)
		switch {
		case err != nil:
			return err
		case before.String() == rules.String():
			return nil
		case before.String() != seen:
			return models.ErrConflict
		case rules.Lowers() && reseller.DiscountsAllowedAt == nil:
			return models.ErrDiscount
		}
		for _, r := range old {
			if err := tx.Where("id = ?", r.ID).Delete(&models.PriceRule{}).Error; err != nil {
				return err
			}
		}
		for _, edition := range append([]models.Edition{""}, models.Editions()...) {
			if markup, set := rules[edition]; set {
				if err := create(tx, &models.PriceRule{ResellerID: reseller.ID, AccountID: scope.AccountID, Edition: edition, Markup: markup}); err != nil {
					return err
				}
			}
		}
		change := models.Change{ResellerID: reseller.ID, What: models.PricesSet, Before: before.String(), After: rules.String()}
		if scope.AccountID != nil {
			change.AccountID = *scope.AccountID
		}
		return addChange(tx, by, now, change)
	})
}

// AllowDiscounts lets a reseller sell below the list price from now on, or no
// longer. Rules that do so stay, and are in force only while it may.
// models.ErrForbidden for everybody but operators.
func (s *Store) AllowDiscounts(ctx context.Context, by models.By, resellerID int64, allowed bool) error {
	if !by.May(models.ActDiscount) {
		return models.ErrForbidden
	}
	return s.tx(ctx, func(tx *gorm.DB) error {
		reseller, now, err := s.resellerToChange(tx, by.Viewer, resellerID)
		if err != nil || (reseller.DiscountsAllowedAt != nil) == allowed {
			return err
		}
		what, since := models.DiscountsRefused, (*time.Time)(nil)
		if allowed {
			what, since = models.DiscountsAllowed, &now
		}
		err = tx.Model(&models.Reseller{}).Where("id = ?", reseller.ID).UpdateColumns(map[string]any{"discounts_allowed_at": since}).Error
		if err != nil {
			return err
		}
		return addChange(tx, by, now, models.Change{ResellerID: reseller.ID, What: what, Before: yesNo(!allowed), After: yesNo(allowed)})
	})
}

// yesNo is a setting as the log of changes keeps it.
func yesNo(yes bool) string {
	if yes {
		return `{"discounts":true}`
	}
	return `{"discounts":false}`
}

// resellerToChange locks a reseller for somebody who looks after its accounts,
// and reads it as it is then, with the time.
func (s *Store) resellerToChange(tx *gorm.DB, v models.Viewer, id int64) (models.Reseller, time.Time, error) {
	if err := s.lockReseller(tx, id, false); err != nil {
		return models.Reseller{}, time.Time{}, err
	}
	reseller, err := first[models.Reseller](resellers(tx, v, models.ActAdminister).Where("id = ?", id))
	if err != nil {
		return reseller, time.Time{}, err
	}
	now, err := s.at(tx)
	return reseller, now, err
}

// AccountsWithPrices lists the accounts of a reseller that have rules of their
// own, by id, behind the one given.
func (s *Store) AccountsWithPrices(ctx context.Context, v models.Viewer, resellerID, after int64, limit int) ([]models.Account, error) {
	var accounts []models.Account
	return accounts, visible(s.read.WithContext(ctx), v, models.ActAdminister, "id").
		Where("id > ? AND id IN (SELECT account_id FROM price_rules WHERE reseller_id = ? AND account_id IS NOT NULL)", after, resellerID).
		Order("id").Limit(limit).Find(&accounts).Error
}

// PriceChanges lists the newest changes of what a reseller sells at in a scope,
// and of what it may; the newest first. The scope has been found for a viewer
// before.
func (s *Store) PriceChanges(ctx context.Context, scope PriceScope, limit int) ([]models.Change, error) {
	db := s.read.WithContext(ctx).Where("reseller_id = ? AND what IN ?", scope.ResellerID,
		[]models.ChangeKind{models.PricesSet, models.DiscountsAllowed, models.DiscountsRefused})
	if scope.AccountID == nil {
		db = db.Where("account_id IS NULL")
	} else {
		db = db.Where("account_id = ?", *scope.AccountID)
	}
	return newestChanges(db, limit)
}
