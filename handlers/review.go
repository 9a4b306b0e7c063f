package handlers

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"portal/models"
	"portal/views"
)

// shownUnknown is how many unknown orders the review page lists: they are found
// out by themselves, so that one who wants all goes to the order log.
const shownUnknown = 50

// reviewQueue is where operators find what only a person can find out. Support
// may look; nobody else is told that there is such a page.
func (a *app) reviewQueue(c echo.Context) error {
	ctx, v := c.Request().Context(), viewer(c)
	after := cursor(c, "after")
	orders, err := a.Store.InReview(ctx, v, after, pageSize+1)
	if err != nil {
		return err
	}
	var p views.ReviewProps
	if len(orders) > pageSize {
		orders = orders[:pageSize]
		p.NextURL = "/review?after=" + strconv.FormatInt(orders[pageSize-1].ID, 10)
	}
	if after > 0 {
		p.FirstURL = "/review"
	}
	unknown, err := a.Store.UnknownNow(ctx, v, shownUnknown+1)
	if err != nil {
		return err
	}
	if len(unknown) > shownUnknown {
		unknown, p.MoreUnknown = unknown[:shownUnknown], true
	}
	ids := make([]int64, 0, len(orders)+len(unknown))
	for _, o := range orders {
		ids = append(ids, o.AccountID)
	}
	for _, o := range unknown {
		ids = append(ids, o.AccountID)
	}
	accounts, err := a.Store.AccountsByID(ctx, v, ids)
	if err != nil {
		return err
	}
	for _, o := range orders {
		row := views.ReviewRow{Order: o.Order, Account: accounts[o.AccountID]}
		if o.Proposal != nil {
			row.Proposed = o.Proposal.Reason.Proposes()
			row.ByMe = o.Proposal.Actor == v.Actor()
			if row.ProposedBy, err = a.actorName(c, o.Proposal.Actor); err != nil {
				return err
			}
		}
		p.Rows = append(p.Rows, row)
	}
	for _, o := range unknown {
		p.Unknown = append(p.Unknown, views.UnknownRow{Order: o.Order, Account: accounts[o.AccountID], Since: o.Since})
	}
	// Another list with a key of its own: the next page of one begins with the
	// first of the other.
	held, err := a.Store.HeldAccounts(ctx, v, cursor(c, "held_after"), pageSize+1)
	if err != nil {
		return err
	}
	if len(held) > pageSize {
		held = held[:pageSize]
		p.HeldURL = "/review?held_after=" + strconv.FormatInt(held[pageSize-1].ID, 10) + "#held"
	}
	for _, h := range held {
		p.Held = append(p.Held, views.HeldRow{Account: h.Account, Hold: h.Hold})
	}
	return a.render(c, http.StatusOK, views.Review(a.page(c), p))
}

// alarmPatience is how long a page waits to learn whether something wants an
// operator's eye.
const alarmPatience = time.Second

// alarm is what wants an operator's eye, for staff; nil where it can't be told,
// which is no reason for a page to fail.
func (a *app) alarm(c echo.Context, v *models.Viewer) *models.Alarm {
	if v == nil || !v.May(models.ActReview) {
		return nil
	}
	ctx, cancel := context.WithTimeout(c.Request().Context(), alarmPatience)
	defer cancel()
	alarm, err := a.Store.Alarm(ctx)
	if err != nil {
		if c.Request().Context().Err() == nil {
			a.Logger.Warn("can't count what wants an operator's eye; the page does without", "request_id", c.Get(keyRequestID), "error", err)
		}
		return nil
	}
	return &alarm
}
