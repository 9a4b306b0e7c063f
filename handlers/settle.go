package handlers

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"portal/models"
	"portal/store"
	"portal/views"
)

// desk is what staff see of an order in review beside what its owner sees:
// the evidence, what it recommends, and for operators the form.
func (a *app) desk(c echo.Context, e models.Evidence) (*views.Desk, error) {
	ctx, v := c.Request().Context(), viewer(c)
	d := &views.Desk{Advice: e.Advise(), Seen: e.Mark(), MaySettle: v.May(models.ActSettle), Bill: a.mayBill(&v)}
	d.OrderID, d.InstanceID = d.Advice.ProviderOrderID, d.Advice.InstanceID
	if p := models.Proposal(e.Events); p != nil {
		d.Proposal, d.ByMe = p, p.Actor == v.Actor()
		name, err := a.actorName(c, p.Actor)
		if err != nil {
			return nil, err
		}
		d.ProposedBy = name
	}
	var err error
	if d.ByTwo, err = a.Store.SettleByTwo(ctx); err != nil {
		return nil, err
	}
	var open *models.OpenOrderError
	switch err := a.Store.Completable(ctx, e.Order); {
	case errors.As(err, &open):
		d.OtherOrder = open.Number
	case errors.Is(err, models.ErrMovedOn):
		d.MovedOn = true
	case err != nil:
		return nil, err
	}
	return d, nil
}

// findReviewed finds the order for an operator who wants to decide about it.
func (a *app) findReviewed(c echo.Context) (models.Order, error) {
	order, err := a.Store.Order(c.Request().Context(), viewer(c), c.Param("number"))
	if err != nil {
		return order, err
	}
	c.Set(keyOrder, order.Number)
	return order, nil
}

// settleOrder does what an operator decided about an order in review, or
// proposes it where a second one has to confirm.
func (a *app) settleOrder(c echo.Context) error {
	order, err := a.findReviewed(c)
	if err != nil {
		return err
	}
	form := c.Request().PostForm
	typed := views.Desk{
		As: models.Verdict(form.Get("as")), OrderID: strings.TrimSpace(form.Get("order_id")),
		InstanceID: strings.TrimSpace(form.Get("instance_id")), Looked: form.Get("looked") != "", Reason: strings.TrimSpace(form.Get("reason")),
	}
	problems := readSettlement(order, typed)
	if len(problems) > 0 {
		return a.renderOrder(c, http.StatusUnprocessableEntity, problems, typedInOrder{desk: &typed})
	}
	_, err = a.Store.SettleOrder(c.Request().Context(), order.Number, store.Settlement{
		As: typed.As, Note: typed.Reason, ProviderOrderID: typed.OrderID, InstanceID: typed.InstanceID,
		By: a.by(c), Seen: form.Get("seen"),
	})
	return a.decided(c, order, typed, err)
}

// answerProposal is what a second operator says to a proposal, or who made it.
func (a *app) answerProposal(c echo.Context) error {
	order, err := a.findReviewed(c)
	if err != nil {
		return err
	}
	form := c.Request().PostForm
	proposal, err := strconv.ParseInt(form.Get("proposal"), 10, 64)
	if err != nil {
		return echo.NewHTTPError(http.StatusBadRequest)
	}
	answer := store.Confirmation{
		Proposal: proposal, By: a.by(c), Note: strings.TrimSpace(form.Get("reason")), Seen: form.Get("seen"),
	}
	typed := views.Desk{Reason: answer.Note, Looked: form.Get("looked") != ""}
	var problems []views.Problem
	wrong := func(field, key string) { problems = append(problems, views.Problem{Field: field, Key: key}) }
	decide := a.Store.ConfirmProposal
	switch form.Get("do") {
	case "confirm":
		if key := wrongReason(answer.Note); key != "" && answer.Note != "" {
			wrong("reason", key)
		}
		e, err := a.Store.Evidence(c.Request().Context(), viewer(c), order.Number)
		if err != nil {
			return err
		}
		if p := models.Proposal(e.Events); p != nil && p.Reason.Proposes() != models.VerdictReleased && !typed.Looked {
			wrong("looked", "looked_missing")
		}
	case "decline":
		decide = a.Store.DeclineProposal
		switch key := wrongReason(answer.Note); key {
		case "":
		case "reason_missing":
			wrong("reason", "decline_reason_missing")
		default:
			wrong("reason", key)
		}
	default:
		return echo.NewHTTPError(http.StatusBadRequest)
	}
	if len(problems) > 0 {
		return a.renderOrder(c, http.StatusUnprocessableEntity, problems, typedInOrder{desk: &typed})
	}
	return a.decided(c, order, typed, decide(c.Request().Context(), order.Number, answer))
}

// decided leads back to the order, or says there why what was decided was not
// done. What was typed is still there.
func (a *app) decided(c echo.Context, order models.Order, typed views.Desk, err error) error {
	status, problem := http.StatusConflict, views.Problem{}
	var open *models.OpenOrderError
	var taken *models.OrderIDTakenError
	switch {
	case err == nil:
		return c.Redirect(http.StatusSeeOther, orderPath(order.Number))
	case errors.Is(err, models.ErrConflict):
		problem.Key = "review_moved"
	case errors.Is(err, models.ErrNewEvidence):
		problem.Key = "review_evidence"
	case errors.Is(err, models.ErrProposed):
		problem.Key = "review_proposed"
	case errors.Is(err, models.ErrOwnProposal):
		status, problem.Key = http.StatusForbidden, "review_own"
	case errors.Is(err, models.ErrMovedOn):
		problem = views.Problem{Field: "as", Key: "review_moved_on"}
	case errors.Is(err, models.ErrUnsent):
		problem = views.Problem{Field: "as", Key: "review_unsent"}
	case errors.Is(err, models.ErrNotMovedOn):
		problem = views.Problem{Field: "as", Key: "review_not_moved_on"}
	case errors.As(err, &open):
		problem = views.Problem{Field: "as", Key: "review_other_order", Args: []any{"Number", open.Number}}
	case errors.As(err, &taken):
		status, problem = http.StatusUnprocessableEntity, views.Problem{Field: "order_id", Key: "order_id_taken", Args: []any{"Number", taken.Number}}
	case errors.Is(err, models.ErrExists):
		status, problem = http.StatusUnprocessableEntity, views.Problem{Field: "instance_id", Key: "instance_taken"}
	default:
		return err
	}
	return a.renderOrder(c, status, []views.Problem{problem}, typedInOrder{desk: &typed})
}

// readSettlement says what is wrong with the form that settles an order.
func readSettlement(o models.Order, d views.Desk) []views.Problem {
	var problems []views.Problem
	wrong := func(field, key string) { problems = append(problems, views.Problem{Field: field, Key: key}) }
	if !slices.Contains(models.Verdicts(), d.As) {
		wrong("as", "verdict_missing")
	}
	if d.As == models.VerdictCompleted {
		switch {
		case o.Kind == models.Refund:
		case d.OrderID == "":
			wrong("order_id", "order_id_missing")
		case !instanceID.MatchString(d.OrderID):
			wrong("order_id", "order_id_invalid")
		}
		switch {
		case o.Kind != models.Buy:
		case d.InstanceID == "":
			wrong("instance_id", "instance_id_missing")
		case !instanceID.MatchString(d.InstanceID):
			wrong("instance_id", "instance_id_invalid")
		}
	}
	if d.As == models.VerdictRejected && !d.Looked {
		wrong("looked", "looked_missing")
	}
	if key := wrongReason(d.Reason); key != "" {
		wrong("reason", key)
	}
	return problems
}
