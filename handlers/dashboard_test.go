package handlers_test

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"portal/models"
	"portal/portaltest"
)

// TestTheOverviewLeadsToWhatItCounts, and is where an admin begins; customers
// have none.
func TestTheOverviewLeadsToWhatItCounts(t *testing.T) {
	p, admin := overseen(t)
	if page := admin.Get("/"); page.Location != "/dashboard" {
		t.Errorf("an admin begins at %s", page.Location)
	}
	page := admin.Get("/dashboard")
	says(t, page, "End within 30 days 0", "Outgrown coverage 1", "Need attention 0", "Spent this month CN¥15,300.00", "2 accounts")
	if !strings.Contains(page.Body, `href="/accounts?state=outgrown"`) {
		t.Error("what has outgrown leads nowhere")
	}
	begin := p.Now().In(models.Beijing)
	log := "/orders?from=" + begin.Format("2006-01") + "-01&to=" + begin.AddDate(0, 1, -begin.Day()).Format(time.DateOnly)
	if !strings.Contains(page.Body, strings.ReplaceAll(log, "&", "&amp;")) {
		t.Errorf("this month does not lead to %s\n%s", log, page.Body)
	}
	says(t, admin.Get(log), "CN¥15,300.00")
	if page := p.SignedIn("lin@example.com").Get("/dashboard"); page.Status != http.StatusNotFound {
		t.Errorf("a customer has an overview: %d", page.Status)
	}
	says(t, p.SignedIn("operator@example.com").Get("/dashboard"), "3 accounts", "CN¥15,300.00")
}

// TestTheOverviewsSumsAreTheLogs: the table's figures are what the log's export
// says was charged less what was paid back.
func TestTheOverviewsSumsAreTheLogs(t *testing.T) {
	p := portaltest.New(t)
	b := p.SignedIn("lin@example.com")
	b.Carry(models.Buy)
	b.Wait(40 * 24 * time.Hour)
	b.Carry(models.Upgrade)
	b.Carry(models.Refund)
	b.Wait(40 * 24 * time.Hour)
	b.Carry(models.Buy)
	staff := p.SignedIn("operator@example.com")
	rows := readCSV(t, staff.Get("/orders.csv"))
	var want models.Fen
	for _, heading := range []string{"Charged", "Refund,"} {
		column := slices.IndexFunc(rows[0], func(name string) bool { return strings.Contains(strings.ToLower(name), strings.ToLower(heading)) })
		if column < 0 {
			t.Fatalf("no column %s in %v", heading, rows[0])
		}
		for _, row := range rows[1:] {
			if row[column] == "" {
				continue
			}
			yuan, err := strconv.ParseFloat(row[column], 64)
			if err != nil {
				t.Fatal(err)
			}
			if fen := models.Fen(yuan*100 + 0.5); heading == "Charged" {
				want += fen
			} else {
				want -= fen
			}
		}
	}
	begins, end := models.LastMonths(p.Now(), 12)
	months, err := p.Store.Spend(t.Context(), p.Viewer("operator@example.com"), begins, end)
	if err != nil {
		t.Fatal(err)
	}
	var got models.Fen
	filled := 0
	for _, m := range months {
		got += m.Total()
		if m.Total() != 0 {
			filled++
		}
	}
	if got != want || want == 0 || filled != 3 {
		t.Errorf("%d fen in %d months, the log has %d", got, filled, want)
	}
	page := staff.Get("/dashboard")
	for _, m := range months {
		if m.Total() < 0 && !strings.Contains(page.Body, "chart__bar--below") {
			t.Error("a month in which more was paid back is drawn as any other")
		}
	}
}
