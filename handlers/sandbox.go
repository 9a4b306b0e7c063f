package handlers

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

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

// Bill is what the sandbox's provider would show in its console of an owner: the
// money that moved, newest first, and the instance that there is, nil for none.
type Bill interface {
	Billed(owner int64) []models.Billed
	Provided(owner int64, at time.Time) *models.Provided
}

// mayBill says whether the viewer may look at the sandbox's bill here.
func (a *app) mayBill(v *models.Viewer) bool {
	return a.Sandbox && a.Bill != nil && v != nil && v.May(models.ActReview)
}

// sandboxBill shows what the sandbox has on record of an account, for whoever has
// to find out about an order and has no console of the real provider's to look at.
func (a *app) sandboxBill(c echo.Context) error {
	if !a.Sandbox || a.Bill == nil {
		return models.ErrNotFound
	}
	page := a.page(c)
	query := func(name string) string { return strings.TrimSpace(c.QueryParam(name)) }
	p := views.SandboxBillProps{Owner: query("owner"), From: query("from"), To: query("to")}
	wrong := func(field, key string) { p.Problems = append(p.Problems, views.Problem{Field: field, Key: key}) }
	moment := func(field, typed string) time.Time {
		at, ok := beijingTime(typed)
		if typed != "" && !ok {
			wrong(field, "ends_invalid")
		}
		return at // the zero time for none
	}
	from, to := moment("from", p.From), moment("to", p.To)
	owner, err := strconv.ParseInt(p.Owner, 10, 64)
	if p.Owner != "" && (err != nil || owner < 1) {
		wrong("owner", "owner_id_invalid")
	}
	if len(p.Problems) > 0 {
		return a.render(c, http.StatusUnprocessableEntity, views.SandboxBill(page, p))
	}
	if p.Owner == "" {
		return a.render(c, http.StatusOK, views.SandboxBill(page, p))
	}
	switch account, err := a.Store.AccountByOwner(c.Request().Context(), owner); {
	case err == nil:
		p.Account = &account
	case !isNotFound(err):
		return err
	}
	p.Asked, p.Held = true, a.Bill.Provided(owner, page.Now)
	for _, line := range a.Bill.Billed(owner) {
		// Both ends are whole minutes, as they are typed, and belong to it.
		if line.At.Before(from) || !to.IsZero() && !line.At.Before(to.Add(time.Minute)) {
			p.Outside++
			continue
		}
		p.Lines = append(p.Lines, line)
	}
	return a.render(c, http.StatusOK, views.SandboxBill(page, p))
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
	return a.render(c, http.StatusOK, views.Sandbox(a.page(c), views.SandboxProps{
		Levers: a.Mishaps != nil, Armed: a.armed(), Bill: a.mayBill(viewerOf(c)),
	}))
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
