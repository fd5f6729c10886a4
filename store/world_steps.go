package store

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// worldStep is one statement on the way to the world. What it writes is counted for its table, unless it only prepares others.
type worldStep struct {
	verb   verb
	table  string
	sql    string
	verify func(context.Context, pgx.Tx) error // nil: nothing that a constraint does not see
}

// byPages tells whether the step fills a large table.
func (s worldStep) byPages() bool { return s.verb == insert && slices.Contains(largeTables, s.table) }

func (s worldStep) failed(err error) error { return fmt.Errorf("%s %s: %w", s.verb, s.table, err) }

type verb string

const (
	prepare verb = "prepare"
	insert  verb = "insert"
	update  verb = "update"
	remove  verb = "delete"
)

// worldSteps go from what is there to what is staged without a forbidden state in between, as constraints hold at each statement: first what
// goes, children before parents; then what is new or differs, parents before children. Interfaces that change leave their instances in
// between, so that two of them can swap places, and a type's limit can shrink.
var worldSteps = []worldStep{
	{prepare, "client_tokens", deleteClientTokens, nil}, // not of the world: their answers speak of what may be gone
	{remove, "security_group_rules", deleteSecurityGroupRules, nil},
	{remove, "ip_prefixes", deleteIPPrefixes, nil},
	{remove, "network_interface_security_groups", deleteGroupMemberships, nil},
	{remove, "private_ip_addresses", deletePrivateIPAddresses, nil},
	{remove, "network_interfaces", deleteNetworkInterfaces, nil},
	{prepare, "network_interfaces", markChangedNetworkInterfaces, nil},
	{prepare, "network_interfaces", detachChangedNetworkInterfaces, nil},
	{remove, "instances", deleteInstances, nil},
	{remove, "security_groups", deleteSecurityGroups, nil},
	{remove, "vswitches", deleteVSwitches, nil},
	{remove, "vpcs", deleteVPCs, nil},
	{remove, "access_keys", deleteAccessKeys, nil},

	{insert, "regions", insertRegions, nil},
	{insert, "zones", insertZones, verifyZones},
	{update, "accounts", updateAccounts, nil},
	{insert, "accounts", insertAccounts, nil},
	{update, "ram_users", updateRAMUsers, nil},
	{insert, "ram_users", insertRAMUsers, nil},
	{update, "access_keys", updateAccessKeys, nil},
	{insert, "access_keys", insertAccessKeys, verifyAccessKeys},
	{remove, "ram_users", deleteRAMUsers, nil}, // after the keys that moved to another user
	{update, "instance_types", updateInstanceTypes, nil},
	{insert, "instance_types", insertInstanceTypes, nil},
	{update, "vpcs", updateVPCs, nil},
	{insert, "vpcs", insertVPCs, nil},
	{update, "vswitches", updateVSwitches, nil},
	{insert, "vswitches", insertVSwitches, nil},
	{update, "security_groups", updateSecurityGroups, nil},
	{insert, "security_groups", insertSecurityGroups, nil},
	{update, "instances", updateInstances, nil},
	{insert, "instances", insertInstances, nil},
	{remove, "instance_types", deleteInstanceTypes, nil}, // after the instances that changed their type
	{update, "network_interfaces", updateNetworkInterfaces, nil},
	{insert, "network_interfaces", insertNetworkInterfaces, nil},
	{insert, "private_ip_addresses", insertPrivateIPAddresses, nil},
	{insert, "ip_prefixes", insertIPPrefixes, nil},
	{insert, "network_interface_security_groups", insertGroupMemberships, nil},
	{insert, "security_group_rules", insertSecurityGroupRules, nil},
	{prepare, "security_group_places", countCapacity, nil},
}

// tally adds up what the steps write, one entry per table, in the order in which the tables are first touched.
type tally struct {
	changes []TableChange
}

func (t *tally) count(step worldStep, rows int64) {
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
	}
}

func (t *tally) of(table string) *TableChange {
	for i := range t.changes {
		if t.changes[i].Table == table {
			return &t.changes[i]
		}
	}
	t.changes = append(t.changes, TableChange{Table: table})
	return &t.changes[len(t.changes)-1]
}

// takeWorldSteps makes the staged accounts equal to what is staged. A small world is a matter of a few round trips.
func takeWorldSteps(ctx context.Context, tx pgx.Tx, written *tally, p *progress) error {
	for steps := worldSteps; len(steps) > 0; {
		if steps[0].byPages() {
			rows, err := takeByPages(ctx, tx, steps[0], p)
			if err != nil {
				return steps[0].failed(err)
			}
			written.count(steps[0], rows)
			steps = steps[1:]
			continue
		}
		n := together(steps)
		if err := takeTogether(ctx, tx, steps[:n], written); err != nil {
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

// together is how many of the next steps need nothing in between: up to the first that is verified, or to one that goes by pages.
func together(steps []worldStep) int {
	for n, step := range steps {
		switch {
		case step.byPages():
			return n
		case step.verify != nil:
			return n + 1
		}
	}
	return len(steps)
}

func takeTogether(ctx context.Context, tx pgx.Tx, steps []worldStep, written *tally) error {
	statements := make([]string, 0, len(steps))
	for _, step := range steps {
		statements = append(statements, step.sql)
	}
	tags, err := execTogether(ctx, tx, statements)
	if err != nil {
		return steps[min(len(tags), len(steps)-1)].failed(err) // the last, if the connection broke behind it
	}
	for n, tag := range tags {
		written.count(steps[n], tag.RowsAffected())
	}
	return nil
}

// execTogether runs statements without arguments in one round trip, one after the other. It returns what each did; the first one that fails is the last to run,
// and the one behind those that it returns.
func execTogether(ctx context.Context, tx pgx.Tx, statements []string) ([]pgconn.CommandTag, error) {
	results := tx.Conn().PgConn().Exec(ctx, strings.Join(statements, ";\n"))
	tags := make([]pgconn.CommandTag, 0, len(statements))
	for results.NextResult() {
		tag, err := results.ResultReader().Close()
		if err != nil {
			_ = results.Close() // it says the same
			return tags, err
		}
		tags = append(tags, tag)
	}
	return tags, results.Close()
}

// takeByPages fills a large table.
//
// Postgres checks foreign keys by plans that each session keeps. One that was made when a table had a handful of rows may read all of an account for
// each new row, which makes a large world quadratic, so the session then plans anew.
func takeByPages(ctx context.Context, tx pgx.Tx, step worldStep, p *progress) (int64, error) {
	const (
		atOnce = 2000 // pages: fifty thousand rows, and some seconds
		large  = 20   // pages: from where on old plans would hurt
	)
	var pages, rows int64
	if err := tx.QueryRow(ctx, `
		SELECT pg_relation_size(oid) / current_setting('block_size')::bigint, greatest(reltuples, 0)::bigint
		FROM pg_class WHERE oid = $1::text::regclass`, stagingTable(step.table)).Scan(&pages, &rows); err != nil {
		return 0, err
	}
	var inserted int64
	for first := int64(0); first < pages; first += atOnce {
		next := min(first+atOnce, pages)
		if pages >= large {
			if _, err := tx.Exec(ctx, `DISCARD PLANS`); err != nil {
				return 0, err
			}
		}
		tag, err := tx.Exec(ctx, step.sql, pgx.QueryExecModeExec, fmt.Sprintf("(%d,0)", first), fmt.Sprintf("(%d,0)", next))
		if err != nil {
			return 0, err
		}
		inserted += tag.RowsAffected()
		p.add(step.table, mergeWork*(rows*next/pages-rows*first/pages))
	}
	return inserted, nil
}
