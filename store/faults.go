package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
)

// Unavailable says whether an error means that the database can't work right
// now (away, locked, full, read-only, unreadable, too slow) rather than that
// the program has a mistake.
func Unavailable(err error) bool {
	return errors.Is(err, sql.ErrConnDone) || errors.Is(err, driver.ErrBadConn) || errors.Is(err, context.DeadlineExceeded) ||
		sqliteUnavailable(err) || postgresUnavailable(err)
}
