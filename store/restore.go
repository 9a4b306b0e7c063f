package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"gorm.io/gorm"

	"portal/models"
)

// Restoring is what a database beside this ending is part of: one that a
// restore works on, or that a crash of it has left.
const Restoring = ".restoring"

// Restoration says what to restore, and for whom.
type Restoration struct {
	Database string           // what store.Open takes: where the live database is to be
	Provider string           // that the database has to be bound to, if it is to any (*OtherProviderError)
	Actor    string           // who restores, for the record
	Now      func() time.Time // as for Open
	// Step is told of each step before the next one; an error from it stops
	// there. For tests; nil is none.
	Step func(step string) error
}

// Restored is what became of a copy.
type Restored struct {
	TakenAt time.Time // UTC; when the copy was taken, zero where it doesn't say
	// Newest is the newest step of an order or quote in it (UTC), zero without
	// one: the copy is no older.
	Newest   time.Time
	Migrated []string       // the migrations that it lacked
	Orders   []models.Order // that were waiting for approval, placed, sending or unknown in it, as they were: in review now
	InReview int64          // orders that were in review in it already, and still are
	Held     int            // accounts that were not held before
	Sessions int64          // that were ended
	Contents
}

// Restore makes a live database of a copy, at r.Database, where none may be.
// What the provider was asked since the copy was made nobody here knows, so
// every open order goes to review, every account is held, and everybody is
// signed out; see settle.
//
// It works on a file beside the target and gives it its name at the end, so
// that a crash leaves either the whole database or none: before the rename a
// file that ends in Restoring, which the next Restore begins anew, and which is
// marked as a copy until nothing in it would be sent.
func (r Restoration) Restore(ctx context.Context, file string) (done Restored, err error) {
	if _, ok := File(r.Database); !ok {
		return done, errors.New("a PostgreSQL database is restored with pg_restore, and then with portal restore --in-place: docs/backups.md says how")
	}
	if err := singleFile(file); err != nil {
		return done, err
	}
	for _, name := range append([]string{r.Database}, companions(r.Database)...) {
		if _, err := os.Lstat(name); err == nil {
			return done, fmt.Errorf("%s is there already, and nothing is overwritten: stop the portal, then move it and its -wal and -shm away together, or restore to another --database", name)
		} else if !errors.Is(err, os.ErrNotExist) {
			return done, err
		}
	}
	work := r.Database + Restoring
	if err := removeDatabase(work); err != nil {
		return done, err
	}
	renamed := false
	defer func() {
		if err != nil && !renamed {
			err = errors.Join(err, removeDatabase(work))
		}
	}()
	if err := copyFile(work, file); err != nil {
		return done, err
	}
	if err := r.step("copied"); err != nil {
		return done, err
	}
	if done, err = r.settle(ctx, work); err != nil {
		return done, fmt.Errorf("%s: %w", file, err)
	}
	if err := syncFile(work); err != nil {
		return done, err
	}
	if err := r.step("written"); err != nil {
		return done, err
	}
	// A restore has the place to itself (package main); a command that was given
	// this path meanwhile has made a database of its own, which stays.
	if _, err := os.Lstat(r.Database); err == nil {
		return done, fmt.Errorf("%s was made meanwhile: something else uses it", r.Database)
	}
	if err := os.Rename(work, r.Database); err != nil {
		return done, err
	}
	renamed = true
	if err := r.step("renamed"); err != nil {
		return done, err
	}
	return done, syncFile(filepath.Dir(r.Database))
}

// RestoreInPlace does the same to a database that something else has brought
// back (a file copy, Litestream, pg_restore), before anybody serves it. Nobody
// else may use it. From its first step to its last the database is marked as a
// copy, so that a crash leaves one that isn't served. Doing it again changes
// nothing.
func (r Restoration) RestoreInPlace(ctx context.Context) (Restored, error) {
	if path, ok := File(r.Database); ok {
		if _, err := os.Stat(path); err != nil {
			return Restored{}, fmt.Errorf("database: %w", err) // opening would make an empty one
		}
		// Whatever brought it back may have made it for everybody.
		if err := os.Chmod(path, 0o600); err != nil {
			return Restored{}, fmt.Errorf("database: %w", err)
		}
	}
	return r.settle(ctx, r.Database)
}

func (r Restoration) step(name string) error {
	if r.Step == nil {
		return nil
	}
	return r.Step(name)
}

// settle makes a live database of a copy: it is checked, its schema is brought
// up to date, and in one transaction every order that is under way goes to
// review, every account is held, all sessions end, and the mark goes.
func (r Restoration) settle(ctx context.Context, dsn string) (done Restored, err error) {
	// It takes as long as it takes, for thousands of orders and behind whatever lock:
	// without an end of its own it would get a page's.
	ctx, cancel := context.WithTimeout(ctx, 24*time.Hour)
	defer cancel()
	s, err := openAlone(dsn, r.Now)
	if err != nil {
		return done, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	db := s.write.WithContext(ctx)
	if err := s.sound(db); err != nil {
		return done, err
	}
	if fresh, err := s.Fresh(ctx); err != nil {
		return done, err
	} else if fresh {
		return done, errors.New("it is no portal's database: it has none of its tables")
	}
	if err := s.Schema(ctx); err != nil && !errors.Is(err, ErrNotMigrated) {
		return done, err
	}
	bound, err := s.Provider(ctx)
	if err != nil {
		return done, err
	}
	if bound != "" && bound != r.Provider {
		return done, &OtherProviderError{Bound: bound, Asked: r.Provider}
	}
	if err := r.step("checked"); err != nil {
		return done, err
	}

	mark, err := copyMark(db)
	if err != nil {
		return done, err
	}
	if done.TakenAt, err = takenAt(mark); err != nil {
		return done, err
	}
	if err := markCopy(db, unfinished); err != nil {
		return done, err
	}
	// From here on none begins to serve it. One that had begun shows itself.
	if err := s.nobodyElse(db); err != nil {
		return done, err
	}
	if err := r.step("marked"); err != nil {
		return done, err
	}
	if done.Migrated, err = s.migrate(ctx); err != nil {
		return done, err
	}
	if err := r.step("migrated"); err != nil {
		return done, err
	}
	if done.Newest, err = newestStep(db); err != nil {
		return done, err
	}
	// Not tx: what waits here is nobody's page.
	err = db.Transaction(func(tx *gorm.DB) error {
		if err := s.sendNothing(tx, r.Actor, &done); err != nil {
			return err
		}
		if err := r.step("settled"); err != nil {
			return err
		}
		return tx.Exec(`DELETE FROM settings WHERE name = ?`, settingCopy).Error
	})
	if err != nil {
		return done, err
	}
	if done.Contents, err = contents(db); err != nil {
		return done, err
	}
	return done, r.step("live")
}

// sendNothing is what a restore does to the record: from here on nothing is
// sent for any order or account until an operator has looked.
func (s *Store) sendNothing(tx *gorm.DB, actor string, done *Restored) error {
	note := "restored from a copy taken at " + done.TakenAt.Format(time.RFC3339)
	if done.TakenAt.IsZero() {
		note = "restored from a copy of unknown age"
		if !done.Newest.IsZero() {
			note += "; its newest step is of " + done.Newest.Format(time.RFC3339)
		}
	}
	now, err := s.at(tx)
	if err != nil {
		return err
	}
	err = tx.Model(&models.Order{}).Where("status = ?", models.NeedsReview).Count(&done.InReview).Error
	if err != nil {
		return err
	}
	err = tx.Where("status IN ?", []models.Status{models.AwaitingApproval, models.Placed, models.Sending, models.Unknown}).Order("id").Find(&done.Orders).Error
	if err != nil {
		return err
	}
	for _, o := range done.Orders {
		err := s.transition(tx, move{order: o, at: now, to: models.NeedsReview, reason: models.ReasonRestored, actor: actor, note: note})
		if err != nil {
			return err
		}
	}
	// No quote of the copy may look newer than the hold: this machine's clock may
	// stand behind the one that they were made by.
	since := now
	if done.Newest.After(since) {
		since = done.Newest
	}
	if done.Held, err = s.holdAll(tx, models.HeldRestored, actor, note, since); err != nil {
		return err
	}
	if _, err := stopItems(tx, now); err != nil {
		return err
	}
	if err := forgetMails(tx, now); err != nil {
		return err
	}
	// A link that was revoked or replaced since the copy was made must not open again.
	err = tx.Exec(`UPDATE invitations SET revoked_at = ? WHERE accepted_at IS NULL AND revoked_at IS NULL`, since).Error
	if err != nil {
		return err
	}
	done.Sessions, err = endSessions(tx, now, "1 = 1")
	return err
}

// newestStep is when the newest order moved or the newest quote was made, zero
// without one.
func newestStep(db *gorm.DB) (time.Time, error) {
	order, err := first[models.Order](db.Select("updated_at").Order("updated_at DESC"))
	if err != nil && !errors.Is(err, models.ErrNotFound) {
		return time.Time{}, err
	}
	quote, err := first[models.Quote](db.Select("created_at").Order("created_at DESC"))
	if err != nil && !errors.Is(err, models.ErrNotFound) {
		return time.Time{}, err
	}
	if quote.CreatedAt.After(order.UpdatedAt) {
		return quote.CreatedAt, nil
	}
	return order.UpdatedAt, nil
}

// singleFile says what keeps a file from being restored by its content alone.
func singleFile(file string) error {
	info, err := os.Stat(file)
	switch {
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s is no file", file)
	case info.Size() == 0:
		return fmt.Errorf("%s is empty: a backup that was cut off leaves that", file)
	}
	for _, name := range companions(file)[:2] {
		if info, err := os.Stat(name); err == nil && info.Size() > 0 {
			return fmt.Errorf("%s is there: %s alone is not the whole copy. Put all of them in place as --database, and run portal restore --in-place", name, file)
		}
	}
	return nil
}

// copyFile copies into a file that only this user may read.
func copyFile(to, from string) (err error) {
	in, err := os.Open(from) // #nosec G304 -- the operator names it
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()                                     // only read from
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600) // #nosec G304 -- the operator names it
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}
