package views

import (
	"net/url"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"portal/models"
)

// Where pages live. The route table is in handlers; these are the few addresses
// that pages lead to by themselves.

func accountURL(id int64) templ.SafeURL {
	return templ.SafeURL("/accounts/" + strconv.FormatInt(id, 10))
}

// quoteURL is the quote form's, without a query.
func quoteURL(id int64) templ.SafeURL { return accountURL(id) + "/quote" }

// kindURL opens the quote form for a kind of order, and takes its answers by
// POST.
func kindURL(id int64, kind models.Kind) templ.SafeURL {
	return quoteURL(id) + "?kind=" + templ.SafeURL(url.QueryEscape(string(kind)))
}

// buyURL is kindURL for a purchase.
func buyURL(id int64) templ.SafeURL { return kindURL(id, models.Buy) }

// outsideURL takes what an operator records from outside the portal by POST.
func outsideURL(id int64) templ.SafeURL { return accountURL(id) + "/outside" }

// recordURL opens its form for a kind of entry.
func recordURL(id int64, kind models.OutsideKind) templ.SafeURL {
	return outsideURL(id) + "?kind=" + templ.SafeURL(url.QueryEscape(string(kind)))
}

// releaseURL takes an operator's reason to release an account by POST.
func releaseURL(id int64) templ.SafeURL { return accountURL(id) + "/release" }

func orderURL(number string) templ.SafeURL {
	return templ.SafeURL("/orders/" + url.PathEscape(number))
}

func placeURL(quoteID string) templ.SafeURL {
	return templ.SafeURL("/quotes/" + url.PathEscape(quoteID) + "/order")
}

// accountOrdersURL is the order log of one account.
func accountOrdersURL(id int64) templ.SafeURL {
	return templ.SafeURL("/orders?account=" + strconv.FormatInt(id, 10))
}

// changeURL leads back to the form, at the question to change.
func changeURL(back, field string) templ.SafeURL { return templ.URL(back + "#" + field) }

// still is the query that stops a page from asking for itself again (WCAG 2.2.1:
// what moves by itself can be stopped).
const still = "refresh=off"

func isStill(path string) bool {
	_, query, _ := strings.Cut(path, "?")
	return query == still
}
