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

// AttachNetworkInterface is the request to attach an existing secondary interface to a VPC
// instance.
type AttachNetworkInterface struct {
	RegionID               string `api:"RegionId"`
	NetworkInterfaceID     string `api:"NetworkInterfaceId"`
	InstanceID             string `api:"InstanceId"`
	TrunkNetworkInstanceID string `api:"TrunkNetworkInstanceId"` // refused: trunk interfaces are not open to the public
	NetworkCardIndex       *int   // refused unless the instance type has network cards
	Malformed              Malformed
}

// attachParameterRules are P1 to P4 of the reference. Its text for a missing parameter, alone of
// all pages, does not name it.
var attachParameterRules = []rule[AttachNetworkInterface]{
	{err: MissingParameter, violated: func(r AttachNetworkInterface) bool { return r.RegionID == "" }},
	{err: MissingParameter, violated: func(r AttachNetworkInterface) bool { return r.NetworkInterfaceID == "" }},
	{err: MissingParameter, violated: func(r AttachNetworkInterface) bool { return r.InstanceID == "" }},
	{
		err:      UnsupportedParameter,
		violated: func(r AttachNetworkInterface) bool { return r.TrunkNetworkInstanceID != "" },
	},
	wellFormed(InvalidInstanceIDMalformed, func(r AttachNetworkInterface) string { return r.InstanceID }, isValidID),
	wellFormed(InvalidEniID, func(r AttachNetworkInterface) string { return r.NetworkInterfaceID }, isValidID),
	readable(func(r AttachNetworkInterface) Malformed { return r.Malformed }),
	within("NetworkCardIndex", 0, math.MaxInt, func(r AttachNetworkInterface) *int { return r.NetworkCardIndex }),
}

// attachInput is what an attach is decided on: the request and what is under the locks, as it
// stands now.
type attachInput struct {
	AttachNetworkInterface
	*store.AttachScene
}

// attachRules are the rules on resources, in the order of the reference
// (docs/reference/attach-network-interface.md, section 6, steps 6 to 12).
var attachRules = []rule[attachInput]{
	{err: InvalidEcsIDNotFound, violated: func(a attachInput) bool { return a.Instance == nil }},
	{err: InvalidEniIDNotFound, violated: func(a attachInput) bool { return a.ENI == nil },
		messageArgs: func(a attachInput) []any { return []any{a.NetworkInterfaceID} }},

	{err: EniServiceManaged, violated: func(a attachInput) bool { return a.ENI.ServiceManaged }},
	{err: InvalidEniType, violated: func(a attachInput) bool { return a.ENI.Type != store.ENISecondary }},
	{err: InvalidEniState, violated: func(a attachInput) bool { return a.ENI.Status != store.ENIAvailable },
		messageArgs: func(a attachInput) []any { return []any{store.ENIAvailable, a.ENI.Status} }},

	{err: InvalidGeneration, violated: func(a attachInput) bool { return !a.Type.IOOptimized }},
	{err: InvalidEcsState, violated: func(a attachInput) bool {
		return !oneOf(a.Instance.Status, store.InstanceRunning, store.InstanceStopped)
	}},
	{err: HotPlugNotSupport, violated: func(a attachInput) bool {
		return !a.Type.HotPlug && a.Instance.Status != store.InstanceStopped
	}},

	// A classic instance is in no VPC.
	{
		err:      VpcMismatch,
		violated: func(a attachInput) bool { return a.Instance.VPCID == nil || *a.Instance.VPCID != a.ENI.VPCID },
	},
	{err: AvailabilityZoneMismatch, violated: func(a attachInput) bool { return a.Instance.ZoneID != a.ENI.ZoneID }},

	{err: NetworkCardIndexInvalid, violated: lacksNetworkCard},
	{err: Ipv4CountExceeded, violated: func(a attachInput) bool { return exceeds(a.IPv4, a.Type.PrivateIPv4PerENI) },
		messageArgs: func(a attachInput) []any {
			return []any{a.ENI.ID, *a.Type.PrivateIPv4PerENI, a.Type.ID, a.IPv4, 0}
		}},
	{
		err: Ipv6NotSupport,
		violated: func(a attachInput) bool {
			return a.IPv6 > 0 && a.Type.IPv6PerENI != nil && *a.Type.IPv6PerENI == 0
		},
		messageArgs: func(a attachInput) []any { return []any{a.Type.ID} },
	},
	{err: Ipv6CountExceeded, violated: func(a attachInput) bool { return exceeds(a.IPv6, a.Type.IPv6PerENI) },
		messageArgs: func(a attachInput) []any {
			return []any{a.ENI.ID, *a.Type.IPv6PerENI, a.Type.ID, a.IPv6, 0}
		}},

	{err: EniPerInstanceLimitExceeded, violated: func(a attachInput) bool { return a.Held >= a.Type.ENIQuantity }},
	{err: SecurityGroupInstanceLimit, violated: exceedsGroupCapacity},
}

// isRepeated reports whether the instance has the interface already, or is about to. Clients that
// lost the first answer, or that repeat the call until the interface is InUse, send such a request.
// It is accepted for accounts that ask for that; for the others the rule on the status refuses it.
func (a attachInput) isRepeated() bool {
	return a.Instance != nil && a.ENI != nil && !a.ENI.ServiceManaged && a.ENI.Type == store.ENISecondary &&
		oneOf(a.ENI.Status, store.ENIAttaching, store.ENIInUse) && *a.ENI.InstanceID == a.Instance.ID
}

// lacksNetworkCard reports whether the request names a network card that the type does not have.
// Most types have none to name.
func lacksNetworkCard(a attachInput) bool {
	return a.NetworkCardIndex != nil && (a.Type.NetworkCards == nil || *a.NetworkCardIndex >= *a.Type.NetworkCards)
}

// exceeds reports whether a count is above a figure of the type; one that no source gives does not
// bind.
func exceeds(count int, limit *int) bool { return limit != nil && count > *limit }

// exceedsGroupCapacity reports whether the instance would be one too many in a group of the
// interface. An instance that is in it already, through another interface, takes no place.
func exceedsGroupCapacity(a attachInput) bool {
	return slices.ContainsFunc(a.Groups, func(g store.GroupScene) bool { return !g.HasInstance && g.Free <= 0 })
}

// AttachNetworkInterface attaches an interface to an instance. On return it is committed: the
// interface is Attaching, and InUse after the attach delay. Until a detach has come to its end it
// holds one of the places of the instance's type. A repeat to the same instance changes nothing.
func (s *Service) AttachNetworkInterface(ctx context.Context, caller Caller, req AttachNetworkInterface) error {
	if err := check(attachParameterRules, req); err != nil {
		return err
	}
	if err := s.admit(ctx, caller, attachAction, req.RegionID); err != nil {
		return err
	}
	want := store.Attachment{
		AccountID:          caller.AccountID,
		RegionID:           req.RegionID,
		InstanceID:         req.InstanceID,
		NetworkInterfaceID: req.NetworkInterfaceID,
	}
	return s.lanes.submit(ctx, want, func(scene *store.AttachScene, now time.Time) error {
		input := attachInput{req, scene}
		if caller.Repeats && input.isRepeated() {
			return nil
		}
		if err := check(attachRules, input); err != nil {
			return err
		}
		scene.Attach(req.NetworkCardIndex, dueAt(now, s.options.AttachDelay))
		return nil
	})
}
