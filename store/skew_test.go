package store_test

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"portal/dbtest"
	"portal/fulfil"
	"portal/models"
	"portal/store"
)

// counting is a provider that counts its calls by what they are for, and may let
// one wait.
type counting struct {
	mu    sync.Mutex
	calls map[string]int
	wait  func() // in every call
}

func (c *counting) Request(models.Call) string { return "" }

func (c *counting) Sell(_ context.Context, call models.Call) models.Answer {
	c.mu.Lock()
	c.calls[call.ClientToken]++
	n := len(c.calls)
	c.mu.Unlock()
	if c.wait != nil {
		c.wait()
	}
	return models.Answer{Outcome: models.OutcomeDone, HTTPStatus: 200, ProviderOrderID: fmt.Sprint("PO", n), InstanceID: fmt.Sprint("sas-", n)}
}

func (c *counting) worker(s *store.Store) *fulfil.Worker {
	return fulfil.NewWorker(s, c, 20*time.Second, slog.New(slog.DiscardHandler))
}

// skewed are two replicas on one database, on machines whose clocks are twenty
// minutes apart, and an operator who may order for every account.
func skewed(t *testing.T) (ahead, behind *store.Store, operator models.Viewer) {
	t.Helper()
	dbtest.NeedsPostgres(t)
	dsn := dbtest.New(t)
	open := func(by time.Duration) *store.Store {
		s, err := store.OpenAhead(dsn, by)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		return s
	}
	ahead, behind = open(13*time.Minute), open(-7*time.Minute)
	user, err := ahead.AddUser(t.Context(), models.User{Email: "o@example.com", Role: models.Operator, PasswordHash: "x"})
	if err != nil {
		t.Fatal(err)
	}
	return ahead, behind, models.Viewer{User: user}
}

// buy places a purchase for a new account through a replica.
func buy(t *testing.T, s *store.Store, v models.Viewer, owner int64) models.Order {
	t.Helper()
	account, err := s.AddAccount(t.Context(), models.Account{OwnerID: owner, Name: "A"})
	if err != nil {
		t.Fatal(err)
	}
	q, err := s.AddQuote(t.Context(), v, models.Quote{
		AccountID: account.ID, Kind: models.Buy, Edition: models.Pro, VersionCode: "level1", Cycle: models.Month, Duration: 1,
		InstanceCount: 25, CountReadAt: s.Now(), PriceBookHash: "book", TotalFen: 1, Lines: []models.Line{{Kind: models.LineEdition, Amount: 1}},
		ExpiresAt: s.Now().Add(5 * time.Minute),
	})
	if err != nil {
		t.Fatal(err)
	}
	o, err := s.PlaceOrder(t.Context(), by(v), q.ID, asQuoted)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// TestReplicasWhoseClocksDifferCarryEachOrderOutOnce: leases, due times and the
// expiry of quotes go by the database's clock.
func TestReplicasWhoseClocksDifferCarryEachOrderOutOnce(t *testing.T) {
	ahead, behind, operator := skewed(t)
	seller := &counting{calls: map[string]int{}}
	workers := []*fulfil.Worker{seller.worker(ahead), seller.worker(behind)}
	var orders []models.Order
	for i := range int64(12) {
		// Quoted and placed by turns here and there.
		orders = append(orders, buy(t, []*store.Store{ahead, behind}[i%2], operator, 100+i))
	}
	var both sync.WaitGroup
	for _, w := range workers {
		both.Go(func() { w.RunOnce(context.Background()) })
	}
	both.Wait()
	for _, w := range workers {
		w.RunOnce(t.Context()) // what the other one had claimed at its last look
	}
	for _, o := range orders {
		got, err := behind.Order(t.Context(), operator, o.Number)
		if err != nil || got.Status != models.Completed || seller.calls[o.ClientToken] != 1 {
			t.Errorf("%s is %s (%s) after %d calls (%v)", o.Number, got.Status, got.Reason, seller.calls[o.ClientToken], err)
		}
		if off := time.Until(got.PlacedAt).Abs(); off > 5*time.Minute {
			t.Errorf("%s was placed %s from now", o.Number, off)
		}
	}
}

// TestALiveLeaseIsNeverTakenOver by a replica whose clock is ahead or behind,
// however often it looks.
func TestALiveLeaseIsNeverTakenOver(t *testing.T) {
	for name, turn := range map[string]bool{"by one that is behind": false, "by one that is ahead": true} {
		t.Run(name, func(t *testing.T) {
			holder, other, operator := skewed(t)
			if turn {
				holder, other = other, holder
			}
			o := buy(t, holder, operator, 100)
			calling, answer := make(chan struct{}), make(chan struct{})
			seller := &counting{calls: map[string]int{}, wait: func() { close(calling); <-answer }}
			thief := &counting{calls: map[string]int{}}
			held := make(chan struct{})
			go func() { seller.worker(holder).RunOnce(context.Background()); close(held) }()
			select {
			case <-calling: // the call is under way, and the lease runs
			case <-held:
				t.Fatal("it was not sent")
			}
			for range 3 {
				if due, err := other.Due(t.Context(), 10); err != nil || len(due) != 0 {
					t.Errorf("the other one finds it due: %v %v", due, err)
				}
				thief.worker(other).RunOnce(t.Context())
			}
			if len(thief.calls) != 0 {
				t.Error("the other one sent it, too")
			}
			work, err := other.Work(t.Context(), o.ID)
			if err != nil || work.Order.Status != models.Sending {
				t.Errorf("%s %v", work.Order.Status, err)
			} else if left := work.Order.LeaseUntil.Sub(work.Now); left <= 0 || left > 25*time.Second {
				t.Errorf("the lease runs for %s more", left)
			}
			close(answer)
			<-held
			if got, err := other.Order(t.Context(), operator, o.Number); err != nil || got.Status != models.Completed || seller.calls[o.ClientToken] != 1 {
				t.Errorf("%s (%s) after %d calls (%v)", got.Status, got.Reason, seller.calls[o.ClientToken], err)
			}
		})
	}
}

// TestAReplicaTakesOverWhatAnotherLeftBehind, when the lease has run out by the
// database's clock.
func TestAReplicaTakesOverWhatAnotherLeftBehind(t *testing.T) {
	died, other, operator := skewed(t)
	o := buy(t, died, operator, 100)
	if _, _, err := died.Claim(t.Context(), o, "CreateInstance", 200*time.Millisecond); err != nil {
		t.Fatal(err)
	}
	seller := &counting{calls: map[string]int{}}
	w, began := seller.worker(other), time.Now()
	for o.Status != models.Unknown {
		if time.Since(began) > time.Minute {
			t.Fatal("nobody takes it over")
		}
		w.RunOnce(t.Context())
		work, err := other.Work(t.Context(), o.ID)
		if err != nil {
			t.Fatal(err)
		}
		if o = work.Order; o.Status == models.Unknown && o.UpdatedAt.Before(work.Attempts[0].StartedAt.Add(200*time.Millisecond)) {
			t.Errorf("taken over %s after the claim", o.UpdatedAt.Sub(work.Attempts[0].StartedAt))
		}
	}
	if o.Reason != models.ReasonWorkerLost || len(seller.calls) != 0 {
		t.Errorf("%s after %d calls", o.Reason, len(seller.calls))
	}
	if wait := o.DueAt.Sub(o.UpdatedAt); wait != 5*time.Second {
		t.Errorf("it is sent again after %s", wait)
	}
}

// TestPagesGoByTheDatabasesClock, corrected from the machine's.
func TestPagesGoByTheDatabasesClock(t *testing.T) {
	ahead, behind, _ := skewed(t)
	if apart := ahead.Now().Sub(behind.Now()).Abs(); apart > 5*time.Minute {
		t.Errorf("two replicas' pages are %s apart", apart)
	}
}
