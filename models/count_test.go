package models_test

import (
	"testing"
	"time"

	"portal/models"
)

// TestEveryAccountIsCountedAtAMomentOfItsOwn: once in every such time, evenly
// spread, whatever moment it was read at before.
func TestEveryAccountIsCountedAtAMomentOfItsOwn(t *testing.T) {
	const every = 24 * time.Hour
	begin := time.Date(2026, 3, 1, 9, 30, 0, 0, time.UTC)
	var hours [24]int
	for id := range int64(2400) {
		a := models.Account{ID: id + 1}
		next := models.NextCount(a, every, begin)
		if wait := next.Sub(begin); wait < every/2 || wait >= every*3/2 {
			t.Fatalf("account %d: %s later", a.ID, wait)
		}
		if again := models.NextCount(a, every, next.Add(7*time.Minute)); again.Sub(next) != every {
			t.Fatalf("account %d: then %s later", a.ID, again.Sub(next))
		}
		hours[next.Hour()]++
	}
	for hour, n := range hours {
		if n < 90 || n > 110 {
			t.Errorf("%d accounts are read in hour %d, of 2400", n, hour)
		}
	}
	suspended := models.Account{ID: 1, SuspendedAt: &begin}
	if wait := models.NextCount(suspended, every, begin); wait.Sub(begin) < 3*every {
		t.Errorf("a suspended account is read after %s", wait.Sub(begin))
	}
}

func TestAFailedCountIsTriedAgainEverMoreSlowly(t *testing.T) {
	const every = 24 * time.Hour
	begin, account := time.Date(2026, 3, 1, 9, 30, 0, 0, time.UTC), models.Account{ID: 7}
	own := models.NextCount(account, every, begin)
	for failures, want := range map[int]time.Time{1: begin.Add(15 * time.Minute), 2: begin.Add(30 * time.Minute), 7: begin.Add(16 * time.Hour), 8: own, 5000: own} {
		if at := models.RetryCount(account, every, begin, models.CountUnavailable, failures); !at.Equal(want) {
			t.Errorf("after %d: %s, want %s", failures, at, want)
		}
	}
	if at := models.RetryCount(account, every, begin, models.CountRefused, 1); !at.Equal(own) {
		t.Errorf("refused: %s", at)
	}
}

func TestWhatHasOutgrownItsSubscription(t *testing.T) {
	now := time.Date(2026, 3, 1, 9, 30, 0, 0, time.UTC)
	held := models.Subscription{InstanceCount: 25, EndsAt: now.Add(time.Hour)}
	ended := held
	ended.EndsAt = now
	for name, tc := range map[string]struct {
		held  *models.Subscription
		owned *models.Count
		want  int
	}{
		"more":          {&held, &models.Count{Machines: 30}, 5},
		"fewer":         {&held, &models.Count{Machines: 20}, 0},
		"not counted":   {&held, nil, 0},
		"nothing held":  {nil, &models.Count{Machines: 30}, 0},
		"what is ended": {&ended, &models.Count{Machines: 30}, 0},
	} {
		if got := models.Outgrown(tc.held, tc.owned, now); got != tc.want {
			t.Errorf("%s: %d", name, got)
		}
	}
}
