package mail_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/http"
	netmail "net/mail"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/html"

	"portal/dbtest"
	"portal/mail"
	"portal/mailtest"
	"portal/models"
	"portal/portaltest"
	"portal/store"
)

const origin = "https://portal.example.com"

// post is a whole portal with a mail server and a sender.
type post struct {
	*portaltest.Portal
	smtp   *mailtest.Server
	sender *mail.Sender
}

func newPost(t *testing.T) *post {
	t.Helper()
	p := &post{Portal: portaltest.New(t), smtp: mailtest.Listen(t, "127.0.0.1:0")}
	if err := p.Store.SetMailing(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	p.sender = p.senderTo(p.Store, p.server())
	return p
}

// server is the mail server as settings name it.
func (p *post) server() mail.Server {
	p.T.Helper()
	host, port, err := net.SplitHostPort(p.smtp.Addr)
	if err != nil {
		p.T.Fatal(err)
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		p.T.Fatal(err)
	}
	return mail.Server{
		Host: host, Port: n, User: mailtest.User, Password: mailtest.Password, Security: mail.StartTLS,
		From: netmail.Address{Name: "Portal", Address: "portal@example.com"}, Roots: p.smtp.Roots,
	}
}

func (p *post) senderTo(s mail.Outbox, server mail.Server) *mail.Sender {
	return mail.NewSender(s, server, origin, slog.New(slog.NewJSONHandler(p.Log, nil)))
}

// mails are what the outbox holds about an order.
func (p *post) mails(o models.Order) []models.Mail {
	p.T.Helper()
	mails, err := p.Store.MailsAbout(p.T.Context(), o.ID)
	if err != nil {
		p.T.Fatal(err)
	}
	return mails
}

// is fails unless the one mail about an order is in this state.
func (p *post) is(o models.Order, state models.MailState, why models.MailWhy) models.Mail {
	p.T.Helper()
	mails := p.mails(o)
	if len(mails) != 1 || mails[0].State != state || mails[0].Why != why {
		p.T.Fatalf("want one mail, %s (%s): %+v\n%s", state, why, mails, p.Log)
	}
	return mails[0]
}

func (p *post) took(n int) []mailtest.Message {
	p.T.Helper()
	got := p.smtp.Messages()
	if len(got) != n {
		p.T.Fatalf("the mail server took %d messages, want %d\n%s", len(got), n, p.Log)
	}
	return got
}

// message is a message, read as a mail program does.
type message struct {
	header     netmail.Header
	subject    string
	text, html string
	links      []string
}

func read(t *testing.T, m mailtest.Message) message {
	t.Helper()
	parsed, err := netmail.ReadMessage(bytes.NewReader(m.Data))
	if err != nil {
		t.Fatal(err)
	}
	r := message{header: parsed.Header}
	if r.subject, err = new(mime.WordDecoder).DecodeHeader(parsed.Header.Get("Subject")); err != nil {
		t.Fatal(err)
	}
	kind, params, err := mime.ParseMediaType(parsed.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/alternative" {
		t.Fatal(kind, err)
	}
	parts := multipart.NewReader(parsed.Body, params["boundary"])
	for {
		part, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil || part.Header.Get("Content-Transfer-Encoding") != "quoted-printable" {
			t.Fatal(part, err)
		}
		body, err := io.ReadAll(quotedprintable.NewReader(part))
		if err != nil {
			t.Fatal(err)
		}
		switch kind, _, _ := mime.ParseMediaType(part.Header.Get("Content-Type")); kind {
		case "text/plain":
			r.text = strings.ReplaceAll(string(body), "\r\n", "\n")
		case "text/html":
			r.html = string(body)
		}
	}
	doc, err := html.Parse(strings.NewReader(r.html))
	if err != nil || r.text == "" || r.html == "" {
		t.Fatal(err, r)
	}
	for n := range doc.Descendants() {
		for _, a := range n.Attr {
			switch {
			case n.Data == "a" && a.Key == "href":
				r.links = append(r.links, a.Val)
			case a.Key == "src" || a.Key == "href" || strings.HasPrefix(a.Key, "on"):
				t.Errorf("the message fetches or runs something: <%s %s=%q>", n.Data, a.Key, a.Val)
			}
		}
		if n.Data == "script" || n.Data == "img" || n.Data == "link" {
			t.Errorf("<%s> in a message", n.Data)
		}
	}
	return r
}

// TestAReceiptArrivesOnce, for a customer in their language, as text and HTML, and
// with headers that mail programs go by.
func TestAReceiptArrivesOnce(t *testing.T) {
	for language, want := range map[string]struct{ subject, sum, action string }{
		"en":      {"^Receipt for order (P\\S+): bought until \\d+ \\w+ \\d{4}$", "CN¥", "Open the order"},
		"zh-Hans": {"^订单 (P\\S+) 凭证：购买成功，有效期至 \\d{4}年\\d+月\\d+日$", "¥", "查看订单"},
		"":        {"^订单 (P\\S+) 凭证：", "¥", "查看订单"},
	} {
		t.Run("language "+language, func(t *testing.T) {
			p := newPost(t)
			lin := p.Viewer("lin@example.com")
			if language != "" {
				if err := p.Store.SetLanguage(t.Context(), lin.User.ID, language); err != nil {
					t.Fatal(err)
				}
			}
			// Another account's customer is told nothing.
			other := p.AddAccount(1000000000000099, "Another", nil)
			p.AddUser("other@example.com", models.Customer, &other, nil)
			o := p.SignedIn("lin@example.com").Carry(models.Buy)
			p.took(0)
			p.sender.RunOnce(t.Context())
			p.sender.RunOnce(t.Context())
			got := p.took(1)[0]
			p.is(o, models.MailSent, models.MailNoReason)
			m := read(t, got)
			subject := regexp.MustCompile(want.subject).FindStringSubmatch(m.subject)
			if subject == nil || subject[1] != o.Number {
				t.Fatalf("%q", m.subject)
			}
			page := origin + "/orders/" + o.Number
			if !slices.Equal(m.links, []string{page}) || !strings.Contains(m.text, "\n"+page+"\n") {
				t.Errorf("%v\n%s", m.links, m.text)
			}
			sum := want.sum
			for _, s := range []string{o.Number, "Linhai Trading", o.InstanceID, o.ProviderOrderID, sum, want.action} {
				if !strings.Contains(m.text, s) || !strings.Contains(m.html, s) {
					t.Errorf("%q is not in both\n%s\n%s", s, m.text, m.html)
				}
			}
			if got.To != "lin@example.com" || got.From != "portal@example.com" {
				t.Error(got.From, got.To)
			}
			tag := language
			if tag == "" {
				tag = "zh-Hans"
			}
			for name, want := range map[string]string{
				"Content-Language": tag, "Auto-Submitted": "auto-generated", "To": "<lin@example.com>", "Mime-Version": "1.0",
			} {
				if got := m.header.Get(name); got != want {
					t.Errorf("%s: %q", name, got)
				}
			}
			if _, err := m.header.Date(); err != nil || !regexp.MustCompile(`^<[0-9a-f]{32}@example\.com>$`).MatchString(m.header.Get("Message-Id")) {
				t.Error(err, m.header)
			}
			if !strings.Contains(m.html, `lang="`+tag+`"`) {
				t.Error(m.html)
			}
			if strings.Contains(p.Log.String(), "lin@example.com") || strings.Contains(p.Log.String(), mailtest.Password) {
				t.Error("the log says who reads it, or the password\n" + p.Log.String())
			}
		})
	}
}

// TestWhoIsToldOfARefund: the account's customers, and whoever asked for it on
// their behalf.
func TestWhoIsToldOfARefund(t *testing.T) {
	p := newPost(t)
	p.SignedIn("lin@example.com").Carry(models.Buy)
	o := p.SignedIn("operator@example.com").Carry(models.Refund)
	p.sender.RunOnce(t.Context())
	var to []string
	for _, m := range p.took(3)[1:] {
		to = append(to, m.To)
		if s := read(t, m).subject; !strings.Contains(s, o.Number) || !strings.Contains(s, "退款") {
			t.Error(s)
		}
	}
	if slices.Sort(to); !slices.Equal(to, []string{"lin@example.com", "operator@example.com"}) {
		t.Error(to)
	}
}

// TestApprovalIsAskedAndGivenByMail, and declined with the reason, and not given
// in time.
func TestApprovalIsAskedAndGivenByMail(t *testing.T) {
	p := newPost(t)
	reseller, err := p.Store.AddReseller(t.Context(), "Reseller")
	if err != nil {
		t.Fatal(err)
	}
	account := p.AddAccount(1000000000000088, "Beichen", &reseller)
	p.AddUser("chen@example.com", models.Customer, &account, nil)
	p.AddUser("admin@example.com", models.ResellerAdmin, nil, &reseller)
	for _, email := range []string{"chen@example.com", "admin@example.com", "lin@example.com", "operator@example.com"} {
		if err := p.Store.SetLanguage(t.Context(), p.Viewer(email).User.ID, "en"); err != nil {
			t.Fatal(err)
		}
	}
	for customer, asked := range map[string]string{"lin@example.com": "operator@example.com", "chen@example.com": "admin@example.com"} {
		v := p.Viewer(customer)
		admin := models.By{Viewer: p.Viewer(asked), RequestID: "r", Address: "192.0.2.1"}
		if err := p.Store.SetLimits(t.Context(), admin, *v.User.AccountID, nil, new(models.Fen)); err != nil {
			t.Fatal(err)
		}
		place := func() (models.Order, string) {
			before := len(p.smtp.Messages())
			path := "/accounts/" + strconv.FormatInt(*v.User.AccountID, 10) + "/quote?kind=buy"
			b := p.SignedIn(customer)
			quote := b.Post(path, portaltest.Answers(models.Buy)).Location
			o, err := p.Store.Order(t.Context(), v, b.Place(quote))
			if err != nil {
				t.Fatal(err)
			}
			p.sender.RunOnce(t.Context())
			got := p.took(before + 1)[before]
			if m := read(t, got); got.To != asked || m.links[0] != origin+"/orders/"+o.Number || !strings.Contains(m.subject, "Approval needed") {
				t.Errorf("%s: %q", got.To, m.subject)
			}
			return o, quote
		}
		told := func(subject, words string) {
			t.Helper()
			p.sender.RunOnce(t.Context())
			all := p.smtp.Messages()
			got := all[len(all)-1]
			m := read(t, got)
			if got.To != customer || !strings.Contains(m.subject, subject) || !strings.Contains(m.text, words) || !strings.Contains(m.html, words) {
				t.Errorf("%s: %q\n%s", got.To, m.subject, m.text)
			}
		}
		o, _ := place()
		if err := p.Store.DeclineOrder(t.Context(), admin, o.Number, "not this year"); err != nil {
			t.Fatal(err)
		}
		told("has not been approved", "not this year")
		o, _ = place()
		p.Pass(models.ApprovalLimit)
		p.Settle(o.Number)
		told("was not approved in time", "Nobody approved your order within 72 hours")
		o, _ = place()
		page := p.SignedIn(asked).Post("/orders/"+o.Number+"/approve", url.Values{})
		if page.Status != 303 {
			t.Fatal(page.Status, page.Text())
		}
		told("has been approved", o.Number)
		p.Settle(o.Number)
		told("Receipt for order", o.Number)
	}
}

// TestTheMailServerSaysNo: what it provably did not take is tried again, with
// growing pauses and for a day; what it will never take is not.
func TestTheMailServerSaysNo(t *testing.T) {
	p := newPost(t)
	o := p.SignedIn("lin@example.com").Carry(models.Buy)
	secret := "secret-words-of-the-server"
	for _, f := range []mailtest.Fault{
		{At: mailtest.AtSender, Code: 451, Text: secret}, {At: mailtest.AtReader, Code: 450, Text: secret},
		{At: mailtest.AtMessage, Code: 452, Text: secret}, {At: mailtest.AtSender, Code: 550, Text: secret}, {At: mailtest.AtReader},
	} {
		p.smtp.Fault(f)
		before := p.smtp.Conversations()
		p.sender.RunOnce(t.Context())
		p.sender.RunOnce(t.Context()) // is not due
		why := models.MailRefused
		if f.Code == 0 {
			why = models.MailUnreachable
		}
		m := p.is(o, models.MailWaiting, why)
		if m.Reply != f.Code || p.smtp.Conversations() != before+1 {
			t.Fatalf("%+v %+v", f, m)
		}
		p.took(0)
		p.Pass(m.DueAt.Sub(p.Now()))
	}
	p.sender.RunOnce(t.Context())
	p.took(1)
	p.is(o, models.MailSent, models.MailNoReason)
	page := p.SignedIn("support@example.com").Get("/orders/" + o.Number)
	if text := page.Text(); !strings.Contains(text, "lin@example.com Receipt Sent") {
		t.Error(text)
	}
	if strings.Contains(p.Log.String(), secret) || strings.Contains(page.Body, secret) {
		t.Error("what the server said is in the log or on the page")
	}
	if page := p.SignedIn("lin@example.com").Get("/orders/" + o.Number); strings.Contains(page.Text(), "Emails about") {
		t.Error("a customer sees staff's list of mails")
	}

	for _, f := range []mailtest.Fault{{At: mailtest.AtReader, Code: 550}, {At: mailtest.AtMessage, Code: 554}} {
		o = p.SignedIn("lin@example.com").Carry(models.Upgrade)
		p.smtp.Fault(f)
		p.sender.RunOnce(t.Context())
		p.is(o, models.MailFailed, models.MailRefused)
		p.SignedIn("lin@example.com").Carry(models.Refund)
		p.sender.RunOnce(t.Context())
		p.SignedIn("lin@example.com").Carry(models.Buy)
		p.sender.RunOnce(t.Context())
	}
}

// TestTheMailServerIsAway for a while, and then for good.
func TestTheMailServerIsAway(t *testing.T) {
	p := newPost(t)
	o := p.SignedIn("lin@example.com").Carry(models.Buy)
	at := p.smtp.Addr
	p.smtp.Close()
	p.sender.RunOnce(t.Context())
	m := p.is(o, models.MailWaiting, models.MailUnreachable)
	p.smtp = mailtest.Listen(t, at)
	p.sender = p.senderTo(p.Store, p.server())
	p.sender.RunOnce(t.Context())
	p.took(0) // it is not due yet
	p.Pass(m.DueAt.Sub(p.Now()))
	p.sender.RunOnce(t.Context())
	p.took(1)

	o = p.SignedIn("lin@example.com").Carry(models.Upgrade)
	p.smtp.Close()
	began := p.Now()
	for range 20 {
		p.sender.RunOnce(t.Context())
		if m = p.mails(o)[0]; m.State != models.MailWaiting {
			break
		}
		p.Pass(m.DueAt.Sub(p.Now()))
	}
	p.is(o, models.MailFailed, models.MailUnreachable)
	if took := p.Now().Sub(began); took < 20*time.Hour || took > 25*time.Hour {
		t.Errorf("given up after %s", took)
	}
}

// TestAnAnswerIsLost: the message has left and may have been taken. It is never
// sent again, and everybody who looks sees that.
func TestAnAnswerIsLost(t *testing.T) {
	for name, f := range map[string]struct {
		at   mailtest.Moment
		took int
	}{"taken": {mailtest.AtAnswer, 1}, "not taken": {mailtest.AtMessage, 0}} {
		t.Run(name, func(t *testing.T) {
			p := newPost(t)
			o := p.SignedIn("lin@example.com").Carry(models.Buy)
			p.smtp.Fault(mailtest.Fault{At: f.at})
			for range 3 {
				p.sender.RunOnce(t.Context())
				p.Pass(48 * time.Hour)
			}
			p.took(f.took)
			p.is(o, models.MailUncertain, models.MailNoAnswer)
			counts, _, err := p.Store.CountMails(t.Context())
			if err != nil || counts[models.MailUncertain] != 1 || counts[models.MailWaiting] != 0 {
				t.Error(counts, err)
			}
			if text := p.SignedIn("support@example.com").Get("/orders/" + o.Number).Text(); !strings.Contains(text, "lin@example.com Receipt Uncertain") {
				t.Error(text)
			}
		})
	}
}

// TestTwoReplicasSendAMailOnce, however they race for it.
func TestTwoReplicasSendAMailOnce(t *testing.T) {
	p := newPost(t)
	o := p.SignedIn("lin@example.com").Carry(models.Buy)
	senders := []*mail.Sender{p.sender}
	for range 3 {
		senders = append(senders, p.senderTo(dbtest.Reopen(t, p.DSN, p.Now), p.server()))
	}
	var all sync.WaitGroup
	for _, s := range senders {
		all.Go(func() {
			for range 5 {
				s.RunOnce(context.Background())
			}
		})
	}
	all.Wait()
	p.took(1)
	p.is(o, models.MailSent, models.MailNoReason)
}

// TestASenderThatIsGone leaves a mail that may have been sent: its claim is
// committed before the mail server hears of it. It is never sent again, and what
// its sender writes in the end still counts.
func TestASenderThatIsGone(t *testing.T) {
	p := newPost(t)
	o := p.SignedIn("lin@example.com").Carry(models.Buy)
	id := p.mails(o)[0].ID
	m, claimed, err := p.Store.ClaimMail(t.Context(), id, mail.Lease)
	if err != nil || !claimed {
		t.Fatal(claimed, err)
	}
	if _, again, err := dbtest.Reopen(t, p.DSN, p.Now).ClaimMail(t.Context(), id, mail.Lease); err != nil || again {
		t.Fatal("claimed twice", err)
	}
	p.sender.RunOnce(t.Context())
	p.is(o, models.MailSending, models.MailNoReason)
	p.Pass(mail.Lease)
	p.sender.RunOnce(t.Context())
	p.Pass(48 * time.Hour)
	p.sender.RunOnce(t.Context())
	p.took(0)
	p.is(o, models.MailUncertain, models.MailSenderLost)
	if err := p.Store.SettleMail(t.Context(), m, store.MailResult{State: models.MailWaiting, Why: models.MailRefused}); err != nil {
		t.Fatal(err)
	}
	p.is(o, models.MailUncertain, models.MailSenderLost)
	if err := p.Store.SettleMail(t.Context(), m, store.MailResult{State: models.MailSent}); err != nil {
		t.Fatal(err)
	}
	p.is(o, models.MailSent, models.MailNoReason)
}

// hurried is the outbox of a program that is asked to end while a claim commits.
type hurried struct {
	mail.Outbox
	end context.CancelFunc
}

func (h hurried) ClaimMail(ctx context.Context, id int64, lease time.Duration) (models.Mail, bool, error) {
	m, claimed, err := h.Outbox.ClaimMail(ctx, id, lease)
	h.end()
	return m, claimed && ctx.Err() == nil, errors.Join(err, ctx.Err()) // it stands, whatever the caller hears
}

// TestEndingCutsNoClaimOff: the mail would be given up, and nobody has sent it.
func TestEndingCutsNoClaimOff(t *testing.T) {
	p := newPost(t)
	o := p.SignedIn("lin@example.com").Carry(models.Buy)
	ctx, end := context.WithCancel(t.Context())
	p.senderTo(hurried{p.Store, end}, p.server()).RunOnce(ctx)
	p.took(1)
	p.is(o, models.MailSent, models.MailNoReason)
}

// TestNamesDontMakeHeaders, nor markup.
func TestNamesDontMakeHeaders(t *testing.T) {
	p := newPost(t)
	if err := dbtest.Raw(t, p.DSN).Exec(`UPDATE accounts SET name = ?`, "Eve\r\nBcc: all@example.com\r\n\r\n<script>alert(1)</script>").Error; err != nil {
		t.Fatal(err)
	}
	operator := models.By{Viewer: p.Viewer("operator@example.com"), RequestID: "r", Address: "192.0.2.1"}
	if err := p.Store.SetLimits(t.Context(), operator, p.Account.ID, nil, new(models.Fen)); err != nil {
		t.Fatal(err)
	}
	p.SignedIn("lin@example.com").Place(p.SignedIn("lin@example.com").Quote("pro", "year-1"))
	p.sender.RunOnce(t.Context())
	got := p.took(1)[0]
	m := read(t, got)
	if m.header.Get("Bcc") != "" || got.To != "operator@example.com" || strings.ContainsAny(m.subject, "\r\n") || !strings.Contains(m.subject, "Eve Bcc: all") {
		t.Errorf("%q %v", m.subject, m.header)
	}
	if strings.Contains(m.html, "<script>") || strings.Contains(m.text, "\nBcc:") {
		t.Error(m.html, m.text)
	}
}

// TestNothingGoesToWhoMayNotReadIt.
func TestNothingGoesToWhoMayNotReadIt(t *testing.T) {
	p := newPost(t)
	o := p.SignedIn("lin@example.com").Carry(models.Buy)
	other := p.AddAccount(1000000000000099, "Another", nil)
	if err := dbtest.Raw(t, p.DSN).Exec(`UPDATE users SET account_id = ? WHERE email = 'lin@example.com'`, other.ID).Error; err != nil {
		t.Fatal(err)
	}
	p.sender.RunOnce(t.Context())
	p.took(0)
	p.is(o, models.MailDropped, models.MailNoReader)
}

// TestWithoutAMailServerNothingWaits.
func TestWithoutAMailServerNothingWaits(t *testing.T) {
	p := newPost(t)
	if err := p.Store.SetMailing(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	o := p.SignedIn("lin@example.com").Carry(models.Buy)
	if mails := p.mails(o); len(mails) != 0 {
		t.Fatal(mails)
	}
}

// TestAnInvitationIsSentAtOnceOrNever: its link is nowhere in the database.
func TestAnInvitationIsSentAtOnceOrNever(t *testing.T) {
	p := newPost(t)
	i := models.InvitationMail{
		Once: "7", Email: "new@example.com", Language: "en", Account: &p.Account.ID, Place: p.Account.Name, By: "operator@example.com",
		Link: origin + "/invitation?token=top-secret", Until: p.Now().Add(72 * time.Hour),
	}
	if state, err := p.sender.Invite(t.Context(), i); err != nil || state != models.MailSent {
		t.Fatal(state, err)
	}
	m := read(t, p.took(1)[0])
	if !slices.Equal(m.links, []string{i.Link}) || !strings.Contains(m.text, i.Link) || !strings.Contains(m.subject, p.Account.Name) {
		t.Error(m)
	}
	if _, err := p.sender.Invite(t.Context(), i); !errors.Is(err, models.ErrExists) {
		t.Fatal(err)
	}
	for once, f := range map[string]struct {
		fault mailtest.Fault
		want  models.MailState
	}{
		"8": {mailtest.Fault{At: mailtest.AtSender, Code: 451}, models.MailFailed},
		"9": {mailtest.Fault{At: mailtest.AtMessage}, models.MailUncertain},
	} {
		i.Once = once
		p.smtp.Fault(f.fault)
		if state, err := p.sender.Invite(t.Context(), i); err != nil || state != f.want {
			t.Fatal(state, err)
		}
	}
	p.Pass(48 * time.Hour)
	p.sender.RunOnce(t.Context())
	p.took(1)
	var all []map[string]any
	if err := dbtest.Raw(t, p.DSN).Raw(`SELECT * FROM mails`).Scan(&all).Error; err != nil || len(all) != 3 {
		t.Fatal(all, err)
	}
	if strings.Contains(p.Log.String()+strings.Join(strings.Fields(toText(all)), " "), "top-secret") {
		t.Error("the link is in the log or the database")
	}
}

// TestTheConnectionIsSecureOrNone, and what is wrong is said without secrets.
func TestTheConnectionIsSecureOrNone(t *testing.T) {
	p := newPost(t)
	good := p.server()
	if err := good.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	untrusted, stranger, elsewhere, bare := good, good, good, good
	untrusted.Roots = nil
	stranger.Password = "another-secret"
	plain := mailtest.Listen(t, "127.0.0.1:0", mailtest.Plain())
	bare.Port = port(t, plain.Addr)
	elsewhere.Port = 1
	for want, server := range map[string]mail.Server{
		"certificate is not trusted": untrusted, "user and password: it answered 535": stranger,
		"connection refused": elsewhere, "no TLS where that is required": bare,
	} {
		err := server.Check(t.Context())
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v", want, err)
		}
	}
	bare.Security, bare.User, bare.Password = mail.Plain, "", ""
	if err := bare.Check(t.Context()); err != nil {
		t.Error(err)
	}
	if err := p.sender.Try(t.Context(), "ops@example.com"); err != nil {
		t.Error(err)
	}
	if got := p.took(1)[0]; got.To != "ops@example.com" {
		t.Error(got.To)
	}
}

func port(t *testing.T, addr string) int {
	t.Helper()
	_, p, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.Atoi(p)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func toText(v any) string { return fmt.Sprint(v) }

// TestAnInvitationIsMailedAsItIsMade, and the admin reads what became of that.
func TestAnInvitationIsMailedAsItIsMade(t *testing.T) {
	p := newPost(t)
	p.Config.MailInvitation = p.sender.Invite
	p.Reload()
	operator := p.SignedIn("operator@example.com")
	invite := func(email string) portaltest.Page {
		t.Helper()
		page := operator.Post(p.AccountPath()+"/people", url.Values{"email": {email}})
		if page.Status != http.StatusOK || !strings.Contains(page.Body, "/invitation?token=") {
			t.Fatalf("%d\n%s", page.Status, page.Text())
		}
		return page
	}
	page := invite("new@example.com")
	m := read(t, p.took(1)[0])
	if len(m.links) != 1 || !strings.Contains(page.Body, strings.TrimPrefix(m.links[0], origin)) || !strings.Contains(page.Text(), "sent by email, too") {
		t.Errorf("%q\n%s", m.links, page.Text())
	}
	p.smtp.Fault(mailtest.Fault{At: mailtest.AtSender, Code: 451})
	if page := invite("other@example.com"); !strings.Contains(page.Text(), "could not be sent by email") {
		t.Errorf("%s", page.Text())
	}
	if log := p.Log.String(); strings.Contains(log, "token=") {
		t.Error("the link is in the log")
	}
}
