package service

import (
	"context"
	"slices"
	"time"

	"enisim.alt/store"
)

// CreateRouteTableRequest is the request for a custom route table.
type CreateRouteTableRequest struct {
	RegionID       string `api:"RegionId"`
	VPCID          string `api:"VpcId"`
	RouteTableName string
	Description    string
	AssociateType  string // "": VSwitch
	Tags           []Tag  `api:"Tag"`
	ClientToken    string
}

// The types of what uses a route table.
const (
	tableOfVSwitches = "VSwitch"
	tableOfGateways  = "Gateway"
)

var createRouteTableParameterRules = slices.Concat(
	[]rule[CreateRouteTableRequest]{
		required[CreateRouteTableRequest]("RegionId"),
		required[CreateRouteTableRequest]("VpcId"),
		among[CreateRouteTableRequest]("AssociateType", tableOfVSwitches, tableOfGateways),
		{err: GatewayTableNotSupported, violated: func(r CreateRouteTableRequest) bool {
			return r.AssociateType == tableOfGateways
		}},
		wellFormed[CreateRouteTableRequest](InvalidRouteTableName, "RouteTableName", isValidVPCName),
		wellFormed[CreateRouteTableRequest](InvalidRouteTableDescription, "Description", isValidRouteDescription),
	},
	vpcTagRules[CreateRouteTableRequest](),
	[]rule[CreateRouteTableRequest]{
		wellFormed[CreateRouteTableRequest](InvalidClientTokenValue, "ClientToken", isValidClientToken),
	},
)

// isValidRouteDescription reports whether a text is a valid description of a route table.
func isValidRouteDescription(s string) bool { return isValidDescription(s, 1, 256) }

// createRouteTableInput is the locked rows that the rules check.
type createRouteTableInput struct {
	*store.CreateRouteTableScene
	now time.Time
}

var createRouteTableRules = []rule[createRouteTableInput]{
	{err: InvalidVpcIDNotFound, violated: func(c createRouteTableInput) bool { return c.VPC == nil }},
	{
		err:      IncorrectVpcStatus,
		violated: func(c createRouteTableInput) bool { return c.VPC.Status(c.now) != store.NetworkAvailable },
	},
	{err: QuotaExceededRouteTable, violated: func(c createRouteTableInput) bool {
		return c.Tables >= store.MaxRouteTables
	}},
}

// CreateRouteTable creates a custom route table of a VPC, which no VSwitch uses yet. It is Available at once.
var CreateRouteTable = newAction(Action[CreateRouteTableRequest, string]{
	permission: "vpc:CreateRouteTable",
	parameters: createRouteTableParameterRules,
	refusals:   errorsOf(createRouteTableRules),
	write:      (*Service).createRouteTable,
	creates:    true,
})

func (s *Service) createRouteTable(
	ctx context.Context, tx *store.Tx, caller Caller, req CreateRouteTableRequest,
) (string, error) {
	scene, err := tx.LockForCreateRouteTable(ctx, caller.AccountID, req.RegionID, req.VPCID)
	if err != nil {
		return "", err
	}
	now := s.timeOf(caller)
	if err := check(createRouteTableRules, createRouteTableInput{scene, now}); err != nil {
		return "", err
	}
	table := store.RouteTable{
		AccountID:        caller.AccountID,
		ID:               s.newID("vtb-", req.RegionID),
		VPCID:            req.VPCID,
		RegionID:         req.RegionID,
		Type:             store.RouteCustom,
		Name:             req.RouteTableName,
		Description:      req.Description,
		RoutePropagation: true,
		Tags:             tagMap(req.Tags),
		CreatedAt:        now,
	}
	tx.InsertRouteTable(table)
	return table.ID, s.recordCreation(tx, caller, now, store.ChangesOf(nil, &table, now), table.ID, table.Tags)
}
