package views

import (
	"context"
	"strconv"

	"portal/models"
)

// barHeight is the height of a chart's row in its units, which are CSS pixels:
// words above, the bar below.
const barHeight = 44

// bar is one row of a chart: where its bar lies, in percent of the width.
type bar struct {
	Label, Value string
	Y            int // of the row's top
	X, Width     string
	Below        bool // of zero: more was paid back than charged
	Any          bool // false for zero, which has no bar
}

// chart is a chart of horizontal bars, drawn to scale from one zero.
type chart struct {
	Height int
	Zero   string // where zero lies, in percent of the width; empty at the left edge
	Bars   []bar
}

// drawn lays a chart out. Bars share the width as their sums ask for; the least
// that is not zero can still be seen.
func drawn(ctx context.Context, labels []string, sums []models.Fen) chart {
	var most, least models.Fen
	for _, fen := range sums {
		most, least = max(most, fen), min(least, fen)
	}
	span := float64(most - least)
	percent := func(fen models.Fen) float64 {
		if span == 0 {
			return 0
		}
		return float64(fen) / span * 100
	}
	write := func(p float64) string { return strconv.FormatFloat(p, 'f', 2, 64) + "%" }
	c, zero := chart{Height: barHeight * len(sums)}, percent(-least)
	if least < 0 {
		c.Zero = write(zero)
	}
	for i, fen := range sums {
		b := bar{Label: labels[i], Value: money(ctx, fen), Y: i * barHeight, Any: fen != 0, Below: fen < 0}
		width := max(percent(max(fen, -fen)), 0.4)
		x := zero
		if b.Below {
			x = max(0, zero-width)
		}
		b.X, b.Width = write(min(x, 100-width)), write(width)
		c.Bars = append(c.Bars, b)
	}
	return c
}

// nothingSpent says whether every sum is zero.
func nothingSpent(sums []models.Fen) bool {
	for _, fen := range sums {
		if fen != 0 {
			return false
		}
	}
	return true
}

// byMonth and byEdition are the sums of the dashboard's charts with their labels.
func byMonth(ctx context.Context, p DashboardProps) (labels []string, sums []models.Fen) {
	for _, m := range p.Months {
		labels, sums = append(labels, month(ctx, m.Begins)), append(sums, m.Total())
	}
	return labels, sums
}

func byEdition(ctx context.Context, p DashboardProps) (labels []string, sums []models.Fen) {
	for _, e := range models.Editions() {
		labels, sums = append(labels, edition(ctx, e)), append(sums, p.edition(e))
	}
	return labels, sums
}

// edition is what was spent on one in all months.
func (p DashboardProps) edition(e models.Edition) models.Fen {
	var sum models.Fen
	for _, m := range p.Months {
		sum += m.ByEdition[e]
	}
	return sum
}

// total is what was spent in all months, thisMonth in the last one.
func (p DashboardProps) total() models.Fen {
	var sum models.Fen
	for _, m := range p.Months {
		sum += m.Total()
	}
	return sum
}

func (p DashboardProps) thisMonth() (models.Fen, string) {
	if len(p.Months) == 0 {
		return 0, "/orders"
	}
	last := len(p.Months) - 1
	return p.Months[last].Total(), p.MonthURLs[last]
}

// chartWords describe a chart for who does not see it: its greatest bar, and that
// the table below has the rest.
func chartWords(ctx context.Context, labels []string, sums []models.Fen) string {
	most := 0
	for i, fen := range sums {
		if fen > sums[most] {
			most = i
		}
	}
	return t(ctx, "dashboard.chart_what", "Label", labels[most], "Sum", sums[most])
}
