package locales

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/BurntSushi/toml"
	"github.com/nicksnyder/go-i18n/v2/i18n"

	"portal/models"
)

// messages reads one language's file anew, without the package's own loading.
func messages(t *testing.T, tag string) map[string]*i18n.Message {
	t.Helper()
	raw, err := files.ReadFile(tag + ".toml")
	if err != nil {
		t.Fatal(err)
	}
	file, err := i18n.ParseMessageFileBytes(raw, tag+".toml", map[string]i18n.UnmarshalFunc{"toml": toml.Unmarshal})
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]*i18n.Message{}
	for _, m := range file.Messages {
		if out[m.ID] != nil {
			t.Errorf("%s: %s is there twice", tag, m.ID)
		}
		out[m.ID] = m
	}
	return out
}

var placeholder = regexp.MustCompile(`\.([A-Z][A-Za-z]*)`)

// placeholders lists the values that a form of a message asks for.
func placeholders(form string) []string {
	var out []string
	for _, action := range regexp.MustCompile(`\{\{[^}]*\}\}`).FindAllString(form, -1) {
		for _, m := range placeholder.FindAllStringSubmatch(action, -1) {
			out = append(out, m[1])
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func TestBothLanguagesSayTheSame(t *testing.T) {
	zh, en := messages(t, chinese), messages(t, english)
	for id := range zh {
		if en[id] == nil {
			t.Errorf("en.toml lacks %s", id)
		}
	}
	for id, m := range en {
		z := zh[id]
		if z == nil {
			t.Errorf("zh-Hans.toml lacks %s", id)
			continue
		}
		if z.One != "" {
			t.Errorf("zh-Hans.toml: %s has a singular, which Chinese does not know", id)
		}
		want := placeholders(z.Other)
		if got := placeholders(m.Other); !slices.Equal(got, want) {
			t.Errorf("%s: Chinese asks for %v, English for %v", id, want, got)
		}
		forms := []string{m.Other, z.Other}
		if m.One != "" {
			forms = append(forms, m.One)
			// "every second" needs no number; everything else has to come through.
			silent := func(name string) bool { return name == "Count" }
			if got := placeholders(m.One); !slices.Equal(slices.DeleteFunc(got, silent), slices.DeleteFunc(slices.Clone(want), silent)) {
				t.Errorf("%s: Chinese asks for %v, the English singular for %v", id, want, got)
			}
		}
		for _, form := range forms {
			if strings.TrimSpace(form) == "" && id != "date.joiner" {
				t.Errorf("%s says nothing", id)
			}
		}
	}
}

func TestFor(t *testing.T) {
	for _, test := range []struct{ chosen, accept, want string }{
		{"", "", chinese},
		{"", "*", chinese},
		{"", "fr-FR,fr;q=0.9", chinese},
		{"", "en", english},
		{"", "en-US,en;q=0.9,zh-CN;q=0.8", english},
		{"", "zh-CN,zh;q=0.9,en;q=0.8", chinese},
		{"", "zh-TW,zh;q=0.9,en;q=0.8", chinese},
		{"", "zh-Hant-HK", chinese},
		{"", "fr,en;q=0.5,zh;q=0.4", english},
		{"", "en;q=0,zh", chinese},
		{"", "en;q=0", chinese},
		{"", "zh;q=0.3,en;q=0.9", english},
		{"", "not a header;;;", chinese},
		{"en", "zh-CN", english},
		{"zh-Hans", "en", chinese},
		{"zh", "en", chinese},
		{"zh-CN", "en", chinese},
		{"zh-Hans-CN", "en", chinese},
		{"en-GB", "zh", english},
		{"tlh", "en", english},
		{"<script>", "en", english},
	} {
		if got := For(test.chosen, test.accept).Tag(); got != test.want {
			t.Errorf("For(%q, %q) speaks %s, want %s", test.chosen, test.accept, got, test.want)
		}
	}
}

func TestSupported(t *testing.T) {
	for tag, want := range map[string]bool{"zh-Hans": true, "en": true, "zh": false, "": false, "fr": false} {
		if Supported(tag) != want {
			t.Errorf("Supported(%q) = %v", tag, !want)
		}
	}
}

func TestFrom(t *testing.T) {
	if got := From(context.Background()).Tag(); got != chinese {
		t.Errorf("without a localizer the portal speaks %s", got)
	}
	if got := From(With(context.Background(), nil)).Tag(); got != chinese {
		t.Errorf("with a nil localizer the portal speaks %s", got)
	}
	if got := From(With(context.Background(), For("en", ""))).Tag(); got != english {
		t.Errorf("with English it speaks %s", got)
	}
}

func TestWords(t *testing.T) {
	zh, en := For(chinese, ""), For(english, "")
	at := time.Date(2026, 11, 23, 16, 5, 3, 0, time.UTC) // the 24th in Beijing
	for _, test := range []struct{ got, want string }{
		{zh.Date(at), "2026年11月24日"},
		{en.Date(at), "24 November 2026"},
		{zh.DateTime(at), "2026年11月24日 00:05（北京时间）"},
		{en.DateTime(at), "24 November 2026 at 00:05 Beijing time"},
		{zh.Exact(at), "2026年11月24日 00:05:03（北京时间）"},
		{en.Exact(at), "24 November 2026 at 00:05:03 Beijing time"},
		{en.Stamp(at), "2026-11-24 00:05"},
		{zh.Term(models.Term{Cycle: models.Year, Duration: 1}), "1 年"},
		{en.Term(models.Term{Cycle: models.Year, Duration: 1}), "1 year"},
		{en.Term(models.Term{Cycle: models.Year, Duration: 3}), "3 years"},
		{zh.Months(6), "6 个月"},
		{en.Months(1), "1 month"},
		{en.Months(6), "6 months"},
		{zh.Span(8, 16), "8 个月 16 天"},
		{en.Span(8, 16), "8 months and 16 days"},
		{en.Span(1, 1), "1 month and 1 day"},
		{en.Span(12, 0), "12 months"},
		{en.Span(0, 3), "3 days"},
		{en.Span(0, 0), "0 days"},
		{en.N("machines", 1), "1 machine"},
		{en.N("machines", 12000), "12,000 machines"},
		{zh.N("machines", 12000), "12,000 台"},
		{zh.Number(-1234567), "−1,234,567"},
		{en.T("check.do.buy", "Sum", models.Fen(1530000)), "Buy for CN¥15,300.00"},
		{zh.T("check.do.buy", "Sum", models.Fen(1530000)), "立即购买 ¥15,300.00"},
		{en.T("problem.sign_in_throttled", "Minutes", 1), "Too many attempts to sign in. Try again in 1 minute"},
		{en.T("problem.sign_in_throttled", "Minutes", "15"), "Too many attempts to sign in. Try again in 15 minutes"},
		{en.T("error.throttled.do", "Seconds", 1), "Wait 1 second, then try again."},
		{en.T("error.throttled.do", "Minutes", "2"), "Wait 2 minutes, then try again."},
		{en.T("error.throttled.do"), "Wait a minute, then try again."},
		{zh.T("error.throttled.do"), "请在一分钟后重试。"},
		{zh.T("date.zoned", "When", at), "2026年11月24日 00:05（北京时间）（北京时间）"},
	} {
		if test.got != test.want {
			t.Errorf("got %q, want %q", test.got, test.want)
		}
	}
}

func TestMistakesAreLoudInTestsOnly(t *testing.T) {
	en := For(english, "")
	mistakes := map[string]func() string{
		"no such key":  func() string { return en.T("no such key") },
		"check.do.buy": func() string { return en.T("check.do.buy") },
		"line.unit":    func() string { return en.T("line.unit", 3, "x") },
	}
	for key, f := range mistakes {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s passed unnoticed", key)
				}
			}()
			_ = f()
		}()
	}
	strict = false
	defer func() { strict = true }()
	if got := en.T("no such key"); got != "no such key" {
		t.Errorf("a reader sees %q instead of the key", got)
	}
}

func TestPieces(t *testing.T) {
	at := time.Date(2026, 11, 3, 16, 5, 3, 0, time.UTC)
	for _, test := range []struct {
		tag, words string
		want       []string // those that are whole
	}{
		{chinese, For(chinese, "").T("account.stopped_what", "At", at), []string{"2026年11月4日", "00:05（北京时间）"}},
		{chinese, For(chinese, "").Exact(at), []string{"2026年11月4日", "00:05:03（北京时间）"}},
		{english, For(english, "").T("account.stopped_what", "At", at), []string{"4 November 2026", "00:05 Beijing time"}},
		{english, For(english, "").Exact(at), []string{"4 November 2026", "00:05:03 Beijing time"}},
		{english, For(english, "").Date(at) + " to " + For(english, "").Date(at), []string{"4 November 2026", "4 November 2026"}},
		{chinese, "专业版 × " + For(chinese, "").N("machines", 25) + " × " + For(chinese, "").Span(12, 3), []string{"25 台", "12 个月", "3 天"}},
		{english, "Pro × " + For(english, "").N("machines", 1) + " × " + For(english, "").Span(12, 3), []string{"1 machine", "12 months", "3 days"}},
		{chinese, For(chinese, "").Term(models.Term{Cycle: models.Year, Duration: 2}), []string{"2 年"}},
		{english, "Pro, 12", nil},
		{chinese, "", nil},
	} {
		var all strings.Builder
		var whole []string
		for _, p := range For(test.tag, "").Pieces(test.words) {
			all.WriteString(p.Text)
			if p.Whole {
				whole = append(whole, p.Text)
			}
		}
		if all.String() != test.words || !slices.Equal(whole, test.want) {
			t.Errorf("%q comes apart into %q, whole are %q", test.words, all.String(), whole)
		}
	}
}

// TestOff: what is taken off in percent is in Chinese what is left of ten.
func TestOff(t *testing.T) {
	for off, want := range map[Off][2]string{
		"15": {"15%", "8.5 折"}, "20": {"20%", "8 折"}, "12.5": {"12.5%", "8.75 折"}, "16.67": {"16.67%", "8.333 折"}, "5": {"5%", "9.5 折"}, "x": {"x%", "x%"},
	} {
		if en, zh := localizers[english].Off(off), localizers[chinese].Off(off); en != want[0] || zh != want[1] {
			t.Errorf("%s is %q and %q", off, en, zh)
		}
	}
}
