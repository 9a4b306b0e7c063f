package views_test

import (
	"html"
	"strings"
	"testing"
	"time"

	"portal/locales"
	"portal/models"
	"portal/views"
)

// TestEveryLetterInBothLanguages is whole: words, a link to the portal and nowhere
// else, and the same in text and HTML.
func TestEveryLetterInBothLanguages(t *testing.T) {
	const origin = "https://portal.example.com"
	now := time.Date(2026, 11, 24, 4, 0, 0, 0, time.UTC)
	end := now.AddDate(0, 0, 7)
	suspended := now.Add(-time.Hour)
	for _, tag := range locales.Tags() {
		ctx := locales.With(t.Context(), locales.For(tag, ""))
		seen := map[string]string{}
		for _, kind := range models.MailKinds() {
			for _, of := range models.Kinds() {
				if kind == models.MailReceipt && of == models.Refund || kind == models.MailRefund && of != models.Refund {
					continue // never told so
				}
				p := views.LetterProps{
					Kind: kind, Origin: origin, Reader: models.User{Email: "li.na@yunqi.example", Role: models.Customer}, Now: now,
					Account: models.Account{ID: 7, Name: "Yunqi <b>Trading</b>"}, EndsAt: &end, Note: "too much\nfor this year",
					Place: "Yunqi", By: "admin@yunqi.example", Link: origin + "/invitation?token=x&y", Until: end,
					Order: models.Order{
						Number: "P20261124-7K3M9QXR", Kind: of, Edition: models.Pro, Cycle: models.Year, Duration: 1, InstanceCount: 25,
						TotalFen: 1530000, PlacedAt: now, Status: models.Completed, Reason: models.ReasonDone, EndsAt: &end,
					},
				}
				for _, p.Account.SuspendedAt = range []*time.Time{nil, &suspended} {
					l := views.NewLetter(ctx, p)
					var page strings.Builder
					if err := views.LetterPage(l).Render(ctx, &page); err != nil {
						t.Fatal(err)
					}
					markup, text := page.String(), l.Text()
					for _, s := range append([]string{l.Subject, l.Title, l.Action}, l.Body...) {
						if strings.TrimSpace(s) == "" || strings.Contains(s, "<no value>") {
							t.Errorf("%s %s %s: an empty word in %+v", tag, kind, of, l)
						}
					}
					if !strings.HasPrefix(l.URL, origin+"/") || !strings.Contains(text, "\n"+l.URL+"\n") {
						t.Errorf("%s %s: %s\n%s", tag, kind, l.URL, text)
					}
					for _, s := range append([]string{l.Title}, l.Body...) {
						if !strings.Contains(text, s) || !strings.Contains(markup, html.EscapeString(s)) {
							t.Errorf("%s %s: %q is not in both", tag, kind, s)
						}
					}
					if strings.Contains(markup, "<b>") || strings.Contains(l.Subject, "\n") {
						t.Errorf("%s %s: a name makes markup", tag, kind)
					}
					if before, ok := seen[l.Subject]; ok && before != string(kind) {
						t.Errorf("%s: %s and %s have one subject, %q", tag, before, kind, l.Subject)
					}
					seen[l.Subject] = string(kind)
				}
			}
		}
	}
}

// TestAReminderCountsDays, to the day itself and the hour.
func TestAReminderCountsDays(t *testing.T) {
	end := time.Date(2026, 12, 1, 4, 0, 0, 0, time.UTC) // noon in Beijing
	ctx := locales.With(t.Context(), locales.For("en", ""))
	for want, now := range map[string]time.Time{
		"Protection ends in 30 days": end.AddDate(0, 0, -30), "Protection ends in 1 day": end.Add(-13 * time.Hour),
		"Protection ends today": end.Add(-time.Hour), "Protection has ended": end,
	} {
		l := views.NewLetter(ctx, views.LetterProps{Kind: models.MailExpiry, Now: now, EndsAt: &end, Account: models.Account{ID: 7, Name: "Yunqi"}})
		if l.Title != want || !strings.HasPrefix(l.Subject, want+": Yunqi, 1 December 2026") {
			t.Errorf("%q, %q", l.Title, l.Subject)
		}
	}
}

// TestALetterSaysNoMoreThanItsReadersPage: a reseller's customer reads what they
// pay their reseller, and nothing of what the provider debits.
func TestALetterSaysNoMoreThanItsReadersPage(t *testing.T) {
	own, reseller, end := models.Fen(1999900), int64(3), time.Date(2026, 12, 1, 4, 0, 0, 0, time.UTC)
	account := int64(7)
	for _, tag := range locales.Tags() {
		ctx := locales.With(t.Context(), locales.For(tag, ""))
		for _, kind := range []models.MailKind{models.MailReceipt, models.MailRefund, models.MailAsked, models.MailApproved, models.MailDeclined, models.MailLapsed} {
			p := views.LetterProps{
				Kind: kind, Now: end, EndsAt: &end, Account: models.Account{ID: account, Name: "Yunqi", ResellerID: &reseller},
				Reader: models.User{Email: "li.na@yunqi.example", Role: models.Customer, AccountID: &account},
				Order: models.Order{
					Number: "P20261124-7K3M9QXR", Kind: models.Buy, Edition: models.Pro, Cycle: models.Year, Duration: 1, InstanceCount: 25,
					TotalFen: 1530000, OwnTotalFen: &own, Status: models.Completed, Reason: models.ReasonDone, EndsAt: &end,
				},
			}
			if kind == models.MailRefund {
				p.Order.Kind = models.Refund
			}
			if text := views.NewLetter(ctx, p).Text(); strings.Contains(text, "15,300") || !strings.Contains(text, "19,999") {
				t.Errorf("%s %s:\n%s", tag, kind, text)
			}
			p.Reader = models.User{Email: "admin@yunqi.example", Role: models.ResellerAdmin, ResellerID: &reseller}
			if text := views.NewLetter(ctx, p).Text(); !strings.Contains(text, "15,300") {
				t.Errorf("%s %s to the reseller:\n%s", tag, kind, text)
			}
		}
	}
}
