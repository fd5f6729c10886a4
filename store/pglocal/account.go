package pglocal

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// account is the user who owns the cluster and runs Postgres. It differs from the user of this process only for root.
type account struct {
	name     string
	uid, gid int
	groups   []uint32
	switched bool // this process is root and must change to the account for everything that Postgres runs
}

// accountFor returns the account for the cluster in home, a folder that need not exist.
func accountFor(home string) (account, error) {
	if os.Getuid() != 0 {
		return account{name: "the current user", uid: os.Getuid(), gid: os.Getgid()}, nil
	}
	if info, err := os.Lstat(home); err == nil {
		// Existing data keeps its owner: a user postgres that came with a later installation must not lock it out.
		if uid := ownerOf(info); uid != 0 {
			return switchTo(uid, int(info.Sys().(*syscall.Stat_t).Gid)), nil
		}
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, uidErr := strconv.Atoi(u.Uid)
		gid, gidErr := strconv.Atoi(u.Gid)
		if err := errors.Join(uidErr, gidErr); err != nil {
			return account{}, fmt.Errorf("read user %s: %w", name, err)
		}
		return switchTo(uid, gid), nil
	}
	return account{}, errors.New("Postgres refuses to run as root, and there is neither a user postgres nor a user nobody:" +
		" add one of them, or start enisim as another user")
}

func switchTo(uid, gid int) account {
	a := account{name: "uid " + strconv.Itoa(uid), uid: uid, gid: gid, switched: true}
	u, err := user.LookupId(strconv.Itoa(uid))
	if err != nil {
		return a // a number without a name can run programs just as well
	}
	a.name = "user " + u.Username
	ids, err := u.GroupIds()
	if err != nil {
		return a
	}
	for _, id := range ids {
		if n, err := strconv.ParseUint(id, 10, 32); err == nil {
			a.groups = append(a.groups, uint32(n))
		}
	}
	return a
}

// command prepares a program that runs as the account, in a session of its own: a ctrl-C at the terminal is for enisim,
// which drains first and then stops Postgres itself.
func (a account) command(ctx context.Context, dir, program string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir = dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if a.switched {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(a.uid), Gid: uint32(a.gid), Groups: a.groups}
	}
	// Of our environment only what finding and loading programs takes: PGPORT, PGOPTIONS and their like are meant for
	// clients, yet Postgres would obey some of them.
	cmd.Env = []string{"LC_ALL=C", "TZ=UTC"}
	for _, name := range []string{"PATH", "LD_LIBRARY_PATH"} {
		if value, ok := os.LookupEnv(name); ok {
			cmd.Env = append(cmd.Env, name+"="+value)
		}
	}
	// The whole session is killed, since initdb has children; they may hold its output open for a moment more.
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second
	return cmd
}

// openFile opens a file in a folder of the account. The account could have put a symbolic link there, which root must
// not follow.
func (a account) openFile(path string, flag int) (*os.File, error) {
	file, err := os.OpenFile(path, flag|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, err
	}
	if a.switched {
		if err := file.Chown(a.uid, a.gid); err != nil {
			return nil, errors.Join(err, file.Close())
		}
	}
	return file, nil
}

// privateFolder makes a folder that only the account can enter, or checks that an existing one is such a folder.
func (a account) privateFolder(path string) error {
	err := os.Mkdir(path, 0o700)
	if err != nil && !errors.Is(err, os.ErrExist) {
		return fmt.Errorf("make a private folder for Postgres: %w", err)
	}
	if a.switched {
		if err := a.adopt(path); err != nil {
			return fmt.Errorf("give %s to %s, who runs Postgres: %w", path, a.name, err)
		}
	}
	info, err := os.Lstat(path)
	if err != nil {
		return fmt.Errorf("look at the private folder of Postgres: %w", err)
	}
	owner := ownerOf(info)
	if !info.IsDir() || owner != a.uid || info.Mode().Perm()&0o077 != 0 {
		return fmt.Errorf("%s (%s, owner uid %d) is not a private folder of %s (uid %d), who runs Postgres:"+
			" give it to that user with mode 0700, or use another --data-dir", path, info.Mode(), owner, a.name, a.uid)
	}
	return nil
}

// adopt gives an empty folder of root's to the account: it was made a moment ago, here or by a process that was killed
// before it came to this. One that holds something is somebody's, or another process adopted it just now.
func (a account) adopt(path string) error {
	info, err := os.Lstat(path)
	if err != nil || !info.IsDir() || ownerOf(info) != 0 {
		return err
	}
	content, err := os.ReadDir(path)
	if err != nil || len(content) > 0 {
		return err
	}
	return os.Lchown(path, a.uid, a.gid)
}

func ownerOf(info os.FileInfo) int { return int(info.Sys().(*syscall.Stat_t).Uid) }

// checkEnter reports the first folder on the way to path that the account cannot enter. It tries instead of reading
// modes, which would miss access lists.
func (a account) checkEnter(ctx context.Context, path string) error {
	canEnter := func(dir string) bool { return a.command(ctx, dir, "/bin/sh", "-c", ":").Run() == nil }
	if !a.switched || canEnter(path) {
		return nil
	}
	dir := string(filepath.Separator)
	for _, name := range append([]string{""}, strings.Split(strings.Trim(path, dir), dir)...) {
		dir = filepath.Join(dir, name)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if !canEnter(dir) {
			return fmt.Errorf("%s, who runs Postgres, cannot enter the folder %s: allow it (chmod o+x %s),"+
				" or use a --data-dir elsewhere, such as %s", a.name, dir, dir, rootDataDir)
		}
	}
	return fmt.Errorf("%s, who runs Postgres, cannot enter the folder %s", a.name, path)
}
