package locales

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"

	"portal/models"
)

// Localizer speaks one language. It is safe for concurrent use.
type Localizer struct {
	tag string
	cat *catalogue
}

var localizers = func() map[string]*Localizer {
	out := map[string]*Localizer{}
	for tag, cat := range catalogues {
		out[tag] = &Localizer{tag: tag, cat: cat}
	}
	return out
}()

// For picks the reader's language: the one chosen on a page or kept for the
// user, else the first one of the browser's Accept-Language that the portal
// speaks, else Chinese. Any Chinese is served zh-Hans, any English en.
func For(chosen, acceptLanguage string) *Localizer {
	if l := match(chosen); l != nil {
		return l
	}
	if l := match(acceptLanguage); l != nil {
		return l
	}
	return localizers[chinese]
}

// match finds the first language in list that the portal speaks.
func match(list string) *Localizer {
	// A header that is not a list of languages says nothing; what could be read
	// of it before the error is left out as well.
	tags, quality, err := language.ParseAcceptLanguage(list)
	if err != nil {
		return nil
	}
	for i, tag := range tags {
		if quality[i] <= 0 {
			continue // "en;q=0": anything but English
		}
		base, sure := tag.Base()
		if sure == language.No {
			continue
		}
		switch base.String() {
		case "zh":
			return localizers[chinese]
		case "en":
			return localizers[english]
		}
	}
	return nil
}

type contextKey struct{}

// With returns a context whose pages are written by l.
func With(ctx context.Context, l *Localizer) context.Context {
	return context.WithValue(ctx, contextKey{}, l)
}

// From returns the context's localizer; Chinese when it has none.
func From(ctx context.Context) *Localizer {
	if l, ok := ctx.Value(contextKey{}).(*Localizer); ok && l != nil {
		return l
	}
	return localizers[chinese]
}

// Tag is the language as HTML's lang attribute wants it.
func (l *Localizer) Tag() string { return l.tag }

// Has says whether there are words under key: for families of keys that come
// from outside, like the provider's codes.
func (l *Localizer) Has(key string) bool { return l.cat.all[key] }

// T returns the words under key. The pairs are a placeholder's name and its
// value, in turn; sums, times, terms and whole numbers are written as the
// language writes them. A message with plural forms goes by "Count", or by the
// first whole number among the pairs.
func (l *Localizer) T(key string, pairs ...any) string {
	if s, ok := l.cat.plain[key]; ok {
		return s
	}
	if !l.cat.all[key] {
		return missing(l.tag, key)
	}
	config := i18n.LocalizeConfig{MessageID: key}
	data := make(map[string]any, len(pairs)/2)
	for i := 0; i+1 < len(pairs); i += 2 {
		name, ok := pairs[i].(string)
		if !ok {
			return fault("locales: %s: pair %d of %q has no name", l.tag, i/2, key)
		}
		value := pairs[i+1]
		if n, ok := counted(value); ok && l.cat.plural[key] && (config.PluralCount == nil || name == "Count") {
			config.PluralCount = n
		}
		data[name] = l.write(value)
	}
	config.TemplateData = data
	s, err := l.cat.engine.Localize(&config)
	if err != nil {
		return fault("locales: %s: %q: %v", l.tag, key, err)
	}
	if strict && strings.Contains(s, "<no value>") {
		return fault("locales: %s: %q lacks a value: %s", l.tag, key, s)
	}
	return s
}

// N is T for a message that goes by count, which it knows as .Count.
func (l *Localizer) N(key string, count int, pairs ...any) string {
	return l.T(key, append([]any{"Count", count}, pairs...)...)
}

// write turns a placeholder's value into words.
func (l *Localizer) write(value any) any {
	switch v := value.(type) {
	case models.Fen:
		return l.Money(v)
	case models.Term:
		return l.Term(v)
	case Off:
		return l.Off(v)
	case time.Time:
		return l.DateTime(v)
	}
	if n, ok := whole(value); ok {
		return l.Number(int64(n))
	}
	return value
}

// whole reads a count.
func whole(value any) (int, bool) {
	switch v := value.(type) {
	case int:
		return v, true
	case int64:
		return int(v), true
	}
	return 0, false
}

// counted is whole for choosing a plural form, which a number that is written
// already decides as well.
func counted(value any) (int, bool) {
	if s, ok := value.(string); ok {
		n, err := strconv.Atoi(s)
		return n, err == nil
	}
	return whole(value)
}

// missing is what stands where words should: the key, to be quoted.
func missing(tag, key string) string {
	if strict {
		panic("locales: " + tag + " has no words for " + key)
	}
	return key
}

func fault(format string, args ...any) string {
	s := fmt.Sprintf(format, args...)
	if strict {
		panic(s)
	}
	return s
}
