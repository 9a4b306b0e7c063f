package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"portal/models"
)

// Spend is what the accounts that the viewer oversees were charged, less what
// they were paid back, for the orders placed in each month, by edition. Months
// are in the order of their beginnings; the last one ends where the next would
// begin.
func (s *Store) Spend(ctx context.Context, v models.Viewer, begins []time.Time, end time.Time) ([]models.MonthSpend, error) {
	months := make([]models.MonthSpend, len(begins))
	values := map[string]any{"end": end.UTC(), "m0": begins[0].UTC()}
	// Which month an order falls into is said by its bounds: databases differ in
	// how they tell a month.
	month := strings.Builder{}
	for i, begin := range begins {
		months[i] = models.MonthSpend{Begins: begin, ByEdition: map[models.Edition]models.Fen{}}
		if i > 0 {
			values[fmt.Sprintf("m%d", i)] = begin.UTC()
			fmt.Fprintf(&month, " WHEN placed_at < @m%d THEN %d", i, i-1)
		}
	}
	var sums []struct {
		Month   int
		Edition models.Edition
		Fen     models.Fen
	}
	sql := fmt.Sprintf("CASE%s ELSE %d END", month.String(), len(begins)-1)
	err := visible(s.read.WithContext(ctx), v, models.ActOversee, "account_id").Table("orders").
		Select(sql+" AS month, edition, "+netSpend+" AS fen", namedIn(sql, values)...).
		Where(moneyMoved+" AND placed_at >= @m0 AND placed_at < @end", values).
		Group("1, 2").Scan(&sums).Error
	for _, sum := range sums {
		months[sum.Month].ByEdition[sum.Edition] += sum.Fen
	}
	return months, err
}
