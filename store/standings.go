package store

import (
	"context"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"portal/models"
)

// project writes down what an account holds now, in the transaction that has
// changed it. The caller has locked the account.
func (s *Store) project(tx *gorm.DB, accountID int64) error {
	now, err := s.at(tx)
	if err != nil {
		return err
	}
	known, err := history(tx, accountID, now)
	if err != nil {
		return err
	}
	standing := models.StandingOf(accountID, known.Subscription, now)
	return tx.Clauses(clause.OnConflict{UpdateAll: true}).Create(&standing).Error
}

// RefreshStandings projects the accounts anew whose standing has turned by
// itself, and all of them after the upgrade that brought standings. It says how
// many they were.
func (s *Store) RefreshStandings(ctx context.Context) (int, error) {
	for all := 0; ; {
		var ids []int64
		err := s.read.WithContext(ctx).Raw(`SELECT account_id FROM standings WHERE turns_at <= ? ORDER BY turns_at LIMIT 200`, s.now()).Scan(&ids).Error
		if err != nil || len(ids) == 0 {
			return all, err
		}
		for _, id := range ids { // each by itself: an order that is answered meanwhile need not wait for all
			err := s.tx(ctx, func(tx *gorm.DB) error {
				if err := s.lockAccount(tx, id); err != nil {
					return err
				}
				return s.project(tx, id)
			})
			if err != nil {
				return all, err
			}
			all++
		}
	}
}

// WrongStandings holds what lists go by against the history, and gives the
// accounts (by id, at most limit) whose stored projection says something else.
// One that is about to turn is not wrong.
func (s *Store) WrongStandings(ctx context.Context, limit int) ([]int64, error) {
	var wrong []int64
	for after := int64(0); len(wrong) < limit; {
		var ids []int64
		err := s.snapshot(ctx, func(tx *gorm.DB) error {
			ids = nil
			var found []int64
			if err := tx.Raw(`SELECT id FROM accounts WHERE id > ? ORDER BY id LIMIT 500`, after).Scan(&ids).Error; err != nil || len(ids) == 0 {
				return err
			}
			var stored []models.Standing
			if err := tx.Where("account_id IN ?", ids).Find(&stored).Error; err != nil {
				return err
			}
			byID := make(map[int64]models.Standing, len(stored))
			for _, standing := range stored {
				byID[standing.AccountID] = standing
			}
			now := s.now()
			known, err := histories(tx, now, ids...)
			if err != nil {
				return err
			}
			for _, id := range ids {
				standing, there := byID[id]
				turning := standing.TurnsAt != nil && !standing.TurnsAt.After(now)
				if !turning && (!there || !standing.Same(models.StandingOf(id, known[id].Subscription, now))) {
					found = append(found, id)
				}
			}
			wrong = append(wrong, found...)
			return nil
		})
		if err != nil || len(ids) == 0 {
			return wrong, err
		}
		after = ids[len(ids)-1]
	}
	return wrong[:limit], nil
}
