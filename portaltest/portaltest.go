// Package portaltest builds a whole portal for tests: the real router, a real
// database, the real SDK, and the sandbox at the other end of a real
// connection. Only the clock is the test's.
package portaltest

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/argon2"

	"portal/dbtest"
	"portal/demo"
	"portal/fulfil"
	"portal/handlers"
	"portal/models"
	"portal/pricing"
	"portal/provider"
	"portal/provider/sandbox"
	"portal/store"
)

// Password is everybody's.
const Password = "correct-horse-battery"

// Owner has 25 machines at the sandbox.
const Owner int64 = 1000000000000025

// Portal is a whole portal.
type Portal struct {
	T       testing.TB
	Store   *store.Store
	Sandbox *sandbox.Sandbox
	Seller  *provider.Client
	Worker  *fulfil.Worker
	Batches *handlers.BatchWorker // runs only when the test says so, too
	Handler http.Handler
	Log     *Buffer // everything that was logged
	Account models.Account
	Config  handlers.Config
	DSN     string // of the database, see dbtest

	timeout time.Duration // the provider's

	mu sync.Mutex
	at time.Time
}

// Option changes a portal before it is built.
type Option func(*options)

type options struct {
	endpoint    string
	credentials provider.Credentials
	timeout     time.Duration
	secure      bool
	sandbox     func(*sandbox.Config)
}

// Endpoint puts another program in the sandbox's place.
func Endpoint(u string) Option { return func(o *options) { o.endpoint = u } }

// Timeout is the provider's; 2 s unless told.
func Timeout(d time.Duration) Option { return func(o *options) { o.timeout = d } }

// Secure is a portal behind https.
func Secure() Option { return func(o *options) { o.secure = true } }

// Key signs with another key than the sandbox's demo key.
func Key(id, secret string) Option {
	return func(o *options) { o.credentials = provider.Fixed(id, secret, "") }
}

// Credentials signs with other keys.
func Credentials(c provider.Credentials) Option { return func(o *options) { o.credentials = c } }

// SandboxConfig changes the sandbox's configuration.
func SandboxConfig(f func(*sandbox.Config)) Option { return func(o *options) { o.sandbox = f } }

// New builds a portal with one account, lin@example.com as its customer and one
// person for each role. Its worker runs only when the test says so.
func New(t testing.TB, opts ...Option) *Portal {
	t.Helper()
	o := options{timeout: 2 * time.Second, credentials: provider.Fixed(sandbox.DemoAccessKeyID, sandbox.DemoAccessKeySecret, "")}
	for _, opt := range opts {
		opt(&o)
	}
	p := &Portal{T: t, Log: &Buffer{}, at: time.Now(), timeout: o.timeout}
	logger := slog.New(slog.NewJSONHandler(p.Log, nil))

	cfg := sandbox.Config{Machines: map[int64]int{Owner: 25}, Calendar: p.Now}
	if o.sandbox != nil {
		o.sandbox(&cfg)
	}
	var err error
	if p.Sandbox, err = sandbox.New(cfg); err != nil {
		t.Fatal(err)
	}
	if o.endpoint == "" {
		server := httptest.NewServer(p.Sandbox)
		// The sandbox is closed first: that ends the delays its faults wait in.
		t.Cleanup(func() {
			if err := p.Sandbox.Close(); err != nil {
				t.Error(err)
			}
			server.CloseClientConnections()
			server.Close()
		})
		o.endpoint = server.URL
	}
	endpoint, err := url.Parse(o.endpoint)
	if err != nil {
		t.Fatal(err)
	}
	p.Seller, err = provider.New(provider.Config{
		Endpoint: endpoint, Timeout: o.timeout, Now: p.Now, Logger: logger, Credentials: o.credentials,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Seller.Close)

	p.Store, p.DSN = dbtest.Open(t, p.Now)
	p.Worker = fulfil.NewWorker(p.Store, p.Seller, o.timeout, logger)
	p.Account = p.AddAccount(Owner, "Linhai Trading", nil)
	p.AddUser("lin@example.com", models.Customer, &p.Account, nil)
	p.AddUser("support@example.com", models.Support, nil, nil)
	p.AddUser("operator@example.com", models.Operator, nil, nil)
	p.Config = handlers.Config{
		Store: p.Store, Counter: p.Seller, Book: pricing.Embedded(), Wake: func() {}, Skew: p.Seller.Skew, Logger: logger,
		Secure: o.secure, Sandbox: true, Mishaps: demo.NewMishaps(p.Sandbox, o.timeout), Bill: demo.NewBill(p.Sandbox), CredentialProfile: provider.DefaultProfile, HasKey: p.Seller.HasKey,
	}
	p.Handler = handlers.New(p.Config)
	p.Batches = handlers.NewBatchWorker(p.Config)
	return p
}

// Reload builds the router anew after Config was changed.
func (p *Portal) Reload() { p.Handler = handlers.New(p.Config) }

// Replica is the router of another process on the same database. In Handler's
// place it answers the same browsers.
func (p *Portal) Replica() http.Handler {
	p.T.Helper()
	config := p.Config
	config.Store = dbtest.Reopen(p.T, p.DSN, p.Now)
	return handlers.New(config)
}

// Now is the portal's clock.
func (p *Portal) Now() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.at
}

// Pass moves the portal's clock; back, too.
func (p *Portal) Pass(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.at = p.at.Add(d)
}

// AddAccount adds an account.
func (p *Portal) AddAccount(owner int64, name string, reseller *models.Reseller) models.Account {
	p.T.Helper()
	a := models.Account{OwnerID: owner, Name: name}
	if reseller != nil {
		a.ResellerID = &reseller.ID
	}
	a, err := p.Store.AddAccount(p.T.Context(), a)
	if err != nil {
		p.T.Fatal(err)
	}
	return a
}

// passwordHash is Password's, at the least cost there is: a hash says what it
// costs, and hundreds of tests sign in. Real ones are slow on purpose.
var passwordHash = func() string {
	const memoryKiB, passes, lanes, bytes = 8, 1, 1, 32
	salt := []byte("salt of the tests")
	sum := argon2.IDKey([]byte(Password), salt, passes, memoryKiB, lanes, bytes)
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, memoryKiB, passes, lanes,
		b64.EncodeToString(salt), b64.EncodeToString(sum))
}()

// AddUser adds somebody who signs in with Password.
func (p *Portal) AddUser(email string, role models.Role, account *models.Account, reseller *models.Reseller) models.User {
	p.T.Helper()
	u := models.User{Email: email, Role: role, PasswordHash: passwordHash}
	if account != nil {
		u.AccountID = &account.ID
	}
	if reseller != nil {
		u.ResellerID = &reseller.ID
	}
	u, err := p.Store.AddUser(p.T.Context(), u)
	if err != nil {
		p.T.Fatal(err)
	}
	return u
}

// Viewer is the user with this address, as queries want them.
func (p *Portal) Viewer(email string) models.Viewer {
	p.T.Helper()
	u, err := p.Store.UserByEmail(p.T.Context(), email)
	if err != nil {
		p.T.Fatal(err)
	}
	return models.Viewer{User: u}
}

// Settle runs the worker and moves the clock on, as often as it takes, until
// the order is settled or in review.
func (p *Portal) Settle(number string) models.Order {
	p.T.Helper()
	operator := p.Viewer("operator@example.com")
	for range 500 {
		p.Worker.RunOnce(p.T.Context())
		o, err := p.Store.Order(p.T.Context(), operator, number)
		if err != nil {
			p.T.Fatal(err)
		}
		switch o.Status {
		case models.Completed, models.Rejected, models.Cancelled, models.NeedsReview:
			return o
		case models.AwaitingApproval, models.Placed, models.Unknown:
			p.Pass(max(0, o.DueAt.Sub(p.Now())))
		case models.Sending:
			p.Pass(max(0, o.LeaseUntil.Sub(p.Now())))
		}
	}
	p.T.Fatalf("order %s is still open:\n%s", number, p.Log)
	return models.Order{}
}

// Browser is a browser without script: a cookie jar, and redirects that are
// followed only when the test says so.
type Browser struct {
	p      *Portal
	client *http.Client
	base   string
	email  string      // who has signed in
	Header http.Header // sent with every request
}

// Page is an answer.
type Page struct {
	Status   int
	Location string // of a redirect
	Body     string
	Header   http.Header
}

var refreshes = regexp.MustCompile(`<noscript><meta http-equiv="refresh" content="(\d+)"`)

// Refresh is after how many seconds a browser without script asks for the page
// again, empty for never.
func (p Page) Refresh() string {
	if m := refreshes.FindStringSubmatch(p.Body); m != nil {
		return m[1]
	}
	return ""
}

// Browser opens a fresh one. A secure portal gets a server with TLS, so that
// Secure cookies come back.
func (p *Portal) Browser() *Browser {
	p.T.Helper()
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { p.Handler.ServeHTTP(w, r) })
	server := httptest.NewUnstartedServer(h)
	if p.Config.Secure {
		server.StartTLS()
	} else {
		server.Start()
	}
	p.T.Cleanup(server.Close)
	jar, err := cookiejar.New(nil)
	if err != nil {
		p.T.Fatal(err)
	}
	client := server.Client()
	client.Jar = jar
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Browser{p: p, client: client, base: server.URL, Header: http.Header{"Accept-Language": {"en"}}}
}

// SignedIn opens a browser in which somebody has signed in.
func (p *Portal) SignedIn(email string) *Browser {
	p.T.Helper()
	b := p.Browser()
	b.email = email
	b.signIn()
	return b
}

func (b *Browser) signIn() {
	b.p.T.Helper()
	page := b.Post("/sign-in", url.Values{"email": {b.email}, "password": {Password}})
	if page.Status != http.StatusSeeOther {
		b.p.T.Fatalf("signing in as %s: %d\n%s", b.email, page.Status, page.Body)
	}
}

// Wait moves the portal's clock on and signs in again: no session lasts for
// months.
func (b *Browser) Wait(d time.Duration) {
	b.p.T.Helper()
	b.p.Pass(d)
	b.signIn()
}

// Do sends a request and reads the answer.
func (b *Browser) Do(method, path string, form url.Values) Page {
	b.p.T.Helper()
	page, err := b.Try(method, path, form)
	if err != nil {
		b.p.T.Fatal(err)
	}
	return page
}

// Try is Do for other goroutines than the test's.
func (b *Browser) Try(method, path string, form url.Values) (Page, error) {
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	r, err := http.NewRequest(method, b.base+path, body)
	if err != nil {
		return Page{}, err
	}
	for name, values := range b.Header {
		r.Header[name] = values
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if _, told := r.Header["Sec-Fetch-Site"]; !told {
			r.Header.Set("Sec-Fetch-Site", "same-origin")
		}
	}
	res, err := b.client.Do(r)
	if err != nil {
		return Page{}, err
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	return Page{res.StatusCode, res.Header.Get("Location"), string(text), res.Header}, err
}

// Get asks for a page.
func (b *Browser) Get(path string) Page { b.p.T.Helper(); return b.Do(http.MethodGet, path, nil) }

// Post sends a form.
func (b *Browser) Post(path string, form url.Values) Page {
	b.p.T.Helper()
	if form == nil {
		form = url.Values{}
	}
	return b.Do(http.MethodPost, path, form)
}

// Cookies are what the browser would send.
func (b *Browser) Cookies() []*http.Cookie {
	u, err := url.Parse(b.base)
	if err != nil {
		b.p.T.Fatal(err)
	}
	return b.client.Jar.Cookies(u)
}

// Quote makes a quote and gives its path.
func (b *Browser) Quote(edition, term string) string {
	b.p.T.Helper()
	page := b.Post(b.p.QuotePath(), url.Values{"edition": {edition}, "term": {term}})
	if page.Status != http.StatusSeeOther || !strings.HasPrefix(page.Location, "/quotes/") {
		b.p.T.Fatalf("quoting: %d %s\n%s", page.Status, page.Location, page.Body)
	}
	return page.Location
}

// Place places the quote at this path and gives the order's number.
func (b *Browser) Place(quotePath string) string {
	b.p.T.Helper()
	page := b.Post(quotePath+"/order", nil)
	number, ok := strings.CutPrefix(page.Location, "/orders/")
	if page.Status != http.StatusSeeOther || !ok {
		b.p.T.Fatalf("placing: %d %s\n%s", page.Status, page.Location, page.Body)
	}
	return number
}

// QuoteKind makes a quote of any kind from these answers and gives its path.
func (b *Browser) QuoteKind(kind models.Kind, answers url.Values) string {
	b.p.T.Helper()
	page := b.Post(b.p.AccountPath()+"/quote?kind="+string(kind), answers)
	if page.Status != http.StatusSeeOther || !strings.HasPrefix(page.Location, "/quotes/") {
		b.p.T.Fatalf("quoting a %s: %d %s\n%s", kind, page.Status, page.Location, page.Body)
	}
	return page.Location
}

// PlaceKind places the quote at this path and gives the order's number. A
// refund is confirmed by the instance's id.
func (b *Browser) PlaceKind(kind models.Kind, quotePath string) string {
	b.p.T.Helper()
	if kind != models.Refund {
		return b.Place(quotePath)
	}
	page := b.Post(quotePath+"/order", url.Values{"instance_id": {b.p.Held().InstanceID}})
	number, ok := strings.CutPrefix(page.Location, "/orders/")
	if page.Status != http.StatusSeeOther || !ok {
		b.p.T.Fatalf("placing a refund: %d %s\n%s", page.Status, page.Location, page.Body)
	}
	return number
}

// Answers are what a form of this kind is filled in with, unless a test cares:
// Pro for a year, a renewal for six months, an upgrade to Enterprise.
func Answers(kind models.Kind) url.Values {
	switch kind {
	case models.Buy:
		return url.Values{"edition": {"pro"}, "term": {"year-1"}}
	case models.Renew:
		return url.Values{"term": {"month-6"}}
	case models.Upgrade:
		return url.Values{"edition": {"enterprise"}}
	case models.Refund:
	}
	return nil
}

// Carry quotes, places and carries out an order of this kind.
func (b *Browser) Carry(kind models.Kind) models.Order {
	b.p.T.Helper()
	o := b.p.Settle(b.PlaceKind(kind, b.QuoteKind(kind, Answers(kind))))
	if o.Status != models.Completed {
		b.p.T.Fatalf("the %s is %s (%s)\n%s", kind, o.Status, o.Reason, b.p.Log)
	}
	return o
}

// Held is what the account holds; the test fails without anything.
func (p *Portal) Held() models.Subscription {
	p.T.Helper()
	held, err := p.Store.Holdings(p.T.Context(), p.Account.ID)
	if err != nil {
		p.T.Fatal(err)
	}
	if held[p.Account.ID].Subscription == nil {
		p.T.Fatal("the account holds nothing")
	}
	return *held[p.Account.ID].Subscription
}

// AccountPath is the account's page, QuotePath its quote form.
func (p *Portal) AccountPath() string { return "/accounts/1" }

// QuotePath is the account's quote form.
func (p *Portal) QuotePath() string { return p.AccountPath() + "/quote?kind=buy" }

var orderStatus = regexp.MustCompile(`<main[^>]* data-order-status="([a-z_]*)"`)

// OrderStatus is what an order page says of its order.
func (p Page) OrderStatus() string {
	if m := orderStatus.FindStringSubmatch(p.Body); m != nil {
		return m[1]
	}
	return ""
}

// Text is the page without its tags, white space folded.
func (p Page) Text() string {
	body := strings.ReplaceAll(p.Body, "<wbr>", "") // where a line may end, in the middle of a word
	return strings.Join(strings.Fields(tag.ReplaceAllString(body, " ")), " ")
}

var tag = regexp.MustCompile(`(?s)<style.*?</style>|<[^>]*>`)

// Buffer is a bytes.Buffer that goroutines may share.
type Buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *Buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *Buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}
