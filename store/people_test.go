package store_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"portal/models"
	"portal/store"
)

func TestTriesAtTheSameMomentCantPassALimitTogether(t *testing.T) {
	w := newWorld(t)
	limit := store.Limit{Name: "name:a", Failures: 5, Window: 15 * time.Minute}
	var passed atomic.Int32
	var all sync.WaitGroup
	for range 30 {
		all.Go(func() {
			wait, err := w.Attempt(context.Background(), limit)
			if err != nil {
				t.Error(err)
			}
			if wait == 0 {
				passed.Add(1)
			}
		})
	}
	all.Wait()
	if passed.Load() != 5 {
		t.Fatalf("%d tries passed, want 5", passed.Load())
	}
	t.Run("another name is free", func(t *testing.T) {
		if wait, err := w.Attempt(t.Context(), store.Limit{Name: "name:b", Failures: 5, Window: time.Minute}); wait != 0 || err != nil {
			t.Fatal(wait, err)
		}
	})
	t.Run("the window ends", func(t *testing.T) {
		w.pass(15*time.Minute - time.Second)
		if wait, _ := w.Attempt(t.Context(), limit); wait != time.Second {
			t.Fatalf("wait %s, want 1s", wait)
		}
		w.pass(time.Second)
		if wait, _ := w.Attempt(t.Context(), limit); wait != 0 {
			t.Fatalf("still waiting %s", wait)
		}
	})
	t.Run("only failures count", func(t *testing.T) {
		ok := store.Limit{Name: "name:c", Failures: 2, Window: time.Minute}
		for range 10 {
			if wait, err := w.Attempt(t.Context(), ok); wait != 0 || err != nil {
				t.Fatal(wait, err)
			}
			if err := w.Succeed(t.Context(), ok); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestSessions(t *testing.T) {
	open := func(w *world) *http.Cookie {
		t.Helper()
		s := w.Sessions(true)
		r, rec := httptest.NewRequest("GET", "/", nil), httptest.NewRecorder()
		session, err := s.Get(r, store.SessionCookie(true))
		if err != nil {
			t.Fatal(err)
		}
		session.Values[store.SessionUser] = w.viewer.User.ID
		if err := s.Save(r, rec, session); err != nil {
			t.Fatal(err)
		}
		return rec.Result().Cookies()[0]
	}
	whose := func(w *world, cookie *http.Cookie) any {
		t.Helper()
		r := httptest.NewRequest("GET", "/", nil)
		r.AddCookie(cookie)
		session, err := w.Sessions(true).Get(r, cookie.Name)
		if err != nil {
			t.Fatal(err)
		}
		return session.Values[store.SessionUser]
	}
	t.Run("the cookie is closed to scripts, other sites and plain http", func(t *testing.T) {
		c := open(newWorld(t))
		if c.Name != "__Host-portal" || !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" {
			t.Fatalf("%+v", c)
		}
	})
	t.Run("the database does not hold the cookie's value", func(t *testing.T) {
		w := newWorld(t)
		c := open(w)
		var n int64
		if err := w.raw().Raw(`SELECT count(*) FROM sessions WHERE id_hash = ?`, c.Value).Scan(&n).Error; err != nil || n != 0 {
			t.Fatal(n, err)
		}
	})
	t.Run("it ends unused, at the most, and by signing out", func(t *testing.T) {
		w := newWorld(t)
		c := open(w)
		if whose(w, c) != w.viewer.User.ID {
			t.Fatal("not signed in")
		}
		w.pass(store.SessionIdle)
		if whose(w, c) != nil {
			t.Fatal("signed in after the idle time")
		}
		c = open(w)
		for range int(store.SessionAge / (4 * time.Hour)) {
			w.pass(4 * time.Hour)
			whose(w, c)
		}
		if whose(w, c) != nil {
			t.Fatal("signed in beyond the longest time")
		}
		c = open(w)
		r := httptest.NewRequest("GET", "/", nil)
		r.AddCookie(c)
		s := w.Sessions(true)
		session, _ := s.Get(r, c.Name)
		session.Options.MaxAge = -1
		if err := s.Save(r, httptest.NewRecorder(), session); err != nil {
			t.Fatal(err)
		}
		if whose(w, c) != nil {
			t.Fatal("a copied cookie survives the sign-out")
		}
	})
	t.Run("what a browser makes up opens nothing", func(t *testing.T) {
		w := newWorld(t)
		if whose(w, &http.Cookie{Name: "__Host-portal", Value: "made-up"}) != nil {
			t.Fatal("signed in")
		}
	})
}

func TestRolesBelongWhereTheyBelong(t *testing.T) {
	w := newWorld(t)
	for _, u := range []models.User{
		{Email: "c@example.com", Role: models.Customer},
		{Email: "r@example.com", Role: models.ResellerAdmin},
		{Email: "s@example.com", Role: models.Support, AccountID: &w.account.ID},
		{Email: "x@example.com", Role: "root"},
	} {
		u.PasswordHash = "x"
		if _, err := w.AddUser(t.Context(), u); err == nil {
			t.Errorf("the database took %+v", u)
		}
	}
}
