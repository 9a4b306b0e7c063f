package provider

import (
	"log/slog"
	"sync"
	"time"

	"portal/models"
)

// skew keeps what the newest answer's Date header says of this machine's clock.
// It is the machine's own clock that counts, because the SDK signs with it.
type skew struct {
	mu     sync.Mutex
	newest models.Skew
}

// Skew is this machine's clock held against the provider's, as of the newest
// answer that told the time: to about a second, and half of what the call took.
func (c *Client) Skew() models.Skew {
	c.skew.mu.Lock()
	defer c.skew.mu.Unlock()
	return c.skew.newest
}

// measure notes what an answer's Date says. begun and ended are this machine's
// times around the call.
func (c *Client) measure(begun, ended, date time.Time) {
	if date.IsZero() {
		return
	}
	now := models.Skew{By: middle(begun, ended).Sub(date), At: ended.UTC()}
	c.skew.mu.Lock()
	before := c.skew.newest
	c.skew.newest = now
	c.skew.mu.Unlock()
	switch {
	case now.TooFar() && !before.TooFar():
		c.log.Error("this machine's clock is off: no new orders are taken until it is set (NTP)", slog.Duration("ahead_by", now.By))
	case before.TooFar() && !now.TooFar():
		c.log.Info("this machine's clock is right again", slog.Duration("ahead_by", now.By))
	}
}

// middle is the moment half-way: the provider wrote its Date somewhere between.
// What it took is measured by the monotonic clock, so that a clock that is set
// meanwhile does not count twice.
func middle(begun, ended time.Time) time.Time { return begun.Add(ended.Sub(begun) / 2).Round(0) }
