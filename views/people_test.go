package views_test

import (
	"strings"
	"testing"
	"time"

	"github.com/a-h/templ"
	"golang.org/x/net/html"

	"portal/models"
	"portal/views"
)

// peoplePages are where people are looked after, and where they come in.
func peoplePages() []canned {
	var out []canned
	add := func(name string, p views.Page, body func(views.Page) templ.Component) {
		out = append(out, canned{name: name, page: p, body: body})
	}
	admin := page(models.ResellerAdmin, "/accounts/7/people")
	invitation := models.Invitation{ID: 4, Email: `"><b>new@yunqi.example`, Role: models.Customer, AccountID: ptr(int64(7)), ExpiresAt: now.Add(5 * 24 * time.Hour)}
	inviter := &models.User{ID: 9, Email: "zhang.wei@reseller.example"}
	member := func(id int64, email string, last *time.Time) models.Member {
		return models.Member{Email: email, Role: models.Customer, State: models.PersonActive, User: &models.User{ID: id, Email: email, LastSignInAt: last}}
	}
	invited := func(email string, state models.PersonState) models.Member {
		i := invitation
		i.Email = email
		return models.Member{Email: email, Role: models.Customer, State: state, Invitation: &i, InvitedBy: inviter}
	}
	all := []models.Member{
		member(5, "li.na@yunqi.example", ptr(now.Add(-time.Hour))), member(6, "never@yunqi.example", nil), member(admin.Viewer.User.ID, inviter.Email, nil),
		invited(invitation.Email, models.PersonInvitedState), invited("late@yunqi.example", models.PersonExpired), invited("off@yunqi.example", models.PersonRevoked),
	}
	people := func(name string, p views.Page, props views.PeopleProps) {
		add(name, p, func(p views.Page) templ.Component { return views.People(p, props) })
	}
	reseller := models.Reseller{ID: 3, Name: "Huadong Cloud 华东云"}
	people("people", admin, views.PeopleProps{Account: &account, Members: all})
	people("people-none", admin, views.PeopleProps{Account: &account})
	people("people-wrong", admin, views.PeopleProps{Account: &account, Members: all, Email: `a "b`, Problems: []views.Problem{{Field: "email", Key: "invite_email_invalid"}}})
	people("people-meanwhile", admin, views.PeopleProps{Account: &account, Problems: []views.Problem{{Key: "invitation_meanwhile"}}})
	gone := models.User{Email: "gone@reseller.example", RemovedAt: &now}
	people("people-reseller", page(models.ResellerAdmin, "/resellers/3/people"), views.PeopleProps{
		Reseller: &reseller, Members: all[:1],
		Link: &views.InvitationLink{Email: invitation.Email, URL: "https://portal.example/invitation?token=Zm91ci13b3Jkcy1vZi1vbmUtcy1vd24tbm90LWEtcmVhbC0x", Until: invitation.ExpiresAt},
		Changes: []models.Change{
			{At: now, What: models.PersonRemoved, Before: models.User{Email: gone.Email}.Facts(), After: gone.Facts(), Actor: inviter.Email},
			{At: now, What: models.PersonInvited, After: invitation.Facts(now), Actor: inviter.Email},
		},
	})
	add("people-home", page(models.Operator, "/people"), func(p views.Page) templ.Component {
		return views.PeopleHome(p, views.PeopleHomeProps{Resellers: []models.Reseller{reseller, {ID: 4, Name: "<b>"}}})
	})
	add("people-home-none", page(models.Operator, "/people"), func(p views.Page) templ.Component {
		return views.PeopleHome(p, views.PeopleHomeProps{})
	})
	for name, self := range map[string]bool{"remove": false, "remove-self": true} {
		add(name, page(models.ResellerAdmin, "/people/5/remove"), func(p views.Page) templ.Component {
			return views.RemovePerson(p, views.RemovePersonProps{Person: *all[0].User, Self: self, Back: "/accounts/7/people"})
		})
	}
	guest := views.Page{Path: "/invitation", Sandbox: true, RequestID: "01JDF7Q2M8X5", Now: now}
	open := func(name string, p views.Page, props views.InvitationProps) {
		add(name, p, func(p views.Page) templ.Component { return views.Invitation(p, props) })
	}
	open("invitation", guest, views.InvitationProps{Invitation: invitation, To: account.Name, Language: "zh-Hans", Least: 12})
	toReseller := invitation
	toReseller.Role = models.ResellerAdmin
	open("invitation-wrong", page(models.Customer, "/invitation"), views.InvitationProps{
		Invitation: toReseller, To: reseller.Name, Language: "en", Least: 12,
		Problems: []views.Problem{{Field: "password", Key: "new_password_unsuitable", Args: []any{"Least", 12, "Most", 1024}}},
	})
	add("invitation-gone", guest, views.InvitationGone)
	me := func(name string, role models.Role, props views.MeProps) {
		p := page(role, "/me")
		props.User, props.Least = p.Viewer.User, 12
		add(name, p, func(p views.Page) templ.Component { return views.Me(p, props) })
	}
	me("me", models.Customer, views.MeProps{Of: account.Name, Changed: true})
	me("me-wrong", models.Operator, views.MeProps{Problems: []views.Problem{
		{Field: "present_password", Key: "present_password_wrong"}, {Field: "password", Key: "new_password_missing"},
	}})
	for role, acting := range map[models.Role]models.Placer{
		models.ResellerAdmin: {Role: models.ResellerAdmin, Email: inviter.Email, Reseller: reseller.Name}, models.Operator: {Role: models.Operator},
	} {
		p := page(role, "/accounts/7/quote?kind=buy")
		p.Acting = &acting
		add("quote-acting-"+string(role), p, func(p views.Page) templ.Component { return views.QuoteForm(p, quoteForm()) })
		add("orders-acting-"+string(role), page(role, "/orders"), func(p views.Page) templ.Component {
			return views.Orders(p, views.OrdersProps{Any: true, Count: 1, ShowAccounts: true, Rows: []views.OrderRow{
				{Order: order(models.Completed, models.Buy, models.ReasonDone), Account: account, By: "Placed by " + inviter.Email + ", as admin of <b>"},
			}})
		})
	}
	for name, role := range map[string]models.Role{"viewing": models.Operator, "viewing-support": models.Support} {
		p := page(role, "/accounts/7")
		v := p.Viewer.In(models.View{AccountID: account.ID, Since: now.Add(-time.Minute)}, account)
		p.Viewer = &v
		add(name, p, func(p views.Page) templ.Component {
			return views.Account(p, views.AccountProps{Account: account, Subscription: subscription(200*day, true), Owned: owned(25), MayOrder: p.Viewer.May(models.ActOrder)})
		})
	}
	for _, key := range []string{"viewing", "view_over"} {
		add("error-"+key, page(models.Operator, "/orders"), func(p views.Page) templ.Component {
			return views.Error(p, views.ErrorProps{Status: 403, Key: key, Back: "/"})
		})
	}
	return out
}

func TestAViewSaysSoOnTop(t *testing.T) {
	if said := text(pickDoc(t, "viewing")); !strings.Contains(said, "You see the portal as the customers of "+account.Name) || !strings.Contains(said, "Back to your own pages") {
		t.Error("the page does not say that it is seen as a customer")
	}
	tellsNot(t, "viewing", "Administer", "View as the customer")
	tells(t, "error-viewing", "Nothing was charged")
}

func TestOrderingForOthersSaysForWhom(t *testing.T) {
	tells(t, "quote-acting-reseller-admin", "You are ordering for "+account.Name+", as admin of Huadong Cloud 华东云")
	tells(t, "quote-acting-operator", "as operator of the portal")
	tellsNot(t, "quote", "You are ordering for")
	tells(t, "orders-acting-operator", "Placed by zhang.wei@reseller.example, as admin of <b>")
}

// TestAnAddressIsNotBrokenInsideAWord: a line ends behind its marks.
func TestAnAddressIsNotBrokenInsideAWord(t *testing.T) {
	raw, _ := render(t, pick(t, "people"), "en")
	if !strings.Contains(raw, "li.<wbr>na@<wbr>yunqi.<wbr>example") || !strings.Contains(raw, "&gt;new@<wbr>") {
		t.Error("an address is broken anywhere, or its marks are not text")
	}
}

// TestWhereThePeopleOfAnAccountAre is a way there, from a reseller's people too.
func TestWhereThePeopleOfAnAccountAre(t *testing.T) {
	_, doc := render(t, pick(t, "people-reseller"), "en")
	if links := find(doc, func(n *html.Node) bool {
		return attr(n, "href") == "/accounts" && strings.HasPrefix(text(n), "Go to the accounts")
	}); len(links) != 1 {
		t.Errorf("%d links", len(links))
	}
}

func TestAPlaceShowsItsPeople(t *testing.T) {
	tells(t, "people", "li.na@yunqi.exampleCustomerActive", "Never", "You", "Added by the operator", "InvitedUntil", "Expired", "Revoked")
	tellsNot(t, "people", "Zm91ci13b3Jkcy1")
	tells(t, "people-reseller", "Zm91ci13b3Jkcy1", "The link is shown only now", "Person removed gone@reseller.example", "admin of this reseller")
	tells(t, "remove", "signed out everywhere at once", "Remove this person")
	tells(t, "remove-self", "You cannot remove yourself")
	tells(t, "invitation", "You are invited to the account", "At least 12 characters")
	tells(t, "invitation-wrong", "You are invited as an admin of", "You are signed in as", "at least 12 characters, and at most 1,024 bytes")
	tells(t, "me", "Your password is changed")
}
