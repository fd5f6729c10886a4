package service

import (
	"cmp"
	"context"

	"enisim/store"
)

// mostSecurityGroups is how many groups an account may have in a region.
const mostSecurityGroups = 100

// CreateSecurityGroup is the request for a new security group. Without a SecurityGroupType it is a normal one.
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

// CreatedSecurityGroup tells the id of a new group.
type CreatedSecurityGroup struct{ ID string }

var createSecurityGroupParameterRules = []rule[CreateSecurityGroup]{
	required("RegionId", func(r CreateSecurityGroup) string { return r.RegionID }),
	{err: VpcIDNeeded, broken: func(r CreateSecurityGroup) bool { return r.VPCID == "" }},
	wellFormed(InvalidClientTokenValue, func(r CreateSecurityGroup) string { return r.ClientToken }, goodClientToken),
	wellFormed(InvalidSecurityGroupName, func(r CreateSecurityGroup) string { return r.Name }, goodName),
	wellFormed(InvalidSecurityGroupDescription, func(r CreateSecurityGroup) string { return r.Description }, goodGroupDescription),
	{err: InvalidGroupType, broken: func(r CreateSecurityGroup) bool {
		return r.Type != "" && !oneOf(r.Type, store.GroupNormal, store.GroupEnterprise)
	}},
	{err: QuotaExceedTags, broken: func(r CreateSecurityGroup) bool { return tooManyTags(r.Tags) }},
	{err: InvalidTagKeyMalformed, broken: func(r CreateSecurityGroup) bool { return hasBadTagKey(r.Tags) }},
	{err: InvalidTagValueMalformed, broken: func(r CreateSecurityGroup) bool { return hasBadTagValue(r.Tags) }},
	{err: DuplicateTagKey, broken: func(r CreateSecurityGroup) bool { return repeatsTagKey(r.Tags) }},
}

// goodGroupDescription tells whether a text can describe a security group.
func goodGroupDescription(s string) bool { return goodDescription(s, 2, 256) }

// newGroup is what a creation is decided on: what the locks returned, and the status of the VPC.
type newGroup struct {
	*store.NewGroupScene
	vpcStatus string // "": there is no VPC
}

var createSecurityGroupRules = []rule[newGroup]{
	{err: InvalidVpcIDNotFound, broken: func(g newGroup) bool { return g.VPC == nil }},
	{err: IncorrectVpcStatus, broken: func(g newGroup) bool { return g.vpcStatus != store.NetworkAvailable }},
	{err: SecurityGroupQuotaExceeded, broken: func(g newGroup) bool { return g.Groups >= mostSecurityGroups }},
}

// CreateSecurityGroup makes a security group without members and rules.
func (s *Service) CreateSecurityGroup(ctx context.Context, caller Caller, req CreateSecurityGroup) (CreatedSecurityGroup, error) {
	if err := check(createSecurityGroupParameterRules, req); err != nil {
		return CreatedSecurityGroup{}, err
	}
	if err := s.admit(ctx, caller, "ecs:CreateSecurityGroup", req.RegionID); err != nil {
		return CreatedSecurityGroup{}, err
	}
	call := idempotent{action: "CreateSecurityGroup", token: req.ClientToken, request: req}
	return once(ctx, s, caller, call, func(tx *store.Tx) (CreatedSecurityGroup, error) {
		scene, err := tx.LockForNewGroup(ctx, caller.AccountID, req.RegionID, req.VPCID)
		if err != nil {
			return CreatedSecurityGroup{}, err
		}
		now := s.moment()
		decided := newGroup{NewGroupScene: scene}
		if scene.VPC != nil {
			decided.vpcStatus = scene.VPC.Status(now)
		}
		if err := check(createSecurityGroupRules, decided); err != nil {
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
