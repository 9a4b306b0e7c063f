package views_test

import (
	"go/ast"
	goparser "go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/a-h/templ"
	parser "github.com/a-h/templ/parser/v2"
	"github.com/a-h/templ/parser/v2/visitor"
	"golang.org/x/net/html"

	"portal/locales"
)

type component = templ.Component

// spokenAttribute lists the attributes that are shown or read out.
var spokenAttribute = regexp.MustCompile(`^(title|alt|placeholder|label|content|aria-label|aria-description|aria-roledescription|aria-valuetext|data-label)$`)

// TestTemplatesHoldNoWords finds text that a template says by itself: all words
// come from locales/. Attributes that are read out are words as well, and so is
// a string that stands in an expression as it is. What expressions hand on to
// other code is TestCodeHoldsNoEnglish's, in locales/.
func TestTemplatesHoldNoWords(t *testing.T) {
	paths, err := filepath.Glob("*.templ")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no templates: %v", err)
	}
	word := regexp.MustCompile(`\p{L}`)
	// What <meta> says to browsers only.
	machine := regexp.MustCompile(`^(light dark|same-origin|telephone=no|width=device-width, initial-scale=1)$`)
	expressions := 0
	for _, path := range paths {
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		file, err := parser.ParseString(string(raw))
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		expression := func(e parser.Expression) {
			expressions++
			for _, said := range literals(t, path, e.Value) {
				if word.MatchString(said) {
					t.Errorf("%s: an expression says %q itself", path, said)
				}
			}
		}
		// A button that is an input is named by its value.
		input := false
		v := visitor.New()
		element := v.Element
		v.Element = func(n *parser.Element) error {
			input = n.Name == "input" && strings.Contains(strings.Join(attributes(n), " "), `type="submit"`)
			return element(n)
		}
		v.Text = func(n *parser.Text) error {
			if word.MatchString(n.Value) {
				t.Errorf("%s: the template says %q itself", path, n.Value)
			}
			return nil
		}
		v.StringExpression = func(n *parser.StringExpression) error {
			expression(n.Expression)
			return nil
		}
		v.ConstantAttribute = func(n *parser.ConstantAttribute) error {
			spoken := spokenAttribute.MatchString(n.Key.String()) || input && n.Key.String() == "value"
			if spoken && word.MatchString(n.Value) && !machine.MatchString(n.Value) {
				t.Errorf("%s: the attribute %s says %q itself", path, n.Key, n.Value)
			}
			return nil
		}
		v.ExpressionAttribute = func(n *parser.ExpressionAttribute) error {
			if spokenAttribute.MatchString(n.Key.String()) || input && n.Key.String() == "value" {
				expression(n.Expression)
			}
			return nil
		}
		if err := file.Visit(v); err != nil {
			t.Fatal(err)
		}
	}
	if expressions < 500 {
		t.Errorf("only %d expressions were found", expressions)
	}
}

// attributes are an element's constant ones, as they are written.
func attributes(n *parser.Element) []string {
	var out []string
	for _, a := range n.Attributes {
		if c, ok := a.(*parser.ConstantAttribute); ok {
			out = append(out, c.Key.String()+`="`+c.Value+`"`)
		}
	}
	return out
}

// literals lists the strings that an expression writes out: those that are no
// argument of a call, which may be a key.
func literals(t *testing.T, path, expression string) []string {
	t.Helper()
	e, err := goparser.ParseExpr(expression)
	if err != nil {
		t.Fatalf("%s: { %s }: %v", path, expression, err)
	}
	var out []string
	ast.Inspect(e, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr, *ast.IndexExpr:
			return false
		case *ast.BasicLit:
			if n.Kind == token.STRING {
				s, err := strconv.Unquote(n.Value)
				if err != nil {
					t.Fatal(err)
				}
				out = append(out, s)
			}
		}
		return true
	})
	return out
}

// unbroken joins what stands on both sides of a place where a line may end.
func unbroken(doc *html.Node) {
	for _, wbr := range find(doc, named("wbr")) {
		before, after := wbr.PrevSibling, wbr.NextSibling
		if before != nil && after != nil && before.Type == html.TextNode && after.Type == html.TextNode {
			before.Data += after.Data
			after.Parent.RemoveChild(after)
		}
		wbr.Parent.RemoveChild(wbr)
	}
}

// TestWhatBothLanguagesSayIsData renders every page in both languages: words
// change with the language, so text that is the same in both has to be data.
// That is what the tests of this package put there, or what the provider and its
// protocol call things. It finds words on whatever way they came to the page.
func TestWhatBothLanguagesSayIsData(t *testing.T) {
	given := stringsOfTests(t)
	protocol := regexp.MustCompile(`^(POST|HTTP \d+|(Create|Renew|Upgrade|Refund)Instance|\*?[A-Z][A-Za-z.*]*\*)$`)
	// Numbers of orders, links to them, and what is too long to be shown whole.
	made := regexp.MustCompile(`^(https://portal\.example\.com/orders/)?P\d{8}-\w{8}$|…$`)
	for _, c := range pages() {
		said := map[string]int{}
		for _, tag := range locales.Tags() {
			_, doc := render(t, c, tag)
			unbroken(doc)
			for _, text := range spokenTexts(find(doc, named("html"))[0]) {
				said[text]++
				if said[text] == len(locales.Tags()) && !protocol.MatchString(text) && !made.MatchString(text) && !given[text] {
					t.Errorf("%s: every language says %q", c.name, text)
				}
			}
		}
	}
}

// spokenTexts lists once each text and spoken attribute below a node, but for
// what is marked as another language's and what <meta> says.
func spokenTexts(root *html.Node) []string {
	word := regexp.MustCompile(`\p{L}{2}`)
	seen := map[string]bool{}
	var out []string
	add := func(s string) {
		if s = strings.Join(strings.Fields(s), " "); word.MatchString(s) && !seen[s] {
			seen[s] = true
			out = append(out, s)
		}
	}
	var walk func(n *html.Node)
	walk = func(n *html.Node) {
		for child := range n.ChildNodes() {
			switch child.Type {
			case html.TextNode:
				add(child.Data)
			case html.ElementNode:
				if has(child, "lang") || child.Data == "meta" {
					continue
				}
				for _, a := range child.Attr {
					if spokenAttribute.MatchString(a.Key) {
						add(a.Val)
					}
				}
				walk(child)
			}
		}
	}
	walk(root)
	return out
}

// stringsOfTests are the literals of this package's tests, their white space
// folded as on a page.
func stringsOfTests(t *testing.T) map[string]bool {
	t.Helper()
	paths, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]bool{}
	for _, path := range paths {
		file, err := goparser.ParseFile(token.NewFileSet(), path, nil, goparser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
				if s, err := strconv.Unquote(lit.Value); err == nil {
					out[strings.Join(strings.Fields(s), " ")] = true
				}
			}
			return true
		})
	}
	return out
}
