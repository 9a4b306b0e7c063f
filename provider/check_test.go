package provider

import (
	"crypto/x509"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

func TestCheck(t *testing.T) {
	now := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	at := func(skew time.Duration, h http.HandlerFunc) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Date", now.Add(-skew).Format(http.TimeFormat))
			h(w, r)
		}
	}
	refuse := func(status int, code string) http.HandlerFunc {
		return answer(status, `{"Code":"`+code+`","Message":"m"}`)
	}
	for _, tc := range []struct {
		what                           string
		h                              http.HandlerFunc
		key, signature, clock, allowed Finding
		answered                       Finding
		skew                           time.Duration
	}{
		{"all well", at(0, answer(200, `{"Data":3,"Success":true}`)), Yes, Yes, Yes, Yes, Yes, 0},
		{"a little late", at(-time.Minute, answer(200, `{"Data":3}`)), Yes, Yes, Yes, Yes, Yes, -time.Minute},
		{"20 minutes fast", at(20*time.Minute, refuse(400, "InvalidTimeStamp.Expired")), Unclear, Unclear, No, Unclear, Yes, 20 * time.Minute},
		{"key not known", at(0, refuse(404, "InvalidAccessKeyId.NotFound")), No, Unclear, Yes, Unclear, Yes, 0},
		{"wrong secret", at(0, refuse(400, "SignatureDoesNotMatch")), Yes, No, Yes, Unclear, Yes, 0},
		{"token run out", at(0, refuse(400, "InvalidSecurityToken.Expired")), No, Unclear, Yes, Unclear, Yes, 0},
		{"not allowed", at(0, refuse(403, "Forbidden.RAM")), Yes, Yes, Yes, No, Yes, 0},
		{"no such owner", at(0, refuse(400, "InvalidOwnerId")), Yes, Yes, Yes, Unclear, Yes, 0},
		{"throttled", at(0, refuse(400, "Throttling")), Unclear, Unclear, Yes, Unclear, Yes, 0},
		{"broken", at(0, answer(500, `<html>`)), Unclear, Unclear, Yes, Unclear, Yes, 0},
		{"redirected", at(0, answer(302, ``)), Unclear, Unclear, Yes, Unclear, No, 0},
	} {
		t.Run(tc.what, func(t *testing.T) {
			g := serve(t, tc.h)
			c := client(t, g.URL, func(c *Config) { c.Now = func() time.Time { return now } })
			got := c.Check(t.Context(), "", 0)
			if got.Credentials != Yes || got.Source != "fixed" || got.Reachable != Yes || got.TLS != NotUsed || got.Answered != tc.answered {
				t.Errorf("%+v", got)
			}
			if got.KeyKnown != tc.key || got.Signature != tc.signature || got.Clock != tc.clock || got.Allowed != tc.allowed {
				t.Errorf("key %s, signature %s, clock %s, allowed %s: %+v", got.KeyKnown, got.Signature, got.Clock, got.Allowed, got)
			}
			if !got.SkewKnown || got.Skew != tc.skew {
				t.Errorf("skew %s (%t)", got.Skew, got.SkewKnown)
			}
			if g.last().URL.Query().Get("Action") != "GetInstanceCount" {
				t.Errorf("sent %s", g.last().URL.Query().Get("Action"))
			}
		})
	}
}

func TestCheckTheWay(t *testing.T) {
	g := newGateway(t, (*httptest.Server).StartTLS, answer(200, `{"Data":3}`))
	got := client(t, g.URL).Check(t.Context(), "", 0)
	if got.Reachable != Yes || got.TLS != No || got.Answered != No || got.Problem == "" {
		t.Errorf("an untrusted certificate: %+v", got)
	}
	roots := x509.NewCertPool()
	roots.AddCert(g.Certificate())
	c, err := newClient(config(t, g.URL), roots)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for range 2 { // on a fresh connection and on a used one
		if got := c.Check(t.Context(), "", 7); got.Reachable != Yes || got.TLS != Yes || got.Answered != Yes || got.Machines != 3 {
			t.Errorf("a trusted certificate: %+v", got)
		}
	}
	l := listen(t)
	_ = l.Close()
	got = client(t, "https://"+l.Addr().String()).Check(t.Context(), "", 0)
	if got.Reachable != No || got.TLS != Unclear || got.Problem == "" {
		t.Errorf("nobody there: %+v", got)
	}
}
