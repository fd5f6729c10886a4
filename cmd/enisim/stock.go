package main

import (
	"context"
	"fmt"
	"strconv"
	"text/tabwriter"

	"enisim.alt/service/disturbance"
	"enisim.alt/service/operator"
)

type stockCommand struct {
	Add    stockAddCommand    `cmd:"" help:"Say what is sold out, such as a type in a zone."`
	List   stockListCommand   `cmd:"" help:"List what is sold out, and how many instances were taken."`
	Show   stockShowCommand   `cmd:"" help:"Show one rule on the stock as JSON."`
	Remove stockRemoveCommand `cmd:"" help:"Lift a rule on the stock."`
	Reset  stockResetCommand  `cmd:"" help:"Lift all rules on the stock of an account."`
}

type stockAddCommand struct {
	targetFlags
	Account      string `required:"" help:"Account for which something is sold out, or * for every account." placeholder:"ID"`
	Region       string `env:"ENISIM_STOCK_ADD_REGION" help:"Region (default: every region)." placeholder:"PATTERN"`
	Zone         string `env:"ENISIM_STOCK_ADD_ZONE" help:"Zone, such as cn-hangzhou-h (default: every zone)." placeholder:"PATTERN"`
	InstanceType string `env:"ENISIM_STOCK_ADD_INSTANCE_TYPE" help:"Instance type, such as ecs.g7.* (default: every type)." placeholder:"PATTERN"`
	Answer       string `env:"ENISIM_STOCK_ADD_ANSWER" help:"OperationDenied.NoStock (default), Zone.NotOnSale or InvalidResourceType.NotSupported." placeholder:"CODE"`
	Left         *int   `env:"ENISIM_STOCK_ADD_LEFT" help:"So many instances are left (default: none)." placeholder:"N"`
}

// Help returns the text of --help.
func (*stockAddCommand) Help() string {
	return `Every server follows the rule when the command returns.

Examples:

    enisim stock add --account 1000000000000001 --zone cn-hangzhou-h --instance-type 'ecs.g7.*'
    enisim stock add --account 1000000000000001 --instance-type ecs.g6.large --left 3
    enisim stock add --account 1000000000000001 --zone cn-hangzhou-i --answer Zone.NotOnSale`
}

// Run runs the command.
func (c *stockAddCommand) Run(ctx context.Context, s streams) error {
	return report(ctx, &c.targetFlags, s, func(simulated controlAPI) (operator.Stock, error) {
		return simulated.AddStock(ctx, disturbance.Stock{
			Account: c.Account, Region: c.Region, Zone: c.Zone, InstanceType: c.InstanceType, Answer: c.Answer,
			Left: c.Left,
		})
	}, func(stock operator.Stock) error {
		fmt.Fprintln(s.Out, stock.ID)
		return nil
	})
}

type stockListCommand struct {
	targetFlags
	Account string `help:"Account whose rules are listed (default: all accounts)." placeholder:"ID"`
}

// Help returns the text of --help.
func (*stockListCommand) Help() string {
	return `LEFT is what was left when the rule was added, TAKEN what was taken since.

Example:

    enisim stock list --account 1000000000000001`
}

// Run runs the command.
func (c *stockListCommand) Run(ctx context.Context, s streams) error {
	return report(ctx, &c.targetFlags, s, func(simulated controlAPI) ([]operator.Stock, error) {
		return simulated.ListStock(ctx, c.Account)
	}, func(list []operator.Stock) error {
		table := tabwriter.NewWriter(s.Out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(table, "STOCK\tACCOUNT\tREGION\tZONE\tINSTANCE TYPE\tANSWER\tLEFT\tTAKEN")
		for _, r := range list {
			left := "0"
			if r.Left != nil {
				left = strconv.Itoa(*r.Left)
			}
			fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%d\n", r.ID, r.Account, orDash(r.Region), orDash(r.Zone),
				orDash(r.InstanceType), orDash(r.Answer), left, r.Taken)
		}
		return table.Flush()
	})
}

type stockShowCommand struct {
	targetFlags
	ID string `arg:"" help:"Id of the rule."`
}

// Help returns the text of --help.
func (*stockShowCommand) Help() string {
	return `Example:

    enisim stock show stock-ab12cd34ef56`
}

// Run runs the command.
func (c *stockShowCommand) Run(ctx context.Context, s streams) error {
	return show(ctx, &c.targetFlags, s, func(simulated controlAPI) (operator.Stock, error) {
		return simulated.FindStock(ctx, c.ID)
	})
}

type stockRemoveCommand struct {
	targetFlags
	ID string `arg:"" help:"Id of the rule."`
}

// Help returns the text of --help.
func (*stockRemoveCommand) Help() string {
	return `Example:

    enisim stock remove stock-ab12cd34ef56`
}

// Run runs the command.
func (c *stockRemoveCommand) Run(ctx context.Context, s streams) error {
	return c.withOperator(ctx, s, func(simulated controlAPI) error {
		if err := simulated.RemoveStock(ctx, c.ID); err != nil {
			return err
		}
		return printDeleted(s.Out, c.JSON, c.ID)
	})
}

type stockResetCommand struct {
	targetFlags
	Account string `required:"" help:"Account whose rules are lifted, or * for those of every account." placeholder:"ID"`
}

// Help returns the text of --help.
func (*stockResetCommand) Help() string {
	return `Example:

    enisim stock reset --account 1000000000000001`
}

// Run runs the command.
func (c *stockResetCommand) Run(ctx context.Context, s streams) error {
	return c.withOperator(ctx, s, func(simulated controlAPI) error {
		if err := simulated.ResetStock(ctx, c.Account); err != nil {
			return err
		}
		return printDeleted(s.Out, c.JSON, "stock of "+c.Account)
	})
}
