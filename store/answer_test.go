package store_test

import (
	"errors"
	"testing"

	"portal/models"
)

func TestAnAnswerIsWrittenOnce(t *testing.T) {
	w := newWorld(t)
	o, attempt := w.claim(w.place())
	if err := w.Answer(t.Context(), o, attempt, models.Answer{Outcome: models.OutcomeUnknown}, unknown); err != nil {
		t.Fatal(err)
	}
	err := w.Answer(t.Context(), o, attempt, done, completed)
	if err == nil {
		t.Fatal("a second answer was taken")
	}
	if all, _ := w.Attempts(t.Context(), o.ID); all[0].Outcome != models.OutcomeUnknown {
		t.Fatalf("the second answer replaced the first: %+v", all[0])
	}
}

// TestAnAnswerWhoseCommitWasInDoubt: the connection broke when it was made, so
// the worker writes the same answer again.
func TestAnAnswerWhoseCommitWasInDoubt(t *testing.T) {
	w := newWorld(t)
	o, attempt := w.claim(w.place())
	for range 2 {
		if err := w.Answer(t.Context(), o, attempt, done, completed); err != nil {
			t.Fatal(err)
		}
	}
	if events, err := w.Events(t.Context(), o.ID); err != nil || len(events) != 3 {
		t.Errorf("%d events (%v)", len(events), err)
	}
	t.Run("and that came too late", func(t *testing.T) {
		w := newWorld(t)
		o, attempt := w.claim(w.place())
		if err := w.Advance(t.Context(), o, unknown); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := w.Answer(t.Context(), o, attempt, done, completed); !errors.Is(err, models.ErrConflict) {
				t.Fatal(err)
			}
		}
	})
}
