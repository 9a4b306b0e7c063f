package views_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/a-h/templ"
	"golang.org/x/net/html"

	"portal/locales"
	"portal/models"
	"portal/views"
)

// TestANoteIsShownAsItWasWritten: its lines apart, and nothing in it made into a
// link or anything else.
func TestANoteIsShownAsItWasWritten(t *testing.T) {
	raw, doc := render(t, pick(t, "order-staff"), "en")
	shown := find(doc, func(n *html.Node) bool { return attr(n, "class") == "notes__words" })
	if len(shown) != 2 || shown[0].FirstChild.Data != "Rang twice: <b>wants</b> an invoice.\n\nSee https://tickets.example/4711" || shown[0].FirstChild.NextSibling != nil {
		t.Errorf("%d notes\n%s", len(shown), raw)
	}
	by := find(doc, func(n *html.Node) bool { return strings.Contains(attr(n, "class"), "notes__by") })
	if len(by) != 2 || !strings.HasPrefix(text(by[0]), "wang.fang@support.example24 November 2026") || !strings.Contains(text(by[0]), "Beijing") {
		t.Errorf("by whom and when: %q", text(by[0]))
	}
}

// TestTheFormForANoteStandsStill: where the page asks for itself again there is a
// way to stop it, and no form yet.
func TestTheFormForANoteStandsStill(t *testing.T) {
	for name, want := range map[string]bool{"notes-none": true, "notes-moving": false, "notes-still": true, "notes-problem": true} {
		_, doc := render(t, pick(t, name), "en")
		form := find(doc, func(n *html.Node) bool { return attr(n, "action") == "/orders/P20261124-7K3M9QXR/notes" })
		stop := find(doc, func(n *html.Node) bool { return attr(n, "href") == "/orders/P20261124-7K3M9QXR?refresh=off#notes" })
		if (len(form) == 1) != want || (len(stop) == 1) == want {
			t.Errorf("%s: %d forms, %d ways to stop", name, len(form), len(stop))
		}
	}
	_, doc := render(t, pick(t, "notes-problem"), "en")
	if got := text(find(doc, func(n *html.Node) bool { return attr(n, "id") == "note" })[0]); got != "</textarea><b>x" {
		t.Errorf("of what was typed there is %q", got)
	}
}

// TestACallerIsToldWhatThePageSays, in both languages whatever the page's is,
// each marked as what it is; and what would be untrue is pointed out.
func TestACallerIsToldWhatThePageSays(t *testing.T) {
	say := func(c canned, tag, block string) (out string) {
		_, doc := render(t, c, tag)
		for _, b := range find(doc, named("blockquote")) {
			if attr(b.Parent, "lang") == block {
				out = text(b)
			}
		}
		return out
	}
	for _, s := range models.Statuses() {
		for _, k := range models.Kinds() {
			o := order(s, k, reasonFor(s))
			c := canned{"staff", s, page(models.Support, "/orders/P20261124-7K3M9QXR"), func(p views.Page) templ.Component {
				return views.Order(p, orderProps(o, true))
			}}
			for _, block := range locales.Tags() {
				customer, _ := render(t, pick(t, "order-"+string(s)+"-"+string(k)), block)
				said := map[string]bool{}
				for _, tag := range locales.Tags() {
					words := say(c, tag, block)
					said[words] = true
					if words == "" {
						t.Errorf("%s %s: nothing in %s on a page in %s", s, k, block, tag)
					}
				}
				if len(said) != 1 {
					t.Errorf("%s %s: two pages say different things in %s: %v", s, k, block, said)
				}
				_, doc := render(t, c, block)
				for _, sentence := range find(doc, func(n *html.Node) bool {
					return n.Data == "p" && n.Parent.Data == "blockquote" && attr(n.Parent.Parent, "lang") == block
				}) {
					if !strings.Contains(customer, html.EscapeString(text(sentence))) && !strings.Contains(customer, text(sentence)) {
						t.Errorf("%s %s: the customer does not read %q", s, k, text(sentence))
					}
				}
			}
		}
	}
	for name, want := range map[string]string{"order-staff": "nothing was charged or changed", "notes-none": "Never say that nothing was charged", "order-cancel-too-late": ""} {
		_, doc := render(t, pick(t, name), "en")
		never := find(doc, func(n *html.Node) bool { return attr(n, "class") == "caller__never" })
		if (len(never) == 1) != (want != "") || want != "" && !strings.Contains(text(never[0]), want) {
			t.Errorf("%s: %d warnings", name, len(never))
		}
	}
}

// TestACallerIsNotToldWhereOnThePageItStands: the script is read out.
func TestACallerIsNotToldWhereOnThePageItStands(t *testing.T) {
	rejected := order(models.Rejected, models.Buy, models.ReasonSettled)
	rejected.Code = ""
	all := []models.Order{rejected}
	for _, s := range models.Statuses() {
		for _, k := range models.Kinds() {
			all = append(all, order(s, k, reasonFor(s)))
		}
	}
	released := order(models.NeedsReview, models.Renew, models.ReasonReleased)
	released.ReleasedAt = &now
	gone := order(models.Rejected, models.Renew, models.ReasonRefused)
	gone.Code = "InvalidInstanceId.NotFound"
	for _, o := range append(all, released, gone) {
		_, doc := render(t, canned{"staff", o.Status, page(models.Support, "/orders/"+o.Number), func(p views.Page) templ.Component {
			return views.Order(p, orderProps(o, true))
		}}, "en")
		for _, quote := range find(doc, func(n *html.Node) bool { return n.Data == "blockquote" && attr(n.Parent, "lang") != "" }) {
			for _, where := range []string{"this page", "below", "appears here", "本页", "下方", "这里"} {
				if said := text(quote); strings.Contains(said, where) {
					t.Errorf("%s %s: the caller hears %q in %q", o.Status, o.Kind, where, said)
				}
			}
		}
	}
}

// TestOnlyStaffSeeNotes, and what to tell a caller.
func TestOnlyStaffSeeNotes(t *testing.T) {
	for _, c := range pages() {
		_, doc := render(t, c, "en")
		there := find(doc, func(n *html.Node) bool { return slices.Contains([]string{"notes", "caller"}, attr(n, "id")) })
		if len(there) > 0 && (c.page.Viewer == nil || !c.page.Viewer.Staff()) {
			t.Errorf("%s has %s", c.name, attr(there[0], "id"))
		}
	}
}
