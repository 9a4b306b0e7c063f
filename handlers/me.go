package handlers

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"portal/models"
	"portal/passwords"
	"portal/store"
	"portal/views"
)

// me shows somebody who they are here, and asks for another password.
func (a *app) me(c echo.Context) error {
	return a.renderMe(c, http.StatusOK, views.MeProps{Changed: c.QueryParam("changed") == "password"})
}

func (a *app) renderMe(c echo.Context, status int, p views.MeProps) error {
	var err error
	if place := viewer(c).User.Place(); place != (models.Place{}) {
		if p.Of, err = a.Store.PlaceName(c.Request().Context(), place); err != nil {
			return err
		}
	}
	p.User, p.Least = viewer(c).User, passwords.MinCharacters
	return a.render(c, status, views.Me(a.page(c), p))
}

// changePassword changes the viewer's own password. It asks for the present one,
// by the same limits as signing in does: a session that somebody left open is no
// way to guess it.
func (a *app) changePassword(c echo.Context) error {
	ctx, user := c.Request().Context(), viewer(c).User
	present := c.Request().PostForm.Get("present_password")
	var problems []views.Problem
	if present == "" {
		problems = append(problems, views.Problem{Field: "present_password", Key: "present_password_missing"})
	}
	hash, problem, err := hashNew(c, "password")
	if err != nil {
		return err
	}
	if problem != nil {
		problems = append(problems, *problem)
	}
	if len(problems) > 0 {
		return a.renderMe(c, http.StatusUnprocessableEntity, views.MeProps{Problems: problems})
	}
	limits := signInLimits(user.Email, c.RealIP())
	wait, err := a.Store.Attempt(ctx, limits...)
	if err != nil {
		return err
	}
	if wait > 0 {
		c.Response().Header().Set("Retry-After", strconv.Itoa(int(wait/time.Second)+1))
		return a.renderMe(c, http.StatusTooManyRequests, views.MeProps{Problems: []views.Problem{
			{Field: "present_password", Key: "sign_in_throttled", Args: []any{"Minutes", (&throttledError{wait}).minutes()}},
		}})
	}
	wrong := func() error {
		return a.renderMe(c, http.StatusUnprocessableEntity, views.MeProps{Problems: []views.Problem{
			{Field: "present_password", Key: "present_password_wrong"},
		}})
	}
	ok, err := passwords.Matches(ctx, user.PasswordHash, present)
	if err != nil {
		return err
	}
	if !ok {
		return wrong()
	}
	if err := a.Store.Succeed(ctx, limits...); err != nil {
		return err
	}
	session, err := a.sessions.Get(c.Request(), store.SessionCookie(a.Secure))
	if err != nil {
		return err
	}
	err = a.Store.ChangePassword(ctx, a.by(c), user.PasswordHash, hash, session.ID)
	if errors.Is(err, models.ErrConflict) {
		return wrong() // it was changed in another window
	}
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/me?changed=password")
}
