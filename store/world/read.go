package world

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"enisim.alt/store"
)

// Read reads accounts with all their rows, settled to their times at the real time now, and all
// regions and zones. It reads them in one database snapshot and takes no lock that a request would
// wait for. Apply would change nothing for the result: a transient row has the remaining time until
// it is due. Accounts that do not exist or have expired are left out.
func Read(ctx context.Context, s *store.Store, accountIDs []string, now time.Time) (*World, error) {
	w := &World{
		VPCsSettleIn:              map[store.ResourceID]time.Duration{},
		VSwitchesSettleIn:         map[store.ResourceID]time.Duration{},
		InstancesSettleIn:         map[store.ResourceID]time.Duration{},
		InstancesRunIn:            map[store.ResourceID]time.Duration{},
		NetworkInterfacesSettleIn: map[store.ResourceID]time.Duration{},
		EIPsSettleIn:              map[store.ResourceID]time.Duration{},
		DisksSettleIn:             map[store.ResourceID]time.Duration{},
	}
	err := s.LargeTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		// First read the accounts, because the rest is read only for those that have not expired.
		times, err := readAccountTimes(ctx, tx, accountIDs, now)
		if err != nil {
			return err
		}
		if err := w.readAccounts(ctx, tx, accountIDs, times); err != nil {
			return err
		}
		w.readClocks(times)
		activeIDs := w.accountIDs()
		if err := w.readNetworks(ctx, tx, activeIDs, times); err != nil {
			return err
		}
		if err := w.readInterfaces(ctx, tx, activeIDs, times); err != nil {
			return err
		}
		if err := store.KeyPairsTable.ReadAll(
			ctx, tx, &w.KeyPairs, nil, "account_id, region_id, name", activeIDs); err != nil {
			return err
		}
		if err := w.readDisks(ctx, tx, activeIDs, times); err != nil {
			return err
		}
		if err := w.readEIPs(ctx, tx, activeIDs, times); err != nil {
			return err
		}
		return w.readRoutes(ctx, tx, activeIDs)
	})
	return w, err
}

// readAccounts reads regions, zones, and the accounts with their users, keys and instance types.
func (w *World) readAccounts(ctx context.Context, tx pgx.Tx, ids []string, times *accountTimes) error {
	if err := store.RegionsTable.ReadAll(ctx, tx, &w.Regions, nil, "id", nil); err != nil {
		return err
	}
	if err := store.ZonesTable.ReadAll(ctx, tx, &w.Zones, nil, "region_id, id", nil); err != nil {
		return err
	}
	active := func(a *store.Account) bool { return !times.hasExpired(a) }
	if err := store.AccountsTable.ReadAll(ctx, tx, &w.Accounts, active, "id", ids); err != nil {
		return err
	}
	activeIDs := w.accountIDs()
	if err := store.RAMUsersTable.ReadAll(ctx, tx, &w.RAMUsers, nil, "account_id, name", activeIDs); err != nil {
		return err
	}
	if err := store.AccessKeysTable.ReadAll(ctx, tx, &w.AccessKeys, nil, "account_id, id", activeIDs); err != nil {
		return err
	}
	if err := store.InstanceTypesTable.ReadAll(ctx, tx, &w.InstanceTypes, nil, "owner_id, id", activeIDs); err != nil {
		return err
	}
	disturbances, err := readDisturbances(ctx, tx, activeIDs)
	w.Disturbances = disturbances
	return err
}

// accountIDs returns the ids of the world's accounts.
func (w *World) accountIDs() []string {
	ids := make([]string, len(w.Accounts))
	for i := range w.Accounts {
		ids[i] = w.Accounts[i].ID
	}
	return ids
}

// readNetworks reads VPCs, VSwitches, and security groups with their rules.
func (w *World) readNetworks(ctx context.Context, tx pgx.Tx, accounts []string, times *accountTimes) error {
	if err := store.VPCsTable.ReadAll(ctx, tx, &w.VPCs, func(v *store.VPC) bool {
		return noteTimeLeft(w.VPCsSettleIn, v.AccountID, v.ID, v.AvailableAt, times)
	}, "account_id, region_id, id", accounts); err != nil {
		return err
	}
	if err := store.VSwitchesTable.ReadAll(ctx, tx, &w.VSwitches, func(v *store.VSwitch) bool {
		return noteTimeLeft(w.VSwitchesSettleIn, v.AccountID, v.ID, v.AvailableAt, times)
	}, "account_id, vpc_id, id", accounts); err != nil {
		return err
	}
	if err := store.SecurityGroupsTable.ReadAll(ctx, tx, &w.SecurityGroups, nil,
		"account_id, vpc_id, id", accounts); err != nil {
		return err
	}
	return store.SecurityGroupRulesTable.ReadAll(ctx, tx, &w.SecurityGroupRules, nil,
		"account_id, security_group_id, id", accounts)
}

// readInterfaces reads instances, and interfaces with their addresses, prefixes and memberships. It
// leaves out interfaces whose deletion is due, and all that belongs to them.
func (w *World) readInterfaces(ctx context.Context, tx pgx.Tx, accounts []string, times *accountTimes) error {
	if err := store.InstancesTable.ReadAll(ctx, tx, &w.Instances, func(i *store.Instance) bool {
		*i = i.Settled(times.of(i.AccountID))
		noteTimeLeft(w.InstancesRunIn, i.AccountID, i.ID, i.RunningAt, times)
		return noteTimeLeft(w.InstancesSettleIn, i.AccountID, i.ID, i.SettlesAt, times)
	}, "account_id, id", accounts); err != nil {
		return err
	}
	deleted := map[store.ResourceID]bool{}
	if err := store.WholeInterfacesTable.ReadAll(ctx, tx, &w.NetworkInterfaces, func(n *store.NetworkInterface) bool {
		*n = n.Settled(times.of(n.AccountID))
		if n.Status == store.ENIDeleted {
			deleted[resourceID(n.AccountID, n.ID)] = true
			return false
		}
		return noteTimeLeft(w.NetworkInterfacesSettleIn, n.AccountID, n.ID, n.SettlesAt, times)
	}, "account_id, instance_id, device_index, id", accounts); err != nil {
		return err
	}
	if err := store.PrivateIPAddressesTable.ReadAll(ctx, tx, &w.PrivateIPAddresses,
		func(a *store.PrivateIPAddress) bool { return !deleted[resourceID(a.AccountID, a.NetworkInterfaceID)] },
		"account_id, network_interface_id, is_primary DESC, address", accounts); err != nil {
		return err
	}
	if err := store.IPPrefixesTable.ReadAll(ctx, tx, &w.IPPrefixes, func(p *store.IPPrefix) bool {
		return !deleted[resourceID(p.AccountID, p.NetworkInterfaceID)]
	}, "account_id, network_interface_id, prefix", accounts); err != nil {
		return err
	}
	return store.GroupMembershipsTable.ReadAll(ctx, tx, &w.GroupMemberships, func(m *store.GroupMembership) bool {
		return !deleted[resourceID(m.AccountID, m.NetworkInterfaceID)]
	}, "account_id, network_interface_id, position", accounts)
}

// readDisks reads the data disks.
func (w *World) readDisks(ctx context.Context, tx pgx.Tx, accounts []string, times *accountTimes) error {
	return store.DisksTable.ReadAll(ctx, tx, &w.Disks, func(d *store.DataDisk) bool {
		*d = d.Settled(times.of(d.AccountID))
		return noteTimeLeft(w.DisksSettleIn, d.AccountID, d.ID, d.SettlesAt, times)
	}, "account_id, region_id, instance_id, slot, id", accounts)
}

// readEIPs reads EIPs, and what they are associated with.
func (w *World) readEIPs(ctx context.Context, tx pgx.Tx, accounts []string, times *accountTimes) error {
	if err := store.EIPsTable.ReadAll(ctx, tx, &w.EIPs, nil, "account_id, region_id, id", accounts); err != nil {
		return err
	}
	return store.EIPAssociationsTable.ReadAll(ctx, tx, &w.EIPAssociations, func(a *store.EIPAssociation) bool {
		now := times.of(a.AccountID)
		if a.IsGone(now) {
			return false
		}
		*a = a.Settled(now)
		return noteTimeLeft(w.EIPsSettleIn, a.AccountID, a.EIPID, a.SettlesAt, times)
	}, "account_id, eip_id", accounts)
}

// readRoutes reads route tables, which VSwitches use custom ones, and the custom entries.
func (w *World) readRoutes(ctx context.Context, tx pgx.Tx, accounts []string) error {
	if err := store.RouteTablesTable.ReadAll(
		ctx, tx, &w.RouteTables, nil, "account_id, vpc_id, id", accounts); err != nil {
		return err
	}
	if err := store.RouteTableAssociationsTable.ReadAll(
		ctx, tx, &w.RouteTableAssociations, nil, "account_id, vswitch_id", accounts); err != nil {
		return err
	}
	return store.RouteEntriesTable.ReadAll(ctx, tx, &w.RouteEntries, nil, "account_id, route_table_id, id", accounts)
}

// noteTimeLeft records the remaining time of a row that is not due yet. It always returns true, so
// that readAll keeps the row.
func noteTimeLeft(
	timeLeft map[store.ResourceID]time.Duration, account, id string, due *time.Time, times *accountTimes,
) bool {
	now := times.of(account)
	switch {
	case due == nil || !due.After(now):
	case due.Equal(store.Never):
		timeLeft[resourceID(account, id)] = Never
	default:
		timeLeft[resourceID(account, id)] = due.Sub(now)
	}
	return true
}

// Check returns the errors of Apply that depend on rows outside the world:
// ErrAccessKeyTaken and ErrZoneElsewhere.
func Check(ctx context.Context, s *store.Store, w *World) error {
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
			SELECT id FROM access_keys
			WHERE id = ANY ($1) AND account_id <> ALL ($2)
			ORDER BY id LIMIT 1`, []any{keys, accounts}},
	} {
		found, err := store.Query(ctx, s, pgx.RowTo[string], refusal.sql, refusal.args...)
		if err != nil {
			return err
		}
		if len(found) > 0 {
			return fmt.Errorf("%w: %s", refusal.reason, found[0])
		}
	}
	return nil
}
