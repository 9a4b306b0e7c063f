package handlers_test

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"portal/portaltest"
)

var listed = regexp.MustCompile(`<th scope="row" class="table__head"><a class="id" href="/orders/([^"]*)"`)

// numbers are the orders on a page of the log, as they stand there.
func numbers(page portaltest.Page) []string {
	var out []string
	for _, m := range listed.FindAllStringSubmatch(page.Body, -1) {
		out = append(out, m[1])
	}
	return out
}

// link is where a link with these words leads, empty without one.
func link(page portaltest.Page, words string) string {
	m := regexp.MustCompile(`<a [^>]*href="([^"]*)"[^>]*>\s*` + regexp.QuoteMeta(words)).FindStringSubmatch(page.Body)
	if m == nil {
		return ""
	}
	return strings.ReplaceAll(m[1], "&amp;", "&")
}

// TestTheLogIsSortedEitherWay: every order stands on one page, oldest first as
// well as newest first; filters and files keep the order.
func TestTheLogIsSortedEitherWay(t *testing.T) {
	p := portaltest.New(t)
	b := p.SignedIn("lin@example.com")
	var placed []string
	for range 23 {
		number := b.Place(b.Quote("pro", "year-1"))
		b.Post("/orders/"+number+"/cancel", nil)
		placed = append(placed, number)
		p.Pass(time.Minute)
	}
	newest := slices.Clone(placed)
	slices.Reverse(newest)
	walk := func(path string) (all []string) {
		t.Helper()
		for path != "" {
			page := b.Get(path)
			all = append(all, numbers(page)...)
			if len(all) > len(placed) {
				t.Fatalf("more orders than there are: %q", all)
			}
			path = link(page, "Next page")
		}
		return all
	}
	if got := walk("/orders"); !slices.Equal(got, newest) {
		t.Errorf("newest first it is %q", got)
	}
	oldest := link(b.Get("/orders"), "Oldest first")
	if got := walk(oldest); oldest == "" || !slices.Equal(got, placed) {
		t.Errorf("oldest first (%s) it is %q", oldest, got)
	}
	page := b.Get(oldest + "&status=cancelled")
	if back := link(page, "Newest first"); !slices.Equal(walk(back), newest) || !strings.Contains(back, "status=cancelled") {
		t.Errorf("turned around again it leads to %s", back)
	}
	if !strings.Contains(page.Body, `<input type="hidden" name="sort" value="oldest">`) {
		t.Error("another search loses the order")
	}
	if got := first(readCSV(t, b.Get(link(page, "Download CSV")))); !slices.Equal(got[len(got)-len(placed):], placed) {
		t.Errorf("the file has %q", got)
	}
	if page := b.Get("/orders?sort=price"); page.Status != http.StatusUnprocessableEntity {
		t.Errorf("sorted by something else: %d", page.Status)
	}
}

// TestDaysTheWrongWayRoundAreAMistake: "no match" would look like an answer.
func TestDaysTheWrongWayRoundAreAMistake(t *testing.T) {
	p := portaltest.New(t)
	b := p.SignedIn("lin@example.com")
	b.Place(b.Quote("pro", "year-1"))
	page := b.Get("/orders?from=2026-11-24&to=2026-11-23")
	if page.Status != http.StatusUnprocessableEntity || !strings.Contains(page.Body, `href="#to"`) {
		t.Errorf("%d: %s", page.Status, page.Text())
	}
	says(t, page, "is before", "We did not search")
	if page := b.Get("/orders.csv?from=2026-11-24&to=2026-11-23"); page.Status != http.StatusUnprocessableEntity {
		t.Errorf("as a file: %d", page.Status)
	}
	if page := b.Get("/orders?from=2026-11-24&to=2026-11-24"); page.Status != http.StatusOK {
		t.Errorf("one day: %d", page.Status)
	}
}
