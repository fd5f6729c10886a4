package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"enisim.alt/service/disturbance"
	"enisim.alt/service/operator"
)

type faultCommand struct {
	Add    faultAddCommand    `cmd:"" help:"Order a fault, such as: the answer of the second attach is lost."`
	List   faultListCommand   `cmd:"" help:"List the faults, and how often each has struck."`
	Show   faultShowCommand   `cmd:"" help:"Show one fault as JSON, with its counts."`
	Remove faultRemoveCommand `cmd:"" help:"Lift a fault."`
	Reset  faultResetCommand  `cmd:"" help:"Lift all faults of an account."`
}

type faultAddCommand struct {
	targetFlags
	Account  string `required:"" help:"Account whose calls are disturbed, or * for every account." placeholder:"ID"`
	Action   string `env:"ENISIM_FAULT_ADD_ACTION" help:"Action, such as AttachNetworkInterface or Describe* (default: every action)." placeholder:"PATTERN"`
	Resource string `env:"ENISIM_FAULT_ADD_RESOURCE" help:"Id that the request names, such as eni-* (default: any request)." placeholder:"PATTERN"`
	User     string `env:"ENISIM_FAULT_ADD_USER" help:"RAM user (default: any caller)." placeholder:"PATTERN"`
	Key      string `env:"ENISIM_FAULT_ADD_KEY" help:"Id of the access key (default: any)." placeholder:"PATTERN"`

	Always      bool       `env:"ENISIM_FAULT_ADD_ALWAYS" group:"when" help:"Every matching call (the default)."`
	First       *int       `env:"ENISIM_FAULT_ADD_FIRST" group:"when" help:"The first N matching calls." placeholder:"N"`
	Every       *int       `env:"ENISIM_FAULT_ADD_EVERY" group:"when" help:"Each N-th matching call." placeholder:"N"`
	From        *int       `env:"ENISIM_FAULT_ADD_FROM" group:"when" help:"From the K-th matching call on." placeholder:"K"`
	To          *int       `env:"ENISIM_FAULT_ADD_TO" group:"when" help:"Up to the M-th matching call." placeholder:"M"`
	Probability *float64   `env:"ENISIM_FAULT_ADD_PROBABILITY" group:"when" help:"Each matching call with this probability, from 0 to 1." placeholder:"P"`
	Seed        int64      `env:"ENISIM_FAULT_ADD_SEED" group:"when" help:"Seed of --probability: the same seed strikes the same calls." placeholder:"SEED"`
	Since       *time.Time `env:"ENISIM_FAULT_ADD_SINCE" group:"when" help:"Not before this time (RFC 3339)." placeholder:"TIME"`
	Until       *time.Time `env:"ENISIM_FAULT_ADD_UNTIL" group:"when" help:"Not from this time on (RFC 3339)." placeholder:"TIME"`

	Answer   string        `env:"ENISIM_FAULT_ADD_ANSWER" group:"do" help:"Answer this documented code, and do nothing else." placeholder:"CODE"`
	Lose     string        `env:"ENISIM_FAULT_ADD_LOSE" group:"do" help:"Lose the answer after the commit: reset, silence, 500 or 503." placeholder:"HOW"`
	Truncate *int          `env:"ENISIM_FAULT_ADD_TRUNCATE" group:"do" help:"End the answer's body after so many bytes, as if it were complete." placeholder:"BYTES"`
	Cut      *int          `env:"ENISIM_FAULT_ADD_CUT" group:"do" help:"Close the connection after so many bytes of the answer's body." placeholder:"BYTES"`
	Slow     time.Duration `env:"ENISIM_FAULT_ADD_SLOW" group:"do" help:"Send the answer's body slowly, over this time." placeholder:"DURATION"`
	Delay    time.Duration `env:"ENISIM_FAULT_ADD_DELAY" group:"do" help:"Wait before the action, alone or beside any of the above." placeholder:"DURATION"`

	Silent bool `env:"ENISIM_FAULT_ADD_SILENT" help:"Leave out the header X-Enisim-Fault, by which an answer tells which fault touched it."`
}

// Help returns the text of --help.
func (*faultAddCommand) Help() string {
	return `Matching calls are counted from 1, over all servers of the database. When the command returns, every
server follows the fault.

Examples:

    enisim fault add --account 1000000000000001 --action AttachNetworkInterface --from 2 --to 2 --lose reset
    enisim fault add --account 1000000000000001 --action AttachNetworkInterface --first 3 --answer Throttling
    enisim fault add --account 1000000000000001 --action 'Describe*' --probability 0.1 --seed 7 --delay 2s`
}

// Validate returns an error for the number 0 of a call, which would mean the same as no flag: every call.
func (c *faultAddCommand) Validate() error {
	for _, n := range []struct {
		flag  string
		value *int
	}{{"first", c.First}, {"every", c.Every}, {"from", c.From}, {"to", c.To}} {
		if n.value != nil && *n.value == 0 {
			return fmt.Errorf("--%s: calls are counted from 1, got 0", n.flag)
		}
	}
	return c.targetFlags.Validate()
}

func zeroIfNil(n *int) int {
	if n == nil {
		return 0
	}
	return *n
}

// Run runs the command.
func (c *faultAddCommand) Run(ctx context.Context, s streams) error {
	return report(ctx, &c.targetFlags, s, func(simulated controlAPI) (operator.Fault, error) {
		return simulated.AddFault(ctx, disturbance.Fault{
			Account:  c.Account,
			Action:   c.Action,
			Resource: c.Resource,
			User:     c.User,
			Key:      c.Key,
			When: disturbance.When{
				Always: c.Always, First: zeroIfNil(c.First), Every: zeroIfNil(c.Every),
				From: zeroIfNil(c.From), To: zeroIfNil(c.To),
				Probability: c.Probability, Seed: c.Seed, Since: c.Since, Until: c.Until,
			},
			Do: disturbance.Do{
				Answer: c.Answer, Lose: c.Lose, Truncate: c.Truncate, Cut: c.Cut,
				Slow: disturbance.Duration(c.Slow), Delay: disturbance.Duration(c.Delay),
			},
			Silent: c.Silent,
		})
	}, func(fault operator.Fault) error {
		fmt.Fprintln(s.Out, fault.ID)
		return nil
	})
}

type faultListCommand struct {
	targetFlags
	Account string `help:"Account whose faults are listed (default: all accounts)." placeholder:"ID"`
}

// Help returns the text of --help.
func (*faultListCommand) Help() string {
	return `MATCHED counts the calls that the fault was asked about, STRUCK those that it touched.

Example:

    enisim fault list --account 1000000000000001`
}

// Run runs the command.
func (c *faultListCommand) Run(ctx context.Context, s streams) error {
	return report(ctx, &c.targetFlags, s, func(simulated controlAPI) ([]operator.Fault, error) {
		return simulated.Faults(ctx, c.Account)
	}, func(faults []operator.Fault) error {
		table := tabwriter.NewWriter(s.Out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(table, "FAULT\tACCOUNT\tACTION\tRESOURCE\tWHEN\tDO\tMATCHED\tSTRUCK")
		for _, f := range faults {
			fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%d\t%d\n", f.ID, f.Account, orDash(f.Action),
				orDash(f.Resource), asWords(f.When), asWords(f.Do), f.Matched, f.Struck)
		}
		return table.Flush()
	})
}

// asWords returns a part of a rule as its JSON without the outer braces and the quotes.
func asWords(part any) string {
	text, err := json.Marshal(part)
	if err != nil {
		return "?" // every part of a rule can be encoded
	}
	inner := strings.TrimSuffix(strings.TrimPrefix(string(text), "{"), "}")
	return orDash(strings.NewReplacer(`"`, "", ",", ", ", ":", " ").Replace(inner))
}

type faultShowCommand struct {
	targetFlags
	ID string `arg:"" help:"Id of the fault."`
}

// Help returns the text of --help.
func (*faultShowCommand) Help() string {
	return `Example:

    enisim fault show fault-ab12cd34ef56`
}

// Run runs the command.
func (c *faultShowCommand) Run(ctx context.Context, s streams) error {
	return show(ctx, &c.targetFlags, s, func(simulated controlAPI) (operator.Fault, error) {
		return simulated.Fault(ctx, c.ID)
	})
}

type faultRemoveCommand struct {
	targetFlags
	ID string `arg:"" help:"Id of the fault."`
}

// Help returns the text of --help.
func (*faultRemoveCommand) Help() string {
	return `Example:

    enisim fault remove fault-ab12cd34ef56`
}

// Run runs the command.
func (c *faultRemoveCommand) Run(ctx context.Context, s streams) error {
	return c.withOperator(ctx, s, func(simulated controlAPI) error {
		if err := simulated.RemoveFault(ctx, c.ID); err != nil {
			return err
		}
		return printDeleted(s.Out, c.JSON, c.ID)
	})
}

type faultResetCommand struct {
	targetFlags
	Account string `required:"" help:"Account whose faults are lifted, or * for those of every account." placeholder:"ID"`
}

// Help returns the text of --help.
func (*faultResetCommand) Help() string {
	return `Example:

    enisim fault reset --account 1000000000000001`
}

// Run runs the command.
func (c *faultResetCommand) Run(ctx context.Context, s streams) error {
	return c.withOperator(ctx, s, func(simulated controlAPI) error {
		if err := simulated.RemoveFaults(ctx, c.Account); err != nil {
			return err
		}
		return printDeleted(s.Out, c.JSON, "faults of "+c.Account)
	})
}
