package handlers

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"portal/models"
	"portal/store"
	"portal/views"
)

// quoteForm lets a person choose. The answers live in the URL, so that without
// script a button can ask for the new price, and every answer survives.
func (a *app) quoteForm(c echo.Context) error { return a.chooseQuote(c, c.QueryParams(), false) }

// makeQuote turns the answers into a quote and leads to it.
func (a *app) makeQuote(c echo.Context) error {
	return a.chooseQuote(c, c.Request().PostForm, true)
}

// chooseQuote is every kind's way from a form to a quote.
func (a *app) chooseQuote(c echo.Context, form url.Values, make bool) error {
	kind := models.Kind(form.Get("kind"))
	if kind == "" {
		kind = models.Kind(c.QueryParam("kind"))
	}
	if !slices.Contains(models.Kinds(), kind) {
		return models.ErrNotFound
	}
	account, held, err := a.findAccount(c)
	if err != nil {
		return err
	}
	w, err := a.asks(c.Request().Context(), viewer(c), account, held, a.Store.Now())
	if err != nil {
		return err
	}
	if a.may(viewer(c), kind, account, held, w.now) != nil {
		switch why, args := a.whyNot(viewer(c), kind, account, held, nil, w.now); why {
		case "not_subscribed", "subscribed", "expired", "buy_again_wait":
			return a.renderCannot(c, w, kind, &cannotError{why, args})
		}
		// The account's page begins with which order is under way, or with what keeps
		// the account from ordering.
		return c.Redirect(http.StatusSeeOther, accountPath(account.ID))
	}
	if kind != models.Refund {
		who, err := a.asker(c.Request().Context(), account)
		if err != nil {
			return err
		}
		if w.count, err = a.counts.forQuote(c.Request().Context(), who); err != nil {
			return err
		}
	}
	ch, err := a.choose(w, kind, form, make)
	var cannot *cannotError
	if errors.As(err, &cannot) {
		return a.renderCannot(c, w, kind, cannot)
	}
	if err != nil {
		return err
	}
	if !make || len(ch.problems) > 0 {
		status := http.StatusOK
		if len(ch.problems) > 0 {
			status = http.StatusUnprocessableEntity
		}
		page := a.page(c)
		if page.Acting, err = a.acting(c); err != nil {
			return err
		}
		form, err := ch.form(page)
		if err != nil {
			return err
		}
		return a.render(c, status, form)
	}
	quote, err := a.offer(w, ch.choice)
	if errors.Is(err, models.ErrExpired) {
		return c.Redirect(http.StatusSeeOther, accountPath(account.ID)) // its page says what it holds
	}
	if err != nil {
		return err
	}
	return a.toQuote(c, quote, ch.choice)
}

// may says why the viewer may begin no order of this kind: a suspension, what the
// record says, and after an expiry the days in which the price book offers a
// renewal first.
func (a *app) may(v models.Viewer, kind models.Kind, account models.Account, held store.Holding, now time.Time) error {
	if err := account.May(v, kind); err != nil {
		return err
	}
	if err := held.May(kind, now); err != nil {
		return err
	}
	if s := held.Subscription; kind == models.Buy && s != nil {
		if from := s.EndsAt.Add(a.Book.BuyAgainAfter()); now.Before(from) {
			return &tooSoonError{from}
		}
	}
	return nil
}

// tooSoonError is a purchase after an expiry, before the provider has surely
// let go of what expired.
type tooSoonError struct{ from time.Time }

func (e *tooSoonError) Error() string { return "buying anew is offered from " + e.from.String() }

// cannotError is a form that has nothing to offer; why is a key of "cannot".
type cannotError struct {
	why  string
	args []any
}

func (e *cannotError) Error() string { return "nothing to offer: " + e.why }

func (a *app) renderCannot(c echo.Context, w asked, kind models.Kind, e *cannotError) error {
	p := views.CannotProps{
		Account: w.account, Action: views.Action{Kind: kind, Why: e.why, Args: e.args}, Held: w.held.Held(w.viewer),
	}
	if !w.count.ReadAt.IsZero() {
		p.Owned = &w.count
	}
	return a.render(c, http.StatusConflict, views.Cannot(a.page(c), p))
}

// chosen is what came of reading a form: the choice, what is wrong with it, and
// the form to show.
type chosen struct {
	choice
	problems []views.Problem
	form     func(views.Page) (templ.Component, error)
}

func (a *app) choose(w asked, kind models.Kind, form url.Values, make bool) (chosen, error) {
	switch kind {
	case models.Buy:
		return a.chooseBuy(w, form, make)
	case models.Renew:
		return a.chooseRenew(w, form, make)
	case models.Upgrade:
		return a.chooseUpgrade(w, form, make)
	case models.Refund:
		return a.chooseRefund(w)
	}
	return chosen{}, models.ErrNotFound
}
