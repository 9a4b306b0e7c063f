package handlers

import (
	"errors"
	"net/url"
	"slices"

	"github.com/a-h/templ"

	"portal/models"
	"portal/pricing"
	"portal/views"
)

// chooseUpgrade reads the upgrade's form: the edition, where there is a choice.
// The number of machines is the provider's count.
func (a *app) chooseUpgrade(w asked, form url.Values, make bool) (chosen, error) {
	s := *w.held.Subscription
	editions, err := a.upgrades(s, w)
	if err != nil {
		return chosen{}, err
	}
	ch := choice{Kind: models.Upgrade, Edition: editions[0]}
	r := reader{form: form}
	if form.Has("edition") || make && len(editions) > 1 {
		r.edition(&ch, editions)
	}
	return chosen{ch, r.problems, func(page views.Page) (templ.Component, error) {
		p := views.UpgradeProps{
			Account: w.account, Held: *w.held.Held(w.viewer), Count: w.count, To: ch.Edition,
			ValidFor: a.Book.QuoteValidity(), ExamplePrices: a.Book.Example(), CompareURL: a.Book.CompareURL(), Problems: r.problems,
		}
		for _, edition := range editions {
			price, err := a.price(w, choice{Kind: models.Upgrade, Edition: edition})
			if err != nil {
				return nil, err
			}
			p.Editions = append(p.Editions, a.editionOption(w, price, edition, edition == ch.Edition))
			if edition == ch.Edition {
				p.Sum = price.shown(w.viewer)
			}
		}
		return views.Upgrade(page, p), nil
	}}, nil
}

// upgrades are the editions that are an upgrade of what is held, the present
// one (with more machines) first where it is. Without any, the error says why.
func (a *app) upgrades(s models.Subscription, w asked) ([]models.Edition, error) {
	if editions := a.Book.Upgrades(s, w.count.Machines, w.now); len(editions) > 0 {
		return editions, nil
	}
	highest := models.Editions()
	slices.Reverse(highest)
	for _, edition := range highest {
		_, err := a.Book.Upgrade(s, edition, w.count.Machines, w.now)
		var fewer *pricing.FewerMachinesError
		var unsold *pricing.EditionNotSoldError
		switch {
		case errors.As(err, &fewer):
			return nil, &cannotError{"fewer_machines", []any{"Covered", fewer.Covered, "Owned", fewer.Owned}}
		case errors.As(err, new(*pricing.NotHigherError)):
			return nil, &cannotError{why: "not_higher"}
		case errors.As(err, &unsold):
			continue
		case err != nil:
			return nil, err
		}
	}
	return nil, &cannotError{why: "edition_off_sale"}
}
