package main

import (
	"errors"
	"fmt"
	"os"

	"portal/store"
)

// errLocked is a lock that another process holds.
var errLocked = errors.New("locked by another process")

// lockDatabase keeps serving and restoring apart: portals share the lock,
// a restore has it alone. SQLite's own locks can't tell: they belong to the
// file, and what is restored takes the place of one that was moved away, perhaps
// under a portal that nobody has stopped.
//
// The kernel gives the lock back when the process ends, however it ends. Its
// file stays: removing it could part two processes that each hold one.
//
// On PostgreSQL a restore looks for portals that are connected.
func (c config) lockDatabase(alone bool) (unlock func() error, err error) {
	path, ok := store.File(c.Database)
	if !ok {
		return func() error { return nil }, nil
	}
	f, err := os.OpenFile(path+".lock", os.O_CREATE|os.O_RDWR, 0o600) // #nosec G304 -- the operator names it
	if err != nil {
		return nil, fmt.Errorf("database: %w", err)
	}
	err = lockFile(f, alone)
	switch {
	case errors.Is(err, errLocked) && alone:
		err = fmt.Errorf("a portal is running on %s, or another restore is: stop it first", path)
	case errors.Is(err, errLocked):
		err = fmt.Errorf("%s is being restored, or its demo world made: wait until that is done", path)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f.Close, nil
}
