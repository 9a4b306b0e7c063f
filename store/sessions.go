package store

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/sessions"
	"gorm.io/gorm"

	"portal/models"
)

// How long a session lives: unused, and at the most.
const (
	SessionIdle = 8 * time.Hour
	SessionAge  = 7 * 24 * time.Hour
)

// touchEvery is how stale seen_at may get, so that reading a page is not a
// write each time.
const touchEvery = 5 * time.Minute

// SessionUser is the key under which a session holds the id of its user, an
// int64.
const SessionUser = "user"

// SessionView is the key under which a session that was read holds the view that
// it is in, a models.View; see StartView.
const SessionView = "view"

// SessionPassword is the key under which a session that is saved for the first
// time may hold the hash that the person's password was compared with, a string.
const SessionPassword = "password"

// Sessions is a gorilla/sessions store whose sessions are rows. They survive a
// restart and need no key: the cookie carries 128 random bits, the row their
// SHA-256, so that neither a log nor a copy of the database opens a session.
type Sessions struct {
	store    *Store
	options  sessions.Options
	touching sync.Mutex
}

// Sessions makes the session store. Secure is for a public URL with https; the
// cookie's name then should begin with "__Host-", see SessionCookie.
func (s *Store) Sessions(secure bool) *Sessions {
	return &Sessions{store: s, options: sessions.Options{
		Path: "/", MaxAge: int(SessionAge / time.Second),
		Secure: secure, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	}}
}

// SessionCookie is the cookie's name. The prefix makes browsers refuse one that
// another host or plain http has set.
func SessionCookie(secure bool) string {
	if secure {
		return "__Host-portal"
	}
	return "portal"
}

type sessionRow struct {
	IDHash    string `gorm:"primaryKey"`
	UserID    int64
	CreatedAt time.Time
	SeenAt    time.Time

	ViewAccountID *int64
	ViewSince     *time.Time
}

func (sessionRow) TableName() string { return "sessions" }

func hashSession(id string) string {
	sum := sha256.Sum256([]byte(id))
	return hex.EncodeToString(sum[:])
}

// Get returns the request's session, reading it once a request.
func (s *Sessions) Get(r *http.Request, name string) (*sessions.Session, error) {
	return sessions.GetRegistry(r).Get(s, name)
}

// New reads the session that the request's cookie names, or makes an empty one
// that is not saved yet. A cookie without a session is no error: it has ended.
func (s *Sessions) New(r *http.Request, name string) (*sessions.Session, error) {
	session := sessions.NewSession(s, name)
	options := s.options
	session.Options = &options
	session.IsNew = true
	value := ""
	for _, cookie := range r.CookiesNamed(name) {
		value = cookie.Value
	}
	if value == "" {
		return session, nil
	}
	now := s.store.now()
	row, err := first[sessionRow](s.store.read.WithContext(r.Context()).
		Where("id_hash = ? AND seen_at > ? AND created_at > ?",
			hashSession(value), now.Add(-SessionIdle), now.Add(-SessionAge)))
	if errors.Is(err, models.ErrNotFound) {
		return session, nil
	}
	if err != nil {
		return session, err
	}
	session.ID, session.IsNew = value, false
	session.Values[SessionUser] = row.UserID
	if view := row.view(); view != nil {
		session.Values[SessionView] = *view
	}
	if now.Sub(row.SeenAt) > touchEvery {
		// Losing this costs nobody more than an early sign-in: a database that takes
		// no writes must not keep people from reading.
		// Nor may they wait for it, so it is done beside the page, one at a time.
		s.touch(context.WithoutCancel(r.Context()), row.IDHash, now)
	}
	return session, nil
}

// touch notes that a session is in use, unless another touch is under way.
func (s *Sessions) touch(ctx context.Context, idHash string, now time.Time) {
	if !s.touching.TryLock() {
		return
	}
	s.store.background.Go(func() {
		defer s.touching.Unlock()
		_ = s.store.tx(ctx, func(tx *gorm.DB) error {
			return tx.Exec(`UPDATE sessions SET seen_at = ? WHERE id_hash = ?`, now, idHash).Error
		})
	})
}

// open keeps a new session and when its person signed in: models.ErrNotFound for
// somebody who was removed, or whose password is another than the one that was
// compared, since then. It changes the person's row, so that whoever changes that
// to end sessions meets this one, or is met here.
func (s *Sessions) open(ctx context.Context, user int64, password any, id string) error {
	return s.store.tx(ctx, func(tx *gorm.DB) error {
		now, err := s.store.at(tx)
		if err != nil {
			return err
		}
		db := tx.Model(&models.User{}).Where("id = ? AND removed_at IS NULL", user)
		if hash, ok := password.(string); ok {
			db = db.Where("password_hash = ?", hash)
		}
		result := db.UpdateColumn("last_sign_in_at", now)
		if result.Error != nil {
			return result.Error
		}
		if result.RowsAffected != 1 {
			return models.ErrNotFound
		}
		return create(tx, &sessionRow{IDHash: hashSession(id), UserID: user, CreatedAt: now, SeenAt: now})
	})
}

// Save keeps the session and sets its cookie. With Options.MaxAge below zero it
// ends the session: the row is deleted, so that a copied cookie is dead too.
func (s *Sessions) Save(r *http.Request, w http.ResponseWriter, session *sessions.Session) error {
	if session.Options.MaxAge < 0 {
		if session.ID != "" {
			err := s.store.tx(r.Context(), func(tx *gorm.DB) error {
				now, err := s.store.at(tx)
				if err == nil {
					_, err = endSessions(tx, now, "id_hash = ?", hashSession(session.ID))
				}
				return err
			})
			if err != nil {
				return err
			}
		}
		http.SetCookie(w, sessions.NewCookie(session.Name(), "", session.Options))
		return nil
	}
	user, ok := session.Values[SessionUser].(int64)
	if !ok {
		return errors.New("a session belongs to a user")
	}
	if session.ID == "" {
		id := rand.Text()
		if err := s.open(r.Context(), user, session.Values[SessionPassword], id); err != nil {
			return err
		}
		session.ID = id
	}
	http.SetCookie(w, sessions.NewCookie(session.Name(), session.ID, session.Options))
	return nil
}
