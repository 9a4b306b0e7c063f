package handlers_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"portal/models"
	"portal/portaltest"
)

const supportMail = "support@example.com"

var noteForm = regexp.MustCompile(`<input type="hidden" name="form" value="([A-Z2-7]{20,})"`)

// write writes a note as a browser does: in the form that the order's page has.
func write(b *portaltest.Browser, o models.Order, note string) portaltest.Page {
	m := noteForm.FindStringSubmatch(b.Get(at(o)).Body)
	if m == nil {
		return portaltest.Page{}
	}
	return b.Post(at(o)+"/notes", url.Values{"form": {m[1]}, "note": {note}})
}

// TestStaffWriteNotesForEachOther: with who and when, oldest first, as they were
// written.
func TestStaffWriteNotesForEachOther(t *testing.T) {
	s := newSearched(t)
	support, operator := s.SignedIn(supportMail), s.SignedIn(operatorMail)
	says(t, support.Get(at(s.order)), "Nobody has written a note yet.")
	if answer := write(support, s.order, " Rang twice:\r\n<b>wants</b> an invoice & a call\r\n\r\nhttps://tickets.example/4711 "); answer.Status != http.StatusSeeOther || answer.Location != at(s.order)+"#notes" {
		t.Fatalf("%d %s\n%s", answer.Status, answer.Location, answer.Text())
	}
	first := s.Now().In(models.Beijing).Format("2 January 2006 at 15:04:05")
	s.Pass(3 * time.Minute)
	if answer := write(operator, s.order, "已回电"); answer.Location != at(s.order)+"#notes" {
		t.Fatalf("%d\n%s", answer.Status, answer.Text())
	}
	for _, b := range []*portaltest.Browser{support, operator} {
		page := b.Get(at(s.order))
		if !strings.Contains(page.Body, ">Rang twice:\n&lt;b&gt;wants&lt;/b&gt; an invoice &amp; a call\n\nhttps://tickets.example/4711</p>") {
			t.Errorf("it is not as it was written:\n%s", page.Body)
		}
		text := page.Text()
		a, b := strings.Index(text, "Rang twice"), strings.Index(text, "已回电")
		if a < 0 || b < a || !strings.Contains(text[a:b], supportMail) || !strings.Contains(text[a:b], first) || !strings.Contains(text[b:], operatorMail) {
			t.Errorf("who wrote what, and when (%s)?\n%s", first, text)
		}
		says(t, page, "2 notes from colleagues")
	}
	order, err := s.Store.Order(t.Context(), s.Viewer(supportMail), s.order.Number)
	if err != nil || order.State() != s.order.State() {
		t.Errorf("the order was changed: %+v, %v", order, err)
	}
}

// TestNobodyElseIsToldOfNotes: by no page, file or search, and not by what
// writing one answers, neither of the own order nor of a foreign one.
func TestNobodyElseIsToldOfNotes(t *testing.T) {
	s := newSearched(t)
	if answer := write(s.SignedIn(supportMail), s.order, "Zugzwang"); answer.Status != http.StatusSeeOther {
		t.Fatal(answer.Status)
	}
	for _, email := range []string{"li@yunqi.example", "north@reseller.example", "lin@example.com", "south@reseller.example"} {
		b := s.SignedIn(email)
		page := b.Get(at(s.order))
		if own := email == "li@yunqi.example" || email == "north@reseller.example"; own != (page.Status == http.StatusOK) {
			t.Errorf("%s: %d", email, page.Status)
		}
		for _, path := range []string{at(s.order), "/orders", pathOf(s.account), "/orders.csv", "/search?q=Zugzwang", "/search?q=" + s.order.Number, "/orders?q=Zugzwang"} {
			for _, word := range []string{"Zugzwang>", ">Zugzwang", "/notes", `id="notes"`, "What to tell the caller", "colleague", supportMail} {
				if page := b.Get(path); strings.Contains(page.Body, word) {
					t.Errorf("%s reads %q on %s", email, word, path)
				}
			}
		}
		for _, note := range []string{"mine", "", "a\u202eb"} {
			write, none := b.Post(at(s.order)+"/notes", url.Values{"note": {note}}), b.Post("/orders/P20200101-NOSUCH00/notes", url.Values{"note": {note}})
			if write.Status != http.StatusNotFound || none.Status != http.StatusNotFound {
				t.Errorf("%s writes %q: %d, and where there is nothing %d", email, note, write.Status, none.Status)
			}
		}
	}
	if page := s.Browser().Post(at(s.order)+"/notes", url.Values{"note": {"x"}}); page.Location != "/sign-in?next="+url.QueryEscape(at(s.order)) {
		t.Errorf("nobody is signed in: %d %s", page.Status, page.Location)
	}
	staff := s.SignedIn(operatorMail)
	for _, note := range []string{"where?", ""} {
		if page := staff.Post("/orders/P20200101-NOSUCH00/notes", url.Values{"note": {note}}); page.Status != http.StatusNotFound {
			t.Errorf("an order that is not there: %d", page.Status)
		}
	}
	if strings.Contains(staff.Get("/orders.csv").Body, "Zugzwang") || strings.Contains(s.Log.String(), "Zugzwang") {
		t.Error("a note is in a file or in the log")
	}
	if notes, err := s.Store.Notes(t.Context(), s.Viewer(supportMail), s.order.ID); err != nil || len(notes) != 1 {
		t.Errorf("%+v, %v", notes, err)
	}
}

// TestANoteThatCannotBeKept is told why, in both languages, and nothing that was
// typed is lost; put right, it is kept.
func TestANoteThatCannotBeKept(t *testing.T) {
	s := newSearched(t)
	for name, tc := range map[string]struct{ note, english, chinese string }{
		"nothing":        {" \r\n\t ", "Enter the note", "请填写备注"},
		"far too long":   {strings.Repeat("界", 2001), "The note has 2,001 characters. Shorten it to 2,000", "备注有 2,001 个字符"},
		"turned around":  {"pay \u202e001 now", "cannot be seen", "不可见"},
		"of zero width":  {"\u200b", "cannot be seen", "不可见"},
		"a bell rings":   {"ring\aring", "cannot be seen", "不可见"},
		"it looks ended": {"</textarea><script>\u2066", "cannot be seen", "不可见"},
	} {
		for language, words := range map[string]string{"en": tc.english, "zh-CN": tc.chinese} {
			b := s.SignedIn(supportMail)
			b.Header.Set("Accept-Language", language)
			page := write(b, s.order, tc.note)
			if page.Status != http.StatusUnprocessableEntity || page.OrderStatus() != "completed" {
				t.Errorf("%s (%s): %d", name, language, page.Status)
			}
			if !strings.Contains(page.Text(), words) || !strings.Contains(page.Body, `<a href="#note">`) {
				t.Errorf("%s (%s): it does not say %q\n%s", name, language, words, page.Text())
			}
			typed := strings.ReplaceAll(tc.note, "\r\n", "\n")
			if !strings.Contains(page.Body, ">"+escape(typed)+"</textarea>") {
				t.Errorf("%s (%s): what was typed is lost", name, language)
			}
			if noteForm.FindStringSubmatch(page.Body) == nil {
				t.Errorf("%s (%s): the form is lost", name, language)
			}
		}
	}
	b := s.SignedIn(supportMail)
	longest := strings.Repeat("界\r\n", 999) + "界界" // 2000 characters: the end of a line is one
	if answer := write(b, s.order, longest); answer.Status != http.StatusSeeOther {
		t.Fatalf("%d\n%s", answer.Status, answer.Text())
	}
	if notes, err := s.Store.Notes(t.Context(), s.Viewer(supportMail), s.order.ID); err != nil || len(notes) != 1 || notes[0].Note != strings.ReplaceAll(longest, "\r", "") {
		t.Errorf("%d, %v", len(notes), err)
	}
}

// TestADoubleClickIsOneNote; what was edited after going back is another one.
func TestADoubleClickIsOneNote(t *testing.T) {
	s := newSearched(t)
	b := s.SignedIn(supportMail)
	form := url.Values{"form": {noteForm.FindStringSubmatch(b.Get(at(s.order)).Body)[1]}, "note": {"Rang at ten"}}
	for range 3 {
		if answer := b.Post(at(s.order)+"/notes", form); answer.Location != at(s.order)+"#notes" {
			t.Fatalf("%d\n%s", answer.Status, answer.Text())
		}
	}
	if got := strings.Count(b.Get(at(s.order)).Body, ">Rang at ten</p>"); got != 1 {
		t.Errorf("it is there %d times", got)
	}
	form.Set("note", "Rang at eleven, too")
	b.Post(at(s.order)+"/notes", form)
	write(b, s.order, "Rang at ten")
	page := b.Get(at(s.order))
	says(t, page, "Rang at eleven, too", "3 notes")
	if form, again := noteForm.FindStringSubmatch(page.Body)[1], noteForm.FindStringSubmatch(b.Get(at(s.order)).Body)[1]; form == again {
		t.Error("two forms are the same")
	}
}

// TestANoteIsNotTakenAway: on a page that asks for itself again, the form comes
// once that is stopped, so that what is typed is not taken away.
func TestANoteIsNotTakenAway(t *testing.T) {
	p := portaltest.New(t)
	lin := p.SignedIn("lin@example.com")
	open := "/orders/" + lin.Place(lin.Quote("pro", "year-1"))
	b := p.SignedIn(supportMail)
	page := b.Get(open)
	stop := link(page, "Stop refreshing to add a note")
	if page.Refresh() == "" || noteForm.MatchString(page.Body) || stop != open+"?refresh=off#notes" {
		t.Fatalf("Refresh %q, the form is there, or no way to it: %q", page.Refresh(), stop)
	}
	page = b.Get(strings.TrimSuffix(stop, "#notes"))
	form := noteForm.FindStringSubmatch(page.Body)
	if page.Refresh() != "" || form == nil {
		t.Fatalf("Refresh %q, form %q", page.Refresh(), form)
	}
	if page := b.Post(open+"/notes", url.Values{"form": {form[1]}, "note": {""}}); page.Status != http.StatusUnprocessableEntity || page.Refresh() != "" {
		t.Errorf("%d, Refresh %q", page.Status, page.Refresh())
	}
	t.Run("nor by the desk's form, nor its by this one's", func(t *testing.T) {
		p, o := inReview(t)
		for _, email := range []string{supportMail, operatorMail} {
			b := p.SignedIn(email)
			if page := b.Get(at(o)); page.Refresh() != "" || !noteForm.MatchString(page.Body) {
				t.Errorf("%s: Refresh %q", email, page.Refresh())
			}
			page := write(b, o, "a\u202eb")
			if page.Status != http.StatusUnprocessableEntity || strings.Contains(page.Body, "/settle") != (email == operatorMail) {
				t.Errorf("%s: %d", email, page.Status)
			}
		}
	})
}

// TestANoteWhileTheDatabaseTakesNone is on the page that says so, to be sent
// again as it was; sent twice then, it is one.
func TestANoteWhileTheDatabaseTakesNone(t *testing.T) {
	s := newSearched(t)
	b := s.SignedIn(supportMail)
	form := url.Values{"form": {noteForm.FindStringSubmatch(b.Get(at(s.order)).Body)[1]}, "note": {"Rang <twice>\r\nat ten"}}
	_, giveBack := takeAway(t, s.Portal)
	for _, noticed := range []bool{false, true} {
		if noticed {
			s.Store.Probe(t.Context())
		}
		page := b.Post(at(s.order)+"/notes", form)
		if page.Status != http.StatusServiceUnavailable {
			t.Fatalf("%d", page.Status)
		}
		says(t, page, "This was not saved")
		for _, kept := range []string{
			`action="` + at(s.order) + `/notes"`, `name="note" value="Rang &lt;twice&gt;`, `name="form" value="` + form.Get("form") + `"`, `href="` + at(s.order) + `"`,
		} {
			if !strings.Contains(page.Body, kept) {
				t.Errorf("the page lacks %s\n%s", kept, page.Body)
			}
		}
	}
	giveBack()
	if fault := s.Store.Probe(t.Context()); fault != nil {
		t.Fatal(fault.Err)
	}
	readyAgain(t, b)
	for range 2 {
		if answer := b.Post(at(s.order)+"/notes", form); answer.Location != at(s.order)+"#notes" {
			t.Fatalf("%d\n%s", answer.Status, answer.Text())
		}
	}
	if notes, err := s.Store.Notes(t.Context(), s.Viewer(supportMail), s.order.ID); err != nil || len(notes) != 1 {
		t.Errorf("%+v, %v", notes, err)
	}
}

// TestALinkForAColleague opens the same page, from wherever the portal is reached.
func TestALinkForAColleague(t *testing.T) {
	for secure, scheme := range map[bool]string{false: "http", true: "https"} {
		t.Run(scheme, func(t *testing.T) {
			var opts []portaltest.Option
			if secure {
				opts = append(opts, portaltest.Secure())
			}
			p := portaltest.New(t, opts...)
			b := p.SignedIn("lin@example.com")
			o := p.Settle(b.Place(b.Quote("pro", "year-1")))
			page := p.SignedIn(supportMail).Get(at(o))
			shown := regexp.MustCompile(`<span class="id"[^>]*>(https?://[^<]*)</span>`).FindStringSubmatch(page.Body)
			if shown == nil {
				t.Fatal(page.Text())
			}
			u, err := url.Parse(shown[1])
			if err != nil || u.Scheme != scheme || u.Host == "" || u.Path != at(o) {
				t.Error(shown[1], err)
			}
		})
	}
}

// TestWhatToTellTheCaller is what the customer reads, in both languages, and
// only for staff.
func TestWhatToTellTheCaller(t *testing.T) {
	p, o := inReview(t)
	for _, email := range []string{supportMail, operatorMail} {
		says(t, p.SignedIn(email).Get(at(o)), "What to tell the caller",
			"A person is checking this order. Do not order again", "订单正在人工核实，请勿重复下单", "Never say that nothing was charged")
	}
	if page := p.SignedIn("lin@example.com").Get(at(o)); strings.Contains(page.Body, "Never say") || strings.Contains(page.Body, "请勿重复下单") {
		t.Error("the customer reads what support may say")
	}
}
