package views

import (
	"context"
	"io"
	"strings"
	"time"

	"github.com/a-h/templ"

	"portal/locales"
	"portal/models"
)

// Shortcuts for templates. The localizer comes with the context; every word
// comes from locales/.

func t(ctx context.Context, key string, pairs ...any) string {
	return locales.From(ctx).T(key, pairs...)
}

func n(ctx context.Context, key string, count int, pairs ...any) string {
	return locales.From(ctx).N(key, count, pairs...)
}

func lang(ctx context.Context) string { return locales.From(ctx).Tag() }

func money(ctx context.Context, f models.Fen) string { return locales.From(ctx).Money(f) }

func date(ctx context.Context, at time.Time) string { return locales.From(ctx).Date(at) }

func month(ctx context.Context, at time.Time) string { return locales.From(ctx).Month(at) }

func dateTime(ctx context.Context, at time.Time) string { return locales.From(ctx).DateTime(at) }

func exact(ctx context.Context, at time.Time) string { return locales.From(ctx).Exact(at) }

func stamp(ctx context.Context, at time.Time) string { return locales.From(ctx).Stamp(at) }

func term(ctx context.Context, tm models.Term) string { return locales.From(ctx).Term(tm) }

func months(ctx context.Context, m int) string { return locales.From(ctx).Months(m) }

func days(ctx context.Context, count int) string { return locales.From(ctx).Days(count) }

// span writes a time of whole months and days.
func span(ctx context.Context, m, d int) string { return locales.From(ctx).Span(m, d) }

func machines(ctx context.Context, count int) string { return n(ctx, "machines", count) }

func edition(ctx context.Context, e models.Edition) string { return t(ctx, "edition."+string(e)) }

// mailed writes an address, or words with one: where there is no room, a line ends
// behind its @ and its dots, not inside a word.
func mailed(words string) templ.Component {
	return templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		_, err := io.WriteString(w, afterMarks.Replace(templ.EscapeString(words)))
		return err
	})
}

var afterMarks = strings.NewReplacer("@", "@<wbr>", ".", ".<wbr>")

// said writes words so that no line ends inside a date, or between a time and
// its zone.
func said(words string) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		var b strings.Builder
		for _, p := range locales.From(ctx).Pieces(words) {
			if p.Whole {
				b.WriteString(`<span class="keep">` + templ.EscapeString(p.Text) + `</span>`)
			} else {
				b.WriteString(templ.EscapeString(p.Text))
			}
		}
		_, err := io.WriteString(w, b.String())
		return err
	})
}

// other lists the languages that the page is not in.
func other(ctx context.Context) []string {
	var out []string
	for _, tag := range locales.Tags() {
		if tag != lang(ctx) {
			out = append(out, tag)
		}
	}
	return out
}

// rfc3339 is what a time element's datetime attribute takes.
func rfc3339(at time.Time) string { return at.UTC().Format(time.RFC3339) }

// listed joins short phrases as the language does.
func listed(ctx context.Context, parts ...string) string {
	return strings.Join(parts, t(ctx, "list.separator"))
}
