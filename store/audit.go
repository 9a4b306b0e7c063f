package store

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"gorm.io/gorm"

	"portal/audit"
	"portal/models"
)

// Audit is what an audit is asked for.
type Audit struct {
	Keys    *audit.Keys // nil to check no signature; then a checkpoint is an error
	Anchors []string    // signed checkpoints that were kept elsewhere
	// Found is told, in a sentence for people, each thing that is wrong.
	Found func(string)
	// Progress is told how many events, entries, notes, then orders have been looked at;
	// nil for nobody.
	Progress func(done int64, what string)
}

// Audited is what an audit went through.
type Audited struct {
	Orders, Events, Attempts, Outside, Notes, Changes, Checkpoints int64

	Wrong    int64  // how often Found was told something
	Unsigned int64  // events, entries, notes and changes that no checkpoint covers yet
	Old      int64  // events from before they sealed what they stand for
	Anchor   string // the newest checkpoint, as it was signed; empty without one
}

// ErrNoAuditKey is an audit of signed checkpoints without a key.
var ErrNoAuditKey = errors.New("there are signed checkpoints, and no key to check them with")

// auditOrders is how many orders an audit reads at once.
const auditOrders = 500

// Audit looks at every order with its quote, attempts and events, at every
// entry from outside, note, change and checkpoint, and tells what is not as the portal
// wrote it. It reads one snapshot, in parts, and changes nothing; the portal may
// go on.
func (s *Store) Audit(ctx context.Context, a Audit) (Audited, error) {
	// It takes as long as it takes: without an end of its own it would get a page's.
	ctx, cancel := context.WithTimeout(ctx, 24*time.Hour)
	defer cancel()
	x := &auditor{Audit: a, ctx: ctx}
	err := s.snapshot(ctx, func(tx *gorm.DB) error {
		x.tx = tx
		for _, look := range []func() error{func() error { return x.file(s) }, x.logs, x.orders, x.outside} {
			if err := look(); err != nil {
				return err
			}
		}
		return nil
	})
	return x.Audited, err
}

type auditor struct {
	Audit
	Audited
	ctx     context.Context
	tx      *gorm.DB
	missing []audit.Checkpoint // anchors that no checkpoint was found to be
}

func (x *auditor) say(format string, args ...any) {
	x.Wrong++
	x.Found(fmt.Sprintf(format, args...))
}

func (x *auditor) progress(done int64, what string) {
	if x.Progress != nil {
		x.Progress(done, what)
	}
}

// file looks whether what is read below is what everybody finds: an index can
// hide rows from the portal that are there when they are walked through.
func (x *auditor) file(s *Store) error {
	err := s.sound(x.tx)
	if err != nil && x.ctx.Err() == nil {
		x.say("%v", err)
		return nil
	}
	return err
}

// logs builds the trees over all events, entries and notes, and holds every checkpoint
// and anchor against them on the way.
func (x *auditor) logs() error {
	walks := map[string]*walk{}
	for _, log := range auditLogs {
		walks[log.name] = &walk{auditLog: log, auditor: x, last: math.MinInt64}
	}
	for i, anchor := range x.Anchors {
		if x.Keys == nil {
			return ErrNoAuditKey
		}
		signed, err := x.Keys.Open(anchor)
		if err != nil {
			x.say("anchor %d: %v", i+1, err)
			continue
		}
		x.missing = append(x.missing, signed)
		for name, w := range walks {
			w.anchors = append(w.anchors, demand{signed.Heads[name], named(signed)})
		}
	}
	for _, w := range walks {
		slices.SortStableFunc(w.anchors, func(a, b demand) int { return int(a.Size - b.Size) })
	}
	newest, err := x.checkpoints(walks)
	if err != nil {
		return err
	}
	for _, anchor := range x.missing {
		x.say("%s is not among the checkpoints: they were cut off, removed or replaced", named(anchor))
	}
	for _, w := range walks {
		if err := w.to(math.MaxInt64); err != nil {
			return err
		}
		for _, left := range w.anchors {
			w.hold(left)
		}
		x.Unsigned += max(0, w.tree.Size-newest.Heads[w.name].Size)
	}
	x.Events, x.Old = walks[audit.Events].tree.Size, walks[audit.Events].old
	x.Outside, x.Notes = walks["outside_events"].tree.Size, walks["order_notes"].tree.Size
	x.Changes = walks["changes"].tree.Size
	return nil
}

func named(anchor audit.Checkpoint) string {
	return fmt.Sprintf("the anchor of %s (checkpoint %d)", anchor.At.Format("2006-01-02 15:04:05"), anchor.Number)
}

// checkpoints goes through all of them and returns the newest that stands.
func (x *auditor) checkpoints(walks map[string]*walk) (newest audit.Checkpoint, err error) {
	before := checkpoint{ID: math.MinInt64}
	for {
		var rows []checkpoint
		if err := x.tx.Where("id > ?", before.ID).Order("id").Limit(auditOrders).Find(&rows).Error; err != nil || len(rows) == 0 {
			return newest, err
		}
		for _, row := range rows {
			if x.Keys == nil {
				return newest, ErrNoAuditKey
			}
			name := fmt.Sprintf("checkpoint %d", row.ID)
			sum := ""
			if before.Note != "" {
				sum = audit.Sum(before.Note)
			}
			before = row
			x.Checkpoints++
			signed, err := x.Keys.Open(row.Note)
			if err != nil {
				x.say("%s: %v: it was changed, or the portal did not make it", name, err)
				continue
			}
			if _, err := row.trees(signed); err != nil {
				x.say("%s: %v: it was changed", name, err)
			}
			if signed.Before != sum || signed.Number != row.ID {
				x.say("%s does not continue the one before it: checkpoints were removed, changed or reordered", name)
			}
			x.missing = slices.DeleteFunc(x.missing, signed.Same)
			for _, log := range auditLogs {
				w, head := walks[log.name], signed.Heads[log.name]
				if head.Size < newest.Heads[log.name].Size {
					x.say("%s covers fewer %s than the one before it: it is of another history", name, log.rows)
					continue
				}
				if err := w.to(head.Size); err != nil {
					return newest, err
				}
				w.hold(demand{head, name})
			}
			newest, x.Anchor = signed, row.Note
		}
	}
}

// demand is what a checkpoint or an anchor says of a log.
type demand struct {
	audit.Head
	by string
}

// walk goes through a log once, in the order of its ids.
type walk struct {
	auditLog
	*auditor
	tree    audit.Tree
	last    int64    // the row that was added last
	rows    []logRow // read and not yet added
	ended   bool
	sealed  bool  // a row has sealed what it stands for
	old     int64 // rows that have not
	good    int64 // the row up to which a signature was found to hold
	wrong   bool  // one was found not to hold; those after it can't either
	anchors []demand
}

// to goes on until the tree has so many rows, or there are no more.
func (w *walk) to(size int64) error {
	for {
		for len(w.anchors) > 0 && w.anchors[0].Size <= w.tree.Size {
			w.hold(w.anchors[0])
			w.anchors = w.anchors[1:]
		}
		if w.tree.Size >= size || w.ended {
			return nil
		}
		if len(w.rows) == 0 {
			var err error
			if w.rows, err = w.read(w.tx, w.last, 2000); err != nil {
				if w.ctx.Err() != nil {
					return err
				}
				w.say("the %s after id %d can't be read: %v", w.auditLog.rows, w.last, err)
			}
			if w.ended = len(w.rows) == 0; w.ended {
				return nil
			}
			w.progress(w.tree.Size, w.auditLog.rows)
		}
		row := w.rows[0]
		w.rows = w.rows[1:]
		w.tree.Add(row.leaf())
		w.last = row.ID
		switch {
		case !row.Old:
			w.sealed = true
		case w.sealed:
			w.say("the %s have one (id %d) without a seal behind one that has it: the portal did not write it", w.auditLog.rows, row.ID)
		default:
			w.old++
		}
	}
}

// hold says what does not fit between the tree and what was signed of it.
func (w *walk) hold(d demand) {
	switch {
	case w.tree.Size < d.Size:
		if !w.wrong {
			w.say("%s covers %d %s, and only %d are there: the end was cut off, or some were removed", d.by, d.Size, w.auditLog.rows, w.tree.Size)
		}
		w.wrong = true
	case d.Size == 0:
	case w.tree.Root() == d.Root:
		w.good = w.last
	case !w.wrong:
		w.say("%s: the %s with ids %d to %d are not those that were signed: one was changed, removed, added or moved", d.by, w.auditLog.rows, w.good+1, d.Last)
		w.wrong = true
	}
}

// orders holds every order against its quote, its attempts and its events.
func (x *auditor) orders() error {
	after, limit := int64(math.MinInt64), auditOrders
	for {
		lives, until, err := x.lives(after, limit)
		switch {
		case err != nil && (x.ctx.Err() != nil || until == after):
			return err
		case err != nil && limit > 1:
			limit = 1 // to find out which one it is
			continue
		case err != nil:
			x.say("the order with id %d, or what belongs to it, can't be read: %v", until, err)
		}
		for _, l := range lives {
			x.Orders++
			x.Attempts += int64(len(l.Attempts))
			for _, wrong := range l.Audit() {
				x.say("order %s: %s", l.Order.Number, wrong)
			}
		}
		x.progress(x.Orders, "orders")
		if until == math.MaxInt64 {
			return nil
		}
		after = until
		if x.Orders%auditOrders == 0 {
			limit = auditOrders
		}
	}
}

// lives reads the next orders, by id, with everything that is on record of
// them, and the id that they reach to. What belongs to no order is told.
func (x *auditor) lives(after int64, limit int) ([]*models.Life, int64, error) {
	var ids []int64
	if err := x.tx.Raw(`SELECT id FROM orders WHERE id > ? ORDER BY id LIMIT ?`, after, limit).Scan(&ids).Error; err != nil {
		return nil, after, err
	}
	until := int64(math.MaxInt64)
	if len(ids) == limit {
		until = ids[len(ids)-1]
	}
	var orders []models.Order
	var quotes []models.Quote
	var events []models.Event
	var attempts []models.Attempt
	between := func(column string) *gorm.DB { return x.tx.Where(column+" > ? AND "+column+" <= ?", after, until) }
	err := between("id").Order("id").Find(&orders).Error
	if err == nil {
		err = between("order_id").Order("order_id, id").Find(&events).Error
	}
	if err == nil {
		err = between("order_id").Order("order_id, number").Find(&attempts).Error
	}
	if err == nil {
		err = x.tx.Where("id IN (SELECT quote_id FROM orders WHERE id > ? AND id <= ?)", after, until).Find(&quotes).Error
	}
	if err != nil {
		return nil, until, err
	}
	lives := make([]*models.Life, len(orders))
	byID, byQuote := make(map[int64]*models.Life, len(orders)), make(map[string]*models.Life, len(orders))
	for i, o := range orders {
		lives[i] = &models.Life{Order: o}
		byID[o.ID], byQuote[o.QuoteID] = lives[i], lives[i]
	}
	for i, q := range quotes {
		if l := byQuote[q.ID]; l != nil {
			l.Quote = &quotes[i]
		}
	}
	lost := map[int64]bool{}
	for _, e := range events {
		if l := byID[e.OrderID]; l != nil {
			l.Events = append(l.Events, e)
		} else {
			lost[e.OrderID] = true
		}
	}
	for _, a := range attempts {
		if l := byID[a.OrderID]; l != nil {
			l.Attempts = append(l.Attempts, a)
		} else {
			lost[a.OrderID] = true
		}
	}
	for id := range lost {
		x.say("there are events or attempts of an order with id %d, and no such order: it was removed", id)
	}
	return lives, until, nil
}

// outside holds every entry from outside against the account's one before it.
func (x *auditor) outside() error {
	before := models.OutsideEvent{AccountID: math.MinInt64}
	for {
		var entries []models.OutsideEvent
		err := x.tx.Where("(account_id, id) > (?, ?)", before.AccountID, before.ID).Order("account_id, id").Limit(auditOrders).Find(&entries).Error
		if err != nil && x.ctx.Err() == nil {
			x.say("the entries from outside behind id %d can't be read: %v", before.ID, err)
			return nil
		}
		if err != nil {
			return err
		}
		for _, e := range entries {
			chain := ""
			if e.AccountID == before.AccountID {
				chain = before.Sealed()
			}
			if e.Hash != "" && e.Hash != e.Chain(chain) {
				x.say("the entry from outside with id %d, of the account with id %d: it was changed, or those before it were changed, removed or reordered", e.ID, e.AccountID)
			}
			before = e
		}
		if len(entries) < auditOrders {
			return nil
		}
	}
}
