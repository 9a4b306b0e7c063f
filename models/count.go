package models

import "time"

// AccountCount is the newest that is known of how many machines an account has.
// A read that fails leaves what was known before.
type AccountCount struct {
	AccountID int64 `gorm:"primaryKey"`
	Machines  int
	ReadAt    *time.Time   // UTC; when Machines was read, nil before the first time
	Failure   CountFailure // how the newest read ended, empty when it was answered
	FailedAt  *time.Time   // UTC; nil without a Failure
	Failures  int          // one after the other
	DueAt     time.Time    // UTC; when the background reads it next
}

// Count is what was read, nil before the first time.
func (c AccountCount) Count() *Count {
	if c.ReadAt == nil {
		return nil
	}
	return &Count{Machines: c.Machines, ReadAt: *c.ReadAt}
}

// Outgrown is how many of the owned machines a subscription in force does not
// cover; 0 when nothing is known or held, and after an end: then none is covered.
func Outgrown(s *Subscription, owned *Count, now time.Time) int {
	if s == nil || owned == nil || s.State(now) == Expired {
		return 0
	}
	return max(0, owned.Machines-s.InstanceCount)
}

// suspendedRarer is how many times rarer a suspended account is read.
const suspendedRarer = 7

// firstRetry is how long after a failed read the next one comes; it doubles with
// each that fails.
const firstRetry = 15 * time.Minute

// NextCount is when an account is next due after a read at the time given. Each
// account has a moment of its own in every such time, by its id: all of them
// together are spread evenly, however they came, and so they stay. It comes half
// to one and a half times later.
func NextCount(a Account, every time.Duration, after time.Time) time.Time {
	if a.SuspendedAt != nil {
		every *= suspendedRarer
	}
	// Ids come one after the other; multiplied by this they don't.
	own := time.Duration(uint64(a.ID) * 0x9E3779B97F4A7C15 % uint64(every)).Truncate(time.Second) //nolint:gosec // wraps on purpose; every is positive
	earliest := after.Add(every / 2)
	next := earliest.Truncate(every).Add(own)
	if next.Before(earliest) {
		next = next.Add(every)
	}
	return next
}

// RetryCount is when an account is next due after so many failed reads one after
// the other, the last at the time given. What the provider refuses for this
// account alone is not asked any sooner than a count.
func RetryCount(a Account, every time.Duration, failed time.Time, failure CountFailure, failures int) time.Time {
	wait := firstRetry
	for range failures - 1 {
		if wait *= 2; wait > every {
			break
		}
	}
	if a.SuspendedAt != nil || failure == CountRefused || wait > every {
		return NextCount(a, every, failed)
	}
	return failed.Add(wait)
}
