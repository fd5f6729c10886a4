package main

import (
	"context"
	"fmt"

	"enisim.alt/service/operator"
)

type verifyCommand struct{ targetFlags }

// Help returns the text of --help.
func (*verifyCommand) Help() string {
	return `Recompute all invariants from the tables, and report violations: limits, attachments, statuses and times,
zones and VPCs, addresses, groups and their counts, client tokens. They hold at every moment. The command looks at all
accounts at one moment, writes nothing, and no request waits for it. Each violation is a line with the name of the
invariant, the account and the ids; then the exit code is 1.

Example:

    enisim verify --data-dir ./state`
}

// Run runs the command.
func (c *verifyCommand) Run(ctx context.Context, s streams) error {
	return c.withOperator(ctx, s, func(simulated controlAPI) error {
		found, err := simulated.Verify(ctx)
		if err != nil {
			return err
		}
		if c.JSON {
			if err := printJSON(s.Out, found); err != nil || len(found) == 0 {
				return err
			}
			return errQuiet
		}
		for _, v := range found {
			fmt.Fprintf(s.Out, "%s: account %s: %s\n", v.Invariant, v.AccountID, v.What)
		}
		if len(found) > 0 {
			return errQuiet
		}
		fmt.Fprintf(s.Out, "%d invariants hold\n", len(operator.Invariants()))
		return nil
	})
}
