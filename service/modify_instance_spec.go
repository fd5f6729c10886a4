package service

import (
	"context"
	"slices"

	"enisim.alt/store"
)

// ModifyInstanceSpecRequest is the request to change an instance's type or its bandwidths. Those
// that are absent stay unchanged.
type ModifyInstanceSpecRequest struct {
	RegionID                string `api:"RegionId"`
	InstanceID              string `api:"InstanceId"`
	InstanceType            string
	InternetMaxBandwidthIn  *int  // Mbit/s
	InternetMaxBandwidthOut *int  // Mbit/s
	AllowMigrateAcrossZone  *bool // accepted, without effect: every zone has every type
	Async                   *bool // accepted, without effect: the change is complete on return
	DryRun                  *bool
	ClientToken             string
	Malformed               Malformed
}

var modifyInstanceSpecParameterRules = []rule[ModifyInstanceSpecRequest]{
	required[ModifyInstanceSpecRequest]("InstanceId"),
	readable[ModifyInstanceSpecRequest](),
	wellFormed[ModifyInstanceSpecRequest](InvalidClientTokenValue, "ClientToken", isValidClientToken),
	within[ModifyInstanceSpecRequest]("InternetMaxBandwidthIn", 0, maxBandwidth),
	within[ModifyInstanceSpecRequest]("InternetMaxBandwidthOut", 0, maxBandwidth),
}

// modifyInstanceSpecInput is the request plus the locked rows that its rules check.
type modifyInstanceSpecInput struct {
	ModifyInstanceSpecRequest
	*store.ModifyInstanceSpecScene
	stock stock // of the new type
}

// changesType reports whether the instance gets another type.
func (m modifyInstanceSpecInput) changesType() bool {
	return m.InstanceType != "" && (m.InstanceType != m.Type.ID || m.NewType.OwnerID != m.Type.OwnerID)
}

var modifyInstanceSpecRules = slices.Concat([]rule[modifyInstanceSpecInput]{
	{err: InvalidInstanceIDNotFound, violated: func(m modifyInstanceSpecInput) bool { return m.Instance == nil }},
	{
		err:      InvalidInstanceTypeValueNotSupported,
		violated: func(m modifyInstanceSpecInput) bool { return m.InstanceType != "" && m.NewType == nil },
	},
	{err: IncorrectInstanceStatus, violated: func(m modifyInstanceSpecInput) bool {
		return !isStable(m.Instance) || (m.changesType() && m.Instance.Status != store.InstanceStopped)
	}},
	{err: EniNotSupportedByType, violated: func(m modifyInstanceSpecInput) bool {
		return m.changesType() && len(m.Held) > 1 && !m.NewType.IOOptimized
	}},
	{
		err: EniCountExceeded,
		violated: func(m modifyInstanceSpecInput) bool {
			return m.changesType() && m.slots() > m.NewType.ENIQuantity
		},
		messageArgs: func(m modifyInstanceSpecInput) []any {
			return []any{m.NewType.ENIQuantity, m.NewType.ID, m.slots(), 0}
		},
	},
	{err: InstanceTypeNotSupportEniTrunking, violated: func(m modifyInstanceSpecInput) bool {
		return m.changesType() && m.HasTrunk() && !m.NewType.ENITrunkSupported
	}},
	{
		err: EniCountExceeded,
		violated: func(m modifyInstanceSpecInput) bool {
			return m.changesType() && exceeds(m.Members(), m.NewType.MemberQuantity())
		},
		messageArgs: func(m modifyInstanceSpecInput) []any {
			return []any{*m.NewType.MemberQuantity(), m.NewType.ID, m.Members(), 0}
		},
	},
	{err: NetworkCardIndexInvalid, violated: func(m modifyInstanceSpecInput) bool {
		return m.changesType() && slices.ContainsFunc(m.Held, func(n store.HeldENI) bool {
			return namesUnusableCard(n.NetworkCardIndex, m.NewType.NetworkCards)
		})
	}},
	{err: Ipv4CountExceeded, violated: func(m modifyInstanceSpecInput) bool {
		return m.changesType() && exceeds(m.mostIPv4().IPv4, m.NewType.PrivateIPv4PerENI)
	},
		messageArgs: func(m modifyInstanceSpecInput) []any {
			return []any{m.mostIPv4().ID, *m.NewType.PrivateIPv4PerENI, m.NewType.ID, m.mostIPv4().IPv4, 0}
		}},
	{err: Ipv6NotSupport, violated: func(m modifyInstanceSpecInput) bool {
		return m.changesType() && m.mostIPv6().IPv6 > 0 && m.NewType.IPv6PerENI != nil && *m.NewType.IPv6PerENI == 0
	}, messageArgs: func(m modifyInstanceSpecInput) []any { return []any{m.NewType.ID} }},
	{err: Ipv6CountExceeded, violated: func(m modifyInstanceSpecInput) bool {
		return m.changesType() && exceeds(m.mostIPv6().IPv6, m.NewType.IPv6PerENI)
	},
		messageArgs: func(m modifyInstanceSpecInput) []any {
			return []any{m.mostIPv6().ID, *m.NewType.IPv6PerENI, m.NewType.ID, m.mostIPv6().IPv6, 0}
		}},
}, formRules(modifyInstanceSpecInput.forms), []rule[modifyInstanceSpecInput]{
	{err: ChangeDeniedNoStock, violated: func(m modifyInstanceSpecInput) bool { return isSoldOut(m.stock) }},
})

// forms returns the first interface with which the instance exceeds a limit of its new type on RDMA or queues, with
// the interfaces before it; or the last one if none does.
func (m modifyInstanceSpecInput) forms() (f formInput, limited bool) {
	if !m.changesType() {
		return f, false
	}
	var held []*store.AttachableENI
	for _, n := range m.Held {
		if !n.IsMember() {
			held = append(held, &n.AttachableENI)
		}
	}
	return firstOverLimit(&m.NewType.AttachableType, held), true
}

// slots returns how many interfaces count against the limit of the instance type. Members of a trunk
// have a limit of their own.
func (m modifyInstanceSpecInput) slots() int { return len(m.Held) - m.Members() }

// mostIPv4 returns the interface with the most IPv4 addresses.
func (m modifyInstanceSpecInput) mostIPv4() store.HeldENI {
	return m.withMost(func(n store.HeldENI) int { return n.IPv4 })
}

// mostIPv6 returns the interface with the most IPv6 addresses.
func (m modifyInstanceSpecInput) mostIPv6() store.HeldENI {
	return m.withMost(func(n store.HeldENI) int { return n.IPv6 })
}

func (m modifyInstanceSpecInput) withMost(addresses func(store.HeldENI) int) (most store.HeldENI) {
	for _, n := range m.Held {
		if addresses(n) > addresses(most) {
			most = n
		}
	}
	return most
}

// ModifyInstanceSpec changes the type of a stopped instance, or the bandwidths of any instance, at
// once. The interfaces of the instance must fit the new type, including those that are Detaching.
var ModifyInstanceSpec = newAction(Action[ModifyInstanceSpecRequest, Empty]{
	permission: "ecs:ModifyInstanceSpec",
	parameters: modifyInstanceSpecParameterRules,
	refusals:   slices.Concat(errorsOf(modifyInstanceSpecRules), errorsOf(dryRunRules)),
	write:      (*Service).modifyInstanceSpec,
})

func (s *Service) modifyInstanceSpec(
	ctx context.Context, tx *store.Tx, caller Caller, req ModifyInstanceSpecRequest,
) (Empty, error) {
	scene, err := tx.LockForModifyInstanceSpec(
		ctx,
		caller.AccountID,
		req.RegionID,
		req.InstanceID,
		req.InstanceType,
	)
	if err != nil {
		return Empty{}, err
	}
	input := modifyInstanceSpecInput{ModifyInstanceSpecRequest: req, ModifyInstanceSpecScene: scene}
	if i := scene.Instance; i != nil && scene.NewType != nil && input.changesType() {
		input.stock, err = lockStock(ctx, tx, caller, stockOf{i.RegionID, i.ZoneID, scene.NewType.ID})
		if err != nil {
			return Empty{}, err
		}
	}
	now := s.timeOf(caller)
	scene.Settle(now)
	if err := check(modifyInstanceSpecRules, input); err != nil {
		return Empty{}, err
	}
	if err := check(dryRunRules, req.DryRun); err != nil {
		return Empty{}, err
	}
	after := *scene.Instance
	var moved []store.Change
	if input.changesType() {
		moved = tx.ChangeType(scene)
		input.stock.take(tx, 1)
		after.InstanceType = scene.NewType.ID
	}
	if req.InternetMaxBandwidthIn != nil {
		after.Attributes.InternetMaxBandwidthIn = *req.InternetMaxBandwidthIn
	}
	if req.InternetMaxBandwidthOut != nil {
		after.Attributes.InternetMaxBandwidthOut = *req.InternetMaxBandwidthOut
	}
	tx.SetAttributes(after)
	return Empty{}, s.record(tx, caller, now, append(store.ChangesOf(scene.Instance, &after, now), moved...)...)
}
