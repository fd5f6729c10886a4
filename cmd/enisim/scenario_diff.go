package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"enisim/service/scenario"
)

type scenarioDiffCommand struct {
	databaseFlags
	File string `arg:"" help:"The scenario."`
}

// Help is shown by --help.
func (scenarioDiffCommand) Help() string {
	return `Nothing is written. A line for each resource: + is new, ~ changes, with what changes of it, and - goes. A resource whose place changes, such as its
zone, goes and is new. As with diff(1) the exit code is 0 if the file would change nothing, 1 if it would change something, and 2 if that could not be told.

Example: enisim scenario diff staging.yaml`
}

// Run is the command.
func (c *scenarioDiffCommand) Run(ctx context.Context, s streams) error {
	differences, err := c.differences(ctx, s)
	if err != nil {
		return usageError{err} // its exit code: 1 tells of differences
	}
	for _, d := range differences {
		fmt.Fprintln(s.Out, d)
	}
	if len(differences) > 0 {
		return errQuiet
	}
	return nil
}

func (c *scenarioDiffCommand) differences(ctx context.Context, s streams) ([]scenario.Difference, error) {
	text, err := os.ReadFile(c.File)
	if err != nil {
		return nil, err
	}
	sc, err := scenario.Parse(c.File, text)
	if err != nil {
		return nil, err
	}
	log := warnings(s.Err)
	db, err := c.open(ctx, log)
	if err != nil {
		return nil, err
	}
	defer db.close(ctx, log)
	return scenario.Diff(ctx, db.store, sc, time.Now())
}
