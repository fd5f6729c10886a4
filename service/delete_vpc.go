package service

import (
	"context"
	"slices"
	"time"

	"enisim.alt/store"
)

// DeleteVPCRequest is the request to delete a VPC. It has no ForceDelete: that is about gateways,
// which are not simulated.
type DeleteVPCRequest struct {
	RegionID    string `api:"RegionId"`
	VPCID       string `api:"VpcId"`
	DryRun      *bool
	ClientToken string
	Malformed   Malformed
}

var deleteVPCParameterRules = []rule[DeleteVPCRequest]{
	required[DeleteVPCRequest]("VpcId"),
	readable[DeleteVPCRequest](),
	wellFormed[DeleteVPCRequest](InvalidClientTokenValue, "ClientToken", isValidClientToken),
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
	{err: HasRouteEntries, violated: func(d deleteVPCInput) bool { return d.HasRouteEntries }},
	{err: VPCHasVSwitches, violated: func(d deleteVPCInput) bool { return d.HasVSwitches }},
	{err: VPCHasSecurityGroups, violated: func(d deleteVPCInput) bool { return d.HasSecurityGroups }},
	{err: UsesRouteTable, violated: func(d deleteVPCInput) bool { return d.HasRouteTables }},
}

// DeleteVPC deletes an empty VPC. It is gone at once.
var DeleteVPC = newAction(Action[DeleteVPCRequest, Empty]{
	permission: "vpc:DeleteVpc",
	parameters: deleteVPCParameterRules,
	refusals:   slices.Concat(errorsOf(deleteVPCRules), errorsOf(dryRunRules)),
	write:      (*Service).deleteVPC,
})

func (s *Service) deleteVPC(
	ctx context.Context, tx *store.Tx, caller Caller, req DeleteVPCRequest,
) (Empty, error) {
	scene, err := tx.LockForDeleteVPC(ctx, caller.AccountID, req.RegionID, req.VPCID)
	if err != nil {
		return Empty{}, err
	}
	now := s.timeOf(caller)
	if err := check(deleteVPCRules, deleteVPCInput{scene, now}); err != nil {
		return Empty{}, err
	}
	if err := check(dryRunRules, req.DryRun); err != nil {
		return Empty{}, err
	}
	tx.DeleteVPC(scene.VPC)
	return Empty{}, s.record(tx, caller, now, store.ChangesOf(scene.VPC, nil, now)...)
}
