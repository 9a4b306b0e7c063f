package crash

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"portal/failpoint"
	"portal/models"
	"portal/provider/sandbox"
	"portal/store"
)

// TestTakingAnOrderBackSurvivesTheProgram: a cancelled order is never sent, and
// frees its account.
func TestTakingAnOrderBackSurvivesTheProgram(t *testing.T) {
	t.Parallel()
	for _, at := range []failpoint.Point{failpoint.Cancel.BeforeCommit, failpoint.Cancel.AfterCommit} {
		t.Run(at.String(), func(t *testing.T) {
			onEach(t, models.Kinds(), func(t *testing.T, kind models.Kind) {
				s, p := atHome(t, kind)
				// A provider that only puts off keeps the order where it can be taken back.
				s.box.fault(t, sandbox.Rule{Action: actions[kind], Fault: sandbox.FaultThrottle})
				quote := p.quote(kind)
				order := p.place(quote, p.confirmation(kind, quote))
				until(t, "the order to be put off", func() bool {
					status, err := p.status(order)
					return err == nil && status == models.Placed && s.box.asked(t, actions[kind]) > 0
				})
				s.arm(at.String())
				until(t, "the portal to die of it", func() bool { // or it was just being sent again
					_, err := p.ask(order+"/cancel", url.Values{})
					return err != nil
				})
				s.diesAt(s.portal, at.String())
				s.restart()
				cancelled := at == failpoint.Cancel.AfterCommit
				until(t, "the order to be taken back", func() bool {
					status, err := p.status(order)
					if err != nil || cancelled && status != models.Cancelled {
						t.Fatalf("%s is %s, %v", order, status, err)
					}
					if status == models.Cancelled {
						return true
					}
					_, err = p.ask(order+"/cancel", url.Values{})
					return err != nil
				})
				s.box.noFaults(t)
				p.carry(kind)
				if r := s.agree(); len(r.orders) < 2 {
					t.Fatalf("%d orders", len(r.orders))
				}
			})
		})
	}
}

// TestSettlingByHandSurvivesTheProgram: an operator's decision is kept whole or
// not at all, and once.
func TestSettlingByHandSurvivesTheProgram(t *testing.T) {
	t.Parallel()
	for _, at := range []failpoint.Point{failpoint.Settle.BeforeCommit, failpoint.Settle.AfterCommit} {
		for _, did := range []models.Status{models.Completed, models.Rejected} {
			t.Run(at.String()+" "+string(did), func(t *testing.T) {
				onEach(t, models.Kinds(), func(t *testing.T, kind models.Kind) {
					s, p := atHome(t, kind)
					if did == models.Rejected {
						s.box.fault(t, sandbox.Rule{Action: actions[kind], Fault: sandbox.FaultDropBefore})
					}
					quote := p.quote(kind)
					confirmed := p.confirmation(kind, quote)
					s.arm(failpoint.Sell.Answering.String())
					if did == models.Rejected {
						s.arm(failpoint.AnswerJudged.String()) // there is no answer to come
					}
					promised := p.placeOrDie(quote, confirmed)
					s.portal.end(t)
					o := s.tooLateToAsk()
					if promised != "" && promised != "/orders/"+o.Number {
						t.Fatalf("promised %s, and it became %s", promised, o.Number)
					}

					args := []string{"order", "settle", o.Number, "--as", string(did), "--reason", "seen in the console; Wang"}
					if did == models.Completed {
						entries := s.box.ledger(t)
						e := entries[len(entries)-1]
						args = append(args, "--order-id", e.OrderID, "--instance-id", e.InstanceID)
					}
					s.arm(at.String())
					s.diesAt(s.command(args...), at.String())
					s.disarm()
					again := s.command(args...)
					settled := at == failpoint.Settle.AfterCommit
					if code := again.end(t); settled != (code == 1) || settled != strings.Contains(again.out.String(), "is not in review") {
						t.Fatalf("the command, given again: %d\n%s", code, again.out)
					}
					s.restart()
					if status, err := p.status("/orders/" + o.Number); err != nil || status != did {
						t.Fatalf("the page says %s, %v", status, err)
					}
					s.agree()
				})
			})
		}
	}
}

// tooLateToAsk brings the one open order of a portal that has died into review,
// as the worker does when its token's window has closed.
func (s *site) tooLateToAsk() models.Order {
	s.t.Helper()
	var o models.Order
	s.opened(func(db *store.Store) {
		ctx := context.Background()
		find := func() {
			orders, err := db.Orders(ctx, everybody, store.OrderFilter{}, 0, 1)
			if err != nil || len(orders) != 1 || !orders[0].Status.Open() {
				s.t.Fatalf("%+v %v", orders, err)
			}
			o = orders[0]
		}
		find()
		for _, next := range []store.Next{
			{Status: models.Unknown, Reason: models.ReasonWorkerLost, Wait: time.Hour},
			{Status: models.NeedsReview, Reason: models.ReasonTokenWindow},
		} {
			if err := db.Advance(ctx, o, next); err != nil {
				s.t.Fatal(err)
			}
			find()
		}
	})
	return o
}

// TestASuspensionSurvivesTheProgram: it is there whole or not at all, and what
// had been sent before runs on either way.
func TestASuspensionSurvivesTheProgram(t *testing.T) {
	t.Parallel()
	for _, at := range []failpoint.Point{failpoint.Suspend.BeforeCommit, failpoint.Suspend.AfterCommit} {
		t.Run(at.String(), func(t *testing.T) {
			onEach(t, []models.Kind{models.Buy, models.Renew}, func(t *testing.T, kind models.Kind) {
				from := seeded(t, kind != models.Buy)
				s := open(t, from)
				s.restart()
				p, admin := s.person(from, customer), s.person(from, operator)
				s.box.fault(t, sandbox.Rule{Action: actions[kind], Fault: sandbox.FaultThrottle})
				order := p.place(p.quote(kind), url.Values{})
				until(t, "the order to be put off", func() bool {
					status, err := p.status(order)
					return err == nil && status == models.Placed && s.box.asked(t, actions[kind]) > 0
				})
				suspend := func() (answer, error) {
					return admin.ask("/accounts/1/suspend", url.Values{"reason": {"does not pay"}})
				}
				s.arm(at.String())
				if a, err := suspend(); err == nil {
					t.Errorf("it answered %d before it died\n%s", a.status, a.body)
				}
				s.diesAt(s.portal, at.String())
				s.restart()
				want := http.StatusSeeOther
				if at == failpoint.Suspend.AfterCommit {
					want = http.StatusConflict // it is there
				}
				if a, err := suspend(); err != nil || a.status != want {
					t.Fatalf("sent again: %d %v\n%s", a.status, err, a.body)
				}
				s.box.noFaults(t)
				if status := p.settled(order); status != models.Completed {
					t.Fatalf("what had been sent is %s", status)
				}
				if a, err := p.ask("/accounts/1/quote?kind=renew", url.Values{"term": {"month-6"}}); err != nil || a.to != "/accounts/1" {
					t.Fatalf("the customer goes on ordering: %d to %q, %v", a.status, a.to, err)
				}
				s.agree()
				s.stop()
				s.opened(func(db *store.Store) {
					if changes, err := db.Changes(context.Background(), 1, 10); err != nil || len(changes) != 1 {
						t.Fatal(changes, err)
					}
				})
			})
		})
	}
}

// hiddenSeen is what the form remembers of the history that its reader saw.
var hiddenSeen = regexp.MustCompile(`name="seen" value="([^"]*)"`)

// TestWhatIsRecordedFromOutsideSurvivesTheProgram: an entry is kept once, also
// when its form is sent again.
func TestWhatIsRecordedFromOutsideSurvivesTheProgram(t *testing.T) {
	t.Parallel()
	when := func(years int) string {
		return time.Now().AddDate(years, 0, 0).In(models.Beijing).Format(time.DateTime)
	}
	forms := map[models.OutsideKind]func() url.Values{
		models.Adopted: func() url.Values {
			return url.Values{"instance_id": {"sas-adopted"}, "edition": {"pro"}, "machines": {"25"}, "starts": {when(-1)}, "ends": {when(1)}, "paid": {"15300"}}
		},
		models.Renewed: func() url.Values {
			return url.Values{"edition": {"pro"}, "machines": {"25"}, "ends": {when(2)}, "paid": {"15300"}}
		},
		models.Released: func() url.Values { return url.Values{"ends": {when(0)}} },
	}
	for _, at := range []failpoint.Point{failpoint.Record.BeforeCommit, failpoint.Record.AfterCommit} {
		for kind, form := range forms {
			t.Run(at.String()+" "+string(kind), func(t *testing.T) {
				t.Parallel()
				from := seeded(t, kind != models.Adopted)
				s := open(t, from)
				s.restart()
				p := s.person(from, operator)
				page, err := p.ask("/accounts/1/outside?kind="+string(kind), nil)
				if err != nil || page.status != http.StatusOK {
					t.Fatalf("the form: %d %v", page.status, err)
				}
				filled := form()
				filled.Set("kind", string(kind))
				filled.Set("reason", "seen in the console; Wang")
				filled.Set("seen", hiddenSeen.FindStringSubmatch(page.body)[1])
				if kind != models.Adopted {
					filled.Set("instance_id", s.box.instances(t)[0].InstanceID)
				}
				s.arm(at.String())
				if a, err := p.ask("/accounts/1/outside", filled); err == nil {
					t.Errorf("it answered %d before it died\n%s", a.status, a.body)
				}
				s.diesAt(s.portal, at.String())
				s.restart()
				want := http.StatusSeeOther
				if at == failpoint.Record.AfterCommit {
					want = http.StatusUnprocessableEntity // it is there, so it can't be any more
				}
				if a, err := p.ask("/accounts/1/outside", filled); err != nil || a.status != want {
					t.Fatalf("sent again: %d %v\n%s", a.status, err, a.body)
				}
				s.stop()
				s.opened(func(db *store.Store) {
					held, err := db.Holdings(context.Background(), 1)
					if err != nil {
						t.Fatal(err)
					}
					entries := 0
					for _, e := range held[1].Entries {
						if e.Outside != nil {
							entries++
						}
					}
					if entries != 1 {
						t.Fatalf("%d entries", entries)
					}
				})
			})
		}
	}
}

// TestADecisionAboutAnOrderThatWaitsSurvivesTheProgram: it is there whole or not
// at all, what was approved is carried out once, and what was declined never.
func TestADecisionAboutAnOrderThatWaitsSurvivesTheProgram(t *testing.T) {
	t.Parallel()
	for at, path := range map[failpoint.Point]string{
		failpoint.Approve.BeforeCommit: "/approve", failpoint.Approve.AfterCommit: "/approve",
		failpoint.Decline.BeforeCommit: "/decline", failpoint.Decline.AfterCommit: "/decline",
	} {
		t.Run(at.String(), func(t *testing.T) {
			onEach(t, []models.Kind{models.Buy, models.Renew, models.Upgrade}, func(t *testing.T, kind models.Kind) {
				from := seeded(t, kind != models.Buy)
				s := open(t, from)
				s.restart()
				p, admin := s.person(from, customer), s.person(from, operator)
				if a, err := admin.ask("/accounts/1/limits", url.Values{"approval_above": {"0"}}); err != nil || a.status != http.StatusSeeOther {
					t.Fatalf("%d %v", a.status, err)
				}
				order := p.place(p.quote(kind), url.Values{})
				decide := func() (answer, error) { return admin.ask(order+path, url.Values{"reason": {"not this year"}}) }
				s.arm(at.String())
				if a, err := decide(); err == nil {
					t.Errorf("it answered %d before it died\n%s", a.status, a.body)
				}
				s.diesAt(s.portal, at.String())
				s.restart()
				if a, err := decide(); err != nil || a.status != http.StatusSeeOther {
					t.Fatalf("sent again: %d %v\n%s", a.status, err, a.body)
				}
				want := map[string]models.Status{"/approve": models.Completed, "/decline": models.Rejected}[path]
				if status := p.settled(order); status != want {
					t.Fatalf("it is %s", status)
				}
				s.agree()
				s.stop()
				s.opened(func(db *store.Store) {
					// The limits, and the decision once.
					if changes, err := db.Changes(context.Background(), 1, 10); err != nil || len(changes) != 2 {
						t.Fatal(changes, err)
					}
				})
			})
		})
	}
}
