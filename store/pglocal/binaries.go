package pglocal

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	embeddedpostgres "github.com/fergusstrange/embedded-postgres"
)

// binaries is a folder with the programs of a Postgres installation.
type binaries struct {
	dir          string
	major, minor int
}

func (b binaries) program(name string) string { return filepath.Join(b.dir, name) }

// locate returns the path of a program that a Postgres server does not need, such as pg_dump. It is beside
// the server, or beside the file to which a link to the server leads, or anywhere in PATH.
func (b binaries) locate(name string) string {
	dirs := []string{b.dir}
	if server, err := filepath.EvalSymlinks(b.program("postgres")); err == nil {
		dirs = append(dirs, filepath.Dir(server))
	}
	for _, dir := range dirs {
		if path := filepath.Join(dir, name); isFile(path) {
			return path
		}
	}
	return name
}

func (b binaries) String() string { return fmt.Sprintf("PostgreSQL %d (%s)", b.major, b.dir) }

// sources are the places where Postgres may come from.
type sources struct {
	path       string   // a list like $PATH; searched first
	globs      []string // searched next, the newest version first
	repository string   // for a download if nothing is installed; "" for the library's default
}

// systemSources returns the usual sources of this system.
func systemSources() sources {
	return sources{
		path: os.Getenv("PATH"),
		globs: []string{
			"/usr/lib/postgresql/*/bin",         // Debian, Ubuntu
			"/usr/pgsql-*/bin",                  // packages of postgresql.org for Red Hat
			"/usr/libexec/postgresql*",          // Alpine
			"/opt/homebrew/opt/postgresql*/bin", // Homebrew
		},
	}
}

// downloadVersion is the version of Postgres that is downloaded if none is installed.
const downloadVersion = embeddedpostgres.V17

// choose returns the binaries for a cluster of a major version. A major of 0 means that there is no
// cluster yet, so any version will do. A download is kept in the folder downloads.
func (s sources) choose(
	ctx context.Context, major int, owner account, downloads string, logger *slog.Logger,
) (binaries, error) {
	// First look for installed binaries and for an earlier download. If there are none, download
	// them.
	found := s.installed(ctx, owner)
	found = append(found, probe(ctx, owner, []string{filepath.Join(downloads, "bin")})...)
	if len(found) == 0 {
		logger.Info("no Postgres is installed; downloading one", "version", downloadVersion)
		if err := s.download(ctx, downloads, owner); err != nil {
			return binaries{}, fmt.Errorf(
				"no PostgreSQL is installed (searched PATH and %s), and the download failed: %w\n"+
					"Three ways out:\n"+
					"  - install PostgreSQL (for example: apt-get install postgresql)\n"+
					"  - name a server that exists, with --database-url or ENISIM_DATABASE_URL\n"+
					"  - run enisim together with a Postgres: docker compose up",
				strings.Join(s.globs, ", "), err)
		}
		found = probe(ctx, owner, []string{filepath.Join(downloads, "bin")})
	}
	// Then choose the first that fits the cluster, because they are in the order of preference.
	for _, b := range found {
		if major == 0 || b.major == major {
			return b, nil
		}
	}
	if len(found) == 0 {
		return binaries{}, fmt.Errorf("%s cannot run the PostgreSQL downloaded to %s", owner.name, downloads)
	}
	names := make([]string, len(found))
	for i, b := range found {
		names[i] = b.String()
	}
	return binaries{}, fmt.Errorf("its cluster was made by PostgreSQL %d, but only %s is here: install PostgreSQL %d,"+
		" or use another --data-dir", major, strings.Join(names, " and "), major)
}

// Installed reports whether a Postgres is installed on this machine, so that Start need not
// download one.
func Installed(ctx context.Context) bool {
	owner, err := accountFor("")
	return err == nil && len(systemSources().installed(ctx, owner)) > 0
}

// installed returns the installed binaries, in the order of preference.
func (s sources) installed(ctx context.Context, owner account) []binaries {
	found := probe(ctx, owner, filepath.SplitList(s.path))
	for _, glob := range s.globs {
		dirs, _ := filepath.Glob(glob) // fails only for a malformed pattern
		some := probe(ctx, owner, dirs)
		slices.SortStableFunc(some, func(a, b binaries) int {
			return cmp.Or(cmp.Compare(b.major, a.major), cmp.Compare(b.minor, a.minor))
		})
		found = append(found, some...)
	}
	return found
}

// versionLine matches "postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)" and "postgres
// (PostgreSQL) 18beta1".
var versionLine = regexp.MustCompile(`\(PostgreSQL\) (\d+)(?:\.(\d+))?`)

// probe returns those of the folders that contain a Postgres that owner can run. It runs each of
// them, because a folder that root can read may be closed to owner.
func probe(ctx context.Context, owner account, dirs []string) []binaries {
	var found []binaries
	for _, dir := range dirs {
		b := binaries{dir: dir}
		if !filepath.IsAbs(dir) || !isFile(b.program("postgres")) || !isFile(b.program("initdb")) {
			continue
		}
		out, err := owner.command(ctx, "/", b.program("postgres"), "--version").Output()
		match := versionLine.FindSubmatch(out)
		if err != nil || match == nil {
			continue
		}
		b.major, _ = strconv.Atoi(string(match[1]))
		b.minor, _ = strconv.Atoi(string(match[2])) // absent in a beta: 0
		found = append(found, b)
	}
	return found
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// download downloads Postgres and unpacks it into the folder target, which appears complete or not
// at all.
func (s sources) download(ctx context.Context, target string, owner account) error {
	work, err := os.MkdirTemp(filepath.Dir(target), "download-")
	if err != nil {
		return err
	}
	unpacked := filepath.Join(work, "unpacked")
	// First configure the library so that it downloads without starting Postgres, which it cannot
	// do as root. It unpacks everything and then fails, because it has to empty its data folder,
	// and os.RemoveAll refuses a path that ends in a dot.
	stopHere := filepath.Join(work, "data") + "/."
	config := embeddedpostgres.DefaultConfig()
	if s.repository != "" {
		config = config.BinaryRepositoryURL(s.repository)
	}
	library := embeddedpostgres.NewDatabase(config.
		Version(downloadVersion).
		CachePath(filepath.Join(work, "archive")).
		RuntimePath(filepath.Join(work, "runtime")).
		BinariesPath(unpacked).
		Port(0).
		DataPath(stopHere))

	// Then run it in a goroutine, because it takes no context. If the context ends, it finishes by
	// itself in its own folder.
	var startErr error
	done := make(chan struct{})
	go func() {
		startErr = library.Start()
		close(done)
	}()
	select {
	case <-ctx.Done():
		go func() {
			<-done
			_ = os.RemoveAll(work) // the next start sweeps what remains
		}()
		return context.Cause(ctx)
	case <-done:
	}
	// Last, move the result to its final place. The expected failure is the one that names the data
	// folder.
	defer os.RemoveAll(work)
	if startErr != nil && !strings.Contains(startErr.Error(), stopHere) {
		return startErr
	}
	if owner.switched {
		chown := func(path string, _ os.DirEntry, err error) error {
			return errors.Join(err, os.Lchown(path, owner.uid, owner.gid))
		}
		if err := filepath.WalkDir(unpacked, chown); err != nil {
			return err
		}
	}
	if err := os.RemoveAll(target); err != nil { // an earlier download that owner could not run
		return err
	}
	return os.Rename(unpacked, target)
}
