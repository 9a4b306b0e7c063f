package store

import (
	"context"
	"errors"
	"strconv"
	"time"

	"gorm.io/gorm"

	"portal/models"
)

// within keeps only the people and invitations of the accounts and of the
// reseller that the viewer may do something to.
func within(db *gorm.DB, v models.Viewer, action models.Action) *gorm.DB {
	switch v.Whose(action) {
	case models.WhoseAccount:
		return db.Where("account_id = ?", v.AccountID())
	case models.WhoseReseller:
		return db.Where(`(reseller_id = @id OR account_id IN (SELECT id FROM accounts WHERE reseller_id = @id))`,
			map[string]any{"id": v.User.ResellerID})
	case models.WhoseAll:
		return db
	case models.WhoseNone:
	}
	return db.Where("1 = 0")
}

// of chooses the rows of a place.
func of(db *gorm.DB, p models.Place) *gorm.DB {
	if p.AccountID != nil {
		return db.Where("account_id = ?", *p.AccountID)
	}
	return db.Where("reseller_id = ?", p.ResellerID)
}

// invitationsShown is how many of a place's newest invitations are looked at.
const invitationsShown = 200

// People lists who signs in for a place, in the order in which they came, then
// the invitations that nobody has accepted, the newest first: of each address
// the newest one, and none of somebody who is there. The place has been found for
// a viewer before.
func (s *Store) People(ctx context.Context, p models.Place) ([]models.Member, error) {
	var members []models.Member
	err := s.snapshot(ctx, func(tx *gorm.DB) error {
		members = nil
		now, err := s.at(tx)
		if err != nil {
			return err
		}
		var users []models.User
		if err := of(tx, p).Where("removed_at IS NULL").Order("id").Find(&users).Error; err != nil {
			return err
		}
		var invitations []models.Invitation
		if err := of(tx, p).Order("id DESC").Limit(invitationsShown).Find(&invitations).Error; err != nil {
			return err
		}
		inviters := map[int64]*models.User{}
		inviter := func(i models.Invitation) (*models.User, error) {
			if inviters[i.InvitedBy] == nil {
				u, err := first[models.User](tx.Where("id = ?", i.InvitedBy))
				if err != nil {
					return nil, err
				}
				inviters[i.InvitedBy] = &u
			}
			return inviters[i.InvitedBy], nil
		}
		met := map[string]bool{}
		for _, u := range users {
			met[u.Email] = true
			m := models.Member{Email: u.Email, Role: u.Role, State: models.PersonActive, User: &u}
			i, err := first[models.Invitation](tx.Where("user_id = ?", u.ID))
			if err == nil {
				m.InvitedBy, err = inviter(i)
			}
			if err != nil && !errors.Is(err, models.ErrNotFound) {
				return err
			}
			members = append(members, m)
		}
		for _, i := range invitations {
			if met[i.Email] || i.AcceptedAt != nil { // who accepted and is not met was removed
				met[i.Email] = true
				continue
			}
			met[i.Email] = true
			by, err := inviter(i)
			if err != nil {
				return err
			}
			members = append(members, models.Member{Email: i.Email, Role: i.Role, State: i.State(now), Invitation: &i, InvitedBy: by})
		}
		return nil
	})
	return members, err
}

// Invite invites an address to a place; the link's token stays with the caller.
//
// models.ErrForbidden for who looks after no people, models.ErrNotFound for a
// place of others. models.ErrExists when somebody signs in with the address within
// the viewer's reach, models.ErrTaken when elsewhere, models.ErrConflict when it
// has a link to this place already.
//
// Whoever invites, accepts or removes an address holds its name, and whoever hands
// out links their own, so that what is read here still holds when it is committed. Two places may have invited the same
// address: the first link that is accepted is the one that counts.
func (s *Store) Invite(ctx context.Context, by models.By, p models.Place, email, tokenHash string) (models.Invitation, error) {
	var invitation models.Invitation
	err := s.tx(ctx, func(tx *gorm.DB) error {
		if !by.May(models.ActPeople) {
			return models.ErrForbidden
		}
		if err := s.lockNames(tx, personName(email), personName(by.User.Email)); err != nil {
			return err
		}
		now, err := s.at(tx)
		if err != nil {
			return err
		}
		if err := present(tx, by); err != nil {
			return err
		}
		if p.AccountID != nil {
			_, err = first[models.Account](visible(tx, by.Viewer, models.ActPeople, "id").Where("id = ?", *p.AccountID))
		} else {
			_, err = first[models.Reseller](resellers(tx, by.Viewer, models.ActPeople).Where("id = ?", *p.ResellerID))
		}
		if err != nil {
			return err
		}
		if err := free(tx, by, email); err != nil {
			return err
		}
		var open int64
		err = of(tx.Model(&models.Invitation{}), p).
			Where("email = ? AND accepted_at IS NULL AND revoked_at IS NULL AND expires_at > ?", email, now).Count(&open).Error
		if err != nil {
			return err
		}
		if open > 0 {
			return models.ErrConflict
		}
		invitation = models.Invitation{
			Email: email, Role: p.Role(), AccountID: p.AccountID, ResellerID: p.ResellerID, TokenHash: tokenHash,
			InvitedBy: by.User.ID, CreatedAt: now, ExpiresAt: now.Add(models.InvitationValid),
		}
		if err := create(tx, &invitation); err != nil {
			return err
		}
		return addChange(tx, by, now, about(p, models.Change{What: models.PersonInvited, After: invitation.Facts(now)}))
	})
	return invitation, err
}

// Resend gives an invitation another link that is valid for as long as a new
// one's; the one before leads nowhere. models.ErrConflict for one that was
// accepted or revoked, models.ErrExists and models.ErrTaken as of Invite.
func (s *Store) Resend(ctx context.Context, by models.By, id int64, tokenHash string) (models.Invitation, error) {
	var after models.Invitation
	err := s.onInvitation(ctx, by, id, func(tx *gorm.DB, now time.Time, before models.Invitation) error {
		if err := free(tx, by, before.Email); err != nil {
			return err
		}
		after = before
		after.TokenHash, after.ExpiresAt = tokenHash, now.Add(models.InvitationValid)
		if err := unaccepted(tx, id, map[string]any{"token_hash": after.TokenHash, "expires_at": after.ExpiresAt}); err != nil {
			return err
		}
		return addChange(tx, by, now, about(before.Place(), models.Change{
			What: models.InvitationResent, Before: before.Facts(now), After: after.Facts(now),
		}))
	})
	return after, err
}

// Revoke lets an invitation's link lead nowhere. models.ErrConflict for one that
// was accepted or revoked.
func (s *Store) Revoke(ctx context.Context, by models.By, id int64) error {
	return s.onInvitation(ctx, by, id, func(tx *gorm.DB, now time.Time, i models.Invitation) error {
		return revoke(tx, by, now, i)
	})
}

func revoke(tx *gorm.DB, by models.By, now time.Time, before models.Invitation) error {
	after := before
	after.RevokedAt = &now
	if err := unaccepted(tx, before.ID, map[string]any{"revoked_at": now}); err != nil {
		return err
	}
	return addChange(tx, by, now, about(before.Place(), models.Change{
		What: models.InvitationRevoked, Before: before.Facts(now), After: after.Facts(now),
	}))
}

// Invitation finds an invitation to a place that the viewer looks after.
func (s *Store) Invitation(ctx context.Context, v models.Viewer, id int64) (models.Invitation, error) {
	return first[models.Invitation](within(s.read.WithContext(ctx), v, models.ActPeople).Where("id = ?", id))
}

// onInvitation holds an invitation's address and reads it as it is then.
func (s *Store) onInvitation(ctx context.Context, by models.By, id int64, do func(*gorm.DB, time.Time, models.Invitation) error) error {
	return s.tx(ctx, func(tx *gorm.DB) error {
		if !by.May(models.ActPeople) {
			return models.ErrForbidden
		}
		find := func() (models.Invitation, error) {
			return first[models.Invitation](within(tx, by.Viewer, models.ActPeople).Where("id = ?", id))
		}
		i, err := find()
		if err != nil {
			return err
		}
		if err := s.lockNames(tx, personName(i.Email), personName(by.User.Email)); err != nil { // an address never changes
			return err
		}
		if err := present(tx, by); err != nil {
			return err
		}
		if i, err = find(); err != nil {
			return err
		}
		now, err := s.at(tx)
		if err != nil {
			return err
		}
		return do(tx, now, i)
	})
}

// unaccepted changes an invitation that nobody has accepted or revoked, else it
// says models.ErrConflict.
func unaccepted(tx *gorm.DB, id int64, set map[string]any) error {
	result := tx.Model(&models.Invitation{}).Where("id = ? AND accepted_at IS NULL AND revoked_at IS NULL", id).UpdateColumns(set)
	if result.Error == nil && result.RowsAffected != 1 {
		return models.ErrConflict
	}
	return result.Error
}

// InvitationOf finds the invitation that a link's token opens: models.ErrNotFound
// for a token that never was, was used, revoked or replaced, or has expired.
func (s *Store) InvitationOf(ctx context.Context, tokenHash string) (models.Invitation, error) {
	db := s.read.WithContext(ctx)
	now, err := s.at(db)
	if err != nil {
		return models.Invitation{}, err
	}
	return openedBy(db, tokenHash, now)
}

func openedBy(db *gorm.DB, tokenHash string, now time.Time) (models.Invitation, error) {
	return first[models.Invitation](db.Where("token_hash = ? AND accepted_at IS NULL AND revoked_at IS NULL AND expires_at > ?", tokenHash, now))
}

// AcceptInvitation makes a person of an invitation, once: models.ErrNotFound for
// a token that opens nothing, or not any more, or when somebody signs in with the
// address by now. from says where the request came from; who does it is the
// person.
//
// A crash before the commit leaves the link as it was; after it, the person signs
// in with the password that they chose.
func (s *Store) AcceptInvitation(ctx context.Context, from models.By, tokenHash, passwordHash, language string) (models.User, error) {
	var user models.User
	err := s.tx(ctx, func(tx *gorm.DB) error {
		now, err := s.at(tx)
		if err != nil {
			return err
		}
		i, err := openedBy(tx, tokenHash, now)
		if err != nil {
			return err
		}
		if err := s.lockNames(tx, personName(i.Email)); err != nil {
			return err
		}
		// Again: another request may have used it, or its admin revoked it, before the lock.
		if i, err = openedBy(tx, tokenHash, now); err != nil {
			return err
		}
		user = models.User{
			Login: i.Email, Email: i.Email, PasswordHash: passwordHash, Role: i.Role, AccountID: i.AccountID, ResellerID: i.ResellerID,
			Language: language, CreatedAt: now,
		}
		err = create(tx, &user)
		if errors.Is(err, models.ErrExists) {
			return models.ErrNotFound
		}
		if err == nil {
			err = unaccepted(tx, i.ID, map[string]any{"accepted_at": now, "user_id": user.ID})
		}
		if err != nil {
			return err
		}
		from.User = user
		return addChange(tx, from, now, about(i.Place(), models.Change{
			What: models.InvitationAccepted, UserID: user.ID, Before: i.Facts(now), After: user.Facts(),
		}))
	})
	return user, err
}

// Person finds somebody who signs in for a place that the viewer looks after.
func (s *Store) Person(ctx context.Context, v models.Viewer, id int64) (models.User, error) {
	return person(s.read.WithContext(ctx), v, id)
}

func person(db *gorm.DB, v models.Viewer, id int64) (models.User, error) {
	return first[models.User](within(db, v, models.ActPeople).
		Where("id = ? AND removed_at IS NULL AND role IN ?", id, []models.Role{models.Customer, models.ResellerAdmin}))
}

// RemovePerson ends what somebody may do here, with all their sessions, and voids
// the links that they have handed out: they know them. models.ErrForbidden for who
// looks after no people, models.ErrNotFound for people of others, models.ErrSelf
// for oneself.
//
// A reseller's admins are removed one after the other, and only by somebody who is
// there: so two who remove each other at the same moment leave one, and the last
// admin goes only by an operator.
//
// A crash before the commit leaves everything as it was, after it nothing is left
// to do.
func (s *Store) RemovePerson(ctx context.Context, by models.By, id int64) error {
	return s.tx(ctx, func(tx *gorm.DB) error {
		if !by.May(models.ActPeople) {
			return models.ErrForbidden
		}
		user, err := person(tx, by.Viewer, id)
		if err != nil {
			return err
		}
		if user.ID == by.User.ID {
			return models.ErrSelf
		}
		names := []string{personName(user.Email)}
		if user.ResellerID != nil {
			names = append(names, "admins:"+strconv.FormatInt(*user.ResellerID, 10))
		}
		if err := s.lockNames(tx, names...); err != nil {
			return err
		}
		if err := present(tx, by); err != nil {
			return err
		}
		if user, err = person(tx, by.Viewer, id); err != nil {
			return err
		}
		now, err := s.at(tx)
		if err != nil {
			return err
		}
		err = tx.Model(&models.User{}).Where("id = ?", id).UpdateColumns(map[string]any{
			"removed_at": now, "login": "removed:" + strconv.FormatInt(id, 10),
		}).Error
		if err == nil {
			_, err = endSessions(tx, now, "user_id = ?", id)
		}
		if err != nil {
			return err
		}
		var handedOut []models.Invitation
		err = tx.Where("invited_by = ? AND accepted_at IS NULL AND revoked_at IS NULL AND expires_at > ?", id, now).
			Order("id").Find(&handedOut).Error
		if err != nil {
			return err
		}
		for _, i := range handedOut {
			// Accepted or revoked at this very moment is void as well.
			if err := revoke(tx, by, now, i); err != nil && !errors.Is(err, models.ErrConflict) {
				return err
			}
		}
		before := user.Facts()
		user.RemovedAt = &now
		return addChange(tx, by, now, about(user.Place(), models.Change{
			What: models.PersonRemoved, UserID: id, Before: before, After: user.Facts(),
		}))
	})
}

// ChangePassword gives the person who asks another password, and ends all their
// sessions but the one with this id. before is the hash that the present password
// was compared with: models.ErrConflict when it is another by now.
//
// Signing in changes the person's row, too (see Sessions.Save): a sign-in with the
// old password either came before, and its session ends here, or it fails.
func (s *Store) ChangePassword(ctx context.Context, by models.By, before, after, session string) error {
	return s.tx(ctx, func(tx *gorm.DB) error {
		now, err := s.at(tx)
		if err != nil {
			return err
		}
		result := tx.Exec(`UPDATE users SET password_hash = ? WHERE id = ? AND password_hash = ? AND removed_at IS NULL`, after, by.User.ID, before)
		if result.Error != nil {
			return result.Error
		}
		if result.RowsAffected != 1 {
			return models.ErrConflict
		}
		if _, err := endSessions(tx, now, "user_id = ? AND id_hash <> ?", by.User.ID, hashSession(session)); err != nil {
			return err
		}
		return addChange(tx, by, now, about(by.User.Place(), models.Change{
			What: models.PasswordChanged, UserID: by.User.ID, Before: by.User.Facts(), After: by.User.Facts(),
		}))
	})
}

// personName is what lockNames locks for whoever decides by an address.
func personName(email string) string { return "person:" + email }

// present refuses somebody who was removed since their request began:
// models.ErrForbidden.
func present(tx *gorm.DB, by models.By) error {
	_, err := first[models.User](tx.Where("id = ? AND removed_at IS NULL", by.User.ID))
	if errors.Is(err, models.ErrNotFound) {
		return models.ErrForbidden
	}
	return err
}

// free is nil when nobody signs in with the address.
func free(tx *gorm.DB, by models.By, email string) error {
	user, err := first[models.User](tx.Where("login = ?", email))
	if err != nil {
		if errors.Is(err, models.ErrNotFound) {
			err = nil
		}
		return err
	}
	_, err = first[models.User](within(tx, by.Viewer, models.ActPeople).Where("id = ?", user.ID))
	switch {
	case err == nil:
		return models.ErrExists
	case errors.Is(err, models.ErrNotFound):
		return models.ErrTaken
	}
	return err
}

// about says for whom a change is.
func about(p models.Place, c models.Change) models.Change {
	if p.AccountID != nil {
		c.AccountID = *p.AccountID
	}
	if p.ResellerID != nil {
		c.ResellerID = *p.ResellerID
	}
	return c
}
