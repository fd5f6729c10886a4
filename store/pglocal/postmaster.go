package pglocal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// processPoll is how often something is asked of a process that cannot tell by itself.
const processPoll = 10 * time.Millisecond

// launch starts a postmaster and returns its pid, and where its part of the log begins. It does so
// without pg_ctl, which would put our paths through a shell, look only every 100 ms, and hide from
// us that the postmaster gave up.
//
// The postmaster is nobody's to wait for: it outlives this process if it must, so its Process is
// released, and ended collects it should it die while it is still our child.
func launch(files layout, bin binaries, owner account) (pid int, logStart int64, err error) {
	log, logStart, err := openLog(files, owner)
	if err != nil {
		return 0, 0, err
	}
	defer log.Close()
	cmd := owner.command(context.Background(), files.home, bin.program("postgres"), "-D", files.cluster())
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return 0, 0, fmt.Errorf("start %s as %s: %w", bin, owner.name, err)
	}
	pid = cmd.Process.Pid
	return pid, logStart, cmd.Process.Release()
}

// ended tells whether the postmaster pid is no more, and how it ended, where that is known.
//
// It collects a child of ours, which would stay a zombie and keep its pid otherwise. Orphans are
// children of ours, too, where enisim is process 1 of a container.
func ended(files layout, pid int) (how string, yes bool) {
	var status syscall.WaitStatus
	switch child, err := syscall.Wait4(pid, &status, syscall.WNOHANG, nil); {
	case err != nil: // not a child
		return "", !examine(files, pid).running
	case child == 0:
		return "", false
	case status.Signaled():
		return " by signal: " + status.Signal().String(), true
	default:
		return " with status " + strconv.Itoa(status.ExitStatus()), true
	}
}

// postmaster is what postmaster.pid says, held against the process that has this pid.
type postmaster struct {
	pid       int  // 0: there is no postmaster.pid, so Postgres was never started, or stopped properly
	running   bool // pid is a postmaster of this cluster
	pidReused bool // pid is taken by another process, or by a zombie
	malformed bool // postmaster.pid holds no process id; pid is then that of the postmaster that runs all the same, or 0
}

func findPostmaster(files layout) (postmaster, error) {
	content, err := os.ReadFile(pidPath(files))
	if errors.Is(err, os.ErrNotExist) {
		return postmaster{}, nil
	}
	if err != nil {
		return postmaster{}, err
	}
	pid, ok := firstLine(content)
	if !ok {
		// It is being written this moment, or its writer was killed over it, or the disk was full.
		pid, err := searchPostmaster(files)
		return postmaster{pid: pid, running: pid != 0, malformed: true}, err
	}
	ended(files, pid) // collects a dead child of ours, whose pid Postgres would take for a living one
	return examine(files, pid), nil
}

func firstLine(content []byte) (pid int, ok bool) {
	line, _, complete := bytes.Cut(content, []byte("\n"))
	pid, err := strconv.Atoi(string(line))
	return pid, complete && err == nil && pid > 0
}

// searchPostmaster finds the postmaster of a cluster among all processes, or 0. Its children have
// command lines of their own, but for a moment after they were made: their parent is the
// postmaster.
func searchPostmaster(files layout) (int, error) {
	running := map[int]bool{}
	processes, err := filepath.Glob("/proc/[0-9]*")
	if err != nil || len(processes) == 0 {
		return 0, fmt.Errorf("%s holds no process id: if no Postgres runs on this folder, remove the file and start again", pidPath(files))
	}
	for _, path := range processes {
		if pid, err := strconv.Atoi(filepath.Base(path)); err == nil && examine(files, pid).running {
			running[pid] = true
		}
	}
	for pid := range running {
		if !running[parentOf(pid)] {
			return pid, nil
		}
	}
	return 0, nil
}

// parentOf returns the parent of a process, or 0 if the process is gone.
func parentOf(pid int) int {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	// The name of the program, in parentheses, may hold anything; the state and the parent follow
	// it.
	fields := bytes.Fields(status[bytes.LastIndexByte(status, ')')+1:])
	if len(fields) < 2 {
		return 0
	}
	parent, err := strconv.Atoi(string(fields[1]))
	if err != nil {
		return 0
	}
	return parent
}

// isSocketLockMalformed reports whether the lock file of the socket is there and holds no process
// id, over which Postgres would not start.
func isSocketLockMalformed(run string) bool {
	content, err := os.ReadFile(socketLock(run))
	if err != nil {
		return false
	}
	_, ok := firstLine(content)
	return !ok
}

func socketLock(run string) string { return filepath.Join(run, socketName+".lock") }

// examine tells what runs under a pid. The number alone does not: it is used again, above all in
// containers, where pids begin anew while postmaster.pid lies on a volume. The command line does;
// it is empty for a zombie, and, for a moment, during an exec, which is over before a pid gets into
// postmaster.pid. Where the system does not show it, the number must do.
func examine(files layout, pid int) postmaster {
	p := postmaster{pid: pid}
	if err := syscall.Kill(pid, 0); errors.Is(err, syscall.ESRCH) {
		return p
	}
	line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	p.running = err != nil || bytes.Contains(line, []byte("\x00"+files.cluster()+"\x00"))
	p.pidReused = !p.running
	return p
}

func pidPath(files layout) string { return filepath.Join(files.cluster(), "postmaster.pid") }

// removeStalePID removes the pid files of a postmaster that died, where another process has its
// pid: Postgres would only see that the pid is taken, and refuse to start. It still refuses while
// orphaned backends use the old shared memory, whose key follows from the folder of the cluster and
// not only from postmaster.pid.
func removeStalePID(files layout, run string) error {
	for _, path := range []string{pidPath(files), socketLock(run)} {
		if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}

// stop ends the postmaster pid with a fast shutdown: it throws its clients out, writes a checkpoint
// and exits. If it does not get done, it is told to exit at once, and the next start recovers:
// asked while it recovers from the crash of one of its processes, Postgres 15 waits for its
// checkpointer for ever.
func stop(ctx context.Context, files layout, pid int) error {
	if err := signalStop(pid, syscall.SIGINT); err != nil {
		return err
	}
	fastStopTimedOut := time.After(fastStopTimeout)
	for {
		if _, yes := ended(files, pid); yes {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("Postgres (pid %d) is still stopping: %w; see %s", pid, context.Cause(ctx), files.log())
		case <-fastStopTimedOut:
			if err := signalStop(pid, syscall.SIGQUIT); err != nil {
				return err
			}
		case <-time.After(processPoll):
		}
	}
}

// signalStop sends a signal to the postmaster pid, which may have ended.
func signalStop(pid int, signal syscall.Signal) error {
	if err := syscall.Kill(pid, signal); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("stop Postgres (pid %d): %w", pid, err)
	}
	return nil
}
