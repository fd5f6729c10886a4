package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// ReadWorld reads accounts with all their rows, settled to now, and all regions and zones. It reads
// them in one database snapshot and takes no lock that a request would wait for. ApplyWorld would
// change nothing for the result: a transient row has the remaining time until it is due. Accounts
// that do not exist or have expired at now are left out.
func (s *Store) ReadWorld(ctx context.Context, accountIDs []string, now time.Time) (*World, error) {
	w := &World{
		VPCsSettleIn:              map[ResourceID]time.Duration{},
		VSwitchesSettleIn:         map[ResourceID]time.Duration{},
		InstancesSettleIn:         map[ResourceID]time.Duration{},
		InstancesRunIn:            map[ResourceID]time.Duration{},
		NetworkInterfacesSettleIn: map[ResourceID]time.Duration{},
	}
	conn, err := s.acquire(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Release()
	err = pgx.BeginTxFunc(ctx, conn, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly},
		func(tx pgx.Tx) error {
			if _, err := tx.Exec(ctx, `SET LOCAL statement_timeout = '15min'`); err != nil { // as long as a large world takes
				return err
			}
			// First read the accounts, because the rest is read only for those that have not
			// expired.
			if err := w.readAccounts(ctx, tx, accountIDs, now); err != nil {
				return err
			}
			activeIDs := make([]string, len(w.Accounts))
			for i := range w.Accounts {
				activeIDs[i] = w.Accounts[i].ID
			}
			if err := w.readNetworks(ctx, tx, activeIDs, now); err != nil {
				return err
			}
			return w.readInterfaces(ctx, tx, activeIDs, now)
		})
	return w, classify(err, conn.Conn())
}

// readAll appends the rows of a query to a slice. Each row is scanned into the fields of a new T.
// If keep is not nil, only rows for which it reports true are appended.
func readAll[T any](
	ctx context.Context, tx pgx.Tx, to *[]T, fields func(*T) []any, keep func(*T) bool, sql string, args ...any,
) error {
	rows, err := tx.Query(ctx, sql, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var row T
		if err := rows.Scan(fields(&row)...); err != nil {
			return err
		}
		if keep == nil || keep(&row) {
			*to = append(*to, row)
		}
	}
	return rows.Err()
}

// readAccounts reads regions, zones, and the accounts with their users, keys and instance types.
func (w *World) readAccounts(ctx context.Context, tx pgx.Tx, ids []string, now time.Time) error {
	if err := readAll(ctx, tx, &w.Regions, func(r *Region) []any {
		return []any{&r.ID, &r.LocalNameEn, &r.LocalNameZh}
	}, nil, `
		SELECT id, local_name_en, local_name_zh FROM regions ORDER BY id`); err != nil {
		return err
	}
	if err := readAll(ctx, tx, &w.Zones, func(z *Zone) []any { return []any{&z.ID, &z.RegionID} }, nil, `
		SELECT id, region_id FROM zones ORDER BY region_id, id`); err != nil {
		return err
	}
	if err := readAll(ctx, tx, &w.Accounts, func(a *Account) []any {
		return []any{&a.ID, &a.Name, &a.NetworkInterfacesPerRegion, &a.CreatedAt, &a.ExpiresAt, &a.Repeats}
	}, func(a *Account) bool { return !a.Expired(now) }, `
		SELECT id, name, network_interfaces_per_region, created_at, expires_at, repeats
		FROM accounts WHERE id = ANY ($1) ORDER BY id`, ids); err != nil {
		return err
	}
	activeIDs := make([]string, len(w.Accounts))
	for i := range w.Accounts {
		activeIDs[i] = w.Accounts[i].ID
	}
	if err := readAll(ctx, tx, &w.RAMUsers, func(u *RAMUser) []any {
		return []any{&u.AccountID, &u.Name, &u.Allow}
	}, nil, `
		SELECT account_id, name, allow FROM ram_users WHERE account_id = ANY ($1) ORDER BY account_id, name`, activeIDs); err != nil {
		return err
	}
	if err := readAll(ctx, tx, &w.AccessKeys, func(k *AccessKey) []any {
		return []any{&k.ID, &k.AccountID, &k.RAMUserName, &k.Secret, &k.SecurityToken, &k.AssumedRole, &k.Status,
			&k.ExpiresAt, &k.CreatedAt}
	}, nil, `
		SELECT id, account_id, ram_user_name, secret, security_token, assumed_role, status, expires_at, created_at
		FROM access_keys WHERE account_id = ANY ($1) ORDER BY account_id, id`, activeIDs); err != nil {
		return err
	}
	return readAll(ctx, tx, &w.InstanceTypes, func(t *InstanceType) []any {
		return []any{
			&t.OwnerID, &t.ID, &t.Family, &t.Generation, &t.VCPUs, &t.MemoryGiB, &t.ENIQuantity, &t.PrivateIPv4PerENI,
			&t.IPv6PerENI, &t.ENITrunkSupported, &t.ENITotalQuantity, &t.BandwidthGbps, &t.PPS10k, &t.NetworkCards,
			&t.CPUArchitecture, &t.HotPlug, &t.IOOptimized,
		}
	}, nil, `
		SELECT owner_id, id, family, generation, vcpus, memory_gib, eni_quantity, private_ipv4_per_eni, ipv6_per_eni,
		    eni_trunk_supported, eni_total_quantity, bandwidth_gbps, pps_10k, network_cards, cpu_architecture, hot_plug, io_optimized
		FROM instance_types WHERE owner_id = ANY ($1) ORDER BY owner_id, id`, activeIDs)
}

// readNetworks reads VPCs, VSwitches, and security groups with their rules.
func (w *World) readNetworks(ctx context.Context, tx pgx.Tx, accounts []string, now time.Time) error {
	if err := readAll(ctx, tx, &w.VPCs, func(v *VPC) []any {
		return []any{&v.AccountID, &v.ID, &v.RegionID, &v.CIDRBlock, &v.IPv6CIDRBlock, &v.Name, &v.Description,
			&v.ResourceGroupID,
			&v.Tags, &v.Attributes, &v.CreatedAt, &v.AvailableAt}
	}, func(v *VPC) bool { return noteTimeLeft(w.VPCsSettleIn, v.AccountID, v.ID, v.AvailableAt, now) }, `
		SELECT account_id, id, region_id, cidr_block, ipv6_cidr_block, name, description, resource_group_id,
		    tags, attributes, created_at, available_at
		FROM vpcs WHERE account_id = ANY ($1) ORDER BY account_id, region_id, id`, accounts); err != nil {
		return err
	}
	if err := readAll(ctx, tx, &w.VSwitches, func(v *VSwitch) []any {
		return []any{&v.AccountID, &v.ID, &v.VPCID, &v.RegionID, &v.ZoneID, &v.CIDRBlock, &v.IPv6CIDRBlock, &v.Name,
			&v.Description,
			&v.ResourceGroupID, &v.Tags, &v.CreatedAt, &v.AvailableAt, &v.NextHost}
	}, func(v *VSwitch) bool { return noteTimeLeft(w.VSwitchesSettleIn, v.AccountID, v.ID, v.AvailableAt, now) }, `
		SELECT account_id, id, vpc_id, region_id, zone_id, cidr_block, ipv6_cidr_block, name, description,
		    resource_group_id, tags, created_at, available_at, next_host
		FROM vswitches WHERE account_id = ANY ($1) ORDER BY account_id, vpc_id, id`, accounts); err != nil {
		return err
	}
	if err := readAll(ctx, tx, &w.SecurityGroups, func(g *SecurityGroup) []any {
		return []any{&g.AccountID, &g.ID, &g.VPCID, &g.RegionID, &g.Type, &g.InstanceLimit, &g.InnerAccessPolicy,
			&g.Name, &g.Description, &g.ResourceGroupID, &g.Tags, &g.CreatedAt}
	}, nil, `
		SELECT account_id, id, vpc_id, region_id, type, instance_limit, inner_access_policy,
		    name, description, resource_group_id, tags, created_at
		FROM security_groups WHERE account_id = ANY ($1) ORDER BY account_id, vpc_id, id`, accounts); err != nil {
		return err
	}
	return readAll(ctx, tx, &w.SecurityGroupRules, (*SecurityGroupRule).fields, nil, `
		SELECT `+ruleColumns+`
		FROM security_group_rules r WHERE r.account_id = ANY ($1) ORDER BY r.account_id, r.security_group_id, r.id`, accounts)
}

// readInterfaces reads instances, and interfaces with their addresses, prefixes and memberships. It
// leaves out interfaces whose deletion is due, and all that belongs to them.
func (w *World) readInterfaces(ctx context.Context, tx pgx.Tx, accounts []string, now time.Time) error {
	if err := readAll(ctx, tx, &w.Instances, func(i *Instance) []any {
		return []any{&i.AccountID, &i.ID, &i.RegionID, &i.ZoneID, &i.NetworkType, &i.VPCID, &i.VSwitchID,
			&i.InstanceTypeOwnerID, &i.InstanceType, &i.ENIQuantity, &i.Status, &i.NextStatus, &i.SettlesAt,
			&i.RunningAt, &i.StartedAt, &i.Name, &i.Description, &i.HostName,
			&i.ResourceGroupID, &i.Tags, &i.Attributes, &i.CreatedAt}
	}, func(i *Instance) bool {
		*i = i.Settled(now)
		noteTimeLeft(w.InstancesRunIn, i.AccountID, i.ID, i.RunningAt, now)
		return noteTimeLeft(w.InstancesSettleIn, i.AccountID, i.ID, i.SettlesAt, now)
	}, `
		SELECT account_id, id, region_id, zone_id, network_type, vpc_id, vswitch_id, instance_type_owner_id, instance_type,
		    eni_quantity, status, next_status, settles_at, running_at, started_at, name, description, host_name,
		    resource_group_id, tags, attributes, created_at
		FROM instances WHERE account_id = ANY ($1) ORDER BY account_id, id`, accounts); err != nil {
		return err
	}
	deleted := map[ResourceID]bool{}
	if err := readAll(ctx, tx, &w.NetworkInterfaces, func(n *NetworkInterface) []any {
		return []any{&n.AccountID, &n.ID, &n.RegionID, &n.ZoneID, &n.VPCID, &n.VSwitchID, &n.Type, &n.Status,
			&n.NextStatus, &n.SettlesAt, &n.InstanceID, &n.InstanceENIQuantity, &n.DeviceIndex, &n.NetworkCardIndex,
			&n.MACAddress, &n.QueueNumber, &n.DeleteOnRelease, &n.SourceDestCheck, &n.ServiceManaged, &n.Name,
			&n.Description, &n.ResourceGroupID,
			&n.Tags, &n.Attributes, &n.CreatedAt}
	}, func(n *NetworkInterface) bool {
		*n = n.Settled(now)
		if n.Status == ENIDeleted {
			deleted[ResourceID{n.AccountID, n.ID}] = true
			return false
		}
		return noteTimeLeft(w.NetworkInterfacesSettleIn, n.AccountID, n.ID, n.SettlesAt, now)
	}, `
		SELECT account_id, id, region_id, zone_id, vpc_id, vswitch_id, type, status, next_status, settles_at,
		    instance_id, instance_eni_quantity, device_index, network_card_index, mac_address, queue_number,
		    delete_on_release, source_dest_check, service_managed, name, description, resource_group_id, tags, attributes, created_at
		FROM network_interfaces WHERE account_id = ANY ($1) ORDER BY account_id, instance_id, device_index, id`, accounts); err != nil {
		return err
	}
	if err := readAll(ctx, tx, &w.PrivateIPAddresses, func(a *PrivateIPAddress) []any {
		return []any{&a.AccountID, &a.VSwitchID, &a.Address, &a.NetworkInterfaceID, &a.IsPrimary}
	}, func(a *PrivateIPAddress) bool { return !deleted[ResourceID{a.AccountID, a.NetworkInterfaceID}] }, `
		SELECT account_id, vswitch_id, address, network_interface_id, is_primary
		FROM private_ip_addresses WHERE account_id = ANY ($1) ORDER BY account_id, network_interface_id, is_primary DESC, address`, accounts); err != nil {
		return err
	}
	if err := readAll(ctx, tx, &w.IPPrefixes, func(p *IPPrefix) []any {
		return []any{&p.AccountID, &p.VSwitchID, &p.Prefix, &p.NetworkInterfaceID}
	}, func(p *IPPrefix) bool { return !deleted[ResourceID{p.AccountID, p.NetworkInterfaceID}] }, `
		SELECT account_id, vswitch_id, prefix, network_interface_id
		FROM ip_prefixes WHERE account_id = ANY ($1) ORDER BY account_id, network_interface_id, prefix`, accounts); err != nil {
		return err
	}
	return readAll(ctx, tx, &w.GroupMemberships, func(m *GroupMembership) []any {
		return []any{&m.AccountID, &m.NetworkInterfaceID, &m.SecurityGroupID, &m.VPCID, &m.Position}
	}, func(m *GroupMembership) bool { return !deleted[ResourceID{m.AccountID, m.NetworkInterfaceID}] }, `
		SELECT account_id, network_interface_id, security_group_id, vpc_id, position
		FROM network_interface_security_groups WHERE account_id = ANY ($1) ORDER BY account_id, network_interface_id, position`, accounts)
}

// noteTimeLeft records the remaining time of a row that is not due yet. It always returns true, so
// that readAll keeps the row.
func noteTimeLeft(timeLeft map[ResourceID]time.Duration, account, id string, due *time.Time, now time.Time) bool {
	if due != nil && due.After(now) {
		timeLeft[ResourceID{account, id}] = due.Sub(now)
	}
	return true
}

// CheckWorld returns the errors of ApplyWorld that depend on rows outside the world:
// ErrAccessKeyTaken and ErrZoneElsewhere.
func (s *Store) CheckWorld(ctx context.Context, w *World) error {
	accounts, keys, zones, regions := []string{}, []string{}, []string{}, []string{}
	for i := range w.Accounts {
		accounts = append(accounts, w.Accounts[i].ID)
	}
	for i := range w.AccessKeys {
		keys = append(keys, w.AccessKeys[i].ID)
	}
	for i := range w.Zones {
		zones, regions = append(zones, w.Zones[i].ID), append(regions, w.Zones[i].RegionID)
	}
	for _, refusal := range []struct {
		reason error
		sql    string
		args   []any
	}{
		{ErrZoneElsewhere, `
			SELECT z.id FROM zones z
			JOIN unnest($1::text[], $2::text[]) AS wanted (id, region_id) ON wanted.id = z.id
			WHERE z.region_id <> wanted.region_id ORDER BY z.id LIMIT 1`, []any{zones, regions}},
		{ErrAccessKeyTaken, `
			SELECT id FROM access_keys WHERE id = ANY ($1) AND account_id <> ALL ($2) ORDER BY id LIMIT 1`, []any{keys, accounts}},
	} {
		found, err := query(ctx, s, pgx.RowTo[string], refusal.sql, refusal.args...)
		if err != nil {
			return err
		}
		if len(found) > 0 {
			return fmt.Errorf("%w: %s", refusal.reason, found[0])
		}
	}
	return nil
}
