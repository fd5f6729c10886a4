package service

import (
	"context"

	"enisim.alt/store"
)

// RemoveTagsRequest is the request to remove tags from one resource. A tag without a value is removed
// whatever its value is. One that the resource does not have is not an error.
type RemoveTagsRequest struct {
	RegionID     string `api:"RegionId"`
	ResourceType string
	ResourceID   string `api:"ResourceId"`
	Tags         []Tag  `api:"Tag"`
}

var removeTagsParameterRules = append(
	oldTagParameterRules[RemoveTagsRequest](),
	rule[RemoveTagsRequest]{err: InvalidTagCount, violated: func(r RemoveTagsRequest) bool {
		return tooManyTags(r.Tags)
	}},
)

// RemoveTags is the older form of UntagResources, for one resource.
var RemoveTags = newAction(Action[RemoveTagsRequest, Empty]{
	permission: "ecs:RemoveTags",
	parameters: removeTagsParameterRules,
	refusals:   errorsOf(removeTagsRules),
	run: answerless(func(s *Service, ctx context.Context, caller Caller, r RemoveTagsRequest) error {
		return s.changeTags(ctx, caller, ecsTags, r.RegionID, r.ResourceType,
			changeTagsInput{ids: []string{r.ResourceID}}, removeTagsRules,
			func(found []store.TaggedResource) (keys []string) {
				for _, t := range r.Tags {
					if t.Value == "" || found[0].Tags[t.Key] == t.Value {
						keys = append(keys, t.Key)
					}
				}
				return keys
			})
	}),
})
