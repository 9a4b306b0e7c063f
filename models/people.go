package models

import (
	"errors"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Reseller sells the provider's subscriptions on to its accounts (虚商).
type Reseller struct {
	ID   int64
	Name string // unique; its customers read it on their pages
	// CredentialProfile names whose key the calls for its accounts are signed with:
	// a profile of the SDK's files, empty for the portal's default. Never a key.
	CredentialProfile string
	CreatedAt         time.Time // UTC
	// DiscountsAllowedAt is since when (UTC) its own prices may be below the list
	// price, which only operators allow; nil while they may not.
	DiscountsAllowedAt *time.Time
}

// Account is whoever owns the machines: one provider UID. It holds at most one
// subscription (provider document: CreateInstance).
type Account struct {
	ID         int64
	OwnerID    int64 // the provider's UID of the resource owner, unique
	Name       string
	ResellerID *int64    // nil when the portal's owner sells to it directly
	CreatedAt  time.Time // UTC
	// SuspendedAt is since when (UTC) its people may only look; nil while they may
	// order. SuspendedBy says who did it, as in Event, and SuspensionReason why, in
	// their words: for administrators and staff only.
	SuspendedAt      *time.Time
	SuspendedBy      string
	SuspensionReason string
	Note             string // for administrators and staff only
	// MonthlyLimitFen is the most that may be ordered for it in a Beijing calendar
	// month, and ApprovalAboveFen the sum above which a customer's order waits for
	// approval: see Limits. Nil for none.
	MonthlyLimitFen  *Fen
	ApprovalAboveFen *Fen
}

// May says whether the viewer may have an order of this kind for the account as
// far as a suspension goes: *AccountSuspendedError for all but what its
// administrators pay back.
func (a Account) May(v Viewer, kind Kind) error {
	if a.SuspendedAt == nil || kind == Refund && v.May(ActAdminister) {
		return nil
	}
	return &AccountSuspendedError{Since: *a.SuspendedAt}
}

// NormalizeName makes one spelling of an account's or reseller's name that a
// person typed, or fails when it can't be shown on a page or a terminal.
func NormalizeName(s string) (string, error) {
	s = strings.TrimSpace(s)
	if s == "" || utf8.RuneCountInString(s) > 200 || !printable(s) {
		return "", errors.New("a name has 1 to 200 visible characters")
	}
	return s, nil
}

func printable(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) })
}

// ParseOwnerID reads an Alibaba Cloud UID as a person types it: digits, perhaps
// with spaces around them.
func ParseOwnerID(s string) (int64, error) {
	s = strings.TrimSpace(s)
	id, err := strconv.ParseInt(s, 10, 64)
	if err != nil || id < 1 || strings.HasPrefix(s, "+") {
		return 0, errors.New("the OwnerId is the Alibaba Cloud UID: digits only, from 1, at most 9223372036854775807")
	}
	return id, nil
}

// Role is what a user may be in the portal.
type Role string

// The four roles. Operators run the portal itself; the other three are the
// people that it is for.
const (
	Customer      Role = "customer"
	ResellerAdmin Role = "reseller-admin"
	Support       Role = "support"
	Operator      Role = "operator"
)

// Roles lists every role.
func Roles() []Role { return []Role{Customer, ResellerAdmin, Support, Operator} }

// User signs in. A customer belongs to one account, a reseller admin to one
// reseller, staff to neither.
//
// Users are never deleted: who was removed keeps naming what they did. What is
// unique is Login, so that a removed person's address may be another's.
type User struct {
	ID           int64
	Login        string // what they sign in with: Email, or a mark that is no address once they were removed
	Email        string // lower case
	PasswordHash string // argon2id in PHC form; never shown or logged
	Role         Role
	AccountID    *int64
	ResellerID   *int64
	Language     string     // a BCP 47 tag of locales/, empty until chosen
	CreatedAt    time.Time  // UTC
	LastSignInAt *time.Time // UTC; nil before the first one that was kept
	RemovedAt    *time.Time // UTC; since when they don't sign in any more
}

// Place is where the user belongs; none of both for staff.
func (u User) Place() Place { return Place{u.AccountID, u.ResellerID} }

// NormalizeEmail makes one spelling of an e-mail address that a person typed,
// or fails when it can't be one.
func NormalizeEmail(s string) (string, error) {
	s = strings.ToLower(strings.TrimSpace(s))
	local, domain, ok := strings.Cut(s, "@")
	if !ok || local == "" || domain == "" || strings.ContainsAny(s, " \t\r\n,;<>") ||
		strings.Contains(domain, "@") || len(s) > 254 || !printable(s) {
		return "", errors.New("an e-mail address looks like name@example.com")
	}
	return s, nil
}

// Viewer is who is asking. Every query for pages takes one; a row that it may
// not see is "not found", as if it were not there.
type Viewer struct {
	User User
	// As is the account whose pages the viewer looks at as its customers see them,
	// and Until when that ends (UTC); nil while they are themselves. See In.
	As    *Account
	Until time.Time
}

// Actor is the viewer as events name them: always who it is.
func (v Viewer) Actor() string { return "user:" + strconv.FormatInt(v.User.ID, 10) }

// Staff says whether the viewer sees every account.
func (v Viewer) Staff() bool { return v.Whose(ActLook) == WhoseAll }
