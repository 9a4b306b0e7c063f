package handlers

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"portal/models"
	"portal/pricing"
	"portal/store"
	"portal/views"
)

// resellerPrices shows what a reseller sells at to all of its accounts, and what
// the list prices of the book become by it.
func (a *app) resellerPrices(c echo.Context) error { return a.prices(c, a.findSeller) }

// setResellerPrices sets it.
func (a *app) setResellerPrices(c echo.Context) error { return a.setPrices(c, a.findSeller) }

// accountPrices shows what a reseller sells at to one account.
func (a *app) accountPrices(c echo.Context) error { return a.prices(c, a.findResold) }

// setAccountPrices sets it.
func (a *app) setAccountPrices(c echo.Context) error { return a.setPrices(c, a.findResold) }

// sellsTo is whose prices a page is about: all accounts of a reseller, or one.
type sellsTo struct {
	reseller models.Reseller
	account  *models.Account
}

func (s sellsTo) scope() store.PriceScope {
	scope := store.PriceScope{ResellerID: s.reseller.ID}
	if s.account != nil {
		scope.AccountID = &s.account.ID
	}
	return scope
}

func (s sellsTo) path() string {
	if s.account != nil {
		return accountPath(s.account.ID) + "/prices"
	}
	return "/resellers/" + strconv.FormatInt(s.reseller.ID, 10) + "/prices"
}

// findSeller is findReseller for all of its accounts.
func (a *app) findSeller(c echo.Context) (sellsTo, error) {
	reseller, err := a.findReseller(c)
	return sellsTo{reseller: reseller}, err
}

// findResold reads the account that the path names. One without a reseller has
// no other price than the list's.
func (a *app) findResold(c echo.Context) (sellsTo, error) {
	account, _, err := a.findAccount(c)
	if err != nil {
		return sellsTo{}, err
	}
	if account.ResellerID == nil {
		return sellsTo{}, models.ErrNotFound
	}
	reseller, err := a.Store.Reseller(c.Request().Context(), viewer(c), *account.ResellerID)
	return sellsTo{reseller, &account}, err
}

// priceFields are the form's fields by edition, in their order.
func priceFields() []models.Edition { return append([]models.Edition{""}, models.Editions()...) }

// prices shows the rules, or with others in the URL what those would do: a button
// asks for that, and so does whoever has no script.
func (a *app) prices(c echo.Context, find func(echo.Context) (sellsTo, error)) error {
	to, err := find(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	kept, err := a.Store.Prices(ctx, to.scope())
	if err != nil {
		return err
	}
	p := views.PricesProps{Seen: kept.String()}
	rules := kept
	if c.QueryParams().Has(views.PriceField("")) {
		p.Trying = true
		rules, p.Problems = readPrices(c.QueryParams(), &p, to.reseller)
	} else {
		for edition, markup := range kept {
			p.Type(edition, markup.Typed())
		}
	}
	return a.renderPrices(c, p, to, rules, http.StatusOK)
}

// setPrices keeps what was typed. Another's change in between is shown, and
// nothing typed is lost.
func (a *app) setPrices(c echo.Context, find func(echo.Context) (sellsTo, error)) error {
	to, err := find(c)
	if err != nil {
		return err
	}
	form := c.Request().PostForm
	p := views.PricesProps{Seen: form.Get("seen"), Trying: true}
	rules, problems := readPrices(form, &p, to.reseller)
	status := http.StatusUnprocessableEntity
	if len(problems) == 0 {
		err := a.Store.SetPrices(c.Request().Context(), a.by(c), to.scope(), rules, p.Seen)
		switch {
		case err == nil:
			return c.Redirect(http.StatusSeeOther, to.path()+"?set=yes")
		case errors.Is(err, models.ErrDiscount): // no longer allowed
			problems = discountProblems(rules)
		case errors.Is(err, models.ErrConflict):
			kept, err := a.Store.Prices(c.Request().Context(), to.scope())
			if err != nil {
				return err
			}
			p.Kept, p.Seen = kept, kept.String()
			status, problems = http.StatusConflict, []views.Problem{{Key: "prices_meanwhile"}}
		default:
			return err
		}
	}
	p.Problems = problems
	return a.renderPrices(c, p, to, rules, status)
}

// readPrices reads the rules that were typed. An empty field is no rule.
func readPrices(form url.Values, p *views.PricesProps, reseller models.Reseller) (models.PriceFacts, []views.Problem) {
	rules := models.PriceFacts{}
	var problems []views.Problem
	for _, edition := range priceFields() {
		field := views.PriceField(edition)
		typed := strings.TrimSpace(form.Get(field))
		p.Type(edition, typed)
		if typed == "" {
			continue
		}
		markup, err := models.ParseMarkup(typed)
		switch {
		case errors.Is(err, models.ErrMarkupRange):
			problems = append(problems, views.Problem{Field: field, Key: "markup_range"})
		case err != nil:
			problems = append(problems, views.Problem{Field: field, Key: "markup_invalid"})
		default:
			rules[edition] = markup
		}
	}
	if reseller.DiscountsAllowedAt == nil {
		problems = append(problems, discountProblems(rules)...)
	}
	return rules, problems
}

// discountProblems says of each rule below the list price that it may not be.
func discountProblems(rules models.PriceFacts) []views.Problem {
	var problems []views.Problem
	for _, edition := range priceFields() {
		if rules[edition] < 0 {
			problems = append(problems, views.Problem{Field: views.PriceField(edition), Key: "markup_discount"})
		}
	}
	return problems
}

func (a *app) renderPrices(c echo.Context, p views.PricesProps, to sellsTo, rules models.PriceFacts, status int) error {
	ctx, v := c.Request().Context(), viewer(c)
	if len(p.Problems) > 0 && status == http.StatusOK {
		status = http.StatusUnprocessableEntity
	}
	p.Reseller, p.Account, p.Path = to.reseller, to.account, to.path()
	p.MayAllow, p.JustSet = v.May(models.ActDiscount), c.QueryParam("set") == "yes"
	all := models.OwnPrices{Discounts: to.reseller.DiscountsAllowedAt != nil}
	if to.account != nil {
		general, err := a.Store.Prices(ctx, store.PriceScope{ResellerID: to.reseller.ID})
		if err != nil {
			return err
		}
		all.Rules = rulesOf(general, nil)
	}
	all.Rules = append(all.Rules, rulesOf(rules, to.scope().AccountID)...)
	for _, edition := range a.Book.Editions() {
		list, markup := a.Book.UnitPrice(edition), all.Markup(edition)
		p.Preview = append(p.Preview, views.PriceRow{Edition: edition, ListFen: list, Markup: markup, OwnFen: pricing.Own(list, markup)})
	}
	p.ExamplePrices = a.Book.Example()
	if to.account == nil {
		after := cursor(c, "after")
		accounts, err := a.Store.AccountsWithPrices(ctx, v, to.reseller.ID, after, pageSize+1)
		if err != nil {
			return err
		}
		if len(accounts) > pageSize {
			accounts = accounts[:pageSize]
			p.NextURL = p.Path + "?after=" + strconv.FormatInt(accounts[pageSize-1].ID, 10)
		}
		p.Accounts = accounts
	}
	var err error
	if p.Changes, err = a.priceChanges(c, to); err != nil {
		return err
	}
	page := a.page(c)
	if c.Request().Method != http.MethodGet {
		page.Path = p.Path
	}
	return a.render(c, status, views.Prices(page, p))
}

// rulesOf are a scope's rules as those of all scopes are looked at.
func rulesOf(facts models.PriceFacts, accountID *int64) []models.PriceRule {
	var rules []models.PriceRule
	for _, edition := range priceFields() {
		if markup, set := facts[edition]; set {
			rules = append(rules, models.PriceRule{AccountID: accountID, Edition: edition, Markup: markup})
		}
	}
	return rules
}

// priceChanges are the newest changes of what the page is about.
func (a *app) priceChanges(c echo.Context, to sellsTo) ([]models.Change, error) {
	changes, err := a.Store.PriceChanges(c.Request().Context(), to.scope(), changesShown)
	if err != nil {
		return nil, err
	}
	return changes, a.nameActors(c, changes)
}

// allowDiscounts lets a reseller sell below the list price, or no longer.
func (a *app) allowDiscounts(c echo.Context) error {
	to, err := a.findSeller(c)
	if err != nil {
		return err
	}
	allow := c.Request().PostForm.Get("allow")
	if allow != "yes" && allow != "no" {
		return echo.NewHTTPError(http.StatusBadRequest)
	}
	if err := a.Store.AllowDiscounts(c.Request().Context(), a.by(c), to.reseller.ID, allow == "yes"); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, to.path())
}
