package modeltest

import (
	"sync"
	"time"

	"pgregory.net/rapid"
)

// clock is the time, and what the portal takes it for. Nothing waits for it.
type clock struct {
	mu    sync.Mutex
	time  time.Time     // the provider's, which only moves on
	wrong time.Duration // by how much the portal's clock is ahead of it
	set   int           // how often the portal's was set
}

// truth is the provider's time.
func (c *clock) truth() time.Time { c.mu.Lock(); defer c.mu.Unlock(); return c.time }

// now is the portal's time.
func (c *clock) now() time.Time { c.mu.Lock(); defer c.mu.Unlock(); return c.time.Add(c.wrong) }

func (c *clock) off() time.Duration { c.mu.Lock(); defer c.mu.Unlock(); return c.wrong }

func (c *clock) pass(d time.Duration) { c.mu.Lock(); defer c.mu.Unlock(); c.time = c.time.Add(d) }

// setTo puts the portal's clock that much ahead of the time, or behind it.
func (c *clock) setTo(wrong time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.wrong != wrong {
		c.wrong = wrong
		c.set++
	}
}

const day = 24 * time.Hour

// timePasses: a moment mostly, and now and then past the waiting for a first send,
// a quote's end, a token's window, a subscription's end.
func (s *schedule) timePasses(r *rapid.T) {
	spans := []time.Duration{
		time.Millisecond, time.Second, 4 * time.Second, 6 * time.Second, 10 * time.Second, 31 * time.Second, lease, 2 * time.Minute, 5 * time.Minute,
	}
	if rapid.IntRange(0, 3).Draw(r, "long") == 3 {
		spans = []time.Duration{
			16 * time.Minute, 31 * time.Minute, 55 * time.Minute, 61 * time.Minute, 5 * time.Hour, 23*time.Hour + 50*time.Minute, 25 * time.Hour,
			3 * day, 12 * day, 40 * day,
		}
	}
	s.clock.pass(one(r, "passes", spans))
}

// clockIsSet: right, or forwards or back.
func (s *schedule) clockIsSet(r *rapid.T) {
	by := one(r, "by", []time.Duration{
		0, 0, 0, time.Second, 6 * time.Second, time.Minute, 10 * time.Minute, time.Hour, day, 25 * time.Hour,
	})
	switch {
	case by == 0:
		s.clock.setTo(0)
	case rapid.Bool().Draw(r, "back"):
		s.clock.setTo(s.clock.off() - by)
	default:
		s.clock.setTo(s.clock.off() + by)
	}
}
