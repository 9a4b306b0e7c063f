package main

import (
	"encoding/json"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"portal/dbtest"
	"portal/demo"
	"portal/store"
)

// sandboxAlone runs the stand-in provider as a program of its own, so that it
// outlives portals, and gives the setting that names it, its ledger, and a way
// to set its faults.
func sandboxAlone(t *testing.T) (env []string, ledger func() []struct{ Kind, Action string }, faults func(rules string)) {
	t.Helper()
	at := freeAddress(t)
	box := command(t.TempDir(), nil, "sandbox", "--at", at)
	if err := box.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = box.Process.Kill(); _ = box.Wait() })
	until(t, "the sandbox", func() bool {
		c, err := net.Dial("tcp", at)
		if err == nil {
			_ = c.Close()
		}
		return err == nil
	})
	faults = func(rules string) {
		t.Helper()
		r, err := http.NewRequest(http.MethodPut, "http://"+at+"/control/faults", strings.NewReader(rules))
		if err != nil {
			t.Fatal(err)
		}
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		if _ = res.Body.Close(); res.StatusCode != http.StatusNoContent {
			t.Fatal(res.Status)
		}
	}
	ledger = func() (rows []struct{ Kind, Action string }) {
		t.Helper()
		res, err := http.Get("http://" + at + "/control/ledger")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = res.Body.Close() }()
		if err := json.NewDecoder(res.Body).Decode(&rows); err != nil {
			t.Fatal(err)
		}
		return rows
	}
	return []string{"PORTAL_PROVIDER_ENDPOINT=http://" + at}, ledger, faults
}

var purchase = url.Values{"edition": {"pro"}, "term": {"year-1"}}

// TestBackupAndRestoreOfARunningPortal goes the way that docs/backups.md
// describes, with the program's own commands.
func TestBackupAndRestoreOfARunningPortal(t *testing.T) {
	dbtest.NeedsSQLite(t)
	env, ledger, lever := sandboxAlone(t)
	dir := t.TempDir()
	says := func(want string, status int, args ...string) string {
		t.Helper()
		code, out := ask(t, dir, env, "", args...)
		if code != status || !strings.Contains(out, want) {
			t.Errorf("%v: %d %s; want %d …%s…", args, code, out, status, want)
		}
		return out
	}
	s := serve(t, dir, env)
	if got, body := s.buy("lin@example.com", demo.Password); got != "completed" {
		t.Fatal(got, body)
	}
	// One that the provider puts off: placed in the copy, and never sent as far as that knows.
	lever(`[{"action": "CreateInstance", "owner_id": 1000000000000008, "fault": "throttle"}]`)
	admin := s.browse()
	s.post(admin, "/sign-in", url.Values{"email": {"admin@reseller.example.com"}, "password": {demo.Password}})
	quote, _ := s.post(admin, "/accounts/3/quote?kind=buy", purchase)
	placed, _ := s.post(admin, quote+"/order", nil)
	number := strings.TrimPrefix(placed, "/orders/")
	until(t, "the order to be put off", func() bool {
		_, body := s.get(admin, placed)
		return strings.Contains(body, `data-order-status="placed"`) && strings.Contains(body, "稍后再试")
	})
	out := says("2 orders (1 open), 4 accounts, 5 people; provider sandbox", 0, "backup", "copy.db")
	if !strings.Contains(out, "Copied portal.db to copy.db, as it was at ") {
		t.Error(out)
	}
	says("copy.db is there already", 1, "backup", "copy.db")
	says("there is nothing to back up", 1, "backup", "--database", "missing.db", "other.db")

	t.Run("the copy is served by nobody", func(t *testing.T) {
		for _, args := range [][]string{
			{"serve", "--listen", "127.0.0.1:0"}, {"migrate"}, {"account", "add", "--owner-id", "7", "--name", "Seven"},
			{"account", "release", "--all", "--reason", "x"}, {"audit", "checkpoint"}, {"order", "settle", "P1", "--as", "rejected", "--reason", "x"},
		} {
			says("is a backup copy, taken at", 1, append(args, "--database", "copy.db")...)
		}
		says("BAD   Database     this database is a backup copy", 1, "doctor", "--database", "copy.db")
		says("Nothing is wrong.", 0, "audit", "verify", "--database", "copy.db", "--audit-key", "portal.audit-key")
		says("it is a copy itself", 1, "backup", "--database", "copy.db", "other.db")
	})
	// Not in the copy: that it was sent, and somebody else's purchase.
	lever(`[]`)
	until(t, "the order to be sent", func() bool {
		_, body := s.get(admin, placed)
		return strings.Contains(body, `data-order-status="completed"`)
	})
	if got, body := s.buy("san@example.com", demo.Password); got != "completed" || len(ledger()) != 3 {
		t.Fatal(got, body)
	}

	t.Run("nothing is restored over a portal", func(t *testing.T) {
		says("a portal is running on portal.db", 1, "restore", "copy.db")
		says("a portal is running on portal.db", 1, "restore", "--in-place")
		// Moved away under it: the portal runs on, and its locks have gone with the file.
		away := filepath.Join(dir, "away")
		if err := os.Mkdir(away, 0o700); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"portal.db", "portal.db-wal", "portal.db-shm"} {
			if err := os.Rename(filepath.Join(dir, name), filepath.Join(away, name)); err != nil {
				t.Fatal(err)
			}
		}
		says("a portal is running on portal.db", 1, "restore", "copy.db")
	})
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	says("belongs to provider \"sandbox\"", 1, "restore", "copy.db", "--provider", "alibaba", "--provider-endpoint", "https://sas-api.aliyuncs.com")
	out = says("accounts held          4", 0, "restore", "copy.db")
	for _, want := range []string{"It was taken at", "orders to review       1", number + "  buy      was placed", "everybody signs in anew", "portal account release OWNER_ID"} {
		if !strings.Contains(out, want) {
			t.Errorf("the restore does not say %q:\n%s", want, out)
		}
	}
	says("portal.db is there already", 1, "restore", "copy.db")
	says("Nothing is wrong.", 0, "audit", "verify")
	says("note  Holds        4 accounts held", 0, "doctor")

	s = serve(t, dir, env)
	san, account := s.signIn("san@example.com", demo.Password)
	if path, body := s.post(san, account+"/quote?kind=buy", purchase); path != account || !strings.Contains(body, "暂停下单") {
		t.Errorf("the restored portal quotes: %s\n%s", path, body)
	}
	held := says("Held: 4 accounts.", 0, "account", "held")
	if !strings.Contains(held, "1000000000000003  since ") || !strings.Contains(held, "restored  Studio Three") {
		t.Error(held)
	}
	says("--reason is missing", 2, "account", "release", "1000000000000025")
	says("held: 4 accounts. To release them all, give --reason", 2, "account", "release", "--all")
	says("either the OwnerIds of accounts or --all", 2, "account", "release")
	says("either the OwnerIds of accounts or --all", 2, "account", "release", "--all", "77", "--reason", "x")
	says("no account with OwnerId 77", 1, "account", "release", "77", "--reason", "x")
	says("digits only", 2, "account", "release", "x", "--reason", "x")
	says("Account 1000000000000025, Linhai Trading", 0, "account", "release", "1000000000000025", "--reason", "Bill compared; Wang")
	says("Account 1000000000000025 is not held", 0, "account", "release", "1000000000000025", "--reason", "again")
	says("its dates count from when it was placed", 0, "order", "settle", number, "--as", "completed", "--reason", "In the bill",
		"--order-id", "204871926350912", "--instance-id", "sas-in-the-bill")
	if len(ledger()) != 3 {
		t.Fatal(ledger())
	}
	lin, account := s.signIn("lin@example.com", demo.Password)
	if got, body := s.order(lin, account, "renew", "", url.Values{"term": {"month-6"}}); got != "completed" || len(ledger()) != 4 {
		t.Errorf("what was released does not sell: %s %v\n%s", got, ledger(), body)
	}
	says("Released: 3 accounts.", 0, "account", "release", "--all", "--reason", "Bill compared; Wang")
	says("No account is held.", 0, "account", "held")
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}

	t.Run("a copy by other means is restored in its place", func(t *testing.T) {
		says("restore wants either", 2, "restore")
		says("restore wants either", 2, "restore", "copy.db", "--in-place")
		out := says("accounts held          4", 0, "restore", "--in-place")
		if !strings.Contains(out, "It doesn't say when it was taken. Its newest step is of") {
			t.Error(out)
		}
		says("accounts held          0", 0, "restore", "--in-place")
	})
}

// TestARestoreThatWasCutOffIsNotServedAsANewPortal: an empty database in its
// place would look as if nothing had ever been sold.
func TestARestoreThatWasCutOffIsNotServedAsANewPortal(t *testing.T) {
	dbtest.NeedsSQLite(t)
	dir := t.TempDir()
	if code, out := ask(t, dir, nil, "", "reseller", "add", "--name", "R"); code != 0 {
		t.Fatal(out)
	}
	if code, out := ask(t, dir, nil, "", "backup", "copy.db"); code != 0 {
		t.Fatal(out)
	}
	for _, name := range []string{"portal.db", "portal.db-wal", "portal.db-shm"} {
		if err := os.Remove(filepath.Join(dir, name)); err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "portal.db"+store.Restoring), []byte("half a page"), 0o600); err != nil {
		t.Fatal(err)
	}
	taken, err := net.Listen("tcp", "127.0.0.1:0") // so that one which did serve would end
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	for _, args := range [][]string{{"serve", "--listen", taken.Addr().String()}, {"migrate"}, {"reseller", "add", "--name", "S"}, {"doctor"}} {
		if code, out := ask(t, dir, nil, "", args...); code != 1 || !strings.Contains(out, "a restore of it did not finish") {
			t.Errorf("%v: %d %s", args, code, out)
		}
	}
	if code, out := ask(t, dir, nil, "", "restore", "copy.db"); code != 0 {
		t.Fatal(out)
	}
	if code, out := ask(t, dir, nil, "", "doctor"); code != 0 {
		t.Error(out)
	}
}

// TestBackupAndRestoreOnPostgreSQL: the server's own tools copy, and the portal
// marks what they brought back.
func TestBackupAndRestoreOnPostgreSQL(t *testing.T) {
	dbtest.NeedsPostgres(t)
	dir := t.TempDir()
	s := serve(t, dir, nil)
	if got, body := s.buy("lin@example.com", demo.Password); got != "completed" {
		t.Fatal(got, body)
	}
	for want, args := range map[string][]string{
		"pg_dump": {"backup", "copy.db"}, "pg_restore": {"restore", "copy.db"}, "another program is using it": {"restore", "--in-place"},
	} {
		if code, out := ask(t, dir, nil, "", args...); code != 1 || !strings.Contains(out, want) {
			t.Errorf("%v: %d %s", args, code, out)
		}
	}
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	if code, out := ask(t, dir, nil, "", "restore", "--in-place"); code != 0 || !strings.Contains(out, "accounts held          4") {
		t.Fatalf("%d %s", code, out)
	}
	s = serve(t, dir, nil)
	lin, account := s.signIn("lin@example.com", demo.Password)
	if path, _ := s.post(lin, account+"/quote?kind=renew", url.Values{"term": {"month-6"}}); path != account {
		t.Errorf("the restored portal quotes: %s", path)
	}
}
