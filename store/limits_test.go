package store_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"portal/models"
	"portal/store"
)

func fen(f models.Fen) *models.Fen { return &f }

// limits sets an account's.
func (w *world) limits(a models.Account, monthly, above *models.Fen) {
	w.t.Helper()
	if err := w.SetLimits(w.t.Context(), by(w.operator()), a.ID, monthly, above); err != nil {
		w.t.Fatal(err)
	}
}

// TestALimitIsForABeijingMonth: what was ordered in it and is not known to have
// come to nothing counts, whoever orders; refunds give nothing back.
func TestALimitIsForABeijingMonth(t *testing.T) {
	w := newWorld(t)
	operator := w.operator()
	w.limits(w.account, fen(3*pro25.TotalFen), nil)
	spent := func(want models.Fen) {
		t.Helper()
		if got, err := w.Spent(t.Context(), w.account.ID); err != nil || got != want {
			t.Fatalf("%d fen are used, %v, want %d", got, err, want)
		}
	}
	refused := func(v models.Viewer, used models.Fen) {
		t.Helper()
		_, err := w.PlaceOrder(t.Context(), by(v), w.offer(renewal).ID, thirty)
		var full *models.LimitError
		if !errors.As(err, &full) || full.Limit != 3*pro25.TotalFen || full.Used != used || full.Left() != max(3*pro25.TotalFen-used, 0) {
			t.Fatalf("%+v", err)
		}
		if next := full.Until.In(models.Beijing); next.Day() != 1 || next.Hour() != 0 || next.Month() != time.February {
			t.Fatalf("new room from %s", next)
		}
	}

	w.complete(w.placeQuote(w.offer(pro25)))
	spent(pro25.TotalFen)
	cancelled := w.placeQuote(w.offer(renewal))
	spent(pro25.TotalFen + renewal.TotalFen)
	if err := w.CancelOrder(t.Context(), by(w.viewer), cancelled.Number); err != nil {
		t.Fatal(err)
	}
	spent(pro25.TotalFen)
	used := pro25.TotalFen
	for used+renewal.TotalFen <= 3*pro25.TotalFen {
		w.complete(w.placeQuote(w.offer(renewal)))
		used += renewal.TotalFen
	}
	spent(used)
	refused(w.viewer, used)
	refused(operator, used)
	w.complete(w.placeQuote(w.offer(refund)))
	spent(used)

	// 2026-01-31 24:00 in Beijing is 16:00 in UTC.
	w.pass(time.Date(2026, 1, 31, 16, 0, 0, 0, time.UTC).Sub(w.Now()) - 1)
	spent(used)
	w.pass(1)
	spent(0)
}

// TestALimitIsRaisedByWhoLooksAfterTheAccount, and that is on record.
func TestALimitIsRaisedByWhoLooksAfterTheAccount(t *testing.T) {
	w := newWorld(t)
	operator := w.operator()
	w.limits(w.account, fen(pro25.TotalFen-1), nil)
	quote := w.offer(pro25)
	if _, err := w.PlaceOrder(t.Context(), by(w.viewer), quote.ID, asQuoted); !errors.As(err, new(*models.LimitError)) {
		t.Fatal(err)
	}
	w.limits(w.account, fen(pro25.TotalFen), fen(0))
	w.limits(w.account, fen(pro25.TotalFen), fen(0)) // changes nothing
	if _, err := w.PlaceOrder(t.Context(), by(operator), quote.ID, asQuoted); err != nil {
		t.Fatalf("just the limit: %v", err)
	}
	w.limits(w.account, nil, nil)
	if a := w.reread(w.account); a.MonthlyLimitFen != nil || a.ApprovalAboveFen != nil {
		t.Errorf("%v %v", a.MonthlyLimitFen, a.ApprovalAboveFen)
	}
	changes, err := w.Changes(t.Context(), w.account.ID, 10)
	if err != nil || len(changes) != 3 {
		t.Fatalf("%+v %v", changes, err)
	}
	before, after := changes[1].Facts()
	if changes[1].What != models.AccountLimited || *before.MonthlyLimitFen != pro25.TotalFen-1 || before.ApprovalAboveFen != nil ||
		*after.MonthlyLimitFen != pro25.TotalFen || *after.ApprovalAboveFen != 0 {
		t.Errorf("%+v", changes[1])
	}
	for _, v := range []models.Viewer{w.viewer, w.staff(models.Support)} {
		if err := w.SetLimits(t.Context(), by(v), w.account.ID, nil, nil); !errors.Is(err, models.ErrForbidden) {
			t.Errorf("%s: %v", v.User.Role, err)
		}
	}
	if err := w.SetLimits(t.Context(), by(operator), w.account.ID, fen(-1), nil); err == nil {
		t.Error("a limit below nothing was taken")
	}
}

// TestAHundredOrdersAtOnceStayWithinTheLimit: each placing that finds no open
// order goes into review and is released at once, so that the next finds none
// either, and a quote that still holds: nothing but the limit keeps it.
func TestAHundredOrdersAtOnceStayWithinTheLimit(t *testing.T) {
	w := newWorld(t)
	w.complete(w.placeQuote(w.offer(pro25)))
	const room = 7
	w.limits(w.account, fen(pro25.TotalFen+room*renewal.TotalFen+renewal.TotalFen/2), nil)
	replicas := w.replicas(4)
	var all []func() error
	for i := range 100 {
		s := replicas[i%len(replicas)]
		all = append(all, func() error {
			for {
				err := renewAtOnce(s, w)
				if errors.Is(err, context.DeadlineExceeded) {
					continue // a hundred at one row, on a slow machine: some wait too long
				}
				if err != nil && !errors.As(err, new(*models.OpenOrderError)) && !errors.As(err, new(*models.QuoteChangedError)) && !errors.Is(err, models.ErrConflict) {
					return err
				}
			}
		})
	}
	for _, err := range together(all...) {
		if !errors.As(err, new(*models.LimitError)) {
			t.Error(err)
		}
	}
	if got, err := w.Spent(t.Context(), w.account.ID); err != nil || got != pro25.TotalFen+room*renewal.TotalFen {
		t.Errorf("%d fen were ordered, %v; there was room for %d renewals", got, err, room)
	}
}

// renewAtOnce quotes and places one renewal of the world's account, and gives up
// finding out what became of it.
func renewAtOnce(s *store.Store, w *world) error {
	ctx := context.Background()
	held, err := s.Holdings(ctx, w.account.ID)
	if err != nil {
		return err
	}
	h := held[w.account.ID]
	q := renewal
	q.AccountID, q.PriceBookHash, q.LastOrderID = w.account.ID, "book", h.LastOrderID
	q.CountReadAt, q.ExpiresAt = w.now(), w.now().Add(time.Hour)
	q.InstanceID, q.Held = h.Subscription.InstanceID, &models.Held{EndsAt: h.Subscription.EndsAt}
	if q, err = s.AddQuote(ctx, w.viewer, q); err != nil {
		return err
	}
	o, err := s.PlaceOrder(ctx, by(w.viewer), q.ID, thirty)
	if err != nil {
		return err
	}
	o, attempt, err := s.Claim(ctx, o, "RenewInstance", time.Minute)
	if err != nil {
		return err
	}
	lost := store.Next{Status: models.NeedsReview, Reason: models.ReasonTokenWindow}
	if err := s.Answer(ctx, o, attempt, models.Answer{Outcome: models.OutcomeUnknown}, lost); err != nil {
		return err
	}
	_, err = s.SettleOrder(ctx, o.Number, store.Settlement{As: models.VerdictReleased, By: named("user:1"), Note: "nobody knows yet"})
	return err
}

// thirty is a world in which nothing has changed since a renewal's quote.
var thirty = store.Placing{InstanceCount: 30, PriceBookHash: "book", CredentialProfile: "default"}

// TestAnOrderWaitsForApproval: nothing is sent before, it is open all the time,
// and then it goes as if it had just been placed.
func TestAnOrderWaitsForApproval(t *testing.T) {
	w := newWorld(t)
	operator := w.operator()
	w.limits(w.account, nil, fen(pro25.TotalFen-1))
	placed := w.Now()
	o := w.placeQuote(w.offer(pro25))
	if o.Status != models.AwaitingApproval || o.Reason != models.ReasonNeedsApproval || !o.Open() || !o.DueAt.Equal(placed.Add(models.ApprovalLimit)) {
		t.Fatalf("%+v", o)
	}
	if _, _, err := w.Claim(t.Context(), o, "CreateInstance", time.Second); err == nil {
		t.Fatal("it was claimed")
	}
	if _, err := w.PlaceOrder(t.Context(), by(operator), w.offer(pro25).ID, asQuoted); !errors.As(err, new(*models.OpenOrderError)) {
		t.Fatalf("another one beside it: %v", err)
	}
	w.pass(models.ApprovalLimit - time.Second) // far beyond the quote's end
	if due, err := w.Due(t.Context(), 10); err != nil || len(due) > 0 {
		t.Fatal(due, err)
	}
	if err := w.ApproveOrder(t.Context(), by(operator), o.Number, asQuoted); err != nil {
		t.Fatal(err)
	}
	o = w.read(o.Number)
	if o.Status != models.Placed || o.Reason != models.ReasonApproved || o.UserID != w.viewer.User.ID ||
		!o.ApprovedAt.Equal(w.Now()) || !o.DueAt.Equal(w.Now()) || !o.Ready().Equal(w.Now()) || !o.PlacedAt.Equal(placed) {
		t.Fatalf("%+v", o)
	}
	if e := w.lastEvent(o); e.Actor != operator.Actor() || e.From != models.AwaitingApproval {
		t.Errorf("%+v", e)
	}
	changes, err := w.Changes(t.Context(), w.account.ID, 1)
	if err != nil || changes[0].What != models.OrderApproved || changes[0].Order() != o.Number || changes[0].RequestID != "REQ7" {
		t.Errorf("%+v %v", changes, err)
	}
	if err := w.ApproveOrder(t.Context(), by(operator), o.Number, asQuoted); !errors.Is(err, models.ErrConflict) {
		t.Errorf("approved again: %v", err)
	}
	w.complete(o)
	w.chained(o)
}

// TestWhoseOrdersWait: a customer's above the sum; never a refund, nor what who
// may approve orders by themselves.
func TestWhoseOrdersWait(t *testing.T) {
	w := newWorld(t)
	operator := w.operator()
	w.limits(w.account, nil, fen(pro25.TotalFen))
	w.complete(w.placeQuote(w.offer(pro25))) // just the sum
	w.limits(w.account, nil, fen(0))
	o, err := w.PlaceOrder(t.Context(), by(operator), w.offer(renewal).ID, thirty)
	if err != nil || o.Status != models.Placed {
		t.Fatal(o.Status, err)
	}
	w.complete(o)
	if o := w.placeQuote(w.offer(refund)); o.Status != models.Placed {
		t.Fatalf("a refund is %s", o.Status)
	}
}

// TestWhatChangedMeanwhileIsNotApproved, but for the quote's own end.
func TestWhatChangedMeanwhileIsNotApproved(t *testing.T) {
	w := newWorld(t)
	operator := w.operator()
	w.limits(w.account, nil, fen(0))
	o := w.placeQuote(w.offer(pro25))
	w.pass(time.Hour)
	for want, p := range map[models.QuoteChange]store.Placing{
		models.CountChanged:  {InstanceCount: 26, PriceBookHash: asQuoted.PriceBookHash},
		models.PricesChanged: {InstanceCount: 25, PriceBookHash: "other"},
	} {
		var changed *models.QuoteChangedError
		if err := w.ApproveOrder(t.Context(), by(operator), o.Number, p); !errors.As(err, &changed) || !slices.Equal(changed.Reasons, []models.QuoteChange{want}) {
			t.Errorf("%s: %v", want, err)
		}
	}
	hold := w.hold()
	if err := w.ApproveOrder(t.Context(), by(operator), o.Number, asQuoted); !errors.As(err, new(*models.AccountHeldError)) {
		t.Errorf("while the account is held: %v", err)
	}
	w.release(hold)
	var changed *models.QuoteChangedError
	if err := w.ApproveOrder(t.Context(), by(operator), o.Number, asQuoted); !errors.As(err, &changed) || !slices.Equal(changed.Reasons, []models.QuoteChange{models.HeldSince}) {
		t.Errorf("after that: %v", err)
	}
	if o := w.read(o.Number); o.Status != models.AwaitingApproval {
		t.Errorf("it is %s", o.Status)
	}
}

// TestADeclinedOrderSaysWhy, and one that nobody decided about closes by itself.
func TestADeclinedOrderSaysWhy(t *testing.T) {
	w := newWorld(t)
	operator := w.operator()
	w.limits(w.account, fen(pro25.TotalFen), fen(0))
	o := w.placeQuote(w.offer(pro25))
	if err := w.DeclineOrder(t.Context(), by(operator), o.Number, " \n"); err == nil {
		t.Error("declined without a reason")
	}
	if err := w.DeclineOrder(t.Context(), by(operator), o.Number, " next year \n"); err != nil {
		t.Fatal(err)
	}
	o = w.read(o.Number)
	if e := w.lastEvent(o); o.Status != models.Rejected || o.Reason != models.ReasonNotApproved || e.Note != "next year" || e.Actor != operator.Actor() {
		t.Errorf("%+v %+v", o, e)
	}
	changes, err := w.Changes(t.Context(), w.account.ID, 1)
	if err != nil || changes[0].What != models.OrderDeclined || changes[0].Reason != "next year" || changes[0].Order() != o.Number {
		t.Errorf("%+v %v", changes, err)
	}
	for _, again := range []error{
		w.DeclineOrder(t.Context(), by(operator), o.Number, "again"), w.ApproveOrder(t.Context(), by(operator), o.Number, asQuoted),
	} {
		if !errors.Is(again, models.ErrConflict) {
			t.Error(again)
		}
	}
	w.chained(o)

	o = w.placeQuote(w.offer(pro25)) // what was declined gave its room back
	w.pass(models.ApprovalLimit)
	if err := w.ApproveOrder(t.Context(), by(operator), o.Number, asQuoted); !errors.Is(err, models.ErrConflict) {
		t.Errorf("approved too late: %v", err)
	}
	if due, err := w.Due(t.Context(), 10); err != nil || !slices.Equal(due, []int64{o.ID}) {
		t.Fatal(due, err)
	}
	if err := w.Advance(t.Context(), o, store.Next{Status: models.Rejected, Reason: models.ReasonNobodyDecided}); err != nil {
		t.Fatal(err)
	}
	w.chained(w.read(o.Number))
}

// TestWhoMayApprove: who looks after the account, and nobody else.
func TestWhoMayApprove(t *testing.T) {
	w := newWorld(t)
	own, other := w.reseller("Own"), w.reseller("Other")
	account, err := w.AddAccount(t.Context(), models.Account{OwnerID: 1002, Name: "Own", ResellerID: own.User.ResellerID})
	if err != nil {
		t.Fatal(err)
	}
	user, err := w.AddUser(t.Context(), models.User{Email: "c@example.com", Role: models.Customer, AccountID: &account.ID, PasswordHash: "x"})
	if err != nil {
		t.Fatal(err)
	}
	customer := models.Viewer{User: user}
	w.limits(account, nil, fen(0))
	o, err := w.PlaceOrder(t.Context(), by(customer), w.quote(customer, account).ID, asQuoted)
	if err != nil {
		t.Fatal(err)
	}
	for want, viewers := range map[error][]models.Viewer{
		models.ErrForbidden: {customer, w.staff(models.Support)}, models.ErrNotFound: {other},
	} {
		for _, v := range viewers {
			if err := w.ApproveOrder(t.Context(), by(v), o.Number, asQuoted); !errors.Is(err, want) {
				t.Errorf("%s approves: %v", v.User.Email, err)
			}
			if err := w.DeclineOrder(t.Context(), by(v), o.Number, "x"); !errors.Is(err, want) {
				t.Errorf("%s declines: %v", v.User.Email, err)
			}
		}
	}
	if err := w.ApproveOrder(t.Context(), by(own), o.Number, asQuoted); err != nil {
		t.Error(err)
	}
}

// TestOneDecisionAboutAnOrder: approving, declining, taking back and suspending at
// the same moment, in four replicas: one of them moves it.
func TestOneDecisionAboutAnOrder(t *testing.T) {
	w := newWorld(t)
	operator, four := w.operator(), w.replicas(4)
	became := map[models.Status]int{}
	for i := range 20 {
		account, viewer := w.customer(int64(6000+i), fmt.Sprintf("u%d@example.com", i))
		w.limits(account, nil, fen(0))
		o, err := w.PlaceOrder(t.Context(), by(viewer), w.quote(viewer, account).ID, asQuoted)
		if err != nil {
			t.Fatal(err)
		}
		ctx := context.Background()
		errs := together(
			func() error { return four[0].ApproveOrder(ctx, by(operator), o.Number, asQuoted) },
			func() error { return four[1].DeclineOrder(ctx, by(operator), o.Number, "no") },
			func() error { return four[2].CancelOrder(ctx, by(viewer), o.Number) },
			func() error { return four[3].SuspendAccount(ctx, by(operator), account.ID, "does not pay") },
		)
		for _, err := range errs {
			if err != nil && !errors.Is(err, models.ErrConflict) && !errors.As(err, new(*models.AccountSuspendedError)) {
				t.Fatal(errs)
			}
		}
		o, err = w.Order(t.Context(), viewer, o.Number)
		if err != nil || o.Status == models.AwaitingApproval {
			t.Fatal(o.Status, err)
		}
		if o.Status == models.Placed {
			t.Fatalf("it goes on, on a suspended account: %v", errs)
		}
		became[o.Status]++
		events, err := w.Events(t.Context(), o.ID)
		if err != nil {
			t.Fatal(err)
		}
		var path []string
		for _, e := range events {
			path = append(path, string(e.To))
		}
		switch strings.Join(path[1:], " ") {
		case "cancelled", "rejected", "placed cancelled":
		default:
			t.Fatal(path)
		}
		w.chained(o)
	}
	t.Log(became)
}
