package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"portal/models"
)

// OpenAhead opens a database as a machine does whose clock is wrong by so much.
func OpenAhead(dsn string, by time.Duration) (*Store, error) {
	s, err := Open(dsn, nil)
	if err == nil {
		s.clock.local = func() time.Time { return time.Now().Add(by) }
		_, err = s.at(s.read)
	}
	return s, err
}

// Tx is a write transaction of a test's own.
func (s *Store) Tx(ctx context.Context, f func(tx *gorm.DB) error) error { return s.tx(ctx, f) }

// Snapshot is what reads several tables.
func (s *Store) Snapshot(ctx context.Context, f func(tx *gorm.DB) error) error {
	return s.snapshot(ctx, f)
}

// LockAccount is what transactions lock an account with.
func (s *Store) LockAccount(tx *gorm.DB, id int64) error { return s.lockAccount(tx, id) }

// Reader is what pages read through.
func (s *Store) Reader() *gorm.DB { return s.read }

// SearchQueries are what a search asks, and the queue of support.
func (s *Store) SearchQueries(v models.Viewer, q models.Sought) map[string]*gorm.Statement {
	dry := s.read.Session(&gorm.Session{DryRun: true})
	var orders []models.Order
	var accounts []models.Account
	var users []models.User
	today := OrderFilter{Status: models.Rejected, From: s.now()}
	return map[string]*gorm.Statement{
		"orders":   ordersSought(dry, v, q).Find(&orders).Statement,
		"accounts": accountsMeant(dry, v, q).Find(&accounts).Statement,
		"names":    s.accountsNamed(dry, v, q).Find(&accounts).Statement,
		"people":   peopleSought(dry, v, q).Find(&users).Statement,
		"stuck":    stuck(dry, v, s.now()).Find(&orders).Statement,
		"rejected": filtered(dry, v, today).Find(&orders).Statement,
	}
}
