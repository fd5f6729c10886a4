package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"testing"

	"enisim/store/pglocal"
)

// emptyDataDir returns an empty folder for a private Postgres, which its unprivileged user can
// enter.
func emptyDataDir(t testing.TB) string {
	t.Helper()
	dir, err := newDataDir()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// newDataDir creates a folder that every user can enter.
func newDataDir() (string, error) {
	dir, err := os.MkdirTemp(pglocal.ScratchDir(), "enisim-test-")
	if err != nil {
		return "", err
	}
	return dir, os.Chmod(dir, 0o755)
}

// dataDir returns a folder with a private Postgres that does not run. Its database has the schema
// and no account. It is a copy of a prepared folder, because initdb and the migrations take half a
// second of processor time, and a copy takes a tenth of that.
func dataDir(t testing.TB) string {
	t.Helper()
	dir := emptyDataDir(t)
	if err := preparedData.copyTo(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	return dir
}

// preparedData is the data folder of which dataDir makes copies.
var preparedData preparedDataDir

// preparedDataDir is a data folder that enisim creates at the first copy.
type preparedDataDir struct {
	once sync.Once
	dir  string
	err  error
}

// copyTo copies the prepared folder into an empty one.
func (p *preparedDataDir) copyTo(ctx context.Context, dir string) error {
	p.once.Do(func() {
		if p.dir, p.err = newDataDir(); p.err != nil {
			return
		}
		// The copies of other tests need it too, even if this test ends first.
		prepare := program(context.WithoutCancel(ctx), "migrate", "up", "--data-dir", p.dir)
		if out, err := prepare.CombinedOutput(); err != nil {
			p.err = fmt.Errorf("prepare a data folder: %w\n%s", err, out)
		}
	})
	if p.err != nil {
		return p.err
	}
	if out, err := exec.CommandContext(ctx, "cp", "-a", p.dir+"/.", dir).CombinedOutput(); err != nil {
		return fmt.Errorf("copy a data folder: %w\n%s", err, out)
	}
	return nil
}

// remove removes the prepared folder.
func (p *preparedDataDir) remove() error {
	if p.dir == "" {
		return nil
	}
	return os.RemoveAll(p.dir)
}
