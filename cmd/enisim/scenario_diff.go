package main

import (
	"context"
	"fmt"

	"enisim.alt/service/operator"
	"enisim.alt/service/scenario"
)

type scenarioDiffCommand struct {
	targetFlags
	File string `arg:"" help:"The scenario; - is standard input."`
}

// Help returns the text of --help.
func (*scenarioDiffCommand) Help() string {
	return `Nothing is written. A line for each resource: + is new, ~ changes, with what changes of it, and - goes. A
resource whose place changes, such as its zone, goes and is new. As with diff(1) the exit code is 0 if the file would
change nothing, 1 if it would change something, and 2 if that could not be told.

Example:

    enisim scenario diff staging.yaml`
}

// Run runs the command.
func (c *scenarioDiffCommand) Run(ctx context.Context, s streams) error {
	differences, err := c.differences(ctx, s)
	if err != nil {
		return usageError{err} // exit code 2, because 1 reports differences
	}
	if c.JSON {
		err = printJSON(s.Out, differences)
	}
	for _, d := range differences {
		if !c.JSON {
			fmt.Fprintln(s.Out, d)
		}
	}
	if err == nil && len(differences) > 0 {
		err = errQuiet
	}
	return err
}

// differences parses the file and compares it with its accounts.
func (c *scenarioDiffCommand) differences(
	ctx context.Context, s streams,
) (differences []operator.Difference, err error) {
	name, text, err := readScenarioFile(s.In, c.File)
	if err != nil {
		return nil, err
	}
	if _, err := scenario.Parse(name, text); err != nil {
		return nil, err // before the database is opened
	}
	err = c.withOperator(ctx, s, func(simulated controlAPI) (err error) {
		differences, err = simulated.DiffScenario(ctx, operator.ScenarioFile{Name: name, Text: text})
		return err
	})
	return differences, err
}
