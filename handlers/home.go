package handlers

import (
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"portal/models"
)

// home leads to where the viewer's work begins.
func (a *app) home(c echo.Context) error {
	u := viewer(c).User
	target := "/orders"
	switch u.Role {
	case models.Customer:
		target = accountPath(*u.AccountID)
	case models.ResellerAdmin:
		target = "/accounts"
	case models.Support, models.Operator:
	}
	return c.Redirect(http.StatusSeeOther, target)
}

func accountPath(id int64) string { return "/accounts/" + strconv.FormatInt(id, 10) }
