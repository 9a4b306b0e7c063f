package store_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"portal/audit"
	"portal/models"
	"portal/store"
)

// auditKey makes a key as serve does.
func auditKey(t testing.TB, name string) audit.Keys {
	t.Helper()
	private, err := audit.NewKey(name)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := audit.ParseKeys(private)
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

// history is a world in which everything has happened that leaves a row.
type history struct {
	*world
	keys   audit.Keys
	anchor string // the newest checkpoint
}

func newHistory(t testing.TB) *history {
	t.Helper()
	h := &history{world: newWorld(t), keys: auditKey(t, "")}
	h.happen()
	return h
}

func (h *history) happen() {
	w, ctx := h.world, h.t.Context()
	must := func(err error) {
		h.t.Helper()
		if err != nil {
			h.t.Fatal(err)
		}
	}
	answered := func(o models.Order, a models.Answer, next store.Next) {
		h.t.Helper()
		claimed, attempt := w.claim(o)
		must(w.Answer(ctx, claimed, attempt, a, next))
	}
	// A purchase: throttled, then its worker is lost, whose answer comes late.
	bought := w.placeQuote(w.offer(pro25))
	answered(bought, models.Answer{Outcome: models.OutcomeLater, HTTPStatus: 400, Code: "Throttling", Message: "slow down", RequestID: "R0"},
		store.Next{Status: models.Placed, Reason: models.ReasonThrottled, Wait: 5 * time.Second})
	lost, attempt := w.claim(w.read(bought.Number))
	w.pass(time.Minute)
	must(w.Advance(ctx, lost, store.Next{Status: models.Unknown, Reason: models.ReasonWorkerLost}))
	again, second := w.claim(w.read(bought.Number))
	if err := w.Answer(ctx, lost, attempt, done, completed); !errors.Is(err, models.ErrConflict) {
		h.t.Fatal("the late answer moved the order:", err)
	}
	must(w.Answer(ctx, again, second, models.Answer{Outcome: models.OutcomeDone, HTTPStatus: 200, ProviderOrderID: "PO1", InstanceID: "sas-1", RequestID: "R1", Response: "{}"}, completed))
	h.sign()

	w.order(upgrade)
	w.record(models.Renewed, 60*day)
	w.record(models.Released, 0)
	w.record(models.Adopted, 90*day)
	w.record(models.Released, 0)
	support := w.staff(models.Support)
	must(w.AddNote(ctx, by(support), bought.Number, "asked for an invoice", ""))
	h.sign()

	must(w.CancelOrder(ctx, by(w.viewer), w.placeQuote(w.offer(pro25)).Number))
	answered(w.placeQuote(w.offer(pro25)), models.Answer{Outcome: models.OutcomeRejected, HTTPStatus: 400, Code: "NoMoney", Message: "no money", RequestID: "R2"},
		store.Next{Status: models.Rejected, Reason: models.ReasonRefused})
	// One that only a person can find out about, and whose attempt never had an answer.
	doubt, _ := w.claim(w.placeQuote(w.offer(pro25)))
	must(w.Advance(ctx, doubt, store.Next{Status: models.Unknown, Reason: models.ReasonWorkerLost}))
	must(w.Advance(ctx, w.read(doubt.Number), store.Next{Status: models.NeedsReview, Reason: models.ReasonTokenWindow}))
	// Two operators do not agree at first; meanwhile its account may order again.
	seen := store.Settlement{As: models.VerdictCompleted, Note: "seen in the console", ProviderOrderID: "PO2", InstanceID: "sas-2", By: named("command:op")}
	must(w.SetSettleByTwo(ctx, true))
	_, err := w.SettleOrder(ctx, doubt.Number, seen)
	must(err)
	must(w.DeclineProposal(ctx, doubt.Number, store.Confirmation{Proposal: w.lastEvent(doubt).ID, By: named("user:7"), Note: "which console?"}))
	must(w.SetSettleByTwo(ctx, false))
	must(w.settle(doubt, store.Settlement{As: models.VerdictReleased, Note: "it takes long"}))
	must(w.settle(doubt, seen))
	// And one that is still open.
	account, viewer := w.customer(1002, "b@example.com")
	open, err := w.PlaceOrder(ctx, by(viewer), w.quote(viewer, account).ID, asQuoted)
	must(err)
	w.claim(open)
	must(w.AddNote(ctx, by(support), open.Number, "rang twice", ""))
	// Whose account is suspended for a while.
	operator := models.By{Viewer: w.operator(), RequestID: "REQ1", Address: "192.0.2.1"}
	must(w.SuspendAccount(ctx, operator, account.ID, "does not pay"))
	must(w.ReinstateAccount(ctx, operator, account.ID, *w.reread(account).SuspendedAt, "has paid"))
	// And a reseller comes, whose orders then go with another key.
	north, err := w.CreateReseller(ctx, operator, models.Reseller{Name: "North"})
	must(err)
	must(w.EditReseller(ctx, operator, north.ID, models.ResellerFacts{Name: "North"}, "North", "north"))
	h.sign()
}

// sign signs a checkpoint, and keeps it as the anchor.
func (h *history) sign() {
	h.t.Helper()
	if made, err := h.Checkpoint(h.t.Context(), h.keys); err != nil || made != 1 {
		h.t.Fatalf("%d checkpoints, %v", made, err)
	}
	var err error
	if h.anchor, err = h.Anchor(h.t.Context()); err != nil {
		h.t.Fatal(err)
	}
}

// audit is what an audit finds with the portal's key, in one text.
func (h *history) audit(anchors ...string) (string, store.Audited) {
	h.t.Helper()
	return auditWith(h.t, h.Store, h.keys, anchors...)
}

func auditWith(t testing.TB, s *store.Store, keys audit.Keys, anchors ...string) (string, store.Audited) {
	t.Helper()
	var found []string
	done, err := s.Audit(t.Context(), store.Audit{Keys: &keys, Anchors: anchors, Found: func(what string) { found = append(found, what) }})
	if err != nil {
		t.Fatal(err)
	}
	if int(done.Wrong) != len(found) {
		t.Fatalf("%d counted of %d findings", done.Wrong, len(found))
	}
	return strings.Join(found, "\n"), done
}

func TestAnUntouchedHistoryIsFoundWhole(t *testing.T) {
	h := newHistory(t)
	found, done := h.audit(h.anchor)
	if found != "" {
		t.Fatal(found)
	}
	if done.Orders != 6 || done.Events != 26 || done.Attempts != 7 || done.Outside != 4 || done.Notes != 2 || done.Checkpoints != 3 || done.Unsigned != 0 || done.Old != 0 {
		t.Errorf("%+v", done)
	}
	if done.Anchor != h.anchor {
		t.Errorf("the anchor is %q", done.Anchor)
	}
	t.Run("with every anchor there ever was", func(t *testing.T) {
		var anchors []string
		if err := h.raw().Raw(`SELECT note FROM checkpoints`).Scan(&anchors).Error; err != nil || len(anchors) != 3 {
			t.Fatal(err, anchors)
		}
		if found, _ := h.audit(anchors...); found != "" {
			t.Error(found)
		}
	})
	t.Run("also what no checkpoint covers yet", func(t *testing.T) {
		h.pass(day)
		h.order(renewal)
		found, done := h.audit(h.anchor)
		if found != "" || done.Unsigned != 4 {
			t.Errorf("%s %+v", found, done)
		}
		oldest, err := h.OldestUnsigned(t.Context())
		if err != nil || !oldest.Equal(h.Now()) {
			t.Errorf("the oldest is of %s, %v", oldest, err)
		}
		h.sign()
		if oldest, err := h.OldestUnsigned(t.Context()); err != nil || !oldest.IsZero() {
			t.Errorf("all is signed, and the oldest is of %s, %v", oldest, err)
		}
	})
	t.Run("and nothing new is signed again", func(t *testing.T) {
		if made, err := h.Checkpoint(t.Context(), h.keys); made != 0 || err != nil {
			t.Error(made, err)
		}
	})
}

// TestALateAnswerIsAnEvent: evidence counts as much as what moved the order.
func TestALateAnswerIsAnEvent(t *testing.T) {
	for name, settled := range map[string]bool{"while the order is open": false, "of an order that is settled": true} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			o, attempt := w.claim(w.place())
			if err := w.Advance(t.Context(), o, unknown); err != nil {
				t.Fatal(err)
			}
			if settled {
				w.complete(w.read(o.Number))
			}
			before := w.read(o.Number)
			if err := w.Answer(t.Context(), o, attempt, done, completed); !errors.Is(err, models.ErrConflict) {
				t.Fatal(err)
			}
			if after := w.read(o.Number); after.State() != before.State() {
				t.Errorf("it changed the order: %+v", after)
			}
			events, err := w.Events(t.Context(), o.ID)
			if err != nil {
				t.Fatal(err)
			}
			last := events[len(events)-1]
			if !last.Late() || last.To != before.Status || last.Reason != models.ReasonLate || last.Attempt != attempt.Number {
				t.Errorf("%+v", last)
			}
			if found, _ := auditWith(t, w.Store, auditKey(t, "")); found != "" {
				t.Error(found)
			}
		})
	}
}

// TestACheckpointIsNeverSignedOnTopOfAnother: of a key that is not known, or of
// other trees than were signed.
func TestACheckpointIsNeverSignedOnTopOfAnother(t *testing.T) {
	h := newHistory(t)
	h.pass(day)
	h.order(renewal)
	if made, err := h.Checkpoint(t.Context(), auditKey(t, h.keys.Name())); err == nil || made != 0 {
		t.Errorf("another key of the same name signed %d: %v", made, err)
	}
	attack := h.attacker()
	attack(`UPDATE checkpoints SET frontier = (SELECT frontier FROM checkpoints WHERE id = 2) WHERE id = 3`)
	if made, err := h.Checkpoint(t.Context(), h.keys); err == nil || made != 0 {
		t.Errorf("on other trees it signed %d: %v", made, err)
	}
}

// TestAChangedKeyGoesOn: older checkpoints are checked with the public key.
func TestAChangedKeyGoesOn(t *testing.T) {
	h := newHistory(t)
	private, err := audit.NewKey(h.keys.Name())
	if err != nil {
		t.Fatal(err)
	}
	old := h.keys.Public()[0]
	if h.keys, err = audit.ParseKeys(private + "\n" + old); err != nil {
		t.Fatal(err)
	}
	h.pass(day)
	h.order(renewal)
	first := h.anchor
	h.sign()
	if found, _ := h.audit(first, h.anchor); found != "" {
		t.Error(found)
	}
	t.Run("public keys are enough to look, and not to sign", func(t *testing.T) {
		public, err := audit.ParseKeys(strings.Join(h.keys.Public(), "\n"))
		if err != nil {
			t.Fatal(err)
		}
		if found, _ := auditWith(t, h.Store, public, h.anchor); found != "" {
			t.Error(found)
		}
		h.order(upgrade)
		if _, err := h.Checkpoint(t.Context(), public); !errors.Is(err, audit.ErrNoPrivateKey) {
			t.Error(err)
		}
	})
	t.Run("without the old public key the old checkpoints are nobody's", func(t *testing.T) {
		alone, err := audit.ParseKeys(private)
		if err != nil {
			t.Fatal(err)
		}
		if found, _ := auditWith(t, h.Store, alone); !strings.Contains(found, "checkpoint 1: it is signed by") {
			t.Error(found)
		}
	})
	t.Run("and without any, nobody pretends", func(t *testing.T) {
		if _, err := h.Audit(t.Context(), store.Audit{Found: func(string) {}}); !errors.Is(err, store.ErrNoAuditKey) {
			t.Error(err)
		}
	})
}

// TestManyRowsTakeManyCheckpoints: no transaction is ever long.
func TestManyRowsTakeManyCheckpoints(t *testing.T) {
	w := newWorld(t)
	w.seed(7_000)
	keys := auditKey(t, "")
	if made, err := w.Checkpoint(t.Context(), keys); err != nil || made != 2 {
		t.Fatalf("%d checkpoints: %v", made, err)
	}
	found, done := auditWith(t, w.Store, keys)
	if found != "" || done.Events != 21_000 || done.Unsigned != 0 || done.Checkpoints != 2 {
		t.Errorf("%s\n%+v", found, done)
	}
}
