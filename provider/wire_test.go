package provider

import (
	"bufio"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"portal/models"
)

// The tests meet small gateways of their own on the real wire. None of them
// shares a line with the sandbox.

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	testID     = "LTAI5tTestAccessKeyId000"
	testSecret = "Test/Secret+With=Odd&Chars 00*~"
	testToken  = "CAIS/SecurityToken+With=Odd&Chars"
	token      = "CLIENTTOKENABCDEFGHIJKLMNO"
)

func buy() models.Call {
	return models.Call{
		Kind: models.Buy, OwnerID: 1217259133477183, ClientToken: token, VersionCode: "level1",
		Cycle: models.Month, Duration: 6, InstanceCount: 12,
	}
}

func renew() models.Call {
	return models.Call{
		Kind: models.Renew, OwnerID: 1217259133477183, ClientToken: token, InstanceID: "sas-1",
		Cycle: models.Year, Duration: 1, InstanceCount: 12,
	}
}

func upgrade() models.Call {
	return models.Call{
		Kind: models.Upgrade, OwnerID: 1217259133477183, ClientToken: token, InstanceID: "sas-1",
		VersionCode: "level2", InstanceCount: 13,
	}
}

func refund() models.Call {
	return models.Call{Kind: models.Refund, OwnerID: 1217259133477183, InstanceID: "sas-1"}
}

const bought = `{"OrderId":"2001","InstanceId":"sas-1","RequestId":"R-1"}`

// gateway is a server that counts what reaches it.
type gateway struct {
	*httptest.Server
	mu    sync.Mutex
	hits  []*http.Request
	conns int
}

func (g *gateway) count() (hits, conns int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.hits), g.conns
}

func (g *gateway) last() *http.Request {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.hits[len(g.hits)-1]
}

func newGateway(t *testing.T, start func(*httptest.Server), h http.HandlerFunc) *gateway {
	t.Helper()
	g := &gateway{}
	g.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		g.mu.Lock()
		g.hits = append(g.hits, r)
		g.mu.Unlock()
		h(w, r)
	}))
	g.Config.ErrorLog = log.New(io.Discard, "", 0)
	g.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			g.mu.Lock()
			g.conns++
			g.mu.Unlock()
		}
	}
	start(g.Server)
	t.Cleanup(g.Close)
	return g
}

func serve(t *testing.T, h http.HandlerFunc) *gateway {
	t.Helper()
	return newGateway(t, (*httptest.Server).Start, h)
}

func answer(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json;charset=utf-8")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func config(t *testing.T, endpoint string) Config {
	t.Helper()
	u, err := url.Parse(endpoint)
	if err != nil {
		t.Fatal(err)
	}
	return Config{Endpoint: u, Credentials: Fixed(testID, testSecret, testToken), Timeout: 5 * time.Second}
}

// client is a client of endpoint; edit may change its configuration first.
func client(t *testing.T, endpoint string, edit ...func(*Config)) *Client {
	t.Helper()
	cfg := config(t, endpoint)
	for _, e := range edit {
		e(&cfg)
	}
	c, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func within(d time.Duration) func(*Config) { return func(c *Config) { c.Timeout = d } }

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// line is a server below HTTP: each request that arrives whole is given to
// reply with its number on the line, counted from 1, and the connection. When
// reply returns false the connection is closed.
func line(t *testing.T, reply func(n int, c net.Conn) bool) (endpoint string, requests func() int) {
	t.Helper()
	l := listen(t)
	var (
		mu    sync.Mutex
		n     int
		conns sync.WaitGroup
	)
	conns.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			conns.Go(func() {
				defer func() { _ = c.Close() }()
				in := bufio.NewReader(c)
				for {
					if _, err := http.ReadRequest(in); err != nil {
						return
					}
					mu.Lock()
					n++
					now := n
					mu.Unlock()
					if !reply(now, c) {
						return
					}
				}
			})
		}
	})
	t.Cleanup(func() { _ = l.Close(); conns.Wait() })
	return "http://" + l.Addr().String(), func() int {
		mu.Lock()
		defer mu.Unlock()
		return n
	}
}

// whole is a complete answer as it stands on the wire.
func whole(status int, body string) string {
	return fmt.Sprintf("HTTP/1.1 %d -\r\nContent-Length: %d\r\n\r\n%s", status, len(body), body)
}

func say(c net.Conn, text string) bool {
	_, err := io.WriteString(c, text)
	return err == nil
}

func wantOutcome(t *testing.T, a models.Answer, want models.Outcome) {
	t.Helper()
	if a.Outcome != want {
		t.Fatalf("outcome %q, want %q: %+v", a.Outcome, want, a)
	}
}
