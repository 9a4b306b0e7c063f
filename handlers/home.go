package handlers

import (
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"portal/models"
)

// home leads to where the viewer's work begins.
func (a *app) home(c echo.Context) error {
	v := viewer(c)
	target := "/orders"
	switch v.Role() {
	case models.Customer:
		target = accountPath(*v.AccountID())
	case models.ResellerAdmin:
		target = "/dashboard"
	case models.Support:
		target = "/search"
	case models.Operator:
	}
	return c.Redirect(http.StatusSeeOther, target)
}

func accountPath(id int64) string { return "/accounts/" + strconv.FormatInt(id, 10) }
