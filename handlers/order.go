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
func (a *app) order(c echo.Context) error {
	return a.renderOrder(c, http.StatusOK, nil, typedInOrder{})
}

// cancelOrder takes an order back that nothing was sent for.
func (a *app) cancelOrder(c echo.Context) error {
	err := a.Store.CancelOrder(c.Request().Context(), a.by(c), c.Param("number"))
	if errors.Is(err, models.ErrConflict) {
		// Pressed twice, or again after a commit that nobody was sure of.
		if o, err := a.Store.Order(c.Request().Context(), viewer(c), c.Param("number")); err == nil && o.Status == models.Cancelled {
			return a.toOrder(c, o)
		}
		return a.renderOrder(c, http.StatusConflict, []views.Problem{{Key: "cancel_too_late"}}, typedInOrder{})
	}
	if err != nil {
		return err
	}
	c.Set(keyOrder, c.Param("number"))
	return c.Redirect(http.StatusSeeOther, orderPath(c.Param("number")))
}

// typedInOrder is what somebody typed into a form of the order's page who could
// not do with it what the form is for; nil in the other forms.
type typedInOrder struct {
	desk     *views.Desk
	note     *views.Notes
	approval *views.Approval
}

// renderOrder is the order's page, with what was typed there.
func (a *app) renderOrder(c echo.Context, status int, problems []views.Problem, typed typedInOrder) error {
	ctx, v := c.Request().Context(), viewer(c)
	e, err := a.onRecord(ctx, v, c.Param("number"))
	if err != nil {
		return err
	}
	order := e.Order
	c.Set(keyOrder, order.Number)
	p := views.OrderProps{
		Order: order, Attempts: e.Attempts, Staff: v.Staff(), Problems: problems,
		CanCancel: order.Cancellable() && v.Offered(models.ActOrder),
	}
	if p.Quote, err = a.Store.Quote(ctx, v, order.QuoteID); err != nil {
		return err
	}
	if p.Account, err = a.Store.Account(ctx, v, order.AccountID); err != nil {
		return err
	}
	if p.Approval, err = a.approval(c, order, p.Account); err != nil {
		return err
	}
	if p.Approval != nil && typed.approval != nil {
		p.Approval.Reason = typed.approval.Reason
	}
	if p.SoldBy, err = a.Store.SoldBy(ctx, p.Account); err != nil {
		return err
	}
	if order.Status == models.Rejected {
		held, err := a.Store.HoldingsFor(ctx, v, order.AccountID)
		if err != nil {
			return err
		}
		p.BuyAnew = a.may(v, models.Buy, p.Account, held[order.AccountID], a.Store.Now()) == nil
	}
	placer, err := a.placer(c, order.UserID)
	if err != nil {
		return err
	}
	p.By = placerWords(locales.From(ctx), v.Told(placer))
	if p.Staff && order.Status == models.NeedsReview {
		if p.Desk, err = a.desk(c, e); err != nil {
			return err
		}
		if typed.desk != nil {
			p.Desk.Type(*typed.desk)
		}
	}
	if p.Staff {
		p.Link = a.orderLink(c, order.Number)
		if p.Mails, err = a.Store.MailsAbout(ctx, order.ID); err != nil {
			return err
		}
		if p.Changes, err = a.Store.OrderChanges(ctx, order.ID); err != nil {
			return err
		}
		if err := a.nameActors(c, p.Changes); err != nil {
			return err
		}
	}
	if v.May(models.ActNote) {
		if p.Notes, err = a.notes(c, order); err != nil {
			return err
		}
		if typed.note != nil {
			p.Notes.Form, p.Notes.Typed = typed.note.Form, typed.note.Typed
		}
	}
	p.Events = slices.Clone(e.Events)
	for i, e := range p.Events {
		if p.Events[i].Actor, err = a.actorName(c, e.Actor); err != nil {
			return err
		}
	}
	page := a.page(c)
	if c.Request().Method != http.MethodGet {
		page.Path = orderPath(order.Number)
	}
	// A page that asks for itself again would take away what is being typed. Where
	// it does so within seconds, the form for a note waits until that is stopped.
	if len(problems) == 0 && p.Desk == nil && p.Approval == nil {
		page.Refresh = refreshFor(order.Status)
	}
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

// placer is who placed an order, or is about to.
func (a *app) placer(c echo.Context, userID int64) (models.Placer, error) {
	placers, err := a.Store.Placers(c.Request().Context(), []int64{userID})
	return placers[userID], err
}

// placerWords are what somebody who was told this much of who placed an order
// reads of them (see models.Viewer.Told).
func placerWords(l *locales.Localizer, p models.Placer) string {
	switch p.Role {
	case models.Customer:
		return p.Email
	case models.ResellerAdmin:
		if p.Email == "" {
			return l.T("placer.reseller", "Reseller", p.Reseller)
		}
		return l.T("placer.admin", "Email", p.Email, "Reseller", p.Reseller)
	case models.Operator, models.Support:
	}
	if p.Email == "" {
		return l.T("placer.the_operator")
	}
	return l.T("placer.operator", "Email", p.Email)
}

// placedWords say of an order in a list that it was placed on the account's behalf.
// Staff need to know by whom; others find that on the order's page.
func placedWords(l *locales.Localizer, v models.Viewer, p models.Placer) string {
	switch {
	case v.Staff():
		return l.T("orders.placed_by", "By", placerWords(l, v.Told(p)))
	case p.Role == models.ResellerAdmin:
		return l.T("orders.placed_by_reseller")
	}
	return l.T("orders.placed_by_operator")
}

// acting is the viewer as whom they order for an account that is not their own;
// nil for its customers, and for who orders nothing.
func (a *app) acting(c echo.Context) (*models.Placer, error) {
	v := viewer(c)
	if !v.May(models.ActOrder) || v.Whose(models.ActOrder) == models.WhoseAccount {
		return nil, nil //nolint:nilnil // it is no error
	}
	p, err := a.placer(c, v.User.ID)
	return &p, err
}

// actorName is what the viewer knows an event's actor by: a user's address, or
// which part of the portal it was. Who works for the portal is nobody's concern
// but theirs (see models.Viewer.Told).
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
	if (models.Viewer{User: user}).Staff() && !viewer(c).Staff() {
		return l.T("placer.the_operator"), err
	}
	return user.Email, err
}

// refreshFor is how often a page about an order asks for itself again.
func refreshFor(s models.Status) time.Duration {
	switch s {
	case models.Placed, models.Sending:
		return 2 * time.Second
	case models.Unknown:
		return 5 * time.Second
	case models.AwaitingApproval, models.NeedsReview:
		return time.Minute
	case models.Completed, models.Rejected, models.Cancelled:
	}
	return 0
}
