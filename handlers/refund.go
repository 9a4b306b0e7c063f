package handlers

import (
	"errors"

	"github.com/a-h/templ"

	"portal/models"
	"portal/pricing"
	"portal/views"
)

// chooseRefund shows the estimate. There is nothing to choose.
func (a *app) chooseRefund(w asked) (chosen, error) {
	hadFull := w.held.HadFullRefund(w.now)
	price, err := a.price(w, choice{Kind: models.Refund})
	if errors.As(err, new(*pricing.EditionNotSoldError)) {
		err = &cannotError{why: "refund_unpriced"}
	}
	if err != nil {
		return chosen{}, err
	}
	return chosen{choice{Kind: models.Refund}, nil, func(page views.Page) (templ.Component, error) {
		p := views.RefundProps{
			Account: w.account, Held: *w.held.Held(w.viewer), Sum: price.shown(w.viewer),
			FullDays: a.Book.FullRefundDays(), InFull: models.InFull(price.list.Lines),
			FullUsed: hadFull && w.now.Before(a.Book.FullRefundUntil(*w.held.Subscription)),
			ValidFor: a.Book.QuoteValidity(), ExamplePrices: a.Book.Example(),
		}
		return views.Refund(page, p), nil
	}}, nil
}
