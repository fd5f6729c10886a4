package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"text/tabwriter"
	"time"

	"enisim.alt/service/operator"
	"enisim.alt/store"
)

type accountCommand struct {
	Create accountCreateCommand `cmd:"" help:"Make an account with a key, and with a scenario in it if one is given."`
	List   accountListCommand   `cmd:"" help:"List the accounts."`
	Set    accountSetCommand    `cmd:"" help:"Change an account: whether it accepts repeats."`
	Reset  accountResetCommand  `cmd:"" help:"Empty an account, or make it equal to a scenario; its keys stay."`
	Delete accountDeleteCommand `cmd:"" help:"Remove an account with all that it has."`
}

// The variables contain the command's name, because ENISIM_SCENARIO belongs to the server.
type accountCreateCommand struct {
	targetFlags
	ID        string        `env:"ENISIM_ACCOUNT_CREATE_ID" help:"16 digits (default: some are drawn)." placeholder:"ID"`
	Name      string        `env:"ENISIM_ACCOUNT_CREATE_NAME" help:"A name for people (default: the scenario's)." placeholder:"NAME"`
	Quota     *int          `name:"network-interfaces-per-region" env:"ENISIM_ACCOUNT_CREATE_NETWORK_INTERFACES_PER_REGION" max:"2147483647" help:"Quota that CreateNetworkInterface checks (default: the scenario's, or 100)." placeholder:"N"`
	Instances *int          `name:"instances-per-region" env:"ENISIM_ACCOUNT_CREATE_INSTANCES_PER_REGION" max:"2147483647" help:"Quota that RunInstances and CreateInstance check (default: the scenario's, or no limit)." placeholder:"N"`
	Groups    *int          `name:"security-groups-per-network-interface" env:"ENISIM_ACCOUNT_CREATE_SECURITY_GROUPS_PER_NETWORK_INTERFACE" min:"1" max:"2147483647" help:"Quota of an interface (default: the scenario's, or 10)." placeholder:"N"`
	IPv4      *int          `name:"private-ipv4-per-network-interface" env:"ENISIM_ACCOUNT_CREATE_PRIVATE_IPV4_PER_NETWORK_INTERFACE" min:"1" max:"2147483647" help:"Quota of an interface, with its primary address (default: the scenario's, or as documented)." placeholder:"N"`
	IPv6      *int          `name:"ipv6-per-network-interface" env:"ENISIM_ACCOUNT_CREATE_IPV6_PER_NETWORK_INTERFACE" max:"2147483647" help:"Quota of an interface (default: the scenario's, or as documented)." placeholder:"N"`
	ExpiresIn time.Duration `env:"ENISIM_ACCOUNT_CREATE_EXPIRES_IN" help:"How long the account lives, such as 1h (default: until it is deleted)." placeholder:"DURATION"`
	Repeats   string        `env:"ENISIM_ACCOUNT_CREATE_REPEATS" enum:"accept,refuse," default:"" help:"accept makes an attach to the instance that has the interface, and a detach of one that is on none, succeed (default: the scenario's, or as the server says)." placeholder:"accept|refuse"`
	Scenario  string        `env:"ENISIM_ACCOUNT_CREATE_SCENARIO" help:"Scenario of one account, under any id: the new account gets its content, with access keys of its own." placeholder:"FILE"`
}

// Help returns the text of --help.
func (*accountCreateCommand) Help() string {
	return `All of it is made or nothing, also beside a running server. The secrets of the keys are shown this once.
Each account gets a key of its own; those in the scenario are made anew, because the id of a key is unique in the
database.

Example:

    enisim account create --name run-17 --expires-in 1h --scenario staging.yaml`
}

// Validate returns an error for options that would otherwise fail later.
func (c *accountCreateCommand) Validate() error {
	return c.targetFlags.Validate()
}

// Run runs the command.
func (c *accountCreateCommand) Run(ctx context.Context, s streams) error {
	file, err := scenarioFile(c.Scenario)
	if err != nil {
		return err
	}
	return report(ctx, &c.targetFlags, s, func(accounts controlAPI) (operator.NewAccount, error) {
		return accounts.CreateAccount(ctx, operator.CreateAccountRequest{
			ID:                         c.ID,
			Name:                       c.Name,
			NetworkInterfacesPerRegion: c.Quota,
			Quotas: store.Quotas{
				InstancesPerRegion:         c.Instances,
				SecurityGroupsPerInterface: c.Groups,
				IPv4PerInterface:           c.IPv4,
				IPv6PerInterface:           c.IPv6,
			},
			ExpiresIn: c.ExpiresIn,
			Repeats:   c.Repeats,
			Scenario:  file,
		})
	}, func(made operator.NewAccount) error {
		fmt.Fprintf(s.Out, "Account          %s\nExpires          %s\nAccessKeyId      %s\nAccessKeySecret  %s\n",
			made.ID, formatExpiry(made.ExpiresAt), made.Keys[0].ID, made.Keys[0].Secret)
		if len(made.Keys) > 1 {
			if err := printNewKeys(s.Out, made.Keys[1:]); err != nil {
				return err
			}
		}
		fmt.Fprintln(s.Err, "Keep the secrets: they are not shown again.")
		return nil
	})
}

// printNewKeys prints the keys that replace those of a scenario.
func printNewKeys(out io.Writer, keys []operator.NewAccountKey) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "\nIN THE SCENARIO\tKEY\tSECRET\tSECURITY TOKEN\tRAM USER\tSTATUS\tEXPIRES")
	for _, k := range keys {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n",
			k.InScenario, k.ID, k.Secret, orDash(k.SecurityToken), orDash(k.RAMUser), k.Status,
			formatExpiry(k.ExpiresAt))
	}
	return table.Flush()
}

// orDash returns "-" for an empty text, so that every row of a table has the same number of
// columns.
func orDash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}

// scenarioFile reads the file of a --scenario. It returns nil without one.
func scenarioFile(path string) (*operator.ScenarioFile, error) {
	if path == "" {
		return nil, nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("--scenario: %w", err)
	}
	return &operator.ScenarioFile{Name: path, Text: text}, nil
}

type accountListCommand struct {
	targetFlags
}

// Help returns the text of --help.
func (*accountListCommand) Help() string {
	return `Example:

    enisim account list`
}

// Run runs the command.
func (c *accountListCommand) Run(ctx context.Context, s streams) error {
	return report(ctx, &c.targetFlags, s, func(accounts controlAPI) ([]operator.Account, error) {
		return accounts.Accounts(ctx)
	}, func(list []operator.Account) error {
		table := tabwriter.NewWriter(s.Out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(table, "ACCOUNT\tINTERFACES PER REGION\tREPEATS\tEXPIRES\tCREATED\tNAME")
		for _, a := range list {
			fmt.Fprintf(table, "%s\t%d\t%s\t%s\t%s\t%s\n", a.ID, a.NetworkInterfacesPerRegion, orDash(a.Repeats),
				formatExpiry(a.ExpiresAt), a.CreatedAt.UTC().Format(time.RFC3339), orDash(a.Name))
		}
		return table.Flush()
	})
}

// repeatsDefault is the value of --repeats for an account that uses the server's setting.
const repeatsDefault = "default"

type accountSetCommand struct {
	targetFlags
	ID      string `arg:"" help:"Id of the account."`
	Repeats string `env:"ENISIM_ACCOUNT_SET_REPEATS" required:"" enum:"accept,refuse,default" help:"Whether an attach to the instance that has the interface, and a detach of one that is on none, succeed. default is as the server says." placeholder:"accept|refuse|default"`
}

// Help returns the text of --help.
func (*accountSetCommand) Help() string {
	return `Every server on the database follows within a second.

Example:

    enisim account set 1000000000000001 --repeats accept`
}

// Run runs the command.
func (c *accountSetCommand) Run(ctx context.Context, s streams) error {
	repeats := c.Repeats
	if repeats == repeatsDefault {
		repeats = ""
	}
	return report(ctx, &c.targetFlags, s, func(accounts controlAPI) (operator.Account, error) {
		return accounts.ChangeAccount(ctx, c.ID, operator.ChangeAccountRequest{Repeats: &repeats})
	}, func(account operator.Account) error {
		fmt.Fprintf(s.Out, "%s: repeats %s\n", account.ID, c.Repeats)
		return nil
	})
}

type accountResetCommand struct {
	targetFlags
	ID       string `arg:"" help:"Id of the account."`
	Scenario string `env:"ENISIM_ACCOUNT_RESET_SCENARIO" help:"Scenario of one account, under any id (default: the account is emptied)." placeholder:"FILE"`
}

// Help returns the text of --help.
func (*accountResetCommand) Help() string {
	return `Id, name, quota, lifetime and access keys stay, and the RAM users that have keys; what the scenario says of
keys is not read.

Example:

    enisim account reset 1000000000000001 --scenario staging.yaml`
}

// Run runs the command.
func (c *accountResetCommand) Run(ctx context.Context, s streams) error {
	file, err := scenarioFile(c.Scenario)
	if err != nil {
		return err
	}
	return c.withOperator(ctx, s, func(accounts controlAPI) error {
		if err := accounts.ResetAccount(ctx, c.ID, file); err != nil {
			return err
		}
		if c.JSON {
			return printJSON(s.Out, jsonResult{c.ID, "reset"})
		}
		if file == nil {
			fmt.Fprintln(s.Out, c.ID, "is empty")
		} else {
			fmt.Fprintln(s.Out, c.ID, "is as", file.Name, "says")
		}
		return nil
	})
}

type accountDeleteCommand struct {
	targetFlags
	ID string `arg:"" help:"Id of the account."`
}

// Help returns the text of --help.
func (*accountDeleteCommand) Help() string {
	return `Its keys are unknown from then on, within a second to every server on the database.

Example:

    enisim account delete 1000000000000001`
}

// Run runs the command.
func (c *accountDeleteCommand) Run(ctx context.Context, s streams) error {
	return c.withOperator(ctx, s, func(accounts controlAPI) error {
		if err := accounts.DeleteAccount(ctx, c.ID); err != nil {
			return err
		}
		return printDeleted(s.Out, c.JSON, c.ID)
	})
}

// printDeleted prints that a resource was deleted.
func printDeleted(out io.Writer, asJSON bool, id string) error {
	if asJSON {
		return printJSON(out, jsonResult{id, "deleted"})
	}
	fmt.Fprintln(out, id, "is deleted")
	return nil
}
