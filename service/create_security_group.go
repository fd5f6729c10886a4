package service

import (
	"cmp"
	"context"

	"enisim/store"
)

// maxSecurityGroupsPerRegion is how many groups an account may have in a region.
const maxSecurityGroupsPerRegion = 100

// CreateSecurityGroup is the request for a new security group. The default SecurityGroupType is
// normal.
type CreateSecurityGroup struct {
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

var createSecurityGroupParameterRules = []rule[CreateSecurityGroup]{
	required("RegionId", func(r CreateSecurityGroup) string { return r.RegionID }),
	{err: VpcIDNeeded, violated: func(r CreateSecurityGroup) bool { return r.VPCID == "" }},
	wellFormed(
		InvalidClientTokenValue,
		func(r CreateSecurityGroup) string { return r.ClientToken },
		isValidClientToken,
	),
	wellFormed(InvalidSecurityGroupName, func(r CreateSecurityGroup) string { return r.Name }, isValidName),
	wellFormed(
		InvalidSecurityGroupDescription,
		func(r CreateSecurityGroup) string { return r.Description },
		isValidGroupDescription,
	),
	{err: InvalidGroupType, violated: func(r CreateSecurityGroup) bool {
		return r.Type != "" && !oneOf(r.Type, store.GroupNormal, store.GroupEnterprise)
	}},
	{err: QuotaExceedTags, violated: func(r CreateSecurityGroup) bool { return tooManyTags(r.Tags) }},
	{err: InvalidTagKeyMalformed, violated: func(r CreateSecurityGroup) bool { return hasInvalidTagKey(r.Tags) }},
	{err: InvalidTagValueMalformed, violated: func(r CreateSecurityGroup) bool { return hasInvalidTagValue(r.Tags) }},
	{err: DuplicateTagKey, violated: func(r CreateSecurityGroup) bool { return repeatsTagKey(r.Tags) }},
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
func (s *Service) CreateSecurityGroup(
	ctx context.Context, caller Caller, req CreateSecurityGroup,
) (CreatedSecurityGroup, error) {
	if err := check(createSecurityGroupParameterRules, req); err != nil {
		return CreatedSecurityGroup{}, err
	}
	if err := s.admit(ctx, caller, "ecs:CreateSecurityGroup", req.RegionID); err != nil {
		return CreatedSecurityGroup{}, err
	}
	call := idempotentCall{action: "CreateSecurityGroup", token: req.ClientToken, request: req}
	return runOnce(ctx, s, caller, call, func(tx *store.Tx) (CreatedSecurityGroup, error) {
		scene, err := tx.LockForNewGroup(ctx, caller.AccountID, req.RegionID, req.VPCID)
		if err != nil {
			return CreatedSecurityGroup{}, err
		}
		now := s.now()
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
		return CreatedSecurityGroup{group.ID}, nil
	})
}
