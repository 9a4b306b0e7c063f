package main

import (
	"strings"
	"testing"
	"time"
)

// TestTheSandboxLetsGoOfWhatExpired: otherwise nobody could buy anew in it. The
// settings file has the last word.
func TestTheSandboxLetsGoOfWhatExpired(t *testing.T) {
	for settings, want := range map[string]time.Duration{
		`{}`: 360 * time.Hour, `{"release_after": "1h"}`: time.Hour, `{"release_after": "0s"}`: 0, // never
	} {
		cfg := sandboxConfig("", nil)
		if err := cfg.ReadSettings(strings.NewReader(settings)); err != nil || cfg.ReleaseAfter != want {
			t.Errorf("%s: %s, %v", settings, cfg.ReleaseAfter, err)
		}
	}
}
