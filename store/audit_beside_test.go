package store_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"portal/dbtest"
	"portal/models"
)

// TestNoCheckpointWhileAnEventIsUnderWay: on a server an id is given before it
// is committed. A checkpoint over higher ones would lack it for good.
func TestNoCheckpointWhileAnEventIsUnderWay(t *testing.T) {
	dbtest.NeedsPostgres(t)
	h := &history{world: newWorld(t), keys: auditKey(t, "")}
	h.place()
	underWay := h.raw().Begin()
	err := underWay.Exec(`INSERT INTO events (order_id, at, "from", "to", reason, actor, note, attempt, digest, state, hash)
		SELECT order_id, at, "from", "to", reason, actor, note, attempt, digest, state, hash FROM events`).Error
	if err != nil {
		t.Fatal(err)
	}
	account, viewer := h.customer(1002, "b@example.com")
	if _, err := h.PlaceOrder(t.Context(), by(viewer), h.quote(viewer, account).ID, asQuoted); err != nil {
		t.Fatal("whoever appends waits for another who does:", err)
	}
	if made, err := h.Checkpoint(t.Context(), h.keys); err == nil || made != 0 {
		t.Fatalf("%d checkpoints, and one id is still to come", made)
	}
	if err := underWay.Rollback().Error; err != nil {
		t.Fatal(err)
	}
	h.sign()
	if found, done := h.audit(h.anchor); found != "" || done.Unsigned != 0 || done.Events != 2 {
		t.Errorf("%s %+v", found, done)
	}
}

// TestNoCheckpointWhileANoteIsUnderWay, for the same reason.
func TestNoCheckpointWhileANoteIsUnderWay(t *testing.T) {
	dbtest.NeedsPostgres(t)
	h := &history{world: newWorld(t), keys: auditKey(t, "")}
	o, support := h.place(), h.staff(models.Support)
	underWay := h.raw().Begin()
	err := underWay.Exec(`INSERT INTO order_notes (order_id, user_id, note, once, created_at) VALUES (?, ?, 'first', 'x', now())`, o.ID, support.User.ID).Error
	if err != nil {
		t.Fatal(err)
	}
	if err := h.AddNote(t.Context(), by(support), o.Number, "second", ""); err != nil {
		t.Fatal("whoever writes waits for another who does:", err)
	}
	if made, err := h.Checkpoint(t.Context(), h.keys); err == nil || made != 0 {
		t.Fatalf("%d checkpoints, and one id is still to come", made)
	}
	if err := underWay.Commit().Error; err != nil {
		t.Fatal(err)
	}
	h.sign()
	if found, done := h.audit(h.anchor); found != "" || done.Unsigned != 0 || done.Notes != 2 {
		t.Errorf("%s %+v", found, done)
	}
}

// TestALateAnswerAndAMoveAtTheSameMoment: the order's events stay one chain, and
// so do the checkpoints that two replicas sign.
func TestALateAnswerAndAMoveAtTheSameMoment(t *testing.T) {
	h := &history{world: newWorld(t), keys: auditKey(t, "")}
	replica := dbtest.Reopen(t, h.dsn, h.now)
	var together sync.WaitGroup
	for i := range 10 {
		account, viewer := h.customer(int64(2000+i), fmt.Sprintf("c%d@example.com", i))
		placed, err := h.PlaceOrder(t.Context(), by(viewer), h.quote(viewer, account).ID, asQuoted)
		if err != nil {
			t.Fatal(err)
		}
		lost, attempt := h.claim(placed)
		if err := h.Advance(t.Context(), lost, unknown); err != nil {
			t.Fatal(err)
		}
		work, err := h.Work(t.Context(), placed.ID)
		if err != nil {
			t.Fatal(err)
		}
		together.Go(func() {
			if err := h.Answer(t.Context(), lost, attempt, done, completed); !errors.Is(err, models.ErrConflict) {
				t.Error("the late answer:", err)
			}
		})
		together.Go(func() {
			if _, _, err := replica.Claim(t.Context(), work.Order, "CreateInstance", 1); err != nil {
				t.Error("the claim:", err)
			}
		})
	}
	for range 2 {
		together.Go(func() { _, _ = h.Checkpoint(t.Context(), h.keys) })
		together.Go(func() { _, _ = replica.Checkpoint(t.Context(), h.keys) })
	}
	together.Wait()
	if found, done := h.audit(); found != "" || done.Events != 50 {
		t.Errorf("%s\n%+v", found, done)
	}
}
