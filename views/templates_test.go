package views_test

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/a-h/templ"
	parser "github.com/a-h/templ/parser/v2"
	"github.com/a-h/templ/parser/v2/visitor"
)

type component = templ.Component

// TestTemplatesHoldNoWords finds text that a template says by itself: all words
// come from locales/. Attributes that are read out are words as well.
func TestTemplatesHoldNoWords(t *testing.T) {
	paths, err := filepath.Glob("*.templ")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no templates: %v", err)
	}
	word := regexp.MustCompile(`\p{L}`)
	spoken := regexp.MustCompile(`^(title|alt|placeholder|label|aria-label|aria-description|data-label|content)$`)
	// What <meta> says to browsers only.
	machine := regexp.MustCompile(`^(light dark|same-origin|telephone=no|width=device-width, initial-scale=1)$`)
	for _, path := range paths {
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		file, err := parser.ParseString(string(raw))
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		v := visitor.New()
		v.Text = func(n *parser.Text) error {
			if word.MatchString(n.Value) {
				t.Errorf("%s: the template says %q itself", path, n.Value)
			}
			return nil
		}
		v.ConstantAttribute = func(n *parser.ConstantAttribute) error {
			if spoken.MatchString(n.Key.String()) && word.MatchString(n.Value) && !machine.MatchString(n.Value) {
				t.Errorf("%s: the attribute %s says %q itself", path, n.Key, n.Value)
			}
			return nil
		}
		if err := file.Visit(v); err != nil {
			t.Fatal(err)
		}
	}
}
