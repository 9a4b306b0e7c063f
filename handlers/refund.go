package handlers

import (
	"github.com/a-h/templ"

	"portal/models"
	"portal/views"
)

// chooseRefund shows the estimate. There is nothing to choose.
func (a *app) chooseRefund(w asked) (chosen, error) {
	s := *w.held.Subscription
	return chosen{choice{Kind: models.Refund}, nil, func(page views.Page) (templ.Component, error) {
		hadFull := w.held.HadFullRefund(w.now)
		price, err := a.Book.Refund(s, hadFull, w.now)
		if err != nil {
			return nil, err
		}
		p := views.RefundProps{
			Account: w.account, Held: s, Lines: price.Lines, TotalFen: price.TotalFen,
			FullDays: a.Book.FullRefundDays(), InFull: models.InFull(price.Lines),
			FullUsed: hadFull && w.now.Before(s.StartsAt.AddDate(0, 0, a.Book.FullRefundDays())),
			ValidFor: a.Book.QuoteValidity(), ExamplePrices: a.Book.Example(),
		}
		return views.Refund(page, p), nil
	}}, nil
}
