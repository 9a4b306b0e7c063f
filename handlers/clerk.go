package handlers

import (
	"context"
	"net/url"

	"portal/failpoint"
	"portal/models"
)

// Clerk quotes and orders for somebody who has no page before them, by the same
// code and checks as the pages. NewClerk makes one.
type Clerk struct{ *app }

// NewClerk makes a clerk that goes by the same settings as the pages do.
func NewClerk(c Config) *Clerk { return &Clerk{newApp(c)} }

// AnswersError is answers that a form would have shown again.
type AnswersError struct{ Problem string } // a key of "problem"

func (e *AnswersError) Error() string { return "the form takes no such answers: " + e.Problem }

// Quote keeps a quote of this kind, as its form makes it of these answers.
func (c *Clerk) Quote(ctx context.Context, v models.Viewer, kind models.Kind, account models.Account, answers url.Values) (models.Quote, error) {
	return c.quoteFor(ctx, v, kind, account, func(w asked) (choice, error) {
		ch, err := c.choose(w, kind, answers, true)
		if err == nil && len(ch.problems) > 0 {
			err = &AnswersError{ch.problems[0].Key}
		}
		return ch.choice, err
	})
}

// Order places a quote.
func (c *Clerk) Order(ctx context.Context, by models.By, account models.Account, quote models.Quote) (models.Order, error) {
	return c.orderFor(ctx, by, account, quote.Kind, quote.ID)
}

// quoteFor makes and keeps a quote of what is chosen in the world as it is now.
// It fails as may and counts do, too.
func (a *app) quoteFor(ctx context.Context, v models.Viewer, kind models.Kind, account models.Account, choose func(asked) (choice, error)) (models.Quote, error) {
	held, err := a.Store.HoldingsFor(ctx, v, account.ID)
	if err != nil {
		return models.Quote{}, err
	}
	w, err := a.asks(ctx, v, account, held[account.ID], a.Store.Now())
	if err != nil {
		return models.Quote{}, err
	}
	if err := a.may(v, kind, account, w.held, w.now); err != nil {
		return models.Quote{}, err
	}
	if kind != models.Refund { // which needs no machines
		who, err := a.asker(ctx, account)
		if err != nil {
			return models.Quote{}, err
		}
		if w.count, err = a.counts.forQuote(ctx, who); err != nil {
			return models.Quote{}, err
		}
	}
	ch, err := choose(w)
	if err != nil {
		return models.Quote{}, err
	}
	q, err := a.offer(w, ch)
	if err != nil {
		return q, err
	}
	return a.Store.AddQuote(ctx, v, q)
}

// orderFor places a quote of this kind, as the person's own press of the button would, and
// gives the order that it has led to already.
func (a *app) orderFor(ctx context.Context, by models.By, account models.Account, kind models.Kind, quoteID string) (models.Order, error) {
	order, err := a.Store.OrderByQuote(ctx, by.Viewer, quoteID)
	if !isNotFound(err) {
		return order, err
	}
	var count models.Count
	if kind != models.Refund {
		who, err := a.asker(ctx, account)
		if err != nil {
			return order, err
		}
		if count, err = a.counts.forPlacing(ctx, who); err != nil {
			return order, err
		}
	}
	failpoint.Hit(failpoint.PlaceAsked)
	if order, err = a.Store.PlaceOrder(ctx, by, quoteID, a.placing(count, a.CredentialProfile)); err != nil {
		return order, err
	}
	a.Wake()
	failpoint.Hit(failpoint.PlaceWoken)
	return order, nil
}
