package handlers

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
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

// accounts is the list of the accounts that the viewer oversees. Its filters
// live in the URL.
func (a *app) accounts(c echo.Context) error {
	ctx, v := c.Request().Context(), viewer(c)
	p := a.askedAccounts(c)
	filter, problems := a.readAccountFilter(p)
	p.Problems = problems
	if len(problems) > 0 { // a filter that can't be understood chooses nothing
		return a.render(c, http.StatusUnprocessableEntity, views.Accounts(a.page(c), p))
	}
	behind := c.QueryParam("after")
	found, err := a.Store.ListAccounts(ctx, v, filter, behind, pageSize+1)
	if err != nil {
		return err
	}
	if len(found) > pageSize {
		found = found[:pageSize]
		p.NextURL = accountsURL("/accounts", p, found[pageSize-1].Key)
	}
	if p.Awaiting, err = a.Store.Awaiting(ctx, v); err != nil {
		return err
	}
	if behind != "" {
		p.FirstURL = accountsURL("/accounts", p, "")
	}
	if p.Count, err = a.Store.CountAccounts(ctx, v, filter); err != nil {
		return err
	}
	if p.Count > store.CountBound {
		p.Count, p.CountCapped = store.CountBound, true
	}
	p.CSVURL = accountsURL("/accounts.csv", p, "")
	if p.Rows, err = a.accountRows(ctx, v, found); err != nil {
		return err
	}
	switch v.Whose(models.ActAdminister) {
	case models.WhoseReseller:
		p.ResellerID = *v.User.ResellerID
	case models.WhoseAll:
		if p.Resellers, err = a.Store.Resellers(ctx); err != nil {
			return err
		}
	case models.WhoseNone, models.WhoseAccount:
	}
	return a.render(c, http.StatusOK, views.Accounts(a.page(c), p))
}

// askedAccounts are the filters as they stand in the URL.
func (a *app) askedAccounts(c echo.Context) views.AccountsProps {
	return views.AccountsProps{
		Query: strings.TrimSpace(c.QueryParam("q")), State: c.QueryParam("state"), Edition: c.QueryParam("edition"), Sort: c.QueryParam("sort"),
		Year: a.thisYear(),
	}
}

// thisYear is the calendar year that it is in Beijing, and beginOf when one begins.
func (a *app) thisYear() int { return a.Store.Now().In(models.Beijing).Year() }

func beginOf(year int) time.Time { return time.Date(year, 1, 1, 0, 0, 0, 0, models.Beijing) }

// readAccountFilter reads the filters and says which of them can't be understood.
// Spend is this calendar year's, in Beijing.
func (a *app) readAccountFilter(p views.AccountsProps) (store.AccountFilter, []views.Problem) {
	f := store.AccountFilter{
		Query: p.Query, State: models.AccountState(p.State), Edition: models.Edition(p.Edition), Sort: models.AccountSort(p.Sort),
		Since: beginOf(p.Year),
	}
	var problems []views.Problem
	wrong := func(field, key string) { problems = append(problems, views.Problem{Field: field, Key: key}) }
	if utf8.RuneCountInString(p.Query) > longestQuery {
		wrong("q", "query_too_long")
	}
	if p.State != "" && !slices.Contains(models.AccountStates(), f.State) {
		wrong("state", "account_state_unknown")
	}
	if p.Edition != "" && !slices.Contains(models.Editions(), f.Edition) {
		wrong("edition", "edition_unknown")
	}
	if p.Sort == "" {
		f.Sort = models.SortName
	} else if !slices.Contains(models.AccountSorts(), f.Sort) {
		wrong("sort", "account_sort_unknown")
	}
	return f, problems
}

// accountsURL is the list, or its export, with the page's filters, from behind
// the account with this key on (empty: from the first).
func accountsURL(path string, p views.AccountsProps, behind string) string {
	q := url.Values{}
	for field, value := range map[string]string{"q": p.Query, "state": p.State, "edition": p.Edition, "sort": p.Sort, "after": behind} {
		if value != "" {
			q.Set(field, value)
		}
	}
	if len(q) == 0 {
		return path
	}
	return path + "?" + q.Encode()
}

// accountRows are accounts with what they hold.
func (a *app) accountRows(ctx context.Context, v models.Viewer, accounts []store.ListedAccount) ([]views.AccountRow, error) {
	ids := make([]int64, len(accounts))
	for i, account := range accounts {
		ids[i] = account.ID
	}
	held, err := a.Store.HoldingsFor(ctx, v, ids...)
	if err != nil {
		return nil, err
	}
	var rows []views.AccountRow
	for _, account := range accounts {
		h := held[account.ID]
		rows = append(rows, views.AccountRow{
			Account: account.Account, Subscription: h.Held(v), OpenOrder: h.OpenOrder, Hold: h.Hold,
			Owned: account.Counted.Count(), SpentFen: account.SpentFen, LastOrder: account.LastOrder,
		})
	}
	return rows, nil
}

// findAccount reads the account that the path names, with what it holds.
func (a *app) findAccount(c echo.Context) (models.Account, store.Holding, error) {
	id, err := pathID(c, "account")
	if err != nil {
		return models.Account{}, store.Holding{}, err
	}
	account, err := a.Store.Account(c.Request().Context(), viewer(c), id)
	if err != nil {
		return account, store.Holding{}, err
	}
	held, err := a.Store.HoldingsFor(c.Request().Context(), viewer(c), id)
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
