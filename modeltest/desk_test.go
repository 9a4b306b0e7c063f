package modeltest

import (
	"errors"
	"slices"

	"pgregory.net/rapid"

	"portal/models"
	"portal/provider/sandbox"
	"portal/store"
)

// operatorLooks: one of two operators does something about an order in review, by
// what the provider's ledger says; or the setting that asks for both is changed.
func (s *schedule) operatorLooks(r *rapid.T) {
	queue, err := s.db.InReview(s.ctx, s.operators[0], 0, 100)
	s.must(err)
	if len(queue) == 0 {
		r.Skip("nothing is in review")
	}
	if rapid.IntRange(0, 9).Draw(r, "setting") == 9 {
		s.must(s.db.SetSettleByTwo(s.ctx, rapid.Bool().Draw(r, "by two")))
		return
	}
	o := one(r, "order", queue)
	who := one(r, "who", s.operators)
	release := o.ReleasedAt == nil && rapid.IntRange(0, 2).Draw(r, "release") == 2
	s.decides(who, o, release, rapid.IntRange(0, 3).Draw(r, "declines") == 3)
}

// decides is one look of one operator's at one order.
func (s *schedule) decides(who models.Viewer, o store.ReviewedOrder, release, declines bool) {
	if s.mayStillArrive(o.Order) {
		return // look twice: what is under way arrives, or grows too old
	}
	d := s.verdict(o.Order)
	if d.As == models.VerdictCompleted && (release || o.Proposal != nil && o.Proposal.Reason.Proposes() == models.VerdictReleased) {
		s.retold[o.AccountID] = true // what is ordered from now on goes by less than was done
	}
	var err error
	switch p := o.Proposal; {
	case p != nil && declines:
		err = s.db.DeclineProposal(s.ctx, o.Number, store.Confirmation{Proposal: p.ID, By: models.By{Viewer: who}, Note: "once more"})
	case p != nil:
		err = s.db.ConfirmProposal(s.ctx, o.Number, store.Confirmation{Proposal: p.ID, By: models.By{Viewer: who}, Note: "so it is"})
	default:
		if release {
			d = store.Settlement{As: models.VerdictReleased}
		}
		d.Note, d.By = "as the ledger says", models.By{Viewer: who}
		_, err = s.db.SettleOrder(s.ctx, o.Number, d)
		if errors.Is(err, models.ErrMovedOn) {
			err = s.records(o.Order, d)
		}
	}
	if err == nil || errors.As(err, new(*models.OpenOrderError)) || errors.Is(err, models.ErrOwnProposal) {
		return
	}
	if p := o.Proposal; p != nil && (errors.Is(err, models.ErrMovedOn) || errors.Is(err, models.ErrConflict)) {
		// It was right when it was made.
		s.must(s.db.DeclineProposal(s.ctx, o.Number, store.Confirmation{Proposal: p.ID, By: models.By{Viewer: who}, Note: "not any more"}))
		return
	}
	s.r.Fatalf("deciding about %s: %v", o.Number, err)
}

// verdict is the truth about an order.
func (s *schedule) verdict(o models.Order) store.Settlement {
	for _, e := range s.box.Ledger() {
		if o.Kind != models.Refund && e.ClientToken == o.ClientToken ||
			o.Kind == models.Refund && e.Kind == sandbox.Refund && s.refunds[e.InstanceID] == o.ID && !s.inferred(o) {
			return store.Settlement{As: models.VerdictCompleted, ProviderOrderID: e.OrderID, InstanceID: e.InstanceID}
		}
	}
	return store.Settlement{As: models.VerdictRejected}
}

// inferred: another refund of the same instance found it gone and counts as what
// this one did. The ledger names no token for a refund, and an instance is given
// back once.
func (s *schedule) inferred(o models.Order) bool {
	return slices.ContainsFunc(s.orders(), func(other models.Order) bool {
		return other.ID != o.ID && other.Kind == models.Refund && other.InstanceID == o.InstanceID && other.Done()
	})
}

// records keeps what was done by a released order beside which the account's
// history has gone on, where there is an entry for it, and settles the order as
// recorded.
func (s *schedule) records(o models.Order, d store.Settlement) error {
	e := models.OutsideEvent{AccountID: o.AccountID, InstanceID: d.InstanceID, Reason: "in the ledger"}
	for _, in := range s.box.Instances() {
		if in.InstanceID != d.InstanceID {
			continue
		}
		last := in.Periods[len(in.Periods)-1]
		e.Edition, e.InstanceCount, e.EndsAt = s.edition(last.VersionCode), last.BuyNumber, &last.End
		if in.Released() {
			e.EndsAt = in.ReleasedAt
		}
	}
	switch o.Kind {
	case models.Renew:
		e.Kind = models.Renewed
	case models.Refund:
		e.Kind = models.Released
	}
	if e.Kind != "" {
		_, err := s.db.Record(s.ctx, models.By{Viewer: s.operators[0]}, e, nil)
		if errors.As(err, new(*models.OpenOrderError)) {
			return err
		}
		if err != nil && !errors.Is(err, models.ErrConflict) && !errors.Is(err, models.ErrNotSubscribed) && !errors.Is(err, models.ErrTooEarly) {
			return err
		}
	}
	s.retold[o.AccountID] = true
	d.As, d.ProviderOrderID, d.InstanceID = models.VerdictRecorded, "", ""
	_, err := s.db.SettleOrder(s.ctx, o.Number, d)
	return err
}

func (s *schedule) edition(versionCode string) models.Edition {
	for _, e := range s.book.Editions() {
		if s.book.VersionCode(e) == versionCode {
			return e
		}
	}
	return ""
}
