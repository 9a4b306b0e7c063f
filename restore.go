package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"portal/store"
)

type restoreCommand struct {
	File    string `arg:"" optional:"" help:"The copy to make a live database of, at --database, where nothing may be yet."`
	InPlace bool   `name:"in-place" help:"Instead: what something else has put at --database (a file copy, Litestream) is a copy that was restored. Do this before serving it."`
}

// Run restores a copy.
func (cmd *restoreCommand) Run(ctx context.Context, s *Settings) error {
	if (cmd.File == "") != cmd.InPlace {
		return wrongSetting("restore wants either the FILE to restore or --in-place")
	}
	cfg, err := s.check()
	if err != nil {
		return err
	}
	unlock, err := cfg.lockDatabase(true)
	if err != nil {
		return err
	}
	r := store.Restoration{Database: cfg.Database, Provider: cfg.providerName(), Actor: actor()}
	var done store.Restored
	if cmd.InPlace {
		done, err = r.RestoreInPlace(ctx)
	} else {
		done, err = r.Restore(ctx, cmd.File)
	}
	var other *store.OtherProviderError
	switch {
	case errors.As(err, &other):
		err = fmt.Errorf("the copy belongs to provider %q, and the settings are for %q: set --provider (and --provider-endpoint) as for the portal that it is a copy of", other.Bound, other.Asked)
	case err == nil:
		cfg.tellRestored(done)
	}
	return errors.Join(err, unlock())
}

// shownOrders is how many orders a restore names; the log has the rest.
const shownOrders = 20

func (c config) tellRestored(r store.Restored) {
	for _, file := range r.Migrated {
		fmt.Println("Applied", file)
	}
	since := "It doesn't say when it was taken."
	switch {
	case !r.TakenAt.IsZero():
		since = "It was taken at " + moment(r.TakenAt) + "."
	case !r.Newest.IsZero():
		since += " Its newest step is of " + moment(r.Newest) + "."
	}
	fmt.Printf("Restored %s: %s.\n%s What happened at the provider since then, nobody here knows.\n\n", store.Name(c.Database), counted(r.Contents), since)
	fmt.Println("So that nothing is sent twice:")
	tell := func(what string, n int64, means string) { fmt.Printf("  %-17s %6d   %s\n", what, n, means) }
	tell("orders to review", int64(len(r.Orders)), "they were under way in the copy")
	for i, o := range r.Orders {
		if i == shownOrders {
			fmt.Printf("    … and %d more: in the order log, by status\n", len(r.Orders)-i)
			break
		}
		fmt.Printf("    %s  %-7s  was %-7s  account %d\n", o.Number, o.Kind, o.Status, o.OwnerID)
	}
	tell("in review before", r.InReview, "some may have been settled since the copy")
	tell("accounts held", int64(r.Held), "their people can look, but order nothing")
	tell("sessions ended", r.Sessions, "everybody signs in anew")
	fmt.Println()
	fmt.Print(`Next:
  1. portal doctor, then start the portal. Nothing can be ordered yet.
  2. Compare each account with the provider's console and bill, from that time on.
  3. portal order settle NUMBER … for each order in review.
  4. On each account's page, record what the copy does not know.
  5. portal account release OWNER_ID --reason …; portal account held lists who is left.
docs/backups.md says how to do each.
`)
}

// unfinishedRestore says that a restore to this database was cut off before the
// database was there. Making a new one would look as if nothing had ever been
// sold.
func (c config) unfinishedRestore() error {
	path, ok := store.File(c.Database)
	if _, err := os.Stat(path); !ok || !errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if _, err := os.Stat(path + store.Restoring); err != nil {
		return nil //nolint:nilerr // there is none, or opening the database says what is wrong
	}
	return fmt.Errorf("%s is not there, and a restore of it did not finish: run portal restore again (it removes %s)", path, path+store.Restoring)
}
