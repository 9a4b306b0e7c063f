package modeltest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"portal/models"
)

// tally is what a run came to, for docs/RELIABILITY.md.
type tally struct {
	schedules, steps, orders, attempts, entries int
	kinds, statuses, reasons                    map[string]int
}

func newTally() *tally {
	return &tally{kinds: map[string]int{}, statuses: map[string]int{}, reasons: map[string]int{}}
}

func (t *tally) add(s *schedule) {
	t.schedules++
	t.steps += s.steps
	t.entries += len(s.box.Ledger())
	for _, o := range s.orders() {
		t.orders++
		t.attempts += o.Attempts
		t.statuses[string(o.Status)]++
		if o.Status == models.Completed {
			t.kinds[string(o.Kind)]++
		}
		events, err := s.db.Events(s.ctx, o.ID)
		s.must(err)
		for _, e := range events {
			t.reasons[string(e.Reason)]++
		}
	}
}

func (t *tally) say(took time.Duration) {
	fmt.Printf("%d schedules in %.0f s: %d steps, %d orders (%s; completed: %s), %d attempts, %d entries in the ledgers (%s): nothing lost, nothing charged twice\n",
		t.schedules, took.Seconds(), t.steps, t.orders, counts(t.statuses), counts(t.kinds), t.attempts, t.entries, counts(t.reasons))
}

func counts(of map[string]int) string {
	var parts []string
	for name, n := range of {
		parts = append(parts, fmt.Sprintf("%d %s", n, name))
	}
	slices.Sort(parts)
	return strings.Join(parts, ", ")
}
