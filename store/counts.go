package store

import (
	"context"
	"errors"
	"time"

	"gorm.io/gorm"

	"portal/models"
)

// CountPace is how machines are counted in the background.
type CountPace struct {
	Every   time.Duration // how old a count gets, about
	Spacing time.Duration // between two reads of all portals on this database, at least
	Lease   time.Duration // how long a read may take before another portal does it
}

// longestTrouble bounds the pause between two reads while they fail. A pace that
// lies further ahead comes from a clock that has stepped back.
const longestTrouble = 15 * time.Minute

// NextCount takes the turn to read an account's machines: of those that are due
// the one that waits longest, nil while none is, while the last read was too
// short a time ago, and while an order is being sent or is due. By the database's
// clock, and all of it is in the database: a restart or another replica brings no
// read more.
//
// Whoever moves the pace has the turn; another replica that does so at the same
// moment waits here for the first, and then meets a pace that lies ahead. A crash
// after the commit leaves an account that is due again when its lease is over.
func (s *Store) NextCount(ctx context.Context, p CountPace) (*models.Account, error) {
	db := s.read.WithContext(ctx)
	now, err := s.at(db)
	if err != nil {
		s.Notice(err)
		return nil, err
	}
	// Most looks end here, and write nothing.
	var may bool
	err = db.Raw(`SELECT EXISTS (SELECT 1 FROM account_counts WHERE due_at <= @now)
		AND EXISTS (SELECT 1 FROM count_paces WHERE next_at <= @now OR next_at > @far)
		AND NOT EXISTS (SELECT 1 FROM orders WHERE status IN ('placed', 'sending') OR status = 'unknown' AND due_at <= @now)`,
		map[string]any{"now": now, "far": now.Add(longestTrouble + p.Spacing)}).Scan(&may).Error
	s.Notice(err)
	if err != nil || !may {
		return nil, err
	}
	var turn *models.Account
	err = s.tx(ctx, func(tx *gorm.DB) error {
		turn = nil
		now, err := s.at(tx)
		if err != nil {
			return err
		}
		result := tx.Exec(`UPDATE count_paces SET next_at = ? WHERE id = 1 AND (next_at <= ? OR next_at > ?)`,
			now.Add(p.Spacing), now, now.Add(longestTrouble+p.Spacing))
		if result.Error != nil || result.RowsAffected == 0 {
			return result.Error
		}
		turn, err = dueCount(tx, p, now)
		return err
	})
	if err != nil {
		return nil, err
	}
	return turn, nil
}

// dueCount is the account that waits longest, with its lease. One whose machines
// somebody has looked at meanwhile needs no read.
func dueCount(tx *gorm.DB, p CountPace, now time.Time) (*models.Account, error) {
	var due []models.AccountCount
	if err := tx.Where("due_at <= ?", now).Order("due_at, account_id").Limit(50).Find(&due).Error; err != nil {
		return nil, err
	}
	for _, c := range due {
		account, err := first[models.Account](tx.Where("id = ?", c.AccountID))
		if err != nil {
			return nil, err
		}
		next, fresh := now.Add(p.Lease), c.ReadAt != nil && c.ReadAt.After(now.Add(-p.Every/2))
		if fresh {
			next = models.NextCount(account, p.Every, now)
		}
		if err := tx.Model(&models.AccountCount{}).Where("account_id = ?", c.AccountID).UpdateColumn("due_at", next).Error; err != nil {
			return nil, err
		}
		if !fresh {
			return &account, nil
		}
	}
	return nil, nil
}

// KeepCount keeps what came of a turn and says when the account is due again. A
// read that failed slows the next ones of all accounts down, longer each time,
// until one succeeds.
func (s *Store) KeepCount(ctx context.Context, account models.Account, count models.Count, failed error, p CountPace) error {
	return s.tx(ctx, func(tx *gorm.DB) error {
		now, err := s.at(tx)
		if err != nil {
			return err
		}
		// Pace first, as NextCount does: two that lock in one order can't wait for each other.
		if failed == nil {
			err = tx.Exec(`UPDATE count_paces SET troubles = 0 WHERE id = 1 AND troubles > 0`).Error
		} else {
			err = troubled(tx, p, now)
		}
		if err != nil {
			return err
		}
		if err := keepCount(tx, account.ID, count, failed, now); err != nil {
			return err
		}
		kept, err := first[models.AccountCount](tx.Where("account_id = ?", account.ID))
		if err != nil {
			return err
		}
		due := models.NextCount(account, p.Every, now)
		if failed != nil {
			due = models.RetryCount(account, p.Every, now, failureOf(failed), kept.Failures)
		}
		return tx.Model(&models.AccountCount{}).Where("account_id = ?", account.ID).UpdateColumn("due_at", due).Error
	})
}

// troubled puts the next read off.
func troubled(tx *gorm.DB, p CountPace, now time.Time) error {
	if err := tx.Exec(`UPDATE count_paces SET troubles = troubles + 1 WHERE id = 1`).Error; err != nil {
		return err
	}
	var troubles int
	if err := tx.Raw(`SELECT troubles FROM count_paces WHERE id = 1`).Scan(&troubles).Error; err != nil {
		return err
	}
	pause := p.Spacing
	for range troubles {
		if pause *= 2; pause > longestTrouble {
			break
		}
	}
	return tx.Exec(`UPDATE count_paces SET next_at = ? WHERE id = 1`, now.Add(min(pause, longestTrouble))).Error
}

// repeated is how long the same news of an account is not written again.
const repeated = time.Minute

// NoteCount keeps what somebody read beside the background: the number of the
// owner's machines, or the *models.CountError that came instead. It changes
// nothing of when the background reads.
func (s *Store) NoteCount(ctx context.Context, ownerID int64, count models.Count, failed error) error {
	known, err := first[models.AccountCount](s.read.WithContext(ctx).
		Where("account_id = (SELECT id FROM accounts WHERE owner_id = ?)", ownerID))
	if errors.Is(err, models.ErrNotFound) {
		return nil // asked for somebody who is no account
	}
	if err != nil {
		return err
	}
	now := s.now()
	switch {
	case failed == nil && known.Failure == "" && known.Machines == count.Machines && known.ReadAt != nil && now.Sub(*known.ReadAt) < repeated,
		failed != nil && known.Failure == failureOf(failed) && now.Sub(*known.FailedAt) < repeated:
		return nil
	}
	return s.tx(ctx, func(tx *gorm.DB) error {
		now, err := s.at(tx)
		if err != nil {
			return err
		}
		return keepCount(tx, known.AccountID, count, failed, now)
	})
}

// keepCount writes one read down, unless a later one was.
func keepCount(tx *gorm.DB, accountID int64, count models.Count, failed error, now time.Time) error {
	if failed != nil {
		return tx.Exec(`UPDATE account_counts SET failure = ?, failed_at = ?, failures = failures + 1 WHERE account_id = ?`,
			failureOf(failed), now, accountID).Error
	}
	at := count.ReadAt.UTC().Truncate(time.Microsecond)
	return tx.Exec(`UPDATE account_counts SET machines = ?, read_at = ?, failure = '', failed_at = NULL, failures = 0
		WHERE account_id = ? AND (read_at IS NULL OR read_at <= ?)`, count.Machines, at, accountID, at).Error
}

// failureOf is how a read ended that failed.
func failureOf(err error) models.CountFailure {
	var e *models.CountError
	if errors.As(err, &e) {
		return e.Failure
	}
	return models.CountUnavailable
}

// AccountCount is what is known of an account's machines. The account has been
// found for a viewer before.
func (s *Store) AccountCount(ctx context.Context, accountID int64) (models.AccountCount, error) {
	return first[models.AccountCount](s.read.WithContext(ctx).Where("account_id = ?", accountID))
}

// CountsInSum is how the counts stand, for the metrics.
type CountsInSum struct {
	Unread  int       // accounts whose machines were never read
	Failing int       // accounts whose newest read failed
	Oldest  time.Time // UTC; when the oldest of all counts was read, suspended accounts' apart; zero without one
	Overdue time.Time // UTC; since when the read is due that waits longest; zero when none waits
}

// CountsInSum reads how the counts stand.
func (s *Store) CountsInSum(ctx context.Context) (CountsInSum, error) {
	var sum struct {
		Unread, Failing int
	}
	var c CountsInSum
	db := s.read.WithContext(ctx)
	err := db.Raw(`SELECT count(*) FILTER (WHERE read_at IS NULL) AS unread, count(*) FILTER (WHERE failure <> '') AS failing FROM account_counts`).Scan(&sum).Error
	if err != nil {
		return c, err
	}
	c.Unread, c.Failing = sum.Unread, sum.Failing
	oldest, err := first[models.AccountCount](db.Where(`read_at IS NOT NULL
		AND NOT EXISTS (SELECT 1 FROM accounts WHERE accounts.id = account_id AND suspended_at IS NOT NULL)`).Order("read_at"))
	if err == nil {
		c.Oldest = *oldest.ReadAt
	} else if !errors.Is(err, models.ErrNotFound) {
		return c, err
	}
	overdue, err := first[models.AccountCount](db.Where("due_at <= ?", s.now()).Order("due_at"))
	if err == nil {
		c.Overdue = overdue.DueAt
	} else if errors.Is(err, models.ErrNotFound) {
		err = nil
	}
	return c, err
}
