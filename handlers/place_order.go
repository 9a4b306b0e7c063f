package handlers

import (
	"errors"
	"net/http"
	"strconv"
	"time"

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
	account, err := a.Store.Account(ctx, v, quote.AccountID)
	if err != nil {
		return err
	}
	// What this portal knows by itself is asked first: a post that can't lead to
	// an order costs the provider nothing. What the account holds is read before
	// the quote's own order is looked for, so that a simultaneous post's order is
	// never taken for another one.
	held, err := a.Store.Holdings(ctx, account.ID)
	if err != nil {
		return err
	}
	if placed, err := a.placedOrder(c, quote.ID); placed || err != nil {
		return err
	}
	if !v.MayOrder() {
		return models.ErrForbidden
	}
	if err := held[account.ID].MayBuy(a.Store.Now()); err != nil {
		return a.notPlaced(c, quote, err)
	}
	read := a.counts.forPlacing
	if !a.Store.Now().Before(quote.ExpiresAt) {
		read = a.counts.forQuote // nothing will be placed: it becomes another quote
	}
	count, err := read(ctx, account.OwnerID)
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
	var changed *models.QuoteChangedError
	if errors.As(err, &changed) {
		return a.requote(c, account, quote, count, changed.Reasons)
	}
	if err != nil {
		return a.notPlaced(c, quote, err)
	}
	a.Wake()
	return a.placed(c, order)
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
	fresh, err = a.addQuote(c, fresh)
	if errors.Is(err, models.ErrSubscribed) {
		return c.Redirect(http.StatusSeeOther, accountPath(account.ID)) // bought in another tab meanwhile
	}
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/quotes/"+fresh.ID)
}

// notPlaced says on the check page why the account can't buy now.
func (a *app) notPlaced(c echo.Context, quote models.Quote, err error) error {
	var open *models.OpenOrderError
	switch {
	case errors.As(err, &open):
		return a.renderCheck(c, http.StatusConflict, quote,
			[]views.Problem{{Key: "open_order", Args: []any{"Number", open.Number}}})
	case errors.Is(err, models.ErrSubscribed):
		return a.renderCheck(c, http.StatusConflict, quote, []views.Problem{{Key: "already_subscribed"}})
	}
	return err
}

// quotesAnHour bounds how many quotes an account gets: they are kept for good.
const quotesAnHour = 120

// addQuote keeps a quote, unless its account has had too many.
func (a *app) addQuote(c echo.Context, q models.Quote) (models.Quote, error) {
	ctx := c.Request().Context()
	wait, err := a.Store.Attempt(ctx, store.Limit{
		Name: "quotes:" + strconv.FormatInt(q.AccountID, 10), Failures: quotesAnHour, Window: time.Hour,
	})
	if err == nil && wait > 0 {
		err = &throttledError{wait}
	}
	if err != nil {
		return q, err
	}
	return a.Store.AddQuote(ctx, viewer(c), q)
}

// placed leads to the order. The cookie says nothing; that it is set makes
// Chromium forget the check page it keeps for the back button in spite of
// no-store, so that going back asks here and is led to the order.
func (a *app) placed(c echo.Context, o models.Order) error {
	c.SetCookie(&http.Cookie{ // #nosec G124 -- Secure where people reach the portal by https
		Name: "placed", Value: o.Number, Path: "/", Secure: a.Secure, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
	return a.toOrder(c, o)
}

func (a *app) toOrder(c echo.Context, o models.Order) error {
	c.Set(keyOrder, o.Number)
	return c.Redirect(http.StatusSeeOther, orderPath(o.Number))
}

func orderPath(number string) string { return "/orders/" + number }

func isNotFound(err error) bool { return errors.Is(err, models.ErrNotFound) }
