package static

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var moves = regexp.MustCompile(`\b(transition|animation|scroll-behavior|view-transition)[a-z-]*\s*:|@keyframes|@view-transition`)

// TestNothingMovesForWhoWantsItStill: whatever moves is inside the media query for
// who has no preference, so that nobody has to remember to switch it off.
func TestNothingMovesForWhoWantsItStill(t *testing.T) {
	sheets, err := filepath.Glob("css/*.css")
	if err != nil || len(sheets) == 0 {
		t.Fatalf("no stylesheets: %v", err)
	}
	seen := 0
	for _, sheet := range sheets {
		css, err := os.ReadFile(sheet)
		if err != nil {
			t.Fatal(err)
		}
		still, moving := withoutMotion(string(css))
		seen += len(moves.FindAllString(moving, -1))
		if found := moves.FindString(still); found != "" {
			t.Errorf("%s: %s is outside of @media (prefers-reduced-motion: no-preference)", sheet, found)
		}
	}
	if seen == 0 {
		t.Error("nothing moves at all: this test looks for the wrong thing")
	}
}

// withoutMotion parts a stylesheet from what it has for who has no preference.
func withoutMotion(css string) (still, moving string) {
	const query = "@media (prefers-reduced-motion: no-preference) {"
	for {
		before, rest, found := strings.Cut(css, query)
		still += before
		if !found {
			return still, moving
		}
		depth, end := 1, 0
		for end = 0; end < len(rest) && depth > 0; end++ {
			switch rest[end] {
			case '{':
				depth++
			case '}':
				depth--
			}
		}
		moving += rest[:end]
		css = rest[end:]
	}
}
