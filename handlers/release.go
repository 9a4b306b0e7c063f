package handlers

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"portal/models"
	"portal/store"
	"portal/views"
)

// releaseAccount lets a held account order again: an operator has compared it
// with the provider, and says so.
func (a *app) releaseAccount(c echo.Context) error {
	account, held, err := a.findAccount(c)
	if err != nil {
		return err
	}
	form := c.Request().PostForm
	reason := strings.TrimSpace(form.Get("reason"))
	// The hold that the operator has looked at: another may have begun since.
	hold, err := strconv.ParseInt(form.Get("hold"), 10, 64)
	if err != nil {
		return echo.NewHTTPError(http.StatusBadRequest)
	}
	stays := func(status int, why views.Problem) error {
		return a.renderAccount(c, status, account, held, reason, []views.Problem{why})
	}
	switch {
	case held.Hold == nil || held.Hold.ID != hold:
		return stays(http.StatusConflict, views.Problem{Key: "hold_gone"})
	case reason == "":
		return stays(http.StatusUnprocessableEntity, views.Problem{Field: "reason", Key: "release_reason_missing"})
	case utf8.RuneCountInString(reason) > longestReason:
		return stays(http.StatusUnprocessableEntity, views.Problem{Field: "reason", Key: "reason_too_long"})
	}
	err = a.Store.ReleaseHold(c.Request().Context(), hold, store.Release{By: a.by(c), Reason: reason})
	if errors.Is(err, models.ErrConflict) {
		held.Hold = nil
		return stays(http.StatusConflict, views.Problem{Key: "hold_gone"})
	}
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, accountPath(account.ID))
}

// holdStory tells when an account was held and released, by whom and why; for
// staff.
func (a *app) holdStory(c echo.Context, accountID int64) ([]views.Happening, error) {
	holds, err := a.Store.Holds(c.Request().Context(), accountID)
	if err != nil {
		return nil, err
	}
	var story []views.Happening
	for _, h := range holds {
		by, err := a.actorName(c, h.Actor)
		if err != nil {
			return nil, err
		}
		story = append(story, views.Happening{At: h.Since, Key: "hold", Note: h.Note, By: by})
		if h.ReleasedAt == nil {
			continue
		}
		if by, err = a.actorName(c, h.ReleasedBy); err != nil {
			return nil, err
		}
		story = append(story, views.Happening{At: *h.ReleasedAt, Key: "hold_released", Note: h.ReleaseNote, By: by})
	}
	return story, nil
}
