package handlers

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"portal/models"
	"portal/pricing"
	"portal/store"
	"portal/views"
)

const (
	mostBatched   = 200 // accounts of one batch
	batchesShown  = 50
	batchChunk    = 200 // accounts that are looked at together for the choice
	batchRefresh  = 2 * time.Second
	usualDeadline = 30 // days until the end of what is offered at first
)

// deadlines are how many days until the end of what is offered; 0 is any.
var deadlines = []int{30, 60, 90, 0}

// listBatches lists the newest renewals of many accounts at once.
func (a *app) listBatches(c echo.Context) error {
	ctx, v := c.Request().Context(), viewer(c)
	found, err := a.Store.Batches(ctx, v, batchesShown)
	if err != nil {
		return err
	}
	users := make([]int64, len(found))
	for i, b := range found {
		users[i] = b.UserID
	}
	by, err := a.Store.Placers(ctx, users)
	if err != nil {
		return err
	}
	var p views.BatchesProps
	for _, b := range found {
		p.Rows = append(p.Rows, views.BatchRow{Batch: b, By: by[b.UserID].Email})
	}
	return a.render(c, http.StatusOK, views.Batches(a.page(c), p))
}

// chooseBatch lets a person choose which accounts to renew, and for how long. What
// they had chosen when their session ended comes back in the address.
func (a *app) chooseBatch(c echo.Context) error {
	p, _, err := a.readChoice(c.QueryParams())
	if err != nil {
		return err
	}
	p.All = c.QueryParams().Has("all")
	return a.renderChoice(c, http.StatusOK, p)
}

// readChoice reads which accounts were chosen, in their order, and the term: none
// where it is not sold.
func (a *app) readChoice(form url.Values) (views.BatchChoiceProps, []int64, error) {
	p := views.BatchChoiceProps{Chosen: map[int64]bool{}}
	var err error
	if p.Within, err = strconv.Atoi(form.Get("within")); err != nil || !slices.Contains(deadlines, p.Within) {
		p.Within = usualDeadline
	}
	if term, err := models.ParseTerm(form.Get("term")); err == nil && slices.Contains(a.Book.Terms(pricing.MaxMachines), term) {
		p.Term = term
	}
	var ids []int64
	for _, value := range form["account"] {
		id, err := strconv.ParseInt(value, 10, 64)
		if err != nil {
			return p, nil, echo.NewHTTPError(http.StatusBadRequest)
		}
		if !p.Chosen[id] {
			p.Chosen[id], ids = true, append(ids, id)
		}
	}
	return p, ids, nil
}

func (a *app) renderChoice(c echo.Context, status int, p views.BatchChoiceProps) error {
	var err error
	page := a.page(c)
	p.Deadlines, p.Most, p.Terms = deadlines, mostBatched, a.Book.Terms(pricing.MaxMachines)
	if p.Term == (models.Term{}) {
		p.Term = usualTerm(p.Terms)
	}
	if p.Rows, p.More, err = a.renewals(c.Request().Context(), viewer(c), p.Within, page.Now); err != nil {
		return err
	}
	return a.render(c, status, views.BatchChoice(page, p))
}

// renewals are the accounts that hold something which ends within so many days
// (0: at any time) and may be renewed now, those that end soonest first, and
// whether there are more than one batch takes.
func (a *app) renewals(ctx context.Context, v models.Viewer, within int, now time.Time) ([]views.AccountRow, bool, error) {
	var rows []views.AccountRow
	for behind := ""; ; {
		found, err := a.Store.ListAccounts(ctx, v, store.AccountFilter{Sort: models.SortEnd, Since: now}, behind, batchChunk)
		if err != nil {
			return nil, false, err
		}
		some, err := a.accountRows(ctx, v, found)
		if err != nil {
			return nil, false, err
		}
		for _, r := range some {
			s := r.Subscription
			switch {
			case s == nil:
				return rows, false, nil // what holds nothing is listed last
			case within > 0 && !s.EndsAt.Before(now.AddDate(0, 0, within)):
				if s.Unconfirmed {
					continue // time has moved its end on, perhaps since it was listed
				}
				return rows, false, nil
			case r.Account.SuspendedAt != nil || r.Hold != nil || r.OpenOrder != nil:
			case len(rows) == mostBatched:
				return rows, true, nil
			default:
				rows = append(rows, r)
			}
		}
		if len(found) < batchChunk {
			return rows, false, nil
		}
		behind = found[len(found)-1].Key
	}
}

// newBatch begins to quote what was chosen, and leads to where that is seen.
func (a *app) newBatch(c echo.Context) error {
	p, ids, err := a.readChoice(c.Request().PostForm)
	if err != nil {
		return err
	}
	if p.Term == (models.Term{}) {
		p.Problems = append(p.Problems, views.Problem{Field: "term", Key: "term_missing"})
	}
	switch {
	case len(ids) == 0:
		p.Problems = append(p.Problems, views.Problem{Field: "accounts", Key: "batch_empty"})
	case len(ids) > mostBatched:
		p.Problems = append(p.Problems, views.Problem{Field: "accounts", Key: "batch_too_many", Args: []any{"Most", mostBatched}})
	}
	if len(p.Problems) > 0 {
		return a.renderChoice(c, http.StatusUnprocessableEntity, p)
	}
	return a.beginBatch(c, p.Term, ids)
}

func (a *app) beginBatch(c echo.Context, term models.Term, ids []int64) error {
	// Every account costs a read and a quote.
	err := a.attempt(c.Request().Context(), store.Limit{
		Name: "batches:" + strconv.FormatInt(viewer(c).User.ID, 10), Failures: batchesAnHour, Window: time.Hour,
	})
	if err != nil {
		return err
	}
	batch, err := a.Store.NewBatch(c.Request().Context(), viewer(c), term, ids)
	if err != nil {
		return err
	}
	a.wakeBatches()
	return c.Redirect(http.StatusSeeOther, batchPath(batch.ID))
}

// batchesAnHour bounds how many batches each person begins.
const batchesAnHour = 30

func (a *app) wakeBatches() {
	if a.WakeBatches != nil {
		a.WakeBatches()
	}
}

func batchPath(id string) string { return "/renewals/" + url.PathEscape(id) }

// batch is one page for the whole life of a batch: it is priced, checked, ordered,
// and then tells what became of each.
func (a *app) batch(c echo.Context) error { return a.renderBatch(c, http.StatusOK, nil) }

func (a *app) renderBatch(c echo.Context, status int, problems []views.Problem) error {
	batch, items, err := a.Store.Batch(c.Request().Context(), viewer(c), c.Param("batch"))
	if err != nil {
		return err
	}
	page := a.page(c)
	page.Path = batchPath(batch.ID)
	by, err := a.placer(c, batch.UserID)
	if err != nil {
		return err
	}
	p := views.BatchProps{Batch: batch, Items: items, By: by.Email, Problems: problems}
	if p.Moving() && len(problems) == 0 {
		page.Refresh = batchRefresh
	}
	return a.render(c, status, views.Batch(page, p))
}

// startBatch orders what the check page shows.
func (a *app) startBatch(c echo.Context) error {
	id := c.Param("batch")
	err := a.Store.StartBatch(c.Request().Context(), a.by(c), id)
	if errors.Is(err, models.ErrConflict) {
		return a.renderBatch(c, http.StatusConflict, []views.Problem{{Key: "batch_not_ready"}})
	}
	if err != nil {
		return err
	}
	a.wakeBatches()
	return c.Redirect(http.StatusSeeOther, batchPath(id))
}

// stopBatch leaves out what is not ordered yet.
func (a *app) stopBatch(c echo.Context) error {
	if err := a.Store.StopBatch(c.Request().Context(), a.by(c), c.Param("batch")); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, batchPath(c.Param("batch")))
}

// batchAgain begins another batch with what came to nothing in this one.
func (a *app) batchAgain(c echo.Context) error {
	batch, items, err := a.Store.Batch(c.Request().Context(), viewer(c), c.Param("batch"))
	if err != nil {
		return err
	}
	var ids []int64
	for _, i := range items {
		if i.Retriable() || batch.StartedAt == nil {
			ids = append(ids, i.Item.AccountID)
		}
	}
	if len(ids) == 0 {
		return c.Redirect(http.StatusSeeOther, batchPath(batch.ID))
	}
	if batch.StartedAt == nil {
		// Its check page is out of date: nobody is to confirm both.
		if err := a.Store.StopBatch(c.Request().Context(), a.by(c), batch.ID); err != nil {
			return err
		}
	}
	return a.beginBatch(c, batch.Term(), ids)
}
