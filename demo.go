package main

import (
	"context"
	"errors"
	"fmt"

	"portal/failpoint"
	"portal/models"
	"portal/passwords"
	"portal/store"
	"portal/views"
)

// The sandbox's made-up world: accounts with their machines, and one person
// for each role. Real databases have none of it.
var (
	demoReseller = "Huadong Cloud 华东云"
	demoAccounts = []struct {
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
	demoUsers = []struct {
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

// demoPassword is everybody's. It is printed at the start and shown on the
// sandbox's sign-in page: no secret.
const demoPassword = "nothing-is-real-here"

func demoPeople() []views.DemoPerson {
	var people []views.DemoPerson
	for _, u := range demoUsers {
		people = append(people, views.DemoPerson{Email: u.email, Password: demoPassword, Role: u.role})
	}
	return people
}

// demoMachines is how many machines the sandbox counts for each owner.
func demoMachines() map[int64]int {
	machines := map[int64]int{}
	for _, a := range demoAccounts {
		machines[a.ownerID] = a.machines
	}
	return machines
}

// addDemoPeople makes the made-up world in a database that belongs to the
// sandbox. What is there already is left as it is, so that a start that was
// cut off is completed by the next, and so that replicas may start together.
func addDemoPeople(ctx context.Context, db *store.Store) error {
	reseller, err := db.ResellerByName(ctx, demoReseller)
	if errors.Is(err, models.ErrNotFound) {
		reseller, err = db.AddReseller(ctx, demoReseller)
	}
	if errors.Is(err, models.ErrExists) {
		reseller, err = db.ResellerByName(ctx, demoReseller) // another replica was quicker
	}
	if err != nil {
		return fmt.Errorf("demo reseller: %w", err)
	}
	accounts := map[int64]models.Account{}
	for _, a := range demoAccounts {
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
		accounts[a.ownerID] = account
	}
	for _, u := range demoUsers {
		failpoint.Hit(failpoint.StartPerson)
		_, err := db.UserByEmail(ctx, u.email)
		if err == nil {
			continue
		}
		user := models.User{Email: u.email, Role: u.role}
		switch u.role {
		case models.Customer:
			id := accounts[u.ownerID].ID
			user.AccountID = &id
		case models.ResellerAdmin:
			user.ResellerID = &reseller.ID
		case models.Support, models.Operator:
		}
		if errors.Is(err, models.ErrNotFound) {
			user.PasswordHash, err = passwords.Hash(ctx, demoPassword)
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
