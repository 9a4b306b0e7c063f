package fulfil_test

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"portal/fulfil"
	"portal/models"
	"portal/portaltest"
	"portal/provider/sandbox"
	"portal/store"
)

// errorsIn are the errors that were logged about an order.
func errorsIn(p *portaltest.Portal, number string) []string {
	var found []string
	for line := range strings.Lines(p.Log.String()) {
		if strings.Contains(line, `"level":"ERROR"`) && strings.Contains(line, number) {
			found = append(found, line)
		}
	}
	return found
}

// TestOperatorsAreToldOnceThatAnOrderIsUnknownForLong and once that it needs
// them, however often it is sent in between.
func TestOperatorsAreToldOnceThatAnOrderIsUnknownForLong(t *testing.T) {
	for _, fault := range []sandbox.Fault{sandbox.FaultDropBefore, sandbox.FaultProcessing} {
		p, b, quote := ready(t, models.Buy)
		if err := p.Sandbox.AddFault(sandbox.Rule{Action: sandbox.ActionCreateInstance, Fault: fault}); err != nil {
			t.Fatal(err)
		}
		number := b.Place(quote)
		began := p.Now()
		for p.Worker.RunOnce(t.Context()); p.Now().Sub(began) < models.LongUnknown; p.Worker.RunOnce(t.Context()) {
			if got := errorsIn(p, number); len(got) != 0 {
				t.Fatalf("%s: after %s: %s", fault, p.Now().Sub(began), got)
			}
			o, err := p.Store.Order(t.Context(), p.Viewer("operator@example.com"), number)
			if err != nil {
				t.Fatal(err)
			}
			p.Pass(o.DueAt.Sub(p.Now()))
		}
		if got := errorsIn(p, number); len(got) != 1 || !strings.Contains(got[0], "unknown for more than 10m0s") {
			t.Fatalf("%s: after ten minutes: %s", fault, got)
		}
		p.Settle(number)
		if got := errorsIn(p, number); len(got) != 2 || !strings.Contains(got[1], "needs review") {
			t.Fatalf("%s: in review: %s", fault, got)
		}
	}
}

// TestAWorkerThatDiesAgainAndAgainIsToldOfOnce: what a crash leaves is an attempt
// without an answer, which somebody else finds.
func TestAWorkerThatDiesAgainAndAgainIsToldOfOnce(t *testing.T) {
	p, b, quote := ready(t, models.Buy)
	number := b.Place(quote)
	operator := p.Viewer("operator@example.com")
	for range 12 {
		o, err := p.Store.Order(t.Context(), operator, number)
		if err != nil {
			t.Fatal(err)
		}
		o, _, err = p.Store.Claim(t.Context(), o, "CreateInstance", 7*time.Second)
		if err != nil {
			t.Fatal(err)
		}
		p.Pass(o.LeaseUntil.Sub(p.Now()))
		// Only finds the lease over: its re-send is a while off.
		p.Worker.RunOnce(t.Context())
		p.Pass(2 * time.Minute)
	}
	if got := errorsIn(p, number); len(got) != 1 {
		t.Fatalf("%d times: %s", len(got), got)
	}
}

// sleeper is a seller that falls asleep with the provider's answer in its hands.
type sleeper struct {
	fulfil.Seller
	asleep, awake chan struct{}
}

func (s sleeper) Sell(ctx context.Context, c models.Call) models.Answer {
	a := s.Seller.Sell(ctx, c)
	close(s.asleep)
	<-s.awake
	return a
}

// TestALateAnswerThatContradictsWhatWasSettledIsAnError: an operator saw no
// charge in a bill that was late, and told so; then the program that had slept all
// the time brought the answer.
func TestALateAnswerThatContradictsWhatWasSettledIsAnError(t *testing.T) {
	for name, tc := range map[string]struct {
		as   store.Settlement
		want int
	}{
		"settled as not done":                    {store.Settlement{As: models.VerdictRejected}, 1},
		"settled as done, by another order's id": {store.Settlement{As: models.VerdictCompleted, ProviderOrderID: "1", InstanceID: "sas-1"}, 1},
		"not settled yet":                        {store.Settlement{As: models.VerdictReleased}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			p, b, quote := ready(t, models.Buy)
			number := b.Place(quote)
			s := sleeper{p.Seller, make(chan struct{}), make(chan struct{})}
			other := fulfil.NewWorker(p.Store, s, time.Minute, slog.New(slog.NewJSONHandler(p.Log, nil)))
			ended := make(chan struct{})
			go func() { other.RunOnce(context.Background()); close(ended) }()
			<-s.asleep

			if err := p.Sandbox.AddFault(sandbox.Rule{Action: sandbox.ActionCreateInstance, Fault: sandbox.FaultDropBefore}); err != nil {
				t.Fatal(err)
			}
			if o := p.Settle(number); o.Status != models.NeedsReview {
				t.Fatal(o.Status)
			}
			tc.as.Note, tc.as.By = "no charge in the bill", models.By{Command: "command:wang"}
			if _, err := p.Store.SettleOrder(t.Context(), number, tc.as); err != nil {
				t.Fatal(err)
			}
			p.Sandbox.ClearFaults()
			before := len(errorsIn(p, number))
			close(s.awake)
			<-ended
			if len(p.Sandbox.Ledger()) != 1 {
				t.Fatalf("%d charges", len(p.Sandbox.Ledger()))
			}
			if got := errorsIn(p, number)[before:]; len(got) != tc.want {
				t.Errorf("%d errors: %s", len(got), got)
			}
		})
	}
	t.Run("but one that says the same is none", func(t *testing.T) {
		p, b, quote := ready(t, models.Buy)
		number := b.Place(quote)
		s := sleeper{p.Seller, make(chan struct{}), make(chan struct{})}
		other := fulfil.NewWorker(p.Store, s, time.Minute, slog.New(slog.NewJSONHandler(p.Log, nil)))
		ended := make(chan struct{})
		go func() { other.RunOnce(context.Background()); close(ended) }()
		<-s.asleep
		if o := p.Settle(number); o.Status != models.Completed {
			t.Fatal(o.Status)
		}
		close(s.awake)
		<-ended
		if got := errorsIn(p, number); len(got) != 0 {
			t.Error(got)
		}
	})
}
