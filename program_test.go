package main

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"portal/dbtest"
)

// TestMain lets the test binary stand in for the program, so that tests start
// the real one as another process.
func TestMain(m *testing.M) {
	if os.Getenv("PORTAL_TEST_RUN") != "" {
		os.Exit(run(os.Args[1:]))
	}
	os.Exit(m.Run())
}

// command is the program with these arguments, in a folder and an environment
// of its own. It begins with the small demo world, unless told.
func command(dir string, env []string, args ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], args...)
	cmd.Dir = dir
	cmd.Env = append([]string{"PORTAL_TEST_RUN=1", "PORTAL_DEMO=small", "HOME=" + dir, "PATH=" + os.Getenv("PATH")}, env...)
	return cmd
}

// databases are those that the programs of a folder share, by folder.
var databases sync.Map

// database tells a program in this folder which database is its own: on SQLite
// nothing, because portal.db there is what it takes by itself.
func database(t *testing.T, dir string) []string {
	t.Helper()
	if !dbtest.Postgres() {
		return nil
	}
	dsn, ok := databases.Load(dir)
	if !ok {
		dsn = dbtest.Empty(t)
		databases.Store(dir, dsn)
	}
	return []string{"DATABASE_URL=" + dsn.(string)}
}

// ask runs the program to its end.
func ask(t *testing.T, dir string, env []string, stdin string, args ...string) (status int, output string) {
	t.Helper()
	cmd := command(dir, append(database(t, dir), env...), args...)
	cmd.Stdin = strings.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	var exited *exec.ExitError
	if err != nil && !errors.As(err, &exited) {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), string(out)
}

// well says whether the doctor found nothing wrong, but for what is wrong with
// the tests' own PostgreSQL server: it keeps nothing over a power cut.
func well(code int, out string) bool {
	if dbtest.Postgres() {
		return code == 1 && strings.Count(out, "BAD") == 1 && strings.Contains(out, "fsync is off")
	}
	return code == 0 && strings.Contains(out, "All is well")
}

// serving is a running portal.
type serving struct {
	t    *testing.T
	url  string
	cmd  *exec.Cmd
	done chan error
	out  *output
}

type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) { o.mu.Lock(); defer o.mu.Unlock(); return o.b.Write(p) }
func (o *output) String() string              { o.mu.Lock(); defer o.mu.Unlock(); return o.b.String() }

// serve starts the portal on a free port and waits until it is ready.
func serve(t *testing.T, dir string, env []string, args ...string) *serving {
	t.Helper()
	s := &serving{t: t, url: "http://" + freeAddress(t), done: make(chan error, 1), out: &output{}}
	s.cmd = command(dir, append(database(t, dir), env...), append([]string{"serve", "--listen", strings.TrimPrefix(s.url, "http://")}, args...)...)
	s.cmd.Stdout, s.cmd.Stderr = s.out, s.out
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { s.done <- s.cmd.Wait() }()
	t.Cleanup(func() { _ = s.cmd.Process.Kill() })
	until(t, "the portal to be ready", func() bool {
		select {
		case err := <-s.done:
			t.Fatalf("it ended: %v\n%s", err, s.out)
		default:
		}
		res, err := http.Get(s.url + "/readyz")
		if err != nil {
			return false
		}
		_ = res.Body.Close()
		return res.StatusCode == http.StatusOK
	})
	return s
}

// stop asks the portal to end and waits for that.
func (s *serving) stop() error {
	s.t.Helper()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		s.t.Fatal(err)
	}
	return <-s.done
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// until polls for a condition of another process; two minutes are far beyond
// what any of them takes: a refund whose answer was lost is asked for again
// after half a minute.
func until(t *testing.T, what string, f func() bool) {
	t.Helper()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	deadline := time.After(2 * time.Minute)
	for !f() {
		select {
		case <-ticker.C:
		case <-deadline:
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

// browse is a browser without script.
func (s *serving) browse() *http.Client {
	jar, err := cookiejar.New(nil)
	if err != nil {
		s.t.Fatal(err)
	}
	return &http.Client{Jar: jar}
}

func (s *serving) post(c *http.Client, path string, form url.Values) (string, string) {
	s.t.Helper()
	r, err := http.NewRequest(http.MethodPost, s.url+path, strings.NewReader(form.Encode()))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return s.send(c, r)
}

// get asks for a page of the portal, or of another address.
func (s *serving) get(c *http.Client, target string) (path, body string) {
	s.t.Helper()
	if strings.HasPrefix(target, "/") {
		target = s.url + target
	}
	r, err := http.NewRequest(http.MethodGet, target, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	return s.send(c, r)
}

// send follows redirects and gives the path that it ended at, and the page.
func (s *serving) send(c *http.Client, r *http.Request) (path, body string) {
	s.t.Helper()
	res, err := c.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return res.Request.URL.Path, string(data)
}

var status = regexp.MustCompile(`data-order-status="([a-z_]+)"`)

// signIn opens a customer's browser and gives their account's path.
func (s *serving) signIn(email, password string) (c *http.Client, account string) {
	s.t.Helper()
	c = s.browse()
	account, page := s.post(c, "/sign-in", url.Values{"email": {email}, "password": {password}})
	if !strings.HasPrefix(account, "/accounts/") {
		s.t.Fatalf("signed in, and at %s\n%s", account, page)
	}
	return c, account
}

// order walks from the form of a kind to an order that is settled, and gives
// its page. A refund is confirmed with the instance.
func (s *serving) order(c *http.Client, account, kind, instance string, answers url.Values) (status_, body string) {
	s.t.Helper()
	quote, page := s.post(c, account+"/quote?kind="+kind, answers)
	if !strings.HasPrefix(quote, "/quotes/") {
		s.t.Fatalf("quoted, and at %s\n%s", quote, page)
	}
	order, page := s.post(c, quote+"/order", url.Values{"instance_id": {instance}})
	if !strings.HasPrefix(order, "/orders/") {
		s.t.Fatalf("placed, and at %s\n%s", order, page)
	}
	until(s.t, "the order to be settled", func() bool {
		_, body = s.get(c, order)
		if m := status.FindStringSubmatch(body); m != nil {
			status_ = m[1]
		}
		return status_ == "completed" || status_ == "rejected" || status_ == "needs_review"
	})
	return status_, body
}

// buy walks from sign-in to a purchase that is settled, and gives its page.
func (s *serving) buy(email, password string) (status_, body string) {
	s.t.Helper()
	c, account := s.signIn(email, password)
	return s.order(c, account, "buy", "", url.Values{"edition": {"pro"}, "term": {"year-1"}})
}
