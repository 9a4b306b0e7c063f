package handlers_test

import (
	"net/url"
	"strings"
	"testing"

	"portal/portaltest"
)

// TestAnOrderSaysWhoPlacedItAndForWhom: on the way, on its page, in the log and in
// what is downloaded. Customers read of their reseller, not of its people.
func TestAnOrderSaysWhoPlacedItAndForWhom(t *testing.T) {
	p, _ := resold(t)
	own, operator, san, support := p.SignedIn("own@example.com"), p.SignedIn("operator@example.com"), p.SignedIn("san@example.com"), p.SignedIn("support@example.com")
	form := "/accounts/2/quote?kind=buy"
	order := func(b *portaltest.Browser, banner string) string {
		t.Helper()
		if page := b.Get(form); strings.Contains(page.Text(), "You are ordering for") != (banner != "") || !strings.Contains(page.Text(), banner) {
			t.Errorf("the form lacks %q, or has one", banner)
		}
		quote := b.Post(form, url.Values{"edition": {"pro"}, "term": {"month-1"}}).Location
		if page := b.Get(quote); !strings.Contains(page.Text(), banner) {
			t.Errorf("%s lacks %q\n%s", quote, banner, page.Text())
		}
		page := b.Post(quote+"/order", nil)
		if !strings.HasPrefix(page.Location, "/orders/") {
			t.Fatalf("%d\n%s", page.Status, page.Text())
		}
		b.Post(page.Location+"/cancel", nil)
		return page.Location
	}
	theirs := order(san, "")
	admins := order(own, "You are ordering for Studio Three, as admin of own")
	operators := order(operator, "You are ordering for Studio Three, as operator of the portal")
	const (
		admin       = "own@example.com, as admin of own"
		reseller    = "Your reseller own"
		byOperator  = "operator@example.com, as operator of the portal"
		theOperator = "The portal’s operator"
	)
	short := []string{"Placed by the reseller", "Placed by the operator"}
	long := []string{"Placed by " + admin, "Placed by " + byOperator}
	for name, tc := range map[string]struct {
		b                    *portaltest.Browser
		customer, admin, ops string
		lists                []string
		not                  []string
	}{
		"its customer": {san, "san@example.com", reseller, theOperator, short, []string{"own@example.com", "operator@example.com"}},
		"the admin":    {own, "san@example.com", admin, theOperator, short, []string{"operator@example.com", reseller}},
		"support":      {support, "san@example.com", admin, byOperator, long, []string{reseller, theOperator}},
		"an operator":  {operator, "san@example.com", admin, byOperator, long, []string{reseller, theOperator}},
	} {
		for path, by := range map[string]string{theirs: tc.customer, admins: tc.admin, operators: tc.ops} {
			page := tc.b.Get(path)
			if !strings.Contains(page.Text(), "Ordered by "+by) || !strings.Contains(page.Text(), "Studio Three") {
				t.Errorf("%s: %s does not say %q", name, path, by)
			}
		}
		log, file := tc.b.Get("/orders").Text(), tc.b.Get("/orders.csv").Body
		_, recent, _ := strings.Cut(tc.b.Get(suspendedPath).Body, `<caption class="vh">Recent orders</caption>`)
		recent, _, _ = strings.Cut(recent, "</table>")
		recent = portaltest.Page{Body: recent}.Text()
		for i, by := range []string{tc.admin, tc.ops} {
			if !strings.Contains(log, tc.lists[i]) || !strings.Contains(file, by) || !strings.Contains(recent, tc.lists[i]) {
				t.Errorf("%s: the log, the file or the account's page does not say %q\n%s\n%s\n%s", name, by, log, file, recent)
			}
		}
		if strings.Contains(log+recent, "by san@") {
			t.Errorf("%s: the log says of a customer's own order that it was placed for them", name)
		}
		for _, not := range tc.not {
			body := tc.b.Get(admins).Text() + tc.b.Get(operators).Text() + log + file + recent
			body = strings.ReplaceAll(body, "Signed in as "+not, "")
			if strings.Contains(body, not) {
				t.Errorf("%s is told %q", name, not)
			}
		}
	}
}
