package handlers_test

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"portal/models"
	"portal/portaltest"
	"portal/provider"
	"portal/provider/sandbox"
)

// keyring are credential profiles that a test changes, as somebody edits the SDK's
// file.
type keyring struct {
	mu   sync.Mutex
	keys map[string]provider.Key
}

func newKeyring() *keyring {
	return &keyring{keys: map[string]provider.Key{
		"default": {ID: sandbox.DemoAccessKeyID, Secret: sandbox.DemoAccessKeySecret},
		"east":    {ID: sandbox.EastAccessKeyID, Secret: sandbox.EastAccessKeySecret},
		"north":   {ID: sandbox.NorthAccessKeyID, Secret: sandbox.NorthAccessKeySecret},
	}}
}

func (k *keyring) Key(ctx context.Context, profile string) (provider.Key, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return provider.FixedProfiles(k.keys).Key(ctx, profile)
}

// take takes a profile out of the file, and gives a function that puts it back.
func (k *keyring) take(profile string) (back func()) {
	k.mu.Lock()
	defer k.mu.Unlock()
	key := k.keys[profile]
	delete(k.keys, profile)
	return func() { k.mu.Lock(); defer k.mu.Unlock(); k.keys[profile] = key }
}

// shop is a portal with two resellers that have a profile each, an account of each
// beside the direct one, and their customers.
type shop struct {
	*portaltest.Portal
	keys     *keyring
	sellers  map[string]models.Reseller
	accounts map[string]models.Account
	people   map[string]*portaltest.Browser
}

func newShop(t *testing.T) *shop {
	t.Helper()
	s := &shop{
		keys: newKeyring(), sellers: map[string]models.Reseller{},
		accounts: map[string]models.Account{}, people: map[string]*portaltest.Browser{},
	}
	s.Portal = portaltest.New(t, portaltest.Credentials(s.keys))
	s.accounts["default"], s.people["default"] = s.Account, s.SignedIn("lin@example.com")
	for i, profile := range []string{"east", "north"} {
		reseller, err := s.Store.CreateReseller(t.Context(), models.By{Viewer: s.Viewer("operator@example.com")},
			models.Reseller{Name: strings.ToUpper(profile[:1]) + profile[1:] + " Cloud", CredentialProfile: profile})
		if err != nil {
			t.Fatal(err)
		}
		account := s.AddAccount(3000000000000001+int64(i), profile+"ern Studio", &reseller)
		if err := s.Sandbox.SetMachines(account.OwnerID, 25); err != nil {
			t.Fatal(err)
		}
		email := profile + "@customer.example"
		s.AddUser(email, models.Customer, &account, nil)
		s.AddUser(profile+"@reseller.example", models.ResellerAdmin, nil, &reseller)
		s.sellers[profile], s.accounts[profile], s.people[profile] = reseller, account, s.SignedIn(email)
	}
	return s
}

// place quotes and places for the customer of a profile, who confirms a refund by
// the instance's id.
func (s *shop) place(profile string, kind models.Kind, instance string) string {
	s.T.Helper()
	b := s.people[profile]
	page := b.Post(fmt.Sprintf("/accounts/%d/quote?kind=%s", s.accounts[profile].ID, kind), portaltest.Answers(kind))
	if !strings.HasPrefix(page.Location, "/quotes/") {
		s.T.Fatalf("quoting a %s: %d %s\n%s", kind, page.Status, page.Location, page.Text())
	}
	page = b.Post(page.Location+"/order", url.Values{"instance_id": {instance}})
	number, ok := strings.CutPrefix(page.Location, "/orders/")
	if !ok {
		s.T.Fatalf("placing a %s: %d\n%s", kind, page.Status, page.Text())
	}
	return number
}

func (s *shop) edit(profile, to string) {
	s.T.Helper()
	r := s.sellers[profile]
	page := s.SignedIn("operator@example.com").Post(fmt.Sprintf("/resellers/%d/edit", r.ID), url.Values{
		"name": {r.Name}, "credential_profile": {to}, "seen_name": {r.Name}, "seen_profile": {r.CredentialProfile},
	})
	if page.Location != "/resellers" {
		s.T.Fatalf("%d\n%s", page.Status, page.Text())
	}
	r.CredentialProfile = to
	s.sellers[profile] = r
}

var keyOf = map[string]string{
	"default": sandbox.DemoAccessKeyID, "east": sandbox.EastAccessKeyID, "north": sandbox.NorthAccessKeyID,
}

// TestEveryCallGoesWithItsResellersKey: counting, buying, renewing, upgrading and
// refunding. The provider's own books say who signed.
func TestEveryCallGoesWithItsResellersKey(t *testing.T) {
	s := newShop(t)
	for profile, key := range keyOf {
		before := s.Sandbox.Signed()
		instance := ""
		for _, kind := range models.Kinds() {
			o := s.Settle(s.place(profile, kind, instance))
			if o.Status != models.Completed || o.CredentialProfile != profile {
				t.Fatalf("%s: the %s is %s (%s) with %q\n%s", profile, kind, o.Status, o.Reason, o.CredentialProfile, s.Log)
			}
			instance = o.InstanceID
		}
		after := s.Sandbox.Signed()
		for other, now := range after {
			if other != key && !maps.Equal(now, before[other]) {
				t.Errorf("calls for %s were signed with %s: %v, before %v", profile, other, now, before[other])
			}
		}
		if got := after[key]; got["GetInstanceCount"] == 0 || got["CreateInstance"] != 1 || got["RenewInstance"] != 1 || got["UpgradeInstance"] != 1 || got["RefundInstance"] != 1 {
			t.Errorf("%s signed %v", key, got)
		}
		for _, e := range s.Sandbox.Ledger() {
			if e.OwnerID == s.accounts[profile].OwnerID && e.AccessKeyID != key {
				t.Errorf("%s of %s in the ledger is with %s", e.Action, profile, e.AccessKeyID)
			}
		}
	}
	for _, secret := range []string{sandbox.EastAccessKeySecret, sandbox.NorthAccessKeySecret, sandbox.EastAccessKeyID, sandbox.NorthAccessKeyID} {
		if strings.Contains(s.Log.String(), secret) {
			t.Errorf("the log shows %s", secret)
		}
	}
	if !strings.Contains(s.Log.String(), `"profile":"north"`) {
		t.Error("the log does not say which profile a call went with")
	}
}

// TestAnOrderIsNeverSentWithAnotherKey: it was sent, nobody knows what came of it,
// and its reseller gets another profile. What is sent again is signed as before, so
// that the provider knows its token; only the next order goes with the new key.
func TestAnOrderIsNeverSentWithAnotherKey(t *testing.T) {
	s := newShop(t)
	err := s.Sandbox.AddFault(sandbox.Rule{Action: sandbox.ActionCreateInstance, Fault: sandbox.FaultDropAfter, Times: 1})
	if err != nil {
		t.Fatal(err)
	}
	number := s.place("east", models.Buy, "")
	s.Worker.RunOnce(t.Context())
	s.edit("east", "north")
	says(t, s.SignedIn("operator@example.com").Get("/resellers"), "1 order with an earlier profile")
	o := s.Settle(number)
	signed := s.Sandbox.Signed()
	if o.Status != models.Completed || o.CredentialProfile != "east" || signed[keyOf["east"]]["CreateInstance"] != 2 || signed[keyOf["north"]]["CreateInstance"] != 0 {
		t.Fatalf("%s with %q; signed %v", o.Status, o.CredentialProfile, signed)
	}
	if ledger := s.Sandbox.Ledger(); len(ledger) != 1 {
		t.Errorf("charged %d times", len(ledger))
	}
	renewed := s.Settle(s.place("east", models.Renew, ""))
	if signed := s.Sandbox.Signed(); renewed.CredentialProfile != "north" || signed[keyOf["north"]]["RenewInstance"] != 1 {
		t.Errorf("the next order went with %q: %v", renewed.CredentialProfile, signed)
	}
}

// TestAProfileThatIsGoneFromTheFile: an order that was never sent waits, says so,
// and is closed without a charge; one that may have been sent goes to review. No
// other key steps in. Put back in time, both go on.
func TestAProfileThatIsGoneFromTheFile(t *testing.T) {
	t.Run("never sent", func(t *testing.T) {
		s := newShop(t)
		number := s.place("north", models.Buy, "")
		back := s.keys.take("north")
		s.Worker.RunOnce(t.Context())
		says(t, s.people["north"].Get("/orders/"+number), "could not be sent", "We will try again")
		says(t, s.SignedIn("support@example.com").Get("/orders/"+number), `no credentials under the profile &#34;north&#34;`)
		operator := s.SignedIn("operator@example.com")
		says(t, operator.Get("/resellers"), "No key found")
		says(t, operator.Get(fmt.Sprintf("/resellers/%d/edit", s.sellers["north"].ID)), "This machine finds no key for the profile “north”")
		if signed := s.Sandbox.Signed(); len(signed[keyOf["default"]]) > 0 || signed[keyOf["north"]]["CreateInstance"] > 0 {
			t.Fatalf("another key stepped in: %v", signed)
		}
		back()
		if o := s.Settle(number); o.Status != models.Completed {
			t.Fatalf("put back, it is %s", o.Status)
		}
		s.keys.take("north")
		s.Pass(time.Minute) // the count that it was placed with is no answer any more
		if page := s.people["north"].Get(fmt.Sprintf("/accounts/%d/quote?kind=renew", s.accounts["north"].ID)); page.Status != http.StatusServiceUnavailable && page.Status != http.StatusBadGateway {
			t.Errorf("a quote without a key: %d\n%s", page.Status, page.Text())
		}
	})
	t.Run("for too long", func(t *testing.T) {
		s := newShop(t)
		number := s.place("north", models.Buy, "")
		s.keys.take("north")
		o := s.Settle(number)
		if o.Status != models.Rejected || o.Reason != models.ReasonTooLong || len(s.Sandbox.Ledger()) > 0 {
			t.Fatalf("%s (%s), %v", o.Status, o.Reason, s.Sandbox.Ledger())
		}
	})
	t.Run("after it may have been sent", func(t *testing.T) {
		s := newShop(t)
		if err := s.Sandbox.AddFault(sandbox.Rule{Action: sandbox.ActionCreateInstance, Fault: sandbox.FaultDropAfter, Times: 1}); err != nil {
			t.Fatal(err)
		}
		number := s.place("north", models.Buy, "")
		s.Worker.RunOnce(t.Context())
		back := s.keys.take("north")
		s.Pass(time.Minute)
		s.Worker.RunOnce(t.Context())
		o, err := s.Store.Order(t.Context(), s.Viewer("operator@example.com"), number)
		if err != nil || o.Status != models.Unknown {
			t.Fatalf("%s: %v", o.Status, err)
		}
		back()
		if o := s.Settle(number); o.Status != models.Completed || len(s.Sandbox.Ledger()) != 1 {
			t.Fatalf("put back, it is %s (%s)", o.Status, o.Reason)
		}
	})
}

// TestAnOperatorLooksAfterResellers: adds and edits them, loses nothing typed, and
// never gets a key back that was typed for a name.
func TestAnOperatorLooksAfterResellers(t *testing.T) {
	s := newShop(t)
	b := s.SignedIn("operator@example.com")
	says(t, b.Get("/accounts"), "Resellers")
	says(t, b.Get("/resellers"), "East Cloud", "North Cloud", "north")
	const secret = "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0"
	edit := fmt.Sprintf("/resellers/%d/edit", s.sellers["north"].ID)
	for name, tc := range map[string]struct {
		path, name, profile, says string
		status                    int
	}{
		"no name":             {"/resellers/new", " ", "", "Enter a name", 422},
		"a taken name":        {"/resellers/new", "North Cloud", "x", "There is already a reseller with this name", 422},
		"another's name":      {edit, "East Cloud", "north", "There is already a reseller with this name", 422},
		"no profile's name":   {"/resellers/new", "West Cloud", "[west]", "A profile’s name has", 422},
		"a key":               {"/resellers/new", "West Cloud", "LTAI5tExampleExampleExample", "looks like an access key", 422},
		"the secret of a key": {edit, "North Cloud", secret, "looks like an access key", 422},
	} {
		page := b.Post(tc.path, url.Values{"name": {tc.name}, "credential_profile": {tc.profile}, "seen_name": {"North Cloud"}, "seen_profile": {"north"}})
		if page.Status != tc.status {
			t.Errorf("%s: %d", name, page.Status)
		}
		says(t, page, tc.says)
		if strings.Contains(page.Body, secret) || strings.Contains(page.Body, "LTAI5t") {
			t.Errorf("%s: the key is on the page", name)
		}
		if tc.profile == "[west]" && !strings.Contains(page.Body, `value="[west]"`) {
			t.Error("what was typed is lost")
		}
	}
	if strings.Contains(s.Log.String(), secret) {
		t.Error("the secret is in the log")
	}
	if page := b.Post("/resellers/new", url.Values{"name": {"西部云"}, "credential_profile": {" west "}}); page.Location != "/resellers" {
		t.Fatalf("%d\n%s", page.Status, page.Text())
	}
	says(t, b.Get("/resellers"), "西部云", "west", "No key found")
	// Another operator was quicker.
	s.edit("north", "east")
	page := b.Post(edit, url.Values{"name": {"Northwind"}, "credential_profile": {"north"}, "seen_name": {"North Cloud"}, "seen_profile": {"north"}})
	if page.Status != http.StatusConflict || !strings.Contains(page.Body, `value="Northwind"`) {
		t.Fatalf("%d\n%s", page.Status, page.Text())
	}
	says(t, page, "it is now “North Cloud” with the credential profile “east”", "Credential profile from “north” to “east”", "operator@example.com")
	for _, email := range []string{"east@reseller.example", "east@customer.example"} {
		if page := s.SignedIn(email).Get("/resellers"); page.Status != http.StatusNotFound {
			t.Errorf("%s: %d", email, page.Status)
		}
	}
}

// TestPagesBearTheSellersName: a reseller's people read its name at the top, in the
// title, at the bottom and on the receipt; a direct customer and staff the portal's.
func TestPagesBearTheSellersName(t *testing.T) {
	s := newShop(t)
	if err := s.Store.EditReseller(t.Context(), models.By{Viewer: s.Viewer("operator@example.com")}, s.sellers["north"].ID,
		models.ResellerFacts{Name: "North Cloud", CredentialProfile: "north"}, "<i>北方云</i> & Söhne", "north"); err != nil {
		t.Fatal(err)
	}
	const escaped = "&lt;i&gt;北方云&lt;/i&gt; &amp; Söhne"
	sold, direct := s.place("north", models.Buy, ""), s.place("default", models.Buy, "")
	admin := s.SignedIn("north@reseller.example")
	for name, page := range map[string]portaltest.Page{
		"a customer's": s.people["north"].Get("/orders"), "an admin's": admin.Get("/accounts"), "an error's": s.people["north"].Get("/nowhere"),
	} {
		top := escaped + " · Cloud Security"
		if name == "an admin's" { // whose header has a box to search with, too
			top = escaped
		}
		for _, want := range []string{escaped + " · Cloud Security</title>", ">" + top + "</span>", "Sold by " + escaped + "."} {
			if !strings.Contains(page.Body, want) {
				t.Errorf("%s page lacks %s\n%s", name, want, page.Body)
			}
		}
		if strings.Contains(page.Body, "<i>北") || strings.Contains(page.Body, "Cloud Security Portal") {
			t.Errorf("%s page shows what it should not", name)
		}
	}
	receipt := func(b *portaltest.Browser, number string) string {
		_, rest, _ := strings.Cut(b.Get("/orders/"+number).Body, `aria-labelledby="receipt"`)
		rest, _, _ = strings.Cut(rest, "</section>")
		return rest
	}
	for _, b := range []*portaltest.Browser{s.people["north"], admin, s.SignedIn("support@example.com")} {
		if r := receipt(b, sold); !strings.Contains(r, "Sold by</dt>") || !strings.Contains(r, escaped) {
			t.Errorf("the receipt does not say who sold it\n%s", r)
		}
	}
	for name, page := range map[string]portaltest.Page{
		"a direct customer's": s.people["default"].Get("/orders/" + direct), "an operator's": s.SignedIn("operator@example.com").Get("/orders"),
		"nobody's": s.Browser().Get("/sign-in"),
	} {
		if strings.Contains(page.Body, "Sold by") || !strings.Contains(page.Body, "Cloud Security Portal</title>") {
			t.Errorf("%s page bears a reseller's name", name)
		}
	}
	if page := s.SignedIn("support@example.com").Get("/orders/" + sold); !strings.Contains(page.Body, "Credential profile") {
		t.Error("staff don't read which profile the order goes with")
	}
	if strings.Contains(s.people["north"].Get("/orders/"+sold).Body, "Credential profile") {
		t.Error("a customer reads which profile the order goes with")
	}
}

// TestAnOrderThatWaitsForApprovalKeepsItsKey: for as long as nobody decides.
func TestAnOrderThatWaitsForApprovalKeepsItsKey(t *testing.T) {
	s := newShop(t)
	admin := s.SignedIn("east@reseller.example")
	account := fmt.Sprintf("/accounts/%d", s.accounts["east"].ID)
	if page := admin.Post(account+"/limits", url.Values{"monthly_limit": {""}, "approval_above": {"0"}}); page.Location != account {
		t.Fatalf("%d\n%s", page.Status, page.Text())
	}
	number := s.place("east", models.Buy, "")
	s.edit("east", "north")
	before := s.Sandbox.Signed()
	if page := admin.Post("/orders/"+number+"/approve", nil); page.Location != "/orders/"+number {
		t.Fatalf("%d\n%s", page.Status, page.Text())
	}
	o := s.Settle(number)
	after := s.Sandbox.Signed()
	if o.Status != models.Completed || o.CredentialProfile != "east" || after[keyOf["east"]]["CreateInstance"] != 1 || !maps.Equal(after[keyOf["north"]], before[keyOf["north"]]) {
		t.Errorf("%s with %q; signed %v, then %v", o.Status, o.CredentialProfile, before, after)
	}
}
