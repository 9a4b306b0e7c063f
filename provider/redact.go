package provider

import (
	"cmp"
	"html"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// How much of the provider's texts is kept, in bytes.
const (
	maxCode     = 128 // also ids
	maxMessage  = 1 << 10
	maxResponse = 4 << 10
	maxReadable = 16 << 10 // looked at before redacting; no text is longer afterwards
)

// hidden stands where a secret stood.
const hidden = "[redacted]"

const (
	// minSecret is the shortest value that is taken for a secret, in bytes.
	// Shorter ones would riddle every text.
	minSecret = 4
	// minFragment is the shortest beginning of a secret that is taken for one.
	minFragment = 8
	// minSecretInID is longer than anything that could be part of an id by chance.
	minSecretInID = 16
)

// redactor takes secrets out of texts, in every spelling that a server is known
// to echo them in: plain, URL-encoded (in a string-to-sign even twice or more),
// JSON- and HTML-escaped, in any case.
type redactor struct {
	forms []string // lower case, the longest first
}

func newRedactor(secrets ...string) redactor { return redactorFor(minSecret, secrets) }

// redactorFor takes values shorter than shortest for no secrets.
func redactorFor(shortest int, secrets []string) redactor {
	var forms []string
	for _, s := range secrets {
		if len(s) >= shortest {
			forms = append(forms, spellings(s)...)
		}
	}
	for i, f := range forms {
		forms[i] = lower(f)
	}
	slices.SortFunc(forms, func(a, b string) int {
		return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b))
	})
	return redactor{slices.Compact(forms)}
}

// spellings lists s in every combination of up to three escapings.
func spellings(s string) []string {
	all := []string{s}
	last := all
	for range 3 {
		var next []string
		for _, f := range last {
			for _, escape := range escapings {
				if e := escape(f); !slices.Contains(all, e) && !slices.Contains(next, e) {
					next = append(next, e)
				}
			}
		}
		all = append(all, next...)
		last = next
	}
	return all
}

var escapings = []func(string) string{
	url.QueryEscape,
	strings.NewReplacer("%", "%25", "+", "%2B", "/", "%2F", "=", "%3D", "&", "%26", "*", "%2A", " ", "%20").Replace,
	strings.NewReplacer("/", `\/`).Replace,
	strings.NewReplacer("+", `\u002b`, "=", `\u003d`, "&", `\u0026`, "<", `\u003c`, ">", `\u003e`, `"`, `\"`).Replace,
	html.EscapeString,
	strings.NewReplacer("&", "&amp;", "+", "&#43;", "<", "&lt;", ">", "&gt;", `"`, "&#34;").Replace,
}

// text is s without secrets, fit to be stored and shown, and no longer than
// limit bytes and a mark.
func (r redactor) text(s string, limit int) string {
	whole := len(s) <= maxReadable
	if !whole {
		s = s[:maxReadable]
	}
	s = r.hide(s)
	s = strings.Map(func(c rune) rune {
		// A database may refuse what a terminal would obey.
		if unicode.IsControl(c) && c != '\n' && c != '\t' {
			return utf8.RuneError
		}
		return c
	}, strings.ToValidUTF8(s, string(utf8.RuneError)))
	if whole && len(s) <= limit {
		return s
	}
	return strings.ToValidUTF8(s[:min(limit, len(s))], "") + "…"
}

func (r redactor) hide(s string) string {
	low := lower(s)
	for _, form := range r.forms {
		for from := 0; ; {
			i := strings.Index(low[from:], form)
			if i < 0 {
				break
			}
			i += from
			s = s[:i] + hidden + s[i+len(form):]
			low = low[:i] + hidden + low[i+len(form):]
			from = i + len(hidden)
		}
	}
	if n := r.fragment(low); n > 0 {
		s = s[:len(s)-n] + hidden
	}
	return s
}

// fragment is the length of a secret's beginning at the end of a text that was
// cut in the middle of it.
func (r redactor) fragment(low string) int {
	longest := 0
	for _, form := range r.forms {
		for n := min(len(form)-1, len(low)); n >= minFragment && n > longest; n-- {
			if strings.HasSuffix(low, form[:n]) {
				longest = n
			}
		}
	}
	return longest
}

// lower is s in lower case, ASCII only, byte for byte as long as s.
func lower(s string) string {
	b := []byte(s)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}
