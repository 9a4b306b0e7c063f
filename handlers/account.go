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
	orders, err := a.Store.Orders(ctx, v, store.OrderFilter{AccountID: account.ID}, 0, 5)
	if err != nil {
		return err
	}
	recent, err := a.orderRows(ctx, v, orders)
	if err != nil {
		return err
	}
	page := a.page(c)
	if c.Request().Method != http.MethodGet {
		page.Path = accountPath(account.ID) // a form's answer can't be returned to, its page can
	}
	p := views.AccountProps{
		Account: account, Subscription: held.Held(v), OpenOrder: held.OpenOrder, Hold: held.Hold, Released: held.Released, Recent: recent,
		MayOrder: v.Offered(models.ActOrder), ExamplePrices: a.Book.Example(), ReleaseReason: reason, Problems: problems,
	}
	known, err := a.Store.AccountCount(ctx, account.ID)
	if err != nil {
		return err
	}
	p.Owned = known.Count()
	if s := held.Subscription; s != nil {
		who, err := a.asker(ctx, account)
		if err != nil {
			return err
		}
		if read := a.counts.forLooking(ctx, who); read != nil {
			p.Owned = read
		}
		if at := known.FailedAt; at != nil && p.Owned != nil && p.Owned.ReadAt.Before(*at) {
			p.CountFailedAt = at
		}
		if s.AutoRenew {
			last := s.Last()
			if p.AutoRenewFen, err = a.autoRenewal(ctx, v, account, last.Edition, last.InstanceCount, s.AutoRenewMonths); err != nil {
				return err
			}
		}
	}
	if p.Used, err = a.used(ctx, account); err != nil {
		return err
	}
	p.Actions = a.actions(v, account, held, p.Owned, page.Now)
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
	if v.Staff() || v.May(models.ActAdminister) {
		if err := a.administration(c, &p); err != nil {
			return err
		}
	}
	if v.May(models.ActRecord) && held.OpenOrder == nil {
		p.Records = recordable(held.Subscription, page.Now)
	}
	if kind := models.OutsideKind(c.QueryParam("recorded")); v.May(models.ActRecord) && slices.Contains(models.OutsideKinds(), kind) {
		p.Recorded = kind
	}
	// A page that asks for itself again would take away what is being typed.
	typing := v.May(models.ActRelease) && held.Hold != nil
	if held.OpenOrder != nil && !typing {
		page.Refresh = refreshFor(held.OpenOrder.Status)
	}
	return a.render(c, status, views.Account(page, p))
}

// changesShown is how many changes an account's page has.
const changesShown = 10

// administration is what administrators and staff see of an account beside what
// its customers see.
func (a *app) administration(c echo.Context, p *views.AccountProps) error {
	var err error
	if p.Account.SuspendedAt != nil {
		if p.SuspendedBy, err = a.actorName(c, p.Account.SuspendedBy); err != nil {
			return err
		}
	}
	if p.Changes, err = a.Store.Changes(c.Request().Context(), p.Account.ID, changesShown); err != nil {
		return err
	}
	return a.nameActors(c, p.Changes)
}

// nameActors puts what people know them by in the place of who made changes. Most
// are made by the same few.
func (a *app) nameActors(c echo.Context, changes []models.Change) error {
	names := map[string]string{}
	for i := range changes {
		actor := changes[i].Actor
		if _, known := names[actor]; !known {
			name, err := a.actorName(c, actor)
			if err != nil {
				return err
			}
			names[actor] = name
		}
		changes[i].Actor = names[actor]
	}
	return nil
}

// actions are what can be done with what is held, and why the rest can't.
func (a *app) actions(v models.Viewer, account models.Account, held store.Holding, owned *models.Count, now time.Time) []views.Action {
	kinds := []models.Kind{models.Buy}
	s := held.Subscription
	// Once the price book offers buying anew, the provider may have let go of what
	// expired, and a renewal may be refused.
	anew := s != nil && a.may(v, models.Buy, account, held, now) == nil
	switch {
	case s == nil:
	case anew:
		kinds = []models.Kind{models.Buy, models.Renew, models.Upgrade, models.Refund}
	case s.State(now) == models.Expired:
		kinds = []models.Kind{models.Renew, models.Buy, models.Upgrade, models.Refund}
	case s.EndsSoon(now):
		kinds = []models.Kind{models.Renew, models.Upgrade, models.Refund, models.Buy}
	default:
		kinds = []models.Kind{models.Upgrade, models.Renew, models.Refund, models.Buy}
	}
	var actions []views.Action
	for _, kind := range kinds {
		action := views.Action{Kind: kind}
		action.Why, action.Args = a.whyNot(v, kind, account, held, owned, now)
		switch {
		case action.Why != "" || s == nil:
		case kind == models.Buy:
			action.Urgent = anew
		case kind == models.Renew && !anew:
			action.Urgent = s.State(now) == models.Expired
		}
		actions = append(actions, action)
	}
	return actions
}

// whyNot says why an order of this kind can't be begun, as a key of "cannot"
// with its values; empty when it can.
func (a *app) whyNot(v models.Viewer, kind models.Kind, account models.Account, held store.Holding, owned *models.Count, now time.Time) (string, []any) {
	var (
		open   *models.OpenOrderError
		soon   *tooSoonError
		cannot *cannotError
		hold   *models.AccountHeldError
	)
	err := a.may(v, kind, account, held, now)
	switch {
	case !v.Offered(models.ActOrder):
		return "read_only", nil
	case errors.As(err, &open):
		return "open_order", []any{"Number", open.Number}
	case errors.As(err, &hold):
		return "held", nil
	case errors.As(err, new(*models.AccountSuspendedError)):
		return "suspended", nil
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
