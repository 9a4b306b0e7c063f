package modeltest

import (
	"errors"
	"time"

	"pgregory.net/rapid"

	"portal/models"
	"portal/pricing"
	"portal/store"
)

// offer is a quote as the portal's forms make them, of what a user chooses.
func (s *schedule) offer(r *rapid.T, i int, kind models.Kind, held store.Holding, machines models.Count, now time.Time) (models.Quote, error) {
	q := models.Quote{
		AccountID: s.accounts[i].ID, Kind: kind, InstanceCount: machines.Machines, CountReadAt: machines.ReadAt,
		PriceBookHash: s.book.Hash(), LastOrderID: held.LastOrderID, LastOutsideID: held.LastOutsideID,
		ExpiresAt: now.Add(s.book.QuoteValidity()),
	}
	until := func(t time.Time) {
		if now.Before(t) && t.Before(q.ExpiresAt) {
			q.ExpiresAt = t
		}
	}
	sub := held.Subscription
	if kind != models.Buy {
		q.InstanceID, q.Held = sub.InstanceID, &models.Held{
			Edition: sub.Edition, InstanceCount: sub.InstanceCount, StartsAt: sub.StartsAt, EndsAt: sub.EndsAt,
		}
		until(sub.EndsAt)
	}
	switch kind {
	case models.Buy:
		q.Edition = rapid.SampledFrom(s.book.Editions()).Draw(r, "edition")
	case models.Renew:
		q.Edition = sub.Last().Edition
	case models.Upgrade:
		editions := s.book.Upgrades(*sub, machines.Machines, now)
		if len(editions) == 0 {
			return q, errors.New("nothing to upgrade to")
		}
		q.Edition = rapid.SampledFrom(editions).Draw(r, "edition")
		q.EndsAt = &sub.EndsAt
		until(pricing.NextDay(*sub, now))
	case models.Refund:
		q.Edition, q.InstanceCount, q.CountReadAt = sub.Edition, sub.InstanceCount, now
	}
	if kind == models.Buy || kind == models.Renew {
		term := rapid.SampledFrom(s.book.Terms(machines.Machines)).Draw(r, "term")
		q.Cycle, q.Duration = term.Cycle, term.Duration
	}
	if kind == models.Renew {
		end := models.AddMonths(sub.EndsAt, q.Term().Months())
		if !end.After(now) {
			return q, errors.New("it would buy nothing but time that has passed")
		}
		q.StartsAt, q.EndsAt = &sub.EndsAt, &end
		until(end)
	}
	price, err := s.price(q, held, now)
	if kind == models.Refund {
		if models.InFull(price.Lines) {
			until(s.book.FullRefundUntil(*sub))
		} else {
			until(pricing.NextDay(*sub, now))
		}
		until(models.NextYear(now))
	}
	q.VersionCode, q.TotalFen, q.Lines = s.book.VersionCode(q.Edition), price.TotalFen, price.Lines
	return q, err
}

// price is what the book says of an order that is carried out at this time.
func (s *schedule) price(q models.Quote, held store.Holding, at time.Time) (pricing.Price, error) {
	switch q.Kind {
	case models.Buy:
		return s.book.Buy(q.Edition, q.Term(), q.InstanceCount)
	case models.Renew:
		return s.book.Renew(q.Edition, q.Term(), q.InstanceCount)
	case models.Upgrade:
		return s.book.Upgrade(*held.Subscription, q.Edition, q.InstanceCount, at)
	case models.Refund:
		return s.book.Refund(*held.Subscription, held.HadFullRefund(at), at)
	}
	return pricing.Price{}, errors.New("no such kind")
}
