package store

import (
	"cmp"
	"context"
	"fmt"
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
		func() error { return stageRegions(ctx, tx, w.Regions) },
		func() error { return stageZones(ctx, tx, w.Zones) },
		func() error { return stageInstanceTypes(ctx, tx, w.InstanceTypes) },
		func() error { return stageAccounts(ctx, tx, w.Accounts, now) },
		func() error { return stageRAMUsers(ctx, tx, w.RAMUsers) },
		func() error { return stageAccessKeys(ctx, tx, w.AccessKeys, now) },
		func() error { return stageVPCs(ctx, tx, w, now) },
		func() error { return stageVSwitches(ctx, tx, w, now) },
		func() error { return stageSecurityGroups(ctx, tx, w.SecurityGroups, now) },
		func() error { return stageInstances(ctx, tx, w, now) },
		func() error { return stageNetworkInterfaces(ctx, tx, w, now) },
		func() error { return stagePrivateIPAddresses(ctx, tx, w.PrivateIPAddresses) },
		func() error { return stageIPPrefixes(ctx, tx, w.IPPrefixes) },
		func() error { return stageGroupMemberships(ctx, tx, w.GroupMemberships) },
		func() error { return stageSecurityGroupRules(ctx, tx, w.SecurityGroupRules, now) },
	} {
		if err := stage(); err != nil {
			return err
		}
	}
	return nil
}

func stageRegions(ctx context.Context, tx pgx.Tx, rows []Region) error {
	return stage(ctx, tx, "staged_regions", []string{"id", "local_name_en", "local_name_zh"}, rows,
		func(r *Region) []any { return []any{r.ID, r.LocalNameEn, r.LocalNameZh} })
}

func stageZones(ctx context.Context, tx pgx.Tx, rows []Zone) error {
	return stage(ctx, tx, "staged_zones", []string{"id", "region_id"}, rows,
		func(z *Zone) []any { return []any{z.ID, z.RegionID} })
}

func stageInstanceTypes(ctx context.Context, tx pgx.Tx, rows []InstanceType) error {
	return stage(ctx, tx, "staged_instance_types", []string{
		"owner_id", "id", "family", "generation", "vcpus", "memory_gib", "eni_quantity", "private_ipv4_per_eni",
		"ipv6_per_eni", "eni_trunk_supported", "eni_total_quantity", "bandwidth_gbps", "pps_10k", "network_cards",
		"cpu_architecture", "hot_plug", "io_optimized",
	}, rows, func(t *InstanceType) []any {
		return []any{
			t.OwnerID, t.ID, t.Family, t.Generation, t.VCPUs, t.MemoryGiB, t.ENIQuantity, t.PrivateIPv4PerENI,
			t.IPv6PerENI, t.ENITrunkSupported, t.ENITotalQuantity, t.BandwidthGbps, t.PPS10k, t.NetworkCards,
			t.CPUArchitecture, t.HotPlug, t.IOOptimized,
		}
	})
}

func stageAccounts(ctx context.Context, tx pgx.Tx, rows []Account, now time.Time) error {
	return stage(ctx, tx, "staged_accounts", []string{
		"id", "name", "network_interfaces_per_region", "created_at", "expires_at", "repeats",
	}, rows, func(a *Account) []any {
		return []any{a.ID, a.Name, a.NetworkInterfacesPerRegion, now, a.ExpiresAt, a.Repeats}
	})
}

func stageRAMUsers(ctx context.Context, tx pgx.Tx, rows []RAMUser) error {
	return stage(ctx, tx, "staged_ram_users", []string{"account_id", "name", "allow"}, rows,
		func(u *RAMUser) []any {
			return []any{u.AccountID, u.Name, append([]string{}, u.Allow...)} // nil would be NULL
		})
}

func stageAccessKeys(ctx context.Context, tx pgx.Tx, rows []AccessKey, now time.Time) error {
	return stage(ctx, tx, "staged_access_keys", []string{
		"id", "account_id", "ram_user_name", "secret", "security_token", "assumed_role", "status", "expires_at",
		"created_at",
	}, rows, func(k *AccessKey) []any {
		return []any{
			k.ID, k.AccountID, k.RAMUserName, k.Secret, k.SecurityToken, k.AssumedRole, k.Status, k.ExpiresAt, now,
		}
	})
}

func stageVPCs(ctx context.Context, tx pgx.Tx, w *World, now time.Time) error {
	return stage(ctx, tx, "staged_vpcs", []string{
		"account_id", "id", "region_id", "cidr_block", "ipv6_cidr_block", "name", "description", "resource_group_id",
		"tags", "attributes", "created_at", "available_at",
	}, w.VPCs, func(v *VPC) []any {
		return []any{
			v.AccountID, v.ID, v.RegionID, v.CIDRBlock, v.IPv6CIDRBlock, v.Name, v.Description, v.ResourceGroupID,
			tags(v.Tags), v.Attributes, now, settleTime(w.VPCsSettleIn, ResourceID{v.AccountID, v.ID}, now),
		}
	})
}

func stageVSwitches(ctx context.Context, tx pgx.Tx, w *World, now time.Time) error {
	return stage(ctx, tx, "staged_vswitches", []string{
		"account_id", "id", "vpc_id", "region_id", "zone_id", "cidr_block", "ipv6_cidr_block", "name", "description",
		"resource_group_id", "tags", "created_at", "available_at", "next_host",
	}, w.VSwitches, func(v *VSwitch) []any {
		return []any{
			v.AccountID, v.ID, v.VPCID, v.RegionID, v.ZoneID, v.CIDRBlock, v.IPv6CIDRBlock, v.Name, v.Description,
			v.ResourceGroupID, tags(v.Tags), now, settleTime(w.VSwitchesSettleIn, ResourceID{v.AccountID, v.ID}, now),
			max(v.NextHost, 1),
		}
	})
}

func stageSecurityGroups(ctx context.Context, tx pgx.Tx, rows []SecurityGroup, now time.Time) error {
	return stage(ctx, tx, "staged_security_groups", []string{
		"account_id", "id", "vpc_id", "region_id", "type", "instance_limit", "inner_access_policy",
		"name", "description", "resource_group_id", "tags", "created_at",
	}, rows, func(g *SecurityGroup) []any {
		return []any{
			g.AccountID, g.ID, g.VPCID, g.RegionID, g.Type, g.InstanceLimit, cmp.Or(g.InnerAccessPolicy, PolicyAccept),
			g.Name, g.Description, g.ResourceGroupID, tags(g.Tags), now,
		}
	})
}

func stageInstances(ctx context.Context, tx pgx.Tx, w *World, now time.Time) error {
	return stage(ctx, tx, "staged_instances", []string{
		"account_id", "id", "region_id", "zone_id", "network_type", "vpc_id", "vswitch_id", "instance_type_owner_id",
		"instance_type", "eni_quantity", "status", "next_status", "settles_at", "running_at", "started_at", "name",
		"description", "host_name", "resource_group_id", "tags", "attributes", "created_at",
	}, w.Instances, func(i *Instance) []any {
		settlesAt := settleTime(w.InstancesSettleIn, ResourceID{i.AccountID, i.ID}, now)
		return []any{
			i.AccountID, i.ID, i.RegionID, i.ZoneID, i.NetworkType, i.VPCID, i.VSwitchID, i.InstanceTypeOwnerID,
			i.InstanceType, i.ENIQuantity, i.Status, i.NextStatus, settlesAt,
			settleTime(w.InstancesRunIn, ResourceID{i.AccountID, i.ID}, now), now, i.Name, i.Description, i.HostName,
			i.ResourceGroupID, tags(i.Tags), i.Attributes, now,
		}
	})
}

func stageNetworkInterfaces(ctx context.Context, tx pgx.Tx, w *World, now time.Time) error {
	return stage(ctx, tx, "staged_network_interfaces", []string{
		"account_id", "id", "region_id", "zone_id", "vpc_id", "vswitch_id", "type", "status", "next_status",
		"settles_at", "instance_id", "instance_eni_quantity", "device_index", "network_card_index", "mac_address",
		"queue_number", "delete_on_release", "source_dest_check", "service_managed", "name", "description",
		"resource_group_id", "tags", "attributes", "created_at",
	}, w.NetworkInterfaces, func(n *NetworkInterface) []any {
		settlesAt := settleTime(w.NetworkInterfacesSettleIn, ResourceID{n.AccountID, n.ID}, now)
		return []any{
			n.AccountID, n.ID, n.RegionID, n.ZoneID, n.VPCID, n.VSwitchID, n.Type, n.Status, n.NextStatus, settlesAt,
			n.InstanceID, n.InstanceENIQuantity, n.DeviceIndex, n.NetworkCardIndex, n.MACAddress, n.QueueNumber,
			n.DeleteOnRelease, n.SourceDestCheck, n.ServiceManaged, n.Name, n.Description, n.ResourceGroupID,
			tags(n.Tags), n.Attributes, now,
		}
	})
}

func stagePrivateIPAddresses(ctx context.Context, tx pgx.Tx, rows []PrivateIPAddress) error {
	return stage(ctx, tx, "staged_private_ip_addresses", []string{
		"account_id", "vswitch_id", "address", "network_interface_id", "is_primary",
	}, rows, func(a *PrivateIPAddress) []any {
		return []any{a.AccountID, a.VSwitchID, a.Address, a.NetworkInterfaceID, a.IsPrimary}
	})
}

func stageGroupMemberships(ctx context.Context, tx pgx.Tx, rows []GroupMembership) error {
	return stage(ctx, tx, "staged_network_interface_security_groups", []string{
		"account_id", "network_interface_id", "security_group_id", "vpc_id", "position",
	}, rows, func(m *GroupMembership) []any {
		return []any{m.AccountID, m.NetworkInterfaceID, m.SecurityGroupID, m.VPCID, m.Position}
	})
}

func stageIPPrefixes(ctx context.Context, tx pgx.Tx, rows []IPPrefix) error {
	return stage(ctx, tx, "staged_ip_prefixes", []string{
		"account_id", "vswitch_id", "prefix", "network_interface_id",
	}, rows, func(p *IPPrefix) []any {
		return []any{p.AccountID, p.VSwitchID, p.Prefix, p.NetworkInterfaceID}
	})
}

func stageSecurityGroupRules(ctx context.Context, tx pgx.Tx, rows []SecurityGroupRule, now time.Time) error {
	return stage(ctx, tx, "staged_security_group_rules", []string{
		"account_id", "id", "security_group_id", "direction", "ip_protocol", "port_range", "source_port_range",
		"policy", "priority", "nic_type", "source_cidr_ip", "ipv6_source_cidr_ip", "source_group_id",
		"source_prefix_list_id", "dest_cidr_ip", "ipv6_dest_cidr_ip", "dest_group_id", "dest_prefix_list_id",
		"description", "created_at",
	}, rows, func(r *SecurityGroupRule) []any {
		return []any{
			r.AccountID, r.ID, r.SecurityGroupID, r.Direction, r.IPProtocol, r.PortRange, r.SourcePortRange, r.Policy,
			r.Priority, r.NICType, r.SourceCIDR, r.SourceIPv6CIDR, nullIfEmpty(r.SourceGroupID), r.SourcePrefixListID,
			r.DestCIDR, r.DestIPv6CIDR, nullIfEmpty(r.DestGroupID), r.DestPrefixListID, r.Description, now,
		}
	})
}

// stage copies rows into a staging table. It analyzes a large one, because the planner has no
// statistics of a new table. With a wrong guess the joins of a large world become quadratic.
func stage[T any](
	ctx context.Context, tx pgx.Tx, table string, columns []string, rows []T, values func(*T) []any,
) error {
	const minStagedRowsToAnalyze = 1000
	if len(rows) == 0 {
		return nil
	}
	source := pgx.CopyFromSlice(len(rows), func(i int) ([]any, error) { return values(&rows[i]), nil })
	if _, err := tx.CopyFrom(ctx, pgx.Identifier{table}, columns, source); err != nil {
		return fmt.Errorf("copy into %s: %w", table, err)
	}
	if len(rows) < minStagedRowsToAnalyze {
		return nil
	}
	_, err := tx.Exec(ctx, "ANALYZE "+pgx.Identifier{table}.Sanitize())
	return err
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

// nullIfEmpty returns a text for a column in which NULL stands for the empty text.
func nullIfEmpty(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
