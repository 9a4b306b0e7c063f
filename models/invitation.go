package models

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"time"
)

// InvitationValid is how long an invitation's link leads somewhere.
const InvitationValid = 7 * 24 * time.Hour

// Place is where somebody belongs: a customer to an account, an admin to a
// reseller. One of the two is set, the other nil.
type Place struct{ AccountID, ResellerID *int64 }

// Role is what people of the place are: nobody is invited as staff.
func (p Place) Role() Role {
	if p.AccountID != nil {
		return Customer
	}
	return ResellerAdmin
}

// PersonState is whether somebody can sign in (locales: "person_state.<value>").
type PersonState string

// The states of people and of invitations.
const (
	PersonActive       PersonState = "active"
	PersonInvitedState PersonState = "invited"
	PersonExpired      PersonState = "expired" // the invitation is
	PersonRevoked      PersonState = "revoked" // the invitation was
	PersonRemovedState PersonState = "removed"
)

// PersonStates lists every state.
func PersonStates() []PersonState {
	return []PersonState{PersonActive, PersonInvitedState, PersonExpired, PersonRevoked, PersonRemovedState}
}

// Invitation is one of an address to a place. Its link carries a token that is
// kept nowhere: the row has its SHA-256. A link that is sent again has another
// token, so that the old one leads nowhere.
type Invitation struct {
	ID         int64
	Email      string // as User.Email
	Role       Role
	AccountID  *int64
	ResellerID *int64
	TokenHash  string // see InvitationToken.Hash
	InvitedBy  int64  // a user
	CreatedAt  time.Time
	ExpiresAt  time.Time
	RevokedAt  *time.Time
	AcceptedAt *time.Time
	UserID     *int64 // who accepted it
}

// Place is where the invitation leads to.
func (i Invitation) Place() Place { return Place{i.AccountID, i.ResellerID} }

// State is what has become of the invitation.
func (i Invitation) State(now time.Time) PersonState {
	switch {
	case i.AcceptedAt != nil:
		return PersonActive
	case i.RevokedAt != nil:
		return PersonRevoked
	case !now.Before(i.ExpiresAt):
		return PersonExpired
	}
	return PersonInvitedState
}

// InvitationToken is what makes an invitation's link: whoever has it may accept.
// It is on one page, once, and never in a log or in the database.
type InvitationToken string

// NewInvitationToken makes one of 256 random bits.
func NewInvitationToken() InvitationToken {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // never fails: it ends the program instead
	return InvitationToken(base64.RawURLEncoding.EncodeToString(b))
}

// Hash is what the database has of it: the hex SHA-256. A token that is as
// random needs no slow hash.
func (t InvitationToken) Hash() string {
	sum := sha256.Sum256([]byte(t))
	return hex.EncodeToString(sum[:])
}

// Member is a line of a place's people: somebody who signs in, or an invitation
// that nobody has accepted.
type Member struct {
	Email      string
	Role       Role
	State      PersonState
	User       *User
	Invitation *Invitation
	// InvitedBy is who invited them; nil for people that a command added.
	InvitedBy *User
}
