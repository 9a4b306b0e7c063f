package store_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"portal/models"
	"portal/store"
)

// batched is a batch of the world's reseller with so many accounts, and its
// administrator.
func (w *world) batched(n int) (models.Viewer, models.Batch) {
	w.t.Helper()
	admin := w.reseller("Batch")
	var ids []int64
	for i := range n {
		a, err := w.AddAccount(w.t.Context(), models.Account{OwnerID: int64(7000 + i), Name: string(rune('A' + i)), ResellerID: admin.User.ResellerID})
		if err != nil {
			w.t.Fatal(err)
		}
		ids = append(ids, a.ID)
	}
	batch, err := w.NewBatch(w.t.Context(), admin, models.Term{Cycle: models.Year, Duration: 1}, ids)
	if err != nil {
		w.t.Fatal(err)
	}
	return admin, batch
}

// states are where a batch's accounts stand.
func (w *world) states(v models.Viewer, b models.Batch) []models.BatchState {
	w.t.Helper()
	_, items, err := w.Batch(w.t.Context(), v, b.ID)
	if err != nil {
		w.t.Fatal(err)
	}
	var all []models.BatchState
	for _, i := range items {
		all = append(all, i.Item.State)
	}
	return all
}

// batchTurn takes the next account's turn.
func (w *world) batchTurn() models.BatchItem {
	w.t.Helper()
	_, item, err := w.DueBatchItem(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	return item
}

// quoted gives an account of a batch a quote.
func (w *world) quotedItem(admin models.Viewer, item models.BatchItem) {
	w.t.Helper()
	q := w.quote(admin, models.Account{ID: item.AccountID})
	if err := w.MoveBatchItem(w.t.Context(), item, store.Batching{State: models.BatchQuoted, Quote: q.ID}); err != nil {
		w.t.Fatal(err)
	}
}

// TestABatchFromBeginningToEnd: nothing is due for ordering before it is
// confirmed, and confirming it again changes nothing.
func TestABatchFromBeginningToEnd(t *testing.T) {
	w := newWorld(t)
	admin, batch := w.batched(3)
	for range 2 {
		w.quotedItem(admin, w.batchTurn())
	}
	if err := w.StartBatch(t.Context(), by(admin), batch.ID); !errors.Is(err, models.ErrConflict) {
		t.Fatalf("confirmed before all are quoted: %v", err)
	}
	third := w.batchTurn()
	if err := w.MoveBatchItem(t.Context(), third, store.Batching{State: models.BatchFailed, Why: models.BatchNothingHeld}); err != nil {
		t.Fatal(err)
	}
	if _, _, err := w.DueBatchItem(t.Context()); !errors.Is(err, models.ErrNotFound) {
		t.Fatalf("something is due before it is confirmed: %v", err)
	}
	for range 2 {
		if err := w.StartBatch(t.Context(), by(admin), batch.ID); err != nil {
			t.Fatal(err)
		}
	}
	first := w.batchTurn()
	o, err := w.PlaceOrder(t.Context(), by(admin), *first.QuoteID, asQuoted)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.MoveBatchItem(t.Context(), first, store.Batching{State: models.BatchOrdered, Order: o.ID}); err != nil {
		t.Fatal(err)
	}
	if err := w.StartBatch(t.Context(), by(admin), batch.ID); err != nil {
		t.Fatal(err)
	}
	if got := w.states(admin, batch); !slices.Equal(got, []models.BatchState{models.BatchOrdered, models.BatchQuoted, models.BatchFailed}) {
		t.Fatal(got)
	}
	second := w.batchTurn()
	if err := w.StopBatch(t.Context(), by(admin), batch.ID); err != nil {
		t.Fatal(err)
	}
	if err := w.MoveBatchItem(t.Context(), second, store.Batching{State: models.BatchFailed, Why: models.BatchChanged}); !errors.Is(err, models.ErrConflict) {
		t.Errorf("what was stopped fails: %v", err)
	}
	if got := w.states(admin, batch); !slices.Equal(got, []models.BatchState{models.BatchOrdered, models.BatchStopped, models.BatchFailed}) {
		t.Fatal(got)
	}
	// It had been placed in that very moment, and says so.
	o, err = w.PlaceOrder(t.Context(), by(admin), *second.QuoteID, asQuoted)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.MoveBatchItem(t.Context(), second, store.Batching{State: models.BatchOrdered, Order: o.ID}); err != nil {
		t.Fatal(err)
	}
	if got := w.states(admin, batch); got[1] != models.BatchOrdered {
		t.Fatal(got)
	}
}

// TestWhoDiedOverAnAccountOfABatch is followed by another one, and changes
// nothing any more when it wakes.
func TestWhoDiedOverAnAccountOfABatch(t *testing.T) {
	w := newWorld(t)
	admin, batch := w.batched(1)
	asleep := w.batchTurn()
	if _, _, err := w.DueBatchItem(t.Context()); !errors.Is(err, models.ErrNotFound) {
		t.Fatalf("it is another's: %v", err)
	}
	w.pass(20 * time.Second)
	other := w.batchTurn()
	if other.ID != asleep.ID || other.Claim != asleep.Claim+1 {
		t.Fatalf("%+v", other)
	}
	if err := w.MoveBatchItem(t.Context(), asleep, store.Batching{State: models.BatchFailed, Why: models.BatchProviderDown}); !errors.Is(err, models.ErrConflict) {
		t.Errorf("the one that slept: %v", err)
	}
	if err := w.MoveBatchItem(t.Context(), other, store.Batching{State: models.BatchAsked, Again: time.Minute}); err != nil {
		t.Fatal(err)
	}
	w.pass(59 * time.Second)
	if _, _, err := w.DueBatchItem(t.Context()); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("before its pause is over: %v", err)
	}
	w.pass(time.Second)
	w.quotedItem(admin, w.batchTurn())
	if got := w.states(admin, batch); got[0] != models.BatchQuoted {
		t.Error(got)
	}
}

// TestReplicasShareTheAccountsOfABatch: each is one's turn at a time.
func TestReplicasShareTheAccountsOfABatch(t *testing.T) {
	w := newWorld(t)
	_, _ = w.batched(20)
	var turns []func() error
	taken := make(chan int64, 100)
	for _, s := range w.replicas(4) {
		turns = append(turns, func() error {
			for {
				_, item, err := s.DueBatchItem(context.Background())
				switch {
				case errors.Is(err, models.ErrNotFound):
					return nil
				case errors.Is(err, models.ErrConflict):
				case err != nil:
					return err
				default:
					taken <- item.AccountID
				}
			}
		})
	}
	for _, err := range together(turns...) {
		if err != nil {
			t.Fatal(err)
		}
	}
	close(taken)
	seen := map[int64]bool{}
	for id := range taken {
		if seen[id] {
			t.Errorf("account %d was two's turn", id)
		}
		seen[id] = true
	}
	if len(seen) != 20 {
		t.Errorf("%d of 20 accounts", len(seen))
	}
}

// TestWhoseBatchesAreWhose: of accounts of one's own, and seen by the same
// reseller's administrators.
func TestWhoseBatchesAreWhose(t *testing.T) {
	w := newWorld(t)
	admin, batch := w.batched(2)
	foreign, term := w.reseller("Foreign"), models.Term{Cycle: models.Year, Duration: 1}
	if _, err := w.NewBatch(t.Context(), foreign, term, []int64{1}); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("of another's account: %v", err)
	}
	if _, err := w.NewBatch(t.Context(), admin, term, nil); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("of none: %v", err)
	}
	for _, v := range []models.Viewer{w.viewer, w.staff(models.Support)} {
		if _, err := w.NewBatch(t.Context(), v, term, []int64{w.account.ID}); !errors.Is(err, models.ErrForbidden) {
			t.Errorf("%s begins one: %v", v.User.Role, err)
		}
	}
	if _, _, err := w.Batch(t.Context(), foreign, batch.ID); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("another's is seen: %v", err)
	}
	for _, do := range []func(context.Context, models.By, string) error{w.StartBatch, w.StopBatch} {
		if err := do(t.Context(), by(foreign), batch.ID); !errors.Is(err, models.ErrNotFound) {
			t.Errorf("another's is moved: %v", err)
		}
	}
	if all, err := w.Batches(t.Context(), foreign, 10); err != nil || len(all) > 0 {
		t.Errorf("another's are listed: %v %v", all, err)
	}
	if all, err := w.Batches(t.Context(), w.operator(), 10); err != nil || len(all) != 1 {
		t.Errorf("an operator sees %v, %v", all, err)
	}
}

// TestARestoreStopsBatches: what they were about to order, nobody here knows any
// more whether it was.
func TestARestoreStopsBatches(t *testing.T) {
	w := newWorld(t)
	admin, batch := w.batched(2)
	w.quotedItem(admin, w.batchTurn())
	w.quotedItem(admin, w.batchTurn())
	if err := w.StartBatch(t.Context(), by(admin), batch.ID); err != nil {
		t.Fatal(err)
	}
	again, _ := w.restored(w.backup())
	if _, _, err := again.DueBatchItem(t.Context()); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("something is due: %v", err)
	}
	if got := again.states(admin, batch); !slices.Equal(got, []models.BatchState{models.BatchStopped, models.BatchStopped}) {
		t.Error(got)
	}
}
