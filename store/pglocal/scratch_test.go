package pglocal

import (
	"os"
	"testing"
)

// A folder that is named in TMPDIR is used even if memory has room.
func TestScratchDirOfTMPDIR(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	if got := ScratchDir(); got != dir {
		t.Errorf("got %s, want %s", got, dir)
	}
}

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
