package store

import (
	"context"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"portal/models"
)

// AddQuote keeps a quote for an account that the viewer may see. It fills in
// the id, the asking user, the account's last completed order and CreatedAt;
// the caller has set everything else. A purchase is refused while the account
// holds a subscription (models.ErrSubscribed).
func (s *Store) AddQuote(ctx context.Context, v models.Viewer, q models.Quote) (models.Quote, error) {
	if !v.MayOrder() {
		return q, models.ErrForbidden
	}
	id, err := uuid.NewV7() // time-ordered: inserts go to the end of the index
	if err != nil {
		return q, err
	}
	err = s.tx(ctx, func(tx *gorm.DB) error {
		if _, err := first[models.Account](visible(tx, v, "id").Where("id = ?", q.AccountID)); err != nil {
			return err
		}
		completed, err := completedOrders(tx, q.AccountID)
		if err != nil {
			return err
		}
		now := s.now()
		if err := mayStart(q.Kind, completed, now); err != nil {
			return err
		}
		q.ID, q.UserID, q.CreatedAt, q.LastOrderID = id.String(), v.User.ID, now, lastID(completed)
		return create(tx, &q)
	})
	return q, err
}

// Quote finds a quote that the viewer may see.
func (s *Store) Quote(ctx context.Context, v models.Viewer, id string) (models.Quote, error) {
	return first[models.Quote](visible(s.read.WithContext(ctx), v, "account_id").Where("id = ?", id))
}

// Holding is what an account holds and what is under way for it.
type Holding struct {
	Subscription *models.Subscription // rebuilt from its completed orders; nil when it holds none
	OpenOrder    *models.Order        // nil when none is under way
}

// MayBuy says why no purchase may be started at now: a *models.OpenOrderError or
// models.ErrSubscribed, nil when one may.
func (h Holding) MayBuy(now time.Time) error {
	switch {
	case h.OpenOrder != nil:
		return &models.OpenOrderError{Number: h.OpenOrder.Number}
	case !models.MayBuy(h.Subscription, now):
		return models.ErrSubscribed
	}
	return nil
}

// CanBuy says whether a purchase may be started at now.
func (h Holding) CanBuy(now time.Time) bool { return h.MayBuy(now) == nil }

// Holdings reads what accounts hold. The accounts have been found for a viewer
// before.
func (s *Store) Holdings(ctx context.Context, accountIDs ...int64) (map[int64]Holding, error) {
	var orders []models.Order
	err := s.read.WithContext(ctx).Where("account_id IN ? AND status NOT IN ?", accountIDs,
		[]models.Status{models.Rejected, models.Cancelled}).Order("id").Find(&orders).Error
	if err != nil {
		return nil, err
	}
	completed := map[int64][]models.Order{}
	held := map[int64]Holding{}
	for _, o := range orders {
		if o.Status == models.Completed {
			completed[o.AccountID] = append(completed[o.AccountID], o)
		} else {
			held[o.AccountID] = Holding{OpenOrder: &o}
		}
	}
	for id, orders := range completed {
		held[id] = Holding{Subscription: models.Project(orders), OpenOrder: held[id].OpenOrder}
	}
	return held, nil
}

// completedOrders lists them in the order of their completion. That is the
// order of their ids, because an account has one open order at a time; a clock
// may step back, ids do not.
func completedOrders(db *gorm.DB, accountID int64) ([]models.Order, error) {
	var orders []models.Order
	return orders, db.Where("account_id = ? AND status = ?", accountID, models.Completed).Order("id").Find(&orders).Error
}

func lastID(completed []models.Order) int64 {
	if len(completed) == 0 {
		return 0
	}
	return completed[len(completed)-1].ID
}
