package handlers

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"runtime/debug"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"portal/locales"
	"portal/models"
	"portal/store"
)

// Keys of what a request carries through echo's context.
const (
	keyRequestID = "request_id"
	keyViewer    = "viewer"
	keySeller    = "seller"
	keyOrder     = "order" // the number of the order that the request is about, for the log
)

// identify gives the request an id that people can quote, and logs its end.
// Neither the query nor a form is logged: they hold what people typed.
func (a *app) identify(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		id := rand.Text()[:12]
		c.Set(keyRequestID, id)
		c.Response().Header().Set(echo.HeaderXRequestID, id)
		start := time.Now()
		err := next(c)
		if err != nil {
			c.Error(err) // writes the page, so that the status below is the one sent
		}
		args := []any{
			"request_id", id, "method", c.Request().Method, "path", c.Request().URL.Path,
			"status", c.Response().Status, "bytes", c.Response().Size, "ms", time.Since(start).Milliseconds(),
		}
		if v := viewerOf(c); v != nil {
			args = append(args, "user", v.User.ID)
		}
		if number, ok := c.Get(keyOrder).(string); ok {
			args = append(args, "order", number)
		}
		a.Logger.Info("request", args...)
		return nil
	}
}

// exchange is what an action and the outermost wrapper tell each other beside
// the response.
type exchange struct {
	head   bool // only the header is asked for
	broken bool // an error came when part of the body had been sent
}

type keyExchange struct{}

// exchangeOf is the request's, an empty one for a request that did not come
// through exchanges.
func exchangeOf(r *http.Request) *exchange {
	if x, ok := r.Context().Value(keyExchange{}).(*exchange); ok {
		return x
	}
	return &exchange{}
}

// exchanges answers HEAD as GET: net/http leaves the body out. And it cuts the
// connection where an answer broke off, so that half a file can't pass for a
// whole one; here, when the log and the metrics have what they need.
func exchanges(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x := &exchange{head: r.Method == http.MethodHead}
		r = r.WithContext(context.WithValue(r.Context(), keyExchange{}, x)) // a copy: net/http still has the request that came
		if x.head {
			r.Method = http.MethodGet
		}
		next.ServeHTTP(w, r)
		if x.broken {
			panic(http.ErrAbortHandler)
		}
	})
}

// recover turns a panic into an error, so that one page's mistake is one page's.
func (a *app) recover(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		defer func() {
			if r := recover(); r != nil {
				if r == http.ErrAbortHandler { //nolint:errorlint // a panic's value, by contract this very one
					panic(r)
				}
				err = fmt.Errorf("panic: %v\n%s", r, debug.Stack())
			}
		}()
		return next(c)
	}
}

// contentSecurityPolicy allows our own stylesheet, script, pictures and forms, and
// nothing else: nothing inline, nothing evaluated.
const contentSecurityPolicy = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

func (a *app) harden(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		h := c.Response().Header()
		h.Set("Content-Security-Policy", contentSecurityPolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=()")
		// A page is about one person's money: kept nowhere. (For the back button
		// this alone is not enough, see placed.)
		h.Set("Cache-Control", "no-store")
		if a.Secure {
			h.Set("Strict-Transport-Security", "max-age=31536000") // of this host; others are its owner's to decide
		}
		return next(c)
	}
}

// maxBody is far more than any form of ours has, but for an upload.
const maxBody = 64 << 10

func (a *app) limitBody(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r, most := c.Request(), int64(maxBody)
		if r.Method == http.MethodPost && c.Path() == "/accounts/import" {
			most = maxUpload // a list of accounts
		}
		if r.ContentLength > most {
			return echo.ErrStatusRequestEntityTooLarge
		}
		r.Body = http.MaxBytesReader(c.Response(), r.Body, most)
		return next(c)
	}
}

// refuseCrossOrigin keeps other sites from posting our forms in a person's
// name. It needs no token that could expire under a half-filled form.
func (a *app) refuseCrossOrigin(next echo.HandlerFunc) echo.HandlerFunc {
	protection := http.NewCrossOriginProtection()
	return func(c echo.Context) error {
		if err := protection.Check(c.Request()); err != nil {
			return errCrossOrigin
		}
		return next(c)
	}
}

// refuseGarbage answers 400 to what no browser sends: text that is not UTF-8 or
// holds NUL, which databases and pages read in ways of their own. Handlers find
// the form parsed.
func (a *app) refuseGarbage(next echo.HandlerFunc) echo.HandlerFunc {
	bad := func(s string) bool { return !utf8.ValidString(s) || strings.ContainsRune(s, 0) }
	return func(c echo.Context) error {
		r := c.Request()
		if err := r.ParseForm(); err != nil {
			return badForm(err)
		}
		if bad(r.URL.Path) {
			return echo.NewHTTPError(http.StatusBadRequest)
		}
		for name, values := range r.Form {
			if bad(name) || slices.ContainsFunc(values, bad) {
				return echo.NewHTTPError(http.StatusBadRequest)
			}
		}
		return next(c)
	}
}

// badForm is a body that is no form.
func badForm(err error) error {
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return err
	}
	return echo.NewHTTPError(http.StatusBadRequest).SetInternal(err)
}

// authenticate finds who is asking, if anybody.
func (a *app) authenticate(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if c.Path() == "/healthz" || c.Path() == "/readyz" || c.Path() == "/static/*" {
			return next(c)
		}
		session, err := a.sessions.Get(c.Request(), store.SessionCookie(a.Secure))
		if err != nil {
			return err
		}
		if id, ok := session.Values[store.SessionUser].(int64); ok {
			user, err := a.Store.User(c.Request().Context(), id)
			if err != nil {
				return err
			}
			if user.RemovedAt != nil {
				return next(c) // signed in at the moment of the removal, which ends all sessions that it meets
			}
			v := models.Viewer{User: user}
			if view, ok := session.Values[store.SessionView].(models.View); ok {
				if v, err = a.inView(c, v, view); err != nil {
					return err
				}
			}
			c.Set(keyViewer, &v)
			if user.Language != "" {
				a.setLocalizer(c, user.Language)
			}
		}
		return next(c)
	}
}

// viewerOf is who is asking, nil when nobody is signed in.
func viewerOf(c echo.Context) *models.Viewer {
	v, _ := c.Get(keyViewer).(*models.Viewer)
	return v
}

// viewer is who is asking, behind requireSignIn.
func viewer(c echo.Context) models.Viewer { return *viewerOf(c) }

// requireSignIn sends everybody else to the sign-in page, which brings them
// back to where they were going. A form that was posted after its session had
// ended is not lost: its page can be had by GET with the same answers.
func (a *app) requireSignIn(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if viewerOf(c) != nil {
			return next(c)
		}
		r := c.Request()
		target := r.URL.RequestURI()
		if r.Method != http.MethodGet {
			target = formPage(c)
			if readsAnswers(c) {
				target += "?" + r.Form.Encode()
				if len(target) > 4096 {
					target = r.URL.Path + "?kind=buy" // nothing that our forms have is that long
				}
			}
		}
		if target == "/" {
			return c.Redirect(http.StatusSeeOther, "/sign-in")
		}
		return c.Redirect(http.StatusSeeOther, "/sign-in?"+url.Values{"next": {target}}.Encode())
	}
}

// readsAnswers says whether the page of the form that was posted fills the form in
// from its address.
func readsAnswers(c echo.Context) bool {
	switch c.Path() {
	case "/accounts/:account/quote", "/accounts/:account/prices", "/resellers/:reseller/prices", "/renewals/new":
		return true
	}
	return false
}

// formPage is the path of the page whose form was posted, "/" where there is
// none of its own.
func formPage(c echo.Context) string {
	switch c.Path() {
	case "/sign-in", "/sandbox", "/accounts/new", "/accounts/import", "/accounts/import/:import", "/renewals/new", "/accounts/:account/quote", "/accounts/:account/outside",
		"/accounts/:account/edit", "/accounts/:account/limits", "/accounts/:account/suspend", "/accounts/:account/reinstate",
		"/resellers/new", "/resellers/:reseller/edit", "/accounts/:account/prices", "/resellers/:reseller/prices",
		"/accounts/:account/people", "/resellers/:reseller/people", "/people/:person/remove", "/invitation", "/me":
		return c.Request().URL.Path
	case "/sign-in/demo":
		return "/sign-in"
	case "/resellers/:reseller/discounts":
		return "/resellers/" + url.PathEscape(c.Param("reseller")) + "/prices"
	case "/accounts/:account/release", "/accounts/:account/view":
		return "/accounts/" + url.PathEscape(c.Param("account"))
	case "/invitations/:invitation/resend", "/invitations/:invitation/revoke":
		return "/people"
	case "/quotes/:quote/order":
		return "/quotes/" + url.PathEscape(c.Param("quote"))
	case "/renewals/:batch/order", "/renewals/:batch/stop", "/renewals/:batch/again":
		return "/renewals/" + url.PathEscape(c.Param("batch"))
	case "/orders/:number/cancel", "/orders/:number/approve", "/orders/:number/decline", "/orders/:number/settle", "/orders/:number/proposal", "/orders/:number/notes":
		return "/orders/" + url.PathEscape(c.Param("number"))
	}
	return "/"
}

// speak picks the reader's language: their own choice, else the browser's.
func (a *app) speak(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		chosen := ""
		if cookie, err := c.Cookie(cookieLanguage); err == nil {
			chosen = cookie.Value
		}
		a.setLocalizer(c, chosen)
		c.Response().Header().Add(echo.HeaderVary, "Accept-Language, Cookie")
		return next(c)
	}
}

func (a *app) setLocalizer(c echo.Context, chosen string) {
	l := locales.For(chosen, c.Request().Header.Get("Accept-Language"))
	c.SetRequest(c.Request().WithContext(locales.With(c.Request().Context(), l)))
}
