package demo_test

import (
	"fmt"
	"log/slog"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"portal/dbtest"
	"portal/demo"
	"portal/fulfil"
	"portal/models"
	"portal/provider"
	"portal/provider/sandbox"
	"portal/store"
)

// everybody sees all accounts.
var everybody = models.Viewer{User: models.User{Role: models.Operator}}

// ends are when a past ends: a usual day, and those on which dates go wrong.
var ends = map[string]string{
	"a usual day":                    "2026-11-27T02:03:04Z",
	"the end of a long month":        "2027-03-31T08:00:00Z",
	"the day before 29 February":     "2028-02-28T09:15:00Z",
	"29 February":                    "2028-02-29T05:30:00Z",
	"the first moment of a new year": "2026-12-31T16:00:00Z",
}

// past is a built one, and everything that is said of it.
type past struct {
	t   *testing.T
	at  demo.Files
	now time.Time
	db  *store.Store
	box *sandbox.Sandbox

	accounts []store.ListedAccount
	held     map[int64]store.Holding
	orders   []models.Order
	quotes   map[string]models.Quote
}

func TestThePast(t *testing.T) {
	dbtest.NeedsSQLite(t)
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			now, err := time.Parse(time.RFC3339, end)
			if err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			p := &past{t: t, now: now, at: demo.Files{Database: filepath.Join(dir, "portal.db"), State: filepath.Join(dir, "sandbox.jsonl")}}
			if err := demo.Build(t.Context(), p.at, now); err != nil {
				t.Fatal(err)
			}
			p.db = dbtest.Reopen(t, p.at.Database, func() time.Time { return p.now })
			cfg := demo.SandboxConfig(p.at.State)
			cfg.Calendar = func() time.Time { return p.now }
			if p.box, err = sandbox.New(cfg); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = p.box.Close() })

			p.read()
			p.hasEveryState()
			p.leavesNewcomersTheirs()
			p.isInOrder()
			p.agrees()
			p.isSound()
			p.endsWhatIsOpen()
		})
	}
}

func (p *past) read() {
	p.t.Helper()
	var err error
	p.accounts, err = p.db.ListAccounts(p.t.Context(), everybody, store.AccountFilter{Since: p.now}, "", 1000)
	p.must(err)
	ids := make([]int64, len(p.accounts))
	for i, a := range p.accounts {
		ids[i] = a.ID
	}
	p.held, err = p.db.Holdings(p.t.Context(), ids...)
	p.must(err)
	p.orders, err = p.db.Orders(p.t.Context(), everybody, store.OrderFilter{}, 0, 10_000)
	p.must(err)
	slices.Reverse(p.orders)
	p.quotes = map[string]models.Quote{}
	for _, o := range p.orders {
		p.quotes[o.QuoteID], err = p.db.Quote(p.t.Context(), everybody, o.QuoteID)
		p.must(err)
	}
}

func (p *past) must(err error) {
	if err != nil {
		p.t.Helper()
		p.t.Fatal(err)
	}
}

// hasEveryState looks for each state that there is to see.
func (p *past) hasEveryState() {
	midnight := time.Date(p.now.In(models.Beijing).Year(), p.now.In(models.Beijing).Month(), p.now.In(models.Beijing).Day(), 0, 0, 0, 0, models.Beijing)
	holding := func(fits func(models.Subscription) bool) (n int) {
		for _, a := range p.accounts {
			if s := p.held[a.ID].Subscription; s != nil && fits(*s) {
				n++
			}
		}
		return n
	}
	holds := func(fits func(models.Subscription) bool) bool { return holding(fits) > 0 }
	ordered := func(fits func(models.Order, models.Quote) bool) bool {
		return slices.ContainsFunc(p.orders, func(o models.Order) bool { return fits(o, p.quotes[o.QuoteID]) })
	}
	is := func(status models.Status, reason models.Reason) bool {
		return ordered(func(o models.Order, _ models.Quote) bool {
			return o.Status == status && (reason == "" || o.Reason == reason)
		})
	}
	days := func(s models.Subscription) int { // left, as pages count them
		return int((s.EndsAt.Sub(p.now) + 24*time.Hour - 1) / (24 * time.Hour))
	}
	endsIn := func(n int) bool { // at both resellers
		return holding(func(s models.Subscription) bool {
			return s.State(p.now) == models.Active && !s.AutoRenew && days(s) == n
		}) >= 2
	}
	expiredFor := func(n int) int { // whole days
		return holding(func(s models.Subscription) bool {
			return s.State(p.now) == models.Expired && int(p.now.Sub(s.EndsAt)/(24*time.Hour)) == n
		})
	}
	refusedToday := func(code string) bool {
		return ordered(func(o models.Order, _ models.Quote) bool {
			return o.Status == models.Rejected && o.Code == code && !o.UpdatedAt.Before(midnight)
		})
	}
	for what, there := range map[string]bool{
		"never bought": slices.ContainsFunc(p.accounts, func(a store.ListedAccount) bool {
			return a.ResellerID != nil && !slices.ContainsFunc(p.orders, func(o models.Order) bool { return o.AccountID == a.ID })
		}),
		"Pro for long": holds(func(s models.Subscription) bool {
			return s.State(p.now) == models.Active && s.Edition == models.Pro && days(s) > 60
		}),
		"Enterprise for long": holds(func(s models.Subscription) bool {
			return s.State(p.now) == models.Active && s.Edition == models.Enterprise && days(s) > 60
		}),
		"20 days left":                   endsIn(20),
		"5 days left":                    endsIn(5),
		"1 day left":                     endsIn(1),
		"expired 3 days ago":             expiredFor(3) == 2, // at both
		"expired longer than it is kept": expiredFor(44)+expiredFor(45)+expiredFor(46)+expiredFor(47) > 0,
		"released after its end":         p.rows(`SELECT count(*) FROM outside_events WHERE kind = 'released'`) == 1,
		"a renewal that somebody saw":    p.rows(`SELECT count(*) FROM outside_events WHERE kind = 'renewed'`) == 1,
		"presumed renewed":               holds(func(s models.Subscription) bool { return s.Unconfirmed && s.State(p.now) == models.PresumedRenewed }),
		"presumed renewed, on the list":  len(p.listed("admin@reseller.example.com", models.AccountsPresumed)) > 0,
		"refunded in full": ordered(func(o models.Order, q models.Quote) bool {
			return o.Kind == models.Refund && o.Done() && models.InFull(q.Lines)
		}),
		"refunded in part": ordered(func(o models.Order, q models.Quote) bool {
			return o.Kind == models.Refund && o.Done() && !models.InFull(q.Lines)
		}),
		"upgraded to more machines": ordered(func(o models.Order, q models.Quote) bool {
			return o.Kind == models.Upgrade && o.Done() && q.Edition == q.Held.Edition
		}),
		"upgraded to a higher edition": ordered(func(o models.Order, q models.Quote) bool {
			return o.Kind == models.Upgrade && o.Done() && q.Edition != q.Held.Edition
		}),
		"outgrown, at both resellers": len(p.listed("admin@reseller.example.com", models.AccountsOutgrown)) > 0 && len(p.listed("admin@beifang.example.com", models.AccountsOutgrown)) > 0,
		"suspended with a reason": slices.ContainsFunc(p.accounts, func(a store.ListedAccount) bool {
			return a.SuspendedAt != nil && a.SuspensionReason != ""
		}),
		"a month's limit nearly used":     slices.ContainsFunc(p.accounts, p.nearlyFull),
		"waits for approval":              is(models.AwaitingApproval, ""),
		"approved":                        ordered(func(o models.Order, _ models.Quote) bool { return o.Done() && o.ApprovedAt != nil }),
		"declined":                        is(models.Rejected, models.ReasonNotApproved),
		"refused today for want of money": refusedToday("InsufficientBalance"),
		"refused today for its machines":  refusedToday("InvalidBuyNumber.Mismatch"),
		"being confirmed": ordered(func(o models.Order, _ models.Quote) bool {
			return o.Status == models.Unknown && o.DueAt.After(p.now) && o.DueAt.Before(p.now.Add(15*time.Minute))
		}),
		"in review, not charged":         is(models.NeedsReview, models.ReasonContradicted),
		"in review, charged":             is(models.NeedsReview, models.ReasonTokenWindow),
		"cancelled":                      is(models.Cancelled, models.ReasonCancelled),
		"a quote only":                   p.rows(`SELECT count(*) FROM quotes WHERE id NOT IN (SELECT quote_id FROM orders) AND account_id NOT IN (SELECT account_id FROM orders)`) == 1,
		"renewed together":               p.rows(`SELECT count(*) FROM batch_items JOIN orders ON orders.id = order_id WHERE status = 'completed'`) == 4,
		"not renewed with the others":    p.rows(`SELECT count(*) FROM batch_items WHERE state = 'failed' AND why = 'term_below_minimum'`) == 1,
		"notes of support's":             p.rows(`SELECT count(*) FROM order_notes`) >= 3,
		"an open invitation":             p.rows(`SELECT count(*) FROM invitations WHERE accepted_at IS NULL AND revoked_at IS NULL AND expires_at > ?`, p.now) == 1,
		"somebody who was removed":       p.rows(`SELECT count(*) FROM users WHERE removed_at IS NOT NULL`) == 1,
		"dearer than the list":           ordered(func(o models.Order, _ models.Quote) bool { return o.OwnTotalFen != nil && *o.OwnTotalFen > o.TotalFen }),
		"cheaper than the list":          ordered(func(o models.Order, _ models.Quote) bool { return o.OwnTotalFen != nil && *o.OwnTotalFen < o.TotalFen }),
		"every machine counted":          p.rows(`SELECT count(*) FROM account_counts WHERE read_at IS NULL OR read_at < ?`, p.now.Add(-24*time.Hour)) == 0,
		"nobody may do without an order": p.rows(`SELECT count(*) FROM account_holds`) == 0,
	} {
		if !there {
			p.t.Errorf("there is nothing of: %s", what)
		}
	}
	for _, email := range []string{"admin@reseller.example.com", "admin@beifang.example.com"} {
		if n := len(p.listed(email, "")); n < 20 {
			p.t.Errorf("%s looks after %d accounts", email, n)
		}
		begins, end := models.LastMonths(p.now, 12)
		months, err := p.db.Spend(p.t.Context(), p.viewer(email), begins, end)
		p.must(err)
		alive := 0
		for _, m := range months {
			if m.Total() > 0 {
				alive++
			}
		}
		if alive < 9 || months[11].Total() <= 0 {
			p.t.Errorf("%s sees spend in %d of 12 months, and %d fen in this one", email, alive, months[11].Total())
		}
	}
}

func (p *past) rows(query string, args ...any) int {
	p.t.Helper()
	var n int
	p.must(dbtest.Raw(p.t, p.at.Database).Raw(query, args...).Scan(&n).Error)
	return n
}

func (p *past) viewer(email string) models.Viewer {
	p.t.Helper()
	user, err := p.db.UserByEmail(p.t.Context(), email)
	p.must(err)
	return models.Viewer{User: user}
}

func (p *past) listed(email string, state models.AccountState) []store.ListedAccount {
	p.t.Helper()
	found, err := p.db.ListAccounts(p.t.Context(), p.viewer(email), store.AccountFilter{State: state, Since: p.now}, "", 1000)
	p.must(err)
	return found
}

func (p *past) nearlyFull(a store.ListedAccount) bool {
	if a.MonthlyLimitFen == nil {
		return false
	}
	used, err := p.db.Spent(p.t.Context(), a.ID)
	p.must(err)
	return used < *a.MonthlyLimitFen && used*10 > *a.MonthlyLimitFen*9
}

// leavesNewcomersTheirs: whom the documents begin with has bought nothing, under
// the ids that they always have.
func (p *past) leavesNewcomersTheirs() {
	for id, owner := range []int64{1: 1000000000000025, 2: 1000000000000003, 3: 1000000000000008, 4: 1000000000000000} {
		if id == 0 {
			continue
		}
		account, err := p.db.AccountByOwner(p.t.Context(), owner)
		p.must(err)
		if account.ID != int64(id) || slices.ContainsFunc(p.orders, func(o models.Order) bool { return o.AccountID == account.ID }) {
			p.t.Errorf("%s has id %d, or has ordered", account.Name, account.ID)
		}
	}
	if p.viewer("lin@example.com").User.ID != 1 || p.viewer("operator@example.com").User.ID != 5 {
		p.t.Error("the first people have other ids")
	}
	if fen := p.box.Balance(); fen != sandbox.DefaultBalanceFen {
		p.t.Errorf("the sandbox's account has %d fen", fen)
	}
	if rules := p.box.FaultRules(); len(rules) > 0 {
		p.t.Errorf("calls go wrong by %v", rules)
	}
}

// isInOrder: ids rise with time, and nothing is yet to come.
func (p *past) isInOrder() {
	for i, o := range p.orders {
		if i > 0 && o.PlacedAt.Before(p.orders[i-1].PlacedAt) || o.UpdatedAt.After(p.now) {
			p.t.Errorf("order %d was placed at %s and moved at %s", o.ID, o.PlacedAt, o.UpdatedAt)
		}
	}
	if n := p.rows(`SELECT count(*) FROM events AS e WHERE EXISTS (SELECT 1 FROM events AS f WHERE f.id < e.id AND f.at > e.at)`); n > 0 {
		p.t.Errorf("%d events have ids before their time", n)
	}
}

// agrees holds the log against the ledger, fen for fen.
func (p *past) agrees() {
	p.t.Helper()
	moved := map[string][]sandbox.Entry{} // by token, a refund's by its instance
	for _, e := range p.box.Ledger() {
		switch {
		case e.Action == sandbox.ActionAutoRenew:
		case e.Kind == sandbox.Refund:
			moved[e.InstanceID] = append(moved[e.InstanceID], e)
		default:
			moved[e.ClientToken] = append(moved[e.ClientToken], e)
		}
	}
	known := 0
	for _, o := range p.orders {
		key := o.ClientToken
		if o.Kind == models.Refund {
			key = o.InstanceID
		}
		charged := o.Done() || o.Status == models.Unknown || o.Reason == models.ReasonTokenWindow
		its := moved[key]
		known += len(its)
		switch {
		case len(its) > 1 || charged != (len(its) == 1):
			p.t.Errorf("%s of %s is %s (%s), and money moved %d times", o.Kind, o.Number, o.Status, o.Reason, len(its))
		case charged:
			// Upgrades and refunds are reckoned by both, each rounding its own lines.
			off, slack := its[0].AmountFen-int64(o.TotalFen), int64(0)
			if o.Kind == models.Upgrade || o.Kind == models.Refund {
				slack = 4
			}
			if off < -slack || off > slack {
				p.t.Errorf("%s of %s is of %d fen, and the ledger says %d", o.Kind, o.Number, o.TotalFen, its[0].AmountFen)
			}
		}
	}
	for _, its := range moved {
		known -= len(its)
	}
	if known != 0 {
		p.t.Errorf("%d movements of money belong to no order", -known)
	}
	instances := map[int64]sandbox.Instance{}
	for _, in := range p.box.Instances() {
		if !in.Released() {
			instances[in.OwnerID] = in
		}
	}
	for _, a := range p.accounts {
		s, in := p.held[a.ID].Subscription, instances[a.OwnerID]
		if s == nil || s.State(p.now) == models.Expired || p.held[a.ID].OpenOrder != nil {
			continue // nothing, or perhaps released, or still to be found out
		}
		if in.InstanceID != s.InstanceID || !in.End().Equal(s.EndsAt.Truncate(time.Second)) {
			p.t.Errorf("%s holds %s until %s, and the provider says %s until %s", a.Name, s.InstanceID, s.EndsAt, in.InstanceID, in.End())
		}
	}
}

// isSound asks as audit verify and doctor do.
func (p *past) isSound() {
	p.t.Helper()
	_, err := p.db.Audit(p.t.Context(), store.Audit{Found: func(what string) { p.t.Error(what) }})
	p.must(err)
	wrong, err := p.db.WrongStandings(p.t.Context(), 10)
	p.must(err)
	if len(wrong) > 0 {
		p.t.Errorf("the lists are wrong about the accounts %v", wrong)
	}
}

// endsWhatIsOpen goes on with a worker: what is open ends by itself, but for what a
// person has to look at.
func (p *past) endsWhatIsOpen() {
	server := httptest.NewServer(p.box)
	p.t.Cleanup(server.Close)
	endpoint, err := url.Parse(server.URL)
	p.must(err)
	seller, err := provider.New(provider.Config{Endpoint: endpoint, Credentials: provider.FixedProfiles(demo.Profiles()), Now: func() time.Time { return p.now }})
	p.must(err)
	p.t.Cleanup(seller.Close)
	worker := fulfil.NewWorker(p.db, seller, 10*time.Second, slog.New(slog.DiscardHandler))
	for _, pause := range []time.Duration{15 * time.Minute, models.ApprovalLimit} {
		p.now = p.now.Add(pause)
		worker.RunOnce(p.t.Context())
	}
	p.read()
	open := map[models.Status]int{}
	for _, o := range p.orders {
		if o.Status.Open() {
			open[o.Status]++
		}
	}
	if fmt.Sprint(open) != "map[needs_review:2]" {
		p.t.Errorf("open at last: %v", open)
	}
	if n := p.rows(`SELECT count(*) FROM batch_items WHERE due_at IS NOT NULL`); n > 0 {
		p.t.Errorf("%d accounts of a batch are due for ever", n)
	}
	p.agrees()
}
