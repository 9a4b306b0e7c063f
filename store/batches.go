package store

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"portal/failpoint"
	"portal/models"
)

// batchLease is how long whoever works on an account of a batch has it to
// themselves. It is only there to save work: what two of them did at the same
// time would be one quote too many, and never a second order.
const batchLease = 20 * time.Second

// NewBatch begins a batch of renewals. Its accounts are quoted one after the
// other (DueBatchItems), and nothing is ordered before StartBatch. Accounts that
// the viewer may not order for are models.ErrNotFound, for all of them.
func (s *Store) NewBatch(ctx context.Context, v models.Viewer, term models.Term, accountIDs []int64) (models.Batch, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return models.Batch{}, err
	}
	if !v.May(models.ActBatch) {
		return models.Batch{}, models.ErrForbidden
	}
	batch := models.Batch{ID: id.String(), UserID: v.User.ID, ResellerID: v.User.ResellerID, Cycle: term.Cycle, Duration: term.Duration}
	return batch, s.step(ctx, failpoint.Batch, func(tx *gorm.DB) error {
		var found int64
		if err := visible(tx.Model(&models.Account{}), v, models.ActBatch, "id").Where("id IN ?", accountIDs).Count(&found).Error; err != nil {
			return err
		}
		if len(accountIDs) == 0 || int(found) != len(accountIDs) {
			return models.ErrNotFound
		}
		now, err := s.at(tx)
		if err != nil {
			return err
		}
		batch.CreatedAt = now
		if err := create(tx, &batch); err != nil {
			return err
		}
		items := make([]models.BatchItem, len(accountIDs))
		for i, account := range accountIDs {
			items[i] = models.BatchItem{BatchID: batch.ID, AccountID: account, State: models.BatchAsked, DueAt: &now, UpdatedAt: now}
		}
		return create(tx, &items)
	})
}

// StartBatch confirms a batch: its accounts that have a quote are ordered, one
// after the other. models.ErrConflict while some have none yet. Confirmed again,
// it changes nothing.
func (s *Store) StartBatch(ctx context.Context, by models.By, id string) error {
	return s.step(ctx, failpoint.BatchStart, func(tx *gorm.DB) error {
		batch, err := s.lockBatch(tx, by.Viewer, id)
		if err != nil || batch.StartedAt != nil {
			return err
		}
		var asked int64
		if err := tx.Model(&models.BatchItem{}).Where("batch_id = ? AND state = ?", id, models.BatchAsked).Count(&asked).Error; err != nil {
			return err
		}
		if asked > 0 {
			return models.ErrConflict
		}
		now, err := s.at(tx)
		if err != nil {
			return err
		}
		quoted := tx.Model(&models.BatchItem{}).Where("batch_id = ? AND state = ?", id, models.BatchQuoted).
			UpdateColumns(map[string]any{"due_at": now, "updated_at": now})
		if quoted.Error != nil {
			return quoted.Error
		}
		after := batch
		after.StartedAt, after.RequestID, after.Address = &now, by.RequestID, by.Address
		err = tx.Model(&models.Batch{}).Where("id = ?", id).UpdateColumns(map[string]any{
			"started_at": now, "request_id": by.RequestID, "address": by.Address,
		}).Error
		if err != nil {
			return err
		}
		n := int(quoted.RowsAffected)
		return addChange(tx, by, now, ofBatch(batch, models.Change{What: models.BatchStarted, Before: batch.Facts(n), After: after.Facts(n)}))
	})
}

// StopBatch leaves out every account that is not ordered yet. One whose order is
// being placed in this moment may still be ordered.
func (s *Store) StopBatch(ctx context.Context, by models.By, id string) error {
	return s.tx(ctx, func(tx *gorm.DB) error {
		batch, err := s.lockBatch(tx, by.Viewer, id)
		if err != nil {
			return err
		}
		now, err := s.at(tx)
		if err != nil {
			return err
		}
		n, err := stopItems(tx.Where("batch_id = ?", id), now)
		if err != nil || n == 0 {
			return err
		}
		return addChange(tx, by, now, ofBatch(batch, models.Change{What: models.BatchHalted, Before: batch.Facts(n), After: batch.Facts(0)}))
	})
}

// ofBatch is a change of a batch: of its reseller's, or of the operator's who
// asked for it.
func ofBatch(b models.Batch, c models.Change) models.Change {
	if b.ResellerID != nil {
		c.ResellerID = *b.ResellerID
	} else {
		c.UserID = b.UserID
	}
	return c
}

// stopItems leaves out what is not ordered yet, and says how many those were.
func stopItems(db *gorm.DB, now time.Time) (int, error) {
	stopped := db.Model(&models.BatchItem{}).Where("state IN ?", []models.BatchState{models.BatchAsked, models.BatchQuoted}).
		UpdateColumns(map[string]any{"state": models.BatchStopped, "due_at": nil, "updated_at": now})
	return int(stopped.RowsAffected), stopped.Error
}

// lockBatch reads a batch that the viewer may work with, and has it to itself
// until the transaction ends.
func (s *Store) lockBatch(tx *gorm.DB, v models.Viewer, id string) (models.Batch, error) {
	if !v.May(models.ActBatch) {
		return models.Batch{}, models.ErrForbidden
	}
	if err := s.lockNames(tx, "batch:"+id); err != nil {
		return models.Batch{}, err
	}
	return first[models.Batch](batches(tx, v).Where("id = ?", id))
}

// batches are those that the viewer sees: a reseller's administrators those of
// their reseller, operators all.
func batches(db *gorm.DB, v models.Viewer) *gorm.DB {
	switch v.Whose(models.ActBatch) {
	case models.WhoseReseller:
		return db.Where("reseller_id = ?", v.User.ResellerID)
	case models.WhoseAll:
		return db
	case models.WhoseAccount, models.WhoseNone:
	}
	return db.Where("1 = 0")
}

// Batch reads a batch with its accounts, in the order of their names. Those that
// the viewer sees no more are left out.
func (s *Store) Batch(ctx context.Context, v models.Viewer, id string) (models.Batch, []models.Batched, error) {
	var batch models.Batch
	var all []models.Batched
	err := s.snapshot(ctx, func(tx *gorm.DB) (err error) {
		if batch, err = first[models.Batch](batches(tx, v).Where("id = ?", id)); err != nil {
			return err
		}
		var items []models.BatchItem
		err = visible(tx, v, models.ActBatch, "account_id").Where("batch_id = ?", id).
			Order("(SELECT name FROM accounts WHERE accounts.id = account_id), id").Find(&items).Error
		if err != nil {
			return err
		}
		accounts, err := related(tx, items, func(i models.BatchItem) *int64 { return &i.AccountID }, func(a models.Account) int64 { return a.ID })
		if err != nil {
			return err
		}
		quotes, err := related(tx, items, func(i models.BatchItem) *string { return i.QuoteID }, func(q models.Quote) string { return q.ID })
		if err != nil {
			return err
		}
		orders, err := related(tx, items, func(i models.BatchItem) *int64 { return i.OrderID }, func(o models.Order) int64 { return o.ID })
		if err != nil {
			return err
		}
		for _, item := range items {
			b := models.Batched{Item: item, Account: accounts[item.AccountID]}
			if item.QuoteID != nil {
				quote := quotes[*item.QuoteID]
				b.Quote = &quote
			}
			if item.OrderID != nil {
				order := orders[*item.OrderID]
				b.Order = &order
			}
			all = append(all, b)
		}
		return nil
	})
	return batch, all, err
}

// related reads the rows that items name, by their keys.
func related[T any, K comparable](tx *gorm.DB, items []models.BatchItem, key func(models.BatchItem) *K, of func(T) K) (map[K]T, error) {
	var keys []K
	for _, item := range items {
		if k := key(item); k != nil {
			keys = append(keys, *k)
		}
	}
	var rows []T
	if err := tx.Where("id IN ?", keys).Find(&rows).Error; err != nil {
		return nil, err
	}
	byKey := make(map[K]T, len(rows))
	for _, row := range rows {
		byKey[of(row)] = row
	}
	return byKey, nil
}

// Batches lists the newest batches that the viewer sees.
func (s *Store) Batches(ctx context.Context, v models.Viewer, limit int) ([]models.Batch, error) {
	var all []models.Batch
	return all, batches(s.read.WithContext(ctx), v).Order("id DESC").Limit(limit).Find(&all).Error
}

// DueBatchItem gives the caller the account of a batch that has waited longest
// for its turn, for batchLease; models.ErrNotFound when none waits, and
// models.ErrConflict when another replica took it at the same moment.
//
// A crash after the commit leaves one that is due again when the lease is over.
func (s *Store) DueBatchItem(ctx context.Context) (models.Batch, models.BatchItem, error) {
	var batch models.Batch
	var item models.BatchItem
	none, err := s.nothingDue(ctx)
	if err != nil || none {
		return batch, item, errors.Join(err, models.ErrNotFound)
	}
	err = s.tx(ctx, func(tx *gorm.DB) error {
		now, err := s.at(tx)
		if err != nil {
			return err
		}
		item, err = first[models.BatchItem](tx.Where("due_at <= ?", now).Order("due_at, id"))
		if err != nil {
			return err
		}
		until := now.Add(batchLease)
		mine := tx.Model(&models.BatchItem{}).Where("id = ? AND claim = ? AND due_at <= ?", item.ID, item.Claim, now).
			UpdateColumns(map[string]any{"claim": item.Claim + 1, "due_at": until})
		if mine.Error == nil && mine.RowsAffected != 1 {
			return models.ErrConflict
		}
		if mine.Error != nil {
			return mine.Error
		}
		item.Claim, item.DueAt = item.Claim+1, &until
		batch, err = first[models.Batch](tx.Where("id = ?", item.BatchID))
		return err
	})
	return batch, item, err
}

// nothingDue asks without a write: most of the time there is none.
func (s *Store) nothingDue(ctx context.Context) (bool, error) {
	db := s.read.WithContext(ctx)
	now, err := s.at(db)
	if err != nil {
		return false, err
	}
	_, err = first[models.BatchItem](db.Where("due_at <= ?", now))
	if errors.Is(err, models.ErrNotFound) {
		return true, nil
	}
	return false, err
}

// Batching is where an account of a batch goes from here.
type Batching struct {
	State models.BatchState
	Quote string          // for BatchQuoted
	Order int64           // for BatchOrdered
	Why   models.BatchWhy // for BatchFailed
	Again time.Duration   // the state stays, and it is tried again after so long; 0 for no more
}

// MoveBatchItem writes what came of working on an account of a batch, if the
// caller's claim still stands; else it is models.ErrConflict, and somebody else's
// to say.
//
// A crash before the commit leaves an account that is due again when its lease is
// over: it gets another quote, or the order that its quote has led to already.
func (s *Store) MoveBatchItem(ctx context.Context, item models.BatchItem, next Batching) error {
	return s.step(ctx, failpoint.BatchItem, func(tx *gorm.DB) error {
		now, err := s.at(tx)
		if err != nil {
			return err
		}
		set := map[string]any{"state": next.State, "why": next.Why, "due_at": nil, "updated_at": now}
		if next.Again > 0 {
			set["due_at"] = now.Add(next.Again)
		}
		if next.Quote != "" {
			set["quote_id"] = next.Quote
		}
		if next.Order != 0 {
			set["order_id"] = next.Order
		}
		// One that was stopped meanwhile, but has been ordered, says that it was.
		moved := tx.Model(&models.BatchItem{}).Where("id = ? AND claim = ? AND (state = ? OR state = ? AND ? <> 0)",
			item.ID, item.Claim, item.State, models.BatchStopped, next.Order).UpdateColumns(set)
		if moved.Error == nil && moved.RowsAffected != 1 {
			return models.ErrConflict
		}
		return moved.Error
	})
}
