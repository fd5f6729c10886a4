package service

import (
	"cmp"
	"context"
	"net/netip"
	"slices"

	"enisim.alt/service/disturbance"
	"enisim.alt/store"
)

// AssociateEIPAddressRequest is the request to associate an EIP with an instance or a secondary
// interface.
type AssociateEIPAddressRequest struct {
	RegionID         string `api:"RegionId"`
	AllocationID     string `api:"AllocationId"`
	InstanceID       string `api:"InstanceId"` // of what the EIP is associated with
	InstanceType     string // of InstanceID; "": EcsInstance
	InstanceRegionID string `api:"InstanceRegionId"`
	PrivateIPAddress string `api:"PrivateIpAddress"` // of the interface; "": its primary one
	Mode             string // "": NORMAL
	DryRun           *bool
	ClientToken      string
	Malformed        Malformed
}

// eipNormal is the mode of an association whose request names none. The other modes are stored and shown.
const eipNormal = "NORMAL"

// otherEIPTargets are the documented types of which there are no resources here.
var otherEIPTargets = []string{"Nat", "SlbInstance", "HaVip", "IpAddress"}

// isOfInterface reports whether the request is for a secondary interface, and not for an instance.
func (r AssociateEIPAddressRequest) isOfInterface() bool {
	return r.InstanceType == store.EIPOfInterface
}

var associateEIPParameterRules = []rule[AssociateEIPAddressRequest]{
	required[AssociateEIPAddressRequest]("AllocationId"),
	required[AssociateEIPAddressRequest]("InstanceId"),
	readable[AssociateEIPAddressRequest](),
	{err: EIPTargetTypeNotSupported, violated: func(r AssociateEIPAddressRequest) bool {
		return !oneOf(r.InstanceType, append(otherEIPTargets, "", store.EIPOfInstance, store.EIPOfInterface)...)
	}},
	among[AssociateEIPAddressRequest]("Mode", eipNormal, "BINDED", "MULTI_BINDED"),
	invalid("PrivateIpAddress", func(r AssociateEIPAddressRequest) bool {
		return r.PrivateIPAddress != "" && !allIPv4(r.PrivateIPAddress)
	}),
	wellFormed[AssociateEIPAddressRequest](InvalidClientTokenValue, "ClientToken", isValidClientToken),
}

// associateEIPInput is the request plus the locked rows that its rules check.
type associateEIPInput struct {
	AssociateEIPAddressRequest
	*store.AssociateEIPScene
}

// lacksTarget reports whether there is no instance, or no secondary interface, with the id of the request.
func (a associateEIPInput) lacksTarget() bool {
	switch {
	case slices.Contains(otherEIPTargets, a.InstanceType):
		return true
	case a.isOfInterface():
		return a.ENI == nil || a.ENI.Type != store.ENISecondary
	}
	return a.Instance == nil
}

// place returns the address for the EIP, or nil if the request names none that the EIP can have. An
// instance takes an EIP on its primary address only.
func (a associateEIPInput) place() *store.EIPPlace {
	for k, p := range a.Addresses {
		isNamed := a.PrivateIPAddress != "" && p.Address == netip.MustParseAddr(a.PrivateIPAddress)
		if isNamed && (a.isOfInterface() || p.IsPrimary) || a.PrivateIPAddress == "" && p.IsPrimary {
			return &a.Addresses[k]
		}
	}
	return nil
}

var associateEIPRules = []rule[associateEIPInput]{
	{err: InvalidEIPNotFound, violated: func(a associateEIPInput) bool { return a.EIP == nil }},
	{err: InvalidEIPTargetNotFound, violated: associateEIPInput.lacksTarget},
	{err: IncorrectEIPStatus, violated: func(a associateEIPInput) bool { return a.EIP.Status != store.EIPAvailable }},
	{err: EIPTargetElsewhere, violated: func(a associateEIPInput) bool {
		region := ""
		if a.isOfInterface() {
			region = a.ENI.RegionID
		} else {
			region = a.Instance.RegionID
		}
		return region != a.EIP.RegionID || a.InstanceRegionID != "" && a.InstanceRegionID != region
	}},
	{err: EIPTargetNotInVPC, violated: func(a associateEIPInput) bool { return a.ENI == nil }},
	{err: EIPTargetIncorrectStatus, violated: func(a associateEIPInput) bool {
		return a.Instance != nil && !isStable(a.Instance)
	}},
	{err: EIPTargetIncorrectENI, violated: func(a associateEIPInput) bool {
		return !oneOf(a.ENI.Status, store.ENIAvailable, store.ENIInUse)
	}},
	{err: EIPTargetHasPublicIP, violated: func(a associateEIPInput) bool {
		return a.Instance != nil && a.Instance.Attributes.PublicIPAddress != ""
	}},
	invalid("PrivateIpAddress", func(a associateEIPInput) bool { return a.place() == nil }),
	{err: InvalidAssociationRepeated, violated: func(a associateEIPInput) bool { return a.place().HasEIP }},
}

// AssociateEIPAddress associates an EIP with the primary interface of an instance, or with a secondary
// interface. The EIP is Associating, and InUse after the attach delay.
var AssociateEIPAddress = newAction(Action[AssociateEIPAddressRequest, Empty]{
	permission: "vpc:AssociateEipAddress",
	parameters: associateEIPParameterRules,
	refusals:   slices.Concat(errorsOf(associateEIPRules), errorsOf(dryRunRules)),
	write:      (*Service).associateEIPAddress,
	begins:     []string{disturbance.Associating},
	changes:    "AllocationId",
})

func (s *Service) associateEIPAddress(
	ctx context.Context, tx *store.Tx, caller Caller, req AssociateEIPAddressRequest,
) (Empty, error) {
	target := store.EIPTarget{InstanceID: req.InstanceID}
	if req.isOfInterface() {
		target = store.EIPTarget{NetworkInterfaceID: req.InstanceID}
	}
	scene, err := tx.LockForAssociateEIP(ctx, caller.AccountID, req.RegionID, req.AllocationID, target)
	if err != nil {
		return Empty{}, err
	}
	now := s.timeOf(caller)
	scene.Settle(now)
	input := associateEIPInput{req, scene}
	if err := check(associateEIPRules, input); err != nil {
		return Empty{}, err
	}
	if err := check(dryRunRules, req.DryRun); err != nil {
		return Empty{}, err
	}
	end := s.transition(caller, disturbance.Associating, req.AllocationID, 0).ending(now)
	after := scene.Associated(input.place().Address, cmp.Or(req.Mode, eipNormal), end)
	tx.AssociateEIP(after, *scene.ENI, now)
	return Empty{}, s.record(tx, caller, now, store.ChangesOf(scene.EIP, &after, now)...)
}
