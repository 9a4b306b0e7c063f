package crash

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"portal/dbtest"
	"portal/failpoint"
	"portal/models"
	"portal/provider/sandbox"
)

// onEach runs a case for each kind of order, beside all other cases: they wait
// most of the time.
func onEach(t *testing.T, kinds []models.Kind, f func(*testing.T, models.Kind)) {
	t.Helper()
	t.Parallel()
	for _, kind := range kinds {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			f(t, kind)
		})
	}
}

// atHome opens a site whose customer may begin an order of a kind.
func atHome(t *testing.T, kind models.Kind) (*site, *person) {
	t.Helper()
	from := seeded(t, kind != models.Buy)
	s := open(t, from)
	s.restart()
	return s, s.person(from, customer)
}

// placing is what a person meets between the quote and the receipt, and what
// the worker does meanwhile.
func placing() []string {
	var names []string
	for _, p := range failpoint.Points() {
		for _, area := range []string{"count", "place", "work", "claim", "sell", "answer"} {
			if strings.HasPrefix(p.String(), area+".") {
				names = append(names, p.String())
			}
		}
	}
	// The claim moves the order, and so does the answer.
	return append(names, failpoint.MoveWithoutEvent.String(), failpoint.MoveWithoutEvent.String()+":2")
}

// TestAnOrderSurvivesTheProgram: wherever the program dies between the press of
// the button and the receipt, the order that comes of it is one, is done once,
// and the ledger says the same.
func TestAnOrderSurvivesTheProgram(t *testing.T) {
	t.Parallel()
	for _, where := range placing() {
		t.Run(where, func(t *testing.T) {
			kinds := models.Kinds()
			if strings.HasPrefix(where, "count.") {
				kinds = slices.DeleteFunc(kinds, func(k models.Kind) bool { return k == models.Refund }) // machines don't matter to it
			}
			onEach(t, kinds, func(t *testing.T, kind models.Kind) {
				s, p := atHome(t, kind)
				quote := p.quote(kind)
				confirmed := p.confirmation(kind, quote)
				s.arm(where)
				promised := p.placeOrDie(quote, confirmed)
				s.diesAt(s.portal, where)
				s.restart()
				theOne(p, kind, quote, confirmed, promised)
			})
		})
	}
}

// theOne is what must become of a quote that was placed once or twice: the one
// order that was promised, completed, however often people reload and go back.
func theOne(p *person, kind models.Kind, quote string, confirmed map[string][]string, promised string) {
	p.t.Helper()
	order := p.place(quote, confirmed)
	if promised != "" && promised != order {
		p.t.Fatalf("promised %s, and it became %s", promised, order)
	}
	if status := p.settled(order); status != models.Completed {
		p.t.Fatalf("the %s is %s\n%s", kind, status, p.s.portal.out)
	}
	if back := p.place(quote, confirmed); back != order {
		p.t.Fatalf("pressed again, and it is %s instead of %s", back, order)
	}
	if a, err := p.ask(quote, nil); err != nil || a.to != order {
		p.t.Fatalf("the back button leads to %q, %v", a.to, err)
	}
	r := p.s.agree()
	if o, there := r.order(order); !there || o.Status != models.Completed {
		p.t.Fatalf("the page and the record differ: %+v", o)
	}
	of := 0
	for _, o := range r.orders {
		if o.Kind == kind {
			of++
		}
	}
	if of != 1 {
		p.t.Fatalf("%d orders came of one press", of)
	}
}

// TestAQuoteSurvivesTheProgram: a quote moves nothing, and its form can be sent
// again.
func TestAQuoteSurvivesTheProgram(t *testing.T) {
	t.Parallel()
	for _, at := range []failpoint.Point{failpoint.Quote.BeforeCommit, failpoint.Quote.AfterCommit} {
		t.Run(at.String(), func(t *testing.T) {
			onEach(t, models.Kinds(), func(t *testing.T, kind models.Kind) {
				s, p := atHome(t, kind)
				s.arm(at.String())
				if a, err := p.ask("/accounts/1/quote?kind="+string(kind), answers(kind)); err == nil {
					t.Errorf("it answered %d before it died", a.status)
				}
				s.diesAt(s.portal, at.String())
				s.restart()
				quote := p.quote(kind)
				theOne(p, kind, quote, p.confirmation(kind, quote), "")
			})
		})
	}
}

// TestRecoverySurvivesTheProgram: it dies with the call under way, and again at
// each step of what the next start does about that.
func TestRecoverySurvivesTheProgram(t *testing.T) {
	t.Parallel()
	for _, again := range []string{
		failpoint.Advance.BeforeCommit.String(), failpoint.Advance.AfterCommit.String(),
		failpoint.WorkRead.String(), failpoint.Claim.BeforeCommit.String(), failpoint.Claim.AfterCommit.String(),
		failpoint.Sell.Sent.String(), failpoint.AnswerWritten.String(), failpoint.Answer.AfterCommit.String(),
	} {
		t.Run(again, func(t *testing.T) {
			onEach(t, models.Kinds(), func(t *testing.T, kind models.Kind) {
				s, p := atHome(t, kind)
				quote := p.quote(kind)
				confirmed := p.confirmation(kind, quote)
				first := failpoint.Sell.Sent.String()
				s.arm(first)
				promised := p.placeOrDie(quote, confirmed)
				s.diesAt(s.portal, first)
				s.arm(again)
				s.start()
				s.diesAt(s.portal, again)
				s.restart()
				theOne(p, kind, quote, confirmed, promised)
			})
		})
	}
}

// TestEndingSurvivesTheProgram: it is asked to end with a call under way, and
// dies at each step of that.
func TestEndingSurvivesTheProgram(t *testing.T) {
	t.Parallel()
	for _, at := range []failpoint.Point{
		failpoint.StopAsked, failpoint.StopClosed, failpoint.StopWorked, failpoint.Checkpoint.BeforeCommit, failpoint.Checkpoint.AfterCommit,
	} {
		t.Run(at.String(), func(t *testing.T) {
			onEach(t, models.Kinds(), func(t *testing.T, kind models.Kind) {
				s, p := atHome(t, kind)
				quote := p.quote(kind)
				confirmed := p.confirmation(kind, quote)
				s.box.fault(t, sandbox.Rule{Action: actions[kind], Fault: sandbox.FaultDelayAfter, Times: 1, Delay: time.Second})
				order := p.place(quote, confirmed)
				until(t, "the call to be under way", func() bool { return s.box.asked(t, actions[kind]) > 0 })
				s.arm(at.String())
				s.portal.signal(syscall.SIGTERM)
				s.diesAt(s.portal, at.String())
				s.restart()
				theOne(p, kind, quote, confirmed, order)
			})
		})
	}
}

var (
	reaching sync.Mutex
	reaches  = map[string]int{}
)

// reached notes that the program died at a point.
func reached(name string) {
	reaching.Lock()
	defer reaching.Unlock()
	reaches[name]++
}

// ofFiles are points that a portal on a server's database never comes to.
var ofFiles = []failpoint.Point{failpoint.StartKey, failpoint.StartWorld, failpoint.StartPlace}

// everyPoint says which points no case ended the program at.
func everyPoint() error {
	reaching.Lock()
	defer reaching.Unlock()
	var missed []string
	deaths := 0
	for _, p := range failpoint.Points() {
		if reaches[p.String()] == 0 && (!dbtest.Postgres() || !slices.Contains(ofFiles, p)) {
			missed = append(missed, p.String())
		}
		deaths += reaches[p.String()]
	}
	fmt.Printf("crash: the program died %d times, at %d of %d points\n", deaths, len(failpoint.Points())-len(missed), len(failpoint.Points()))
	if len(missed) > 0 {
		return fmt.Errorf("no case ends the program at %s", strings.Join(missed, ", "))
	}
	return nil
}
