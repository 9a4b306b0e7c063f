package store_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"portal/models"
	"portal/store"
)

// by is somebody who changes something from the network of documentation.
func by(v models.Viewer) models.By {
	return models.By{Viewer: v, RequestID: "REQ7", Address: "192.0.2.7"}
}

// named is somebody by the name that events know them by; nobody for no name.
func named(actor string) models.By {
	return models.By{Command: actor, RequestID: "REQ9", Address: "192.0.2.9"}
}

// reread is an account as it is now.
func (w *world) reread(a models.Account) models.Account {
	w.t.Helper()
	a, err := w.AccountByOwner(w.t.Context(), a.OwnerID)
	if err != nil {
		w.t.Fatal(err)
	}
	return a
}

// suspend suspends an account and gives it back as it is then.
func (w *world) suspend(v models.Viewer, a models.Account) models.Account {
	w.t.Helper()
	if err := w.SuspendAccount(w.t.Context(), by(v), a.ID, "does not pay"); err != nil {
		w.t.Fatal(err)
	}
	return w.reread(a)
}

// TestASuspendedAccountOrdersNothing: what was never sent is taken back, and its
// people only look, until it is reinstated.
func TestASuspendedAccountOrdersNothing(t *testing.T) {
	w := newWorld(t)
	operator := w.operator()
	w.complete(w.placeQuote(w.offer(pro25)))
	waiting := w.placeQuote(w.offer(upgrade))
	w.pass(time.Second)
	account := w.suspend(operator, w.account)
	if account.SuspendedAt == nil || !account.SuspendedAt.Equal(w.Now()) || account.SuspendedBy != operator.Actor() || account.SuspensionReason != "does not pay" {
		t.Fatalf("%+v", account)
	}
	o := w.read(waiting.Number)
	if o.Status != models.Cancelled || o.Reason != models.ReasonSuspended || w.lastEvent(o).Actor != operator.Actor() {
		t.Fatalf("the unsent order is %s (%s)", o.Status, o.Reason)
	}
	w.chained(o)
	var suspended *models.AccountSuspendedError
	for _, offered := range []models.Quote{renewal, upgrade, refund} {
		quote, kind := w.offer(offered), offered.Kind
		if _, err := w.PlaceOrder(t.Context(), by(w.viewer), quote.ID, asQuoted); !errors.As(err, &suspended) || !suspended.Since.Equal(*account.SuspendedAt) {
			t.Errorf("its customer's %s: %v", kind, err)
		}
		o, err := w.PlaceOrder(t.Context(), by(operator), quote.ID, asQuoted)
		if kind == models.Refund {
			if err != nil {
				t.Fatalf("an operator's refund: %v", err)
			}
			w.complete(o)
		} else if !errors.As(err, &suspended) {
			t.Errorf("an operator's %s: %v", kind, err)
		}
	}
	t.Run("once", func(t *testing.T) {
		if err := w.SuspendAccount(t.Context(), by(operator), account.ID, "again"); !errors.Is(err, models.ErrConflict) {
			t.Fatal(err)
		}
	})
	t.Run("until it is reinstated, from the suspension that was looked at", func(t *testing.T) {
		if err := w.ReinstateAccount(t.Context(), by(operator), account.ID, account.SuspendedAt.Add(-time.Second), "paid"); !errors.Is(err, models.ErrConflict) {
			t.Fatal(err)
		}
		if err := w.ReinstateAccount(t.Context(), by(operator), account.ID, *account.SuspendedAt, "paid"); err != nil {
			t.Fatal(err)
		}
		if a := w.reread(account); a.SuspendedAt != nil || a.SuspendedBy != "" || a.SuspensionReason != "" {
			t.Fatalf("%+v", a)
		}
		if err := w.ReinstateAccount(t.Context(), by(operator), account.ID, *account.SuspendedAt, "paid"); !errors.Is(err, models.ErrConflict) {
			t.Fatal(err)
		}
		w.placeQuote(w.offer(pro25))
	})
	t.Run("and both are on record", func(t *testing.T) {
		changes, err := w.Changes(t.Context(), account.ID, 10)
		if err != nil || len(changes) != 2 {
			t.Fatal(changes, err)
		}
		open, closed := `{"owner_id":1001,"name":"Account a@example.com","reseller_id":null,"note":"","suspended":false}`, `{"owner_id":1001,"name":"Account a@example.com","reseller_id":null,"note":"","suspended":true}`
		want := []models.Change{
			{At: changes[0].At, What: models.AccountReinstated, Reason: "paid", Before: closed, After: open},
			{At: *account.SuspendedAt, What: models.AccountSuspended, Reason: "does not pay", Before: open, After: closed},
		}
		for i, c := range changes {
			want[i].ID, want[i].AccountID, want[i].Actor, want[i].RequestID, want[i].Address = c.ID, account.ID, operator.Actor(), "REQ7", "192.0.2.7"
			if c != want[i] {
				t.Errorf("%+v, want %+v", c, want[i])
			}
		}
	})
}

// TestWhatWasSentRunsOnThroughASuspension: its outcome has to become known.
func TestWhatWasSentRunsOnThroughASuspension(t *testing.T) {
	for name, sent := range map[string]struct {
		next   *store.Next // after the first attempt; nil while it is on its way
		status models.Status
	}{
		"on its way":    {nil, models.Sending},
		"in doubt":      {&unknown, models.Unknown},
		"put off":       {&store.Next{Status: models.Placed, Reason: models.ReasonThrottled, Wait: time.Second}, models.Placed},
		"for a person":  {&store.Next{Status: models.NeedsReview, Reason: models.ReasonContradicted}, models.NeedsReview},
		"done, already": {&completed, models.Completed},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			o, attempt := w.claim(w.place())
			if sent.next != nil {
				answer := models.Answer{Outcome: models.OutcomeLater}
				if sent.status == models.Completed {
					answer = done
				}
				if err := w.Answer(t.Context(), o, attempt, answer, *sent.next); err != nil {
					t.Fatal(err)
				}
			}
			before := w.read(o.Number)
			w.suspend(w.operator(), w.account)
			if o = w.read(o.Number); o.Status != sent.status || o.State() != before.State() {
				t.Fatalf("it was %s and is %s (%s)", before.Status, o.Status, o.Reason)
			}
			if sent.status == models.Placed { // and is sent again
				w.pass(time.Minute)
				w.claim(o)
			}
		})
	}
}

func TestOnlyWhoLooksAfterAnAccountSuspendsIt(t *testing.T) {
	w := newWorld(t)
	own, foreign := w.reseller("Own"), w.reseller("Foreign")
	account, err := w.AddAccount(t.Context(), models.Account{OwnerID: 1002, Name: "Own's", ResellerID: own.User.ResellerID})
	if err != nil {
		t.Fatal(err)
	}
	customer, err := w.AddUser(t.Context(), models.User{Email: "own@example.com", Role: models.Customer, AccountID: &account.ID, PasswordHash: "x"})
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	refused := func(step string, do func(models.By) error) {
		t.Helper()
		for who, tc := range map[string]struct {
			v    models.Viewer
			want error
		}{
			"another reseller": {foreign, models.ErrNotFound},
			"its own customer": {models.Viewer{User: customer}, models.ErrForbidden},
			"another customer": {w.viewer, models.ErrForbidden},
			"support":          {models.Viewer{User: models.User{ID: 1, Role: models.Support}}, models.ErrForbidden},
		} {
			if err := do(by(tc.v)); !errors.Is(err, tc.want) {
				t.Errorf("%s by %s: %v", step, who, err)
			}
		}
	}
	refused("suspended", func(b models.By) error { return w.SuspendAccount(ctx, b, account.ID, "x") })
	if err := w.SuspendAccount(ctx, by(own), account.ID, " \n"); err == nil {
		t.Error("suspended without a reason")
	}
	if changes, err := w.Changes(ctx, account.ID, 10); err != nil || len(changes) > 0 || w.reread(account).SuspendedAt != nil {
		t.Fatal("something was changed:", changes, err)
	}
	account = w.suspend(own, account)
	refused("reinstated", func(b models.By) error { return w.ReinstateAccount(ctx, b, account.ID, *account.SuspendedAt, "x") })
	if w.reread(account).SuspendedAt == nil {
		t.Fatal("somebody has reinstated it")
	}
}

// TestASuspensionAndAnOrderAtTheSameMoment: whichever comes first, no order that
// was never sent is open for a suspended account.
func TestASuspensionAndAnOrderAtTheSameMoment(t *testing.T) {
	w := newWorld(t)
	operator, two := w.operator(), w.replicas(2)
	placed := 0
	for i := range 20 {
		account, viewer := w.customer(int64(4000+i), fmt.Sprintf("s%d@example.com", i))
		quote := w.quote(viewer, account)
		errs := together(
			func() error {
				return two[0].SuspendAccount(context.Background(), by(operator), account.ID, "does not pay")
			},
			func() error {
				_, err := two[1].PlaceOrder(context.Background(), by(viewer), quote.ID, asQuoted)
				return err
			})
		if errs[0] != nil || errs[1] != nil && !errors.As(errs[1], new(*models.AccountSuspendedError)) {
			t.Fatalf("suspending: %v; placing: %v", errs[0], errs[1])
		}
		if held := w.held(account); held.OpenOrder != nil {
			t.Fatalf("order %s is %s on a suspended account", held.OpenOrder.Number, held.OpenOrder.Status)
		}
		if errs[1] == nil {
			placed++
			o, err := w.OrderByQuote(t.Context(), viewer, quote.ID)
			if err != nil || o.Status != models.Cancelled || o.Reason != models.ReasonSuspended {
				t.Fatalf("the order is %s (%s), %v", o.Status, o.Reason, err)
			}
			w.chained(o)
		}
	}
	t.Logf("%d of 20 orders came first", placed)
}

// TestASuspensionAndASendingAtTheSameMoment: an order is taken back or sent, and
// the account is suspended either way.
func TestASuspensionAndASendingAtTheSameMoment(t *testing.T) {
	w := newWorld(t)
	operator, two := w.operator(), w.replicas(2)
	for i := range 20 {
		account, viewer := w.customer(int64(5000+i), fmt.Sprintf("t%d@example.com", i))
		o, err := w.PlaceOrder(t.Context(), by(viewer), w.quote(viewer, account).ID, asQuoted)
		if err != nil {
			t.Fatal(err)
		}
		errs := together(
			func() error {
				return two[0].SuspendAccount(context.Background(), by(operator), account.ID, "does not pay")
			},
			func() error {
				_, _, err := two[1].Claim(context.Background(), o, "CreateInstance", time.Second)
				return err
			})
		claimed := errs[1] == nil
		if errs[0] != nil || !claimed && !errors.Is(errs[1], models.ErrConflict) {
			t.Fatalf("suspending: %v; claiming: %v", errs[0], errs[1])
		}
		o, err = w.Order(t.Context(), viewer, o.Number)
		if want := map[bool]models.Status{true: models.Sending, false: models.Cancelled}[claimed]; err != nil || o.Status != want || w.reread(account).SuspendedAt == nil {
			t.Fatalf("claimed: %t, and it is %s, %v", claimed, o.Status, err)
		}
		w.chained(o)
	}
}
