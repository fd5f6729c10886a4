package world

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"enisim.alt/store"
	"enisim.alt/store/table"
)

// worldStep is one of the statements that apply a world. The rows that it writes are counted for
// its table, unless it only prepares other steps.
type worldStep struct {
	verb   verb
	table  string
	sql    string
	verify func(context.Context, pgx.Tx) error // runs after the statement; nil if constraints check everything
}

// isPaged reports whether the step fills a large table, and so runs some pages at a time.
func (s worldStep) isPaged() bool { return s.verb == insert && slices.Contains(largeTables, s.table) }

// wrap adds to an error which step has failed.
func (s worldStep) wrap(err error) error { return fmt.Errorf("%s %s: %w", s.verb, s.table, err) }

// verb is the kind of a step: prepare, insert, update or delete.
type verb string

const (
	prepare verb = "prepare"
	insert  verb = "insert"
	update  verb = "update"
	remove  verb = "delete"
)

// worldSteps change the stored accounts into the staged ones. Constraints hold after each
// statement, so no state in between may violate one. First rows are deleted, children before
// parents. Then rows are inserted and updated, parents before children. Changed interfaces are
// detached in between, so that two of them can swap their slots, and the limit of a type can
// shrink.
var worldSteps = []worldStep{
	{prepare, "client_tokens", deleteClientTokens, nil}, // their saved answers may refer to deleted resources
	{remove, "security_group_rules", deleteSecurityGroupRules, nil},
	{remove, "route_entries", deleteRouteEntries, nil},
	{remove, "route_table_associations", store.RouteTableAssociationsTable.DeleteSQL(), nil},
	{remove, "key_pairs", store.KeyPairsTable.DeleteSQL(), nil},
	{prepare, "disks", detachChangedDisks, nil},
	{remove, "disks", store.DisksTable.DeleteSQL(), nil},
	{remove, "eip_associations", store.EIPAssociationsTable.DeleteSQL(), nil},
	{remove, "eips", store.EIPsTable.DeleteSQL(), nil},
	{remove, "ip_prefixes", store.IPPrefixesTable.DeleteSQL(), nil},
	{remove, "network_interface_security_groups", store.GroupMembershipsTable.DeleteSQL(), nil},
	{remove, "private_ip_addresses", store.PrivateIPAddressesTable.DeleteSQL(), nil},
	{prepare, "instances", markChangedInstances, nil},
	{prepare, "network_interfaces", markChangedNetworkInterfaces, nil},
	{remove, "attachments", deleteChangedAttachments, nil},
	{remove, "network_interfaces", store.NetworkInterfacesTable.DeleteSQL(), nil},
	{prepare, "network_interfaces", separateChangedPrimaryInterfaces, nil},
	{remove, "instances", store.InstancesTable.DeleteSQL(), nil},
	{remove, "security_groups", store.SecurityGroupsTable.DeleteSQL(), nil},
	{remove, "vswitches", store.VSwitchesTable.DeleteSQL(), nil},
	{remove, "route_tables", deleteRouteTables, nil},
	{remove, "vpcs", store.VPCsTable.DeleteSQL(), nil},
	{remove, "access_keys", store.AccessKeysTable.DeleteSQL(), nil},

	{insert, "regions", store.RegionsTable.InsertNewSQL(), nil},
	{insert, "zones", store.ZonesTable.InsertNewSQL(), verifyZones},
	{update, "accounts", store.AccountsTable.UpdateSQL(), nil},
	{insert, "accounts", store.AccountsTable.InsertStagedSQL(), nil},
	{update, "ram_users", store.RAMUsersTable.UpdateSQL(), nil},
	{insert, "ram_users", store.RAMUsersTable.InsertStagedSQL(), nil},
	{update, "access_keys", store.AccessKeysTable.UpdateSQL(), nil},
	// The check finds a key of another account.
	{insert, "access_keys", store.AccessKeysTable.InsertNewSQL(), verifyAccessKeys},
	// Users go after their keys may have moved to another user.
	{remove, "ram_users", store.RAMUsersTable.DeleteSQL(), nil},
	{update, "instance_types", store.InstanceTypesTable.UpdateSQL(), nil},
	{insert, "instance_types", store.InstanceTypesTable.InsertStagedSQL(), nil},
	{update, "key_pairs", store.KeyPairsTable.UpdateSQL(), nil},
	{insert, "key_pairs", store.KeyPairsTable.InsertStagedSQL(), nil},
	{update, "vpcs", store.VPCsTable.UpdateSQL(), nil},
	{insert, "vpcs", store.VPCsTable.InsertStagedSQL(), nil},
	{update, "route_tables", resetSystemRouteTables, nil},
	{update, "route_tables", store.RouteTablesTable.UpdateSQL(), nil},
	{insert, "route_tables", store.RouteTablesTable.InsertStagedSQL(), nil},
	{update, "vswitches", store.VSwitchesTable.UpdateSQL(), nil},
	{insert, "vswitches", store.VSwitchesTable.InsertStagedSQL(), nil},
	{update, "security_groups", store.SecurityGroupsTable.UpdateSQL(), nil},
	{insert, "security_groups", store.SecurityGroupsTable.InsertStagedSQL(), nil},
	{update, "instances", store.InstancesTable.UpdateSQL(), nil},
	{insert, "instances", store.InstancesTable.InsertPageSQL(), nil},
	{update, "disks", store.DisksTable.UpdateSQL(), nil},
	{insert, "disks", store.DisksTable.InsertStagedSQL(), nil},
	// Types go after instances may have changed their type.
	{remove, "instance_types", store.InstanceTypesTable.DeleteSQL(), nil},
	{update, "network_interfaces", updateNetworkInterfaces, nil},
	{insert, "network_interfaces", store.NetworkInterfacesTable.InsertPageSQL(), nil},
	{insert, "attachments", store.AttachmentsTable.InsertPageSQL(), nil},
	{insert, "private_ip_addresses", store.PrivateIPAddressesTable.InsertPageSQL(), nil},
	{insert, "ip_prefixes", store.IPPrefixesTable.InsertStagedSQL(), nil},
	{insert, "network_interface_security_groups", store.GroupMembershipsTable.InsertPageSQL(), nil},
	{insert, "security_group_rules", store.SecurityGroupRulesTable.InsertStagedSQL(), nil},
	{insert, "route_table_associations", store.RouteTableAssociationsTable.InsertStagedSQL(), nil},
	{update, "route_entries", store.RouteEntriesTable.UpdateSQL(), nil},
	{insert, "route_entries", store.RouteEntriesTable.InsertStagedSQL(), nil},
	{update, "eips", store.EIPsTable.UpdateSQL(), nil},
	{insert, "eips", store.EIPsTable.InsertStagedSQL(), nil},
	{update, "eip_associations", store.EIPAssociationsTable.UpdateSQL(), nil},
	{insert, "eip_associations", store.EIPAssociationsTable.InsertStagedSQL(), nil},
	{prepare, "security_group_capacity", countCapacity, nil},
	{prepare, "vswitch_counts", countVSwitches, nil},
}

// changeCounter counts the rows that the steps write. It has one entry for each table, in the order
// in which the tables are first changed.
type changeCounter struct {
	changes []TableChange
}

func (t *changeCounter) count(step worldStep, rows int64) {
	if rows == 0 || step.verb == prepare {
		return
	}
	change := t.of(step.table)
	switch step.verb {
	case insert:
		change.Inserted += rows
	case update:
		change.Updated += rows
	case remove:
		change.Deleted += rows
	case prepare: // not counted, see above
	}
}

// of returns the entry of a table.
func (t *changeCounter) of(table string) *TableChange {
	for i := range t.changes {
		if t.changes[i].Table == table {
			return &t.changes[i]
		}
	}
	t.changes = append(t.changes, TableChange{Table: table})
	return &t.changes[len(t.changes)-1]
}

// runWorldSteps runs all steps, which makes the stored accounts equal to the staged ones. It sends
// as many steps as possible in one round trip, so a small world needs only a few.
func runWorldSteps(ctx context.Context, tx pgx.Tx, written *changeCounter, p *progress) error {
	for steps := worldSteps; len(steps) > 0; {
		if steps[0].isPaged() {
			rows, err := runByPages(ctx, tx, steps[0], p)
			if err != nil {
				return steps[0].wrap(err)
			}
			written.count(steps[0], rows)
			steps = steps[1:]
			continue
		}
		n := stepsInOneTrip(steps)
		if err := runStepsInOneTrip(ctx, tx, steps[:n], written); err != nil {
			return err
		}
		if verify := steps[n-1].verify; verify != nil {
			if err := verify(ctx, tx); err != nil {
				return err
			}
		}
		steps = steps[n:]
	}
	return nil
}

// stepsInOneTrip returns how many of the next steps can run in one round trip. These are all steps
// before the next paged one, or up to the next one that is verified.
func stepsInOneTrip(steps []worldStep) int {
	for n, step := range steps {
		switch {
		case step.isPaged():
			return n
		case step.verify != nil:
			return n + 1
		}
	}
	return len(steps)
}

// runStepsInOneTrip runs steps in one round trip and counts what they write.
func runStepsInOneTrip(ctx context.Context, tx pgx.Tx, steps []worldStep, written *changeCounter) error {
	statements := make([]string, 0, len(steps))
	for _, step := range steps {
		statements = append(statements, step.sql)
	}
	tags, err := execInOneTrip(ctx, tx, statements)
	if err != nil {
		return steps[min(len(tags), len(steps)-1)].wrap(err) // the last step, if the connection was lost after it
	}
	for n, tag := range tags {
		written.count(steps[n], tag.RowsAffected())
	}
	return nil
}

// execInOneTrip runs statements without arguments in one round trip, one after the other. It
// returns the command tag of each statement that succeeded. If there is an error, it is that of the
// next statement, and no later one has run.
func execInOneTrip(ctx context.Context, tx pgx.Tx, statements []string) ([]pgconn.CommandTag, error) {
	results := tx.Conn().PgConn().Exec(ctx, strings.Join(statements, ";\n"))
	tags := make([]pgconn.CommandTag, 0, len(statements))
	for results.NextResult() {
		tag, err := results.ResultReader().Close()
		if err != nil {
			_ = results.Close() // returns the same error
			return tags, err
		}
		tags = append(tags, tag)
	}
	return tags, results.Close()
}

// runByPages runs a step that fills a large table, some pages of its staging table at a time, and
// returns the number of inserted rows.
//
// Each session keeps the plans by which Postgres checks foreign keys. A plan from a time when a
// table had only a few rows may read all rows of an account for each new row. That makes a large
// world quadratic, so the session makes its plans anew before.
func runByPages(ctx context.Context, tx pgx.Tx, step worldStep, p *progress) (int64, error) {
	const (
		pagesPerStatement  = 2000 // fifty thousand rows, which take some seconds
		minPagesToPlanAnew = 20   // old plans are slow from this size on
	)
	// First look how many pages there are, and how many rows they have, for the progress.
	var pages, rows int64
	if err := tx.QueryRow(ctx, `
		SELECT pg_relation_size(oid) / current_setting('block_size')::bigint, greatest(reltuples, 0)::bigint
		FROM pg_class WHERE oid = $1::text::regclass`, table.StagingTable(step.table)).Scan(&pages, &rows); err != nil {
		return 0, err
	}
	// Then copy range by range.
	var inserted int64
	for first := int64(0); first < pages; first += pagesPerStatement {
		next := min(first+pagesPerStatement, pages)
		if pages >= minPagesToPlanAnew {
			if err := planAnew(ctx, tx, step.table); err != nil {
				return 0, err
			}
		}
		tag, err := tx.Exec(ctx, step.sql, pgx.QueryExecModeExec,
			fmt.Sprintf("(%d,0)", first), fmt.Sprintf("(%d,0)", next))
		if err != nil {
			return 0, err
		}
		inserted += tag.RowsAffected()
		p.advance(step.table, mergeWork*(rows*next/pages-rows*first/pages))
	}
	if pages >= minPagesToPlanAnew {
		return inserted, analyzeFilled(ctx, tx, `c.oid = $1::text::regclass`, step.table)
	}
	return inserted, nil
}

// planAnew makes Postgres plan the checks of a table's foreign keys anew.
func planAnew(ctx context.Context, tx pgx.Tx, tableName string) error {
	const isReferredTo = `c.oid IN (
		    SELECT confrelid FROM pg_constraint WHERE conrelid = $1::text::regclass AND contype = 'f')`
	if err := analyzeFilled(ctx, tx, isReferredTo, tableName); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `DISCARD PLANS`)
	return err
}

// analyzeFilled analyzes those tables c for which a condition holds and the statistics say that they
// are empty: they were analyzed after a world was emptied, and have been filled in this transaction
// since. With these statistics, a plan may read a whole account for each row. Other wrong statistics
// do no harm, because the planner multiplies them by the size of the table.
func analyzeFilled(ctx context.Context, tx pgx.Tx, condition, tableName string) error {
	rows, err := tx.Query(ctx, `
		SELECT c.relname::text
		FROM pg_class c
		WHERE c.reltuples = 0 AND c.relkind = 'r' AND `+condition+`
		ORDER BY c.relname`, tableName)
	if err != nil {
		return err
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	for _, name := range names {
		if err := analyze(ctx, tx, name); err != nil {
			return err
		}
	}
	return nil
}

// analyze analyzes a table within the transaction. It does without if another transaction is
// analyzing the table: the statistics of that one serve as well. The wait is longer than the second
// after which Postgres cancels an automatic vacuum for it.
func analyze(ctx context.Context, tx pgx.Tx, tableName string) error {
	const lockNotAvailable = "55P03"
	err := pgx.BeginFunc(ctx, tx, func(savepoint pgx.Tx) error {
		_, err := savepoint.Exec(ctx, `SET LOCAL lock_timeout = '3s'; ANALYZE `+pgx.Identifier{tableName}.Sanitize()+`;
			SET LOCAL lock_timeout = '`+store.LargeTxLockTimeout+`'`)
		return err
	})
	var pg *pgconn.PgError
	if errors.As(err, &pg) && pg.Code == lockNotAvailable {
		return nil
	}
	return err
}
