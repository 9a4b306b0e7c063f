package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"portal/models"
	"portal/passwords"
	"portal/store"
)

// openStore opens the database. Its schema is brought up to date when it has
// none yet, or when the caller is the one to do so: a command must not change
// it under a portal of an older version that is running.
func (c config) openStore(ctx context.Context, migrate bool) (*store.Store, error) {
	if err := c.unfinishedRestore(); err != nil {
		return nil, err
	}
	db, err := store.Open(c.Database, nil)
	if err != nil {
		return nil, err
	}
	fresh, err := db.Fresh(ctx)
	if err == nil && (fresh || migrate) {
		_, err = db.Migrate(ctx)
	}
	if err == nil && fresh {
		fmt.Printf("Made the database %s.\n", store.Name(c.Database)) // also when its name was mistyped
	}
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	if err := db.Ready(ctx); err != nil { // a schema newer than this program
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// withStore runs f on the opened database. A database that belongs to no
// provider yet belongs to the settings' from here on: people and accounts that
// were added for the real one must not meet the sandbox's.
func (s Settings) withStore(ctx context.Context, f func(*store.Store) error) error {
	cfg, err := s.check()
	if err != nil {
		return err
	}
	db, err := cfg.openStore(ctx, false)
	if err != nil {
		return err
	}
	bound, err := db.Provider(ctx)
	if err == nil && bound == "" {
		err = db.BindProvider(ctx, cfg.providerName())
	}
	if err == nil {
		err = f(db)
	}
	return errors.Join(err, db.Close())
}

type accountCommands struct {
	Add     accountAddCommand     `cmd:"" help:"Add an account."`
	Held    accountHeldCommand    `cmd:"" help:"List the accounts that are held: after a restore nothing is ordered for them."`
	Release accountReleaseCommand `cmd:"" help:"Release held accounts: they can order again."`
}

type accountAddCommand struct {
	OwnerID  string `required:"" name:"owner-id" placeholder:"UID" help:"The Alibaba Cloud UID of who owns the machines."`
	Name     string `required:"" help:"The account's name, as its people know it."`
	Reseller string `help:"The name of the reseller that administers it."`
}

// Run adds an account.
func (cmd *accountAddCommand) Run(ctx context.Context, s *Settings) error {
	ownerID, err := models.ParseOwnerID(cmd.OwnerID)
	if err != nil {
		return wrongSetting("--owner-id %q: %v", cmd.OwnerID, err)
	}
	name, err := models.NormalizeName(cmd.Name)
	if err != nil {
		return wrongSetting("--name: %v", err)
	}
	return s.withStore(ctx, func(db *store.Store) error {
		account := models.Account{OwnerID: ownerID, Name: name}
		if cmd.Reseller != "" {
			r, err := findReseller(ctx, db, cmd.Reseller)
			if err != nil {
				return err
			}
			account.ResellerID = &r.ID
		}
		account, err := db.CreateAccount(ctx, byCommand(), account)
		if errors.Is(err, models.ErrExists) {
			return fmt.Errorf("there is an account with OwnerId %d already", ownerID)
		}
		if err == nil {
			fmt.Printf("Added account %q, OwnerId %d.\n", account.Name, account.OwnerID)
		}
		return err
	})
}

func findReseller(ctx context.Context, db *store.Store, name string) (models.Reseller, error) {
	r, err := db.ResellerByName(ctx, name)
	if errors.Is(err, models.ErrNotFound) {
		return r, fmt.Errorf("there is no reseller named %q: add it first with portal reseller add --name …", name)
	}
	return r, err
}

type userCommands struct {
	Add struct {
		Email         string `required:"" help:"The address that the person signs in with."`
		Role          string `required:"" enum:"customer,reseller-admin,support,operator" help:"customer, reseller-admin, support or operator."`
		OwnerID       string `name:"owner-id" placeholder:"UID" help:"A customer's account."`
		Reseller      string `help:"A reseller admin's reseller, by name."`
		PasswordStdin bool   `required:"" help:"Read the password from standard input: a flag would leave it in the shell's history."`
	} `cmd:"" help:"Add a person who signs in."`
}

// Run adds a user.
func (cmd *userCommands) Run(ctx context.Context, s *Settings) error {
	email, err := models.NormalizeEmail(cmd.Add.Email)
	if err != nil {
		return wrongSetting("--email %q: %v", cmd.Add.Email, err)
	}
	user := models.User{Email: email, Role: models.Role(cmd.Add.Role)}
	switch {
	case user.Role == models.Customer && cmd.Add.OwnerID == "":
		return wrongSetting("a customer belongs to an account: give --owner-id")
	case user.Role != models.Customer && cmd.Add.OwnerID != "":
		return wrongSetting("--owner-id is for customers only")
	case user.Role == models.ResellerAdmin && cmd.Add.Reseller == "":
		return wrongSetting("a reseller admin belongs to a reseller: give --reseller")
	case user.Role != models.ResellerAdmin && cmd.Add.Reseller != "":
		return wrongSetting("--reseller is for reseller admins only")
	}
	password, err := readPassword(os.Stdin)
	if err != nil {
		return err
	}
	return s.withStore(ctx, func(db *store.Store) error {
		if user.Role == models.Customer {
			ownerID, err := models.ParseOwnerID(cmd.Add.OwnerID)
			if err != nil {
				return wrongSetting("--owner-id %q: %v", cmd.Add.OwnerID, err)
			}
			account, err := db.AccountByOwner(ctx, ownerID)
			if errors.Is(err, models.ErrNotFound) {
				return fmt.Errorf("there is no account with OwnerId %d: add it first with portal account add --owner-id %d --name …", ownerID, ownerID)
			}
			if err != nil {
				return err
			}
			user.AccountID = &account.ID
		}
		if user.Role == models.ResellerAdmin {
			r, err := findReseller(ctx, db, cmd.Add.Reseller)
			if err != nil {
				return err
			}
			user.ResellerID = &r.ID
		}
		if user.PasswordHash, err = passwords.Hash(ctx, password); err != nil {
			return err
		}
		_, err := db.CreateUser(ctx, byCommand(), user)
		if errors.Is(err, models.ErrExists) {
			return fmt.Errorf("there is a user %s already", email)
		}
		if err == nil {
			fmt.Printf("Added %s %s.\n", user.Role, email)
		}
		return err
	})
}

// readPassword reads one line. Its line ending is no part of the password.
func readPassword(r io.Reader) (string, error) {
	line, err := bufio.NewReader(io.LimitReader(r, passwords.MaxBytes+2)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("reading the password from standard input: %w", err)
	}
	line = strings.TrimRight(line, "\r\n")
	if line == "" {
		return "", errors.New("no password came on standard input; try: printf %s \"$PASSWORD\" | portal user add … --password-stdin")
	}
	return line, nil
}
