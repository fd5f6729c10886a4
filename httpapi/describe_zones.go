package httpapi

import (
	"slices"

	"enisim.alt/service"
)

type describeZonesReply struct {
	Reply
	Zones struct{ Zone []zone }
}

// zone is a zone in replies. The inner lists are named as the API names them.
type zone struct {
	ZoneId                      string
	LocalName                   string
	ZoneType                    string
	AvailableResourceCreation   struct{ ResourceTypes []string }
	AvailableDiskCategories     struct{ DiskCategories []string }
	AvailableVolumeCategories   struct{ VolumeCategories []string }
	AvailableInstanceTypes      struct{ InstanceTypes []string }
	AvailableDedicatedHostTypes struct{ DedicatedHostType []string }
	DedicatedHostGenerations    struct{ DedicatedHostGeneration []string }
	AvailableResources          struct{ ResourcesInfo []resourcesInfo }
}

// resourcesInfo is what a zone offers with or without I/O optimization.
type resourcesInfo struct {
	IoOptimized   bool
	InstanceTypes struct {
		SupportedInstanceType []string `json:"supportedInstanceType" xml:"supportedInstanceType"`
	}
	InstanceTypeFamilies struct {
		SupportedInstanceTypeFamily []string `json:"supportedInstanceTypeFamily" xml:"supportedInstanceTypeFamily"`
	}
	InstanceGenerations struct {
		SupportedInstanceGeneration []string `json:"supportedInstanceGeneration" xml:"supportedInstanceGeneration"`
	}
	NetworkTypes struct {
		SupportedNetworkCategory []string `json:"supportedNetworkCategory" xml:"supportedNetworkCategory"`
	}
	SystemDiskCategories struct {
		SupportedSystemDiskCategory []string `json:"supportedSystemDiskCategory" xml:"supportedSystemDiskCategory"`
	}
	DataDiskCategories struct {
		SupportedDataDiskCategory []string `json:"supportedDataDiskCategory" xml:"supportedDataDiskCategory"`
	}
}

func newZonesResponse(zones service.Zones) any {
	offered := zone{ZoneType: "AvailabilityZone"}
	offered.AvailableResourceCreation.ResourceTypes = []string{"VSwitch", "IoOptimized", "Instance", "Disk"}
	offered.AvailableDiskCategories.DiskCategories = service.DiskCategories()
	offered.AvailableVolumeCategories.VolumeCategories = []string{}
	offered.AvailableDedicatedHostTypes.DedicatedHostType = []string{}
	offered.DedicatedHostGenerations.DedicatedHostGeneration = []string{}
	offered.AvailableInstanceTypes.InstanceTypes = mapEach(zones.Types, instanceTypeID)
	offered.AvailableResources.ResourcesInfo = []resourcesInfo{}
	for _, optimized := range []bool{true, false} {
		types := slices.DeleteFunc(
			slices.Clone(zones.Types),
			func(t service.InstanceType) bool { return t.IOOptimized != optimized },
		)
		if len(types) > 0 {
			offered.AvailableResources.ResourcesInfo = append(
				offered.AvailableResources.ResourcesInfo,
				newResourcesInfo(optimized, types),
			)
		}
	}
	reply := &describeZonesReply{}
	reply.Zones.Zone = mapEach(zones.Zones, func(z service.Zone) zone {
		out := offered
		out.ZoneId, out.LocalName = z.ID, z.LocalName
		return out
	})
	return reply
}

func instanceTypeID(t service.InstanceType) string { return t.ID }

func newResourcesInfo(optimized bool, types []service.InstanceType) resourcesInfo {
	info := resourcesInfo{IoOptimized: optimized}
	info.InstanceTypes.SupportedInstanceType = mapEach(types, instanceTypeID)
	generations := []string{}
	info.InstanceTypeFamilies.SupportedInstanceTypeFamily = mapEach(
		service.FamiliesOf(types),
		func(f service.InstanceTypeFamily) string {
			if f.Generation != "" {
				generations = append(generations, f.Generation)
			}
			return f.ID
		},
	)
	slices.Sort(generations)
	info.InstanceGenerations.SupportedInstanceGeneration = slices.Compact(generations)
	info.NetworkTypes.SupportedNetworkCategory = []string{"vpc"}
	info.SystemDiskCategories.SupportedSystemDiskCategory = service.DiskCategories()
	info.DataDiskCategories.SupportedDataDiskCategory = service.DiskCategories()
	return info
}
