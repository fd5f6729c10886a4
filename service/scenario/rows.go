package scenario

import (
	"slices"
	"strings"

	"enisim/store"
	"enisim/store/world"
)

// The tables of a world, as Diff compares them, in the order of world.Apply.

var accountRows = rowKind[store.Account]{
	what: "account",
	rows: func(w *world.World) []store.Account { return w.Accounts },
	id:   func(a *store.Account) store.ResourceID { return store.ResourceID{AccountID: a.ID, ID: a.ID} },
	fields: func(_ *snapshot, a *store.Account) []field {
		return []field{
			{key: "name", value: a.Name},
			{key: "network_interfaces_per_region", value: a.NetworkInterfacesPerRegion},
			{key: "repeats", value: a.Repeats},
		}
	},
}

var userRows = rowKind[store.RAMUser]{
	what: "ram_user",
	rows: func(w *world.World) []store.RAMUser { return w.RAMUsers },
	id:   func(u *store.RAMUser) store.ResourceID { return store.ResourceID{AccountID: u.AccountID, ID: u.Name} },
	fields: func(_ *snapshot, u *store.RAMUser) []field {
		return []field{{key: "allow", value: u.Allow}}
	},
}

var keyRows = rowKind[store.AccessKey]{
	what: "access_key",
	rows: func(w *world.World) []store.AccessKey { return w.AccessKeys },
	id:   func(k *store.AccessKey) store.ResourceID { return store.ResourceID{AccountID: k.AccountID, ID: k.ID} },
	fields: func(_ *snapshot, k *store.AccessKey) []field {
		return append(newKeyEntry(k).fields, field{key: "ram_user", value: valueOrNil(k.RAMUserName)})
	},
}

var typeRows = rowKind[store.InstanceType]{
	what:   "instance_type",
	rows:   func(w *world.World) []store.InstanceType { return w.InstanceTypes },
	id:     func(t *store.InstanceType) store.ResourceID { return store.ResourceID{AccountID: t.OwnerID, ID: t.ID} },
	fields: func(_ *snapshot, t *store.InstanceType) []field { return newTypeEntry(t).fields },
}

var vpcRows = rowKind[store.VPC]{
	what:     "vpc",
	rows:     func(w *world.World) []store.VPC { return w.VPCs },
	id:       func(v *store.VPC) store.ResourceID { return store.ResourceID{AccountID: v.AccountID, ID: v.ID} },
	location: func(_ *snapshot, v *store.VPC) string { return v.RegionID },
	fields:   func(s *snapshot, v *store.VPC) []field { return newVPCEntry(s.World, v).fields },
}

var vswitchRows = rowKind[store.VSwitch]{
	what:     "vswitch",
	rows:     func(w *world.World) []store.VSwitch { return w.VSwitches },
	id:       func(v *store.VSwitch) store.ResourceID { return store.ResourceID{AccountID: v.AccountID, ID: v.ID} },
	location: func(_ *snapshot, v *store.VSwitch) string { return v.RegionID + " " + v.ZoneID + " " + v.VPCID },
	fields:   func(s *snapshot, v *store.VSwitch) []field { return newVSwitchEntry(s.World, v).fields },
}

var groupRows = rowKind[store.SecurityGroup]{
	what: "security_group",
	rows: func(w *world.World) []store.SecurityGroup { return w.SecurityGroups },
	id: func(g *store.SecurityGroup) store.ResourceID {
		return store.ResourceID{AccountID: g.AccountID, ID: g.ID}
	},
	location: func(_ *snapshot, g *store.SecurityGroup) string { return g.RegionID + " " + g.VPCID },
	fields:   func(_ *snapshot, g *store.SecurityGroup) []field { return newGroupEntry(g).fields },
}

// A rule with other content is another rule, and so is one that refers to another group.
var ruleRows = rowKind[store.SecurityGroupRule]{
	what: "security_group_rule",
	rows: func(w *world.World) []store.SecurityGroupRule { return w.SecurityGroupRules },
	id: func(r *store.SecurityGroupRule) store.ResourceID {
		return store.ResourceID{AccountID: r.AccountID, ID: r.ID}
	},
	location: func(s *snapshot, r *store.SecurityGroupRule) string {
		var text strings.Builder
		text.WriteString(formatValue(newRuleEntry(r, "")))
		for _, group := range []string{r.SecurityGroupID, r.SourceGroupID, r.DestGroupID} {
			text.WriteString(" " + group + " " + s.groupVPCs[store.ResourceID{AccountID: r.AccountID, ID: group}])
		}
		return text.String()
	},
	fields: func(*snapshot, *store.SecurityGroupRule) []field { return nil },
}

var instanceRows = rowKind[store.Instance]{
	what: "instance",
	rows: func(w *world.World) []store.Instance { return w.Instances },
	id:   func(i *store.Instance) store.ResourceID { return store.ResourceID{AccountID: i.AccountID, ID: i.ID} },
	location: func(_ *snapshot, i *store.Instance) string {
		return i.RegionID + " " + i.ZoneID + " " + firstText(
			valueOrNil(i.VPCID),
		) + " " + firstText(
			valueOrNil(i.VSwitchID),
		)
	},
	fields: func(s *snapshot, i *store.Instance) []field {
		ofCatalogue := i.InstanceTypeOwnerID == store.CatalogueOwner // which a type of the account may stand before
		return append(newInstanceEntry(s.World, i, nil).fields, field{key: "type of the catalogue", value: ofCatalogue})
	},
}

var interfaceRows = rowKind[store.NetworkInterface]{
	what: "network_interface",
	rows: func(w *world.World) []store.NetworkInterface { return w.NetworkInterfaces },
	id: func(n *store.NetworkInterface) store.ResourceID {
		return store.ResourceID{AccountID: n.AccountID, ID: n.ID}
	},
	location: func(_ *snapshot, n *store.NetworkInterface) string {
		return n.RegionID + " " + n.ZoneID + " " + n.VPCID + " " + n.VSwitchID
	},
	fields: func(s *snapshot, n *store.NetworkInterface) []field {
		b := s.belongings[store.ResourceID{AccountID: n.AccountID, ID: n.ID}]
		if b == nil {
			b = &belongings{}
		}
		return slices.Concat(
			newInterfaceEntry(s.World, n, b, n.MACAddress, 0).fields,
			[]field{{key: "type", value: n.Type}},
		)
	},
}
