// Package demo is the sandbox's made-up world. A small one is in every database
// of the sandbox: four accounts that have bought nothing, and one person for each
// role. Where the sandbox is the portal's own and both begin anew, there is a past
// beside it: more than a year in which two resellers with dozens of accounts
// bought, renewed, upgraded and got their money back. It is lived through by the
// portal's own code with a clock of its own, so that nothing in it can be what
// could not have happened.
//
// Real databases have none of it.
package demo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"portal/failpoint"
	"portal/models"
	"portal/passwords"
	"portal/provider"
	"portal/provider/sandbox"
	"portal/store"
	"portal/views"
)

// The small world.
var (
	huadong  = models.Reseller{Name: "Huadong Cloud 华东云", CredentialProfile: "huadong"}
	accounts = []struct {
		ownerID  int64
		name     string
		machines int
		reseller bool
	}{
		{1000000000000025, "Linhai Trading 临海贸易", 25, false},
		{1000000000000003, "Studio Three 三人工作室", 3, true},
		{1000000000000008, "Beichen Logistics 北辰物流", 8, true},
		{1000000000000000, "New Leaf 新叶科技", 0, true}, // no machines: the provider counts 1
	}
	users = []struct {
		email   string
		role    models.Role
		ownerID int64 // a customer's account
	}{
		{"lin@example.com", models.Customer, 1000000000000025},
		{"san@example.com", models.Customer, 1000000000000003},
		{"admin@reseller.example.com", models.ResellerAdmin, 0},
		{"support@example.com", models.Support, 0},
		{"operator@example.com", models.Operator, 0},
	}
)

// staff sees every account, as commands do, and actor adds the small world.
var (
	staff = models.Viewer{User: models.User{Role: models.Operator}}
	actor = models.By{Viewer: staff, Command: "command:demo"}
)

// Password is everybody's. It is printed at the start and shown on the sandbox's
// sign-in page: no secret.
const Password = "nothing-is-real-here"

// Profiles are the credential profiles that there are with the sandbox: its own
// demo keys, the portal owner's and one for each reseller.
func Profiles() map[string]provider.Key {
	return map[string]provider.Key{
		provider.DefaultProfile:   {ID: sandbox.DemoAccessKeyID, Secret: sandbox.DemoAccessKeySecret},
		huadong.CredentialProfile: {ID: sandbox.EastAccessKeyID, Secret: sandbox.EastAccessKeySecret},
		beifang.CredentialProfile: {ID: sandbox.NorthAccessKeyID, Secret: sandbox.NorthAccessKeySecret},
	}
}

// Machines is how many machines the sandbox counts for each owner of the small
// world. Those of the past are in the state file that it left.
func Machines() map[int64]int {
	machines := map[int64]int{}
	for _, a := range accounts {
		machines[a.ownerID] = a.machines
	}
	return machines
}

// SandboxConfig is the sandbox as the portal embeds it, and as it starts alone
// without settings. What expired is released after 15 days: the document does not
// say when the provider does, but an owner must be able to buy anew.
func SandboxConfig(state string) sandbox.Config {
	return sandbox.Config{StatePath: state, Machines: Machines(), ReleaseAfter: 15 * 24 * time.Hour}
}

// People are those whom the sign-in page offers, with where they belong: one for
// each role, and where there is a past a customer with something to look after.
func People(ctx context.Context, db *store.Store) ([]views.DemoPerson, error) {
	var people []views.DemoPerson
	for _, one := range []struct{ email, sees string }{
		{"lin@example.com", "buyer"}, {subscriber, "subscriber"}, {"admin@reseller.example.com", "reseller"},
		{"support@example.com", "support"}, {"operator@example.com", "operator"},
	} {
		user, err := db.UserByEmail(ctx, one.email)
		if errors.Is(err, models.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		person := views.DemoPerson{Email: one.email, Password: Password, Role: user.Role, Sees: one.sees}
		if user.AccountID != nil || user.ResellerID != nil {
			if person.Place, err = db.PlaceName(ctx, user.Place()); err != nil {
				return nil, err
			}
		}
		people = append(people, person)
	}
	return people, nil
}

// AddPeople makes the small world in a database that belongs to the
// sandbox. What is there already is left as it is, so that a start that was
// cut off is completed by the next, and so that replicas may start together.
func AddPeople(ctx context.Context, db *store.Store) error {
	reseller, err := addReseller(ctx, db)
	if err != nil {
		return fmt.Errorf("demo reseller: %w", err)
	}
	added := map[int64]models.Account{}
	for _, a := range accounts {
		failpoint.Hit(failpoint.StartPerson)
		account, err := db.AccountByOwner(ctx, a.ownerID)
		if errors.Is(err, models.ErrNotFound) {
			account = models.Account{OwnerID: a.ownerID, Name: a.name}
			if a.reseller {
				account.ResellerID = &reseller.ID
			}
			account, err = db.AddAccount(ctx, account)
		}
		if errors.Is(err, models.ErrExists) {
			account, err = db.AccountByOwner(ctx, a.ownerID)
		}
		if err != nil {
			return fmt.Errorf("demo account: %w", err)
		}
		added[a.ownerID] = account
	}
	hash := ""
	for _, u := range users {
		failpoint.Hit(failpoint.StartPerson)
		_, err := db.UserByEmail(ctx, u.email)
		if err == nil {
			continue
		}
		user := models.User{Email: u.email, Role: u.role}
		switch u.role {
		case models.Customer:
			id := added[u.ownerID].ID
			user.AccountID = &id
		case models.ResellerAdmin:
			user.ResellerID = &reseller.ID
		case models.Support, models.Operator:
		}
		if errors.Is(err, models.ErrNotFound) {
			err = nil
			if hash == "" { // it takes its time, and they have but one
				hash, err = passwords.Hash(ctx, Password)
			}
			user.PasswordHash = hash
		}
		if err == nil {
			_, err = db.AddUser(ctx, user)
		}
		if err != nil && !errors.Is(err, models.ErrExists) {
			return fmt.Errorf("demo user: %w", err)
		}
	}
	return nil
}

// addReseller gives the demo reseller, also where an operator has renamed it: it
// is the one whose admin there is.
func addReseller(ctx context.Context, db *store.Store) (models.Reseller, error) {
	for _, u := range users {
		if u.role != models.ResellerAdmin {
			continue
		}
		if admin, err := db.UserByEmail(ctx, u.email); err == nil && admin.ResellerID != nil {
			return db.Reseller(ctx, staff, *admin.ResellerID)
		}
	}
	reseller, err := db.ResellerByName(ctx, huadong.Name)
	if errors.Is(err, models.ErrNotFound) {
		reseller, err = db.CreateReseller(ctx, actor, huadong)
	}
	if errors.Is(err, models.ErrExists) {
		reseller, err = db.ResellerByName(ctx, huadong.Name) // another replica was quicker
	}
	return reseller, err
}
