package handlers

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"portal/locales"
	"portal/models"
	"portal/views"
)

// peopleChangesShown is how many changes a place's people have on their page.
const peopleChangesShown = 10

// people leads admins to the people of their reseller, and operators to every
// reseller's. An account's people are behind the account's page.
func (a *app) people(c echo.Context) error {
	v := viewer(c)
	if v.Whose(models.ActPeople) == models.WhoseReseller {
		return c.Redirect(http.StatusSeeOther, peoplePath(models.Place{ResellerID: v.User.ResellerID}))
	}
	resellers, err := a.Store.Resellers(c.Request().Context())
	if err != nil {
		return err
	}
	return a.render(c, http.StatusOK, views.PeopleHome(a.page(c), views.PeopleHomeProps{Resellers: resellers}))
}

func peoplePath(p models.Place) string {
	if p.AccountID != nil {
		return accountPath(*p.AccountID) + "/people"
	}
	return "/resellers/" + strconv.FormatInt(*p.ResellerID, 10) + "/people"
}

// pathID is an id that stands in the path: models.ErrNotFound for what is none.
func pathID(c echo.Context, name string) (int64, error) {
	id, err := strconv.ParseInt(c.Param(name), 10, 64)
	if err != nil {
		return 0, models.ErrNotFound
	}
	return id, nil
}

// accountPeople lists who signs in for an account, and who is invited to.
func (a *app) accountPeople(c echo.Context) error {
	id, err := pathID(c, "account")
	if err != nil {
		return err
	}
	return a.renderPeople(c, http.StatusOK, models.Place{AccountID: &id}, views.PeopleProps{})
}

// resellerPeople lists a reseller's admins.
func (a *app) resellerPeople(c echo.Context) error {
	id, err := pathID(c, "reseller")
	if err != nil {
		return err
	}
	return a.renderPeople(c, http.StatusOK, models.Place{ResellerID: &id}, views.PeopleProps{})
}

// renderPeople is the page of a place's people, with what was typed into the form
// for an invitation or came of it.
func (a *app) renderPeople(c echo.Context, status int, place models.Place, p views.PeopleProps) error {
	ctx, v := c.Request().Context(), viewer(c)
	var err error
	if place.AccountID != nil {
		var account models.Account
		account, err = a.Store.Account(ctx, v, *place.AccountID)
		p.Account = &account
	} else {
		var reseller models.Reseller
		reseller, err = a.Store.Reseller(ctx, v, *place.ResellerID)
		p.Reseller = &reseller
	}
	if err != nil {
		return err
	}
	if p.Members, err = a.Store.People(ctx, place); err != nil {
		return err
	}
	if place.ResellerID != nil { // an account's are on its page
		if p.Changes, err = a.Store.ChangesOfReseller(ctx, *place.ResellerID, peopleChangesShown); err != nil {
			return err
		}
		if err := a.nameActors(c, p.Changes); err != nil {
			return err
		}
	}
	page := a.page(c)
	page.Path = peoplePath(place) // also after a post
	return a.render(c, status, views.People(page, p))
}

// inviteToAccount invites somebody as a customer of an account.
func (a *app) inviteToAccount(c echo.Context) error {
	id, err := pathID(c, "account")
	if err != nil {
		return err
	}
	if _, err := a.Store.Account(c.Request().Context(), viewer(c), id); err != nil {
		return err
	}
	return a.invite(c, models.Place{AccountID: &id})
}

// inviteToReseller invites somebody as an admin of a reseller.
func (a *app) inviteToReseller(c echo.Context) error {
	id, err := pathID(c, "reseller")
	if err != nil {
		return err
	}
	if _, err := a.Store.Reseller(c.Request().Context(), viewer(c), id); err != nil {
		return err
	}
	return a.invite(c, models.Place{ResellerID: &id})
}

// invite makes an invitation to a place that the viewer looks after. What people
// are there, the place says: no form can ask for more.
func (a *app) invite(c echo.Context, place models.Place) error {
	p := views.PeopleProps{Email: strings.TrimSpace(c.Request().PostForm.Get("email"))}
	email, err := models.NormalizeEmail(p.Email)
	if err != nil {
		key := "invite_email_invalid"
		if p.Email == "" {
			key = "invite_email_missing"
		}
		p.Problems = []views.Problem{{Field: "email", Key: key}}
		return a.renderPeople(c, http.StatusUnprocessableEntity, place, p)
	}
	token := models.NewInvitationToken()
	invitation, err := a.Store.Invite(c.Request().Context(), a.by(c), place, email, token.Hash())
	if key := notInvited(err); key != "" {
		p.Problems = []views.Problem{{Field: "email", Key: key}}
		return a.renderPeople(c, http.StatusUnprocessableEntity, place, p)
	}
	if err != nil {
		return err
	}
	return a.handOver(c, invitation, token)
}

// notInvited says why an address can't be invited, as a key of "problem"; empty
// for any other error.
func notInvited(err error) string {
	switch {
	case errors.Is(err, models.ErrExists):
		return "invite_present"
	case errors.Is(err, models.ErrTaken):
		return "invite_taken"
	case errors.Is(err, models.ErrConflict):
		return "invite_again"
	}
	return ""
}

// handOver gives an invitation's link to whoever invited: this page is the only
// place where it ever stands, beside the mail to who is invited. The invitation is
// committed: what becomes of the mail changes nothing about it.
func (a *app) handOver(c echo.Context, i models.Invitation, token models.InvitationToken) error {
	link := views.InvitationLink{Email: i.Email, URL: a.link(c, "/invitation?token="+string(token)), Until: i.ExpiresAt}
	if a.MailInvitation != nil {
		var err error
		if link.Mailed, err = a.mailInvitation(c, i, token, link.URL); err != nil {
			link.Mailed = models.MailFailed
			a.Logger.Error("can't send an invitation", "request_id", c.Get(keyRequestID), "error", err)
		}
	}
	return a.renderPeople(c, http.StatusOK, i.Place(), views.PeopleProps{Link: &link})
}

func (a *app) mailInvitation(c echo.Context, i models.Invitation, token models.InvitationToken, link string) (models.MailState, error) {
	ctx, v := c.Request().Context(), viewer(c)
	m := models.InvitationMail{
		Once: token.Hash(), Email: i.Email, Language: locales.From(ctx).Tag(), Account: i.AccountID,
		By: v.User.Email, Link: link, Until: i.ExpiresAt,
	}
	resellerID := i.ResellerID
	if i.AccountID != nil {
		account, err := a.Store.Account(ctx, v, *i.AccountID)
		if err != nil {
			return "", err
		}
		m.Place, resellerID = account.Name, account.ResellerID
	}
	if resellerID != nil {
		reseller, err := a.Store.Reseller(ctx, v, *resellerID)
		if err != nil {
			return "", err
		}
		m.Seller = reseller.Name
		if m.Place == "" {
			m.Place = reseller.Name
		}
	}
	return a.MailInvitation(ctx, m)
}

// resendInvitation makes another link for an invitation.
func (a *app) resendInvitation(c echo.Context) error {
	ctx := c.Request().Context()
	id, err := pathID(c, "invitation")
	if err != nil {
		return err
	}
	token := models.NewInvitationToken()
	invitation, err := a.Store.Resend(ctx, a.by(c), id, token.Hash())
	if err == nil {
		return a.handOver(c, invitation, token)
	}
	return a.notChanged(c, id, err)
}

// revokeInvitation lets an invitation's link lead nowhere.
func (a *app) revokeInvitation(c echo.Context) error {
	id, err := pathID(c, "invitation")
	if err != nil {
		return err
	}
	// The place never changes, so it can be read before.
	invitation, err := a.Store.Invitation(c.Request().Context(), viewer(c), id)
	if err != nil {
		return err
	}
	if err := a.Store.Revoke(c.Request().Context(), a.by(c), id); err != nil {
		return a.notChanged(c, id, err)
	}
	return c.Redirect(http.StatusSeeOther, peoplePath(invitation.Place()))
}

// notChanged says that an invitation was accepted or revoked meanwhile, or can't
// be any more.
func (a *app) notChanged(c echo.Context, id int64, err error) error {
	key := notInvited(err)
	if key == "" {
		return err
	}
	if errors.Is(err, models.ErrConflict) {
		key = "invitation_meanwhile"
	}
	invitation, err := a.Store.Invitation(c.Request().Context(), viewer(c), id)
	if err != nil {
		return err
	}
	return a.renderPeople(c, http.StatusConflict, invitation.Place(), views.PeopleProps{Problems: []views.Problem{{Key: key}}})
}

// removeForm says what a removal does, before it is done.
func (a *app) removeForm(c echo.Context) error {
	return a.renderRemove(c, http.StatusOK, nil)
}

func (a *app) renderRemove(c echo.Context, status int, problems []views.Problem) error {
	id, err := pathID(c, "person")
	if err != nil {
		return err
	}
	person, err := a.Store.Person(c.Request().Context(), viewer(c), id)
	if err != nil {
		return err
	}
	return a.render(c, status, views.RemovePerson(a.page(c), views.RemovePersonProps{
		Person: person, Self: person.ID == viewer(c).User.ID, Back: peoplePath(person.Place()), Problems: problems,
	}))
}

// removePerson ends what somebody may do here, at once.
func (a *app) removePerson(c echo.Context) error {
	id, err := pathID(c, "person")
	if err != nil {
		return err
	}
	person, err := a.Store.Person(c.Request().Context(), viewer(c), id)
	if err != nil {
		return err
	}
	err = a.Store.RemovePerson(c.Request().Context(), a.by(c), id)
	if errors.Is(err, models.ErrSelf) {
		return a.renderRemove(c, http.StatusConflict, []views.Problem{{Key: "remove_self"}})
	}
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, peoplePath(person.Place()))
}
