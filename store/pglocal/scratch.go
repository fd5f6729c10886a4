package pglocal

import (
	"os"

	"github.com/shirou/gopsutil/v4/disk"
)

// minFreeMemory is how many bytes the memory's file system must have free to be used. The databases
// of a whole test run take a tenth of it.
const minFreeMemory = 4 << 30

// ScratchDir returns the folder for data folders that are not needed after a restart of the
// machine, such as those of tests. It is /dev/shm, which lies in memory, if there is enough free
// memory: a test creates and deletes a database of some 300 files, and on a disk these cost more
// processor time than the test itself. Otherwise, and whenever TMPDIR is set, it is os.TempDir.
func ScratchDir() string {
	const memory = "/dev/shm"
	if os.Getenv("TMPDIR") != "" {
		return os.TempDir()
	}
	usage, err := disk.Usage(memory)
	if err != nil || usage.Fstype != "tmpfs" || usage.Free < minFreeMemory {
		return os.TempDir()
	}
	return memory
}
