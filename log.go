package main

import (
	"log/slog"
	"os"
)

// newLogger logs to standard error: text for a person at a terminal, JSON for
// a collector.
func newLogger() *slog.Logger {
	if info, err := os.Stderr.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
		return slog.New(slog.NewTextHandler(os.Stderr, nil))
	}
	return slog.New(slog.NewJSONHandler(os.Stderr, nil))
}
