package modeltest

import (
	"fmt"
	"time"

	"portal/models"
	"portal/provider/sandbox"
)

// same says what of a completed order is not as the ledger has it. A purchase and
// a renewal are exact. What an upgrade and a refund cost depends on the time, and
// both reckon it by themselves: the ledger's sum lies among those that the price
// book gives for when it can have been, and where nothing has taken any time that
// is one sum, but for rounding.
func (s *schedule) same(o models.Order, e sandbox.Entry) []string {
	if e.Action != actions[o.Kind] || e.OwnerID != o.OwnerID || e.InstanceID != o.InstanceID ||
		o.Kind != models.Refund && e.OrderID != o.ProviderOrderID {
		return []string{fmt.Sprintf("%s is not what the ledger says: %+v and %+v", o.Number, o, e)}
	}
	least, most := o.TotalFen, o.TotalFen
	if o.Kind != models.Buy && s.retold[o.AccountID] {
		return nil
	}
	if o.Kind == models.Upgrade || o.Kind == models.Refund {
		least, most = s.between(o, e)
	}
	if fen := models.Fen(e.AmountFen); fen < least || fen > most {
		return []string{fmt.Sprintf("%s, a %s, is of %d fen (%d to %d), and the ledger says %d", o.Number, o.Kind, o.TotalFen, least, most, fen)}
	}
	return nil
}

// rounding is by how many fen two sums may differ that are made of the same lines.
const rounding = 4

// between are the least and the most that an upgrade or refund can have been of.
func (s *schedule) between(o models.Order, e sandbox.Entry) (least, most models.Fen) {
	t := s.led[o.QuoteID].tab
	least, most = o.TotalFen, o.TotalFen
	off := t.quote.CreatedAt.Sub(e.At).Abs() + s.drift(o.AccountID) + time.Second // the ledger's times are whole seconds
	for _, d := range []time.Duration{-off, off} {
		at := t.quote.CreatedAt.Add(d)
		if at.Before(t.held.Subscription.StartsAt) {
			at = t.held.Subscription.StartsAt
		}
		fen := models.Fen(0) // after the end
		if price, err := s.price(t.quote, t.held, at); err == nil {
			fen = price.TotalFen
		}
		least, most = min(least, fen), max(most, fen)
	}
	return least - s.apart(o) - rounding, most + s.apart(o) + rounding
}

// drift is how far the dates of an account's record are from the provider's, all
// together: the portal counts from the first attempt that may have done it.
func (s *schedule) drift(account int64) time.Duration {
	var sum time.Duration
	for _, o := range s.orders() {
		if o.AccountID != account || o.Status != models.Completed || o.Kind != models.Buy && o.Kind != models.Upgrade {
			continue
		}
		for _, e := range s.box.Ledger() {
			if e.ClientToken == o.ClientToken {
				sum += o.StartsAt.Sub(e.At).Truncate(time.Second).Abs()
			}
		}
	}
	return sum
}

// apart is how far the sums of an account's earlier upgrades are, all together: a
// refund is reckoned from what was paid.
func (s *schedule) apart(o models.Order) models.Fen {
	var sum models.Fen
	for _, other := range s.orders() {
		if other.AccountID != o.AccountID || other.ID >= o.ID || other.Kind != models.Upgrade {
			continue
		}
		for _, e := range s.box.Ledger() {
			if e.ClientToken == other.ClientToken {
				off := other.TotalFen - models.Fen(e.AmountFen)
				sum += 2*max(off, -off) + rounding
			}
		}
	}
	return sum
}
