package httpapi

import (
	"net/netip"

	"enisim.alt/service"
)

type describeNetworkInterfacesReply struct {
	Reply
	pageReply
	NetworkInterfaceSets struct{ NetworkInterfaceSet []networkInterfaceSet }
}

func newNetworkInterfacesResponse(list service.List[service.NetworkInterface]) any {
	reply := &describeNetworkInterfacesReply{pageReply: pageOf(list)}
	reply.NetworkInterfaceSets.NetworkInterfaceSet = mapEach(list.Items, newNetworkInterface)
	return reply
}

// managingServiceID stands for the cloud service that manages an interface. The simulator does not
// know which service it is.
const managingServiceID = 1000000000000000

// networkInterfaceSet is a network interface in replies. There are no RDMA interfaces, so no queue
// pairs. InstanceId without a value is empty rather than absent, and so is every list: clients rely on
// it.
type networkInterfaceSet struct {
	NetworkInterfaceId          string
	NetworkInterfaceName        string
	Description                 string
	Status                      string
	Type                        string
	InstanceId                  string
	VpcId                       string
	VSwitchId                   string
	ZoneId                      string
	ResourceGroupId             string
	OwnerId                     string
	MacAddress                  string
	PrivateIpAddress            string
	PrivateIpSets               struct{ PrivateIpSet []associablePrivateIP }
	AssociatedPublicIp          associatedPublicIP
	Ipv6Sets                    ipv6Sets
	Ipv4PrefixSets              ipv4PrefixSets
	Ipv6PrefixSets              ipv6PrefixSets
	SecurityGroupIds            securityGroupIDs
	Tags                        ecsTags
	Attachment                  attachment
	CreationTime                string
	DeleteOnRelease             bool
	SourceDestCheck             bool
	ServiceManaged              bool
	ServiceID                   int64
	QueueNumber                 int
	QueuePairNumber             int
	NetworkInterfaceTrafficMode string
}

// associablePrivateIP is a private address with the EIP on it.
type associablePrivateIP struct {
	privateIP
	AssociatedPublicIp associatedPublicIP
}

// associatedPublicIP is the EIP on an address; it is empty if there is none.
type associatedPublicIP struct {
	PublicIpAddress string `json:",omitempty" xml:",omitempty"`
	AllocationId    string `json:",omitempty" xml:",omitempty"`
}

func newAssociatedPublicIP(e *service.EIPOfAddress) associatedPublicIP {
	if e == nil {
		return associatedPublicIP{}
	}
	return associatedPublicIP{e.IPAddress.String(), e.ID}
}

// attachment is the attachment of an interface; it is empty for an interface that is not attached.
type attachment struct {
	InstanceId       string `json:",omitempty" xml:",omitempty"`
	DeviceIndex      *int   `json:",omitempty" xml:",omitempty"`
	NetworkCardIndex *int   `json:",omitempty" xml:",omitempty"`

	TrunkNetworkInterfaceId string `json:",omitempty" xml:",omitempty"` // of a member

	// Only the reply for one interface has this list.
	MemberNetworkInterfaceIds *memberNetworkInterfaceIDs `json:",omitempty" xml:",omitempty"`
}

type memberNetworkInterfaceIDs struct{ MemberNetworkInterfaceId []string }

// Parts of an interface that other replies have too.
type (
	privateIP struct {
		PrivateIpAddress string
		Primary          bool
	}
	ipv6 struct {
		Ipv6Address string
		Primary     bool
	}
	ipv6Sets         struct{ Ipv6Set []ipv6 }
	ipv4Prefix       struct{ Ipv4Prefix string }
	ipv6Prefix       struct{ Ipv6Prefix string }
	ipv4PrefixSets   struct{ Ipv4PrefixSet []ipv4Prefix }
	ipv6PrefixSets   struct{ Ipv6PrefixSet []ipv6Prefix }
	securityGroupIDs struct{ SecurityGroupId []string }
)

func newPrivateIP(a service.PrivateIPAddress) privateIP {
	return privateIP{a.Address.String(), a.IsPrimary}
}

func newIPv6(a service.PrivateIPAddress) ipv6 { return ipv6{a.Address.String(), a.IsPrimary} }

func newIPv4Prefixes(n service.NetworkInterface) ipv4PrefixSets {
	return ipv4PrefixSets{mapEach(n.IPv4Prefixes(), func(p netip.Prefix) ipv4Prefix { return ipv4Prefix{p.String()} })}
}

func newIPv6Prefixes(n service.NetworkInterface) ipv6PrefixSets {
	return ipv6PrefixSets{mapEach(n.IPv6Prefixes(), func(p netip.Prefix) ipv6Prefix { return ipv6Prefix{p.String()} })}
}

func newNetworkInterface(n service.NetworkInterface) networkInterfaceSet {
	set := networkInterfaceSet{
		NetworkInterfaceId:          n.ID,
		NetworkInterfaceName:        n.Name,
		Description:                 n.Description,
		Status:                      n.Status,
		Type:                        n.CurrentType(),
		VpcId:                       n.VPCID,
		VSwitchId:                   n.VSwitchID,
		ZoneId:                      n.ZoneID,
		ResourceGroupId:             n.ResourceGroupID,
		OwnerId:                     n.AccountID,
		MacAddress:                  n.MACAddress,
		PrivateIpAddress:            n.PrimaryIP(),
		Ipv6Sets:                    ipv6Sets{mapEach(n.IPv6(), newIPv6)},
		Ipv4PrefixSets:              newIPv4Prefixes(n),
		Ipv6PrefixSets:              newIPv6Prefixes(n),
		SecurityGroupIds:            securityGroupIDs{mapEach(n.SecurityGroupIDs, identity)},
		Tags:                        newECSTags(n.Tags),
		CreationTime:                n.CreatedAt.Format(timeWithSeconds),
		DeleteOnRelease:             n.DeleteOnRelease,
		SourceDestCheck:             n.SourceDestCheck,
		ServiceManaged:              n.ServiceManaged,
		QueueNumber:                 service.QueuesOf(n),
		QueuePairNumber:             n.Attributes.QueuePairNumber,
		NetworkInterfaceTrafficMode: n.TrafficMode,
	}
	set.PrivateIpSets.PrivateIpSet = mapEach(n.IPv4(), func(a service.PrivateIPAddress) associablePrivateIP {
		ip := associablePrivateIP{newPrivateIP(a), newAssociatedPublicIP(n.EIPOn(a.Address))}
		if a.IsPrimary {
			set.AssociatedPublicIp = ip.AssociatedPublicIp
		}
		return ip
	})
	if n.InstanceID != nil {
		set.InstanceId = *n.InstanceID
		set.Attachment = attachment{InstanceId: *n.InstanceID, DeviceIndex: n.DeviceIndex, NetworkCardIndex: new(0)}
		if n.NetworkCardIndex != nil {
			set.Attachment.NetworkCardIndex = n.NetworkCardIndex
		}
		if n.IsMember() { // it is on the card of its trunk
			set.Attachment.NetworkCardIndex, set.Attachment.TrunkNetworkInterfaceId = nil, *n.TrunkID
		}
	}
	if n.ServiceManaged { // a customer is not told where a service uses its interface
		set.InstanceId = ""
		set.ServiceID = managingServiceID
	}
	return set
}
