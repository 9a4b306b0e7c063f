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

// record is what the record says by the time that a call is signed.
type record struct {
	Orders
	work store.Work
	err  error
}

func (r record) Work(context.Context, int64) (store.Work, error) { return r.work, r.err }

// TestOneCall: an attempt leaves under its lease only, and while it is still the
// newest.
func TestOneCall(t *testing.T) {
	const lease = 6 * time.Second
	claimed := models.Order{ID: 1, Status: models.Sending, Claim: 2, LeaseUntil: at(lease)}
	taken, settled := claimed, claimed
	taken.Claim = 3
	settled.Status = models.Rejected
	for name, tc := range map[string]struct {
		order  models.Order // as it stands when the request is signed
		now    time.Duration
		err    error
		panics bool
		calls  int
		want   models.Outcome
	}{
		"at once":                               {order: claimed, calls: 1, want: models.OutcomeDone},
		"in the last moment of its lease":       {order: claimed, now: lease - 1, calls: 1, want: models.OutcomeDone},
		"after the machine slept":               {order: claimed, now: lease, want: models.OutcomeNotSent},
		"with a clock that stepped back":        {order: claimed, now: -1, want: models.OutcomeNotSent},
		"that another worker has taken over":    {order: taken, want: models.OutcomeNotSent},
		"that an operator has settled":          {order: settled, want: models.OutcomeNotSent},
		"while the record can't be read":        {order: claimed, err: errors.New("away"), want: models.OutcomeNotSent},
		"that panics: unknown, and no shutdown": {order: claimed, panics: true, want: models.OutcomeUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			s := &seller{panics: tc.panics}
			work := store.Work{Order: tc.order, Now: t0.Add(tc.now)}
			w := NewWorker(record{work: work, err: tc.err}, s, time.Second, slog.New(slog.DiscardHandler))
			got := w.call(t.Context(), claimed, models.Attempt{StartedAt: t0}, models.Call{})
			if got.Outcome != tc.want || s.calls != tc.calls {
				t.Fatalf("%s with %d calls", got.Outcome, s.calls)
			}
		})
	}
}
