package handlers

import (
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"portal/models"
)

// slowCounter is a provider that answers nobody before it is told to, and then each key
// with another number.
type slowCounter struct {
	mu       sync.Mutex
	profiles []string
	answer   chan struct{}
}

func (a *slowCounter) Count(_ context.Context, profile string, _ int64) (models.Count, error) {
	a.mu.Lock()
	a.profiles = append(a.profiles, profile)
	a.mu.Unlock()
	<-a.answer
	return models.Count{Machines: len(profile)}, nil
}

// TestAReadIsSharedWithTheSameKeyAlone: the provider may tell another key
// otherwise, also of the same owner and at the same moment.
func TestAReadIsSharedWithTheSameKeyAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		provider := &slowCounter{answer: make(chan struct{})}
		c := newCounts(provider, func(context.Context, int64, models.Count, error) {}, time.Now)
		profiles := []string{"east", "east", "northern"}
		told := make([]int, len(profiles))
		for i, profile := range profiles {
			go func() {
				count, err := c.forPlacing(t.Context(), asker{profile, 1001})
				if err != nil {
					t.Error(err)
				}
				told[i] = count.Machines
			}()
		}
		synctest.Wait() // each asks, or waits for who asks the same
		slices.Sort(provider.profiles)
		if !slices.Equal(provider.profiles, []string{"east", "northern"}) {
			t.Errorf("asked with %q", provider.profiles)
		}
		close(provider.answer)
		synctest.Wait()
		if !slices.Equal(told, []int{4, 4, 8}) {
			t.Errorf("they are told %v machines", told)
		}
	})
}
