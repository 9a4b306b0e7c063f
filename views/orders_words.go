package views

import (
	"context"

	"portal/models"
)

// orderCount says how many orders match; beyond the bound of counting, how many
// at least.
func orderCount(ctx context.Context, props OrdersProps) string {
	if props.CountCapped {
		return t(ctx, "orders.count_more", "Count", props.Count)
	}
	return n(ctx, "orders.count", props.Count)
}

// ordersSay is what the list has come to.
func ordersSay(ctx context.Context, props OrdersProps) string {
	switch {
	case len(props.Problems) > 0:
		return ""
	case len(props.Rows) == 0 && props.Any:
		return t(ctx, "orders.no_match")
	}
	return orderCount(ctx, props)
}

// Cursor is the field of a URL that says behind which order its page begins.
func (p OrdersProps) Cursor() string {
	if p.oldestFirst() {
		return "after"
	}
	return "before"
}

func (p OrdersProps) oldestFirst() bool { return p.Sort == "oldest" }

// chipValue puts a filter's value in words where it has any; a value that the
// portal does not know, which only a URL can bring, stands as it came.
func chipValue(ctx context.Context, c Chip) string {
	switch c.Field {
	case "status":
		if known(ctx, "status."+c.Value) {
			return t(ctx, "status."+c.Value)
		}
	case "kind":
		if known(ctx, "kind."+c.Value) {
			return t(ctx, "kind."+c.Value)
		}
	}
	return c.Value
}

// unit is a quote's price for each machine and month.
func unit(ctx context.Context, q models.Quote) string {
	for _, l := range q.Lines {
		if l.Kind == models.LineEdition {
			return money(ctx, l.UnitFen)
		}
	}
	return ""
}

// dateKind is the type of a date's input. A browser's date field shows nothing
// that is not a date, so what was typed wrong stands in a plain field instead.
func dateKind(problems []Problem, name string) string {
	if len(at(problems, name)) > 0 {
		return "text"
	}
	return "date"
}
