package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"sync"
	"time"

	"gorm.io/gorm"

	"portal/models"
)

// Unavailable says whether an error means that the database can't work right
// now (away, locked, full, read-only, unreadable, too slow) rather than that
// the program has a mistake.
func Unavailable(err error) bool { return faultOf(err) != "" }

// faultOf is what an error says of the database, empty when it says nothing.
func faultOf(err error) models.FaultKind {
	if kind := sqliteFault(err); kind != "" {
		return kind
	}
	if kind := postgresFault(err); kind != "" {
		return kind
	}
	var undecided *UndecidedError
	switch {
	case errors.Is(err, errMoved):
		return models.FaultMoved
	case errors.Is(err, context.DeadlineExceeded):
		return models.FaultSlow
	case errors.Is(err, sql.ErrConnDone), errors.Is(err, driver.ErrBadConn), errors.As(err, &undecided):
		return models.FaultAway
	}
	return ""
}

// UndecidedError is a commit that the database neither confirmed nor refused:
// the connection broke, or the disk failed, in the middle of it. Nobody can say
// yet whether what was written is there.
type UndecidedError struct{ err error }

func (e *UndecidedError) Error() string {
	return "whether this was committed is not known: " + e.err.Error()
}
func (e *UndecidedError) Unwrap() error { return e.err }

// watch is what is known of whether the database takes writes.
type watch struct {
	mu     sync.Mutex
	fault  *models.Fault
	doubt  bool          // something was damaged, and all of it has to be looked at
	failed chan struct{} // something failed since the last probe
}

func newWatch() *watch { return &watch{failed: make(chan struct{}, 1)} }

// Notice hears of an error that somebody met. Where it tells of the database,
// the next probe is due at once.
func (s *Store) Notice(err error) {
	if err == nil || errors.Is(err, context.Canceled) {
		return
	}
	kind := faultOf(err)
	if kind == "" {
		return
	}
	if kind == models.FaultDamaged {
		s.watch.mu.Lock()
		s.watch.doubt = true
		s.remember(models.Fault{Kind: kind, Err: err}) // until all of it was looked at, which takes its time
		s.watch.mu.Unlock()
	}
	select {
	case s.watch.failed <- struct{}{}:
	default: // the next probe is due already
	}
}

// Failed gives a value when the database has failed somebody, so that it is
// time for a probe.
func (s *Store) Failed() <-chan struct{} { return s.watch.failed }

// Fault is what the last probe found wrong, nil when the database takes writes.
// It never waits.
func (s *Store) Fault() *models.Fault {
	s.watch.mu.Lock()
	defer s.watch.mu.Unlock()
	return s.watch.fault
}

// Inspect is Probe with a look at the whole of an SQLite file.
func (s *Store) Inspect(ctx context.Context) *models.Fault {
	s.watch.mu.Lock()
	s.watch.doubt = true
	s.watch.mu.Unlock()
	return s.Probe(ctx)
}

// Probe finds out whether the database takes writes, by a write of its own that
// means nothing, and remembers what it found for Fault. Where something was
// damaged it looks at the whole of an SQLite file first, which takes its time.
func (s *Store) Probe(ctx context.Context) *models.Fault {
	s.watch.mu.Lock()
	doubt := s.watch.doubt
	s.watch.mu.Unlock()
	var err error
	if doubt {
		err = s.intact(ctx, s.write, s.read)
	}
	if err == nil {
		err = s.tx(ctx, func(tx *gorm.DB) error {
			return tx.Exec(`INSERT INTO settings (name, value) VALUES ('probed', ?)
				ON CONFLICT (name) DO UPDATE SET value = excluded.value`, s.now().Format(time.RFC3339Nano)).Error
		})
	}
	kind := faultOf(err)
	if kind == models.FaultReadOnly || kind == models.FaultAway {
		if pool, err := s.write.DB(); err == nil {
			s.anew(pool)
		}
	}
	s.watch.mu.Lock()
	defer s.watch.mu.Unlock()
	switch {
	case ctx.Err() != nil: // nobody waits for what this would have found
	case err == nil:
		s.watch.fault, s.watch.doubt = nil, false
	case kind == "": // whatever it is, nothing can be recorded
		s.remember(models.Fault{Kind: models.FaultIO, Err: err})
	default:
		s.watch.doubt = s.watch.doubt || kind == models.FaultDamaged
		s.remember(models.Fault{Kind: kind, Err: err})
	}
	return s.watch.fault
}

// remember keeps a fault, and since when there has been one.
func (s *Store) remember(f models.Fault) {
	f.Since = s.now()
	if before := s.watch.fault; before != nil {
		f.Since = before.Since
	}
	s.watch.fault = &f
}
