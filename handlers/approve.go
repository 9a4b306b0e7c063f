package handlers

import (
	"errors"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"portal/failpoint"
	"portal/models"
	"portal/views"
)

// approveOrder lets an order be sent that waited for it. What it was quoted by is
// held against the world again, as at placing.
func (a *app) approveOrder(c echo.Context) error {
	ctx, v := c.Request().Context(), viewer(c)
	order, err := a.Store.Order(ctx, v, c.Param("number"))
	if err != nil {
		return err
	}
	if order.ApprovedAt != nil {
		return a.toOrder(c, order) // pressed twice, or again after a commit that nobody was sure of
	}
	if order.Status != models.AwaitingApproval {
		return a.undecided(c, models.ErrConflict)
	}
	count, err := a.counts.forPlacing(ctx, asker{order.CredentialProfile, order.OwnerID}) // with the key that it will be sent with
	if why := a.keptFrom(err); why != "" {
		return a.renderOrder(c, http.StatusServiceUnavailable, []views.Problem{{Key: why}}, typedInOrder{})
	}
	if err != nil {
		return err
	}
	failpoint.Hit(failpoint.PlaceAsked)
	if err := a.Store.ApproveOrder(ctx, a.by(c), order.Number, a.placing(count, order.CredentialProfile)); err != nil {
		return a.undecided(c, err)
	}
	a.Wake()
	failpoint.Hit(failpoint.PlaceWoken)
	return a.toOrder(c, order)
}

// declineOrder rejects an order that waits, with a reason that its customer reads.
func (a *app) declineOrder(c echo.Context) error {
	ctx, number := c.Request().Context(), c.Param("number")
	reason := strings.TrimSpace(c.Request().PostForm.Get("reason"))
	if key := wrongWords(reason, longestReason, "not_approved_reason_missing", "reason_too_long", "reason_invisible"); key != "" {
		return a.renderOrder(c, http.StatusUnprocessableEntity, []views.Problem{{Field: "reason", Key: key}},
			typedInOrder{approval: &views.Approval{Reason: reason}})
	}
	err := a.Store.DeclineOrder(ctx, a.by(c), number, reason)
	if errors.Is(err, models.ErrConflict) {
		if o, err := a.Store.Order(ctx, viewer(c), number); err == nil && o.Reason == models.ReasonNotApproved {
			return a.toOrder(c, o)
		}
	}
	if err != nil {
		return a.undecided(c, err)
	}
	c.Set(keyOrder, number)
	return c.Redirect(http.StatusSeeOther, orderPath(number))
}

// undecided says on the order's page why it could not be decided about.
func (a *app) undecided(c echo.Context, err error) error {
	var changed *models.QuoteChangedError
	problem := views.Problem{}
	switch {
	case errors.Is(err, models.ErrConflict):
		problem.Key = "decided_meanwhile"
	case errors.As(err, &changed):
		problem.Key = "approve_changed"
	case errors.As(err, new(*models.AccountHeldError)):
		problem.Key = "account_held"
	case errors.As(err, new(*models.AccountSuspendedError)):
		problem.Key = "account_suspended"
	case errors.Is(err, models.ErrSubscribed), errors.Is(err, models.ErrNotSubscribed), errors.Is(err, models.ErrExpired):
		problem.Key = "approve_changed"
	default:
		return err
	}
	return a.renderOrder(c, http.StatusConflict, []views.Problem{problem}, typedInOrder{})
}

// approval is what somebody decides by who may; nil where nothing waits for it.
func (a *app) approval(c echo.Context, order models.Order, account models.Account) (*views.Approval, error) {
	if order.Status != models.AwaitingApproval || !viewer(c).May(models.ActApprove) {
		return nil, nil
	}
	used, err := a.used(c.Request().Context(), account)
	return &views.Approval{Limit: account.MonthlyLimitFen, Used: used}, err
}
