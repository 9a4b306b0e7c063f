package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"portal/audit"
	"portal/failpoint"
	"portal/store"
)

type auditCommands struct {
	Verify     auditVerifyCommand     `cmd:"" help:"Look for changed, removed, reordered or cut off history; it only reads, also beside a running portal."`
	Anchor     auditAnchorCommand     `cmd:"" help:"Print the newest checkpoint, to be kept elsewhere."`
	Checkpoint auditCheckpointCommand `cmd:"" help:"Sign a checkpoint now (serve does so by itself)."`
	Key        auditKeyCommand        `cmd:"" help:"Print the public keys, with which others can verify; or change the key."`
}

type auditVerifyCommand struct {
	Anchor string `type:"existingfile" placeholder:"FILE" help:"Anchors that were kept elsewhere, one behind the other: the history must still be the one that they signed."`
}

// errTampered makes the command fail after it has said what it found.
var errTampered = errors.New("the history is not as the portal wrote it; see above")

// maxFindings is how many findings are printed; more are only counted.
const maxFindings = 200

// Run audits the database.
func (cmd *auditVerifyCommand) Run(ctx context.Context, s *Settings) error {
	ask := store.Audit{}
	found := 0
	ask.Found = func(what string) {
		if found++; found <= maxFindings {
			fmt.Println("WRONG ", what)
		}
	}
	if file := s.auditKeyFile(); file != "" {
		keys, err := readAuditKeys(file)
		if err == nil {
			ask.Keys = &keys
		} else if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	if cmd.Anchor != "" {
		text, err := os.ReadFile(cmd.Anchor)
		if err != nil {
			return wrongSetting("--anchor %s: %v", cmd.Anchor, err)
		}
		if ask.Anchors = splitAnchors(string(text)); len(ask.Anchors) == 0 {
			return wrongSetting("--anchor %s: there is no anchor in it; portal audit anchor prints one", cmd.Anchor)
		}
	}
	told := time.Now()
	ask.Progress = func(done int64, what string) {
		if time.Since(told) > 5*time.Second {
			told = time.Now()
			fmt.Fprintf(os.Stderr, "%d %s …\n", done, what)
		}
	}
	return s.withHistory(ctx, (*store.Store).Schema, func(db *store.Store) error {
		done, err := db.Audit(ctx, ask)
		if errors.Is(err, store.ErrNoAuditKey) {
			return wrongSetting("--audit-key %q: there is no such file, but there are checkpoints to check with it. The public keys are enough: portal audit key prints them where the portal runs", s.auditKeyFile())
		}
		if err != nil {
			return err
		}
		if found > maxFindings {
			fmt.Printf("WRONG  … and %d more\n", found-maxFindings)
		}
		fmt.Printf("Looked at %d orders, %d events, %d attempts, %d entries from outside, %d notes, %d changes and %d checkpoints.\n",
			done.Orders, done.Events, done.Attempts, done.Outside, done.Notes, done.Changes, done.Checkpoints)
		if done.Old > 0 {
			fmt.Printf("%d events are from before events sealed what they stand for: of them the steps alone are proved.\n", done.Old)
		}
		if found > 0 {
			return errTampered
		}
		fmt.Println("Nothing is wrong.")
		if done.Anchor == "" {
			fmt.Println("There is no checkpoint yet, so nothing is proved against somebody who writes new hashes: portal audit checkpoint signs one.")
			return nil
		}
		if done.Unsigned > 0 {
			fmt.Printf("%d events, entries, notes or changes are newer than the newest checkpoint; no signature covers them yet.\n", done.Unsigned)
		}
		fmt.Printf("Keep this anchor where whoever writes the database can't:\n\n%s", done.Anchor)
		return nil
	})
}

// splitAnchors takes a file apart into the signed notes in it: each ends with
// its signatures, lines that begin with a dash.
func splitAnchors(text string) []string {
	var anchors []string
	var one strings.Builder
	signed := false
	keep := func() {
		if note := strings.TrimLeft(one.String(), "\n"); strings.TrimSpace(note) != "" {
			anchors = append(anchors, note)
		}
		one.Reset()
	}
	for line := range strings.Lines(text) { // of any length: what was skipped would not be held against anything
		line = strings.TrimRight(line, "\r\n")
		signature := strings.HasPrefix(line, "— ")
		if signed && !signature {
			keep()
		}
		signed = signature
		one.WriteString(line + "\n")
	}
	keep()
	return anchors
}

type auditAnchorCommand struct{}

// Run prints the newest checkpoint.
func (auditAnchorCommand) Run(ctx context.Context, s *Settings) error {
	return s.withHistory(ctx, (*store.Store).Schema, func(db *store.Store) error {
		anchor, err := db.Anchor(ctx)
		if err == nil && anchor == "" {
			err = errors.New("there is no checkpoint yet: portal audit checkpoint signs one")
		}
		fmt.Print(anchor)
		return err
	})
}

type auditCheckpointCommand struct{}

// Run signs a checkpoint.
func (auditCheckpointCommand) Run(ctx context.Context, s *Settings) error {
	return s.withHistory(ctx, (*store.Store).Ready, func(db *store.Store) error {
		keys, err := s.auditKeys(ctx, db)
		if err != nil {
			return err
		}
		made, err := db.Checkpoint(ctx, keys)
		switch {
		case err != nil:
			return err
		case made == 0:
			fmt.Println("Nothing has happened since the newest checkpoint.")
		default:
			fmt.Println("Signed.")
		}
		return nil
	})
}

type auditKeyCommand struct {
	New    bool `xor:"change" help:"Make a key first, where there is none: what serve does by itself on SQLite. Portals that share a database share its file."`
	Rotate bool `xor:"change" help:"Sign with a new key from now on. The old private key is forgotten, its public key kept."`
}

// Run prints the public keys, after making or changing the private one if asked.
func (cmd *auditKeyCommand) Run(s *Settings) error {
	file := s.auditKeyFile()
	if cmd.New && file != "" {
		if err := makeAuditKey(file); err != nil {
			return err
		}
	}
	keys, err := readAuditKeys(file)
	if err != nil {
		return err
	}
	if cmd.Rotate {
		private, err := audit.NewKey(keys.Name())
		if err != nil {
			return err
		}
		if err := replaceFile(file, keyFile(private, keys.Public()...)); err != nil {
			return err
		}
		if keys, err = readAuditKeys(file); err != nil {
			return err
		}
	}
	for _, key := range keys.Public() {
		fmt.Println(key)
	}
	return nil
}

// withHistory runs f on a database that is there already: opening another would
// make it. A copy may be looked at, but is not signed.
func (s Settings) withHistory(ctx context.Context, ready func(*store.Store, context.Context) error, f func(*store.Store) error) error {
	if path, ok := store.File(s.Database); ok {
		if _, err := os.Stat(path); err != nil {
			return wrongSetting("--database %s: %v", path, err)
		}
	}
	db, err := store.Open(s.Database, nil)
	if err != nil {
		return err
	}
	if err = ready(db, ctx); err == nil {
		err = f(db)
	}
	return errors.Join(err, db.Close())
}

// auditKeyFile is where the key is: beside the database unless told otherwise,
// and nowhere when that is a server's.
func (s Settings) auditKeyFile() string {
	path, ok := store.File(s.Database)
	if s.AuditKey != "" || !ok {
		return s.AuditKey
	}
	return strings.TrimSuffix(path, filepath.Ext(path)) + ".audit-key"
}

// auditKeys reads the key. A file without a checkpoint gets one. Later a missing
// key is never made up for: a new one could not go on from what another has
// signed. Nor is one for a server's database: each of its portals would make its
// own.
func (s Settings) auditKeys(ctx context.Context, db *store.Store) (audit.Keys, error) {
	file := s.auditKeyFile()
	keys, err := readAuditKeys(file)
	if _, ok := store.File(s.Database); !ok || !errors.Is(err, fs.ErrNotExist) {
		return keys, err
	}
	if anchor, wrong := db.Anchor(ctx); wrong != nil || anchor != "" {
		return keys, errors.Join(err, wrong)
	}
	if err := makeAuditKey(file); err != nil {
		return keys, err
	}
	return readAuditKeys(file)
}

// makeAuditKey makes a key, whole or not at all, and never over another. A crash
// leaves at most a hidden file beside it, whose key has signed nothing.
func makeAuditKey(file string) error {
	private, err := audit.NewKey("")
	if err != nil {
		return err
	}
	name, err := besideFile(file, keyFile(private))
	if err == nil {
		failpoint.Hit(failpoint.StartKey)
		err = errors.Join(os.Link(name, file), os.Remove(name)) // a link takes no name that there is
	}
	if err == nil {
		err = syncFolder(filepath.Dir(file))
	}
	if err != nil {
		return fmt.Errorf("audit key: %w", err)
	}
	return nil
}

func readAuditKeys(file string) (audit.Keys, error) {
	if file == "" {
		return audit.Keys{}, wrongSetting("--audit-key is empty: name the file of the key that all portals of this database sign with; portal audit key --new makes it")
	}
	text, err := os.ReadFile(file) // #nosec G304 -- the operator names it
	if err != nil {
		return audit.Keys{}, fmt.Errorf("audit key: %w", err)
	}
	keys, err := audit.ParseKeys(string(text))
	if err != nil {
		return keys, fmt.Errorf("audit key %s: %w", file, err)
	}
	return keys, nil
}

func keyFile(private string, public ...string) string {
	return "# The portal's audit key: it signs checkpoints of the order history. Keep the line that begins with\n" +
		"# PRIVATE+KEY secret. The other lines are public keys of before, which older checkpoints are checked with.\n" +
		strings.Join(append([]string{private}, public...), "\n") + "\n"
}

// replaceFile writes a file whole or not at all: a key that is lost half way
// could not be had again.
func replaceFile(name, text string) error {
	written, err := besideFile(name, text)
	if err != nil {
		return err
	}
	if err := os.Rename(written, name); err != nil {
		return errors.Join(err, os.Remove(written))
	}
	return syncFolder(filepath.Dir(name))
}

// besideFile writes a text into a new file beside another, and to the disk.
func besideFile(name, text string) (string, error) {
	f, err := os.CreateTemp(filepath.Dir(name), ".audit-key-*") // mode 0600
	if err != nil {
		return "", err
	}
	_, err = f.WriteString(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return "", errors.Join(err, os.Remove(f.Name()))
	}
	return f.Name(), nil
}

// syncFolder brings a new name to the disk: nothing may be signed with a key
// that a power cut would take away.
func syncFolder(dir string) error {
	d, err := os.Open(dir) // #nosec G304 -- the folder of the operator's file
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// checkpointEvery is how long what happened may stay without a signature. A
// checkpoint is made only when something has happened, so there are never more
// of them than of events.
const checkpointEvery = time.Minute

// keepCheckpoints signs checkpoints until the context ends.
func (c config) keepCheckpoints(ctx context.Context, db *store.Store, logger *slog.Logger) {
	if c.auditKeyFile() == "" {
		logger.Warn("the order history is not signed: name the key that all portals of this database share with --audit-key")
		return
	}
	ticker := time.NewTicker(checkpointEvery)
	defer ticker.Stop()
	for {
		c.signCheckpoint(ctx, db, logger)
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// signCheckpoint signs one if something has happened. The key is read each
// time, so that one that was changed or put back is used at once.
func (c config) signCheckpoint(ctx context.Context, db *store.Store, logger *slog.Logger) {
	if c.auditKeyFile() == "" {
		return
	}
	keys, err := c.auditKeys(ctx, db)
	if err == nil {
		_, err = db.Checkpoint(ctx, keys)
	}
	if err != nil && ctx.Err() == nil {
		logger.Error("can't sign a checkpoint of the order history; will try again", "error", err)
	}
}
