package provider

import (
	"compress/gzip"
	"context"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"portal/models"
)

func TestNeverSent(t *testing.T) {
	for _, name := range []string{"HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy"} {
		t.Setenv(name, "")
	}
	closed := listen(t)
	_ = closed.Close()
	untrusted := newGateway(t, (*httptest.Server).StartTLS, answer(200, bought))
	// It takes the connection and never says a word of TLS.
	silent := listen(t)
	t.Cleanup(func() { _ = silent.Close() })
	over, cancel := context.WithCancel(t.Context())
	cancel()

	for what, tc := range map[string]struct {
		ctx      context.Context // a test's table
		endpoint string
	}{
		"connection refused":             {t.Context(), "http://" + closed.Addr().String()},
		"no such host":                   {t.Context(), "https://no-such-host.invalid"},
		"certificate not trusted":        {t.Context(), untrusted.URL},
		"out of time in the handshake":   {t.Context(), "https://" + silent.Addr().String()},
		"given up before it began":       {over, untrusted.URL},
		"not TLS where TLS was expected": {t.Context(), strings.Replace(serve(t, answer(200, bought)).URL, "http:", "https:", 1)},
	} {
		c := client(t, tc.endpoint, within(300*time.Millisecond))
		for _, earlier := range []bool{false, true} {
			call := buy()
			call.EarlierUnknown = earlier
			a := c.Sell(tc.ctx, call)
			if a.Outcome != models.OutcomeNotSent || a.HTTPStatus != 0 || a.Response == "" {
				t.Errorf("%s, earlier unknown %t: %+v", what, earlier, a)
			}
		}
	}
	if hits, _ := untrusted.count(); hits != 0 {
		t.Errorf("%d requests arrived", hits)
	}
}

func TestTLSWithATrustedCertificate(t *testing.T) {
	g := newGateway(t, func(s *httptest.Server) { s.EnableHTTP2 = true; s.StartTLS() }, answer(200, bought))
	roots := x509.NewCertPool()
	roots.AddCert(g.Certificate())
	c, err := newClient(config(t, g.URL), roots)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	wantOutcome(t, c.Sell(t.Context(), buy()), models.OutcomeDone)
	if g.last().ProtoMajor != 1 {
		t.Errorf("spoke %s", g.last().Proto)
	}
}

// Whoever asks for the call has the last word when it is signed; nothing leaves
// against it, not even a connection.
func TestWhatMayNotLeaveStays(t *testing.T) {
	g := serve(t, answer(200, bought))
	for _, earlier := range []bool{false, true} {
		call, asked := buy(), 0
		call.EarlierUnknown = earlier
		call.MayLeave = func() bool { asked++; return false }
		a := client(t, g.URL).Sell(t.Context(), call)
		wantOutcome(t, a, models.OutcomeNotSent)
		if hits, conns := g.count(); asked != 1 || hits != 0 || conns != 0 {
			t.Errorf("asked %d times, %d requests in %d connections", asked, hits, conns)
		}
		if !strings.Contains(a.Response, "paused") {
			t.Errorf("it says %q", a.Response)
		}
	}
	call := buy()
	call.MayLeave = func() bool { return true }
	wantOutcome(t, client(t, g.URL).Sell(t.Context(), call), models.OutcomeDone)
}

// Whatever goes wrong once a request is on its way is unknown, and exactly one
// copy of it has arrived.
func TestOnceSentUnknown(t *testing.T) {
	head := func(length string) string {
		return "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n" + length + "\r\n\r\n"
	}
	huge := `{"OrderId":"1","InstanceId":"i","RequestId":"` + strings.Repeat("x", maxBody) + `"}`
	for what, reply := range map[string]func(net.Conn) bool{
		"closed":             func(net.Conn) bool { return false },
		"reset":              func(c net.Conn) bool { _ = c.(*net.TCPConn).SetLinger(0); return false },
		"half a status line": func(c net.Conn) bool { say(c, "HTTP/1.1 20"); return false },
		"not HTTP":           func(c net.Conn) bool { say(c, "hello\r\n\r\n"); return false },
		"headers only":       func(c net.Conn) bool { say(c, head("Content-Length: 9")); return false },
		"cut body":           func(c net.Conn) bool { say(c, head("Content-Length: 900")+bought); return false },
		"cut chunks":         func(c net.Conn) bool { say(c, head("Transfer-Encoding: chunked")+"5\r\n{\"Ord"); return false },
		"whole JSON, cut chunks": func(c net.Conn) bool {
			say(c, head("Transfer-Encoding: chunked")+strconv.FormatInt(int64(len(bought)), 16)+"\r\n"+bought+"\r\n")
			return false
		},
		"cut without a length": func(c net.Conn) bool { say(c, head("Connection: close")+bought[:20]); return false },
		"too long":             func(c net.Conn) bool { say(c, head("Content-Length: "+strconv.Itoa(len(huge)))+huge); return false },
		"another protocol": func(c net.Conn) bool {
			return say(c, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n")
		},
		"no answer, given up":      func(net.Conn) bool { return true },
		"half an answer, given up": func(c net.Conn) bool { return say(c, head("Content-Length: 900")+bought) },
		"a cut refusal": func(c net.Conn) bool {
			say(c, "HTTP/1.1 400 Bad\r\nContent-Length: 90\r\n\r\n{\"Code\":\"X\"}")
			return false
		},
		"an endless header":       func(c net.Conn) bool { say(c, "HTTP/1.1 200 OK\r\nX: "+strings.Repeat("x", 2*maxHeader)); return false },
		"the SDK panics (Code)":   func(c net.Conn) bool { return say(c, whole(400, `{"Code":1}`)) },
		"the SDK panics (id)":     func(c net.Conn) bool { return say(c, whole(400, `{"Code":"X","RequestId":1234}`)) },
		"the SDK panics (denied)": func(c net.Conn) bool { return say(c, whole(403, `{"Code":"X","AccessDeniedDetail":"text"}`)) },
	} {
		t.Run(what, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			endpoint, requests := line(t, func(_ int, c net.Conn) bool {
				on := reply(c)
				if strings.Contains(what, "given up") {
					cancel()
				}
				return on
			})
			a := client(t, endpoint).Sell(ctx, buy())
			wantOutcome(t, a, models.OutcomeUnknown)
			if a.Response == "" || len(a.Response) > maxResponse+len("…") {
				t.Errorf("a response of %d bytes", len(a.Response))
			}
			if strings.Contains(what, "panics") && !strings.Contains(a.Response, "panic in the SDK") {
				t.Errorf("it does not panic any more: %s", a.Response)
			}
			if n := requests(); n != 1 {
				t.Errorf("%d copies arrived", n)
			}
		})
	}
}

// net/http sends a GET a second time when a connection that it had used before
// is closed under it. None of ours is.
func TestNoReplayOnAReusedConnection(t *testing.T) {
	for _, call := range []models.Call{buy(), renew(), upgrade(), refund()} {
		endpoint, requests := line(t, func(n int, c net.Conn) bool {
			if n == 2 {
				return false // read whole, perhaps carried out, and hung up
			}
			return say(c, whole(200, bought))
		})
		c := client(t, endpoint)
		wantOutcome(t, c.Sell(t.Context(), call), models.OutcomeDone)
		wantOutcome(t, c.Sell(t.Context(), call), models.OutcomeUnknown)
		if n := requests(); n != 2 {
			t.Errorf("%s: 2 calls made %d requests", call.Kind, n)
		}
	}
}

func TestRedirectIsRefused(t *testing.T) {
	elsewhere := serve(t, answer(200, bought))
	for _, status := range []int{300, 301, 302, 303, 307, 308} {
		g := serve(t, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere.URL+r.URL.RequestURI(), status)
		})
		a := client(t, g.URL).Sell(t.Context(), buy())
		wantOutcome(t, a, models.OutcomeUnknown)
		if a.HTTPStatus != status {
			t.Errorf("status %d, want %d", a.HTTPStatus, status)
		}
		if hits, _ := g.count(); hits != 1 {
			t.Errorf("%d: %d requests", status, hits)
		}
	}
	if hits, _ := elsewhere.count(); hits != 0 {
		t.Errorf("%d requests went elsewhere", hits)
	}
}

func TestAnswersAsTheyCome(t *testing.T) {
	for what, h := range map[string]http.HandlerFunc{
		"gzip nobody asked for": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			_, _ = io.WriteString(z, bought)
			_ = z.Close()
		},
		"empty":         answer(200, ""),
		"Success false": answer(200, `{"Success":false,"RequestId":"R","OrderId":"1","InstanceId":"i"}`),
		"malformed":     answer(200, `{"OrderId":"1","InstanceId":"i",`),
		"HTML":          answer(200, "<html></html>"),
		"HTML 400":      answer(400, "<html></html>"),
		"500":           answer(500, `{"Code":"InternalError"}`),
	} {
		g := serve(t, h)
		a := client(t, g.URL).Sell(t.Context(), buy())
		if a.Outcome != models.OutcomeUnknown {
			t.Errorf("%s: %+v", what, a)
		}
	}
}

func TestTheAnswerIsKept(t *testing.T) {
	at := time.Date(2026, 11, 23, 1, 2, 3, 0, time.UTC)
	g := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Date", at.Format(http.TimeFormat))
		answer(400, `{"Code":"InsufficientBalance","Message":"余额不足\u0000","RequestId":"R-9"}`)(w, r)
	})
	a := client(t, g.URL).Sell(t.Context(), buy())
	want := models.Answer{
		Outcome: models.OutcomeRejected, HTTPStatus: 400, Code: "InsufficientBalance", Message: "余额不足\uFFFD",
		RequestID: "R-9", Date: at, Response: `{"Code":"InsufficientBalance","Message":"余额不足\u0000","RequestId":"R-9"}`,
	}
	if a != want {
		t.Errorf("got %+v\nwant %+v", a, want)
	}
	g = serve(t, answer(200, bought))
	a = client(t, g.URL).Sell(t.Context(), buy())
	if a.ProviderOrderID != "2001" || a.InstanceID != "sas-1" || a.RequestID != "R-1" || a.Date.IsZero() {
		t.Errorf("%+v", a)
	}
}

// The SDK has no contexts of its own.
func TestDeadlineAndCancel(t *testing.T) {
	release := make(chan struct{})
	arrived := make(chan struct{}, 1)
	g := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		arrived <- struct{}{}
		select {
		case <-release:
		case <-r.Context().Done():
		}
	})
	defer close(release)
	c := client(t, g.URL, within(500*time.Millisecond))
	begun := time.Now()
	wantOutcome(t, c.Sell(t.Context(), buy()), models.OutcomeUnknown)
	if took := time.Since(begun); took < 500*time.Millisecond || took > 4*time.Second {
		t.Errorf("a timeout of 500ms took %s", took)
	}
	<-arrived

	c = client(t, g.URL, within(time.Minute))
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-arrived; cancel() }()
	wantOutcome(t, c.Sell(ctx, buy()), models.OutcomeUnknown)
}

// Many at once, under -race: every one gets its own answer, the connections are
// shared, and (goleak, at the end of all tests) nothing stays behind.
func TestConcurrentCallsShareConnections(t *testing.T) {
	g := serve(t, func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		if sign("POST", q, testSecret) != q.Get("Signature") {
			answer(400, `{"Code":"SignatureDoesNotMatch"}`)(w, r)
			return
		}
		answer(200, `{"OrderId":"`+q.Get("BuyNumber")+`","InstanceId":"i","RequestId":"R","Data":`+q.Get("OwnerId")+`}`)(w, r)
	})
	c := client(t, g.URL)
	const workers, each = 8, 20
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for i := range each {
				call := buy()
				call.InstanceCount = 1 + w*each + i
				a := c.Sell(t.Context(), call)
				if a.Outcome != models.OutcomeDone || a.ProviderOrderID != strconv.Itoa(call.InstanceCount) {
					t.Errorf("%+v", a)
				}
				n, err := c.Count(t.Context(), "", int64(call.InstanceCount))
				if err != nil || n.Machines != call.InstanceCount {
					t.Errorf("%+v, %v", n, err)
				}
			}
		})
	}
	wg.Wait()
	hits, conns := g.count()
	if hits != 2*workers*each || conns > 2*workers {
		t.Errorf("%d calls over %d connections", hits, conns)
	}
}

func TestOneAfterAnotherUsesOneConnection(t *testing.T) {
	n := 0
	answers := []http.HandlerFunc{
		answer(200, bought), answer(400, `{"Code":"X"}`), answer(400, `{"Code":1}`), answer(500, `{}`), answer(200, ``),
	}
	g := serve(t, func(w http.ResponseWriter, r *http.Request) { answers[n%len(answers)](w, r); n++ })
	c := client(t, g.URL)
	for range 4 * len(answers) {
		c.Sell(t.Context(), buy())
	}
	if hits, conns := g.count(); hits != 4*len(answers) || conns != 1 {
		t.Errorf("%d calls over %d connections", hits, conns)
	}
}
