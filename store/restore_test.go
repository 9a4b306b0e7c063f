package store_test

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pressly/goose/v3"

	"portal/dbtest"
	"portal/migrations"
	"portal/models"
	"portal/store"
)

// inEvery is a world with an account for each status, whose order has it.
func inEvery(t *testing.T) (*world, map[models.Status]models.Order) {
	t.Helper()
	w := newWorld(t)
	orders := map[models.Status]models.Order{}
	for i, status := range models.Statuses() {
		account, viewer := w.customer(int64(2000+i), string(status)+"@example.com")
		if status == models.AwaitingApproval {
			if err := w.SetLimits(t.Context(), by(w.operator()), account.ID, nil, new(models.Fen)); err != nil {
				t.Fatal(err)
			}
		}
		o, err := w.PlaceOrder(t.Context(), by(viewer), w.quote(viewer, account).ID, asQuoted)
		if err != nil {
			t.Fatal(err)
		}
		if status != models.AwaitingApproval && status != models.Placed && status != models.Cancelled {
			var attempt models.Attempt
			o, attempt = w.claim(o)
			next := store.Next{Status: status, Reason: models.ReasonDone}
			answer := done
			if status != models.Completed {
				answer = models.Answer{Outcome: models.OutcomeUnknown}
			}
			if status == models.Unknown {
				next = unknown
			}
			if status != models.Sending {
				if err := w.Answer(t.Context(), o, attempt, answer, next); err != nil {
					t.Fatal(err)
				}
			}
		}
		if status == models.Cancelled {
			if err := w.CancelOrder(t.Context(), by(viewer), o.Number); err != nil {
				t.Fatal(err)
			}
		}
		if orders[status], err = w.Order(t.Context(), viewer, o.Number); err != nil || orders[status].Status != status {
			t.Fatal(orders[status].Status, err)
		}
	}
	return w, orders
}

// backup copies the world's database, and gives the copy's path.
func (w *world) backup() string { w.t.Helper(); return dbtest.Copy(w.t, w.dsn, w.now) }

// restored is a world of the same clock around a copy that was restored.
func (w *world) restored(file string) (*world, store.Restored) {
	w.t.Helper()
	dsn, done := dbtest.Restore(w.t, file, w.now)
	return w.around(dsn), done
}

// around is a world of the same clock around another database.
func (w *world) around(dsn string) *world {
	w.t.Helper()
	return &world{
		t: w.t, dsn: dsn, at: w.now(), account: w.account, viewer: w.viewer, Store: dbtest.Reopen(w.t, dsn, w.now),
	}
}

// restoring is a restore to a database of its own, which is not there yet.
func (w *world) restoring() store.Restoration {
	w.t.Helper()
	return store.Restoration{Database: dbtest.Empty(w.t), Provider: "sandbox", Actor: "command:root", Now: w.now}
}

func (w *world) signIn() {
	w.t.Helper()
	sessions := w.Sessions(false)
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	session, err := sessions.New(r, "portal")
	if err != nil {
		w.t.Fatal(err)
	}
	session.Values[store.SessionUser] = w.viewer.User.ID
	if err := sessions.Save(r, httptest.NewRecorder(), session); err != nil {
		w.t.Fatal(err)
	}
}

func TestAfterARestoreNothingIsSent(t *testing.T) {
	w, orders := inEvery(t)
	w.signIn()
	taken := w.Now()
	file := w.backup()
	w.pass(3 * time.Hour)
	again, got := w.restored(file)
	var moved []models.Status
	for _, o := range got.Orders {
		moved = append(moved, o.Status)
	}
	if !slices.Equal(moved, []models.Status{models.AwaitingApproval, models.Placed, models.Sending, models.Unknown}) || got.InReview != 1 ||
		got.Held != 9 || got.Sessions != 1 || got.Accounts != 9 || got.OpenOrders != 5 || got.Orders[1].Number != orders[models.Placed].Number {
		t.Errorf("%+v", got)
	}
	if !got.Newest.Equal(taken) || got.TakenAt.IsZero() != dbtest.Postgres() || !got.TakenAt.IsZero() && !got.TakenAt.Equal(taken) {
		t.Errorf("taken at %s, newest %s, want %s", got.TakenAt, got.Newest, taken)
	}
	if err := again.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	if due, err := again.Due(t.Context(), 10); err != nil || len(due) != 0 {
		t.Errorf("due: %v %v", due, err)
	}
	for status, before := range orders {
		o := again.mustRead(before.Number)
		events, err := again.Events(t.Context(), o.ID)
		if err != nil {
			t.Fatal(err)
		}
		last := events[len(events)-1]
		switch status {
		case models.AwaitingApproval, models.Placed, models.Sending, models.Unknown:
			if o.Status != models.NeedsReview || o.Reason != models.ReasonRestored {
				t.Errorf("what was %s is %s (%s)", status, o.Status, o.Reason)
			}
			if last.From != status || last.Actor != "command:root" || !strings.Contains(last.Note, taken.Format(time.RFC3339)) {
				t.Errorf("what was %s has the event %+v", status, last)
			}
		default:
			if o.Status != status || !o.UpdatedAt.Equal(before.UpdatedAt) {
				t.Errorf("what was %s is %s since %s", status, o.Status, o.UpdatedAt)
			}
		}
		chain := ""
		for _, e := range events {
			if e.Hash != e.Chain(chain) {
				t.Errorf("what was %s has a broken chain", status)
			}
			chain = e.Hash
		}
		held, err := again.Holdings(t.Context(), o.AccountID)
		if err != nil {
			t.Fatal(err)
		}
		hold := held[o.AccountID].Hold
		if hold == nil || hold.Reason != models.HeldRestored || !hold.Since.Equal(w.Now()) || hold.Actor != "command:root" ||
			!strings.Contains(hold.Note, taken.Format(time.RFC3339)) {
			t.Errorf("the account of what was %s is held by %+v", status, hold)
		}
	}
	var sessions int64
	if err := again.raw().Raw(`SELECT count(*) FROM sessions`).Scan(&sessions).Error; err != nil || sessions != 0 {
		t.Errorf("%d sessions go on (%v)", sessions, err)
	}
}

func TestRestoringAgainChangesNothing(t *testing.T) {
	w, _ := inEvery(t)
	again, _ := w.restored(w.backup())
	if err := again.Close(); err != nil {
		t.Fatal(err)
	}
	r := w.restoring()
	r.Database = again.dsn
	got, err := r.RestoreInPlace(t.Context())
	if err != nil || len(got.Orders) != 0 || got.InReview != 5 || got.Held != 0 || got.Sessions != 0 {
		t.Errorf("%+v %v", got, err)
	}
}

// TestARestoredDatabaseIsOneFileThatNobodyElseReads: what stands beside it would
// be taken for its own.
func TestARestoredDatabaseIsOneFileThatNobodyElseReads(t *testing.T) {
	dbtest.NeedsSQLite(t)
	w, _ := inEvery(t)
	file, r := w.backup(), w.restoring()
	defer syscall.Umask(syscall.Umask(0)) // the widest: only the program keeps others out
	if _, err := r.Restore(t.Context(), file); err != nil {
		t.Fatal(err)
	}
	leaves(t, filepath.Dir(r.Database), "portal.db")
	if info, err := os.Stat(r.Database); err != nil || info.Mode() != 0o600 {
		t.Errorf("%v %v", info.Mode(), err)
	}
	t.Run("and is not restored over", func(t *testing.T) {
		before, err := os.ReadFile(r.Database)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.Restore(t.Context(), file); err == nil || !strings.Contains(err.Error(), "there already") {
			t.Errorf("%v", err)
		}
		if after, err := os.ReadFile(r.Database); err != nil || string(after) != string(before) {
			t.Error("it was written to")
		}
	})
}

// TestADatabaseThatSomethingElseBroughtBack: a copy by other means does not say
// that it is one.
func TestADatabaseThatSomethingElseBroughtBack(t *testing.T) {
	w, orders := inEvery(t)
	r := w.restoring()
	r.Database = w.dsn
	t.Run("is left alone while somebody uses it", func(t *testing.T) {
		if _, err := r.RestoreInPlace(t.Context()); err == nil || !strings.Contains(err.Error(), "another program is using it") {
			t.Errorf("%v", err)
		}
		if o := w.mustRead(orders[models.Placed].Number); o.Status != models.Placed {
			t.Errorf("the order is %s", o.Status)
		}
	})
	newest := w.Now()
	w.pass(time.Hour)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	path, isFile := store.File(w.dsn)
	if isFile {
		if err := os.Chmod(path, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := r.RestoreInPlace(t.Context())
	if err != nil || len(got.Orders) != 4 || got.Held != 9 || !got.TakenAt.IsZero() || !got.Newest.Equal(newest) {
		t.Fatalf("%+v %v", got, err)
	}
	if info, err := os.Stat(path); isFile && (err != nil || info.Mode() != 0o600) {
		t.Errorf("everybody may read it: %v %v", info.Mode(), err)
	}
	again := w.around(w.dsn)
	if err := again.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	if note := again.held(w.account).Hold.Note; !strings.Contains(note, "unknown age") || !strings.Contains(note, newest.Format(time.RFC3339)) {
		t.Errorf("the note is %q", note)
	}
}

func TestADatabaseThatIsMissingIsNotMade(t *testing.T) {
	dbtest.NeedsSQLite(t)
	r := newWorld(t).restoring()
	if _, err := r.RestoreInPlace(t.Context()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v", err)
	}
	leaves(t, filepath.Dir(r.Database))
}

// TestAPortalThatStartsDuringARestoreIsNoticed. (A file nobody else can open.)
func TestAPortalThatStartsDuringARestoreIsNoticed(t *testing.T) {
	dbtest.NeedsPostgres(t)
	w, orders := inEvery(t)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	r := w.restoring()
	r.Database = w.dsn
	var began *world
	r.Step = func(step string) error {
		if step == "checked" {
			began = w.around(w.dsn)
		}
		return nil
	}
	if _, err := r.RestoreInPlace(t.Context()); err == nil || !strings.Contains(err.Error(), "another program is using it") {
		t.Errorf("%v", err)
	}
	if o := began.mustRead(orders[models.Placed].Number); o.Status != models.Placed {
		t.Errorf("the order is %s", o.Status)
	}
	if err := began.Ready(t.Context()); !errors.As(err, new(*store.CopyError)) {
		t.Errorf("it may be served: %v", err)
	}
}

// mustRead reads an order as staff do.
func (w *world) mustRead(number string) models.Order {
	w.t.Helper()
	o, err := w.Order(w.t.Context(), models.Viewer{User: models.User{Role: models.Operator}}, number)
	if err != nil {
		w.t.Fatal(err)
	}
	return o
}

// TestACopyOfAnOlderPortalIsBroughtUpToDate: of one that knew no holds.
func TestACopyOfAnOlderPortalIsBroughtUpToDate(t *testing.T) {
	r := newWorld(t).restoring()
	pool, err := dbtest.Raw(t, r.Database).DB()
	if err != nil {
		t.Fatal(err)
	}
	files, folder, dialect := migrations.SQLite, "sqlite", goose.DialectSQLite3
	if dbtest.Postgres() {
		files, folder, dialect = migrations.Postgres, "postgres", goose.DialectPostgres
	}
	dir, err := fs.Sub(files, folder)
	if err != nil {
		t.Fatal(err)
	}
	p, err := goose.NewProvider(dialect, pool, dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.UpTo(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	if _, err := pool.Exec(`INSERT INTO accounts (owner_id, name, created_at) VALUES (7, 'Old', '2026-01-01 00:00:00+00:00')`); err != nil {
		t.Fatal(err)
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	got, err := r.RestoreInPlace(t.Context())
	if err != nil || len(got.Migrated) == 0 || got.Held != 1 {
		t.Fatalf("%+v %v", got, err)
	}
	if err := dbtest.Reopen(t, r.Database, nil).Ready(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestARestoredOrderIsSettledWithoutAnAttempt: it may have been sent after the
// copy was made, so it may be completed, with the dates of its placing.
func TestARestoredOrderIsSettledWithoutAnAttempt(t *testing.T) {
	for _, kind := range models.Kinds() {
		for _, tried := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, throttled before %v", kind, tried), func(t *testing.T) {
				w := newWorld(t)
				q := map[models.Kind]models.Quote{models.Buy: pro25, models.Renew: renewal, models.Upgrade: upgrade, models.Refund: refund}[kind]
				if kind != models.Buy {
					w.order(pro25)
					w.pass(day)
				}
				o := w.placeQuote(w.offer(q))
				if tried {
					claimed, attempt := w.claim(o)
					w.pass(time.Minute)
					if err := w.Answer(t.Context(), claimed, attempt, models.Answer{Outcome: models.OutcomeLater},
						store.Next{Status: models.Placed, Reason: models.ReasonThrottled}); err != nil {
						t.Fatal(err)
					}
				}
				file := w.backup()
				w.pass(time.Hour)
				again, _ := w.restored(file)
				held := again.held(w.account).Subscription
				_, err := again.SettleOrder(t.Context(), o.Number, store.Settlement{
					As: models.VerdictCompleted, Note: "seen in the bill", ProviderOrderID: "PO9", InstanceID: "sas-9", By: named("command"),
				})
				if err != nil {
					t.Fatal(err)
				}
				got := again.read(o.Number)
				switch kind {
				case models.Buy, models.Upgrade:
					if !got.StartsAt.Equal(o.PlacedAt) {
						t.Errorf("it starts at %s, was placed at %s", got.StartsAt, o.PlacedAt)
					}
				case models.Renew:
					if !got.StartsAt.Equal(held.EndsAt) {
						t.Errorf("it starts at %s, the end was %s", got.StartsAt, held.EndsAt)
					}
				case models.Refund:
					if !got.EndsAt.Equal(o.PlacedAt) {
						t.Errorf("it ended at %s, was placed at %s", got.EndsAt, o.PlacedAt)
					}
				}
			})
		}
	}
}

// TestAQuoteOfACopyIsNotPlacedWhateverTheClock: that of the machine that it was
// restored on stands behind the one that the quote was made by.
func TestAQuoteOfACopyIsNotPlacedWhateverTheClock(t *testing.T) {
	for _, ahead := range []time.Duration{0, time.Microsecond, 4 * time.Minute} {
		w := newWorld(t)
		quote := w.quote(w.viewer, w.account)
		file := w.backup()
		w.pass(-ahead)
		again, _ := w.restored(file)
		again.release(*again.held(w.account).Hold)
		_, err := again.PlaceOrder(t.Context(), by(w.viewer), quote.ID, asQuoted)
		var changed *models.QuoteChangedError
		if !errors.As(err, &changed) || !slices.Equal(changed.Reasons, []models.QuoteChange{models.HeldSince}) {
			t.Errorf("with a clock %s behind: %v", ahead, err)
		}
	}
}

// TestARestoreWaitsLongerThanAPage: for a lock here, and for thousands of orders
// elsewhere.
func TestARestoreWaitsLongerThanAPage(t *testing.T) {
	dbtest.NeedsPostgres(t)
	w, _ := inEvery(t)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	r := w.restoring()
	r.Database = w.dsn
	other := w.raw().Begin()
	released := make(chan error, 1)
	r.Step = func(step string) error {
		if step != "migrated" {
			return nil
		}
		if err := other.Exec(`LOCK TABLE account_holds`).Error; err != nil {
			return err
		}
		go func() {
			// A page waits for 12 seconds at the most.
			released <- errors.Join(other.Exec(`SELECT pg_sleep(13)`).Error, other.Commit().Error)
		}()
		return nil
	}
	got, err := r.RestoreInPlace(t.Context())
	if err != nil || got.Held != 9 {
		t.Errorf("%+v %v", got, err)
	}
	if err := <-released; err != nil {
		t.Error(err)
	}
}
