package service

import (
	"context"
	"slices"

	"enisim.alt/store"
)

// JoinSecurityGroupRequest is the request to add an interface to a security group: a named
// interface, or the primary one of an instance.
type JoinSecurityGroupRequest struct {
	RegionID           string `api:"RegionId"` // needed with a NetworkInterfaceId only
	SecurityGroupID    string `api:"SecurityGroupId"`
	InstanceID         string `api:"InstanceId"`
	NetworkInterfaceID string `api:"NetworkInterfaceId"`
}

var joinParameterRules = []rule[JoinSecurityGroupRequest]{
	required[JoinSecurityGroupRequest]("SecurityGroupId"),
	{
		err:      EniIDAndInstanceIDConflict,
		violated: func(r JoinSecurityGroupRequest) bool { return r.InstanceID != "" && r.NetworkInterfaceID != "" },
	},
	{
		err:         MissingNamedParameter,
		violated:    func(r JoinSecurityGroupRequest) bool { return r.InstanceID == "" && r.NetworkInterfaceID == "" },
		messageArgs: nameArg[JoinSecurityGroupRequest]("InstanceId"),
	},
	{
		err:      MissingRegionID,
		violated: func(r JoinSecurityGroupRequest) bool { return r.NetworkInterfaceID != "" && r.RegionID == "" },
	},
}

// membershipInput is the request plus the locked rows that the rules of joining and leaving check,
// settled to the current time.
type membershipInput struct {
	JoinSecurityGroupRequest
	*store.JoinScene
}

// isMember reports whether the interface is in the group.
func (m membershipInput) isMember() bool {
	return slices.ContainsFunc(m.Joined, func(g store.JoinedGroup) bool { return g.ID == m.Group.ID })
}

// isAttached reports whether the interface is on an instance.
func (m membershipInput) isAttached() bool { return m.ENI != nil && m.ENI.InstanceID != nil }

// memberRules are the rules that joining and leaving share.
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
	// The interface was attached after its instance was looked up and before the interface was
	// locked. Locking the other instance now would break the lock order, so inTxRetryingMoves
	// begins again.
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
	byQuota(InstanceSecurityGroupLimitExceeded, func(m membershipInput, q store.Quotas) bool {
		return len(m.Joined) >= groupLimit(q)
	}),
	{
		err:      SecurityGroupInstanceLimitExceeded,
		violated: func(m membershipInput) bool { return m.exceedsCapacity(store.GroupNormal) },
	},
	{
		err:      NetworkInterfaceCountExceeded,
		violated: func(m membershipInput) bool { return m.exceedsCapacity(store.GroupEnterprise) },
	},
})

// exceedsCapacity reports whether a group of the given type has no capacity left for the
// interface's instance. An interface that is on no instance needs none.
func (m membershipInput) exceedsCapacity(groupType string) bool {
	return m.Group.Type == groupType && m.isAttached() && !m.Group.HasInstance && m.Group.Free <= 0
}

// JoinSecurityGroup adds an interface to a security group, behind the groups that it is in.
var JoinSecurityGroup = newAction(Action[JoinSecurityGroupRequest, Empty]{
	permission: "ecs:JoinSecurityGroup",
	parameters: joinParameterRules,
	refusals:   errorsOf(joinSecurityGroupRules),
	run: answerless(func(s *Service, ctx context.Context, caller Caller, r JoinSecurityGroupRequest) error {
		return s.changeMembership(ctx, caller, r, joinSecurityGroupRules, true)
	}),
})

// membershipChange returns the change of an interface that joins or leaves the group of a scene.
func membershipChange(scene *store.JoinScene, joins bool) []store.Change {
	before := make([]string, len(scene.Joined))
	for k, g := range scene.Joined {
		before[k] = g.ID
	}
	after := slices.DeleteFunc(slices.Clone(before), func(id string) bool { return id == scene.Group.ID })
	if joins {
		after = append(after, scene.Group.ID)
	}
	return store.GroupsChange(scene.ENI.ID, before, after)
}

// changeMembership checks a request to join or leave a security group, first by its parameters and
// then under the locks, and queues the change.
func (s *Service) changeMembership(
	ctx context.Context, caller Caller, req JoinSecurityGroupRequest, rules []rule[membershipInput],
	joins bool,
) error {
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
		now := s.timeOf(caller)
		scene.Settle(now)
		if err := checkQuotas(rules, membershipInput{req, scene}, caller.Quotas); err != nil {
			return err
		}
		if joins {
			tx.JoinGroup(scene, now)
		} else {
			tx.LeaveGroup(scene, now)
		}
		return s.record(tx, caller, now, membershipChange(scene, joins)...)
	})
}
