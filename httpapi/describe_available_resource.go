package httpapi

import "enisim.alt/service"

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

type availability struct{ Status, StatusCategory string }

func newAvailability(soldOut bool) availability {
	if soldOut {
		return availability{"SoldOut", "WithoutStock"}
	}
	return availability{"Available", "WithStock"}
}

func newAvailableResourcesResponse(available service.AvailableResources) any {
	reply := &describeAvailableResourceReply{}
	reply.AvailableZones.AvailableZone = mapEach(available.Zones, func(zone service.AvailableZone) availableZone {
		of := availableResource{Type: available.Kind}
		of.SupportedResources.SupportedResource = mapEach(
			zone.Resources,
			func(a service.AvailableResource) supportedResource {
				out := supportedResource{
					Value: a.Value, availability: newAvailability(a.SoldOut), Min: a.MinGiB, Max: a.MaxGiB,
				}
				if available.Kind == service.KindZone {
					out.Value = zone.ID
				}
				if a.MaxGiB > 0 {
					out.Unit = "GiB"
				}
				return out
			},
		)
		out := availableZone{RegionId: available.RegionID, ZoneId: zone.ID, availability: newAvailability(zone.SoldOut)}
		out.AvailableResources.AvailableResource = []availableResource{of}
		return out
	})
	return reply
}
