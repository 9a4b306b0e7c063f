package handlers

import (
	"errors"
	"net/url"
	"slices"
	"strconv"

	"portal/models"
	"portal/pricing"
	"portal/views"
)

// choice is what a person chose on the quote form.
type choice struct {
	Edition         models.Edition
	Term            models.Term
	AutoRenew       bool
	AutoRenewMonths int
}

// readChoice reads the quote form's fields, from a post or from a URL, and
// says what is wrong with them for this many machines. What is wrong or
// missing gets the default, so that there is always a price to show.
func readChoice(form url.Values, book *pricing.Book, machines int) (choice, []views.Problem) {
	terms := book.Terms(machines)
	ch := defaultChoice(book, terms)
	var problems []views.Problem
	wrong := func(field, key string, args ...any) {
		problems = append(problems, views.Problem{Field: field, Key: key, Args: args})
	}

	switch edition := models.Edition(form.Get("edition")); {
	case edition == "":
		wrong("edition", "edition_missing")
	case !slices.Contains(book.Editions(), edition):
		wrong("edition", "edition_unknown")
	default:
		ch.Edition = edition
	}

	term, err := models.ParseTerm(form.Get("term"))
	if err == nil {
		err = book.Sells(ch.Edition, term, machines)
	}
	var below *pricing.BelowMinimumError
	switch {
	case form.Get("term") == "":
		wrong("term", "term_missing")
	case errors.As(err, &below):
		wrong("term", "term_below_minimum", "Months", below.MinimumMonths, "Count", machines)
	case err != nil:
		wrong("term", "term_not_sold")
	default:
		ch.Term = term
	}

	ch.AutoRenew = form.Get("auto_renew") != ""
	months := form.Get("auto_renew_months")
	n, err := strconv.Atoi(months)
	switch {
	case err == nil && slices.Contains(book.AutoRenewMonths(), n):
		ch.AutoRenewMonths = n // kept also while auto-renew is off, so that turning it on finds it
	case !ch.AutoRenew:
	case months == "":
		wrong("auto_renew_months", "auto_renew_months_missing")
	default:
		wrong("auto_renew_months", "auto_renew_months_not_sold")
	}
	return ch, problems
}

// defaultChoice is what the form shows at first: the lowest edition, a year
// where it is sold.
func defaultChoice(book *pricing.Book, terms []models.Term) choice {
	ch := choice{Edition: book.Editions()[0]}
	year := models.Term{Cycle: models.Year, Duration: 1}
	if slices.Contains(terms, year) {
		ch.Term = year
	} else if len(terms) > 0 {
		ch.Term = terms[0]
	}
	if periods := book.AutoRenewMonths(); len(periods) > 0 {
		ch.AutoRenewMonths = periods[0]
	}
	return ch
}

// url is the quote form of an account with these answers kept.
func (ch choice) url(accountID int64) string {
	q := url.Values{
		"kind": {string(models.Buy)}, "edition": {string(ch.Edition)}, "term": {ch.Term.String()},
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
	return choice{Edition: q.Edition, Term: q.Term(), AutoRenew: q.AutoRenew, AutoRenewMonths: q.AutoRenewMonths}
}

// buyQuote prices a choice.
func (a *app) buyQuote(account models.Account, ch choice, count models.Count) (models.Quote, error) {
	price, err := a.Book.Buy(ch.Edition, ch.Term, count.Machines)
	if err != nil {
		return models.Quote{}, err
	}
	q := models.Quote{
		AccountID: account.ID, Kind: models.Buy,
		Edition: ch.Edition, VersionCode: a.Book.VersionCode(ch.Edition),
		Cycle: ch.Term.Cycle, Duration: ch.Term.Duration, AutoRenew: ch.AutoRenew,
		InstanceCount: count.Machines, CountReadAt: count.ReadAt,
		PriceBookHash: a.Book.Hash(), ExamplePrices: a.Book.Example(),
		TotalFen: price.TotalFen, Lines: price.Lines,
		ExpiresAt: a.Store.Now().Add(a.Book.QuoteValidity()),
	}
	if ch.AutoRenew {
		q.AutoRenewMonths = ch.AutoRenewMonths
	}
	return q, nil
}
