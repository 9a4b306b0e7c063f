package handlers

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"portal/models"
	"portal/pricing"
	"portal/views"
)

// quoteForm lets a person choose. The answers live in the URL, so that without
// script a button can ask for the new price, and every answer survives.
func (a *app) quoteForm(c echo.Context) error { return a.chooseQuote(c, c.QueryParams(), false) }

// makeQuote turns the answers into a quote and leads to it.
func (a *app) makeQuote(c echo.Context) error {
	return a.chooseQuote(c, c.Request().PostForm, true)
}

func (a *app) chooseQuote(c echo.Context, form url.Values, make bool) error {
	ctx, v := c.Request().Context(), viewer(c)
	kind := form.Get("kind")
	if kind == "" {
		kind = c.QueryParam("kind")
	}
	if models.Kind(kind) != models.Buy {
		return models.ErrNotFound // the other kinds have no journey
	}
	account, held, err := a.findAccount(c)
	if err != nil {
		return err
	}
	if !v.MayOrder() {
		return models.ErrForbidden
	}
	if !held.CanBuy(a.Store.Now()) {
		// The account's page says what it holds, or which order is under way.
		return c.Redirect(http.StatusSeeOther, accountPath(account.ID))
	}
	count, err := a.counts.forQuote(ctx, account.OwnerID)
	if err != nil {
		return err
	}
	terms := a.Book.Terms(count.Machines)
	if len(terms) == 0 {
		return &pricing.MachinesError{Machines: count.Machines}
	}
	ch, problems := defaultChoice(a.Book, terms), []views.Problem(nil)
	if make || form.Has("edition") || form.Has("term") {
		ch, problems = readChoice(form, a.Book, count.Machines)
	}
	if !make || len(problems) > 0 {
		return a.renderQuoteForm(c, account, count, terms, ch, problems)
	}
	quote, err := a.buyQuote(account, ch, count)
	if err != nil {
		return err
	}
	quote, err = a.addQuote(c, quote)
	if errors.Is(err, models.ErrSubscribed) {
		return c.Redirect(http.StatusSeeOther, accountPath(account.ID)) // bought in another tab meanwhile
	}
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/quotes/"+quote.ID)
}

func (a *app) renderQuoteForm(c echo.Context, account models.Account, count models.Count, terms []models.Term, ch choice, problems []views.Problem) error {
	price, err := a.Book.Buy(ch.Edition, ch.Term, count.Machines)
	if err != nil {
		return err
	}
	now := a.Store.Now()
	p := views.QuoteFormProps{
		Account: account, Count: count,
		AutoRenew: ch.AutoRenew, AutoRenewMonths: ch.AutoRenewMonths, AutoRenewOptions: a.Book.AutoRenewMonths(),
		Lines: price.Lines, TotalFen: price.TotalFen,
		StartsAt: now, EndsAt: models.AddMonths(now, ch.Term.Months()),
		ValidFor: a.Book.QuoteValidity(), ExamplePrices: a.Book.Example(), Problems: problems,
	}
	for _, edition := range a.Book.Editions() {
		price, err := a.Book.Buy(edition, ch.Term, count.Machines)
		if err != nil {
			return err
		}
		p.Editions = append(p.Editions, views.EditionOption{
			Edition: edition, UnitFen: a.Book.UnitPrice(edition), TotalFen: price.TotalFen, Chosen: edition == ch.Edition,
		})
	}
	for _, term := range terms {
		price, err := a.Book.Buy(ch.Edition, term, count.Machines)
		if err != nil {
			return err
		}
		option := views.TermOption{Term: term, TotalFen: price.TotalFen, SavingFen: price.SavingFen, Chosen: term == ch.Term}
		for _, line := range price.Lines {
			if line.Kind == models.LineDiscount {
				option.Percent = line.Percent
			}
		}
		p.Terms = append(p.Terms, option)
	}
	if shortest := a.Book.Terms(pricing.MaxMachines); terms[0].Months() > shortest[0].Months() {
		p.MinimumMonths = terms[0].Months()
	}
	status := http.StatusOK
	if len(problems) > 0 {
		status = http.StatusUnprocessableEntity
	}
	return a.render(c, status, views.QuoteForm(a.page(c), p))
}
