package handlers_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"portal/locales"
	"portal/models"
	"portal/portaltest"
	"portal/pricing"
	"portal/provider/sandbox"
)

func TestAPurchaseFromSignInToReceipt(t *testing.T) {
	for language, words := range map[string][]string{
		"en":         {"CN¥15,300.00", "25", "Beijing time"},
		"zh-CN,zh":   {"¥15,300.00", "25", "北京时间"},
		"fr,de;q=.5": {"¥15,300.00"}, // what we don't speak is Chinese
	} {
		t.Run(language, func(t *testing.T) {
			p := portaltest.New(t)
			b := p.Browser()
			b.Header.Set("Accept-Language", language)

			if page := b.Get("/"); page.Status != http.StatusSeeOther || page.Location != "/sign-in" {
				t.Fatalf("%d %s", page.Status, page.Location)
			}
			if page := b.Post("/sign-in", url.Values{"email": {" Lin@Example.com "}, "password": {portaltest.Password}}); page.Location != "/" {
				t.Fatalf("%d %s", page.Status, page.Body)
			}
			if page := b.Get("/"); page.Location != p.AccountPath() {
				t.Fatalf("home leads to %q", page.Location)
			}
			if page := b.Get(p.AccountPath()); page.Status != http.StatusOK || !strings.Contains(page.Body, "/quote?kind=buy") {
				t.Fatalf("the account offers no purchase: %d", page.Status)
			}
			form := b.Get(p.QuotePath())
			for _, field := range []string{`name="edition"`, `name="term"`, `name="auto_renew"`, `name="auto_renew_months"`, `value="year-1"`} {
				if !strings.Contains(form.Body, field) {
					t.Errorf("the form lacks %s", field)
				}
			}
			quote := b.Quote("pro", "year-1")
			check := b.Get(quote)
			for _, w := range words {
				if !strings.Contains(check.Text(), w) {
					t.Errorf("the check page lacks %q:\n%s", w, check.Text())
				}
			}
			if len(p.Sandbox.Ledger()) != 0 || p.Sandbox.Requests()[sandbox.ActionCreateInstance] != 0 {
				t.Fatal("something was bought before it was placed")
			}
			number := b.Place(quote)
			progress := b.Get("/orders/" + number)
			if progress.OrderStatus() != "placed" || progress.Refresh() != "2" {
				t.Fatalf("the progress page: %q", progress.OrderStatus())
			}
			if still := b.Get("/orders/" + number + "?refresh=off"); still.Refresh() != "" || strings.Contains(still.Body, `href="/orders/`+number+`?refresh=off"`) {
				t.Error("the page can't be made to stand still")
			}
			order := p.Settle(number)
			receipt := b.Get("/orders/" + number)
			if receipt.OrderStatus() != "completed" || receipt.Refresh() != "" {
				t.Fatalf("the receipt: %q", receipt.OrderStatus())
			}
			for _, id := range []string{number, order.ProviderOrderID, order.InstanceID, order.RequestID} {
				if id == "" || !strings.Contains(receipt.Text(), id) {
					t.Errorf("the receipt lacks %q", id)
				}
			}
			if log := b.Get("/orders?q=" + order.InstanceID); !strings.Contains(log.Text(), number) {
				t.Error("the log does not find the order by its instance")
			}
			if page := b.Get(p.AccountPath()); !strings.Contains(page.Text(), order.InstanceID) || strings.Contains(page.Body, "/quote?kind=buy") {
				t.Error("the account does not show what it holds, or still sells")
			}
			if ledger := p.Sandbox.Ledger(); len(ledger) != 1 || ledger[0].AmountFen != 1530000 {
				t.Fatalf("%+v", ledger)
			}
		})
	}
}

func TestTwentyPostsOfOneQuoteMakeOneOrderAndOneCharge(t *testing.T) {
	p := portaltest.New(t)
	b := p.SignedIn("lin@example.com")
	quote := b.Quote("pro", "year-1")
	locations := make(chan string, 20)
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			page, err := b.Try(http.MethodPost, quote+"/order", url.Values{})
			if err != nil || page.Status != http.StatusSeeOther {
				t.Errorf("%d %v", page.Status, err)
			}
			locations <- page.Location
		})
	}
	all.Wait()
	close(locations)
	number := ""
	for l := range locations {
		if number == "" {
			number = l
		}
		if l != number || !strings.HasPrefix(l, "/orders/") {
			t.Fatalf("landed on %q and %q", number, l)
		}
	}
	p.Settle(strings.TrimPrefix(number, "/orders/"))
	if n := len(p.Sandbox.Ledger()); n != 1 {
		t.Fatalf("%d charges", n)
	}
	t.Run("and the back button leads there too", func(t *testing.T) {
		if page := b.Get(quote); page.Status != http.StatusSeeOther || page.Location != number {
			t.Fatalf("%d %s", page.Status, page.Location)
		}
		if page := b.Get(quote); page.Header.Get("Cache-Control") != "no-store" {
			t.Fatal("a browser may keep the check page and show it again")
		}
	})
}

func TestAQuoteThatNoLongerHoldsStandsBesideANewOne(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*portaltest.Portal)
		why    models.QuoteChange
	}{
		"it expired": {func(p *portaltest.Portal) { p.Pass(31 * time.Minute) }, models.QuoteExpired},
		"the count changed": {func(p *portaltest.Portal) {
			if err := p.Sandbox.SetMachines(portaltest.Owner, 30); err != nil {
				p.T.Fatal(err)
			}
		}, models.CountChanged},
		"the prices changed": {func(p *portaltest.Portal) { p.Config.Book = otherBook(p.T); p.Reload() }, models.PricesChanged},
	} {
		t.Run(name, func(t *testing.T) {
			p := portaltest.New(t)
			b := p.SignedIn("lin@example.com")
			old := b.Quote("pro", "year-1")
			tc.change(p)
			page := b.Post(old+"/order", nil)
			if page.Status != http.StatusSeeOther || !strings.HasPrefix(page.Location, "/quotes/") || page.Location == old {
				t.Fatalf("%d %s", page.Status, page.Location)
			}
			fresh, err := p.Store.Quote(t.Context(), p.Viewer("lin@example.com"), strings.TrimPrefix(page.Location, "/quotes/"))
			if err != nil || fresh.ReplacesID == nil || len(fresh.Changes) == 0 || fresh.Changes[0] != tc.why {
				t.Fatalf("%+v %v", fresh, err)
			}
			check := b.Get(page.Location)
			if check.Status != http.StatusOK || !strings.Contains(check.Text(), "CN¥15,300.00") {
				t.Fatalf("the old sum is not shown:\n%s", check.Text())
			}
			if n := p.Sandbox.Requests()[sandbox.ActionCreateInstance]; n != 0 {
				t.Fatalf("%d sends", n)
			}
			number := b.Place(page.Location)
			if o := p.Settle(number); o.Status != models.Completed || o.TotalFen != fresh.TotalFen {
				t.Fatalf("%s %d", o.Status, o.TotalFen)
			}
		})
	}
	t.Run("and when what was chosen is not sold any more, the form says so with the answers kept", func(t *testing.T) {
		p := portaltest.New(t)
		b := p.SignedIn("lin@example.com")
		old := b.Quote("enterprise", "month-1")
		if err := p.Sandbox.SetMachines(portaltest.Owner, 3); err != nil { // a year at least
			t.Fatal(err)
		}
		page := b.Post(old+"/order", nil)
		if !strings.HasPrefix(page.Location, p.QuotePath()[:12]) {
			t.Fatalf("%d %s", page.Status, page.Location)
		}
		form := b.Get(page.Location)
		if form.Status != http.StatusUnprocessableEntity || !checked(form.Body, "edition", "enterprise") {
			t.Fatalf("%d: the edition is lost", form.Status)
		}
	})
}

// otherBook is the embedded book with another price.
func otherBook(t testing.TB) *pricing.Book {
	t.Helper()
	book, err := pricing.Parse([]byte(`
currency = "CNY"
example = false
quote_minutes = 30
auto_renew_months = [1, 12]
[editions.pro]
version_code = "level1"
yuan_per_machine_month = "61.00"
[editions.enterprise]
version_code = "level2"
yuan_per_machine_month = "150.00"
[terms]
month-1 = "0"
year-1 = "15"
`))
	if err != nil {
		t.Fatal(err)
	}
	return book
}

func TestTwoTabs(t *testing.T) {
	p := portaltest.New(t)
	b := p.SignedIn("lin@example.com")
	one, two := b.Quote("pro", "year-1"), b.Quote("enterprise", "year-1")
	number := b.Place(one)
	t.Run("while the first order is open the second is not placed, and says which", func(t *testing.T) {
		page := b.Post(two+"/order", nil)
		if page.Status != http.StatusConflict || !strings.Contains(page.Text(), number) {
			t.Fatalf("%d\n%s", page.Status, page.Text())
		}
	})
	p.Settle(number)
	t.Run("afterwards the account holds a subscription", func(t *testing.T) {
		if page := b.Post(two+"/order", nil); page.Status != http.StatusConflict {
			t.Fatalf("%d %s", page.Status, page.Location)
		}
		page := b.Get(p.QuotePath())
		if page.Status != http.StatusConflict {
			t.Fatalf("the form is still open: %d", page.Status)
		}
		says(t, page, "There is no need to buy again")
	})
	if n := len(p.Sandbox.Ledger()); n != 1 {
		t.Fatalf("%d charges", n)
	}
}

func TestTheProviderIsDownWhileQuoting(t *testing.T) {
	for name, tc := range map[string]struct {
		fault  sandbox.Fault
		status int
	}{
		"no answer": {sandbox.FaultDropBefore, http.StatusServiceUnavailable},
		"throttled": {sandbox.FaultThrottle, http.StatusServiceUnavailable},
		"HTML":      {sandbox.FaultHTMLBefore, http.StatusServiceUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			p := portaltest.New(t)
			b := p.SignedIn("lin@example.com")
			quote := b.Quote("pro", "year-1")
			if err := p.Sandbox.AddFault(sandbox.Rule{Action: sandbox.ActionGetInstanceCount, Fault: tc.fault}); err != nil {
				t.Fatal(err)
			}
			p.Pass(20 * time.Second) // a count that was read before no longer serves
			if page := b.Get(p.QuotePath()); page.Status != tc.status {
				t.Errorf("the form: %d\n%s", page.Status, page.Text())
			}
			// At placing nothing is sent, and the quote stays as it is.
			page := b.Post(quote+"/order", nil)
			if page.Status != http.StatusServiceUnavailable || !strings.Contains(page.Body, quote+"/order") {
				t.Errorf("placing: %d", page.Status)
			}
			p.Sandbox.ClearFaults()
			if o := p.Settle(b.Place(quote)); o.Status != models.Completed {
				t.Errorf("afterwards: %s", o.Status)
			}
		})
	}
	t.Run("our clock is 20 minutes off", func(t *testing.T) {
		p := portaltest.New(t)
		b := p.SignedIn("lin@example.com")
		if err := p.Sandbox.AdvanceGateway(20 * time.Minute); err != nil {
			t.Fatal(err)
		}
		page := b.Get(p.QuotePath())
		if page.Status != http.StatusServiceUnavailable || !strings.Contains(strings.ToLower(page.Text()), "clock") {
			t.Fatalf("%d\n%s", page.Status, page.Text())
		}
	})
	t.Run("a key that the provider does not know", func(t *testing.T) {
		p := portaltest.New(t, portaltest.Key("unknown-key-id", "whatever-secret"))
		page := p.SignedIn("lin@example.com").Get(p.QuotePath())
		if page.Status != http.StatusBadGateway || strings.Contains(page.Body, "whatever-secret") || strings.Contains(page.Body, "unknown-key-id") {
			t.Fatalf("%d\n%s", page.Status, page.Text())
		}
	})
}

// TestPeopleWhoTryOutChoicesCantThrottleSelling: looking again and again asks
// the provider once in ten seconds.
func TestPeopleWhoTryOutChoicesCantThrottleSelling(t *testing.T) {
	p := portaltest.New(t)
	b := p.SignedIn("lin@example.com")
	for range 10 {
		b.Get(p.QuotePath())
	}
	if n := p.Sandbox.Requests()[sandbox.ActionGetInstanceCount]; n != 1 {
		t.Fatalf("%d reads", n)
	}
	p.Pass(11 * time.Second)
	b.Get(p.QuotePath())
	if n := p.Sandbox.Requests()[sandbox.ActionGetInstanceCount]; n != 2 {
		t.Fatalf("%d reads", n)
	}
	t.Run("placing always reads afresh", func(t *testing.T) {
		b.Place(b.Quote("pro", "year-1"))
		if n := p.Sandbox.Requests()[sandbox.ActionGetInstanceCount]; n != 3 {
			t.Fatalf("%d reads", n)
		}
	})
}

func TestWhatCantBeChosenIsSaidAndNothingTypedIsLost(t *testing.T) {
	for name, tc := range map[string]struct {
		machines int
		form     url.Values
		keeps    [2]string // a radio that stays chosen
	}{
		"nothing chosen":            {25, url.Values{}, [2]string{"edition", "pro"}},
		"no such edition":           {25, url.Values{"edition": {"gold"}, "term": {"year-3"}}, [2]string{"term", "year-3"}},
		"a term that is not sold":   {25, url.Values{"edition": {"enterprise"}, "term": {"month-7"}}, [2]string{"edition", "enterprise"}},
		"a term that is no term":    {25, url.Values{"edition": {"enterprise"}, "term": {"<b>"}}, [2]string{"edition", "enterprise"}},
		"too short for so few":      {3, url.Values{"edition": {"enterprise"}, "term": {"month-1"}}, [2]string{"edition", "enterprise"}},
		"auto-renew without a term": {25, url.Values{"edition": {"enterprise"}, "term": {"year-2"}, "auto_renew": {"on"}}, [2]string{"term", "year-2"}},
		"auto-renew for 7 months":   {25, url.Values{"edition": {"enterprise"}, "term": {"year-2"}, "auto_renew": {"on"}, "auto_renew_months": {"7"}}, [2]string{"term", "year-2"}},
	} {
		t.Run(name, func(t *testing.T) {
			p := portaltest.New(t, portaltest.SandboxConfig(func(c *sandbox.Config) { c.Machines[portaltest.Owner] = tc.machines }))
			b := p.SignedIn("lin@example.com")
			page := b.Post(p.QuotePath(), tc.form)
			if page.Status != http.StatusUnprocessableEntity || !strings.Contains(page.Body, `role="alert"`) {
				t.Fatalf("%d", page.Status)
			}
			if !checked(page.Body, tc.keeps[0], tc.keeps[1]) {
				t.Errorf("%s=%s is lost", tc.keeps[0], tc.keeps[1])
			}
			if tc.form.Get("auto_renew") != "" && !checked(page.Body, "auto_renew", "") {
				t.Error("auto-renew is lost")
			}
			if strings.Contains(page.Body, "<b>") {
				t.Error("what was typed is not escaped")
			}
		})
	}
}

// checked says whether the page has this input, checked.
func checked(body, name, value string) bool {
	for _, input := range strings.Split(body, "<input")[1:] {
		input, _, _ = strings.Cut(input, ">")
		if strings.Contains(input, `name="`+name+`"`) && (value == "" || strings.Contains(input, `value="`+value+`"`)) && strings.Contains(input, " checked") {
			return true
		}
	}
	return false
}

func TestCancelling(t *testing.T) {
	p := portaltest.New(t)
	b := p.SignedIn("lin@example.com")
	number := b.Place(b.Quote("pro", "year-1"))
	if page := b.Get("/orders/" + number); !strings.Contains(page.Body, "/cancel") {
		t.Fatal("the page does not offer it")
	}
	if page := b.Post("/orders/"+number+"/cancel", nil); page.Location != "/orders/"+number {
		t.Fatalf("%d", page.Status)
	}
	if page := b.Get("/orders/" + number); page.OrderStatus() != "cancelled" {
		t.Fatal(page.OrderStatus())
	}
	p.Worker.RunOnce(t.Context())
	if n := p.Sandbox.Requests()[sandbox.ActionCreateInstance]; n != 0 {
		t.Fatal("a cancelled order was sent")
	}
	t.Run("too late", func(t *testing.T) {
		number := b.Place(b.Quote("pro", "year-1"))
		p.Settle(number)
		page := b.Post("/orders/"+number+"/cancel", nil)
		if page.Status != http.StatusConflict || page.OrderStatus() != "completed" {
			t.Fatalf("%d %s", page.Status, page.OrderStatus())
		}
	})
}

// TestPostsThatLeadToNoOrderCostTheProviderNothing: hammering on a quote can't
// throttle selling, nor fill the database.
func TestPostsThatLeadToNoOrderCostTheProviderNothing(t *testing.T) {
	p := portaltest.New(t)
	b := p.SignedIn("lin@example.com")
	one, two := b.Quote("pro", "year-1"), b.Quote("pro", "year-2")
	number := b.Place(one)
	before := p.Sandbox.Requests()[sandbox.ActionGetInstanceCount]
	for range 5 {
		b.Post(two+"/order", nil)
	}
	if after := p.Sandbox.Requests()[sandbox.ActionGetInstanceCount]; after != before {
		t.Errorf("%d reads beside an open order", after-before)
	}
	b.Post("/orders/"+number+"/cancel", nil)
	p.Pass(31 * time.Minute)
	for range 5 {
		b.Post(two+"/order", nil)
	}
	if after := p.Sandbox.Requests()[sandbox.ActionGetInstanceCount]; after != before+1 {
		t.Errorf("%d reads for one expired quote", after-before)
	}
	status := 0
	for range 150 {
		status = b.Post(p.QuotePath(), url.Values{"edition": {"pro"}, "term": {"year-1"}}).Status
	}
	if status != http.StatusTooManyRequests {
		t.Errorf("150 quotes in a moment: %d", status)
	}
}

// TestEditionsAreDescribed in the reader's language, in the price book's words, with
// the way to the provider's own.
func TestEditionsAreDescribed(t *testing.T) {
	if !slices.Equal(locales.Tags(), pricing.Languages) {
		t.Errorf("a price book is read in %v, the portal in %v", pricing.Languages, locales.Tags())
	}
	p := portaltest.New(t)
	b := p.SignedIn("lin@example.com")
	for _, language := range locales.Tags() {
		b.Post("/preferences", url.Values{"language": {language}, "return": {"/"}})
		form := b.Get(p.QuotePath())
		for _, edition := range pricing.Embedded().Editions() {
			about := pricing.Embedded().About(edition)[language]
			if about == "" || !strings.Contains(form.Text(), about) {
				t.Errorf("%s, %s: %q is not on the form", edition, language, about)
			}
		}
		if !strings.Contains(form.Body, `href="`+pricing.Embedded().CompareURL()+`"`) {
			t.Errorf("%s: nothing leads to %s", language, pricing.Embedded().CompareURL())
		}
	}
}
