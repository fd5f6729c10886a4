package scenario

import (
	"net/netip"
	"slices"
	"strings"

	"enisim.alt/service/match"
	"enisim.alt/store"
)

// instance is an expanded instance, to which interfaces can be attached.
type instance struct {
	row     *store.Instance // nil if it is broken, so that its interfaces are not judged
	typ     *store.InstanceType
	at      position
	next    int              // the lowest device index that may be free
	indexes map[int]position // those from there on that the file names

	nextVLAN           int    // likewise of the members of its trunk
	trunk, trunkStatus string // "" if it has none
	forms              takenForms

	groups []*group // that it has an interface in
}

// nextInstanceStatus maps a transient status to the status that follows it.
var nextInstanceStatus = map[string]string{
	store.InstancePending:  store.InstanceRunning,
	store.InstanceStarting: store.InstanceRunning,
	store.InstanceStopping: store.InstanceStopped,
}

// alternativeStatuses are other statuses that may follow a transient one, if the file says so.
var alternativeStatuses = map[string][]string{
	store.InstancePending:  {store.InstanceStopped, store.InstanceStarting},
	store.InstanceStarting: {store.InstanceStopped},
	store.ENIAttaching:     {store.ENIAvailable},
}

// instanceTemplates are the texts of an entry that may differ between copies.
type instanceTemplates struct {
	id, zone, vswitch, name, description, hostName, privateAddress located[template]
	groups                                                         []located[template]

	primaryID, primaryName, primaryDescription  located[template]
	secondaryAddresses, ipv6Addresses, prefixes []located[template]
	diskIDs                                     []located[template]
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
		prefixes:           read.all(e.primary.prefixes()),
	}
	for i := range e.dataDisks {
		t.diskIDs = append(t.diskIDs, read.one(e.dataDisks[i].id))
	}
	x.checkMAC(e.primary.macAddress, e.counted)
	x.checkPublicIP(e)
	typ := x.instanceType(e.typ)
	x.checkSettlesIn(e.settlesIn.given, e.settlesIn.at, e.status.value, nextInstanceStatus)
	next := x.nextStatus(e.settlesTo, e.status.value, nextInstanceStatus)
	if read.failed ||
		!x.roomForCopies(
			e.count,
			1+len(e.groups)+len(e.primary.secondaryAddresses)+len(e.dataDisks)+e.primary.partCount(),
			e.at,
		) {
		return
	}
	for n := 1; n <= e.count; n++ {
		x.instance(e, &t, n, typ, region, next)
	}
}

func (x *accountExpansion) instance(
	e *instanceEntry, t *instanceTemplates, n int, typ *store.InstanceType, region, next string,
) {
	id := t.id.value.expand(n)
	x.checkID(id, e.id.at)
	if known, taken := x.instances[id]; taken {
		x.reportDuplicate("instance", id, e.id.at, known.at)
		return
	}
	i := &instance{typ: typ, at: e.id.at}
	x.instances[id] = i

	row := store.Instance{
		AttachableInstance: store.AttachableInstance{
			AccountID:  x.accountID,
			ID:         id,
			RegionID:   region,
			Status:     e.status.value,
			StartFails: e.startFails,
		},
		Name:            t.name.value.expand(n),
		Description:     t.description.value.expand(n),
		HostName:        t.hostName.value.expand(n),
		ResourceGroupID: e.resourceGroup,
		Tags:            e.tags,
		Attributes:      e.attributes,
	}
	var v *vswitch
	switch {
	case e.isClassic():
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
		row.NextStatus = new(next)
		x.world.InstancesSettleIn[store.ResourceID{AccountID: x.accountID, ID: id}] = e.settlesIn.value
	}
	if e.runsIn.given {
		x.world.InstancesRunIn[store.ResourceID{AccountID: x.accountID, ID: id}] = e.runsIn.value
	}
	x.world.Instances = append(x.world.Instances, row)
	i.row = &x.world.Instances[len(x.world.Instances)-1]
	x.dataDisks(e, t, n, i.row)
	if v != nil {
		x.primaryInterface(e, t, n, i, v)
	}
}

// checkPublicIP reports a public address that is none, that several copies would share, or that another
// resource has.
func (x *accountExpansion) checkPublicIP(e *instanceEntry) {
	text := e.attributes.PublicIPAddress
	if text == "" {
		return
	}
	switch address, err := netip.ParseAddr(text); {
	case err != nil || !address.Is4():
		x.add(e.at, "", "public_ip_address must be an IPv4 address such as 203.0.113.7, got %q", text)
	case e.counted:
		x.add(e.at, "leave it out", "copies of this entry would share the public_ip_address %s", text)
	default:
		x.takePublicIP(address, e.at)
	}
}

// primaryInterface creates the primary interface of an instance.
func (x *accountExpansion) primaryInterface(e *instanceEntry, t *instanceTemplates, n int, i *instance, v *vswitch) {
	id, at := defaultPrimaryInterfaceID(i.row.ID), e.id.at
	if t.primaryID.given {
		id, at = t.primaryID.value.expand(n), t.primaryID.at
		x.checkID(id, at)
	}
	if known, taken := x.interfaces[id]; taken {
		x.add(at, "", "the primary interfaces of the instances %s and %s, on line %d, would share the id %s",
			i.row.ID, known.primaryOf, known.at.line, id)
		return
	}
	x.interfaces[id] = owner{at: at, primaryOf: i.row.ID}
	groups := x.findGroups(t.groups, n, v.row.VPCID)
	row := store.NetworkInterface{
		AttachableENI: store.AttachableENI{
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
			TrafficMode:         store.TrafficStandard,
		},
		Name:        t.primaryName.value.expand(n),
		Description: t.primaryDescription.value.expand(n),
	}
	x.applyInterfaceFields(&row, &e.primary.interfaceFields)
	row.NetworkCardIndex = e.primary.networkCard.pointer()
	x.takePrimaryForms(e, &row, i)
	x.world.NetworkInterfaces = append(x.world.NetworkInterfaces, row)
	x.joinGroups(id, groups, v.row.VPCID)
	i.next = 1
	i.countInGroups(groups)
	x.checkAddressCounts(
		e.at,
		1+len(e.primary.secondaryAddresses)+e.primary.secondaryCount,
		len(e.primary.ipv6Addresses)+e.primary.ipv6Count,
		i,
	)
	d := addressDemand{
		eni:         id,
		vswitch:     v,
		at:          e.at,
		primary:     1,
		secondary:   e.primary.secondaryCount,
		ipv6:        e.primary.ipv6Count,
		primaryIPv6: e.primary.primaryIPv6,
	}
	if t.privateAddress.given {
		x.claim(
			&d,
			located[string]{t.privateAddress.value.expand(n), t.privateAddress.at, true},
			v.ipv4,
			"private_ip_address",
		)
	}
	wanted := d.primary // a secondary address must not be taken for the primary one, which may be open
	d.primary = 0
	for _, a := range t.secondaryAddresses {
		x.claim(&d, located[string]{a.value.expand(n), a.at, true}, v.ipv4, "secondary_private_ip_addresses")
	}
	d.primary = wanted
	x.claimIPv6(&d, t.ipv6Addresses, n)
	x.claimPrefixes(&d, t.prefixes, n)
	x.addDemand(d)
}

// defaultPrimaryInterfaceID returns the id of a primary interface that sets none: i-web has
// eni-web-primary.
func defaultPrimaryInterfaceID(instance string) string {
	const prefix = "i-"
	if len(instance) > len(prefix) && instance[:len(prefix)] == prefix {
		instance = instance[len(prefix):]
	}
	return "eni-" + instance + "-primary"
}

// takeSlot takes a slot of an instance for an interface: the one in the file, or the lowest free
// one from next on. If the slot is taken, it returns the position of the interface that has it.
func (i *instance) takeSlot(next *int, named located[int]) (index int, takenAt position, taken bool) {
	if !named.given {
		for {
			index = *next
			*next++
			if _, taken := i.indexes[index]; !taken {
				return index, position{}, false
			}
		}
	}
	if at, taken := i.indexes[named.value]; taken || named.value < *next {
		return named.value, at, true
	}
	if i.indexes == nil {
		i.indexes = map[int]position{}
	}
	i.indexes[named.value] = named.at
	return named.value, position{}, false
}

// countInGroups counts the instance in those groups of an interface in which it is new.
func (i *instance) countInGroups(groups []*group) {
	for _, g := range groups {
		if !slices.Contains(i.groups, g) {
			i.groups = append(i.groups, g)
			g.instances++
		}
	}
}

// joinGroups adds an interface to its groups.
func (x *accountExpansion) joinGroups(eni string, groups []*group, vpc string) {
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

// instanceType looks up a type, once per account. It reports an unknown one and returns nil.
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
		hint := x.hint(
			id.value,
			len(x.types)+len(x.catalogueTypes),
			func() string { return match.DidYouMean(id.value, x.typeIDs()) },
		)
		if hint == "" {
			hint = "declare it under instance_types"
		}
		x.addReference(id.at, hint, "unknown instance type %q", id.value)
	}
	return t
}

// checkSettlesIn reports settles_in with a status that is not transient.
func (x *accountExpansion) checkSettlesIn(given bool, at position, status string, next map[string]string) {
	if given && next[status] == "" {
		x.add(
			at,
			"",
			"settles_in goes with the transient statuses %s, this entry is %s",
			strings.Join(sortedKeys(next), ", "),
			status,
		)
	}
}

// nextStatus returns the status that follows a transient one: the file's, or the real cloud's.
func (x *accountExpansion) nextStatus(to located[string], status string, next map[string]string) string {
	if !to.given || to.value == next[status] {
		return next[status]
	}
	if !slices.Contains(alternativeStatuses[status], to.value) {
		x.add(to.at, "leave settles_to out", "status %s does not lead to %s", status, to.value)
	}
	return to.value
}

// roomForCopies counts the copies of an entry, and the parts of each, against the limits of a file.
func (x *accountExpansion) roomForCopies(count, parts int, at position) bool {
	x.resources += count
	if x.resources > x.limits.Resources {
		x.beyondLimits = true
		x.add(
			at,
			"",
			"up to here the file describes %d instances and interfaces, and %d are the most",
			x.resources,
			x.limits.Resources,
		)
		return false
	}
	return x.roomForParts(count*parts, at)
}
