package store

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"gorm.io/gorm"

	"portal/failpoint"
	"portal/models"
)

// Settlement is an operator's decision about an order in review.
type Settlement struct {
	As              models.Verdict
	Note            string // why, in the operator's words; required
	ProviderOrderID string // required to complete all but a refund
	InstanceID      string // required to complete a buy
	By              models.By
	// Seen is the evidence that the operator looked at (models.Evidence.Mark);
	// empty for who looked at no page.
	Seen string
}

// SettleOrder ends the review of an order, or releases its account while the
// review goes on. Where the portal asks for two operators (SetSettleByTwo), it
// only proposes that, and proposed is true: ConfirmProposal does it.
//
// Only an order in review can be settled (models.ErrConflict otherwise), and
// once: of two operators at the same moment the second one finds it settled. The
// account is locked before its history and the order are read, so that no entry
// from outside, no new order and no other decision comes in between.
//
// models.ErrProposed while a proposal stands, models.ErrNewEvidence when
// something became known since d.Seen, models.ErrExists for an instance that is
// another account's, models.ErrUnsent for a completion of what never reached the
// provider. What was released can be completed only as long as nothing
// else has happened to what the account holds (models.ErrMovedOn) and no other
// order may yet (models.OpenOrderError), and recorded only after that
// (models.ErrNotMovedOn).
func (s *Store) SettleOrder(ctx context.Context, number string, d Settlement) (proposed bool, err error) {
	d.Note = strings.TrimSpace(d.Note)
	d.ProviderOrderID, d.InstanceID = strings.TrimSpace(d.ProviderOrderID), strings.TrimSpace(d.InstanceID)
	if d.Note == "" {
		return false, errors.New("settling needs a reason: what was seen at the provider, and by whom")
	}
	err = s.review(ctx, number, d.Seen, func(tx *gorm.DB, e models.Evidence) error {
		if models.Proposal(e.Events) != nil {
			return models.ErrProposed
		}
		m, err := s.settlement(tx, e, d)
		if err != nil {
			return err
		}
		if proposed, err = settleByTwo(tx); err != nil {
			return err
		}
		if !proposed {
			return s.decided(tx, d.By, m, settled(d.As), nil)
		}
		m.to, m.reason, m.set = e.Order.Status, d.As.Proposed(), nil
		m.providerOrderID, m.instanceID = d.ProviderOrderID, d.InstanceID
		return s.decided(tx, d.By, m, models.SettlementProposed, nil)
	})
	return proposed && err == nil, err
}

// Confirmation is what a second operator says to a proposal.
type Confirmation struct {
	Proposal int64 // the id of its event: the one that they looked at, and no later one
	By       models.By
	Note     string // in their words; a reason is required to decline
	Seen     string // as in Settlement
}

// ConfirmProposal does what was proposed for an order. models.ErrConflict says
// that the proposal does not stand any more, models.ErrOwnProposal that the actor
// made it; otherwise as SettleOrder.
func (s *Store) ConfirmProposal(ctx context.Context, number string, c Confirmation) error {
	return s.review(ctx, number, c.Seen, func(tx *gorm.DB, e models.Evidence) error {
		p, err := standing(e, c.Proposal)
		if err != nil {
			return err
		}
		if c.By.Actor() == p.Actor || c.By.Nobody() {
			return models.ErrOwnProposal
		}
		// What was true when it was proposed need not be any more.
		m, err := s.settlement(tx, e, Settlement{
			As: p.Reason.Proposes(), ProviderOrderID: p.ProviderOrderID, InstanceID: p.InstanceID,
			By: c.By, Note: strings.TrimSpace(c.Note),
		})
		if err != nil {
			return err
		}
		return s.decided(tx, c.By, m, settled(p.Reason.Proposes()), p)
	})
}

// DeclineProposal ends a proposal, and the order stays in review: withdrawn by
// who made it, declined by anybody else. models.ErrConflict says that it does
// not stand any more.
func (s *Store) DeclineProposal(ctx context.Context, number string, c Confirmation) error {
	c.Note = strings.TrimSpace(c.Note)
	if c.Note == "" {
		return errors.New("ending a proposal needs a reason")
	}
	return s.review(ctx, number, "", func(tx *gorm.DB, e models.Evidence) error {
		p, err := standing(e, c.Proposal)
		if err != nil {
			return err
		}
		now, err := s.at(tx)
		if err != nil {
			return err
		}
		m := move{order: e.Order, at: now, to: e.Order.Status, reason: models.ReasonDeclined, actor: c.By.Actor(), note: c.Note}
		what := models.ProposalDeclined
		if m.actor == p.Actor {
			m.reason, what = models.ReasonWithdrawn, models.ProposalWithdrawn
		}
		return s.decided(tx, c.By, m, what, p)
	})
}

// settled is the kind of change that a decision is.
func settled(as models.Verdict) models.ChangeKind {
	if as == models.VerdictReleased {
		return models.OrderReleased
	}
	return models.OrderSettled
}

// standing is the proposal with this id, as long as it stands.
func standing(e models.Evidence, id int64) (*models.Event, error) {
	p := models.Proposal(e.Events)
	if p == nil || p.ID != id {
		return nil, models.ErrConflict
	}
	return p, nil
}

// review runs f on an order in review, with its account locked and everything
// that is on record of it read behind that lock.
func (s *Store) review(ctx context.Context, number, seen string, f func(*gorm.DB, models.Evidence) error) error {
	return s.step(ctx, failpoint.Settle, func(tx *gorm.DB) error {
		order, err := first[models.Order](tx.Where("number = ?", number))
		if err != nil {
			return err
		}
		if err := s.lockAccount(tx, order.AccountID); err != nil {
			return err
		}
		if order, err = first[models.Order](tx.Where("id = ?", order.ID)); err != nil {
			return err
		}
		e, err := evidence(tx, order)
		switch {
		case err != nil:
			return err
		case e.Order.Status != models.NeedsReview:
			return models.ErrConflict
		case seen != "" && seen != e.Mark():
			return models.ErrNewEvidence
		}
		return f(tx, e)
	})
}

// evidence is everything that is on record of an order.
func evidence(db *gorm.DB, o models.Order) (models.Evidence, error) {
	events, err := eventsOf(db, o.ID)
	if err != nil {
		return models.Evidence{}, err
	}
	attempts, err := attemptsOf(db, o.ID)
	return models.Evidence{Order: o, Events: events[o.ID], Attempts: attempts}, err
}

// settlement is the step that does what an operator decided, or why it can't be
// done.
func (s *Store) settlement(tx *gorm.DB, e models.Evidence, d Settlement) (move, error) {
	o := e.Order
	m := move{order: o, actor: d.By.Actor(), note: d.Note, reason: models.ReasonSettled}
	var err error
	switch d.As {
	case models.VerdictCompleted:
		m.to = models.Completed
		if m.set, err = s.settledAsDone(tx, o, d); e.Unsent() {
			err = models.ErrUnsent
		}
	case models.VerdictRejected:
		m.to = models.Rejected
	case models.VerdictRecorded:
		m.to, m.reason = models.Rejected, models.ReasonRecorded
		err = movedOn(tx, o)
		if o.ReleasedAt == nil || err == nil {
			err = models.ErrNotMovedOn
		} else if errors.Is(err, models.ErrMovedOn) {
			err = nil
		}
	case models.VerdictReleased:
		m.to, m.reason = o.Status, models.ReasonReleased
		if o.ReleasedAt != nil {
			err = models.ErrConflict
		}
	default:
		err = fmt.Errorf("an order in review is settled as completed, rejected or recorded, or its account released; not as %q", d.As)
	}
	if err != nil {
		return m, err
	}
	if m.at, err = s.at(tx); err == nil && d.As == models.VerdictReleased {
		m.set = map[string]any{"released_at": m.at}
	}
	return m, err
}

// settledAsDone is what becomes true of an order that an operator found done.
func (s *Store) settledAsDone(tx *gorm.DB, o models.Order, d Settlement) (map[string]any, error) {
	if err := movedOn(tx, o); err != nil {
		return nil, err
	}
	switch {
	case o.Kind == models.Buy && (d.ProviderOrderID == "" || d.InstanceID == ""):
		return nil, errors.New("completing a purchase needs the provider's OrderId and InstanceId: read both in the provider's console")
	case o.Kind != models.Refund && d.ProviderOrderID == "":
		return nil, errors.New("completing this order needs the provider's OrderId: read it in the provider's console")
	case o.Kind == models.Buy:
		if taken, err := s.instanceOfAnother(tx, d.InstanceID, o.AccountID); err != nil {
			return nil, err
		} else if taken {
			return nil, fmt.Errorf("instance %s belongs to another account, read the InstanceId in the provider's console again: %w", d.InstanceID, models.ErrExists)
		}
	}
	if other, err := s.orderWithID(tx, d.ProviderOrderID); err != nil {
		return nil, err
	} else if other != "" {
		return nil, &models.OrderIDTakenError{ProviderOrderID: d.ProviderOrderID, Number: other}
	}
	return completion(tx, o, models.Answer{ProviderOrderID: d.ProviderOrderID, InstanceID: d.InstanceID})
}

// orderWithID is the number of the order that has this OrderId of the provider's,
// empty for none. It locks the id, because two operators may settle two orders
// with it at the same moment.
func (s *Store) orderWithID(tx *gorm.DB, providerOrderID string) (string, error) {
	if providerOrderID == "" {
		return "", nil
	}
	if err := s.lockNames(tx, "order-id:"+providerOrderID); err != nil {
		return "", err
	}
	order, err := first[models.Order](tx.Where("provider_order_id <> '' AND provider_order_id = ?", providerOrderID))
	if errors.Is(err, models.ErrNotFound) {
		err = nil
	}
	return order.Number, err
}

// movedOn says why an order can't be completed by hand any more:
// models.ErrMovedOn when something was completed for the account, or recorded,
// since the order was quoted; a models.OpenOrderError while another order may
// still be.
//
// A history is replayed by the orders' ids. An order that is completed while it
// stands where it stood when the order was placed comes last in it, behind
// everything that the customer knew of, and before everything that is ordered
// from then on; it is as if the order had never been released. While an order
// holds its account nothing else can happen to it, so this asks only of those
// that were released.
func movedOn(tx *gorm.DB, o models.Order) error {
	quote, err := first[models.Quote](tx.Where("id = ?", o.QuoteID))
	if err != nil {
		return err
	}
	known, err := history(tx, o.AccountID, o.PlacedAt)
	if err != nil {
		return err
	}
	if known.Seen() != (models.Seen{LastOrderID: quote.LastOrderID, LastOutsideID: quote.LastOutsideID}) {
		return models.ErrMovedOn
	}
	other, err := openOrder(tx.Where("id <> ?", o.ID), o.AccountID)
	if err == nil && other != nil {
		err = &models.OpenOrderError{Number: other.Number}
	}
	return err
}

// Completable says why an order in review can't be completed by hand, as
// SettleOrder would; nil when it can.
func (s *Store) Completable(ctx context.Context, o models.Order) error {
	return s.snapshot(ctx, func(tx *gorm.DB) error { return movedOn(tx, o) })
}

// settingByTwo is the setting that says whether settling takes two operators.
const settingByTwo = "settle_by_two"

// SetSettleByTwo says whether a second operator has to confirm what one decides
// about an order in review. The database keeps it, so that commands and every
// replica go by the same.
func (s *Store) SetSettleByTwo(ctx context.Context, two bool) error {
	value := "no"
	if two {
		value = "yes"
	}
	if is, err := setting(s.read.WithContext(ctx), settingByTwo); err != nil || is == value {
		return err
	}
	return s.tx(ctx, func(tx *gorm.DB) error { return set(tx, settingByTwo, value) })
}

// SettleByTwo says whether settling takes two operators.
func (s *Store) SettleByTwo(ctx context.Context) (bool, error) {
	return settleByTwo(s.read.WithContext(ctx))
}

func settleByTwo(db *gorm.DB) (bool, error) {
	value, err := setting(db, settingByTwo)
	return value == "yes", err
}
