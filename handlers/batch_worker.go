package handlers

import (
	"context"
	"errors"
	"slices"
	"time"

	"portal/models"
	"portal/pricing"
	"portal/store"
)

// BatchWorker quotes and orders the accounts of batches, one after the other, on
// behalf of who asked for them and by the same checks. Due ones are found in the
// database, so that a restart forgets none. NewBatchWorker makes one.
type BatchWorker struct {
	*app
	wake chan struct{}
}

const (
	batchPoll  = time.Second      // how often due accounts are looked for without being woken
	batchPause = 10 * time.Second // before an account is tried again that the provider was away for
	batchTries = 30               // how often that is done; five minutes, and then somebody should look
)

// NewBatchWorker makes a worker that goes by the same settings as the pages do.
func NewBatchWorker(c Config) *BatchWorker { return &BatchWorker{newApp(c), make(chan struct{}, 1)} }

// Wake makes the worker look for due accounts now. It never waits.
func (w *BatchWorker) Wake() {
	select {
	case w.wake <- struct{}{}:
	default: // one look is already promised
	}
}

// Run works until the context ends. The account under way is finished.
func (w *BatchWorker) Run(ctx context.Context) {
	ticker := time.NewTicker(batchPoll)
	defer ticker.Stop()
	for ctx.Err() == nil {
		w.RunOnce(ctx)
		select {
		case <-ctx.Done():
		case <-w.wake:
		case <-ticker.C:
		}
	}
}

// RunOnce works on every account that is due, and returns when none is. While the
// record can't be written nothing is begun.
func (w *BatchWorker) RunOnce(ctx context.Context) {
	for ctx.Err() == nil && w.Store.Fault() == nil {
		batch, item, err := w.Store.DueBatchItem(ctx)
		switch {
		case errors.Is(err, models.ErrNotFound):
			return
		case errors.Is(err, models.ErrConflict):
			continue
		case err != nil:
			if ctx.Err() == nil {
				w.Logger.Error("can't look for due accounts of batches; will try again", "error", err)
			}
			return
		}
		// Ending the program ends the loop, not what is being ordered.
		w.work(context.WithoutCancel(ctx), batch, item)
	}
}

func (w *BatchWorker) work(ctx context.Context, batch models.Batch, item models.BatchItem) {
	log := w.Logger.With("batch", batch.ID, "account", item.AccountID)
	next, err := w.next(ctx, batch, item)
	if err == nil {
		err = w.Store.MoveBatchItem(ctx, item, next)
	}
	switch {
	case errors.Is(err, models.ErrConflict):
		log.Warn("an account of a batch was stopped or taken over meanwhile")
	case err != nil:
		log.Error("can't work on an account of a batch; it is tried again", "error", err)
	}
}

// next does the one thing that is next for an account. An error leaves it to be
// tried again when its lease is over.
func (w *BatchWorker) next(ctx context.Context, batch models.Batch, item models.BatchItem) (store.Batching, error) {
	user, err := w.Store.User(ctx, batch.UserID)
	if err != nil {
		return store.Batching{}, err
	}
	v := models.Viewer{User: user}
	account, err := w.Store.Account(ctx, v, item.AccountID)
	if user.RemovedAt != nil || errors.Is(err, models.ErrNotFound) || err == nil && !v.May(models.ActBatch) {
		return failed(models.BatchForbidden), nil // who asked for it may no longer
	}
	if err != nil {
		return store.Batching{}, err
	}
	if item.State == models.BatchAsked {
		return w.quote(ctx, v, batch, item, account)
	}
	return w.order(ctx, models.By{Viewer: v, RequestID: batch.RequestID, Address: batch.Address}, item, account)
}

func failed(why models.BatchWhy) store.Batching {
	return store.Batching{State: models.BatchFailed, Why: why}
}

// later tries again, as long as that makes sense.
func later(item models.BatchItem) store.Batching {
	if item.Claim >= batchTries {
		return failed(models.BatchProviderDown)
	}
	return store.Batching{State: item.State, Again: batchPause}
}

// quote makes the account's quote.
func (w *BatchWorker) quote(ctx context.Context, v models.Viewer, batch models.Batch, item models.BatchItem, account models.Account) (store.Batching, error) {
	quote, err := w.quoteFor(ctx, v, models.Renew, account, func(a asked) (choice, error) {
		ch := choice{Kind: models.Renew, Edition: a.held.Subscription.Last().Edition, Term: batch.Term()}
		terms, err := w.renewable(a)
		if err == nil {
			err = w.Book.Sells(ch.Edition, ch.Term, a.count.Machines)
		}
		if err == nil && !slices.Contains(terms, ch.Term) {
			err = &pricing.TermNotSoldError{Term: ch.Term}
		}
		return ch, err
	})
	if errors.Is(err, models.ErrConflict) {
		return store.Batching{State: item.State, Again: batchPause}, nil // it has moved on: another quote
	}
	if err != nil {
		return notBatched(item, err)
	}
	return store.Batching{State: models.BatchQuoted, Quote: quote.ID}, nil
}

// order places the account's quote, as the person's own press of the button would.
func (w *BatchWorker) order(ctx context.Context, by models.By, item models.BatchItem, account models.Account) (store.Batching, error) {
	if w.Skew().TooFar() {
		return later(item), nil
	}
	order, err := w.orderFor(ctx, by, account, models.Renew, *item.QuoteID)
	if err != nil {
		return notBatched(item, err)
	}
	return store.Batching{State: models.BatchOrdered, Order: order.ID}, nil
}

// notBatched says why an account can't be renewed now; an error that is no such
// reason is given back.
func notBatched(item models.BatchItem, err error) (store.Batching, error) {
	var below *pricing.BelowMinimumError
	var count *models.CountError
	switch {
	case errors.As(err, &count) && count.Failure == models.CountRefused:
		return failed(models.BatchNoCount), nil
	case errors.As(err, &count):
		return later(item), nil
	case errors.As(err, new(*models.QuoteChangedError)):
		return failed(models.BatchChanged), nil
	case errors.As(err, new(*models.OpenOrderError)):
		return failed(models.BatchOpenOrder), nil
	case errors.As(err, new(*models.AccountHeldError)):
		return failed(models.BatchHeld), nil
	case errors.As(err, new(*models.AccountSuspendedError)):
		return failed(models.BatchSuspended), nil
	case errors.As(err, new(*models.LimitError)):
		return failed(models.BatchLimit), nil
	case errors.Is(err, models.ErrNotSubscribed):
		return failed(models.BatchNothingHeld), nil
	case errors.Is(err, models.ErrForbidden), errors.Is(err, models.ErrNotFound):
		return failed(models.BatchForbidden), nil
	case errors.As(err, &below):
		return failed(models.BatchTermTooShort), nil
	case errors.As(err, new(*pricing.TermNotSoldError)), errors.As(err, new(*pricing.MachinesError)), errors.As(err, new(*cannotError)):
		return failed(models.BatchTermNotSold), nil
	}
	return store.Batching{}, err
}
