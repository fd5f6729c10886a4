package storetest

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/modules/postgres"

	"enisim.alt/store/pglocal"
)

// startTimeout is long enough for a first start that has to pull an image or to download Postgres.
const startTimeout = 5 * time.Minute

const (
	urlVariable    = "ENISIM_TEST_DATABASE_URL"
	choiceVariable = "ENISIM_TEST_POSTGRES"
	imageVariable  = "ENISIM_TEST_POSTGRES_IMAGE"
	keeperVariable = "ENISIM_STORETEST_KEEPER" // set only in the environment of the keeper

	defaultImage = "postgres:17-alpine"
)

// settings trade durability for speed, because a test server needs no durability.
var settings = map[string]string{
	"fsync":                "off",
	"full_page_writes":     "off",
	"max_connections":      "400",
	"wal_level":            "minimal",
	"max_wal_senders":      "0",
	"max_parallel_workers": "0", // for machines with two cores, and for plans that are always the same
}

// location is the address of a test server. A keeper reports it, as JSON, on its standard output.
type location struct {
	URL   string
	Later string `json:",omitempty"` // how to connect to a kept database after the tests
	Error string `json:",omitempty"`

	// lifeline is a pipe to the keeper. The keeper takes the end of the pipe for the end of this
	// process. The field keeps the pipe open, because Go closes a file to which nothing refers.
	lifeline *os.File
}

// findServer returns the server that the environment names. If it names none, it starts a keeper,
// which uses a server on behalf of this process.
func findServer(ctx context.Context) (location, error) {
	if named := os.Getenv(urlVariable); named != "" {
		return location{URL: named}, nil
	}
	return startKeeper(ctx)
}

// startKeeper starts this binary again, as the keeper, and returns the location that it reports.
func startKeeper(ctx context.Context) (location, error) {
	// First make two pipes: one for the lifeline, one for the report.
	self, err := os.Executable()
	if err != nil {
		return location{}, err
	}
	stdin, lifeline, err := os.Pipe()
	if err != nil {
		return location{}, err
	}
	defer stdin.Close()
	report, stdout, err := os.Pipe()
	if err != nil {
		return location{}, err
	}
	defer report.Close()

	// Then start the keeper.
	keeper := exec.CommandContext(context.Background(), self) // it outlives this process
	keeper.Dir = "/"
	keeper.Stdin, keeper.Stdout = stdin, stdout
	// A ctrl-C ends only the tests. The keeper has a session of its own, so it can then stop the
	// server.
	keeper.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	keeper.Env = append(os.Environ(), keeperVariable+"=1",
		// All keepers of a run belong to the same session of testcontainers, although their parent
		// processes differ.
		"TESTCONTAINERS_SESSION_ID="+testcontainers.SessionID())
	err = keeper.Start()
	_ = stdout.Close() // so that the pipe ends when the keeper dies
	if err != nil {
		return location{}, fmt.Errorf("start a keeper: %w", err)
	}
	// Last, wait for its report.
	if deadline, ok := ctx.Deadline(); ok {
		_ = report.SetReadDeadline(deadline) // pipes have deadlines
	}
	var found location
	if err := json.NewDecoder(report).Decode(&found); err != nil {
		return location{}, fmt.Errorf("hear from the keeper: %w", err)
	}
	if found.Error != "" {
		return location{}, errors.New(found.Error)
	}
	found.lifeline = lifeline
	return found, keeper.Process.Release()
}

// A keeper is the test binary of some package, started again. So init runs the keeper before any
// test.
func init() {
	if os.Getenv(keeperVariable) != "" {
		keep(os.Stdin, os.Stdout)
		os.Exit(0)
	}
}

// keep uses a server until its input ends, which happens when the test process ends.
func keep(lifeline io.Reader, report io.Writer) {
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	found, leave, err := useServer(ctx)
	if err != nil {
		found.Error = err.Error()
		leave = func() {}
	}
	if err := json.NewEncoder(report).Encode(found); err == nil {
		_, _ = io.Copy(io.Discard, lifeline)
	}
	leave()
}

// useServer starts a server, or attaches to a running one, and uses it until leave is called.
func useServer(ctx context.Context) (found location, leave func(), err error) {
	switch choice := os.Getenv(choiceVariable); {
	case choice == "container":
		return useContainer(ctx)
	case choice != "":
		return location{}, nil, fmt.Errorf("%s is %q: the only value is container", choiceVariable, choice)
	case pglocal.Installed(ctx):
		return useLocal(ctx)
	}
	found, leave, containerErr := useContainer(ctx)
	if containerErr == nil {
		return found, leave, nil
	}
	if found, leave, err = useLocal(ctx); err != nil { // downloads Postgres
		return location{}, nil, errors.Join(err, fmt.Errorf("no container either: %w", containerErr))
	}
	return found, leave, nil
}

// useLocal uses a Postgres of pglocal.
func useLocal(ctx context.Context) (location, func(), error) {
	dir := filepath.Join(pglocal.ScratchDir(), "enisim-test-"+strconv.Itoa(os.Getuid()))
	local, err := pglocal.Start(ctx, pglocal.Options{DataDir: dir, Settings: settings})
	if err != nil {
		return location{}, nil, err
	}
	leave := func() {
		ctx, cancel := context.WithTimeout(context.Background(), operationTimeout)
		defer cancel()
		_ = local.Stop(ctx) // no process is left to report to, and the next start handles any state
	}
	later := "(enisim serve --data-dir " + dir + " starts its server, should it have stopped)"
	return location{URL: local.DatabaseURL("postgres"), Later: later}, leave, nil
}

// useContainer uses a container of testcontainers-go.
func useContainer(ctx context.Context) (found location, leave func(), err error) {
	// The library panics if it finds no Docker.
	defer func() {
		if broken := recover(); broken != nil {
			err = fmt.Errorf("start a container: %v", broken)
		}
	}()
	command := []string{"postgres"}
	for name, value := range settings {
		command = append(command, "-c", name+"="+value)
	}
	container, err := postgres.Run(ctx, cmp.Or(os.Getenv(imageVariable), defaultImage),
		testcontainers.WithReuseByName("enisim-test-"+testcontainers.SessionID()[:12]),
		testcontainers.WithCmd(command...),
		postgres.BasicWaitStrategies())
	if err != nil {
		return location{}, nil, fmt.Errorf("start a container: %w", err)
	}
	address, err := container.ConnectionString(ctx, "sslmode=disable")
	if err != nil {
		return location{}, nil, fmt.Errorf("find the container: %w", err)
	}
	return location{URL: address}, func() {}, nil
}
