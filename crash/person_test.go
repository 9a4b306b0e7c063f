package crash

import (
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"portal/models"
)

// person sits before a browser without script, and does what people do when a
// page does not come: press again, reload, go back.
type person struct {
	t      testing.TB
	s      *site
	url    func() string // of the portal
	client *http.Client
}

func newPerson(t testing.TB, s *site) *person {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &person{t: t, s: s, url: s.where, client: &http.Client{
		Jar: jar, Timeout: 30 * time.Second, Transport: &http.Transport{},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// person is somebody who signed in when the site's seed was made: a session
// outlives every crash.
func (s *site) person(from *seedling, email string) *person {
	s.t.Helper()
	p := newPerson(s.t, s)
	at, err := url.Parse("http://127.0.0.1") // cookies don't know ports, which change with each start
	if err != nil {
		s.t.Fatal(err)
	}
	p.client.Jar.SetCookies(at, from.cookies[email])
	return p
}

// at is the same person at another portal.
func (p *person) at(s *site) *person { return &person{p.t, s, s.where, p.client} }

// answer is what came back. Without any, status is 0.
type answer struct {
	status int
	to     string // where a redirect leads
	body   string
}

// ask sends a request, a form when there is one.
func (p *person) ask(path string, form url.Values) (answer, error) {
	method, body := http.MethodGet, io.Reader(nil)
	if form != nil {
		method, body = http.MethodPost, strings.NewReader(form.Encode())
	}
	r, err := http.NewRequest(method, p.url()+path, body)
	if err != nil {
		return answer{}, err
	}
	r.Header.Set("Accept-Language", "en")
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	res, err := p.client.Do(r)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return answer{}, err
	}
	return answer{res.StatusCode, res.Header.Get("Location"), string(text)}, nil
}

func (p *person) signIn(email string) {
	p.t.Helper()
	a, err := p.ask("/sign-in", url.Values{"email": {email}, "password": {password}})
	if err != nil || a.status != http.StatusSeeOther {
		p.t.Fatalf("signing in: %d %v\n%s", a.status, err, a.body)
	}
}

// answers are what the form of each kind is filled in with.
func answers(kind models.Kind) url.Values {
	switch kind {
	case models.Buy:
		return url.Values{"edition": {"pro"}, "term": {"year-1"}}
	case models.Renew:
		return url.Values{"term": {"month-6"}}
	case models.Upgrade:
		return url.Values{"edition": {"enterprise"}}
	case models.Refund:
	}
	return url.Values{}
}

// quote presses "check" until that leads to a quote, and gives its path.
func (p *person) quote(kind models.Kind) string {
	p.t.Helper()
	return p.press("/accounts/1/quote?kind="+string(kind), answers(kind), "/quotes/")
}

// press posts a form until it leads where it should: a provider that is slow
// for a moment is a page that says so, and a button to press again.
func (p *person) press(path string, form url.Values, to string) string {
	p.t.Helper()
	var a answer
	var err error
	pressed := eventually(func() bool {
		a, err = p.ask(path, form)
		return err != nil || a.status < 500
	})
	if !pressed || err != nil || a.status != http.StatusSeeOther || !strings.HasPrefix(a.to, to) {
		p.t.Fatalf("%s: %d to %q, %v\n%s\n%s", path, a.status, a.to, err, a.body, p.s.portal.out)
	}
	return a.to
}

// confirmation is what the form that places a quote holds: a refund's names the
// instance, as the page beside it shows it.
func (p *person) confirmation(kind models.Kind, quote string) url.Values {
	p.t.Helper()
	if kind != models.Refund {
		return url.Values{}
	}
	a, err := p.ask(quote, nil)
	if err != nil || a.status != http.StatusOK {
		p.t.Fatalf("%s: %d %v", quote, a.status, err)
	}
	id := instance.FindString(a.body)
	if id == "" {
		p.t.Fatalf("the check page shows no instance\n%s", a.body)
	}
	return url.Values{"instance_id": {id}}
}

var (
	instance    = regexp.MustCompile(`sas-[0-9a-f]+`)
	orderStatus = regexp.MustCompile(`<main[^>]* data-order-status="([a-z_]*)"`)
)

// place presses "buy" until there is an order, and gives its page's path.
func (p *person) place(quote string, confirmed url.Values) string {
	p.t.Helper()
	return p.press(quote+"/order", confirmed, "/orders/")
}

// placeOrDie presses "buy" until there is an order or the portal is gone. What
// a redirect promised is given, else nothing.
func (p *person) placeOrDie(quote string, confirmed url.Values) string {
	p.t.Helper()
	var a answer
	until(p.t, "an answer or none", func() (done bool) {
		var err error
		a, err = p.ask(quote+"/order", confirmed)
		return err != nil || a.status < 500
	})
	return a.to
}

// status is what an order's page says of it.
func (p *person) status(order string) (models.Status, error) {
	a, err := p.ask(order, nil)
	if err != nil {
		return "", err
	}
	m := orderStatus.FindStringSubmatch(a.body)
	if m == nil {
		return "", fmt.Errorf("%s: %d, no order\n%s", order, a.status, a.body)
	}
	return models.Status(m[1]), nil
}

// settled waits until an order is settled or in review.
func (p *person) settled(order string) models.Status {
	p.t.Helper()
	var status models.Status
	until(p.t, order+" to be settled", func() bool {
		var err error
		if status, err = p.status(order); err != nil {
			p.t.Fatalf("%v\n%s", err, p.s.portal.out)
		}
		return !status.Open() || status == models.NeedsReview
	})
	return status
}

// carry walks from the form to an order that is completed.
func (p *person) carry(kind models.Kind) {
	p.t.Helper()
	quote := p.quote(kind)
	order := p.place(quote, p.confirmation(kind, quote))
	if status := p.settled(order); status != models.Completed {
		p.t.Fatalf("the %s is %s\n%s", kind, status, p.s.portal.out)
	}
}
