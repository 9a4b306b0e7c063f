package models_test

import (
	"strings"
	"testing"
	"time"

	"portal/models"
)

// aLife is a purchase whose first attempt was lost and answered late, as the
// portal leaves it.
func aLife() models.Life {
	at := time.Date(2026, 1, 31, 2, 0, 0, 0, time.UTC)
	l := models.Life{
		Order: models.Order{ID: 7, QuoteID: "q", Kind: models.Buy, PlacedAt: at, Status: models.Completed, Attempts: 2, Claim: 2},
		Quote: &models.Quote{ID: "q"},
		Attempts: []models.Attempt{
			{ID: 1, OrderID: 7, Number: 1, Claim: 1, StartedAt: at, AnsweredAt: &at, Outcome: models.OutcomeDone, Late: true},
			{ID: 2, OrderID: 7, Number: 2, Claim: 2, StartedAt: at, AnsweredAt: &at, Outcome: models.OutcomeDone},
		},
	}
	step := func(from, to models.Status, attempt int, reason models.Reason) {
		l.Events = append(l.Events, models.Event{ID: int64(len(l.Events) + 1), OrderID: 7, At: at, From: from, To: to, Attempt: attempt, Reason: reason})
	}
	step("", models.Placed, 0, models.ReasonPlacedByUser)
	step(models.Placed, models.Sending, 1, models.ReasonClaimed)
	step(models.Sending, models.Unknown, 1, models.ReasonWorkerLost)
	step(models.Unknown, models.Sending, 2, models.ReasonClaimed)
	step(models.Sending, models.Sending, 1, models.ReasonLate)
	step(models.Sending, models.Completed, 2, models.ReasonDone)
	return l
}

// sealed is the life with every seal and hash as they have to be.
func sealed(l models.Life) models.Life {
	before := ""
	for i := range l.Events {
		e := &l.Events[i]
		var attempt *models.Attempt
		for j, a := range l.Attempts {
			if a.Number == e.Attempt {
				attempt = &l.Attempts[j]
			}
		}
		e.Digest, e.State = e.Facts(l.Order, *l.Quote, attempt), l.Order.State()
		e.Hash = e.Chain(before)
		before = e.Hash
	}
	return l
}

// TestAuditKnowsHowAnOrderLives: seals and hashes are all as they have to be, and
// still the portal did not write it.
func TestAuditKnowsHowAnOrderLives(t *testing.T) {
	if found := sealed(aLife()).Audit(); len(found) > 0 {
		t.Fatal("as it was written:", found)
	}
	for name, tc := range map[string]struct {
		change func(*models.Life)
		want   string
	}{
		"a step that no order takes": {func(l *models.Life) {
			l.Events = append(l.Events, models.Event{OrderID: 7, From: models.Completed, To: models.Rejected})
			l.Order.Status = models.Rejected
		}, "does not follow"},
		"a step from elsewhere": {func(l *models.Life) { l.Events[2].From = models.Placed }, "does not follow"},
		"a beginning of another kind": {func(l *models.Life) {
			l.Events, l.Attempts = l.Events[:1], nil
			l.Events[0].To, l.Order.Status = models.NeedsReview, models.NeedsReview
		}, "does not follow"},
		"a step that stands still for another reason": {func(l *models.Life) { l.Events[4].Reason = models.ReasonDone }, "does not follow"},
		"an attempt that was left out": {func(l *models.Life) {
			l.Attempts[1].Number = 3
			l.Events[3].Attempt, l.Events[5].Attempt = 3, 3
		}, "attempt 3 stands where attempt 2 should"},
		"an attempt that nothing began": {func(l *models.Life) {
			l.Attempts = append(l.Attempts, models.Attempt{Number: 3})
		}, "attempt 3 has no event of its beginning"},
		"a late answer that nothing kept": {func(l *models.Life) { l.Events = append(l.Events[:4], l.Events[5]) }, "the answer of attempt 1 has no event"},
		"half an answer": {func(l *models.Life) {
			l.Attempts[0].AnsweredAt, l.Events = nil, append(l.Events[:4], l.Events[5])
		}, "attempt 1 has parts of an answer"},
		"another status":     {func(l *models.Life) { l.Order.Status = models.Rejected }, "its status was changed"},
		"no events":          {func(l *models.Life) { l.Events = nil }, "none of its events"},
		"an attempt nowhere": {func(l *models.Life) { l.Events[4].Attempt = 9 }, "names attempt 9, which is not there"},
	} {
		l := aLife()
		tc.change(&l)
		found := strings.Join(sealed(l).Audit(), "\n")
		if !strings.Contains(found, tc.want) {
			t.Errorf("%s: want …%s…, got %s", name, tc.want, found)
		}
	}
	l := sealed(aLife())
	l.Quote = nil
	if found := strings.Join(l.Audit(), "\n"); !strings.Contains(found, "its quote is not there") {
		t.Error("no quote:", found)
	}
}
