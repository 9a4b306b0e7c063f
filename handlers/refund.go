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
	s, hadFull := *w.held.Subscription, w.held.HadFullRefund(w.now)
	price, err := a.Book.Refund(s, hadFull, w.now)
	if errors.As(err, new(*pricing.EditionNotSoldError)) {
		err = &cannotError{why: "refund_unpriced"}
	}
	if err != nil {
		return chosen{}, err
	}
	return chosen{choice{Kind: models.Refund}, nil, func(page views.Page) (templ.Component, error) {
		p := views.RefundProps{
			Account: w.account, Held: s, Lines: price.Lines, TotalFen: price.TotalFen,
			FullDays: a.Book.FullRefundDays(), InFull: models.InFull(price.Lines),
			FullUsed: hadFull && w.now.Before(a.Book.FullRefundUntil(s)),
			ValidFor: a.Book.QuoteValidity(), ExamplePrices: a.Book.Example(),
		}
		return views.Refund(page, p), nil
	}}, nil
}
