package replicas

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"portal/models"
)

// program is the portal, built once.
var program string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "portal-replicas-*")
	if err != nil {
		panic(err)
	}
	program = filepath.Join(dir, "portal")
	status := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(status)
}

var build = sync.OnceValue(func() error {
	out, err := exec.Command("go", "build", "-o", program, "portal").CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w\n%s", err, out)
	}
	return nil
})

// command is the program with these arguments and only this environment.
func command(t *testing.T, dir string, env []string, args ...string) *exec.Cmd {
	t.Helper()
	if err := build(); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, args...)
	cmd.Dir = dir
	cmd.Env = append([]string{"HOME=" + dir, "PATH=" + os.Getenv("PATH")}, env...)
	return cmd
}

type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) { o.mu.Lock(); defer o.mu.Unlock(); return o.b.Write(p) }
func (o *output) String() string              { o.mu.Lock(); defer o.mu.Unlock(); return o.b.String() }

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

const firstOwner = 7000000000000001

// startSandbox runs the stand-in provider as a process of its own and gives its
// URL. Each customer's owner has 25 machines.
func startSandbox(t *testing.T, customers int) string {
	t.Helper()
	dir, at := t.TempDir(), freeAddress(t)
	var machines []string
	for i := range customers {
		machines = append(machines, fmt.Sprintf(`"%d": 25`, firstOwner+i))
	}
	settings := `{"balance_fen": 1000000000000, "machines": {` + strings.Join(machines, ", ") + `}}`
	if err := os.WriteFile(filepath.Join(dir, "settings.json"), []byte(settings), 0o600); err != nil {
		t.Fatal(err)
	}
	box := command(t, dir, nil, "sandbox", "--at", at, "--settings", "settings.json")
	out := &output{}
	box.Stdout, box.Stderr = out, out
	if err := box.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = box.Process.Kill(); _ = box.Wait() })
	until(t, "the sandbox: "+out.String(), time.Minute, func() bool {
		res, err := http.Get("http://" + at + "/control/ledger")
		if err == nil {
			_ = res.Body.Close()
		}
		return err == nil
	})
	return "http://" + at
}

// until polls for a condition of other processes.
func until(t *testing.T, what string, patience time.Duration, f func() bool) bool {
	t.Helper()
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	deadline := time.After(patience)
	for !f() {
		select {
		case <-ticker.C:
		case <-deadline:
			t.Errorf("waited in vain for %s", what)
			return false
		}
	}
	return true
}

// replica is one `portal serve`.
type replica struct {
	t   *testing.T
	dir string
	env []string
	url string
	cmd *exec.Cmd
	out *output
}

func newReplica(t *testing.T, env []string) *replica {
	t.Helper()
	r := &replica{t: t, dir: t.TempDir(), env: env, url: "http://" + freeAddress(t), out: &output{}}
	r.start()
	t.Cleanup(func() {
		r.kill()
		if t.Failed() {
			t.Logf("%s said:\n%s", r.url, r.out)
		}
	})
	return r
}

func (r *replica) start() {
	r.cmd = command(r.t, r.dir, r.env, "serve", "--listen", strings.TrimPrefix(r.url, "http://"), "--provider-timeout", "1s")
	r.cmd.Stdout, r.cmd.Stderr = r.out, r.out
	if err := r.cmd.Start(); err != nil {
		r.t.Error(err)
	}
}

func (r *replica) kill() {
	_ = r.cmd.Process.Kill()
	_ = r.cmd.Wait() // says that it was killed
}

func (r *replica) stop() { r.signal(syscall.SIGSTOP) }
func (r *replica) wake() { r.signal(syscall.SIGCONT) }

func (r *replica) signal(s syscall.Signal) {
	if err := r.cmd.Process.Signal(s); err != nil {
		r.t.Error(err)
	}
}

func (r *replica) ready() {
	until(r.t, r.url+" to be ready", time.Minute, func() bool {
		res, err := http.Get(r.url + "/readyz")
		if err != nil {
			return false
		}
		_ = res.Body.Close()
		return res.StatusCode == http.StatusOK
	})
}

// cluster is several replicas on one database.
type cluster struct {
	t            *testing.T
	env          []string
	replicas     []*replica
	kills, stops int
}

func (c *cluster) ready() {
	c.t.Helper()
	for _, r := range c.replicas {
		r.ready()
	}
}

const password = "a-password-of-theirs"

func email(i int) string { return fmt.Sprintf("customer-%d@example.org", i) }

// addCustomer adds an account with its customer by the program's commands.
func (c *cluster) addCustomer(i int) {
	c.t.Helper()
	owner := fmt.Sprint(firstOwner + i)
	for _, args := range [][]string{
		{"account", "add", "--owner-id", owner, "--name", "Customer " + owner},
		{"user", "add", "--email", email(i), "--role", "customer", "--owner-id", owner, "--password-stdin"},
	} {
		cmd := command(c.t, c.t.TempDir(), c.env, args...)
		cmd.Stdin = strings.NewReader(password + "\n")
		if out, err := cmd.CombinedOutput(); err != nil {
			c.t.Fatalf("%v: %v\n%s", args, err, out)
		}
	}
}

// customer is a browser without script that turns to another replica when one
// does not answer. Cookies know no ports, so all replicas get its session.
type customer struct {
	c       *cluster
	client  *http.Client
	account string // the path of its page
	at      int    // the replica that answered last
}

// page is an answer, at the end of its redirects.
type page struct {
	status     int
	path, body string
}

func (c *cluster) signIn(i int) *customer {
	jar, err := cookiejar.New(nil)
	if err != nil {
		c.t.Error(err)
	}
	// Patience with a replica that is stopped.
	who := &customer{c: c, at: i, client: &http.Client{Jar: jar, Timeout: 4 * time.Second}}
	until(c.t, email(i)+" to be signed in", time.Minute, func() bool {
		p := who.do(http.MethodPost, "/sign-in", url.Values{"email": {email(i)}, "password": {password}})
		who.account = p.path
		return strings.HasPrefix(p.path, "/accounts/")
	})
	return who
}

// do asks one replica after the other until one of them answers sensibly.
func (w *customer) do(method, path string, form url.Values) page {
	for range 60 {
		p, err := w.try(w.c.replicas[w.at%len(w.c.replicas)], method, path, form)
		if err == nil && p.status < 500 {
			return p
		}
		w.at++
		time.Sleep(50 * time.Millisecond)
	}
	w.c.t.Errorf("no replica answers %s %s", method, path)
	return page{}
}

func (w *customer) try(at *replica, method, path string, form url.Values) (page, error) {
	r, err := http.NewRequest(method, at.url+path, strings.NewReader(form.Encode()))
	if err != nil {
		return page{}, err
	}
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	res, err := w.client.Do(r)
	if err != nil {
		return page{}, err
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	return page{res.StatusCode, res.Request.URL.Path, string(body)}, err
}

var (
	status    = regexp.MustCompile(`data-order-status="([a-z_]+)"`)
	instances = regexp.MustCompile(`sas-[0-9a-z]{8,}`)
	answers   = map[models.Kind]url.Values{
		models.Buy: {"edition": {"pro"}, "term": {"year-1"}}, models.Renew: {"term": {"month-6"}}, models.Upgrade: {"edition": {"enterprise"}},
	}
)

// order quotes, places and follows an order until it is settled, as somebody
// does who tries again whatever goes wrong. It says whether that was completed.
func (w *customer) order(kind models.Kind) bool {
	var order string
	found := until(w.c.t, fmt.Sprintf("a %s to be placed for %s", kind, w.account), 2*time.Minute, func() bool {
		quote := w.do(http.MethodPost, w.account+"/quote?kind="+string(kind), answers[kind])
		if !strings.HasPrefix(quote.path, "/quotes/") {
			return false
		}
		placed := w.do(http.MethodPost, quote.path+"/order", url.Values{"instance_id": {instances.FindString(quote.body)}})
		order = placed.path
		return strings.HasPrefix(order, "/orders/")
	})
	if !found {
		return false
	}
	var last page
	return until(w.c.t, order+", a "+string(kind)+", to be completed", 2*time.Minute, func() bool {
		last = w.do(http.MethodGet, order, nil)
		m := status.FindStringSubmatch(last.body)
		if m != nil && (m[1] == "rejected" || m[1] == "needs_review") {
			w.c.t.Errorf("%s, a %s, is %s", order, kind, m[1])
			return true
		}
		return m != nil && m[1] == "completed"
	})
}
