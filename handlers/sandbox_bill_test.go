package handlers_test

import (
	"fmt"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"portal/models"
	"portal/portaltest"
	"portal/provider/sandbox"
)

var billLink = regexp.MustCompile(`href="(/sandbox/bill\?[^"]*)"`)

func bill(query string) string { return "/sandbox/bill?" + query }

var billOfOwner = bill(fmt.Sprintf("owner=%d", portaltest.Owner))

// TestAnOperatorChecksTheSandboxBill: from the order in review to its charge, and
// from there to the decision, with what the page says and nothing else.
func TestAnOperatorChecksTheSandboxBill(t *testing.T) {
	p := portaltest.New(t)
	o := toReview(p, p.SignedIn("lin@example.com"), models.Buy, sandbox.FaultDropAfter) // the provider has sold it
	operator := p.SignedIn(operatorMail)
	link := billLink.FindStringSubmatch(operator.Get(at(o)).Body)
	if link == nil {
		t.Fatal("the desk does not lead to the bill")
	}
	page := operator.Get(html.UnescapeString(link[1]))
	entry := p.Sandbox.Ledger()[0]
	says(t, page, "Linhai Trading", entry.OrderID, entry.InstanceID, "CreateInstance", "25 machines", "CN¥15,300.00", "Instance now")
	settled := operator.Post(at(o)+"/settle", deskForm(operator.Get(at(o)), url.Values{
		"as": {"completed"}, "order_id": {entry.OrderID}, "instance_id": {entry.InstanceID}, "reason": {"The simulated bill has it"},
	}))
	if settled.Status != http.StatusSeeOther {
		t.Fatalf("%d\n%s", settled.Status, settled.Text())
	}
}

// TestTheSandboxBillIsTheLedgersOfOneAccount, newest first and as far as it was
// asked for.
func TestTheSandboxBillIsTheLedgersOfOneAccount(t *testing.T) {
	p := portaltest.New(t)
	b, operator := p.SignedIn("lin@example.com"), p.SignedIn(operatorMail)
	page := operator.Get(billOfOwner)
	says(t, page, "Nothing was charged or paid back", "has no instance at Alibaba Cloud")
	if strings.Contains(page.Body, "<table") {
		t.Error("a table of nothing")
	}

	b.Carry(models.Buy)
	p.Pass(48 * time.Hour)
	between := p.Now().In(models.Beijing).Format("2006-01-02 15:04")
	p.Pass(48 * time.Hour)
	b = p.SignedIn("lin@example.com")
	b.Carry(models.Renew)
	b.Carry(models.Refund)
	operator = p.SignedIn(operatorMail)
	page = operator.Get(billOfOwner)
	says(t, page, "has no instance at Alibaba Cloud")
	text := page.Text()
	if bought, renewed, refunded := strings.Index(text, "CreateInstance"), strings.Index(text, "RenewInstance"), strings.Index(text, "RefundInstance"); refunded < 0 || refunded > renewed || renewed > bought {
		t.Errorf("not the newest first:\n%s", text)
	}
	if !strings.Contains(text, "−CN¥") {
		t.Error("what came back does not look so")
	}
	for window, want := range map[string][2]string{"from": {"RenewInstance", "CreateInstance"}, "to": {"CreateInstance", "RenewInstance"}} {
		page := operator.Get(billOfOwner + "&" + window + "=" + url.QueryEscape(between))
		if text := page.Text(); !strings.Contains(text, want[0]) || strings.Contains(text, want[1]) || !strings.Contains(text, "at other times") {
			t.Errorf("%s %s:\n%s", window, between, text)
		}
	}
	says(t, operator.Get(billOfOwner+"&to=2020-01-01"), "Nothing was charged or paid back in this time", "3 charges and refunds at other times")
	if page := operator.Get(bill("owner=4000000000000001")); strings.Contains(page.Text(), "CreateInstance") || page.Status != http.StatusOK {
		t.Errorf("another's bill: %d\n%s", page.Status, page.Text())
	}
	says(t, operator.Get("/sandbox/bill"), "Choose an account")
	for _, query := range []string{"owner=Lin", "owner=-1", "owner=1&from=yesterday", "owner=1&to=x"} {
		if page := operator.Get(bill(query)); page.Status != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d", query, page.Status)
		}
	}
}

// TestWhoMayLookAtTheSandboxBill: it has every account's, so it is for staff alone;
// and it is there with the sandbox in this process alone.
func TestWhoMayLookAtTheSandboxBill(t *testing.T) {
	p := portaltest.New(t)
	reseller, err := p.Store.AddReseller(t.Context(), "Own")
	if err != nil {
		t.Fatal(err)
	}
	p.AddUser("own@example.com", models.ResellerAdmin, nil, &reseller)
	want := map[string]int{
		operatorMail: http.StatusOK, "support@example.com": http.StatusOK,
		"own@example.com": http.StatusNotFound, "lin@example.com": http.StatusNotFound,
	}
	for who, status := range want {
		b := p.SignedIn(who)
		if page := b.Get(billOfOwner); page.Status != status {
			t.Errorf("%s: %d", who, page.Status)
		}
		if led := strings.Contains(b.Get("/sandbox").Body, `href="/sandbox/bill"`); led != (status == http.StatusOK) {
			t.Errorf("%s is led to it: %v", who, led)
		}
	}
	if page := p.Browser().Get(billOfOwner); !strings.HasPrefix(page.Location, "/sign-in") {
		t.Errorf("nobody: %d", page.Status)
	}

	o := toReview(p, p.SignedIn("lin@example.com"), models.Buy, sandbox.FaultDropAfter)
	operator := p.SignedIn(operatorMail)
	books := p.Config.Bill
	for what, change := range map[string]func(){
		"a sandbox of its own": func() { p.Config.Bill = nil },
		"the real provider":    func() { p.Config.Bill, p.Config.Sandbox = books, false },
	} {
		p.Config.Bill, p.Config.Sandbox = books, true
		change()
		p.Reload()
		if page := operator.Get(billOfOwner); page.Status != http.StatusNotFound {
			t.Errorf("with %s: %d", what, page.Status)
		}
		for _, path := range []string{at(o), "/sandbox"} {
			if strings.Contains(operator.Get(path).Body, "/sandbox/bill") {
				t.Errorf("with %s %s leads to it", what, path)
			}
		}
	}
}
