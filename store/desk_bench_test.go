package store_test

import (
	"fmt"
	"testing"

	"portal/models"
)

// BenchmarkAlarm is what every page of staff pays to learn whether orders want
// an eye: with 100,000 settled orders, and as many in review and unknown as an
// alarm counts, or none.
func BenchmarkAlarm(b *testing.B) {
	for _, inDoubt := range []int{0, 1, 2 * models.AlarmBound} {
		b.Run(fmt.Sprintf("%d in doubt", inDoubt), func(b *testing.B) {
			w := newWorld(b)
			w.seed(100_000)
			for i := range inDoubt {
				w.account, w.viewer = w.customer(900_000+int64(i), fmt.Sprintf("%d@example.com", i))
				o, attempt := w.claim(w.place())
				if err := w.Answer(b.Context(), o, attempt, models.Answer{Outcome: models.OutcomeUnknown}, unknown); err != nil {
					b.Fatal(err)
				}
				if i%2 == 0 {
					w.giveUp(o)
				}
			}
			w.pass(models.LongUnknown)
			if err := w.raw().Exec(`ANALYZE`).Error; err != nil { // a server that is not a test's does so by itself
				b.Fatal(err)
			}
			for b.Loop() {
				if a, err := w.Alarm(b.Context()); err != nil || a.InReview != min(models.AlarmBound, (inDoubt+1)/2) {
					b.Fatal(a, err)
				}
			}
		})
	}
}
