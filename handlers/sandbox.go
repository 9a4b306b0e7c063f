package handlers

import (
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"portal/models"
	"portal/views"
)

// Mishaps make the sandbox's provider fail, for visitors who want to watch.
type Mishaps interface {
	Arm(m models.Mishap, lasts bool) error
	Armed() (models.ArmedMishap, bool)
	Disarm()
}

// armed is the mishap that waits for somebody, nil for none.
func (a *app) armed() *models.ArmedMishap {
	if !a.Sandbox || a.Mishaps == nil {
		return nil
	}
	if armed, ok := a.Mishaps.Armed(); ok {
		return &armed
	}
	return nil
}

// sandboxPage says what the sandbox is and what can go wrong in it. It is for
// anybody, as the sandbox is; with the real provider there is no such page.
func (a *app) sandboxPage(c echo.Context) error {
	if !a.Sandbox {
		return models.ErrNotFound
	}
	return a.render(c, http.StatusOK, views.Sandbox(a.page(c), views.SandboxProps{Levers: a.Mishaps != nil, Armed: a.armed()}))
}

// armMishap lets something go wrong, or nothing any more.
func (a *app) armMishap(c echo.Context) error {
	if !a.Sandbox || a.Mishaps == nil {
		return models.ErrNotFound
	}
	form := c.Request().PostForm
	what, lasts := models.Mishap(form.Get("mishap")), form.Get("for") == "while"
	switch {
	case form.Get("mishap") == "none":
		a.Mishaps.Disarm()
	case !slices.Contains(models.Mishaps(), what), lasts && !what.Lasts(), !lasts && !what.Once():
		return echo.NewHTTPError(http.StatusBadRequest)
	default:
		if err := a.Mishaps.Arm(what, lasts); err != nil {
			return err
		}
	}
	a.Logger.Info("somebody set what goes wrong in the sandbox", "mishap", form.Get("mishap"), "lasts", lasts, "request_id", c.Get(keyRequestID))
	return c.Redirect(http.StatusSeeOther, "/sandbox")
}

// styleguide shows what pages are made of, to whoever builds them.
func (a *app) styleguide(c echo.Context) error {
	if !a.Sandbox {
		return models.ErrNotFound
	}
	return a.render(c, http.StatusOK, views.Styleguide(a.page(c)))
}
