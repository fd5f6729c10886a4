package service

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"

	"enisim.alt/store"
)

// ListResourceGroupsRequest is the request for the resource groups of an account. All its filters must hold;
// an empty one does not filter.
type ListResourceGroupsRequest struct {
	Status           string
	ResourceGroupID  string       `api:"ResourceGroupId"`
	ResourceGroupIDs []string     `api:"ResourceGroupIds"` // instead of ResourceGroupID
	Name             string       // a part of it
	DisplayName      string       // a part of it
	IncludeTags      *bool        // accepted, without effect: no group has tags
	Tags             []Tag        `api:"Tag"`
	Page             NumberedPage `api:",inline"`
	Malformed        Malformed
}

// ResourceGroup is a resource group as a caller sees it. The alias is for packages that do not import the
// store.
type ResourceGroup = store.ResourceGroup

var resourceGroupPages = paging{list: "resource groups", maxPageSize: 100, defaultPageSize: 10}

var listResourceGroupsRules = slices.Concat([]rule[ListResourceGroupsRequest]{
	readable[ListResourceGroupsRequest](),
	among[ListResourceGroupsRequest]("Status", "OK", "Creating", "PendingDelete"),
	invalid("ResourceGroupIds", func(r ListResourceGroupsRequest) bool { return len(r.ResourceGroupIDs) > maxListed }),
	invalid("Tag", func(r ListResourceGroupsRequest) bool { return tooManyTags(r.Tags) || lacksTagKey(r.Tags) }),
}, validNumberedPage[ListResourceGroupsRequest](resourceGroupPages))

// selectsNone reports whether a filter selects groups that do not exist here: in transition, or with tags.
func (r ListResourceGroupsRequest) selectsNone() bool {
	return !oneOf(r.Status, "", "OK") || len(r.Tags) > 0
}

// ListResourceGroups lists the default resource group of the caller's account, and the groups that its
// resources name, by id. A resource may name any group.
var ListResourceGroups = newAction(Action[ListResourceGroupsRequest, List[ResourceGroup]]{
	permission: "resourcemanager:ListResourceGroups",
	parameters: listResourceGroupsRules,
	run:        (*Service).listResourceGroups,
})

func (s *Service) listResourceGroups(
	ctx context.Context, caller Caller, req ListResourceGroupsRequest,
) (List[ResourceGroup], error) {
	var read store.List[ResourceGroup]
	if !req.selectsNone() {
		ids := req.ResourceGroupIDs
		if len(ids) == 0 {
			ids = optionalList(req.ResourceGroupID)
		}
		var err error
		read, err = s.store.ListResourceGroups(ctx, store.ResourceGroupFilter{
			AccountID:   caller.AccountID,
			DefaultID:   defaultResourceGroupID(caller.AccountID),
			IDs:         ids,
			Name:        req.Name,
			DisplayName: req.DisplayName,
		}, resourceGroupPages.page(req.Page.request()))
		if err != nil {
			return List[ResourceGroup]{}, err
		}
	}
	return newPage(resourceGroupPages, req.Page.request(), read, func(g ResourceGroup) string { return g.ID }), nil
}

// defaultResourceGroupID returns the id of the default resource group of an account. It is derived and not
// stored.
func defaultResourceGroupID(accountID string) string {
	sum := sha256.Sum256([]byte("resource group " + accountID))
	return "rg-acfm" + hex.EncodeToString(sum[:])[:11]
}
