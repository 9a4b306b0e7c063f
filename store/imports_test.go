package store_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"portal/models"
	"portal/store"
)

func importLines(cells ...[3]string) []models.ImportLine {
	var lines []models.ImportLine
	for i, c := range cells {
		lines = append(lines, models.NewImportLine(i+2, c[0], c[1], c[2]))
	}
	return lines
}

// uploaded keeps a list and gives what its uploader is shown.
func (w *world) uploaded(v models.Viewer, lines []models.ImportLine) (string, []models.LineFate) {
	w.t.Helper()
	list, err := w.AddImport(w.t.Context(), v, nil, lines)
	if err != nil {
		w.t.Fatal(err)
	}
	_, fates, err := w.Import(w.t.Context(), v, list.ID)
	if err != nil {
		w.t.Fatal(err)
	}
	return list.ID, fates
}

// TestWhatIsConfirmedIsWhatWasShown: each line's fate, told before and the same
// after; another's account is not told from one that can't be added.
func TestWhatIsConfirmedIsWhatWasShown(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	own, foreign := w.reseller("Own"), w.reseller("Foreign")
	for v, owner := range map[*models.Viewer]int64{&own: 2001, &foreign: 2003} {
		if _, err := w.CreateAccount(ctx, by(*v), models.Account{OwnerID: owner, Name: "Studio"}); err != nil {
			t.Fatal(err)
		}
	}
	id, fates := w.uploaded(own, importLines(
		[3]string{"2001", "Studio", ""}, [3]string{"2002", "Blue Harbour", "pays late"}, [3]string{"2003", "Mine now", ""},
		[3]string{"2002", "Again", ""}, [3]string{"x", "y", ""}, [3]string{"2004", "", ""}, [3]string{"1001", "The portal's own", ""}, [3]string{"2005", "北方", ""},
	))
	want := []models.Fate{
		models.FateUnchanged, models.FateAdd, models.FateTaken, models.FateRepeated, models.FateWrong, models.FateWrong, models.FateTaken, models.FateAdd,
	}
	for i, f := range fates {
		if f.Fate != want[i] || f.Fate == models.FateRepeated && f.First != 3 {
			t.Errorf("line %d is %s (%d), want %s", f.Number, f.Fate, f.First, want[i])
		}
		if f.Fate == models.FateTaken && (f.Known != "" || f.Fate == models.FateKept) {
			t.Errorf("line %d tells of another's %q", f.Number, f.Known)
		}
	}
	for name, v := range map[string]models.Viewer{"another reseller": foreign, "an operator": w.operator(), "a customer": w.viewer} {
		if _, _, err := w.Import(ctx, v, id); !errors.Is(err, models.ErrNotFound) {
			t.Errorf("%s sees it: %v", name, err)
		}
		if err := w.ConfirmImport(ctx, by(v), id, models.FatesSeen(fates)); !errors.Is(err, models.ErrNotFound) {
			t.Errorf("%s confirms it: %v", name, err)
		}
	}
	for range 2 { // pressed twice
		if err := w.ConfirmImport(ctx, by(own), id, models.FatesSeen(fates)); err != nil {
			t.Fatal(err)
		}
	}
	for owner, name := range map[int64]string{2002: "Blue Harbour", 2005: "北方"} {
		account, err := w.AccountByOwner(ctx, owner)
		if err != nil || account.Name != name || *account.ResellerID != *own.User.ResellerID {
			t.Fatal(account, err)
		}
		changes, err := w.Changes(ctx, account.ID, 10)
		if err != nil || len(changes) != 1 || changes[0].What != models.AccountAdded || changes[0].After != account.Facts() || changes[0].Actor != own.Actor() || changes[0].RequestID != by(own).RequestID {
			t.Errorf("%+v %v", changes, err)
		}
	}
	if _, err := w.AccountByOwner(ctx, 2004); !errors.Is(err, models.ErrNotFound) {
		t.Error("what was wrong is added:", err)
	}
	list, after, err := w.Import(ctx, own, id)
	if err != nil || list.DoneAt == nil || models.FatesSeen(after) != models.FatesSeen(fates) {
		t.Errorf("what came of it reads otherwise: %+v %v", after, err)
	}
	for name, v := range map[string]models.Viewer{"a customer": w.viewer, "support": {User: models.User{ID: 1, Role: models.Support}}} {
		if _, err := w.AddImport(ctx, v, nil, importLines([3]string{"9", "x", ""})); !errors.Is(err, models.ErrForbidden) {
			t.Errorf("uploaded by %s: %v", name, err)
		}
	}
	w.pass(models.ImportLife + time.Second)
	if _, _, err := w.Import(ctx, own, id); !errors.Is(err, models.ErrNotFound) {
		t.Error("it never expires:", err)
	}
	if err := w.Sweep(ctx); err != nil {
		t.Fatal(err)
	}
	var n int
	if err := w.raw().Raw(`SELECT count(*) FROM account_imports`).Scan(&n).Error; err != nil || n != 0 {
		t.Errorf("%d are kept, %v", n, err)
	}
}

// TestNothingIsAddedWhenSomethingHasChanged: not a single line.
func TestNothingIsAddedWhenSomethingHasChanged(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	own, foreign := w.reseller("Own"), w.reseller("Foreign")
	id, fates := w.uploaded(own, importLines([3]string{"2001", "A", ""}, [3]string{"2002", "B", ""}))
	if _, err := w.CreateAccount(ctx, by(foreign), models.Account{OwnerID: 2002, Name: "Theirs"}); err != nil {
		t.Fatal(err)
	}
	if err := w.ConfirmImport(ctx, by(own), id, models.FatesSeen(fates)); !errors.Is(err, models.ErrConflict) {
		t.Fatal(err)
	}
	if _, err := w.AccountByOwner(ctx, 2001); !errors.Is(err, models.ErrNotFound) {
		t.Fatal("half of it is added:", err)
	}
	_, now, err := w.Import(ctx, own, id)
	if err != nil || now[1].Fate != models.FateTaken {
		t.Fatal(now, err)
	}
	if err := w.ConfirmImport(ctx, by(own), id, models.FatesSeen(now)); err != nil {
		t.Fatal(err)
	}
	if _, err := w.AccountByOwner(ctx, 2001); err != nil {
		t.Fatal(err)
	}
}

// TestListsOfTheSameAccounts are confirmed at the same moment, in two replicas: each
// account is added once, whole lists or nothing.
func TestListsOfTheSameAccounts(t *testing.T) {
	w := newWorld(t)
	own, foreign := w.reseller("Own"), w.reseller("Foreign")
	two := w.replicas(2)
	for round := range 5 {
		var lines []models.ImportLine
		for i := range 20 {
			lines = append(lines, models.NewImportLine(i+1, fmt.Sprint(5000+100*round+i), "N", ""))
		}
		a, fates := w.uploaded(own, lines)
		b, others := w.uploaded(foreign, lines)
		errs := together(
			func() error { return two[0].ConfirmImport(context.Background(), by(own), a, models.FatesSeen(fates)) },
			func() error {
				return two[1].ConfirmImport(context.Background(), by(foreign), b, models.FatesSeen(others))
			})
		if (errs[0] == nil) == (errs[1] == nil) || !errors.Is(errors.Join(errs...), models.ErrConflict) {
			t.Fatal(errs)
		}
		of := map[int64]int{}
		for _, l := range lines {
			account, err := w.AccountByOwner(t.Context(), l.OwnerID)
			if err != nil {
				t.Fatal(err)
			}
			of[*account.ResellerID]++
		}
		if len(of) != 1 {
			t.Fatal("half and half:", of)
		}
		c, again := w.uploaded(own, []models.ImportLine{models.NewImportLine(1, fmt.Sprint(8000+round), "Once", "")})
		for i, err := range together(
			func() error { return two[0].ConfirmImport(context.Background(), by(own), c, models.FatesSeen(again)) },
			func() error { return two[1].ConfirmImport(context.Background(), by(own), c, models.FatesSeen(again)) }) {
			if err != nil {
				t.Errorf("the same list, %d: %v", i, err)
			}
		}
	}
}

// TestAListOfFiveThousand takes few statements, not one for each line.
func TestAListOfFiveThousand(t *testing.T) {
	w := newWorld(t)
	own := w.reseller("Own")
	var lines []models.ImportLine
	for i := range 5000 {
		lines = append(lines, models.NewImportLine(i+1, fmt.Sprint(1217259133470000+i), "Account 账号", "a note"))
	}
	id, fates := w.uploaded(own, lines)
	begun := time.Now()
	if err := w.ConfirmImport(t.Context(), by(own), id, models.FatesSeen(fates)); err != nil {
		t.Fatal(err)
	}
	t.Logf("took %s", time.Since(begun))
	accounts, err := w.ListAccounts(t.Context(), own, store.AccountFilter{}, "", 6000)
	if err != nil || len(accounts) != 5000 {
		t.Fatal(len(accounts), err)
	}
	if _, after, err := w.Import(t.Context(), own, id); err != nil || models.CountFates(after)[models.FateAdd] != 5000 {
		t.Fatal(err)
	}
	var n int
	if err := w.raw().Raw(`SELECT count(*) FROM changes`).Scan(&n).Error; err != nil || n != 5000 {
		t.Errorf("%d changes, %v", n, err)
	}
}
