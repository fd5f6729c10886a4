package service

import (
	"context"
	"slices"

	"enisim.alt/store"
)

// DescribeTagsRequest is the request for the tags that resources of a region have. All its filters must
// hold; an empty one does not filter. Of several tags, any may match.
type DescribeTagsRequest struct {
	RegionID     string `api:"RegionId"`
	ResourceType string
	ResourceID   string       `api:"ResourceId"`
	Category     string       // accepted, without effect: all tags are those of users
	Tags         []Tag        `api:"Tag"`
	Page         NumberedPage `api:",inline"`
	Malformed    Malformed
}

// UsedTag is a tag with the number of resources that have it, by type.
type UsedTag struct {
	Key, Value string
	Uses       map[string]int
}

var usedTagPages = paging{list: "used tags", maxPageSize: 100, defaultPageSize: 50}

var describeTagsRules = slices.Concat([]rule[DescribeTagsRequest]{
	required[DescribeTagsRequest]("RegionId"),
	readable[DescribeTagsRequest](),
	{err: InvalidResourceTypeNotFound, violated: func(r DescribeTagsRequest) bool {
		_, known := ecsTags.findType(r.ResourceType)
		return r.ResourceType != "" && !known
	}},
	{err: InvalidTagCount, violated: func(r DescribeTagsRequest) bool { return tooManyTags(r.Tags) }},
	{err: IllegalTagKey, violated: func(r DescribeTagsRequest) bool { return lacksTagKey(r.Tags) }},
}, validNumberedPage[DescribeTagsRequest](usedTagPages))

// DescribeTags lists the tags of ECS resources, by key and value.
var DescribeTags = newAction(Action[DescribeTagsRequest, List[UsedTag]]{
	permission: "ecs:DescribeTags",
	parameters: describeTagsRules,
	run:        (*Service).describeTags,
})

func (s *Service) describeTags(
	ctx context.Context, caller Caller, req DescribeTagsRequest,
) (List[UsedTag], error) {
	filter := store.UsedTagFilter{AccountID: caller.AccountID, RegionID: req.RegionID, ID: req.ResourceID}
	for _, t := range ecsTags.types {
		if wanted, named := ecsTags.findType(req.ResourceType); t.kind != "" && (!named || t == wanted) {
			filter.Kinds = append(filter.Kinds, t.kind)
		}
	}
	for _, t := range req.Tags {
		filter.Tags = append(filter.Tags, [2]string{t.Key, t.Value})
	}
	read, err := s.store.DescribeTags(ctx, s.timeOf(caller), filter, usedTagPages.page(req.Page.request()))
	if err != nil {
		return List[UsedTag]{}, err
	}
	page := newPage(usedTagPages, req.Page.request(), read, func(t store.UsedTag) string { return t.Key })
	out := List[UsedTag]{TotalCount: page.TotalCount, PageNumber: page.PageNumber, PageSize: page.PageSize}
	for _, t := range page.Items {
		out.Items = append(out.Items, UsedTag{t.Key, t.Value, usesByType(t.Uses)})
	}
	return out, nil
}

// usesByType returns counts of resources by the names of their types in the API.
func usesByType(uses map[store.TaggedKind]int) map[string]int {
	out := map[string]int{}
	for _, t := range ecsTags.types {
		if n := uses[t.kind]; n > 0 {
			out[t.name] = n
		}
	}
	return out
}
