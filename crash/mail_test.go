package crash

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"portal/dbtest"
	"portal/failpoint"
	"portal/mailtest"
	"portal/models"
	"portal/store"
)

// withMail gives a site a mail server, which outlives the portal. Its mailbox says
// what was sent.
func (s *site) withMail() *mailtest.Server {
	s.t.Helper()
	server := mailtest.Listen(s.t, "127.0.0.1:0", mailtest.Plain())
	s.env = append(s.env, "PORTAL_SMTP_SERVER="+server.Addr, "PORTAL_SMTP_TLS=none", "PORTAL_SMTP_FROM=portal@example.com")
	return server
}

// outbox reads the outbox, beside the portal.
func (s *site) outbox() func() []models.Mail {
	s.t.Helper()
	db := dbtest.Raw(s.t, s.dsn)
	return func() []models.Mail {
		var all []models.Mail
		if err := db.Order("id").Find(&all).Error; err != nil {
			s.t.Fatal(err)
		}
		return all
	}
}

// TestAMailSurvivesTheProgram: wherever the program dies between the order's end
// and the word that its receipt was sent, the receipt is in the mailbox once at
// the most, and where it may not be there, the outbox says so.
func TestAMailSurvivesTheProgram(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		dies  []failpoint.Point // one after the other
		state models.MailState
		took  int
	}{
		{[]failpoint.Point{failpoint.Answer.BeforeCommit}, models.MailSent, 1},
		{[]failpoint.Point{failpoint.Answer.AfterCommit}, models.MailSent, 1},
		{[]failpoint.Point{failpoint.MailClaim.BeforeCommit}, models.MailSent, 1},
		{[]failpoint.Point{failpoint.MailClaim.AfterCommit}, models.MailUncertain, 0},
		{[]failpoint.Point{failpoint.MailAccepted}, models.MailUncertain, 1},
		{[]failpoint.Point{failpoint.MailSettle.BeforeCommit}, models.MailUncertain, 1},
		{[]failpoint.Point{failpoint.MailSettle.AfterCommit}, models.MailSent, 1},
		{[]failpoint.Point{failpoint.MailAccepted, failpoint.MailLose.BeforeCommit}, models.MailUncertain, 1},
		{[]failpoint.Point{failpoint.MailAccepted, failpoint.MailLose.AfterCommit}, models.MailUncertain, 1},
	} {
		t.Run(tc.dies[len(tc.dies)-1].String(), func(t *testing.T) {
			onEach(t, []models.Kind{models.Buy, models.Refund}, func(t *testing.T, kind models.Kind) {
				from := seeded(t, kind != models.Buy)
				s := open(t, from)
				server := s.withMail()
				s.restart()
				mails := s.outbox()
				p := s.person(from, customer)
				quote := p.quote(kind)
				confirmed := p.confirmation(kind, quote)
				s.arm(tc.dies[0].String())
				promised := p.placeOrDie(quote, confirmed)
				s.diesAt(s.portal, tc.dies[0].String())
				for _, at := range tc.dies[1:] {
					s.arm(at.String())
					s.start()
					s.diesAt(s.portal, at.String())
				}
				s.restart()
				theOne(p, kind, quote, confirmed, promised) // and the portal has ended
				s.restart()
				until(t, "the mail to be over", func() bool {
					all := mails()
					return len(all) > 0 && all[0].SettledAt != nil
				})
				s.stop()
				all, took := mails(), server.Messages()
				if len(all) != 1 || all[0].State != tc.state || len(took) != tc.took {
					t.Fatalf("the mailbox has %d, the outbox %+v\n%s", len(took), all, s.portal.out)
				}
				if tc.took == 1 && took[0].To != customer {
					t.Fatal(took[0].To)
				}
			})
		})
	}
}

// TestRemindersSurviveTheProgram: they are there whole or not at all, and once.
func TestRemindersSurviveTheProgram(t *testing.T) {
	t.Parallel()
	for _, at := range []failpoint.Point{failpoint.Remind.BeforeCommit, failpoint.Remind.AfterCommit} {
		t.Run(at.String(), func(t *testing.T) {
			t.Parallel()
			from := seeded(t, false)
			s := open(t, from)
			s.restart()
			mails := s.outbox()
			p := s.person(from, operator)
			const path = "/accounts/1/outside?kind=adopted"
			page, err := p.ask(path, nil)
			if err != nil || page.status != http.StatusOK {
				t.Fatalf("the form: %d %v", page.status, err)
			}
			in := func(days int) string { return time.Now().AddDate(0, 0, days).In(models.Beijing).Format(time.DateTime) }
			a, err := p.ask("/accounts/1/outside", url.Values{
				"kind": {string(models.Adopted)}, "instance_id": {"sas-adopted"}, "edition": {"pro"}, "machines": {"25"},
				"starts": {in(-300)}, "ends": {in(5)}, "paid": {"15300"}, "reason": {"seen in the console; Wang"},
				"seen": {hiddenSeen.FindStringSubmatch(page.body)[1]},
			})
			if err != nil || a.status != http.StatusSeeOther {
				t.Fatalf("%d %v\n%s", a.status, err, a.body)
			}
			s.stop()
			server := s.withMail()
			s.arm(at.String())
			s.start()
			s.diesAt(s.portal, at.String())
			committed := at == failpoint.Remind.AfterCommit
			if there := len(mails()); committed != (there == 1) || there > 1 {
				t.Fatalf("%d reminders", there)
			}
			s.restart()
			until(t, "the reminder to be there", func() bool { return len(mails()) > 0 })
			s.stop()
			all := mails()
			if len(all) != 1 || all[0].Kind != models.MailExpiry || len(server.Messages()) > 1 {
				t.Fatalf("%+v", all)
			}
			s.opened(func(db *store.Store) { // the day is over for every replica
				if err := db.Remind(t.Context()); err != nil {
					t.Fatal(err)
				}
			})
			if again := mails(); len(again) != 1 {
				t.Fatalf("%+v", again)
			}
		})
	}
}
