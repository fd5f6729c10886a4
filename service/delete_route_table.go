package service

import (
	"context"

	"enisim.alt/store"
)

// DeleteRouteTableRequest is the request to delete a custom route table.
type DeleteRouteTableRequest struct {
	RegionID     string `api:"RegionId"`
	RouteTableID string `api:"RouteTableId"`
}

var deleteRouteTableParameterRules = []rule[DeleteRouteTableRequest]{
	required[DeleteRouteTableRequest]("RegionId"),
	required[DeleteRouteTableRequest]("RouteTableId"),
}

var deleteRouteTableRules = []rule[*store.DeleteRouteTableScene]{
	{err: RouteTableNotFound, violated: func(d *store.DeleteRouteTableScene) bool { return d.Table == nil }},
	{err: RouteTableIsSystem, violated: func(d *store.DeleteRouteTableScene) bool {
		return d.Table.Type != store.RouteCustom
	}},
	{err: RouteTableHasEntries, violated: func(d *store.DeleteRouteTableScene) bool { return d.HasEntries }},
	{err: RouteTableIsUsed, violated: func(d *store.DeleteRouteTableScene) bool { return d.IsUsed }},
}

// DeleteRouteTable deletes a custom route table without entries, which no VSwitch uses. It is gone at once.
var DeleteRouteTable = newAction(Action[DeleteRouteTableRequest, Empty]{
	permission: "vpc:DeleteRouteTable",
	parameters: deleteRouteTableParameterRules,
	refusals:   errorsOf(deleteRouteTableRules),
	run:        answerless((*Service).deleteRouteTable),
})

func (s *Service) deleteRouteTable(ctx context.Context, caller Caller, req DeleteRouteTableRequest) error {
	return s.store.InTx(ctx, func(tx *store.Tx) error {
		scene, err := tx.LockForDeleteRouteTable(ctx, caller.AccountID, req.RegionID, req.RouteTableID)
		if err != nil {
			return err
		}
		if err := check(deleteRouteTableRules, scene); err != nil {
			return err
		}
		now := s.timeOf(caller)
		tx.DeleteRouteTable(*scene.Table)
		return s.record(tx, caller, now, store.ChangesOf(scene.Table, nil, now)...)
	})
}
