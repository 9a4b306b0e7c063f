package passwords_test

import (
	"errors"
	"strings"
	"testing"

	"portal/passwords"
)

func TestAPasswordMatchesItsOwnHashOnly(t *testing.T) {
	ctx := t.Context()
	hash, err := passwords.Hash(ctx, "correct horse 电池")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Fatal(hash)
	}
	for password, want := range map[string]bool{"correct horse 电池": true, "correct horse 电": false, "": false, strings.Repeat("x", passwords.MaxBytes+1): false} {
		if got, err := passwords.Matches(ctx, hash, password); err != nil || got != want {
			t.Errorf("%.20q: %v, %v", password, got, err)
		}
	}
	if again, _ := passwords.Hash(ctx, "correct horse 电池"); again == hash {
		t.Error("two hashes of one password are the same: no salt")
	}
}

func TestNobodyHasAPassword(t *testing.T) {
	for _, password := range []string{"", "x", strings.Repeat("\x00", 32)} {
		if ok, err := passwords.Matches(t.Context(), "", password); ok || err != nil {
			t.Errorf("%q: %v, %v", password, ok, err)
		}
	}
}

func TestUnsuitablePasswordsAreRefused(t *testing.T) {
	for _, p := range []string{"", "short", strings.Repeat("电", 11), strings.Repeat("x", passwords.MaxBytes+1)} {
		if _, err := passwords.Hash(t.Context(), p); !errors.Is(err, passwords.ErrUnsuitable) {
			t.Errorf("%.20q was taken: %v", p, err)
		}
	}
	if _, err := passwords.Hash(t.Context(), strings.Repeat("电", 12)); err != nil {
		t.Error(err)
	}
}

func TestAForeignHashIsAnErrorAndNoPanic(t *testing.T) {
	for _, hash := range []string{"x", "$2a$10$abc", "$argon2id$v=19$m=99999999999,t=1,p=1$YQ$YQ", "$argon2id$v=19$m=8,t=1,p=0$YQ$YQ", "$argon2id$v=19$m=19456,t=2,p=1$!$!"} {
		if ok, err := passwords.Matches(t.Context(), hash, "x"); ok || err == nil {
			t.Errorf("%q: %v, %v", hash, ok, err)
		}
	}
}
