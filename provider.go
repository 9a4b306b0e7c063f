package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"portal/demo"
	"portal/handlers"
	"portal/provider"
	"portal/provider/sandbox"
	"portal/store"
)

// seller is the provider as this program uses it, with what runs beside it.
type seller struct {
	client  *provider.Client
	metrics *metrics
	mishaps handlers.Mishaps // of the embedded sandbox; nil without
	bill    handlers.Bill    // the same
	close   func()
}

// providerConfig is how the provider is reached. The sandbox is only ever shown
// its own demo keys: no real one may be signed with towards it.
func (c config) providerConfig() provider.Config {
	credentials := provider.Chain()
	if c.Provider == providerSandbox {
		credentials = provider.FixedProfiles(demo.Profiles())
	}
	return provider.Config{Endpoint: c.endpoint, Timeout: c.ProviderTimeout, Credentials: credentials}
}

// openProvider opens the way to the provider, and starts the embedded sandbox
// where that is the provider.
func (c config) openProvider(ctx context.Context, logger *slog.Logger) (*seller, error) {
	m, err := newMetrics()
	if err != nil {
		return nil, err
	}
	s, stop := &seller{metrics: m}, func() {}
	if c.embeddedSandbox() {
		var box *sandbox.Sandbox
		if box, c.endpoint, stop, err = c.startSandbox(ctx, logger); err != nil {
			return nil, err
		}
		s.mishaps, s.bill = demo.NewMishaps(box, c.ProviderTimeout), demo.NewBill(box)
	}
	pc := c.providerConfig()
	pc.Logger, pc.Observe = logger, m.observe
	if s.client, err = provider.New(pc); err != nil {
		stop()
		return nil, err
	}
	s.close = func() { s.client.Close(); stop() }
	return s, nil
}

// startSandbox serves the sandbox on a loopback port of its own, so that the
// SDK reaches it as it reaches the real provider. Its state lies beside the
// database's file: the two belong together. A database on a server has no place
// beside it, so there it lies in the current folder.
func (c config) startSandbox(ctx context.Context, logger *slog.Logger) (*sandbox.Sandbox, *url.URL, func(), error) {
	box, err := sandbox.New(sandboxConfig(c.sandboxState(), logger))
	if err != nil {
		return nil, nil, nil, err
	}
	var lc net.ListenConfig
	listener, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, nil, nil, errors.Join(err, box.Close())
	}
	server := newServer(box, logger)
	go func() { _ = server.Serve(listener) }() // ends with Close
	return box, &url.URL{Scheme: "http", Host: listener.Addr().String()}, func() {
		if err := errors.Join(box.Close(), server.Close()); err != nil {
			logger.Warn("the sandbox did not end well", "error", err)
		}
	}, nil
}

// sandboxState is the embedded sandbox's file.
func (c config) sandboxState() string {
	if path, ok := store.File(c.Database); ok {
		return strings.TrimSuffix(path, filepath.Ext(path)) + ".sandbox.jsonl"
	}
	return "portal.sandbox.jsonl"
}

// sandboxServer is the stand-in provider with its levers below /control/.
func sandboxServer(box *sandbox.Sandbox, logger *slog.Logger) *http.Server {
	mux := http.NewServeMux()
	levers := http.StripPrefix("/control", box.Control())
	mux.HandleFunc("/control/", func(w http.ResponseWriter, r *http.Request) {
		// A name that somebody pointed at this machine is no way to the levers.
		host := r.Host
		if h, _, err := net.SplitHostPort(host); err == nil {
			host = h
		}
		if !loopback(strings.Trim(host, "[]")) {
			http.Error(w, "the levers answer to loopback names only", http.StatusForbidden)
			return
		}
		levers.ServeHTTP(w, r)
	})
	mux.Handle("/", box)
	server := newServer(mux, logger)
	server.WriteTimeout = 10 * time.Minute // delays are a fault that it plays
	return server
}
