package sandbox

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
)

// journal is the state's file: a header and then one line of JSON for each
// record, only ever appended to. Appending is one write, and durable is one
// fsync, which requests that come together share. It is never compacted: a
// sandbox that made a million calls has a file of some hundred megabytes, and
// deleting it is starting anew.
//
// What a crash leaves:
//   - while the file is being made: an empty file or part of the header. The
//     next start begins it again; nothing was sold yet.
//   - within append: a last line without its end, or (when the machine lost
//     power) with a hole in it. The next start drops it; since sync had not
//     returned, nobody was answered about it.
//   - between append and sync: the line, if only the process died. The step
//     happened and nobody was answered.
//   - after sync: the line, whatever died.
//
// A damaged line with others after it is no crash's work, and refuses the start.
type journal struct {
	file   *os.File // nil: memory only
	unlock func() error
	fsync  func(*os.File) error // (*os.File).Sync, but where a test lets it fail

	syncing sync.Mutex // held for an fsync, so that followers share the next one
	mu      sync.Mutex // guards what is below, and the order of writes
	written int64      // records appended
	synced  int64      // records known to be on disk
	broken  error      // set for good by the first failure
	draft   bool       // nothing waits for the disk but close, see Config.Draft
}

var errJournalClosed = errors.New("the sandbox is closed")

const journalHeader = `{"journal":"portal-sandbox","version":1}` + "\n"

// openJournal opens or makes the file, takes its lock, and replays it. It
// returns how many bytes of a torn last line it dropped. An empty path gives a
// journal that keeps nothing.
func openJournal(path string, replay func(record) error) (j *journal, dropped int64, err error) {
	if path == "" {
		return &journal{}, 0, nil
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600) // #nosec G304 -- the operator names the file
	if err != nil {
		return nil, 0, fmt.Errorf("sandbox: state file: %w", err)
	}
	unlock, err := lockFile(file)
	if err != nil {
		return nil, 0, errors.Join(fmt.Errorf("sandbox: state file %s is held by another process: %w", path, err), file.Close())
	}
	j = &journal{file: file, unlock: unlock, fsync: (*os.File).Sync}
	dropped, err = j.load(replay)
	if err != nil {
		return nil, 0, errors.Join(fmt.Errorf("sandbox: state file %s: %w", path, err), j.close())
	}
	return j, dropped, nil
}

// load replays the file and leaves it ready to be appended to.
func (j *journal) load(replay func(record) error) (dropped int64, err error) {
	good, err := replayLines(j.file, replay)
	if err != nil {
		return 0, err
	}
	info, err := j.file.Stat()
	if err != nil {
		return 0, err
	}
	dropped = info.Size() - good
	if dropped > 0 {
		if err := j.file.Truncate(good); err != nil {
			return 0, err
		}
	}
	if good == 0 {
		// A crash after this write and before the two syncs leaves what the
		// next start takes for a new file.
		if _, err := j.file.WriteString(journalHeader); err != nil {
			return 0, err
		}
		dropped = 0
	}
	if err := j.file.Sync(); err != nil {
		return 0, err
	}
	return dropped, syncFolder(filepath.Dir(j.file.Name()))
}

// replayLines hands every whole record on and returns where the last one ends.
func replayLines(from io.Reader, replay func(record) error) (good int64, err error) {
	lines := bufio.NewReader(from)
	header, err := lines.ReadBytes('\n')
	if errors.Is(err, io.EOF) && bytes.HasPrefix([]byte(journalHeader), header) {
		return 0, nil
	}
	if string(header) != journalHeader {
		return 0, errors.New("this is not a sandbox's state, or one of another version; it was left alone")
	}
	good = int64(len(header))
	for number := 2; ; number++ {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return good, nil // nothing more, or a torn last line
		}
		if err != nil {
			return 0, err
		}
		var rec record
		if err := unmarshalStrict(line, &rec); err != nil {
			if _, err := lines.Peek(1); errors.Is(err, io.EOF) {
				return good, nil // the last line, with a hole in it
			}
			return 0, fmt.Errorf("line %d is damaged: %w", number, err)
		}
		if err := replay(rec); err != nil {
			return 0, fmt.Errorf("line %d: %w", number, err)
		}
		good += int64(len(line))
	}
}

// append writes one record at the end, not yet durably.
func (j *journal) append(rec record) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.broken != nil {
		return j.broken
	}
	if j.file == nil {
		return nil
	}
	line, err := json.Marshal(rec)
	if err != nil {
		return fmt.Errorf("sandbox: %w", err)
	}
	if _, err := j.file.Write(append(line, '\n')); err != nil {
		// Part of the line may stand there. Another line after it would turn a
		// torn end into a damaged middle, so nothing is written any more.
		j.broken = err
		return err
	}
	j.written++
	return nil
}

// sync returns once everything appended before the call is on the disk.
func (j *journal) sync() error {
	j.mu.Lock()
	want, broken, draft := j.written, j.broken, j.draft
	j.mu.Unlock()
	if broken != nil || j.file == nil || draft {
		return broken
	}
	j.syncing.Lock()
	defer j.syncing.Unlock()
	j.mu.Lock()
	covered, upTo, broken := j.synced >= want, j.written, j.broken
	j.mu.Unlock()
	if broken != nil || covered {
		return broken
	}
	err := j.fsync(j.file)
	j.mu.Lock()
	defer j.mu.Unlock()
	if err != nil {
		// After a failed fsync nobody knows what the disk has, and a second
		// one may succeed without having written it.
		j.broken = err
		return err
	}
	j.synced = upTo
	return nil
}

// close makes what was appended durable and gives the file back.
func (j *journal) close() error {
	var errs []error
	j.mu.Lock()
	j.draft = false
	j.mu.Unlock()
	if err := j.sync(); err != nil {
		errs = append(errs, err)
	}
	j.syncing.Lock()
	defer j.syncing.Unlock()
	j.mu.Lock()
	defer j.mu.Unlock()
	j.broken = errJournalClosed
	if j.file != nil {
		errs = append(errs, j.unlock(), j.file.Close())
	}
	return errors.Join(errs...)
}

// syncFolder makes a new file's name durable, not only its content.
func syncFolder(dir string) error {
	d, err := os.Open(dir) // #nosec G304 -- the folder of the operator's file
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// unmarshalStrict refuses fields it does not know and anything after the value.
func unmarshalStrict(b []byte, into any) error {
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return errors.New("more than one JSON value")
	}
	return nil
}
