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

	"enisim/store/pglocal"
)

// startPatience is for a first start that has to pull an image or to download Postgres.
const startPatience = 5 * time.Minute

const (
	urlVariable    = "ENISIM_TEST_DATABASE_URL"
	choiceVariable = "ENISIM_TEST_POSTGRES"
	imageVariable  = "ENISIM_TEST_POSTGRES_IMAGE"
	keeperVariable = "ENISIM_STORETEST_KEEPER" // set for the keeper itself, by nobody else

	defaultImage = "postgres:17-alpine"
)

// settings trade durability, which a test server needs none of, for speed.
var settings = map[string]string{
	"fsync":                "off",
	"full_page_writes":     "off",
	"max_connections":      "400",
	"wal_level":            "minimal",
	"max_wal_senders":      "0",
	"max_parallel_workers": "0", // two cores, and plans that do not depend on luck
}

// location is where a test server is. A keeper reports it, as JSON, on its standard output.
type location struct {
	URL   string
	Later string `json:",omitempty"` // how to find a kept database when the tests are over
	Error string `json:",omitempty"`

	// lifeline is a pipe to the keeper, which takes its end for the end of this process. A file that nothing refers to
	// is closed, hence this field.
	lifeline *os.File
}

// findServer returns the server that the environment names, or else has a keeper use one for us.
func findServer(ctx context.Context) (location, error) {
	if named := os.Getenv(urlVariable); named != "" {
		return location{URL: named}, nil
	}
	return startKeeper(ctx)
}

// startKeeper starts this binary again, as the keeper, and returns what it reports.
func startKeeper(ctx context.Context) (location, error) {
	self, err := os.Executable()
	if err != nil {
		return location{}, err
	}
	stdin, ourEnd, err := os.Pipe()
	if err != nil {
		return location{}, err
	}
	defer stdin.Close()
	report, stdout, err := os.Pipe()
	if err != nil {
		return location{}, err
	}
	defer report.Close()

	keeper := exec.CommandContext(context.Background(), self) // it outlives us
	keeper.Dir = "/"
	keeper.Stdin, keeper.Stdout = stdin, stdout
	// A ctrl-C ends the tests; the keeper, in a session of its own, then stops the server.
	keeper.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	keeper.Env = append(os.Environ(), keeperVariable+"=1",
		// What the keepers of a run start belongs to that run, although each has another parent process.
		"TESTCONTAINERS_SESSION_ID="+testcontainers.SessionID())
	err = keeper.Start()
	_ = stdout.Close() // so that a keeper that dies is the end of the pipe
	if err != nil {
		return location{}, fmt.Errorf("start a keeper: %w", err)
	}
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
	found.lifeline = ourEnd
	return found, keeper.Process.Release()
}

// A keeper is a test binary of any package, so it must turn off before the tests: here.
func init() {
	if os.Getenv(keeperVariable) != "" {
		keep(os.Stdin, os.Stdout)
		os.Exit(0)
	}
}

// keep uses a server until its input ends, which is when the test process does.
func keep(lifeline io.Reader, report io.Writer) {
	ctx, cancel := context.WithTimeout(context.Background(), startPatience)
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

// useServer starts a server, or joins those who use it, until leave is called.
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
	if found, leave, err = useLocal(ctx); err != nil { // by a download
		return location{}, nil, errors.Join(err, fmt.Errorf("no container either: %w", containerErr))
	}
	return found, leave, nil
}

func useLocal(ctx context.Context) (location, func(), error) {
	dir := filepath.Join(os.TempDir(), "enisim-test-"+strconv.Itoa(os.Getuid()))
	local, err := pglocal.Start(ctx, pglocal.Options{DataDir: dir, Settings: settings})
	if err != nil {
		return location{}, nil, err
	}
	leave := func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		_ = local.Stop(ctx) // nobody is left to hear of it; the next start sees to what it finds
	}
	later := "(enisim serve --data-dir " + dir + " starts its server, should it have stopped)"
	return location{URL: local.DatabaseURL("postgres"), Later: later}, leave, nil
}

func useContainer(ctx context.Context) (found location, leave func(), err error) {
	// The library panics where it finds no Docker.
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
