package mail

import (
	"context"
	"errors"
	"log/slog"
	"time"

	gomail "github.com/wneessen/go-mail"

	"portal/failpoint"
	"portal/models"
	"portal/store"
	"portal/views"
)

// Outbox is where mails wait, as far as a sender needs it: package store's Store.
type Outbox interface {
	Remind(ctx context.Context) error
	LoseMails(ctx context.Context) (int64, error)
	DueMails(ctx context.Context, limit int) ([]int64, error)
	ClaimMail(ctx context.Context, id int64, lease time.Duration) (models.Mail, bool, error)
	ClaimInvitation(ctx context.Context, once, email string, accountID *int64, lease time.Duration) (models.Mail, error)
	MailContent(ctx context.Context, m models.Mail) (store.MailContent, error)
	SettleMail(ctx context.Context, m models.Mail, r store.MailResult) error
	// Fault is what keeps the outbox from being written, nil when nothing does.
	Fault() *models.Fault
	Now() time.Time
}

// Sender sends what is due. There is one in every replica.
type Sender struct {
	outbox Outbox
	server Server
	origin string // the portal's address, without a slash at its end
	logger *slog.Logger
	// deliver is server.Send, but in tests of what comes around it.
	deliver func(context.Context, *gomail.Msg) Result
}

// poll is how often due mails are looked for.
const poll = 2 * time.Second

// Lease is how long a sender may take for a mail: to connect and to hand it over,
// and a margin. Whoever takes longer is taken to be gone.
const Lease = 2*Timeout + 15*time.Second

// NewSender makes a sender for a portal at an origin, such as
// https://portal.example.com; Run starts it.
func NewSender(outbox Outbox, server Server, origin string, logger *slog.Logger) *Sender {
	return &Sender{outbox: outbox, server: server, origin: origin, logger: logger, deliver: server.Send}
}

// Run sends what is due until the context ends. A message that is leaving then has
// its answer first, which takes up to twice Timeout.
func (s *Sender) Run(ctx context.Context) {
	ticker := time.NewTicker(poll)
	defer ticker.Stop()
	for {
		s.RunOnce(ctx)
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// RunOnce makes the reminders that are due, gives up what another sender left
// behind, and sends every mail that is due. While nothing can be written nothing is
// begun. It ends early where the mail server can't be reached.
func (s *Sender) RunOnce(ctx context.Context) {
	if s.outbox.Fault() != nil || ctx.Err() != nil {
		return
	}
	trouble := func(what string, err error) {
		if err != nil && ctx.Err() == nil {
			s.logger.Error(what+"; will try again", "error", err)
		}
	}
	trouble("can't make the reminders of the day", s.outbox.Remind(ctx))
	lost, err := s.outbox.LoseMails(ctx)
	trouble("can't look for mails whose sender is gone", err)
	if lost > 0 {
		s.logger.Warn("mails whose sender ended may have been sent or not; they are not sent again", "mails", lost)
	}
	ids, err := s.outbox.DueMails(ctx, 100)
	trouble("can't look for due mails", err)
	for _, id := range ids {
		if ctx.Err() != nil {
			return
		}
		// Not ctx: were it cut off while it commits, a claim could stand that nobody
		// knows of, and its mail would never be sent.
		m, claimed, err := s.outbox.ClaimMail(context.WithoutCancel(ctx), id, Lease)
		trouble("can't claim a mail; nothing was sent", err)
		if err != nil {
			return
		}
		if claimed && s.send(ctx, m).Why == models.MailUnreachable {
			return // the next one would wait as long for nothing
		}
	}
}

// send sends a mail that is claimed. Ending the program cuts nothing of it off.
func (s *Sender) send(ctx context.Context, m models.Mail) Result {
	whole := context.WithoutCancel(ctx)
	c, err := s.outbox.MailContent(whole, m)
	if err != nil {
		return s.settle(ctx, m, notTaken(models.MailBroken, 0, err))
	}
	p := views.LetterProps{
		Kind: m.Kind, Origin: s.origin, Reader: c.Reader, Seller: c.Seller, Account: c.Account, Quote: c.Quote, Note: c.Note, EndsAt: m.EndsAt, Now: c.Now,
	}
	if c.Order != nil {
		p.Order = *c.Order
	}
	return s.hand(ctx, m, p, c.Reader.Language, c.Now)
}

// hand makes a claimed mail's message, hands it over and writes down what came of
// that. A crash on the way leaves a mail that is being sent, and nobody knows: it
// is never sent again (store.LoseMails).
func (s *Sender) hand(ctx context.Context, m models.Mail, p views.LetterProps, language string, now time.Time) Result {
	whole := in(context.WithoutCancel(ctx), language)
	msg, err := s.message(whole, views.NewLetter(whole, p), m.Once, m.Email, now)
	if err != nil {
		return s.settle(ctx, m, notTaken(models.MailBroken, 0, err))
	}
	r := s.deliver(whole, msg)
	if r.State == models.MailSent {
		failpoint.Hit(failpoint.MailAccepted)
	}
	return s.settle(ctx, m, r)
}

// settle writes down what came of a mail. What can't be written is tried again
// until the program ends; the mail then counts as uncertain.
func (s *Sender) settle(ctx context.Context, m models.Mail, r Result) Result {
	log := s.logger.With("mail", m.ID, "kind", m.Kind, "attempt", m.Attempts)
	switch {
	case r.Err == nil:
		log.Info("mail sent")
	case r.State == models.MailUncertain:
		log.Warn("a mail may have been sent or not; it is not sent again", "error", r.Err)
	default:
		log.Warn("a mail was not sent", "reason", r.Why, "error", r.Err)
	}
	for {
		err := s.outbox.SettleMail(context.WithoutCancel(ctx), m, r.MailResult)
		if err == nil {
			return r
		}
		log.Error("can't write down what came of a mail; will try again", "error", err)
		pause := time.NewTimer(time.Second)
		select {
		case <-ctx.Done():
			pause.Stop()
			return r
		case <-pause.C:
		}
	}
}

// Invite sends an invitation now, at most once, and says whether the mail server
// took it: models.MailSent, MailFailed or MailUncertain. The link is in the
// caller's hands alone and never in the outbox, because the database must not hold
// it; so the caller shows it, whatever this says, and nothing sends it later.
// models.ErrExists when this link has been sent before.
func (s *Sender) Invite(ctx context.Context, i models.InvitationMail) (models.MailState, error) {
	m, err := s.outbox.ClaimInvitation(context.WithoutCancel(ctx), i.Once, i.Email, i.Account, Lease)
	if err != nil {
		return "", err
	}
	r := s.hand(ctx, m, views.LetterProps{
		Kind: models.MailInvited, Origin: s.origin, Reader: models.User{Email: i.Email}, Seller: i.Seller,
		Place: i.Place, By: i.By, Link: i.Link, Until: i.Until,
	}, i.Language, s.outbox.Now())
	if r.State == models.MailWaiting {
		return models.MailFailed, nil
	}
	return r.State, nil
}

// Try sends a test message, outside of the outbox.
func (s *Sender) Try(ctx context.Context, to string) error {
	now := time.Now()
	msg, err := s.message(ctx, views.TestLetter(ctx, s.origin, to), "test:"+now.Format(time.RFC3339Nano), to, now)
	if err != nil {
		return err
	}
	if r := s.deliver(ctx, msg); r.State != models.MailSent {
		return errors.Join(errors.New("not sent"), r.Err)
	}
	return nil
}
