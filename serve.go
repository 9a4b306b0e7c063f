package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"portal/census"
	"portal/demo"
	"portal/failpoint"
	"portal/fulfil"
	"portal/handlers"
	"portal/mail"
	"portal/provider"
	"portal/store"
	"portal/views"
)

type serveCommand struct{}

// shutdownGrace is how long requests may take to finish once the program is
// asked to end. The attempt under way has its own deadline.
const shutdownGrace = 10 * time.Second

// Run serves the portal until it is asked to end.
func (serveCommand) Run(ctx context.Context, stopListening context.CancelFunc, s *Settings) (err error) {
	cfg, err := s.check()
	if err != nil {
		return err
	}
	logger := newLogger()
	if err := cfg.makeDemoWorld(ctx, logger); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return nil // asked to end before there was anything to serve
	}
	unlock, err := cfg.lockDatabase(false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	db, err := cfg.openStore(ctx, true)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	failpoint.Hit(failpoint.StartMigrated)
	if err := db.BindProvider(ctx, cfg.providerName()); err != nil {
		return err
	}
	failpoint.Hit(failpoint.StartBound)

	if err := db.SetSettleByTwo(ctx, cfg.SettleByTwo); err != nil {
		return err
	}

	if err := db.SetMailing(ctx, cfg.mail != nil); err != nil {
		return err
	}

	seller, err := cfg.openProvider(ctx, logger)
	if err != nil {
		return err
	}
	defer seller.close()
	var people []views.DemoPerson
	if cfg.Provider == providerSandbox {
		err := demo.AddPeople(ctx, db)
		if err == nil {
			people, err = demo.People(ctx, db)
		}
		if err != nil {
			return err
		}
	}

	// Both listeners are taken before anything is promised.
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", cfg.Listen)
	if err != nil {
		return wrongSetting("--listen %s: %v", cfg.Listen, err)
	}
	worker := fulfil.NewWorker(db, seller.client, cfg.ProviderTimeout, logger)
	portal := handlers.Config{
		Store: db, Counter: seller.client, Book: cfg.book, Wake: worker.Wake, Skew: seller.client.Skew, Logger: logger,
		Secure: cfg.secure(), Proxies: cfg.proxies, Sandbox: cfg.Provider == providerSandbox, Demo: people, Mishaps: seller.mishaps, Bill: seller.bill,
		CredentialProfile: provider.DefaultProfile, HasKey: seller.client.HasKey, Middleware: []echo.MiddlewareFunc{seller.metrics.requests},
	}
	var sender *mail.Sender
	if cfg.mail != nil {
		sender = mail.NewSender(db, *cfg.mail, cfg.public.String(), logger)
		portal.MailInvitation = sender.Invite
	}
	batches := handlers.NewBatchWorker(portal)
	portal.WakeBatches = batches.Wake
	servers := []*http.Server{newServer(handlers.New(portal), logger)}
	listeners := []net.Listener{listener}
	if cfg.MetricsListen != "" {
		listener, err := new(net.ListenConfig).Listen(ctx, "tcp", cfg.MetricsListen)
		if err != nil {
			return wrongSetting("--metrics-listen %s: %v", cfg.MetricsListen, err)
		}
		servers = append(servers, newServer(seller.metrics.handler(db, seller.client.Skew, logger), logger))
		listeners = append(listeners, listener)
	}
	cfg.greet(listener.Addr(), people)

	working, stopWorking := context.WithCancel(context.Background())
	var background sync.WaitGroup
	background.Go(func() { worker.Run(working) })
	background.Go(func() { batches.Run(working) })
	if cfg.CountsPerMinute > 0 {
		counter := census.New(db, census.ReadAs(db, seller.client, provider.DefaultProfile), seller.client.Skew, cfg.countPace(), logger)
		background.Go(func() { counter.Run(working) })
	}
	background.Go(func() { refreshStandings(working, db, logger) })
	if sender != nil {
		background.Go(func() { sender.Run(working) })
	}
	background.Go(func() { watchDatabase(working, db, worker.Wake, logger) })
	background.Go(func() { sweep(working, db, logger) })
	background.Go(func() { cfg.keepCheckpoints(working, db, logger) })

	failed := make(chan error, len(servers))
	for i, server := range servers {
		go func() { failed <- server.Serve(listeners[i]) }()
	}
	select {
	case <-ctx.Done():
		stopListening() // a second signal ends the program at once
		logger.Info("ending: no new requests are taken, what is under way is finished")
		failpoint.Hit(failpoint.StopAsked)
	case err = <-failed:
	}
	// Requests first: one that places an order still finds the worker. Then the
	// worker, which lets a running attempt have its answer; a crash instead
	// leaves it to recovery.
	grace, cancel := context.WithTimeout(context.Background(), shutdownGrace)
	defer cancel()
	for _, server := range servers {
		if stuck := server.Shutdown(grace); stuck != nil {
			logger.Warn("requests took too long to end and were cut off", "error", stuck)
			err = errors.Join(err, server.Close())
		}
	}
	failpoint.Hit(failpoint.StopClosed)
	stopWorking()
	background.Wait()
	failpoint.Hit(failpoint.StopWorked)
	cfg.signCheckpoint(context.Background(), db, logger) // what the last attempts did, too
	logger.Info("ended")
	return err
}

func newServer(h http.Handler, logger *slog.Logger) *http.Server {
	return &http.Server{
		Handler: h, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second,
		// Longer than the longest call to the provider that a page waits for.
		WriteTimeout: 90 * time.Second, IdleTimeout: 2 * time.Minute,
		MaxHeaderBytes: 32 << 10, ErrorLog: slog.NewLogLogger(logger.Handler(), slog.LevelWarn),
	}
}

// greet tells a person who started the program where to go and how to sign in.
func (c config) greet(at net.Addr, people []views.DemoPerson) {
	address := c.PublicURL
	if address == "" {
		address = "http://" + at.String()
	}
	fmt.Printf("The portal is at %s\n", address)
	if c.Provider == providerSandbox {
		fmt.Println("It uses a sandbox in place of the provider: nothing is bought for real. Sign in as one of")
		for _, p := range people {
			fmt.Printf("  %-28s password %s   (%s)\n", p.Email, p.Password, p.Role)
		}
	}
	if c.book.Example() {
		fmt.Println("The price book's prices are examples: give your own with --price-book, see docs/price-book.md.")
	}
	if host, _, err := net.SplitHostPort(at.String()); err == nil && !loopback(host) && c.Provider == providerSandbox {
		fmt.Println("Warning: the demo passwords above are public, and this address may be reached from other machines.")
	}
}

// refreshStandings keeps what lists go by up to date where only time passes.
func refreshStandings(ctx context.Context, db *store.Store, logger *slog.Logger) {
	ticker := time.NewTicker(time.Minute)
	defer ticker.Stop()
	for {
		if db.Fault() == nil {
			if _, err := db.RefreshStandings(ctx); err != nil && ctx.Err() == nil {
				logger.Warn("can't bring the list of accounts up to date; will try again", "error", err)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// sweep removes ended sessions and throttles now and then.
func sweep(ctx context.Context, db *store.Store, logger *slog.Logger) {
	ticker := time.NewTicker(time.Hour)
	defer ticker.Stop()
	for {
		if err := db.Sweep(ctx); err != nil && ctx.Err() == nil {
			logger.Warn("can't sweep ended sessions; will try again", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}
