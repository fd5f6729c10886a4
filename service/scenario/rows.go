package scenario

import (
	"bytes"
	"slices"
	"strconv"

	"enisim.alt/store"
	"enisim.alt/store/world"
)

// The tables of a world, as Diff compares them, in the order of world.Apply.

var accountRows = rowKind[store.Account, accountEntry]{
	mapping: accountMapping,
	rows:    func(w *world.World) []store.Account { return w.Accounts },
	id:      func(a *store.Account) store.ResourceID { return store.ResourceID{AccountID: a.ID, ID: a.ID} },
	entry: func(s *snapshot, a *store.Account) accountEntry {
		e := newAccountEntry(a)
		e.clock = newClockEntry(s.World, a.ID)
		return e
	},
}

var userRows = rowKind[store.RAMUser, userEntry]{
	mapping: userMapping,
	rows:    func(w *world.World) []store.RAMUser { return w.RAMUsers },
	id:      func(u *store.RAMUser) store.ResourceID { return store.ResourceID{AccountID: u.AccountID, ID: u.Name} },
	entry:   func(_ *snapshot, u *store.RAMUser) userEntry { return newUserEntry(u) },
}

var (
	faultRows     = disturbanceRows(store.KindFault, faultMapping)
	lifecycleRows = disturbanceRows(store.KindLifecycle, lifecycleMapping)
	stockRows     = disturbanceRows(store.KindStock, stockMapping)
	throttleRows  = disturbanceRows(store.KindThrottle, throttleMapping)
)

// disturbanceRows compares the rules of a kind. A rule is identified by its place among those of its
// account, because a file has no ids for them.
func disturbanceRows[R any](
	kind string, of *mappingOf[disturbanceEntry[R]],
) rowKind[numberedRule, disturbanceEntry[R]] {
	return rowKind[numberedRule, disturbanceEntry[R]]{
		mapping: of,
		rows:    func(w *world.World) []numberedRule { return numberRules(w.Disturbances, kind) },
		id: func(r *numberedRule) store.ResourceID {
			return store.ResourceID{AccountID: *r.AccountID, ID: strconv.Itoa(r.number)}
		},
		entry: func(_ *snapshot, r *numberedRule) disturbanceEntry[R] { return newDisturbanceEntry[R](r.Disturbance) },
	}
}

// numberedRule is a rule with its place among those of its account and kind, from 1.
type numberedRule struct {
	store.Disturbance
	number int
}

func numberRules(rules []store.Disturbance, kind string) (numbered []numberedRule) {
	numbers := map[string]int{}
	for _, d := range rules {
		if d.Kind == kind {
			numbers[*d.AccountID]++
			numbered = append(numbered, numberedRule{d, numbers[*d.AccountID]})
		}
	}
	return numbered
}

var keyRows = rowKind[store.AccessKey, keyEntry]{
	mapping: accessKeyMapping,
	rows:    func(w *world.World) []store.AccessKey { return w.AccessKeys },
	id:      func(k *store.AccessKey) store.ResourceID { return store.ResourceID{AccountID: k.AccountID, ID: k.ID} },
	entry:   func(_ *snapshot, k *store.AccessKey) keyEntry { return newKeyEntry(k) },
	further: func(k *store.AccessKey) (name, value string) {
		if k.RAMUserName == nil {
			return "ram_user", noValue
		}
		return "ram_user", formatText(*k.RAMUserName)
	},
}

var typeRows = rowKind[store.InstanceType, typeEntry]{
	mapping: typeMapping,
	rows:    func(w *world.World) []store.InstanceType { return w.InstanceTypes },
	id:      func(t *store.InstanceType) store.ResourceID { return store.ResourceID{AccountID: t.OwnerID, ID: t.ID} },
	entry:   func(_ *snapshot, t *store.InstanceType) typeEntry { return newTypeEntry(t) },
}

var vpcRows = rowKind[store.VPC, vpcEntry]{
	mapping:  vpcMapping,
	rows:     func(w *world.World) []store.VPC { return w.VPCs },
	id:       func(v *store.VPC) store.ResourceID { return store.ResourceID{AccountID: v.AccountID, ID: v.ID} },
	location: func(_ *snapshot, v *store.VPC) string { return v.RegionID },
	entry:    func(s *snapshot, v *store.VPC) vpcEntry { return newVPCEntry(s.World, v) },
}

var vswitchRows = rowKind[store.VSwitch, vswitchEntry]{
	mapping:  vswitchMapping,
	rows:     func(w *world.World) []store.VSwitch { return w.VSwitches },
	id:       func(v *store.VSwitch) store.ResourceID { return store.ResourceID{AccountID: v.AccountID, ID: v.ID} },
	location: func(_ *snapshot, v *store.VSwitch) string { return v.RegionID + " " + v.ZoneID + " " + v.VPCID },
	entry:    func(s *snapshot, v *store.VSwitch) vswitchEntry { return newVSwitchEntry(s.World, v) },
}

// The system tables of which a file would say nothing are left out: they come and go with their VPCs.
var routeTableRows = rowKind[store.RouteTable, routeTableEntry]{
	mapping: routeTableMapping,
	rows: func(w *world.World) []store.RouteTable {
		return slices.DeleteFunc(slices.Clone(w.RouteTables), func(r store.RouteTable) bool { return saysNothing(&r) })
	},
	id:       func(r *store.RouteTable) store.ResourceID { return store.ResourceID{AccountID: r.AccountID, ID: r.ID} },
	location: func(_ *snapshot, r *store.RouteTable) string { return r.RegionID + " " + r.VPCID + " " + r.Type },
	entry: func(s *snapshot, r *store.RouteTable) routeTableEntry {
		return newRouteTableEntry(r, s.tableUsers[store.ResourceID{AccountID: r.AccountID, ID: r.ID}])
	},
}

// An entry with another destination or next hop is another entry.
var routeEntryRows = rowKind[store.RouteEntry, routeEntryEntry]{
	mapping: routeEntryMapping,
	rows:    func(w *world.World) []store.RouteEntry { return w.RouteEntries },
	id:      func(e *store.RouteEntry) store.ResourceID { return store.ResourceID{AccountID: e.AccountID, ID: e.ID} },
	location: func(_ *snapshot, e *store.RouteEntry) string {
		return e.VPCID + " " + e.RouteTableID + " " + e.DestinationCIDRBlock.String() + " " + e.NextHopID()
	},
	entry: func(_ *snapshot, e *store.RouteEntry) routeEntryEntry { return newRouteEntryEntry(e, e.ID) },
}

// tableUsersOf returns the VSwitches that use the custom tables of a world, by table.
func tableUsersOf(w *world.World) map[store.ResourceID][]string {
	users := map[store.ResourceID][]string{}
	for _, a := range w.RouteTableAssociations {
		id := store.ResourceID{AccountID: a.AccountID, ID: a.RouteTableID}
		users[id] = append(users[id], a.VSwitchID)
	}
	for _, of := range users {
		slices.Sort(of)
	}
	return users
}

var groupRows = rowKind[store.SecurityGroup, groupEntry]{
	mapping: groupMapping,
	rows:    func(w *world.World) []store.SecurityGroup { return w.SecurityGroups },
	id: func(g *store.SecurityGroup) store.ResourceID {
		return store.ResourceID{AccountID: g.AccountID, ID: g.ID}
	},
	location: func(_ *snapshot, g *store.SecurityGroup) string { return g.RegionID + " " + g.VPCID },
	entry:    func(_ *snapshot, g *store.SecurityGroup) groupEntry { return newGroupEntry(g) },
}

// A rule with other content is another rule, and so is one that refers to another group.
var ruleRows = rowKind[store.SecurityGroupRule, ruleEntry]{
	mapping: ruleMapping,
	rows:    func(w *world.World) []store.SecurityGroupRule { return w.SecurityGroupRules },
	id: func(r *store.SecurityGroupRule) store.ResourceID {
		return store.ResourceID{AccountID: r.AccountID, ID: r.ID}
	},
	location: func(s *snapshot, r *store.SecurityGroupRule) string {
		var text bytes.Buffer
		e := newRuleEntry(r, "")
		ruleMapping.appendFlow(&text, &e)
		for _, group := range []string{r.SecurityGroupID, r.SourceGroupID, r.DestGroupID} {
			text.WriteString(" " + group + " " + s.groupVPCs[store.ResourceID{AccountID: r.AccountID, ID: group}])
		}
		return text.String()
	},
}

var instanceRows = rowKind[store.Instance, instanceEntry]{
	mapping: instanceMapping,
	rows:    func(w *world.World) []store.Instance { return w.Instances },
	id:      func(i *store.Instance) store.ResourceID { return store.ResourceID{AccountID: i.AccountID, ID: i.ID} },
	location: func(_ *snapshot, i *store.Instance) string {
		return i.RegionID + " " + i.ZoneID + " " + optional(i.VPCID).value + " " + optional(i.VSwitchID).value
	},
	entry: func(s *snapshot, i *store.Instance) instanceEntry { return newInstanceEntry(s.World, i) },
	further: func(i *store.Instance) (name, value string) { // a type of the account precedes the catalogue's
		return "type of the catalogue", strconv.FormatBool(i.InstanceTypeOwnerID == store.CatalogueOwner)
	},
}

var eipRows = rowKind[store.EIP, eipEntry]{
	mapping:  eipMapping,
	rows:     func(w *world.World) []store.EIP { return w.EIPs },
	id:       func(e *store.EIP) store.ResourceID { return store.ResourceID{AccountID: e.AccountID, ID: e.ID} },
	location: func(_ *snapshot, e *store.EIP) string { return e.RegionID + " " + e.IPAddress.String() },
	entry:    func(s *snapshot, e *store.EIP) eipEntry { return newEIPEntry(s.World, e, s.eipPlaces) },
}

// A key pair with another public key is another key pair. Its name is its own in a region only.
var keyPairRows = rowKind[store.KeyPair, keyPairEntry]{
	mapping: keyPairMapping,
	rows:    func(w *world.World) []store.KeyPair { return w.KeyPairs },
	id: func(k *store.KeyPair) store.ResourceID {
		return store.ResourceID{AccountID: k.AccountID, ID: k.Name + " of " + k.RegionID}
	},
	location: func(_ *snapshot, k *store.KeyPair) string { return k.PublicKey },
	entry:    func(_ *snapshot, k *store.KeyPair) keyPairEntry { return newKeyPairEntry(k) },
}

var diskRows = rowKind[store.DataDisk, freeDiskEntry]{
	mapping:  diskMapping,
	rows:     func(w *world.World) []store.DataDisk { return w.Disks },
	id:       func(d *store.DataDisk) store.ResourceID { return store.ResourceID{AccountID: d.AccountID, ID: d.ID} },
	location: func(_ *snapshot, d *store.DataDisk) string { return d.RegionID + " " + d.ZoneID },
	entry:    func(s *snapshot, d *store.DataDisk) freeDiskEntry { return newDiskEntry(s.World, d) },
}

var interfaceRows = rowKind[store.NetworkInterface, interfaceEntry]{
	mapping: interfaceMapping,
	rows:    func(w *world.World) []store.NetworkInterface { return w.NetworkInterfaces },
	id: func(n *store.NetworkInterface) store.ResourceID {
		return store.ResourceID{AccountID: n.AccountID, ID: n.ID}
	},
	location: func(_ *snapshot, n *store.NetworkInterface) string {
		return n.RegionID + " " + n.ZoneID + " " + n.VPCID + " " + n.VSwitchID
	},
	entry: func(s *snapshot, n *store.NetworkInterface) interfaceEntry {
		b := s.belongings[store.ResourceID{AccountID: n.AccountID, ID: n.ID}]
		if b == nil {
			b = &belongings{}
		}
		return newInterfaceEntry(s.World, n, b, n.MACAddress, 0)
	},
	further: func(n *store.NetworkInterface) (name, value string) { return "type", formatText(n.Type) },
}
