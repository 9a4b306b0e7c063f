package store_test

import (
	"sync"
	"testing"
	"time"

	"gorm.io/gorm"

	"portal/dbtest"
	"portal/models"
	"portal/store"
)

// world is a migrated database with an account, its customer and a clock that
// tests set.
type world struct {
	*store.Store
	t       testing.TB
	dsn     string
	mu      sync.Mutex
	at      time.Time
	account models.Account
	viewer  models.Viewer
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{t: t, at: time.Date(2026, 1, 31, 2, 0, 0, 0, time.UTC)}
	w.Store, w.dsn = dbtest.Open(t, w.now)
	w.account, w.viewer = w.customer(1001, "a@example.com")
	return w
}

func (w *world) now() time.Time { w.mu.Lock(); defer w.mu.Unlock(); return w.at }

func (w *world) pass(d time.Duration) { w.mu.Lock(); defer w.mu.Unlock(); w.at = w.at.Add(d) }

func (w *world) customer(owner int64, email string) (models.Account, models.Viewer) {
	w.t.Helper()
	account, err := w.AddAccount(w.t.Context(), models.Account{OwnerID: owner, Name: "Account " + email})
	if err != nil {
		w.t.Fatal(err)
	}
	user, err := w.AddUser(w.t.Context(), models.User{Email: email, Role: models.Customer, AccountID: &account.ID, PasswordHash: "x"})
	if err != nil {
		w.t.Fatal(err)
	}
	return account, models.Viewer{User: user}
}

func (w *world) staff(role models.Role) models.Viewer {
	w.t.Helper()
	user, err := w.AddUser(w.t.Context(), models.User{Email: string(role) + "@example.com", Role: role, PasswordHash: "x"})
	if err != nil {
		w.t.Fatal(err)
	}
	return models.Viewer{User: user}
}

// asQuoted is a world in which nothing has changed since the quote.
var asQuoted = store.Placing{InstanceCount: 25, PriceBookHash: "book", CredentialProfile: "default"}

func (w *world) quote(v models.Viewer, account models.Account) models.Quote {
	w.t.Helper()
	q, err := w.AddQuote(w.t.Context(), v, models.Quote{
		AccountID: account.ID, LastOrderID: w.held(account).LastOrderID, Kind: models.Buy, Edition: models.Pro, VersionCode: "level1",
		Cycle: models.Month, Duration: 1, InstanceCount: 25, CountReadAt: w.Now(), PriceBookHash: "book",
		TotalFen: 150000, Lines: []models.Line{{Kind: models.LineEdition, Amount: 150000}},
		ExpiresAt: w.Now().Add(30 * time.Minute),
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return q
}

// held is what an account holds.
func (w *world) held(account models.Account) store.Holding {
	w.t.Helper()
	held, err := w.Holdings(w.t.Context(), account.ID)
	if err != nil {
		w.t.Fatal(err)
	}
	return held[account.ID]
}

func (w *world) place() models.Order {
	w.t.Helper()
	order, err := w.PlaceOrder(w.t.Context(), by(w.viewer), w.quote(w.viewer, w.account).ID, asQuoted)
	if err != nil {
		w.t.Fatal(err)
	}
	return order
}

func (w *world) claim(o models.Order) (models.Order, models.Attempt) {
	w.t.Helper()
	o, attempt, err := w.Claim(w.t.Context(), o, "CreateInstance?OwnerId=1001", 15*time.Second)
	if err != nil {
		w.t.Fatal(err)
	}
	return o, attempt
}

func (w *world) read(number string) models.Order {
	w.t.Helper()
	o, err := w.Order(w.t.Context(), w.viewer, number)
	if err != nil {
		w.t.Fatal(err)
	}
	return o
}

// raw opens the database beside the store, as somebody who has it could.
func (w *world) raw() *gorm.DB { w.t.Helper(); return dbtest.Raw(w.t, w.dsn) }

var (
	done = models.Answer{Outcome: models.OutcomeDone, HTTPStatus: 200, ProviderOrderID: "PO1", InstanceID: "sas-1", RequestID: "R1"}

	completed = store.Next{Status: models.Completed, Reason: models.ReasonDone}
	unknown   = store.Next{Status: models.Unknown, Reason: models.ReasonNoAnswer}
)

// buyAndExpire completes another purchase and lets its month pass.
func (w *world) buyAndExpire() {
	w.t.Helper()
	o, attempt := w.claim(w.place())
	if err := w.Answer(w.t.Context(), o, attempt, done, completed); err != nil {
		w.t.Fatal(err)
	}
	w.pass(32 * 24 * time.Hour)
}

func second[T any](_ T, err error) error { return err }
