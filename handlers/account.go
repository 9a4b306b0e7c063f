package handlers

import (
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"portal/models"
	"portal/pricing"
	"portal/store"
	"portal/views"
)

// account shows what one account holds, what can be done next, and everything
// that happened.
func (a *app) account(c echo.Context) error {
	account, held, err := a.findAccount(c)
	if err != nil {
		return err
	}
	return a.renderAccount(c, http.StatusOK, account, held, "", nil)
}

// renderAccount is the account's page; reason and problems are of a release
// that did not come about.
func (a *app) renderAccount(c echo.Context, status int, account models.Account, held store.Holding, reason string, problems []views.Problem) error {
	ctx, v := c.Request().Context(), viewer(c)
	recent, err := a.Store.Orders(ctx, v, store.OrderFilter{AccountID: account.ID}, 0, 5)
	if err != nil {
		return err
	}
	page := a.page(c)
	if c.Request().Method != http.MethodGet {
		page.Path = accountPath(account.ID) // a form's answer can't be returned to, its page can
	}
	p := views.AccountProps{
		Account: account, Subscription: held.Subscription, OpenOrder: held.OpenOrder, Hold: held.Hold, Released: held.Released, Recent: recent,
		MayOrder: v.MayOrder(), ExamplePrices: a.Book.Example(), ReleaseReason: reason, Problems: problems,
	}
	if s := held.Subscription; s != nil {
		p.Owned = a.counts.forLooking(ctx, account.OwnerID)
		if s.AutoRenew {
			last := s.Last()
			p.AutoRenewFen, _ = a.Book.AutoRenewal(last.Edition, last.InstanceCount, s.AutoRenewMonths)
		}
	}
	p.Actions = a.actions(v, held, p.Owned, page.Now)
	if p.Story, err = a.story(c, account, held.History, page.Now); err != nil {
		return err
	}
	if h := held.Hold; h != nil && v.Staff() {
		shown := *h
		if shown.Actor, err = a.actorName(c, h.Actor); err != nil {
			return err
		}
		p.Hold = &shown
	}
	if v.User.Role == models.Operator && held.OpenOrder == nil {
		p.Records = recordable(held.Subscription, page.Now)
	}
	if kind := models.OutsideKind(c.QueryParam("recorded")); v.User.Role == models.Operator && slices.Contains(models.OutsideKinds(), kind) {
		p.Recorded = kind
	}
	// A page that asks for itself again would take away what is being typed.
	typing := v.User.Role == models.Operator && held.Hold != nil
	if held.OpenOrder != nil && !typing {
		page.Refresh = refreshFor(held.OpenOrder.Status)
	}
	setRefresh(c, page.Refresh)
	return a.render(c, status, views.Account(page, p))
}

// actions are what can be done with what is held, and why the rest can't.
func (a *app) actions(v models.Viewer, held store.Holding, owned *models.Count, now time.Time) []views.Action {
	kinds := []models.Kind{models.Buy}
	s := held.Subscription
	// Once the price book offers buying anew, the provider may have let go of what
	// expired, and a renewal may be refused.
	anew := s != nil && a.may(models.Buy, held, now) == nil
	switch {
	case s == nil:
	case anew:
		kinds = []models.Kind{models.Buy, models.Renew, models.Upgrade, models.Refund}
	case s.State(now) == models.Expired:
		kinds = []models.Kind{models.Renew, models.Buy, models.Upgrade, models.Refund}
	default:
		kinds = []models.Kind{models.Upgrade, models.Renew, models.Refund, models.Buy}
	}
	var actions []views.Action
	for _, kind := range kinds {
		action := views.Action{Kind: kind}
		action.Why, action.Args = a.whyNot(v, kind, held, owned, now)
		switch {
		case action.Why != "" || s == nil:
		case kind == models.Upgrade:
			action.Urgent = owned != nil && owned.Machines > s.InstanceCount
		case kind == models.Buy:
			action.Urgent = anew
		case kind == models.Renew && !anew:
			action.Urgent = s.EndsSoon(now) || s.State(now) == models.Expired
		}
		actions = append(actions, action)
	}
	return actions
}

// whyNot says why an order of this kind can't be begun, as a key of "cannot"
// with its values; empty when it can.
func (a *app) whyNot(v models.Viewer, kind models.Kind, held store.Holding, owned *models.Count, now time.Time) (string, []any) {
	var (
		open   *models.OpenOrderError
		soon   *tooSoonError
		cannot *cannotError
		hold   *models.AccountHeldError
	)
	err := a.may(kind, held, now)
	switch {
	case !v.MayOrder():
		return "read_only", nil
	case errors.As(err, &open):
		return "open_order", []any{"Number", open.Number}
	case errors.As(err, &hold):
		return "held", nil
	case errors.As(err, &soon):
		return "buy_again_wait", []any{"Day", soon.from}
	case errors.Is(err, models.ErrSubscribed):
		return "subscribed", nil
	case errors.Is(err, models.ErrNotSubscribed):
		return "not_subscribed", nil
	case errors.Is(err, models.ErrExpired):
		return "expired", nil
	case kind == models.Refund:
		if _, err := a.chooseRefund(asked{held: held, now: now}); errors.As(err, &cannot) {
			return cannot.why, cannot.args
		}
		return "", nil
	case kind == models.Buy || owned == nil:
		return "", nil // the form reads the machines itself
	}
	w := asked{held: held, count: *owned, now: now}
	if kind == models.Renew {
		_, err = a.renewable(w)
	} else {
		_, err = a.upgrades(*held.Subscription, w)
	}
	switch {
	case kind == models.Upgrade && (!errors.As(err, &cannot) || cannot.why != "edition_off_sale"):
		return "", nil // this count may be old: the form takes another, and explains
	case errors.As(err, &cannot):
		return cannot.why, cannot.args
	case errors.As(err, new(*pricing.MachinesError)):
		return "too_many_machines", nil
	}
	return "", nil
}

// recordable is what an operator may record of what is held.
func recordable(s *models.Subscription, now time.Time) []models.OutsideKind {
	var kinds []models.OutsideKind
	if models.May(models.Buy, s, now) == nil {
		kinds = append(kinds, models.Adopted)
	}
	if s != nil {
		kinds = append(kinds, models.Renewed, models.Released)
	}
	return kinds
}
