package main

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"enisim.alt/store/pglocal"
	"enisim.alt/store/storetest"
)

// eventually waits for a change in another process that cannot be signalled.
func eventually(t *testing.T, what string, reached func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !reached(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not reached within a minute: %s", what)
		}
	}
}

// SIGHUP, SIGINT and SIGTERM shut down a server and its private Postgres.
func TestSignalsStopTheServerAndPostgres(t *testing.T) {
	t.Parallel()
	for _, signal := range []syscall.Signal{syscall.SIGHUP, syscall.SIGINT, syscall.SIGTERM} {
		t.Run(signal.String(), func(t *testing.T) {
			t.Parallel()
			dir := dataDir(t)
			server := start(t, "--data-dir", dir)
			server.end(t, signal)
			if got := server.cmd.ProcessState.ExitCode(); got != 0 {
				t.Errorf("exit code: got %d, want 0; log: %s", got, server.log)
			}
			if state, err := pglocal.Inspect(dir); err != nil || state.Running {
				t.Errorf("afterwards: got %+v, %v; want Postgres stopped", state, err)
			}
		})
	}
}

// Servers that share a private Postgres are killed one by one. Postgres stops after the last one,
// and the world is there at the next start.
func TestPostgresStopsWhenTheLastServerIsKilled(t *testing.T) {
	t.Parallel()
	dir := dataDir(t)
	first, second := start(t, "--data-dir", dir), start(t, "--data-dir", dir)
	first.end(t, syscall.SIGKILL)
	if _, errOut, exit := output(t, "health", "--listen", strings.TrimPrefix(second.endpoint, "http://")); exit != 0 {
		t.Errorf("after the kill of the first server: got exit code %d, %q; want the other ready", exit, errOut)
	}
	second.end(t, syscall.SIGKILL)
	eventually(t, "Postgres has stopped", func() bool {
		state, err := pglocal.Inspect(dir)
		return err == nil && !state.Running
	})
	third := start(t, "--data-dir", dir)
	if got := third.greeting["World"]; got != "as it was left: 1 account" {
		t.Errorf("got World %q, want the world as it was left", got)
	}
}

// With nohup, a closed terminal does not stop the server.
func TestNohup(t *testing.T) {
	t.Parallel()
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), "/bin/sh", "-c",
		`trap "" HUP; exec "$0" serve --listen 127.0.0.1:0 --database-url "$1"`, os.Args[0], storetest.URL(t))
	cmd.Env = append(os.Environ(), programEnv+"=1")
	endpoint := startOther(t, cmd)
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", cmd.Process.Pid))
	if err != nil {
		t.Skip(err)
	}
	_, ignored, _ := strings.Cut(string(status), "SigIgn:")
	mask, err := strconv.ParseUint(strings.Fields(ignored)[0], 16, 64)
	if err != nil {
		t.Fatal(err)
	}
	if mask&(1<<(syscall.SIGHUP-1)) == 0 {
		t.Errorf("the server at %s does not ignore SIGHUP: SigIgn is %x", endpoint, mask)
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // returns an error because of the signal
}

// A signal to make run reaches the server, and no process remains.
func TestMakeRunPassesSignalsOn(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("make"); err != nil {
		t.Skip("make is not installed")
	}
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), "make", "--no-print-directory", "-C", "../..", "run")
	cmd.Env = append(os.Environ(), "ENISIM_LISTEN=127.0.0.1:0", "ENISIM_DATABASE_URL="+storetest.URL(t))
	endpoint := startOther(t, cmd)
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // make reports that it was ended by a signal
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(endpoint, "http://"))
	if err == nil {
		_ = conn.Close()
		t.Errorf("got an answer at %s after make has ended, want no server", endpoint)
	}
}

// startOther starts a command that serves, and returns the endpoint that it prints.
func startOther(t *testing.T, cmd *exec.Cmd) (endpoint string) {
	t.Helper()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() }) // unless it has ended
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if rest, found := strings.CutPrefix(lines.Text(), "API "); found {
			endpoint = strings.TrimSuffix(strings.TrimSpace(rest), "/")
		}
		if strings.HasPrefix(lines.Text(), "Key ") {
			return endpoint
		}
	}
	t.Fatalf("got a command that ended before it served: %v", cmd.Wait())
	return ""
}
