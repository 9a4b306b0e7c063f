package provider

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"portal/models"
)

func TestNewRefuses(t *testing.T) {
	for endpoint, ok := range map[string]bool{
		"https://sas-api.aliyuncs.com":   true,
		"https://sas-api.aliyuncs.com/":  true,
		"https://127.0.0.1:8443":         true,
		"http://127.0.0.1:80":            true,
		"http://[::1]:80":                true,
		"http://localhost:80":            true,
		"http://sas-api.aliyuncs.com":    false,
		"http://10.0.0.1":                false,
		"http://127.0.0.1.example.com":   false,
		"http://localhost.example.com":   false,
		"ftp://127.0.0.1":                false,
		"https://":                       false,
		"":                               false,
		"https://me:s3cret@example.com":  false,
		"https://example.com/path":       false,
		"https://example.com?Action=Buy": false,
	} {
		_, err := New(config(t, endpoint))
		if (err == nil) != ok {
			t.Errorf("%s: %v", endpoint, err)
		}
		if err != nil && strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: the error quotes the password: %v", endpoint, err)
		}
	}
	for what, edit := range map[string]func(*Config){
		"no endpoint":      func(c *Config) { c.Endpoint = nil },
		"no credentials":   func(c *Config) { c.Credentials = nil },
		"negative timeout": func(c *Config) { c.Timeout = -1 },
	} {
		c := config(t, "https://sas-api.aliyuncs.com")
		edit(&c)
		if _, err := New(c); err == nil {
			t.Errorf("%s is accepted", what)
		}
	}
}

// A name that a resolver points elsewhere does not make http safe.
func TestPlainHTTPStaysHere(t *testing.T) {
	for address, ok := range map[string]bool{
		"127.0.0.1:80": true, "[::1]:80": true, "10.0.0.1:80": false, "[2001:db8::1]:80": false, "nonsense": false,
	} {
		if err := onlyLoopback("tcp", address, nil); (err == nil) != ok {
			t.Errorf("%s: %v", address, err)
		}
	}
}

// Proxies from the environment: never towards this machine, only for https
// elsewhere, and odd values (which make the SDK fail) do no harm.
func TestProxies(t *testing.T) {
	proxy := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) })
	for _, name := range []string{"HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"} {
		t.Setenv(name, proxy.URL)
	}
	t.Setenv("NO_PROXY", "")
	t.Setenv("no_proxy", "")
	g := serve(t, answer(200, bought))
	wantOutcome(t, client(t, g.URL).Sell(t.Context(), buy()), models.OutcomeDone)
	if hits, _ := proxy.count(); hits != 0 {
		t.Errorf("%d requests towards this machine went to the proxy", hits)
	}

	a := client(t, "https://sas-api.test.invalid").Sell(t.Context(), buy())
	wantOutcome(t, a, models.OutcomeNotSent) // the proxy refused before anything could be sent
	if hits, _ := proxy.count(); hits != 1 || proxy.last().Method != http.MethodConnect || proxy.last().URL.RawQuery != "" {
		t.Errorf("the proxy saw %d requests, the last a %s", hits, proxy.last().Method)
	}

	for _, odd := range []string{"127.0.0.1:9", "(", "http://me:s3cret@ho st"} {
		for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"} {
			t.Setenv(name, odd)
			t.Setenv(strings.ToLower(name), odd)
		}
		wantOutcome(t, client(t, g.URL).Sell(t.Context(), buy()), models.OutcomeDone)
		t.Setenv("NO_PROXY", "")
		t.Setenv("no_proxy", "")
		a := client(t, "https://sas-api.test.invalid", within(300*time.Millisecond)).Sell(t.Context(), buy())
		if a.Outcome != models.OutcomeNotSent || strings.Contains(a.Response, "s3cret") {
			t.Errorf("%s: %+v", odd, a)
		}
	}
}

// The carrier is the last gate: one request, a POST, to the configured place.
func TestCarrierRefuses(t *testing.T) {
	here, _ := url.Parse("https://sas-api.aliyuncs.com")
	never := roundTrip(func(*http.Request) (*http.Response, error) {
		t.Error("a request left")
		return nil, errors.New("left")
	})
	for _, tc := range []struct{ method, url string }{
		{"GET", "https://sas-api.aliyuncs.com/?Action=RefundInstance"},
		{"POST", "http://sas-api.aliyuncs.com/?Action=RefundInstance"},
		{"POST", "https://location.aliyuncs.com/?Action=DescribeEndpoint"},
	} {
		r := httptest.NewRequestWithContext(t.Context(), tc.method, tc.url, nil)
		ex := &exchange{}
		resp, err := (&carrier{ctx: t.Context(), over: never, endpoint: here, ex: ex}).RoundTrip(r)
		if err == nil {
			_ = resp.Body.Close()
			t.Errorf("%s %s left", tc.method, tc.url)
		}
		if got, _ := decide(models.Refund, false, ex.evidence()); got != models.OutcomeNotSent {
			t.Errorf("%s %s: %s", tc.method, tc.url, got)
		}
	}
	ex := &exchange{entered: true}
	resp, err := (&carrier{ctx: t.Context(), over: never, endpoint: here, ex: ex}).RoundTrip(
		httptest.NewRequestWithContext(t.Context(), "POST", "https://sas-api.aliyuncs.com/", nil))
	if !errors.Is(err, errSecond) {
		_ = resp.Body.Close()
		t.Error("a second request left")
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
