package handlers_test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"

	"portal/portaltest"
	"portal/sheet"
)

// uploads sends a file as a browser does.
func uploads(t *testing.T, p *portaltest.Portal, b *portaltest.Browser, file []byte, fields map[string]string) portaltest.Page {
	t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for name, value := range fields {
		if err := w.WriteField(name, value); err != nil {
			t.Fatal(err)
		}
	}
	part, err := w.CreateFormFile("file", "accounts.csv")
	if err == nil {
		_, err = part.Write(file)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodPost, "/accounts/import", &body)
	r.Header.Set("Content-Type", w.FormDataContentType())
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	r.Header.Set("Accept-Language", "en")
	for _, c := range b.Cookies() {
		r.AddCookie(c)
	}
	answer := httptest.NewRecorder()
	p.Handler.ServeHTTP(answer, r)
	return portaltest.Page{Status: answer.Code, Location: answer.Header().Get("Location"), Body: answer.Body.String(), Header: answer.Header()}
}

// seenOf is what the form that confirms a list says of what was shown.
func seenOf(t *testing.T, page portaltest.Page) string {
	t.Helper()
	_, rest, found := strings.Cut(page.Body, `name="seen" value="`)
	if !found {
		t.Fatalf("no form that confirms: %d\n%s", page.Status, page.Text())
	}
	value, _, _ := strings.Cut(rest, `"`)
	return value
}

// TestAListIsShownBeforeAnyOfItIsSaved: as Excel in China writes it, every line with
// what becomes of it; confirmed, that is what happens; what is left out comes back
// as a file that can be mended and uploaded again.
func TestAListIsShownBeforeAnyOfItIsSaved(t *testing.T) {
	p, _ := resold(t)
	b := p.SignedIn("own@example.com")
	says(t, b.Get("/accounts"), "Add accounts from a list")
	if page := b.Get("/accounts/import"); page.Status != http.StatusOK || strings.Contains(page.Body, `name="reseller"`) {
		t.Fatalf("%d\n%s", page.Status, page.Text())
	}
	gb, err := simplifiedchinese.GB18030.NewEncoder().String("阿里云账号 ID,名称,备注\r\n" +
		"2000000000000021,北方物流,每周一联系\r\n" + // 2: new
		"1000000000000003,Studio Three,\r\n" + // 3: theirs already
		"1000000000000025,Mine now,\r\n" + // 4: the portal's own
		"2000000000000021,Again,\r\n" + // 5: repeated
		"1.21726E+15,Rounded,\r\n" + // 6: shortened by Excel
		"2000000000000022,=HYPERLINK(1),\r\n" + // 7: new, with a formula for a name
		"2000000000000023,,=1+1\r\n") // 8: no name
	if err != nil || utf8.ValidString(gb) {
		t.Fatal(err)
	}
	page := uploads(t, p, b, []byte(gb), nil)
	if page.Status != http.StatusSeeOther {
		t.Fatalf("%d\n%s", page.Status, page.Text())
	}
	list := page.Location
	page = b.Get(list)
	says(t, page, "Nothing is added yet", "北方物流", "每周一联系", "Add 2 accounts", "This OwnerId cannot be added here", "Line 2 has the same OwnerId",
		"has shortened this OwnerId", "The name is missing", "Already there", "New: 2", "Has a mistake: 2", "Download the 5 lines")
	if strings.Contains(page.Body, "Linhai") {
		t.Error("whose an OwnerId is can be read")
	}
	if found := b.Get("/accounts?q=2000000000000021"); strings.Contains(found.Text(), "北方物流") {
		t.Fatal("it is saved already")
	}
	if only := b.Get(list + "?fate=wrong"); strings.Contains(only.Body, "北方物流") || !strings.Contains(only.Body, "Rounded") {
		t.Error("the lines can't be told apart")
	}
	// Meanwhile somebody else adds one of them: nothing is added, and it is told.
	seen := seenOf(t, page)
	if page := p.SignedIn("operator@example.com").Post("/accounts/new", url.Values{"owner_id": {"2000000000000022"}, "name": {"Quicker"}}); page.Status != http.StatusSeeOther {
		t.Fatal(page.Status)
	}
	page = b.Post(list, url.Values{"seen": {seen}})
	if page.Status != http.StatusConflict {
		t.Fatalf("%d\n%s", page.Status, page.Text())
	}
	says(t, page, "Something has changed since you looked", "Add 1 account")
	if page := b.Post(list, url.Values{"seen": {"made up"}}); page.Status != http.StatusConflict {
		t.Errorf("without having looked: %d", page.Status)
	}
	seen = seenOf(t, page)
	for range 2 { // pressed twice
		if page = b.Post(list, url.Values{"seen": {seen}}); page.Location != list {
			t.Fatalf("%d\n%s", page.Status, page.Text())
		}
	}
	page = b.Get(list)
	says(t, page, "1 account was added", "Download the 6 lines")
	if strings.Contains(page.Body, `name="seen"`) {
		t.Error("it can be confirmed again")
	}
	account, err := p.Store.AccountByOwner(t.Context(), 2000000000000021)
	if err != nil || account.Name != "北方物流" || account.Note != "每周一联系" {
		t.Fatal(account, err)
	}
	says(t, b.Get(fmt.Sprintf("/accounts/%d", account.ID)), "Account added", "own@example.com")

	left := b.Get(list + "/left.csv")
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(left.Body, "\uFEFF"))).ReadAll()
	if err != nil || len(rows) != 7 || !strings.HasPrefix(left.Body, "\uFEFF") || !strings.Contains(left.Header.Get("Content-Disposition"), "accounts-left-") {
		t.Fatalf("%v %q", err, left.Body)
	}
	for _, row := range rows {
		for _, cell := range row {
			if strings.HasPrefix(cell, "=") {
				t.Errorf("a formula comes out: %q", cell)
			}
		}
	}
	if again, err := sheet.Read([]byte(left.Body)); err != nil || len(again) != 6 {
		t.Errorf("what is left out can't be uploaded again: %v %v", again, err)
	}
	for _, email := range []string{"foreign@example.com", "operator@example.com"} {
		for _, path := range []string{list, list + "/left.csv"} {
			if page := p.SignedIn(email).Get(path); page.Status != http.StatusNotFound {
				t.Errorf("%s reads %s: %d", email, path, page.Status)
			}
		}
	}
}

// TestAListThatCantBeReadIsTold: with what to do, and what was pasted is kept.
func TestAListThatCantBeReadIsTold(t *testing.T) {
	p, _ := resold(t)
	b := p.SignedIn("own@example.com")
	for says, file := range map[string][]byte{
		"Choose a CSV file or paste the cells": nil, "This is an Excel workbook": []byte("PK\x03\x04xlsx"), "not text that can be read": {0x89, 'P', 0, 0xff},
		"larger than 1 MB": bytes.Repeat([]byte("1,a\n"), sheet.MaxBytes/4+1), "more than 5,000 accounts": bytes.Repeat([]byte("1,a\n"), sheet.MaxLines+1),
		"names no columns": []byte("a,b\n"), "A quotation mark in line 2 is never closed": []byte("OwnerId,Name\n1,\"a\n2,b\n3,c\n"), "names no column “Name”": []byte("OwnerId,Note\n1,x\n"),
		"has no accounts below": []byte("OwnerId,Name\n"),
	} {
		page := uploads(t, p, b, file, nil)
		if page.Status != http.StatusUnprocessableEntity || !strings.Contains(page.Text(), says) || !strings.Contains(page.Body, `href="#file"`) {
			t.Errorf("want %q: %d\n%s", says, page.Status, page.Text())
		}
	}
	page := b.Post("/accounts/import", url.Values{"pasted": {"what </textarea> is this"}})
	if page.Status != http.StatusUnprocessableEntity || !strings.Contains(page.Body, "what &lt;/textarea&gt; is this</textarea>") || !strings.Contains(page.Body, `href="#pasted"`) {
		t.Errorf("%d\n%s", page.Status, page.Body)
	}
	page = uploads(t, p, b, []byte("1,a\n"), map[string]string{"pasted": "2\tb"})
	if page.Status != http.StatusUnprocessableEntity || !strings.Contains(page.Body, "2\tb</textarea>") {
		t.Errorf("both: %d\n%s", page.Status, page.Text())
	}
	if page := uploads(t, p, b, []byte("1,a"), map[string]string{"pasted": "a\x00b"}); page.Status != http.StatusBadRequest {
		t.Errorf("NUL: %d", page.Status)
	}
	if page := uploads(t, p, b, bytes.Repeat([]byte("x"), 5<<20), nil); page.Status != http.StatusRequestEntityTooLarge {
		t.Errorf("5 MB: %d", page.Status)
	}
	if page := b.Post("/accounts/new", url.Values{"name": {strings.Repeat("x", 70_000)}}); page.Status != http.StatusRequestEntityTooLarge {
		t.Errorf("another form of 70 kB: %d", page.Status)
	}
	template := b.Get("/accounts/import/template.csv")
	if template.Body != "\uFEFFOwnerId,Name,Note\r\n" || template.Header.Get("Content-Type") != "text/csv; charset=utf-8" {
		t.Errorf("%q", template.Body)
	}
	b.Header.Set("Accept-Language", "zh-Hans")
	if _, err := sheet.Read([]byte(b.Get("/accounts/import/template.csv").Body + "2001,北方,\r\n")); err != nil {
		t.Error(err)
	}
}

// TestAnOperatorsListIsForTheResellerThatTheyChoose.
func TestAnOperatorsListIsForTheResellerThatTheyChoose(t *testing.T) {
	p, _ := resold(t)
	b := p.SignedIn("operator@example.com")
	says(t, b.Get("/accounts/import"), "own", "foreign", "None: the operator sells to it directly")
	page := b.Post("/accounts/import", url.Values{"pasted": {"2001\tA"}, "reseller": {"99"}})
	if page.Status != http.StatusUnprocessableEntity || !strings.Contains(page.Body, "2001\tA</textarea>") {
		t.Errorf("%d\n%s", page.Status, page.Text())
	}
	says(t, page, "There is no such reseller")
	list := b.Post("/accounts/import", url.Values{"pasted": {"2001\tA\r\n2002\tB\tnote\r\n"}, "reseller": {"2"}}).Location
	page = b.Get(list)
	says(t, page, "The accounts will belong to foreign", "Add 2 accounts")
	if page := b.Post(list, url.Values{"seen": {seenOf(t, page)}}); page.Location != list {
		t.Fatalf("%d\n%s", page.Status, page.Text())
	}
	says(t, p.SignedIn("foreign@example.com").Get("/accounts"), "2001", "2002")
	// An admin's is the own reseller's, whatever the form says.
	admin := p.SignedIn("own@example.com")
	list = admin.Post("/accounts/import", url.Values{"pasted": {"2003\tC"}, "reseller": {"2"}}).Location
	admin.Post(list, url.Values{"seen": {seenOf(t, admin.Get(list))}})
	if account, err := p.Store.AccountByOwner(t.Context(), 2003); err != nil || *account.ResellerID != 1 {
		t.Error("it is another reseller's", err)
	}
	says(t, admin.Get("/accounts"), "2003")
}

// TestALongListIsShownInPages.
func TestALongListIsShownInPages(t *testing.T) {
	p, _ := resold(t)
	b := p.SignedIn("own@example.com")
	var text strings.Builder
	for i := range sheet.MaxLines {
		fmt.Fprintf(&text, "%d,Account %d\n", 1217259133470000+i, i)
	}
	list := uploads(t, p, b, []byte(text.String()), nil).Location
	page := b.Get(list)
	says(t, page, "Add 5,000 accounts")
	if rows := strings.Count(page.Body, "<tr>"); rows != 101 {
		t.Errorf("%d rows", rows)
	}
	if !strings.Contains(page.Body, `rel="next"`) {
		t.Error("there is no next page")
	}
	says(t, b.Get(list+"?after=4900"), "Account 4999")
	if page := b.Post(list, url.Values{"seen": {seenOf(t, page)}}); page.Location != list {
		t.Fatalf("%d\n%s", page.Status, page.Text())
	}
	says(t, b.Get(list), "5,000 accounts were added")
}

// TestAListThatCantBeKept: what was pasted can be sent again when the database is
// back; a file has to be chosen again, and the page leads there.
func TestAListThatCantBeKept(t *testing.T) {
	p, _ := resold(t)
	b := p.SignedIn("own@example.com")
	_, giveBack := takeAway(t, p)
	defer giveBack()
	for range 2 { // before the portal has noticed, and after
		page := uploads(t, p, b, nil, map[string]string{"pasted": "2001\tStudio"})
		if page.Status != http.StatusServiceUnavailable || !strings.Contains(page.Body, `name="pasted" value="2001`) || !strings.Contains(page.Body, `action="/accounts/import"`) {
			t.Errorf("%d\n%s", page.Status, page.Body)
		}
		page = uploads(t, p, b, []byte("2001,Studio\n"), nil)
		if page.Status != http.StatusServiceUnavailable || strings.Contains(page.Body, `name="pasted"`) || !strings.Contains(page.Body, `href="/accounts/import"`) {
			t.Errorf("%d\n%s", page.Status, page.Body)
		}
	}
}
