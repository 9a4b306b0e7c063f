package fulfil_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"portal/models"
	"portal/portaltest"
	"portal/provider/sandbox"
	"portal/store"
)

// drilled is one account of the drill with the order that it is about.
type drilled struct {
	p       *portaltest.Portal
	b       *portaltest.Browser
	account models.Account
	kind    models.Kind
	how     string
	order   string // its number
}

func (d *drilled) path() string { return "/accounts/" + strconv.FormatInt(d.account.ID, 10) }

func (d *drilled) holding() store.Holding {
	d.p.T.Helper()
	held, err := d.p.Store.Holdings(d.p.T.Context(), d.account.ID)
	if err != nil {
		d.p.T.Fatal(err)
	}
	return held[d.account.ID]
}

// quote and place are what the customer does; they run beside the test, too.
func (d *drilled) quote(kind models.Kind) (string, error) {
	page, err := d.b.Try(http.MethodPost, d.path()+"/quote?kind="+string(kind), portaltest.Answers(kind))
	if err == nil && !strings.HasPrefix(page.Location, "/quotes/") {
		err = fmt.Errorf("quoting a %s: %d %s %s", kind, page.Status, page.Location, page.Text())
	}
	return page.Location, err
}

func (d *drilled) place(quote string) (string, error) {
	form := url.Values{}
	if held, err := d.p.Store.Holdings(context.Background(), d.account.ID); err != nil {
		return "", err
	} else if s := held[d.account.ID].Subscription; s != nil {
		form.Set("instance_id", s.InstanceID)
	}
	page, err := d.b.Try(http.MethodPost, quote+"/order", form)
	number, ok := strings.CutPrefix(page.Location, "/orders/")
	if err == nil && !ok {
		err = fmt.Errorf("placing: %d %s %s", page.Status, page.Location, page.Text())
	}
	return number, err
}

func (d *drilled) orders(kind models.Kind) {
	d.p.T.Helper()
	quote, err := d.quote(kind)
	if err == nil {
		d.order, err = d.place(quote)
	}
	if err != nil {
		d.p.T.Fatalf("%s, %s: %v", d.kind, d.how, err)
	}
}

// lives goes through all four kinds over and over, until told to stop, and says
// of each order that it is done.
func (d *drilled) lives(stop <-chan struct{}, done chan<- struct{}) error {
	for n := 0; ; n++ {
		quote, err := d.quote(models.Kinds()[n%4])
		if err != nil {
			return err
		}
		number, err := d.place(quote)
		if err != nil {
			return err
		}
		for status := ""; status != string(models.Completed); {
			page, err := d.b.Try(http.MethodGet, "/orders/"+number, nil)
			if err != nil {
				return err
			}
			if status = page.OrderStatus(); status == string(models.Rejected) || status == string(models.NeedsReview) {
				return fmt.Errorf("order %s is %s", number, status)
			}
		}
		select {
		case <-stop:
			return nil
		case done <- struct{}{}:
		}
	}
}

// selling counts the calls that move money.
func selling(p *portaltest.Portal) map[string]int {
	counts := map[string]int{}
	for _, action := range actions {
		counts[action] = p.Sandbox.Requests()[action]
	}
	return counts
}

// moneyOf names the money that an order moves, moneyIn what an entry of the
// ledger has moved: a refund by what it released, everything else by its token.
func moneyOf(o models.Order) string {
	if o.Kind == models.Refund {
		return "refund of " + o.InstanceID
	}
	return "token " + o.ClientToken
}

func moneyIn(e sandbox.Entry) string {
	if e.Kind == sandbox.Refund {
		return "refund of " + e.InstanceID
	}
	return "token " + e.ClientToken
}

// moved is what the ledger has, and how often.
func moved(p *portaltest.Portal) map[string]int {
	all := map[string]int{}
	for _, e := range p.Sandbox.Ledger() {
		all[moneyIn(e)]++
	}
	return all
}

// instance is what the provider has for the account, nil for nothing.
func (d *drilled) instance() *sandbox.Instance {
	for _, in := range d.p.Sandbox.Instances() {
		if in.OwnerID == d.account.OwnerID && !in.Released() {
			return &in
		}
	}
	return nil
}

// differs says what the portal's record has otherwise than the provider, empty
// for nothing. Dates may be apart by what an attempt took.
func (d *drilled) differs() string {
	s, in := d.holding().Subscription, d.instance()
	if s == nil || in == nil {
		if (s == nil) != (in == nil) {
			return fmt.Sprintf("the record has %+v, the provider %+v", s, in)
		}
		return ""
	}
	code, machines := in.Covered(d.p.Now())
	if s.InstanceID != in.InstanceID || editions[code] != s.Edition || machines != s.InstanceCount || s.EndsAt.Sub(in.End()).Abs() > 2*time.Hour {
		return fmt.Sprintf("the record has %s, %s for %d until %s, the provider %+v", s.InstanceID, s.Edition, s.InstanceCount, s.EndsAt, in)
	}
	return ""
}

func (d *drilled) agrees() {
	d.p.T.Helper()
	if what := d.differs(); what != "" {
		d.p.T.Errorf("%s, %s: %s", d.kind, d.how, what)
	}
}

var editions = map[string]models.Edition{"level1": models.Pro, "level2": models.Enterprise}

// record makes the record what the provider has, as docs/backups.md says: a
// renewal is recorded as one; after an upgrade or anything else what was held is
// released and what there is adopted.
func (d *drilled) record(desk *portaltest.Browser) {
	d.p.T.Helper()
	s, in := d.holding().Subscription, d.instance()
	if d.differs() == "" {
		return
	}
	at := func(t time.Time) string { return t.In(models.Beijing).Format(time.DateTime) }
	enter := func(kind models.OutsideKind, form url.Values) {
		d.p.T.Helper()
		form.Set("kind", string(kind))
		form.Set("reason", "Bill of November")
		if page := desk.Post(d.path()+"/outside", form); page.Status != http.StatusSeeOther {
			d.p.T.Fatalf("%s, %s: recording what was %s: %d %s", d.kind, d.how, kind, page.Status, page.Text())
		}
	}
	seen := url.Values{"paid": {"1.00"}}
	if in != nil {
		code, machines := in.Covered(d.p.Now())
		seen.Set("instance_id", in.InstanceID)
		seen.Set("edition", string(editions[code]))
		seen.Set("machines", strconv.Itoa(machines))
		seen.Set("starts", at(in.Periods[0].Start))
		seen.Set("ends", at(in.End()))
	}
	if d.how == wasNotThere && d.kind == models.Renew {
		enter(models.Renewed, seen)
	} else {
		if s != nil {
			enter(models.Released, url.Values{"instance_id": {s.InstanceID}, "ends": {at(d.p.Now())}})
		}
		if in != nil {
			enter(models.Adopted, seen)
		}
	}
	d.agrees()
}
