package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// An earlier build is a commit of the clone, which is built, or a binary. A history without the default
// commit is no error, unlike any other build that does not exist.
func TestEarlierBuilds(t *testing.T) {
	t.Chdir(t.TempDir())
	git := func(args ...string) string {
		t.Helper()
		out, err := output(t.Context(), "git", append([]string{"-c", "user.name=t", "-c", "user.email=t"}, args...)...)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	write := func(name, text string) string {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	b := &bench{dir: t.TempDir()}
	expectMissing := func(name, part string) {
		t.Helper()
		found, err := b.findEarlier(t.Context(), name)
		if err != nil || found.program != "" || !strings.Contains(found.missing, part) {
			t.Errorf("%q: got %+v, %v, want no build because of %q", name, found, err, part)
		}
	}
	expectMissing(beforeRules, "no git clone with the commit "+beforeRules) // not even a repository
	git("init", "--quiet")
	write("go.mod", "module enisim\n")
	write("cmd/enisim/main.go", "package main\n\nfunc main() { println(1) }\n")
	git("add", ".")
	git("commit", "--quiet", "--message", "first")
	first := git("rev-parse", "HEAD")
	write("cmd/enisim/main.go", "no program")
	git("commit", "--quiet", "--all", "--message", "second")

	for _, name := range []string{first, first[:8], "HEAD~1"} {
		found, err := b.findEarlier(t.Context(), name)
		if err != nil || found.missing != "" || found.name != name {
			t.Fatalf("%s: got %+v, %v, want a build", name, found, err)
		}
		if _, err := output(t.Context(), found.program); err != nil {
			t.Errorf("%s: %v, want a program that runs", name, err)
		}
		if err := os.Remove(found.program); err != nil {
			t.Error(err)
		}
	}
	expectMissing(beforeRules, "git fetch --unshallow")
	expectMissing("", "--before names no build")
	for name, part := range map[string]string{"HEAD": "found no", "HEAD~7": `got "HEAD~7"`, "./none": "./none"} {
		if _, err := b.findEarlier(t.Context(), name); err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("%s: got %v, want an error with %q", name, err, part)
		}
	}
	program := write("bin/enisim", "")
	if err := os.Chmod(program, 0o700); err != nil {
		t.Fatal(err)
	}
	if found, err := b.findEarlier(t.Context(), program); err != nil || found.program != program {
		t.Errorf("got %+v, %v, want the binary %s", found, err, program)
	}
	if got := git("worktree", "list"); strings.Count(got, "\n") > 0 {
		t.Errorf("got the worktrees\n%s\nwant only the clone", got)
	}
}

// A build gets the flags that it accepts.
func TestKnownFlags(t *testing.T) {
	t.Parallel()
	program := filepath.Join(t.TempDir(), "enisim")
	text := "#!/bin/sh\ncase $2 in --attach-delay=0|--help) ;; *) exit 1 ;; esac\n"
	if err := os.WriteFile(program, []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
	got, err := knownFlags(t.Context(), program, slices.Concat(noDelays, unobserved))
	if err != nil || !slices.Equal(got, []string{"--attach-delay=0"}) {
		t.Errorf("got %q, %v, want only the accepted flag", got, err)
	}
	if _, err := knownFlags(t.Context(), program+"-none", noDelays); err == nil {
		t.Error("got no error of a program that does not exist, want one")
	}
}
