package service

import (
	"enisim.alt/store"
)

// The values that the rules of the actions look at, other than those of attaches and detaches, by the names
// of the API. A resource that does not exist has none.

// addInstance adds what rules look at of an instance.
func (v values) addInstance(i *store.Instance) {
	if i != nil {
		v["InstanceId"], v["InstanceStatus"] = i.ID, i.Status
	}
}

// addType adds the limits of an instance type.
func (v values) addType(t *store.InstanceType) {
	if t == nil {
		return
	}
	v["InstanceType"], v["EniQuantity"] = t.ID, t.ENIQuantity
	if t.PrivateIPv4PerENI != nil {
		v["EniPrivateIpAddressQuantity"] = *t.PrivateIPv4PerENI
	}
	if t.IPv6PerENI != nil {
		v["EniIpv6AddressQuantity"] = *t.IPv6PerENI
	}
}

// addENI adds what rules look at of an interface.
func (v values) addENI(n *store.NetworkInterface) {
	if n == nil {
		return
	}
	v["NetworkInterfaceId"], v["NetworkInterfaceStatus"], v["NetworkInterfaceType"] = n.ID, n.Status, n.Type
	v["NetworkInterfaceVpcId"], v["NetworkInterfaceZoneId"] = n.VPCID, n.ZoneID
	if n.InstanceID != nil {
		v["NetworkInterfaceInstanceId"] = *n.InstanceID
	}
	if n.ServiceManaged {
		v["ServiceManaged"] = true
	}
}

// addGroup adds what rules look at of a security group.
func (v values) addGroup(g store.GroupScene) {
	v["VpcIdOf "+g.ID], v["TypeOf "+g.ID] = g.VPCID, g.Type
	if !g.HasInstance {
		v["FreeCapacityOf "+g.ID] = g.Free
	}
}

// addOffer adds what a VSwitch can assign.
func (v values) addOffer(offer *store.AddressOffer) {
	if offer == nil || offer.VSwitch == nil {
		return
	}
	v["VSwitchId"], v["CidrBlock"] = offer.VSwitch.ID, offer.VSwitch.CIDRBlock.String()
	if block := offer.VSwitch.IPv6CIDRBlock; block != nil {
		v["Ipv6CidrBlock"] = block.String()
	}
	v["FreeAddressesFound"] = len(offer.IPv4)
	if len(offer.Taken) > 0 {
		v["AssignedAddresses"] = offer.Taken
	}
	if len(offer.TakenBlocks) > 0 {
		v["AssignedPrefixes"] = offer.TakenBlocks
	}
}

func (c createNetworkInterfaceInput) observed() values {
	seen := values{"InterfacesOfRegion": c.Quota.Count, "MaxInterfacesOfRegion": c.Quota.Max}
	seen.addOffer(c.Offer)
	if v := c.Offer.VSwitch; v != nil {
		seen["VSwitchStatus"] = v.Status(c.now)
	}
	for _, g := range c.Groups { // without their capacity, which a new interface does not need
		seen["VpcIdOf "+g.ID], seen["TypeOf "+g.ID] = g.VPCID, g.Type
	}
	return seen
}

func (d deleteNetworkInterfaceInput) observed() values {
	seen := values{}
	seen.addENI(d.ENI)
	return seen
}

// observedAddresses returns the values of an interface whose addresses are to change.
func observedAddresses(s *store.AddressScene) values {
	seen := values{"Addresses": len(s.Addresses), "Prefixes": len(s.Prefixes)}
	seen.addENI(s.ENI)
	seen.addInstance(s.Instance)
	seen.addType(s.Type)
	return seen
}

func (a assignInput) observed() values {
	seen := observedAddresses(&a.AddressScene)
	seen["WantedAddresses"] = a.wantedCount()
	seen.addOffer(&a.Offer)
	return seen
}

func (u unassignInput) observed() values { return observedAddresses(u.AddressScene) }

func (p powerInput) observed() values {
	seen := values{}
	seen.addInstance(p.Instance)
	return seen
}

func (d deleteInstanceInput) observed() values {
	seen := values{}
	seen.addInstance(d.Instance)
	if d.Instance != nil {
		seen["DeletionProtection"] = d.Instance.Attributes.DeletionProtection
		seen["InstanceChargeType"] = d.Instance.Attributes.InstanceChargeType
	}
	return seen
}

func (l launchInput) observed() values {
	seen := values{"Amount": l.amount, "MinAmount": l.minAmount, "PossibleAmount": l.count}
	seen.addType(l.Type)
	seen.addOffer(l.Offers[l.interfaces[0].VSwitchID])
	if l.Quota.Max > 0 {
		seen["InterfacesOfRegion"], seen["MaxInterfacesOfRegion"] = l.Quota.Count, l.Quota.Max
	}
	if left, limited := l.Instances.Left(); limited {
		seen["InstancesLeft"] = left
	}
	for _, g := range l.Groups {
		seen.addGroup(g)
	}
	for _, n := range l.existingInterfaces() {
		seen["StatusOf "+n.ID] = n.Status
	}
	return seen
}

func (m membershipInput) observed() values {
	seen, joined := values{}, []string{}
	seen.addInstance(m.Instance)
	seen.addENI(m.ENI)
	for _, g := range m.Joined {
		joined = append(joined, g.ID)
	}
	seen["SecurityGroupIds"] = joined
	if m.Group != nil {
		seen.addGroup(*m.Group)
	}
	return seen
}

func (m modifyInstanceInput) observed() values {
	seen := values{}
	seen.addInstance(m.Instance)
	for _, g := range m.Groups {
		seen.addGroup(g)
	}
	return seen
}

func (m modifyInstanceSpecInput) observed() values {
	seen := values{"Held": len(m.Held)}
	seen.addInstance(m.Instance)
	seen.addType(m.NewType)
	return seen
}

func (m modifyNetworkInterfaceInput) observed() values {
	seen := values{"Ipv6Addresses": m.IPv6}
	seen.addInstance(m.Instance)
	seen.addENI(m.ENI)
	for _, g := range m.Groups {
		seen.addGroup(g)
	}
	return seen
}

func (d deleteVPCInput) observed() values {
	seen := values{}
	if d.VPC != nil {
		seen["VpcId"], seen["VpcStatus"] = d.VPC.ID, d.VPC.Status(d.now)
		seen["HasVSwitches"], seen["HasSecurityGroups"] = d.HasVSwitches, d.HasSecurityGroups
	}
	return seen
}

func (d deleteVSwitchInput) observed() values {
	seen := values{}
	if d.VSwitch != nil {
		seen["VSwitchId"], seen["VSwitchStatus"], seen["InUse"] = d.VSwitch.ID, d.VSwitch.Status(d.now), d.InUse
	}
	return seen
}

func (g createSecurityGroupInput) observed() values {
	return values{"VpcStatus": g.vpcStatus, "SecurityGroupsOfRegion": g.Groups}
}

func (c createVSwitchInput) observed() values {
	seen := values{"ZoneIsKnown": c.ZoneKnown, "VSwitches": len(c.Siblings)}
	if c.VPC != nil {
		seen["VpcId"], seen["VpcStatus"], seen["VpcCidrBlock"] = c.VPC.ID, c.VPC.Status(c.now), c.VPC.CIDRBlock.String()
	}
	return seen
}

func (c rulesInput) observed() values { return values{"Rules": len(c.Rules), "MaxRules": maxRules} }
