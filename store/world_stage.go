package store

import (
	"cmp"
	"context"
	"time"

	"github.com/jackc/pgx/v5"
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
	CREATE TEMP TABLE staged_private_ip_addresses (LIKE private_ip_addresses) ON COMMIT DROP;
	CREATE TEMP TABLE staged_ip_prefixes (LIKE ip_prefixes) ON COMMIT DROP;
	CREATE TEMP TABLE staged_network_interface_security_groups (LIKE network_interface_security_groups) ON COMMIT DROP;
	CREATE TEMP TABLE staged_security_group_rules (LIKE security_group_rules) ON COMMIT DROP`

// stageWorld copies a world into the staging tables, with now as the time of creation. Due times
// are computed from now.
func stageWorld(ctx context.Context, tx pgx.Tx, w *World, now time.Time) error {
	if _, err := tx.Exec(ctx, createStagingTables); err != nil {
		return err
	}
	for _, stage := range []func() error{
		func() error { return regionsTable.stage(ctx, tx, w.Regions, nil) },
		func() error { return zonesTable.stage(ctx, tx, w.Zones, nil) },
		func() error { return instanceTypesTable.stage(ctx, tx, w.InstanceTypes, nil) },
		func() error {
			return accountsTable.stage(ctx, tx, w.Accounts, func(a *Account) { a.CreatedAt = now })
		},
		func() error { return ramUsersTable.stage(ctx, tx, w.RAMUsers, nil) },
		func() error {
			return accessKeysTable.stage(ctx, tx, w.AccessKeys, func(k *AccessKey) { k.CreatedAt = now })
		},
		func() error {
			return vpcsTable.stage(ctx, tx, w.VPCs, func(v *VPC) {
				v.CreatedAt, v.AvailableAt = now, settleTime(w.VPCsSettleIn, ResourceID{v.AccountID, v.ID}, now)
			})
		},
		func() error {
			return vswitchesTable.stage(ctx, tx, w.VSwitches, func(v *VSwitch) {
				v.CreatedAt, v.AvailableAt = now, settleTime(w.VSwitchesSettleIn, ResourceID{v.AccountID, v.ID}, now)
				v.NextHost = max(v.NextHost, 1)
			})
		},
		func() error {
			return groupsTable.stage(ctx, tx, w.SecurityGroups, func(g *SecurityGroup) {
				g.CreatedAt, g.InnerAccessPolicy = now, cmp.Or(g.InnerAccessPolicy, PolicyAccept)
			})
		},
		func() error {
			return instancesTable.stage(ctx, tx, w.Instances, func(i *Instance) {
				id := ResourceID{i.AccountID, i.ID}
				i.SettlesAt, i.RunningAt = settleTime(w.InstancesSettleIn, id, now), settleTime(w.InstancesRunIn, id, now)
				i.StartedAt, i.CreatedAt = &now, now
			})
		},
		func() error {
			return enisTable.stage(ctx, tx, w.NetworkInterfaces, func(n *NetworkInterface) {
				n.CreatedAt = now
				n.SettlesAt = settleTime(w.NetworkInterfacesSettleIn, ResourceID{n.AccountID, n.ID}, now)
			})
		},
		func() error { return addressesTable.stage(ctx, tx, w.PrivateIPAddresses, nil) },
		func() error { return prefixesTable.stage(ctx, tx, w.IPPrefixes, nil) },
		func() error { return membershipsTable.stage(ctx, tx, w.GroupMemberships, nil) },
		func() error {
			return groupRulesTable.stage(ctx, tx, w.SecurityGroupRules, func(r *SecurityGroupRule) { r.CreatedAt = now })
		},
	} {
		if err := stage(); err != nil {
			return err
		}
	}
	return nil
}

// settleTime returns when a row settles, or nil if it has no entry in durations.
func settleTime(durations map[ResourceID]time.Duration, id ResourceID, now time.Time) *time.Time {
	d, settles := durations[id]
	if !settles {
		return nil
	}
	at := now.Add(d)
	return &at
}

// tags returns a resource's tags for a column that is never NULL.
func tags(m map[string]string) map[string]string {
	if m == nil {
		return map[string]string{}
	}
	return m
}
