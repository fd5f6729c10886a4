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

// processPoll is how often the state of a process is polled.
const processPoll = 10 * time.Millisecond

// launch starts a postmaster. It returns its pid and the position in the log where its part begins.
// It does not use pg_ctl, which would pass the paths through a shell, poll only every 100 ms, and
// hide that the postmaster has exited.
//
// Nothing waits for the postmaster, because it may outlive this process, so its Process is
// released. If it dies while it is still a child of this process, ended reaps it.
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

// ended reports whether the postmaster pid has exited, and how, if that is known.
//
// It reaps a dead child of this process, which would otherwise remain a zombie and keep its pid.
// Orphans are children of this process too, if enisim is process 1 of a container.
func ended(files layout, pid int) (how string, exited bool) {
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

// postmaster is the content of postmaster.pid, compared with the process that has this pid.
type postmaster struct {
	pid       int  // 0 if there is no postmaster.pid: Postgres was never started, or was stopped properly
	running   bool // whether pid is a postmaster of this cluster
	pidReused bool // whether pid is another process or a zombie
	malformed bool // whether postmaster.pid has no process id; pid is then that of a running postmaster, or 0
}

// findPostmaster returns the postmaster of the cluster.
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
		// The file is just being written, or its writer was killed, or the disk was full.
		pid, err := searchPostmaster(files)
		return postmaster{pid: pid, running: pid != 0, malformed: true}, err
	}
	ended(files, pid) // reaps a dead child, which Postgres would take for a running process
	return examine(files, pid), nil
}

// firstLine parses the first line of a pid file.
func firstLine(content []byte) (pid int, ok bool) {
	line, _, complete := bytes.Cut(content, []byte("\n"))
	pid, err := strconv.Atoi(string(line))
	return pid, complete && err == nil && pid > 0
}

// searchPostmaster looks for the postmaster of a cluster among all processes. It returns its pid,
// or 0 if there is none. Right after a fork, children of the postmaster still have its command
// line. They are recognized by their parent, which is the postmaster.
func searchPostmaster(files layout) (int, error) {
	running := map[int]bool{}
	processes, err := filepath.Glob("/proc/[0-9]*")
	if err != nil || len(processes) == 0 {
		return 0, fmt.Errorf(
			"%s holds no process id: if no Postgres runs on this folder, remove the file and start again",
			pidPath(files))
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

// parentOf returns the pid of a process's parent, or 0 if the process has exited.
func parentOf(pid int) int {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	// The state and the parent follow the name of the program, which is in parentheses and may
	// contain any character.
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

// isSocketLockMalformed reports whether the lock file of the socket exists and has no process id.
// Postgres would not start then.
func isSocketLockMalformed(run string) bool {
	content, err := os.ReadFile(socketLock(run))
	if err != nil {
		return false
	}
	_, ok := firstLine(content)
	return !ok
}

// socketLock returns the path of the socket's lock file.
func socketLock(run string) string { return filepath.Join(run, socketName+".lock") }

// examine finds out whether a pid is the postmaster of the cluster. The number alone does not prove
// it, because pids are reused. This is frequent in containers, where pids start again from 1 while
// postmaster.pid is on a volume. So it looks at the command line. That is empty for a zombie and,
// briefly, during an exec, which is over before a pid is written into postmaster.pid. If the system
// does not show command lines, the number has to be enough.
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

// pidPath returns the path of postmaster.pid.
func pidPath(files layout) string { return filepath.Join(files.cluster(), "postmaster.pid") }

// removeStalePID removes the pid files of a dead postmaster whose pid another process has.
// Otherwise Postgres would only see that the pid is in use, and refuse to start. It still refuses
// while orphaned backends use the old shared memory. The key of that memory is derived from the
// folder of the cluster, not only from postmaster.pid.
func removeStalePID(files layout, run string) error {
	for _, path := range []string{pidPath(files), socketLock(run)} {
		if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}

// stop stops the postmaster pid with a fast shutdown: it disconnects its clients, writes a
// checkpoint and exits. If that times out, it requests an immediate shutdown, after which the next
// start recovers. This is needed because the fast shutdown may come while Postgres recovers from
// the crash of one of its processes. Postgres 15 then waits forever for its checkpointer.
func stop(ctx context.Context, files layout, pid int) error {
	if err := signalStop(pid, syscall.SIGINT); err != nil {
		return err
	}
	fastStopTimedOut := time.After(fastStopTimeout)
	for {
		if _, exited := ended(files, pid); exited {
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

// signalStop sends a signal to the postmaster pid. It is no error if the postmaster has exited.
func signalStop(pid int, signal syscall.Signal) error {
	if err := syscall.Kill(pid, signal); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("stop Postgres (pid %d): %w", pid, err)
	}
	return nil
}
