package handlers

import (
	"context"
	"time"

	"portal/models"
	"portal/pricing"
	"portal/store"
	"portal/views"
)

// asks is the world that somebody's choice for an account is priced in, less the
// count of machines.
func (a *app) asks(ctx context.Context, v models.Viewer, account models.Account, held store.Holding, now time.Time) (asked, error) {
	prices, err := a.Store.OwnPrices(ctx, account)
	return asked{viewer: v, account: account, prices: prices, held: held, now: now}, err
}

// offered is what a choice costs, or brings back: what the provider debits, and,
// for an account of a reseller, what the account pays.
type offered struct {
	list   pricing.Price
	own    *pricing.Price
	markup models.Markup // that own was made with; 0 for a refund, whose payments have their own
}

// price prices a choice. What an account pays is priced by the rule in force now,
// but for a refund: that goes by what was paid.
func (a *app) price(w asked, ch choice) (offered, error) {
	var o offered
	var err error
	if o.list, err = priced(a.Book, w.held.Subscription, w, ch); err != nil || w.prices == nil {
		return o, err
	}
	s := w.held.Subscription
	if ch.Kind == models.Refund {
		s = w.held.Own
	} else {
		o.markup = w.prices.Markup(ch.Edition)
	}
	own, err := priced(a.Book.At(o.markup), s, w, ch)
	o.own = &own
	return o, err
}

// priced prices a choice by one book. Only a purchase holds nothing.
func priced(book *pricing.Book, s *models.Subscription, w asked, ch choice) (pricing.Price, error) {
	switch ch.Kind {
	case models.Buy:
		return book.Buy(ch.Edition, ch.Term, w.count.Machines)
	case models.Renew:
		return book.Renew(ch.Edition, ch.Term, w.count.Machines)
	case models.Upgrade:
		return book.Upgrade(*s, ch.Edition, w.count.Machines, w.now)
	case models.Refund:
		return book.Refund(*s, w.held.HadFullRefund(w.now), w.now)
	}
	return pricing.Price{}, models.ErrNotFound
}

// shown is the price as the viewer may see it. What a customer gets has nothing
// in it but what the account pays.
func (o offered) shown(v models.Viewer) views.Sum {
	price := o.list
	if o.own != nil && !v.SeesList() {
		price = *o.own
	}
	sum := views.Sum{Lines: price.Lines, TotalFen: price.TotalFen, SavingFen: price.SavingFen}
	if o.own != nil && v.SeesList() {
		sum.Own = &views.Own{Lines: o.own.Lines, TotalFen: o.own.TotalFen}
	}
	return sum
}

// editionOption is a card of a form: what the edition costs for a machine and
// month, and in all.
func (a *app) editionOption(w asked, price offered, edition models.Edition, chosen bool) views.EditionOption {
	option := views.EditionOption{
		Edition: edition, UnitFen: a.Book.UnitPrice(edition), About: a.Book.About(edition),
		Sum: price.shown(w.viewer), Chosen: chosen,
	}
	if price.own == nil {
		return option
	}
	own := a.Book.At(price.markup).UnitPrice(edition)
	if w.viewer.SeesList() {
		option.OwnUnitFen = own
	} else {
		option.UnitFen = own
	}
	return option
}

// autoRenewal is what one automatic renewal would cost today, as the viewer may
// see it: by the list price, or by what the account would pay; 0 where the book
// can't say.
func (a *app) autoRenewal(ctx context.Context, v models.Viewer, account models.Account, e models.Edition, machines, months int) (models.Fen, error) {
	book := a.Book
	if !v.SeesList() {
		prices, err := a.Store.OwnPrices(ctx, account)
		if err != nil {
			return 0, err
		}
		if prices != nil {
			book = book.At(prices.Markup(e))
		}
	}
	fen, _ := book.AutoRenewal(e, machines, months)
	return fen, nil
}
