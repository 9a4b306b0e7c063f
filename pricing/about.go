package pricing

import (
	"maps"
	"net/url"
	"strings"
	"unicode/utf8"

	"portal/models"
)

// Languages are the ones that a book's words may be in; a page in another shows
// none. They are the portal's.
var Languages = []string{"zh-Hans", "en"}

// maxAbout is the most characters that an edition is described in: it is read
// beside the other one's, on a phone.
const maxAbout = 120

// About is what the book says of an edition, by language; empty for nothing.
// Words are no part of Hash: no sum goes by them.
func (b *Book) About(name models.Edition) map[string]string {
	e, _ := b.edition(name)
	return maps.Clone(e.about)
}

// CompareURL is the provider's own page about the editions' differences, in https;
// empty for none.
func (b *Book) CompareURL() string { return b.compareURL }

func readAbout(t *table) map[string]string {
	const key = "about"
	if !t.has(key) {
		return nil
	}
	values, ok := read[map[string]any](t, key, `a table such as { zh-Hans = "…", en = "…" }`)
	if !ok {
		return nil
	}
	words := newTable(t.key(key), values, t.problems)
	about := map[string]string{}
	for _, language := range Languages { // all, so that no reader is left out
		s, ok := read[string](words, language, "a sentence about the edition")
		if ok && (strings.TrimSpace(s) == "" || utf8.RuneCountInString(s) > maxAbout || strings.ContainsFunc(s, func(r rune) bool { return r < ' ' })) {
			t.problems.add(words.key(language), "%.40q has to be one line of up to %d characters", s, maxAbout)
		}
		about[language] = s
	}
	words.refuseRest()
	return about
}

func readCompareURL(t *table) string {
	const key, example = "compare_url", `an https address, such as "https://help.example.com/editions"`
	if !t.has(key) {
		return ""
	}
	s, ok := read[string](t, key, example)
	if u, err := url.Parse(s); ok && (err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil) {
		t.problems.add(t.key(key), "%.40q can't be a link; write %s", s, example)
	}
	return s
}
