package main

import (
	"context"
	"encoding/json"
	"os"
)

type scenarioExportCommand struct {
	targetFlags
	Account     string `required:"" help:"The account: 16 digits." placeholder:"ID"`
	Output      string `short:"o" help:"File to write (default: standard output)." placeholder:"FILE"`
	WithoutKeys bool   `help:"Leave the access keys out, and with them the secrets."`
}

// Help returns the text of --help.
func (*scenarioExportCommand) Help() string {
	return `The file, applied, gives the same world: ids, addresses, attachments with their device indexes, statuses,
tags, rules. A status that is on its way has what is left of its time. It is read at one moment, also beside a running
server, and nobody waits for it.

The file has the secrets of the account's access keys in it: keep it like one, or leave the keys out. Applying a file
without them removes the keys that the account has.

Example:

    enisim scenario export --account 1000000000000001 --output staging.yaml`
}

// Run runs the command.
func (c *scenarioExportCommand) Run(ctx context.Context, s streams) error {
	return c.withOperator(ctx, s, func(simulated controlAPI) error {
		text, err := simulated.ExportAccount(ctx, c.Account, !c.WithoutKeys)
		if err != nil {
			return err
		}
		if c.JSON {
			text, err = json.MarshalIndent(map[string]string{"scenario": string(text)}, "", "  ")
			text = append(text, '\n')
			if err != nil {
				return err
			}
		}
		if c.Output == "" {
			_, err = s.Out.Write(text)
			return err
		}
		return os.WriteFile(c.Output, text, 0o600) // it holds secrets
	})
}
