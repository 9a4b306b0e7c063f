package store_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"portal/models"
	"portal/store"
)

// TestNoSequenceOfDecisionsMakesAHistoryThatContradicts: whatever is ordered,
// released, settled and recorded for an account in whatever order, its history is
// replayed in the order in which it came about, each order of it could be placed
// on what was held before, and what it says of its time is what the replay makes
// of it.
func TestNoSequenceOfDecisionsMakesAHistoryThatContradicts(t *testing.T) {
	w := newWorld(t)
	accounts := int64(0)
	rapid.Check(t, func(r *rapid.T) {
		accounts++
		l := &lifetime{world: w, r: r}
		l.account, l.viewer = w.customer(5000+accounts, fmt.Sprintf("p%d@example.com", accounts))
		for range rapid.IntRange(4, 30).Draw(r, "steps") {
			l.step()
			l.check()
		}
	})
}

// lifetime is an account to which things happen, and what has happened.
type lifetime struct {
	*world
	r        *rapid.T
	account  models.Account
	viewer   models.Viewer
	happened []string // what took effect on the subscription, in the order in which it was committed
	sending  *models.Order
	attempt  models.Attempt // of what is being sent
}

func (l *lifetime) must(err error) {
	if err != nil {
		l.r.Fatal(err)
	}
}

// refused says whether an operator's wish was refused, which must be for one of
// these reasons.
func (l *lifetime) refused(err error, reasons ...error) bool {
	if err == nil {
		return false
	}
	if errors.As(err, new(*models.OpenOrderError)) || slices.ContainsFunc(reasons, func(reason error) bool { return errors.Is(err, reason) }) {
		return true
	}
	l.r.Fatal(err)
	return true
}

func (l *lifetime) step() {
	ctx := l.t.Context()
	l.pass(time.Duration(rapid.IntRange(0, 20*24).Draw(l.r, "hours")) * time.Hour)
	held := l.held(l.account)
	inReview := slices.Clone(held.Released)
	possible := []string{"record"}
	switch o := held.OpenOrder; {
	case o == nil:
		possible = append(possible, "order", "order")
	case o.Status == models.NeedsReview:
		inReview = append(inReview, *o)
		possible = append(possible, "release", "release")
	default:
		possible = append(possible, "answer")
	}
	if len(inReview) > 0 {
		possible = append(possible, "settle")
	}
	switch what := rapid.SampledFrom(possible).Draw(l.r, "what"); what {
	case "order":
		l.order(held)
	case "answer":
		l.answer()
	case "record":
		l.recordSomething(held)
	case "settle", "release":
		o := inReview[len(inReview)-1]
		if what == "settle" {
			o = inReview[rapid.IntRange(0, len(inReview)-1).Draw(l.r, "which")]
		}
		d := store.Settlement{Note: "looked", By: named("user:1"), ProviderOrderID: "PO" + o.Number, InstanceID: "sas-" + o.Number, As: models.VerdictReleased}
		if what == "settle" {
			d.As = rapid.SampledFrom([]models.Verdict{models.VerdictCompleted, models.VerdictCompleted, models.VerdictRejected, models.VerdictRecorded}).Draw(l.r, "as")
		}
		_, err := l.SettleOrder(ctx, o.Number, d)
		if !l.refused(err, models.ErrMovedOn, models.ErrNotMovedOn, models.ErrConflict) && d.As == models.VerdictCompleted {
			l.happened = append(l.happened, o.Number)
		}
	}
}

// order places an order and begins to send it.
func (l *lifetime) order(held store.Holding) {
	ctx := l.t.Context()
	q := rapid.SampledFrom([]models.Quote{pro25, renewal, upgrade, refund}).Draw(l.r, "order")
	if held.May(q.Kind, l.Now()) != nil {
		return
	}
	q.AccountID, q.PriceBookHash, q.VersionCode = l.account.ID, "book", "level1"
	q.LastOrderID, q.LastOutsideID = held.LastOrderID, held.LastOutsideID
	q.CountReadAt, q.ExpiresAt = l.Now(), l.Now().Add(30*time.Minute)
	if s := held.Subscription; s != nil && q.Kind != models.Buy {
		q.InstanceID, q.Held = s.InstanceID, &models.Held{Edition: s.Edition, InstanceCount: s.InstanceCount, EndsAt: s.EndsAt}
	}
	q, err := l.AddQuote(ctx, l.viewer, q)
	l.must(err)
	o, err := l.PlaceOrder(ctx, by(l.viewer), q.ID, store.Placing{InstanceCount: q.InstanceCount, PriceBookHash: "book", CredentialProfile: "default"})
	l.must(err)
	claimed, attempt, err := l.Claim(ctx, o, "request", time.Minute)
	l.must(err)
	l.sending, l.attempt = &claimed, attempt
	if rapid.Bool().Draw(l.r, "answered at once") {
		l.answer()
	}
}

// answer is what comes of what is being sent.
func (l *lifetime) answer() {
	ctx, o, attempt := l.t.Context(), l.sending, l.attempt
	if o == nil {
		return
	}
	l.sending = nil
	switch rapid.SampledFrom([]string{"done", "refused", "review"}).Draw(l.r, "comes") {
	case "done":
		answer := models.Answer{Outcome: models.OutcomeDone, ProviderOrderID: "PO" + o.Number, InstanceID: "sas-" + o.Number}
		l.must(l.Answer(ctx, *o, attempt, answer, completed))
		l.happened = append(l.happened, o.Number)
	case "refused":
		l.must(l.Answer(ctx, *o, attempt, models.Answer{Outcome: models.OutcomeRejected}, store.Next{Status: models.Rejected, Reason: models.ReasonRefused}))
	case "review":
		l.must(l.Answer(ctx, *o, attempt, models.Answer{Outcome: models.OutcomeContradicted}, store.Next{Status: models.NeedsReview, Reason: models.ReasonContradicted}))
	}
}

func (l *lifetime) recordSomething(held store.Holding) {
	kind := rapid.SampledFrom(models.OutsideKinds()).Draw(l.r, "kind")
	start, end := l.Now().Add(-10*day), l.Now()
	e := models.OutsideEvent{
		AccountID: l.account.ID, Kind: kind, InstanceID: fmt.Sprintf("sas-outside-%d", l.account.ID), Edition: models.Enterprise, InstanceCount: 7,
		StartsAt: &start, EndsAt: &end, Reason: "seen in the console",
	}
	if s := held.Subscription; s != nil {
		e.InstanceID = s.InstanceID
	}
	if kind != models.Released {
		end = end.Add(30 * day)
	}
	e, err := l.Record(l.t.Context(), by(l.operator()), e, nil)
	if !l.refused(err, models.ErrSubscribed, models.ErrNotSubscribed, models.ErrTooEarly) {
		l.happened = append(l.happened, fmt.Sprintf("entry %d", e.ID))
	}
}

func (l *lifetime) check() {
	held := l.held(l.account)
	var replayed []string
	var orders []models.Entry
	var outside []models.OutsideEvent
	for _, e := range held.Entries {
		before := models.Project(orders, outside, l.Now())
		if e.Outside != nil {
			replayed = append(replayed, fmt.Sprintf("entry %d", e.Outside.ID))
			outside = append(outside, *e.Outside)
			continue
		}
		o := *e.Order
		replayed = append(replayed, o.Number)
		placed := models.Project(orders, outside, o.PlacedAt).Subscription
		if err := models.May(o.Kind, placed, o.PlacedAt); err != nil {
			l.r.Fatalf("a %s is in the history that could not be placed there: %v", o.Kind, err)
		}
		if o.Kind != models.Buy && o.InstanceID != placed.InstanceID {
			l.r.Fatalf("a %s of %s, where %s was held", o.Kind, o.InstanceID, placed.InstanceID)
		}
		orders = append(orders, e)
		after := models.Project(orders, outside, l.Now()).Subscription
		switch o.Kind {
		case models.Refund:
			if after != nil {
				l.r.Fatalf("after the refund %+v is held", after)
			}
		case models.Buy, models.Renew, models.Upgrade:
			if !after.EndsAt.Equal(*o.EndsAt) {
				l.r.Fatalf("the %s says that it ends at %s, the history %s (before: %+v)", o.Kind, o.EndsAt, after.EndsAt, before.Subscription)
			}
		}
	}
	if !slices.Equal(replayed, l.happened) {
		l.r.Fatalf("it happened in the order %v, and is replayed as %v", l.happened, replayed)
	}
	open := 0
	for _, o := range append(held.Released, orNone(held.OpenOrder)...) {
		if o.Open() {
			open++
		}
	}
	if open > 1 {
		l.r.Fatalf("%d open orders", open)
	}
}

func orNone(o *models.Order) []models.Order {
	if o == nil {
		return nil
	}
	return []models.Order{*o}
}
