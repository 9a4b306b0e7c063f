package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"portal/failpoint"
	"portal/models"
)

// clockSlack is how far the clock may step back before open orders are looked
// at because of it.
const clockSlack = 5 * time.Second

// Due lists the orders that need a worker now, those waiting longest first:
// placed or unknown and due, sending with a lease that has run out, or waiting
// for an approval that nobody gave. They
// are found in the database, so that a restart forgets none and every replica
// finds all. Several may find the same one: Claim and Advance let one through.
func (s *Store) Due(ctx context.Context, limit int) ([]int64, error) {
	db := s.read.WithContext(ctx)
	now, err := s.at(db)
	if err != nil {
		s.Notice(err)
		return nil, err
	}
	var ids []int64
	err = db.Raw(`
		SELECT id FROM orders
		WHERE status IN ('awaiting_approval', 'placed', 'unknown') AND due_at <= @now
		   OR status = 'sending' AND lease_until <= @now
		   OR status IN ('placed', 'sending', 'unknown') AND updated_at > @later
		ORDER BY coalesce(due_at, lease_until), id LIMIT @limit`,
		map[string]any{"now": now, "later": now.Add(clockSlack), "limit": limit}).Scan(&ids).Error
	s.Notice(err)
	return ids, err
}

// Work is an order with what it takes to decide what is next for it.
type Work struct {
	Order    models.Order
	Attempts []models.Attempt // oldest first
	// Now is the time, by the clock that leases and due times are set by. It is no
	// earlier than anything in the order and its attempts, unless that clock went back.
	Now time.Time
}

// Work reads an order with its attempts in one snapshot.
func (s *Store) Work(ctx context.Context, id int64) (Work, error) {
	var work Work
	err := s.snapshot(ctx, func(tx *gorm.DB) (err error) {
		if work.Order, err = first[models.Order](tx.Where("id = ?", id)); err != nil {
			return err
		}
		if work.Attempts, err = attemptsOf(tx, id); err != nil {
			return err
		}
		work.Now, err = s.at(tx) // last: what was committed meanwhile must not lie in its future
		return err
	})
	return work, err
}

// Claim makes the caller the one who may send the order: it moves the order to
// sending under a new claim and commits the attempt, before anything is sent.
// models.ErrConflict says that another worker was quicker, here or in another
// replica: both read the order before, and transition lets one through.
//
// A crash after the commit leaves an attempt without an answer. Whether it was
// sent nobody can know, so it counts as unknown once the lease has run out.
func (s *Store) Claim(ctx context.Context, o models.Order, request string, lease time.Duration) (models.Order, models.Attempt, error) {
	var attempt models.Attempt
	var until time.Time
	err := s.step(ctx, failpoint.Claim, func(tx *gorm.DB) error {
		// Inside the transaction: waiting for it must not eat the lease.
		now, err := s.at(tx)
		if err != nil {
			return err
		}
		until = now.Add(lease)
		attempt = models.Attempt{OrderID: o.ID, Number: o.Attempts + 1, Claim: o.Claim + 1, StartedAt: now, Request: request}
		return s.transition(tx, move{
			order: o, at: now, to: models.Sending, reason: models.ReasonClaimed, actor: workerActor, attempt: attempt.Number,
			begin: &attempt,
			set:   map[string]any{"claim": attempt.Claim, "attempts": attempt.Number, "lease_until": until},
		})
	})
	if err != nil {
		return o, attempt, err
	}
	o.Status, o.Claim, o.Attempts, o.LeaseUntil, o.DueAt = models.Sending, attempt.Claim, attempt.Number, &until, nil
	return o, attempt, nil
}

// Next is where an order goes from here.
type Next struct {
	Status models.Status
	Reason models.Reason
	Wait   time.Duration // for placed and unknown: how long from now until it is sent again
}

// Answer writes what came of an attempt, once, and moves the order. When the
// claim has been taken over meanwhile, the answer is kept as evidence, marked
// late and with an event of its own, the order stays as it is, and
// models.ErrConflict is returned.
//
// The account is locked first, because what a completed order did depends on
// the account's history, and becomes part of it.
//
// A crash before the commit loses the answer: the attempt counts as unknown,
// and the same call is sent again. When the connection breaks at the commit,
// nobody can tell whether that went through; called again, Answer finds out.
func (s *Store) Answer(ctx context.Context, o models.Order, attempt models.Attempt, a models.Answer, next Next) error {
	err := s.step(ctx, failpoint.Answer, func(tx *gorm.DB) error {
		if err := s.lockAccount(tx, o.AccountID); err != nil {
			return err
		}
		now, err := s.at(tx)
		if err != nil {
			return err
		}
		if err := writeAnswer(tx, now, attempt, a, false); err != nil {
			return err
		}
		failpoint.Hit(failpoint.AnswerWritten)
		set := map[string]any{"code": a.Code, "message": a.Message}
		if a.RequestID != "" {
			set["request_id"] = a.RequestID
		}
		if next.Status == models.Completed {
			if set, err = completion(tx, o, a); err != nil {
				return err
			}
		}
		if next.Status == models.Placed || next.Status == models.Unknown {
			set["due_at"] = now.Add(next.Wait)
		}
		return s.transition(tx, move{
			order: o, at: now, to: next.Status, reason: next.Reason, actor: workerActor, attempt: attempt.Number, set: set,
		})
	})
	if errors.Is(err, models.ErrConflict) {
		// Only evidence that has been written is a conflict; else the caller tries again.
		if late := s.step(ctx, failpoint.Late, func(tx *gorm.DB) error { return s.keepLate(tx, attempt, a) }); late != nil {
			return fmt.Errorf("keeping a late answer: %w", late)
		}
	} else if err != nil {
		if kept, read := first[models.Attempt](s.read.WithContext(ctx).Where("id = ?", attempt.ID)); read == nil && keeps(kept, a) {
			if kept.Late {
				return models.ErrConflict
			}
			return nil
		}
	}
	return err
}

// keepLate keeps an answer that moves nothing.
func (s *Store) keepLate(tx *gorm.DB, attempt models.Attempt, a models.Answer) error {
	now, err := s.at(tx)
	if err != nil {
		return err
	}
	if err := writeAnswer(tx, now, attempt, a, true); err != nil {
		return err
	}
	// Locked, as a move locks it: its events are one chain.
	order, err := first[models.Order](tx.Where("id = ?", attempt.OrderID).Clauses(clause.Locking{Strength: "NO KEY UPDATE"}))
	if err != nil {
		return err
	}
	return addEvent(tx, models.Event{
		OrderID: order.ID, At: now, From: order.Status, To: order.Status,
		Reason: models.ReasonLate, Actor: workerActor, Attempt: attempt.Number,
	})
}

// keeps says whether an attempt holds this very answer.
func keeps(attempt models.Attempt, a models.Answer) bool {
	return attempt.Outcome == a.Outcome && attempt.HTTPStatus == a.HTTPStatus && attempt.Code == a.Code &&
		attempt.Message == a.Message && attempt.RequestID == a.RequestID && attempt.Response == a.Response
}

func writeAnswer(tx *gorm.DB, now time.Time, attempt models.Attempt, a models.Answer, late bool) error {
	return tx.Model(&models.Attempt{}).Where("id = ?", attempt.ID).UpdateColumns(map[string]any{
		"answered_at": now, "outcome": a.Outcome, "http_status": a.HTTPStatus, "code": a.Code,
		"message": a.Message, "request_id": a.RequestID, "response": a.Response, "late": late,
	}).Error
}

// Advance moves an order without a call: one that waited too long, lost its
// worker, or can't be sent any more. models.ErrConflict says that another
// worker has moved it since it was read.
func (s *Store) Advance(ctx context.Context, o models.Order, next Next) error {
	return s.step(ctx, failpoint.Advance, func(tx *gorm.DB) error {
		now, err := s.at(tx)
		if err != nil {
			return err
		}
		set := map[string]any{}
		if next.Status == models.Placed || next.Status == models.Unknown {
			set["due_at"] = now.Add(next.Wait)
		}
		return s.transition(tx, move{
			order: o, at: now, to: next.Status, reason: next.Reason, actor: workerActor, attempt: o.Attempts, set: set,
		})
	})
}

const workerActor = "worker"
