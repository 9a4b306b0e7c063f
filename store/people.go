package store

import (
	"context"
	"strings"

	"gorm.io/gorm"

	"portal/models"
)

// visible keeps only the rows of accounts that the viewer may do something to.
// column names the row's account.
func visible(db *gorm.DB, v models.Viewer, action models.Action, column string) *gorm.DB {
	switch v.Whose(action) {
	case models.WhoseAccount:
		return db.Where(column+" = ?", v.AccountID())
	case models.WhoseReseller:
		return db.Where(column+" IN (SELECT id FROM accounts WHERE reseller_id = ?)", v.User.ResellerID)
	case models.WhoseAll:
		return db
	case models.WhoseNone:
	}
	return db.Where("1 = 0")
}

// AddAccount adds an account; its OwnerID must be new (models.ErrExists).
func (s *Store) AddAccount(ctx context.Context, a models.Account) (models.Account, error) {
	a.ID, a.CreatedAt = 0, s.now()
	return add(ctx, s, a)
}

// AccountByOwner finds an account by the provider's UID, for commands.
func (s *Store) AccountByOwner(ctx context.Context, ownerID int64) (models.Account, error) {
	return first[models.Account](s.read.WithContext(ctx).Where("owner_id = ?", ownerID))
}

// Account finds an account that the viewer may see.
func (s *Store) Account(ctx context.Context, v models.Viewer, id int64) (models.Account, error) {
	return first[models.Account](visible(s.read.WithContext(ctx), v, models.ActLook, "id").Where("id = ?", id))
}

// Viewed finds an account whose pages the viewer may look at as its customers do.
func (s *Store) Viewed(ctx context.Context, v models.Viewer, id int64) (models.Account, error) {
	return first[models.Account](visible(s.read.WithContext(ctx), v, models.ActView, "id").Where("id = ?", id))
}

// AccountsByID reads the accounts of a page's rows at once.
func (s *Store) AccountsByID(ctx context.Context, v models.Viewer, ids []int64) (map[int64]models.Account, error) {
	var rows []models.Account
	if err := visible(s.read.WithContext(ctx), v, models.ActLook, "id").Where("id IN ?", ids).Find(&rows).Error; err != nil {
		return nil, err
	}
	byID := make(map[int64]models.Account, len(rows))
	for _, a := range rows {
		byID[a.ID] = a
	}
	return byID, nil
}

func escapeLike(s string) string {
	return strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(s)
}

// AddUser adds a user; the address must be new (models.ErrExists).
func (s *Store) AddUser(ctx context.Context, u models.User) (models.User, error) {
	u.ID, u.CreatedAt, u.Login = 0, s.now(), u.Email
	return add(ctx, s, u)
}

// CreateUser is AddUser for the person who adds them, which goes into the log of
// changes.
func (s *Store) CreateUser(ctx context.Context, by models.By, u models.User) (models.User, error) {
	var user models.User
	err := s.tx(ctx, func(tx *gorm.DB) error {
		now, err := s.at(tx)
		if err != nil {
			return err
		}
		user = u
		user.ID, user.CreatedAt, user.Login = 0, now, u.Email
		if err := create(tx, &user); err != nil {
			return err
		}
		return addChange(tx, by, now, about(user.Place(), models.Change{UserID: user.ID, What: models.PersonAdded, After: user.Facts()}))
	})
	return user, err
}

// UserByEmail finds who signs in with the normalized address.
func (s *Store) UserByEmail(ctx context.Context, email string) (models.User, error) {
	return first[models.User](s.read.WithContext(ctx).Where("login = ?", email))
}

// User finds a user by id: who is signed in, and who placed an order. It may be
// one who was removed.
func (s *Store) User(ctx context.Context, id int64) (models.User, error) {
	return first[models.User](s.read.WithContext(ctx).Where("id = ?", id))
}

// Placers are who placed a page's orders, by their ids.
func (s *Store) Placers(ctx context.Context, userIDs []int64) (map[int64]models.Placer, error) {
	var rows []struct {
		ID            int64
		models.Placer `gorm:"embedded"`
	}
	err := s.read.WithContext(ctx).Raw(`SELECT users.id, users.role, users.email, users.reseller_id, coalesce(resellers.name, '') AS reseller
		FROM users LEFT JOIN resellers ON resellers.id = users.reseller_id WHERE users.id IN ?`, userIDs).Scan(&rows).Error
	placers := make(map[int64]models.Placer, len(rows))
	for _, r := range rows {
		placers[r.ID] = r.Placer
	}
	return placers, err
}

// PlaceName is what people call a place: the account's or reseller's name.
func (s *Store) PlaceName(ctx context.Context, p models.Place) (string, error) {
	db := s.read.WithContext(ctx)
	if p.AccountID != nil {
		a, err := first[models.Account](db.Where("id = ?", *p.AccountID))
		return a.Name, err
	}
	r, err := first[models.Reseller](db.Where("id = ?", p.ResellerID))
	return r.Name, err
}

// SetLanguage keeps the language that a user chose.
func (s *Store) SetLanguage(ctx context.Context, userID int64, tag string) error {
	return s.tx(ctx, func(tx *gorm.DB) error {
		return tx.Exec(`UPDATE users SET language = ? WHERE id = ?`, tag, userID).Error
	})
}
