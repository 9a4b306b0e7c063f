package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"portal/models"
)

// addChange writes down who makes a change, and from where, in the transaction
// that makes it.
func addChange(tx *gorm.DB, by models.By, at time.Time, c models.Change) error {
	c.At, c.Actor, c.RequestID, c.Address = at, by.Actor(), by.RequestID, by.Address
	return create(tx, &c)
}

// addChanges is addChange for many at once.
func addChanges(tx *gorm.DB, by models.By, at time.Time, changes []models.Change) error {
	if len(changes) == 0 {
		return nil
	}
	for i := range changes {
		c := &changes[i]
		c.At, c.Actor, c.RequestID, c.Address = at, by.Actor(), by.RequestID, by.Address
	}
	return tx.CreateInBatches(&changes, changesAtOnce).Error
}

// changesAtOnce is how many are written with one statement.
const changesAtOnce = 500

// decided moves an order as somebody decided, and puts that into the log of
// changes, with the proposal that stood until then; nil for none.
func (s *Store) decided(tx *gorm.DB, by models.By, m move, what models.ChangeKind, proposal *models.Event) error {
	if err := s.transition(tx, m); err != nil {
		return err
	}
	after, err := first[models.Order](tx.Where("id = ?", m.order.ID))
	if err != nil {
		return err
	}
	var proposed *models.Event
	if what == models.SettlementProposed {
		proposed = &models.Event{Reason: m.reason, ProviderOrderID: m.providerOrderID, InstanceID: m.instanceID}
	}
	return addChange(tx, by, m.at, models.Change{
		AccountID: after.AccountID, OrderID: after.ID, What: what, Reason: m.note,
		Before: m.order.FactsUnder(proposal), After: after.FactsUnder(proposed),
	})
}

// ofResellers are the changes of a reseller itself: whose key signs for it is for
// operators, who make them.
var ofResellers = []models.ChangeKind{models.ResellerAdded, models.ResellerEdited}

// ResellerChanges lists the newest changes of a reseller itself, for operators.
func (s *Store) ResellerChanges(ctx context.Context, resellerID int64, limit int) ([]models.Change, error) {
	return newestChanges(s.read.WithContext(ctx).Where("reseller_id = ? AND what IN ?", resellerID, ofResellers), limit)
}

// ChangesOfReseller lists the newest changes of a reseller's people and prices. It
// has been found for a viewer before.
func (s *Store) ChangesOfReseller(ctx context.Context, resellerID int64, limit int) ([]models.Change, error) {
	return newestChanges(s.read.WithContext(ctx).Where("reseller_id = ? AND what NOT IN ?", resellerID, ofResellers), limit)
}

// Changes lists the newest changes of an account, but for those that OrderChanges
// has (models.OfTheOrder). The account has been found for a viewer before.
func (s *Store) Changes(ctx context.Context, accountID int64, limit int) ([]models.Change, error) {
	return newestChanges(s.read.WithContext(ctx).Where("account_id = ? AND what NOT IN ?", accountID, models.OfTheOrder()), limit)
}

// OrderChanges lists what people did about an order, oldest first. The order has
// been found for staff before.
func (s *Store) OrderChanges(ctx context.Context, orderID int64) ([]models.Change, error) {
	var changes []models.Change
	return changes, s.read.WithContext(ctx).Where("order_id = ?", orderID).Order("id").Find(&changes).Error
}

// newestChanges are those that a query chooses, the newest first.
func newestChanges(db *gorm.DB, limit int) ([]models.Change, error) {
	var changes []models.Change
	return changes, db.Order("id DESC").Limit(limit).Find(&changes).Error
}
