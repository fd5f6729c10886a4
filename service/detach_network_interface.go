package service

import (
	"context"
	"time"

	"enisim.alt/service/disturbance"
	"enisim.alt/store"
)

// DetachNetworkInterfaceRequest is the request to take a secondary interface, a trunk or a member off its
// instance.
type DetachNetworkInterfaceRequest struct {
	RegionID               string `api:"RegionId"`
	NetworkInterfaceID     string `api:"NetworkInterfaceId"`
	InstanceID             string `api:"InstanceId"`
	TrunkNetworkInstanceID string `api:"TrunkNetworkInstanceId"` // of a member; refused without trunking
}

var detachParameterRules = []rule[DetachNetworkInterfaceRequest]{
	required[DetachNetworkInterfaceRequest]("RegionId"),
	required[DetachNetworkInterfaceRequest]("NetworkInterfaceId"),
	required[DetachNetworkInterfaceRequest]("InstanceId"),
	byQuota(UnsupportedParameter, func(r DetachNetworkInterfaceRequest, q store.Quotas) bool {
		return r.TrunkNetworkInstanceID != "" && !q.Trunking
	}),
	wellFormed[DetachNetworkInterfaceRequest](InvalidInstanceIDMalformed, "InstanceId", isValidID),
	wellFormed[DetachNetworkInterfaceRequest](InvalidEniID, "NetworkInterfaceId", isValidID),
	wellFormed[DetachNetworkInterfaceRequest](InvalidEniID, "TrunkNetworkInstanceId", isValidID),
}

// detachInput is the request plus the locked rows that its rules check, settled to the current
// time.
type detachInput struct {
	DetachNetworkInterfaceRequest
	*store.AttachScene
}

// observed returns the values that the rules of a detach look at.
func (d detachInput) observed() values { return observedAttachment(d.AttachScene) }

// detachRules mirrors the attach (docs/reference/attach-network-interface.md, section 9):
// properties that never change come before those that may.
var detachRules = []rule[detachInput]{
	{err: InvalidEcsIDNotFound, violated: func(d detachInput) bool { return d.Instance == nil }},
	{err: InvalidEniIDNotFound, violated: func(d detachInput) bool { return d.ENI == nil },
		messageArgs: func(d detachInput) []any { return []any{d.NetworkInterfaceID} }},
	{err: EniServiceManaged, violated: func(d detachInput) bool { return d.ENI.ServiceManaged }},
	{err: DetachPrimaryEniNotAllowed, violated: func(d detachInput) bool { return d.ENI.Type == store.ENIPrimary }},
	{
		err:         InvalidEniState,
		violated:    func(d detachInput) bool { return !oneOf(d.ENI.Status, store.ENIInUse, store.ENIDetaching) },
		messageArgs: func(d detachInput) []any { return []any{store.ENIInUse, d.ENI.Status} },
	},
	{err: EniNotBelongEcs, violated: func(d detachInput) bool { return *d.ENI.InstanceID != d.Instance.ID }},
	{err: EniNotBelongTrunk, violated: func(d detachInput) bool {
		return d.TrunkNetworkInstanceID != "" && (!d.ENI.IsMember() || *d.ENI.TrunkID != d.TrunkNetworkInstanceID)
	}},
	{err: InvalidEcsState, violated: func(d detachInput) bool {
		return !oneOf(d.Instance.Status, store.InstanceRunning, store.InstanceStopped)
	}},
	{err: HotPlugNotSupport, violated: func(d detachInput) bool {
		return !d.Type.HotPlug && d.Instance.Status != store.InstanceStopped
	}},
	{err: EniHotPlugNotSupported, violated: func(d detachInput) bool {
		return needsStoppedInstance(d.ENI, d.Instance.Status)
	}},
	{err: HasMemberEniAttached, violated: func(d detachInput) bool {
		return d.ENI.Type == store.ENITrunk && d.Members > 0
	}},
}

// isRepeated reports whether the interface is on no instance already. It does not matter which
// existing instance the request names, because nothing records where the interface was. An
// interface that is Attaching, or on another instance, is not a repeat and is refused.
func (d detachInput) isRepeated() bool {
	return d.Instance != nil && d.ENI != nil && !d.ENI.ServiceManaged && d.ENI.Type != store.ENIPrimary &&
		d.ENI.Status == store.ENIAvailable
}

// DetachNetworkInterface detaches an interface from its instance: it is Detaching, and Available
// after the detach delay. A repeat while it is Detaching succeeds and changes nothing. Only if the
// interface is stuck in Detaching, a repeat detaches it.
var DetachNetworkInterface = newAction(Action[DetachNetworkInterfaceRequest, Empty]{
	permission: "ecs:DetachNetworkInterface",
	parameters: detachParameterRules,
	refusals:   errorsOf(detachRules),
	run:        answerless((*Service).detachNetworkInterface),
	begins:     []string{disturbance.Detaching},
	changes:    "NetworkInterfaceId",
})

func (s *Service) detachNetworkInterface(ctx context.Context, caller Caller, req DetachNetworkInterfaceRequest) error {
	want := store.Attachment{
		AccountID:          caller.AccountID,
		RegionID:           req.RegionID,
		InstanceID:         req.InstanceID,
		NetworkInterfaceID: req.NetworkInterfaceID,
		Detach:             true,
	}
	return s.changeAttachment(ctx, caller, want, func(scene *store.AttachScene, now time.Time) error {
		input := detachInput{req, scene}
		if caller.Repeats && input.isRepeated() {
			return nil
		}
		if err := check(detachRules, input); err != nil {
			return err
		}
		if scene.ENI.Status == store.ENIDetaching && scene.ENI.SettlesAt != nil {
			return nil // already in transition
		}
		scene.Detach(s.transition(caller, disturbance.Detaching, req.NetworkInterfaceID, 0).ending(now))
		return nil
	})
}
