package modeltest

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"portal/dbtest"
	"portal/models"
	"portal/pricing"
	"portal/provider"
	"portal/provider/sandbox"
	"portal/store"
)

// timeout is the provider's. In these tests no call takes that long: who gives up
// does so when the schedule says it.
const (
	timeout = time.Minute
	lease   = timeout + 5*time.Second
)

// site is what all schedules share: nothing that one could leave to the next.
type site struct {
	t         *testing.T
	template  string // a database with the people, which each schedule gets a copy of
	customers []models.Viewer
	accounts  []models.Account
	operators []models.Viewer
	seller    *provider.Client
	book      *pricing.Book
	current   atomic.Pointer[schedule]
}

func newSite(t *testing.T) *site {
	t.Helper()
	site := &site{t: t, book: pricing.Embedded(), template: dbtest.New(t)}
	db, err := store.Open(site.template, func() time.Time { return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC) })
	if err != nil {
		t.Fatal(err)
	}
	user := func(u models.User) models.Viewer {
		u, err := db.AddUser(t.Context(), u)
		if err != nil {
			t.Fatal(err)
		}
		return models.Viewer{User: u}
	}
	for i := range 3 {
		a, err := db.AddAccount(t.Context(), models.Account{OwnerID: int64(2001 + i), Name: fmt.Sprintf("Account %d", i)})
		if err != nil {
			t.Fatal(err)
		}
		site.accounts = append(site.accounts, a)
		site.customers = append(site.customers, user(models.User{
			Email: fmt.Sprintf("customer%d@example.com", i), Role: models.Customer, AccountID: &a.ID, PasswordHash: "x",
		}))
	}
	for i := range 2 {
		site.operators = append(site.operators, user(models.User{
			Email: fmt.Sprintf("operator%d@example.com", i), Role: models.Operator, PasswordHash: "x",
		}))
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}

	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { site.current.Load().ServeHTTP(w, r) }))
	t.Cleanup(server.Close)
	endpoint, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	site.seller, err = provider.New(provider.Config{
		Endpoint: endpoint, Timeout: timeout, Now: func() time.Time { return site.current.Load().clock.now() },
		Credentials: provider.Fixed(sandbox.DemoAccessKeyID, sandbox.DemoAccessKeySecret, ""),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(site.seller.Close)
	return site
}

// schedule is one of them: a portal, its provider, and what has happened.
type schedule struct {
	*site
	r     *rapid.T
	ctx   context.Context
	clock *clock
	box   *sandbox.Sandbox
	gate  atomic.Int64 // how far the provider's clock is ahead of who signed the request that it looks at, in nanoseconds

	dsn string
	db  *store.Store

	tabs    [][]*tab // of each account
	led     map[string]led
	workers []*worker
	active  *worker // the one that runs now
	arrived chan *request
	wire    []*request // under way, whether or not anybody waits for the answer
	sent    map[int64]*sent
	leases  map[int64]granted
	refunds map[string]int64 // the order that gave an instance back
	retold  map[int64]bool   // accounts that were released though the order was done: sums and dates of what they hold are no longer the provider's
	trouble string           // what a worker met that should never be
	steps   int
}

// begin is a new portal with three customers, of whom the first ones hold what
// they bought some days ago.
func (site *site) begin(r *rapid.T) *schedule {
	at := time.Date(2026, 1, 1, 0, 0, 0, 250_000_000, time.UTC).Add(time.Duration(rapid.IntRange(0, 400*24-1).Draw(r, "hour")) * time.Hour)
	s := &schedule{
		site: site, r: r, ctx: context.Background(), clock: &clock{time: at},
		led: map[string]led{}, arrived: make(chan *request), sent: map[int64]*sent{}, refunds: map[string]int64{}, retold: map[int64]bool{}, leases: map[int64]granted{},
	}
	cfg := sandbox.Config{
		Machines: map[int64]int{}, BalanceFen: plenty, Calendar: s.clock.truth,
		Now: func() time.Time { return time.Now().Add(time.Duration(s.gate.Load())) },
	}
	for _, a := range site.accounts {
		cfg.Machines[a.OwnerID] = 25
		s.tabs = append(s.tabs, nil)
	}
	var err error
	s.box, err = sandbox.New(cfg)
	s.must(err)
	s.dsn = dbtest.Clone(scope{TB: site.t, r: r}, site.template)
	s.open()
	for range 3 {
		s.workers = append(s.workers, s.newWorker())
	}
	r.Cleanup(func() {
		for _, w := range s.workers {
			s.kill(w)
		}
		s.close()
		_ = s.box.Close()
	})
	site.current.Store(s)
	for i := range rapid.IntRange(0, len(s.accounts)).Draw(r, "hold something") {
		s.buys(r, i)
	}
	if len(s.led) > 0 {
		s.clock.pass(one(r, "ago", []time.Duration{0, 3 * day, 6*day + 7*time.Hour, 20 * day}))
	}
	return s
}

func (s *schedule) open() {
	var err error
	s.db, err = store.Open(s.dsn, s.clock.now)
	s.must(err)
}

func (s *schedule) close() {
	if err := s.db.Close(); err != nil {
		s.r.Error(err)
	}
}

// portalRestarts: what its workers had in hand is gone.
func (s *schedule) portalRestarts(*rapid.T) {
	for _, w := range s.workers {
		s.kill(w)
	}
	s.close()
	s.open()
}

// one is any of them, drawn by its place: a schedule that fails is printed with
// what was drawn.
func one[T any](r *rapid.T, label string, of []T) T {
	return of[rapid.IntRange(0, len(of)-1).Draw(r, label)]
}

func (s *schedule) must(err error) {
	if err != nil {
		s.r.Helper()
		s.r.Fatal(err)
	}
}

// scope is a schedule in a test's place: what is made for it goes when it ends.
type scope struct {
	testing.TB
	r *rapid.T
}

func (s scope) Cleanup(f func())          { s.r.Cleanup(f) }
func (s scope) Context() context.Context  { return context.Background() }
func (s scope) Error(args ...any)         { s.r.Error(args...) }
func (s scope) Fatal(args ...any)         { s.r.Fatal(args...) }
func (s scope) Fatalf(f string, a ...any) { s.r.Fatalf(f, a...) }

// TempDir is in memory where the machine has such a place.
func (s scope) TempDir() string {
	memory := "/dev/shm"
	if _, err := os.Stat(memory); err != nil {
		memory = ""
	}
	dir, err := os.MkdirTemp(memory, "portal-model-")
	if err != nil {
		s.r.Fatal(err)
	}
	s.r.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}
