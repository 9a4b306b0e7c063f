package provider

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"time"

	"portal/failpoint"
	"portal/models"
)

// Region signs every request (shared provider page: region cn-hangzhou).
const Region = "cn-hangzhou"

// DefaultTimeout bounds a call for which Config names no timeout.
const DefaultTimeout = 10 * time.Second

// Config is what a Client needs to know.
type Config struct {
	// Endpoint is the gateway: scheme and host, nothing else. Plain http is
	// taken towards a loopback address only.
	Endpoint *url.URL
	// Timeout bounds each call from resolving the credentials to the last byte
	// of the answer. 0 means DefaultTimeout.
	Timeout time.Duration
	// Credentials says whose key signs: Fixed or Chain.
	Credentials Credentials
	// Now is the clock of Count.ReadAt and Check; nil means time.Now. The SDK
	// signs with the machine's own clock.
	Now func() time.Time
	// Logger gets one line for each call, free of secrets and ClientTokens. It
	// may be nil.
	Logger *slog.Logger
	// Observe is told of each finished call for metrics: the action, its outcome
	// (models.Outcome for selling calls; "done", or a models.CountFailure, for
	// GetInstanceCount) and how long it took. It may be nil.
	Observe func(action, outcome string, took time.Duration)
}

// Client makes the calls. It is safe for concurrent use.
type Client struct {
	endpoint    *url.URL
	timeout     time.Duration
	credentials Credentials
	now         func() time.Time
	log         *slog.Logger
	observe     func(action, outcome string, took time.Duration)
	transport   *http.Transport
	skew        skew
}

// New checks the configuration and returns a client. It sends nothing.
func New(c Config) (*Client, error) { return newClient(c, nil) }

// newClient is New with the certificate authorities that a test trusts; nil
// means the machine's own.
func newClient(c Config, roots *x509.CertPool) (*Client, error) {
	if err := checkEndpoint(c.Endpoint); err != nil {
		return nil, err
	}
	if c.Timeout < 0 {
		return nil, fmt.Errorf("the provider timeout %s is negative", c.Timeout)
	}
	if c.Timeout == 0 {
		c.Timeout = DefaultTimeout
	}
	if c.Credentials == nil {
		return nil, errors.New("the provider's credentials are not configured")
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Observe == nil {
		c.Observe = func(string, string, time.Duration) {}
	}
	endpoint := &url.URL{Scheme: c.Endpoint.Scheme, Host: c.Endpoint.Host}
	return &Client{
		endpoint:    endpoint,
		timeout:     c.Timeout,
		credentials: c.Credentials,
		now:         c.Now,
		log:         c.Logger,
		observe:     c.Observe,
		transport:   newTransport(endpoint, roots),
	}, nil
}

// checkEndpoint refuses what would send signed requests somewhere unexpected or
// in the clear. Its texts leave out a password that the URL may carry.
func checkEndpoint(u *url.URL) error {
	if u == nil || u.Hostname() == "" {
		return errors.New("the provider endpoint needs a host, like https://sas-api.aliyuncs.com")
	}
	if u.User != nil || u.RawQuery != "" || u.Fragment != "" || (u.Path != "" && u.Path != "/") {
		return fmt.Errorf("the provider endpoint is a scheme and a host only, like %s://%s", u.Scheme, u.Host)
	}
	switch u.Scheme {
	case "https":
		return nil
	case "http":
		if !loopback(u) {
			return fmt.Errorf("the provider endpoint http://%s is neither https nor a loopback address: orders would travel in the clear", u.Host)
		}
		return nil
	default:
		return fmt.Errorf("the provider endpoint's scheme is %q; it must be https (or http towards a loopback address)", u.Scheme)
	}
}

// loopback says whether u names this machine.
func loopback(u *url.URL) bool {
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() == "localhost" || (ip != nil && ip.IsLoopback())
}

// Close closes the idle connections. The client remains usable.
func (c *Client) Close() { c.transport.CloseIdleConnections() }

// HasKey says whether this machine finds a key of the profile; nothing is sent to
// the provider. Its error quotes no secret.
func (c *Client) HasKey(ctx context.Context, profile string) error {
	_, err := c.credentials.Key(ctx, profile)
	return err
}

// Sell makes one attempt of a changing call and says what came of it. It never
// tries a second time: attempts are the caller's, durable and counted.
//
// OutcomeLater and OutcomeNotSent speak of this attempt only. After an earlier
// unknown attempt the order stays unknown whichever of the two comes back.
func (c *Client) Sell(ctx context.Context, call models.Call) models.Answer {
	start := time.Now()
	a := c.sell(ctx, call)
	took := time.Since(start)
	action := actionOf(call.Kind)
	c.observe(action, string(a.Outcome), took)
	level := slog.LevelInfo
	switch a.Outcome {
	case models.OutcomeDone, models.OutcomeLater:
	case models.OutcomeInferredDone, models.OutcomeNotSent, models.OutcomeRejected, models.OutcomeUnknown,
		models.OutcomeProvesNothing, models.OutcomeContradicted:
		level = slog.LevelWarn
	}
	c.log.LogAttrs(ctx, level, "provider call",
		slog.String("action", action), slog.Int64("owner_id", call.OwnerID), slog.String("profile", profileName(call.CredentialProfile)),
		slog.String("outcome", string(a.Outcome)), slog.Int("status", a.HTTPStatus),
		slog.String("code", a.Code), slog.String("provider_request_id", a.RequestID),
		slog.Duration("took", took))
	return a
}

func (c *Client) sell(ctx context.Context, call models.Call) models.Answer {
	if err := validate(call); err != nil {
		return models.Answer{Outcome: models.OutcomeNotSent, Response: newRedactor(call.ClientToken).text(err.Error(), maxResponse)}
	}
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	key, err := c.credentials.Key(ctx, call.CredentialProfile)
	if err != nil {
		// Nothing can leave unsigned.
		return models.Answer{Outcome: models.OutcomeNotSent, Response: newRedactor(call.ClientToken).text(err.Error(), maxResponse)}
	}
	ex := c.send(ctx, key, newRequest(call), call.MayLeave, failpoint.Sell)
	e := ex.evidence()
	outcome, r := decide(call.Kind, call.EarlierUnknown, e)

	secrets := append(ex.secrets(), key.ID, key.Secret, key.Token)
	// Ids are the provider's names for things. Later calls need them as they
	// stand, even if the provider should build them from our ClientToken.
	ids := redactorFor(minSecretInID, secrets)
	texts := newRedactor(append(secrets, call.ClientToken)...)
	a := models.Answer{
		Outcome:         outcome,
		HTTPStatus:      e.status,
		Code:            texts.text(r.code, maxCode),
		Message:         texts.text(r.message, maxMessage),
		RequestID:       texts.text(r.requestID, maxCode),
		ProviderOrderID: ids.text(r.orderID, maxCode),
		InstanceID:      ids.text(r.instanceID, maxCode),
		Response:        texts.text(string(e.body), maxResponse),
		Date:            e.date,
	}
	if problem := ex.problem(); problem != "" {
		a.Response = texts.text(problem+"\n"+string(e.body), maxResponse)
	}
	return a
}
