package store_test

import (
	"testing"
	"time"
)

// TestAClockThatStepsBackBetweenPurchases: what was completed last is what is
// held, whatever the clock said.
func TestAClockThatStepsBackBetweenPurchases(t *testing.T) {
	w := newWorld(t)
	w.buyAndExpire()
	old := w.quote(w.viewer, w.account)
	w.pass(-40 * 24 * time.Hour)
	second := done
	second.InstanceID = "sas-2"
	// The first purchase still runs by this clock, so the second is completed by hand.
	w.pass(40 * 24 * time.Hour)
	o, attempt := w.claim(w.place())
	w.pass(-40 * 24 * time.Hour)
	if err := w.Answer(t.Context(), o, attempt, second, completed); err != nil {
		t.Fatal(err)
	}
	held, err := w.Holdings(t.Context(), w.account.ID)
	if err != nil || held[w.account.ID].Subscription.InstanceID != "sas-2" {
		t.Fatalf("%+v %v", held[w.account.ID].Subscription, err)
	}
	w.pass(39 * 24 * time.Hour)
	if _, err := w.PlaceOrder(t.Context(), by(w.viewer), old.ID, asQuoted); err == nil {
		t.Fatal("a quote from before the second purchase was placed")
	}
}

// TestAClockThatStepsBackHidesNoOrder: what is open is looked at at once.
func TestAClockThatStepsBackHidesNoOrder(t *testing.T) {
	w := newWorld(t)
	o := w.place()
	w.pass(-time.Hour)
	if ids, err := w.Due(t.Context(), 10); err != nil || len(ids) != 1 {
		t.Errorf("placed: %v %v", ids, err)
	}
	w.pass(time.Hour)
	w.claim(o)
	w.pass(-time.Hour)
	if ids, err := w.Due(t.Context(), 10); err != nil || len(ids) != 1 {
		t.Errorf("sending: %v %v", ids, err)
	}
}

// TestTimesComeBackInUTC, wherever the machine stands.
func TestTimesComeBackInUTC(t *testing.T) {
	here := time.Local
	time.Local = time.FixedZone("here", 8*60*60)
	t.Cleanup(func() { time.Local = here })
	w := newWorld(t)
	o := w.read(w.place().Number)
	work, err := w.Work(t.Context(), o.ID)
	if err != nil {
		t.Fatal(err)
	}
	for what, at := range map[string]time.Time{
		"placed": o.PlacedAt, "due": *o.DueAt, "work": work.Now, "now": w.Now(), "an event": only(w.Events(t.Context(), o.ID)).At,
	} {
		if at.Location() != time.UTC {
			t.Errorf("%s: %s", what, at)
		}
	}
}
