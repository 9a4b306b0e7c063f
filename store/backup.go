package store

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"time"
)

// Copy is what Backup has made.
type Copy struct {
	TakenAt time.Time // UTC; everything that was committed before it is in the copy
	Bytes   int64
	Contents
}

// Backup copies the SQLite database at dsn, which may be in use, into file,
// which must not be there. The copy is one file of mode 0600, from one moment,
// checked, and on disk when Backup returns. It carries a mark, so that nobody
// sells from it before it was restored. now is as for Open.
//
// VACUUM INTO rather than SQLite's online backup: it is one read of one
// snapshot, which no writer waits for (WAL), where a backup in steps begins anew
// whenever another process writes, and the portal always does. It leaves out
// what was deleted, such as ended sessions. The price: it takes more of the
// processor, and the write-ahead log grows for as long as it reads.
//
// A crash leaves FILE.part, and FILE empty: the name is taken first, so that
// nothing is ever overwritten, and gets its content at the end, at once.
func Backup(ctx context.Context, dsn, file string, now func() time.Time) (c Copy, err error) {
	path, ok := File(dsn)
	if !ok {
		return c, errors.New("a PostgreSQL database is copied with pg_dump: docs/backups.md says how")
	}
	if _, err := os.Stat(path); err != nil {
		return c, fmt.Errorf("there is nothing to back up: %w", err) // opening would make an empty one
	}
	d := sqliteFile{path: path, opened: &opened{}}
	source := &Store{dialect: d, clock: newClock(now), watch: newWatch()}
	if source.write, err = d.pool(1, source.now, url.Values{}); err != nil {
		return c, err
	}
	source.read = source.write
	defer func() { err = errors.Join(err, source.Close()) }()
	fresh, err := source.Fresh(ctx)
	if err == nil && fresh {
		err = fmt.Errorf("database %s: there is nothing in it to back up", path)
	}
	if err == nil {
		err = source.Live(ctx)
	}
	if errors.As(err, new(*CopyError)) {
		err = fmt.Errorf("database %s: it is a copy itself; copy the file", path)
	}
	if err != nil {
		return c, err
	}

	part := file + ".part"
	if err := makeEmpty(file); err != nil {
		if errors.Is(err, os.ErrExist) {
			err = fmt.Errorf("%s is there already, and nothing is overwritten: name another file", file)
		}
		return c, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, removeDatabase(part), os.Remove(file))
		}
	}()
	// The name is ours: what is left at its side is of a backup that crashed.
	if err := errors.Join(removeDatabase(part), makeEmpty(part)); err != nil {
		return c, err
	}
	c.TakenAt = source.Now()
	if err := source.write.WithContext(ctx).Exec(`VACUUM INTO ?`, part).Error; err != nil {
		return c, fmt.Errorf("copying: %w", err)
	}
	if c.Contents, err = finishCopy(ctx, part, c.TakenAt, now); err != nil {
		return c, fmt.Errorf("the copy: %w", err)
	}
	info, err := os.Stat(part)
	if err != nil {
		return c, err
	}
	c.Bytes = info.Size()
	if err := syncFile(part); err != nil {
		return c, err
	}
	if err := os.Rename(part, file); err != nil {
		return c, err
	}
	return c, syncFile(filepath.Dir(file))
}

// finishCopy marks a copy, and checks it as it will lie there.
func finishCopy(ctx context.Context, file string, taken time.Time, now func() time.Time) (c Contents, err error) {
	s, err := openAlone(file, now)
	if err != nil {
		return c, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	db := s.write.WithContext(ctx)
	if err := markCopy(db, taken.Format(time.RFC3339Nano)); err != nil {
		return c, err
	}
	if err := s.sound(db); err != nil {
		return c, err
	}
	return contents(db)
}

// makeEmpty makes an empty file that only this user may read.
func makeEmpty(name string) error {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600) // #nosec G304 -- the operator names it
	if err != nil {
		return err
	}
	return f.Close()
}
