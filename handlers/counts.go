package handlers

import (
	"context"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"portal/models"
)

// How long a count serves the quote form, how long a failure does, and for a
// page that can do without: how old one may be, and how long it waits for one.
const (
	countFresh    = 10 * time.Second
	countFailure  = 3 * time.Second
	countLooking  = 5 * time.Minute
	countPatience = 2 * time.Second
)

// counts reads numbers of machines, at most one read at a time for each owner,
// and for looking at quotes at most one in countFresh: people who try out
// choices can't throttle selling.
type counts struct {
	source  Counter
	now     func() time.Time
	flights singleflight.Group

	mu   sync.Mutex
	seen map[int64]counted
}

type counted struct {
	count models.Count // the newest one that could be read, also beside an err
	err   error
	until time.Time
}

func newCounts(source Counter, now func() time.Time) *counts {
	return &counts{source: source, now: now, seen: map[int64]counted{}}
}

// forQuote is a count at most countFresh old; its ReadAt says how old.
func (c *counts) forQuote(ctx context.Context, ownerID int64) (models.Count, error) {
	if known, ok := c.known(ownerID); ok && c.now().Before(known.until) {
		if known.err != nil {
			return models.Count{}, known.err
		}
		return known.count, nil
	}
	return c.read(ctx, "quote:", ownerID)
}

// forLooking is a count for a page that can do without: at most countLooking
// old, or an older one, or none (nil), when the provider does not answer in
// countPatience. What arrives later serves the next look.
func (c *counts) forLooking(ctx context.Context, ownerID int64) *models.Count {
	known, ok := c.known(ownerID)
	if ok && (c.now().Before(known.until) || c.now().Sub(known.count.ReadAt) < countLooking) {
		return known.last()
	}
	done := make(chan *models.Count, 1)
	go func() {
		if count, err := c.read(ctx, "looking:", ownerID); err == nil {
			done <- &count
			return
		}
		done <- known.last()
	}()
	patience := time.NewTimer(countPatience)
	defer patience.Stop()
	select {
	case count := <-done:
		return count
	case <-patience.C:
	case <-ctx.Done():
	}
	return known.last()
}

// last is the count that was read, nil when none was.
func (k counted) last() *models.Count {
	if k.count.ReadAt.IsZero() {
		return nil
	}
	return &k.count
}

func (c *counts) known(ownerID int64) (counted, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	known, ok := c.seen[ownerID]
	return known, ok
}

// forPlacing never takes a count that somebody looked at before. Simultaneous
// placings share one read, which the provider answers after each of them asked
// for it; what it counted a moment before still meets its own check of BuyNumber.
func (c *counts) forPlacing(ctx context.Context, ownerID int64) (models.Count, error) {
	return c.read(ctx, "placing:", ownerID)
}

// read asks the provider, once for all who ask for the same at the same time.
func (c *counts) read(ctx context.Context, purpose string, ownerID int64) (models.Count, error) {
	// One asker that goes away must not end the others' read.
	ctx = context.WithoutCancel(ctx)
	v, err, _ := c.flights.Do(purpose+strconv.FormatInt(ownerID, 10), func() (any, error) {
		count, err := c.source.Count(ctx, ownerID)
		c.keep(ownerID, count, err)
		return count, err
	})
	count, _ := v.(models.Count)
	return count, err
}

func (c *counts) keep(ownerID int64, count models.Count, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.now()
	if len(c.seen) >= 1000 { // what has gone stale is dropped, so that memory does not grow with accounts
		for id, known := range c.seen {
			if !now.Before(known.until.Add(countLooking)) {
				delete(c.seen, id)
			}
		}
	}
	life := countFresh
	if err != nil {
		life, count = countFailure, c.seen[ownerID].count
	}
	c.seen[ownerID] = counted{count, err, now.Add(life)}
}
