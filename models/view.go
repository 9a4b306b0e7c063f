package models

import (
	"encoding/json"
	"time"
)

// ViewFor is how long somebody looks at an account's pages as its customers do,
// unless they leave before.
const ViewFor = 30 * time.Minute

// View is a look at an account's pages as its customers see them: of one session,
// and without changing anything.
type View struct {
	AccountID int64
	Since     time.Time // UTC
}

// Until is when the view ends by itself (UTC).
func (w View) Until() time.Time { return w.Since.Add(ViewFor) }

// Over says whether the view has ended by itself.
func (w View) Over(now time.Time) bool { return !now.Before(w.Until()) }

// Facts are the view's as JSON, for the log of changes.
func (w View) Facts() string {
	b, err := json.Marshal(struct {
		Since time.Time `json:"since"`
		Until time.Time `json:"until"`
	}{w.Since.UTC(), w.Until().UTC()})
	if err != nil {
		return err.Error() // can't be: these are plain values
	}
	return string(b)
}

// In is the viewer as they see this account's pages in a view: they may what its
// customers may, as far as they may it themselves, and nothing of another's.
func (v Viewer) In(w View, account Account) Viewer {
	v.As, v.Until = &account, w.Until()
	return v
}

// Offered says whether the viewer's pages offer it: in a view what they offer the
// customer, though nobody may do it there (see May for who may).
func (v Viewer) Offered(a Action) bool {
	if v.As != nil {
		return Customer.Whose(a) != WhoseNone
	}
	return v.May(a)
}

// Role is what the pages take the viewer for.
func (v Viewer) Role() Role {
	if v.As != nil {
		return Customer
	}
	return v.User.Role
}

// AccountID is the account that a customer, or who looks as one, belongs to; nil
// for others.
func (v Viewer) AccountID() *int64 {
	if v.As != nil {
		return &v.As.ID
	}
	return v.User.AccountID
}
