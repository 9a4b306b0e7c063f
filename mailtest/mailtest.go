// Package mailtest is a mail server for tests: a real one at the other end of a
// real connection, with TLS, sign-in, a mailbox to look into, and faults.
package mailtest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io"
	"math/big"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// Who signs in, where the server asks for that.
const (
	User     = "portal"
	Password = "smtp-secret-of-the-tests" //nolint:gosec // of the tests
)

// Message is what the server took.
type Message struct {
	From, To string
	Data     []byte
}

// Moment is when a conversation meets a fault.
type Moment int

// The moments.
const (
	AtSender  Moment = iota // MAIL FROM
	AtReader                // RCPT TO
	AtMessage               // the message is there whole, and not taken
	AtAnswer                // it is taken, and nobody was told
)

// Fault is what the server does at a moment: it answers a code, or, where that is
// 0, hangs up.
type Fault struct {
	At   Moment
	Code int
	Text string // that it answers with
}

// Server is a mail server.
type Server struct {
	Addr  string
	Roots *x509.CertPool // whom its certificate is from

	mu     sync.Mutex
	box    []Message
	faults []Fault
	meets  int
	server *smtp.Server
}

// Option changes a server before it listens.
type Option func(*Server)

// Plain offers neither TLS nor sign-in.
func Plain() Option { return func(s *Server) { s.server.TLSConfig = nil } }

// Listen starts a server at an address, such as 127.0.0.1:0, with STARTTLS and
// sign-in.
func Listen(t testing.TB, at string, opts ...Option) *Server {
	t.Helper()
	s := &Server{}
	s.server = smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		return &session{server: s, conn: c}, nil
	}))
	s.server.Domain = "mail.example"
	s.server.TLSConfig, s.Roots = certificate(t)
	s.server.ErrorLog = silent{}
	for _, opt := range opts {
		opt(s)
	}
	listener, err := net.Listen("tcp", at)
	if err != nil {
		t.Fatal(err)
	}
	s.Addr = listener.Addr().String()
	ended := make(chan struct{})
	go func() { _ = s.server.Serve(listener); close(ended) }()
	t.Cleanup(func() { _ = s.server.Close(); <-ended })
	return s
}

type silent struct{}

func (silent) Printf(string, ...any) {}
func (silent) Println(...any)        {}

// Close ends the server: who connects is refused.
func (s *Server) Close() { _ = s.server.Close() }

// Messages are what was taken, the oldest first.
func (s *Server) Messages() []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Message(nil), s.box...)
}

// Fault lets the next conversations meet these faults, each one of them.
func (s *Server) Fault(f ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, f...)
}

// Conversations counts those that came as far as naming a sender.
func (s *Server) Conversations() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.meets
}

// meet is the fault of a moment.
func (s *Server) meet(at Moment, c *smtp.Conn) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.faults) == 0 || s.faults[0].At != at {
		return nil
	}
	f := s.faults[0]
	s.faults = s.faults[1:]
	if f.Code == 0 {
		_ = c.Conn().Close()
		return errors.New("hung up")
	}
	return &smtp.SMTPError{Code: f.Code, EnhancedCode: smtp.EnhancedCode{f.Code / 100, 0, 0}, Message: f.Text}
}

type session struct {
	server   *Server
	conn     *smtp.Conn
	signedIn bool
	from, to string
}

func (s *session) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != User || password != Password {
			return &smtp.SMTPError{Code: 535, EnhancedCode: smtp.EnhancedCode{5, 7, 8}, Message: "not with " + password}
		}
		s.signedIn = true
		return nil
	}), nil
}

func (s *session) Reset()        {}
func (s *session) Logout() error { return nil }

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	if s.server.server.TLSConfig != nil && !s.signedIn {
		return smtp.ErrAuthRequired
	}
	s.server.mu.Lock()
	s.server.meets++
	s.server.mu.Unlock()
	s.from = from
	return s.server.meet(AtSender, s.conn)
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.to = to
	return s.server.meet(AtReader, s.conn)
}

func (s *session) Data(r io.Reader) error {
	data, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if err := s.server.meet(AtMessage, s.conn); err != nil {
		return err
	}
	s.server.mu.Lock()
	s.server.box = append(s.server.box, Message{s.from, s.to, data})
	s.server.mu.Unlock()
	return s.server.meet(AtAnswer, s.conn)
}

// certificate is one of the server's own, and whom to trust for it.
func certificate(t testing.TB) (*tls.Config, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "mail.example"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(1, 0, 0),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(parsed)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, MinVersion: tls.VersionTLS12}, roots
}
