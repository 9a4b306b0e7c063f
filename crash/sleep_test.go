package crash

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"

	"portal/failpoint"
	"portal/models"
)

// asleep is where programs fall asleep: the provider has done it, and nobody
// has read what it says.
var asleep = failpoint.Sell.Answering.String()

// fallsAsleep waits until a program is halted at a point, as a machine that
// sleeps. It has said so a moment before it is: woken then, it would not wake up.
func fallsAsleep(t testing.TB, p *process, at string) {
	t.Helper()
	until(t, "the program to fall asleep", func() bool {
		if !strings.Contains(p.out.String(), "failpoint "+at+"\n") {
			return false
		}
		state, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
		return err != nil || strings.Contains(string(state), ") T ") // elsewhere than on Linux nobody can tell
	})
}

// TestAProgramThatSleptChangesNothing: halted with its call under way for longer
// than its lease, while another took over. When it wakes up its claim is old, and
// what it learned is evidence; it dies around writing that down.
func TestAProgramThatSleptChangesNothing(t *testing.T) {
	t.Parallel()
	for _, at := range []failpoint.Point{failpoint.Late.BeforeCommit, failpoint.Late.AfterCommit} {
		t.Run(at.String(), func(t *testing.T) {
			onEach(t, models.Kinds(), func(t *testing.T, kind models.Kind) {
				s, p := atHome(t, kind)
				quote := p.quote(kind)
				confirmed := p.confirmation(kind, quote)
				s.arm(asleep + ":1:stop")
				promised := make(chan string, 1)
				go func() { promised <- p.placeOrDie(quote, confirmed) }()
				fallsAsleep(t, s.portal, asleep)
				awake := *s
				awake.restart()
				elsewhere := p.at(&awake)
				order := elsewhere.place(quote, confirmed)
				if status := elsewhere.settled(order); status != models.Completed {
					t.Fatalf("the %s is %s\n%s", kind, status, awake.portal.out)
				}
				s.arm(at.String())
				s.portal.signal(syscall.SIGCONT)
				s.diesAt(s.portal, at.String())
				if to := <-promised; to != "" && to != order {
					t.Fatalf("promised %s, and it became %s", to, order)
				}
				theOne(elsewhere, kind, quote, confirmed, order)
			})
		})
	}
}

// TestOnlyTheNewestOfTwoSleepersMovesTheOrder: the one that took over sleeps,
// too, in a call of its own. The order is being sent, as the first sleeper left it,
// but no longer for him: he must not move it when he wakes up.
func TestOnlyTheNewestOfTwoSleepersMovesTheOrder(t *testing.T) {
	onEach(t, models.Kinds(), func(t *testing.T, kind models.Kind) {
		s, p := atHome(t, kind)
		quote := p.quote(kind)
		confirmed := p.confirmation(kind, quote)
		s.arm(asleep + ":1:stop")
		promised := make(chan string, 1)
		go func() { promised <- p.placeOrDie(quote, confirmed) }()
		fallsAsleep(t, s.portal, asleep)
		second := *s
		second.start()
		elsewhere := p.at(&second)
		order := elsewhere.place(quote, confirmed)
		fallsAsleep(t, second.portal, asleep)

		at := failpoint.Late.AfterCommit.String()
		s.arm(at)
		s.portal.signal(syscall.SIGCONT)
		s.diesAt(s.portal, at)
		if to := <-promised; to != "" && to != order {
			t.Fatalf("promised %s, and it became %s", to, order)
		}
		s.disarm()
		second.portal.signal(syscall.SIGCONT)
		theOne(elsewhere, kind, quote, confirmed, order)
	})
}
