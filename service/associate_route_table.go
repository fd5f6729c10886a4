package service

import (
	"context"
	"time"

	"enisim.alt/store"
)

// AssociateRouteTableRequest is the request to make a VSwitch use a custom route table.
type AssociateRouteTableRequest struct {
	RegionID     string `api:"RegionId"`
	RouteTableID string `api:"RouteTableId"`
	VSwitchID    string `api:"VSwitchId"`
	ClientToken  string
}

var associateRouteTableParameterRules = []rule[AssociateRouteTableRequest]{
	required[AssociateRouteTableRequest]("RegionId"),
	required[AssociateRouteTableRequest]("RouteTableId"),
	required[AssociateRouteTableRequest]("VSwitchId"),
	wellFormed[AssociateRouteTableRequest](InvalidClientTokenValue, "ClientToken", isValidClientToken),
}

// associateRouteTableInput is the locked rows that the rules check.
type associateRouteTableInput struct {
	*store.AssociateRouteTableScene
	now time.Time
}

var associateRouteTableRules = []rule[associateRouteTableInput]{
	{err: AssociatedRouteTableNotFound, violated: func(a associateRouteTableInput) bool { return a.Table == nil }},
	{err: RouteVSwitchNotFound, violated: func(a associateRouteTableInput) bool { return a.VSwitch == nil }},
	{err: RouteVSwitchStatus, violated: func(a associateRouteTableInput) bool {
		return a.VSwitch.Status(a.now) != store.NetworkAvailable
	}},
	{err: VSwitchElsewhere, violated: func(a associateRouteTableInput) bool {
		return a.VSwitch.VPCID != a.Table.VPCID
	}},
	{err: NoSwitchToSystemTable, violated: func(a associateRouteTableInput) bool {
		return a.Table.Type == store.RouteSystem
	}},
	{err: VSwitchUsesThisTable, violated: func(a associateRouteTableInput) bool { return a.UsedTableID == a.Table.ID }},
	{err: VSwitchUsesAnotherTable, violated: func(a associateRouteTableInput) bool { return a.UsedTableID != "" }},
}

// AssociateRouteTable makes a VSwitch use a custom route table of its VPC instead of the system table.
var AssociateRouteTable = newAction(Action[AssociateRouteTableRequest, Empty]{
	permission: "vpc:AssociateRouteTable",
	parameters: associateRouteTableParameterRules,
	refusals:   errorsOf(associateRouteTableRules),
	write:      (*Service).associateRouteTable,
})

func (s *Service) associateRouteTable(
	ctx context.Context, tx *store.Tx, caller Caller, req AssociateRouteTableRequest,
) (Empty, error) {
	scene, err := tx.LockForAssociateRouteTable(ctx, caller.AccountID, req.RegionID, req.RouteTableID, req.VSwitchID)
	if err != nil {
		return Empty{}, err
	}
	now := s.timeOf(caller)
	if err := check(associateRouteTableRules, associateRouteTableInput{scene, now}); err != nil {
		return Empty{}, err
	}
	tx.AssociateRouteTable(*scene.Table, req.VSwitchID)
	return Empty{}, s.record(tx, caller, now, store.AssociationChange(
		req.VSwitchID, store.SystemRouteTableID(scene.Table.VPCID), scene.Table.ID))
}
