package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"testing"

	"enisim.alt/store/pglocal"
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
	prepared, err := preparedDataDir()
	if err != nil {
		t.Fatal(err)
	}
	dir := emptyDataDir(t)
	if out, err := exec.CommandContext(t.Context(), "cp", "-a", prepared+"/.", dir).CombinedOutput(); err != nil {
		t.Fatalf("copy a data folder: %v\n%s", err, out)
	}
	return dir
}

// preparedDataDir returns the data folder of which dataDir makes copies. The first call creates it.
var preparedDataDir = sync.OnceValues(func() (string, error) {
	dir, err := newDataDir()
	if err != nil {
		return "", err
	}
	sharedFolders.add(dir)
	if out, err := program(context.Background(), "migrate", "up", "--data-dir", dir).CombinedOutput(); err != nil {
		return "", fmt.Errorf("prepare a data folder: %w\n%s", err, out)
	}
	return dir, nil
})

// sharedFolders are folders that several tests use. TestMain removes them.
var sharedFolders folders

type folders struct {
	mu    sync.Mutex
	paths []string
}

func (f *folders) add(path string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.paths = append(f.paths, path)
}

func (f *folders) remove() (err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, path := range f.paths {
		err = errors.Join(err, os.RemoveAll(path))
	}
	return err
}
