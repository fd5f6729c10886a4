package scenario

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"enisim.alt/store"
)

// accountExpansion expands the resources of one account. Ids are unique within it, per kind of
// resource.
type accountExpansion struct {
	*expansion
	accountID  string
	vpcs       map[string]position
	vswitches  map[string]*vswitch
	groups     map[string]*group
	instances  map[string]*instance
	interfaces map[string]owner
	macs       macs
	ruleIDs    map[string]position
	diskIDs    map[string]position
	diskSlots  map[string]takenSlots   // by instance
	publicIPs  map[netip.Addr]position // of instances and EIPs
	demands    []addressDemand

	resolvedTypes map[string]*store.InstanceType // nil for an unknown one
}

// vswitch is an expanded VSwitch, in which interfaces can be created.
type vswitch struct {
	row        *store.VSwitch
	at         position
	ipv4, ipv6 *pool // ipv6 is nil without a block
	wanted     uint64
}

// group is a security group and the number of its instances.
type group struct {
	row       *store.SecurityGroup
	at        position // of what sets the limit
	instances int
}

// owner is the source of an interface's id: the primary interface of an instance is not in the file
// itself.
type owner struct {
	at        position
	primaryOf string
}

func newAccountExpansion(x *expansion, id string) *accountExpansion {
	return &accountExpansion{
		expansion: x,
		accountID: id,
		vpcs:      map[string]position{},
		vswitches: map[string]*vswitch{},
		groups:    map[string]*group{},
		ruleIDs:   map[string]position{},
		diskIDs:   map[string]position{},
		diskSlots: map[string]takenSlots{},
		publicIPs: map[netip.Addr]position{},

		resolvedTypes: map[string]*store.InstanceType{},
	}
}

// expandRegions visits the regions once per kind of resource. One reason is that an entry may refer
// to a later one in the file. The other is that the primary interfaces of all instances get their
// addresses first.
func (x *accountExpansion) expandRegions(regions []regionEntry) {
	seen := map[string]position{}
	x.preallocate(regions)
	for i := range regions {
		e := &regions[i]
		x.region(e, seen)
		x.keyPairs(e)
		for j := range e.vpcs {
			x.vpc(&e.vpcs[j], e.id.value)
		}
	}
	for i := range regions {
		for j := range regions[i].vpcs {
			for k := range regions[i].vpcs[j].groups {
				x.rules(&regions[i].vpcs[j].groups[k])
			}
		}
	}
	for i := range regions {
		for j := range regions[i].instances.read {
			x.instanceEntry(&regions[i].instances.read[j], regions[i].id.value)
		}
	}
	for i := range regions {
		for j := range regions[i].disks {
			x.freeDisk(&regions[i].disks[j], regions[i].id.value)
		}
	}
	for i := range regions {
		for j := range regions[i].interfaces.read {
			x.interfaceEntry(&regions[i].interfaces.read[j], regions[i].id.value)
		}
	}
	x.checkPrefixes()
	x.assignAddresses()
	x.expandEIPs(regions)
	x.expandRoutes(regions)
	x.checkFull()
	x.checkGroupLimits()
}

func (x *accountExpansion) region(e *regionEntry, seen map[string]position) {
	if !e.id.given || !x.checkUnique(seen, "region", e.id.value, e.id.at) || x.regions[e.id.value] {
		return
	}
	x.add(e.id.at, cmp.Or(suggest(x.report, e.id.value, x.regions), "declare it by listing its zones: zones: [...]"),
		"unknown region %q", e.id.value)
}

// preallocate allocates memory for all copies, so that a large world is not copied again and again
// while it grows. For a file with a problem it does nothing, because no world is made of it.
func (x *accountExpansion) preallocate(regions []regionEntry) {
	instances, interfaces := 0, 0
	for i := range regions {
		for j := range regions[i].instances.read {
			instances += regions[i].instances.read[j].count
		}
		for j := range regions[i].interfaces.read {
			interfaces += regions[i].interfaces.read[j].count
		}
	}
	x.instances, x.interfaces, x.macs = map[string]*instance{}, map[string]owner{}, macs{}
	if len(x.found) > 0 || instances+interfaces > x.limits.Resources-x.resources {
		return
	}
	x.world.Instances = slices.Grow(x.world.Instances, instances)
	x.world.NetworkInterfaces = slices.Grow(x.world.NetworkInterfaces, instances+interfaces)
	x.world.PrivateIPAddresses = slices.Grow(x.world.PrivateIPAddresses, instances+interfaces)
	x.world.GroupMemberships = slices.Grow(x.world.GroupMemberships, instances+interfaces)
	x.instances = make(map[string]*instance, instances)
	x.interfaces = make(map[string]owner, instances+interfaces)
	x.macs = make(macs, instances+interfaces)
	x.demands = make([]addressDemand, 0, instances+interfaces)
}

func (x *accountExpansion) vpc(e *vpcEntry, region string) {
	if e.id.given && x.checkID(e.id.value, e.id.at) {
		x.checkUnique(x.vpcs, "VPC", e.id.value, e.id.at)
	}
	secondary := x.secondaryBlocks(e)
	x.world.VPCs = append(x.world.VPCs, store.VPC{
		AccountID:       x.accountID,
		ID:              e.id.value,
		RegionID:        region,
		CIDRBlock:       e.block.value,
		SecondaryBlocks: secondary,
		IPv6CIDRBlock:   e.ipv6Block.pointer(),
		Name:            e.name.value,
		Description:     e.description.value,
		ResourceGroupID: e.resourceGroup,
		Tags:            e.tags,
		Attributes:      store.VPCAttributes{UserCIDRs: x.userCIDRs(e.userCIDRs)},
	})
	if e.settlesIn.given {
		x.world.VPCsSettleIn[store.ResourceID{AccountID: x.accountID, ID: e.id.value}] = e.settlesIn.value
	}
	for i := range e.vswitches {
		x.vswitch(&e.vswitches[i], e, secondary, region)
	}
	reportOverlaps(x.report, e.vswitches, func(v *vswitchEntry) located[netip.Prefix] { return v.block })
	reportOverlaps(x.report, e.vswitches, func(v *vswitchEntry) located[netip.Prefix] { return v.ipv6Block })
	for i := range e.groups {
		x.group(&e.groups[i], e, region)
	}
}

func (x *accountExpansion) vswitch(e *vswitchEntry, vpc *vpcEntry, secondary []netip.Prefix, region string) {
	if !e.id.given {
		return
	}
	x.checkID(e.id.value, e.id.at)
	if known, taken := x.vswitches[e.id.value]; taken {
		x.reportDuplicate("VSwitch", e.id.value, e.id.at, known.at)
		return
	}
	x.checkZone(e.zone, region)
	if !slices.ContainsFunc(secondary, func(block netip.Prefix) bool { return liesIn(e.block.value, block) }) {
		x.checkWithin(e.block, vpc.block, vpc)
	}
	if e.ipv6Block.given && !vpc.ipv6Block.given {
		x.add(
			e.ipv6Block.at,
			"give the VPC an ipv6_cidr_block",
			"VPC %s has no IPv6 block for %s to lie in",
			vpc.id.value,
			e.ipv6Block.value,
		)
	} else {
		x.checkWithin(e.ipv6Block, vpc.ipv6Block, vpc)
	}
	for _, forbidden := range store.ReservedBlocks {
		if e.block.given && forbidden.Overlaps(e.block.value) {
			x.add(e.block.at, "", "block %s lies in %s, which no VSwitch may use", e.block.value, forbidden)
		}
	}
	v := &vswitch{at: e.id.at, row: &store.VSwitch{
		AccountID:       x.accountID,
		ID:              e.id.value,
		VPCID:           vpc.id.value,
		RegionID:        region,
		ZoneID:          e.zone.value,
		CIDRBlock:       e.block.value,
		IPv6CIDRBlock:   e.ipv6Block.pointer(),
		Name:            e.name.value,
		Description:     e.description.value,
		ResourceGroupID: e.resourceGroup,
		Tags:            e.tags,
	}}
	if e.settlesIn.given {
		x.world.VSwitchesSettleIn[store.ResourceID{AccountID: x.accountID, ID: e.id.value}] = e.settlesIn.value
	}
	if e.block.given {
		v.ipv4 = newPool(e.block.value)
		v.row.NextHost = x.nextHost(e.next, v)
	}
	if e.ipv6Block.given {
		v.ipv6 = newPool(e.ipv6Block.value)
	}
	x.vswitches[e.id.value] = v
	x.world.VSwitches = append(x.world.VSwitches, *v.row)
}

// userCIDRs returns the user CIDR blocks of a VPC, as they are written.
func (x *accountExpansion) userCIDRs(blocks []located[string]) (out []string) {
	for _, b := range blocks {
		if _, err := netip.ParsePrefix(b.value); err != nil {
			x.add(b.at, "", "each of user_cidrs must be a block such as 192.168.0.0/16, got %q", b.value)
		}
		out = append(out, b.value)
	}
	return out
}

// nextHost returns where the search for a free address begins: an offset into the VSwitch's block.
func (x *accountExpansion) nextHost(next located[string], v *vswitch) int {
	if !next.given {
		return 1
	}
	a, err := netip.ParseAddr(next.value)
	if err != nil || !v.ipv4.block.Contains(a) || a == v.ipv4.block.Addr() {
		x.add(
			next.at,
			"",
			"next_private_ip_address must be an address of %s, not its first, got %q",
			v.ipv4.block,
			next.value,
		)
		return 1
	}
	return int(v.ipv4.offset(a)) // of an IPv4 block: 16 bits at most
}

func (x *accountExpansion) checkZone(zone located[string], region string) {
	if !zone.given || !x.regions[region] {
		return
	}
	known, exists := x.zones[zone.value]
	switch {
	case !exists && x.isFull():
		x.addReference(zone.at, "", "unknown zone %q", zone.value)
	case !exists:
		var zones []string
		for id, z := range x.zones {
			if z.region == region {
				zones = append(zones, id)
			}
		}
		slices.Sort(zones)
		x.addReference(
			zone.at,
			fmt.Sprintf("region %s has %s", region, strings.Join(zones, ", ")),
			"unknown zone %q",
			zone.value,
		)
	case known.region != region:
		x.add(zone.at, "", "zone %s lies in region %s, not in %s", zone.value, known.region, region)
	}
}

func (x *accountExpansion) checkWithin(inner, outer located[netip.Prefix], vpc *vpcEntry) {
	if !inner.given || !outer.given {
		return
	}
	if !liesIn(inner.value, outer.value) {
		x.add(inner.at, "", "block %s lies outside %s of VPC %s", inner.value, outer.value, vpc.id.value)
	}
}

// liesIn reports whether a block lies completely in another.
func liesIn(inner, outer netip.Prefix) bool {
	return inner.IsValid() && outer.Contains(inner.Addr()) && inner.Bits() >= outer.Bits()
}

// secondaryBlocks returns the secondary blocks of a VPC.
func (x *accountExpansion) secondaryBlocks(e *vpcEntry) (blocks []netip.Prefix) {
	for k, b := range e.secondaryBlocks {
		block, err := netip.ParsePrefix(b.value)
		taken := append([]netip.Prefix{e.block.value}, blocks...)
		other := slices.IndexFunc(taken, func(other netip.Prefix) bool {
			return other.IsValid() && other.Overlaps(block)
		})
		reserved := slices.IndexFunc(store.ReservedBlocks, block.Overlaps)
		switch {
		case err != nil || !block.Addr().Is4() || block != block.Masked() ||
			block.Bits() < minVPCMask || block.Bits() > maxVPCMask:
			x.add(b.at, "", "each of secondary_cidr_blocks must be an IPv4 block with a mask from /%d to /%d, "+
				"such as 192.168.0.0/16, got %q", minVPCMask, maxVPCMask, b.value)
		case k == store.MaxSecondaryBlocks:
			x.add(b.at, "", "VPC %s has more than %d secondary blocks", e.id.value, store.MaxSecondaryBlocks)
		case other >= 0:
			x.add(b.at, "", "block %s overlaps %s of VPC %s", block, taken[other], e.id.value)
		case reserved >= 0:
			x.add(b.at, "", "block %s overlaps %s, which no VPC may use", block, store.ReservedBlocks[reserved])
		default:
			blocks = append(blocks, block)
		}
	}
	return blocks
}

// reportOverlaps reports each VSwitch of a VPC whose block overlaps the block of an earlier one in
// the file.
func reportOverlaps(problems *report, entries []vswitchEntry, block func(*vswitchEntry) located[netip.Prefix]) {
	type item struct {
		block located[netip.Prefix]
		id    string
		order int
	}
	var items []item
	for i := range entries {
		if b := block(&entries[i]); b.given {
			items = append(items, item{b, entries[i].id.value, i})
		}
	}
	// Two blocks are either disjoint or one contains the other. So in the order of addresses,
	// larger blocks first, an overlap is always with the last block that is still open.
	slices.SortFunc(items, func(a, b item) int {
		return cmp.Or(
			a.block.value.Addr().Compare(b.block.value.Addr()),
			cmp.Compare(a.block.value.Bits(), b.block.value.Bits()),
		)
	})
	for i, open := 1, 0; i < len(items); i++ {
		if !items[open].block.value.Overlaps(items[i].block.value) {
			open = i
			continue
		}
		first, second := items[open], items[i]
		if second.order < first.order {
			first, second = second, first
		}
		problems.add(second.block.at, "", "block %s overlaps %s of VSwitch %s on line %d",
			second.block.value, first.block.value, first.id, first.block.at.line)
	}
}

func (x *accountExpansion) group(e *groupEntry, vpc *vpcEntry, region string) {
	if !e.id.given {
		return
	}
	x.checkID(e.id.value, e.id.at)
	if known, taken := x.groups[e.id.value]; taken {
		x.reportDuplicate("security group", e.id.value, e.id.at, known.at)
		return
	}
	limit, at := store.InstanceLimitOf(e.kind), e.id.at
	if e.instanceLimit.given {
		limit, at = e.instanceLimit.value, e.instanceLimit.at
	}
	g := &group{at: at, row: &store.SecurityGroup{
		AccountID:         x.accountID,
		ID:                e.id.value,
		VPCID:             vpc.id.value,
		RegionID:          region,
		Type:              e.kind,
		InstanceLimit:     limit,
		InnerAccessPolicy: e.innerPolicy,
		Name:              e.name.value,
		Description:       e.description.value,
		ResourceGroupID:   e.resourceGroup,
		Tags:              e.tags,
	}}
	x.groups[e.id.value] = g
	x.world.SecurityGroups = append(x.world.SecurityGroups, *g.row)
}

// findVSwitch looks up a VSwitch of the region. If there is none, it reports the problem and
// returns nil.
func (x *accountExpansion) findVSwitch(id string, at position, region string) *vswitch {
	v, known := x.vswitches[id]
	const unknown = "there is no VSwitch %s in this account"
	switch {
	case !known && x.isReported(at, unknown):
		x.addReference(at, "", unknown, id)
	case !known:
		x.addReference(at, referenceHint(x.report, id, x.vswitches), unknown, id)
	case v.row.RegionID != region:
		x.add(at, "", "VSwitch %s lies in region %s, not in %s", id, v.row.RegionID, region)
		return nil
	}
	return v
}

// referenceHint suggests a correction for a reference that leads nowhere.
func referenceHint[V any](r *report, id string, known map[string]V) string {
	if strings.Contains(id, "{n") {
		return needsCount
	}
	return suggest(r, id, known)
}

// findGroups looks up the groups of an interface in a VPC. Unknown ones are reported and left out.
func (x *accountExpansion) findGroups(refs []located[template], n int, vpc string) []*group {
	const unknown = "there is no security group %s in this account"
	found := make([]*group, 0, len(refs))
	for _, ref := range refs {
		id := ref.value.expand(n)
		g, known := x.groups[id]
		switch {
		case !known && x.isReported(ref.at, unknown):
			x.addReference(ref.at, "", unknown, id)
		case !known:
			x.addReference(ref.at, referenceHint(x.report, id, x.groups), unknown, id)
		case g.row.VPCID != vpc:
			x.add(ref.at, "", "security group %s belongs to VPC %s, the VSwitch to %s", id, g.row.VPCID, vpc)
		case slices.Contains(found, g):
			x.add(ref.at, "", "security group %s is listed twice", id)
		case len(found) > 0 && g.row.Type != found[0].row.Type:
			x.add(ref.at, "", "an interface joins either normal or enterprise groups: %s is %s, %s is %s",
				found[0].row.ID, found[0].row.Type, id, g.row.Type)
		default:
			found = append(found, g)
		}
	}
	return found
}

// checkGroupLimits reports groups with more instances than their limit.
func (x *accountExpansion) checkGroupLimits() {
	for _, id := range sortedKeys(x.groups) {
		if g := x.groups[id]; g.instances > g.row.InstanceLimit {
			x.add(
				g.at,
				"raise its instance_limit, or use more groups",
				"security group %s has attached interfaces of %d instances, its instance_limit is %d",
				id,
				g.instances,
				g.row.InstanceLimit,
			)
		}
	}
}
