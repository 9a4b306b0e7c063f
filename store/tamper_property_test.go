package store_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"
	"pgregory.net/rapid"

	"portal/dbtest"
	"portal/models"
	"portal/store"
)

// TestRandomTamperingOfARandomLifeIsFound: a life with checkpoints somewhere in
// it is whole; then one to three things are done to its file.
func TestRandomTamperingOfARandomLifeIsFound(t *testing.T) {
	dbtest.NeedsSQLite(t) // it copies files; what is tested is the same for both
	tampered := 0
	rapid.Check(t, func(rt *rapid.T) {
		h := &history{world: newWorld(t), keys: auditKey(t, "")}
		defer h.Close()
		h.live(rt)
		if found, _ := h.audit(h.anchor); found != "" {
			rt.Fatalf("untouched:\n%s", found)
		}
		untouched := h.raw()
		defer closed(untouched)
		for range rapid.IntRange(1, 3).Draw(rt, "copies") {
			func() {
				c := h.copy(untouched)
				defer func() { _ = os.Remove(c.dsn) }()
				defer c.Close()
				db := c.disarmed()
				defer closed(db)
				var did []string
				for range rapid.IntRange(1, 3).Draw(rt, "things") {
					did = append(did, c.tamper(rt, db))
				}
				if content(t, untouched) == content(t, db) {
					return // done and undone, or refused, or of what is no history
				}
				tampered++
				if found, _ := c.audit(h.anchor); found == "" {
					rt.Fatalf("nobody noticed:\n%s", strings.Join(did, "\n"))
				}
			}()
		}
	})
	t.Logf("%d files were tampered with", tampered)
}

func closed(db *gorm.DB) {
	if pool, err := db.DB(); err == nil {
		_ = pool.Close()
	}
}

// live lets things happen to the account, and signs in the end.
func (h *history) live(rt *rapid.T) {
	w, ctx := h.world, h.t.Context()
	var late []models.Order
	var lateAttempts []models.Attempt
	check := func(err error) {
		var open *models.OpenOrderError
		var changed *models.QuoteChangedError
		switch {
		case err == nil, errors.Is(err, models.ErrConflict), errors.Is(err, models.ErrNotMovedOn), errors.Is(err, models.ErrSubscribed), errors.Is(err, models.ErrNotSubscribed),
			errors.Is(err, models.ErrExpired), errors.Is(err, models.ErrTooEarly), errors.As(err, &open), errors.As(err, &changed):
		default:
			rt.Fatal(err)
		}
	}
	open := func() (o models.Order, ok bool) {
		if on := w.held(w.account).OpenOrder; on != nil {
			return *on, true
		}
		return o, false
	}
	h.order(pro25) // so that there is something
	number := 0
	answer := func(o models.Order, outcome models.Outcome) models.Answer {
		number++
		a := models.Answer{Outcome: outcome, HTTPStatus: 200, RequestID: fmt.Sprint("R", number), Response: "{}"}
		if outcome == models.OutcomeDone && o.Kind != models.Refund {
			a.ProviderOrderID, a.InstanceID = fmt.Sprint("PO", number), fmt.Sprint("sas-", number)
		}
		return a
	}
	place := func(rt *rapid.T) {
		q := rapid.SampledFrom([]models.Quote{pro25, renewal, upgrade, refund}).Draw(rt, "kind")
		quote, err := w.AddQuote(ctx, w.viewer, w.filled(q))
		check(err)
		if err == nil {
			_, err = w.PlaceOrder(ctx, by(w.viewer), quote.ID, store.Placing{InstanceCount: q.InstanceCount, PriceBookHash: "book", CredentialProfile: "default"})
			check(err)
		}
	}
	sign := func(*rapid.T) {
		_, err := w.Checkpoint(ctx, h.keys)
		check(err)
	}
	send := func(rt *rapid.T) {
		o, ok := open()
		if !ok || o.Status != models.Placed && o.Status != models.Unknown {
			return
		}
		o, attempt, err := w.Claim(ctx, o, "CreateInstance?OwnerId=1001", time.Minute)
		check(err)
		next := rapid.SampledFrom([]store.Next{
			completed, completed, unknown, {Status: models.Placed, Reason: models.ReasonNotSent},
			{Status: models.Rejected, Reason: models.ReasonRefused}, {Status: models.NeedsReview, Reason: models.ReasonContradicted}, {},
		}).Draw(rt, "answer")
		outcome := map[models.Status]models.Outcome{
			models.Completed: models.OutcomeDone, models.Unknown: models.OutcomeUnknown, models.Placed: models.OutcomeNotSent,
			models.Rejected: models.OutcomeRejected, models.NeedsReview: models.OutcomeContradicted,
		}[next.Status]
		if next.Status == "" { // its worker is lost, and will answer some day
			late, lateAttempts = append(late, o), append(lateAttempts, attempt)
			check(w.Advance(ctx, o, unknown))
			return
		}
		check(w.Answer(ctx, o, attempt, answer(o, outcome), next))
	}
	for range rapid.IntRange(3, 18).Draw(rt, "steps") {
		w.pass(time.Duration(rapid.IntRange(0, 20*24).Draw(rt, "hours")) * time.Hour)
		rapid.SampledFrom([]func(*rapid.T){
			place, place, send, send, send, sign,
			func(*rapid.T) {
				if o, ok := open(); ok {
					check(w.CancelOrder(ctx, by(w.viewer), o.Number))
				}
			},
			func(*rapid.T) {
				if len(late) > 0 {
					check(w.Answer(ctx, late[0], lateAttempts[0], answer(late[0], models.OutcomeDone), completed))
					late, lateAttempts = late[1:], lateAttempts[1:]
				}
			},
			func(*rapid.T) {
				o, ok := open()
				if ok && o.Status == models.Unknown {
					check(w.Advance(ctx, o, store.Next{Status: models.NeedsReview, Reason: models.ReasonTokenWindow}))
				}
				if ok && o.Status == models.NeedsReview {
					number++
					if p := models.Proposal(w.events(o)); p != nil {
						answer := rapid.SampledFrom([]func(context.Context, string, store.Confirmation) error{w.ConfirmProposal, w.DeclineProposal}).Draw(rt, "answered")
						check(answer(ctx, o.Number, store.Confirmation{Proposal: p.ID, By: named("user:7"), Note: "looked, too"}))
						return
					}
					check(w.SetSettleByTwo(ctx, rapid.Bool().Draw(rt, "by two")))
					check(second(w.SettleOrder(ctx, o.Number, store.Settlement{
						As:   rapid.SampledFrom(models.Verdicts()).Draw(rt, "settled"),
						Note: "seen", ProviderOrderID: fmt.Sprint("PO", number), InstanceID: fmt.Sprint("sas-", number), By: named("command:op"),
					})))
				}
			},
			func(rt *rapid.T) {
				_, err := w.Record(ctx, by(w.operator()), w.outside(rapid.SampledFrom(models.OutsideKinds()).Draw(rt, "recorded"), 100*day), nil)
				check(err)
			},
		}).Draw(rt, "step")(rt)
	}
	sign(rt)
	var err error
	if h.anchor, err = w.Anchor(ctx); err != nil {
		rt.Fatal(err)
	}
}

// copy is another file with the same history.
func (h *history) copy(db *gorm.DB) *history {
	h.t.Helper()
	path := filepath.Join(h.t.TempDir(), "copy.db")
	if err := db.Exec(`VACUUM INTO ?`, path).Error; err != nil {
		h.t.Fatal(err)
	}
	w := &world{t: h.t, dsn: path, at: h.Now(), account: h.account, viewer: h.viewer}
	var err error
	if w.Store, err = store.Open(path, w.now); err != nil {
		h.t.Fatal(err)
	}
	return &history{world: w, keys: h.keys}
}

// tamper does one thing to a record and says which.
func (h *history) tamper(rt *rapid.T, db *gorm.DB) string {
	table := rapid.SampledFrom(records).Draw(rt, "table")
	columns, all := rows(h.t, db, table)
	if len(all) == 0 {
		return "nothing: " + table + " is empty"
	}
	row := rapid.SampledFrom(all).Draw(rt, "row")
	column := rapid.SampledFrom(columns).Draw(rt, "column")
	value := rapid.SampledFrom(others(column, row[column])).Draw(rt, "value")
	other := rapid.SampledFrom(all).Draw(rt, "other row")
	change := func(sql string, args ...any) string {
		// Two rows of one number are refused by an index, and no harm is done.
		return fmt.Sprint(sql, args, db.Exec(sql, args...).Error)
	}
	switch rapid.SampledFrom([]string{"change", "remove", "swap", "copy", "cut"}).Draw(rt, "how") {
	case "change":
		return change(fmt.Sprintf(`UPDATE %s SET "%s" = ? WHERE id = ?`, table, column), value, row["id"])
	case "remove":
		return change(fmt.Sprintf(`DELETE FROM %s WHERE id = ?`, table), row["id"])
	case "swap":
		hold := any(-99)
		if table == "quotes" {
			hold = "hold"
		}
		move := fmt.Sprintf(`UPDATE %s SET id = ? WHERE id = ?`, table)
		return change(move, hold, row["id"]) + "; " + change(move, row["id"], other["id"]) + "; " + change(move, other["id"], hold)
	case "copy":
		return change(fmt.Sprintf(`UPDATE %s SET "%s" = (SELECT "%s" FROM %s WHERE id = ?) WHERE id = ?`, table, column, column, table), other["id"], row["id"])
	}
	if table == "quotes" {
		return change(`DELETE FROM quotes WHERE id >= ?`, row["id"])
	}
	return change(fmt.Sprintf(`DELETE FROM %s WHERE id >= ?`, table), row["id"])
}

// content is all of a file's history in one text.
func content(t testing.TB, db *gorm.DB) string {
	t.Helper()
	var text strings.Builder
	for _, table := range records {
		from := table
		if table == "quotes" {
			from = "quotes WHERE id IN (SELECT quote_id FROM orders)"
		}
		columns, all := rows(t, db, from)
		for _, row := range all {
			for _, column := range columns {
				fmt.Fprintf(&text, "%v|", row[column])
			}
		}
	}
	return text.String()
}
