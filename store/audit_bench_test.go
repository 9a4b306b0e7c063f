package store_test

import (
	"testing"

	"portal/models"
)

// BenchmarkAudit is how many orders an audit gets through, each with a quote,
// an attempt and three events.
func BenchmarkAudit(b *testing.B) {
	w := newWorld(b)
	const orders = 10_000
	w.seed(orders)
	keys := auditKey(b, "")
	if _, err := w.Checkpoint(b.Context(), keys); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if found, done := auditWith(b, w.Store, keys); found != "" || done.Orders != orders {
			b.Fatal(found)
		}
	}
	b.ReportMetric(orders*float64(b.N)/b.Elapsed().Seconds(), "orders/s")
}

// BenchmarkCheckpoint is how long others wait for one that covers as much as one
// ever does.
func BenchmarkCheckpoint(b *testing.B) {
	w := newWorld(b)
	w.seed(7_000)
	keys := auditKey(b, "")
	for b.Loop() {
		if made, err := w.Checkpoint(b.Context(), keys); err != nil || made != 2 {
			b.Fatal(made, err)
		}
		b.StopTimer()
		if err := w.disarmed().Exec(`DELETE FROM checkpoints`).Error; err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
}

// BenchmarkPlacing is an order placed and taken back, with the two commits and
// two events that takes.
func BenchmarkPlacing(b *testing.B) {
	w := newWorld(b)
	for b.Loop() {
		b.StopTimer()
		q := w.quote(w.viewer, w.account)
		b.StartTimer()
		o, err := w.PlaceOrder(b.Context(), by(w.viewer), q.ID, asQuoted)
		if err == nil {
			err = w.CancelOrder(b.Context(), by(w.viewer), o.Number)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkSeal is what an event's seals cost by themselves.
func BenchmarkSeal(b *testing.B) {
	w := newWorld(b)
	o := w.place()
	q, err := w.Quote(b.Context(), w.viewer, o.QuoteID)
	if err != nil {
		b.Fatal(err)
	}
	e := models.Event{OrderID: o.ID, To: models.Placed}
	for b.Loop() {
		e.Digest, e.State = e.Facts(o, q, nil), o.State()
		e.Hash = e.Chain("")
	}
}
