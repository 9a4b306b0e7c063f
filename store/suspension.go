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

// SuspendAccount lets an account's people only look from now on, and cancels its
// order that was never sent. One that was, or may have been, runs on.
// models.ErrForbidden for who administers no accounts, models.ErrConflict when
// the account is suspended already.
//
// Placings lock the account, too: one that committed before is met here, and one
// that comes after meets the suspension.
//
// A crash before the commit leaves everything as it was; after it, the account
// is suspended and its unsent order cancelled.
func (s *Store) SuspendAccount(ctx context.Context, by models.By, accountID int64, reason string) error {
	if reason = strings.TrimSpace(reason); reason == "" {
		return errors.New("an account is suspended with a reason")
	}
	return s.step(ctx, failpoint.Suspend, func(tx *gorm.DB) error {
		account, now, err := s.administered(tx, by, accountID)
		if err != nil {
			return err
		}
		if account.SuspendedAt != nil {
			return models.ErrConflict
		}
		after := account
		after.SuspendedAt, after.SuspendedBy, after.SuspensionReason = &now, by.Actor(), reason
		if err := s.cancelUnsent(tx, by, accountID, now); err != nil {
			return err
		}
		return setSuspension(tx, by, now, models.AccountSuspended, reason, account, after)
	})
}

// ReinstateAccount lets a suspended account's people order again. since is when
// the suspension began that the person has looked at: models.ErrConflict when
// that one is over. Nothing that was cancelled comes back.
func (s *Store) ReinstateAccount(ctx context.Context, by models.By, accountID int64, since time.Time, reason string) error {
	if reason = strings.TrimSpace(reason); reason == "" {
		return errors.New("an account is reinstated with a reason")
	}
	return s.tx(ctx, func(tx *gorm.DB) error {
		account, now, err := s.administered(tx, by, accountID)
		if err != nil {
			return err
		}
		if account.SuspendedAt == nil || !account.SuspendedAt.Equal(since) {
			return models.ErrConflict
		}
		after := account
		after.SuspendedAt, after.SuspendedBy, after.SuspensionReason = nil, "", ""
		return setSuspension(tx, by, now, models.AccountReinstated, reason, account, after)
	})
}

// cancelUnsent takes back the order that is placed and was never sent, if any.
// One that a worker claims at the same moment is on its way: it runs on.
func (s *Store) cancelUnsent(tx *gorm.DB, by models.By, accountID int64, now time.Time) error {
	order, err := openOrder(tx, accountID)
	if err != nil || order == nil || !order.Unsent() {
		return err
	}
	err = s.transition(tx, move{
		order: *order, at: now, to: models.Cancelled, reason: models.ReasonSuspended, actor: by.Actor(),
	})
	if errors.Is(err, models.ErrConflict) {
		return nil
	}
	return err
}

func setSuspension(tx *gorm.DB, by models.By, now time.Time, what models.ChangeKind, reason string, before, after models.Account) error {
	err := tx.Model(&models.Account{}).Where("id = ?", before.ID).UpdateColumns(map[string]any{
		"suspended_at": after.SuspendedAt, "suspended_by": after.SuspendedBy, "suspension_reason": after.SuspensionReason,
	}).Error
	if err != nil {
		return err
	}
	return addChange(tx, by, now, models.Change{
		AccountID: before.ID, What: what, Reason: reason, Before: before.Facts(), After: after.Facts(),
	})
}
