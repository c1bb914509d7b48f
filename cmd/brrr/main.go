// Command brrr is the whole service and its tools in one binary.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/wassef911/grpcgoesbrrr/server/settings"
)

// Exit codes.
const (
	exitDone    = 0
	exitFailed  = 1
	exitUsage   = 2
	exitRejects = 3 // done, but some of the input was refused
)

// errRejects ends a command that is done but refused some of its input.
var errRejects = errors.New("some of the input was refused")

// commands are the subcommands, one file each. Every flag can also be given as
// BRRR_… in the environment.
type commands struct {
	Serve     serveCmd     `cmd:"" help:"Serve the API and supervise the model."`
	Keys      keysCmd      `cmd:"" help:"Create, list and revoke the keys of callers."`
	Import    importCmd    `cmd:"" help:"Record transactions, and outcomes, from files."`
	Check     checkCmd     `cmd:"" help:"Assess transactions that are recorded."`
	Assess    assessCmd    `cmd:"" help:"Assess the transactions of a file."`
	List      listCmd      `cmd:"" help:"List recorded assessments."`
	Watch     watchCmd     `cmd:"" help:"Show assessments as they are made."`
	Outcome   outcomeCmd   `cmd:"" help:"Report what a transaction turned out to be."`
	Outcomes  outcomesCmd  `cmd:"" help:"Export what transactions turned out to be, or show the reports about one."`
	Model     modelCmd     `cmd:"" help:"Show the model now serving; list models and change it."`
	Audit     auditCmd     `cmd:"" help:"Show what was done to the service, and by whom."`
	Backup    backupCmd    `cmd:"" help:"Copy the store to one file, beside a server that runs on it."`
	Restore   restoreCmd   `cmd:"" help:"Put a backup in place."`
	Doctor    doctorCmd    `cmd:"" help:"Look for faults in what is recorded."`
	Migrate   migrateCmd   `cmd:"" help:"Give a store in Postgres the tables that this version needs; move an embedded store into it."`
	Retention retentionCmd `cmd:"" help:"Drop the months of a store in Postgres that are no longer to be kept."`
	Config    configCmd    `cmd:"" help:"Check and show the settings that brrr serve would have."`
	Version   versionCmd   `cmd:"" help:"Show the version of this binary."`

	Completion completionCmd `cmd:"" help:"Print a script that completes commands, flags and values in a shell."`
	Complete   completeCmd   `cmd:"" hidden:""`
}

// streams are what a command reads and writes.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, conceal(os.Args[1:]), streams{os.Stdin, os.Stdout, os.Stderr})
	stop()
	os.Exit(code)
}

// run runs one command line and returns its exit code.
func run(ctx context.Context, args []string, io streams) (code int) {
	defer func() {
		switch e := recover().(type) {
		case nil:
		case kongExit:
			code = int(e)
		default:
			panic(e) // or a mistake of ours would end as if all were done
		}
	}()
	if len(args) == 0 {
		args = []string{"--help"}
	}
	command, _, err := parse(ctx, &commands{}, args, io)
	if err != nil {
		complain(io, err)
		fmt.Fprintln(io.err, "brrr: see brrr --help")
		return exitUsage
	}
	switch err := command.Run(); {
	case err == nil:
		return exitDone
	case errors.Is(err, errRejects):
		return exitRejects
	case errors.As(err, new(usageError)):
		complain(io, err)
		return exitUsage
	default:
		complain(io, explain(err))
		return exitFailed
	}
}

// complain tells what went wrong, each mistake in a line of its own.
func complain(io streams, err error) {
	for line := range strings.Lines(settings.Mask(err.Error())) {
		fmt.Fprintf(io.err, "brrr: %s\n", strings.TrimSuffix(line, "\n"))
	}
}
