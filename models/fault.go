package models

import "time"

// FaultKind is what is wrong with a database that takes no writes.
type FaultKind string

// The kinds of faults, as pages, logs and documents call them.
const (
	FaultFull     FaultKind = "full"      // the disk, or a quota
	FaultIO       FaultKind = "io"        // the disk fails, or says that it does
	FaultLocked   FaultKind = "locked"    // another program has the database to itself
	FaultReadOnly FaultKind = "read_only" // the file, its disk or the server takes no writes
	FaultDamaged  FaultKind = "damaged"   // what is read is not what was written
	FaultMoved    FaultKind = "moved"     // the file that is open is no longer at its place
	FaultAway     FaultKind = "away"      // nobody answers, or nobody lets us in
	FaultSlow     FaultKind = "slow"      // no answer in time
)

// FaultKinds lists all of them.
func FaultKinds() []FaultKind {
	return []FaultKind{FaultFull, FaultIO, FaultLocked, FaultReadOnly, FaultDamaged, FaultMoved, FaultAway, FaultSlow}
}

// Fault is a database that takes no writes. While it stands no order is taken
// and nothing is sent: what came of it could not be recorded.
type Fault struct {
	Kind  FaultKind
	Since time.Time // when it was noticed, UTC by this machine's clock
	Err   error     // for the log
}
