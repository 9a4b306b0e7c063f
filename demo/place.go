package demo

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"portal/failpoint"
)

// Files are where a portal's database and its sandbox's state belong. They belong
// together: each knows of the other's orders.
type Files struct{ Database, State string }

// Make makes both where neither is there yet, of what build leaves in two files of
// its own; made says whether there was something to do. The caller sees to it that
// nobody else does so, or opens either, meanwhile. What is there already is never
// written over.
//
// A crash while building leaves a folder beside the database that ends in .new; the
// next call throws it away. Once all is in it and on the disk, it is renamed to
// .ready: a crash from then on leaves what the next call puts in its place. The
// database goes first, because any command may be next to open it, where the state
// is opened only after this call.
func Make(ctx context.Context, at Files, build func(ctx context.Context, to Files) error) (made bool, err error) {
	draft, ready := at.in(at.Database+".new"), at.in(at.Database+".ready")
	left, err := exists(ready.folder())
	if err != nil {
		return false, err
	}
	if left {
		return true, ready.moveTo(at)
	}
	if err := os.RemoveAll(draft.folder()); err != nil {
		return false, err
	}
	if there, err := at.anyThere(); there || err != nil {
		return false, err
	}
	if err := os.Mkdir(draft.folder(), 0o700); err != nil {
		return false, err
	}
	if err := build(ctx, draft); err != nil {
		return false, errors.Join(err, os.RemoveAll(draft.folder()))
	}
	for _, name := range []string{draft.Database, draft.State, draft.folder()} {
		if err := syncToDisk(name); err != nil {
			return false, err
		}
	}
	failpoint.Hit(failpoint.StartPlace)
	if err := os.Rename(draft.folder(), ready.folder()); err != nil {
		return false, err
	}
	if err := syncToDisk(filepath.Dir(at.Database)); err != nil {
		return false, err
	}
	return true, ready.moveTo(at)
}

// Due says whether Make has something to do: to put in place what a call before
// this one made, or, where a past is wanted, to make it.
func (f Files) Due(wanted bool) (bool, error) {
	ready, err := exists(f.in(f.Database + ".ready").folder())
	if ready || err != nil || !wanted {
		return ready, err
	}
	there, err := f.anyThere()
	return !there, err
}

// in are the same two in a folder.
func (f Files) in(folder string) Files {
	return Files{filepath.Join(folder, "database"), filepath.Join(folder, "state")}
}

// folder is where both are, for those that are in one.
func (f Files) folder() string { return filepath.Dir(f.Database) }

// anyThere says whether there is anything of them, a log that SQLite left alone
// included: it would take that for the log of a database that comes.
func (f Files) anyThere() (bool, error) {
	for _, name := range []string{f.Database, f.Database + "-wal", f.Database + "-shm", f.Database + "-journal", f.State} {
		there, err := exists(name)
		if there || err != nil {
			return there, err
		}
	}
	return false, nil
}

// moveTo puts the two where they belong, or those of them that are not there yet.
func (f Files) moveTo(at Files) error {
	for _, move := range []struct{ from, to string }{{f.Database, at.Database}, {f.State, at.State}} {
		failpoint.Hit(failpoint.StartPlace)
		there, err := exists(move.from)
		if err != nil {
			return err
		}
		if !there {
			continue // by whom was cut off behind it
		}
		taken, err := exists(move.to)
		if err != nil {
			return err
		}
		if taken {
			return fmt.Errorf("%s is there, and so is the demo world's own in %s: take one of the two away", move.to, f.folder())
		}
		if err := os.Rename(move.from, move.to); err != nil {
			return err
		}
		if err := syncToDisk(filepath.Dir(move.to)); err != nil {
			return err
		}
	}
	failpoint.Hit(failpoint.StartPlace)
	return os.RemoveAll(f.folder())
}

func exists(name string) (bool, error) {
	_, err := os.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// syncToDisk makes a file's content durable, or a folder's names.
func syncToDisk(name string) error {
	f, err := os.Open(name) // #nosec G304 -- beside what the operator names
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
