package store

import (
	"context"
	"errors"
	"slices"
	"strings"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"portal/models"
)

// AddReseller adds a reseller without a profile of its own.
func (s *Store) AddReseller(ctx context.Context, name string) (models.Reseller, error) {
	return add(ctx, s, models.Reseller{Name: strings.TrimSpace(name), CreatedAt: s.now()})
}

// CreateReseller adds a reseller that somebody typed in, on record. Its name must
// be new (models.ErrExists); models.ErrForbidden for who does not look after
// resellers.
func (s *Store) CreateReseller(ctx context.Context, by models.By, typed models.Reseller) (models.Reseller, error) {
	var reseller models.Reseller
	if !by.May(models.ActResellers) {
		return reseller, models.ErrForbidden
	}
	err := s.tx(ctx, func(tx *gorm.DB) error {
		now, err := s.at(tx)
		if err != nil {
			return err
		}
		reseller = models.Reseller{Name: typed.Name, CredentialProfile: typed.CredentialProfile, CreatedAt: now}
		if err := create(tx, &reseller); err != nil {
			return err
		}
		return addChange(tx, by, now, models.Change{ResellerID: reseller.ID, What: models.ResellerAdded, After: reseller.Facts()})
	})
	return reseller, err
}

// EditReseller gives a reseller this name and this credential profile. seen is the
// reseller as the person saw it: models.ErrConflict when it is another by now, so
// that who corrects a name never puts an old profile back. models.ErrExists when
// another has the name, models.ErrForbidden for who does not look after resellers.
// What is as it was is no change.
//
// Orders that are placed keep the profile that they began with: each has its own
// copy, which the database lets nobody change. A placing at the same moment gets
// the one or the other.
func (s *Store) EditReseller(ctx context.Context, by models.By, id int64, seen models.ResellerFacts, name, profile string) error {
	if !by.May(models.ActResellers) {
		return models.ErrForbidden
	}
	return s.tx(ctx, func(tx *gorm.DB) error {
		// Locked: of two who edit at the same time, the second sees what the first did.
		before, err := first[models.Reseller](tx.Where("id = ?", id).Clauses(clause.Locking{Strength: "NO KEY UPDATE"}))
		if err != nil {
			return err
		}
		if before.Name != seen.Name || before.CredentialProfile != seen.CredentialProfile {
			return models.ErrConflict
		}
		after := before
		after.Name, after.CredentialProfile = name, profile
		if after == before {
			return nil
		}
		now, err := s.at(tx)
		if err != nil {
			return err
		}
		err = tx.Model(&models.Reseller{}).Where("id = ?", id).UpdateColumns(map[string]any{"name": name, "credential_profile": profile}).Error
		if errors.Is(err, gorm.ErrDuplicatedKey) {
			return models.ErrExists
		}
		if err != nil {
			return err
		}
		return addChange(tx, by, now, models.Change{
			ResellerID: id, What: models.ResellerEdited, Before: before.Facts(), After: after.Facts(),
		})
	})
}

// ResellerByName finds a reseller, for commands.
func (s *Store) ResellerByName(ctx context.Context, name string) (models.Reseller, error) {
	return first[models.Reseller](s.read.WithContext(ctx).Where("name = ?", strings.TrimSpace(name)))
}

// Resellers lists them all by name, for operators to choose from.
func (s *Store) Resellers(ctx context.Context) ([]models.Reseller, error) {
	var resellers []models.Reseller
	return resellers, s.read.WithContext(ctx).Order("name").Find(&resellers).Error
}

// ResellerRow is a reseller with what hangs on it.
type ResellerRow struct {
	models.Reseller
	Accounts int // that it administers
	// Kept is how many of their orders are under way with another profile than the
	// reseller's now.
	Kept int
}

// ResellerRows lists all resellers by name. def is the name that orders have of the
// portal's default profile.
func (s *Store) ResellerRows(ctx context.Context, def string) ([]ResellerRow, error) {
	var rows []ResellerRow
	return rows, s.read.WithContext(ctx).Raw(`
		SELECT r.*, (SELECT count(*) FROM accounts AS a WHERE a.reseller_id = r.id) AS accounts,
			(SELECT count(*) FROM accounts AS a JOIN orders AS o ON o.account_id = a.id
				WHERE a.reseller_id = r.id AND o.status IN ?
				AND o.credential_profile <> CASE WHEN r.credential_profile = '' THEN ? ELSE r.credential_profile END) AS kept
		FROM resellers AS r ORDER BY r.name`, openStatuses, def).Scan(&rows).Error
}

// ProfileOf is the credential profile that an account's calls are signed with from
// now on, empty for the portal's default. An order keeps the one that it began
// with.
func (s *Store) ProfileOf(ctx context.Context, account models.Account) (string, error) {
	return profileOf(s.read.WithContext(ctx), account)
}

func profileOf(db *gorm.DB, account models.Account) (string, error) {
	if account.ResellerID == nil {
		return "", nil
	}
	reseller, err := first[models.Reseller](db.Where("id = ?", *account.ResellerID))
	return reseller.CredentialProfile, err
}

// SellerOf is the name of the reseller whose people these are, empty for a direct
// customer and for staff.
func (s *Store) SellerOf(ctx context.Context, u models.User) (string, error) {
	var name string
	db := s.read.WithContext(ctx)
	switch {
	case u.ResellerID != nil:
		return name, db.Raw(`SELECT name FROM resellers WHERE id = ?`, *u.ResellerID).Scan(&name).Error
	case u.AccountID != nil:
		return name, db.Raw(`SELECT r.name FROM accounts AS a JOIN resellers AS r ON r.id = a.reseller_id WHERE a.id = ?`, *u.AccountID).Scan(&name).Error
	}
	return "", nil
}

// SoldBy is the name of the reseller of an account that has been found for a
// viewer, empty for a direct one.
func (s *Store) SoldBy(ctx context.Context, account models.Account) (string, error) {
	return s.SellerOf(ctx, models.User{ResellerID: account.ResellerID})
}

// ProfileUse is a credential profile that something in the database needs.
type ProfileUse struct {
	Profile  string   // empty for the portal's default
	OwnerID  int64    // of an account that is sold to with it; 0 for none
	Sellers  []string // the resellers that have it
	Accounts int      // that are sold to with it
	Orders   int      // under way that began with it, and that it is no more the profile for
}

// ProfilesInUse lists every credential profile that calls are signed with, the
// default first: what resellers name, the default where an account or a reseller
// has no other, and what orders under way began with. def is the name that orders
// have of the default.
func (s *Store) ProfilesInUse(ctx context.Context, def string) ([]ProfileUse, error) {
	uses := map[string]*ProfileUse{}
	use := func(profile string) *ProfileUse {
		if profile == def {
			profile = ""
		}
		if uses[profile] == nil {
			uses[profile] = &ProfileUse{Profile: profile}
		}
		return uses[profile]
	}
	err := s.snapshot(ctx, func(tx *gorm.DB) error {
		clear(uses)
		resellers := []models.Reseller{}
		if err := tx.Order("name").Find(&resellers).Error; err != nil {
			return err
		}
		for _, r := range resellers {
			u := use(r.CredentialProfile)
			u.Sellers = append(u.Sellers, r.Name)
		}
		var sold []struct {
			Profile  string
			OwnerID  int64
			Accounts int
		}
		err := tx.Raw(`SELECT coalesce(r.credential_profile, '') AS profile, min(a.owner_id) AS owner_id, count(*) AS accounts
			FROM accounts AS a LEFT JOIN resellers AS r ON r.id = a.reseller_id GROUP BY 1`).Scan(&sold).Error
		if err != nil {
			return err
		}
		for _, a := range sold {
			u := use(a.Profile)
			u.OwnerID, u.Accounts = a.OwnerID, a.Accounts
		}
		var kept []struct {
			Profile string
			OwnerID int64
			Orders  int
		}
		err = tx.Raw(`SELECT o.credential_profile AS profile, min(o.owner_id) AS owner_id, count(*) AS orders
			FROM orders AS o JOIN accounts AS a ON a.id = o.account_id LEFT JOIN resellers AS r ON r.id = a.reseller_id
			WHERE o.status IN ? AND o.credential_profile <> coalesce(nullif(r.credential_profile, ''), ?) GROUP BY 1`,
			openStatuses, def).Scan(&kept).Error
		if err != nil {
			return err
		}
		for _, o := range kept {
			u := use(o.Profile)
			u.Orders = o.Orders
			if u.OwnerID == 0 {
				u.OwnerID = o.OwnerID
			}
		}
		return nil
	})
	var all []ProfileUse
	for _, u := range uses {
		all = append(all, *u)
	}
	slices.SortFunc(all, func(a, b ProfileUse) int { return strings.Compare(a.Profile, b.Profile) })
	return all, err
}
