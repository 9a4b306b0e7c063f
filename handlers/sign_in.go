package handlers

import (
	"errors"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"portal/models"
	"portal/passwords"
	"portal/store"
	"portal/views"
)

// signInPage shows the form, also to somebody who is signed in already.
func (a *app) signInPage(c echo.Context) error {
	return a.renderSignIn(c, http.StatusOK, views.SignInProps{Next: localPath(c.QueryParam("next"))})
}

func (a *app) renderSignIn(c echo.Context, status int, p views.SignInProps) error {
	if a.Sandbox {
		p.Demo = a.Demo
	}
	return a.render(c, status, views.SignIn(a.page(c), p))
}

// signInLimits is how many failures there may be in 15 minutes: by the address
// for a name, so that a guesser is stopped soon and doesn't lock the owner of
// the name out; by the name from everywhere; and by the address for all names.
func signInLimits(email, ip string) []store.Limit {
	ip = network(ip)
	return []store.Limit{
		{Name: "both:" + ip + ":" + email, Failures: 5, Window: signInWindow},
		{Name: "name:" + email, Failures: 30, Window: signInWindow},
		{Name: "address:" + ip, Failures: 60, Window: signInWindow},
	}
}

const signInWindow = 15 * time.Minute

// network is what one host has of addresses: of IPv6 a whole /64 to choose from.
func network(ip string) string {
	if a, err := netip.ParseAddr(ip); err == nil && a.Is6() && !a.Is4In6() {
		if network, err := a.Prefix(64); err == nil {
			return network.String()
		}
	}
	return ip
}

// signIn checks a name and a password and opens a session.
func (a *app) signIn(c echo.Context) error {
	password := c.Request().PostForm.Get("password")
	p := views.SignInProps{
		Email: c.Request().PostForm.Get("email"),
		Next:  localPath(c.Request().PostForm.Get("next")),
	}
	if strings.TrimSpace(p.Email) == "" {
		p.Problems = append(p.Problems, views.Problem{Field: "email", Key: "email_missing"})
	}
	if password == "" {
		p.Problems = append(p.Problems, views.Problem{Field: "password", Key: "password_missing"})
	}
	if len(p.Problems) > 0 {
		return a.renderSignIn(c, http.StatusUnprocessableEntity, p)
	}
	return a.letIn(c, p, p.Email, password, views.Problem{Field: "email", Key: "sign_in_wrong"})
}

// signInDemo signs in as one of the sandbox's made-up people at the press of a
// button: by their password as everybody, which here is no secret.
func (a *app) signInDemo(c echo.Context) error {
	form := c.Request().PostForm
	i := slices.IndexFunc(a.Demo, func(p views.DemoPerson) bool { return p.Email == form.Get("email") })
	if !a.Sandbox || i < 0 {
		return models.ErrNotFound
	}
	p := views.SignInProps{Next: localPath(form.Get("next"))}
	return a.letIn(c, p, a.Demo[i].Email, a.Demo[i].Password, views.Problem{Key: "demo_changed"})
}

// letIn opens a session for whom the name and the password are, or shows the page
// again with what is wrong.
func (a *app) letIn(c echo.Context, p views.SignInProps, name, password string, problem views.Problem) error {
	ctx := c.Request().Context()
	wrong := func() error {
		p.Problems = []views.Problem{problem}
		return a.renderSignIn(c, http.StatusUnprocessableEntity, p)
	}
	email, err := models.NormalizeEmail(name)
	if err != nil {
		return wrong()
	}
	limits := signInLimits(email, c.RealIP())
	wait, err := a.Store.Attempt(ctx, limits...)
	if err != nil {
		return err
	}
	if wait > 0 {
		minutes := (&throttledError{wait}).minutes()
		c.Response().Header().Set("Retry-After", strconv.Itoa(int(wait/time.Second)+1))
		p.Problems = []views.Problem{{Field: problem.Field, Key: "sign_in_throttled", Args: []any{"Minutes", minutes}}}
		return a.renderSignIn(c, http.StatusTooManyRequests, p)
	}
	user, err := a.Store.UserByEmail(ctx, email)
	if err != nil && !errors.Is(err, models.ErrNotFound) {
		return err
	}
	ok, err := passwords.Matches(ctx, user.PasswordHash, password)
	if err != nil {
		return err
	}
	if !ok {
		return wrong()
	}
	if err := a.Store.Succeed(ctx, limits...); err != nil {
		return err
	}
	if err := a.openSession(c, user.ID, user.PasswordHash); isNotFound(err) {
		return wrong() // removed, or given another password, at this very moment
	} else if err != nil {
		return err
	}
	if p.Next == "" {
		p.Next = "/"
	}
	return c.Redirect(http.StatusSeeOther, p.Next)
}

// openSession ends the session that the browser came with and opens a new one:
// an id that somebody planted before the sign-in is worth nothing after it.
//
// passwordHash is what the person's password was compared with.
func (a *app) openSession(c echo.Context, userID int64, passwordHash string) error {
	r, w := c.Request(), c.Response()
	session, err := a.sessions.Get(r, store.SessionCookie(a.Secure))
	if err != nil {
		return err
	}
	if session.ID != "" {
		age := session.Options.MaxAge
		session.Options.MaxAge = -1
		if err := a.sessions.Save(r, w, session); err != nil {
			return err
		}
		session.Options.MaxAge = age
		session.ID = ""
		w.Header().Del("Set-Cookie") // the new session's takes its place
	}
	session.Values[store.SessionUser], session.Values[store.SessionPassword] = userID, passwordHash
	return a.sessions.Save(r, w, session)
}

// signOut ends the session, in the database too, and a view that it is in.
func (a *app) signOut(c echo.Context) error {
	if viewer(c).As != nil {
		if err := a.endView(c); err != nil {
			return err
		}
	}
	session, err := a.sessions.Get(c.Request(), store.SessionCookie(a.Secure))
	if err != nil {
		return err
	}
	session.Options.MaxAge = -1
	if err := a.sessions.Save(c.Request(), c.Response(), session); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/sign-in")
}

// localPath is s when it is a path of this portal, else empty: a link must not
// be able to send people elsewhere after they have signed in.
func localPath(s string) string {
	u, err := url.Parse(s)
	if err != nil || u.IsAbs() || u.Host != "" || u.User != nil || !strings.HasPrefix(s, "/") ||
		strings.HasPrefix(s, "//") || strings.ContainsAny(s, "\\\r\n\t") {
		return ""
	}
	return s
}
