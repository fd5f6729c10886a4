package service

import (
	"cmp"
	"context"
	"net/netip"
	"slices"

	"enisim.alt/store"
)

// AllocateEIPAddressRequest is the request for a new EIP.
type AllocateEIPAddressRequest struct {
	RegionID           string `api:"RegionId"`
	Bandwidth          *int   // Mbit/s
	ISP                string `api:"ISP"`
	Netmode            string
	InternetChargeType string
	InstanceChargeType string
	Period             *int // accepted, without effect, like the next two: nothing is paid for
	PricingCycle       string
	AutoPay            *bool
	IPAddress          string `api:"IpAddress"` // "": any
	Name               string
	Description        string
	ResourceGroupID    string `api:"ResourceGroupId"`
	Tags               []Tag  `api:"Tag"`
	ClientToken        string
	Malformed          Malformed
}

// AllocatedEIP is the answer to AllocateEIPAddress.
type AllocatedEIP struct {
	AllocationID, ResourceGroupID string
	IPAddress                     netip.Addr
}

// The charge types of EIPs, and what an EIP has whose request does not say.
const (
	eipPayByBandwidth = "PayByBandwidth"
	eipPayByTraffic   = "PayByTraffic"
	eipPostPaid       = "PostPaid"
	eipPrePaid        = "PrePaid"
	eipISP            = "BGP"
	eipNetmode        = "public"
	eipBandwidth      = 5 // Mbit/s
)

// maxEIPs is the number of EIPs that an account may have in a region, which is the vendor's default.
const maxEIPs = 20

// maxEIPBandwidth returns the largest bandwidth of an EIP that is paid for in a way, in Mbit/s.
func maxEIPBandwidth(internetChargeType string) int {
	if internetChargeType == eipPayByTraffic {
		return 200
	}
	return 500
}

var allocateEIPParameterRules = slices.Concat(
	[]rule[AllocateEIPAddressRequest]{
		required[AllocateEIPAddressRequest]("RegionId"),
		readable[AllocateEIPAddressRequest](),
		{err: InvalidEIPInternetCharge, violated: func(r AllocateEIPAddressRequest) bool {
			return !oneOf(r.InternetChargeType, "", eipPayByBandwidth, eipPayByTraffic)
		}},
		among[AllocateEIPAddressRequest]("InstanceChargeType", eipPostPaid, eipPrePaid),
		among[AllocateEIPAddressRequest]("Netmode", eipNetmode),
		{err: InvalidBandwidthMalformed, violated: func(r AllocateEIPAddressRequest) bool {
			return r.Bandwidth != nil && (*r.Bandwidth < 1 || *r.Bandwidth > maxEIPBandwidth(r.InternetChargeType))
		}},
		invalid("IpAddress", func(r AllocateEIPAddressRequest) bool {
			return r.IPAddress != "" && !allIPv4(r.IPAddress)
		}),
	},
	eipTextRules[AllocateEIPAddressRequest](),
	vpcTagRules[AllocateEIPAddressRequest](),
	[]rule[AllocateEIPAddressRequest]{
		wellFormed[AllocateEIPAddressRequest](InvalidClientTokenValue, "ClientToken", isValidClientToken),
	},
)

// eipTextRules check the name and the description of an EIP.
func eipTextRules[T any]() []rule[T] {
	name, description := textOf[T]("Name"), textOf[T]("Description")
	return []rule[T]{
		invalid("Name", func(r T) bool { return name(r) != "" && !isValidVPCName(name(r)) }),
		invalid("Description", func(r T) bool {
			return description(r) != "" && !isValidDescription(description(r), 2, 256)
		}),
	}
}

var allocateEIPRules = []rule[*store.AllocateEIPScene]{
	{err: QuotaExceededEIP, violated: func(a *store.AllocateEIPScene) bool { return a.Held >= maxEIPs }},
	{err: ReserveIPFail, violated: func(a *store.AllocateEIPScene) bool { return len(a.Free) == 0 }},
}

// AllocateEIPAddress allocates an EIP: the named address, or a free one. It is Available at once.
var AllocateEIPAddress = newAction(Action[AllocateEIPAddressRequest, AllocatedEIP]{
	permission: "vpc:AllocateEipAddress",
	parameters: allocateEIPParameterRules,
	refusals:   errorsOf(allocateEIPRules),
	write:      (*Service).allocateEIPAddress,
	creates:    true,
})

func (s *Service) allocateEIPAddress(
	ctx context.Context, tx *store.Tx, caller Caller, req AllocateEIPAddressRequest,
) (AllocatedEIP, error) {
	// Several addresses are tried, because an account may have a random one already.
	const firstByte, candidates = 47, 8
	addresses := s.publicIPs(firstByte, candidates)
	if req.IPAddress != "" {
		addresses = []netip.Addr{netip.MustParseAddr(req.IPAddress)}
	}
	scene, err := tx.LockForAllocateEIP(ctx, caller.AccountID, req.RegionID, addresses)
	if err != nil {
		return AllocatedEIP{}, err
	}
	if err := check(allocateEIPRules, scene); err != nil {
		return AllocatedEIP{}, err
	}
	now := s.timeOf(caller)
	eip := store.EIP{
		AccountID:       caller.AccountID,
		ID:              s.newID("eip-", req.RegionID),
		RegionID:        req.RegionID,
		IPAddress:       scene.Free[0],
		Bandwidth:       eipBandwidth,
		Name:            req.Name,
		Description:     req.Description,
		ResourceGroupID: req.ResourceGroupID,
		Tags:            tagMap(req.Tags),
		Attributes: store.EIPAttributes{
			InternetChargeType: cmp.Or(req.InternetChargeType, eipPayByBandwidth),
			InstanceChargeType: cmp.Or(req.InstanceChargeType, eipPostPaid),
			ISP:                cmp.Or(req.ISP, eipISP),
		},
		CreatedAt: now,
	}
	if req.Bandwidth != nil {
		eip.Bandwidth = *req.Bandwidth
	}
	tx.InsertEIP(eip)
	described := store.DescribedEIP{EIP: eip, Status: store.EIPAvailable}
	return AllocatedEIP{eip.ID, eip.ResourceGroupID, eip.IPAddress},
		s.recordCreation(tx, caller, now, store.ChangesOf(nil, &described, now), eip.ID, eip.Tags)
}
