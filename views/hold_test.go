package views_test

import (
	"strings"
	"testing"

	"github.com/a-h/templ"
	"golang.org/x/net/html"

	"portal/models"
	"portal/views"
)

func hold() models.AccountHold {
	return models.AccountHold{
		ID: 4, AccountID: account.ID, Since: now.Add(-day), Reason: models.HeldRestored, Actor: "command:root",
		Note: "restored from a copy taken at 2026-11-23T05:00:00Z",
	}
}

// heldPages are what somebody sees of an account that orders nothing for now.
func heldPages() []canned {
	var out []canned
	add := func(name string, p views.Page, body func(views.Page) templ.Component) {
		out = append(out, canned{name: name, page: p, body: body})
	}
	held := func(name string, role models.Role, props views.AccountProps) {
		props.Account, props.Hold = account, ptr(hold())
		p := page(role, "/accounts/7")
		props.MayOrder = p.Viewer.May(models.ActOrder)
		add(name, p, func(p views.Page) templ.Component { return views.Account(p, props) })
	}
	review := order(models.NeedsReview, models.Renew, models.ReasonRestored)
	running := views.AccountProps{Subscription: subscription(200*day, true), Owned: owned(25), Actions: nothing("held")}
	held("held", models.Customer, running)
	held("held-none", models.Customer, views.AccountProps{Actions: nothing("held")})
	held("held-support", models.Support, views.AccountProps{Actions: nothing("read_only"), Story: story()})
	inReview := running
	inReview.OpenOrder, inReview.Actions = &review, nothing("open_order", "Number", review.Number)
	held("held-review", models.Customer, inReview)
	held("held-review-operator", models.Operator, inReview)
	running.Records = []models.OutsideKind{models.Renewed, models.Released}
	held("held-operator", models.Operator, running)
	wrong := running
	wrong.ReleaseReason = "  two\nlines </textarea><b>"
	wrong.Problems = []views.Problem{{Field: "reason", Key: "release_reason_missing"}, {Field: "reason", Key: "reason_too_long"}}
	held("held-wrong", models.Operator, wrong)

	add("held-released-meanwhile", page(models.Operator, "/accounts/7"), func(p views.Page) templ.Component {
		return views.Account(p, views.AccountProps{
			Account: account, MayOrder: true, Actions: unsubscribed(views.Action{}), Problems: []views.Problem{{Key: "hold_gone"}},
		})
	})
	add("held-list", page(models.ResellerAdmin, "/accounts"), func(p views.Page) templ.Component {
		return views.Accounts(p, views.AccountsProps{Rows: []views.AccountRow{
			{Account: account, Subscription: subscription(day, false), Hold: ptr(hold())}, {Account: direct, Hold: ptr(hold()), OpenOrder: &review},
		}})
	})
	check := page(models.Customer, "/quotes/0193a5b2-7c1d-7000-8000-3f2a6d1e9b44")
	add("held-check", check, func(p views.Page) templ.Component {
		props := checkProps(models.Buy)
		props.Hold = ptr(hold())
		return views.Check(p, props)
	})
	add("held-check-since", check, func(p views.Page) templ.Component {
		props := checkProps(models.Buy)
		old := props.Quote
		props.Previous, props.Quote.Changes = &old, []models.QuoteChange{models.HeldSince}
		props.Problems = []views.Problem{{Key: "account_held"}}
		return views.Check(p, props)
	})
	for _, staff := range []bool{false, true} {
		name, p := "held-order", page(models.Customer, "/orders/P20261124-7K3M9QXR")
		if staff {
			name, p = "held-order-staff", page(models.Operator, "/orders/P20261124-7K3M9QXR")
		}
		o := order(models.NeedsReview, models.Buy, models.ReasonRestored)
		o.Code, o.RequestID, o.Attempts = "", "", 0
		props := orderProps(o, staff)
		props.Attempts = nil
		props.Events = []models.Event{
			props.Events[0],
			{At: now, From: models.Placed, To: models.NeedsReview, Reason: models.ReasonRestored, Actor: "command:root", Note: hold().Note},
		}
		out = append(out, canned{name: name, status: models.NeedsReview, page: p, body: func(p views.Page) templ.Component {
			return views.Order(p, props)
		}})
	}
	return out
}

func TestAHeldAccountSaysWhatItMeansAndWhatComesNext(t *testing.T) {
	means := []string{"Ordering is paused", "restored from a backup", "charges nothing", "and so does auto-renewal", "You do not need to do anything"}
	tells(t, "held", means...)
	tells(t, "held-none", means...)
	tells(t, "held-check", means...)
	tells(t, "held-review", append(means, "P20261124-7K3M9QXR")...)
	for _, name := range []string{"held", "held-none", "held-check", "held-review"} {
		// Which copy it was, and what is to be done, is for staff.
		tellsNot(t, name, "restored from a copy taken", "command:root", "Release the account")
		doc := pickDoc(t, name)
		if forms := find(doc, func(n *html.Node) bool {
			return n.Data == "form" && (strings.HasSuffix(attr(n, "action"), "/order") || strings.HasSuffix(attr(n, "action"), "/release"))
		}); len(forms) > 0 {
			t.Errorf("%s has the form %s", name, attr(forms[0], "action"))
		}
		for _, b := range buttons(doc) {
			if strings.Contains(b, "/quote?kind=") {
				t.Errorf("%s leads to %s", name, b)
			}
		}
	}
	tells(t, "held-list", "Paused")
}

func TestStaffSeeWhyAnAccountIsHeldAndOperatorsReleaseIt(t *testing.T) {
	why := []string{"23 November 2026", "restored from a copy taken at 2026-11-23T05:00:00Z", "command:root", "1217259133477183", "by Alibaba Cloud order ID"}
	for _, name := range []string{"held-support", "held-operator", "held-review-operator", "held-wrong"} {
		tells(t, name, why...)
		doc := pickDoc(t, name)
		forms := find(doc, func(n *html.Node) bool { return n.Data == "form" && attr(n, "action") == "/accounts/7/release" })
		if want := name != "held-support"; len(forms) > 0 != want {
			t.Errorf("%s has %d forms that release", name, len(forms))
		}
	}
	tells(t, "held-operator", "Record what happened outside the portal")
	tells(t, "held-wrong", "Enter what you compared", "two lines </textarea><b>")
	tells(t, "held-support", "Ordering paused, to check the account", "Checked; ordering open again", "nothing missing")
}

// TestARestoredOrderDoesNotSayThatNothingWasSent: it may have been, after the
// copy was made.
func TestARestoredOrderDoesNotSayThatNothingWasSent(t *testing.T) {
	tells(t, "held-order", "may have been charged", "restored from a backup")
	tells(t, "held-order-staff", "may have been sent after the backup", "restored from a copy taken at 2026-11-23T05:00:00Z")
	tellsNot(t, "held-order-staff", "Nothing has been sent")
	tellsNot(t, "held-order", "restored from a copy taken")
}
