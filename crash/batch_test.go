package crash

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"portal/failpoint"
	"portal/models"
)

// TestABatchSurvivesTheProgram: wherever the program dies while several accounts
// are renewed, each is renewed once or says why not.
func TestABatchSurvivesTheProgram(t *testing.T) {
	t.Parallel()
	// The first two of what came of an account are the quote of one and that the
	// other holds nothing; the third is the order.
	for where, ordering := range map[string]bool{
		failpoint.Batch.BeforeCommit.String():            false,
		failpoint.Batch.AfterCommit.String():             false,
		failpoint.BatchItem.BeforeCommit.String():        false,
		failpoint.BatchItem.AfterCommit.String():         false,
		failpoint.BatchStart.BeforeCommit.String():       true,
		failpoint.BatchStart.AfterCommit.String():        true,
		failpoint.PlaceAsked.String():                    true,
		failpoint.Place.BeforeCommit.String():            true,
		failpoint.Place.AfterCommit.String():             true,
		failpoint.PlaceWoken.String():                    true,
		failpoint.BatchItem.BeforeCommit.String() + ":3": true,
		failpoint.BatchItem.AfterCommit.String() + ":3":  true,
	} {
		t.Run(where, func(t *testing.T) {
			t.Parallel()
			from := seeded(t, true)
			s := open(t, from)
			s.restart()
			admin := s.person(from, operator)
			begin := func() (answer, error) {
				return admin.ask("/renewals/new", url.Values{"account": {"1", "2"}, "term": {"year-1"}})
			}
			s.arm(where)
			a, err := begin()
			if err != nil { // it has died
				s.diesAt(s.portal, where)
				s.restart()
				if a, err = begin(); err != nil {
					t.Fatal(err)
				}
			}
			batch := a.to
			if a.status != http.StatusSeeOther || !strings.HasPrefix(batch, "/renewals/") {
				t.Fatalf("%d to %q\n%s", a.status, a.to, a.body)
			}
			if strings.HasPrefix(where, failpoint.BatchItem.BeforeCommit.String()) && !ordering || where == failpoint.BatchItem.AfterCommit.String() {
				s.diesAt(s.portal, where)
				s.restart()
			}
			shows := func(what, words string) {
				t.Helper()
				until(t, what, func() bool {
					a, err := admin.ask(batch, nil)
					return err == nil && strings.Contains(a.body, words)
				})
			}
			shows("the prices", "Renew 1 account for")
			if a, err := admin.ask(batch+"/order", url.Values{}); err == nil && a.status != http.StatusSeeOther {
				t.Fatalf("%d\n%s", a.status, a.body)
			}
			if ordering {
				s.diesAt(s.portal, where)
				s.restart()
				if a, err := admin.ask(batch+"/order", url.Values{}); err != nil || a.status != http.StatusSeeOther {
					t.Fatalf("pressed again: %d %v\n%s", a.status, err, a.body)
				}
			}
			shows("the end", "2 of 2 accounts finished")
			renewed := 0
			for _, o := range s.agree().orders {
				if o.Kind == models.Renew {
					renewed++
				}
			}
			if renewed != 1 {
				t.Fatalf("%d renewals", renewed)
			}
		})
	}
}
