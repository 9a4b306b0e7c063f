package handlers

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"portal/models"
	"portal/store"
	"portal/views"
)

// longestQuery is how many characters a search may have: far more than any name
// or id, and less than what the database's patterns take.
const longestQuery = 200

// pageSize is how many rows a list shows.
const pageSize = 20

// accounts lists the accounts that the viewer sees.
func (a *app) accounts(c echo.Context) error {
	ctx, v := c.Request().Context(), viewer(c)
	query := strings.TrimSpace(c.QueryParam("q"))
	if utf8.RuneCountInString(query) > longestQuery {
		return echo.NewHTTPError(http.StatusBadRequest)
	}
	found, err := a.Store.Accounts(ctx, v, query, cursor(c, "after"), pageSize+1)
	if err != nil {
		return err
	}
	p := views.AccountsProps{Query: query}
	if len(found) > pageSize {
		found = found[:pageSize]
		p.NextURL = "/accounts?" + url.Values{
			"q": {query}, "after": {strconv.FormatInt(found[pageSize-1].ID, 10)},
		}.Encode()
	}
	ids := make([]int64, len(found))
	for i, account := range found {
		ids[i] = account.ID
	}
	held, err := a.Store.Holdings(ctx, ids...)
	if err != nil {
		return err
	}
	for _, account := range found {
		h := held[account.ID]
		p.Rows = append(p.Rows, views.AccountRow{
			Account: account, Subscription: h.Subscription, OpenOrder: h.OpenOrder, Hold: h.Hold,
		})
	}
	return a.render(c, http.StatusOK, views.Accounts(a.page(c), p))
}

// findAccount reads the account that the path names, with what it holds.
func (a *app) findAccount(c echo.Context) (models.Account, store.Holding, error) {
	id, err := strconv.ParseInt(c.Param("account"), 10, 64)
	if err != nil {
		return models.Account{}, store.Holding{}, models.ErrNotFound
	}
	account, err := a.Store.Account(c.Request().Context(), viewer(c), id)
	if err != nil {
		return account, store.Holding{}, err
	}
	held, err := a.Store.Holdings(c.Request().Context(), id)
	return account, held[id], err
}

// cursor is the id that a page begins after or before, 0 for the first page.
func cursor(c echo.Context, name string) int64 {
	id, err := strconv.ParseInt(c.QueryParam(name), 10, 64)
	if err != nil || id < 0 {
		return 0
	}
	return id
}
