package prove

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"enisim.alt/store"
)

// server is a server process that is started again and again. It is reached over a link, and
// reaches a single Postgres over another one.
type server struct {
	program      program
	address      string
	databaseURL  string
	clientLink   *link
	postgresLink *link  // nil with a cluster
	log          string // path of its log file
	logStart     int64  // offset of the current process's log in the file
	cmd          *exec.Cmd
	exited       chan struct{}
}

// newServer makes a server with the link of its clients.
func newServer(t *testing.T, program program, log, databaseURL string) *server {
	t.Helper()
	s := &server{program: program, log: log, databaseURL: databaseURL, address: freeAddress(t)}
	s.clientLink = newLink(t, s.address)
	t.Cleanup(func() {
		if s.cmd != nil {
			_ = s.cmd.Process.Kill() // it may have ended
			<-s.exited
		}
	})
	return s
}

// endpoint returns the URL for clients.
func (s *server) endpoint() string { return "http://" + s.clientLink.Listen }

// start starts the process, always on the same address.
func (s *server) start() error {
	log, err := os.OpenFile(s.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer log.Close()
	info, err := log.Stat()
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(context.Background(), string(s.program), "serve", "--listen", s.address,
		"--no-quickstart",
		"--database-url", s.databaseURL,
		"--attach-delay", "0", "--detach-delay", "0", "--delete-delay", "0",
		"--log-format", "json", "--log-level", "warn")
	cmd.Stderr = log
	if err := cmd.Start(); err != nil {
		return err
	}
	exited := make(chan struct{})
	go func() {
		_ = cmd.Wait() // how it ended is in ProcessState
		close(exited)
	}()
	s.logStart, s.cmd, s.exited = info.Size(), cmd, exited
	return nil
}

// kill kills the process with SIGKILL and checks its log.
func (s *server) kill() error {
	if err := s.signal(syscall.SIGKILL); err != nil {
		return err
	}
	<-s.exited
	return s.examineLog()
}

// stop lets the process answer its requests and end, and checks its log.
func (s *server) stop() error {
	if err := s.signal(syscall.SIGTERM); err != nil {
		return err
	}
	select {
	case <-s.exited:
	case <-time.After(waitTimeout):
		return fmt.Errorf("the server still ran %v after SIGTERM", waitTimeout)
	}
	if code := s.cmd.ProcessState.ExitCode(); code != 0 {
		return fmt.Errorf("the server ended with exit code %d after SIGTERM; %s says why", code, s.log)
	}
	return s.examineLog()
}

// signal sends a signal, unless the process has ended by itself.
func (s *server) signal(signal syscall.Signal) error {
	select {
	case <-s.exited:
		return fmt.Errorf("the server has ended by itself, %v; %s says why", s.cmd.ProcessState, s.log)
	default:
		return s.cmd.Process.Signal(signal)
	}
}

// awaitAnswer waits until the server is ready.
func (s *server) awaitAnswer(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, waitTimeout,
		fmt.Errorf("the server was not ready within %v; %s may say why", waitTimeout, s.log))
	defer cancel()
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.endpoint()+"/readyz", nil)
		if err != nil {
			return err
		}
		if response, err := client.Do(request); err == nil {
			_ = response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-s.exited:
			return fmt.Errorf("the server has ended by itself, %v; %s says why", s.cmd.ProcessState, s.log)
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(pollInterval):
		}
	}
}

// expectedServerErrors are the errors that a server may log during faults: the database is
// unavailable, the connection was lost during a commit, a client disconnected.
var expectedServerErrors = []string{store.ErrUnavailable.Error(), store.ErrOutcomeUnknown.Error(),
	context.Canceled.Error()}

// examineLog returns an error for what the process logged and no fault explains: a violated
// constraint, a panic, a write that touched too many rows, a data race.
func (s *server) examineLog() error {
	log, err := os.ReadFile(s.log)
	if err != nil {
		return err
	}
	var problems []error
	for line := range bytes.Lines(log[s.logStart:]) {
		if !bytes.HasSuffix(line, []byte("\n")) {
			break // the process was killed while it wrote this line
		}
		var record struct{ Level, Error string }
		if err := json.Unmarshal(line, &record); err != nil ||
			record.Level == "ERROR" && !hasAny(record.Error, expectedServerErrors) {
			problems = append(problems, fmt.Errorf("%s: %s", s.log, bytes.TrimSpace(line)))
		}
	}
	return errors.Join(problems...)
}

// hasAny reports whether a text contains any of the parts.
func hasAny(text string, parts []string) bool {
	for _, part := range parts {
		if strings.Contains(text, part) {
			return true
		}
	}
	return false
}
