package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"portal/locales"
)

// The cookies that keep what a browser's person chose.
const (
	cookieLanguage = "language"
	cookieTheme    = "theme"
)

// preferences keeps a chosen language or theme and returns to the page.
func (a *app) preferences(c echo.Context) error {
	form := c.Request().PostForm
	if tag := form.Get("language"); locales.Supported(tag) {
		if v := viewerOf(c); v != nil {
			if err := a.Store.SetLanguage(c.Request().Context(), v.User.ID, tag); err != nil {
				return err
			}
		}
		a.setCookie(c, cookieLanguage, tag)
	}
	switch t := form.Get("theme"); t {
	case "light", "dark", "system":
		a.setCookie(c, cookieTheme, t)
	}
	target := localPath(form.Get("return"))
	if target == "" {
		target = "/"
	}
	return c.Redirect(http.StatusSeeOther, target)
}

func (a *app) setCookie(c echo.Context, name, value string) {
	c.SetCookie(&http.Cookie{ // #nosec G124 -- Secure where people reach the portal by https
		Name: name, Value: value, Path: "/", MaxAge: 365 * 24 * 60 * 60,
		Secure: a.Secure, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
}

// theme is the chosen one, empty for the system's.
func theme(c echo.Context) string {
	if cookie, err := c.Cookie(cookieTheme); err == nil && (cookie.Value == "light" || cookie.Value == "dark") {
		return cookie.Value
	}
	return ""
}
