package pglocal

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// layout returns the paths of the files of a data folder:
//
//	<data folder>/            any folder; created if missing, otherwise not changed
//	  postgres/               home: private to the user that runs Postgres
//	    cluster/              PGDATA
//	    run/                  the socket
//	    downloaded/           Postgres itself, if none is installed
//	    postgres.log          the log of Postgres
//	    start.lock, users.lock, watch.lock
type layout struct {
	home string
}

func (l layout) cluster() string   { return filepath.Join(l.home, "cluster") }
func (l layout) downloads() string { return filepath.Join(l.home, "downloaded") }
func (l layout) log() string       { return filepath.Join(l.home, "postgres.log") }
func (l layout) startLock() string { return filepath.Join(l.home, "start.lock") }
func (l layout) usersLock() string { return filepath.Join(l.home, "users.lock") }
func (l layout) watchLock() string { return filepath.Join(l.home, "watch.lock") }

// maxSocketPath is the longest socket path on every supported system. The array sun_path has 104
// bytes on BSD and macOS and 108 on Linux, one of them for the final zero.
const maxSocketPath = 103

// socketName contains the port. The port is only a part of this name: no process listens on it.
const (
	port       = 5432
	socketName = ".s.PGSQL.5432"
)

// run returns the folder of the socket. It is usually in the data folder. The data folder's path
// may be too long for a socket, or may have a comma, which clients take for the end of a host. Then
// it is a folder in /tmp named by a hash of that path. It is not in $TMPDIR, which may differ
// between two processes that must find the same socket.
func (l layout) run(owner account) string {
	run := filepath.Join(l.home, "run")
	if len(filepath.Join(run, socketName)) <= maxSocketPath && !strings.Contains(run, ",") {
		return run
	}
	sum := sha256.Sum256([]byte(l.home))
	return filepath.Join("/tmp", "enisim-"+strconv.Itoa(owner.uid)+"-"+hex.EncodeToString(sum[:8]))
}

// rootDataDir is the default data folder of root. Unlike /root, every user can enter it, and so can
// the user that runs Postgres for root.
const rootDataDir = "/var/lib/enisim"

// DefaultDataDir returns the data folder that is used if none is configured.
func DefaultDataDir() (string, error) {
	if os.Getuid() == 0 {
		return rootDataDir, nil
	}
	// The specification of XDG_STATE_HOME says to ignore a relative path.
	if state := os.Getenv("XDG_STATE_HOME"); filepath.IsAbs(state) {
		return filepath.Join(state, "enisim"), nil
	}
	userHome, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("find a folder for the data: %w: use --data-dir", err)
	}
	return filepath.Join(userHome, ".local", "state", "enisim"), nil
}

// prepare creates the folders down to the home folder, and returns their layout with the account
// that owns them.
func prepare(dataDir string) (layout, account, error) {
	if dataDir == "" {
		return layout{}, account{}, errors.New("no data folder is named")
	}
	// The user that runs Postgres must be able to enter a folder that root creates.
	mode := os.FileMode(0o700)
	if os.Getuid() == 0 {
		mode = 0o755
	}
	if err := os.MkdirAll(dataDir, mode); err != nil {
		return layout{}, account{}, fmt.Errorf("make the data folder: %w: use another --data-dir", err)
	}
	// Resolve the path, because different paths of the same folder must lead to the same socket
	// folder. They must also lead to the same -D argument, by which a postmaster is recognized.
	absolute, err := filepath.Abs(dataDir)
	if err != nil {
		return layout{}, account{}, err
	}
	real, err := filepath.EvalSymlinks(absolute)
	if err != nil {
		return layout{}, account{}, err
	}
	files := layout{home: filepath.Join(real, "postgres")}
	owner, err := accountFor(files.home)
	if err != nil {
		return layout{}, account{}, err
	}
	return files, owner, owner.privateFolder(files.home)
}
