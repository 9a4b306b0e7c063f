package fulfil

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"portal/models"
	"portal/store"
)

// seller counts the calls that leave, and may panic.
type seller struct {
	calls  int
	panics bool
}

func (s *seller) Request(models.Call) string { return "" }

func (s *seller) Sell(_ context.Context, call models.Call) models.Answer {
	if s.panics {
		panic("secret")
	}
	if !call.MayLeave() {
		return models.Answer{Outcome: models.OutcomeNotSent}
	}
	s.calls++
	return models.Answer{Outcome: models.OutcomeDone}
}

// record plays the store for one order: what it holds when it is read, when the
// claim comes, and when the request is signed.
type record struct {
	Orders
	read, signed store.Work
	err          error // of reading it when the request is signed
	claimed      models.Attempt
	answer       *models.Answer
	next         store.Next
}

func (r *record) Work(context.Context, int64) (store.Work, error) {
	if r.claimed.Number == 0 {
		return r.read, nil
	}
	return r.signed, r.err
}

func (r *record) Claim(_ context.Context, o models.Order, _ string, lease time.Duration) (models.Order, models.Attempt, error) {
	r.claimed.Number = o.Attempts + 1
	until := r.claimed.StartedAt.Add(lease)
	o.Status, o.Claim, o.LeaseUntil = models.Sending, o.Claim+1, &until
	return o, r.claimed, nil
}

func (r *record) Answer(_ context.Context, _ models.Order, _ models.Attempt, a models.Answer, next store.Next) error {
	r.answer, r.next = &a, next
	return nil
}

// TestOneSend: an attempt leaves only while what was planned is still right, and
// the order is still the worker's.
func TestOneSend(t *testing.T) {
	const lease = 6 * time.Second
	order := models.Order{ID: 1, Kind: models.Renew, Status: models.Unknown, Claim: 1, Attempts: 1, DueAt: at(5 * time.Second)}
	first := attempt(0, models.OutcomeUnknown)
	mine := models.Order{ID: 1, Kind: models.Renew, Status: models.Sending, Claim: 2}
	taken, settled := mine, mine
	taken.Claim = 3
	settled.Status = models.Rejected
	for name, tc := range map[string]struct {
		claimed time.Duration // when the claim comes; the order was read after a minute
		signed  time.Duration // when the request is signed
		order   models.Order  // as it stands then
		err     error
		panics  bool
		calls   int
		outcome models.Outcome
		want    models.Status
	}{
		"at once":                         {time.Minute, time.Minute, mine, nil, false, 1, models.OutcomeDone, models.Completed},
		"when it just ends in its lease":  {time.Minute, time.Minute + leaseMargin, mine, nil, false, 1, models.OutcomeDone, models.Completed},
		"when it could outlive its lease": {time.Minute, time.Minute + lease - 1, mine, nil, false, 0, models.OutcomeNotSent, models.Unknown},
		"after the machine slept":         {time.Minute, time.Minute + lease, mine, nil, false, 0, models.OutcomeNotSent, models.Unknown},
		"after it slept before the claim, until the token is too old": {
			time.Hour, time.Hour, mine, nil, false, 0, models.OutcomeNotSent, models.Unknown},
		"claimed by a clock that stands before the first attempt": {
			-time.Minute, -time.Minute, mine, nil, false, 0, models.OutcomeNotSent, models.Unknown},
		"with a clock that stepped back":     {time.Minute, time.Minute - 1, mine, nil, false, 0, models.OutcomeNotSent, models.Unknown},
		"that another worker has taken over": {time.Minute, time.Minute, taken, nil, false, 0, models.OutcomeNotSent, models.Unknown},
		"that an operator has settled":       {time.Minute, time.Minute, settled, nil, false, 0, models.OutcomeNotSent, models.Unknown},
		"while the record can't be read":     {time.Minute, time.Minute, mine, errors.New("away"), false, 0, models.OutcomeNotSent, models.Unknown},
		"that panics: no shutdown":           {time.Minute, time.Minute, mine, nil, true, 0, models.OutcomeUnknown, models.Unknown},
	} {
		t.Run(name, func(t *testing.T) {
			r := &record{
				read:    store.Work{Order: order, Attempts: []models.Attempt{first}, Now: t0.Add(time.Minute)},
				signed:  store.Work{Order: tc.order, Now: t0.Add(tc.signed)},
				claimed: models.Attempt{StartedAt: t0.Add(tc.claimed)}, err: tc.err,
			}
			s := &seller{panics: tc.panics}
			NewWorker(r, s, time.Second, slog.New(slog.DiscardHandler)).advance(t.Context(), 1)
			if s.calls != tc.calls {
				t.Fatalf("%d calls", s.calls)
			}
			if r.answer == nil || r.answer.Outcome != tc.outcome || r.next.Status != tc.want {
				t.Fatalf("it ended in %+v, %+v", r.answer, r.next)
			}
		})
	}
}

// hurried is a record of a program that is asked to end while a claim commits.
type hurried struct {
	*record
	end context.CancelFunc
}

func (h *hurried) Claim(ctx context.Context, o models.Order, request string, lease time.Duration) (models.Order, models.Attempt, error) {
	h.end()
	o, a, _ := h.record.Claim(ctx, o, request, lease)
	return o, a, ctx.Err() // it stands, whatever the caller hears
}

// TestEndingCutsNoClaimOff: a refund that was claimed and not sent would go to
// review for nothing.
func TestEndingCutsNoClaimOff(t *testing.T) {
	placed := models.Order{ID: 1, Kind: models.Refund, Status: models.Placed, PlacedAt: t0, DueAt: at(0)}
	mine := models.Order{ID: 1, Kind: models.Refund, Status: models.Sending, Claim: 1}
	ctx, end := context.WithCancel(t.Context())
	h := &hurried{end: end, record: &record{
		read: store.Work{Order: placed, Now: t0}, signed: store.Work{Order: mine, Now: t0}, claimed: models.Attempt{StartedAt: t0},
	}}
	s := &seller{}
	NewWorker(h, s, time.Second, slog.New(slog.DiscardHandler)).advance(ctx, 1)
	if s.calls != 1 || h.answer == nil || h.next.Status != models.Completed {
		t.Fatalf("%d calls, and it ended in %+v, %+v", s.calls, h.answer, h.next)
	}
}

// broken is a record that can't be written for a while.
type broken struct {
	*record
	fault    *models.Fault
	failures []error // of the next answers
}

func (b *broken) Fault() *models.Fault { return b.fault }

func (b *broken) Due(context.Context, int) ([]int64, error) { return []int64{1}, nil }

func (b *broken) Answer(ctx context.Context, o models.Order, attempt models.Attempt, a models.Answer, next store.Next) error {
	if len(b.failures) > 0 {
		err := b.failures[0]
		b.failures = b.failures[1:]
		return err
	}
	return b.record.Answer(ctx, o, attempt, a, next)
}

// TestNothingIsBegunWithoutARecord: one write could get through, and not the next.
func TestNothingIsBegunWithoutARecord(t *testing.T) {
	at := time.Date(2026, 3, 1, 2, 0, 0, 0, time.UTC)
	placed := store.Work{Order: models.Order{ID: 1, Kind: models.Buy, Status: models.Placed, PlacedAt: at, DueAt: &at}, Now: at}
	b := &broken{record: &record{read: placed}, fault: &models.Fault{Kind: models.FaultFull}}
	s := &seller{}
	w := NewWorker(b, s, time.Second, slog.New(slog.DiscardHandler))
	w.look(t.Context())
	w.running.Wait()
	if b.claimed.Number != 0 || s.calls != 0 {
		t.Errorf("claimed %+v, called %d times", b.claimed, s.calls)
	}
}

// TestAnAnswerIsWrittenHoweverLongThatTakes: an answer that the database can't
// keep is tried again until it can, also when the lease is over; one that can't
// be kept because of a mistake is given up then, and so is any when the program
// ends.
func TestAnAnswerIsWrittenHoweverLongThatTakes(t *testing.T) {
	away, mistake := context.DeadlineExceeded, errors.New("a mistake of ours")
	for _, c := range []struct {
		name     string
		failures []error
		ending   bool
		written  bool
	}{
		{"the database comes back", []error{away, away, away}, false, true},
		{"the program ends", []error{away, away, away}, true, false},
		{"a mistake", []error{mistake, mistake, mistake}, false, false},
	} {
		b := &broken{record: &record{}, failures: c.failures}
		w := NewWorker(b, &seller{}, -leaseMargin, slog.New(slog.DiscardHandler)) // a lease that is over
		ending := make(chan struct{})
		if c.ending {
			close(ending)
		}
		err := w.write(t.Context(), ending, models.Order{}, models.Attempt{}, models.Answer{Outcome: models.OutcomeDone}, store.Next{})
		if written := b.answer != nil; written != c.written || (err == nil) != c.written {
			t.Errorf("%s: written is %v, %v", c.name, written, err)
		}
	}
}
