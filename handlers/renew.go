package handlers

import (
	"net/url"
	"slices"

	"github.com/a-h/templ"

	"portal/models"
	"portal/pricing"
	"portal/views"
)

// chooseRenew reads the renewal's form: the term.
func (a *app) chooseRenew(w asked, form url.Values, make bool) (chosen, error) {
	s := *w.held.Subscription
	terms, err := a.renewable(w)
	if err != nil {
		return chosen{}, err
	}
	sold := a.Book.Terms(w.count.Machines)
	past := 0
	if shorter := len(sold) - len(terms); shorter > 0 {
		past = sold[shorter-1].Months()
	}
	ch := choice{Kind: models.Renew, Edition: s.Last().Edition}
	ch.Term = usualTerm(terms)
	r := reader{form: form}
	if make || form.Has("term") {
		r.term(&ch, a.Book, terms, w.count.Machines)
	}
	return chosen{ch, r.problems, func(page views.Page) (templ.Component, error) {
		p := views.RenewProps{
			Account: w.account, Held: *w.held.Held(w.viewer), Count: w.count, MinimumMonths: a.minimumMonths(sold), PastMonths: past,
			StartsAt: s.EndsAt, EndsAt: models.AddMonths(s.EndsAt, ch.Term.Months()),
			ValidFor: a.Book.QuoteValidity(), ExamplePrices: a.Book.Example(), Problems: r.problems,
		}
		price, err := a.price(w, ch)
		if err != nil {
			return nil, err
		}
		p.Sum = price.shown(w.viewer)
		if p.Terms, err = a.termOptions(w, ch, terms); err != nil {
			return nil, err
		}
		for i, option := range p.Terms {
			p.Terms[i].EndsAt = models.AddMonths(s.EndsAt, option.Term.Months())
		}
		return views.Renew(page, p), nil
	}}, nil
}

// renewable are the terms that what is held can be renewed for. Those that
// would end before now are not offered: they would buy nothing but time that
// has passed.
func (a *app) renewable(w asked) ([]models.Term, error) {
	s := w.held.Subscription
	if !slices.Contains(a.Book.Editions(), s.Last().Edition) {
		return nil, &cannotError{why: "edition_off_sale"}
	}
	terms := a.Book.Terms(w.count.Machines)
	if len(terms) == 0 {
		return nil, &pricing.MachinesError{Machines: w.count.Machines}
	}
	terms = slices.DeleteFunc(terms, func(t models.Term) bool {
		return !models.AddMonths(s.EndsAt, t.Months()).After(w.now)
	})
	if len(terms) == 0 {
		return nil, &cannotError{why: "renew_too_short"}
	}
	return terms, nil
}
