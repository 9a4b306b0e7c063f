package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"

	"portal/demo"
	"portal/provider/sandbox"
)

type sandboxCommand struct {
	At       string `name:"at" default:"127.0.0.1:8081" placeholder:"HOST:PORT" help:"Where it listens: a loopback address, because anybody who reaches it may move its levers (default ${default})."`
	State    string `default:"sandbox.jsonl" placeholder:"FILE" help:"The file that it remembers everything in (default ${default})."`
	Settings string `name:"settings" placeholder:"FILE" help:"A JSON file with machines, balance and faults; see docs/sandbox.md."`
}

// sandboxConfig is the stand-in provider as the portal embeds it, and as it starts
// alone without settings.
func sandboxConfig(state string, logger *slog.Logger) sandbox.Config {
	cfg := demo.SandboxConfig(state)
	cfg.Logger = logger
	return cfg
}

// Run serves the stand-in provider until it is asked to end.
func (cmd *sandboxCommand) Run(ctx context.Context) (err error) {
	host, _, err := net.SplitHostPort(cmd.At)
	if err != nil || !loopback(host) {
		return wrongSetting("--at %q: want a loopback address such as 127.0.0.1:8081", cmd.At)
	}
	logger := newLogger()
	cfg := sandboxConfig(cmd.State, logger)
	if cmd.Settings != "" {
		file, err := os.Open(cmd.Settings)
		if err != nil {
			return wrongSetting("--settings: %v", err)
		}
		err = cfg.ReadSettings(file)
		_ = file.Close()
		if err != nil {
			return wrongSetting("--settings %s: %v", cmd.Settings, err)
		}
	}
	box, err := sandbox.New(cfg)
	if err != nil {
		return err
	}
	var lc net.ListenConfig
	listener, err := lc.Listen(ctx, "tcp", cmd.At)
	if err != nil {
		return errors.Join(wrongSetting("--at %s: %v", cmd.At, err), box.Close())
	}
	fmt.Printf("The sandbox is at http://%s, its levers at http://%[1]s/control/\n", listener.Addr())
	fmt.Printf("Use it with: portal --provider-endpoint http://%s\n", listener.Addr())
	server := sandboxServer(box, logger)
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case <-ctx.Done():
	case err = <-failed:
	}
	return errors.Join(err, box.Close(), server.Close())
}
