package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"portal/models"
)

// SearchLimit is how many rows of one kind a search gives.
const SearchLimit = 20

// Found is what a search found.
type Found struct {
	Orders   []models.Order   // whose number or id it is; newest first
	Accounts []models.Account // the Whole ones first, then those whose name begins so
	People   []models.Person  // whose address it is
	Whole    int              // how many accounts were meant in full: by id or by their whole name
	// MoreOrders and MoreAccounts say that there are more than SearchLimit.
	MoreOrders, MoreAccounts bool
}

// Only is the one page that was meant: of an order, or of an account; both nil
// when nothing was found, more than one thing, or an account by a part of its name.
func (f Found) Only() (*models.Order, *models.Account) {
	switch {
	case len(f.Orders)+len(f.Accounts)+len(f.People) != 1:
	case len(f.Orders) == 1:
		return &f.Orders[0], nil
	case f.Whole == 1:
		return nil, &f.Accounts[0]
	case len(f.People) == 1:
		return nil, f.People[0].Account
	}
	return nil, nil
}

// Search finds what the viewer may see by any id or address of it, or by how an
// account's name begins. Each lookup goes by an index and ends at SearchLimit.
// Beside a million orders of as many accounts staff wait 1 ms at most on either
// database, and the admin of a reseller with 2000 accounts of them 20 ms.
func (s *Store) Search(ctx context.Context, v models.Viewer, q models.Sought) (Found, error) {
	var f Found
	if !v.May(models.ActSearch) {
		return f, models.ErrNotFound
	}
	if q.Text == "" {
		return f, nil
	}
	err := s.snapshot(ctx, func(tx *gorm.DB) (err error) {
		if err = ordersSought(tx, v, q).Find(&f.Orders).Error; err != nil {
			return err
		}
		if err = s.accountsSought(tx, v, q, &f); err != nil {
			return err
		}
		var users []models.User
		if err = peopleSought(tx, v, q).Find(&users).Error; err == nil {
			f.People, err = people(tx, users)
		}
		return err
	})
	if len(f.Orders) > SearchLimit {
		f.Orders, f.MoreOrders = f.Orders[:SearchLimit], true
	}
	if len(f.Accounts) > SearchLimit {
		f.Accounts, f.MoreAccounts = f.Accounts[:SearchLimit], true
	}
	f.Orders = forViewer(v, f.Orders)
	return f, err
}

func ordersSought(tx *gorm.DB, v models.Viewer, q models.Sought) *gorm.DB {
	return visible(tx, v, models.ActSearch, "account_id").Where(`id IN (
		SELECT id FROM orders WHERE number = @number
		UNION SELECT id FROM orders WHERE client_token IN @ids
		UNION SELECT id FROM orders WHERE provider_order_id <> '' AND provider_order_id IN @ids
		UNION SELECT id FROM orders WHERE instance_id <> '' AND instance_id IN @ids
		UNION SELECT id FROM orders WHERE request_id <> '' AND request_id IN @ids
		UNION SELECT order_id FROM attempts WHERE request_id <> '' AND request_id IN @ids)`,
		map[string]any{"number": q.OrderNumber, "ids": q.IDs}).Order("id DESC").Limit(SearchLimit + 1)
}

// accountsSought finds the account with this OwnerId or with an instance that no
// order brought, and those whose name begins so.
func (s *Store) accountsSought(tx *gorm.DB, v models.Viewer, q models.Sought, f *Found) error {
	if err := accountsMeant(tx, v, q).Find(&f.Accounts).Error; err != nil {
		return err
	}
	f.Whole = len(f.Accounts)
	met := map[int64]bool{}
	for _, a := range f.Accounts {
		met[a.ID] = true
	}
	var named []models.Account
	if err := s.accountsNamed(tx, v, q).Find(&named).Error; err != nil {
		return err
	}
	for _, a := range named { // the whole name comes first: every longer one is behind it
		if met[a.ID] {
			continue
		}
		if lowerASCII(a.Name) == lowerASCII(q.Text) {
			f.Whole++
		}
		f.Accounts = append(f.Accounts, a)
	}
	return nil
}

func accountsMeant(tx *gorm.DB, v models.Viewer, q models.Sought) *gorm.DB {
	return visible(tx, v, models.ActSearch, "id").Where(`id IN (
		SELECT id FROM accounts WHERE owner_id = @owner
		UNION SELECT account_id FROM outside_events WHERE instance_id IN @ids)`,
		map[string]any{"owner": q.OwnerID, "ids": q.IDs}).Order("id").Limit(SearchLimit + 1)
}

func (s *Store) accountsNamed(tx *gorm.DB, v models.Viewer, q models.Sought) *gorm.DB {
	name, begin := s.accountName(), lowerASCII(q.Text)
	return visible(tx, v, models.ActSearch, "id").Where(name+" >= ? AND "+name+" < ?", begin, begin+"\U0010FFFF").
		Order(name + ", id").Limit(SearchLimit + 1)
}

// lowerASCII is what the databases' lower does to a name, see accountName.
func lowerASCII(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

// peopleSought chooses who signs in with this address, if the viewer may know: a
// reseller admin the people of the own accounts and of the own reseller.
func peopleSought(tx *gorm.DB, v models.Viewer, q models.Sought) *gorm.DB {
	return within(tx, v, models.ActSearch).Where("login = ?", q.Email)
}

// people are users as others find them.
func people(tx *gorm.DB, users []models.User) ([]models.Person, error) {
	var all []models.Person
	for _, u := range users {
		p := models.Person{Email: u.Email, Role: u.Role}
		if u.AccountID != nil {
			a, err := first[models.Account](tx.Where("id = ?", *u.AccountID))
			if err != nil {
				return nil, err
			}
			p.Account = &a
		}
		if u.ResellerID != nil {
			r, err := first[models.Reseller](tx.Where("id = ?", *u.ResellerID))
			if err != nil {
				return nil, err
			}
			p.Reseller = &r
		}
		all = append(all, p)
	}
	return all, nil
}

// Stuck lists the orders that the viewer may see and that a worker should have
// taken up models.StuckAfter ago, those waiting longest first.
func (s *Store) Stuck(ctx context.Context, v models.Viewer, limit int) ([]models.Order, error) {
	db := s.read.WithContext(ctx)
	now, err := s.at(db)
	if err != nil {
		return nil, err
	}
	var orders []models.Order
	err = stuck(db, v, now).Limit(limit).Find(&orders).Error
	return forViewer(v, orders), err
}

// stuck finds the open orders first, in an index alone. Asked for all at once,
// SQLite reads every order as soon as ANALYZE has told it how few statuses there are.
func stuck(db *gorm.DB, v models.Viewer, now time.Time) *gorm.DB {
	return visible(db, v, models.ActLook, "account_id").
		Where(`id IN (SELECT id FROM orders WHERE status IN ('placed', 'sending', 'unknown')) AND coalesce(due_at, lease_until) <= ?`,
			now.Add(-models.StuckAfter)).
		Order("coalesce(due_at, lease_until), id")
}
