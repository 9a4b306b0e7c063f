package handlers

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"portal/locales"
	"portal/models"
	"portal/views"
)

// order shows where an order stands. It is the progress page, the
// confirmation, the receipt and the timeline.
func (a *app) order(c echo.Context) error { return a.renderOrder(c, http.StatusOK, nil, nil) }

// cancelOrder takes an order back that nothing was sent for.
func (a *app) cancelOrder(c echo.Context) error {
	err := a.Store.CancelOrder(c.Request().Context(), viewer(c), c.Param("number"))
	if errors.Is(err, models.ErrConflict) {
		return a.renderOrder(c, http.StatusConflict, []views.Problem{{Key: "cancel_too_late"}}, nil)
	}
	if err != nil {
		return err
	}
	c.Set(keyOrder, c.Param("number"))
	return c.Redirect(http.StatusSeeOther, orderPath(c.Param("number")))
}

// renderOrder is the order's page; typed is what an operator typed who could not
// settle it with that.
func (a *app) renderOrder(c echo.Context, status int, problems []views.Problem, typed *views.Desk) error {
	ctx, v := c.Request().Context(), viewer(c)
	e, err := a.onRecord(ctx, v, c.Param("number"))
	if err != nil {
		return err
	}
	order := e.Order
	c.Set(keyOrder, order.Number)
	p := views.OrderProps{
		Order: order, Attempts: e.Attempts, Staff: v.Staff(), Problems: problems,
		CanCancel: order.Status == models.Placed && v.MayOrder(),
	}
	if order.Status == models.Rejected {
		held, err := a.Store.Holdings(ctx, order.AccountID)
		if err != nil {
			return err
		}
		p.BuyAnew = a.may(models.Buy, held[order.AccountID], a.Store.Now()) == nil
	}
	if p.Quote, err = a.Store.Quote(ctx, v, order.QuoteID); err != nil {
		return err
	}
	if p.Account, err = a.Store.Account(ctx, v, order.AccountID); err != nil {
		return err
	}
	placer, err := a.Store.User(ctx, order.UserID)
	if err != nil {
		return err
	}
	p.Email = placer.Email
	if p.Staff && order.Status == models.NeedsReview {
		if p.Desk, err = a.desk(c, e); err != nil {
			return err
		}
		if typed != nil {
			p.Desk.Type(*typed)
		}
	}
	p.Events = slices.Clone(e.Events)
	for i, e := range p.Events {
		if p.Events[i].Actor, err = a.actorName(c, e.Actor); err != nil {
			return err
		}
	}
	page := a.page(c)
	page.Path = orderPath(order.Number) // also after a post
	// A page that asks for itself again would take away what is being typed.
	if len(problems) == 0 && (p.Desk == nil || !p.Desk.MaySettle) {
		page.Refresh = refreshFor(order.Status)
	}
	setRefresh(c, page.Refresh)
	return a.render(c, status, views.Order(page, p))
}

// onRecord is an order with its events, and for staff with its attempts, too.
// What staff decide by is as it was at one moment.
func (a *app) onRecord(ctx context.Context, v models.Viewer, number string) (models.Evidence, error) {
	if v.Staff() {
		return a.Store.Evidence(ctx, v, number)
	}
	order, err := a.Store.Order(ctx, v, number)
	if err != nil {
		return models.Evidence{}, err
	}
	events, err := a.Store.Events(ctx, order.ID)
	return models.Evidence{Order: order, Events: events}, err
}

// actorName is what people know an event's actor by: a user's address, or which
// part of the portal it was.
func (a *app) actorName(c echo.Context, actor string) (string, error) {
	l := locales.From(c.Request().Context())
	if actor == "worker" {
		return l.T("order.actor_worker"), nil
	}
	switch part, who, known := strings.Cut(actor, ":"); {
	case part == "command" && known:
		return l.T("order.actor_command_by", "Name", who), nil
	case part == "command":
		return l.T("order.actor_command"), nil
	}
	id, ok := strings.CutPrefix(actor, "user:")
	if !ok {
		return actor, nil
	}
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil {
		return actor, fmt.Errorf("an event's actor: %w", err)
	}
	user, err := a.Store.User(c.Request().Context(), n)
	return user.Email, err
}

// setRefresh makes a page ask for itself again without script, unless its
// reader has stopped that. It is a header, because a timed meta element fails
// the accessibility checkers even beside a way to stop it.
func setRefresh(c echo.Context, every time.Duration) {
	if every > 0 && c.QueryParam("refresh") != "off" {
		c.Response().Header().Set("Refresh", strconv.Itoa(int(every/time.Second)))
	}
}

// refreshFor is how often a page about an order asks for itself again.
func refreshFor(s models.Status) time.Duration {
	switch s {
	case models.Placed, models.Sending:
		return 2 * time.Second
	case models.Unknown:
		return 5 * time.Second
	case models.NeedsReview:
		return time.Minute
	case models.Completed, models.Rejected, models.Cancelled:
	}
	return 0
}
