package world

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"enisim.alt/store"
	"enisim.alt/store/table"
)

// createStagingTables creates a temporary copy of each table that a world fills, without its rows.
// They are dropped when the transaction ends.
const createStagingTables = `
	CREATE TEMP TABLE staged_regions (LIKE regions) ON COMMIT DROP;
	CREATE TEMP TABLE staged_zones (LIKE zones) ON COMMIT DROP;
	CREATE TEMP TABLE staged_instance_types (LIKE instance_types) ON COMMIT DROP;
	CREATE TEMP TABLE staged_accounts (LIKE accounts) ON COMMIT DROP;
	CREATE TEMP TABLE staged_ram_users (LIKE ram_users) ON COMMIT DROP;
	CREATE TEMP TABLE staged_access_keys (LIKE access_keys) ON COMMIT DROP;
	CREATE TEMP TABLE staged_vpcs (LIKE vpcs) ON COMMIT DROP;
	CREATE TEMP TABLE staged_vswitches (LIKE vswitches) ON COMMIT DROP;
	CREATE TEMP TABLE staged_security_groups (LIKE security_groups) ON COMMIT DROP;
	CREATE TEMP TABLE staged_instances (LIKE instances) ON COMMIT DROP;
	CREATE TEMP TABLE staged_network_interfaces (LIKE network_interfaces) ON COMMIT DROP;
	CREATE TEMP TABLE staged_attachments (LIKE attachments) ON COMMIT DROP;
	CREATE TEMP TABLE staged_private_ip_addresses (LIKE private_ip_addresses) ON COMMIT DROP;
	CREATE TEMP TABLE staged_ip_prefixes (LIKE ip_prefixes) ON COMMIT DROP;
	CREATE TEMP TABLE staged_network_interface_security_groups (LIKE network_interface_security_groups) ON COMMIT DROP;
	CREATE TEMP TABLE staged_security_group_rules (LIKE security_group_rules) ON COMMIT DROP;
	CREATE TEMP TABLE staged_route_tables (LIKE route_tables) ON COMMIT DROP;
	CREATE TEMP TABLE staged_route_table_associations (LIKE route_table_associations) ON COMMIT DROP;
	CREATE TEMP TABLE staged_route_entries (LIKE route_entries) ON COMMIT DROP;
	CREATE TEMP TABLE staged_key_pairs (LIKE key_pairs) ON COMMIT DROP;
	CREATE TEMP TABLE staged_disks (LIKE disks) ON COMMIT DROP;
	CREATE TEMP TABLE staged_eips (LIKE eips) ON COMMIT DROP;
	CREATE TEMP TABLE staged_eip_associations (LIKE eip_associations) ON COMMIT DROP`

// keepStagingTables creates the same tables if the session has none. They are kept when the
// transaction ends, without their rows. Creating and dropping them takes a third of the time of a
// small world, and more than half of it if several sessions do so: Postgres reports each change of
// its catalogue to all sessions.
var keepStagingTables = strings.NewReplacer(
	"CREATE TEMP TABLE", "CREATE TEMP TABLE IF NOT EXISTS", "ON COMMIT DROP", "ON COMMIT DELETE ROWS",
).Replace(createStagingTables)

// dropStagingTables drops the tables that the session has kept.
const dropStagingTables = `
	DROP TABLE IF EXISTS pg_temp.staged_regions, pg_temp.staged_zones, pg_temp.staged_instance_types,
	    pg_temp.staged_accounts, pg_temp.staged_ram_users, pg_temp.staged_access_keys, pg_temp.staged_vpcs,
	    pg_temp.staged_vswitches, pg_temp.staged_security_groups, pg_temp.staged_instances,
	    pg_temp.staged_network_interfaces, pg_temp.staged_attachments, pg_temp.staged_private_ip_addresses,
	    pg_temp.staged_ip_prefixes, pg_temp.staged_network_interface_security_groups,
	    pg_temp.staged_security_group_rules, pg_temp.staged_route_tables, pg_temp.staged_route_table_associations,
	    pg_temp.staged_route_entries, pg_temp.staged_disks, pg_temp.staged_eips, pg_temp.staged_eip_associations,
	    pg_temp.staged_key_pairs`

// maxRowsToKeep is the number of rows up to which a world is small.
const maxRowsToKeep = 500

// createStaging creates the staging tables of a world. A small world uses tables that the session
// has kept. A larger world, whose staging tables are analyzed, always gets new ones, because the
// planner would take the statistics of one world for those of the next. So does a reset, which
// copies whole rows into them, because a table that was kept may lack a column of a newer schema.
func createStaging(ctx context.Context, tx pgx.Tx, w *World, mode applyMode) error {
	if w.rows() <= maxRowsToKeep && mode != resetAccounts {
		_, err := tx.Exec(ctx, keepStagingTables)
		return err
	}
	return createNewStaging(ctx, tx)
}

// createNewStaging creates staging tables for one transaction.
func createNewStaging(ctx context.Context, tx pgx.Tx) error {
	_, err := tx.Exec(ctx, dropStagingTables+";"+createStagingTables)
	return err
}

// stageWorld copies a world into the staging tables, with the times of its accounts.
func stageWorld(ctx context.Context, tx pgx.Tx, w *World, times *accountTimes, mode applyMode) error {
	if err := createStaging(ctx, tx, w, mode); err != nil {
		return err
	}
	return copyWorld(ctx, tx, w, times, nil)
}

// copyWorld copies the rows of a world, parents before children. It copies them into the staging tables
// if written is nil. Otherwise it copies them into the tables themselves, and counts them in written.
//
// The times of the accounts are those of creation, and due times are computed from them. A new account
// begins its life in real time, and keys stay in it.
func copyWorld(ctx context.Context, tx pgx.Tx, w *World, times *accountTimes, written *changeCounter) error {
	for _, copyTable := range []func() error{
		func() error { return copyNewRows(ctx, tx, written, store.RegionsTable, w.Regions, nil) },
		func() error { return copyNewRows(ctx, tx, written, store.ZonesTable, w.Zones, nil) },
		func() error {
			return copyRows(ctx, tx, written, store.AccountsTable, w.Accounts,
				func(a *store.Account) { a.CreatedAt = times.realTime })
		},
		func() error { return copyRows(ctx, tx, written, store.RAMUsersTable, w.RAMUsers, nil) },
		func() error {
			return copyNewRows(ctx, tx, written, store.AccessKeysTable, w.AccessKeys,
				func(k *store.AccessKey) { k.CreatedAt = times.realTime })
		},
		func() error { return copyRows(ctx, tx, written, store.InstanceTypesTable, w.InstanceTypes, nil) },
		func() error {
			return copyRows(ctx, tx, written, store.VPCsTable, w.VPCs, func(v *store.VPC) {
				now := times.of(v.AccountID)
				v.CreatedAt, v.AvailableAt = now, settleTime(w.VPCsSettleIn, resourceID(v.AccountID, v.ID), now)
			})
		},
		func() error {
			return copyRows(ctx, tx, written, store.VSwitchesTable, w.VSwitches, func(v *store.VSwitch) {
				now := times.of(v.AccountID)
				v.CreatedAt, v.AvailableAt = now, settleTime(w.VSwitchesSettleIn, resourceID(v.AccountID, v.ID), now)
				v.NextHost = max(v.NextHost, 1)
			})
		},
		func() error {
			return copyRows(ctx, tx, written, store.SecurityGroupsTable, w.SecurityGroups,
				func(g *store.SecurityGroup) {
					g.CreatedAt = times.of(g.AccountID)
					g.InnerAccessPolicy = cmp.Or(g.InnerAccessPolicy, store.PolicyAccept)
				})
		},
		func() error {
			return copyRows(ctx, tx, written, store.InstancesTable, w.Instances, func(i *store.Instance) {
				id, now := resourceID(i.AccountID, i.ID), times.of(i.AccountID)
				i.SettlesAt = settleTime(w.InstancesSettleIn, id, now)
				i.RunningAt = settleTime(w.InstancesRunIn, id, now)
				i.StartedAt, i.CreatedAt = &now, now
			})
		},
		func() error {
			return copyRows(ctx, tx, written, store.DisksTable, w.Disks, func(d *store.DataDisk) {
				id, now := resourceID(d.AccountID, d.ID), times.of(d.AccountID)
				d.SettlesAt, d.CreatedAt = settleTime(w.DisksSettleIn, id, now), now
				if d.InstanceID != nil {
					d.AttachedAt = &now
				}
			})
		},
		func() error { return copyInterfaces(ctx, tx, w, times, written) },
		func() error {
			return copyRows(ctx, tx, written, store.PrivateIPAddressesTable, w.PrivateIPAddresses, nil)
		},
		func() error { return copyRows(ctx, tx, written, store.IPPrefixesTable, w.IPPrefixes, nil) },
		func() error { return copyRows(ctx, tx, written, store.GroupMembershipsTable, w.GroupMemberships, nil) },
		func() error {
			return copyRows(ctx, tx, written, store.SecurityGroupRulesTable, w.SecurityGroupRules,
				func(r *store.SecurityGroupRule) { r.CreatedAt = times.of(r.AccountID) })
		},
		func() error {
			return copyRows(ctx, tx, written, store.RouteTablesTable, w.RouteTables,
				func(r *store.RouteTable) { r.CreatedAt = times.of(r.AccountID) })
		},
		func() error {
			return copyRows(ctx, tx, written, store.RouteTableAssociationsTable, w.RouteTableAssociations,
				func(*store.RouteTableAssociation) {})
		},
		func() error {
			return copyRows(ctx, tx, written, store.RouteEntriesTable, w.RouteEntries,
				func(e *store.RouteEntry) { e.CreatedAt = times.of(e.AccountID) })
		},
		func() error {
			return copyRows(ctx, tx, written, store.KeyPairsTable, w.KeyPairs,
				func(k *store.KeyPair) { k.CreatedAt = times.of(k.AccountID) })
		},
		func() error {
			return copyRows(ctx, tx, written, store.EIPsTable, w.EIPs,
				func(e *store.EIP) { e.CreatedAt = times.of(e.AccountID) })
		},
		func() error {
			return copyRows(ctx, tx, written, store.EIPAssociationsTable, w.EIPAssociations,
				func(a *store.EIPAssociation) {
					a.SettlesAt = settleTime(w.EIPsSettleIn, resourceID(a.AccountID, a.EIPID), times.of(a.AccountID))
				})
		},
	} {
		if err := copyTable(); err != nil {
			return err
		}
	}
	return nil
}

// copyInterfaces copies the interfaces of a world, and the attachments of the secondary ones.
func copyInterfaces(ctx context.Context, tx pgx.Tx, w *World, times *accountTimes, written *changeCounter) error {
	var attachments []store.AttachmentRow
	err := copyRows(ctx, tx, written, store.NetworkInterfacesTable, w.NetworkInterfaces,
		func(n *store.NetworkInterface) {
			now := times.of(n.AccountID)
			n.CreatedAt = now
			n.SettlesAt = settleTime(w.NetworkInterfacesSettleIn, resourceID(n.AccountID, n.ID), now)
			row, attachment := n.Split()
			if *n = row; attachment != nil {
				attachments = append(attachments, *attachment)
			}
		})
	if err != nil {
		return err
	}
	return copyRows(ctx, tx, written, store.AttachmentsTable, attachments, nil)
}

// copyRows copies rows into a staging table, or into the table itself, as copyWorld does. prepare
// completes each row; nil: they are complete.
func copyRows[T any](
	ctx context.Context, tx pgx.Tx, written *changeCounter, t *table.Table[T], rows []T, prepare func(*T),
) error {
	if written == nil {
		return t.Stage(ctx, tx, rows, prepare)
	}
	step := worldStep{verb: insert, table: t.Name()}
	if err := t.Copy(ctx, tx, rows, prepare); err != nil {
		return step.wrap(err)
	}
	written.count(step, int64(len(rows)))
	return nil
}

// copyNewRows is copyRows for rows that may exist, which are left unchanged.
func copyNewRows[T any](
	ctx context.Context, tx pgx.Tx, written *changeCounter, t *table.Table[T], rows []T, prepare func(*T),
) error {
	if written == nil {
		return t.Stage(ctx, tx, rows, prepare)
	}
	if len(rows) == 0 {
		return nil
	}
	rows = slices.Clone(rows)
	if prepare != nil {
		for i := range rows {
			prepare(&rows[i])
		}
	}
	step := worldStep{verb: insert, table: t.Name()}
	inserted, err := tx.Exec(ctx, t.InsertNewRowsSQL(), t.ColumnValues(rows)...)
	if err != nil {
		return step.wrap(err)
	}
	written.count(step, inserted.RowsAffected())
	return nil
}

// settleTime returns when a row settles, or nil if it has no entry in durations.
func settleTime(durations map[store.ResourceID]time.Duration, id store.ResourceID, now time.Time) *time.Time {
	d, settles := durations[id]
	switch {
	case !settles:
		return nil
	case d == Never:
		return new(store.Never)
	}
	return new(now.Add(d))
}
