package models

import "time"

// OrderNote is what one of the staff wrote about an order, for the others. It
// is no event: the order is not changed by it. It is never changed or deleted,
// and nobody but staff is told that there is such a thing.
type OrderNote struct {
	ID        int64
	OrderID   int64
	UserID    int64     // who wrote it
	Note      string    // its lines end with \n
	Once      string    // NoteOnce
	CreatedAt time.Time // UTC
}

// NoteOnce tells a note that is sent again, by a double click or by a browser
// that goes back, from another one: it is over the form that the note was
// written in, and over all that was sent. An edited note is another one.
func NoteOnce(form string, n OrderNote) string {
	s := newSeal("note once")
	s.text("form", form)
	s.number("order_id", n.OrderID)
	s.number("user_id", n.UserID)
	s.text("note", n.Note)
	return s.hex()
}
