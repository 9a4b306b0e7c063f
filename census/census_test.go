package census_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"portal/census"
	"portal/models"
	"portal/portaltest"
	"portal/provider"
	"portal/provider/sandbox"
	"portal/store"
)

var pace = store.CountPace{Every: 24 * time.Hour, Spacing: 5 * time.Second, Lease: time.Minute}

func counting(p *portaltest.Portal, read census.Reader) *census.Worker {
	if read == nil {
		read = census.ReadAs(p.Store, p.Seller, provider.DefaultProfile)
	}
	return census.New(p.Store, read, p.Seller.Skew, pace, p.Config.Logger)
}

func reads(p *portaltest.Portal) int { return p.Sandbox.Requests()["GetInstanceCount"] }

// TestAnAccountThatOutgrowsIsMarkedByItself: nobody opened its page, which shows
// it while the provider is away, with the upgrade a click away.
func TestAnAccountThatOutgrowsIsMarkedByItself(t *testing.T) {
	p := portaltest.New(t)
	b := p.SignedIn("lin@example.com")
	b.Carry(models.Buy)
	if err := p.Sandbox.SetMachines(portaltest.Owner, 30); err != nil {
		t.Fatal(err)
	}
	b.Wait(40 * time.Hour)
	if !counting(p, nil).RunOnce(t.Context()) {
		t.Fatal("nothing is due")
	}
	if err := p.Sandbox.AddFault(sandbox.Rule{Action: "GetInstanceCount", Fault: sandbox.FaultThrottle, Times: 100}); err != nil {
		t.Fatal(err)
	}
	p.Pass(10 * time.Minute)
	p.Reload() // with nothing in memory
	page := b.Get(p.AccountPath())
	for _, want := range []string{"5 machines are not covered", "30 machines owned, 25 covered", p.AccountPath() + "/quote?kind=upgrade"} {
		if !strings.Contains(page.Body+page.Text(), want) {
			t.Errorf("the page lacks %q\n%s", want, page.Text())
		}
	}
}

// TestAnAccountIsCountedWithItsResellersKey, and one without a reseller, or whose
// reseller has none, with the portal's own.
func TestAnAccountIsCountedWithItsResellersKey(t *testing.T) {
	p := portaltest.New(t, portaltest.Credentials(provider.FixedProfiles(map[string]provider.Key{
		provider.DefaultProfile: {ID: sandbox.DemoAccessKeyID, Secret: sandbox.DemoAccessKeySecret},
		"north":                 {ID: sandbox.NorthAccessKeyID, Secret: sandbox.NorthAccessKeySecret},
	})))
	by := models.By{Viewer: p.Viewer("operator@example.com")}
	for owner, profile := range map[int64]string{3000000000000001: "north", 3000000000000002: ""} {
		reseller, err := p.Store.CreateReseller(t.Context(), by, models.Reseller{Name: "Reseller " + profile, CredentialProfile: profile})
		if err != nil {
			t.Fatal(err)
		}
		p.AddAccount(owner, "Account", &reseller)
	}
	worker := counting(p, nil)
	for range 3 {
		p.Pass(25 * time.Hour)
		if !worker.RunOnce(t.Context()) {
			t.Fatal("nothing is due")
		}
	}
	signed := p.Sandbox.Signed()
	if own, north := signed[sandbox.DemoAccessKeyID]["GetInstanceCount"], signed[sandbox.NorthAccessKeyID]["GetInstanceCount"]; own != 2 || north != 1 {
		t.Errorf("%d with the portal's key and %d with the reseller's, want 2 and 1", own, north)
	}
}

// TestARestartAsksForNothingMore: what was read stands in the database.
func TestARestartAsksForNothingMore(t *testing.T) {
	p := portaltest.New(t)
	p.AddAccount(3000000000000001, "Second", nil)
	for range 20 {
		counting(p, nil).RunOnce(t.Context()) // each a program of its own
	}
	if n := reads(p); n != 1 {
		t.Errorf("%d reads at one moment", n)
	}
	for range 20 {
		p.Pass(pace.Spacing)
		counting(p, nil).RunOnce(t.Context())
	}
	if n := reads(p); n != 2 {
		t.Errorf("%d reads of two accounts", n)
	}
	for range 4 * 24 { // each account has an hour of its own
		p.Pass(time.Hour)
		for range 2 {
			p.Pass(pace.Spacing)
			counting(p, nil).RunOnce(t.Context())
		}
	}
	if n := reads(p); n < 8 || n > 10 {
		t.Errorf("%d reads of two accounts after four more days", n)
	}
}

func TestSellingGoesFirst(t *testing.T) {
	p := portaltest.New(t)
	b := p.SignedIn("lin@example.com")
	number := b.Place(b.Quote("pro", "year-1"))
	p.AddAccount(3000000000000001, "Second", nil)
	before, w := reads(p), counting(p, nil)
	if w.RunOnce(t.Context()); reads(p) != before {
		t.Error("read while an order waits")
	}
	p.Settle(number)
	if w.RunOnce(t.Context()); reads(p) != before+1 {
		t.Error("not read after it")
	}
}

// TestNothingIsAskedWhileNothingMayBeBegun: with a clock that is off, or a
// database that takes no writes.
func TestNothingIsAskedWhileNothingMayBeBegun(t *testing.T) {
	p := portaltest.New(t)
	off := census.New(p.Store, nil, func() models.Skew { return models.Skew{By: 6 * time.Minute, At: p.Now()} }, pace, p.Config.Logger)
	if off.RunOnce(t.Context()) {
		t.Error("asked by a clock that is off")
	}
	broken := census.New(faulty{p.Store}, nil, p.Seller.Skew, pace, p.Config.Logger)
	if broken.RunOnce(t.Context()) {
		t.Error("asked while nothing can be kept")
	}
}

type faulty struct{ *store.Store }

func (faulty) Fault() *models.Fault { return &models.Fault{Kind: models.FaultFull} }

// TestHowAReadFailedIsKept, also when it is the program that failed; and when it
// ends, nothing is.
func TestHowAReadFailedIsKept(t *testing.T) {
	p := portaltest.New(t)
	known := func() models.AccountCount {
		c, err := p.Store.AccountCount(t.Context(), p.Account.ID)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	ctx, end := context.WithCancel(t.Context())
	counting(p, func(ctx context.Context, _ models.Account) (models.Count, error) {
		end()
		return models.Count{}, &models.CountError{Failure: models.CountUnavailable, Cause: ctx.Err()}
	}).RunOnce(ctx)
	if c := known(); c.Failure != "" {
		t.Errorf("cut off: %+v", c)
	}
	p.Pass(pace.Lease)
	counting(p, func(context.Context, models.Account) (models.Count, error) { panic("secret") }).RunOnce(t.Context())
	if c := known(); c.Failure != models.CountUnavailable || c.Failures != 1 {
		t.Errorf("panicked: %+v", c)
	}
	if log := p.Log.String(); !strings.Contains(log, "a read panicked") || strings.Contains(log, "secret") {
		t.Error(log)
	}
	p.Pass(time.Hour)
	if err := p.Sandbox.AddFault(sandbox.Rule{Action: "GetInstanceCount", Fault: sandbox.FaultThrottle, Times: 1}); err != nil {
		t.Fatal(err)
	}
	counting(p, nil).RunOnce(t.Context())
	if c := known(); c.Failure != models.CountThrottled || c.Failures != 2 {
		t.Errorf("throttled: %+v", c)
	}
}
