package scenario

import (
	"slices"
	"strings"

	"enisim/store"
)

// The tables of a world, as Diff compares them. Their places are those of ApplyWorld.

var accountRows = kindOfRow[store.Account]{
	what: "account",
	of:   func(w *store.World) []store.Account { return w.Accounts },
	id:   func(a *store.Account) store.ResourceID { return store.ResourceID{AccountID: a.ID, ID: a.ID} },
	words: func(_ *side, a *store.Account) []word {
		return []word{{key: "name", value: a.Name}, {key: "network_interfaces_per_region", value: a.NetworkInterfacesPerRegion}, {key: "repeats", value: a.Repeats}}
	},
}

var userRows = kindOfRow[store.RAMUser]{
	what: "ram_user",
	of:   func(w *store.World) []store.RAMUser { return w.RAMUsers },
	id:   func(u *store.RAMUser) store.ResourceID { return store.ResourceID{AccountID: u.AccountID, ID: u.Name} },
	words: func(_ *side, u *store.RAMUser) []word {
		return []word{{key: "allow", value: u.Allow}}
	},
}

var keyRows = kindOfRow[store.AccessKey]{
	what: "access_key",
	of:   func(w *store.World) []store.AccessKey { return w.AccessKeys },
	id:   func(k *store.AccessKey) store.ResourceID { return store.ResourceID{AccountID: k.AccountID, ID: k.ID} },
	words: func(_ *side, k *store.AccessKey) []word {
		return append(keyEntryOf(k).words, word{key: "ram_user", value: orNone(k.RAMUserName)})
	},
}

var typeRows = kindOfRow[store.InstanceType]{
	what:  "instance_type",
	of:    func(w *store.World) []store.InstanceType { return w.InstanceTypes },
	id:    func(t *store.InstanceType) store.ResourceID { return store.ResourceID{AccountID: t.OwnerID, ID: t.ID} },
	words: func(_ *side, t *store.InstanceType) []word { return typeEntryOf(t).words },
}

var vpcRows = kindOfRow[store.VPC]{
	what:  "vpc",
	of:    func(w *store.World) []store.VPC { return w.VPCs },
	id:    func(v *store.VPC) store.ResourceID { return store.ResourceID{AccountID: v.AccountID, ID: v.ID} },
	place: func(_ *side, v *store.VPC) string { return v.RegionID },
	words: func(s *side, v *store.VPC) []word { return vpcEntryOf(s.World, v).words },
}

var vswitchRows = kindOfRow[store.VSwitch]{
	what:  "vswitch",
	of:    func(w *store.World) []store.VSwitch { return w.VSwitches },
	id:    func(v *store.VSwitch) store.ResourceID { return store.ResourceID{AccountID: v.AccountID, ID: v.ID} },
	place: func(_ *side, v *store.VSwitch) string { return v.RegionID + " " + v.ZoneID + " " + v.VPCID },
	words: func(s *side, v *store.VSwitch) []word { return vswitchEntryOf(s.World, v).words },
}

var groupRows = kindOfRow[store.SecurityGroup]{
	what: "security_group",
	of:   func(w *store.World) []store.SecurityGroup { return w.SecurityGroups },
	id: func(g *store.SecurityGroup) store.ResourceID {
		return store.ResourceID{AccountID: g.AccountID, ID: g.ID}
	},
	place: func(_ *side, g *store.SecurityGroup) string { return g.RegionID + " " + g.VPCID },
	words: func(_ *side, g *store.SecurityGroup) []word { return groupEntryOf(g).words },
}

// A rule that says something else is another one, and so is one that speaks of another group.
var ruleRows = kindOfRow[store.SecurityGroupRule]{
	what: "security_group_rule",
	of:   func(w *store.World) []store.SecurityGroupRule { return w.SecurityGroupRules },
	id: func(r *store.SecurityGroupRule) store.ResourceID {
		return store.ResourceID{AccountID: r.AccountID, ID: r.ID}
	},
	place: func(s *side, r *store.SecurityGroupRule) string {
		var text strings.Builder
		text.WriteString(spell(ruleEntryOf(r, "")))
		for _, group := range []string{r.SecurityGroupID, r.SourceGroupID, r.DestGroupID} {
			text.WriteString(" " + group + " " + s.groupVPCs[store.ResourceID{AccountID: r.AccountID, ID: group}])
		}
		return text.String()
	},
	words: func(*side, *store.SecurityGroupRule) []word { return nil },
}

var instanceRows = kindOfRow[store.Instance]{
	what: "instance",
	of:   func(w *store.World) []store.Instance { return w.Instances },
	id:   func(i *store.Instance) store.ResourceID { return store.ResourceID{AccountID: i.AccountID, ID: i.ID} },
	place: func(_ *side, i *store.Instance) string {
		return i.RegionID + " " + i.ZoneID + " " + textOr(orNone(i.VPCID)) + " " + textOr(orNone(i.VSwitchID))
	},
	words: func(s *side, i *store.Instance) []word {
		ofCatalogue := i.InstanceTypeOwnerID == store.CatalogueOwner // which a type of the account may stand before
		return append(instanceEntryOf(s.World, i, nil).words, word{key: "type of the catalogue", value: ofCatalogue})
	},
}

var interfaceRows = kindOfRow[store.NetworkInterface]{
	what: "network_interface",
	of:   func(w *store.World) []store.NetworkInterface { return w.NetworkInterfaces },
	id: func(n *store.NetworkInterface) store.ResourceID {
		return store.ResourceID{AccountID: n.AccountID, ID: n.ID}
	},
	place: func(_ *side, n *store.NetworkInterface) string {
		return n.RegionID + " " + n.ZoneID + " " + n.VPCID + " " + n.VSwitchID
	},
	words: func(s *side, n *store.NetworkInterface) []word {
		b := s.belongings[store.ResourceID{AccountID: n.AccountID, ID: n.ID}]
		if b == nil {
			b = &belongings{}
		}
		return slices.Concat(interfaceEntryOf(s.World, n, b, n.MACAddress, 0).words, []word{{key: "type", value: n.Type}})
	},
}
