package store

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"

	"portal/failpoint"
	"portal/models"
)

// SetLimits sets how much may be ordered for an account in a month, and above
// which sum its customers' orders wait for approval; nil for no limit. Orders that
// wait already go on waiting. models.ErrForbidden for who administers no accounts.
//
// It locks the account, as placing does: an order is placed by the limits before
// or by those after.
func (s *Store) SetLimits(ctx context.Context, by models.By, accountID int64, monthly, above *models.Fen) error {
	if monthly != nil && *monthly < 0 || above != nil && *above < 0 {
		return errors.New("a limit is 0 or more")
	}
	return s.tx(ctx, func(tx *gorm.DB) error {
		before, now, err := s.administered(tx, by, accountID)
		if err != nil {
			return err
		}
		after := before
		after.MonthlyLimitFen, after.ApprovalAboveFen = monthly, above
		if after.Facts() == before.Facts() {
			return nil
		}
		err = tx.Model(&models.Account{}).Where("id = ?", accountID).
			UpdateColumns(map[string]any{"monthly_limit_fen": monthly, "approval_above_fen": above}).Error
		if err != nil {
			return err
		}
		return addChange(tx, by, now, models.Change{
			AccountID: accountID, What: models.AccountLimited, Before: before.Facts(), After: after.Facts(),
		})
	})
}

// Spent is what was ordered for an account in the Beijing calendar month of now,
// as its monthly limit counts it. The account has been found for a viewer before.
func (s *Store) Spent(ctx context.Context, accountID int64) (models.Fen, error) {
	return spent(s.read.WithContext(ctx), accountID, s.now())
}

// spent is the sum of the orders that were placed in the month and were, or may
// yet be, charged: what waits, is under way or in review counts, and what came to
// nothing does not. Refunds give no room back: a limit is for what is ordered. A
// caller that goes by it has locked the account.
func spent(db *gorm.DB, accountID int64, now time.Time) (models.Fen, error) {
	from, to := models.MonthOf(now)
	var sum models.Fen
	return sum, db.Model(&models.Order{}).Select("coalesce(sum(coalesce(own_total_fen, total_fen)), 0)").
		Where("account_id = ? AND kind <> ? AND placed_at >= ? AND placed_at < ?", accountID, models.Refund, from, to).
		Where("status NOT IN ? OR reason = ?", []models.Status{models.Rejected, models.Cancelled}, models.ReasonRecorded).
		Scan(&sum).Error
}

// ApproveOrder lets an order be sent that waited for approval. Its quote has to
// hold as at placing (models.QuoteChangedError), but for its expiry: the order
// was placed in time. It counts against the limit of the month in which it was
// placed. models.ErrConflict when it waits no more, or nobody decided in time;
// models.AccountSuspendedError, models.AccountHeldError and what models.May says
// as at placing. models.ErrForbidden for who may approve nothing.
//
// A crash before the commit leaves an order that waits; after it, one that the
// worker finds by itself.
func (s *Store) ApproveOrder(ctx context.Context, by models.By, number string, p Placing) error {
	return s.decide(ctx, failpoint.Approve, by, number, func(tx *gorm.DB, order models.Order, account models.Account) error {
		quote, err := first[models.Quote](tx.Where("id = ?", order.QuoteID))
		if err != nil {
			return err
		}
		if err := account.May(by.Viewer, order.Kind); err != nil {
			return err
		}
		now, changed, err := s.compare(tx, quote, p)
		if err != nil {
			return err
		}
		changed = slices.DeleteFunc(changed, func(c models.QuoteChange) bool { return c == models.QuoteExpired })
		if len(changed) > 0 {
			return &models.QuoteChangedError{Reasons: changed}
		}
		if now.Sub(order.PlacedAt) >= models.ApprovalLimit {
			return models.ErrConflict // the worker is about to say so
		}
		return s.decided(tx, by, move{
			order: order, at: now, to: models.Placed, reason: models.ReasonApproved, actor: by.Actor(),
			set: map[string]any{"approved_at": now, "due_at": now},
		}, models.OrderApproved, nil)
	})
}

// DeclineOrder rejects an order that waits for approval, with a reason that its
// customer reads. models.ErrConflict when it waits no more; models.ErrForbidden
// for who may approve nothing.
func (s *Store) DeclineOrder(ctx context.Context, by models.By, number, reason string) error {
	if reason = strings.TrimSpace(reason); reason == "" {
		return errors.New("an order is declined with a reason")
	}
	return s.decide(ctx, failpoint.Decline, by, number, func(tx *gorm.DB, order models.Order, _ models.Account) error {
		now, err := s.at(tx)
		if err != nil {
			return err
		}
		return s.decided(tx, by, move{
			order: order, at: now, to: models.Rejected, reason: models.ReasonNotApproved, actor: by.Actor(), note: reason,
		}, models.OrderDeclined, nil)
	})
}

// Awaiting counts the orders that wait for the viewer's approval, up to
// models.AlarmBound; 0 for who may approve nothing.
func (s *Store) Awaiting(ctx context.Context, v models.Viewer) (int, error) {
	if !v.May(models.ActApprove) {
		return 0, nil
	}
	var ids []int64
	err := visible(s.read.WithContext(ctx).Model(&models.Order{}), v, models.ActApprove, "account_id").
		Where("status = ?", models.AwaitingApproval).Limit(models.AlarmBound).Pluck("id", &ids).Error
	return len(ids), err
}

// decide finds an order that waits for approval, with its account locked, for
// somebody who may approve it.
func (s *Store) decide(ctx context.Context, step failpoint.Step, by models.By, number string,
	do func(tx *gorm.DB, order models.Order, account models.Account) error,
) error {
	if !by.May(models.ActApprove) {
		return models.ErrForbidden
	}
	return s.step(ctx, step, func(tx *gorm.DB) error {
		find := func() (models.Order, error) {
			return first[models.Order](visible(tx, by.Viewer, models.ActApprove, "account_id").Where("number = ?", number))
		}
		order, err := find()
		if err != nil {
			return err
		}
		if err := s.lockAccount(tx, order.AccountID); err != nil {
			return err
		}
		if order, err = find(); err != nil {
			return err
		}
		if order.Status != models.AwaitingApproval {
			return models.ErrConflict
		}
		account, err := first[models.Account](tx.Where("id = ?", order.AccountID))
		if err != nil {
			return err
		}
		return do(tx, order, account)
	})
}
