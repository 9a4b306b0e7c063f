package store_test

import (
	"errors"
	"regexp"
	"testing"
	"time"

	"portal/dbtest"
	"portal/models"
	"portal/store"
)

const day = 24 * time.Hour

// order quotes, places and completes an order of any kind for the world's account.
func (w *world) order(q models.Quote) models.Order {
	w.t.Helper()
	return w.complete(w.placeQuote(w.offer(q)))
}

// offer keeps a quote as a handler would fill it in.
func (w *world) offer(q models.Quote) models.Quote {
	w.t.Helper()
	q, err := w.AddQuote(w.t.Context(), w.viewer, w.filled(q))
	if err != nil {
		w.t.Fatal(err)
	}
	return q
}

func (w *world) filled(q models.Quote) models.Quote {
	held := w.held(w.account)
	q.AccountID, q.PriceBookHash, q.VersionCode = w.account.ID, "book", "level1"
	q.LastOrderID, q.LastOutsideID = held.LastOrderID, held.LastOutsideID
	q.CountReadAt, q.ExpiresAt = w.Now(), w.Now().Add(30*time.Minute)
	if s := held.Subscription; q.Kind != models.Buy && s != nil {
		q.InstanceID, q.Held = s.InstanceID, &models.Held{Edition: s.Edition, InstanceCount: s.InstanceCount, EndsAt: s.EndsAt}
	}
	return q
}

func (w *world) placeQuote(q models.Quote) models.Order {
	w.t.Helper()
	o, err := w.PlaceOrder(w.t.Context(), by(w.viewer), q.ID, store.Placing{
		InstanceCount: q.InstanceCount, PriceBookHash: "book", CredentialProfile: "default",
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return o
}

func (w *world) complete(o models.Order) models.Order {
	w.t.Helper()
	claimed, attempt := w.claim(o)
	answer := models.Answer{Outcome: models.OutcomeDone, HTTPStatus: 200, RequestID: "R" + o.Number}
	if o.Kind != models.Refund {
		answer.ProviderOrderID = "PO" + o.Number
	}
	if o.Kind == models.Buy {
		answer.InstanceID = "sas-" + o.Number
	}
	if err := w.Answer(w.t.Context(), claimed, attempt, answer, completed); err != nil {
		w.t.Fatal(err)
	}
	return w.read(o.Number)
}

var (
	pro25   = models.Quote{Kind: models.Buy, Edition: models.Pro, Cycle: models.Month, Duration: 1, InstanceCount: 25, TotalFen: 150000, Lines: []models.Line{{Kind: models.LineEdition, UnitFen: 6000, Amount: 150000}}}
	renewal = models.Quote{Kind: models.Renew, Edition: models.Pro, Cycle: models.Month, Duration: 1, InstanceCount: 30, TotalFen: 180000, Lines: []models.Line{{Kind: models.LineEdition, UnitFen: 6000, Amount: 180000}}}
	upgrade = models.Quote{Kind: models.Upgrade, Edition: models.Enterprise, InstanceCount: 30, TotalFen: 300000, Lines: []models.Line{{Kind: models.LineNew, UnitFen: 15000, Amount: 450000}, {Kind: models.LineOld, Amount: -150000}}}
	refund  = models.Quote{Kind: models.Refund, Edition: models.Enterprise, InstanceCount: 30, TotalFen: 1000, Lines: []models.Line{{Kind: models.LinePaid, Amount: 1000}, {Kind: models.LineInFull}}}
)

// TestAWholeLife: buy, renew, upgrade, refund, buy anew, and what is held after
// each.
func TestAWholeLife(t *testing.T) {
	w := newWorld(t)
	bought := w.order(pro25)
	w.pass(10 * day)
	renewed := w.order(renewal)
	if !renewed.StartsAt.Equal(*bought.EndsAt) || !renewed.EndsAt.Equal(models.AddMonths(*bought.EndsAt, 1)) {
		t.Fatalf("the renewal runs from %s to %s; the purchase until %s", renewed.StartsAt, renewed.EndsAt, bought.EndsAt)
	}
	s := w.held(w.account).Subscription
	if s.InstanceID != bought.InstanceID || s.InstanceCount != 25 || !s.EndsAt.Equal(*renewed.EndsAt) || len(s.Periods) != 2 || s.Last().InstanceCount != 30 {
		t.Fatalf("after the renewal: %+v", s)
	}

	w.pass(5 * day)
	upgraded := w.order(upgrade)
	if upgraded.InstanceID != bought.InstanceID || !upgraded.EndsAt.Equal(*renewed.EndsAt) {
		t.Fatalf("the upgrade: %+v", upgraded)
	}
	s = w.held(w.account).Subscription
	if s.Edition != models.Enterprise || s.InstanceCount != 30 || s.Last().Edition != models.Enterprise || !s.EndsAt.Equal(*renewed.EndsAt) {
		t.Fatalf("after the upgrade: %+v", s)
	}

	refunded := w.order(refund)
	if refunded.StartsAt != nil || !refunded.EndsAt.Equal(w.Now()) || refunded.ProviderOrderID != "" {
		t.Fatalf("the refund: %+v", refunded)
	}
	held := w.held(w.account)
	if held.Subscription != nil || !held.HadFullRefund(w.Now()) || held.HadFullRefund(w.Now().AddDate(1, 0, 0)) {
		t.Fatalf("after the refund: %+v", held)
	}
	if len(held.Entries) != 4 {
		t.Fatalf("%d entries", len(held.Entries))
	}
	again := w.order(pro25)
	if s := w.held(w.account).Subscription; s == nil || s.InstanceID != again.InstanceID || len(s.Periods) != 1 {
		t.Fatalf("after buying anew: %+v", s)
	}
}

func TestARenewalOfWhatHasEndedStartsAtTheOldEnd(t *testing.T) {
	w := newWorld(t)
	bought := w.order(pro25)
	w.pass(40 * day)
	if renewed := w.order(renewal); !renewed.StartsAt.Equal(*bought.EndsAt) {
		t.Fatalf("from %s, not from %s", renewed.StartsAt, bought.EndsAt)
	}
}

func TestWhatMayBeStarted(t *testing.T) {
	w := newWorld(t)
	for kind, want := range map[models.Kind]error{
		models.Renew: models.ErrNotSubscribed, models.Upgrade: models.ErrNotSubscribed, models.Refund: models.ErrNotSubscribed,
	} {
		if _, err := w.AddQuote(t.Context(), w.viewer, w.filled(models.Quote{Kind: kind})); !errors.Is(err, want) {
			t.Errorf("%s without a subscription: %v", kind, err)
		}
	}
	w.order(pro25)
	later := map[models.Kind]models.Quote{}
	for kind, q := range map[models.Kind]models.Quote{models.Upgrade: upgrade, models.Refund: refund} {
		q = w.filled(q)
		q.ExpiresAt = w.Now().Add(365 * day)
		var err error
		if later[kind], err = w.AddQuote(t.Context(), w.viewer, q); err != nil {
			t.Fatal(err)
		}
	}
	w.pass(32 * day)
	for kind, q := range later {
		if _, err := w.AddQuote(t.Context(), w.viewer, w.filled(q)); !errors.Is(err, models.ErrExpired) {
			t.Errorf("quoting a %s after the end: %v", kind, err)
		}
		if _, err := w.PlaceOrder(t.Context(), by(w.viewer), q.ID, asQuoted); !errors.Is(err, models.ErrExpired) {
			t.Errorf("placing a %s after the end: %v", kind, err)
		}
	}
}

// TestAQuoteHoldsOnlyForWhatItSaw: whatever happens to the subscription voids
// the quotes made before.
func TestAQuoteHoldsOnlyForWhatItSaw(t *testing.T) {
	for name, happen := range map[string]func(*world){
		"another order":         func(w *world) { w.order(upgrade) },
		"an entry from outside": func(w *world) { w.record(models.Renewed, 60*day) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.order(pro25)
			stale := w.filled(renewal)
			quote := w.offer(renewal)
			happen(w)
			if _, err := w.AddQuote(t.Context(), w.viewer, stale); !errors.Is(err, models.ErrConflict) {
				t.Errorf("quoting by the old history: %v", err)
			}
			var changed *models.QuoteChangedError
			_, err := w.PlaceOrder(t.Context(), by(w.viewer), quote.ID, store.Placing{InstanceCount: 30, PriceBookHash: "book", CredentialProfile: "default"})
			if !errors.As(err, &changed) || len(changed.Reasons) != 1 || changed.Reasons[0] != models.AccountChanged {
				t.Errorf("placing: %v", err)
			}
		})
	}
	t.Run("an end that moves on by itself", func(t *testing.T) {
		w := newWorld(t)
		auto := pro25
		auto.AutoRenew, auto.AutoRenewMonths = true, 1
		bought := w.order(auto)
		w.pass(bought.EndsAt.Sub(w.Now()) - time.Minute)
		quote := w.offer(renewal)
		w.pass(2 * time.Minute)
		var changed *models.QuoteChangedError
		_, err := w.PlaceOrder(t.Context(), by(w.viewer), quote.ID, store.Placing{InstanceCount: 30, PriceBookHash: "book", CredentialProfile: "default"})
		if !errors.As(err, &changed) {
			t.Fatalf("placing: %v", err)
		}
		s := w.held(w.account).Subscription
		if s.State(w.Now()) != models.PresumedRenewed || !s.EndsAt.Equal(models.AddMonths(*bought.EndsAt, 1)) || !s.ConfirmedEnd().Equal(*bought.EndsAt) {
			t.Fatalf("%+v", s)
		}
	})
}

// record enters something from outside that ends so long from now.
func (w *world) record(kind models.OutsideKind, ends time.Duration) models.OutsideEvent {
	w.t.Helper()
	e, err := w.Record(w.t.Context(), by(w.operator()), w.outside(kind, ends), nil)
	if err != nil {
		w.t.Fatal(err)
	}
	return e
}

func (w *world) outside(kind models.OutsideKind, ends time.Duration) models.OutsideEvent {
	start, end := w.Now().Add(-30*day), w.Now().Add(ends)
	e := models.OutsideEvent{
		AccountID: w.account.ID, Kind: kind, InstanceID: "sas-outside", Edition: models.Enterprise, InstanceCount: 7,
		StartsAt: &start, EndsAt: &end, PaidFen: 123456, Reason: "seen in the console",
	}
	if s := w.held(w.account).Subscription; s != nil {
		e.InstanceID = s.InstanceID
	}
	return e
}

func (w *world) operator() models.Viewer {
	w.t.Helper()
	user, err := w.UserByEmail(w.t.Context(), "operator@example.com")
	if errors.Is(err, models.ErrNotFound) {
		return w.staff(models.Operator)
	}
	if err != nil {
		w.t.Fatal(err)
	}
	return models.Viewer{User: user}
}

func TestWhatOperatorsRecord(t *testing.T) {
	t.Run("an instance that existed before", func(t *testing.T) {
		w := newWorld(t)
		w.record(models.Adopted, 100*day)
		s := w.held(w.account).Subscription
		if s == nil || s.InstanceID != "sas-outside" || s.Edition != models.Enterprise || s.InstanceCount != 7 || s.Periods[0].Payments[0].Fen != 123456 {
			t.Fatalf("%+v", s)
		}
		if _, err := w.Record(t.Context(), by(w.operator()), w.outside(models.Adopted, 200*day), nil); !errors.Is(err, models.ErrSubscribed) {
			t.Errorf("a second one: %v", err)
		}
		renewed := w.order(renewal)
		if renewed.InstanceID != "sas-outside" || !renewed.StartsAt.Equal(s.EndsAt) {
			t.Errorf("its renewal: %+v", renewed)
		}
		other, _ := w.customer(1002, "b@example.com")
		e := w.outside(models.Adopted, 100*day)
		e.AccountID, e.InstanceID = other.ID, "sas-outside"
		if _, err := w.Record(t.Context(), by(w.operator()), e, nil); !errors.Is(err, models.ErrExists) {
			t.Errorf("the same instance for another account: %v", err)
		}
	})
	t.Run("a renewal", func(t *testing.T) {
		w := newWorld(t)
		bought := w.order(pro25)
		if _, err := w.Record(t.Context(), by(w.operator()), w.outside(models.Renewed, day), nil); !errors.Is(err, models.ErrTooEarly) {
			t.Errorf("one that ends before what is known: %v", err)
		}
		e := w.record(models.Renewed, 60*day)
		if !e.StartsAt.Equal(*bought.EndsAt) {
			t.Errorf("it begins at %s", e.StartsAt)
		}
		if s := w.held(w.account).Subscription; !s.EndsAt.Equal(*e.EndsAt) || s.InstanceCount != 25 || s.Last().InstanceCount != 7 {
			t.Errorf("%+v", s)
		}
	})
	t.Run("a purchase in review is not completed with another account's instance", func(t *testing.T) {
		w := newWorld(t)
		taken := w.order(pro25).InstanceID
		other, viewer := w.customer(1002, "b@example.com")
		w.account, w.viewer = other, viewer
		o := w.placeQuote(w.offer(pro25))
		claimed, attempt := w.claim(o)
		err := w.Answer(t.Context(), claimed, attempt, models.Answer{Outcome: models.OutcomeContradicted}, store.Next{Status: models.NeedsReview, Reason: models.ReasonContradicted})
		if err != nil {
			t.Fatal(err)
		}
		d := store.Settlement{As: models.VerdictCompleted, Note: "seen", ProviderOrderID: "1", InstanceID: taken}
		if err := w.settle(o, d); !errors.Is(err, models.ErrExists) {
			t.Error("two accounts hold one instance")
		}
		d.InstanceID = "sas-mine"
		if err := w.settle(o, d); err != nil {
			t.Error(err)
		}
	})
	t.Run("a release", func(t *testing.T) {
		w := newWorld(t)
		w.order(pro25)
		gone := w.record(models.Released, 0)
		if w.held(w.account).Subscription != nil || gone.PaidFen != 0 || gone.Edition != models.Pro {
			t.Errorf("%+v", gone)
		}
		if _, err := w.Record(t.Context(), by(w.operator()), w.outside(models.Released, 0), nil); !errors.Is(err, models.ErrNotSubscribed) {
			t.Errorf("a second one: %v", err)
		}
		w.order(pro25) // and on it goes, behind the entry
		if w.held(w.account).Subscription == nil {
			t.Error("the entry stands behind the purchase that came after it")
		}
	})
	t.Run("not of another instance than is held", func(t *testing.T) {
		w := newWorld(t)
		w.order(pro25)
		e := w.outside(models.Released, 0)
		e.InstanceID = "sas-other"
		if _, err := w.Record(t.Context(), by(w.operator()), e, nil); !errors.Is(err, models.ErrConflict) {
			t.Error(err)
		}
	})
	t.Run("not while an order is open", func(t *testing.T) {
		w := newWorld(t)
		w.placeQuote(w.offer(pro25))
		var open *models.OpenOrderError
		if _, err := w.Record(t.Context(), by(w.operator()), w.outside(models.Adopted, day), nil); !errors.As(err, &open) {
			t.Error(err)
		}
	})
	t.Run("and nobody else", func(t *testing.T) {
		w := newWorld(t)
		for _, v := range []models.Viewer{w.viewer, w.staff(models.Support)} {
			if _, err := w.Record(t.Context(), by(v), w.outside(models.Adopted, day), nil); !errors.Is(err, models.ErrForbidden) {
				t.Errorf("%s: %v", v.User.Role, err)
			}
		}
	})
	t.Run("with a reason", func(t *testing.T) {
		w := newWorld(t)
		e := w.outside(models.Adopted, day)
		e.Reason = " \n"
		if _, err := w.Record(t.Context(), by(w.operator()), e, nil); err == nil {
			t.Error("no reason was needed")
		}
	})
}

// TestTheDatabaseKeepsTheHistory: even from somebody who has the file.
func TestTheDatabaseKeepsTheHistory(t *testing.T) {
	w := newWorld(t)
	bought := w.order(pro25)
	w.record(models.Renewed, 60*day)
	quote := w.offer(renewal)
	db := w.raw()
	refused := func(what, sql string, args ...any) {
		t.Helper()
		err := db.Exec(sql, args...).Error
		if err == nil || !regexp.MustCompile(`never|names its instance|keeps its instance|says what it did`).MatchString(err.Error()) {
			t.Errorf("%s: the database says %v", what, err)
		}
	}
	for name, sql := range map[string]string{
		"deleting an entry":  `DELETE FROM outside_events`,
		"changing an entry":  `UPDATE outside_events SET paid_fen = 0`,
		"replacing an entry": replace("outside_events"),
		"an order without its instance": `INSERT INTO orders (id, number, quote_id, client_token, account_id, owner_id, user_id, kind, edition, version_code, cycle, duration, auto_renew, auto_renew_months, instance_count, total_fen, credential_profile, placed_at, status, reason, claim, due_at, attempts, code, message, instance_id, provider_order_id, request_id, updated_at)
			SELECT 99, 'P1', '` + quote.ID + `', 't', account_id, owner_id, user_id, 'refund', edition, version_code, cycle, duration, auto_renew, auto_renew_months, instance_count, total_fen, credential_profile, placed_at, 'placed', reason, 0, placed_at, 0, '', '', '', '', '', updated_at FROM orders WHERE number = '` + bought.Number + `'`,
	} {
		refused(name, sql)
	}
	o := w.placeQuote(quote)
	refused("another instance", `UPDATE orders SET instance_id = 'sas-other' WHERE number = ?`, o.Number)
	w.claim(o)
	refused("completed without dates", `UPDATE orders SET status = 'completed', lease_until = NULL, provider_order_id = 'x' WHERE number = ?`, o.Number)
}

// replace is how a row could be put in another one's place.
func replace(table string) string {
	if dbtest.Postgres() {
		return `INSERT INTO ` + table + ` SELECT * FROM ` + table + ` ON CONFLICT (id) DO UPDATE SET id = excluded.id`
	}
	return `INSERT OR REPLACE INTO ` + table + ` SELECT * FROM ` + table
}
