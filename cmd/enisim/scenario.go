package main

import (
	"context"
	"fmt"
	"os"
)

type scenarioCommand struct {
	Apply  scenarioApplyCommand  `cmd:"" help:"Make the accounts that a file names equal to it."`
	Check  scenarioCheckCommand  `cmd:"" help:"Find all that is wrong with files, without a database."`
	Diff   scenarioDiffCommand   `cmd:"" help:"Tell what applying a file would change, and change nothing."`
	Export scenarioExportCommand `cmd:"" help:"Make a scenario of what an account has, with the secrets of its keys."`
	Import scenarioImportCommand `cmd:"" help:"Make a scenario of what the vendor's command line prints about a real account."`
	Schema scenarioSchemaCommand `cmd:"" help:"Print the JSON Schema of scenario files, for editors."`
}

type scenarioApplyCommand struct {
	databaseFlags
	File string `arg:"" help:"The scenario."`
}

// Help is shown by --help.
func (scenarioApplyCommand) Help() string {
	return `All of the file is applied or nothing, in one transaction, also beside a running server. What its accounts have and the file has not
goes; other accounts are not touched.

Example: enisim scenario apply staging.yaml`
}

// Run is the command.
func (c *scenarioApplyCommand) Run(ctx context.Context, s streams) error {
	text, err := os.ReadFile(c.File)
	if err != nil {
		return err
	}
	log := warnings(s.Err)
	db, err := c.open(ctx, log)
	if err != nil {
		return err
	}
	defer db.close(ctx, log)
	applied, err := applyScenario(ctx, db.store, c.File, text, s.Err)
	if err != nil {
		return err
	}
	fmt.Fprintln(s.Out, applied)
	return nil
}
