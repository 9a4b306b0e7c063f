package views

import (
	"context"
	"strconv"

	"github.com/a-h/templ"

	"portal/models"
)

// personLook is how a person's state looks.
func personLook(s models.PersonState) look {
	switch s {
	case models.PersonActive:
		return look{"ok", "check"}
	case models.PersonInvitedState:
		return look{"info", "clock"}
	case models.PersonExpired:
		return look{"warn", "clock"}
	case models.PersonRevoked, models.PersonRemovedState:
	}
	return look{"mute", "minus"}
}

func peopleTitle(ctx context.Context, props PeopleProps) string {
	if props.Account != nil {
		return t(ctx, "people.title_of", "Name", props.Account.Name)
	}
	return t(ctx, "people.title_of", "Name", props.Reseller.Name)
}

func peopleSection(props PeopleProps) string {
	if props.Account != nil {
		return "accounts"
	}
	return "people"
}

// peopleHint says what an invited person will be allowed to do.
func peopleHint(ctx context.Context, props PeopleProps) string {
	if props.Account != nil {
		return t(ctx, "people.email_hint.account")
	}
	return t(ctx, "people.email_hint.reseller")
}

func accountPeopleURL(id int64) templ.SafeURL { return accountURL(id) + "/people" }

func resellerPeopleURL(id int64) templ.SafeURL {
	return templ.SafeURL("/resellers/" + strconv.FormatInt(id, 10) + "/people")
}

func peopleURL(props PeopleProps) templ.SafeURL {
	if props.Account != nil {
		return accountPeopleURL(props.Account.ID)
	}
	return resellerPeopleURL(props.Reseller.ID)
}

func removeURL(id int64) templ.SafeURL {
	return templ.SafeURL("/people/" + strconv.FormatInt(id, 10) + "/remove")
}

func invitationURL(id int64) templ.SafeURL {
	return templ.SafeURL("/invitations/" + strconv.FormatInt(id, 10))
}

// resendURL and revokeURL change an invitation by POST.
func resendURL(id int64) templ.SafeURL { return invitationURL(id) + "/resend" }
func revokeURL(id int64) templ.SafeURL { return invitationURL(id) + "/revoke" }
