package main

import (
	"fmt"

	"enisim.alt/service/scenario"
)

type scenarioCheckCommand struct {
	Files []string `arg:"" name:"file" help:"The scenarios; - is standard input."`
}

// Help returns the text of --help.
func (*scenarioCheckCommand) Help() string {
	return `Needs no database. Every problem of every file is printed as file:line:column, with how to mend it; the exit
code is 1 if there is one. Of a file without problems it says what is in it. What only a database knows, such as that an
access key is another account's, apply tells.

Example:

    enisim scenario check staging.yaml`
}

// Run runs the command.
func (c *scenarioCheckCommand) Run(s streams) error {
	failed := false
	for _, file := range c.Files {
		file, text, err := readScenarioFile(s.In, file)
		if err != nil {
			fmt.Fprintln(s.Err, "enisim:", err)
			failed = true
			continue
		}
		sc, err := scenario.Parse(file, text)
		if err != nil {
			fmt.Fprintln(s.Out, err)
			failed = true
			continue
		}
		fmt.Fprintf(s.Out, "%s: %s\n", file, sc.Summary())
	}
	if failed {
		return errQuiet
	}
	return nil
}
