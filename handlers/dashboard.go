package handlers

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"portal/models"
	"portal/store"
	"portal/views"
)

// spendMonths is how many months the dashboard looks back, the running one
// included.
const spendMonths = 12

// dashboard is what the accounts that the viewer oversees come to together. Each
// count is that of the list that its URL shows.
func (a *app) dashboard(c echo.Context) error {
	ctx, v := c.Request().Context(), viewer(c)
	var p views.DashboardProps
	for _, count := range []struct {
		into  *views.QueueCount
		state models.AccountState
	}{{&p.Expiring, models.AccountsExpiring}, {&p.Outgrown, models.AccountsOutgrown}, {&p.Attention, models.AccountsAttention}, {&p.Accounts, ""}} {
		n, err := a.Store.CountAccounts(ctx, v, store.AccountFilter{State: count.state})
		if err != nil {
			return err
		}
		list := views.AccountsProps{State: string(count.state)}
		*count.into = views.QueueCount{Count: min(n, store.CountBound), Capped: n > store.CountBound, URL: accountsURL("/accounts", list, "")}
	}
	begins, end := models.LastMonths(a.Store.Now(), spendMonths)
	var err error
	if p.Months, err = a.Store.Spend(ctx, v, begins, end); err != nil {
		return err
	}
	for i, begin := range begins {
		until := end
		if i+1 < len(begins) {
			until = begins[i+1]
		}
		p.MonthURLs = append(p.MonthURLs, filterURL("/orders", views.OrdersProps{
			From: begin.Format(time.DateOnly), To: until.AddDate(0, 0, -1).Format(time.DateOnly),
		}, "", 0))
	}
	return a.render(c, http.StatusOK, views.Dashboard(a.page(c), p))
}
