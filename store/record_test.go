package store_test

import (
	"fmt"
	"strings"
	"testing"

	"portal/models"
	"portal/store"
)

// changes are all entries of the log of changes behind the one with this id.
func (w *world) changes(behind int64) []models.Change {
	w.t.Helper()
	var all []models.Change
	if err := w.raw().Raw(`SELECT * FROM changes WHERE id > ? ORDER BY id`, behind).Scan(&all).Error; err != nil {
		w.t.Fatal(err)
	}
	return all
}

// TestEachThingThatPeopleDoIsInTheLogOnce: who, for whom, from where, and what was
// before and after.
func TestEachThingThatPeopleDoIsInTheLogOnce(t *testing.T) {
	const one, two = "user:101", "user:102"
	orderIs := func(o models.Order, rest string) string {
		return fmt.Sprintf(`{"number":%q,"status":%s}`, o.Number, rest)
	}
	type entry struct {
		what          models.ChangeKind
		by            models.By
		before, after string
		reason        string
		order         models.Order // it is about; none for one about an account
	}
	must := func(t *testing.T, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	propose := func(t *testing.T, w *world) (models.Order, models.Event) {
		t.Helper()
		must(t, w.SetSettleByTwo(t.Context(), true))
		o := w.toReview(pro25)
		d := asDone
		d.By = named(one)
		_, err := w.SettleOrder(t.Context(), o.Number, d)
		must(t, err)
		return o, w.lastEvent(o)
	}
	const (
		proposed = `"needs_review","provider_order_id":"PO","instance_id":"sas-seen","proposed":"completed"`
		waits    = `"needs_review"`
		outside  = `{"instance_id":"sas-outside","edition":"enterprise","machines":7,"starts_at":"2026-01-01T02:00:00Z","ends_at":"2026-05-11T02:00:00Z"}`
	)

	for name, do := range map[string]func(t *testing.T, w *world) (from int64, want entry){
		"placing an order": func(t *testing.T, w *world) (int64, entry) {
			o := w.place()
			return 0, entry{models.OrderPlaced, by(w.viewer), "", orderIs(o, `"placed"`), "", o}
		},
		"cancelling it": func(t *testing.T, w *world) (int64, entry) {
			o := w.place()
			from := w.last()
			must(t, w.CancelOrder(t.Context(), by(w.viewer), o.Number))
			return from, entry{models.OrderCancelled, by(w.viewer), orderIs(o, `"placed"`), orderIs(o, `"cancelled"`), "", o}
		},
		"a note about it": func(t *testing.T, w *world) (int64, entry) {
			o, support := w.place(), by(w.staff(models.Support))
			from := w.last()
			must(t, w.AddNote(t.Context(), support, o.Number, "rang", "form"))
			must(t, w.AddNote(t.Context(), support, o.Number, "rang", "form")) // a double click
			return from, entry{models.OrderNoted, support, orderIs(o, `"placed"`), orderIs(o, `"placed"`), "", o}
		},
		"settling a review": func(t *testing.T, w *world) (int64, entry) {
			o := w.toReview(pro25)
			from, d := w.last(), asDone
			d.By = named(one)
			must(t, w.settle(o, d))
			return from, entry{models.OrderSettled, d.By, orderIs(o, waits),
				orderIs(o, `"completed","provider_order_id":"PO","instance_id":"sas-seen"`), d.Note, o}
		},
		"letting its account order meanwhile": func(t *testing.T, w *world) (int64, entry) {
			o := w.toReview(pro25)
			from := w.last()
			must(t, w.settle(o, store.Settlement{As: models.VerdictReleased, Note: "the console is down", By: named(one)}))
			return from, entry{models.OrderReleased, named(one), orderIs(o, waits), orderIs(o, waits+`,"released":true`), "the console is down", o}
		},
		"proposing how to settle it": func(t *testing.T, w *world) (int64, entry) {
			o, _ := propose(t, w)
			return w.last() - 1, entry{models.SettlementProposed, named(one), orderIs(o, waits), orderIs(o, proposed), asDone.Note, o}
		},
		"confirming that": func(t *testing.T, w *world) (int64, entry) {
			o, p := propose(t, w)
			from := w.last()
			must(t, w.ConfirmProposal(t.Context(), o.Number, store.Confirmation{Proposal: p.ID, By: named(two), Note: "seen, too"}))
			return from, entry{models.OrderSettled, named(two), orderIs(o, proposed),
				orderIs(o, `"completed","provider_order_id":"PO","instance_id":"sas-seen"`), "seen, too", o}
		},
		"declining it": func(t *testing.T, w *world) (int64, entry) {
			o, p := propose(t, w)
			from := w.last()
			must(t, w.DeclineProposal(t.Context(), o.Number, store.Confirmation{Proposal: p.ID, By: named(two), Note: "which console?"}))
			return from, entry{models.ProposalDeclined, named(two), orderIs(o, proposed), orderIs(o, waits), "which console?", o}
		},
		"withdrawing it": func(t *testing.T, w *world) (int64, entry) {
			o, p := propose(t, w)
			from := w.last()
			must(t, w.DeclineProposal(t.Context(), o.Number, store.Confirmation{Proposal: p.ID, By: named(one), Note: "wrong bill"}))
			return from, entry{models.ProposalWithdrawn, named(one), orderIs(o, proposed), orderIs(o, waits), "wrong bill", o}
		},
		"releasing a held account": func(t *testing.T, w *world) (int64, entry) {
			h := w.hold()
			from := w.last()
			w.release(h)
			return from, entry{models.AccountReleased, looked.By,
				`{"held":true,"since":"2026-01-31T02:00:00Z","reason":"restored"}`, `{"held":false,"since":"2026-01-31T02:00:00Z","reason":"restored"}`, looked.Reason, models.Order{}}
		},
		"releasing all that are held": func(t *testing.T, w *world) (int64, entry) {
			w.hold()
			from := w.last()
			for range 2 {
				_, err := w.ReleaseAll(t.Context(), looked)
				must(t, err)
			}
			return from, entry{models.AccountReleased, looked.By,
				`{"held":true,"since":"2026-01-31T02:00:00Z","reason":"restored"}`, `{"held":false,"since":"2026-01-31T02:00:00Z","reason":"restored"}`, looked.Reason, models.Order{}}
		},
		"recording an instance that was there": func(t *testing.T, w *world) (int64, entry) {
			w.record(models.Adopted, 100*day)
			return 0, entry{models.AdoptionRecorded, by(w.operator()), "", outside, "seen in the console", models.Order{}}
		},
		"recording a renewal": func(t *testing.T, w *world) (int64, entry) {
			w.record(models.Adopted, 100*day)
			from := w.last()
			w.record(models.Renewed, 130*day)
			return from, entry{models.RenewalRecorded, by(w.operator()), outside,
				strings.Replace(outside, "2026-05-11", "2026-06-10", 1), "seen in the console", models.Order{}}
		},
		"recording a release": func(t *testing.T, w *world) (int64, entry) {
			w.record(models.Adopted, 100*day)
			from := w.last()
			w.record(models.Released, 0)
			return from, entry{models.ReleaseRecorded, by(w.operator()), outside, "", "seen in the console", models.Order{}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			from, want := do(t, w)
			made := w.changes(from)
			if len(made) != 1 {
				t.Fatalf("%d entries: %+v", len(made), made)
			}
			c := made[0]
			expected := models.Change{
				ID: c.ID, At: c.At, Actor: want.by.Actor(), RequestID: want.by.RequestID, Address: want.by.Address,
				AccountID: w.account.ID, OrderID: want.order.ID, What: want.what, Before: want.before, After: want.after, Reason: want.reason,
			}
			if c != expected || c.Address == "" || !c.At.UTC().Equal(w.Now()) {
				t.Errorf("\n%+v, want\n%+v", c, expected)
			}
		})
	}
}

// last is the id of the newest entry in the log of changes, 0 without one.
func (w *world) last() int64 {
	w.t.Helper()
	var id int64
	if err := w.raw().Raw(`SELECT coalesce(max(id), 0) FROM changes`).Scan(&id).Error; err != nil {
		w.t.Fatal(err)
	}
	return id
}

// TestABatchIsOnRecord with its reseller, and its orders with where it was
// confirmed from.
func TestABatchIsOnRecord(t *testing.T) {
	w := newWorld(t)
	admin, batch := w.batched(2)
	for range 2 {
		w.quotedItem(admin, w.batchTurn())
	}
	for range 2 { // the second changes nothing
		if err := w.StartBatch(t.Context(), by(admin), batch.ID); err != nil {
			t.Fatal(err)
		}
	}
	due, _, err := w.DueBatchItem(t.Context())
	if err != nil || due.RequestID != by(admin).RequestID || due.Address != by(admin).Address {
		t.Errorf("whoever orders knows %q %q of where it was confirmed from, %v", due.RequestID, due.Address, err)
	}
	for range 2 {
		if err := w.StopBatch(t.Context(), by(admin), batch.ID); err != nil {
			t.Fatal(err)
		}
	}
	made := w.changes(0)
	if len(made) != 2 {
		t.Fatalf("%+v", made)
	}
	for i, want := range []struct {
		what          models.ChangeKind
		before, after string
	}{
		{models.BatchStarted, `{"batch":"ID","accounts":2}`, `{"batch":"ID","accounts":2,"started":"2026-01-31T02:00:00Z"}`},
		{models.BatchHalted, `{"batch":"ID","accounts":2,"started":"2026-01-31T02:00:00Z"}`, `{"batch":"ID","accounts":0,"started":"2026-01-31T02:00:00Z"}`},
	} {
		id := strings.NewReplacer(batch.ID, "ID")
		c := made[i]
		if c.What != want.what || c.ResellerID != *admin.User.ResellerID || c.Actor != admin.Actor() || c.Address == "" || c.RequestID == "" ||
			id.Replace(c.Before) != want.before || id.Replace(c.After) != want.after {
			t.Errorf("%+v, want %+v", c, want)
		}
	}
}
