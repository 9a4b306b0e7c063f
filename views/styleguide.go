package views

import (
	"context"
	"regexp"
	"strings"
	"time"

	"github.com/a-h/templ"

	"portal/models"
	"portal/static"
)

// exhibit is one section of the style guide (locales: "guide.<key>.name", ".when").
type exhibit struct {
	key  string
	show templ.Component
}

// exhibits are the style guide: what pages are made of, each with data that shows
// every state that it has.
func exhibits() []exhibit {
	return []exhibit{
		{"colour", guideColours()}, {"type", guideType()}, {"space", guideSpace()}, {"icons", guideIcons()},
		{"buttons", guideButtons()}, {"fields", guideFields()}, {"choices", guideChoices()},
		{"facts", guideFacts()}, {"sums", guideSums()}, {"compare", guideCompare()},
		{"tables", guideTables()}, {"chips", guideChips()}, {"badges", guideBadges()},
		{"notices", guideNotices()}, {"problems", guideProblems()}, {"status", guideStatus()}, {"steps", guideSteps()},
		{"timeline", guideTimeline()}, {"tiles", guideTiles()}, {"charts", guideCharts()}, {"doings", guideDoings()},
		{"dialogs", guideDialogs()}, {"progress", guideProgress()}, {"empty", guideEmpty()},
	}
}

// colours, sizes, spaces and others are the sheet's tokens by what they are.
func colours() []static.Token { return tokens(`^(--.*)$`, `light-dark\(#`) }
func sizes() []static.Token   { return tokens(`^--f-`, ``) }
func spaces() []static.Token  { return tokens(`^--(s[0-9]|r|r-s|target)$`, ``) }
func others() []static.Token  { return tokens(`^--(sans|mono|shade)$`, ``) }

func tokens(name, value string) []static.Token {
	names, values := regexp.MustCompile(name), regexp.MustCompile(value)
	var some []static.Token
	for _, token := range static.Tokens() {
		if names.MatchString(token.Name) && values.MatchString(token.Value) {
			some = append(some, token)
		}
	}
	return some
}

// bothValues are a colour's light and dark value.
func bothValues(token static.Token) string {
	return strings.TrimSuffix(strings.TrimPrefix(token.Value, "light-dark("), ")")
}

// use is how a token is written in the sheet.
func use(token static.Token) string { return "var(" + token.Name + ")" }

var (
	tones = []string{"ok", "warn", "bad", "info", "mute"}
	// toneIcons are the shapes that say what a tone's colour says.
	toneIcons = map[string]string{"ok": "check", "warn": "clock", "bad": "cross", "info": "info", "mute": "dot"}
	iconNames = []string{
		"check", "cross", "minus", "clock", "arrow", "pause", "question", "flag", "alert", "info", "dot", "done", "failed", "skipped", "ring",
		"globe", "leave", "shield", "empty", "search",
	}
)

// What the exhibits show. Nothing of it is in any database.
const (
	guideInstance = "sas-7d9f1b3e46a08c2e"
	guideCode     = "InsufficientBalance"
	guideEmail    = "li.na@example.com"
	guideRequest  = "5C8F2A1B-6D3E-4F70-9A8B-1C2D3E4F5061"
)

var (
	guideNow      = time.Date(2026, 11, 24, 6, 5, 33, 0, time.UTC)
	guideEnds     = models.AddMonths(guideNow, 12)
	guideAccount  = models.Account{ID: 1, OwnerID: 1217259133477183, Name: "Blue Harbour Trading Ltd"}
	guideMachines = 25
)

func guideSum(months int, unit, less models.Fen) Sum {
	full := unit * models.Fen(guideMachines*months)
	sum := Sum{TotalFen: full - less, SavingFen: less, Lines: []models.Line{{
		Kind: models.LineEdition, Edition: models.Pro, Machines: guideMachines, Months: months, UnitFen: unit, Amount: full,
	}}}
	if less > 0 {
		sum.Lines = append(sum.Lines, models.Line{Kind: models.LineDiscount, Percent: "15", Amount: -less})
	}
	return sum
}

// guideOwn is the same sum as who sees both prices has it.
func guideOwn() Sum {
	sum, own := guideSum(12, 6000, 270000), guideSum(12, 6600, 297000)
	sum.Own = &Own{Lines: own.Lines, TotalFen: own.TotalFen}
	return sum
}

// guideRefund is of a subscription that was renewed: a period that runs, and one
// that has not begun.
func guideRefund() Sum {
	first, second := models.AddMonths(guideNow, -6), models.AddMonths(guideNow, 6)
	in := func(from time.Time, l models.Line) models.Line {
		l.Starts, l.Ends = from, models.AddMonths(from, 12)
		return l
	}
	return Sum{TotalFen: 2160000, Lines: []models.Line{
		in(first, models.Line{Kind: models.LinePaid, PaidFor: models.Buy, Order: "P20251124-2D8K5WNB", Amount: 1530000}),
		in(first, models.Line{Kind: models.LineUsed, Edition: models.Pro, Machines: guideMachines, Months: 6, UnitFen: 6000, Amount: -900000}),
		in(second, models.Line{Kind: models.LinePaid, PaidFor: models.Renew, Order: "P20261124-7K3M9QXR", Amount: 1530000}),
	}}
}

// guideUpgrade lifts both of those periods to Enterprise.
func guideUpgrade() Sum {
	sum := Sum{TotalFen: 4050000}
	for i, months := range []int{6, 12} {
		about := models.Line{Machines: guideMachines, Months: months, Starts: models.AddMonths(guideNow, i*6)}
		about.Ends = models.AddMonths(about.Starts, months)
		to, from := about, about
		to.Kind, to.Edition, to.UnitFen, to.Amount = models.LineNew, models.Enterprise, 15000, models.Fen(15000*guideMachines*months)
		from.Kind, from.Edition, from.UnitFen, from.Amount = models.LineOld, models.Pro, 6000, -models.Fen(6000*guideMachines*months)
		sum.Lines = append(sum.Lines, to, from)
	}
	return sum
}

// guideQuotes are one that no longer holds, and the one in its place.
func guideQuotes() (before, now models.Quote) {
	before = models.Quote{
		Kind: models.Buy, Edition: models.Pro, Cycle: models.Year, Duration: 1, InstanceCount: guideMachines,
		Lines: guideSum(12, 6000, 270000).Lines, TotalFen: 1530000, CreatedAt: guideNow, ExpiresAt: guideNow.Add(30 * time.Minute),
	}
	now = before
	now.InstanceCount, now.TotalFen = 30, 1836000
	return before, now
}

// guideAccounts are one that holds something and one that does not.
func guideAccounts() []AccountRow {
	owned := models.Count{Machines: 30, ReadAt: guideNow}
	return []AccountRow{
		{Account: guideAccount, Owned: &owned, SpentFen: 1530000, Subscription: &models.Subscription{
			InstanceID: guideInstance, Edition: models.Pro, InstanceCount: guideMachines, StartsAt: guideNow, EndsAt: guideEnds,
		}},
		{Account: models.Account{ID: 2, OwnerID: 1983310043218834, Name: "New Leaf"}},
	}
}

func guideTerms(chosen int) []TermOption {
	terms := []TermOption{
		{Term: models.Term{Cycle: models.Month, Duration: 1}, Sum: guideSum(1, 6000, 0)},
		{Term: models.Term{Cycle: models.Month, Duration: 6}, Sum: guideSum(6, 6000, 0)},
		{Term: models.Term{Cycle: models.Year, Duration: 1}, Sum: guideSum(12, 6000, 270000), Percent: "15"},
	}
	for i := range terms {
		terms[i].EndsAt, terms[i].Chosen = models.AddMonths(guideNow, terms[i].Term.Months()), i == chosen
	}
	return terms
}

func guideEditions(ctx context.Context) []EditionOption {
	about := map[string]string{lang(ctx): t(ctx, "guide.about")}
	return []EditionOption{
		{About: about, Edition: models.Pro, UnitFen: 6000, Sum: guideSum(12, 6000, 270000), Chosen: true},
		{About: about, Edition: models.Enterprise, UnitFen: 15000, OwnUnitFen: 16500, Sum: guideSum(12, 15000, 675000)},
	}
}

func guideOrder(number string, kind models.Kind, status models.Status) models.Order {
	o := models.Order{
		Number: number, AccountID: guideAccount.ID, OwnerID: guideAccount.OwnerID, Kind: kind, Edition: models.Pro, Cycle: models.Year, Duration: 1,
		InstanceCount: guideMachines, TotalFen: 1530000, PlacedAt: guideNow, Status: status,
	}
	if status == models.Completed {
		o.StartsAt, o.EndsAt, o.InstanceID, o.ProviderOrderID = &guideNow, &guideEnds, guideInstance, "204871926350912"
	}
	return o
}

// guideOrders are one in every status.
func guideOrders() []OrderRow {
	kinds := models.Kinds()
	var rows []OrderRow
	for i, s := range models.Statuses() {
		rows = append(rows, OrderRow{Order: guideOrder("P20261124-7K3M9QX"+string(rune('A'+i)), kinds[i%len(kinds)], s), Account: guideAccount})
	}
	return rows
}

func guideStory() []Happening {
	renewed, bought := guideOrder("P20261124-7K3M9QXR", models.Renew, models.Completed), guideOrder("P20251124-2D8K5WNB", models.Buy, models.Completed)
	return []Happening{
		{At: guideNow, Key: "hold"},
		{At: guideNow.AddDate(0, -1, 0), Key: string(models.Renew), Order: &renewed},
		{At: guideNow.AddDate(0, -2, 0), Key: "ended"},
		{At: guideNow.AddDate(-1, 0, 0), Key: string(models.Buy), Order: &bought},
	}
}

func guideChange(ctx context.Context) []change {
	return []change{
		{label: t(ctx, "account.edition"), now: edition(ctx, models.Pro), then: edition(ctx, models.Enterprise)},
		{label: t(ctx, "account.covered"), now: machines(ctx, guideMachines), then: machines(ctx, guideMachines)},
		{label: t(ctx, "account.ends"), now: date(ctx, guideNow), then: date(ctx, guideEnds)},
	}
}

// guideOnly is a problem at a field that only the style guide has.
func guideOnly(field string) []Problem { return []Problem{{Field: field, Key: "email_missing"}} }
