package store

import (
	"sync/atomic"
	"time"

	"gorm.io/gorm"
)

// clock tells the time that everything in the database goes by: a test's, or
// the database's own, or where that has none the system's.
//
// Replicas on machines whose clocks differ would take each other's leases for
// over. So what writes, or decides by the time, asks the database: at. Pages,
// for which a moment more or less decides nothing, go by the local clock
// corrected by what was last measured: now.
type clock struct {
	local func() time.Time
	fixed bool          // local is a test's, in place of every other
	ahead *atomic.Int64 // how many nanoseconds the database's is ahead of local
}

func newClock(now func() time.Time) clock {
	c := clock{local: now, fixed: now != nil, ahead: new(atomic.Int64)}
	if now == nil {
		c.local = time.Now
	}
	return c
}

// now is UTC, to the microsecond that is stored.
func (s *Store) now() time.Time {
	// Without the monotonic part, which stands still while a machine sleeps.
	return s.clock.local().UTC().Round(0).Add(time.Duration(s.clock.ahead.Load())).Truncate(time.Microsecond)
}

// Now is the store's clock, UTC, to the microsecond that is stored. It is never
// behind a time that the database gave before, unless the local clock steps back.
func (s *Store) Now() time.Time { return s.now() }

// at asks for the time, on db's own connection. A transaction asks when it has
// the locks that it needs: waiting for them must not eat a lease.
func (s *Store) at(db *gorm.DB) (time.Time, error) {
	if s.clock.fixed {
		return s.now(), nil
	}
	asked := s.clock.local().Round(0)
	at, ok, err := s.dialect.clock(db)
	if err != nil || !ok {
		return s.now(), err
	}
	// The database answered after it was asked, so this is ahead by no less than it says.
	s.clock.ahead.Store(int64(at.Sub(asked)))
	return at.UTC(), nil
}
