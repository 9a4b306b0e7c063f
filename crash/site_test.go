package crash

import (
	"errors"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"portal/dbtest"
	"portal/models"
	"portal/store"
)

// site is a portal that may die, its database, and the sandbox beside it.
type site struct {
	t       testing.TB
	program string
	dir     string
	dsn     string
	env     []string
	box     *box
	portal  *process
	url     string // of the portal that runs

	// What makes its database fail.
	wire   *wire        // to a PostgreSQL server
	whole  []byte       // what a damaged file held
	unlock func() error // lets go of a locked file
}

// open makes a site in a folder of its own from a seed, or an empty one (nil),
// and starts its sandbox, not yet its portal.
func open(t testing.TB, from *seedling) *site {
	t.Helper()
	s := &site{t: t, program: breakable(t), dir: t.TempDir()}
	state := filepath.Join(s.dir, "sandbox.jsonl")
	if from == nil {
		s.dsn = dbtest.Empty(t)
	} else {
		s.dsn = dbtest.Clone(t, from.dsn)
		copyFile(t, from.state, state)
		copyFile(t, from.key, s.key())
	}
	s.box = startBox(t, s.dir, "127.0.0.1:0", state)
	s.configure()
	if from == nil && dbtest.Postgres() { // where serve makes no key by itself
		if p := s.command("audit", "key", "--new"); p.end(t) != 0 {
			t.Fatal(p.out)
		}
	}
	return s
}

// key is the file of the key that signs the history.
func (s *site) key() string { return filepath.Join(s.dir, "audit-key") }

// another is a site with an empty database of its own beside the same sandbox.
func (s *site) another() *site {
	s.t.Helper()
	b := &site{t: s.t, program: s.program, dir: s.t.TempDir(), box: s.box, dsn: dbtest.Empty(s.t)}
	b.configure()
	return b
}

// configure writes down what the portal is started with.
func (s *site) configure() {
	s.env = []string{
		"DATABASE_URL=" + s.dsn, "PORTAL_PROVIDER_ENDPOINT=" + s.box.url,
		// A lease is this and 5 s.
		"PORTAL_PROVIDER_TIMEOUT=2s", "PORTAL_LISTEN=127.0.0.1:0", "PORTAL_FAILPOINT_FILE=" + filepath.Join(s.dir, "failpoint"),
		"PORTAL_AUDIT_KEY=" + s.key(),
		"PORTAL_COUNTS_PER_MINUTE=0", // a point is met by what a test does, and by nothing else
	}
}

// start starts the portal and returns when it listens, or has died before.
func (s *site) start() {
	s.t.Helper()
	s.portal = start(s.t, s.program, s.dir, s.env, "serve")
	s.url = s.portal.told(s.t, "The portal is at ")
}

// where is the address of the portal that runs.
func (s *site) where() string { return s.url }

// restart starts the portal that has died, and lets it live.
func (s *site) restart() {
	s.t.Helper()
	s.disarm()
	s.start()
	if s.url == "" {
		s.t.Fatalf("the portal does not start any more\n%s", s.portal.out)
	}
}

// stop lets the portal end in its own time.
func (s *site) stop() {
	s.t.Helper()
	s.portal.signal(syscall.SIGTERM)
	if code := s.portal.end(s.t); code != 0 {
		s.t.Fatalf("it did not end well: %d\n%s", code, s.portal.out)
	}
}

// arm lets the portal end at a point, such as place.before-commit or, the second
// time that it comes there, place.before-commit:2.
func (s *site) arm(where string) {
	s.t.Helper()
	file := filepath.Join(s.dir, "failpoint")
	if err := os.WriteFile(file+".new", []byte(where), 0o600); err != nil {
		s.t.Fatal(err)
	}
	if err := os.Rename(file+".new", file); err != nil { // never seen half written
		s.t.Fatal(err)
	}
}

func (s *site) disarm() {
	s.t.Helper()
	if err := os.Remove(filepath.Join(s.dir, "failpoint")); err != nil && !errors.Is(err, fs.ErrNotExist) {
		s.t.Fatal(err)
	}
}

// diesAt waits until a process has been killed at a point and nowhere else.
func (s *site) diesAt(p *process, where string) {
	s.t.Helper()
	name, _, _ := strings.Cut(where, ":")
	p.end(s.t)
	status, ok := p.cmd.ProcessState.Sys().(syscall.WaitStatus)
	if !ok || !status.Signaled() || status.Signal() != syscall.SIGKILL || !strings.Contains(p.out.String(), "failpoint "+name+"\n") {
		s.t.Fatalf("it did not die at %s: %s\n%s", where, p.cmd.ProcessState, p.out)
	}
	reached(name)
}

// command runs another command of the program to its end.
func (s *site) command(args ...string) *process {
	s.t.Helper()
	p := start(s.t, s.program, s.dir, s.env, args...)
	p.end(s.t)
	return p
}

// opened is the database, for a while in which no portal has it.
func (s *site) opened(f func(*store.Store)) {
	s.t.Helper()
	db, err := store.Open(s.dsn, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	f(db)
}

// seedling is a world to begin with: a database and a sandbox's state that
// nobody has open, the key of its history, and the cookies of people who have signed in.
type seedling struct {
	dsn, state, key string
	cookies         map[string][]*http.Cookie // by address
}

const (
	customer = "lin@example.com"
	operator = "operator@example.com"
	password = "nothing-is-real-here"
)

// lasting is a test whose databases and folders outlive it, for what later
// tests copy.
type lasting struct{ testing.TB }

func (lasting) Cleanup(func()) {}

func (l lasting) TempDir() string {
	l.Helper()
	dir, err := os.MkdirTemp(folder, "seed-")
	if err != nil {
		l.Fatal(err)
	}
	return dir
}

var (
	growing sync.Mutex
	grown   = map[bool]*seedling{}
)

// seeded is a world whose customer holds nothing, or has bought Pro for a year.
// It is made once and then copied, because signing in costs a processor on
// purpose.
func seeded(t testing.TB, bought bool) *seedling {
	t.Helper()
	growing.Lock()
	defer growing.Unlock()
	if known := grown[bought]; known != nil {
		return known
	}
	s := open(t, nil)
	s.restart()
	from := &seedling{cookies: map[string][]*http.Cookie{}}
	for _, email := range []string{customer, operator} {
		p := newPerson(t, s)
		p.signIn(email)
		at, err := url.Parse(s.url)
		if err != nil {
			t.Fatal(err)
		}
		from.cookies[email] = p.client.Jar.Cookies(at)
		if bought && email == customer {
			p.carry(models.Buy)
		}
	}
	s.stop()
	s.box.signal(syscall.SIGTERM)
	s.box.end(t)
	kept := lasting{t}
	from.dsn, from.state = dbtest.Clone(kept, s.dsn), filepath.Join(kept.TempDir(), "sandbox.jsonl")
	from.key = filepath.Join(kept.TempDir(), "audit-key")
	copyFile(t, s.box.state, from.state)
	copyFile(t, s.key(), from.key)
	grown[bought] = from
	return from
}

func copyFile(t testing.TB, from, to string) {
	t.Helper()
	data, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, data, 0o600); err != nil {
		t.Fatal(err)
	}
}
