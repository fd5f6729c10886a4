package main

import (
	"cmp"
	"context"
	"fmt"
	"text/tabwriter"
	"time"

	"enisim.alt/service/disturbance"
	"enisim.alt/service/operator"
)

type lifecycleCommand struct {
	Add     lifecycleAddCommand     `cmd:"" help:"Order how long a transition lasts, that it never ends, or that it fails."`
	List    lifecycleListCommand    `cmd:"" help:"List the lifecycles."`
	Show    lifecycleShowCommand    `cmd:"" help:"Show one lifecycle as JSON."`
	Remove  lifecycleRemoveCommand  `cmd:"" help:"Lift a lifecycle."`
	Reset   lifecycleResetCommand   `cmd:"" help:"Lift all lifecycles of an account."`
	Release lifecycleReleaseCommand `cmd:"" help:"End the transition of a resource now, such as an attach that never ends."`
}

type lifecycleAddCommand struct {
	targetFlags
	Account    string `required:"" help:"Account whose transitions it decides, or * for every account." placeholder:"ID"`
	Transition string `env:"ENISIM_LIFECYCLE_ADD_TRANSITION" required:"" help:"Attaching, Detaching, Deleting, Pending, Starting, Stopping, Associating, Unassociating or Creating." placeholder:"STATUS"`
	Action     string `env:"ENISIM_LIFECYCLE_ADD_ACTION" help:"Action that begins it, such as RunInstances (default: any)." placeholder:"PATTERN"`
	Resource   string `env:"ENISIM_LIFECYCLE_ADD_RESOURCE" help:"Id of the resource, such as eni-* (default: any)." placeholder:"PATTERN"`

	Fixed      *time.Duration  `env:"ENISIM_LIFECYCLE_ADD_FIXED" group:"lasts" help:"It always lasts so long." placeholder:"DURATION"`
	Uniform    []time.Duration `env:"ENISIM_LIFECYCLE_ADD_UNIFORM" group:"lasts" help:"Between the shortest and the longest, such as 1s,9s." placeholder:"MIN,MAX"`
	Triangular []time.Duration `env:"ENISIM_LIFECYCLE_ADD_TRIANGULAR" group:"lasts" help:"The shortest, the most frequent and the longest, such as 1s,2s,9s." placeholder:"MIN,MODE,MAX"`
	Median     time.Duration   `env:"ENISIM_LIFECYCLE_ADD_MEDIAN" group:"lasts" help:"Log-normal: half of them last so long or less." placeholder:"DURATION"`
	P99        time.Duration   `env:"ENISIM_LIFECYCLE_ADD_P99" group:"lasts" name:"p99" help:"Log-normal: 99 % of them last so long or less." placeholder:"DURATION"`
	Never      bool            `env:"ENISIM_LIFECYCLE_ADD_NEVER" group:"lasts" help:"It does not end, until enisim lifecycle release ends it."`
	Seed       int64           `env:"ENISIM_LIFECYCLE_ADD_SEED" group:"lasts" help:"Seed of the distribution, and of --fails: the same seed gives the same durations." placeholder:"SEED"`

	Fails *float64 `env:"ENISIM_LIFECYCLE_ADD_FAILS" help:"Attaching falls back to Available, and Starting to Stopped, with this probability." placeholder:"P"`
}

// Help returns the text of --help.
func (*lifecycleAddCommand) Help() string {
	return `The first lifecycle that matches decides when a transition begins. Without one, the server's flags do
(--attach-delay and the like). Every server follows the lifecycle when the command returns.

Examples:

    enisim lifecycle add --account 1000000000000001 --transition Attaching --fixed 5s
    enisim lifecycle add --account 1000000000000001 --transition Detaching --resource eni-1 --never
    enisim lifecycle add --account 1000000000000001 --transition Attaching --median 2s --p99 30s --seed 7 --fails 0.1`
}

// Run runs the command.
func (c *lifecycleAddCommand) Run(ctx context.Context, s streams) error {
	rule := disturbance.Lifecycle{
		Account: c.Account, Transition: c.Transition, Action: c.Action, Resource: c.Resource,
		Lasts: disturbance.Lasts{
			Fixed:      (*disturbance.Duration)(c.Fixed),
			Uniform:    durations(c.Uniform),
			Triangular: durations(c.Triangular),
			LogNormal:  disturbance.LogNormal{Median: disturbance.Duration(c.Median), P99: disturbance.Duration(c.P99)},
			Never:      c.Never,
		},
	}
	// The seed is for what is random.
	if c.Fails != nil {
		rule.Fails = disturbance.Fails{Probability: c.Fails, Seed: c.Seed}
	}
	if c.Fails == nil || rule.Lasts.IsRandom() {
		rule.Lasts.Seed = c.Seed
	}
	return report(ctx, &c.targetFlags, s, func(simulated controlAPI) (operator.Lifecycle, error) {
		return simulated.AddLifecycle(ctx, rule)
	}, func(lifecycle operator.Lifecycle) error {
		fmt.Fprintln(s.Out, lifecycle.ID)
		return nil
	})
}

func durations(list []time.Duration) (out []disturbance.Duration) {
	for _, d := range list {
		out = append(out, disturbance.Duration(d))
	}
	return out
}

type lifecycleListCommand struct {
	targetFlags
	Account string `help:"Account whose lifecycles are listed (default: all accounts)." placeholder:"ID"`
}

// Help returns the text of --help.
func (*lifecycleListCommand) Help() string {
	return `DRAWN counts the calls that have used up a number of a random lifecycle.

Example:

    enisim lifecycle list --account 1000000000000001`
}

// Run runs the command.
func (c *lifecycleListCommand) Run(ctx context.Context, s streams) error {
	return report(ctx, &c.targetFlags, s, func(simulated controlAPI) ([]operator.Lifecycle, error) {
		return simulated.Lifecycles(ctx, c.Account)
	}, func(lifecycles []operator.Lifecycle) error {
		table := tabwriter.NewWriter(s.Out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(table, "LIFECYCLE\tACCOUNT\tTRANSITION\tACTION\tRESOURCE\tLASTS\tFAILS\tDRAWN")
		for _, l := range lifecycles {
			fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%d\n", l.ID, l.Account, l.Transition, orDash(l.Action),
				orDash(l.Resource), asWords(l.Lasts), asWords(l.Fails), l.Drawn)
		}
		return table.Flush()
	})
}

type lifecycleShowCommand struct {
	targetFlags
	ID string `arg:"" help:"Id of the lifecycle."`
}

// Help returns the text of --help.
func (*lifecycleShowCommand) Help() string {
	return `Example:

    enisim lifecycle show lifecycle-ab12cd34ef56`
}

// Run runs the command.
func (c *lifecycleShowCommand) Run(ctx context.Context, s streams) error {
	return show(ctx, &c.targetFlags, s, func(simulated controlAPI) (operator.Lifecycle, error) {
		return simulated.Lifecycle(ctx, c.ID)
	})
}

type lifecycleRemoveCommand struct {
	targetFlags
	ID string `arg:"" help:"Id of the lifecycle."`
}

// Help returns the text of --help.
func (*lifecycleRemoveCommand) Help() string {
	return `Transitions that have begun go on as it decided.

Example:

    enisim lifecycle remove lifecycle-ab12cd34ef56`
}

// Run runs the command.
func (c *lifecycleRemoveCommand) Run(ctx context.Context, s streams) error {
	return c.withOperator(ctx, s, func(simulated controlAPI) error {
		if err := simulated.RemoveLifecycle(ctx, c.ID); err != nil {
			return err
		}
		return printDeleted(s.Out, c.JSON, c.ID)
	})
}

type lifecycleResetCommand struct {
	targetFlags
	Account string `required:"" help:"Account whose lifecycles are lifted, or * for those of every account." placeholder:"ID"`
}

// Help returns the text of --help.
func (*lifecycleResetCommand) Help() string {
	return `Transitions that have begun go on as decided.

Example:

    enisim lifecycle reset --account 1000000000000001`
}

// Run runs the command.
func (c *lifecycleResetCommand) Run(ctx context.Context, s streams) error {
	return c.withOperator(ctx, s, func(simulated controlAPI) error {
		if err := simulated.RemoveLifecycles(ctx, c.Account); err != nil {
			return err
		}
		return printDeleted(s.Out, c.JSON, "lifecycles of "+c.Account)
	})
}

type lifecycleReleaseCommand struct {
	targetFlags
	ID      string `arg:"" help:"Id of the interface, instance, VPC or VSwitch."`
	Account string `required:"" help:"Account of the resource." placeholder:"ID"`
}

// Help returns the text of --help.
func (*lifecycleReleaseCommand) Help() string {
	return `The transition ends now, as it would have ended: a stuck Detaching is Available. It prints the status before
and after it.

Example:

    enisim lifecycle release eni-1 --account 1000000000000001`
}

// Run runs the command.
func (c *lifecycleReleaseCommand) Run(ctx context.Context, s streams) error {
	return report(ctx, &c.targetFlags, s, func(simulated controlAPI) (operator.Released, error) {
		return simulated.ReleaseTransition(ctx, operator.ReleaseRequest{Account: c.Account, Resource: c.ID})
	}, func(released operator.Released) error {
		fmt.Fprintf(s.Out, "%s: %s -> %s\n", released.Resource, released.From, cmp.Or(released.To, "deleted"))
		return nil
	})
}
