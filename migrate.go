package main

import (
	"context"
	"errors"
	"fmt"

	"portal/store"
)

type migrateCommand struct{}

// Run migrates the database.
func (migrateCommand) Run(ctx context.Context, s *Settings) error {
	cfg, err := s.check()
	if err == nil {
		err = cfg.unfinishedRestore()
	}
	if err != nil {
		return err
	}
	db, err := store.Open(s.Database, nil)
	if err != nil {
		return err
	}
	applied, err := db.Migrate(ctx)
	for _, file := range applied {
		fmt.Println("Applied", file)
	}
	if err == nil {
		err = db.Ready(ctx)
	}
	if err == nil {
		fmt.Println("The schema is up to date.")
	}
	return errors.Join(err, db.Close())
}
