// Package census keeps the number of every account's machines fresh: in the
// background, evenly over the day, and never at the cost of selling. Which
// account is next stands in the database, so that a restart or another replica
// asks the provider for nothing more.
package census

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"time"

	"portal/models"
	"portal/store"
)

// Reader reads an account's machines from the provider. Its error is a
// *models.CountError.
type Reader func(ctx context.Context, account models.Account) (models.Count, error)

// ReadAs reads each account's machines with the credential profile of its
// reseller, and with own, the portal's, where that has none.
func ReadAs(
	profiles interface {
		ProfileOf(ctx context.Context, account models.Account) (string, error)
	},
	counter interface {
		Count(ctx context.Context, profile string, ownerID int64) (models.Count, error)
	},
	own string,
) Reader {
	return func(ctx context.Context, account models.Account) (models.Count, error) {
		profile, err := profiles.ProfileOf(ctx, account)
		if err != nil {
			return models.Count{}, err
		}
		return counter.Count(ctx, cmp.Or(profile, own), account.OwnerID)
	}
}

// Counts is the record, as far as this needs it: package store's Store.
type Counts interface {
	NextCount(ctx context.Context, p store.CountPace) (*models.Account, error)
	KeepCount(ctx context.Context, account models.Account, count models.Count, failed error, p store.CountPace) error
	// Fault is what keeps the record from being written, nil when nothing does.
	Fault() *models.Fault
}

// Worker counts. New makes one.
type Worker struct {
	counts Counts
	read   Reader
	skew   func() models.Skew
	pace   store.CountPace
	logger *slog.Logger
}

// New makes a worker; Run starts it.
func New(counts Counts, read Reader, skew func() models.Skew, pace store.CountPace, logger *slog.Logger) *Worker {
	return &Worker{counts: counts, read: read, skew: skew, pace: pace, logger: logger}
}

// poll is how often it is asked whose turn it is; most answers are nobody's.
const poll = time.Second

// Run reads what is due until the context ends.
func (w *Worker) Run(ctx context.Context) {
	ticker := time.NewTicker(poll)
	defer ticker.Stop()
	for ctx.Err() == nil {
		w.RunOnce(ctx)
		select {
		case <-ctx.Done():
		case <-ticker.C:
		}
	}
}

// RunOnce reads at most one account's machines and says whether it asked the
// provider. Nothing is asked while what came of it could not be written, or
// while the clock is off: the provider would refuse it.
func (w *Worker) RunOnce(ctx context.Context) bool {
	if w.counts.Fault() != nil || w.skew().TooFar() {
		return false
	}
	account, err := w.counts.NextCount(ctx, w.pace)
	if err != nil || account == nil {
		if err != nil && ctx.Err() == nil {
			w.logger.Warn("can't look for an account to count; will try again", "error", err)
		}
		return false
	}
	count, failed := w.ask(ctx, *account)
	if failed != nil && ctx.Err() != nil {
		return true // the program ends: the lease runs out, and another read follows
	}
	if err := w.counts.KeepCount(ctx, *account, count, failed, w.pace); err != nil {
		w.logger.Warn("can't keep a count; it will be read again", "account", account.ID, "error", err)
	}
	return true
}

// ask reads, and never panics.
func (w *Worker) ask(ctx context.Context, account models.Account) (count models.Count, failed error) {
	defer func() {
		if r := recover(); r != nil {
			w.logger.Error("a read panicked", "account", account.ID, "panic", fmt.Sprintf("%T", r)) // its text may hold a secret
			failed = &models.CountError{Failure: models.CountUnavailable}
		}
	}()
	return w.read(ctx, account)
}
