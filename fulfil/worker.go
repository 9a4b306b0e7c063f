// Package fulfil carries orders out. Due work is found in the database, never
// in memory: a crash at any line is followed by the same function that made the
// first attempt, reading what the record says.
package fulfil

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"portal/failpoint"
	"portal/models"
	"portal/store"
)

// Seller makes the changing calls. It never panics and has no error: whatever
// happens is an outcome.
type Seller interface {
	// Request is what is recorded of a call before it is made.
	Request(models.Call) string
	// Sell makes the call.
	Sell(context.Context, models.Call) models.Answer
}

// Orders is the record, as far as a worker needs it: package store's Store.
type Orders interface {
	Due(ctx context.Context, limit int) ([]int64, error)
	Work(ctx context.Context, id int64) (store.Work, error)
	Claim(ctx context.Context, o models.Order, request string, lease time.Duration) (models.Order, models.Attempt, error)
	Answer(ctx context.Context, o models.Order, attempt models.Attempt, a models.Answer, next store.Next) error
	Advance(ctx context.Context, o models.Order, next store.Next) error
	// Fault is what keeps the record from being written, nil when nothing does.
	Fault() *models.Fault
}

// Worker carries due orders out. NewWorker makes one.
type Worker struct {
	orders  Orders
	seller  Seller
	timeout time.Duration // the provider's: how long one call may take
	logger  *slog.Logger

	wake  chan struct{}
	slots chan struct{} // one for each call that may be under way at once

	mu      sync.Mutex
	busy    map[int64]bool // orders that this worker is advancing
	running sync.WaitGroup
}

// parallel bounds how many calls are under way at once: each holds an order of
// another account, and the provider throttles who asks too much.
const parallel = 8

// leaseMargin is what a lease has beyond the provider's timeout, so that a
// worker that is still alive has always answered.
const leaseMargin = 5 * time.Second

// poll is how often due work is looked for without being woken: re-sends, and
// orders that another process placed.
const poll = time.Second

// NewWorker makes a worker; Run starts it.
func NewWorker(orders Orders, seller Seller, timeout time.Duration, logger *slog.Logger) *Worker {
	return &Worker{
		orders: orders, seller: seller, timeout: timeout, logger: logger,
		wake: make(chan struct{}, 1), slots: make(chan struct{}, parallel), busy: map[int64]bool{},
	}
}

// Wake makes the worker look for due work now. It never waits.
func (w *Worker) Wake() {
	select {
	case w.wake <- struct{}{}:
	default: // one look is already promised
	}
}

// Run looks for due orders and advances them until the context ends. It
// returns when the attempts that are under way have their answers: ending
// never cuts a call off.
func (w *Worker) Run(ctx context.Context) {
	ticker := time.NewTicker(poll)
	defer ticker.Stop()
	defer w.running.Wait()
	for ctx.Err() == nil {
		w.look(ctx)
		select {
		case <-ctx.Done():
		case <-w.wake:
		case <-ticker.C:
		}
	}
}

// RunOnce advances every order that is due, also what becomes due by that,
// and returns when nothing moves any more.
func (w *Worker) RunOnce(ctx context.Context) {
	for {
		w.look(ctx)
		w.running.Wait()
		select {
		case <-w.wake: // something moved
		default:
			return
		}
	}
}

// look starts on the due orders, as many as there are slots. While the record
// can't be written nothing is begun: one write might get through that says what
// is sent, and not the next that says what came of it.
func (w *Worker) look(ctx context.Context) {
	if w.orders.Fault() != nil {
		return
	}
	ids, err := w.orders.Due(ctx, 100)
	if err != nil {
		if ctx.Err() == nil {
			w.logger.Error("can't look for due orders; will try again", "error", err)
		}
		return
	}
	for _, id := range ids {
		if !w.begin(id) {
			continue
		}
		w.running.Go(func() {
			moved := w.advance(ctx, id)
			w.end(id)
			if moved {
				w.Wake() // there may be a next step at once, or an order that found no slot
			}
		})
	}
}

func (w *Worker) begin(id int64) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.busy[id] {
		return false
	}
	select {
	case w.slots <- struct{}{}:
		w.busy[id] = true
		return true
	default:
		return false // the next look finds it again
	}
}

func (w *Worker) end(id int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.busy, id)
	<-w.slots
}

// advance does the one thing that is next for an order and says whether the
// order moved.
func (w *Worker) advance(ctx context.Context, id int64) bool {
	work, err := w.orders.Work(ctx, id)
	if err != nil {
		w.logger.Error("can't read a due order; will try again", "id", id, "error", err)
		return false
	}
	order, attempts := work.Order, work.Attempts
	log := w.logger.With("order", order.Number, "kind", order.Kind)
	lease := w.timeout + leaseMargin
	todo := plan(order, attempts, work.Now, lease)
	switch {
	case todo.next != nil:
		err := w.orders.Advance(ctx, order, *todo.next)
		return w.report(log, *todo.next, attempts, err)
	case !todo.send:
		return false
	}

	failpoint.Hit(failpoint.WorkRead)
	call := callFor(order, earlierUnknown(attempts))
	if ctx.Err() != nil {
		return false
	}
	// From here on ending the program must not cut anything off: a claim whose
	// commit is cut off may stand, and nobody would send it; the call runs to its own
	// deadline, and its answer is written.
	ending := ctx.Done()
	ctx = context.WithoutCancel(ctx)
	// Before the call the attempt is committed. A crash before the commit leaves
	// the order as it was, due; after it, an attempt without an answer.
	claimed, attempt, err := w.orders.Claim(ctx, order, w.seller.Request(call), lease)
	if errors.Is(err, models.ErrConflict) {
		return false // another worker has it
	}
	if err != nil {
		log.Error("can't claim the order; nothing was sent", "error", err)
		return false
	}
	deadline := time.Now().Add(w.timeout)
	call.MayLeave = func() bool {
		// What was planned when the order was read must still be right: the claim may
		// have come long after that.
		return plan(order, attempts, attempt.StartedAt, lease).send && w.mayLeave(ctx, claimed, attempt, deadline)
	}
	answer := w.call(ctx, call, deadline)
	log = log.With("attempt", attempt.Number, "outcome", answer.Outcome, "http_status", answer.HTTPStatus,
		"code", answer.Code, "provider_request_id", answer.RequestID,
		"provider_order_id", answer.ProviderOrderID, "instance_id", answer.InstanceID)
	if !answer.Date.IsZero() {
		log = log.With("provider_date", answer.Date)
	}
	// A crash here loses the answer. The attempt counts as unknown then, and the
	// same token brings the same answer back; a refund finds its instance gone.
	next := judge(claimed, attempts, answer)
	failpoint.Hit(failpoint.AnswerJudged)
	err = w.write(ctx, ending, claimed, attempt, answer, next)
	if errors.Is(err, models.ErrConflict) {
		w.late(ctx, log, id, answer)
	}
	return w.report(log, next, append(slices.Clone(attempts), attempt), err)
}

// call sends one attempt, and never panics.
func (w *Worker) call(ctx context.Context, call models.Call, deadline time.Time) (answer models.Answer) {
	defer func() {
		if r := recover(); r != nil {
			w.logger.Error("a call panicked", "action", call.Kind, "panic", fmt.Sprintf("%T", r)) // its text may hold a secret
			answer = models.Answer{Outcome: models.OutcomeUnknown, Response: "the program failed during the call"}
		}
	}()
	ctx, cancel := context.WithDeadline(ctx, deadline)
	defer cancel()
	return w.seller.Sell(ctx, call)
}

// mayLeave says whether an attempt may still go out: when its call ends before
// its lease does, and as long as nobody has taken the order over. A program that
// was paused since the claim (a machine that slept, a commit that took long)
// would otherwise send what was planned for another time: after the token's
// window, perhaps, or after an operator has settled the order; or still be at it
// when another worker sends the same. It is asked when the request is signed.
// Whoever is paused after that sends an old signature, and the provider refuses
// those of 15 minutes ago.
func (w *Worker) mayLeave(ctx context.Context, claimed models.Order, attempt models.Attempt, deadline time.Time) bool {
	work, err := w.orders.Work(ctx, claimed.ID)
	return err == nil && work.Order.Status == models.Sending && work.Order.Claim == claimed.Claim &&
		!work.Now.Before(attempt.StartedAt) && !work.Now.Add(time.Until(deadline)).After(*claimed.LeaseUntil)
}

// write keeps an answer. The answer to a charge is worth waiting for: as long as
// it is the database that can't write it down, this program is the only one who
// knows it, and goes on trying until it ends. Else it tries for as long as the
// lease, and so does a program that is asked to end.
func (w *Worker) write(ctx context.Context, ending <-chan struct{}, o models.Order, attempt models.Attempt, a models.Answer, next store.Next) error {
	lease := time.NewTimer(w.timeout + leaseMargin) // monotonic: a clock that steps must not make this endless
	defer lease.Stop()
	over := false
	for pause := 250 * time.Millisecond; ; pause = min(2*pause, longestPause) {
		err := w.orders.Answer(ctx, o, attempt, a, next)
		if err == nil || errors.Is(err, models.ErrConflict) {
			return err
		}
		w.logger.Error("can't write an answer; trying again", "order", o.Number, "outcome", a.Outcome,
			"provider_order_id", a.ProviderOrderID, "instance_id", a.InstanceID, "error", err)
		var giveUp <-chan struct{}
		if over {
			giveUp = ending
		}
		if over && !store.Unavailable(err) {
			return err
		}
		again := time.NewTimer(pause)
		select {
		case <-again.C:
		case <-lease.C:
			over = true
		case <-giveUp:
			again.Stop()
			return err
		}
	}
}

// longestPause is between two tries to write an answer.
const longestPause = 5 * time.Second

// late looks at an answer that came too late to move its order. Where the order
// has been settled otherwise, somebody was told something that is not true.
func (w *Worker) late(ctx context.Context, log *slog.Logger, id int64, a models.Answer) {
	if a.Outcome != models.OutcomeDone && a.Outcome != models.OutcomeInferredDone {
		return
	}
	work, err := w.orders.Work(ctx, id)
	o := work.Order
	switch {
	case err != nil:
		log.Error("can't compare a late answer with its order", "error", err)
	case o.Status.Open(), o.Reason == models.ReasonRecorded: // evidence for what comes, or known to have been done
	case o.Status == models.Completed && o.ProviderOrderID == a.ProviderOrderID:
	default:
		log.Error("a late answer says that the order was done, and it was settled otherwise: see what the provider charged", "status", o.Status)
	}
}

// report logs how an order moved and says whether it did. attempts are all of
// the order's. What an operator has to look at is an error in the log, once for
// each order: that it needs review, and that it is unknown for too long.
func (w *Worker) report(log *slog.Logger, next store.Next, attempts []models.Attempt, err error) bool {
	switch {
	case errors.Is(err, models.ErrConflict):
		log.Warn("the order was taken over meanwhile; what was learned is kept as evidence")
		return false
	case err != nil:
		log.Error("can't move the order; it will be looked at again", "error", err)
		return false
	}
	level, said := slog.LevelInfo, "order moved"
	switch next.Status {
	case models.NeedsReview:
		level, said = slog.LevelError, "order needs review: only a person can find out whether money moved; see /review"
	case models.Unknown:
		level = slog.LevelWarn
		if unknownTooLong(attempts) {
			level, said = slog.LevelError, "order is unknown for more than "+models.LongUnknown.String()+", money may have moved; see /review"
		}
	case models.AwaitingApproval, models.Placed, models.Sending, models.Completed, models.Rejected, models.Cancelled:
	}
	log.Log(context.Background(), level, said, "status", next.Status, "reason", next.Reason)
	return true
}

// unknownTooLong says whether the newest of an order's attempts is the first that
// began models.LongUnknown after the one that left the order unknown. It goes by
// the record alone, so that one attempt of each order is it, whoever makes it and
// whatever was restarted in between.
func unknownTooLong(attempts []models.Attempt) bool {
	for i, a := range attempts {
		if earlierUnknown(attempts[i : i+1]) {
			long := func(n int) bool { return attempts[n].StartedAt.Sub(a.StartedAt) >= models.LongUnknown }
			newest := len(attempts) - 1
			return newest > i && long(newest) && !long(newest-1)
		}
	}
	return false
}

// callFor is the call that an order intends. It depends on the order alone, so
// that every send is the very same.
func callFor(o models.Order, earlierUnknown bool) models.Call {
	c := models.Call{
		Kind: o.Kind, CredentialProfile: o.CredentialProfile, OwnerID: o.OwnerID, EarlierUnknown: earlierUnknown,
	}
	switch o.Kind {
	case models.Buy:
		c.ClientToken, c.VersionCode, c.InstanceCount = o.ClientToken, o.VersionCode, o.InstanceCount
		c.Cycle, c.Duration = o.Cycle, o.Duration
		c.AutoRenew, c.AutoRenewMonths = o.AutoRenew, o.AutoRenewMonths
	case models.Renew:
		c.ClientToken, c.InstanceID, c.InstanceCount = o.ClientToken, o.InstanceID, o.InstanceCount
		c.Cycle, c.Duration = o.Cycle, o.Duration
	case models.Upgrade:
		c.ClientToken, c.InstanceID, c.InstanceCount = o.ClientToken, o.InstanceID, o.InstanceCount
		c.VersionCode = o.VersionCode
	case models.Refund:
		c.InstanceID = o.InstanceID
	}
	return c
}
