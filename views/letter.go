package views

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"portal/models"
)

// LetterProps is what an e-mail tells. Which of its fields are there goes by the
// kind.
type LetterProps struct {
	Kind    models.MailKind
	Origin  string      // the portal's address, without a slash at its end
	Reader  models.User // who gets it; of somebody who is invited, the address alone
	Seller  string      // the reseller whose people the reader is of, by whose name pages go; empty for the portal's own
	Account models.Account
	Order   models.Order
	Quote   models.Quote
	Note    string     // why the order was declined
	EndsAt  *time.Time // the end that it reminds of (UTC)
	Now     time.Time  // UTC
	// Place is where somebody is invited to, By who invites them, Link where they
	// accept until Until.
	Place, By, Link string
	Until           time.Time // UTC
}

// Letter is an e-mail, in one language: what its text and its HTML are both made
// of.
type Letter struct {
	Subject string
	Title   string
	Body    []string // paragraphs
	Quoted  string   // somebody's own words
	Facts   []LetterFact
	Action  string // what URL is for
	URL     string
	Foot    []string
	Brand   string
}

// LetterFact is a line of a letter's table.
type LetterFact struct{ Name, Value string }

// seenBy is the order as the reader of a letter may see it. It is the one place
// that every sum in a letter comes through.
func seenBy(reader models.User, o models.Order) models.Order {
	return o.For(models.Viewer{User: reader})
}

// letterMoney is what happened to the money, as the reader's page says it.
func letterMoney(ctx context.Context, p LetterProps, o models.Order) string {
	if resold(Page{Viewer: &models.Viewer{User: p.Reader}}, p.Account) {
		return resoldMoney(ctx, o)
	}
	return orderMoney(ctx, o)
}

// NewLetter writes an e-mail in the language of the context.
func NewLetter(ctx context.Context, p LetterProps) Letter {
	o := seenBy(p.Reader, p.Order)
	l := Letter{Brand: product(ctx, Page{Seller: p.Seller}), Title: t(ctx, "letter.title."+string(p.Kind))}
	orderPage := p.Origin + string(orderURL(o.Number))
	fact := func(name, value string) {
		if value != "" {
			l.Facts = append(l.Facts, LetterFact{name, value})
		}
	}
	aboutOrder := func() {
		fact(t(ctx, "orders.number"), o.Number)
		fact(t(ctx, "orders.account"), p.Account.Name)
		fact(t(ctx, "orders.what"), t(ctx, "kind."+string(o.Kind))+t(ctx, "list.separator")+receiptWords(ctx, o, p.Quote))
		fact(t(ctx, "letter.sum."+side(o.Kind)), money(ctx, o.TotalFen))
	}
	switch p.Kind {
	case models.MailReceipt, models.MailRefund:
		l.Title = t(ctx, "letter.done."+string(o.Kind))
		l.Subject = t(ctx, "letter.subject."+string(p.Kind), "Number", o.Number, "What", l.Title)
		if p.Kind == models.MailReceipt && o.EndsAt != nil {
			l.Subject = t(ctx, "letter.subject_until."+string(o.Kind), "Number", o.Number, "Day", date(ctx, *o.EndsAt))
		}
		l.Body = []string{letterMoney(ctx, p, o), t(ctx, "letter.keep")}
		aboutOrder()
		if o.StartsAt != nil {
			fact(t(ctx, "order.starts."+string(o.Kind)), exact(ctx, *o.StartsAt))
		}
		if o.EndsAt != nil {
			fact(t(ctx, "order.ends."+string(o.Kind)), exact(ctx, *o.EndsAt))
		}
		fact(t(ctx, "order.provider_order_id"), o.ProviderOrderID)
		fact(t(ctx, "account.instance_id"), o.InstanceID)
		l.Action, l.URL = t(ctx, "letter.open_order"), orderPage
	case models.MailAsked:
		l.Subject = t(ctx, "letter.subject."+string(p.Kind), "Number", o.Number, "Account", p.Account.Name)
		l.Body = []string{t(ctx, "letter.asked", "Account", p.Account.Name, "Until", o.PlacedAt.Add(models.ApprovalLimit))}
		aboutOrder()
		l.Action, l.URL = t(ctx, "letter.decide"), orderPage
	case models.MailApproved:
		l.Subject = t(ctx, "letter.subject."+string(p.Kind), "Number", o.Number)
		l.Body = []string{t(ctx, "letter.approved")}
		aboutOrder()
		l.Action, l.URL = t(ctx, "letter.open_order"), orderPage
	case models.MailDeclined:
		l.Subject = t(ctx, "letter.subject."+string(p.Kind), "Number", o.Number)
		l.Body = []string{t(ctx, "letter.declined")}
		l.Quoted = p.Note
		aboutOrder()
		l.Action, l.URL = t(ctx, "letter.open_order"), orderPage
	case models.MailLapsed:
		l.Subject = t(ctx, "letter.subject."+string(p.Kind), "Number", o.Number)
		l.Body = []string{t(ctx, "letter.lapsed"), t(ctx, "letter.lapsed_do")}
		aboutOrder()
		l.Action, l.URL = t(ctx, "letter.open_order"), orderPage
	case models.MailExpiry:
		l.expiry(ctx, p)
		fact(t(ctx, "orders.account"), p.Account.Name)
		fact(t(ctx, "letter.ends"), exact(ctx, *p.EndsAt))
		l.Action, l.URL = t(ctx, "letter.renew"), p.Origin+string(kindURL(p.Account.ID, models.Renew))
		if p.Account.SuspendedAt != nil {
			l.Action, l.URL = t(ctx, "letter.open_account"), p.Origin+string(accountURL(p.Account.ID))
		}
	case models.MailInvited:
		l.Subject = t(ctx, "letter.subject."+string(p.Kind), "Product", l.Brand, "Place", p.Place)
		l.Body = []string{
			t(ctx, "letter.invited", "By", p.By, "Product", l.Brand, "Place", p.Place, "Until", p.Until),
			t(ctx, "letter.invited_not_you"),
		}
		l.Action, l.URL = t(ctx, "letter.accept"), p.Link
	}
	l.Foot = append(l.Foot, t(ctx, "letter.foot", "Product", l.Brand, "Email", p.Reader.Email), t(ctx, "layout.decides"))
	l.Subject, l.Title = oneLine(l.Subject), oneLine(l.Title)
	return l
}

// TestLetter is what tries a mail server out.
func TestLetter(ctx context.Context, origin, email string) Letter {
	brand := t(ctx, "layout.product")
	return Letter{
		Brand: brand, Subject: t(ctx, "letter.test.subject", "Product", brand), Title: t(ctx, "letter.test.subject", "Product", brand),
		Body: []string{t(ctx, "letter.test.body")}, Action: brand, URL: origin,
		Foot: []string{t(ctx, "letter.foot", "Product", brand, "Email", email)},
	}
}

// expiry says when what the account holds ends, or ended.
func (l *Letter) expiry(ctx context.Context, p LetterProps) {
	ends, left := *p.EndsAt, models.DaysUntil(p.Now, *p.EndsAt)
	switch {
	case !p.Now.Before(ends):
		l.Title = t(ctx, "letter.ended")
	case left == 0:
		l.Title = t(ctx, "letter.ends_today")
	default:
		l.Title = n(ctx, "letter.ends_in", left)
	}
	l.Subject = t(ctx, "letter.subject."+string(p.Kind), "What", l.Title, "Account", p.Account.Name, "Day", date(ctx, ends))
	why := "letter.expiry_what"
	if p.Account.SuspendedAt != nil {
		why = "letter.expiry_suspended"
	}
	l.Body = []string{t(ctx, "letter.expiry", "Account", p.Account.Name, "At", exact(ctx, ends)), t(ctx, why)}
}

// oneLine is text without what would begin another line of a header.
func oneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, s)
	return strings.Join(strings.Fields(s), " ")
}

// Text is the letter without markup.
func (l Letter) Text() string {
	var b strings.Builder
	paragraph := func(s string) { b.WriteString(oneLine(s) + "\n\n") }
	paragraph(l.Title)
	for _, s := range l.Body {
		paragraph(s)
	}
	for line := range strings.Lines(l.Quoted) {
		b.WriteString("> " + oneLine(line) + "\n")
	}
	if l.Quoted != "" {
		b.WriteString("\n")
	}
	for _, f := range l.Facts {
		b.WriteString(oneLine(f.Name) + ": " + oneLine(f.Value) + "\n")
	}
	if len(l.Facts) > 0 {
		b.WriteString("\n")
	}
	b.WriteString(oneLine(l.Action) + ":\n")
	b.WriteString(l.URL + "\n\n-- \n")
	for _, s := range l.Foot {
		b.WriteString(oneLine(s) + "\n")
	}
	return b.String()
}

// mailWhen is since when a mail is where it is.
func mailWhen(m models.Mail) time.Time {
	if m.SettledAt != nil {
		return *m.SettledAt
	}
	return m.DueAt
}

// mailWhy says why a mail is where it is, empty where its state says all.
func mailWhy(ctx context.Context, m models.Mail) string {
	if m.Why == models.MailNoReason {
		return ""
	}
	why := t(ctx, "mail_why."+string(m.Why))
	if m.Reply > 0 {
		why += t(ctx, "list.separator") + t(ctx, "mails.reply", "Code", strconv.Itoa(m.Reply))
	}
	return why
}

func mailLook(m models.Mail) look {
	switch {
	case m.State == models.MailSent:
		return look{"ok", "check"}
	case slices.Contains([]models.MailState{models.MailFailed, models.MailUncertain}, m.State):
		return look{"warn", "alert"}
	}
	return look{"info", "clock"}
}
