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

	"portal/locales"
	"portal/models"
	"portal/store"
	"portal/views"
)

// orders is the log. Its filters live in the URL.
func (a *app) orders(c echo.Context) error {
	ctx, v := c.Request().Context(), viewer(c)
	p := askedOrders(c)
	p.ShowAccounts = v.Whose(models.ActLook) != models.WhoseAccount
	filter, problems := readFilter(p)
	p.Problems = problems
	status := http.StatusOK
	if len(problems) > 0 {
		status = http.StatusUnprocessableEntity
	}

	// A field that can't be understood chooses nothing: showing everything
	// instead would look like an answer.
	if len(problems) == 0 {
		if err := a.findOrders(c, &p, filter); err != nil {
			return err
		}
	}
	if err := a.chips(c, &p); err != nil {
		return err
	}
	any, err := a.Store.Orders(ctx, v, store.OrderFilter{}, 0, 1)
	if err != nil {
		return err
	}
	p.Any = len(any) > 0
	return a.render(c, status, views.Orders(a.page(c), p))
}

// askedOrders are the filters as they stand in the URL.
func askedOrders(c echo.Context) views.OrdersProps {
	return views.OrdersProps{
		Status: c.QueryParam("status"), Kind: c.QueryParam("kind"),
		From: strings.TrimSpace(c.QueryParam("from")), To: strings.TrimSpace(c.QueryParam("to")),
		Query: strings.TrimSpace(c.QueryParam("q")), Account: c.QueryParam("account"), Sort: c.QueryParam("sort"),
	}
}

// findOrders fills in the page's rows, the count and the links.
func (a *app) findOrders(c echo.Context, p *views.OrdersProps, filter store.OrderFilter) error {
	ctx, v := c.Request().Context(), viewer(c)
	behind := cursor(c, p.Cursor())
	found, err := a.Store.Orders(ctx, v, filter, behind, pageSize+1)
	if err != nil {
		return err
	}
	if len(found) > pageSize {
		found = found[:pageSize]
		p.NextURL = filterURL("/orders", *p, "", found[pageSize-1].ID)
	}
	if behind > 0 {
		p.FirstURL = filterURL("/orders", *p, "", 0)
	}
	if p.Count, err = a.Store.CountOrders(ctx, v, filter); err != nil {
		return err
	}
	if p.Count > store.CountBound {
		p.Count, p.CountCapped = store.CountBound, true
	}
	turned := *p
	turned.Sort = "oldest"
	if filter.OldestFirst {
		turned.Sort = ""
	}
	p.SortURL = filterURL("/orders", turned, "", 0)
	p.CSVURL, p.XLSXURL = filterURL("/orders.csv", *p, "", 0), filterURL("/orders.xlsx", *p, "", 0)
	p.Rows, err = a.orderRows(ctx, v, found)
	return err
}

// orderRows are orders with their accounts.
func (a *app) orderRows(ctx context.Context, v models.Viewer, orders []models.Order) ([]views.OrderRow, error) {
	ids := make([]int64, len(orders))
	for i, o := range orders {
		ids[i] = o.AccountID
	}
	accounts, err := a.Store.AccountsByID(ctx, v, ids)
	if err != nil {
		return nil, err
	}
	users := make([]int64, len(orders))
	for i, o := range orders {
		users[i] = o.UserID
	}
	placers, err := a.Store.Placers(ctx, users)
	if err != nil {
		return nil, err
	}
	var rows []views.OrderRow
	for _, o := range orders {
		row := views.OrderRow{Order: o, Account: accounts[o.AccountID]}
		if p := placers[o.UserID]; p.OnBehalf() {
			row.By = placedWords(locales.From(ctx), v, p)
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// readFilter reads the filters and says which of them can't be understood.
func readFilter(p views.OrdersProps) (store.OrderFilter, []views.Problem) {
	f := store.OrderFilter{Status: models.Status(p.Status), Kind: models.Kind(p.Kind), Query: p.Query, OldestFirst: p.Sort == "oldest"}
	var problems []views.Problem
	wrong := func(field, key string, args ...any) {
		problems = append(problems, views.Problem{Field: field, Key: key, Args: args})
	}
	if p.Status != "" && !slices.Contains(models.Statuses(), f.Status) {
		wrong("status", "status_unknown")
	}
	if p.Kind != "" && !slices.Contains(models.Kinds(), f.Kind) {
		wrong("kind", "kind_unknown")
	}
	if utf8.RuneCountInString(p.Query) > longestQuery {
		wrong("q", "query_too_long")
	}
	// Days are Beijing days, both inclusive.
	if p.From != "" {
		day, err := time.ParseInLocation(time.DateOnly, p.From, models.Beijing)
		if err != nil {
			wrong("from", "date_invalid", "Value", p.From)
		}
		f.From = day
	}
	if p.To != "" {
		day, err := time.ParseInLocation(time.DateOnly, p.To, models.Beijing)
		if err != nil {
			wrong("to", "date_invalid", "Value", p.To)
		} else {
			f.To = day.AddDate(0, 0, 1)
		}
	}
	if !f.From.IsZero() && !f.To.IsZero() && !f.To.After(f.From) {
		wrong("to", "date_order")
	}
	if p.Sort != "" && p.Sort != "newest" && p.Sort != "oldest" {
		wrong("", "sort_unknown")
	}
	if p.Account != "" {
		id, err := strconv.ParseInt(p.Account, 10, 64)
		if err != nil || id < 1 {
			id = -1 // no account has it: no order matches
		}
		f.AccountID = id
	}
	return f, problems
}

// chips are the active filters with the links that remove them.
func (a *app) chips(c echo.Context, p *views.OrdersProps) error {
	add := func(field, value string) {
		if slices.ContainsFunc(p.Problems, func(wrong views.Problem) bool { return wrong.Field == field }) {
			return // it chooses nothing, so there is nothing to take back
		}
		p.Chips = append(p.Chips, views.Chip{Field: field, Value: value, URL: filterURL("/orders", *p, field, 0)})
	}
	if p.Query != "" {
		add("q", p.Query)
	}
	if p.Status != "" {
		add("status", p.Status)
	}
	if p.Kind != "" {
		add("kind", p.Kind)
	}
	if p.From != "" {
		add("from", p.From)
	}
	if p.To != "" {
		add("to", p.To)
	}
	if p.Account != "" {
		name := p.Account
		if id, err := strconv.ParseInt(p.Account, 10, 64); err == nil {
			account, err := a.Store.Account(c.Request().Context(), viewer(c), id)
			if err != nil && !isNotFound(err) {
				return err
			}
			if err == nil {
				name = account.Name
			}
		}
		add("account", name)
	}
	return nil
}

// filterURL is the log, or an export of it, with the page's filters, less the one
// named, and its order, from behind the order with the id given (0: from the first).
func filterURL(path string, p views.OrdersProps, without string, behind int64) string {
	q := url.Values{}
	for field, value := range map[string]string{
		"q": p.Query, "status": p.Status, "kind": p.Kind, "from": p.From, "to": p.To, "account": p.Account, "sort": p.Sort,
	} {
		if value != "" && field != without {
			q.Set(field, value)
		}
	}
	if behind > 0 {
		q.Set(p.Cursor(), strconv.FormatInt(behind, 10))
	}
	if len(q) == 0 {
		return path
	}
	return path + "?" + q.Encode()
}
