package handlers

import (
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"portal/locales"
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
	held, err := a.Store.HoldingsFor(ctx, v, account.ID)
	if err != nil {
		return err
	}
	page := a.page(c)
	page.Path = "/quotes/" + quote.ID // also after a post
	if page.Acting, err = a.acting(c); err != nil {
		return err
	}
	by, err := a.placer(c, v.User.ID)
	if err != nil {
		return err
	}
	p := views.CheckProps{
		Quote: quote, Account: account, By: placerWords(locales.From(ctx), by),
		ChangeURL: choiceOf(quote).url(account.ID), FullDays: a.Book.FullRefundDays(),
		InstanceID: c.Request().PostForm.Get("instance_id"),
		Expired:    !page.Now.Before(quote.ExpiresAt), MayOrder: v.Offered(models.ActOrder),
		OpenOrder: held[account.ID].OpenOrder, Hold: held[account.ID].Hold, Released: held[account.ID].Released, Problems: problems,
		Suspended: account.May(v, quote.Kind) != nil,
	}
	used, err := a.used(ctx, account)
	if err != nil {
		return err
	}
	_ = errors.As(account.Within(quote.Kind, used, quote.PaysFen(), page.Now), &p.Full)
	if account.NeedsApproval(v, quote.Kind, quote.PaysFen()) {
		p.Above = account.ApprovalAboveFen
	}
	p.FullUsed = held[account.ID].HadFullRefund(page.Now)
	if quote.Held != nil {
		p.FullUntil = a.Book.FullRefundUntil(models.Subscription{StartsAt: quote.Held.StartsAt})
	}
	switch quote.Kind {
	case models.Buy:
		p.StartsAt, p.EndsAt = page.Now, models.AddMonths(page.Now, quote.Term().Months())
		if quote.AutoRenew {
			if p.AutoRenewFen, err = a.autoRenewal(ctx, v, account, quote.Edition, quote.InstanceCount, quote.AutoRenewMonths); err != nil {
				return err
			}
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
