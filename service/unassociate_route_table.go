package service

import (
	"context"

	"enisim.alt/store"
)

// UnassociateRouteTableRequest is the request to make a VSwitch use the system table of its VPC again.
type UnassociateRouteTableRequest struct {
	RegionID     string `api:"RegionId"`
	RouteTableID string `api:"RouteTableId"`
	VSwitchID    string `api:"VSwitchId"`
	ClientToken  string
}

var unassociateRouteTableParameterRules = []rule[UnassociateRouteTableRequest]{
	required[UnassociateRouteTableRequest]("RegionId"),
	required[UnassociateRouteTableRequest]("RouteTableId"),
	required[UnassociateRouteTableRequest]("VSwitchId"),
	wellFormed[UnassociateRouteTableRequest](InvalidClientTokenValue, "ClientToken", isValidClientToken),
}

var unassociateRouteTableRules = []rule[associateRouteTableInput]{
	{err: RouteTableNotFound, violated: func(a associateRouteTableInput) bool { return a.Table == nil }},
	{err: RouteVSwitchNotFound, violated: func(a associateRouteTableInput) bool { return a.VSwitch == nil }},
	{err: RouteVSwitchStatus, violated: func(a associateRouteTableInput) bool {
		return a.VSwitch.Status(a.now) != store.NetworkAvailable
	}},
	{err: SystemTableStays, violated: func(a associateRouteTableInput) bool {
		return a.Table.Type == store.RouteSystem
	}},
	{err: VSwitchDoesNotUseTable, violated: func(a associateRouteTableInput) bool {
		return a.UsedTableID != a.Table.ID
	}},
}

// UnassociateRouteTable makes a VSwitch use the system table of its VPC instead of a custom table.
var UnassociateRouteTable = newAction(Action[UnassociateRouteTableRequest, Empty]{
	permission: "vpc:UnassociateRouteTable",
	parameters: unassociateRouteTableParameterRules,
	refusals:   errorsOf(unassociateRouteTableRules),
	write:      (*Service).unassociateRouteTable,
})

func (s *Service) unassociateRouteTable(
	ctx context.Context, tx *store.Tx, caller Caller, req UnassociateRouteTableRequest,
) (Empty, error) {
	scene, err := tx.LockForAssociateRouteTable(ctx, caller.AccountID, req.RegionID, req.RouteTableID, req.VSwitchID)
	if err != nil {
		return Empty{}, err
	}
	now := s.timeOf(caller)
	if err := check(unassociateRouteTableRules, associateRouteTableInput{scene, now}); err != nil {
		return Empty{}, err
	}
	tx.UnassociateRouteTable(caller.AccountID, req.VSwitchID)
	return Empty{}, s.record(tx, caller, now, store.AssociationChange(
		req.VSwitchID, scene.Table.ID, store.SystemRouteTableID(scene.Table.VPCID)))
}
