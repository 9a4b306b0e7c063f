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

// buyURL opens the quote form for a purchase, and takes its answers by POST.
func buyURL(id int64) templ.SafeURL { return quoteURL(id) + "?kind=" + templ.SafeURL(models.Buy) }

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
