package handlers

import (
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"portal/models"
	"portal/store"
	"portal/views"
)

// placeOrder turns a quote into an order, once, and leads to the order's page.
// Posting it again, from another tab or by a double click, leads there too.
func (a *app) placeOrder(c echo.Context) error {
	ctx, v := c.Request().Context(), viewer(c)
	quote, err := a.Store.Quote(ctx, v, c.Param("quote"))
	if err != nil {
		return err
	}
	if placed, err := a.placedOrder(c, quote.ID); placed || err != nil {
		return err
	}
	if !v.MayOrder() {
		return models.ErrForbidden
	}
	account, err := a.Store.Account(ctx, v, quote.AccountID)
	if err != nil {
		return err
	}
	count, err := a.counts.forPlacing(ctx, account.OwnerID)
	var failed *models.CountError
	if errors.As(err, &failed) && (failed.Failure == models.CountUnavailable || failed.Failure == models.CountThrottled) {
		return a.renderCheck(c, http.StatusServiceUnavailable, quote,
			[]views.Problem{{Key: "nothing_placed_provider_down"}})
	}
	if err != nil {
		return err
	}
	order, err := a.Store.PlaceOrder(ctx, v, quote.ID, store.Placing{
		InstanceCount: count.Machines, PriceBookHash: a.Book.Hash(), CredentialProfile: a.CredentialProfile,
	})
	var (
		open    *models.OpenOrderError
		changed *models.QuoteChangedError
	)
	switch {
	case errors.As(err, &open):
		return a.renderCheck(c, http.StatusConflict, quote,
			[]views.Problem{{Key: "open_order", Args: []any{"Number", open.Number}}})
	case errors.Is(err, models.ErrSubscribed):
		return a.renderCheck(c, http.StatusConflict, quote, []views.Problem{{Key: "already_subscribed"}})
	case errors.As(err, &changed):
		return a.requote(c, account, quote, count, changed.Reasons)
	case err != nil:
		return err
	}
	a.Wake()
	return a.toOrder(c, order)
}

// requote makes a new quote beside one that no longer holds. Nothing was sent.
func (a *app) requote(c echo.Context, account models.Account, old models.Quote, count models.Count, why []models.QuoteChange) error {
	ch := choiceOf(old)
	fresh, err := a.buyQuote(account, ch, count)
	if err != nil {
		// What was chosen is not sold any more: the form says so, answers kept.
		return c.Redirect(http.StatusSeeOther, ch.url(account.ID))
	}
	fresh.ReplacesID, fresh.Changes = &old.ID, why
	fresh, err = a.Store.AddQuote(c.Request().Context(), viewer(c), fresh)
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/quotes/"+fresh.ID)
}

func (a *app) toOrder(c echo.Context, o models.Order) error {
	c.Set(keyOrder, o.Number)
	return c.Redirect(http.StatusSeeOther, orderPath(o.Number))
}

func orderPath(number string) string { return "/orders/" + number }

func isNotFound(err error) bool { return errors.Is(err, models.ErrNotFound) }
