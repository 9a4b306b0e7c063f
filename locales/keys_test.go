package locales

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"portal/models"
)

// source is what the portal's Go code, generated templates included, says about
// keys.
type source struct {
	literals map[string][]string // every string in the code, with the folders it stands in
	keys     map[string]string   // keys named outright in a call, and where
	families map[string]string   // what keys begin with that are put together, and where
	calls    []call              // what is given to the words
}

// call gives values by their names to the words under a key, or under one of
// the keys that begin with it.
type call struct {
	where, key string
	family     bool
	names      []string
}

// scan reads every Go file of the module but tests.
func scan(t *testing.T) source {
	t.Helper()
	s := source{literals: map[string][]string{}, keys: map[string]string{}, families: map[string]string{}}
	root := ".."
	files := token.NewFileSet()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "node_modules" || strings.HasPrefix(d.Name(), ".") && path != root):
			return filepath.SkipDir
		case d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		file, err := parser.ParseFile(files, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		folder := filepath.Base(filepath.Dir(path))
		ast.Inspect(file, func(node ast.Node) bool {
			switch n := node.(type) {
			case *ast.BasicLit:
				if text, ok := literal(n); ok && !slices.Contains(s.literals[text], folder) {
					s.literals[text] = append(s.literals[text], folder)
				}
			case *ast.CallExpr:
				s.call(n, files)
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// call notes the key of a call of T or N, or of the shortcuts t and n.
func (s *source) call(c *ast.CallExpr, files *token.FileSet) {
	name := ""
	switch f := c.Fun.(type) {
	case *ast.Ident:
		name = f.Name
	case *ast.SelectorExpr:
		name = f.Sel.Name
	}
	if !slices.Contains([]string{"t", "n", "T", "N"}, name) {
		return
	}
	counts := name == "n" || name == "N"
	for i, arg := range c.Args[:min(2, len(c.Args))] {
		where := files.Position(arg.Pos()).String()
		if text, ok := literal(arg); ok {
			s.keys[text] = where
			s.give(c, i, call{where: where, key: text}, counts)
			return
		}
		if sum, ok := arg.(*ast.BinaryExpr); ok {
			if text, ok := literal(leftmost(sum)); ok {
				s.families[text] = where
				s.give(c, i, call{where: where, key: text, family: true}, counts)
			}
			return
		}
	}
}

// give notes the names of what a call hands over behind its key; not when they
// come from elsewhere.
func (s *source) give(c *ast.CallExpr, key int, given call, counts bool) {
	first := key + 1
	if counts {
		given.names = append(given.names, "Count")
		first++
	}
	if c.Ellipsis.IsValid() || first > len(c.Args) {
		return
	}
	for i := first; i < len(c.Args); i += 2 {
		name, ok := literal(c.Args[i])
		if !ok {
			return
		}
		given.names = append(given.names, name)
	}
	slices.Sort(given.names)
	s.calls = append(s.calls, given)
}

func leftmost(e ast.Expr) ast.Expr {
	for {
		sum, ok := e.(*ast.BinaryExpr)
		if !ok {
			return e
		}
		e = sum.X
	}
}

func literal(e ast.Expr) (string, bool) {
	lit, ok := e.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return "", false
	}
	text, err := strconv.Unquote(lit.Value)
	return text, err == nil
}

// names makes strings of the domain's own lists.
func names[T ~string](list []T) []string {
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = string(v)
	}
	return out
}

// each joins every name of one list with every one of another.
func each(first, second []string) []string {
	var out []string
	for _, a := range first {
		for _, b := range second {
			out = append(out, a+"."+b)
		}
	}
	return out
}

// findings are a title each, and what to do for the kinds of orders that it can
// be found of.
func findings() []string {
	var out []string
	for _, f := range models.Findings() {
		out = append(out, string(f)+".title")
		if f != models.FoundGone {
			out = append(out, string(f)+".do.charge")
		}
		switch f {
		case models.FoundExists, models.FoundNotHigher, models.FoundVanished:
		default:
			out = append(out, string(f)+".do.refund")
		}
	}
	return out
}

// families are the keys that the code puts together, by what they begin with.
// Where the domain lists the values, the list is the domain's; where handlers
// choose, the words have to stand in their code.
func families(s source) map[string][]string {
	chosen := func(prefix, folder string, parts ...string) []string {
		var out []string
		for text, folders := range s.literals {
			if text == "" || !slices.Contains(folders, folder) {
				continue
			}
			for _, part := range append([]string{""}, parts...) {
				if catalogues[chinese].all[prefix+text+part] {
					out = append(out, text+part)
				}
			}
		}
		return out
	}
	statuses, kinds, sides := names(models.Statuses()), names(models.Kinds()), []string{"charge", "refund"}
	outside := names(models.OutsideKinds())
	open := slices.DeleteFunc(slices.Clone(statuses), func(s string) bool { return s == string(models.Completed) })
	return map[string][]string{
		"language.":                 Tags(),
		"theme.":                    {"light", "dark", "system"},
		"role.":                     names(models.Roles()),
		"guide.":                    chosen("guide.", "views", ".name", ".when"),
		"sign_in.demo_do.":          names(models.Roles()),
		"sign_in.sees.":             chosen("sign_in.sees.", "demo"),
		"mishap.":                   each(names(models.Mishaps()), []string{"name", "see", "try"}),
		"edition.":                  names(models.Editions()),
		"kind.":                     kinds,
		"status.":                   statuses,
		"state.":                    names([]models.State{models.Active, models.Expired, models.PresumedRenewed}),
		"quote_change.":             names([]models.QuoteChange{models.QuoteExpired, models.CountChanged, models.PricesChanged, models.AccountChanged, models.HeldSince, models.OwnPrice}),
		"outcome.":                  each(names(models.Outcomes()), []string{"name", "cause", "money", "do"}),
		"reason.":                   names(models.Reasons()),
		"order.title.":              each(statuses, kinds),
		"order.money.":              each(statuses, sides),
		"order.next.":               each(open, sides),
		"order.next.completed.":     kinds,
		"order.total.":              sides,
		"order.total_not.":          sides,
		"orders.unmoved.":           sides,
		"order.title_released.":     kinds,
		"order.title_recorded.":     kinds,
		"order.money_recorded.":     sides,
		"order.next_released.":      sides,
		"order.next_suspended.":     sides,
		"account_change.":           names(models.ChangeKinds()),
		"suspend.order.":            {"none", "cancelled", "runs_on"},
		"order.note.":               {"proposed", string(models.ReasonWithdrawn), string(models.ReasonDeclined), string(models.ReasonReleased)},
		"account.released.":         sides,
		"desk.sum.":                 sides,
		"desk.looked.":              sides,
		"verdict.":                  each(names(models.Verdicts()), []string{"name", "means.charge", "means.refund"}),
		"finding.":                  findings(),
		"account.do.":               kinds,
		"account.go.":               kinds,
		"cannot.":                   chosen("cannot.", "handlers"),
		"cannot.title.":             kinds,
		"story.":                    slices.Concat(kinds, outside, []string{"presumed", "ended", "hold", "hold_released"}),
		"hold_reason.":              names(models.HoldReasons()),
		"outside_kind.":             each(outside, []string{"link", "title", "what", "save", "done"}),
		"step_state.":               {"done", "current", "todo", "doubt", "failed", "skipped"},
		"quote_step.":               each(kinds, []string{"label", "choose", "check", "finished"}),
		"quote.sum.":                sides,
		"quote.total.":              sides,
		"check.title.":              kinds,
		"check.nothing_yet.":        kinds,
		"check.facts.":              kinds,
		"check.by.":                 sides,
		"check.valid.":              sides,
		"order.placed_at.":          sides,
		"check.do.":                 kinds,
		"import_fate.":              names(models.Fates()),
		"import_wrong.":             names(models.LineWrongs()),
		"batch.why.":                names(models.BatchWhys()),
		"people.mailed.":            {"sent", "failed", "uncertain"},
		"person_state.":             names(models.PersonStates()),
		"account_state.":            names(models.AccountStates()),
		"account_sort.":             names(models.AccountSorts()),
		"check.ask.":                {"buy", "renew", "upgrade"},
		"approval.do.":              {"buy", "renew", "upgrade"},
		"check.terms.":              sides,
		"check.payer.":              sides,
		"check.payer_reseller.":     sides,
		"check.payer_direct.":       sides,
		"check.payer_operator.":     sides,
		"check.decides_what.":       sides,
		"check.back.":               sides,
		"line.paid.":                names([]models.Kind{models.Buy, models.Renew, models.Upgrade}),
		"order.starts.":             kinds,
		"order.ends.":               kinds,
		"order.again.":              kinds,
		"order_step.":               {"placed", "provider", "finished"},
		"search.kind.":              each([]string{"number", "owner", "name", "email", "instance", "order", "request", "token"}, []string{"name", "how"}),
		"chip.":                     {"status", "kind", "from", "to", "q", "account"},
		"code.":                     chosen("code.", "views", ".title", ".cause", ".money", ".do"),
		"problem.":                  chosen("problem.", "handlers"),
		"fault.":                    names(models.FaultKinds()),
		"error.":                    chosen("error.", "handlers", ".title", ".what", ".money", ".do"),
		"order.money_own.":          sides,
		"order.money_own_recorded.": sides,
		"check.decides_own.":        sides,
		"check.payer_own.":          sides,
		"own.total.":                sides,
		"letter.title.":             names(models.MailKinds()),
		"letter.subject.":           names(models.MailKinds()),
		"letter.subject_until.":     {"buy", "renew", "upgrade"},
		"letter.done.":              kinds,
		"letter.sum.":               sides,
		"mail_kind.":                names(models.MailKinds()),
		"mail_state.":               names(models.MailStates()),
		"mail_why.":                 names(models.MailWhys()),
	}
}

func TestEveryKeyOfTheCodeHasWords(t *testing.T) {
	s := scan(t)
	known := families(s)
	for key, where := range s.keys {
		if !catalogues[chinese].all[key] {
			t.Errorf("%s: no words for %q", where, key)
		}
	}
	for prefix, where := range s.families {
		if known[prefix] == nil {
			t.Errorf("%s: keys are put together from %q, and this test does not know the values", where, prefix)
		}
	}
	for prefix, values := range known {
		for _, v := range values {
			if !catalogues[chinese].all[prefix+v] {
				t.Errorf("no words for %q", prefix+v)
			}
		}
	}
}

// TestHandlersKeysHaveWords reads the keys in handlers' problems, error pages
// and happenings: {Key: "…"} and wrong(field, "…").
func TestHandlersKeysHaveWords(t *testing.T) {
	files := token.NewFileSet()
	paths, err := filepath.Glob("../handlers/*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		file, err := parser.ParseFile(files, path, raw, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		check := func(e ast.Expr) {
			key, ok := literal(e)
			if !ok {
				return
			}
			all := catalogues[chinese].all
			if !all["problem."+key] && !all["error."+key+".title"] && !all["story."+key] {
				t.Errorf("%s: no words for the problem, error or happening %q", files.Position(e.Pos()), key)
			}
		}
		ast.Inspect(file, func(node ast.Node) bool {
			switch n := node.(type) {
			case *ast.KeyValueExpr:
				if name, ok := n.Key.(*ast.Ident); ok && name.Name == "Key" {
					check(n.Value)
				}
			case *ast.CallExpr:
				if name, ok := n.Fun.(*ast.Ident); ok && name.Name == "wrong" && len(n.Args) > 1 {
					check(n.Args[1])
				}
			}
			return true
		})
	}
}

// TestWordsGetWhatTheyAskFor compares the names of the values in every call with
// the placeholders of its words: one that nobody fills shows at the first
// reader, one that no language says was forgotten in both.
func TestWordsGetWhatTheyAskFor(t *testing.T) {
	s := scan(t)
	words := messages(t, chinese)
	// What counts, and what only one of the two forms says, is English's.
	for id, m := range messages(t, english) {
		if words[id] != nil {
			words[id].Other += m.Other + m.One
		}
	}
	members := families(s)
	// A letter's subject is written in a call for each kind: what one call of a
	// family gives, others need not.
	given := map[string][]string{}
	for _, c := range s.calls {
		given[c.key] = append(given[c.key], c.names...)
	}
	for _, c := range s.calls {
		keys, names := []string{c.key}, c.names
		if c.family {
			keys, names = nil, given[c.key]
			for _, v := range members[c.key] {
				keys = append(keys, c.key+v)
			}
		}
		var asked []string
		for _, key := range keys {
			if words[key] != nil {
				asked = append(asked, placeholders(words[key].Other)...)
			}
		}
		for _, name := range asked {
			if !slices.Contains(names, name) {
				t.Errorf("%s: %q asks for %s, which is not given", c.where, c.key, name)
			}
		}
		for _, name := range c.names {
			// A count chooses the form even where neither says it.
			if name != "Count" && !slices.Contains(asked, name) {
				t.Errorf("%s: %q does not say %s", c.where, c.key, name)
			}
		}
	}
	if len(s.calls) < 500 {
		t.Errorf("only %d calls were found", len(s.calls))
	}
}

func TestNoKeyIsUnused(t *testing.T) {
	s := scan(t)
	used := map[string]bool{}
	for text := range s.literals {
		used[text] = true
	}
	for prefix, values := range families(s) {
		for _, v := range values {
			used[prefix+v] = true
		}
	}
	for key := range catalogues[chinese].all {
		if !used[key] {
			t.Errorf("nothing says %s", key)
		}
	}
}
