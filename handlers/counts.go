package handlers

import (
	"cmp"
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
	note    func(ctx context.Context, ownerID int64, count models.Count, failed error)
	now     func() time.Time
	flights singleflight.Group

	mu   sync.Mutex
	seen map[asker]counted
}

// asker is whose machines are counted, and whose key asks: another's may be told
// otherwise.
type asker struct {
	profile string
	ownerID int64
}

type counted struct {
	count models.Count // the newest one that could be read, also beside an err
	err   error
	until time.Time
}

// asker is who asks for an account's machines: its reseller's key, or the portal's.
func (a *app) asker(ctx context.Context, account models.Account) (asker, error) {
	profile, err := a.Store.ProfileOf(ctx, account)
	return asker{cmp.Or(profile, a.CredentialProfile), account.OwnerID}, err
}

func newCounts(source Counter, note func(context.Context, int64, models.Count, error), now func() time.Time) *counts {
	return &counts{source: source, note: note, now: now, seen: map[asker]counted{}}
}

// noteCount keeps what was read for lists, and for those who come when the
// provider doesn't answer. A page does without: it has what it asked for.
func (a *app) noteCount(ctx context.Context, ownerID int64, count models.Count, failed error) {
	if a.Store.Fault() != nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, countPatience)
	defer cancel()
	if err := a.Store.NoteCount(ctx, ownerID, count, failed); err != nil {
		a.Logger.Warn("can't keep a count that was read for a page", "owner_id", ownerID, "error", err)
	}
}

// forQuote is a count at most countFresh old; its ReadAt says how old.
func (c *counts) forQuote(ctx context.Context, of asker) (models.Count, error) {
	if known, ok := c.known(of); ok && c.now().Before(known.until) {
		if known.err != nil {
			return models.Count{}, known.err
		}
		return known.count, nil
	}
	return c.read(ctx, "quote:", of)
}

// forLooking is a count for a page that can do without: at most countLooking
// old, or an older one, or none (nil), when the provider does not answer in
// countPatience. What arrives later serves the next look.
func (c *counts) forLooking(ctx context.Context, of asker) *models.Count {
	known, ok := c.known(of)
	if ok && (c.now().Before(known.until) || c.now().Sub(known.count.ReadAt) < countLooking) {
		return known.last()
	}
	done := make(chan *models.Count, 1)
	go func() {
		if count, err := c.read(ctx, "looking:", of); err == nil {
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

func (c *counts) known(of asker) (counted, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	known, ok := c.seen[of]
	return known, ok
}

// forPlacing never takes a count that somebody looked at before. Simultaneous
// placings share one read, which the provider answers after each of them asked
// for it; what it counted a moment before still meets its own check of BuyNumber.
func (c *counts) forPlacing(ctx context.Context, of asker) (models.Count, error) {
	return c.read(ctx, "placing:", of)
}

// read asks the provider, once for all who ask for the same at the same time.
func (c *counts) read(ctx context.Context, purpose string, of asker) (models.Count, error) {
	// One asker that goes away must not end the others' read.
	ctx = context.WithoutCancel(ctx)
	v, err, _ := c.flights.Do(purpose+of.profile+":"+strconv.FormatInt(of.ownerID, 10), func() (any, error) {
		count, err := c.source.Count(ctx, of.profile, of.ownerID)
		c.keep(of, count, err)
		c.note(ctx, of.ownerID, count, err)
		return count, err
	})
	count, _ := v.(models.Count)
	return count, err
}

func (c *counts) keep(of asker, count models.Count, err error) {
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
		life, count = countFailure, c.seen[of].count
	}
	c.seen[of] = counted{count, err, now.Add(life)}
}
