package service

import (
	"context"
	"math"
	"slices"
	"time"

	"enisim/store"
)

// attachAction is the action as permissions name it.
const attachAction = "ecs:AttachNetworkInterface"

// AttachNetworkInterface is the request to attach an existing secondary interface to a VPC instance.
type AttachNetworkInterface struct {
	RegionID               string `api:"RegionId"`
	NetworkInterfaceID     string `api:"NetworkInterfaceId"`
	InstanceID             string `api:"InstanceId"`
	TrunkNetworkInstanceID string `api:"TrunkNetworkInstanceId"` // refused: trunk interfaces are not open to the public
	NetworkCardIndex       *int   // refused unless the instance type has network cards
	Malformed              Malformed
}

// attachParameterRules are P1 to P4 of the reference. Its text for a missing parameter, alone of all pages, does not name it.
var attachParameterRules = []rule[AttachNetworkInterface]{
	{err: MissingParameter, broken: func(r AttachNetworkInterface) bool { return r.RegionID == "" }},
	{err: MissingParameter, broken: func(r AttachNetworkInterface) bool { return r.NetworkInterfaceID == "" }},
	{err: MissingParameter, broken: func(r AttachNetworkInterface) bool { return r.InstanceID == "" }},
	{err: UnsupportedParameter, broken: func(r AttachNetworkInterface) bool { return r.TrunkNetworkInstanceID != "" }},
	wellFormed(InvalidInstanceIDMalformed, func(r AttachNetworkInterface) string { return r.InstanceID }, wellFormedID),
	wellFormed(InvalidEniID, func(r AttachNetworkInterface) string { return r.NetworkInterfaceID }, wellFormedID),
	readable(func(r AttachNetworkInterface) Malformed { return r.Malformed }),
	within("NetworkCardIndex", 0, math.MaxInt, func(r AttachNetworkInterface) *int { return r.NetworkCardIndex }),
}

// attach is what an attach is decided on: the request and what is under the locks, as it stands now.
type attach struct {
	AttachNetworkInterface
	*store.AttachScene
}

// attachRules are the rules on resources, in the order of the reference (docs/reference/attach-network-interface.md, section 6, steps 6 to 12).
var attachRules = []rule[attach]{
	{err: InvalidEcsIDNotFound, broken: func(a attach) bool { return a.Instance == nil }},
	{err: InvalidEniIDNotFound, broken: func(a attach) bool { return a.ENI == nil },
		fill: func(a attach) []any { return []any{a.NetworkInterfaceID} }},

	{err: EniServiceManaged, broken: func(a attach) bool { return a.ENI.ServiceManaged }},
	{err: InvalidEniType, broken: func(a attach) bool { return a.ENI.Type != store.ENISecondary }},
	{err: InvalidEniState, broken: func(a attach) bool { return a.ENI.Status != store.ENIAvailable },
		fill: func(a attach) []any { return []any{store.ENIAvailable, a.ENI.Status} }},

	{err: InvalidGeneration, broken: func(a attach) bool { return !a.Type.IOOptimized }},
	{err: InvalidEcsState, broken: func(a attach) bool {
		return !oneOf(a.Instance.Status, store.InstanceRunning, store.InstanceStopped)
	}},
	{err: HotPlugNotSupport, broken: func(a attach) bool {
		return !a.Type.HotPlug && a.Instance.Status != store.InstanceStopped
	}},

	// A classic instance is in no VPC.
	{err: VpcMismatch, broken: func(a attach) bool { return a.Instance.VPCID == nil || *a.Instance.VPCID != a.ENI.VPCID }},
	{err: AvailabilityZoneMismatch, broken: func(a attach) bool { return a.Instance.ZoneID != a.ENI.ZoneID }},

	{err: NetworkCardIndexInvalid, broken: hasNoSuchNetworkCard},
	{err: Ipv4CountExceeded, broken: func(a attach) bool { return exceeds(a.IPv4, a.Type.PrivateIPv4PerENI) },
		fill: func(a attach) []any {
			return []any{a.ENI.ID, *a.Type.PrivateIPv4PerENI, a.Type.ID, a.IPv4, 0}
		}},
	{err: Ipv6NotSupport, broken: func(a attach) bool { return a.IPv6 > 0 && a.Type.IPv6PerENI != nil && *a.Type.IPv6PerENI == 0 },
		fill: func(a attach) []any { return []any{a.Type.ID} }},
	{err: Ipv6CountExceeded, broken: func(a attach) bool { return exceeds(a.IPv6, a.Type.IPv6PerENI) },
		fill: func(a attach) []any {
			return []any{a.ENI.ID, *a.Type.IPv6PerENI, a.Type.ID, a.IPv6, 0}
		}},

	{err: EniPerInstanceLimitExceeded, broken: func(a attach) bool { return a.Held >= a.Type.ENIQuantity }},
	{err: SecurityGroupInstanceLimit, broken: overfillsGroup},
}

// isRepeated reports whether the instance has the interface already, or is about to. Clients that lost the first answer, or that repeat the call until
// the interface is InUse, send such a request. It is accepted for accounts that ask for that; for the others the rule on the status refuses it.
func (a attach) isRepeated() bool {
	return a.Instance != nil && a.ENI != nil && !a.ENI.ServiceManaged && a.ENI.Type == store.ENISecondary &&
		oneOf(a.ENI.Status, store.ENIAttaching, store.ENIInUse) && *a.ENI.InstanceID == a.Instance.ID
}

// hasNoSuchNetworkCard tells whether the request names a network card that the type does not have. Most types have none to name.
func hasNoSuchNetworkCard(a attach) bool {
	return a.NetworkCardIndex != nil && (a.Type.NetworkCards == nil || *a.NetworkCardIndex >= *a.Type.NetworkCards)
}

// exceeds tells whether a count is above a figure of the type; one that no source gives does not bind.
func exceeds(count int, figure *int) bool { return figure != nil && count > *figure }

// overfillsGroup tells whether the instance would be one too many in a group of the interface. An instance that is in it already, through
// another interface, takes no place.
func overfillsGroup(a attach) bool {
	return slices.ContainsFunc(a.Groups, func(g store.GroupScene) bool { return !g.HasInstance && g.Free <= 0 })
}

// AttachNetworkInterface attaches an interface to an instance. On return it is committed: the interface is Attaching, and InUse after the
// attach delay. Until a detach has come to its end it holds one of the places of the instance's type. A repeat to the same instance changes nothing.
func (s *Service) AttachNetworkInterface(ctx context.Context, caller Caller, req AttachNetworkInterface) error {
	if err := check(attachParameterRules, req); err != nil {
		return err
	}
	if err := s.admit(ctx, caller, attachAction, req.RegionID); err != nil {
		return err
	}
	want := store.Attachment{AccountID: caller.AccountID, RegionID: req.RegionID, InstanceID: req.InstanceID, NetworkInterfaceID: req.NetworkInterfaceID}
	return s.lanes.submit(ctx, want, func(scene *store.AttachScene, now time.Time) error {
		decided := attach{req, scene}
		if caller.Repeats && decided.isRepeated() {
			return nil
		}
		if err := check(attachRules, decided); err != nil {
			return err
		}
		scene.Attach(req.NetworkCardIndex, after(now, s.options.AttachDelay))
		return nil
	})
}
