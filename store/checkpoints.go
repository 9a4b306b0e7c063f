package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"portal/audit"
	"portal/failpoint"
	"portal/models"
)

// checkpoint is a row of the table.
type checkpoint struct {
	ID       int64
	Note     string
	Frontier string // the JSON of a frontier
}

// frontier is where the trees go on from, by log. It need not be believed: it
// has the roots that were signed, or it is wrong.
type frontier map[string]audit.Tree

// auditLog is a table whose every row is one for good.
type auditLog struct {
	name string
	rows string // what one is called in a sentence
	read func(tx *gorm.DB, after int64, limit int) ([]logRow, error)
}

// logRow is what the tree over a log takes of a row.
type logRow struct {
	ID   int64
	At   time.Time // UTC
	Hash string
	Old  bool // from before rows of this log sealed what they stand for
}

// leaf is the row in its tree. The id is in it: rows keep their places.
func (r logRow) leaf() []byte { return fmt.Appendf(nil, "%d %s", r.ID, r.Hash) }

var auditLogs = []auditLog{
	{audit.Events, "events", func(tx *gorm.DB, after int64, limit int) ([]logRow, error) {
		var rows []logRow
		return rows, tx.Raw(`SELECT id, at, hash, digest = '' AND state = '' AS old FROM events WHERE id > ? ORDER BY id LIMIT ?`, after, limit).Scan(&rows).Error
	}},
	{"outside_events", "entries from outside", rowsOf(func(e models.OutsideEvent) logRow {
		return logRow{ID: e.ID, At: e.CreatedAt, Hash: e.Sealed(), Old: e.Hash == ""}
	})},
	{"order_notes", "notes", rowsOf(func(n models.OrderNote) logRow {
		return logRow{ID: n.ID, At: n.CreatedAt, Hash: n.Sealed()}
	})},
	{"changes", "changes", rowsOf(func(c models.Change) logRow {
		return logRow{ID: c.ID, At: c.At, Hash: c.Sealed()}
	})},
}

// rowsOf reads a log whose rows are sealed when they are read.
func rowsOf[T any](row func(T) logRow) func(*gorm.DB, int64, int) ([]logRow, error) {
	return func(tx *gorm.DB, after int64, limit int) ([]logRow, error) {
		var all []T
		if err := tx.Where("id > ?", after).Order("id").Limit(limit).Find(&all).Error; err != nil {
			return nil, err
		}
		rows := make([]logRow, len(all))
		for i, r := range all {
			rows[i] = row(r)
		}
		return rows, nil
	}
}

// checkpointRows bounds what one checkpoint covers, and so how long others wait
// for it.
const checkpointRows = 20_000

// Checkpoint signs what happened since the newest checkpoint, and says how many
// it took: none when nothing did. It never signs on top of a checkpoint that
// the keys do not know.
//
// A crash before a commit leaves no trace, and the next one covers it all.
func (s *Store) Checkpoint(ctx context.Context, keys audit.Keys) (int, error) {
	if !keys.Signs() {
		return 0, audit.ErrNoPrivateKey
	}
	for made := 0; ; made++ {
		more, err := s.checkpoint(ctx, keys)
		if err != nil || !more {
			return made, err
		}
	}
}

func (s *Store) checkpoint(ctx context.Context, keys audit.Keys) (more bool, err error) {
	err = s.step(ctx, failpoint.Checkpoint, func(tx *gorm.DB) error {
		more = false
		// No lower id may be committed later: it would be missing in the tree.
		if err := s.lockLogs(tx); err != nil {
			return err
		}
		now, err := s.at(tx)
		if err != nil {
			return err
		}
		last, err := newestCheckpoint(tx)
		if err != nil {
			return err
		}
		next := audit.Checkpoint{Number: last.ID + 1, At: now, Heads: map[string]audit.Head{}}
		trees := frontier{}
		if last.ID != 0 {
			before, err := keys.Open(last.Note)
			if err == nil {
				trees, err = last.trees(before)
			}
			if err != nil {
				return fmt.Errorf("checkpoint %d: %w; nothing is signed on top of it, see portal audit verify", last.ID, err)
			}
			next.Heads, next.Before = before.Heads, audit.Sum(last.Note)
		}
		for _, log := range auditLogs {
			tree, head := trees[log.name], next.Heads[log.name]
			rows, err := log.read(tx, head.Last, checkpointRows)
			if err != nil {
				return err
			}
			for _, row := range rows {
				tree.Add(row.leaf())
				head.Last, more = row.ID, true
			}
			if tree.Size > 0 || log.name == audit.Events { // the tree that every checkpoint has
				head.Size, head.Root = tree.Size, tree.Root()
				trees[log.name], next.Heads[log.name] = tree, head
			}
		}
		if !more {
			return nil
		}
		row := checkpoint{ID: next.Number}
		if row.Note, err = keys.Sign(next); err != nil {
			return err
		}
		kept, err := json.Marshal(trees)
		if err != nil {
			return err
		}
		row.Frontier = string(kept)
		return create(tx, &row)
	})
	return more && err == nil, err
}

// trees are the trees that a checkpoint's row keeps, when they are those that
// were signed.
func (row checkpoint) trees(signed audit.Checkpoint) (frontier, error) {
	var kept frontier
	if err := json.Unmarshal([]byte(row.Frontier), &kept); err != nil || kept == nil {
		return nil, errors.New("where its trees go on from can't be read")
	}
	for _, log := range auditLogs {
		tree, head := kept[log.name], signed.Heads[log.name]
		if !tree.Whole() || tree.Size != head.Size || tree.Size > 0 && tree.Root() != head.Root {
			return nil, errors.New("where its trees go on from is not what it signed")
		}
	}
	return kept, nil
}

// newestCheckpoint is the zero row before the first.
func newestCheckpoint(db *gorm.DB) (checkpoint, error) {
	row, err := first[checkpoint](db.Order("id DESC"))
	if errors.Is(err, models.ErrNotFound) {
		err = nil
	}
	return row, err
}

// Anchor is the newest checkpoint as it was signed, empty before the first.
func (s *Store) Anchor(ctx context.Context) (string, error) {
	row, err := newestCheckpoint(s.read.WithContext(ctx))
	return row.Note, err
}

// OldestUnsigned is when the oldest thing happened that no checkpoint covers,
// zero without one.
func (s *Store) OldestUnsigned(ctx context.Context) (time.Time, error) {
	db := s.read.WithContext(ctx)
	row, err := newestCheckpoint(db)
	if err != nil {
		return time.Time{}, err
	}
	var signed audit.Checkpoint
	if row.ID != 0 {
		if signed, err = audit.Read(row.Note); err != nil {
			return time.Time{}, fmt.Errorf("checkpoint %d: %w", row.ID, err)
		}
	}
	var oldest time.Time
	for _, log := range auditLogs {
		rows, err := log.read(db, signed.Heads[log.name].Last, 1)
		if err != nil {
			return time.Time{}, err
		}
		if len(rows) > 0 && (oldest.IsZero() || rows[0].At.Before(oldest)) {
			oldest = rows[0].At
		}
	}
	return oldest, nil
}
