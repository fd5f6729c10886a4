package service

import (
	"context"
	"slices"

	"enisim/store"
)

// UntagResources is the request to remove tags from resources of one type: those with the given
// keys, or all. A key that a resource does not have is not an error.
type UntagResources struct {
	RegionID     string `api:"RegionId"`
	ResourceType string
	ResourceIDs  []string `api:"ResourceId"`
	TagKeys      []string `api:"TagKey"`
	All          *bool    // ignored if there are TagKeys
	Malformed    Malformed
}

// untagInput is a request to one product.
type untagInput struct {
	UntagResources
	product TagProduct
}

var untagResourcesParameterRules = slices.Concat(
	typeRules(func(r untagInput) (TagProduct, string, string) { return r.product, r.RegionID, r.ResourceType }),
	idRules(func(r untagInput) []string { return r.ResourceIDs }),
	[]rule[untagInput]{
		readable(func(r untagInput) Malformed { return r.Malformed }),
		{
			err:      MissingTags,
			violated: func(r untagInput) bool { return len(r.TagKeys) == 0 && (r.All == nil || !*r.All) },
		},
		{err: NumberExceedTags, violated: func(r untagInput) bool { return len(r.TagKeys) > maxTags }},
	})

// UntagResources removes tags from all resources of a call, or from none.
func (s *Service) UntagResources(product TagProduct) func(context.Context, Caller, UntagResources) error {
	return func(ctx context.Context, caller Caller, req UntagResources) error {
		if err := check(untagResourcesParameterRules, untagInput{req, product}); err != nil {
			return err
		}
		if err := s.admit(ctx, caller, product.name+":UntagResources", req.RegionID); err != nil {
			return err
		}
		return s.changeTags(
			ctx,
			caller,
			product,
			req.RegionID,
			req.ResourceType,
			changeTagsInput{ids: req.ResourceIDs},
			untagResourcesRules,
			func(found []store.TaggedResource) []string {
				keys := req.TagKeys
				if len(keys) == 0 {
					for _, r := range found {
						for key := range r.Tags {
							keys = append(keys, key)
						}
					}
				}
				return keys
			},
		)
	}
}
