package sandbox

import (
	"maps"
	"slices"
	"time"
)

// settle brings one owner's instance up to the calendar: renewals that came due
// are charged, one term after the other, and where ReleaseAfter says so an
// expired instance is released. It happens when somebody looks, which nobody can
// tell from its having happened on time. Callers hold mu.
//
// An automatic renewal that the balance does not cover does not happen: the
// instance stays expired, and is tried again at the next look.
func (s *Sandbox) settle(owner int64) error {
	now := s.calendar()
	for {
		in := s.held(owner)
		if in == nil || now.Before(in.End()) {
			return nil
		}
		version, machines := in.Covered(in.End())
		fen := termFen(version, machines, in.AutoRenewMonths)
		switch {
		case in.AutoRenew && fen <= s.state.balance:
			next := in.extended(in.AutoRenewMonths, machines, fen)
			err := s.record(record{At: now, Instance: next, Entry: &Entry{
				At: now, OwnerID: owner, Action: ActionAutoRenew, Kind: Charge,
				OrderID: newOrderID(), InstanceID: in.InstanceID, AmountFen: fen,
				PeriodStart: in.End(), PeriodEnd: next.End(),
				VersionCode: version, BuyNumber: machines,
			}})
			if err != nil {
				return err
			}
		case s.cfg.ReleaseAfter > 0 && !now.Before(in.End().Add(s.cfg.ReleaseAfter)):
			return s.release(in, now, nil)
		default:
			return nil
		}
	}
}

// settleAll does the same for everybody, for those who look at everything.
// Callers hold mu. A state file that takes no more is logged, not returned: what
// is in memory can still be looked at.
func (s *Sandbox) settleAll() {
	if s.closed {
		return
	}
	for _, owner := range slices.Sorted(maps.Keys(s.state.current)) {
		if err := s.settle(owner); err != nil {
			s.log.Error("sandbox: cannot settle", "error", err)
			return
		}
	}
	if err := s.journal.sync(); err != nil {
		s.log.Error("sandbox: cannot settle", "error", err)
	}
}

// release gives the instance up, with a refund's entry or, for one that merely
// ran out, without.
func (s *Sandbox) release(in *Instance, now time.Time, refund *Entry) error {
	gone := in.clone()
	gone.ReleasedAt = &now
	return s.record(record{At: now, Instance: gone, Entry: refund})
}
