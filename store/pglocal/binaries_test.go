package pglocal

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// If no Postgres is installed and the download fails, Start reports what the user can do. The
// failed download leaves no files.
func TestStartWithoutAnInstalledPostgres(t *testing.T) {
	t.Parallel()
	repository := httptest.NewServer(http.NotFoundHandler())
	defer repository.Close()
	dir := newDataDir(t)
	_, err := Start(t.Context(), Options{DataDir: dir, sources: &sources{path: dir, repository: repository.URL}})
	if err == nil {
		t.Fatal("got no error, want one")
	}
	for _, want := range []string{"install PostgreSQL", "--database-url or ENISIM_DATABASE_URL", "docker compose up"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("got this error, want %q in it:\n%v", want, err)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "postgres", "download*")); len(left) > 0 {
		t.Errorf("files of the failed download: got %v, want none", left)
	}
}

// Without an installed Postgres, Start downloads the programs once and uses them from then on. The
// archive has the form of the real one, but its programs call the installed ones.
func TestStartDownloadsPostgresOnce(t *testing.T) {
	t.Parallel()
	archive := packArchive(t, installedForTest(t))
	repository := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasSuffix(r.URL.Path, ".jar") {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write(archive)
	}))
	defer repository.Close()

	dir := newDataDir(t)
	opts := Options{DataDir: dir, sources: &sources{repository: repository.URL}}
	s := mustStart(t, opts)
	if got, want := s.bin.dir, filepath.Join(dir, "postgres", "downloaded", "bin"); got != want {
		t.Errorf("folder of the programs: got %s, want %s", got, want)
	}
	run(t, connect(t, s.URL()), writeRows)
	mustStop(t, s)

	repository.Close() // the second start must not download again
	assertRows(t, mustStart(t, opts).URL())
}

// A new cluster gets the newest version, unless PATH names another. An existing cluster gets the
// version that created it.
func TestVersionOfACluster(t *testing.T) {
	t.Parallel()
	root := newDataDir(t)
	owner, err := accountFor(root)
	if err != nil {
		t.Fatal(err)
	}
	fake := func(name, version string) string {
		dir := filepath.Join(root, name, "bin")
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		for _, program := range []string{"postgres", "initdb"} {
			script := fmt.Sprintf("#!/bin/sh\necho '%s (PostgreSQL) %s (Debian)'\n", program, version)
			if err := os.WriteFile(filepath.Join(dir, program), []byte(script), 0o755); err != nil {
				t.Fatal(err)
			}
		}
		return dir
	}
	fake("9.6", "9.6.24")
	fake("16", "16.9")
	fake("18", "18beta1")
	inPath := fake("mine", "15.14")
	from := func(path string) sources {
		return sources{path: path, globs: []string{filepath.Join(root, "[0-9]*", "bin")}}
	}
	for _, test := range []struct {
		path  string
		major int
		want  string
	}{
		{"", 0, "18"},
		{"", 16, "16"},
		{"/nowhere:bin:" + inPath, 0, "mine"},
		{inPath, 18, "18"},
	} {
		got, err := from(test.path).choose(t.Context(), test.major, owner, filepath.Join(root, "none"), nil)
		if want := filepath.Join(root, test.want, "bin"); got.dir != want || err != nil {
			t.Errorf("choose with PATH=%q for a cluster of version %d: got %v, %v, want %s",
				test.path, test.major, got, err, want)
		}
	}
}

func installedForTest(t *testing.T) binaries {
	t.Helper()
	owner, err := accountFor("/nonexistent")
	if err != nil {
		t.Fatal(err)
	}
	found := systemSources().installed(t.Context(), owner)
	if len(found) == 0 {
		t.Skip("no Postgres is installed")
	}
	return found[0]
}

// packArchive returns an archive like those in the repository of the embedded-postgres library: a
// zip with a tar.xz in it.
func packArchive(t *testing.T, installed binaries) []byte {
	t.Helper()
	var tarball bytes.Buffer
	writer := tar.NewWriter(&tarball)
	for _, program := range []string{"postgres", "initdb"} {
		script := fmt.Sprintf("#!/bin/sh\nexec %s \"$@\"\n", installed.program(program))
		if err := writer.WriteHeader(&tar.Header{
			Name: "bin/" + program, Mode: 0o755, Size: int64(len(script)),
		}); err != nil {
			t.Fatal(err)
		}
		if _, err := writer.Write([]byte(script)); err != nil {
			t.Fatal(err)
		}
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	xz, err := exec.LookPath("xz")
	if err != nil {
		t.Skip("no xz to pack with")
	}
	compress := exec.CommandContext(t.Context(), xz, "--stdout", "--check=crc32")
	compress.Stdin = &tarball
	compressed, err := compress.Output()
	if err != nil {
		t.Fatal(err)
	}
	var jar bytes.Buffer
	archive := zip.NewWriter(&jar)
	entry, err := archive.Create("postgres.txz")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := entry.Write(compressed); err != nil {
		t.Fatal(err)
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	return jar.Bytes()
}
