package replicas

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"portal/dbtest"
	"portal/models"
	"portal/provider/sandbox"
)

// life is what each customer orders, over and over.
var life = []models.Kind{models.Buy, models.Renew, models.Upgrade, models.Refund}

// TestThreeReplicasCarryEachOrderOutOnce: customers order through whichever
// replica answers, while one of the three is killed and started again, or stopped
// until its leases have run out and then woken up. In the end every order is
// settled, and the sandbox's ledger has each of them exactly once.
func TestThreeReplicasCarryEachOrderOutOnce(t *testing.T) {
	dbtest.NeedsPostgres(t)
	const customers, disturbed = 8, 45 * time.Second
	dsn := dbtest.Empty(t)
	box := startSandbox(t, customers)
	c := &cluster{t: t, env: []string{"DATABASE_URL=" + dsn, "PORTAL_PROVIDER_ENDPOINT=" + box}}
	for range 3 { // all at once, on an empty database
		c.replicas = append(c.replicas, newReplica(t, c.env))
	}
	c.ready()
	for i := range customers {
		c.addCustomer(i)
	}

	// The calls take long enough for a kill or a stop to fall into one.
	lever(t, box, `[{"action":"CreateInstance","fault":"delay-after","delay":"600ms"},{"action":"RenewInstance","fault":"delay-before","delay":"600ms"},
		{"action":"UpgradeInstance","fault":"delay-after","delay":"600ms"},{"action":"RefundInstance","fault":"delay-before","delay":"600ms"}]`)

	placing, stop := context.WithTimeout(t.Context(), disturbed)
	defer stop()
	var all sync.WaitGroup
	all.Go(func() { c.disturb(placing) })
	for i := range customers {
		all.Go(func() {
			who := c.signIn(i)
			for n := 0; placing.Err() == nil; n++ {
				if !who.order(life[n%len(life)]) {
					return
				}
			}
		})
	}
	all.Wait()

	var ledger []sandbox.Entry
	get(t, box+"/control/ledger", &ledger)
	db := dbtest.Raw(t, dsn)
	var orders []models.Order
	if err := db.Order("id").Find(&orders).Error; err != nil {
		t.Fatal(err)
	}
	kinds := map[models.Kind]int{}
	for _, o := range orders {
		kinds[o.Kind]++
		if o.Status != models.Completed {
			t.Errorf("%s, a %s, is %s (%s %s)", o.Number, o.Kind, o.Status, o.Reason, o.Code)
		}
		n := 0
		for _, e := range ledger {
			if o.Kind == models.Refund && e.Kind == sandbox.Refund && e.InstanceID == o.InstanceID ||
				o.Kind != models.Refund && e.ClientToken == o.ClientToken {
				n++
			}
		}
		if n != 1 {
			t.Errorf("%s, a %s, is in the ledger %d times", o.Number, o.Kind, n)
		}
	}
	if len(ledger) != len(orders) {
		t.Errorf("%d orders, and %d entries in the ledger", len(orders), len(ledger))
	}
	var attempts []models.Attempt
	var events []models.Event
	if err := db.Order("id").Find(&attempts).Error; err != nil {
		t.Fatal(err)
	}
	if err := db.Order("id").Find(&events).Error; err != nil {
		t.Fatal(err)
	}
	before, lost, late := map[int64]string{}, 0, 0
	for _, e := range events {
		if e.Hash != e.Chain(before[e.OrderID]) {
			t.Errorf("event %d of order %d does not continue the one before it", e.ID, e.OrderID)
		}
		before[e.OrderID] = e.Hash
		if e.Reason == models.ReasonWorkerLost {
			lost++
		}
	}
	for _, a := range attempts {
		if a.Late {
			late++
		}
	}
	t.Logf("%d orders %v, %d attempts; %d kills, %d stops; %d leases taken over, %d answers too late",
		len(orders), kinds, len(attempts), c.kills, c.stops, lost, late)
	for _, kind := range life {
		if kinds[kind] == 0 {
			t.Errorf("nobody placed a %s: this proves too little", kind)
		}
	}
	if lost == 0 {
		t.Error("no lease was ever taken over: this proves too little")
	}
	for i, r := range c.replicas {
		if out := r.out.String(); strings.Contains(out, "panic") {
			t.Errorf("replica %d panicked:\n%s", i, out)
		}
	}
}

// disturb kills or stops one replica after the other until the context ends, and
// leaves all of them running.
func (c *cluster) disturb(ctx context.Context) {
	for ctx.Err() == nil {
		r := c.replicas[rand.IntN(len(c.replicas))]
		if rand.IntN(2) == 0 {
			c.kills++
			r.kill()
			pause(ctx, time.Duration(rand.IntN(2000))*time.Millisecond)
			r.start()
			r.ready()
		} else {
			c.stops++
			r.stop()
			pause(ctx, lease+time.Second+time.Duration(rand.IntN(1000))*time.Millisecond)
			r.wake()
		}
		pause(ctx, time.Duration(500+rand.IntN(1500))*time.Millisecond)
	}
}

// lease is --provider-timeout and its margin.
const lease = 6 * time.Second

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

// TestReplicasShareOneSubscription: what one has done the others show at once.
func TestReplicasShareWhatIsHeld(t *testing.T) {
	dbtest.NeedsPostgres(t)
	box := startSandbox(t, 1)
	c := &cluster{t: t, env: []string{"DATABASE_URL=" + dbtest.Empty(t), "PORTAL_PROVIDER_ENDPOINT=" + box}}
	for range 2 {
		c.replicas = append(c.replicas, newReplica(t, c.env))
	}
	c.ready()
	c.addCustomer(0)
	who := c.signIn(0)
	for _, kind := range life {
		if !who.order(kind) {
			return
		}
		var shown []string
		for _, r := range c.replicas {
			page, err := who.try(r, http.MethodGet, who.account, nil)
			if err != nil {
				t.Fatal(err)
			}
			shown = append(shown, instances.FindString(page.body))
		}
		if len(slices.Compact(shown)) != 1 {
			t.Errorf("after a %s they show %q", kind, shown)
		}
	}
}

func get(t *testing.T, url string, into any) {
	t.Helper()
	res, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	if err := json.NewDecoder(res.Body).Decode(into); err != nil {
		t.Fatal(err)
	}
}

// lever puts these faults in force.
func lever(t *testing.T, box, faults string) {
	t.Helper()
	r, err := http.NewRequest(http.MethodPut, box+"/control/faults", strings.NewReader(faults))
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	if _ = res.Body.Close(); res.StatusCode != http.StatusNoContent {
		t.Fatal(fmt.Errorf("the lever answers %s", res.Status))
	}
}
