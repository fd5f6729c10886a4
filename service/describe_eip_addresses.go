package service

import (
	"context"
	"slices"
	"strings"

	"enisim.alt/store"
)

// EIP is an EIP as a caller sees it. The alias is for packages that do not import the store.
type EIP = store.DescribedEIP

// DescribeEIPAddressesRequest is the request for a list of EIPs. All its filters must hold; an empty one does
// not filter.
type DescribeEIPAddressesRequest struct {
	RegionID                  string `api:"RegionId"`
	AllocationID              string `api:"AllocationId"` // ids, separated by commas
	EIPAddress                string `api:"EipAddress"`   // addresses, separated by commas
	EIPName                   string `api:"EipName"`
	Status                    string
	ISP                       string `api:"ISP"`
	ChargeType                string
	AssociatedInstanceType    string
	AssociatedInstanceID      string `api:"AssociatedInstanceId"`
	ResourceGroupID           string `api:"ResourceGroupId"`
	LockReason                string
	SegmentInstanceID         string `api:"SegmentInstanceId"`
	BandwidthPackageID        string `api:"BandwidthPackageId"`
	PublicIPAddressPoolID     string `api:"PublicIpAddressPoolId"`
	ServiceManaged            *bool
	SecurityProtectionEnabled *bool
	IncludeReservationData    *bool // accepted, without effect: no change of an EIP is reserved
	DryRun                    *bool
	Tags                      []Tag        `api:"Tag"`
	Page                      NumberedPage `api:",inline"`
	Malformed                 Malformed
}

// eipPages are the bounds of the list of EIPs.
var eipPages = paging{list: "EIP", maxPageSize: 100, defaultPageSize: 10}

// maxEIPFilter is how many EIPs a list may ask for by id or address.
const maxEIPFilter = 50

// splitList returns the items of a parameter that separates them by commas.
func splitList(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, ",")
}

var describeEIPAddressesRules = slices.Concat([]rule[DescribeEIPAddressesRequest]{
	required[DescribeEIPAddressesRequest]("RegionId"),
	readable[DescribeEIPAddressesRequest](),
	invalid("AllocationId", func(r DescribeEIPAddressesRequest) bool {
		return len(splitList(r.AllocationID)) > maxEIPFilter
	}),
	invalid("EipAddress", func(r DescribeEIPAddressesRequest) bool {
		addresses := splitList(r.EIPAddress)
		return len(addresses) > maxEIPFilter || !allIPv4(addresses...)
	}),
	among[DescribeEIPAddressesRequest]("Status",
		store.EIPAssociating, store.EIPUnassociating, store.EIPInUse, store.EIPAvailable, "Releasing"),
	among[DescribeEIPAddressesRequest]("ChargeType", eipPostPaid, eipPrePaid),
	validTagFilter[DescribeEIPAddressesRequest](),
}, validNumberedPage[DescribeEIPAddressesRequest](eipPages), dryRunOf[DescribeEIPAddressesRequest]())

// dryRunOf returns dryRunRules for a request that reads only.
func dryRunOf[T any]() []rule[T] { return lift(dryRunRules, valueFrom[T, *bool]("DryRun")) }

// selectsNone reports whether a filter selects EIPs that there are none of here: locked ones, and those of a
// segment, a bandwidth package, a pool of addresses or a service, and those with protection.
func (r DescribeEIPAddressesRequest) selectsNone() bool {
	return r.LockReason+r.SegmentInstanceID+r.BandwidthPackageID+r.PublicIPAddressPoolID != "" ||
		isTrue(r.ServiceManaged) || isTrue(r.SecurityProtectionEnabled)
}

// DescribeEIPAddresses lists the caller's EIPs in their current state, by id. It takes no locks.
var DescribeEIPAddresses = newAction(Action[DescribeEIPAddressesRequest, List[EIP]]{
	permission: "vpc:DescribeEipAddresses",
	parameters: describeEIPAddressesRules,
	run:        (*Service).describeEIPAddresses,
})

func (s *Service) describeEIPAddresses(
	ctx context.Context, caller Caller, req DescribeEIPAddressesRequest,
) (List[EIP], error) {
	page, id := req.Page.request(), func(e EIP) string { return e.ID }
	if req.selectsNone() {
		return newPage(eipPages, page, store.List[EIP]{}, id), nil
	}
	read, err := s.store.DescribeEIPs(ctx, s.timeOf(caller), store.EIPFilter{
		AccountID:       caller.AccountID,
		RegionID:        req.RegionID,
		IDs:             splitList(req.AllocationID),
		IPAddresses:     parseAddresses(splitList(req.EIPAddress)),
		Name:            req.EIPName,
		Status:          req.Status,
		ISP:             req.ISP,
		ChargeType:      req.ChargeType,
		InstanceType:    req.AssociatedInstanceType,
		InstanceID:      req.AssociatedInstanceID,
		ResourceGroupID: req.ResourceGroupID,
		Tags:            tagFilter(req.Tags),
	}, eipPages.page(page))
	if err != nil {
		return List[EIP]{}, err
	}
	return newPage(eipPages, page, read, id), nil
}
