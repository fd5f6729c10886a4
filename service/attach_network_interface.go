package service

import (
	"context"
	"math"
	"slices"
	"time"

	"enisim.alt/service/disturbance"
	"enisim.alt/store"
)

// AttachNetworkInterfaceRequest is the request to attach an existing secondary interface or trunk to a VPC
// instance, or a secondary interface as a member to a trunk of the instance.
type AttachNetworkInterfaceRequest struct {
	RegionID               string `api:"RegionId"`
	NetworkInterfaceID     string `api:"NetworkInterfaceId"`
	InstanceID             string `api:"InstanceId"`
	TrunkNetworkInstanceID string `api:"TrunkNetworkInstanceId"` // the trunk interface; refused without trunking
	NetworkCardIndex       *int   // refused unless the instance type has network cards
	Malformed              Malformed
}

// attachParameterRules are P1 to P4 of the reference. Unlike all other actions, the message for a
// missing parameter does not name it.
var attachParameterRules = []rule[AttachNetworkInterfaceRequest]{
	requiredOr[AttachNetworkInterfaceRequest](MissingParameter, "RegionId"),
	requiredOr[AttachNetworkInterfaceRequest](MissingParameter, "NetworkInterfaceId"),
	requiredOr[AttachNetworkInterfaceRequest](MissingParameter, "InstanceId"),
	byQuota(UnsupportedParameter, func(r AttachNetworkInterfaceRequest, q store.Quotas) bool {
		return r.TrunkNetworkInstanceID != "" && !q.Trunking
	}),
	wellFormed[AttachNetworkInterfaceRequest](InvalidInstanceIDMalformed, "InstanceId", isValidID),
	wellFormed[AttachNetworkInterfaceRequest](InvalidEniID, "NetworkInterfaceId", isValidID),
	wellFormed[AttachNetworkInterfaceRequest](InvalidEniID, "TrunkNetworkInstanceId", isValidID),
	readable[AttachNetworkInterfaceRequest](),
	within[AttachNetworkInterfaceRequest]("NetworkCardIndex", 0, math.MaxInt),
	byQuota(UserNotSupportNetworkCard, func(r AttachNetworkInterfaceRequest, q store.Quotas) bool {
		return r.NetworkCardIndex != nil && q.WithoutNetworkCards
	}),
}

// attachInput is the request plus the locked rows that its rules check, settled to the current
// time.
type attachInput struct {
	AttachNetworkInterfaceRequest
	*store.AttachScene
}

// observed returns the values that the rules of an attach look at.
func (a attachInput) observed() values { return observedAttachment(a.AttachScene) }

// observedAttachment returns the values of a scene by their names.
func observedAttachment(s *store.AttachScene) values {
	seen := values{}
	if s.Instance != nil {
		seen["InstanceId"], seen["InstanceStatus"] = s.Instance.ID, s.Instance.Status
		seen["InstanceType"], seen["EniQuantity"] = s.Type.ID, s.Type.ENIQuantity
		seen["InstanceZoneId"], seen["InstanceVpcId"] = s.Instance.ZoneID, valueOf(s.Instance.VPCID)
		seen["Held"], seen["HeldInterfaces"] = s.Held, s.HeldInterfaces()
		if members := s.Type.MemberQuantity(); members != nil {
			seen["Members"], seen["MemberQuantity"] = s.Members, *members
		}
		if limit := s.Type.ERIQuantity; limit != nil {
			seen["HighPerformanceInterfaces"], seen["EriQuantity"] = s.RDMA, *limit
		}
		if limit := s.Type.TotalENIQueues; limit != nil {
			seen["Queues"], seen["TotalEniQueueQuantity"] = s.Queues, *limit
		}
	}
	if s.ENI != nil {
		seen["NetworkInterfaceId"], seen["NetworkInterfaceStatus"] = s.ENI.ID, s.ENI.Status
		seen["NetworkInterfaceType"] = s.ENI.CurrentType()
		seen["NetworkInterfaceInstanceId"] = valueOf(s.ENI.InstanceID)
		seen["NetworkInterfaceZoneId"], seen["NetworkInterfaceVpcId"] = s.ENI.ZoneID, s.ENI.VPCID
		seen["PrivateIpAddresses"], seen["Ipv6Addresses"] = s.IPv4, s.IPv6
	}
	if s.Trunk != nil {
		seen["TrunkStatus"], seen["TrunkInstanceId"] = s.Trunk.Status, valueOf(s.Trunk.InstanceID)
	}
	for _, g := range s.Groups {
		if !g.HasInstance {
			seen["FreeCapacityOf "+g.ID] = g.Free
		}
	}
	return seen
}

// attachRules are the rules on resources, in the order of the reference
// (docs/reference/attach-network-interface.md, section 6, steps 6 to 12).
var attachRules = slices.Concat([]rule[attachInput]{
	{err: InvalidEcsIDNotFound, violated: func(a attachInput) bool { return a.Instance == nil }},
	{err: InvalidEniIDNotFound, violated: func(a attachInput) bool { return a.ENI == nil },
		messageArgs: func(a attachInput) []any { return []any{a.NetworkInterfaceID} }},
	{err: InvalidEniIDNotFound, violated: func(a attachInput) bool { return a.namesTrunk() && a.Trunk == nil },
		messageArgs: func(a attachInput) []any { return []any{a.TrunkNetworkInstanceID} }},

	{err: EniServiceManaged, violated: func(a attachInput) bool { return a.ENI.ServiceManaged }},
	{err: InvalidEniType, violated: func(a attachInput) bool {
		return !oneOf(a.ENI.Type, store.ENISecondary, store.ENITrunk)
	}},
	{err: HasMemberEniAttached, violated: func(a attachInput) bool {
		return a.ENI.Type == store.ENITrunk && a.TrunkOf == a.ENI.ID && a.Members > 0
	}},
	{err: EniTypeNotSupportTrunking, violated: func(a attachInput) bool {
		return a.namesTrunk() && (a.ENI.Type != store.ENISecondary || a.Trunk.Type != store.ENITrunk)
	}},
	{err: InvalidEniState, violated: func(a attachInput) bool { return a.ENI.Status != store.ENIAvailable },
		messageArgs: func(a attachInput) []any { return []any{store.ENIAvailable, a.ENI.Status} }},
	{err: InvalidTrunkEniStatus, violated: func(a attachInput) bool {
		return a.namesTrunk() && a.Trunk.Status != store.ENIInUse
	}, messageArgs: func(a attachInput) []any { return []any{store.ENIInUse, a.Trunk.Status} }},
	{err: EniNotBelongTrunk, violated: func(a attachInput) bool {
		return a.namesTrunk() && valueOf(a.Trunk.InstanceID) != a.Instance.ID
	}},

	{err: InvalidGeneration, violated: func(a attachInput) bool { return !a.Type.IOOptimized }},
	{err: InvalidEcsState, violated: func(a attachInput) bool {
		return !oneOf(a.Instance.Status, store.InstanceRunning, store.InstanceStopped)
	}},
	{err: HotPlugNotSupport, violated: func(a attachInput) bool {
		return !a.Type.HotPlug && a.Instance.Status != store.InstanceStopped
	}},
	{err: EniHotPlugNotSupported, violated: func(a attachInput) bool {
		return needsStoppedInstance(a.ENI, a.Instance.Status)
	}},

	// A classic instance is in no VPC.
	{
		err:      VpcMismatch,
		violated: func(a attachInput) bool { return a.Instance.VPCID == nil || *a.Instance.VPCID != a.ENI.VPCID },
	},
	{err: AvailabilityZoneMismatch, violated: func(a attachInput) bool { return a.Instance.ZoneID != a.ENI.ZoneID }},

	{err: InstanceTypeNotSupportEniTrunking, violated: func(a attachInput) bool {
		return a.ENI.Type == store.ENITrunk && !a.Type.ENITrunkSupported
	}},
	{err: NetworkCardIndexInvalid, violated: func(a attachInput) bool {
		return namesUnusableCard(a.NetworkCardIndex, a.Type.NetworkCards)
	}},
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

	{err: TrunkingIsNotAllowed, violated: func(a attachInput) bool {
		return a.ENI.Type == store.ENITrunk && a.TrunkOf != ""
	}},
	{err: EniPerInstanceLimitExceeded, violated: hasNoPlace},
	{err: EniPerInstanceLimitExceeded, violated: func(a attachInput) bool {
		return a.NetworkCardIndex != nil && exceeds(a.OnCard+1, a.Type.ENIsPerNetworkCard)
	}},
}, formRules(attachInput.forms), []rule[attachInput]{
	{err: SecurityGroupInstanceLimit, violated: exceedsGroupCapacity},
})

// forms returns what the limits of the type on RDMA and queues apply to. A member has the queues of its trunk.
func (a attachInput) forms() (formInput, bool) {
	f := newFormInput(a.Type, a.ENI).beside(a.RDMA, a.Queues)
	if a.namesTrunk() {
		f.counted = 0
	}
	return f, true
}

// namesTrunk reports whether the interface is to become a member of a trunk.
func (a attachInput) namesTrunk() bool { return a.TrunkNetworkInstanceID != "" }

// hasNoPlace reports whether the instance holds as many interfaces as its type allows. Members do not
// count among them: the trunk has places of its own for them.
func hasNoPlace(a attachInput) bool {
	if a.namesTrunk() {
		return exceeds(a.Members+1, a.Type.MemberQuantity())
	}
	return a.Held >= a.Type.ENIQuantity
}

// isRepeated reports whether the interface is already on this instance, or Attaching to it. Clients
// send such a request when they lost the first answer, or repeat the call until the interface is
// InUse. It succeeds for accounts that accept repeats. For other accounts the rule on the status
// refuses it.
func (a attachInput) isRepeated() bool {
	return a.Instance != nil && a.ENI != nil && !a.ENI.ServiceManaged && a.ENI.Type != store.ENIPrimary &&
		oneOf(a.ENI.Status, store.ENIAttaching, store.ENIInUse) && *a.ENI.InstanceID == a.Instance.ID &&
		a.ENI.IsMember() == a.namesTrunk() && (!a.namesTrunk() || *a.ENI.TrunkID == a.TrunkNetworkInstanceID)
}

// exceeds reports whether a count is above a limit of the type. A limit that no source gives is nil
// and does not bind.
func exceeds(count int, limit *int) bool { return limit != nil && count > *limit }

// exceedsGroupCapacity reports whether a group of the interface has no capacity left for the
// instance. An instance that is in the group already, through another interface, needs none.
func exceedsGroupCapacity(a attachInput) bool {
	return slices.ContainsFunc(a.Groups, func(g store.GroupScene) bool { return !g.HasInstance && g.Free <= 0 })
}

// AttachNetworkInterface attaches an interface to an instance. On return it is committed: the
// interface is Attaching, and InUse after the attach delay. It counts against the limit of the
// instance's type until a detach is complete. A repeat to the same instance changes nothing.
var AttachNetworkInterface = newAction(Action[AttachNetworkInterfaceRequest, Empty]{
	permission: "ecs:AttachNetworkInterface",
	parameters: attachParameterRules,
	admission:  attachAdmissionRules,
	refusals:   errorsOf(attachRules),
	run:        answerless((*Service).attachNetworkInterface),
	begins:     []string{disturbance.Attaching},
	changes:    "NetworkInterfaceId",
})

func (s *Service) attachNetworkInterface(ctx context.Context, caller Caller, req AttachNetworkInterfaceRequest) error {
	want := store.Attachment{
		AccountID:          caller.AccountID,
		RegionID:           req.RegionID,
		InstanceID:         req.InstanceID,
		NetworkInterfaceID: req.NetworkInterfaceID,
		TrunkID:            req.TrunkNetworkInstanceID,
		NetworkCardIndex:   req.NetworkCardIndex,
	}
	return s.changeAttachment(ctx, caller, want, func(scene *store.AttachScene, now time.Time) error {
		input := attachInput{req, scene}
		if caller.Repeats && input.isRepeated() {
			return nil
		}
		if err := check(attachRules, input); err != nil {
			return err
		}
		attaching := s.transition(caller, disturbance.Attaching, req.NetworkInterfaceID, 0)
		if attaching.fails && attaching.isInstant() {
			return nil // it has fallen back already
		}
		scene.Attach(req.NetworkCardIndex, attaching.ending(now))
		return nil
	})
}
