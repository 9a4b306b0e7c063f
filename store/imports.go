package store

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"slices"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"portal/models"
)

// importChunk is how many rows a statement of an import reads or writes: far fewer
// than either database takes values for.
const importChunk = 500

// AddImport keeps an uploaded list for its uploader to look at and to confirm.
// models.ErrForbidden for who administers no accounts, models.ErrNotFound for a
// reseller that there is not.
func (s *Store) AddImport(ctx context.Context, v models.Viewer, resellerID *int64, lines []models.ImportLine) (models.AccountImport, error) {
	var kept models.AccountImport
	err := s.tx(ctx, func(tx *gorm.DB) error {
		now, err := s.at(tx)
		if err != nil {
			return err
		}
		reseller, err := importsFor(tx, v, resellerID)
		if err != nil {
			return err
		}
		kept = models.AccountImport{
			ID: rand.Text(), UserID: v.User.ID, ResellerID: reseller, Lines: lines, CreatedAt: now, ExpiresAt: now.Add(models.ImportLife),
		}
		return create(tx, &kept)
	})
	return kept, err
}

// importsFor is whose the accounts of a list will be, as of one that is typed in.
func importsFor(tx *gorm.DB, v models.Viewer, chosen *int64) (*int64, error) {
	switch v.Whose(models.ActAdminister) {
	case models.WhoseReseller:
		return v.User.ResellerID, nil
	case models.WhoseAll:
		if chosen != nil {
			if _, err := first[models.Reseller](tx.Where("id = ?", *chosen)); err != nil {
				return nil, err
			}
		}
		return chosen, nil
	case models.WhoseNone, models.WhoseAccount:
	}
	return nil, models.ErrForbidden
}

// Import is a list that the viewer has uploaded, with what would become of each
// line now, or what did. models.ErrNotFound for another's, and when it has expired.
func (s *Store) Import(ctx context.Context, v models.Viewer, id string) (models.AccountImport, []models.LineFate, error) {
	var list models.AccountImport
	var fates []models.LineFate
	err := s.snapshot(ctx, func(tx *gorm.DB) (err error) {
		list, fates, err = s.importOf(tx, v, id)
		return err
	})
	return list, fates, err
}

func (s *Store) importOf(tx *gorm.DB, v models.Viewer, id string) (models.AccountImport, []models.LineFate, error) {
	now, err := s.at(tx)
	if err != nil {
		return models.AccountImport{}, nil, err
	}
	list, err := first[models.AccountImport](tx.Where("id = ? AND user_id = ? AND expires_at > ?", id, v.User.ID, now))
	if err != nil {
		return list, nil, err
	}
	if list.DoneAt != nil {
		var fates []models.LineFate
		return list, fates, json.Unmarshal([]byte(list.Result), &fates)
	}
	// Who uploaded it for a reseller that they are no longer of has lost it.
	if reseller, err := importsFor(tx, v, list.ResellerID); err != nil || !sameID(reseller, list.ResellerID) {
		return list, nil, errors.Join(err, models.ErrNotFound)
	}
	known := make(map[int64]models.Account, len(list.Lines))
	var owners []int64
	for _, l := range list.Lines {
		if l.OwnerID != 0 {
			owners = append(owners, l.OwnerID)
		}
	}
	for chunk := range slices.Chunk(owners, importChunk) {
		var rows []models.Account
		if err := tx.Where("owner_id IN ?", chunk).Find(&rows).Error; err != nil {
			return list, nil, err
		}
		for _, a := range rows {
			known[a.OwnerID] = a
		}
	}
	return list, models.FatesOf(list.Lines, list.ResellerID, known), nil
}

func sameID(a, b *int64) bool { return a == nil && b == nil || a != nil && b != nil && *a == *b }

// ConfirmImport adds every account of a list that can be added, each on record, or
// none: all in one transaction. seen is models.FatesSeen of what the person was
// shown: models.ErrConflict when something else would become of a line by now,
// also when another adds one of the accounts at this very moment. A list that has
// been confirmed is added once, whoever asks again.
func (s *Store) ConfirmImport(ctx context.Context, by models.By, id, seen string) error {
	err := s.tx(ctx, func(tx *gorm.DB) error {
		// Locked: of two who confirm the same list, the second finds it done.
		if err := tx.Model(&models.AccountImport{}).Select("id").Where("id = ?", id).
			Clauses(clause.Locking{Strength: "NO KEY UPDATE"}).Scan(new(string)).Error; err != nil {
			return err
		}
		list, fates, err := s.importOf(tx, by.Viewer, id)
		if err != nil || list.DoneAt != nil {
			return err
		}
		if models.FatesSeen(fates) != seen {
			return models.ErrConflict
		}
		now, err := s.at(tx)
		if err != nil {
			return err
		}
		var accounts []models.Account
		var owners []int64
		for _, f := range fates {
			if f.Fate == models.FateAdd {
				accounts = append(accounts, models.Account{OwnerID: f.OwnerID, Name: f.Name, Note: f.Note, ResellerID: list.ResellerID, CreatedAt: now})
				owners = append(owners, f.OwnerID)
			}
		}
		if len(accounts) > 0 {
			if err := tx.CreateInBatches(&accounts, importChunk).Error; err != nil {
				return err
			}
		}
		var changes []models.Change
		for chunk := range slices.Chunk(owners, importChunk) {
			var added []models.Account
			if err := tx.Where("owner_id IN ?", chunk).Order("id").Find(&added).Error; err != nil {
				return err
			}
			for _, a := range added {
				changes = append(changes, models.Change{AccountID: a.ID, What: models.AccountAdded, After: a.Facts()})
			}
		}
		if err := addChanges(tx, by, now, changes); err != nil {
			return err
		}
		result, err := json.Marshal(fates)
		if err != nil {
			return err
		}
		return tx.Model(&models.AccountImport{}).Where("id = ?", id).
			UpdateColumns(map[string]any{"done_at": now, "result": string(result)}).Error
	})
	if errors.Is(err, gorm.ErrDuplicatedKey) {
		return models.ErrConflict // somebody added one of them since it was looked for
	}
	return err
}
