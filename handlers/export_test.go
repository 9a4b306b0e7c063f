package handlers_test

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"
	"gorm.io/gorm"

	"portal/dbtest"
	"portal/models"
	"portal/portaltest"
)

// fill puts n orders of every kind and settled status into the log, spread over
// all accounts, a minute apart; so many can't be bought one by one.
func fill(t testing.TB, p *portaltest.Portal, n int) {
	t.Helper()
	at := `strftime('%Y-%m-%d %H:%M:%S+00:00', '2026-01-31 15:30:00', '+' || i || ' minutes')`
	number, request := `printf('%08d', i)`, `printf('%08X-0000-4000-8000-%012X', i, i)`
	if dbtest.Postgres() {
		at = `timestamptz '2026-01-31 15:30:00+00' + i * interval '1 minute'`
		number, request = `lpad(i::text, 8, '0')`, `lpad(upper(to_hex(i)), 8, '0') || '-0000-4000-8000-' || lpad(upper(to_hex(i)), 12, '0')`
	}
	err := dbtest.Raw(t, p.DSN).Transaction(func(tx *gorm.DB) error {
		series := `WITH RECURSIVE series (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM series WHERE i < @n),
			made AS (SELECT i, 'quote-' || i AS quote,
				accounts.id AS account, accounts.owner_id AS owner,
				(SELECT min(id) FROM users) AS person,
				CASE i % 4 WHEN 0 THEN 'buy' WHEN 1 THEN 'renew' WHEN 2 THEN 'upgrade' ELSE 'refund' END AS kind,
				CASE i % 4 WHEN 0 THEN 'Year' WHEN 1 THEN 'Month' ELSE '' END AS cycle,
				CASE i % 4 WHEN 0 THEN 1 WHEN 1 THEN 6 ELSE 0 END AS duration,
				CASE i % 5 WHEN 0 THEN 'rejected' WHEN 1 THEN 'cancelled' ELSE 'completed' END AS status,
				CASE i % 5 WHEN 0 THEN 'refused' WHEN 1 THEN 'cancelled' ELSE 'done' END AS reason,
				` + at + ` AS at
			FROM series JOIN (SELECT id, owner_id, row_number() OVER (ORDER BY id) - 1 AS place FROM accounts) AS accounts
				ON place = i % (SELECT count(*) FROM accounts) ORDER BY i) `
		args := map[string]any{"n": n}
		if err := tx.Exec(series+`INSERT INTO quotes (id, account_id, user_id, kind, edition, version_code, cycle, duration,
			auto_renew, auto_renew_months, instance_count, count_read_at, price_book_hash, example_prices, last_order_id,
			total_fen, lines, created_at, expires_at)
			SELECT quote, account, person, kind, 'pro', 'level1', cycle, duration, i % 2 = 1, 12 * (i % 2), 25, at, 'book', false, 0,
			1530007 + i, CASE WHEN duration > 0
				THEN '[{"kind":"edition","amount_fen":' || (1800007 + i) || '},{"kind":"discount","amount_fen":-270000}]'
				ELSE '[{"kind":"paid","amount_fen":' || (1530007 + i) || '}]' END, at, at FROM made`, args).Error; err != nil {
			return err
		}
		if err := tx.Exec(series+`INSERT INTO orders (number, quote_id, client_token, account_id, owner_id, user_id, kind, edition,
			version_code, cycle, duration, auto_renew, auto_renew_months, instance_count, total_fen, credential_profile, placed_at,
			status, reason, claim, attempts, code, message, instance_id, provider_order_id, request_id, starts_at, ends_at, settled_at, updated_at)
			SELECT 'P20260131-' || `+number+`, quote, 'TOKEN' || i, account, owner, person, kind, 'pro',
			'level1', cycle, duration, i % 2 = 1, 12 * (i % 2), 25, 1530007 + i, 'default', at,
			status, reason, 1, 1, CASE reason WHEN 'refused' THEN 'InsufficientBalance' ELSE '' END, '', 'sas-' || i, 'PO' || i,
			`+request+`,
			CASE status WHEN 'completed' THEN at END, CASE status WHEN 'completed' THEN at END, at, at FROM made ORDER BY i`, args).Error; err != nil {
			return err
		}
		// Some were asked for twice; the first answer's RequestId stands on the attempt only.
		return tx.Exec(`INSERT INTO attempts (order_id, number, claim, started_at, request, answered_at, outcome, http_status, code, message,
			request_id, response, late)
			SELECT id, 1, 1, placed_at, '', placed_at, 'unknown', 500, 'InternalError', '', 'FIRST-' || id, '', false
			FROM orders WHERE id % 7 < 3`).Error
	})
	if err != nil {
		t.Fatal(err)
	}
}

// crowd is a portal with three accounts, two of them a reseller's, and orders.
func crowd(t testing.TB, orders int) *portaltest.Portal {
	t.Helper()
	p := portaltest.New(t)
	reseller, err := p.Store.AddReseller(t.Context(), "North Cloud")
	if err != nil {
		t.Fatal(err)
	}
	p.AddAccount(1217259133477183, "=HYPERLINK(\"https://evil.example\",\"Pay\")", &reseller)
	p.AddAccount(1217259133477184, "杭州云栖电子商务有限公司", &reseller)
	p.AddUser("admin@example.com", models.ResellerAdmin, nil, &reseller)
	fill(t, p, orders)
	return p
}

// readCSV reads a file as a spreadsheet does.
func readCSV(t *testing.T, page portaltest.Page) [][]string {
	t.Helper()
	body, ok := strings.CutPrefix(page.Body, "\uFEFF")
	if page.Status != http.StatusOK || !ok {
		t.Fatalf("%d, or no byte order mark: %.200q", page.Status, page.Body)
	}
	rows, err := csv.NewReader(strings.NewReader(body)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// readXLSX opens a workbook; every row gets as many cells as the first.
func readXLSX(t *testing.T, page portaltest.Page) (*excelize.File, [][]string) {
	t.Helper()
	if page.Status != http.StatusOK {
		t.Fatalf("%d\n%s", page.Status, page.Text())
	}
	file, err := excelize.OpenReader(strings.NewReader(page.Body))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = file.Close() })
	rows, err := file.GetRows(file.GetSheetName(0))
	if err != nil {
		t.Fatal(err)
	}
	for i := range rows {
		for len(rows[i]) < len(rows[0]) {
			rows[i] = append(rows[i], "")
		}
	}
	return file, rows
}

var (
	orderLink = regexp.MustCompile(`href="/orders/(P[0-9A-Z-]+)"`)
	nextLink  = regexp.MustCompile(`href="(/orders\?[^"]*before=[^"]*)"[^>]*rel="next"|rel="next"[^>]*href="(/orders\?[^"]*)"`)
)

// walk reads the numbers off all pages of the log.
func walk(t *testing.T, b *portaltest.Browser, query string) []string {
	t.Helper()
	var numbers []string
	for path := "/orders?" + query; path != ""; {
		page := b.Get(path)
		if page.Status != http.StatusOK {
			t.Fatalf("%s: %d", path, page.Status)
		}
		for _, m := range orderLink.FindAllStringSubmatch(page.Body, -1) {
			numbers = append(numbers, m[1])
		}
		path = ""
		if m := nextLink.FindStringSubmatch(page.Body); m != nil {
			path = html.UnescapeString(m[1] + m[2])
		}
	}
	return numbers
}

// first is a file's first column without its heading.
func first(rows [][]string) []string {
	var out []string
	for _, row := range rows[1:] {
		out = append(out, row[0])
	}
	return out
}

// TestAnExportIsExactlyWhatTheLogShows compares both files with the pages, for
// everybody and each filter.
func TestAnExportIsExactlyWhatTheLogShows(t *testing.T) {
	p := crowd(t, 64)
	for _, email := range []string{"lin@example.com", "admin@example.com", "support@example.com"} {
		b := p.SignedIn(email)
		found := 0
		for _, query := range []string{
			"", "status=completed", "kind=refund", "status=rejected&kind=buy", "from=2026-02-01", "to=2026-01-31",
			"from=2026-01-31&to=2026-02-01", "q=P20260131-0000001", "q=p20260131-00000012", "q=PO3", "q=sas-4",
			"q=0000001", "q=linhai", "q=%E4%BA%91%E6%A0%96", "q=hyperlink", "q=%25", "q=nothing", "q=PO1&status=completed", "account=1", "account=2", "account=x",
			"account=3&kind=buy", "q=+PO2+", "q=FIRST-1", "q=FIRST&status=completed",
		} {
			want := walk(t, b, query)
			found += len(want)
			if got := first(readCSV(t, b.Get("/orders.csv?"+query))); !slices.Equal(got, want) {
				t.Errorf("%s, ?%s: the CSV has %d orders, the pages %d", email, query, len(got), len(want))
			}
			_, rows := readXLSX(t, b.Get("/orders.xlsx?"+query))
			if got := first(rows); !slices.Equal(got, want) {
				t.Errorf("%s, ?%s: the workbook has %d orders, the pages %d", email, query, len(got), len(want))
			}
		}
		if found < 100 {
			t.Errorf("%s: the filters found %d orders; that compares nothing", email, found)
		}
	}
}

// TestAnExportHasAllOrdersOnceAcrossItsParts has more orders than are read at a
// time; the cursor of a page changes nothing.
func TestAnExportHasAllOrdersOnceAcrossItsParts(t *testing.T) {
	if testing.Short() {
		t.Skip("makes 3,000 orders, one part after the other")
	}
	p := crowd(t, 3000)
	b := p.SignedIn("support@example.com")
	var want []string
	for i := 3000; i > 0; i-- {
		want = append(want, fmt.Sprintf("P20260131-%08d", i))
	}
	for _, query := range []string{"", "?before=17"} {
		if got := first(readCSV(t, b.Get("/orders.csv"+query))); !slices.Equal(got, want) {
			t.Errorf("the CSV has %d orders", len(got))
		}
	}
	if _, rows := readXLSX(t, b.Get("/orders.xlsx?before=17")); !slices.Equal(first(rows), want) {
		t.Errorf("the workbook has %d orders", len(rows)-1)
	}
}

func TestNobodyExportsForeignOrders(t *testing.T) {
	p := crowd(t, 60)
	for email, accounts := range map[string][]string{
		"lin@example.com":   {"1000000000000025"},
		"admin@example.com": {"1217259133477183", "1217259133477184"},
	} {
		b := p.SignedIn(email)
		for _, query := range []string{"", "account=1", "account=2", "q=PO", "q=sas-", "status=completed"} {
			rows := readCSV(t, b.Get("/orders.csv?"+query))
			owner := slices.Index(rows[0], "Alibaba Cloud account ID")
			for _, row := range rows[1:] {
				if !slices.Contains(accounts, row[owner]) {
					t.Fatalf("%s, ?%s: exports an order of %s", email, query, row[owner])
				}
			}
		}
	}
	t.Run("nobody who is not signed in exports anything", func(t *testing.T) {
		for _, path := range []string{"/orders.csv?status=completed", "/orders.xlsx?status=completed"} {
			page := p.Browser().Get(path)
			if page.Status != http.StatusSeeOther || !strings.HasPrefix(page.Location, "/sign-in?next=%2Forders.") {
				t.Errorf("%s: %d %s", path, page.Status, page.Location)
			}
		}
	})
}

// TestWhatAnExportSays reads every cell of four orders, one of each kind.
func TestWhatAnExportSays(t *testing.T) {
	p := crowd(t, 5)
	b := p.SignedIn("operator@example.com")
	page := b.Get("/orders.csv")
	rows := readCSV(t, page)

	for name, want := range map[string]string{
		"Content-Type":        "text/csv; charset=utf-8",
		"Content-Disposition": `attachment; filename="orders-` + p.Now().In(models.Beijing).Format("20060102") + `.csv"`,
		"Cache-Control":       "no-store",
	} {
		if got := page.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if n := strings.Count(page.Body, "\r\n"); n != 6 || strings.Count(page.Body, "\n") != n {
		t.Errorf("%d lines end in CRLF, want 6", n)
	}

	want := [][]string{
		{
			"Order number", "Type", "Status", "Reason", "Account", "Alibaba Cloud account ID", "Edition", "Term", "Machines",
			"Auto-renewal period (months)", "Order total (CNY)", "Before discount (CNY)", "Discount (CNY)", "Charged by the order (CNY)", "Refund, estimated (CNY)",
			"Placed (Beijing time)", "Settled (Beijing time)", "Service starts (Beijing time)", "Service ends (Beijing time)",
			"Alibaba Cloud order ID", "Instance ID", "Request ID", "Quote ID", "Alibaba Cloud error code", "Placed by", "ClientToken", "Account pays (CNY)", "Margin (CNY)",
		},
		{ // rejected: nothing was charged
			"P20260131-00000005", "Renewal", "Not completed", "", "杭州云栖电子商务有限公司", "1217259133477184", "Pro", "6 months", "25",
			"12", "15300.12", "18000.12", "2700.00", "", "",
			"2026-01-31 23:35:00", "2026-01-31 23:35:00", "", "",
			"PO5", "sas-5", "00000005-0000-4000-8000-000000000005", "quote-5", "InsufficientBalance", "lin@example.com", "TOKEN5", "", "",
		},
		{
			"P20260131-00000004", "Purchase", "Completed", "", `'=HYPERLINK("https://evil.example","Pay")`, "1217259133477183", "Pro", "1 year", "25",
			"", "15300.11", "18000.11", "2700.00", "15300.11", "",
			"2026-01-31 23:34:00", "2026-01-31 23:34:00", "2026-01-31 23:34:00", "2026-01-31 23:34:00",
			"PO4", "sas-4", "00000004-0000-4000-8000-000000000004", "quote-4", "", "lin@example.com", "TOKEN4", "", "",
		},
		{ // a refund has neither term nor list price
			"P20260131-00000003", "Refund", "Completed", "", "Linhai Trading", "1000000000000025", "Pro", "", "25",
			"12", "15300.10", "", "", "", "15300.10",
			"2026-01-31 23:33:00", "2026-01-31 23:33:00", "2026-01-31 23:33:00", "2026-01-31 23:33:00",
			"PO3", "sas-3", "00000003-0000-4000-8000-000000000003", "quote-3", "", "lin@example.com", "TOKEN3", "", "",
		},
		{
			"P20260131-00000002", "Upgrade", "Completed", "", "杭州云栖电子商务有限公司", "1217259133477184", "Pro", "", "25",
			"", "15300.09", "", "", "15300.09", "",
			"2026-01-31 23:32:00", "2026-01-31 23:32:00", "2026-01-31 23:32:00", "2026-01-31 23:32:00",
			"PO2", "sas-2", "00000002-0000-4000-8000-000000000002", "quote-2", "", "lin@example.com", "TOKEN2", "", "",
		},
	}
	const reason = 3
	for i := range want {
		if i > 0 {
			if rows[i][reason] == "" {
				t.Errorf("order %s has no reason", want[i][0])
			}
			want[i][reason] = rows[i][reason] // the words are the locales'
		}
		if !slices.Equal(rows[i], want[i]) {
			t.Errorf("line %d\ngot  %q\nwant %q", i+1, rows[i], want[i])
		}
	}

	t.Run("the workbook shows the same", func(t *testing.T) {
		page := b.Get("/orders.xlsx")
		if got := page.Header.Get("Content-Type"); got != "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" {
			t.Error(got)
		}
		if got := page.Header.Get("Content-Disposition"); !strings.HasSuffix(got, `.xlsx"`) {
			t.Error(got)
		}
		file, cells := readXLSX(t, page)
		for i := range rows {
			for j := range rows[i] {
				if want := strings.TrimPrefix(rows[i][j], "'"); cells[i][j] != want {
					t.Errorf("row %d, column %d: %q, want %q", i+1, j+1, cells[i][j], want)
				}
			}
		}
		sheet := file.GetSheetName(0)
		for cell, want := range map[string]excelize.CellType{
			"E3": excelize.CellTypeInlineString, // what looks like a formula
			"F3": excelize.CellTypeInlineString, // an OwnerID, with all of its digits
			"T3": excelize.CellTypeInlineString,
			"I3": excelize.CellTypeUnset, // which is a number
			"K3": excelize.CellTypeUnset,
			"P3": excelize.CellTypeUnset, // a date is one, too
		} {
			kind, err := file.GetCellType(sheet, cell)
			if err != nil || kind != want {
				t.Errorf("%s is of type %v, want %v (%v)", cell, kind, want, err)
			}
			if formula, err := file.GetCellFormula(sheet, cell); err != nil || formula != "" {
				t.Errorf("%s is the formula %q (%v)", cell, formula, err)
			}
		}
		raw, err := file.GetCellValue(sheet, "K3", excelize.Options{RawCellValue: true})
		if err != nil || raw != "15300.11" {
			t.Errorf("the sum is kept as %q (%v)", raw, err)
		}
	})

	t.Run("in Chinese", func(t *testing.T) {
		b.Header.Set("Accept-Language", "zh")
		rows := readCSV(t, b.Get("/orders.csv"))
		_, cells := readXLSX(t, b.Get("/orders.xlsx"))
		for _, row := range [][]string{rows[0], cells[0]} {
			if row[0] != "订单号" || !slices.Contains(row, "下单时间（北京时间）") || !slices.Contains(row, "订单金额（元）") {
				t.Errorf("%q", row)
			}
		}
		if rows[2][1] != "购买" && rows[2][1] != "新购" || rows[2][7] != "1 年" {
			t.Errorf("%q", rows[2])
		}
	})

	t.Run("the ClientToken is for staff", func(t *testing.T) {
		for email, staff := range map[string]bool{
			"lin@example.com": false, "admin@example.com": false, "support@example.com": true, "operator@example.com": true,
		} {
			b := p.SignedIn(email)
			_, cells := readXLSX(t, b.Get("/orders.xlsx"))
			for _, rows := range [][][]string{readCSV(t, b.Get("/orders.csv")), cells} {
				text := fmt.Sprint(rows)
				if strings.Contains(text, "ClientToken") != staff || strings.Contains(text, "TOKEN") != staff {
					t.Errorf("%s: %s", email, text)
				}
			}
		}
	})
}

func TestAFilterThatCantBeUnderstoodIsNotExported(t *testing.T) {
	p := crowd(t, 5)
	b := p.SignedIn("support@example.com")
	for _, path := range []string{"/orders.csv", "/orders.xlsx"} {
		for _, q := range []string{"status=x", "kind=x", "from=yesterday", "to=2026-02-30", "q=" + strings.Repeat("x", 300)} {
			page := b.Get(path + "?" + q)
			if page.Status != http.StatusUnprocessableEntity || !strings.Contains(page.Body, `role="alert"`) ||
				page.Header.Get("Content-Disposition") != "" || !strings.HasPrefix(page.Header.Get("Content-Type"), "text/html") {
				t.Errorf("%s?%s: %d %v", path, q, page.Status, page.Header)
			}
		}
	}
}

func TestTheLogOffersItsExport(t *testing.T) {
	p := crowd(t, 5)
	b := p.SignedIn("support@example.com")
	page := b.Get("/orders?status=completed&q=PO&before=5")
	for _, path := range []string{"/orders.csv", "/orders.xlsx"} {
		link := between(page.Body, `href="`, `"`, path)
		if link != path+"?q=PO&amp;status=completed" {
			t.Errorf("the link is %q", link)
		}
	}
	if page := b.Get("/orders?q=nothing"); strings.Contains(page.Body, "/orders.csv") {
		t.Error("nothing is offered as a file")
	}
}

// TestHeadExportsNothing: the answer says that there is a file, and no order is read.
func TestHeadExportsNothing(t *testing.T) {
	p := crowd(t, 5)
	b := p.SignedIn("support@example.com")
	for _, path := range []string{"/orders.csv", "/orders.xlsx"} {
		page := b.Do(http.MethodHead, path, nil)
		if page.Status != http.StatusOK || page.Body != "" || !strings.HasPrefix(page.Header.Get("Content-Disposition"), "attachment") {
			t.Errorf("%s: %d %v", path, page.Status, page.Header)
		}
		if page := b.Do(http.MethodHead, path+"?from=x", nil); page.Status != http.StatusUnprocessableEntity {
			t.Errorf("%s with a wrong filter: %d", path, page.Status)
		}
	}
	if n := strings.Count(p.Log.String(), `"bytes":0`); n < 2 {
		t.Errorf("a body was made for HEAD:\n%s", p.Log)
	}
}

// wire stands between the portal and the connection.
type wire struct {
	http.ResponseWriter
	write func(sent int) error // before each write; nil lets it pass
	flush func()
	sent  int
	until time.Time // the write deadline
}

func (w *wire) Write(b []byte) (int, error) {
	if w.write != nil {
		if err := w.write(w.sent); err != nil {
			return 0, err
		}
	}
	w.sent += len(b)
	return w.ResponseWriter.Write(b)
}

func (w *wire) FlushError() error {
	if w.flush != nil {
		w.flush()
	}
	return http.NewResponseController(w.ResponseWriter).Flush()
}

func (w *wire) SetWriteDeadline(at time.Time) error { w.until = at; return nil }

// tap puts a wire between the portal and each connection.
func tap(p *portaltest.Portal, make func(http.ResponseWriter) *wire) {
	portal := p.Handler
	p.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { portal.ServeHTTP(make(w), r) })
}

// TestHalfAFileNeverPassesForAWhole breaks the database when the first part of
// the CSV has been sent, and the connection in the middle of the workbook.
func TestHalfAFileNeverPassesForAWhole(t *testing.T) {
	t.Run("CSV", func(t *testing.T) {
		p := crowd(t, 3000)
		b := p.SignedIn("support@example.com")
		tap(p, func(w http.ResponseWriter) *wire {
			return &wire{ResponseWriter: w, flush: func() { _ = p.Store.Close() }}
		})
		page, err := b.Try(http.MethodGet, "/orders.csv", nil)
		if err == nil {
			t.Fatalf("the file ends as if it were whole after %d lines", strings.Count(page.Body, "\n"))
		}
		if !strings.Contains(p.Log.String(), "a response broke off") {
			t.Error("the log does not say so")
		}
		if !strings.Contains(p.Log.String(), `"path":"/orders.csv"`) {
			t.Error("the log lacks the request")
		}
	})
	t.Run("XLSX", func(t *testing.T) {
		temp := t.TempDir()
		t.Setenv("TMPDIR", temp)
		p := crowd(t, 20_000) // more than fits into memory
		b := p.SignedIn("support@example.com")
		size := int64(0)
		tap(p, func(w http.ResponseWriter) *wire {
			return &wire{ResponseWriter: w, write: func(sent int) error {
				if sent < 100_000 {
					return nil
				}
				size = onDisk(t, temp)
				return errors.New("gone")
			}}
		})
		if _, err := b.Try(http.MethodGet, "/orders.xlsx", nil); err == nil {
			t.Fatal("the file ends as if it were whole")
		}
		if size == 0 {
			t.Error("nothing was on disk while it was sent: this test proves nothing")
		}
		if left := onDisk(t, temp); left != 0 {
			t.Errorf("%d bytes stay on disk", left)
		}
	})
	t.Run("before the first byte it is an error page", func(t *testing.T) {
		p := crowd(t, 5)
		b := p.SignedIn("support@example.com")
		if err := p.Store.Close(); err != nil {
			t.Fatal(err)
		}
		for _, path := range []string{"/orders.csv", "/orders.xlsx"} {
			if page := b.Get(path); page.Status < 500 || !strings.HasPrefix(page.Header.Get("Content-Type"), "text/html") {
				t.Errorf("%s: %d", path, page.Status)
			}
		}
	})
	t.Run("without room on disk, too", func(t *testing.T) {
		p := crowd(t, 5)
		b := p.SignedIn("support@example.com")
		t.Setenv("TMPDIR", "/nowhere")
		if page := b.Get("/orders.xlsx"); page.Status != http.StatusInternalServerError || strings.Contains(page.Body, "nowhere") {
			t.Errorf("%d\n%s", page.Status, page.Text())
		}
	})
}

// TestSomebodyWhoGoesAwayIsNoFailure: nothing of ours went wrong, so no alert may
// sound.
func TestSomebodyWhoGoesAwayIsNoFailure(t *testing.T) {
	p := crowd(t, 5)
	b := p.SignedIn("support@example.com")
	portal := p.Handler
	status := 0
	p.Handler = http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		gone, cancel := context.WithCancel(r.Context())
		cancel()
		answer := httptest.NewRecorder()
		portal.ServeHTTP(answer, r.WithContext(gone))
		status = answer.Code
	})
	for _, path := range []string{"/orders.csv", "/orders.xlsx"} {
		b.Get(path)
		if status != 499 {
			t.Errorf("%s: %d", path, status)
		}
	}
	if strings.Contains(p.Log.String(), `"level":"ERROR"`) {
		t.Errorf("the log calls it an error:\n%s", p.Log)
	}
}

func onDisk(t *testing.T, folder string) int64 {
	var sum int64
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Error(err)
	}
	for _, entry := range entries {
		if entry.IsDir() {
			sum += 1 + onDisk(t, folder+"/"+entry.Name())
			continue
		}
		info, err := entry.Info()
		if err != nil {
			t.Error(err)
			continue
		}
		sum += info.Size()
	}
	return sum
}

// TestADownloadMayTakeLongerThanAPage: the server's write deadline is for pages.
func TestADownloadMayTakeLongerThanAPage(t *testing.T) {
	p := crowd(t, 5)
	b := p.SignedIn("support@example.com")
	for _, path := range []string{"/orders.csv", "/orders.xlsx"} {
		var seen *wire
		portal := p.Handler
		tap(p, func(w http.ResponseWriter) *wire { seen = &wire{ResponseWriter: w}; return seen })
		before := time.Now()
		if page := b.Get(path); page.Status != http.StatusOK {
			t.Fatal(page.Status)
		}
		p.Handler = portal
		if seen.until.Before(before.Add(time.Minute)) {
			t.Errorf("%s: the write deadline is %v", path, seen.until)
		}
	}
}

// TestASlowReaderKeepsNobodyElseWaiting: a workbook that is ready takes no place
// among those being made.
func TestASlowReaderKeepsNobodyElseWaiting(t *testing.T) {
	p := crowd(t, 5)
	people := []*portaltest.Browser{p.SignedIn("lin@example.com"), p.SignedIn("support@example.com"), p.SignedIn("operator@example.com")}
	arrived, leave := make(chan bool), make(chan bool)
	portal := p.Handler
	tap(p, func(w http.ResponseWriter) *wire {
		var once sync.Once
		return &wire{ResponseWriter: w, write: func(int) error {
			once.Do(func() { arrived <- true; <-leave })
			return nil
		}}
	})
	var working sync.WaitGroup
	for _, b := range people[:2] {
		working.Go(func() {
			if page, err := b.Try(http.MethodGet, "/orders.xlsx", nil); err != nil || page.Status != http.StatusOK {
				t.Errorf("%d %v", page.Status, err)
			}
		})
		<-arrived
	}
	p.Handler = portal
	if page := people[2].Get("/orders.xlsx"); page.Status != http.StatusOK {
		t.Errorf("a third one: %d", page.Status)
	}
	if page := people[0].Get("/orders.csv"); page.Status != http.StatusOK {
		t.Errorf("CSV waits for nobody: %d", page.Status)
	}
	leave <- true
	leave <- true
	working.Wait()
}

func TestOnePersonMakesOneWorkbookAtATime(t *testing.T) {
	p := crowd(t, 5)
	b := p.SignedIn("lin@example.com")
	portal := p.Handler
	status := 0
	tap(p, func(w http.ResponseWriter) *wire {
		var once sync.Once
		return &wire{ResponseWriter: w, write: func(int) error {
			once.Do(func() {
				r := httptest.NewRequest(http.MethodGet, "/orders.xlsx", nil)
				for _, c := range b.Cookies() {
					r.AddCookie(c)
				}
				second := httptest.NewRecorder()
				portal.ServeHTTP(second, r)
				status = second.Code
			})
			return nil
		}}
	})
	if page := b.Get("/orders.xlsx"); page.Status != http.StatusOK || status != http.StatusTooManyRequests {
		t.Errorf("%d, and the second one %d", page.Status, status)
	}
}

// discard takes a response and forgets it.
type discard struct {
	header  http.Header
	status  int
	bytes   int
	largest int // of the writes
}

func (d *discard) Header() http.Header    { return d.header }
func (d *discard) WriteHeader(status int) { d.status = status }
func (d *discard) Write(b []byte) (int, error) {
	d.bytes += len(b)
	d.largest = max(d.largest, len(b))
	return len(b), nil
}
func (d *discard) FlushError() error { return nil }

// download asks for a file as support does.
func download(t testing.TB, p *portaltest.Portal, b *portaltest.Browser, path string) *discard {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, path, nil)
	for _, c := range b.Cookies() {
		r.AddCookie(c)
	}
	w := &discard{header: http.Header{}}
	p.Handler.ServeHTTP(w, r)
	if w.status != http.StatusOK {
		t.Fatal(w.status)
	}
	return w
}

// TestMemoryDoesNotGrowWithAnExport compares the highest heap of a large export
// with that of one a quarter of its size.
func TestMemoryDoesNotGrowWithAnExport(t *testing.T) {
	if testing.Short() {
		t.Skip("makes 75,000 orders")
	}
	t.Setenv("TMPDIR", t.TempDir())
	small, large := crowd(t, 15_000), crowd(t, 60_000)
	for _, path := range []string{"/orders.csv", "/orders.xlsx"} {
		few, sentFew := peak(t, small, path)
		many, sent := peak(t, large, path)
		t.Logf("%s: 15,000 orders: %d MiB at most, %d MB sent; 60,000: %d MiB, %d MB", path, few>>20, sentFew.bytes/1e6, many>>20, sent.bytes/1e6)
		if sent.bytes < 3*sentFew.bytes || sentFew.bytes < 1e6 {
			t.Errorf("%s: the large file has %d bytes, the small one %d", path, sent.bytes, sentFew.bytes)
		}
		if sent.largest > 1<<20 {
			t.Errorf("%s: %d bytes wait in memory to be sent at once", path, sent.largest)
		}
		// Were four times the orders kept, it would be near four times the heap.
		if many > 3*few/2+8<<20 {
			t.Errorf("%s: the heap grows from %d to %d MiB", path, few>>20, many>>20)
		}
	}
}

// peak is the highest heap in use while a file is made and sent, above what was
// in use before.
func peak(t *testing.T, p *portaltest.Portal, path string) (highest uint64, sent *discard) {
	t.Helper()
	b := p.SignedIn("support@example.com")
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	base := stats.HeapInuse
	done, measured := make(chan bool), make(chan bool)
	go func() {
		defer close(measured)
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for {
			runtime.ReadMemStats(&stats)
			highest = max(highest, stats.HeapInuse)
			select {
			case <-done:
				return
			case <-tick.C:
			}
		}
	}()
	sent = download(t, p, b, path)
	close(done)
	<-measured
	return highest - min(highest, base), sent
}

func BenchmarkExport(b *testing.B) {
	const orders = 20_000
	p := crowd(b, orders)
	browser := p.SignedIn("support@example.com")
	for _, path := range []string{"/orders.csv", "/orders.xlsx"} {
		b.Run(strings.TrimPrefix(path, "/orders."), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				download(b, p, browser, path)
			}
			b.ReportMetric(float64(orders*b.N)/b.Elapsed().Seconds(), "orders/s")
		})
	}
}
