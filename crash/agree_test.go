package crash

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"portal/models"
	"portal/provider/sandbox"
	"portal/store"
)

// everybody sees all orders.
var everybody = models.Viewer{User: models.User{Role: models.Operator}}

// record is all that a database says of its orders.
type record struct {
	orders   []models.Order
	attempts map[int64][]models.Attempt
	held     map[int64]store.Holding // by account
}

func readRecord(ctx context.Context, db *store.Store) (record, error) {
	r := record{attempts: map[int64][]models.Attempt{}}
	for before := int64(0); ; {
		page, err := db.Orders(ctx, everybody, store.OrderFilter{}, before, 200)
		if err != nil {
			return r, err
		}
		if len(page) == 0 {
			break
		}
		before = page[len(page)-1].ID
		r.orders = append(r.orders, page...)
	}
	var accounts []int64
	for _, o := range r.orders {
		var err error
		if r.attempts[o.ID], err = db.Attempts(ctx, o.ID); err != nil {
			return r, err
		}
		accounts = append(accounts, o.AccountID)
	}
	var err error
	r.held, err = db.Holdings(ctx, accounts...)
	return r, err
}

// order finds an order by its page's path.
func (r record) order(path string) (models.Order, bool) {
	for _, o := range r.orders {
		if "/orders/"+o.Number == path {
			return o, true
		}
	}
	return models.Order{}, false
}

// disagreements holds the portal's log against the sandbox's ledger, fen for
// fen, and lists what does not agree.
func disagreements(r record, entries []sandbox.Entry, instances []sandbox.Instance) []string {
	var wrong []string
	say := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }

	// Whose movement of money is it? A charge carries its order's token; a refund
	// names the instance, which is released once.
	moved := map[int64][]sandbox.Entry{}
	for _, e := range entries {
		owners := 0
		for _, o := range r.orders {
			if o.Kind == models.Refund && e.Kind == sandbox.Refund && e.InstanceID == o.InstanceID && o.Status != models.Rejected && o.Status != models.Cancelled ||
				o.Kind != models.Refund && e.ClientToken == o.ClientToken {
				moved[o.ID] = append(moved[o.ID], e)
				owners++
			}
		}
		if owners != 1 {
			say("a %s of %d fen for %s of owner %d belongs to %d orders", e.Kind, e.AmountFen, e.InstanceID, e.OwnerID, owners)
		}
	}
	review := map[int64]bool{}
	for _, o := range r.orders {
		its := moved[o.ID]
		switch o.Status {
		case models.Completed:
			if len(its) != 1 {
				say("%s is completed, and money moved %d times: %+v", o.Number, len(its), its)
				continue
			}
			e := its[0]
			if e.Action != actions[o.Kind] || e.OwnerID != o.OwnerID || e.InstanceID != o.InstanceID ||
				o.Kind != models.Refund && e.OrderID != o.ProviderOrderID {
				say("%s is not what the ledger says: %+v and %+v", o.Number, o, e)
			}
			if off := models.Fen(e.AmountFen) - o.TotalFen; off < -slack(o, e) || off > slack(o, e) {
				say("%s (%s) is of %d fen, and the ledger says %d", o.Number, o.Kind, o.TotalFen, e.AmountFen)
			}
		case models.Rejected, models.Cancelled:
			if len(its) != 0 {
				say("%s is %s, and money moved: %+v", o.Number, o.Status, its)
			}
		case models.NeedsReview:
			review[o.AccountID] = true
			if o.Reason == models.ReasonNone || len(its) > 1 {
				say("%s is in review for %q, and money moved %d times", o.Number, o.Reason, len(its))
			}
		case models.AwaitingApproval, models.Placed, models.Sending, models.Unknown:
			say("%s is still %s (%s)", o.Number, o.Status, o.Reason)
		}
		wrong = append(wrong, steps(o, r.attempts[o.ID])...)
	}

	// What an account holds is what the provider sold it.
	sold := map[int64]string{}
	for _, in := range instances {
		if !in.Released() {
			sold[in.OwnerID] = in.InstanceID
		}
	}
	for _, o := range r.orders {
		holds := ""
		if s := r.held[o.AccountID].Subscription; s != nil {
			holds = s.InstanceID
		}
		if !review[o.AccountID] && holds != sold[o.OwnerID] {
			say("owner %d holds %q, and the provider says %q", o.OwnerID, holds, sold[o.OwnerID])
		}
	}
	return wrong
}

// slack is by how many fen a sum may differ from the ledger's. A purchase and a
// renewal are exact. An upgrade and a refund both reckon by themselves and round
// each line; over midnight in Beijing a day is left or used that was not.
func slack(o models.Order, e sandbox.Entry) models.Fen {
	if o.Kind == models.Buy || o.Kind == models.Renew {
		return 0
	}
	by := models.Fen(4)
	if o.PlacedAt.In(models.Beijing).YearDay() != e.At.In(models.Beijing).YearDay() {
		by += o.TotalFen / 25
	}
	return by
}

// steps checks that attempts are numbered through, and each sends the very same.
// Their history is looked at by portal audit verify.
func steps(o models.Order, attempts []models.Attempt) []string {
	var wrong []string
	say := func(format string, args ...any) {
		wrong = append(wrong, o.Number+": "+fmt.Sprintf(format, args...))
	}
	if len(attempts) != o.Attempts {
		say("%d attempts, and it says %d", len(attempts), o.Attempts)
	}
	request := ""
	for i, a := range attempts {
		if a.Number != i+1 || i > 0 && a.Claim <= attempts[i-1].Claim {
			say("attempt %d has number %d and claim %d", i+1, a.Number, a.Claim)
		}
		if i > 0 && a.Request != request {
			say("attempt %d sends %q, the one before it %q", i+1, a.Request, request)
		}
		request = a.Request
		if strings.Contains(a.Response, o.ClientToken) {
			say("the answer to attempt %d shows the token", i+1)
		}
	}
	return wrong
}

// agree ends the portal, and the test when its log and the ledger disagree or its
// history does not hold. It gives the record.
func (s *site) agree() record {
	s.t.Helper()
	if s.portal.running() {
		s.stop()
	}
	var r record
	s.opened(func(db *store.Store) {
		var err error
		if r, err = readRecord(context.Background(), db); err != nil {
			s.t.Fatal(err)
		}
	})
	entries := s.box.ledger(s.t)
	if wrong := disagreements(r, entries, s.box.instances(s.t)); len(wrong) > 0 {
		s.t.Fatalf("%s\n%s%s", strings.Join(wrong, "\n"), stories(r, entries, wrong), s.portal.out)
	}
	if p := s.command("audit", "verify"); p.end(s.t) != 0 {
		s.t.Fatalf("the history does not hold\n%s", p.out)
	}
	for _, o := range r.orders {
		if strings.Contains(s.portal.out.String()+s.box.out.String(), o.ClientToken) {
			s.t.Errorf("%s: a log shows the token", o.Number)
		}
	}
	return r
}

// stories are both records of the accounts whose orders are named in what is
// wrong: a random run can't be had again just so.
func stories(r record, entries []sandbox.Entry, wrong []string) string {
	var b strings.Builder
	told := map[int64]bool{}
	for _, o := range r.orders {
		named := slices.ContainsFunc(wrong, func(w string) bool { return strings.Contains(w, o.Number) })
		if !named || told[o.OwnerID] {
			continue
		}
		told[o.OwnerID] = true
		for _, of := range slices.Backward(r.orders) { // the newest is first
			if of.OwnerID == o.OwnerID {
				fmt.Fprintf(&b, "%s %s %s %s (%s) %d fen %s %s %d attempts\n", of.PlacedAt.Format(time.TimeOnly), of.Number, of.Kind, of.Status, of.Reason, of.TotalFen, of.InstanceID, of.ProviderOrderID, of.Attempts)
				for _, a := range r.attempts[of.ID] {
					fmt.Fprintf(&b, "    %d %s %s %s\n", a.Number, a.Request, a.Outcome, a.Response)
				}
			}
		}
		for _, e := range entries {
			if e.OwnerID == o.OwnerID {
				fmt.Fprintf(&b, "    ledger %+v\n", e)
			}
		}
	}
	return b.String()
}
