package handlers_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"portal/models"
	"portal/portaltest"
)

// mainPart is what a page says below its head, without what differs between any
// two requests and between any two readers' forms.
func mainPart(page portaltest.Page) string {
	_, body, _ := strings.Cut(page.Body, "<main")
	body, _, _ = strings.Cut(body, "</main>")
	body = strings.ReplaceAll(body, `<input type="hidden" name="viewing" value="yes">`, "")
	return regexp.MustCompile(` datetime="[^"]*"`).ReplaceAllString(body, "")
}

var (
	leadsToAnOrder = regexp.MustCompile(`<a class="button[^"]*" href="/accounts/2/quote[^"]*">([^<]*)</a>`)
	brandAndFoot   = regexp.MustCompile(`(?s)<title>.*?</title>|<a class="brand".*?</a>|<span class="foot__seller">.*?</span>`)
)

// offersAsWords is a customer's page with the words of what leads to an order in
// its place.
func offersAsWords(body string) string {
	return leadsToAnOrder.ReplaceAllString(body, `<span class="mute">$1</span>`)
}

const (
	viewPath   = "/accounts/2/view"
	viewBanner = "You see the portal as the customers of Studio Three do"
)

// TestAViewShowsWhatTheCustomerSees, and nothing more.
func TestAViewShowsWhatTheCustomerSees(t *testing.T) {
	p, _ := resold(t)
	san, own, operator, support := p.SignedIn("san@example.com"), p.SignedIn("own@example.com"), p.SignedIn("operator@example.com"), p.SignedIn("support@example.com")
	form := "/accounts/2/quote?kind=buy"
	quote := san.Post(form, url.Values{"edition": {"pro"}, "term": {"month-1"}}).Location
	number := strings.TrimPrefix(own.Post(quote+"/order", nil).Location, "/orders/")
	p.Settle(number)
	operator.Post("/accounts/2/edit", url.Values{"name": {"Studio Three"}, "note": {"pays late"}})
	operator.Post("/orders/"+number+"/notes", url.Values{"note": {"Rang twice"}, "form": {"x"}})
	for _, b := range []*portaltest.Browser{own, operator, support} {
		says(t, b.Get("/accounts/2"), "View as the customer")
		if page := b.Post(viewPath, nil); page.Location != "/accounts/2" {
			t.Fatal(page.Status)
		}
		if page := b.Get("/"); page.Location != "/accounts/2" {
			t.Errorf("home is %s", page.Location)
		}
	}
	for _, path := range []string{"/accounts/2", "/orders", "/orders/" + number} {
		seen := san.Get(path)
		head := strings.Join(brandAndFoot.FindAllString(seen.Body, -1), "\n")
		if strings.Count(head, "own") < 3 {
			t.Fatalf("the customer does not see whose they are: %s", head)
		}
		for name, b := range map[string]*portaltest.Browser{"an admin": own, "an operator": operator, "support": support} {
			page := b.Get(path)
			if page.Status != http.StatusOK || !strings.Contains(page.Text(), viewBanner) || mainPart(page) != offersAsWords(mainPart(seen)) {
				t.Errorf("%s sees another %s\n%s\n%s", name, path, mainPart(page), offersAsWords(mainPart(seen)))
			}
			if got := strings.Join(brandAndFoot.FindAllString(page.Body, -1), "\n"); got != head {
				t.Errorf("%s sees another head or foot\n%s\n%s", name, got, head)
			}
			if strings.Contains(page.Body, "/quote?") {
				t.Errorf("%s is led to an order from %s", name, path)
			}
		}
		for _, hidden := range []string{"pays late", "Rang twice", "own@example.com"} {
			if page := support.Get(path); !strings.Contains(page.Text(), viewBanner) || strings.Contains(page.Text(), hidden) {
				t.Errorf("support sees %q at %s", hidden, path)
			}
		}
	}
	if page := operator.Get("/orders.csv"); strings.Contains(page.Body, "own@example.com") || !strings.Contains(page.Body, "Your reseller own") {
		t.Error("the file is not the customer's")
	}
	for _, path := range []string{"/search?q=1", "/review", "/accounts/1", "/accounts/2/people", "/people", "/accounts/2/edit"} {
		if page := operator.Get(path); page.Status != http.StatusNotFound {
			t.Errorf("%s: %d", path, page.Status)
		}
	}
	if page := operator.Get("/accounts/2"); strings.Contains(page.Body, `action="/search"`) || strings.Contains(page.Body, `href="/review"`) {
		t.Error("the head is not a customer's")
	}
	t.Run("but orders nothing by it", func(t *testing.T) {
		page := operator.Get("/accounts/2/quote?kind=renew")
		if page.Status != http.StatusOK || strings.Contains(page.Text(), "You are ordering for") {
			t.Errorf("%d\n%s", page.Status, page.Text())
		}
		page = operator.Post("/accounts/2/quote?kind=renew", url.Values{"term": {"month-6"}})
		if page.Status != http.StatusForbidden {
			t.Errorf("%d", page.Status)
		}
		says(t, page, "Nothing can be changed in this view", "Nothing was charged")
	})
	t.Run("until they leave it", func(t *testing.T) {
		if page := operator.Post("/preferences", url.Values{"theme": {"dark"}, "return": {"/orders"}}); page.Location != "/orders" {
			t.Errorf("preferences: %d", page.Status)
		}
		if page := operator.Post("/leave-view", nil); page.Location != "/accounts/2" {
			t.Fatal(page.Status)
		}
		page := operator.Get("/accounts/2")
		says(t, page, "pays late", "Viewed as the customer, from here on", "Viewed as the customer, until here")
		if strings.Contains(page.Text(), viewBanner) || strings.Contains(page.Body, `name="viewing"`) {
			t.Error("it goes on")
		}
		if page := operator.Post("/leave-view", nil); page.Location != "/" {
			t.Errorf("again: %d", page.Status)
		}
	})
	t.Run("or sign out", func(t *testing.T) {
		own.Post("/sign-out", nil)
		if page := p.SignedIn("own@example.com").Get("/accounts/2"); strings.Contains(page.Text(), viewBanner) {
			t.Error("another session is in it")
		}
		changes, err := p.Store.Changes(t.Context(), 2, 1)
		if err != nil || changes[0].What != models.ViewEnded || changes[0].Address == "" {
			t.Errorf("%+v %v", changes, err)
		}
	})
	t.Run("or its time is over", func(t *testing.T) {
		p.Pass(models.ViewFor)
		if page := support.Get("/accounts/2"); strings.Contains(page.Text(), viewBanner) || page.Status != http.StatusOK {
			t.Errorf("%d", page.Status)
		}
		if page := support.Get("/search"); page.Status != http.StatusOK {
			t.Errorf("%d", page.Status)
		}
		changes, err := p.Store.Changes(t.Context(), 2, 1)
		if err != nil || changes[0].What != models.ViewEnded || changes[0].Actor != p.Viewer("support@example.com").Actor() {
			t.Errorf("%+v %v", changes, err)
		}
	})
}

// TestAViewHasTheOffersAsWords: what the customer could press stands there, and
// there is nothing to press.
func TestAViewHasTheOffersAsWords(t *testing.T) {
	p, _ := resold(t)
	san := p.SignedIn("san@example.com")
	lookers := map[string]*portaltest.Browser{"an admin": p.SignedIn("own@example.com"), "an operator": p.SignedIn("operator@example.com"), "support": p.SignedIn("support@example.com")}
	for _, b := range lookers {
		b.Post(viewPath, nil)
	}
	offered := func(path string, press *regexp.Regexp) {
		t.Helper()
		m := press.FindStringSubmatch(san.Get(path).Body)
		if m == nil {
			t.Fatalf("%s offers the customer nothing", path)
		}
		for name, b := range lookers {
			if page := b.Get(path); page.Status != http.StatusOK || press.MatchString(page.Body) || !strings.Contains(page.Text(), m[1]) {
				t.Errorf("%s at %s, where the customer has %q: %d\n%s", name, path, m[1], page.Status, page.Text())
			}
		}
	}
	submits := func(action string) *regexp.Regexp {
		return regexp.MustCompile(`(?s)<form[^>]* action="/[^"]*/` + action + `"[^>]*>.*?<button[^>]*>([^<]*)</button>`)
	}
	offered("/accounts/2", leadsToAnOrder)
	quote := san.Post("/accounts/2/quote?kind=buy", url.Values{"edition": {"pro"}, "term": {"month-1"}}).Location
	offered(quote, submits("order"))
	order := san.Post(quote+"/order", nil).Location
	offered(order, submits("cancel"))
	if page := san.Post(order+"/cancel", nil); page.Status != http.StatusSeeOther {
		t.Fatal(page.Status)
	}
	offered(order, leadsToAnOrder)
}

// TestAViewOfWhatEndsSoonLeadsNowhere: what the customer is asked to do stands
// there in words.
func TestAViewOfWhatEndsSoonLeadsNowhere(t *testing.T) {
	p, _ := resold(t)
	san := p.SignedIn("san@example.com")
	quote := san.Post("/accounts/2/quote?kind=buy", url.Values{"edition": {"pro"}, "term": {"month-1"}}).Location
	san.Post(quote+"/order", nil)
	p.Worker.RunOnce(t.Context())
	p.Pass(48 * time.Hour)
	if page := p.SignedIn("san@example.com").Get("/accounts/2"); !leadsToAnOrder.MatchString(page.Body) {
		t.Fatalf("the customer is offered nothing\n%s", page.Text())
	}
	own := p.SignedIn("own@example.com")
	own.Post(viewPath, nil)
	page := own.Get("/accounts/2")
	says(t, page, "The subscription ends in", "Renew now")
	if leadsToAnOrder.MatchString(page.Body) {
		t.Errorf("the view leads to an order\n%s", page.Body)
	}
}

// TestAFormFromAViewOrdersNothingAfterwards: it was pressed by somebody who took
// themselves for looking only.
func TestAFormFromAViewOrdersNothingAfterwards(t *testing.T) {
	p, _ := resold(t)
	san, own := p.SignedIn("san@example.com"), p.SignedIn("own@example.com")
	quote := san.Post("/accounts/2/quote?kind=buy", url.Values{"edition": {"pro"}, "term": {"month-1"}}).Location
	own.Post(viewPath, nil)
	page := own.Get(quote)
	if forms, marked := strings.Count(page.Body, `method="post"`), strings.Count(page.Body, `name="viewing" value="yes"`); forms < 4 || forms != marked {
		t.Fatalf("%d forms, %d of them marked", forms, marked)
	}
	own.Post("/leave-view", nil)
	page = own.Post(quote+"/order", url.Values{"viewing": {"yes"}})
	if page.Status != http.StatusForbidden {
		t.Fatalf("%d %s", page.Status, page.Location)
	}
	says(t, page, "from a view that has ended", "Nothing was charged")
	if page := own.Post(quote+"/order", nil); !strings.HasPrefix(page.Location, "/orders/") {
		t.Errorf("as themselves: %d", page.Status)
	}
}

// TestAViewIsNothingThatABrowserCanMakeUp: it stands in the session's row.
func TestAViewIsNothingThatABrowserCanMakeUp(t *testing.T) {
	p, _ := resold(t)
	foreign := p.SignedIn("foreign@example.com")
	if page := foreign.Post(viewPath, nil); page.Status != http.StatusNotFound {
		t.Errorf("a foreign admin: %d", page.Status)
	}
	if page := p.SignedIn("san@example.com").Post(viewPath, nil); page.Status != http.StatusNotFound {
		t.Errorf("a customer: %d", page.Status)
	}
	foreign.Header.Set("Cookie", "view=2; view_account_id=2")
	if page := foreign.Get("/accounts/2?view=2&viewing=yes"); page.Status != http.StatusNotFound {
		t.Errorf("by a cookie: %d", page.Status)
	}
}
