package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"portal/audit"
	"portal/dbtest"
	"portal/demo"
)

// TestTheHistoryIsSignedAndTamperingIsFound: the program from outside, from the
// first sale to somebody with the file.
func TestTheHistoryIsSignedAndTamperingIsFound(t *testing.T) {
	dir, env := t.TempDir(), []string{"PORTAL_AUDIT_KEY=portal.audit-key"} // as it is by itself, on SQLite
	dsn := filepath.Join(dir, "portal.db")
	if dbtest.Postgres() {
		_, dsn, _ = strings.Cut(database(t, dir)[0], "=")
	}
	file := func(name string) string { return filepath.Join(dir, name) }
	read := func(name string) string {
		t.Helper()
		data, err := os.ReadFile(file(name))
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(file(name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	// told runs a command, which has to end with the status and say all of it.
	told := func(status int, want []string, args ...string) string {
		t.Helper()
		code, out := ask(t, dir, env, "", args...)
		if code != status {
			t.Errorf("%v: status %d, want %d\n%s", args, code, status, out)
		}
		for _, w := range want {
			if !strings.Contains(out, w) {
				t.Errorf("%v does not say …%s…\n%s", args, w, out)
			}
		}
		return out
	}

	if dbtest.Postgres() {
		told(2, []string{"--audit-key is empty"}, "audit", "key", "--new", "--audit-key", "")
		told(0, nil, "audit", "key", "--new")
	} else {
		told(2, []string{"no such file"}, "audit", "verify")
	}
	s := serve(t, dir, env)
	if status, body := s.buy("lin@example.com", demo.Password); status != "completed" {
		t.Fatal(body)
	}
	told(0, []string{"Looked at 1 orders", "Nothing is wrong."}, "audit", "verify") // beside the running portal
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	told(0, []string{"Nothing is wrong.", "Keep this anchor", "\n— portal-audit-"}, "audit", "verify")
	if code, out := ask(t, dir, env, "", "doctor"); !well(code, out) || !strings.Contains(out, "ok    Audit key") {
		t.Errorf("the doctor says\n%s", out)
	}
	anchor := told(0, nil, "audit", "anchor")
	write("anchors", anchor)

	t.Run("the key is nobody else's, and not in the database", func(t *testing.T) {
		info, err := os.Stat(file("portal.audit-key"))
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Fatal(info.Mode(), err)
		}
		_, private, _ := strings.Cut(read("portal.audit-key"), "PRIVATE+KEY+")
		parts := strings.SplitN(strings.TrimSpace(private), "+", 3) // name, hash, and the key, which may have a + itself
		if len(parts) != 3 {
			t.Fatal("this is not how a key is written")
		}
		secret := parts[2]
		told(1, []string{"file exists"}, "audit", "key", "--new")
		db := dbtest.Reopen(t, dsn, nil) // so that there is a -wal to look into
		if _, err := db.Anchor(t.Context()); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(dbtest.Dump(t, dsn), secret) {
			t.Error("the database holds it")
		}
		if strings.Contains(s.out.String(), secret) {
			t.Error("the log tells it")
		}
	})
	t.Run("public keys are enough to look", func(t *testing.T) {
		write("public", told(0, nil, "audit", "key"))
		if strings.Contains(read("public"), "PRIVATE") {
			t.Fatal("the private key was printed")
		}
		told(0, []string{"Nothing is wrong."}, "audit", "verify", "--anchor", "anchors", "--audit-key", "public")
		told(1, []string{"no private key"}, "audit", "checkpoint", "--audit-key", "public")
		told(1, []string{"BAD   Audit key", "public keys only"}, "doctor", "--audit-key", "public")
	})
	t.Run("without the key nobody pretends", func(t *testing.T) {
		told(2, []string{`--audit-key "missing": there is no such file`}, "audit", "verify", "--audit-key", "missing")
		told(1, []string{"no such file"}, "audit", "checkpoint", "--audit-key", "missing")
		told(1, []string{"BAD   Audit key", "has signed the history before"}, "doctor", "--audit-key", "missing")
		if _, err := os.Stat(file("missing")); err == nil {
			t.Error("a key was made up")
		}
		private, err := audit.NewKey("")
		if err != nil {
			t.Fatal(err)
		}
		write("other", private)
		told(1, []string{"checkpoint 1: it is signed by portal-audit-"}, "audit", "verify", "--audit-key", "other")
		told(1, []string{"nothing is signed on top of it"}, "audit", "checkpoint", "--audit-key", "other")
		told(1, []string{"BAD   Audit key"}, "doctor", "--audit-key", "other")
		write("junk", "hello")
		told(1, []string{"line 1: this key can't be read"}, "audit", "verify", "--audit-key", "junk")
		write("empty", "")
		told(2, []string{"there is no anchor in it"}, "audit", "verify", "--anchor", "empty")
	})
	t.Run("a changed key goes on, and old anchors hold", func(t *testing.T) {
		told(0, nil, "audit", "key", "--rotate")
		s := serve(t, dir, env)
		if status, body := s.buy("san@example.com", demo.Password); status != "completed" {
			t.Fatal(body)
		}
		if err := s.stop(); err != nil {
			t.Fatal(err)
		}
		write("anchors", read("anchors")+told(0, nil, "audit", "anchor"))
		told(0, []string{"Looked at 2 orders", "Nothing is wrong."}, "audit", "verify", "--anchor", "anchors")
		told(0, []string{"Nothing has happened"}, "audit", "checkpoint")
		if keys := strings.Fields(told(0, nil, "audit", "key")); len(keys) != 2 {
			t.Errorf("%d public keys", len(keys))
		}
		// One that is lost is followed by a new one, as long as its public key is there.
		told(0, nil, "audit", "key", "--rotate", "--audit-key", "public")
		told(0, []string{"Nothing has happened"}, "audit", "checkpoint", "--audit-key", "portal.audit-key")
	})
	t.Run("and whoever has the file is found out", func(t *testing.T) {
		on := ""
		if dbtest.Postgres() {
			on = " ON orders"
		}
		db := dbtest.Raw(t, dsn)
		for _, do := range []string{
			`DROP TRIGGER orders_intent` + on, `DROP TRIGGER orders_final` + on, `UPDATE orders SET total_fen = 1 WHERE id = 1`,
		} {
			if err := db.Exec(do).Error; err != nil {
				t.Fatal(err)
			}
		}
		out := told(1, []string{"WRONG  order P", "what was ordered, or the quote, is not what it was", "the history is not as the portal wrote it"}, "audit", "verify")
		if strings.Contains(out, "anchor") {
			t.Error("it hands out an anchor all the same:", out)
		}
	})
}

func TestAnchorsAreTakenApart(t *testing.T) {
	one, two := "a\n1\n\n— n sig\n", "b\n2\n\n— n sig\n— m sig\n"
	long := strings.Repeat("x", 100_000) + "\n"
	for text, want := range map[string][]string{
		"": nil, "\n \n": nil, one: {one}, one + two: {one, two}, one + "\n\n" + two + "\n": {one, two},
		one + long + two: {one, long + two}, // which is none, and is told
		strings.ReplaceAll(one+two, "\n", "\r\n"): {one, two},
	} {
		got := splitAnchors(text)
		if strings.Join(got, "|") != strings.Join(want, "|") {
			t.Errorf("%q: %q", text, got)
		}
	}
}
