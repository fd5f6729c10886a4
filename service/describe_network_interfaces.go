package service

import (
	"context"

	"enisim.alt/store"
)

// NetworkInterface is a network interface as a caller sees it. The alias is for packages that do
// not import the store.
type NetworkInterface = store.DescribedNetworkInterface

// PrivateIPAddress is an address of a NetworkInterface.
type PrivateIPAddress = store.PrivateIPAddress

// EIPOfAddress is an EIP on an address of an interface. The alias is for packages that do not import the
// store.
type EIPOfAddress = store.EIPOfAddress

// QueuesOf returns the number of queues of an interface: the one that was set, or the default of
// its instance's type. It is 0 if no source gives the figure.
func QueuesOf(n NetworkInterface) int {
	return valueOf(firstSet(n.QueueNumber, n.DefaultQueues))
}

// DescribeNetworkInterfacesRequest is the request for a list of interfaces. All its filters must
// hold; an empty one does not filter.
type DescribeNetworkInterfacesRequest struct {
	RegionID            string   `api:"RegionId"`
	NetworkInterfaceIDs []string `api:"NetworkInterfaceId"`
	InstanceID          string   `api:"InstanceId"`
	VPCID               string   `api:"VpcId"`
	VSwitchID           string   `api:"VSwitchId"`
	SecurityGroupID     string   `api:"SecurityGroupId"` // selects secondary interfaces only
	Type                string
	Status              string
	PrimaryIPAddress    string   `api:"PrimaryIpAddress"`
	PrivateIPAddresses  []string `api:"PrivateIpAddress"` // secondary ones
	IPv6Addresses       []string `api:"Ipv6Address"`
	Name                string   `api:"NetworkInterfaceName"`
	ServiceManaged      *bool
	ResourceGroupID     string      `api:"ResourceGroupId"`
	Tags                []Tag       `api:"Tag"`
	Page                PageRequest `api:",inline"`
	Malformed           Malformed
}

// networkInterfacePages are the bounds of the reference (docs/reference/protocol.md, section 1.4).
var networkInterfacePages = paging{
	list: "network interfaces", maxPageSize: 1000, minResults: 10, maxResults: 500, defaultPageSize: 10,
}

// describeNetworkInterfacesRules does not check whether the named resources exist. An unknown id is
// missing from the list, and clients read an empty list as "deleted".
var describeNetworkInterfacesRules = []rule[DescribeNetworkInterfacesRequest]{
	required[DescribeNetworkInterfacesRequest]("RegionId"),
	wellFormed[DescribeNetworkInterfacesRequest](InvalidRegionIDMalformed, "RegionId", isValidID),
	wellFormed[DescribeNetworkInterfacesRequest](InvalidInstanceIDMalformed, "InstanceId", isValidID),
	readable[DescribeNetworkInterfacesRequest](),
	invalid(
		"NetworkInterfaceId",
		func(r DescribeNetworkInterfacesRequest) bool { return len(r.NetworkInterfaceIDs) > maxListed },
	),
	among[DescribeNetworkInterfacesRequest](
		"Type", store.ENIPrimary, store.ENISecondary, store.ENITrunk, store.ENIMember,
	),
	among[DescribeNetworkInterfacesRequest](
		"Status", store.ENIAvailable, store.ENIAttaching, store.ENIInUse, store.ENIDetaching, store.ENIDeleting,
	),
	invalid(
		"PrimaryIpAddress",
		func(r DescribeNetworkInterfacesRequest) bool { return !allIPv4(optionalList(r.PrimaryIPAddress)...) },
	),
	invalid("PrivateIpAddress", func(r DescribeNetworkInterfacesRequest) bool {
		return len(r.PrivateIPAddresses) > maxListed || !allIPv4(r.PrivateIPAddresses...)
	}),
	invalid("Ipv6Address", func(r DescribeNetworkInterfacesRequest) bool {
		return len(r.IPv6Addresses) > maxListed || !allIPv6(r.IPv6Addresses...)
	}),
	invalid("Tag", func(r DescribeNetworkInterfacesRequest) bool { return tooManyTags(r.Tags) || lacksTagKey(r.Tags) }),
	{err: InvalidEniPageNumber, violated: func(r DescribeNetworkInterfacesRequest) bool {
		return r.Page.hasInvalidNumber()
	}},
	invalid("PageSize", func(r DescribeNetworkInterfacesRequest) bool {
		return r.Page.hasInvalidSize(networkInterfacePages)
	}),
	invalid(
		"NextToken",
		func(r DescribeNetworkInterfacesRequest) bool { return r.Page.hasInvalidToken(networkInterfacePages) },
	),
}

// DescribeNetworkInterfaces lists the caller's interfaces in their current state, by id. It takes
// no locks, so it does not wait for an attach that is in flight. The attach shows once it is
// committed.
var DescribeNetworkInterfaces = newAction(Action[DescribeNetworkInterfacesRequest, List[NetworkInterface]]{
	permission: "ecs:DescribeNetworkInterfaces",
	parameters: describeNetworkInterfacesRules,
	run:        (*Service).describeNetworkInterfaces,
})

func (s *Service) describeNetworkInterfaces(
	ctx context.Context, caller Caller, req DescribeNetworkInterfacesRequest,
) (List[NetworkInterface], error) {
	read, err := s.store.DescribeNetworkInterfaces(ctx, s.timeOf(caller), store.NetworkInterfaceFilter{
		AccountID:       caller.AccountID,
		RegionID:        req.RegionID,
		IDs:             req.NetworkInterfaceIDs,
		InstanceID:      req.InstanceID,
		VPCID:           req.VPCID,
		VSwitchID:       req.VSwitchID,
		SecurityGroupID: req.SecurityGroupID,
		Type:            req.Type,
		Status:          req.Status,
		PrimaryIPs:      parseAddresses(optionalList(req.PrimaryIPAddress)),
		SecondaryIPs:    parseAddresses(req.PrivateIPAddresses),
		IPv6Addresses:   parseAddresses(req.IPv6Addresses),
		Name:            req.Name,
		ServiceManaged:  req.ServiceManaged,
		ResourceGroupID: req.ResourceGroupID,
		Tags:            tagFilter(req.Tags),
	}, networkInterfacePages.page(req.Page))
	if err != nil {
		return List[NetworkInterface]{}, err
	}
	return newPage(networkInterfacePages, req.Page, read, func(n NetworkInterface) string { return n.ID }), nil
}
