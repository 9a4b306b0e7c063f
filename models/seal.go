package models

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strconv"
	"time"
)

// seal is a SHA-256 over named facts. A fact without a value is left out, so
// that a column which a later version adds keeps the seals of older rows: it
// has to be listed here, and its default has to be zero, nil or empty.
type seal struct{ facts []byte }

func newSeal(of string) *seal {
	s := &seal{make([]byte, 0, 2048)}
	s.add("of", of)
	return s
}

// add writes a fact. The lengths keep two facts from being read as one.
func (s *seal) add(name, value string) {
	for _, part := range [2]string{name, value} {
		s.facts = strconv.AppendInt(s.facts, int64(len(part)), 10)
		s.facts = append(append(s.facts, ':'), part...)
	}
}

func (s *seal) text(name, value string) {
	if value != "" {
		s.add(name, value)
	}
}

func (s *seal) number(name string, n int64) {
	if n != 0 {
		s.add(name, strconv.FormatInt(n, 10))
	}
}

func (s *seal) sum(name string, fen *Fen) {
	if fen != nil {
		s.add(name, strconv.FormatInt(int64(*fen), 10)) // nothing at all is another thing than no sum
	}
}

func (s *seal) flag(name string, yes bool) {
	if yes {
		s.add(name, "yes")
	}
}

func (s *seal) moment(name string, at time.Time) {
	if !at.IsZero() {
		s.add(name, at.UTC().Format(time.RFC3339Nano))
	}
}

func (s *seal) moments(name string, at *time.Time) {
	if at != nil {
		s.add(name, at.UTC().Format(time.RFC3339Nano))
	}
}

// data is for what a column keeps as JSON.
func (s *seal) data(name string, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		b = []byte(err.Error()) // can't be: these are plain values
	}
	if string(b) != "null" {
		s.add(name, string(b))
	}
}

func (s *seal) hex() string {
	sum := sha256.Sum256(s.facts)
	return hex.EncodeToString(sum[:])
}

// Facts is over what an event put into the record for good: at placing what
// was ordered and by which quote, at claiming the attempt, at an answer (in
// time or late) all of it, in a proposal what it would complete the order with. A
// step without such a thing seals nothing. The quote is asked for by the first
// event only, and the attempt is the one that the event names, nil for none.
func (e Event) Facts(o Order, q Quote, a *Attempt) string {
	s := newSeal("event")
	s.text("proposed_order_id", e.ProviderOrderID)
	s.text("proposed_instance_id", e.InstanceID)
	switch {
	case e.From == "":
		o.sealIntent(s)
		q.seal(s)
	case a == nil:
	case e.Begins():
		a.sealBegun(s)
	case e.Answers(*a):
		a.sealAnswer(s)
	}
	return s.hex()
}

// Begins says whether the event is the claim that an attempt was made under.
func (e Event) Begins() bool { return e.To == Sending && e.From != Sending }

// Answers says whether the event came with the answer of an attempt: a late one
// has an event of its own, one in time is what ended the sending.
func (e Event) Answers(a Attempt) bool {
	if e.Attempt != a.Number {
		return false
	}
	if e.Late() {
		return a.Late
	}
	return e.From == Sending && e.To != Sending && a.AnsweredAt != nil && !a.Late
}

// Late says whether the event only keeps an answer that came too late to move
// the order. It is no transition: the order stands where it stood.
func (e Event) Late() bool { return e.Reason == ReasonLate }

// State is over an order's whole row as an event left it. Of an order's events
// the newest one's has to fit the row.
func (o Order) State() string {
	s := newSeal("order")
	o.sealIntent(s)
	s.text("status", string(o.Status))
	s.text("reason", string(o.Reason))
	s.number("claim", o.Claim)
	s.moments("lease_until", o.LeaseUntil)
	s.moments("due_at", o.DueAt)
	s.number("attempts", int64(o.Attempts))
	s.text("code", o.Code)
	s.text("message", o.Message)
	s.text("instance_id", o.InstanceID)
	s.text("provider_order_id", o.ProviderOrderID)
	s.text("request_id", o.RequestID)
	s.moments("starts_at", o.StartsAt)
	s.moments("ends_at", o.EndsAt)
	s.moments("settled_at", o.SettledAt)
	s.moments("released_at", o.ReleasedAt)
	s.moments("approved_at", o.ApprovedAt)
	s.moment("updated_at", o.UpdatedAt)
	return s.hex()
}

func (o Order) sealIntent(s *seal) {
	s.number("id", o.ID)
	s.text("number", o.Number)
	s.text("quote_id", o.QuoteID)
	s.text("client_token", o.ClientToken)
	s.number("account_id", o.AccountID)
	s.number("owner_id", o.OwnerID)
	s.number("user_id", o.UserID)
	s.text("kind", string(o.Kind))
	s.text("edition", string(o.Edition))
	s.text("version_code", o.VersionCode)
	s.text("cycle", string(o.Cycle))
	s.number("duration", int64(o.Duration))
	s.flag("auto_renew", o.AutoRenew)
	s.number("auto_renew_months", int64(o.AutoRenewMonths))
	s.number("instance_count", int64(o.InstanceCount))
	s.number("total_fen", int64(o.TotalFen))
	s.sum("own_total_fen", o.OwnTotalFen)
	s.number("markup", int64(o.Markup))
	s.text("credential_profile", o.CredentialProfile)
	s.moment("placed_at", o.PlacedAt)
	if o.Kind != Buy {
		s.text("about_instance_id", o.InstanceID) // a purchase learns it at its end
	}
}

func (q Quote) seal(s *seal) {
	s.text("quote", q.ID)
	s.number("quote_account_id", q.AccountID)
	s.number("quote_user_id", q.UserID)
	s.text("quote_kind", string(q.Kind))
	s.text("quote_edition", string(q.Edition))
	s.text("quote_version_code", q.VersionCode)
	s.text("quote_cycle", string(q.Cycle))
	s.number("quote_duration", int64(q.Duration))
	s.flag("quote_auto_renew", q.AutoRenew)
	s.number("quote_auto_renew_months", int64(q.AutoRenewMonths))
	s.number("quote_instance_count", int64(q.InstanceCount))
	s.moment("count_read_at", q.CountReadAt)
	s.text("price_book_hash", q.PriceBookHash)
	s.flag("example_prices", q.ExamplePrices)
	s.number("last_order_id", q.LastOrderID)
	s.number("last_outside_id", q.LastOutsideID)
	s.text("quote_instance_id", q.InstanceID)
	s.data("held", q.Held)
	s.moments("quote_starts_at", q.StartsAt)
	s.moments("quote_ends_at", q.EndsAt)
	s.number("quote_total_fen", int64(q.TotalFen))
	s.data("lines", q.Lines)
	s.sum("quote_own_total_fen", q.OwnTotalFen)
	s.data("own_lines", q.OwnLines)
	s.number("quote_markup", int64(q.Markup))
	s.moment("quote_created_at", q.CreatedAt)
	s.moment("expires_at", q.ExpiresAt)
	if q.ReplacesID != nil {
		s.add("replaces_id", *q.ReplacesID)
	}
	s.data("changes", q.Changes)
}

func (a Attempt) sealBegun(s *seal) {
	s.number("attempt", a.ID)
	s.number("order_id", a.OrderID)
	s.number("number", int64(a.Number))
	s.number("claim", a.Claim)
	s.moment("started_at", a.StartedAt)
	s.text("request", a.Request)
}

func (a Attempt) sealAnswer(s *seal) {
	a.sealBegun(s)
	s.moments("answered_at", a.AnsweredAt)
	s.text("outcome", string(a.Outcome))
	s.number("http_status", int64(a.HTTPStatus))
	s.text("code", a.Code)
	s.text("message", a.Message)
	s.text("request_id", a.RequestID)
	s.text("response", a.Response)
	s.flag("late", a.Late)
}

// Chain is the entry's hash: over what it says and over the Sealed of the
// account's entry before it (empty for the first). Its id is not in it, because
// the database gives that: the tree over all entries holds both.
func (e OutsideEvent) Chain(before string) string {
	s := newSeal("outside")
	s.text("before", before)
	s.number("account_id", e.AccountID)
	s.text("kind", string(e.Kind))
	s.text("instance_id", e.InstanceID)
	s.number("after_order_id", e.AfterOrderID)
	s.text("edition", string(e.Edition))
	s.number("instance_count", int64(e.InstanceCount))
	s.moments("starts_at", e.StartsAt)
	s.moments("ends_at", e.EndsAt)
	s.number("paid_fen", int64(e.PaidFen))
	s.sum("own_paid_fen", e.OwnPaidFen)
	s.number("markup", int64(e.Markup))
	s.flag("auto_renew", e.AutoRenew)
	s.number("auto_renew_months", int64(e.AutoRenewMonths))
	s.text("reason", e.Reason)
	s.number("user_id", e.UserID)
	s.moment("created_at", e.CreatedAt)
	return s.hex()
}

// Sealed is the entry's hash, or, of one that was recorded before there were
// any, one over it alone, which none that has a hash can have.
func (e OutsideEvent) Sealed() string {
	if e.Hash != "" {
		return e.Hash
	}
	return e.Chain("unsealed")
}

// Sealed is over all of the note but its id, which the tree over all notes holds.
func (n OrderNote) Sealed() string {
	s := newSeal("note")
	s.number("order_id", n.OrderID)
	s.number("user_id", n.UserID)
	s.text("note", n.Note)
	s.text("once", n.Once)
	s.moment("created_at", n.CreatedAt)
	return s.hex()
}
