package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"text/tabwriter"

	"enisim.alt/service/operator"
)

type quotaCommand struct {
	Set   quotaSetCommand   `cmd:"" help:"Set quotas of an account; those not given stay."`
	Show  quotaShowCommand  `cmd:"" help:"Show the quotas of an account."`
	Reset quotaResetCommand `cmd:"" help:"Make all quotas of an account as documented."`
}

type quotaSetCommand struct {
	targetFlags
	Account                    string `required:"" help:"Account whose quotas change." placeholder:"ID"`
	NetworkInterfacesPerRegion *int   `env:"ENISIM_QUOTA_SET_NETWORK_INTERFACES_PER_REGION" max:"2147483647" help:"Secondary network interfaces of a region." placeholder:"N"`
	InstancesPerRegion         *int   `env:"ENISIM_QUOTA_SET_INSTANCES_PER_REGION" max:"2147483647" help:"Instances of a region." placeholder:"N"`
	SecurityGroupsPerInterface *int   `name:"security-groups-per-network-interface" env:"ENISIM_QUOTA_SET_SECURITY_GROUPS_PER_NETWORK_INTERFACE" min:"1" max:"2147483647" help:"Security groups of a network interface." placeholder:"N"`
	PrivateIPv4PerInterface    *int   `name:"private-ipv4-per-network-interface" env:"ENISIM_QUOTA_SET_PRIVATE_IPV4_PER_NETWORK_INTERFACE" min:"1" max:"2147483647" help:"Private IPv4 addresses of a network interface, with the primary one." placeholder:"N"`
	IPv6PerInterface           *int   `name:"ipv6-per-network-interface" env:"ENISIM_QUOTA_SET_IPV6_PER_NETWORK_INTERFACE" max:"2147483647" help:"IPv6 addresses of a network interface." placeholder:"N"`
}

// Help returns the text of --help.
func (*quotaSetCommand) Help() string {
	return `What an account has already stays, also if it is more than a quota. Every server follows when the command
returns.

Example:

    enisim quota set --account 1000000000000001 --network-interfaces-per-region 20 --instances-per-region 5`
}

// Run runs the command.
func (c *quotaSetCommand) Run(ctx context.Context, s streams) error {
	quotas := operator.Quotas{
		NetworkInterfacesPerRegion: c.NetworkInterfacesPerRegion,
		InstancesPerRegion:         c.InstancesPerRegion,
		SecurityGroupsPerInterface: c.SecurityGroupsPerInterface,
		IPv4PerInterface:           c.PrivateIPv4PerInterface,
		IPv6PerInterface:           c.IPv6PerInterface,
	}
	if quotas == (operator.Quotas{}) {
		return usageError{errors.New("give a quota, such as --network-interfaces-per-region 20")}
	}
	return report(ctx, &c.targetFlags, s, func(simulated controlAPI) (operator.Quotas, error) {
		account, err := simulated.ChangeAccount(ctx, c.Account, operator.ChangeAccountRequest{Quotas: &quotas})
		return account.AllQuotas(), err
	}, func(quotas operator.Quotas) error { return printQuotas(s, quotas) })
}

// printQuotas prints a table of all quotas.
func printQuotas(s streams, quotas operator.Quotas) error {
	table := tabwriter.NewWriter(s.Out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "QUOTA\tLIMIT\tDOCUMENTED")
	for _, q := range []struct {
		name       string
		limit      *int
		documented string
	}{
		{"network-interfaces-per-region", quotas.NetworkInterfacesPerRegion, "100"},
		{"instances-per-region", quotas.InstancesPerRegion, "no limit"},
		{"security-groups-per-network-interface", quotas.SecurityGroupsPerInterface, "10"},
		{"private-ipv4-per-network-interface", quotas.IPv4PerInterface, "50 on no instance, then that of its type"},
		{"ipv6-per-network-interface", quotas.IPv6PerInterface, "10 on no instance, then that of its type"},
	} {
		limit := "as documented"
		if q.limit != nil {
			limit = strconv.Itoa(*q.limit)
		}
		fmt.Fprintf(table, "%s\t%s\t%s\n", q.name, limit, q.documented)
	}
	return table.Flush()
}

type quotaShowCommand struct {
	targetFlags
	Account string `required:"" help:"Account whose quotas are shown." placeholder:"ID"`
}

// Help returns the text of --help.
func (*quotaShowCommand) Help() string {
	return `Example:

    enisim quota show --account 1000000000000001`
}

// Run runs the command.
func (c *quotaShowCommand) Run(ctx context.Context, s streams) error {
	return report(ctx, &c.targetFlags, s, func(simulated controlAPI) (operator.Quotas, error) {
		return simulated.Quotas(ctx, c.Account)
	}, func(quotas operator.Quotas) error { return printQuotas(s, quotas) })
}

type quotaResetCommand struct {
	targetFlags
	Account string `required:"" help:"Account whose quotas are made as documented." placeholder:"ID"`
}

// Help returns the text of --help.
func (*quotaResetCommand) Help() string {
	return `Example:

    enisim quota reset --account 1000000000000001`
}

// Run runs the command.
func (c *quotaResetCommand) Run(ctx context.Context, s streams) error {
	return c.withOperator(ctx, s, func(simulated controlAPI) error {
		if err := simulated.ResetQuotas(ctx, c.Account); err != nil {
			return err
		}
		if c.JSON {
			return printJSON(s.Out, jsonResult{c.Account, "reset"})
		}
		fmt.Fprintln(s.Out, "the quotas of", c.Account, "are as documented")
		return nil
	})
}
