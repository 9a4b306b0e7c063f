package handlers

import (
	"errors"
	"maps"
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"portal/models"
	"portal/store"
	"portal/views"
)

// faultError is a form that was turned away because the database takes no writes.
type faultError struct{ fault *models.Fault }

func (e *faultError) Error() string { return "the database takes no writes: " + e.fault.Err.Error() }

// turnAway refuses forms while the database takes no writes, before anything is
// asked of the provider. Pages can be looked at.
func (a *app) turnAway(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if fault := a.Store.Fault(); fault != nil && c.Request().Method == http.MethodPost && c.Path() != "/preferences" {
			return &faultError{fault}
		}
		return next(c)
	}
}

// undecided is the field of a form whose commit may have gone through, when it
// is sent again.
const undecided = "undecided"

// notSaved is the page for a form that the database could not keep. It says
// whether that is certain, and can send the form again as it was filled in. (No
// handler asks the database for anything once it has committed what a form asks
// for, so that an error always comes from before that, or from the commit.)
func notSaved(c echo.Context, err error, p *views.ErrorProps) {
	form, page := c.Request().PostForm, formPage(c)
	p.Key, p.Back = "not_saved", page
	// What was uncertain once stays so until it can be looked at: the form that
	// failed since does not know what became of the one before it.
	if errors.As(err, new(*store.UndecidedError)) {
		form.Set(undecided, "yes")
	}
	if form.Has(undecided) {
		p.Key = "undecided"
	}
	if page == "/" || page == "/sign-in" || page == "/invitation" || page == "/me" { // nothing was typed, or a password, which is never sent back
		p.Retry = page
		return
	}
	if c.Path() == "/accounts/import" {
		if !form.Has("pasted") {
			_, _, _ = readUpload(c) // its form is in parts; one that can't be read has nothing to send again
		}
		if form.Get("pasted") == "" { // a file has to be chosen again
			p.Retry = page
			return
		}
	}
	p.Again = &views.Again{Action: c.Request().URL.RequestURI()}
	for _, name := range slices.Sorted(maps.Keys(form)) {
		for _, value := range form[name] {
			p.Again.Fields = append(p.Again.Fields, views.Typed{Name: name, Value: value})
		}
	}
}
