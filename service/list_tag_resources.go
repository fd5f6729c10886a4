package service

import (
	"context"
	"strings"
	"unicode/utf8"

	"enisim.alt/store"
)

// ListTagResourcesRequest is the request for the tags of resources of one type. All its filters
// must hold for a resource; an empty one does not filter.
type ListTagResourcesRequest struct {
	RegionID     string `api:"RegionId"`
	ResourceType string
	ResourceIDs  []string `api:"ResourceId"`
	Tags         []Tag    `api:"Tag"`
	NextToken    string
}

// TagOfResource is one tag of one resource.
type TagOfResource struct{ ResourceType, ResourceID, Key, Value string }

// tagPages have one size, and go by token only.
var tagPages = paging{list: "tags", defaultPageSize: 50}

// listTagsInput is a request to one product.
type listTagsInput struct {
	ListTagResourcesRequest
	product tagProduct
}

// listTagResourcesRules does not check whether the named resources exist, as in the other lists.
var listTagResourcesRules = append(
	typeRules(func(r listTagsInput) (tagProduct, string, string) { return r.product, r.RegionID, r.ResourceType }),
	tooManyResources(func(r listTagsInput) []string { return r.ResourceIDs }),
	rule[listTagsInput]{err: NumberExceedTags, violated: func(r listTagsInput) bool { return tooManyTags(r.Tags) }},
	rule[listTagsInput]{err: InvalidTagMismatch, violated: func(r listTagsInput) bool { return lacksTagKey(r.Tags) }},
	invalid("NextToken", func(r listTagsInput) bool { _, _, ours := tagPosition(r.NextToken); return !ours }),
)

// tagSeparator separates a resource's id and a key in a token. Neither contains it.
const tagSeparator = "\x00"

// tagPosition returns the resource and the key after which the page of a token begins.
func tagPosition(token string) (id, key string, ours bool) {
	after, ours := tagPages.decodeToken(token)
	if after == "" {
		return "", "", ours
	}
	id, key, found := strings.Cut(after, tagSeparator)
	return id, key, ours && found && isValidID(id) && utf8.ValidString(key) && !strings.Contains(key, tagSeparator)
}

// ListTagResourcesOfECS and ListTagResourcesOfVPC list the tags of a product's resources, by
// resource and key.
var (
	ListTagResourcesOfECS = newListTagResources(ecsTags)
	ListTagResourcesOfVPC = newListTagResources(vpcTags)
)

func newListTagResources(product tagProduct) *Action[ListTagResourcesRequest, List[TagOfResource]] {
	return newAction(Action[ListTagResourcesRequest, List[TagOfResource]]{
		permission: product.name + ":ListTagResources",
		parameters: lift(
			listTagResourcesRules,
			func(r ListTagResourcesRequest) listTagsInput { return listTagsInput{r, product} },
		),
		run: func(
			s *Service, ctx context.Context, caller Caller, r ListTagResourcesRequest,
		) (List[TagOfResource], error) {
			return s.listTagResources(ctx, caller, product, r)
		},
	})
}

func (s *Service) listTagResources(
	ctx context.Context, caller Caller, product tagProduct, req ListTagResourcesRequest,
) (List[TagOfResource], error) {
	t, _ := product.findType(req.ResourceType)
	if t.kind == "" {
		return List[TagOfResource]{}, nil
	}
	id, key, _ := tagPosition(req.NextToken)
	read, err := s.store.ListTags(ctx, s.timeOf(caller), store.TagListFilter{
		AccountID: caller.AccountID,
		RegionID:  req.RegionID,
		Kind:      t.kind,
		IDs:       req.ResourceIDs,
		Tags:      tagFilter(req.Tags),
		AfterID:   id,
		AfterKey:  key,
	}, tagPages.defaultPageSize)
	if err != nil {
		return List[TagOfResource]{}, err
	}
	var out List[TagOfResource]
	for _, row := range read.Rows {
		out.Items = append(out.Items, TagOfResource{t.name, row.ResourceID, row.Key, row.Value})
	}
	if read.More {
		last := out.Items[len(out.Items)-1]
		out.NextToken = tagPages.token(last.ResourceID + tagSeparator + last.Key)
	}
	return out, nil
}
