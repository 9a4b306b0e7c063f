package store_test

import (
	"errors"
	"flag"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"

	"portal/dbtest"
	"portal/models"
	"portal/store"
)

// found is what a search gives, in words: "order P…", "account 7", "person a@example.com".
func found(t testing.TB, w *world, v models.Viewer, typed string) []string {
	t.Helper()
	f, err := w.Search(t.Context(), v, models.Seek(typed))
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, o := range f.Orders {
		all = append(all, "order "+o.Number)
	}
	for _, a := range f.Accounts {
		all = append(all, "account "+a.Name)
	}
	for _, p := range f.People {
		all = append(all, "person "+p.Email)
	}
	return all
}

// TestEverythingIsFoundByAnyIDOfIt, by those who may see it, and by nobody else.
func TestEverythingIsFoundByAnyIDOfIt(t *testing.T) {
	w := newWorld(t)
	north, south := w.reseller("North"), w.reseller("South")
	account, err := w.AddAccount(t.Context(), models.Account{OwnerID: 1217259133477183, Name: "Yunqi 云栖", ResellerID: north.User.ResellerID})
	if err != nil {
		t.Fatal(err)
	}
	customer, err := w.AddUser(t.Context(), models.User{Email: "li@yunqi.example", Role: models.Customer, AccountID: &account.ID, PasswordHash: "x"})
	if err != nil {
		t.Fatal(err)
	}
	w.account, w.viewer = account, models.Viewer{User: customer}

	// A first answer that proved nothing, then the one that completed it.
	o, attempt := w.claim(w.place())
	if err := w.Answer(t.Context(), o, attempt, models.Answer{Outcome: models.OutcomeUnknown, HTTPStatus: 503, RequestID: "5C8F2A1B-0001"}, unknown); err != nil {
		t.Fatal(err)
	}
	o, attempt = w.claim(w.read(o.Number))
	if err := w.Answer(t.Context(), o, attempt, models.Answer{
		Outcome: models.OutcomeDone, HTTPStatus: 200, ProviderOrderID: "202811000000001", InstanceID: "sas-1a2b3c4d", RequestID: "5C8F2A1B-0002",
	}, completed); err != nil {
		t.Fatal(err)
	}
	o = w.read(o.Number)
	all := []string{"order " + o.Number}
	support, operator := w.staff(models.Support), w.staff(models.Operator)
	for what, tc := range map[string]struct {
		typed string
		want  []string
	}{
		"order number":                {o.Number, all},
		"order number, dictated":      {strings.ToLower(strings.NewReplacer("-", " ").Replace(o.Number)), all},
		"client token":                {o.ClientToken, all},
		"client token, in lower case": {strings.ToLower(o.ClientToken), all},
		"provider OrderId":            {"202811000000001", all},
		"provider OrderId, in groups": {"20281 10000 00001", all},
		"InstanceId":                  {"SAS-1a2b3c4d", all},
		"RequestId of the order":      {"5c8f2a1b-0002", all},
		"RequestId of an attempt":     {"5C8F2A1B-0001", all},
		"OwnerId":                     {"1217259133477183", []string{"account Yunqi 云栖"}},
		"account name":                {"yunqi 云栖", []string{"account Yunqi 云栖"}},
		"the name's beginning":        {"YUN", []string{"account Yunqi 云栖"}},
		"e-mail":                      {"Li@Yunqi.example", []string{"person li@yunqi.example"}},
		"a part of the number":        {o.Number[:12], nil},
		"a part of the address":       {"li@yunqi", nil},
		"the name's middle":           {"云栖", nil},
		"nothing":                     {" ", nil},
		"what patterns are made of":   {"%", nil},
	} {
		for who, v := range map[string]models.Viewer{
			"support": support, "operator": operator, "its reseller": north,
		} {
			if got := found(t, w, v, tc.typed); !slices.Equal(got, tc.want) {
				t.Errorf("%s finds by %s (%s): %q, want %q", who, what, tc.typed, got, tc.want)
			}
		}
		if got := found(t, w, south, tc.typed); got != nil {
			t.Errorf("another reseller finds by %s: %q", what, got)
		}
		if f, err := w.Search(t.Context(), w.viewer, models.Seek(tc.typed)); !errors.Is(err, models.ErrNotFound) || len(f.Orders)+len(f.Accounts)+len(f.People) > 0 {
			t.Errorf("the customer searches by %s: %+v, %v", what, f, err)
		}
	}
}

// TestWhatWasAdoptedIsFoundByItsInstance: no order of ours brought it.
func TestWhatWasAdoptedIsFoundByItsInstance(t *testing.T) {
	w := newWorld(t)
	op, start, end := w.staff(models.Operator), w.Now().AddDate(0, -1, 0), w.Now().AddDate(1, 0, 0)
	if _, err := w.Record(t.Context(), by(op), models.OutsideEvent{
		AccountID: w.account.ID, Kind: models.Adopted, InstanceID: "sas-0c2e5a7d", Edition: models.Pro, InstanceCount: 20,
		StartsAt: &start, EndsAt: &end, Reason: "Sold by hand.",
	}, nil); err != nil {
		t.Fatal(err)
	}
	f, err := w.Search(t.Context(), op, models.Seek("SAS-0C2E5A7D"))
	if _, account := f.Only(); err != nil || account == nil || account.ID != w.account.ID {
		t.Fatalf("%+v, %v", f, err)
	}
	if got := found(t, w, w.reseller("North"), "sas-0c2e5a7d"); got != nil {
		t.Errorf("a reseller finds another's: %q", got)
	}
}

// TestOnlyWhatWasMeantIsThePage: a part of a name is a question, not an answer.
func TestOnlyWhatWasMeantIsThePage(t *testing.T) {
	w := newWorld(t)
	support := w.staff(models.Support)
	for i, name := range []string{"Linhai", "Linhai Trading", "Twins", "twins", "100% Cloud", "100 Clouds"} {
		if _, err := w.AddAccount(t.Context(), models.Account{OwnerID: int64(2000 + i), Name: name}); err != nil {
			t.Fatal(err)
		}
	}
	for typed, want := range map[string]string{
		"2001": "Linhai Trading", "linhai trading": "Linhai Trading", "100%": "", "100% CLOUD": "100% Cloud",
		"linhai": "", "linhai t": "", "twins": "", "a@example.com": "Account a@example.com", "support@example.com": "", "nobody@example.com": "",
	} {
		f, err := w.Search(t.Context(), support, models.Seek(typed))
		if err != nil {
			t.Fatal(err)
		}
		order, account := f.Only()
		got := ""
		if account != nil {
			got = account.Name
		}
		if got != want || order != nil {
			t.Errorf("%q leads to %q, want %q", typed, got, want)
		}
	}
	if got := found(t, w, support, "linhai"); !slices.Equal(got, []string{"account Linhai", "account Linhai Trading"}) {
		t.Errorf("the whole name does not come first: %q", got)
	}
}

// TestALongListSaysThatThereIsMore.
func TestALongListSaysThatThereIsMore(t *testing.T) {
	w := newWorld(t)
	w.seed(store.SearchLimit)
	support := w.staff(models.Support)
	f, err := w.Search(t.Context(), support, models.Seek("account 10"))
	if err != nil || len(f.Accounts) != store.SearchLimit || f.MoreAccounts {
		t.Fatalf("%d, more: %v, %v", len(f.Accounts), f.MoreAccounts, err)
	}
	w.customer(7, "z@example.com")
	f, err = w.Search(t.Context(), support, models.Seek("account"))
	if err != nil || len(f.Accounts) != store.SearchLimit || !f.MoreAccounts {
		t.Fatalf("%d, more: %v, %v", len(f.Accounts), f.MoreAccounts, err)
	}
}

// TestStuckIsWhatNoWorkerTakesUp, in any of the statuses in which one should.
func TestStuckIsWhatNoWorkerTakesUp(t *testing.T) {
	w := newWorld(t)
	support, first := w.staff(models.Support), w.account
	stuck := func(v models.Viewer) (numbers []string) {
		t.Helper()
		orders, err := w.Stuck(t.Context(), v, 10)
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range orders {
			numbers = append(numbers, o.Number)
		}
		return numbers
	}
	placed := w.place()
	owner := w.viewer
	w.pass(time.Second)
	w.account, w.viewer = w.customer(1002, "b@example.com")
	sending, _ := w.claim(w.place())
	w.pass(models.StuckAfter - 2*time.Second)
	if got := stuck(support); got != nil {
		t.Fatalf("too early: %q", got)
	}
	w.pass(time.Second)
	if got := stuck(support); !slices.Equal(got, []string{placed.Number}) {
		t.Fatalf("one that was placed a minute ago: %q", got)
	}
	w.pass(time.Minute)
	if got := stuck(support); !slices.Equal(got, []string{placed.Number, sending.Number}) {
		t.Fatalf("and one whose lease has run out: %q", got)
	}
	if got := stuck(owner); !slices.Equal(got, []string{placed.Number}) {
		t.Errorf("the customer of %s sees %q", first.Name, got)
	}
}

// TestASearchReadsNoWholeTable: every lookup goes by an index, whoever asks, also
// when the database has counted what there is. PostgreSQL reads small tables whole
// unless it is told not to.
func TestASearchReadsNoWholeTable(t *testing.T) {
	w := newWorld(t)
	viewers := map[string]models.Viewer{"support": w.staff(models.Support), "reseller": w.reseller("North")}
	whole := regexp.MustCompile(`SCAN (orders|attempts|accounts|users|outside_events)|Seq Scan`)
	look := func(when string) {
		t.Helper()
		for who, v := range viewers {
			for what, plan := range w.searchPlans(v, models.Seek("Account 1")) {
				if m := whole.FindString(plan); m != "" || plan == "" {
					t.Errorf("%s, %s, %s: %q in\n%s", when, who, what, m, plan)
				}
			}
		}
	}
	look("new")
	w.seed(1000)
	if err := w.raw().Exec(`ANALYZE`).Error; err != nil {
		t.Fatal(err)
	}
	w.Store = dbtest.Reopen(t, w.dsn, w.now) // which has read the counts
	look("counted")
}

var million = flag.Bool("million", false, "search among a million orders instead of 200,000")

// sought is one search of each kind, for the order that seed makes as number i.
func sought(i int) map[string]string {
	return map[string]string{
		"order number": fmt.Sprintf("p20260131 %08d", i), "ClientToken": fmt.Sprintf("token-%020d", i),
		"provider OrderId": fmt.Sprintf("2028%011d", i), "InstanceId": fmt.Sprintf("sas-%016d", i),
		"RequestId": fmt.Sprintf("5C8F2A1B-6D3E-4F70-9A8B-%012d", i), "OwnerId": fmt.Sprint(6000 + i),
		"account name": fmt.Sprint("account ", 1000+i), "e-mail": "a@example.com", "nothing": "no such thing",
		"a name's beginning": "acc",
	}
}

// BenchmarkSearch finds one thing among all, as support and as the admin of a
// reseller to whom one account in 500 belongs.
func BenchmarkSearch(b *testing.B) {
	orders := 200_000
	if *million {
		orders = 1_000_000
	}
	w := newWorld(b)
	w.seed(orders)
	viewers := map[string]models.Viewer{"support": w.staff(models.Support), "reseller": w.reseller("North")}
	if err := w.raw().Exec(`UPDATE accounts SET reseller_id = ? WHERE id % 500 = 0`, viewers["reseller"].User.ResellerID).Error; err != nil {
		b.Fatal(err)
	}
	if err := w.raw().Exec(`ANALYZE`).Error; err != nil { // a server that is not a test's does so by itself
		b.Fatal(err)
	}
	for what, typed := range sought(orders / 2) {
		for who, v := range viewers {
			b.Run(what+"/"+who, func(b *testing.B) {
				want := what != "nothing" && (who == "support" || what != "e-mail") // which is of an account without a reseller
				for b.Loop() {
					if got := found(b, w, v, typed); (got != nil) != want {
						b.Fatalf("%q: %q", typed, got)
					}
				}
			})
		}
	}
	b.Run("queue", func(b *testing.B) {
		for b.Loop() {
			if _, err := w.Stuck(b.Context(), viewers["support"], 20); err != nil {
				b.Fatal(err)
			}
			if _, err := w.CountOrders(b.Context(), viewers["support"], store.OrderFilter{Status: models.Rejected, From: w.Now()}); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// searchPlans is how the database goes about what a search and the queue ask.
func (w *world) searchPlans(v models.Viewer, q models.Sought) map[string]string {
	w.t.Helper()
	plans := map[string]string{}
	explain := "EXPLAIN QUERY PLAN "
	if dbtest.Postgres() {
		explain = "EXPLAIN "
	}
	for what, query := range w.SearchQueries(v, q) {
		err := w.Reader().Transaction(func(tx *gorm.DB) error {
			if dbtest.Postgres() {
				if err := tx.Exec("SET LOCAL enable_seqscan = off").Error; err != nil {
					return err
				}
			}
			rows, err := tx.Raw(explain+query.SQL.String(), query.Vars...).Rows()
			if err != nil {
				return err
			}
			defer func() { _ = rows.Close() }()
			for rows.Next() {
				var line string
				into := []any{&line}
				if !dbtest.Postgres() {
					into = []any{new(int), new(int), new(int), &line}
				}
				if err := rows.Scan(into...); err != nil {
					return err
				}
				plans[what] += line + "\n"
			}
			return rows.Err()
		})
		if err != nil {
			w.t.Fatal(what, err)
		}
	}
	return plans
}

// reseller is the admin of a reseller of its own.
func (w *world) reseller(name string) models.Viewer {
	w.t.Helper()
	r, err := w.AddReseller(w.t.Context(), name)
	if err != nil {
		w.t.Fatal(err)
	}
	user, err := w.AddUser(w.t.Context(), models.User{Email: name + "@reseller.example", Role: models.ResellerAdmin, ResellerID: &r.ID, PasswordHash: "x"})
	if err != nil {
		w.t.Fatal(err)
	}
	return models.Viewer{User: user}
}
