package service

import (
	"context"
	"slices"

	"enisim.alt/store"
)

// UntagResourcesRequest is the request to remove tags from resources of one type: those with the
// given keys, or all. A key that a resource does not have is not an error.
type UntagResourcesRequest struct {
	RegionID     string `api:"RegionId"`
	ResourceType string
	ResourceIDs  []string `api:"ResourceId"`
	TagKeys      []string `api:"TagKey"`
	All          *bool    // ignored if there are TagKeys
	Malformed    Malformed
}

// untagInput is a request to one product.
type untagInput struct {
	UntagResourcesRequest
	product tagProduct
}

var untagResourcesParameterRules = slices.Concat(
	typeRules(func(r untagInput) (tagProduct, string, string) { return r.product, r.RegionID, r.ResourceType }),
	idRules(func(r untagInput) []string { return r.ResourceIDs }),
	[]rule[untagInput]{
		readable[untagInput](),
		{
			err:      MissingTags,
			violated: func(r untagInput) bool { return len(r.TagKeys) == 0 && (r.All == nil || !*r.All) },
		},
		{err: NumberExceedTags, violated: func(r untagInput) bool { return len(r.TagKeys) > maxTags }},
	})

// UntagResourcesOfECS and UntagResourcesOfVPC remove tags from all resources of a call, or from
// none.
var (
	UntagResourcesOfECS = newUntagResources(ecsTags)
	UntagResourcesOfVPC = newUntagResources(vpcTags)
)

func newUntagResources(product tagProduct) *Action[UntagResourcesRequest, Empty] {
	return newAction(Action[UntagResourcesRequest, Empty]{
		permission: product.name + ":UntagResources",
		parameters: lift(
			untagResourcesParameterRules,
			func(r UntagResourcesRequest) untagInput { return untagInput{r, product} },
		),
		refusals: errorsOf(untagResourcesRules),
		run: answerless(func(s *Service, ctx context.Context, caller Caller, req UntagResourcesRequest) error {
			return s.changeTags(ctx, caller, product, req.RegionID, req.ResourceType,
				changeTagsInput{ids: req.ResourceIDs}, untagResourcesRules,
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
		}),
	})
}
