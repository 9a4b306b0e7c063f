package store_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"portal/models"
)

// notes are what a viewer reads of an order's notes.
func (w *world) notes(v models.Viewer, o models.Order) []string {
	w.t.Helper()
	all, err := w.Notes(w.t.Context(), v, o.ID)
	if err != nil {
		w.t.Fatal(err)
	}
	var words []string
	for _, n := range all {
		words = append(words, n.Note)
	}
	return words
}

// TestNotesAreReadInTheOrderOfTheirWriting, each with who wrote it and when, and
// each at its own order.
func TestNotesAreReadInTheOrderOfTheirWriting(t *testing.T) {
	w := newWorld(t)
	o := w.place()
	account, viewer := w.customer(1002, "b@example.com")
	other, err := w.PlaceOrder(t.Context(), by(viewer), w.quote(viewer, account).ID, asQuoted)
	if err != nil {
		t.Fatal(err)
	}
	support, operator := w.staff(models.Support), w.staff(models.Operator)
	first := w.Now()
	for _, n := range []struct {
		by    models.Viewer
		order models.Order
		words string
	}{{support, o, "first"}, {operator, other, "elsewhere"}, {operator, o, " second\n\n  third line "}} {
		if err := w.AddNote(t.Context(), by(n.by), n.order.Number, n.words, ""); err != nil {
			t.Fatal(err)
		}
		w.pass(time.Minute)
	}
	if got := w.notes(support, o); !slices.Equal(got, []string{"first", "second\n\n  third line"}) {
		t.Errorf("%q", got)
	}
	all, err := w.Notes(t.Context(), operator, o.ID)
	if err != nil || all[0].UserID != support.User.ID || !all[0].CreatedAt.Equal(first) ||
		all[1].UserID != operator.User.ID || !all[1].CreatedAt.Equal(first.Add(2*time.Minute)) {
		t.Errorf("%+v, %v", all, err)
	}
}

// TestANoteIsForStaff: for everybody else there is no such thing, neither at
// their own order nor at another's.
func TestANoteIsForStaff(t *testing.T) {
	w := newWorld(t)
	o, support := w.place(), w.staff(models.Support)
	if err := w.AddNote(t.Context(), by(support), o.Number, "for colleagues", ""); err != nil {
		t.Fatal(err)
	}
	_, foreign := w.customer(1002, "b@example.com")
	for who, v := range map[string]models.Viewer{"its customer": w.viewer, "another": foreign, "a reseller": w.reseller("North"), "nobody": {}} {
		if notes, err := w.Notes(t.Context(), v, o.ID); !errors.Is(err, models.ErrNotFound) || notes != nil {
			t.Errorf("%s reads %v, %v", who, notes, err)
		}
		if err := w.AddNote(t.Context(), by(v), o.Number, "mine", ""); !errors.Is(err, models.ErrNotFound) {
			t.Errorf("%s writes: %v", who, err)
		}
	}
	if err := w.AddNote(t.Context(), by(support), "P20200101-NOSUCH00", "where?", ""); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("an order that is not there: %v", err)
	}
	if err := w.AddNote(t.Context(), by(support), o.Number, " \n ", ""); err == nil {
		t.Error("a note that says nothing is kept")
	}
	if got := w.notes(support, o); len(got) != 1 {
		t.Errorf("%q", got)
	}
}

// TestANoteChangesNoOrder, open or over: neither its row nor its history.
func TestANoteChangesNoOrder(t *testing.T) {
	w := newWorld(t)
	o, support := w.place(), w.staff(models.Support)
	same := func() {
		t.Helper()
		before, last := w.read(o.Number), w.lastEvent(o)
		if err := w.AddNote(t.Context(), by(support), o.Number, "called", ""); err != nil {
			t.Fatal(err)
		}
		if after := w.read(o.Number); after.State() != before.State() || w.lastEvent(o) != last {
			t.Errorf("%+v", after)
		}
	}
	same()
	w.complete(w.read(o.Number))
	same()
}

// TestANoteSentTwiceIsKeptOnce, one after the other or at the same moment; what
// differs in anything is another one.
func TestANoteSentTwiceIsKeptOnce(t *testing.T) {
	w := newWorld(t)
	o, support, operator := w.place(), w.staff(models.Support), w.staff(models.Operator)
	account, viewer := w.customer(1002, "b@example.com")
	other, err := w.PlaceOrder(t.Context(), by(viewer), w.quote(viewer, account).ID, asQuoted)
	if err != nil {
		t.Fatal(err)
	}
	var clicks []func() error
	for _, s := range w.replicas(6) {
		clicks = append(clicks, func() error { return s.AddNote(t.Context(), by(support), o.Number, "rang", "form-1") })
	}
	for _, err := range together(clicks...) {
		if err != nil {
			t.Error(err)
		}
	}
	w.pass(time.Hour)
	if err := w.AddNote(t.Context(), by(support), o.Number, "rang", "form-1"); err != nil {
		t.Error(err)
	}
	if got := w.notes(support, o); !slices.Equal(got, []string{"rang"}) {
		t.Fatalf("%q", got)
	}
	for _, n := range []struct {
		by          models.Viewer
		order       models.Order
		words, form string
	}{
		{support, o, "rang", "form-2"}, {support, o, "rang again", "form-1"}, {operator, o, "rang", "form-1"},
		{support, other, "rang", "form-1"}, {support, o, "rang", ""}, {support, o, "rang", ""},
	} {
		if err := w.AddNote(t.Context(), by(n.by), n.order.Number, n.words, n.form); err != nil {
			t.Fatal(err)
		}
	}
	if here, there := w.notes(support, o), w.notes(support, other); len(here) != 6 || len(there) != 1 {
		t.Errorf("%q, %q", here, there)
	}
}
