package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"sync"

	"github.com/mattn/go-sqlite3"
	"gorm.io/gorm"

	"portal/models"
)

// opened is which files an SQLite database was found as. Who deletes or
// replaces one of them while it is open lets SQLite go on writing to what has no
// name any more, and all of that is lost with the process.
type opened struct {
	mu            sync.Mutex
	path          string      // of the file itself, not of a link to it
	database, log fs.FileInfo // nil while it was not seen
	// held is a connection that is never used: when the last one is closed, SQLite
	// removes the log, and database/sql closes one whenever a transaction is given up.
	held *sql.Conn
}

// hold keeps a connection of a pool open until letGo. It has read something:
// before that, it counts for nothing.
func (o *opened) hold(pool *gorm.DB) error {
	db, err := pool.DB()
	if err != nil {
		return err
	}
	if o.held, err = db.Conn(context.Background()); err != nil {
		return err
	}
	var version int
	return o.held.QueryRowContext(context.Background(), `PRAGMA schema_version`).Scan(&version)
}

func (d sqliteFile) letGo() error {
	if d.opened.held == nil {
		return nil
	}
	return d.opened.held.Close()
}

func (sqliteFile) anew(*sql.DB) {}

var errMoved = errors.New("the database's file was moved, deleted or replaced while it is in use: put it back, with its -wal")

func (d sqliteFile) there() error {
	d.opened.mu.Lock()
	defer d.opened.mu.Unlock()
	if d.opened.path == "" {
		return nil // opened by one who restores it
	}
	for _, file := range []struct {
		path string
		seen *fs.FileInfo
	}{{d.opened.path, &d.opened.database}, {d.opened.path + "-wal", &d.opened.log}} {
		found, err := os.Stat(file.path)
		switch {
		case *file.seen == nil:
			if err == nil {
				*file.seen = found // SQLite makes the log with the first transaction
			}
		case errors.Is(err, fs.ErrNotExist), err == nil && !os.SameFile(*file.seen, found):
			return fmt.Errorf("%s: %w", file.path, errMoved)
		}
		// Whatever else keeps it from being looked at keeps nobody from writing it.
	}
	return nil
}

// undone: full disks and refusals come before the frame that commits is whole.
// When the disk fails, and when only the call that makes it safe does, that frame
// may be in the log: a program that dies then finds it there and takes it for
// committed. (The next commit of this process writes over it.)
func (sqliteFile) undone(err error) bool {
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) || errors.Is(err, sql.ErrTxDone) {
		return true // by database/sql, before it commits
	}
	switch sqliteFault(err) {
	case models.FaultFull, models.FaultLocked, models.FaultReadOnly:
		return true
	case models.FaultIO, models.FaultDamaged, models.FaultMoved, models.FaultAway, models.FaultSlow:
	}
	return false
}

// intact reads the file anew, beside the one who writes. What a connection
// remembers of it may be what was damaged: the writer's and this one's forget it
// here, others theirs with the next commit.
func (sqliteFile) intact(ctx context.Context, write, read *gorm.DB) error {
	forget := func(db *gorm.DB) error { return db.Exec(`PRAGMA shrink_memory`).Error }
	writer, cancel := context.WithTimeout(ctx, writeWait)
	defer cancel()
	if err := forget(write.WithContext(writer)); err != nil {
		return err
	}
	return read.WithContext(ctx).Connection(func(db *gorm.DB) error {
		var problems []string
		err := forget(db)
		if err == nil {
			err = db.Raw(`PRAGMA quick_check(3)`).Scan(&problems).Error
		}
		if err == nil && (len(problems) != 1 || problems[0] != "ok") {
			err = fmt.Errorf("%s: %w", strings.Join(problems, "; "), sqlite3.Error{Code: sqlite3.ErrCorrupt})
		}
		return err
	})
}

// sqliteFault goes by SQLite's codes.
func sqliteFault(err error) models.FaultKind {
	var e sqlite3.Error
	if !errors.As(err, &e) {
		return ""
	}
	switch e.Code {
	case sqlite3.ErrFull:
		return models.FaultFull
	case sqlite3.ErrIoErr:
		return models.FaultIO
	case sqlite3.ErrBusy, sqlite3.ErrLocked:
		return models.FaultLocked
	case sqlite3.ErrReadonly, sqlite3.ErrPerm:
		return models.FaultReadOnly
	case sqlite3.ErrCorrupt, sqlite3.ErrNotADB:
		return models.FaultDamaged
	case sqlite3.ErrCantOpen:
		return models.FaultAway
	}
	return ""
}
