package sandbox

import (
	"slices"
	"time"
)

// VersionPro and VersionEnterprise name the editions (provider document: VersionCode).
const (
	VersionPro        = "level1"
	VersionEnterprise = "level2"
)

// editionRank orders editions for "upgrades only go up".
func editionRank(versionCode string) int {
	if versionCode == VersionEnterprise {
		return 2
	}
	return 1
}

// Instance is what an owner holds. All times are UTC.
type Instance struct {
	InstanceID      string     `json:"instance_id"`
	OwnerID         int64      `json:"owner_id"`
	CreatedAt       time.Time  `json:"created_at"`
	ReleasedAt      *time.Time `json:"released_at,omitempty"` // nil: not released
	AutoRenew       bool       `json:"auto_renew"`
	AutoRenewMonths int        `json:"auto_renew_months,omitempty"`
	PaidFen         int64      `json:"paid_fen"` // all charges so far
	Periods         []Period   `json:"periods"`  // without a gap, oldest first
}

// Period is a stretch of time with one edition and one count. An upgrade cuts
// the running one in two; a renewal appends one.
type Period struct {
	Start       time.Time `json:"start"`
	End         time.Time `json:"end"`
	VersionCode string    `json:"version_code"`
	BuyNumber   int       `json:"buy_number"`
	// The term it was bought in, which its price goes by. It ends at End
	// unless an upgrade cut it short.
	TermStart  time.Time `json:"term_start"`
	TermMonths int       `json:"term_months"`
	// PaidFen is what was paid for it: the term's price where it begins the term,
	// and its part of each upgrade's fee. All periods' make up the instance's.
	PaidFen int64 `json:"paid_fen"`
}

// sinceBought is a moment as the instance's periods count: they begin at the whole
// second that it was bought in. Of a day that began a moment ago something is
// used, within that second, too.
func (in *Instance) sinceBought(moment time.Time) time.Time {
	return in.Periods[0].Start.Add(moment.Sub(in.CreatedAt))
}

// terms are the periods, term by term.
func (in *Instance) terms() [][]Period {
	var all [][]Period
	for i, p := range in.Periods {
		if i == 0 || !p.TermStart.Equal(in.Periods[i-1].TermStart) {
			all = append(all, nil)
		}
		all[len(all)-1] = append(all[len(all)-1], p)
	}
	return all
}

// End is the instance's current expiry.
func (in *Instance) End() time.Time { return in.Periods[len(in.Periods)-1].End }

// Released says whether the instance is gone.
func (in *Instance) Released() bool { return in.ReleasedAt != nil }

// Covered is the edition and count in force at the given time; after the end,
// the last ones.
func (in *Instance) Covered(at time.Time) (versionCode string, machines int) {
	for _, p := range in.Periods {
		if at.Before(p.End) {
			return p.VersionCode, p.BuyNumber
		}
	}
	last := in.Periods[len(in.Periods)-1]
	return last.VersionCode, last.BuyNumber
}

func (in *Instance) clone() *Instance {
	c := *in
	c.Periods = slices.Clone(in.Periods)
	if in.ReleasedAt != nil {
		at := *in.ReleasedAt
		c.ReleasedAt = &at
	}
	return &c
}

// extended is the instance with one more term at its end.
func (in *Instance) extended(months, machines int, paidFen int64) *Instance {
	c := in.clone()
	start := c.End()
	last := c.Periods[len(c.Periods)-1]
	c.Periods = append(c.Periods, Period{
		Start: start, End: addMonths(start, months),
		VersionCode: last.VersionCode, BuyNumber: machines,
		TermStart: start, TermMonths: months, PaidFen: paidFen,
	})
	c.PaidFen += paidFen
	return c
}

// isUp says whether the edition and count are above what the instance has left:
// nowhere lower, and higher somewhere.
func (in *Instance) isUp(now time.Time, versionCode string, machines int) bool {
	higher := false
	for _, p := range in.Periods {
		if !p.End.After(now) {
			continue
		}
		was, will := editionRank(p.VersionCode), editionRank(versionCode)
		if will < was || machines < p.BuyNumber {
			return false
		}
		higher = higher || will > was || machines > p.BuyNumber
	}
	return higher
}

// upgraded is the instance with the edition and count for all that is left, and
// the fee for that.
func (in *Instance) upgraded(now time.Time, versionCode string, machines int) (*Instance, int64) {
	c := in.clone()
	c.Periods = nil
	for _, p := range in.Periods {
		if !p.End.After(now) {
			c.Periods = append(c.Periods, p)
			continue
		}
		fen := liftFen(p, now, versionCode, machines)
		if p.Start.Before(now) {
			past := p
			past.End = now
			c.Periods = append(c.Periods, past)
			p.Start, p.PaidFen = now, 0
		}
		p.VersionCode, p.BuyNumber = versionCode, machines
		p.PaidFen += fen
		c.PaidFen += fen
		c.Periods = append(c.Periods, p)
	}
	return c, c.PaidFen - in.PaidFen
}

// withPaid is the instance with what was paid for each period. A file from before
// that was written down tells the sum alone: each period then gets what it costs
// by today's rule, and the last one the rest.
func (in *Instance) withPaid() *Instance {
	c := in.clone()
	if c.Periods[0].PaidFen > 0 { // no term is free
		return c
	}
	rest := c.PaidFen
	for i := range c.Periods {
		p := &c.Periods[i]
		p.PaidFen = termFen(p.VersionCode, p.BuyNumber, p.TermMonths)
		if !p.Start.Equal(p.TermStart) {
			p.PaidFen = liftFen(c.Periods[i-1], p.Start, p.VersionCode, p.BuyNumber)
		}
		rest -= p.PaidFen
	}
	c.Periods[len(c.Periods)-1].PaidFen += rest
	return c
}
