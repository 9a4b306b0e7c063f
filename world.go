package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"portal/demo"
	"portal/store"
)

// demoFull of --demo is with a past.
const demoFull = "full"

// makeDemoWorld gives a portal that begins anew with the sandbox inside it a past,
// and finishes what a start that was cut off has left of that. It can do so only
// where both belong to nobody else: a server's database may have other portals,
// and a sandbox of its own other clients and another clock.
//
// A past that can't be made keeps nobody from the portal: it begins small then.
func (c config) makeDemoWorld(ctx context.Context, logger *slog.Logger) (err error) {
	path, ok := store.File(c.Database)
	if !ok || !c.embeddedSandbox() || c.unfinishedRestore() != nil {
		return nil
	}
	files := demo.Files{Database: path, State: c.sandboxState()}
	due, err := files.Due(c.Demo == demoFull)
	if err != nil || !due {
		return err
	}
	unlock, err := c.lockDatabase(true)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	noticed := time.AfterFunc(time.Second, func() { fmt.Println("Making a demo world: two resellers, dozens of accounts, a year of orders…") })
	defer noticed.Stop()
	var failed error
	made, err := demo.Make(ctx, files, func(ctx context.Context, to demo.Files) error {
		failed = demo.Build(ctx, to, time.Now())
		return failed
	})
	switch {
	case failed != nil && ctx.Err() != nil:
		return nil
	case failed != nil:
		logger.Warn("can't make the demo world's past: it begins small", "error", failed)
		return nil
	case err == nil && made:
		fmt.Printf("Made the database %s, with a year of made-up orders (--demo small begins without).\n", store.Name(c.Database))
	}
	return err
}
