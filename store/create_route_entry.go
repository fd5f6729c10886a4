package store

import (
	"context"
	"net/netip"
	"time"
)

// RouteEntriesWant names what a request about route entries is decided on. A RegionID of "" matches any region.
type RouteEntriesWant struct {
	AccountID, RegionID string
	TableIDs, EntryIDs  []string // the tables are those with these ids, and those of these entries
	InstanceIDs, ENIIDs []string // the next hops of new entries
}

// RouteEntriesScene contains the rows on which changes of route entries depend, read under the locks.
// A row that does not exist is not in its map.
type RouteEntriesScene struct {
	VPCs      map[string]VPC
	Tables    map[string]RouteTable
	Entries   map[string][]RouteEntry   // the custom ones, by table
	Blocks    map[string][]netip.Prefix // of the VSwitches, by VPC
	Instances map[string]Instance
	ENIs      map[string]NetworkInterface
}

// Settle settles the scene to now. It is pure.
func (s *RouteEntriesScene) Settle(now time.Time) {
	for id, i := range s.Instances {
		s.Instances[id] = i.Settled(now)
	}
	for id, n := range s.ENIs {
		s.ENIs[id] = n.Settled(now)
	}
}

// LockForRouteEntries locks the VPCs of route tables, under whose locks the tables, their entries and the
// VSwitches change. It also locks the next hops of new entries, so that they cannot be deleted.
func (tx *Tx) LockForRouteEntries(ctx context.Context, want RouteEntriesWant) (*RouteEntriesScene, error) {
	scene := &RouteEntriesScene{
		VPCs:      map[string]VPC{},
		Tables:    map[string]RouteTable{},
		Entries:   map[string][]RouteEntry{},
		Blocks:    map[string][]netip.Prefix{},
		Instances: map[string]Instance{},
		ENIs:      map[string]NetworkInterface{},
	}
	tables, entries := distinct(want.TableIDs), distinct(want.EntryIDs)
	// First lock the VPCs, the instances and the interfaces.
	tx.lock(rankVPCs, `
		SELECT `+VPCsTable.SelectList("t")+`
		FROM vpcs t
		WHERE account_id = $1 AND ($2 = '' OR region_id = $2) AND id IN (
		    SELECT vpc_id FROM route_tables WHERE account_id = $1 AND id = ANY ($3)
		    UNION ALL
		    SELECT vpc_id FROM route_entries WHERE account_id = $1 AND id = ANY ($4))
		ORDER BY id
		FOR NO KEY UPDATE`, want.AccountID, want.RegionID, tables, entries).
		Query(each(VPCsTable.Targets, func(v VPC) { scene.VPCs[v.ID] = v }))
	if instances := distinct(want.InstanceIDs); len(instances) > 0 {
		tx.lock(rankInstances, `
			SELECT `+InstancesTable.SelectList("t")+`
			FROM instances t
			WHERE account_id = $1 AND id = ANY ($2)
			ORDER BY id
			FOR KEY SHARE`, want.AccountID, instances).
			Query(each(InstancesTable.Targets, func(i Instance) { scene.Instances[i.ID] = i }))
	}
	if enis := distinct(want.ENIIDs); len(enis) > 0 {
		tx.lockENIs(`FOR KEY SHARE`, `t.account_id = $1 AND t.id = ANY ($2)`, []any{want.AccountID, enis},
			func(n NetworkInterface) { scene.ENIs[n.ID] = n })
	}
	// Then read the tables, and what is in them. A table whose VPC is not locked is new.
	tx.queue(`
		SELECT `+RouteTablesTable.SelectList("t")+`
		FROM route_tables t
		WHERE account_id = $1 AND (id = ANY ($2) OR id IN (
		    SELECT route_table_id FROM route_entries WHERE account_id = $1 AND id = ANY ($3)))`,
		want.AccountID, tables, entries).
		Query(each(RouteTablesTable.Targets, func(r RouteTable) {
			if _, locked := scene.VPCs[r.VPCID]; locked {
				scene.Tables[r.ID] = r
			}
		}))
	tx.queue(`
		SELECT `+RouteEntriesTable.SelectList("t")+`
		FROM route_entries t
		WHERE account_id = $1 AND route_table_id IN (
		    SELECT id FROM route_tables WHERE account_id = $1 AND id = ANY ($2)
		    UNION ALL
		    SELECT route_table_id FROM route_entries WHERE account_id = $1 AND id = ANY ($3))
		ORDER BY id`, want.AccountID, tables, entries).
		Query(each(RouteEntriesTable.Targets, func(e RouteEntry) {
			scene.Entries[e.RouteTableID] = append(scene.Entries[e.RouteTableID], e)
		}))
	tx.queue(`
		SELECT v.vpc_id, v.cidr_block
		FROM vswitches v
		WHERE v.account_id = $1 AND v.vpc_id IN (
		    SELECT vpc_id FROM route_tables WHERE account_id = $1 AND id = ANY ($2)
		    UNION ALL
		    SELECT vpc_id FROM route_entries WHERE account_id = $1 AND id = ANY ($3))`,
		want.AccountID, tables, entries).
		Query(each(func(v *VSwitch) []any { return []any{&v.VPCID, &v.CIDRBlock} }, func(v VSwitch) {
			scene.Blocks[v.VPCID] = append(scene.Blocks[v.VPCID], v.CIDRBlock)
		}))
	return scene, tx.send(ctx)
}

// InsertRouteEntries queues the write that creates entries of tables whose VPCs are locked.
func (tx *Tx) InsertRouteEntries(entries []RouteEntry) { insertRows(tx, RouteEntriesTable, entries) }
