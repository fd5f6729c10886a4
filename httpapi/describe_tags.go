package httpapi

import "enisim.alt/service"

type describeTagsReply struct {
	Reply
	numberedPageReply
	Tags struct{ Tag []usedTag }
}

type usedTag struct {
	TagKey, TagValue  string
	ResourceTypeCount resourceTypeCount
}

// resourceTypeCount has the number of resources of each type that have a tag. Of most types there are none here.
type resourceTypeCount struct {
	Instance, Disk, Volume, Image, Snapshot, Securitygroup, Eni    int
	Ddh, KeyPair, LaunchTemplate, ReservedInstance, SnapshotPolicy int
}

func newTagsResponse(list service.List[service.UsedTag]) any {
	reply := &describeTagsReply{numberedPageReply: numberedPageOf(list)}
	reply.Tags.Tag = mapEach(list.Items, func(t service.UsedTag) usedTag {
		return usedTag{t.Key, t.Value, resourceTypeCount{
			Instance: t.Uses["instance"], Disk: t.Uses["disk"],
			Securitygroup: t.Uses["securitygroup"], Eni: t.Uses["eni"], KeyPair: t.Uses["keypair"],
		}}
	})
	return reply
}
