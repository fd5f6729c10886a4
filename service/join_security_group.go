package service

import (
	"context"
	"slices"

	"enisim/store"
)

// JoinSecurityGroup is the request to put an interface into a security group: the one that is named, or the primary one of an instance.
type JoinSecurityGroup struct {
	RegionID           string `api:"RegionId"` // needed with a NetworkInterfaceId only
	SecurityGroupID    string `api:"SecurityGroupId"`
	InstanceID         string `api:"InstanceId"`
	NetworkInterfaceID string `api:"NetworkInterfaceId"`
}

var joinParameterRules = []rule[JoinSecurityGroup]{
	required("SecurityGroupId", func(r JoinSecurityGroup) string { return r.SecurityGroupID }),
	{err: EniIDAndInstanceIDConflict, broken: func(r JoinSecurityGroup) bool { return r.InstanceID != "" && r.NetworkInterfaceID != "" }},
	{err: MissingNamedParameter, broken: func(r JoinSecurityGroup) bool { return r.InstanceID == "" && r.NetworkInterfaceID == "" },
		fill: named[JoinSecurityGroup]("InstanceId")},
	{err: MissingRegionID, broken: func(r JoinSecurityGroup) bool { return r.NetworkInterfaceID != "" && r.RegionID == "" }},
}

// membership is what joining or leaving a group is decided on: the request and what the locks returned, settled.
type membership struct {
	JoinSecurityGroup
	*store.JoinScene
}

// isMember tells whether the interface is in the group.
func (m membership) isMember() bool {
	return slices.ContainsFunc(m.Joined, func(g store.JoinedGroup) bool { return g.ID == m.Group.ID })
}

// isAttached tells whether the interface is on an instance.
func (m membership) isAttached() bool { return m.ENI != nil && m.ENI.InstanceID != nil }

// memberRules are those that joining and leaving share.
var memberRules = []rule[membership]{
	{err: InvalidInstanceIDNotFound, broken: func(m membership) bool { return m.InstanceID != "" && m.Instance == nil }},
	{err: InvalidEniIDNotFound, broken: func(m membership) bool { return m.NetworkInterfaceID != "" && m.ENI == nil },
		fill: func(m membership) []any { return []any{m.NetworkInterfaceID} }},
	{err: InvalidSecurityGroupIDNotFound, broken: func(m membership) bool { return m.Group == nil }},
	// An attach came between finding the instance and locking the interface. To wait for another instance now would break the order of locks, so
	// the instance is looked for again (inTxLookingAgain).
	{err: OperationConflict, broken: func(m membership) bool { return m.Moved() }},
	{err: EniServiceManaged, broken: func(m membership) bool { return m.ENI != nil && m.ENI.ServiceManaged }},
	{err: IncorrectInstanceStatus, broken: func(m membership) bool {
		return (m.InstanceID != "" || m.isAttached()) && !oneOf(m.Instance.Status, store.InstanceRunning, store.InstanceStopped)
	}},
	{err: InvalidEniState, broken: func(m membership) bool {
		return m.ENI != nil && !oneOf(m.ENI.Status, store.ENIAvailable, store.ENIInUse)
	},
		fill: func(m membership) []any { return []any{store.ENIAvailable + "," + store.ENIInUse, m.ENI.Status} }},
}

var joinSecurityGroupRules = slices.Concat(memberRules, []rule[membership]{
	// A classic instance has no interface and is in no VPC.
	{err: InvalidInstanceIDMismatch, broken: func(m membership) bool {
		return m.InstanceID != "" && (m.ENI == nil || m.ENI.VPCID != m.Group.VPCID)
	}},
	{err: VpcMismatch, broken: func(m membership) bool { return m.ENI.VPCID != m.Group.VPCID }},
	{err: InvalidInstanceIDAlreadyExists, broken: membership.isMember},
	{err: MultiGroupTypeOnJoin, broken: func(m membership) bool {
		return slices.ContainsFunc(m.Joined, func(g store.JoinedGroup) bool { return g.Type != m.Group.Type })
	}},
	{err: InstanceSecurityGroupLimitExceeded, broken: func(m membership) bool { return len(m.Joined) >= mostGroups }},
	{err: SecurityGroupInstanceLimitExceeded, broken: func(m membership) bool { return m.overfills(store.GroupNormal) }},
	{err: NetworkInterfaceCountExceeded, broken: func(m membership) bool { return m.overfills(store.GroupEnterprise) }},
})

// overfills tells whether the interface's instance would be one too many in a group of a type. An interface that is on no instance takes no place.
func (m membership) overfills(groupType string) bool {
	return m.Group.Type == groupType && m.isAttached() && !m.Group.HasInstance && m.Group.Free <= 0
}

// JoinSecurityGroup puts an interface into a security group, behind those that it is in.
func (s *Service) JoinSecurityGroup(ctx context.Context, caller Caller, req JoinSecurityGroup) error {
	if err := check(joinParameterRules, req); err != nil {
		return err
	}
	if err := s.admit(ctx, caller, "ecs:JoinSecurityGroup", req.RegionID); err != nil {
		return err
	}
	return s.inTxLookingAgain(ctx, func(tx *store.Tx) error {
		scene, err := tx.LockForJoin(ctx, caller.AccountID, req.RegionID, req.InstanceID, req.NetworkInterfaceID, req.SecurityGroupID)
		if err != nil {
			return err
		}
		now := s.moment()
		scene.Settle(now)
		if err := check(joinSecurityGroupRules, membership{req, scene}); err != nil {
			return err
		}
		tx.JoinGroup(scene, now)
		return nil
	})
}
