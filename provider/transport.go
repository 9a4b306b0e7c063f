package provider

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/netip"
	"net/url"
	"sync"
	"syscall"
	"time"

	"golang.org/x/net/http/httpproxy"

	"portal/failpoint"
)

const (
	maxBody      = 1 << 20 // bytes of an answer that are read; the calls answer some hundred
	maxHeader    = 64 << 10
	maxConns     = 32
	maxIdleConns = 16
	// idleTimeout closes idle connections before the gateway does, so that a
	// request seldom meets one that is being closed.
	idleTimeout    = 30 * time.Second
	connectTimeout = 5 * time.Second
)

// newTransport makes the connections that all calls share. It speaks HTTP/1.1
// only: there a connection carries one request at a time, which makes it
// provable what was sent, and nothing of HTTP/2's own replays is in the way.
//
// A proxy is taken from the environment (HTTPS_PROXY, NO_PROXY), as it stands
// when the client is made, and never towards a loopback address.
func newTransport(endpoint *url.URL, roots *x509.CertPool) *http.Transport {
	dialer := &net.Dialer{Timeout: connectTimeout}
	if endpoint.Scheme == "http" {
		// "localhost" is whatever the resolver makes of it.
		dialer.Control = onlyLoopback
	}
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	return &http.Transport{
		Proxy:                  proxyFor(endpoint),
		DialContext:            dialer.DialContext,
		TLSClientConfig:        &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    connectTimeout,
		Protocols:              protocols,
		DisableCompression:     true,
		MaxConnsPerHost:        maxConns,
		MaxIdleConns:           maxIdleConns,
		MaxIdleConnsPerHost:    maxIdleConns,
		IdleConnTimeout:        idleTimeout,
		MaxResponseHeaderBytes: maxHeader,
	}
}

func proxyFor(endpoint *url.URL) func(*http.Request) (*url.URL, error) {
	if loopback(endpoint) {
		return nil
	}
	choose := httpproxy.FromEnvironment().ProxyFunc()
	return func(r *http.Request) (*url.URL, error) {
		proxy, err := choose(r.URL)
		if err != nil {
			// The error quotes the value, and with it a password.
			return nil, errors.New("the proxy in the environment (HTTPS_PROXY) is not a URL")
		}
		return proxy, nil
	}
}

func onlyLoopback(_, address string, _ syscall.RawConn) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil || !to.Addr().Unmap().IsLoopback() {
		return fmt.Errorf("plain http towards %s refused: not a loopback address", address)
	}
	return nil
}

// exchange is one request's way over the wire. Hooks of the dialler may still
// run when the request has been given up, hence the lock.
type exchange struct {
	mu        sync.Mutex
	entered   bool // the SDK handed over a request
	connected bool // a TCP connection (to the endpoint or its proxy) was made
	secured   bool // TLS stands: the certificate was verified
	tlsErr    error
	left      bool
	panicked  bool
	whole     bool
	status    int
	body      []byte
	date      time.Time
	wire      []string // secrets as they were sent
	err       error
}

var (
	errSecond    = errors.New("the SDK asked for a second request")
	errElsewhere = errors.New("the SDK asked for another place or method than configured")
	errStatus    = errors.New("the answer is a redirect or a change of protocol")
	errKept      = errors.New("the program was paused before the request left, and its time has passed")
	errTooLong   = fmt.Errorf("the answer is longer than %d bytes", maxBody)
)

// carrier is the only way out for the SDK: an http.RoundTripper of its own for
// each call, over the shared transport. Being opaque, it keeps the SDK from
// putting its timeouts, proxies and TLS settings on what is shared.
type carrier struct {
	ctx      context.Context // the SDK has no contexts; this is how one reaches the request
	over     http.RoundTripper
	endpoint *url.URL
	mayLeave func() bool // nil: it may
	ex       *exchange
	at       failpoint.Wire
}

// RoundTrip implements http.RoundTripper. It hands the SDK whole answers only.
func (c *carrier) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := c.carry(r)
	if err != nil {
		c.ex.fail(err)
		return nil, err
	}
	return resp, nil
}

func (c *carrier) carry(r *http.Request) (*http.Response, error) {
	if !c.ex.enter(r) {
		return nil, errSecond
	}
	if r.Method != http.MethodPost || r.URL.Scheme != c.endpoint.Scheme || r.URL.Host != c.endpoint.Host {
		return nil, errElsewhere
	}
	// Asked here, because the signature is dated by now: what is kept back from
	// here on grows too old for the provider. Nothing has left yet.
	if c.mayLeave != nil && !c.mayLeave() {
		return nil, errKept
	}
	out := r.WithContext(httptrace.WithClientTrace(c.ctx, c.ex.trace(c.at)))
	// Everything is in the query. Without GetBody there is one thing less that
	// net/http could replay.
	out.Body, out.GetBody, out.ContentLength = http.NoBody, nil, 0

	failpoint.Hit(c.at.BeforeSend)
	resp, err := c.over.RoundTrip(out)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	failpoint.Hit(c.at.Answering)
	c.ex.head(resp)
	if resp.StatusCode < 200 || (resp.StatusCode >= 300 && resp.StatusCode <= 399) {
		// The request arrived somewhere. Following would send a copy, perhaps to
		// another host.
		return nil, errStatus
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxBody+1))
	if err == nil && len(body) > maxBody {
		body, err = body[:maxBody], errTooLong
	}
	c.ex.received(body, err == nil)
	failpoint.Hit(c.at.Answered)
	if err != nil {
		return nil, err
	}
	answer := *resp
	answer.Body, answer.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return &answer, nil
}

func (x *exchange) enter(r *http.Request) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.entered {
		return false
	}
	x.entered = true
	q := r.URL.Query()
	x.wire = []string{q.Get("AccessKeyId"), q.Get("Signature"), q.Get("SignatureNonce"), q.Get("SecurityToken")}
	return true
}

// trace notes how far the request came. GotConn is the line: net/http writes a
// request only to a connection that it announced there (transport.go, getConn),
// so without it not one byte has left; with it, any may have. The dialler's and
// the TLS handshake's own bytes are not the request's.
func (x *exchange) trace(at failpoint.Wire) *httptrace.ClientTrace {
	note := func(f func()) {
		x.mu.Lock()
		defer x.mu.Unlock()
		f()
	}
	return &httptrace.ClientTrace{
		GotConn: func(i httptrace.GotConnInfo) {
			note(func() {
				_, overTLS := i.Conn.(*tls.Conn)
				x.left, x.connected, x.secured = true, true, overTLS
			})
			failpoint.Hit(at.Connected)
		},
		WroteRequest: func(httptrace.WroteRequestInfo) { failpoint.Hit(at.Sent) },
		ConnectDone:  func(_, _ string, err error) { note(func() { x.connected = x.connected || err == nil }) },
		TLSHandshakeDone: func(_ tls.ConnectionState, err error) {
			note(func() { x.tlsErr = err })
		},
	}
}

func (x *exchange) head(resp *http.Response) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.status = resp.StatusCode
	if date, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
		x.date = date.UTC()
	}
}

func (x *exchange) received(body []byte, whole bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.body, x.whole = body, whole
}

func (x *exchange) fail(err error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.err = err
}

// evidence is what decide judges.
func (x *exchange) evidence() evidence {
	x.mu.Lock()
	defer x.mu.Unlock()
	return evidence{left: x.left, panicked: x.panicked, whole: x.whole, status: x.status, body: x.body, date: x.date}
}

// secrets lists what the request carried that no text may.
func (x *exchange) secrets() []string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return append([]string(nil), x.wire...)
}

// problem is why there is no whole answer, in net/http's words, not redacted.
func (x *exchange) problem() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.err == nil {
		return ""
	}
	return x.err.Error()
}
