package handlers

import (
	"errors"
	"net/url"
	"slices"
	"strconv"
	"time"

	"portal/models"
	"portal/pricing"
	"portal/store"
	"portal/views"
)

// choice is what a person chose on a quote form. Each kind asks for its part:
// a purchase for all, a renewal for the term, an upgrade for the edition, a
// refund for nothing.
type choice struct {
	Kind            models.Kind
	Edition         models.Edition
	Term            models.Term
	AutoRenew       bool
	AutoRenewMonths int
}

// asked is the world that a choice is priced in.
type asked struct {
	viewer  models.Viewer // who will see the price
	account models.Account
	prices  *models.OwnPrices // what the account pays its reseller; nil where there is but one price
	held    store.Holding
	count   models.Count // not read for a refund, which depends on what is held alone
	now     time.Time
}

// reader reads a form and notes what is wrong with it.
type reader struct {
	form     url.Values
	problems []views.Problem
}

func (r *reader) wrong(field, key string, args ...any) {
	r.problems = append(r.problems, views.Problem{Field: field, Key: key, Args: args})
}

// edition reads one of those on offer; otherwise the default stays.
func (r *reader) edition(ch *choice, offered []models.Edition) {
	switch edition := models.Edition(r.form.Get("edition")); {
	case edition == "":
		r.wrong("edition", "edition_missing")
	case !slices.Contains(offered, edition):
		r.wrong("edition", "edition_unknown")
	default:
		ch.Edition = edition
	}
}

// term reads one of those on offer; the book says why another is not sold.
func (r *reader) term(ch *choice, book *pricing.Book, offered []models.Term, machines int) {
	term, err := models.ParseTerm(r.form.Get("term"))
	if err == nil {
		err = book.Sells(ch.Edition, term, machines)
	}
	var below *pricing.BelowMinimumError
	switch {
	case r.form.Get("term") == "":
		r.wrong("term", "term_missing")
	case errors.As(err, &below):
		r.wrong("term", "term_below_minimum", "Months", below.MinimumMonths, "Count", machines)
	case err != nil || !slices.Contains(offered, term):
		r.wrong("term", "term_not_sold")
	default:
		ch.Term = term
	}
}

func (r *reader) autoRenew(ch *choice, offered []int) {
	ch.AutoRenew = r.form.Get("auto_renew") != ""
	months := r.form.Get("auto_renew_months")
	n, err := strconv.Atoi(months)
	switch {
	case err == nil && slices.Contains(offered, n):
		ch.AutoRenewMonths = n // kept also while auto-renew is off, so that turning it on finds it
	case !ch.AutoRenew:
	case months == "":
		r.wrong("auto_renew_months", "auto_renew_months_missing")
	default:
		r.wrong("auto_renew_months", "auto_renew_months_not_sold")
	}
}

// usualTerm is what a form shows at first: a year where it is sold.
func usualTerm(terms []models.Term) models.Term {
	year := models.Term{Cycle: models.Year, Duration: 1}
	if slices.Contains(terms, year) || len(terms) == 0 {
		return year
	}
	return terms[0]
}

// url is the quote form of an account with these answers kept.
func (ch choice) url(accountID int64) string {
	q := url.Values{"kind": {string(ch.Kind)}}
	if ch.Kind == models.Buy || ch.Kind == models.Upgrade {
		q.Set("edition", string(ch.Edition))
	}
	if ch.Kind == models.Buy || ch.Kind == models.Renew {
		q.Set("term", ch.Term.String())
	}
	if ch.AutoRenew {
		q.Set("auto_renew", "on")
	}
	if ch.AutoRenewMonths > 0 {
		q.Set("auto_renew_months", strconv.Itoa(ch.AutoRenewMonths))
	}
	return accountPath(accountID) + "/quote?" + q.Encode()
}

// choiceOf is the choice that a quote was made of.
func choiceOf(q models.Quote) choice {
	return choice{
		Kind: q.Kind, Edition: q.Edition, Term: q.Term(), AutoRenew: q.AutoRenew, AutoRenewMonths: q.AutoRenewMonths,
	}
}

// offer prices a choice.
func (a *app) offer(w asked, ch choice) (models.Quote, error) {
	q := models.Quote{
		AccountID: w.account.ID, Kind: ch.Kind, Edition: ch.Edition,
		InstanceCount: w.count.Machines, CountReadAt: w.count.ReadAt,
		PriceBookHash: a.Book.Hash(), ExamplePrices: a.Book.Example(),
		LastOrderID: w.held.LastOrderID, LastOutsideID: w.held.LastOutsideID,
		ExpiresAt: w.now.Add(a.Book.QuoteValidity()),
	}
	until := func(t time.Time) {
		if w.now.Before(t) && t.Before(q.ExpiresAt) {
			q.ExpiresAt = t
		}
	}
	s := w.held.Subscription
	if ch.Kind != models.Buy {
		if s == nil {
			return q, models.ErrNotSubscribed
		}
		q.InstanceID = s.InstanceID
		q.Held = &models.Held{
			Edition: s.Edition, InstanceCount: s.InstanceCount, StartsAt: s.StartsAt, EndsAt: s.EndsAt,
			AutoRenew: s.AutoRenew, Unconfirmed: s.Unconfirmed,
		}
		until(s.EndsAt) // then another sum holds, or nothing can be had any more
	}
	if ch.Kind == models.Renew {
		ch.Edition = s.Last().Edition // a renewal names none (provider document: RenewInstance)
	}
	price, err := a.price(w, ch)
	q.Edition = ch.Edition
	switch ch.Kind {
	case models.Buy:
		q.Cycle, q.Duration, q.AutoRenew = ch.Term.Cycle, ch.Term.Duration, ch.AutoRenew
		if ch.AutoRenew {
			q.AutoRenewMonths = ch.AutoRenewMonths
		}
	case models.Renew:
		end := models.AddMonths(s.EndsAt, ch.Term.Months())
		q.Cycle, q.Duration, q.StartsAt, q.EndsAt = ch.Term.Cycle, ch.Term.Duration, &s.EndsAt, &end
		if err == nil && !end.After(w.now) {
			err = &pricing.TermNotSoldError{Term: ch.Term} // it would buy nothing but time that has passed
		}
		until(end)
	case models.Upgrade:
		q.EndsAt = &s.EndsAt
		until(pricing.NextDay(*s, w.now)) // it costs a day less then
	case models.Refund:
		q.Edition, q.InstanceCount, q.CountReadAt = s.Edition, s.InstanceCount, w.now
		if models.InFull(price.list.Lines) {
			until(a.Book.FullRefundUntil(*s))
		} else {
			until(pricing.NextDay(*s, w.now)) // a day less comes back then
		}
		until(models.NextYear(w.now)) // with another full refund, perhaps
	}
	q.VersionCode = a.Book.VersionCode(q.Edition)
	q.TotalFen, q.Lines = price.list.TotalFen, price.list.Lines
	if price.own != nil {
		q.OwnTotalFen, q.OwnLines, q.Markup = &price.own.TotalFen, price.own.Lines, price.markup
	}
	return q, err
}
