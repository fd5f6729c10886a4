package pglocal

import (
	"errors"
	"os"
	"path/filepath"
)

// State is what a data folder holds.
type State struct {
	Cluster bool // a cluster was made there
	Running bool // and its Postgres runs
}

// Inspect looks at a data folder. It makes nothing and starts nothing.
func Inspect(dataDir string) (State, error) {
	absolute, err := filepath.Abs(dataDir)
	if err != nil {
		return State{}, err
	}
	real, err := filepath.EvalSymlinks(absolute)
	if errors.Is(err, os.ErrNotExist) {
		return State{}, nil
	}
	if err != nil {
		return State{}, err
	}
	files := layout{home: filepath.Join(real, "postgres")}
	major, err := clusterMajor(files)
	if err != nil || major == 0 {
		return State{}, err
	}
	found, err := findPostmaster(files)
	return State{Cluster: true, Running: found.running}, err
}
