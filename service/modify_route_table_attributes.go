package service

import (
	"context"

	"enisim.alt/store"
)

// ModifyRouteTableAttributesRequest is the request to change a route table. Attributes that are empty or
// absent stay unchanged.
type ModifyRouteTableAttributesRequest struct {
	RegionID               string `api:"RegionId"`
	RouteTableID           string `api:"RouteTableId"`
	RouteTableName         string
	Description            string
	RoutePropagationEnable *bool
	Malformed              Malformed
}

var modifyRouteTableParameterRules = []rule[ModifyRouteTableAttributesRequest]{
	required[ModifyRouteTableAttributesRequest]("RegionId"),
	required[ModifyRouteTableAttributesRequest]("RouteTableId"),
	readable[ModifyRouteTableAttributesRequest](),
	wellFormed[ModifyRouteTableAttributesRequest](ModifiedRouteTableName, "RouteTableName", isValidVPCName),
	wellFormed[ModifyRouteTableAttributesRequest](ModifiedRouteTableDescription, "Description",
		isValidRouteDescription),
}

var modifyRouteTableRules = []rule[*store.RouteTable]{
	{err: ModifiedRouteTableNotFound, violated: func(r *store.RouteTable) bool { return r == nil }},
}

// ModifyRouteTableAttributes changes the name and the description of a route table, and whether it takes dynamic
// routes, of which there are none.
var ModifyRouteTableAttributes = newAction(Action[ModifyRouteTableAttributesRequest, Empty]{
	permission: "vpc:ModifyRouteTableAttributes",
	parameters: modifyRouteTableParameterRules,
	refusals:   errorsOf(modifyRouteTableRules),
	run:        answerless((*Service).modifyRouteTableAttributes),
})

func (s *Service) modifyRouteTableAttributes(
	ctx context.Context, caller Caller, req ModifyRouteTableAttributesRequest,
) error {
	return s.store.InTx(ctx, func(tx *store.Tx) error {
		before, err := tx.LockRouteTable(ctx, caller.AccountID, req.RegionID, req.RouteTableID)
		if err != nil {
			return err
		}
		if err := check(modifyRouteTableRules, before); err != nil {
			return err
		}
		after, now := *before, s.timeOf(caller)
		if req.RouteTableName != "" {
			after.Name = req.RouteTableName
		}
		if req.Description != "" {
			after.Description = req.Description
		}
		if req.RoutePropagationEnable != nil {
			after.RoutePropagation = *req.RoutePropagationEnable
		}
		tx.UpdateRouteTable(after)
		return s.record(tx, caller, now, store.ChangesOf(before, &after, now)...)
	})
}
