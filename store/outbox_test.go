package store_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"portal/dbtest"
	"portal/models"
	"portal/store"
)

// mailing is a world in which e-mail is set up.
func mailing(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	if err := w.SetMailing(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	return w
}

// outbox is what waits or is over, as "kind user state", in the order in which it
// was put there.
func (w *world) outbox() []string {
	w.t.Helper()
	var mails []models.Mail
	if err := w.raw().Order("id").Find(&mails).Error; err != nil {
		w.t.Fatal(err)
	}
	list := []string{}
	for _, m := range mails {
		list = append(list, fmt.Sprintf("%s %d %s", m.Kind, *m.UserID, m.State))
	}
	return list
}

func (w *world) holds(want ...string) {
	w.t.Helper()
	if got := w.outbox(); !slices.Equal(got, want) {
		w.t.Fatalf("the outbox holds %q, want %q", got, want)
	}
}

// remind makes the reminders of the day, and gives all there are: days before and user.
func (w *world) remind() []string {
	w.t.Helper()
	if err := w.Remind(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	var keys []string
	if err := w.raw().Model(&models.Mail{}).Where("kind = ?", models.MailExpiry).Order("id").Pluck("once", &keys).Error; err != nil {
		w.t.Fatal(err)
	}
	for i, key := range keys {
		parts := strings.Split(key, ":")
		keys[i] = strings.Join(parts[len(parts)-2:], ":")
	}
	return keys
}

// due is how many mails are.
func (w *world) due() int {
	w.t.Helper()
	ids, err := w.DueMails(w.t.Context(), 100)
	if err != nil {
		w.t.Fatal(err)
	}
	return len(ids)
}

// to moves the clock to a time of a Beijing day, so many days before an end.
func (w *world) to(end time.Time, before, hour int) {
	w.t.Helper()
	year, month, day := end.In(models.Beijing).Date()
	w.pass(time.Date(year, month, day-before, hour, 0, 0, 0, models.Beijing).Sub(w.Now()))
}

var halfYear = models.Quote{Kind: models.Buy, Edition: models.Pro, Cycle: models.Month, Duration: 6, InstanceCount: 25, TotalFen: 900000, Lines: []models.Line{{Kind: models.LineEdition, UnitFen: 6000, Amount: 900000}}}

// TestAMailIsThereWithWhatItTells, and not without: what is rolled back leaves
// none, and what is done by hand in review one as well.
func TestAMailIsThereWithWhatItTells(t *testing.T) {
	w := mailing(t)
	customer := w.viewer.User.ID
	operator := w.operator()
	o := w.placeQuote(w.offer(pro25))
	w.holds()
	claimed, attempt := w.claim(o)
	stale := claimed
	stale.Claim++ // somebody took it over: the move is turned back
	if err := w.Answer(t.Context(), stale, attempt, done, completed); !errors.Is(err, models.ErrConflict) {
		t.Fatal(err)
	}
	w.holds()
	if err := w.Advance(t.Context(), claimed, store.Next{Status: models.Unknown, Reason: models.ReasonNoAnswer}); err != nil {
		t.Fatal(err)
	}
	if err := w.Advance(t.Context(), w.read(o.Number), store.Next{Status: models.NeedsReview, Reason: models.ReasonTokenWindow}); err != nil {
		t.Fatal(err)
	}
	w.holds()
	_, err := w.SettleOrder(t.Context(), o.Number, store.Settlement{
		As: models.VerdictCompleted, Note: "seen", ProviderOrderID: "PO9", InstanceID: "sas-9", By: by(operator),
	})
	if err != nil {
		t.Fatal(err)
	}
	receipt := fmt.Sprintf("receipt %d waiting", customer)
	w.holds(receipt)

	w.limits(w.account, nil, fen(0))
	o = w.placeQuote(w.offer(renewal))
	asked := fmt.Sprintf("approval_asked %d waiting", operator.User.ID)
	w.holds(receipt, asked)
	if err := w.DeclineOrder(t.Context(), by(operator), o.Number, "no"); err != nil {
		t.Fatal(err)
	}
	w.holds(receipt, asked, fmt.Sprintf("approval_declined %d waiting", customer))
}

// TestWhoeverAskedIsToldThatNobodyDecided, once and alone, whichever of two
// replicas closes the order.
func TestWhoeverAskedIsToldThatNobodyDecided(t *testing.T) {
	w := mailing(t)
	operator, two := w.operator(), w.replicas(2)
	_, err := w.AddUser(t.Context(), models.User{Email: "colleague@example.com", Role: models.Customer, AccountID: &w.account.ID, PasswordHash: "x"})
	if err != nil {
		t.Fatal(err)
	}
	w.limits(w.account, nil, fen(0))
	o := w.placeQuote(w.offer(pro25))
	asked := fmt.Sprintf("approval_asked %d waiting", operator.User.ID)
	w.holds(asked)
	w.pass(models.ApprovalLimit)
	lapse := func(s *store.Store) func() error {
		return func() error {
			return s.Advance(context.Background(), o, store.Next{Status: models.Rejected, Reason: models.ReasonNobodyDecided})
		}
	}
	for _, err := range together(lapse(two[0]), lapse(two[1])) {
		if err != nil && !errors.Is(err, models.ErrConflict) {
			t.Error(err)
		}
	}
	if got := w.read(o.Number); got.Status != models.Rejected || got.Reason != models.ReasonNobodyDecided {
		t.Fatalf("%s (%s)", got.Status, got.Reason)
	}
	w.holds(asked, fmt.Sprintf("approval_lapsed %d waiting", w.viewer.User.ID))
}

// TestAKeyIsUsedOnce: the database takes no second mail with it, and sends none a
// second time, whoever asks.
func TestAKeyIsUsedOnce(t *testing.T) {
	w := mailing(t)
	w.complete(w.placeQuote(w.offer(pro25)))
	m := models.Mail{
		Once: models.MailOnce(models.MailReceipt, w.outboxOrder(), w.viewer.User.ID), Kind: models.MailReceipt, UserID: &w.viewer.User.ID,
		CreatedAt: w.Now(), DueAt: w.Now(), State: models.MailWaiting,
	}
	if err := w.raw().Create(&m).Error; err == nil {
		t.Error("a second mail with the same key")
	}
	ids, err := w.DueMails(t.Context(), 10)
	if err != nil || len(ids) != 1 {
		t.Fatal(ids, err)
	}
	claimed, ok, err := w.ClaimMail(t.Context(), ids[0], time.Minute)
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	if err := w.SettleMail(t.Context(), claimed, store.MailResult{State: models.MailUncertain, Why: models.MailNoAnswer}); err != nil {
		t.Fatal(err)
	}
	again := `UPDATE mails SET state = 'waiting', settled_at = NULL`
	if err := w.raw().Exec(again).Error; err == nil {
		t.Error("an uncertain mail waits again")
	}
	if err := w.SettleMail(t.Context(), claimed, store.MailResult{State: models.MailSent}); err != nil {
		t.Fatal(err)
	}
	for _, sql := range []string{again, `UPDATE mails SET once = 'other'`, `UPDATE mails SET state = 'uncertain'`} {
		if err := w.raw().Exec(sql).Error; err == nil {
			t.Errorf("the database lets a sent mail become another: %s", sql)
		}
	}
}

// outboxOrder is the number of the newest order that a mail is about.
func (w *world) outboxOrder() string {
	w.t.Helper()
	var number string
	if err := w.raw().Raw(`SELECT number FROM orders JOIN mails ON mails.order_id = orders.id ORDER BY mails.id DESC LIMIT 1`).Scan(&number).Error; err != nil {
		w.t.Fatal(err)
	}
	return number
}

// TestRemindersComeOnTheirDays: 30, 7 and 1 day before the end and on the day, by
// Beijing's calendar, from nine in the morning, once each.
func TestRemindersComeOnTheirDays(t *testing.T) {
	w := mailing(t)
	end := *w.complete(w.placeQuote(w.offer(halfYear))).EndsAt
	user := w.viewer.User.ID
	var want []string
	for before := 40; before >= -2; before-- {
		w.to(end, before, 1)
		if slices.Contains(models.RemindDays(), before) {
			want = append(want, fmt.Sprintf("%d:%d", before, user))
			others := w.due()
			w.remind()
			if w.due() != others {
				t.Fatal("a reminder is due at night")
			}
			w.to(end, before, 9)
			if w.due() != others+1 {
				t.Fatal("no reminder is due at nine")
			}
		}
		for range 2 {
			if got := w.remind(); !slices.Equal(got, want) {
				t.Fatalf("%d days before: %q, want %q", before, got, want)
			}
		}
	}
}

// TestOneReminderForAMonthAway: a portal that was down sends the nearest one
// alone.
func TestOneReminderForAMonthAway(t *testing.T) {
	w := mailing(t)
	end := *w.complete(w.placeQuote(w.offer(halfYear))).EndsAt
	w.to(end, 1, 12)
	if got := w.remind(); !slices.Equal(got, []string{fmt.Sprintf("1:%d", w.viewer.User.ID)}) {
		t.Fatal(got)
	}
}

// TestWhoIsReminded, and who is not.
func TestWhoIsReminded(t *testing.T) {
	operatorOf := func(w *world) int64 { return w.operator().User.ID }
	for name, tc := range map[string]struct {
		quote  models.Quote
		change func(*world)
		want   func(*world) []int64
	}{
		"the customer": {halfYear, func(*world) {}, func(w *world) []int64 { return []int64{w.viewer.User.ID} }},
		"nobody while it renews by itself": {func() models.Quote {
			q := halfYear
			q.AutoRenew, q.AutoRenewMonths = true, 1
			return q
		}(), func(*world) {}, func(*world) []int64 { return nil }},
		"nobody 30 days before the end of a month just bought": {pro25, func(*world) {}, func(*world) []int64 { return nil }},
		"administrators of a suspended account": {halfYear, func(w *world) {
			if err := w.SuspendAccount(w.t.Context(), by(w.operator()), w.account.ID, "does not pay"); err != nil {
				w.t.Fatal(err)
			}
		}, func(w *world) []int64 { return []int64{operatorOf(w)} }},
		"nobody of a held account": {halfYear, func(w *world) {
			if err := w.raw().Exec(`INSERT INTO account_holds (account_id, since, reason, note, actor, released_by, release_note)
				VALUES (?, ?, 'restored', '', 'command:root', '', '')`, w.account.ID, w.Now()).Error; err != nil {
				w.t.Fatal(err)
			}
		}, func(*world) []int64 { return nil }},
		"nobody without e-mail": {halfYear, func(w *world) {
			if err := w.SetMailing(w.t.Context(), false); err != nil {
				w.t.Fatal(err)
			}
		}, func(*world) []int64 { return nil }},
	} {
		t.Run(name, func(t *testing.T) {
			w := mailing(t)
			end := *w.complete(w.placeQuote(w.offer(tc.quote))).EndsAt
			tc.change(w)
			w.to(end, 29, 12)
			var want []string
			for _, id := range tc.want(w) {
				want = append(want, fmt.Sprintf("30:%d", id))
			}
			if got := w.remind(); !slices.Equal(got, want) {
				t.Errorf("%q, want %q", got, want)
			}
		})
	}
}

// TestAReminderThatIsNotTrueAnyMoreIsDropped: somebody renewed while it waited.
func TestAReminderThatIsNotTrueAnyMoreIsDropped(t *testing.T) {
	w := mailing(t)
	end := *w.complete(w.placeQuote(w.offer(halfYear))).EndsAt
	w.to(end, 7, 12)
	w.remind()
	w.complete(w.placeQuote(w.offer(renewal)))
	ids, err := w.DueMails(t.Context(), 10)
	if err != nil {
		t.Fatal(err)
	}
	claimed := 0
	for _, id := range ids {
		if _, ok, err := w.ClaimMail(t.Context(), id, time.Minute); err != nil {
			t.Fatal(err)
		} else if ok {
			claimed++
		}
	}
	user := w.viewer.User.ID
	w.holds(fmt.Sprintf("receipt %d sending", user), fmt.Sprintf("expiry %d dropped", user), fmt.Sprintf("receipt %d sending", user))
	if claimed != 2 {
		t.Error(claimed)
	}
}

// TestTwoReplicasRemindOnce, at the same moment.
func TestTwoReplicasRemindOnce(t *testing.T) {
	w := mailing(t)
	end := *w.complete(w.placeQuote(w.offer(halfYear))).EndsAt
	w.to(end, 7, 12)
	var all sync.WaitGroup
	for range 4 {
		replica := dbtest.Reopen(t, w.dsn, w.now)
		all.Go(func() {
			if err := replica.Remind(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if got := w.remind(); len(got) != 1 {
		t.Fatal(got)
	}
}

// TestARestoreSendsNothingAgain: what waited in the copy may have been sent since,
// and so may the reminders of the days up to the restore.
func TestARestoreSendsNothingAgain(t *testing.T) {
	w := mailing(t)
	end := *w.complete(w.placeQuote(w.offer(halfYear))).EndsAt
	w.to(end, 8, 12)
	file := dbtest.Copy(t, w.dsn, w.now)
	w.to(end, 7, 12)
	w.remind() // only the portal that is lost knows of it
	dsn, _ := dbtest.Restore(t, file, w.now)
	back := &world{Store: dbtest.Reopen(t, dsn, w.now), t: t, dsn: dsn, at: w.at, account: w.account, viewer: w.viewer}
	user := w.viewer.User.ID
	back.holds(fmt.Sprintf("receipt %d uncertain", user))
	if err := back.raw().Exec(`UPDATE account_holds SET released_at = ?, released_by = 'user:1', release_note = 'compared'`, w.now()).Error; err != nil {
		t.Fatal(err)
	}
	if got := back.remind(); len(got) != 0 {
		t.Fatal(got)
	}
	w.to(end, 1, 12)
	back.at = w.now()
	if got := back.remind(); !slices.Equal(got, []string{fmt.Sprintf("1:%d", user)}) {
		t.Fatal(got)
	}
}

// TestWhoWasRemovedGetsNothing: neither what waited for them, nor anything new.
func TestWhoWasRemovedGetsNothing(t *testing.T) {
	w := mailing(t)
	customer := w.viewer.User.ID
	w.complete(w.placeQuote(w.offer(halfYear)))
	w.holds(fmt.Sprintf("receipt %d waiting", customer))
	if err := w.RemovePerson(t.Context(), by(w.operator()), customer); err != nil {
		t.Fatal(err)
	}
	ids, err := w.DueMails(t.Context(), 10)
	if err != nil || len(ids) != 1 {
		t.Fatal(ids, err)
	}
	if _, claimed, err := w.ClaimMail(t.Context(), ids[0], time.Minute); err != nil || claimed {
		t.Fatal("what waited would be sent", err)
	}
	w.to(w.held(w.account).Subscription.EndsAt, 30, 12)
	// Nobody else is there, so an operator is told.
	if got, want := w.remind(), []string{fmt.Sprintf("30:%d", w.operator().User.ID)}; !slices.Equal(got, want) {
		t.Errorf("reminded: %q, want %q", got, want)
	}
}
