package service

import (
	"context"
	"net/netip"

	"enisim.alt/service/disturbance"
	"enisim.alt/store"
)

// UnassociateEIPAddressRequest is the request to take an EIP off an instance or an interface.
type UnassociateEIPAddressRequest struct {
	RegionID         string `api:"RegionId"`
	AllocationID     string `api:"AllocationId"`
	InstanceID       string `api:"InstanceId"` // "": whatever the EIP is associated with
	InstanceType     string
	PrivateIPAddress string `api:"PrivateIpAddress"`
	Force            *bool  // accepted, without effect: it is for NAT gateways
	ClientToken      string
	Malformed        Malformed
}

var unassociateEIPParameterRules = []rule[UnassociateEIPAddressRequest]{
	required[UnassociateEIPAddressRequest]("AllocationId"),
	readable[UnassociateEIPAddressRequest](),
	{err: EIPTargetTypeNotSupported, violated: func(r UnassociateEIPAddressRequest) bool {
		return !oneOf(r.InstanceType, append(otherEIPTargets, "", store.EIPOfInstance, store.EIPOfInterface)...)
	}},
	invalid("PrivateIpAddress", func(r UnassociateEIPAddressRequest) bool {
		return r.PrivateIPAddress != "" && !allIPv4(r.PrivateIPAddress)
	}),
	wellFormed[UnassociateEIPAddressRequest](InvalidClientTokenValue, "ClientToken", isValidClientToken),
}

// unassociateEIPInput is the request plus the locked EIP that its rules check.
type unassociateEIPInput struct {
	UnassociateEIPAddressRequest
	eip *store.DescribedEIP
}

var unassociateEIPRules = []rule[unassociateEIPInput]{
	{err: InvalidEIPNotFound, violated: func(u unassociateEIPInput) bool { return u.eip == nil }},
	{err: IncorrectEIPStatus, violated: func(u unassociateEIPInput) bool { return u.eip.Status != store.EIPInUse }},
	{err: InvalidEIPTargetNotFound, violated: func(u unassociateEIPInput) bool {
		return u.InstanceID != "" && u.InstanceID != u.eip.InstanceID ||
			u.InstanceType != "" && u.InstanceType != u.eip.InstanceType
	}},
	invalid("PrivateIpAddress", func(u unassociateEIPInput) bool {
		return u.PrivateIPAddress != "" && netip.MustParseAddr(u.PrivateIPAddress) != *u.eip.PrivateIPAddress
	}),
}

// UnassociateEIPAddress takes an EIP off its instance or interface. The EIP is Unassociating, and Available
// after the detach delay.
var UnassociateEIPAddress = newAction(Action[UnassociateEIPAddressRequest, Empty]{
	permission: "vpc:UnassociateEipAddress",
	parameters: unassociateEIPParameterRules,
	refusals:   errorsOf(unassociateEIPRules),
	write:      (*Service).unassociateEIPAddress,
	begins:     []string{disturbance.Unassociating},
	changes:    "AllocationId",
})

func (s *Service) unassociateEIPAddress(
	ctx context.Context, tx *store.Tx, caller Caller, req UnassociateEIPAddressRequest,
) (Empty, error) {
	eip, err := tx.LockEIP(ctx, caller.AccountID, req.RegionID, req.AllocationID)
	if err != nil {
		return Empty{}, err
	}
	now := s.timeOf(caller)
	eip = settledEIP(eip, now)
	if err := check(unassociateEIPRules, unassociateEIPInput{req, eip}); err != nil {
		return Empty{}, err
	}
	after := eip.Unassociated(s.transition(caller, disturbance.Unassociating, eip.ID, 0).ending(now))
	tx.UpdateEIPAssociation(after)
	return Empty{}, s.record(tx, caller, now, store.ChangesOf(eip, &after, now)...)
}
