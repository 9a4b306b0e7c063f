package store_test

import (
	"context"
	"errors"
	"testing"

	"portal/models"
)

// TestAnAccountIsAddedOnceAndToWhoMayHaveIt: an admin's is the own reseller's,
// whatever the form said; an OwnerID is one account's in the whole portal.
func TestAnAccountIsAddedOnceAndToWhoMayHaveIt(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	own, foreign, operator := w.reseller("Own"), w.reseller("Foreign"), w.operator()
	account, err := w.CreateAccount(ctx, by(own), models.Account{OwnerID: 2001, Name: "Studio", Note: "pays late", ResellerID: foreign.User.ResellerID})
	if err != nil || *account.ResellerID != *own.User.ResellerID {
		t.Fatal(account, err)
	}
	for name, v := range map[string]models.Viewer{"itself": own, "another reseller": foreign, "an operator": operator} {
		if _, err := w.CreateAccount(ctx, by(v), models.Account{OwnerID: 2001, Name: "Twice"}); !errors.Is(err, models.ErrExists) {
			t.Errorf("once more by %s: %v", name, err)
		}
	}
	for name, v := range map[string]models.Viewer{"its customer": w.viewer, "support": {User: models.User{Role: models.Support}}} {
		if _, err := w.CreateAccount(ctx, by(v), models.Account{OwnerID: 2002, Name: "Not theirs"}); !errors.Is(err, models.ErrForbidden) {
			t.Errorf("by %s: %v", name, err)
		}
	}
	nobody := int64(99)
	if _, err := w.CreateAccount(ctx, by(operator), models.Account{OwnerID: 2003, Name: "x", ResellerID: &nobody}); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("a reseller that there is not: %v", err)
	}
	direct, err := w.CreateAccount(ctx, by(operator), models.Account{OwnerID: 2004, Name: "Direct"})
	if err != nil || direct.ResellerID != nil {
		t.Fatal(direct, err)
	}
	theirs, err := w.CreateAccount(ctx, by(operator), models.Account{OwnerID: 2005, Name: "Theirs", ResellerID: foreign.User.ResellerID})
	if err != nil || *theirs.ResellerID != *foreign.User.ResellerID {
		t.Fatal(theirs, err)
	}
	changes, err := w.Changes(ctx, account.ID, 10)
	if err != nil || len(changes) != 1 {
		t.Fatal(changes, err)
	}
	if c := changes[0]; c.What != models.AccountAdded || c.Actor != own.Actor() || c.Before != "" || c.After != account.Facts() {
		t.Errorf("%+v", c)
	}
	t.Run("and at the same moment one is told", func(t *testing.T) {
		two := w.replicas(2)
		errs := together(
			func() error {
				_, err := two[0].CreateAccount(context.Background(), by(own), models.Account{OwnerID: 2100, Name: "Own's"})
				return err
			},
			func() error {
				_, err := two[1].CreateAccount(context.Background(), by(foreign), models.Account{OwnerID: 2100, Name: "Foreign's"})
				return err
			})
		if (errs[0] == nil) == (errs[1] == nil) || !errors.Is(errors.Join(errs...), models.ErrExists) {
			t.Fatal(errs)
		}
	})
}

func TestAnAccountIsRenamedByWhoLooksAfterIt(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	own, foreign := w.reseller("Own"), w.reseller("Foreign")
	account, err := w.CreateAccount(ctx, by(own), models.Account{OwnerID: 2001, Name: "Studio"})
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		v    models.Viewer
		want error
	}{
		"another reseller": {foreign, models.ErrNotFound},
		"a customer":       {w.viewer, models.ErrForbidden},
		"support":          {models.Viewer{User: models.User{Role: models.Support}}, models.ErrForbidden},
	} {
		if err := w.EditAccount(ctx, by(tc.v), account.ID, "Hijacked", ""); !errors.Is(err, tc.want) {
			t.Errorf("by %s: %v", name, err)
		}
	}
	if err := w.EditAccount(ctx, by(own), account.ID, "Studio Three", "calls on Mondays"); err != nil {
		t.Fatal(err)
	}
	if err := w.EditAccount(ctx, by(w.operator()), account.ID, "Studio Three", "calls on Mondays"); err != nil {
		t.Fatal(err)
	}
	after := w.reread(account)
	if after.Name != "Studio Three" || after.Note != "calls on Mondays" {
		t.Fatalf("%+v", after)
	}
	changes, err := w.Changes(ctx, account.ID, 10)
	if err != nil || len(changes) != 2 {
		t.Fatal("what was as it was is a change:", changes, err)
	}
	if c := changes[0]; c.What != models.AccountEdited || c.Actor != own.Actor() || c.Before != account.Facts() || c.After != after.Facts() {
		t.Errorf("%+v", c)
	}
}
