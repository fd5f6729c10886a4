package scenario

import (
	"fmt"
	"net/netip"
	"slices"
	"time"

	"enisim.alt/store"
	"enisim.alt/store/world"
)

// The functions below return rows as the entries of a file, without the rows that are entries of
// their own. Each begins with a blank entry, so that a key which no row has keeps its default.

func commonFieldsOf(name, description, resourceGroup string, tags map[string]string) commonFields {
	return commonFields{
		name:          located[string]{value: name},
		description:   located[string]{value: description},
		resourceGroup: resourceGroup,
		tags:          tags,
	}
}

// remaining returns what is left of a resource's transition.
func remaining(spans map[store.ResourceID]time.Duration, account, id string) located[time.Duration] {
	left, found := spans[store.ResourceID{AccountID: account, ID: id}]
	return located[time.Duration]{value: left, given: found}
}

// nextStatusOf returns the status that follows a transient one, which a file has unless it is the
// usual one.
func nextStatusOf(next *string, usual string) located[string] {
	if next == nil {
		return located[string]{}
	}
	return unless(*next, usual)
}

// statedTexts returns addresses or prefixes as texts.
func statedTexts[T fmt.Stringer](values []T) []located[string] {
	out := make([]located[string], len(values))
	for i, v := range values {
		out[i] = stated(v.String())
	}
	return out
}

func newAccountEntry(a *store.Account) accountEntry {
	e := accountMapping.blank
	e.id, e.name, e.repeats, e.trunking = stated(a.ID), a.Name, a.Repeats, a.Trunking
	e.cards = !a.WithoutNetworkCards
	e.quotas = quotasEntry{
		a.NetworkInterfacesPerRegion, optional(a.InstancesPerRegion), optional(a.SecurityGroupsPerInterface),
		optional(a.IPv4PerInterface), optional(a.IPv6PerInterface),
	}
	return e
}

func newUserEntry(u *store.RAMUser) userEntry {
	e := userMapping.blank
	e.name, e.allow = stated(u.Name), statedAll(u.Allow)
	return e
}

func newKeyEntry(k *store.AccessKey) keyEntry {
	e := accessKeyMapping.blank
	e.id, e.secret, e.status, e.expiresAt = stated(k.ID), k.Secret, k.Status, k.ExpiresAt
	e.securityToken, e.assumedRole = optional(k.SecurityToken), optional(k.AssumedRole)
	return e
}

func newTypeEntry(t *store.InstanceType) typeEntry {
	e := typeMapping.blank
	e.id, e.family = stated(t.ID), unless(t.Family, defaultFamily(t.ID))
	e.vcpus, e.memoryGiB, e.eniQuantity = t.VCPUs, t.MemoryGiB, t.ENIQuantity
	e.ipv4PerENI, e.ipv6PerENI = optional(t.PrivateIPv4PerENI), optional(t.IPv6PerENI)
	e.networkCards, e.cpuArchitecture.value = optional(t.NetworkCards), t.CPUArchitecture
	e.trunkSupported, e.totalQuantity = t.ENITrunkSupported, optional(t.ENITotalQuantity)
	e.hotPlug, e.ioOptimized = t.HotPlug, t.IOOptimized
	e.eriQuantity, e.queuePairs = optional(t.ERIQuantity), optional(t.QueuePairs)
	e.primaryQueues, e.secondaryQueues = optional(t.PrimaryENIQueues), optional(t.SecondaryENIQueues)
	e.maxQueues, e.totalQueues = optional(t.MaxQueuesPerENI), optional(t.TotalENIQueues)
	e.enisPerCard = optional(t.ENIsPerNetworkCard)
	return e
}

func newVPCEntry(w *world.World, v *store.VPC) vpcEntry {
	e := vpcMapping.blank
	e.id, e.commonFields = stated(v.ID), commonFieldsOf(v.Name, v.Description, v.ResourceGroupID, v.Tags)
	e.block, e.ipv6Block = stated(v.CIDRBlock), optional(v.IPv6CIDRBlock)
	e.userCIDRs = statedAll(v.Attributes.UserCIDRs)
	e.secondaryBlocks = statedTexts(v.SecondaryBlocks)
	e.settlesIn = remaining(w.VPCsSettleIn, v.AccountID, v.ID)
	return e
}

func newVSwitchEntry(w *world.World, v *store.VSwitch) vswitchEntry {
	e := vswitchMapping.blank
	e.id, e.commonFields = stated(v.ID), commonFieldsOf(v.Name, v.Description, v.ResourceGroupID, v.Tags)
	e.zone, e.block, e.ipv6Block = stated(v.ZoneID), stated(v.CIDRBlock), optional(v.IPv6CIDRBlock)
	next := newPool(v.CIDRBlock)
	// Both offsets are positive.
	e.next = unless(next.at(uint64(max(v.NextHost, 1))).String(), next.at(1).String())
	e.settlesIn = remaining(w.VSwitchesSettleIn, v.AccountID, v.ID)
	return e
}

func newGroupEntry(g *store.SecurityGroup) groupEntry {
	e := groupMapping.blank
	e.id, e.commonFields = stated(g.ID), commonFieldsOf(g.Name, g.Description, g.ResourceGroupID, g.Tags)
	e.kind, e.instanceLimit = g.Type, unless(g.InstanceLimit, store.InstanceLimitOf(g.Type))
	e.innerPolicy = g.InnerAccessPolicy
	return e
}

// newRuleEntry returns the entry of a rule. defaultID is the id that the rule has if the file sets
// none.
func newRuleEntry(r *store.SecurityGroupRule, defaultID string) ruleEntry {
	e := ruleMapping.blank
	e.id, e.row = unless(r.ID, defaultID), *r
	e.protocol, e.ports = stated(r.IPProtocol), unless(r.PortRange, noPorts)
	e.sourcePorts.value = r.SourcePortRange
	e.source.value, e.ipv6Source.value, e.sourceGroup.value = r.SourceCIDR, r.SourceIPv6CIDR, r.SourceGroupID
	e.destination.value, e.ipv6Dest.value, e.destGroup.value = r.DestCIDR, r.DestIPv6CIDR, r.DestGroupID
	return e
}

// newInstanceEntry returns the entry of an instance, without its data disks, and what it has of its primary
// interface.
func newInstanceEntry(w *world.World, i *store.Instance) instanceEntry {
	e := instanceMapping.blank
	e.id, e.commonFields = stated(i.ID), commonFieldsOf(i.Name, i.Description, i.ResourceGroupID, i.Tags)
	e.hostName.value, e.typ, e.networkType = i.HostName, stated(i.InstanceType), i.NetworkType
	if e.vswitch = optional(i.VSwitchID); !e.vswitch.given {
		e.zone = stated(i.ZoneID)
	}
	e.status.value, e.settlesTo = i.Status, nextStatusOf(i.NextStatus, nextInstanceStatus[i.Status])
	e.settlesIn = remaining(w.InstancesSettleIn, i.AccountID, i.ID)
	e.runsIn, e.startFails = remaining(w.InstancesRunIn, i.AccountID, i.ID), i.StartFails
	e.attributes = i.Attributes
	return e
}

// isOfInstance reports whether a file has a disk among the data disks of its instance.
func isOfInstance(d *store.DataDisk, i *store.Instance) bool {
	return d.Status == store.DiskInUse && d.ResourceGroupID == i.ResourceGroupID
}

// addDataDisk adds a disk of the instance. next is the slot that it has if the file says nothing of it.
func (e *instanceEntry) addDataDisk(d *store.DataDisk, next int) {
	e.dataDisks = append(e.dataDisks, diskEntry{
		id:     unless(d.ID, defaultDataDiskID(e.id.value, len(e.dataDisks)+1)),
		device: unless(store.Device(*d.Slot), store.Device(next)),
		disk:   d.Attributes,
	})
}

// newDiskEntry returns the entry of a disk that is no entry of its instance.
func newDiskEntry(w *world.World, d *store.DataDisk) freeDiskEntry {
	e := diskMapping.blank
	e.id, e.attachedTo, e.disk, e.resourceGroup = stated(d.ID), optional(d.InstanceID), d.Attributes, d.ResourceGroupID
	implied := store.DiskAvailable
	if d.InstanceID != nil {
		implied, e.device = store.DiskInUse, stated(store.Device(*d.Slot))
	} else {
		e.zone = stated(d.ZoneID)
	}
	e.status = unless(d.Status, implied)
	e.settlesIn = remaining(w.DisksSettleIn, d.AccountID, d.ID)
	e.settlesTo = nextStatusOf(d.NextStatus, nextDiskStatus[d.Status])
	return e
}

// setPrimary adds what an instance has of its primary interface. mac is "" for an address that is
// derived from the id.
func (e *instanceEntry) setPrimary(n *store.NetworkInterface, b *belongings, mac string) {
	e.groups = statedAll(b.groups)
	if addresses := statedTexts(b.ipv4.addresses); len(addresses) > 0 {
		e.privateAddress, e.primary.secondaryAddresses = addresses[0], addresses[1:]
	}
	e.primary.id = unless(n.ID, defaultPrimaryInterfaceID(e.id.value))
	e.primary.set(n, b, mac)
}

// newInterfaceEntry returns the entry of a secondary interface. index is the device index that it
// has if the file sets none.
func newInterfaceEntry(
	w *world.World, n *store.NetworkInterface, b *belongings, mac string, index int,
) interfaceEntry {
	e := interfaceMapping.blank
	e.id, e.vswitch, e.groups = stated(n.ID), stated(n.VSwitchID), statedAll(b.groups)
	e.set(n, b, mac)
	implied := store.ENIAvailable
	if n.InstanceID != nil {
		implied = store.ENIInUse
	}
	e.kind.value, e.attachedTo, e.status = n.Type, optional(n.InstanceID), unless(n.Status, implied)
	if n.IsMember() {
		e.trunk = optional(n.TrunkID)
	}
	if n.DeviceIndex != nil {
		e.deviceIndex = unless(*n.DeviceIndex, index)
	}
	e.settlesIn = remaining(w.NetworkInterfacesSettleIn, n.AccountID, n.ID)
	e.settlesTo = nextStatusOf(n.NextStatus, nextENIStatus[n.Status])
	e.privateAddresses, e.serviceManaged = statedTexts(b.ipv4.addresses), n.ServiceManaged
	e.trafficMode = n.TrafficMode
	return e
}

// set sets the fields that any interface has. mac is "" for an address that is derived from the id.
func (f *interfaceFields) set(n *store.NetworkInterface, b *belongings, mac string) {
	ipv4, _ := slices.BinarySearchFunc(b.prefixes, true, func(p netip.Prefix, _ bool) int {
		if p.Addr().Is4() {
			return -1
		}
		return 1
	})
	f.commonFields = commonFieldsOf(n.Name, n.Description, n.ResourceGroupID, n.Tags)
	f.ipv6Addresses, f.primaryIPv6 = statedTexts(b.ipv6.addresses), b.ipv6.hasPrimary
	f.ipv4Prefixes, f.ipv6Prefixes = statedTexts(b.prefixes[:ipv4]), statedTexts(b.prefixes[ipv4:])
	f.macAddress, f.networkCard = unless(mac, ""), optional(n.NetworkCardIndex)
	f.queueNumber = optional(n.QueueNumber)
	f.deleteOnRelease, f.sourceDestCheck, f.attributes = n.DeleteOnRelease, n.SourceDestCheck, n.Attributes
}

// eipPlace is where an EIP is, as a file names it.
type eipPlace struct {
	association    *store.EIPAssociation
	target         string // an instance or a secondary interface
	privateAddress string // "": the primary one
}

// eipPlacesOf returns the places of the EIPs of a world.
func eipPlacesOf(w *world.World, b map[store.ResourceID]*belongings) map[store.ResourceID]eipPlace {
	places := map[store.ResourceID]eipPlace{}
	if len(w.EIPAssociations) == 0 {
		return places
	}
	instances := map[store.ResourceID]string{} // by primary interface
	for i := range w.NetworkInterfaces {
		if n := &w.NetworkInterfaces[i]; n.Type == store.ENIPrimary && n.InstanceID != nil {
			instances[store.ResourceID{AccountID: n.AccountID, ID: n.ID}] = *n.InstanceID
		}
	}
	for i := range w.EIPAssociations {
		a := &w.EIPAssociations[i]
		eni := store.ResourceID{AccountID: a.AccountID, ID: a.NetworkInterfaceID}
		place := eipPlace{association: a, target: a.NetworkInterfaceID}
		if instance := instances[eni]; instance != "" {
			place.target = instance
		}
		if of := b[eni]; of == nil || len(of.ipv4.addresses) == 0 || of.ipv4.addresses[0] != a.PrivateIPAddress {
			place.privateAddress = a.PrivateIPAddress.String()
		}
		places[store.ResourceID{AccountID: a.AccountID, ID: a.EIPID}] = place
	}
	return places
}

// newEIPEntry returns the entry of an EIP. places has the places of all EIPs that are on an address.
func newEIPEntry(w *world.World, row *store.EIP, places map[store.ResourceID]eipPlace) eipEntry {
	e := eipMapping.blank
	e.id, e.commonFields = stated(row.ID), commonFieldsOf(row.Name, row.Description, row.ResourceGroupID, row.Tags)
	e.ipAddress = unless(row.IPAddress.String(), derivedPublicAddress(row.ID).String())
	e.bandwidth, e.attributes = row.Bandwidth, row.Attributes
	e.settlesIn = remaining(w.EIPsSettleIn, row.AccountID, row.ID)
	if place, associated := places[store.ResourceID{AccountID: row.AccountID, ID: row.ID}]; associated {
		e.associatedWith, e.mode = stated(place.target), place.association.Mode
		e.status = unless(place.association.Status, store.EIPInUse)
		e.privateAddress = unless(place.privateAddress, "")
	}
	return e
}
