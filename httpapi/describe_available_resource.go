package httpapi

import "enisim/service"

type describeAvailableResourceReply struct {
	Reply
	AvailableZones struct{ AvailableZone []availableZone }
}

type availableZone struct {
	RegionId string
	ZoneId   string
	availability
	AvailableResources struct{ AvailableResource []availableResource }
}

type availableResource struct {
	Type               string
	SupportedResources struct{ SupportedResource []supportedResource }
}

type supportedResource struct {
	Value string
	availability
	Min  int    `json:",omitempty" xml:",omitempty"`
	Max  int    `json:",omitempty" xml:",omitempty"`
	Unit string `json:",omitempty" xml:",omitempty"`
}

// availability is the same for everything: nothing is ever sold out.
type availability struct{ Status, StatusCategory string }

var withStock = availability{"Available", "WithStock"}

func newAvailableResourcesResponse(available service.AvailableResources) any {
	reply := &describeAvailableResourceReply{}
	reply.AvailableZones.AvailableZone = mapEach(available.ZoneIDs, func(zoneID string) availableZone {
		of := availableResource{Type: available.Kind}
		of.SupportedResources.SupportedResource = mapEach(
			available.Resources,
			func(a service.AvailableResource) supportedResource {
				out := supportedResource{Value: a.Value, availability: withStock, Min: a.MinGiB, Max: a.MaxGiB}
				if available.Kind == service.KindZone {
					out.Value = zoneID
				}
				if a.MaxGiB > 0 {
					out.Unit = "GiB"
				}
				return out
			},
		)
		out := availableZone{RegionId: available.RegionID, ZoneId: zoneID, availability: withStock}
		out.AvailableResources.AvailableResource = []availableResource{of}
		return out
	})
	return reply
}
