package views

import (
	"context"
	"time"

	"portal/models"
)

// armedTitle says what will go wrong, and for whom.
func armedTitle(ctx context.Context, a models.ArmedMishap) string {
	name := t(ctx, "mishap."+string(a.Mishap)+".name")
	switch {
	case a.Mishap == models.MishapCount:
		return t(ctx, "sandbox.armed_count", "What", name)
	case a.Lasts:
		return t(ctx, "sandbox.armed_while", "What", name)
	}
	return t(ctx, "sandbox.armed_once", "What", name)
}

func minutes(d time.Duration) int { return int(d / time.Minute) }

// billedAs is what people call what a line of the sandbox's bill is for.
func billedAs(ctx context.Context, action string) string {
	for _, kind := range models.Kinds() {
		if kind.Action() == action {
			return t(ctx, "kind."+string(kind))
		}
	}
	return t(ctx, "bill.itself")
}
