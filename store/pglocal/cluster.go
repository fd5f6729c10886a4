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

// superuser owns everything in the cluster. The name is the customary one, so that psql examples work.
const superuser = "postgres"

// clusterMajor returns the major version of the Postgres that made the cluster, or 0 where there is no cluster.
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
		return 0, fmt.Errorf("PG_VERSION of %s holds no version, so the cluster is damaged: bring it back from a copy, or use another --data-dir", files.cluster())
	}
	return major, nil
}

// sweep removes what killed processes left behind. The caller holds the start lock, so nobody is at work in there.
func sweep(files layout) error {
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

func escapeGlob(path string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(path)
}

// initCluster makes the cluster. It comes into being by a rename, so a cluster that is there is complete and on disk.
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
	// The C locale spares initdb its slowest step, and sorts alike on every machine. Without TCP nobody comes as a host;
	// the entry for hosts refuses them all the same, should a hand in the configuration open a port.
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

// syncFolder makes a rename in it durable.
func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// defaultSettings are those that Options may change.
var defaultSettings = map[string]string{
	"max_connections": "200",
	"shared_buffers":  "128MB",
	"timezone":        "UTC",
	"log_timezone":    "UTC",
	"log_checkpoints": "off",
	"lc_messages":     "C",
}

// renderConfig writes postgresql.conf. It is ours alone: a hand that wants to change something has ALTER SYSTEM, which
// wins over it.
func renderConfig(settings map[string]string, run string) []byte {
	all := maps.Clone(defaultSettings)
	maps.Copy(all, settings)
	// What follows is not for Options: all processes must agree on it.
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

func configPath(files layout) string { return filepath.Join(files.cluster(), "postgresql.conf") }

// writeConfig replaces the configuration in one step, so that a crash leaves the old one or the new one.
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

// logLimit is the size at which the log of Postgres becomes the previous log, at a start.
const logLimit = 16 << 20

// openLog opens the log for the next postmaster to append to, and says where its part begins.
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

// logTail returns the end of what was logged since the offset, short enough for an error message.
func logTail(files layout, since int64) string {
	const most = 2 << 10
	file, err := os.Open(files.log())
	if err != nil {
		return err.Error()
	}
	defer file.Close()
	if info, err := file.Stat(); err == nil {
		since = max(since, info.Size()-most)
	}
	tail, err := io.ReadAll(io.NewSectionReader(file, since, most))
	if err != nil {
		return err.Error()
	}
	return strings.TrimSpace(string(tail))
}
