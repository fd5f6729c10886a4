package service

import (
	"context"
	"maps"
	"slices"

	"enisim.alt/store"
)

// ModifyInstanceAttributeRequest is the request to change attributes of an instance. Those that are
// absent stay unchanged.
type ModifyInstanceAttributeRequest struct {
	RegionID                    string `api:"RegionId"`
	InstanceID                  string `api:"InstanceId"`
	InstanceName                string
	Description                 string
	HostName                    string
	Password                    string   `json:"-"` // accepted and not stored
	UserData                    string   // Base64
	SecurityGroupIDs            []string `api:"SecurityGroupIds"` // replace those of the primary interface
	DeletionProtection          *bool
	CreditSpecification         string
	NetworkInterfaceQueueNumber *int // of the primary interface
	Malformed                   Malformed
}

var modifyInstanceAttributeParameterRules = []rule[ModifyInstanceAttributeRequest]{
	required[ModifyInstanceAttributeRequest]("InstanceId"),
	readable[ModifyInstanceAttributeRequest](),
	wellFormed[ModifyInstanceAttributeRequest](InvalidInstanceNameMalformed, "InstanceName",
		isValidName,
	),
	wellFormed[ModifyInstanceAttributeRequest](InvalidHostNameMalformed, "HostName", isValidHostName),
	wellFormed[ModifyInstanceAttributeRequest](InvalidDescriptionMalformed, "Description",
		func(s string) bool { return isValidDescription(s, 2, 256) }),
	among[ModifyInstanceAttributeRequest]("CreditSpecification", "Standard", "Unlimited"),
	within[ModifyInstanceAttributeRequest]("NetworkInterfaceQueueNumber", 1, maxQueues),
	byQuota(JoinedGroupLimitExceed, func(r ModifyInstanceAttributeRequest, q store.Quotas) bool {
		return len(r.SecurityGroupIDs) > groupLimit(q)
	}),
	invalid("SecurityGroupIds", func(r ModifyInstanceAttributeRequest) bool {
		return hasDuplicates(r.SecurityGroupIDs)
	}),
}

// modifyInstanceInput is the request plus the locked rows that its rules check.
type modifyInstanceInput struct {
	ModifyInstanceAttributeRequest
	*store.ModifyInstanceScene
}

var modifyInstanceAttributeRules = slices.Concat([]rule[modifyInstanceInput]{
	{err: InvalidInstanceIDNotFound, violated: func(m modifyInstanceInput) bool { return m.Instance == nil }},
	{
		err:      InvalidSecurityGroupIDNotFound,
		violated: func(m modifyInstanceInput) bool { return len(m.Groups) < len(m.SecurityGroupIDs) },
	},
	{err: IncorrectInstanceStatus, violated: func(m modifyInstanceInput) bool {
		return (len(m.SecurityGroupIDs) > 0 || m.UserData != "") && !isStable(m.Instance)
	}},
	{err: VpcMismatch, violated: func(m modifyInstanceInput) bool {
		for _, g := range m.Groups {
			if m.Primary == nil || g.VPCID != m.Primary.VPCID { // a classic instance is in no VPC
				return true
			}
		}
		return false
	}},
	{
		err:      MultiGroupType,
		violated: func(m modifyInstanceInput) bool { return haveDifferentTypes(maps.Values(m.Groups)) },
	},
	{err: SecurityGroupInstanceLimit, violated: func(m modifyInstanceInput) bool {
		for _, g := range m.Groups {
			if !g.HasInstance && g.Free <= 0 {
				return true
			}
		}
		return false
	}},
}, queueRules(modifyInstanceInput.forms))

// forms returns the primary interface with the new number of queues, if the request sets one.
func (m modifyInstanceInput) forms() (formInput, bool) {
	if m.Primary == nil || m.NetworkInterfaceQueueNumber == nil {
		return formInput{}, false
	}
	changed := m.Primary.AttachableENI
	changed.QueueNumber = m.NetworkInterfaceQueueNumber
	return newFormInput(&m.Forms.Type.AttachableType, &changed).beside(m.Forms.RDMA, m.Forms.Queues), true
}

// ModifyInstanceAttribute changes an instance at once. The groups of an instance are those of its
// primary interface.
var ModifyInstanceAttribute = newAction(Action[ModifyInstanceAttributeRequest, Empty]{
	permission: "ecs:ModifyInstanceAttribute",
	parameters: modifyInstanceAttributeParameterRules,
	refusals:   errorsOf(modifyInstanceAttributeRules),
	run:        answerless((*Service).modifyInstanceAttribute),
})

func (s *Service) modifyInstanceAttribute(
	ctx context.Context, caller Caller, req ModifyInstanceAttributeRequest,
) error {
	return s.store.InTx(ctx, func(tx *store.Tx) error {
		scene, err := tx.LockForModifyInstance(
			ctx,
			caller.AccountID,
			req.RegionID,
			req.InstanceID,
			req.NetworkInterfaceQueueNumber != nil,
			req.SecurityGroupIDs,
		)
		if err != nil {
			return err
		}
		now := s.timeOf(caller)
		scene.Settle(now)
		if err := check(modifyInstanceAttributeRules, modifyInstanceInput{req, scene}); err != nil {
			return err
		}
		after := req.changed(*scene.Instance)
		tx.ChangeInstance(after)
		changes := store.ChangesOf(scene.Instance, &after, now)
		if n := scene.Primary; n != nil && req.NetworkInterfaceQueueNumber != nil {
			primary := *n
			primary.QueueNumber = req.NetworkInterfaceQueueNumber
			tx.ModifyNetworkInterface(primary)
			changes = append(changes, store.ChangesOf(n, &primary, now)...)
		}
		if len(req.SecurityGroupIDs) > 0 {
			tx.ReplaceGroups(*scene.Primary, scene.Joined, req.SecurityGroupIDs, now)
			changes = append(changes, store.GroupsChange(scene.Primary.ID, scene.Joined, req.SecurityGroupIDs)...)
		}
		return s.record(tx, caller, now, changes...)
	})
}

// changed returns the instance with the attributes of the request.
func (r ModifyInstanceAttributeRequest) changed(i store.Instance) store.Instance {
	setIfPresent(&i.Name, nonEmpty(r.InstanceName))
	setIfPresent(&i.Description, nonEmpty(r.Description))
	setIfPresent(&i.HostName, nonEmpty(r.HostName))
	setIfPresent(&i.Attributes.UserData, nonEmpty(r.UserData))
	setIfPresent(&i.Attributes.CreditSpecification, nonEmpty(r.CreditSpecification))
	setIfPresent(&i.Attributes.DeletionProtection, r.DeletionProtection)
	return i
}
