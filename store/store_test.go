package store_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"sync"
	"testing"
	"time"

	"portal/dbtest"
	"portal/models"
	"portal/store"
)

func TestAQuoteLeadsToOneOrder(t *testing.T) {
	t.Run("however often and by whom it is placed", func(t *testing.T) {
		w := newWorld(t)
		q := w.quote(w.viewer, w.account)
		first, err := w.PlaceOrder(t.Context(), by(w.viewer), q.ID, asQuoted)
		if err != nil {
			t.Fatal(err)
		}
		again, err := w.PlaceOrder(t.Context(), by(w.viewer), q.ID, asQuoted)
		if err != nil || again.Number != first.Number || again.ClientToken != first.ClientToken {
			t.Fatalf("second placing: %v, %v; want the same order %s", again.Number, err, first.Number)
		}
	})
	t.Run("also when twenty place it at once", func(t *testing.T) {
		w := newWorld(t)
		q := w.quote(w.viewer, w.account)
		numbers := make(chan string, 20)
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() {
				o, err := w.PlaceOrder(context.Background(), by(w.viewer), q.ID, asQuoted)
				if err != nil {
					t.Error(err)
				}
				numbers <- o.Number
			})
		}
		all.Wait()
		close(numbers)
		seen := map[string]bool{}
		for n := range numbers {
			seen[n] = true
		}
		if len(seen) != 1 {
			t.Fatalf("20 placings led to %d orders", len(seen))
		}
	})
	t.Run("even after it has expired: the order it led to comes first", func(t *testing.T) {
		w := newWorld(t)
		q := w.quote(w.viewer, w.account)
		first, _ := w.PlaceOrder(t.Context(), by(w.viewer), q.ID, asQuoted)
		w.pass(time.Hour)
		again, err := w.PlaceOrder(t.Context(), by(w.viewer), q.ID, store.Placing{})
		if err != nil || again.ID != first.ID {
			t.Fatalf("got %v, %v", again.Number, err)
		}
	})
}

func TestAQuoteThatNoLongerHoldsIsNotPlaced(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*world, *store.Placing)
		want   models.QuoteChange
	}{
		"expired":                   {func(w *world, _ *store.Placing) { w.pass(30 * time.Minute) }, models.QuoteExpired},
		"the count changed":         {func(_ *world, p *store.Placing) { p.InstanceCount = 26 }, models.CountChanged},
		"the price book changed":    {func(_ *world, p *store.Placing) { p.PriceBookHash = "other" }, models.PricesChanged},
		"the account ordered since": {func(w *world, _ *store.Placing) { w.buyAndExpire() }, models.AccountChanged},
	} {
		t.Run(name, func(t *testing.T) {
			w, p := newWorld(t), asQuoted
			q := w.quote(w.viewer, w.account)
			tc.change(w, &p)
			_, err := w.PlaceOrder(t.Context(), by(w.viewer), q.ID, p)
			var changed *models.QuoteChangedError
			if !errors.As(err, &changed) {
				t.Fatalf("got %v, want a changed quote", err)
			}
			found := false
			for _, r := range changed.Reasons {
				found = found || r == tc.want
			}
			if !found {
				t.Fatalf("reasons %v, want %s", changed.Reasons, tc.want)
			}
			if _, err := w.OrderByQuote(t.Context(), w.viewer, q.ID); !errors.Is(err, models.ErrNotFound) {
				t.Fatalf("an order was made: %v", err)
			}
		})
	}
}

func TestAnAccountHasOneOpenOrder(t *testing.T) {
	w := newWorld(t)
	one, two := w.quote(w.viewer, w.account), w.quote(w.viewer, w.account)
	first, err := w.PlaceOrder(t.Context(), by(w.viewer), one.ID, asQuoted)
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.PlaceOrder(t.Context(), by(w.viewer), two.ID, asQuoted)
	var open *models.OpenOrderError
	if !errors.As(err, &open) || open.Number != first.Number {
		t.Fatalf("got %v, want open order %s", err, first.Number)
	}
	t.Run("held by the database itself", func(t *testing.T) {
		err := w.raw().Exec(`INSERT INTO orders SELECT 99, 'N', ?, 'T', account_id, owner_id, user_id, kind, edition, version_code,
			cycle, duration, auto_renew, auto_renew_months, instance_count, total_fen, credential_profile, placed_at, status, reason,
			claim, lease_until, due_at, attempts, code, message, instance_id, provider_order_id, request_id, starts_at, ends_at,
			settled_at, updated_at, released_at FROM orders`, two.ID).Error
		if err == nil {
			t.Fatal("the database took a second open order")
		}
	})
	t.Run("another account is free", func(t *testing.T) {
		account, viewer := w.customer(1002, "b@example.com")
		if _, err := w.PlaceOrder(t.Context(), by(viewer), w.quote(viewer, account).ID, asQuoted); err != nil {
			t.Fatal(err)
		}
	})
	t.Run("free again once the order is settled", func(t *testing.T) {
		if err := w.CancelOrder(t.Context(), by(w.viewer), first.Number); err != nil {
			t.Fatal(err)
		}
		if _, err := w.PlaceOrder(t.Context(), by(w.viewer), two.ID, asQuoted); err != nil {
			t.Fatal(err)
		}
	})
}

func TestASubscribedAccountBuysNothing(t *testing.T) {
	w := newWorld(t)
	open := w.quote(w.viewer, w.account)
	o, attempt := w.claim(w.place())
	if err := w.Answer(t.Context(), o, attempt, done, completed); err != nil {
		t.Fatal(err)
	}
	if _, err := w.PlaceOrder(t.Context(), by(w.viewer), open.ID, asQuoted); !errors.Is(err, models.ErrSubscribed) {
		t.Fatalf("placing an older quote: %v", err)
	}
	if _, err := w.AddQuote(t.Context(), w.viewer, models.Quote{AccountID: w.account.ID, Kind: models.Buy}); !errors.Is(err, models.ErrSubscribed) {
		t.Fatalf("a new quote: %v", err)
	}
	held, err := w.Holdings(t.Context(), w.account.ID)
	if err != nil {
		t.Fatal(err)
	}
	s := held[w.account.ID].Subscription
	// 31 January 10:00 Beijing time plus one month.
	if want := time.Date(2026, 2, 28, 2, 0, 0, 0, time.UTC); s == nil || s.InstanceID != "sas-1" || !s.EndsAt.Equal(want) {
		t.Fatalf("subscription %+v, want sas-1 until %s", s, want)
	}
}

func TestWhatOthersOwnIsNotFound(t *testing.T) {
	w := newWorld(t)
	q, o := w.quote(w.viewer, w.account), w.place()
	_, stranger := w.customer(1002, "b@example.com")
	ctx := t.Context()
	for name, err := range map[string]error{
		"account":  second(w.Account(ctx, stranger, w.account.ID)),
		"quote":    second(w.Quote(ctx, stranger, q.ID)),
		"order":    second(w.Order(ctx, stranger, o.Number)),
		"by quote": second(w.OrderByQuote(ctx, stranger, o.QuoteID)),
		"placing":  second(w.PlaceOrder(ctx, by(stranger), q.ID, asQuoted)),
		"cancel":   w.CancelOrder(ctx, by(stranger), o.Number),
		"quoting":  second(w.AddQuote(ctx, stranger, models.Quote{AccountID: w.account.ID, Kind: models.Buy})),
	} {
		if !errors.Is(err, models.ErrNotFound) {
			t.Errorf("%s: %v, want not found", name, err)
		}
	}
	if orders, err := w.Orders(ctx, stranger, store.OrderFilter{}, 0, 10); err != nil || len(orders) != 0 {
		t.Errorf("the log shows %d foreign orders (%v)", len(orders), err)
	}
	t.Run("support sees but does not order", func(t *testing.T) {
		support := w.staff(models.Support)
		if _, err := w.Order(ctx, support, o.Number); err != nil {
			t.Error(err)
		}
		if err := w.CancelOrder(ctx, by(support), o.Number); !errors.Is(err, models.ErrForbidden) {
			t.Errorf("cancel: %v", err)
		}
		if _, err := w.PlaceOrder(ctx, by(support), q.ID, asQuoted); !errors.Is(err, models.ErrForbidden) {
			t.Errorf("place: %v", err)
		}
	})
}

func TestOnlyTheNewestClaimMovesAnOrder(t *testing.T) {
	w := newWorld(t)
	placed := w.place()
	o, attempt := w.claim(placed)
	if _, _, err := w.Claim(t.Context(), placed, "again", time.Second); !errors.Is(err, models.ErrConflict) {
		t.Fatalf("a second claim of what was read before the first: %v", err)
	}
	// The first worker is paused past its lease; recovery takes the order over.
	w.pass(time.Minute)
	if err := w.Advance(t.Context(), o, unknown); err != nil {
		t.Fatal(err)
	}
	now, err := w.Work(t.Context(), o.ID)
	if err != nil || len(now.Attempts) != 1 {
		t.Fatal(err, now.Attempts)
	}
	_, second := w.claim(now.Order)

	// It wakes up with an answer: evidence, nothing more.
	err = w.Answer(t.Context(), o, attempt, done, completed)
	if !errors.Is(err, models.ErrConflict) {
		t.Fatalf("the late answer: %v", err)
	}
	got := w.read(o.Number)
	if got.Status != models.Sending || got.Claim != second.Claim || got.ProviderOrderID != "" {
		t.Fatalf("the late answer moved the order: %+v", got)
	}
	all, err := w.Attempts(t.Context(), o.ID)
	if err != nil || !all[0].Late || all[0].Outcome != models.OutcomeDone || all[1].Outcome != "" {
		t.Fatalf("the late answer is not kept as evidence: %+v %v", all, err)
	}
}

func TestEveryStepHasItsEvent(t *testing.T) {
	w := newWorld(t)
	o, attempt := w.claim(w.place())
	if err := w.Answer(t.Context(), o, attempt, done, completed); err != nil {
		t.Fatal(err)
	}
	events, err := w.Events(t.Context(), o.ID)
	if err != nil {
		t.Fatal(err)
	}
	want := []models.Status{models.Placed, models.Sending, models.Completed}
	if len(events) != len(want) {
		t.Fatalf("%d events, want %d", len(events), len(want))
	}
	from := models.Status("")
	for i, e := range events {
		if e.From != from || e.To != want[i] {
			t.Errorf("event %d: %s → %s, want %s → %s", i, e.From, e.To, from, want[i])
		}
		from = e.To
	}
	t.Run("and the events are a chain", func(t *testing.T) {
		before := ""
		for i, e := range events {
			if e.Hash == "" || e.Hash != e.Chain(before) {
				t.Errorf("event %d does not continue the one before it", i)
			}
			before = e.Hash
		}
		edited := events[1]
		edited.Note = "edited"
		if edited.Chain(events[0].Hash) == events[1].Hash {
			t.Error("an edit keeps the hash")
		}
	})
}

func TestHistoryRefusesToBeChanged(t *testing.T) {
	w := newWorld(t)
	o, attempt := w.claim(w.place())
	if err := w.Answer(t.Context(), o, attempt, done, completed); err != nil {
		t.Fatal(err)
	}
	db := w.raw()
	refused := []string{
		`DELETE FROM orders`, `DELETE FROM events`, `DELETE FROM attempts`, `DELETE FROM quotes`,
		`UPDATE orders SET total_fen = 1`, `UPDATE orders SET status = 'rejected'`, `UPDATE orders SET client_token = 'x'`,
		`UPDATE events SET note = 'x'`, `UPDATE attempts SET response = 'x'`, `UPDATE attempts SET request = 'x'`,
		`UPDATE quotes SET total_fen = 1`,
	}
	for _, table := range []string{"events", "attempts", "orders", "quotes"} {
		refused = append(refused, replace(table))
		if dbtest.Postgres() {
			refused = append(refused, `TRUNCATE `+table+` CASCADE`)
		}
	}
	for _, sql := range refused {
		if err := db.Exec(sql).Error; err == nil || !regexp.MustCompile(`never|once`).MatchString(err.Error()) {
			t.Errorf("%q: %v", sql, err)
		}
	}
}

func TestOnlyWhatIsPlacedCanBeCancelled(t *testing.T) {
	w := newWorld(t)
	o, attempt := w.claim(w.place())
	if err := w.CancelOrder(t.Context(), by(w.viewer), o.Number); !errors.Is(err, models.ErrConflict) {
		t.Fatalf("cancelling while sending: %v", err)
	}
	if err := w.Answer(t.Context(), o, attempt, models.Answer{Outcome: models.OutcomeNotSent},
		store.Next{Status: models.Placed, Reason: models.ReasonNotSent}); err != nil {
		t.Fatal(err)
	}
	if err := w.CancelOrder(t.Context(), by(w.viewer), o.Number); err != nil {
		t.Fatalf("cancelling what was provably not sent: %v", err)
	}
	if ids, err := w.Due(t.Context(), 10); err != nil || len(ids) != 0 {
		t.Fatalf("a cancelled order is still due: %v %v", ids, err)
	}
}

func TestADatabaseBelongsToOneProvider(t *testing.T) {
	w := newWorld(t)
	if err := w.BindProvider(t.Context(), "sandbox"); err != nil {
		t.Fatal(err)
	}
	if err := w.BindProvider(t.Context(), "sandbox"); err != nil {
		t.Fatal(err)
	}
	var other *store.OtherProviderError
	if err := w.BindProvider(t.Context(), "alibaba"); !errors.As(err, &other) {
		t.Fatalf("the other provider was taken: %v", err)
	}
}

func TestOnlyTheProgramsOwnSchemaIsReady(t *testing.T) {
	w := newWorld(t)
	if err := w.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := w.raw().Exec(`INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, true)`).Error; err != nil {
		t.Fatal(err)
	}
	if err := w.Ready(t.Context()); !errors.Is(err, store.ErrTooNew) {
		t.Fatalf("a newer schema: %v", err)
	}
	empty := dbtest.Reopen(t, dbtest.Empty(t), nil)
	if err := empty.Ready(t.Context()); !errors.Is(err, store.ErrNotMigrated) {
		t.Fatalf("an empty database: %v", err)
	}
}

func TestTheFileIsNobodyElses(t *testing.T) {
	dbtest.NeedsSQLite(t)
	w := newWorld(t)
	for _, suffix := range []string{"", "-wal", "-shm"} {
		info, err := os.Stat(w.dsn + suffix)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v %v", suffix, info.Mode(), err)
		}
	}
}

func TestOnlyWhatLastsIsOpened(t *testing.T) {
	for _, dsn := range []string{"", ":memory:", "file:x?mode=memory", "mysql://user:secret@host/db"} {
		if s, err := store.Open(dsn, nil); err == nil {
			_ = s.Close()
			t.Errorf("opened %q", dsn)
		}
	}
	odd := filepath.Join(t.TempDir(), "a b?c%20#d.db")
	s, err := store.Open(odd, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if m, _ := filepath.Glob(filepath.Join(filepath.Dir(odd), "a b*")); len(m) == 0 {
		t.Fatalf("the file is not where its path says")
	}
}

// TestACancelledOrderIsNotClaimed: a worker has read the order, then its owner
// takes it back. The claim has not moved, the status has.
func TestACancelledOrderIsNotClaimed(t *testing.T) {
	w := newWorld(t)
	read := w.place()
	if err := w.CancelOrder(t.Context(), by(w.viewer), read.Number); err != nil {
		t.Fatal(err)
	}
	if _, _, err := w.Claim(t.Context(), read, "CreateInstance", time.Second); !errors.Is(err, models.ErrConflict) {
		t.Fatalf("the claim: %v, want a conflict", err)
	}
}

// TestServiceBeginsWithTheFirstAttemptThatMayHaveArrived: of the days possible
// the earliest is kept.
func TestServiceBeginsWithTheFirstAttemptThatMayHaveArrived(t *testing.T) {
	w := newWorld(t)
	o := w.place()
	for _, outcome := range []models.Outcome{models.OutcomeLater, models.OutcomeUnknown, models.OutcomeUnknown} {
		claimed, attempt := w.claim(o)
		next := unknown
		if outcome == models.OutcomeLater {
			next = store.Next{Status: models.Placed, Reason: models.ReasonThrottled}
		}
		if err := w.Answer(t.Context(), claimed, attempt, models.Answer{Outcome: outcome}, next); err != nil {
			t.Fatal(err)
		}
		w.pass(time.Minute)
		o = w.read(o.Number)
	}
	claimed, attempt := w.claim(o)
	if err := w.Answer(t.Context(), claimed, attempt, done, completed); err != nil {
		t.Fatal(err)
	}
	attempts, err := w.Attempts(t.Context(), o.ID)
	if err != nil {
		t.Fatal(err)
	}
	if got := w.read(o.Number); !got.StartsAt.Equal(attempts[1].StartedAt) {
		t.Fatalf("starts %s, want the second attempt's %s", got.StartsAt, attempts[1].StartedAt)
	}
}
