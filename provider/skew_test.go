package provider

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"portal/models"
)

// TestSkew: each answer's Date says how far the machine's clock is off, whatever
// else the answer says.
func TestSkew(t *testing.T) {
	for name, tc := range map[string]struct {
		ahead  time.Duration
		answer http.HandlerFunc
		tooFar bool
	}{
		"right":                      {0, answer(200, `{"Data":3}`), false},
		"four minutes ahead":         {4 * time.Minute, answer(200, `{"Data":3}`), false},
		"six minutes ahead":          {6 * time.Minute, answer(200, `{"Data":3}`), true},
		"six minutes behind":         {-6 * time.Minute, answer(200, `{"Data":3}`), true},
		"a refusal tells it too":     {20 * time.Minute, answer(400, `{"Code":"InvalidTimeStamp.Expired"}`), true},
		"and what the SDK chokes on": {6 * time.Minute, answer(400, `{"Code":7}`), true},
	} {
		t.Run(name, func(t *testing.T) {
			dated := func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Date", time.Now().Add(-tc.ahead).UTC().Format(http.TimeFormat))
				tc.answer(w, r)
			}
			c := client(t, serve(t, dated).URL)
			if s := c.Skew(); !s.At.IsZero() || s.TooFar() {
				t.Fatalf("before any answer: %+v", s)
			}
			_, _ = c.Count(t.Context(), "", 1)
			s := c.Skew()
			if off := s.By - tc.ahead; off.Abs() > 30*time.Second || s.TooFar() != tc.tooFar {
				t.Errorf("%+v", s)
			}
		})
	}
	t.Run("an answer without a time changes nothing", func(t *testing.T) {
		date := []string{time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat)}
		c := client(t, serve(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header()["Date"] = date // nil: the server writes none
			answer(200, `{"Data":3}`)(w, r)
		}).URL)
		_, _ = c.Count(t.Context(), "", 1)
		before := c.Skew()
		date = nil
		_, _ = c.Count(t.Context(), "", 1)
		if c.Skew() != before || !before.TooFar() {
			t.Errorf("%+v, before %+v", c.Skew(), before)
		}
	})
	t.Run("nor does no answer", func(t *testing.T) {
		gone := httptest.NewServer(answer(200, `{}`))
		gone.Close()
		c := client(t, gone.URL)
		_, _ = c.Count(t.Context(), "", 1)
		if s := c.Skew(); s != (models.Skew{}) {
			t.Errorf("%+v", s)
		}
	})
}
