package prove

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// daemon is a program of the cluster that is started again and again, as the user of Postgres.
type daemon struct {
	name   string
	args   []string // the command line
	dir    string   // working folder
	log    string   // path of its log
	cmd    *exec.Cmd
	exited chan struct{}
}

// stopTimeout is how long a daemon may take to stop before it is killed.
const stopTimeout = 30 * time.Second

// startDaemon starts a daemon, and stops it at the end of the test.
func startDaemon(t *testing.T, d *daemon) *daemon {
	t.Helper()
	if err := d.start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.stop)
	return d
}

// start starts the process.
func (d *daemon) start() error {
	log, err := os.OpenFile(d.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := exec.CommandContext(context.Background(), d.args[0], d.args[1:]...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = d.dir, log, log
	cmd.Env = append(os.Environ(), "LC_ALL=C", "TZ=UTC", "HOME="+d.dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if os.Getuid() == 0 {
		uid, gid, err := postgresUser()
		if err != nil {
			return err
		}
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uid, Gid: gid}
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("%s: %w", d.name, err)
	}
	exited := make(chan struct{})
	go func() {
		_ = cmd.Wait() // how it ended is in ProcessState
		close(exited)
	}()
	d.cmd, d.exited = cmd, exited
	return nil
}

// postgresUser returns the user that runs Postgres, which refuses to run as root.
func postgresUser() (uid, gid uint32, err error) {
	u, err := user.Lookup("postgres")
	if err != nil {
		return 0, 0, err
	}
	id, err := strconv.ParseUint(u.Uid, 10, 32)
	group, groupErr := strconv.ParseUint(u.Gid, 10, 32)
	return uint32(id), uint32(group), errors.Join(err, groupErr)
}

// kill kills the process with SIGKILL and waits for its end.
func (d *daemon) kill() error {
	if err := d.cmd.Process.Kill(); err != nil {
		return fmt.Errorf("%s: %w", d.name, err)
	}
	<-d.exited
	return nil
}

// stop ends the process, at the latest by SIGKILL.
func (d *daemon) stop() {
	_ = d.cmd.Process.Signal(syscall.SIGTERM) // it may have ended
	select {
	case <-d.exited:
	case <-time.After(stopTimeout):
		_ = d.cmd.Process.Kill()
		<-d.exited
	}
}
