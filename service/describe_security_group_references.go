package service

import (
	"context"

	"enisim.alt/store"
)

// DescribeSecurityGroupReferencesRequest is the request for the groups whose rules name some groups.
type DescribeSecurityGroupReferencesRequest struct {
	RegionID         string   `api:"RegionId"`
	SecurityGroupIDs []string `api:"SecurityGroupId"`
}

// SecurityGroupReferences are the groups whose rules name a group.
type SecurityGroupReferences struct {
	GroupID     string
	AccountID   string // of all of them
	Referencing []string
}

const (
	maxReferencedGroups = 10
	maxReferences       = 100 // of a reply
)

var describeSecurityGroupReferencesParameterRules = []rule[DescribeSecurityGroupReferencesRequest]{
	required[DescribeSecurityGroupReferencesRequest]("RegionId"),
	{
		err: InvalidReferencedGroups, violated: func(r DescribeSecurityGroupReferencesRequest) bool {
			return len(r.SecurityGroupIDs) == 0 || len(r.SecurityGroupIDs) > maxReferencedGroups
		},
		constraint: presence("SecurityGroupId"),
	},
}

// referencesInput is the groups of a request, and those that exist.
type referencesInput struct{ wanted, existing []string }

var describeSecurityGroupReferencesRules = []rule[referencesInput]{
	{err: LaunchSecurityGroupIDNotFound, violated: func(i referencesInput) bool {
		return len(i.existing) < len(i.wanted)
	}},
}

// DescribeSecurityGroupReferences returns the groups whose rules name the groups of the request, at most 100
// of them. A group that no other one names is left out.
var DescribeSecurityGroupReferences = newAction(
	Action[DescribeSecurityGroupReferencesRequest, []SecurityGroupReferences]{
		permission: "ecs:DescribeSecurityGroupReferences",
		parameters: describeSecurityGroupReferencesParameterRules,
		refusals:   errorsOf(describeSecurityGroupReferencesRules),
		run:        (*Service).describeSecurityGroupReferences,
	})

func (s *Service) describeSecurityGroupReferences(
	ctx context.Context, caller Caller, req DescribeSecurityGroupReferencesRequest,
) (out []SecurityGroupReferences, err error) {
	wanted := withoutRepeats(req.SecurityGroupIDs)
	var read []store.GroupReference
	input := referencesInput{wanted: wanted}
	input.existing, read, err = s.store.SecurityGroupReferences(
		ctx, caller.AccountID, req.RegionID, wanted, maxReferences)
	if err != nil {
		return nil, err
	}
	if err := check(describeSecurityGroupReferencesRules, input); err != nil {
		return nil, err
	}
	for _, r := range read {
		if n := len(out); n == 0 || out[n-1].GroupID != r.GroupID {
			out = append(out, SecurityGroupReferences{GroupID: r.GroupID, AccountID: caller.AccountID})
		}
		last := &out[len(out)-1]
		last.Referencing = append(last.Referencing, r.ReferencingGroupID)
	}
	return out, nil
}
