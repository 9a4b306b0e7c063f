package store_test

import (
	"errors"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"portal/models"
	"portal/store"
)

// toReview places an order that nobody can know the outcome of.
func (w *world) toReview(q models.Quote) models.Order {
	w.t.Helper()
	o, attempt := w.claim(w.placeQuote(w.offer(q)))
	if err := w.Answer(w.t.Context(), o, attempt, models.Answer{Outcome: models.OutcomeUnknown}, unknown); err != nil {
		w.t.Fatal(err)
	}
	return w.giveUp(o)
}

// giveUp sends an unknown order to review.
func (w *world) giveUp(o models.Order) models.Order {
	w.t.Helper()
	if err := w.Advance(w.t.Context(), w.read(o.Number), store.Next{Status: models.NeedsReview, Reason: models.ReasonTokenWindow}); err != nil {
		w.t.Fatal(err)
	}
	return w.read(o.Number)
}

// settle decides as an operator whom no setting keeps from doing it alone.
func (w *world) settle(o models.Order, d store.Settlement) error {
	w.t.Helper()
	if d.By.Nobody() {
		d.By = named("user:1")
	}
	proposed, err := w.SettleOrder(w.t.Context(), o.Number, d)
	if proposed {
		w.t.Fatal("it was only proposed")
	}
	return err
}

// letOrder releases an order in review: its account may order again.
func (w *world) letOrder(o models.Order) models.Order {
	w.t.Helper()
	if err := w.settle(o, store.Settlement{As: models.VerdictReleased, Note: "the provider's console is down"}); err != nil {
		w.t.Fatal(err)
	}
	return w.read(o.Number)
}

func (w *world) events(o models.Order) []models.Event {
	w.t.Helper()
	events, err := w.Events(w.t.Context(), o.ID)
	if err != nil {
		w.t.Fatal(err)
	}
	return events
}

func (w *world) lastEvent(o models.Order) models.Event {
	w.t.Helper()
	events := w.events(o)
	return events[len(events)-1]
}

var (
	asDone    = store.Settlement{As: models.VerdictCompleted, Note: "seen in the console", ProviderOrderID: "PO", InstanceID: "sas-seen"}
	asNotDone = store.Settlement{As: models.VerdictRejected, Note: "not there, no charge"}
	asOutside = store.Settlement{As: models.VerdictRecorded, Note: "there, and recorded"}
)

func TestReviewIsSettledByAPersonWithAReason(t *testing.T) {
	t.Run("completed, with what the provider calls it", func(t *testing.T) {
		w := newWorld(t)
		o := w.toReview(pro25)
		for name, d := range map[string]store.Settlement{
			"without a reason":                             {As: models.VerdictCompleted, ProviderOrderID: "PO", InstanceID: "I"},
			"without the OrderId":                          {As: models.VerdictCompleted, Note: "seen", InstanceID: "I"},
			"without the InstanceId":                       {As: models.VerdictCompleted, Note: "seen", ProviderOrderID: "PO"},
			"as something in between":                      {As: "unknown", Note: "seen"},
			"as recorded, which it has to be released for": asOutside,
		} {
			if err := w.settle(o, d); err == nil {
				t.Errorf("settled %s", name)
			}
		}
		d := asDone
		d.By = named("command:op")
		if err := w.settle(o, d); err != nil {
			t.Fatal(err)
		}
		got := w.read(o.Number)
		if got.Status != models.Completed || got.InstanceID != "sas-seen" || got.ProviderOrderID != "PO" || got.EndsAt == nil {
			t.Fatalf("%+v", got)
		}
		if last := w.lastEvent(o); last.Note != "seen in the console" || last.Actor != "command:op" || last.Reason != models.ReasonSettled {
			t.Fatalf("the decision is not in the events: %+v", last)
		}
	})
	t.Run("rejected, and the account is free", func(t *testing.T) {
		w := newWorld(t)
		if err := w.settle(w.toReview(pro25), asNotDone); err != nil {
			t.Fatal(err)
		}
		w.place()
	})
	t.Run("not as completed when nothing has reached the provider", func(t *testing.T) {
		// A worker that was paused comes to know late that it has sent nothing.
		w := newWorld(t)
		o, attempt := w.claim(w.place())
		if err := w.Advance(t.Context(), o, unknown); err != nil {
			t.Fatal(err)
		}
		w.giveUp(o)
		if err := w.Answer(t.Context(), o, attempt, models.Answer{Outcome: models.OutcomeNotSent}, unknown); !errors.Is(err, models.ErrConflict) {
			t.Fatal(err)
		}
		if err := w.settle(o, asDone); !errors.Is(err, models.ErrUnsent) {
			t.Fatalf("it says %v", err)
		}
	})
	t.Run("nothing else can be settled", func(t *testing.T) {
		w := newWorld(t)
		if err := w.settle(w.place(), asNotDone); !errors.Is(err, models.ErrConflict) {
			t.Fatal(err)
		}
	})
}

// TestOfTwoDecisionsAtOnceOneIsTaken: two operators, or two tabs of one.
func TestOfTwoDecisionsAtOnceOneIsTaken(t *testing.T) {
	for name, other := range map[string]store.Settlement{
		"the same": asDone, "another": asNotDone,
		"a release, which may still come before": {As: models.VerdictReleased, Note: "x"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			o := w.toReview(pro25)
			both := []store.Settlement{asDone, other}
			errs := make([]error, len(both))
			var decisions sync.WaitGroup
			for i, d := range both {
				d.By = named("user:1")
				decisions.Go(func() { _, errs[i] = w.SettleOrder(t.Context(), o.Number, d) })
			}
			decisions.Wait()
			taken := 0
			for i, err := range errs {
				switch {
				case err == nil:
					taken++
				case !errors.Is(err, models.ErrConflict):
					t.Errorf("%d: %v", i, err)
				}
			}
			final := 0
			for _, e := range w.events(o) {
				if e.From == models.NeedsReview && e.To != models.NeedsReview {
					final++
				}
			}
			if final != 1 || taken < 1 || taken > 1 && other.As != models.VerdictReleased {
				t.Fatalf("%d were taken, %d times it was settled: %v", taken, final, errs)
			}
		})
	}
}

// TestAReleasedAccountOrdersWhileItsOrderIsStillInReview: one open order for
// each account goes on to hold, for those that hold it.
func TestAReleasedAccountOrdersWhileItsOrderIsStillInReview(t *testing.T) {
	w := newWorld(t)
	o := w.toReview(pro25)
	since := o.UpdatedAt
	w.pass(time.Hour)
	o = w.letOrder(o)
	if o.Status != models.NeedsReview || o.Reason != models.ReasonTokenWindow || !o.ReleasedAt.Equal(w.Now()) || o.Open() || !o.UpdatedAt.Equal(since) {
		t.Fatalf("%+v", o)
	}
	if e := w.lastEvent(o); e.From != models.NeedsReview || e.To != e.From || e.Reason != models.ReasonReleased || e.Note != "the provider's console is down" {
		t.Fatalf("%+v", e)
	}
	held := w.held(w.account)
	if held.OpenOrder != nil || len(held.Released) != 1 || held.Released[0].ID != o.ID {
		t.Fatalf("%+v", held)
	}
	next := w.place()
	if held := w.held(w.account); held.OpenOrder == nil || held.OpenOrder.ID != next.ID || len(held.Released) != 1 {
		t.Fatalf("%+v", held)
	}
	if _, err := w.PlaceOrder(t.Context(), by(w.viewer), w.quote(w.viewer, w.account).ID, asQuoted); !errors.As(err, new(*models.OpenOrderError)) {
		t.Errorf("a second open order beside the released one: %v", err)
	}
	t.Run("once", func(t *testing.T) {
		if err := w.settle(o, store.Settlement{As: models.VerdictReleased, Note: "again"}); !errors.Is(err, models.ErrConflict) {
			t.Error(err)
		}
	})
	t.Run("and the database lets nobody take it back, or release what is not in review", func(t *testing.T) {
		db := w.raw()
		for name, sql := range map[string]string{
			"taken back":  `UPDATE orders SET released_at = NULL WHERE id = ?`,
			"moved":       `UPDATE orders SET released_at = placed_at WHERE id = ?`,
			"of a placed": `UPDATE orders SET released_at = placed_at WHERE id = ? + 1`,
		} {
			if err := db.Exec(sql, o.ID).Error; err == nil || !regexp.MustCompile(`(?i)never|check`).MatchString(err.Error()) {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

// TestWhatWasReleasedIsCompletedOnlyWhereTheHistoryStillStands: the history is
// replayed by the orders' ids, so that nothing may come between.
func TestWhatWasReleasedIsCompletedOnlyWhereTheHistoryStillStands(t *testing.T) {
	t.Run("nothing happened since: as if it had never been released", func(t *testing.T) {
		w := newWorld(t)
		w.order(pro25)
		o := w.letOrder(w.toReview(renewal))
		w.pass(day)
		next := w.placeQuote(w.offer(renewal))
		if err := w.CancelOrder(t.Context(), by(w.viewer), next.Number); err != nil {
			t.Fatal(err)
		}
		if err := w.settle(o, asOutside); !errors.Is(err, models.ErrNotMovedOn) {
			t.Errorf("recorded, where it can be completed: %v", err)
		}
		if err := w.settle(o, asDone); err != nil {
			t.Fatal(err)
		}
		got := w.read(o.Number)
		if s := w.held(w.account).Subscription; !s.EndsAt.Equal(*got.EndsAt) || len(s.Periods) != 2 {
			t.Fatalf("%+v", s)
		}
	})
	t.Run("another order may yet be carried out", func(t *testing.T) {
		w := newWorld(t)
		o := w.letOrder(w.toReview(pro25))
		next := w.place()
		var open *models.OpenOrderError
		if err := w.settle(o, asDone); !errors.As(err, &open) || open.Number != next.Number {
			t.Fatalf("%v", err)
		}
		if err := w.settle(o, asOutside); !errors.As(err, &open) {
			t.Errorf("recorded, before it is known what happens: %v", err)
		}
		if err := w.settle(o, asNotDone); err != nil {
			t.Errorf("rejecting changes no history: %v", err)
		}
	})
	for name, happen := range map[string]func(*world){
		"another order was completed": func(w *world) { w.order(renewal) },
		"something was recorded":      func(w *world) { w.record(models.Renewed, 60*day) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.order(pro25)
			o := w.letOrder(w.toReview(renewal))
			w.pass(day)
			happen(w)
			before := w.held(w.account).Subscription
			if err := w.settle(o, asDone); !errors.Is(err, models.ErrMovedOn) {
				t.Fatalf("%v", err)
			}
			if err := w.settle(o, asOutside); err != nil {
				t.Fatal(err)
			}
			got := w.read(o.Number)
			if got.Status != models.Rejected || got.Reason != models.ReasonRecorded {
				t.Fatalf("%s %s", got.Status, got.Reason)
			}
			if after := w.held(w.account).Subscription; !after.EndsAt.Equal(before.EndsAt) {
				t.Fatalf("settling it as recorded changed what is held: %s, before %s", after.EndsAt, before.EndsAt)
			}
		})
	}
}

// TestACompletionAndANewOrderAtOnce: the one that comes second knows of the other.
func TestACompletionAndANewOrderAtOnce(t *testing.T) {
	for range 10 {
		w := newWorld(t)
		o := w.letOrder(w.toReview(pro25))
		quote := w.quote(w.viewer, w.account)
		var settled, placed error
		var both sync.WaitGroup
		both.Go(func() { settled = w.settle(o, asDone) })
		both.Go(func() { _, placed = w.PlaceOrder(t.Context(), by(w.viewer), quote.ID, asQuoted) })
		both.Wait()
		if (settled == nil) == (placed == nil) {
			t.Fatalf("settling it as completed: %v; placing another order: %v", settled, placed)
		}
	}
}

// TestTwoOperatorsWhereTheSettingAsksForThem: one proposes, another confirms.
func TestTwoOperatorsWhereTheSettingAsksForThem(t *testing.T) {
	const first, second = "user:1", "user:2"
	propose := func(w *world, o models.Order, d store.Settlement) models.Event {
		w.t.Helper()
		d.By = named(first)
		proposed, err := w.SettleOrder(t.Context(), o.Number, d)
		if err != nil || !proposed {
			w.t.Fatalf("proposed %v, %v", proposed, err)
		}
		p := models.Proposal(w.events(o))
		if p == nil || p.Actor != first || p.Note != d.Note || p.From != p.To || p.Reason.Proposes() != d.As {
			w.t.Fatalf("%+v", p)
		}
		return *p
	}
	two := func(t *testing.T) (*world, models.Order) {
		w := newWorld(t)
		if err := w.SetSettleByTwo(t.Context(), true); err != nil {
			t.Fatal(err)
		}
		return w, w.toReview(pro25)
	}
	t.Run("for each decision", func(t *testing.T) {
		for verdict, d := range map[models.Verdict]store.Settlement{
			models.VerdictCompleted: asDone, models.VerdictRejected: asNotDone,
			models.VerdictReleased: {As: models.VerdictReleased, Note: "the console is down"},
		} {
			w, o := two(t)
			p := propose(w, o, d)
			if got := w.read(o.Number); got.Status != models.NeedsReview || got.ReleasedAt != nil || got.ProviderOrderID != "" {
				t.Fatalf("%s: proposing did it: %+v", verdict, got)
			}
			if err := w.ConfirmProposal(t.Context(), o.Number, store.Confirmation{Proposal: p.ID, By: named(first)}); !errors.Is(err, models.ErrOwnProposal) {
				t.Errorf("%s: confirmed by who proposed it: %v", verdict, err)
			}
			if err := w.ConfirmProposal(t.Context(), o.Number, store.Confirmation{Proposal: p.ID, By: named("")}); err == nil {
				t.Errorf("%s: confirmed by nobody", verdict)
			}
			if _, err := w.SettleOrder(t.Context(), o.Number, store.Settlement{As: models.VerdictRejected, Note: "x", By: named(second)}); !errors.Is(err, models.ErrProposed) {
				t.Errorf("%s: another proposal beside it: %v", verdict, err)
			}
			if err := w.ConfirmProposal(t.Context(), o.Number, store.Confirmation{Proposal: p.ID, By: named(second), Note: "seen, too"}); err != nil {
				t.Fatalf("%s: %v", verdict, err)
			}
			got, last := w.read(o.Number), w.lastEvent(o)
			if last.Actor != second || last.Note != "seen, too" {
				t.Errorf("%s: %+v", verdict, last)
			}
			switch verdict {
			case models.VerdictCompleted:
				if got.Status != models.Completed || got.ProviderOrderID != "PO" || got.InstanceID != "sas-seen" {
					t.Errorf("%+v", got)
				}
			case models.VerdictRejected:
				if got.Status != models.Rejected {
					t.Errorf("%+v", got)
				}
			default:
				if got.Status != models.NeedsReview || got.ReleasedAt == nil {
					t.Errorf("%+v", got)
				}
			}
			if err := w.ConfirmProposal(t.Context(), o.Number, store.Confirmation{Proposal: p.ID, By: named("user:3")}); !errors.Is(err, models.ErrConflict) {
				t.Errorf("%s: confirmed twice: %v", verdict, err)
			}
		}
	})
	t.Run("declined or withdrawn, with a reason, and then it is open again", func(t *testing.T) {
		for actor, want := range map[string]models.Reason{first: models.ReasonWithdrawn, second: models.ReasonDeclined} {
			w, o := two(t)
			p := propose(w, o, asDone)
			if err := w.DeclineProposal(t.Context(), o.Number, store.Confirmation{Proposal: p.ID, By: named(actor), Note: " "}); err == nil {
				t.Error("without a reason")
			}
			if err := w.DeclineProposal(t.Context(), o.Number, store.Confirmation{Proposal: p.ID, By: named(actor), Note: "wrong instance"}); err != nil {
				t.Fatal(err)
			}
			if last := w.lastEvent(o); last.Reason != want || last.Note != "wrong instance" || last.Actor != actor {
				t.Errorf("%+v", last)
			}
			if err := w.ConfirmProposal(t.Context(), o.Number, store.Confirmation{Proposal: p.ID, By: named(second)}); !errors.Is(err, models.ErrConflict) {
				t.Errorf("confirmed after that: %v", err)
			}
			again := propose(w, o, asNotDone)
			if err := w.ConfirmProposal(t.Context(), o.Number, store.Confirmation{Proposal: p.ID, By: named(second)}); !errors.Is(err, models.ErrConflict) {
				t.Errorf("what was looked at is not what stands now: %v", err)
			}
			if err := w.ConfirmProposal(t.Context(), o.Number, store.Confirmation{Proposal: again.ID, By: named(second)}); err != nil {
				t.Error(err)
			}
		}
	})
	t.Run("what can't be done isn't proposed, and what can't be done any more isn't confirmed", func(t *testing.T) {
		w, o := two(t)
		if _, err := w.SettleOrder(t.Context(), o.Number, store.Settlement{As: models.VerdictCompleted, Note: "x", By: named(first)}); err == nil {
			t.Error("a completion without ids was proposed")
		}
		p := propose(w, o, store.Settlement{As: models.VerdictReleased, Note: "x"})
		if err := w.ConfirmProposal(t.Context(), o.Number, store.Confirmation{Proposal: p.ID, By: named(second)}); err != nil {
			t.Fatal(err)
		}
		p = propose(w, o, asDone)
		w.order(pro25)
		if err := w.ConfirmProposal(t.Context(), o.Number, store.Confirmation{Proposal: p.ID, By: named(second)}); !errors.Is(err, models.ErrMovedOn) {
			t.Errorf("%v", err)
		}
	})
	t.Run("and without the setting nobody waits", func(t *testing.T) {
		w, o := two(t)
		if err := w.SetSettleByTwo(t.Context(), false); err != nil {
			t.Fatal(err)
		}
		if err := w.settle(o, asDone); err != nil {
			t.Fatal(err)
		}
	})
}

// TestNobodyDecidesByLessThanIsKnown: a late answer, or what another operator
// did, comes before the decision.
func TestNobodyDecidesByLessThanIsKnown(t *testing.T) {
	look := func(w *world, o models.Order) string {
		w.t.Helper()
		e, err := w.Evidence(t.Context(), w.operator(), o.Number)
		if err != nil {
			w.t.Fatal(err)
		}
		return e.Mark()
	}
	t.Run("an answer that comes late", func(t *testing.T) {
		w := newWorld(t)
		o, paused := w.claim(w.place())
		w.pass(time.Minute)
		if err := w.Advance(t.Context(), o, unknown); err != nil {
			t.Fatal(err)
		}
		inReview := w.giveUp(o)
		d := asNotDone
		d.Seen = look(w, inReview)
		late := done
		late.Response = `{"OrderId":"PO1","InstanceId":"sas-1","RequestId":"R1"}`
		if err := w.Answer(t.Context(), o, paused, late, completed); !errors.Is(err, models.ErrConflict) {
			t.Fatal(err)
		}
		if err := w.settle(inReview, d); !errors.Is(err, models.ErrNewEvidence) {
			t.Fatalf("settled as not done, though an answer says that it was: %v", err)
		}
		e, err := w.Evidence(t.Context(), w.operator(), o.Number)
		if err != nil {
			t.Fatal(err)
		}
		if a := e.Advise(); a.Finding != models.FoundDone || a.ProviderOrderID != "PO1" || a.InstanceID != "sas-1" {
			t.Fatalf("%+v", a)
		}
		d = asDone
		d.Seen = e.Mark()
		if err := w.settle(inReview, d); err != nil {
			t.Fatal(err)
		}
	})
	t.Run("another operator", func(t *testing.T) {
		w := newWorld(t)
		o := w.toReview(pro25)
		d := asNotDone
		d.Seen = look(w, o)
		w.letOrder(o)
		if err := w.settle(o, d); !errors.Is(err, models.ErrNewEvidence) {
			t.Fatal(err)
		}
	})
}

func TestTheReviewQueue(t *testing.T) {
	w := newWorld(t)
	support := w.staff(models.Support)
	var want []string
	for i, email := range []string{"b@example.com", "c@example.com", "d@example.com"} {
		w.account, w.viewer = w.customer(2001+int64(i), email)
		want = append(want, w.toReview(pro25).Number)
		w.pass(time.Minute)
	}
	w.account, w.viewer = w.customer(2010, "e@example.com")
	o, attempt := w.claim(w.place())
	became := w.Now()
	if err := w.Answer(t.Context(), o, attempt, models.Answer{Outcome: models.OutcomeUnknown}, store.Next{Status: models.Unknown, Reason: models.ReasonNoAnswer, Wait: time.Minute}); err != nil {
		t.Fatal(err)
	}
	var got []string
	var after int64
	for {
		rows, err := w.InReview(t.Context(), support, after, 2)
		if err != nil {
			t.Fatal(err)
		}
		if len(rows) == 0 {
			break
		}
		for _, r := range rows {
			got = append(got, r.Number)
			after = r.ID
		}
	}
	if strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("in review are %v, want %v", got, want)
	}
	if rows, err := w.InReview(t.Context(), w.viewer, 0, 10); err != nil || len(rows) != 0 {
		t.Errorf("a customer sees %v %v", rows, err)
	}
	alarm := func(want models.Alarm) {
		t.Helper()
		if got, err := w.Alarm(t.Context()); err != nil || got != want {
			t.Errorf("%+v %v, want %+v", got, err, want)
		}
	}
	alarm(models.Alarm{InReview: 3})
	w.pass(models.LongUnknown - time.Second)
	alarm(models.Alarm{InReview: 3})
	w.pass(time.Second)
	alarm(models.Alarm{InReview: 3, Unknown: 1})
	o, attempt = w.claim(w.read(o.Number)) // sent again, it is not known any better
	alarm(models.Alarm{InReview: 3, Unknown: 1})
	if err := w.Answer(t.Context(), o, attempt, models.Answer{Outcome: models.OutcomeUnknown}, unknown); err != nil {
		t.Fatal(err)
	}
	rows, err := w.UnknownNow(t.Context(), support, 10)
	if err != nil || len(rows) != 1 || rows[0].Number != o.Number || !rows[0].Since.Equal(became) {
		t.Errorf("unknown are %+v %v, want %s since %s", rows, err, o.Number, became)
	}
	oldest, err := w.Order(t.Context(), support, want[0])
	if err != nil {
		t.Fatal(err)
	}
	inReview, unknownSince, err := w.OldestInDoubt(t.Context())
	if err != nil || !inReview.Equal(oldest.UpdatedAt) || !unknownSince.Equal(became) {
		t.Errorf("%s %s %v", inReview, unknownSince, err)
	}
}
