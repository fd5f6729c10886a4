package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"enisim.alt/service/operator"
)

type keyCommand struct {
	Create  keyCreateCommand  `cmd:"" help:"Make an access key, and show its secret this once."`
	List    keyListCommand    `cmd:"" help:"List the access keys, without their secrets."`
	Disable keyDisableCommand `cmd:"" help:"Make an access key Inactive."`
	Delete  keyDeleteCommand  `cmd:"" help:"Remove an access key."`
}

type keyCreateCommand struct {
	targetFlags
	Account   string        `required:"" help:"Account of the key: 16 digits." placeholder:"ID"`
	RAMUser   string        `help:"RAM user of that account (default: the account itself)." placeholder:"NAME"`
	ExpiresIn time.Duration `env:"ENISIM_KEY_CREATE_EXPIRES_IN" help:"How long the key is good, such as 1h (default: until it is deleted)." placeholder:"DURATION"`
	Temporary bool          `help:"A key with a SecurityToken, as STS issues them; needs --expires-in."`
}

// Help returns the text of --help.
func (*keyCreateCommand) Help() string {
	return `The secret, and the token of a temporary key, are shown this once and cannot be asked for again.

Examples:

    enisim key create --account 1000000000000001
    enisim key create --account 1000000000000001 --ram-user ci --temporary --expires-in 1h`
}

// Validate returns an error for options that would otherwise fail later.
func (c *keyCreateCommand) Validate() error {
	if c.Temporary && c.ExpiresIn == 0 {
		return errors.New("--temporary needs --expires-in, such as --expires-in 1h: a temporary key expires")
	}
	return c.targetFlags.Validate()
}

// Run runs the command.
func (c *keyCreateCommand) Run(ctx context.Context, s streams) error {
	return report(ctx, &c.targetFlags, s, func(keys controlAPI) (operator.NewAccessKey, error) {
		return keys.CreateAccessKey(ctx, operator.CreateAccessKeyRequest{
			AccountID: c.Account,
			RAMUser:   c.RAMUser,
			ExpiresIn: c.ExpiresIn,
			Temporary: c.Temporary,
		})
	}, func(key operator.NewAccessKey) error {
		fmt.Fprintf(s.Out, "AccessKeyId      %s\nAccessKeySecret  %s\n", key.ID, key.Secret)
		if key.Temporary {
			fmt.Fprintf(s.Out, "SecurityToken    %s\n", key.SecurityToken)
		}
		fmt.Fprintf(s.Out, "Expires          %s\n", formatExpiry(key.ExpiresAt))
		fmt.Fprintln(s.Err, "Keep the secret: it is not shown again.")
		return nil
	})
}

type keyListCommand struct {
	targetFlags
	Account string `help:"Account whose keys are listed (default: all accounts)." placeholder:"ID"`
}

// Help returns the text of --help.
func (*keyListCommand) Help() string {
	return `Example:

    enisim key list --account 1000000000000001`
}

// Run runs the command.
func (c *keyListCommand) Run(ctx context.Context, s streams) error {
	return report(ctx, &c.targetFlags, s, func(keys controlAPI) ([]operator.AccessKey, error) {
		return keys.AccessKeys(ctx, c.Account)
	}, func(list []operator.AccessKey) error {
		return printKeys(s.Out, list)
	})
}

// printKeys prints keys as a table.
func printKeys(out io.Writer, list []operator.AccessKey) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "KEY\tACCOUNT\tRAM USER\tSTATUS\tKIND\tEXPIRES\tCREATED")
	for _, k := range list {
		kind := "lasting"
		if k.Temporary {
			kind = "temporary"
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", k.ID, k.AccountID, orDash(k.RAMUser), k.Status, kind,
			formatExpiry(k.ExpiresAt), k.CreatedAt.UTC().Format(time.RFC3339))
	}
	return table.Flush()
}

// formatExpiry returns the time of an expiry, or never.
func formatExpiry(at *time.Time) string {
	if at == nil {
		return "never"
	}
	return at.UTC().Format(time.RFC3339)
}

type keyDisableCommand struct {
	targetFlags
	ID string `arg:"" help:"Id of the key."`
}

// Help returns the text of --help.
func (*keyDisableCommand) Help() string {
	return `The key is refused with InvalidAccessKeyId.Inactive, within a second by every server on the database.

Example:

    enisim key disable LTAIquickstart000001`
}

// Run runs the command.
func (c *keyDisableCommand) Run(ctx context.Context, s streams) error {
	return report(ctx, &c.targetFlags, s, func(keys controlAPI) (operator.AccessKey, error) {
		return keys.DisableAccessKey(ctx, c.ID)
	}, func(key operator.AccessKey) error {
		fmt.Fprintln(s.Out, key.ID, "is", key.Status)
		return nil
	})
}

type keyDeleteCommand struct {
	targetFlags
	ID string `arg:"" help:"Id of the key."`
}

// Help returns the text of --help.
func (*keyDeleteCommand) Help() string {
	return `The key is unknown from then on, within a second to every server on the database.

Example:

    enisim key delete LTAIquickstart000001`
}

// Run runs the command.
func (c *keyDeleteCommand) Run(ctx context.Context, s streams) error {
	return c.withOperator(ctx, s, func(keys controlAPI) error {
		if err := keys.DeleteAccessKey(ctx, c.ID); err != nil {
			return err
		}
		return printDeleted(s.Out, c.JSON, c.ID)
	})
}
