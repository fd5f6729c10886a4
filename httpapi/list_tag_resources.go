package httpapi

import "enisim.alt/service"

type listTagResourcesReply struct {
	Reply
	NextToken    string
	TagResources struct{ TagResource []tagResource }
}

// tagResource is a tag of a resource. In this reply, unlike in others, VPC uses TagKey and TagValue
// too.
type tagResource struct{ ResourceId, ResourceType, TagKey, TagValue string }

func newTagResourcesResponse(list service.List[service.TagOfResource]) any {
	reply := &listTagResourcesReply{NextToken: list.NextToken}
	reply.TagResources.TagResource = mapEach(list.Items, func(t service.TagOfResource) tagResource {
		return tagResource{t.ResourceID, t.ResourceType, t.Key, t.Value}
	})
	return reply
}
