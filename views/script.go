package views

import (
	"context"

	"github.com/a-h/templ"

	"portal/models"
)

// What pages tell script, which is in static/js: it makes quicker what works
// without it.

// inPlace lets links and forms of a list change the list alone, with the address
// that they lead to.
const inPlace = `select:#main target:#main swap:"outerMorph show:none"`

// asYouChoose lets a quote form ask for the sum of each choice, as its button for
// that does. Whoever chooses again meanwhile gets the last one's.
func asYouChoose(ctx context.Context, accountID int64, kind models.Kind, sum Sum) templ.Attributes {
	return templ.Attributes{
		"data-hx-get":         string(quoteURL(accountID)),
		"data-hx-trigger":     `change target:".choices input" delay:150ms`,
		"data-hx-sync":        "replace",
		"data-hx-select":      ".quote",
		"data-hx-swap":        "outerMorph",
		"data-hx-replace-url": "true",
		"data-say":            t(ctx, "script.sum", "Label", totalLabel(ctx, kind), "Sum", sum.TotalFen),
	}
}
