package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"portal/models"
	"portal/views"
)

// check shows a quote line by line before anything is bought. A quote that has
// been placed leads to its order: the back button after paying can't pay twice.
func (a *app) check(c echo.Context) error {
	ctx, v := c.Request().Context(), viewer(c)
	quote, err := a.Store.Quote(ctx, v, c.Param("quote"))
	if err != nil {
		return err
	}
	if placed, err := a.placedOrder(c, quote.ID); placed || err != nil {
		return err
	}
	return a.renderCheck(c, http.StatusOK, quote, nil)
}

// placedOrder redirects to the order that the quote has led to, if any.
func (a *app) placedOrder(c echo.Context, quoteID string) (bool, error) {
	order, err := a.Store.OrderByQuote(c.Request().Context(), viewer(c), quoteID)
	switch {
	case err == nil:
		return true, a.placed(c, order)
	case isNotFound(err):
		return false, nil
	}
	return false, err
}

func (a *app) renderCheck(c echo.Context, status int, quote models.Quote, problems []views.Problem) error {
	ctx, v := c.Request().Context(), viewer(c)
	account, err := a.Store.Account(ctx, v, quote.AccountID)
	if err != nil {
		return err
	}
	held, err := a.Store.Holdings(ctx, account.ID)
	if err != nil {
		return err
	}
	page := a.page(c)
	page.Path = "/quotes/" + quote.ID // also after a post
	p := views.CheckProps{
		Quote: quote, Account: account, Email: v.User.Email,
		ChangeURL: choiceOf(quote).url(account.ID), FullDays: a.Book.FullRefundDays(),
		InstanceID: c.Request().PostForm.Get("instance_id"),
		Expired:    !page.Now.Before(quote.ExpiresAt), MayOrder: v.MayOrder(),
		OpenOrder: held[account.ID].OpenOrder, Hold: held[account.ID].Hold, Released: held[account.ID].Released, Problems: problems,
	}
	p.FullUsed = held[account.ID].HadFullRefund(page.Now)
	if quote.Held != nil {
		p.FullUntil = a.Book.FullRefundUntil(models.Subscription{StartsAt: quote.Held.StartsAt})
	}
	switch quote.Kind {
	case models.Buy:
		p.StartsAt, p.EndsAt = page.Now, models.AddMonths(page.Now, quote.Term().Months())
		if quote.AutoRenew {
			p.AutoRenewFen, _ = a.Book.AutoRenewal(quote.Edition, quote.InstanceCount, quote.AutoRenewMonths)
		}
	case models.Renew:
		p.StartsAt, p.EndsAt = *quote.StartsAt, *quote.EndsAt
	case models.Upgrade:
		p.StartsAt, p.EndsAt = page.Now, *quote.EndsAt
	case models.Refund:
	}
	if quote.ReplacesID != nil {
		previous, err := a.Store.Quote(ctx, v, *quote.ReplacesID)
		if err != nil {
			return err
		}
		p.Previous = &previous
	}
	return a.render(c, status, views.Check(page, p))
}
