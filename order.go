package main

import (
	"context"
	"errors"
	"fmt"

	"portal/models"
	"portal/store"
)

type orderCommands struct {
	Settle struct {
		Number     string `arg:"" help:"The order's number."`
		As         string `required:"" enum:"completed,rejected" help:"What the provider did: completed or rejected."`
		Reason     string `required:"" help:"What was seen at the provider, and by whom. It is kept with the order."`
		OrderID    string `name:"order-id" help:"The provider's OrderId, when completed."`
		InstanceID string `name:"instance-id" help:"The provider's InstanceId, when a purchase is completed."`
	} `cmd:"" help:"End the review of an order whose outcome only a person can find out."`
}

// Run settles an order.
func (cmd *orderCommands) Run(ctx context.Context, s *Settings) error {
	d := cmd.Settle
	return s.withDatabase(ctx, func(db *store.Store) error {
		err := db.SettleOrder(ctx, d.Number, store.Settlement{
			As: models.Status(d.As), Note: d.Reason, ProviderOrderID: d.OrderID, InstanceID: d.InstanceID, Actor: actor(),
		})
		switch {
		case errors.Is(err, models.ErrNotFound):
			return fmt.Errorf("there is no order %s in this database", d.Number)
		case errors.Is(err, models.ErrConflict):
			return fmt.Errorf("order %s is not in review: only orders in review are settled by hand", d.Number)
		case err == nil:
			fmt.Printf("Order %s is settled as %s.\n", d.Number, d.As)
			return tellDates(ctx, db, d.Number)
		}
		return err
	})
}

// tellDates says of a completed order what its dates rest on when no attempt
// does.
func tellDates(ctx context.Context, db *store.Store, number string) error {
	o, err := db.Order(ctx, staff, number)
	if err != nil || o.Status != models.Completed {
		return err
	}
	attempts, err := db.Attempts(ctx, o.ID)
	if err != nil {
		return err
	}
	if at, recorded := models.Begun(o, attempts); !recorded {
		fmt.Printf("No attempt that may have reached the provider is on record, so its dates count from when it was placed, the earliest possible: %s.\n", moment(at))
	}
	return nil
}

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
