package store

import (
	"context"
	"time"

	"gorm.io/gorm"
)

// Limit is how many failures a key may have in a window.
type Limit struct {
	Name     string // such as "name:a@example.com"
	Failures int
	Window   time.Duration
}

// Attempt counts one try against every limit, before it is known whether it
// fails: tries at the same moment can't pass a limit together. It returns how
// long to wait when one of the limits is reached, 0 when the try may go on.
// A refused try is not counted.
//
// The names are locked first: a name that was never tried has no row yet that
// could be. All replicas count in the same rows.
func (s *Store) Attempt(ctx context.Context, limits ...Limit) (time.Duration, error) {
	var wait time.Duration
	err := s.tx(ctx, func(tx *gorm.DB) error {
		wait = 0
		if err := s.lockNames(tx, names(limits)...); err != nil {
			return err
		}
		now, err := s.at(tx)
		if err != nil {
			return err
		}
		for _, l := range limits {
			var row struct {
				Failures int
				Since    time.Time
			}
			err := tx.Raw(`SELECT failures, since FROM throttles WHERE name = ? AND since > ?`,
				l.Name, now.Add(-l.Window)).Scan(&row).Error
			if err != nil {
				return err
			}
			if row.Failures >= l.Failures {
				wait = max(wait, row.Since.Add(l.Window).Sub(now))
			}
		}
		if wait > 0 {
			return nil
		}
		for _, l := range limits {
			// A window that is over begins anew with this try.
			err := tx.Exec(`INSERT INTO throttles (name, failures, since) VALUES (@name, 1, @now)
				ON CONFLICT (name) DO UPDATE SET
					failures = CASE WHEN throttles.since > @start THEN throttles.failures + 1 ELSE 1 END,
					since    = CASE WHEN throttles.since > @start THEN throttles.since ELSE @now END`,
				map[string]any{"name": l.Name, "now": now, "start": now.Add(-l.Window)}).Error
			if err != nil {
				return err
			}
		}
		return nil
	})
	return wait, err
}

// names are what lockNames locks for limits.
func names(limits []Limit) []string {
	all := make([]string, len(limits))
	for i, l := range limits {
		all[i] = "throttle:" + l.Name
	}
	return all
}

// Succeed takes one try back from every limit: only failures count. It locks
// the names as Attempt does, so that the two wait for each other in one order.
func (s *Store) Succeed(ctx context.Context, limits ...Limit) error {
	return s.tx(ctx, func(tx *gorm.DB) error {
		if err := s.lockNames(tx, names(limits)...); err != nil {
			return err
		}
		for _, l := range limits {
			if err := tx.Exec(`UPDATE throttles SET failures = failures - 1 WHERE name = ? AND failures > 0`, l.Name).Error; err != nil {
				return err
			}
		}
		return nil
	})
}

// Sweep deletes sessions, throttles and uploaded lists that time has ended, and ends views. Replicas that do so
// at the same moment delete nothing more.
func (s *Store) Sweep(ctx context.Context) error {
	return s.tx(ctx, func(tx *gorm.DB) error {
		now, err := s.at(tx)
		if err != nil {
			return err
		}
		if _, err := endSessions(tx, now, "seen_at < ? OR created_at < ?", now.Add(-SessionIdle), now.Add(-SessionAge)); err != nil {
			return err
		}
		if err := sweepViews(tx, now); err != nil {
			return err
		}
		if err := tx.Exec(`DELETE FROM account_imports WHERE expires_at < ?`, now).Error; err != nil {
			return err
		}
		return tx.Exec(`DELETE FROM throttles WHERE since < ?`, now.Add(-24*time.Hour)).Error
	})
}
