package models

import "time"

// Billed is one movement of money, as a bill of the sandbox's provider has it.
type Billed struct {
	At         time.Time // UTC
	Action     string    // the call that made it; for an automatic renewal none did, and BilledByItself stands here
	OrderID    string    // a refund has none
	InstanceID string
	Fen        Fen // less than 0 for what came back
	Edition    Edition
	Machines   int
}

// BilledByItself stands in Billed.Action for an automatic renewal.
const BilledByItself = "AutoRenew"

// Provided is an instance as the sandbox's provider has it, whatever the portal's
// records say.
type Provided struct {
	InstanceID       string
	Edition          Edition
	Machines         int
	StartsAt, EndsAt time.Time // UTC
	AutoRenewMonths  int       // 0 while it is off
	PaidFen          Fen       // so far
}
