package views_test

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"portal/locales"
	"portal/models"
	"portal/static"
	"portal/views"
)

// elsewhere are the classes that the style guide does not show, and why. What
// pages.css has is for one page alone, by what that file says of itself.
var elsewhere = map[string]string{
	"viewing":           "is on top of every page while somebody looks as a customer",
	"place":             "is the check page's last card, whose button is among the buttons",
	"verdict__more":     "is what a chosen one asks",
	"place__id":         "is the id to copy on that card",
	"page--narrow":      "is a page with one short form",
	"filters--search":   "is the same with one box",
	"filters--accounts": "is the same with other boxes, whose names would stand twice",
	"find--link":        "stands in the box's place on pages that ask for themselves again",
	"doings--near":      "is the same on a narrow page, the sign-in page",
	"verdict":           "is the review desk's question, of radio cards",
	"list-plain":        "takes the dots away from a list of cards",
	"anywhere":          "breaks words that are too long",
}

func styleguide(t *testing.T, tag string) string {
	t.Helper()
	ctx := locales.With(context.Background(), locales.For(tag, ""))
	p := page(models.Operator, "/styleguide")
	p.Alarm, p.Seller = &models.Alarm{InReview: 3}, "North Cloud"
	var out strings.Builder
	if err := views.Styleguide(p).Render(ctx, &out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// TestTheStyleGuideShowsEverything: each component that the sheet knows is there,
// and so is each token; or there is a reason.
func TestTheStyleGuideShowsEverything(t *testing.T) {
	html := styleguide(t, "en")
	shown := map[string]bool{}
	for _, class := range regexp.MustCompile(`class="([^"]*)"`).FindAllStringSubmatch(html, -1) {
		for _, name := range strings.Fields(class[1]) {
			shown[name] = true
		}
	}
	paths, err := filepath.Glob("../static/css/*.css")
	if err != nil || len(paths) == 0 {
		t.Fatal(err)
	}
	comment := regexp.MustCompile(`(?s)/\*.*?\*/`)
	// A component, one of its parts (__) or one of its kinds (--).
	class := regexp.MustCompile(`\.([a-z][a-z0-9]*(?:[-_]+[a-z0-9]+)*)`)
	known := map[string]bool{}
	for _, path := range paths {
		css, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if name := filepath.Base(path); name == "pages.css" || name == "print.css" {
			continue
		}
		for _, line := range strings.Split(comment.ReplaceAllString(string(css), ""), "\n") {
			selector, _, rule := strings.Cut(line, "{")
			if !rule && !strings.HasSuffix(strings.TrimSpace(line), ",") {
				continue // a declaration
			}
			for _, m := range class.FindAllStringSubmatch(selector, -1) {
				known[m[1]] = true
			}
		}
	}
	if len(known) < 60 {
		t.Fatalf("only %d classes in the sheet", len(known))
	}
	for name := range known {
		switch why := elsewhere[name]; {
		case shown[name] && why != "":
			t.Errorf("%s is shown, and there is a reason why not: it %s", name, why)
		case !shown[name] && why == "":
			t.Errorf("the style guide does not show %q", name)
		}
	}
	for name := range elsewhere {
		if !known[name] {
			t.Errorf("there is no %q any more", name)
		}
	}
	tokens := static.Tokens()
	if len(tokens) < 40 {
		t.Fatalf("only %d tokens", len(tokens))
	}
	for _, token := range tokens {
		if !strings.Contains(html, ">"+token.Name+"<") && !strings.Contains(html, ">"+token.Name+":") {
			t.Errorf("the style guide does not show %s", token.Name)
		}
	}
}

// TestTheStyleGuideIsOnePage: no id stands twice, and what leads somewhere within
// it arrives.
func TestTheStyleGuideIsOnePage(t *testing.T) {
	for _, tag := range locales.Tags() {
		html := styleguide(t, tag)
		ids := map[string]int{}
		for _, id := range regexp.MustCompile(` id="([^"]*)"`).FindAllStringSubmatch(html, -1) {
			if ids[id[1]]++; ids[id[1]] == 2 {
				t.Errorf("%s: the id %q stands twice", tag, id[1])
			}
		}
		for _, to := range regexp.MustCompile(`(?:href="#|aria-labelledby="|aria-describedby="| for=")([^"]*)"`).FindAllStringSubmatch(html, -1) {
			for _, id := range strings.Fields(to[1]) {
				if ids[id] == 0 {
					t.Errorf("%s: nothing is %q", tag, id)
				}
			}
		}
	}
}
