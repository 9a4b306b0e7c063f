package models

import "fmt"

// Life is everything that is on record of one order.
type Life struct {
	Order    Order
	Quote    *Quote    // nil when it is not there
	Events   []Event   // by id
	Attempts []Attempt // by number
}

// Audit says in plain words what does not fit together in an order's record:
// each event with the one before it, and with the rows that it stands for. Of a
// record that is as the portal wrote it, it says nothing.
//
// It proves nothing against somebody who writes new hashes as well: signed
// checkpoints do.
func (l Life) Audit() []string {
	if len(l.Events) == 0 {
		return []string{"none of its events is there"}
	}
	var found []string
	say := func(format string, args ...any) { found = append(found, fmt.Sprintf(format, args...)) }
	attempts := make(map[int]*Attempt, len(l.Attempts))
	for i := range l.Attempts {
		attempts[l.Attempts[i].Number] = &l.Attempts[i]
	}
	quote := l.Quote
	if quote == nil {
		say("its quote is not there")
		quote = &Quote{}
	}
	begun, answered := map[int]Event{}, map[int]bool{}
	var before Event
	for i, e := range l.Events {
		a := attempts[e.Attempt]
		switch {
		case e.Hash != e.Chain(before.Hash):
			say("%s %s", e.named(i), l.broken(i))
		case !e.follows(before):
			say("%s does not follow from the one before it: the portal did not write it", e.named(i))
		}
		switch {
		case e.Attempt > 0 && a == nil:
			say("%s names attempt %d, which is not there", e.named(i), e.Attempt)
		case e.Sealed() && e.Digest != e.Facts(l.Order, *quote, a):
			say("%s: %s", e.named(i), e.changed())
		}
		if e.Begins() {
			begun[e.Attempt] = e
		}
		if a != nil && e.Answers(*a) {
			answered[e.Attempt] = true
		}
		before = e
	}
	for i, a := range l.Attempts {
		claim, known := begun[a.Number]
		switch {
		case a.Number != i+1:
			say("attempt %d stands where attempt %d should: one was removed, added or renumbered", a.Number, i+1)
		case !known:
			say("attempt %d has no event of its beginning", a.Number)
		case a.AnsweredAt != nil && !answered[a.Number] && (!a.Late || claim.Sealed()):
			// From before events were sealed, a late answer has none.
			say("the answer of attempt %d has no event", a.Number)
		case a.AnsweredAt == nil && a != a.unanswered():
			say("attempt %d has parts of an answer, and none came", a.Number)
		}
	}
	switch {
	case l.Order.Status != before.To:
		say("it is %s, and its newest event (id %d) left it %s: later events were cut off, or its status was changed",
			l.Order.Status, before.ID, before.To)
	case before.Sealed() && before.State != l.Order.State():
		say("its row is not as its newest event (id %d) left it: it was changed", before.ID)
	}
	return found
}

// unanswered is the attempt as it was begun.
func (a Attempt) unanswered() Attempt {
	return Attempt{ID: a.ID, OrderID: a.OrderID, Number: a.Number, Claim: a.Claim, StartedAt: a.StartedAt, Request: a.Request}
}

// follows says whether an event may stand behind another, the zero Event for
// none.
func (e Event) follows(before Event) bool {
	switch {
	case e.From != before.To:
		return false
	case e.From == "":
		return e.To == Placed || e.To == AwaitingApproval
	case e.From == e.To:
		return e.From.MayNote(e.Reason)
	}
	return e.From.MayBecome(e.To)
}

func (e Event) named(i int) string {
	return fmt.Sprintf("event %d (id %d, %s at %s)", i+1, e.ID, e.To, e.At.UTC().Format("2006-01-02 15:04:05"))
}

// broken says, as well as it can be told, what was done to an event whose hash
// does not fit.
func (l Life) broken(i int) string {
	e, before := l.Events[i], Event{}
	if i > 0 {
		before = l.Events[i-1]
		if e.Hash == e.Chain("") {
			return "was the first one: events were reordered, or one was put before it"
		}
	}
	for j, other := range l.Events {
		if j != i && e.Hash == e.Chain(other.Hash) {
			return fmt.Sprintf("was written behind the event with id %d: events were reordered, or one was put between", other.ID)
		}
	}
	if i+1 < len(l.Events) {
		if next := l.Events[i+1]; next.Hash == next.Chain(e.Chain(before.Hash)) {
			return "has another hash than it was written with"
		}
	}
	if !e.follows(before) {
		return "does not continue what is before it: events before it were removed, or it was changed"
	}
	return "was changed, or events before it were removed"
}

// changed says what an event whose seal does not fit stands for.
func (e Event) changed() string {
	switch {
	case e.From == "":
		return "what was ordered, or the quote, is not what it was when the order was placed"
	case e.Begins():
		return fmt.Sprintf("attempt %d is not as it was begun: it was changed", e.Attempt)
	}
	return fmt.Sprintf("the answer of attempt %d is not what it was: it was changed, added or removed", e.Attempt)
}
