package handlers

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"portal/models"
	"portal/views"
)

// newAccount asks for an account to look after.
func (a *app) newAccount(c echo.Context) error {
	return a.renderNewAccount(c, http.StatusOK, views.AccountFormProps{})
}

// addAccount adds it. Whose an OwnerId is that is taken, nobody is told.
func (a *app) addAccount(c echo.Context) error {
	form := c.Request().PostForm
	p := views.AccountFormProps{
		OwnerID: strings.TrimSpace(form.Get("owner_id")), Name: strings.TrimSpace(form.Get("name")),
		Note: strings.TrimSpace(form.Get("note")), Reseller: form.Get("reseller"),
	}
	var account models.Account
	var err error
	if account.OwnerID, err = models.ParseOwnerID(p.OwnerID); err != nil {
		key := "owner_id_invalid"
		if p.OwnerID == "" {
			key = "owner_id_missing"
		}
		p.Problems = append(p.Problems, views.Problem{Field: "owner_id", Key: key})
	}
	p.Problems = append(p.Problems, readAccount(&account, p)...)
	if p.Reseller != "" {
		id, err := strconv.ParseInt(p.Reseller, 10, 64)
		if err != nil {
			return echo.NewHTTPError(http.StatusBadRequest)
		}
		account.ResellerID = &id
	}
	if len(p.Problems) == 0 {
		account, err = a.Store.CreateAccount(c.Request().Context(), a.by(c), account)
		switch {
		case err == nil:
			return c.Redirect(http.StatusSeeOther, accountPath(account.ID))
		case errors.Is(err, models.ErrExists):
			p.Problems = []views.Problem{{Field: "owner_id", Key: "owner_id_taken"}}
		case errors.Is(err, models.ErrNotFound):
			p.Problems = []views.Problem{{Field: "reseller", Key: "reseller_unknown"}}
		default:
			return err
		}
	}
	return a.renderNewAccount(c, http.StatusUnprocessableEntity, p)
}

func (a *app) renderNewAccount(c echo.Context, status int, p views.AccountFormProps) error {
	if viewer(c).Whose(models.ActAdminister) == models.WhoseAll {
		var err error
		if p.Resellers, err = a.Store.Resellers(c.Request().Context()); err != nil {
			return err
		}
	}
	return a.render(c, status, views.NewAccount(a.page(c), p))
}

// editForm asks for the account's name and note.
func (a *app) editForm(c echo.Context) error {
	account, _, err := a.findAccount(c)
	if err != nil {
		return err
	}
	return a.render(c, http.StatusOK, views.EditAccount(a.page(c), views.AccountFormProps{Account: account, Name: account.Name, Note: account.Note}))
}

// editAccount renames the account and keeps the note.
func (a *app) editAccount(c echo.Context) error {
	account, _, err := a.findAccount(c)
	if err != nil {
		return err
	}
	form := c.Request().PostForm
	p := views.AccountFormProps{Account: account, Name: strings.TrimSpace(form.Get("name")), Note: strings.TrimSpace(form.Get("note"))}
	edited := account
	if p.Problems = readAccount(&edited, p); len(p.Problems) > 0 {
		return a.render(c, http.StatusUnprocessableEntity, views.EditAccount(a.page(c), p))
	}
	if err := a.Store.EditAccount(c.Request().Context(), a.by(c), account.ID, edited.Name, edited.Note); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, accountPath(account.ID))
}

// readAccount reads a name and a note, and says what is wrong with them.
func readAccount(account *models.Account, p views.AccountFormProps) []views.Problem {
	var problems []views.Problem
	var err error
	if account.Name, err = models.NormalizeName(p.Name); err != nil {
		key := "name_invalid"
		if p.Name == "" {
			key = "name_missing"
		}
		problems = append(problems, views.Problem{Field: "name", Key: key})
	}
	account.Note = p.Note
	if key := wrongWords(p.Note, longestNote, "", "note_too_long", "note_invisible"); key != "" {
		problems = append(problems, views.Problem{Field: "note", Key: key, Args: []any{"Count", utf8.RuneCountInString(p.Note), "Most", longestNote}})
	}
	return problems
}
