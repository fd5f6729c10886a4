package service

import (
	"context"
	"maps"
	"slices"

	"enisim.alt/store"
)

// AddTagsRequest is the request to add tags to one resource. A tag with the same key is replaced.
type AddTagsRequest struct {
	RegionID     string `api:"RegionId"`
	ResourceType string
	ResourceID   string `api:"ResourceId"`
	Tags         []Tag  `api:"Tag"`
}

// oldTagParameterRules returns the rules on the resource of AddTags and RemoveTags, whose codes are not those
// of TagResources.
func oldTagParameterRules[R any]() []rule[R] {
	resourceType := textOf[R]("ResourceType")
	return []rule[R]{
		required[R]("RegionId"),
		required[R]("ResourceType"),
		required[R]("ResourceId"),
		{err: InvalidResourceTypeNotFound, violated: func(r R) bool {
			_, known := ecsTags.findType(resourceType(r))
			return !known
		}},
	}
}

var addTagsParameterRules = append(
	oldTagParameterRules[AddTagsRequest](),
	rule[AddTagsRequest]{err: InvalidTagCount, violated: func(r AddTagsRequest) bool {
		return len(r.Tags) == 0 || tooManyTags(r.Tags)
	}},
	rule[AddTagsRequest]{err: InvalidTagMismatch, violated: func(r AddTagsRequest) bool { return lacksTagKey(r.Tags) }},
	rule[AddTagsRequest]{err: InvalidTagKeyMalformed, violated: func(r AddTagsRequest) bool {
		return hasInvalidTagKey(r.Tags)
	}},
	rule[AddTagsRequest]{err: InvalidTagValueMalformed, violated: func(r AddTagsRequest) bool {
		return hasInvalidTagValue(r.Tags)
	}},
)

var (
	removeTagsRules = []rule[changeTagsInput]{
		{err: InvalidTaggedResourceNotFound, violated: func(c changeTagsInput) bool { return len(c.found) == 0 }},
	}
	addTagsRules = append(slices.Clip(removeTagsRules),
		rule[changeTagsInput]{err: QuotaExceedTagsOfResource, violated: func(c changeTagsInput) bool {
			all := maps.Clone(c.found[0].Tags)
			maps.Copy(all, c.added)
			return len(all) > maxTags
		}})
)

// AddTags is the older form of TagResources, for one resource.
var AddTags = newAction(Action[AddTagsRequest, Empty]{
	permission: "ecs:AddTags",
	parameters: addTagsParameterRules,
	refusals:   errorsOf(addTagsRules),
	run: answerless(func(s *Service, ctx context.Context, caller Caller, r AddTagsRequest) error {
		return s.changeTags(ctx, caller, ecsTags, r.RegionID, r.ResourceType,
			changeTagsInput{ids: []string{r.ResourceID}, added: tagMap(r.Tags)}, addTagsRules,
			func([]store.TaggedResource) []string { return nil })
	}),
})
