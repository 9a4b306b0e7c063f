package store_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"portal/models"
	"portal/store"
)

// company is a reseller with an account and its admin.
func (w *world) company(name string, owner int64) (models.Viewer, models.Account) {
	w.t.Helper()
	admin := w.reseller(name)
	account, err := w.AddAccount(w.t.Context(), models.Account{OwnerID: owner, Name: name + "'s", ResellerID: admin.User.ResellerID})
	if err != nil {
		w.t.Fatal(err)
	}
	return admin, account
}

func at(a models.Account) models.Place { return models.Place{AccountID: &a.ID} }

func nobodys() *int64 { id := int64(99); return &id }

func of(v models.Viewer) models.Place { return v.User.Place() }

// invited invites an address and gives its link's token.
func (w *world) invited(v models.Viewer, p models.Place, email string) (models.Invitation, models.InvitationToken) {
	w.t.Helper()
	token := models.NewInvitationToken()
	i, err := w.Invite(w.t.Context(), by(v), p, email, token.Hash())
	if err != nil {
		w.t.Fatal(err)
	}
	return i, token
}

func (w *world) accept(token models.InvitationToken) (models.User, error) {
	return w.AcceptInvitation(w.t.Context(), models.By{RequestID: "REQ8", Address: "192.0.2.8"}, token.Hash(), "hash", "en")
}

func (w *world) accepted(token models.InvitationToken) models.Viewer {
	w.t.Helper()
	user, err := w.accept(token)
	if err != nil {
		w.t.Fatal(err)
	}
	return models.Viewer{User: user}
}

// signInAs opens a session of somebody whose password was compared with the hash
// that they have here.
func (w *world) signInAs(user models.User) (*http.Cookie, error) {
	w.t.Helper()
	sessions, rec := w.Sessions(false), httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	session, err := sessions.New(r, "portal")
	if err != nil {
		w.t.Fatal(err)
	}
	session.Values[store.SessionUser], session.Values[store.SessionPassword] = user.ID, user.PasswordHash
	if err := sessions.Save(r, rec, session); err != nil {
		return nil, err
	}
	return rec.Result().Cookies()[0], nil
}

func (w *world) session(user models.User) *http.Cookie {
	w.t.Helper()
	cookie, err := w.signInAs(user)
	if err != nil {
		w.t.Fatal(err)
	}
	return cookie
}

func (w *world) signedIn(cookie *http.Cookie) bool {
	w.t.Helper()
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.AddCookie(cookie)
	session, err := w.Sessions(false).New(r, cookie.Name)
	if err != nil {
		w.t.Fatal(err)
	}
	return session.Values[store.SessionUser] != nil
}

// peopleStates are a place's people, as "address state".
func (w *world) peopleStates(p models.Place) string {
	w.t.Helper()
	members, err := w.People(w.t.Context(), p)
	if err != nil {
		w.t.Fatal(err)
	}
	var all []string
	for _, m := range members {
		all = append(all, m.Email+" "+string(m.State))
	}
	return strings.Join(all, ", ")
}

// TestAnInvitationIsAcceptedOnce, however many try at the same moment, on
// whichever replica.
func TestAnInvitationIsAcceptedOnce(t *testing.T) {
	w := newWorld(t)
	admin, account := w.company("Own", 1002)
	for range 5 {
		email := strings.ToLower(string(models.NewInvitationToken())) + "@example.com"
		_, token := w.invited(admin, at(account), email)
		var tries []func() error
		for _, s := range w.replicas(4) {
			tries = append(tries, func() error {
				_, err := s.AcceptInvitation(context.Background(), models.By{}, token.Hash(), "hash", "en")
				return err
			})
		}
		won := 0
		for _, err := range together(tries...) {
			switch {
			case err == nil:
				won++
			case !errors.Is(err, models.ErrNotFound):
				t.Error(err)
			}
		}
		if user, err := w.UserByEmail(t.Context(), email); won != 1 || err != nil || user.Role != models.Customer || *user.AccountID != account.ID {
			t.Fatalf("%d accepted it, and it made %+v (%v)", won, user, err)
		}
	}
}

// TestALinkLeadsNowhereAnyMore once it has expired, was replaced, revoked or used;
// which of these, nobody can tell.
func TestALinkLeadsNowhereAnyMore(t *testing.T) {
	w := newWorld(t)
	admin, account := w.company("Own", 1002)
	gone := func(name string, token models.InvitationToken) {
		t.Helper()
		if _, err := w.InvitationOf(t.Context(), token.Hash()); !errors.Is(err, models.ErrNotFound) {
			t.Errorf("%s: it opens: %v", name, err)
		}
		if _, err := w.accept(token); !errors.Is(err, models.ErrNotFound) {
			t.Errorf("%s: it is accepted: %v", name, err)
		}
	}
	gone("what never was", models.NewInvitationToken())

	late, lateToken := w.invited(admin, at(account), "late@example.com")
	w.pass(models.InvitationValid - time.Second)
	if _, err := w.InvitationOf(t.Context(), lateToken.Hash()); err != nil {
		t.Fatal(err)
	}
	w.pass(time.Second)
	gone("expired", lateToken)

	again := models.NewInvitationToken()
	if i, err := w.Resend(t.Context(), by(admin), late.ID, again.Hash()); err != nil || !i.ExpiresAt.Equal(w.Now().Add(models.InvitationValid)) {
		t.Fatal(i, err)
	}
	gone("expired, and replaced", lateToken)
	third := models.NewInvitationToken()
	if _, err := w.Resend(t.Context(), by(admin), late.ID, third.Hash()); err != nil {
		t.Fatal(err)
	}
	gone("replaced", again)
	w.accepted(third)
	gone("used", third)
	if _, err := w.Resend(t.Context(), by(admin), late.ID, again.Hash()); !errors.Is(err, models.ErrExists) {
		t.Errorf("a used one is sent again: %v", err)
	}
	if err := w.Revoke(t.Context(), by(admin), late.ID); !errors.Is(err, models.ErrConflict) {
		t.Errorf("a used one is revoked: %v", err)
	}

	off, offToken := w.invited(admin, at(account), "off@example.com")
	if err := w.Revoke(t.Context(), by(admin), off.ID); err != nil {
		t.Fatal(err)
	}
	gone("revoked", offToken)
	if _, err := w.Resend(t.Context(), by(admin), off.ID, again.Hash()); !errors.Is(err, models.ErrConflict) {
		t.Errorf("a revoked one is sent again: %v", err)
	}
	if err := w.Revoke(t.Context(), by(admin), off.ID); !errors.Is(err, models.ErrConflict) {
		t.Errorf("revoked twice: %v", err)
	}
	_, _ = w.invited(admin, at(account), "off@example.com")
	if got := w.peopleStates(at(account)); got != "late@example.com active, off@example.com invited" {
		t.Error(got)
	}
	t.Run("nor does the database hold a token", func(t *testing.T) {
		var n int64
		if err := w.raw().Raw(`SELECT count(*) FROM invitations WHERE token_hash = ? OR token_hash = ''`, string(third)).Scan(&n).Error; err != nil || n != 0 {
			t.Fatal(n, err)
		}
	})
}

// TestWhoMayInviteWhom: to the own accounts and the own reseller, and an address
// that is in use elsewhere tells nobody where.
func TestWhoMayInviteWhom(t *testing.T) {
	w := newWorld(t)
	own, account := w.company("Own", 1002)
	foreign, theirs := w.company("Foreign", 1003)
	operator := w.operator()
	_, token := w.invited(own, at(account), "customer@example.com")
	customer := w.accepted(token)
	try := func(v models.Viewer, p models.Place, email string) error {
		_, err := w.Invite(t.Context(), by(v), p, email, models.NewInvitationToken().Hash())
		return err
	}
	for name, tc := range map[string]struct {
		v     models.Viewer
		p     models.Place
		email string
		want  error
	}{
		"another's account":            {own, at(theirs), "x@example.com", models.ErrNotFound},
		"another reseller":             {own, of(foreign), "x@example.com", models.ErrNotFound},
		"an account sold directly":     {own, at(w.account), "x@example.com", models.ErrNotFound},
		"by a customer":                {customer, at(account), "x@example.com", models.ErrForbidden},
		"by support":                   {models.Viewer{User: models.User{ID: 1, Role: models.Support}}, at(account), "x@example.com", models.ErrForbidden},
		"who is there":                 {own, of(own), "customer@example.com", models.ErrExists},
		"who is elsewhere":             {foreign, of(foreign), "customer@example.com", models.ErrTaken},
		"staff":                        {own, of(own), operator.User.Email, models.ErrTaken},
		"another's admin":              {own, at(account), foreign.User.Email, models.ErrTaken},
		"whoever, by an operator":      {operator, at(theirs), "customer@example.com", models.ErrExists},
		"a reseller there is not":      {operator, models.Place{ResellerID: nobodys()}, "x@example.com", models.ErrNotFound},
		"an account that there is not": {operator, models.Place{AccountID: nobodys()}, "x@example.com", models.ErrNotFound},
		"an admin, by an operator":     {operator, of(own), "new@example.com", nil},
	} {
		if err := try(tc.v, tc.p, tc.email); !errors.Is(err, tc.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := try(own, of(own), "new@example.com"); !errors.Is(err, models.ErrConflict) {
		t.Errorf("twice to one place: %v", err)
	}
	t.Run("and nobody's invitations but one's own are changed", func(t *testing.T) {
		i, _ := w.invited(foreign, at(theirs), "theirs@example.com")
		if err := w.Revoke(t.Context(), by(own), i.ID); !errors.Is(err, models.ErrNotFound) {
			t.Error(err)
		}
		if _, err := w.Resend(t.Context(), by(own), i.ID, "x"); !errors.Is(err, models.ErrNotFound) {
			t.Error(err)
		}
	})
	t.Run("two places may invite one address, and the first that is accepted counts", func(t *testing.T) {
		_, mine := w.invited(own, at(account), "both@example.com")
		_, other := w.invited(foreign, at(theirs), "both@example.com")
		w.accepted(other)
		if _, err := w.accept(mine); !errors.Is(err, models.ErrNotFound) {
			t.Error(err)
		}
	})
	t.Run("each is on record", func(t *testing.T) {
		changes, err := w.Changes(t.Context(), account.ID, 10)
		if err != nil || len(changes) < 3 {
			t.Fatal(changes, err)
		}
		first, second := changes[len(changes)-1], changes[len(changes)-2]
		if first.What != models.PersonInvited || first.Actor != own.Actor() || first.Address != "192.0.2.7" || first.Person().State != models.PersonInvitedState || first.Person().Email != "customer@example.com" {
			t.Errorf("%+v", first)
		}
		if second.What != models.InvitationAccepted || second.Actor != customer.Actor() || second.UserID != customer.User.ID || second.Address != "192.0.2.8" || second.Person().State != models.PersonActive {
			t.Errorf("%+v", second)
		}
	})
}

// TestARemovedPersonIsOutAtOnce: without sessions, with nothing left of the links
// that they know, and still the name of what they did.
func TestARemovedPersonIsOutAtOnce(t *testing.T) {
	w := newWorld(t)
	own, account := w.company("Own", 1002)
	foreign, _ := w.company("Foreign", 1003)
	_, token := w.invited(own, of(own), "second@example.com")
	second := w.accepted(token)
	_, token = w.invited(own, at(account), "customer@example.com")
	customer := w.accepted(token)
	_, handedOut := w.invited(second, at(account), "friend@example.com")
	_, kept := w.invited(own, at(account), "kept@example.com")
	cookie := w.session(second.User)

	for name, tc := range map[string]struct {
		v    models.Viewer
		whom models.User
		want error
	}{
		"oneself":               {own, own.User, models.ErrSelf},
		"another's":             {foreign, customer.User, models.ErrNotFound},
		"by a customer":         {customer, own.User, models.ErrForbidden},
		"an account's, direct":  {own, w.viewer.User, models.ErrNotFound},
		"staff, by an operator": {w.operator(), w.staff(models.Support).User, models.ErrNotFound},
	} {
		if err := w.RemovePerson(t.Context(), by(tc.v), tc.whom.ID); !errors.Is(err, tc.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if !w.signedIn(cookie) {
		t.Fatal("not signed in")
	}
	if err := w.RemovePerson(t.Context(), by(own), second.User.ID); err != nil {
		t.Fatal(err)
	}
	if w.signedIn(cookie) {
		t.Error("the session is still there")
	}
	if _, err := w.signInAs(second.User); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("a session opens: %v", err)
	}
	if _, err := w.UserByEmail(t.Context(), "second@example.com"); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("signs in: %v", err)
	}
	if _, err := w.accept(handedOut); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("a link of theirs is accepted: %v", err)
	}
	if _, err := w.InvitationOf(t.Context(), kept.Hash()); err != nil {
		t.Errorf("a link of somebody else's: %v", err)
	}
	for name, do := range map[string]func() error{
		"invite": func() error {
			_, err := w.Invite(t.Context(), by(second), at(account), "y@example.com", models.NewInvitationToken().Hash())
			return err
		},
		"remove": func() error { return w.RemovePerson(t.Context(), by(second), customer.User.ID) },
	} {
		if err := do(); !errors.Is(err, models.ErrForbidden) {
			t.Errorf("a request that had begun may still %s: %v", name, err)
		}
	}
	if user, err := w.User(t.Context(), second.User.ID); err != nil || user.Email != "second@example.com" || user.RemovedAt == nil {
		t.Errorf("%+v %v", user, err)
	}
	if err := w.RemovePerson(t.Context(), by(own), second.User.ID); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("twice: %v", err)
	}
	t.Run("and may come back as somebody else", func(t *testing.T) {
		_, token := w.invited(own, at(account), "second@example.com")
		back := w.accepted(token)
		if back.User.ID == second.User.ID || back.User.Role != models.Customer {
			t.Errorf("%+v", back.User)
		}
		if err := w.RemovePerson(t.Context(), by(own), back.User.ID); err != nil {
			t.Error(err)
		}
		_, token = w.invited(own, at(account), "second@example.com")
		w.accepted(token)
	})
	t.Run("the last admin goes by an operator", func(t *testing.T) {
		if err := w.RemovePerson(t.Context(), by(w.operator()), own.User.ID); err != nil {
			t.Error(err)
		}
	})
}

// TestTwoAdminsDontRemoveEachOther: one is left, whoever was quicker.
func TestTwoAdminsDontRemoveEachOther(t *testing.T) {
	w := newWorld(t)
	for _, name := range []string{"One", "Two", "Three"} {
		a := w.reseller(name)
		_, token := w.invited(a, of(a), strings.ToLower(name)+"-b@example.com")
		b := w.accepted(token)
		s := w.replicas(2)
		errs := together(
			func() error { return s[0].RemovePerson(context.Background(), by(a), b.User.ID) },
			func() error { return s[1].RemovePerson(context.Background(), by(b), a.User.ID) },
		)
		won := 0
		for _, err := range errs {
			switch {
			case err == nil:
				won++
			case !errors.Is(err, models.ErrForbidden):
				t.Error(err)
			}
		}
		if left, err := w.People(t.Context(), of(a)); won != 1 || err != nil || len(left) != 1 {
			t.Fatalf("%d removed the other, and %d are left (%v)", won, len(left), err)
		}
	}
}

// TestAnotherPasswordEndsOtherSessions, and a sign-in that compared the old one.
func TestAnotherPasswordEndsOtherSessions(t *testing.T) {
	w := newWorld(t)
	user := w.viewer.User
	here, there, others := w.session(user), w.session(user), w.session(w.operator().User)
	if err := w.ChangePassword(t.Context(), by(w.viewer), "not it", "y", here.Value); !errors.Is(err, models.ErrConflict) {
		t.Fatal(err)
	}
	if err := w.ChangePassword(t.Context(), by(w.viewer), user.PasswordHash, "y", here.Value); err != nil {
		t.Fatal(err)
	}
	if !w.signedIn(here) || w.signedIn(there) || !w.signedIn(others) {
		t.Error(w.signedIn(here), w.signedIn(there), w.signedIn(others))
	}
	if _, err := w.signInAs(user); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("a session opens by the old password: %v", err)
	}
	user.PasswordHash = "y"
	if _, err := w.signInAs(user); err != nil {
		t.Errorf("by the new one: %v", err)
	}
	changes, err := w.Changes(t.Context(), w.account.ID, 1)
	if err != nil || len(changes) != 1 || changes[0].What != models.PasswordChanged || changes[0].UserID != user.ID || strings.Contains(changes[0].Before+changes[0].After, "hash") {
		t.Errorf("%+v %v", changes, err)
	}
	if again, err := w.User(t.Context(), user.ID); err != nil || again.LastSignInAt == nil || !again.LastSignInAt.Equal(w.Now()) {
		t.Errorf("%+v %v", again, err)
	}
	t.Run("staff's is on record as well", func(t *testing.T) {
		operator := w.operator()
		if err := w.ChangePassword(t.Context(), by(operator), operator.User.PasswordHash, "y", ""); err != nil {
			t.Fatal(err)
		}
	})
}

// TestARestoreVoidsLinks: one may have been revoked since the copy was made.
func TestARestoreVoidsLinks(t *testing.T) {
	w := newWorld(t)
	_, token := w.invited(w.operator(), at(w.account), "x@example.com")
	again, _ := w.restored(w.backup())
	if _, err := again.InvitationOf(t.Context(), token.Hash()); !errors.Is(err, models.ErrNotFound) {
		t.Fatal(err)
	}
}
