package service

import (
	"context"
	"net/netip"

	"enisim.alt/store"
)

// AllocatePublicIPAddressRequest is the request for a public address of an instance, which it keeps for
// life.
type AllocatePublicIPAddressRequest struct {
	InstanceID string `api:"InstanceId"`
	IPAddress  string `api:"IpAddress"` // "": any
	VLANID     string `api:"VlanId"`    // accepted, without effect, as documented
}

var allocatePublicIPParameterRules = []rule[AllocatePublicIPAddressRequest]{
	required[AllocatePublicIPAddressRequest]("InstanceId"),
	invalid("IpAddress", func(r AllocatePublicIPAddressRequest) bool {
		return r.IPAddress != "" && !allIPv4(r.IPAddress)
	}),
}

// allocatePublicIPInput is the request plus the locked rows that its rules check.
type allocatePublicIPInput struct {
	AllocatePublicIPAddressRequest
	*store.PublicIPScene
}

var allocatePublicIPRules = []rule[allocatePublicIPInput]{
	{err: PublicIPInstanceNotFound, violated: func(a allocatePublicIPInput) bool { return a.Instance == nil }},
	{err: IncorrectInstanceStatus, violated: func(a allocatePublicIPInput) bool { return !isStable(a.Instance) }},
	{err: AllocatedAlready, violated: func(a allocatePublicIPInput) bool {
		return a.Instance.Attributes.PublicIPAddress != "" || a.HasEIP
	}},
	{err: PublicIPInUse, violated: func(a allocatePublicIPInput) bool { return a.IPInUse }},
}

// AllocatePublicIPAddress gives an instance a public address, and returns it.
var AllocatePublicIPAddress = newAction(Action[AllocatePublicIPAddressRequest, string]{
	permission: "ecs:AllocatePublicIpAddress",
	parameters: allocatePublicIPParameterRules,
	refusals:   errorsOf(allocatePublicIPRules),
	run:        (*Service).allocatePublicIPAddress,
})

func (s *Service) allocatePublicIPAddress(
	ctx context.Context, caller Caller, req AllocatePublicIPAddressRequest,
) (string, error) {
	const firstByte = 39 // no EIP begins with it, unless a request or a scenario names it
	address := s.publicIPs(firstByte, 1)[0]
	if req.IPAddress != "" {
		address = netip.MustParseAddr(req.IPAddress)
	}
	err := s.store.InTx(ctx, func(tx *store.Tx) error {
		scene, err := tx.LockForPublicIP(ctx, caller.AccountID, req.InstanceID, address, s.beforeLocks(caller))
		if err != nil {
			return err
		}
		now := s.timeOf(caller)
		scene.Settle(now)
		if err := check(allocatePublicIPRules, allocatePublicIPInput{req, scene}); err != nil {
			return err
		}
		after := *scene.Instance
		after.Attributes.PublicIPAddress = address.String()
		tx.ChangeInstance(after)
		return s.record(tx, caller, now, store.ChangesOf(scene.Instance, &after, now)...)
	})
	return address.String(), err
}
