package httpapi

import "enisim.alt/service"

type describeRegionsReply struct {
	Reply
	Regions struct{ Region []region }
}

type region struct {
	RegionId       string
	LocalName      string
	RegionEndpoint string
	Status         string
}

func newRegionsResponse(regions []service.Region) any {
	reply := &describeRegionsReply{}
	reply.Regions.Region = mapEach(regions, func(r service.Region) region {
		return region{r.ID, r.LocalName, "ecs." + r.ID + ".aliyuncs.com", "available"}
	})
	return reply
}
