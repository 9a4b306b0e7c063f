package store_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"gorm.io/gorm"

	"portal/dbtest"
	"portal/models"
	"portal/store"
)

// What happens when several do something at the same moment, through stores of
// their own as replicas have them.

// replicas opens the world's database so often once more. Its clock is theirs.
func (w *world) replicas(n int) []*store.Store {
	w.t.Helper()
	if !dbtest.Postgres() {
		return slices.Repeat([]*store.Store{w.Store}, n) // one file, one process
	}
	all := make([]*store.Store, n)
	for i := range all {
		all[i] = dbtest.Reopen(w.t, w.dsn, w.now)
	}
	return all
}

// together runs all at once and gives what each said.
func together(all ...func() error) []error {
	errs := make([]error, len(all))
	var start, done sync.WaitGroup
	start.Add(1)
	for i, f := range all {
		done.Go(func() { start.Wait(); errs[i] = f() })
	}
	start.Done()
	done.Wait()
	return errs
}

// TestOneOfManyClaimsAnOrder: every replica has found it due.
func TestOneOfManyClaimsAnOrder(t *testing.T) {
	w := newWorld(t)
	for range 5 {
		o := w.place()
		var claims []func() error
		for _, s := range w.replicas(4) {
			claims = append(claims, func() error {
				_, _, err := s.Claim(context.Background(), o, "CreateInstance", time.Second)
				return err
			})
		}
		won := 0
		for _, err := range together(claims...) {
			switch {
			case err == nil:
				won++
			case !errors.Is(err, models.ErrConflict):
				t.Error(err)
			}
		}
		if attempts, err := w.Attempts(t.Context(), o.ID); won != 1 || err != nil || len(attempts) != 1 {
			t.Fatalf("%d claims went through, %d attempts (%v)", won, len(attempts), err)
		}
		w.chained(o)
		o = w.read(o.Number)
		if err := w.Answer(t.Context(), o, only(w.Attempts(t.Context(), o.ID)), models.Answer{Outcome: models.OutcomeRejected},
			store.Next{Status: models.Rejected, Reason: models.ReasonRefused}); err != nil {
			t.Fatal(err)
		}
	}
}

func only[T any](all []T, _ error) T { return all[0] }

// TestTakingBackAndSendingAtTheSameMoment: an order that was cancelled is never
// sent, and the other way round.
func TestTakingBackAndSendingAtTheSameMoment(t *testing.T) {
	w := newWorld(t)
	two := w.replicas(2)
	for range 8 {
		o := w.place()
		errs := together(
			func() error { return two[0].CancelOrder(context.Background(), by(w.viewer), o.Number) },
			func() error {
				_, _, err := two[1].Claim(context.Background(), o, "CreateInstance", time.Second)
				return err
			})
		if (errs[0] == nil) == (errs[1] == nil) {
			t.Fatalf("cancelling: %v; claiming: %v", errs[0], errs[1])
		}
		for _, err := range errs {
			if err != nil && !errors.Is(err, models.ErrConflict) {
				t.Fatal(err)
			}
		}
		w.chained(o)
		if o = w.read(o.Number); o.Status == models.Sending {
			if err := w.Answer(t.Context(), o, only(w.Attempts(t.Context(), o.ID)), models.Answer{Outcome: models.OutcomeRejected},
				store.Next{Status: models.Rejected, Reason: models.ReasonRefused}); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// chained fails when an order's events are no chain: two would have continued
// the same one.
func (w *world) chained(o models.Order) {
	w.t.Helper()
	events, err := w.Events(w.t.Context(), o.ID)
	if err != nil {
		w.t.Fatal(err)
	}
	before := ""
	for i, e := range events {
		if e.Hash != e.Chain(before) {
			w.t.Fatalf("event %d of %s does not continue the one before it", i, o.Number)
		}
		before = e.Hash
	}
}

// TestAnEntryAndAnOrderOfOneAccountComeOneAfterTheOther: what the second of them
// read must hold what the first did.
func TestAnEntryAndAnOrderOfOneAccountComeOneAfterTheOther(t *testing.T) {
	w := newWorld(t)
	two, operator := w.replicas(2), w.operator()
	for i := range 12 {
		account, viewer := w.customer(int64(3000+i), fmt.Sprintf("c%d@example.com", i))
		quote := w.quote(viewer, account)
		e := w.outside(models.Adopted, 100*day)
		e.AccountID, e.InstanceID = account.ID, fmt.Sprintf("sas-%d", i)
		errs := together(
			func() error {
				_, err := two[0].PlaceOrder(context.Background(), by(viewer), quote.ID, asQuoted)
				return err
			},
			func() error {
				_, err := two[1].Record(context.Background(), by(operator), e, nil)
				return err
			})
		var open *models.OpenOrderError
		switch placed, recorded := errs[0], errs[1]; {
		case placed == nil && errors.As(recorded, &open):
		case recorded == nil && errors.Is(placed, models.ErrSubscribed):
		default:
			t.Fatalf("placing: %v; recording: %v", placed, recorded)
		}
	}
}

// TestAnInstanceIsAdoptedByOneAccount, also when two do so at the same moment.
func TestAnInstanceIsAdoptedByOneAccount(t *testing.T) {
	w := newWorld(t)
	two, operator := w.replicas(2), w.operator()
	for i := range 12 {
		var adopt []func() error
		for j, s := range two {
			account, _ := w.customer(int64(3000+2*i+j), fmt.Sprintf("c%d-%d@example.com", i, j))
			e := w.outside(models.Adopted, 100*day)
			e.AccountID, e.InstanceID = account.ID, fmt.Sprintf("sas-%d", i)
			adopt = append(adopt, func() error {
				_, err := s.Record(context.Background(), by(operator), e, nil)
				return err
			})
		}
		errs := together(adopt...)
		if (errs[0] == nil) == (errs[1] == nil) {
			t.Fatalf("%v, %v", errs[0], errs[1])
		}
		for _, err := range errs {
			if err != nil && !errors.Is(err, models.ErrExists) {
				t.Fatal(err)
			}
		}
	}
}

// TestAReviewIsEndedOnce by one of two operators.
func TestAReviewIsEndedOnce(t *testing.T) {
	w := newWorld(t)
	two := w.replicas(2)
	for range 8 {
		o, attempt := w.claim(w.place())
		if err := w.Answer(t.Context(), o, attempt, models.Answer{Outcome: models.OutcomeContradicted},
			store.Next{Status: models.NeedsReview, Reason: models.ReasonContradicted}); err != nil {
			t.Fatal(err)
		}
		var settle []func() error
		for i, s := range two {
			settle = append(settle, func() error {
				return second(s.SettleOrder(context.Background(), o.Number, store.Settlement{As: models.VerdictRejected, Note: "seen", By: named(fmt.Sprint(i))}))
			})
		}
		errs := together(settle...)
		if (errs[0] == nil) == (errs[1] == nil) {
			t.Fatalf("%v, %v", errs[0], errs[1])
		}
		w.chained(o)
	}
}

// TestAChargeBelongsToOneOrder: of two orders that are settled with one OrderId
// at the same moment, one is; and none with that of an order that was done.
func TestAChargeBelongsToOneOrder(t *testing.T) {
	w := newWorld(t)
	two := w.replicas(2)
	var orders []models.Order
	for i := range 2 {
		account, viewer := w.customer(int64(2000+i), fmt.Sprint(i, "@example.com"))
		o, err := w.PlaceOrder(t.Context(), by(viewer), w.quote(viewer, account).ID, asQuoted)
		if err != nil {
			t.Fatal(err)
		}
		claimed, attempt := w.claim(o)
		if err := w.Answer(t.Context(), claimed, attempt, models.Answer{Outcome: models.OutcomeContradicted},
			store.Next{Status: models.NeedsReview, Reason: models.ReasonContradicted}); err != nil {
			t.Fatal(err)
		}
		orders = append(orders, o)
	}
	bought := w.order(pro25)
	settle := func(s *store.Store, i int, id string) error {
		_, err := s.SettleOrder(context.Background(), orders[i].Number, store.Settlement{
			As: models.VerdictCompleted, Note: "seen", ProviderOrderID: id, InstanceID: fmt.Sprint("sas-other-", i), By: named("command"),
		})
		return err
	}
	if err := settle(w.Store, 0, bought.ProviderOrderID); err == nil || !strings.Contains(err.Error(), bought.Number) {
		t.Errorf("with an OrderId that an order has: %v", err)
	}
	errs := together(func() error { return settle(two[0], 0, "PO-x") }, func() error { return settle(two[1], 1, "PO-x") })
	if (errs[0] == nil) == (errs[1] == nil) {
		t.Errorf("%v, %v", errs[0], errs[1])
	}
}

// TestADatabaseIsBoundOnce by one of two programs that start with different
// providers.
func TestADatabaseIsBoundOnce(t *testing.T) {
	w := newWorld(t)
	two := w.replicas(2)
	errs := together(
		func() error { return two[0].BindProvider(context.Background(), "sandbox") },
		func() error { return two[1].BindProvider(context.Background(), "alibaba") })
	if (errs[0] == nil) == (errs[1] == nil) {
		t.Fatalf("%v, %v", errs[0], errs[1])
	}
}

// TestWhatTheDatabaseBreaksOffIsRunAgain: two transactions lock two accounts,
// each in another order. One is broken off, and goes through when the other has.
func TestWhatTheDatabaseBreaksOffIsRunAgain(t *testing.T) {
	dbtest.NeedsPostgres(t)
	w := newWorld(t)
	other, _ := w.customer(1002, "b@example.com")
	var met sync.WaitGroup // both hold their first lock before either asks for its second
	met.Add(2)
	runs := make([]int, 2)
	var lock []func() error
	for i, ids := range [][]int64{{w.account.ID, other.ID}, {other.ID, w.account.ID}} {
		lock = append(lock, func() error {
			return w.Tx(context.Background(), func(tx *gorm.DB) error {
				if err := w.LockAccount(tx, ids[0]); err != nil {
					return err
				}
				if runs[i]++; runs[i] == 1 {
					met.Done()
					met.Wait()
				}
				return w.LockAccount(tx, ids[1])
			})
		})
	}
	for _, err := range together(lock...) {
		if err != nil {
			t.Error(err)
		}
	}
	if runs[0]+runs[1] != 3 {
		t.Errorf("they ran %v times: no deadlock, or it was broken off more than once", runs)
	}
}

// TestReplicasThatStartTogetherMigrateOnce.
func TestReplicasThatStartTogetherMigrateOnce(t *testing.T) {
	dbtest.NeedsPostgres(t)
	dsn := dbtest.Empty(t)
	applied := make([][]string, 3)
	var start []func() error
	for i := range applied {
		s := dbtest.Reopen(t, dsn, nil)
		start = append(start, func() (err error) {
			applied[i], err = s.Migrate(context.Background())
			return errors.Join(err, s.Ready(context.Background()))
		})
	}
	for _, err := range together(start...) {
		if err != nil {
			t.Error(err)
		}
	}
	if all := slices.Concat(applied...); len(all) == 0 || len(all) != len(slices.Compact(slices.Sorted(slices.Values(all)))) {
		t.Errorf("applied: %v", applied)
	}
}
