package service

import (
	"context"

	"enisim/store"
)

// ModifyInstanceSpec is the request to change an instance's type or its bandwidths. What is absent
// stays.
type ModifyInstanceSpec struct {
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

var modifyInstanceSpecParameterRules = []rule[ModifyInstanceSpec]{
	required("InstanceId", func(r ModifyInstanceSpec) string { return r.InstanceID }),
	readable(func(r ModifyInstanceSpec) Malformed { return r.Malformed }),
	wellFormed(InvalidClientTokenValue, func(r ModifyInstanceSpec) string { return r.ClientToken }, isValidClientToken),
	within(
		"InternetMaxBandwidthIn",
		0,
		maxBandwidth,
		func(r ModifyInstanceSpec) *int { return r.InternetMaxBandwidthIn },
	),
	within(
		"InternetMaxBandwidthOut",
		0,
		maxBandwidth,
		func(r ModifyInstanceSpec) *int { return r.InternetMaxBandwidthOut },
	),
}

// modifyInstanceSpecInput is the request plus the locked rows that its rules check.
type modifyInstanceSpecInput struct {
	ModifyInstanceSpec
	*store.ModifyInstanceSpecScene
}

// changesType reports whether the instance gets another type.
func (m modifyInstanceSpecInput) changesType() bool {
	return m.InstanceType != "" && (m.InstanceType != m.Type.ID || m.NewType.OwnerID != m.Type.OwnerID)
}

var modifyInstanceSpecRules = []rule[modifyInstanceSpecInput]{
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
			return m.changesType() && len(m.Held) > m.NewType.ENIQuantity
		},
		messageArgs: func(m modifyInstanceSpecInput) []any {
			return []any{m.NewType.ENIQuantity, m.NewType.ID, len(m.Held), 0}
		},
	},
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
}

// mostIPv4 returns the interface with the most IPv4 addresses.
func (m modifyInstanceSpecInput) mostIPv4() (most store.HeldENI) {
	for _, n := range m.Held {
		if n.IPv4 > most.IPv4 {
			most = n
		}
	}
	return most
}

// mostIPv6 returns the interface with the most IPv6 addresses.
func (m modifyInstanceSpecInput) mostIPv6() (most store.HeldENI) {
	for _, n := range m.Held {
		if n.IPv6 > most.IPv6 {
			most = n
		}
	}
	return most
}

// ModifyInstanceSpec changes the type of a stopped instance, or the bandwidths of any instance, at
// once. The interfaces of the instance must fit the new type, including those that are Detaching.
func (s *Service) ModifyInstanceSpec(ctx context.Context, caller Caller, req ModifyInstanceSpec) error {
	if err := check(modifyInstanceSpecParameterRules, req); err != nil {
		return err
	}
	if err := s.admit(ctx, caller, "ecs:ModifyInstanceSpec", req.RegionID); err != nil {
		return err
	}
	call := idempotentCall{action: "ModifyInstanceSpec", token: req.ClientToken, request: req}
	_, err := runOnce(ctx, s, caller, call, func(tx *store.Tx) (struct{}, error) {
		scene, err := tx.LockForModifyInstanceSpec(
			ctx,
			caller.AccountID,
			req.RegionID,
			req.InstanceID,
			req.InstanceType,
		)
		if err != nil {
			return struct{}{}, err
		}
		now := s.now()
		scene.Settle(now)
		input := modifyInstanceSpecInput{req, scene}
		if err := check(modifyInstanceSpecRules, input); err != nil {
			return struct{}{}, err
		}
		if err := check(dryRunRules, req.DryRun); err != nil {
			return struct{}{}, err
		}
		if input.changesType() {
			tx.ChangeType(scene)
		}
		if req.InternetMaxBandwidthIn != nil {
			scene.Instance.Attributes.InternetMaxBandwidthIn = *req.InternetMaxBandwidthIn
		}
		if req.InternetMaxBandwidthOut != nil {
			scene.Instance.Attributes.InternetMaxBandwidthOut = *req.InternetMaxBandwidthOut
		}
		tx.SetAttributes(*scene.Instance)
		return struct{}{}, nil
	})
	return err
}
