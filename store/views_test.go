package store_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"portal/models"
	"portal/store"
)

// viewOf is the view that a session is in, nil for none. Here is one at most.
func (w *world) viewOf(string) *models.View {
	w.t.Helper()
	var rows []struct {
		ViewAccountID int64
		ViewSince     time.Time
	}
	err := w.raw().Raw(`SELECT view_account_id, view_since FROM sessions WHERE view_since IS NOT NULL`).Scan(&rows).Error
	if err != nil {
		w.t.Fatal(err)
	}
	if len(rows) == 0 {
		return nil
	}
	return &models.View{AccountID: rows[0].ViewAccountID, Since: rows[0].ViewSince}
}

// TestAViewIsOnRecordFromItsBeginningToItsEnd, however it ends, and once.
func TestAViewIsOnRecordFromItsBeginningToItsEnd(t *testing.T) {
	for name, end := range map[string]func(w *world, admin models.Viewer, session string){
		"by leaving, on two replicas at once": func(w *world, admin models.Viewer, session string) {
			view, s := *w.viewOf(session), w.replicas(2)
			for _, err := range together(
				func() error { return s[0].EndView(context.Background(), by(admin), session, view) },
				func() error { return s[1].EndView(context.Background(), by(admin), session, view) },
			) {
				if err != nil {
					w.t.Error(err)
				}
			}
		},
		"by itself": func(w *world, _ models.Viewer, session string) {
			w.pass(models.ViewFor - time.Second)
			if err := w.Sweep(w.t.Context()); err != nil || w.viewOf(session) == nil {
				w.t.Fatal("it has ended", err)
			}
			w.pass(time.Second)
			if err := w.Sweep(w.t.Context()); err != nil {
				w.t.Fatal(err)
			}
		},
		"with a session that is not used": func(w *world, _ models.Viewer, _ string) {
			w.pass(store.SessionIdle + time.Second)
			if err := w.Sweep(w.t.Context()); err != nil {
				w.t.Fatal(err)
			}
		},
		"with its person": func(w *world, admin models.Viewer, _ string) {
			if err := w.RemovePerson(w.t.Context(), by(w.operator()), admin.User.ID); err != nil {
				w.t.Fatal(err)
			}
		},
		"with another password": func(w *world, admin models.Viewer, _ string) {
			if err := w.ChangePassword(w.t.Context(), by(admin), admin.User.PasswordHash, "y", "another session"); err != nil {
				w.t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			admin, account := w.company("Own", 1002)
			session := w.session(admin.User).Value
			if err := w.StartView(t.Context(), by(admin), session, account.ID); err != nil {
				t.Fatal(err)
			}
			if err := w.StartView(t.Context(), by(admin), session, account.ID); !errors.Is(err, models.ErrConflict) {
				t.Errorf("twice: %v", err)
			}
			began := w.Now()
			end(w, admin, session)
			if w.viewOf(session) != nil {
				t.Error("it goes on")
			}
			if err := w.Sweep(t.Context()); err != nil {
				t.Fatal(err)
			}
			changes, err := w.Changes(t.Context(), account.ID, 10)
			if err != nil || len(changes) != 2 {
				t.Fatal(changes, err)
			}
			last, first := changes[0], changes[1]
			if first.What != models.ViewStarted || first.Actor != admin.Actor() || first.UserID != admin.User.ID || first.Address != "192.0.2.7" || !first.At.Equal(began) {
				t.Errorf("%+v", first)
			}
			if last.What != models.ViewEnded || last.Actor != admin.Actor() || last.Before != first.After || !strings.Contains(last.Before, "since") {
				t.Errorf("%+v", last)
			}
		})
	}
}

// TestWhoMayView: whose accounts, and in the own session only.
func TestWhoMayView(t *testing.T) {
	w := newWorld(t)
	own, account := w.company("Own", 1002)
	foreign, theirs := w.company("Foreign", 1003)
	session := w.session(own.User).Value
	for name, tc := range map[string]struct {
		v       models.Viewer
		session string
		account int64
		want    error
	}{
		"another's account":    {own, session, theirs.ID, models.ErrNotFound},
		"an account, direct":   {own, session, w.account.ID, models.ErrNotFound},
		"by its customer":      {w.viewer, w.session(w.viewer.User).Value, w.account.ID, models.ErrForbidden},
		"in another's session": {foreign, session, theirs.ID, models.ErrConflict},
		"in no session":        {own, "made up", account.ID, models.ErrConflict},
		"while they view":      {own.In(models.View{AccountID: account.ID, Since: w.Now()}, account), session, account.ID, models.ErrForbidden},
	} {
		if err := w.StartView(t.Context(), by(tc.v), tc.session, tc.account); !errors.Is(err, tc.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := w.StartView(t.Context(), by(own), session, account.ID); err != nil {
		t.Error(err)
	}
}
