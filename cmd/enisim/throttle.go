package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"text/tabwriter"

	"enisim.alt/service/disturbance"
	"enisim.alt/service/operator"
)

type throttleCommand struct {
	Set   throttleSetCommand   `cmd:"" help:"Limit how often an account calls, such as: 5 attaches a second."`
	Show  throttleShowCommand  `cmd:"" help:"Show the limits of an account, and how many calls they have refused."`
	Clear throttleClearCommand `cmd:"" help:"Lift the limits of an account."`
	Reset throttleClearCommand `cmd:"" hidden:"" help:"The same as clear."`
}

type throttleSetCommand struct {
	targetFlags
	Account string `required:"" help:"Account whose calls are limited, or * for every account, each by itself." placeholder:"ID"`

	Preset string `env:"ENISIM_THROTTLE_SET_PRESET" xor:"limits" help:"A set of limits: realistic, about those of the real service." placeholder:"NAME"`
	File   string `env:"ENISIM_THROTTLE_SET_FILE" xor:"limits" help:"JSON file with limits, as the control API takes them." placeholder:"FILE"`

	Action    string  `env:"ENISIM_THROTTLE_SET_ACTION" group:"limit" help:"Action, such as AttachNetworkInterface or Describe* (default: every action)." placeholder:"PATTERN"`
	Region    string  `env:"ENISIM_THROTTLE_SET_REGION" group:"limit" help:"Region, such as cn-hangzhou (default: every region)." placeholder:"PATTERN"`
	Per       string  `env:"ENISIM_THROTTLE_SET_PER" group:"limit" help:"What is counted: action (each action in each region by itself) or account (all matching calls together; the default without --action and --region)." placeholder:"WHAT"`
	PerSecond float64 `name:"per-second" xor:"limits" env:"ENISIM_THROTTLE_SET_PER_SECOND" group:"limit" help:"Calls that each second allows, such as 5 or 0.5." placeholder:"N"`
	Burst     int     `env:"ENISIM_THROTTLE_SET_BURST" group:"limit" help:"Calls that are allowed at once after a pause (default: those of a second)." placeholder:"N"`
	Answer    string  `env:"ENISIM_THROTTLE_SET_ANSWER" group:"limit" help:"Answer to refused calls: Throttling (the default), Throttling.User or Throttling.Api." placeholder:"CODE"`
}

// Help returns the text of --help.
func (*throttleSetCommand) Help() string {
	return `Give --preset, --file, or the flags of one limit. They replace all earlier limits of the account.
When the command returns, every server follows them.

Examples:

    enisim throttle set --account 1000000000000001 --action AttachNetworkInterface --per-second 5 --burst 10
    enisim throttle set --account 1000000000000001 --preset realistic
    enisim throttle set --account 1000000000000001 --file limits.json

with limits.json such as

    {"limits": [{"action": "Attach*", "per_second": 5, "burst": 10, "answer": "Throttling.User"}, {"per_second": 50}]}`
}

// throttle returns the throttle that the flags give.
func (c *throttleSetCommand) throttle() (throttle disturbance.Throttle, err error) {
	limit := disturbance.Limit{
		Action: c.Action, Region: c.Region, Per: c.Per, PerSecond: c.PerSecond, Burst: c.Burst, Answer: c.Answer,
	}
	switch {
	case (c.Preset != "" || c.File != "") && limit != disturbance.Limit{}:
		return throttle, errors.New("the flags of a limit stand alone: a --file may have a preset and limits")
	case c.Preset != "":
		return disturbance.Throttle{Preset: c.Preset}, nil
	case c.File == "":
		return disturbance.Throttle{Limits: []disturbance.Limit{limit}}, nil
	}
	text, err := os.ReadFile(c.File)
	if err != nil {
		return throttle, err
	}
	if err := disturbance.Decode(text, &throttle); err != nil {
		return throttle, fmt.Errorf("%s: %w", c.File, err)
	}
	return throttle, nil
}

// Run runs the command.
func (c *throttleSetCommand) Run(ctx context.Context, s streams) error {
	throttle, err := c.throttle()
	if err != nil {
		return err
	}
	return report(ctx, &c.targetFlags, s, func(simulated controlAPI) (operator.Throttle, error) {
		return simulated.SetThrottle(ctx, c.Account, throttle)
	}, func(set operator.Throttle) error {
		return printLimits(s, set)
	})
}

// printLimits prints the limits of a throttle as a table.
func printLimits(s streams, throttle operator.Throttle) error {
	table := tabwriter.NewWriter(s.Out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "ACTION\tREGION\tPER\tPER SECOND\tBURST\tANSWER")
	for _, l := range throttle.Effective {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%d\t%s\n",
			orStar(l.Action), orStar(l.Region), l.Per, strconv.FormatFloat(l.PerSecond, 'g', 4, 64), l.Burst, l.Answer)
	}
	return table.Flush()
}

// orStar returns a pattern, or * for none.
func orStar(pattern string) string {
	if pattern == "" {
		return "*"
	}
	return pattern
}

type throttleShowCommand struct {
	targetFlags
	Account string `required:"" help:"Account whose limits are shown, or * for those of every account." placeholder:"ID"`
}

// Help returns the text of --help.
func (*throttleShowCommand) Help() string {
	return `Without --endpoint, the command waits for a second, so that every server writes its counts.

Example:

    enisim throttle show --account 1000000000000001`
}

// Run runs the command.
func (c *throttleShowCommand) Run(ctx context.Context, s streams) error {
	return report(ctx, &c.targetFlags, s, func(simulated controlAPI) (operator.Throttle, error) {
		return simulated.Throttle(ctx, c.Account)
	}, func(throttle operator.Throttle) error {
		if err := printLimits(s, throttle); err != nil {
			return err
		}
		fmt.Fprintf(s.Out, "\nmatched %d calls, refused %d\n", throttle.Matched, throttle.Struck)
		return nil
	})
}

type throttleClearCommand struct {
	targetFlags
	Account string `required:"" help:"Account whose limits are lifted, or * for those of every account." placeholder:"ID"`
}

// Help returns the text of --help.
func (*throttleClearCommand) Help() string {
	return `Example:

    enisim throttle clear --account 1000000000000001`
}

// Run runs the command.
func (c *throttleClearCommand) Run(ctx context.Context, s streams) error {
	return c.withOperator(ctx, s, func(simulated controlAPI) error {
		if err := simulated.ClearThrottle(ctx, c.Account); err != nil {
			return err
		}
		return printDeleted(s.Out, c.JSON, "throttle of "+c.Account)
	})
}
