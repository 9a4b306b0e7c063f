package views

import (
	"context"
	"slices"
	"time"

	"portal/locales"
	"portal/models"
)

// linePeriod is what a breakdown says about one period: a purchase or renewal
// has one, without dates.
type linePeriod struct {
	starts, ends time.Time
	presumed     bool
	heading      bool // there are several to tell apart, or this one needs a word
	subtotal     bool // there are several, and each comes to something of its own
	undiscounted bool // an upgrade's share of a period that was bought without a discount
	lines        []shownLine
}

// linePeriods shares lines out to their periods, in the order they came in.
// LineInFull is about all of them and in none.
func linePeriods(lines []shownLine) []linePeriod {
	var out []linePeriod
	for _, l := range lines {
		if l.Kind == models.LineInFull {
			continue
		}
		i := slices.IndexFunc(out, func(p linePeriod) bool { return p.starts.Equal(l.Starts) })
		if i < 0 {
			i = len(out)
			out = append(out, linePeriod{starts: l.Starts, ends: l.Ends})
		}
		out[i].presumed = out[i].presumed || l.Presumed
		out[i].lines = append(out[i].lines, l)
	}
	for i, p := range out {
		out[i].heading = !p.starts.IsZero() && (len(out) > 1 || p.presumed)
		out[i].subtotal = len(out) > 1 && len(p.lines) > 1 && (p.has(models.LineNew) || p.has(models.LinePaid) && !p.has(models.LineEnded))
		out[i].undiscounted = p.has(models.LineNew) && !p.has(models.LineDiscount)
	}
	return out
}

// sum is what a period's lines come to.
func (p linePeriod) sum() models.Fen {
	var fen models.Fen
	for _, l := range p.lines {
		fen += l.Amount
	}
	return fen
}

func (p linePeriod) has(kind models.LineKind) bool {
	return slices.ContainsFunc(p.lines, func(l shownLine) bool { return l.Kind == kind })
}

func hasLine(lines []models.Line, kind models.LineKind) bool {
	return slices.ContainsFunc(lines, func(l models.Line) bool { return l.Kind == kind })
}

// lineName says what a line is.
func lineName(ctx context.Context, l models.Line) string {
	switch l.Kind {
	case models.LineEdition:
		return t(ctx, "line.edition", "Edition", edition(ctx, l.Edition), "Machines", machines(ctx, l.Machines), "Months", months(ctx, l.Months))
	case models.LineDiscount:
		if !l.Starts.IsZero() {
			return t(ctx, "line.discount_kept", "Off", locales.Off(l.Percent))
		}
		return t(ctx, "line.discount", "Off", locales.Off(l.Percent))
	case models.LineNew:
		return t(ctx, "line.new")
	case models.LineOld:
		return t(ctx, "line.old")
	case models.LinePaid:
		return t(ctx, "line.paid."+string(l.PaidFor))
	case models.LineEnded:
		return t(ctx, "line.ended")
	case models.LineUsed:
		return t(ctx, "line.used")
	case models.LineLostDiscount:
		return t(ctx, "line.lost_discount", "Percent", l.Percent)
	case models.LineNoLess:
		return t(ctx, "line.no_less")
	case models.LineInFull:
		return t(ctx, "line.in_full", "Days", l.Days)
	}
	return ""
}

// lineHow explains a line: what it multiplies, the unit price, how days count,
// or a rule.
func lineHow(ctx context.Context, l models.Line) []string {
	var out []string
	switch l.Kind {
	case models.LineEdition, models.LineNew, models.LineOld, models.LineUsed:
		if l.Kind != models.LineEdition { // which is named by it
			out = append(out, t(ctx, "line.span", "Edition", edition(ctx, l.Edition), "Machines", machines(ctx, l.Machines), "Time", span(ctx, l.Months, l.Days)))
		}
		if l.UnitFen > 0 {
			out = append(out, t(ctx, "line.unit", "Sum", l.UnitFen))
		}
		if l.Days > 0 && l.DaysOf > 0 {
			out = append(out, t(ctx, "line.days", "Days", days(ctx, l.Days), "Part", l.Days, "Of", l.DaysOf))
		}
		if l.Kind == models.LineUsed && l.Percent != "" {
			out = append(out, t(ctx, "line.used_discount", "Off", locales.Off(l.Percent)))
		}
	case models.LinePaid:
		switch {
		case l.Presumed && l.Order == "":
			out = append(out, t(ctx, "line.paid_presumed"))
		case l.Order == "":
			out = append(out, t(ctx, "line.paid_outside"))
		}
	case models.LineEnded:
		out = append(out, t(ctx, "line.ended_what"))
	case models.LineLostDiscount:
		out = append(out, t(ctx, "line.lost_discount_what"))
	case models.LineNoLess:
		out = append(out, t(ctx, "line.no_less_what"))
	case models.LineDiscount:
		if !l.Starts.IsZero() {
			out = append(out, t(ctx, "line.discount_kept_what"))
		}
	case models.LineInFull:
	}
	return out
}

// sumTitle heads an order's arithmetic.
func sumTitle(ctx context.Context, kind models.Kind) string {
	return t(ctx, "quote.sum."+side(kind))
}

// totalLabel names what a quote comes to.
func totalLabel(ctx context.Context, kind models.Kind) string {
	return t(ctx, "quote.total."+side(kind))
}

// change is one row of what is held before and after an order.
type change struct{ label, now, nowNote, then, thenNote string }

// renewal is what a renewal does to what is held. It has begun when its start,
// the old end, has passed: then nothing runs beside it.
func renewal(ctx context.Context, held models.Held, to models.Edition, count int, starts, ends, now time.Time) []change {
	kept := ""
	if count != held.InstanceCount && now.Before(starts) {
		kept = t(ctx, "renew.from", "At", date(ctx, starts))
	}
	sure := ""
	if held.Unconfirmed {
		sure = t(ctx, "change.unconfirmed")
	}
	return []change{
		{label: t(ctx, "quote.ends"), now: dateTime(ctx, starts), nowNote: sure, then: dateTime(ctx, ends), thenNote: sure},
		{label: t(ctx, "change.covered"), now: machines(ctx, held.InstanceCount), then: machines(ctx, count), thenNote: kept},
		{label: t(ctx, "quote.edition"), now: edition(ctx, held.Edition), then: edition(ctx, to)},
	}
}

// lineEdition is the edition that a purchase or renewal is of.
func lineEdition(lines []models.Line) models.Edition {
	for _, l := range lines {
		if l.Kind == models.LineEdition {
			return l.Edition
		}
	}
	return ""
}

// upgrade is what an upgrade does to what is held. The monthly list prices are
// those of the first period, which is the running one.
func upgrade(ctx context.Context, held models.Held, to models.Edition, count int, lines []models.Line) []change {
	out := []change{
		{label: t(ctx, "quote.edition"), now: edition(ctx, held.Edition), then: edition(ctx, to)},
		{label: t(ctx, "change.covered"), now: machines(ctx, held.InstanceCount), then: machines(ctx, count)},
	}
	before, after := monthly(lines, models.LineOld), monthly(lines, models.LineNew)
	if before > 0 && after > 0 {
		out = append(out, change{label: t(ctx, "upgrade.monthly"), now: money(ctx, before), then: money(ctx, after)})
	}
	end := change{label: t(ctx, "quote.ends"), now: dateTime(ctx, held.EndsAt), then: dateTime(ctx, held.EndsAt)}
	if held.Unconfirmed {
		end.nowNote = t(ctx, "change.unconfirmed")
		end.thenNote = listed(ctx, t(ctx, "change.same"), end.nowNote)
	}
	return append(out, end)
}

// monthly is what a month costs by the first line of a kind, before discounts.
func monthly(lines []models.Line, kind models.LineKind) models.Fen {
	for _, l := range lines {
		if l.Kind == kind {
			return l.UnitFen * models.Fen(l.Machines)
		}
	}
	return 0
}

// heldNow is what a form's quote would say was held.
func heldNow(s models.Subscription) models.Held {
	return models.Held{
		Edition: s.Edition, InstanceCount: s.InstanceCount, StartsAt: s.StartsAt, EndsAt: s.EndsAt,
		AutoRenew: s.AutoRenew, Unconfirmed: s.Unconfirmed,
	}
}

// heldThen is what was held when a quote was made; nothing for a purchase.
func heldThen(q models.Quote) models.Held {
	if q.Held == nil {
		return models.Held{}
	}
	return *q.Held
}

// wholeDays counts the days between two moments, a begun one as whole.
func wholeDays(from, to time.Time) int {
	const day = 24 * time.Hour
	return int((max(to.Sub(from), 0) + day - 1) / day)
}

// passedDays counts what has passed of a term that began at from, in whole days.
// What is left of it counts a begun day as whole (wholeDays), so that both
// together are the term's days.
func passedDays(ctx context.Context, from, now time.Time) string {
	if passed := int(now.Sub(from) / (24 * time.Hour)); passed > 0 {
		return days(ctx, passed)
	}
	return t(ctx, "renew.under_a_day")
}

// editionChosen says whether an upgrade's form had more than one edition to
// choose from: every higher one is an upgrade, the same one only with more
// machines.
func editionChosen(q models.Quote) bool {
	held, list := heldThen(q), models.Editions()
	from := slices.Index(list, held.Edition)
	choices := len(list) - 1 - from
	if q.InstanceCount > held.InstanceCount {
		choices++
	}
	return q.Held != nil && from >= 0 && choices > 1
}

// termLabel names what is chosen for how long.
func termLabel(ctx context.Context, kind models.Kind) string {
	if kind == models.Renew {
		return t(ctx, "renew.term")
	}
	return t(ctx, "quote.term")
}

// differences are the rows in which two quotes of one kind can differ, those of
// neither left out.
func differences(ctx context.Context, before, now models.Quote) []change {
	words := func(label string, say func(models.Quote) string) change {
		return change{label: label, now: say(before), then: say(now)}
	}
	rows := []change{
		words(t(ctx, "quote.edition"), func(q models.Quote) string { return edition(ctx, q.Edition) }),
		words(termLabel(ctx, now.Kind), func(q models.Quote) string {
			if q.Term().Months() == 0 {
				return ""
			}
			return term(ctx, q.Term())
		}),
		words(t(ctx, "quote.count"), func(q models.Quote) string { return machines(ctx, q.InstanceCount) }),
		words(t(ctx, "check.unit"), func(q models.Quote) string { return unit(ctx, q) }),
		words(t(ctx, "check.held"), func(q models.Quote) string {
			if q.Held == nil {
				return ""
			}
			return listed(ctx, edition(ctx, q.Held.Edition), machines(ctx, q.Held.InstanceCount))
		}),
		words(t(ctx, "check.held_ends"), func(q models.Quote) string {
			if q.Held == nil {
				return ""
			}
			return stamp(ctx, q.Held.EndsAt)
		}),
		words(t(ctx, "check.new_end"), func(q models.Quote) string {
			if q.Kind != models.Renew || q.EndsAt == nil {
				return ""
			}
			return stamp(ctx, *q.EndsAt)
		}),
		words(totalLabel(ctx, now.Kind), func(q models.Quote) string { return money(ctx, q.TotalFen) }),
		words(t(ctx, "own.total."+side(now.Kind)), func(q models.Quote) string {
			if q.OwnTotalFen == nil {
				return ""
			}
			return money(ctx, *q.OwnTotalFen)
		}),
		words(t(ctx, "check.valid_until"), func(q models.Quote) string { return stamp(ctx, q.ExpiresAt) }),
	}
	return slices.DeleteFunc(rows, func(c change) bool { return c.now == "" && c.then == "" })
}

// actingFor says for whom somebody orders who is not of the account, and as what.
func actingFor(ctx context.Context, p models.Placer, a models.Account) string {
	if p.Role == models.ResellerAdmin {
		return t(ctx, "acting.admin", "Account", a.Name, "Reseller", p.Reseller)
	}
	return t(ctx, "acting.operator", "Account", a.Name)
}
