package main

import (
	"context"
	"log/slog"
	"time"

	"portal/models"
	"portal/store"
)

// How often it is tried whether the database takes writes: as long as it does,
// and while it does not.
const (
	probeEvery      = 15 * time.Second
	probeFaultEvery = time.Second
)

// watchDatabase finds out by itself when the database takes no writes, also
// while nobody orders, and when it takes them again.
func watchDatabase(ctx context.Context, db *store.Store, wake func(), logger *slog.Logger) {
	var before *models.Fault
	for {
		began := time.Now()
		fault := db.Probe(ctx)
		if ctx.Err() != nil {
			return
		}
		wait, failed := probeEvery, db.Failed()
		switch {
		case fault != nil && (before == nil || before.Kind != fault.Kind):
			logger.Error("the database takes no writes: no order is taken, and none is sent, until it does", "fault", fault.Kind, "error", fault.Err)
		case fault == nil && before != nil:
			logger.Info("the database takes writes again", "after", db.Now().Sub(before.Since).Round(time.Second).String())
			wake() // orders that have waited
		}
		if before = fault; fault != nil {
			wait, failed = probeFaultEvery, nil // what fails meanwhile says nothing new
			if fault.Kind == models.FaultDamaged {
				wait = max(wait, 20*time.Since(began)) // to look at the whole of a file costs more
			}
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-failed:
			timer.Stop()
		case <-timer.C:
		}
	}
}
