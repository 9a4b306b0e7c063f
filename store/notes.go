package store

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"

	"gorm.io/gorm"

	"portal/models"
)

// AddNote keeps what one of the staff wrote about an order. form names the form
// that it was written in, empty for none: the same note from the same form is
// kept once, however often it is sent. models.ErrNotFound for everybody but
// staff, and for an order that is not there.
//
// The order is not touched. The log of changes says that there is another note,
// and from where; its words are in the notes alone.
func (s *Store) AddNote(ctx context.Context, by models.By, number, note, form string) error {
	if !by.May(models.ActNote) {
		return models.ErrNotFound
	}
	note = strings.TrimSpace(note)
	if note == "" {
		return errors.New("a note says something")
	}
	if form == "" {
		form = rand.Text()
	}
	return s.tx(ctx, func(tx *gorm.DB) error {
		order, err := first[models.Order](visible(tx, by.Viewer, models.ActNote, "account_id").Where("number = ?", number))
		if err != nil {
			return err
		}
		n := models.OrderNote{OrderID: order.ID, UserID: by.User.ID, Note: note}
		n.Once = models.NoteOnce(form, n)
		// The second click may arrive beside the first, which has no row yet.
		if err := s.lockNames(tx, "note:"+n.Once); err != nil {
			return err
		}
		if _, err := first[models.OrderNote](tx.Where("once = ?", n.Once)); !errors.Is(err, models.ErrNotFound) {
			return err // nil where it is kept already
		}
		if n.CreatedAt, err = s.at(tx); err != nil {
			return err
		}
		if err := create(tx, &n); err != nil {
			return err
		}
		return addChange(tx, by, n.CreatedAt, models.Change{
			AccountID: order.AccountID, OrderID: order.ID, What: models.OrderNoted, Before: order.Facts(), After: order.Facts(),
		})
	})
}

// Notes lists what staff wrote about an order, oldest first. Everybody else is
// told models.ErrNotFound.
func (s *Store) Notes(ctx context.Context, v models.Viewer, orderID int64) ([]models.OrderNote, error) {
	if !v.May(models.ActNote) {
		return nil, models.ErrNotFound
	}
	var notes []models.OrderNote
	return notes, s.read.WithContext(ctx).Where("order_id = ?", orderID).Order("id").Find(&notes).Error
}
