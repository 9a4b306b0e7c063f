package fulfil

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"portal/dbtest"
	"portal/models"
)

// seller counts calls and may panic.
type seller struct {
	calls  int
	panics bool
}

func (s *seller) Request(models.Call) string { return "" }

func (s *seller) Sell(context.Context, models.Call) models.Answer {
	s.calls++
	if s.panics {
		panic("secret")
	}
	return models.Answer{Outcome: models.OutcomeDone}
}

func TestOneCall(t *testing.T) {
	db, _ := dbtest.Open(t, func() time.Time { return t0 })
	for name, tc := range map[string]struct {
		claimed time.Duration // relative to now
		panics  bool
		calls   int
		want    models.Outcome
	}{
		"at once":                               {0, false, 1, models.OutcomeDone},
		"after the machine slept":               {-time.Hour, false, 0, models.OutcomeNotSent},
		"with a clock that stepped back":        {time.Hour, false, 0, models.OutcomeNotSent},
		"that panics: unknown, and no shutdown": {0, true, 1, models.OutcomeUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			s := &seller{panics: tc.panics}
			w := NewWorker(db, s, time.Second, slog.New(slog.DiscardHandler))
			got := w.call(t.Context(), models.Attempt{StartedAt: t0.Add(tc.claimed)}, models.Call{})
			if got.Outcome != tc.want || s.calls != tc.calls {
				t.Fatalf("%s with %d calls", got.Outcome, s.calls)
			}
		})
	}
}
