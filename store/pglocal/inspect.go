package pglocal

import (
	"errors"
	"os"
	"path/filepath"
)

// State is the state of a data folder.
type State struct {
	Cluster bool // whether it contains a cluster
	Running bool // whether the cluster's Postgres runs
}

// Inspect returns the state of a data folder. It creates nothing and starts nothing.
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
