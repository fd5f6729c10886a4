package service

import (
	"context"
	"slices"
	"strings"

	"enisim.alt/store"
)

// Defaults for instances that do not set these, such as those of a scenario.
const (
	InstanceChargeType = "PostPaid"
	InstanceImageID    = "aliyun_3_x64_20G_alibase_20240819.vhd"
)

// Instance is an instance as a caller sees it. The alias is for packages that do not import the
// store.
type Instance = store.DescribedInstance

// DescribeInstancesRequest is the request for a list of instances. All its filters must hold; an
// empty one does not filter.
type DescribeInstancesRequest struct {
	RegionID            string   `api:"RegionId"`
	InstanceIDs         JSONList `api:"InstanceIds"`
	PrivateIPAddresses  JSONList `api:"PrivateIpAddresses"` // of the primary interface, its primary one
	PublicIPAddresses   JSONList `api:"PublicIpAddresses"`
	EIPAddresses        JSONList `api:"EipAddresses"`
	InnerIPAddresses    JSONList `api:"InnerIpAddresses"`
	IPv6Addresses       []string `api:"Ipv6Address"`
	VPCID               string   `api:"VpcId"`
	VSwitchID           string   `api:"VSwitchId"`
	ZoneID              string   `api:"ZoneId"`
	SecurityGroupID     string   `api:"SecurityGroupId"`
	InstanceType        string
	InstanceTypeFamily  string
	ImageID             string `api:"ImageId"`
	InstanceChargeType  string
	InstanceNetworkType string
	Status              string
	InstanceName        string // * matches any characters
	KeyPairName         string
	ResourceGroupID     string `api:"ResourceGroupId"`
	Tags                []Tag  `api:"Tag"`
	DryRun              *bool
	Page                PageRequest `api:",inline"`
	Malformed           Malformed
}

// instancePages are the bounds of the reference (docs/reference/protocol.md, section 1.4).
var instancePages = paging{
	list: "instances", maxPageSize: 100, minResults: 10, maxResults: 100, defaultPageSize: 10,
}

var describeInstancesRules = slices.Concat([]rule[DescribeInstancesRequest]{
	required[DescribeInstancesRequest]("RegionId"),
	wellFormed[DescribeInstancesRequest](InvalidRegionIDMalformed, "RegionId", isValidID),
	validLists[DescribeInstancesRequest](
		"InstanceIds", "PrivateIpAddresses", "PublicIpAddresses", "EipAddresses", "InnerIpAddresses",
	),
	readable[DescribeInstancesRequest](),
	invalid("InstanceIds", func(r DescribeInstancesRequest) bool { return len(r.InstanceIDs) > maxListed }),
	invalid("PrivateIpAddresses", func(r DescribeInstancesRequest) bool {
		return len(r.PrivateIPAddresses) > maxListed || !allIPv4(r.PrivateIPAddresses...)
	}),
	invalid("PublicIpAddresses", func(r DescribeInstancesRequest) bool {
		return len(r.PublicIPAddresses) > maxListed || !allIPv4(r.PublicIPAddresses...)
	}),
	invalid(
		"EipAddresses",
		func(r DescribeInstancesRequest) bool {
			return len(r.EIPAddresses) > maxListed || !allIPv4(r.EIPAddresses...)
		},
	),
	invalid("InnerIpAddresses", func(r DescribeInstancesRequest) bool {
		return len(r.InnerIPAddresses) > maxListed || !allIPv4(r.InnerIPAddresses...)
	}),
	invalid("Ipv6Address", func(r DescribeInstancesRequest) bool {
		return len(r.IPv6Addresses) > maxListed || !allIPv6(r.IPv6Addresses...)
	}),
	{err: InvalidTagCount, violated: func(r DescribeInstancesRequest) bool { return tooManyTags(r.Tags) }},
	invalid("Tag", func(r DescribeInstancesRequest) bool { return lacksTagKey(r.Tags) }),
	{err: InvalidStatusNotFound, violated: func(r DescribeInstancesRequest) bool {
		return r.Status != "" && !oneOf(
			r.Status,
			store.InstancePending,
			store.InstanceStarting,
			store.InstanceRunning,
			store.InstanceStopping,
			store.InstanceStopped,
		)
	}},
	{err: InvalidNetworkTypeNotFound, violated: func(r DescribeInstancesRequest) bool {
		return r.InstanceNetworkType != "" &&
			!oneOf(r.InstanceNetworkType, store.NetworkTypeVPC, store.NetworkTypeClassic)
	}},
	{err: InvalidInstanceChargeTypeNotFound, violated: func(r DescribeInstancesRequest) bool {
		return r.InstanceChargeType != "" && !oneOf(r.InstanceChargeType, "PrePaid", "PostPaid")
	}},
}, validPage[DescribeInstancesRequest](instancePages))

// selectsNone reports whether a filter is an empty list, or asks for an address that no instance
// has here: one that is not of a VPC.
func (r DescribeInstancesRequest) selectsNone() bool {
	return areEmpty(r.InstanceIDs, r.PrivateIPAddresses, r.PublicIPAddresses, r.EIPAddresses, r.InnerIPAddresses) ||
		len(r.PublicIPAddresses) > 0 || len(r.EIPAddresses) > 0 || len(r.InnerIPAddresses) > 0
}

// withDefaults returns the stored values that a filter selects: value, and "" as well if value is
// the default.
func withDefaults(value, defaultValue string) []string {
	if value == defaultValue {
		return []string{value, ""}
	}
	return optionalList(value)
}

// likePattern returns the pattern for LIKE of a name in which * stands for any run of characters.
func likePattern(name string) string {
	return strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`, `*`, `%`).Replace(name)
}

// DescribeInstances lists the caller's instances with their interfaces in their current state, by
// id. It takes no locks. An interface is listed from the time when its attach is accepted until its
// detach is complete. A DryRun request that would succeed gets the error DryRunOperation.
var DescribeInstances = newAction(Action[DescribeInstancesRequest, List[Instance]]{
	permission: "ecs:DescribeInstances",
	parameters: describeInstancesRules,
	refusals:   errorsOf(dryRunRules),
	run:        (*Service).describeInstances,
})

func (s *Service) describeInstances(
	ctx context.Context, caller Caller, req DescribeInstancesRequest,
) (List[Instance], error) {
	if err := check(dryRunRules, req.DryRun); err != nil {
		return List[Instance]{}, err
	}
	var read store.List[Instance]
	if !req.selectsNone() {
		var err error
		if read, err = s.listInstances(ctx, caller, store.InstanceFilter{
			AccountID:       caller.AccountID,
			RegionID:        req.RegionID,
			IDs:             req.InstanceIDs,
			NamePattern:     likePattern(req.InstanceName),
			VPCID:           req.VPCID,
			VSwitchID:       req.VSwitchID,
			ZoneID:          req.ZoneID,
			SecurityGroupID: req.SecurityGroupID,
			InstanceType:    req.InstanceType,
			Family:          req.InstanceTypeFamily,
			Status:          req.Status,
			NetworkType:     req.InstanceNetworkType,
			ResourceGroupID: req.ResourceGroupID,
			ImageIDs:        withDefaults(req.ImageID, InstanceImageID),
			ChargeTypes:     withDefaults(req.InstanceChargeType, InstanceChargeType),
			KeyPairName:     req.KeyPairName,
			PrimaryIPs:      parseAddresses(req.PrivateIPAddresses),
			IPv6Addresses:   parseAddresses(req.IPv6Addresses),
			Tags:            tagFilter(req.Tags),
		}, instancePages.page(req.Page)); err != nil {
			return List[Instance]{}, err
		}
	}
	return newPage(instancePages, req.Page, read, func(i Instance) string { return i.ID }), nil
}
