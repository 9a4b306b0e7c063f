package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"portal/models"
)

// Holding is what an account holds and what is under way for it.
type Holding struct {
	models.History
	OpenOrder *models.Order       // nil when none is under way
	Hold      *models.AccountHold // nil when the account is not held
	// Released are orders in review that don't hold the account any more, oldest
	// first: money may have moved for them.
	Released []models.Order
}

// May says why no order of this kind may be started at now: a
// *models.OpenOrderError, a *models.AccountHeldError or what models.May says;
// nil when one may.
func (h Holding) May(kind models.Kind, now time.Time) error {
	if h.OpenOrder != nil {
		return &models.OpenOrderError{Number: h.OpenOrder.Number}
	}
	if h.Hold != nil {
		return &models.AccountHeldError{Since: h.Hold.Since}
	}
	return models.May(kind, h.Subscription, now)
}

// Holdings reads what accounts hold. The accounts have been found for a viewer
// before.
func (s *Store) Holdings(ctx context.Context, accountIDs ...int64) (map[int64]Holding, error) {
	var held map[int64]Holding
	err := s.snapshot(ctx, func(tx *gorm.DB) error {
		var open []models.Order
		if err := tx.Where("account_id IN ? AND status IN ?", accountIDs, openStatuses).Order("id").Find(&open).Error; err != nil {
			return err
		}
		var holds []models.AccountHold
		if err := tx.Where("account_id IN ? AND released_at IS NULL", accountIDs).Find(&holds).Error; err != nil {
			return err
		}
		histories, err := histories(tx, s.now(), accountIDs...)
		if err != nil {
			return err
		}
		held = make(map[int64]Holding, len(histories))
		for id, h := range histories {
			held[id] = Holding{History: h}
		}
		for _, o := range open {
			h := held[o.AccountID]
			if o.Open() {
				h.OpenOrder = &o
			} else {
				h.Released = append(h.Released, o)
			}
			held[o.AccountID] = h
		}
		for _, hold := range holds {
			h := held[hold.AccountID]
			h.Hold = &hold
			held[hold.AccountID] = h
		}
		return nil
	})
	return held, err
}

// HoldingsFor is Holdings as the viewer may see them.
func (s *Store) HoldingsFor(ctx context.Context, v models.Viewer, accountIDs ...int64) (map[int64]Holding, error) {
	all, err := s.Holdings(ctx, accountIDs...)
	for id, h := range all {
		h.History = h.For(v)
		if h.OpenOrder != nil {
			open := h.OpenOrder.For(v)
			h.OpenOrder = &open
		}
		h.Released = forViewer(v, h.Released)
		all[id] = h
	}
	return all, err
}

// forViewer are orders as the viewer may see them.
func forViewer(v models.Viewer, orders []models.Order) []models.Order {
	for i, o := range orders {
		orders[i] = o.For(v)
	}
	return orders
}

// histories reads the histories of accounts. Completed orders come in the order
// of their completion, which is that of their ids: an account has one open order
// at a time, and one that was released is completed only while nothing has
// happened since it was placed (movedOn). A clock may step back, ids do not.
func histories(db *gorm.DB, now time.Time, accountIDs ...int64) (map[int64]models.History, error) {
	var orders []models.Order
	err := db.Where("account_id IN ? AND status = ?", accountIDs, models.Completed).Order("id").Find(&orders).Error
	if err != nil {
		return nil, err
	}
	var quotes []models.Quote
	err = db.Select("quotes.id", "quotes.lines", "quotes.own_lines").Joins("JOIN orders ON orders.quote_id = quotes.id").
		Where("orders.account_id IN ? AND orders.status = ?", accountIDs, models.Completed).Find(&quotes).Error
	if err != nil {
		return nil, err
	}
	quoted := make(map[string]models.Quote, len(quotes))
	for _, q := range quotes {
		quoted[q.ID] = q
	}
	var outside []models.OutsideEvent
	if err := db.Where("account_id IN ?", accountIDs).Order("id").Find(&outside).Error; err != nil {
		return nil, err
	}

	entries, recorded := map[int64][]models.Entry{}, map[int64][]models.OutsideEvent{}
	for _, o := range orders {
		entries[o.AccountID] = append(entries[o.AccountID], models.Entry{Order: &o, Lines: quoted[o.QuoteID].Lines, OwnLines: quoted[o.QuoteID].OwnLines})
	}
	for _, e := range outside {
		recorded[e.AccountID] = append(recorded[e.AccountID], e)
	}
	all := make(map[int64]models.History, len(accountIDs))
	for _, id := range accountIDs {
		all[id] = models.Project(entries[id], recorded[id], now)
	}
	return all, nil
}

// history is one account's.
func history(db *gorm.DB, accountID int64, now time.Time) (models.History, error) {
	all, err := histories(db, now, accountID)
	return all[accountID], err
}
