package main

import "enisim.alt/service/scenario"

type scenarioSchemaCommand struct{}

// Help returns the text of --help.
func (*scenarioSchemaCommand) Help() string {
	return `An editor with a YAML language server then completes the keys, tells what they mean, and marks what is
wrong. A file names the schema in its first line: # yaml-language-server: $schema=scenario.schema.json

Example:

    enisim scenario schema > scenario.schema.json`
}

// Run runs the command.
func (*scenarioSchemaCommand) Run(s streams) error {
	_, err := s.Out.Write(scenario.Schema())
	return err
}
