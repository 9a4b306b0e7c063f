package sandbox

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	owner = int64(1217259133477183) // the sample of the provider document
	other = int64(1217259133477184)
)

// clock is a clock that stands still until it is moved.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// noon is 12:00 Beijing time of a day.
func noon(y int, m time.Month, d int) time.Time {
	return time.Date(y, m, d, 12, 0, 0, 0, beijing).UTC()
}

// rig is a sandbox on a real port, with a clock of its own.
type rig struct {
	t     testing.TB
	box   *Sandbox
	clock *clock
	srv   *httptest.Server
}

func newRig(t *testing.T, cfg Config) *rig {
	t.Helper()
	c := &clock{at: noon(2026, 1, 31)}
	if cfg.Now == nil {
		cfg.Now = c.now
	}
	if cfg.Machines == nil {
		cfg.Machines = map[int64]int{owner: 5, other: 2}
	}
	box, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(box)
	t.Cleanup(func() {
		if err := box.Close(); err != nil {
			t.Error(err)
		}
		srv.Close()
	})
	return &rig{t: t, box: box, clock: c, srv: srv}
}

// signed completes business parameters into a signed request's.
func signed(method string, now time.Time, p params) params {
	all := params{
		"Format": "JSON", "Version": apiVersion, "AccessKeyId": DemoAccessKeyID,
		"SignatureMethod": "HMAC-SHA1", "SignatureVersion": "1.0",
		"SignatureNonce": newRequestID(), "Timestamp": now.UTC().Format(timestampLayout),
	}
	for k, v := range p {
		if v == "-" { // a test's way to leave one out
			delete(all, k)
			continue
		}
		all[k] = v
	}
	if _, given := p["Signature"]; !given {
		all["Signature"] = signature(method, DemoAccessKeySecret, all)
	}
	return all
}

func encode(p params) string {
	v := url.Values{}
	for name, value := range p {
		v.Set(name, value)
	}
	return v.Encode()
}

// got is what came back: a status with its JSON, or an error without.
type got struct {
	status int
	header http.Header
	body   string
	err    error

	RequestID  string `json:"RequestId"`
	HostID     string `json:"HostId"`
	Code       string
	Message    string
	OrderID    string `json:"OrderId"`
	InstanceID string `json:"InstanceId"`
	Data       int
	Success    *bool
}

// send posts parameters, query only, over a connection of its own: a kept one
// that the sandbox has cut could be retried by net/http itself.
func (r *rig) send(method string, p params) got {
	r.t.Helper()
	req, err := http.NewRequest(method, r.srv.URL+"/?"+encode(p), nil)
	if err != nil {
		r.t.Fatal(err)
	}
	return r.do(req)
}

func (r *rig) do(req *http.Request) got {
	transport := &http.Transport{DisableKeepAlives: true}
	defer transport.CloseIdleConnections()
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return got{err: err}
	}
	body, err := io.ReadAll(resp.Body)
	err = errors.Join(err, resp.Body.Close())
	g := got{status: resp.StatusCode, header: resp.Header, body: string(body), err: err}
	if err == nil {
		g.err = json.Unmarshal(body, &g)
	}
	return g
}

// call signs and posts a call now.
func (r *rig) call(action string, p params) got {
	r.t.Helper()
	all := params{"Action": action, "OwnerId": strconv.FormatInt(owner, 10)}
	for k, v := range p {
		all[k] = v
	}
	return r.send(http.MethodPost, signed(http.MethodPost, r.box.Now(), all))
}

// ok fails the test unless the call succeeded.
func (r *rig) ok(action string, p params) got {
	r.t.Helper()
	g := r.call(action, p)
	if g.err != nil || g.status != http.StatusOK {
		r.t.Fatalf("%s: status %d, error %v, body %s", action, g.status, g.err, g.body)
	}
	if g.RequestID == "" {
		r.t.Fatalf("%s: no RequestId in %s", action, g.body)
	}
	return g
}

// refused fails the test unless the call was refused so, and that without any
// movement of money.
func (r *rig) refused(action string, p params, status int, code string) got {
	r.t.Helper()
	before := len(r.box.Ledger())
	g := r.call(action, p)
	r.wantError(g, status, code)
	if after := len(r.box.Ledger()); after != before {
		r.t.Fatalf("%s refused with %s, but the ledger grew from %d to %d", action, code, before, after)
	}
	return g
}

func (r *rig) wantError(g got, status int, code string) {
	r.t.Helper()
	if g.err != nil || g.status != status || g.Code != code {
		r.t.Fatalf("want %d %s, got %d %q, error %v, body %s", status, code, g.status, g.Code, g.err, g.body)
	}
	if g.RequestID == "" || g.HostID != DefaultHostID || g.Message == "" {
		r.t.Fatalf("an error carries RequestId, HostId and Message: %s", g.body)
	}
}

func (r *rig) wantLedger(amounts ...int64) []Entry {
	r.t.Helper()
	l := r.box.Ledger()
	var have []int64
	for _, e := range l {
		if e.Kind == Refund {
			have = append(have, -e.AmountFen)
		} else {
			have = append(have, e.AmountFen)
		}
	}
	if len(have) != len(amounts) {
		r.t.Fatalf("ledger: want %v, have %v", amounts, have)
	}
	for i := range have {
		if have[i] != amounts[i] {
			r.t.Fatalf("ledger: want %v, have %v", amounts, have)
		}
	}
	return l
}

func with(base params, pairs ...string) params {
	p := params{}
	for k, v := range base {
		p[k] = v
	}
	for i := 0; i < len(pairs); i += 2 {
		p[pairs[i]] = pairs[i+1]
	}
	return p
}

// buyMonth is a Pro instance for the owner's five machines and one month: 300 CNY.
func buyMonth(token string) params {
	return params{"ClientToken": token, "Duration": "1", "PricingCycle": "Month", "VersionCode": "level1", "BuyNumber": "5"}
}

const buyMonthFen = 5 * 6000

func renewMonth(token, instance string) params {
	return params{"ClientToken": token, "InstanceId": instance, "Duration": "1", "PricingCycle": "Month", "BuyNumber": "5"}
}

func upgradeTo(token, instance, version, n string) params {
	return params{"ClientToken": token, "InstanceId": instance, "VersionCode": version, "BuyNumber": n}
}

func (r *rig) mustDo(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

func contains(t testing.TB, text, part string) {
	t.Helper()
	if !strings.Contains(text, part) {
		t.Fatalf("%q does not contain %q", text, part)
	}
}

func newCancel() (context.Context, context.CancelFunc) {
	return context.WithCancel(context.Background())
}
