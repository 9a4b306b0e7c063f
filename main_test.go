package main

import (
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"portal/dbtest"
	"portal/demo"
	"portal/portaltest"
	"portal/provider/sandbox"
)

func TestOutOfTheBoxThePortalSells(t *testing.T) {
	dir := t.TempDir()
	s := serve(t, dir, []string{"PORTAL_DEMO=full"})
	if status, body := s.buy("lin@example.com", demo.Password); status != "completed" {
		t.Fatalf("%s\n%s", status, body)
	}
	people := []string{"lin@example.com", "admin@reseller.example.com"}
	if !dbtest.Postgres() { // a server's database has no past
		people = append(people, "mei@example.com", "admin@beifang.example.com")
	}
	for _, who := range people[1:] {
		c := s.browse()
		s.post(c, "/sign-in", url.Values{"email": {who}, "password": {demo.Password}})
		if _, body := s.get(c, "/orders"); strings.Contains(body, `href="/orders/P`) == dbtest.Postgres() {
			t.Errorf("%s sees the orders of another past\n%s", who, body)
		}
	}
	told := slices.DeleteFunc(people, func(who string) bool { return who == "admin@beifang.example.com" }) // one of each kind
	for _, want := range append(told, s.url, demo.Password, "sandbox") {
		if !strings.Contains(s.out.String(), want) {
			t.Errorf("the start does not tell %q", want)
		}
	}
	if err := s.stop(); err != nil {
		t.Fatalf("it did not end well: %v\n%s", err, s.out)
	}
	t.Run("and forgets nothing over a restart", func(t *testing.T) {
		s := serve(t, dir, nil)
		c := s.browse()
		s.post(c, "/sign-in", url.Values{"email": {"lin@example.com"}, "password": {demo.Password}})
		if _, body := s.get(c, "/orders"); !strings.Contains(body, `href="/orders/P`) {
			t.Fatal("the order is gone")
		}
		if _, body := s.get(c, "/accounts/1"); !strings.Contains(body, `href="/accounts/1/quote?kind=renew"`) {
			t.Fatal("the subscription is gone")
		}
	})
	t.Run("and never turns to the real provider with the sandbox's orders", func(t *testing.T) {
		code, out := ask(t, dir, nil, "", "--provider", "alibaba", "--listen", "127.0.0.1:0")
		if code == 0 || !strings.Contains(out, `belongs to provider "sandbox"`) {
			t.Fatalf("%d %s", code, out)
		}
	})
}

// TestAProviderOfOtherMake runs the portal as for the real provider, against a
// program that shares nothing with it but the document.
func TestAProviderOfOtherMake(t *testing.T) {
	other := portaltest.NewOtherMake(t)
	endpoint, ledger := other.Endpoint, other.Ledger

	dir := t.TempDir()
	env := []string{
		"ALIBABA_CLOUD_ACCESS_KEY_ID=" + portaltest.OtherKeyID, "ALIBABA_CLOUD_ACCESS_KEY_SECRET=" + portaltest.OtherSecret,
		"PORTAL_PROVIDER=alibaba", "PORTAL_PROVIDER_ENDPOINT=" + endpoint,
	}
	const password = "a-password-of-theirs"
	for i, name := range []string{"one", "two", "three", "four"} {
		owner := fmt.Sprint(9001 + i)
		if code, out := ask(t, dir, env, "", "account", "add", "--owner-id", owner, "--name", name); code != 0 {
			t.Fatal(out)
		}
		if code, out := ask(t, dir, env, password+"\n", "user", "add", "--email", name+"@example.org", "--role", "customer", "--owner-id", owner, "--password-stdin"); code != 0 {
			t.Fatal(out)
		}
	}
	if code, out := ask(t, dir, env, "", "doctor"); !well(code, out) {
		t.Fatalf("the doctor says\n%s", out)
	}
	s := serve(t, dir, env)
	if strings.Contains(s.out.String(), demo.Password) {
		t.Error("there are demo accounts with the real provider")
	}
	if _, body := s.get(s.browse(), "/sign-in"); strings.Contains(body, "沙箱") || strings.Contains(body, "lin@example.com") {
		t.Error("the page speaks of the sandbox")
	}
	// No page of the sandbox's is there, nor a way in without a password.
	for _, path := range []string{"/sandbox", "/sandbox/bill", "/styleguide"} {
		c, _ := s.signIn("one@example.org", password)
		if _, body := s.get(c, path); !strings.Contains(body, "错误 404") {
			t.Errorf("%s is there:\n%s", path, body)
		}
	}
	if _, body := s.post(s.browse(), "/sign-in/demo", url.Values{"email": {"one@example.org"}}); !strings.Contains(body, "错误 404") {
		t.Errorf("a visitor comes in without a password:\n%s", body)
	}

	t.Run("its database meets neither the sandbox nor the real provider", func(t *testing.T) {
		for _, change := range []string{"PORTAL_PROVIDER=sandbox", "PORTAL_PROVIDER_ENDPOINT=https://sas-api.aliyuncs.com"} {
			more := append(append([]string{}, env...), change)
			if change == "PORTAL_PROVIDER=sandbox" {
				more = append(more, "PORTAL_PROVIDER_ENDPOINT="+defaultEndpoint)
			}
			code, out := ask(t, dir, more, "", "--listen", "127.0.0.1:0")
			if code == 0 || !strings.Contains(out, "belongs to provider") {
				t.Errorf("%s: %d %s", change, code, out)
			}
		}
	})
	t.Run("a purchase", func(t *testing.T) {
		got, body := s.buy("one@example.org", password)
		if rows := ledger(); got != "completed" || len(rows) != 1 || !strings.Contains(body, rows[0].InstanceID) {
			t.Fatalf("%s %+v", got, rows)
		}
	})
	t.Run("a purchase whose answer was lost", func(t *testing.T) {
		other.Fault("CreateInstance", "hangUp", 1)
		got, body := s.buy("two@example.org", password)
		if rows := ledger(); got != "completed" || len(rows) != 2 || !strings.Contains(body, rows[1].InstanceID) {
			t.Fatalf("%s %+v", got, rows)
		}
	})
	t.Run("a whole life, and every answer is lost", func(t *testing.T) {
		c, account := s.signIn("four@example.org", password)
		carry := func(kind, instance string, answers url.Values) string {
			t.Helper()
			other.Fault(map[string]string{
				"buy": "CreateInstance", "renew": "RenewInstance", "upgrade": "UpgradeInstance", "refund": "RefundInstance",
			}[kind], "hangUp", 1)
			before := len(ledger())
			got, body := s.order(c, account, kind, instance, answers)
			rows := ledger()
			if got != "completed" || len(rows) != before+1 {
				t.Fatalf("the %s is %s, and the ledger %+v", kind, got, rows)
			}
			row := rows[len(rows)-1]
			for _, id := range []string{row.OrderID, row.InstanceID} {
				if !strings.Contains(body, id) {
					t.Errorf("the %s's page lacks %s", kind, id)
				}
			}
			return row.InstanceID
		}
		instance := carry("buy", "", url.Values{"edition": {"pro"}, "term": {"year-1"}})
		carry("renew", "", url.Values{"term": {"month-6"}})
		carry("upgrade", "", url.Values{"edition": {"enterprise"}})
		other.Lever("/machines?n=15", nil)
		until(t, "the machines to be counted anew", func() bool {
			_, body := s.get(c, account+"/quote?kind=upgrade")
			return strings.Contains(body, `method="post" action="`+account+`/quote`)
		})
		carry("upgrade", "", url.Values{"edition": {"enterprise"}})
		carry("refund", instance, nil)
		if again := carry("buy", "", url.Values{"edition": {"pro"}, "term": {"year-1"}}); again == instance {
			t.Error("the second purchase has the first one's instance")
		}
	})
	t.Run("a refusal with a code nobody knows", func(t *testing.T) {
		other.Lever("/spend-all", nil)
		before := len(ledger())
		got, body := s.buy("three@example.org", password)
		if got != "rejected" || !strings.Contains(body, "Shop.PurseTooLight") || len(ledger()) != before {
			t.Fatalf("%s %+v", got, ledger())
		}
	})
	for _, secret := range []string{portaltest.OtherSecret, portaltest.OtherKeyID, password} {
		if strings.Contains(s.out.String(), secret) {
			t.Errorf("the log shows %s", secret)
		}
	}
	t.Run("the doctor tells a wrong secret from an unknown key and a dead endpoint", func(t *testing.T) {
		dead := "http://" + freeAddress(t)
		for _, tc := range []struct{ change, want string }{
			{"ALIBABA_CLOUD_ACCESS_KEY_ID=", "Credentials"},
			{"PORTAL_PROVIDER_ENDPOINT=" + dead, "nothing answers"},
		} {
			code, out := ask(t, dir, append(append([]string{}, env...), tc.change), "", "doctor")
			if code == 0 || !strings.Contains(out, tc.want) {
				t.Errorf("%s: %d\n%s", tc.change, code, out)
			}
		}
	})
}

// TestTheSandboxAlone serves the stand-in provider as a program of its own.
func TestTheSandboxAlone(t *testing.T) {
	dir, at := t.TempDir(), freeAddress(t)
	box := command(dir, nil, "sandbox", "--at", at)
	out := &output{}
	box.Stdout, box.Stderr = out, out
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
	env := []string{"PORTAL_PROVIDER_ENDPOINT=http://" + at}
	s := serve(t, dir, env)
	if code, out := ask(t, dir, env, "", "doctor"); !well(code, out) {
		t.Errorf("the doctor says\n%s", out)
	}
	if got, body := s.buy("lin@example.com", demo.Password); got != "completed" {
		t.Fatalf("%s\n%s\n%s", got, body, out)
	}
	_, ledger := s.get(s.browse(), "http://"+at+"/control/ledger")
	if strings.Count(ledger, `"charge"`) != 1 {
		t.Fatal(ledger)
	}
}

func TestWrongSettingsStopTheStartWithOneClearSentence(t *testing.T) {
	dir := t.TempDir()
	book := filepath.Join(dir, "book.toml")
	if err := os.WriteFile(book, []byte("currency = 1"), 0o600); err != nil {
		t.Fatal(err)
	}
	for want, args := range map[string][]string{
		"--listen":                   {"--listen", "8080"},
		"--metrics-listen":           {"--metrics-listen", "x"},
		"--database is empty":        {"--database", ""},
		"SQLite file":                {"--database", "mysql://user:hidden@host/db"},
		"names no database":          {"--database", "postgres://user:hidden@host"},
		"@ %40":                      {"--database", "postgres://user:hid/den@host/db"},
		"--provider-timeout":         {"--provider-timeout", "1h"},
		"--counts-per-minute":        {"--counts-per-minute", "601"},
		"--counts-every":             {"--counts-every", "1m"},
		"plain http":                 {"--provider-endpoint", "http://sas-api.aliyuncs.com"},
		"--provider-endpoint":        {"--provider-endpoint", "https://user:hidden@host/path"},
		"--public-url":               {"--public-url", "portal.example.com"},
		"--price-book":               {"--price-book", "missing.toml"},
		"currency":                   {"--price-book", book},
		"--provider":                 {"--provider", "other"},
		"unknown flag":               {"--nonsense"},
		"--owner-id":                 {"account", "add", "--owner-id", "12a", "--name", "x"},
		"--email":                    {"user", "add", "--email", "x", "--role", "support", "--password-stdin"},
		"belongs to an account":      {"user", "add", "--email", "a@b.c", "--role", "customer", "--password-stdin"},
		"belongs to a reseller":      {"user", "add", "--email", "a@b.c", "--role", "reseller-admin", "--password-stdin"},
		"for customers only":         {"user", "add", "--email", "a@b.c", "--role", "support", "--owner-id", "1", "--password-stdin"},
		"sandbox is on this machine": {"--provider-endpoint", "https://sas-api.example.com"},
		"--trusted-proxy":            {"--trusted-proxy", "nginx"},
		"most of the world":          {"--trusted-proxy", "0.0.0.0/0"},
		`--listen ":0x"`:             {"--listen", ":0x"},
		"1 to 200 visible":           {"account", "add", "--owner-id", "12", "--name", "a\x1b[31mb"},
		"1 to 200":                   {"reseller", "add", "--name", " "},
		"no such file":               {"--database", "missing.db", "order", "settle", "P1", "--as", "rejected", "--reason", "x"},
		"--smtp-server is empty":     {"--smtp-from", "portal@example.com"},
		"smtp.example.com:587":       {"--smtp-server", "smtp.example.com", "--smtp-from", "portal@example.com"},
		"--smtp-from: want":          {"--smtp-server", "smtp.example.com:587", "--smtp-from", "portal"},
		"only towards this machine":  {"--smtp-server", "smtp.example.com:25", "--smtp-from", "p@example.com", "--smtp-tls", "none"},
		"password in the clear":      {"--smtp-server", "127.0.0.1:25", "--smtp-from", "p@example.com", "--smtp-tls", "none", "--smtp-user", "u"},
		"belong together":            {"--smtp-server", "smtp.example.com:587", "--smtp-from", "p@example.com", "--smtp-user", "u"},
		"there is no e-mail":         {"mail", "test", "a@example.com"},
		"want a loopback address":    {"sandbox", "--at", "0.0.0.0:8081"},
	} {
		code, out := ask(t, dir, nil, "", args...)
		if code != 2 || !strings.Contains(out, want) || strings.Contains(out, "hidden") || strings.Count(strings.TrimSpace(out), "\n") > 8 {
			t.Errorf("%v: %d %s", args, code, out)
		}
	}
}

func TestCommandsSayWhatIsWrong(t *testing.T) {
	dir := t.TempDir()
	for _, tc := range []struct {
		stdin, want string
		code        int
		args        []string
	}{
		{"", "Added reseller", 0, []string{"reseller", "add", "--name", "R"}},
		{"", "already", 1, []string{"reseller", "add", "--name", "R"}},
		{"", "Added account", 0, []string{"account", "add", "--owner-id", "77", "--name", "A", "--reseller", "R"}},
		{"", "already", 1, []string{"account", "add", "--owner-id", "77", "--name", "B"}},
		{"", "no reseller named", 1, []string{"account", "add", "--owner-id", "78", "--name", "B", "--reseller", "X"}},
		{"", "no password", 1, []string{"user", "add", "--email", "a@b.c", "--role", "support", "--password-stdin"}},
		{"short\n", "at least 12", 1, []string{"user", "add", "--email", "a@b.c", "--role", "support", "--password-stdin"}},
		{"long enough indeed", "Added support", 0, []string{"user", "add", "--email", "a@b.c", "--role", "support", "--password-stdin"}},
		{"long enough indeed", "already", 1, []string{"user", "add", "--email", "A@B.C", "--role", "support", "--password-stdin"}},
		{"long enough indeed", "no account with OwnerId 5", 1, []string{"user", "add", "--email", "c@b.c", "--role", "customer", "--owner-id", "5", "--password-stdin"}},
		{"", "no order P1", 1, []string{"order", "settle", "P1", "--as", "rejected", "--reason", "x"}},
		{"", "up to date", 0, []string{"migrate"}},
		{"", "development", 0, []string{"--version"}},
	} {
		code, out := ask(t, dir, nil, tc.stdin, tc.args...)
		if code != tc.code || !strings.Contains(out, tc.want) {
			t.Errorf("%v: %d %s; want %d …%s…", tc.args, code, out, tc.code, tc.want)
		}
	}
	if code, out := ask(t, dir, nil, "", "doctor"); !well(code, out) {
		t.Errorf("the doctor says\n%s", out)
	}
}

// TestTheDatabasesPasswordIsNowhere, also when the database goes away under a
// running portal.
func TestTheDatabasesPasswordIsNowhere(t *testing.T) {
	dbtest.NeedsPostgres(t)
	dir := t.TempDir()
	dsn := strings.TrimPrefix(database(t, dir)[0], "DATABASE_URL=")
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	password, _ := u.User.Password()
	if password == "" {
		t.Fatalf("%s has no password to look for", dbtest.Variable)
	}
	s := serve(t, dir, nil)
	c, account := s.signIn("lin@example.com", demo.Password)
	var said strings.Builder
	for _, args := range [][]string{{"doctor"}, {"migrate"}, {"--help"}, {"--listen", "x"}, {"reseller", "add", "--name", "Huadong Cloud 华东云"}} {
		_, out := ask(t, dir, nil, "", args...)
		said.WriteString(out)
	}
	server, name := dbtest.Raw(t, os.Getenv(dbtest.Variable)), strings.TrimPrefix(u.Path, "/")
	say := func(sql string) {
		t.Helper()
		if err := server.Exec(strings.ReplaceAll(sql, "$name", name)).Error; err != nil {
			t.Fatal(err)
		}
	}
	say(`ALTER DATABASE $name ALLOW_CONNECTIONS false`)
	say(`SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity WHERE datname = '$name'`)
	until(t, "the portal to find out", func() bool {
		_, body := s.get(c, account)
		return strings.Contains(s.out.String(), "the database takes no writes") && strings.Contains(body, "503")
	})
	_, out := ask(t, dir, nil, "", "doctor")
	if !strings.Contains(out, "BAD   Database") {
		t.Errorf("the doctor says\n%s", out)
	}
	if all := said.String() + out + s.out.String(); strings.Contains(all, password) {
		t.Errorf("the password is shown:\n%s", all)
	}
	say(`ALTER DATABASE $name ALLOW_CONNECTIONS true`)
	until(t, "the portal to be well again", func() bool {
		_, body := s.get(c, account)
		return strings.Contains(body, `action="/sign-out"`)
	})
}

func TestTheDoctorTellsWhatServeCouldNotDo(t *testing.T) {
	dir := t.TempDir()
	if code, out := ask(t, dir, nil, "", "doctor"); code != 0 || !strings.Contains(out, "serve makes") {
		t.Errorf("a new folder: %d %s", code, out)
	}
	dbtest.NeedsSQLite(t)
	if code, out := ask(t, dir, nil, "", "doctor", "--database", "missing/portal.db"); code == 0 || !strings.Contains(out, "can't make it") {
		t.Errorf("a folder that is not there: %d %s", code, out)
	}
	if err := os.WriteFile(filepath.Join(dir, "junk.db"), []byte(strings.Repeat("no database ", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, out := ask(t, dir, nil, "", "doctor", "--database", "junk.db"); code == 0 || !strings.Contains(out, "BAD") {
		t.Errorf("a file that is no database: %d %s", code, out)
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) != 1 {
		t.Errorf("it left something behind: %v", files)
	}
}

// TestTheLeversAnswerLoopbackNamesOnly: a name that somebody pointed at this
// machine would let any web page pull them.
func TestTheLeversAnswerLoopbackNamesOnly(t *testing.T) {
	box, err := sandbox.New(sandbox.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = box.Close() }()
	h := sandboxServer(box, slog.New(slog.DiscardHandler)).Handler
	for host, want := range map[string]int{
		"127.0.0.1:8081": 200, "localhost:8081": 200, "[::1]:8081": 200, "evil.example": 403, "evil.example:8081": 403,
	} {
		r := httptest.NewRequest(http.MethodGet, "/control/ledger", nil)
		r.Host = host
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("%s: %d, want %d", host, w.Code, want)
		}
	}
}

func TestMetricsTellOfOrdersAndCalls(t *testing.T) {
	at := freeAddress(t)
	s := serve(t, t.TempDir(), nil, "--metrics-listen", at)
	s.buy("lin@example.com", demo.Password)
	_, text := s.get(s.browse(), "http://"+at+"/metrics")
	for _, want := range []string{
		`portal_orders{status="completed"} 1`, `portal_oldest_open_order_seconds 0`,
		`portal_provider_call_seconds_count{action="CreateInstance",outcome="done"} 1`,
		`portal_clock_skew_seconds `,
		`portal_http_requests_total{code="303",host="",method="POST"`, `url="/quotes/:quote/order"`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the metrics lack %s", want)
		}
	}
	if _, body := s.get(s.browse(), "/metrics"); strings.Contains(body, "portal_orders") {
		t.Error("the metrics are on the portal's own address, too")
	}
}
