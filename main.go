// Command portal is the self-service portal for cloud security subscriptions:
// customers get a quote, buy, and see every order in the log.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // so that a static binary in an empty image knows every zone

	"github.com/alecthomas/kong"
)

var version = "development" // set by the linker

// commandLine is everything that can be typed. Each flag of Settings can be
// set by its environment variable too.
type commandLine struct {
	Settings
	Version kong.VersionFlag `help:"Say which version this is."`

	Serve    serveCommand     `cmd:"" default:"withargs" help:"Serve the portal (also with no command)."`
	Sandbox  sandboxCommand   `cmd:"" help:"Run the stand-in provider alone, on a port."`
	Migrate  migrateCommand   `cmd:"" help:"Bring the database's schema up to date (serve does so too)."`
	Doctor   doctorCommand    `cmd:"" help:"Check settings, database, clock, endpoint and credentials, and say what is wrong."`
	Backup   backupCommand    `cmd:"" help:"Copy the database of a portal, which may go on running, to a file."`
	Restore  restoreCommand   `cmd:"" help:"Make a live database of a copy. Orders under way go to review and every account is held: what was sold since the copy, only the provider knows."`
	User     userCommands     `cmd:"" help:"People who sign in."`
	Account  accountCommands  `cmd:"" help:"Accounts: who owns the machines."`
	Reseller resellerCommands `cmd:"" help:"Resellers, who administer accounts."`
	Mail     mailCommands     `cmd:"" help:"E-mail."`
	Order    orderCommands    `cmd:"" help:"Orders."`
	Audit    auditCommands    `cmd:"" help:"The order history: signed checkpoints, and looking for what was tampered with."`
}

const description = `The self-service portal for cloud security subscriptions.

With no command it serves the portal. With no settings it uses an SQLite file here and a built-in sandbox in place of the provider, so that nothing is bought for real.`

func main() { os.Exit(run(os.Args[1:])) }

// run returns the exit status: 0 done, 1 failed, 2 wrong usage or settings.
func run(args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var cli commandLine
	parser, err := kong.New(&cli, kong.Name("portal"), kong.Description(description),
		kong.Vars{"version": version}, kong.BindTo(ctx, (*context.Context)(nil)), kong.Bind(stop))
	if err != nil {
		fmt.Fprintln(os.Stderr, "portal:", err)
		return 2
	}
	command, err := parser.Parse(args)
	if err != nil {
		fmt.Fprintf(os.Stderr, "portal: %v\nTry: portal --help\n", err)
		return 2
	}
	err = command.Run(&cli.Settings)
	var wrong *settingError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &wrong):
		fmt.Fprintln(os.Stderr, "portal:", err)
		return 2
	default:
		fmt.Fprintln(os.Stderr, "portal:", err)
		return 1
	}
}
