package service

import (
	"context"
	"slices"
	"strconv"

	"enisim.alt/store"
)

// ModifyNetworkInterfaceAttributeRequest is the request to change an interface. Attributes that are
// empty or absent stay unchanged.
type ModifyNetworkInterfaceAttributeRequest struct {
	RegionID                 string `api:"RegionId"`
	NetworkInterfaceID       string `api:"NetworkInterfaceId"`
	Name                     string `api:"NetworkInterfaceName"`
	Description              string
	SecurityGroupIDs         []string `api:"SecurityGroupId"` // in place of all that it is in
	NetworkInterfaceSettings `api:",inline"`
	Malformed                Malformed
}

var modifyNetworkInterfaceParameterRules = slices.Concat([]rule[ModifyNetworkInterfaceAttributeRequest]{
	required[ModifyNetworkInterfaceAttributeRequest]("RegionId"),
	required[ModifyNetworkInterfaceAttributeRequest]("NetworkInterfaceId"),
	wellFormed[ModifyNetworkInterfaceAttributeRequest](InvalidEniID, "NetworkInterfaceId", isValidID),
	readable[ModifyNetworkInterfaceAttributeRequest](),
	wellFormed[ModifyNetworkInterfaceAttributeRequest](InvalidNetworkInterfaceName, "NetworkInterfaceName",
		isValidName,
	),
	invalid("Description", func(r ModifyNetworkInterfaceAttributeRequest) bool {
		return r.Description != "" && !isValidDescription(r.Description, 2, 255)
	}),
	{
		err:      SecurityGroupIDRepeated,
		violated: func(r ModifyNetworkInterfaceAttributeRequest) bool { return hasDuplicates(r.SecurityGroupIDs) },
	},
	byQuota(JoinedGroupLimitExceed, func(r ModifyNetworkInterfaceAttributeRequest, q store.Quotas) bool {
		return len(r.SecurityGroupIDs) > groupLimit(q)
	}),
}, settingsRules(
	func(r ModifyNetworkInterfaceAttributeRequest) NetworkInterfaceSettings {
		return r.NetworkInterfaceSettings
	},
	func(r ModifyNetworkInterfaceAttributeRequest) string { return r.Traffic.Mode },
))

// modifyNetworkInterfaceInput is the request plus the locked rows that its rules check, settled to
// the current time.
type modifyNetworkInterfaceInput struct {
	ModifyNetworkInterfaceAttributeRequest
	*store.ModifyNetworkInterfaceScene
}

// modifyNetworkInterfaceRules checks properties that never change first, then those that may, and
// counts last.
var modifyNetworkInterfaceRules = slices.Concat([]rule[modifyNetworkInterfaceInput]{
	{err: InvalidEniIDNotFound, violated: func(m modifyNetworkInterfaceInput) bool { return m.ENI == nil },
		messageArgs: func(m modifyNetworkInterfaceInput) []any { return []any{m.NetworkInterfaceID} }},
	{err: EniServiceManaged, violated: func(m modifyNetworkInterfaceInput) bool { return m.ENI.ServiceManaged }},
	{err: ModifyPrimaryEniQueueNumber, violated: func(m modifyNetworkInterfaceInput) bool {
		return m.ENI.Type == store.ENIPrimary && m.queueNumber() != nil
	}},
	{err: PrimaryEniOnlyNameAndDesc, violated: func(m modifyNetworkInterfaceInput) bool {
		return m.ENI.Type == store.ENIPrimary && m.touchesMoreThanTexts()
	}},
	{err: InvalidEniState, violated: func(m modifyNetworkInterfaceInput) bool {
		return !oneOf(m.ENI.Status, store.ENIAvailable, store.ENIInUse)
	},
		messageArgs: func(m modifyNetworkInterfaceInput) []any {
			return []any{store.ENIAvailable + "," + store.ENIInUse, m.ENI.Status}
		}},
	// The interface was attached after its instance was looked up and before it was locked, so
	// inTxRetryingMoves begins again.
	{err: OperationConflict, violated: func(m modifyNetworkInterfaceInput) bool {
		return m.touchesInstance() && m.ENI.InstanceID != nil &&
			(m.Instance == nil || m.Instance.ID != *m.ENI.InstanceID)
	}},
	{err: InvalidEniStateForQueueNumber, violated: func(m modifyNetworkInterfaceInput) bool {
		return m.queueNumber() != nil && m.ENI.InstanceID != nil && m.Instance.Status != store.InstanceStopped
	}},
	{err: ModifyToStandardNotSupported, violated: func(m modifyNetworkInterfaceInput) bool {
		return m.Traffic.Mode == store.TrafficStandard && m.ENI.TrafficMode != store.TrafficStandard
	}},
	{err: InvalidEcsState, violated: func(m modifyNetworkInterfaceInput) bool {
		return m.becomesRDMA() && m.ENI.InstanceID != nil && m.Instance.Status != store.InstanceStopped
	}},
	{err: EniTrafficModeNotSupportIPv6, violated: func(m modifyNetworkInterfaceInput) bool {
		return m.becomesRDMA() && m.IPv6 > 0
	}},
	{err: QueuePairNumberMustEmpty, violated: func(m modifyNetworkInterfaceInput) bool {
		return m.Traffic.QueuePairNumber != nil && m.changed().TrafficMode == store.TrafficStandard
	}},
	{err: MaxEniQueuePairNumberExceed, violated: func(m modifyNetworkInterfaceInput) bool {
		return m.Traffic.QueuePairNumber != nil && m.Forms.Type != nil &&
			exceeds(*m.Traffic.QueuePairNumber, m.Forms.Type.QueuePairs)
	}},
	// Without an IPv6 address there is none that could be the primary one.
	invalid(
		"EnablePrimaryIPv6",
		func(m modifyNetworkInterfaceInput) bool { return isTrue(m.EnablePrimaryIPv6) && m.IPv6 == 0 },
	),
}, formRules(
	modifyNetworkInterfaceInput.forms,
), joinRules(InvalidGroupIDNotFoundOnENIModify, func(m modifyNetworkInterfaceInput) joinInput {
	return joinInput{m.SecurityGroupIDs, m.Groups, m.ENI.VPCID}
}), []rule[modifyNetworkInterfaceInput]{
	{
		err:      SecurityGroupInstanceLimit,
		violated: func(m modifyNetworkInterfaceInput) bool { return m.exceedsCapacity(store.GroupNormal) },
	},
	{
		err:      EnterpriseGroupFull,
		violated: func(m modifyNetworkInterfaceInput) bool { return m.exceedsCapacity(store.GroupEnterprise) },
	},
})

// touchesInstance reports whether the change depends on the interface's instance, or changes its
// groups.
func (r ModifyNetworkInterfaceAttributeRequest) touchesInstance() bool {
	return len(r.SecurityGroupIDs) > 0 || r.touchesForms()
}

// touchesForms reports whether the request changes the traffic mode or the queues.
func (r ModifyNetworkInterfaceAttributeRequest) touchesForms() bool {
	return r.queueNumber() != nil || r.Traffic.Mode != "" || r.Traffic.QueuePairNumber != nil
}

// becomesRDMA reports whether a standard interface gets the traffic mode of RDMA.
func (m modifyNetworkInterfaceInput) becomesRDMA() bool {
	return m.Traffic.Mode == store.TrafficHighPerformance && m.ENI.TrafficMode == store.TrafficStandard
}

// changed returns the interface with the attributes of the request.
func (m modifyNetworkInterfaceInput) changed() store.NetworkInterface {
	n := *m.ENI
	setIfPresent(&n.Name, nonEmpty(m.Name))
	setIfPresent(&n.Description, nonEmpty(m.Description))
	m.apply(&n)
	if m.Forms.Type != nil && n.InstanceID != nil && n.Type != store.ENIPrimary {
		n.Queues = m.Forms.Type.CountedQueues(&n.AttachableENI)
	}
	return n
}

// forms returns what the limits of the instance's type apply to, if the request changes it.
func (m modifyNetworkInterfaceInput) forms() (formInput, bool) {
	if m.Forms.Type == nil || m.ENI.InstanceID == nil || !m.touchesForms() {
		return formInput{}, false
	}
	changed := m.changed()
	f := newFormInput(&m.Forms.Type.AttachableType, &changed.AttachableENI)
	return f.beside(m.Forms.RDMA, m.Forms.Queues), true
}

// touchesMoreThanTexts reports whether the request changes more than name and description.
func (r ModifyNetworkInterfaceAttributeRequest) touchesMoreThanTexts() bool {
	return len(r.SecurityGroupIDs) > 0 || r.NetworkInterfaceSettings != NetworkInterfaceSettings{}
}

// exceedsCapacity reports whether a group of the given type has no capacity left for the
// interface's instance. An interface that is on no instance needs none.
func (m modifyNetworkInterfaceInput) exceedsCapacity(groupType string) bool {
	return m.ENI.InstanceID != nil && slices.ContainsFunc(m.Groups, func(g store.GroupScene) bool {
		return g.Type == groupType && !g.HasInstance && g.Free <= 0
	})
}

// ModifyNetworkInterfaceAttribute changes an interface. If it is attached, its instance joins and
// leaves groups at once.
var ModifyNetworkInterfaceAttribute = newAction(Action[ModifyNetworkInterfaceAttributeRequest, Empty]{
	permission: "ecs:ModifyNetworkInterfaceAttribute",
	parameters: modifyNetworkInterfaceParameterRules,
	refusals:   errorsOf(modifyNetworkInterfaceRules),
	run:        answerless((*Service).modifyNetworkInterfaceAttribute),
})

func (s *Service) modifyNetworkInterfaceAttribute(
	ctx context.Context, caller Caller, req ModifyNetworkInterfaceAttributeRequest,
) error {
	return s.inTxRetryingMoves(ctx, func(tx *store.Tx) error {
		scene, err := tx.LockForModifyNetworkInterface(
			ctx,
			caller.AccountID,
			req.RegionID,
			req.NetworkInterfaceID,
			req.touchesInstance(),
			req.touchesForms(),
			req.SecurityGroupIDs,
		)
		if err != nil {
			return err
		}
		now := s.timeOf(caller)
		scene.Settle(now)
		input := modifyNetworkInterfaceInput{req, scene}
		if err := check(modifyNetworkInterfaceRules, input); err != nil {
			return err
		}
		n := input.changed()
		tx.ModifyNetworkInterface(n)
		if req.touchesForms() {
			tx.ModifyForms(n)
		}
		changes := store.ChangesOf(scene.ENI, &n, now)
		if len(req.SecurityGroupIDs) > 0 {
			tx.ReplaceGroups(n, scene.Joined, req.SecurityGroupIDs, now)
			changes = append(changes, store.GroupsChange(n.ID, scene.Joined, req.SecurityGroupIDs)...)
		}
		if enable := req.EnablePrimaryIPv6; enable != nil {
			tx.SetPrimaryIPv6(n, *enable)
			changes = append(changes, primaryIPv6Change(n.ID, scene.PrimaryIPv6, *enable)...)
		}
		return s.record(tx, caller, now, changes...)
	})
}

// primaryIPv6Change returns the change of whether an interface has a primary IPv6 address, or none.
func primaryIPv6Change(eniID string, before, after bool) []store.Change {
	if before == after {
		return nil
	}
	return []store.Change{{
		Resource: eniID, Field: "EnablePrimaryIPv6", From: strconv.FormatBool(before), To: strconv.FormatBool(after),
	}}
}

// nonEmpty returns a pointer to the text, or nil if it is empty: an empty parameter is an absent
// one.
func nonEmpty(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}
