package handlers_test

import (
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"portal/dbtest"
	"portal/models"
	"portal/portaltest"
	"portal/store"
)

// takeAway lets the database take no writes until the function that it gives is
// called: the file is moved, or the server set to read-only.
func takeAway(t *testing.T, p *portaltest.Portal) (kind models.FaultKind, giveBack func()) {
	t.Helper()
	if file, ok := store.File(p.DSN); ok {
		if err := os.Rename(file, file+".away"); err != nil {
			t.Fatal(err)
		}
		return models.FaultMoved, func() {
			if err := os.Rename(file+".away", file); err != nil {
				t.Fatal(err)
			}
		}
	}
	u, err := url.Parse(p.DSN)
	if err != nil {
		t.Fatal(err)
	}
	name := strings.Trim(u.Path, "/")
	set := func(sql string) {
		for _, sql := range []string{sql, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '` + name + `'`} {
			if _, err := dbtest.Server(t).Exec(sql); err != nil {
				t.Fatal(err)
			}
		}
	}
	set(`ALTER DATABASE ` + name + ` SET default_transaction_read_only = on`)
	return models.FaultReadOnly, func() { set(`ALTER DATABASE ` + name + ` RESET default_transaction_read_only`) }
}

// readyAgain asks until the portal says so: connections that were in use a moment
// ago are found dead one by one.
func readyAgain(t *testing.T, b *portaltest.Browser) {
	t.Helper()
	ready := b.Get("/readyz")
	for range 20 {
		if ready.Status != http.StatusOK {
			ready = b.Get("/readyz")
		}
	}
	if ready.Body != "ok\n" {
		t.Errorf("readyz: %d %s", ready.Status, ready.Body)
	}
}

// TestAFormThatCannotBeKept: its page says that nothing was saved and keeps what
// was typed, in both languages, before and after the portal has noticed. Sent
// again when the database is back, it does what it should have done.
func TestAFormThatCannotBeKept(t *testing.T) {
	notSaved := map[string]string{"en": "This was not saved", "zh-CN": "未能保存"}
	nothing := map[string]string{"en": "Ordering and changes are not possible", "zh-CN": "暂时无法下单或修改"}
	for language := range notSaved {
		t.Run(language, func(t *testing.T) {
			p := portaltest.New(t)
			b, staff := p.SignedIn("lin@example.com"), p.SignedIn("operator@example.com")
			b.Header.Set("Accept-Language", language)
			staff.Header.Set("Accept-Language", language)
			quote := b.Quote("pro", "month-1")
			kind, giveBack := takeAway(t, p)

			form := url.Values{"edition": {"enterprise"}, "term": {"month-3"}, "auto_renew": {"on"}, "auto_renew_months": {"\"><b>"}}
			page := b.Post(p.QuotePath(), url.Values{"edition": {"enterprise"}, "term": {"month-3"}})
			if page.Status != http.StatusServiceUnavailable {
				t.Fatalf("not noticed yet: %d %s", page.Status, page.Location)
			}
			says(t, page, notSaved[language])
			select {
			case <-p.Store.Failed():
			default:
				t.Error("nobody is told that it is time for a probe")
			}
			if fault := p.Store.Probe(t.Context()); fault == nil || fault.Kind != kind {
				t.Fatalf("%+v", fault)
			}

			asked := p.Sandbox.Requests()["GetInstanceCount"]
			page = b.Post(p.QuotePath(), form)
			if page.Status != http.StatusServiceUnavailable || strings.Contains(page.Body, `"><b>`) {
				t.Fatalf("noticed: %d\n%s", page.Status, page.Body)
			}
			says(t, page, notSaved[language], nothing[language])
			for _, kept := range []string{
				`action="` + p.QuotePath() + `"`, `name="term" value="month-3"`, `name="auto_renew_months" value="&#34;&gt;&lt;b&gt;"`, `href="` + p.AccountPath() + `/quote"`,
			} {
				if !strings.Contains(page.Body, kept) {
					t.Errorf("the page lacks %s\n%s", kept, page.Body)
				}
			}
			if again := b.Post(quote+"/order", url.Values{"undecided": {"yes"}}); !strings.Contains(again.Body, `name="undecided" value="yes"`) || strings.Contains(again.Body, notSaved[language]) {
				t.Errorf("what was uncertain is called certain when it is sent again\n%s", again.Body)
			}
			page = b.Post("//evil.example/x", url.Values{"password": {"secret"}})
			if page.Status != http.StatusServiceUnavailable || strings.Contains(page.Body, "secret") || strings.Contains(page.Body, "evil.example") {
				t.Errorf("a path that is nothing of ours: %d\n%s", page.Status, page.Body)
			}
			for _, path := range []string{quote + "/order", "/orders/P20261123-7K3M9QXR/cancel", "/accounts/1/outside", "/sign-out"} {
				if page := b.Post(path, url.Values{}); page.Status != http.StatusServiceUnavailable {
					t.Errorf("%s: %d", path, page.Status)
				}
			}
			if now := p.Sandbox.Requests()["GetInstanceCount"]; now != asked {
				t.Errorf("the provider was asked %d times", now-asked)
			}
			for _, path := range []string{quote, "/orders", p.AccountPath()} {
				says(t, b.Get(path), nothing[language])
			}
			says(t, staff.Get("/orders"), map[models.FaultKind]map[string]string{
				models.FaultMoved:    {"en": "moved or deleted", "zh-CN": "被移动或删除"},
				models.FaultReadOnly: {"en": "read-only", "zh-CN": "只读"},
			}[kind][language])
			if page := b.Get("/readyz"); page.Status != http.StatusOK || !strings.Contains(page.Body, "no orders") || !strings.Contains(page.Body, string(kind)) {
				t.Errorf("readyz: %d %s", page.Status, page.Body)
			}
			if page := b.Get("/healthz"); page.Status != http.StatusOK {
				t.Errorf("healthz: %d", page.Status)
			}

			giveBack()
			if fault := p.Store.Probe(t.Context()); fault != nil {
				t.Fatal(fault.Err)
			}
			readyAgain(t, b)
			if page := b.Post(p.QuotePath(), url.Values{"edition": {"enterprise"}, "term": {"month-3"}}); !strings.HasPrefix(page.Location, "/quotes/") {
				t.Errorf("sent again: %d %s", page.Status, page.Location)
			}
			if strings.Contains(b.Get("/orders").Body, nothing[language]) {
				t.Error("it still says that nothing can be ordered")
			}
		})
	}
}

// TestAPasswordIsNeverSentBack on the page of a sign-in that could not be kept.
func TestAPasswordIsNeverSentBack(t *testing.T) {
	p := portaltest.New(t)
	_, giveBack := takeAway(t, p)
	defer giveBack()
	b := p.Browser()
	for _, noticed := range []bool{false, true} {
		if noticed {
			p.Store.Probe(t.Context())
		}
		page := b.Post("/sign-in", url.Values{"email": {"lin@example.com"}, "password": {portaltest.Password}})
		if page.Status != http.StatusServiceUnavailable || strings.Contains(page.Body, portaltest.Password) || !strings.Contains(page.Body, `href="/sign-in"`) {
			t.Errorf("%d\n%s", page.Status, page.Body)
		}
	}
}

// TestSinceWhenThereIsAFault: however often it is looked for, and whatever it
// turns into.
func TestSinceWhenThereIsAFault(t *testing.T) {
	p := portaltest.New(t)
	_, giveBack := takeAway(t, p)
	first := p.Store.Probe(t.Context())
	p.Pass(time.Hour)
	second := p.Store.Probe(t.Context())
	if first == nil || second == nil || !second.Since.Equal(first.Since) || second.Since.IsZero() {
		t.Errorf("%+v, then %+v", first, second)
	}
	giveBack()
	if p.Store.Probe(t.Context()) != nil || p.Store.Fault() != nil {
		t.Error("it is not over")
	}
}
