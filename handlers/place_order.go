package handlers

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"portal/failpoint"
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
	held, err := a.Store.HoldingsFor(ctx, v, account.ID)
	if err != nil {
		return err
	}
	if placed, err := a.placedOrder(c, quote.ID); placed || err != nil {
		return err
	}
	now := a.Store.Now()
	if err := a.may(v, quote.Kind, account, held[account.ID], now); err != nil {
		return a.notPlaced(c, quote, err)
	}
	who, err := a.asker(ctx, account)
	if err != nil {
		return err
	}
	w, err := a.asks(c.Request().Context(), viewer(c), account, held[account.ID], now)
	if err != nil {
		return err
	}
	expired := !now.Before(quote.ExpiresAt)
	if quote.Kind == models.Refund {
		if expired {
			return a.requote(c, w, quote, []models.QuoteChange{models.QuoteExpired})
		}
		// What can't be taken back is confirmed by name. A phone's keyboard adds spaces
		// and capitals.
		switch typed := strings.Join(strings.Fields(c.Request().PostForm.Get("instance_id")), ""); {
		case strings.EqualFold(typed, quote.InstanceID):
		case typed == "":
			return a.renderCheck(c, http.StatusUnprocessableEntity, quote,
				[]views.Problem{{Field: "instance_id", Key: "instance_id_confirm_missing"}})
		default:
			return a.renderCheck(c, http.StatusUnprocessableEntity, quote,
				[]views.Problem{{Field: "instance_id", Key: "instance_id_confirm_wrong"}})
		}
	}
	if quote.Kind != models.Refund {
		read := a.counts.forPlacing
		if expired {
			read = a.counts.forQuote // nothing will be placed: it becomes another quote
		}
		w.count, err = read(ctx, who)
	} else if skew := a.Skew(); skew.TooFar() || skew.At.IsZero() {
		// A refund needs no machines. Here the read is a look at the clock, which may
		// have been set since it was measured; whether it can be read is all the same.
		_, _ = a.counts.forPlacing(ctx, who)
	}
	if why := a.keptFrom(err); why != "" {
		return a.renderCheck(c, http.StatusServiceUnavailable, quote, []views.Problem{{Key: why}})
	}
	if err != nil {
		return err
	}
	failpoint.Hit(failpoint.PlaceAsked)
	order, err := a.Store.PlaceOrder(ctx, a.by(c), quote.ID, a.placing(w.count, a.CredentialProfile))
	var changed *models.QuoteChangedError
	if errors.As(err, &changed) {
		return a.requote(c, w, quote, changed.Reasons)
	}
	if err != nil {
		return a.notPlaced(c, quote, err)
	}
	a.Wake()
	failpoint.Hit(failpoint.PlaceWoken)
	return a.placed(c, order)
}

// placing is the world as an order is placed or approved in it.
func (a *app) placing(count models.Count, profile string) store.Placing {
	return store.Placing{InstanceCount: count.Machines, PriceBookHash: a.Book.Hash(), CredentialProfile: profile}
}

// keptFrom says what keeps this portal, and not this account, from placing
// anything now, as a key of "problem"; err is the count's. Each count measures
// the clock too.
func (a *app) keptFrom(err error) string {
	var failed *models.CountError
	counted := !errors.As(err, &failed)
	switch {
	case a.Skew().TooFar(), !counted && failed.Failure == models.CountClock:
		return "nothing_placed_clock"
	case !counted && (failed.Failure == models.CountUnavailable || failed.Failure == models.CountThrottled):
		return "nothing_placed_provider_down"
	}
	return ""
}

// requote makes a new quote beside one that no longer holds. Nothing was sent.
func (a *app) requote(c echo.Context, w asked, old models.Quote, why []models.QuoteChange) error {
	ch := choiceOf(old)
	fresh, err := a.offer(w, ch)
	if err != nil {
		// What was chosen can't be had any more: the form says so, answers kept.
		return c.Redirect(http.StatusSeeOther, ch.url(w.account.ID))
	}
	fresh.ReplacesID, fresh.Changes = &old.ID, why
	return a.toQuote(c, fresh, ch)
}

// notPlaced says on the check page why the account can't have this order now.
func (a *app) notPlaced(c echo.Context, quote models.Quote, err error) error {
	var open *models.OpenOrderError
	var soon *tooSoonError
	var hold *models.AccountHeldError
	var full *models.LimitError
	problem := views.Problem{}
	switch {
	case errors.As(err, &open):
		problem = views.Problem{Key: "open_order", Args: []any{"Number", open.Number}}
	case errors.As(err, &hold):
		problem.Key = "account_held"
	case errors.As(err, &full):
		problem = views.Problem{Key: "limit_full", Args: []any{"Left", full.Left()}}
	case errors.As(err, new(*models.AccountSuspendedError)):
		problem.Key = "account_suspended"
	case errors.Is(err, models.ErrSubscribed):
		problem.Key = "already_subscribed"
	case errors.Is(err, models.ErrNotSubscribed):
		problem.Key = "not_subscribed"
	case errors.Is(err, models.ErrExpired):
		problem.Key = "subscription_expired"
	case errors.As(err, &soon):
		problem = views.Problem{Key: "buy_again_wait", Args: []any{"Day", soon.from}}
	default:
		return err
	}
	return a.renderCheck(c, http.StatusConflict, quote, []views.Problem{problem})
}

// quotesAnHour bounds how many quotes each person gets for an account: they are
// kept for good.
const quotesAnHour = 120

// toQuote keeps a quote and leads to it, or to what has changed meanwhile in
// another tab.
func (a *app) toQuote(c echo.Context, q models.Quote, ch choice) error {
	kept, err := a.addQuote(c, q)
	switch {
	case errors.Is(err, models.ErrSubscribed), errors.Is(err, models.ErrNotSubscribed), errors.Is(err, models.ErrExpired):
		return c.Redirect(http.StatusSeeOther, accountPath(q.AccountID)) // its page says what it holds
	case errors.Is(err, models.ErrConflict):
		return c.Redirect(http.StatusSeeOther, ch.url(q.AccountID)) // the form shows what holds now
	case err != nil:
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/quotes/"+kept.ID)
}

// addQuote keeps a quote, unless its account has had too many.
func (a *app) addQuote(c echo.Context, q models.Quote) (models.Quote, error) {
	ctx := c.Request().Context()
	err := a.attempt(ctx, store.Limit{
		Name:     fmt.Sprintf("quotes:%d:%d", q.AccountID, viewer(c).User.ID),
		Failures: quotesAnHour, Window: time.Hour,
	})
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
