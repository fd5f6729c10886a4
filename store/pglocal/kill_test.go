package pglocal

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"testing"

	"github.com/jackc/pgx/v5"
)

func itoa(n int) []byte { return []byte(strconv.Itoa(n)) }

// childDataDir tells the test binary to be the process that is killed, using this data folder.
const childDataDir = "PGLOCAL_TEST_DATA_DIR"

// childMain commits rows, says so, and waits to be killed.
func childMain(dir string) {
	if err := func() error {
		ctx := context.Background()
		s, err := Start(ctx, Options{DataDir: dir})
		if err != nil {
			return err
		}
		conn, err := pgx.Connect(ctx, s.URL())
		if err != nil {
			return err
		}
		_, err = conn.Exec(ctx, writeRows)
		return err
	}(); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println("ready")
	_, _ = os.Stdin.Read(make([]byte, 1)) // ends when the test does, should it forget the kill
	os.Exit(1)
}

// startChild returns when the child has committed its rows.
func startChild(t *testing.T, dir string) *exec.Cmd {
	t.Helper()
	child := exec.CommandContext(t.Context(), os.Args[0])
	child.Env = append(os.Environ(), childDataDir+"="+dir)
	stdin, err := child.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = stdin.Close() })
	stdout, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if line != "ready\n" {
		t.Fatalf("the child says %q (%v), want ready", line, err)
	}
	return child
}

func TestStartAfterGoProcessWasKilled(t *testing.T) {
	t.Parallel()
	for name, alsoPostmaster := range map[string]bool{"alone": false, "with its postmaster": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := newDataDir(t)
			child := startChild(t, dir)
			if err := child.Process.Kill(); err != nil { // signal 9
				t.Fatal(err)
			}
			_ = child.Wait() // the error tells of the signal
			orphan := postmasterOf(t, dir)
			if alsoPostmaster {
				killPostmaster(t, dir)
			}

			s := mustStart(t, Options{DataDir: dir})
			if got := postmasterOf(t, dir); (got == orphan) == alsoPostmaster {
				t.Errorf("postmaster is %+v after the start, %+v before it; want the same: %t", got, orphan, !alsoPostmaster)
			}
			assertRows(t, s.URL())
			// The killed process held its locks to its end, not beyond: this is the last one out.
			mustStop(t, s)
			assertStopped(t, dir)
		})
	}
}
