package models

import "time"

// Standing is what an account holds as far as lists sort and filter by it: a
// stored projection of the account's history, written with every entry. What
// passes with time alone is worked out when it is read.
type Standing struct {
	AccountID   int64 `gorm:"primaryKey"`
	Edition     Edition
	Machines    int        // covered
	EndsAt      *time.Time // UTC; nil when nothing is held
	AutoRenew   bool
	Unconfirmed bool
	// TurnsAt is when the projection changes by itself (UTC): another span of what
	// was bought begins, or an automatic renewal is presumed. Nil for never.
	TurnsAt *time.Time
}

// StandingOf projects what an account holds at now; nil for nothing.
func StandingOf(accountID int64, s *Subscription, now time.Time) Standing {
	if s == nil {
		return Standing{AccountID: accountID}
	}
	end := s.EndsAt.UTC().Truncate(time.Microsecond)
	standing := Standing{
		AccountID: accountID, Edition: s.Edition, Machines: s.InstanceCount, EndsAt: &end,
		AutoRenew: s.AutoRenew, Unconfirmed: s.Unconfirmed,
	}
	turns := func(at time.Time) {
		if at = at.UTC().Truncate(time.Microsecond); at.After(now) && (standing.TurnsAt == nil || at.Before(*standing.TurnsAt)) {
			standing.TurnsAt = &at
		}
	}
	if s.AutoRenew {
		turns(end)
	}
	for _, p := range s.Periods {
		turns(p.Start)
		for _, span := range p.Spans {
			turns(span.From)
		}
	}
	return standing
}

// Same says whether two projections say the same.
func (s Standing) Same(other Standing) bool {
	same := func(a, b *time.Time) bool { return a == nil && b == nil || a != nil && b != nil && a.Equal(*b) }
	return s.AccountID == other.AccountID && s.Edition == other.Edition && s.Machines == other.Machines && s.AutoRenew == other.AutoRenew &&
		s.Unconfirmed == other.Unconfirmed && same(s.EndsAt, other.EndsAt) && same(s.TurnsAt, other.TurnsAt)
}

// AccountState is what a list of accounts can be narrowed to.
type AccountState string

// The states, which are not each other's opposites.
const (
	AccountsUnsubscribed AccountState = "unsubscribed" // holds nothing
	AccountsActive       AccountState = "active"       // in force, to its confirmed end
	AccountsExpiring     AccountState = "expiring"     // active, and stops within 30 days
	AccountsExpired      AccountState = "expired"
	AccountsPresumed     AccountState = "presumed" // renewed, as far as nobody has seen
	AccountsOutgrown     AccountState = "outgrown" // in force, and owns more machines than are covered
	// AccountsAttention has an order that is unknown, in review or awaits approval,
	// one that was refused in the last RecentRefusal, or is held.
	AccountsAttention AccountState = "attention"
	AccountsSuspended AccountState = "suspended"
)

// RecentRefusal is for how long a refused order wants attention.
const RecentRefusal = 7 * 24 * time.Hour

// AccountStates lists all of them.
func AccountStates() []AccountState {
	return []AccountState{AccountsAttention, AccountsOutgrown, AccountsExpiring, AccountsActive, AccountsExpired, AccountsPresumed, AccountsUnsubscribed, AccountsSuspended}
}

// AccountSort is what a list of accounts is sorted by.
type AccountSort string

// The orders of a list: by name, the nearest end first, the most spent first,
// the most machines that are not covered first.
const (
	SortName     AccountSort = "name"
	SortEnd      AccountSort = "end"
	SortSpend    AccountSort = "spend"
	SortOutgrown AccountSort = "outgrown"
)

// AccountSorts lists all of them.
func AccountSorts() []AccountSort { return []AccountSort{SortName, SortEnd, SortSpend, SortOutgrown} }

// NearEnd is how long before an end that nothing renews by itself people have to
// be told.
func NearEnd() time.Duration { return nearEnd }

// MonthSpend is what was charged for the orders placed in a month, less what was
// paid back.
type MonthSpend struct {
	Begins    time.Time // at midnight in Beijing
	ByEdition map[Edition]Fen
}

// Total is the month's sum.
func (m MonthSpend) Total() Fen {
	var total Fen
	for _, fen := range m.ByEdition {
		total += fen
	}
	return total
}

// LastMonths are the beginnings of so many calendar months in Beijing, the last
// one that which now falls into, and when that one ends.
func LastMonths(now time.Time, count int) (begins []time.Time, end time.Time) {
	day := now.In(Beijing)
	for i := count - 1; i >= 0; i-- {
		begins = append(begins, time.Date(day.Year(), day.Month()-time.Month(i), 1, 0, 0, 0, 0, Beijing))
	}
	return begins, time.Date(day.Year(), day.Month()+1, 1, 0, 0, 0, 0, Beijing)
}
