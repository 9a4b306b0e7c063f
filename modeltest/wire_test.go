package modeltest

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"time"

	"pgregory.net/rapid"

	"portal/models"
	"portal/provider/sandbox"
)

// request is a selling call on its way to the provider.
type request struct {
	http   *http.Request
	order  int64
	worker *worker // who waits for the answer; nil when nobody does
	signed time.Time
	wrong  time.Duration // how far the clock was off by which it was signed
	goOn   chan bool     // true: it arrives; false: the connection breaks
}

// sent is what has left for an order.
type sent struct {
	times      int
	parameters string
}

// ServeHTTP stands before the provider. A selling call waits here until the
// schedule says what becomes of it.
func (s *schedule) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Query().Get("Action") == sandbox.ActionGetInstanceCount {
		s.box.ServeHTTP(w, r)
		return
	}
	q := &request{http: r.Clone(s.ctx), goOn: make(chan bool)}
	q.http.Body = http.NoBody
	s.arrived <- q
	if !<-q.goOn {
		panic(http.ErrAbortHandler)
	}
	s.box.ServeHTTP(w, r)
}

// underWay notes a request that has left.
func (s *schedule) underWay(w *worker, q *request) {
	q.order, q.worker, q.signed, q.wrong = w.order, w, s.clock.truth(), s.clock.off()
	w.waits = q
	s.wire = append(s.wire, q)

	parameters := q.http.URL.Query()
	for _, name := range []string{"Signature", "SignatureNonce", "Timestamp"} {
		parameters.Del(name) // each send's own
	}
	out := s.sent[q.order]
	if out == nil {
		out = &sent{parameters: parameters.Encode()}
		s.sent[q.order] = out
	}
	out.times++
	if parameters.Encode() != out.parameters {
		s.r.Fatalf("order %d sends %s, and before it sent %s", q.order, parameters.Encode(), out.parameters)
	}
	work, err := s.db.Work(s.ctx, q.order)
	s.must(err)
	if len(work.Attempts) < out.times {
		s.r.Fatalf("order %d was sent %d times, and %d attempts are on record", q.order, out.times, len(work.Attempts))
	}
	if o := work.Order; o.Status != models.Sending || o.Claim != w.claim {
		s.r.Fatalf("%s is sent under claim %d, and it is %s under claim %d", o.Number, w.claim, o.Status, o.Claim)
	}
}

// arrives lets the provider work on a request. Whoever still waits gets its
// answer.
func (s *schedule) arrives(q *request) {
	s.wire = slices.DeleteFunc(s.wire, func(other *request) bool { return other == q })
	s.gate.Store(int64(s.clock.truth().Sub(q.signed) - q.wrong))
	before := len(s.box.Ledger())
	defer func() {
		for _, e := range s.box.Ledger()[before:] {
			if e.Kind == sandbox.Refund {
				s.refunds[e.InstanceID] = q.order
			}
		}
	}()
	if w := q.worker; w != nil {
		q.worker, w.waits = nil, nil
		q.goOn <- true
		s.await(w)
		return
	}
	defer func() {
		p := recover()
		if err, ok := p.(error); p != nil && !(ok && errors.Is(err, http.ErrAbortHandler)) {
			panic(p)
		}
	}()
	s.box.ServeHTTP(httptest.NewRecorder(), q.http)
}

// gaveUp: who sent the request does not wait any more, and it is still under way.
func (s *schedule) gaveUp(q *request) {
	w := q.worker
	q.worker, w.waits = nil, nil
	q.goOn <- false
	s.await(w)
}

// requestMoves: it arrives late, or nobody waits for it any more, or it is lost.
func (s *schedule) requestMoves(r *rapid.T) {
	if len(s.wire) == 0 {
		r.Skip("nothing is under way")
	}
	q := one(r, "request", s.wire)
	what := rapid.SampledFrom([]string{"arrives", "gave up", "lost"}).Draw(r, "what")
	if what == "arrives" {
		s.arrives(q)
		return
	}
	if q.worker != nil {
		s.gaveUp(q)
	}
	if what == "lost" {
		s.wire = slices.DeleteFunc(s.wire, func(other *request) bool { return other == q })
	}
}

// mayStillArrive says whether something of an order may still reach the provider
// and be taken: it refuses what was signed more than 15 minutes ago, by a clock
// that is off by no more than that.
func (s *schedule) mayStillArrive(o models.Order) bool {
	return slices.ContainsFunc(s.wire, func(q *request) bool {
		return q.order == o.ID && s.clock.truth().Sub(q.signed) <= 31*time.Minute
	})
}

// providerFails: the next calls of a kind fail in one of the ways that the
// sandbox can; the delays are requestMoves', and what it refuses is accountChanges'.
func (s *schedule) providerFails(r *rapid.T) {
	if rapid.IntRange(0, 4).Draw(r, "none any more") == 4 {
		s.box.ClearFaults()
		return
	}
	faults := slices.DeleteFunc(sandbox.Faults(), func(f sandbox.FaultInfo) bool { return f.NeedsDelay || f.NeedsCode })
	s.must(s.box.AddFault(sandbox.Rule{
		Action: rapid.SampledFrom([]string{
			sandbox.ActionCreateInstance, sandbox.ActionRenewInstance, sandbox.ActionUpgradeInstance, sandbox.ActionRefundInstance,
			sandbox.ActionGetInstanceCount, "",
		}).Draw(r, "action"),
		Fault: rapid.SampledFrom(faults).Draw(r, "fault").Fault,
		Times: rapid.IntRange(1, 3).Draw(r, "times"),
	}))
}

// plenty is more than all schedules together can spend, in fen.
const plenty = int64(1e12)

// accountChanges: there are other machines, or no money, or some again.
func (s *schedule) accountChanges(r *rapid.T) {
	switch rapid.SampledFrom([]string{"machines", "machines", "money", "money", "no money"}).Draw(r, "what") {
	case "machines":
		a := one(r, "account", s.accounts)
		s.must(s.box.SetMachines(a.OwnerID, rapid.SampledFrom([]int{25, 25, 26, 30, 20, 4}).Draw(r, "machines")))
	case "no money":
		s.must(s.box.SetBalance(0))
	case "money":
		s.must(s.box.SetBalance(plenty))
	}
}
