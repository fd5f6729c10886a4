package service

import (
	"context"
	"slices"

	"enisim.alt/store"
)

// DescribeAvailableResourceRequest is the request for what the zones of a region offer.
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
	RegionID string
	Kind     string
	Zones    []AvailableZone
}

// AvailableZone is what a zone offers.
type AvailableZone struct {
	ID        string
	SoldOut   bool                // with all types that fit the request
	Resources []AvailableResource // one without a name if the zone itself is the resource
}

// AvailableResource is an instance type, a disk category, or another resource with a name. Disk
// categories have a range of sizes.
type AvailableResource struct {
	Value          string
	MinGiB, MaxGiB int
	SoldOut        bool
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
		newDiskCategory("cloud_auto", 20, 2048), newDiskCategory("cloud_efficiency", 20, 2048),
		newDiskCategory("cloud_essd", 20, 2048), newDiskCategory("cloud_ssd", 20, 2048),
	}
	dataDisks = []AvailableResource{
		newDiskCategory("cloud_auto", 1, 65536), newDiskCategory("cloud_efficiency", 20, 32768),
		newDiskCategory("cloud_essd", 20, 65536), newDiskCategory("cloud_ssd", 20, 32768),
	}
)

func newDiskCategory(name string, minGiB, maxGiB int) AvailableResource {
	return AvailableResource{Value: name, MinGiB: minGiB, MaxGiB: maxGiB}
}

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
// same, but an operator may say that some of it is sold out. If no resource fits the request, no zone is listed.
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
	out := AvailableResources{RegionID: req.RegionID, Kind: req.DestinationResource}
	types = req.fitting(types)
	resources := req.resources(types)
	if len(resources) == 0 {
		return out, nil
	}
	isSoldOut, err := s.soldOut(ctx, caller, req.RegionID)
	if err != nil {
		return AvailableResources{}, err
	}
	for _, z := range zones {
		if req.ZoneID == "" || z.ID == req.ZoneID {
			out.Zones = append(out.Zones, newAvailableZone(z.ID, out.Kind, resources, types, isSoldOut))
		}
	}
	return out, nil
}

// soldOut returns a function that reports whether a type is sold out in a zone of a region. It takes
// a round trip if a rule has a number of instances, and nothing otherwise.
func (s *Service) soldOut(ctx context.Context, caller Caller, regionID string) (func(zone, typeID string) bool, error) {
	if caller.Rules == nil || len(caller.Rules.Stock) == 0 {
		return func(string, string) bool { return false }, nil
	}
	var taken map[string]int64
	if counting := limitedIDs(caller.Rules.Stock); len(counting) > 0 {
		var err error
		if taken, err = s.store.RuleCounts(ctx, counting); err != nil {
			return nil, err
		}
	}
	return func(zone, typeID string) bool {
		return newStock(caller.Rules.StockOf(regionID, zone, typeID), taken).limit(1) == 0
	}, nil
}

// newAvailableZone returns what a zone offers of resources of a kind, given the types that fit the
// request. The zone is sold out if all of them are.
func newAvailableZone(
	id, kind string, resources []AvailableResource, types []InstanceType, isSoldOut func(zone, typeID string) bool,
) AvailableZone {
	zone := AvailableZone{ID: id, Resources: slices.Clone(resources)}
	zone.SoldOut = !slices.ContainsFunc(types, func(t InstanceType) bool { return !isSoldOut(id, t.ID) })
	for k := range zone.Resources {
		r := &zone.Resources[k]
		r.SoldOut = zone.SoldOut || kind == kindInstanceType && isSoldOut(id, r.Value)
	}
	return zone
}

// fitting returns the instance types that fit the request.
func (r DescribeAvailableResourceRequest) fitting(types []InstanceType) []InstanceType {
	if r.DestinationResource == kindIOOptimized {
		return types
	}
	return slices.DeleteFunc(types, func(t InstanceType) bool { return t.IOOptimized == (r.IOOptimized == "none") })
}

// resources returns what every zone offers for a request, given the instance types that fit it.
func (r DescribeAvailableResourceRequest) resources(types []InstanceType) []AvailableResource {
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
