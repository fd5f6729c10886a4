package main

import (
	"context"
	"fmt"
	"text/tabwriter"
	"time"

	"enisim.alt/service/operator"
)

type snapshotCommand struct {
	Save    snapshotSaveCommand    `cmd:"" help:"Save the current state of an account."`
	Restore snapshotRestoreCommand `cmd:"" help:"Bring an account back to a snapshot."`
	List    snapshotListCommand    `cmd:"" help:"List the snapshots of an account."`
	Delete  snapshotDeleteCommand  `cmd:"" help:"Forget a snapshot."`
}

// snapshotFlags select a snapshot.
type snapshotFlags struct {
	targetFlags
	Name    string `arg:"" help:"Name of the snapshot: letters, digits, '.', '_' and '-'."`
	Account string `required:"" help:"Its account: 16 digits." placeholder:"ID"`
}

type snapshotSaveCommand struct{ snapshotFlags }

// Help returns the text of --help.
func (*snapshotSaveCommand) Help() string {
	return `All resources of the account are kept as they stand at one moment, in the database, in place of an older
snapshot of the name. Requests go on meanwhile. Keys, users and quotas are not part of it.

Example:

    enisim snapshot save before-test --account 1000000000000001`
}

// Run runs the command.
func (c *snapshotSaveCommand) Run(ctx context.Context, s streams) error {
	return report(ctx, &c.targetFlags, s, func(simulated controlAPI) (operator.Snapshot, error) {
		return simulated.SaveSnapshot(ctx, c.Account, c.Name)
	}, func(saved operator.Snapshot) error {
		fmt.Fprintf(s.Out, "%s has %d resources\n", saved.Name, saved.Resources)
		return nil
	})
}

type snapshotRestoreCommand struct{ snapshotFlags }

// Help returns the text of --help.
func (*snapshotRestoreCommand) Help() string {
	return `The account has again what it had, with the same ids, also beside running servers: a reader sees the old
state or the restored one, never half. Keys, users and quotas stay as they are.

Example:

    enisim snapshot restore before-test --account 1000000000000001`
}

// Run runs the command.
func (c *snapshotRestoreCommand) Run(ctx context.Context, s streams) error {
	return report(ctx, &c.targetFlags, s, func(simulated controlAPI) (operator.Restored, error) {
		return simulated.RestoreSnapshot(ctx, c.Account, c.Name)
	}, func(restored operator.Restored) error {
		fmt.Fprintln(s.Out, restored)
		return nil
	})
}

type snapshotListCommand struct {
	targetFlags
	Account string `required:"" help:"Account whose snapshots are listed." placeholder:"ID"`
}

// Help returns the text of --help.
func (*snapshotListCommand) Help() string {
	return `Example:

    enisim snapshot list --account 1000000000000001`
}

// Run runs the command.
func (c *snapshotListCommand) Run(ctx context.Context, s streams) error {
	return report(ctx, &c.targetFlags, s, func(simulated controlAPI) ([]operator.Snapshot, error) {
		return simulated.Snapshots(ctx, c.Account)
	}, func(list []operator.Snapshot) error {
		table := tabwriter.NewWriter(s.Out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(table, "SNAPSHOT\tRESOURCES\tSAVED")
		for _, snapshot := range list {
			fmt.Fprintf(table, "%s\t%d\t%s\n", snapshot.Name, snapshot.Resources,
				snapshot.CreatedAt.UTC().Format(time.RFC3339))
		}
		return table.Flush()
	})
}

type snapshotDeleteCommand struct{ snapshotFlags }

// Help returns the text of --help.
func (*snapshotDeleteCommand) Help() string {
	return `Example:

    enisim snapshot delete before-test --account 1000000000000001`
}

// Run runs the command.
func (c *snapshotDeleteCommand) Run(ctx context.Context, s streams) error {
	return c.withOperator(ctx, s, func(simulated controlAPI) error {
		if err := simulated.DeleteSnapshot(ctx, c.Account, c.Name); err != nil {
			return err
		}
		return printDeleted(s.Out, c.JSON, c.Name)
	})
}
