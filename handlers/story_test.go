package handlers_test

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"portal/models"
	"portal/portaltest"
	"portal/provider/sandbox"
)

var happening = regexp.MustCompile(`(?s)<p class="timeline__what">([^<]*)</p>.*?<p class="small">\s*<time datetime="([^"]*)"`)

// timeline is what the subscription's page tells, newest first: words and times.
func timeline(t *testing.T, page portaltest.Page) (words []string, times []time.Time) {
	t.Helper()
	story, _, _ := strings.Cut(page.Body, `id="administer"`) // what people changed is another list
	for _, m := range happening.FindAllStringSubmatch(story, -1) {
		at, err := time.Parse(time.RFC3339, m[2])
		if err != nil {
			t.Fatal(err)
		}
		words, times = append(words, m[1]), append(times, at)
	}
	if !slices.IsSortedFunc(times, func(a, b time.Time) int { return b.Compare(a) }) {
		t.Errorf("not newest first: %v", times)
	}
	return words, times
}

// TestTheStoryTellsOfEveryOutage: also of those that a renewal or a purchase has
// ended since.
func TestTheStoryTellsOfEveryOutage(t *testing.T) {
	p := portaltest.New(t, portaltest.SandboxConfig(func(c *sandbox.Config) { c.ReleaseAfter = 15 * day }))
	b := p.SignedIn("lin@example.com")
	p.Settle(b.PlaceKind(models.Buy, b.QuoteKind(models.Buy, answers("pro", "month-1"))))
	first := p.Held().EndsAt
	b.Wait(first.Sub(p.Now()) + 10*day)
	late := b.Carry(models.Renew)
	second := p.Held().EndsAt
	b.Wait(second.Sub(p.Now()) - day)
	intime := b.Carry(models.Renew)
	third := p.Held().EndsAt
	b.Wait(third.Sub(p.Now()) + 20*day)
	b.Carry(models.Buy)

	page := b.Get(p.AccountPath())
	words, times := timeline(t, page)
	const bought, renewed, ended = "Bought", "Renewed", "Ended; the service stopped"
	if want := []string{bought, ended, renewed, renewed, ended, bought}; !slices.Equal(words, want) {
		t.Fatalf("the story is %q, want %q", words, want)
	}
	if !toTheSecond(times[1], third) || !toTheSecond(times[4], first) {
		t.Errorf("the ends are told at %s and %s, want %s and %s", times[1], times[4], third, first)
	}
	says(t, page, "Service resumed on "+late.SettledAt.In(models.Beijing).Format("2 January 2006 at 15:04"))
	if n := len(regexp.MustCompile("Service resumed").FindAllString(page.Body, -1)); n != 1 {
		t.Errorf("service resumed %d times, also with the renewal in time (%s)", n, intime.Number)
	}
}

// TestAnEntryFromOutsideStandsWhereItHappened, and says when it was recorded.
func TestAnEntryFromOutsideStandsWhereItHappened(t *testing.T) {
	p := portaltest.New(t)
	op := p.SignedIn("operator@example.com")
	record := func(values url.Values) {
		t.Helper()
		if page := op.Post(p.AccountPath()+"/outside", values); page.Status != http.StatusSeeOther {
			t.Fatalf("%d %s", page.Status, page.Text())
		}
	}
	began := p.Now().Add(-50 * day).Truncate(time.Second)
	end := began.Add(30 * day)
	record(url.Values{
		"kind": {"adopted"}, "instance_id": {"sas-elsewhere"}, "edition": {"pro"}, "machines": {"25"},
		"starts": {beijing(began)}, "ends": {beijing(end)}, "paid": {"1500"}, "auto_renew": {"on"}, "auto_renew_months": {"1"}, "reason": {"bill"},
	})
	op.Wait(5 * day)
	adopted := p.Now()
	renewal := renewalForm(p, op)
	renewal.Del("auto_renew")
	record(renewal) // from end on, for a month
	op.Wait(40 * day)
	gone := models.AddMonths(end, 1).Add(3 * day)
	record(url.Values{"kind": {"released"}, "instance_id": {"sas-elsewhere"}, "ends": {beijing(gone)}, "reason": {"gone"}})

	page := op.Get(p.AccountPath())
	words, times := timeline(t, page)
	if want := []string{
		"The instance was released at Alibaba Cloud", "Ended; the service stopped", "Renewed at Alibaba Cloud", "An instance that was already there was adopted",
	}; !slices.Equal(words, want) {
		t.Fatalf("the story is %q, want %q", words, want)
	}
	for i, want := range []time.Time{gone, models.AddMonths(end, 1), end, began} {
		if !toTheSecond(times[i], want) {
			t.Errorf("%s: it stands at %s, want %s", words[i], times[i], want)
		}
	}
	says(t, page, "Recorded on "+adopted.In(models.Beijing).Format("2 January 2006 at 15:04"))
}
