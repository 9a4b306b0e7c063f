package models

import "time"

// MaxSkew is how far this machine's clock may be from the provider's before no
// new order is taken. The provider refuses more than 15 minutes; an order that is
// begun while the clock drifts there would be refused half-way.
const MaxSkew = 5 * time.Minute

// Skew is this machine's clock held against the provider's.
type Skew struct {
	By time.Duration // how far ours is ahead; negative when it is behind
	At time.Time     // UTC, by our clock: when it was measured; zero before the first answer
}

// TooFar says that the clock is known to be off by more than MaxSkew. A clock
// that nobody has measured yet is not.
func (s Skew) TooFar() bool { return !s.At.IsZero() && s.By.Abs() > MaxSkew }
