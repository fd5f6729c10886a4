package service

import (
	"context"
	"strings"

	"enisim/store"
)

// NetworkInterface is a network interface as a caller sees it, for packages that know nothing of the store.
type NetworkInterface = store.DescribedNetworkInterface

// PrivateIPAddress is an address of a NetworkInterface.
type PrivateIPAddress = store.PrivateIPAddress

// DescribeNetworkInterfaces is the request for a list of interfaces. All its filters must hold; an empty one does not filter.
type DescribeNetworkInterfaces struct {
	RegionID            string
	NetworkInterfaceIDs []string
	InstanceID          string
	VPCID, VSwitchID    string
	SecurityGroupID     string // selects secondary interfaces only
	Type, Status        string
	PrimaryIPAddress    string
	PrivateIPAddresses  []string // secondary ones
	IPv6Addresses       []string
	Name                string
	ServiceManaged      *bool
	ResourceGroupID     string
	Tags                []Tag
	Page                PageRequest
	Malformed           []string // names of parameters that are not of their type
}

// networkInterfacePages are the bounds of the reference (protocol.md, section 1.4).
var networkInterfacePages = paging{
	list: "network interfaces", mostByNumber: 1000, fewestByToken: 10, mostByToken: 500, defaultPerPage: 10,
}

// describeNetworkInterfacesRules: no rule asks whether what a filter names exists. An unknown id is missing from the list, and clients
// read an empty list as "deleted".
var describeNetworkInterfacesRules = []rule[DescribeNetworkInterfaces]{
	{err: MissingNamedParameter, broken: func(r DescribeNetworkInterfaces) bool { return r.RegionID == "" },
		fill: named[DescribeNetworkInterfaces]("RegionId")},
	{err: InvalidRegionIDMalformed, broken: func(r DescribeNetworkInterfaces) bool { return !wellFormedID(r.RegionID) }},
	{err: InvalidInstanceIDMalformed, broken: func(r DescribeNetworkInterfaces) bool { return !wellFormedID(r.InstanceID) }},
	{err: InvalidParameter, broken: func(r DescribeNetworkInterfaces) bool { return len(r.Malformed) > 0 },
		fill: func(r DescribeNetworkInterfaces) []any { return []any{strings.Join(r.Malformed, ", ")} }},
	{err: InvalidParameter, broken: func(r DescribeNetworkInterfaces) bool { return len(r.NetworkInterfaceIDs) > mostListed },
		fill: named[DescribeNetworkInterfaces]("NetworkInterfaceId")},
	// Trunk and Member are types of the cloud that no interface has here.
	{err: InvalidParameter, broken: func(r DescribeNetworkInterfaces) bool {
		return r.Type != "" && !oneOf(r.Type, store.ENIPrimary, store.ENISecondary, "Trunk", "Member")
	}, fill: named[DescribeNetworkInterfaces]("Type")},
	{err: InvalidParameter, broken: func(r DescribeNetworkInterfaces) bool {
		return r.Status != "" && !oneOf(r.Status, store.ENIAvailable, store.ENIAttaching, store.ENIInUse, store.ENIDetaching, store.ENIDeleting)
	}, fill: named[DescribeNetworkInterfaces]("Status")},
	{err: InvalidParameter, broken: func(r DescribeNetworkInterfaces) bool { return !areIPv4(given(r.PrimaryIPAddress)...) },
		fill: named[DescribeNetworkInterfaces]("PrimaryIpAddress")},
	{err: InvalidParameter, broken: func(r DescribeNetworkInterfaces) bool {
		return len(r.PrivateIPAddresses) > mostListed || !areIPv4(r.PrivateIPAddresses...)
	}, fill: named[DescribeNetworkInterfaces]("PrivateIpAddress")},
	{err: InvalidParameter, broken: func(r DescribeNetworkInterfaces) bool {
		return len(r.IPv6Addresses) > mostListed || !areIPv6(r.IPv6Addresses...)
	}, fill: named[DescribeNetworkInterfaces]("Ipv6Address")},
	{err: InvalidParameter, broken: func(r DescribeNetworkInterfaces) bool { return len(r.Tags) > mostTags || lacksKey(r.Tags) },
		fill: named[DescribeNetworkInterfaces]("Tag")},
	{err: InvalidEniPageNumber, broken: func(r DescribeNetworkInterfaces) bool { return r.Page.badNumber() }},
	{err: InvalidParameter, broken: func(r DescribeNetworkInterfaces) bool { return r.Page.badSize(networkInterfacePages) },
		fill: named[DescribeNetworkInterfaces]("PageSize")},
	{err: InvalidParameter, broken: func(r DescribeNetworkInterfaces) bool { return r.Page.badToken(networkInterfacePages) },
		fill: named[DescribeNetworkInterfaces]("NextToken")},
}

// DescribeNetworkInterfaces lists the caller's interfaces, by id, as they stand at the moment. It takes no locks: an attach that is under way
// is not waited for, and shows once it is committed.
func (s *Service) DescribeNetworkInterfaces(ctx context.Context, caller Caller, req DescribeNetworkInterfaces) (List[NetworkInterface], error) {
	if err := check(describeNetworkInterfacesRules, req); err != nil {
		return List[NetworkInterface]{}, err
	}
	if err := s.admit(ctx, caller, "ecs:DescribeNetworkInterfaces", req.RegionID); err != nil {
		return List[NetworkInterface]{}, err
	}
	read, err := s.store.DescribeNetworkInterfaces(ctx, s.moment(), store.NetworkInterfaceFilter{
		AccountID:       caller.AccountID,
		RegionID:        req.RegionID,
		IDs:             req.NetworkInterfaceIDs,
		InstanceID:      req.InstanceID,
		VPCID:           req.VPCID,
		VSwitchID:       req.VSwitchID,
		SecurityGroupID: req.SecurityGroupID,
		Type:            req.Type,
		Status:          req.Status,
		PrimaryIPs:      addresses(given(req.PrimaryIPAddress)),
		SecondaryIPs:    addresses(req.PrivateIPAddresses),
		IPv6Addresses:   addresses(req.IPv6Addresses),
		Name:            req.Name,
		ServiceManaged:  req.ServiceManaged,
		ResourceGroupID: req.ResourceGroupID,
		Tags:            tagFilter(req.Tags),
	}, networkInterfacePages.page(req.Page))
	if err != nil {
		return List[NetworkInterface]{}, err
	}
	return paged(networkInterfacePages, req.Page, read, func(n NetworkInterface) string { return n.ID }), nil
}
