package main

import (
	"context"
	"fmt"
	"time"

	"portal/models"
	"portal/store"
)

type backupCommand struct {
	File string `arg:"" help:"Where the copy goes; nothing may be there yet."`
}

// Run copies the database.
func (cmd *backupCommand) Run(ctx context.Context, s *Settings) error {
	cfg, err := s.check()
	if err != nil {
		return err
	}
	c, err := store.Backup(ctx, cfg.Database, cmd.File, nil)
	if err != nil {
		return err
	}
	fmt.Printf("Copied %s to %s, as it was at %s.\n", cfg.Database, cmd.File, moment(c.TakenAt))
	fmt.Printf("Checked: %s; %.1f MB.\n", counted(c.Contents), float64(c.Bytes)/1e6)
	return nil
}

// counted is what a database holds, for people to compare.
func counted(c store.Contents) string {
	provider := "no provider yet"
	if c.Provider != "" {
		provider = "provider " + c.Provider
	}
	return fmt.Sprintf("%s (%d open), %s, %d people; %s",
		count(c.Orders, "order"), c.OpenOrders, count(c.Accounts, "account"), c.Users, provider)
}

// moment is a time as people and as logs write it.
func moment(at time.Time) string {
	return at.In(models.Beijing).Format("2006-01-02 15:04:05") + " Beijing time (" + at.UTC().Format(time.RFC3339) + ")"
}

// count is a number with its noun.
func count[N int | int64](n N, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}
