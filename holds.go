package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/user"
	"strings"

	"portal/models"
	"portal/store"
)

// staff sees every account, as commands do.
var staff = models.Viewer{User: models.User{Role: models.Operator}}

// actor is who runs a command, for the record.
func actor() string {
	if u, err := user.Current(); err == nil {
		return "command:" + u.Username
	}
	return "command"
}

type accountHeldCommand struct{}

// Run lists the accounts that are held.
func (accountHeldCommand) Run(ctx context.Context, s *Settings) error {
	return s.withDatabase(ctx, func(db *store.Store) error {
		all, after := 0, int64(0)
		for {
			held, err := db.HeldAccounts(ctx, staff, after, 500)
			if err != nil {
				return err
			}
			if len(held) == 0 {
				break
			}
			ids := make([]int64, len(held))
			for i, h := range held {
				ids[i] = h.ID
			}
			holdings, err := db.Holdings(ctx, ids...)
			if err != nil {
				return err
			}
			for _, h := range held {
				fmt.Printf("%-16d  since %s  %s  %s", h.OwnerID, h.Hold.Since.In(models.Beijing).Format("2006-01-02 15:04"), h.Hold.Reason, h.Name)
				if o := holdings[h.ID].OpenOrder; o != nil {
					fmt.Printf("  (order %s is %s)", o.Number, o.Status)
				}
				fmt.Println()
			}
			all, after = all+len(held), held[len(held)-1].ID
		}
		if all == 0 {
			fmt.Println("No account is held.")
			return nil
		}
		fmt.Printf("Held: %s. Times are Beijing time.\n", count(all, "account"))
		return nil
	})
}

type accountReleaseCommand struct {
	OwnerIDs []string `arg:"" optional:"" name:"owner-id" help:"The accounts' Alibaba Cloud UIDs."`
	All      bool     `help:"Instead: every account that is held."`
	Reason   string   `help:"What was compared with the provider, and by whom. It is kept."`
}

// Run releases held accounts.
func (cmd *accountReleaseCommand) Run(ctx context.Context, s *Settings) error {
	r := store.Release{By: byCommand(), Reason: strings.TrimSpace(cmd.Reason)}
	if (len(cmd.OwnerIDs) == 0) != cmd.All {
		return wrongSetting("release wants either the OwnerIds of accounts or --all; portal account held lists those that are held")
	}
	if r.Reason == "" && !cmd.All {
		return wrongSetting("--reason is missing: say what was compared with the provider, and by whom")
	}
	var owners []int64
	for _, text := range cmd.OwnerIDs {
		owner, err := models.ParseOwnerID(text)
		if err != nil {
			return wrongSetting("%q: %v", text, err)
		}
		owners = append(owners, owner)
	}
	return s.withDatabase(ctx, func(db *store.Store) error {
		if cmd.All {
			return releaseAll(ctx, db, r)
		}
		for _, owner := range owners {
			if err := releaseOne(ctx, db, owner, r); err != nil {
				return err
			}
		}
		return nil
	})
}

func releaseOne(ctx context.Context, db *store.Store, owner int64, r store.Release) error {
	account, err := db.AccountByOwner(ctx, owner)
	if errors.Is(err, models.ErrNotFound) {
		return fmt.Errorf("there is no account with OwnerId %d in this database", owner)
	}
	if err != nil {
		return err
	}
	held, err := db.Holdings(ctx, account.ID)
	if err != nil {
		return err
	}
	hold := held[account.ID].Hold
	if hold != nil {
		err = db.ReleaseHold(ctx, hold.ID, r)
	}
	switch {
	case hold == nil || errors.Is(err, models.ErrConflict):
		fmt.Printf("Account %d is not held.\n", owner)
		return nil
	case err != nil:
		return err
	}
	fmt.Printf("Account %d, %s, is released.\n", owner, account.Name)
	if o := held[account.ID].OpenOrder; o != nil {
		fmt.Printf("  Its order %s is %s: it can order again when that is over.\n", o.Number, o.Status)
	}
	return nil
}

func releaseAll(ctx context.Context, db *store.Store, r store.Release) error {
	if r.Reason == "" {
		n, err := db.CountHeld(ctx)
		if err != nil {
			return err
		}
		return wrongSetting("held: %s. To release them all, give --reason: what was compared with the provider, and by whom", count(n, "account"))
	}
	n, err := db.ReleaseAll(ctx, r)
	if err != nil {
		return err
	}
	fmt.Printf("Released: %s.\n", count(n, "account"))
	counts, _, err := db.CountByStatus(ctx)
	if review := counts[models.NeedsReview]; review > 0 {
		fmt.Printf("In review: %s; an account can order again when its own is settled.\n", count(review, "order"))
	}
	return err
}

// withDatabase is withStore for commands that make no database.
func (s Settings) withDatabase(ctx context.Context, f func(*store.Store) error) error {
	if path, ok := store.File(s.Database); ok {
		if _, err := os.Stat(path); err != nil {
			return wrongSetting("--database %s: %v", path, err)
		}
	}
	return s.withStore(ctx, f)
}
