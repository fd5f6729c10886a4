package scenario

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"enisim.alt/store"
)

// routes are what the route tables of an account refer to.
type routes struct {
	interfaces map[string]*store.NetworkInterface // nil until an entry asks for one
	tables     map[string]position
	entries    map[string]position
	used       map[string]position // by VSwitch: the name of the table that uses it
}

// expandRoutes adds the route tables with their entries, when all instances and interfaces are known.
func (x *accountExpansion) expandRoutes(regions []regionEntry) {
	r := &routes{tables: map[string]position{}, entries: map[string]position{}, used: map[string]position{}}
	for i := range regions {
		for j := range regions[i].vpcs {
			v := &regions[i].vpcs[j]
			if v.id.given && x.vpcs[v.id.value] == v.id.at { // otherwise the id is there twice
				x.routeTables(v, regions[i].id.value, r)
			}
		}
	}
}

// routeTables adds the route tables of a VPC. A system table of which the file says nothing comes with its VPC.
func (x *accountExpansion) routeTables(v *vpcEntry, region string, r *routes) {
	system := store.NewSystemRouteTable(store.VPC{AccountID: x.accountID, ID: v.id.value, RegionID: region})
	x.checkUnique(r.tables, "route table", system.ID, v.id.at)
	var stated position // of the entry of the system table
	custom := 0
	for i := range v.routeTables {
		e := &v.routeTables[i]
		table := system
		switch {
		case e.kind != store.RouteSystem:
			if custom++; custom == store.MaxRouteTables+1 {
				x.add(e.at, "", "VPC %s has more than %d custom route tables", v.id.value, store.MaxRouteTables)
			}
			if !e.id.given {
				x.add(e.at, "", "a custom route table needs an id")
				continue
			}
			if !x.checkID(e.id.value, e.id.at) || !x.checkUnique(r.tables, "route table", e.id.value, e.id.at) {
				continue
			}
			table.ID, table.Type = e.id.value, store.RouteCustom
		case e.id.given:
			x.add(e.id.at, "leave it out", "the id of a system table is made of the VPC's: %s", system.ID)
		case len(e.vswitches) > 0:
			x.add(e.vswitches[0].at, "leave it out", "VSwitches that no custom table lists use the system table")
		case stated != position{}:
			x.add(e.at, "", "VPC %s has its system table on line %d already", v.id.value, stated.line)
		default:
			stated = e.at
		}
		table.Name, table.Description, table.Tags = e.name.value, e.description.value, e.tags
		table.RoutePropagation = e.propagation
		x.world.RouteTables = append(x.world.RouteTables, table)
		x.tableUsers(e, table, r)
		x.routeEntries(e, table, v, r)
	}
}

// tableUsers makes VSwitches use a custom table.
func (x *accountExpansion) tableUsers(e *routeTableEntry, table store.RouteTable, r *routes) {
	if table.Type == store.RouteSystem || !x.roomForParts(1+len(e.vswitches), e.at) {
		return
	}
	for _, ref := range e.vswitches {
		v := x.findVSwitch(ref.value, ref.at, table.RegionID)
		before, used := r.used[ref.value]
		switch {
		case v == nil:
			continue
		case v.row.VPCID != table.VPCID:
			x.add(ref.at, "", "VSwitch %s lies in VPC %s, not in %s", ref.value, v.row.VPCID, table.VPCID)
			continue
		case used:
			x.add(ref.at, "", "VSwitch %s uses the route table on line %d already", ref.value, before.line)
			continue
		}
		r.used[ref.value] = ref.at
		x.world.RouteTableAssociations = append(x.world.RouteTableAssociations, store.RouteTableAssociation{
			AccountID: x.accountID, VSwitchID: ref.value, VPCID: table.VPCID, RouteTableID: table.ID,
		})
	}
}

func (x *accountExpansion) routeEntries(table *routeTableEntry, of store.RouteTable, v *vpcEntry, r *routes) {
	if n := len(table.entries); n > store.MaxRouteEntries {
		x.add(table.at, "", "route table %s has %d entries, and %d are the most", of.ID, n, store.MaxRouteEntries)
		return
	}
	if !x.roomForParts(len(table.entries), table.at) {
		return
	}
	seen := map[netip.Prefix]position{}
	for i := range table.entries {
		e := &table.entries[i]
		row := store.RouteEntry{
			AccountID:            x.accountID,
			ID:                   defaultRouteEntryID(of.ID, i+1),
			VPCID:                of.VPCID,
			RouteTableID:         of.ID,
			DestinationCIDRBlock: e.destination.value,
			Name:                 e.name.value,
			Description:          e.description.value,
		}
		if e.id.given {
			row.ID = e.id.value
			x.checkID(row.ID, e.id.at)
		}
		x.checkUnique(r.entries, "route entry", row.ID, cmp.Or(e.id.at, e.at))
		x.checkDestination(e.destination, v, seen)
		if e.nextHop.given && x.setNextHop(&row, e.nextHop, r) {
			x.world.RouteEntries = append(x.world.RouteEntries, row)
		}
	}
}

// defaultRouteEntryID returns the id of an entry that sets none: the first of vtb-web is rte-web-1.
func defaultRouteEntryID(table string, n int) string {
	return fmt.Sprintf("rte-%s-%d", strings.TrimPrefix(table, "vtb-"), n)
}

// checkDestination reports a destination that no table of the VPC can have, or that its table has twice.
func (x *accountExpansion) checkDestination(d located[netip.Prefix], v *vpcEntry, seen map[netip.Prefix]position) {
	if !d.given {
		return
	}
	if before, twice := seen[d.value]; twice {
		x.add(d.at, "", "the table has the destination %s on line %d already", d.value, before.line)
	}
	seen[d.value] = d.at
	inside := func(block netip.Prefix) bool {
		return block.Bits() <= d.value.Bits() && block.Contains(d.value.Addr())
	}
	if inside(store.CloudServicesBlock) {
		x.add(d.at, "", "destination %s lies in %s, to which the system has an entry", d.value,
			store.CloudServicesBlock)
	}
	k := slices.IndexFunc(v.vswitches, func(s vswitchEntry) bool { return s.block.given && inside(s.block.value) })
	if k >= 0 {
		x.add(d.at, "", "destination %s lies in VSwitch %s, to which the system has an entry", d.value,
			v.vswitches[k].id.value)
	}
}

// setNextHop sets the next hop of an entry. ok is false for one that is reported.
func (x *accountExpansion) setNextHop(row *store.RouteEntry, hop located[string], r *routes) (ok bool) {
	if i, known := x.instances[hop.value]; known {
		if i.row == nil {
			return false // reported with the instance
		}
		if vpc := optional(i.row.VPCID).value; vpc != row.VPCID {
			x.add(hop.at, "", "instance %s is not in VPC %s", hop.value, row.VPCID)
			return false
		}
		row.InstanceID = &hop.value
		return true
	}
	if r.interfaces == nil {
		r.interfaces = map[string]*store.NetworkInterface{}
		for i := range x.world.NetworkInterfaces {
			if n := &x.world.NetworkInterfaces[i]; n.AccountID == x.accountID {
				r.interfaces[n.ID] = n
			}
		}
	}
	n := r.interfaces[hop.value]
	switch {
	case n == nil:
		x.addReference(hop.at,
			cmp.Or(suggest(x.report, hop.value, x.instances), suggest(x.report, hop.value, x.interfaces)),
			"there is no instance or network interface %s in this account", hop.value)
	case n.VPCID != row.VPCID:
		x.add(hop.at, "", "network interface %s lies in VPC %s, not in %s", hop.value, n.VPCID, row.VPCID)
	case n.Status == store.ENIDeleting:
		x.add(hop.at, "", "network interface %s is being deleted, and is no next hop", hop.value)
	default:
		row.NetworkInterfaceID = &hop.value
		return true
	}
	return false
}
