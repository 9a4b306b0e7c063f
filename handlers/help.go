package handlers

import (
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"portal/models"
	"portal/views"
)

// longestCode is how many characters of a code or a request id are shown: what
// the provider's codes and ids are cut to when they are stored, with the mark.
const longestCode = 129

// errorHelp is the error dictionary, with one code's entry on top when the URL
// asks for it.
func (a *app) errorHelp(c echo.Context) error {
	p := views.ErrorHelpProps{
		Code: shortened(c.QueryParam("code")), RequestID: shortened(c.QueryParam("request_id")),
		InDoubt: c.QueryParam("doubt") != "",
	}
	if kind := models.Kind(c.QueryParam("kind")); slices.Contains(models.Kinds(), kind) {
		p.Kind = kind
	}
	return a.render(c, http.StatusOK, views.ErrorHelp(a.page(c), p))
}

// shortened is s, cut where a page would be full of it.
func shortened(s string) string {
	s = strings.TrimSpace(s)
	if r := []rune(s); len(r) > longestCode {
		return string(r[:longestCode]) + "…"
	}
	return s
}
