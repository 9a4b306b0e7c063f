package modeltest

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"pgregory.net/rapid"

	"portal/fulfil"
	"portal/models"
	"portal/store"
)

// worker is one replica's. It stops before each thing that it does with the
// record or the provider, until the schedule lets it go on: of all goroutines,
// one runs at a time.
type worker struct {
	s      *schedule
	worker *fulfil.Worker
	order  int64    // what it has in hand, 0 for nothing
	looked bool     // it was told of that order
	claim  int64    // under which it has the order
	next   string   // what it does next
	waits  *request // or the request that it waits for
	at     chan string
	goOn   chan struct{}
	dead   atomic.Bool // written while the worker waits for the provider, too
}

// over is where a worker stands that has nothing more to do.
const over = ""

func (s *schedule) newWorker() *worker {
	w := &worker{s: s, at: make(chan string), goOn: make(chan struct{})}
	w.worker = fulfil.NewWorker(w, w, timeout, slog.New(slog.DiscardHandler))
	return w
}

// due are the orders that a worker would find now.
func (s *schedule) due() []int64 {
	ids, err := s.db.Due(s.ctx, 100)
	s.must(err)
	return ids
}

// take lets a worker find this order.
func (s *schedule) take(w *worker, order int64) {
	w.order, w.looked = order, false
	s.active = w
	go func() {
		w.worker.RunOnce(s.ctx)
		w.at <- over
	}()
	s.await(w)
}

// step lets a worker do the next thing.
func (s *schedule) step(w *worker) {
	if w.waits != nil {
		s.arrives(w.waits)
		return
	}
	s.active = w
	w.goOn <- struct{}{}
	s.await(w)
}

// await waits until a worker stands still again: before its next step, on the
// wire, or at its end.
func (s *schedule) await(w *worker) {
	select {
	case w.next = <-w.at:
		if w.next == over {
			w.order = 0
		}
	case q := <-s.arrived:
		s.underWay(w, q)
	}
	if s.trouble != "" {
		s.r.Fatal(s.trouble)
	}
}

// kill ends a worker where it stands. What it has sent is still under way.
func (s *schedule) kill(w *worker) {
	if w.order == 0 {
		return
	}
	w.dead.Store(true)
	if w.waits != nil {
		s.gaveUp(w.waits)
	} else {
		w.goOn <- struct{}{}
		s.await(w)
	}
	for i, other := range s.workers {
		if other == w {
			s.workers[i] = s.newWorker()
		}
	}
}

// carryOut lets a worker finish what it has in hand.
func (s *schedule) carryOut(w *worker) {
	for w.order != 0 {
		s.step(w)
	}
}

func (s *schedule) workerCarriesOut(r *rapid.T) { s.carryOut(s.chosen(r)) }

func (s *schedule) workerGoesOn(r *rapid.T) {
	w := s.chosen(r)
	for n := rapid.IntRange(1, 5).Draw(r, "steps"); n > 0 && w.order != 0; n-- {
		s.step(w)
	}
}

// chosen is any worker that has something in hand, or finds something.
func (s *schedule) chosen(r *rapid.T) *worker {
	due := s.due()
	able := s.busy()
	if len(due) > 0 {
		able = s.workers
	}
	if len(able) == 0 {
		r.Skip("nothing is due")
	}
	w := one(r, "worker", able)
	if w.order == 0 {
		s.take(w, one(r, "order", due))
	}
	return w
}

func (s *schedule) busy() []*worker {
	return slices.DeleteFunc(slices.Clone(s.workers), func(w *worker) bool { return w.order == 0 })
}

func (s *schedule) workerDies(r *rapid.T) {
	if busy := s.busy(); len(busy) > 0 {
		s.kill(one(r, "worker", busy))
		return
	}
	r.Skip("nobody has anything in hand")
}

// before stops until the schedule says so. Who is dead by then does nothing more.
func (w *worker) before(what string) (alive bool) {
	if !w.dead.Load() {
		w.at <- what
		<-w.goOn
	}
	return !w.dead.Load()
}

// met ends what a worker does when that should never be, and the schedule with it.
func (w *worker) met(what string, err error) error {
	if err != nil && !errors.Is(err, models.ErrConflict) {
		w.s.trouble = what + ": " + err.Error()
		w.dead.Store(true)
		return models.ErrConflict
	}
	return err
}

// Due tells of the order that the schedule has chosen among those that are due.
func (w *worker) Due(context.Context, int) ([]int64, error) {
	if w.looked {
		return nil, nil
	}
	w.looked = true
	return []int64{w.order}, nil
}

func (w *worker) Work(ctx context.Context, id int64) (store.Work, error) {
	if !w.before("read the order") {
		return store.Work{}, models.ErrConflict
	}
	work, err := w.s.db.Work(ctx, id)
	return work, w.met("reading an order", err)
}

func (w *worker) Claim(ctx context.Context, o models.Order, request string, lease time.Duration) (models.Order, models.Attempt, error) {
	if !w.before("claim") {
		return o, models.Attempt{}, models.ErrConflict
	}
	claimed, attempt, err := w.s.db.Claim(ctx, o, request, lease)
	if err == nil {
		w.claim = claimed.Claim
		w.s.leases[o.ID] = granted{*claimed.LeaseUntil, w.s.clock.set}
	}
	return claimed, attempt, w.met("claiming", err)
}

func (w *worker) Advance(ctx context.Context, o models.Order, next store.Next) error {
	if !w.before("advance") {
		return models.ErrConflict
	}
	err := w.s.db.Advance(ctx, o, next)
	if err == nil {
		w.s.takenOver(o)
	}
	return w.met("advancing", err)
}

func (w *worker) Answer(ctx context.Context, o models.Order, attempt models.Attempt, a models.Answer, next store.Next) error {
	if !w.before("write the answer") {
		return models.ErrConflict
	}
	return w.met("writing an answer", w.s.db.Answer(ctx, o, attempt, a, next))
}

// Fault is never: the database takes writes. crash/ tries what happens when not.
func (w *worker) Fault() *models.Fault { return w.s.db.Fault() }

func (w *worker) Request(call models.Call) string { return w.s.seller.Request(call) }

func (w *worker) Sell(ctx context.Context, call models.Call) models.Answer {
	if !w.before("send") {
		return models.Answer{Outcome: models.OutcomeNotSent}
	}
	return w.s.seller.Sell(ctx, call)
}

// granted is a lease, and how often the clock had been set when it was given.
type granted struct {
	until time.Time
	set   int
}

// takenOver notes a worker that took an order over while another one's lease
// lasted. When that ends is certain only as long as nobody sets the clock.
func (s *schedule) takenOver(o models.Order) {
	l := s.leases[o.ID]
	if o.Status == models.Sending && l.set == s.clock.set && s.clock.now().Before(l.until) {
		s.trouble = "order " + o.Number + " was taken over while its lease lasted"
	}
}
