package locales

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/nicksnyder/go-i18n/v2/i18n"
)

func TestEachFileIsInItsLanguage(t *testing.T) {
	han := regexp.MustCompile(`\p{Han}`)
	for id, m := range messages(t, english) {
		if han.MatchString(m.Other+m.One) && id != "language.zh-Hans" {
			t.Errorf("en.toml: %s is in Chinese: %s", id, m.Other)
		}
	}
	// What has no Chinese character is a mark, a name or a form of its parts.
	for id, m := range messages(t, chinese) {
		bare := regexp.MustCompile(`\{\{[^}]*\}\}`).ReplaceAllString(m.Other, "")
		if !han.MatchString(bare) && regexp.MustCompile(`\p{L}`).MatchString(bare) &&
			!slices.Contains([]string{"language.en", "import.owner_id", "export.client_token", "search.kind.token.name", "desk.http"}, id) {
			t.Errorf("zh-Hans.toml: %s is not in Chinese: %s", id, m.Other)
		}
	}
}

// shapes are what placeholders become in Chinese, by the letters at their ends:
// a space stands between Chinese and Latin letters or digits, as in Alibaba
// Cloud's console, and none between Chinese and Chinese.
var shapes = map[string][]string{
	// 1,005, ¥15,300.00, P20261124-7K3M9QXR; names may be in any script and are set apart.
	"1": {"Count", "Number", "Sum", "Used", "Left", "Limit", "Minutes", "Seconds", "Most", "Least", "Year", "Percent", "Owned", "Line",
		"Email", "RequestID", "Owner", "OwnerID", "Profile", "Name", "Account", "Reseller", "Seller", "Product", "By", "Address", "ID", "Shown", "Code"},
	// 2026年11月24日 14:05（北京时间）, 6 个月, 25 台
	"1字": {"At", "Until", "Day", "When", "Days", "Months", "Term", "Machines", "Time", "Off"},
	// 专业版, 已完成
	"字": {"Edition", "Status"},
}

// TestChineseIsSpacedAlike fills the placeholders in with their shapes and looks
// at every border.
func TestChineseIsSpacedAlike(t *testing.T) {
	filled := func(m *i18n.Message) string {
		s := regexp.MustCompile(`\{\{(if|else|end)[^}]*\}\}`).ReplaceAllString(m.Other, "")
		for shape, names := range shapes {
			for _, name := range names {
				s = strings.ReplaceAll(s, "{{."+name+"}}", shape)
			}
		}
		// Both ends of a period are times, and 至 stands between them without a space.
		s = regexp.MustCompile(`\{\{\.From\}\}(至)?\{\{\.To\}\}`).ReplaceAllString(s, "1字")
		// The rest may be anything, like what somebody typed.
		return regexp.MustCompile(`\{\{[^}]*\}\}`).ReplaceAllString(s, "　")
	}
	close := regexp.MustCompile(`\p{Han}[A-Za-z0-9]|[A-Za-z0-9%]\p{Han}`)
	apart := regexp.MustCompile(`\p{Han} \p{Han}|[，。；：、？！（）“”] | [，。；：、？！（）“”]`)
	for id, m := range messages(t, chinese) {
		// Two are made of parts only; in the others a quantity's name is a bare number's.
		if slices.Contains([]string{"term.span", "date.zoned", "line.in_full", "error_page.status", "problem.term_below_minimum"}, id) {
			continue
		}
		s := filled(m)
		// A quantity has its own space: 1 字.
		s = strings.ReplaceAll(s, "1字", "1 字")
		if close.MatchString(s) {
			t.Errorf("%s lacks a space between Chinese and Latin: %s (%s)", id, m.Other, s)
		}
		if apart.MatchString(s) {
			t.Errorf("%s has a space inside Chinese: %s (%s)", id, m.Other, s)
		}
	}
}

// TestChinesePunctuation knows the marks that are typed by mistake.
func TestChinesePunctuation(t *testing.T) {
	// A half-width mark after or before a Chinese character is a slip of the keyboard.
	slip := regexp.MustCompile(`\p{Han}[,;:?!.()]|[,;:?!()]\p{Han}`)
	// Chinese has its own quotation marks here, and an ellipsis of six dots.
	foreign := regexp.MustCompile(`["']|「|」|\.\.\.|[^…]…$`)
	for id, m := range messages(t, chinese) {
		if slip.MatchString(m.Other) {
			t.Errorf("zh-Hans.toml: %s has half-width punctuation: %s", id, m.Other)
		}
		if foreign.MatchString(m.Other) {
			t.Errorf("zh-Hans.toml: %s has marks that are not Chinese: %s", id, m.Other)
		}
		if strings.Count(m.Other, "“") != strings.Count(m.Other, "”") || strings.Count(m.Other, "（") != strings.Count(m.Other, "）") {
			t.Errorf("zh-Hans.toml: %s opens and does not close: %s", id, m.Other)
		}
	}
}

// TestChineseKeepsToItsWords reads docs/words.md: a thing has one name, and the
// names in the last column are not it.
func TestChineseKeepsToItsWords(t *testing.T) {
	raw, err := os.ReadFile("../docs/words.md")
	if err != nil {
		t.Fatal(err)
	}
	all := messages(t, chinese)
	rows := 0
	for line := range strings.Lines(string(raw)) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		if len(cells) != 4 || strings.HasPrefix(cells[0], "-") || strings.TrimSpace(cells[3]) == "Not" {
			continue
		}
		rows++
		for _, not := range strings.FieldsFunc(strings.TrimSpace(cells[3]), func(r rune) bool { return r == '、' }) {
			for id, m := range all {
				if strings.Contains(m.Other, not) {
					t.Errorf("zh-Hans.toml: %s says %s, which is %s here: %s", id, not, strings.TrimSpace(cells[1]), m.Other)
				}
			}
		}
	}
	if rows < 30 {
		t.Errorf("only %d words were found", rows)
	}
}
