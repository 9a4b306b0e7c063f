package handlers

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"portal/models"
	"portal/views"
)

// suspendForm says what a suspension does to the account and its open order, and
// asks why.
func (a *app) suspendForm(c echo.Context) error {
	account, held, err := a.findAccount(c)
	if err != nil {
		return err
	}
	if account.SuspendedAt != nil {
		return c.Redirect(http.StatusSeeOther, accountPath(account.ID)) // its page says so
	}
	return a.render(c, http.StatusOK, views.Suspend(a.page(c), views.SuspensionProps{Account: account, OpenOrder: held.OpenOrder}))
}

// suspendAccount lets the account's people only look from now on.
func (a *app) suspendAccount(c echo.Context) error {
	account, held, err := a.findAccount(c)
	if err != nil {
		return err
	}
	p := views.SuspensionProps{Account: account, OpenOrder: held.OpenOrder, Reason: strings.TrimSpace(c.Request().PostForm.Get("reason"))}
	status := http.StatusUnprocessableEntity
	if p.Problems = suspensionProblems(p.Reason, "suspend_reason_missing"); len(p.Problems) == 0 {
		err := a.Store.SuspendAccount(c.Request().Context(), a.by(c), account.ID, p.Reason)
		if err == nil {
			return c.Redirect(http.StatusSeeOther, accountPath(account.ID))
		}
		if !errors.Is(err, models.ErrConflict) {
			return err
		}
		status, p.Problems = http.StatusConflict, []views.Problem{{Key: "suspended_meanwhile"}}
	}
	return a.render(c, status, views.Suspend(a.page(c), p))
}

// reinstateForm shows the suspension, and asks why it ends.
func (a *app) reinstateForm(c echo.Context) error {
	account, _, err := a.findAccount(c)
	if err != nil {
		return err
	}
	if account.SuspendedAt == nil {
		return c.Redirect(http.StatusSeeOther, accountPath(account.ID))
	}
	return a.renderReinstate(c, http.StatusOK, views.SuspensionProps{Account: account})
}

// reinstateAccount ends the suspension that the person has looked at: there may
// be another one by now, for another reason.
func (a *app) reinstateAccount(c echo.Context) error {
	account, _, err := a.findAccount(c)
	if err != nil {
		return err
	}
	if account.SuspendedAt == nil {
		return c.Redirect(http.StatusSeeOther, accountPath(account.ID)) // somebody else was quicker
	}
	form := c.Request().PostForm
	since, err := time.Parse(time.RFC3339Nano, form.Get("since"))
	if err != nil {
		return echo.NewHTTPError(http.StatusBadRequest)
	}
	p := views.SuspensionProps{Account: account, Reason: strings.TrimSpace(form.Get("reason"))}
	status := http.StatusUnprocessableEntity
	if p.Problems = suspensionProblems(p.Reason, "reinstate_reason_missing"); len(p.Problems) == 0 {
		err := a.Store.ReinstateAccount(c.Request().Context(), a.by(c), account.ID, since, p.Reason)
		if err == nil {
			return c.Redirect(http.StatusSeeOther, accountPath(account.ID))
		}
		if !errors.Is(err, models.ErrConflict) {
			return err
		}
		status, p.Problems = http.StatusConflict, []views.Problem{{Key: "reinstated_meanwhile"}}
	}
	return a.renderReinstate(c, status, p)
}

func (a *app) renderReinstate(c echo.Context, status int, p views.SuspensionProps) error {
	var err error
	if p.By, err = a.actorName(c, p.Account.SuspendedBy); err != nil {
		return err
	}
	return a.render(c, status, views.Reinstate(a.page(c), p))
}

// suspensionProblems says what is wrong with the reason of a suspension or its
// end; missing is what is said without any.
func suspensionProblems(reason, missing string) []views.Problem {
	if key := wrongWords(reason, longestReason, missing, "reason_too_long", "reason_invisible"); key != "" {
		return []views.Problem{{Field: "reason", Key: key}}
	}
	return nil
}

// by is who asks, and from where, for the log of changes.
func (a *app) by(c echo.Context) models.By {
	id, _ := c.Get(keyRequestID).(string)
	return models.By{Viewer: viewer(c), RequestID: id, Address: c.RealIP()}
}
