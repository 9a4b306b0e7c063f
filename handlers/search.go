package handlers

import (
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"portal/models"
	"portal/store"
	"portal/views"
)

// search finds what somebody has an id or an address of. What was meant beyond
// doubt is gone to at once. Who may not search is not told that there is such a
// page. Neither here nor in the log stands what was typed: see identify.
func (a *app) search(c echo.Context) error {
	ctx, v := c.Request().Context(), viewer(c)
	p := views.SearchProps{Query: strings.TrimSpace(c.QueryParam("q"))}
	if utf8.RuneCountInString(p.Query) > longestQuery {
		p.Problems = []views.Problem{{Field: "q", Key: "query_too_long"}}
		return a.render(c, http.StatusUnprocessableEntity, views.Search(a.page(c), p))
	}
	q := models.Seek(p.Query)
	if q.Text == "" {
		queue, err := a.queue(c)
		if err != nil {
			return err
		}
		p.Query, p.Queue = "", &queue
		return a.render(c, http.StatusOK, views.Search(a.page(c), p))
	}
	found, err := a.Store.Search(ctx, v, q)
	if err != nil {
		return err
	}
	switch order, account := found.Only(); {
	case order != nil:
		c.Set(keyOrder, order.Number)
		return c.Redirect(http.StatusSeeOther, orderPath(order.Number))
	case account != nil:
		return c.Redirect(http.StatusSeeOther, accountPath(account.ID))
	}
	if p.Orders, err = a.orderRows(ctx, v, found.Orders); err != nil {
		return err
	}
	p.Year = a.thisYear()
	described, err := a.Store.DescribeAccounts(ctx, found.Accounts, beginOf(p.Year))
	if err != nil {
		return err
	}
	if p.Accounts, err = a.accountRows(ctx, v, described); err != nil {
		return err
	}
	p.People, p.AccountsMore = found.People, found.MoreAccounts
	p.OrdersURL = filterURL("/orders", views.OrdersProps{Query: q.Text}, "", 0)
	p.AccountsURL = "/accounts?" + url.Values{"q": {q.Text}}.Encode()
	if found.MoreOrders {
		// Only an instance has as many: an order has its other ids for itself.
		p.MoreOrdersURL = filterURL("/orders", views.OrdersProps{Query: found.Orders[0].InstanceID}, "", 0)
	}
	return a.render(c, http.StatusOK, views.Search(a.page(c), p))
}

// queue is what waits, as far as the viewer may see it. Each count is that of the
// list that its URL shows.
func (a *app) queue(c echo.Context) (views.Queue, error) {
	ctx, v := c.Request().Context(), viewer(c)
	var q views.Queue
	day := a.Store.Now().In(models.Beijing).Format(time.DateOnly)
	for _, count := range []struct {
		into *views.QueueCount
		list views.OrdersProps
	}{
		{&q.Unknown, views.OrdersProps{Status: string(models.Unknown)}},
		{&q.InReview, views.OrdersProps{Status: string(models.NeedsReview)}},
		{&q.Rejected, views.OrdersProps{Status: string(models.Rejected), From: day, To: day}},
	} {
		filter, _ := readFilter(count.list) // of our own making
		n, err := a.Store.CountOrders(ctx, v, filter)
		if err != nil {
			return q, err
		}
		*count.into = views.QueueCount{
			Count: min(n, store.CountBound), Capped: n > store.CountBound, URL: filterURL("/orders", count.list, "", 0),
		}
	}
	stuck, err := a.Store.Stuck(ctx, v, pageSize+1)
	if err != nil {
		return q, err
	}
	if len(stuck) > pageSize {
		stuck, q.MoreStuck = stuck[:pageSize], true
	}
	q.Stuck, err = a.orderRows(ctx, v, stuck)
	return q, err
}
