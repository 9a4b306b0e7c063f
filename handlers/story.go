package handlers

import (
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"portal/models"
	"portal/views"
)

// story tells everything that happened to what the account holds, newest
// first. Who did it, only staff are told.
func (a *app) story(c echo.Context, account models.Account, h models.History, now time.Time) ([]views.Happening, error) {
	staff := viewer(c).Staff()
	names := map[int64]string{}
	by := func(userID int64) (string, error) {
		if !staff {
			return "", nil
		}
		if name, ok := names[userID]; ok {
			return name, nil
		}
		user, err := a.Store.User(c.Request().Context(), userID)
		names[userID] = user.Email
		return user.Email, err
	}
	story := outages(h.Entries)
	for _, e := range h.Entries {
		var happened views.Happening
		var who int64
		if o := e.Order; o != nil {
			happened, who = views.Happening{At: *o.SettledAt, Key: string(o.Kind), Order: o}, o.UserID
		} else {
			happened, who = views.Happening{At: tookEffect(*e.Outside), Key: string(e.Outside.Kind), Outside: e.Outside, Note: e.Outside.Reason}, e.Outside.UserID
		}
		var err error
		if happened.By, err = by(who); err != nil {
			return nil, err
		}
		story = append(story, happened)
	}
	if s := h.Subscription; s != nil {
		for _, p := range s.Periods {
			if p.Presumed {
				story = append(story, views.Happening{At: p.Start, Key: "presumed", Period: &p})
			}
		}
		if s.State(now) == models.Expired {
			story = append(story, ended(s.EndsAt))
		}
	}
	if staff {
		holds, err := a.holdStory(c, account.ID)
		if err != nil {
			return nil, err
		}
		story = append(story, holds...)
	}
	slices.SortStableFunc(story, func(a, b views.Happening) int { return a.At.Compare(b.At) })
	slices.Reverse(story)
	return story, nil
}

func ended(at time.Time) views.Happening { return views.Happening{At: at, Key: "ended"} }

// tookEffect is when what an operator recorded happened, which may be long before
// it was recorded.
func tookEffect(e models.OutsideEvent) time.Time {
	switch {
	case e.Kind == models.Released && e.EndsAt != nil:
		return *e.EndsAt
	case e.Kind != models.Released && e.StartsAt != nil:
		return *e.StartsAt
	}
	return e.CreatedAt
}

// outages are the ends after which there was no service for a while: what
// followed came later. An end with auto-renewal on is none as far as anybody
// here knows.
func outages(entries []models.Entry) []views.Happening {
	var out []views.Happening
	var end time.Time // of what was held; zero when nothing was
	renews := false
	before := func(next time.Time) {
		if !end.IsZero() && !renews && end.Before(next) {
			out = append(out, ended(end))
		}
		end = time.Time{}
	}
	for _, e := range entries {
		switch o := e.Order; {
		case o != nil && o.StartsAt != nil && o.EndsAt != nil && o.Kind == models.Buy:
			before(*o.StartsAt)
			end, renews = *o.EndsAt, o.AutoRenew
		case o != nil && o.StartsAt != nil && o.EndsAt != nil && o.Kind == models.Renew:
			if o.Late() {
				out = append(out, ended(*o.StartsAt))
			}
			end = *o.EndsAt
		case o != nil && o.Kind == models.Refund && o.EndsAt != nil:
			before(*o.EndsAt)
		case o != nil: // an upgrade leaves the end as it is
		case e.Outside.Kind == models.Released:
			before(tookEffect(*e.Outside))
		case e.Outside.Kind == models.Adopted && e.Outside.EndsAt != nil:
			before(tookEffect(*e.Outside))
			end, renews = *e.Outside.EndsAt, e.Outside.AutoRenew
		case e.Outside.Kind == models.Renewed && e.Outside.EndsAt != nil:
			if e.Outside.EndsAt.After(end) {
				end = *e.Outside.EndsAt
			}
			renews = e.Outside.AutoRenew
		}
	}
	return out
}
