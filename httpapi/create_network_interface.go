package httpapi

import "enisim.alt/service"

// createNetworkInterfaceReply is a new interface. It has fewer fields than an interface in a list.
type createNetworkInterfaceReply struct {
	Reply
	NetworkInterfaceId   string
	NetworkInterfaceName string
	Description          string
	Status               string
	Type                 string
	MacAddress           string
	PrivateIpAddress     string
	VpcId                string
	VSwitchId            string
	ZoneId               string
	ResourceGroupId      string
	OwnerId              string
	ServiceManaged       bool
	SourceDestCheck      bool
	SecurityGroupIds     securityGroupIDs
	PrivateIpSets        struct{ PrivateIpSet []privateIP }
	Ipv6Sets             ipv6Sets
	Ipv4PrefixSets       ipv4PrefixSets
	Ipv6PrefixSets       ipv6PrefixSets
	Tags                 ecsTags
}

func newCreatedNetworkInterfaceResponse(n service.NetworkInterface) any {
	reply := &createNetworkInterfaceReply{
		NetworkInterfaceId:   n.ID,
		NetworkInterfaceName: n.Name,
		Description:          n.Description,
		Status:               n.Status,
		Type:                 n.Type,
		MacAddress:           n.MACAddress,
		PrivateIpAddress:     n.PrimaryIP(),
		VpcId:                n.VPCID,
		VSwitchId:            n.VSwitchID,
		ZoneId:               n.ZoneID,
		ResourceGroupId:      n.ResourceGroupID,
		OwnerId:              n.AccountID,
		SourceDestCheck:      n.SourceDestCheck,
		SecurityGroupIds:     securityGroupIDs{mapEach(n.SecurityGroupIDs, identity)},
		Ipv6Sets:             ipv6Sets{mapEach(n.IPv6(), newIPv6)},
		Ipv4PrefixSets:       newIPv4Prefixes(n),
		Ipv6PrefixSets:       newIPv6Prefixes(n),
		Tags:                 newECSTags(n.Tags),
	}
	reply.PrivateIpSets.PrivateIpSet = mapEach(n.IPv4(), newPrivateIP)
	return reply
}
