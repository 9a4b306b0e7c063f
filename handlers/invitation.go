package handlers

import (
	"errors"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"portal/locales"
	"portal/models"
	"portal/passwords"
	"portal/store"
	"portal/views"
)

// cookieInvitation carries an invitation's token from the link to the form.
const cookieInvitation = "invitation"

// invitation is where an invitation's link leads. The token leaves the address at
// once, for a cookie that only this page gets: neither the browser's history, a
// Referer nor a form of the page says it, and the log has no queries (see
// identify). Opening the link uses nothing up: what looks at links in mails does so.
func (a *app) invitation(c echo.Context) error {
	c.Response().Header().Set("Referrer-Policy", "no-referrer")
	if token := c.QueryParam("token"); token != "" {
		a.setInvitation(c, token, int(time.Hour/time.Second))
		return c.Redirect(http.StatusSeeOther, "/invitation")
	}
	i, err := a.openInvitation(c)
	if err != nil {
		return err
	}
	if i == nil {
		return a.render(c, http.StatusNotFound, views.InvitationGone(a.page(c)))
	}
	return a.renderInvitation(c, http.StatusOK, *i, nil)
}

func (a *app) setInvitation(c echo.Context, token string, age int) {
	c.SetCookie(&http.Cookie{ // #nosec G124 -- Secure where people reach the portal by https
		Name: cookieInvitation, Value: token, Path: "/invitation", MaxAge: age,
		Secure: a.Secure, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
}

func invitationToken(c echo.Context) models.InvitationToken {
	cookie, err := c.Cookie(cookieInvitation)
	if err != nil {
		return ""
	}
	return models.InvitationToken(cookie.Value)
}

// invitationTries is how many tokens that open nothing an address may come with
// in 15 minutes.
const invitationTries = 20

// openInvitation finds the invitation that the browser has the token of, nil for
// none: whether it never was, was used, revoked or replaced, or has expired is all
// the same. Who guesses has to wait.
func (a *app) openInvitation(c echo.Context) (*models.Invitation, error) {
	ctx, token := c.Request().Context(), invitationToken(c)
	if token == "" {
		return nil, nil //nolint:nilnil // nobody guesses without a token
	}
	limit := store.Limit{Name: "invitation:" + network(c.RealIP()), Failures: invitationTries, Window: signInWindow}
	if err := a.attempt(ctx, limit); err != nil {
		return nil, err
	}
	i, err := a.Store.InvitationOf(ctx, token.Hash())
	if isNotFound(err) {
		return nil, nil //nolint:nilnil // as said above
	}
	if err == nil {
		err = a.Store.Succeed(ctx, limit)
	}
	return &i, err
}

// renderInvitation asks for a password.
func (a *app) renderInvitation(c echo.Context, status int, i models.Invitation, problems []views.Problem) error {
	p := views.InvitationProps{Invitation: i, Language: c.Request().PostForm.Get("language"), Least: passwords.MinCharacters, Problems: problems}
	var err error
	if p.To, err = a.Store.PlaceName(c.Request().Context(), i.Place()); err != nil {
		return err
	}
	if !locales.Supported(p.Language) {
		p.Language = locales.From(c.Request().Context()).Tag()
	}
	return a.render(c, status, views.Invitation(a.page(c), p))
}

// acceptInvitation makes a person of the invitation, once, and signs them in.
func (a *app) acceptInvitation(c echo.Context) error {
	c.Response().Header().Set("Referrer-Policy", "no-referrer")
	ctx, form := c.Request().Context(), c.Request().PostForm
	i, err := a.openInvitation(c)
	if err != nil {
		return err
	}
	gone := func() error {
		a.setInvitation(c, "", -1)
		return a.render(c, http.StatusNotFound, views.InvitationGone(a.page(c)))
	}
	if i == nil {
		return gone()
	}
	language := form.Get("language")
	if !locales.Supported(language) {
		language = locales.From(ctx).Tag()
	}
	hash, problem, err := hashNew(c, "password")
	if err != nil {
		return err
	}
	if problem != nil {
		return a.renderInvitation(c, http.StatusUnprocessableEntity, *i, []views.Problem{*problem})
	}
	id, _ := c.Get(keyRequestID).(string)
	user, err := a.Store.AcceptInvitation(ctx, models.By{RequestID: id, Address: c.RealIP()}, i.TokenHash, hash, language)
	if isNotFound(err) {
		return gone()
	}
	if err != nil {
		return err
	}
	a.setInvitation(c, "", -1)
	if err := a.openSession(c, user.ID, hash); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/")
}

// hashNew hashes the new password that stands in a form's field, or says what is
// wrong with it. It takes part in the bound on hashes that there is at all.
func hashNew(c echo.Context, field string) (string, *views.Problem, error) {
	password := c.Request().PostForm.Get(field)
	if password == "" {
		return "", &views.Problem{Field: field, Key: "new_password_missing"}, nil
	}
	hash, err := passwords.Hash(c.Request().Context(), password)
	if errors.Is(err, passwords.ErrUnsuitable) {
		return "", &views.Problem{Field: field, Key: "new_password_unsuitable", Args: []any{"Least", passwords.MinCharacters, "Most", passwords.MaxBytes}}, nil
	}
	return hash, nil, err
}
