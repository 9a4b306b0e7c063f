package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"portal/models"
)

// StartView lets the session with this id look at an account's pages as its
// customers see them, until it leaves or models.ViewFor is over. It stands in the
// session's row, where nobody but the portal writes.
//
// models.ErrForbidden for who may not, models.ErrNotFound for an account of
// others, models.ErrConflict for a session that is over or in a view already.
func (s *Store) StartView(ctx context.Context, by models.By, session string, accountID int64) error {
	return s.tx(ctx, func(tx *gorm.DB) error {
		if !by.May(models.ActView) {
			return models.ErrForbidden
		}
		account, err := first[models.Account](visible(tx, by.Viewer, models.ActView, "id").Where("id = ?", accountID))
		if err != nil {
			return err
		}
		now, err := s.at(tx)
		if err != nil {
			return err
		}
		result := tx.Exec(`UPDATE sessions SET view_account_id = ?, view_since = ? WHERE id_hash = ? AND user_id = ? AND view_since IS NULL`,
			account.ID, now, hashSession(session), by.User.ID)
		if result.Error != nil {
			return result.Error
		}
		if result.RowsAffected != 1 {
			return models.ErrConflict
		}
		view := models.View{AccountID: account.ID, Since: now}
		return addChange(tx, by, now, models.Change{AccountID: account.ID, UserID: by.User.ID, What: models.ViewStarted, After: view.Facts()})
	})
}

// EndView ends a view of the session with this id, and writes that down once. One
// that has ended already is no error.
func (s *Store) EndView(ctx context.Context, by models.By, session string, view models.View) error {
	return s.tx(ctx, func(tx *gorm.DB) error {
		now, err := s.at(tx)
		if err != nil {
			return err
		}
		return endView(tx, by, now, hashSession(session), view)
	})
}

// endView ends a view, and writes it down if it was this one that ended it.
func endView(tx *gorm.DB, by models.By, now time.Time, idHash string, view models.View) error {
	result := tx.Exec(`UPDATE sessions SET view_account_id = NULL, view_since = NULL WHERE id_hash = ? AND view_since = ?`, idHash, view.Since)
	if result.Error != nil || result.RowsAffected == 0 {
		return result.Error
	}
	return viewEnded(tx, by, now, view)
}

func viewEnded(tx *gorm.DB, by models.By, now time.Time, view models.View) error {
	return addChange(tx, by, now, models.Change{
		AccountID: view.AccountID, UserID: by.User.ID, What: models.ViewEnded, Before: view.Facts(),
	})
}

// endSessions deletes sessions, and writes down the views that end with them.
func endSessions(tx *gorm.DB, now time.Time, condition string, args ...any) (int64, error) {
	var ended []sessionRow
	err := tx.Raw(`DELETE FROM sessions WHERE `+condition+` RETURNING id_hash, user_id, created_at, seen_at, view_account_id, view_since`, args...).Scan(&ended).Error
	if err != nil {
		return 0, err
	}
	for _, row := range ended {
		if view := row.view(); view != nil {
			if err := viewEnded(tx, row.by(), now, *view); err != nil {
				return 0, err
			}
		}
	}
	return int64(len(ended)), nil
}

// sweepViews ends the views that are over, of people who ask for nothing more.
func sweepViews(tx *gorm.DB, now time.Time) error {
	var over []sessionRow
	if err := tx.Where("view_since <= ?", now.Add(-models.ViewFor)).Order("id_hash").Find(&over).Error; err != nil {
		return err
	}
	for _, row := range over {
		if err := endView(tx, row.by(), now, row.IDHash, *row.view()); err != nil {
			return err
		}
	}
	return nil
}

// by is whose session it is, where no request of theirs does something.
func (r sessionRow) by() models.By {
	return models.By{Viewer: models.Viewer{User: models.User{ID: r.UserID}}}
}

// view is the one that the session is in, nil for none.
func (r sessionRow) view() *models.View {
	if r.ViewAccountID == nil || r.ViewSince == nil {
		return nil
	}
	return &models.View{AccountID: *r.ViewAccountID, Since: *r.ViewSince}
}
