package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"

	"github.com/alecthomas/kong"

	"enisim.alt/httpapi"
	"enisim.alt/service"
	"enisim.alt/service/disturbance"
	"enisim.alt/service/operator"
	"enisim.alt/store"
	"enisim.alt/store/pglocal"
)

// targetFlags select what an operator's command works on: a running server, through its control
// API, or a database.
type targetFlags struct {
	Endpoint     string `help:"Server to work on, through its control API, as http://host:port. Without it, and without --database-url and --data-dir, the database of the server that runs in the default folder." placeholder:"URL"`
	ControlToken string `aliases:"token" env:"ENISIM_CONTROL_TOKEN,ENISIM_TOKEN" help:"The --control-token of the server at --endpoint." placeholder:"TOKEN"`
	Insecure     bool   `help:"Accept any certificate of --endpoint, such as that of serve --tls-self-signed."`
	databaseFlags
	JSON bool `name:"json" help:"Print JSON, as the control API answers."`
}

// AfterApply resolves conflicts between the flags. The command line overrides the environment, and
// an endpoint overrides a database. Kong calls it.
func (t *targetFlags) AfterApply(parsed *kong.Context) error {
	// First find the flags of the command line. More than one is an error.
	var onCommandLine []string
	for _, element := range parsed.Path {
		if element.Flag != nil && !element.Resolved &&
			slices.Contains([]string{"endpoint", "database-url", "data-dir"}, element.Flag.Name) {
			onCommandLine = append(onCommandLine, element.Flag.Name)
		}
	}
	slices.Sort(onCommandLine)
	onCommandLine = slices.Compact(onCommandLine)
	if len(onCommandLine) > 1 {
		return fmt.Errorf("give one of --%s and --%s: each says what to work on", onCommandLine[0], onCommandLine[1])
	}
	// Then choose one, and clear the others.
	chosen := ""
	switch {
	case len(onCommandLine) == 1:
		chosen = onCommandLine[0]
	case t.Endpoint != "":
		chosen = "endpoint"
	case t.DatabaseURL != "":
		chosen = "database-url"
	}
	if chosen != "" && chosen != "endpoint" {
		t.Endpoint = ""
	}
	if chosen != "" && chosen != "database-url" {
		t.DatabaseURL = ""
	}
	return nil
}

// controlAPI is the set of an operator's actions. It is implemented by an operator.Operator on its database, and
// by the client of a server's control API.
type controlAPI interface {
	Accounts(ctx context.Context) ([]operator.Account, error)
	CreateAccount(ctx context.Context, req operator.CreateAccountRequest) (operator.NewAccount, error)
	ChangeAccount(ctx context.Context, id string, req operator.ChangeAccountRequest) (operator.Account, error)
	ResetAccount(ctx context.Context, id string, file *operator.ScenarioFile) error
	DeleteAccount(ctx context.Context, id string) error
	ExportAccount(ctx context.Context, id string, withKeys bool) ([]byte, error)
	AccessKeys(ctx context.Context, accountID string) ([]operator.AccessKey, error)
	CreateAccessKey(ctx context.Context, req operator.CreateAccessKeyRequest) (operator.NewAccessKey, error)
	DisableAccessKey(ctx context.Context, id string) (operator.AccessKey, error)
	DeleteAccessKey(ctx context.Context, id string) error
	SaveSnapshot(ctx context.Context, accountID, name string) (operator.Snapshot, error)
	RestoreSnapshot(ctx context.Context, accountID, name string) (operator.Restored, error)
	Snapshots(ctx context.Context, accountID string) ([]operator.Snapshot, error)
	DeleteSnapshot(ctx context.Context, accountID, name string) error
	ApplyScenario(ctx context.Context, file operator.ScenarioFile) (operator.Applied, error)
	DiffScenario(ctx context.Context, file operator.ScenarioFile) ([]operator.Difference, error)
	AddFault(ctx context.Context, fault disturbance.Fault) (operator.Fault, error)
	Faults(ctx context.Context, accountID string) ([]operator.Fault, error)
	Fault(ctx context.Context, id string) (operator.Fault, error)
	RemoveFault(ctx context.Context, id string) error
	RemoveFaults(ctx context.Context, accountID string) error
	AddLifecycle(ctx context.Context, lifecycle disturbance.Lifecycle) (operator.Lifecycle, error)
	Lifecycles(ctx context.Context, accountID string) ([]operator.Lifecycle, error)
	Lifecycle(ctx context.Context, id string) (operator.Lifecycle, error)
	RemoveLifecycle(ctx context.Context, id string) error
	RemoveLifecycles(ctx context.Context, accountID string) error
	ReleaseTransition(ctx context.Context, req operator.ReleaseRequest) (operator.Released, error)
	Clock(ctx context.Context, accountID string) (disturbance.ClockState, error)
	ChangeClock(ctx context.Context, accountID string, change disturbance.ClockChange) (disturbance.ClockState, error)
	SetThrottle(ctx context.Context, accountID string, throttle disturbance.Throttle) (operator.Throttle, error)
	Throttle(ctx context.Context, accountID string) (operator.Throttle, error)
	ClearThrottle(ctx context.Context, accountID string) error
	AddStock(ctx context.Context, stock disturbance.Stock) (operator.Stock, error)
	ListStock(ctx context.Context, accountID string) ([]operator.Stock, error)
	FindStock(ctx context.Context, id string) (operator.Stock, error)
	RemoveStock(ctx context.Context, id string) error
	ResetStock(ctx context.Context, accountID string) error
	Quotas(ctx context.Context, accountID string) (operator.Quotas, error)
	ResetQuotas(ctx context.Context, accountID string) error
	Events(ctx context.Context, q operator.EventQuery) (operator.Events, error)
	Request(ctx context.Context, id string) (operator.Request, error)
	Verify(ctx context.Context) ([]operator.Violation, error)
}

// withOperator runs a function with the control API of --endpoint, or with the database.
func (t *targetFlags) withOperator(ctx context.Context, s streams, do func(controlAPI) error) error {
	if t.Endpoint != "" {
		return do(t.remote())
	}
	return t.withDatabase(ctx, s, existingOnly, func(db *database) error {
		return do(operator.NewBesideServers(service.New(db.store, service.Options{})))
	})
}

// report runs a call of the control API and prints its result: as JSON with --json, otherwise with
// printText.
func report[T any](
	ctx context.Context, t *targetFlags, s streams, call func(controlAPI) (T, error), printText func(T) error,
) error {
	return t.withOperator(ctx, s, func(simulated controlAPI) error {
		result, err := call(simulated)
		if err != nil {
			return err
		}
		if t.JSON {
			return printJSON(s.Out, result)
		}
		return printText(result)
	})
}

// show prints the result of a call of the control API as JSON for people, or with --json for programs.
func show[T any](ctx context.Context, t *targetFlags, s streams, call func(controlAPI) (T, error)) error {
	return report(ctx, t, s, call, func(result T) error { return encodeIndented(s.Out, result) })
}

// remote returns the client of the control API at --endpoint.
func (t *targetFlags) remote() *httpapi.ControlClient {
	return &httpapi.ControlClient{Endpoint: httpapi.ControlEndpoint(t.Endpoint), Token: t.ControlToken,
		HTTP: client(t.Insecure)}
}

// creation is whether a command may create a world where there is none.
type creation = bool

const (
	existingOnly creation = false
	mayCreate    creation = true
)

// withDatabase opens the database for a command. Servers may run on it at the same time; they see a
// changed key within a second.
//
// A typing error must not create or start anything. So a data folder must contain a world, unless
// the command may create one. The default folder, which the user did not name, must be in use by a
// running server.
func (f databaseFlags) withDatabase(ctx context.Context, s streams, create creation, do func(*database) error) error {
	return f.use(ctx, s, create, f.open, do)
}

// withoutMigration is withDatabase for commands that change or show the schema themselves. It opens no
// store.
func (f databaseFlags) withoutMigration(
	ctx context.Context, s streams, create creation, do func(*database) error,
) error {
	return f.use(ctx, s, create, f.start, do)
}

// use opens the database with a function, and closes it after the command.
func (f databaseFlags) use(
	ctx context.Context, s streams, create creation,
	open func(context.Context, *slog.Logger) (*database, error), do func(*database) error,
) error {
	if err := f.checkTarget(ctx, s.Err, create); err != nil {
		return err
	}
	log := warningLogger(s.Err)
	db, err := open(ctx, log)
	if err != nil {
		return err
	}
	defer db.close(ctx, log)
	return do(db)
}

// checkTarget returns an error for a database that the command must not use. It prints which
// database is used if the user did not name it.
func (f databaseFlags) checkTarget(ctx context.Context, errOut io.Writer, create creation) error {
	// First the database of a URL, which must have our tables.
	if f.DatabaseURL != "" {
		if create {
			return nil
		}
		has, err := store.HasSchema(ctx, f.DatabaseURL)
		if err == nil && !has {
			err = errors.New("the database of --database-url holds no world of enisim: is it the one that was " +
				"meant? enisim serve and enisim migrate up make one")
		}
		return err
	}
	// Then the data folder.
	dir := f.DataDir
	if dir == "" {
		var err error
		if dir, err = pglocal.DefaultDataDir(); err != nil {
			return err
		}
	}
	state, err := pglocal.Inspect(dir)
	switch {
	case err != nil:
		return fmt.Errorf("look at the data folder %s: %w", dir, err)
	case f.DataDir == "" && !state.Running:
		return fmt.Errorf("no server runs on the default data folder %s, and nothing else is named: give "+
			"--endpoint or ENISIM_ENDPOINT for a running server, "+
			"--database-url for a database, or --data-dir for a folder", dir)
	case f.DataDir == "":
		fmt.Fprintf(errOut, "enisim: working on the server's database in %s (the default; --endpoint, "+
			"--database-url and --data-dir choose another)\n", dir)
	case !state.Cluster && !create:
		return fmt.Errorf("there is no world in %s: is it the folder that was meant? enisim serve --data-dir %[1]s "+
			"makes one", dir)
	case !state.Cluster:
		fmt.Fprintf(errOut, "enisim: new world in %s\n", dir)
	}
	return nil
}

// printJSON prints a result in the form of the control API.
func printJSON(out io.Writer, result any) error {
	return encodeIndented(out, httpapi.ControlReply(result))
}

// encodeIndented prints a value as JSON for people.
func encodeIndented(out io.Writer, value any) error {
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(value)
}

// jsonResult is the --json output of a command that changes something and has no other result.
type jsonResult struct {
	ID     string `json:"id"`
	Result string `json:"result"`
}
