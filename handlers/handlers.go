// Package handlers is HTTP in, page out: one action a file, one visible table
// of routes. Handlers never call the provider to change anything: they commit
// an order and wake the worker. The one call they make is the read-only count
// of machines.
package handlers

import (
	"context"
	"log/slog"
	"net"
	"net/http"

	"github.com/labstack/echo/v4"

	"portal/models"
	"portal/pricing"
	"portal/store"
	"portal/views"
)

// Counter reads the number of an owner's machines from the provider, signed with
// the key of a credential profile. Its error is a *models.CountError.
type Counter interface {
	Count(ctx context.Context, profile string, ownerID int64) (models.Count, error)
}

// Config is everything that the handlers need.
type Config struct {
	Store   *store.Store
	Counter Counter
	Book    *pricing.Book
	Wake    func() // tells the worker that there is due work
	// MailInvitation sends an invitation now, at most once, and says whether the mail
	// server took it; nil where no mail is sent.
	MailInvitation func(context.Context, models.InvitationMail) (models.MailState, error)
	// WakeBatches tells the BatchWorker the same; nil where there is none.
	WakeBatches func()
	// Skew is this machine's clock held against the provider's.
	Skew   func() models.Skew
	Logger *slog.Logger
	Secure bool // the public URL is https: Secure cookies and HSTS
	// Proxies are the networks of reverse proxies whose X-Forwarded-For is
	// believed.
	Proxies []*net.IPNet
	Sandbox bool // every page says so
	// Demo are the sandbox's made-up people, shown on the sign-in page.
	Demo []views.DemoPerson
	// Mishaps are what visitors of the sandbox may let go wrong; nil where the sandbox
	// is out of reach, and with the real provider.
	Mishaps Mishaps
	// Bill is what the sandbox charged, for staff; nil as Mishaps.
	Bill Bill
	// CredentialProfile is what orders call the portal's default credentials: those
	// of accounts whose reseller has none of its own.
	CredentialProfile string
	// HasKey says whether this machine finds a key of a credential profile, without
	// asking the provider.
	HasKey func(ctx context.Context, profile string) error
	// Middleware comes before everything else: metrics.
	Middleware []echo.MiddlewareFunc
}

// app is what actions hang on.
type app struct {
	Config
	sessions *store.Sessions
	counts   *counts
	exports  *exports
}

// New builds the portal's handler.
func New(c Config) http.Handler {
	return exchanges(build(c))
}

// build is New without its outermost wrapper.
func build(c Config) *echo.Echo {
	a := newApp(c)
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.Logger.SetLevel(99) // everything is logged by slog
	e.IPExtractor = addressBehind(c.Proxies)
	e.HTTPErrorHandler = a.fail
	e.Use(c.Middleware...)
	e.Use(a.identify, a.recover, a.harden, a.limitBody, a.refuseCrossOrigin, a.refuseGarbage, a.speak, a.authenticate, a.refuseViewing, a.turnAway)
	a.register(e)
	return e
}

func newApp(c Config) *app {
	a := &app{Config: c, sessions: c.Store.Sessions(c.Secure), exports: newExports()}
	a.counts = newCounts(c.Counter, a.noteCount, c.Store.Now)
	return a
}

// addressBehind finds the address that sign-ins are throttled by: the
// connection's, or what our own proxies say of it. Any other header could be
// chosen by anybody.
func addressBehind(proxies []*net.IPNet) echo.IPExtractor {
	if len(proxies) == 0 {
		return echo.ExtractIPDirect()
	}
	trust := []echo.TrustOption{echo.TrustLoopback(false), echo.TrustLinkLocal(false), echo.TrustPrivateNet(false)}
	for _, network := range proxies {
		trust = append(trust, echo.TrustIPRange(network))
	}
	return echo.ExtractIPFromXFFHeader(trust...)
}
