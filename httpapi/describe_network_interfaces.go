package httpapi

import "enisim/service"

type describeNetworkInterfacesReply struct {
	Reply
	pageReply
	NetworkInterfaceSets struct{ NetworkInterfaceSet []networkInterfaceSet }
}

func spellNetworkInterfaces(list service.List[service.NetworkInterface]) any {
	reply := &describeNetworkInterfacesReply{pageReply: pageOf(list)}
	reply.NetworkInterfaceSets.NetworkInterfaceSet = spellEach(list.Items, spellNetworkInterface)
	return reply
}

// managingServiceID stands for the cloud service that manages an interface: which one it is, the simulator does not know.
const managingServiceID = 1000000000000000

// networkInterfaceSet is a network interface in replies. There are no RDMA interfaces here, so no QueuePairNumber; no public addresses; no
// prefixes; and no trunks.
type networkInterfaceSet struct {
	NetworkInterfaceId          string
	NetworkInterfaceName        string
	Description                 string
	Status                      string
	Type                        string
	InstanceId                  string `json:",omitempty" xml:",omitempty"`
	VpcId                       string
	VSwitchId                   string
	ZoneId                      string
	ResourceGroupId             string
	OwnerId                     string
	MacAddress                  string
	PrivateIpAddress            string
	PrivateIpSets               struct{ PrivateIpSet []associablePrivateIP }
	AssociatedPublicIp          struct{}
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
	ServiceID                   int64 `json:",omitempty" xml:",omitempty"`
	QueueNumber                 *int  `json:",omitempty" xml:",omitempty"` // if set: no source gives the default of a type
	NetworkInterfaceTrafficMode string
}

// associablePrivateIP is a private address to which a public one could belong.
type associablePrivateIP struct {
	privateIP
	AssociatedPublicIp struct{}
}

// attachment is what holds an interface: nothing when it is not attached.
type attachment struct {
	InstanceId       string `json:",omitempty" xml:",omitempty"`
	DeviceIndex      *int   `json:",omitempty" xml:",omitempty"`
	NetworkCardIndex *int   `json:",omitempty" xml:",omitempty"`
}

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
	ipv4PrefixSets   struct{ Ipv4PrefixSet []struct{} }
	ipv6PrefixSets   struct{ Ipv6PrefixSet []struct{} }
	securityGroupIDs struct{ SecurityGroupId []string }
)

// No interface has prefixes here, but clients fail where the lists are missing.
var (
	noIPv4Prefixes = ipv4PrefixSets{[]struct{}{}}
	noIPv6Prefixes = ipv6PrefixSets{[]struct{}{}}
)

func spellIPv4(a service.PrivateIPAddress) privateIP {
	return privateIP{a.Address.String(), a.IsPrimary}
}

func spellIPv6(a service.PrivateIPAddress) ipv6 { return ipv6{a.Address.String(), a.IsPrimary} }

func spellNetworkInterface(n service.NetworkInterface) networkInterfaceSet {
	set := networkInterfaceSet{
		NetworkInterfaceId:          n.ID,
		NetworkInterfaceName:        n.Name,
		Description:                 n.Description,
		Status:                      n.Status,
		Type:                        n.Type,
		VpcId:                       n.VPCID,
		VSwitchId:                   n.VSwitchID,
		ZoneId:                      n.ZoneID,
		ResourceGroupId:             n.ResourceGroupID,
		OwnerId:                     n.AccountID,
		MacAddress:                  n.MACAddress,
		PrivateIpAddress:            n.PrimaryIP(),
		Ipv6Sets:                    ipv6Sets{spellEach(n.IPv6(), spellIPv6)},
		Ipv4PrefixSets:              noIPv4Prefixes,
		Ipv6PrefixSets:              noIPv6Prefixes,
		SecurityGroupIds:            securityGroupIDs{spellEach(n.SecurityGroupIDs, itself)},
		Tags:                        spellECSTags(n.Tags),
		CreationTime:                n.CreatedAt.Format(timeWithSeconds),
		DeleteOnRelease:             n.DeleteOnRelease,
		SourceDestCheck:             n.SourceDestCheck,
		ServiceManaged:              n.ServiceManaged,
		QueueNumber:                 n.QueueNumber,
		NetworkInterfaceTrafficMode: "Standard",
	}
	set.PrivateIpSets.PrivateIpSet = spellEach(n.IPv4(), func(a service.PrivateIPAddress) associablePrivateIP {
		return associablePrivateIP{privateIP: spellIPv4(a)}
	})
	if n.InstanceID != nil {
		set.InstanceId = *n.InstanceID
		set.Attachment = attachment{InstanceId: *n.InstanceID, DeviceIndex: n.DeviceIndex, NetworkCardIndex: n.NetworkCardIndex}
	}
	if n.ServiceManaged { // a customer is not told where a service uses its interface
		set.InstanceId = ""
		set.ServiceID = managingServiceID
	}
	return set
}
