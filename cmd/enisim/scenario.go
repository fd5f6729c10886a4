package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"enisim.alt/service/operator"
	"enisim.alt/service/scenario"
	"enisim.alt/store"
)

type scenarioCommand struct {
	Apply  scenarioApplyCommand  `cmd:"" help:"Make the accounts that a file names equal to it."`
	Check  scenarioCheckCommand  `cmd:"" help:"Find all that is wrong with files, without a database."`
	Diff   scenarioDiffCommand   `cmd:"" help:"Show what applying a file would change, without changing it."`
	Export scenarioExportCommand `cmd:"" help:"Write an account as a scenario, with the secrets of its keys."`
	Import scenarioImportCommand `cmd:"" help:"Write a real account as a scenario, from the output of the vendor's command line."`
	Schema scenarioSchemaCommand `cmd:"" help:"Print the JSON Schema of scenario files, for editors."`
}

type scenarioApplyCommand struct {
	targetFlags
	File string `arg:"" help:"The scenario; - is standard input."`
}

// Help returns the text of --help.
func (*scenarioApplyCommand) Help() string {
	return `All of the file is applied or nothing, in one transaction, also beside a running server. What its accounts
have and the file has not goes; other accounts are not touched.

Example:

    enisim scenario apply staging.yaml`
}

// Run runs the command.
func (c *scenarioApplyCommand) Run(ctx context.Context, s streams) error {
	name, text, err := readScenarioFile(s.In, c.File)
	if err != nil {
		return err
	}
	sc, err := scenario.Parse(name, text)
	if err != nil {
		return err // before the database is opened
	}
	applied, err := c.apply(ctx, s, sc, text)
	if err != nil {
		return c.explainInterrupted(ctx, err)
	}
	if c.JSON {
		return printJSON(s.Out, applied)
	}
	fmt.Fprintln(s.Out, applied)
	return nil
}

// apply applies the scenario through a server, or on the database, where it shows the progress.
func (c *scenarioApplyCommand) apply(
	ctx context.Context, s streams, sc *scenario.Scenario, text []byte,
) (applied operator.Applied, err error) {
	if c.Endpoint != "" {
		return c.remote().ApplyScenario(ctx, operator.ScenarioFile{Name: sc.Name(), Text: text})
	}
	err = c.withDatabase(ctx, s, mayCreate, func(db *database) error {
		applied, err = applyParsed(ctx, db.store, sc, s.Err)
		return err
	})
	return applied, err
}

// explainInterrupted returns the error of an interrupted apply with its effect. Its transaction was
// rolled back; if the commit had started, the command has waited for its outcome.
func (c *scenarioApplyCommand) explainInterrupted(ctx context.Context, err error) error {
	switch {
	case ctx.Err() == nil || errors.Is(err, store.ErrOutcomeUnknown):
		return err
	case c.Endpoint != "":
		return errors.New("interrupted: the server writes nothing, unless it was about to answer; enisim scenario " +
			"diff shows whether it did")
	}
	return errors.New("interrupted: nothing was written, all is as it was")
}

// readScenarioFile reads a scenario from a file, or from standard input for "-".
func readScenarioFile(in io.Reader, path string) (name string, text []byte, err error) {
	if path == "-" {
		text, err = io.ReadAll(in)
		return "standard input", text, err
	}
	text, err = os.ReadFile(path)
	return path, text, err
}
