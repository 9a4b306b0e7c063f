package handlers

import (
	"bytes"
	"net/http"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"portal/views"
)

// page is what every page's layout needs, of this request.
func (a *app) page(c echo.Context) views.Page {
	p := views.Page{
		Viewer:  viewerOf(c),
		Path:    c.Request().URL.RequestURI(),
		Theme:   theme(c),
		Sandbox: a.Sandbox,
		Armed:   a.armed(),
		Now:     a.Store.Now(),
	}
	if skew := a.Skew(); skew.TooFar() && p.Viewer != nil {
		p.Skew = &skew
	}
	p.Fault = a.Store.Fault()
	p.Alarm = a.alarm(c, p.Viewer)
	p.Seller = a.seller(c, p.Viewer)
	p.RequestID, _ = c.Get(keyRequestID).(string)
	if c.Request().Method != http.MethodGet {
		p.Path = "/" // a form's answer can't be returned to
		if formPage(c) == c.Request().URL.Path {
			p.Path = c.Request().URL.RequestURI() // its page can
		}
	}
	return p
}

// render writes a page. It is made whole before the status is written, so that
// a page that fails half-way is an error page and not half a page.
func (a *app) render(c echo.Context, status int, page templ.Component) error {
	var body bytes.Buffer
	if err := page.Render(c.Request().Context(), &body); err != nil {
		return err
	}
	html := body.Bytes()
	if v := viewerOf(c); v != nil && v.As != nil {
		html = markForms(html)
	}
	return c.HTMLBlob(status, compressed(c, html))
}
