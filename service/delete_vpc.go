package service

import (
	"context"
	"time"

	"enisim/store"
)

// DeleteVPC is the request to delete a VPC. It has no ForceDelete: that is about gateways, which
// are not simulated.
type DeleteVPC struct {
	RegionID    string `api:"RegionId"`
	VPCID       string `api:"VpcId"`
	DryRun      *bool
	ClientToken string
	Malformed   Malformed
}

var deleteVPCParameterRules = []rule[DeleteVPC]{
	required("VpcId", func(r DeleteVPC) string { return r.VPCID }),
	readable(func(r DeleteVPC) Malformed { return r.Malformed }),
	wellFormed(InvalidClientTokenValue, func(r DeleteVPC) string { return r.ClientToken }, isValidClientToken),
}

// deleteVPCInput is the locked rows that the rules check.
type deleteVPCInput struct {
	*store.DeleteVPCScene
	now time.Time
}

var deleteVPCRules = []rule[deleteVPCInput]{
	{err: InvalidVpcIDNotFound, violated: func(d deleteVPCInput) bool { return d.VPC == nil }},
	{
		err:      IncorrectVpcStatus,
		violated: func(d deleteVPCInput) bool { return d.VPC.Status(d.now) != store.NetworkAvailable },
	},
	{err: VPCHasVSwitches, violated: func(d deleteVPCInput) bool { return d.HasVSwitches }},
	{err: VPCHasSecurityGroups, violated: func(d deleteVPCInput) bool { return d.HasSecurityGroups }},
}

// DeleteVPC deletes an empty VPC. It is gone at once.
func (s *Service) DeleteVPC(ctx context.Context, caller Caller, req DeleteVPC) error {
	if err := check(deleteVPCParameterRules, req); err != nil {
		return err
	}
	if err := s.admit(ctx, caller, "vpc:DeleteVpc", req.RegionID); err != nil {
		return err
	}
	call := idempotentCall{action: "DeleteVpc", token: req.ClientToken, request: req}
	_, err := runOnce(ctx, s, caller, call, func(tx *store.Tx) (struct{}, error) {
		scene, err := tx.LockForDeleteVPC(ctx, caller.AccountID, req.RegionID, req.VPCID)
		if err != nil {
			return struct{}{}, err
		}
		if err := check(deleteVPCRules, deleteVPCInput{scene, s.now()}); err != nil {
			return struct{}{}, err
		}
		if err := check(dryRunRules, req.DryRun); err != nil {
			return struct{}{}, err
		}
		tx.DeleteVPC(scene.VPC)
		return struct{}{}, nil
	})
	return err
}
