package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"gorm.io/gorm"

	"portal/models"
)

// settingCopy is the setting that a copy carries and a live database doesn't:
// when the copy was taken, or unfinished. Selling from a copy would send again
// what was sent since, so only a restore takes the mark away, in the
// transaction that sees to it that nothing is sent.
const settingCopy = "copy_taken_at"

// unfinished stands in settingCopy while a database is restored that was no
// copy of portal backup's.
const unfinished = "unfinished"

// CopyError is a database that must not be sold from as it is: a copy that was
// not restored, or one whose restore did not finish.
type CopyError struct {
	TakenAt time.Time // UTC; zero when its restore did not finish
}

func (e *CopyError) Error() string {
	if e.TakenAt.IsZero() {
		return "the restore of this database did not finish: run `portal restore --in-place` again"
	}
	return "this database is a backup copy, taken at " + e.TakenAt.Format(time.RFC3339) +
		": make a live one of it with `portal restore FILE`"
}

// Live says whether the database may be sold from: a *CopyError when it is a
// copy.
func (s *Store) Live(ctx context.Context) error {
	version, err := s.version(ctx)
	if err != nil || version == 0 {
		return err
	}
	mark, err := copyMark(s.read.WithContext(ctx))
	if err != nil || mark == "" {
		return err
	}
	taken, err := takenAt(mark)
	if err != nil {
		return err
	}
	return &CopyError{TakenAt: taken}
}

// copyMark is what a copy says of itself, empty on a live database.
func copyMark(db *gorm.DB) (string, error) { return setting(db, settingCopy) }

// takenAt reads a mark: zero where it doesn't tell.
func takenAt(mark string) (time.Time, error) {
	if mark == "" || mark == unfinished {
		return time.Time{}, nil
	}
	at, err := time.Parse(time.RFC3339Nano, mark)
	if err != nil {
		err = fmt.Errorf("when the copy was taken can't be read: %w", err)
	}
	return at.UTC(), err
}

// markCopy makes a copy of a database, unless it is one already.
func markCopy(db *gorm.DB, mark string) error {
	return db.Exec(`INSERT INTO settings (name, value) VALUES (?, ?) ON CONFLICT DO NOTHING`, settingCopy, mark).Error
}

// Contents is what a database holds, for people to compare.
type Contents struct {
	Provider                            string // that it is bound to, empty for none
	Orders, OpenOrders, Accounts, Users int64
}

func contents(db *gorm.DB) (Contents, error) {
	var c Contents
	var err error
	if c.Provider, err = provider(db); err != nil {
		return c, err
	}
	for _, count := range []struct {
		rows *gorm.DB
		n    *int64
	}{
		{db.Model(&models.Order{}), &c.Orders},
		{open(db.Model(&models.Order{})), &c.OpenOrders},
		{db.Model(&models.Account{}), &c.Accounts},
		{db.Model(&models.User{}), &c.Users},
	} {
		if err := count.rows.Count(count.n).Error; err != nil {
			return c, err
		}
	}
	return c, nil
}

// errInUse is a database that is to be restored and that somebody uses.
var errInUse = errors.New("another program is using it: stop the portal, and whatever else has it open, first")

// openAlone opens a database that nobody else uses.
func openAlone(dsn string, now func() time.Time) (*Store, error) {
	d, err := dialectOf(dsn)
	if err != nil {
		return nil, err
	}
	s := &Store{dialect: d, clock: newClock(now), watch: newWatch()}
	db, err := d.alone(s.now)
	s.write, s.read = db, db
	if err == nil {
		_, err = s.at(db)
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// syncFile has the disk keep a file's content. Nobody in this process may have
// it open as a database: closing any of its descriptors drops SQLite's locks.
func syncFile(name string) error {
	f, err := os.Open(name) // #nosec G304 -- the operator names it
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// companions are the files that SQLite keeps beside a database.
func companions(file string) []string {
	return []string{file + "-journal", file + "-wal", file + "-shm"}
}

// removeDatabase removes a database of ours with its companions.
func removeDatabase(file string) error {
	var errs []error
	for _, name := range append([]string{file}, companions(file)...) {
		if err := os.Remove(name); !errors.Is(err, os.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
