package store

import (
	"context"
	"errors"
	"strings"
	"time"

	"gorm.io/gorm"

	"portal/failpoint"
	"portal/models"
)

// shortestRenewal is how much later than the known end a recorded renewal ends at
// the least: less is the same one, typed in again to the second.
const shortestRenewal = 24 * time.Hour

// Record keeps what an operator saw at the provider: an entry in the account's
// history, without a call. The caller has set the account, the kind and what
// was seen; a renewal begins where the confirmed time ends, and a release ends
// what is held, so that StartsAt of both, and Edition, InstanceCount and
// auto-renewal of a release, are filled in here. seen is the history that the
// operator looked at; nil for who looked at none.
//
// models.ErrForbidden for everybody but operators, *models.OpenOrderError while
// an order may still change what is held, models.ErrSubscribed or
// models.ErrNotSubscribed when it is not what the entry is about,
// models.ErrConflict when something happened to the account since, or another
// instance is held, models.ErrExists when the instance is another account's,
// models.ErrTooEarly for a renewal that ends nothing later, or a release before
// what is held began.
//
// The account is locked before its history is read: no placing, completion or
// other entry comes in between.
func (s *Store) Record(ctx context.Context, by models.By, e models.OutsideEvent, seen *models.Seen) (models.OutsideEvent, error) {
	if !by.May(models.ActRecord) {
		return e, models.ErrForbidden
	}
	e.Reason, e.InstanceID = strings.TrimSpace(e.Reason), strings.TrimSpace(e.InstanceID)
	if e.Reason == "" || e.InstanceID == "" || e.EndsAt == nil {
		return e, errors.New("an entry from outside names its instance, a time and a reason")
	}
	err := s.step(ctx, failpoint.Record, func(tx *gorm.DB) error {
		if _, err := first[models.Account](visible(tx, by.Viewer, models.ActRecord, "id").Where("id = ?", e.AccountID)); err != nil {
			return err
		}
		if err := s.lockAccount(tx, e.AccountID); err != nil {
			return err
		}
		if open, err := openOrder(tx, e.AccountID); err != nil {
			return err
		} else if open != nil {
			return &models.OpenOrderError{Number: open.Number}
		}
		now, err := s.at(tx)
		if err != nil {
			return err
		}
		known, err := history(tx, e.AccountID, now)
		if err != nil {
			return err
		}
		if seen != nil && *seen != known.Seen() {
			return models.ErrConflict
		}
		held := known.Subscription
		switch e.Kind {
		case models.Adopted:
			if err := models.May(models.Buy, held, now); err != nil {
				return err
			}
			if taken, err := s.instanceOfAnother(tx, e.InstanceID, e.AccountID); err != nil {
				return err
			} else if taken {
				return models.ErrExists
			}
		case models.Renewed, models.Released:
			if held == nil {
				return models.ErrNotSubscribed
			}
			if held.InstanceID != e.InstanceID {
				return models.ErrConflict
			}
			if e.Kind == models.Released {
				if e.EndsAt.Before(held.StartsAt.Truncate(time.Minute)) { // people type minutes
					return models.ErrTooEarly
				}
				e.StartsAt, e.PaidFen = nil, 0
				e.Edition, e.InstanceCount = held.Edition, held.InstanceCount
				e.AutoRenew, e.AutoRenewMonths = held.AutoRenew, held.AutoRenewMonths
				break
			}
			end := held.ConfirmedEnd()
			if e.EndsAt.Before(end.Add(shortestRenewal)) {
				return models.ErrTooEarly
			}
			e.StartsAt = &end
		default:
			return errors.New("no such kind of entry: " + string(e.Kind))
		}
		e.ID, e.UserID, e.CreatedAt, e.AfterOrderID = 0, by.User.ID, now, known.LastOrderID
		if err := seal(tx, &e); err != nil {
			return err
		}
		if err := s.project(tx, e.AccountID); err != nil {
			return err
		}
		after, err := history(tx, e.AccountID, now)
		if err != nil {
			return err
		}
		return addChange(tx, by, now, models.Change{
			AccountID: e.AccountID, What: e.Kind.Recorded(), Reason: e.Reason, Before: held.Facts(), After: after.Subscription.Facts(),
		})
	})
	return e, err
}

// seal appends an entry to its account's chain.
func seal(tx *gorm.DB, e *models.OutsideEvent) error {
	before := ""
	last, err := first[models.OutsideEvent](tx.Where("account_id = ?", e.AccountID).Order("id DESC"))
	switch {
	case err == nil:
		before = last.Sealed()
	case !errors.Is(err, models.ErrNotFound):
		return err
	}
	e.StartsAt, e.EndsAt = stored(e.StartsAt), stored(e.EndsAt)
	e.Hash = e.Chain(before)
	return create(tx, e)
}

// stored is a time as it will be read back: what is sealed is what an audit reads.
func stored(at *time.Time) *time.Time {
	if at == nil {
		return nil
	}
	t := at.UTC().Truncate(time.Microsecond)
	return &t
}

// instanceOfAnother says whether an instance belongs to another account's
// history: one instance has one owner. It locks the instance's name, because
// another account that gets it at the same moment has another row to lock.
func (s *Store) instanceOfAnother(tx *gorm.DB, instanceID string, accountID int64) (bool, error) {
	if err := s.lockNames(tx, "instance:"+instanceID); err != nil {
		return false, err
	}
	var n int64
	err := tx.Raw(`SELECT
		(SELECT count(*) FROM orders WHERE instance_id = @instance AND account_id <> @account) +
		(SELECT count(*) FROM outside_events WHERE instance_id = @instance AND account_id <> @account)`,
		map[string]any{"instance": instanceID, "account": accountID}).Scan(&n).Error
	return n > 0, err
}
