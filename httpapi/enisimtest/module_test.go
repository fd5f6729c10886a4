package enisimtest_test

import (
	"archive/zip"
	"bytes"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// moduleVersion is the version under which the proxy of the test serves this module.
const moduleVersion = "v0.2.0"

// otherTest is the test of another module, as docs/testing.md shows it.
const otherTest = `package other

import (
	"testing"

	"enisim.alt/httpapi/enisimtest"
)

func TestStart(t *testing.T) {
	if server := enisimtest.Start(t); server.Endpoint == "" {
		t.Error("got no endpoint")
	}
}
`

// Another module uses this one by a replace directive, with the commands of docs/testing.md, and its test
// runs.
func TestAnotherModuleReplacesThisOne(t *testing.T) {
	t.Parallel()
	other := newModule(t)
	root := repository(t)
	goCommand(t, other, nil, "mod", "edit", "-require=enisim.alt@v0.0.0", "-replace=enisim.alt="+root)
	goCommand(t, other, nil, "mod", "tidy")
	out := goCommand(t, other, nil, "test", "-v", "-run", "^TestStart$", ".")
	if !strings.Contains(out, "--- PASS: TestStart") {
		t.Errorf("got %s, want the test to pass", out)
	}
}

// Another module gets this one from a proxy, which has only files. All packages and embedded files that
// enisimtest needs are in the module's archive.
func TestAnotherModuleGetsThisOneFromAProxy(t *testing.T) {
	t.Parallel()
	other, proxy := newModule(t), t.TempDir()
	writeProxy(t, repository(t), proxy)
	modules := strings.TrimSpace(goCommand(t, other, nil, "env", "GOMODCACHE"))
	cache := t.TempDir()
	t.Cleanup(func() { // the go command makes its folders read-only
		goCommand(t, other, []string{"GOMODCACHE=" + cache}, "clean", "-modcache")
	})
	// Other modules come from this machine, so the test needs no network.
	environment := []string{
		"GOMODCACHE=" + cache, "GONOSUMDB=enisim.alt", "GOFLAGS=-mod=mod",
		"GOPROXY=file://" + proxy + ",file://" + filepath.Join(modules, "cache", "download") + ",off",
	}
	goCommand(t, other, environment, "get", "enisim.alt/httpapi/enisimtest@"+moduleVersion)
	listed := goCommand(t, other, environment, "list", "-deps", "-test", "-f", "{{.ImportPath}} {{.Module}}", ".")
	if want := "enisim.alt/httpapi/enisimtest enisim.alt " + moduleVersion + "\n"; !strings.Contains(listed, want) {
		t.Errorf("got %s, want %q in it", listed, want)
	}
}

// repository returns the folder of this module.
func repository(t *testing.T) string {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	return root
}

// newModule returns the folder of a new module with otherTest. It has the checksums of this module's
// dependencies, so that none is asked for elsewhere.
func newModule(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	sums, err := os.ReadFile("../../go.sum")
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{
		"go.mod": "module other.alt\n\ngo 1.26.0\n", "go.sum": string(sums), "other_test.go": otherTest,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// goCommand runs a go command in a folder and returns its output.
func goCommand(t *testing.T, dir string, environment []string, args ...string) string {
	t.Helper()
	cmd := exec.Command("go", args...) //nolint:noctx // also called after the test, when its context has ended
	cmd.Dir = dir
	cmd.Env = append(append(os.Environ(), "GOWORK=off"), environment...)
	var errOut bytes.Buffer
	cmd.Stderr = &errOut
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go %s: %v\n%s%s", strings.Join(args, " "), err, out, errOut.String())
	}
	return string(out)
}

// writeProxy writes the files with which a proxy serves this module.
func writeProxy(t *testing.T, root, proxy string) {
	t.Helper()
	versions := filepath.Join(proxy, "enisim.alt", "@v")
	if err := os.MkdirAll(versions, 0o755); err != nil {
		t.Fatal(err)
	}
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{
		"list": moduleVersion + "\n", moduleVersion + ".mod": string(mod),
		moduleVersion + ".info": `{"Version": "` + moduleVersion + `"}`,
		moduleVersion + ".zip":  string(moduleArchive(t, root)),
	} {
		if err := os.WriteFile(filepath.Join(versions, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// moduleArchive returns the archive of the files that Git has or would add, without those of nested
// modules.
func moduleArchive(t *testing.T, root string) []byte {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("git does not list the files, and CI must not leave this out: %v", err)
		}
		t.Skipf("git does not list the files: %v", err)
	}
	files := strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
	var nested []string
	for _, name := range files {
		if dir, file := path.Split(name); file == "go.mod" && dir != "" {
			nested = append(nested, dir)
		}
	}
	var archive bytes.Buffer
	writer := zip.NewWriter(&archive)
	for _, name := range files {
		if slices.ContainsFunc(nested, func(dir string) bool { return strings.HasPrefix(name, dir) }) {
			continue
		}
		content, err := os.ReadFile(filepath.Join(root, name))
		if os.IsNotExist(err) {
			continue // removed, and not committed yet
		}
		if err != nil {
			t.Fatal(err)
		}
		file, err := writer.Create("enisim.alt@" + moduleVersion + "/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(file, bytes.NewReader(content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	return archive.Bytes()
}
