package handlers

import (
	"net/url"
	"slices"

	"github.com/a-h/templ"

	"portal/models"
	"portal/pricing"
	"portal/views"
)

// chooseBuy reads the purchase's form: edition, term and auto-renewal. What is
// wrong or missing gets the default, so that there is always a price to show.
func (a *app) chooseBuy(w asked, form url.Values, make bool) (chosen, error) {
	terms := a.Book.Terms(w.count.Machines)
	if len(terms) == 0 {
		return chosen{}, &pricing.MachinesError{Machines: w.count.Machines}
	}
	ch := choice{Kind: models.Buy, Edition: a.Book.Editions()[0], Term: usualTerm(terms)}
	r := reader{form: form}
	if make || form.Has("edition") || form.Has("term") {
		r.edition(&ch, a.Book.Editions())
		r.term(&ch, a.Book, terms, w.count.Machines)
		r.autoRenew(&ch, a.Book.AutoRenewMonths())
	}
	if !ch.AutoRenew {
		ch.AutoRenewMonths = a.ownPeriod(ch.Term)
	}
	return chosen{ch, r.problems, func(page views.Page) (templ.Component, error) {
		p, err := a.buyForm(w, ch, terms)
		p.Problems = r.problems
		return views.QuoteForm(page, p), err
	}}, nil
}

// ownPeriod is what auto-renewal is set to for a term before anybody turns it on:
// the same again. Where no such period is offered it is 0, and the form asks.
func (a *app) ownPeriod(t models.Term) int {
	if slices.Contains(a.Book.AutoRenewMonths(), t.Months()) {
		return t.Months()
	}
	return 0
}

func (a *app) buyForm(w asked, ch choice, terms []models.Term) (views.QuoteFormProps, error) {
	p := views.QuoteFormProps{
		Account: w.account, Count: w.count,
		AutoRenew: ch.AutoRenew, AutoRenewMonths: ch.AutoRenewMonths, AutoRenewOptions: a.Book.AutoRenewMonths(),
		StartsAt: w.now, EndsAt: models.AddMonths(w.now, ch.Term.Months()),
		ValidFor: a.Book.QuoteValidity(), ExamplePrices: a.Book.Example(), CompareURL: a.Book.CompareURL(), MinimumMonths: a.minimumMonths(terms),
	}
	price, err := a.price(w, ch)
	if err != nil {
		return p, err
	}
	p.Sum = price.shown(w.viewer)
	for _, edition := range a.Book.Editions() {
		other := ch
		other.Edition = edition
		price, err := a.price(w, other)
		if err != nil {
			return p, err
		}
		p.Editions = append(p.Editions, a.editionOption(w, price, edition, edition == ch.Edition))
	}
	p.Terms, err = a.termOptions(w, ch, terms)
	return p, err
}

// termOptions are the terms on offer, each with its price.
func (a *app) termOptions(w asked, ch choice, terms []models.Term) ([]views.TermOption, error) {
	var options []views.TermOption
	for _, term := range terms {
		other := ch
		other.Term = term
		price, err := a.price(w, other)
		if err != nil {
			return nil, err
		}
		option := views.TermOption{Term: term, Sum: price.shown(w.viewer), Chosen: term == ch.Term}
		for _, line := range option.Sum.Lines {
			if line.Kind == models.LineDiscount {
				option.Percent = line.Percent
			}
		}
		options = append(options, option)
	}
	return options, nil
}

// minimumMonths is the shortest term sold at this count, when shorter ones
// exist for others; 0 else.
func (a *app) minimumMonths(terms []models.Term) int {
	if shortest := a.Book.Terms(pricing.MaxMachines); terms[0].Months() > shortest[0].Months() {
		return terms[0].Months()
	}
	return 0
}
