package handlers

import (
	"errors"
	"net/http"
	"regexp"

	"github.com/labstack/echo/v4"

	"portal/models"
	"portal/store"
)

var (
	// errViewing is a form that somebody posts who looks at an account as its
	// customers do.
	errViewing = errors.New("nothing is changed while viewing as the customer")
	// errViewOver is a form of a page from such a view, posted after it had ended.
	errViewOver = errors.New("the view that the form is from has ended")
)

// fieldViewing marks the forms of pages that are seen as a customer.
const fieldViewing = "viewing"

// startView begins to show the pages as the account's customers see them.
func (a *app) startView(c echo.Context) error {
	id, err := pathID(c, "account")
	if err != nil {
		return err
	}
	session, err := a.sessions.Get(c.Request(), store.SessionCookie(a.Secure))
	if err != nil {
		return err
	}
	err = a.Store.StartView(c.Request().Context(), a.by(c), session.ID, id)
	if err != nil && !errors.Is(err, models.ErrConflict) { // pressed twice
		return err
	}
	return c.Redirect(http.StatusSeeOther, accountPath(id))
}

// leaveView goes back to the viewer's own pages.
func (a *app) leaveView(c echo.Context) error {
	v := viewer(c)
	if v.As == nil {
		return c.Redirect(http.StatusSeeOther, "/") // it ended by itself
	}
	if err := a.endView(c); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, accountPath(v.As.ID))
}

// endView ends the view that the request's session is in.
func (a *app) endView(c echo.Context) error {
	session, err := a.sessions.Get(c.Request(), store.SessionCookie(a.Secure))
	if err != nil {
		return err
	}
	view, ok := session.Values[store.SessionView].(models.View)
	if !ok {
		return nil
	}
	return a.Store.EndView(c.Request().Context(), a.by(c), session.ID, view)
}

// inView is the viewer in the view that their session is in, if it still is in
// one: not beyond its time, and not of an account that they may not view any more.
func (a *app) inView(c echo.Context, v models.Viewer, view models.View) (models.Viewer, error) {
	if !view.Over(a.Store.Now()) {
		account, err := a.Store.Viewed(c.Request().Context(), v, view.AccountID)
		if err == nil {
			return v.In(view, account), nil
		}
		if !isNotFound(err) {
			return v, err
		}
	}
	c.Set(keyViewer, &v)
	if err := a.endView(c); err != nil {
		// Their own pages must not wait for it: the next request or sweep writes it down.
		a.Logger.Warn("the end of a view as a customer is not written down yet", "request_id", c.Get(keyRequestID), "error", err)
	}
	return v, nil
}

// refuseViewing keeps whoever looks as a customer from changing anything, by
// whatever request, and refuses forms of such pages afterwards too: what was
// pressed there was not meant as oneself.
func (a *app) refuseViewing(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if c.Request().Method == http.MethodGet {
			return next(c)
		}
		switch c.Path() {
		case "/sign-out", "/preferences", "/leave-view":
			return next(c)
		}
		if v := viewerOf(c); v != nil && v.As != nil {
			return errViewing
		}
		if c.Request().PostForm.Has(fieldViewing) {
			return errViewOver
		}
		return next(c)
	}
}

var postForm = regexp.MustCompile(`<form[^>]* method="post"[^>]*>`)

// markForms says in every form of a page that it is from a view.
func markForms(page []byte) []byte {
	return postForm.ReplaceAll(page, []byte(`$0<input type="hidden" name="`+fieldViewing+`" value="yes">`))
}
