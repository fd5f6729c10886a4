package service

import (
	"context"
	"slices"

	"enisim/store"
)

// DescribeAvailableResourceRequest is the request for what the zones of a region offer. Nothing is
// ever sold out.
type DescribeAvailableResourceRequest struct {
	RegionID            string `api:"RegionId"`
	DestinationResource string // what to list
	ResourceType        string
	ZoneID              string `api:"ZoneId"`
	InstanceType        string
	IOOptimized         string `api:"IoOptimized"` // optimized or none; "": optimized
	Cores               *int
	Memory              string // GiB, a decimal number
	NetworkCategory     string
	SystemDiskCategory  string
	DataDiskCategory    string
	InstanceChargeType  string
	Malformed           Malformed
}

// AvailableResources are the resources of one kind that zones of a region offer.
type AvailableResources struct {
	RegionID  string
	Kind      string
	ZoneIDs   []string
	Resources []AvailableResource // none if the zone itself is the resource
}

// AvailableResource is an instance type, a disk category, or another resource with a name. Disk
// categories have a range of sizes.
type AvailableResource struct {
	Value          string
	MinGiB, MaxGiB int
}

// Kinds of resources that have a list.
const (
	KindZone         = "Zone"
	kindIOOptimized  = "IoOptimized"
	kindInstanceType = "InstanceType"
	kindNetwork      = "Network"
	kindSystemDisk   = "SystemDisk"
	kindDataDisk     = "DataDisk"
)

// The categories of disks, with the sizes in which they come.
var (
	systemDisks = []AvailableResource{
		{"cloud_auto", 20, 2048}, {"cloud_efficiency", 20, 2048}, {"cloud_essd", 20, 2048}, {"cloud_ssd", 20, 2048},
	}
	dataDisks = []AvailableResource{
		{"cloud_auto", 1, 65536}, {"cloud_efficiency", 20, 32768}, {"cloud_essd", 20, 65536}, {"cloud_ssd", 20, 32768},
	}
)

var describeAvailableResourceRules = []rule[DescribeAvailableResourceRequest]{
	required[DescribeAvailableResourceRequest]("RegionId"),
	required[DescribeAvailableResourceRequest]("DestinationResource"),
	readable[DescribeAvailableResourceRequest](),
	among[DescribeAvailableResourceRequest](
		"DestinationResource", KindZone, kindIOOptimized, kindInstanceType, kindNetwork, "ddh", kindSystemDisk,
		kindDataDisk,
	),
	among[DescribeAvailableResourceRequest]("ResourceType", "instance", "disk", "reservedinstance", "ddh"),
	among[DescribeAvailableResourceRequest]("IoOptimized", "optimized", "none"),
	among[DescribeAvailableResourceRequest]("NetworkCategory", store.NetworkTypeVPC, store.NetworkTypeClassic),
	among[DescribeAvailableResourceRequest]("InstanceChargeType", "PrePaid", "PostPaid"),
	invalid("Memory", func(r DescribeAvailableResourceRequest) bool { return r.Memory != "" && !isNumber(r.Memory) }),
}

// DescribeAvailableResource lists what the zones of a region offer, by zone. All zones offer the
// same. If no resource fits the request, no zone is listed.
var DescribeAvailableResource = newAction(Action[DescribeAvailableResourceRequest, AvailableResources]{
	permission: "ecs:DescribeAvailableResource",
	parameters: describeAvailableResourceRules,
	run:        (*Service).describeAvailableResource,
})

func (s *Service) describeAvailableResource(
	ctx context.Context, caller Caller, req DescribeAvailableResourceRequest,
) (AvailableResources, error) {
	zones, err := s.store.Zones(ctx, req.RegionID)
	if err != nil {
		return AvailableResources{}, err
	}
	types, err := s.allInstanceTypes(ctx, caller, store.InstanceTypeFilter{
		IDs:          optionalList(req.InstanceType),
		MinVCPUs:     req.Cores,
		MaxVCPUs:     req.Cores,
		MinMemoryGiB: parseDecimal(req.Memory),
		MaxMemoryGiB: parseDecimal(req.Memory),
	})
	if err != nil {
		return AvailableResources{}, err
	}
	out := AvailableResources{RegionID: req.RegionID, Kind: req.DestinationResource, Resources: req.resources(types)}
	if len(out.Resources) == 0 {
		return out, nil
	}
	for _, z := range zones {
		if req.ZoneID == "" || z.ID == req.ZoneID {
			out.ZoneIDs = append(out.ZoneIDs, z.ID)
		}
	}
	return out, nil
}

// resources returns what every zone offers for a request, given the instance types that fit it.
func (r DescribeAvailableResourceRequest) resources(types []InstanceType) []AvailableResource {
	if r.DestinationResource != kindIOOptimized {
		types = slices.DeleteFunc(
			types,
			func(t InstanceType) bool { return t.IOOptimized == (r.IOOptimized == "none") },
		)
	}
	if len(types) == 0 {
		return nil
	}
	named := func(resources []AvailableResource, value string) []AvailableResource {
		return slices.DeleteFunc(
			slices.Clone(resources),
			func(a AvailableResource) bool { return value != "" && a.Value != value },
		)
	}
	var out []AvailableResource
	switch r.DestinationResource {
	case KindZone:
		out = []AvailableResource{{}} // the zone itself
	case kindIOOptimized:
		if slices.ContainsFunc(types, func(t InstanceType) bool { return t.IOOptimized }) {
			out = append(out, AvailableResource{Value: "optimized"})
		}
		if slices.ContainsFunc(types, func(t InstanceType) bool { return !t.IOOptimized }) {
			out = append(out, AvailableResource{Value: "none"})
		}
		out = named(out, r.IOOptimized)
	case kindInstanceType:
		for _, t := range types {
			out = append(out, AvailableResource{Value: t.ID})
		}
	case kindNetwork:
		out = named([]AvailableResource{{Value: store.NetworkTypeVPC}}, r.NetworkCategory)
	case kindSystemDisk:
		out = named(systemDisks, r.SystemDiskCategory)
	case kindDataDisk:
		out = named(dataDisks, r.DataDiskCategory)
	}
	return out
}

// DiskCategories returns the disk categories that every zone offers.
func DiskCategories() []string {
	var out []string
	for _, d := range systemDisks {
		out = append(out, d.Value)
	}
	return out
}
