package service

import (
	"context"
	"time"

	"enisim/store"
)

// DeleteVPC is the request to delete a VPC. ForceDelete is not among its parameters: it is about gateways, of which there are none here.
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
	wellFormed(InvalidClientTokenValue, func(r DeleteVPC) string { return r.ClientToken }, goodClientToken),
}

// vpcDeletion is what a deletion is decided on.
type vpcDeletion struct {
	*store.DeleteVPCScene
	now time.Time
}

var deleteVPCRules = []rule[vpcDeletion]{
	{err: InvalidVpcIDNotFound, broken: func(d vpcDeletion) bool { return d.VPC == nil }},
	{err: IncorrectVpcStatus, broken: func(d vpcDeletion) bool { return d.VPC.Status(d.now) != store.NetworkAvailable }},
	{err: VPCHasVSwitches, broken: func(d vpcDeletion) bool { return d.HasVSwitches }},
	{err: VPCHasSecurityGroups, broken: func(d vpcDeletion) bool { return d.HasSecurityGroups }},
}

// DeleteVPC deletes a VPC in which nothing is left. It is gone at once.
func (s *Service) DeleteVPC(ctx context.Context, caller Caller, req DeleteVPC) error {
	if err := check(deleteVPCParameterRules, req); err != nil {
		return err
	}
	if err := s.admit(ctx, caller, "vpc:DeleteVpc", req.RegionID); err != nil {
		return err
	}
	_, err := once(ctx, s, caller, idempotent{"DeleteVpc", req.ClientToken, req}, func(tx *store.Tx) (struct{}, error) {
		scene, err := tx.LockForDeleteVPC(ctx, caller.AccountID, req.RegionID, req.VPCID)
		if err != nil {
			return struct{}{}, err
		}
		if err := check(deleteVPCRules, vpcDeletion{scene, s.moment()}); err != nil {
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
