package views

import (
	"context"
	"strconv"
	"time"

	"github.com/a-h/templ"

	"portal/models"
)

// choices are the verdicts that can be given now: what was never sent was not
// done, what was released and overtaken can't be completed any more, and only
// such an order is recorded.
func (d Desk) choices(o models.Order) []models.Verdict {
	var out []models.Verdict
	for _, v := range models.Verdicts() {
		switch v {
		case models.VerdictCompleted:
			if d.MovedOn || d.OtherOrder != "" || d.Advice.Finding == models.FoundUnsent {
				continue
			}
		case models.VerdictRecorded:
			if !d.MovedOn || o.ReleasedAt == nil {
				continue
			}
		case models.VerdictReleased:
			if o.ReleasedAt != nil {
				continue
			}
		case models.VerdictRejected:
		}
		out = append(out, v)
	}
	return out
}

// findingLook is how sure a recommendation is: it points somewhere, or only says
// where to look.
func findingLook(a models.Advice) look {
	switch {
	case a.Finding == models.FoundDone || a.Finding == models.FoundGone:
		return look{"ok", "check"}
	case a.Leans != "":
		return look{"info", "arrow"}
	}
	return look{"warn", "search"}
}

func proposedBy(ctx context.Context, name string, me bool) string {
	if me {
		return t(ctx, "desk.by_me", "Actor", name)
	}
	return name
}

// attempts that came to the same, one after the other.
type group []models.Attempt

func (g group) first() models.Attempt { return g[0] }
func (g group) last() models.Attempt  { return g[len(g)-1] }

// grouped puts attempts together that came to the same: a day without an answer
// is a hundred of them.
func grouped(attempts []models.Attempt) []group {
	var all []group
	for _, a := range attempts {
		if n := len(all); n > 0 && alike(all[n-1].last(), a) {
			all[n-1] = append(all[n-1], a)
			continue
		}
		all = append(all, group{a})
	}
	return all
}

func alike(a, b models.Attempt) bool {
	return a.Outcome == b.Outcome && a.HTTPStatus == b.HTTPStatus && a.Code == b.Code && !a.Late && !b.Late
}

func (g group) name(ctx context.Context) string {
	if len(g) == 1 {
		return t(ctx, "attempt.name", "Number", g.first().Number)
	}
	return t(ctx, "desk.attempts", "First", g.first().Number, "Last", g.last().Number)
}

func (g group) when(ctx context.Context) string {
	if len(g) == 1 {
		return exact(ctx, g.first().StartedAt)
	}
	return t(ctx, "desk.from_to", "From", exact(ctx, g.first().StartedAt), "To", exact(ctx, g.last().StartedAt))
}

// meaning is what the attempts' code means, or their outcome where there is none.
func (g group) meaning(ctx context.Context, kind models.Kind) string {
	if a := g.last(); a.Code != "" {
		return lookUp(a.Code, kind).meaning(ctx).cause
	}
	outcome := g.last().Outcome
	if outcome == "" {
		outcome = models.OutcomeUnknown // nobody was there to hear an answer
	}
	return outcomeMeaning(ctx, outcome).cause
}

// attemptURL leads to all that is on record of an attempt, on the order's page.
func attemptURL(number int) templ.SafeURL {
	return templ.SafeURL("#attempt-" + strconv.Itoa(number))
}

// age is a time that has passed, in its two largest units at the most.
func age(ctx context.Context, d time.Duration) string {
	minutes := int(max(d, 0) / time.Minute)
	switch h := minutes / 60; {
	case minutes < 1:
		return t(ctx, "age.moment")
	case minutes < 60:
		return n(ctx, "age.minutes", minutes)
	case h < 48:
		return n(ctx, "age.hours", h)
	default:
		return n(ctx, "age.days", h/24)
	}
}
