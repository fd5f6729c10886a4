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

	"enisim/store"
)

// server is a server process that is started again and again, between two cables.
type server struct {
	program program
	address string
	front   *cable // from clients
	back    *cable // to Postgres
	log     string // file
	began   int64  // where in it the log of the process begins
	cmd     *exec.Cmd
	exited  chan struct{}
}

// newServer lays the cables; postgres is an address.
func newServer(t *testing.T, program program, log, postgres string) *server {
	t.Helper()
	s := &server{program: program, log: log, address: freeAddress(t)}
	s.back = newCable(t, postgres)
	s.front = newCable(t, s.address)
	t.Cleanup(func() {
		if s.cmd != nil {
			_ = s.cmd.Process.Kill() // it may have ended
			<-s.exited
		}
	})
	return s
}

// endpoint is where clients find it.
func (s *server) endpoint() string { return "http://" + s.front.Listen }

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
	cmd := exec.CommandContext(context.Background(), string(s.program), "serve", "--listen", s.address, "--no-quickstart",
		"--database-url", "postgres://postgres@"+s.back.Listen+"/enisim?sslmode=disable",
		"--attach-delay", "0", "--detach-delay", "0", "--log-format", "json", "--log-level", "warn")
	cmd.Stderr = log
	if err := cmd.Start(); err != nil {
		return err
	}
	exited := make(chan struct{})
	go func() {
		_ = cmd.Wait() // how it ended is in ProcessState
		close(exited)
	}()
	s.began, s.cmd, s.exited = info.Size(), cmd, exited
	return nil
}

// kill is kill -9. Then its log must be good.
func (s *server) kill() error {
	if err := s.signal(syscall.SIGKILL); err != nil {
		return err
	}
	<-s.exited
	return s.examineLog()
}

// stop has it answer what it has taken in, and end. Then its log must be good.
func (s *server) stop() error {
	if err := s.signal(syscall.SIGTERM); err != nil {
		return err
	}
	select {
	case <-s.exited:
	case <-time.After(patience):
		return fmt.Errorf("the server still ran %v after SIGTERM", patience)
	}
	if code := s.cmd.ProcessState.ExitCode(); code != 0 {
		return fmt.Errorf("the server ended with exit code %d after SIGTERM; %s says why", code, s.log)
	}
	return s.examineLog()
}

func (s *server) signal(signal syscall.Signal) error {
	select {
	case <-s.exited:
		return fmt.Errorf("the server has ended by itself, %v; %s says why", s.cmd.ProcessState, s.log)
	default:
		return s.cmd.Process.Signal(signal)
	}
}

// awaitAnswer waits until it is ready.
func (s *server) awaitAnswer(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, fmt.Errorf("the server was not ready within %v; %s may say why", patience, s.log))
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
		case <-time.After(poll):
		}
	}
}

// consequences are the errors that a server may log while something around it breaks: the database is away, it went away in the middle of a commit, a client left.
var consequences = []string{store.ErrUnavailable.Error(), store.ErrOutcomeUnknown.Error(), context.Canceled.Error()}

// examineLog finds what the process has said that no fault explains: a violated constraint, a panic, a write that touched too much, a data race.
func (s *server) examineLog() error {
	log, err := os.ReadFile(s.log)
	if err != nil {
		return err
	}
	var problems []error
	for line := range bytes.Lines(log[s.began:]) {
		if !bytes.HasSuffix(line, []byte("\n")) {
			break // it was killed while it wrote this
		}
		var record struct{ Level, Error string }
		if err := json.Unmarshal(line, &record); err != nil || record.Level == "ERROR" && !hasAny(record.Error, consequences) {
			problems = append(problems, fmt.Errorf("%s: %s", s.log, bytes.TrimSpace(line)))
		}
	}
	return errors.Join(problems...)
}

func hasAny(text string, parts []string) bool {
	for _, part := range parts {
		if strings.Contains(text, part) {
			return true
		}
	}
	return false
}
