package views

import (
	"context"
	"strconv"

	"portal/models"
)

// endsLabel is what the end of an entry is: a release ends nothing, it is a
// moment.
func endsLabel(kind models.OutsideKind) string {
	if kind == models.Released {
		return "outside.released_at"
	}
	return "account.ends"
}

// endsHint says how to write the end, and what a renewal's has to come after.
func endsHint(ctx context.Context, props OutsideProps) string {
	switch {
	case props.Kind == models.Released:
		return t(ctx, "outside.released_hint")
	case props.Kind == models.Renewed && props.Held != nil:
		return t(ctx, "outside.renewed_hint", "Day", props.Held.ConfirmedEnd())
	}
	return t(ctx, "outside.ends_hint")
}

func editionPills(ctx context.Context, props OutsideProps) []pill {
	var out []pill
	for _, e := range props.Editions {
		out = append(out, pill{string(e), edition(ctx, e), string(e) == props.Edition})
	}
	return out
}

func monthPills(ctx context.Context, props OutsideProps) []pill {
	var out []pill
	for _, m := range props.AutoRenewOptions {
		value := strconv.Itoa(m)
		out = append(out, pill{value, months(ctx, m), value == props.AutoRenewMonths})
	}
	return out
}
