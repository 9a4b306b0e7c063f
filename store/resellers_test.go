package store_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"portal/models"
	"portal/store"
)

// TestAnOrderKeepsTheProfileThatItBeganWith: its reseller's at the moment of
// placing, the portal's where there is none; what is changed later is the next
// order's.
func TestAnOrderKeepsTheProfileThatItBeganWith(t *testing.T) {
	w := newWorld(t)
	ctx, operator := t.Context(), w.operator()
	north, err := w.CreateReseller(ctx, by(operator), models.Reseller{Name: "North", CredentialProfile: "north"})
	if err != nil {
		t.Fatal(err)
	}
	account, err := w.AddAccount(ctx, models.Account{OwnerID: 3001, Name: "Studio", ResellerID: &north.ID})
	if err != nil {
		t.Fatal(err)
	}
	place := func(account models.Account) models.Order {
		t.Helper()
		o, err := w.PlaceOrder(ctx, by(operator), w.quote(operator, account).ID, asQuoted)
		if err != nil {
			t.Fatal(err)
		}
		return o
	}
	if o := place(w.account); o.CredentialProfile != "default" {
		t.Errorf("a direct customer's order goes with %q", o.CredentialProfile)
	}
	o := place(account)
	if o.CredentialProfile != "north" {
		t.Fatalf("the order goes with %q", o.CredentialProfile)
	}
	if err := w.EditReseller(ctx, by(operator), north.ID, models.ResellerFacts{Name: "North", CredentialProfile: "north"}, "North", "south"); err != nil {
		t.Fatal(err)
	}
	claimed, _, err := w.Claim(ctx, o, "x", 15*time.Second)
	if err != nil || claimed.CredentialProfile != "north" {
		t.Fatalf("%q %v", claimed.CredentialProfile, err)
	}
	if kept, err := w.Order(ctx, operator, o.Number); err != nil || kept.CredentialProfile != "north" {
		t.Fatalf("the open order has %q now: %v", kept.CredentialProfile, err)
	}
	if profile, err := w.ProfileOf(ctx, account); err != nil || profile != "south" {
		t.Fatalf("%q %v", profile, err)
	}
	if rows, err := w.ResellerRows(ctx, "default"); err != nil || len(rows) != 1 || rows[0].Accounts != 1 || rows[0].Kept != 1 {
		t.Fatalf("%+v %v", rows, err)
	}
	uses, err := w.ProfilesInUse(ctx, "default")
	if err != nil {
		t.Fatal(err)
	}
	want := []store.ProfileUse{
		{Profile: "", OwnerID: 1001, Accounts: 1},
		{Profile: "north", OwnerID: 3001, Orders: 1},
		{Profile: "south", OwnerID: 3001, Accounts: 1, Sellers: []string{"North"}},
	}
	if !slices.EqualFunc(uses, want, func(a, b store.ProfileUse) bool {
		return a.Profile == b.Profile && a.OwnerID == b.OwnerID && a.Accounts == b.Accounts && a.Orders == b.Orders && slices.Equal(a.Sellers, b.Sellers)
	}) {
		t.Errorf("in use are %+v", uses)
	}
	t.Run("and back to the portal's own", func(t *testing.T) {
		if err := w.EditReseller(ctx, by(operator), north.ID, models.ResellerFacts{Name: "North", CredentialProfile: "south"}, "North", ""); err != nil {
			t.Fatal(err)
		}
		if err := w.Answer(ctx, claimed, models.Attempt{ID: 1}, models.Answer{Outcome: models.OutcomeRejected}, store.Next{Status: models.Rejected, Reason: models.ReasonRefused}); err != nil {
			t.Fatal(err)
		}
		if o := place(account); o.CredentialProfile != "default" {
			t.Errorf("the next order goes with %q", o.CredentialProfile)
		}
	})
}

// TestAResellerIsEditedByWhoSawIt: nobody puts an old profile back by correcting a
// name, and every change is on record.
func TestAResellerIsEditedByWhoSawIt(t *testing.T) {
	w := newWorld(t)
	ctx, operator := t.Context(), w.operator()
	north, err := w.CreateReseller(ctx, by(operator), models.Reseller{Name: "North"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.CreateReseller(ctx, by(operator), models.Reseller{Name: "North"}); !errors.Is(err, models.ErrExists) {
		t.Error("twice:", err)
	}
	if _, err := w.CreateReseller(ctx, by(operator), models.Reseller{Name: "South"}); err != nil {
		t.Fatal(err)
	}
	seen := models.ResellerFacts{Name: "North"}
	for name, v := range map[string]models.Viewer{"a customer": w.viewer, "a reseller": w.reseller("Own"), "support": {User: models.User{Role: models.Support}}} {
		if _, err := w.CreateReseller(ctx, by(v), models.Reseller{Name: "x"}); !errors.Is(err, models.ErrForbidden) {
			t.Errorf("added by %s: %v", name, err)
		}
		if err := w.EditReseller(ctx, by(v), north.ID, seen, "x", ""); !errors.Is(err, models.ErrForbidden) {
			t.Errorf("edited by %s: %v", name, err)
		}
		if _, err := w.Reseller(ctx, v, north.ID); !errors.Is(err, models.ErrNotFound) {
			t.Errorf("read by %s: %v", name, err)
		}
	}
	if err := w.EditReseller(ctx, by(operator), 99, seen, "x", ""); !errors.Is(err, models.ErrNotFound) {
		t.Error("one that there is not:", err)
	}
	if err := w.EditReseller(ctx, by(operator), north.ID, seen, "South", ""); !errors.Is(err, models.ErrExists) {
		t.Error("another's name:", err)
	}
	if err := w.EditReseller(ctx, by(operator), north.ID, seen, "North", ""); err != nil {
		t.Error(err)
	}
	if err := w.EditReseller(ctx, by(operator), north.ID, seen, "North", "north"); err != nil {
		t.Fatal(err)
	}
	if err := w.EditReseller(ctx, by(operator), north.ID, seen, "Northwind", ""); !errors.Is(err, models.ErrConflict) {
		t.Error("by who saw the old profile:", err)
	}
	changes, err := w.ResellerChanges(ctx, north.ID, 10)
	if err != nil || len(changes) != 2 {
		t.Fatal("what was as it was is a change:", changes, err)
	}
	if c := changes[0]; c.What != models.ResellerEdited || c.Actor != operator.Actor() || c.Address != "192.0.2.7" ||
		c.Before != north.Facts() || c.After != (models.Reseller{Name: "North", CredentialProfile: "north"}).Facts() {
		t.Errorf("%+v", c)
	}
	t.Run("at the same moment one is told", func(t *testing.T) {
		two := w.replicas(2)
		seen := models.ResellerFacts{Name: "North", CredentialProfile: "north"}
		errs := together(
			func() error {
				return two[0].EditReseller(context.Background(), by(operator), north.ID, seen, "North", "a")
			},
			func() error {
				return two[1].EditReseller(context.Background(), by(operator), north.ID, seen, "North", "b")
			})
		if (errs[0] == nil) == (errs[1] == nil) || !errors.Is(errors.Join(errs...), models.ErrConflict) {
			t.Fatal(errs)
		}
	})
}
