package locales

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
)

// TestCodeHoldsNoChinese looks where pages, letters and files are made.
func TestCodeHoldsNoChinese(t *testing.T) {
	speech(t, func(where, text string) {
		if strings.ContainsFunc(text, func(r rune) bool { return unicode.Is(unicode.Han, r) }) {
			t.Errorf("%s: the code says %q itself", where, text)
		}
	})
}

// TestCodeHoldsNoEnglish finds what reads like English, two words or one with a
// capital, in the same code. A single small word can't be told from a
// name there; templates are looked through as well (views/templates_test.go).
func TestCodeHoldsNoEnglish(t *testing.T) {
	english := regexp.MustCompile(`\p{L}{2}[’'.,:;!?]* +[“‘(]?\p{L}{2}|^\p{Lu}\p{Ll}+[.:!?…]?$`)
	// A tag, the names of classes ("field filters__query"), and the policy of what a
	// page may load, which is longer with every source.
	markup := regexp.MustCompile(`^[a-z]+(--[a-z]+)?( [a-z]+(__[a-z]+|--[a-z]+)+)+$|^[a-z]+-[a-z]+ '(self|none)'|^(\$0)?<[a-z]+ [^>]+>?$`)
	names := map[string]bool{}
	for _, m := range messages(t, "en") {
		for _, name := range placeholders(m.Other) {
			names[name] = true
		}
	}
	said := map[string]bool{}
	speech(t, func(where, text string) {
		if !english.MatchString(text) || names[text] || markup.MatchString(text) {
			return
		}
		said[text] = true
		if machines[text] == "" {
			t.Errorf("%s: the code says %q itself: give it a key in locales/", where, text)
		}
	})
	for text := range machines {
		if !said[text] {
			t.Errorf("no code says %q any more", text)
		}
	}
}

// machines are the literals that only look like English, and who reads them.
var machines = map[string]string{
	"the database is not ready; the log says why\n":         "probes, and who runs them; a probe sends no language",
	"no orders: the database takes no writes (":             "probes, as above",
	"); the log says why\n":                                 "probes, as above",
	"Blue Harbour Trading Ltd":                              "the style guide: the name of an account that there is not",
	"New Leaf":                                              "the same",
	"yyyy-mm-dd hh:mm:ss":                                   "Excel: the format of a cell",
	"text/csv; charset=utf-8":                               "HTTP: the type of a download",
	`select:#main target:#main swap:"outerMorph show:none"`: "htmx: what a link changes",
	`change target:".choices input" delay:150ms`:            "htmx: what a form asks on",
}

// speech gives every string of the code that could reach a reader: those of the
// folders that write pages, letters and files, but for imports, tags, errors and
// the log. What templates say by themselves is templates_test.go's; mail sends
// what views wrote, and sheet knows the headings that people write themselves.
func speech(t *testing.T, f func(where, text string)) {
	t.Helper()
	files := token.NewFileSet()
	seen := 0
	for _, folder := range []string{"views", "handlers"} {
		paths, err := filepath.Glob("../" + folder + "/*.go")
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			if strings.HasSuffix(path, "_test.go") {
				continue
			}
			file, err := parser.ParseFile(files, path, nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(file, func(node ast.Node) bool {
				switch n := node.(type) {
				case *ast.ImportSpec:
					return false
				case *ast.Field:
					return n.Tag == nil
				case *ast.FuncDecl:
					return n.Recv == nil || n.Name.Name != "Error" // the text of an error
				case *ast.CallExpr:
					return !unread(n)
				case *ast.BasicLit:
					if text, ok := literal(n); ok {
						seen++
						f(files.Position(n.Pos()).String(), text)
					}
				}
				return true
			})
		}
	}
	if seen < 3000 {
		t.Errorf("only %d strings were found", seen)
	}
}

// unread says whether nobody reads on a page what a call is given: errors, the
// log, and a template's own HTML.
func unread(c *ast.CallExpr) bool {
	f, ok := c.Fun.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	if of, ok := f.X.(*ast.Ident); ok && slices.Contains([]string{"fmt.Errorf", "errors.New", "templruntime.WriteString"}, of.Name+"."+f.Sel.Name) {
		return true
	}
	if of, ok := f.X.(*ast.CallExpr); ok {
		if of, ok := of.Fun.(*ast.SelectorExpr); ok && of.Sel.Name == "Header" {
			return true
		}
	}
	return slices.Contains([]string{"Log", "Debug", "Info", "Warn", "Error", "DebugContext", "InfoContext", "WarnContext", "ErrorContext", "LogAttrs"}, f.Sel.Name)
}
