package crash

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"portal/models"
	"portal/passwords"
	"portal/provider/sandbox"
	"portal/store"
)

// TestRandomKillsUnderLoad: customers of several accounts buy, renew, upgrade
// and have refunded, while portal and sandbox are killed or asked to end at
// random moments and the sandbox fails at random. Twenty times here; `make soak`
// does it hundreds of times.
func TestRandomKillsUnderLoad(t *testing.T) {
	t.Parallel()
	from := *seed
	if from == 0 {
		from = rand.Uint64()
	}
	t.Logf("seed %d", from)
	accounts, think := 8, 2*time.Second
	if *kills > 100 {
		// An account gets 120 quotes an hour.
		accounts, think = 24, 20*time.Second
	}
	began := time.Now()
	k := newKiller(t, from, accounts)
	l := &load{t: t, over: make(chan struct{}), url: k.s.url, box: k.s.box, promises: map[string]string{}}
	for i, b := range k.buyers(l, accounts) {
		b.think, b.chance = think, rand.New(rand.NewPCG(from, uint64(i)+1))
		l.busy.Go(b.run)
	}
	ending := make(chan struct{})
	var atTheDesk sync.WaitGroup
	d := newDesk(k, l)
	atTheDesk.Go(func() { d.run(ending) })

	for k.done < *kills {
		k.breakSomething()
		k.kill(l)
	}
	close(l.over)
	k.balance(plenty)
	k.s.box.noFaults(t)
	l.busy.Wait()
	close(ending)
	atTheDesk.Wait()
	r := k.s.agree()
	if wrong := l.kept(r); len(wrong) > 0 {
		t.Fatalf("seed %d:\n%s", from, strings.Join(wrong, "\n"))
	}
	k.report(r, from, time.Since(began))
}

// killer ends processes at random moments and starts them again.
type killer struct {
	t      *testing.T
	s      *site
	chance *rand.Rand
	owners []int64
	grown  map[int64]int // machines by owner
	broke  bool          // there is no money at the provider
	done   int
	how    map[string]int
}

func newKiller(t *testing.T, from uint64, accounts int, prepare ...func(*site)) *killer {
	k := &killer{
		t: t, s: open(t, nil), chance: rand.New(rand.NewPCG(from, 0)), grown: map[int64]int{}, how: map[string]int{},
	}
	k.s.program = shipped(t)
	k.balance(plenty)
	hash, err := passwords.Hash(t.Context(), password)
	if err != nil {
		t.Fatal(err)
	}
	if p := k.s.command("migrate"); p.end(t) != 0 {
		t.Fatal(p.out)
	}
	k.s.opened(func(db *store.Store) {
		if err := db.BindProvider(t.Context(), "sandbox"); err != nil {
			t.Fatal(err)
		}
		for i := range accounts {
			owner := int64(2000 + i)
			a, err := db.AddAccount(t.Context(), models.Account{OwnerID: owner, Name: fmt.Sprintf("Account %d", i)})
			if err == nil {
				_, err = db.AddUser(t.Context(), models.User{
					Email: fmt.Sprintf("buyer%d@example.com", i), Role: models.Customer, AccountID: &a.ID, PasswordHash: hash,
				})
			}
			if err != nil {
				t.Fatal(err)
			}
			k.owners = append(k.owners, owner)
			k.grown[owner] = 25
			k.machines(owner)
		}
	})
	for _, f := range prepare {
		f(k.s)
	}
	k.s.restart()
	return k
}

// buyers are the accounts' customers, signed in.
func (k *killer) buyers(l *load, accounts int) []*buyer {
	var all []*buyer
	for i := range accounts {
		p := newPerson(k.t, k.s)
		p.signIn(fmt.Sprintf("buyer%d@example.com", i))
		p.url = l.where
		all = append(all, &buyer{person: p, l: l, account: int64(i + 1)})
	}
	return all
}

// machines tells the sandbox how many an owner has. It may be dead.
func (k *killer) machines(owner int64) {
	_ = k.s.box.pull("PUT", fmt.Sprintf("machines/%d", owner), map[string]int{"machines": k.grown[owner]}, nil)
}

const plenty = int64(1e12) // fen

// balance is what the provider can still charge.
func (k *killer) balance(fen int64) {
	k.t.Helper()
	if err := k.s.box.pull("PUT", "balance", map[string]int64{"balance_fen": fen}, nil); err != nil {
		k.t.Fatal(err)
	}
}

// breakSomething lets the next calls of some kind fail, an account grow, or the
// money run out for a moment: a refusal after an answer that was lost is for the
// operator.
func (k *killer) breakSomething() {
	if k.broke {
		k.broke = false
		k.balance(plenty)
	} else if k.chance.IntN(6) == 0 {
		k.broke = true
		k.balance(0)
	}
	if owner := k.owners[k.chance.IntN(len(k.owners))]; k.chance.IntN(3) == 0 && k.grown[owner] < 90 {
		k.grown[owner] += 1 + k.chance.IntN(3)
		k.machines(owner)
	}
	if k.chance.IntN(5) == 0 {
		_ = k.s.box.pull("DELETE", "faults", nil, nil)
	}
	if k.chance.IntN(2) == 0 {
		all := sandbox.Faults()
		calls := []string{
			sandbox.ActionCreateInstance, sandbox.ActionRenewInstance, sandbox.ActionUpgradeInstance,
			sandbox.ActionRefundInstance, sandbox.ActionGetInstanceCount,
		}
		fault := all[k.chance.IntN(len(all))]
		rule := sandbox.Rule{Action: calls[k.chance.IntN(len(calls))], Fault: fault.Fault, Times: 1 + k.chance.IntN(2)}
		if fault.NeedsDelay {
			rule.Delay = time.Duration(1+k.chance.IntN(longestDelay)) * time.Second
		}
		if fault.NeedsCode {
			rule.Code = "InsufficientBalance"
		}
		_ = k.s.box.pull("POST", "faults", rule, nil)
	}
}

// longestDelay is the longest that the sandbox works on a call, in seconds:
// beyond the portal's patience.
const longestDelay = 6

// kill ends the portal or the sandbox after a while, and starts it again after
// another.
func (k *killer) kill(l *load) {
	k.t.Helper()
	while := func(longest time.Duration) { time.Sleep(time.Duration(k.chance.Int64N(int64(longest)))) }
	while(1500 * time.Millisecond)
	k.done++
	what, p := "portal", k.s.portal
	if k.chance.IntN(4) == 0 {
		what, p = "sandbox", k.s.box.process
	}
	how := []string{"killed", "killed", "killed", "ended", "killed while ending"}[k.chance.IntN(5)]
	if how != "killed" {
		p.signal(syscall.SIGTERM)
	}
	if how == "killed while ending" {
		while(50 * time.Millisecond)
	}
	if how != "ended" {
		p.signal(syscall.SIGKILL)
	}
	if code := p.end(k.t); how == "ended" && code != 0 {
		k.t.Errorf("the %s was asked to end, and ended with %d\n%s", what, code, p.out)
	}
	if strings.Contains(p.out.String(), "\npanic: ") {
		k.t.Errorf("the %s panicked\n%s", what, p.out)
	}
	k.how[what+" "+how]++
	while(400 * time.Millisecond)
	if what == "sandbox" {
		k.s.box = startBox(k.t, k.s.dir, strings.TrimPrefix(k.s.box.url, "http://"), k.s.box.state)
	} else {
		k.s.restart()
	}
	l.moved(k.s.url, k.s.box)
}

// report says what the run was, in one line for docs/RELIABILITY.md.
func (k *killer) report(r record, from uint64, took time.Duration) {
	counts := func(of map[string]int) string {
		var parts []string
		for name, n := range of {
			parts = append(parts, fmt.Sprintf("%d %s", n, name))
		}
		slices.Sort(parts)
		return strings.Join(parts, ", ")
	}
	kinds, statuses, attempts, again := map[string]int{}, map[string]int{}, 0, 0
	for _, o := range r.orders {
		kinds[string(o.Kind)]++
		statuses[string(o.Status)]++
		attempts += o.Attempts
		if o.Attempts > 1 {
			again++
		}
	}
	fmt.Printf("random kills: seed %d, %.0f s, %d kills (%s); %d orders (%s; %s), %d attempts, %d orders sent again: nothing lost, nothing charged twice\n",
		from, took.Seconds(), k.done, counts(k.how), len(r.orders), counts(kinds), counts(statuses), attempts, again)
}

// desk is the operator who settles by hand what nobody else can, as
// docs/order-life.md says: look at the provider, and look twice.
type desk struct {
	k     *killer
	l     *load
	p     *person
	since map[string]time.Time // when an order was first seen in review
}

var (
	number = regexp.MustCompile(`/orders/(P[0-9]{8}-[0-9A-Z]{8})"`)
	token  = regexp.MustCompile(`ClientToken=([A-Z0-9]+)`)
)

func newDesk(k *killer, l *load) *desk {
	p := newPerson(k.t, k.s)
	p.signIn(operator)
	p.url = l.where
	return &desk{k: k, l: l, p: p, since: map[string]time.Time{}}
}

func (d *desk) run(ending <-chan struct{}) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ending:
			return
		case <-tick.C:
		}
		a, err := d.p.ask("/orders?status="+string(models.NeedsReview), nil)
		if err != nil {
			continue
		}
		for _, m := range number.FindAllStringSubmatch(a.body, -1) {
			if first, known := d.since[m[1]]; !known {
				d.since[m[1]] = time.Now()
			} else if time.Since(first) > 2*longestDelay*time.Second { // what is under way has arrived
				d.settle(m[1])
			}
		}
	}
}

// settle does as the ledger says.
func (d *desk) settle(number string) {
	a, err := d.p.ask("/orders/"+number, nil)
	if err != nil || orderStatus.FindStringSubmatch(a.body) == nil {
		return
	}
	sent := token.FindStringSubmatch(a.body)
	var entries []sandbox.Entry
	if d.l.ledger().pull("GET", "ledger", nil, &entries) != nil {
		return // it is dead; once more in a second
	}
	args := []string{"order", "settle", number, "--as", "rejected", "--reason", "not in the ledger"}
	for _, e := range entries {
		if sent != nil && e.ClientToken == sent[1] || sent == nil && e.Kind == sandbox.Refund && strings.Contains(a.body, e.InstanceID) {
			args = []string{"order", "settle", number, "--as", "completed", "--reason", "in the ledger", "--order-id", e.OrderID, "--instance-id", e.InstanceID}
		}
	}
	d.k.s.command(args...) // which says no when it was settled a moment ago
}
