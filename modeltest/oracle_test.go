package modeltest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"pgregory.net/rapid"

	"portal/models"
	"portal/provider/sandbox"
	"portal/store"
)

// actions are the calls that carry out each kind of order.
var actions = map[models.Kind]string{
	models.Buy: sandbox.ActionCreateInstance, models.Renew: sandbox.ActionRenewInstance,
	models.Upgrade: sandbox.ActionUpgradeInstance, models.Refund: sandbox.ActionRefundInstance,
}

// orders are all there are, the newest first.
func (s *schedule) orders() []models.Order {
	orders, err := s.db.Orders(s.ctx, s.operators[0], store.OrderFilter{}, 0, 1000)
	s.must(err)
	return orders
}

// holds is what must be so after each step.
func (s *schedule) holds(*rapid.T) {
	s.steps++
	charged, refunded := map[string]bool{}, map[string]bool{}
	for _, e := range s.box.Ledger() {
		if e.Kind == sandbox.Charge && charged[e.ClientToken] || e.Kind == sandbox.Refund && refunded[e.InstanceID] {
			s.r.Fatalf("it happened twice: %+v", e)
		}
		if e.Kind == sandbox.Charge {
			charged[e.ClientToken] = true
		} else {
			refunded[e.InstanceID] = true
		}
	}
	open := map[int64]string{}
	for _, o := range s.orders() {
		if o.Open() && open[o.AccountID] != "" {
			s.r.Fatalf("%s and %s are open", o.Number, open[o.AccountID])
		} else if o.Open() {
			open[o.AccountID] = o.Number
		}
		if o.Status == models.NeedsReview && o.Reason == models.ReasonNone {
			s.r.Fatalf("%s is in review without a reason", o.Number)
		}
	}
}

// recovers: everything works again, what was under way has arrived, and time
// passes. Workers that sleep wake up now, or when all is settled without them.
func (s *schedule) recovers() {
	s.box.ClearFaults()
	s.must(s.box.SetBalance(plenty))
	s.clock.setTo(0)
	for len(s.wire) > 0 {
		s.arrives(s.wire[0])
	}
	if rapid.Bool().Draw(s.r, "sleepers wake at once") {
		s.wake()
	}
	s.settles()
	s.wake()
	for _, o := range s.orders() {
		if o.Status.Open() {
			s.r.Fatalf("%s is %s (%s) again\n%s", o.Number, o.Status, o.Reason, s.story(o.AccountID))
		}
	}
}

func (s *schedule) wake() {
	for _, w := range s.busy() {
		s.carryOut(w)
	}
}

// settles lets time pass until every order is settled: by a worker that is awake,
// or by operators where only a person can know.
func (s *schedule) settles() {
	awake := s.newWorker()
	s.workers = append(s.workers, awake)
	for range 200 {
		for _, id := range s.due() {
			s.take(awake, id)
			s.carryOut(awake)
		}
		for range 2 { // what one operator proposes, the other confirms
			queue, err := s.db.InReview(s.ctx, s.operators[0], 0, 100)
			s.must(err)
			for _, o := range queue {
				who := s.operators[0]
				if o.Proposal != nil && o.Proposal.Actor == who.Actor() {
					who = s.operators[1]
				}
				s.decides(who, o, false, false)
			}
		}
		if !slices.ContainsFunc(s.orders(), func(o models.Order) bool { return o.Status.Open() }) {
			return
		}
		s.clock.pass(time.Minute)
	}
	for _, o := range s.orders() {
		if o.Status.Open() {
			s.r.Fatalf("%s is still %s (%s)\n%s", o.Number, o.Status, o.Reason, s.story(o.AccountID))
		}
	}
}

// agrees holds the portal's log against the sandbox's ledger, fen for fen.
func (s *schedule) agrees() {
	s.holds(nil)
	var wrong []string
	say := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	orders, ledger := s.orders(), s.box.Ledger()
	moved := map[int64]sandbox.Entry{}
	for _, e := range ledger {
		owners := 0
		for _, o := range orders {
			if o.Kind != models.Refund && e.ClientToken == o.ClientToken ||
				o.Kind == models.Refund && e.Kind == sandbox.Refund && e.InstanceID == o.InstanceID && o.Done() {
				moved[o.ID] = e
				owners++
			}
		}
		if owners != 1 {
			say("a %s of %d fen for %s of owner %d belongs to %d orders", e.Kind, e.AmountFen, e.InstanceID, e.OwnerID, owners)
		}
	}
	for _, o := range slices.Backward(orders) {
		e, did := moved[o.ID]
		switch {
		case o.Done() != did:
			say("%s, a %s, is %s (%s), and the ledger has %+v", o.Number, o.Kind, o.Status, o.Reason, e)
		case o.Status == models.Completed:
			wrong = append(wrong, s.same(o, e)...)
		}
		wrong = append(wrong, s.attempts(o)...)
	}
	wrong = append(wrong, s.holdings()...)
	for quoteID, l := range s.led {
		s.keeps(quoteID, l)
	}
	_, err := s.db.Audit(s.ctx, store.Audit{Found: func(what string) { say("audit: %s", what) }})
	s.must(err)
	if len(wrong) > 0 {
		for _, a := range s.accounts {
			wrong = append(wrong, s.story(a.ID))
		}
		s.r.Fatal(strings.Join(wrong, "\n"))
	}
}

// attempts checks that they are numbered through, and each sends the very same.
func (s *schedule) attempts(o models.Order) []string {
	var wrong []string
	all, err := s.db.Attempts(s.ctx, o.ID)
	s.must(err)
	if len(all) != o.Attempts {
		wrong = append(wrong, fmt.Sprintf("%s: %d attempts, and it says %d", o.Number, len(all), o.Attempts))
	}
	for i, a := range all {
		if a.Number != i+1 || a.Request != all[0].Request || i > 0 && a.Claim <= all[i-1].Claim || strings.Contains(a.Response, o.ClientToken) {
			wrong = append(wrong, fmt.Sprintf("%s: attempt %d is %+v", o.Number, i+1, a))
		}
	}
	return wrong
}

// holdings: what an account holds is what the provider sold it.
func (s *schedule) holdings() []string {
	var wrong []string
	for i, a := range s.accounts {
		var sold *sandbox.Instance
		for _, in := range s.box.Instances() {
			if in.OwnerID == a.OwnerID && !in.Released() {
				sold = &in
			}
		}
		held := s.held(i).Subscription
		if (held == nil) != (sold == nil) || held != nil && held.InstanceID != sold.InstanceID {
			wrong = append(wrong, fmt.Sprintf("account %d holds %+v, and the provider says %+v", a.ID, held, sold))
			continue
		}
		if held == nil || s.retold[a.ID] {
			continue
		}
		version, machines := sold.Covered(sold.End())
		last := held.Last()
		if off := held.EndsAt.Sub(sold.End()).Abs(); s.book.VersionCode(last.Edition) != version || last.InstanceCount != machines ||
			off >= time.Second && off > 2*s.drift(a.ID)+3*day {
			wrong = append(wrong, fmt.Sprintf("account %d holds %+v, and the provider says %+v", a.ID, held, sold))
		}
	}
	return wrong
}

// story is what both records say of an account.
func (s *schedule) story(account int64) string {
	var b strings.Builder
	for _, o := range slices.Backward(s.orders()) {
		if o.AccountID != account {
			continue
		}
		events, err := s.db.Events(s.ctx, o.ID)
		s.must(err)
		fmt.Fprintf(&b, "%s %s %s (%s) %d fen %s %s, token %s\n", o.Number, o.Kind, o.Status, o.Reason, o.TotalFen, o.InstanceID, o.ProviderOrderID, o.ClientToken)
		for _, e := range events {
			fmt.Fprintf(&b, "    %s %s %s %s attempt %d\n", e.At.Format(time.DateTime), e.To, e.Reason, e.Actor, e.Attempt)
		}
	}
	for _, a := range s.accounts {
		for _, e := range s.box.Ledger() {
			if a.ID == account && e.OwnerID == a.OwnerID {
				fmt.Fprintf(&b, "    ledger %+v\n", e)
			}
		}
	}
	return b.String()
}
