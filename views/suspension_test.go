package views_test

import (
	"strings"
	"testing"

	"github.com/a-h/templ"

	"portal/models"
	"portal/views"
)

// stopped is an account whose people only look.
func stopped() models.Account {
	a := account
	a.SuspendedAt, a.SuspendedBy, a.SuspensionReason = ptr(now.Add(-day)), "user:5", "does not pay </dd><b>\nsince June"
	return a
}

// suspendedPages are what somebody sees of an account that is suspended, or about
// to be.
func suspendedPages() []canned {
	var out []canned
	add := func(name string, role models.Role, path string, body func(views.Page) templ.Component) {
		out = append(out, canned{name: name, page: page(role, path), body: body})
	}
	of := func(name string, role models.Role, actions []views.Action) {
		add(name, role, "/accounts/7", func(p views.Page) templ.Component {
			return views.Account(p, views.AccountProps{
				Account: stopped(), Subscription: subscription(200*day, true), Owned: owned(25), SuspendedBy: "zhang.wei@reseller.example",
				MayOrder: p.Viewer.May(models.ActOrder), Actions: actions,
			})
		})
	}
	none := nothing("suspended")
	of("suspended", models.Customer, none)
	of("suspended-support", models.Support, nothing("read_only"))
	for _, role := range []models.Role{models.ResellerAdmin, models.Operator} {
		refunds := append([]views.Action{{Kind: models.Refund}}, none...)
		of("suspended-"+string(role), role, refunds)
	}
	add("suspended-list", models.ResellerAdmin, "/accounts", func(p views.Page) templ.Component {
		return views.Accounts(p, views.AccountsProps{Rows: []views.AccountRow{{Account: stopped(), Subscription: subscription(day, false)}, {Account: direct}}})
	})
	add("suspended-check", models.Customer, "/quotes/0193a5b2-7c1d-7000-8000-3f2a6d1e9b44", func(p views.Page) templ.Component {
		props := checkProps(models.Buy)
		props.Suspended, props.Problems = true, []views.Problem{{Key: "account_suspended"}}
		return views.Check(p, props)
	})
	sent, unsent := order(models.Unknown, models.Renew, models.ReasonNoAnswer), order(models.Placed, models.Renew, models.ReasonPlacedByUser)
	unsent.Attempts = 0
	for name, open := range map[string]*models.Order{"none": nil, "sent": &sent, "unsent": &unsent} {
		add("suspend-"+name, models.ResellerAdmin, "/accounts/7/suspend", func(p views.Page) templ.Component {
			return views.Suspend(p, views.SuspensionProps{Account: account, OpenOrder: open})
		})
	}
	add("suspend-wrong", models.Operator, "/accounts/7/suspend", func(p views.Page) templ.Component {
		return views.Suspend(p, views.SuspensionProps{
			Account: account, Reason: "a </textarea><b>",
			Problems: []views.Problem{{Field: "reason", Key: "suspend_reason_missing"}, {Key: "suspended_meanwhile"}},
		})
	})
	add("reinstate", models.ResellerAdmin, "/accounts/7/reinstate", func(p views.Page) templ.Component {
		return views.Reinstate(p, views.SuspensionProps{
			Account: stopped(), By: "zhang.wei@reseller.example",
			Problems: []views.Problem{{Field: "reason", Key: "reinstate_reason_missing"}, {Key: "reinstated_meanwhile"}},
		})
	})
	return append(append(out, accountForms()...), append(resellerPages(), importPages()...)...)
}

// accountForms are where administrators add an account, and edit it.
func accountForms() []canned {
	form := func(name string, role models.Role, path string, body func(views.Page, views.AccountFormProps) templ.Component, props views.AccountFormProps) canned {
		return canned{name: name, page: page(role, path), body: func(p views.Page) templ.Component { return body(p, props) }}
	}
	wrong := views.AccountFormProps{
		Account: account, OwnerID: "12x", Name: "two\nlines", Note: "</textarea><b>", Reseller: "3",
		Resellers: []models.Reseller{{ID: 3, Name: "Huadong Cloud 华东云"}, {ID: 4, Name: "<b>"}},
		Problems: []views.Problem{
			{Field: "owner_id", Key: "owner_id_invalid"}, {Field: "name", Key: "name_invalid"},
			{Field: "note", Key: "note_too_long", Args: []any{"Count", 2001, "Most", 2000}}, {Field: "reseller", Key: "reseller_unknown"},
		},
	}
	misnamed := wrong
	misnamed.Problems = wrong.Problems[1:3]
	noted := account
	noted.Note = "pays </blockquote> late"
	closed := stopped()
	changes := []models.Change{
		{At: now, What: models.AccountReinstated, Before: closed.Facts(), After: noted.Facts(), Reason: "has paid"},
		{At: now, What: models.AccountSuspended, Before: noted.Facts(), After: closed.Facts(), Reason: "unpaid </blockquote>"},
		{At: now, What: models.AccountEdited, Before: direct.Facts(), After: noted.Facts()},
		{At: now, What: models.AccountAdded, After: direct.Facts()},
	}
	for i := range changes {
		changes[i].Actor, changes[i].Address, changes[i].RequestID = "zhang.wei@reseller.example", "192.0.2.7", "01JDF7Q2M8X5"
	}
	shown := func(name string, role models.Role) canned {
		return canned{name: name, page: page(role, "/accounts/7"), body: func(p views.Page) templ.Component {
			return views.Account(p, views.AccountProps{Account: noted, Changes: changes, MayOrder: true, Actions: unsubscribed(views.Action{})})
		}}
	}
	return []canned{
		form("account-new", models.ResellerAdmin, "/accounts/new", views.NewAccount, views.AccountFormProps{}),
		form("account-new-operator", models.Operator, "/accounts/new", views.NewAccount, views.AccountFormProps{Resellers: wrong.Resellers}),
		form("account-new-wrong", models.Operator, "/accounts/new", views.NewAccount, wrong),
		form("account-edit", models.ResellerAdmin, "/accounts/7/edit", views.EditAccount, views.AccountFormProps{Account: noted, Name: noted.Name, Note: noted.Note}),
		form("account-edit-wrong", models.ResellerAdmin, "/accounts/7/edit", views.EditAccount, misnamed),
		shown("account-noted", models.Customer), shown("account-noted-support", models.Support), shown("account-noted-admin", models.ResellerAdmin),
	}
}

func TestANoteIsForWhoLooksAfterTheAccount(t *testing.T) {
	tellsNot(t, "account-noted", "pays", "unpaid", "192.0.2.7", "Latest changes", "Administer", "Edit name and note")
	tells(t, "account-noted-support", "pays </blockquote> late", "Only administrators and staff see this")
	tellsNot(t, "account-noted-support", "Edit name and note")
	for _, name := range []string{"account-noted-support", "account-noted-admin"} {
		tells(t, name, "From “Blue Harbour Trading Ltd” to “"+account.Name+"”", "The note was changed", "unpaid </blockquote>", "has paid", "Account added", "zhang.wei@reseller.example")
	}
	tells(t, "account-noted-support", "From 192.0.2.7, request 01JDF7Q2M8X5")
	tellsNot(t, "account-noted-admin", "192.0.2.7")
	tells(t, "account-noted-admin", "pays </blockquote> late", "Edit name and note", "Suspend ordering")
	tellsNot(t, "account-new", "Reseller")
	tells(t, "account-new-wrong", "digits only", "on one line", "has 2,001 characters", "no such reseller", "</textarea><b>")
}

func TestASuspendedAccountSaysWhatItMeans(t *testing.T) {
	for _, name := range []string{"suspended", "suspended-check", "suspended-support", "suspended-reseller-admin", "suspended-operator"} {
		tells(t, name, "Ordering is suspended for this account", "order nothing", "and so does auto-renewal")
	}
	for _, name := range []string{"suspended", "suspended-check"} {
		// Why and by whom is for those who look after the account.
		tells(t, name, "contact your reseller or the operator")
		tellsNot(t, name, "does not pay", "zhang.wei", "Reinstate")
		for _, b := range buttons(pickDoc(t, name)) {
			if strings.Contains(b, "/quote?kind=") || strings.Contains(b, "/order") {
				t.Errorf("%s leads to %s", name, b)
			}
		}
	}
	for _, name := range []string{"suspended-support", "suspended-reseller-admin", "suspended-operator", "reinstate"} {
		tells(t, name, "23 November 2026", "zhang.wei@reseller.example", "does not pay </dd><b> since June")
		tellsNot(t, name, "contact your reseller or the operator")
	}
	tells(t, "suspended-reseller-admin", "You can still ask for a refund", "Reinstate ordering")
	tellsNot(t, "suspended-support", "Reinstate ordering", "You can still ask")
	tells(t, "suspended-list", "Suspended")
}

func TestASuspensionSaysWhatBecomesOfTheOrder(t *testing.T) {
	tells(t, "suspend-none", "No order is under way")
	tells(t, "suspend-unsent", "P20261124-7K3M9QXR", "It will be cancelled, and nothing is charged")
	tells(t, "suspend-sent", "P20261124-7K3M9QXR", "runs on to its end")
	tellsNot(t, "suspend-sent", "nothing is charged")
	tells(t, "suspend-wrong", "a </textarea><b>", "Enter why you suspend the account")
}
