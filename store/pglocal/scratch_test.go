package pglocal

import (
	"os"
	"testing"
)

// The folder of TMPDIR is used even if there is enough memory for one in memory.
func TestScratchDirOfTMPDIR(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	if got := ScratchDir(); got != dir {
		t.Errorf("got %s, want %s", got, dir)
	}
}

// The chosen folder can be written to.
func TestScratchDirCanBeWritten(t *testing.T) {
	t.Parallel()
	path, err := os.MkdirTemp(ScratchDir(), "enisim-scratch-")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(path); err != nil {
		t.Error(err)
	}
}
