package views

import (
	"context"
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

// editURL asks for an account's name and note, and takes them by POST.
func editURL(id int64) templ.SafeURL { return accountURL(id) + "/edit" }

// awaitingURL lists the orders that wait for approval.
func awaitingURL() templ.SafeURL {
	return templ.SafeURL("/orders?status=" + string(models.AwaitingApproval))
}

// approveURL and declineURL take the decision about an order that waits for it.
func approveURL(number string) templ.SafeURL { return orderURL(number) + "/approve" }
func declineURL(number string) templ.SafeURL { return orderURL(number) + "/decline" }

// limitsURL asks for an account's limits, and takes them by POST.
func limitsURL(id int64) templ.SafeURL { return accountURL(id) + "/limits" }

// suspendURL and reinstateURL ask for a reason, and take it by POST.
func suspendURL(id int64) templ.SafeURL   { return accountURL(id) + "/suspend" }
func reinstateURL(id int64) templ.SafeURL { return accountURL(id) + "/reinstate" }

// pricesURL is what a reseller sells at to all of its accounts, accountPricesURL to
// one; both take it by POST. discountsURL takes whether it may be below list.
func pricesURL(resellerID int64) templ.SafeURL    { return resellerBase(resellerID) + "/prices" }
func discountsURL(resellerID int64) templ.SafeURL { return resellerBase(resellerID) + "/discounts" }
func accountPricesURL(id int64) templ.SafeURL     { return accountURL(id) + "/prices" }

// resellerBase is what the pages of a reseller begin with.
func resellerBase(id int64) templ.SafeURL {
	return templ.SafeURL("/resellers/" + strconv.FormatInt(id, 10))
}

// viewURL begins a look at the account's pages as its customers see them, by POST.
func viewURL(id int64) templ.SafeURL { return accountURL(id) + "/view" }

func orderURL(number string) templ.SafeURL {
	return templ.SafeURL("/orders/" + url.PathEscape(number))
}

// noteURL takes what staff write about an order by POST.
func noteURL(number string) templ.SafeURL { return orderURL(number) + "/notes" }

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

// moves says whether a page asks for itself again: what is typed there would be
// taken away.
func moves(p Page) bool { return p.Refresh > 0 && !isStill(p.Path) }

func isStill(path string) bool {
	_, query, _ := strings.Cut(path, "?")
	return query == still
}

// sandboxBillURL is the sandbox's bill of an account, for the time in which an
// order in review may have been carried out.
func sandboxBillURL(ctx context.Context, a models.Account, found models.Advice) templ.SafeURL {
	q := url.Values{"owner": {ownerID(a)}, "from": {stamp(ctx, found.From)}, "to": {stamp(ctx, found.To)}}
	return templ.SafeURL("/sandbox/bill?" + q.Encode())
}

// checkURL is the page of a quote.
func checkURL(quoteID string) templ.SafeURL { return templ.SafeURL("/quotes/" + quoteID) }
