package handlers_test

import (
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"portal/models"
	"portal/portaltest"
	"portal/pricing"
	"portal/provider/sandbox"
)

const day = 24 * time.Hour

func machines(p *portaltest.Portal, n int) {
	p.T.Helper()
	if err := p.Sandbox.SetMachines(portaltest.Owner, n); err != nil {
		p.T.Fatal(err)
	}
	p.Pass(time.Minute) // what was counted a moment ago serves forms no more
}

// form opens the quote form of a kind.
func form(p *portaltest.Portal, b *portaltest.Browser, kind models.Kind) portaltest.Page {
	return b.Get(p.AccountPath() + "/quote?kind=" + string(kind))
}

// says holds a page's text against what it has to say.
func says(t *testing.T, page portaltest.Page, words ...string) {
	t.Helper()
	for _, w := range words {
		if !strings.Contains(page.Text(), w) {
			t.Errorf("the page does not say %q:\n%s", w, page.Text())
		}
	}
}

func newest(p *portaltest.Portal) sandbox.Entry {
	p.T.Helper()
	ledger := p.Sandbox.Ledger()
	if len(ledger) == 0 {
		p.T.Fatal("the ledger is empty")
	}
	return ledger[len(ledger)-1]
}

// near says that two sums are the same but for rounding, which portal and
// provider do by themselves: a fen for each line.
func near(t *testing.T, got, want models.Fen) {
	t.Helper()
	if d := got - want; d < -4 || d > 4 {
		t.Errorf("the portal says %s, the ledger %s", got.Yuan(), want.Yuan())
	}
}

// TestAWholeLife: buy, renew, upgrade by edition, upgrade by count, refund, and
// buy anew, in both languages. The page says what the ledger says.
func TestAWholeLife(t *testing.T) {
	for _, language := range []string{"en", "zh-CN"} {
		t.Run(language, func(t *testing.T) {
			p := portaltest.New(t)
			b := p.SignedIn("lin@example.com")
			b.Header.Set("Accept-Language", language)
			sums := func(page portaltest.Page, fen models.Fen) {
				t.Helper()
				whole, part, _ := strings.Cut(fen.Yuan(), ".")
				if n := len(whole); n > 3 {
					whole = whole[:n-3] + "," + whole[n-3:]
				}
				says(t, page, "¥"+whole+"."+part)
			}
			carry := func(kind models.Kind) models.Order {
				t.Helper()
				if page := form(p, b, kind); page.Status != http.StatusOK {
					t.Fatalf("the form of a %s: %d %s", kind, page.Status, page.Location)
				}
				quote := b.QuoteKind(kind, portaltest.Answers(kind))
				before := len(p.Sandbox.Ledger())
				check := b.Get(quote)
				number := b.PlaceKind(kind, quote)
				if len(p.Sandbox.Ledger()) != before {
					t.Fatalf("a %s was carried out before it was placed", kind)
				}
				o := p.Settle(number)
				if o.Status != models.Completed || len(p.Sandbox.Ledger()) != before+1 {
					t.Fatalf("the %s is %s (%s), with %d entries more", kind, o.Status, o.Reason, len(p.Sandbox.Ledger())-before)
				}
				sums(check, o.TotalFen)
				receipt := b.Get("/orders/" + number)
				sums(receipt, o.TotalFen)
				says(t, receipt, number, o.InstanceID, o.RequestID)
				entry := newest(p)
				near(t, o.TotalFen, models.Fen(entry.AmountFen))
				if entry.InstanceID != o.InstanceID || kind != models.Refund && (entry.OrderID != o.ProviderOrderID || entry.ClientToken != o.ClientToken) {
					t.Errorf("the ledger says %+v, the portal %+v", entry, o)
				}
				if page := b.Get(p.AccountPath()); page.Status != http.StatusOK || !strings.Contains(page.Text(), number) {
					t.Errorf("the subscription's timeline lacks the %s", kind)
				}
				return o
			}

			bought := carry(models.Buy)
			b.Wait(40 * day)
			renewed := carry(models.Renew)
			if !renewed.StartsAt.Equal(*bought.EndsAt) {
				t.Errorf("the renewal starts at %s, the end was %s", renewed.StartsAt, bought.EndsAt)
			}
			b.Wait(40 * day)
			carry(models.Upgrade) // by edition
			if held := p.Held(); held.Edition != models.Enterprise || held.InstanceCount != 25 {
				t.Errorf("%+v", held)
			}
			machines(p, 30)
			says(t, b.Get(p.AccountPath()), "30")
			carry(models.Upgrade) // by count
			if held := p.Held(); held.InstanceCount != 30 || !held.EndsAt.Equal(*renewed.EndsAt) {
				t.Errorf("%+v", held)
			}
			b.Wait(20 * day)
			carry(models.Refund)
			if page := form(p, b, models.Renew); page.Status != http.StatusConflict || !primary(page, models.Buy) {
				t.Errorf("what was refunded can be renewed: %d", page.Status)
			}
			if again := carry(models.Buy); again.InstanceID == bought.InstanceID {
				t.Error("the second purchase has the first one's instance")
			}
		})
	}
}

// TestTheSubscriptionIsWhatTheProviderHolds: after random lives, the record that
// is rebuilt from orders is what the sandbox holds, span by span.
func TestTheSubscriptionIsWhatTheProviderHolds(t *testing.T) {
	for seed := range uint64(6) {
		t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(seed, 7))
			p := portaltest.New(t)
			b := p.SignedIn("lin@example.com")
			for step := range 14 {
				b.Wait(time.Duration(random.IntN(100*24)) * time.Hour)
				if random.IntN(3) == 0 {
					machines(p, 11+random.IntN(40))
				}
				kind := models.Kinds()[random.IntN(4)]
				filled := portaltest.Answers(kind)
				if kind == models.Buy || kind == models.Upgrade {
					filled.Set("edition", string(models.Editions()[random.IntN(2)]))
				}
				page := b.Post(p.AccountPath()+"/quote?kind="+string(kind), filled)
				if !strings.HasPrefix(page.Location, "/quotes/") {
					continue // it can't be had now
				}
				o := p.Settle(b.PlaceKind(kind, page.Location))
				if o.Status != models.Completed {
					t.Fatalf("step %d: the %s is %s (%s %s)", step, kind, o.Status, o.Reason, o.Code)
				}
				near(t, o.TotalFen, models.Fen(newest(p).AmountFen))
				agree(t, p)
			}
		})
	}
}

// agree holds the record against what the sandbox holds.
func agree(t *testing.T, p *portaltest.Portal) {
	t.Helper()
	var theirs *sandbox.Instance
	for _, in := range p.Sandbox.Instances() {
		if !in.Released() {
			theirs = &in
		}
	}
	held, err := p.Store.Holdings(t.Context(), p.Account.ID)
	if err != nil {
		t.Fatal(err)
	}
	ours := held[p.Account.ID].Subscription
	if theirs == nil || ours == nil {
		if (theirs == nil) != (ours == nil) {
			t.Fatalf("the portal holds %+v, the provider %+v", ours, theirs)
		}
		return
	}
	version, count := theirs.Covered(p.Now())
	// The provider keeps whole seconds.
	if ours.InstanceID != theirs.InstanceID || ours.EndsAt.Sub(theirs.End()).Abs() > 2*time.Second || ours.InstanceCount != count ||
		p.Config.Book.VersionCode(ours.Edition) != version {
		t.Fatalf("the portal holds %+v, the provider %+v", ours, theirs)
	}
	paid := models.Fen(0)
	for _, period := range ours.Periods {
		for _, payment := range period.Payments {
			paid += payment.Fen
		}
	}
	if d := paid - models.Fen(theirs.PaidFen); !ours.Unconfirmed && (d < -60 || d > 60) {
		t.Fatalf("the portal counts %s paid, the provider %d fen", paid.Yuan(), theirs.PaidFen)
	}
}

func TestARenewal(t *testing.T) {
	t.Run("is sold for terms that end after today, and says that it starts at the old end", func(t *testing.T) {
		p := portaltest.New(t)
		b := p.SignedIn("lin@example.com")
		p.Settle(b.PlaceKind(models.Buy, b.QuoteKind(models.Buy, answers("pro", "month-1"))))
		end := p.Held().EndsAt
		b.Wait(end.Sub(p.Now()) + 40*day)
		page := form(p, b, models.Renew)
		if strings.Contains(page.Body, `value="month-1"`) || !strings.Contains(page.Body, `value="month-3"`) {
			t.Errorf("terms that would end before today are offered, or longer ones are not: %s", page.Text())
		}
		says(t, page, end.In(models.Beijing).Format("2006"))
		if page := b.Post(p.AccountPath()+"/quote?kind=renew", url.Values{"term": {"month-1"}}); page.Status != http.StatusUnprocessableEntity {
			t.Errorf("a term that would end before today: %d", page.Status)
		}
		o := b.Carry(models.Renew)
		if !o.StartsAt.Equal(end) {
			t.Errorf("it starts at %s, not at the old end %s", o.StartsAt, end)
		}
		agree(t, p)
	})
	t.Run("never for time that has passed when it is placed", func(t *testing.T) {
		p := portaltest.New(t)
		b := p.SignedIn("lin@example.com")
		p.Settle(b.PlaceKind(models.Buy, b.QuoteKind(models.Buy, answers("pro", "month-1"))))
		end := models.AddMonths(p.Held().EndsAt, 1)
		b.Wait(end.Sub(p.Now()) - 5*time.Minute)
		quote := b.QuoteKind(models.Renew, url.Values{"term": {"month-1"}})
		p.Pass(10 * time.Minute)
		page := b.Post(quote+"/order", nil)
		if !strings.Contains(page.Location, "/quote?kind=renew") {
			t.Errorf("placed after its end: %d %s", page.Status, page.Location)
		}
		if n := p.Sandbox.Requests()[sandbox.ActionRenewInstance]; n != 0 {
			t.Error("it was sent")
		}
	})
	t.Run("takes the machines of today, and leaves the running term as it is", func(t *testing.T) {
		p := portaltest.New(t)
		b := p.SignedIn("lin@example.com")
		b.Carry(models.Buy)
		machines(p, 40)
		b.Carry(models.Renew)
		if held := p.Held(); held.InstanceCount != 25 || held.Last().InstanceCount != 40 {
			t.Errorf("%+v", held)
		}
		agree(t, p)
	})
	for term, want := range map[string]int{"": 422, "month-2": 422, "year-9": 422, "month-1": 303} {
		t.Run("for the term "+term, func(t *testing.T) {
			p := portaltest.New(t)
			b := p.SignedIn("lin@example.com")
			b.Carry(models.Buy)
			if page := b.Post(p.AccountPath()+"/quote?kind=renew", url.Values{"term": {term}}); page.Status != want {
				t.Errorf("%d", page.Status)
			}
		})
	}
}

func answers(edition, term string) url.Values {
	return url.Values{"edition": {edition}, "term": {term}}
}

func TestAnUpgrade(t *testing.T) {
	setup := func(t *testing.T, edition string) (*portaltest.Portal, *portaltest.Browser) {
		p := portaltest.New(t)
		b := p.SignedIn("lin@example.com")
		p.Settle(b.PlaceKind(models.Buy, b.QuoteKind(models.Buy, answers(edition, "year-1"))))
		b.Wait(100 * day)
		return p, b
	}
	t.Run("by edition, count, or both", func(t *testing.T) {
		p, b := setup(t, "pro")
		machines(p, 30)
		page := form(p, b, models.Upgrade)
		for _, option := range []string{`value="pro"`, `value="enterprise"`} {
			if !strings.Contains(page.Body, option) {
				t.Errorf("%s is not offered", option)
			}
		}
		if page := b.Post(p.AccountPath()+"/quote?kind=upgrade", nil); page.Status != http.StatusUnprocessableEntity {
			t.Errorf("without an answer: %d", page.Status)
		}
		o := b.Carry(models.Upgrade)
		if o.Edition != models.Enterprise || o.InstanceCount != 30 || o.Duration != 0 {
			t.Errorf("%+v", o)
		}
		agree(t, p)
	})
	t.Run("asks nothing where there is one answer", func(t *testing.T) {
		p, b := setup(t, "pro")
		page := form(p, b, models.Upgrade)
		if !strings.Contains(page.Body, `type="hidden" name="edition" value="enterprise"`) {
			t.Error("the one edition is not a hidden field")
		}
		quote := b.QuoteKind(models.Upgrade, nil)
		if o := p.Settle(b.Place(quote)); o.Edition != models.Enterprise {
			t.Errorf("%+v", o)
		}
	})
	for name, tc := range map[string]struct {
		machines int
		words    []string
	}{
		"nothing higher, no quote":                  {25, []string{"25"}},
		"fewer machines than covered are explained": {20, []string{"20", "25"}},
	} {
		t.Run(name, func(t *testing.T) {
			p, b := setup(t, "enterprise")
			machines(p, tc.machines)
			for _, page := range []portaltest.Page{
				form(p, b, models.Upgrade), b.Post(p.AccountPath()+"/quote?kind=upgrade", answers("enterprise", "")),
			} {
				if page.Status != http.StatusConflict {
					t.Errorf("%d %s", page.Status, page.Location)
				}
				says(t, page, tc.words...)
			}
			if n := p.Sandbox.Requests()[sandbox.ActionUpgradeInstance]; n != 0 {
				t.Error("it was sent")
			}
			// The account's page has an older count, and leaves that to the form.
			account := b.Get(p.AccountPath())
			if !strings.Contains(account.Body, "/quote?kind=upgrade") || strings.Contains(account.Text(), "no need to upgrade") {
				t.Errorf("the way to the form is missing: %s", account.Text())
			}
			says(t, account, "counted on "+p.Now().In(models.Beijing).Format("2 January 2006"))
		})
	}
	t.Run("goes by the book that is in force, and a changed count makes another quote", func(t *testing.T) {
		p, b := setup(t, "pro")
		quote := b.QuoteKind(models.Upgrade, nil)
		machines(p, 31)
		page := b.Post(quote+"/order", nil)
		if !strings.HasPrefix(page.Location, "/quotes/") || page.Location == quote {
			t.Fatalf("%d %s", page.Status, page.Location)
		}
		says(t, b.Get(page.Location), "25", "31")
		if n := p.Sandbox.Requests()[sandbox.ActionUpgradeInstance]; n != 0 {
			t.Error("the old quote was sent")
		}
	})
}

func TestARefund(t *testing.T) {
	setup := func(t *testing.T) (*portaltest.Portal, *portaltest.Browser) {
		p := portaltest.New(t)
		b := p.SignedIn("lin@example.com")
		b.Carry(models.Buy)
		return p, b
	}
	t.Run("is confirmed by the instance's id", func(t *testing.T) {
		p, b := setup(t)
		quote := b.QuoteKind(models.Refund, nil)
		id := p.Held().InstanceID
		for _, typed := range []string{"", "  ", "sas-wrong", strings.ToUpper(id[1:]), id[1:], id + "x"} {
			page := b.Post(quote+"/order", url.Values{"instance_id": {typed}})
			if page.Status != http.StatusUnprocessableEntity {
				t.Fatalf("%q: %d %s", typed, page.Status, page.Location)
			}
			if strings.TrimSpace(typed) != "" && !strings.Contains(page.Body, `value="`+typed+`"`) {
				t.Errorf("%q is not kept", typed)
			}
		}
		if n := p.Sandbox.Requests()[sandbox.ActionRefundInstance]; n != 0 {
			t.Fatal("it was sent")
		}
		page := b.Post(quote+"/order", url.Values{"instance_id": {" " + strings.ToUpper(id[:5]) + " " + id[5:] + "\n"}})
		if !strings.HasPrefix(page.Location, "/orders/") {
			t.Fatalf("pasted with white space around it: %d", page.Status)
		}
		if again := b.Post(quote+"/order", url.Values{}); again.Location != page.Location {
			t.Errorf("posted again, it leads to %d %s", again.Status, again.Location)
		}
	})
	t.Run("in full within five days, once a year", func(t *testing.T) {
		p, b := setup(t)
		first := b.Carry(models.Refund)
		if first.TotalFen != 1530000 || !newest(p).InFull {
			t.Errorf("%s", first.TotalFen.Yuan())
		}
		b.Carry(models.Buy)
		b.Wait(26 * time.Hour)
		second := b.Carry(models.Refund)
		if second.TotalFen >= 1530000 || newest(p).InFull {
			t.Errorf("the second: %s", second.TotalFen.Yuan())
		}
		near(t, second.TotalFen, models.Fen(newest(p).AmountFen))
	})
	t.Run("never on a quote from before the days were over", func(t *testing.T) {
		p, b := setup(t)
		b.Wait(5*day - 10*time.Minute)
		quote := b.QuoteKind(models.Refund, nil)
		p.Pass(11 * time.Minute)
		page := b.Post(quote+"/order", url.Values{"instance_id": {p.Held().InstanceID}})
		if !strings.HasPrefix(page.Location, "/quotes/") || page.Location == quote {
			t.Fatalf("%d %s", page.Status, page.Location)
		}
	})
	t.Run("holds until the next day begins, which comes off", func(t *testing.T) {
		p, b := setup(t)
		b.Wait(10*day - 10*time.Minute)
		quote := b.QuoteKind(models.Refund, nil)
		p.Pass(11 * time.Minute)
		page := b.Post(quote+"/order", url.Values{"instance_id": {p.Held().InstanceID}})
		if !strings.HasPrefix(page.Location, "/quotes/") || page.Location == quote {
			t.Fatalf("%d %s", page.Status, page.Location)
		}
		near(t, p.Settle(b.PlaceKind(models.Refund, page.Location)).TotalFen, models.Fen(newest(p).AmountFen))
	})
	t.Run("holds until the year ends, which may bring another full refund", func(t *testing.T) {
		p, b := setup(t)
		newYear := models.NextYear(p.Now())
		b.Wait(newYear.Sub(p.Now()) - 3*day)
		b.Carry(models.Refund)
		b.Carry(models.Buy)
		b.Carry(models.Refund) // this year's full one
		b.Carry(models.Buy)
		b.Wait(newYear.Sub(p.Now()) - 10*time.Minute)
		quote := b.QuoteKind(models.Refund, nil)
		p.Pass(11 * time.Minute)
		page := b.Post(quote+"/order", url.Values{"instance_id": {p.Held().InstanceID}})
		if !strings.HasPrefix(page.Location, "/quotes/") || page.Location == quote {
			t.Fatalf("%d %s", page.Status, page.Location)
		}
		if o := p.Settle(b.PlaceKind(models.Refund, page.Location)); o.TotalFen != 1530000 || !newest(p).InFull {
			t.Errorf("%s", o.TotalFen.Yuan())
		}
	})
	t.Run("of an edition that is off sale and has no price is explained", func(t *testing.T) {
		p := portaltest.New(t)
		p.SignedIn("operator@example.com").Post(p.AccountPath()+"/outside", url.Values{
			"kind": {"adopted"}, "instance_id": {"sas-elsewhere"}, "edition": {"pro"}, "machines": {"25"},
			"starts": {"2026-01-01"}, "ends": {"2031-01-01"}, "paid": {"38250"}, "reason": {"sold by hand"},
		})
		text, err := os.ReadFile("../pricing/book.toml")
		if err != nil {
			t.Fatal(err)
		}
		without := regexp.MustCompile(`(?s)\[editions\.pro\].*?(\[)`).ReplaceAllString(string(text), "$1")
		if p.Config.Book, err = pricing.Parse([]byte(without)); err != nil {
			t.Fatal(err)
		}
		p.Reload()
		b := p.SignedIn("lin@example.com")
		for _, page := range []portaltest.Page{form(p, b, models.Refund), b.Post(p.AccountPath()+"/quote?kind=refund", nil)} {
			if page.Status != http.StatusConflict {
				t.Errorf("%d", page.Status)
			}
			says(t, page, "its price is not known")
		}
		if page := b.Get(p.AccountPath()); strings.Contains(page.Body, "kind=refund") {
			t.Error("it is offered")
		}
	})
	t.Run("needs no count of machines", func(t *testing.T) {
		p, b := setup(t)
		if err := p.Sandbox.AddFault(sandbox.Rule{Action: sandbox.ActionGetInstanceCount, Fault: sandbox.FaultUnavailableBefore}); err != nil {
			t.Fatal(err)
		}
		b.Carry(models.Refund)
	})
}

func TestBuyingAgainAfterAnExpiry(t *testing.T) {
	p := portaltest.New(t, portaltest.SandboxConfig(func(c *sandbox.Config) { c.ReleaseAfter = 15 * day }))
	b := p.SignedIn("lin@example.com")
	b.Carry(models.Buy)
	b.Wait(p.Held().EndsAt.Sub(p.Now()) + 10*day)
	page := form(p, b, models.Buy)
	if page.Status != http.StatusConflict || !primary(page, models.Renew) {
		t.Errorf("ten days after the end: %d", page.Status)
	}
	says(t, page, "You cannot buy at the moment", "can still be renewed")
	account := b.Get(p.AccountPath())
	if !strings.Contains(account.Body, "kind=renew") || strings.Contains(account.Body, `quote?kind=buy"`) {
		t.Error("renewing is not what is offered first")
	}
	says(t, account, p.Held().EndsAt.Add(15*day).In(models.Beijing).Format("2 January 2006"))
	b.Wait(5*day + time.Hour)
	if account := b.Get(p.AccountPath()); !primary(account, models.Buy) || primary(account, models.Renew) || !strings.Contains(account.Body, "kind=renew") {
		t.Errorf("fifteen days after the end, buying anew does not come first: %s", account.Text())
	}

	// The provider has let go of the instance meanwhile.
	o := p.Settle(b.PlaceKind(models.Renew, b.QuoteKind(models.Renew, portaltest.Answers(models.Renew))))
	if o.Status != models.Rejected {
		t.Fatalf("the renewal of what was released is %s", o.Status)
	}
	refused := b.Get("/orders/" + o.Number)
	if strings.Contains(refused.Body, "kind=renew\"") || !primary(refused, models.Buy) {
		t.Errorf("the renewal can be tried again, or buying is not what comes next: %s", refused.Text())
	}
	b.Carry(models.Buy)
	agree(t, p)
}

// primary says whether a page leads to the form of this kind by its main button.
func primary(page portaltest.Page, kind models.Kind) bool {
	return strings.Contains(page.Body, `<a class="button" href="/accounts/1/quote?kind=`+string(kind)+`"`)
}

// TestAnUnconfirmedRenewal: past its end with auto-renew on, nobody tells the
// portal. The dates are marked, and what an operator saw confirms them.
func TestAnUnconfirmedRenewal(t *testing.T) {
	p := portaltest.New(t)
	b := p.SignedIn("lin@example.com")
	auto := answers("pro", "month-1")
	auto.Set("auto_renew", "on")
	auto.Set("auto_renew_months", "1")
	p.Settle(b.PlaceKind(models.Buy, b.QuoteKind(models.Buy, auto)))
	first := p.Held().EndsAt
	b.Wait(first.Sub(p.Now()) + 40*day) // two renewals
	if page := form(p, b, models.Buy); page.Status != http.StatusConflict {
		t.Errorf("it can be bought anew: %d", page.Status)
	}
	if held := p.Held(); held.State(p.Now()) != models.PresumedRenewed || !held.EndsAt.Equal(models.AddMonths(models.AddMonths(first, 1), 1)) {
		t.Fatalf("%+v", held)
	}
	agree(t, p) // what is presumed is what the sandbox did

	t.Run("is no bar to an upgrade, whose page says so", func(t *testing.T) {
		if page := form(p, b, models.Upgrade); page.Status != http.StatusOK {
			t.Fatalf("%d", page.Status)
		}
		b.Carry(models.Upgrade)
		near(t, ordersNewest(p).TotalFen, models.Fen(newest(p).AmountFen))
	})
	t.Run("is confirmed by an operator", func(t *testing.T) {
		op := p.SignedIn("operator@example.com")
		held := p.Held()
		page := op.Post(p.AccountPath()+"/outside?kind=renewed", url.Values{
			"kind": {"renewed"}, "instance_id": {held.InstanceID}, "ends": {beijing(held.EndsAt)}, "paid": {"3,000.00"},
			"edition": {"pro"}, "machines": {"25"}, "auto_renew": {"on"}, "auto_renew_months": {"1"}, "reason": {"bill of May"},
		})
		if page.Location != p.AccountPath()+"?recorded=renewed" {
			t.Fatalf("%d %s", page.Status, page.Text())
		}
		if s := p.Held(); s.State(p.Now()) != models.Active || s.Unconfirmed {
			t.Errorf("%+v", s)
		}
	})
}

func beijing(at time.Time) string { return at.In(models.Beijing).Format("2006-01-02 15:04:05") }

func ordersNewest(p *portaltest.Portal) models.Order {
	p.T.Helper()
	h, err := p.Store.Holdings(p.T.Context(), p.Account.ID)
	if err != nil {
		p.T.Fatal(err)
	}
	entries := h[p.Account.ID].Entries
	return *entries[len(entries)-1].Order
}

func TestWhatHappenedOutside(t *testing.T) {
	adoption := func() url.Values {
		return url.Values{
			"kind": {"adopted"}, "instance_id": {"sas-elsewhere"}, "edition": {"enterprise"}, "machines": {"25"},
			"starts": {"2026-01-01 10:00"}, "ends": {"2031-01-01 10:00"}, "paid": {"38250"}, "reason": {"sold by hand"},
		}
	}
	t.Run("is for operators alone", func(t *testing.T) {
		p := portaltest.New(t)
		for who, status := range map[string]int{"lin@example.com": http.StatusNotFound, "support@example.com": http.StatusForbidden} {
			b := p.SignedIn(who)
			if page := b.Get(p.AccountPath() + "/outside?kind=adopted"); page.Status != status {
				t.Errorf("%s sees the form: %d", who, page.Status)
			}
			if page := b.Post(p.AccountPath()+"/outside", adoption()); page.Status != status {
				t.Errorf("%s records: %d", who, page.Status)
			}
			if page := b.Get(p.AccountPath()); strings.Contains(page.Body, "/outside") {
				t.Errorf("%s is led there", who)
			}
		}
	})
	t.Run("an adopted instance is held, told of, and renewed", func(t *testing.T) {
		p := portaltest.New(t)
		op := p.SignedIn("operator@example.com")
		if page := op.Get(p.AccountPath()); !strings.Contains(page.Body, "/outside?kind=adopted") {
			t.Error("the operator is not led to adopting")
		}
		if page := op.Post(p.AccountPath()+"/outside", adoption()); page.Location != p.AccountPath()+"?recorded=adopted" {
			t.Fatalf("%d %s", page.Status, page.Text())
		}
		says(t, op.Get(p.AccountPath()), "sas-elsewhere", "sold by hand", "operator@example.com")
		customer := p.SignedIn("lin@example.com").Get(p.AccountPath())
		says(t, customer, "sas-elsewhere")
		if strings.Contains(customer.Text(), "sold by hand") || strings.Contains(customer.Text(), "operator@example.com") {
			t.Error("the customer reads the operator's words")
		}
		if n := len(p.Sandbox.Ledger()); n != 0 || p.Sandbox.Requests()[sandbox.ActionCreateInstance] != 0 {
			t.Error("the provider was called")
		}
	})
	for name, tc := range map[string]struct {
		field, value string
	}{
		"without an instance":         {"instance_id", ""},
		"an instance that can't be":   {"instance_id", "sas elsewhere"},
		"without an edition":          {"edition", ""},
		"no machines":                 {"machines", "0"},
		"too many machines":           {"machines", "1000001"},
		"machines in words":           {"machines", "many"},
		"a beginning that is no time": {"starts", "yesterday"},
		"a beginning in the future":   {"starts", "2199-01-01"},
		"an end that is no time":      {"ends", "2026-13-01"},
		"an end before the beginning": {"ends", "2025-12-31"},
		"a sum below nothing":         {"paid", "-1"},
		"a sum with three decimals":   {"paid", "1.005"},
		"without a sum":               {"paid", ""},
		"without a reason":            {"reason", " "},
		"a reason that never ends":    {"reason", strings.Repeat("x", 1001)},
	} {
		t.Run("wrong: "+name, func(t *testing.T) {
			p := portaltest.New(t)
			op := p.SignedIn("operator@example.com")
			values := adoption()
			values.Set(tc.field, tc.value)
			page := op.Post(p.AccountPath()+"/outside", values)
			if page.Status != http.StatusUnprocessableEntity {
				t.Fatalf("%d %s", page.Status, page.Location)
			}
			if !strings.Contains(page.Body, `href="#`+tc.field+`"`) {
				t.Errorf("the summary does not lead to %s", tc.field)
			}
			if tc.field != "reason" && !strings.Contains(page.Body, "sold by hand") {
				t.Error("what was typed is lost")
			}
		})
	}
	t.Run("a release frees the account", func(t *testing.T) {
		p := portaltest.New(t)
		b := p.SignedIn("lin@example.com")
		o := b.Carry(models.Buy)
		b.Wait(day)
		op := p.SignedIn("operator@example.com")
		values := url.Values{"kind": {"released"}, "instance_id": {o.InstanceID}, "ends": {beijing(p.Now())}, "reason": {"gone"}}
		other := url.Values{"kind": {"released"}, "instance_id": {"sas-other"}, "ends": {beijing(p.Now())}, "reason": {"gone"}}
		if page := op.Post(p.AccountPath()+"/outside", other); page.Status != http.StatusUnprocessableEntity {
			t.Errorf("another instance: %d", page.Status)
		}
		if page := op.Post(p.AccountPath()+"/outside", values); page.Location != p.AccountPath()+"?recorded=released" {
			t.Fatalf("%d %s", page.Status, page.Text())
		}
		says(t, op.Get(p.AccountPath()+"?recorded=released"), "The release is recorded")
		if page := form(p, b, models.Buy); page.Status != http.StatusOK {
			t.Errorf("buying anew: %d %s", page.Status, page.Location)
		}
		if page := op.Post(p.AccountPath()+"/outside", values); page.Status != http.StatusUnprocessableEntity {
			t.Errorf("a second release: %d", page.Status)
		}
	})
}

// renewalForm is the operators' form for a renewal, as it comes filled in.
func renewalForm(p *portaltest.Portal, op *portaltest.Browser) url.Values {
	p.T.Helper()
	page := op.Get(p.AccountPath() + "/outside?kind=renewed")
	values := url.Values{"ends": {beijing(models.AddMonths(p.Held().ConfirmedEnd(), 1))}, "paid": {"1500"}, "reason": {"bill"}}
	for _, name := range []string{"kind", "seen", "instance_id", "machines"} {
		m := regexp.MustCompile(`<input[^>]* name="` + name + `"[^>]* value="([^"]*)"`).FindStringSubmatch(page.Body)
		if m == nil {
			p.T.Fatalf("the form has no %s", name)
		}
		values.Set(name, m[1])
	}
	for _, name := range []string{"edition", "auto_renew_months"} {
		m := regexp.MustCompile(`name="` + name + `"[^>]* value="([^"]*)" checked`).FindStringSubmatch(page.Body)
		if m != nil {
			values.Set(name, m[1])
		}
	}
	if strings.Contains(page.Body, `aria-describedby="auto_renew-hint" checked`) {
		values.Set("auto_renew", "on")
	}
	return values
}

// toTheSecond compares what was typed in with what was not.
func toTheSecond(a, b time.Time) bool { return a.Sub(b).Abs() < time.Second }

func TestARenewalIsRecordedAsItsFormSays(t *testing.T) {
	p := portaltest.New(t)
	b := p.SignedIn("lin@example.com")
	auto := answers("pro", "month-1")
	auto.Set("auto_renew", "on")
	auto.Set("auto_renew_months", "1")
	p.Settle(b.PlaceKind(models.Buy, b.QuoteKind(models.Buy, auto)))
	b.Wait(p.Held().EndsAt.Sub(p.Now()) + 40*day) // two renewals are presumed
	machines(p, 80)
	b.Carry(models.Renew) // for 80, behind them
	op := p.SignedIn("operator@example.com")
	before := p.Held()

	// Two tabs, or two operators: what one has recorded is not recorded again.
	first, second := renewalForm(p, op), renewalForm(p, op)
	second.Set("ends", beijing(models.AddMonths(before.ConfirmedEnd(), 1).Add(47*time.Second)))
	if page := op.Post(p.AccountPath()+"/outside", first); page.Status != http.StatusSeeOther {
		t.Fatalf("%d %s", page.Status, page.Text())
	}
	page := op.Post(p.AccountPath()+"/outside", second)
	if page.Status != http.StatusUnprocessableEntity {
		t.Errorf("recorded again: %d", page.Status)
	}
	says(t, page, "Something happened to this account")
	second.Del("seen") // not even by a script
	if page := op.Post(p.AccountPath()+"/outside", second); page.Status != http.StatusUnprocessableEntity {
		t.Errorf("47 seconds were recorded as a renewal: %d", page.Status)
	}

	held := p.Held()
	if held.InstanceCount != 25 || !toTheSecond(held.EndsAt, before.EndsAt) || !held.Unconfirmed || !held.AutoRenew || held.AutoRenewMonths != 1 {
		t.Errorf("after the first of two: %+v", held)
	}
	if page := op.Post(p.AccountPath()+"/outside", renewalForm(p, op)); page.Status != http.StatusSeeOther {
		t.Fatalf("%d %s", page.Status, page.Text())
	}
	if held := p.Held(); held.InstanceCount != 25 || held.Last().InstanceCount != 80 || !toTheSecond(held.EndsAt, before.EndsAt) || held.Unconfirmed {
		t.Errorf("after both: %+v", held)
	}
	agree(t, p)
}

func TestAReleaseIsConfirmedAndCannotBeBeforeTheBeginning(t *testing.T) {
	p := portaltest.New(t)
	b := p.SignedIn("lin@example.com")
	o := b.Carry(models.Buy)
	b.Wait(day)
	op := p.SignedIn("operator@example.com")
	release := func(id string, at time.Time) portaltest.Page {
		return op.Post(p.AccountPath()+"/outside", url.Values{
			"kind": {"released"}, "instance_id": {id}, "ends": {beijing(at)}, "reason": {"gone"},
		})
	}
	if page := op.Get(p.AccountPath() + "/outside?kind=released"); !strings.Contains(page.Body, `id="instance_id"`) || strings.Contains(page.Body, `value="`+o.InstanceID) {
		t.Error("the id is not asked for, or is filled in already")
	}
	for name, page := range map[string]portaltest.Page{
		"without the id": release("", p.Now()), "another id": release("sas-other", p.Now()),
		"before the beginning": release(o.InstanceID, o.StartsAt.Add(-time.Hour)), "in the future": release(o.InstanceID, p.Now().Add(time.Hour)),
	} {
		if page.Status != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d", name, page.Status)
		}
	}
	if page := release(o.InstanceID, o.StartsAt.Truncate(time.Minute)); page.Status != http.StatusSeeOther {
		t.Errorf("in the minute in which it began: %d %s", page.Status, page.Text())
	}
}

// TestMachinesOwnedBesideMachinesCovered: the page shows both, and does without
// when the provider does not answer.
func TestMachinesOwnedBesideMachinesCovered(t *testing.T) {
	p := portaltest.New(t)
	b := p.SignedIn("lin@example.com")
	b.Carry(models.Buy)
	machines(p, 31)
	p.Pass(6 * time.Minute)
	page := b.Get(p.AccountPath())
	says(t, page, "31", "25")
	if !strings.Contains(page.Body, "/quote?kind=upgrade") {
		t.Error("the upgrade is not one click away")
	}
	t.Run("without an answer", func(t *testing.T) {
		p.Reload() // nothing is remembered
		if err := p.Sandbox.AddFault(sandbox.Rule{Action: sandbox.ActionGetInstanceCount, Fault: sandbox.FaultUnavailableBefore}); err != nil {
			t.Fatal(err)
		}
		page := b.Get(p.AccountPath())
		if page.Status != http.StatusOK || !strings.Contains(page.Text(), p.Held().InstanceID) {
			t.Errorf("%d", page.Status)
		}
	})
}

func TestAKindThatIsNone(t *testing.T) {
	p := portaltest.New(t)
	b := p.SignedIn("lin@example.com")
	for _, kind := range []string{"", "gift", "Buy", "renew "} {
		if page := b.Get(p.AccountPath() + "/quote?kind=" + url.QueryEscape(kind)); page.Status != http.StatusNotFound {
			t.Errorf("%q: %d", kind, page.Status)
		}
	}
	for _, kind := range []models.Kind{models.Renew, models.Upgrade, models.Refund} {
		page := form(p, b, kind)
		if page.Status != http.StatusConflict || !primary(page, models.Buy) {
			t.Errorf("a %s of nothing: %d %s", kind, page.Status, page.Location)
		}
		says(t, page, "This account has no subscription at the moment. Buy one first.", "Nothing was ordered or charged.")
	}
	t.Run("and support looks on", func(t *testing.T) {
		b.Carry(models.Buy)
		support := p.SignedIn("support@example.com")
		for _, kind := range models.Kinds() {
			if page := form(p, support, kind); page.Status != http.StatusForbidden {
				t.Errorf("%s: %d", kind, page.Status)
			}
		}
		if page := support.Get(p.AccountPath()); strings.Contains(page.Body, "/quote?kind=") {
			t.Error("support is offered an order")
		}
	})
}
