package service

import (
	"cmp"
	"context"

	"enisim.alt/store"
)

// maxSecurityGroupsPerRegion is how many groups an account may have in a region.
const maxSecurityGroupsPerRegion = 100

// CreateSecurityGroupRequest is the request for a new security group. The default SecurityGroupType
// is normal.
type CreateSecurityGroupRequest struct {
	RegionID        string `api:"RegionId"`
	VPCID           string `api:"VpcId"`
	Name            string `api:"SecurityGroupName"`
	Description     string
	Type            string `api:"SecurityGroupType"`
	ResourceGroupID string `api:"ResourceGroupId"`
	Tags            []Tag  `api:"Tag"`
	ClientToken     string
	Malformed       Malformed
}

// CreatedSecurityGroup has the id of a new group.
type CreatedSecurityGroup struct{ ID string }

var createSecurityGroupParameterRules = []rule[CreateSecurityGroupRequest]{
	required[CreateSecurityGroupRequest]("RegionId"),
	{err: VpcIDNeeded, violated: func(r CreateSecurityGroupRequest) bool { return r.VPCID == "" }},
	wellFormed[CreateSecurityGroupRequest](InvalidClientTokenValue, "ClientToken",
		isValidClientToken,
	),
	wellFormed[CreateSecurityGroupRequest](InvalidSecurityGroupName, "SecurityGroupName", isValidName),
	wellFormed[CreateSecurityGroupRequest](InvalidSecurityGroupDescription, "Description",
		isValidGroupDescription,
	),
	{err: InvalidGroupType, violated: func(r CreateSecurityGroupRequest) bool {
		return r.Type != "" && !oneOf(r.Type, store.GroupNormal, store.GroupEnterprise)
	}},
	{err: QuotaExceedTags, violated: func(r CreateSecurityGroupRequest) bool { return tooManyTags(r.Tags) }},
	{err: InvalidTagKeyMalformed, violated: func(r CreateSecurityGroupRequest) bool {
		return hasInvalidTagKey(r.Tags)
	}},
	{err: InvalidTagValueMalformed, violated: func(r CreateSecurityGroupRequest) bool {
		return hasInvalidTagValue(r.Tags)
	}},
	{err: DuplicateTagKey, violated: func(r CreateSecurityGroupRequest) bool { return repeatsTagKey(r.Tags) }},
}

// isValidGroupDescription reports whether a text is a valid description of a security group.
func isValidGroupDescription(s string) bool { return isValidDescription(s, 2, 256) }

// createSecurityGroupInput is the locked rows that the rules check, and the status of the VPC.
type createSecurityGroupInput struct {
	*store.NewGroupScene
	vpcStatus string // "": there is no VPC
}

var createSecurityGroupRules = []rule[createSecurityGroupInput]{
	{err: InvalidVpcIDNotFound, violated: func(g createSecurityGroupInput) bool { return g.VPC == nil }},
	{
		err:      IncorrectVpcStatus,
		violated: func(g createSecurityGroupInput) bool { return g.vpcStatus != store.NetworkAvailable },
	},
	{
		err:      SecurityGroupQuotaExceeded,
		violated: func(g createSecurityGroupInput) bool { return g.Groups >= maxSecurityGroupsPerRegion },
	},
}

// CreateSecurityGroup creates a security group without members and rules.
var CreateSecurityGroup = newAction(Action[CreateSecurityGroupRequest, CreatedSecurityGroup]{
	permission: "ecs:CreateSecurityGroup",
	parameters: createSecurityGroupParameterRules,
	refusals:   errorsOf(createSecurityGroupRules),
	write:      (*Service).createSecurityGroup,
	creates:    true,
})

func (s *Service) createSecurityGroup(
	ctx context.Context, tx *store.Tx, caller Caller, req CreateSecurityGroupRequest,
) (CreatedSecurityGroup, error) {
	scene, err := tx.LockForNewGroup(ctx, caller.AccountID, req.RegionID, req.VPCID)
	if err != nil {
		return CreatedSecurityGroup{}, err
	}
	now := s.timeOf(caller)
	input := createSecurityGroupInput{NewGroupScene: scene}
	if scene.VPC != nil {
		input.vpcStatus = scene.VPC.Status(now)
	}
	if err := check(createSecurityGroupRules, input); err != nil {
		return CreatedSecurityGroup{}, err
	}
	group := store.SecurityGroup{
		AccountID:         caller.AccountID,
		ID:                s.newID("sg-", req.RegionID),
		VPCID:             req.VPCID,
		RegionID:          req.RegionID,
		Type:              cmp.Or(req.Type, store.GroupNormal),
		InnerAccessPolicy: store.PolicyAccept,
		Name:              req.Name,
		Description:       req.Description,
		ResourceGroupID:   req.ResourceGroupID,
		Tags:              tagMap(req.Tags),
		CreatedAt:         now,
	}
	group.InstanceLimit = store.InstanceLimitOf(group.Type)
	tx.InsertSecurityGroup(group)
	return CreatedSecurityGroup{group.ID}, s.recordCreation(
		tx, caller, now, store.ChangesOf(nil, &group, now), group.ID, group.Tags)
}
