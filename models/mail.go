package models

import (
	"slices"
	"strconv"
	"time"
)

// MailKind is what a mail tells (locales: "letter.subject.<value>").
type MailKind string

// Every kind of mail.
const (
	MailReceipt  MailKind = "receipt" // a purchase, renewal or upgrade is done
	MailRefund   MailKind = "refund"  // a refund is done
	MailAsked    MailKind = "approval_asked"
	MailApproved MailKind = "approval_given"
	MailDeclined MailKind = "approval_declined"
	MailLapsed   MailKind = "approval_lapsed" // nobody decided in time
	MailExpiry   MailKind = "expiry"
	MailInvited  MailKind = "invitation"
)

// MailKinds lists every kind.
func MailKinds() []MailKind {
	return []MailKind{MailReceipt, MailRefund, MailAsked, MailApproved, MailDeclined, MailLapsed, MailExpiry, MailInvited}
}

// MailState is where a mail stands (locales: "mail_state.<value>").
type MailState string

// The states. A mail is sent at most once: waiting → sending is committed before
// the mail server hears of it, and only the server's own word that it did not
// take the message leads back.
const (
	MailWaiting   MailState = "waiting"   // until it is due
	MailSending   MailState = "sending"   // somebody has it, until its lease ends
	MailSent      MailState = "sent"      // the mail server took it
	MailFailed    MailState = "failed"    // the mail server didn't, and it is not tried again
	MailUncertain MailState = "uncertain" // nobody knows whether the mail server took it; it is not tried again
	MailDropped   MailState = "dropped"   // it was not true any more, or nobody's to read
)

// MailStates lists every state.
func MailStates() []MailState {
	return []MailState{MailWaiting, MailSending, MailSent, MailFailed, MailUncertain, MailDropped}
}

// MailWhy is why a mail is in its state (locales: "mail_why.<value>").
type MailWhy string

// The reasons.
const (
	MailNoReason    MailWhy = ""
	MailUnreachable MailWhy = "unreachable" // no conversation came about: connection, TLS or signing in
	MailRefused     MailWhy = "refused"     // the mail server said no
	MailBroken      MailWhy = "broken"      // the message could not be made
	MailNoAnswer    MailWhy = "no_answer"   // the message left, and no answer came
	MailSenderLost  MailWhy = "sender_lost" // the portal that was sending it ended
	MailRestored    MailWhy = "restored"    // it waited in a copy: it may have been sent since
	MailUntrue      MailWhy = "untrue"      // what it would have reminded of has changed
	MailNoReader    MailWhy = "no_reader"   // its reader has no access any more
)

// MailWhys lists every reason but none.
func MailWhys() []MailWhy {
	return []MailWhy{MailUnreachable, MailRefused, MailBroken, MailNoAnswer, MailSenderLost, MailRestored, MailUntrue, MailNoReader}
}

// Mail is a row of the outbox: one message to one reader.
type Mail struct {
	ID int64
	// Once is what it tells and whom, and is unique: "receipt:P20261123-7K3M9QXR:7".
	Once      string
	Kind      MailKind
	AccountID *int64
	OrderID   *int64
	UserID    *int64     // who reads it; nil for somebody who is invited
	Email     string     // where it went; empty until then
	EndsAt    *time.Time // UTC; the end that it reminds of
	CreatedAt time.Time  // UTC
	DueAt     time.Time  // UTC; while waiting, when to send it (again)

	State MailState
	Why   MailWhy
	Reply int // the mail server's newest reply code, 0 for none
	// Attempts counts how often somebody began to send it, and is the fencing number
	// too: what comes of an attempt is written only while no other has begun.
	Attempts   int
	LeaseUntil *time.Time // UTC; while sending
	SettledAt  *time.Time // UTC; when it came to a state that it stays in
}

// MailOnce is a mail's key: its kind, what it is about, and its reader.
func MailOnce(kind MailKind, about string, userID int64) string {
	return string(kind) + ":" + about + ":" + strconv.FormatInt(userID, 10)
}

// mailPauses are how long a mail waits that the mail server provably did not
// take, after each attempt; after the last of them, about a day after the first
// attempt, it has failed.
var mailPauses = []time.Duration{
	time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour,
}

// MailPause is how long a mail waits after so many attempts; false when it has
// been tried often enough.
func MailPause(attempts int) (time.Duration, bool) {
	if attempts < 1 || attempts > len(mailPauses) {
		return 0, false
	}
	return mailPauses[attempts-1], true
}

// RemindDays are how many Beijing calendar days before an end its readers are
// reminded; 0 is the day itself. The farthest first.
func RemindDays() []int { return []int{30, 7, 1, 0} }

// DaysUntil counts the Beijing calendar days from now until at: 0 for the same
// day, negative for one that is over.
func DaysUntil(now, at time.Time) int {
	day := func(t time.Time) time.Time {
		year, month, day := t.In(Beijing).Date()
		return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
	}
	return int(day(at).Sub(day(now)) / (24 * time.Hour))
}

// Reminder says which reminder of its end (RemindDays) a subscription is to have
// at now, if it has not had it: the nearest one alone, also where nobody looked
// for a month. None where auto-renewal is on, because that is no end; none after
// the day; and none 30 days before the end of a month that was bought then.
func (s Subscription) Reminder(now time.Time) (before int, ok bool) {
	if s.AutoRenew || s.Unconfirmed {
		return 0, false
	}
	left := DaysUntil(now, s.EndsAt)
	days := RemindDays()
	slices.Reverse(days)
	for _, d := range days {
		if left < 0 || left > d {
			continue
		}
		if running := s.Running(now); len(s.Periods) > 0 && DaysUntil(running.Start, s.EndsAt) <= d+1 {
			return 0, false // it has hardly begun
		}
		return d, true
	}
	return 0, false
}

// InvitationMail is a mail to somebody who is invited. Its link is a secret.
type InvitationMail struct {
	// Once names the link, and nothing else: another link of the same invitation has
	// another one. It is not the secret, nor made of it.
	Once     string
	Email    string
	Language string // empty for the portal's
	Account  *int64 // whose; nil for a reseller's admin
	Place    string // the account's or reseller's name
	By       string // who invites
	Seller   string // the reseller by whose name pages go; empty for the portal's own
	Link     string // absolute
	Until    time.Time
}
