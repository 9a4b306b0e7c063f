package store_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"portal/models"
	"portal/store"
)

// oversight is a portal whose accounts are in every state that a list tells
// apart, all of one reseller but for the last.
func oversight(t testing.TB) (w *world, admin models.Viewer, names map[string]models.Account) {
	w = newWorld(t)
	admin, names = w.reseller("Own"), map[string]models.Account{}
	db, at := w.raw(), w.Now()
	add := func(name string, kind models.Kind, auto, machines, owned int, end time.Time, fen models.Fen) {
		t.Helper()
		account, viewer := w.customer(int64(7000+len(names)), fmt.Sprintf("list-%d@example.com", len(names)))
		if err := db.Exec(`UPDATE accounts SET name = ?, reseller_id = ? WHERE id = ?`, name, admin.User.ResellerID, account.ID).Error; err != nil {
			t.Fatal(err)
		}
		account.Name = name
		names[name] = account
		if kind != "" {
			starts := models.AddMonths(end, -1)
			_, err := w.Record(t.Context(), by(w.operator()), models.OutsideEvent{
				AccountID: account.ID, Kind: models.Adopted, InstanceID: "sas-" + name, Edition: models.Pro, InstanceCount: machines,
				StartsAt: &starts, EndsAt: &end, AutoRenew: auto > 0, AutoRenewMonths: auto, Reason: "as seen",
			}, nil)
			if err != nil {
				t.Fatal(name, err)
			}
		}
		if owned > 0 {
			if err := w.NoteCount(t.Context(), account.OwnerID, models.Count{Machines: owned, ReadAt: at}, nil); err != nil {
				t.Fatal(err)
			}
		}
		if fen > 0 {
			w.account, w.viewer = account, viewer
			o, attempt := w.claim(w.place())
			if err := w.Answer(t.Context(), o, attempt, done, completed); err != nil {
				t.Fatal(err)
			}
		}
	}
	const day = 24 * time.Hour
	add("Nothing", "", 0, 0, 12, at, 0)
	add("Lasting", models.Buy, 0, 25, 25, at.Add(300*day), 0)
	add("Ending", models.Buy, 0, 25, 20, at.Add(10*day), 0)
	add("Ended", models.Buy, 0, 25, 40, at.Add(-3*day), 0)
	add("Renewing", models.Buy, 12, 25, 30, at.Add(20*day), 0)
	add("Presumed", models.Buy, 1, 25, 27, at.Add(-3*day), 0)
	add("Spending", "", 0, 0, 35, at, 150000)
	return w, admin, names
}

// listed are the names of what a filter gives, page by page of this many.
func (w *world) listed(v models.Viewer, f store.AccountFilter, page int) []string {
	w.t.Helper()
	var names []string
	for behind := ""; ; {
		rows, err := w.ListAccounts(w.t.Context(), v, f, behind, page)
		if err != nil {
			w.t.Fatal(err)
		}
		for _, r := range rows {
			names = append(names, r.Name)
		}
		if len(rows) < page {
			break
		}
		behind = rows[len(rows)-1].Key
	}
	n, err := w.CountAccounts(w.t.Context(), v, f)
	if err != nil || n != len(names) {
		w.t.Errorf("%+v: %d in the list, counted %d (%v)", f, len(names), n, err)
	}
	return names
}

func TestTheListOfAccountsNarrowsByState(t *testing.T) {
	w, admin, names := oversight(t)
	customer := w.viewer
	for state, want := range map[models.AccountState][]string{
		"":                          {"Ended", "Ending", "Lasting", "Nothing", "Presumed", "Renewing", "Spending"},
		models.AccountsUnsubscribed: {"Nothing"},
		models.AccountsActive:       {"Ending", "Lasting", "Renewing", "Spending"},
		models.AccountsExpiring:     {"Ending", "Spending"},
		models.AccountsExpired:      {"Ended"},
		models.AccountsPresumed:     {"Presumed"},
		models.AccountsOutgrown:     {"Presumed", "Renewing", "Spending"},
		models.AccountsAttention:    nil,
		models.AccountsSuspended:    nil,
	} {
		if got := w.listed(admin, store.AccountFilter{State: state}, 100); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", state, got, want)
		}
	}
	w.account = names["Nothing"]
	w.limits(w.account, nil, fen(0))
	user, err := w.AddUser(t.Context(), models.User{Email: "waits@example.com", Role: models.Customer, AccountID: &w.account.ID, PasswordHash: "x"})
	if err != nil {
		t.Fatal(err)
	}
	w.viewer = models.Viewer{User: user}
	waits := w.place()
	if got := w.listed(admin, store.AccountFilter{State: models.AccountsAttention}, 100); !slices.Equal(got, []string{"Nothing"}) {
		t.Errorf("while an order awaits approval: %v", got)
	}
	if err := w.CancelOrder(t.Context(), by(w.viewer), waits.Number); err != nil {
		t.Fatal(err)
	}
	if got := w.listed(admin, store.AccountFilter{State: models.AccountsAttention}, 100); got != nil {
		t.Errorf("when it no longer does: %v", got)
	}
	w.viewer = w.operator()
	o, attempt := w.claim(w.place())
	if err := w.Answer(t.Context(), o, attempt, models.Answer{Outcome: models.OutcomeUnknown}, unknown); err != nil {
		t.Fatal(err)
	}
	if err := w.SuspendAccount(t.Context(), by(admin), names["Ended"].ID, "does not pay"); err != nil {
		t.Fatal(err)
	}
	for state, want := range map[models.AccountState]string{models.AccountsAttention: "Nothing", models.AccountsSuspended: "Ended"} {
		if got := w.listed(admin, store.AccountFilter{State: state}, 100); !slices.Equal(got, []string{want}) {
			t.Errorf("%s: %v", state, got)
		}
	}
	t.Run("and another's are not there", func(t *testing.T) {
		if got := w.listed(w.reseller("Foreign"), store.AccountFilter{}, 100); got != nil {
			t.Error(got)
		}
		if got := w.listed(customer, store.AccountFilter{}, 100); got != nil {
			t.Error("a customer has a list:", got)
		}
		if got := w.listed(w.operator(), store.AccountFilter{}, 100); len(got) != len(names)+1 {
			t.Error(got)
		}
	})
}

// TestTheListOfAccountsIsWholeInEveryOrder, however small its pages are.
func TestTheListOfAccountsIsWholeInEveryOrder(t *testing.T) {
	w, admin, _ := oversight(t)
	for sort, want := range map[models.AccountSort][]string{
		models.SortName:     {"Ended", "Ending", "Lasting", "Nothing", "Presumed", "Renewing", "Spending"},
		models.SortEnd:      {"Ended", "Ending", "Renewing", "Presumed", "Spending", "Lasting", "Nothing"},
		models.SortSpend:    {"Spending", "Presumed", "Renewing", "Ended", "Ending", "Lasting", "Nothing"},
		models.SortOutgrown: {"Spending", "Renewing", "Presumed", "Ended", "Ending", "Lasting", "Nothing"},
	} {
		f := store.AccountFilter{Sort: sort, Since: w.Now().Add(-time.Hour)}
		if sort == models.SortSpend { // those that spent nothing come by id, backwards
			want = []string{"Spending", "Presumed", "Renewing", "Ended", "Ending", "Lasting", "Nothing"}
		}
		whole := w.listed(admin, f, 100)
		if sort == models.SortSpend {
			if whole[0] != want[0] || len(whole) != len(want) {
				t.Errorf("%s: %v", sort, whole)
			}
		} else if sort == models.SortOutgrown {
			if !slices.Equal(whole[:3], want[:3]) || len(whole) != len(want) {
				t.Errorf("%s: %v", sort, whole)
			}
		} else if !slices.Equal(whole, want) {
			t.Errorf("%s: %v, want %v", sort, whole, want)
		}
		for page := 1; page < 4; page++ {
			if got := w.listed(admin, f, page); !slices.Equal(got, whole) {
				t.Errorf("%s by %d: %v, want %v", sort, page, got, whole)
			}
		}
	}
	for query, want := range map[string]int{"END": 3, "nding": 2, "700": 7, "%": 0} {
		if got := w.listed(admin, store.AccountFilter{Query: query}, 100); len(got) != want {
			t.Errorf("%q: %v", query, got)
		}
	}
	if got := w.listed(admin, store.AccountFilter{Edition: models.Enterprise}, 100); got != nil {
		t.Error(got)
	}
	if rows, err := w.ListAccounts(t.Context(), admin, store.AccountFilter{Sort: models.SortEnd}, "nonsense~x", 3); err != nil || len(rows) != 3 {
		t.Error("a cursor that is none:", rows, err)
	}
}

func TestTheListOfAccountsSaysWhatWasSpentAndOrderedLast(t *testing.T) {
	w, admin, names := oversight(t)
	row := func(since time.Time) store.ListedAccount {
		t.Helper()
		rows, err := w.ListAccounts(t.Context(), admin, store.AccountFilter{Query: "Spending", Since: since}, "", 2)
		if err != nil || len(rows) != 1 {
			t.Fatal(rows, err)
		}
		return rows[0]
	}
	if r := row(w.Now()); r.SpentFen != 150000 || r.LastOrder == nil || r.LastOrder.AccountID != names["Spending"].ID || r.Counted.Machines != 35 || r.OwnerID != names["Spending"].OwnerID {
		t.Errorf("%+v", r)
	}
	if r := row(w.Now().Add(time.Second)); r.SpentFen != 0 {
		t.Errorf("before: %d", r.SpentFen)
	}
}

// TestStandingsAreTheHistory: what lists go by is written with every entry,
// turns as time passes, and is made anew from nothing.
func TestStandingsAreTheHistory(t *testing.T) {
	w, admin, names := oversight(t)
	right := func(when string) {
		t.Helper()
		if wrong, err := w.WrongStandings(t.Context(), 10); err != nil || len(wrong) > 0 {
			t.Errorf("%s: %v (%v)", when, wrong, err)
		}
	}
	right("as written")
	for range 14 {
		w.pass(31 * 24 * time.Hour)
		if _, err := w.RefreshStandings(t.Context()); err != nil {
			t.Fatal(err)
		}
		right("later")
	}
	if got := w.listed(admin, store.AccountFilter{State: models.AccountsPresumed}, 100); !slices.Equal(got, []string{"Presumed", "Renewing"}) {
		t.Error(got)
	}
	end := w.Now()
	_, err := w.Record(t.Context(), by(w.operator()), models.OutsideEvent{
		AccountID: names["Renewing"].ID, Kind: models.Released, InstanceID: "sas-Renewing", EndsAt: &end, Reason: "as seen",
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	right("after a release")
	if got := w.listed(admin, store.AccountFilter{State: models.AccountsUnsubscribed}, 100); !slices.Equal(got, []string{"Nothing", "Renewing"}) {
		t.Error(got)
	}
	if err := w.raw().Exec(`UPDATE standings SET edition = '', machines = 0, ends_at = NULL, turns_at = ?`, w.Now()).Error; err != nil {
		t.Fatal(err)
	}
	if n, err := w.RefreshStandings(t.Context()); err != nil || n != len(names)+1 {
		t.Fatal(n, err)
	}
	right("from nothing")
	if err := w.raw().Exec(`UPDATE standings SET machines = 99 WHERE account_id = ?`, names["Lasting"].ID).Error; err != nil {
		t.Fatal(err)
	}
	if wrong, err := w.WrongStandings(t.Context(), 10); err != nil || !slices.Equal(wrong, []int64{names["Lasting"].ID}) {
		t.Errorf("an edit goes unseen: %v (%v)", wrong, err)
	}
}

// BenchmarkAccountList is a page of a reseller with 2000 accounts, beside 10,000
// of others.
func BenchmarkAccountList(b *testing.B) {
	w := newWorld(b)
	w.seed(12_000)
	admin := w.reseller("Own")
	db := w.raw()
	for _, sql := range []string{
		fmt.Sprintf(`UPDATE accounts SET reseller_id = %d WHERE id BETWEEN 2001 AND 4000`, *admin.User.ResellerID),
		`UPDATE standings SET turns_at = '2026-01-01 00:00:00+00:00'`,
		`UPDATE account_counts SET machines = account_id % 60 + 1, read_at = due_at`, `ANALYZE`,
	} {
		if err := db.Exec(sql).Error; err != nil {
			b.Fatal(err)
		}
	}
	if n, err := w.RefreshStandings(b.Context()); err != nil || n < 12_000 {
		b.Fatal(n, err)
	}
	for _, sort := range models.AccountSorts() {
		f := store.AccountFilter{Sort: sort, Since: w.Now().Add(-24 * time.Hour)}
		b.Run(string(sort), func(b *testing.B) {
			for b.Loop() {
				if rows, err := w.ListAccounts(b.Context(), admin, f, "", 21); err != nil || len(rows) != 21 {
					b.Fatal(len(rows), err)
				}
			}
		})
	}
	for _, state := range models.AccountStates() {
		f := store.AccountFilter{State: state}
		b.Run("count "+string(state), func(b *testing.B) {
			for b.Loop() {
				if _, err := w.CountAccounts(b.Context(), admin, f); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
