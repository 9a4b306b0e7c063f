package handlers_test

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"portal/models"
	"portal/portaltest"
	"portal/provider/sandbox"
)

// restored is a portal that sold once and then was restored from a copy, with
// its customer's browser and a quote from before for each kind.
func restored(t *testing.T) (*portaltest.Portal, *portaltest.Browser, map[models.Kind]string) {
	t.Helper()
	p := portaltest.New(t)
	b := p.SignedIn("lin@example.com")
	b.Carry(models.Buy)
	quotes := map[models.Kind]string{}
	for _, kind := range []models.Kind{models.Renew, models.Upgrade, models.Refund} {
		quotes[kind] = b.QuoteKind(kind, portaltest.Answers(kind))
	}
	p.Restore(p.Backup())
	p.Pass(time.Minute)
	return p, b, quotes
}

// TestAHeldAccountIsLookedAtOnly: nothing can be ordered, of no kind and by no
// way, and the provider isn't even asked for a number of machines.
func TestAHeldAccountIsLookedAtOnly(t *testing.T) {
	for _, language := range []string{"en", "zh-CN"} {
		t.Run(language, func(t *testing.T) {
			paused := map[string]string{"en": "Ordering is paused", "zh-CN": "暂停下单"}[language]
			p, b, quotes := restored(t)
			b.Header.Set("Accept-Language", language)
			if page := b.Get(p.AccountPath()); page.Status != http.StatusSeeOther || !strings.HasPrefix(page.Location, "/sign-in") {
				t.Fatalf("a session from before goes on: %d %s", page.Status, page.Location)
			}
			b.SignInAgain()
			says(t, b.Get(p.AccountPath()), paused, p.Held().InstanceID)
			if page := b.Get("/orders"); page.Status != http.StatusOK {
				t.Errorf("the log: %d", page.Status)
			}
			asked := p.Sandbox.Requests()
			for _, kind := range models.Kinds() {
				if page := form(p, b, kind); page.Location != p.AccountPath() {
					t.Errorf("the form of a %s: %d %s", kind, page.Status, page.Location)
				}
				if page := b.Post(p.AccountPath()+"/quote?kind="+string(kind), portaltest.Answers(kind)); page.Location != p.AccountPath() {
					t.Errorf("quoting a %s: %d %s", kind, page.Status, page.Location)
				}
			}
			for kind, quote := range quotes {
				page := b.Get(quote)
				says(t, page, paused)
				if strings.Contains(page.Body, quote+"/order") {
					t.Errorf("the quote of a %s still has its button", kind)
				}
				page = b.Post(quote+"/order", url.Values{"instance_id": {p.Held().InstanceID}})
				if page.Status != http.StatusConflict {
					t.Errorf("placing a %s: %d %s", kind, page.Status, page.Location)
				}
				says(t, page, paused)
			}
			p.Worker.RunOnce(t.Context())
			after := p.Sandbox.Requests()
			for _, action := range []string{
				sandbox.ActionGetInstanceCount, sandbox.ActionCreateInstance, sandbox.ActionRenewInstance, sandbox.ActionUpgradeInstance, sandbox.ActionRefundInstance,
			} {
				if after[action] != asked[action] {
					t.Errorf("%s was called", action)
				}
			}
			says(t, p.SignedIn("support@example.com").Get("/accounts"), "Paused")
		})
	}
}

func TestAnOperatorReleasesAnAccountWithAReason(t *testing.T) {
	p, b, quotes := restored(t)
	b.SignInAgain()
	operator := p.SignedIn("operator@example.com")
	held, err := p.Store.Holdings(t.Context(), p.Account.ID)
	if err != nil || held[p.Account.ID].Hold == nil {
		t.Fatal(held, err)
	}
	hold := strconv.FormatInt(held[p.Account.ID].Hold.ID, 10)
	release := func(b *portaltest.Browser, hold, reason string) portaltest.Page {
		t.Helper()
		return b.Post(p.AccountPath()+"/release", url.Values{"hold": {hold}, "reason": {reason}})
	}
	for other, status := range map[string]int{"lin@example.com": http.StatusNotFound, "support@example.com": http.StatusForbidden} {
		if page := release(p.SignedIn(other), hold, "seen"); page.Status != status {
			t.Errorf("%s: %d", other, page.Status)
		}
	}
	page := operator.Get(p.AccountPath())
	says(t, page, "restored from a copy", "command line (root)", strconv.FormatInt(portaltest.Owner, 10))
	if !strings.Contains(page.Body, `name="hold" value="`+hold+`"`) {
		t.Error("the form does not say which hold it is about")
	}
	for name, tc := range map[string]struct {
		hold, reason, says string
		status             int
	}{
		"without a reason":       {hold, " \n", "Enter what you compared", http.StatusUnprocessableEntity},
		"with far too much":      {hold, strings.Repeat("核", 1001), "too long", http.StatusUnprocessableEntity},
		"of a hold that is over": {"999", "seen", "has been released already", http.StatusConflict},
		"of nothing":             {"", "seen", "could not understand", http.StatusBadRequest},
	} {
		page := release(operator, tc.hold, tc.reason)
		if page.Status != tc.status {
			t.Errorf("%s: %d", name, page.Status)
		}
		says(t, page, tc.says)
		if tc.status == http.StatusConflict && !strings.Contains(page.Body, ">seen</textarea>") {
			t.Errorf("%s: what was typed is lost", name)
		}
	}
	if page := release(operator, hold, "Bill of November: nothing missing"); page.Status != http.StatusSeeOther || page.Location != p.AccountPath() {
		t.Fatalf("%d %s", page.Status, page.Body)
	}
	if page := release(operator, hold, "again"); page.Status != http.StatusConflict {
		t.Errorf("a second time: %d", page.Status)
	}
	says(t, operator.Get(p.AccountPath()), "Checked; ordering open again", "operator@example.com", "Bill of November: nothing missing")
	page = b.Get(p.AccountPath())
	for _, hidden := range []string{"Ordering", "operator@example.com", "Bill of November", "restored from"} {
		if strings.Contains(page.Text(), hidden) {
			t.Errorf("the customer reads %q", hidden)
		}
	}
	t.Run("and selling goes on, with quotes that are new", func(t *testing.T) {
		old := b.Post(quotes[models.Renew]+"/order", nil)
		if !strings.HasPrefix(old.Location, "/quotes/") {
			t.Fatalf("the old quote: %d %s", old.Status, old.Location)
		}
		says(t, b.Get(old.Location), "Ordering was paused since the quote")
		b.Carry(models.Upgrade)
	})
}

// TestAPageThatIsTypedIntoStandsStill: one that asks for itself again would take
// the reason away.
func TestAPageThatIsTypedIntoStandsStill(t *testing.T) {
	p := portaltest.New(t)
	b := p.SignedIn("lin@example.com")
	b.Place(b.Quote("pro", "year-1"))
	p.Restore(p.Backup())
	b.SignInAgain()
	if page := b.Get(p.AccountPath()); page.Refresh() == "" {
		t.Error("the customer's page does not follow the order in review")
	}
	page := p.SignedIn("operator@example.com").Get(p.AccountPath())
	if got := page.Refresh(); got != "" {
		t.Errorf("the operator's page refreshes: %s", got)
	}
	says(t, page, "Release the account")
}
