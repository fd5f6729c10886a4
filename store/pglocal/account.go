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

// account is the user that owns the cluster and runs Postgres. It differs from the user of this
// process only if that is root.
type account struct {
	name     string
	uid, gid int
	groups   []uint32
	switched bool // this process is root and has to run all programs of Postgres as this account
}

// accountFor returns the account for the cluster in the folder home, which may not exist yet.
func accountFor(home string) (account, error) {
	if os.Getuid() != 0 {
		return account{name: "the current user", uid: os.Getuid(), gid: os.Getgid()}, nil
	}
	if info, err := os.Lstat(home); err == nil {
		// Existing data keeps its owner, even if a later installation has added a user postgres.
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
	return account{}, errors.New("Postgres refuses to run as root, and there is neither a user postgres " +
		"nor a user nobody: add one of them, or start enisim as another user")
}

// switchTo returns the account with a uid, for a process that runs as root.
func switchTo(uid, gid int) account {
	a := account{name: "uid " + strconv.Itoa(uid), uid: uid, gid: gid, switched: true}
	u, err := user.LookupId(strconv.Itoa(uid))
	if err != nil {
		return a // a uid without a name can run programs too
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

// command returns a command that runs a program as the account. It has a session of its own, so
// that a ctrl-C at the terminal reaches only enisim, which drains first and then stops Postgres
// itself.
func (a account) command(ctx context.Context, dir, program string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir = dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if a.switched {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(a.uid), Gid: uint32(a.gid), Groups: a.groups}
	}
	// Pass on only the variables for finding and loading programs. PGPORT, PGOPTIONS and the like
	// are meant for clients, but Postgres would obey some of them.
	cmd.Env = []string{"LC_ALL=C", "TZ=UTC"}
	for _, name := range []string{"PATH", "LD_LIBRARY_PATH"} {
		if value, ok := os.LookupEnv(name); ok {
			cmd.Env = append(cmd.Env, name+"="+value)
		}
	}
	// Kill the whole session, because initdb has children. They may keep its output open a little
	// longer.
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second
	return cmd
}

// openFile opens a file in a folder of the account. It does not follow symbolic links: the account
// could have created one, and root must not follow it.
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

// privateFolder creates a folder that only the account can enter. If the folder exists, it checks
// that this holds.
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

// adopt changes the owner of an empty folder from root to the account. Such a folder was just
// created, by this process or by one that was killed before it could do this. A folder with files
// belongs to root for another reason, or another process has just adopted it.
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

// ownerOf returns the uid of a file's owner.
func ownerOf(info os.FileInfo) int { return int(info.Sys().(*syscall.Stat_t).Uid) }

// checkEnter returns an error that names the first folder on the path that the account cannot
// enter. It tries to enter each folder, because file modes do not show access control lists.
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
