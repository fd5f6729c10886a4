// Command enisim is a persistent simulator of the ECS control plane. It contains the server and its
// tools; each command has its own file.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/alecthomas/kong"
)

// memoryTarget is the target of the garbage collector in bytes, unless GOMEMLIMIT is set. While a
// world of 400,000 interfaces is applied, its rows take 270 MiB, and at the collector's usual pace
// as much garbage would accumulate. It is not a limit: a larger world takes more.
const memoryTarget = 384 << 20

func main() {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryTarget)
	}
	ctx, stop := signal.NotifyContext(context.Background(), stopSignals()...)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], streams{os.Stdin, os.Stdout, os.Stderr}))
}

// stopSignals returns the signals that end a command in an orderly way. A closed terminal sends
// SIGHUP, which nohup ignores.
func stopSignals() []os.Signal {
	signals := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) {
		signals = append(signals, syscall.SIGHUP)
	}
	return signals
}

// Exit codes: the work failed, the command line is invalid, or a check has no verdict.
const (
	exitFailure   = 1
	exitUsage     = 2
	exitUndecided = 3

	exitInterrupted = 130 // the code of shells for a program ended by Ctrl-C
)

// commands is the command line: each field is a command.
type commands struct {
	ShowVersion kong.VersionFlag `name:"version" env:"-" help:"Print the version."`

	Serve   serveCommand   `cmd:"" group:"server" help:"Serve the API."`
	Health  healthCommand  `cmd:"" group:"server" help:"Ask a server whether it is ready; exit code 0 says yes."`
	Reset   resetCommand   `cmd:"" group:"server" help:"Begin again: the quick-start world as it was at first."`
	Version versionCommand `cmd:"" group:"about" help:"Print the version, the commit, and the versions of the schema and of Postgres."`
	Help    helpCommand    `cmd:"" group:"about" help:"Show the help of a command: enisim help scenario apply."`

	Man        manCommand        `cmd:"" group:"about" help:"Print the manual page of a command, or write all pages to a folder."`
	Completion completionCommand `cmd:"" group:"about" help:"Print a script with which bash, zsh or fish completes command lines."`

	Call    callCommand    `cmd:"" group:"calls" help:"Sign and send one request, and print the reply."`
	Actions actionsCommand `cmd:"" group:"calls" help:"List the actions, or describe one: parameters, errors."`
	Load    loadCommand    `cmd:"" group:"calls" help:"Send many requests at a time, and report rates, latencies and errors."`

	Scenario scenarioCommand `cmd:"" group:"worlds" help:"Work with scenario files."`
	Account  accountCommand  `cmd:"" group:"worlds" help:"Make, list, reset and delete accounts."`
	Key      keyCommand      `cmd:"" group:"worlds" help:"Make, list, disable and delete access keys."`
	Snapshot snapshotCommand `cmd:"" group:"worlds" help:"Save the state of an account, and restore it."`

	Events eventsCommand `cmd:"" group:"observe" help:"Print what has happened: changes and refused requests, also as they happen."`
	Why    whyCommand    `cmd:"" group:"observe" help:"Say why a request was refused, and what would have to change."`

	Fault     faultCommand     `cmd:"" group:"disturb" help:"Answer, delay, lose or damage some calls of an account, such as the answer of its second attach."`
	Lifecycle lifecycleCommand `cmd:"" group:"disturb" help:"Decide how long an interface is Attaching, an instance Starting and so on: fixed, random, never ending, failing."`
	Clock     clockCommand     `cmd:"" group:"disturb" help:"Freeze the time of an account, move it on, or run it at another rate."`
	Throttle  throttleCommand  `cmd:"" group:"disturb" help:"Limit how often an account calls, as the real service does: Throttling."`

	Stock stockCommand `cmd:"" group:"disturb" help:"Say which instance types and zones are sold out for an account."`
	Quota quotaCommand `cmd:"" group:"disturb" help:"Set the quotas of an account, such as its network interfaces per region."`

	Check  checkCommand  `cmd:"" group:"proof" help:"Decide whether a history of calls and answers is linearizable."`
	Verify verifyCommand `cmd:"" group:"proof" help:"Recompute all invariants from the tables, and report violations."`

	Backup  backupCommand  `cmd:"" group:"database" help:"Write the private Postgres to a file, while it is in use."`
	Restore restoreCommand `cmd:"" group:"database" help:"Fill an empty folder from a backup."`
	Migrate migrateCommand `cmd:"" group:"database" help:"Change or show the schema of the database."`
}

// streams are the standard streams of a command. Results go to Out, messages to Err.
type streams struct {
	In       io.Reader
	Out, Err io.Writer
}

// errQuiet is returned when a command failed and has printed why. The exit code is exitFailure.
var errQuiet = errors.New("failed")

// errInterrupted is returned when a command was interrupted before its work was done. The exit code
// is exitInterrupted.
var errInterrupted = errors.New("interrupted")

// usageError is an error of an option that was detected only with the files or the database. The
// exit code is exitUsage.
type usageError struct{ error }

// run is the program without its process. It parses the command line, runs one command and returns
// the exit code.
func run(ctx context.Context, args []string, s streams) int {
	errOut := s.Err
	if len(args) > 0 && args[0] == completeWord {
		return complete(args[1:], s)
	}
	// First take out the parameters of the API, which the parser does not know.
	args, api, err := splitParameters(args)
	if err != nil {
		fmt.Fprintln(errOut, "enisim:", err)
		return exitUsage
	}
	// Then parse the rest.
	var cli commands
	exited := false
	parser, err := newParser(&cli, s,
		kong.Exit(func(int) { exited = true }), // after --help and --version
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(s, api),
	)
	if err != nil {
		fmt.Fprintln(errOut, "enisim: broken command line definition:", err)
		return exitFailure
	}
	command, err := parser.Parse(normalizeArguments(args))
	switch {
	case exited:
		return 0
	case err != nil:
		fmt.Fprintf(errOut, "enisim: %s\nTry: %s --help\n", explainParse(err), commandOf(err))
		return exitUsage
	}
	warnOfUnknownVariables(errOut, parser.Model, os.Environ())
	if command.Selected().Name != "call" && len(api) > 0 {
		fmt.Fprintln(errOut,
			"enisim: parameters that begin with a capital letter belong to enisim call\nTry: enisim call --help")
		return exitUsage
	}
	// Then run the command and derive the exit code from its error.
	if err := command.Run(parser.Model); err != nil {
		if !errors.Is(err, errQuiet) {
			fmt.Fprintln(errOut, "enisim:", err)
		}
		if errors.As(err, new(usageError)) {
			return exitUsage
		}
		if errors.Is(err, errUndecided) {
			return exitUndecided
		}
		if errors.Is(err, errInterrupted) {
			return exitInterrupted
		}
		return exitFailure
	}
	return 0
}
