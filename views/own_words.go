package views

import (
	"context"
	"strings"

	"portal/models"
)

// resold says whether the reader is a customer of a reseller, who pays the
// reseller and knows of no other price.
func resold(page Page, a models.Account) bool {
	return page.Viewer != nil && !page.Viewer.SeesList() && a.ResellerID != nil
}

// sumOf is a quote's sum, with what the account pays where the quote says it.
func sumOf(q models.Quote) Sum {
	s := Sum{Lines: q.Lines, TotalFen: q.TotalFen}
	if q.OwnTotalFen != nil {
		s.Own = &Own{Lines: q.OwnLines, TotalFen: *q.OwnTotalFen}
	}
	return s
}

// orderSum is an order's sum, with the arithmetic of its quote.
func orderSum(o models.Order, q models.Quote) Sum {
	s := Sum{Lines: q.Lines, TotalFen: o.TotalFen}
	if o.OwnTotalFen != nil {
		s.Own = &Own{Lines: q.OwnLines, TotalFen: *o.OwnTotalFen}
	}
	return s
}

// margin is what a reseller has of a sum: what the account pays less what the
// provider debits, the other way round for a refund.
func margin(kind models.Kind, list, own models.Fen) models.Fen {
	if kind == models.Refund {
		return list - own
	}
	return own - list
}

// shownLine is a line of a breakdown, with what the account pays for it where the
// reader sees both.
type shownLine struct {
	models.Line
	own *models.Line
}

// bothLines are a sum's lines beside the account's. They are the same arithmetic
// twice, so that they are of the same kinds in the same order; but a refund may
// have used more than was paid on one side alone (models.LineNoLess): such a line
// stands beside nothing.
func bothLines(sum Sum) []shownLine {
	var out []shownLine
	if sum.Own == nil {
		for _, l := range sum.Lines {
			out = append(out, shownLine{Line: l})
		}
		return out
	}
	list, own := sum.Lines, sum.Own.Lines
	for len(list) > 0 || len(own) > 0 {
		switch {
		case len(list) > 0 && len(own) > 0 && list[0].Kind == own[0].Kind:
			out = append(out, shownLine{list[0], &own[0]})
			list, own = list[1:], own[1:]
		case len(list) > 0 && (len(own) == 0 || list[0].Kind == models.LineNoLess || own[0].Kind != models.LineNoLess):
			none := list[0]
			none.Amount, none.UnitFen = 0, 0
			out = append(out, shownLine{list[0], &none})
			list = list[1:]
		default:
			none := own[0]
			none.Amount, none.UnitFen = 0, 0
			out = append(out, shownLine{none, &own[0]})
			own = own[1:]
		}
	}
	return out
}

// ownWords say what the account pays for a line and what the reseller has of it.
func ownWords(ctx context.Context, kind models.Kind, l shownLine) string {
	args := []any{"Own", l.own.Amount, "Margin", margin(kind, l.Amount, l.own.Amount)}
	if l.own.UnitFen > 0 {
		return t(ctx, "own.line_unit", append(args, "Unit", l.own.UnitFen)...)
	}
	return t(ctx, "own.line", args...)
}

// priceFields are the form's editions, with the empty one for all of them first.
func priceFields() []models.Edition { return append([]models.Edition{""}, models.Editions()...) }

// priceLabel names the rule of an edition.
func priceLabel(ctx context.Context, e models.Edition) string {
	if e == "" {
		return t(ctx, "prices.all_editions")
	}
	return edition(ctx, e)
}

// markupWords writes a rule; none is none.
func markupWords(ctx context.Context, facts models.PriceFacts, e models.Edition) string {
	m, set := facts[e]
	if !set {
		return t(ctx, "prices.no_rule")
	}
	return percentWords(ctx, m)
}

func percentWords(ctx context.Context, m models.Markup) string {
	if m == 0 {
		return t(ctx, "prices.at_list")
	}
	return t(ctx, "prices.percent", "Percent", m.String())
}

// ruleChanges say which rules a change set, and what they were.
func ruleChanges(ctx context.Context, c models.Change) []string {
	before, after := c.Prices()
	var out []string
	for _, e := range priceFields() {
		was, had := before[e]
		is, has := after[e]
		if had != has || was != is {
			out = append(out, t(ctx, "prices.changed", "Edition", priceLabel(ctx, e), "From", markupWords(ctx, before, e), "To", markupWords(ctx, after, e)))
		}
	}
	return out
}

func pricesTitle(ctx context.Context, props PricesProps) string {
	if props.Account != nil {
		return t(ctx, "prices.of_account")
	}
	return t(ctx, "prices.title")
}

// ruleHint says when a field's rule counts.
func ruleHint(ctx context.Context, props PricesProps, e models.Edition) string {
	switch {
	case e != "":
		return t(ctx, "prices.hint_edition")
	case props.Account != nil:
		return t(ctx, "prices.hint_account")
	}
	return t(ctx, "prices.hint_all")
}

// decides says who has the last word about a sum.
func decides(ctx context.Context, page Page, a models.Account, kind models.Kind) string {
	if resold(page, a) {
		return t(ctx, "check.decides_own."+side(kind))
	}
	return t(ctx, "check.decides_what."+side(kind))
}

// resoldMoney is orderMoney for a reseller's customer: by what the account pays,
// and to whom.
func resoldMoney(ctx context.Context, o models.Order) string {
	switch {
	case o.Reason == models.ReasonInferredDone && o.Status == models.Completed:
		return t(ctx, "order.money_own_inferred", "Sum", o.PaysFen())
	case o.Reason == models.ReasonRecorded:
		return t(ctx, "order.money_own_recorded."+side(o.Kind), "Sum", o.PaysFen())
	case o.Status == models.Completed:
		return t(ctx, "order.money_own."+side(o.Kind), "Sum", o.PaysFen())
	}
	o.TotalFen = o.PaysFen()
	return orderMoney(ctx, o)
}

// saysListPrice says that orderMoney names a sum which is not what the account
// pays: then a reader of both has to be told which it is.
func saysListPrice(ctx context.Context, o models.Order) bool {
	return o.PaysFen() != o.TotalFen && strings.Contains(orderMoney(ctx, o), money(ctx, o.TotalFen))
}

// callersMoney is what to tell a caller about the money of an order. Whose account
// pays a reseller must not learn from us what the provider debits.
func callersMoney(ctx context.Context, a models.Account, o models.Order) string {
	if a.ResellerID != nil {
		return resoldMoney(ctx, o)
	}
	return orderMoney(ctx, o)
}
