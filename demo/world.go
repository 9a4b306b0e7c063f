package demo

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"slices"
	"sync/atomic"
	"time"

	"portal/census"
	"portal/failpoint"
	"portal/fulfil"
	"portal/handlers"
	"portal/models"
	"portal/passwords"
	"portal/pricing"
	"portal/provider"
	"portal/provider/sandbox"
	"portal/store"
)

// world is a portal and its provider while they live through the past, which is a
// script of dated steps. Both go by one clock, which stands still within a step.
type world struct {
	now   time.Time    // when the past ends
	clock atomic.Int64 // what it is in the past, in microseconds

	db      *store.Store
	box     *sandbox.Sandbox
	seller  *provider.Client
	worker  *fulfil.Worker
	clerk   *handlers.Clerk
	batches *handlers.BatchWorker
	hash    string // of Password

	steps  []step
	people map[string]models.User
}

// step is one thing that happens at a time.
type step struct {
	at   time.Time
	what string // for who looks for a mistake in the script
	do   func(context.Context) error
}

// Build makes a database and a sandbox's state of everything that happened until
// now, in two files that are not there yet. They are on no disk before they are
// synced.
func Build(ctx context.Context, to Files, now time.Time) (err error) {
	w := &world{now: now.UTC().Truncate(time.Microsecond), people: map[string]models.User{}}
	w.clock.Store(w.day(days, "08:00").UnixMicro())
	if w.db, err = store.Draft(to.Database, w.at); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.db.Close()) }()
	closeBox, err := w.openSandbox(ctx, to.State)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeBox()) }()

	if _, err := w.db.Migrate(ctx); err != nil {
		return err
	}
	if err := w.db.BindProvider(ctx, "sandbox"); err != nil {
		return err
	}
	if err := AddPeople(ctx, w.db); err != nil {
		return err
	}
	if w.hash, err = passwords.Hash(ctx, Password); err != nil {
		return err
	}
	w.script()
	return w.live(ctx)
}

// openSandbox serves the sandbox on a loopback port, as the portal does, and sets
// up what works on it.
func (w *world) openSandbox(ctx context.Context, state string) (closeBox func() error, err error) {
	cfg := SandboxConfig(state)
	cfg.Calendar, cfg.BalanceFen, cfg.Draft = w.at, plenty, true
	if w.box, err = sandbox.New(cfg); err != nil {
		return nil, err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, errors.Join(err, w.box.Close())
	}
	server := &http.Server{Handler: w.box, ReadHeaderTimeout: time.Minute, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)}
	go func() { _ = server.Serve(listener) }() // ends with Close
	closeBox = func() error {
		if w.seller != nil {
			w.seller.Close()
		}
		return errors.Join(w.box.Close(), server.Close())
	}
	w.seller, err = provider.New(provider.Config{
		Endpoint: &url.URL{Scheme: "http", Host: listener.Addr().String()}, Timeout: patience,
		Credentials: provider.FixedProfiles(Profiles()), Now: w.at,
	})
	if err != nil {
		return nil, errors.Join(err, closeBox())
	}
	// What goes wrong in the past was meant to.
	quiet := slog.New(slog.DiscardHandler)
	w.worker = fulfil.NewWorker(w.db, w.seller, patience, quiet)
	settings := handlers.Config{
		Store: w.db, Counter: w.seller, Book: pricing.Embedded(), Wake: func() {}, Logger: quiet, Sandbox: true,
		CredentialProfile: provider.DefaultProfile, HasKey: w.seller.HasKey,
		// The machine's clock is right; it is the past that is long ago.
		Skew: func() models.Skew { return models.Skew{} },
	}
	w.clerk, w.batches = handlers.NewClerk(settings), handlers.NewBatchWorker(settings)
	return closeBox, nil
}

const (
	// patience is for one call to the sandbox. In the past no answer is late.
	patience = 10 * time.Second
	// plenty is on the sandbox's account while the past goes on, in fen. It ends with
	// what every sandbox opens with.
	plenty = 100 * sandbox.DefaultBalanceFen
)

// at is the clock of the past.
func (w *world) at() time.Time { return time.UnixMicro(w.clock.Load()).UTC() }

// move sets the clock; it never goes back, and never beyond now.
func (w *world) move(to time.Time) {
	if to.After(w.now) {
		to = w.now
	}
	if to.After(w.at()) {
		w.clock.Store(to.UnixMicro())
	}
}

// then puts a step into the script.
func (w *world) then(at time.Time, what string, do func(context.Context) error) {
	w.steps = append(w.steps, step{at, what, do})
}

// live goes through the script in the order of time, so that the ids of whatever
// came of it rise with time. What is due is carried out after each step.
func (w *world) live(ctx context.Context) error {
	slices.SortStableFunc(w.steps, func(a, b step) int { return a.at.Compare(b.at) })
	for _, s := range w.steps {
		failpoint.Hit(failpoint.StartWorld)
		if err := ctx.Err(); err != nil {
			return err
		}
		w.move(s.at)
		if err := s.do(ctx); err != nil {
			return fmt.Errorf("demo world: %s at %s: %w", s.what, s.at.In(models.Beijing).Format(time.DateTime), err)
		}
		w.worker.RunOnce(ctx)
	}
	w.move(w.now)
	return w.box.SetBalance(sandbox.DefaultBalanceFen)
}

// When things happen. A day is one of Beijing's, and so is a time of day.

// midnight is when today began.
func (w *world) midnight() time.Time {
	year, month, day := w.now.In(models.Beijing).Date()
	return time.Date(year, month, day, 0, 0, 0, 0, models.Beijing)
}

// day is a time of the day so many days ago; a negative number is yet to come.
func (w *world) day(ago int, clock string) time.Time {
	at, err := time.Parse("15:04", clock)
	if err != nil {
		panic(err) // a mistake in the script, which every test would meet
	}
	return w.midnight().AddDate(0, 0, -ago).Add(time.Duration(at.Hour())*time.Hour + time.Duration(at.Minute())*time.Minute)
}

// today is a time of today: 0 when it began, 1 now.
func (w *world) today(part float64) time.Time {
	return w.midnight().Add(time.Duration(part * float64(w.now.Sub(w.midnight()))))
}

// ago is a time shortly before now.
func (w *world) ago(d time.Duration) time.Time { return w.now.Add(-d) }

// thisMonth is a time of this calendar month, some days ago where it is that old.
func (w *world) thisMonth(ago int, clock string) time.Time {
	if today := w.now.In(models.Beijing).Day(); today > 1 {
		return w.day(min(ago, today-1), clock)
	}
	return w.today(0.2)
}

// before is when something must be bought for the first of these terms to end at
// this very moment. From some days no month is counted back: February lacks them.
func before(end time.Time, terms ...string) (at time.Time, term string) {
	for _, term := range terms {
		t, err := models.ParseTerm(term)
		if err != nil {
			panic(err)
		}
		if at := models.AddMonths(end, -t.Months()); models.AddMonths(at, t.Months()).Equal(end) {
			return at, term
		}
	}
	panic(fmt.Sprintf("nothing of %v ends at %s", terms, end))
}

// by is somebody as they sign what they do.
func (w *world) by(ctx context.Context, email string) (models.By, error) {
	user, known := w.people[email]
	if !known {
		var err error
		if user, err = w.db.UserByEmail(ctx, email); err != nil {
			return models.By{}, fmt.Errorf("%s: %w", email, err)
		}
		w.people[email] = user
	}
	return models.By{Viewer: models.Viewer{User: user}}, nil
}

// as puts a step into the script that somebody does.
func (w *world) as(email string, at time.Time, what string, do func(context.Context, models.By) error) {
	w.then(at, what, func(ctx context.Context) error {
		by, err := w.by(ctx, email)
		if err != nil {
			return err
		}
		return do(ctx, by)
	})
}

// joins has somebody invited to a place, and accept that.
func (w *world) joins(email, invitedBy string, at time.Time, place func() models.Place) {
	w.as(invitedBy, at, "inviting "+email, func(ctx context.Context, by models.By) error {
		token := models.NewInvitationToken().Hash()
		if _, err := w.db.Invite(ctx, by, place(), email, token); err != nil {
			return err
		}
		w.move(w.at().Add(20 * time.Minute))
		_, err := w.db.AcceptInvitation(ctx, models.By{}, token, w.hash, "")
		return err
	})
}

// account is one of the script's.
type account struct {
	*world
	owner    int64
	name     string
	customer string // who signs in for it, empty for nobody
	admin    string // who looks after it: its reseller's admin, or an operator
	row      models.Account
}

// usual is who orders in the account's name: whoever signs in for it, or who looks
// after it where nobody does.
func (a *account) usual() string {
	if a.customer != "" {
		return a.customer
	}
	return a.admin
}

// order is an order of the script's.
type order struct {
	kind    models.Kind
	answers url.Values
	by      string // who orders; empty for the account's usual()
	// placed happens between the press of the button and the first attempt; nil for
	// nothing.
	placed func(ctx context.Context, number string) error
	ends   models.Status // what it comes to at once; completed unless told

	number string // once it is placed
}

// order puts an order into the script.
func (a *account) order(at time.Time, o *order) *order {
	if o.by == "" {
		o.by = a.usual()
	}
	if o.ends == "" {
		o.ends = models.Completed
	}
	what := fmt.Sprintf("the %s of %s", o.kind, a.name)
	a.as(o.by, at, what, func(ctx context.Context, by models.By) error {
		quote, err := a.clerk.Quote(ctx, by.Viewer, o.kind, a.row, o.answers)
		if err != nil {
			return err
		}
		placed, err := a.clerk.Order(ctx, by, a.row, quote)
		if err != nil {
			return err
		}
		o.number = placed.Number
		if o.placed != nil {
			if err := o.placed(ctx, o.number); err != nil {
				return err
			}
		}
		a.worker.RunOnce(ctx)
		return a.expect(ctx, o.number, o.ends)
	})
	return o
}

// expect fails when an order has come to something else.
func (w *world) expect(ctx context.Context, number string, ends models.Status) error {
	row, err := w.db.Order(ctx, staff, number)
	if err == nil && row.Status != ends {
		err = fmt.Errorf("order %s is %s (%s %s) and not %s", number, row.Status, row.Reason, row.Code, ends)
	}
	return err
}

func (a *account) buys(at time.Time, edition models.Edition, term string) *order {
	return a.order(at, &order{kind: models.Buy, answers: buying(edition, term)})
}

func buying(edition models.Edition, term string) url.Values {
	return url.Values{"edition": {string(edition)}, "term": {term}}
}

// buysRenewing buys with auto-renewal on.
func (a *account) buysRenewing(at time.Time, edition models.Edition, term, months string) *order {
	answers := buying(edition, term)
	answers.Set("auto_renew", "on")
	answers.Set("auto_renew_months", months)
	return a.order(at, &order{kind: models.Buy, answers: answers})
}

func (a *account) renews(at time.Time, term string) *order {
	return a.order(at, &order{kind: models.Renew, answers: url.Values{"term": {term}}})
}

// upgrades to an edition: to the one that it has where the machines have grown.
func (a *account) upgrades(at time.Time, edition models.Edition) *order {
	return a.order(at, &order{kind: models.Upgrade, answers: url.Values{"edition": {string(edition)}}})
}

func (a *account) refunds(at time.Time) *order {
	return a.order(at, &order{kind: models.Refund})
}

// grows sets how many machines the account's owner has from then on.
func (a *account) grows(at time.Time, machines int) {
	a.then(at, "the machines of "+a.name, func(context.Context) error { return a.box.SetMachines(a.owner, machines) })
}

// fault is a rule for the account's calls alone.
func (a *account) fault(action string, fault sandbox.Fault, times int) error {
	return a.box.AddFault(sandbox.Rule{Action: action, OwnerID: a.owner, Fault: fault, Times: times})
}

// faultless ends the account's rules.
func (a *account) faultless() error {
	return a.box.SetFaults(slices.DeleteFunc(a.box.FaultRules(), func(r sandbox.Rule) bool { return r.OwnerID == a.owner }))
}

// penniless does something while the provider's account is empty.
func (w *world) penniless(do func()) error {
	balance := w.box.Balance()
	if err := w.box.SetBalance(0); err != nil {
		return err
	}
	do()
	return w.box.SetBalance(balance)
}

// counted reads every account's machines as the background does.
func (w *world) counted(at time.Time) {
	w.then(at, "counting", func(ctx context.Context) error {
		pace := store.CountPace{Every: 24 * time.Hour, Spacing: time.Second, Lease: time.Minute}
		read := census.ReadAs(w.db, w.seller, provider.DefaultProfile)
		counter := census.New(w.db, read, func() models.Skew { return models.Skew{} }, pace, slog.New(slog.DiscardHandler))
		for counter.RunOnce(ctx) {
			w.move(w.at().Add(pace.Spacing))
		}
		return ctx.Err()
	})
}
