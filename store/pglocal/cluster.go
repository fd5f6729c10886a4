package pglocal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// superuser is the database user that owns everything in the cluster. It has the usual name, so
// that psql examples work.
const superuser = "postgres"

// clusterMajor returns the major version of the Postgres that created the cluster, or 0 if there is
// no cluster.
func clusterMajor(files layout) (int, error) {
	content, err := os.ReadFile(filepath.Join(files.cluster(), "PG_VERSION"))
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	major, err := strconv.Atoi(strings.TrimSpace(string(content)))
	if err != nil {
		return 0, fmt.Errorf("PG_VERSION of %s holds no version, so the cluster is damaged: "+
			"bring it back from a copy, or use another --data-dir", files.cluster())
	}
	return major, nil
}

// removeLeftovers removes the temporary folders of killed processes. The caller holds the start
// lock, so no other process is using them.
func removeLeftovers(files layout) error {
	for _, pattern := range []string{"initdb-*", "download-*"} {
		leftovers, err := filepath.Glob(filepath.Join(escapeGlob(files.home), pattern))
		if err != nil {
			return err
		}
		for _, path := range leftovers {
			if err := os.RemoveAll(path); err != nil {
				return fmt.Errorf("remove what an interrupted start left: %w", err)
			}
		}
	}
	return nil
}

// escapeGlob returns a pattern that matches only path.
func escapeGlob(path string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(path)
}

// initCluster creates the cluster in a temporary folder, and then renames the folder. So an
// existing cluster is always complete and on disk.
func initCluster(ctx context.Context, files layout, bin binaries, owner account) error {
	work, err := os.MkdirTemp(files.home, "initdb-")
	if err != nil {
		return err
	}
	if owner.switched {
		if err := os.Lchown(work, owner.uid, owner.gid); err != nil {
			return err
		}
	}
	// The C locale avoids the slowest step of initdb, and sorts in the same way on every machine.
	// There are no clients by TCP, but reject them anyway, in case an operator opens a port in the
	// configuration.
	out, err := owner.command(ctx, files.home, bin.program("initdb"), "--pgdata="+work, "--username="+superuser,
		"--encoding=UTF8", "--locale=C", "--auth-local=trust", "--auth-host=reject").CombinedOutput()
	if err != nil {
		err = errors.Join(context.Cause(ctx), err, os.RemoveAll(work))
		return fmt.Errorf("initdb: %w\n%s", err, bytes.TrimSpace(out))
	}
	if err := os.Rename(work, files.cluster()); err != nil {
		return err
	}
	return syncFolder(files.home)
}

// syncFolder makes a rename in a folder durable.
func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// defaultSettings are the settings of Postgres that Options may override.
var defaultSettings = map[string]string{
	"max_connections": "200",
	"shared_buffers":  "128MB",
	"timezone":        "UTC",
	"log_timezone":    "UTC",
	"log_checkpoints": "off",
	"lc_messages":     "C",
}

// renderConfig renders postgresql.conf. Only enisim writes this file. Operators can use ALTER
// SYSTEM, which takes precedence over it.
func renderConfig(settings map[string]string, run string) []byte {
	all := maps.Clone(defaultSettings)
	maps.Copy(all, settings)
	// Options cannot override these, because all processes must agree on them.
	all["listen_addresses"] = ""
	all["port"] = strconv.Itoa(port)
	all["unix_socket_directories"] = `"` + strings.ReplaceAll(run, `"`, `""`) + `"` // a list, hence the inner quotes
	all["unix_socket_permissions"] = "0700"

	var config bytes.Buffer
	config.WriteString("# Written by enisim at every start. Use ALTER SYSTEM for settings of your own.\n")
	for _, name := range slices.Sorted(maps.Keys(all)) {
		value := strings.NewReplacer(`\`, `\\`, `'`, `''`).Replace(all[name])
		fmt.Fprintf(&config, "%s = '%s'\n", name, value)
	}
	return config.Bytes()
}

// configPath returns the path of postgresql.conf.
func configPath(files layout) string { return filepath.Join(files.cluster(), "postgresql.conf") }

// writeConfig replaces the configuration by a rename, so that a crash leaves either the old or the
// new one.
func writeConfig(files layout, owner account, config []byte) error {
	temporary := configPath(files) + ".new"
	if err := os.Remove(temporary); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	file, err := owner.openFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_EXCL)
	if err != nil {
		return err
	}
	_, err = file.Write(config)
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		return err
	}
	return os.Rename(temporary, configPath(files))
}

// logLimit is the size above which the log of Postgres is rotated at a start.
const logLimit = 16 << 20

// openLog opens the log, so that the next postmaster appends to it. It also returns the position at
// which its part begins.
func openLog(files layout, owner account) (*os.File, int64, error) {
	if info, err := os.Lstat(files.log()); err == nil && info.Size() > logLimit {
		if err := os.Rename(files.log(), files.log()+".1"); err != nil {
			return nil, 0, err
		}
	}
	file, err := owner.openFile(files.log(), os.O_WRONLY|os.O_CREATE|os.O_APPEND)
	if err != nil {
		return nil, 0, err
	}
	info, err := file.Stat()
	if err != nil {
		return nil, 0, errors.Join(err, file.Close())
	}
	return file, info.Size(), nil
}

// logTail returns the end of the log after the position since, short enough for an error message.
func logTail(files layout, since int64) string {
	const maxBytes = 2 << 10
	file, err := os.Open(files.log())
	if err != nil {
		return err.Error()
	}
	defer file.Close()
	if info, err := file.Stat(); err == nil {
		since = max(since, info.Size()-maxBytes)
	}
	tail, err := io.ReadAll(io.NewSectionReader(file, since, maxBytes))
	if err != nil {
		return err.Error()
	}
	return strings.TrimSpace(string(tail))
}
