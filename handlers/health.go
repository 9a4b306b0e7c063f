package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"
)

// healthz says that the process answers.
func (a *app) healthz(c echo.Context) error { return c.String(http.StatusOK, "ok\n") }

// readyz says whether it can work: the database answers and its schema is this
// program's.
func (a *app) readyz(c echo.Context) error {
	if err := a.Store.Ready(c.Request().Context()); err != nil {
		a.Logger.Error("not ready", "error", err)
		return c.String(http.StatusServiceUnavailable, "the database is not ready; the log says why\n")
	}
	return c.String(http.StatusOK, "ok\n")
}
