package store

import (
	"context"
	"strings"

	"gorm.io/gorm"

	"portal/models"
)

// visible keeps only the rows that the viewer may see. column names the row's
// account.
func visible(db *gorm.DB, v models.Viewer, column string) *gorm.DB {
	u := v.User
	switch u.Role {
	case models.Customer:
		return db.Where(column+" = ?", u.AccountID)
	case models.ResellerAdmin:
		return db.Where(column+" IN (SELECT id FROM accounts WHERE reseller_id = ?)", u.ResellerID)
	case models.Support, models.Operator:
		return db
	}
	return db.Where("1 = 0")
}

// AddReseller adds a reseller.
func (s *Store) AddReseller(ctx context.Context, name string) (models.Reseller, error) {
	r := models.Reseller{Name: strings.TrimSpace(name), CreatedAt: s.now()}
	return r, create(s.write.WithContext(ctx), &r)
}

// ResellerByName finds a reseller.
func (s *Store) ResellerByName(ctx context.Context, name string) (models.Reseller, error) {
	return first[models.Reseller](s.read.WithContext(ctx).Where("name = ?", strings.TrimSpace(name)))
}

// AddAccount adds an account; its OwnerID must be new (models.ErrExists).
func (s *Store) AddAccount(ctx context.Context, a models.Account) (models.Account, error) {
	a.ID, a.CreatedAt = 0, s.now()
	return a, create(s.write.WithContext(ctx), &a)
}

// AccountByOwner finds an account by the provider's UID, for commands.
func (s *Store) AccountByOwner(ctx context.Context, ownerID int64) (models.Account, error) {
	return first[models.Account](s.read.WithContext(ctx).Where("owner_id = ?", ownerID))
}

// Account finds an account that the viewer may see.
func (s *Store) Account(ctx context.Context, v models.Viewer, id int64) (models.Account, error) {
	return first[models.Account](visible(s.read.WithContext(ctx), v, "id").Where("id = ?", id))
}

// Accounts lists the accounts that the viewer may see whose name contains
// query or whose OwnerID begins with it, by id, after the id given.
func (s *Store) Accounts(ctx context.Context, v models.Viewer, query string, after int64, limit int) ([]models.Account, error) {
	db := visible(s.read.WithContext(ctx), v, "id").Where("id > ?", after)
	if query = strings.TrimSpace(query); query != "" {
		db = db.Where(`(lower(name) LIKE ? ESCAPE '\' OR name LIKE ? ESCAPE '\' OR CAST(owner_id AS TEXT) LIKE ? ESCAPE '\')`,
			// SQLite lowers ASCII only: what is typed exactly is found in every script.
			"%"+escapeLike(strings.ToLower(query))+"%", "%"+escapeLike(query)+"%", escapeLike(query)+"%")
	}
	var rows []models.Account
	return rows, db.Order("id").Limit(limit).Find(&rows).Error
}

// AccountsByID reads the accounts of a page's rows at once.
func (s *Store) AccountsByID(ctx context.Context, v models.Viewer, ids []int64) (map[int64]models.Account, error) {
	var rows []models.Account
	if err := visible(s.read.WithContext(ctx), v, "id").Where("id IN ?", ids).Find(&rows).Error; err != nil {
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
	u.ID, u.CreatedAt = 0, s.now()
	return u, create(s.write.WithContext(ctx), &u)
}

// UserByEmail finds a user by the normalized address.
func (s *Store) UserByEmail(ctx context.Context, email string) (models.User, error) {
	return first[models.User](s.read.WithContext(ctx).Where("email = ?", email))
}

// User finds a user by id: who is signed in, and who placed an order.
func (s *Store) User(ctx context.Context, id int64) (models.User, error) {
	return first[models.User](s.read.WithContext(ctx).Where("id = ?", id))
}

// SetLanguage keeps the language that a user chose.
func (s *Store) SetLanguage(ctx context.Context, userID int64, tag string) error {
	return s.write.WithContext(ctx).Exec(`UPDATE users SET language = ? WHERE id = ?`, tag, userID).Error
}
