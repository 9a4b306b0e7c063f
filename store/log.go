package store

import (
	"context"
	"errors"
	"strings"
	"time"

	"gorm.io/gorm"

	"portal/models"
)

// OrderFilter chooses orders of the log. Zero values choose everything.
type OrderFilter struct {
	Status    models.Status
	Kind      models.Kind
	AccountID int64
	From, To  time.Time // placed at or after From, before To; UTC
	// Query is an order number's, provider OrderId's, InstanceId's or
	// RequestId's beginning, or part of an account's name.
	Query string
	// OldestFirst turns the order of the list around.
	OldestFirst bool
}

// CountBound is how far matching orders are counted.
const CountBound = 10_000

// Orders lists the orders that the viewer may see, newest first unless told
// otherwise, behind the one with the id given (0: from the first). Pages go by
// key, never by offset.
func (s *Store) Orders(ctx context.Context, v models.Viewer, f OrderFilter, behind int64, limit int) ([]models.Order, error) {
	var orders []models.Order
	err := sorted(filtered(s.read.WithContext(ctx), v, f), f, behind).Limit(limit).Find(&orders).Error
	return forViewer(v, orders), err
}

// sorted puts orders into the filter's order, from behind the one with the id
// given on (0: all).
func sorted(db *gorm.DB, f OrderFilter, behind int64) *gorm.DB {
	switch {
	case f.OldestFirst:
		return db.Where("id > ?", behind).Order("id")
	case behind > 0:
		db = db.Where("id < ?", behind)
	}
	return db.Order("id DESC")
}

// CountOrders counts them, up to CountBound+1.
func (s *Store) CountOrders(ctx context.Context, v models.Viewer, f OrderFilter) (int, error) {
	db := s.read.WithContext(ctx)
	var n int64
	err := db.Table("(?) AS matching", filtered(db, v, f).Model(&models.Order{}).Select("id").Limit(CountBound+1)).Count(&n).Error
	return int(n), err
}

// filtered chooses orders for a page: few rows, found by what is rarest.
func filtered(db *gorm.DB, v models.Viewer, f OrderFilter) *gorm.DB {
	db = chosen(db, v, f)
	if q := strings.TrimSpace(f.Query); q != "" {
		// Ranges, so that the indexes serve: LIKE 'x%' would read every row.
		db = db.Where(`id IN (
			SELECT id FROM orders WHERE number >= @upper AND number < @upperEnd
			UNION SELECT id FROM orders WHERE provider_order_id <> '' AND provider_order_id >= @q AND provider_order_id < @end
			UNION SELECT id FROM orders WHERE instance_id <> '' AND instance_id >= @q AND instance_id < @end
			UNION SELECT id FROM orders WHERE request_id <> '' AND request_id >= @q AND request_id < @end
			UNION SELECT order_id FROM attempts WHERE request_id <> '' AND request_id >= @q AND request_id < @end
			UNION SELECT id FROM orders WHERE account_id IN (
				SELECT id FROM accounts WHERE lower(name) LIKE @lower ESCAPE '\' OR name LIKE @name ESCAPE '\'))`, searched(q))
	}
	return db
}

// chosen is the filter less its Query.
func chosen(db *gorm.DB, v models.Viewer, f OrderFilter) *gorm.DB {
	db = visible(db, v, models.ActLook, "account_id")
	if f.Status != "" {
		db = db.Where("status = ?", f.Status)
	}
	if f.Kind != "" {
		db = db.Where("kind = ?", f.Kind)
	}
	if f.AccountID != 0 {
		db = db.Where("account_id = ?", f.AccountID)
	}
	if !f.From.IsZero() {
		db = db.Where("placed_at >= ?", f.From.UTC())
	}
	if !f.To.IsZero() {
		db = db.Where("placed_at < ?", f.To.UTC())
	}
	return db
}

// searched is what a Query is compared with: each beginning and its end, each
// part of a name.
func searched(q string) map[string]any {
	upper := strings.ToUpper(q)
	return map[string]any{
		"q": q, "end": q + "\U0010FFFF", "upper": upper, "upperEnd": upper + "\U0010FFFF",
		"lower": "%" + escapeLike(strings.ToLower(q)) + "%", "name": "%" + escapeLike(q) + "%",
	}
}

// CountByStatus counts all orders by status and tells when the oldest open one
// was placed (zero without one), for the metrics.
func (s *Store) CountByStatus(ctx context.Context) (map[models.Status]int, time.Time, error) {
	var rows []struct {
		Status models.Status
		N      int
	}
	db := s.read.WithContext(ctx)
	if err := db.Raw(`SELECT status, count(*) AS n FROM orders GROUP BY status`).Scan(&rows).Error; err != nil {
		return nil, time.Time{}, err
	}
	counts := map[models.Status]int{}
	for _, row := range rows {
		counts[row.Status] = row.N
	}
	oldest, err := first[models.Order](open(db).Order("placed_at"))
	if errors.Is(err, models.ErrNotFound) {
		err = nil
	}
	return counts, oldest.PlacedAt, err
}
