package service

import (
	"cmp"
	"context"
	"slices"

	"enisim.alt/store"
)

// DescribePriceRequest is the request for the price of instances, disks or bandwidth.
type DescribePriceRequest struct {
	RegionID                string `api:"RegionId"`
	ResourceType            string // instance, disk, bandwidth or ecsrep; "": instance
	InstanceType            string
	ImageID                 string `api:"ImageId"` // accepted, without effect: no image costs anything
	InstanceNetworkType     string // accepted, without effect
	IOOptimized             string `api:"IoOptimized"` // accepted, without effect
	InternetChargeType      string
	InternetMaxBandwidthOut *int // Mbit/s
	SystemDisk              PricedDisk
	DataDisks               []PricedDisk `api:"DataDisk"`
	SpotStrategy            string       // accepted, without effect
	Period                  *int         // how many price units; nil: 1
	PriceUnit               string       // Hour, Month or Year; "": Hour
	Amount                  *int         // of instances; nil: 1
	Malformed               Malformed
}

// PricedDisk is a disk whose price is asked for.
type PricedDisk struct {
	Category         string
	Size             *int // GiB
	PerformanceLevel string
}

// Price is a price in CNY.
type Price struct{ CNY float64 }

// The prices are made up: no source gives those of the cloud. Each is for an hour.
const (
	priceOfVCPU      = 0.1
	priceOfMemoryGiB = 0.05
	priceOfDiskGiB   = 0.0005
	priceOfMbit      = 0.1
)

const (
	pricedSystemDisk   = 40    // GiB, of an instance whose request names no size
	maxPricedDisk      = 65536 // GiB
	maxPricedDisks     = 64    // data disks of an instance
	maxPricedBandwidth = 100   // Mbit/s
)

// hoursOf has the hours of each price unit.
var hoursOf = map[string]float64{"": 1, "Hour": 1, "Month": 720, "Year": 8760}

// pricedCategories are the documented categories of disks.
var pricedCategories = []string{
	"", "cloud", "cloud_efficiency", "cloud_ssd", "cloud_essd", "cloud_auto", "cloud_essd_entry", "ephemeral_ssd",
}

// hasInvalidPricedSize reports whether a disk is too small or too large.
func (d PricedDisk) hasInvalidPricedSize() bool {
	return d.Size != nil && (*d.Size < 1 || *d.Size > maxPricedDisk)
}

var describePriceParameterRules = []rule[DescribePriceRequest]{
	required[DescribePriceRequest]("RegionId"),
	readable[DescribePriceRequest](),
	among[DescribePriceRequest]("ResourceType", "instance", "disk", "bandwidth", "ecsrep"),
	{err: MissingNamedParameter, violated: func(r DescribePriceRequest) bool {
		return r.isOfInstance() && r.InstanceType == ""
	}, messageArgs: nameArg[DescribePriceRequest]("InstanceType")},
	{err: MissingNamedParameter, violated: func(r DescribePriceRequest) bool {
		return r.ResourceType == "disk" && (len(r.DataDisks) == 0 || r.DataDisks[0].Size == nil)
	}, messageArgs: nameArg[DescribePriceRequest]("DataDisk.1.Size")},
	{err: InvalidInternetChargeType, violated: func(r DescribePriceRequest) bool {
		return !oneOf(r.InternetChargeType, "", "PayByBandwidth", "PayByTraffic")
	}},
	{err: InvalidInternetMaxBandwidthOut, violated: func(r DescribePriceRequest) bool {
		n := r.InternetMaxBandwidthOut
		return n != nil && (*n < 0 || *n > maxPricedBandwidth)
	}},
	{err: InvalidSystemDiskCategory, violated: func(r DescribePriceRequest) bool {
		return !slices.Contains(pricedCategories, r.SystemDisk.Category)
	}},
	invalid("SystemDisk.Size", func(r DescribePriceRequest) bool { return r.SystemDisk.hasInvalidPricedSize() }),
	{err: InvalidDataDiskCategory, violated: func(r DescribePriceRequest) bool {
		return slices.ContainsFunc(r.DataDisks, func(d PricedDisk) bool {
			return !slices.Contains(pricedCategories, d.Category)
		})
	}},
	{err: InvalidDataDiskSize, violated: func(r DescribePriceRequest) bool {
		return slices.ContainsFunc(r.DataDisks, PricedDisk.hasInvalidPricedSize)
	}},
	invalid("DataDisk", func(r DescribePriceRequest) bool { return len(r.DataDisks) > maxPricedDisks }),
	among[DescribePriceRequest]("PriceUnit", "Hour", "Month", "Year"),
	within[DescribePriceRequest]("Period", 1, 12),
	within[DescribePriceRequest]("Amount", 1, 1000),
}

// isOfInstance reports whether the request is for the price of instances.
func (r DescribePriceRequest) isOfInstance() bool { return oneOf(r.ResourceType, "", "instance") }

// describePriceRules apply to the instance type of a request; nil means that there is none.
var describePriceRules = []rule[*store.InstanceType]{
	{err: InvalidInstanceTypeValueNotSupported, violated: func(t *store.InstanceType) bool { return t == nil }},
}

// DescribePrice returns a made-up price, which grows with vCPUs, memory, disks, bandwidth, time and number.
var DescribePrice = newAction(Action[DescribePriceRequest, Price]{
	permission: "ecs:DescribePrice",
	parameters: describePriceParameterRules,
	refusals:   errorsOf(describePriceRules),
	run:        (*Service).describePrice,
})

func (s *Service) describePrice(ctx context.Context, caller Caller, req DescribePriceRequest) (Price, error) {
	perHour := priceOfMbit * float64(valueOf(req.InternetMaxBandwidthOut))
	if req.isOfInstance() {
		found, err := s.allInstanceTypes(ctx, caller, store.InstanceTypeFilter{IDs: []string{req.InstanceType}})
		if err != nil {
			return Price{}, err
		}
		var named *store.InstanceType
		if len(found) > 0 {
			named = &found[0]
		}
		if err := check(describePriceRules, named); err != nil {
			return Price{}, err
		}
		size := cmp.Or(valueOf(req.SystemDisk.Size), pricedSystemDisk)
		perHour += priceOfVCPU*float64(named.VCPUs) + priceOfMemoryGiB*named.MemoryGiB +
			priceOfDiskGiB*float64(size)
	}
	if req.ResourceType != "bandwidth" {
		for _, d := range req.DataDisks {
			perHour += priceOfDiskGiB * float64(valueOf(d.Size))
		}
	}
	units := cmp.Or(valueOf(req.Period), 1) * cmp.Or(valueOf(req.Amount), 1)
	return Price{perHour * hoursOf[req.PriceUnit] * float64(units)}, nil
}
