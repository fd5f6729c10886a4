package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"enisim.alt/migrations"
	"enisim.alt/store"
)

type versionCommand struct {
	JSON bool `name:"json" help:"Print JSON."`
}

// Help returns the text of --help.
func (*versionCommand) Help() string {
	return `Prints the version, the commit, the version of the schema, and the supported versions of Postgres.
The commit is left out if it is not known, because the program was built without version control.

Example:

    enisim version`
}

// Run runs the command.
func (c *versionCommand) Run(s streams) error {
	build := readBuild()
	if c.JSON {
		return encodeIndented(s.Out, build)
	}
	fmt.Fprintln(s.Out, build)
	return nil
}

// version is the version of the newest release in CHANGELOG.md. Builds of later commits have it too.
const version = "0.2.0"

// buildInfo describes this binary.
type buildInfo struct {
	Version  string        `json:"version"`
	Commit   string        `json:"commit,omitempty"`
	Time     string        `json:"time,omitempty"` // of the commit
	Modified bool          `json:"modified,omitempty"`
	Go       string        `json:"go"`
	Schema   int64         `json:"schema"`   // the newest migration
	Postgres postgresRange `json:"postgres"` // the supported versions
}

// postgresRange is a range of major versions of Postgres.
type postgresRange struct {
	Min int `json:"min"`
	Max int `json:"max"`
}

// readBuild reads what the toolchain stored in the binary. There is no commit with -buildvcs=false.
func readBuild() buildInfo {
	b := buildInfo{
		Version: version, Go: runtime.Version(), Schema: migrations.Newest(),
		Postgres: postgresRange{store.MinPostgres, store.MaxPostgres},
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			switch s.Key {
			case "vcs.revision":
				b.Commit = s.Value
			case "vcs.time":
				b.Time = s.Value
			case "vcs.modified":
				b.Modified = s.Value == "true"
			}
		}
	}
	return b
}

// String returns the build as one line.
func (b buildInfo) String() string {
	parts := []string{"enisim " + b.Version}
	if b.Commit != "" {
		commit := b.Commit[:min(12, len(b.Commit))]
		if b.Modified {
			commit += " with changes"
		}
		parts = append(parts, "commit "+commit)
	}
	if b.Time != "" {
		parts = append(parts, b.Time)
	}
	return strings.Join(append(parts, fmt.Sprintf("schema version %d", b.Schema),
		fmt.Sprintf("Postgres %d to %d", b.Postgres.Min, b.Postgres.Max), b.Go), ", ")
}

// versionLine returns the output of --version.
func versionLine() string { return readBuild().String() }
