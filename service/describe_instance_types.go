package service

import (
	"context"
	"math"

	"enisim.alt/store"
	"enisim.alt/store/catalogue"
)

// InstanceType is an instance type as a caller sees it. The alias is for packages that do not
// import the store.
type InstanceType = store.InstanceType

// InstanceTypeDetails are figures of an instance type that are shown but not enforced. nil or "" is
// a figure that no source gives.
type InstanceTypeDetails = catalogue.Details

// DetailsOf returns the details of a type. They are empty for a type that an account defined for
// itself.
func DetailsOf(t InstanceType) InstanceTypeDetails {
	if t.OwnerID != store.CatalogueOwner {
		return InstanceTypeDetails{}
	}
	return catalogue.FindDetails(t.ID)
}

// DescribeInstanceTypesRequest is the request for a list of instance types. All its filters must
// hold; an empty one does not filter.
type DescribeInstanceTypesRequest struct {
	RegionID                   string `api:"RegionId"` // "": the types are the same everywhere
	InstanceTypes              []string
	InstanceTypeFamily         string
	InstanceTypeFamilies       []string
	CPUArchitecture            string    `api:"CpuArchitecture"`
	CPUArchitectures           []string  `api:"CpuArchitectures"`
	MinimumCPUCoreCount        *int      `api:"MinimumCpuCoreCount"`
	MaximumCPUCoreCount        *int      `api:"MaximumCpuCoreCount"`
	MinimumMemorySize          string    // GiB, a decimal number
	MaximumMemorySize          string    // likewise
	MinimumENIQuantity         *int      `api:"MinimumEniQuantity"`
	MinimumPrivateIPv4Quantity *int      `api:"MinimumEniPrivateIpAddressQuantity"` // of an interface
	MinimumIPv6Quantity        *int      `api:"MinimumEniIpv6AddressQuantity"`      // of an interface
	MinimumInstanceBandwidthRx *int      // kbit/s
	MinimumInstanceBandwidthTx *int      // kbit/s
	MinimumInstancePPSRx       *int      `api:"MinimumInstancePpsRx"`
	MinimumInstancePPSTx       *int      `api:"MinimumInstancePpsTx"`
	Page                       TokenPage `api:",inline"`
	Malformed                  Malformed
}

// instanceTypePages are the bounds of the action's page in the reference. A larger MaxResults is
// accepted and cut.
var instanceTypePages = paging{list: "instance types", minResults: 1, maxResults: 100, defaultPageSize: 100}

// maxTypesNamed is how many types a request may name.
const maxTypesNamed = 10

// architectures maps the API's names to those of the catalogue.
var architectures = map[string]string{"X86": "x86_64", "ARM": "arm64"}

var describeInstanceTypesRules = []rule[DescribeInstanceTypesRequest]{
	readable[DescribeInstanceTypesRequest](),
	invalid("InstanceTypes", func(r DescribeInstanceTypesRequest) bool { return len(r.InstanceTypes) > maxTypesNamed }),
	invalid(
		"InstanceTypeFamilies",
		func(r DescribeInstanceTypesRequest) bool { return len(r.InstanceTypeFamilies) > maxListed },
	),
	among[DescribeInstanceTypesRequest]("CpuArchitecture", "X86", "ARM"),
	invalid("CpuArchitectures", func(r DescribeInstanceTypesRequest) bool {
		if len(r.CPUArchitectures) > maxListed {
			return true
		}
		for _, a := range r.CPUArchitectures {
			if architectures[a] == "" {
				return true
			}
		}
		return false
	}),
	invalid(
		"MinimumMemorySize",
		func(r DescribeInstanceTypesRequest) bool {
			return r.MinimumMemorySize != "" && !isNumber(r.MinimumMemorySize)
		},
	),
	invalid(
		"MaximumMemorySize",
		func(r DescribeInstanceTypesRequest) bool {
			return r.MaximumMemorySize != "" && !isNumber(r.MaximumMemorySize)
		},
	),
	invalid("NextToken", func(r DescribeInstanceTypesRequest) bool {
		return r.Page.request(instanceTypePages).hasInvalidToken(instanceTypePages)
	}),
}

// DescribeInstanceTypes lists the instance types that the caller sees, by id: those of its account,
// and those of the catalogue that the account does not override. Filters on figures that the
// catalogue lacks, such as GPUs, are ignored.
var DescribeInstanceTypes = newAction(Action[DescribeInstanceTypesRequest, List[InstanceType]]{
	permission: "ecs:DescribeInstanceTypes",
	parameters: describeInstanceTypesRules,
	run:        (*Service).describeInstanceTypes,
})

func (s *Service) describeInstanceTypes(
	ctx context.Context, caller Caller, req DescribeInstanceTypesRequest,
) (List[InstanceType], error) {
	var wanted []string
	for _, a := range append(optionalList(req.CPUArchitecture), req.CPUArchitectures...) {
		wanted = append(wanted, architectures[a])
	}
	page := req.Page.request(instanceTypePages)
	read, err := s.store.DescribeInstanceTypes(ctx, store.InstanceTypeFilter{
		AccountID:            caller.AccountID,
		IDs:                  req.InstanceTypes,
		Family:               req.InstanceTypeFamily,
		Families:             req.InstanceTypeFamilies,
		Architectures:        wanted,
		MinVCPUs:             req.MinimumCPUCoreCount,
		MaxVCPUs:             req.MaximumCPUCoreCount,
		MinMemoryGiB:         parseDecimal(req.MinimumMemorySize),
		MaxMemoryGiB:         parseDecimal(req.MaximumMemorySize),
		MinENIs:              req.MinimumENIQuantity,
		MinPrivateIPv4PerENI: req.MinimumPrivateIPv4Quantity,
		MinIPv6PerENI:        req.MinimumIPv6Quantity,
		MinBandwidthKbps:     maxOf(req.MinimumInstanceBandwidthRx, req.MinimumInstanceBandwidthTx),
		MinPPS:               maxOf(req.MinimumInstancePPSRx, req.MinimumInstancePPSTx),
	}, instanceTypePages.page(page))
	if err != nil {
		return List[InstanceType]{}, err
	}
	return newPage(instanceTypePages, page, read, func(t InstanceType) string { return t.ID }), nil
}

// maxOf returns the larger of two numbers that may be absent.
func maxOf(a, b *int) *int {
	if a == nil || (b != nil && *b > *a) {
		return b
	}
	return a
}

// allInstanceTypes returns all types that a caller sees and a filter selects, by id.
func (s *Service) allInstanceTypes(
	ctx context.Context, caller Caller, f store.InstanceTypeFilter,
) ([]InstanceType, error) {
	f.AccountID = caller.AccountID
	read, err := s.store.DescribeInstanceTypes(ctx, f, store.Page{Limit: math.MaxInt32})
	return read.Rows, err
}
