package main

import (
	"cmp"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"enisim/migrations"
)

type versionCommand struct {
	JSON bool `name:"json" help:"Print JSON."`
}

// Help returns the text of --help.
func (*versionCommand) Help() string {
	return `What is not known of a build, such as its commit where it was built without version control, is left out.

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

// buildInfo describes this binary.
type buildInfo struct {
	Version  string `json:"version"` // of the module, or devel
	Commit   string `json:"commit,omitempty"`
	Time     string `json:"time,omitempty"` // of the commit
	Modified bool   `json:"modified,omitempty"`
	Go       string `json:"go"`
	Schema   int64  `json:"schema"` // the newest migration
}

// readBuild reads what the toolchain stored in the binary. There is no commit with -buildvcs=false,
// and no version without a module.
func readBuild() buildInfo {
	b := buildInfo{Go: runtime.Version(), Schema: migrations.Newest()}
	info, ok := debug.ReadBuildInfo()
	if ok {
		b.Version = strings.Trim(info.Main.Version, "()")
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
	b.Version = cmp.Or(b.Version, "devel")
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
	return strings.Join(append(parts, fmt.Sprintf("schema version %d", b.Schema), b.Go), ", ")
}

// versionLine returns the output of --version.
func versionLine() string { return readBuild().String() }
