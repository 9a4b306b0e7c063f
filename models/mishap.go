package models

import "time"

// Mishap is a way in which a visitor of the sandbox makes its provider fail, to
// watch the portal cope. With the real provider there are none.
type Mishap string

// The mishaps. All but the last happen to orders.
const (
	MishapLost      Mishap = "lost"      // done, and the answer gets lost
	MishapSlow      Mishap = "slow"      // done, and the answer comes later than the portal waits
	MishapInternal  Mishap = "internal"  // an InternalError that did nothing
	MishapThrottled Mishap = "throttled" // too many requests
	MishapBalance   Mishap = "balance"   // refused for lack of money
	MishapMachines  Mishap = "machines"  // refused because the machines have changed
	MishapDoubt     Mishap = "doubt"     // done, the answer lost, and the next attempt refused
	MishapCount     Mishap = "count"     // the machines can't be read
)

// Mishaps lists all of them.
func Mishaps() []Mishap {
	return []Mishap{
		MishapLost, MishapSlow, MishapInternal, MishapThrottled, MishapBalance, MishapMachines, MishapDoubt, MishapCount,
	}
}

// How long a mishap lasts that goes on, and how long one waits for its order: a
// forgotten one does not spoil the demo for the next visitor.
const (
	MishapLasts = 5 * time.Minute
	MishapWaits = 10 * time.Minute
)

// Once says whether it can happen to the next order alone. Machines are read in the
// background, too, so that the next reading would hardly be the visitor's.
func (m Mishap) Once() bool { return m != MishapCount }

// Lasts says whether it can go on for a while. One that is about the second attempt
// at one order can't.
func (m Mishap) Lasts() bool { return m != MishapDoubt }

// ArmedMishap is one that will happen, or goes on. It ends by itself.
type ArmedMishap struct {
	Mishap Mishap
	Lasts  bool // it happens to everything until then, not to the next order alone
	Until  time.Time
}
