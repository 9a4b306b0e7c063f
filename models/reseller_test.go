package models

import (
	"errors"
	"strings"
	"testing"
)

// TestAProfileIsAName: as the SDK's files can have it, and never a key.
func TestAProfileIsAName(t *testing.T) {
	for typed, want := range map[string]string{
		"": "", " ": "", "default": "", " north ": "north", "North-2_b": "North-2_b", "7": "7", strings.Repeat("n", 64): strings.Repeat("n", 64),
	} {
		if got, err := NormalizeProfile(typed); err != nil || got != want {
			t.Errorf("%q: %q, %v", typed, got, err)
		}
	}
	for _, typed := range []string{
		"a b", "north.east", "DEFAULT", "Default", "[north]", "-north", "北方", "n;o", strings.Repeat("n", 65), "a/b", "a:b", "\u200bnorth",
	} {
		if got, err := NormalizeProfile(typed); err == nil || errors.Is(err, ErrLooksLikeAKey) {
			t.Errorf("%q: %q, %v", typed, got, err)
		}
	}
	for _, typed := range []string{"LTAI5tExampleExampleExample", " LTAI4x", "STS.NUexample", "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0"} {
		if got, err := NormalizeProfile(typed); !errors.Is(err, ErrLooksLikeAKey) || got != "" || strings.Contains(err.Error(), strings.TrimSpace(typed)) {
			t.Errorf("%q: %q, %v", typed, got, err)
		}
	}
}
