package scenario

import (
	"cmp"
	"slices"

	"enisim.alt/store"
)

// nextENIStatus maps a transient status to the status that follows it.
var nextENIStatus = map[string]string{
	store.ENIAttaching: store.ENIInUse,
	store.ENIDetaching: store.ENIAvailable,
	store.ENIDeleting:  store.ENIDeleted,
}

// attachedStatuses are the statuses of an interface that is on an instance, or holds a slot of it.
var attachedStatuses = []string{store.ENIAttaching, store.ENIInUse, store.ENIDetaching}

// interfaceTemplates are the texts of an entry that may differ between copies.
type interfaceTemplates struct {
	id, vswitch, attachedTo, trunk, name, description located[template]
	groups, privateAddresses                          []located[template]
	ipv6Addresses, prefixes                           []located[template]
}

func (x *accountExpansion) interfaceEntry(e *interfaceEntry, region string) {
	if !e.id.given {
		return
	}
	read := templateReader{report: x.report, counted: e.counted}
	t := interfaceTemplates{
		id:               read.one(e.id),
		vswitch:          read.one(e.vswitch),
		attachedTo:       read.one(e.attachedTo),
		trunk:            read.one(e.trunk),
		name:             read.one(e.name),
		description:      read.one(e.description),
		groups:           read.all(e.groups),
		privateAddresses: read.all(e.privateAddresses),
		ipv6Addresses:    read.all(e.ipv6Addresses),
		prefixes:         read.all(e.prefixes()),
	}
	x.checkMAC(e.macAddress, e.counted)
	status := x.interfaceStatus(e)
	x.checkSettlesIn(e.settlesIn.given, e.settlesIn.at, status, nextENIStatus)
	next := x.nextStatus(e.settlesTo, status, nextENIStatus)
	if read.failed || !x.roomForCopies(e.count, 1+len(e.groups)+len(e.privateAddresses)+e.partCount(), e.at) {
		return
	}
	for n := 1; n <= e.count; n++ {
		x.networkInterface(e, &t, n, status, next, region)
	}
}

// prefixes returns the prefixes of both families.
func (c *interfaceFields) prefixes() []located[string] {
	return slices.Concat(c.ipv4Prefixes, c.ipv6Prefixes)
}

// partCount returns how many parts an interface has, for roomForCopies.
func (c *interfaceFields) partCount() int {
	return c.secondaryCount + len(c.ipv6Addresses) + c.ipv6Count + len(c.ipv4Prefixes) + len(c.ipv6Prefixes)
}

// interfaceStatus returns the status of an entry, or the default that depends on whether it is
// attached.
func (x *accountExpansion) interfaceStatus(e *interfaceEntry) string {
	return x.placedStatus(e.status, e.attachedTo, "attached_to", "name its instance", store.ENIAvailable,
		store.ENIInUse, attachedStatuses)
}

// placedStatus returns the status of a resource that may be on another one, which a key names. Without a
// status, it is free or inUse. Only the placed statuses go with the key, and they need it.
func (x *accountExpansion) placedStatus(
	status, on located[string], key, hint, free, inUse string, placed []string,
) string {
	implied := free
	if on.given {
		implied = inUse
	}
	value := cmp.Or(status.value, implied)
	switch isPlaced := slices.Contains(placed, value); {
	case isPlaced && !on.given:
		x.add(status.at, hint+": "+key+": ...", "status %s needs an %s", value, key)
		return implied
	case !isPlaced && on.given:
		x.add(status.at, "remove one of the two", "status %s contradicts %s", value, key)
		return implied
	}
	return value
}

func (x *accountExpansion) networkInterface(
	e *interfaceEntry, t *interfaceTemplates, n int, status, next, region string,
) {
	id := t.id.value.expand(n)
	x.checkID(id, e.id.at)
	if known, taken := x.interfaces[id]; taken {
		if known.primaryOf != "" {
			x.add(
				e.id.at,
				"choose another id",
				"%q is the id of the primary interface of instance %s on line %d",
				id,
				known.primaryOf,
				known.at.line,
			)
			return
		}
		x.reportDuplicate("network interface", id, e.id.at, known.at)
		return
	}
	x.interfaces[id] = owner{at: e.id.at}
	if !e.vswitch.given {
		return
	}
	v := x.findVSwitch(t.vswitch.value.expand(n), e.vswitch.at, region)
	if v == nil {
		return
	}
	groups := x.findGroups(t.groups, n, v.row.VPCID)
	row := store.NetworkInterface{
		AttachableENI: store.AttachableENI{
			AccountID:      x.accountID,
			ID:             id,
			RegionID:       region,
			ZoneID:         v.row.ZoneID,
			VPCID:          v.row.VPCID,
			VSwitchID:      v.row.ID,
			Type:           e.kind.value,
			Status:         status,
			ServiceManaged: e.serviceManaged,
			TrafficMode:    e.trafficMode,
		},
		Name:        t.name.value.expand(n),
		Description: t.description.value.expand(n),
	}
	x.applyInterfaceFields(&row, &e.interfaceFields)
	if e.settlesIn.given {
		row.NextStatus = new(next)
		x.world.NetworkInterfacesSettleIn[store.ResourceID{AccountID: x.accountID, ID: id}] = e.settlesIn.value
	}
	if e.attachedTo.given {
		x.attach(e, &row, t.attachedTo.value.expand(n), t.trunk.value.expand(n), groups)
	}
	x.world.NetworkInterfaces = append(x.world.NetworkInterfaces, row)
	x.joinGroups(id, groups, v.row.VPCID)
	x.demandAddresses(e, t, n, id, v)
}

// applyInterfaceFields sets the fields that any interface may have, except its addresses.
func (x *accountExpansion) applyInterfaceFields(row *store.NetworkInterface, c *interfaceFields) {
	row.MACAddress = c.macAddress.value
	if !c.macAddress.given {
		row.MACAddress = x.macs.derive(row.ID)
	}
	row.QueueNumber = c.queueNumber.pointer()
	row.DeleteOnRelease, row.SourceDestCheck = c.deleteOnRelease, c.sourceDestCheck
	row.ResourceGroupID, row.Tags, row.Attributes = c.resourceGroup, c.tags, c.attributes
}

// checkMAC reports an invalid MAC address, and one that several copies would share.
func (x *accountExpansion) checkMAC(mac located[string], counted bool) {
	switch {
	case mac.given && !macForm.MatchString(mac.value):
		x.add(
			mac.at,
			"",
			"a MAC address has six pairs of lower-case digits, such as 00:16:3e:01:02:03, got %q",
			mac.value,
		)
	case mac.given && counted:
		x.add(
			mac.at,
			"leave it out: it follows from the id",
			"copies of this entry would share the MAC address %s",
			mac.value,
		)
	}
}

// attach attaches an interface to an instance, if the real cloud would allow it.
func (x *accountExpansion) attach(
	e *interfaceEntry, eni *store.NetworkInterface, instanceID, trunk string, groups []*group,
) {
	at := e.attachedTo.at
	i, known := x.instances[instanceID]
	const unknown = "there is no instance %s in this account"
	switch {
	case !known && x.isReported(at, unknown):
		x.addReference(at, "", unknown, instanceID)
		return
	case !known:
		x.addReference(at, referenceHint(x.report, instanceID, x.instances), unknown, instanceID)
		return
	case i.row == nil:
		return // reported with the instance
	case i.row.VPCID == nil:
		x.add(at, "", "instance %s is a classic one, which takes no interfaces", instanceID)
		return
	case *i.row.VPCID != eni.VPCID:
		x.add(
			at,
			"choose a vswitch of the instance's VPC, or another instance",
			"instance %s lies in VPC %s, network interface %s in %s",
			instanceID,
			*i.row.VPCID,
			eni.ID,
			eni.VPCID,
		)
		return
	case i.row.ZoneID != eni.ZoneID:
		x.add(
			at,
			"choose a vswitch of the instance's zone, or another instance",
			"instance %s lies in zone %s, network interface %s in %s",
			instanceID,
			i.row.ZoneID,
			eni.ID,
			eni.ZoneID,
		)
		return
	case !i.typ.IOOptimized:
		x.add(
			at,
			"",
			"instance %s is of type %s, which takes no secondary interfaces because it is not I/O optimized",
			instanceID,
			i.typ.ID,
		)
		return
	}
	if e.trunk.given && !x.isTrunkOf(e, eni, i, trunk) || eni.Type == store.ENITrunk && !x.takesTrunk(e, eni, i) {
		return
	}
	index, ok := x.takeIndex(e, eni, i)
	if !ok {
		return
	}
	x.checkAddressCounts(e.at, e.ipv4Count(), len(e.ipv6Addresses)+e.ipv6Count, i)
	eni.InstanceID, eni.InstanceENIQuantity, eni.DeviceIndex = &i.row.ID, &i.row.ENIQuantity, &index
	eni.NetworkCardIndex = e.networkCard.pointer()
	if i.trunk != "" && (e.trunk.given || eni.Type == store.ENITrunk) {
		eni.TrunkID, eni.MemberQuantity = &i.trunk, i.typ.MemberQuantity()
	}
	x.takeForms(e, eni, i)
	i.countInGroups(groups)
}

// takesTrunk makes an interface the trunk of an instance, if the real cloud would allow it.
func (x *accountExpansion) takesTrunk(e *interfaceEntry, eni *store.NetworkInterface, i *instance) bool {
	switch {
	case !i.typ.ENITrunkSupported:
		x.add(e.attachedTo.at, "", "instance %s is of type %s, which has no trunks", i.row.ID, i.typ.ID)
		return false
	case i.trunk != "":
		x.add(e.attachedTo.at, "", "instance %s has one trunk at most, and %s is one already", i.row.ID, i.trunk)
		return false
	}
	i.trunk, i.trunkStatus = eni.ID, eni.Status
	return true
}

// isTrunkOf reports whether an interface may be a member of a trunk of an instance. It reports the problem
// if not.
func (x *accountExpansion) isTrunkOf(e *interfaceEntry, eni *store.NetworkInterface, i *instance, trunk string) bool {
	switch {
	case eni.Type == store.ENITrunk:
		x.add(e.trunk.at, "remove one of the two", "a trunk is no member of another one")
	case i.trunk != trunk:
		x.addReference(e.trunk.at, "give its entry, of type Trunk, before this one",
			"there is no trunk %s on instance %s", trunk, i.row.ID)
	case i.trunkStatus != store.ENIInUse:
		x.add(e.trunk.at, "", "a trunk with members is InUse, trunk %s is %s", trunk, i.trunkStatus)
	default:
		return true
	}
	return false
}

// takeIndex takes a device index of an instance for an interface, if there is a free one: a slot, or a VLAN
// of its trunk for a member.
func (x *accountExpansion) takeIndex(e *interfaceEntry, eni *store.NetworkInterface, i *instance) (int, bool) {
	at, next, first, end, kind := e.attachedTo.at, &i.next, 1, i.typ.ENIQuantity, "secondary interfaces"
	if e.trunk.given {
		next, first, end, kind = &i.nextVLAN, store.MinVLAN, store.MinVLAN+*i.typ.MemberQuantity(), "members"
		*next = max(*next, first)
	}
	index, taken, isTaken := i.takeSlot(next, e.deviceIndex)
	isNamed := e.deviceIndex.given
	switch {
	case isTaken && index >= first && taken == position{}:
		x.add(e.deviceIndex.at, "name the device indexes of all interfaces of the instance, or of none",
			"device index %d of instance %s went to an interface before that names none", index, i.row.ID)
		return 0, false
	case isTaken && index >= first:
		x.add(
			e.deviceIndex.at,
			"",
			"device index %d of instance %s is given twice, first on line %d",
			index,
			i.row.ID,
			taken.line,
		)
		return 0, false
	case isNamed && (index < first || index >= end):
		x.add(
			e.deviceIndex.at,
			"",
			"instance %s of type %s has the device indexes %d to %d for %s, got %d",
			i.row.ID,
			i.typ.ID,
			first,
			end-1,
			kind,
			index,
		)
		return 0, false
	case index >= end && e.trunk.given:
		x.add(at, "", "the trunk of an instance of type %s has %d members at most: no place for %s",
			i.typ.ID, end-first, eni.ID)
		return 0, false
	case index >= end:
		x.add(at, "", "instance %s of type %s holds %d interfaces at most, the primary one included: no place for %s",
			i.row.ID, i.typ.ID, end, eni.ID)
		return 0, false
	}
	return index, true
}

// checkAddressCounts reports an interface with more addresses than its instance's type allows.
func (x *accountExpansion) checkAddressCounts(at position, ipv4, ipv6 int, i *instance) {
	if most := i.typ.PrivateIPv4PerENI; most != nil && ipv4 > *most {
		x.add(
			at,
			"",
			"the interface has %d private addresses, an interface of an instance of type %s has %d at most",
			ipv4,
			i.typ.ID,
			*most,
		)
	}
	if most := i.typ.IPv6PerENI; most != nil && ipv6 > *most {
		x.add(
			at,
			"",
			"the interface has %d IPv6 addresses, an interface of an instance of type %s has %d at most",
			ipv6,
			i.typ.ID,
			*most,
		)
	}
}

// ipv4Count returns the number of IPv4 addresses, including the primary one, which the entry need
// not name.
func (e *interfaceEntry) ipv4Count() int {
	return max(len(e.privateAddresses), 1) + e.secondaryCount
}

// demandAddresses records the addresses that an interface names, and how many more it needs.
func (x *accountExpansion) demandAddresses(e *interfaceEntry, t *interfaceTemplates, n int, id string, v *vswitch) {
	d := addressDemand{
		eni:         id,
		vswitch:     v,
		at:          e.at,
		primary:     1,
		secondary:   e.secondaryCount,
		ipv6:        e.ipv6Count,
		primaryIPv6: e.primaryIPv6,
	}
	for _, a := range t.privateAddresses {
		x.claim(&d, located[string]{a.value.expand(n), a.at, true}, v.ipv4, "private_ip_addresses")
	}
	x.claimIPv6(&d, t.ipv6Addresses, n)
	x.claimPrefixes(&d, t.prefixes, n)
	x.addDemand(d)
}

// claimIPv6 assigns the IPv6 addresses in the file to an interface, and refuses any in a VSwitch
// without IPv6.
func (x *accountExpansion) claimIPv6(d *addressDemand, addresses []located[template], n int) {
	v := d.vswitch
	if v.ipv6 == nil && (d.ipv6 > 0 || len(addresses) > 0) {
		x.add(
			d.at,
			"give the VSwitch and its VPC an ipv6_cidr_block",
			"the interface has IPv6 addresses, VSwitch %s has no IPv6 block",
			v.row.ID,
		)
		d.ipv6 = 0
		return
	}
	for _, a := range addresses {
		x.claim(d, located[string]{a.value.expand(n), a.at, true}, v.ipv6, "ipv6_addresses")
	}
}
