package models

import "time"

// Subscription is the portal's record of what an account holds: a projection
// of its completed orders. The provider can't be asked.
type Subscription struct {
	InstanceID      string
	Edition         Edition
	InstanceCount   int // machines covered
	StartsAt        time.Time
	EndsAt          time.Time // UTC; by our own date arithmetic
	AutoRenew       bool
	AutoRenewMonths int
	LastOrder       Order
}

// State is how a subscription stands at a moment.
type State string

// The states. PresumedRenewed is past its end with auto-renew on: the provider
// renews by itself and tells nobody, so its dates are not confirmed.
const (
	Active          State = "active"
	Expired         State = "expired"
	PresumedRenewed State = "presumed_renewed"
)

// State says how the subscription stands at now.
func (s Subscription) State(now time.Time) State {
	switch {
	case now.Before(s.EndsAt):
		return Active
	case s.AutoRenew:
		return PresumedRenewed
	default:
		return Expired
	}
}

// MayBuy says whether an account that holds s (nil: nothing) may buy at now.
// What has ended without auto-renewal is no longer held. What is presumed
// renewed is: the provider would refuse, and rightly.
func MayBuy(s *Subscription, now time.Time) bool { return s == nil || s.State(now) == Expired }

// DaysLeft counts the begun days until the end, 0 when it has passed.
func (s Subscription) DaysLeft(now time.Time) int {
	left := s.EndsAt.Sub(now)
	if left <= 0 {
		return 0
	}
	const day = 24 * time.Hour
	return int((left + day - 1) / day)
}

// Project rebuilds the subscription from an account's completed orders, oldest
// first. It returns nil when the account holds none.
func Project(orders []Order) *Subscription {
	var s *Subscription
	for _, o := range orders {
		if o.Status != Completed {
			continue
		}
		switch o.Kind {
		case Buy:
			s = &Subscription{
				InstanceID: o.InstanceID, Edition: o.Edition, InstanceCount: o.InstanceCount,
				AutoRenew: o.AutoRenew, AutoRenewMonths: o.AutoRenewMonths,
			}
			if o.StartsAt != nil {
				s.StartsAt = *o.StartsAt
			}
			if o.EndsAt != nil {
				s.EndsAt = *o.EndsAt
			}
		case Renew:
			if s == nil {
				continue
			}
			s.InstanceCount = o.InstanceCount
			if o.EndsAt != nil {
				s.EndsAt = *o.EndsAt
			}
		case Upgrade:
			if s == nil {
				continue
			}
			s.Edition, s.InstanceCount = o.Edition, o.InstanceCount
		case Refund:
			s = nil
			continue
		}
		s.LastOrder = o
	}
	return s
}
