package views

import (
	"testing"

	"portal/locales"
	"portal/models"
)

func TestBarsAreDrawnToScale(t *testing.T) {
	ctx := locales.With(t.Context(), locales.For("en", ""))
	labels := []string{"a", "b", "c", "d"}
	for name, tc := range map[string]struct {
		sums  []models.Fen
		zero  string
		x     []string
		width []string
	}{
		"some":                  {[]models.Fen{100, 50, 0, 25}, "", []string{"0.00%", "0.00%", "", "0.00%"}, []string{"100.00%", "50.00%", "", "25.00%"}},
		"one alone":             {[]models.Fen{0, 0, 7, 0}, "", []string{"", "", "0.00%", ""}, []string{"", "", "100.00%", ""}},
		"nothing":               {[]models.Fen{0, 0, 0, 0}, "", []string{"", "", "", ""}, []string{"", "", "", ""}},
		"more paid back":        {[]models.Fen{75, -25, 0, 0}, "25.00%", []string{"25.00%", "0.00%", "", ""}, []string{"75.00%", "25.00%", "", ""}},
		"only paid back":        {[]models.Fen{-50, -100, 0, 0}, "100.00%", []string{"50.00%", "0.00%", "", ""}, []string{"50.00%", "100.00%", "", ""}},
		"too little to be seen": {[]models.Fen{1_000_000, 1, 0, 0}, "", []string{"0.00%", "0.00%", "", ""}, []string{"100.00%", "0.40%", "", ""}},
	} {
		c := drawn(ctx, labels, tc.sums)
		if c.Zero != tc.zero || c.Height != 4*barHeight {
			t.Errorf("%s: zero at %q, %d high", name, c.Zero, c.Height)
		}
		for i, b := range c.Bars {
			if b.Any != (tc.sums[i] != 0) || b.Below != (tc.sums[i] < 0) || b.Label != labels[i] || b.Value != money(ctx, tc.sums[i]) {
				t.Errorf("%s: %+v", name, b)
			}
			if b.Any && (b.X != tc.x[i] || b.Width != tc.width[i]) {
				t.Errorf("%s: %d lies at %s, %s wide; want %s, %s", name, tc.sums[i], b.X, b.Width, tc.x[i], tc.width[i])
			}
		}
	}
}
