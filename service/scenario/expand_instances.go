package scenario

import (
	"slices"
	"strings"

	"enisim/store"
)

// instance is an instance that interfaces can be attached to.
type instance struct {
	row      *store.Instance // nil if it is broken, so that its interfaces are not judged
	typ      *store.InstanceType
	at       position
	attached int      // interfaces on it, the primary one included
	groups   []*group // that it has an interface in
}

// nextInstanceStatus is where a transient status leads.
var nextInstanceStatus = map[string]string{
	store.InstancePending:  store.InstanceRunning,
	store.InstanceStarting: store.InstanceRunning,
	store.InstanceStopping: store.InstanceStopped,
}

// instanceTemplates are the texts of an entry that may differ from copy to copy.
type instanceTemplates struct {
	id, zone, vswitch, name, description, hostName, privateAddress located[template]
	groups                                                         []located[template]

	primaryID, primaryName, primaryDescription located[template]
	secondaryAddresses, ipv6Addresses          []located[template]
}

func (x *accountExpansion) instanceEntry(e *instanceEntry, region string) {
	if !e.id.given {
		return
	}
	read := templateReader{report: x.report, counted: e.counted}
	t := instanceTemplates{
		id:             read.one(e.id),
		zone:           read.one(e.zone),
		vswitch:        read.one(e.vswitch),
		name:           read.one(e.name),
		description:    read.one(e.description),
		hostName:       read.one(e.hostName),
		privateAddress: read.one(e.privateAddress),
		groups:         read.all(e.groups),

		primaryID:          read.one(e.primary.id),
		primaryName:        read.one(e.primary.name),
		primaryDescription: read.one(e.primary.description),
		secondaryAddresses: read.all(e.primary.secondaryAddresses),
		ipv6Addresses:      read.all(e.primary.ipv6Addresses),
	}
	typ := x.instanceType(e.typ)
	x.checkSettlesIn(e.settlesIn.given, e.settlesIn.at, e.status.value, nextInstanceStatus)
	if read.failed || !x.room(e.count, e.at) {
		return
	}
	for n := 1; n <= e.count; n++ {
		x.instance(e, &t, n, typ, region)
	}
}

func (x *accountExpansion) instance(e *instanceEntry, t *instanceTemplates, n int, typ *store.InstanceType, region string) {
	id := t.id.value.expand(n)
	x.wellFormed(id, e.id.at)
	if known, taken := x.instances[id]; taken {
		x.twice("instance", id, e.id.at, known.at)
		return
	}
	i := &instance{typ: typ, at: e.id.at}
	x.instances[id] = i

	row := store.Instance{
		AccountID:   x.accountID,
		ID:          id,
		RegionID:    region,
		Status:      e.status.value,
		Name:        t.name.value.expand(n),
		Description: t.description.value.expand(n),
		HostName:    t.hostName.value.expand(n),
		Tags:        e.tags,
	}
	var v *vswitch
	switch {
	case e.classic:
		row.NetworkType = store.NetworkTypeClassic
		row.ZoneID = t.zone.value.expand(n)
		x.checkZone(located[string]{row.ZoneID, e.zone.at, e.zone.given}, region)
	case e.vswitch.given:
		if v = x.findVSwitch(t.vswitch.value.expand(n), e.vswitch.at, region); v == nil {
			return
		}
		row.NetworkType = store.NetworkTypeVPC
		row.ZoneID, row.VPCID, row.VSwitchID = v.row.ZoneID, &v.row.VPCID, &v.row.ID
	default:
		return // reported when it was read
	}
	if typ == nil {
		return
	}
	row.InstanceTypeOwnerID, row.InstanceType, row.ENIQuantity = typ.OwnerID, typ.ID, typ.ENIQuantity
	if e.settlesIn.given {
		row.NextStatus = new(nextInstanceStatus[row.Status])
		x.world.InstancesSettleIn[store.ResourceID{AccountID: x.accountID, ID: id}] = e.settlesIn.value
	}
	x.world.Instances = append(x.world.Instances, row)
	i.row = &x.world.Instances[len(x.world.Instances)-1]
	if v != nil {
		x.primaryInterface(e, t, n, i, v)
	}
}

// primaryInterface gives an instance the interface that it is born with.
func (x *accountExpansion) primaryInterface(e *instanceEntry, t *instanceTemplates, n int, i *instance, v *vswitch) {
	id, at := primaryInterfaceID(i.row.ID), e.id.at
	if t.primaryID.given {
		id, at = t.primaryID.value.expand(n), t.primaryID.at
		x.wellFormed(id, at)
	}
	if known, taken := x.interfaces[id]; taken {
		x.add(at, "", "the primary interfaces of the instances %s and %s, on line %d, would share the id %s",
			i.row.ID, known.primaryOf, known.at.line, id)
		return
	}
	x.interfaces[id] = owner{at: at, primaryOf: i.row.ID}
	groups := x.findGroups(t.groups, n, v.row.VPCID)
	x.world.NetworkInterfaces = append(x.world.NetworkInterfaces, store.NetworkInterface{
		AccountID:           x.accountID,
		ID:                  id,
		RegionID:            i.row.RegionID,
		ZoneID:              v.row.ZoneID,
		VPCID:               v.row.VPCID,
		VSwitchID:           v.row.ID,
		Type:                store.ENIPrimary,
		Status:              store.ENIInUse,
		InstanceID:          &i.row.ID,
		InstanceENIQuantity: &i.row.ENIQuantity,
		DeviceIndex:         new(0),
		MACAddress:          x.macs.derive(id),
		DeleteOnRelease:     true,
		Name:                t.primaryName.value.expand(n),
		Description:         t.primaryDescription.value.expand(n),
		Tags:                e.primary.tags,
	})
	x.join(id, groups, v.row.VPCID)
	i.hold(groups)
	x.checkAddressCounts(e.at, 1+len(e.primary.secondaryAddresses)+e.primary.secondaryCount, len(e.primary.ipv6Addresses)+e.primary.ipv6Count, i)
	d := demand{eni: id, vswitch: v, at: e.at, primary: 1, secondary: e.primary.secondaryCount, ipv6: e.primary.ipv6Count}
	if t.privateAddress.given {
		x.claim(&d, located[string]{t.privateAddress.value.expand(n), t.privateAddress.at, true}, v.ipv4, "private_ip_address")
	}
	wanted := d.primary // a secondary address must not be taken for the primary one, which may be open
	d.primary = 0
	for _, a := range t.secondaryAddresses {
		x.claim(&d, located[string]{a.value.expand(n), a.at, true}, v.ipv4, "secondary_private_ip_addresses")
	}
	d.primary = wanted
	x.claimIPv6(&d, t.ipv6Addresses, n)
	x.demand(d)
}

// primaryInterfaceID is the id of an instance's primary interface: i-web has eni-web-primary.
func primaryInterfaceID(instance string) string {
	const prefix = "i-"
	if len(instance) > len(prefix) && instance[:len(prefix)] == prefix {
		instance = instance[len(prefix):]
	}
	return "eni-" + instance + "-primary"
}

// hold counts one more interface on the instance, and the instance in each of the interface's groups where it is new.
func (i *instance) hold(groups []*group) {
	i.attached++
	for _, g := range groups {
		if !slices.Contains(i.groups, g) {
			i.groups = append(i.groups, g)
			g.instances++
		}
	}
}

// join puts an interface into its groups.
func (x *accountExpansion) join(eni string, groups []*group, vpc string) {
	for position, g := range groups {
		x.world.GroupMemberships = append(x.world.GroupMemberships, store.GroupMembership{
			AccountID:          x.accountID,
			NetworkInterfaceID: eni,
			SecurityGroupID:    g.row.ID,
			VPCID:              vpc,
			Position:           position,
		})
	}
}

// instanceType resolves a type once per account. It returns nil, with the problem reported, for an unknown one.
func (x *accountExpansion) instanceType(id located[string]) *store.InstanceType {
	if !id.given {
		return nil
	}
	t, resolved := x.resolvedTypes[id.value]
	if !resolved {
		t, _ = x.findType(id.value, x.accountID)
		x.resolvedTypes[id.value] = t
	}
	if t == nil {
		hint := didYouMean(id.value, x.typeIDs())
		if hint == "" {
			hint = "declare it under instance_types"
		}
		x.add(id.at, hint, "unknown instance type %q", id.value)
	}
	return t
}

// checkSettlesIn reports settles_in on a status that leads nowhere.
func (x *accountExpansion) checkSettlesIn(given bool, at position, status string, next map[string]string) {
	if given && next[status] == "" {
		x.add(at, "", "settles_in goes with the transient statuses %s, this entry is %s", strings.Join(sortedKeys(next), ", "), status)
	}
}

// room counts the copies of an entry against what a file may describe.
func (x *accountExpansion) room(count int, at position) bool {
	x.resources += count
	if x.resources > maxResources {
		x.add(at, "", "up to here the file describes %d instances and interfaces, and %d are the most", x.resources, maxResources)
		return false
	}
	return true
}
