package store

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"portal/failpoint"
	"portal/models"
)

// Settings of the database that mails go by.
const (
	settingMail = "mail" // "yes": what happens puts mails into the outbox
	// settingReminded is the Beijing day for which the reminders are in the outbox.
	settingReminded = "mail_reminded"
	// settingRemindAfter is the Beijing day of the last restore: what a reminder up to
	// that day would have said may have been said since the copy.
	settingRemindAfter = "mail_remind_after"
)

// SetMailing says whether what happens puts mails into the outbox. The database
// keeps it, so that commands and every replica go by the same.
func (s *Store) SetMailing(ctx context.Context, on bool) error {
	value := "no"
	if on {
		value = "yes"
	}
	if is, err := setting(s.read.WithContext(ctx), settingMail); err != nil || is == value || !on && is == "" {
		return err
	}
	return s.tx(ctx, func(tx *gorm.DB) error { return set(tx, settingMail, value) })
}

func mailing(db *gorm.DB) (bool, error) {
	value, err := setting(db, settingMail)
	return value == "yes", err
}

// set sets what the database is set to.
func set(tx *gorm.DB, name, value string) error {
	return tx.Exec(`INSERT INTO settings (name, value) VALUES (?, ?)
		ON CONFLICT (name) DO UPDATE SET value = excluded.value`, name, value).Error
}

// post puts a mail into the outbox, in the transaction that makes it true. One
// with the same key is there for good, whatever has become of it.
func post(tx *gorm.DB, now time.Time, m models.Mail) error {
	m.CreatedAt, m.State = now, models.MailWaiting
	if m.DueAt.IsZero() {
		m.DueAt = now
	}
	return tx.Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "once"}}, DoNothing: true}).Create(&m).Error
}

// tell puts the mails about an order into the outbox, one for each of its readers.
func tell(tx *gorm.DB, now time.Time, kind models.MailKind, o models.Order, readers func(*gorm.DB, models.Order) ([]int64, error)) error {
	if on, err := mailing(tx); err != nil || !on {
		return err
	}
	ids, err := readers(tx, o)
	if err != nil {
		return err
	}
	for _, id := range ids {
		err := post(tx, now, models.Mail{
			Once: models.MailOnce(kind, o.Number, id), Kind: kind, AccountID: &o.AccountID, OrderID: &o.ID, UserID: &id,
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// tellOfMove is tell for a step of an order's life, where it is one that people
// are told of.
func tellOfMove(tx *gorm.DB, m move) error {
	switch {
	case m.to == m.order.Status: // a note
	case m.to == models.Completed && m.order.Kind == models.Refund:
		return tell(tx, m.at, models.MailRefund, m.order, whoPaid)
	case m.to == models.Completed:
		return tell(tx, m.at, models.MailReceipt, m.order, whoPaid)
	case m.reason == models.ReasonApproved:
		return tell(tx, m.at, models.MailApproved, m.order, whoPlaced)
	case m.reason == models.ReasonNotApproved:
		return tell(tx, m.at, models.MailDeclined, m.order, whoPlaced)
	case m.reason == models.ReasonNobodyDecided:
		return tell(tx, m.at, models.MailLapsed, m.order, whoPlaced)
	}
	return nil
}

// userIDs are the ids of the users that a query chooses and that are still there.
func userIDs(db *gorm.DB) ([]int64, error) {
	var ids []int64
	return ids, db.Model(&models.User{}).Where("removed_at IS NULL").Order("id").Pluck("id", &ids).Error
}

func customers(tx *gorm.DB, accountID int64) ([]int64, error) {
	return userIDs(tx.Where("account_id = ? AND role = ?", accountID, models.Customer))
}

// resellerAdmins are those of the account's reseller; none for an account that
// has none.
func resellerAdmins(tx *gorm.DB, accountID int64) ([]int64, error) {
	return userIDs(tx.Where("role = ? AND reseller_id = (SELECT reseller_id FROM accounts WHERE id = ?)", models.ResellerAdmin, accountID))
}

// administrators are who looks after an account: its reseller's admins, and the
// operators where there are none.
func administrators(tx *gorm.DB, accountID int64) ([]int64, error) {
	ids, err := resellerAdmins(tx, accountID)
	if err == nil && len(ids) == 0 {
		ids, err = userIDs(tx.Where("role = ?", models.Operator))
	}
	return ids, err
}

// whoPaid are the account's customers, and whoever placed the order on their
// behalf.
func whoPaid(tx *gorm.DB, o models.Order) ([]int64, error) {
	return userIDs(tx.Where("(account_id = ? AND role = ? OR id = ?)", o.AccountID, models.Customer, o.UserID))
}

func whoPlaced(tx *gorm.DB, o models.Order) ([]int64, error) {
	return userIDs(tx.Where("id = ?", o.UserID))
}

func whoApproves(tx *gorm.DB, o models.Order) ([]int64, error) {
	return administrators(tx, o.AccountID)
}

// whoIsReminded are the account's customers and its reseller's admins. The
// customers of a suspended account can't renew it, and are not asked to; who looks
// after an account is told where nobody else would be.
func whoIsReminded(tx *gorm.DB, a models.Account) ([]int64, error) {
	ids, err := resellerAdmins(tx, a.ID)
	if err == nil && a.SuspendedAt == nil {
		var own []int64
		own, err = customers(tx, a.ID)
		ids = append(ids, own...)
	}
	if err == nil && len(ids) == 0 {
		ids, err = administrators(tx, a.ID)
	}
	return ids, err
}

// remindFrom is the hour, Beijing time, from which the reminders of a day are
// sent: nobody's telephone rings at midnight.
const remindFrom = 9

// remindBatch is how many accounts are looked at in one transaction.
const remindBatch = 100

// Remind puts the reminders of the day into the outbox, once a day, whichever
// replica comes first. Two that do so at once, and one that begins anew after a
// crash, meet the keys of those that are there already.
//
// What an account that is held holds, nobody knows for sure: it is not reminded.
func (s *Store) Remind(ctx context.Context) error {
	now := s.now()
	today := now.In(models.Beijing).Format(time.DateOnly)
	db := s.read.WithContext(ctx)
	if on, err := mailing(db); err != nil || !on {
		return err
	}
	if done, err := setting(db, settingReminded); err != nil || done >= today {
		return err
	}
	for after, more := int64(0), true; more; {
		var last int64
		err := s.step(ctx, failpoint.Remind, func(tx *gorm.DB) error {
			var accounts []models.Account
			err := tx.Where("id > ?", after).Order("id").Limit(remindBatch).Find(&accounts).Error
			if err != nil {
				return err
			}
			if more = len(accounts) == remindBatch; more {
				last = accounts[remindBatch-1].ID
			} else if err := set(tx, settingReminded, today); err != nil {
				return err
			}
			return remind(tx, now, accounts)
		})
		if err != nil {
			return err
		}
		after = last
	}
	return nil
}

// remind puts the reminders of these accounts into the outbox.
func remind(tx *gorm.DB, now time.Time, accounts []models.Account) error {
	if len(accounts) == 0 {
		return nil
	}
	ids := make([]int64, len(accounts))
	for i, a := range accounts {
		ids[i] = a.ID
	}
	restored, err := setting(tx, settingRemindAfter)
	if err != nil {
		return err
	}
	var held []int64
	if err := tx.Model(&models.AccountHold{}).Where("account_id IN ? AND released_at IS NULL", ids).Pluck("account_id", &held).Error; err != nil {
		return err
	}
	holds := make(map[int64]bool, len(held))
	for _, id := range held {
		holds[id] = true
	}
	known, err := histories(tx, now, ids...)
	if err != nil {
		return err
	}
	for _, a := range accounts {
		held := known[a.ID].Subscription
		if held == nil || holds[a.ID] {
			continue
		}
		before, ok := held.Reminder(now)
		if !ok || held.EndsAt.In(models.Beijing).AddDate(0, 0, -before).Format(time.DateOnly) <= restored {
			continue
		}
		year, month, day := now.In(models.Beijing).Date()
		due := time.Date(year, month, day, remindFrom, 0, 0, 0, models.Beijing).UTC()
		readers, err := whoIsReminded(tx, a)
		if err != nil {
			return err
		}
		for _, id := range readers {
			about := fmt.Sprintf("%d:%s:%d", a.ID, held.EndsAt.UTC().Format(time.RFC3339), before)
			err := post(tx, now, models.Mail{
				Once: models.MailOnce(models.MailExpiry, about, id), Kind: models.MailExpiry,
				AccountID: &a.ID, UserID: &id, EndsAt: &held.EndsAt, DueAt: due,
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// DueMails lists the mails that are to be sent now, those that are due longest
// first. Every replica finds all; ClaimMail lets one through.
func (s *Store) DueMails(ctx context.Context, limit int) ([]int64, error) {
	db := s.read.WithContext(ctx)
	now, err := s.at(db)
	if err != nil {
		return nil, err
	}
	var ids []int64
	return ids, db.Model(&models.Mail{}).Where("state = ? AND due_at <= ?", models.MailWaiting, now).
		Order("due_at, id").Limit(limit).Pluck("id", &ids).Error
}

// ClaimMail makes the caller the one who may send a mail, for as long as the
// lease lasts, and commits that before the mail server hears of it. false: it is
// somebody else's, or it was dropped, because its reader may not see the account
// any more or what it would remind of has changed.
//
// Of two that claim it at once the second meets another number of attempts. A
// crash after the commit leaves a mail that may have been sent or not. Nobody can
// know, so it is never sent again: see LoseMails.
func (s *Store) ClaimMail(ctx context.Context, id int64, lease time.Duration) (m models.Mail, claimed bool, err error) {
	err = s.step(ctx, failpoint.MailClaim, func(tx *gorm.DB) error {
		claimed = false
		var err error
		if m, err = first[models.Mail](tx.Where("id = ?", id)); err != nil {
			return err
		}
		now, err := s.at(tx)
		if err != nil {
			return err
		}
		if m.State != models.MailWaiting || m.DueAt.After(now) {
			return nil
		}
		begun, until := m.Attempts, now.Add(lease)
		set := map[string]any{"state": models.MailSending, "why": "", "attempts": begun + 1, "lease_until": until}
		why, email, err := idle(tx, now, m)
		if err != nil {
			return err
		}
		if why != models.MailNoReason {
			set = map[string]any{"state": models.MailDropped, "why": why, "settled_at": now}
		}
		set["email"] = email
		moved := tx.Model(&models.Mail{}).Where("id = ? AND state = ? AND attempts = ?", id, models.MailWaiting, begun).UpdateColumns(set)
		claimed = moved.RowsAffected == 1 && why == models.MailNoReason
		m.State, m.Attempts, m.LeaseUntil, m.Email = models.MailSending, begun+1, &until, email
		return moved.Error
	})
	return m, claimed && err == nil, err
}

// idle says why a mail need not be sent, and where it would go.
func idle(tx *gorm.DB, now time.Time, m models.Mail) (models.MailWhy, string, error) {
	if m.UserID == nil || m.AccountID == nil {
		return models.MailNoReader, m.Email, nil // an invitation is never found waiting
	}
	user, err := reader(tx, *m.UserID)
	if err == nil && user.RemovedAt != nil {
		return models.MailNoReader, user.Email, nil
	}
	if err == nil {
		_, err = first[models.Account](visible(tx, models.Viewer{User: user}, models.ActLook, "id").Where("id = ?", *m.AccountID))
	}
	if errors.Is(err, models.ErrNotFound) {
		return models.MailNoReader, "", nil
	}
	if err != nil || m.EndsAt == nil {
		return models.MailNoReason, user.Email, err
	}
	known, err := history(tx, *m.AccountID, now)
	if err != nil {
		return models.MailNoReason, "", err
	}
	if held := known.Subscription; held == nil || held.AutoRenew || !held.EndsAt.Equal(*m.EndsAt) {
		return models.MailUntrue, user.Email, nil
	}
	return models.MailNoReason, user.Email, nil
}

// reader finds somebody who gets mails.
func reader(db *gorm.DB, id int64) (models.User, error) {
	return first[models.User](db.Where("id = ?", id))
}

// ClaimInvitation puts a mail to somebody who is invited into the outbox, claimed
// already: its link is a secret that only the caller has, so nobody else could
// send it later. models.ErrExists when there is one with this key.
func (s *Store) ClaimInvitation(ctx context.Context, once, email string, accountID *int64, lease time.Duration) (models.Mail, error) {
	var kept models.Mail
	err := s.step(ctx, failpoint.MailClaim, func(tx *gorm.DB) error {
		now, err := s.at(tx)
		if err != nil {
			return err
		}
		until := now.Add(lease)
		kept = models.Mail{
			Once: string(models.MailInvited) + ":" + once, Kind: models.MailInvited, AccountID: accountID, Email: email,
			CreatedAt: now, DueAt: now, State: models.MailSending, Attempts: 1, LeaseUntil: &until,
		}
		return create(tx, &kept)
	})
	return kept, err
}

// MailContent is what a mail tells of, as it is now.
type MailContent struct {
	Mail    models.Mail
	Reader  models.User
	Seller  string // the reseller whose people the reader is of; empty for none
	Account models.Account
	Order   *models.Order // nil for a reminder
	Quote   models.Quote  // the order's
	Note    string        // why an order was declined, in the words of who did
	Now     time.Time     // UTC
}

// MailContent reads what a mail tells of.
func (s *Store) MailContent(ctx context.Context, m models.Mail) (c MailContent, err error) {
	c = MailContent{Mail: m, Now: s.now()}
	if m.UserID == nil || m.AccountID == nil {
		return c, models.ErrNotFound
	}
	reads, err := reader(s.read.WithContext(ctx), *m.UserID)
	if err == nil {
		c.Seller, err = s.SellerOf(ctx, reads)
	}
	if err != nil {
		return c, err
	}
	err = s.snapshot(ctx, func(tx *gorm.DB) (err error) {
		if c.Reader, err = reader(tx, *m.UserID); err != nil {
			return err
		}
		if c.Account, err = first[models.Account](tx.Where("id = ?", *m.AccountID)); err != nil || m.OrderID == nil {
			return err
		}
		order, err := first[models.Order](tx.Where("id = ?", *m.OrderID))
		if err != nil {
			return err
		}
		c.Order = &order
		if c.Quote, err = first[models.Quote](tx.Where("id = ?", order.QuoteID)); err != nil || m.Kind != models.MailDeclined {
			return err
		}
		why, err := first[models.Event](tx.Where("order_id = ? AND reason = ?", order.ID, models.ReasonNotApproved))
		c.Note = why.Note
		return err
	})
	return c, err
}

// MailResult is what came of sending a mail: sent, failed, uncertain, or waiting
// where the mail server provably did not take it and may be asked again.
type MailResult struct {
	State models.MailState
	Why   models.MailWhy
	Reply int // the mail server's reply code, 0 for none
}

// SettleMail writes what came of sending a mail that ClaimMail gave. One that is
// to be tried again waits, longer each time, and has failed after about a day; an
// invitation is tried once. Where the lease has run out meanwhile, only that it was
// sent is still news.
func (s *Store) SettleMail(ctx context.Context, m models.Mail, r MailResult) error {
	return s.step(ctx, failpoint.MailSettle, func(tx *gorm.DB) error {
		now, err := s.at(tx)
		if err != nil {
			return err
		}
		set := map[string]any{"state": r.State, "why": r.Why, "reply": r.Reply, "lease_until": nil, "settled_at": now}
		if r.State == models.MailWaiting {
			if pause, ok := models.MailPause(m.Attempts); ok && m.UserID != nil {
				set["due_at"], set["settled_at"] = now.Add(pause), nil
			} else {
				set["state"] = models.MailFailed
			}
		}
		from := []models.MailState{models.MailSending}
		if r.State == models.MailSent {
			from = append(from, models.MailUncertain)
		}
		return tx.Model(&models.Mail{}).Where("id = ? AND attempts = ? AND state IN ?", m.ID, m.Attempts, from).UpdateColumns(set).Error
	})
}

// LoseMails gives up the mails whose sender is gone: whether the mail server took
// them, nobody can know. It says how many those were.
func (s *Store) LoseMails(ctx context.Context) (lost int64, err error) {
	now, err := s.at(s.read.WithContext(ctx))
	if err != nil {
		return 0, err
	}
	over := func(db *gorm.DB) *gorm.DB {
		return db.Model(&models.Mail{}).Where("state = ? AND lease_until <= ?", models.MailSending, now)
	}
	var ids []int64
	if err := over(s.read.WithContext(ctx)).Limit(1).Pluck("id", &ids).Error; err != nil || len(ids) == 0 {
		return 0, err
	}
	err = s.step(ctx, failpoint.MailLose, func(tx *gorm.DB) error {
		moved := over(tx).UpdateColumns(map[string]any{
			"state": models.MailUncertain, "why": models.MailSenderLost, "lease_until": nil, "settled_at": now,
		})
		lost = moved.RowsAffected
		return moved.Error
	})
	return lost, err
}

// forgetMails is what a restore does to the outbox: what waited in the copy may
// have been sent since, and so may any reminder up to today's.
func forgetMails(tx *gorm.DB, now time.Time) error {
	err := tx.Model(&models.Mail{}).Where("state IN ?", []models.MailState{models.MailWaiting, models.MailSending}).
		UpdateColumns(map[string]any{"state": models.MailUncertain, "why": models.MailRestored, "lease_until": nil, "settled_at": now}).Error
	if err != nil {
		return err
	}
	return set(tx, settingRemindAfter, now.In(models.Beijing).Format(time.DateOnly))
}

// MailsAbout lists the mails about an order, oldest first, each with the address
// that it went to, or will. The order has been found for staff before.
func (s *Store) MailsAbout(ctx context.Context, orderID int64) ([]models.Mail, error) {
	var mails []models.Mail
	db := s.read.WithContext(ctx)
	if err := db.Where("order_id = ?", orderID).Order("id").Find(&mails).Error; err != nil {
		return nil, err
	}
	for i, m := range mails {
		if m.Email == "" && m.UserID != nil {
			user, err := first[models.User](db.Where("id = ?", *m.UserID))
			if err != nil {
				return nil, fmt.Errorf("the reader of mail %s: %w", strconv.FormatInt(m.ID, 10), err)
			}
			mails[i].Email = user.Email
		}
	}
	return mails, nil
}

// CountMails counts the mails that were not sent by state, and says since when the
// oldest waits that is to be sent; zero without one.
func (s *Store) CountMails(ctx context.Context) (map[models.MailState]int, time.Time, error) {
	var rows []struct {
		State models.MailState
		N     int
	}
	db := s.read.WithContext(ctx)
	unsent := []models.MailState{models.MailWaiting, models.MailSending, models.MailFailed, models.MailUncertain}
	err := db.Model(&models.Mail{}).Select("state, count(*) AS n").Where("state IN ?", unsent).Group("state").Scan(&rows).Error
	if err != nil {
		return nil, time.Time{}, err
	}
	counts := map[models.MailState]int{}
	for _, s := range unsent {
		counts[s] = 0
	}
	for _, r := range rows {
		counts[r.State] = r.N
	}
	oldest, err := first[models.Mail](db.Where("state = ?", models.MailWaiting).Order("created_at"))
	if errors.Is(err, models.ErrNotFound) {
		err = nil
	}
	return counts, oldest.CreatedAt, err
}
