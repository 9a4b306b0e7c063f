package store

import (
	"context"
	"math"
	"strings"

	"portal/models"
)

// ExportedOrder is an order with what its export says beside it.
type ExportedOrder struct {
	models.Order `gorm:"embedded"`
	AccountName  string
	// Placer placed it, as far as the viewer is told.
	Placer   models.Placer `gorm:"embedded;embeddedPrefix:placer_"`
	Lines    []models.Line `gorm:"serializer:json"` // of its quote
	OwnLines []models.Line `gorm:"serializer:json"` // the same at the reseller's price; nil where there is but one
}

// forViewer is the order as the viewer may see it.
func (o ExportedOrder) forViewer(v models.Viewer) ExportedOrder {
	if !v.SeesList() {
		if o.OwnTotalFen != nil {
			o.Lines = o.OwnLines
		}
		o.Order, o.OwnLines = o.For(v), nil
	}
	return o
}

// ExportOrders reads the next orders of an export: those that Orders lists, in
// its order, behind the one with the id given (0: from the first). Each call is
// one short read, so that no transaction stays open as long as somebody downloads.
func (s *Store) ExportOrders(ctx context.Context, v models.Viewer, f OrderFilter, behind int64, limit int) ([]ExportedOrder, error) {
	if behind <= 0 && !f.OldestFirst {
		behind = math.MaxInt64
	}
	// A page wants twenty rows and goes by the rarest thing asked for. An export
	// takes whatever matches, so it walks along the ids and looks at each row once.
	oneAccount := v.Whose(models.ActLook) == models.WhoseAccount || f.AccountID != 0
	db := s.read.WithContext(ctx)
	part := sorted(chosen(db.Table(s.exported(oneAccount)), v, f), f, behind).Limit(limit)
	if q := strings.TrimSpace(f.Query); q != "" {
		// The same as filtered asks, of one row.
		part = part.Where(`(number >= @upper AND number < @upperEnd
			OR provider_order_id <> '' AND provider_order_id >= @q AND provider_order_id < @end
			OR instance_id <> '' AND instance_id >= @q AND instance_id < @end
			OR request_id <> '' AND request_id >= @q AND request_id < @end
			OR account_id IN (SELECT id FROM accounts WHERE lower(name) LIKE @lower ESCAPE '\' OR name LIKE @name ESCAPE '\')
			OR EXISTS (SELECT 1 FROM attempts WHERE order_id = orders.id
				AND request_id <> '' AND request_id >= @q AND request_id < @end))`, searched(q))
	}
	order := "o.id DESC"
	if f.OldestFirst {
		order = "o.id"
	}
	var rows []ExportedOrder
	err := db.Table("(?) AS o", part).
		Select("o.*, accounts.name AS account_name, users.email AS placer_email, users.role AS placer_role, users.reseller_id AS placer_reseller_id, coalesce(resellers.name, '') AS placer_reseller, quotes.lines AS lines, quotes.own_lines AS own_lines").
		Joins("JOIN accounts ON accounts.id = o.account_id").
		Joins("JOIN users ON users.id = o.user_id").
		Joins("LEFT JOIN resellers ON resellers.id = users.reseller_id").
		Joins("JOIN quotes ON quotes.id = o.quote_id").
		Order(order).Find(&rows).Error
	for i, row := range rows {
		rows[i] = row.forViewer(v)
		rows[i].Placer = v.Told(row.Placer)
	}
	return rows, err
}
