package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"
)

// healthz says that the process answers.
func (a *app) healthz(c echo.Context) error { return c.String(http.StatusOK, "ok\n") }

// readyz says whether it can work: the database answers, its schema is this
// program's. One that takes no writes can still be looked at, so that traffic is
// welcome; what is not ready then is said.
func (a *app) readyz(c echo.Context) error {
	if err := a.Store.Ready(c.Request().Context()); err != nil {
		a.Logger.Error("not ready", "error", err)
		return c.String(http.StatusServiceUnavailable, "the database is not ready; the log says why\n")
	}
	if fault := a.Store.Fault(); fault != nil {
		return c.String(http.StatusOK, "no orders: the database takes no writes ("+string(fault.Kind)+"); the log says why\n")
	}
	return c.String(http.StatusOK, "ok\n")
}
