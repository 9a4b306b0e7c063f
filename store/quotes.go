package store

import (
	"context"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"portal/failpoint"
	"portal/models"
)

// AddQuote keeps a quote for an account that the viewer may see. It fills in
// the id, the asking user and CreatedAt; the caller has set everything else. It
// is refused as models.May says, and with models.ErrConflict when the account's
// history is no longer the one that it was priced by. The account is locked
// while its history is read, so that it is read as it was at one moment; whether
// it still is the same is asked again when the quote is placed.
func (s *Store) AddQuote(ctx context.Context, v models.Viewer, q models.Quote) (models.Quote, error) {
	if !v.May(models.ActOrder) {
		return q, models.ErrForbidden
	}
	id, err := uuid.NewV7() // time-ordered: inserts go to the end of the index
	if err != nil {
		return q, err
	}
	err = s.step(ctx, failpoint.Quote, func(tx *gorm.DB) error {
		if _, err := first[models.Account](visible(tx, v, models.ActOrder, "id").Where("id = ?", q.AccountID)); err != nil {
			return err
		}
		if err := s.lockAccount(tx, q.AccountID); err != nil {
			return err
		}
		now, err := s.at(tx)
		if err != nil {
			return err
		}
		known, err := history(tx, q.AccountID, now)
		if err != nil {
			return err
		}
		if err := models.May(q.Kind, known.Subscription, now); err != nil {
			return err
		}
		if stale(q, known) {
			return models.ErrConflict
		}
		q.ID, q.UserID, q.CreatedAt = id.String(), v.User.ID, now
		return create(tx, &q)
	})
	return q, err
}

// Quote finds a quote that the viewer may see.
func (s *Store) Quote(ctx context.Context, v models.Viewer, id string) (models.Quote, error) {
	q, err := first[models.Quote](visible(s.read.WithContext(ctx), v, models.ActLook, "account_id").Where("id = ?", id))
	return q.For(v), err
}

// stale says whether something happened to what the account holds since the
// history that a quote was made by. Time alone may have done it: an end that
// passes with auto-renewal on moves on.
func stale(q models.Quote, known models.History) bool {
	if q.LastOrderID != known.LastOrderID || q.LastOutsideID != known.LastOutsideID {
		return true
	}
	return q.Held != nil && (known.Subscription == nil || !q.Held.EndsAt.Equal(known.Subscription.EndsAt))
}
