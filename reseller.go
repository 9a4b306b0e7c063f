package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"portal/models"
	"portal/provider"
	"portal/store"
)

type resellerCommands struct {
	Add  resellerAddCommand  `cmd:"" help:"Add a reseller."`
	Edit resellerEditCommand `cmd:"" help:"Rename a reseller, or have its orders go with another credential profile from now on."`
	List resellerListCommand `cmd:"" help:"List the resellers with their credential profiles."`
}

type resellerAddCommand struct {
	Name              string `required:"" help:"The reseller's name; its customers read it on their pages."`
	CredentialProfile string `placeholder:"PROFILE" help:"The profile in the SDK's files whose key signs for its accounts (default: the portal's own credentials). A name, never a key."`
}

// Run adds a reseller.
func (cmd *resellerAddCommand) Run(ctx context.Context, s *Settings) error {
	name, err := models.NormalizeName(cmd.Name)
	if err != nil {
		return wrongSetting("--name: %v", err)
	}
	profile, err := models.NormalizeProfile(cmd.CredentialProfile)
	if err != nil {
		return wrongSetting("--credential-profile: %v", err) // not quoted: it may be a key
	}
	return s.withStore(ctx, func(db *store.Store) error {
		r, err := db.CreateReseller(ctx, byCommand(), models.Reseller{Name: name, CredentialProfile: profile})
		if errors.Is(err, models.ErrExists) {
			return fmt.Errorf("there is a reseller named %q already", name)
		}
		if err == nil {
			fmt.Printf("Added reseller %q.\n", r.Name)
		}
		return err
	})
}

type resellerEditCommand struct {
	Name              string  `required:"" help:"The reseller's name now."`
	Rename            string  `placeholder:"NAME" help:"Its name from now on."`
	CredentialProfile *string `placeholder:"PROFILE" help:"The profile in the SDK's files whose key signs for its accounts from now on; \"default\" for the portal's own credentials. Orders under way keep the one that they began with."`
}

// Run edits a reseller.
func (cmd *resellerEditCommand) Run(ctx context.Context, s *Settings) error {
	if cmd.Rename == "" && cmd.CredentialProfile == nil {
		return wrongSetting("reseller edit wants --rename, --credential-profile or both")
	}
	var rename, profile string
	var err error
	if cmd.Rename != "" {
		if rename, err = models.NormalizeName(cmd.Rename); err != nil {
			return wrongSetting("--rename: %v", err)
		}
	}
	if cmd.CredentialProfile != nil {
		if profile, err = models.NormalizeProfile(*cmd.CredentialProfile); err != nil {
			return wrongSetting("--credential-profile: %v", err)
		}
	}
	return s.withStore(ctx, func(db *store.Store) error {
		r, err := findReseller(ctx, db, cmd.Name)
		if err != nil {
			return err
		}
		if cmd.CredentialProfile == nil {
			profile = r.CredentialProfile
		}
		name := cmp.Or(rename, r.Name)
		seen := models.ResellerFacts{Name: r.Name, CredentialProfile: r.CredentialProfile}
		err = db.EditReseller(ctx, byCommand(), r.ID, seen, name, profile)
		if errors.Is(err, models.ErrExists) {
			return fmt.Errorf("there is a reseller named %q already", name)
		}
		if err == nil {
			fmt.Printf("Reseller %q orders with the credential profile %s.\n", name, cmp.Or(profile, provider.DefaultProfile))
		}
		return err
	})
}

type resellerListCommand struct{}

// Run lists the resellers.
func (resellerListCommand) Run(ctx context.Context, s *Settings) error {
	return s.withDatabase(ctx, func(db *store.Store) error {
		rows, err := db.ResellerRows(ctx, provider.DefaultProfile)
		if err != nil {
			return err
		}
		for _, r := range rows {
			fmt.Printf("%-24s  %s  %s", cmp.Or(r.CredentialProfile, provider.DefaultProfile), count(r.Accounts, "account"), r.Name)
			if r.Kept > 0 {
				fmt.Printf("  (%s under way with an earlier profile)", count(r.Kept, "order"))
			}
			fmt.Println()
		}
		if len(rows) == 0 {
			fmt.Println("There is no reseller.")
		}
		return nil
	})
}

// byCommand is whoever runs a command, for what goes on record.
func byCommand() models.By { return models.By{Viewer: staff, Command: actor()} }
