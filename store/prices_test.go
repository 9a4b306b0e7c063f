package store_test

import (
	"context"
	"errors"
	"testing"

	"portal/models"
	"portal/store"
)

// sold gives the world's account to a reseller, and is who looks after it.
func (w *world) sold() (admin models.Viewer, all, one store.PriceScope) {
	w.t.Helper()
	admin = w.reseller("Own")
	if err := w.raw().Exec(`UPDATE accounts SET reseller_id = ? WHERE id = ?`, *admin.User.ResellerID, w.account.ID).Error; err != nil {
		w.t.Fatal(err)
	}
	w.account = w.reread(w.account)
	all = store.PriceScope{ResellerID: *admin.User.ResellerID}
	one = all
	one.AccountID = &w.account.ID
	return admin, all, one
}

func (w *world) prices(scope store.PriceScope) models.PriceFacts {
	w.t.Helper()
	facts, err := w.Prices(w.t.Context(), scope)
	if err != nil {
		w.t.Fatal(err)
	}
	return facts
}

func (w *world) setPrices(v models.Viewer, scope store.PriceScope, rules models.PriceFacts) error {
	return w.SetPrices(context.Background(), by(v), scope, rules, w.prices(scope).String())
}

// at is a purchase of Pro as the account pays it at a markup.
func resoldAt(m models.Markup) models.Quote {
	q := pro25
	own := q.TotalFen + q.TotalFen*models.Fen(m)/10_000
	q.Markup, q.OwnTotalFen, q.OwnLines = m, &own, []models.Line{{Kind: models.LineEdition, Edition: models.Pro, Amount: own}}
	return q
}

// TestWhoSetsPrices: who looks after the account, and nobody else. Each change is
// on record with what was before.
func TestWhoSetsPrices(t *testing.T) {
	w := newWorld(t)
	own, all, one := w.sold()
	foreign, operator := w.reseller("Foreign"), w.operator()
	rules := models.PriceFacts{"": 15_00, models.Pro: 10_00}
	for name, tc := range map[string]struct {
		v    models.Viewer
		want error
	}{
		"its customer": {w.viewer, models.ErrForbidden}, "support": {w.staff(models.Support), models.ErrForbidden}, "another reseller": {foreign, models.ErrNotFound},
	} {
		for _, scope := range []store.PriceScope{all, one} {
			if err := w.setPrices(tc.v, scope, rules); !errors.Is(err, tc.want) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if err := w.AllowDiscounts(t.Context(), by(tc.v), all.ResellerID, true); !errors.Is(err, models.ErrForbidden) {
			t.Errorf("%s allows discounts: %v", name, err)
		}
	}
	theirs := store.PriceScope{ResellerID: *foreign.User.ResellerID, AccountID: &w.account.ID}
	if err := w.setPrices(foreign, theirs, rules); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("another's account: %v", err)
	}
	if err := w.AllowDiscounts(t.Context(), by(own), all.ResellerID, true); !errors.Is(err, models.ErrForbidden) {
		t.Errorf("a reseller allows itself discounts: %v", err)
	}
	if err := w.setPrices(own, all, rules); err != nil {
		t.Fatal(err)
	}
	if err := w.setPrices(operator, one, models.PriceFacts{models.Enterprise: 0}); err != nil {
		t.Fatal(err)
	}
	if err := w.setPrices(own, all, rules); err != nil {
		t.Fatal(err) // the same again is no change
	}
	p, err := w.OwnPrices(t.Context(), w.account)
	if err != nil || p.Markup(models.Pro) != 10_00 || p.Markup(models.Enterprise) != 0 {
		t.Errorf("%+v %v", p, err)
	}
	if direct, err := w.OwnPrices(t.Context(), models.Account{ID: 99}); direct != nil || err != nil {
		t.Errorf("without a reseller: %+v %v", direct, err)
	}
	changes, err := w.PriceChanges(t.Context(), all, 10)
	if err != nil || len(changes) != 1 || changes[0].Actor != own.Actor() || changes[0].AccountID != 0 || changes[0].Before != "{}" || changes[0].After != rules.String() {
		t.Errorf("%+v %v", changes, err)
	}
	changes, err = w.Changes(t.Context(), w.account.ID, 10)
	if err != nil || len(changes) != 1 || changes[0].Actor != operator.Actor() || changes[0].After != `{"enterprise":0}` {
		t.Errorf("%+v %v", changes, err)
	}
	if err := w.SetPrices(t.Context(), by(own), all, models.PriceFacts{}, "{}"); !errors.Is(err, models.ErrConflict) {
		t.Errorf("who has looked at other rules: %v", err)
	}
	accounts, err := w.AccountsWithPrices(t.Context(), own, all.ResellerID, 0, 10)
	if err != nil || len(accounts) != 1 || accounts[0].ID != w.account.ID {
		t.Errorf("%+v %v", accounts, err)
	}
}

// TestNothingIsSoldBelowListUnlessAllowed: not by a new rule, and not by an old
// one once it is allowed no longer.
func TestNothingIsSoldBelowListUnlessAllowed(t *testing.T) {
	w := newWorld(t)
	own, all, one := w.sold()
	operator := by(w.operator())
	below := models.PriceFacts{models.Pro: -5_00}
	for _, scope := range []store.PriceScope{all, one} {
		if err := w.setPrices(own, scope, below); !errors.Is(err, models.ErrDiscount) {
			t.Errorf("%+v: %v", scope, err)
		}
		if err := w.setPrices(operator.Viewer, scope, below); !errors.Is(err, models.ErrDiscount) {
			t.Errorf("%+v, an operator: %v", scope, err)
		}
	}
	for range 2 {
		if err := w.AllowDiscounts(t.Context(), operator, all.ResellerID, true); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.setPrices(own, all, below); err != nil {
		t.Fatal(err)
	}
	quote := w.offer(resoldAt(-5_00))
	if p, _ := w.OwnPrices(t.Context(), w.account); p.Markup(models.Pro) != -5_00 {
		t.Errorf("%+v", p)
	}
	if err := w.AllowDiscounts(t.Context(), operator, all.ResellerID, false); err != nil {
		t.Fatal(err)
	}
	if p, _ := w.OwnPrices(t.Context(), w.account); p.Markup(models.Pro) != 0 {
		t.Errorf("%+v", p)
	}
	w.notAtThisPrice(quote)
	changes, err := w.PriceChanges(t.Context(), all, 10)
	if err != nil || len(changes) != 3 || changes[0].What != models.DiscountsRefused || changes[2].What != models.DiscountsAllowed {
		t.Errorf("%+v %v", changes, err)
	}
}

func (w *world) notAtThisPrice(q models.Quote) {
	w.t.Helper()
	var changed *models.QuoteChangedError
	if _, err := w.PlaceOrder(w.t.Context(), by(w.viewer), q.ID, asQuoted); !errors.As(err, &changed) || len(changed.Reasons) != 1 || changed.Reasons[0] != models.OwnPrice {
		w.t.Errorf("placed: %v", err)
	}
}

// TestAnOrderKeepsBothPrices: as they were, whatever is sold at later. A quote at
// another price than is in force is none.
func TestAnOrderKeepsBothPrices(t *testing.T) {
	w := newWorld(t)
	own, all, one := w.sold()
	if err := w.setPrices(own, all, models.PriceFacts{"": 20_00}); err != nil {
		t.Fatal(err)
	}
	w.notAtThisPrice(w.offer(pro25)) // at list, from before
	quote, late := w.offer(resoldAt(20_00)), w.offer(resoldAt(20_00))
	placed := w.placeQuote(quote)
	if err := w.setPrices(own, one, models.PriceFacts{models.Pro: 30_00}); err != nil {
		t.Fatal(err)
	}
	o, err := w.Order(t.Context(), own, placed.Number)
	if err != nil || o.TotalFen != pro25.TotalFen || *o.OwnTotalFen != *quote.OwnTotalFen || o.Markup != 20_00 || o.MarginFen() != *quote.OwnTotalFen-pro25.TotalFen {
		t.Errorf("%+v %v", o, err)
	}
	theirs, err := w.Order(t.Context(), w.viewer, placed.Number)
	if err != nil || theirs.TotalFen != *quote.OwnTotalFen || theirs.OwnTotalFen != nil || theirs.Markup != 0 || theirs.MarginFen() != 0 {
		t.Errorf("its customer: %+v %v", theirs, err)
	}
	if _, err := w.PlaceOrder(t.Context(), by(w.viewer), quote.ID, asQuoted); err != nil {
		t.Errorf("placed twice: %v", err)
	}
	if err := w.CancelOrder(t.Context(), by(w.viewer), placed.Number); err != nil {
		t.Fatal(err)
	}
	w.notAtThisPrice(late)
	w.placeQuote(w.offer(resoldAt(30_00)))
	w.whole()
}

func (w *world) whole() {
	w.t.Helper()
	found := ""
	if _, err := w.Audit(w.t.Context(), store.Audit{Found: func(s string) { found += s + "\n" }}); err != nil || found != "" {
		w.t.Errorf("%s%v", found, err)
	}
}

// TestAPriceAndAPlacingAtTheSameMoment: whichever comes first, no order is placed
// at a price after somebody was told that there is another one.
func TestAPriceAndAPlacingAtTheSameMoment(t *testing.T) {
	for range 10 {
		w := newWorld(t)
		own, all, _ := w.sold()
		if err := w.setPrices(own, all, models.PriceFacts{"": 20_00}); err != nil {
			t.Fatal(err)
		}
		quote, two := w.offer(resoldAt(20_00)), w.replicas(2)
		var changed *models.QuoteChangedError
		var set, placed bool
		errs := together(
			func() error {
				err := two[0].SetPrices(context.Background(), by(own), all, models.PriceFacts{"": 25_00}, `{"":2000}`)
				set = err == nil
				return err
			},
			func() error {
				_, err := two[1].PlaceOrder(context.Background(), by(w.viewer), quote.ID, asQuoted)
				placed = err == nil
				if errors.As(err, &changed) {
					return nil
				}
				return err
			})
		for _, err := range errs {
			if err != nil {
				t.Fatal(err)
			}
		}
		orders, err := w.Orders(t.Context(), own, store.OrderFilter{}, 0, 10)
		if err != nil || !set || placed != (len(orders) == 1) {
			t.Fatalf("set %v, placed %v, %d orders, %v", set, placed, len(orders), err)
		}
		if w.prices(all)[""] != 25_00 {
			t.Error("the new price was lost")
		}
		w.whole()
	}
}

// TestAChangedOwnPriceIsFound: what an account paid is sealed as what the provider
// debited is, and so is who changed what a reseller sells at.
func TestAChangedOwnPriceIsFound(t *testing.T) {
	w := newWorld(t)
	h := &history{world: w, keys: auditKey(t, "")}
	admin, all, one := w.sold()
	for scope, rules := range map[*store.PriceScope]models.PriceFacts{&all: {"": 20_00}, &one: {models.Pro: 30_00}} {
		if err := w.setPrices(admin, *scope, rules); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.AllowDiscounts(t.Context(), by(w.operator()), all.ResellerID, true); err != nil {
		t.Fatal(err)
	}
	if err := w.CancelOrder(t.Context(), by(w.viewer), w.placeQuote(w.offer(resoldAt(30_00))).Number); err != nil {
		t.Fatal(err)
	}
	seen, own := w.outside(models.Adopted, 90*day), models.Fen(7)
	seen.OwnPaidFen, seen.Markup = &own, 30_00
	if _, err := w.Record(t.Context(), by(w.operator()), seen, nil); err != nil {
		t.Fatal(err)
	}
	h.sign()
	if found, _ := h.audit(h.anchor); found != "" {
		t.Fatal(found)
	}
	db := h.disarmed()
	for table, columns := range map[string][]string{
		"orders": {"own_total_fen", "markup"}, "quotes": {"own_total_fen", "markup", "own_lines"},
		"outside_events": {"own_paid_fen", "markup"}, "changes": {"reseller_id", "account_id", "before", "after"},
	} {
		_, all := rows(t, db, table)
		for _, row := range all {
			for _, column := range columns {
				for _, value := range append(others(column, row[column]), nil) {
					if value == nil && row[column] == nil || value == nil && (column == "markup" || column == "before" || column == "after") {
						continue
					}
					set := `UPDATE ` + table + ` SET ` + column + ` = ? WHERE id = ?`
					if err := db.Exec(set, value, row["id"]).Error; err != nil {
						t.Fatalf("%s.%s = %v: %v", table, column, value, err)
					}
					if found, _ := h.audit(h.anchor); found == "" {
						t.Errorf("%s.%s went from %v to %v, and nobody noticed", table, column, row[column], value)
					}
					if err := db.Exec(set, row[column], row["id"]).Error; err != nil {
						t.Fatal(err)
					}
				}
			}
		}
	}
	if found, _ := h.audit(h.anchor); found != "" {
		t.Fatalf("put back as it was, it is not whole: %s", found)
	}
}
