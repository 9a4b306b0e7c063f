package provider

import (
	"context"
	"errors"
	"net"
	"net/http"
	"slices"
	"testing"
	"time"

	"portal/models"
)

func TestCount(t *testing.T) {
	now := time.Date(2026, 11, 23, 10, 0, 0, 0, time.FixedZone("", 8*3600))
	for _, tc := range []struct {
		what   string
		status int
		body   string
		want   int
		kind   models.CountFailure
		code   string
	}{
		{"a count", 200, `{"Data":12,"Success":true,"RequestId":"R-1"}`, 12, "", ""},
		{"a count as a word", 200, `{"Data":"12","RequestId":"R-1"}`, 12, "", ""},
		{"a count without Success", 200, `{"Data":1,"RequestId":"R-1"}`, 1, "", ""},
		{"none, which the provider never says", 200, `{"Data":0,"Success":true}`, 0, models.CountUnavailable, ""},
		{"fewer than none", 200, `{"Data":-3,"Success":true}`, 0, models.CountUnavailable, ""},
		{"half a machine", 200, `{"Data":1.5,"Success":true}`, 0, models.CountUnavailable, ""},
		{"more than there are", 200, `{"Data":99999999999,"Success":true}`, 0, models.CountUnavailable, ""},
		{"no Data", 200, `{"Success":true}`, 0, models.CountUnavailable, ""},
		{"Success false", 200, `{"Data":3,"Success":false,"Code":"Busy"}`, 0, models.CountUnavailable, "Busy"},
		{"empty", 200, ``, 0, models.CountUnavailable, ""},
		{"HTML", 200, `<html>`, 0, models.CountUnavailable, ""},
		{"throttled", 400, `{"Code":"Throttling.User"}`, 0, models.CountThrottled, "Throttling.User"},
		{"refused", 403, `{"Code":"Forbidden.RAM","Message":"no","RequestId":"R-2"}`, 0, models.CountRefused, "Forbidden.RAM"},
		{"clock", 400, `{"Code":"InvalidTimeStamp.Expired"}`, 0, models.CountClock, "InvalidTimeStamp.Expired"},
		{"nonce used", 400, `{"Code":"SignatureNonceUsed"}`, 0, models.CountUnavailable, "SignatureNonceUsed"},
		{"the SDK panics", 400, `{"Code":17}`, 0, models.CountUnavailable, "17"},
		{"5xx", 503, `{"Code":"ServiceUnavailable"}`, 0, models.CountUnavailable, "ServiceUnavailable"},
	} {
		t.Run(tc.what, func(t *testing.T) {
			g := serve(t, answer(tc.status, tc.body))
			var seen []string
			c := client(t, g.URL, func(c *Config) {
				c.Now = func() time.Time { return now }
				c.Observe = func(action, outcome string, took time.Duration) {
					if took <= 0 {
						t.Errorf("took %s", took)
					}
					seen = append(seen, action, outcome)
				}
			})
			got, err := c.Count(t.Context(), "", 7)
			wantSeen := []string{"GetInstanceCount", "done"}
			if tc.kind == "" {
				if err != nil || got.Machines != tc.want || got.RequestID != "R-1" || !got.ReadAt.Equal(now) || got.ReadAt.Location() != time.UTC {
					t.Errorf("%+v, %v", got, err)
				}
			} else {
				wantSeen[1] = string(tc.kind)
				var failure *models.CountError
				if !errors.As(err, &failure) || failure.Failure != tc.kind || failure.Code != tc.code || failure.HTTPStatus != tc.status {
					t.Errorf("%#v, want %s %s", err, tc.kind, tc.code)
				}
			}
			if !slices.Equal(seen, wantSeen) {
				t.Errorf("observed %q", seen)
			}
		})
	}
}

func TestCountWithoutAnAnswer(t *testing.T) {
	endpoint, _ := line(t, func(int, net.Conn) bool { return true })
	_, err := client(t, endpoint, within(50*time.Millisecond)).Count(t.Context(), "", 7)
	var failure *models.CountError
	if !errors.As(err, &failure) || failure.Failure != models.CountUnavailable || !errors.Is(err, context.DeadlineExceeded) || failure.Message == "" {
		t.Errorf("no answer: %v", err)
	}
	g := serve(t, answer(http.StatusOK, `{"Data":1}`))
	if _, err := client(t, g.URL).Count(t.Context(), "", 0); err == nil {
		t.Error("counted for nobody")
	}
	if hits, _ := g.count(); hits != 0 {
		t.Errorf("%d requests", hits)
	}
}
