package models

import (
	"errors"
	"time"
)

// Errors that mean something to the person at the other end. One place
// (handlers) turns them into a status and a page.
var (
	// ErrNotFound is a row that is not there, or that the viewer may not see.
	ErrNotFound = errors.New("not found")
	// ErrForbidden is a visible row with an action that the viewer's role lacks.
	ErrForbidden = errors.New("not allowed for this role")
	// ErrConflict is a compare-and-swap that met another state than it expected.
	ErrConflict = errors.New("changed by somebody else meanwhile")
	// ErrExists is a name, address or id that is taken.
	ErrExists = errors.New("already there")
	// ErrDiscount is a price below the list price of a reseller that may have none.
	ErrDiscount = errors.New("the reseller may not sell below the list price")
	// ErrTaken is an address that somebody signs in with elsewhere: where, and that
	// it is so, is nobody's business here.
	ErrTaken = errors.New("this address can't be invited here")
	// ErrSelf is somebody who would remove themselves.
	ErrSelf = errors.New("nobody removes themselves")
	// ErrSubscribed is a purchase for an account that holds a subscription.
	ErrSubscribed = errors.New("the account already holds a subscription")
	// ErrNotSubscribed is a renewal, upgrade or refund for an account that holds none.
	ErrNotSubscribed = errors.New("the account holds no subscription")
	// ErrTooEarly is a recorded renewal that ends less than a day after what is
	// known, or a release of something before it began.
	ErrTooEarly = errors.New("the recorded time is too early")
	// ErrMovedOn is a released order that can't be completed any more, because
	// something else happened to what the account holds.
	ErrMovedOn = errors.New("something happened to what the account holds since the order was placed")
	// ErrNotMovedOn is a released order that nothing has happened beside: it can
	// still be completed.
	ErrNotMovedOn = errors.New("nothing happened to what the account holds since the order was placed")
	// ErrUnsent is an order to be settled as completed though nothing of it reached
	// the provider.
	ErrUnsent = errors.New("none of the order's attempts reached the provider, so it was not done by this order: settle it as rejected")
	// ErrProposed is a decision about an order for which another one stands
	// proposed.
	ErrProposed = errors.New("a proposal stands: another operator has to confirm or decline it first")
	// ErrOwnProposal is an operator who confirms what they proposed themselves.
	ErrOwnProposal = errors.New("a proposal is confirmed by somebody else than who made it")
	// ErrNewEvidence is a decision by somebody who has not seen all evidence.
	ErrNewEvidence = errors.New("something about the order has become known meanwhile")
	// ErrExpired is an upgrade or refund of a subscription that has ended.
	ErrExpired = errors.New("the subscription has ended")
)

// OpenOrderError is an order for an account that has an order under way: one
// open order for each account, so that nothing is ever charged beside an order
// whose outcome is not known yet.
type OpenOrderError struct {
	Number string // of the open order
}

func (e *OpenOrderError) Error() string { return "order " + e.Number + " is still open" }

// OrderIDTakenError is an order to be settled as completed with the provider's
// OrderId of another order: one charge belongs to one order.
type OrderIDTakenError struct {
	ProviderOrderID string
	Number          string // of the order that has it
}

func (e *OrderIDTakenError) Error() string {
	return "OrderId " + e.ProviderOrderID + " is that of order " + e.Number + ": one charge belongs to one order, so read the OrderId in the provider's console again"
}

// AccountHeldError is an order for an account that is held: this portal may not
// know what the account holds, so nothing is ordered until an operator has
// looked.
type AccountHeldError struct {
	Since time.Time // UTC
}

func (e *AccountHeldError) Error() string {
	return "the account is held since " + e.Since.Format(time.RFC3339)
}

// AccountSuspendedError is an order for an account whose people may only look.
type AccountSuspendedError struct {
	Since time.Time // UTC
}

func (e *AccountSuspendedError) Error() string {
	return "the account is suspended since " + e.Since.Format(time.RFC3339)
}

// QuoteChangedError says why a quote can't be placed as it is. Nothing was
// sent; a new quote has to stand beside it.
type QuoteChangedError struct {
	Reasons []QuoteChange
}

func (e *QuoteChangedError) Error() string {
	s := "the quote no longer holds:"
	for _, r := range e.Reasons {
		s += " " + string(r)
	}
	return s
}
