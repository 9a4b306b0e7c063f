package mail

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"

	"portal/locales"
	"portal/views"
)

// message makes a letter into what a mail server takes: text and HTML of the same
// words. Its Message-ID goes by once, the mail's key, so that whoever gets it in two
// ways sees that it is one.
func (s *Sender) message(ctx context.Context, letter views.Letter, once, to string, now time.Time) (*gomail.Msg, error) {
	var html bytes.Buffer
	if err := views.LetterPage(letter).Render(ctx, &html); err != nil {
		return nil, err
	}
	m := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	m.FromMailAddress(&s.server.From)
	if err := m.To(to); err != nil {
		return nil, fmt.Errorf("the reader's address is none that a mail can go to")
	}
	sum := sha256.Sum256([]byte(s.origin + "\n" + once))
	_, domain, _ := strings.Cut(s.server.From.Address, "@")
	m.SetMessageIDWithValue(hex.EncodeToString(sum[:16]) + "@" + domain)
	m.SetDateWithValue(now)
	m.Subject(letter.Subject)
	m.SetGenHeader("Content-Language", locales.From(ctx).Tag())
	// No answer of a machine, please (RFC 3834; Exchange goes by its own).
	m.SetGenHeader("Auto-Submitted", "auto-generated")
	m.SetGenHeader("X-Auto-Response-Suppress", "All")
	m.SetBodyString(gomail.TypeTextPlain, letter.Text())
	m.AddAlternativeString(gomail.TypeTextHTML, html.String())
	return m, nil
}

// in is a context whose letters are in a reader's language: the one that they
// chose, else the portal's.
func in(ctx context.Context, language string) context.Context {
	return locales.With(ctx, locales.For(language, ""))
}
