package fulfil_test

import (
	"context"
	"fmt"
	"maps"
	"net/url"
	"strconv"
	"sync"
	"testing"
	"time"

	"portal/models"
	"portal/portaltest"
	"portal/provider/sandbox"
	"portal/store"
)

// How an order stood when the backup was taken, and what became of it before
// the disk died.
const (
	wasPlaced    = "placed, then done"
	wasSending   = "under way, then done"
	wasCharged   = "unknown but done, then confirmed"
	wasUncharged = "unknown and not done, then nothing"
	wasNotThere  = "not there, then done"
	underLoad    = "one of many"
)

// TestTheDrill is what docs/backups.md asks operators to practise: a backup of
// a portal under load, with orders of every kind in every open status; more
// orders after it; a dead disk; a restore. Nothing is sent for any order until
// an operator has settled it by what the provider knows and released the
// account, nothing is ever charged twice, and then selling goes on.
func TestTheDrill(t *testing.T) {
	machines := map[int64]int{portaltest.Owner: 25}
	var all []*drilled
	for _, kind := range models.Kinds() {
		for _, how := range []string{wasPlaced, wasSending, wasCharged, wasUncharged, wasNotThere} {
			all = append(all, &drilled{kind: kind, how: how})
		}
	}
	for range 4 {
		all = append(all, &drilled{how: underLoad})
	}
	for i := range all {
		machines[int64(2001+i)] = 25
	}
	p := portaltest.New(t, portaltest.SandboxConfig(func(c *sandbox.Config) { c.Machines = machines }))
	for i, d := range all {
		email := fmt.Sprintf("customer-%d@example.com", i)
		d.p, d.account = p, p.AddAccount(int64(2001+i), fmt.Sprintf("Customer %d, %s", i, d.how), nil)
		p.AddUser(email, models.Customer, &d.account, nil)
		d.b = p.SignedIn(email)
	}
	operator := p.Viewer("operator@example.com")
	order := func(number string) models.Order {
		t.Helper()
		o, err := p.Store.Order(t.Context(), operator, number)
		if err != nil {
			t.Fatal(err)
		}
		return o
	}

	// What is renewed, upgraded or refunded has been bought.
	for _, d := range all {
		if d.kind != models.Buy && d.how != underLoad {
			d.orders(models.Buy)
		}
	}
	p.Worker.RunOnce(t.Context())
	p.Pass(time.Hour)

	// Orders of every kind in every status that is open.
	forgotten := map[*drilled]string{} // their quotes
	for _, d := range all {
		fault := map[string]sandbox.Rule{
			wasPlaced:    {Fault: sandbox.FaultThrottle},
			wasCharged:   {Fault: sandbox.FaultDropAfter, Times: 1},
			wasUncharged: {Fault: sandbox.FaultDropBefore}, // and each time that it is sent again
		}[d.how]
		if fault.Action, fault.OwnerID = actions[d.kind], d.account.OwnerID; fault.Fault != "" {
			if err := p.Sandbox.AddFault(fault); err != nil {
				t.Fatal(err)
			}
		}
		switch d.how {
		case underLoad:
		case wasNotThere:
			var err error
			if forgotten[d], err = d.quote(d.kind); err != nil {
				t.Fatal(err)
			}
		case wasSending:
			d.orders(d.kind)
			// A worker that is killed here has committed the attempt and sent nothing yet.
			if _, _, err := p.Store.Claim(t.Context(), order(d.order), actions[d.kind], time.Minute); err != nil {
				t.Fatal(err)
			}
		default:
			d.orders(d.kind)
		}
	}
	p.Worker.RunOnce(t.Context())
	for _, d := range all {
		want := map[string]models.Status{
			wasPlaced: models.Placed, wasSending: models.Sending, wasCharged: models.Unknown, wasUncharged: models.Unknown,
		}[d.how]
		if want != "" && order(d.order).Status != want {
			t.Fatalf("%s, %s: the order is %s", d.kind, d.how, order(d.order).Status)
		}
	}

	// The backup, in the middle of a load.
	p.Config.Wake = p.Worker.Wake
	p.Reload()
	ctx, endWork := context.WithCancel(t.Context())
	stop, done := make(chan struct{}), make(chan struct{})
	var working, living sync.WaitGroup
	working.Go(func() { p.Worker.Run(ctx) })
	for _, d := range all {
		if d.how == underLoad {
			living.Go(func() {
				if err := d.lives(stop, done); err != nil {
					t.Error(err)
				}
			})
		}
	}
	gone := make(chan struct{})
	go func() { living.Wait(); close(gone) }()
	some := func() {
		t.Helper()
		for range 12 {
			select {
			case <-done:
			case <-gone:
				t.Fatal("the load has broken down")
			}
		}
	}
	some()
	file := p.Backup()
	some()
	close(stop)
	living.Wait()
	endWork()
	working.Wait()

	// What the backup does not know: what was open is done, and there is more.
	var drops []sandbox.Rule
	for _, rule := range p.Sandbox.FaultRules() {
		if rule.Fault == sandbox.FaultDropBefore {
			drops = append(drops, rule)
		}
	}
	if err := p.Sandbox.SetFaults(drops); err != nil {
		t.Fatal(err)
	}
	for _, d := range all {
		if d.how == wasNotThere {
			var err error
			if d.order, err = d.place(forgotten[d]); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, d := range all {
		if d.how == wasUncharged || d.how == underLoad {
			continue
		}
		if o := p.Settle(d.order); o.Status != models.Completed {
			t.Fatalf("%s, %s: the order is %s (%s)", d.kind, d.how, o.Status, o.Reason)
		}
	}
	truth := map[string]int{} // what was charged or paid back, as the portal that dies knew it
	completed := func() (keys []string) {
		orders, err := p.Store.Orders(t.Context(), operator, store.OrderFilter{Status: models.Completed}, 0, 10_000)
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range orders {
			keys = append(keys, moneyOf(o))
		}
		return keys
	}
	for _, key := range completed() {
		truth[key]++
	}
	if got := moved(p); !maps.Equal(got, truth) {
		t.Fatalf("before anything went wrong the ledger has %v, the portal %v", got, truth)
	}

	// The disk dies. What is brought back sends nothing, however long it runs.
	sent := selling(p)
	brought := p.Restore(file)
	p.Sandbox.ClearFaults()
	if brought.Held != len(all)+1 || len(brought.Orders) < 16 || brought.InReview != 0 {
		t.Fatalf("the restore: %d accounts held, %d orders to review, %d in it before", brought.Held, len(brought.Orders), brought.InReview)
	}
	for _, d := range all {
		if d.how == wasPlaced || d.how == wasSending || d.how == wasCharged || d.how == wasUncharged {
			if o := order(d.order); o.Status != models.NeedsReview || o.Reason != models.ReasonRestored {
				t.Errorf("%s, %s: the order is %s (%s)", d.kind, d.how, o.Status, o.Reason)
			}
		}
	}
	for _, pause := range []time.Duration{0, time.Minute, 20 * time.Minute, 2 * time.Hour, 25 * time.Hour} {
		p.Pass(pause)
		p.Worker.RunOnce(t.Context())
	}
	nothingSent := func(when string) {
		t.Helper()
		if got := selling(p); !maps.Equal(got, sent) {
			t.Fatalf("%s the provider has been asked %v, before the disk died it was %v", when, got, sent)
		}
		if got := moved(p); !maps.Equal(got, truth) {
			t.Fatalf("%s the ledger has %v, want %v", when, got, truth)
		}
	}
	nothingSent("with time")
	orderNothing := func(when string) {
		t.Helper()
		for _, d := range all {
			for _, kind := range models.Kinds() {
				if _, err := d.quote(kind); err == nil {
					t.Errorf("%s, %s: %s a %s is quoted", d.kind, d.how, when, kind)
				}
			}
		}
		p.Worker.RunOnce(t.Context())
		nothingSent(when)
	}
	for _, d := range all {
		d.b.SignInAgain()
	}
	orderNothing("restored")

	// The operator settles by what the provider knows.
	for _, o := range brought.Orders {
		d := store.Settlement{As: models.VerdictRejected, Note: "No charge in the bill", By: models.By{Command: "command:root"}}
		for _, e := range p.Sandbox.Ledger() {
			if moneyIn(e) == moneyOf(o) {
				d = store.Settlement{As: models.VerdictCompleted, Note: "In the bill", ProviderOrderID: e.OrderID, InstanceID: e.InstanceID, By: models.By{Command: "command:root"}}
			}
		}
		if _, err := p.Store.SettleOrder(t.Context(), o.Number, d); err != nil {
			t.Fatal(err)
		}
	}
	for _, d := range all {
		want := models.Completed
		switch d.how {
		case underLoad, wasNotThere:
			continue
		case wasUncharged:
			want = models.Rejected
		}
		if o := order(d.order); o.Status != want {
			t.Errorf("%s, %s: settled as %s, want %s", d.kind, d.how, o.Status, want)
		}
	}
	orderNothing("settled")

	// He records what the portal does not know, and releases.
	desk := p.SignedIn("operator@example.com")
	for _, d := range all {
		d.record(desk)
	}
	nothingSent("recorded")
	for _, d := range all[:len(all)/2] {
		form := url.Values{"hold": {strconv.FormatInt(d.holding().Hold.ID, 10)}, "reason": {"Compared with the bill; Wang"}}
		if page := desk.Post(d.path()+"/release", form); page.Location != d.path() {
			t.Fatalf("releasing: %d %s", page.Status, page.Text())
		}
	}
	n, err := p.Store.ReleaseAll(t.Context(), store.Release{By: models.By{Command: "command:root"}, Reason: "Compared with the bill; Wang"})
	if err != nil || n != len(all)-len(all)/2+1 {
		t.Fatalf("%d released (%v)", n, err)
	}
	nothingSent("released")

	// And selling goes on: one order more for each, one entry more in the ledger.
	for _, d := range all {
		next := models.Buy
		if d.holding().Subscription != nil {
			next = models.Renew
		}
		d.orders(next)
		o := p.Settle(d.order)
		if o.Status != models.Completed {
			t.Fatalf("%s, %s: the %s after it is %s (%s)", d.kind, d.how, next, o.Status, o.Code)
		}
		truth[moneyOf(o)]++
		d.agrees()
	}
	if got := moved(p); !maps.Equal(got, truth) {
		t.Errorf("in the end the ledger has %v, want %v", got, truth)
	}
	_, err = p.Store.Audit(t.Context(), store.Audit{Found: func(what string) { t.Error(what) }})
	if err != nil {
		t.Error(err)
	}
	for key, times := range moved(p) {
		if times != 1 {
			t.Errorf("%s is in the ledger %d times", key, times)
		}
	}
	for _, key := range completed() {
		if truth[key] != 1 {
			t.Errorf("%s is completed here, and in the ledger %d times", key, truth[key])
		}
	}
}
