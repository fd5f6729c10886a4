package service

import (
	"context"
	"slices"

	"enisim/store"
)

// JoinSecurityGroup is the request to put an interface into a security group: the one that is
// named, or the primary one of an instance.
type JoinSecurityGroup struct {
	RegionID           string `api:"RegionId"` // needed with a NetworkInterfaceId only
	SecurityGroupID    string `api:"SecurityGroupId"`
	InstanceID         string `api:"InstanceId"`
	NetworkInterfaceID string `api:"NetworkInterfaceId"`
}

var joinParameterRules = []rule[JoinSecurityGroup]{
	required("SecurityGroupId", func(r JoinSecurityGroup) string { return r.SecurityGroupID }),
	{
		err:      EniIDAndInstanceIDConflict,
		violated: func(r JoinSecurityGroup) bool { return r.InstanceID != "" && r.NetworkInterfaceID != "" },
	},
	{
		err:         MissingNamedParameter,
		violated:    func(r JoinSecurityGroup) bool { return r.InstanceID == "" && r.NetworkInterfaceID == "" },
		messageArgs: nameArg[JoinSecurityGroup]("InstanceId"),
	},
	{
		err:      MissingRegionID,
		violated: func(r JoinSecurityGroup) bool { return r.NetworkInterfaceID != "" && r.RegionID == "" },
	},
}

// membershipInput is what joining or leaving a group is decided on: the request and what the locks
// returned, settled.
type membershipInput struct {
	JoinSecurityGroup
	*store.JoinScene
}

// isMember reports whether the interface is in the group.
func (m membershipInput) isMember() bool {
	return slices.ContainsFunc(m.Joined, func(g store.JoinedGroup) bool { return g.ID == m.Group.ID })
}

// isAttached reports whether the interface is on an instance.
func (m membershipInput) isAttached() bool { return m.ENI != nil && m.ENI.InstanceID != nil }

// memberRules are those that joining and leaving share.
var memberRules = []rule[membershipInput]{
	{
		err:      InvalidInstanceIDNotFound,
		violated: func(m membershipInput) bool { return m.InstanceID != "" && m.Instance == nil },
	},
	{
		err:         InvalidEniIDNotFound,
		violated:    func(m membershipInput) bool { return m.NetworkInterfaceID != "" && m.ENI == nil },
		messageArgs: func(m membershipInput) []any { return []any{m.NetworkInterfaceID} },
	},
	{err: InvalidSecurityGroupIDNotFound, violated: func(m membershipInput) bool { return m.Group == nil }},
	// An attach came between finding the instance and locking the interface. To wait for another
	// instance now would break the order of locks, so the instance is looked for again
	// (inTxRetryingMoves).
	{err: OperationConflict, violated: func(m membershipInput) bool { return m.Moved() }},
	{err: EniServiceManaged, violated: func(m membershipInput) bool { return m.ENI != nil && m.ENI.ServiceManaged }},
	{err: IncorrectInstanceStatus, violated: func(m membershipInput) bool {
		return (m.InstanceID != "" || m.isAttached()) &&
			!oneOf(m.Instance.Status, store.InstanceRunning, store.InstanceStopped)
	}},
	{err: InvalidEniState, violated: func(m membershipInput) bool {
		return m.ENI != nil && !oneOf(m.ENI.Status, store.ENIAvailable, store.ENIInUse)
	},
		messageArgs: func(m membershipInput) []any {
			return []any{store.ENIAvailable + "," + store.ENIInUse, m.ENI.Status}
		}},
}

var joinSecurityGroupRules = slices.Concat(memberRules, []rule[membershipInput]{
	// A classic instance has no interface and is in no VPC.
	{err: InvalidInstanceIDMismatch, violated: func(m membershipInput) bool {
		return m.InstanceID != "" && (m.ENI == nil || m.ENI.VPCID != m.Group.VPCID)
	}},
	{err: VpcMismatch, violated: func(m membershipInput) bool { return m.ENI.VPCID != m.Group.VPCID }},
	{err: InvalidInstanceIDAlreadyExists, violated: membershipInput.isMember},
	{err: MultiGroupTypeOnJoin, violated: func(m membershipInput) bool {
		return slices.ContainsFunc(m.Joined, func(g store.JoinedGroup) bool { return g.Type != m.Group.Type })
	}},
	{
		err:      InstanceSecurityGroupLimitExceeded,
		violated: func(m membershipInput) bool { return len(m.Joined) >= maxSecurityGroups },
	},
	{
		err:      SecurityGroupInstanceLimitExceeded,
		violated: func(m membershipInput) bool { return m.exceedsCapacity(store.GroupNormal) },
	},
	{
		err:      NetworkInterfaceCountExceeded,
		violated: func(m membershipInput) bool { return m.exceedsCapacity(store.GroupEnterprise) },
	},
})

// exceedsCapacity reports whether the interface's instance would be one too many in a group of a
// type. An interface that is on no instance takes no place.
func (m membershipInput) exceedsCapacity(groupType string) bool {
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
	return s.inTxRetryingMoves(ctx, func(tx *store.Tx) error {
		scene, err := tx.LockForJoin(
			ctx,
			caller.AccountID,
			req.RegionID,
			req.InstanceID,
			req.NetworkInterfaceID,
			req.SecurityGroupID,
		)
		if err != nil {
			return err
		}
		now := s.now()
		scene.Settle(now)
		if err := check(joinSecurityGroupRules, membershipInput{req, scene}); err != nil {
			return err
		}
		tx.JoinGroup(scene, now)
		return nil
	})
}
