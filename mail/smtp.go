// Package mail sends what is in the outbox: it makes each message in its
// reader's language, and hands it to the mail server at most once.
package mail

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	netmail "net/mail"
	"net/textproto"
	"strconv"
	"time"

	gomail "github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"

	"portal/models"
	"portal/store"
)

// Security is how a connection to the mail server is secured.
type Security string

// The ways. Plain is for a mail server on this machine, and knows no password.
const (
	StartTLS Security = "starttls" // required: a server that does not offer it gets nothing
	Implicit Security = "implicit" // TLS from the first byte
	Plain    Security = "none"
)

// Server is the mail server that takes messages from the portal.
type Server struct {
	Host     string
	Port     int
	User     string // empty to sign in as nobody
	Password string
	Security Security
	From     netmail.Address
	Roots    *x509.CertPool // whom to trust; nil for this machine's
}

// Timeout is how long connecting may take, and again handing a message over.
const Timeout = 15 * time.Second

// Result is what came of a message. Err is for people who run the portal: it has
// no address, and of what the server said the code alone.
type Result struct {
	store.MailResult
	Err error
}

func (s Server) client() (*gomail.Client, error) {
	options := []gomail.Option{
		gomail.WithPort(s.Port), gomail.WithTimeout(Timeout), gomail.WithoutNoop(), gomail.WithoutRset(),
		gomail.WithTLSConfig(&tls.Config{ServerName: s.Host, RootCAs: s.Roots, MinVersion: tls.VersionTLS12}),
	}
	switch s.Security {
	case StartTLS:
		options = append(options, gomail.WithTLSPolicy(gomail.TLSMandatory))
	case Implicit:
		options = append(options, gomail.WithSSL())
	case Plain:
		options = append(options, gomail.WithTLSPolicy(gomail.NoTLS))
	}
	if s.User != "" {
		options = append(options, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover), gomail.WithUsername(s.User), gomail.WithPassword(s.Password))
	}
	return gomail.NewClient(s.Host, options...)
}

// Check connects and signs in, and sends nothing.
func (s Server) Check(ctx context.Context) error {
	c, err := s.client()
	if err != nil {
		return err
	}
	conn, err := c.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return unreachable(err)
	}
	part(conn, Result{})
	return nil
}

// Send hands a message over. Whatever happens is a result, and uncertain where
// the message may have been taken and nobody said so.
func (s Server) Send(ctx context.Context, m *gomail.Msg) Result {
	c, err := s.client()
	if err != nil {
		return notTaken(models.MailBroken, 0, err)
	}
	conn, err := c.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return notTaken(models.MailUnreachable, code(err), unreachable(err))
	}
	r := judge(c.SendWithSMTPClient(conn, m))
	part(conn, r)
	return r
}

// part ends a conversation. What was begun and not ended is cut off: a farewell in
// the middle of a message would complete it.
func part(conn *smtp.Client, r Result) {
	if r.State != models.MailUncertain {
		_ = conn.Quit() // the answer that counts has come
	}
	_ = conn.Close() // nothing follows from how
}

// judge says what an error of sending means. Up to the end of the data a server
// has nothing that it could deliver; with the end of the data the message has left,
// and only a reply says what became of it.
func judge(err error) Result {
	if err == nil {
		return Result{MailResult: store.MailResult{State: models.MailSent}}
	}
	var sending *gomail.SendError
	if !errors.As(err, &sending) {
		return uncertain(err)
	}
	reply := sending.ErrorCode()
	refused := fmt.Errorf("the mail server answered %d to the %s", reply, stages[sending.Reason])
	final := Result{store.MailResult{State: models.MailFailed, Why: models.MailRefused, Reply: reply}, refused}
	switch sending.Reason {
	case gomail.ErrGetSender, gomail.ErrGetRcpts, gomail.ErrNoUnencoded:
		return notTaken(models.MailBroken, 0, errors.New("the message can't be sent to this address"))
	case gomail.ErrConnCheck, gomail.ErrSMTPMailFrom: // a wrong sender can be put right
	case gomail.ErrSMTPRcptTo, gomail.ErrSMTPData:
		if reply >= 500 {
			return final
		}
	case gomail.ErrSMTPDataClose:
		if reply >= 500 {
			return final
		}
		if reply < 400 {
			return uncertain(errors.New("the mail server did not answer when the message had left"))
		}
	case gomail.ErrSMTPReset:
		return Result{MailResult: store.MailResult{State: models.MailSent}}
	case gomail.ErrWriteContent, gomail.ErrAmbiguous:
		return uncertain(errors.New("the connection broke while the message was leaving"))
	}
	if reply == 0 {
		return notTaken(models.MailUnreachable, 0, fmt.Errorf("the connection broke at the %s", stages[sending.Reason]))
	}
	return notTaken(models.MailRefused, reply, refused)
}

var stages = map[gomail.SendErrReason]string{
	gomail.ErrConnCheck: "beginning", gomail.ErrSMTPMailFrom: "sender's address", gomail.ErrSMTPRcptTo: "reader's address",
	gomail.ErrSMTPData: "beginning of the message", gomail.ErrSMTPDataClose: "message",
}

func notTaken(why models.MailWhy, reply int, err error) Result {
	return Result{store.MailResult{State: models.MailWaiting, Why: why, Reply: reply}, err}
}

func uncertain(err error) Result {
	return Result{store.MailResult{State: models.MailUncertain, Why: models.MailNoAnswer}, err}
}

// code is the server's reply code, 0 without a reply.
func code(err error) int {
	var reply *textproto.Error
	if errors.As(err, &reply) {
		return reply.Code
	}
	return 0
}

// unreachable is why no conversation came about, without what the server said: it
// may repeat what it was told.
func unreachable(err error) error {
	var certificate *tls.CertificateVerificationError
	var network *net.OpError
	switch reply := code(err); {
	case reply == 530 || reply == 534 || reply == 535 || reply == 538 || reply == 454:
		return errors.New("the mail server does not take the user and password: it answered " + strconv.Itoa(reply))
	case reply != 0:
		return errors.New("the mail server answered " + strconv.Itoa(reply))
	case errors.As(err, &certificate):
		return fmt.Errorf("the mail server's certificate is not trusted: %w", certificate.Err)
	case errors.As(err, &network):
		return network
	case errors.Is(err, context.DeadlineExceeded):
		return errors.New("the mail server does not answer")
	case errors.Is(err, gomail.ErrPlainAuthNotSupported), errors.Is(err, gomail.ErrNoSupportedAuthDiscovered):
		return errors.New("the mail server offers no way to sign in that the portal uses")
	}
	return errors.New("the mail server does not speak as it should: no TLS where that is required, or something else is there")
}
