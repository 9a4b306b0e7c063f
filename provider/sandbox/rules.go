package sandbox

import (
	"net/http"
	"time"
)

// Provider document: PricingCycle "Year,Month".
const (
	cycleYear  = "Year"
	cycleMonth = "Month"
)

func cycleMonths(cycle string) int {
	if cycle == cycleYear {
		return 12
	}
	return 1
}

// order is a selling call's parameters, read and completed with defaults, so that
// two requests which mean the same are the same. Fields of other calls stay zero.
type order struct {
	Action            string `json:"action"`
	OwnerID           int64  `json:"owner_id"`
	InstanceID        string `json:"instance_id,omitempty"`
	Duration          int    `json:"duration,omitempty"`
	PricingCycle      string `json:"pricing_cycle,omitempty"`
	VersionCode       string `json:"version_code,omitempty"`
	BuyNumber         int    `json:"buy_number"`
	IsAutoRenew       bool   `json:"is_auto_renew,omitempty"`
	AutoRenewDuration int    `json:"auto_renew_duration,omitempty"` // months
}

func (o order) months() int { return o.Duration * cycleMonths(o.PricingCycle) }

// sale is what a rule decided to do: the instance afterwards, and the charge.
type sale struct {
	instance *Instance
	fen      int64
	from, to time.Time
}

// once does an order one single time for each ClientToken of an access key. The
// same token with the same order is answered the first OrderId and InstanceId
// (under a RequestId of its own) and charges nothing; with another order, another
// owner or another Action it is refused. Only success binds a token: a refused
// order may come again with it, as after InsufficientBalance.
//
// After TokenLifetime the token is forgotten. The same request is then a new
// order and charges again: that is the provider's behaviour a client must fear.
func (s *Sandbox) once(keyID, token string, o order, rule func(order, time.Time) (sale, *apiError)) (result, *apiError, error) {
	now := s.calendar()
	key := tokenKey{keyID, token}
	if first, ok := s.state.answers[key]; ok && now.Sub(first.At) < s.cfg.TokenLifetime {
		if first.Order != o {
			return result{}, refuse(http.StatusBadRequest, "IdempotentParameterMismatch",
				"The request uses the same client token as a previous, but non-identical request."), nil
		}
		return orderResult(first), nil, nil
	}
	if err := s.settle(o.OwnerID); err != nil {
		return result{}, nil, err
	}
	sold, e := rule(o, now)
	if e != nil {
		return result{}, e, nil
	}
	if sold.fen > s.state.balance {
		return result{}, refuse(http.StatusBadRequest, "InsufficientBalance", "Your account does not have enough balance."), nil
	}
	version, machines := sold.instance.Covered(sold.from)
	done := tokenAnswer{KeyID: keyID, Token: token, Order: o, OrderID: newOrderID(), InstanceID: sold.instance.InstanceID, At: now}
	// Instance, charge and the token's answer are one line of the journal: no
	// crash can leave one of them without the others.
	err := s.record(record{At: now, Instance: sold.instance, Answer: &done, Entry: &Entry{
		At: now, OwnerID: o.OwnerID, Action: o.Action, Kind: Charge, AccessKeyID: keyID, ClientToken: token,
		OrderID: done.OrderID, InstanceID: done.InstanceID, AmountFen: sold.fen,
		PeriodStart: sold.from, PeriodEnd: sold.to, VersionCode: version, BuyNumber: machines,
	}})
	return orderResult(done), nil, err
}

// orderResult: only CreateInstance answers an InstanceId.
func orderResult(a tokenAnswer) result {
	r := result{OrderID: a.OrderID}
	if a.Order.Action == ActionCreateInstance {
		r.InstanceID = a.InstanceID
	}
	return r
}

// Provider document: CreateInstance. Prepaid, charged at once; a user can have
// only one. An expired instance that nobody released still counts.
func (s *Sandbox) create(o order, now time.Time) (sale, *apiError) {
	if e := s.checkCount(o); e != nil {
		return sale{}, e
	}
	if s.held(o.OwnerID) != nil {
		return sale{}, refuse(http.StatusBadRequest, "InstanceAlreadyExists", "The user already has an instance; only one can be created.")
	}
	fen := termFen(o.VersionCode, o.BuyNumber, o.months())
	end := addMonths(now, o.months())
	in := &Instance{
		InstanceID: newInstanceID(), OwnerID: o.OwnerID, CreatedAt: s.moment(), PaidFen: fen,
		AutoRenew: o.IsAutoRenew,
		Periods: []Period{{
			Start: now, End: end, VersionCode: o.VersionCode, BuyNumber: o.BuyNumber,
			TermStart: now, TermMonths: o.months(), PaidFen: fen,
		}},
	}
	if o.IsAutoRenew {
		in.AutoRenewMonths = o.AutoRenewDuration
	}
	return sale{instance: in, fen: fen, from: now, to: end}, nil
}

// Provider document: RenewInstance. It starts at the current expiry, even where
// that is past, and the instance must not be released. The edition stays; the
// count of the new term is BuyNumber, and what runs now keeps its own.
func (s *Sandbox) renew(o order, _ time.Time) (sale, *apiError) {
	in, e := s.find(o.OwnerID, o.InstanceID)
	if e != nil {
		return sale{}, e
	}
	if e := s.checkCount(o); e != nil {
		return sale{}, e
	}
	version, _ := in.Covered(in.End())
	fen := termFen(version, o.BuyNumber, o.months())
	next := in.extended(o.months(), o.BuyNumber, fen)
	return sale{instance: next, fen: fen, from: in.End(), to: next.End()}, nil
}

// Provider document: UpgradeInstance, "只能往上升" (only up). That an expired
// instance cannot be upgraded is the sandbox's own: nothing is left to lift, and
// the fee would be nothing.
func (s *Sandbox) upgrade(o order, now time.Time) (sale, *apiError) {
	in, e := s.find(o.OwnerID, o.InstanceID)
	if e != nil {
		return sale{}, e
	}
	if e := s.checkCount(o); e != nil {
		return sale{}, e
	}
	if !now.Before(in.End()) {
		return sale{}, refuse(http.StatusBadRequest, "InstanceExpired", "The specified instance has expired; renew it first.")
	}
	if !in.isUp(now, o.VersionCode, o.BuyNumber) {
		return sale{}, refuse(http.StatusBadRequest, "InvalidUpgrade.NotHigher", "An instance can only be upgraded: neither edition nor number may fall, and one must rise.")
	}
	next, fen := in.upgraded(now, o.VersionCode, o.BuyNumber)
	return sale{instance: next, fen: fen, from: now, to: in.End()}, nil
}

// Provider document: RefundInstance. It releases, and pays money back.
func (s *Sandbox) refund(keyID string, owner int64, instanceID string) (*apiError, error) {
	if err := s.settle(owner); err != nil {
		return nil, err
	}
	in, e := s.find(owner, instanceID)
	if e != nil {
		return e, nil
	}
	now := s.calendar()
	fen, inFull := refundFen(in, in.sinceBought(s.moment()), s.state.fullRefunds[ownerYear{owner, beijingYear(now)}])
	version, machines := in.Covered(now)
	return nil, s.release(in, now, &Entry{
		At: now, OwnerID: owner, Action: ActionRefundInstance, Kind: Refund, AccessKeyID: keyID,
		InstanceID: instanceID, AmountFen: fen, InFull: inFull,
		PeriodStart: now, PeriodEnd: in.End(), VersionCode: version, BuyNumber: machines,
	})
}

// countOf: "实例数为用户的ECS和RDS实例数之和", and 1 for a user without machines, so
// that nothing is sold for nothing.
func (s *Sandbox) countOf(owner int64) int {
	n, set := s.state.machines[owner]
	if !set {
		if n, set = s.cfg.Machines[owner]; !set {
			n = s.cfg.DefaultMachines
		}
	}
	return max(n, 1)
}

// checkCount: BuyNumber comes from GetInstanceCount, "后端会做校验" (checked here).
func (s *Sandbox) checkCount(o order) *apiError {
	if n := s.countOf(o.OwnerID); o.BuyNumber != n {
		return refuse(http.StatusBadRequest, "InvalidBuyNumber.Mismatch", "The specified BuyNumber is not the user's number of instances.")
	}
	return nil
}

// held is the owner's unreleased instance, or nil.
func (s *Sandbox) held(owner int64) *Instance {
	return s.state.instances[s.state.current[owner]]
}

// find is the instance a call names. One that belongs to somebody else is not
// found: whose it is, is nobody's business.
func (s *Sandbox) find(owner int64, instanceID string) (*Instance, *apiError) {
	in, ok := s.state.instances[instanceID]
	if !ok || in.OwnerID != owner {
		return nil, refuse(http.StatusNotFound, "InvalidInstanceId.NotFound", "The specified instance is not found.")
	}
	if in.Released() {
		return nil, refuse(http.StatusBadRequest, "InvalidInstance.Released", "The specified instance has been released.")
	}
	return in, nil
}
